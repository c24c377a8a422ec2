"""Attractors and basins from how orbits return to cells they have been in (Datseris and Wagemakers 2022).

Recurrence plots of one trajectory are another thing: see `recurrence`.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import scipy.spatial

from dynrnn import _check
from dynrnn._jit import explained, jit
from dynrnn._llvm import borrowed
from dynrnn._math import copy
from dynrnn.analysis._motion import Motion, far
from dynrnn.analysis._states import by_place
from dynrnn.analysis.proximity import DIVERGED, UNDECIDED, within
from dynrnn.integrate.method import inlined
from dynrnn.run import Interrupted
from dynrnn.system import step

__all__ = ["Recurrences"]

_PRIME = np.int64(-7046029254386353131)  # 2^64 over the golden ratio, odd
_PILOTS, _PILOT_STEPS = 64, 200  # orbits that show how wide the variables without a grid range
_CELLS_ACROSS = 100  # for those
_NEW = 0.05  # share of a round that an orbit on an attractor may spend in cells that are new
_NUDGE = 1e-3  # of a cell
_ROWS = 2000  # along an attractor, of which at most one per cell is kept
_PIECE = 0.1  # seconds between looks at Ctrl-C
_SAME = 0.9  # share of the points of two finds that must be near each other for them to be one attractor
_DONE, _FOUND, _FULL = 0, 1, 2
_ON_ATTRACTOR = -3  # beside the labels of orbits
_KEY, _MARK = 0, 1  # columns of the table
_STAMP, _USED, _START, _TRAIL, _TIME = range(5)  # of the state of the search


class Recurrences:
    """Find attractors by recurrences: an orbit that keeps returning to cells where it has been is on an attractor.

    State space is cut into cells, of which only those that orbits visit are stored, so that it may have any number of variables
    and no border. Each orbit ends as soon as one of this happens:

    - for `recurrences` steps in a row it was in cells where it had been: it is watched in rounds of `round` steps, each twice as
      long as the one before it, until 95 % of a round pass in cells of the round before. The cells of that round are the
      attractor. It is a known one where 90 % of the points of either lie within a cell of the other's;
    - for `arrivals` steps in a row it was in cells of one attractor;
    - it entered `passes` cells in a row through which orbits of one basin went;
    - it is not finite, or a million times farther from zero than any start: it diverges (-1);
    - `steps` are over: undecided (-2).

    All variables together must say where an orbit goes: where a drive depends on time take its period as dt. Attractors nearer
    than a cell are one. What rests within one cell is given `steps` to creep on, as orbits do near a bifurcation, and nudged by a
    thousandth of the cell; if it then leaves within a round it is on a saddle, and undecided. For chaos in many dimensions,
    whose cells do not recur, take `Features`.

    Parameters
    ----------
    cell : (size,) or a number, widths of the cells. By default those of the grid of starts; for other variables a hundredth
        of their range over a few orbits.
    recurrences, round, arrivals, passes, steps : see above, in steps of the map or of dt. Where basins have fractal borders
        raise `passes`.

    Not to be mixed up with the recurrence plots of `recurrence_plot`, which are views of one trajectory.

    Source: G. Datseris and A. Wagemakers, Chaos 32 (2022) 023104.
    """

    hint = "Raise steps, or take larger cells; chaos in many dimensions wants by=Features()"

    def __init__(
        self,
        cell: Any = None,
        *,
        recurrences: int = 100,
        round: int = 1000,
        arrivals: int = 10,
        passes: int = 100,
        steps: int = 100_000,
    ):
        self.cell = None if cell is None else _check.array("cell", cell, ndim=(0, 1))
        if self.cell is not None and not (self.cell > 0).all():
            _check.fail("cell", f"{self.cell.min():g}", "widths above 0")
        given = {"recurrences": recurrences, "round": round, "arrivals": arrivals, "passes": passes, "steps": steps}
        self.limits = np.array([_check.integer(name, value, 1) for name, value in given.items()])
        self.steps = int(steps)

    def assign(self, motion: Motion, X: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
        """The label of each start, the points of the attractors, and their labels."""
        search = _Search(motion, X, self._cells(motion, X, cell), self.limits)
        try:
            search.run()
        except KeyboardInterrupt:
            stopped = Interrupted("stopped; what was decided is in error.result", int(search.state[_START]))
            stopped.result = by_place(search.label, search.attractors)
            raise stopped from None
        return by_place(search.label, search.attractors)

    def _cells(self, motion: Motion, X: np.ndarray, cell: np.ndarray) -> np.ndarray:
        if self.cell is not None:
            if self.cell.ndim and self.cell.size != motion.size:
                _check.fail("cell", f"{self.cell.size} widths", f"a number or {motion.size}, one per variable")
            return np.array(np.broadcast_to(self.cell, motion.size), float)
        if (cell > 0).all():
            return cell
        some = motion.begin(X[np.linspace(0, len(X) - 1, min(_PILOTS, len(X))).astype(int)])
        with np.errstate(all="ignore"):
            Y = motion.advance(some, 0, _PILOT_STEPS)
            kept = np.abs(Y).max(axis=(1, 2)) <= far(X)
        Y = Y[kept] if kept.any() else Y[:, :1]
        span = np.nan_to_num(np.ptp(Y, axis=(0, 1)), posinf=0.0)
        span = np.maximum(np.where(span > 0, span, 1.0), 1e-9 * span.max(initial=1e-300))
        return np.where(cell > 0, cell, span / _CELLS_ACROSS)


class _Search:
    """The cells met so far, in a hash table with what is known of each, and the attractors found."""

    def __init__(self, motion: Motion, X: np.ndarray, cell: np.ndarray, limits: np.ndarray):
        self.motion, self.X, self.cell, self.limits = motion, X, cell, limits
        self.table = np.zeros((1 << int(4 * limits[-1]).bit_length(), 2), np.int64)
        self.trail = np.empty(limits[-1], np.int64)
        self.state = np.zeros(5, np.int64)
        self.attractors: list[np.ndarray] = []
        self.label = np.full(len(X), UNDECIDED)

    def run(self) -> None:
        """Fill `label` and `attractors`, in pieces of a fraction of a second."""
        motion, whole, label = self.motion, self.motion.begin(self.X), self.label
        p, u, x, y = motion.map.params(), motion.channels(), np.empty_like(whole[0]), np.empty_like(whole[0])
        origin, limit = self.X.min(axis=0) - 0.5 * self.cell, far(self.X)  # starts of a grid are in the middle of cells
        stop, piece = 0, 1
        while stop < len(whole):
            first, began = stop, time.perf_counter()
            stop = min(stop + piece, len(whole))
            self._label(p, whole[:stop], x, y, u, origin, limit, label)
            self.state[_START] = stop
            piece = max(1, 2 * piece if time.perf_counter() - began < _PIECE / 2 else piece // 2)
            motion.tell(stop - first)

    def _label(self, p, whole, x, y, u, origin, limit, label):
        """Follow the orbits of `whole` from number `state[_START]` on."""
        motion = self.motion
        while True:
            with explained(type(motion.system).__name__), np.errstate(all="ignore"):
                code = _orbits(
                    p, whole, x, y, u, motion.tick, origin, self.cell, limit, self.limits,
                    self.table, self.trail, self.state, label,
                )  # fmt: skip
            if code == _DONE:
                return
            if code == _FULL:
                self.table = _larger(self.table)
                continue
            number = self._number(x)
            if number != UNDECIDED:
                _colour(self.table, self.trail, self.state, number)
            label[self.state[_START]] = number
            self.state[_START] += 1

    def _number(self, x: np.ndarray) -> int:
        """Which attractor the whole state x is on: a new one where it is none of the known."""
        Y, rests = self._seen(x, 0)
        if rests:  # or creeps: then it is taken where it has come to
            Y, rests = self._seen(x, int(self.limits[-1]))
        if not np.isfinite(Y).all():
            return UNDECIDED
        last = len(Y) - 1 - np.unique(np.floor(Y / self.cell)[::-1], axis=0, return_index=True)[1]
        points = Y[-1:] if rests else Y[np.sort(last)]  # one per cell
        for number, known in enumerate(self.attractors):
            if self._near(points, known) and self._near(known, points):
                return number
        if rests and not self._returns(points):
            return UNDECIDED
        self.attractors.append(points)
        return len(self.attractors) - 1

    def _seen(self, x: np.ndarray, after: int) -> tuple[np.ndarray, bool]:
        """The rows that follow the whole state x after so many steps, and whether they lie within one cell."""
        with np.errstate(all="ignore"):
            Y = self.motion.advance(x[None].copy(), after, _ROWS, int(self.state[_TIME]))[0]
            return Y, bool((np.ptp(Y, axis=0) <= self.cell).all())

    def _near(self, points: np.ndarray, others: np.ndarray) -> bool:
        """Whether nearly all points are within a cell of some other."""
        apart = scipy.spatial.cKDTree(others / self.cell).query(points / self.cell, p=np.inf)[0]
        return bool((apart <= 1).mean() >= _SAME)

    def _returns(self, rest: np.ndarray) -> bool:
        """Whether what rests in one cell is there again after a nudge: saddles are left."""
        end = self.motion.advance(self.motion.begin(rest + _NUDGE * self.cell), int(self.limits[1]), 1, int(self.state[_TIME]))
        return bool((np.abs(end[0] - rest) <= self.cell).all())


# Marks of cells: 0 for none; 2 (a + 1) for a cell of the attractor a, and one more for one of its basin, so 1 for one from which
# orbits diverge; below zero the stamp of what was there last: -s for an orbit on its way. A round has two, -s for cells that
# the stretch before it saw as well (it had s - 2 and s - 1), and -s - 1 for others.


@jit
def _orbits(p, X, x, y, u, tick, origin, cell, limit, limits, table, trail, state, label):
    """Follow orbit after orbit. Stops where one is on an attractor, with its state in x, or where the table may get too full."""
    p, x, y, u, table, trail = borrowed(p), borrowed(x), borrowed(y), borrowed(u), borrowed(table), borrowed(trail)
    origin, cell, state = borrowed(origin), borrowed(cell), borrowed(state)
    for i in range(state[_START], X.shape[0]):
        state[_START] = i
        if 2 * (state[_USED] + limits[4]) > table.shape[0]:
            return _FULL
        copy(X[i], x)
        state[_STAMP] += 4
        state[_TRAIL] = 0
        label[i] = _follow(p, x, y, u, tick, origin, cell, limit, limits, table, trail, state)
        if label[i] == _ON_ATTRACTOR:
            return _FOUND
        if label[i] != UNDECIDED:
            for q in range(state[_TRAIL]):
                table[trail[q], _MARK] = 2 * label[i] + 3
    return _DONE


@inlined
def _follow(p, x, y, u, tick, origin, cell, limit, limits, table, trail, state):
    """One orbit until its label is known, or it is on an attractor that may be new, or its steps are over."""
    recurrences, length, arrivals, passes, steps = limits[0], limits[1], limits[2], limits[3], limits[4]
    recurring, arrived, passed, fresh, left = 0, 0, 0, 0, 0
    owner, before = -1, -1
    for k in range(steps):
        if not within(x, cell.size, limit):
            return DIVERGED
        slot = _slot(x, origin, cell, table, state)
        mark, stamp = table[slot, _MARK], state[_STAMP]
        if mark <= 0:
            owner = -1
        else:
            if mark // 2 != owner:
                owner, arrived, passed = mark // 2, 0, 0
            arrived = arrived + 1 if mark % 2 == 0 else 0
            passed += 1 if slot != before else 0
            if arrived >= arrivals or (passed >= passes and left == 0):
                return owner - 1
        if mark <= 0 or (left > 0 and mark % 2 == 1):
            seen = mark == -stamp or (left > 0 and (mark == 2 - stamp or mark == 1 - stamp))
            recurring = recurring + 1 if seen else 0
            fresh += 0 if seen else 1
            table[slot, _MARK] = -stamp - 1 if left > 0 and not seen else -stamp
            trail[state[_TRAIL]] = slot
            state[_TRAIL] += 1
        else:
            recurring += 1 if slot == before else 0
        if left > 0:
            left -= 1
            if left == 0:
                if fresh <= _NEW * length:
                    state[_TIME] = k
                    return _ON_ATTRACTOR
                length, recurring = 2 * length, 0
                state[_STAMP] += 2
        elif recurring >= recurrences:
            left, fresh = length, 0
            state[_STAMP] += 2
        before = slot
        if tick > 0:
            u[u.size - 1] = k * tick
        step(p, x, u, y)
        copy(y, x)
    return UNDECIDED


@inlined
def _slot(x, origin, cell, table, state):
    """The row of the table for the cell of x. Cells are told apart by 64 bits made of their indices."""
    key = np.int64(1)
    for j in range(cell.size):
        key = (key ^ np.int64(math.floor((x[j] - origin[j]) / cell[j]))) * _PRIME
        key ^= key >> 32
    key = key if key != 0 else np.int64(1)
    slot = _place(key, table)
    if table[slot, _KEY] == 0:
        table[slot, _KEY] = key
        state[_USED] += 1
    return slot


@inlined
def _place(key, table):
    """Where a key is, or may be put."""
    last = table.shape[0] - 1
    slot = key & last
    while table[slot, _KEY] != 0 and table[slot, _KEY] != key:
        slot = (slot + 1) & last
    return slot


def _larger(table: np.ndarray) -> np.ndarray:
    out = np.zeros((2 * len(table), 2), np.int64)
    _fill(table, out)
    return out


@jit
def _fill(table, out):
    for q in range(table.shape[0]):
        if table[q, _KEY] != 0:
            slot = _place(table[q, _KEY], out)
            out[slot, _KEY], out[slot, _MARK] = table[q, _KEY], table[q, _MARK]


@jit
def _colour(table, trail, state, number):
    """Mark the cells of the last round as the attractor's, the others that the orbit met as its basin's."""
    stamp = state[_STAMP]
    for q in range(state[_TRAIL]):
        mark = table[trail[q], _MARK]
        if mark == -stamp or mark == -stamp - 1:
            table[trail[q], _MARK] = 2 * number + 2
        elif mark % 2 == 1 or mark <= 0:
            table[trail[q], _MARK] = 2 * number + 3
