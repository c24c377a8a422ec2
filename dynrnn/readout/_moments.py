"""Weighted means and second moments of states and targets: added up block by block, merged, kept apart where gaps differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import lapack

from dynrnn.readout._series import Series, blocks

# A QR works column by column within panels. So small a panel is done by one BLAS thread; a larger one wakes all threads for
# each column, which is no faster when cores are free and hundreds of times slower when they are not.
_QR_ROWS, _QR_PANEL = 512, 16


@dataclass
class Moments:
    """Weighted means of x and y and their centred second moments, over the rows in which a group of outputs is known.

    With Z = sqrt(w) (x - mean x) and V = sqrt(w) (y - mean y), one row each per sample, the fields hold either

        scatter     square = Z'Z (n, n)           cross = Z'V (n, m)    rest = diag V'V (m,)
        QR          square = R (n, n), R'R = Z'Z  cross = Q'V (n, m)    rest = diag (V - QQ'V)'(V - QQ'V) (m,)

    Two sets merge by the pairwise formula of Chan, Golub & LeVeque (1983): squares add, and the distance d of the two
    means counts as one more row, sqrt(w1 w2 / (w1 + w2)) d. The same row serves R, since R'R adds like Z'Z.
    In QR form a fresh block keeps its own rows in place of R: merging makes the triangle.
    """

    qr: bool
    count: int
    weight: float
    mean_x: np.ndarray
    mean_y: np.ndarray
    square: np.ndarray
    cross: np.ndarray
    rest: np.ndarray

    @classmethod
    def empty(cls, units: int, features: int, qr: bool) -> Moments:
        """The moments of no rows."""
        square, cross = np.zeros((units, units)), np.zeros((units, features))
        if qr:  # LAPACK's order; the other is that of x.T @ x
            square, cross = np.asfortranarray(square), np.asfortranarray(cross)
        return cls(qr, 0, 0.0, np.zeros(units), np.zeros(features), square, cross, np.zeros(features))

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, qr: bool) -> Moments:
        """The moments of one block of rows."""
        total = float(len(x) if weight is None else weight.sum())
        x, mean_x = _centre(x, weight, total)
        y, mean_y = _centre(y, weight, total)
        if weight is not None:
            root = np.sqrt(weight)[:, None]
            x, y = x * root, y * root
        if qr:
            return cls(qr, len(x), total, mean_x, mean_y, x, y, np.zeros(y.shape[1]))
        return cls(qr, len(x), total, mean_x, mean_y, x.T @ x, x.T @ y, np.einsum("ij,ij->j", y, y))

    def select(self, columns: np.ndarray) -> Moments:
        """The same rows for some of the outputs; everything that `merge` writes to is copied."""
        return Moments(
            self.qr, self.count, self.weight, self.mean_x.copy(), self.mean_y[columns],
            self.square.copy(order="K"), self.cross[:, columns], self.rest[columns],
        )  # fmt: skip

    def merge(self, other: Moments, columns: np.ndarray) -> None:
        """Add the rows behind `other`, for its outputs `columns`, in place."""
        if not other.count:
            return
        total = self.weight + other.weight
        step_x, step_y = other.mean_x - self.mean_x, other.mean_y[columns] - self.mean_y
        lever = np.sqrt(self.weight * (other.weight / total))
        self._add(other.square, other.cross[:, columns], other.rest[columns])
        self._add_row(lever * step_x, lever * step_y)
        self.mean_x += step_x * (other.weight / total)
        self.mean_y += step_y * (other.weight / total)
        self.count, self.weight = self.count + other.count, total

    def _add(self, square: np.ndarray, cross: np.ndarray, rest: np.ndarray) -> None:
        if self.qr:
            self.square, self.cross, left = _qr_below(self.square, self.cross, square, cross)
            self.rest = self.rest + rest + left
        else:
            self.square += square
            self.cross += cross
            self.rest += rest

    def _add_row(self, x: np.ndarray, y: np.ndarray) -> None:
        if self.qr:
            self._add(x[None], y[None], np.zeros_like(y))
        else:
            self._add(np.outer(x, x), np.outer(x, y), y * y)


def _centre(z: np.ndarray, weight: np.ndarray | None, total: float) -> tuple[np.ndarray, np.ndarray]:
    """z less its weighted mean, and that mean. The second pass takes out what rounding left of a large mean."""
    weight = np.ones(len(z)) if weight is None else weight
    mean = _weighted_sum(weight, z) / (total or 1.0)
    z = z - mean
    left = _weighted_sum(weight, z) / (total or 1.0)
    z -= left
    return z, mean + left


def _weighted_sum(weight: np.ndarray, z: np.ndarray) -> np.ndarray:
    """weight @ z without BLAS, whose threads cost more to wake than the sum itself."""
    return np.einsum("t,tj->j", weight, z)


def _qr_below(R: np.ndarray, top: np.ndarray, rows: np.ndarray, below: np.ndarray) -> tuple[np.ndarray, ...]:
    """QR of `rows` stacked under the triangle R, and [top; below] rotated alike: R, top, the squares left below."""
    R, reflectors, blocks, _ = lapack.dtpqrt(0, min(_QR_PANEL, len(R)), R, rows)
    top, below, _ = lapack.dtpmqrt(0, reflectors, blocks, top, below, trans="T")
    return R, top, np.einsum("ij,ij->j", below, below)


Groups = list[tuple[np.ndarray, Moments]]
"""The outputs in groups: those whose gaps coincide share one set of moments."""
_PER_GROUP = ("count", "weight", "mean_x", "square")
_PER_FEATURE = ("mean_y", "cross", "rest")


def _block_groups(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, qr: bool) -> Groups:
    """The moments of one block for every distinct pattern of missing targets in it."""
    known = ~np.isnan(y)
    if weight is not None:
        known &= (weight > 0)[:, None]
    if known.all():
        return [(np.arange(y.shape[1]), Moments.of(x, y, weight, qr))]
    patterns, which = np.unique(known, axis=1, return_inverse=True)
    groups = []
    for k, rows in enumerate(patterns.T):
        columns = np.flatnonzero(which.ravel() == k)
        kept = None if weight is None else weight[rows]
        groups.append((columns, Moments.of(x[rows], y[np.ix_(rows, columns)], kept, qr)))
    return groups


def join(groups: Groups, others: Groups) -> Groups:
    """Merge two partitions of the outputs; outputs whose gaps differ from here on part company."""
    joined = []
    for columns, moments in groups:
        for more, addition in others:
            shared, here, there = np.intersect1d(columns, more, assume_unique=True, return_indices=True)
            if not len(shared):
                continue
            part = moments if len(shared) == len(columns) else moments.select(here)
            part.merge(addition, there)
            joined.append((shared, part))
    return joined


def nothing(units: int, features: int, qr: bool) -> Groups:
    """What no rows add up to: all outputs in one group."""
    return [(np.arange(features), Moments.empty(units, features, qr))]


def accumulate(groups: Groups, series: Sequence[Series]) -> Groups:
    """`groups` and the rows of `series`."""
    qr = groups[0][1].qr
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused by `factorise`
        for x, y, weight in blocks(series, _QR_ROWS if qr else None):
            groups = join(groups, _block_groups(x, y, weight, qr))
    return groups


def features(groups: Groups) -> int:
    """The number of outputs."""
    return sum(len(columns) for columns, _ in groups)


def pack(groups: Groups) -> dict[str, Any]:
    """Plain arrays: what differs between groups along the first axis, what differs between outputs along the last."""
    like, group = groups[0][1], np.empty(features(groups), dtype=np.int64)
    state = {name: np.stack([getattr(m, name) for _, m in groups]) for name in _PER_GROUP}
    state |= {name: np.empty((*getattr(like, name).shape[:-1], len(group))) for name in _PER_FEATURE}
    for k, (columns, moments) in enumerate(groups):
        group[columns] = k
        for name in _PER_FEATURE:
            state[name][..., columns] = getattr(moments, name)
    return state | {"qr": like.qr, "group": group}


def unpack(state: Mapping[str, Any]) -> Groups:
    """The groups that `pack` described."""
    groups = []
    for k in range(len(state["count"])):
        columns = np.flatnonzero(np.asarray(state["group"]) == k)
        own: dict[str, Any] = {name: np.array(state[name][k]) for name in _PER_GROUP}
        own |= {name: np.asarray(state[name])[..., columns] for name in _PER_FEATURE}
        own |= {"count": int(own["count"]), "weight": float(own["weight"])}
        groups.append((columns, Moments(qr=bool(state["qr"]), **own)))
    return groups
