"""Where orbits pass a plane of state space, and how each maximum of a variable follows from the one before."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy.interpolate import CubicSpline

from dynrnn import _check
from dynrnn._simulate import simulate
from dynrnn.analysis._series import lone, provenance, times
from dynrnn.integrate import Crossing
from dynrnn.integrate.sections import Plane
from dynrnn.system import System

__all__ = ["poincare_section", "successive_maxima"]


def poincare_section(data: Any, section: Any, dt: Any = None, **run: Any) -> xr.Dataset:
    """The points at which an orbit passes a hyperplane in the wanted direction, on the cubic spline through its rows.

    Parameters
    ----------
    data : a trajectory (time, unit), as an array, a DataArray or a result of `simulate`; or a flow, which is simulated.
    section : `dynrnn.integrate.sections.Plane(normal, offset, direction)`, or a `Crossing("x", level, direction)`.
    dt : time between rows. Points are accurate to its fourth power; passages in both directions between two rows go unseen.
    run : for a flow, what `simulate` takes: ``duration``, ``washout``, ``method``, ``x0``, ``inputs``.

    Returns
    -------
    Dataset over "passage" with `state` ("passage", "unit"), `time`, and `direction`, +1 or -1. The differences of `time` are
    return times. `dynrnn.integrate.sections.PoincareMap` is the same as a system, with a derivative.

    Raises
    ------
    ValueError, TypeError : data, section or arguments of the run that do not fit.

    >>> t = 0.01 * np.arange(1, 1000)
    >>> orbit = xr.DataArray(np.stack([np.cos(t), np.sin(t)], axis=1), {"time": t}, ("time", "unit"))
    >>> poincare_section(orbit, Plane([0, 1])).time.values.round(6)
    array([6.283185])
    """
    if isinstance(data, System):
        if not data.is_flow:
            remedy = "The orbit of a map is a sequence of points already."
            _check.fail("data", f"{type(data).__name__}, a map", "a flow or a trajectory", remedy, TypeError)
        return poincare_section(simulate(data, dt=dt, **run), section)
    if run:
        _check.fail(", ".join(run), "a value", "nothing beside a trajectory", "These are for a flow.")
    array, dt, unit = lone("data", data, dt)
    plane = _plane(section, array)
    rows = times(array, dt, unit)
    height = CubicSpline(rows, array.values @ plane.normal - plane.offset)
    when = height.solve(0.0, discontinuity=False, extrapolate=False)
    when = when[np.isfinite(when)]
    direction = np.sign(height(when, 1)).astype(int)
    keep = (direction == plane.direction) | (plane.direction == 0)
    variables = {
        "state": (("passage", "unit"), CubicSpline(rows, array.values)(when[keep])),
        "time": ("passage", when[keep], {"units": unit}),
        "direction": ("passage", direction[keep]),
    }
    labels = {"unit": array["unit"]} if "unit" in array.coords else {}
    return xr.Dataset(variables, labels, provenance(data, section=plane.to_json(), dt=dt))


def _plane(section: Any, array: xr.DataArray) -> Plane:
    """The section as a plane in the space of the units of `array`."""
    if isinstance(section, Crossing) and isinstance(section.unit, str):
        labels = list(map(str, array["unit"].values)) if "unit" in array.coords else []
        section = section.replace(unit=labels.index(_check.choice("section", section.unit, labels)))
    return Plane.of(section, array.sizes["unit"])


def successive_maxima(x: Any, dt: Any = None) -> xr.DataArray:
    """The local maxima of one variable in order, on parabolas through the highest rows and their neighbours.

    Lorenz's return map is each maximum against the one before: ``m[1:]`` over ``m[:-1]``.

    Parameters
    ----------
    x : (time,), an array or a DataArray.   dt : time between the rows of an array.

    Returns
    -------
    DataArray ("maximum",) with the coordinate `time`.

    >>> float(successive_maxima(np.cos(0.1 * np.arange(-20, 60) + 0.03))[0].round(4))
    1.0
    """
    array, dt, unit = lone("x", x, dt)
    if array.sizes["unit"] > 1:
        _check.fail("x", f"{array.sizes['unit']} variables", "one", "Select one with .isel(unit=0).")
    values, rows = array.values[:, 0], times(array, dt, unit)
    k = 1 + np.flatnonzero((values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:]))
    rise, bend = (values[k + 1] - values[k - 1]) / 2, values[k + 1] - 2 * values[k] + values[k - 1]
    labels = array["unit"].values if "unit" in array.coords else [0]
    name = array.attrs.get("long_name") or (labels[0] if isinstance(labels[0], str) else array.name)
    attrs = {"long_name": f"maximum of {name}"} if name else {}
    attrs |= {"units": array.attrs["units"]} if "units" in array.attrs else {}
    return xr.DataArray(
        values[k] - rise**2 / (2 * bend),
        {"time": ("maximum", rows[k] - dt * rise / bend, {"units": unit})},
        "maximum",
        array.name,
        attrs | provenance(x),
    )
