"""A first look at a system: how long and how finely to run it, and what to ask of the run. No figures here."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check, _units
from dynrnn._jit import kernel
from dynrnn._simulate import simulate
from dynrnn.analysis._local import Local, refuse_memory
from dynrnn.analysis._series import series
from dynrnn.analysis.fixed import fixed_points
from dynrnn.analysis.lyapunov import lyapunov_spectrum
from dynrnn.run import Diverged
from dynrnn.system import System

__all__ = ["Look", "Unknown"]

_SHORTEST = 20  # rows of which anything can be said
_FEWEST, _MOST, _NUMBERS = 1000, 100_000, 500_000  # steps of a run, and numbers in its states together
_FINE = 0.2  # step of a flow, by its fastest rate
_TRIES = 4  # to find that step
_STIFF = 20.0  # times faster than the rest: a linear part that is taken exactly
_TRANSIENT = 4  # the first of so many parts of the run
_AT_REST = 1e-4  # what is left of the spread of the run, once it is at rest
_PUSH = 0.5  # off a fixed point at which a run would begin
_EXPONENTS = 10
_SEARCHED = 300  # variables up to which fixed points are looked for
_OVER_TIME, _IN_SPACE, _SEGMENT = 20, 60, 50  # turns to show, and of a segment of the power spectrum


class Unknown(Exception):
    """Why something cannot be said, in words for a reader of the figure."""


class Look:
    """A system under inputs, its run, and what can be said about both; each computed when first asked for.

    Parameters are those of `portrait`. Inputs that vary are also held at their mean, where a question is about one instant.
    """

    def __init__(self, system: Any, inputs: Any, steps: Any, duration: Any, dt: Any, method: Any, x0: Any, rng: Any):
        if not isinstance(system, System):
            _check.fail("system", type(system).__name__, "a dynrnn System", error=TypeError)
        refuse_memory(system)
        given = [name for name, value in {"dt": dt, "method": method, "duration": duration}.items() if value is not None]
        if given and not system.is_flow:
            _check.fail(", ".join(given), "a value", "nothing for a map", "A map has steps: pass steps=…")
        if steps is not None and duration is not None:
            _check.fail("steps, duration", "both", "one of them, or neither")
        self.system, self.driven, rows = system, *_inputs(system, inputs)
        asked = None if steps is None else _check.integer("steps", steps, _SHORTEST, len(rows) if self.driven else None)
        self.held, self.method = rows.mean(axis=0), method
        self._seed = int(_check.generator(rng).integers(2**31))
        self.noisy = bool(system.noises) or (system.is_flow and system.stochastic)
        self.x0 = self._first() if x0 is None else _check.array("x0", x0, shape=(system.size,), dtype=system.dtype)
        self.dt = self._clock(inputs, dt) if system.is_flow else None
        if duration is not None and self.dt is not None:
            asked = _units.steps("duration", _units.seconds("duration", duration), self.dt)
            asked = _check.integer("steps in the duration", asked, _SHORTEST, len(rows) if self.driven else None)
        usual = len(rows) if self.driven else int(np.clip(_NUMBERS / system.size, _FEWEST, _MOST))
        self.steps = asked or usual
        self.rows = rows[: self.steps] if self.driven else np.broadcast_to(self.held, (self.steps, self.held.size))
        self.transient = self.steps // _TRANSIENT

    def why_not(self, question: str) -> str:
        """Why a question has no answer; nothing where it has one."""
        try:
            getattr(self, question)
        except Unknown as why:
            return str(why)
        return ""

    # ----------------------------------------------------------------------------------------------------- before

    def _first(self) -> np.ndarray:
        """Where a run begins: at the system's own state, pushed off where that is a fixed point."""
        x = self.system.initial()
        if self.noisy or np.abs(Local(self.system, self.held).residual(x)).max() > 1e-9:
            return x
        return (x + _PUSH * np.random.default_rng(self._seed).normal(size=x.size)).astype(self.system.dtype)

    def _clock(self, inputs: Any, dt: Any) -> float:
        """The time between rows: as given, that of labelled inputs, or one that suits the flow."""
        if dt is not None:
            _units.refuse_other_dt("inputs", inputs, _units.seconds("dt", dt))
            return _units.seconds("dt", dt)
        if not self.driven:
            return self._time_step()
        found = _units.sampling(inputs) if isinstance(inputs, xr.DataArray) else None
        if found is None:
            _check.fail("dt", "nothing", "the time between the rows of the inputs", "Pass dt=…")
        return found

    def _time_step(self) -> float:
        """A step that resolves the fastest rate seen along a short run."""
        if self.system.delays:
            return _tidy(min(self.system.delays) / 50)
        local = Local(self.system, self.held)
        linear = _linear(self.system)
        rate = _rate(local, self.x0)
        if linear is not None and self.method is None and _radius(linear) > _STIFF * _rate(local, self.x0, linear):
            self.method, rate = "etdrk4", _rate(local, self.x0, linear)
        else:
            linear = None
        for _ in range(_TRIES):
            dt = _tidy(_FINE / rate)
            try:
                run = self._simulate(np.broadcast_to(self.held, (200, self.held.size)), dt)
            except Diverged:
                rate *= 4
                continue
            rows = _states(self.system, run)[:: 20 if local.size <= 100 else 100]
            seen = max(_rate(local, x, linear) for x in rows)
            if seen <= 1.5 * rate:
                break
            rate = seen
        return dt

    def _simulate(self, rows: np.ndarray, dt: float | None, **options: Any) -> xr.Dataset:
        options |= {"inputs": rows} if rows.shape[1] else {"steps": len(rows)}
        options |= {"dt": dt, "method": self.method} if self.system.is_flow else {}
        parts = [name for name in self.system.parts if name not in self.system.internal]
        return simulate(self.system, x0=self.x0, rng=self._seed, record=parts, **options)

    # --------------------------------------------------------------------------------------------------- the run

    @cached_property
    def _ran(self) -> tuple[xr.Dataset, bool]:
        try:
            return self._simulate(self.rows, self.dt, include_initial=not self.system.delays), False
        except Diverged as error:
            if error.result is None or error.result.sizes["time"] < 3:
                raise
            return error.result, True

    @property
    def run(self) -> xr.Dataset:
        """From the first state on, up to where it diverges."""
        return self._ran[0]

    @property
    def diverges(self) -> bool:
        return self._ran[1]

    @cached_property
    def states(self) -> xr.DataArray:
        """The whole run ("time", "unit")."""
        return series("run", self.run)[0]

    @cached_property
    def at_rest(self) -> bool:
        """Whether nothing moves any more at the end."""
        X = self.states.values
        late = X[-max(2, len(X) // 4) :]
        return not self.diverges and bool(np.ptp(late, axis=0).max() <= _AT_REST * max(np.ptp(X, axis=0).max(), 1e-12))

    @cached_property
    def rows_shown(self) -> slice:
        """The rows to show in the state space: behind the transient, unless there is nothing else to see."""
        if self.at_rest or self.diverges:
            return slice(0, 20_000)
        return slice(self.transient, self.transient + int(np.clip(_IN_SPACE * self.turn, 2000, 20_000)))

    @property
    def shown(self) -> xr.Dataset:
        """The run in these rows."""
        return self.run.isel(time=self.rows_shown)

    @property
    def early(self) -> xr.Dataset:
        """The run from the first state on, as long."""
        return self.run.isel(time=slice(self.rows_shown.stop - self.rows_shown.start))

    @cached_property
    def moving(self) -> xr.DataArray:
        """The states behind the transient, where they still move."""
        if self.diverges or self.at_rest:
            raise Unknown("the run diverges" if self.diverges else "the system comes to rest")
        return self.states[self.transient :]

    @cached_property
    def turn(self) -> float:
        """Rows of a typical turn of the slowest variable: by the mean frequency of its power spectrum."""
        X = self.moving.values - self.moving.values.mean(axis=0)
        power = np.abs(np.fft.rfft(X * np.hanning(len(X))[:, None], axis=0)) ** 2
        moves = power.sum(axis=0) > 0
        return float(1 / (np.fft.rfftfreq(len(X)) @ power[:, moves] / power[:, moves].sum(axis=0)).min())

    @property
    def segment(self) -> int:
        """Rows of a segment of a power spectrum that resolves such turns."""
        rows = len(self.moving)
        return int(min(rows, np.clip(_SEGMENT * self.turn, 256, max(256, rows // 4))))

    @cached_property
    def window(self) -> slice:
        """The rows to show over time: the way to rest, or some turns behind the transient."""
        X = self.states.values
        if self.diverges:
            return slice(None)
        if self.at_rest:
            far = np.abs(X - X[-1]).max(axis=1)
            arrived = int(np.flatnonzero(far >= 0.01 * far.max())[-1])
            return slice(0, max(30, 3 * arrived // 2))
        return slice(self.transient, self.transient + max(60, int(_OVER_TIME * self.turn)))

    # ------------------------------------------------------------------------------------------------- questions

    @cached_property
    def points(self) -> xr.Dataset:
        """Fixed points with the inputs held at their mean, searched from the run and around it."""
        system = self.system
        if system.size > _SEARCHED:
            raise Unknown(f"not looked for among {system.size} variables")
        count = int(np.clip(3e7 / system.size**3, 8, 128))
        stream = np.random.default_rng(self._seed)
        center = system.initial().astype(float)
        width = max(1.0, float(np.abs(center).max())) * 10 ** stream.uniform(-1, 1, (count, 1))
        starts = center + width * stream.normal(size=(count, system.size))
        if not self.diverges:  # where the run is, and around it
            X = _states(system, self.run)
            wide = X.mean(axis=0) + 2 * X.std(axis=0) * stream.normal(size=starts.shape)
            starts = np.concatenate([X[stream.integers(0, len(X), count)], wide, starts])
        try:
            found = fixed_points(system, inputs=self.held, candidates=starts, rng=self._seed)
        except ValueError as error:  # a system that cannot rest, and the reason
            raise Unknown(f"not looked for: {str(error).removeprefix('system: got ').partition(', wanted')[0]}") from None
        found = found.isel(point=np.isin(found["kind"], ["not converged", "slow"], invert=True))
        if not found.sizes["point"]:
            raise Unknown(f"none found from {len(starts)} starts")
        return found

    @cached_property
    def exponents(self) -> xr.Dataset:
        """The leading Lyapunov exponents of the run, without warnings: they are in the attrs."""
        system = self.system
        if self.noisy or self.diverges:
            raise Unknown("the system has noise" if self.noisy else "the run diverges")
        options: dict[str, Any] = {"steps": self.steps, "transient": self.transient, "x0": self.x0}
        options |= {"dt": self.dt, "method": self.method} if system.is_flow else {}
        options |= {"inputs": self.rows} if system.input_size else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = lyapunov_spectrum(system, 5 if system.delays else min(system.size, _EXPONENTS), rng=self._seed, **options)
            except ArithmeticError:
                raise Unknown("tangent vectors do not stay finite") from None
        if not np.isfinite(found["exponent"]).any():
            raise Unknown("all are minus infinity: a change of the state is forgotten in one step")
        return found


def _inputs(system: System, given: Any) -> tuple[bool, np.ndarray]:
    """Whether inputs vary, and their rows (time, input); a single row where they are held."""
    n, name = system.input_size, type(system).__name__
    if given is None:
        return False, np.zeros((1, n), system.dtype)
    if not n:
        _check.fail("inputs", "a value", f"nothing, as {name} has no inputs")
    if isinstance(given, xr.DataArray) and "time" in given.dims:
        given = given.transpose("time", ...)
    u = _check.array("inputs", given, ndim=(0, 1, 2), dtype=system.dtype)
    if u.shape == (n,) or (u.ndim == 0 and n == 1):
        return False, u.reshape(1, n)
    u = u[:, None] if u.ndim == 1 and n == 1 else u
    if u.ndim != 2 or u.shape[1] != n:
        wanted = f"({n},) to be held, or (time, {n}), as {name} has {n} input(s)"
        remedy = "The axes look swapped: time comes before input. Pass inputs.T" if u.ndim == 2 and u.shape[0] == n else ""
        _check.fail("inputs", f"shape {u.shape}", wanted, remedy)
    if len(u) < _SHORTEST:
        _check.fail("inputs", f"{len(u)} rows", f"at least {_SHORTEST}, or ({n},) to be held")
    return True, u


def _linear(flow: System) -> np.ndarray | None:
    """The linear part of a drift, where exponential methods can take it exactly."""
    if flow.linear is None or kernel(type(flow), "remainder") is None:
        return None
    return np.diag(flow.linear) if np.ndim(flow.linear) == 1 else np.asarray(flow.linear)


def _states(system: System, run: xr.Dataset) -> np.ndarray:
    """The rows of a run (row, size), with zeros for parts that are not recorded."""
    X = np.zeros((run.sizes["time"], system.size))
    for name, place in system.slices.items():
        if name in run and "time" in run[name].dims:
            X[:, place] = run[name].transpose("time", ...).values.reshape(len(X), -1)
    return X[np.isfinite(X).all(axis=1)]


def _rate(local: Local, x: np.ndarray, linear: np.ndarray | None = None) -> float:
    """How fast a flow can change at x, without its linear part where that is given: its largest absolute eigenvalue, or its
    speed by its size; 1 where both are zero."""
    J = local.jacobian(x) if linear is None else local.jacobian(x) - linear
    speed = np.linalg.norm(local.residual(x)) / max(1.0, float(np.linalg.norm(x)))
    rate = max(_radius(J), float(speed))
    return rate if np.isfinite(rate) and rate > 0 else 1.0


def _radius(J: np.ndarray) -> float:
    """The spectral radius; of a large matrix by its powers."""
    if not np.isfinite(J).all():
        return np.nan
    if len(J) <= 200:
        return float(np.abs(np.linalg.eigvals(J)).max())
    v, growth = np.random.default_rng(0).normal(size=len(J)), np.empty(60)
    for k in range(growth.size):
        v = J @ (v / max(float(np.linalg.norm(v)), 1e-300))
        growth[k] = np.linalg.norm(v)
    return float(np.exp(np.log(np.maximum(growth[20:], 1e-300)).mean()))


def _tidy(dt: float) -> float:
    """The next number below with one digit that is 1, 2 or 5."""
    power = 10.0 ** np.floor(np.log10(dt))
    lead = dt / power * (1 + 1e-9)
    return float(f"{(5 if lead >= 5 else 2 if lead >= 2 else 1) * power:.1g}")
