"""Which attractor is which, before and after a change; and basin fractions along a parameter."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.optimize
import xarray as xr
from tqdm.auto import tqdm

import dynrnn
from dynrnn import _check
from dynrnn.analysis._parameter import Parameter
from dynrnn.analysis._states import attractors_of, attractors_set
from dynrnn.analysis.attractors import basins
from dynrnn.run import Interrupted
from dynrnn.system import System

__all__ = ["basin_fractions", "match_attractors", "matched"]


def match_attractors(before: Any, after: Any, *, distance: str = "centroid", threshold: float = np.inf) -> xr.Dataset:
    """`after` with its attractors named as those of `before` that are nearest: pairs are chosen for the least sum of distances.

    Parameters
    ----------
    before, after : results of `basins` of systems with the same state.
    distance : "centroid", between the means of their points; or "hausdorff", the farthest that a point of one is from the other.
    threshold : attractors farther apart are not the same. What has no partner gets the next label that is free.

    Raises ValueError where the states differ or the distance is unknown.

    >>> import dynrnn as dr
    >>> from dynrnn.analysis import basins
    >>> result = basins(dr.VanDerPol(), {0: (-1, 1), 1: (-1, 1)}, resolution=5, dt=0.1)
    >>> renamed = result.assign_coords(attractor=[7])
    >>> match_attractors(renamed, result)["attractor"].values
    array([7])
    """
    P, Q = _points("before", before), _points("after", after)
    if P and Q and P[0].shape[1] != Q[0].shape[1]:
        _check.fail("after", f"states of {Q[0].shape[1]} variables", f"{P[0].shape[1]}, as before")
    known = before["attractor"].values
    labels = matched(P, known, Q, int(known.max(initial=-1)) + 1, distance, threshold)
    old = after["attractor"].values
    out = after.assign_coords(attractor=labels)
    if "basin" in after:
        basin = after["basin"].values.copy()
        for a, b in zip(old, labels, strict=True):
            basin[after["basin"].values == a] = b
        out["basin"] = after["basin"].dims, basin, after["basin"].attrs
    return out.sortby("attractor")


def matched(P: list, known: np.ndarray, Q: list, free: int, distance: str, threshold: float) -> np.ndarray:
    """Labels for the attractors Q: those of their partners among P, which are called `known`; from `free` on for others."""
    _check.choice("distance", distance, ["centroid", "hausdorff"])
    labels = np.full(len(Q), -1)
    if P and Q:
        apart = np.array([[(_hausdorff if distance == "hausdorff" else _centroids)(p, q) for q in Q] for p in P])
        for a, b in zip(*scipy.optimize.linear_sum_assignment(apart), strict=True):
            if apart[a, b] <= threshold:
                labels[b] = known[a]
    new = labels < 0
    labels[new] = free + np.arange(new.sum())
    return labels


def _centroids(p: np.ndarray, q: np.ndarray) -> float:
    return float(np.linalg.norm(p.mean(axis=0) - q.mean(axis=0)))


def _hausdorff(p: np.ndarray, q: np.ndarray) -> float:
    apart = np.sqrt(((p[:, None] - q[None]) ** 2).sum(axis=2))
    return float(max(apart.min(axis=1).max(), apart.min(axis=0).max()))


def _points(name: str, data: Any) -> list[np.ndarray]:
    parts = [v for v in getattr(data, "data_vars", {}).values() if v.dims[:2] == ("attractor", "point")]
    if not parts:
        _check.fail(name, type(data).__name__, "a result of basins", error=TypeError)
    X = np.concatenate([v.values for v in parts], axis=2)
    return [p[np.isfinite(p).all(axis=1)] for p in X]


def basin_fractions(
    system: System,
    parameter: str,
    values: Any,
    starts: Any,
    *,
    distance: str = "centroid",
    threshold: float = np.inf,
    inputs: Any = None,
    progress: bool = False,
    **options: Any,
) -> xr.Dataset:
    """What share of the starts leads to each attractor, along a parameter: `basins` at each value, with the attractors matched.

    Parameters
    ----------
    system, starts, options : as for `basins`.
    parameter, values : its address, such as "r", "theta[0]", "W" (a gain) or "input[0]", and (parameter,) its values in order.
    distance, threshold : as for `match_attractors`. An attractor is compared with where others were seen last.
    inputs : (input,), held; zeros by default.
    progress : show a progress bar.

    Returns
    -------
    Dataset over ("parameter", "attractor"): `fraction`, `fraction_low` and `fraction_high` (95 %), 0 where an attractor does not
    exist; the parts of the state, the centre of each attractor, NaN where it does not exist; `diverged` and `undecided`.

    Raises ValueError or TypeError where arguments do not fit, or the system refuses a value; Interrupted on Ctrl-C, with the
    values before in ``error.result``.

    Source: G. Datseris, K. L. Rossi and A. Wagemakers, Chaos 33 (2023) 073151.

    >>> import dynrnn as dr
    >>> result = basin_fractions(dr.Logistic(), "r", [2.0, 3.2, 4.1], {0: (0.1, 0.9)}, resolution=20)
    >>> result["fraction"].values.tolist(), result["diverged"].values.tolist()
    ([[1.0], [1.0], [0.0]], [0.0, 0.0, 1.0])
    """
    address, values = Parameter(system, parameter, inputs), _check.array("values", values, ndim=1)
    if not values.size:
        _check.fail("values", "none", "at least one value of the parameter")
    for value in values:  # what the system refuses it refuses now
        address.at(value)
    last: dict[int, np.ndarray] = {}
    found: list[xr.Dataset] = []
    centres: list[dict[int, np.ndarray]] = []
    try:
        for value in tqdm(values, unit="value", disable=not _check.boolean("progress", progress)):
            changed, held = address.at(value)
            result = basins(changed, starts, inputs=held, **options)
            P = attractors_of(changed, result)[0] if result.sizes["attractor"] else []
            labels = matched(list(last.values()), np.array(list(last)), P, len(last), distance, threshold)
            last |= dict(zip(labels.tolist(), P, strict=True))
            centres.append(dict(zip(labels.tolist(), (p.mean(axis=0) for p in P), strict=True)))
            kept = ["fraction", "fraction_low", "fraction_high", "diverged", "undecided"]
            found.append(result[kept].assign_coords(attractor=labels))
    except KeyboardInterrupt:
        stopped = Interrupted(f"stopped after {len(found)} of {len(values)} values; they are in error.result", len(found))
        stopped.result = _along(address, values[: len(found)], found, centres, len(last)) if found else None
        raise stopped from None
    return _along(address, values, found, centres, len(last))


def _along(address: Parameter, values: np.ndarray, found: list, centres: list, attractors: int) -> xr.Dataset:
    """The fractions at each value, and the centres of the attractors, as one table."""
    system, everyone = address.system, np.arange(attractors)
    table = xr.concat([one.reindex(attractor=everyone, fill_value=0.0) for one in found], "parameter")
    nowhere = np.full(system.size, np.nan)
    X = [np.stack([c.get(k, nowhere) for c in centres]) for k in everyone]
    sets = attractors_set(system, X).rename(point="parameter") if attractors else xr.Dataset()
    out = xr.merge([table.drop_attrs(), sets], compat="no_conflicts")
    out = out.assign_coords(parameter=("parameter", values, {"long_name": address.address}))
    attrs = {"class": type(system).__name__, "system": system.to_json(), "dynrnn": dynrnn.__version__}
    attrs |= {"parameter": address.address} | {name: found[0].attrs[name] for name in ("starts", "by")}
    return out.transpose("parameter", "attractor", ...).assign_attrs(attrs)
