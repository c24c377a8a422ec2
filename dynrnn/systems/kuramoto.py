"""Kuramoto's phase oscillators (1975): all-to-all through the mean field, or on any graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn._jit import inlined
from dynrnn.couplings import Coupling, LowRank, coupling
from dynrnn.couplings.base import multiply, outer, transposed
from dynrnn.system import System


@inlined
def _products(W, rows, out):
    """W times both rows."""
    out[:] = 0.0
    for k in range(2):  # as a loop, so that the product is compiled into it once
        multiply(W, rows[k], out[k])


@inlined
def _field(p, x):
    """Sine and cosine of the phases, and the fields ``S = W s`` and ``C = W c`` that the oscillators feel."""
    wave, field = p.wave, p.field
    for i in range(x.size):
        wave[0, i], wave[1, i] = np.sin(x[i]), np.cos(x[i])
    _products(p.W, wave, field)
    return wave[0], wave[1], field[0], field[1]


class Kuramoto(System):
    """Coupled phase oscillators:

        theta_i' = omega_i + K sum_j W_ij sin(theta_j - theta_i).

    The sine is taken apart, ``sin θ_j cos θ_i - cos θ_j sin θ_i``, so that a step costs two products with W; all-to-all,
    where ``W_ij = 1/n`` has rank one, these are the mean field, and a step costs O(n).

    Parameters
    ----------
    omega : (unit,), natural frequencies, rad/s.
    K : coupling strength, 1/s. All-to-all and for n without end, oscillators lock from ``K = 2 / (π g(0))`` on, where g
        is the density of the frequencies, unimodal and symmetric about 0; for Lorentz's of half-width γ that is 2 γ.
    W : (unit, unit), array, SciPy sparse or Coupling, ``W[to, from]``. None for all-to-all.

    State: phases theta (unit,), rad, not wrapped; all 0 unless told otherwise.

    Raises TypeError or ValueError where shapes do not fit.

    Source: Y. Kuramoto, Lecture Notes in Physics 39 (1975) 420; S. H. Strogatz, Physica D 143 (2000) 1.

    >>> from dynrnn.systems.kuramoto import Kuramoto
    >>> Kuramoto([1.0, 1.2, 0.9], K=0.5).W
    LowRank(3 x 3, float64)
    >>> float(abs(Kuramoto.order_parameter([0.0, 0.0, 3.141592653589793])))
    0.333
    """

    omega: np.ndarray
    K: float
    W: Coupling

    scratch_names = ("wave", "field", "change")
    trainable = ("omega", "K", "W")

    def __init__(self, omega: Any, K: float = 1.0, W: Any = None):
        omega = _check.array("omega", omega, ndim=1)
        n = omega.size
        if n == 0:
            _check.fail("omega", "no values", "a natural frequency per oscillator")
        mean = LowRank.of(np.full((n, 1), 1 / n), np.ones((n, 1)))
        super().__init__(omega, K, mean if W is None else coupling(W, shape=(n, n), dtype=np.float64))

    @staticmethod
    def order_parameter(theta: Any) -> Any:
        """``r exp(i psi) = (1/n) sum_j exp(i theta_j)``, over the last axis of the phases: r is 1 in synchrony."""
        return np.exp(1j * np.asarray(theta)).mean(axis=-1)

    @property
    def units(self):
        return self.omega.size

    def scratch(self, columns=1):
        return {name: np.zeros((2, self.units)) for name in self.scratch_names}

    # -------------------------------------------------------------------------------------------------- kernels

    def drift(p, t, x, u, out):
        s, c, S, C = _field(p, x)
        omega, K = p.omega, p.K
        for i in range(x.size):
            out[i] = omega[i] + K * (c[i] * S[i] - s[i] * C[i])

    def jvp(p, x, u, v, out):
        s, c, S, C = _field(p, x)
        K, change = p.K, p.change
        for i in range(x.size):
            out[i] = -K * (s[i] * S[i] + c[i] * C[i]) * v[i]
            change[0, i], change[1, i] = c[i] * v[i], -s[i] * v[i]
        _products(p.W, change, p.field)
        for i in range(x.size):
            out[i] += K * (c[i] * S[i] - s[i] * C[i])

    def jvp_u(p, x, u, w, out):
        out[:] = 0.0

    def vjp(p, x, u, g, gx, gu, gp):
        s, c, S, C = _field(p, x)
        K, change = p.K, p.change
        for i in range(x.size):
            gx[i] -= K * (s[i] * S[i] + c[i] * C[i]) * g[i]
            gp.omega[i] += g[i]
            gp.K[0] += (c[i] * S[i] - s[i] * C[i]) * g[i]
            change[0, i], change[1, i] = K * c[i] * g[i], -K * s[i] * g[i]
        p.field[:] = 0.0
        for k in range(2):
            outer(p.W, change[k], p.wave[k], gp.W)
            transposed(p.W, change[k], p.field[k])
        for i in range(x.size):
            gx[i] += c[i] * S[i] - s[i] * C[i]
