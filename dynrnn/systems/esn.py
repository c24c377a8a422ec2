"""Echo state networks (Jaeger 2001): leaky units with a fixed random coupling."""

from __future__ import annotations

from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn.couplings import coupling
from dynrnn.systems.activations import Activation, slope, value
from dynrnn.systems.activations import activation as as_activation
from dynrnn.systems.arguments import input_weights, per_unit
from dynrnn.systems.network import Network


class ESN(Network):
    """Echo state network:

        x' = (1 - a) x + a f(W x + W_in u + W_fb y + b + s z)

    with leak `a`, activation `f` and noise ``z ~ N(0, 1)`` of standard deviation `s` per unit and step.

    Parameters
    ----------
    W : (unit, unit), array, SciPy sparse or Coupling, ``W[to, from]``. Sparse arrays get a sparse product.
    W_in : (unit, input) or (unit,), input weights. None for no inputs.
    bias : (unit,) or a number.
    leak : a number or (unit,), each in (0, 1].
    activation : "tanh", "sigmoid", "relu", "identity", an `Activation`, or a function of one number.
    noise_std : standard deviation of the noise inside the activation.
    W_fb : (unit, output), weights of the fed-back output. Its columns follow those of `W_in`: the system's input is then
        ``[u | y]``, given by the teacher while fitting and by `ClosedLoop` when free.
    dtype : "float64" or "float32".

    State: `state` (unit,). Use `ESN.random` to draw the matrices from hyper-parameters.

    Source: H. Jaeger, "The echo state approach to analysing and training recurrent neural networks", GMD 148 (2001);
    the leak as in Jaeger, Lukoševičius, Popovici and Siewert, Neural Networks 20 (2007) 335.

    >>> from dynrnn.systems.esn import ESN
    >>> ESN(W=[[0.0, 0.5], [-0.5, 0.0]], W_in=[1.0, 0.0], leak=0.3).size
    2
    """

    leak: np.ndarray
    activation: Activation
    feedback: int = 0

    def __init__(
        self,
        W: Any,
        W_in: Any = None,
        bias: Any = None,
        leak: Any = 1.0,
        activation: Any = "tanh",
        noise_std: float = 0.0,
        W_fb: Any = None,
        *,
        feedback: int = 0,
        dtype: Any = None,
    ):
        W = coupling(W, dtype=dtype)
        n, kind = W.shape[0], W.dtype
        if W.shape[0] != W.shape[1]:
            _check.fail("W", f"shape {W.shape}", "a square matrix W[to, from]")
        W_in, extra = input_weights("W_in", W_in, n, kind), input_weights("W_fb", W_fb, n, kind)
        if extra.shape[1]:
            W_in, feedback = coupling(np.hstack([W_in.to_array(), extra.to_array()]), dtype=kind), extra.shape[1]
        super().__init__(
            W,
            W_in,
            bias=per_unit("bias", 0.0 if bias is None else bias, n, kind),
            noise_std=noise_std,
            leak=_leak(leak, n, kind),
            activation=as_activation(activation),
            feedback=_check.integer("feedback", feedback, 0, W_in.shape[1]),
        )

    @classmethod
    def random(
        cls,
        units: int,
        inputs: int = 1,
        *,
        spectral_radius: float | None = 0.9,
        leak: Any = 1.0,
        input_scaling: Any = 1.0,
        bias_scaling: float = 0.0,
        feedback: int = 0,
        feedback_scaling: Any = 1.0,
        topology: str = "random",
        density: float | None = None,
        in_degree: int | None = None,
        topology_options: dict | None = None,
        activation: Any = "tanh",
        noise_std: float = 0.0,
        rng: Any = None,
        dtype: Any = None,
    ) -> ESN:
        """Draw an echo state network.

        Parameters
        ----------
        units, inputs, feedback : numbers of units, input columns and fed-back outputs.
        spectral_radius : of W, by scaling; None leaves W as drawn (the only choice for a nilpotent topology).
        leak, activation, noise_std, dtype : as for `ESN`.
        input_scaling, feedback_scaling : weights are uniform on [-scaling, scaling]; a number or one per column.
        bias_scaling : biases are uniform on [-bias_scaling, bias_scaling].
        topology, density, in_degree, topology_options : graph of W, "random" or another name of
            `dynrnn.couplings.graphs`, its share of connections or connections per unit (10), and its further options.
        rng : seed or Generator. W, W_in, bias and W_fb have streams of their own, so that one does not move another.

        >>> from dynrnn.systems.esn import ESN
        >>> ESN.random(100, inputs=2, spectral_radius=0.8, rng=1).W.shape
        (100, 100)
        """
        from dynrnn.couplings import graphs, spectral

        units = _check.integer("units", units, 1)
        inputs, feedback = _check.integer("inputs", inputs, 0), _check.integer("feedback", feedback, 0)
        streams = _check.generator(rng).spawn(4)
        options = {k: v for k, v in (("density", density), ("in_degree", in_degree)) if v is not None} | (topology_options or {})
        W = coupling(graphs.topology(topology, units, rng=streams[0], **options), dtype=dtype)
        if spectral_radius is not None:
            W = spectral.rescale(W, spectral_radius)
        W_in = _uniform("input_scaling", input_scaling, units, inputs, streams[1])
        bias = streams[2].uniform(-1, 1, units) * _check.real("bias_scaling", bias_scaling, 0.0)
        W_fb = _uniform("feedback_scaling", feedback_scaling, units, feedback, streams[3]) if feedback else None
        return cls(W, W_in, bias, leak, activation, noise_std, W_fb, dtype=dtype)

    @property
    def units(self):
        return self.W.shape[0]

    @property
    def inputs(self):
        free = self.W_in.shape[1] - self.feedback
        return {"input": free, "feedback": self.feedback} if self.feedback else free

    # -------------------------------------------------------------------------------------------------- kernels

    def law(p, i, j, n, a, x, out):
        out[j] = x[j] + p.leak[i] * (value(p.activation, a[j]) - x[j])

    def law_jvp(p, i, j, n, a, x, da, v, out):
        f = value(p.activation, a[j])
        out[j] = v[j] + p.leak[i] * (slope(p.activation, a[j], f) * da[j] - v[j])

    def law_vjp(p, i, j, n, a, x, g, ga, gx):
        f = value(p.activation, a[j])
        ga[j] = p.leak[i] * slope(p.activation, a[j], f) * g[j]
        gx[j] += (1 - p.leak[i]) * g[j]


def _leak(given, n, dtype):
    out = per_unit("leak", given, n, dtype)
    bad = out[~((out > 0) & (out <= 1))]
    if bad.size:
        _check.fail("leak", f"{bad[0]:g}", "values in (0, 1]", "1 means no leak: the state is replaced at each step.")
    return out


def _uniform(name, scaling, units, columns, rng):
    scaling = _check.array(name, scaling, ndim=(0, 1))
    if scaling.ndim and scaling.size != columns:
        _check.fail(name, f"{scaling.size} values", f"a number or {columns}, one per column")
    return rng.uniform(-1, 1, (units, columns)) * scaling
