"""The state space: where trajectories go in it, and what drives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.style import COLORS, has_dims, label_time, styled, with_units
from dynrnn.system import System, _size, channels, drift

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FINE = 61  # grid points to a side, for nullclines
_ARROWS = 4  # one arrow for so many of them


@styled
def trajectory(result: Any, ax: Any = None, *, x: Any = None, y: Any = None, z: Any = None) -> Axes:
    """State variables over time, or two or three of them against each other; a dot marks the beginning.

    A variable is its label, the name of its part where that has a single one, or its number in the state.

    Parameters
    ----------
    result : what `simulate` gives, or a DataArray of states: (["trial",] "time", one other dimension). Trials are drawn alike.
    ax : where to draw; new axes by default. Three variables need three axes: they take the place of `ax`, and are returned.
    x : variable along the first axis; left out, it is the time.
    y : variable along the second axis. Over time it may be a list of up to seven; left out, the first ones.
    z : variable along the third axis.

    >>> import numpy as np, xarray as xr
    >>> states = xr.DataArray(np.eye(3), dims=("time", "unit"), coords={"unit": ["a", "b", "c"]})
    >>> trajectory(states, x="a", y="c").get_ylabel()
    'c'
    """
    has_dims("result", result, ("time",))
    if x is None:
        return _over_time(ax, result, y)
    if y is None:
        _check.fail("y", "nothing", "a variable to draw against x")
    known = _variables(result)
    names = [_chosen(axis, wanted, known) for axis, wanted in (("x", x), ("y", y), ("z", z)) if wanted is not None]
    ax = ax if z is None else _deep(ax)
    _against(ax, [known[name] for name in names], COLORS["blue"])
    ax.set(**{f"{axis}label": _name(known[name], name) for axis, name in zip("xyz", names, strict=False)})
    return ax


def _over_time(ax: Axes, result: Any, names: Any) -> Axes:
    """One colour for each variable, named beside the axes."""
    known = _variables(result)
    wanted = list(known)[:7] if names is None else [names] if np.ndim(names) == 0 else list(names)
    if not 0 < len(wanted) <= 7:
        _check.fail("y", f"{len(wanted)} variables", "one to seven", "Choose some, or use plot.activity.")
    names = [_chosen("y", one, known) for one in wanted]
    for k, name in enumerate(names):
        line = known[name]
        drawn = ax.plot(result["time"], line.transpose("time", ...), color=f"C{k}", linewidth=1.5 if line.ndim == 1 else 0.8)
        drawn[0].set_label(_name(line, name))
    ax.margins(x=0.01)
    label_time(ax, result["time"])
    ax.set_ylabel("state" if len(names) > 1 else _name(line, name))
    if len(names) > 1:
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    return ax


def _against(ax: Axes, variables: list[Any], color: str) -> None:
    """Trials as lines through the space of some variables."""
    columns = [np.atleast_2d(variable.transpose(..., "time").values) for variable in variables]
    for points in zip(*columns, strict=True):
        ax.plot(*points, color=color, linewidth=1.2)
        ax.plot(*(values[:1] for values in points), "o", color=color, markersize=4)


def _deep(ax: Any) -> Any:
    """Axes with depth in the place of `ax`, unless it has depth."""
    if hasattr(ax, "get_zlim"):
        return ax
    figure, place = ax.figure, ax.get_subplotspec()
    ax.remove()
    deep = figure.add_subplot(place, projection="3d")
    deep.locator_params(nbins=5)
    return deep


@styled
def phase_portrait(
    system: System,
    ax: Any = None,
    *,
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    x: Any = 0,
    y: Any = 1,
    at: Any = None,
    u: Any = None,
    t: float = 0.0,
    results: Any = (),
) -> Axes:
    """The drift of a flow in the plane of two state variables: its directions, its nullclines, and trajectories on top.

    Arrows show directions alone, not speeds. Between grid points nullclines are straight.

    Parameters
    ----------
    system : a flow.
    ax : where to draw; new axes by default.
    xlim, ylim : the stretch of the plane to show.
    x, y : the two variables, by label, name of the part where that has a single one, or number in the state.
    at : state (size,) at which the other variables are held; the initial state by default.
    u, t : inputs and time at which the drift is taken; zeros by default.
    results : what `simulate` gave, once or a list of such.

    >>> from dynrnn.systems.fitzhugh_nagumo import FitzHughNagumo
    >>> phase_portrait(FitzHughNagumo(), xlim=(-2, 2), ylim=(-1, 2)).get_ylabel()
    'w'
    """
    if not isinstance(system, System) or not system.is_flow:
        _check.fail("system", type(system).__name__, "a flow, a system with a drift", error=TypeError)
    indices = _indices(system)
    x, y = _chosen("x", x, indices), _chosen("y", y, indices)
    if x == y:
        _check.fail("y", f"{y!r}, which is x too", "another state variable")
    across, up = (np.linspace(*_limits(name, limits), _FINE) for name, limits in (("xlim", xlim), ("ylim", ylim)))
    dx, dy = _field(system, (indices[x], across), (indices[y], up), at, u, t)

    some = slice(_ARROWS // 2, None, _ARROWS)
    width, height = np.ptp(across), np.ptp(up)
    speed = np.hypot(dx / width, dy / height)
    length = 0.7 * _ARROWS / _FINE / np.where(speed > 0, speed, np.inf)
    grid = [field[some, some] for field in (*np.meshgrid(across, up), dx * length, dy * length)]
    ax.quiver(*grid, angles="xy", scale_units="xy", scale=1, color=COLORS["grey"], width=0.003, alpha=0.7)
    for field, name, color in ((dx, x, "blue"), (dy, y, "vermillion")):
        if field.min() < 0 < field.max():  # else there is none in sight, and Matplotlib would warn
            ax.contour(across, up, field, levels=[0], colors=COLORS[color], linewidths=1.5)
        ax.plot([], [], color=COLORS[color], label=f"d{name}/dt = 0")
    for result in [results] if hasattr(results, "dims") else results:
        known = _variables(result)
        _against(ax, [known[_chosen("results", name, known)] for name in (x, y)], COLORS["black"])
    ax.set(xlim=xlim, ylim=ylim, xlabel=x, ylabel=y)
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2, handlelength=1.5)
    return ax


def _field(system: System, x: tuple[int, np.ndarray], y: tuple[int, np.ndarray], at: Any, u: Any, t: float):
    """Both components of the drift over the plane, (y, x); in plain Python, which a grid of this size does not notice."""
    state = _check.array("at", system.initial() if at is None else at, shape=(system.size,), dtype=system.dtype).copy()
    at, p, out = channels(system, u, t), system.params(), np.empty(system.size, system.dtype)
    (i, across), (j, up) = x, y
    dx, dy = np.empty((2, up.size, across.size))
    with np.errstate(all="ignore"):
        for row, state[j] in enumerate(up):
            for column, state[i] in enumerate(across):
                drift(p, t, state, at, out)
                dx[row, column], dy[row, column] = out[i], out[j]
    return dx, dy


def _limits(name: str, given: Any) -> tuple[float, float]:
    low, high = _check.array(name, given, shape=(2,), remedy="Pass (low, high).")
    if low >= high:
        _check.fail(name, f"({low:g}, {high:g})", "two numbers in increasing order")
    return low, high


# ----------------------------------------------------------------------------------------------------- variables by name


def _places(parts: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """Part and number of each state variable by what it is called: its label; else its part, with a number unless it is alone.

    `parts` has labels or a count for each part. A label that an earlier part has too follows the name of its part.
    """
    out: dict[str, tuple[str, int]] = {}
    for part, units in parts.items():
        count = units if isinstance(units, int) else len(units)
        for k in range(count):
            own = str(units[k]) if not isinstance(units, int) else part if count == 1 else f"{part} {k}"
            out[own if own not in out else f"{part} {own}"] = (part, k)
    return out


def _indices(system: System) -> dict[str, int]:
    """Where each state variable is in the state vector, by its name."""
    parts = {part: units if isinstance(units, (tuple, list)) else _size(units) for part, units in system.parts.items()}
    return {name: system.slices[part].start + k for name, (part, k) in _places(parts).items()}


def _chosen(name: str, wanted: Any, known: Iterable[str]) -> str:
    """The name of a state variable from its name or number."""
    known = list(known)
    if isinstance(wanted, (int, np.integer)):
        return known[_check.integer(name, wanted, 0, len(known) - 1)]
    return _check.choice(name, wanted, known)


def _variables(result: Any) -> dict[str, Any]:
    """Each state variable of a result over (["trial",] "time"), by its name."""
    given = dict(result.data_vars) if hasattr(result, "data_vars") else {result.name or "state": result}
    arrays = {
        str(name): array
        for name, array in given.items()
        if "time" in array.dims and len(set(array.dims) - {"trial", "time"}) == 1
    }
    units = {name: next(dim for dim in array.dims if dim not in ("trial", "time")) for name, array in arrays.items()}
    parts = {name: list(a[units[name]].values) if units[name] in a.coords else a.sizes[units[name]] for name, a in arrays.items()}
    return {name: arrays[part].isel({units[part]: k}, drop=True) for name, (part, k) in _places(parts).items()}


def _name(variable: Any, name: str) -> str:
    return with_units(name.replace("_", " "), variable.attrs.get("units"))
