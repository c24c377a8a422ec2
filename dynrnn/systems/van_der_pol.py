"""Van der Pol's oscillator (1926): damping that changes sign, and so a limit cycle."""

from __future__ import annotations

import numpy as np

from dynrnn.system import System


class VanDerPol(System):
    """Oscillator that small amplitudes excite and large ones damp:

        x' = y,   y' = mu (1 - x²) y - x.

    Parameters
    ----------
    mu : strength of the damping. The cycle has amplitude near 2 for every mu > 0, and period 6.66328686 at mu = 1; for
        large mu it relaxes, with period near ``(3 - 2 ln 2) mu``, and the equation is stiff.

    State: x, y, without a unit, and so is the time; it starts at (2, 0), as 0 is a fixed point.

    Source: B. van der Pol, Philosophical Magazine 2 (1926) 978.

    >>> from dynrnn.system import jacobian
    >>> from dynrnn.systems.van_der_pol import VanDerPol
    >>> jacobian(VanDerPol(mu=3), [0, 0]).tolist()
    [[0.0, 1.0], [-1.0, 3.0]]
    """

    mu: float = 1.0

    units = ("x", "y")
    time_unit = "time unit"
    trainable = ("mu",)

    def initial(self):
        return np.array([2.0, 0.0])

    def drift(p, t, x, u, out):
        out[0] = x[1]
        out[1] = p.mu * (1 - x[0] * x[0]) * x[1] - x[0]

    def jvp(p, x, u, v, out):
        out[0] = v[1]
        out[1] = p.mu * ((1 - x[0] * x[0]) * v[1] - 2 * x[0] * x[1] * v[0]) - v[0]

    def jvp_u(p, x, u, w, out):
        out[:] = 0.0

    def vjp(p, x, u, g, gx, gu, gp):
        gx[0] -= (2 * p.mu * x[0] * x[1] + 1) * g[1]
        gx[1] += g[0] + p.mu * (1 - x[0] * x[0]) * g[1]
        gp.mu[0] += (1 - x[0] * x[0]) * x[1] * g[1]
