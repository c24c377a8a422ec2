"""What there is at each value of a parameter: branches with their bifurcations, and orbit diagrams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.style import COLORS, has_dims, quantity, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS = {
    "fold": ("o", "vermillion"),
    "branch point": ("D", "green"),
    "hopf": ("s", "purple"),
    "period doubling": ("^", "orange"),
    "neimark-sacker": ("v", "sky"),
}


@styled
def branches(data: Any, ax: Any = None, *, unit: Any = 0, part: str | None = None) -> Axes:
    """A state variable along branches: solid where they are stable, dashed where not, with their special points.

    Of limit cycles the largest and the smallest value are drawn, in another colour.

    Parameters
    ----------
    data : what `continuation` or `switch` gives, or a list of such.
    ax : where to draw; new axes by default.
    unit : number or label of the state variable.
    part : name of the part of the state; the first one by default.

    >>> from dynrnn import Lorenz63
    >>> from dynrnn.analysis import continuation
    >>> branches(continuation(Lorenz63(rho=0.5), "rho", [0, 0, 0], range=(0, 3))).get_xlabel()
    'rho'
    """
    listed = [data] if hasattr(data, "dims") else list(data)
    if not listed:
        _check.fail("data", "no branches", "one or more results of continuation")
    kinds: set[str] = set()
    for branch in listed:
        has_dims("data", branch, ("point",))
        kinds |= _draw(ax, branch, unit, part)
    for kind in (kind for kind in _MARKS if kind in kinds):
        marker, color = _MARKS[kind]
        ax.plot([], [], marker, color=COLORS[color], label=kind, markersize=5)
    if kinds:
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    ax.margins(x=0.01)
    ax.set_xlabel(quantity(listed[0]["parameter"], "parameter"))
    ax.set_ylabel(_variable(listed[0], "", unit, part)[1])
    return ax


def _draw(ax: Axes, branch: Any, unit: Any, part: str | None) -> set[str]:
    """One branch; the kinds of its special points."""
    cycles = "period" in branch
    p, kind = branch["parameter"].values, branch["kind"].values.astype(str)
    special, stable = kind != "", branch["stable"].values
    ends = stable | special  # a special point belongs to both sides
    solid = ends[:-1] & ends[1:] & (stable[:-1] | stable[1:])
    color = COLORS["blue" if cycles else "black"]
    for suffix in ("_max", "_min") if cycles else ("",):
        y = _variable(branch, suffix, unit, part)[0]
        for run in np.split(np.arange(len(solid)), np.flatnonzero(np.diff(solid)) + 1):
            if run.size:
                span = slice(run[0], run[-1] + 2)
                ax.plot(p[span], y[span], "-" if solid[run[0]] else "--", color=color, linewidth=1.5 if solid[run[0]] else 1.0)
        for k in np.flatnonzero(special):
            marker, name = _MARKS[kind[k]]
            ax.plot(p[k], y[k], marker, color=COLORS[name], markersize=5, zorder=3)
    return set(kind[special])


def _variable(branch: Any, suffix: str, unit: Any, part: str | None) -> tuple[np.ndarray, str]:
    """The values of a state variable along a branch, and what it is called."""
    rows = [str(name) for name, v in branch.data_vars.items() if v.ndim == 2 and "mode" not in v.dims]
    parts = [name for name in rows if not name.endswith(("_min", "_max"))]
    part = parts[0] if part is None else _check.choice("part", part, parts)
    variable = branch[part + suffix]
    dim = variable.dims[1]
    labels = [str(label) for label in variable[dim].values] if dim in variable.coords else None
    if isinstance(unit, str):
        k = (labels or []).index(_check.choice("unit", unit, labels or []))
    else:
        k = _check.integer("unit", unit, 0, variable.shape[1] - 1)
    return variable.values[:, k], labels[k] if labels else f"{part}[{k}]"


@styled
def orbit_diagram(data: Any, ax: Any = None) -> Axes:
    """Everything that was seen at each value of a parameter, as small dots.

    Parameters
    ----------
    data : what `dynrnn.analysis.orbit_diagram` gives.
    ax : where to draw; new axes by default.

    >>> from dynrnn import Logistic, analysis
    >>> orbit_diagram(analysis.orbit_diagram(Logistic(), "r", [3.2, 3.5], transient=100, rows=8)).get_ylabel()
    'x'
    """
    has_dims("data", data, ("parameter", "row"))
    orbit = data["orbit"].transpose("parameter", "row")
    p = np.broadcast_to(data["parameter"].values[:, None], orbit.shape)
    seen = np.isfinite(orbit.values)
    size = float(np.clip(3e3 / max(1, seen.sum()), 0.02, 4.0))
    ax.scatter(p[seen], orbit.values[seen], s=size, color=COLORS["black"], linewidths=0, rasterized=True)
    ax.margins(x=0.01)
    ax.set_xlabel(quantity(data["parameter"], "parameter"))
    ax.set_ylabel(quantity(orbit, "state"))
    return ax
