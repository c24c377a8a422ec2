"""Reaction times: when a decision variable first reaches a threshold, and which one did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check, _units

__all__ = ["reaction_times"]


def reaction_times(decision: Any, threshold: float, *, onset: Any = 0.0, time: Any = None) -> xr.Dataset:
    """First crossing of a threshold from below, in every trial, between rows by the straight line through its neighbours.

    Parameters
    ----------
    decision : DataArray with "time" and, in any order, "trial" and one more dimension of competing variables (units, outputs);
        or an array (time,), (trial, time) or (trial, time, unit) together with `time`. For a signed variable, let it compete
        with its negative: ``xr.concat([y, -y], "output")``.
    threshold : the value to be reached.
    onset : moment from which on rows count, and reaction times are counted: a number or one per trial, in the units of time;
        or, where these are seconds, text like "100 ms" or a timedelta. What is at or above the threshold then has reaction
        time 0.
    time : times of the rows of a plain array.

    Returns
    -------
    Dataset with `reaction_time` (trial), NaN where the threshold is never reached; and `chosen` (trial), the label of the
    variable that was first (of two at the very same moment the one listed first), "none" or, where labels are numbers, NaN.
    Coordinates of trials stay: with a task, ``result.chosen == result.choice`` says which answers were right.

    Raises
    ------
    ValueError, TypeError : no time, more dimensions than these, numbers that are not finite.

    >>> import numpy as np
    >>> rise = xr.DataArray(np.outer(np.arange(5.0), [1.0, 0.5])[None], dims=("trial", "time", "output"))
    >>> rise = rise.assign_coords(time=0.1 * np.arange(5), output=["right", "left"])
    >>> result = reaction_times(rise, 1.5)
    >>> result["reaction_time"].values.round(6), result["chosen"].values
    (array([0.15]), array(['right'], dtype='<U5'))
    """
    y = _labelled(decision, time)
    threshold = _check.real("threshold", threshold)
    single = "trial" not in y.dims
    y = y.expand_dims("trial") if single else y
    competitors = [dim for dim in y.dims if dim not in ("trial", "time")]
    if len(competitors) > 1:
        _check.fail("decision", f"dims {y.dims}", '"trial", "time" and at most one more', "Select along the others first.")
    y = y.transpose("trial", "time", *competitors)
    values = _check.array("decision", y.values.reshape(*y.shape[:2], -1))
    clock = _check.array("time", y["time"].values)
    if (np.diff(clock) <= 0).any():
        _check.fail("time", "times that do not increase", "increasing times")
    start = _check.array("onset", _onset(onset, y["time"].attrs.get("units", "s")), ndim=(0, 1))
    if start.ndim and start.shape != (len(values),):
        _check.fail("onset", f"{start.size} values", f"one, or one for each of the {len(values)} trial(s)")
    start = np.broadcast_to(start, len(values))

    when = _first(values, clock, threshold, start)
    winner = when.argmin(axis=1)
    first = when[np.arange(len(when)), winner]
    never = np.isinf(first)
    (dim,) = competitors or ("output",)
    labels = y[dim].values if competitors else np.zeros(1)
    nobody = np.nan if labels.dtype.kind in "biuf" else "none"
    result = xr.Dataset(
        {
            "reaction_time": ("trial", np.where(never, np.nan, first - start), dict(y["time"].attrs)),
            "chosen": ("trial", np.where(never, nobody, labels[winner])),
        },
        {name: coord for name, coord in y.coords.items() if set(coord.dims) <= {"trial"}},
        {"threshold": threshold},
    )
    return result.isel(trial=0) if single else result


def _onset(given: Any, unit: str) -> Any:
    """Text and timedeltas in seconds, where times are; numbers as they are."""
    if not isinstance(given, (str, timedelta, np.timedelta64)):
        return given
    if unit != "s":
        _check.fail("onset", repr(given), f"a number of {unit}, as times are")
    return _units.seconds("onset", given, zero=True)


def _labelled(decision: Any, time: Any) -> xr.DataArray:
    """A DataArray with a time coordinate."""
    if isinstance(decision, xr.Dataset):
        _check.fail("decision", "a Dataset", "one variable of it", "Pass for example result['output'].", TypeError)
    if not isinstance(decision, xr.DataArray):
        values = _check.array("decision", decision, ndim=(1, 2, 3))
        dims = {1: ("time",), 2: ("trial", "time"), 3: ("trial", "time", "output")}[values.ndim]
        decision = xr.DataArray(values, dims=dims)
    elif time is not None:
        _check.fail("time", "times beside a DataArray", "none", "Its own time coordinate counts.")
    if time is not None:
        rows = _check.array("time", time, shape=(decision.sizes["time"],), remedy="One time per row.")
        decision = decision.assign_coords(time=rows)
    if "time" not in decision.dims or "time" not in decision.coords:
        got = f"dims {decision.dims} without times"
        _check.fail("decision", got, 'a "time" dimension with its coordinate', "Pass time=…, or assign_coords(time=…).")
    return decision


def _first(y: np.ndarray, time: np.ndarray, threshold: float, start: np.ndarray) -> np.ndarray:
    """Time (trial, unit) at which y (trial, time, unit) first is at the threshold from `start` on; infinity where never."""
    above = (y >= threshold) & (time >= start[:, None])[..., None]
    k = above.argmax(axis=1)
    before = np.maximum(k - 1, 0)
    here, previous = (np.take_along_axis(y, rows[:, None], axis=1)[:, 0] for rows in (k, before))
    crossed = (k > 0) & (previous < threshold)
    part = np.where(crossed, (threshold - previous) / np.where(crossed, here - previous, 1), 1)
    when = time[before] + part * (time[k] - time[before])
    return np.where(above.any(axis=1), np.maximum(when, start[:, None]), np.inf)
