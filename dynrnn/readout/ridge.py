"""Ridge regression from states to targets: streamed, weighted, with gaps, accurate where states are nearly collinear.

This file meets the user. `_series` reads what is passed, `_moments` adds up rows, `_factor` factorises what was added up.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from scipy import linalg

from dynrnn import _check as check
from dynrnn.readout import _linear, _moments
from dynrnn.readout._factor import Factor, Spectrum, factorise, scores
from dynrnn.readout._moments import Groups
from dynrnn.readout._series import Series, collect, same_width

SOLVERS = ("auto", "normal", "qr")
SELECTIONS = ("gcv", "loo")

# Weights solved from the scatter matrix err by up to 5 eps x condition number (measured on powers of t). Past 1e11 fewer
# than four digits are left: where the rows are still at hand, QR looks at them again. Past 1e13 at most two are: warn.
_LOOK_AGAIN = 1e11
_SAY_SO = 1e13


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
        series, flat = collect(states, targets, washout, sample_weight)
        groups, factors = self._factorise(series, self.solver == "qr")
        if self.solver == "auto" and max(f.condition(float(np.min(self.alpha))) for f in factors) > _LOOK_AGAIN:
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
        series, flat = collect(states, targets, washout, sample_weight)
        units, features = series[0].states.shape[1], series[0].targets.shape[1]
        if self._groups:
            same_width("states", units, self._units, "unit")
            same_width("targets", features, self._features, "feature")
        groups = self._groups or _moments.nothing(units, features, self.solver == "qr")
        self._flat = flat and (self._flat or not self._groups)
        self._groups = _moments.accumulate(groups, series)
        self._solution = None
        return self

    def merge(self, other: Ridge) -> Ridge:
        """Add the rows that `other` was fitted on, as if all had been fitted here: for parts fitted in parallel."""
        if not isinstance(other, Ridge):
            check.fail("other", type(other).__name__, "a Ridge", error=TypeError)
        self._fitted()
        other._fitted()
        self._refuse_loo()
        same_width("other", other._units, self._units, "unit")
        same_width("other", other._features, self._features, "feature")
        if self._groups[0][1].qr != other._groups[0][1].qr:
            remedy = "Fit both with solver='qr', or both with solver='normal'."
            check.fail("other", "a scatter matrix and a QR triangle", "two of a kind", remedy)
        self._groups, self._solution = _moments.join(self._groups, other._groups), None
        return self

    def _factorise(self, series: Sequence[Series], qr: bool) -> tuple[Groups, list[Factor]]:
        nothing = _moments.nothing(series[0].states.shape[1], series[0].targets.shape[1], qr)
        groups = _moments.accumulate(nothing, series)
        return groups, factorise(groups, self.alpha)

    def _solve(self, groups: Groups, factors: Sequence[Factor], series: Sequence[Series]) -> _Solution:
        alpha, path = self._choose(groups, factors, series)
        W = np.empty((len(alpha), len(groups[0][1].mean_x)))
        b = np.empty(len(alpha))
        for (columns, moments), factor in zip(groups, factors, strict=True):
            if not moments.qr:
                _warn_if_lost(factor.condition(float(alpha[columns].min())))
            W[columns] = factor.weights(alpha[columns])
            b[columns] = moments.mean_y - W[columns] @ moments.mean_x
        return _Solution(W, b, alpha, path)

    def _choose(self, groups: Groups, factors: Sequence[Factor], series: Sequence[Series]) -> tuple[np.ndarray, np.ndarray]:
        """alpha (feature,) and the scores (alpha,) or (alpha, feature) it was chosen by."""
        features = _moments.features(groups)
        if not np.ndim(self.alpha):
            return np.full(features, self.alpha), np.empty(0)
        alphas, spectra = np.asarray(self.alpha), cast("Sequence[Spectrum]", factors)  # candidates are given a spectrum
        path = scores(groups, spectra, alphas, self.selection == "loo", series)
        path = path if self.per_output else path.sum(axis=1)
        if not np.isfinite(path).any(axis=0).all():
            check.fail("alpha", "candidates that all interpolate the targets", "one that does not", "Add larger candidates.")
        return np.broadcast_to(alphas[path.argmin(axis=0)], features), path

    # ---- what was learnt

    def path(self, alphas: Any) -> tuple[np.ndarray, np.ndarray]:
        """Weights (alpha, feature, unit) and intercepts (alpha, feature) for many penalties, from one factorisation.

        >>> W, b = Ridge().fit([[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0]).path([0.0, 2.0])
        >>> W.ravel().round(12).tolist(), b.ravel().round(12).tolist()
        ([1.0, 0.5], [0.0, 1.0])
        """
        self._fitted()
        alphas = np.atleast_1d(_penalty(np.atleast_1d(alphas)))
        W, b = np.empty((len(alphas), self._features, self._units)), np.empty((len(alphas), self._features))
        for columns, moments in self._groups:
            spectrum = Spectrum.of(moments)
            for k, alpha in enumerate(alphas):
                W[k, columns] = spectrum.weights(np.full(len(moments.mean_y), alpha))
                b[k, columns] = moments.mean_y - W[k, columns] @ moments.mean_x
        return W, b

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
        return max(Spectrum.of(moments).condition(float(alpha[columns].min())) for columns, moments in self._groups)

    # ---- using it

    def predict(self, states: Any) -> Any:
        """y = W_out x + b for states (time, unit), (trial, time, unit), one state (unit,) or a list of series.

        Targets that came without a feature axis are predicted without one. A DataArray gives a DataArray that keeps the
        trial and time coordinates; anything else an array, float64.
        """
        return _linear.predict(self.W_out, self.b, states, self._flat)

    def score(self, states: Any, targets: Any, *, washout: int = 0, sample_weight: Any = None) -> float:
        """R^2 = 1 - residual / total sum of squares, pooled over series, averaged over features; gaps are left out."""
        self._fitted()
        series, _ = collect(states, targets, washout, sample_weight)
        same_width("targets", series[0].targets.shape[1], self._features, "feature")
        return _linear.score(self.W_out, self.b, series)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and arrays: what `predict` needs, and what `partial_fit` needs to go on."""
        solution = self._solved()
        return _moments.pack(self._groups) | {
            "alpha": self.alpha, "solver": self.solver, "selection": self.selection, "per_output": self.per_output,
            "W_out": solution.W_out, "b": solution.b, "alpha_": self.alpha_, "scores": solution.scores,
            "condition_number_": self.condition_number_, "flat": self._flat,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Ridge:
        """The readout that `to_dict` described; it predicts the same numbers and can be fitted further."""
        options = {"solver": str(state["solver"]), "selection": str(state["selection"])}
        self = cls(state["alpha"], per_output=bool(state["per_output"]), **options)
        self._groups = _moments.unpack(state)
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
        return _moments.features(self._groups)

    def _refuse_loo(self) -> None:
        if self.selection == "loo" and np.ndim(self.alpha):
            remedy = "Use selection='gcv', which needs no second look, or fit all rows at once."
            check.fail("selection", "'loo' with rows that are not kept", "'gcv' in partial_fit and merge", remedy)

    def _fitted(self) -> None:
        if not self._groups:
            check.fail("Ridge", "no data yet", "a fitted readout", "Call fit or partial_fit first.", _linear.NotFitted)

    def _solved(self) -> _Solution:
        self._fitted()
        if self._solution is None:
            self._solution = self._solve(self._groups, factorise(self._groups, self.alpha), ())
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
        if isinstance(alpha, str):
            check.fail("alpha", repr(alpha), "a number >= 0, or an array of such numbers", remedy, TypeError)
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
