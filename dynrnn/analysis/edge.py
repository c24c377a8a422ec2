"""The border between two basins, followed to the state that lives on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

import dynrnn
from dynrnn import _check
from dynrnn.analysis._motion import Motion
from dynrnn.analysis._states import attractors_of, labelled, many
from dynrnn.analysis.proximity import Proximity
from dynrnn.system import System

__all__ = ["edge_state"]

_ROWS = 16  # steps at once


def edge_state(
    system: System,
    a: Any,
    b: Any,
    attractors: Any,
    *,
    near: float = 1e-9,
    apart: float = 1e-6,
    tolerance: float = 1e-6,
    rounds: int = 200,
    epsilon: float | None = None,
    steps: int = 10_000,
    inputs: Any = None,
    dt: Any = None,
    method: Any = None,
) -> xr.Dataset:
    """Follow the border between two basins to its edge state: a saddle, whose unstable directions lead to both attractors.

    The line between a state in each basin is bisected until both are `near` each other, on either side of the border. They move
    on together, along the border, until they are `apart`, and are bisected again. Their middle tends to what attracts there.

    Parameters
    ----------
    system, inputs, dt, method : as for `basins`; it must not depend on time.
    a, b : (size,), states that lead to different attractors.
    attractors, epsilon, steps : as for `Proximity`. `steps` also limits how far a pair moves between two bisections.
    near, apart : distances, relative to that of a and b.
    tolerance : of the edge state, by the distance of a and b: the search ends where the middle moved by less in a whole round.
    rounds : bisections, at most.

    Returns
    -------
    Dataset over `round`: the parts of the state, the middle of each pair after its bisection, of which the last is the edge state
    where `converged`. Where it is not, the edge state moves (a cycle, or chaos), or `rounds` are too few. `labels` are those of
    the two sides.

    Raises ValueError where a and b lead to the same attractor, or do not arrive.

    Source: J. D. Skufca, J. A. Yorke and B. Eckhardt, Phys. Rev. Lett. 96 (2006) 174101; R. Mehling, R. Börner and V. Lucarini,
    Physica D 459 (2024) 134043.

    >>> import dynrnn as dr
    >>> class TwoWells(dr.System):
    ...     def drift(p, t, x, u, out):
    ...         out[0] = x[0] - x[0] ** 3
    >>> edge = edge_state(TwoWells(), [-1.5], [0.7], [[-1.0], [1.0]], dt=0.1)
    >>> bool(edge["converged"]), bool(abs(edge["state"][-1, 0]) < 1e-6)
    (True, True)
    """
    motion, way = Motion(system, inputs, dt, method, threads=1), Proximity(attractors, epsilon, steps)
    points, labels = attractors_of(system, attractors)
    pair = np.concatenate([many("a", a, system), many("b", b, system)]).astype(float)
    ends = way.arrivals(motion, pair, points).label
    if ends[0] == ends[1] or (ends < 0).any():
        names = " and ".join(str(labels[k]) if k >= 0 else "none" for k in ends)
        _check.fail("a, b", f"states that lead to {names}", "states that lead to different attractors")
    scale = float(np.linalg.norm(pair[1] - pair[0]))
    near, apart = _check.real("near", near, 0.0, open_low=True), _check.real("apart", apart, near, open_low=True)
    tolerance, track, converged = _check.real("tolerance", tolerance, 0.0, open_low=True), [], False
    for _ in range(_check.integer("rounds", rounds, 1)):
        pair = _bisected(motion, way, points, pair, int(ends[0]), near * scale)
        track.append(pair.mean(axis=0))
        moved = _moved(motion, pair, apart * scale, steps)
        converged = bool(np.linalg.norm(moved.mean(axis=0) - track[-1]) < tolerance * scale + apart * scale)
        if converged:
            break
        pair = moved
    out = labelled(system, np.array(track), "round", np.arange(len(track)))
    out = out.assign(converged=converged, labels=("side", labels[ends]))
    attrs: dict[str, Any] = {"class": type(system).__name__, "system": system.to_json(), "dynrnn": dynrnn.__version__}
    attrs |= {"near": near, "apart": apart, "tolerance": tolerance, "inputs": motion.held.astype(float)}
    return out.assign_attrs(attrs | ({"dt": motion.dt} if system.is_flow else {}))


def _bisected(motion: Motion, way: Proximity, points: list, pair: np.ndarray, first: int, width: float) -> np.ndarray:
    """The pair on the same line, less than `width` apart: one leads to the attractor `first`, the other does not."""
    left, right = pair
    if int(way.arrivals(motion, left[None], points).label[0]) != first:
        left, right = right, left
    while np.linalg.norm(right - left) > width:
        middle = (left + right) / 2
        if (middle == left).all() or (middle == right).all():
            break  # there is no number between them
        if int(way.arrivals(motion, middle[None], points).label[0]) == first:
            left = middle
        else:
            right = middle
    return np.stack([left, right])


def _moved(motion: Motion, pair: np.ndarray, apart: float, steps: int) -> np.ndarray:
    """The pair where it is first `apart`, or after so many steps."""
    whole, done = motion.begin(pair), 0
    while done < steps:
        Y = motion.advance(whole, 0, _ROWS, done)
        far = np.flatnonzero(np.linalg.norm(Y[1] - Y[0], axis=1) > apart)
        if far.size:
            return Y[:, far[0]]
        done += _ROWS
    return Y[:, -1]
