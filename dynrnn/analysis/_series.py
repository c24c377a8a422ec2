"""What the views of a time series accept: arrays, labelled arrays and results of `simulate`, brought to one form."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

import dynrnn
from dynrnn import _check, _units

__all__ = ["clock", "lone", "provenance", "series", "times"]


def series(name: str, data: Any, dt: Any = None) -> tuple[xr.DataArray, float, str]:
    """`data` over (["trial",] "time", "unit"), the time from row to row, and its unit, "s", "steps" or what the model has.

    An array is (time,), (time, unit) or (trial, time, unit). Of a result of `simulate` all variables of the state are taken.
    """
    labelled = isinstance(data, (xr.DataArray, xr.Dataset))
    array = _joined(name, data) if isinstance(data, xr.Dataset) else data if labelled else _plain(name, data)
    if "time" not in array.dims:
        _check.fail(name, f"dims {array.dims}", 'a "time" dimension')
    others = [dim for dim in array.dims if dim not in ("trial", "time")]
    if len(others) > 1:
        _check.fail(name, f"dims {array.dims}", '"trial", "time" and at most one more', "Select along the others first.")
    array = array.rename({others[0]: "unit"}) if others and others != ["unit"] else array if others else array.expand_dims("unit")
    array = array.transpose(*(dim for dim in ("trial", "time", "unit") if dim in array.dims))
    values = _check.array(name, array.values)
    if array.sizes["time"] < 2:
        _check.fail(name, f"{array.sizes['time']} row(s)", "at least 2")
    dt = None if dt is None else _units.seconds("dt", dt)
    found = _units.sampling(array)
    if dt is not None:
        _units.refuse_other_dt(name, array, dt)
    step = found if found is not None else dt
    own = array["time"].attrs.get("units") == "time unit" if "time" in array.coords else False
    return array.copy(data=values), 1.0 if step is None else step, "steps" if step is None else "time unit" if own else "s"


def lone(name: str, data: Any, dt: Any = None) -> tuple[xr.DataArray, float, str]:
    """`series` of a single trial."""
    array, dt, unit = series(name, data, dt)
    if "trial" in array.dims:
        if array.sizes["trial"] > 1:
            _check.fail(name, f"{array.sizes['trial']} trials", "one trajectory", f"Pass {name}.isel(trial=0), or one at a time.")
        array = array.isel(trial=0)
    return array, dt, unit


def clock(array: xr.DataArray, dt: float, unit: str) -> xr.DataArray:
    """`array` with its times; those of rows without labels count from 0."""
    if "time" in array.coords:
        return array
    return array.assign_coords(time=("time", dt * np.arange(array.sizes["time"]), {"units": unit}))


def times(array: xr.DataArray, dt: float, unit: str) -> np.ndarray:
    """The times of the rows as numbers; dates count seconds from the first."""
    values = clock(array, dt, unit)["time"].values
    return dt * np.arange(values.size) if values.dtype.kind in "mM" else values.astype(float)


def provenance(data: Any, **settings: Any) -> dict[str, Any]:
    """Attributes of a result: what the data say of their origin, the version, and the settings."""
    known = getattr(data, "attrs", {})
    return {key: known[key] for key in ("class", "system") if key in known} | {"dynrnn": dynrnn.__version__} | settings


def _plain(name: str, data: Any) -> xr.DataArray:
    values = _check.array(name, data, ndim=(1, 2, 3))
    return xr.DataArray(values, dims=("trial", "time", "unit")[-values.ndim :] if values.ndim > 1 else ("time",))


def _joined(name: str, data: xr.Dataset) -> xr.DataArray:
    """The parts of a state side by side."""
    rows = {str(key): a for key, a in data.data_vars.items() if "time" in a.dims}
    parts = {key: a for key, a in rows.items() if key != "output"} or rows
    if not parts:
        _check.fail(name, "a Dataset without rows over time", "a result of simulate, or one variable of it", error=TypeError)
    if len(parts) == 1:
        return next(iter(parts.values()))
    pieces = []
    for key, part in parts.items():
        others = [dim for dim in part.dims if dim not in ("trial", "time")]
        part = part.rename({others[0]: "unit"}) if others else part.expand_dims("unit")
        labels = part["unit"].values if "unit" in part.coords else range(part.sizes["unit"])
        named = [label if isinstance(label, str) else f"{key}[{label}]" for label in labels]
        pieces.append(part.assign_coords(unit=named).transpose(..., "time", "unit"))
    return xr.concat(pieces, "unit", combine_attrs="drop")
