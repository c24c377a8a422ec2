"""Psychometric functions: how choices depend on the strength of the evidence, by maximum likelihood.

Both forms are one family: with t = x and the normal distribution, or t = log x and the Gumbel distribution of minima,

    P(x) = guess + (1 - guess - lapse) F((t - m) / s)

is the cumulative Gaussian with mu = m, sigma = s, or the Weibull function with alpha = exp(m), beta = 1 / s.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy import optimize, special, stats

from dynrnn import _check

__all__ = ["psychometric_curve", "psychometric_fit"]

_PARAMETERS = {"gaussian": ("mu", "sigma", "guess", "lapse"), "weibull": ("alpha", "beta", "guess", "lapse")}

_MOST_LAPSES = 0.4

# The rise is looked for between a twentieth of the smallest gap between levels and a hundred times their range.
_NARROWEST, _WIDEST = 1 / 20, 100.0
_ADVICE = {
    "step": "a step explains the choices: the levels cannot tell how steep the rise is. Add levels near the threshold",
    "flat": "choices do not rise with strength over these levels. Check the coding of the choices, or show stronger levels",
}


def psychometric_fit(
    strength: Any, choice: Any, n: Any = None, *, form: str = "gaussian", guess: Any = None, lapse: Any = 0.0
) -> xr.Dataset:
    """Fit a psychometric function to choices by maximum likelihood (binomial).

        "gaussian":  P(x) = guess + (1 - guess - lapse) Phi((x - mu) / sigma)            for signed strengths
        "weibull":   P(x) = guess + (1 - guess - lapse) (1 - exp(-(x / alpha)^beta))     for strengths >= 0

    Parameters
    ----------
    strength : (trial,) strength of the evidence on each trial; or, with `n`, one entry per level.
    choice : (trial,) 0 or 1 (or False, True), as in ``data.choice == "right"``; with `n`, the number of ones in each entry.
    n : number of trials behind each entry, where `choice` holds counts.
    form : "gaussian" or "weibull".
    guess : P at the weak end. By default that of the Gaussian equals the lapse rate, on both sides alike; that of the Weibull
        function is 0.5, two alternatives.
    lapse : 1 - P at the strong end; a number that is held, or "fit", between 0 and 0.4.

    Returns
    -------
    Dataset with

    - `estimate`, `std_error` (parameter): mu and sigma, or alpha and beta; guess and lapse. Errors are from the observed
      information; 0 for what was held, NaN where there is none, as for a lapse rate that came to rest at its bound.
    - `trials`, `proportion`, `fitted` (strength): the data by level, and the function there.
    - `log_likelihood` (of the single choices), `deviance` (from one free probability per level), `dof`, `p_value` (chi-square
      with `dof` degrees of freedom, an approximation for many trials per level; NaN where none is left).

    ``attrs["status"]`` is "ok"; or "step" where choices are separable, so that the likelihood grows with the steepness without
    end, and the one given is only steeper than the levels can tell; or "flat" where choices do not rise, which no finite
    parameters fit: NaN. The last two warn, and have no errors.

    Raises
    ------
    ValueError, TypeError : choices other than 0 and 1, counts above `n`, fewer levels than parameters, negative strengths for
        the Weibull function, rates out of range.

    Source: Wichmann & Hill, Percept. Psychophys. 63:1293 (2001).

    >>> fit = psychometric_fit([-2, -1, 0, 1, 2], [3, 15, 52, 83, 98], n=[100] * 5)
    >>> fit["estimate"].sel(parameter=["mu", "sigma"]).values.round(2)
    array([-0.01,  1.01])
    """
    form = _check.choice("form", form, _PARAMETERS)
    levels, k, trials = _by_level(strength, choice, n, form)
    model = _model(form, guess, lapse)
    free = 2 + model.fits
    seen = int((levels != 0).sum()) if form == "weibull" else levels.size
    if seen < free:
        _check.fail("strength", f"{seen} level(s)", f"at least {free}, as many as parameters", "Show more strengths.")
    theta, status = _maximise(model, levels, k, trials)
    if status != "ok":
        warnings.warn(f"psychometric_fit: {_ADVICE[status]}.", UserWarning, stacklevel=2)

    error = np.full(3, np.nan) if status != "ok" else _errors(model, theta, levels, k, trials)
    m, s, lapses = theta
    guesses = lapses if model.guess is None else model.guess
    at_guess = error[2] if model.guess is None else 0.0
    values, errors = (m, s), (error[0], error[1])
    if form == "weibull":
        values, errors = (np.exp(m), 1 / s), (np.exp(m) * error[0], error[1] / s**2)
    fitted = model.probability(theta, levels)
    likelihood = _log_likelihood(fitted, k, trials)
    deviance = 2 * (_log_likelihood(k / trials, k, trials) - likelihood)
    dof = levels.size - free
    return xr.Dataset(
        {
            "estimate": ("parameter", [*values, guesses, lapses]),
            "std_error": ("parameter", [*errors, at_guess, error[2]]),
            "trials": ("strength", trials),
            "proportion": ("strength", k / trials),
            "fitted": ("strength", fitted),
            "log_likelihood": likelihood,
            "deviance": deviance,
            "dof": dof,
            "p_value": stats.chi2.sf(deviance, dof) if dof else np.nan,
        },
        {"parameter": list(_PARAMETERS[form]), "strength": ("strength", levels, dict(getattr(strength, "attrs", {})))},
        {"form": form, "status": status},
    )


def psychometric_curve(fit: xr.Dataset, strength: Any = None) -> xr.DataArray:
    """The fitted function at `strength`, by default at 200 points over the levels of the data.

    >>> fit = psychometric_fit([-2, -1, 0, 1, 2], [3, 15, 52, 83, 98], n=[100] * 5)
    >>> psychometric_curve(fit, [0.0, 5.0]).values.round(2)
    array([0.5, 1. ])
    """
    if not isinstance(fit, xr.Dataset) or fit.attrs.get("form") not in _PARAMETERS:
        _check.fail("fit", type(fit).__name__, "the result of psychometric_fit", error=TypeError)
    if strength is None:
        strength = np.linspace(float(fit.strength.min()), float(fit.strength.max()), 200)
    x = _check.array("strength", strength, ndim=1)
    first, second, guess, lapse = fit["estimate"].values
    form = fit.attrs["form"]
    _in_domain(x, form)
    m, s = (np.log(first), 1 / second) if form == "weibull" else (first, second)
    values = _Model(form, guess, 0).probability(np.array([m, s, lapse]), x)
    return xr.DataArray(values, {"strength": x}, ["strength"], "probability", {"long_name": "probability of choice 1"})


class _Model(NamedTuple):
    """P as a function of theta = (m, s, lapse); `guess` None ties it to the lapse rate."""

    form: str
    guess: float | None
    lapse: float
    fits: bool = False

    def axis(self, x: np.ndarray) -> np.ndarray:
        """t: strengths on the axis on which F has a place and a scale."""
        return x if self.form == "gaussian" else np.log(x)

    def probability(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        return self.gradient(theta, x)[0]

    def gradient(self, theta: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """P (level,) and its derivatives by m, s and lapse (3, level). A complex theta differentiates them once more."""
        m, s, lapse = theta
        guess = lapse if self.guess is None else self.guess
        zero = (x == 0) & (self.form == "weibull")  # there log x is not finite, and F is 0
        z = (self.axis(np.where(zero, 1, x)) - m) / s
        F, f = _normal(z) if self.form == "gaussian" else _gumbel(z)
        F, f = np.where(zero, 0, F), np.where(zero, 0, f)
        height = 1 - guess - lapse
        return guess + height * F, np.stack([-height * f / s, -height * f * z / s, 1 - 2 * F if self.guess is None else -F])


def _normal(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standard normal distribution function and density."""
    return special.ndtr(z), np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


def _gumbel(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distribution function and density of the standard Gumbel distribution of minima."""
    h = np.exp(np.where(np.real(z) > 6, 6, z))  # exp(-exp(6)) is 0 beside 1, and its powers overflow
    return -np.expm1(-h), h * np.exp(-h)


def _model(form: str, guess: Any, lapse: Any) -> _Model:
    """The rates, checked: what is held, and what is fitted."""
    fits = isinstance(lapse, str)
    if fits:
        _check.choice("lapse", lapse, ["fit"])
    held = 0.0 if fits else _check.real("lapse", lapse, 0.0, 0.5, open_high=True)
    if guess is None:
        return _Model(form, None if form == "gaussian" else 0.5, held, fits)
    return _Model(form, _check.real("guess", guess, 0.0, 0.5), held, fits)


def _by_level(strength: Any, choice: Any, n: Any, form: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct strengths, and at each the number of ones and of trials."""
    x = _check.array("strength", strength, ndim=1, remedy="Leave catch trials out.")
    ones = _check.array("choice", choice, shape=x.shape, remedy="One entry for each of strength.")
    if n is None:
        total = np.ones_like(x)
        if not np.isin(ones, (0, 1)).all():
            bad = ones[~np.isin(ones, (0, 1))][0]
            _check.fail("choice", f"{bad:g}", "0 or 1 on each trial", "For counts pass n=…, the trials behind each.")
    else:
        total = _check.array("n", n, shape=x.shape)
        if not ((ones == np.round(ones)) & (total == np.round(total)) & (ones >= 0) & (ones <= total) & (total > 0)).all():
            _check.fail("choice", "counts that are no part of n", "whole numbers, 0 <= choice <= n and n >= 1")
    _in_domain(x, form)
    levels, where = np.unique(x, return_inverse=True)
    return levels, np.bincount(where, ones), np.bincount(where, total)


def _in_domain(x: np.ndarray, form: str) -> None:
    if form == "weibull" and (x < 0).any():
        remedy = "Pass abs(strength), and whether choices were correct."
        _check.fail("strength", f"{x.min():g}", "strengths >= 0 for the Weibull function", remedy)


def _log_likelihood(p: np.ndarray, k: np.ndarray, trials: np.ndarray) -> float:
    return float((special.xlogy(k, p) + special.xlog1py(trials - k, -p)).sum())


def _maximise(model: _Model, x: np.ndarray, k: np.ndarray, trials: np.ndarray) -> tuple[np.ndarray, str]:
    """theta of the largest likelihood, and what kind of maximum it is: from the best point of each width on a grid."""
    t = model.axis(x[x != 0] if model.form == "weibull" else x)
    reach, gap = float(np.ptp(t)), float(np.diff(t).min())
    narrow, wide = gap * _NARROWEST, reach * _WIDEST
    bounds = [(t[0] - 3 * wide, t[-1] + 3 * wide), (np.log(narrow), np.log(wide))]
    bounds.append((0.0, _MOST_LAPSES) if model.fits else (model.lapse, model.lapse))

    def cost(eta: np.ndarray) -> tuple[float, np.ndarray]:
        theta = np.array([eta[0], np.exp(eta[1]), eta[2]])
        p, dp = model.gradient(theta, x)
        p = np.clip(p, 1e-15, 1 - 1e-15)
        slope = ((k - trials * p) / (p * (1 - p)) * dp).sum(axis=1)
        return -_log_likelihood(p, k, trials) / trials.sum(), -slope * [1, theta[1], 1] / trials.sum()

    places = np.linspace(t[0] - reach / 2, t[-1] + reach / 2, 17)
    scales = np.log(np.geomspace(max(narrow, reach / 50), 3 * reach, 9))
    lapses = (0.01, 0.05, 0.2) if model.fits else (model.lapse,)
    grid = [[np.array([m, s, lapse]) for m in places for lapse in lapses] for s in scales]
    starts = [min(row, key=lambda eta: cost(eta)[0]) for row in grid]
    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 1000}
    found = [optimize.minimize(cost, eta, jac=True, method="L-BFGS-B", bounds=bounds, options=options) for eta in starts]
    m, log_s, lapse = min(found, key=lambda one: one.fun).x
    theta = np.array([m, np.exp(log_s), lapse])
    constant = _log_likelihood(np.full(x.shape, k.sum() / trials.sum()), k, trials)
    if not _log_likelihood(model.probability(theta, x), k, trials) > constant + 1e-9 * trials.sum():
        return np.array([np.nan, np.nan, np.nan if model.fits else lapse]), "flat"
    return theta, "step" if _steeper_is_as_good(model, theta, x, k, trials) else "ok"


def _steeper_is_as_good(model: _Model, theta: np.ndarray, x: np.ndarray, k: np.ndarray, trials: np.ndarray) -> bool:
    """Whether a rise twice as steep that keeps P at some level is as likely: then there is no end to it."""
    m, s, lapse = theta
    t = model.axis(x[x != 0] if model.form == "weibull" else x)
    steeper = (np.array([place, s / 2, lapse]) for place in (t + m) / 2)
    best = max(_log_likelihood(model.probability(one, x), k, trials) for one in steeper)
    return best >= _log_likelihood(model.probability(theta, x), k, trials) - 1e-8 * trials.sum()


def _information(model: _Model, theta: np.ndarray, x: np.ndarray, k: np.ndarray, trials: np.ndarray) -> np.ndarray:
    """Observed information, exact to rounding: a complex step through the analytic gradient."""

    def slope(point: np.ndarray) -> np.ndarray:
        p, dp = model.gradient(point, x)
        inside = (np.real(p) > 0) & (np.real(p) < 1)  # levels that are certain say nothing
        p = np.where(inside, p, 0.5)
        return np.where(inside, (k - trials * p) / (p * (1 - p)) * dp, 0).sum(axis=1)

    h = 1e-20
    return -np.stack([slope(theta + 1j * h * unit).imag / h for unit in np.eye(3)], axis=1)


def _errors(model: _Model, theta: np.ndarray, x: np.ndarray, k: np.ndarray, trials: np.ndarray) -> np.ndarray:
    """Standard errors of m, s and lapse: 0 where held, NaN at a bound."""
    free = [0, 1, 2] if model.fits and 1e-6 < theta[2] < _MOST_LAPSES - 1e-6 else [0, 1]
    information = _information(model, theta, x, k, trials)[np.ix_(free, free)]
    out = np.array([np.nan, np.nan, np.nan if model.fits else 0.0])
    try:
        variance = np.diag(np.linalg.inv(information))
    except np.linalg.LinAlgError:
        return out
    out[free] = np.sqrt(np.where(variance > 0, variance, np.nan))
    return out
