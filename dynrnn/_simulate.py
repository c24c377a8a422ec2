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
from dynrnn import _check, _units
from dynrnn._log import Log
from dynrnn.integrate import Delayed, Event, Watched, sampled
from dynrnn.run import Diverged, Interrupted, Run
from dynrnn.sinks import Layout, refuse_if_too_large, sink
from dynrnn.system import System

__all__ = ["simulate"]

_STREAM = "random_stream"  # a coordinate of results with noise: see `_streams`


def simulate(
    system: System,
    inputs: Any = None,
    *,
    steps: int | None = None,
    duration: float | str | None = None,
    dt: float | str | None = None,
    method: Any = None,
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
    interpolation: str = "hold",
    rtol: float | None = None,
    atol: float | None = None,
    history: Any = None,
    events: Any = None,
) -> xr.Dataset:
    """Simulate a system, alone or under inputs, for one trial or many.

    Row k of the result is the state after input row k, at time ``(k + 1) dt``; the time of a map without dt is its steps. The
    clock starts at 0, or where the time labels of the inputs begin. A run cut in two, the second half started with
    ``x0=first``, gives the same bits as the whole, with noise too.

    Parameters
    ----------
    system : any `System`. A flow needs `dt` and is advanced by `method`.
    inputs : (time, input), or (trial, time, input) for many trials; (time,) for a single input. An array or a DataArray, whose
        time stamps must then be dt apart, from a multiple of dt on.
    steps, duration : length of the run where no inputs give it: steps, or seconds or text like "2 s" (a multiple of dt;
        not for a map without dt).
    dt : time between the rows of a flow, in seconds or as text like "20 ms"; the step of methods with fixed steps.
    method : how a flow is integrated: a name among `dynrnn.integrate.METHODS`, or "auto", which says what it took in ``attrs``.
        By default "rk4", and "euler_maruyama" where there is noise. "tsit5", "dopri5", "dop853" and "rodas3" (stiff) choose
        their own steps. A dt at which others cannot follow a declared `linear` decay brings a warning.
    interpolation : of a flow's inputs. "hold": row k holds on ``[k dt, (k+1) dt)``. "linear": row k is the value at ``k dt``,
        and n rows make n - 1 steps.
    rtol, atol : tolerances of adaptive methods (1e-6 and 1e-9).
    history : the past of a flow with delays, a function of t <= 0 in seconds; by default it is constant.
    events : a `Crossing` or another `Event` of a flow, or a list of them. The result gets `event_time`, `event_state`,
        `event_kind` (place in the list), `event_direction` and, for many trials, `event_trial`. A trial ends at a terminal
        event: its later rows are NaN. Adaptive methods find events on their own steps; others, and rodas3, on the cubic
        through the rows, with an accuracy of order dt^4, and on straight lines where there is noise.
    x0 : initial state (size,) or (trial, size), or a result of `simulate`, or some of its trials, which are then continued:
        last states, clock and random streams. By default the system's own initial state.
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
    map_, chosen = _as_map(system, inputs, duration, dt, method, interpolation, rtol, atol, history, events)
    dt = map_.dt if system.is_flow else getattr(map_, "dt", None)
    if dt is not None:
        _units.refuse_other_dt("inputs", inputs, dt)
    u, batched = _inputs(map_, inputs, linear=interpolation == "linear")
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
    states, start = _initial(map_, x0, count or 1, history)
    start = _clock_start(map_, inputs, dt, start, x0)
    _refuse_other_trials(inputs, x0)
    if u is not None and len(u) != len(states):
        u = np.broadcast_to(u, (len(states), *u.shape[1:]))
    keep, outputs = _recorded(map_, record)
    layout = Layout(map_, keep, outputs, len(states), count is None, start, every, washout, include_initial)
    watched = None if events is None else Watched(map_, _listed(events))
    run = Run(watched or map_, states, rng, dt=layout.dt, start=start, threads=threads)
    if isinstance(x0, xr.Dataset):
        _continue_streams(run, x0)
    target = sink(to, layout, (steps - washout) // every)
    if include_initial:
        _write_initial(target, layout, states)
    attrs = _provenance(system, layout, chosen, rng)
    log = None if watched is None else Log(watched, layout)
    return _with_conditions(_collect(run, target, attrs, steps, u, layout, progress, log), inputs)


def _as_map(system, inputs, duration, dt, method, interpolation, rtol, atol, history, events) -> tuple[Any, dict[str, Any]]:
    """The system as a map from row to row, and what a result says about the method."""
    only_flows = {"dt": dt, "method": method, "duration": duration, "rtol": rtol, "atol": atol, "events": events}
    if not system.is_flow:
        own = getattr(system, "dt", None)
        only_flows |= {} if own is None else {"duration": None}
        given = [name for name, value in only_flows.items() if value is not None]
        if given or interpolation != "hold":
            given = given or ["interpolation"]
            remedy = "A map has steps: pass steps=…" if own is None else f"Its own dt is {own:g}: change it by replace(dt=…)."
            _check.fail(", ".join(given), "a value", "nothing for a map", remedy)
    if system.is_flow and dt is not None:
        dt = _units.seconds("dt", dt)
    if history is not None and not system.delays:
        _check.fail("history", repr(history), "nothing: the system has no delays", error=TypeError)
    if history is not None and not callable(history):
        _check.fail("history", type(history).__name__, "a function of t <= 0 in seconds", error=TypeError)
    if not system.is_flow:
        return system, {}
    map_, reason = sampled(system, method, dt, interpolation, rtol=rtol, atol=atol)
    chosen = {"method": map_.method.name, "interpolation": interpolation}
    chosen |= {"method_reason": reason} if reason else {}
    chosen |= {name: getattr(map_, name) for name in ("rtol", "atol") if hasattr(map_, name)}
    return map_, chosen


def _with_conditions(result: xr.Dataset, inputs: Any) -> xr.Dataset:
    """The result with the coordinates that labelled inputs have for their trials."""
    if not isinstance(inputs, xr.DataArray) or "trial" not in result.dims:
        return result
    return result.assign_coords({name: c for name, c in inputs.coords.items() if c.dims == ("trial",)})


def _listed(events: Any) -> list[Event]:
    events = [events] if isinstance(events, Event) else events
    if not isinstance(events, (list, tuple)) or not events or not all(isinstance(e, Event) for e in events):
        _check.fail("events", repr(events), 'a Crossing("x", 0.0) or a list of events', error=TypeError)
    return list(events)


def _collect(
    run: Run, target: Any, attrs: dict, steps: int, u: Any, layout: Layout, progress: bool, log: Log | None
) -> xr.Dataset:
    """Drive the run into the sink. Whatever stops it, what is there is labelled and handed over."""

    def finish(memory: dict) -> xr.Dataset:
        if log and log.ended:  # the run itself is a chunk's rest further on
            return target.finish(attrs | {"ended": "by a terminal event"}, log.variables())
        streams = _streams(run, layout)
        result = target.finish(attrs | _ending(run, layout), memory | streams | (log.variables() if log else {}))
        return result.set_coords(list(streams))

    plan: dict[str, Any] = {"outputs": layout.outputs, "every": layout.every, "washout": layout.washout}
    plan |= {"buffers": target.buffers}
    if log is not None:  # events are looked for in every row
        plan = {"outputs": True}
    with tqdm(total=steps, unit="step", unit_scale=True, disable=not progress) as bar:
        try:
            for X, Y in run.rows(steps, u, which=layout.which(), progress=bar.update, **plan):
                if log is not None:
                    log.take(X, Y, target)
                    if log.ended:
                        break
                else:
                    target.write(X, Y)
        except Diverged as error:
            error.result = finish({})
            raise
        except KeyboardInterrupt:
            stopped = Interrupted(f"stopped after step {run.k}; what was computed is in error.result", run.k)
            stopped.result = finish(layout.memory(run.state))
            raise stopped from None
    if log is not None:
        log.warn_if_never()
    return finish(layout.memory(run.state))


def _inputs(system: System, inputs: Any, linear: bool = False) -> tuple[np.ndarray | None, Any]:
    """Inputs as (trial, time, input), and whether a trial dimension was given. Linear ones come with their increments."""
    own = getattr(system, "flow", system)
    wanted, name = own.input_size, type(own).__name__
    if isinstance(inputs, xr.Dataset):
        _check.fail("inputs", "a Dataset", "one variable of it", "Of a task pass task.inputs.", TypeError)
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
    if linear:
        if u.shape[-2] < 2:
            _check.fail("inputs", f"{u.shape[-2]} row", "at least 2 rows", "A straight line needs two ends.")
        u = np.concatenate([u[..., :-1, :], np.diff(u, axis=-2)], axis=-1)
    return (u[None], False) if u.ndim == 2 else (u, True)


def _steps(u: np.ndarray | None, steps: Any, duration: Any, dt: Any) -> int:
    """Length of the run in steps. Given inputs decide it; whatever else is given must agree."""
    asked = None if steps is None else _check.integer("steps", steps, 1)
    if duration is not None:
        exact = _units.steps("duration", _units.seconds("duration", duration), dt)
        if asked is not None and asked != exact:
            _check.fail("steps", asked, f"{exact}, which the duration says", "Pass one of them.")
        asked = exact
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


def _initial(system: System, x0: Any, trials: int, history: Any = None) -> tuple[np.ndarray, int]:
    """Initial states (trial, size) and the step at which the clock starts."""
    if isinstance(x0, xr.Dataset):
        if history is not None:
            _check.fail("history", "a function beside a result to continue", "none", "The result brings its own past.")
        return _last_state(system, x0), int(x0.attrs["step"])
    refuse_if_too_large(trials * system.size * system.dtype.itemsize)
    if isinstance(x0, xr.DataArray) and "time" in x0.dims:
        _check.fail("x0", "a DataArray over time", "one state, or a whole result", "Pass the Dataset, or x0=states[-1].")
    flow = getattr(system, "flow", system)
    if isinstance(x0, xr.DataArray) and "unit" in x0.coords:
        x0 = _in_order(flow, x0)
    start = _first(flow, history) if x0 is None else _check.array("x0", x0, ndim=(1, 2), dtype=system.dtype)
    start = _begin(system, start, history)
    if start.shape[-1] != system.size or not len(start):
        parts = ", ".join(f"{name} {s.stop - s.start}" for name, s in flow.slices.items())
        _check.fail("x0", f"shape {start.shape}", f"({flow.size},) or (trial, {flow.size}): {parts}")
    return np.broadcast_to(start, (trials, system.size)).astype(system.dtype), 0


def _clock_start(map_: System, inputs: Any, dt: float | None, start: int, x0: Any) -> int:
    """The step at which the clock starts: that of a run to be continued, or what labelled inputs say.

    Labels from 0 on say nothing: signals are made with them.
    """
    labelled = _units.first_step("the time of inputs", inputs, dt)
    if not labelled or labelled == start:
        return start
    unit, scale = _units.time_unit(map_), dt or 1.0
    got, remedy = f"rows from {labelled * scale:g} {unit} on", 'Shift the labels, or drop them: .drop_vars("time").'
    if isinstance(x0, xr.Dataset):
        _check.fail("inputs", got, f"{start * scale:g} {unit}, where the run to be continued stands", remedy)
    if isinstance(map_, Delayed):
        _check.fail("inputs", got, "0, where the past of a system with delays ends", remedy)
    return labelled


def _refuse_other_trials(inputs: Any, x0: Any) -> None:
    """Labelled trials of inputs and of a result to be continued must be the same, in the same order."""
    given = [np.atleast_1d(data["trial"].values).tolist() for data in (inputs, x0) if "trial" in getattr(data, "coords", ())]
    if isinstance(x0, xr.Dataset) and len(given) == 2 and given[0] != given[1]:
        wanted, got = (", ".join(map(str, labels[:5])) + ", …" * (len(labels) > 5) for labels in given)
        remedy = 'Select both alike, or drop the labels of one: .drop_vars("trial").'
        _check.fail("x0", f"a result of the trials {got}", f"{wanted}, as the inputs have", remedy)


def _first(flow: System, history: Any) -> np.ndarray:
    """Where a run starts unless told otherwise: a given past says it."""
    return flow.initial() if history is None else _check.array("history(0)", np.atleast_1d(history(0.0)), shape=(flow.size,))


def _begin(system: System, start: np.ndarray, history: Any) -> np.ndarray:
    return system.begin(start, history) if isinstance(system, Delayed) else system.begin(start)


def _in_order(system: System, x0: xr.DataArray) -> xr.DataArray:
    """A labelled state with its units in the order of the system's."""
    labels = [label for units in system.parts.values() for label in ([] if isinstance(units, int) else units)]
    given = x0["unit"].values.tolist()
    if not labels or given == labels:
        return x0
    if sorted(map(str, given)) != sorted(map(str, labels)):
        _check.fail("x0", f"units {', '.join(map(str, given))}", ", ".join(map(str, labels)))
    return x0.sel(unit=labels)


def _last_state(system: System, result: xr.Dataset) -> np.ndarray:
    """The final states of an earlier result, (trial, size)."""
    if "ended" in result.attrs:
        _check.fail("x0", "a result that a terminal event ended", "one that ran to its end", "Pass one of its states.")
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
    last = [result[name].isel(time=-1) if "time" in result[name].dims else result[name] for name in system.parts]
    rows = [np.atleast_2d(one.values) for one in last]
    out = np.concatenate(rows, axis=1).astype(system.dtype)
    if out.shape[1] != system.size:
        _check.fail("x0", f"a result with {out.shape[1]} state variables", f"{system.size}")
    return out


def _streams(run: Run, layout: Layout) -> dict[str, Any]:
    """Which of the saved random streams is each trial's: a selection of trials takes it along."""
    return {} if layout.lone or not run.system.noises else {_STREAM: (("trial",), np.arange(run.trials))}


def _continue_streams(run: Run, result: xr.Dataset) -> None:
    if not run.system.noises:
        return
    states = json.loads(result.attrs.get("rng_state", "[]"))
    which = np.atleast_1d(result[_STREAM].values) if _STREAM in result else np.arange(len(states))
    if len(which) != run.trials or len(set(which)) < len(which) or which.max() >= len(states):
        got = f"a result with random streams for {len(set(which))} trials"
        _check.fail("x0", got, f"streams for {run.trials}", "Continue trials of one result of the same system, each once.")
    for streams, k in zip(run.streams, which, strict=True):
        for stream, state in zip(streams, states[k], strict=True):
            stream.bit_generator.state = state


def _recorded(system: System, record: Any) -> tuple[tuple[str, ...], bool]:
    """Names of the parts to keep, and whether to keep the outputs."""
    rows = [name for name in system.parts if name not in system.internal]
    known = [*rows, *(["output"] if system.output_size else [])]
    if not isinstance(record, (str, list, tuple, type(None))):
        _check.fail("record", repr(record), f"names among {', '.join(known)}", error=TypeError)
    names = known if record is None else [record] if isinstance(record, str) else list(record)
    for name in names:
        _check.choice("record", name, known)
    return tuple(n for n in rows if n in names), "output" in names


def _write_initial(target: Any, layout: Layout, states: np.ndarray) -> None:
    """The state before the first step as a row; outputs are not defined there."""
    X = states[:, layout.which()].T[None]
    Y = np.full((1, layout.system.output_size if layout.outputs else 0, len(states)), np.nan)
    if target.buffers is not None:
        for buffer, rows in zip(target.buffers(1), (X, Y), strict=True):
            buffer[:] = rows.reshape(1, -1)
    target.write(X, Y)


def _provenance(system: System, layout: Layout, chosen: dict[str, Any], rng: Any) -> dict[str, Any]:
    attrs = {"class": type(system).__name__, "system": system.to_json(), "dtype": str(layout.system.dtype), "every": layout.every}
    attrs |= {"dynrnn": dynrnn.__version__, "numpy": np.__version__, "derivative": system.derivative}
    attrs |= {"dt": layout.dt, "units": _units.time_unit(layout.system)} if layout.timed else {}
    attrs |= chosen
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
