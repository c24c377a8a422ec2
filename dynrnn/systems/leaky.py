"""Leaky networks in discrete time: the networks that are trained on cognitive tasks."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dynrnn import _check, _units
from dynrnn.couplings import coupling
from dynrnn.systems.activations import Activation, slope, value
from dynrnn.systems.activations import activation as as_activation
from dynrnn.systems.arguments import input_weights, per_unit
from dynrnn.systems.network import Firing, Network

__all__ = ["LeakyMap", "LeakyRNN"]


class LeakyMap(Firing, Network):
    """Base of ``x' = (1 - a) x + a (W f(x) + W_in u + b + sqrt(2/a) s z)`` with `alpha` a, `activation` f, `noise_std` s."""

    activation: Activation

    scratch_names: ClassVar[tuple[str, ...]] = (*Firing.scratch_names, "alpha", "spread")

    @property
    def alpha(self) -> np.ndarray:
        """The share of the state that a step replaces, (unit,)."""
        raise NotImplementedError

    def scratch(self, columns=1):
        spread = (self.noise_std * np.sqrt(2 / self.alpha)).astype(self.dtype)
        return {**super().scratch(columns), "alpha": self.alpha, "spread": spread}

    # -------------------------------------------------------------------------------------------------- kernels

    def emitted(p, i, s):
        return value(p.activation, s)

    def emitted_jvp(p, i, s, y, ds):
        return slope(p.activation, s, y) * ds

    def noise_gain(p, i):
        return p.spread[i]

    def law(p, i, j, n, a, x, out):
        out[j] = x[j] + p.alpha[i] * (a[j] - x[j])

    def law_jvp(p, i, j, n, a, x, da, v, out):
        out[j] = v[j] + p.alpha[i] * (da[j] - v[j])

    def law_vjp(p, i, j, n, a, x, g, ga, gx):
        ga[j] = p.alpha[i] * g[j]
        gx[j] += g[j] - ga[j]


class LeakyRNN(LeakyMap):
    """Leaky recurrent network in discrete time,

        x' = (1 - a) x + a (W r + W_in u + b + sqrt(2/a) s z),   r = f(x),   a = dt/tau,   z ~ N(0, 1):

    the rate equation ``tau dx/dt = -x + W r + W_in u + b`` with noise, by Euler-Maruyama.

    Parameters ("per unit" means a number or (unit,))
    ----------
    W : (unit, unit), array, SciPy sparse or Coupling, ``W[to, from]``. For excitatory and inhibitory units take that of
        `RateNetwork.dale`.
    W_in : (unit, input) or (unit,), input weights. None for no inputs.
    bias : b, per unit.
    tau : time constants, s, per unit, none below dt.
    dt : step, s.
    activation : f: "relu", "tanh", "softplus", "sigmoid", "identity", an `Activation`, or a function of one number.
    noise_std : s. Alone it gives a unit the stationary standard deviation ``s / sqrt(1 - a/2)``, which is s for small steps.
    dtype : "float64" or "float32".

    State: `state` x (unit,). Output: the rates r (unit,).

    Raises TypeError or ValueError where shapes do not fit or a tau is below dt.

    Source: H. F. Song, G. R. Yang and X.-J. Wang, PLOS Computational Biology 12 (2016) e1004792. The defaults are theirs.

    >>> from dynrnn.systems.leaky import LeakyRNN
    >>> LeakyRNN(W=[[0.0, 1.0], [-1.0, 0.0]], tau=0.1, dt=0.02).alpha
    array([0.2, 0.2])
    """

    tau: np.ndarray
    dt: float = 0.02

    def __init__(
        self,
        W: Any,
        W_in: Any = None,
        bias: Any = 0.0,
        *,
        tau: Any = 0.1,
        dt: float = 0.02,
        activation: Any = "relu",
        noise_std: float = 0.0,
        dtype: Any = None,
    ):
        W = coupling(W, dtype=dtype)
        n, kind = W.shape[0], W.dtype
        if W.shape[1] != n:
            _check.fail("W", f"shape {W.shape}", "a square matrix W[to, from]")
        dt = _units.seconds("dt", dt)
        super().__init__(
            W,
            input_weights("W_in", W_in, n, kind),
            per_unit("bias", bias, n, kind),
            noise_std,
            activation=as_activation(activation),
            tau=per_unit("tau", tau, n, least=dt, remedy="No tau may be below dt: take smaller steps."),
            dt=dt,
        )

    @classmethod
    def random(
        cls,
        units: int,
        inputs: int = 1,
        *,
        spectral_radius: float = 1.5,
        input_scaling: float = 1.0,
        rng: Any = None,
        **parameters: Any,
    ) -> LeakyRNN:
        """Draw a network with normal W of the given spectral radius, and W_in uniform on [-input_scaling, input_scaling].

        W and W_in have random streams of their own. `parameters` : all else as for `LeakyRNN`.

        >>> from dynrnn.systems.leaky import LeakyRNN
        >>> LeakyRNN.random(100, inputs=3, tau=0.05, rng=1).W_in.shape
        (100, 3)
        """
        from dynrnn.couplings import spectral

        units, inputs = _check.integer("units", units, 1), _check.integer("inputs", inputs, 0)
        streams = _check.generator(rng).spawn(2)
        W = spectral.rescale(coupling(streams[0].normal(size=(units, units))), spectral_radius)
        W_in = streams[1].uniform(-1, 1, (units, inputs)) * _check.real("input_scaling", input_scaling, 0.0)
        return cls(W, W_in, **parameters)

    @property
    def alpha(self):
        return (self.dt / self.tau).astype(self.dtype)
