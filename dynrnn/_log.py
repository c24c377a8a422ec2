"""The events of a run: taken from the rows of a `Watched` system as they come, and labelled at the end."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from dynrnn.integrate import Watched
from dynrnn.sinks import Layout

__all__ = ["Log"]


class Log:
    """Collects events, hands the kept rows on to a sink, and knows when every trial has met a terminal event."""

    def __init__(self, watched: Watched, layout: Layout):
        self.watched, self.layout, self.row = watched, layout, 0
        self.places: list[np.ndarray] = []
        self.values: list[np.ndarray] = []
        self.terminal = np.array(watched.terminal)
        self.ends = np.full(layout.trials, np.inf)  # the row in which a trial ends

    @property
    def ended(self) -> bool:
        """Whether all trials have come to a terminal event."""
        return bool(np.isfinite(self.ends).all())

    def take(self, X: np.ndarray, Y: np.ndarray, target: Any) -> None:
        """Note the events in some rows (row, which, trial), (row, column, trial), and write the rows that are kept."""
        own = self.watched.system.output_size
        places, values, lost = self.watched.occurrences(Y[:, own:])
        if lost:
            warnings.warn("events: more than 8 in one row; the others are lost. Shorten dt.", stacklevel=4)
        places[:, 0] += self.row
        for row, trial, kind, _ in places:
            if self.terminal[kind]:
                self.ends[trial] = min(self.ends[trial], row)
        before = places[:, 0] <= self.ends[places[:, 1]]
        before &= ~self._after_terminal(places)
        self.places.append(places[before])
        self.values.append(values[before])
        rows = self.row + np.arange(len(X))
        over = rows[:, None] >= self.ends
        for kept, rows_of in ((X, X.shape[1]), (Y, own)):
            kept[:, :rows_of][np.broadcast_to(over[:, None], (len(kept), rows_of, kept.shape[2]))] = np.nan
        self.row += len(X)
        first, every = self.layout.washout + self.layout.every - 1, self.layout.every
        keep = (rows >= first) & ((rows - first) % every == 0) & ~over.all(axis=1)
        X, Y = X[keep], Y[keep, : own if self.layout.outputs else 0]
        if target.buffers is not None:
            for buffer, kept in zip(target.buffers(len(X)), (X, Y), strict=True):
                buffer[:] = kept.reshape(buffer.shape)
        target.write(X, Y)

    def _after_terminal(self, places: np.ndarray) -> np.ndarray:
        """Which events come after a terminal one in the same row: they are in order of time."""
        out = np.zeros(len(places), bool)
        last: dict[int, int] = {}
        for i, (row, trial, kind, _) in enumerate(places):
            out[i] = last.get(trial) == row
            if self.terminal[kind]:
                last[trial] = row
        return out

    def warn_if_never(self) -> None:
        """Say so where a run was to end at an event that did not come."""
        missing = np.flatnonzero(~np.isfinite(self.ends))
        if self.terminal.any() and missing.size:
            where = f" in trial(s) {', '.join(map(str, missing[:5]))}" if self.layout.trials > 1 else ""
            warnings.warn(f"events: no terminal event came{where}; the run went on to its end.", stacklevel=4)

    def variables(self) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """The events as labelled variables, in order of row."""
        n = self.watched.system.flow.size
        places = np.concatenate([np.zeros((0, 4), int), *self.places])
        values = np.concatenate([np.zeros((0, 1 + n)), *self.values])
        times = (self.layout.start + places[:, 0] + values[:, 0]) * self.layout.dt
        out = {
            "event_time": (("event",), times),
            "event_state": (("event", "event_unit"), values[:, 1:]),
            "event_kind": (("event",), places[:, 2]),
            "event_direction": (("event",), places[:, 3]),
        }
        return out if self.layout.lone else out | {"event_trial": (("event",), places[:, 1])}
