"""What becomes of a system on its attractor when a parameter changes, slowly or at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

import dynrnn
from dynrnn import _check, _units
from dynrnn.analysis._motion import Motion, far
from dynrnn.analysis._parameter import Parameter
from dynrnn.analysis._starts import starts_in
from dynrnn.analysis._states import attractors_set
from dynrnn.analysis.attractors import wilson
from dynrnn.analysis.cells import Recurrences
from dynrnn.analysis.matching import matched
from dynrnn.analysis.proximity import DIVERGED, UNDECIDED
from dynrnn.system import System

__all__ = ["tipping", "tipping_probabilities"]


def tipping(
    system: System,
    parameter: str,
    path: Any,
    starts: Any,
    *,
    hold: Any,
    by: Any = None,
    resolution: int = 100,
    x0: Any = None,
    distance: str = "centroid",
    threshold: float = np.inf,
    inputs: Any = None,
    dt: Any = None,
    method: Any = None,
    threads: int | None = None,
) -> xr.Dataset:
    """Let a parameter drift, and see to which attractor of its last value a system comes that began on one of the first value.

    The parameter takes each value of `path` for the time `hold`: its rate is the difference of values by `hold`, and a path with
    more and shorter steps is smoother. A system tips where it does not end on the attractor that is nearest to its own.

    Parameters
    ----------
    system, inputs, dt, method, threads : as for `basins`.
    parameter : its address, such as "r", "theta[0]", "W" (a gain) or "input[0]".
    path : (value,), the values in order, at least two.
    starts, by, resolution, x0 : as for `basins`: how the attractors at the first and last value are found; `Recurrences` or
        `Features`.
    hold : time at each value: seconds or text for a flow, steps for a map.
    distance, threshold : as for `match_attractors`.

    Returns
    -------
    Dataset over `attractor`, those of the first value, from each of whose points a system starts:

    - `tipped`, the share of points that do not end on the same attractor, with Wilson's 95 % interval `tipped_low`,
      `tipped_high`. Points of one attractor are not independent: read it as a description where they are few.
    - `probability` (attractor, end) to end on each attractor of the last value, to diverge (-1), or to be undecided (-2).
    - parts of the state over (attractor, value, unit): the mean of the points along the path, NaN once one has diverged.

    Source: P. Ashwin, S. Wieczorek, R. Vitolo and P. Cox, Phil. Trans. R. Soc. A 370 (2012) 1166.

    >>> import dynrnn as dr
    >>> class Fold(dr.System):
    ...     r: float = -1.0
    ...     def drift(p, t, x, u, out):
    ...         out[0] = p.r + x[0] ** 2
    >>> drift = tipping(Fold(), "r", np.linspace(-1, 1, 101), {0: (-2, 0)}, hold=0.5, dt=0.1)
    >>> drift["tipped"].values, drift["end"].values
    (array([1.]), array([-1, -2]))
    """
    address, path = Parameter(system, parameter, inputs), _check.array("path", path, ndim=1)
    if len(path) < 2:
        _check.fail("path", f"{len(path)} value(s)", "at least two")
    by = Recurrences() if by is None else by
    if not hasattr(by, "assign") or hasattr(by, "attractors"):
        _check.fail("by", repr(by), "a Recurrences or a Features", error=TypeError)

    def motion_at(value: float) -> Motion:
        changed, held = address.at(value)
        return Motion(changed, held, dt, method, threads)

    motion = motion_at(path[0])
    held_steps = _hold(motion, hold)
    begun = starts_in(motion.system, starts, resolution, None, x0, np.random.default_rng(0))
    P = by.assign(motion, begun.X, begun.cell)[1]
    if not P:
        _check.fail("starts", "no orbit that stays", f"an attractor at {parameter} = {path[0]:g}", "Widen the box.")
    owner, whole = np.repeat(np.arange(len(P)), [len(p) for p in P]), motion.begin(np.concatenate(P))
    means = np.empty((len(P), len(path), system.size))
    for k, value in enumerate(path):
        with np.errstate(all="ignore"):
            motion = motion_at(value)
            motion.advance(whole, held_steps, 0, k * held_steps)
            means[:, k] = [whole[owner == a, : system.size].mean(axis=0) for a in range(len(P))]
    ended = whole[:, : system.size]
    reached = np.abs(ended).max(axis=1) <= far(begun.X)
    end = np.full(len(ended), DIVERGED)
    label, Q, _ = by.assign(motion, np.concatenate([begun.X, ended[reached]]).astype(system.dtype), begun.cell)
    end[reached] = label[len(begun.X) :]
    names = matched(P, np.arange(len(P)), Q, len(P), distance, threshold)
    return (
        _table(motion, owner, end, names, means)
        .assign_coords(value=("value", path, {"long_name": address.address}))
        .assign_attrs({"parameter": address.address, "hold": held_steps * motion.dt, "starts": len(begun.X)})
    )


def _hold(motion: Motion, hold: Any) -> int:
    if motion.system.is_flow:
        return _units.steps("hold", _units.seconds("hold", hold), motion.dt)
    return _check.integer("hold", hold, 1)


def _table(motion: Motion, owner: np.ndarray, end: np.ndarray, names: np.ndarray, means: np.ndarray) -> xr.Dataset:
    system, count = motion.system, np.bincount(owner)
    known = np.concatenate([names, [UNDECIDED, DIVERGED]]).astype(int)[end]
    ends = np.concatenate([np.sort(names), [DIVERGED, UNDECIDED]])
    tipped = np.bincount(owner, known != owner)
    low, high = wilson(tipped, count)
    share = np.array([[(known[owner == a] == e).mean() for e in ends] for a in range(len(count))])
    means[~np.isfinite(means)] = np.nan
    out = attractors_set(system, list(means)).rename(point="value")
    out = out.assign(tipped=("attractor", tipped / count), tipped_low=("attractor", low), tipped_high=("attractor", high))
    out = out.assign(probability=(("attractor", "end"), share)).assign_coords(end=ends)
    return out.assign_attrs({"class": type(system).__name__, "system": system.to_json(), "dynrnn": dynrnn.__version__})


def tipping_probabilities(before: Any, after: Any) -> xr.DataArray:
    """The probability that a state in the basin of one attractor is in that of another once a parameter has jumped:

        P(i -> j) = |B_i before and B_j after| / |B_i before|.

    Parameters
    ----------
    before, after : `basins` of the same starts, or their `basin`. Labels -1 and -2 count like others. Labels of both sides mean
        the same where `match_attractors` made them so.

    Returns DataArray over ("before", "after") with the labels that occur; rows sum to 1.

    Source: B. Kaszás, U. Feudel and T. Tél, Scientific Reports 9 (2019) 8654.

    >>> before, after = xr.DataArray([0, 0, 0, 1]), xr.DataArray([0, 1, 1, 0])
    >>> tipping_probabilities(before, after).values.round(3).tolist()
    [[0.333, 0.667], [1.0, 0.0]]
    """
    a, b = (data["basin"] if isinstance(data, xr.Dataset) else data for data in (before, after))
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or not a.size:
        _check.fail("after", f"labels of shape {b.shape}", f"{a.shape}, as before: the same starts")
    rows, i = np.unique(a, return_inverse=True)
    columns, j = np.unique(b, return_inverse=True)
    table = np.zeros((len(rows), len(columns)))
    np.add.at(table, (i.ravel(), j.ravel()), 1.0)
    return xr.DataArray(table / table.sum(axis=1, keepdims=True), {"before": rows, "after": columns}, ("before", "after"))
