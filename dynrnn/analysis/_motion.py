"""A system as a map in motion from many states, with inputs held: what basins and all that follows from them run on."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from dynrnn import _check, _units
from dynrnn._jit import explained, jit
from dynrnn._llvm import borrowed
from dynrnn._math import copy
from dynrnn.analysis._local import CHANCE, held, refuse_memory
from dynrnn.integrate import sampled
from dynrnn.system import System, step

__all__ = ["ESCAPE", "Motion"]

ESCAPE = 1e6  # times the largest number among the starts: an orbit that comes so far does not return
_PER_THREAD = 64  # orbits below which another thread is not worth its start
_PARTS = 256  # of the orbits at most: between them there are progress and Ctrl-C


class Motion:
    """A map, or a flow seen every dt, whose state may carry the memory of a method behind its first `size` numbers.

    Parameters
    ----------
    system : a map or a flow, without noise.
    inputs : (input,), held; zeros by default.
    dt, method : of a flow, as for `simulate`.
    threads : at most; one per core by default.
    """

    def __init__(self, system: Any, inputs: Any = None, dt: Any = None, method: Any = None, threads: int | None = None):
        if not isinstance(system, System):
            _check.fail("system", type(system).__name__, "a dynrnn System", error=TypeError)
        refuse_memory(system)
        if system.noises or (system.is_flow and system.stochastic):
            remedy = "Set its noise to zero: basins belong to the map or flow without it."
            remedy = CHANCE if any(noise.law == "uniform" for noise in system.noises) else remedy
            _check.fail("system", f"{type(system).__name__} with noise", "a deterministic system", remedy)
        if system.is_flow:
            self.map: System = sampled(system, method, None if dt is None else _units.seconds("dt", dt))[0]
        elif dt is not None or method is not None:
            _check.fail("dt, method", "a value", "neither for a map", "A map has steps.")
        else:
            self.map = system
        self.system, self.size, self.dt = system, system.size, float(getattr(self.map, "dt", 1.0))
        self.held = held(system, inputs).astype(system.dtype)
        self.threads = _check.integer("threads", threads if threads is not None else _cores(), 1)
        self.tick = self.dt if self.map.clocked else 0.0
        self.tell: Callable[[int], Any] = lambda count: None  # called with the number of starts that are done

    def begin(self, X: np.ndarray) -> np.ndarray:
        """The whole states of the map, a new array, that start at the system's states X (start, size)."""
        return np.array(self.map.begin(np.asarray(X, self.map.dtype)), self.map.dtype, order="C")

    def channels(self) -> np.ndarray:
        """A new array of the kernels' u: inputs held, the clock last."""
        u = np.zeros(self.map.channels, self.map.dtype)
        u[: self.held.size] = self.held
        return u

    def advance(self, whole: np.ndarray, skip: int, rows: int = 0, first: int = 0, tell: bool = False) -> np.ndarray:
        """Move whole states (start, …) on in place, by `skip` steps and then by `rows`, which are returned (start, row, size)."""
        Y = np.empty((len(whole), rows, self.size))

        def work(p: Any, part: slice) -> None:
            X = whole[part]
            _advance(p, X, np.empty_like(X[0]), self.channels(), self.tick, first, skip, Y[part])

        self.spread(work, len(whole), tell)
        return Y

    def spread(self, work: Callable[[Any, slice], None], count: int, tell: bool = True) -> None:
        """Call ``work(params, part)`` for parts of 0 … count - 1, on threads. Ctrl-C lets those that run end."""
        parts = np.array_split(np.arange(count), min(_PARTS, max(1, count // _PER_THREAD)))
        slices = [slice(part[0], part[-1] + 1) for part in parts if part.size]

        @explained(type(self.system).__name__)
        def one(part: slice) -> None:
            work(self.map.params(), part)

        pool = ThreadPoolExecutor(self.threads) if len(slices) > 1 and self.threads > 1 else None
        try:
            for part, _ in zip(slices, pool.map(one, slices) if pool else map(one, slices), strict=True):
                if tell:
                    self.tell(part.stop - part.start)
        finally:
            if pool:
                pool.shutdown(cancel_futures=True)


def far(X: np.ndarray) -> float:
    """How far from zero an orbit counts as lost, where all starts are X."""
    return ESCAPE * max(1.0, float(np.abs(X).max(initial=0.0)))


@jit
def _advance(p, X, spare, u, tick, first, skip, Y):
    p, X, spare, u, Y = borrowed(p), borrowed(X), borrowed(spare), borrowed(u), borrowed(Y)
    for i in range(X.shape[0]):
        x = X[i]
        for k in range(skip + Y.shape[1]):
            if tick > 0:
                u[u.size - 1] = (first + k) * tick
            step(p, x, u, spare)
            copy(spare, x)
            if k >= skip:
                for j in range(Y.shape[2]):
                    Y[i, k - skip, j] = x[j]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
