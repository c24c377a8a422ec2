"""Data on another clock, only ever when asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn._units import seconds, times

_ROUNDING = 1e-6  # of a row: what counts as the same time


def resample(data: Any, dt: Any, method: str = "hold") -> xr.DataArray:
    """`data` with a row every `dt`, from its first time on.

    A row holds until the next one, the last one as long as the one before it. New rows cover that time as far as they
    fit in whole.

    Parameters
    ----------
    data : DataArray with a time coordinate, or a pair (times, values) with values (time,) or (time, input). Times
        increase, and need not be even; numbers are seconds unless the coordinate's ``units`` say otherwise.
    dt : the new length of a row: seconds, or text such as "20 ms".
    method : "hold": the value of the row that holds at the new row's beginning; "linear": between the two rows around it
        (after the last one: its value); "mean": the mean over the new row of what holds, which keeps the area and is
        the choice for a coarser clock.

    Returns
    -------
    DataArray with the dims of `data`, ("time", "input") for a pair, and its time in seconds.

    Raises
    ------
    ValueError, TypeError : data without times, times that do not increase, less data than one row, an unknown method.

    Noise is better made anew at the other dt: no resampling of white noise is white.

    >>> resample(([0, 0.2, 0.3], [1.0, 2.0, 4.0]), "100 ms").values[:, 0]
    array([1., 1., 2., 4.])
    >>> resample(([0, 0.1, 0.2, 0.3], [1.0, 2.0, 4.0, 8.0]), 0.2, "mean").values[:, 0]
    array([1.5, 6. ])
    """
    dt = seconds("dt", dt)
    method = _check.choice("method", method, ("hold", "linear", "mean"))
    data = data if isinstance(data, xr.DataArray) else _labelled(data)
    clock = times("data.time", data["time"]) if "time" in data.coords else None
    if clock is None or data["time"].dims != ("time",):
        remedy = "Pass (times, values), or data.assign_coords(time=…)."
        _check.fail("data", "no times", "a DataArray with a time coordinate in seconds", remedy)
    if clock.size < 2:
        _check.fail("data", f"{clock.size} row(s)", "at least two", "One alone does not say how long it holds.")

    rows = data.transpose("time", ...)
    values = _check.array("data", rows.values)
    ends = np.append(clock, 2 * clock[-1] - clock[-2])
    n = int((ends[-1] - clock[0]) / dt + _ROUNDING)
    if n < 1:
        _check.fail("dt", f"{dt:g} s", f"at most {ends[-1] - clock[0]:g} s, the time that the data cover")
    at = clock[0] + dt * np.arange(n + 1)
    if method == "mean":
        areas = np.cumsum(np.concatenate([0 * values[:1], values * _column(np.diff(ends), values)]), axis=0)
        new = np.diff(_between(ends, areas, at), axis=0) / dt
    elif method == "linear":
        new = _between(clock, values, at[:-1])
    else:
        new = values[np.searchsorted(clock, at[:-1] + _ROUNDING * min(dt, np.diff(clock).min()), side="right") - 1]

    coords = {name: c for name, c in rows.coords.items() if "time" not in c.dims} | {"time": ("time", at[:-1], {"units": "s"})}
    attrs = data.attrs | {"dt": dt, "resampled": method}
    return xr.DataArray(new, coords, rows.dims, data.name, attrs).transpose(*data.dims)


def _labelled(data: Any) -> xr.DataArray:
    """A pair (times, values) as a DataArray ("time", "input")."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        got = f"{type(data).__name__} of {len(data)}" if isinstance(data, (tuple, list)) else type(data).__name__
        _check.fail("data", got, "a DataArray, or a pair (times, values)", error=TypeError)
    clock, values = _check.array("times", data[0], ndim=1), _check.array("values", data[1], ndim=(1, 2))
    if len(clock) != len(values):
        _check.fail("values", f"{len(values)} rows", f"{len(clock)}, one for each time")
    return xr.DataArray(values.reshape(len(values), -1), {"time": clock}, ("time", "input"))


def _column(numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    return numbers.reshape(-1, *[1] * (values.ndim - 1))


def _between(clock: np.ndarray, values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Straight lines between the rows of `values`, (time, …), read at the times `at`."""
    left = np.clip(np.searchsorted(clock, at, side="right") - 1, 0, clock.size - 2)
    share = np.clip((at - clock[left]) / (clock[left + 1] - clock[left]), 0, 1)
    return values[left] + _column(share, values) * (values[left + 1] - values[left])
