"""A flow seen when it returns: to a plane of its state space (Poincaré), or after a fixed time (stroboscopic). Maps both."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._jit import explained, jit
from dynrnn._math import copy
from dynrnn.integrate.discretised import Discretised
from dynrnn.integrate.events import Crossing, Event
from dynrnn.integrate.method import channels_at, clock, cubic, derivative_at
from dynrnn.system import Wrapper, channels, jvp, output, step, tangent

__all__ = ["Plane", "PoincareMap", "Stroboscopic"]


class Plane(Event):
    """The orbit passes the hyperplane ``normal · x = offset``; with `direction` +1 towards larger values, -1 towards smaller.

    `normal` is (size,). It is a section for `PoincareMap` and an event for `dynrnn.simulate`.

    >>> Plane([0, 1], 0.5).direction
    1
    """

    normal: np.ndarray
    offset: float = 0.0

    def __init__(self, normal: Any, offset: float = 0.0, direction: int = 1, terminal: bool = False):
        normal = _check.array("normal", normal, ndim=1)
        if not normal.any():
            _check.fail("normal", "zeros", "a direction in state space")
        super().__init__(direction=direction, terminal=terminal, normal=normal, offset=offset)

    @classmethod
    def of(cls, section: Any, size: int) -> Plane:
        """The section of a state space with `size` dimensions as a plane: itself, or a `Crossing` of a numbered variable."""
        if isinstance(section, Crossing):
            unit = _check.integer("section", section.unit, 0, size - 1)
            section = cls(np.eye(size)[unit], section.level, section.direction, section.terminal)
        if not isinstance(section, cls):
            _check.fail("section", repr(section), 'Plane(normal, offset) or Crossing("x", level)', error=TypeError)
        if section.normal.size != size:
            _check.fail("section", f"a normal with {section.normal.size} entries", f"{size}, the number of variables")
        return section

    def crossing(e, x):
        return _height(e, x)


@jit(forceinline=True)
def _height(e, x):
    total = -e.offset
    for i in range(x.size):
        total += e.normal[i] * x[i]
    return total


class _Returning(Wrapper):
    """What both maps share: a discretised flow, stepped many times under inputs that hold."""

    system: Discretised

    scratch_names: ClassVar[tuple[str, ...]] = ("u", "y", "z", "f", "g", "dy", "dz", "df", "dg")

    @property
    def has_vjp(self):
        return False

    def scratch(self, columns=1):
        work = {name: np.zeros(self.size, self.dtype) for name in self.scratch_names[1:]}
        return {"u": np.zeros(self.channels, self.dtype), **work}

    def output(p, x, u, out):
        output(p.system, x, u, out)


def _discretised(system: Any, method: str, dt: Any) -> Discretised:
    if not isinstance(system, Discretised):
        return _discretised(Discretised(system, method, dt), method, None)
    if dt is not None:
        _check.fail("dt", repr(dt), "nothing beside a Discretised system, which has its own")
    if system.noises or system.flow.stochastic:
        _check.fail("system", f"{type(system.flow).__name__} with noise", "a deterministic flow", "Set its noise to zero.")
    if system.feed.copies > 1:
        _check.fail("interpolation", '"linear"', '"hold": inputs hold until the orbit returns')
    return system


class Stroboscopic(_Returning):
    """A flow at times `period` apart: ``x[k+1] = phi_T(x[k])``, by equal steps of a method with fixed steps.

    For a flow that is forced with this period, or whose drift depends on time with it, this map is autonomous: its fixed
    points are the flow's periodic orbits and their multipliers the eigenvalues of its exact Jacobian.

    Parameters
    ----------
    system : a flow, or a `Discretised` one, whose own step is then taken.
    period : T; with a `Discretised` system a multiple of its dt.
    steps : steps of the method per period, where `system` is a flow.
    start : the phase: step k begins at time ``k T + start``.
    method : name of a method with fixed steps.

    Inputs hold over a period. Raises ValueError for a flow with noise, or a period that is not a multiple of dt.

    >>> from dynrnn.integrate.sections import Stroboscopic
    >>> from dynrnn.systems.hopf import HopfNormalForm
    >>> turn = Stroboscopic(HopfNormalForm(omega=2.0), np.pi, steps=50)
    >>> turn.is_flow, round(turn.dt, 6)
    (False, 3.141593)
    """

    steps: int
    start: float = 0.0

    def __init__(self, system: Any, period: Any = None, steps: int = 100, start: float = 0.0, *, method: str = "rk4"):
        steps = _check.integer("steps", steps, 1)
        if isinstance(system, Discretised):
            if period is not None:
                ratio = _check.real("period", period, 0.0, open_low=True) / system.dt
                steps = round(ratio)
                if steps < 1 or abs(ratio - steps) > 1e-9 * ratio:
                    _check.fail(
                        "period", f"{period:g}", f"a multiple of dt = {system.dt:g}", "Pass the flow itself with steps=…."
                    )
            system = _discretised(system, method, None)
        else:
            period = _check.real("period", period, 0.0, open_low=True)
            system = _discretised(system, method, period / steps)
        super().__init__(system=system, steps=steps, start=start)

    @property
    def dt(self):
        """The period: time from row to row."""
        return self.steps * self.system.dt

    def step(p, x, u, out):
        now, following = p.y, p.z
        copy(x, now)
        copy(u, p.u)
        for k in range(p.steps):
            p.u[u.size - 1] = clock(u) + p.start + k * p.system.dt
            step(p.system, now, p.u, following)
            now, following = following, now
        copy(now, out)

    def jvp(p, x, u, v, out):
        now, following, change, pushed = p.y, p.z, p.dy, p.dz
        copy(x, now)
        copy(v, change)
        copy(u, p.u)
        for k in range(p.steps):
            p.u[u.size - 1] = clock(u) + p.start + k * p.system.dt
            jvp(p.system, now, p.u, change, pushed)
            step(p.system, now, p.u, following)
            now, following, change, pushed = following, now, pushed, change
        copy(change, out)


class PoincareMap(_Returning):
    """An autonomous flow from one passage through a hyperplane to the next in the same direction.

    The orbit is stepped until the side changes; the passage is located on Hermite's cubic through the ends of that step,
    which has the order of classical Runge-Kutta. A change of side within the first step is the passage from which the orbit
    starts, so that points near the section are mapped like their neighbours on it. Two passages within one step go unseen.

    With W the tangent carried to the passage, x' the velocity there and n the normal, the derivative is

        J v = W - x' (n · W) / (n · x'),

    that of the flow itself, to the order of the method: what a step cannot resolve does not leak into strong contraction.
    J has a multiplier 0 along the flow; the others are those of the return map, which has one Lyapunov exponent less than the
    state has variables.

    Parameters
    ----------
    system : a flow, which needs `dt`, or a `Discretised` one.
    section : `Plane(normal, offset, direction)`, or `Crossing("x", level, direction)`, whose direction is 0, both, by default.
    longest : time after which an orbit that has not returned is given up: the state is then NaN.
    dt, method : how the flow is stepped, where `system` is one.

    Inputs hold until the orbit returns. State: that of the flow. Raises ValueError for a flow with noise.

    Source: M. Hénon, Physica D 5 (1982) 412, for locating passages; T. S. Parker and L. O. Chua, Practical Numerical
    Algorithms for Chaotic Systems (1989), for the derivative.

    >>> from dynrnn.integrate.sections import Plane, PoincareMap
    >>> from dynrnn.systems.hopf import HopfNormalForm
    >>> cycle = PoincareMap(HopfNormalForm(mu=1.0, omega=2.0), Plane([0, 1]), dt=0.01)
    >>> round(cycle.return_time([1, 0]), 6)
    3.141593
    """

    section: Plane
    longest: float = 1000.0

    def __init__(self, system: Any, section: Any, longest: float = 1000.0, *, dt: Any = None, method: str = "rk4"):
        system = _discretised(system, method, dt)
        longest = _check.real("longest", longest, system.dt)
        section = section.resolved(system.flow) if isinstance(section, Event) else section
        super().__init__(system=system, section=Plane.of(section, system.size), longest=longest)

    def diagnose(self, x):
        return f"The orbit diverged, or did not come back to the section within longest = {self.longest:g}."

    def return_time(self, x: Any, inputs: Any = None) -> float:
        """The time from the state x (size,) to the next passage; NaN where none comes."""
        x = _check.array("x", x, shape=(self.size,))
        with explained(type(self.system.flow).__name__):
            k, s = _follow(self.params(), x, channels(self, inputs), np.empty(self.size))
        return (k + s) * self.system.dt

    def step(p, x, u, out):
        _follow(p, x, u, out)

    def jvp(p, x, u, v, out):
        _push_to_section(p, x, u, v, out)


@jit
def _follow(p, x, u, out):
    """Lead x to its next passage; the number of whole steps before, and the fraction of the last one (NaN without passage)."""
    now, following, plane, dt = p.y, p.z, p.section, p.system.dt
    copy(x, now)
    copy(u, p.u)
    low = _height(plane, now)
    for k in range(math.ceil(p.longest / dt)):
        p.u[u.size - 1] = clock(u) + k * dt
        step(p.system, now, p.u, following)
        high = _height(plane, following)
        if not abs(high) < math.inf:
            break
        rises = high >= 0
        if k > 0 and (low >= 0) != rises and plane.direction * (2 * rises - 1) >= 0:
            derivative_at(p.system, 0.0, now, p.u, p.f)
            derivative_at(p.system, 1.0, following, p.u, p.g)
            s = _root(low, high, dt * _along(plane, p.f), dt * _along(plane, p.g))
            cubic(now, p.f, following, p.g, dt, s, out)
            return k, s
        now, following, low = following, now, high
    out[:] = math.nan
    return 0, math.nan


@jit(forceinline=True)
def _along(plane, v):
    total = 0.0
    for i in range(v.size):
        total += plane.normal[i] * v[i]
    return total


@jit(forceinline=True)
def _root(low, high, a, b):
    """Where Hermite's cubic from `low` to `high` with end slopes a, b changes its sign, by bisection."""
    left, right, rises = 0.0, 1.0, high >= 0
    for _ in range(52):
        s = 0.5 * (left + right)
        value = low + s * (a + s * (3.0 * (high - low) - 2.0 * a - b + s * (2.0 * (low - high) + a + b)))
        if (value >= 0) == rises:
            right = s
        else:
            left = s
    return right


@jit
def _push_to_section(p, x, u, v, out):
    last, s = _follow(p, x, u, out)
    if not s >= 0:
        return
    system, now, following, change, pushed, dt = p.system, p.y, p.z, p.dy, p.dz, p.system.dt
    copy(x, now)
    copy(v, change)
    for k in range(last + 1):
        p.u[u.size - 1] = clock(u) + k * dt
        jvp(system, now, p.u, change, pushed)
        step(system, now, p.u, following)
        if k < last:
            now, following, change, pushed = following, now, pushed, change
    t = clock(p.u)
    derivative_at(system, s, out, p.u, p.g)
    tangent(system.flow, t, now, channels_at(system, 0.0, p.u), change, p.df)
    tangent(system.flow, t + dt, following, channels_at(system, 1.0, p.u), pushed, p.dg)
    for i in range(out.size):  # the cubic is linear in its four data: their changes give W
        a, b, rise = dt * p.df[i], dt * p.dg[i], pushed[i] - change[i]
        out[i] = change[i] + s * (a + s * (3.0 * rise - 2.0 * a - b + s * (a + b - 2.0 * rise)))
    shift = _along(p.section, out) / _along(p.section, p.g)
    for i in range(out.size):
        out[i] -= shift * p.g[i]
