"""Tangent vectors carried along an orbit and kept orthonormal: what all Lyapunov quantities are made of.

After each stretch of `interval` steps the frame, k vectors in the rows of V, is factored, ``V^T = Q R``: Q is carried on, and
the logarithms of the diagonal of R are the growth of k-volumes over that stretch (Benettin et al. 1980; Shimada and Nagashima
1979).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg

from dynrnn import _check
from dynrnn._jit import explained, inlined, jit
from dynrnn._llvm import borrowed
from dynrnn._math import copy
from dynrnn.integrate import Adaptive
from dynrnn.integrate.tangent import Tangent
from dynrnn.run import Interrupted
from dynrnn.system import pushforward, step

__all__ = ["Frames", "Stretches", "factor", "portions"]

_PORTION = 0.1  # seconds
_INLINE = 256  # numbers in a frame up to which the factorisation in compiled code beats a call of LAPACK


class Stretches(NamedTuple):
    """What a run of frames leaves, stretch by stretch: growth (stretch, k), states before each, 1 / sum_i q_i^4 of each vector of
    the frame behind it (stretch, k), the largest ratio of growths; and where asked for, the frames (stretch, k, size) before and
    the factors R (stretch, k, k)."""

    growth: np.ndarray
    states: np.ndarray
    participation: np.ndarray
    ratio: np.ndarray
    frames: np.ndarray | None
    factors: np.ndarray | None

    def until(self, end: int) -> Stretches:
        """The first `end` stretches."""
        return self._replace(**{name: value[:end] for name, value in self._asdict().items() if value is not None})


class Frames:
    """A state and a frame of k tangent vectors in motion under a map; or under a flow, with an adaptive method.

    `map_` is a map (an `Adaptive` wrapper stands for its flow); `x` (size,) the state, `V` (k, size) an orthonormal frame.
    """

    def __init__(self, map_: Any, x: np.ndarray, V: np.ndarray, start: int = 0):
        self.map, self.k = map_, start
        self.adaptive = isinstance(map_, Adaptive)
        self.size = map_.flow.size if self.adaptive else map_.size
        self.x, self.V = np.array(x[: self.size], map_.dtype), np.ascontiguousarray(V, map_.dtype)
        self.dt = getattr(map_, "dt", 1.0)
        self._next = np.empty_like(self.x), np.empty_like(self.V)
        if self.adaptive:
            flow = Tangent(map_.flow, len(V))
            self._whole = map_.replace(flow=flow, bounded=True)
            self._memory = self._whole.begin(np.concatenate([self.x, self.V.ravel()]))
            self._p = self._whole.params()
        else:
            self._p = map_.params(max(1, len(V)))

    def channels(self, inputs: np.ndarray | None, steps: int) -> np.ndarray:
        """The kernels' u (step, channel) of the next steps."""
        out = np.zeros((steps, self.map.channels), self.map.dtype)
        if inputs is not None:
            out[:, : inputs.shape[1]] = inputs[:steps]
        if self.map.clocked:
            out[:, -1] = self.dt * (self.k + np.arange(steps))
        return out

    def advance(self, steps: int, inputs: np.ndarray | None = None) -> None:
        """Move on by `steps` without a factorisation: for frames of no vectors."""
        at = 0
        for count in portions(steps):
            self._stretch(self.channels(None if inputs is None else inputs[at:], count))
            self.k, at = self.k + count, at + count
        self._check_finite()

    def run(
        self,
        steps: int,
        interval: int,
        inputs: np.ndarray | None = None,
        keep: bool = False,
        tell: Callable[[int], Any] = lambda steps: None,
    ) -> Stretches:
        """Move on by `steps`, a multiple of `interval`. `keep`: return the frames before each stretch and all of R.

        Calls `tell` with numbers of steps that are done. Raises Interrupted on Ctrl-C, with what it has as `result`.
        """
        total, k = steps // interval, len(self.V)
        seen = Stretches(
            np.empty((total, k)),
            np.empty((total, self.size)),
            np.empty((total, k)),
            np.empty(total),
            np.empty((total, k, self.size)) if keep else None,
            np.empty((total, k, k)) if keep else None,
        )
        done = 0
        try:
            with explained(type(self.map).__name__):
                for count in portions(total):
                    given = None if inputs is None else inputs[done * interval :]
                    self._factored(self.channels(given, count * interval), interval, seen, slice(done, done + count))
                    self.k, done = self.k + count * interval, done + count
                    self._check_finite(seen.growth[done - count : done])
                    tell(count * interval)
        except KeyboardInterrupt:
            stopped = Interrupted(f"stopped after {done * interval} of {steps} steps; error.result holds what they gave", self.k)
            stopped.result = seen.until(done)
            raise stopped from None
        return seen.until(done)

    def _factored(self, U: np.ndarray, interval: int, seen: Stretches, rows: slice) -> None:
        """Fill the rows of `seen`, one per stretch."""
        growth, states, participation, ratio = seen.growth[rows], seen.states[rows], seen.participation[rows], seen.ratio[rows]
        if seen.frames is None and not self.adaptive and self.V.size <= _INLINE:
            _stretches(self._p, self.x, self.V, *self._next, U, interval, growth, states, participation, ratio)
            return
        for i in range(len(growth)):
            states[i] = self.x
            if seen.frames is not None:
                seen.frames[rows][i] = self.V
            self._stretch(U[i * interval : (i + 1) * interval])
            R = factor(self.V)
            diagonal = np.diagonal(R)
            with np.errstate(divide="ignore", invalid="ignore"):
                growth[i] = np.log(diagonal)
                ratio[i] = diagonal.max() / diagonal.min()
            participation[i] = 1.0 / np.sum(self.V**4, axis=1)
            if seen.factors is not None:
                seen.factors[rows][i] = R

    def _check_finite(self, growth: Any = ()) -> None:
        if np.isnan(growth).any() or not np.isfinite(self.x).all():
            got = f"a state or frame that is not finite by step {self.k}"
            _check.fail("system", got, "a bounded orbit", "Check the orbit by simulate; shorten dt.", ArithmeticError)

    def _stretch(self, U: np.ndarray) -> None:
        if not self.adaptive:
            _carry(self._p, self.x, self.V, *self._next, U)
            return
        n, m = self.size, self.size + self.V.size
        for u in U:
            before = self._memory
            before[n:m] = self.V.ravel()
            before[m + 4 + m : m + 4 + 2 * m] = before[:m]  # the solver's front: it goes on from the new frame
            after = np.empty_like(before)
            _one(self._p, before, u, after)
            self._memory = after
            self.V[...] = after[n:m].reshape(self.V.shape)
        self.x[...] = self._memory[:n]


def portions(total: int) -> Iterator[int]:
    """Numbers that add up to `total`, so that what is done with each takes a fraction of a second: then Ctrl-C is heard."""
    count = 1
    while total > 0:
        began = time.perf_counter()
        yield min(count, total)
        total, count = total - min(count, total), 2 * count if time.perf_counter() - began < _PORTION else count


def factor(V: np.ndarray) -> np.ndarray:
    """Make the rows of V (k, size) orthonormal and return R (k, k), with a positive diagonal: ``V^T = Q R``."""
    Q, R = scipy.linalg.qr(V.T, mode="economic", overwrite_a=True, check_finite=False)
    sign = np.where(np.diagonal(R) < 0, -1.0, 1.0)
    np.multiply(Q.T, sign[:, None], out=V)
    return R * sign[:, None]


@jit
def _one(p, x, u, out):
    step(p, x, u, out)


@jit
def _carry(p, x, V, y, W, U):
    """Move the state and its tangent vectors over the rows of U."""
    p, x, V, y, W, U = borrowed(p), borrowed(x), borrowed(V), borrowed(y), borrowed(W), borrowed(U)
    for row in range(U.shape[0]):
        _move(p, x, V, y, W, U[row])


@inlined
def _move(p, x, V, y, W, u):
    pushforward(p, u[u.size - 1] if u.size else 0.0, x, u, V, y, W)
    copy(y, x)
    copy(W.reshape(W.size), V.reshape(V.size))


@jit
def _stretches(p, x, V, y, W, U, interval, growth, states, participation, ratio):
    """`_carry` and factorisation in turns."""
    p, x, V, y, W, U = borrowed(p), borrowed(x), borrowed(V), borrowed(y), borrowed(W), borrowed(U)
    for i in range(growth.shape[0]):
        copy(x, states[i])
        for row in range(i * interval, (i + 1) * interval):
            _move(p, x, V, y, W, U[row])
        ratio[i] = _orthonormalise(V, growth[i])
        for j in range(V.shape[0]):
            total = 0.0
            for r in range(V.shape[1]):
                total += V[j, r] ** 4
            participation[i, j] = 1.0 / total


@inlined(fastmath={"contract", "reassoc"})
def _dot(a, b):
    total = 0.0
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@jit
def _orthonormalise(V, growth):
    """Gram-Schmidt, each row twice; the logarithms of the diagonal of R, and the ratio of its extremes."""
    k, n = V.shape
    low, high = math.inf, 0.0
    for j in range(k):
        v = V[j]
        for _ in range(2):
            for i in range(j):
                q = V[i]
                dot = _dot(q, v)
                for r in range(n):
                    v[r] -= dot * q[r]
        norm = math.sqrt(_dot(v, v))
        if norm > 0:  # a direction that the map sends to nothing stays there
            for r in range(n):
                v[r] /= norm
        growth[j] = math.log(norm)
        low, high = min(low, norm), max(high, norm)
    return high / low
