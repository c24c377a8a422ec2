"""Delay equations with constant delays, by the method of steps: the past is part of the state."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._math import copy
from dynrnn.integrate.discretised import Sampled
from dynrnn.integrate.feed import read
from dynrnn.integrate.method import clock, derivative_at, inlined
from dynrnn.integrate.tableaus import Tableau, accumulate, run_stages
from dynrnn.system import System, output

__all__ = ["Delayed"]

_NEAR = 1e-9  # of dt: times closer than this are the same


class Delayed(Sampled):
    """A flow ``dx/dt = f(t, x(t), x(t - tau_1), ...)`` as a map from row to row, by an explicit Runge-Kutta method.

    Delayed states come from the cubic Hermite interpolant of the steps before, which keeps the order of methods up to the
    fourth. A solution that starts from a given past has kinks at the sums of delays; a step ends at each of the first ones.

    Parameters
    ----------
    flow : a deterministic system with `delays`.
    method : "euler", "midpoint", "heun", "rk4" or another explicit method, which takes fixed steps here.
    dt : step, at most the shortest delay.

    State: that of the flow, and `history` (internal): for each earlier step its time, state, and slopes from the left and
    the right. The past is constant unless a state with a history is passed: see `begin`.

    >>> from dynrnn.system import System
    >>> class Echo(System):
    ...     delays = (1.0,)
    ...     def drift(p, t, x, u, out):
    ...         out[0] = -u[0]
    >>> Delayed(Echo(), "rk4", 0.5).parts
    {'state': 1, 'history': 16}
    """

    scratch_names: ClassVar[tuple[str, ...]] = ("k", "z", "v", "own", "history", "lags", "breaks")

    def __init__(self, flow: Any, method: Any = "rk4", dt: Any = None, interpolation: Any = "hold", **fields: Any):
        if isinstance(flow, System) and not flow.delays:
            _check.fail("flow", f"{type(flow).__name__} without delays", "one with delays", "Take Discretised.", TypeError)
        if isinstance(flow, System) and flow.stochastic:
            _check.fail("flow", f"{type(flow).__name__} with noise and delays", "one of them", "Set its noise to 0.")
        super().__init__(flow, method, dt, fields.get("feed", interpolation))
        if not isinstance(self.method, Tableau):
            _check.fail("method", self.method.name, "an explicit Runge-Kutta method, as the flow has delays", 'Take "rk4".')
        shortest = min(_check.real("delays", lag, 0.0, open_low=True) for lag in flow.delays)
        if shortest < self.dt * (1 - _NEAR):
            _check.fail("dt", f"{self.dt:g} s", f"at most the shortest delay, {shortest:g} s", "Shorten dt.")

    @property
    def breaks(self) -> np.ndarray:
        """Sums of the first delays that do not lie on the rows, in increasing order."""
        most = int(min(self.method.order, 4)) + 1
        some = itertools.chain(*(itertools.combinations_with_replacement(self.flow.delays, k) for k in range(1, most + 1)))
        sums = {round(sum(one), 12) for one in some}
        return np.array(sorted(t for t in sums if abs(t / self.dt - round(t / self.dt)) > 1e-6))

    @property
    def points(self) -> int:
        """Number of earlier steps that are kept."""
        return math.ceil(max(self.flow.delays) / self.dt - _NEAR) + 2 + self.breaks.size

    @property
    def parts(self):
        return {**self.flow.parts, "history": self.points * (1 + 3 * self.flow.size)}

    @property
    def internal(self):
        return (*self.flow.internal, "history")

    @property
    def derivative(self):
        return "central differences"

    def initial(self):
        return self.begin(self.flow.initial())

    def begin(self, x, past: Callable[[float], Any] | None = None):
        """The whole state that starts at x (…, size of the flow), with a constant past, or that of a function of t <= 0 (s)."""
        n, m = self.flow.size, self.points
        if x.shape[-1] != n:
            return x
        times = self.dt * np.arange(1 - m, 1)
        history = np.zeros((*x.shape[:-1], m, 1 + 3 * n))
        history[..., 0], history[..., 1 : 1 + n] = times, x[..., None, :]
        if past is not None:
            values = np.stack([_value(past, t, n) for t in times])
            if not np.allclose(x, values[-1], rtol=1e-9, atol=1e-12):
                wanted = f"{x.tolist()}, the state at 0"
                _check.fail("history(0)", values[-1].tolist(), wanted, "Leave x0 out: the run then starts from history(0).")
            h = 1e-2 * self.dt  # the past ends at 0, so differences look back: third order
            back = np.stack([[_value(past, t - i * h, n) for i in range(4)] for t in times])
            slope = (11 * back[:, 0] - 18 * back[:, 1] + 9 * back[:, 2] - 2 * back[:, 3]) / (6 * h)
            history[..., 1 : 1 + n] = values
            history[..., 1 + n : 1 + 2 * n] = history[..., 1 + 2 * n :] = slope
        return np.concatenate([x, history.reshape(*x.shape[:-1], -1)], axis=-1)

    def scratch(self, columns=1):
        n, own = self.flow.size, self.flow.input_size + sum(noise.count for noise in self.flow.noises)
        work = {name: np.zeros((self.method.rows, n)) for name in ("k", "z")}
        work |= {"v": np.zeros(self.flow.channels), "own": np.zeros((own, 1))}
        work |= {"lags": np.array(self.flow.delays, float), "breaks": self.breaks}
        return {**work, "history": np.zeros((self.points, 1 + 3 * n))}

    # -------------------------------------------------------------------------------------------------- kernels

    def channels_at(p, s, u):
        fed, v = read(p.feed, s, u, p.own), p.v
        own, n, t = fed.size, p.k.shape[1], clock(u) + s * p.dt
        copy(fed, v[:own])
        for d in range(p.lags.size):
            first = own + d * n
            _recall(p.history, t - p.lags[d], v[first : first + n])
        return v

    def step(p, x, u, out):
        n, dt, breaks, history, k = p.k.shape[1], p.dt, p.breaks, p.history, p.k
        copy(x[n:], history.reshape(history.size))
        t0 = clock(u)
        now, last = out[:n], history.shape[0] - 1
        copy(x[:n], now)
        t, done = t0, 0
        while done < 1:
            until, done = t0 + dt, 1
            for b in range(breaks.size):
                if t + _NEAR * dt < breaks[b] and breaks[b] < until - _NEAR * dt:
                    until, done = breaks[b], 0
            s, h = (t - t0) / dt, until - t
            derivative_at(p, s, now, u, k[0])
            copy(k[0], history[last, 1 + 2 * n :])
            run_stages(p.method, p, 1, p.method.b.size, s, h, now, u)
            accumulate(p.method.b, p.method.b.size, h, now, k, now)
            for i in range(last):
                copy(history[i + 1], history[i])
            history[last, 0] = until
            copy(now, history[last, 1 : 1 + n])
            derivative_at(p, (until - t0) / dt, now, u, history[last, 1 + n : 1 + 2 * n])
            copy(history[last, 1 + n : 1 + 2 * n], history[last, 1 + 2 * n :])
            t = until
        copy(history.reshape(history.size), out[n:])

    def output(p, x, u, out):
        output(p.flow, x[: p.k.shape[1]], read(p.feed, 1.0, u, p.own), out)


@inlined
def _recall(history, t, out):
    """The state at time t, by Hermite's cubic between the two steps around it."""
    n, low, high = out.size, 0, history.shape[0] - 1
    while high - low > 1:
        middle = (low + high) // 2
        if history[middle, 0] <= t:
            low = middle
        else:
            high = middle
    h = history[high, 0] - history[low, 0]
    s = (t - history[low, 0]) / h
    for i in range(n):
        x, y = history[low, 1 + i], history[high, 1 + i]
        f, g = h * history[low, 1 + 2 * n + i], h * history[high, 1 + n + i]
        out[i] = x + s * (f + s * (3.0 * (y - x) - 2.0 * f - g + s * (2.0 * (x - y) + f + g)))


def _value(past: Callable[[float], Any], t: float, n: int) -> np.ndarray:
    return _check.array("history", np.atleast_1d(past(float(t))), shape=(n,))
