"""Rate networks: units that decay to what a nonlinearity makes of their inputs. The base of all of them, and random ones."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._jit import generic, inlined
from dynrnn._record import Record
from dynrnn.couplings import coupling
from dynrnn.couplings.base import multiply
from dynrnn.systems.activations import Activation, slope, value
from dynrnn.systems.activations import activation as as_activation
from dynrnn.systems.arguments import input_weights, per_unit
from dynrnn.systems.network import Firing, FlowNetwork, drive, unit_count

__all__ = ["Form", "RateFlow", "RateNetwork"]

# ------------------------------------------------------------------------------------------------------ the two forms


@generic
def heard(form, p, i, s):
    """phi: what others hear of unit i in state s."""
    return s


@generic
def heard_jvp(form, p, i, s, y, ds, dtheta):
    """Change of `heard`, where it is y, with the state and with theta."""
    return ds


@generic
def pulled(form, p, i, a):
    """psi: where the total input a pulls unit i."""
    return a


@generic
def pulled_jvp(form, p, i, a, da, dtheta):
    """Change of `pulled` with the input and with theta."""
    return da


@inlined
def _fire(p, i, s):
    """``f(g_i (s + theta_i))``."""
    return value(p.activation, p.gain[i] * (s + p.theta[i]))


@inlined
def _fire_jvp(p, i, s, y, ds):
    """Its change with `s` or theta, where it is y."""
    return p.gain[i] * slope(p.activation, p.gain[i] * (s + p.theta[i]), y) * ds


class Form(Record):
    """Base of the two places where a network can have its nonlinearity: before the coupling, or after it."""


class StateForm(Form):
    """Units hear rates: ``tau dx/dt = -x + W f(g (x + theta)) + W_in u + b``."""

    def heard(form, p, i, s):
        return _fire(p, i, s)

    def heard_jvp(form, p, i, s, y, ds, dtheta):
        return _fire_jvp(p, i, s, y, ds + dtheta)


class OutputForm(Form):
    """Units are rates: ``tau dx/dt = -x + f(g (W x + W_in u + b + theta))``."""

    def pulled(form, p, i, a):
        return _fire(p, i, a)

    def pulled_jvp(form, p, i, a, da, dtheta):
        return _fire_jvp(p, i, a, _fire(p, i, a), da + dtheta)


_FORMS = {"state": StateForm, "output": OutputForm}


class RateFlow(Firing, FlowNetwork):
    """Base of the rate networks. Fields: those of `FlowNetwork`, and `tau`, `theta`, `gain`, `noise_std` (unit,), f, the form."""

    tau: np.ndarray
    theta: np.ndarray
    gain: np.ndarray
    noise_std: np.ndarray
    activation: Activation
    form: Form

    scratch_names: ClassVar[tuple[str, ...]] = (*Firing.scratch_names, "leak")
    trainable: ClassVar[tuple[str, ...]] = (*Firing.trainable, "tau", "theta")

    def __init__(self, W, W_in, bias, tau, theta, gain, noise_std, activation, form):
        W = coupling(W, dtype=np.float64)
        n = W.shape[0]
        if W.shape[1] != n:
            _check.fail("W", f"shape {W.shape}", "a square matrix W[to, from]")
        super().__init__(
            W,
            input_weights("W_in", W_in, n),
            per_unit("bias", bias, n),
            per_unit("tau", tau, n, above=0.0, remedy="It is a time constant, in seconds."),
            per_unit("theta", theta, n),
            per_unit("gain", gain, n),
            per_unit("noise_std", noise_std, n, least=0.0),
            as_activation(activation),
            form if isinstance(form, Form) else _FORMS[_check.choice("form", form, _FORMS)](),
        )

    @property
    def outputs(self):
        return self.bias.size if isinstance(self.form, StateForm) else 0

    @property
    def linear(self):
        return -1 / self.tau

    @property
    def stochastic(self):
        return bool(self.noise_std.any())

    def scratch(self, columns=1):
        return {**super().scratch(columns), "leak": 1 / self.tau}

    # -------------------------------------------------------------------------------------------------- kernels

    def emitted(p, i, s):
        return heard(p.form, p, i, s)

    def emitted_jvp(p, i, s, y, ds):
        return heard_jvp(p.form, p, i, s, y, ds, 0.0)

    def source_jvp_p(p, x, q, da):
        y, dy = p.y, p.dy
        for i in range(x.size):
            dy[i] = heard_jvp(p.form, p, i, x[i], y[i], 0.0, q.theta[i])
        multiply(p.W, dy, da)

    def source_vjp_p(p, x, gy, gp):
        for i in range(x.size):
            gp.theta[i] += heard_jvp(p.form, p, i, x[i], p.y[i], 0.0, gy[i])

    def law(p, i, j, n, a, x, out):
        out[j] = p.leak[i] * (pulled(p.form, p, i, a[j]) - x[j])

    def law_jvp(p, i, j, n, a, x, da, v, out):
        out[j] = p.leak[i] * (pulled_jvp(p.form, p, i, a[j], da[j], 0.0) - v[j])

    def law_vjp(p, i, j, n, a, x, g, ga, gx):
        ga[j] = pulled_jvp(p.form, p, i, a[j], p.leak[i] * g[j], 0.0)
        gx[j] -= p.leak[i] * g[j]

    def law_jvp_p(p, i, j, n, a, x, q, out):
        change = p.leak[i] * (pulled(p.form, p, i, a[j]) - x[j])
        out[j] += p.leak[i] * (pulled_jvp(p.form, p, i, a[j], 0.0, q.theta[i]) - change * q.tau[i])

    def law_vjp_p(p, i, j, n, a, x, g, gp):
        change = p.leak[i] * (pulled(p.form, p, i, a[j]) - x[j])
        gp.theta[i] += pulled_jvp(p.form, p, i, a[j], 0.0, p.leak[i] * g[j])
        gp.tau[i] -= change * p.leak[i] * g[j]

    def remainder(p, t, x, u, out):
        drive(p, x, u)
        a = p.a
        for i in range(unit_count(p)):
            out[i] = p.leak[i] * pulled(p.form, p, i, a[i])

    def diffusion(p, t, x, u, out):
        for i in range(out.size):
            out[i] = p.noise_std[i] * np.sqrt(2.0 * p.leak[i])

    def diffusion_columns(p, t, X, U, OUT):
        for i in range(OUT.shape[0]):
            amplitude = p.noise_std[i] * np.sqrt(2.0 * p.leak[i])
            for c in range(OUT.shape[1]):
                OUT[i, c] = amplitude


class RateNetwork(RateFlow):
    """Rate network, in one of two forms with the rates r:

        "state":   tau dx/dt = -x + W r + W_in u + b,   r = f(g (x + theta)),
        "output":  tau dr/dt = -r + f(g (W r + W_in u + b + theta)).

    Sompolinsky, Crisanti and Sommers' network is the default, with a random W (see `random`); "relu" makes threshold-linear
    units, with threshold -theta; a network that obeys Dale's law is drawn by `dale`.

    Parameters ("per unit" means a number or (unit,))
    ----------
    W : (unit, unit), array, SciPy sparse or Coupling, ``W[to, from]``.
    W_in : (unit, input) or (unit,), input weights. None for no inputs.
    bias : b, per unit. It enters with the input, theta with the argument of f; in the output form that is the same.
    tau : time constants, s, per unit.
    activation : f: "tanh", "relu", "sigmoid", "softplus", "identity", an `Activation`, or a function of one number.
    form : "state" or "output": whether f stands before or after the coupling.
    gain, theta : g and theta, per unit.
    noise_std : stationary standard deviation that the noise alone gives a unit, per unit:
        ``tau dx = (...) dt + noise_std sqrt(2 tau) dB``.

    State: `state` (unit,), x or r, from 0, which is a fixed point of tanh units without input and bias: pass `x0` to leave it.
    Output: the rates r (unit,) of the state form; in the output form they are the state.
    The leak -1/tau is declared as `linear`. W, W_in, b, tau and theta are trainable; a tau that is not positive is refused.

    Raises TypeError or ValueError where shapes do not fit, a tau is not positive or a name is unknown.

    Source: H. Sompolinsky, A. Crisanti and H. J. Sommers, Phys. Rev. Lett. 61 (1988) 259; for a comparison of the forms
    K. D. Miller and F. Fumarola, Neural Computation 24 (2012) 25.

    >>> from dynrnn.system import jacobian
    >>> from dynrnn.systems.rate import RateNetwork
    >>> jacobian(RateNetwork(W=[[0.0, 2.0], [-2.0, 0.0]], tau=0.5), [0.0, 0.0])
    array([[-2.,  4.],
           [-4., -2.]])
    """

    def __init__(
        self,
        W: Any,
        W_in: Any = None,
        bias: Any = 0.0,
        *,
        tau: Any = 1.0,
        activation: Any = "tanh",
        form: Any = "state",
        gain: Any = 1.0,
        theta: Any = 0.0,
        noise_std: Any = 0.0,
    ):
        super().__init__(W, W_in, bias, tau, theta, gain, noise_std, activation, form)

    @classmethod
    def random(
        cls,
        units: int,
        inputs: int = 0,
        *,
        g: float = 1.5,
        zero_diagonal: bool = False,
        input_scaling: float = 1.0,
        rng: Any = None,
        **parameters: Any,
    ) -> RateNetwork:
        """Draw ``W_ij ~ N(0, g²/N)``, independent: eigenvalues fill the disc of radius g for large N.

        With tanh, rest is stable for g < 1 and there is chaos for g > 1. Threshold-linear units (``activation="relu"``)
        rest for g < sqrt(2) and grow without bound above.

        Parameters
        ----------
        units, inputs : numbers of units N and of input columns.
        g : gain of the coupling.
        zero_diagonal : whether units do not hear themselves. Then the mean Lyapunov exponent is that of the leak, -mean(1/tau).
        input_scaling : input weights are uniform on [-input_scaling, input_scaling].
        rng : seed or Generator. W and W_in have streams of their own.
        parameters : all else as for `RateNetwork`.

        Source: Sompolinsky, Crisanti and Sommers (1988); for "relu", J. Kadmon and H. Sompolinsky, Phys. Rev. X 5 (2015) 041030.

        >>> from dynrnn.systems.rate import RateNetwork
        >>> RateNetwork.random(100, g=2.0, tau=0.01, rng=1).W
        Dense(100 x 100, float64)
        """
        units, streams = _check.integer("units", units, 1), _check.generator(rng).spawn(2)
        W = streams[0].normal(size=(units, units)) * (_check.real("g", g, 0.0) / np.sqrt(units))
        if _check.boolean("zero_diagonal", zero_diagonal):
            np.fill_diagonal(W, 0.0)
        return cls(W, _uniform(units, inputs, input_scaling, streams[1]), **parameters)

    @classmethod
    def dale(
        cls,
        units: int,
        inputs: int = 0,
        *,
        g: float = 1.5,
        excitatory: float = 0.8,
        connectivity: float = 1.0,
        balanced: bool = True,
        zero_diagonal: bool = False,
        input_scaling: float = 1.0,
        rng: Any = None,
        **parameters: Any,
    ) -> RateNetwork:
        """Draw a network that obeys Dale's law: a unit excites all its targets or inhibits all of them.

        The sign belongs to the sender, so to a column of ``W[to, from]``; excitatory units come first. Sizes are half-normal.
        An inhibitory weight is, on average, stronger by the ratio of the numbers of units, so that mean inhibition meets
        mean excitation; the eigenvalues of a balanced W then fill the disc of radius g for large N. Training does not hold
        the signs.

        Parameters
        ----------
        units, inputs, g, zero_diagonal, rng, parameters : as for `random`.
        excitatory : share of excitatory units, in (0, 1): at least one unit of each kind.
        connectivity : probability of a connection, in (0, 1].
        balanced : whether the inhibition of each unit is scaled to cancel its excitation exactly: rows of W sum to zero.
        input_scaling : input weights are uniform on [0, input_scaling].

        Raises ValueError where a unit hears nobody to balance with.

        Source: K. Rajan and L. F. Abbott, Phys. Rev. Lett. 97 (2006) 188104, for the spectrum and the balance.

        >>> from dynrnn.systems.rate import RateNetwork
        >>> W = RateNetwork.dale(50, excitatory=0.8, rng=1).W.to_array()
        >>> bool((W[:, :40] >= 0).all() and (W[:, 40:] <= 0).all()), bool(abs(W.sum(axis=1)).max() < 1e-12)
        (True, True)
        """
        units = _check.integer("units", units, 2)
        first = round(_check.real("excitatory", excitatory, 0.0, 1.0) * units)
        if not 0 < first < units:
            _check.fail("excitatory", f"{first} of {units} units", "at least one unit of each kind")
        share, g = _check.real("connectivity", connectivity, 0.0, 1.0, open_low=True), _check.real("g", g, 0.0)
        streams = _check.generator(rng).spawn(2)
        ratio = first / (units - first)
        variance = share - share**2 * 2 / np.pi  # of a weight that is half-normal with probability `share`, and else 0
        size = np.abs(streams[0].normal(size=(units, units))) * (streams[0].random((units, units)) < share)
        if _check.boolean("zero_diagonal", zero_diagonal):
            np.fill_diagonal(size, 0.0)
        W = size * np.where(np.arange(units) < first, 1.0, -ratio) * (g / np.sqrt(units * variance * ratio))
        if _check.boolean("balanced", balanced):
            W[:, first:] *= _balance(W[:, :first].sum(axis=1), W[:, first:].sum(axis=1))[:, None]
        return cls(W, abs(_uniform(units, inputs, input_scaling, streams[1])), **parameters)


def _balance(excitation: np.ndarray, inhibition: np.ndarray) -> np.ndarray:
    """Factors of the inhibition of each unit."""
    alone = (excitation == 0) | (inhibition == 0)
    if alone.any():
        got = f"a draw in which unit {int(np.argmax(alone))} does not hear both kinds"
        _check.fail("balanced", got, "rows that can be balanced", "Raise connectivity, or pass balanced=False.")
    return -excitation / inhibition


def _uniform(units, inputs, scaling, rng):
    shape = units, _check.integer("inputs", inputs, 0)
    return rng.uniform(-1, 1, shape) * _check.real("input_scaling", scaling, 0.0)
