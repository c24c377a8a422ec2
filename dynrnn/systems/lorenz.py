"""Lorenz's two standard models of chaos: convection in three variables (1963), the atmosphere on a circle (1996)."""

from __future__ import annotations

import numpy as np

from dynrnn import _check
from dynrnn.system import System


class Lorenz63(System):
    """Convection in a layer of fluid:

        x' = sigma (y - x),   y' = x (rho - z) - y,   z' = x y - beta z.

    Parameters
    ----------
    sigma, rho, beta : Prandtl number, reduced Rayleigh number and aspect factor. The defaults are chaotic, with the largest
        Lyapunov exponent 0.9056 per time unit.

    State: x, y, z, without a unit, and so is the time; it starts at (1, 1, 1), as 0 is a fixed point. The divergence is
    -(sigma + 1 + beta) everywhere. For rho > 1 there are two more fixed points, (±s, ±s, rho - 1) with
    ``s = sqrt(beta (rho - 1))``.

    Source: E. N. Lorenz, Journal of the Atmospheric Sciences 20 (1963) 130.

    >>> from dynrnn.system import jacobian
    >>> from dynrnn.systems.lorenz import Lorenz63
    >>> jacobian(Lorenz63(), [0, 0, 0]).tolist()[:2]
    [[-10.0, 10.0, 0.0], [28.0, -1.0, 0.0]]
    """

    sigma: float = 10.0
    rho: float = 28.0
    beta: float = 8 / 3

    units = ("x", "y", "z")
    time_unit = "time unit"
    trainable = ("sigma", "rho", "beta")

    def initial(self):
        return np.ones(3)

    def drift(p, t, x, u, out):
        out[0] = p.sigma * (x[1] - x[0])
        out[1] = x[0] * (p.rho - x[2]) - x[1]
        out[2] = x[0] * x[1] - p.beta * x[2]

    def jvp(p, x, u, v, out):
        out[0] = p.sigma * (v[1] - v[0])
        out[1] = v[0] * (p.rho - x[2]) - x[0] * v[2] - v[1]
        out[2] = v[0] * x[1] + x[0] * v[1] - p.beta * v[2]

    def jvp_u(p, x, u, w, out):
        out[:] = 0.0

    def vjp(p, x, u, g, gx, gu, gp):
        gx[0] += -p.sigma * g[0] + (p.rho - x[2]) * g[1] + x[1] * g[2]
        gx[1] += p.sigma * g[0] - g[1] + x[0] * g[2]
        gx[2] += -x[0] * g[1] - p.beta * g[2]
        gp.sigma[0] += (x[1] - x[0]) * g[0]
        gp.rho[0] += x[0] * g[1]
        gp.beta[0] -= x[2] * g[2]


class Lorenz96(System):
    """A quantity on a circle of n sites that is carried along, damped and forced:

        x_i' = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + F,   indices modulo n.

    Parameters
    ----------
    n : number of sites, at least 4.
    F : forcing. ``x_i = F`` is a fixed point, stable for -1/2 < F < 8/9; F = 8 is chaotic, with the largest Lyapunov
        exponent near 1.67 for n = 40.

    State: x (n,); one time unit stands for 5 days. It starts at F everywhere, but for 0.01 more at site 0.

    Source: E. N. Lorenz, "Predictability: a problem partly solved", ECMWF Seminar on Predictability (1996).

    >>> from dynrnn.system import jacobian
    >>> from dynrnn.systems.lorenz import Lorenz96
    >>> jacobian(Lorenz96(n=4, F=2), [2, 2, 2, 2])[0].tolist()
    [-1.0, 2.0, -2.0, 0.0]
    """

    n: int = 40
    F: float = 8.0

    time_unit = "time unit"
    trainable = ("F",)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _check.integer("Lorenz96.n", self.n, 4)

    @property
    def units(self):
        return self.n

    def initial(self):
        x = np.full(self.n, self.F)
        x[0] += 0.01
        return x

    def drift(p, t, x, u, out):
        n, F = x.size, p.F
        for i in range(n):
            out[i] = (x[(i + 1) % n] - x[i - 2]) * x[i - 1] - x[i] + F

    def jvp(p, x, u, v, out):
        n = x.size
        for i in range(n):
            after = (i + 1) % n
            out[i] = (v[after] - v[i - 2]) * x[i - 1] + (x[after] - x[i - 2]) * v[i - 1] - v[i]

    def jvp_u(p, x, u, w, out):
        out[:] = 0.0

    def vjp(p, x, u, g, gx, gu, gp):
        n = x.size
        for i in range(n):
            after = (i + 1) % n
            gx[after] += x[i - 1] * g[i]
            gx[i - 2] -= x[i - 1] * g[i]
            gx[i - 1] += (x[after] - x[i - 2]) * g[i]
            gx[i] -= g[i]
            gp.F[0] += g[i]
