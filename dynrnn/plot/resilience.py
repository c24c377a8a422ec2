"""How firmly attractors hold: the time it takes to return to them, and the ways from one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.style import quantity, styled, with_units

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMES = {-1: "diverges", -2: "undecided"}
_PAIRS: Any = {  # the dimensions of probabilities, and what they are called: rows first
    ("before", "after"): (("before", "attractor before"), ("after", "attractor after")),
    ("attractor", "end"): (("attractor", "from attractor"), ("end", "to attractor")),
}


@styled
def return_time(data: Any, ax: Any = None) -> Axes:
    """How long it takes to come to an attractor, from each start in a plane of states; white where none is reached.

    The scale is logarithmic: towards the border of a basin times grow without bound.

    Parameters
    ----------
    data : what `dynrnn.analysis.return_time` gives for a box of two variables; of more, take a slice with ``.isel`` or ``.sel``.
    ax : where to draw; new axes by default.

    >>> from dynrnn import FitzHughNagumo, analysis
    >>> rest, box = [[-1.19940803, -0.62426004]], {"v": (-2, 2), "w": (-2, 2)}
    >>> found = analysis.return_time(FitzHughNagumo(I=0), rest, box, epsilon=0.01, resolution=10, dt=0.2)
    >>> return_time(found).get_ylabel()
    'w'
    """
    from matplotlib.colors import LogNorm

    if "time" not in getattr(data, "data_vars", ()):
        _check.fail("data", type(data).__name__, "what dynrnn.analysis.return_time gives", error=TypeError)
    time = data["time"]
    if time.ndim != 2:
        _check.fail(
            "data", f"times over {tuple(time.dims)}", "a grid of two variables", "Take a slice: data.isel(z=0).", TypeError
        )
    x, y = (time[dim] for dim in time.dims)
    known = time.values[time.values > 0]
    scale = LogNorm(known.min(), known.max()) if known.size and known.min() < known.max() else None
    shown = time.clip(min=known.min()) if scale else time  # what begins on an attractor has no place on a logarithmic scale
    mesh = ax.pcolormesh(x, y, shown.T, norm=scale, shading="nearest", rasterized=True)
    ax.set_xlabel(quantity(x, str(x.name)))
    ax.set_ylabel(quantity(y, str(y.name)))
    ax.figure.colorbar(mesh, ax=ax, label=with_units("return time", time.attrs.get("units")), pad=0.01)
    return ax


@styled
def transitions(data: Any, ax: Any = None) -> Axes:
    """The probability to come from each attractor to each: numbers, on a square that is darker the larger they are.

    Parameters
    ----------
    data : what `dynrnn.analysis.tipping_probabilities`, `tipping` or `basin_stability` gives.
    ax : where to draw; new axes by default.

    >>> from dynrnn.analysis import tipping_probabilities
    >>> transitions(tipping_probabilities([0, 0, 0, 1], [0, 1, 1, -1])).get_xlabel()
    'attractor after'
    """
    table = data["probability"] if hasattr(data, "data_vars") and "probability" in data else data
    pair = next((pair for pair in _PAIRS if set(pair) == set(getattr(table, "dims", ()))), None)
    if pair is None:
        wanted = "probabilities, as tipping_probabilities, tipping or basin_stability give"
        _check.fail("data", type(data).__name__, wanted, error=TypeError)
    (rows, row_name), (columns, column_name) = _PAIRS[pair]
    table = table.transpose(rows, columns)
    table = table.isel({columns: np.flatnonzero((table[columns].values >= 0) | (table.values > 0).any(axis=0))})
    ax.pcolormesh(table.values, cmap="Blues", vmin=0, vmax=1, edgecolors="white", linewidth=2)
    for (i, j), p in np.ndenumerate(table.values):
        ax.text(j + 0.5, i + 0.5, f"{p:.2f}", ha="center", va="center", color="white" if p > 0.6 else "black")
    ax.set_xticks(np.arange(table.shape[1]) + 0.5, [_NAMES.get(k, str(k)) for k in table[columns].values.tolist()])
    ax.set_yticks(np.arange(table.shape[0]) + 0.5, [_NAMES.get(k, str(k)) for k in table[rows].values.tolist()])
    ax.tick_params(length=0)
    ax.invert_yaxis()
    ax.spines[:].set_visible(False)
    ax.set(xlabel=column_name, ylabel=row_name)
    return ax
