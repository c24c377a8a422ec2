"""Rolling-origin evaluation: how far forecasts miss, horizon by horizon, beside baselines; and the choice of hyper-parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from sklearn.base import clone

from dynrnn import _check
from dynrnn._dates import storable
from dynrnn.forecast import baselines
from dynrnn.forecast._frames import Frame, is_several, read, read_beside
from dynrnn.forecast.forecaster import ReservoirForecaster

__all__ = ["backtest"]


def backtest(
    y: Any,
    horizon: int,
    folds: int = 8,
    X: Any = None,
    *,
    model: ReservoirForecaster | Mapping[str, ReservoirForecaster] | None = None,
    season: int | None = None,
    stride: int | None = None,
    refit: bool = True,
) -> xr.Dataset:
    """Forecast from `folds` origins, each time knowing only the rows before, and compare with what came.

    The origins are `stride` rows apart (by default `horizon`, so that no row is forecast twice), and the last forecast ends
    with the series. Baselines see the same rows: naive, seasonal-naive (where a season is known), drift, and an
    autoregression whose order is chosen anew at each origin; they take no X.

    Parameters
    ----------
    y, X : one series and its exogenous inputs, as for `ReservoirForecaster.fit`.
    horizon, folds : rows per forecast, and number of forecasts.
    model : a forecaster, or several by name; each is cloned, so that none is changed. A default one if None.
    season : rows per cycle; by default ``y.attrs["season"]`` where y has it.
    refit : fit anew at each origin; or fit once before the first origin and `update` from there, which is cheaper and keeps
        scales and readout.

    Returns
    -------
    Dataset with dims model, fold, horizon (1 to `horizon`) and, for several features, feature:

    - `forecast (model, fold, horizon)`, `truth (fold, horizon)`, `time (fold, horizon)`, `origin (fold)`: rows known then.
    - `mae`, `rmse`, `nrmse (model, horizon)`: over the folds. For `nrmse` each error is divided by the standard deviation of
      the rows known at its origin.

    Raises
    ------
    ValueError, TypeError : horizon or folds below 1, fewer rows than they need, and all that `fit` refuses.

    >>> report = backtest(np.sin(0.3 * np.arange(200)), horizon=5, folds=4, model=ReservoirForecaster(30))
    >>> report.mae.dims, bool(report.mae.sel(model="reservoir").max() < report.mae.sel(model="naive").min())
    (('model', 'horizon'), True)
    """
    if is_several(y):
        _check.fail("y", "several series", "one", "Back-test them one by one.")
    frame = read("y", y)
    frame.clock("y")  # refuses stamps that are not regular
    beside = None if X is None else read_beside("X", X, [frame], False)[0]
    origins = rolling_origins(len(frame), horizon, folds, stride)
    model = ReservoirForecaster() if model is None else model
    models = model if isinstance(model, Mapping) else {"reservoir": model}
    season = getattr(y, "attrs", {}).get("season") if season is None else season
    rivals = _baselines(season, origins[0])
    forecasts = {name: _rolled(one, frame, beside, origins, horizon, refit) for name, one in models.items()}
    for name, rival in rivals.items():
        forecasts[name] = np.stack([rival(frame.values[:origin], horizon) for origin in origins])
    return _report(forecasts, frame, origins, horizon, {"refit": int(refit), "season": season or 0})


def rolling_origins(rows: int, horizon: int, folds: int, stride: int | None = None) -> np.ndarray:
    """Rows known at each origin (fold,), the last forecast ending with the series.

    >>> rolling_origins(100, horizon=10, folds=3).tolist()
    [70, 80, 90]
    """
    horizon = _check.integer("horizon", horizon, 1, remedy="It is the number of rows to forecast.")
    folds = _check.integer("folds", folds, 1)
    stride = horizon if stride is None else _check.integer("stride", stride, 1)
    first = rows - horizon - (folds - 1) * stride
    if first < 2:
        wanted = f"more than the {rows - first + 1} that {folds} fold(s) of {horizon} rows need"
        _check.fail("y", f"{rows} rows", wanted, "Use fewer folds, a shorter horizon, or a longer series.")
    return first + stride * np.arange(folds)


def _baselines(season: int | None, rows: int) -> dict[str, Callable[[np.ndarray, int], np.ndarray]]:
    known: dict[str, Callable] = {"naive": baselines.naive}
    if season is not None:
        remedy = "It is the number of rows per cycle, and the first fold must hold one."
        season = _check.integer("season", season, 1, rows, remedy)
        known["seasonal_naive"] = lambda y, steps: baselines.seasonal_naive(y, steps, season)
    return known | {"drift": baselines.drift, "autoregressive": baselines.autoregressive}


def _rolled(model: ReservoirForecaster, y: Frame, X: Frame | None, origins: np.ndarray, horizon: int, refit: bool) -> np.ndarray:
    """Forecasts (fold, horizon, feature) of one model."""

    def inputs(start: int, stop: int) -> np.ndarray | None:
        return None if X is None else X.values[start:stop]

    out, fitted, known = [], None, 0
    for origin in origins:
        if refit or fitted is None:
            fitted = clone(model).fit(y.values[:origin], inputs(0, origin))
        else:
            fitted.update(y.values[known:origin], inputs(known, origin))
        known = origin
        ahead = fitted.forecast(horizon, inputs(origin, origin + horizon), quantiles=None)
        out.append(ahead.forecast.values.reshape(horizon, -1))
    return np.stack(out)


def _report(forecasts: Mapping[str, np.ndarray], y: Frame, origins: np.ndarray, horizon: int, attrs: dict) -> xr.Dataset:
    rows = origins[:, None] + np.arange(horizon)
    truth, guess = y.values[rows], np.stack(list(forecasts.values()))
    spread = np.stack([y.values[:origin].std(axis=0) for origin in origins])[:, None]
    error = guess - truth
    relative = error / np.where(spread > 0, spread, np.nan)
    values = {
        "forecast": (("model", "fold", "horizon"), guess),
        "truth": (("fold", "horizon"), truth),
        "mae": (("model", "horizon"), np.abs(error).mean(axis=1)),
        "rmse": (("model", "horizon"), np.sqrt((error**2).mean(axis=1))),
        "nrmse": (("model", "horizon"), np.sqrt((relative**2).mean(axis=1))),
    }
    variables = {name: (dims, v[..., 0]) if y.flat else ((*dims, "feature"), v) for name, (dims, v) in values.items()}
    stamps = np.arange(len(y)) if y.stamps is None else y.stamps
    coords = {"model": list(forecasts), "horizon": np.arange(1, horizon + 1)}
    coords |= {"origin": ("fold", origins), "time": (("fold", "horizon"), stamps[rows])}
    if y.features is not None and not y.flat:
        coords["feature"] = list(y.features)
    return storable(xr.Dataset(variables, coords, attrs))
