"""What lies in a state space, to be drawn by itself, or over its basins or its phase portrait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.fixed_points import _MARKS, _states
from dynrnn.plot.phase import _chosen, _name
from dynrnn.plot.style import COLORS, CYCLE, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ORBITS = 7


@styled
def landmarks(data: Any, ax: Any = None, *, x: Any = 0, y: Any = 1) -> Axes:
    """Periodic points, an edge state or the smallest shock that leads away, in the plane of two state variables.

    The points of a periodic orbit have one colour, and are filled where it is stable. An edge state has the points of the border
    that lead to it; where they did not converge, the last is a cross. A shock is an arrow from the attractor to where it ends.

    Parameters
    ----------
    data : what `periodic_points`, `edge_state` or `minimal_critical_shock` gives.
    ax : where to draw, such as what `plot.basins` returned; new axes by default.
    x, y : two state variables, by label or number.

    >>> import dynrnn as dr
    >>> points = dr.analysis.periodic_points(dr.Henon(), 2, rng=0)
    >>> landmarks(points).get_xlabel()
    'x'
    """
    dims = getattr(data, "dims", ())
    ways = {"orbit": ("point", _orbits), "converged": ("round", _edge), "magnitude": ("what", _shock)}
    known = [way for name, way in ways.items() if name in getattr(data, "data_vars", ()) and way[0] in dims]
    if not known:
        wanted = "what periodic_points, edge_state or minimal_critical_shock gives"
        _check.fail("data", type(data).__name__, wanted, error=TypeError)
    dim, draw = known[0]
    places = _states(data.rename({dim: "time"}))
    across, up = (_chosen(name, wanted, places) for name, wanted in (("x", x), ("y", y)))
    draw(ax, data, np.stack([places[across].values, places[up].values], axis=1))
    ax.set(xlabel=_name(places[across], across), ylabel=_name(places[up], up))
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1.2)
    return ax


def _orbits(ax: Axes, data: Any, X: np.ndarray) -> None:
    numbers = np.unique(data["orbit"].values)
    if len(numbers) > _ORBITS:
        _check.fail("data", f"{len(numbers)} orbits", f"at most {_ORBITS}", "Choose: data.isel(point=data.minimal_period == 2).")
    for k, orbit in enumerate(numbers):
        some = data["orbit"].values == orbit
        stable = bool(data["stable"].values[some].all())
        name = f"period {int(data['minimal_period'].values[some][0])}, {'stable' if stable else 'unstable'}"
        color = CYCLE[k]
        marks: dict[str, Any] = {"facecolors": color if stable else "white", "edgecolors": color, "linewidths": 1.2}
        ax.scatter(X[some, 0], X[some, 1], s=30, label=name, zorder=4, **marks)


def _edge(ax: Axes, data: Any, X: np.ndarray) -> None:
    ax.plot(*X.T, ".", color=COLORS["black"], markersize=4, label="on the border", zorder=4)
    name, kind = ("edge state", "saddle") if bool(data["converged"]) else ("not converged", "slow")
    ax.scatter(X[-1:, 0], X[-1:, 1], label=name, zorder=5, **_MARKS[kind])


def _shock(ax: Axes, data: Any, X: np.ndarray) -> None:
    start, shock = X
    magnitude = float(data["magnitude"])
    ax.plot(*start, "o", color=COLORS["black"], markersize=4, zorder=5)
    if not np.isfinite(magnitude):
        ax.plot([], [], " ", label="no shock leads away")
        return
    arrow = {"arrowstyle": "-|>", "color": COLORS["black"], "linewidth": 1.5, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", start + shock, start, arrowprops=arrow, zorder=5)
    ax.plot(*(start + shock), " ", color=COLORS["black"])  # so that an arrow counts when axes are scaled
    ax.plot([], [], "-", color=COLORS["black"], label=f"smallest shock, {magnitude:.3g}")
