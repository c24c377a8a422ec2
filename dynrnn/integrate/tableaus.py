"""Explicit Runge-Kutta methods as data: ``k_i = f(t + c_i h, x + h sum_j A_ij k_j)``, ``x' = x + h sum_i b_i k_i``.

An embedded pair adds the weights E of its error, ``h sum_i E_i k_i`` over the stages and the slope at the step's end, and
the weights P of its interpolant, ``x(theta) = x + h sum_i k_i (P_i1 theta + P_i2 theta^2 + ...)``.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn._math import copy
from dynrnn.integrate import dop853
from dynrnn.integrate.method import Method, channels_at, clock, derivative_at, flat, inlined, like, pull_channels
from dynrnn.system import pushforward, tangent, tangent_u, vjp

__all__ = ["TABLEAUS", "Tableau"]


class Tableau(Method):
    """Butcher tableau of an explicit method: `A` (stage, stage) strictly lower triangular, `b` and `c` (stage,).

    An embedded pair gives `E` (1 or 2, stage + 1) and `P` (stage + 1 + more, degree); `A` then has rows for the slope at the
    end of the step (whose row is b) and for `more` stages that only the interpolant needs. `control` is the order of the
    error estimate.

    The row sums of A must be c, the sum of b 1, the weights of an interpolant at theta = 1 those of the step: each entry
    checks itself.
    """

    A: np.ndarray
    b: np.ndarray
    c: np.ndarray
    E: np.ndarray
    P: np.ndarray
    control: int

    native, exact = True, True

    def __init__(self, name, order, A, b, c=None, E=None, P=None, control=0):
        A, b = np.array(A, dtype=float), np.array(b, dtype=float)
        E = np.zeros((0, 0)) if E is None else np.atleast_2d(np.array(E, dtype=float))
        P = np.zeros((0, 0)) if P is None else np.array(P, dtype=float)
        c = A.sum(axis=1) if c is None else c
        super().__init__(name=name, order=order, A=A, b=b, c=c, E=E, P=P, control=control)
        steps = np.pad(self.b, (0, len(self.P) - len(self.b))) if self.P.size else self.P.sum(axis=1)
        errors = [self.b.sum() - 1, *(self.A.sum(axis=1) - self.c), *(self.P.sum(axis=1) - steps), *self.E.sum(axis=1)]
        if np.any(np.triu(self.A)) or np.abs(errors).max() > 1e-12:
            wanted = "A strictly lower triangular with row sums c, sum of b = 1"
            _check.fail(f"Tableau {name}", "inconsistent coefficients", wanted)

    @property
    def rows(self):
        return len(self.A)

    @property
    def adaptive(self):
        return self.E.size > 0

    @property
    def dense_order(self):
        return self.P.shape[1]

    # -------------------------------------------------------------------------------------------------- kernels

    def advance(m, p, x, u, out):
        run_stages(m, p, 0, m.b.size, 0.0, p.dt, x, u)
        accumulate(m.b, m.b.size, p.dt, flat(x), p.k, flat(out))

    def advance_jvp(m, p, x, u, v, out):
        run_stages(m, p, 0, m.b.size, 0.0, p.dt, x, u)
        for i in range(m.b.size):
            accumulate(m.A[i], i, p.dt, v, p.dk, p.dz[i])
            s = m.c[i]
            z, dz, dk = like(p.z[i], x), like(p.dz[i], x), like(p.dk[i], x)
            tangent(p.flow, clock(u) + s * p.dt, z, channels_at(p, s, u), dz, dk)
        accumulate(m.b, m.b.size, p.dt, v, p.dk, out)

    def advance_pushforward(m, p, x, u, V, y, W):
        A, b, c, dt, start, stages = m.A, m.b, m.c, p.dt, V.reshape(V.size), m.b.size
        for i in range(stages):
            accumulate(A[i], i, dt, x, p.k, p.z[i])
            accumulate(A[i], i, dt, start, p.dk, p.dz[i])
            z, k, dZ, dK = like(p.z[i], x), like(p.k[i], x), p.dZ[i, : V.shape[0]], p.dK[i, : V.shape[0]]
            pushforward(p.flow, clock(u) + c[i] * dt, z, channels_at(p, c[i], u), dZ, k, dK)
        accumulate(b, stages, dt, x, p.k, y)
        accumulate(b, stages, dt, start, p.dk, W.reshape(W.size))

    def advance_jvp_u(m, p, x, u, w, out):
        run_stages(m, p, 0, m.b.size, 0.0, p.dt, x, u)
        out[:] = 0
        for i in range(m.b.size):
            accumulate(m.A[i], i, p.dt, out, p.dk, p.dz[i])
            s = m.c[i]
            t, z, dz, dk = clock(u) + s * p.dt, like(p.z[i], x), like(p.dz[i], x), like(p.dk[i], x)
            tangent(p.flow, t, z, channels_at(p, s, u), dz, dk)
            copy(channels_at(p, s, w), p.dv)
            tangent_u(p.flow, t, z, channels_at(p, s, u), p.dv, dz)
            for n in range(out.size):
                dk[n] += dz[n]
        accumulate(m.b, m.b.size, p.dt, out, p.dk, out)

    def advance_vjp(m, p, x, u, g, gx, gu, gp):
        run_stages(m, p, 0, m.b.size, 0.0, p.dt, x, u)
        count = m.b.size
        p.dz[:] = 0
        for n in range(g.size):
            gx[n] += g[n]
        for i in range(count - 1, -1, -1):
            for n in range(g.size):
                p.dk[i, n] = p.dt * m.b[i] * g[n]
                for later in range(i + 1, count):
                    p.dk[i, n] += p.dt * m.A[later, i] * p.dz[later, n]
            p.dv[:] = 0
            z, dz, dk = like(p.z[i], x), like(p.dz[i], x), like(p.dk[i], x)
            vjp(p.flow, z, channels_at(p, m.c[i], u), dk, dz, p.dv, gp.flow)
            pull_channels(p, m.c[i], p.dv, gu)
            for n in range(g.size):
                gx[n] += p.dz[i, n]

    def attempt(m, p, s, h, x, f, u, out, end):
        copy(f, p.k[0])
        run_stages(m, p, 1, m.b.size, s, h, x, u)
        accumulate(m.b, m.b.size, h, x, p.k, out)
        derivative_at(p, s + h / p.dt, out, u, end)
        copy(end, p.k[m.b.size])

    def error(m, p, h, x, y, rtol, atol):
        E, k = m.E, p.k
        squares, coarse = 0.0, 0.0
        for n in range(x.size):
            scale = atol + rtol * max(abs(x[n]), abs(y[n]))
            e = 0.0
            for i in range(E.shape[1]):
                e += E[0, i] * k[i, n]
            squares += (e / scale) ** 2
            if E.shape[0] > 1:
                e = 0.0
                for i in range(E.shape[1]):
                    e += E[1, i] * k[i, n]
                coarse += (e / scale) ** 2
        if E.shape[0] == 1:
            return h * math.sqrt(squares / x.size)
        whole = squares + 0.01 * coarse
        return h * squares / math.sqrt(whole * x.size) if whole > 0 else 0.0 * whole

    def dense(m, p, s, h, x, f, y, end, u, Q):
        run_stages(m, p, m.b.size + 1, m.P.shape[0], s, h, x, u)
        P, k = m.P, p.k
        Q[:] = 0
        for d in range(P.shape[1]):
            for i in range(P.shape[0]):
                weight = h * P[i, d]
                if weight != 0:
                    for n in range(x.size):
                        Q[d, n] += weight * k[i, n]


_SMALL = 8  # up to this many numbers a plain loop beats vector code and its preparations


@inlined
def accumulate(weights, count, h, x, k, out):
    """``out = x + h sum_{j < count} weights_j k_j``; flat arrays."""
    size = x.size
    if size <= _SMALL:
        for n in range(size):
            total = x[n]
            for j in range(count):
                weight = h * weights[j]
                if weight != 0:
                    total += weight * k[j, n]
            out[n] = total
        return
    y, first = x, -1
    for j in range(count):  # two terms at a time: memory is passed through half as often
        if weights[j] == 0:
            continue
        if first < 0:
            first = j
            continue
        a, b, ka, kb = h * weights[first], h * weights[j], k[first], k[j]
        for n in range(size):
            out[n] = (y[n] + a * ka[n]) + b * kb[n]
        y, first = out, -1
    a, ka = (0.0, y) if first < 0 else (h * weights[first], k[first])
    for n in range(size):
        out[n] = y[n] + a * ka[n]


@inlined
def run_stages(m, p, first, end, s, h, x, u):
    """The stages from `first` to before `end` of a step of size h that begins at the fraction s of the row."""
    A, c, k, z, start, dt = m.A, m.c, p.k, p.z, flat(x), p.dt
    for i in range(first, end):
        accumulate(A[i], i, h, start, k, z[i])
        derivative_at(p, s + c[i] * h / dt, like(z[i], x), u, k[i])


_F = Fraction


def _dopri5() -> dict[str, Any]:
    A: list[Any] = [
        [],
        [_F(1, 5)],
        [_F(3, 40), _F(9, 40)],
        [_F(44, 45), _F(-56, 15), _F(32, 9)],
        [_F(19372, 6561), _F(-25360, 2187), _F(64448, 6561), _F(-212, 729)],
        [_F(9017, 3168), _F(-355, 33), _F(46732, 5247), _F(49, 176), _F(-5103, 18656)],
        [_F(35, 384), 0, _F(500, 1113), _F(125, 192), _F(-2187, 6784), _F(11, 84)],
    ]
    E = [_F(71, 57600), 0, _F(-71, 16695), _F(71, 1920), _F(-17253, 339200), _F(22, 525), _F(-1, 40)]
    # Shampine's interpolant of order 4: Mathematics of Computation 46 (1986) 135.
    P = [
        [1, _F(-8048581381, 2820520608), _F(8663915743, 2820520608), _F(-12715105075, 11282082432)],
        [0, 0, 0, 0],
        [0, _F(131558114200, 32700410799), _F(-68118460800, 10900136933), _F(87487479700, 32700410799)],
        [0, _F(-1754552775, 470086768), _F(14199869525, 1410260304), _F(-10690763975, 1880347072)],
        [0, _F(127303824393, 49829197408), _F(-318862633887, 49829197408), _F(701980252875, 199316789632)],
        [0, _F(-282668133, 205662961), _F(2019193451, 616988883), _F(-1453857185, 822651844)],
        [0, _F(40617522, 29380423), _F(-110615467, 29380423), _F(69997945, 29380423)],
    ]
    return {"A": _lower(A), "b": A[-1], "E": E, "P": P, "control": 4}


def _tsit5() -> dict[str, Any]:
    A: list[Any] = [
        [],
        [0.161],
        [-0.008480655492356989, 0.335480655492357],
        [2.8971530571054935, -6.359448489975075, 4.3622954328695815],
        [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
        [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383],
        [0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774],
    ]
    E = [
        -0.00178001105222577714,
        -0.0008164344596567469,
        0.007880878010261995,
        -0.1447110071732629,
        0.5823571654525552,
        -0.45808210592918697,
        1 / 66,
    ]
    factors = [  # scale, then the roots or coefficients of the factors of b_i(theta) as polynomials, lowest power first
        np.polynomial.Polynomial([0, -1.0530884977290216])
        * np.polynomial.Polynomial([-1.3299890189751412, 1])
        * np.polynomial.Polynomial([0.7139816917074209, -1.4364028541716351, 1]),
        0.1017 * np.polynomial.Polynomial([0, 0, 1]) * np.polynomial.Polynomial([1.2949852507374631, -2.1966568338249754, 1]),
        2.490627285651252793
        * np.polynomial.Polynomial([0, 0, 1])
        * np.polynomial.Polynomial([1.57803468208092486, -2.38535645472061657, 1]),
        -16.54810288924490272 * _quadratic(1.21712927295533244, 0.61620406037800089),
        47.37952196281928122 * _quadratic(1.203071208372362603, 0.658047292653547382),
        -34.87065786149660974 * _quadratic(1.2, 2 / 3),
        2.5 * _quadratic(1.0, 0.6),
    ]
    P = [polynomial.coef[1:] for polynomial in factors]
    return {"A": _lower(A), "b": A[-1], "E": E, "P": P, "control": 4}


def _quadratic(a: float, b: float) -> np.polynomial.Polynomial:
    """``theta^2 (theta - a) (theta - b)``."""
    return np.polynomial.Polynomial([0, 0, a * b, -(a + b), 1])


def _lower(rows: list[Any]) -> np.ndarray:
    out = np.zeros((len(rows), len(rows)))
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out


TABLEAUS = (
    Tableau("euler", 1, [[0]], [1]),
    Tableau("midpoint", 2, [[0, 0], [_F(1, 2), 0]], [0, 1]),
    Tableau("heun", 2, [[0, 0], [1, 0]], [_F(1, 2), _F(1, 2)]),
    Tableau("rk4", 4, [[0, 0, 0, 0], [0.5, 0, 0, 0], [0, 0.5, 0, 0], [0, 0, 1, 0]], [_F(1, 6), _F(1, 3), _F(1, 3), _F(1, 6)]),
    Tableau("tsit5", 5, **_tsit5()),  # Tsitouras, Computers & Mathematics with Applications 62 (2011) 770
    Tableau("dopri5", 5, **_dopri5()),  # Dormand and Prince, J. Computational and Applied Mathematics 6 (1980) 19
    Tableau("dop853", 8, dop853.A, dop853.B[:12], E=dop853.E, P=dop853.P, control=7),
)
