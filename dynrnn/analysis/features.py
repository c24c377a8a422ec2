"""Attractors as clusters of what orbits look like in the end: for chaos in many dimensions, and where nothing is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn.analysis._motion import Motion, far
from dynrnn.analysis._states import by_place
from dynrnn.analysis.proximity import DIVERGED, UNDECIDED

__all__ = ["Features", "summary"]

_FINE = 0.1  # of the radius: features this near are one point with a weight
_FLAT = 1e-6  # variables that span less of their size, or of that of the starts, are the same for all orbits
_BYTES = 2e8  # of tails at once


def summary(states: np.ndarray) -> np.ndarray:
    """Mean, standard deviation, smallest and largest value of each variable over the rows of an orbit (row, size).

    >>> summary(np.array([[1.0], [3.0]])).tolist()
    [2.0, 1.0, 1.0, 3.0]
    """
    return np.concatenate([states.mean(axis=0), states.std(axis=0), states.min(axis=0), states.max(axis=0)])


class Features:
    """Describe the end of each orbit by a few numbers, and group the orbits by them.

    Parameters
    ----------
    of : a function of states (row, size) that gives the features (feature,); `summary` by default.
    transient, rows : steps of the map or of dt that are skipped, and that are described.
    known : (attractor, feature): an orbit then belongs to the nearest of these. Else orbits are grouped by scikit-learn's
        DBSCAN, and the groups numbered by place as `basins` says:
    radius : orbits nearer than this are neighbours, in units of the features; those of `summary` are divided by what they span
        over all orbits, for each variable together.
    fewest : a group has this many orbits at least; others are undecided (-2).
    cluster : another estimator with `fit_predict`, such as ``sklearn.cluster.HDBSCAN()``.

    The points of an attractor are the end of the orbit nearest to the middle of its group. Where orbits still creep, as near a
    bifurcation, groups are of where they happen to be: raise `transient` until they do not change.

    Source: M. Gelbrecht, J. Kurths and F. Hellmann, New J. Phys. 22 (2020) 033032; M. Stender and N. Hoffmann, Nonlinear
    Dynamics 107 (2022) 1451.
    """

    hint = "Raise transient and rows, or radius; or lower fewest"

    def __init__(
        self,
        of: Callable[[np.ndarray], Any] = summary,
        *,
        transient: int = 1000,
        rows: int = 1000,
        known: Any = None,
        radius: float = 0.1,
        fewest: int = 5,
        cluster: Any = None,
    ):
        if not callable(of):
            _check.fail("of", type(of).__name__, "a function of states (row, size)", error=TypeError)
        if cluster is not None and not hasattr(cluster, "fit_predict"):
            _check.fail("cluster", type(cluster).__name__, "an estimator with fit_predict", error=TypeError)
        self.of, self.cluster = of, cluster
        self.transient, self.rows = _check.integer("transient", transient, 0), _check.integer("rows", rows, 1)
        self.known = None if known is None else _check.array("known", known, ndim=2)
        self.radius = _check.real("radius", radius, 0.0, open_low=True)
        self.fewest = _check.integer("fewest", fewest, 1)

    def assign(self, motion: Motion, X: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
        """The label of each start, the points of the attractors, and their labels."""
        F = self._features(motion, X)
        label, good = np.full(len(X), DIVERGED), np.isfinite(F).all(axis=1)
        if self.known is not None:
            return self._nearest(motion, X, F, label, good, self.known)
        label[good] = self._groups(F[good], float(np.abs(X).max(initial=0.0)))
        middle = [self._central(F, label == k) for k in range(label.max(initial=-1) + 1)]
        return by_place(label, [self._tail(motion, X[i : i + 1])[0] for i in middle])

    def _tail(self, motion: Motion, X: np.ndarray, tell: bool = False) -> np.ndarray:
        with np.errstate(all="ignore"):
            return motion.advance(motion.begin(X), self.transient, self.rows, tell=tell)

    def _features(self, motion: Motion, X: np.ndarray) -> np.ndarray:
        """(start, feature), NaN where an orbit diverges."""
        limit, found = far(X), list[Any]()
        for some in np.array_split(X, max(1, int(X.size * self.rows * 8 / _BYTES))):
            tails = self._tail(motion, some, tell=True)
            found += [np.asarray(self.of(Y), float) if np.abs(Y).max() <= limit else None for Y in tails]
        shape = next((f.shape for f in found if f is not None), (1,))
        if len(shape) != 1 or any(f is not None and f.shape != shape for f in found):
            _check.fail("of", f"features of shape {shape}", "one and the same number of features (feature,) of each orbit")
        return np.stack([np.full(shape, np.nan) if f is None else f for f in found])

    def _nearest(
        self, motion: Motion, X: np.ndarray, F: np.ndarray, label: np.ndarray, good: np.ndarray, known: np.ndarray
    ) -> Any:
        if known.shape[1] != F.shape[1]:
            _check.fail("known", f"{known.shape[1]} features", f"{F.shape[1]}, as `of` gives")
        label[good] = ((F[good, None] - known[None]) ** 2).sum(axis=2).argmin(axis=1)
        none = np.full((1, motion.size), np.nan)
        points = [
            self._tail(motion, X[self._central(F, label == k)][None])[0] if (label == k).any() else none
            for k in range(len(known))
        ]
        return label, points, np.arange(len(known))

    @staticmethod
    def _central(F: np.ndarray, members: np.ndarray) -> int:
        which = np.flatnonzero(members)
        return int(which[((F[which] - np.median(F[which], axis=0)) ** 2).sum(axis=1).argmin()])

    def _groups(self, F: np.ndarray, far: float) -> np.ndarray:
        """A number for each row of the features, -2 for none; `far` is the largest number among the starts."""
        if not len(F):
            return np.zeros(0, int)
        if self.of is summary:
            by_variable = F.reshape(len(F), 4, -1)
            span, size = np.ptp(by_variable, axis=(0, 1)), np.abs(by_variable).max(axis=(0, 1))
            F = (by_variable / np.where(span > _FLAT * np.maximum(size, far), span, np.inf)).reshape(F.shape)
        if self.cluster is not None:
            group = np.asarray(self.cluster.fit_predict(F))
        else:
            from sklearn.cluster import DBSCAN

            fine = np.round(F / (_FINE * self.radius))
            points, inverse, counts = np.unique(fine, axis=0, return_inverse=True, return_counts=True)
            scan = DBSCAN(eps=self.radius, min_samples=self.fewest)
            group = scan.fit_predict(points * _FINE * self.radius, sample_weight=counts)[inverse.ravel()]
        names, numbers = np.unique(group, return_inverse=True)
        others = int((names < 0).sum())  # what the estimator says is noise
        return np.where(numbers < others, UNDECIDED, numbers - others).ravel()
