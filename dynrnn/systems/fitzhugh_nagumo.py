"""FitzHugh and Nagumo's neuron (1961): the excitable flow in two variables."""

from __future__ import annotations

import numpy as np

from dynrnn.system import System


class FitzHughNagumo(System):
    """Fast voltage and slow recovery:

        v' = v - v³/3 - w + I,   w' = eps (v + a - b w).

    Parameters
    ----------
    I : constant current. With the other defaults the rest state loses its stability at I = 0.3312813 and regains it at
        1.4187187, both by Hopf bifurcations; the neuron fires in between.
    a, b, eps : shift and slope of the nullcline of w, ratio of the time scales.
    driven : whether the system has an input, a current that adds to I.

    State: v, w, without a unit, and so is the time.

    Source: R. FitzHugh, Biophysical Journal 1 (1961) 445; J. Nagumo, S. Arimoto and S. Yoshizawa, Proc. IRE 50 (1962) 2061.

    >>> from dynrnn.system import jacobian
    >>> from dynrnn.systems.fitzhugh_nagumo import FitzHughNagumo
    >>> jacobian(FitzHughNagumo(), [0, 0]).tolist()
    [[1.0, -1.0], [0.08, -0.064]]
    """

    I: float = 0.5  # noqa: E741
    a: float = 0.7
    b: float = 0.8
    eps: float = 0.08
    driven: bool = False

    units = ("v", "w")
    time_unit = "time unit"
    trainable = ("I", "a", "b", "eps")

    @property
    def inputs(self):
        return ("I",) if self.driven else 0

    def nullclines(self, v):
        """``w`` on the nullcline of v and on that of w (where b is not 0), for an array of voltages, without input.

        >>> FitzHughNagumo().nullclines([0.0])
        (array([0.5]), array([0.875]))
        """
        v = np.asarray(v, float)
        return v - v**3 / 3 + self.I, (v + self.a) / self.b

    def drift(p, t, x, u, out):
        current = p.I + u[0] if p.driven else p.I
        out[0] = x[0] - x[0] * x[0] * x[0] / 3 - x[1] + current
        out[1] = p.eps * (x[0] + p.a - p.b * x[1])

    def jvp(p, x, u, v, out):
        out[0] = (1 - x[0] * x[0]) * v[0] - v[1]
        out[1] = p.eps * (v[0] - p.b * v[1])

    def jvp_u(p, x, u, w, out):
        out[0] = w[0] if p.driven else 0.0
        out[1] = 0.0

    def vjp(p, x, u, g, gx, gu, gp):
        gx[0] += (1 - x[0] * x[0]) * g[0] + p.eps * g[1]
        gx[1] -= g[0] + p.eps * p.b * g[1]
        if p.driven:
            gu[0] += g[0]
        gp.I[0] += g[0]
        gp.a[0] += p.eps * g[1]
        gp.b[0] -= p.eps * x[1] * g[1]
        gp.eps[0] += (x[0] + p.a - p.b * x[1]) * g[1]
