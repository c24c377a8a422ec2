"""Threshold events between the rows of a run: found on the cubic through the rows and located to its accuracy."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._jit import generic
from dynrnn._record import Record
from dynrnn.integrate.discretised import Sampled
from dynrnn.integrate.method import derivative_at, inlined
from dynrnn.system import System, Wrapper, output, step

__all__ = ["Crossing", "Event", "Watched"]

_PIECES = 8  # of a row; a change of sign is looked for in each
_SLOTS = 8  # events per row that are kept


@generic
def crossing(e, x):
    """A function of the state whose changes of sign are the event."""
    raise NotImplementedError


@generic
def scan(e, p, which, x, y, found):
    """Add this event's occurrences between x and y to `found`."""
    raise NotImplementedError


class Event(Record):
    """Base of the events: a kernel ``crossing(e, x)``, a number that changes sign when it happens.

    `direction`: +1 for rising, -1 for falling, 0 for both. `terminal`: whether the run ends there.

    >>> class Collision(Event):
    ...     def crossing(e, x):
    ...         return x[0] - x[1]
    >>> Collision(direction=-1).terminal
    False
    """

    direction: int = 0
    terminal: bool = False

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.direction not in (-1, 0, 1):
            _check.fail("direction", self.direction, "-1 (falling), 0 (both) or 1 (rising)")

    def resolved(self, flow: System) -> Event:
        """The event with its labels replaced by indices into the state of `flow`."""
        return self

    def scan(e, p, which, x, y, found):
        z = p.z
        _between(p, x, y, 0.0, z)
        left, low = 0.0, crossing(e, z)
        for piece in range(1, _PIECES + 1):
            right = piece / _PIECES
            _between(p, x, y, right, z)
            high = crossing(e, z)
            rises = high >= 0
            if (low >= 0) != rises and e.direction * (2 * rises - 1) >= 0:
                _note(p, which, _locate(e, p, x, y, left, right, rises, z), 2 * rises - 1, z, found)
            left, low = right, high


class Crossing(Event):
    """A state variable passes a level.

    >>> Crossing("x", 0.5, direction=1)
    Crossing(direction=1, terminal=False, unit='x', level=0.5)
    """

    unit: Any = 0
    level: float = 0.0

    def __init__(self, unit: Any = 0, level: float = 0.0, direction: int = 0, terminal: bool = False):
        super().__init__(direction=direction, terminal=terminal, unit=unit, level=level)

    def resolved(self, flow):
        labels: list[Any] = []
        for name, units in flow.parts.items():
            labels += [f"{name}[{i}]" for i in range(units)] if isinstance(units, (int, np.integer)) else list(units)
        if isinstance(self.unit, str):
            return self.replace(unit=labels.index(_check.choice("event", self.unit, labels)))
        return self.replace(unit=_check.integer("event", self.unit, 0, flow.size - 1))

    def crossing(e, x):
        return x[e.unit] - e.level


class Both(Record):
    """An event and further ones."""

    first: Event
    rest: Record

    def scan(e, p, which, x, y, found):
        scan(e.first, p, which, x, y, found)
        scan(e.rest, p, which + 1, x, y, found)


class Watched(Wrapper):
    """A sampled flow with an eye on events. Outputs: those of the flow, then what `occurrences` reads.

    Behind the flow's outputs stand the number of events in this row, and for each its index, its place in the row as a
    fraction, its direction and the state.
    """

    system: Sampled
    events: Record
    smooth: bool
    terminal: np.ndarray

    scratch_names: ClassVar[tuple[str, ...]] = ("f", "g", "z", "before", "found")

    def __init__(self, system: Sampled, events: list[Event]):
        chain: Record = events[-1].resolved(system.flow)
        for event in reversed(events[:-1]):
            chain = Both(event.resolved(system.flow), chain)
        terminal = np.array([event.terminal for event in events], np.uint8)
        super().__init__(system=system, events=chain, smooth=system.method.normals == 0, terminal=terminal)

    @property
    def clocked(self):
        return self.system.clocked

    @property
    def outputs(self):
        return self.system.output_size + 1 + _SLOTS * (3 + self.system.flow.size)

    def diagnose(self, x):
        return self.system.diagnose(x)

    def scratch(self, columns=1):
        n = self.system.flow.size
        work = {name: np.zeros(n) for name in ("f", "g", "z")}
        return {**work, "before": np.zeros(self.system.size), "found": np.zeros(1 + _SLOTS * (3 + n))}

    def step(p, x, u, out):
        n, dt, f, g = p.z.size, p.system.dt, p.f, p.g
        step(p.system, x, u, out)
        if p.smooth:
            derivative_at(p.system, 0.0, x[:n], u, f)
            derivative_at(p.system, 1.0, out[:n], u, g)
        else:
            for i in range(n):
                f[i] = (out[i] - x[i]) / dt
                g[i] = f[i]
        p.found[:] = 0
        scan(p.events, p, 0, x, out, p.found)
        _sort(p.found, 3 + n)

    def output(p, x, u, out):
        m = out.size - p.found.size
        if m > 0:
            output(p.system, x, u, out[:m])
        for i in range(p.found.size):
            out[m + i] = p.found[i]

    def jvp(p, x, u, v, out):
        out[:] = np.nan

    def jvp_u(p, x, u, w, out):
        out[:] = np.nan

    def occurrences(self, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
        """What the event columns (row, column, trial) say: places (event, 4) = row, trial, index, direction; fractions and
        states (event, 1 + size) in order of time; and whether a row had more events than are kept."""
        width, rows = 3 + self.system.flow.size, []
        for row, trial in np.argwhere(Y[:, 0] > 0):
            count = min(int(Y[row, 0, trial]), _SLOTS)
            rows += [(row, trial, one) for one in Y[row, 1 : 1 + count * width, trial].reshape(count, width)]
        places = np.array([(row, trial, one[0], one[2]) for row, trial, one in rows], int).reshape(-1, 4)
        values = np.array([[one[1], *one[3:]] for _, _, one in rows], float).reshape(-1, width - 2)
        return places, values, bool((Y[:, 0] > _SLOTS).any())


@inlined
def _between(p, x, y, s, z):
    """The state at the fraction s of the row, by Hermite's cubic; its ends to the bit, or a crossing there could be lost."""
    h, f, g = p.system.dt, p.f, p.g
    for i in range(z.size):
        a, b = h * f[i], h * g[i]
        z[i] = x[i] + s * (a + s * (3.0 * (y[i] - x[i]) - 2.0 * a - b + s * (2.0 * (x[i] - y[i]) + a + b)))
        if s == 1.0:
            z[i] = y[i]


@inlined
def _locate(e, p, x, y, left, right, rises, z):
    """The fraction at which the sign changes between left and right, by bisection; leaves the state there in z."""
    for _ in range(52):
        middle = 0.5 * (left + right)
        _between(p, x, y, middle, z)
        if (crossing(e, z) >= 0) == rises:
            right = middle
        else:
            left = middle
    _between(p, x, y, right, z)
    return right


@inlined
def _note(p, which, s, direction, z, found):
    width, count = 3 + z.size, int(found[0])
    found[0] += 1
    if count < _SLOTS:
        at = 1 + count * width
        found[at], found[at + 1], found[at + 2] = which, s, direction
        for i in range(z.size):
            found[at + 3 + i] = z[i]


@inlined
def _sort(found, width):
    """Put the events of a row in order of time."""
    count = min(int(found[0]), _SLOTS)
    for last in range(1, count):
        for k in range(last, 0, -1):
            a, b = 1 + (k - 1) * width, 1 + k * width
            if found[a + 1] <= found[b + 1]:
                break
            for i in range(width):
                found[a + i], found[b + i] = found[b + i], found[a + i]
