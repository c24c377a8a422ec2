"""Periodic orbits: periodic points of maps by Newton's method, limit cycles of flows by shooting, and their multipliers."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

import dynrnn
from dynrnn import _check
from dynrnn._jit import explained, jit
from dynrnn._math import copy
from dynrnn.analysis._local import Local
from dynrnn.analysis._search import (
    Problem,
    distinct,
    labelled,
    levenberg_marquardt,
    polished,
    rms,
    starting_points,
    wrapped,
)
from dynrnn.integrate import Discretised
from dynrnn.system import System, channels, step, tangents

__all__ = ["limit_cycle", "periodic_points"]

# ------------------------------------------------------------------------------------------------------------------ maps


def periodic_points(
    system: System,
    period: int,
    *,
    inputs: Any = None,
    candidates: Any = None,
    modulus: Any = None,
    tolerance: float = 1e-10,
    unique: float = 1e-5,
    rng: Any = None,
    progress: bool = False,
) -> xr.Dataset:
    """Periodic points of a map f, stable and unstable: zeros of ``f^period(x) - x``, grouped into orbits.

    From each candidate, Levenberg-Marquardt with the exact Jacobian of f^period, and Newton steps until rounding ends them.
    Points whose minimal period divides `period` are among them. No method of this kind can promise that it finds all.

    Parameters
    ----------
    system : a map.
    period : number of steps after which a point returns.
    inputs : (input,), held; zeros by default.
    candidates : where to start: states, a result of `simulate`, or a number, as for `fixed_points`.
    modulus : a number or (unit,): variables that are angles return modulo this (``2 * np.pi``); ``np.inf`` for others.
    tolerance, unique, rng, progress : as for `fixed_points`.

    Returns
    -------
    Dataset over `point`, orbit by orbit and in the order of the orbit, the shortest first:

    - the parts of the state, as `simulate` names them: for most systems `state` (point, unit).
    - `orbit`, `phase` (point): number of the orbit, and place in it. `minimal_period` (point).
    - `multiplier` (point, mode): complex; eigenvalues of the Jacobian of f^m, with the minimal period m: the same for all points
      of an orbit.
    - `stable`, `unstable_dimensions` (point): whether all multipliers, and how many of them, are inside, and outside of the
      unit circle.
    - `residual` (point): the largest absolute entry of ``f^m(x) - x``.

    `attrs` count the `candidates` and how many of them did `not_converge`.

    Raises ValueError or TypeError where the system is a flow, or arguments do not fit.

    >>> import dynrnn as dr
    >>> points = periodic_points(dr.Logistic(r=3.2), 2, candidates=[[0.1], [0.5], [0.7], [0.9]])
    >>> points["minimal_period"].values.tolist(), points["state"].values.ravel().round(6).tolist()
    ([1, 1, 2, 2], [0.0, 0.6875, 0.513045, 0.799455])
    """
    local = Local(system, inputs)
    if local.is_flow:
        _check.fail(
            "system", f"{type(system).__name__}, a flow", "a map", "Take limit_cycle, or Discretised(flow, …).", TypeError
        )
    period = _check.integer("period", period, 1)
    tolerance = _check.real("tolerance", tolerance, 0.0, open_low=True)
    unique = _check.real("unique", unique, 0.0, open_low=True)
    turn = _turns(modulus, system.size)
    starts = starting_points(system, candidates, _check.generator(rng))
    scale = rms(starts - starts.mean(axis=0)) if len(starts) > 1 else rms(starts)
    chain = _Chain(local, turn)
    problem = chain.problem(period)

    found = levenberg_marquardt(problem, starts, scale, tolerance, progress)
    zeros, F = polished(problem, found.X[found.zero])
    zeros = _principal(zeros, turn)
    best, _ = distinct(zeros, unique * scale, np.linalg.norm(F, axis=1), turn)
    orbits = _orbits(chain, zeros[best], period, unique * scale)
    result = _orbits_described(local, chain, orbits)
    attrs: dict[str, Any] = {"class": type(system).__name__, "system": system.to_json(), "dynrnn": dynrnn.__version__}
    attrs |= {"period": period, "inputs": local.u[: system.input_size].astype(float), "derivative": system.derivative}
    attrs |= {"tolerance": tolerance, "unique": unique, "scale": scale}
    attrs |= {"candidates": len(starts), "not_converged": int((~found.zero).sum()), "orbits": len(orbits)}
    return result.assign_attrs(attrs)


def _turns(modulus: Any, size: int) -> np.ndarray:
    turn = _check.array("modulus", np.inf if modulus is None else modulus, ndim=(0, 1), finite=False)
    if (turn.ndim and turn.shape != (size,)) or not (turn > 0).all():
        _check.fail("modulus", f"{modulus!r}", f"a number above 0, or {size}, one for each state variable")
    return np.broadcast_to(turn, (size,))


def _principal(X: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Angles in [0, modulus)."""
    finite = np.isfinite(turn)
    out = X.copy()
    out[:, finite] %= turn[finite]
    out[:, finite] = np.where(turn[finite] - out[:, finite] < 1e-12 * turn[finite], 0.0, out[:, finite])
    return out


class _Chain(NamedTuple):
    """Iterates of a map, with their derivatives by the chain rule."""

    local: Local
    turn: np.ndarray

    def residual(self, X: np.ndarray, period: int) -> np.ndarray:
        """``f^period(x) - x``, smallest modulo the angles."""
        Y = X
        for _ in range(period):
            Y = Y + self.local.residual(Y)
        return wrapped(Y - X, self.turn)

    def jacobian(self, x: np.ndarray, period: int) -> np.ndarray:
        """The Jacobian of f^period."""
        J = np.eye(x.size)
        for _ in range(period):
            J = self.local.jacobian(x) @ J
            x = x + self.local.residual(x)
        return J

    def problem(self, period: int) -> Problem:
        """What to find zeros of."""
        unit = np.eye(self.local.size)

        def slopes(X: np.ndarray) -> np.ndarray:
            return np.array([self.jacobian(x, period) - unit for x in X]).reshape(len(X), *unit.shape)

        return Problem(lambda X: self.residual(X, period), slopes, self.local.system.dtype)


def _orbits(chain: _Chain, X: np.ndarray, period: int, radius: float) -> list[np.ndarray]:
    """Orbits (phase, size) through the points X: each once, cut to its minimal period, from its smallest point on."""
    divisors = [m for m in range(1, period + 1) if period % m == 0]
    orbits: list[np.ndarray] = []
    for x in X:
        returns = (m for m in divisors if np.linalg.norm(chain.residual(x[None], m)) <= radius)
        minimal = next(returns, period)
        orbit = np.empty((minimal, x.size))
        for k in range(minimal):
            orbit[k] = x
            x = x + chain.local.residual(x)
        # an iterate of an unstable orbit has lost digits: each point is polished by itself
        orbit = _principal(polished(chain.problem(minimal), orbit)[0], chain.turn)
        if not any(len(o) == minimal and _norms(wrapped(o - orbit[0], chain.turn)).min() <= radius for o in orbits):
            first = int(np.lexsort(orbit.round(9).T[::-1])[0])
            orbits.append(np.roll(orbit, -first, axis=0))
    return sorted(orbits, key=lambda orbit: (len(orbit), *orbit[0].round(9)))


def _norms(X: np.ndarray) -> np.ndarray:
    return np.linalg.norm(X, axis=-1)


def _orbits_described(local: Local, chain: _Chain, orbits: list[np.ndarray]) -> xr.Dataset:
    n, lengths = local.size, [len(orbit) for orbit in orbits]
    X = np.concatenate([np.empty((0, n)), *orbits])
    multipliers, residual = np.empty((len(X), n), complex), np.empty(len(X))
    at = 0
    for orbit in orbits:
        values = np.linalg.eigvals(chain.jacobian(orbit[0], len(orbit)))
        multipliers[at : at + len(orbit)] = _leading_first(values)
        residual[at : at + len(orbit)] = np.abs(chain.residual(orbit, len(orbit))).max(axis=1)
        at += len(orbit)
    result = labelled(local.system, X, "point", np.arange(len(X)))
    return result.assign(
        orbit=("point", np.repeat(np.arange(len(orbits)), lengths)),
        phase=("point", np.concatenate([np.empty(0, int), *map(np.arange, lengths)])),
        minimal_period=("point", np.repeat(np.array(lengths, int), lengths)),
        multiplier=(("point", "mode"), multipliers),
        stable=("point", (np.abs(multipliers) < 1).all(axis=1)),
        unstable_dimensions=("point", (np.abs(multipliers) > 1).sum(axis=1)),
        residual=("point", residual),
    )


def _leading_first(values: np.ndarray) -> np.ndarray:
    return values[np.lexsort((-values.imag, -values.real, -np.abs(values)))]


# ----------------------------------------------------------------------------------------------------------------- flows

_METHOD = "dop853"
_FEWEST, _TRIES, _MOST = 64, 1024, 16_384  # steps per period: at first, while Newton's method fails, and at most
_NEWTON = 30
_WINDOW, _LONGEST = 1024, 32_768  # rows in which a return is looked for, doubled until there is one
_CLOSE = 0.02  # of the extent of the orbit: a return
_DECAYED = 1e-6  # extent, by the largest entry of a state so far, below which a run has come to rest


def limit_cycle(
    flow: System,
    x0: Any = None,
    *,
    period: float | None = None,
    inputs: Any = None,
    dt: float | None = None,
    tolerance: float = 1e-9,
) -> xr.Dataset:
    """A limit cycle of a flow, stable or unstable, by Newton's method on a state x and the period T (shooting):

        phi_T(x) - x = 0,      f(x0) · (x - x0) = 0,      dM/dt = J(phi_t(x)) M,   M(0) = 1,

    with the flow phi by Dormand and Prince's method of order 8 in n equal steps. M is the derivative of these very steps; its
    eigenvalues at the cycle are the Floquet multipliers. n is doubled until the period changes by less than `tolerance`.

    Parameters
    ----------
    flow : an autonomous flow without delays; noise is left at zero.
    x0 : state (size,) near the cycle, or from which a run reaches it where no period is given; by default the initial one.
    period : guess of T, s. By default the flow runs from `x0` until it returns close to where it was. An unstable cycle needs a
        guess.
    inputs : (input,), held; zeros by default.
    dt : step of that run, s; by default 0.2 by the largest absolute eigenvalue of the Jacobian at `x0`.
    tolerance : of the period, relative, between n and 2 n steps; and of the closure, by the extent of the cycle.

    Returns
    -------
    Dataset with

    - the parts of the state, as `simulate` names them, over `time` from 0 to T: for most systems `state` (time, unit).
    - `period`, s.
    - `multiplier` (mode): complex Floquet multipliers, the trivial one (1, along the flow) first, then by size.
      `exponent` (mode), 1/s: ``log(multiplier) / T``, with the imaginary part modulo 2π/T. Multipliers below about 1e-14 times
      the largest are rounding.
    - `stable`, `unstable_dimensions`: whether all others, and how many of them, are inside, and outside of the unit circle.
    - `residual`: the largest absolute entry of ``phi_T(x) - x``. `converged`: where it is False, a warning says why.

    `attrs`: `steps` n, and `period_change`, that of the last doubling: what the period is good for.

    Raises
    ------
    ValueError : the run comes to rest, diverges, or does not return (the message says what to do); arguments that do not fit.
    TypeError : not a flow.

    Source: Y. A. Kuznetsov, Elements of Applied Bifurcation Theory (2004), section 10.2.

    >>> import dynrnn as dr
    >>> cycle = limit_cycle(dr.VanDerPol(mu=1.0))
    >>> round(float(cycle["period"]), 6), bool(cycle["stable"])
    (6.663287, True)
    """
    local = Local(flow, inputs)
    if not local.is_flow:
        _check.fail("flow", f"{type(flow).__name__}, a map", "a flow", "Take periodic_points.", TypeError)
    tolerance = _check.real("tolerance", tolerance, 0.0, open_low=True)
    x = _check.array("x0", flow.initial() if x0 is None else x0, shape=(flow.size,)).copy()
    if period is None:
        x, T = _recurrence(local, x, _first_step(local, x) if dt is None else _check.real("dt", dt, 0.0, open_low=True))
    else:
        T = _check.real("period", period, 0.0, open_low=True)

    cycle, change, n = _close(local, x, T, _FEWEST, tolerance), np.inf, _FEWEST
    while change > tolerance and n < (_TRIES if cycle.trouble else _MOST):
        n *= 2
        if not cycle.trouble:
            x, T = cycle.orbit[0], cycle.period
        finer = _close(local, x, T, n, tolerance)
        change, cycle = np.inf if cycle.trouble or finer.trouble else abs(finer.period / cycle.period - 1), finer
    trouble = cycle.trouble or (f"the period still changes by {change:.1e} at {n} steps" if change > tolerance else "")
    if trouble:
        warnings.warn(f"limit_cycle: not converged: {trouble}", stacklevel=2)
    return _cycle_described(local, cycle, n, change, trouble)


class _Cycle(NamedTuple):
    """The orbit over one period (time, size), the period, the monodromy matrix, and what went wrong."""

    orbit: np.ndarray
    period: float
    M: np.ndarray
    trouble: str


@jit
def _carry(p, u, X, V):
    """Fill the rows of X from its first one on, step by step, and lead the tangent vectors in the columns of V along."""
    x, y, W = np.empty_like(X[0]), np.empty_like(X[0]), np.empty_like(V)
    copy(X[0], x)
    for k in range(1, X.shape[0]):
        if V.size:
            tangents(p, 0.0, x, u, V, W)
            copy(W.reshape(W.size), V.reshape(V.size))
        step(p, x, u, y)
        copy(y, x)
        copy(y, X[k])


def _orbit(local: Local, x: np.ndarray, dt: float, steps: int, tangent: bool) -> tuple[np.ndarray, np.ndarray]:
    """States (step + 1, size), and the derivative of the last one by the first."""
    map_ = Discretised(local.system, _METHOD, dt)
    X = np.empty((steps + 1, local.size))
    X[0] = x
    V = np.eye(local.size, local.size if tangent else 0)
    with explained(type(local.system).__name__):
        _carry(map_.params(local.size), channels(map_, local.u[: local.system.input_size]), X, V)
    return X, V


def _first_step(local: Local, x: np.ndarray) -> float:
    rate = np.abs(np.linalg.eigvals(local.jacobian(x))).max(initial=0.0)
    if not 0 < rate < np.inf:
        _check.fail("dt", "nothing", "a step in seconds", "The Jacobian at x0 gives no time scale: pass dt=… or period=….")
    return 0.2 / rate


def _recurrence(local: Local, x: np.ndarray, dt: float) -> tuple[np.ndarray, float]:
    """A state to which the run from x returns closely, and after what time: runs get longer until there is one."""
    rows, size = _WINDOW, 0.0
    while rows <= _LONGEST:
        X, _ = _orbit(local, x, dt, rows, tangent=False)
        if not np.isfinite(X).all():
            remedy = "Start nearer to the cycle, or pass a smaller dt=…."
            _check.fail("x0", "a state from which the run diverges", "one that leads to a cycle", remedy)
        x, extent, size = X[-1], np.ptp(X[rows // 2 :], axis=0).max(), max(size, np.abs(X).max())
        if extent <= _DECAYED * size:
            remedy = "Choose another x0; an unstable cycle needs x0 and period=…."
            _check.fail("x0", "a state from which the run comes to rest", "one that leads to a cycle", remedy)
        T = _last_return(local, X, dt, extent)
        if T is not None:
            return x, T
        rows *= 2
    remedy = "Pass period=…, a larger dt=…, or look at the run: it may be chaotic or quasiperiodic."
    _check.fail("x0", f"a run of {rows // 2 * dt:.4g} s that does not return", "one that leads to a cycle", remedy)


def _last_return(local: Local, X: np.ndarray, dt: float, extent: float) -> float | None:
    """How long ago the run last crossed the plane through its end across the flow, the same way and close to it."""
    end = X[-1]
    normal = local.residual(end)
    height = (X - end) @ normal
    crossings = np.flatnonzero((height[:-2] < 0) & (height[1:-1] >= 0))
    for k in crossings[::-1]:
        part = height[k] / (height[k] - height[k + 1])
        if np.abs(X[k] + part * (X[k + 1] - X[k]) - end).max() <= _CLOSE * extent:
            return (len(X) - 1 - k - part) * dt
    return None


def _close(local: Local, x: np.ndarray, T: float, n: int, tolerance: float) -> _Cycle:
    """Newton's method on the state and the period, with n steps; steps are halved until they help."""
    origin, size = x, local.size
    direction = local.residual(x)
    direction = direction / max(np.linalg.norm(direction), 1e-300)
    X, M = _orbit(local, x, T / n, n, tangent=True)
    first = np.ptp(X, axis=0).max()
    for _ in range(_NEWTON):
        gap = np.append(X[-1] - X[0], direction @ (X[0] - origin))
        border = np.zeros((size + 1, size + 1))
        border[:size, :size], border[:size, size], border[size, :size] = M - np.eye(size), local.residual(X[-1]), direction
        if not np.isfinite(border).all() or not np.isfinite(gap).all():
            return _Cycle(X, T, M, "the orbit diverges")
        move = np.linalg.lstsq(border, -gap, rcond=None)[0]
        for share in 0.5 ** np.arange(12):
            if T + share * move[-1] > 0.1 * T:
                Y, N = _orbit(local, X[0] + share * move[:-1], (T + share * move[-1]) / n, n, tangent=True)
                if np.linalg.norm(np.append(Y[-1] - Y[0], direction @ (Y[0] - origin))) < np.linalg.norm(gap):
                    break
        else:
            break
        X, M, T = Y, N, T + share * move[-1]
    extent = np.ptp(X, axis=0).max()
    if not extent > 1e-3 * first:
        return _Cycle(X, T, M, "the orbit shrank to a fixed point: start nearer to the cycle")
    if not np.abs(X[-1] - X[0]).max() <= tolerance * extent:
        return _Cycle(X, T, M, f"the ends are {np.abs(X[-1] - X[0]).max():.1e} apart")
    return _Cycle(X, T, M, "")


def _cycle_described(local: Local, cycle: _Cycle, n: int, change: float, trouble: str) -> xr.Dataset:
    flow, T = local.system, cycle.period
    finite = np.isfinite(cycle.M).all()
    multipliers = np.linalg.eigvals(cycle.M).astype(complex) if finite else np.full(local.size, np.nan, complex)
    trivial = int(np.argmin(np.abs(multipliers - 1))) if finite else 0
    others = _leading_first(np.delete(multipliers, trivial))
    multipliers = np.append(multipliers[trivial], others)
    with np.errstate(divide="ignore"):
        exponents = np.log(multipliers) / T
    result = labelled(flow, cycle.orbit, "time", np.linspace(0, T, len(cycle.orbit)))
    result["time"].attrs["units"] = "s"
    result = result.assign(
        period=((), T, {"units": "s"}),
        multiplier=("mode", multipliers),
        exponent=("mode", exponents, {"units": "1/s"}),
        stable=not trouble and bool((np.abs(others) < 1).all()),
        unstable_dimensions=int((np.abs(others) > 1).sum()),
        residual=float(np.abs(cycle.orbit[-1] - cycle.orbit[0]).max()),
        converged=not trouble,
    )
    attrs: dict[str, Any] = {
        "class": type(flow).__name__,
        "system": flow.to_json(),
        "dynrnn": dynrnn.__version__,
        "method": _METHOD,
        "steps": n,
    }
    attrs |= {"inputs": local.u[: flow.input_size].astype(float), "derivative": flow.derivative, "period_change": change}
    return result.assign_attrs(attrs)
