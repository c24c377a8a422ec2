"""Labels shared by all tasks: the time axis, the record of the seed, the check that an orbit stayed finite."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn._dates import storable


def clock(steps: int, dt: float | None = None, units: str = "time unit") -> xr.Variable:
    """The time axis of `steps` rows from zero: whole steps for a map (`dt` None), else ``k·dt`` in `units`."""
    if dt is None:
        return xr.Variable("time", np.arange(steps), {"units": "step"})
    return xr.Variable("time", np.arange(steps) * dt, {"units": units})


def series(
    name: str,
    values: np.ndarray,
    time: xr.Variable,
    *,
    long_name: str,
    source: str,
    units: str = "1",
    features: Sequence[str] | None = None,
    **attrs: Any,
) -> xr.DataArray:
    """`values` as a DataArray over ("time",), or over ("time", "feature") where `features` names the columns.

    Attributes that are None are left out: netCDF cannot store them.
    """
    attrs = {name: value for name, value in attrs.items() if value is not None}
    coords: dict[str, Any] = {"time": time}
    dims = ["time"]
    if features is not None:
        coords["feature"] = list(features)
        dims.append("feature")
    return storable(xr.DataArray(values, coords, dims, name, {"long_name": long_name, "units": units, "source": source, **attrs}))


def task(
    inputs: np.ndarray, targets: np.ndarray, *, input_name: str, target_name: str, target_dim: str, coords: Any, **attrs: Any
) -> xr.Dataset:
    """`inputs` (…, time, input) and `targets` (…, time, `target_dim`) as one Dataset; three axes mean trials first."""
    lead = ("trial", "time") if inputs.ndim == 3 else ("time",)
    variables = {
        "inputs": ((*lead, "input"), inputs, {"long_name": input_name}),
        "targets": ((*lead, target_dim), targets, {"long_name": target_name}),
    }
    return xr.Dataset(variables, coords, attrs)


def seed(rng: Any) -> dict[str, Any]:
    """The attribute that makes a result repeatable, where there is one: a Generator or fresh entropy leaves no seed."""
    return {"seed": int(rng)} if isinstance(rng, numbers.Integral) else {}


def bounded(values: np.ndarray, remedy: str) -> np.ndarray:
    """`values`, or the step at which the orbit left the finite numbers."""
    finite = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if not finite.all():
        _check.fail("orbit", f"a non-finite state at step {int(np.argmin(finite))}", "a bounded orbit", remedy)
    return values


def flag(name: str, value: Any) -> bool:
    """A plain True or False: a string such as "no" would count as true."""
    if not isinstance(value, (bool, np.bool_)):
        _check.fail(name, repr(value), "True or False", error=TypeError)
    return bool(value)
