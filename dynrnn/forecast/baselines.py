"""Forecasts that every forecaster must beat: naive, seasonal-naive, drift, autoregressive."""

from __future__ import annotations

import numpy as np

from dynrnn import _check

__all__ = ["autoregressive", "drift", "fit_autoregressive", "naive", "seasonal_naive"]


def naive(y: np.ndarray, steps: int) -> np.ndarray:
    """The last row again and again: ``y[T-1+h] = y[T-1]``. `y` is (time, feature), the result (steps, feature).

    >>> naive(np.array([[1.0], [3.0]]), 2).tolist()
    [[3.0], [3.0]]
    """
    return np.repeat(y[-1:], steps, axis=0)


def seasonal_naive(y: np.ndarray, steps: int, season: int) -> np.ndarray:
    """The last cycle again and again: ``y[T-1+h] = y[T-1+h-season]``, `season` in rows.

    >>> seasonal_naive(np.array([[1.0], [3.0], [2.0]]), 3, season=2).ravel().tolist()
    [3.0, 2.0, 3.0]
    """
    season = _check.integer("season", season, 1, len(y), "It is the number of rows per cycle.")
    return y[len(y) - season + np.arange(steps) % season]


def drift(y: np.ndarray, steps: int) -> np.ndarray:
    """On along the line from the first row to the last: ``y[T-1+h] = y[T-1] + h (y[T-1] - y[0]) / (T-1)``.

    >>> drift(np.array([[1.0], [5.0], [3.0]]), 2).ravel().tolist()
    [4.0, 5.0]
    """
    slope = (y[-1] - y[0]) / max(1, len(y) - 1)
    return y[-1] + np.arange(1, steps + 1)[:, None] * slope


def autoregressive(y: np.ndarray, steps: int) -> np.ndarray:
    """Each feature by itself: ``y[k] = c + sum_l a_l y[k-l]``, fitted by `fit_autoregressive` and iterated.

    >>> wave = np.sin(0.3 * np.arange(100))
    >>> autoregressive(wave[:90, None], 10).ravel().round(6).tolist() == wave[90:].round(6).tolist()
    True
    """
    return np.column_stack([_iterate(column, *fit_autoregressive(column), steps) for column in y.T])


def fit_autoregressive(y: np.ndarray, longest: int | None = None) -> tuple[float, np.ndarray]:
    """Intercept c and coefficients a (order,) of one series (time,), by least squares.

    The order is the one of least corrected AIC, ``n log(RSS / n) + 2 p n / (n - p - 1)`` with p = order + 2, all orders seeing
    the same n rows; it is then fitted to all rows it can use. `longest` is the highest order tried, by default
    ``10 log10 T``, as in R's ``ar``. Without the correction short series get orders so high that the iterated forecast
    explodes. Roots outside the unit circle are kept, as growth has them too: a fit that is always stable (Burg, Yule-Walker)
    turns back to the mean, and loses to this one on series with a trend.

    Source: Hurvich and Tsai, Biometrika 76 (1989) 297; Hyndman and Athanasopoulos, Forecasting (2021), chapter 9.

    >>> c, a = fit_autoregressive(np.sin(0.3 * np.arange(100)))
    >>> round(c, 6) + 0.0, a[:2].round(6).tolist()
    (0.0, [1.910673, -1.0])
    """
    longest = int(10 * np.log10(len(y))) if longest is None else longest
    longest = max(0, min(longest, len(y) // 2 - 2))
    design, target = _lagged(y, longest)
    scores = [_aicc(design[:, : 1 + order], target, order) for order in range(longest + 1)]
    solution, *_ = np.linalg.lstsq(*_lagged(y, int(np.argmin(scores))), rcond=None)
    return float(solution[0]), solution[1:]


def _lagged(y: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows ``[1, y[k-1], ..., y[k-order]]`` and ``y[k]``."""
    columns = [np.ones(len(y) - order), *(y[order - lag : len(y) - lag] for lag in range(1, order + 1))]
    return np.column_stack(columns), y[order:]


def _aicc(design: np.ndarray, target: np.ndarray, order: int) -> float:
    solution, *_ = np.linalg.lstsq(design, target, rcond=None)
    residual = target - design @ solution
    least = len(target) * (1e-10 * np.abs(target).max()) ** 2  # among exact fits the shortest wins, not the luckiest rounding
    n, p = len(target), order + 2
    return n * np.log(max(residual @ residual, least, 1e-300) / n) + 2 * p * n / max(n - p - 1, 1e-9)


def _iterate(y: np.ndarray, intercept: float, coefficients: np.ndarray, steps: int) -> np.ndarray:
    order = len(coefficients)
    rows = np.concatenate([y[len(y) - order :], np.empty(steps)])
    for k in range(order, order + steps):
        rows[k] = intercept + coefficients @ rows[k - order : k][::-1]
    return rows[order:]
