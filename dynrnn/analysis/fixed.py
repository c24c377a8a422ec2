"""Fixed points and slow points of maps and flows: where they are, what is near them, and how many starts lead there."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

import dynrnn
from dynrnn import _check
from dynrnn._units import time_unit
from dynrnn.analysis._local import Local
from dynrnn.analysis._search import (
    Found,
    Problem,
    deflated_newton,
    distinct,
    interrupted,
    levenberg_marquardt,
    polished,
    rms,
    settled,
)
from dynrnn.analysis._starts import starting_points
from dynrnn.analysis._states import labelled
from dynrnn.run import Interrupted
from dynrnn.system import System

__all__ = ["fixed_points"]


def fixed_points(
    system: System,
    *,
    inputs: Any = None,
    candidates: Any = None,
    tolerance: float = 1e-10,
    unique: float = 1e-5,
    slow: float | None = None,
    deflation: int = 0,
    marginal: float = 1e-6,
    input_jacobian: bool = False,
    rng: Any = None,
    progress: bool = False,
) -> xr.Dataset:
    """Fixed points of a map or a flow, with their stability; on request also slow points, where the speed has a minimum.

    From each candidate the speed of Sussillo and Barak is minimised with exact Jacobians (Levenberg-Marquardt):

        q(x) = |F(x)|²/2,      F = drift(x, u) of a flow,      F = step(x, u) - x of a map,      u held.

    Where q reaches zero there is a fixed point; a minimum above zero is a slow point. The first are polished to rounding.

    Parameters
    ----------
    system : a map or a flow; noise is left at its mean.
    inputs : (input,), held; zeros by default.
    candidates : where to start. States (candidate, size); a result of `simulate`, of which at most 1000 rows are taken, with
        noise of 1 % of the standard deviation of each variable; a box ``{variable: (low, high)}``, of which 256 random states
        are taken; or a number (256) of states around the initial one, normal with widths from 0.1 to 10 times its largest
        entry (or 1).
    tolerance : of F: that much of a relative change of the state would make up for it.
    unique : points nearer than this, by the size of the candidates, are one; 0 keeps what every candidate led to.
    slow : keep slow points whose q is at most this.
    deflation : rounds in which all candidates start again with the points found so far taken out of F. They stop when
        nothing new is found.
    marginal : modes that grow or decay slower than this are marginal; by the largest absolute eigenvalue of a flow, per step of
        a map. Raise it to see approximate line attractors.
    input_jacobian : also give the derivative of drift or step by the inputs.
    rng : seed or Generator of random candidates and noise.
    progress : show a progress bar.

    Returns
    -------
    Dataset over `point`, fixed points first, by number of unstable dimensions:

    - the parts of the state, as `simulate` names them: for most systems `state` (point, unit).
    - `eigenvalue` (point, mode): complex, of the Jacobian of drift (per second) or step, the fastest growing first. Of a flow
      with delays, of infinitely many roots of ``det(s - A_0 - sum_k A_k exp(-s tau_k)) = 0`` those that grow fastest, ten at
      least.
      ``to_netcdf`` with the engine "h5netcdf" keeps complex numbers.
    - `unstable_dimensions`, `marginal_dimensions` (point): numbers of modes with Re(eigenvalue) above 0, or its absolute value
      above 1 for a map; and of those that neither grow nor decay.
    - `stable` (point): all modes decay.
    - `kind` (point): "stable node", "stable focus" (the slowest mode turns), "saddle", "unstable node", "unstable focus",
      "marginal" (nothing grows, something does not decay), "slow", or "not converged".
    - `line_attractor` (point): one mode is neutral, with the eigenvalue 0 (flow) or 1 (map), and all others decay. Points of a
      ring attractor look the same.
    - `speed` (point): q.   `residual` (point): the largest absolute entry of F.
    - `converged` (point): a fixed point, or a minimum of q. What did not converge is kept.
    - `candidates` (point): how many of them ended there.
    - `input_jacobian` (point, row, input) on request; `row` runs through the whole state.

    `attrs` count the candidates that led to `fixed` and `slow` points, that did `not_converge` and that were `dropped`, and say
    how derivatives were computed. Filter with ``points.isel(point=points["stable"])``, sort with ``points.sortby("speed")``.

    Raises
    ------
    ValueError, TypeError : no candidates, shapes that do not fit; systems that have nowhere to rest, as they depend on time or
        choose at random in each step (the message says what to do).
    Interrupted : Ctrl-C; what the candidates until then led to is in ``error.result``.

    Source: D. Sussillo and O. Barak, Neural Computation 25 (2013) 626; M. D. Golub and D. Sussillo, J. Open Source Softw. 3
    (2018) 1003; deflation: Farrell, Birkisson and Funke (2015).

    >>> import dynrnn as dr
    >>> points = fixed_points(dr.Henon(), rng=1)
    >>> points["state"].values.round(6).tolist()
    [[0.631354, 0.189406], [-1.131354, -0.339406]]
    >>> points["kind"].values.tolist(), points["unstable_dimensions"].values.tolist()
    (['saddle', 'saddle'], [1, 1])
    """
    local = Local(system, inputs)
    tolerance = _check.real("tolerance", tolerance, 0.0, open_low=True)
    unique, marginal = _check.real("unique", unique, 0.0), _check.real("marginal", marginal, 0.0)
    slow = None if slow is None else _check.real("slow", slow, 0.0)
    deflation, input_jacobian = _check.integer("deflation", deflation, 0), _check.boolean("input_jacobian", input_jacobian)
    starts = starting_points(system, candidates, _check.generator(rng))
    local.refuse_unrest(starts[0])
    scale = rms(starts - starts.mean(axis=0)) if len(starts) > 1 else rms(starts)
    problem = Problem(local.residual, lambda X: np.array([local.slope(x) for x in X]), system.dtype)

    def told(found: Found) -> xr.Dataset:
        ends, count = _merged(problem, _reported(found, slow), unique * scale)
        result = _described(local, ends, marginal)
        result["candidates"] = "point", count
        if input_jacobian:
            result["input_jacobian"] = ("point", "row", "input"), _by_inputs(local, ends.X)
        attrs: dict[str, Any] = {"class": type(system).__name__, "system": system.to_json(), "dynrnn": dynrnn.__version__}
        attrs |= {"inputs": local.u[: system.input_size].astype(float), "derivative": system.derivative, "scale": scale}
        attrs |= {"tolerance": tolerance, "unique": unique, "marginal": marginal, "started": len(starts), "ended": len(found.X)}
        attrs |= {"fixed": int(found.zero.sum()), "slow": int(found.minimum.sum())}
        attrs |= {"not_converged": int((~found.zero & ~found.minimum).sum()), "dropped": len(found.X) - int(count.sum())}
        attrs |= {"seed": int(rng)} if isinstance(rng, (int, np.integer)) else {}
        return _sorted(result.assign_attrs(attrs))

    try:
        found = levenberg_marquardt(problem, starts, scale, tolerance, progress)
        return told(_deflate(problem, found, starts, scale, (tolerance, unique), deflation))
    except Interrupted as stopped:
        stopped.result = told(stopped.result)
        raise


def _deflate(
    problem: Problem, found: Found, starts: np.ndarray, scale: float, tolerances: tuple[float, float], rounds: int
) -> Found:
    """What is found, and the other zeros that all starts lead to once those of the earlier rounds are taken out."""
    tolerance, unique = tolerances
    try:
        for _ in range(rounds):
            known = found.X[found.zero]
            known = known[distinct(known, unique * scale, np.zeros(len(known)))[0]]
            ends = deflated_newton(problem, starts, known, scale)
            if not len(ends):
                break
            other = levenberg_marquardt(problem, ends, scale, tolerance)
            new = other.zero & (np.linalg.norm(other.X[:, None] - known[None], axis=2) > unique * scale).all(axis=1)
            if not new.any():
                break
            found = Found(*(np.concatenate(pair) for pair in zip(found, other.only(new), strict=True)))
    except KeyboardInterrupt:
        raise interrupted(found) from None
    return found


def _reported(found: Found, slow: float | None) -> Found:
    """All ends but the slow points that were not asked for."""
    q = 0.5 * (found.F**2).sum(axis=1)
    return found.only(~found.minimum | (q <= (-1.0 if slow is None else slow)))


def _merged(problem: Problem, ends: Found, radius: float) -> tuple[Found, np.ndarray]:
    """Distinct ends, zeros polished, and the number of candidates behind each. Kinds are not mixed.

    Zeros are merged once before they are polished, which saves work, and once after it, when those of ill-conditioned problems
    have come together.
    """
    count = np.ones(len(ends.X), int)
    for polish in (False, True):
        if polish:
            zeros = np.flatnonzero(ends.zero)
            ends.X[zeros], ends.F[zeros] = polished(problem, ends.X[zeros])
            slow = np.flatnonzero(ends.minimum)
            ends.X[slow], ends.F[slow] = settled(problem, ends.X[slow])
        if radius == 0:
            continue
        kept, counts = [], []
        for members in (ends.zero, ends.minimum, ~ends.zero & ~ends.minimum):
            where = np.flatnonzero(members)
            best, group = distinct(ends.X[where], radius, np.nan_to_num(np.linalg.norm(ends.F[where], axis=1), nan=np.inf))
            kept.append(where[best])
            counts.append(np.bincount(group, count[where], best.size).astype(int))
        ends, count = ends.only(np.concatenate(kept)), np.concatenate(counts)
    return ends, count


def _described(local: Local, found: Found, marginal: float) -> xr.Dataset:
    """States with their spectra, and what follows from them."""
    n, points = local.modes, len(found.X)
    eigenvalues, growth = np.full((points, n), np.nan, complex), np.full((points, n), np.nan)
    for k, x in enumerate(found.X):
        if np.isfinite(local.jacobian(x)).all():
            values = local.eigenvalues(x)
            order = np.lexsort((-values.imag, -values.real, -local.growth(values)))
            eigenvalues[k], growth[k] = values[order], local.growth(values[order])
    rate = np.abs(eigenvalues).max(axis=1, keepdims=True, initial=0.0) if local.is_flow else 1.0
    neutral = np.abs(growth) <= marginal * rate
    unstable, still = (growth > 0) & ~neutral, neutral & (np.abs(eigenvalues - (0 if local.is_flow else 1)) <= marginal * rate)
    grows, rests = unstable.sum(axis=1), neutral.sum(axis=1)
    stable = found.zero & (grows + rests == 0) & np.isfinite(growth[:, 0])
    result = labelled(local.system, found.X, "point", np.arange(points))
    return result.assign(
        eigenvalue=(("point", "mode"), eigenvalues, {"units": f"1/{time_unit(local.system)}" if local.is_flow else "1"}),
        unstable_dimensions=("point", grows),
        marginal_dimensions=("point", rests),
        stable=("point", stable),
        kind=("point", _kinds(found, eigenvalues, grows, rests)),
        line_attractor=("point", found.zero & (grows == 0) & (rests == 1) & (still.sum(axis=1) == 1)),
        speed=("point", 0.5 * (found.F**2).sum(axis=1)),
        residual=("point", np.abs(found.F).max(axis=1, initial=0.0)),
        converged=("point", found.zero | found.minimum),
    )


def _kinds(found: Found, eigenvalues: np.ndarray, grows: np.ndarray, rests: np.ndarray) -> np.ndarray:
    """What to call each point. A node or a focus is named after its leading mode: the slowest to decay, or fastest to grow."""
    turns = np.where(eigenvalues[:, :1].imag[:, 0] != 0, " focus", " node")
    out = np.select(
        [~found.zero & ~found.minimum, ~found.zero, (grows == 0) & (rests > 0), grows == 0, grows == eigenvalues.shape[1]],
        ["not converged", "slow", "marginal", np.char.add("stable", turns), np.char.add("unstable", turns)],
        "saddle",
    )
    return out.astype(str)


def _sorted(result: xr.Dataset) -> xr.Dataset:
    """Fixed points first, then slow ones; by unstable dimensions; the more candidates lead there the earlier."""
    kind, grows = result["kind"].values, result["unstable_dimensions"].values
    rank = np.select([kind == "slow", kind == "not converged"], [1, 2], 0)
    order = np.lexsort((-result["candidates"].values, grows, rank))
    return result.isel(point=order).assign_coords(point=np.arange(len(order)))


def _by_inputs(local: Local, X: np.ndarray) -> np.ndarray:
    """The derivative of drift or step by the inputs (point, size, input)."""
    count = local.system.input_size
    return np.array([local.by_channels(x, 0, count) for x in X], float).reshape(len(X), local.size, count)
