"""Orbit diagrams: what a system settles to, seen at each value of a parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from tqdm.auto import tqdm

import dynrnn
from dynrnn import _check, _units
from dynrnn.analysis._parameter import Parameter
from dynrnn.analysis._states import position, variables
from dynrnn.integrate import Event, Watched, sampled
from dynrnn.run import Diverged, Interrupted, Run
from dynrnn.system import System

__all__ = ["orbit_diagram"]

_CHUNK = 10_000  # steps at once
_SAME, _ALIKE = 1e-6, 1e-3  # times the largest: values of a map, and what is interpolated between rows of a flow, that repeat


def orbit_diagram(
    system: System,
    parameter: str,
    values: Any,
    *,
    transient: Any,
    rows: int = 100,
    duration: Any = None,
    observe: Any = 0,
    section: Any = None,
    x0: Any = None,
    follow: bool = True,
    inputs: Any = None,
    dt: Any = None,
    method: Any = None,
    rng: Any = None,
    progress: bool = False,
) -> xr.Dataset:
    """Run a system at each value of a parameter, let it settle, and keep some of what is then seen of it.

    Of a map every step is seen. Of a flow, what `section` says: the local maxima of what is observed (by the parabola through
    three rows), its crossings of a surface (Poincaré), or one moment of each period of a drive (stroboscope).

    Parameters
    ----------
    system : a map or a flow.
    parameter : its address, as for `continuation`: "r", "theta[0]", "W" (a gain), "input[0]".
    values : (parameter,), in the order in which they are visited.
    transient : what is not seen: steps of a map, seconds of a flow or text like "2 s".
    rows : how much is kept at each value, at most.
    duration : of a flow: how long it is watched, s.
    observe : number or label of a state variable, or a function of states (row, size) that gives (row,).
    section : of a flow: None for maxima; a `Crossing` or another `Event`; or the period of a stroboscope, in seconds or text.
    x0 : where the first run starts; the initial state by default.
    follow : whether each run starts where the one before it ended, which shows hysteresis; else all start at x0. The clock
        starts at 0 each time, and the past of a flow with delays is constant.
    inputs : (input,), held; zeros by default.
    dt, method : of a flow, as for `simulate`.
    rng : seed or Generator for the noise of the system; value k has stream k.
    progress : show a progress bar.

    Returns
    -------
    Dataset over ("parameter", "row") with `orbit`, NaN where there was less to see. A flow at rest has no maxima: its value is
    then the only one. `period` is the number of rows after which all that was kept repeats, to 1e-6 of the largest in the
    diagram (1e-3 for a flow); 0 where it does not within half of them. Where a run diverges its rows are NaN, and the next one
    starts at x0.

    Raises
    ------
    ValueError, TypeError : arguments that do not fit, before any work.
    Interrupted : Ctrl-C; the values before are in ``error.result``.

    >>> from dynrnn import Logistic
    >>> from dynrnn.analysis import orbit_diagram
    >>> diagram = orbit_diagram(Logistic(), "r", [2.0, 3.2, 3.5], transient=1000, rows=16)
    >>> diagram.period.values, diagram.orbit[0].values[:2]
    (array([1, 2, 4]), array([0.5, 0.5]))
    """
    if not isinstance(system, System):
        _check.fail("system", type(system).__name__, "a dynrnn System", error=TypeError)
    address, values = Parameter(system, parameter, inputs), _check.array("values", values, ndim=1)
    if not values.size:
        _check.fail("values", "none", "at least one value of the parameter")
    for extreme in (values.min(), values.max()):  # what the system refuses it refuses now
        address.at(extreme)
    rows, follow = _check.integer("rows", rows, 1), _check.boolean("follow", follow)
    seen = _Seen(system, observe)
    watch = _watch(system, transient, rows, duration, section, dt, method)
    start = system.begin(_check.array("x0", system.initial() if x0 is None else x0, ndim=1, dtype=system.dtype))
    if start.shape != (system.size,):
        _check.fail("x0", f"shape {start.shape}", f"({system.size},)")
    streams = _check.generator(rng).spawn(len(values))
    orbit, x = np.full((len(values), rows), np.nan), start
    done = 0
    with tqdm(total=len(values), unit="value", disable=not progress) as bar:
        try:
            for k, value in enumerate(values):
                at, held = address.at(value)
                try:
                    found, x = watch.look(at, held, x if follow else start, seen, streams[k])
                    orbit[k, : min(rows, len(found))] = found[:rows]
                except Diverged:
                    x = start
                done = k + 1
                bar.update()
        except KeyboardInterrupt:
            stopped = Interrupted(f"stopped after {done} of {len(values)} values; they are in error.result", done)
            stopped.result = _labelled(address, values[:done], orbit[:done], seen, watch)
            raise stopped from None
    return _labelled(address, values, orbit, seen, watch)


class _Seen:
    """The observed quantity: a state variable by label or number, or a function of states."""

    def __init__(self, system: System, observe: Any):
        self.function: Callable | None = observe if callable(observe) else None
        if self.function is not None:
            self.name = getattr(observe, "__name__", "observed")
            return
        names = variables(system)
        self.index = position("observe", observe, names)
        self.name = names[self.index]

    def __call__(self, states: np.ndarray) -> np.ndarray:
        if self.function is None:
            return states[:, self.index]
        return _check.array("observe", self.function(states), shape=(len(states),), finite=False)


class _Watch(NamedTuple):
    """How long a run is, in steps, and what of it is kept: every `section`-th step, events, or maxima (None)."""

    transient: int
    steps: int
    section: int | Event | None = 1
    dt: float | None = None
    method: Any = None

    def look(self, system: System, inputs: np.ndarray, x: np.ndarray, seen: _Seen, rng: Any) -> tuple[np.ndarray, np.ndarray]:
        """What is seen of one run, and the last state."""
        map_: Any = system
        if self.dt is not None:
            map_ = sampled(system, self.method, self.dt)[0]
            x = map_.begin(x)
        watched = Watched(map_, [self.section]) if isinstance(self.section, Event) else None
        total = self.transient + self.steps
        run = Run(watched or map_, x[None], [rng], dt=self.dt or 1.0)
        fed = np.broadcast_to(inputs, (1, total, system.input_size)).astype(system.dtype) if system.input_size else None
        washout = 0 if watched else self.transient
        parts = list(run.rows(total, fed, outputs=watched is not None, washout=washout, chunk=_CHUNK))
        last = run.state[0, : system.size]  # without the memory of a method
        if watched is not None:
            found = watched.occurrences(np.concatenate([Y for _, Y in parts]))
            late = found[0][:, 0] >= self.transient
            return seen(found[1][late, 1:]), last
        y = seen(np.concatenate([X[:, : system.size, 0] for X, _ in parts]))
        if not isinstance(self.section, int):
            return _maxima(y), last
        first = -(self.transient + 1) % self.section
        return y[first :: self.section], last


def _watch(system: System, transient: Any, rows: int, duration: Any, section: Any, dt: Any, method: Any) -> _Watch:
    """The plan of the runs."""
    if not system.is_flow:
        given = {"duration": duration, "section": section, "dt": dt, "method": method}
        for name in (name for name, value in given.items() if value is not None):
            _check.fail(name, "a value", "nothing for a map", "A map has steps: pass transient=… and rows=….")
        return _Watch(_check.integer("transient", transient, 0), rows)
    if duration is None:
        _check.fail("duration", "nothing", "how long the flow is watched, in seconds", "Pass duration=….")
    sampled(system, method, None if dt is None else _units.seconds("dt", dt))
    dt = _units.seconds("dt", dt)
    before = round(_units.seconds("transient", transient, zero=True) / dt)
    steps = _units.steps("duration", _units.seconds("duration", duration), dt)
    if section is not None and not isinstance(section, Event):
        section = _units.steps("section", _units.seconds("section", section), dt)
    return _Watch(before, steps, section, dt, method)


def _maxima(y: np.ndarray) -> np.ndarray:
    """Local maxima by the parabola through three rows; the value where nothing moves."""
    before, here, after = y[:-2], y[1:-1], y[2:]
    bend = before - 2 * here + after
    top = (here > before) & (here >= after)
    top &= -bend > 1e-12 * np.abs(y).max(initial=1e-300)  # else rounding
    if not top.any():
        moved = np.ptp(y) > _SAME * np.abs(y).max(initial=1e-300)
        return y[:0] if moved else y[-1:]
    return here[top] - (after - before)[top] ** 2 / (8 * bend[top])


def _period(y: np.ndarray, near: float) -> int:
    """The number of values after which they repeat, that near; 0 where they do not within half of them."""
    y = y[np.isfinite(y)]
    if y.size == 1:
        return 1
    return next((n for n in range(1, y.size // 2 + 1) if (np.abs(y[n:] - y[:-n]) <= near).all()), 0)


def _labelled(address: Parameter, values: np.ndarray, orbit: np.ndarray, seen: _Seen, watch: _Watch) -> xr.Dataset:
    system = address.system
    attrs: dict[str, Any] = {"class": type(system).__name__, "system": system.to_json(), "dynrnn": dynrnn.__version__}
    near = (_SAME if watch.dt is None else _ALIKE) * np.abs(orbit[np.isfinite(orbit)]).max(initial=1e-300)
    attrs |= {"parameter": address.address, "transient": watch.transient * (watch.dt or 1)}
    attrs |= {} if watch.dt is None else {"dt": watch.dt, "duration": watch.steps * watch.dt, "section": _described(watch)}
    return xr.Dataset(
        {
            "orbit": (("parameter", "row"), orbit, {"long_name": seen.name}),
            "period": ("parameter", np.array([_period(y, near) for y in orbit], int)),
        },
        {"parameter": ("parameter", values, {"long_name": address.address})},
        attrs,
    )


def _described(watch: _Watch) -> str:
    if isinstance(watch.section, int):
        return f"every {watch.section * (watch.dt or 1):g}"
    return "local maxima" if watch.section is None else repr(watch.section)
