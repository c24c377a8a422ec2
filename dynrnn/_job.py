"""The main job: a series in; a forecast, and the evidence how far to trust it, out.

Hyper-parameters are chosen on the rows before the test stretch. The test stretch is forecast from `folds` origins, beside
baselines. Then the same hyper-parameters are fitted to all rows, and forecast what nobody knows yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.forecast import ReservoirForecaster
from dynrnn.forecast._clock import Clock
from dynrnn.forecast.backtest import backtest, rolling_origins
from dynrnn.forecast.tuning import Tuned, tune

__all__ = ["Job", "default_horizon", "evaluate", "figure", "forecast", "mean_absolute", "ready", "season_of", "words"]

FOLDS = 8
LEVELS = (0.05, 0.95)
SHOWN = 8  # horizons of history in the figure, or cycles where there is a season
CYCLES = {("months", 1): 12, ("month ends", 1): 12, ("months", 3): 4, ("month ends", 3): 4}
CYCLES |= {("datetime", 86_400_000_000_000): 7, ("datetime", 3_600_000_000_000): 24}
"""Rows per cycle that a calendar suggests: months and quarters of a year, days of a week, hours of a day."""
_ALIKE = 0.01  # errors this close, as a share, are no difference


@dataclass(frozen=True)
class Job:
    """What `forecast` gives: everything as one dataset, and the back-test by itself."""

    data: xr.Dataset
    report: xr.Dataset
    chosen: dict[str, Any]

    @property
    def verdict(self) -> str:
        """In words, whether the reservoir beats the baselines."""
        errors = mean_absolute(self.report)
        ours = errors.pop("reservoir")
        best = min(errors, key=errors.__getitem__)
        missing = "" if "seasonal_naive" in errors else " (no seasonal baseline: pass --season)"
        return f"The reservoir {_compared(ours, errors, best)}{missing}."


def _compared(ours: float, errors: dict[str, float], best: str) -> str:
    """How the reservoir's error stands to those of the baselines, of which `best` has the least."""
    better = ", ".join(words(name) for name, value in errors.items() if value <= ours)
    if errors[best] == 0:
        return f"does NOT beat {better}: {words(best)} makes no error" if better else "makes no error"
    change = ours / errors[best] - 1
    share = (
        f"its mean absolute error is {abs(change):.{0 if abs(change) > _ALIKE else 1}%} {'above' if better else 'below'} that of"
    )
    if abs(change) <= _ALIKE:
        return f"is about as good as {words(best)}, the best of {len(errors)} baselines: {share} {words(best)}"
    if better:
        return f"does NOT beat {better}: {share} {words(best)}"
    return f"beats all {len(errors)} baselines: {share} {words(best)}, the best of them"


def words(name: str) -> str:
    """A model's name for people."""
    return name.replace("seasonal_naive", "seasonal-naive").replace("_", " ")


def mean_absolute(report: xr.Dataset) -> dict[str, float]:
    """Mean absolute error over folds and horizons, by model; the reservoir is first."""
    errors = report["mae"].mean("horizon")
    return dict(zip(errors["model"].values.tolist(), errors.values.tolist(), strict=True))


def ready(y: xr.DataArray, fill: str | None = None) -> xr.DataArray:
    """The series without gaps, its time stamps checked. `fill` "interpolate" puts straight lines across missing values."""
    name = str(y.name or "series")
    if fill is not None:
        _check.choice("fill", fill, ["interpolate"])
        y = y.interpolate_na("time", keep_attrs=True)
    missing = np.isnan(y.values)
    if missing.any():
        first = y["time"].values[int(np.argmax(missing))]
        remedy = "Drop the empty rows at its ends." if fill else "Pass --fill interpolate for straight lines across the gaps."
        _check.fail(name, f"{int(missing.sum())} missing value(s), the first at {first}", "a value in every row", remedy)
    _check.all_finite(name, y.values)
    Clock.of(name, y["time"].values if "time" in y.coords else None, y.size)
    return y


def season_of(y: xr.DataArray, rows: int | None = None) -> int | None:
    """Rows per cycle: the one that is known, else the calendar's where the first `rows` hold two of them."""
    known = y.attrs.get("season")
    if known is not None or "time" not in y.coords:
        return known
    clock = Clock.of(str(y.name or "series"), y["time"].values, y.size)
    season = CYCLES.get((clock.calendar or clock.kind, clock.step))
    return season if season and 2 * season <= (y.size if rows is None else rows) else None


def default_horizon(y: xr.DataArray) -> int:
    """A cycle where one is known and there are enough of them; else a twentieth of the series, at most 100 rows."""
    season = season_of(y)
    enough = season and y.size >= (FOLDS + 5) * season  # five of them to choose hyper-parameters on
    return int(season) if season and enough else min(100, max(1, y.size // 20))


def evaluate(
    y: xr.DataArray,
    horizon: int,
    *,
    folds: int = FOLDS,
    units: int = 100,
    members: int = 10,
    seed: int = 0,
    say: Callable[[str], Any] = lambda text: None,
) -> tuple[Tuned, xr.Dataset]:
    """Hyper-parameters chosen on the rows before the test stretch, and the back-test on it. `say` hears what begins."""
    origins = rolling_origins(y.size, horizon, folds)
    model = ReservoirForecaster(units, n_members=members, random_state=seed)
    say(f"choosing hyper-parameters on the first {origins[0]} rows")
    tuned = tune(y[: origins[0]], horizon, model=model)
    say(f"back-testing {folds} forecasts of {horizon} rows on the last {y.size - origins[0]}")
    return tuned, backtest(y, horizon, folds, model=tuned.best, season=season_of(y, origins[0]))


def forecast(y: xr.DataArray, horizon: int, *, say: Callable[[str], Any] = lambda text: None, **options: Any) -> Job:
    """Do the job for one series (time,), as `ready` gives it; options as for `evaluate`."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):  # the matrices of a hundred units are slower on many threads
        tuned, report = evaluate(y, horizon, say=say, **options)
        say(f"forecasting {horizon} rows from the last with {tuned.best.n_members} reservoirs")
        forecasts = [tuned.best.fit(rows).forecast(horizon, quantiles=LEVELS) for rows in (y[:-horizon], y)]
    chosen = {name: value for name, value in tuned.best.get_params().items() if name in tuned.table}
    about = {"horizon": horizon, "folds": report.sizes["fold"], "seed": tuned.best.random_state, "chosen": json.dumps(chosen)}
    data = _together(y, forecasts, report, horizon).assign_attrs(about | {"dynrnn": forecasts[-1].attrs["dynrnn"]})
    return Job(data, report, chosen)


def _together(y: xr.DataArray, forecasts: list[xr.Dataset], report: xr.Dataset, horizon: int) -> xr.Dataset:
    """History, held-out rows and both forecasts over one time axis, with the back-test beside them."""
    y = y if "time" in y.coords else y.assign_coords(time=np.arange(y.size))
    times = np.concatenate([y["time"].values, forecasts[-1]["time"].values])
    held_out, ahead = forecasts  # stamps computed as k dt differ from those of y in the last digit
    forecasts = [held_out.assign_coords(time=y["time"].values[-horizon:]), ahead]
    parts = {"history": y[:-horizon], "truth": y[-horizon:]}
    parts |= {"forecast": _by_origin([f["forecast"] for f in forecasts], times)}
    parts |= {name: _by_origin([f["quantiles"][k] for f in forecasts], times) for name, k in (("lower", 0), ("upper", -1))}
    data = xr.Dataset({name: part.drop_vars("quantile", errors="ignore").reindex(time=times) for name, part in parts.items()})
    data["origin"] = "origin", [y.size - horizon, y.size], {"long_name": "rows known when the forecast was made"}
    about = {"long_name": y.attrs.get("long_name", str(y.name or "value")), "units": y.attrs.get("units", "1")}
    for name in ("history", "truth", "forecast"):
        data[name].attrs = about
    for name in ("lower", "upper"):
        data[name].attrs = about | {"long_name": f"{100 * (LEVELS[1] - LEVELS[0]):.0f} % interval"}
    beside = report.drop_vars("origin").rename({name: f"backtest_{name}" for name in ("forecast", "truth", "time")})
    return data.merge(beside, combine_attrs="override")


def _by_origin(forecasts: list[xr.DataArray], times: np.ndarray) -> xr.DataArray:
    """Forecasts from several origins over all times, NaN where they say nothing."""
    return xr.concat([one.reindex(time=times) for one in forecasts], "origin")


def figure(job: Job):
    """The end of the history with both forecasts, and the errors of the back-test."""
    from dynrnn import plot

    data = job.data
    horizon = data.attrs["horizon"]
    shown = data.isel(time=slice(-(SHOWN + 2) * max(horizon, job.report.attrs["season"]), None))
    errors = data["mae"].assign_coords(model=[words(str(m)) for m in data["model"].values])
    errors.attrs = {"long_name": "mean absolute error", "units": data["history"].attrs.get("units", "1")}
    made, (above, below) = plot.figure(2, 1, width=8.0, height=2.9)
    plot.forecast(shown, above)
    plot.horizon_errors(errors, below)
    return made
