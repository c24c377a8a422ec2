"""How activity is spread: over directions, over scales of distance, and over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.style import COLORS, has_dims, quantity, styled, with_units

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES = 7


@styled
def components(data: Any, ax: Any = None) -> Axes:
    """The share of the variance that each principal component has, and the shares so far; a line at the participation ratio.

    Parameters
    ----------
    data : what `dynrnn.analysis.principal_components` gives.
    ax : where to draw; new axes by default.

    >>> from dynrnn.analysis import principal_components
    >>> components(principal_components([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])).get_xlabel()
    'principal component'
    """
    has_dims("data", data, ("component",))
    ratio = float(data["participation_ratio"])
    ax.bar(data["component"], data["share"], color=COLORS["sky"], width=0.8, label="each")
    ax.plot(data["component"], data["cumulative_share"], ".-", color=COLORS["blue"], markersize=4, linewidth=1.2, label="so far")
    ax.axvline(ratio, color=COLORS["vermillion"], linestyle="--", linewidth=1.2, label=f"participation\nratio {ratio:.3g}")
    ax.set(xlabel="principal component", ylabel="share of variance", ylim=(0, 1.03))
    ax.set_xlim(0.4, float(data["component"][-1]) + 0.6)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    return ax


@styled
def correlation_sum(data: Any, ax: Any = None) -> Axes:
    """The share of pairs of points within a distance, on logarithmic axes; the scaling region with its slope, the dimension.

    Parameters
    ----------
    data : what `dynrnn.analysis.correlation_dimension` gives.
    ax : where to draw; new axes by default.

    >>> import numpy as np
    >>> from dynrnn.analysis import correlation_dimension
    >>> correlation_sum(correlation_dimension(np.random.default_rng(0).uniform(size=(1000, 2)))).get_xlabel()
    'distance r'
    """
    has_dims("data", data, ("radius",))
    inside, sums = data["in_region"].values.astype(bool), data["correlation_sum"]
    ax.loglog(sums["radius"], sums, ".", color=COLORS["grey"], markersize=4)
    if inside.any():
        slope, spread = float(data["dimension"]), float(data["spread"])
        r, C = sums["radius"].values[inside], sums.values[inside]
        level = np.exp(np.mean(np.log(C) - slope * np.log(r)))
        ax.loglog(r, level * r**slope, color=COLORS["vermillion"], linewidth=2, label=f"slope {slope:.3f} ± {spread:.3f}")
        ax.legend(loc="lower right", handlelength=1.5)
    ax.set(xlabel=with_units("distance r", data["radius"].attrs.get("units")), ylabel="share of pairs\nwithin r")
    return ax


@styled
def autocorrelation(data: Any, ax: Any = None) -> Axes:
    """Correlation against the lag, up to seven variables; lines mark 0 and 1/e.

    Parameters
    ----------
    data : what `dynrnn.analysis.autocorrelation` gives: ("lag", "unit").
    ax : where to draw; new axes by default.

    >>> import numpy as np
    >>> from dynrnn.analysis import autocorrelation as of
    >>> autocorrelation(of(np.sin(np.arange(100.0)), longest=30)).get_xlabel()
    'lag (steps)'
    """
    has_dims("data", data, ("lag",))
    others = [dim for dim in data.dims if dim != "lag"]
    lines = data.transpose("lag", *others)
    if len(others) > 1 or lines[0].size > _LINES:
        got = f"dims {dict(data.sizes)}"
        _check.fail("data", got, f'"lag" and at most {_LINES} variables', "Choose with .isel(…), or average with .mean(…).")
    labels = lines[others[0]].values if others and others[0] in lines.coords else np.arange(lines[0].size)
    for level, line in ((0.0, "-"), (np.exp(-1.0), ":")):
        ax.axhline(level, color=COLORS["grey"], linewidth=0.8, linestyle=line)
    for label, line in zip(labels, lines.values.reshape(len(lines), -1).T, strict=True):
        ax.plot(lines["lag"], line, linewidth=1.2, label=str(label))
    ax.margins(x=0.01)
    ax.set(xlabel=with_units("lag", data["lag"].attrs.get("units")), ylabel=quantity(data, "autocorrelation"))
    if lines[0].size > 1:
        ax.legend(title=others[0], loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    return ax
