"""Couplings times a unit law: ``a = W y(x) + W_in u + b``, then ``x' = psi(x, a)`` or ``dx/dt = psi(x, a)`` unit by unit.

Whoever writes the law and its derivatives gets the step of a `Network` or the drift of a `FlowNetwork`, batches of trials,
and every derivative product. A unit has G
numbers in ``a`` (an LSTM cell's four gates) and S in ``x`` (its h and c), stored as ``a[g*n + i]``, ``x[s*n + i]``. For
many states side by side the same holds with n times as many units, so a law is written once, for flat arrays: `i` is
the unit (to index parameters), `j` its place in the arrays and `n` the stride between gates.

=========================================  ===========================================================
``source(p, x)``                           the part of the state that other units hear: a view
``law(p, i, j, n, a, x, out)``             next state of one unit, or its rate of change
``law_jvp(p, i, j, n, a, x, da, v, out)``  its directional derivative
``law_vjp(p, i, j, n, a, x, g, ga, gx)``   sets ``ga`` and adds to ``gx``
=========================================  ===========================================================
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._jit import generic, jit
from dynrnn._math import copy
from dynrnn.couplings.base import Coupling, multiply, multiply_columns, outer, tangent, transposed
from dynrnn.system import Noise, System


@generic
def unit_count(p):
    """Number of units n."""
    return p.bias.size


@generic
def source(p, x):
    """What other units hear: the leading part of the state, or something computed from it."""
    return x


@generic
def source_jvp(p, x, v):
    """Derivative of `source`; right as it stands where `source` is a part of the state."""
    return source(p, v)


@generic
def source_vjp(p, x, gy, gx):
    """Adjoint of `source`, added to `gx`; right as it stands where `source` is the leading part of the state."""
    for i in range(gy.size):
        gx[i] += gy[i]


@generic
def noise_gain(p):
    """Standard deviation of the noise in ``a``, whose normal numbers are the last channels of `u`; 0 where there is none."""
    return 0.0


@generic
def law(p, i, j, n, a, x, out):
    """Next state of one unit, or its rate of change."""
    raise NotImplementedError


@generic
def law_jvp(p, i, j, n, a, x, da, v, out):
    """Directional derivative of the law."""
    raise NotImplementedError


@generic
def law_vjp(p, i, j, n, a, x, g, ga, gx):
    """Adjoint of the law: sets `ga`, adds to `gx`."""
    raise NotImplementedError


@jit
def _drive(p, x, u):
    """Fill ``a = b + W_in u + W y(x)`` with the noise in it; return the inputs without the noise."""
    a, gain = p.a, noise_gain(p)
    copy(p.bias, a)
    m = u.size
    if gain > 0:
        m -= a.size
        for i in range(a.size):
            a[i] += gain * u[m + i]
    multiply(p.W_in, u[:m], a)
    multiply(p.W, source(p, x), a)
    return u[:m]


@jit
def _drive_columns(p, X, U):
    a, bias, gain = p.a.reshape((p.bias.size, X.shape[1])), p.bias, noise_gain(p)
    m = U.shape[0] - (a.shape[0] if gain > 0 else 0)
    for i in range(a.shape[0]):
        for c in range(a.shape[1]):
            a[i, c] = bias[i]
    if gain > 0:
        for i in range(a.shape[0]):
            for c in range(a.shape[1]):
                a[i, c] += gain * U[m + i, c]
    multiply_columns(p.W_in, U[:m], a)
    multiply_columns(p.W, source(p, X), a)


@jit
def _apply(p, x, u, out):
    _drive(p, x, u)
    n, a = unit_count(p), p.a  # `a` by a name of its own, or LLVM does not see that the loop can be vectorised
    for i in range(n):
        law(p, i, i, n, a, x, out)


@jit
def _apply_columns(p, X, U, OUT):
    _drive_columns(p, X, U)
    n, columns, a = unit_count(p), X.shape[1], p.a
    x, out = X.reshape(X.size), OUT.reshape(OUT.size)
    for i in range(n):
        for c in range(columns):
            law(p, i, i * columns + c, n * columns, a, x, out)


@jit
def _push(p, x, v, out):
    """Directional derivative of the step, given ``da`` and the direct change `v` of the state."""
    n, a, da = unit_count(p), p.a, p.da
    for i in range(n):
        law_jvp(p, i, i, n, a, x, da, v, out)


class Coupled(System):
    """What `Network` and `FlowNetwork` share. Fields: `W` (G n, m) and `W_in` (G n, inputs), couplings, and `bias` (G n,)."""

    W: Coupling
    W_in: Coupling
    bias: np.ndarray

    scratch_names: ClassVar[tuple[str, ...]] = ("a", "da", "gy", "still")
    trainable: ClassVar[tuple[str, ...]] = ("W", "W_in", "bias")

    @property
    def inputs(self):
        return self.W_in.shape[1]

    @property
    def dtype(self):
        return self.W.dtype

    @property
    def has_native_columns(self):
        return self.W.has_native_columns

    def scratch(self, columns=1):
        gates, sources = self.W.shape
        sizes = {"a": gates, "da": gates, "gy": sources, "still": self.size}
        return {name: np.zeros(size * columns, self.dtype) for name, size in sizes.items()}

    # -------------------------------------------------------------------------------------------------- kernels

    def jvp(p, x, u, v, out):
        _drive(p, x, u)
        p.da[:] = 0
        multiply(p.W, source_jvp(p, x, v), p.da)
        _push(p, x, v, out)

    def jvp_u(p, x, u, w, out):
        m = _drive(p, x, u).size
        p.da[:] = 0
        for i in range(w.size - m):
            p.da[i] = noise_gain(p) * w[m + i]
        multiply(p.W_in, w[:m], p.da)
        _push(p, x, p.still, out)

    def jvp_p(p, x, u, q, out):
        inputs = _drive(p, x, u)
        copy(q.bias, p.da)
        tangent(p.W, q.W, source(p, x), p.da)
        tangent(p.W_in, q.W_in, inputs, p.da)
        _push(p, x, p.still, out)

    def vjp(p, x, u, g, gx, gu, gp):
        inputs = _drive(p, x, u)
        n, m, a, da = unit_count(p), inputs.size, p.a, p.da
        for i in range(n):
            law_vjp(p, i, i, n, a, x, g, da, gx)
        p.gy[:] = 0
        transposed(p.W, p.da, p.gy)
        source_vjp(p, x, p.gy, gx)
        transposed(p.W_in, p.da, gu[:m])
        for i in range(gu.size - m):
            gu[m + i] += noise_gain(p) * p.da[i]
        outer(p.W, p.da, source(p, x), gp.W)
        outer(p.W_in, p.da, inputs, gp.W_in)
        for i in range(p.da.size):
            gp.bias[i] += p.da[i]


class Network(Coupled):
    """Base of the maps that are couplings times a unit law. `noise_std`: of normal numbers added to ``a`` at each step."""

    noise_std: float = 0.0

    def __init__(self, W, W_in, bias, noise_std=0.0, **fields):
        _check.real(f"{type(self).__name__}.noise_std", noise_std, 0.0)
        super().__init__(W=W, W_in=W_in, bias=bias, noise_std=noise_std, **fields)

    @property
    def noise(self):
        return Noise("normal", self.bias.size) if self.noise_std > 0 else None

    def noise_gain(p):
        return p.noise_std

    def step(p, x, u, out):
        _apply(p, x, u, out)

    def step_columns(p, X, U, OUT):
        _apply_columns(p, X, U, OUT)


class FlowNetwork(Coupled):
    """Base of the flows that are couplings times a unit law."""

    def drift(p, t, x, u, out):
        _apply(p, x, u, out)

    def drift_columns(p, t, X, U, OUT):
        _apply_columns(p, X, U, OUT)
