"""Which known attractor an orbit comes near first."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dynrnn import _check
from dynrnn._jit import jit
from dynrnn._llvm import borrowed
from dynrnn._math import copy
from dynrnn.analysis._motion import Motion, far
from dynrnn.analysis._states import attractors_of
from dynrnn.integrate.method import inlined
from dynrnn.run import Interrupted
from dynrnn.system import step

__all__ = ["DIVERGED", "UNDECIDED", "Arrivals", "Proximity"]

DIVERGED, UNDECIDED = -1, -2
_SHARE = 0.01  # of the distance between the nearest two attractors
_MARGIN = 10.0  # times epsilon around an attractor: where distances are computed exactly


class Arrivals(NamedTuple):
    """Per start: the attractor that was reached, or why none was; after how many steps; and the distance before and after
    the last of them, infinite where it was not computed."""

    label: np.ndarray
    steps: np.ndarray
    before: np.ndarray
    after: np.ndarray

    def times(self, epsilon: float, flow: bool) -> np.ndarray:
        """Steps until the distance was epsilon: of a flow, with its logarithm interpolated within the last step."""
        late = self.steps.astype(float)
        late[self.label < 0] = np.nan
        between = flow & (self.steps > 0) & np.isfinite(self.before) & (self.after > 0) & (self.after < self.before)
        before, after = self.before[between], self.after[between]
        late[between] += np.log(epsilon / after) / np.log(after / before)
        return late


class Proximity:
    """An orbit belongs to the first attractor of which it comes within `epsilon`, in the Euclidean distance of states.

    Parameters
    ----------
    attractors : a result of `basins`; or an array (attractor, size) of fixed points, or a list with the points (point, size)
        of each: of a chaotic attractor as many as leave no gaps wider than epsilon.
    epsilon : 1 % of the distance between the nearest two attractors by default. A ball of this radius must lie in the basin.
    steps : the longest orbit, in steps of the map or of dt.

    Raises ValueError where there are no attractors, where shapes do not fit, or where epsilon is needed and not given.
    """

    hint = "Raise epsilon, or steps; or there are more attractors than these"

    def __init__(self, attractors: Any, epsilon: float | None = None, steps: int = 10_000):
        self.attractors, self.steps = attractors, _check.integer("steps", steps, 1)
        self.epsilon = None if epsilon is None else _check.real("epsilon", epsilon, 0.0, open_low=True)

    def assign(self, motion: Motion, X: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
        """The label of each start, the points of the attractors, and their labels."""
        points, labels = attractors_of(motion.system, self.attractors)
        try:
            return self.arrivals(motion, X, points).label, points, labels
        except Interrupted as stopped:
            stopped.result = stopped.result.label, points, labels
            raise

    def radius(self, points: list[np.ndarray]) -> float:
        """Epsilon, or what it is by default."""
        if self.epsilon is not None:
            return self.epsilon
        if len(points) < 2:
            _check.fail("epsilon", "nothing", "how near an orbit comes to the only attractor", "Pass epsilon=….")
        gap = min(
            float(np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2)).min()) for k, a in enumerate(points) for b in points[:k]
        )
        if gap == 0:
            _check.fail("attractors", "two that share a point", "attractors that are apart", "Merge them.")
        return _SHARE * gap

    def arrivals(self, motion: Motion, X: np.ndarray, points: list[np.ndarray], epsilon: float | None = None) -> Arrivals:
        """Where the orbits from the states X (start, size) arrive, and when."""
        epsilon = self.radius(points) if epsilon is None else epsilon
        P, ends = np.concatenate(points), np.cumsum([len(p) for p in points])
        low = np.stack([p.min(axis=0) for p in points]) - _MARGIN * epsilon
        high = np.stack([p.max(axis=0) for p in points]) + _MARGIN * epsilon
        whole, n = motion.begin(X), len(X)
        limit = far(np.concatenate([X, P]))
        out = Arrivals(np.full(n, UNDECIDED), np.zeros(n, np.int64), np.full(n, np.inf), np.full(n, np.inf))

        def work(p: Any, part: slice) -> None:
            x = np.empty_like(whole[0])
            _approach(
                p, whole[part], x, motion.channels(), motion.tick, P, ends, low, high, epsilon, limit, self.steps,
                *(a[part] for a in out),
            )  # fmt: skip

        try:
            motion.spread(work, n)
        except KeyboardInterrupt:
            stopped = Interrupted("stopped; what was decided is in error.result", int((out.label != UNDECIDED).sum()))
            stopped.result = out
            raise stopped from None
        return out


@jit
def _approach(p, X, y, u, tick, P, ends, low, high, epsilon, limit, steps, label, taken, before, after):
    p, X, y, u, P = borrowed(p), borrowed(X), borrowed(y), borrowed(u), borrowed(P)
    for i in range(X.shape[0]):
        x, last = X[i], np.inf
        label[i], taken[i], before[i], after[i] = UNDECIDED, steps, np.inf, np.inf
        for k in range(steps + 1):
            nearest, distance = _nearest(x, P, ends, low, high)
            if distance <= epsilon:
                label[i], taken[i], before[i], after[i] = nearest, k, last, distance
                break
            if not within(x, P.shape[1], limit):
                label[i], taken[i] = DIVERGED, k
                break
            last = distance
            if k < steps:
                if tick > 0:
                    u[u.size - 1] = k * tick
                step(p, x, u, y)
                copy(y, x)


@inlined
def within(x, n, limit):
    """Whether the first n numbers are finite and below the limit."""
    for j in range(n):
        if not abs(x[j]) <= limit:
            return False
    return True


@inlined
def _nearest(x, P, ends, low, high):
    """The nearest attractor and its distance, among those in whose box the state lies."""
    best, nearest, first = np.inf, -1, 0
    for a in range(ends.size):
        inside = True
        for j in range(P.shape[1]):
            inside = inside and low[a, j] <= x[j] <= high[a, j]
        if inside:
            for q in range(first, ends[a]):
                total = 0.0
                for j in range(P.shape[1]):
                    total += (x[j] - P[q, j]) ** 2
                    if total >= best:
                        break
                if total < best:
                    best, nearest = total, a
        first = ends[a]
    return nearest, np.sqrt(best)
