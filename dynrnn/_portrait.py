"""One figure with what a person would look at first: panels chosen by the system, each a few lines on top of `plot`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dynrnn import plot
from dynrnn._look import Look
from dynrnn._units import time_unit
from dynrnn.analysis.dimensionality import principal_components
from dynrnn.analysis.embedding import delay_embedding
from dynrnn.analysis.spectrum import power_spectrum

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["portrait"]

_LINES = 7  # variables that can be told apart by colour
_COMPONENTS = 20
_FLOOR = 1e-8  # of a power spectrum, by its largest value
_LEAP = 0.1  # of the extent, from row to row: more than that, and a line says nothing
_ROOM = 3.0  # extents of a run, around which its fixed points are still shown


def portrait(
    system: Any,
    inputs: Any = None,
    *,
    steps: int | None = None,
    duration: Any = None,
    dt: Any = None,
    method: Any = None,
    x0: Any = None,
    rng: Any = 0,
    figure: Any = None,
) -> Figure:
    """A first look at a system: its activity, its state space, fixed points and their eigenvalues, Lyapunov exponents, spectrum.

    The panels depend on the system: a flow of two variables has its nullclines, a system of one variable its graph, a larger one
    its principal components; a flow with delays is drawn against its past. What cannot be said is said so in words: with noise
    there are no exponents, at rest no spectrum. A panel is a function of `dynrnn.analysis` and one of `dynrnn.plot`: take these
    for numbers, and for more.

    Parameters
    ----------
    system : any `System`.
    inputs : (input,), held, zeros by default; or (time, input), which drives it. Fixed points are those with the inputs held, or
        held at their mean.
    steps, duration : length of the run: steps, or seconds for a flow; by default that of the inputs, or 1000 to 100 000 steps,
        fewer for larger systems. The first quarter is the transient.
    dt, method : how a flow is integrated, as for `simulate`. By default dt is at most 0.2 by the fastest rate seen in a short
        run, or a fiftieth of the shortest delay. A flow that is driven needs dt, or labelled inputs that tell it.
    x0 : initial state (size,); by default the system's own, pushed off at random where that is a fixed point.
    rng : seed or Generator, for all that is random: that push, noise, where fixed points are looked for.
    figure : matplotlib Figure to draw into, such as ``plt.figure(figsize=(9.5, 9), layout="constrained")``; by default a new one
        that pyplot does not know. `plot.save` writes it.

    Raises
    ------
    ValueError, TypeError : no system, or arguments that do not fit it.

    >>> import dynrnn as dr
    >>> figure = portrait(dr.Logistic(r=3.8), steps=1000)
    >>> [ax.get_title(loc="left") for ax in figure.axes][:2]
    ['activity', 'graph of the map']
    """
    look = Look(system, inputs, steps, duration, dt, method, x0, rng)
    suited = [panel for panel in PANELS if panel.suits(look)]
    silent = {panel.title: why for panel in suited if (why := look.why_not(panel.asks))}
    drawn = [panel for panel in suited if panel.title not in silent]
    with plot.style():
        rows = _rows(len(drawn))
        if figure is None:
            from matplotlib.figure import Figure

            figure = Figure(figsize=(9.5, 3.0 * len(rows)), layout="constrained")
        places = [
            place for row, n in zip(figure.add_gridspec(len(rows), 1), rows, strict=True) for place in row.subgridspec(1, n)
        ]
        for panel, place in zip(drawn, places, strict=True):
            ax = figure.add_subplot(place)
            ax.set_title(panel.title)
            panel.draw(ax, look)
        figure.suptitle(_heading(look), fontsize=11, x=0.01, ha="left")
        figure.supxlabel(_footing(look, silent), fontsize=9, x=0.01, ha="left", color=plot.COLORS["grey"])
    return figure


def _rows(count: int) -> list[int]:
    """Panels in each row: the first over the whole width, the others in one row or two."""
    rest = count - 1
    return [1, rest] if rest <= 2 else [1, rest // 2, rest - rest // 2]


def _heading(look: Look) -> str:
    """What it is, and how it was looked at."""
    system, n, unit = look.system, look.system.size, f" {time_unit(look.system)}".replace(" time unit", "")
    what = f"{type(system).__name__}: {'flow' if system.is_flow else 'map'} of {n} variable{'s' if n > 1 else ''}"
    if system.delays:
        what += f" with delay{'s' if len(system.delays) > 1 else ''} {', '.join(f'{t:g}{unit}' for t in system.delays)}"
    what += " with noise" if look.noisy else ""
    said = [f"{name} = {value:.4g}" for name, value in system._raw.items() if isinstance(value, float) and value != 0]
    if look.driven:
        said.append("driven by inputs; fixed points with inputs at their mean")
    elif system.input_size:
        held = [f"{value:.3g}" for value in (look.held if np.ptp(look.held) else look.held[:1])]
        said.append(f"inputs held at {', '.join(held[:6])}{' …' if len(held) > 6 else ''}")
    said.append(
        f"{look.run.attrs['method']}, dt = {look.dt:g}{unit}, duration = {look.steps * look.dt:g}{unit}"
        if look.dt
        else f"{look.steps} steps"
    )
    whole = ", ".join(one.replace(" ", "\N{NO-BREAK SPACE}") if "=" in one else one for one in said)
    return "\n".join([what, *textwrap.wrap(whole, 110)])


def _footing(look: Look, silent: dict[str, str]) -> str:
    """What is not shown, and what is not sure."""
    said = [f"not shown: {', '.join(f'{title} ({why})' for title, why in silent.items())}"] if silent else []
    if not look.why_not("exponents"):
        said += [f"Lyapunov exponents: {text}" for text in look.exponents.attrs["warnings"]]
    return "\n".join(textwrap.fill(line, 125) for line in said)


# -------------------------------------------------------------------------------------------------------- panels


def _activity(ax: Axes, look: Look) -> None:
    run = look.run.isel(time=look.window)
    if look.states.sizes["unit"] <= _LINES:
        plot.trajectory(run, ax)
    else:
        plot.activity(run, ax, variable=next(name for name in look.system.parts if name in run and "time" in run[name].dims))
    ax.set_title("activity" + (": diverges" if look.diverges else ": comes to rest" if look.at_rest else ""))


def _graph(ax: Axes, look: Look) -> None:
    points = None if look.why_not("points") else look.points
    plot.phase_line(look.system, ax, xlim=_span(look.states.values[:, 0]), u=look.held, results=look.shown, points=points)
    ax.set_title("drift" if look.system.is_flow else "graph of the map")
    _beside(ax)


def _plane(ax: Axes, look: Look) -> None:
    X = look.states.values
    x, y = _span(X[:, 0]), _span(X[:, 1])
    plot.phase_portrait(look.system, ax, xlim=x, ylim=y, u=look.held, results=look.early)
    if not look.why_not("points"):
        plot.fixed_points(look.points, ax)
    ax.set(xlim=x, ylim=y)
    _beside(ax)


def _space(ax: Axes, look: Look) -> None:
    if not look.why_not("points"):
        plot.fixed_points(look.points, ax, trajectories=look.shown)
        _beside(ax)
    else:
        pca = principal_components(look.shown, 2)
        ax.plot(*pca["score"].values.T, color=plot.COLORS["sky"], linewidth=0.8)
        ax.set(**{f"{axis}label": f"PC {k + 1} ({100 * float(pca['share'][k]):.0f} %)" for k, axis in enumerate("xy")})
    orbit = np.asarray(ax.lines[0].get_xydata())
    step = np.linalg.norm(np.diff(orbit, axis=0), axis=1).mean()
    leaps = not look.system.is_flow and step > _LEAP * np.linalg.norm(np.ptp(orbit, axis=0))
    if (look.noisy or leaps) and not look.at_rest:
        ax.lines[0].set(linestyle="none", marker=".", markersize=2)
    low, high, room = orbit.min(axis=0), orbit.max(axis=0), _ROOM * np.ptp(orbit, axis=0)
    if (room > 0).all():  # points far away would leave nothing to be seen of the run
        bounds = np.array([ax.get_xlim(), ax.get_ylim()])
        xlim, ylim = np.stack([np.maximum(bounds[:, 0], low - room), np.minimum(bounds[:, 1], high + room)], axis=1)
        ax.set(xlim=xlim, ylim=ylim)


def _past(ax: Axes, look: Look) -> None:
    rows = look.states[look.rows_shown].isel(unit=[0])
    delay = max(1, round(min(look.system.delays) / look.dt))
    plot.delay_embedding(delay_embedding(rows, 2, min(delay, len(rows) // 2)), ax)


def _eigenvalues(ax: Axes, look: Look) -> None:
    count = look.points.sizes["point"]
    plot.eigenvalues(look.points, ax)
    if not look.system.delays:
        _without_legend(ax)  # it is beside the state space
    ax.set_title(f"eigenvalues of {count} fixed point{'s' if count > 1 else ''}")


def _exponents(ax: Axes, look: Look) -> None:
    found = look.exponents
    plot.exponents(found, ax)
    count = found.sizes["exponent"]
    if count < look.system.size or look.system.delays:
        ax.set_title(f"first {count} Lyapunov exponents")
    if np.isfinite(found["kaplan_yorke"]) and found["exponent"][0] > 2 * found["stderr"][0]:
        said, (low, high) = f"Kaplan-Yorke dimension {float(found['kaplan_yorke']):.3g}", ax.get_ylim()
        ax.set_ylim(low - 0.1 * (high - low), high)
        ax.text(0.02, 0.02, said, transform=ax.transAxes, fontsize=8, color=plot.COLORS["grey"])


def _spectrum(ax: Axes, look: Look) -> None:
    power = power_spectrum(look.moving, segment=look.segment)
    if power.sizes["unit"] > _LINES:
        power = power.mean("unit", keep_attrs=True)
        ax.set_title("mean power spectrum")
    _without_legend(plot.power_spectrum(power, ax))  # the colours are those of the first panel
    P, f = power.values[1:].reshape(power.sizes["frequency"] - 1, -1), power["frequency"].values[1:]
    floor = _FLOOR * P.max()
    ax.set_ylim(bottom=max(floor, 0.5 * P.min()))
    ax.set_xlim(f[0], min(f[-1], max(1.2 * f[(P > floor).any(axis=1)].max(), 30 * f[0])))
    ax.xaxis.set_minor_formatter("")  # there are decades enough


def _directions(ax: Axes, look: Look) -> None:
    pca = principal_components(look.moving)
    _without_legend(plot.components(pca.isel(component=slice(_COMPONENTS)), ax))
    ax.set_title(f"participation ratio {float(pca['participation_ratio']):.3g}")
    ax.set_ylabel("share of variance\n(bars: each; line: so far)")


class Panel(NamedTuple):
    """What a panel is called, which systems it is for, the question that must have an answer, and how it is drawn."""

    title: str
    suits: Callable[[Look], bool]
    asks: str
    draw: Callable[[Axes, Look], None]


def _is_plane(look: Look) -> bool:
    return look.system.is_flow and look.system.size == 2 and not look.system.delays


def _is_space(look: Look) -> bool:
    return look.system.size > 1 and not look.system.delays and not _is_plane(look)


PANELS = (
    Panel("activity", lambda look: True, "run", _activity),
    Panel("graph", lambda look: look.system.size == 1 and not look.system.delays, "run", _graph),
    Panel("phase portrait", _is_plane, "run", _plane),
    Panel("state space", _is_space, "run", _space),
    Panel("against the past", lambda look: bool(look.system.delays), "run", _past),
    Panel("fixed points", lambda look: True, "points", _eigenvalues),
    Panel("Lyapunov exponents", lambda look: True, "exponents", _exponents),
    Panel("power spectrum", lambda look: True, "moving", _spectrum),
    Panel("directions of activity", lambda look: look.states.sizes["unit"] > 3, "moving", _directions),
)


def _beside(ax: Axes) -> None:
    """One legend, from the upper corner on: a mark in the middle could be taken for a point."""
    handles, names = ax.get_legend_handles_labels()
    if handles:
        ax.legend(handles, names, loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1.2)


def _without_legend(ax: Axes) -> None:
    legend = ax.get_legend()
    if legend is not None:
        legend.remove()


def _span(values: np.ndarray) -> tuple[float, float]:
    """A stretch with some room around the values."""
    low, high = float(values.min()), float(values.max())
    room = 0.25 * (high - low) or 0.5 * max(1.0, abs(low))
    return low - room, high + room
