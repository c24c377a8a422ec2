"""Tangent vectors carried along an orbit and kept orthonormal: what all Lyapunov quantities are made of.

After each stretch of `interval` steps the frame V (size, k) is factored, ``V = Q R``: Q is carried on, and the logarithms of
the diagonal of R are the growth of k-volumes over that stretch (Benettin et al. 1980; Shimada and Nagashima 1979).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg

from dynrnn import _check
from dynrnn._jit import explained, inlined, jit
from dynrnn._llvm import borrowed
from dynrnn._math import copy
from dynrnn.integrate import Adaptive
from dynrnn.integrate.tangent import Tangent
from dynrnn.system import step, tangents

__all__ = ["Frames", "Stretches", "factor"]

_INLINE = 256  # numbers in a frame up to which the factorisation in compiled code beats a call of LAPACK


class Stretches(NamedTuple):
    """What a run of frames leaves: growth (stretch, k), states before each stretch, the mean over them of 1 / sum_i q_i^4 of
    each vector of the frame; and where asked for, the frames (stretch, size, k) and the factors R."""

    growth: np.ndarray
    states: np.ndarray
    participation: np.ndarray
    condition: float
    frames: np.ndarray | None
    factors: np.ndarray | None


class Frames:
    """A state and a frame of k tangent vectors in motion under a map; or under a flow, with an adaptive method.

    `map_` is a map (an `Adaptive` wrapper stands for its flow); `x` (size,) the state, `Q` (size, k) an orthonormal frame.
    """

    def __init__(self, map_: Any, x: np.ndarray, Q: np.ndarray, start: int = 0):
        self.map, self.k = map_, start
        self.adaptive = isinstance(map_, Adaptive)
        self.size = map_.flow.size if self.adaptive else map_.size
        self.x, self.Q = np.array(x[: self.size], float), np.ascontiguousarray(Q, float)
        self.dt = getattr(map_, "dt", 1.0)
        self._other = np.empty_like(self.Q)
        self._spare = np.empty_like(self.x)
        if self.adaptive:
            flow = Tangent(map_.flow, Q.shape[1])
            self._whole = map_.replace(flow=flow, bounded=True)
            self._memory = self._whole.begin(np.concatenate([self.x, self.Q.ravel()]))
            self._p = self._whole.params()
        else:
            self._p = map_.params(Q.shape[1])

    def channels(self, inputs: np.ndarray | None, steps: int) -> np.ndarray:
        """The kernels' u (step, channel) of the next steps."""
        out = np.zeros((steps, self.map.channels), self.map.dtype)
        if inputs is not None:
            out[:, : inputs.shape[1]] = inputs[:steps]
        if self.map.clocked:
            out[:, -1] = self.dt * (self.k + np.arange(steps))
        return out

    def run(self, steps: int, interval: int, inputs: np.ndarray | None = None, keep: bool = False) -> Stretches:
        """Move on by `steps`, a multiple of `interval`. `keep`: return the frames before each stretch and all of R."""
        stretches, k = steps // interval, self.Q.shape[1]
        growth, states = np.empty((stretches, k)), np.empty((stretches, self.size))
        frames = np.empty((stretches, self.size, k)) if keep else None
        factors = np.empty((stretches, k, k)) if keep else None
        U, worst, shares = self.channels(inputs, steps), 1.0, np.zeros(k)
        with explained(type(self.map).__name__):
            if not keep and not self.adaptive and self.Q.size <= _INLINE:
                worst = _stretches(self._p, self.x, self._spare, self.Q, self._other, U, interval, growth, states, shares)
            else:
                for i in range(stretches):
                    states[i] = self.x
                    if frames is not None:
                        frames[i] = self.Q
                    self._stretch(U[i * interval : (i + 1) * interval])
                    R = factor(self.Q)
                    diagonal = np.abs(np.diagonal(R))
                    with np.errstate(divide="ignore"):
                        growth[i] = np.log(diagonal)
                        worst = max(worst, float(diagonal.max() / diagonal.min()))
                    shares += 1.0 / np.sum(self.Q**4, axis=0)
                    if factors is not None:
                        factors[i] = R
        self.k += steps
        if np.isnan(growth).any() or not np.isfinite(self.x).all():
            bad = int(np.argmax(np.isnan(growth).any(axis=1)))
            got = f"a state or frame that is not finite after {bad * interval} of {steps} steps"
            _check.fail("system", got, "a bounded orbit", "Check the orbit by simulate; shorten dt.", ArithmeticError)
        return Stretches(growth, states, shares / stretches, worst, frames, factors)

    def _stretch(self, U: np.ndarray) -> None:
        if not self.adaptive:
            _carry(self._p, self.x, self._spare, self.Q, self._other, U)
            return
        n, m = self.size, self.size + self.Q.size
        for u in U:
            before = self._memory
            before[n:m] = self.Q.ravel()
            before[m + 4 + m : m + 4 + 2 * m] = before[:m]  # the solver's front: it goes on from the new frame
            after = np.empty_like(before)
            _one(self._p, before, u, after)
            self._memory = after
            self.Q[...] = after[n:m].reshape(self.Q.shape)
        self.x[...] = self._memory[:n]


def factor(V: np.ndarray) -> np.ndarray:
    """Overwrite V (size, k) with an orthonormal Q and return R, with a positive diagonal."""
    Q, R = scipy.linalg.qr(V, mode="economic", overwrite_a=True, check_finite=False)
    sign = np.where(np.diagonal(R) < 0, -1.0, 1.0)
    V[...] = Q * sign
    return R * sign[:, None]


@jit
def _one(p, x, u, out):
    step(p, x, u, out)


@jit
def _carry(p, x, y, V, W, U):
    """Move the state and its tangent vectors over the rows of U."""
    p, x, y, V, W, U = borrowed(p), borrowed(x), borrowed(y), borrowed(V), borrowed(W), borrowed(U)
    for row in range(U.shape[0]):
        _move(p, x, y, V, W, U[row])


@inlined
def _move(p, x, y, V, W, u):
    t = u[u.size - 1] if u.size else 0.0
    tangents(p, t, x, u, V, W)
    step(p, x, u, y)
    copy(y, x)
    copy(W.reshape(W.size), V.reshape(V.size))


@jit
def _stretches(p, x, y, V, W, U, interval, growth, states, shares):
    """`_carry` and factorisation in turns; the largest ratio of the diagonal of R. Participation is added to `shares`."""
    p, x, y, V, W, U = borrowed(p), borrowed(x), borrowed(y), borrowed(V), borrowed(W), borrowed(U)
    worst = 1.0
    for i in range(growth.shape[0]):
        copy(x, states[i])
        for row in range(i * interval, (i + 1) * interval):
            _move(p, x, y, V, W, U[row])
        worst = max(worst, _orthonormalise(V, growth[i]))
        for j in range(V.shape[1]):
            total = 0.0
            for r in range(V.shape[0]):
                total += V[r, j] ** 4
            shares[j] += 1.0 / total
    return worst


@jit
def _orthonormalise(V, growth):
    """Gram-Schmidt, each column twice; the logarithms of the diagonal of R, and the ratio of its extremes."""
    n, k = V.shape
    low, high = math.inf, 0.0
    for j in range(k):
        for _ in range(2):
            for i in range(j):
                dot = 0.0
                for r in range(n):
                    dot += V[r, i] * V[r, j]
                for r in range(n):
                    V[r, j] -= dot * V[r, i]
        norm = 0.0
        for r in range(n):
            norm += V[r, j] * V[r, j]
        norm = math.sqrt(norm)
        if norm > 0:  # a direction that the map sends to nothing stays there
            for r in range(n):
                V[r, j] /= norm
        growth[j] = math.log(norm)
        low, high = min(low, norm), max(high, norm)
    return high / low
