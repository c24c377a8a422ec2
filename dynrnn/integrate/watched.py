"""A sampled flow with an eye on events."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dynrnn._record import Record
from dynrnn.integrate.adaptive import Adaptive, found_by
from dynrnn.integrate.discretised import Sampled
from dynrnn.integrate.events import SLOTS, Event, Nothing, chain, scan, sort, watching
from dynrnn.integrate.method import cubic, derivative_at
from dynrnn.system import Wrapper, output, step

__all__ = ["Watched"]


class Watched(Wrapper):
    """A sampled flow with an eye on events. Outputs: those of the flow, then what `occurrences` reads.

    Behind the flow's outputs stand the number of events in this row, and for each its index, its place in the row as a
    fraction, its direction and the state. Events are looked for on the steps of an adaptive method with an interpolant,
    else on Hermite's cubic through the rows, or on straight lines where there is noise.
    """

    system: Sampled
    events: Record
    smooth: bool
    terminal: np.ndarray

    scratch_names: ClassVar[tuple[str, ...]] = ("f", "g", "spot", "found")

    def __init__(self, system: Sampled, events: list[Event]):
        chained, terminal = chain(events, system.flow), np.array([event.terminal for event in events], np.uint8)
        if isinstance(system, Adaptive) and system.method.dense_order:
            system, chained = system.replace(events=chained), Nothing()  # it looks at each of its own steps
        super().__init__(system=system, events=chained, smooth=system.method.normals == 0, terminal=terminal)

    @property
    def clocked(self):
        return self.system.clocked

    @property
    def outputs(self):
        return self.system.output_size + 1 + SLOTS * (3 + self.system.flow.size)

    def diagnose(self, x):
        return self.system.diagnose(x)

    def scratch(self, columns=1):
        n = self.system.flow.size
        work = {name: np.zeros(n) for name in ("f", "g", "spot")}
        return {**work, "found": np.zeros(1 + SLOTS * (3 + n))}

    def step(p, x, u, out):
        n, dt, f, g = p.spot.size, p.system.dt, p.f, p.g
        step(p.system, x, u, out)
        if not watching(p.events):
            found_by(p.system, p.found)
            return
        if p.smooth:
            derivative_at(p.system, 0.0, x[:n], u, f)
            derivative_at(p.system, 1.0, out[:n], u, g)
        else:
            for i in range(n):
                f[i] = (out[i] - x[i]) / dt
                g[i] = f[i]
        p.found[:] = 0
        scan(p.events, p, 0, x, out, p.found)
        sort(p.found, 3 + n)

    def between(p, x, y, s, z):
        cubic(x, p.f, y, p.g, p.system.dt, s, z)

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
            count = min(int(Y[row, 0, trial]), SLOTS)
            rows += [(row, trial, one) for one in Y[row, 1 : 1 + count * width, trial].reshape(count, width)]
        places = np.array([(row, trial, one[0], one[2]) for row, trial, one in rows], int).reshape(-1, 4)
        values = np.array([[one[1], *one[3:]] for _, _, one in rows], float).reshape(-1, width - 2)
        return places, values, bool((Y[:, 0] > SLOTS).any())
