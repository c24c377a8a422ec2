"""Factorisations of added-up moments: weights for a penalty or for a whole path of them, and what a choice is made by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from dynrnn import _check as check
from dynrnn.readout._moments import Groups, Moments, features
from dynrnn.readout._series import Series, blocks

_EPS = np.finfo(float).eps


class Cholesky(NamedTuple):
    """S + alpha I of one group, factorised for one alpha: the shortest way where the matrix is well conditioned."""

    triangle: np.ndarray
    cross: np.ndarray
    worst: float

    @classmethod
    def of(cls, moments: Moments, alpha: float) -> Cholesky:
        """Raises LinAlgError where S + alpha I is not positive definite to working precision."""
        matrix = moments.square + alpha * np.eye(len(moments.square))
        triangle = linalg.cholesky(matrix, check_finite=False)
        inverse, _ = lapack.dpocon(triangle, np.abs(matrix).sum(axis=0).max())
        return cls(triangle, moments.cross, 1.0 / max(inverse, _EPS**2))

    def condition(self, alpha: float) -> float:
        """LAPACK's estimate in the 1-norm: never below the 2-norm's, to the estimate's accuracy."""
        return self.worst

    def weights(self, alpha: np.ndarray) -> np.ndarray:
        """(m, n); `alpha` is the one this was factorised for."""
        return linalg.cho_solve((self.triangle, False), self.cross, check_finite=False).T


class Spectrum(NamedTuple):
    """S = V diag(values) V', the projections of the targets on it, and what no weights can explain: serves every alpha.

    `slopes` = V'S_xy (n, m) and `parts` = slopes / sqrt(values), the targets' coordinates along the singular vectors.
    Directions with values + alpha <= floor are rounding and carry no weight, which gives the minimum-norm solution.
    """

    values: np.ndarray
    vectors: np.ndarray
    slopes: np.ndarray
    parts: np.ndarray
    rest: np.ndarray
    floor: float

    @classmethod
    def of(cls, moments: Moments) -> Spectrum:
        """The spectrum of either form of moments."""
        return cls._of_triangle(moments) if moments.qr else cls._of_scatter(moments)

    @classmethod
    def _of_scatter(cls, moments: Moments) -> Spectrum:
        values, vectors = np.linalg.eigh(moments.square)
        values = np.maximum(values, 0.0)
        floor = len(values) * _EPS * values[-1]
        slopes = vectors.T @ moments.cross
        sound = values > floor
        parts = slopes * (sound / np.sqrt(np.where(sound, values, 1.0)))[:, None]
        rest = np.maximum(moments.rest - (parts**2).sum(axis=0), 0.0)
        return cls(values, vectors, slopes, parts, rest, floor)

    @classmethod
    def _of_triangle(cls, moments: Moments) -> Spectrum:
        left, scale, right = linalg.svd(moments.square, check_finite=False)
        parts = left.T @ moments.cross
        scale[scale <= max(moments.count, len(scale)) * _EPS * scale[0]] = 0.0
        return cls(scale**2, right.T, scale[:, None] * parts, parts, moments.rest, 0.0)

    def condition(self, alpha: float) -> float:
        """2-norm condition number of S + alpha I."""
        low = self.values.min() + alpha
        return float((self.values.max() + alpha) / low) if low > self.floor else np.inf

    def gain(self, alpha: Any) -> np.ndarray:
        """1 / (values + alpha), (n, 1) for one alpha and (n, m) for one per output."""
        penalised = self.values[:, None] + alpha
        known = penalised > self.floor
        return known / np.where(known, penalised, 1.0)

    def weights(self, alpha: Any) -> np.ndarray:
        """(m, n) for one alpha or one per output."""
        return (self.vectors @ (self.slopes * self.gain(alpha))).T

    def gcv(self, alphas: np.ndarray, count: int) -> np.ndarray:
        """(alpha, m): RSS / count / (1 - dof / count)^2, the intercept being one degree of freedom."""
        scores = np.full((len(alphas), len(self.rest)), np.inf)
        for k, alpha in enumerate(alphas):
            kept = self.values[:, None] * self.gain(alpha)
            residual = self.rest + (((1.0 - kept) * self.parts) ** 2).sum(axis=0)
            free = 1.0 - (1.0 + kept.sum()) / count
            if free > len(kept) * _EPS:
                scores[k] = residual / count / free**2
        return scores

    def loo(self, alphas: np.ndarray, columns: np.ndarray, moments: Moments, series: Sequence[Series]) -> np.ndarray:
        """(alpha, m): weighted mean square of y_t less its prediction from all other rows; reads the rows again."""
        gains = np.stack([self.gain(alpha)[:, 0] for alpha in alphas])
        scores = np.zeros((len(alphas), len(columns)))
        for x, y, weight in blocks(series):
            weight = np.ones(len(x)) if weight is None else weight
            rows = ~np.isnan(y[:, columns[0]]) & (weight > 0)
            z, share = (x[rows] - moments.mean_x) @ self.vectors, weight[rows]
            target = y[np.ix_(rows, columns)] - moments.mean_y
            free = 1.0 - share * (1.0 / moments.weight + gains @ (z**2).T)
            free[free <= 1e-12] = np.nan  # such a row alone decides its prediction: leaving it out is not defined
            for k, slopes in enumerate(gains[:, :, None] * self.slopes):
                scores[k] += share @ ((target - z @ slopes) / free[k][:, None]) ** 2
        return np.nan_to_num(scores / moments.weight, nan=np.inf)


Factor = Cholesky | Spectrum


def factorise(groups: Groups, alpha: float | np.ndarray) -> list[Factor]:
    """One factorisation per group, for one penalty or for candidates."""
    for columns, moments in groups:
        if not moments.count:
            got = f"no finite value of positive weight in column {int(columns[0])}"
            check.fail("targets", got, "at least one in every column", "Drop that column, or fit more rows.")
        _refuse_overflow(moments, np.ndim(alpha) > 0)
    return [_factor(moments, alpha) for _, moments in groups]


def _refuse_overflow(moments: Moments, choosing: bool) -> None:
    """Sums of squares past the largest float leave nothing to solve; those of the targets matter only to a choice of alpha."""
    with np.errstate(over="ignore"):
        square = np.abs(moments.square).max() ** (2 if moments.qr else 1)
    if not np.isfinite(square):
        remedy = "The states are too large: rescale them."
        check.fail("states", "a scatter matrix that is not finite", "sums of squares below 1e308", remedy)
    if not np.isfinite(moments.cross).all() or (choosing and not np.isfinite(moments.rest).all()):
        remedy = "The targets are too large: rescale them."
        check.fail("targets", "sums of squares or products that are not finite", "sums below 1e308", remedy)


def _factor(moments: Moments, alpha: float | np.ndarray) -> Factor:
    if not moments.qr and np.ndim(alpha) == 0 and alpha > 0:
        try:
            return Cholesky.of(moments, float(alpha))
        except linalg.LinAlgError:
            pass  # not positive definite to working precision: the spectrum drops what is rounding
    return Spectrum.of(moments)


def scores(groups: Groups, factors: Sequence[Spectrum], alphas: np.ndarray, loo: bool, series: Sequence[Series]) -> np.ndarray:
    """(alpha, m): how badly each candidate would predict rows it has not seen; `loo` reads the rows of `series` again."""
    out = np.empty((len(alphas), features(groups)))
    for (columns, moments), factor in zip(groups, factors, strict=True):
        if loo:
            out[:, columns] = factor.loo(alphas, columns, moments, series)
        else:
            out[:, columns] = factor.gcv(alphas, moments.count)
    return out
