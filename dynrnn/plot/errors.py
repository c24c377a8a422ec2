"""Errors: how they grow with the horizon, and how they vary over seeds."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.style import COLORS, CYCLE, has_dims, quantity, styled, with_units

if TYPE_CHECKING:
    from matplotlib.axes import Axes


BASELINES = {
    "naive": COLORS["blue"],
    "seasonal_naive": COLORS["green"],
    "drift": COLORS["orange"],
    "autoregressive": COLORS["purple"],
}
"""Baselines keep their colour from figure to figure, whichever of them are there."""


@styled
def horizon_errors(data: Any, ax: Any = None, *, highlight: str | None = None) -> Axes:
    """Error of each model against the steps ahead.

    Parameters
    ----------
    data : DataArray over ("model", "horizon"); `horizon` counts steps ahead from 1.
    ax : where to draw; new axes by default.
    highlight : the model to draw strongest, by default the first. Lines are named at their right end.
    """
    has_dims("data", data, ("model", "horizon"))
    models = [str(m) for m in data["model"].values]
    highlight = highlight or models[0]
    free = [color for color in CYCLE if color not in {COLORS["vermillion"], *BASELINES.values()}]
    others = itertools.cycle(free)
    ends = []
    for names in _alike(data, models):
        line, ours = data.sel(model=names[0]), highlight in names
        color = COLORS["vermillion"] if ours else BASELINES.get(names[0].replace("-", "_")) or next(others)
        mark = "o" if line.size == 1 else None  # a line of one point is not seen
        ax.plot(data["horizon"], line, color=color, linewidth=2.4 if ours else 1.2, zorder=3 if ours else 2, marker=mark)
        ends.append((float(line[-1]), ", ".join(map(_words, names)), color, ours))
    ax.set_ylim(bottom=0)
    if data.sizes["horizon"] > 1:
        ax.set_xlim(data["horizon"].min(), data["horizon"].max())
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel(with_units("steps ahead", data["horizon"].attrs.get("units")))
    ax.set_ylabel(quantity(data, "error"))
    _name_ends(ax, ends)
    return ax


def _words(model: str) -> str:
    return model.replace("seasonal_naive", "seasonal-naive").replace("_", " ")


def _alike(data: Any, models: list[str]) -> list[list[str]]:
    """The models, those with curves that cannot be told apart together: only the last drawn of them would be seen."""
    width = 0.005 * float(np.abs(data).max())
    groups: list[list[str]] = []
    for model in models:
        same = [group for group in groups if float(np.abs(data.sel(model=model) - data.sel(model=group[0])).max()) <= width]
        if same:
            same[0].append(model)
        else:
            groups.append([model])
    return groups


def _name_ends(ax: Axes, ends: list[tuple[float, str, str, bool]]) -> None:
    """Model names beside the ends of their lines, moved apart where they would overlap, and tied to the ends by a thin line."""
    ends = sorted(ends)
    gap, top = 0.07, ax.get_ylim()[1]
    right = 1.0 if np.size(ax.lines[0].get_xdata()) > 1 else 0.5  # the last step stands there
    heights = np.array([value for value, *_ in ends]) / top - gap * np.arange(len(ends))
    # Pushed up just enough, and pushed down just enough; half-way between, a crowd stands where its lines end.
    up, down = np.maximum.accumulate(heights), np.minimum.accumulate(heights[::-1])[::-1]
    places = (up + down) / 2 + gap * np.arange(len(ends))
    options: Any = {"xycoords": "axes fraction", "va": "center", "annotation_clip": False}
    for place, (value, model, color, ours) in zip(places - min(0.0, places[0]), ends, strict=True):
        tie = {"arrowstyle": "-", "color": color, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0, "relpos": (0.0, 0.5)}
        name = ax.annotate(model, (right, value / top), (1.03, place), color=color, arrowprops=tie, **options)
        name.set_fontweight("bold" if ours else "normal")


@styled
def dots(data: Any, ax: Any = None, *, bars: Any = None, lines: Mapping[str, float] | None = None, of: str = "seed") -> Axes:
    """One dot per seed, or whatever else there are several of, group by group.

    Parameters
    ----------
    data : DataArray over the dimension `of` and one other, whose coordinate names the groups: a result for each seed, or the
        `distance` of `compare_climate` with ``of="variable"``.
    ax : where to draw; new axes by default.
    bars : a value per group, such as the median over the seeds, drawn as a bar across its dots.
    lines : values to hold against all groups, by name.
    of : the dimension along which a group has its dots.

    >>> import numpy as np
    >>> from dynrnn.analysis import compare_climate
    >>> x = np.sin(0.1 * np.arange(5000))
    >>> dots(compare_climate(1.5 * x, x)["distance"], of="variable").get_ylabel()
    'distance'
    """
    has_dims("data", data, (of,))
    if data.ndim != 2:
        _check.fail("data", f"dims {data.dims}", f'"{of}" and one other dimension')
    (group,) = (dim for dim in data.dims if dim != of)
    rows, seeds = data.transpose(group, of), data.sizes[of]
    aside = 0.3 * (np.arange(seeds) + 0.5 - seeds / 2) / seeds
    for k, values in enumerate(rows.values):
        ax.plot(k + aside, values, "o", color=COLORS["blue"], markersize=4, alpha=0.7, markeredgewidth=0)
        if bars is not None:
            ax.plot([k - 0.25, k + 0.25], [float(bars[k])] * 2, color=COLORS["black"], linewidth=2.5, solid_capstyle="butt")
    for name, value in (lines or {}).items():
        ax.axhline(value, color=COLORS["vermillion"], linestyle="--", linewidth=1.2)
        ax.annotate(name, (1.01, value), xycoords=("axes fraction", "data"), color=COLORS["vermillion"], va="center")
    ax.set_xlim(-0.5, len(rows) - 0.5)
    ax.set_xticks(range(len(rows)), [textwrap.fill(str(name).replace("_", " "), 16) for name in rows[group].values])
    ax.set_ylabel(quantity(data, "error"))
    return ax
