"""The labelled face of the time loop: `simulate` and what it needs to meet its arguments and label its rows."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from tqdm.auto import tqdm

import dynrnn
from dynrnn import _check
from dynrnn.integrate import Discretised
from dynrnn.run import Diverged, Interrupted, Run
from dynrnn.sinks import Layout, refuse_if_too_large, sink
from dynrnn.system import System

__all__ = ["simulate"]


def simulate(
    system: System,
    inputs: Any = None,
    *,
    steps: int | None = None,
    duration: float | None = None,
    dt: float | None = None,
    method: str | None = None,
    x0: Any = None,
    rng: Any = None,
    record: str | Sequence[str] | None = None,
    every: int = 1,
    washout: int = 0,
    include_initial: bool = False,
    progress: bool = False,
    threads: int | None = None,
    trials: int | None = None,
    to: str | os.PathLike | None = None,
) -> xr.Dataset:
    """Simulate a system, alone or under inputs, for one trial or many.

    Row k of the result is the state after input row k, at time ``(k + 1) dt``; the time of a map without dt is its steps. A run
    cut in two, the second half started with ``x0=first``, gives the same bits as the whole, with noise too.

    Parameters
    ----------
    system : any `System`. A flow needs `dt` and is advanced by `method`.
    inputs : (time, input), or (trial, time, input) for many trials; (time,) for a single input. An array or a DataArray.
        For a flow, row k holds on ``[k dt, (k+1) dt)``.
    steps, duration : length of the run where no inputs give it: steps, or seconds (a multiple of dt).
    dt : step of a flow in seconds.
    method : "euler", "midpoint", "heun" or "rk4" (default) for flows.
    x0 : initial state (size,) or (trial, size), or a result of `simulate`, which is then continued: its last state, its
        clock and its random streams. By default the system's own initial state.
    rng : seed or Generator for the noise of the system. Trial k gets stream k, whatever the number of trials; to repeat
        it alone pass ``[dr.trial_streams(rng, trials)[k]]``, a list with a generator for each trial.
    record : names of the parts of the state to keep, and "output"; all by default.
    every : keep each `every`-th row.   washout : rows not kept at the start.
    include_initial : put the initial state before the first row, at time 0 (not for outputs).
    progress : show a progress bar.
    threads : threads for many trials; all cores by default. Results do not depend on it.
    trials : number of trials where neither inputs nor x0 give it.
    to : file name ending in .nc or .zarr: rows are written there as they come, and the result is opened from it.

    Returns
    -------
    xarray.Dataset with dims ("trial",) "time", "unit" and a variable for each part of the state, and `output` where the
    system defines one. `attrs` say how it was made.

    Raises
    ------
    ValueError, TypeError : arguments that do not fit, before any work.
    MemoryError : the result would not fit into the free memory.
    Diverged : the state is no longer finite; the rows before are in ``error.result``.
    Interrupted : Ctrl-C; what was computed is in ``error.result``.

    >>> from dynrnn import ESN, simulate
    >>> states = simulate(ESN.random(20, rng=1), [[0.5], [0.2], [0.1]])
    >>> dict(states.sizes)
    {'time': 3, 'unit': 20}
    """
    if not isinstance(system, System):
        _check.fail("system", type(system).__name__, "a dynrnn System", "Define a class with a step or a drift.", TypeError)
    flow = system.is_flow
    map_ = Discretised(system, method or "rk4", dt) if flow else system
    if not flow and (dt is not None or method is not None or duration is not None):
        _check.fail("dt, method, duration", "a value", "none of them for a map", "A map has steps: pass steps=…")
    u, batched = _inputs(map_, inputs)
    steps = _steps(u, steps, duration, dt)
    every, washout = _check.integer("every", every, 1), _check.integer("washout", washout, 0)
    if washout and washout >= steps:
        _check.fail("washout", washout, f"fewer than the {steps} steps of the run", "Shorten the washout or lengthen the series.")
    if every > steps - washout:
        _check.fail("every", every, f"at most {steps - washout}, the steps after the washout", "No row would be kept.")
    if rng is not None and isinstance(x0, xr.Dataset):
        _check.fail("rng", "a seed beside a result to continue", "none", "The result goes on with its own random streams.")
    if rng is not None and not isinstance(rng, (list, tuple)):
        _check.generator(rng)
    count = _trials(u if batched else None, x0, trials)
    states, start = _initial(map_, x0, count or 1)
    if u is not None and len(u) != len(states):
        u = np.broadcast_to(u, (len(states), *u.shape[1:]))
    keep, outputs = _recorded(map_, record)
    layout = Layout(map_, keep, outputs, len(states), count is None, start, every, washout, include_initial)
    run = Run(map_, states, rng, dt=layout.dt, start=start, threads=threads)
    if isinstance(x0, xr.Dataset):
        _continue_streams(run, x0)
    target = sink(to, layout, (steps - washout) // every)
    if include_initial:
        _write_initial(target, layout, states)
    attrs = _provenance(system, layout, method or "rk4", rng)
    return _collect(run, target, attrs, steps, u, layout, progress)


def _collect(run: Run, target: Any, attrs: dict, steps: int, u: Any, layout: Layout, progress: bool) -> xr.Dataset:
    """Drive the run into the sink. Whatever stops it, what is there is labelled and handed over."""
    with tqdm(total=steps, unit="step", unit_scale=True, disable=not progress) as bar:
        rows = run.rows(
            steps,
            u,
            which=layout.which(),
            outputs=layout.outputs,
            every=layout.every,
            washout=layout.washout,
            progress=bar.update,
            buffers=target.buffers,
        )
        try:
            for X, Y in rows:
                target.write(X, Y)
        except Diverged as error:
            error.result = target.finish(attrs | _ending(run, layout))
            raise
        except KeyboardInterrupt:
            stopped = Interrupted(f"stopped after step {run.k}; what was computed is in error.result", run.k)
            stopped.result = target.finish(attrs | _ending(run, layout))
            raise stopped from None
    return target.finish(attrs | _ending(run, layout))


def _inputs(system: System, inputs: Any) -> tuple[np.ndarray | None, Any]:
    """Inputs as (trial, time, input), and whether a trial dimension was given."""
    wanted = system.input_size
    name = type(getattr(system, "flow", system)).__name__
    if inputs is None:
        if wanted:
            _check.fail("inputs", "nothing", f"(time, {wanted}), as {name} has {wanted} input(s)", "For silence pass zeros.")
        return None, False
    if isinstance(inputs, xr.DataArray) and {"trial", "time"} & set(inputs.dims):
        inputs = inputs.transpose(*[d for d in ("trial", "time") if d in inputs.dims], ...)
    u = _check.array("inputs", inputs, ndim=(1, 2, 3), dtype=system.dtype)
    u = u[:, None] if u.ndim == 1 else u
    if 0 in u.shape[:-1]:
        _check.fail("inputs", f"shape {u.shape}", "at least one row")
    if u.shape[-1] != wanted:
        shapes = f"(time, {wanted}) or (trial, time, {wanted}), as {name} has {wanted} input(s)"
        remedy = "The axes look swapped: time comes before input. Pass inputs.T" if u.shape[-2] == wanted else ""
        _check.fail("inputs", f"shape {u.shape}", shapes, remedy)
    return (u[None], False) if u.ndim == 2 else (u, True)


def _steps(u: np.ndarray | None, steps: Any, duration: Any, dt: Any) -> int:
    """Length of the run in steps. Given inputs decide it; whatever else is given must agree."""
    asked = None if steps is None else _check.integer("steps", steps, 1)
    if duration is not None:
        exact = _check.real("duration", duration, 0.0, open_low=True) / dt
        if abs(exact - round(exact)) > 1e-6 * max(1.0, exact) or round(exact) < 1:
            _check.fail("duration", f"{duration:g} s", f"a multiple of dt = {dt:g} s", "Change dt or the duration.")
        if asked is not None and asked != round(exact):
            _check.fail("steps", asked, f"{round(exact)}, which the duration says", "Pass one of them.")
        asked = round(exact)
    if u is None:
        if asked is None:
            _check.fail("steps", "nothing", "the length of the run", "Pass steps=…, or duration=… for a flow.")
        return asked
    if asked is not None and asked != u.shape[1]:
        _check.fail("steps", asked, f"{u.shape[1]}, the number of input rows", "Leave steps out: the inputs decide.")
    return u.shape[1]


def _trials(u: np.ndarray | None, x0: Any, trials: Any) -> int | None:
    """Number of trials, or None where no argument has a trial dimension. All that have one must agree."""
    found = {}
    if u is not None:
        found["inputs"] = len(u)
    if trials is not None:
        found["trials"] = _check.integer("trials", trials, 1)
    if isinstance(x0, xr.Dataset):
        found |= {"x0": x0.sizes["trial"]} if "trial" in x0.sizes else {}
    elif x0 is not None and np.ndim(x0) == 2:
        found["x0"] = len(x0)
    if len(set(found.values())) > 1:
        _check.fail("trials", ", ".join(f"{n} in {name}" for name, n in found.items()), "the same number everywhere")
    return next(iter(found.values()), None)


def _initial(system: System, x0: Any, trials: int) -> tuple[np.ndarray, int]:
    """Initial states (trial, size) and the step at which the clock starts."""
    if isinstance(x0, xr.Dataset):
        return _last_state(system, x0), int(x0.attrs["step"])
    refuse_if_too_large(trials * system.size * system.dtype.itemsize)
    if isinstance(x0, xr.DataArray) and "time" in x0.dims:
        _check.fail("x0", "a DataArray over time", "one state, or a whole result", "Pass the Dataset, or x0=states[-1].")
    start = system.initial() if x0 is None else _check.array("x0", x0, ndim=(1, 2), dtype=system.dtype)
    if start.shape[-1] != system.size or not len(start):
        parts = ", ".join(f"{name} {s.stop - s.start}" for name, s in system.slices.items())
        _check.fail("x0", f"shape {start.shape}", f"({system.size},) or (trial, {system.size}): {parts}")
    return np.broadcast_to(start, (trials, system.size)).astype(system.dtype), 0


def _last_state(system: System, result: xr.Dataset) -> np.ndarray:
    """The final states of an earlier result, (trial, size)."""
    missing = [name for name in system.parts if name not in result]
    if missing:
        _check.fail("x0", f"a result without {', '.join(missing)}", "all parts of the state", "Record all to continue a run.")
    if "step" not in result.attrs or not result.sizes.get("time") or result.attrs["last_row_step"] != result.attrs["step"]:
        remedy = "Choose a number of steps that `every` divides."
        _check.fail("x0", "a result whose last row is not its last step", "one that is", remedy)
    clock = result["time"].values[-1] / result.attrs.get("dt", 1.0)
    if abs(clock - result.attrs["step"]) > 1e-6 * max(1.0, clock):
        _check.fail(
            "x0",
            f"a result cut at {result['time'].values[-1]:g}",
            "one with its last row",
            "Simulate up to there, or pass x0=states[k].",
        )
    rows = [np.atleast_2d(result[name].isel(time=-1).values) for name in system.parts]
    out = np.concatenate(rows, axis=1).astype(system.dtype)
    if out.shape[1] != system.size:
        _check.fail("x0", f"a result with {out.shape[1]} state variables", f"{system.size}")
    return out


def _continue_streams(run: Run, result: xr.Dataset) -> None:
    if not run.system.noises:
        return
    states = json.loads(result.attrs.get("rng_state", "[]"))
    if len(states) != run.trials:
        got = f"a result with random streams for {len(states)} trials"
        _check.fail("x0", got, f"streams for {run.trials}", "Continue all trials of a result of the same system.")
    for streams, saved in zip(run.streams, states, strict=True):
        for stream, state in zip(streams, saved, strict=True):
            stream.bit_generator.state = state


def _recorded(system: System, record: Any) -> tuple[tuple[str, ...], bool]:
    """Names of the parts to keep, and whether to keep the outputs."""
    known = [*system.parts, *(["output"] if system.output_size else [])]
    if not isinstance(record, (str, list, tuple, type(None))):
        _check.fail("record", repr(record), f"names among {', '.join(known)}", error=TypeError)
    names = known if record is None else [record] if isinstance(record, str) else list(record)
    for name in names:
        _check.choice("record", name, known)
    return tuple(n for n in system.parts if n in names), "output" in names


def _write_initial(target: Any, layout: Layout, states: np.ndarray) -> None:
    """The state before the first step as a row; outputs are not defined there."""
    X = states[:, layout.which()].T[None]
    Y = np.full((1, layout.system.output_size if layout.outputs else 0, len(states)), np.nan)
    if target.buffers is not None:
        for buffer, rows in zip(target.buffers(1), (X, Y), strict=True):
            buffer[:] = rows.reshape(1, -1)
    target.write(X, Y)


def _provenance(system: System, layout: Layout, method: str, rng: Any) -> dict[str, Any]:
    attrs = {"class": type(system).__name__, "system": system.to_json(), "dtype": str(layout.system.dtype), "every": layout.every}
    attrs |= {"dynrnn": dynrnn.__version__, "numpy": np.__version__, "derivative": system.derivative}
    attrs |= {"dt": layout.dt, "units": "s"} if layout.timed else {}
    attrs |= {"method": method} if system.is_flow else {}
    if isinstance(rng, (int, np.integer)):
        attrs["seed"] = int(rng) if rng < 2**63 else str(rng)  # netCDF has no larger integers
    return attrs


def _ending(run: Run, layout: Layout) -> dict[str, Any]:
    """Where the run stands: enough to go on from here."""
    kept = (run.k - layout.start - layout.washout) // layout.every
    out: dict[str, Any] = {"step": run.k, "last_row_step": layout.start + layout.washout + max(0, kept) * layout.every}
    if run.system.noises:
        states = [[stream.bit_generator.state for stream in streams] for streams in run.streams]
        out["rng_state"] = json.dumps(states, default=np.ndarray.tolist)
    return out
