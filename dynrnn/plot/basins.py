"""Basins of attraction: over a plane of states, and their shares, along a parameter or of one system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.style import COLORS, CYCLE, has_dims, quantity, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NOWHERE, _UNDECIDED = "#FFFFFF", "#BBBBBB"  # where orbits diverge, and where nothing is decided
_PALE = 0.45  # how much of an attractor's colour its basin has


@styled
def basins(data: Any, ax: Any = None) -> Axes:
    """The basins of each attractor in a colour of its own, with the attractors on them; white where orbits diverge.

    Parameters
    ----------
    data : what `dynrnn.analysis.basins` gives for a box of two variables; of more, take a slice with ``.isel`` or ``.sel``.
    ax : where to draw; new axes by default.

    >>> import dynrnn as dr
    >>> from dynrnn import analysis
    >>> basins(analysis.basins(dr.Henon(), {"x": (-2, 2), "y": (-2, 2)}, resolution=20)).get_xlabel()
    'x'
    """
    from matplotlib.colors import ListedColormap, to_rgb

    has_dims("data", data, ("attractor",))
    grid = data["basin"]
    if grid.ndim != 2:
        got = f"basins over {tuple(grid.dims)}"
        _check.fail("data", got, "a grid of two variables", "Take a slice: data.isel(z=0).", TypeError)
    labels = [int(k) for k in data["attractor"].values]
    colors = [CYCLE[k % len(CYCLE)] for k in labels]
    pale: list[Any] = [tuple(1 - _PALE * (1 - c) for c in to_rgb(color)) for color in colors]
    index = np.full(grid.shape, 0)
    index[grid.values == -2] = 1
    for k, label in enumerate(labels):
        index[grid.values == label] = 2 + k
    x, y = (grid[dim] for dim in grid.dims)
    cmap = ListedColormap([_NOWHERE, _UNDECIDED, *pale])
    ax.pcolormesh(x, y, index.T, cmap=cmap, vmin=-0.5, vmax=1.5 + len(labels), shading="nearest", rasterized=True)
    limits = ax.get_xlim(), ax.get_ylim()
    for k, color in enumerate(colors):
        points = _positions(data.isel(attractor=k), [str(x.name), str(y.name)])
        size = 30.0 if np.isfinite(points[:, 0]).sum() < 20 else 4.0
        ax.scatter(*points.T, s=size, color=color, edgecolors="white", linewidths=0.6 if size > 10 else 0.0, zorder=3)
    ax.set_xlim(limits[0])
    ax.set_ylim(limits[1])
    ax.set_xlabel(quantity(x, str(x.name)))
    ax.set_ylabel(quantity(y, str(y.name)))
    return ax


def _positions(attractor: Any, names: list[str]) -> np.ndarray:
    """(point, 2): the two variables of the points of one attractor."""
    found = {}
    for part, variable in attractor.data_vars.items():
        if variable.dims[:1] == ("point",):
            unit = variable.dims[1]
            labels = variable[unit].values if unit in variable.coords else np.arange(variable.shape[1])
            for j, label in enumerate(labels):
                found[f"{part}[{label}]"] = variable.values[:, j]
                found.setdefault(str(label), variable.values[:, j])
    return np.stack([found[name] for name in names], axis=1)


@styled
def fractions(data: Any, ax: Any = None) -> Axes:
    """The share of starts that leads to each attractor, with 95 % intervals; along a parameter where there is one.

    Parameters
    ----------
    data : what `dynrnn.analysis.basin_fractions` gives; or `basins` or `basin_stability`, a dot for each attractor.
    ax : where to draw; new axes by default.

    >>> from dynrnn import Logistic, analysis
    >>> along = analysis.basin_fractions(Logistic(), "r", [2.0, 3.2, 4.1], {0: (0.1, 0.9)}, resolution=20)
    >>> fractions(along).get_ylabel()
    'share of starts'
    """
    has_dims("data", data, ("attractor",))
    if "parameter" not in data.dims:
        return _shares(ax, data)
    p = data["parameter"]
    for label in data["attractor"].values:
        one, color = data.sel(attractor=label), CYCLE[int(label) % len(CYCLE)]
        ax.fill_between(p, one["fraction_low"], one["fraction_high"], color=color, alpha=0.25, linewidth=0)
        ax.plot(p, one["fraction"], ".-", color=color, markersize=4, label=f"attractor {label}")
    for name, color in (("diverged", COLORS["grey"]), ("undecided", COLORS["black"])):
        if (data[name] > 0).any():
            ax.plot(p, data[name], ":", color=color, label=name)
    ax.set_ylim(-0.02, 1.02)
    ax.margins(x=0.01)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    ax.set_xlabel(quantity(p, "parameter"))
    ax.set_ylabel("share of starts")
    return ax


def _shares(ax: Axes, data: Any) -> Axes:
    """Those of one system, or the probabilities that it returns."""
    name, axis = ("stability", "probability to return") if "stability" in data else ("fraction", "share of starts")
    labels = [int(k) for k in data["attractor"].values]
    for k, label in enumerate(labels):
        one, color = data.isel(attractor=k), CYCLE[label % len(CYCLE)]
        ax.vlines(k, one[f"{name}_low"], one[f"{name}_high"], color=color, linewidth=2)
        ax.plot(k, one[name], "o", color=color, markersize=6)
    ax.set_xticks(range(len(labels)), [str(label) for label in labels])
    ax.set(xlim=(-0.5, len(labels) - 0.5), ylim=(-0.02, 1.02), xlabel="attractor", ylabel=axis)
    return ax
