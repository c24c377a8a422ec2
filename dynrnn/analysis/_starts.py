"""Where searches and orbits start: a grid or random states in a box, rows of a simulation, or states one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.analysis._states import flat, many, position, variables
from dynrnn.system import System

__all__ = ["Starts", "starting_points", "starts_in"]

_STARTS = 256  # states to search from
_MOST_ROWS = 1000  # of a simulation, taken for that
_NOISE = 0.01  # added to them, in standard deviations of each variable


class Starts(NamedTuple):
    """States (start, size), how they are laid out, and the width of a cell per variable: 0 where the layout has none."""

    X: np.ndarray
    shape: tuple[int, ...]
    dims: tuple[str, ...]
    coords: dict[str, Any]
    cell: np.ndarray

    def labelled(self, values: np.ndarray) -> xr.DataArray:
        """One value per start."""
        return xr.DataArray(values.reshape(self.shape), self.coords, self.dims)


def starts_in(
    system: System, given: Any, resolution: Any, samples: Any, x0: Any, rng: np.random.Generator, name: str = "starts"
) -> Starts:
    """The starts that a user described in the argument `name`; see `basins`."""
    if not isinstance(system, System):
        _check.fail("system", type(system).__name__, "a dynrnn System", error=TypeError)
    if not isinstance(given, Mapping):
        return _listed(system, given, samples, x0)
    resolution, names = _check.integer("resolution", resolution, 1), variables(system)
    base = _check.array("x0", system.initial() if x0 is None else x0, shape=(system.size,), dtype=system.dtype)
    if not given:
        _check.fail(name, "an empty mapping", f"ranges of variables among {', '.join(names[:8])}")
    cell, axes = np.zeros(system.size), {}
    for key, span in given.items():
        j = position(name, key, names)
        axes[j] = low, width, count = _axis(f"{name}[{names[j]!r}]", span, resolution)
        cell[j] = width
    if samples is not None:
        count = _check.integer("samples", samples, 1)
        X = np.tile(base.astype(system.dtype), (count, 1))
        for j, (low, width, n) in axes.items():
            X[:, j] = rng.uniform(low, low + width * n, count)
        return Starts(X, (count,), ("start",), {}, cell)
    values = {names[j]: low + width * (np.arange(n) + 0.5) for j, (low, width, n) in axes.items()}
    shape = tuple(map(len, values.values()))
    X = np.tile(base.astype(system.dtype), (int(np.prod(shape)), 1))
    for j, mesh in zip(axes, np.meshgrid(*values.values(), indexing="ij"), strict=True):
        X[:, j] = mesh.ravel()
    return Starts(X, shape, tuple(values), {name: (name, v) for name, v in values.items()}, cell)


def _box(system: System) -> str:
    return f"A box is a mapping such as {{{variables(system)[0]!r}: (-1, 1)}}."


def _listed(system: System, given: Any, samples: Any, x0: Any) -> Starts:
    for name, value in {"samples": samples, "x0": x0}.items():
        if value is not None:
            _check.fail(name, "a value", "nothing beside states", 'A mapping such as {"x": (-1, 1)} is a box to sample.')
    X = many("starts", given, system, _box(system))
    return Starts(X, (len(X),), ("start",), {}, np.zeros(system.size))


def _axis(label: str, span: Any, resolution: int) -> tuple[float, float, int]:
    """Lower end, width and number of the cells of one variable."""
    if np.ndim(span) != 1 or len(span) not in (2, 3):
        remedy = "A variable that is held has its value in x0."
        _check.fail(label, repr(span), "(low, high) or (low, high, number of cells)", remedy, TypeError)
    low, high = _check.real(label, span[0]), _check.real(label, span[1])
    if not low < high:
        _check.fail(label, f"({low:g}, {high:g})", "low < high")
    count = _check.integer(label, span[2] if len(span) == 3 else resolution, 1)
    return low, (high - low) / count, count


def starting_points(system: System, given: Any, rng: np.random.Generator) -> np.ndarray:
    """States (start, size) to search from; see `fixed_points` for what may be given."""
    if isinstance(given, xr.Dataset):
        return _from_result(system, given, rng)
    if isinstance(given, Mapping):
        return starts_in(system, given, 1, _STARTS, None, rng, "candidates").X
    if given is None or np.ndim(given) == 0:
        count = _STARTS if given is None else _check.integer("candidates", given, 1)
        center = system.initial().astype(float)
        width = max(1.0, float(np.abs(center).max(initial=0.0))) * 10 ** rng.uniform(-1, 1, (count, 1))
        return center + width * rng.normal(size=(count, system.size))
    if isinstance(given, xr.DataArray):
        given = given.values.reshape(-1, given.shape[-1]) if given.ndim > 2 else given.values
    if not np.size(given):
        _check.fail("candidates", "no states", "at least one", "Pass states, a number of them, a box or a result of simulate.")
    return many("candidates", given, system, _box(system))


def _from_result(system: System, result: xr.Dataset, rng: np.random.Generator) -> np.ndarray:
    """Rows of a simulation, and a little noise, which leads off a stable manifold."""
    missing = [name for name in system.parts if name not in result]
    if missing:
        _check.fail(
            "candidates", f"a result without {', '.join(missing)}", "all parts of the state", "Record all, or pass states."
        )
    X = np.concatenate([flat(result[name]) for name in system.parts], axis=1)
    X = X[np.isfinite(X).all(axis=1)]
    if X.shape[1] != system.size or not len(X):
        _check.fail("candidates", f"a result with {len(X)} states of {X.shape[1]} variables", f"states of {system.size}")
    rows = np.sort(rng.choice(len(X), min(len(X), _MOST_ROWS), replace=False))
    return X[rows] + _NOISE * X.std(axis=0) * rng.normal(size=(rows.size, system.size))
