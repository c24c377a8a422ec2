"""A flow seen every dt: a map, for every verb that wants one."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._jit import jit
from dynrnn.integrate.tableaus import Tableau, tableau
from dynrnn.system import System, drift, output, tangent, tangent_u, vjp

__all__ = ["Discretised"]


class Discretised(System):
    """One step of an explicit Runge-Kutta method as a map:

        x[k+1] = x[k] + dt sum_i b_i k_i,        k_i = drift(t_k + c_i dt, x[k] + dt sum_j A_ij k_j, u[k])

    Row k of the input holds on ``[k dt, (k+1) dt)``. Derivatives are those of the discrete step, stage by stage.

    Parameters
    ----------
    flow : a system with a drift.
    method : "euler", "midpoint", "heun" or "rk4", or a `Tableau`.
    dt : step, in the flow's unit of time (seconds in this package's models).

    >>> class Decay(System):
    ...     def drift(p, t, x, u, out):
    ...         out[0] = -x[0]
    >>> Discretised(Decay(), "euler", 0.1).is_flow
    False
    """

    flow: System
    method: Tableau
    dt: float

    clocked: ClassVar[bool] = True
    scratch_names: ClassVar[tuple[str, ...]] = ("k", "z", "dk", "dz")
    trainable: ClassVar[tuple[str, ...]] = ("flow",)

    def __init__(self, flow: System, method: str | Tableau = "rk4", dt: Any = None):
        if not isinstance(flow, System) or not flow.is_flow:
            _check.fail("flow", type(flow).__name__, "a system with a drift", error=TypeError)
        if dt is None:
            _check.fail("dt", "nothing", "a step in seconds", "A flow needs a time step: pass dt=…")
        super().__init__(flow=flow, method=tableau(method), dt=_check.real("dt", dt, 0.0, open_low=True))

    @property
    def parts(self):
        return self.flow.parts

    @property
    def visible(self):
        return self.flow.visible

    @property
    def inputs(self):
        return self.flow.inputs

    @property
    def outputs(self):
        return self.flow.outputs

    @property
    def noise(self):
        return self.flow.noises

    @property
    def dtype(self):
        return self.flow.dtype

    @property
    def derivative(self):
        return self.flow.derivative

    def initial(self):
        return self.flow.initial()

    def scratch(self, columns=1):
        shape = (self.method.b.size, self.size)
        return {name: np.zeros(shape, self.dtype) for name in self.scratch_names}

    # -------------------------------------------------------------------------------------------------- kernels

    def step(p, x, u, out):
        _stages(p, x, u)
        _combine(p, x, p.k, out)

    def output(p, x, u, out):
        output(p.flow, x, u[:-1], out)

    def jvp(p, x, u, v, out):
        _stages(p, x, u)
        for i in range(p.method.b.size):
            _stage(p, v, p.dk, i, p.dz[i])
            tangent(p.flow, _time(p, u, i), p.z[i], u[:-1], p.dz[i], p.dk[i])
        _combine(p, v, p.dk, out)

    def jvp_u(p, x, u, w, out):
        _stages(p, x, u)
        out[:] = 0
        for i in range(p.method.b.size):
            _stage(p, out, p.dk, i, p.dz[i])
            t, z = _time(p, u, i), p.z[i]
            tangent(p.flow, t, z, u[:-1], p.dz[i], p.dk[i])
            tangent_u(p.flow, t, z, u[:-1], w[:-1], p.dz[i])
            for j in range(out.size):
                p.dk[i, j] += p.dz[i, j]
        _combine(p, out, p.dk, out)

    def vjp(p, x, u, g, gx, gu, gp):
        _stages(p, x, u)
        stages = p.method.b.size
        p.dz[:] = 0
        for j in range(g.size):
            gx[j] += g[j]
        for i in range(stages - 1, -1, -1):
            for j in range(g.size):
                p.dk[i, j] = p.dt * p.method.b[i] * g[j]
                for later in range(i + 1, stages):
                    p.dk[i, j] += p.dt * p.method.A[later, i] * p.dz[later, j]
            vjp(p.flow, p.z[i], u[:-1], p.dk[i], p.dz[i], gu[:-1], gp.flow)
            for j in range(g.size):
                gx[j] += p.dz[i, j]


@jit
def _time(p, u, i):
    return u[u.size - 1] + p.method.c[i] * p.dt


@jit
def _stage(p, x, k, i, out):
    """``out = x + dt sum_{j<i} A_ij k_j``."""
    for n in range(x.size):
        total = x[n]
        for j in range(i):
            if p.method.A[i, j] != 0.0:
                total += p.dt * p.method.A[i, j] * k[j, n]
        out[n] = total


@jit
def _stages(p, x, u):
    for i in range(p.method.b.size):
        _stage(p, x, p.k, i, p.z[i])
        drift(p.flow, _time(p, u, i), p.z[i], u[:-1], p.k[i])


@jit
def _combine(p, x, k, out):
    for n in range(x.size):
        total = x[n]
        for i in range(p.method.b.size):
            total += p.dt * p.method.b[i] * k[i, n]
        out[n] = total
