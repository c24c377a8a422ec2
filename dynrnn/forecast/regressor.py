"""`ReservoirRegressor`: one sequence from another, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import validate_data

from dynrnn import _check
from dynrnn.forecast._frames import Frame, read_beside, read_many, same_width, series_name
from dynrnn.forecast._reservoir import MODEL, Reservoir, batches, r_squared, seed_of, states
from dynrnn.forecast._scale import Scale


class ReservoirRegressor(RegressorMixin, Reservoir):
    """Regress a sequence on another through an echo state network.

    With u the inputs X and z the targets y, each less its mean, over its standard deviation:

        x[k] = (1 - a) x[k-1] + a f(W x[k-1] + W_in u[k] + b),        z[k] ~ W_out x[k] + b_out

    Rows are in time order: row k of y may depend on the rows of X up to k, and on no later one. States are streamed into the
    readout, never all held.

    Parameters
    ----------
    units : number of units N.
    spectral_radius : of W; None leaves a topology as drawn.   leak : a, in (0, 1].
    input_scaling : W_in is uniform on [-s, s]; a number, or one per feature of X.
    bias_scaling : b is uniform on [-s, s].
    topology, density, in_degree : the graph of W, a name of `dynrnn.couplings.graphs`, and for "random" its share of
        connections or the connections per unit (10).
    activation : f, as for `ESN`.
    alpha : penalty of the readout; "gcv", or a list of candidates, chooses by generalised cross-validation.
    washout : rows of each series that pass before the first is learnt; None is a tenth of the shortest, at most 100.
    random_state : seed. None draws a new one in each fit; with a number, the same data give the same bits.

    Attributes
    ----------
    esn_, readout_, x_scale_, y_scale_, washout_, seed_, n_features_in_, n_outputs_.

    Source: Jaeger, GMD Report 148 (2001).

    >>> import numpy as np
    >>> u = np.random.default_rng(0).uniform(-1, 1, (600, 1))
    >>> before = np.roll(u[:, 0], 3)  # what came three rows earlier
    >>> model = ReservoirRegressor(50).fit(u[:400], before[:400])
    >>> model.score(u[400:], before[400:]) > 0.9
    True
    """

    stored = MODEL
    expected_failed_checks: ClassVar[dict[str, str]] = {
        "check_methods_sample_order_invariance": "rows are in time order: the state carries the rows before into each prediction",
        "check_methods_subset_invariance": "a row without those before it is another sequence",
    }
    """Checks of scikit-learn's `check_estimator` that a model of sequences cannot pass, and why."""

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
        washout: int | None = 0,
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
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> ReservoirRegressor:
        """Learn from one pair of sequences, or from many.

        Parameters
        ----------
        X : (time, feature), an array, a DataFrame or a DataArray; many series as a list of these, or (series, time, feature).
        y : (time,) or (time, output), as many rows as X; for many series likewise.

        Raises
        ------
        ValueError, TypeError : shapes or lengths that do not match, NaN or infinity, a washout as long as a series,
            hyper-parameters out of range.
        """
        if y is None:
            remedy = "This estimator requires y to be passed, but the target y is None."
            _check.fail("y", "None", "targets (time,) or (time, output)", remedy)
        frames, several = self._read(X, reset=True)
        targets = read_beside("y", y, frames, several, other="X")
        self.washout_ = self._skipped("X", [len(f) for f in frames])
        rows = sum(len(f) - self.washout_ for f in frames)
        seed, self.n_outputs_, self.flat_ = seed_of(self.random_state), targets[0].width, targets[0].flat
        self.x_scale_ = Scale.of("X", [f.values for f in frames])
        self.y_scale_ = Scale.of("y", [f.values for f in targets])
        self.esn_ = self._draw(self.n_features_in_, seed)
        self.readout_ = self._readout(rows)
        self._learn([self.x_scale_.forward(f.values) for f in frames], [self.y_scale_.forward(f.values) for f in targets])
        self.seed_ = seed
        return self

    def _learn(self, inputs: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> None:
        for where in batches([len(u) for u in inputs]):
            y, start = np.stack([targets[i] for i in where]), np.zeros((where.size, self.esn_.size))
            for row, x in states(self.esn_, start, np.stack([inputs[i] for i in where])):
                skip = max(0, self.washout_ - row)
                if skip < x.shape[1]:
                    learnt = y[:, row + skip : row + x.shape[1]]
                    self.readout_.partial_fit(x[:, skip:].reshape(-1, self.esn_.size), learnt.reshape(-1, self.n_outputs_))

    def predict(self, X: Any, state: Any = None, return_state: bool = False) -> Any:
        """The targets of X, row by row.

        Parameters
        ----------
        X : as in `fit`, one series or many.
        state : states to start from, (unit,) or (series, unit); rest by default. Nothing is carried over between calls
            unless it is passed here, so the halves of a series, the second with the state of the first, equal the whole.
        return_state : whether to return the states after the last row too.

        Returns
        -------
        (time,) or (time, output) as y was in `fit`; a DataArray where X is one; a list for a list of series, an array
        (series, time, ...) for an array. With `return_state` a pair with the states, (unit,) or (series, unit).
        """
        self._fitted()
        frames, several = self._read(X, reset=False)
        start = np.zeros((len(frames), self.esn_.size)) if state is None else self._start(state, len(frames), several)
        out = [np.empty((len(f), self.n_outputs_)) for f in frames]
        end = np.empty_like(start)
        for where in batches([len(f) for f in frames]):
            last = np.empty((where.size, self.esn_.size))
            inputs = np.stack([self.x_scale_.forward(frames[i].values) for i in where])
            for row, x in states(self.esn_, start[where], inputs, last):
                for i, rows in zip(where, self.readout_.predict(np.ascontiguousarray(x)), strict=True):
                    out[i][row : row + x.shape[1]] = self.y_scale_.back(rows)
            end[where] = last
        result = _as_given(X, [y[:, 0] if self.flat_ else y for y in out], several)
        return (result, end if several else end[0]) if return_state else result

    def score(self, X: Any, y: Any) -> float:
        """R^2 of the predictions of X, over all rows of all series, averaged over outputs."""
        self._fitted()
        frames, several = self._read(X, reset=False)
        truth = np.concatenate([f.values for f in read_beside("y", y, frames, several, other="X")])
        guess = self.predict(X)
        rows = guess if several else [guess]
        return r_squared(truth, np.concatenate([np.asarray(r).reshape(-1, self.n_outputs_) for r in rows]))

    # ------------------------------------------------------------------------------------------------------- inside

    def _read(self, X: Any, reset: bool) -> tuple[list[Frame], bool]:
        """The series of X, as many features as in fit; scikit-learn keeps count, and the names of the columns."""
        frames, several = read_many("X", X)
        for i, frame in enumerate(frames):
            if frame.flat:
                hint = "Reshape your data: X[:, None] if it has a single feature."
                _check.fail(series_name("X", i, several), f"shape ({len(frame)},)", "(time, feature)", hint)
        if not reset and len(frames[0]) == self.n_features_in_:
            same_width("X", frames[0], self.n_features_in_)
        named = X if hasattr(X, "iloc") else frames[0].values
        validate_data(self, named, reset=reset, skip_check_array=True)
        return frames, several

    def _start(self, state: Any, series: int, several: bool) -> np.ndarray:
        shape = (series, self.esn_.size) if several else (self.esn_.size,)
        remedy = "Pass what predict(..., return_state=True) gave."
        return _check.array("state", state, shape=shape, remedy=remedy).reshape(series, -1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.three_d_array = True
        return tags


def _as_given(X: Any, out: list[np.ndarray], several: bool) -> Any:
    """Predictions in the form of X."""
    if several:
        return out if isinstance(X, (list, tuple)) or len({len(y) for y in out}) > 1 else np.stack(out)
    if hasattr(X, "dims"):
        import xarray as xr

        time = "time" if "time" in X.dims else X.dims[0]
        coords = {time: X[time]} if time in X.coords else {}
        return xr.DataArray(out[0], coords, (time, "output")[: out[0].ndim])
    return out[0]
