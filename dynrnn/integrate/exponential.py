"""Exponential methods for semilinear flows ``dx/dt = L x + N(t, x)``: the linear part is taken exactly.

They rest on the functions ``phi_0(z) = exp(z)``, ``phi_k(z) = (phi_{k-1}(z) - 1/(k-1)!) / z`` of the matrix ``h L``, computed
before the run. `System.linear` gives L, or its diagonal, and the kernel `remainder` gives N.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn._jit import by_dimension, kernel
from dynrnn.couplings.dense import add_rows
from dynrnn.integrate.method import Method, channels_at, clock, inlined
from dynrnn.system import remainder

__all__ = ["EXPONENTIAL", "phi"]


def phi(order: int, Z: np.ndarray) -> list[np.ndarray]:
    """``phi_0(Z), ..., phi_order(Z)`` of a matrix, or of the diagonal of one.

    >>> [float(f[0].round(6)) for f in phi(2, np.array([1.0]))]
    [2.718282, 1.718282, 0.718282]
    """
    import scipy.linalg

    if Z.ndim == 2 and np.array_equal(Z, Z.T):
        values, vectors = np.linalg.eigh(Z)
        return [(vectors * f) @ vectors.T for f in phi(order, values)]
    blocks = Z[:, None, None] if Z.ndim == 1 else Z[None]
    n, out = blocks.shape[1], []
    for block in blocks:  # the first row of exp of [[Z, 1, 0], [0, 0, 1], [0, 0, 0]] is phi_0, phi_1, phi_2
        big = np.zeros(((order + 1) * n, (order + 1) * n))
        big[:n, :n] = block
        big[: order * n, n:] += np.eye(order * n)
        out.append(scipy.linalg.expm(big)[:n].reshape(n, order + 1, n).swapaxes(0, 1))
    return list(out[0]) if Z.ndim == 2 else list(np.stack(out, axis=1)[:, :, 0, 0])


def _add_diagonal(T, x, out):
    for i in range(x.size):
        out[i] += T[i] * x[i]


_add = by_dimension(0, _add_diagonal, lambda T, x, out: add_rows(T, x, out))  # out += T x; matrices are stored transposed


@inlined
def _remainder_at(p, s, x, u, out):
    remainder(p.flow, clock(u) + s * p.dt, x, channels_at(p, s, u), out)


class Exponential(Method):
    """Base: needs `linear` and `remainder` of the flow."""

    rows = 4

    def check(self, flow):
        super().check(flow)
        if flow.linear is None or kernel(type(flow), "remainder") is None:
            remedy = "Give it a property `linear` and a kernel `remainder`, or take rodas3."
            _check.fail("method", self.name, "a flow with a linear part", remedy)

    def matrices(self, flow, dt):
        tables = self.tables(dt * np.asarray(flow.linear, float), dt)
        return np.ascontiguousarray(np.moveaxis(tables, 1, -1) if tables.ndim == 3 else tables)

    def tables(self, Z: np.ndarray, h: float) -> np.ndarray:
        """The matrices (or diagonals) of the scheme, stacked, for ``Z = h L``."""
        raise NotImplementedError


class ExponentialEuler(Exponential):
    """``x' = exp(hL) x + h phi_1(hL) N(x)``: order 1, exact where N is constant over a step."""

    name: str = "exponential_euler"
    order: float = 1.0

    def tables(self, Z: Any, h: float) -> np.ndarray:
        E, phi_1 = phi(1, Z)
        return np.stack([E, h * phi_1])

    def advance(m, p, x, u, out):
        E, F, N = p.matrices[0], p.matrices[1], p.k[0, : x.size]  # work arrays may have room for many columns
        _remainder_at(p, 0.0, x, u, N)
        out[:] = 0
        _add(E, x, out)
        _add(F, N, out)


class ETDRK4(Exponential):
    """Fourth order. Source: Cox and Matthews, J. Comput. Phys. 176 (2002) 430, equations 26-29."""

    name: str = "etdrk4"
    order: float = 4.0

    def tables(self, Z: Any, h: float) -> np.ndarray:
        half, first = phi(1, Z / 2)
        E, phi_1, phi_2, phi_3 = phi(3, Z)
        weights = (phi_1 - 3 * phi_2 + 4 * phi_3, 2 * phi_2 - 4 * phi_3, 4 * phi_3 - phi_2)
        return np.stack([E, half, h / 2 * first, *(h * w for w in weights)])

    def advance(m, p, x, u, out):
        T, k, z, n = p.matrices, p.k, p.z, x.size
        E, half, Q, f1, f2, f3 = T[0], T[1], T[2], T[3], T[4], T[5]
        N, Na, Nb, Nc = k[0, :n], k[1, :n], k[2, :n], k[3, :n]  # work arrays may have room for many columns
        a, b, c, push = z[0, :n], z[1, :n], z[2, :n], z[3, :n]
        _remainder_at(p, 0.0, x, u, N)
        a[:] = 0
        _add(half, x, a)
        for i in range(x.size):
            b[i] = a[i]
        _add(Q, N, a)
        _remainder_at(p, 0.5, a, u, Na)
        _add(Q, Na, b)
        _remainder_at(p, 0.5, b, u, Nb)
        c[:] = 0
        _add(half, a, c)
        for i in range(x.size):
            push[i] = 2.0 * Nb[i] - N[i]
        _add(Q, push, c)
        _remainder_at(p, 1.0, c, u, Nc)
        for i in range(x.size):
            push[i] = Na[i] + Nb[i]
        out[:] = 0
        _add(E, x, out)
        _add(f1, N, out)
        _add(f2, push, out)
        _add(f3, Nc, out)


EXPONENTIAL = (ExponentialEuler(), ETDRK4())
