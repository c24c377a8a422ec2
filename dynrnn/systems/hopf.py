"""Normal form of the Hopf bifurcation (Stuart-Landau oscillator): the smallest limit cycle, with noise where wanted."""

from __future__ import annotations

import numpy as np

from dynrnn import _check
from dynrnn.system import System


class HopfNormalForm(System):
    """Stuart-Landau oscillator, for ``z = x + i y``:

        dz = [(mu + i omega) z - (c3 + i c1) |z|² z] dt + sigma (dB_x + i dB_y).

    Parameters
    ----------
    mu : growth rate of small oscillations, 1/s. For ``mu / c3 > 0`` there is a cycle of radius ``sqrt(mu / c3)``, stable
        (Floquet exponent -2 mu) where mu > 0: the supercritical case. With c3 < 0 it is the subcritical one.
    omega : angular frequency at the bifurcation, rad/s; on the cycle it is ``omega - c1 mu / c3``.
    c3 : saturation.   c1 : shear, the change of frequency with amplitude.
    sigma : noise amplitude of each component, per sqrt(s); 0 for none.

    State: x, y; it starts at (1, 0), as 0 is a fixed point.

    Raises ValueError where sigma is negative.

    Source: L. D. Landau, Doklady Akademii Nauk SSSR 44 (1944) 339; J. T. Stuart, Journal of Fluid Mechanics 9 (1960) 353;
    Y. A. Kuznetsov, Elements of Applied Bifurcation Theory (2004), section 3.4.

    >>> from dynrnn.system import jacobian
    >>> from dynrnn.systems.hopf import HopfNormalForm
    >>> jacobian(HopfNormalForm(mu=-0.5, omega=2), [0, 0]).tolist()
    [[-0.5, -2.0], [2.0, -0.5]]
    """

    mu: float = 1.0
    omega: float = 1.0
    c3: float = 1.0
    c1: float = 0.0
    sigma: float = 0.0

    units = ("x", "y")
    trainable = ("mu", "omega", "c3", "c1")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _check.real("HopfNormalForm.sigma", self.sigma, 0.0)

    @property
    def stochastic(self):
        return self.sigma > 0

    def initial(self):
        return np.array([1.0, 0.0])

    def drift(p, t, x, u, out):
        s = x[0] * x[0] + x[1] * x[1]
        grow, turn = p.mu - p.c3 * s, p.omega - p.c1 * s
        out[0] = grow * x[0] - turn * x[1]
        out[1] = turn * x[0] + grow * x[1]

    def diffusion(p, t, x, u, out):
        out[:] = p.sigma

    def jvp(p, x, u, v, out):
        s, ds = x[0] * x[0] + x[1] * x[1], 2 * (x[0] * v[0] + x[1] * v[1])
        grow, turn = p.mu - p.c3 * s, p.omega - p.c1 * s
        out[0] = grow * v[0] - turn * v[1] - ds * (p.c3 * x[0] - p.c1 * x[1])
        out[1] = turn * v[0] + grow * v[1] - ds * (p.c1 * x[0] + p.c3 * x[1])

    def jvp_u(p, x, u, w, out):
        out[:] = 0.0

    def vjp(p, x, u, g, gx, gu, gp):
        s = x[0] * x[0] + x[1] * x[1]
        grow, turn = p.mu - p.c3 * s, p.omega - p.c1 * s
        along, across = x[0] * g[0] + x[1] * g[1], x[0] * g[1] - x[1] * g[0]
        gs = -2 * (p.c3 * along + p.c1 * across)
        gx[0] += grow * g[0] + turn * g[1] + gs * x[0]
        gx[1] += grow * g[1] - turn * g[0] + gs * x[1]
        gp.mu[0] += along
        gp.omega[0] += across
        gp.c3[0] -= s * along
        gp.c1[0] -= s * across
