"""Mean-field theory of random networks with tanh units, to plot measured exponents against: exact for infinitely many units.

Couplings are independent normal numbers of variance g^2 / N. Averages over the units become averages over Gaussian numbers.
"""

from __future__ import annotations

import functools

import numpy as np
import scipy.integrate
import scipy.interpolate
import scipy.linalg
import scipy.optimize

from dynrnn import _check

__all__ = ["mean_field_flow", "mean_field_map"]

_Z = np.linspace(-8.5, 8.5, 401)  # the trapezoidal rule: exact to rounding, also where tanh is steep
_W = np.exp(-(_Z**2) / 2)
_W = _W / _W.sum()
_GRID = 201


def mean_field_map(g: float) -> dict[str, float]:
    """Theory of the map ``x' = J tanh(x)``:

        Delta = g^2 <tanh^2(sqrt(Delta) z)>,    lambda_1 = log(g sqrt(<sech^4>)),    mean = log g - 1/2 + <log sech^2>.

    Returns `variance` Delta, `largest` exponent and `mean` exponent, per step. Below g = 1 the origin is stable: variance 0,
    largest log g.

    Source: Molgedey, Schuchhardt and Schuster, Phys. Rev. Lett. 69 (1992) 3717; the mean from log |det J| of a Gaussian J.

    >>> {name: round(value, 4) for name, value in mean_field_map(2.0).items()}
    {'variance': 2.1215, 'largest': 0.1547, 'mean': -1.149}
    """
    g = _check.real("g", g, 0.0, open_low=True)

    def residual(variance: float) -> float:
        return g**2 * _mean(np.tanh(np.sqrt(variance) * _Z) ** 2) / variance - 1.0

    variance = scipy.optimize.brentq(residual, 1e-12, g**2) if g > 1 and residual(1e-12) > 0 else 0.0
    x = np.sqrt(variance) * _Z
    log_slope = -2 * (np.logaddexp(x, -x) - np.log(2))
    largest = np.log(g) + 0.5 * np.log(_mean(np.exp(2 * log_slope)))
    return {"variance": variance, "largest": float(largest), "mean": float(np.log(g) - 0.5 + _mean(log_slope))}


@functools.lru_cache
def mean_field_flow(g: float) -> dict[str, float]:
    """Theory of the flow ``dx/dt = -x + J tanh(x)``: the autocorrelation Delta(s) moves in a potential,

        Delta'' = -dV/dDelta,     V = -Delta^2/2 + g^2 <Phi Phi>,    Phi = log cosh,    V(Delta_0) = V(0),

    and ``lambda_1 = -1 + sqrt(1 - E_0)`` with E_0 the lowest energy of ``-d^2/ds^2 + 1 - g^2 <phi' phi'>(s)``.

    Returns `variance` Delta_0 and the `largest` exponent, per time constant. Below g = 1: variance 0, largest g - 1.

    Source: Sompolinsky, Crisanti and Sommers, Phys. Rev. Lett. 61 (1988) 259.

    >>> {name: round(value, 4) for name, value in mean_field_flow(2.0).items()}
    {'variance': 1.9248, 'largest': 0.1125}
    """
    g = _check.real("g", g, 0.0, open_low=True)
    if g <= 1:
        return {"variance": 0.0, "largest": g - 1.0}

    def potential(delta: float, variance: float) -> float:
        return -(delta**2) / 2 + g**2 * _pair(_log_cosh, delta, variance)

    def height(variance: float) -> float:
        return (potential(variance, variance) - potential(0.0, variance)) / variance**2

    top = mean_field_map(g)["variance"]
    low = 1e-3 * top
    while height(low) * height(top) > 0 and low > 1e-9:
        low /= 10
    variance = scipy.optimize.brentq(height, low, top, xtol=1e-13)
    span = 40.0 / np.sqrt(max(1e-6, 1 - 1 / g)) if g < 2 else 40.0
    s = np.linspace(0.0, span, 3001)
    h = s[1] - s[0]
    diagonal = 1 - g**2 * _slopes(g, variance, s) + 2 / h**2
    side = np.full(len(s) - 1, -1 / h**2)
    side[0] *= np.sqrt(2)  # an even function on half the line, made symmetric
    energy = scipy.linalg.eigh_tridiagonal(diagonal, side, select="i", select_range=(0, 0))[0][0]
    return {"variance": float(variance), "largest": float(-1 + np.sqrt(1 - energy))}


def _slopes(g: float, variance: float, s: np.ndarray) -> np.ndarray:
    """<phi' phi'> at the times s. Delta(s) follows from the conservation of energy: Delta' = -sqrt(2 (V(0) - V(Delta)))."""
    q = np.linspace(0.0, 1.0, _GRID)
    grid = variance * (1 - q**2)  # dense at the start, where Delta' vanishes
    V = np.array([-(d**2) / 2 + g**2 * _pair(_log_cosh, d, variance) for d in grid])
    force = variance - g**2 * _pair(np.tanh, variance, variance)
    speed = np.sqrt(np.maximum(2 * (V[0] - V[1:]), 1e-30))
    ds_dq = np.concatenate([[2 * variance / np.sqrt(2 * variance * abs(force))], 2 * variance * q[1:] / speed])
    end = int(np.searchsorted(-grid, -1e-5 * variance))  # the rest of the way takes for ever, and changes nothing
    times = scipy.integrate.cumulative_simpson(ds_dq[:end], x=q[:end], initial=0)
    slopes = np.array([_pair(_sech2, d, variance) for d in grid[:end]])
    return np.where(s <= times[-1], scipy.interpolate.CubicSpline(times, slopes)(s), _pair(_sech2, 0.0, variance))


def _mean(values: np.ndarray) -> float:
    return float(_W @ values)


def _pair(f, delta: float, variance: float) -> float:
    """``<f(x) f(y)>`` of normal numbers of that variance with covariance delta >= 0."""
    own, shared = np.sqrt(max(variance - delta, 0.0)), np.sqrt(max(delta, 0.0))
    inner = f(own * _Z[None, :] + shared * _Z[:, None]) @ _W
    return float(_W @ inner**2)


def _log_cosh(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(x, -x) - np.log(2)


def _sech2(x: np.ndarray) -> np.ndarray:
    return np.exp(-2 * _log_cosh(x))
