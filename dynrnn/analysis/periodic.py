"""Periodic points of maps, by Newton's method on their iterates, and their multipliers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

import dynrnn
from dynrnn import _check
from dynrnn.analysis._local import Local, leading_first
from dynrnn.analysis._search import (
    Problem,
    distinct,
    levenberg_marquardt,
    polished,
    rms,
    wrapped,
)
from dynrnn.analysis._starts import starting_points
from dynrnn.analysis._states import labelled
from dynrnn.system import System

__all__ = ["periodic_points"]


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
    candidates : where to start: states, a result of `simulate`, a box or a number, as for `fixed_points`.
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

    Raises ValueError or TypeError where the system is a flow, depends on time or on chance, or arguments do not fit.

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
    local.refuse_unrest(starts[0])
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
        multipliers[at : at + len(orbit)] = leading_first(values)
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
