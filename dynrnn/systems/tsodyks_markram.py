"""Mean field of a population whose synapses tire and facilitate (Tsodyks, Pawelzik and Markram 1998)."""

from __future__ import annotations

import numpy as np

from dynrnn import _check
from dynrnn._jit import inlined
from dynrnn._math import sigmoid
from dynrnn.system import System


@inlined
def _softplus(alpha, z):
    """``alpha log(1 + exp(z / alpha))`` without overflow, and its slope."""
    return max(z, 0.0) + alpha * np.log1p(np.exp(-abs(z) / alpha)), sigmoid(z / alpha)


class TsodyksMarkram(System):
    """Rate E of an excitatory population, its synaptic resources x and their share in use u:

        tau E' = -E + alpha log(1 + exp((J u x E + E0) / alpha)),
        x' = (1 - x) / tau_D - u x E,
        u' = (U0 - u) / tau_F + U0 (1 - u) E.

    Parameters
    ----------
    E0 : constant input. With the other defaults a state of rest and one of activity exist together between folds at -1.865224
        and -1.463027; the active one is stable above a Hopf bifurcation at -1.151059. Where neither is, the rate pulsates.
    alpha, J, U0 : gain scale, weight, and the share in use at rest, in (0, 1].
    tau, tau_D, tau_F : time constants of the rate, of recovery from depression and of facilitation, s.
    driven : whether the system has an input, which adds to E0.

    State: E (Hz), x, u; it starts at rest, (0, 1, U0).

    Raises ValueError where alpha or a time constant is not positive, or U0 is not in (0, 1].

    Source: M. Tsodyks, K. Pawelzik and H. Markram, Neural Computation 10 (1998) 821; these parameters, and alpha, as in
    J. M. Cortes, M. Desroches, S. Rodrigues, R. Veltz, M. A. Muñoz and T. J. Sejnowski, PNAS 110 (2013) 16610.

    >>> from dynrnn.systems.tsodyks_markram import TsodyksMarkram
    >>> TsodyksMarkram(E0=-1.5).initial()
    array([0. , 1. , 0.3])
    """

    E0: float = -2.0
    alpha: float = 1.5
    J: float = 3.07
    U0: float = 0.3
    tau: float = 0.013
    tau_D: float = 0.2
    tau_F: float = 1.5
    driven: bool = False

    units = ("E", "x", "u")
    trainable = ("E0", "J", "U0")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("alpha", "tau", "tau_D", "tau_F"):
            _check.real(f"TsodyksMarkram.{name}", self._raw[name], 0.0, open_low=True)
        _check.real("TsodyksMarkram.U0", self.U0, 0.0, 1.0, open_low=True)

    @property
    def inputs(self):
        return ("E0",) if self.driven else 0

    def initial(self):
        return np.array([0.0, 1.0, self.U0])

    # -------------------------------------------------------------------------------------------------- kernels

    def drift(p, t, x, u, out):
        E, rest, used = x[0], x[1], x[2]
        drive = p.J * used * rest * E + (p.E0 + u[0] if p.driven else p.E0)
        out[0] = (-E + _softplus(p.alpha, drive)[0]) / p.tau
        out[1] = (1 - rest) / p.tau_D - used * rest * E
        out[2] = (p.U0 - used) / p.tau_F + p.U0 * (1 - used) * E

    def jvp(p, x, u, v, out):
        E, rest, used = x[0], x[1], x[2]
        drive = p.J * used * rest * E + (p.E0 + u[0] if p.driven else p.E0)
        released = v[2] * rest * E + used * v[1] * E + used * rest * v[0]
        out[0] = (-v[0] + _softplus(p.alpha, drive)[1] * p.J * released) / p.tau
        out[1] = -v[1] / p.tau_D - released
        out[2] = -v[2] / p.tau_F + p.U0 * ((1 - used) * v[0] - v[2] * E)

    def jvp_u(p, x, u, w, out):
        out[:] = 0.0
        if p.driven:
            drive = p.J * x[2] * x[1] * x[0] + p.E0 + u[0]
            out[0] = _softplus(p.alpha, drive)[1] * w[0] / p.tau

    def vjp(p, x, u, g, gx, gu, gp):
        E, rest, used = x[0], x[1], x[2]
        drive = p.J * used * rest * E + (p.E0 + u[0] if p.driven else p.E0)
        g_drive = g[0] * _softplus(p.alpha, drive)[1] / p.tau
        g_released = p.J * g_drive - g[1]
        gx[0] += used * rest * g_released - g[0] / p.tau + p.U0 * (1 - used) * g[2]
        gx[1] += used * E * g_released - g[1] / p.tau_D
        gx[2] += rest * E * g_released - (1 / p.tau_F + p.U0 * E) * g[2]
        if p.driven:
            gu[0] += g_drive
        gp.E0[0] += g_drive
        gp.J[0] += used * rest * E * g_drive
        gp.U0[0] += (1 / p.tau_F + (1 - used) * E) * g[2]
