"""Rosenbrock methods for stiff flows: each stage solves a linear system with the flow's own Jacobian J,

(1/(h gamma) - J) K_i = f(t + alpha_i h, x + sum_j A_ij K_j) + sum_j C_ij K_j / h + h gamma_i df/dt,
x' = x + sum_i m_i K_i,      error = sum_i e_i K_i.

The resolvent has a pole where h gamma times an eigenvalue of J is 1. A step beyond it sees fast growth as decay: it would leap
over a singularity of the solution and land, with a small error estimate, on the branch behind. Step control refuses it.
"""

from __future__ import annotations

import math

import numpy as np

from dynrnn.integrate.method import Method, channels_at, clock, derivative_at, inlined
from dynrnn.system import tangent

__all__ = ["ROSENBROCK", "Rosenbrock"]


class Rosenbrock(Method):
    """Coefficients as in the equations above: `A`, `C` (stage, stage) strictly lower triangular, the others (stage,).

    There is no interpolant: slopes at the ends of a step, which a cubic would need, carry the error of the state times the
    fastest rate.
    """

    gamma: float
    A: np.ndarray
    C: np.ndarray
    alpha: np.ndarray
    gammas: np.ndarray
    m: np.ndarray
    e: np.ndarray
    control: int

    adaptive = True

    @property
    def rows(self):
        return max(4, len(self.m) + 1)

    def matrices(self, flow, dt):
        return np.zeros((flow.size + 1, flow.size))  # the factors, and the order of the pivots

    def advance(m, p, x, u, out):
        derivative_at(p, 0.0, x, u, p.dz[2])
        _solve_stages(m, p, 0.0, p.dt, x, p.dz[2], u, out)

    def attempt(m, p, s, h, x, f, u, out, end):
        if _solve_stages(m, p, s, h, x, f, u, out):
            p.k[:] = math.nan  # so is the error: no tolerance accepts it
        derivative_at(p, s + h / p.dt, out, u, end)

    def error(m, p, h, x, y, rtol, atol):
        weights, k, squares = m.e, p.k, 0.0
        for n in range(x.size):
            e = 0.0
            for i in range(weights.size):
                e += weights[i] * k[i, n]
            squares += (e / (atol + rtol * max(abs(x[n]), abs(y[n])))) ** 2
        return math.sqrt(squares / x.size)


@inlined
def _solve_stages(m, p, s, h, x, f, u, out):
    """The step from x to `out`. Whether a growth rate lies beyond the pole of the resolvent."""
    A, C, alpha, gammas, k, z, LU, dt = m.A, m.C, m.alpha, m.gammas, p.k, p.z[0], p.matrices, p.dt
    size, count = x.size, m.m.size
    unit, drift_t = p.dz[0], p.dz[1]
    unit[:] = 0
    t, at = clock(u) + s * dt, channels_at(p, s, u)
    for j in range(size):  # column j of J, then of 1/(h gamma) - J, stored as row j
        unit[j] = 1
        tangent(p.flow, t, x, at, unit, LU[j])
        unit[j] = 0
        for i in range(size):
            LU[j, i] = -LU[j, i]
        LU[j, j] += 1.0 / (h * m.gamma)
    beyond = _factorise(LU)
    later = 1e-7 * h  # for df/dt by a difference
    derivative_at(p, s + later / dt, x, u, drift_t)
    for n in range(size):
        drift_t[n] = (drift_t[n] - f[n]) / later
    for i in range(count):
        right = k[i]
        if i == 0:
            for n in range(size):
                right[n] = f[n]
        else:
            for n in range(size):
                z[n] = x[n]
                for j in range(i):
                    z[n] += A[i, j] * k[j, n]
            derivative_at(p, s + alpha[i] * h / dt, z, u, right)
        for n in range(size):
            right[n] += h * gammas[i] * drift_t[n]
            for j in range(i):
                right[n] += C[i, j] / h * k[j, n]
        _solve(LU, right)
    for n in range(size):
        out[n] = x[n]
        for i in range(count):
            out[n] += m.m[i] * k[i, n]
    return beyond


@inlined
def _factorise(M):
    """LU factors in place of the matrix whose columns are the rows of M, with partial pivoting; the last row keeps the pivots.

    Whether the matrix has negative real eigenvalues: the sign of its determinant tells an odd number of them, negative pivots
    any number, but only where no rows change places and the matrix is symmetric, triangular or near it.
    """
    n, swaps, negative = M.shape[1], 0, 0
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(M[k, i]) > abs(M[k, best]):
                best = i
        M[n, k] = best
        if best != k:
            swaps += 1
            for j in range(n):
                M[j, k], M[j, best] = M[j, best], M[j, k]
        if M[k, k] < 0:
            negative += 1
        for i in range(k + 1, n):
            M[k, i] /= M[k, k]
        for j in range(k + 1, n):
            factor = M[j, k]
            if factor != 0:
                for i in range(k + 1, n):
                    M[j, i] -= factor * M[k, i]
    return negative % 2 != swaps % 2 or (swaps == 0 and negative > 0)


@inlined
def _solve(M, b):
    """Overwrite b with the solution."""
    n = M.shape[1]
    for k in range(n):
        best = int(M[n, k])
        b[k], b[best] = b[best], b[k]
    for k in range(n):
        for i in range(k + 1, n):
            b[i] -= M[k, i] * b[k]
    for k in range(n - 1, -1, -1):
        b[k] /= M[k, k]
        for i in range(k):
            b[i] -= M[k, i] * b[k]


ROSENBROCK = (
    # Rodas3: L-stable and stiffly accurate. Sandu et al., Atmospheric Environment 31 (1997) 3459.
    Rosenbrock(
        "rodas3",
        3,
        gamma=0.5,
        A=[[0, 0, 0, 0], [0, 0, 0, 0], [2, 0, 0, 0], [2, 0, 1, 0]],
        C=[[0, 0, 0, 0], [4, 0, 0, 0], [1, -1, 0, 0], [1, -1, -8 / 3, 0]],
        alpha=[0, 0, 1, 1],
        gammas=[0.5, 1.5, 0, 0],
        m=[2, 0, 1, 1],
        e=[0, 0, 0, 1],
        control=2,
    ),
)
