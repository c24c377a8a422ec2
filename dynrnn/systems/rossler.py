"""Rössler's flow (1976): chaos by one folded band."""

from __future__ import annotations

from dynrnn.system import System


class Rossler(System):
    """A spiral in the plane that is lifted and folded back:

        x' = -y - z,   y' = x + a y,   z' = b + z (x - c).

    Parameters
    ----------
    a, b, c : the defaults are chaotic, with the largest Lyapunov exponent 0.0714 per time unit.

    State: x, y, z, without a unit, and so is the time. For ``c² > 4 a b`` there are two fixed points, (a s, -s, s) with
    ``s = (c ± sqrt(c² - 4 a b)) / (2 a)``.

    Source: O. E. Rössler, Physics Letters A 57 (1976) 397.

    >>> from dynrnn.system import jacobian
    >>> from dynrnn.systems.rossler import Rossler
    >>> jacobian(Rossler(), [0, 0, 0]).tolist()
    [[0.0, -1.0, -1.0], [1.0, 0.2, 0.0], [0.0, 0.0, -5.7]]
    """

    a: float = 0.2
    b: float = 0.2
    c: float = 5.7

    units = ("x", "y", "z")
    time_unit = "time unit"
    trainable = ("a", "b", "c")

    def drift(p, t, x, u, out):
        out[0] = -x[1] - x[2]
        out[1] = x[0] + p.a * x[1]
        out[2] = p.b + x[2] * (x[0] - p.c)

    def jvp(p, x, u, v, out):
        out[0] = -v[1] - v[2]
        out[1] = v[0] + p.a * v[1]
        out[2] = v[2] * (x[0] - p.c) + x[2] * v[0]

    def jvp_u(p, x, u, w, out):
        out[:] = 0.0

    def vjp(p, x, u, g, gx, gu, gp):
        gx[0] += g[1] + x[2] * g[2]
        gx[1] += p.a * g[1] - g[0]
        gx[2] += (x[0] - p.c) * g[2] - g[0]
        gp.a[0] += x[1] * g[1]
        gp.b[0] += g[2]
        gp.c[0] -= x[2] * g[2]
