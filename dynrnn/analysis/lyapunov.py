"""Lyapunov exponents: how fast neighbouring orbits part, in every direction, for maps and flows, free or driven."""

from __future__ import annotations

import datetime
import warnings
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from tqdm import tqdm

import dynrnn
from dynrnn import _check, _units
from dynrnn.analysis._frames import Frames, Stretches
from dynrnn.analysis._local import CHANCE
from dynrnn.integrate import Adaptive, sampled
from dynrnn.run import Interrupted
from dynrnn.system import System, jacobians

__all__ = ["kaplan_yorke", "lyapunov_spectrum"]

_SPREAD = np.log(1e5)  # of a frame between two factorisations: rounding errors grow by as much
_BLOCKS, _RESAMPLES, _SAMPLES = 30, 400, 500
_FEWEST = 10  # steps of a measurement
_ROOM = 4_000_000  # numbers in the Jacobians that are held at a time


def lyapunov_spectrum(
    system: System,
    k: int | None = None,
    *,
    inputs: Any = None,
    steps: int | None = None,
    duration: Any = None,
    dt: Any = None,
    method: Any = None,
    transient: Any = None,
    x0: Any = None,
    rng: Any = 0,
    interval: int | None = None,
    average: str = "plain",
    local: bool = False,
    interpolation: str = "hold",
    rtol: float | None = None,
    atol: float | None = None,
    progress: bool = False,
) -> xr.Dataset:
    """The k largest Lyapunov exponents of an orbit, with their errors and checks:

        lambda_i = lim (1/T) log |diag(R_n ... R_1)_ii|,      M_n Q_(n-1) = Q_n R_n,

    with M the derivative of the step, applied to k tangent vectors (never as a matrix, unless k is the size of the state).

    Parameters
    ----------
    system : a map or a flow; free, driven by `inputs` (the exponents are then conditional on them), or a `ClosedLoop`.
    k : number of exponents, all by default (ten for a flow with delays).
    inputs : (time, input). Its first rows are the transient's.
    steps, duration : length of the run with the transient: steps, or seconds where there is a dt.
    dt, method, interpolation, rtol, atol : how a flow is integrated, as for `dynrnn.simulate`. Fixed-step methods give the
        exponents of the discrete step. For adaptive methods the tangent vectors are part of the error that is controlled.
    transient : steps before the measurement, or text such as "2 s"; a fifth of the run by default. In its second half the frame
        aligns itself.
    x0 : initial state (size,). `rng` : seed of the first frame.
    interval : steps between factorisations. By default so many that a frame's vectors grow apart by no more than 1e5.
    average : "plain", or "smooth": stretches are weighted by ``exp(-1 / (s (1 - s)))`` along the run, s in (0, 1), which on
        periodic and quasi-periodic orbits converges faster than any power of the length (Das et al., Nonlinearity 30, 2017);
        take ``interval=1`` with it, as stretches of a fraction of a period are not smooth in time.
    local : return the growth rates over the stretches too, `local_exponent` (window, exponent).
    progress : show a progress bar.

    Returns
    -------
    xarray.Dataset: `exponent` (exponent,) in decreasing order, per step of a map, or per second where there is a dt, natural
    logarithm;
    `stderr` by block bootstrap; `split_half`, the difference between both halves of the run; `kaplan_yorke`, the dimension
    (NaN where k exponents do not reach it); `entropy_rate`, the sum of the positive ones (Pesin); `participation`
    (exponent,), 1 / sum_j q_j^4 of the frame's vectors, averaged over the run; `sum_rule_residual`, the sum of all exponents
    minus the mean of the drift's divergence, or of log |det M|, at up to 500 states, with its `sum_rule_stderr` (NaN for
    k < size); `condition`, the largest ratio of growths between factorisations. ``attrs["warnings"]`` names checks that
    disagree.

    Raises
    ------
    ValueError for k larger than the state, a transient longer than the run, a system with noise (its exponents depend on
    the noise: set it to zero, or pass it as inputs); ArithmeticError where the orbit is not bounded; Interrupted on Ctrl-C, with
    the exponents until then in ``error.result``.

    Source: Benettin et al., Meccanica 15 (1980) 9; Geist, Parlitz and Lauterborn, Prog. Theor. Phys. 83 (1990) 875; for
    driven networks Pikovsky and Politi, Lyapunov Exponents (2016).

    >>> import dynrnn as dr
    >>> spectrum = dr.lyapunov_spectrum(dr.Henon(), steps=20_000)
    >>> bool(abs(spectrum.exponent.sum() - np.log(0.3)) < 1e-10)
    True
    """
    plan = prepare(system, k, inputs, steps, duration, dt, method, transient, x0, interpolation, rtol, atol)
    smooth = _check.choice("average", average, ["plain", "smooth"]) == "smooth"
    frames, interval = aligned(plan, rng, interval)
    done = frames.k
    length = (plan.steps - done) // interval * interval

    def result(seen: Stretches) -> xr.Dataset:
        time, units = interval * plan.dt, plan.rate_unit
        out = _summary(frames.size, seen, time, smooth)
        out = out.merge(_sum_rule(plan, seen, done, interval, out))
        if local:
            windows = done + interval * np.arange(1, len(seen.growth) + 1)
            out = out.assign_coords(time=("window", windows * plan.dt, {"units": plan.unit}))
            out = out.assign(local_exponent=(("window", "exponent"), seen.growth / time, {"units": units}))
        out["exponent"].attrs = {"units": units, "long_name": "Lyapunov exponent"}
        counts = {"steps": len(seen.growth) * interval, "transient": done, "interval": interval, "dt": plan.dt, "units": units}
        return out.assign_attrs(plan.attrs | counts | {"warnings": _complaints(out)})

    with tqdm(total=length, unit="step", unit_scale=True, disable=not _check.boolean("progress", progress)) as bar:
        try:
            out = result(frames.run(length, interval, plan.fed(done), tell=bar.update))
        except Interrupted as stopped:
            stopped.result = result(stopped.result) if len(stopped.result.growth) else None
            raise
    for text in out.attrs["warnings"]:
        warnings.warn(f"lyapunov_spectrum: {text}", stacklevel=2)
    return out


class Plan(NamedTuple):
    """A run as it was asked for: system and map, inputs (time, channel), lengths, the number of vectors, the first state."""

    system: System
    map: Any
    inputs: np.ndarray | None
    steps: int
    transient: int
    k: int
    x0: np.ndarray

    @property
    def dt(self) -> float:
        """Time from step to step; 1 where steps are what counts."""
        return float(getattr(self.map, "dt", None) or 1.0)

    @property
    def unit(self) -> str:
        """What times are given in."""
        return _units.time_unit(self.map)

    @property
    def rate_unit(self) -> str:
        """What exponents are given in."""
        return "1/step" if self.unit == "steps" else f"1/{self.unit}"

    @property
    def attrs(self) -> dict[str, Any]:
        """What a result says of where it comes from."""
        said = {"class": type(self.system).__name__, "system": self.system.to_json(), "dynrnn": dynrnn.__version__}
        method = {"method": self.map.method.name} if self.system.is_flow else {}
        return said | method | {"derivative": self.system.derivative}

    @property
    def size(self) -> int:
        """Numbers in the state whose neighbours are followed: without the memory of an adaptive method."""
        return self.map.flow.size if isinstance(self.map, Adaptive) else self.map.size

    def fed(self, first: int) -> np.ndarray | None:
        """The inputs from a step on."""
        return None if self.inputs is None else self.inputs[first:]


def prepare(system, k, inputs, steps, duration, dt, method, transient, x0, interpolation="hold", rtol=None, atol=None) -> Plan:
    """Check the arguments of a run with tangent vectors."""
    if not isinstance(system, System):
        _check.fail("system", type(system).__name__, "a dynrnn System", error=TypeError)
    if system.noises or (system.is_flow and system.stochastic):
        remedy = "Set its noise to zero, or pass the noise as inputs: the exponents are then conditional on them."
        remedy = CHANCE if any(noise.law == "uniform" for noise in system.noises) else remedy
        _check.fail("system", f"{type(system).__name__} with noise", "a deterministic system", remedy)
    if system.is_flow:
        dt = None if dt is None else _units.seconds("dt", dt)
        map_: Any = sampled(system, method, dt, interpolation, rtol=rtol, atol=atol)[0]
    else:
        map_ = system
        if dt is not None or method is not None:
            _check.fail("dt, method", "a value", "neither of them for a map", "A map has steps: pass steps=…")
    step = getattr(map_, "dt", None)
    if duration is not None:
        steps = _counted("duration", duration, step)
    size = system.size if isinstance(map_, Adaptive) else map_.size
    k = min(size, 10 if system.delays else size) if k is None else _check.integer("k", k, 1, size)
    u = None
    if inputs is not None or system.input_size:
        if inputs is None:
            remedy = "Pass inputs=…, with a row per step: zeros for none."
            _check.fail("inputs", "nothing", f"(time, {system.input_size}), which {type(system).__name__} is driven by", remedy)
        u = _check.array("inputs", inputs, ndim=(1, 2), dtype=system.dtype)
        u = u[:, None] if u.ndim == 1 else u
        if u.shape[1] != system.input_size:
            _check.fail("inputs", f"shape {u.shape}", f"(time, {system.input_size})")
        if map_.input_size != system.input_size:
            u = np.concatenate([u[:-1], np.diff(u, axis=0)], axis=1)
        steps = len(u) if steps is None else _check.integer("steps", steps, 1, len(u))
    if steps is None:
        _check.fail("steps", "nothing", "the length of the run", "Pass steps=…, or duration=… for a flow.")
    steps = _check.integer("steps", steps, _FEWEST)
    if isinstance(transient, (str, datetime.timedelta)):
        transient = _counted("transient", transient, step)
    first = min(steps // 5, steps - _FEWEST) if transient is None else _check.integer("transient", transient, 0)
    if first > steps - _FEWEST:
        _check.fail("transient", first, f"at most {steps - _FEWEST}, with {steps} steps in all", "Lengthen the run.")
    x = system.initial() if x0 is None else _check.array("x0", x0, shape=(system.size,), dtype=system.dtype)
    return Plan(system, map_, u, steps, first, k, map_.begin(np.asarray(x)))


def _counted(name: str, given: Any, dt: float | None) -> int:
    """Steps in a time."""
    if dt is None:
        _check.fail(name, repr(given), "a number of steps for a map without a dt", "Pass steps=…")
    return _units.steps(name, _units.seconds(name, given), dt)


def aligned(plan: Plan, rng: Any, interval: int | None) -> tuple[Frames, int]:
    """Frames at the end of the transient, in whose second half they aligned themselves; and the interval for what follows."""
    if interval is not None:
        _check.integer("interval", interval, 1, plan.steps - plan.transient)
    half = plan.transient // 2
    start = settled(plan, half)
    frame = np.linalg.qr(_check.generator(rng).normal(size=(start.size, plan.k)))[0].T
    frames = Frames(plan.map, start.x, frame, start=half)
    try:
        chosen = _align(frames, plan.transient - half, interval, plan.inputs)
    except Interrupted:
        raise Interrupted("stopped in the transient: nothing is measured yet", frames.k) from None
    if plan.steps - frames.k < chosen:
        _check.fail("interval", chosen, f"at most {max(1, plan.steps - frames.k)}, what remains of the run", "Lengthen the run.")
    return frames, chosen


def settled(plan: Plan, steps: int) -> Frames:
    """Frames of no vectors after the first steps of the transient."""
    frames = Frames(plan.map, plan.x0, np.empty((0, plan.size)))
    try:
        frames.advance(steps, plan.inputs)
    except KeyboardInterrupt:
        raise Interrupted("stopped in the transient: nothing is measured yet", frames.k) from None
    return frames


def _align(frames: Frames, steps: int, interval: int | None, u: Any) -> int:
    """Let the frame align itself for about `steps` steps; the interval, where it is not given, from the growth seen."""
    given, chosen, end = interval is not None, interval or 1, frames.k + steps
    spread = 0.0
    while frames.k < end or not given:
        stretches = max(1, min((end - frames.k) // chosen, 10))
        fed = None if u is None else u[frames.k :]
        if fed is not None and len(fed) < stretches * chosen:
            break
        seen = frames.run(stretches * chosen, chosen, fed)
        finite = np.where(np.isfinite(seen.growth), seen.growth, 0.0)
        worst = np.maximum(np.ptp(finite, axis=1), np.abs(finite).max(axis=1) / 10).max()  # growth by 1e50 is no trouble
        spread = max(spread / 2, float(worst) / chosen)
        if not given:
            chosen = int(np.clip(min(_SPREAD / max(spread, 1e-12), 2 * chosen, max(1, steps // 20)), 1, 1000))
        if frames.k >= end:
            break
    return chosen


def _summary(size: int, seen: Stretches, time: float, smooth: bool) -> xr.Dataset:
    growth, k = seen.growth, seen.growth.shape[1]
    place = (np.arange(len(growth)) + 0.5) / len(growth)
    weight = np.exp(-1.0 / (place * (1.0 - place))) if smooth else np.ones(len(growth))
    exponent = weight @ growth / weight.sum() / time
    order = np.argsort(-exponent, kind="stable")
    growth, exponent = growth[:, order], exponent[order]
    half = len(growth) // 2
    with np.errstate(invalid="ignore"):
        split = (growth[:half].mean(axis=0) - growth[half:].mean(axis=0)) / time if half else np.full(k, np.nan)
    return xr.Dataset(
        {
            "exponent": ("exponent", exponent),
            "stderr": ("exponent", _bootstrap(growth) / time),
            "split_half": ("exponent", split),
            "kaplan_yorke": kaplan_yorke(exponent, complete=k == size),
            "entropy_rate": exponent[exponent > 0].sum(),
            "participation": ("exponent", seen.participation.mean(axis=0)[order]),
            "condition": seen.ratio.max(),
        }
    )


def _bootstrap(growth: np.ndarray) -> np.ndarray:
    """Standard error of the mean by resampling blocks of neighbouring stretches."""
    blocks = min(_BLOCKS, len(growth))
    if blocks < 4:
        return np.full(growth.shape[1], np.nan)
    means = np.stack([piece.mean(axis=0) for piece in np.array_split(growth, blocks)])
    draws = np.random.default_rng(0).integers(0, blocks, (_RESAMPLES, blocks))
    with np.errstate(invalid="ignore"):
        return means[draws].mean(axis=1).std(axis=0, ddof=1)


def _sum_rule(plan: Plan, seen: Stretches, first: int, interval: int, out: xr.Dataset) -> xr.Dataset:
    """The sum of all exponents against the mean divergence of the drift, or the mean of log |det M|, along the orbit."""
    system, u = plan.system, plan.inputs
    if system.delays or len(out.exponent) < system.size or not np.isfinite(out.exponent).all():
        return xr.Dataset({"sum_rule_residual": np.nan, "sum_rule_stderr": np.nan})
    which = np.unique(np.linspace(0, len(seen.states) - 1, min(_SAMPLES, len(seen.states))).astype(int))
    rows, values = first + which * interval, []
    U = np.zeros((len(which), system.channels), system.dtype)
    if u is not None:
        U[:, : system.input_size] = u[rows, : system.input_size]
    if system.clocked:
        U[:, -1] = rows * plan.dt
    few = max(1, _ROOM // system.size**2)
    for i in range(0, len(which), few):
        J = jacobians(system, seen.states[which[i : i + few], : system.size], U[i : i + few], rows[i : i + few] * plan.dt)
        values += list(np.trace(J, axis1=1, axis2=2) if system.is_flow else np.linalg.slogdet(J)[1] / plan.dt)
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return xr.Dataset({"sum_rule_residual": float(out.exponent.sum()) - np.mean(values), "sum_rule_stderr": error})


def _complaints(out: xr.Dataset) -> list[str]:
    """In words, the checks that disagree."""
    said = []
    error = np.maximum(out.stderr.values, 1e-9)
    with np.errstate(invalid="ignore"):
        apart = np.abs(out.split_half.values) > 6 * error + 1e-6 * np.abs(out.exponent.values)
    if apart.any():
        said.append(f"both halves of the run differ in exponent {int(np.argmax(apart)) + 1}: lengthen the transient or the run")
    residual, spread = float(out.sum_rule_residual), float(out.sum_rule_stderr)
    total = np.abs(out.exponent.values).sum()
    if abs(residual) > 5 * (spread + np.sqrt((out.stderr.values**2).sum())) + 1e-3 * total:
        said.append(f"the sum rule is missed by {residual:.3g}: shorten dt or tighten the tolerances")
    if 1e12 < float(out.condition) < np.inf:
        said.append(f"frames lose {np.log10(float(out.condition)):.0f} digits between factorisations: shorten `interval`")
    return said


def kaplan_yorke(exponents: Any, complete: bool = True) -> float:
    """Kaplan-Yorke dimension ``j + (lambda_1 + ... + lambda_j) / |lambda_(j+1)|``, with j the last index of a sum >= 0.

    `exponents` in decreasing order. NaN where the sum never becomes negative, unless `complete`: then it is their number.

    >>> round(kaplan_yorke([0.906, 0.0, -14.572]), 3)
    2.062
    """
    values = _check.array("exponents", exponents, ndim=1, finite=False)
    sums = np.cumsum(values)
    below = np.flatnonzero(sums < 0)
    if not below.size:
        return float(len(values)) if complete else float("nan")
    j = int(below[0])
    return float(j + (sums[j - 1] / abs(values[j]) if j else 0.0))
