"""Continuation: how equilibria, periodic points and limit cycles move and change as a parameter does."""

from __future__ import annotations

from typing import Any

import xarray as xr

from dynrnn import _check, _units
from dynrnn.analysis._branch import NoPoint
from dynrnn.analysis._followed import PER_CYCLE, Plan
from dynrnn.analysis._parameter import Parameter
from dynrnn.system import System

__all__ = ["continuation"]


def continuation(
    system: System,
    parameter: str,
    x0: Any = None,
    *,
    range: tuple[float, float],
    inputs: Any = None,
    order: int = 1,
    period: Any = None,
    step: float | None = None,
    max_step: float | None = None,
    min_step: float | None = None,
    max_points: int = 1000,
    detect: bool = True,
    directions: str = "both",
    cycle_steps: int = PER_CYCLE,
    progress: bool = False,
) -> xr.Dataset:
    """Follow a zero of F along a parameter, through its folds, and find where its stability changes:

        F(x) = drift(x)  of a flow,   F(x) = f^order(x) - x  of a map f,   F(x, T) = phi_T(x) - x  for a cycle of period T.

    By pseudo-arclength: a step along the tangent, and Newton's method in the plane across it, with the exact Jacobian.

    Parameters
    ----------
    system : a map or a flow. Noise is left at its mean. Of a flow with delays, equilibria.
    parameter : its address: "rho", "theta[0]", "W[1,0]" (to, from), "W" (a gain, 1 at the start), "flow.rho" in a wrapper,
        or "input[0]", an input that is held. The branch starts at the value it has in `system` or in `inputs`.
    x0 : state (size,) near the zero to start with, or near the cycle; the initial state by default.
    range : (low, high) of the parameter, with the start in it.
    inputs : (input,), held; zeros by default.
    order : of a map: points of this period.
    period : of a flow: about the period of the limit cycle to follow, instead of an equilibrium; seconds, or text like "2 s".
    step, max_step, min_step : first, largest and smallest step of arclength in units of the parameter: its change where the
        state does not change; else a state variable counts relative to the size of the state. By default 1/200, 1/50 and
        5e-9 of the range.
    max_points : points in each direction, without special ones.
    detect : whether to look for special points.
    directions : "both", "up" or "down": where the parameter goes at first.
    cycle_steps : steps of an eighth-order method per period of a cycle.
    progress : show a progress bar.

    Returns
    -------
    Dataset over ("point",), in order along the branch: the `parameter`; the state, labelled as by `simulate`, which for a
    cycle is a point of it; its `eigenvalue` ("point", "mode"), of the Jacobian of drift or step, or the Floquet multipliers
    of a cycle but the one along it, those that grow fastest first; `unstable_dimensions`, how many grow, and `stable`,
    whether none does. Special points are among the points: ``branch.isel(point=branch.kind != "")`` picks them. `kind` is

    "fold", "branch point" :
        a real eigenvalue is 0, or a multiplier 1; the branch turns back, or another one crosses it.
    "hopf" :
        of a flow: a pair of eigenvalues is imaginary; their `angular_frequency` is in rad per unit of time.
    "period doubling", "neimark-sacker" :
        of maps and cycles: a multiplier is -1, or a pair has modulus 1; its angle per step or turn is `angular_frequency`.

    A cycle comes with its `period`, the smallest and largest values on it ("state_min", …) and the `error` of its end, by
    twice as many steps. ``attrs["ended"]`` says why the branch ends, at its first point and at its last.

    Raises
    ------
    ValueError, TypeError : arguments that do not fit, an unknown address, no zero near x0; systems that have nowhere to rest,
        as `fixed_points` refuses them.
    Interrupted : Ctrl-C; the branch up to there is in ``error.result``.

    Warns
    -----
    RuntimeWarning : where a branch stalls, with the reason and the place, or `max_points` ends it; points are kept.

    A zero that is not isolated, as where a symmetry moves it, cannot be followed. Two changes within one step that undo each
    other go unseen: lower max_step. Cycles end where their error is above 1e-8 of the state, as near a homoclinic orbit.

    Source: H. B. Keller, in P. H. Rabinowitz (ed.), Applications of Bifurcation Theory (1977) 359; Y. A. Kuznetsov, Elements
    of Applied Bifurcation Theory (2004), chapter 10.

    >>> from dynrnn import Lorenz63
    >>> from dynrnn.analysis import continuation
    >>> branch = continuation(Lorenz63(rho=20.0), "rho", [7.1, 7.1, 19.0], range=(15, 30))
    >>> special = branch.isel(point=branch.kind != "")
    >>> special.kind.values, special.parameter.values.round(6)
    (array(['hopf'], dtype='<U15'), array([24.736842]))
    """
    if not isinstance(system, System):
        _check.fail("system", type(system).__name__, "a dynrnn System", error=TypeError)
    ways = {"both": (-1, 1), "up": (1,), "down": (-1,)}[_check.choice("directions", directions, ("both", "up", "down"))]
    plan = Plan.checked(
        Parameter(system, parameter, inputs),
        range,
        order=order,
        cycle=period is not None,
        cycle_steps=cycle_steps,
        detect=detect,
        step=step,
        max_step=max_step,
        min_step=min_step,
        max_points=max_points,
    )
    value = plan.address.value
    if not plan.bounds[0] <= value <= plan.bounds[1]:
        got = f"({plan.bounds[0]:g}, {plan.bounds[1]:g})"
        _check.fail("range", got, f"one with the start in it, {parameter} = {value:g}", "Start elsewhere: system.replace(…).")
    x = system.begin(_check.array("x0", system.initial() if x0 is None else x0, ndim=1, dtype=system.dtype))
    if x.shape != (system.size,):
        _check.fail("x0", f"shape {x.shape}", f"({system.size},)")
    period = None if period is None else _units.seconds("period", period)
    branch = plan.branch()
    zeros: Any = branch.zeros
    zeros.at(value).refuse_unrest(x)
    try:
        start = branch.start(zeros.unknowns(x, value, period))
    except NoPoint as reason:
        what = "a limit cycle" if plan.cycle else "a fixed point" if plan.order == 1 else f"a point of period {plan.order}"
        why = str(reason)
        remedy = f"{why[0].upper()}{why[1:]}. Simulate until the state is there, and start from it."
        _check.fail("x0", "a state from which none is found", f"one near {what} at {parameter} = {value:g}", remedy)
    return plan.followed(branch, start, ways, progress)
