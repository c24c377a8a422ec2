"""Meet series of states and targets at the face: checked, paired, labelled axes in order, handed on a block at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from dynrnn import _check as check

_BLOCK_ENTRIES = 2**19  # rows x units held at a time: 4 MB, or 1024 rows where that is more


class Series(NamedTuple):
    """One run after its washout: states (time, unit), targets (time, feature) with NaN for gaps, weights (time,)."""

    states: np.ndarray
    targets: np.ndarray
    weight: np.ndarray | None


def blocks(series: Sequence[Series], rows: int | None = None) -> Iterator[Series]:
    """The series cut into blocks of `rows`, by default a few MB, with the states in float64."""
    for x, y, weight in series:
        size = rows or max(1024, _BLOCK_ENTRIES // x.shape[1])
        for start in range(0, len(x), size):
            cut = slice(start, start + size)
            yield Series(np.asarray(x[cut], dtype=np.float64), y[cut], None if weight is None else weight[cut])


def ordered(dims: Sequence[str]) -> list[str]:
    """(trial, time, other), as far as there are such."""
    lead = [d for d in ("trial", "time") if d in dims]
    return lead + [d for d in dims if d not in lead]


def numbers(name: str, value: Any, ndim: Sequence[int], remedy: str = "") -> np.ndarray:
    """A plain array, not copied if it is one already; labelled axes come in the order (trial, time, other)."""
    if hasattr(value, "data_vars"):
        check.fail(name, "a Dataset", "one variable of it", "Pass for example result['state'].", TypeError)
    if hasattr(value, "dims"):
        value = value.transpose(*ordered(value.dims)).values
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf" and value.ndim in ndim:
        return value
    return check.array(name, value, ndim=ndim, finite=False, remedy=remedy)


def is_several(states: Any) -> bool:
    """A list of matrices or a stack of them, rather than one matrix (which may be written as nested lists)."""
    if isinstance(states, (list, tuple)) and len(states):
        return np.ndim(states[0]) == 2
    return getattr(states, "ndim", 0) == 3


def _named(name: str, value: Any, several: bool) -> list[tuple[str, Any]]:
    """Each series with the name a message should give it."""
    if not several:
        return [(name, value)]
    if not isinstance(value, (list, tuple)):
        value = numbers(name, value, (2, 3))
    return [(f"{name}[{i}]", one) for i, one in enumerate(value)]


def collect(states: Any, targets: Any, washout: int, sample_weight: Any) -> tuple[list[Series], bool]:
    """All series, checked, and whether the targets came without a feature axis."""
    washout = check.integer("washout", washout, 0)
    several = is_several(states)
    runs, aims = _named("states", states, several), _named("targets", targets, several)
    weights = [("", None)] * len(runs) if sample_weight is None else _named("sample_weight", sample_weight, several)
    for name, given in (("targets", aims), ("sample_weight", weights)):
        if len(given) != len(runs):
            check.fail(name, f"{len(given)} series", f"{len(runs)}, as many as states has", "Pair them one to one.")
    if not runs:
        check.fail("states", "no series", "at least one")
    parts = [_one_series(x, y, w, washout) for x, y, w in zip(runs, aims, weights, strict=True)]
    series, flat = [p[0] for p in parts], [p[1] for p in parts]
    for i, one in enumerate(series):
        same_width(f"states[{i}]", one.states.shape[1], series[0].states.shape[1], "unit")
        same_width(f"targets[{i}]", one.targets.shape[1], series[0].targets.shape[1], "feature")
    return series, all(flat)


def _one_series(states: tuple[str, Any], targets: tuple[str, Any], weight: tuple[str, Any], washout: int) -> tuple[Series, bool]:
    """One series, each argument with its name, and whether its targets came without a feature axis."""
    x = numbers(*states, (2,), remedy="States are (time, unit); write a single unit as states[:, None].")
    y = numbers(*targets, (1, 2)).astype(np.float64, copy=False)
    flat, y = y.ndim == 1, y[:, None] if y.ndim == 1 else y
    if 0 in x.shape:
        check.fail(states[0], f"shape {x.shape}", "at least one row (time) and one unit")
    _same_length(states[0], x, targets[0], y)
    if not y.shape[1]:
        check.fail(targets[0], f"shape {y.shape}", "at least one feature")
    _finite(states[0], x)
    if np.isinf(y).any():
        check.all_finite(targets[0], np.where(np.isnan(y), 0.0, y), "NaN marks a missing target; infinity is refused.")
    if washout >= len(x):
        check.fail("washout", washout, f"less than the {len(x)} rows of {states[0]}", "Shorten it or simulate longer.")
    w = None if weight[1] is None else _weight(*weight, len(x))[washout:]
    return Series(x[washout:], y[washout:], w), flat


def _same_length(name: str, x: np.ndarray, other: str, y: np.ndarray) -> None:
    if len(x) == len(y):
        return
    for swapped, z, fixed, rows in ((name, x, other, len(y)), (other, y, name, len(x))):
        if z.shape[1] == rows:
            got = f"shape {z.shape} where {fixed} has {rows} rows"
            check.fail(swapped, got, f"shape {z.shape[::-1]}", f"Axis 0 is time: pass {swapped}.T.")
    check.fail(other, f"{len(y)} rows (time)", f"{len(x)}, as many as {name} has", "Row k of both is the same moment.")


def same_width(name: str, got: int, wanted: int, noun: str) -> None:
    """Refuse states or targets that have another number of columns than those before."""
    if got != wanted:
        check.fail(name, f"{got} {noun}(s)", f"{wanted}, as before")


def _finite(name: str, x: np.ndarray) -> None:
    """A sum is not finite if any entry is not, and needs no mask as large as the states."""
    with np.errstate(all="ignore"):
        if np.isfinite(x.sum(dtype=np.float64)):
            return
    check.all_finite(name, x)


def _weight(name: str, value: Any, rows: int) -> np.ndarray:
    w = check.array(name, numbers(name, value, (1,)), shape=(rows,), remedy="One weight per row of states.")
    if (w < 0).any():
        k = int(np.argmax(w < 0))
        check.fail(name, f"{w[k]:g} at index {k}", "weights >= 0", "Use 0 to leave a row out.")
    return w
