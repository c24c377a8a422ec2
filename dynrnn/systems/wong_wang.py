"""Wong and Wang's decision circuit (2006): two populations that integrate evidence and compete, through slow synapses."""

from __future__ import annotations

import numpy as np

from dynrnn import _check
from dynrnn._jit import inlined
from dynrnn.system import System


@inlined
def _rate(p, current):
    """``H(x) = y / (1 - exp(-y)) / d`` with ``y = d (a x - b)``, and its slope dH/dx."""
    y = p.d * (p.a * current - p.b)
    if abs(y) < 1e-2:  # where the formulas lose digits to cancellation
        return (1 + y / 2 + y * y / 12 - y**4 / 720) / p.d, p.a * (0.5 + y / 6 - y**3 / 180)
    rest = -np.expm1(-y)
    return y / rest / p.d, p.a * (1 - y / np.expm1(y)) / rest


@inlined
def _currents(p, x, u):
    """What the two populations get, nA."""
    stimulus, bias = p.J_A * u[0], u[1] / 100
    x1 = p.J11 * x[0] - p.J12 * x[1] + p.I0 + stimulus * (1 + bias) + x[2]
    x2 = p.J11 * x[1] - p.J12 * x[0] + p.I0 + stimulus * (1 - bias) + x[3]
    return x1, x2


class WongWang(System):
    """Reduced two-variable model of a decision between two choices:

        S_i' = -S_i / tau_S + (1 - S_i) gamma H(x_i),
        x_1 = J11 S_1 - J12 S_2 + I0 + J_A mu0 (1 + c/100) + n_1   (x_2: indices changed, and 1 - c/100),
        H(x) = (a x - b) / (1 - exp(-d (a x - b))),
        tau_AMPA dn_i = -n_i dt + sqrt(tau_AMPA) sigma dB_i.

    A decision is read off the rate H(x_i), at a threshold of 15 Hz in the paper.

    Parameters
    ----------
    a, b, d : of the rate function, Hz/nA, Hz, s.
    gamma, tau_S : gain, and time constant of the NMDA synapses, s.
    J11, J12 : self-excitation and cross-inhibition, nA.
    I0 : background current, nA.   J_A : strength of the stimulus, nA/Hz.
    sigma : noise, nA: the currents n have the stationary standard deviation sigma / sqrt(2). 0 for none.
    tau_AMPA : correlation time of the noise, s.

    Inputs: `mu0`, the rate that motion without coherence evokes, Hz (30 in the paper, 0 for no stimulus), and `coherence`,
    c, in percent, positive in favour of population 1.
    State: `S` (S1, S2), shares of open channels, from 0.1, near spontaneous activity; `noise_current` (n1, n2), nA, from 0.
    Outputs: the firing rates H(x_1), H(x_2), Hz.

    Raises ValueError where a time constant is not positive or sigma is negative.

    Source: K.-F. Wong and X.-J. Wang, Journal of Neuroscience 26 (2006) 1314.

    >>> from dynrnn.systems.wong_wang import WongWang
    >>> circuit = WongWang(sigma=0.0)
    >>> circuit.inputs, circuit.outputs, circuit.stochastic
    (('mu0', 'coherence'), ('rate1', 'rate2'), False)
    """

    a: float = 270.0
    b: float = 108.0
    d: float = 0.154
    gamma: float = 0.641
    tau_S: float = 0.1
    J11: float = 0.2609
    J12: float = 0.0497
    I0: float = 0.3255
    J_A: float = 5.2e-4
    sigma: float = 0.02
    tau_AMPA: float = 2e-3

    inputs = ("mu0", "coherence")
    outputs = ("rate1", "rate2")
    trainable = ("J11", "J12", "I0", "J_A")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("tau_S", "tau_AMPA"):
            _check.real(f"WongWang.{name}", self._raw[name], 0.0, open_low=True)
        _check.real("WongWang.sigma", self.sigma, 0.0)

    @property
    def parts(self):
        return {"S": ("S1", "S2"), "noise_current": ("n1", "n2")}

    @property
    def stochastic(self):
        return self.sigma > 0

    def initial(self):
        return np.array([0.1, 0.1, 0.0, 0.0])

    # -------------------------------------------------------------------------------------------------- kernels

    def drift(p, t, x, u, out):
        x1, x2 = _currents(p, x, u)
        out[0] = -x[0] / p.tau_S + (1 - x[0]) * p.gamma * _rate(p, x1)[0]
        out[1] = -x[1] / p.tau_S + (1 - x[1]) * p.gamma * _rate(p, x2)[0]
        out[2] = -x[2] / p.tau_AMPA
        out[3] = -x[3] / p.tau_AMPA

    def diffusion(p, t, x, u, out):
        out[0] = 0.0
        out[1] = 0.0
        out[2] = p.sigma / np.sqrt(p.tau_AMPA)
        out[3] = p.sigma / np.sqrt(p.tau_AMPA)

    def output(p, x, u, out):
        x1, x2 = _currents(p, x, u)
        out[0] = _rate(p, x1)[0]
        out[1] = _rate(p, x2)[0]

    def jvp(p, x, u, v, out):
        x1, x2 = _currents(p, x, u)
        (H1, slope1), (H2, slope2) = _rate(p, x1), _rate(p, x2)
        dx1 = p.J11 * v[0] - p.J12 * v[1] + v[2]
        dx2 = p.J11 * v[1] - p.J12 * v[0] + v[3]
        out[0] = -v[0] / p.tau_S + p.gamma * ((1 - x[0]) * slope1 * dx1 - H1 * v[0])
        out[1] = -v[1] / p.tau_S + p.gamma * ((1 - x[1]) * slope2 * dx2 - H2 * v[1])
        out[2] = -v[2] / p.tau_AMPA
        out[3] = -v[3] / p.tau_AMPA

    def jvp_u(p, x, u, w, out):
        x1, x2 = _currents(p, x, u)
        change, tilt = p.J_A * w[0], p.J_A * (u[1] * w[0] + u[0] * w[1]) / 100
        out[0] = (1 - x[0]) * p.gamma * _rate(p, x1)[1] * (change + tilt)
        out[1] = (1 - x[1]) * p.gamma * _rate(p, x2)[1] * (change - tilt)
        out[2] = 0.0
        out[3] = 0.0

    def vjp(p, x, u, g, gx, gu, gp):
        x1, x2 = _currents(p, x, u)
        (H1, slope1), (H2, slope2) = _rate(p, x1), _rate(p, x2)
        g1, g2 = g[0] * p.gamma * (1 - x[0]) * slope1, g[1] * p.gamma * (1 - x[1]) * slope2
        gx[0] += p.J11 * g1 - p.J12 * g2 - (1 / p.tau_S + p.gamma * H1) * g[0]
        gx[1] += p.J11 * g2 - p.J12 * g1 - (1 / p.tau_S + p.gamma * H2) * g[1]
        gx[2] += g1 - g[2] / p.tau_AMPA
        gx[3] += g2 - g[3] / p.tau_AMPA
        bias = u[1] / 100
        gu[0] += p.J_A * ((1 + bias) * g1 + (1 - bias) * g2)
        gu[1] += p.J_A * u[0] / 100 * (g1 - g2)
        gp.J11[0] += x[0] * g1 + x[1] * g2
        gp.J12[0] -= x[1] * g1 + x[0] * g2
        gp.I0[0] += g1 + g2
        gp.J_A[0] += u[0] * ((1 + bias) * g1 + (1 - bias) * g2)
