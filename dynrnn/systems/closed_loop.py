"""A system that feeds its own readout back: the free-running forecaster, as one more system."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._jit import generic, inlined
from dynrnn._math import copy
from dynrnn._record import Record
from dynrnn.couplings import Coupling, coupling
from dynrnn.couplings.base import multiply, multiply_columns, transposed
from dynrnn.system import System, jvp, jvp_p, jvp_u, step, step_columns, vjp

__all__ = ["Affine", "ClosedLoop"]


@generic
def read(r, x, y):
    """``y = readout(x)``."""
    raise NotImplementedError


@generic
def read_columns(r, X, Y):
    """The readout of many states."""
    raise NotImplementedError


@generic
def read_jvp(r, x, v, dy):
    """Directional derivative of the readout."""
    raise NotImplementedError


@generic
def read_vjp(r, x, gy, gx):
    """Adjoint of the readout, added to `gx`."""
    raise NotImplementedError


class Affine(Record):
    """``y = W_out x + b``. `W_out` (output, size) is an array or coupling, `b` (output,) zero by default.

    >>> Affine([[1.0, 2.0]], [0.5]).b
    array([0.5])
    """

    W_out: Coupling
    b: np.ndarray

    def __init__(self, W_out: Any, b: Any = None, dtype: Any = None):
        W = coupling(W_out, name="W_out", dtype=dtype)
        b = np.zeros(W.shape[0]) if b is None else b
        super().__init__(W_out=W, b=_check.array("b", b, shape=(W.shape[0],), dtype=W.dtype))

    def read(r, x, y):
        copy(r.b, y)
        multiply(r.W_out, x, y)

    def read_columns(r, X, Y):
        for i in range(Y.shape[0]):
            Y[i, :] = r.b[i]
        multiply_columns(r.W_out, X, Y)

    def read_jvp(r, x, v, dy):
        dy[:] = 0
        multiply(r.W_out, v, dy)

    def read_vjp(r, x, gy, gx):
        transposed(r.W_out, gy, gx)


class ClosedLoop(System):
    """The last inputs of `system` are its own readout:

        y[k] = W_out x[k] + b,        x[k+1] = step(x[k], [u[k] | y[k]])

    Parameters
    ----------
    system : a map with at least as many inputs as the readout has outputs. Inputs before those stay free: drivers.
    readout : an `Affine`, a fitted `Ridge`, or a matrix (output, size).

    State: that of `system`. Inputs: its free ones. Output row k: the readout of the state after step k. After a driven run
    the readout of its last state is the first forecast; the rows of a closed-loop run are those that follow.

    >>> from dynrnn.systems.esn import ESN
    >>> ClosedLoop(ESN([[0.5]], [1.0]), [[0.3]]).input_size
    0
    """

    system: System
    readout: Record
    free: int

    scratch_names: ClassVar[tuple[str, ...]] = ("u", "du", "gu", "wide", "push")
    trainable: ClassVar[tuple[str, ...]] = ("system",)

    def __init__(self, system: System, readout: Any, free: int | None = None):
        if not isinstance(system, System) or system.is_flow:
            _check.fail("system", type(system).__name__, "a map", "Wrap a flow in Discretised first.", TypeError)
        readout = _as_readout(readout, system)
        outputs, size = readout.W_out.shape
        if size != system.size:
            _check.fail("readout", f"weights for {size} state variables", f"{system.size}, the size of the state")
        if outputs > system.input_size:
            _check.fail("readout", f"{outputs} outputs", f"at most {system.input_size}, the inputs of the system that they feed")
        super().__init__(system=system, readout=readout, free=system.input_size - outputs)

    @property
    def parts(self):
        return self.system.parts

    @property
    def visible(self):
        return self.system.visible

    @property
    def inputs(self):
        return self.free

    @property
    def outputs(self):
        return self.readout.W_out.shape[0]

    @property
    def noise(self):
        return self.system.noises

    @property
    def clocked(self):
        return self.system.clocked

    @property
    def dtype(self):
        return self.system.dtype

    @property
    def derivative(self):
        return self.system.derivative

    @property
    def has_native_columns(self):
        return self.system.has_native_columns

    def initial(self):
        return self.system.initial()

    def scratch(self, columns=1):
        c = self.system.channels
        shapes = {"u": c, "du": c, "gu": c, "wide": (c, columns), "push": self.size}
        return {name: np.zeros(shape, self.dtype) for name, shape in shapes.items()}

    # -------------------------------------------------------------------------------------------------- kernels

    def step(p, x, u, out):
        step(p.system, x, _inner(p, x, u), out)

    def step_columns(p, X, U, OUT):
        m, d = p.free, p.readout.b.size
        inner = p.wide
        for i in range(U.shape[0]):
            copy(U[i], inner[i if i < m else i + d])
        read_columns(p.readout, X, inner[m : m + d])
        step_columns(p.system, X, inner, OUT)

    def output(p, x, u, out):
        read(p.readout, x, out)

    def output_columns(p, X, U, OUT):
        read_columns(p.readout, X, OUT)

    def jvp(p, x, u, v, out):
        m, d = p.free, p.readout.b.size
        inner = _inner(p, x, u)
        p.du[:] = 0
        read_jvp(p.readout, x, v, p.du[m : m + d])
        jvp(p.system, x, inner, v, out)
        jvp_u(p.system, x, inner, p.du, p.push)
        for i in range(out.size):
            out[i] += p.push[i]

    def jvp_u(p, x, u, w, out):
        m, d = p.free, p.readout.b.size
        p.du[m : m + d] = 0
        copy(w[:m], p.du[:m])
        copy(w[m:], p.du[m + d :])
        jvp_u(p.system, x, _inner(p, x, u), p.du, out)

    def jvp_p(p, x, u, q, out):
        jvp_p(p.system, x, _inner(p, x, u), q.system, out)

    def vjp(p, x, u, g, gx, gu, gp):
        m, d = p.free, p.readout.b.size
        p.gu[:] = 0
        vjp(p.system, x, _inner(p, x, u), g, gx, p.gu, gp.system)
        read_vjp(p.readout, x, p.gu[m : m + d], gx)
        for i in range(m):
            gu[i] += p.gu[i]
        for i in range(m, gu.size):
            gu[i] += p.gu[i + d]


@inlined
def _inner(p, x, u):
    """The inputs of the inner system: free ones, the readout of the state, noise and clock."""
    m, d = p.free, p.readout.b.size
    copy(u[:m], p.u[:m])
    copy(u[m:], p.u[m + d :])
    read(p.readout, x, p.u[m : m + d])
    return p.u


def _as_readout(given: Any, system: System) -> Record:
    if isinstance(given, Affine):
        return given
    if hasattr(given, "W_out"):
        return Affine(given.W_out, given.b, system.dtype)
    return Affine(given, dtype=system.dtype)
