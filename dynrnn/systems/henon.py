"""Hénon's map (1976): stretching and folding in the plane."""

from __future__ import annotations

from dynrnn.system import System


class Henon(System):
    """The quadratic map of the plane:

        x[k+1] = 1 - a x[k]² + y[k],   y[k+1] = b x[k].

    Parameters
    ----------
    a, b : with the defaults the map is chaotic, with the Lyapunov exponents 0.419 and -1.623 per step. It shrinks areas
        by |b|, and is invertible unless b = 0.

    State: x, y, without a unit; it starts at (0, 0), which is in the basin of the attractor.

    Source: M. Hénon, Communications in Mathematical Physics 50 (1976) 69.

    >>> from dynrnn import simulate
    >>> from dynrnn.systems.henon import Henon
    >>> simulate(Henon(), steps=3)["state"].values.round(2).tolist()
    [[1.0, 0.0], [-0.4, 0.3], [1.08, -0.12]]
    """

    a: float = 1.4
    b: float = 0.3

    units = ("x", "y")
    trainable = ("a", "b")

    def step(p, x, u, out):
        out[0] = 1 - p.a * x[0] * x[0] + x[1]
        out[1] = p.b * x[0]

    def jvp(p, x, u, v, out):
        out[0] = v[1] - 2 * p.a * x[0] * v[0]
        out[1] = p.b * v[0]

    def jvp_u(p, x, u, w, out):
        out[:] = 0.0

    def vjp(p, x, u, g, gx, gu, gp):
        gx[0] += p.b * g[1] - 2 * p.a * x[0] * g[0]
        gx[1] += g[0]
        gp.a[0] -= x[0] * x[0] * g[0]
        gp.b[0] += x[0] * g[1]
