"""A flow seen every dt: a map, for every verb that wants one."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dynrnn import _check
from dynrnn.integrate.feed import Feed, feed, pull, read
from dynrnn.integrate.method import Method, advance, advance_jvp, advance_jvp_u, advance_pushforward, advance_vjp
from dynrnn.integrate.methods import method as named
from dynrnn.system import Noise, System, Wrapper, output, output_columns

__all__ = ["Discretised", "Sampled"]


class Sampled(Wrapper):
    """Base of the maps that lead a flow from row to row. Channels: those of the flow, the method's normal numbers, the clock.

    With linear interpolation the inputs come with their increments to the next row behind them.
    """

    flow: System
    method: Method
    dt: float
    feed: Feed

    wraps: ClassVar[str] = "flow"
    clocked: ClassVar[bool] = True

    def __init__(self, flow: Any, method: Any, dt: Any, interpolation: Any = "hold", **fields: Any):
        if not isinstance(flow, System) or not flow.is_flow:
            _check.fail("flow", type(flow).__name__, "a system with a drift", error=TypeError)
        if flow.clocked:
            remedy = "A drift gets the time as its argument t."
            _check.fail("flow", f"{type(flow).__name__}, which is clocked", "a flow that is not", remedy, TypeError)
        if dt is None:
            _check.fail("dt", "nothing", "a step in seconds", "A flow needs a time step: pass dt=…")
        dt, chosen = _check.real("dt", dt, 0.0, open_low=True), named(method)
        chosen.check(flow)
        super().__init__(flow=flow, method=chosen, dt=dt, feed=feed(interpolation, flow.input_size), **fields)

    @property
    def inputs(self):
        return {"input": self.flow.inputs, "increment": self.flow.input_size} if self.feed.copies == 2 else self.flow.inputs

    @property
    def noise(self):
        own = self.method.normals * self.flow.size
        return (*self.flow.noises, Noise("normal", own)) if own else self.flow.noises

    def diagnose(self, x):
        advice = "Shorten dt or take method='auto'; if that does not help, the solution itself leaves to infinity."
        return self.flow.diagnose(x[: self.flow.size]) or advice

    def channels_at(p, s, u):
        return read(p.feed, s, u, p.v)

    def pull_channels(p, s, g, gu):
        pull(p.feed, s, g, gu)


class Discretised(Sampled):
    """One step of a method of integration as a map, by default of classical Runge-Kutta:

        x[k+1] = x[k] + dt sum_i b_i k_i,        k_i = drift(t_k + c_i dt, x[k] + dt sum_j A_ij k_j, u(t_k + c_i dt))

    Derivatives are those of the discrete step, stage by stage, for explicit Runge-Kutta methods, and central differences for
    others. A method that could choose its own steps takes exactly one of size dt here.

    Parameters
    ----------
    flow : a system with a drift.
    method : a name among `dynrnn.integrate.METHODS`, or a `Method`.
    dt : step, in the flow's unit of time (seconds in this package's models).
    interpolation : "hold", row k of the input holds on ``[k dt, (k+1) dt)``; or "linear", it is the value at ``k dt``.

    >>> class Decay(System):
    ...     def drift(p, t, x, u, out):
    ...         out[0] = -x[0]
    >>> Discretised(Decay(), "euler", 0.1).is_flow
    False
    """

    scratch_names: ClassVar[tuple[str, ...]] = ("k", "z", "dk", "dz", "dK", "dZ", "v", "dv", "matrices")
    trainable: ClassVar[tuple[str, ...]] = ("flow",)

    def __init__(self, flow: Any, method: Any = "rk4", dt: Any = None, interpolation: Any = "hold", **fields: Any):
        super().__init__(flow, method, dt, interpolation if "feed" not in fields else fields.pop("feed"))
        if flow.delays:
            _check.fail("flow", f"{type(flow).__name__} with delays", "one without", "Take dynrnn.integrate.Delayed.", TypeError)

    @property
    def has_native_columns(self):
        return self.method.native and self.flow.has_native_columns

    @property
    def has_vjp(self):
        return self.method.exact and self.flow.has_vjp

    @property
    def derivative(self):
        return self.flow.derivative if self.method.exact else "central differences"

    def scratch(self, columns=1):
        rows, channels = max(2, self.method.rows), self.flow.channels
        work = {name: np.zeros((rows, self.size * columns), self.dtype) for name in ("k", "z", "dk", "dz")}
        frame = rows, columns, self.size  # the same memory, seen as tangent vectors
        return {
            **work,
            "dK": work["dk"].reshape(frame),
            "dZ": work["dz"].reshape(frame),
            "v": np.zeros((channels, columns)),
            "dv": np.zeros(channels),
            "matrices": self.method.matrices(self.flow, self.dt),
        }

    # -------------------------------------------------------------------------------------------------- kernels

    def step(p, x, u, out):
        advance(p.method, p, x, u, out)

    def step_columns(p, X, U, OUT):
        advance(p.method, p, X, U, OUT)

    def output(p, x, u, out):
        output(p.flow, x, read(p.feed, 1.0, u, p.v), out)

    def output_columns(p, X, U, OUT):
        output_columns(p.flow, X, read(p.feed, 1.0, U, p.v), OUT)

    def jvp(p, x, u, v, out):
        advance_jvp(p.method, p, x, u, v, out)

    def pushforward(p, t, x, u, V, y, W):
        advance_pushforward(p.method, p, x, u, V, y, W)

    def jvp_u(p, x, u, w, out):
        advance_jvp_u(p.method, p, x, u, w, out)

    def vjp(p, x, u, g, gx, gu, gp):
        advance_vjp(p.method, p, x, u, g, gx, gu, gp)
