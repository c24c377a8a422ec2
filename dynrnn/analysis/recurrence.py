"""When a trajectory comes back to where it was: recurrence plots, and the numbers that describe their lines.

Views of one trajectory. Basins from recurrences of many orbits to cells of state space are another thing: see `cells`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy.spatial.distance import cdist

from dynrnn import _check
from dynrnn.analysis._series import clock, lone, provenance
from dynrnn.sinks import refuse_if_too_large

__all__ = ["recurrence_plot", "recurrence_quantification"]

_NORMS = {"euclidean": "euclidean", "maximum": "chebyshev", "manhattan": "cityblock"}


def recurrence_plot(
    x: Any,
    y: Any = None,
    *,
    threshold: float | None = None,
    rate: float | None = None,
    norm: str = "euclidean",
    theiler: int = 0,
    dt: Any = None,
) -> xr.DataArray:
    """Recurrence matrix ``R_ij = 1 where |x_i - x_j| <= threshold``, or the cross recurrences ``|x_i - y_j|`` of two series.

    Parameters
    ----------
    x, y : arrays (time,) or (time, unit), DataArrays, or results of `simulate`. A single observable is embedded first:
        see `delay_embedding`. Without `y` recurrences of x with itself are meant.
    threshold : distance; or instead of it
    rate : share of pairs (outside the Theiler window) that are to be recurrent: the threshold is that quantile of distances.
    norm : "euclidean", "maximum" or "manhattan".
    theiler : pairs ``|i - j| < theiler`` are not recurrences: 1 leaves out the main diagonal.
    dt : time between the rows of arrays.

    Returns
    -------
    DataArray of bool ("time", "time_other"), with the threshold in its attrs. It has N² bytes, and eight times that while it
    is made.

    Raises
    ------
    ValueError : not one of threshold and rate; a different number of variables. MemoryError : too large for the free memory.

    Source: J.-P. Eckmann, S. Oliffson Kamphorst and D. Ruelle, Europhysics Letters 4 (1987) 973.

    >>> recurrence_plot([0.0, 1.0, 0.0], threshold=0.5).values.astype(int).tolist()
    [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
    """
    a, dt, unit = lone("x", x, dt)
    b = a if y is None else lone("y", y, None if unit == "steps" else dt)[0]
    if a.sizes["unit"] != b.sizes["unit"]:
        _check.fail("y", f"{b.sizes['unit']} variables", f"{a.sizes['unit']}, as x has")
    if (threshold is None) == (rate is None):
        _check.fail("threshold, rate", "both" if rate is not None else "none", "one of them")
    norm, theiler = _check.choice("norm", norm, _NORMS), _check.integer("theiler", theiler, 0)
    rows, columns = a.sizes["time"], b.sizes["time"]
    refuse_if_too_large(9 * rows * columns)
    distance = cdist(a.values, b.values, _NORMS[norm])
    outside = np.abs(np.arange(rows)[:, None] - np.arange(columns)) >= theiler
    if rate is not None:
        rate = _check.real("rate", rate, 0.0, 1.0, open_low=True)
        threshold = float(np.quantile(distance[outside], rate, method="inverted_cdf"))
    threshold = _check.real("threshold", threshold, 0.0)
    a, b = clock(a, dt, unit), clock(b, dt, unit)
    return xr.DataArray(
        (distance <= threshold) & outside,
        {"time": a["time"], "time_other": ("time_other", b["time"].values, b["time"].attrs)},
        ("time", "time_other"),
        "recurrence",
        provenance(x, threshold=threshold, norm=norm, theiler=theiler, dt=dt),
    )


def recurrence_quantification(
    R: Any, *, theiler: int | None = None, shortest: int = 2, shortest_vertical: int | None = None
) -> xr.Dataset:
    """Recurrence quantification: the lines of a recurrence matrix, counted.

    Diagonal lines are stretches of time in which the trajectory runs along an earlier one; vertical lines, in which it stays.
    With P(l) the number of diagonal lines of length l, and V(l) of vertical ones, over lines not shorter than `shortest`:

    ========  ==========================================================================================
    ``RR``    recurrence rate, the share of all entries
    ``DET``   determinism ``sum l P(l) / number of recurrences``; ``L`` mean length ``sum l P(l) / sum P(l)``;
              ``Lmax`` the longest; ``DIV = 1 / Lmax``; ``ENTR`` entropy of the distribution of lengths, in nats
    ``LAM``   laminarity ``sum l V(l) / number of recurrences``; ``TT`` trapping time ``sum l V(l) / sum V(l)``; ``Vmax``
    ``MRT``   mean recurrence time; ``RTE`` entropy of recurrence times in nats; ``NMPRT`` count of the most frequent one
    ========  ==========================================================================================

    A recurrence time is the gap between two vertical lines in a column and the whole half of each, ``g + l1 // 2 + l2 // 2``
    steps: nearly the distance of their middles (one step less between lines of odd lengths, single points among them). A gap
    reaches across entries that are left out.

    Parameters
    ----------
    R : (time, time) of bool or 0 and 1: what `recurrence_plot` gives, or a matrix.
    theiler : entries with ``|i - j| < theiler`` are left out; by default 1 for a symmetric matrix, whose main diagonal says
        nothing, and 0 for others. They still count in the denominator of RR.
    shortest, shortest_vertical : lengths from which on a line counts, for diagonals and verticals (the same by default).

    Returns
    -------
    Dataset of these numbers, lengths in steps, without lines NaN; and `diagonal_lines`, `vertical_lines` ("length",), the
    counts of all lines, `recurrence_times` ("steps",).

    Source: N. Marwan, M. C. Romano, M. Thiel and J. Kurths, Physics Reports 438 (2007) 237; for recurrence times
    N. Marwan and C. L. Webber in Recurrence Quantification Analysis (Springer 2015), 3.

    >>> plot = recurrence_plot(np.arange(12) % 3, threshold=0.5)
    >>> float(recurrence_quantification(plot).DET)
    1.0
    """
    values = np.asarray(R)
    if values.ndim != 2 or 0 in values.shape or not np.isin(values, (0, 1)).all():
        _check.fail(
            "R", f"{values.dtype} of shape {values.shape}", "a matrix of True and False", "See recurrence_plot.", TypeError
        )
    matrix = values.astype(bool)
    symmetric = matrix.shape[0] == matrix.shape[1] and np.array_equal(matrix, matrix.T)
    theiler = int(symmetric) if theiler is None else _check.integer("theiler", theiler, 0)
    shortest = _check.integer("shortest", shortest, 1)
    vertical = shortest if shortest_vertical is None else _check.integer("shortest_vertical", shortest_vertical, 1)
    n, m = matrix.shape
    matrix &= np.abs(np.arange(n)[:, None] - np.arange(m)) >= theiler
    points = int(matrix.sum())
    P = _lines(_diagonals(matrix))[2]
    column, start, V = _lines(matrix.T)
    same = column[1:] == column[:-1]
    times = (start[1:] - start[:-1] - V[:-1] + V[:-1] // 2 + V[1:] // 2)[same]
    diagonal, upright = _described(P, shortest, points), _described(V, vertical, points)
    numbers = {"RR": points / matrix.size, "DET": diagonal[0], "L": diagonal[1], "Lmax": diagonal[2], "DIV": 1 / diagonal[2]}
    numbers |= {"ENTR": diagonal[3], "LAM": upright[0], "TT": upright[1], "Vmax": upright[2]}
    _, MRT, _, RTE = _described(times, 1, points)
    numbers |= {"MRT": MRT, "RTE": RTE, "NMPRT": float(np.bincount(times).max()) if times.size else np.nan}
    length = np.arange(1, max(P.max(initial=1), V.max(initial=1)) + 1)
    steps = np.arange(1, times.max(initial=1) + 1)
    counts = {
        "diagonal_lines": ("length", np.bincount(P, minlength=length.size + 1)[1:]),
        "vertical_lines": ("length", np.bincount(V, minlength=length.size + 1)[1:]),
        "recurrence_times": ("steps", np.bincount(times, minlength=steps.size + 1)[1:]),
    }
    attrs = provenance(R, theiler=theiler, shortest=shortest, shortest_vertical=vertical)
    attrs |= {key: R.attrs[key] for key in ("threshold", "norm", "dt") if key in getattr(R, "attrs", {})}
    return xr.Dataset({**numbers, **counts}, {"length": length, "steps": steps}, attrs)


def _diagonals(R: np.ndarray) -> np.ndarray:
    """The diagonals of a matrix as rows: each row of it, moved by one place against the row before."""
    n, m = R.shape
    skewed = np.concatenate([R[:, ::-1], np.zeros((n, n), bool)], axis=1).ravel()[: n * (n + m - 1)]
    return skewed.reshape(n, n + m - 1).T


def _lines(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, beginning and length of all stretches of True along the rows, in order."""
    steps = np.diff(np.pad(rows.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    row, start = np.nonzero(steps == 1)
    return row, start, np.nonzero(steps == -1)[1] - start


def _described(lengths: np.ndarray, shortest: int, points: int) -> tuple[float, float, float, float]:
    """Share of points in lines that are long enough; their mean length, the longest, and the entropy of their lengths."""
    kept = lengths[lengths >= shortest]
    if not kept.size:
        return (0.0 if points else np.nan), np.nan, np.nan, np.nan
    share = np.bincount(kept) / kept.size
    entropy = -(share[share > 0] * np.log(share[share > 0])).sum()
    return kept.sum() / points, kept.mean(), float(kept.max()), float(entropy)
