"""Populations over time: how active every unit is, and when it fires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.style import COLORS, has_dims, label_time, quantity, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@styled
def activity(result: Any, ax: Any = None, *, variable: str | None = None) -> Axes:
    """Every unit as a row over time, its value as a colour; around zero where there are both signs.

    Parameters
    ----------
    result : Dataset with variables over ("time", one other dimension), or one such DataArray, evenly spaced in time; choose a
        trial with ``.isel``. Increasing numbers along the other dimension say where its rows are.
    ax : where to draw; new axes by default.
    variable : which one; by default the first.
    """
    data = _one("result", result, variable, "first")
    (unit,) = (dim for dim in data.dims if dim != "time")
    image = data.transpose(unit, "time")
    low, high = float(image.min()), float(image.max())
    bound = max(-low, high)
    limits = {"vmin": -bound, "vmax": bound, "cmap": "RdBu_r"} if low < 0 < high else {"vmin": low, "vmax": high}
    mesh = ax.pcolormesh(data["time"], _heights(image[unit]), image.values, shading="nearest", rasterized=True, **limits)
    ax.set_ylabel(quantity(image[unit], unit))
    label_time(ax, data["time"])
    ax.figure.colorbar(mesh, ax=ax, label=quantity(data, "state"), pad=0.01)
    return ax


@styled
def raster(spikes: Any, ax: Any = None, *, variable: str = "spike") -> Axes:
    """A tick for each spike, unit above unit.

    Parameters
    ----------
    spikes : DataArray over ("time", one other dimension), not zero where there are spikes, or a Dataset with one.
    ax : where to draw; new axes by default.
    variable : which variable of a Dataset.

    >>> import xarray as xr
    >>> raster(xr.DataArray([[0, 1], [1, 1]], dims=("time", "unit"))).get_ylabel()
    'unit'
    """
    data = _one("spikes", spikes, variable, variable)
    (unit,) = (dim for dim in data.dims if dim != "time")
    rows, units = np.nonzero(data.transpose("time", unit).values)
    n = data.sizes[unit]
    size = float(np.clip(150 / n, 1, 8))
    ax.plot(data["time"].values[rows], units, "|", color=COLORS["black"], markersize=size, markeredgewidth=0.8, rasterized=True)
    ax.set(ylim=(-0.5, n - 0.5), xlim=(data["time"].values[0], data["time"].values[-1]), ylabel=unit)
    ax.yaxis.get_major_locator().set_params(integer=True)
    label_time(ax, data["time"])
    return ax


def _heights(unit: Any) -> Any:
    """Where rows are drawn: at their coordinate, where that has numbers in order."""
    ordered = unit.dtype.kind in "iuf" and bool((np.diff(unit) > 0).all())
    return unit.values if ordered else np.arange(unit.size)


def _one(name: str, data: Any, variable: str | None, default: str) -> Any:
    """The DataArray over time and one other dimension that is to be drawn."""
    if hasattr(data, "data_vars"):
        data = data[_check.choice("variable", variable or next(iter(data.data_vars), default), map(str, data.data_vars))]
    has_dims(name, data, ("time",))
    if data.ndim != 2:
        remedy = "Choose one: .isel(trial=0)." if "trial" in data.dims else ""
        _check.fail(name, f"dims {data.dims}", "time and one other dimension", remedy)
    return data
