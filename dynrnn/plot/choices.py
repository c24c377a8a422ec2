"""Behaviour: choices against the strength of the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn.plot.style import COLORS, has_dims, quantity, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_Z = 1.959964  # the normal quantile of a 95 % interval


@styled
def psychometric(data: Any, ax: Any = None, *, fit: Any = None) -> Axes:
    """The proportion of choices at each strength of the stimulus, with its 95 % interval, and a fitted curve.

    Parameters
    ----------
    data : Dataset over ("strength",) with `proportion` and the number of `trials` behind each, as `psychometric_fit` gives.
    ax : where to draw; new axes by default.
    fit : DataArray over ("strength",), as `psychometric_curve` gives.

    Intervals are Wilson's: of the proportions that the data do not reject. Source: Wilson, J. Am. Stat. Assoc. 22:209 (1927).

    >>> import xarray as xr
    >>> data = xr.Dataset({"proportion": ("strength", [0.1, 0.9]), "trials": ("strength", [50, 50])}, {"strength": [-1, 1]})
    >>> psychometric(data).get_xlabel()
    'strength'
    """
    has_dims("data", data, ("strength",))
    p, n = data["proportion"].values, data["trials"].values
    center = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    ax.vlines(data["strength"], center - half, center + half, color=COLORS["black"], linewidth=1)
    ax.plot(data["strength"], p, "o", color=COLORS["black"], markersize=4, label="choices, 95 % interval")
    if fit is not None:
        has_dims("fit", fit, ("strength",))
        ax.plot(fit["strength"], fit, color=COLORS["vermillion"], label="fit", zorder=1)
        ax.legend(loc="lower right", handlelength=1.5)
    ax.set_ylim(-0.02, 1.02)
    ax.set_xlabel(quantity(data["strength"], "strength"))
    ax.set_ylabel(quantity(data["proportion"], "proportion"))
    return ax
