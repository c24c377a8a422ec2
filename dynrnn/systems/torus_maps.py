"""Maps of the torus that keep areas: Chirikov's standard map and Arnold's cat map.

Their derivatives are those of the map before it is wrapped, which hold everywhere: the wrap only shifts.
"""

from __future__ import annotations

import numpy as np

from dynrnn.system import System

_TURN = 2 * np.pi


class StandardMap(System):
    """A rotator that is kicked once per turn of the clock:

        p[k+1] = p[k] + K sin(theta[k]),   theta[k+1] = theta[k] + p[k+1],   both modulo 2π.

    Parameters
    ----------
    K : strength of the kick. At the default, 0.971635406, the last invariant circle, of golden mean rotation, breaks
        (Greene 1979); above it momenta diffuse without bound (here: around the torus).

    State: theta, p, rad; it starts at (1, 1).

    Source: B. V. Chirikov, Physics Reports 52 (1979) 263; J. M. Greene, Journal of Mathematical Physics 20 (1979) 1183.

    >>> from dynrnn.system import jacobian
    >>> from dynrnn.systems.torus_maps import StandardMap
    >>> jacobian(StandardMap(K=1), [0, 0]).tolist()
    [[2.0, 1.0], [1.0, 1.0]]
    """

    K: float = 0.971635406

    units = ("theta", "p")
    trainable = ("K",)

    def initial(self):
        return np.ones(2)

    def step(p, x, u, out):
        momentum = x[1] + p.K * np.sin(x[0])
        out[0] = (x[0] + momentum) % _TURN
        out[1] = momentum % _TURN

    def jvp(p, x, u, v, out):
        out[1] = v[1] + p.K * np.cos(x[0]) * v[0]
        out[0] = v[0] + out[1]

    def jvp_u(p, x, u, w, out):
        out[:] = 0.0

    def vjp(p, x, u, g, gx, gu, gp):
        both = g[0] + g[1]
        gx[0] += g[0] + p.K * np.cos(x[0]) * both
        gx[1] += both
        gp.K[0] += np.sin(x[0]) * both


class CatMap(System):
    """Arnold's cat map, hyperbolic everywhere:

        x[k+1] = 2 x[k] + y[k],   y[k+1] = x[k] + y[k],   both modulo 1.

    State: x, y; it starts at (sqrt 2 - 1, sqrt 3 - 1), as orbits from fractions are periodic. The Lyapunov exponents are
    ±log((3 + sqrt 5) / 2) = ±0.9624237 per step, exactly.

    Source: V. I. Arnold and A. Avez, Problèmes ergodiques de la mécanique classique (1967).

    >>> from dynrnn.system import jacobian
    >>> from dynrnn.systems.torus_maps import CatMap
    >>> jacobian(CatMap(), [0.5, 0.5]).tolist()
    [[2.0, 1.0], [1.0, 1.0]]
    """

    units = ("x", "y")

    def initial(self):
        return np.sqrt([2.0, 3.0]) - 1.0

    def step(p, x, u, out):
        out[0] = (2 * x[0] + x[1]) % 1.0
        out[1] = (x[0] + x[1]) % 1.0

    def jvp(p, x, u, v, out):
        out[0] = 2 * v[0] + v[1]
        out[1] = v[0] + v[1]

    def jvp_u(p, x, u, w, out):
        out[:] = 0.0

    def vjp(p, x, u, g, gx, gu, gp):
        gx[0] += 2 * g[0] + g[1]
        gx[1] += g[0] + g[1]
