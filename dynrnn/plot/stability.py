"""Linear stability: eigenvalues and multipliers in the complex plane, against the boundary that they must not cross."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn.plot.fixed_points import _MARKS, _ORDER, _kinds
from dynrnn.plot.style import COLORS, CYCLE, has_dims, styled, with_units

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FEW = 40  # eigenvalues up to which marks are large
_LINES = 7


@styled
def eigenvalues(data: Any, ax: Any = None) -> Axes:
    """Eigenvalues of fixed points, or multipliers of periodic orbits, in the complex plane: stable on the shaded side.

    The boundary is the unit circle for maps and for multipliers, the imaginary axis for flows.

    Fixed points are marked by their kind, as in `plot.fixed_points`; periodic orbits, up to seven, have a colour each.

    Parameters
    ----------
    data : what `fixed_points`, `periodic_points` or `limit_cycle` gives.
    ax : where to draw; new axes by default.

    >>> import dynrnn as dr
    >>> eigenvalues(dr.fixed_points(dr.Henon(), rng=1)).get_xlabel()
    'Re eigenvalue'
    """
    has_dims("data", data, ("mode",))
    values = data["eigenvalue" if "eigenvalue" in data else "multiplier"]
    rows = values.values.reshape(-1, values.sizes["mode"])
    shrink = 1.0 if rows.size <= _FEW else 0.25
    groups = _by_kind(data) if "eigenvalue" in data else _by_orbit(data)
    for level, (name, some, marks) in enumerate(groups):
        one = rows[some].ravel()
        ax.scatter(
            one.real, one.imag, label=name, zorder=2 + level, linewidths=0.6 + 0.6 * shrink, **marks | {"s": marks["s"] * shrink}
        )
    units = values.attrs.get("units")
    _map_boundary(ax, rows) if units in (None, "1") else _flow_boundary(ax, rows)
    ax.set(xlabel=with_units(f"Re {values.name}", units), ylabel=with_units(f"Im {values.name}", units))
    ax.locator_params(nbins=5)
    handles, names = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], names[::-1], loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1.2)
    return ax


def _by_kind(data: Any) -> list[tuple[str, np.ndarray, dict[str, Any]]]:
    """Name, members and marks of the points of each kind, those that matter most last."""
    kinds = _kinds(np.atleast_1d(data["kind"].values))
    return [(kind, kinds == kind, _MARKS[kind]) for kind in _ORDER if (kinds == kind).any()]


def _by_orbit(data: Any) -> list[tuple[str, np.ndarray, dict[str, Any]]]:
    """The same for periodic orbits, of which all points have the same multipliers, or for one limit cycle."""
    if "orbit" not in data:
        return [("limit cycle", np.array([True]), {"color": CYCLE[0], "s": 30})]
    orbits = np.atleast_1d(data["orbit"].values)
    numbers, first = np.unique(orbits, return_index=True)
    if len(numbers) > _LINES:
        _check.fail("data", f"{len(numbers)} orbits", f"at most {_LINES}", "Choose: data.isel(point=data.minimal_period == 2).")
    periods = np.atleast_1d(data["minimal_period"].values)[first]
    return [
        (f"orbit {k}, period {m}", np.arange(len(orbits)) == at, {"color": CYCLE[j], "s": 30})
        for j, (k, m, at) in enumerate(zip(numbers, periods, first, strict=True))
    ]


def _flow_boundary(ax: Axes, rows: np.ndarray) -> None:
    """The imaginary axis, in the middle third of what is seen or nearer, with the stable half-plane shaded."""
    real, imaginary = np.append(rows.real[np.isfinite(rows.real)], 0.0), np.abs(rows.imag[np.isfinite(rows.imag)]).max(initial=0)
    width = max(np.ptp(real), imaginary / 2, 1e-12)
    left, right, top = real.min() - 0.15 * width, real.max() + 0.15 * width, 1.15 * max(imaginary, width / 4)
    ax.axvspan(left, 0, color=COLORS["grey"], alpha=0.12, linewidth=0)
    ax.axvline(0, color=COLORS["black"], linewidth=0.8)
    ax.set(xlim=(left, right), ylim=(-top, top))


def _map_boundary(ax: Axes, rows: np.ndarray) -> None:
    """The unit circle, shaded inside."""
    from matplotlib.patches import Circle

    finite = rows[np.isfinite(rows)]
    ax.add_patch(Circle((0, 0), 1, facecolor=COLORS["grey"], alpha=0.12, linewidth=0, zorder=0))
    ax.add_patch(Circle((0, 0), 1, fill=False, edgecolor=COLORS["black"], linewidth=0.8, zorder=1))
    bound = 1.15 * np.abs(np.append(finite.imag, 1.0)).max()
    ax.set(
        xlim=(min(-1.15, 1.15 * finite.real.min(initial=-1.0)), max(1.15, 1.15 * finite.real.max(initial=1.0))),
        ylim=(-bound, bound),
    )
    ax.set_aspect("equal", adjustable="box")
