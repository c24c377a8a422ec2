"""Systems of one variable: their law as a graph, where all their fixed points can be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.fixed_points import _MARKS, _ORDER, _kinds
from dynrnn.plot.phase import _indices, _limits, _variables
from dynrnn.plot.style import COLORS, styled
from dynrnn.system import System, channels, drift, step

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FINE = 401  # points of the graph
_COBWEB = 100  # steps of an orbit that are drawn, as long as they can be told apart


@styled
def phase_line(
    system: System,
    ax: Any = None,
    *,
    xlim: tuple[float, float],
    u: Any = None,
    t: float = 0.0,
    results: Any = (),
    points: Any = None,
) -> Axes:
    """The law of a system of one variable: of a flow, dx/dt against x; of a map, the next x against x and the diagonal.

    A flow has its fixed points where the graph meets zero, stable where it falls; a map where it meets the diagonal, stable
    where it is less steep than that. Orbits of maps are cobwebs; of flows, arrows on the line say which way they go.

    Parameters
    ----------
    system : with one state variable and without delays.
    ax : where to draw; new axes by default.
    xlim : the stretch of x to show.
    u, t : inputs and time; zeros by default.
    results : what `simulate` gave for a map, once or a list of such.
    points : what `fixed_points` gives, marked by their kind.

    >>> from dynrnn.systems.logistic import Logistic
    >>> phase_line(Logistic(), xlim=(0, 1)).get_ylabel()
    'x at step n + 1'
    """
    if not isinstance(system, System) or system.size != 1 or system.delays:
        got = f"{type(system).__name__} with {system.size} variables" if isinstance(system, System) else type(system).__name__
        _check.fail("system", got, "a system of one variable, without delays", "For two take plot.phase_portrait.", TypeError)
    (name,) = _indices(system)
    low, high = _limits("xlim", xlim)
    x = np.linspace(low, high, _FINE)
    y = _law(system, x, channels(system, u, t), t)
    ax.plot(x, y, color=COLORS["blue"], zorder=2)
    if system.is_flow:
        ax.axhline(0, color=COLORS["black"], linewidth=0.8)
        at = np.linspace(low, high, 17)[1:-1]
        sign = np.sign(_law(system, at, channels(system, u, t), t))
        for some, marker in ((sign > 0, ">"), (sign < 0, "<")):
            ax.plot(at[some], np.zeros(some.sum()), marker, color=COLORS["grey"], markersize=5, markeredgewidth=0, zorder=3)
        ax.set(xlabel=name, ylabel=f"d{name}/dt")
    else:
        ax.plot(x, x, color=COLORS["grey"], linewidth=0.8)
        for result in [results] if hasattr(results, "dims") else results:
            orbit = np.ravel(next(iter(_variables(result).values())))[: _COBWEB + 1]
            corners = np.repeat(orbit, 2)
            ax.plot(corners[:-1], corners[1:], color=COLORS["vermillion"], linewidth=0.5, alpha=0.6, zorder=1)
        ax.set(xlabel=f"{name} at step n", ylabel=f"{name} at step n + 1")
    if points is not None:
        _mark(ax, system, points)
    ax.set_xlim(low, high)
    return ax


def _mark(ax: Axes, system: System, points: Any) -> None:
    """Fixed points on the graph: where a flow has zero, and a map its diagonal."""
    x, kinds = points[next(iter(system.parts))].values.ravel(), _kinds(points["kind"].values)
    for kind in (kind for kind in _ORDER if (kinds == kind).any()):
        some = x[kinds == kind]
        ax.scatter(some, 0 * some if system.is_flow else some, label=kind, zorder=4, linewidths=1.2, **_MARKS[kind])
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1.2)


def _law(system: System, x: np.ndarray, u: np.ndarray, t: float) -> np.ndarray:
    p, out, y = system.params(), np.empty(1, system.dtype), np.empty_like(x)
    with np.errstate(all="ignore"):
        for k, state in enumerate(x[:, None].astype(system.dtype)):
            if system.is_flow:
                drift(p, t, state, u, out)
            else:
                step(p, state, u, out)
            y[k] = out[0]
    return y
