"""Which method and which wrapper a flow gets."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn._jit import kernel
from dynrnn.integrate.adaptive import Adaptive
from dynrnn.integrate.delayed import Delayed
from dynrnn.integrate.discretised import Discretised, Sampled
from dynrnn.integrate.method import Method
from dynrnn.integrate.methods import METHODS, method
from dynrnn.integrate.tableaus import Tableau
from dynrnn.system import System, diffusion, jacobian

__all__ = ["choose", "sampled"]

_STIFF = 10.0  # times dt: the fastest decay per row beyond which small explicit steps are wasted
_LARGE = 200


def choose(flow: System, dt: float) -> tuple[str, str]:
    """The name of a sensible method for a flow, and why.

    >>> from dynrnn.systems.lorenz import Lorenz63
    >>> choose(Lorenz63(), 0.01)
    ('tsit5', 'a smooth flow that is not stiff: adaptive steps')
    """
    if flow.delays:
        return "rk4", "delays: fixed steps with the past interpolated"
    if flow.stochastic:
        if _additive(flow):
            return "sra1", "noise whose amplitude does not depend on the state: strong order 1.5"
        return "milstein", "noise whose amplitude depends on the state, in Ito's sense"
    linear = flow.linear if kernel(type(flow), "remainder") is not None else None
    if linear is not None and np.ndim(linear) == 2 and np.abs(linear).sum(axis=1).max() * dt > _STIFF:
        return "etdrk4", "a stiff linear part, taken exactly"
    if flow.size <= _LARGE:
        rate = -np.linalg.eigvals(jacobian(flow, flow.initial())).real.min()
        if rate * dt > _STIFF:
            return "rodas3", f"stiff at the initial state: its fastest decay is {rate:.3g} per second"
    return "tsit5", "a smooth flow that is not stiff: adaptive steps"


def sampled(flow: System, chosen: Any, dt: Any, interpolation: str = "hold", **tolerances: Any) -> tuple[Sampled, str]:
    """The flow as a map from row to row under a method, and the reason where the method was "auto".

    None stands for "rk4", or for "euler_maruyama" where there is noise. `tolerances` (rtol, atol) are for adaptive methods,
    which choose their own steps here.
    """
    if not isinstance(flow, System) or not flow.is_flow:
        _check.fail("flow", type(flow).__name__, "a system with a drift", error=TypeError)
    if dt is None:
        _check.fail("dt", "nothing", "a step in seconds", "A flow needs a time step: pass dt=…")
    reason = ""
    if chosen is None:
        chosen = "euler_maruyama" if flow.stochastic else "rk4"
    if isinstance(chosen, str):
        _check.choice("method", chosen, [*METHODS, "auto"])
    if chosen == "auto":
        chosen, reason = choose(flow, _check.real("dt", dt, 0.0, open_low=True))
    chosen = method(chosen)
    tolerances = {name: value for name, value in tolerances.items() if value is not None}
    if flow.delays:
        kind: type[Sampled] = Delayed
    else:
        kind = Adaptive if chosen.adaptive else Discretised
    if tolerances and kind is not Adaptive:
        remedy = 'Take "tsit5", "dopri5", "dop853" or "rodas3", or leave them out.'
        _check.fail(", ".join(tolerances), "a tolerance", f"none with fixed steps ({chosen.name})", remedy)
    map_ = kind(flow, chosen, dt, interpolation, **tolerances)
    if kind is not Adaptive:
        _warn_if_unstable(flow, map_)
    return map_, reason


@functools.cache
def real_stability(chosen: Method) -> float:
    """How far from 0 the stability function R of an explicit method stays within 1 on the negative axis; 0 for others.

    ``R(z) = 1 + z b (1 - z A)^-1 1``; the stochastic methods treat the drift with order 1 or 2, and hold up to 2.

    >>> round(real_stability(method("rk4")), 4), real_stability(method("euler"))
    (2.7853, 2.0)
    """
    if chosen.normals:
        return 2.0
    if not isinstance(chosen, Tableau):
        return 0.0
    s = len(chosen.b)
    powers = [chosen.b @ np.linalg.matrix_power(chosen.A[:s, :s], k) @ np.ones(s) for k in range(s)]
    left = np.concatenate([(np.polynomial.Polynomial([1 - level, *powers])).roots() for level in (1.0, -1.0)])
    real = -left.real[(abs(left.imag) < 1e-9) & (left.real < -1e-3)]
    return float(round(real.min(), 12))


def _warn_if_unstable(flow: System, map_: Sampled) -> None:
    """Say so where a declared linear decay is too fast for fixed explicit steps: saturating units hide what becomes of it."""
    limit, L = real_stability(map_.method), flow.linear
    if not limit or L is None:
        return
    if np.ndim(L) == 2:
        bounded = np.abs(L).sum(axis=1).max() * map_.dt <= limit or flow.size > _LARGE
        L = np.zeros(1) if bounded else np.linalg.eigvals(L).real
    fastest = -float(np.min(L))
    if fastest * map_.dt > limit * (1 + 1e-9):
        what = f"dt = {map_.dt:g} is too long for {map_.method.name}, as {type(flow).__name__} decays at the rate {fastest:.3g}"
        remedy = "Shorten dt." if flow.stochastic or flow.delays else "Shorten dt, or take method='auto'."
        warnings.warn(f"{what}: above {limit / fastest:.3g} errors grow from step to step. {remedy}", stacklevel=5)


def _additive(flow: System) -> bool:
    """Whether the noise amplitude is the same in different states."""
    rng = np.random.default_rng(0)
    seen = []
    for _ in range(3):
        out = np.empty(flow.size)
        diffusion(flow.params(), 0.0, flow.initial() + 0.1 * rng.normal(size=flow.size), np.zeros(flow.channels), out)
        seen.append(out)
    return all(np.array_equal(seen[0], other) for other in seen)
