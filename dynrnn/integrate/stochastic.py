"""Methods for stochastic flows ``dx_i = f_i dt + g_i dW_i``, with one independent Wiener process per state variable.

The increments are ``dW = sqrt(h) z`` with standard normal z, which the face draws from the trial's own stream. Source:
Kloeden and Platen, Numerical Solution of Stochastic Differential Equations (1992), chapters 9-12.
"""

from __future__ import annotations

import math

from dynrnn import _check
from dynrnn._jit import by_dimension, kernel
from dynrnn.integrate.method import Method, channels_at, clock, derivative_at, flat, inlined, like
from dynrnn.system import diffusion, diffusion_columns

__all__ = ["STOCHASTIC"]

_diffusion = by_dimension(
    2, lambda p, t, x, u, out: diffusion(p, t, x, u, out), lambda p, t, x, u, out: diffusion_columns(p, t, x, u, out)
)


def _draws_of_vector(u, size, q):
    end = u.size - 1 - q * size
    return u[end - size : end]


def _draws_of_matrix(u, size, q):
    end = u.shape[0] - 1 - q * size
    return u[end - size : end].reshape(size * u.shape[1])


_draws = by_dimension(0, _draws_of_vector, _draws_of_matrix)  # the q-th standard normal number of each state variable


@inlined
def amplitude_at(p, s, x, u, out):
    """The flow's noise amplitudes in state x at the fraction s of the row, into a flat array."""
    _diffusion(p.flow, clock(u) + s * p.dt, x, channels_at(p, s, u), like(out, x))


class Stochastic(Method):
    """Base: needs a flow with a `diffusion`."""

    normals = 1
    native = True

    def check(self, flow):
        if kernel(type(flow), "diffusion") is None:
            _check.fail("method", self.name, "a flow with a diffusion", f"{type(flow).__name__} has no noise: take rk4 or tsit5.")


class EulerMaruyama(Stochastic):
    """``x' = x + h f + g dW``: Ito, strong order 1/2 (1 where g is constant), weak order 1."""

    name: str = "euler_maruyama"
    order: float = 0.5

    def advance(m, p, x, u, out):
        h, f, g, z, now, following = p.dt, p.k[0], p.k[1], _draws(u, x.shape[0], 0), flat(x), flat(out)
        derivative_at(p, 0.0, x, u, f)
        amplitude_at(p, 0.0, x, u, g)
        root = math.sqrt(h)
        for n in range(now.size):
            following[n] = now[n] + h * f[n] + g[n] * (root * z[n])


class Milstein(Stochastic):
    """``x' = x + h f + g dW + g g' (dW^2 - h) / 2`` with g' by a difference: Ito, strong order 1; g_i may depend on x_i only."""

    name: str = "milstein"
    order: float = 1.0
    rows = 3

    def advance(m, p, x, u, out):
        h, f, g, moved, now, following = p.dt, p.k[0], p.k[1], p.k[2], flat(x), flat(out)
        z, support = _draws(u, x.shape[0], 0), p.z[0]
        derivative_at(p, 0.0, x, u, f)
        amplitude_at(p, 0.0, x, u, g)
        root = math.sqrt(h)
        for n in range(now.size):
            support[n] = now[n] + h * f[n] + root * g[n]
        amplitude_at(p, 0.0, like(support, x), u, moved)
        for n in range(now.size):
            dW = root * z[n]
            following[n] = now[n] + h * f[n] + g[n] * dW + (moved[n] - g[n]) / root * 0.5 * (dW * dW - h)


class StochasticHeun(Stochastic):
    """Trapezoidal rule for drift and noise: Stratonovich, strong order 1/2 in general and 1 for diagonal noise."""

    name: str = "stochastic_heun"
    order: float = 1.0
    rows = 4

    def advance(m, p, x, u, out):
        h, f, g, f2, g2, now, following = p.dt, p.k[0], p.k[1], p.k[2], p.k[3], flat(x), flat(out)
        z, guess = _draws(u, x.shape[0], 0), p.z[0]
        derivative_at(p, 0.0, x, u, f)
        amplitude_at(p, 0.0, x, u, g)
        root = math.sqrt(h)
        for n in range(now.size):
            guess[n] = now[n] + h * f[n] + g[n] * (root * z[n])
        derivative_at(p, 1.0, like(guess, x), u, f2)
        amplitude_at(p, 1.0, like(guess, x), u, g2)
        for n in range(now.size):
            following[n] = now[n] + 0.5 * h * (f[n] + f2[n]) + 0.5 * (g[n] + g2[n]) * (root * z[n])


class SRA1(Stochastic):
    """Stochastic Runge-Kutta for additive noise: strong order 1.5. Source: Rößler, SIAM J. Numer. Anal. 48 (2010) 922.

    Uses dW and ``I_10 = int_0^h W ds = h (dW + sqrt(h) z2 / sqrt(3)) / 2``. The amplitude must not depend on the state.
    """

    name: str = "sra1"
    order: float = 1.5
    normals = 2
    rows = 4

    def advance(m, p, x, u, out):
        h, f, g, f2, g2, now, following = p.dt, p.k[0], p.k[1], p.k[2], p.k[3], flat(x), flat(out)
        z2, z1, stage = _draws(u, x.shape[0], 0), _draws(u, x.shape[0], 1), p.z[0]
        derivative_at(p, 0.0, x, u, f)
        amplitude_at(p, 0.0, x, u, g)
        amplitude_at(p, 1.0, x, u, g2)
        root = math.sqrt(h)
        for n in range(now.size):
            mean = 0.5 * root * (z1[n] + z2[n] / math.sqrt(3.0))  # I_10 / h
            stage[n] = now[n] + 0.75 * h * f[n] + 1.5 * g2[n] * mean
        derivative_at(p, 0.75, like(stage, x), u, f2)
        for n in range(now.size):
            dW = root * z1[n]
            mean = 0.5 * root * (z1[n] + z2[n] / math.sqrt(3.0))
            noise = g2[n] * (dW - mean) + g[n] * mean
            following[n] = now[n] + h * (f[n] + 2.0 * f2[n]) / 3.0 + noise


STOCHASTIC = (EulerMaruyama(), Milstein(), StochasticHeun(), SRA1())
