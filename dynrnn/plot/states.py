"""Many units at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn.plot.style import has_dims, label_time, quantity, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@styled
def heatmap(data: Any, ax: Any = None) -> Axes:
    """Every unit as a row over time, its value as a colour; around zero where there are both signs.

    Parameters
    ----------
    data : DataArray over ("time", one other dimension), evenly spaced in time.
    ax : where to draw; new axes by default.
    """
    has_dims("data", data, ("time",))
    (unit,) = (dim for dim in data.dims if dim != "time")
    image = data.transpose(unit, "time")
    values = image.values
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    signed = low < 0 < high
    bound = max(-low, high)
    limits = {"vmin": -bound, "vmax": bound, "cmap": "RdBu_r"} if signed else {"vmin": low, "vmax": high}
    mesh = ax.pcolormesh(data["time"], np.arange(image.sizes[unit]), values, shading="nearest", rasterized=True, **limits)
    ax.set_ylabel(unit)
    label_time(ax, data["time"])
    ax.figure.colorbar(mesh, ax=ax, label=quantity(data, "state"), pad=0.01)
    return ax
