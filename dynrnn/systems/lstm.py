"""Long short-term memory (Hochreiter and Schmidhuber 1997) with forget gates (Gers, Schmidhuber and Cummins 2000)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn._jit import inlined
from dynrnn._math import sigmoid, tanh
from dynrnn.couplings import Zero, coupling
from dynrnn.systems.network import Network


@inlined
def _gates(a, j, n):
    """Input gate, forget gate, candidate and output gate of one unit."""
    return sigmoid(a[j]), sigmoid(a[n + j]), tanh(a[2 * n + j]), sigmoid(a[3 * n + j])


class LSTM(Network):
    """Long short-term memory with forget gates and without peepholes:

        a  = W h + W_in u + b + s z,   a = [a_i | a_f | a_g | a_o]
        c' = σ(a_f) c + σ(a_i) tanh(a_g)
        h' = σ(a_o) tanh(c')

    The gates stand in torch's order: input, forget, candidate, output.

    Parameters
    ----------
    W : (4 unit, unit), array, SciPy sparse or Coupling, ``W[to, from]``: gate g of unit i in row ``g * units + i``.
    W_in : (4 unit, input), input weights. None for no inputs.
    bias : (4 unit,). None for zeros. One vector: torch's two have the same effect as their sum.
    noise_std : standard deviation s of the noise ``z ~ N(0, 1)`` in each gate at each step.
    dtype : "float64" or "float32".

    State: `h` (unit,) and `c` (unit,); a next layer or a readout sees `h`. All quantities are dimensionless.

    Raises TypeError or ValueError where shapes do not fit or a weight is not finite.

    Source: S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997) 1735; the forget gate by F. A. Gers,
    J. Schmidhuber and F. Cummins, Neural Computation 12 (2000) 2451.

    >>> from dynrnn.systems.lstm import LSTM
    >>> cell = LSTM.random(32, inputs=3, rng=0)
    >>> cell.size, cell.W.shape
    (64, (128, 32))
    """

    def __init__(self, W: Any, W_in: Any = None, bias: Any = None, noise_std: float = 0.0, *, dtype: Any = None):
        W = coupling(W, dtype=dtype)
        gates, units = W.shape
        if gates != 4 * units:
            _check.fail("W", f"shape {W.shape}", "shape (4 unit, unit)", "Stack the rows of the gates i, f, g, o.")
        if dtype is not None and np.dtype(dtype) not in (np.float32, np.float64):
            _check.fail("dtype", dtype, "float32 or float64")
        W_in = Zero.of(gates, 0) if W_in is None else W_in
        super().__init__(
            W,
            coupling(W_in, name="W_in", shape=(gates, None), dtype=W.dtype),
            _check.array("bias", np.zeros(gates) if bias is None else bias, shape=(gates,), dtype=W.dtype),
            noise_std,
        )

    @classmethod
    def random(cls, units: int, inputs: int = 1, *, forget_bias: float = 1.0, rng: Any = None, dtype: Any = None) -> LSTM:
        """Draw an LSTM as torch does: all weights and biases uniform on ±1/sqrt(units).

        `forget_bias` is added to the biases of the forget gates, so that a new cell keeps what it has stored (Gers et
        al. 2000); 0 is torch's start. W, W_in and bias have random streams of their own.

        >>> from dynrnn.systems.lstm import LSTM
        >>> LSTM.random(4, inputs=2, rng=1).bias.shape
        (16,)
        """
        units, inputs = _check.integer("units", units, 1), _check.integer("inputs", inputs, 0)
        streams = _check.generator(rng).spawn(3)
        W, W_in, bias = (
            s.uniform(-1, 1, (4 * units, n)) / np.sqrt(units) for s, n in zip(streams, (units, inputs, 1), strict=True)
        )
        bias = bias[:, 0]
        bias[units : 2 * units] += _check.real("forget_bias", forget_bias)
        return cls(W, W_in, bias, dtype=dtype or np.float64)

    @classmethod
    def from_torch(cls, arrays: Mapping[str, Any], *, dtype: Any = None) -> LSTM:
        """From the weights of a one-layer ``torch.nn.LSTM``: arrays under the names of its ``state_dict()``.

        The two biases become one, their sum; both may be absent (torch's ``bias=False``).
        """
        for name in arrays:
            _check.choice("from_torch(name)", name, _TORCH)
        given = {name: np.asarray(arrays[name]) for name in arrays}
        for name in _TORCH[:2]:
            if name not in given:
                _check.fail(f"from_torch({name!r})", "nothing", "an array", "Pass the state_dict of a one-layer LSTM.")
        bias = sum(given[name] for name in _TORCH[2:] if name in given)
        return cls(given["weight_hh_l0"], given["weight_ih_l0"], bias if np.ndim(bias) else None, dtype=dtype)

    def to_torch(self) -> dict[str, np.ndarray]:
        """The weights under torch's names. The whole bias is in ``bias_ih_l0``; ``bias_hh_l0`` is zero."""
        arrays = self.W_in.to_array(), self.W.to_array(), self.bias.copy(), np.zeros_like(self.bias)
        return dict(zip(_TORCH, arrays, strict=True))

    @property
    def parts(self):
        return {"h": self.W.shape[1], "c": self.W.shape[1]}

    @property
    def visible(self):
        return self.slices["h"]

    # -------------------------------------------------------------------------------------------------- kernels

    def unit_count(p):
        return p.bias.size // 4

    def source(p, x):
        return x[: p.bias.size // 4]

    def law(p, i, j, n, a, x, out):
        i, f, g, o = _gates(a, j, n)
        c = f * x[n + j] + i * g
        out[j] = o * tanh(c)
        out[n + j] = c

    def law_jvp(p, i, j, n, a, x, da, v, out):
        i, f, g, o = _gates(a, j, n)
        t = tanh(f * x[n + j] + i * g)
        dc = f * (v[n + j] + x[n + j] * (1 - f) * da[n + j]) + i * (g * (1 - i) * da[j] + (1 - g * g) * da[2 * n + j])
        out[j] = o * ((1 - t * t) * dc + t * (1 - o) * da[3 * n + j])
        out[n + j] = dc

    def law_vjp(p, i, j, n, a, x, g, ga, gx):
        i, f, z, o = _gates(a, j, n)
        t = tanh(f * x[n + j] + i * z)
        gc = g[n + j] + g[j] * o * (1 - t * t)
        ga[j] = gc * z * i * (1 - i)
        ga[n + j] = gc * x[n + j] * f * (1 - f)
        ga[2 * n + j] = gc * i * (1 - z * z)
        ga[3 * n + j] = g[j] * t * o * (1 - o)
        gx[n + j] += gc * f


_TORCH = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
