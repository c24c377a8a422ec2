"""Zeros and slow points of F from many starting points at once: Levenberg-Marquardt, deflation, distinct points.

F is a `Problem`: two functions of states X (point, size), `residual` (point, size) and `slopes` (point, size, size).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import optimize
from scipy.linalg import lapack
from tqdm.auto import tqdm

from dynrnn.run import Interrupted

__all__ = [
    "Found",
    "Problem",
    "deflated_newton",
    "distinct",
    "interrupted",
    "levenberg_marquardt",
    "polished",
    "rms",
    "settled",
    "wrapped",
]

_STEPS = 300
_FIRST = 1e-3  # damping at the start
_PATIENCE, _PROGRESS = 8, 5e-3  # iterations over which |F| must fall by so much: else it is the floor of a valley
_FLAT = 1e-9  # the gradient of q at a minimum, by the product of |J| and |F|
_SETTLED = 1e-10  # the gradient of q at a slow point, by q
_DEFLATED, _FAR = 100, 1e6  # Newton steps, and how far they may lead, by the scale
_POLISHES, _RANK = 5, 1e-12  # Newton steps, and the singular values that count, by the largest
_BATCH, _CHUNK = 1024, 500_000  # points in a batch at most, and numbers in its Jacobians: they should fit into the cache


class Problem(NamedTuple):
    """A function of states and its Jacobians; `dtype` is the precision it is known to."""

    residual: Any
    slopes: Any
    dtype: Any = np.dtype(float)


class Found(NamedTuple):
    """Where the search from each start ended (start, size), F there, and whether F is zero or |F| has a minimum there."""

    X: np.ndarray
    F: np.ndarray
    zero: np.ndarray
    minimum: np.ndarray

    def only(self, which: np.ndarray) -> Found:
        """Some of them."""
        return Found(*(values[which] for values in self))


def levenberg_marquardt(f: Problem, X: np.ndarray, scale: float, tolerance: float, progress: bool = False) -> Found:
    """Minimise ``q = |F|²/2`` from each row of X:

        (JᵀJ + μ |F| c) d = -JᵀF,

    with μ raised where a step fails and lowered where it does as promised, and c the mean square of J's columns by the |F| at
    the start. Damping in proportion to |F| makes the end quadratic even where zeros are not isolated, as on a line attractor.

    A point is a zero where ``|F_i| <= tolerance scale sum_j |J_ij|`` for all i: a change of the state by `tolerance`, relative
    to `scale`, makes up for it. It is a minimum where the gradient vanishes in comparison with ``|J| |F|``, or q does not fall
    any more.

    Source: J. Fan and Y. Yuan, Computing 74 (2005) 23.
    """
    tolerance = max(tolerance, 50 * np.finfo(f.dtype).eps)
    per_batch, parts = min(_BATCH, max(1, _CHUNK // X.shape[1] ** 2)), []
    with tqdm(total=len(X), unit="candidate", disable=not progress) as bar:
        for k in range(0, len(X), per_batch):
            try:
                with np.errstate(all="ignore"):  # a step may lead anywhere, and is then not taken
                    parts.append(_batch(f, X[k : k + per_batch], scale, tolerance))
            except KeyboardInterrupt:
                if parts:
                    raise interrupted(_joined(parts)) from None
                raise
            bar.update(len(parts[-1].X))
    return _joined(parts)


def interrupted(found: Found) -> Interrupted:
    """Ctrl-C, with what was found until then."""
    stopped = Interrupted(f"stopped after {len(found.X)} candidates; where they led is in error.result", len(found.X))
    stopped.result = found
    return stopped


def _joined(parts: list[Found]) -> Found:
    return Found(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _batch(f: Problem, X: np.ndarray, scale: float, tolerance: float) -> Found:
    X, F = X.astype(float), f.residual(X).astype(float)
    points, n = X.shape
    size = _norm(F)
    start = np.where(size > 0, size, 1.0)
    mu, grow = np.full(points, _FIRST), np.full(points, 2.0)
    history = np.full((_PATIENCE, points), np.inf)
    zero, minimum = np.zeros(points, bool), np.zeros(points, bool)
    normal, gradient, rate, rows = np.empty((points, n, n)), np.empty((points, n)), np.empty(points), np.empty((points, n))
    active = moved = np.flatnonzero(np.isfinite(size))
    for step in range(_STEPS + 1):
        if moved.size:
            J = f.slopes(X[moved])
            transposed = np.ascontiguousarray(J.transpose(0, 2, 1))  # as a view matmul would take a slower routine
            normal[moved], gradient[moved] = transposed @ J, (transposed @ F[moved, :, None])[..., 0]
            rate[moved], rows[moved] = np.sqrt(np.einsum("aii->a", normal[moved])), np.abs(J).sum(axis=2)
        zero[active] = (np.abs(F[active]) <= tolerance * scale * rows[active]).all(axis=1)
        before, history[step % _PATIENCE, active] = history[step % _PATIENCE, active], size[active]
        flat = _norm(gradient[active] / np.maximum(rate[active] * size[active], 1e-300)[:, None]) <= _FLAT
        minimum[active] = ~zero[active] & (flat | (size[active] > (1 - _PROGRESS) * before))
        active = active[~zero[active] & ~minimum[active] & np.isfinite(rate[active])]
        if not active.size or step == _STEPS:
            break
        damping = mu[active] * size[active] / start[active] * rate[active] ** 2 / n
        move, promised = _steps(normal[active], gradient[active], damping)
        trial = X[active] + move
        F_trial = f.residual(trial).astype(float)
        size_trial = _norm(F_trial)
        better = size_trial < size[active]
        gain = (size[active] ** 2 - np.where(better, size_trial, np.inf) ** 2) / np.maximum(2 * promised, 1e-300)
        moved, stuck = active[better], active[~better]
        mu[moved] = np.maximum(mu[moved] * np.where(gain[better] > 0.75, 0.1, np.where(gain[better] < 0.25, 4.0, 1.0)), 1e-8)
        mu[stuck] *= 2 * grow[stuck]
        grow[moved], grow[stuck] = 2.0, 2 * grow[stuck]
        X[moved], F[moved], size[moved] = trial[better], F_trial[better], size_trial[better]
    return Found(X, F, zero, minimum)


def _steps(normal: np.ndarray, gradient: np.ndarray, damping: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The damped steps (point, size), and by how much the linear model says that q falls. `normal`, JᵀJ, is overwritten."""
    move, diagonal = np.empty_like(gradient), np.arange(gradient.shape[1])
    normal[:, diagonal, diagonal] += damping[:, None]
    for k, A in enumerate(normal):
        _, move[k], singular = lapack.dposv(A, -gradient[k])
        if singular:  # to rounding
            A[diagonal, diagonal] += 1e-14 * A[diagonal, diagonal].max() + 1e-300
            _, move[k], failed = lapack.dposv(A, -gradient[k])
            move[k] = 0.0 if failed else move[k]
    return move, 0.5 * ((move * (damping[:, None] * move - gradient)).sum(axis=1))


def polished(f: Problem, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Zeros by Newton's method until rounding ends it, and F there. Steps leave out what F does not depend on."""
    X, F = X.copy(), f.residual(X).astype(float)
    for k in range(len(X)):
        for _ in range(_POLISHES):
            J = f.slopes(X[k : k + 1])[0]
            x = X[k] - np.linalg.lstsq(J, F[k], rcond=_RANK)[0]
            residual = f.residual(x[None])[0].astype(float)
            if not _norm(residual) < _norm(F[k]):
                break
            X[k], F[k] = x, residual
    return X, F


def settled(f: Problem, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minima of |F| by a quasi-Newton method, which converges there as Levenberg-Marquardt does not, and F there."""
    X = X.copy()
    for k, x in enumerate(X):
        q = 0.5 * float((f.residual(x[None]).astype(float) ** 2).sum())

        def function(y: np.ndarray, q: float = q) -> tuple[float, np.ndarray]:
            F = f.residual(y[None])[0].astype(float)
            return 0.5 * F @ F / q, F @ f.slopes(y[None])[0] / q

        X[k] = optimize.minimize(function, x, jac=True, method="BFGS", options={"gtol": _SETTLED}).x
    return X, f.residual(X).astype(float)


def deflated_newton(f: Problem, X: np.ndarray, zeros: np.ndarray, scale: float) -> np.ndarray:
    """Where Newton's method leads from X when known zeros are taken out of F:

        G(x) = F(x) prod_k (1 + scale² / |x - x_k|²).

    Its step is that of F, stretched: with the derivative m of the product's logarithm, ``d / (1 - m·d)``.

    Source: P. E. Farrell, A. Birkisson and S. W. Funke, SIAM J. Sci. Comput. 37 (2015) A2026.
    """
    X = X.astype(float)
    with np.errstate(all="ignore"):
        for _ in range(_DEFLATED):
            F, J = f.residual(X).astype(float), f.slopes(X)
            transposed = np.ascontiguousarray(J.transpose(0, 2, 1))
            normal = transposed @ J
            step, _ = _steps(normal, (transposed @ F[..., None])[..., 0], 1e-15 * np.einsum("aii->a", normal))
            away = X[:, None] - zeros[None]
            d2 = np.maximum((away**2).sum(axis=2), 1e-30 * scale**2)
            m = -2 * scale**2 * (away / (d2 * (d2 + scale**2))[..., None]).sum(axis=1)
            X = X + step / (1 - (m * step).sum(axis=1))[:, None]
            X = X[np.isfinite(X).all(axis=1) & (_norm(X) < _FAR * scale)]
            if not len(X):
                break
    return X


def distinct(
    X: np.ndarray, radius: float, badness: np.ndarray, modulus: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Groups of points within `radius` of their best one: indices of the best ones, and to which of them each point belongs."""
    best: list[int] = []
    left, group = np.argsort(badness, kind="stable"), np.empty(len(X), int)
    while left.size:
        away = X[left] - X[left[0]]
        if modulus is not None:
            away = wrapped(away, modulus)
        near = _norm(away) <= radius
        group[left[near]] = len(best)
        best.append(int(left[0]))
        left = left[~near]
    return np.array(best, int), group


def wrapped(difference: np.ndarray, modulus: np.ndarray) -> np.ndarray:
    """The smallest difference of angles: modulo `modulus`, where that is finite."""
    turns = np.round(difference / modulus)
    return difference - np.where(turns == 0, 0.0, turns * np.where(np.isfinite(modulus), modulus, 0.0))


def rms(X: np.ndarray) -> float:
    """The size of states: the root mean square of their norms, 1 where all are zero."""
    return float(np.sqrt((X.astype(float) ** 2).sum(axis=1).mean())) or 1.0


def _norm(X: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.sqrt((X.astype(float) ** 2).sum(axis=-1))
