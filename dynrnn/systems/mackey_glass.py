"""Mackey and Glass's delay equation (1977): one variable, endlessly many dimensions."""

from __future__ import annotations

import numpy as np

from dynrnn import _check
from dynrnn.system import System


class MackeyGlass(System):
    """Production that depends on the past, and decay:

        x'(t) = beta x(t - tau) / (1 + x(t - tau)^n) - gamma x(t).

    Parameters
    ----------
    tau : delay, in the time unit of the rates. 17 is weakly chaotic with the other defaults, 30 strongly.
    beta, gamma : rates of production and decay.
    n : steepness of the feedback. Unless n is an even whole number, x has to stay positive.

    State: x; it starts at 1.2. The fixed point is ``(beta/gamma - 1)^(1/n)``. The derivative products are those along x(t)
    and along x(t - tau), which is the only channel of u.

    Raises ValueError where tau is not positive.

    Source: M. C. Mackey and L. Glass, Science 197 (1977) 287.

    >>> from dynrnn.systems.mackey_glass import MackeyGlass
    >>> MackeyGlass(tau=30).delays
    (30.0,)
    """

    tau: float = 17.0
    beta: float = 0.2
    gamma: float = 0.1
    n: float = 10.0

    units = ("x",)
    time_unit = "time unit"
    trainable = ("beta", "gamma")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _check.real("MackeyGlass.tau", self.tau, 0.0, open_low=True)

    @property
    def delays(self):
        return (self.tau,)

    def initial(self):
        return np.array([1.2])

    def drift(p, t, x, u, out):
        past = u[0]
        out[0] = p.beta * past / (1 + past**p.n) - p.gamma * x[0]

    def jvp(p, x, u, v, out):
        out[0] = -p.gamma * v[0]

    def jvp_u(p, x, u, w, out):
        power = u[0] ** p.n
        out[0] = p.beta * (1 + (1 - p.n) * power) / (1 + power) ** 2 * w[0]

    def vjp(p, x, u, g, gx, gu, gp):
        power = u[0] ** p.n
        gx[0] -= p.gamma * g[0]
        gu[0] += p.beta * (1 + (1 - p.n) * power) / (1 + power) ** 2 * g[0]
        gp.beta[0] += u[0] / (1 + power) * g[0]
        gp.gamma[0] -= x[0] * g[0]
