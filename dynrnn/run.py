"""The one time loop: a system in motion, in chunks, over one or many trials, on one or many threads. Unlabelled.

Trials are columns. A system with a native batch advances blocks of columns; few trials, or those of any other system, are
advanced one by one. The blocks are spread over threads (kernels release the GIL). Results do not depend on chunks, blocks or
threads: each trial draws from streams of its own, in order.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn._jit import by_dimension, explained, jit
from dynrnn._llvm import borrowed
from dynrnn._math import copy
from dynrnn._sums import LANES
from dynrnn._units import innermost, time_unit
from dynrnn.system import System, output, output_columns, step, step_columns

__all__ = ["Diverged", "Interrupted", "Run", "trial_streams"]

_CHUNK_SECONDS = 0.1
_CHUNK_BYTES = 32e6
_PROBE = 4  # steps on one thread, by which the pace is known
_THREADED_SECONDS = 2e-3  # threads wait for each other's Python code: less work than this is done sooner on one
_FEW = LANES // 2  # trials side by side do not fill a vector: one by one they are up to three times as fast
_DRAWN_NUMBERS = 8192  # at a time for a trial: what neighbouring trials write lies in the same cache lines


class Diverged(ArithmeticError):
    """The state became infinite or NaN. `step` says when, its text in time too; `result` holds what was computed before."""

    def __init__(self, message: str, step: int, trial: int):
        super().__init__(message)
        self.step, self.trial = step, trial
        self.result: Any = None


class Interrupted(KeyboardInterrupt):
    """Ctrl-C. `step` says how far it came; `result` holds what was computed until then."""

    def __init__(self, message: str, step: int):
        super().__init__(message)
        self.step = step
        self.result: Any = None


# ------------------------------------------------------------------------------------------------------ kernels


def _put_vector(row, x, which, stride, offset):
    for q in range(which.size):
        row[q] = x[which[q]]


def _put_matrix(row, x, which, stride, offset):
    if which.size == x.shape[0] and stride == x.shape[1]:
        copy(x.reshape(x.size), row)
        return
    for q in range(which.size):
        for c in range(x.shape[1]):
            row[q * stride + offset + c] = x[which[q], c]


def _observe_vector(p, x, u, y):
    output(p, x, u, y)


def _observe_matrix(p, x, u, y):
    output_columns(p, x, u, y)


_advance = by_dimension(1, lambda p, x, u, out: step(p, x, u, out), lambda p, x, u, out: step_columns(p, x, u, out))
_observe = by_dimension(1, _observe_vector, _observe_matrix)
_put = by_dimension(1, _put_vector, _put_matrix)


@jit
def _drive(p, x, spare, U, first, every, which, X, y, all_y, Y, stride, offset):
    """Advance `x` over the rows of U. From step `first` on, every `every` steps, write a row of states and one of outputs."""
    p, U, X, Y, y = borrowed(p), borrowed(U), borrowed(X), borrowed(Y), borrowed(y)
    which, all_y = borrowed(which), borrowed(all_y)
    now, following, r = borrowed(x), borrowed(spare), 0
    for k in range(U.shape[0]):
        _advance(p, now, U[k], following)
        now, following = following, now
        if k >= first and (k - first) % every == 0:
            if which.size:
                _put(X[r], now, which, stride, offset)
            if all_y.size:
                _observe(p, now, U[k], y)
                _put(Y[r], y, all_y, stride, offset)
            r += 1
    copy(now.reshape(now.size), x.reshape(x.size))


@jit
def _draw_normal(stream, out, at, count, column):
    """Fill ``out[:, at : at + count, column]`` from a Generator: NumPy's own numbers, bit for bit, in a third of its time."""
    for k in range(out.shape[0]):
        for i in range(at, at + count):
            out[k, i, column] = stream.standard_normal()


# --------------------------------------------------------------------------------------------------------- run


def trial_streams(rng: Any, trials: int) -> list[np.random.Generator]:
    """One independent generator per trial. Trial k gets the same numbers whatever the number of trials.

    `rng` is a seed or a Generator to spawn from, or a list of them, one per trial, which are then used as they are.
    """
    if not isinstance(rng, (list, tuple)):
        return _check.generator(rng).spawn(trials)
    if len(rng) != trials:
        _check.fail("rng", f"a list of {len(rng)}", f"{trials}, one per trial")
    return [_check.generator(one) for one in rng]


class _Block:
    """Some neighbouring trials, with the parameters, scratch and state that one thread works on."""

    def __init__(self, system: System, x0: np.ndarray, trials: slice, streams: list[list[np.random.Generator]], single: bool):
        self.system, self.trials, self.streams = system, trials, streams
        self.noises, self.inputs, self.width = system.noises, system.input_size, system.channels  # slow to find out
        columns = x0.shape[0]
        self.p = system.params(columns)
        self.x, self.spare = (_aligned(x0.shape[1:] if single else x0.T.shape, system.dtype) for _ in range(2))
        self.x[...] = x0[0] if single else x0.T
        self.y = np.empty((system.output_size,) if single else (system.output_size, columns), system.dtype)

    def channels(self, inputs: np.ndarray | None, start: int, steps: int, dt: float) -> np.ndarray:
        """The kernels' u for `steps` steps: inputs, noise, clock; (step, channel) or (step, channel, column)."""
        s, single = self.system, self.x.ndim == 1
        own = None if inputs is None else inputs[self.trials]
        if single and not self.noises and not s.clocked:
            return np.empty((steps, 0), s.dtype) if own is None else own[0]
        out = np.empty((steps, self.width, *self.x.shape[1:]), s.dtype)
        if own is not None:
            out[:, : self.inputs] = own[0] if single else np.moveaxis(own, 0, 2)
        if self.noises:
            rows = max(1, _DRAWN_NUMBERS // self.width)
            for first in range(0, steps, rows):
                self._draw(out[first : first + rows].reshape(-1, self.width, len(self.streams)))
        if s.clocked:
            clock = dt * np.arange(start, start + steps)
            out[:, -1] = clock if single else clock[:, None]
        return out

    def _draw(self, out: np.ndarray) -> None:
        """The noise of some steps, into (step, channel, column): each trial's from its own streams, in order."""
        for column, streams in enumerate(self.streams):
            at = self.inputs
            for noise, stream in zip(self.noises, streams, strict=True):
                if noise.law == "normal":
                    _draw_normal(stream, out, at, noise.count, column)
                else:
                    out[:, at : at + noise.count, column] = stream.random((len(out), noise.count))
                at += noise.count


class Run:
    """A system in motion: its state, its place in time, and its streams of random numbers.

    `x0` is (trial, size). `rows` moves it on; nothing else changes it.
    """

    def __init__(
        self, system: System, x0: np.ndarray, rng: Any = None, *, dt: float = 1.0, start: int = 0, threads: int | None = None
    ):
        self.system, self.dt, self.k = system, dt, start
        x0 = np.asarray(x0, system.dtype)
        trials = x0.shape[0]
        self.trials = trials
        count = len(system.noises)
        self.streams = [list(stream.spawn(count)) for stream in trial_streams(rng, trials)] if count else [[]] * trials
        self.threads = _check.integer("threads", threads if threads is not None else _cores(), 1)
        native = system.has_native_columns and trials >= _FEW
        cuts = _cut_columns(trials, self.threads) if native else range(trials + 1)
        spans = [slice(a, b) for a, b in itertools.pairwise(cuts)]
        self.blocks = [_Block(system, x0[s], s, self.streams[s], not native) for s in spans]
        self._rate = 0.0

    @property
    def state(self) -> np.ndarray:
        """The current states, (trial, size)."""
        return np.concatenate([b.x[None] if b.x.ndim == 1 else b.x.T for b in self.blocks])

    def rows(
        self,
        steps: int,
        inputs: np.ndarray | None = None,
        *,
        which: np.ndarray | None = None,
        outputs: bool = False,
        every: int = 1,
        washout: int = 0,
        progress: Callable[[int], Any] | None = None,
        chunk: int | None = None,
        buffers: Callable[[int], tuple[np.ndarray, np.ndarray]] | None = None,
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Advance by `steps`; yield what was recorded, chunk by chunk: states (row, which, trial), outputs (row, output, trial).

        `inputs` is (trial, step, input); `which` the indices of the state to record, in increasing order (all by default).
        The arrays are new in each chunk, or those that ``buffers(rows)`` gives, (row, which * trial) and (row, output *
        trial). A non-finite state raises `Diverged` after the rows before it have been yielded.
        """
        which = np.arange(self.system.size) if which is None else np.asarray(which, np.int64)
        if (np.diff(which) <= 0).any():
            _check.fail("which", "indices out of order", "indices in increasing order", "Sort them.")
        all_y = np.arange(self.system.output_size if outputs else 0)
        widths, dtype = (which.size * self.trials, all_y.size * self.trials), self.system.dtype
        buffers = buffers or (lambda n: (np.empty((n, widths[0]), dtype), np.empty((n, widths[1]), dtype)))
        done = 0
        while done < steps:
            size = min(chunk or self._chunk(), steps - done)
            first = washout + every - 1 - done
            first = first if first >= 0 else first % every
            n = 0 if first >= size else 1 + (size - 1 - first) // every
            X, Y = buffers(n)
            before = [block.x.copy() for block in self.blocks]
            began = time.perf_counter()
            fed = None if inputs is None else inputs[:, done : done + size]
            U = self._advance(fed, size, first, every, which, X, all_y, Y)
            self._rate = size / max(time.perf_counter() - began, 1e-9)
            bad = self._first_bad(before, U)
            if bad is not None:
                n = 0 if bad[0] <= first else 1 + (bad[0] - 1 - first) // every
            if bad is None:
                self.k += size
            yield X[:n].reshape(n, which.size, self.trials), Y[:n].reshape(n, all_y.size, self.trials)
            if bad is not None:
                raise Diverged(self._divergence(*bad), self.k + bad[0], bad[1])
            done += size
            if progress is not None:
                progress(size)

    def _chunk(self) -> int:
        """As many steps as take about a tenth of a second and as fit into a fixed buffer."""
        if not self._rate and min(len(self.blocks), self.threads) > 1:
            return _PROBE
        row = 8 * max(1, self.system.channels + self.system.size) * self.trials
        return int(np.clip(self._rate * _CHUNK_SECONDS, 64, max(64, _CHUNK_BYTES // row)))

    def _advance(self, inputs, steps, first, every, which, X, all_y, Y) -> list[np.ndarray]:
        """Move every block on, writing rows of states to X and of outputs to Y; the kernels' u of each block."""

        @explained(type(self.system).__name__)
        def work(block: _Block) -> np.ndarray:
            U = block.channels(inputs, self.k, steps, self.dt)
            stride, offset = self.trials, block.trials.start
            shared = block.x.ndim == 2 or stride == 1  # else a lone trial writes its rows to buffers of its own
            own_X = X if shared else np.empty((len(X), which.size), X.dtype)
            own_Y = Y if shared else np.empty((len(Y), all_y.size), Y.dtype)
            _drive(block.p, block.x, block.spare, U, first, every, which, own_X, block.y, all_y, own_Y, stride, offset)
            if not shared:
                X.reshape(len(X), which.size, stride)[:, :, offset] = own_X
                Y.reshape(len(Y), all_y.size, stride)[:, :, offset] = own_Y
            return U

        if min(len(self.blocks), self.threads) == 1 or steps < _THREADED_SECONDS * self._rate or not self._rate:
            return [work(block) for block in self.blocks]
        with ThreadPoolExecutor(min(self.threads, len(self.blocks))) as pool:
            return list(pool.map(work, self.blocks))

    def _divergence(self, k: int, trial: int, state: np.ndarray) -> str:
        where = f" of trial {trial}" if self.trials > 1 else ""
        which = ", ".join(_named(self.system, np.flatnonzero(~np.isfinite(state))))
        advice = "Lower the spectral radius, the input scaling or dt, or bound the activation."
        step, unit = self.k + k, time_unit(self.system)
        when = f"step {step} (counting from 0)" + (f", at t = {(step + 1) * self.dt:.6g} {unit}" if unit != "steps" else "")
        return (
            f"{type(innermost(self.system)).__name__}: the state{where} is not finite after {when}: {which}. "
            f"Rows before it are kept in error.result. {self.system.diagnose(state) or advice}"
        )

    def _first_bad(self, before, U) -> tuple[int, int, np.ndarray] | None:
        """Step within the chunk, trial and state that is no longer finite, by walking the chunk once more."""
        found = None
        for block, x, u in zip(self.blocks, before, U, strict=True):
            if np.isfinite(block.x).all():
                continue
            none, empty = np.arange(0), np.empty((0, 0), block.x.dtype)
            for k in range(len(u)):
                _drive(block.p, x, block.spare, u[k : k + 1], 1, 1, none, empty, block.y, none, empty, 1, 0)
                if not np.isfinite(x).all():
                    column = 0 if x.ndim == 1 else int(np.argmin(np.isfinite(x).all(axis=0)))
                    if found is None or k < found[0]:
                        found = (k, block.trials.start + column, x if x.ndim == 1 else x[:, column])
                    break
        return found


def _aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An empty array that starts on a cache line: a vector of columns that lies across two lines takes two loads."""
    size = int(np.prod(shape)) * dtype.itemsize
    room = np.empty(size + 64, np.uint8)
    start = -room.ctypes.data % 64
    return room[start : start + size].view(dtype).reshape(shape)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cut_columns(columns: int, threads: int) -> list[int]:
    """Block limits that leave no vector half empty: whole vectors in each block but the last."""
    vector = LANES // 2
    groups = -(-columns // vector)
    blocks = min(threads, groups)
    return [*(round(i * groups / blocks) * vector for i in range(blocks)), columns]


def _named(system: System, indices: np.ndarray, most: int = 3) -> list[str]:
    """The names of state variables, or the first of them."""
    names = []
    for name, units in system.parts.items():
        labels = range(units) if isinstance(units, (int, np.integer)) else units
        names += [f"{name}[{label}]" for label in labels]
    shown = [names[i] for i in indices[:most]]
    return [*shown, f"and {len(indices) - most} more"] if len(indices) > most else shown
