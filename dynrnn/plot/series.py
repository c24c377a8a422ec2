"""Series over time: forecasts beside what came true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn.plot.style import COLORS, has_dims, label_time, quantity, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKED = 40
"""Held-out rows up to this number get a mark each."""


@styled
def forecast(data: Any, ax: Any = None) -> Axes:
    """What was seen, what was forecast with its interval, and what came true where that is known.

    Parameters
    ----------
    data : Dataset over ("time",) with `history` and `forecast`, and where there are such `truth`, `lower` and `upper`; each is
        NaN where it says nothing. Forecasts from several origins have a dimension "origin" besides. Units and name of the
        axis are those of `history`; the interval's name is the ``long_name`` of `lower`.
    ax : where to draw; new axes by default.

    >>> import numpy as np, xarray as xr
    >>> y = xr.DataArray([0.0, 1.0, np.nan], dims="time")
    >>> forecast(xr.Dataset({"history": y, "forecast": y.shift(time=2)})).get_ylabel()
    'history'
    """
    has_dims("data", data, ("time",))
    time = data["time"]
    seen = data["history"].fillna(data["truth"]) if "truth" in data else data["history"]
    ax.plot(time, seen, color=COLORS["grey"], linewidth=1.2, label="history")
    if "truth" in data:
        marker = "o" if data["truth"].count() <= MARKED else None
        ax.plot(time, data["truth"], color=COLORS["black"], linewidth=1.2, marker=marker, markersize=2.5, label="held out")
    for one in [data] if "origin" not in data.dims else [data.isel(origin=k) for k in range(data.sizes["origin"])]:
        _one_forecast(ax, one)
    _limit_view(ax)
    ax.set_ylabel(quantity(data["history"], "value"))
    ax.margins(x=0.01)
    label_time(ax, time)
    _legend_above(ax)
    return ax


def _limit_view(ax: Axes) -> None:
    """Keep the lines readable beside an interval that is many times wider: it may leave the axes."""
    values = np.concatenate([np.asarray(line.get_ydata(), float) for line in ax.lines])
    low, high = np.nanmin(values), np.nanmax(values)
    if low == high:
        return
    bottom, top = ax.get_ylim()
    ax.set_ylim(max(bottom, low - (high - low)), min(top, high + (high - low)))


def _one_forecast(ax: Axes, data: Any) -> None:
    if "lower" in data and "upper" in data:
        label = data["lower"].attrs.get("long_name", "interval")
        ax.fill_between(data["time"], data["lower"], data["upper"], color=COLORS["sky"], alpha=0.35, linewidth=0, label=label)
    ax.plot(data["time"], data["forecast"], color=COLORS["vermillion"], label="forecast")


def _legend_above(ax: Axes) -> None:
    """In the order of time, above the axes: it hides nothing there."""
    handles = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))  # one of each name
    order = sorted(handles, key=lambda name: {"history": 0, "held out": 1, "forecast": 2}.get(name, 3))
    place: Any = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "ncols": 4, "borderaxespad": 0.2}
    ax.legend([handles[name] for name in order], order, handlelength=1.5, **place)
