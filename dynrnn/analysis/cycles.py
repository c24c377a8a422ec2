"""Limit cycles of flows by shooting, and their Floquet multipliers."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

import dynrnn
from dynrnn import _check, _units
from dynrnn._units import time_unit
from dynrnn.analysis._local import Local, leading_first
from dynrnn.analysis._shooting import METHOD, lead, refuse_delays
from dynrnn.analysis._states import labelled
from dynrnn.system import System

__all__ = ["limit_cycle"]

_FEWEST, _TRIES, _MOST = 64, 1024, 16_384  # steps per period: at first, while Newton's method fails, and at most
_NEWTON = 30
_WINDOW, _LONGEST = 1024, 32_768  # rows in which a return is looked for, doubled until there is one
_CLOSE = 0.02  # of the extent of the orbit: a return
_DECAYED = 1e-6  # extent, by the largest entry of a state so far, below which a run has come to rest


def limit_cycle(
    flow: System,
    x0: Any = None,
    *,
    period: Any = None,
    inputs: Any = None,
    dt: Any = None,
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
    period : guess of T, in seconds or text like "2 s". By default the flow runs from `x0` until it returns close to where it
        was. An unstable cycle needs a guess.
    inputs : (input,), held; zeros by default.
    dt : step of that run, likewise; by default 0.2 by the largest absolute eigenvalue of the Jacobian at `x0`.
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
    ValueError : the run comes to rest, diverges, or does not return (the message says what to do); a drift that depends on time;
        arguments that do not fit.
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
    refuse_delays(flow)
    tolerance = _check.real("tolerance", tolerance, 0.0, open_low=True)
    x = _check.array("x0", flow.initial() if x0 is None else x0, shape=(flow.size,)).copy()
    local.refuse_unrest(x)
    if period is None:
        x, T = _recurrence(local, x, _first_step(local, x) if dt is None else _units.seconds("dt", dt))
    else:
        T = _units.seconds("period", period)

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


def _first_step(local: Local, x: np.ndarray) -> float:
    rate = np.abs(np.linalg.eigvals(local.jacobian(x))).max(initial=0.0)
    if not 0 < rate < np.inf:
        _check.fail("dt", "nothing", "a step in seconds", "The Jacobian at x0 gives no time scale: pass dt=… or period=….")
    return 0.2 / rate


def _recurrence(local: Local, x: np.ndarray, dt: float) -> tuple[np.ndarray, float]:
    """A state to which the run from x returns closely, and after what time: runs get longer until there is one."""
    rows, size = _WINDOW, 0.0
    while rows <= _LONGEST:
        X, _ = lead(local, x, rows * dt, rows, tangent=False)
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
    X, M = lead(local, x, T, n)
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
                Y, N = lead(local, X[0] + share * move[:-1], T + share * move[-1], n)
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
    others = leading_first(np.delete(multipliers, trivial))
    multipliers = np.append(multipliers[trivial], others)
    with np.errstate(divide="ignore"):
        exponents = np.log(multipliers) / T
    result = labelled(flow, cycle.orbit, "time", np.linspace(0, T, len(cycle.orbit)))
    unit = time_unit(flow)
    result["time"].attrs["units"] = unit
    result = result.assign(
        period=((), T, {"units": unit}),
        multiplier=("mode", multipliers),
        exponent=("mode", exponents, {"units": f"1/{unit}"}),
        stable=not trouble and bool((np.abs(others) < 1).all()),
        unstable_dimensions=int((np.abs(others) > 1).sum()),
        residual=float(np.abs(cycle.orbit[-1] - cycle.orbit[0]).max()),
        converged=not trouble,
    )
    attrs: dict[str, Any] = {
        "class": type(flow).__name__,
        "system": flow.to_json(),
        "dynrnn": dynrnn.__version__,
        "method": METHOD,
        "steps": n,
    }
    attrs |= {"inputs": local.u[: flow.input_size].astype(float), "derivative": flow.derivative, "period_change": change}
    return result.assign_attrs(attrs)
