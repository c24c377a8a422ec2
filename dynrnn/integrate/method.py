"""What a method of integration is: data with the kernels below, which advance a flow by one step of a wrapper `p`.

`p` is the wrapper's parameters: ``p.flow``, ``p.dt``, work arrays ``p.k`` and ``p.z`` (one row per stage), ``p.matrices``. A
method asks it for the flow's rate of change through `derivative_at`, which knows the inputs, noise and delayed states at that
moment, and so does not depend on who calls it. ``u`` are the channels of the row; times are given as fractions `s` of it.

============================================  ===========================================================
``advance(m, p, x, u, out)``                  one step from `x`; `x` may have one column per trial
``advance_jvp(m, p, x, u, v, out)``           its derivative along a change `v` of the state
``advance_pushforward(m, p, x, u, V, y, W)``  the step into y, and its derivative along the rows of V into those of W
``advance_jvp_u(m, p, x, u, w, out)``         along a change `w` of the channels
``advance_vjp(m, p, x, u, g, gx, gu, gp)``    adjoint: adds to `gx`, `gu`, `gp`
``attempt(m, p, s, h, x, f, u, out, end)``    a step of size `h` from `x`, where the slope is `f`, and the slope at its `end`
``error(m, p, h, x, y, rtol, atol)``          estimated error of that step to `y`, in units of the tolerance
``dense(m, p, s, h, x, f, y, end, u, Q)``     ``x(theta) = x + sum_d Q[d] theta^(d+1)`` over that step
============================================  ===========================================================
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._jit import by_dimension, generic, inlined
from dynrnn._math import copy, difference_step
from dynrnn._record import Record
from dynrnn.system import drift, drift_columns

__all__ = ["Method"]


class Method(Record):
    """Base of the methods. `order` is the order of convergence (strong, for a stochastic method)."""

    name: str
    order: float

    normals: ClassVar[int] = 0  # standard normal numbers per state variable and step
    native: ClassVar[bool] = False  # whether many states advance side by side
    exact: ClassVar[bool] = False  # whether it has derivatives of its own
    adaptive: ClassVar[bool] = False  # whether it can choose its own steps
    rows: ClassVar[int] = 2  # of the work arrays
    dense_order: ClassVar[int] = 0  # degree of the interpolant; 0 for none, and steps then end at the rows

    def check(self, flow: Any) -> None:
        """Refuse a flow that the method is not for."""
        if flow.stochastic and not self.normals:
            wanted = "a deterministic flow: this one has noise, which the method would leave out"
            _check.fail("method", self.name, wanted, 'Take "euler_maruyama" or "stochastic_heun", or set its noise to 0.')

    def matrices(self, flow: Any, dt: float) -> np.ndarray:
        """What can be computed before the run, or room for what is computed at each step."""
        return np.zeros(0)


@generic
def advance(m, p, x, u, out):
    """One step."""
    raise NotImplementedError


@generic
def advance_jvp(m, p, x, u, v, out):
    """Its derivative along a change of the state: by central differences unless the method has it."""
    h = difference_step(x, v)
    z, before = p.dk[0, : x.size], p.dk[1, : x.size]  # work arrays may have room for many columns
    for sign in (-1.0, 1.0):
        for i in range(x.size):
            z[i] = x[i] + sign * h * v[i]
        advance(m, p, z, u, out)
        if sign < 0:
            copy(out, before)
    for i in range(out.size):
        out[i] = (out[i] - before[i]) / (2 * h)


@generic
def advance_pushforward(m, p, x, u, V, y, W):
    """One step into y, and `advance_jvp` along the rows of V."""
    advance(m, p, x, u, y)
    for i in range(V.shape[0]):
        advance_jvp(m, p, x, u, V[i], W[i])


@generic
def advance_jvp_u(m, p, x, u, w, out):
    """Its derivative along a change of the channels: by central differences unless the method has it."""
    h = difference_step(u, w)
    z, before = np.empty_like(u), p.dk[1, : x.size]
    for sign in (-1.0, 1.0):
        for i in range(u.size):
            z[i] = u[i] + sign * h * w[i]
        advance(m, p, x, z, out)
        if sign < 0:
            copy(out, before)
    for i in range(out.size):
        out[i] = (out[i] - before[i]) / (2 * h)


@generic
def advance_vjp(m, p, x, u, g, gx, gu, gp):
    """Adjoint of the step."""
    raise NotImplementedError


@generic
def attempt(m, p, s, h, x, f, u, out, end):
    """A step of size h, for step control."""
    raise NotImplementedError


@generic
def error(m, p, h, x, y, rtol, atol):
    """Estimated error of the step from x to y, in units of the tolerance."""
    raise NotImplementedError


@generic
def dense(m, p, s, h, x, f, y, end, u, Q):
    """The interpolating polynomial of the step from x to y, where the method has one."""


@generic
def channels_at(p, s, u):
    """The flow's own channels at the fraction s of the row with the channels u."""
    raise NotImplementedError


@generic
def pull_channels(p, s, g, gu):
    """Adjoint of `channels_at`: adds to gu."""
    raise NotImplementedError


# ----------------------------------------------------------------------------------------------- what methods call

_drift = by_dimension(2, lambda p, t, x, u, out: drift(p, t, x, u, out), lambda p, t, x, u, out: drift_columns(p, t, x, u, out))


flat = by_dimension(0, lambda x: x, lambda x: x.reshape(x.size))  # a reshape costs 6 ns: not for one state
like = by_dimension(1, lambda flat, x: flat[: x.size], lambda flat, x: flat.reshape(x.shape))
clock = by_dimension(0, lambda u: u[u.size - 1], lambda u: u[u.shape[0] - 1, 0])


@inlined
def cubic(x, f, y, g, h, s, out):
    """Hermite's cubic at the fraction s of a step of size h from x to y, with slopes f and g there; its ends to the bit."""
    for i in range(out.size):
        a, b = h * f[i], h * g[i]
        out[i] = x[i] + s * (a + s * (3.0 * (y[i] - x[i]) - 2.0 * a - b + s * (2.0 * (x[i] - y[i]) + a + b)))
        if s == 1.0:
            out[i] = y[i]


@inlined
def derivative_at(p, s, x, u, out):
    """The flow's rate of change in state x, for one state or many, at the fraction s of the row, into a flat array."""
    _drift(p.flow, clock(u) + s * p.dt, x, channels_at(p, s, u), like(out, x))
