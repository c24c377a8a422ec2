"""Continuous-time recurrent neural networks of Beer (1995)."""

from __future__ import annotations

from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn.couplings import coupling
from dynrnn.systems.arguments import per_unit
from dynrnn.systems.rate import RateFlow


class CTRNN(RateFlow):
    """Continuous-time recurrent neural network, in one of two forms, with the logistic function as f:

        "state":   tau dy/dt = -y + W f(g (y + theta)) + W_in u + b        (Beer's),
        "output":  tau dy/dt = -y + f(g (W y + W_in u + b + theta)).

    In the output form the state is the unit's activity; with constant inputs, W of full rank and one tau for all units, the
    two have the same dynamics in different coordinates.

    Parameters ("per unit" means a number or (unit,))
    ----------
    W : (unit, unit), array, SciPy sparse or Coupling, ``W[to, from]``. Beer's own tables are transposed: see `from_beer`.
    tau : time constants, s, per unit.
    theta : biases, per unit.
    W_in : (unit, input) or (unit,), input weights. None for no inputs; ``np.eye(units)`` for an input to each unit.
    activation : f: "sigmoid", "tanh", "relu", "softplus", "identity", an `Activation`, or a function of one number.
    form : "state" or "output".
    gain : g, per unit.
    bias : b, a constant input, per unit.
    noise_std : stationary standard deviation that the noise alone gives a unit, per unit:
        ``tau dy = (...) dt + noise_std sqrt(2 tau) dB``.

    State: `state` (unit,), y. Output: ``f(g (y + theta))`` (unit,) of the state form; in the output form it is the state.
    The leak -1/tau is declared as `linear`. W, W_in, b, tau and theta are trainable; a tau that is not positive is refused.

    Raises TypeError or ValueError where shapes do not fit, a tau is not positive or a name is unknown.

    Source: R. D. Beer, "On the dynamics of small continuous-time recurrent neural networks", Adaptive Behavior 3 (1995) 469.

    >>> from dynrnn.systems.ctrnn import CTRNN
    >>> oscillator = CTRNN(W=[[4.5, 1.0], [-1.0, 4.5]], theta=[-2.75, -1.75])
    >>> oscillator.size, oscillator.form
    (2, StateForm())
    """

    def __init__(
        self,
        W: Any,
        tau: Any = 1.0,
        theta: Any = 0.0,
        W_in: Any = None,
        activation: Any = "sigmoid",
        form: Any = "state",
        gain: Any = 1.0,
        bias: Any = 0.0,
        noise_std: Any = 0.0,
    ):
        super().__init__(W, W_in, bias, tau, theta, gain, noise_std, activation, form)

    @classmethod
    def from_beer(cls, weights: Any, biases: Any, taus: Any, gains: Any = 1.0, **parameters: Any) -> CTRNN:
        """From a table in Beer's layout, ``weights[from][to]``: THE TRANSPOSE of this package's ``W[to, from]``.

        Beer writes w_ij for the weight from unit i to unit j, and so do his programs and the networks evolved with them. Read
        the other way round such a network is another one: an oscillator may come to rest.

        Parameters
        ----------
        weights : (from, to).   biases, taus, gains : theta, tau (s) and g, per unit.
        parameters : all else as for `CTRNN`, in this package's layout: ``W_in[to, from]``.

        >>> from dynrnn.systems.ctrnn import CTRNN
        >>> CTRNN.from_beer([[4.5, -1.0], [1.0, 4.5]], [-2.75, -1.75], [1.0, 1.0]).W.to_array()
        array([[ 4.5,  1. ],
               [-1. ,  4.5]])
        """
        W = weights.T if hasattr(weights, "tocsr") else _check.array("weights", weights, ndim=2).T
        return cls(W, taus, biases, gain=gains, **parameters)

    @classmethod
    def center_crossing(cls, W: Any, tau: Any = 1.0, **parameters: Any) -> CTRNN:
        """The network whose biases put each unit's f where it is steepest when all units are at the middle of their range:

            theta_i = -b_i - sum_j W_ij / 2.

        Without inputs, ``y = -theta`` (state form; ``y = 1/2`` in the output form) is a fixed point at which all outputs are
        1/2. Such networks are rich in dynamics, and a good start of a search.

        Parameters
        ----------
        W, tau : as for `CTRNN`.
        parameters : all else as for `CTRNN`, but for theta, which follows, and f, which is the logistic function.

        Source: B. Mathayomchan and R. D. Beer, "Center-crossing recurrent neural networks for the evolution of rhythmic
        behavior", Neural Computation 14 (2002) 2043.

        >>> from dynrnn.systems.ctrnn import CTRNN
        >>> CTRNN.center_crossing([[4.5, 1.0], [-1.0, 4.5]]).theta
        array([-2.75, -1.75])
        """
        for name in ("theta", "activation"):
            if name in parameters:
                _check.fail(f"center_crossing({name})", "a value", "none", "It follows from the rest.", TypeError)
        W = coupling(W, dtype=np.float64)
        bias = per_unit("bias", parameters.get("bias", 0.0), W.shape[0])
        return cls(W, tau, -bias - W @ np.full(W.shape[1], 0.5), **parameters)

    @classmethod
    def random(
        cls, units: int, inputs: int = 0, *, scale: float = 16.0, tau: Any = (1.0, 10.0), rng: Any = None, **parameters: Any
    ) -> CTRNN:
        """Draw a center-crossing network with weights uniform on [-scale, scale], W and W_in alike.

        Parameters
        ----------
        units, inputs : numbers of units and of input columns.
        scale : largest weight.
        tau : (low, high), s; time constants are uniform in between. A number for all.
        rng : seed or Generator. W, W_in and tau have streams of their own.
        parameters : all else as for `center_crossing`.

        >>> from dynrnn.systems.ctrnn import CTRNN
        >>> CTRNN.random(3, inputs=1, rng=1).tau.round(2)
        array([3.1 , 1.42, 4.79])
        """
        units, inputs = _check.integer("units", units, 1), _check.integer("inputs", inputs, 0)
        scale, tau = _check.real("scale", scale, 0.0), _check.array("tau", tau, ndim=(0, 1))
        if tau.ndim and tau.shape != (2,):
            _check.fail("tau", f"{tau.size} values", "a number, or two: (low, high)")
        _check.real("tau", tau.min(), 0.0, open_low=True)
        streams = _check.generator(rng).spawn(3)
        W, W_in = (stream.uniform(-scale, scale, (units, m)) for stream, m in zip(streams, (units, inputs), strict=False))
        return cls.center_crossing(W, streams[2].uniform(tau.min(), tau.max(), units), W_in=W_in, **parameters)
