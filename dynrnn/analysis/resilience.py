"""How firmly a system stays on its attractors: basin stability, return times, and the smallest shock that leads away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

import dynrnn
from dynrnn import _check
from dynrnn._units import time_unit
from dynrnn.analysis._motion import Motion
from dynrnn.analysis._starts import starts_in
from dynrnn.analysis._states import attractors_of, labelled, position, variables
from dynrnn.analysis.attractors import wilson
from dynrnn.analysis.proximity import DIVERGED, UNDECIDED, Proximity
from dynrnn.system import System

__all__ = ["basin_stability", "minimal_critical_shock", "return_time"]

_APART = 10.0  # ratio of the two distances between which the decay is measured
_CONE, _ROUNDS, _TRIES = 0.5, 12, 32  # a search around the best direction: its width at first, halved in each round


def basin_stability(
    system: System,
    attractors: Any,
    perturbation: Any,
    *,
    samples: int = 1000,
    epsilon: float | None = None,
    steps: int = 10_000,
    inputs: Any = None,
    dt: Any = None,
    method: Any = None,
    rng: Any = None,
    threads: int | None = None,
) -> xr.Dataset:
    """The probability that a system returns to its attractor after a random perturbation.

    Parameters
    ----------
    system, inputs, dt, method, threads : as for `basins`.
    attractors, epsilon, steps : as for `Proximity`.
    perturbation : what is added to random points of an attractor: ``{variable: (low, high)}``, uniform; or a function
        ``(rng, count)`` that gives (count, size).
    samples : perturbations of each attractor.
    rng : seed or Generator; attractor k has stream k.

    Returns
    -------
    Dataset over `attractor`: `stability`, with Wilson's 95 % interval `stability_low`, `stability_high`; and `probability`
    (attractor, end) to go to each attractor, to diverge (-1), or to be undecided (-2).

    Source: P. J. Menck, J. Heitzig, N. Marwan and J. Kurths, Nature Physics 9 (2013) 89.

    >>> import dynrnn as dr
    >>> from dynrnn.analysis import basins
    >>> rest = basins(dr.FitzHughNagumo(I=0), {"v": (-2, 2), "w": (-2, 2)}, resolution=5, dt=0.2)
    >>> basin_stability(dr.FitzHughNagumo(I=0), rest, {"v": (-2, 2)}, samples=20, epsilon=0.01, dt=0.2)["stability"].values
    array([1.])
    """
    motion, near = Motion(system, inputs, dt, method, threads), Proximity(attractors, epsilon, steps)
    points, labels = attractors_of(system, attractors)
    count, ends = _check.integer("samples", samples, 1), np.concatenate([np.arange(len(points)), [DIVERGED, UNDECIDED]])
    share = np.empty((len(points), len(ends)))
    for k, stream in enumerate(_check.generator(rng).spawn(len(points))):
        from_, added = stream.spawn(2)
        X = points[k][from_.integers(len(points[k]), size=count)] + _perturbations(system, perturbation, count, added)
        reached = near.arrivals(motion, X.astype(system.dtype), points).label
        share[k] = (reached[:, None] == ends).mean(axis=0)
    returned = np.diagonal(share)
    low, high = wilson(returned * count, count)
    return xr.Dataset(
        {
            "stability": ("attractor", returned.copy()),
            "stability_low": ("attractor", low),
            "stability_high": ("attractor", high),
            "probability": (("attractor", "end"), share),
        },
        {"attractor": labels, "end": np.concatenate([labels, [DIVERGED, UNDECIDED]])},
        _attrs(system, motion, {"samples": count, "epsilon": near.radius(points)}),
    )


def _perturbations(system: System, given: Any, count: int, rng: np.random.Generator) -> np.ndarray:
    if isinstance(given, Mapping):
        return starts_in(system, given, 1, count, np.zeros(system.size), rng, "perturbation").X
    if not callable(given):
        _check.fail("perturbation", type(given).__name__, "a mapping of variables to ranges, or a function", error=TypeError)
    return _check.array("perturbation(rng, count)", given(rng, count), shape=(count, system.size))


def return_time(
    system: System,
    attractors: Any,
    starts: Any,
    *,
    epsilon: float | None = None,
    steps: int = 10_000,
    resolution: int = 100,
    samples: int | None = None,
    x0: Any = None,
    inputs: Any = None,
    dt: Any = None,
    method: Any = None,
    rng: Any = None,
    threads: int | None = None,
) -> xr.Dataset:
    """How long orbits take to come within `epsilon` of an attractor, and how fast they approach it in the end.

    Arguments as for `basins` and `Proximity`.

    Returns
    -------
    Dataset: `basin` and `time` over the starts (s; steps of a map), NaN where no attractor is reached; and over `attractor`, with
    NaN where no orbit shows it, `mean_time`, `longest_time` and `e_folding_time`: the median time in which the distance falls
    by a factor e, between 10 epsilon and epsilon. Near a fixed point that is 1 / |Re lambda| of its slowest mode.

    Times of a flow are interpolated within dt, as though the distance decayed exponentially there.

    Source: Datseris et al. (2023), as for `basins`.

    >>> import dynrnn as dr
    >>> class Decay(dr.System):
    ...     def drift(p, t, x, u, out):
    ...         out[0] = -2 * x[0]
    >>> result = return_time(Decay(), [[0.0]], [[1.0], [3.0]], epsilon=1e-3, dt=0.01)
    >>> result["time"].values.round(4).tolist(), round(float(result["e_folding_time"][0]), 4)
    ([3.4539, 4.0032], 0.5)
    """
    begun = starts_in(system, starts, resolution, samples, x0, _check.generator(rng))
    motion, near = Motion(system, inputs, dt, method, threads), Proximity(attractors, epsilon, steps)
    points, labels = attractors_of(system, attractors)
    small = near.radius(points)
    outer, inner = (near.arrivals(motion, begun.X, points, e) for e in (_APART * small, small))
    before, after = outer.times(_APART * small, system.is_flow), inner.times(small, system.is_flow)
    decay = np.where((outer.steps > 0) & (outer.label == inner.label), (after - before) / np.log(_APART), np.nan)
    known = np.concatenate([labels, [UNDECIDED, DIVERGED]]).astype(int)
    out = xr.Dataset({"basin": begun.labelled(known[inner.label]), "time": begun.labelled(after * motion.dt)})
    out["time"].attrs["units"] = time_unit(motion.map)
    groups = [np.flatnonzero(inner.label == k) for k in range(len(points))]
    for name, of, values in (
        ("mean_time", np.mean, after),
        ("longest_time", np.max, after),
        ("e_folding_time", np.median, decay),
    ):
        kept = [values[g][np.isfinite(values[g])] for g in groups]
        out[name] = "attractor", [float(of(v)) * motion.dt if v.size else np.nan for v in kept], out["time"].attrs
    return out.assign_coords(attractor=labels).assign_attrs(_attrs(system, motion, {"epsilon": small}))


def minimal_critical_shock(
    system: System,
    attractors: Any,
    attractor: int,
    *,
    largest: float,
    variables: Any = None,
    directions: int = 100,
    levels: int = 50,
    points: int = 10,
    tolerance: float = 1e-4,
    epsilon: float | None = None,
    steps: int = 10_000,
    inputs: Any = None,
    dt: Any = None,
    method: Any = None,
    rng: Any = None,
    threads: int | None = None,
) -> xr.Dataset:
    """The smallest sudden change of the state after which the system does not return to its attractor.

    From some points of the attractor, along each direction (both ways along each variable, and random ones) so many `levels` up
    to `largest` are tried, and the first that leads away is refined by bisection. Then directions near the best are tried, ever
    nearer. What is found is an upper bound: basins with thin fingers may be missed between levels and directions.

    Parameters
    ----------
    system, inputs, dt, method, threads : as for `basins`.
    attractors, epsilon, steps : as for `Proximity`.
    attractor : the label of the one that is shocked.
    largest : the largest size of a shock that is tried (Euclidean).
    variables : labels or numbers of the variables that a shock changes; all by default.
    directions, levels, points : numbers of them; at most so many points of the attractor, evenly among those known.
    tolerance : of the size, relative to `largest`.
    rng : seed or Generator of the directions.

    Returns
    -------
    Dataset: `magnitude`, NaN where no shock up to `largest` leads away; the parts of the state named as in `simulate` over
    ("what", "unit"), for what = "start" and "shock"; and `end`, the label of where it leads. `attrs` say what was tried.

    Source: L. Halekotte and U. Feudel, Scientific Reports 10 (2020) 11783.

    >>> import dynrnn as dr
    >>> class TwoWells(dr.System):
    ...     def drift(p, t, x, u, out):
    ...         out[0] = x[0] - x[0] ** 3
    >>> shock = minimal_critical_shock(TwoWells(), [[-1.0], [1.0]], 0, largest=3.0, dt=0.1)
    >>> round(float(shock["magnitude"]), 3), int(shock["end"])
    (1.0, 1)
    """
    shocks = _Shocks(Motion(system, inputs, dt, method, threads), Proximity(attractors, epsilon, steps), attractor)
    largest = _check.real("largest", largest, 0.0, open_low=True)
    tolerance = _check.real("tolerance", tolerance, 0.0, open_low=True) * largest
    levels, directions = _check.integer("levels", levels, 1), _check.integer("directions", directions, 0)
    rng, which = _check.generator(rng), _some(system, variables)
    own = shocks.points[shocks.index]
    starts = own[np.unique(np.linspace(0, len(own) - 1, min(len(own), _check.integer("points", points, 1))).astype(int))]
    D = np.concatenate(
        [np.eye(len(which)), -np.eye(len(which)), rng.normal(size=(directions if len(which) > 1 else 0, len(which)))]
    )
    D = D / np.linalg.norm(D, axis=1, keepdims=True)
    S, D = np.repeat(starts, len(D), axis=0), np.tile(_widened(D, which, system.size), (len(starts), 1))

    sizes = np.full(len(D), np.inf)
    for level in largest * np.arange(1, levels + 1) / levels:  # outward, so that what is found is the first
        sizes[shocks.lead_away(S, D, np.full(len(D), level))] = level
        if np.isfinite(sizes).any():
            break
    best, start, direction = shocks.refined(S, D, sizes, largest / levels, tolerance)
    cone = _CONE
    for _ in range(_ROUNDS if np.isfinite(best) and len(which) > 1 else 0):
        near = direction[which] + cone * rng.normal(size=(_TRIES, len(which))) / np.sqrt(len(which))
        near = _widened(near / np.linalg.norm(near, axis=1, keepdims=True), which, system.size)
        S = np.tile(start, (_TRIES, 1))
        below = np.where(shocks.lead_away(S, near, np.full(_TRIES, best - tolerance)), best - tolerance, np.inf)
        if np.isfinite(below).any():
            best, start, direction = shocks.refined(S, near, below, best, tolerance)
        else:
            cone /= 2
    shock = best * direction if np.isfinite(best) else np.full(system.size, np.nan)
    out = labelled(system, np.stack([start, shock]), "what", ["start", "shock"])
    out["magnitude"] = best if np.isfinite(best) else np.nan
    out["end"] = shocks.end(start, shock) if np.isfinite(best) else int(attractor)
    tried = {"directions": len(D) // len(starts), "points": len(starts), "levels": levels, "largest": largest}
    return out.assign_attrs(_attrs(system, shocks.motion, {**tried, "tolerance": tolerance, "orbits": shocks.count}))


class _Shocks:
    """Whether a system returns to one of its attractors."""

    def __init__(self, motion: Motion, near: Proximity, attractor: Any):
        self.motion, self.near, self.count = motion, near, 0
        self.points, labels = attractors_of(motion.system, near.attractors)
        if attractor not in labels:
            _check.fail("attractor", repr(attractor), f"one of {', '.join(map(str, labels))}")
        self.labels, self.index = labels, int(np.flatnonzero(labels == attractor)[0])

    def _ends(self, X: np.ndarray) -> np.ndarray:
        self.count += len(X)
        return self.near.arrivals(self.motion, np.asarray(X, self.motion.system.dtype), self.points).label

    def lead_away(self, S: np.ndarray, D: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Whether shocks of these sizes from S along D do."""
        return self._ends(S + sizes[:, None] * D) != self.index

    def end(self, start: np.ndarray, shock: np.ndarray) -> int:
        """The label of where one shock leads."""
        end = int(self._ends((start + shock)[None])[0])
        return int(self.labels[end]) if end >= 0 else end

    def refined(self, S: np.ndarray, D: np.ndarray, sizes: np.ndarray, width: float, tolerance: float) -> Any:
        """The smallest size between ``size - width`` and the finite `sizes` that leads away, with its start and direction."""
        kept = np.isfinite(sizes)
        if not kept.any():
            return np.inf, S[0], D[0]
        S, D, high = S[kept], D[kept], sizes[kept]
        low = np.maximum(high - width, 0.0)
        while (high - low).max() > tolerance:
            middle = (low + high) / 2
            away = self.lead_away(S, D, middle)
            low, high = np.where(away, low, middle), np.where(away, middle, high)
        k = int(high.argmin())
        return float(high[k]), S[k], D[k]


def _some(system: System, given: Any) -> np.ndarray:
    """Numbers of the variables that a user named."""
    if given is None:
        return np.arange(system.size)
    names = variables(system)
    chosen = [given] if isinstance(given, (str, int, np.integer)) else list(given)
    if not chosen:
        _check.fail("variables", "none", "at least one")
    return np.array([position("variables", v, names) for v in chosen])


def _widened(D: np.ndarray, which: np.ndarray, size: int) -> np.ndarray:
    out = np.zeros((len(D), size))
    out[:, which] = D
    return out


def _attrs(system: System, motion: Motion, more: dict) -> dict:
    attrs = {"class": type(system).__name__, "system": system.to_json(), "dynrnn": dynrnn.__version__}
    return attrs | {"inputs": motion.held.astype(float), **more} | ({"dt": motion.dt} if system.is_flow else {})
