"""Fixed points in the state space, and the trajectories among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.phase import _chosen, _variables
from dynrnn.plot.style import COLORS, has_dims, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS: dict[str, dict[str, Any]] = {
    "stable": {"marker": "o", "color": COLORS["black"], "s": 42},
    "saddle": {"marker": "D", "facecolors": "white", "edgecolors": COLORS["vermillion"], "s": 32},
    "unstable": {"marker": "^", "facecolors": "white", "edgecolors": COLORS["purple"], "s": 42},
    "marginal": {"marker": "s", "color": COLORS["orange"], "s": 28},
    "slow": {"marker": "x", "color": COLORS["green"], "s": 28},
    "not converged": {"marker": "+", "color": COLORS["grey"], "s": 28},
}
_ORDER = tuple(reversed(_MARKS))  # what matters most is drawn last


@styled
def fixed_points(data: Any, ax: Any = None, *, trajectories: Any = None, x: Any = None, y: Any = None) -> Axes:
    """Fixed and slow points by their stability, in two state variables or in principal components.

    Stable points are filled, saddles and unstable points open; saddles with several unstable dimensions say how many.

    Parameters
    ----------
    data : what `fixed_points` gives.
    ax : where to draw; new axes by default.
    trajectories : a result of `simulate` of the same system, drawn beneath.
    x, y : two state variables, by label or number. By default those of a system that has two; else the first two principal
        components, of the trajectories where there are some, or of the points.

    >>> import dynrnn as dr
    >>> points = dr.fixed_points(dr.Lorenz63(), rng=1)
    >>> fixed_points(points, x="x", y="z").get_ylabel()
    'z'
    """
    has_dims("data", data, ("point",))
    places = _states(data.rename(point="time"))
    runs = None if trajectories is None else _states(_like(data, trajectories))
    if runs is not None and list(runs) != list(places):
        _check.fail("trajectories", f"the variables {', '.join(runs)}", f"those of the points: {', '.join(places)}")
    across, up = _axes(places, runs, x, y)
    if runs is not None:
        rows = np.stack([np.atleast_2d(one.transpose(..., "time").values) for one in runs.values()], axis=-1)
        for trial in rows:
            ax.plot(across.of(trial), up.of(trial), color=COLORS["sky"], linewidth=0.8, zorder=1)
    X = np.stack([one.values for one in places.values()], axis=-1)
    first, second = across.of(X), up.of(X)
    kinds = _kinds(data["kind"].values)
    for level, kind in enumerate(_ORDER):
        some = kinds == kind
        if some.any():
            ax.scatter(first[some], second[some], label=kind, zorder=2 + level, linewidths=1.2, **_MARKS[kind])
    for k in np.flatnonzero((kinds == "saddle") & (data["unstable_dimensions"].values > 1)):
        number = str(int(data["unstable_dimensions"][k]))
        ax.annotate(
            number, (first[k], second[k]), (5, 3), textcoords="offset points", fontsize=8, color=COLORS["vermillion"], zorder=10
        )
    ax.set(xlabel=across.name, ylabel=up.name)
    handles, names = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], names[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    return ax


def _kinds(kinds: np.ndarray) -> np.ndarray:
    """What points are marked by: nodes and foci look alike."""
    return np.array([str(kind).removesuffix(" node").removesuffix(" focus") for kind in kinds])


class _Axis:
    """A direction in the state space: what to call it, and the coordinate of states (..., size) along it."""

    def __init__(self, name: str, direction: np.ndarray, origin: Any = 0.0):
        self.name, self.direction, self.origin = name, direction, origin

    def of(self, X: np.ndarray) -> np.ndarray:
        return (X - self.origin) @ self.direction


def _axes(places: dict[str, Any], runs: dict[str, Any] | None, x: Any, y: Any) -> tuple[_Axis, _Axis]:
    names = list(places)
    if (x is None) != (y is None):
        _check.fail("x, y", "one of them", "both, or neither")
    if x is None and len(names) == 2:
        x, y = names
    if x is not None:
        chosen = [_chosen(axis, wanted, names) for axis, wanted in (("x", x), ("y", y))]
        one, other = (_Axis(name.replace("_", " "), np.eye(len(names))[names.index(name)]) for name in chosen)
        return one, other
    X = np.stack([one.values.ravel() for one in (runs or places).values()], axis=-1)
    origin = X.mean(axis=0)
    _, s, directions = np.linalg.svd(X - origin, full_matrices=False)
    shares = s**2 / max((s**2).sum(), 1e-300)
    axes = []
    for k in range(2):
        direction = directions[k] if k < len(directions) else np.zeros(len(names))
        direction = direction * (np.sign(direction[np.abs(direction).argmax()]) or 1.0)
        axes.append(_Axis(f"PC {k + 1} ({100 * shares[k] if k < len(shares) else 0:.0f} %)", direction, origin))
    return axes[0], axes[1]


def _states(result: Any) -> dict[str, Any]:
    """The state variables over time by name: without what a result says about its points."""
    if not hasattr(result, "data_vars"):
        return _variables(result)
    said = {name for name, one in result.data_vars.items() if {"mode", "input"} & set(one.dims) or one.dtype.kind not in "fc"}
    return _variables(result.drop_vars(said))


def _like(data: Any, trajectories: Any) -> Any:
    """The parts of a simulation that the points have."""
    has_dims("trajectories", trajectories, ("time",))
    return trajectories[[n for n in trajectories.data_vars if n in data]] if hasattr(trajectories, "data_vars") else trajectories
