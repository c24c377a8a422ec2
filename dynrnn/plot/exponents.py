"""Lyapunov exponents: the spectrum with its errors, and how its averages settle along the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.style import COLORS, has_dims, label_time, quantity, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES = 7
_NAMED = 4  # exponents up to which each has its value beside it


@styled
def exponents(data: Any, ax: Any = None) -> Axes:
    """Lyapunov exponents in decreasing order, with bars of two standard errors; those above zero by more are in colour.

    Parameters
    ----------
    data : what `lyapunov_spectrum` gives. Exponents of minus infinity are left out.
    ax : where to draw; new axes by default.

    >>> import dynrnn as dr
    >>> exponents(dr.lyapunov_spectrum(dr.Henon(), steps=1000)).get_ylabel()
    'Lyapunov exponent (1/step)'
    """
    has_dims("data", data, ("exponent",))
    values = np.where(np.isfinite(data["exponent"]), data["exponent"], np.nan)
    bars = 2 * np.nan_to_num(data["stderr"].values)
    number, grows = np.arange(1, values.size + 1), values > bars
    ax.axhline(0, color=COLORS["grey"], linewidth=0.8)
    size = 5.0 if values.size <= 50 else 2.5
    for some, color in ((~grows, "blue"), (grows, "vermillion")):
        ax.errorbar(number[some], values[some], bars[some], fmt="o", color=COLORS[color], markersize=size, linewidth=1, capsize=2)
    paper = {"facecolor": "white", "linewidth": 0, "pad": 0.5}
    for k, value in zip(number, values, strict=True) if values.size <= _NAMED else ():
        ax.annotate(_said(value, bars[k - 1]), (k, value), (7, 4), textcoords="offset points", fontsize=8, bbox=paper)
    ax.margins(y=0.15 if values.size <= _NAMED else 0.05)
    ax.set_xlim(0.5, values.size + (1.0 if values.size <= _NAMED else 0.5))
    if values.size <= 10:
        ax.set_xticks(number)
    ax.set(xlabel="number", ylabel=quantity(data["exponent"], "exponent"))
    return ax


def _said(value: float, bar: float) -> str:
    """A value to the digits that its error leaves."""
    digits = int(max(0, np.ceil(-np.log10(bar)))) if bar > 0 else 9
    return f"{round(value, digits) + 0.0:.{digits}f} ± {bar:.{digits}f}" if digits <= 5 else f"{value:.4g}"


@styled
def convergence(data: Any, ax: Any = None) -> Axes:
    """The mean of local exponents up to each time: what is still moving at the end has not been measured.

    Parameters
    ----------
    data : what `lyapunov_spectrum` with ``local=True`` gives, up to seven exponents (choose with ``.isel``), or
        `largest_exponent`.
    ax : where to draw; new axes by default.

    >>> import dynrnn as dr
    >>> convergence(dr.lyapunov_spectrum(dr.Henon(), steps=1000, local=True)).get_ylabel()
    'mean exponent so far (1/step)'
    """
    if "local_exponent" not in data:
        got = f"{', '.join(map(str, data)) or 'nothing'}" if hasattr(data, "data_vars") else type(data).__name__
        _check.fail("data", got, "a result with `local_exponent`", "Pass local=True to lyapunov_spectrum.", TypeError)
    local = data["local_exponent"].transpose("window", ...)
    lines = local.values.reshape(len(local), -1)
    if lines.shape[1] > _LINES:
        _check.fail("data", f"{lines.shape[1]} exponents", f"at most {_LINES}", "Choose with .isel(exponent=slice(3)).")
    means = np.cumsum(lines, axis=0) / np.arange(1, len(lines) + 1)[:, None]
    time = local["time"] if "time" in local.coords else local["window"]
    ax.axhline(0, color=COLORS["grey"], linewidth=0.8)
    for k, mean in enumerate(means.T):
        ax.plot(time, mean, linewidth=1.2, label=str(k + 1))
    low, high = np.nanmin(means[len(means) // 20 :]), np.nanmax(means[len(means) // 20 :])  # the first few are far off
    if low < high:
        ax.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
    ax.margins(x=0.01)
    units = data.attrs.get("units")
    label_time(ax, time.assign_attrs(units="steps" if units == "1/step" else (units or "").removeprefix("1/")))
    ax.set_ylabel(f"mean exponent so far ({units})" if units else "mean exponent so far")
    if len(means.T) > 1:
        ax.legend(title="exponent", loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    return ax
