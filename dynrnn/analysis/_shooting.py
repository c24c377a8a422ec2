"""Where a flow leads in a given time, and the derivative of that by the start: what limit cycles are found with."""

from __future__ import annotations

from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn._jit import explained, jit
from dynrnn._math import copy
from dynrnn.analysis._local import Local
from dynrnn.integrate import METHODS
from dynrnn.system import System, pushforward

__all__ = ["METHOD", "lead", "refuse_delays"]

METHOD = "dop853"
_TABLEAU: Any = METHODS[METHOD]
_A = np.ascontiguousarray(_TABLEAU.A[: _TABLEAU.b.size, : _TABLEAU.b.size])
_B = np.array(_TABLEAU.b)


def lead(local: Local, x: np.ndarray, T: float, steps: int, tangent: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """The states (step + 1, size) of a flow from x over the time T, and the derivative (size, size) of the last by the first.

    By Dormand and Prince's method of order eight in equal steps, whose exact derivative it is; (size, 0) without `tangent`.
    """
    path, V = np.empty((steps + 1, local.size)), np.eye(local.size if tangent else 0, local.size)
    path[0] = x
    with explained(type(local.system).__name__):
        _lead(local._p, _A, _B, T / steps, local.u, path, V)
    return path, V.T


def refuse_delays(flow: System) -> None:
    """A flow with delays is led by its past, not by one state."""
    if flow.delays:
        remedy = "What its cycles are like show poincare_section(flow, …) and orbit_diagram(flow, …)."
        _check.fail("flow", f"{type(flow).__name__}, a flow with delays", "a flow without", remedy)


@jit
def _lead(p, A, b, h, u, path, V):
    """Fill the rows of `path` from its first one on, step by step, and lead the tangent vectors in the rows of V along."""
    n, stages = path.shape[1], b.size
    k, K, z, Z = np.empty((stages, n)), np.empty((stages, *V.shape)), np.empty(n), np.empty_like(V)
    v, zv = V.reshape(V.size), Z.reshape(V.size)
    for row in range(path.shape[0] - 1):
        x, y = path[row], path[row + 1]
        for i in range(stages):
            copy(x, z)
            copy(v, zv)
            for j in range(i):
                if A[i, j] != 0:
                    _add(h * A[i, j], k[j], z)
                    _add(h * A[i, j], K[j].reshape(V.size), zv)
            pushforward(p, 0.0, z, u, Z, k[i], K[i])
        copy(x, y)
        for i in range(stages):
            _add(h * b[i], k[i], y)
            _add(h * b[i], K[i].reshape(V.size), v)


@jit
def _add(c, x, out):
    for q in range(out.size):
        out[q] += c * x[q]
