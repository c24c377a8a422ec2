"""Other views of a trajectory: its recurrences, sections, spectrum and delay coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.style import COLORS, has_dims, quantity, styled, with_units

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES = 7


@styled
def recurrence_plot(data: Any, ax: Any = None) -> Axes:
    """A recurrence plot: a point where the trajectory at one time is near where it was at another.

    Parameters
    ----------
    data : what `dynrnn.analysis.recurrence_plot` gives, ("time", "time_other").
    ax : where to draw; new axes by default. It is made square.
    """
    has_dims("data", data, ("time", "time_other"))
    R = data.transpose("time_other", "time")
    edges = [_edges(data[dim].values) for dim in ("time", "time_other")]
    extent = (*edges[0], *edges[1])
    ax.imshow(R.values, cmap="Greys", vmin=0, vmax=1, origin="lower", extent=extent, aspect="equal", interpolation="antialiased")
    units = data["time"].attrs.get("units")
    ax.set(xlabel=with_units("time", units), ylabel=with_units("other time", units))
    return ax


@styled
def poincare_section(data: Any, ax: Any = None, *, x: Any = 0, y: Any = 1) -> Axes:
    """The points of a Poincaré section in the plane of two variables.

    Parameters
    ----------
    data : what `dynrnn.analysis.poincare_section` gives, or states over one dimension and "unit": an orbit of `PoincareMap`.
    ax : where to draw; new axes by default.
    x, y : two variables, by label or number.
    """
    states = data["state"] if hasattr(data, "data_vars") else data
    has_dims("data", states, ("unit",))
    known: list[Any] = states["unit"].values.tolist() if "unit" in states.coords else list(range(states.sizes["unit"]))
    chosen = [known.index(_check.choice(k, one, known)) if isinstance(one, str) else one for k, one in (("x", x), ("y", y))]
    across, up = (states.isel(unit=one) for one in chosen)
    ax.plot(across, up, ".", color=COLORS["blue"], markersize=_marker(across.size), markeredgewidth=0)
    names = [label if isinstance(label, str) else f"unit {label}" for label in (known[one] for one in chosen)]
    ax.set(xlabel=with_units(names[0], states.attrs.get("units")), ylabel=with_units(names[1], states.attrs.get("units")))
    return ax


@styled
def power_spectrum(data: Any, ax: Any = None) -> Axes:
    """Power spectral densities on logarithmic axes, up to seven variables; frequency 0 is left out.

    Parameters
    ----------
    data : what `dynrnn.analysis.power_spectrum` gives: ("frequency", "unit").
    ax : where to draw; new axes by default.

    Raises
    ------
    ValueError : more lines than colours that can be told apart.
    """
    has_dims("data", data, ("frequency",))
    others = [dim for dim in data.dims if dim != "frequency"]
    lines = data.isel(frequency=slice(1, None)).transpose("frequency", *others)
    if len(others) > 1 or (others and lines.sizes[others[0]] > _LINES):
        got = f"dims {dict(data.sizes)}"
        _check.fail("data", got, f'"frequency" and at most {_LINES} variables', "Choose with .isel(…), or average with .mean(…).")
    labels = lines[others[0]].values if others and others[0] in lines.coords else np.arange(lines[0].size)
    for label, line in zip(labels, lines.values.reshape(len(lines), -1).T, strict=True):
        ax.loglog(lines["frequency"], line, linewidth=1.2, label=str(label))
    ax.set(xlabel=with_units("frequency", data["frequency"].attrs.get("units")), ylabel=quantity(data, "power"))
    if lines[0].size > 1:
        ax.legend(title=others[0], loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    return ax


@styled
def delay_embedding(data: Any, ax: Any = None, *, x: int = 0, y: int = 1) -> Axes:
    """A trajectory in two of its delay coordinates.

    Parameters
    ----------
    data : what `dynrnn.analysis.delay_embedding` gives, ("time", "coordinate").
    ax : where to draw; new axes by default.
    x, y : numbers of the coordinates.
    """
    has_dims("data", data, ("time", "coordinate"))
    x, y = (_check.integer(k, one, 0, data.sizes["coordinate"] - 1) for k, one in (("x", x), ("y", y)))
    across, up = data.isel(coordinate=x), data.isel(coordinate=y)
    ax.plot(across, up, color=COLORS["blue"], linewidth=0.7)
    names = [_delayed(data, one) for one in (x, y)]
    ax.set(xlabel=with_units(names[0], data.attrs.get("units")), ylabel=with_units(names[1], data.attrs.get("units")))
    return ax


@styled
def return_map(data: Any, ax: Any = None) -> Axes:
    """Each value of a sequence against the one before: Lorenz's map of successive maxima. A line marks where they are equal.

    Parameters
    ----------
    data : one-dimensional: what `dynrnn.analysis.successive_maxima` gives.
    ax : where to draw; new axes by default.
    """
    if getattr(data, "ndim", 0) != 1:
        _check.fail(
            "data", f"dims {getattr(data, 'dims', type(data).__name__)}", "labelled data with one dimension", error=TypeError
        )
    values = np.asarray(data)
    ax.axline((values.mean(), values.mean()), slope=1, color=COLORS["grey"], linewidth=0.8)
    ax.plot(values[:-1], values[1:], ".", color=COLORS["blue"], markersize=_marker(values.size), markeredgewidth=0)
    name = quantity(data, "maximum")
    ax.set(xlabel=f"{name}, n", ylabel=f"{name}, n + 1")
    return ax


def _delayed(data: Any, coordinate: int) -> str:
    """The name of a delay coordinate: "x(t - 0.2 s)"."""
    unit, lag = data["unit"].values[coordinate], data["lag"].values[coordinate]
    name = unit if isinstance(unit, str) else data.attrs.get("long_name") or data.name or "x"
    unit = data["lag"].attrs.get("units", "").replace("time unit", "")
    return f"{name}(t)" if lag == 0 else f"{name}(t - {f'{lag:g} {unit}'.rstrip()})"


def _edges(centres: np.ndarray) -> tuple[float, float]:
    """Where cells around evenly spaced centres begin and end."""
    half = (centres[-1] - centres[0]) / max(1, centres.size - 1) / 2
    return float(centres[0] - half), float(centres[-1] + half)


def _marker(points: int) -> float:
    return 5.0 if points <= 300 else 2.5
