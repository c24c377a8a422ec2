"""States and what users call them: names of variables, labelled states, attractors as labelled sets of states."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.sinks import Layout
from dynrnn.system import System

__all__ = ["attractors_of", "attractors_set", "by_place", "flat", "labelled", "many", "position", "variables"]

_PLACE = 1e-3


def variables(system: System) -> list[str]:
    """A name for each state variable: its label where it has one that is its own, else "part[number]"."""
    names, own = [], []
    for part, units in system.parts.items():
        labels = range(units) if isinstance(units, (int, np.integer)) else units
        names += [f"{part}[{label}]" for label in labels]
        own += [label if isinstance(label, str) else "" for label in labels]
    return [label if label and own.count(label) == 1 else name for name, label in zip(names, own, strict=True)]


def position(name: str, key: Any, names: list[str]) -> int:
    """The number of a variable, given by its number or its name."""
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
        return _check.integer(name, key, 0, len(names) - 1)
    return names.index(_check.choice(name, key, names))


def many(name: str, given: Any, system: System, remedy: str = "") -> np.ndarray:
    """States (state, size) from one or many."""
    X = _check.array(name, given, ndim=(1, 2), dtype=system.dtype)
    X = X[None] if X.ndim == 1 else X
    if X.shape[1] != system.size or not len(X):
        _check.fail(name, f"shape {np.shape(given)}", f"states ({system.size},) or (any number, {system.size})", remedy)
    return X


def flat(part: xr.DataArray) -> np.ndarray:
    """A part of the state over time, trials or points as rows (row, unit)."""
    (unit,) = [d for d in part.dims if d not in ("trial", "time", "point")]
    return part.transpose(..., unit).values.reshape(-1, part.sizes[unit])


def labelled(system: System, X: np.ndarray, dim: str, labels: Any = None) -> xr.Dataset:
    """States (dim, size) as the parts that `simulate` gives, over `dim` in the place of time."""
    parts = Layout(system, tuple(system.parts), False, 1, True, 0, 1, 0, False).dataset(X[:, :, None], X[:, :0, None], {})
    parts = parts.drop_vars("time").rename(time=dim)
    return parts if labels is None else parts.assign_coords({dim: labels})


def by_place(label: np.ndarray, points: list[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """Labels of starts, attractors (point, size) and their numbers, with the attractors in the order of where they are.

    By the mean of the first variable, then of the second, and so on, to a thousandth of what the means range over. So all ways to
    find attractors number them alike.
    """
    numbers = np.arange(len(points))
    if not points:
        return label, points, numbers
    means = np.array([P.mean(axis=0) for P in points])
    range_ = np.ptp(means, axis=0).max()
    order = np.lexsort(np.round(means / (_PLACE * range_ if range_ > 0 else 1.0)).T[::-1])
    place = np.empty_like(numbers)
    place[order] = numbers
    known = label >= 0
    label[known] = place[label[known]]
    return label, [points[k] for k in order], numbers


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
