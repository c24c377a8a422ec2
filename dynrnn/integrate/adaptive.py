"""Steps of the method's own choice, seen every dt through its interpolant."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._jit import generic
from dynrnn._math import copy
from dynrnn._record import Record
from dynrnn._units import time_unit
from dynrnn.integrate.discretised import Sampled
from dynrnn.integrate.events import SLOTS, Nothing, scan, sort, watching
from dynrnn.integrate.feed import read
from dynrnn.integrate.method import attempt, clock, dense, derivative_at, error, inlined
from dynrnn.integrate.methods import method as named
from dynrnn.system import output

__all__ = ["Adaptive"]

_SAFETY, _SHRINK, _GROW = 0.9, 0.2, 8.0
_SMALLEST = 1e-13  # of a step, relative to the time
_ATTEMPTS = 100_000  # per row
_START, _STEP, _NEXT, _ERROR, _NUMBERS = 0, 1, 2, 3, 4  # what the memory begins with
_FAILED = -1.0
_NEAR = 1e-9  # of dt: times closer than this are the same


class Adaptive(Sampled):
    """An embedded pair with step control, as a map from row to row:

        h' = h · 0.9 · e_n^(-0.7/q) · e_(n-1)^(0.4/q),     accepted where e_n <= 1,

    with e the error in units of ``atol + rtol max(|x|, |x'|)`` (root mean square) and q its order plus one. Steps run past
    the rows, whose values come from the interpolant, unless inputs or noise change there or the method has none: then a step
    ends at each row.

    Parameters
    ----------
    flow : a deterministic system with a drift and no delays.
    method : "tsit5", "dopri5", "dop853", "rodas3", or another method with an error estimate.
    dt : time between rows; it does not limit the steps.
    rtol, atol : relative and absolute tolerance of a step.

    State: that of the flow, and `solver`, what the method knows of its last step (internal). Its derivative is not defined:
    take `Discretised`, or integrate the tangent along with the state.

    Source: Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I (1993), II.4; the controller is that of
    K. Gustafsson, ACM TOMS 17 (1991) 533.

    >>> from dynrnn.system import System
    >>> class Decay(System):
    ...     def drift(p, t, x, u, out):
    ...         out[0] = -x[0]
    >>> Adaptive(Decay(), "tsit5", 0.1).parts
    {'state': 1, 'solver': 11}
    """

    rtol: float = 1e-6
    atol: float = 1e-9
    bounded: bool = False
    events: Record = Nothing()

    scratch_names: ClassVar[tuple[str, ...]] = ("k", "z", "dz", "v", "matrices", "spot", "after", "stretch", "found")

    def __init__(
        self, flow: Any, method: Any = "tsit5", dt: Any = None, interpolation: Any = "hold", rtol=1e-6, atol=1e-9, **fields: Any
    ):
        rtol, atol = _check.real("rtol", rtol, 0.0), _check.real("atol", atol, 0.0)
        if rtol == atol == 0:
            _check.fail("rtol, atol", "0 and 0", "one of them above 0")
        bounded = bool(fields.get("bounded", flow.channels)) or not named(method).dense_order
        super().__init__(
            flow,
            method,
            dt,
            fields.get("feed", interpolation),
            rtol=rtol,
            atol=atol,
            bounded=bounded,
            events=fields.get("events", Nothing()),
        )
        if not self.method.adaptive:
            _check.fail("method", self.method.name, "one with an error estimate: tsit5, dopri5, dop853 or rodas3")
        if flow.delays:
            _check.fail("flow", f"{type(flow).__name__} with delays", "one without", 'Take a fixed step: method="rk4".')

    @property
    def parts(self):
        return {**self.flow.parts, "solver": _NUMBERS + (3 + self.method.dense_order) * self.flow.size}

    @property
    def internal(self):
        return (*self.flow.internal, "solver")

    @property
    def derivative(self):
        return "none"

    def initial(self):
        return self.begin(self.flow.initial())

    def begin(self, x):
        if x.shape[-1] != self.flow.size:
            return x
        return np.concatenate([x, np.zeros((*x.shape[:-1], self.parts["solver"]))], axis=-1)

    def diagnose(self, x):
        memory, unit = x[self.flow.size :], time_unit(self)
        if memory[_ERROR] != _FAILED:
            return super().diagnose(x)
        slope = memory[_NUMBERS + 2 * self.flow.size : _NUMBERS + 3 * self.flow.size]
        if not np.isfinite(slope).all():
            return f"At t = {memory[_START]:.6g} {unit} the drift itself is not finite: look at it, and at where it starts from."
        where = f"Near t = {memory[_START]:.6g} {unit} the steps of {self.method.name} fell to {memory[_STEP]:.3g} {unit}"
        advice = "Look there." if self.method.name == "rodas3" else "Look there; if it is stiffness, take method='rodas3'."
        return f"{where}: a singularity or a jump of the drift? {advice}"

    def scratch(self, columns=1):
        n = self.flow.size
        work = {name: np.zeros((max(4, self.method.rows), n)) for name in ("k", "z", "dz")}
        work |= {name: np.zeros(n) for name in ("spot", "after")}
        work |= {"stretch": np.zeros(4), "found": np.zeros(1 + SLOTS * (3 + n) * (not isinstance(self.events, Nothing)))}
        return {**work, "v": np.zeros((self.flow.channels, 1)), "matrices": self.method.matrices(self.flow, self.dt)}

    # -------------------------------------------------------------------------------------------------- kernels

    def step(p, x, u, out):
        n, dt = p.k.shape[1], p.dt
        memory = out[n:]
        copy(x[n:], memory)
        start, front = memory[_NUMBERS : _NUMBERS + n], memory[_NUMBERS + n : _NUMBERS + 2 * n]
        end, Q = (
            memory[_NUMBERS + 2 * n : _NUMBERS + 3 * n],
            memory[_NUMBERS + 3 * n :].reshape((memory.size - _NUMBERS) // n - 3, n),
        )
        t0 = clock(u)
        t1 = t0 + dt
        if memory[_NEXT] == 0:
            copy(x[:n], front)
            memory[_START], memory[_STEP], memory[_ERROR] = t0, 0.0, 1.0
            derivative_at(p, 0.0, front, u, end)
            memory[_NEXT] = _first_step(p, front, end, u)
        elif p.bounded:
            derivative_at(p, 0.0, front, u, end)
        p.found[0] = 0
        if watching(p.events) and memory[_STEP] > 0:  # the rest of the step that led beyond the last row
            _look(p, t0, t0, t1, memory[_START], memory[_STEP], start, front, Q)
        if not _reach(p, t0, t1, memory, start, front, end, Q, u):
            out[:n] = np.nan
            return
        t = memory[_START] + memory[_STEP]
        theta = (t1 - memory[_START]) / memory[_STEP]
        for i in range(n):
            out[i] = front[i]
        if abs(t - t1) > _NEAR * dt:
            for i in range(n):
                total = 0.0
                for d in range(Q.shape[0] - 1, -1, -1):
                    total = (total + Q[d, i]) * theta
                out[i] = start[i] + total

    def between(p, x, y, s, z):
        theta = p.stretch[0] + s * p.stretch[1]
        for i in range(z.size):
            total = 0.0
            for d in range(y.shape[0] - 1, -1, -1):
                total = (total + y[d, i]) * theta
            z[i] = p.after[i] if theta == 1.0 else x[i] + total

    def place(p, s):
        return p.stretch[2] + (p.stretch[0] + s * p.stretch[1]) * p.stretch[3]

    def found_by(p, found):
        copy(p.found, found)

    def output(p, x, u, out):
        output(p.flow, x[: p.k.shape[1]], read(p.feed, 1.0, u, p.v), out)

    def jvp(p, x, u, v, out):
        out[:] = np.nan

    def jvp_u(p, x, u, w, out):
        out[:] = np.nan


@generic
def found_by(p, found):
    """Copy the events of the last row that the wrapper has found itself."""


@inlined
def _look(p, t0, first, last, start_time, h, start, front, Q):
    """Search the step of size h from `start_time` for events between the times `first` and `last`; t0 is the row's."""
    begin = (first - start_time) / h
    end = min(1.0, (last - start_time) / h)
    if end > begin:
        p.stretch[0], p.stretch[1] = begin, end - begin
        p.stretch[2], p.stretch[3] = (start_time - t0) / p.dt, h / p.dt
        copy(front, p.after)
        scan(p.events, p, 0, start, Q, p.found)
        sort(p.found, 3 + p.spot.size)


@inlined
def _reach(p, t0, t1, memory, start, front, end, Q, u):
    """Step until the front is at t1 or beyond. Whether that succeeded."""
    m, dt, n = p.method, p.dt, front.size
    y, slope_y, f = p.z[p.z.shape[0] - 1], p.z[p.z.shape[0] - 2], p.z[p.z.shape[0] - 3]
    power = 1.0 / (m.control + 1)
    t, near, rejected = memory[_START] + memory[_STEP], _NEAR * dt, False
    for _ in range(_ATTEMPTS):
        if t1 - t <= near:
            return True
        h, whole = memory[_NEXT], memory[_NEXT]
        if p.bounded:
            h = t1 - t if h > 0.999 * (t1 - t) else min(h, 0.5 * (t1 - t)) if h > 0.5 * (t1 - t) else h
        if not h > _SMALLEST * max(abs(t), dt):
            memory[_START], memory[_STEP], memory[_ERROR] = t, h, _FAILED
            return False
        s = (t - t0) / dt
        attempt(m, p, s, h, front, end, u, y, slope_y)
        e = error(m, p, h, front, y, p.rtol, p.atol)
        if not e <= 1.0:
            memory[_NEXT] = h * (max(_SHRINK, _SAFETY * e**-power) if e < math.inf else _SHRINK)
            rejected = True
            continue
        factor = _GROW
        if e > 0:
            factor = min(_GROW, max(_SHRINK, _SAFETY * e ** (-0.7 * power) * memory[_ERROR] ** (0.4 * power)))
        factor = min(factor, 1.0) if rejected else factor
        rejected = False
        copy(front, start)
        copy(end, f)
        copy(y, front)
        copy(slope_y, end)
        if t + h - t1 > near or watching(p.events):
            dense(m, p, s, h, start, f, front, end, u, Q)
        if watching(p.events):
            _look(p, t0, t, t1, t, h, start, front, Q)
        memory[_START], memory[_STEP], memory[_ERROR] = t, h, max(e, 1e-4)
        memory[_NEXT] = max(whole, h * factor) if h < whole else h * factor
        t = t + h
        for i in range(n):
            if not abs(front[i]) < math.inf:
                return False
    memory[_START], memory[_ERROR] = t, _FAILED
    return False


@inlined
def _first_step(p, x, f, u):
    """A first step whose Euler error would be small: Hairer, Nørsett and Wanner (1993), II.4."""
    y, slope_y = p.z[0], p.z[1]
    size, speed = 0.0, 0.0
    for n in range(x.size):
        scale = p.atol + p.rtol * abs(x[n])
        size += (x[n] / scale) ** 2
        speed += (f[n] / scale) ** 2
    size, speed = math.sqrt(size / x.size), math.sqrt(speed / x.size)
    h = 0.01 * size / speed if size > 1e-5 and speed > 1e-5 else 1e-6
    for n in range(x.size):
        y[n] = x[n] + h * f[n]
    derivative_at(p, h / p.dt, y, u, slope_y)
    bend = 0.0
    for n in range(x.size):
        bend += ((slope_y[n] - f[n]) / (p.atol + p.rtol * abs(x[n]))) ** 2
    bend = math.sqrt(bend / x.size) / h
    steepest = max(speed, bend)
    second = (0.01 / steepest) ** (1.0 / (p.method.control + 1)) if steepest > 1e-15 else max(1e-6, 1e-3 * h)
    return min(100 * h, second)
