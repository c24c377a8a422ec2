"""Branch switching: what is born at a special point of a branch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.analysis._branch import Branch
from dynrnn.analysis._followed import Plan
from dynrnn.analysis._zeros import Cycles
from dynrnn.system import System

__all__ = ["switch"]

_BORN = ("branch point", "hopf", "period doubling")
_CURVED = 1e-3  # of the range: the change over which second derivatives are taken
_FLAT = 1e-6  # singular values, relative, that count as zero


def switch(system: System, branch: xr.Dataset, point: int | None = None, *, progress: bool = False, **options: Any) -> xr.Dataset:
    """Follow what is born at a special point of a branch:

    at a "branch point" the other branch, to both sides; at a "hopf" point the limit cycle; at a "period doubling" the orbit of
    twice the period.

    The tangent of the other branch solves the algebraic branching equation, ``psi·F''(t, t) = 0`` for the null vectors t of
    dF and psi of its transpose. A cycle starts along the real part of the imaginary pair's eigenvector, a doubled orbit along
    the eigenvector of -1.

    Parameters
    ----------
    system : the system that the branch is of.
    branch : what `continuation` or `switch` gave.
    point : number of the special point along "point"; the only one of these kinds by default.
    options : `range`, `step`, `max_step`, `min_step`, `max_points`, `detect` and `cycle_steps` as for `continuation`; by
        default as they were there.
    progress : show a progress bar.

    Raises ValueError or TypeError where the system is another, the point is no such point, more than two branches meet, or no
    other branch crosses.

    Returns, warns, is interrupted : as `continuation`. The first point is the special one; where both sides are followed it lies
    between.

    >>> from dynrnn import Lorenz63
    >>> from dynrnn.analysis import continuation, switch
    >>> rest = continuation(Lorenz63(rho=0.5), "rho", [0.0, 0.0, 0.0], range=(0, 3))
    >>> convection = switch(Lorenz63(rho=0.5), rest)
    >>> float(convection.parameter[-1]), convection.state[-1].values.round(3)
    (3.0, array([2.309, 2.309, 2.   ]))
    """
    plan = Plan.of(system, branch, options)
    k = _chosen(branch, point)
    ways: tuple[int, ...] = (1,)
    kind, old = str(branch["kind"].values[k]), plan.branch()
    z = plan.unknowns(old.zeros, branch, k)
    if kind == "branch point":
        chord = plan.unknowns(old.zeros, branch, k + 1) - plan.unknowns(old.zeros, branch, k - 1)
        tangent, ways = _other(old, z, chord), (-1, 1)
    elif kind == "hopf":
        plan, old, z, tangent = _cycle(plan, old, z, float(branch["angular_frequency"][k]))
    else:
        plan, old, z, tangent = _doubled(plan, old, z)
    return plan.followed(old, replace(old.start(z, tangent), kind=kind), ways, progress)


def _chosen(branch: xr.Dataset, point: Any) -> int:
    """The number of a point at which something is born."""
    kinds = list(branch["kind"].values)
    places = [k for k, kind in enumerate(kinds) if kind in _BORN and 0 < k < len(kinds) - 1]
    listed = ", ".join(f"{k} ({kinds[k]})" for k in places) or "none here"
    if point is None:
        if len(places) != 1:
            _check.fail("point", "nothing", f"one of the points {listed}")
        return places[0]
    k = _check.integer("point", point, 0, len(kinds) - 1)
    if k not in places:
        _check.fail("point", f"{k} ({kinds[k] or 'an ordinary point'})", f"one of the points {listed}")
    return k


def _eigenvector(J: np.ndarray, eigenvalue: complex) -> np.ndarray:
    """The unit vector of the eigenvalue nearest to the given one."""
    values, vectors = np.linalg.eig(J)
    return vectors[:, np.abs(values - eigenvalue).argmin()].astype(complex)


def _other(branch: Branch, z: np.ndarray, chord: np.ndarray) -> np.ndarray:
    """The tangent of the branch that crosses at z the one that goes along `chord`."""
    branch.weigh(z)
    dF, w = branch.zeros.evaluate(z)[1], branch.w
    left, sizes, right = np.linalg.svd(dF / w)
    if len(sizes) > 1 and sizes[-2] < _FLAT * sizes[0]:
        _check.fail("point", "a point where more than two branches meet", "a simple branch point")
    psi, null = left[:, -1], right[-2:] / w
    h = _CURVED * branch.width
    change = [psi @ (branch.zeros.evaluate(z + h * v)[1] - branch.zeros.evaluate(z - h * v)[1]) / (2 * h) for v in null]
    bent = np.array([[row @ v for v in null] for row in change])
    curvatures, axes = np.linalg.eigh((bent + bent.T) / 2)
    if not curvatures[0] < 0 < curvatures[1]:
        _check.fail("point", "a point that no other branch crosses", "a simple branch point")
    roots = [axes @ (np.sqrt(curvatures[1]), sign * np.sqrt(-curvatures[0])) for sign in (1, -1)]
    tangents = [root @ null for root in roots]
    along = w * chord / np.linalg.norm(w * chord)
    return min(tangents, key=lambda t: abs(along @ (w * t)) / np.linalg.norm(w * t))


def _cycle(plan: Plan, old: Branch, z: np.ndarray, omega: float) -> tuple[Plan, Branch, np.ndarray, np.ndarray]:
    """The cycle of no size at a Hopf point: plan, branch, point and tangent. It grows along ``Re v exp(i omega t)``."""
    n, plan = z.size - 1, replace(plan, cycle=True)
    v = _eigenvector(old.zeros.evaluate(z)[1][:, :n], 1j * omega)
    around = v * np.exp(2j * np.pi / Cycles.segments * np.arange(Cycles.segments))[:, None]
    new = plan.branch(-around.imag / np.linalg.norm(around.imag))
    at = np.concatenate([np.tile(z[:n], Cycles.segments), [2 * np.pi / omega, z[-1]]])
    return plan, new, at, np.append(around.real.ravel(), [0.0, 0.0])


def _doubled(plan: Plan, old: Branch, z: np.ndarray) -> tuple[Plan, Branch, np.ndarray, np.ndarray]:
    """An orbit run through twice at a period doubling: plan, branch, point and tangent, the eigenvector of -1."""
    dF, n = old.zeros.evaluate(z)[1], plan.address.system.size
    if not isinstance(old.zeros, Cycles):
        plan = replace(plan, order=2 * plan.order)
        return plan, plan.branch(), z, np.append(_eigenvector(dF[:, :n] + np.eye(n), -1.0).real, 0.0)
    plan, half = replace(plan, cycle_steps=2 * plan.cycle_steps), Cycles.segments // 2
    X, T, value = old.zeros.split(z)
    v = _eigenvector(old.zeros.monodromy(dF), -1.0).real
    once = np.array([old.zeros.monodromy(dF, 2 * i) @ v for i in range(half)])
    at = np.concatenate([*X[::2], *X[::2], [2 * T, value]])
    return plan, plan.branch(), at, np.concatenate([*once, *-once, [0.0, 0.0]])
