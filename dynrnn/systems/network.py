"""Couplings times a unit law: ``a = W y(x) + W_in u + b``, then ``x' = psi(x, a)`` or ``dx/dt = psi(x, a)`` unit by unit.

Whoever writes the law and its derivatives gets the step of a `Network` or the drift of a `FlowNetwork`, batches of trials,
and every derivative product. A unit has G numbers in ``a`` (an LSTM cell's four gates) and S in ``x`` (its h and c), stored
as ``a[g*n + i]``, ``x[s*n + i]``. For many states side by side the same holds with n times as many units, so a law is
written once, for flat arrays: `i` is the unit (to index parameters), `j` its place in the arrays and `n` the stride between
gates.

=========================================  ===========================================================
``source(p, x)``                           what other units hear, (n,): a view of the state, or scratch
``law(p, i, j, n, a, x, out)``             next state of one unit, or its rate of change
``law_jvp(p, i, j, n, a, x, da, v, out)``  its directional derivative
``law_vjp(p, i, j, n, a, x, g, ga, gx)``   sets ``ga`` and adds to ``gx``
=========================================  ===========================================================

What a unit sends is a function of its own state, so that the derivative of a source is a factor per unit. A source that is no
part of the state comes with ``source_jvp`` and ``source_vjp``; `Firing` makes the three from a function of one unit's state.
Trainable parameters beside `W`, `W_in` and `bias` come with ``law_jvp_p`` and ``law_vjp_p``, or with ``source_jvp_p`` and
``source_vjp_p``.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._jit import by_dimension, generic, inlined
from dynrnn._math import copy
from dynrnn.couplings.base import Coupling, multiply, multiply_columns, multiply_rows, outer, tangent, transposed
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
    """Derivative of `source` along `v`, after `source` itself; right as it stands where that is a part of the state."""
    return source(p, v)


@generic
def source_vjp(p, x, gy, gx):
    """Adjoint of `source`, added to `gx`; right as it stands where `source` is the leading part of the state."""
    for i in range(gy.size):
        gx[i] += gy[i]


@generic
def source_jvp_p(p, x, q, da):
    """Add to `da` what a change `q` of the source's own parameters gives."""


@generic
def source_vjp_p(p, x, gy, gp):
    """Adjoint of `source` in its own parameters, added to `gp`."""


@generic
def noise_count(p):
    """How many normal numbers, the last channels of `u`, come into ``a``: one per entry, or none."""
    return 0


@generic
def noise_gain(p, i):
    """Standard deviation of the noise in ``a[i]``."""
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


@generic
def law_jvp_p(p, i, j, n, a, x, q, out):
    """Add to `out` what a change `q` of the law's own parameters gives."""


@generic
def law_vjp_p(p, i, j, n, a, x, g, gp):
    """Adjoint of the law in its own parameters, added to `gp`."""


@inlined
def drive(p, x, u):
    """Fill ``a = b + W_in u + W y(x)`` with the noise in it; return the inputs without the noise."""
    a, noisy = p.a[: p.bias.size], noise_count(p)  # work arrays may have room for many columns
    copy(p.bias, a)
    m = u.size - noisy
    for i in range(noisy):
        a[i] += noise_gain(p, i) * u[m + i]
    multiply(p.W_in, u[:m], a)
    multiply(p.W, source(p, x), a)
    return u[:m]


@inlined
def _drive_columns(p, X, U):
    a, bias, noisy = p.a.reshape((p.bias.size, X.shape[1])), p.bias, noise_count(p)
    m = U.shape[0] - noisy
    for i in range(a.shape[0]):
        for c in range(a.shape[1]):
            a[i, c] = bias[i]
    for i in range(noisy):
        for c in range(a.shape[1]):
            a[i, c] += noise_gain(p, i) * U[m + i, c]
    multiply_columns(p.W_in, U[:m], a)
    multiply_columns(p.W, source(p, X), a)


@inlined
def _apply(p, x, u, out):
    drive(p, x, u)
    n, a = unit_count(p), p.a  # `a` by a name of its own, or LLVM does not see that the loop can be vectorised
    for i in range(n):
        law(p, i, i, n, a, x, out)


@inlined
def _apply_columns(p, X, U, OUT):
    _drive_columns(p, X, U)
    n, columns, a = unit_count(p), X.shape[1], p.a
    x, out = X.reshape(X.size), OUT.reshape(OUT.size)
    for i in range(n):
        for c in range(columns):
            law(p, i, i * columns + c, n * columns, a, x, out)


@inlined
def _push(p, x, v, out):
    """Directional derivative of the step, given ``da`` and the direct change `v` of the state."""
    n, a, da = unit_count(p), p.a, p.da[0]
    for i in range(n):
        law_jvp(p, i, i, n, a, x, da, v, out)


@inlined
def _slopes(p, x):
    """Derivatives (gate or state, size) of all laws, by each of the G numbers in ``a`` and each of the S in `x` of their unit."""
    n, a, da, v, D = unit_count(p), p.a, p.da[0], p.dx, p.slopes
    gates = da.size // n
    da[:] = 0
    v[:] = 0
    for g in range(D.shape[0]):
        one = da[g * n : (g + 1) * n] if g < gates else v[(g - gates) * n : (g - gates + 1) * n]
        one[:] = 1
        for i in range(n):
            law_jvp(p, i, i, n, a, x, da, v, D[g])
        one[:] = 0
    return D


@inlined
def _combine(D, n, gates, DA, V, W):
    """The laws' derivative along each row of DA and V, into those of W."""
    for s in range(0, V.shape[1], n):
        for c in range(V.shape[0]):
            for i in range(n):
                W[c, s + i] = D[0, s + i] * DA[c, i] + D[gates, s + i] * V[c, i]
    for g in range(1, D.shape[0]):
        if g != gates:
            A, first = (DA, g * n) if g < gates else (V, (g - gates) * n)
            for s in range(0, V.shape[1], n):
                for c in range(V.shape[0]):
                    for i in range(n):
                        W[c, s + i] += D[g, s + i] * A[c, first + i]


@inlined
def _heard_rows(p, x, V):
    """What units hear of the changes of the state in the rows of V."""
    n, one = unit_count(p), p.dx
    one[:] = 1
    slope, Y = source_jvp(p, x, one), p.gy[: V.shape[0]]
    for c in range(V.shape[0]):
        for i in range(n):
            Y[c, i] = slope[i] * V[c, i]
    return Y


class Coupled(System):
    """What `Network` and `FlowNetwork` share. Fields: `W` (G n, m) and `W_in` (G n, inputs), couplings, and `bias` (G n,)."""

    W: Coupling
    W_in: Coupling
    bias: np.ndarray

    scratch_names: ClassVar[tuple[str, ...]] = ("a", "da", "dx", "gy", "still", "slopes")
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
        shapes = {"a": gates * columns, "da": (columns, gates), "dx": self.size, "gy": (columns, sources), "still": self.size}
        shapes["slopes"] = (gates + self.size) // sources, self.size
        return {name: np.zeros(shape, self.dtype) for name, shape in shapes.items()}

    # -------------------------------------------------------------------------------------------------- kernels

    def jvp(p, x, u, v, out):
        drive(p, x, u)
        da = p.da[0]
        da[:] = 0
        multiply(p.W, source_jvp(p, x, v), da)
        _push(p, x, v, out)

    def pushforward(p, t, x, u, V, y, W):
        _apply(p, x, u, y)
        n, gates = unit_count(p), p.bias.size
        D, Y, DA = _slopes(p, x), _heard_rows(p, x, V), p.da[: V.shape[0]]
        DA[:] = 0
        multiply_rows(p.W, Y, DA)
        _combine(D, n, gates // n, DA, V, W)

    def jvp_u(p, x, u, w, out):
        m, da = drive(p, x, u).size, p.da[0]
        da[:] = 0
        for i in range(w.size - m):
            da[i] = noise_gain(p, i) * w[m + i]
        multiply(p.W_in, w[:m], da)
        _push(p, x, p.still, out)

    def jvp_p(p, x, u, q, out):
        inputs, da = drive(p, x, u), p.da[0]
        copy(q.bias, da)
        tangent(p.W, q.W, source(p, x), da)
        tangent(p.W_in, q.W_in, inputs, da)
        source_jvp_p(p, x, q, da)
        _push(p, x, p.still, out)
        n, a = unit_count(p), p.a
        for i in range(n):
            law_jvp_p(p, i, i, n, a, x, q, out)

    def vjp(p, x, u, g, gx, gu, gp):
        inputs = drive(p, x, u)
        n, m, a, da = unit_count(p), inputs.size, p.a, p.da[0]
        for i in range(n):
            law_vjp(p, i, i, n, a, x, g, da, gx)
            law_vjp_p(p, i, i, n, a, x, g, gp)
        y = source(p, x)
        gy = p.gy[0]
        gy[:] = 0
        transposed(p.W, da, gy)
        source_vjp(p, x, gy, gx)
        source_vjp_p(p, x, gy, gp)
        transposed(p.W_in, da, gu[:m])
        for i in range(gu.size - m):
            gu[m + i] += noise_gain(p, i) * da[i]
        outer(p.W, da, y, gp.W)
        outer(p.W_in, da, inputs, gp.W_in)
        for i in range(da.size):
            gp.bias[i] += da[i]


@generic
def emitted(p, i, s):
    """What others hear of unit i in state s."""
    return s


@generic
def emitted_jvp(p, i, s, y, ds):
    """Its derivative, where it is y: linear in `ds`."""
    return ds


def _emit_one(p, x, y):
    for i in range(x.size):
        y[i] = emitted(p, i, x[i])


def _emit_columns(p, X, Y):
    for i in range(X.shape[0]):
        for c in range(X.shape[1]):
            Y[i, c] = emitted(p, i, X[i, c])


_emit = by_dimension(1, _emit_one, _emit_columns)


class Firing(Coupled):
    """Units with one state variable each, of which others hear a function, `emitted`; so does who watches the output."""

    scratch_names: ClassVar[tuple[str, ...]] = (*Coupled.scratch_names, "y", "dy")

    @property
    def units(self):
        return self.bias.size

    @property
    def outputs(self):
        return self.bias.size

    def scratch(self, columns=1):
        return {**super().scratch(columns), "y": np.zeros(self.size * columns, self.dtype), "dy": np.zeros(self.size, self.dtype)}

    # -------------------------------------------------------------------------------------------------- kernels

    def source(p, x):
        y = p.y[: x.size].reshape(x.shape)
        _emit(p, x, y)
        return y

    def source_jvp(p, x, v):
        y, dy = p.y, p.dy
        for i in range(x.size):
            dy[i] = emitted_jvp(p, i, x[i], y[i], v[i])
        return dy

    def source_vjp(p, x, gy, gx):
        for i in range(x.size):
            gx[i] += emitted_jvp(p, i, x[i], p.y[i], gy[i])

    def output(p, x, u, out):
        _emit(p, x, out)

    def output_columns(p, X, U, OUT):
        _emit(p, X, OUT)


class Network(Coupled):
    """Base of the maps that are couplings times a unit law. `noise_std`: of normal numbers added to ``a`` at each step."""

    noise_std: float = 0.0

    def __init__(self, W, W_in, bias, noise_std=0.0, **fields):
        _check.real(f"{type(self).__name__}.noise_std", noise_std, 0.0)
        super().__init__(W=W, W_in=W_in, bias=bias, noise_std=noise_std, **fields)

    @property
    def noise(self):
        return Noise("normal", self.bias.size) if self.noise_std > 0 else None

    def noise_count(p):
        return p.bias.size if p.noise_std > 0 else 0

    def noise_gain(p, i):
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
