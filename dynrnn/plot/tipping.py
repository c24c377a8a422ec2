"""What happens to attractors while a parameter drifts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynrnn.plot.bifurcation import _variable
from dynrnn.plot.style import CYCLE, has_dims, quantity, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@styled
def tipping(data: Any, ax: Any = None, *, unit: Any = 0, part: str | None = None) -> Axes:
    """A state variable against the drifting parameter, a line for each attractor of its first value; dashed if it tipped.

    Parameters
    ----------
    data : what `dynrnn.analysis.tipping` gives.
    ax : where to draw; new axes by default.
    unit : number or label of the state variable.
    part : name of the part of the state; the first one by default.

    >>> import dynrnn as dr
    >>> path = [-0.2, 0.0, 0.2]
    >>> drift = dr.analysis.tipping(dr.CTRNN([[6.0]]), "theta[0]", path, {0: (-9, 9)}, hold=5, dt=0.1)
    >>> tipping(drift).get_xlabel()
    'theta[0]'
    """
    has_dims("data", data, ("attractor", "value"))
    for label in data["attractor"].values:
        one, color = data.sel(attractor=label), CYCLE[int(label) % len(CYCLE)]
        values, name = _variable(one, "", unit, part)
        tipped = float(one["tipped"])
        said = "stays" if tipped == 0 else "tips" if tipped == 1 else f"{100 * tipped:.0f} % tip"
        ax.plot(data["value"], values, "--" if tipped > 0.5 else "-", color=color, label=f"attractor {label}: {said}")
    first, last = float(data["value"][0]), float(data["value"][-1])
    if first != last:
        ax.set_xlim(first, last)  # time goes from left to right
    ax.set(xlabel=quantity(data["value"], "parameter"), ylabel=name)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.8)
    return ax
