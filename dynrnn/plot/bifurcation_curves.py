"""Where a circuit changes what it can do, as lines in a plane of its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynrnn import _check
from dynrnn.plot.bifurcation import _MARKS
from dynrnn.plot.style import COLORS, has_dims, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@styled
def bifurcation_curves(data: Any, ax: Any = None) -> Axes:
    """The inputs at which a circuit of two units has folds or Hopf bifurcations, in the colours of `plot.branches`.

    Parameters
    ----------
    data : what `dynrnn.analysis.fold_curves` or `hopf_curves` gives, or a list of such.
    ax : where to draw; new axes by default.

    >>> from dynrnn.analysis import fold_curves, hopf_curves
    >>> W = [[4.5, 1.0], [-1.0, 4.5]]
    >>> bifurcation_curves([fold_curves(W), hopf_curves(W)]).get_xlabel()
    'input + bias of unit 1'
    """
    listed = [data] if hasattr(data, "dims") else list(data)
    if not listed:
        _check.fail("data", "no curves", "one or more results of fold_curves or hopf_curves")
    for one in listed:
        has_dims("data", one, ("branch", "output_1", "unit"))
        kind = "hopf" if "angular_frequency" in one else "fold"
        for k in range(one.sizes["branch"]):
            places = one["input"].isel(branch=k).transpose("output_1", "unit").values
            ax.plot(*places.T, color=COLORS[_MARKS[kind][1]], linewidth=1.2, label="_" if k else kind)
    ax.set(xlabel="input + bias of unit 1", ylabel="input + bias of unit 2")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    return ax
