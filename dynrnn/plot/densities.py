"""Distributions of numbers, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.style import CYCLE, quantity, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES = 7


@styled
def densities(data: Any, ax: Any = None, *, bins: int = 40) -> Axes:
    """Histograms on the same bins, as outlines: of a forecaster and its target, or of the reaction times of each choice.

    Each encloses the area 1; of reaction times, the share of the trials that it stands for.

    Parameters
    ----------
    data : numbers by name, ``{"target": y, "forecast": x}``, at most seven; or what `reaction_times` gives. NaN is left out.
    ax : where to draw; new axes by default.
    bins : their number, over the range of all.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> densities({"target": rng.normal(size=500), "forecast": rng.normal(size=300)}).get_ylabel()
    'density'
    """
    if hasattr(data, "data_vars") and "reaction_time" in data:
        axis, groups = quantity(data["reaction_time"], "reaction time"), _choices(data)
    elif isinstance(data, Mapping) and not hasattr(data, "data_vars"):
        first = next(iter(data.values()), None)
        axis = quantity(first, "value") if hasattr(first, "attrs") else "value"
        groups = [(str(name), np.ravel(_check.array(f"data[{name!r}]", x, finite=False)), 1.0) for name, x in data.items()]
    else:
        _check.fail("data", type(data).__name__, "numbers by name, or what reaction_times gives", error=TypeError)
    groups = [(name, values[np.isfinite(values)], area) for name, values, area in groups]
    if not 0 < len(groups) <= _LINES:
        _check.fail("data", f"{len(groups)} distributions", f"one to {_LINES}", "Choose some.")
    everything = np.concatenate([values for _, values, _ in groups])
    if not everything.size:
        _check.fail("data", "no numbers", "at least one")
    edges = np.histogram_bin_edges(everything, _check.integer("bins", bins, 1))
    for (name, values, area), color in zip(groups, CYCLE, strict=False):
        count = np.histogram(values, edges)[0]
        heights = area * count / max(1, values.size) / np.diff(edges)
        ax.stairs(heights, edges, color=color, linewidth=1.5, label=name)
        ax.stairs(heights, edges, color=color, alpha=0.15, fill=True)
    ax.set_ylim(bottom=0)
    ax.margins(x=0.01)
    ax.set(xlabel=axis, ylabel="density")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    return ax


def _choices(data: Any) -> list[tuple[str, np.ndarray, float]]:
    """Of each choice its name with its share, its reaction times, and that share; of trials without one only in words."""
    times, chosen = np.atleast_1d(data["reaction_time"].values), np.atleast_1d(data["chosen"].values)
    decided = np.isfinite(times)
    shares = [(label, (decided & (chosen == label)).mean()) for label in np.unique(chosen[decided])]
    groups = [(f"{label}: {share:.0%}".replace("%", " %"), times[decided & (chosen == label)], share) for label, share in shares]
    never = (~decided).mean()
    return groups + ([(f"none: {never:.0%}".replace("%", " %"), np.empty(0), 0.0)] if never else [])
