"""Answers along one dimension: an index over time, a criterion over lags, a theory over its parameter with what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.style import COLORS, CYCLE, has_dims, label_time, quantity, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES = 7
_ANSWERS = {  # of each: the dimension, the coordinate to draw it against, and the name of the axis
    "log_gali": ("time", "time", "ln {gali}"),
    "K_c": ("c", "c", "growth K(c)"),
    "criterion": ("lag", "lag", ""),
    "angle": ("window", "time", "smallest angle"),
}


@styled
def curve(data: Any, ax: Any = None, *, points: Any = None) -> Axes:
    """A number along one dimension: a line, or up to seven with the labels of a second dimension; points that belong to it.

    Of `embedding_delay` the delay is marked. The K_c of `zero_one_test` are dots, with a line at their median K.

    Parameters
    ----------
    data : what `gali`, `zero_one_test`, `embedding_delay` or `covariant_vectors` (its smallest angle) gives, or several such
        joined by ``xr.concat``; or a DataArray, whose last dimension goes along the axis.
    ax : where to draw; new axes by default.
    points : DataArray over the same dimension and any others, such as what was measured beside a theory. The legend has the
        ``name`` of both.

    >>> import numpy as np, xarray as xr
    >>> from dynrnn.analysis import embedding_delay, mean_field_map
    >>> curve(embedding_delay(np.sin(0.1 * np.arange(2000.0)))).get_ylabel()
    'mutual information (bit)'
    >>> g = np.linspace(0.5, 3.0, 26)
    >>> theory = xr.DataArray([mean_field_map(one)["largest"] for one in g], {"g": g}, name="theory")
    >>> curve(theory).get_xlabel()
    'g'
    """
    y, along, x = _along(data)
    others = [dim for dim in y.dims if dim != along]
    if len(others) > 1 or (others and y.sizes[others[0]] > _LINES):
        wanted = f'"{along}" and at most {_LINES} lines'
        _check.fail("data", f"dims {dict(y.sizes)}", wanted, "Choose with .isel(…), or average with .mean(…).")
    rows = np.atleast_2d(y.transpose(*others, along).values)
    names = [str(label) for label in y[others[0]].values] if others else [str(y.name or "curve") if points is not None else ""]
    for k, (name, row) in enumerate(zip(names, rows, strict=True)):
        said = _marked(ax, data, x.values, row, k, others)
        label = ": ".join(part for part in (name, said) if part)
        dotted = y.name == "K_c"
        ax.plot(x, row, "." if dotted else "-", color=CYCLE[k], markersize=4, linewidth=1.2, label=label or "_")
    if points is not None:
        _measured(ax, points, along, others[0] if others else None)
    ax.margins(x=0.01)
    if ax.get_legend_handles_labels()[1]:
        ax.legend(title=others[0] if others else None, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    if x.name == "time":
        label_time(ax, x)
    else:
        ax.set_xlabel(quantity(x, along))
    ax.set_ylabel(_axis(data, y))
    return ax


def _along(data: Any) -> tuple[Any, str, Any]:
    """What is drawn, its dimension, and the coordinate there."""
    if hasattr(data, "data_vars"):
        known = [name for name in _ANSWERS if name in data]
        if not known:
            wanted = "a result of gali, zero_one_test, embedding_delay or covariant_vectors, or a DataArray"
            _check.fail("data", f"a Dataset with {', '.join(map(str, data)) or 'nothing'}", wanted, error=TypeError)
        along, coordinate, _ = _ANSWERS[known[0]]
        return data[known[0]], along, data[coordinate]
    if not getattr(data, "dims", ()):
        _check.fail("data", type(data).__name__, "labelled data with one or two dimensions", error=TypeError)
    return data, str(data.dims[-1]), data[data.dims[-1]]


def _marked(ax: Axes, data: Any, x: np.ndarray, row: np.ndarray, k: int, others: list) -> str:
    """What else the answer says of one line, drawn and in words."""
    one = data.isel({others[0]: k}) if others else data
    if "criterion" in one:
        delay = int(one["delay"])
        ax.plot(x[delay], row[delay], "o", color=CYCLE[k], markersize=6, zorder=3)
        return f"delay {delay} rows"
    if "K_c" in one:
        ax.axhline(float(one["K"]), color=CYCLE[k], linewidth=0.8)
        return f"K = {float(one['K']):.3f}"
    return ""


def _measured(ax: Axes, points: Any, along: str, lines: str | None) -> None:
    """Points in the colour of their line where they say which; else black."""
    has_dims("points", points, (along,))
    own = lines is not None and lines in points.dims
    flat = points.transpose(*([lines] if own else []), ..., along)
    groups = flat.values.reshape(flat.sizes[lines] if own else 1, -1, flat.sizes[along])
    for k, group in enumerate(groups):
        x = np.broadcast_to(flat[along].values, group.shape)
        name = "_" if own else str(points.name or "points")
        ax.plot(x.ravel(), group.ravel(), "o", color=CYCLE[k] if own else COLORS["black"], markersize=3.5, label=name)


def _axis(data: Any, y: Any) -> str:
    """What the axis of the numbers is called."""
    said = _ANSWERS[y.name][2] if hasattr(data, "data_vars") else ""
    if "{gali}" in said:
        return said.format(gali=data["gali"].attrs.get("long_name", "GALI"))
    return quantity(y.assign_attrs(long_name=said) if said else y, "value")
