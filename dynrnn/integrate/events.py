"""Threshold events: found on an interpolant of the state and located to its accuracy.

A wrapper `p` that watches has a kernel `between`, which says what the state is at a fraction of the stretch that is searched,
and `place`, which says where in the row that is; and room: ``p.spot`` for a state, ``p.found`` for what was found.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn._jit import generic, inlined
from dynrnn._record import Record
from dynrnn.system import System

__all__ = ["SLOTS", "Both", "Crossing", "Event", "Nothing", "chain"]

_PIECES = 8  # of a stretch; a change of sign is looked for in each
SLOTS = 8  # events per row that are kept


@generic
def crossing(e, x):
    """A function of the state whose changes of sign are the event."""
    raise NotImplementedError


@generic
def scan(e, p, which, x, y, found):
    """Add this event's occurrences on the stretch that is given by x and y to `found`."""


@generic
def watching(e):
    """Whether there is anything to look for."""
    return True


@generic
def between(p, x, y, s, z):
    """The state at the fraction s of the stretch, into z; its ends to the bit, or a crossing there could be lost."""
    raise NotImplementedError


@generic
def place(p, s):
    """Where in the row the fraction s of the stretch lies."""
    return s


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
        z = p.spot
        between(p, x, y, 0.0, z)
        left, low = 0.0, crossing(e, z)
        for piece in range(1, _PIECES + 1):
            right = piece / _PIECES
            between(p, x, y, right, z)
            high = crossing(e, z)
            rises = high >= 0
            if (low >= 0) != rises and e.direction * (2 * rises - 1) >= 0:
                s = _locate(e, p, x, y, left, right, rises, z)
                _note(which, place(p, s), 2 * rises - 1, z, found)
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


class Nothing(Record):
    """No event."""

    def watching(e):
        return False


def chain(events: list[Event], flow: System) -> Record:
    """The events, one inside the other, as kernels want them."""
    out: Record = events[-1].resolved(flow)
    for event in reversed(events[:-1]):
        out = Both(event.resolved(flow), out)
    return out


@inlined
def _locate(e, p, x, y, left, right, rises, z):
    """The fraction at which the sign changes between left and right, by bisection; leaves the state there in z."""
    for _ in range(52):
        middle = 0.5 * (left + right)
        between(p, x, y, middle, z)
        if (crossing(e, z) >= 0) == rises:
            right = middle
        else:
            left = middle
    between(p, x, y, right, z)
    return right


@inlined
def _note(which, s, direction, z, found):
    width, count = 3 + z.size, int(found[0])
    found[0] += 1
    if count < SLOTS:
        at = 1 + count * width
        found[at], found[at + 1], found[at + 2] = which, s, direction
        for i in range(z.size):
            found[at + 3 + i] = z[i]


@inlined
def sort(found, width):
    """Put the events of a row in order of time."""
    count = min(int(found[0]), SLOTS)
    for last in range(1, count):
        for k in range(last, 0, -1):
            a, b = 1 + (k - 1) * width, 1 + k * width
            if found[a + 1] <= found[b + 1]:
                break
            for i in range(width):
                found[a + i], found[b + i] = found[b + i], found[a + i]
