"""`ReservoirForecaster`: an ensemble of reservoirs that learns the next row of a series and goes on by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

import dynrnn
from dynrnn import _check
from dynrnn.forecast._clock import Clock
from dynrnn.forecast._frames import Frame, label, no_inputs, read, read_beside, read_many, same_names, same_width, series_name
from dynrnn.forecast._member import Member
from dynrnn.forecast._reservoir import Reservoir, items, r_squared, seed_of
from dynrnn.forecast._scale import Scale, transformation
from dynrnn.run import Diverged

Pieces = list[tuple[np.ndarray, np.ndarray]]  # (y, X) of one series: what was fitted, then each update


class ReservoirForecaster(Reservoir):
    """Forecast a time series with echo state networks that feed their own forecasts back.

    With z the series after `transformation`, less its mean, over its standard deviation (and X standardised likewise), member m
    of the ensemble is the reservoir and ridge readout

        x[k] = (1 - a) x[k-1] + a f(W x[k-1] + W_in [X[k] | z[k-1]] + b),        z[k] ~ W_out x[k] + b_out

    driven by the measured z while fitting (states are streamed, never all held) and by its own readout when forecasting.

    Parameters
    ----------
    units : number of units N of a reservoir.
    spectral_radius : of W; None leaves a topology as drawn.   leak : a, in (0, 1].
    input_scaling : W_in is uniform on [-s, s]; a number, or one per input column, those of X first.
    bias_scaling : b is uniform on [-s, s].
    topology, density, in_degree : the graph of W, a name of `dynrnn.couplings.graphs`, and for "random" its share of
        connections or the connections per unit (10).
    activation : f, as for `ESN`.
    alpha : penalty of the readout; "gcv", or a list of candidates, chooses by generalised cross-validation.
    washout : rows of each series that pass before the first is learnt; None is a tenth of the shortest, at most 100.
    transformation : None, "sqrt" for series that are never negative, or "log" for positive ones.
    n_members : reservoirs in the ensemble.
    random_state : seed. None draws a new one in each fit; with a number, the same data give the same bits.

    Attributes
    ----------
    esn_, readout_, state_ : the first member's `ESN`, `Ridge`, and states (series, unit) after the last row.
    members_, y_scale_, x_scale_, washout_, seed_, n_features_in_, n_exogenous_.

    Notes
    -----
    Series with gaps or of different lengths go in as a list of pieces (or as one array (series, time, feature), padded with
    NaN at the end): each piece starts from rest and pays its own washout, one readout serves all.

    ``score(y)`` rates the forecast of the rows that follow those fitted: pass the continuation, not the training series.

    Source: Jaeger and Haas, Science 304 (2004) 78 (closed loop); leverage-corrected residual bootstrap for the intervals as
    in Davison and Hinkley, Bootstrap Methods and their Application (1997), sections 6.3 and 8.2.

    >>> import numpy as np
    >>> wave = np.sin(0.3 * np.arange(300))
    >>> model = ReservoirForecaster(50, n_members=3).fit(wave[:280])
    >>> bool(np.abs(model.forecast(20).forecast - wave[280:]).max() < 0.05)
    True
    """

    stored = {
        "y_scale_": Scale.from_dict,
        "x_scale_": Scale.from_dict,
        "clocks_": lambda data: [Clock(**one) for one in items(data)],
        "members_": lambda data: [Member.from_dict(one) for one in items(data)],
        "pieces_": lambda data: [[tuple(map(np.array, items(p))) for p in items(pieces)] for pieces in items(data)],
    }
    expected_failed_checks: ClassVar[dict[str, str]] = {
        "check_fit_score_takes_y": "the series is the first argument; there may be exogenous inputs beside it, but no labels",
        "check_n_features_in_after_fitting": "the message speaks of y, as the series is called here, and not of X",
        "check_fit1d": "one series of one feature is a vector, and is meant",
    }
    """Checks of scikit-learn's `check_estimator` that a forecaster cannot pass, and why."""

    def __init__(
        self,
        units: int = 100,
        *,
        spectral_radius: float | None = 0.9,
        leak: float = 1.0,
        input_scaling: Any = 0.5,
        bias_scaling: float = 0.5,
        topology: str = "random",
        density: float | None = None,
        in_degree: int | None = None,
        activation: Any = "tanh",
        alpha: Any = "gcv",
        washout: int | None = None,
        transformation: str | None = None,
        n_members: int = 1,
        random_state: Any = 0,
    ):
        self.units = units
        self.spectral_radius = spectral_radius
        self.leak = leak
        self.input_scaling = input_scaling
        self.bias_scaling = bias_scaling
        self.topology = topology
        self.density = density
        self.in_degree = in_degree
        self.activation = activation
        self.alpha = alpha
        self.washout = washout
        self.transformation = transformation
        self.n_members = n_members
        self.random_state = random_state

    # ----------------------------------------------------------------------------------------------------- fitting

    def fit(self, y: Any, X: Any = None) -> ReservoirForecaster:
        """Learn from a series, or from many.

        Parameters
        ----------
        y : (time,) or (time, feature), an array, a pandas Series or DataFrame, or a DataArray. Its time stamps (numbers,
            datetimes, ISO dates) must be sorted and regular, constant steps or a calendar such as months. Many series: a
            list of these, or (series, time, feature).
        X : exogenous inputs (time, exogenous) in the same form: row k is known when row k of y is forecast.

        Raises
        ------
        ValueError, TypeError : shapes, lengths or stamps that do not fit, NaN or infinity, series that are too short,
            hyper-parameters out of range.
        """
        frames, self.several_ = read_many("y", y)
        beside = no_inputs(frames) if X is None else read_beside("X", X, frames, self.several_)
        self.n_features_in_, self.n_exogenous_ = frames[0].width, beside[0].width
        _long_enough(frames)
        self.washout_ = self._skipped("y", [len(f) for f in frames])
        self.clocks_ = [f.clock(series_name("y", i, self.several_)) for i, f in enumerate(frames)]
        self.features_, self.flat_, self.attrs_ = frames[0].features, frames[0].flat, dict(frames[0].attrs)
        self.exogenous_features_ = beside[0].features
        self.seed_ = seed_of(self.random_state)
        self.y_scale_ = Scale.of("y", [transformation(self.transformation).checked("y", f.values) for f in frames])
        self.x_scale_ = Scale.of("X", [f.values for f in beside])
        self.pieces_: list[Pieces] = [[(f.values.copy(), b.values.copy())] for f, b in zip(frames, beside, strict=True)]
        self.members_: list[Member] = []
        if len({clock.kind for clock in self.clocks_}) > 1:
            kinds = ", ".join(dict.fromkeys(clock.kind for clock in self.clocks_))
            _check.fail("time stamps of y", f"stamps of different kinds ({kinds})", "the same kind in all series")
        self._ensemble(_check.integer("n_members", self.n_members, 1))
        return self

    def update(self, y: Any, X: Any = None) -> ReservoirForecaster:
        """Go on with new rows, without refitting: the states move over them exactly as if they had been there before.

        `y` and `X` as in `fit`, one continuation for each series fitted. Stamps, where given, must be the next ones due.
        """
        self._fitted()
        frames = self._continuation(y)
        beside = self._beside(frames, X, self.several_)
        last = [pieces[-1][0][-1] for pieces in self.pieces_]
        inputs = [self._inputs(f.values, b.values, before) for f, b, before in zip(frames, beside, last, strict=True)]
        for member in self.members_:
            member.carry_on(inputs)
        for i, (frame, extra) in enumerate(zip(frames, beside, strict=True)):
            self.pieces_[i].append((frame.values.copy(), extra.values.copy()))
            self.clocks_[i] = self.clocks_[i].advanced(len(frame))
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return bool(getattr(self, "members_", None))

    def _ensemble(self, wanted: int) -> list[Member]:
        """The first members; those that are missing are fitted now, to what `fit` saw, and carried over the updates."""
        while len(self.members_) < wanted:
            self.members_.append(self._member(len(self.members_)))
        return self.members_[:wanted]

    def _member(self, number: int) -> Member:
        inputs = [self._inputs(*pieces[0], None) for pieces in self.pieces_]
        targets = [self._standard(pieces[0][0]) for pieces in self.pieces_]
        esn = self._draw(self.n_exogenous_ + self.n_features_in_, self.seed_, number)
        readout = self._readout(sum(len(u) - self.washout_ for u in inputs))
        member = Member.fit(esn, readout, inputs, targets, self.washout_)
        for k in range(1, len(self.pieces_[0])):
            member.carry_on([self._inputs(*pieces[k], pieces[k - 1][0][-1]) for pieces in self.pieces_])
        return member

    # -------------------------------------------------------------------------------------------------- forecasting

    def forecast(
        self,
        steps: int,
        X: Any = None,
        *,
        n_members: int | None = None,
        quantiles: Sequence[float] | None = (0.05, 0.5, 0.95),
        n_paths: int = 400,
    ) -> xr.Dataset:
        """Forecast the next `steps` rows.

        Parameters
        ----------
        steps : rows to forecast.
        X : exogenous inputs of those rows (steps, exogenous), where the model was fitted with some.
        n_members : reservoirs to use. More than were fitted are fitted now, to the same rows. By default `self.n_members`.
        quantiles : probabilities, or None for the point forecast alone.
        n_paths : simulated futures behind the quantiles, shared out evenly among the members.

        Returns
        -------
        Dataset with dims ("time",) or ("time", "feature"), time stamps continued, and the variables

        - `forecast`: median over members of the closed loop without noise.
        - `members`: the closed loop of each member, dim "member".
        - `quantiles`: of the simulated futures, dim "quantile". A future is a closed loop in which each fed-back row
          misses by a residual: drawn with replacement from the member's own one-step errors, each the error its row would
          have shown had it been left out of the fit. So the interval holds what one step leaves unexplained, how that
          grows through the loop, and how members differ. It holds neither a change of the process nor errors in X, and
          takes errors to be independent from step to step.

        Many series give dims ("series", "step", ...), and `time` as a coordinate of both.

        Raises
        ------
        ValueError, TypeError : steps below 1, X missing or of another length, quantiles outside (0, 1).
        Diverged : an unbounded activation let the loop grow without limit; ``error.result`` holds the forecast up to there.
        """
        self._fitted()
        steps = _check.integer("steps", steps, 1, remedy="It is the horizon: the number of rows to forecast.")
        members = self._ensemble(_check.integer("n_members", self.n_members if n_members is None else n_members, 1))
        levels = None if quantiles is None else _levels(quantiles)
        paths = 0 if levels is None else -(-_check.integer("n_paths", n_paths, 1) // len(members))
        drivers, last = self._drivers(X, steps), np.stack([pieces[-1][0][-1] for pieces in self.pieces_])
        try:
            runs = [self._futures(k, m, m.state, last, drivers, paths) for k, m in enumerate(members)]
        except Diverged as error:
            rows = error.result[:: 1 + paths][: len(last)]
            finite = np.isfinite(rows).all(axis=(0, 2))
            error.result = self._labelled(rows[:, None, : finite.size if finite.all() else int(np.argmin(finite))], None)
            raise
        simulated = np.concatenate([r[:, 1:] for r in runs], axis=1)
        bands = None if levels is None else (levels, np.quantile(simulated, levels, axis=1))
        return self._labelled(np.stack([r[:, 0] for r in runs], axis=1), bands)

    def _futures(
        self, number: int, member: Member, state: np.ndarray, last: np.ndarray, drivers: np.ndarray, paths: int
    ) -> np.ndarray:
        """(origin, 1 + path, step, feature) in the units of y: the closed loop as it is, then simulated ones."""
        steps = drivers.shape[1]
        rng = np.random.default_rng(np.random.SeedSequence(self.seed_, spawn_key=(1, number)))
        drawn = rng.integers(0, len(member.residuals), (steps, paths))  # steps first: a longer forecast begins like a shorter
        shocks = np.zeros((1 + paths, steps, self.n_features_in_))
        shocks[1:] = member.residuals[drawn.T]
        try:
            out = member.run_free(state, self._standard(last), drivers, shocks)
        except Diverged as error:
            error.result = self._original(error.result)
            raise
        return self._original(out).reshape(len(state), 1 + paths, steps, -1)

    def _roll(self, y: np.ndarray, X: np.ndarray, horizon: int, stride: int) -> np.ndarray:
        """Point forecasts (origin, horizon, feature) from every `stride`-th row of a continuation, as if updated up to there."""
        origins = np.arange(0, len(y) - horizon + 1, stride)
        before = self.pieces_[0][-1][0][-1]
        u, X = self._inputs(y, X, before), self.x_scale_.forward(X)
        last = self._standard(np.concatenate([before[None], y])[origins])
        drivers = X[origins[:, None] + np.arange(horizon)]
        still = np.zeros((1, horizon, self.n_features_in_))
        runs = [self._original(m.run_free(m.states_at(u, origins), last, drivers, still)) for m in self.members_]
        return np.median(runs, axis=0)

    def one_step(self, y: Any, X: Any = None) -> Any:
        """One-step predictions: row k is the forecast of row k of `y` from the rows before it, starting from rest.

        `y` (time,) or (time, feature) is one series, `X` its exogenous inputs. Row 0 knows nothing and is what the readout
        makes of the mean; the first rows are poor until the reservoir has warmed up. A DataArray where `y` is one, else an
        array of the shape of `y`.
        """
        self._fitted()
        frame = read("y", y)
        same_width("y", frame, self.n_features_in_)
        same_names("y", frame, self.features_)
        beside = self._beside([frame], X, False)[0]
        u = self._inputs(frame.values, beside.values, None)
        rows = np.stack([self._original(m.predict(u)) for m in self._ensemble(self.n_members)])
        out = np.median(rows, axis=0)
        out = out[:, 0] if frame.flat else out
        return y.copy(data=out) if hasattr(y, "dims") else out

    def score(self, y: Any, X: Any = None) -> float:
        """R^2 of the forecast of `y`, the rows that follow those fitted (not the training series); averaged over features.

        What `GridSearchCV` with a `TimeSeriesSplit` maximises.
        """
        self._fitted()
        truth = np.stack([frame.values for frame in self._continuation(y)])
        guess = self.forecast(truth.shape[1], X, quantiles=None).forecast.values
        return r_squared(truth.reshape(-1, self.n_features_in_), guess.reshape(-1, self.n_features_in_))

    def backtest(self, y: Any, horizon: int, folds: int = 8, X: Any = None, **options: Any) -> xr.Dataset:
        """`dynrnn.forecast.backtest` of this model's hyper-parameters; what was fitted stays as it is."""
        from dynrnn.forecast.backtest import backtest

        return backtest(y, horizon, folds, X, model=self, **options)

    # ------------------------------------------------------------------------------------------------------- inside

    @property
    def esn_(self):
        """The reservoir of the first member."""
        return self.members_[0].esn

    @property
    def readout_(self):
        """The readout of the first member."""
        return self.members_[0].readout

    @property
    def state_(self) -> np.ndarray:
        """States of the first member (series, unit) after the last row."""
        return self.members_[0].state

    def _standard(self, y: np.ndarray) -> np.ndarray:
        return self.y_scale_.forward(transformation(self.transformation).checked("y", y))

    def _original(self, z: np.ndarray) -> np.ndarray:
        return transformation(self.transformation).back(self.y_scale_.back(z))

    def _inputs(self, y: np.ndarray, X: np.ndarray, before: np.ndarray | None) -> np.ndarray:
        """``[X[k] | z[k-1]]`` for each row; `before` is the row of y ahead of the first, None for the mean."""
        z = self._standard(y)
        lead = np.zeros_like(z[:1]) if before is None else self._standard(before[None])
        return np.hstack([self.x_scale_.forward(X), np.concatenate([lead, z[:-1]])])

    def _beside(self, frames: list[Frame], X: Any, several: bool) -> list[Frame]:
        """The exogenous inputs of new rows, as many columns as in fit."""
        if X is None and self.n_exogenous_:
            _check.fail("X", "nothing", f"(time, {self.n_exogenous_}), as the model was fitted with exogenous inputs")
        if X is not None and not self.n_exogenous_:
            _check.fail("X", "exogenous inputs", "nothing, as the model was fitted without", "Fit with X, or leave X out.")
        beside = no_inputs(frames) if X is None else read_beside("X", X, frames, several)
        for i, frame in enumerate(beside):
            same_width("X", frame, self.n_exogenous_)
            same_names(series_name("X", i, several), frame, getattr(self, "exogenous_features_", None))  # older files have none
        return beside

    def _continuation(self, y: Any) -> list[Frame]:
        """The rows of `y` after those known, one frame for each series fitted."""
        frames, several = read_many("y", y)
        if several != self.several_ or len(frames) != len(self.clocks_):
            wanted = f"{len(self.clocks_)} series, as in fit" if self.several_ else "one series, as in fit"
            _check.fail("y", f"{len(frames)} series" if several else "one series", wanted, "Pass one continuation for each.")
        for i, (frame, clock) in enumerate(zip(frames, self.clocks_, strict=True)):
            same_width(series_name("y", i, several), frame, self.n_features_in_)
            same_names(series_name("y", i, several), frame, self.features_)
            clock.expect(series_name("y", i, several), frame.stamps, len(frame))
            self._standard(frame.values)
        return frames

    def _drivers(self, X: Any, steps: int) -> np.ndarray:
        """Standardised exogenous inputs of the forecast (series, step, exogenous)."""
        stamps = [None if clock.kind == "row" else clock.following(steps) for clock in self.clocks_]
        due = [Frame(np.empty((steps, 1)), one) for one in stamps]
        return np.stack([self.x_scale_.forward(frame.values) for frame in self._beside(due, X, self.several_)])

    def _labelled(self, members: np.ndarray, bands: tuple[np.ndarray, np.ndarray] | None) -> xr.Dataset:
        """The forecasts of the members (series, member, step, feature) and the quantiles with their labels."""
        variables = {"forecast": ((), np.median(members, axis=1)), "members": (("member",), np.moveaxis(members, 1, 0))}
        levels = {}
        if bands is not None:
            levels = {"quantile": bands[0]}
            variables["quantiles"] = (("quantile",), bands[1])
        attrs = {"model": type(self).__name__, "parameters": json.dumps(self.get_params(), default=repr), "seed": self.seed_}
        out = label(variables, self.clocks_, self.several_, self.flat_, self.features_, attrs | {"dynrnn": dynrnn.__version__})
        for variable in out.data_vars.values():
            variable.attrs.update(self.attrs_)
        return out.assign_coords(levels)


def _levels(quantiles: Sequence[float]) -> np.ndarray:
    remedy = "They are probabilities, such as (0.05, 0.5, 0.95); None leaves them out."
    levels = _check.array("quantiles", quantiles, ndim=1, remedy=remedy)
    if not levels.size or levels.min() <= 0 or levels.max() >= 1:
        _check.fail("quantiles", quantiles, "numbers in (0, 1)", remedy)
    return levels


def _long_enough(frames: list[Frame]) -> None:
    rows, width = sum(map(len, frames)), frames[0].width
    if rows <= width:
        hint = "The axes look swapped: pass y.T." if rows < width else "Fit a longer series."
        got = f"shape {frames[0].values.shape}: {rows} sample(s)"
        _check.fail("y", got, f"more rows (time) than its {width} feature(s)", hint)
    short = min(frames, key=len)
    if len(short) < 2:
        _check.fail("y", f"a series of {len(short)} sample(s)", "at least 2 rows", "Leave out or lengthen what is shorter.")
