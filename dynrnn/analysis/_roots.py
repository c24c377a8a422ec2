"""How perturbations of the equilibrium of a flow with delays grow: the roots of its characteristic equation.

    det M(s) = 0,      M(s) = s - A_0 - sum_k A_k exp(-s tau_k),

with A_0 and A_k the derivatives of the drift by x(t) and x(t - tau_k). There are infinitely many, of which finitely many lie to
the right of any line Re s = c. They are the eigenvalues of the generator ``d/dt`` on pasts that are continued by the flow, here
on polynomials through Chebyshev's points, polished by Newton's method on det M.

Source: D. Breda, S. Maset and R. Vermiglio, SIAM J. Sci. Comput. 27 (2005) 482.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["roots"]

_POINTS, _NUMBERS = (12, 48), 1500  # of a past: fewest, most, and what to stay below for all variables together
_POLISHES = 8


def roots(A: Sequence[np.ndarray], delays: Sequence[float], count: int) -> np.ndarray:
    """The `count` rightmost roots; A is (A_0, A_1, …), each (size, size), with one more entry than delays.

    >>> roots([np.zeros((1, 1)), np.array([[-np.pi / 2]])], [1.0], 2).round(9)  # x'(t) = -pi/2 x(t - 1) turns by pi/2 a second
    array([-0.+1.57079633j,  0.-1.57079633j])
    """
    n = len(A[0])
    points, D = _chebyshev(int(np.clip(_NUMBERS // n, *_POINTS)), max(delays))
    G = np.kron(D, np.eye(n))
    G[:n] = np.kron(_value_at(points, 0.0), A[0])
    for tau, A_k in zip(delays, A[1:], strict=True):
        G[:n] += np.kron(_value_at(points, -tau), A_k)
    found = np.linalg.eigvals(G).astype(complex)
    found = np.array([_polished(s, A, delays) for s in found[np.lexsort((-found.imag, -found.real))[:count]]])
    return found[np.lexsort((-found.imag, -found.real.round(12)))]


def _chebyshev(most: int, longest: float) -> tuple[np.ndarray, np.ndarray]:
    """Points of a past, from 0 back to -longest, and the matrix that differentiates the polynomial through values there."""
    x = np.cos(np.pi * np.arange(most + 1) / most)
    w = _weights(x)
    apart = x[:, None] - x + np.eye(x.size)
    D = w / w[:, None] / apart
    D -= np.diag(D.sum(axis=1))
    return longest * (x - 1) / 2, D * 2 / longest


def _weights(x: np.ndarray) -> np.ndarray:
    """Barycentric weights of Chebyshev's points."""
    w = (-1.0) ** np.arange(x.size)
    w[[0, -1]] /= 2
    return w


def _value_at(points: np.ndarray, t: float) -> np.ndarray:
    """The polynomial through values at the points, at t, as weights of these values."""
    near = np.flatnonzero(np.abs(points - t) <= 1e-14 * np.ptp(points))
    if near.size:
        return np.eye(points.size)[near[0]]
    share = _weights(points) / (t - points)
    return share / share.sum()


def _polished(s: complex, A: Sequence[np.ndarray], delays: Sequence[float]) -> complex:
    """Newton's method on det M, by ``(log det M)' = tr(M^-1 M')``, as long as its steps get smaller."""
    unit, last = np.eye(len(A[0])), np.inf
    for _ in range(_POLISHES):
        past = [np.exp(-s * tau) * A_k for tau, A_k in zip(delays, A[1:], strict=True)]
        M, slope = s * unit - A[0] - sum(past), unit + sum(tau * P for tau, P in zip(delays, past, strict=True))
        try:
            step = 1 / np.trace(np.linalg.solve(M, slope))
        except (np.linalg.LinAlgError, ZeroDivisionError):
            break
        if not abs(step) < last:
            break
        s, last = s - step, abs(step)
    return complex(s)
