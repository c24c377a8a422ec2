"""One reservoir of an ensemble: fitted to the next row, carried on, run free.

Row k of the inputs is ``[X[k] | y[k-1]]`` and row k of the states is read out as ``y[k]``; before the first row stands the
mean. All numbers here are standardised.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import linalg

from dynrnn._record import Record
from dynrnn.forecast._reservoir import batches, states, threads
from dynrnn.readout import Ridge
from dynrnn.run import Diverged, Run
from dynrnn.systems.closed_loop import ClosedLoop
from dynrnn.systems.esn import ESN

Rows = tuple[np.ndarray, np.ndarray]  # states (row, unit) and targets (row, feature)

_CHUNK = 256  # steps of a closed loop between two looks for Ctrl-C and for divergence
_TAIL = 2000  # rows kept to see how far one-step predictions miss; fewer where they would be more than
_TAIL_ENTRIES = 2**20  # numbers, or 8 MB


class Member:
    """A reservoir, its readout, its states (series, unit) after the last row, and its one-step errors (row, feature).

    `errors` may be given as the last rows fitted, states (row, unit) and targets (row, feature): the errors are then
    computed when first asked for, as the point forecast needs none.
    """

    def __init__(self, esn: ESN, readout: Ridge, state: np.ndarray, errors: np.ndarray | Rows):
        self.esn, self.readout, self.state, self._errors = esn, readout, state, errors

    @property
    def residuals(self) -> np.ndarray:
        """One-step errors (row, feature) over the last rows, as if each had not been fitted."""
        if isinstance(self._errors, tuple):
            self._errors = _left_out_errors(self.readout, *self._errors)
        return self._errors

    @classmethod
    def fit(cls, esn: ESN, readout: Ridge, inputs: Sequence[np.ndarray], targets: Sequence[np.ndarray], washout: int) -> Member:
        """Drive `esn` through every series from rest, adding its rows to `readout` as they come."""
        last = np.zeros((len(inputs), esn.size))
        tail: list[Rows] = []
        for where in batches([len(u) for u in inputs]):
            end, y = np.empty((where.size, esn.size)), np.stack([targets[i] for i in where])
            for row, X in states(esn, last[where], np.stack([inputs[i] for i in where]), end):
                skip = max(0, washout - row)
                if skip >= X.shape[1]:
                    continue
                rows = X[:, skip:].reshape(-1, esn.size), y[:, row + skip : row + X.shape[1]].reshape(-1, y.shape[2])
                readout.partial_fit(*rows)
                tail = _kept([*tail, rows])
            last[where] = end
        X, y = (np.concatenate(part) for part in zip(*tail, strict=True))
        return cls(esn, readout, last, (X, y))

    def carry_on(self, inputs: Sequence[np.ndarray]) -> None:
        """Move the states over new rows, all series in step with their own inputs."""
        self.state = self.state.copy()
        for where in batches([len(u) for u in inputs]):
            end = np.empty((where.size, self.esn.size))
            for _ in states(self.esn, self.state[where], np.stack([inputs[i] for i in where]), end, which=np.arange(0)):
                pass
            self.state[where] = end

    def states_at(self, inputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """States (row, unit) before each of these rows, evenly spaced from 0, of a single series that goes on with `inputs`."""
        if len(rows) == 1:
            return self.state
        ahead, stride = inputs[None, : rows[-1]], rows[1] - rows[0]
        return np.concatenate([self.state, *(X[0] for _, X in states(self.esn, self.state, ahead, every=stride))])

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """One-step predictions (time, feature) for one series, from rest."""
        start = np.zeros((1, self.esn.size))
        return np.concatenate([self.readout.predict(X[0]) for _, X in states(self.esn, start, inputs[None])])

    def run_free(self, state: np.ndarray, last: np.ndarray, drivers: np.ndarray, shocks: np.ndarray) -> np.ndarray:
        """Forecasts (trial, step, feature) that feed themselves back:

            y[0] = read(step(x, [X[0] | last])) + e[0],    y[k] = read(step(x, [X[k] | y[k-1]])) + e[k]

        `state` (origin, unit), `last` (origin, feature) the last row known, `drivers` (origin, step, exogenous), and
        `shocks` (path, step, feature), which each origin meets: trials are origins times paths, paths running fastest.
        """
        (origins, features), paths = last.shape, len(shocks)
        surprise = last - (state @ self.readout.W_out.T + self.readout.b)  # the loop feeds back what it read plus this
        e = np.tile(shocks, (origins, 1, 1))
        before = np.concatenate([np.repeat(surprise, paths, axis=0)[:, None], e[:, :-1]], axis=1)
        u = np.concatenate([np.repeat(drivers, paths, axis=0), before], axis=2)
        start = np.repeat(state, paths, axis=0)
        if len(u) == 1:  # two columns at least: the same compiled loop for all
            u, start = np.repeat(u, 2, axis=0), np.repeat(start, 2, axis=0)
        run = Run(self._loop(features), start, threads=threads(start.size * u.shape[1]))
        return _outputs(run, u)[: len(e)] + e

    def _loop(self, features: int) -> ClosedLoop:
        """The closed loop with more inputs, which enter where the feedback does: in ``[X | e | y]``, e is added to y."""
        W_in = self.esn.W_in.to_array()
        return ClosedLoop(self.esn.replace(W_in=np.hstack([W_in, W_in[:, -features:]])), self.readout)

    def to_dict(self) -> dict[str, Any]:
        return {"esn": self.esn.to_dict(), "readout": self.readout.to_dict(), "state": self.state, "residuals": self.residuals}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Member:
        esn, readout = Record.from_dict(data["esn"]), Ridge.from_dict(data["readout"])
        return cls(esn, readout, np.array(data["state"]), np.array(data["residuals"]))


def _outputs(run: Run, inputs: np.ndarray) -> np.ndarray:
    """The outputs (trial, step, feature) of a run. One that diverges hands over the steps before it did."""
    chunks = []
    try:
        for _, Y in run.rows(inputs.shape[1], inputs, which=np.arange(0), outputs=True, chunk=_CHUNK):
            chunks.append(np.moveaxis(Y, 2, 0))
    except Diverged as error:
        error.result = np.concatenate(chunks, axis=1)
        raise
    return np.concatenate(chunks, axis=1)


def _kept(tail: list[Rows]) -> list[Rows]:
    """The end of the chunks: as many rows as the errors are taken from."""
    wanted = min(_TAIL, max(200, _TAIL_ENTRIES // tail[0][0].shape[1]))
    kept: list[Rows] = []
    for X, y in reversed(tail):
        kept.append((X[-wanted:], y[-wanted:]))
        wanted -= len(X)
        if wanted <= 0:
            break
    return kept[::-1]


def _left_out_errors(readout: Ridge, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """What each row's prediction would have missed had the readout not seen that row: ``e / (1 - h)``.

    The leverage is ``h = 1/n + (x - m)' (S + alpha I)^-1 (x - m)`` with mean m and scatter S of all n rows. Without this
    correction the errors of a flexible reservoir on a short series look far smaller than they are.
    """
    moments = readout.to_dict()
    square, mean, count = moments["square"][0], moments["mean_x"][0], moments["count"][0]
    errors, centred = y - (X @ readout.W_out.T + readout.b), X - mean
    least = len(square) * np.finfo(float).eps * np.trace(square) or 1.0
    penalised = square + max(readout.alpha_, least) * np.eye(len(square))
    leverage = 1.0 / count + np.einsum("tn,nt->t", centred, linalg.solve(penalised, centred.T, assume_a="sym"))
    errors = errors / np.maximum(1.0 - leverage, 1.0 / count)[:, None]
    return errors - errors.mean(axis=0)
