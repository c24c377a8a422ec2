"""Time and frequency as users write them: numbers in SI, text such as "20 ms", timedeltas, and time axes with a unit."""

from __future__ import annotations

import datetime
import difflib
import re
from decimal import Decimal
from typing import Any

import numpy as np

from dynrnn import _check

__all__ = ["first_step", "hertz", "innermost", "refuse_other_dt", "sampling", "seconds", "steps", "time_unit", "times"]

_QUANTITIES = {
    "s": "time",
    "Hz": "frequency",
    "V": "voltage",
    "A": "current",
    "C": "charge",
    "F": "capacitance",
    "S": "conductance",
    "ohm": "resistance",
    "Ω": "resistance",
    "m": "length",
    "g": "mass",
    "J": "energy",
    "W": "power",
    "K": "temperature",
}
_PREFIXES = {"": 0, "f": -15, "p": -12, "n": -9, "u": -6, "µ": -6, "μ": -6, "m": -3, "k": 3, "M": 6, "G": 9}  # both micro signs
_SPELLED = {"second": "1", "sec": "1", "millisecond": "1e-3", "microsecond": "1e-6", "nanosecond": "1e-9"}
_SPELLED |= {"min": "60", "minute": "60", "h": "3600", "hour": "3600", "d": "86400", "day": "86400"}
UNITS = {p + unit: (quantity, Decimal(10) ** power) for unit, quantity in _QUANTITIES.items() for p, power in _PREFIXES.items()}
UNITS |= {unit + s: ("time", Decimal(scale)) for unit, scale in _SPELLED.items() for s in ("", "s") if len(unit) > 1 or not s}
"""What every unit measures, and how many SI units it is."""

_EXAMPLES = {"time": ("20 ms", "seconds"), "frequency": ("10 Hz", "hertz")}
_TEXT = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S*)\s*")
_OWN_CLOCK = (None, "", "1", "time unit")  # what a model without a unit of time counts in


def seconds(name: str, given: Any, *, zero: bool = False) -> float:
    """A time > 0 (or >= 0) in seconds from a number of seconds, text, or a timedelta of Python, NumPy or pandas.

    >>> seconds("dt", "20 ms"), seconds("dt", "2 min"), seconds("dt", 0.5), seconds("dt", np.timedelta64(3, "us"))
    (0.02, 120.0, 0.5, 3e-06)
    """
    given = given.to_timedelta64() if hasattr(given, "to_timedelta64") else given
    if isinstance(given, datetime.timedelta):
        given = given.total_seconds()
    elif np.ndim(given) == 0 and getattr(given, "dtype", np.dtype(float)).kind == "m":
        given = _elapsed(name, np.asarray(given))
    return _quantity(name, given, "time", zero)


def hertz(name: str, given: Any, *, zero: bool = False) -> float:
    """A frequency or rate > 0 (or >= 0) in hertz from a number of hertz or text.

    >>> hertz("rate", "1 kHz"), hertz("rate", 5)
    (1000.0, 5.0)
    """
    return _quantity(name, given, "frequency", zero)


def _quantity(name: str, given: Any, quantity: str, zero: bool) -> float:
    example, base = _EXAMPLES[quantity]
    if isinstance(given, str):
        given = _read(name, given, quantity)
    return _check.real(name, given, 0.0, open_low=not zero, remedy=f'Give a number of {base}, or text such as "{example}".')


def _read(name: str, text: str, quantity: str) -> float:
    """The SI number in `text`. Decimals are exact: "9 ms" is the same float as 0.009, which 9 * 0.001 is not."""
    example, base = _EXAMPLES[quantity]
    wanted, matched = f'a {quantity} such as "{example}"', _TEXT.fullmatch(text)
    if matched is None:
        _check.fail(name, repr(text), wanted)
    number, unit = matched.groups()
    if not unit:
        _check.fail(name, f"{text!r}, which has no unit", wanted, f"A number that is not text counts {base}.")
    return float(Decimal(number) * _scale(name, repr(text), unit, quantity, wanted))


def _scale(name: str, got: str, unit: str, quantity: str, wanted: str, remedy: str = "") -> Decimal:
    """How many SI units `unit` is, where it measures `quantity`."""
    known = [other for other, (measured, _) in UNITS.items() if measured == quantity]
    measured, scale = UNITS.get(unit, ("", Decimal(1)))
    if not measured:
        near = [other for other in known if other.lower() == unit.lower()] or difflib.get_close_matches(unit, known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else ""
        _check.fail(name, f"{got} with the unknown unit {unit!r}", wanted, f"{hint} {remedy}".strip())
    if measured != quantity:
        _check.fail(name, f"{got}, which is a {measured}", wanted, remedy)
    return scale


def _elapsed(name: str, values: np.ndarray) -> Any:
    """Timedeltas in seconds."""
    if np.datetime_data(values.dtype)[0] in ("generic", "Y", "M"):
        _check.fail(name, f"{values.dtype}", "a timedelta of fixed length", "Give days or smaller units.")
    return values / np.timedelta64(1, "s")


# ------------------------------------------------------------------------------------------------------------ clocks


def time_unit(system: Any) -> str:
    """What time counts in: "steps"; for a flow or a map with a dt "s", or what the model within says (`time_unit`)."""
    if getattr(system, "dt", None) is None and not system.is_flow:
        return "steps"
    return getattr(innermost(system), "time_unit", "s")


def innermost(system: Any) -> Any:
    """The system within all wrappers."""
    while hasattr(system, "wraps"):
        system = system.inner
    return system


def steps(name: str, duration: float, dt: float) -> int:
    """How many steps of `dt` make up `duration`, both in seconds. Apart from rounding errors it must be a whole number."""
    exact = duration / dt
    if round(exact) < 1 or abs(exact - round(exact)) > 1e-6 + 1e-12 * exact:
        _check.fail(name, f"{duration:g} s", f"a multiple of dt = {dt:g} s", "Change dt or the duration.")
    return round(exact)


def times(name: str, axis: Any) -> np.ndarray | None:
    """The times of rows in seconds from their labelled axis, or None where it counts steps. They must increase.

    Dates count from the first; a number without a unit is in seconds, or in whatever unit the model has.
    """
    values, unit = np.asarray(axis.values), axis.attrs.get("units")
    if values.dtype.kind == "M":
        values = values - values[:1]
    if values.dtype.kind == "m":
        values = _elapsed(name, values)
    elif str(unit).lower() in ("step", "steps"):
        return None
    elif unit not in _OWN_CLOCK:
        remedy = 'Correct its attrs, or drop the axis: .drop_vars("time").'
        values = values * float(_scale(name, f"an axis in {unit!r}", str(unit), "time", "a unit of time", remedy))
    values = _check.array(name, values, ndim=1)
    if (np.diff(values) <= 0).any():
        row = int(np.argmax(np.diff(values) <= 0)) + 1
        _check.fail(name, f"{values[row]:g} after {values[row - 1]:g} in row {row}", "times that increase", "Sort the rows.")
    return values


def sampling(inputs: Any) -> float | None:
    """The time in seconds from row to row of labelled inputs; None where labels do not tell. Uneven rows are refused.

    For numbers without labels, an axis that counts steps and a single row there is nothing to tell.
    """
    clock = times("the time of inputs", inputs["time"]) if "time" in getattr(inputs, "coords", ()) else None
    if clock is None or clock.size < 2:
        return None
    dt = (clock[-1] - clock[0]) / (clock.size - 1)
    late = np.abs(clock - clock[0] - dt * np.arange(clock.size))
    if late.max() > 1e-2 * dt:  # far above the rounding of a clock in single precision, far below a missing row
        gaps = np.diff(clock)
        got = f"rows from {gaps.min():g} s to {gaps.max():g} s apart"
        _check.fail("the time of inputs", got, "evenly spaced rows", "Bring them on a clock: dynrnn.inputs.resample(inputs, dt).")
    return float(dt)


def first_step(name: str, data: Any, dt: float | None) -> int | None:
    """The step at which labelled rows begin, on a clock of step `dt`, or of a map without one (None).

    None where labels say nothing: there are none, they are dates or, for a map without dt, no steps.
    """
    if "time" not in getattr(data, "coords", ()):
        return None
    axis = data["time"]
    counted = str(axis.attrs.get("units")).lower() in ("step", "steps")
    if axis.dtype.kind == "M" or axis.ndim != 1 or not axis.size or (dt is None and not counted):
        return None
    clock = None if counted else times(name, axis)
    dt, unit = (1.0, "steps") if clock is None or dt is None else (dt, "s")
    first = float((axis.values if clock is None else clock)[0])
    exact = first / dt
    if abs(exact - round(exact)) > 1e-2 + 1e-6 * abs(exact):  # beyond the rounding of a clock in single precision
        remedy = 'A row holds from its time on. Shift the labels, or drop them: .drop_vars("time").'
        _check.fail(name, f"rows from {first:g} {unit} on", f"rows from a multiple of dt = {dt:g} {unit} on", remedy)
    return round(exact)


def refuse_other_dt(name: str, data: Any, dt: float) -> None:
    """Refuse labelled rows that are not `dt` apart: nothing is resampled unless somebody asks for it."""
    sampled = sampling(data)
    if sampled is not None and abs(sampled - dt) > 1e-6 * dt:
        remedy = f"Resample: dynrnn.inputs.resample({name}, {dt:g}), or change dt."
        _check.fail(name, f"rows every {sampled:g} s", f"rows every dt = {dt:g} s", remedy)
