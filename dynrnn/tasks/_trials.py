"""What the tasks made of trials share: who draws which number, when each epoch is, and the labels of the result.

Trial k has its own random stream, and conditions are shuffled in blocks that hold each combination once: neither depends on
the number of trials, and every run of trials is balanced up to one.

Row k of inputs holds on [k dt, (k+1) dt), and row k of targets is wanted at its end, when a simulation has read that row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from dynrnn import _check, _units
from dynrnn.tasks import _label

DT = 0.02
"""Seconds per row: a fifth of the usual time constant of 0.1 s, as in Song, Yang & Wang (2016)."""

NOISE = 0.01 * math.sqrt(2 * 0.1)
"""Input noise of Song, Yang & Wang (2016) in sqrt(s): their sigma_in = 0.01 at tau = 0.1 s stands for sigma_in sqrt(2 tau)."""

SONG = "Song, Yang & Wang, PLoS Comput. Biol. 12:e1004792 (2016)"

LOW, HIGH = 0.2, 1.0
"""Outputs that were not and that were chosen, as in Song, Yang & Wang (2016)."""

NONE = "none"
AFTER = "after"


class Chosen(NamedTuple):
    """Durations that follow from the condition: seconds (trial,), and those there can be."""

    seconds: np.ndarray
    levels: np.ndarray


class Trials:
    """The trials of one task, from the draw of their conditions to the labelled result."""

    def __init__(self, trials: Any, dt: Any, rng: Any) -> None:
        self.count = _check.integer("trials", trials, 1)
        self.dt = _units.seconds("dt", dt)
        self._seed = _label.seed(rng)
        self._order, *self.streams = _check.generator(rng).spawn(self.count + 1)

    def balanced(self, *factors: Any, catch: Any = False) -> tuple[list[np.ndarray], np.ndarray]:
        """A value of each factor per trial, and which are catch trials: with `catch`, as often as each combination."""
        sizes = [len(factor) for factor in factors]
        regular = math.prod(sizes)
        kinds = regular + _label.flag("catch", catch)
        blocks = np.tile(np.arange(kinds), (-(-self.count // kinds), 1))
        kind = self._order.permuted(blocks, axis=1).ravel()[: self.count]
        caught = kind == regular
        index = np.unravel_index(np.where(caught, 0, kind), sizes)
        return [np.asarray(factor)[i] for factor, i in zip(factors, index, strict=True)], caught

    def epochs(self, durations: Mapping[str, Any], catch: np.ndarray | None = None) -> None:
        """Lay out the epochs one after the other; a catch trial is its first epoch from beginning to end.

        A duration is seconds or text such as "20 ms", (low, high) for a uniform one, or (mean, low, high) for an exponential
        one within these limits. The time axis has room for the longest trial there can be; rows past a trial's end are "after".
        """
        spans = [self._span(name, value) for name, value in durations.items()]
        self.names = list(durations)
        self.rows = np.stack([rows for rows, _, _ in spans], axis=1)
        self.steps = sum(longest for _, longest, _ in spans)
        if not self.steps:
            _check.fail("durations", "0 s in all", "at least one row")
        if catch is not None:
            self.rows[catch] = 0
            self.rows[catch, 0] = self.steps
        self._drawn = [name for name, value in durations.items() if not isinstance(value, Chosen) and np.ndim(value)]
        self._protocol = ", ".join(f"{name} {text}" for name, (_, _, text) in zip(durations, spans, strict=True))

    def _span(self, name: str, value: Any) -> tuple[np.ndarray, int, str]:
        """Rows (trial,) of an epoch, the most there can be, and the duration in words."""
        if isinstance(value, Chosen):
            longest = float(value.levels.max())
            text = f"{value.levels.min():g} to {longest:g} s"
            return np.rint(value.seconds / self.dt).astype(int), whole(name, longest, self.dt), text
        if np.ndim(value) == 0:
            rows = whole(name, value, self.dt)
            return np.full(self.count, rows), rows, f"{rows * self.dt:g} s"
        given = times(name, value)
        if len(given) not in (2, 3):
            _check.fail(name, f"{len(given)} numbers", "seconds, (low, high), or (mean, low, high)")
        *mean, low, high = given
        whole(name, low, self.dt), whole(name, high, self.dt)
        if high < low:
            _check.fail(name, f"{high:g} s after {low:g} s", "the shortest duration before the longest")
        part = np.array([stream.uniform() for stream in self.streams])
        if mean:
            scale = _check.real(name, mean[0], 0.0, open_low=True)
            seconds = low - scale * np.log1p(part * np.expm1(-(high - low) / scale))
            text = f"{low:g} to {high:g} s (exponential, {scale:g} s)"
        else:
            seconds, text = low + part * (high - low), f"{low:g} to {high:g} s"
        return np.rint(seconds / self.dt).astype(int), whole(name, high, self.dt), text

    def onset(self, name: str) -> np.ndarray:
        """First row (trial,) of an epoch."""
        return self.rows[:, : self.names.index(name)].sum(axis=1)

    def during(self, *names: str) -> np.ndarray:
        """True (trial, time) within the epochs named."""
        inside = np.zeros((self.count, self.steps), dtype=bool)
        for name in names:
            k = self.elapsed(name)
            inside |= (k > 0) & (k <= self.rows[:, self.names.index(name), None])
        return inside

    def elapsed(self, name: str) -> np.ndarray:
        """Rows (trial, time) gone by since the onset of an epoch at the end of each row: 1 in its first, 0 or less before."""
        return np.arange(1, self.steps + 1) - self.onset(name)[:, None]

    def white(self, columns: int, noise: Any) -> np.ndarray:
        """White noise (trial, time, column) whose integral over a second has standard deviation `noise`, whatever dt is."""
        noise = _check.real("noise", noise, 0.0)
        if not noise:
            return np.zeros((self.count, self.steps, columns))
        normal = np.stack([stream.standard_normal((self.steps, columns)) for stream in self.streams])
        return noise / math.sqrt(self.dt) * normal

    def decision(self, choice: np.ndarray, outputs: Sequence[str]) -> dict[str, np.ndarray]:
        """Targets of a choice: HIGH in the decision epoch for the output named `choice`, LOW everywhere else."""
        decide = self.during("decision")
        return {name: np.where(decide & (choice == name)[:, None], HIGH, LOW) for name in outputs}

    def dataset(
        self,
        inputs: Mapping[str, np.ndarray],
        targets: Mapping[str, np.ndarray],
        mask: np.ndarray,
        conditions: Mapping[str, Any],
        *,
        noise: Any = 0.0,
        **attrs: Any,
    ) -> xr.Dataset:
        """Inputs (by name, each (trial, time)) with their noise, targets and mask, with conditions as coordinates."""
        u = np.stack(list(inputs.values()), axis=-1).astype(float)
        u += self.white(len(inputs), noise)
        coords: dict[str, Any] = {
            "trial": np.arange(self.count),
            "time": _label.clock(self.steps, self.dt, "s"),
            "input": list(inputs),
            "output": list(targets),
            "epoch": (("trial", "time"), self._epoch_names()),
            **conditions,
        }
        for name in self._drawn:
            seconds = self.rows[:, self.names.index(name)] * self.dt
            coords[f"{name}_duration"] = ("trial", seconds, {"units": "s"})
        data = _label.task(
            u,
            np.stack(list(targets.values()), axis=-1).astype(float),
            input_name="input on [time, time + dt)",
            target_name="output wanted at time + dt",
            target_dim="output",
            coords=coords,
            dt=self.dt,
            noise=float(noise),
            protocol=self._protocol,
            **attrs,
            **self._seed,
        )
        weight = {"long_name": "weight of the error: 0 where any output will do"}
        return data.assign(mask=(("trial", "time"), mask.astype(float), weight))

    def _epoch_names(self) -> np.ndarray:
        over = np.arange(self.steps)[:, None] >= self.rows.cumsum(axis=1)[:, None, :]
        return np.array([*self.names, AFTER])[over.sum(axis=-1)]


def whole(name: str, duration: Any, dt: float) -> int:
    """A duration as a number of rows."""
    duration = _units.seconds(name, duration, zero=True)
    exact = duration / dt
    if abs(exact - round(exact)) > 1e-6 * max(1.0, exact):
        _check.fail(name, f"{duration:g} s", f"a multiple of dt = {dt:g} s", "Change dt or the duration.")
    return round(exact)


def times(name: str, given: Any) -> list[float]:
    """Several times, as numbers or text."""
    if np.ndim(given) != 1:
        _check.fail(name, repr(given), "a list of times", "Write [v] for a single one.")
    return [_units.seconds(name, time, zero=True) for time in given]


def levels(name: str, values: Any, low: float = -math.inf, *, open_low: bool = False) -> np.ndarray:
    """The levels of a condition: distinct numbers, none below `low`."""
    given = _check.array(name, values, ndim=1, remedy="Write [v] for a single level.")
    for value in given:
        _check.real(name, float(value), low, open_low=open_low)
    if not given.size or np.unique(given).size < given.size:
        _check.fail(name, given.tolist(), "at least one level, and none twice")
    return given
