"""Time stamps of a series: found regular, then continued."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NoReturn

import numpy as np

from dynrnn import _check

_KINDS = {"i": "number", "u": "number", "f": "number", "M": "datetime", "m": "duration"}
_NANOSECONDS = {"datetime": "datetime64[ns]", "duration": "timedelta64[ns]"}
_REGULAR = 1e-6  # how far a stamp may be off its place, as a share of the step: stamps computed as k·dt carry rounding
_GAP = "Fill the gaps and interpolate, or pass the pieces without gaps as a list of series."


@dataclass(frozen=True)
class Clock:
    """Where a regular series stands in time, and how it goes on.

    `kind` is "row" (no stamps: rows count from 0), "number", "datetime" or "duration"; `last` the last stamp; `step` the
    constant distance (None after a single stamp), counted in what `calendar` names where days and months decide: "months",
    "month ends" or "business days". Datetimes and durations are held in nanoseconds: all fields are plain numbers and text.

    >>> Clock.of("y", np.array(["2001-01", "2001-02", "2001-03"], "datetime64[M]"), 3).following(2)
    array(['2001-04-01T00:00:00.000000000', '2001-05-01T00:00:00.000000000'],
          dtype='datetime64[ns]')
    """

    kind: str
    last: Any
    step: Any
    calendar: str | None = None

    @classmethod
    def of(cls, name: str, stamps: np.ndarray | None, rows: int) -> Clock:
        """The clock of `rows` rows with these stamps (row,), or without stamps."""
        if stamps is None:
            return cls("row", rows - 1, 1)
        kind, ticks = _ticks(name, stamps)
        steps = np.diff(ticks)
        if (steps <= 0).any():
            k = int(np.argmax(steps <= 0))
            got = f"{stamps[k + 1]} in row {k + 1} after {stamps[k]}"
            _check.fail(f"time stamps of {name}", got, "stamps that increase", "Sort the rows by time and drop duplicates.")
        if not steps.size:
            return cls(kind, ticks[-1].item(), None)
        real = ticks.dtype.kind == "f"
        step = ((ticks[-1] - ticks[0]) / steps.size if real else steps[0]).item()
        if np.abs(ticks - ticks[0] - step * np.arange(ticks.size)).max() <= (_REGULAR * step if real else 0):
            return cls(kind, ticks[-1].item(), step)
        found = _calendar(ticks) if kind == "datetime" else None
        if found is not None:
            return cls(kind, ticks[-1].item(), *found)
        _irregular(name, stamps, steps)

    def following(self, rows: int) -> np.ndarray:
        """The next stamps (row,)."""
        if self.step is None:
            _check.fail("time stamps", "a single stamp", "at least two", "One stamp does not say when the next one is due.")
        if self.calendar is not None:
            return _dates_after(self.last, self.step * np.arange(1, rows + 1), self.calendar)
        ticks = self.last + self.step * np.arange(1, rows + 1)
        return ticks.astype(_NANOSECONDS[self.kind]) if self.kind in _NANOSECONDS else ticks

    def advanced(self, rows: int) -> Clock:
        """The clock `rows` rows later."""
        last = self.following(rows)[-1]
        return Clock(self.kind, (last.astype(np.int64) if self.kind in _NANOSECONDS else last).item(), self.step, self.calendar)

    def expect(self, name: str, stamps: np.ndarray | None, rows: int) -> None:
        """Refuse stamps of new rows that are not the next ones. Where there are none, here or there, nothing can be said."""
        if stamps is None or self.kind == "row":
            return
        kind, got = _ticks(name, stamps)
        if kind != self.kind:
            _check.fail(f"time stamps of {name}", f"{kind} stamps", f"{self.kind} stamps, as in fit")
        wanted = self.following(rows)
        off = np.abs(got - _as_ticks(wanted)) > (_REGULAR * self.step if kind == "number" else 0)
        if off.any():
            k = int(np.argmax(off))
            _check.fail(f"time stamps of {name}", f"{stamps[k]} in row {k}", f"{wanted[k]}, the next one due", _GAP)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def same_stamps(name: str, stamps: np.ndarray | None, other: str, others: np.ndarray | None) -> None:
    """Refuse two labelled frames whose rows are not the same moments."""
    if stamps is None or others is None:
        return
    (kind, a), (other_kind, b) = _ticks(name, stamps), _ticks(other, others)
    if kind != other_kind or not np.allclose(a, b, rtol=1e-12, atol=0):
        k = int(np.argmax(a != b)) if kind == other_kind else 0
        _check.fail(f"time stamps of {name}", f"{stamps[k]} in row {k}", f"{others[k]}, as {other} has", "Align the two first.")


def _ticks(name: str, stamps: np.ndarray) -> tuple[str, np.ndarray]:
    """The kind of the stamps, and the stamps as numbers. Text is read as ISO dates."""
    if stamps.dtype.kind in "OUT":
        try:
            stamps = np.array(list(stamps), "datetime64[ns]")
        except (TypeError, ValueError):
            remedy = "Convert them first, for example with pandas.to_datetime."
            _check.fail(f"time stamps of {name}", f"{stamps[0]!r}", "numbers, datetimes or ISO dates", remedy, TypeError)
    if stamps.dtype.kind not in _KINDS:
        _check.fail(f"time stamps of {name}", f"{stamps.dtype} values", "numbers, datetimes or ISO dates", error=TypeError)
    bad = np.isnat(stamps) if stamps.dtype.kind in "mM" else ~np.isfinite(stamps)
    if bad.any():
        _check.fail(f"time stamps of {name}", f"{stamps[bad][0]} in row {int(np.argmax(bad))}", "a stamp in every row")
    return _KINDS[stamps.dtype.kind], _as_ticks(stamps)


def _as_ticks(stamps: np.ndarray) -> np.ndarray:
    if stamps.dtype.kind in "mM":
        return stamps.astype(f"{stamps.dtype.kind}8[ns]").astype(np.int64)
    return stamps if stamps.dtype.kind == "f" else stamps.astype(np.int64)


def _calendar(ticks: np.ndarray) -> tuple[int, str] | None:
    """Step and unit of stamps whose distance in time is not constant, or None where no calendar explains them."""
    dates = ticks.astype("datetime64[ns]")
    days, months = dates.astype("datetime64[D]"), dates.astype("datetime64[M]")
    strides = np.diff(months).astype(np.int64)
    if np.ptp(strides) == 0 and strides[0] > 0:
        if np.ptp(dates - months) == 0:
            return int(strides[0]), "months"
        if np.ptp(dates - days) == 0 and ((days + 1).astype("datetime64[M]") > months).all():
            return int(strides[0]), "month ends"
    if np.is_busday(days).all() and (np.busday_offset(days[:-1], 1) == days[1:]).all() and np.ptp(dates - days) == 0:
        return 1, "business days"
    return None


def _dates_after(last: int, steps: np.ndarray, calendar: str) -> np.ndarray:
    """The dates so many months, month ends or business days after `last`, at the same time of day."""
    date = np.datetime64(last, "ns")
    day, month = date.astype("datetime64[D]"), date.astype("datetime64[M]")
    if calendar == "months":
        return (month + steps).astype("datetime64[ns]") + (date - month)
    days = (month + steps + 1).astype("datetime64[D]") - 1 if calendar == "month ends" else np.busday_offset(day, steps)
    return days.astype("datetime64[ns]") + (date - day)


def _irregular(name: str, stamps: np.ndarray, steps: np.ndarray) -> NoReturn:
    usual = np.median(steps).astype(steps.dtype)
    k = int(np.argmax(np.abs(steps - usual)))
    got, wanted = stamps[k + 1] - stamps[k] if stamps.dtype.kind not in "OUT" else "another step", "the same step everywhere"
    if stamps.dtype.kind == "M":
        got, wanted = f"{_days(steps[k])} days", f"a regular calendar, such as {_days(usual)} days everywhere"
    _check.fail(f"time stamps of {name}", f"a step of {got} after {stamps[k]} (row {k})", wanted, _GAP)


def _days(nanoseconds: np.integer) -> str:
    return f"{nanoseconds / 86_400e9:g}"
