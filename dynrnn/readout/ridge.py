"""Ridge regression from states to targets: streamed, weighted, with gaps, accurate where states are nearly collinear.

Three layers, top to bottom: `_Moments` adds up rows, `_Cholesky` and `_Spectrum` factorise what was added up,
`Ridge` meets the user.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from dynrnn import _check as check

SOLVERS = ("auto", "normal", "qr")
SELECTIONS = ("gcv", "loo")

# Weights solved from the scatter matrix err by up to 5 eps x condition number (measured on powers of t). Past 1e11 fewer
# than four digits are left: where the rows are still at hand, QR looks at them again. Past 1e13 at most two are: warn.
_LOOK_AGAIN = 1e11
_SAY_SO = 1e13
_EPS = np.finfo(float).eps
_BLOCK_ENTRIES = 2**19  # rows x units held at a time: 4 MB, or 1024 rows where that is more
# A QR works column by column within panels. So small a panel is done by one BLAS thread; a larger one wakes all threads for
# each column, which is no faster when cores are free and hundreds of times slower when they are not.
_QR_ROWS, _QR_PANEL = 512, 16


class _NotFitted(ValueError, AttributeError):
    """Both, so that `hasattr(readout, "W_out")` is False before the first fit."""


# ---------------------------------------------------------------------------------------------------- adding up rows


@dataclass
class _Moments:
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
    def empty(cls, units: int, features: int, qr: bool) -> _Moments:
        square, cross = np.zeros((units, units)), np.zeros((units, features))
        if qr:  # LAPACK's order; the other is that of x.T @ x
            square, cross = np.asfortranarray(square), np.asfortranarray(cross)
        return cls(qr, 0, 0.0, np.zeros(units), np.zeros(features), square, cross, np.zeros(features))

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, qr: bool) -> _Moments:
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

    def select(self, columns: np.ndarray) -> _Moments:
        """The same rows for some of the outputs; everything that `merge` writes to is copied."""
        return _Moments(
            self.qr, self.count, self.weight, self.mean_x.copy(), self.mean_y[columns],
            self.square.copy(order="K"), self.cross[:, columns], self.rest[columns],
        )  # fmt: skip

    def merge(self, other: _Moments, columns: Any = slice(None)) -> None:
        """Add the rows behind `other` (its outputs `columns`), in place."""
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


_PER_GROUP = ("count", "weight", "mean_x", "square")
_PER_FEATURE = ("mean_y", "cross", "rest")
Groups = list[tuple[np.ndarray, _Moments]]  # outputs whose gaps coincide share one set of moments


def _block_groups(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, qr: bool) -> Groups:
    """The moments of one block for every distinct pattern of missing targets in it."""
    known = ~np.isnan(y)
    if weight is not None:
        known &= (weight > 0)[:, None]
    if known.all():
        return [(np.arange(y.shape[1]), _Moments.of(x, y, weight, qr))]
    patterns, which = np.unique(known, axis=1, return_inverse=True)
    groups = []
    for k, rows in enumerate(patterns.T):
        columns = np.flatnonzero(which.ravel() == k)
        kept = None if weight is None else weight[rows]
        groups.append((columns, _Moments.of(x[rows], y[np.ix_(rows, columns)], kept, qr)))
    return groups


def _join(groups: Groups, others: Groups) -> Groups:
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


def _nothing(units: int, features: int, qr: bool) -> Groups:
    return [(np.arange(features), _Moments.empty(units, features, qr))]


def _accumulate(groups: Groups, series: Sequence[_Series], qr: bool) -> Groups:
    for x, y, weight in _blocks(series, qr):
        groups = _join(groups, _block_groups(x, y, weight, qr))
    return groups


# ---------------------------------------------------------------------------------------------------- factorisations


class _Cholesky(NamedTuple):
    """S + alpha I of one group, factorised for one alpha: the shortest way where the matrix is well conditioned."""

    triangle: np.ndarray
    cross: np.ndarray
    worst: float

    @classmethod
    def of(cls, moments: _Moments, alpha: float) -> _Cholesky:
        matrix = moments.square + alpha * np.eye(len(moments.square))
        triangle = linalg.cholesky(matrix, check_finite=False)
        inverse, _ = lapack.dpocon(triangle, np.abs(matrix).sum(axis=0).max())
        return cls(triangle, moments.cross, 1.0 / max(inverse, _EPS**2))

    def condition(self, alpha: float) -> float:
        """LAPACK's estimate in the 1-norm: never below the 2-norm's, to the estimate's accuracy."""
        return self.worst

    def weights(self, alpha: np.ndarray) -> np.ndarray:
        return linalg.cho_solve((self.triangle, False), self.cross, check_finite=False).T


class _Spectrum(NamedTuple):
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
    def of(cls, moments: _Moments) -> _Spectrum:
        return cls._of_triangle(moments) if moments.qr else cls._of_scatter(moments)

    @classmethod
    def _of_scatter(cls, moments: _Moments) -> _Spectrum:
        values, vectors = np.linalg.eigh(moments.square)
        values = np.maximum(values, 0.0)
        floor = len(values) * _EPS * values[-1]
        slopes = vectors.T @ moments.cross
        sound = values > floor
        parts = slopes * (sound / np.sqrt(np.where(sound, values, 1.0)))[:, None]
        rest = np.maximum(moments.rest - (parts**2).sum(axis=0), 0.0)
        return cls(values, vectors, slopes, parts, rest, floor)

    @classmethod
    def _of_triangle(cls, moments: _Moments) -> _Spectrum:
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

    def loo(self, alphas: np.ndarray, columns: np.ndarray, moments: _Moments, series: Sequence[_Series]) -> np.ndarray:
        """(alpha, m): weighted mean square of y_t less its prediction from all other rows; reads the rows again."""
        gains = np.stack([self.gain(alpha)[:, 0] for alpha in alphas])
        scores = np.zeros((len(alphas), len(columns)))
        for x, y, weight in _blocks(series, qr=False):
            weight = np.ones(len(x)) if weight is None else weight
            rows = ~np.isnan(y[:, columns[0]]) & (weight > 0)
            z, share = (x[rows] - moments.mean_x) @ self.vectors, weight[rows]
            target = y[np.ix_(rows, columns)] - moments.mean_y
            free = 1.0 - share * (1.0 / moments.weight + gains @ (z**2).T)
            free[free <= 1e-12] = np.nan  # such a row alone decides its prediction: leaving it out is not defined
            for k, slopes in enumerate(gains[:, :, None] * self.slopes):
                scores[k] += share @ ((target - z @ slopes) / free[k][:, None]) ** 2
        return np.nan_to_num(scores / moments.weight, nan=np.inf)


def _factorise(moments: _Moments, alpha: float | np.ndarray) -> _Cholesky | _Spectrum:
    if not moments.qr and np.ndim(alpha) == 0 and alpha > 0:
        try:
            return _Cholesky.of(moments, float(alpha))
        except linalg.LinAlgError:
            pass  # not positive definite to working precision: the spectrum drops what is rounding
    return _Spectrum.of(moments)


# ---------------------------------------------------------------------------------------------------- what users pass


class _Series(NamedTuple):
    """One run after its washout: states (time, unit), targets (time, feature) with NaN for gaps, weights (time,)."""

    states: np.ndarray
    targets: np.ndarray
    weight: np.ndarray | None


def _blocks(series: Sequence[_Series], qr: bool) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
    """Rows in float64, a few MB at a time."""
    for x, y, weight in series:
        rows = _QR_ROWS if qr else max(1024, _BLOCK_ENTRIES // x.shape[1])
        for start in range(0, len(x), rows):
            cut = slice(start, start + rows)
            yield np.asarray(x[cut], dtype=np.float64), y[cut], None if weight is None else weight[cut]


def _ordered(dims: Sequence[str]) -> list[str]:
    lead = [d for d in ("trial", "time") if d in dims]
    return lead + [d for d in dims if d not in lead]


def _numbers(name: str, value: Any, ndim: Sequence[int], remedy: str = "") -> np.ndarray:
    """A plain array, not copied if it is one already; labelled axes come in the order (trial, time, other)."""
    if hasattr(value, "data_vars"):
        check.fail(name, "a Dataset", "one variable of it", "Pass for example result['state'].", TypeError)
    if hasattr(value, "dims"):
        value = value.transpose(*_ordered(value.dims)).values
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf" and value.ndim in ndim:
        return value
    return check.array(name, value, ndim=ndim, finite=False, remedy=remedy)


def _is_several(states: Any) -> bool:
    """A list of matrices or a stack of them, rather than one matrix (which may be written as nested lists)."""
    if isinstance(states, (list, tuple)) and len(states):
        return np.ndim(states[0]) == 2
    return getattr(states, "ndim", 0) == 3


def _named(name: str, value: Any, several: bool) -> list[tuple[str, Any]]:
    """Each series with the name a message should give it."""
    if not several:
        return [(name, value)]
    if not isinstance(value, (list, tuple)):
        value = _numbers(name, value, (2, 3))
    return [(f"{name}[{i}]", one) for i, one in enumerate(value)]


def _collect(states: Any, targets: Any, washout: int, sample_weight: Any) -> tuple[list[_Series], bool]:
    """All series, checked, and whether the targets came without a feature axis."""
    washout = check.integer("washout", washout, 0)
    several = _is_several(states)
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
        _same_width(f"states[{i}]", one.states.shape[1], series[0].states.shape[1], "unit")
        _same_width(f"targets[{i}]", one.targets.shape[1], series[0].targets.shape[1], "feature")
    return series, all(flat)


def _one_series(states: tuple[str, Any], targets: tuple[str, Any], weight: tuple[str, Any], washout: int) -> tuple[_Series, bool]:
    x = _numbers(*states, (2,), remedy="States are (time, unit); write a single unit as states[:, None].")
    y = _numbers(*targets, (1, 2)).astype(np.float64, copy=False)
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
    return _Series(x[washout:], y[washout:], w), flat


def _same_length(name: str, x: np.ndarray, other: str, y: np.ndarray) -> None:
    if len(x) == len(y):
        return
    for swapped, z, fixed, rows in ((name, x, other, len(y)), (other, y, name, len(x))):
        if z.shape[1] == rows:
            got = f"shape {z.shape} where {fixed} has {rows} rows"
            check.fail(swapped, got, f"shape {z.shape[::-1]}", f"Axis 0 is time: pass {swapped}.T.")
    check.fail(other, f"{len(y)} rows (time)", f"{len(x)}, as many as {name} has", "Row k of both is the same moment.")


def _same_width(name: str, got: int, wanted: int, noun: str) -> None:
    if got != wanted:
        check.fail(name, f"{got} {noun}(s)", f"{wanted}, as before")


def _finite(name: str, x: np.ndarray) -> None:
    """A sum is not finite if any entry is not, and needs no mask as large as the states."""
    with np.errstate(all="ignore"):
        if np.isfinite(x.sum(dtype=np.float64)):
            return
    check.all_finite(name, x)


def _weight(name: str, value: Any, rows: int) -> np.ndarray:
    w = check.array(name, _numbers(name, value, (1,)), shape=(rows,), remedy="One weight per row of states.")
    if (w < 0).any():
        k = int(np.argmax(w < 0))
        check.fail(name, f"{w[k]:g} at index {k}", "weights >= 0", "Use 0 to leave a row out.")
    return w


# ---------------------------------------------------------------------------------------------------- the estimator


class _Solution(NamedTuple):
    W_out: np.ndarray
    b: np.ndarray
    alpha: np.ndarray
    scores: np.ndarray


class Ridge:
    """Linear readout y = W_out x + b with penalised weights and a free intercept.

    Minimises, over W_out (feature, unit) and b (feature,),

        sum_t w_t |y_t - W_out x_t - b|^2  +  alpha |W_out|^2

    with no division by the number of rows (as in scikit-learn): keep alpha / rows fixed to compare lengths. With m the
    weighted mean state and S = sum_t w_t (x_t - m)(x_t - m)', the solution is W_out' = (S + alpha I)^-1 S_xy and
    b = mean(y) - W_out m; for alpha = 0 and rank-deficient states it is the one of minimum norm.

    Parameters
    ----------
    alpha : float >= 0, or 1-D array of candidates
        Penalty, in units of squared state times weight. From candidates the best is chosen by `selection`.
    solver : {"auto", "normal", "qr"}
        "normal" solves from the scatter matrix S: fastest (one symmetric rank-k update per block of rows), and loses
        log10(condition number of S + alpha I) of 16 digits. "qr" keeps the triangle of a sequential QR of the centred
        rows: about three times the work, half the digits lost. "auto" is "normal", and `fit` looks at the rows again
        by "qr" where the condition number passes 1e11; `partial_fit` cannot look again and warns past 1e13.
    selection : {"gcv", "loo"}
        Generalised cross-validation RSS/n / (1 - dof/n)^2, from the added-up moments alone (Golub, Heath & Wahba 1979);
        or the exact mean squared leave-one-out error, by one more pass over the rows, so for `fit` only. Weights count
        as inverse variances: n is the number of rows, whatever they weigh.
    per_output : bool
        One alpha for each feature, not one for the sum of their scores. Scale features alike, or set this.

    Attributes
    ----------
    W_out (feature, unit), b (feature,), alpha_ (float, or (feature,) with per_output), n_samples_, condition_number_;
    with candidates also alphas_ and gcv_ or loo_ (alpha,), or (alpha, feature) with per_output.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> states = rng.normal(size=(200, 3))
    >>> readout = Ridge(1e-8).fit(states, states @ [1.0, -2.0, 0.5] + 4.0)
    >>> readout.W_out.round(6), readout.b.round(6)
    (array([[ 1. , -2. ,  0.5]]), array([4.]))
    >>> readout.predict(states[:2]).shape
    (2,)

    References
    ----------
    Hoerl & Kennard (1970) Technometrics 12:55. Golub, Heath & Wahba (1979) Technometrics 21:215.
    Chan, Golub & LeVeque (1983) Am. Stat. 37:242: merging moments.
    Demmel, Grigori, Hoemmen & Langou (2012) SIAM J. Sci. Comput. 34:A206: QR by blocks of rows.
    """

    def __init__(self, alpha: Any = 1e-6, *, solver: str = "auto", selection: str = "gcv", per_output: bool = False) -> None:
        self.alpha = _penalty(alpha)
        self.solver = check.choice("solver", solver, SOLVERS)
        self.selection = check.choice("selection", selection, SELECTIONS)
        self.per_output = bool(per_output)
        self._groups: Groups = []
        self._flat = False
        self._solution: _Solution | None = None

    def __repr__(self) -> str:
        return f"Ridge(alpha={self.alpha!r}, solver={self.solver!r})"

    # ---- fitting

    def fit(self, states: Any, targets: Any, *, washout: int = 0, sample_weight: Any = None) -> Ridge:
        """Fit from scratch: what was learnt before is forgotten.

        Parameters
        ----------
        states : (time, unit), (trial, time, unit) or a list of (time, unit)
            Finite. Read in blocks of a few MB, in float64; never copied as a whole.
        targets : (time, feature) or (time,), and likewise for several series
            NaN marks a gap: that row is left out for that feature only. Features with the same gaps share one
            factorisation; each other pattern of gaps costs one more, and units^2 numbers of memory.
        washout : int
            Rows left out at the start of each series.
        sample_weight : (time,), and likewise for several series
            w_t >= 0; a weight of 2 fits like the row given twice, 0 leaves it out.

        Raises
        ------
        ValueError, TypeError
            Shapes or lengths that do not match, non-finite states or weights, negative weights, a washout as long as a
            series, a feature without any target.
        """
        series, flat = _collect(states, targets, washout, sample_weight)
        groups, factors = self._factorise(series, self.solver == "qr")
        if self.solver == "auto" and self._worst(factors) > _LOOK_AGAIN:
            groups, factors = self._factorise(series, True)
        solution = self._solve(groups, factors, series)
        self._groups, self._flat, self._solution = groups, flat, solution
        return self

    def partial_fit(self, states: Any, targets: Any, *, washout: int = 0, sample_weight: Any = None) -> Ridge:
        """Add rows to those already fitted; arguments as for `fit`, washout counted from the start of this chunk.

        Chunks may have any length; the weights equal those of one `fit` of all rows by the same solver, to rounding.
        They are solved for when first asked for, not with every chunk.
        """
        self._refuse_loo()
        series, flat = _collect(states, targets, washout, sample_weight)
        units, features = series[0].states.shape[1], series[0].targets.shape[1]
        if self._groups:
            _same_width("states", units, self._units, "unit")
            _same_width("targets", features, self._features, "feature")
        groups = self._groups or _nothing(units, features, self.solver == "qr")
        self._flat = flat and (self._flat or not self._groups)
        self._groups = _accumulate(groups, series, groups[0][1].qr)
        self._solution = None
        return self

    def merge(self, other: Ridge) -> Ridge:
        """Add the rows that `other` was fitted on, as if all had been fitted here: for parts fitted in parallel."""
        if not isinstance(other, Ridge):
            check.fail("other", type(other).__name__, "a Ridge", error=TypeError)
        self._fitted()
        other._fitted()
        self._refuse_loo()
        _same_width("other", other._units, self._units, "unit")
        _same_width("other", other._features, self._features, "feature")
        if self._groups[0][1].qr != other._groups[0][1].qr:
            remedy = "Fit both with solver='qr', or both with solver='normal'."
            check.fail("other", "a scatter matrix and a QR triangle", "two of a kind", remedy)
        self._groups, self._solution = _join(self._groups, other._groups), None
        return self

    def _factorise(self, series: Sequence[_Series], qr: bool) -> tuple[Groups, list[_Cholesky | _Spectrum]]:
        units, features = series[0].states.shape[1], series[0].targets.shape[1]
        groups = _accumulate(_nothing(units, features, qr), series, qr)
        return groups, self._factors(groups)

    def _factors(self, groups: Groups) -> list[_Cholesky | _Spectrum]:
        for columns, moments in groups:
            if not moments.count:
                got = f"no finite value of positive weight in column {int(columns[0])}"
                check.fail("targets", got, "at least one in every column", "Drop that column, or fit more rows.")
        return [_factorise(moments, self.alpha) for _, moments in groups]

    def _worst(self, factors: Sequence[_Cholesky | _Spectrum]) -> float:
        return max(f.condition(float(np.min(self.alpha))) for f in factors)

    def _solve(self, groups: Groups, factors: Sequence[_Cholesky | _Spectrum], series: Sequence[_Series]) -> _Solution:
        alpha, scores = self._choose(groups, factors, series)
        W = np.empty((len(alpha), len(groups[0][1].mean_x)))
        b = np.empty(len(alpha))
        for (columns, moments), factor in zip(groups, factors, strict=True):
            if not moments.qr:
                _warn_if_lost(factor.condition(float(alpha[columns].min())))
            W[columns] = factor.weights(alpha[columns])
            b[columns] = moments.mean_y - W[columns] @ moments.mean_x
        return _Solution(W, b, alpha, scores)

    def _choose(self, groups: Groups, factors: Sequence[Any], series: Sequence[_Series]) -> tuple[np.ndarray, np.ndarray]:
        """alpha (feature,) and the scores (alpha,) or (alpha, feature) it was chosen by."""
        alphas, features = np.atleast_1d(self.alpha), sum(len(columns) for columns, _ in groups)
        if not np.ndim(self.alpha):
            return np.full(features, self.alpha), np.empty(0)
        scores = np.empty((len(alphas), features))
        for (columns, moments), factor in zip(groups, factors, strict=True):
            if self.selection == "gcv":
                scores[:, columns] = factor.gcv(alphas, moments.count)
            else:
                scores[:, columns] = factor.loo(alphas, columns, moments, series)
        scores = scores if self.per_output else scores.sum(axis=1)
        if not np.isfinite(scores).any(axis=0).all():
            got = "candidates that all interpolate the targets"
            check.fail("alpha", got, "one that does not", "Add larger candidates.")
        return np.broadcast_to(alphas[scores.argmin(axis=0)], features), scores

    # ---- what was learnt

    @property
    def W_out(self) -> np.ndarray:
        """Weights (feature, unit)."""
        return self._solved().W_out

    @property
    def b(self) -> np.ndarray:
        """Intercept (feature,)."""
        return self._solved().b

    @property
    def alpha_(self) -> float | np.ndarray:
        """The penalty in force: a float, or (feature,) where candidates were chosen per output."""
        alpha = self._solved().alpha
        return alpha.copy() if self.per_output and np.ndim(self.alpha) else float(alpha[0])

    @property
    def alphas_(self) -> np.ndarray:
        """The candidates (alpha,)."""
        self._fitted()
        return self._candidates("alphas_")

    @property
    def gcv_(self) -> np.ndarray:
        """Generalised cross-validation score of each candidate."""
        return self._scores("gcv")

    @property
    def loo_(self) -> np.ndarray:
        """Mean squared leave-one-out error of each candidate."""
        return self._scores("loo")

    @property
    def n_samples_(self) -> int:
        """Rows used, by the feature with the fewest gaps."""
        self._fitted()
        return max(moments.count for _, moments in self._groups)

    @property
    def condition_number_(self) -> float:
        """Of S + alpha I, in the 2-norm, computed on access; the largest where features differ in rows or penalty."""
        alpha = self._solved().alpha
        return max(_Spectrum.of(moments).condition(float(alpha[columns].min())) for columns, moments in self._groups)

    # ---- using it

    def predict(self, states: Any) -> Any:
        """y = W_out x + b for states (time, unit), (trial, time, unit), one state (unit,) or a list of series.

        Targets that came without a feature axis are predicted without one. A DataArray gives a DataArray that keeps the
        trial and time coordinates; anything else an array, float64.
        """
        self._fitted()
        if _is_several(states) and isinstance(states, (list, tuple)):
            return [self.predict(one) for one in states]
        x = check.array("states", _numbers("states", states, (1, 2, 3)))
        if x.shape[-1] != self._units:
            hint = "The last axis is the unit: pass states.T." if x.ndim == 2 and len(x) == self._units else ""
            check.fail("states", f"shape {x.shape}", f"{self._units} units on the last axis, as in fit", hint)
        y = (x.reshape(-1, x.shape[-1]) @ self.W_out.T + self.b).reshape(*x.shape[:-1], self._features)
        y = y[..., 0] if self._flat else y
        return _labelled(y, states) if hasattr(states, "dims") else y

    def score(self, states: Any, targets: Any, *, washout: int = 0, sample_weight: Any = None) -> float:
        """R^2 = 1 - residual / total sum of squares, pooled over series, averaged over features; gaps are left out."""
        self._fitted()
        series, _ = _collect(states, targets, washout, sample_weight)
        _same_width("targets", series[0].targets.shape[1], self._features, "feature")
        y = np.concatenate([one.targets for one in series])
        guess = np.concatenate([self.predict(one.states).reshape(len(one.states), -1) for one in series])
        w = np.concatenate([np.ones(len(s.states)) if s.weight is None else s.weight for s in series])
        return float(np.mean([_r2(y[:, j], guess[:, j], w) for j in range(self._features)]))

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and arrays: what `predict` needs, and what `partial_fit` needs to go on."""
        solution = self._solved()
        group = np.empty(self._features, dtype=np.int64)
        state = {name: np.stack([getattr(m, name) for _, m in self._groups]) for name in _PER_GROUP}
        like = self._groups[0][1]
        state |= {name: np.empty((*getattr(like, name).shape[:-1], len(group))) for name in _PER_FEATURE}
        for k, (columns, moments) in enumerate(self._groups):
            group[columns] = k
            for name in _PER_FEATURE:
                state[name][..., columns] = getattr(moments, name)
        return state | {
            "alpha": self.alpha, "solver": self.solver, "selection": self.selection, "per_output": self.per_output,
            "W_out": solution.W_out, "b": solution.b, "alpha_": self.alpha_, "scores": solution.scores,
            "condition_number_": self.condition_number_, "flat": self._flat, "qr": like.qr, "group": group,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Ridge:
        """The readout that `to_dict` described; it predicts the same numbers and can be fitted further."""
        options = {"solver": str(state["solver"]), "selection": str(state["selection"])}
        self = cls(state["alpha"], per_output=bool(state["per_output"]), **options)
        for k in range(len(state["count"])):
            columns = np.flatnonzero(np.asarray(state["group"]) == k)
            own: dict[str, Any] = {name: np.array(state[name][k]) for name in _PER_GROUP}
            own |= {name: np.asarray(state[name])[..., columns] for name in _PER_FEATURE}
            own |= {"count": int(own["count"]), "weight": float(own["weight"])}
            self._groups.append((columns, _Moments(qr=bool(state["qr"]), **own)))
        self._flat = bool(state["flat"])
        W, b, alpha, scores = (np.array(state[name]) for name in ("W_out", "b", "alpha_", "scores"))
        self._solution = _Solution(W, b, np.broadcast_to(alpha, b.shape), scores)
        return self

    # ---- inside

    @property
    def _units(self) -> int:
        return len(self._groups[0][1].mean_x)

    @property
    def _features(self) -> int:
        return sum(len(columns) for columns, _ in self._groups)

    def _refuse_loo(self) -> None:
        if self.selection == "loo" and np.ndim(self.alpha):
            remedy = "Use selection='gcv', which needs no second look, or fit all rows at once."
            check.fail("selection", "'loo' with rows that are not kept", "'gcv' in partial_fit and merge", remedy)

    def _fitted(self) -> None:
        if not self._groups:
            check.fail("Ridge", "no data yet", "a fitted readout", "Call fit or partial_fit first.", _NotFitted)

    def _solved(self) -> _Solution:
        self._fitted()
        if self._solution is None:
            self._solution = self._solve(self._groups, self._factors(self._groups), ())
        return self._solution

    def _candidates(self, name: str) -> np.ndarray:
        if not np.ndim(self.alpha):
            check.fail(name, "a single alpha", "several candidates", "Pass alpha=[...].", AttributeError)
        return np.array(self.alpha)

    def _scores(self, kind: str) -> np.ndarray:
        self._fitted()
        self._candidates(f"{kind}_")
        if kind != self.selection:
            remedy = f"Pass selection={kind!r}."
            check.fail(f"{kind}_", f"selection={self.selection!r}", f"selection={kind!r}", remedy, AttributeError)
        return self._solved().scores


def _penalty(alpha: Any) -> float | np.ndarray:
    remedy = "alpha penalises |W|^2; 0 is plain least squares."
    if np.ndim(alpha) == 0:
        return check.real("alpha", alpha, low=0.0, remedy=remedy)
    alphas = check.array("alpha", alpha, ndim=1)
    if not len(alphas) or alphas.min() < 0:
        got = f"{alphas.min():g} among the candidates" if len(alphas) else "no candidates"
        check.fail("alpha", got, "numbers >= 0", remedy)
    return alphas.copy()


def _warn_if_lost(condition: float) -> None:
    if condition > _SAY_SO:
        message = (
            f"Ridge: the condition number of the scatter matrix is {condition:.0e}, so that at most two digits of some "
            "weights are certain. Use solver='qr' from the first row on, or a larger alpha."
        )
        warnings.warn(message, linalg.LinAlgWarning, stacklevel=2)


def _r2(y: np.ndarray, guess: np.ndarray, weight: np.ndarray) -> float:
    """As scikit-learn has it: 1 for a perfect guess and 0 for any other where the targets do not vary."""
    known = ~np.isnan(y) & (weight > 0)
    if not known.any():
        check.fail("targets", "a column without any finite value", "at least one in every column")
    y, guess, weight = y[known], guess[known], weight[known]
    total = weight @ (y - np.average(y, weights=weight)) ** 2
    residual = weight @ (y - guess) ** 2
    if total == 0:
        return float(residual == 0)
    return float(1.0 - residual / total)


def _labelled(y: np.ndarray, states: Any) -> Any:
    """`y` with the trial and time coordinates of `states`."""
    import xarray

    lead = _ordered(states.dims)[:-1]
    coords = {name: c for name, c in states.coords.items() if set(c.dims) <= set(lead)}
    return xarray.DataArray(y, dims=lead + ["feature"] * (y.ndim - len(lead)), coords=coords)
