"""Wilson and Cowan's two populations (1972): excitation, inhibition, and the rhythms between them."""

from __future__ import annotations

from dynrnn import _check
from dynrnn._jit import inlined
from dynrnn._math import sigmoid
from dynrnn.system import System


@inlined
def _response(a, theta, x):
    """``S(x) = 1/(1 + exp(-a (x - theta))) - 1/(1 + exp(a theta))``, which is 0 at 0, its slope, and its bound ``S(∞)``."""
    y, rest = sigmoid(a * (x - theta)), sigmoid(-a * theta)
    return y - rest, a * y * (1 - y), 1 - rest


@inlined
def _sums(p, x, u):
    """What the two populations hear."""
    P, Q = (p.P + u[0], p.Q + u[1]) if p.driven else (p.P, p.Q)
    return p.c1 * x[0] - p.c2 * x[1] + P, p.c3 * x[0] - p.c4 * x[1] + Q


class WilsonCowan(System):
    """Shares of an excitatory and an inhibitory population that fire, with refractory periods:

        tau_e E' = -E + (k_e - r_e E) S_e(c1 E - c2 I + P),
        tau_i I' = -I + (k_i - r_i I) S_i(c3 E - c4 I + Q),
        S(x) = 1/(1 + exp(-a (x - theta))) - 1/(1 + exp(a theta)),   k = S(∞) = 1 - 1/(1 + exp(a theta)).

    E = I = 0 is the state of rest: it is a fixed point without input.

    Parameters
    ----------
    c1, c2, c3, c4 : weights E to E, I to E, E to I, I to I; none negative in the model.
    a_e, theta_e, a_i, theta_i : steepness and threshold of the two response functions.
    r_e, r_i : refractory periods; 0 for none.
    P, Q : constant inputs to E and I. At the defaults there is a limit cycle (figure 11 of the paper).
    tau_e, tau_i : time constants, s.
    driven : whether the system has the inputs P and Q, which add to the constant ones.

    State: E, I, as shares over the resting level.

    Raises ValueError where a time constant is not positive.

    Source: H. R. Wilson and J. D. Cowan, Biophysical Journal 12 (1972) 1.

    >>> from dynrnn.system import jacobian
    >>> from dynrnn.systems.wilson_cowan import WilsonCowan
    >>> jacobian(WilsonCowan(P=0, tau_e=1, tau_i=1), [0, 0]).round(3).tolist()
    [[-0.887, -0.085], [0.018, -1.004]]
    """

    c1: float = 16.0
    c2: float = 12.0
    c3: float = 15.0
    c4: float = 3.0
    a_e: float = 1.3
    theta_e: float = 4.0
    a_i: float = 2.0
    theta_i: float = 3.7
    r_e: float = 1.0
    r_i: float = 1.0
    P: float = 1.25
    Q: float = 0.0
    tau_e: float = 8e-3
    tau_i: float = 8e-3
    driven: bool = False

    units = ("E", "I")
    trainable = ("c1", "c2", "c3", "c4", "P", "Q")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("tau_e", "tau_i"):
            _check.real(f"WilsonCowan.{name}", self._raw[name], 0.0, open_low=True)

    @property
    def inputs(self):
        return ("P", "Q") if self.driven else 0

    # -------------------------------------------------------------------------------------------------- kernels

    def drift(p, t, x, u, out):
        heard_e, heard_i = _sums(p, x, u)
        S_e, _, k_e = _response(p.a_e, p.theta_e, heard_e)
        S_i, _, k_i = _response(p.a_i, p.theta_i, heard_i)
        out[0] = (-x[0] + (k_e - p.r_e * x[0]) * S_e) / p.tau_e
        out[1] = (-x[1] + (k_i - p.r_i * x[1]) * S_i) / p.tau_i

    def jvp(p, x, u, v, out):
        heard_e, heard_i = _sums(p, x, u)
        S_e, slope_e, k_e = _response(p.a_e, p.theta_e, heard_e)
        S_i, slope_i, k_i = _response(p.a_i, p.theta_i, heard_i)
        gain_e, gain_i = (k_e - p.r_e * x[0]) * slope_e, (k_i - p.r_i * x[1]) * slope_i
        out[0] = (-(1 + p.r_e * S_e) * v[0] + gain_e * (p.c1 * v[0] - p.c2 * v[1])) / p.tau_e
        out[1] = (-(1 + p.r_i * S_i) * v[1] + gain_i * (p.c3 * v[0] - p.c4 * v[1])) / p.tau_i

    def jvp_u(p, x, u, w, out):
        out[:] = 0.0
        if p.driven:
            heard_e, heard_i = _sums(p, x, u)
            _, slope_e, k_e = _response(p.a_e, p.theta_e, heard_e)
            _, slope_i, k_i = _response(p.a_i, p.theta_i, heard_i)
            out[0] = (k_e - p.r_e * x[0]) * slope_e * w[0] / p.tau_e
            out[1] = (k_i - p.r_i * x[1]) * slope_i * w[1] / p.tau_i

    def vjp(p, x, u, g, gx, gu, gp):
        heard_e, heard_i = _sums(p, x, u)
        S_e, slope_e, k_e = _response(p.a_e, p.theta_e, heard_e)
        S_i, slope_i, k_i = _response(p.a_i, p.theta_i, heard_i)
        g_e = g[0] * (k_e - p.r_e * x[0]) * slope_e / p.tau_e
        g_i = g[1] * (k_i - p.r_i * x[1]) * slope_i / p.tau_i
        gx[0] += p.c1 * g_e + p.c3 * g_i - (1 + p.r_e * S_e) * g[0] / p.tau_e
        gx[1] -= p.c2 * g_e + p.c4 * g_i + (1 + p.r_i * S_i) * g[1] / p.tau_i
        if p.driven:
            gu[0] += g_e
            gu[1] += g_i
        gp.c1[0] += x[0] * g_e
        gp.c2[0] -= x[1] * g_e
        gp.c3[0] += x[0] * g_i
        gp.c4[0] -= x[1] * g_i
        gp.P[0] += g_e
        gp.Q[0] += g_i
