"""The one look of all figures: colours that colour-blind readers tell apart, few lines, type that reads at column width."""

from __future__ import annotations

import contextlib
import functools
import os
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.rcsetup import cycler

from dynrnn import _check

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = {
    "black": "#000000",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "orange": "#E69F00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "grey": "#7F7F7F",
}
"""Okabe and Ito's colours (Color Universal Design, 2008), the darker ones first; their yellow is too pale for a line."""

CYCLE = [COLORS[name] for name in ("blue", "vermillion", "green", "orange", "purple", "sky", "black")]

RC: Any = {
    "axes.prop_cycle": cycler(color=CYCLE),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelsize": 10,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "font.size": 9,
    "image.cmap": "cividis",
    "image.interpolation": "nearest",
    "image.aspect": "auto",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.5,
    "savefig.dpi": 160,
    "xtick.direction": "out",
    "ytick.direction": "out",
    "date.autoformatter.year": "%Y",
}


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw in the style of this package inside a ``with``; what was set before returns after it.

    >>> with style():
    ...     bool(mpl.rcParams["axes.spines.top"])
    False
    """
    with mpl.rc_context(RC):
        yield


def figure(rows: int = 1, columns: int = 1, *, width: float = 7.0, height: float = 3.0, **options: Any) -> tuple[Figure, Any]:
    """A figure with axes that no window manager knows of, for files: (Figure, Axes or array of Axes).

    `width` and `height` are inches, the height that of one row; `options` go to ``Figure.subplots``.
    """
    from matplotlib.figure import Figure

    with style():
        made = Figure(figsize=(width, height * rows), layout="constrained")
        return made, made.subplots(rows, columns, **options)


def save(figure: Figure, path: str | os.PathLike) -> None:
    """Write a figure as PNG; a file of that name is replaced only by a whole one."""
    from dynrnn.sinks import replacing

    with style(), replacing(Path(path)) as temporary:
        figure.savefig(temporary, format="png")


def styled(draw: Callable[..., Axes]) -> Callable[..., Axes]:
    """A plot function drawn in the house style, on new axes unless some are given."""

    @functools.wraps(draw)
    def styled_draw(data: Any, ax: Any = None, **options: Any) -> Axes:
        with style():
            return draw(data, _new_axes() if ax is None else ax, **options)

    return styled_draw


def _new_axes() -> Axes:
    from matplotlib import pyplot  # only here: it takes a third of a second and opens windows

    return pyplot.subplots(figsize=(7.0, 3.0), layout="constrained")[1]


def has_dims(name: str, data: Any, dims: tuple[str, ...]) -> None:
    """Refuse data without the dimensions a figure needs."""
    got = tuple(getattr(data, "dims", ()))
    if not set(dims) <= set(got):
        _check.fail(name, f"dims {got}" if got else type(data).__name__, f"labelled data with dims {dims}", error=TypeError)


def with_units(name: str, units: str | None) -> str:
    """An axis label: the quantity, and its units where it has any; the time of a model without a unit of time has none.

    >>> with_units("membrane potential", "mV"), with_units("sunspot number", "1"), with_units("time", "time unit")
    ('membrane potential (mV)', 'sunspot number', 'time')
    """
    return name if units in (None, "", "1", "time unit") else f"{name} ({units})"


def quantity(variable: Any, default: str) -> str:
    """The axis label of a variable, from its attrs ``long_name`` and ``units``; a long one is broken, its units are not."""
    name = str(variable.attrs.get("long_name") or getattr(variable, "name", None) or default).replace("_", " ")
    units = with_units("", variable.attrs.get("units")).strip().replace(" ", "\N{NO-BREAK SPACE}")
    return textwrap.fill(f"{name} {units}", 28).replace("\N{NO-BREAK SPACE}", " ")


def label_time(ax: Axes, time: Any) -> None:
    """Name the time axis; calendars speak for themselves once they say what a tick is."""
    if time.dtype.kind != "M":
        ax.set_xlabel(with_units("time", time.attrs.get("units")))
        return
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator()
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    ax.set_xlabel("date")
