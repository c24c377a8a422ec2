"""The logistic map (May 1976): growth with a limit."""

from __future__ import annotations

import numpy as np

from dynrnn.system import System


class Logistic(System):
    """The quadratic map of the interval:

        x[k+1] = r x[k] (1 - x[k]).

    Parameters
    ----------
    r : growth rate; for 0 <= r <= 4 the interval [0, 1] is mapped into itself, and orbits that leave it run away. At r = 4
        the Lyapunov exponent is log 2 per step.

    State: x, without a unit; it starts at 0.1, as 0 is a fixed point. The other one is ``1 - 1/r``, with multiplier 2 - r.

    Source: R. M. May, Nature 261 (1976) 459.

    >>> from dynrnn.system import jacobian
    >>> from dynrnn.systems.logistic import Logistic
    >>> jacobian(Logistic(r=2.5), [0.6]).round(12)
    array([[-0.5]])
    """

    r: float = 4.0

    units = ("x",)
    trainable = ("r",)

    def initial(self):
        return np.array([0.1])

    def step(p, x, u, out):
        out[0] = p.r * x[0] * (1 - x[0])

    def jvp(p, x, u, v, out):
        out[0] = p.r * (1 - 2 * x[0]) * v[0]

    def jvp_u(p, x, u, w, out):
        out[:] = 0.0

    def vjp(p, x, u, g, gx, gu, gp):
        gx[0] += p.r * (1 - 2 * x[0]) * g[0]
        gp.r[0] += x[0] * (1 - x[0]) * g[0]
