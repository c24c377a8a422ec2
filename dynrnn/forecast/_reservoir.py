"""What the three estimators share: hyper-parameters that become a reservoir, states in chunks, storage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

import dynrnn
from dynrnn import _check
from dynrnn._record import Record
from dynrnn.forecast._scale import Scale
from dynrnn.readout import Ridge
from dynrnn.run import Run
from dynrnn.systems.esn import ESN

# Penalties tried by alpha="gcv", per row. The least keeps the scatter of N = 3000 tanh units clear of rounding.
CANDIDATES = 10.0 ** np.arange(-10, 4)

MODEL: dict[str, Callable[[Any], Any]] = {
    "esn_": Record.from_dict,
    "readout_": Ridge.from_dict,
    "x_scale_": Scale.from_dict,
    "y_scale_": Scale.from_dict,
    "feature_names_in_": lambda names: np.array(names, object),
}
"""How the fitted attributes of regressor and classifier are rebuilt."""

_CHUNK_ENTRIES = 2**19  # states held at a time: 4 MB. Fixed, as chunks that follow the clock would move the last digit
_THREADS_FROM = 1e8  # unit updates of one run below which threads cost more than they bring
_CACHED_UP_TO = 300  # units of a reservoir that is kept for the next fit
_BATCH = 256  # series advanced side by side


class Reservoir(BaseEstimator):
    """Base of the estimators. Subclasses list the hyper-parameters in `__init__`, as scikit-learn wants them."""

    units: int
    spectral_radius: float | None
    leak: float
    input_scaling: Any
    bias_scaling: float
    topology: str
    density: float | None
    in_degree: int | None
    activation: Any
    alpha: Any
    washout: int | None
    random_state: Any

    stored: ClassVar[dict[str, Callable[[Any], Any]]] = {}
    """How fitted attributes are rebuilt from what `to_dict` gave of them; numbers, text and arrays need nothing."""

    # ------------------------------------------------------------------------------------------------ reservoirs

    def _draw(self, inputs: int, seed: int, member: int = 0) -> ESN:
        """The reservoir of one ensemble member. The same seed gives the same graph for every radius, leak and scaling."""
        wanted = {"density": self.density, "in_degree": self.in_degree}
        options = tuple((key, value) for key, value in wanted.items() if value is not None)
        unit = None if self.spectral_radius is None else 1.0
        units = _check.integer("units", self.units, 1)
        draw = _matrices if units <= _CACHED_UP_TO else _matrices.__wrapped__
        W, W_in, bias = draw(units, inputs, unit, self.topology, options, seed, member)
        if self.spectral_radius is not None:
            W = W.scaled(_check.real("spectral_radius", self.spectral_radius, 0.0))
        scaling = _check.array("input_scaling", self.input_scaling, ndim=(0, 1))
        if scaling.ndim and scaling.size != inputs:
            _check.fail("input_scaling", f"{scaling.size} values", f"a number or {inputs}, one per input column (X, then y)")
        bias = bias * _check.real("bias_scaling", self.bias_scaling, 0.0)
        return ESN(W, W_in * scaling, bias, self.leak, self.activation)

    def _readout(self, rows: int) -> Ridge:
        """An empty readout for so many rows."""
        if rows < 2:
            remedy = "Fit a longer series, or shorten the washout."
            _check.fail("data", f"{rows} sample(s) after the washout", "at least 2 to learn from", remedy)
        if isinstance(self.alpha, str):
            if self.alpha != "gcv":
                remedy = "Did you mean 'gcv'? It chooses the penalty itself."
                _check.fail("alpha", repr(self.alpha), "a number >= 0, a list of such numbers, or 'gcv'", remedy)
            return Ridge(CANDIDATES * rows)
        alpha = np.atleast_1d(np.asarray(self.alpha))
        return Ridge(self.alpha if alpha.size != 1 else alpha[0])

    def _skipped(self, name: str, lengths: Sequence[int]) -> int:
        """The washout in rows; by default a tenth of the shortest series, at most 100 rows."""
        shortest = min(lengths)
        if self.washout is None:
            return min(100, shortest // 10)
        washout = _check.integer("washout", self.washout, 0)
        if washout >= shortest:
            _check.fail("washout", washout, f"less than the {shortest} rows of {name}", "Shorten it, or fit a longer series.")
        return washout

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "seed_")

    def _fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            _check.fail(type(self).__name__, "no data yet", "a fitted estimator", "Call fit first.", NotFittedError)

    # --------------------------------------------------------------------------------------------------- storage

    def to_dict(self) -> dict[str, Any]:
        """Hyper-parameters and what was learnt, as nested dictionaries of numbers, text and arrays; `from_dict` reads them."""
        self._fitted()
        learnt = {name: value for name, value in vars(self).items() if name.endswith("_") and not name.startswith("_")}
        chosen = self.get_params(deep=False)
        if not isinstance(self.random_state, (int, np.integer, type(None))):
            chosen["random_state"] = self.seed_  # a generator's place in its stream is not part of a model
        params = {name: plain(name, value) for name, value in chosen.items()}
        fitted = {name: plain(name, value) for name, value in learnt.items()}
        return {"class": type(self).__name__, "dynrnn": dynrnn.__version__, "params": params, "fitted": fitted}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The estimator that `to_dict` described: it gives the same numbers, bit for bit."""
        if data.get("class") != cls.__name__:
            _check.fail("data", f"a {data.get('class')}", f"a {cls.__name__}")
        self = cls(**{name: Record.from_dict(v) if isinstance(v, dict) else v for name, v in data["params"].items()})
        for name, value in data["fitted"].items():
            setattr(self, name, cls.stored.get(name, lambda v: v)(value))
        return self


@lru_cache(maxsize=128)
def _matrices(units: int, inputs: int, radius: float | None, topology: str, options: tuple, seed: int, member: int):
    """W of radius 1 (or as drawn), W_in and bias on [-1, 1]. Measuring a radius is most of a small fit, hence the cache."""
    esn = ESN.random(
        units,
        inputs,
        spectral_radius=radius,
        bias_scaling=1.0,
        topology=topology,
        topology_options=dict(options),
        rng=np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, member))),
    )
    return esn.W, esn.W_in.to_array(), np.asarray(esn.bias)


def plain(name: str, value: Any) -> Any:
    """What can be written down: objects as their `to_dict`, lists of objects as dictionaries by number."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, np.ndarray):
        return value.tolist() if value.dtype.kind in "OU" else value
    if isinstance(value, (list, tuple)):
        items = [plain(name, item) for item in value]
        return {str(i): item for i, item in enumerate(items)} if any(isinstance(i, (dict, np.ndarray)) for i in items) else items
    if callable(value):
        _check.fail(name, repr(value), "a number, text or a Record: nothing else can be stored", error=TypeError)
    return value.item() if isinstance(value, np.generic) else value


def items(data: dict[str, Any]) -> list[Any]:
    """The list that `plain` wrote as a dictionary by number."""
    return [data[str(i)] for i in range(len(data))]


def r_squared(truth: np.ndarray, guess: np.ndarray) -> float:
    """1 - residual / total sum of squares over rows (row, feature), averaged over features; as scikit-learn has it where
    a feature does not vary: 1 for a perfect guess and 0 for any other."""
    left, total = ((truth - guess) ** 2).sum(axis=0), ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    varies = total > 0
    return float(np.mean(np.where(varies, 1.0 - left / np.where(varies, total, 1.0), left == 0)))


def seed_of(random_state: Any) -> int:
    """A seed that can be written down: the given one, fresh entropy for None, or one drawn from a generator."""
    if random_state is None:
        return int(np.random.default_rng().integers(2**63))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    return _check.integer("random_state", random_state, 0)


# -------------------------------------------------------------------------------------------------------- states


def batches(lengths: Sequence[int]) -> Iterator[np.ndarray]:
    """Indices of series of equal length, which can advance side by side."""
    for length in dict.fromkeys(lengths):
        where = np.flatnonzero(np.equal(lengths, length))
        yield from np.split(where, range(_BATCH, where.size, _BATCH))


def threads(updates: float) -> int | None:
    """Threads for a run of so many unit updates: one where it is short, else all."""
    return None if updates > _THREADS_FROM else 1


def states(esn: ESN, start: np.ndarray, inputs: np.ndarray, end: np.ndarray | None = None, **options: Any):
    """Drive `esn` from `start` (trial, unit) with `inputs` (trial, time, input), chunk by chunk.

    Yields the number of the first row and the states (trial, time, unit). The last states are written to `end` (trial, unit);
    `options` go to `Run.rows`.
    """
    trials, steps = inputs.shape[:2]
    chunk = max(1, _CHUNK_ENTRIES // (esn.size * trials))
    run = Run(esn, start, threads=threads(esn.size * trials * steps))
    row = 0
    for rows, _ in run.rows(steps, inputs, chunk=chunk, **options):
        yield row, np.moveaxis(rows, 2, 0)
        row += len(rows)
    if end is not None:
        end[:] = run.state
