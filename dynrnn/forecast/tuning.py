"""Choosing hyper-parameters by how well forecasts did on later rows of the training data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    "transform": (None, "sqrt"),
    "input_scaling": (0.5, 0.25, 1.0),
    "spectral_radius": (0.9, 0.7, 1.05),
    "leak": (1.0, 0.6),
    "alpha": ("gcv", 0.01, 0.1, 1.0, 10.0),
}
"""What `tune` searches, in this order. Few values, far apart: on short series finer ones would be chosen by luck. A fixed
alpha can beat "gcv", which looks one step ahead only, where the closed loop is close to unstable."""

_SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)  # of the rows that are fitted before forecasts roll on to the next share
_MEMBERS = 3


class Tuned(NamedTuple):
    """`best` is a forecaster with the best hyper-parameters, not fitted; `table` holds all that were tried, best first."""

    best: ReservoirForecaster
    table: xr.Dataset


def tune(
    y: Any,
    horizon: int,
    X: Any = None,
    *,
    model: ReservoirForecaster | None = None,
    grid: Mapping[str, Iterable[Any]] | Sequence[Mapping[str, Any]] | None = None,
) -> Tuned:
    """Choose hyper-parameters by their forecasts of rows that they were not fitted to.

    The first 30 % of the rows are fitted and forecasts of `horizon` rows roll over the next tenth of the series; then 40 %,
    and so on to 80 % and the rest. The score is the mean absolute error over all forecasts, rows and features, in standard
    deviations of `y`. Pass only rows before the test stretch: what this function sees is training data.

    Parameters
    ----------
    y, X : one series and its exogenous inputs, as for `ReservoirForecaster.fit`.
    horizon : rows per forecast.
    model : the forecaster that the search starts from, and whose other hyper-parameters are kept.
    grid : names and values, searched one name after another, each time keeping the best so far (`GRID` by default, where
        a "sqrt" is tried for series that are never negative). Or a list of dictionaries, such as scikit-learn's
        ``ParameterGrid`` or ``ParameterSampler``: all are tried.

    Returns
    -------
    Tuned : `best`, and `table` with dim candidate, sorted by `score`, and a variable for each hyper-parameter. A candidate
        whose loop diverges scores infinity.

    >>> best, table = tune(np.sin(0.3 * np.arange(200)), 10, model=ReservoirForecaster(30), grid={"leak": [1.0, 0.5]})
    >>> table.score.dims, bool(table.score[0] <= table.score[1])
    (('candidate',), True)
    """
    y = read("y", y)
    X = no_inputs([y])[0] if X is None else read_beside("X", X, [y], False)[0]
    horizon = _check.integer("horizon", horizon, 1, remedy="It is the number of rows to forecast.")
    if len(y) < 5 * horizon:
        wanted = f"at least {5 * horizon}, five times the horizon, to fit some and forecast others"
        _check.fail("y", f"{len(y)} rows", wanted, "Shorten the horizon, or choose hyper-parameters yourself.")
    model = ReservoirForecaster() if model is None else model
    search = _Search(model, y, X, horizon)
    if grid is None or isinstance(grid, Mapping):
        _one_by_one(search, _default_grid(y) if grid is None else grid)
    else:
        for candidate in grid:
            search.score(dict(candidate))
    if not search.scores:
        _check.fail("grid", "no candidates", "at least one")
    return Tuned(clone(model).set_params(**search.best()), search.table())


def _default_grid(y: Frame) -> dict[str, Sequence[Any]]:
    return {name: values for name, values in GRID.items() if name != "transform" or y.values.min() >= 0}


def _one_by_one(search: _Search, grid: Mapping[str, Iterable[Any]]) -> None:
    start = {name: search.model.get_params()[_check.choice("grid", name, search.model.get_params())] for name in grid}
    search.score(start)
    for name, values in grid.items():
        now = search.best()
        for value in values:
            search.score(now | {name: value})


class _Search:
    """Scores of the hyper-parameters tried so far."""

    def __init__(self, model: ReservoirForecaster, y: Frame, X: Frame, horizon: int):
        self.model, self.y, self.X, self.horizon = model, y.values, X.values, horizon
        self.scores: list[tuple[float, dict[str, Any]]] = []

    def score(self, candidate: dict[str, Any]) -> None:
        if any(candidate == tried for _, tried in self.scores):
            return
        trial = clone(self.model).set_params(**candidate)
        trial.set_params(n_members=min(_MEMBERS, trial.n_members))
        try:
            misses = np.concatenate([np.abs(miss) for miss in self._misses(trial)])
        except Diverged:
            misses = np.array([np.inf])
        self.scores.append((float(np.mean(misses)), candidate))

    def _misses(self, model: ReservoirForecaster) -> Iterable[np.ndarray]:
        """Errors (origin, horizon, feature) of rolling forecasts, in standard deviations of y."""
        rows, spread = len(self.y), self.y.std(axis=0)
        cuts = [int(share * rows) for share in _SHARES] + [rows]
        stride = max(1, self.horizon // 3)
        for cut, following in zip(cuts[:-1], cuts[1:], strict=True):
            end = min(following + self.horizon - 1, rows)
            if end - cut < self.horizon:
                continue
            model.fit(self.y[:cut], self.X[:cut] if self.X.shape[1] else None)
            guess = model._roll(self.y[cut:end], self.X[cut:end], self.horizon, stride)
            truth = self.y[cut + stride * np.arange(len(guess))[:, None] + np.arange(self.horizon)]
            yield (guess - truth) / np.where(spread > 0, spread, 1.0)

    def best(self) -> dict[str, Any]:
        return min(self.scores, key=lambda tried: tried[0])[1]

    def table(self) -> xr.Dataset:
        ranked = sorted(self.scores, key=lambda tried: tried[0])
        names = dict.fromkeys(name for _, candidate in ranked for name in candidate)
        columns = {name: [candidate.get(name) for _, candidate in ranked] for name in names}
        variables = {name: ("candidate", ["none" if v is None else v for v in column]) for name, column in columns.items()}
        attrs = {"horizon": self.horizon, "score": "mean absolute error / standard deviation of y"}
        return xr.Dataset({"score": ("candidate", [score for score, _ in ranked]), **variables}, attrs=attrs)
