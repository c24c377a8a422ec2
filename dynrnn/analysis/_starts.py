"""Where orbits start: a grid or random states in a box of some of the variables, or states one by one; and their labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.analysis._search import labelled
from dynrnn.system import System

__all__ = ["Starts", "attractors_of", "attractors_set", "starts_in", "variables"]


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


def variables(system: System) -> list[str]:
    """A name for each state variable: its label where it has one that is its own, else "part[number]"."""
    names, own = [], []
    for part, units in system.parts.items():
        labels = range(units) if isinstance(units, (int, np.integer)) else units
        names += [f"{part}[{label}]" for label in labels]
        own += [label if isinstance(label, str) else "" for label in labels]
    return [label if label and own.count(label) == 1 else name for name, label in zip(names, own, strict=True)]


def starts_in(system: System, given: Any, resolution: Any, samples: Any, x0: Any, rng: np.random.Generator) -> Starts:
    """The starts that a user described; see `basins`."""
    if not isinstance(system, System):
        _check.fail("system", type(system).__name__, "a dynrnn System", error=TypeError)
    if not isinstance(given, Mapping):
        return _listed(system, given, samples, x0)
    resolution, names = _check.integer("resolution", resolution, 1), variables(system)
    base = _check.array("x0", system.initial() if x0 is None else x0, shape=(system.size,), dtype=system.dtype)
    if not given:
        _check.fail("starts", "an empty mapping", f"ranges of variables among {', '.join(names[:8])}")
    cell, axes = np.zeros(system.size), {}
    for key, span in given.items():
        j = _position(key, names)
        axes[j] = low, width, count = _axis(names[j], span, resolution)
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


def _listed(system: System, given: Any, samples: Any, x0: Any) -> Starts:
    for name, value in {"samples": samples, "x0": x0}.items():
        if value is not None:
            _check.fail(name, "a value", "nothing beside states", 'A mapping such as {"x": (-1, 1)} is a box to sample.')
    X = np.atleast_2d(_check.array("starts", given, ndim=(1, 2), dtype=system.dtype))
    if X.shape[1] != system.size or not len(X):
        wanted = (
            f'states (start, {system.size}), or a mapping of variables to ranges such as {{"{variables(system)[0]}": (-1, 1)}}'
        )
        _check.fail("starts", f"shape {X.shape}", wanted)
    return Starts(np.ascontiguousarray(X), (len(X),), ("start",), {}, np.zeros(system.size))


def _position(key: Any, names: list[str]) -> int:
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
        return _check.integer("starts", key, 0, len(names) - 1)
    return names.index(_check.choice("starts", key, names))


def _axis(name: str, span: Any, resolution: int) -> tuple[float, float, int]:
    """Lower end, width and number of the cells of one variable."""
    label = f"starts[{name!r}]"
    if np.ndim(span) != 1 or len(span) not in (2, 3):
        remedy = "A variable that is held has its value in x0."
        _check.fail(label, repr(span), "(low, high) or (low, high, number of cells)", remedy, TypeError)
    low, high = _check.real(label, span[0]), _check.real(label, span[1])
    if not low < high:
        _check.fail(label, f"({low:g}, {high:g})", "low < high")
    count = _check.integer(label, span[2] if len(span) == 3 else resolution, 1)
    return low, (high - low) / count, count


def attractors_set(system: System, points: list[np.ndarray], labels: Any = None) -> xr.Dataset:
    """Attractors, each some of its states (point, size), as parts over (attractor, point, …), NaN where one has fewer points."""
    most = max((len(P) for P in points), default=1)
    X = np.full((len(points), most, system.size), np.nan)
    for k, P in enumerate(points):
        X[k, : len(P)] = P
    flat = labelled(system, X.reshape(-1, system.size), "row", np.arange(len(points) * most))
    variables = {
        name: (("attractor", "point", v.dims[1]), v.values.reshape(len(points), most, v.shape[1]), v.attrs)
        for name, v in flat.items()
    }
    coords = {name: c for name, c in flat.coords.items() if name != "row"}
    return xr.Dataset(variables, {**coords, "attractor": np.arange(len(points)) if labels is None else np.asarray(labels)})


def attractors_of(system: System, given: Any, name: str = "attractors") -> tuple[list[np.ndarray], np.ndarray]:
    """Points and labels of attractors from a result of `basins`, an array (attractor, size), or a list of (point, size)."""
    if isinstance(given, xr.Dataset):
        missing = [part for part in (*system.parts, "attractor") if part not in given]
        if missing:
            _check.fail(name, f"a Dataset without {', '.join(missing)}", "a result of basins")
        parts = [given[part].transpose("attractor", "point", ...).values for part in system.parts]
        X = np.concatenate([p.reshape(*p.shape[:2], -1) for p in parts], axis=2)
        points, labels = [P[np.isfinite(P).all(axis=1)] for P in X], given["attractor"].values
    else:
        points = [np.atleast_2d(_check.array(name, P, ndim=(1, 2))) for P in given]
        labels = np.arange(len(points))
    if not points:
        _check.fail(name, "none", "at least one")
    for P in points:
        if P.shape[1] != system.size or not len(P):
            _check.fail(name, f"points of shape {P.shape}", f"(point, {system.size})")
    return [np.ascontiguousarray(P, float) for P in points], labels
