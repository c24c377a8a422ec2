"""Series as users hold them (arrays, pandas, xarray, many of them) as plain rows with a clock, and labels for what goes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn._dates import storable
from dynrnn.forecast._clock import Clock, same_stamps

_FILL = "A reservoir needs every row: interpolate NaN and infinity first, or pass the pieces between the gaps as a list."
_AXES = "Axis 0 is time, axis 1 the feature."


@dataclass(frozen=True)
class Frame:
    """One series: `values` (time, feature), its stamps or None, and how it was labelled."""

    values: np.ndarray
    stamps: np.ndarray | None = None
    flat: bool = True
    features: tuple[Any, ...] | None = None
    attrs: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def width(self) -> int:
        return self.values.shape[1]

    def clock(self, name: str) -> Clock:
        return Clock.of(name, self.stamps, len(self))


def read(name: str, value: Any) -> Frame:
    """One series, (time,) or (time, feature): an array, a pandas Series or DataFrame, or a DataArray with a time dimension."""
    if hasattr(value, "data_vars"):
        remedy = f"Pass for example {name}['{next(iter(value.data_vars), 'name')}']."
        _check.fail(name, "a Dataset", "one variable of it", remedy, TypeError)
    if hasattr(value, "toarray"):
        _check.fail(name, "a sparse matrix", "a dense array", "Pass the result of .toarray().", TypeError)
    if hasattr(value, "dims") and hasattr(value, "coords"):
        return _from_xarray(name, value)
    if hasattr(value, "iloc"):
        return _from_pandas(name, value)
    return _frame(name, value, None)


def read_many(name: str, value: Any) -> tuple[list[Frame], bool]:
    """All series, and whether several were passed: a list of them, or three dimensions (series, time, feature)."""
    if not is_several(value):
        return [read(name, value)], False
    if not len(value):
        _check.fail(name, "an empty list", "at least one series")
    if hasattr(value, "dims"):
        first = next(d for d in value.dims if d not in ("time", "feature"))
        value = value.transpose(first, "time", ...) if "time" in value.dims else value
    if getattr(getattr(value, "dtype", None), "kind", "") == "f":
        value = [one[: _filled_rows(one)] for one in value]
    frames = [read(f"{name}[{i}]", one) for i, one in enumerate(value)]
    for i, frame in enumerate(frames):
        if frame.width != frames[0].width:
            _check.fail(f"{name}[{i}]", f"{frame.width} feature(s)", f"{frames[0].width}, as {name}[0] has")
        same_names(f"{name}[{i}]", frame, frames[0].features, f"as {name}[0] has")
    return frames, True


def _filled_rows(series: Any) -> int:
    """Rows before the padding: series of unequal length stand in one array with NaN after their end."""
    blank: np.ndarray = np.isnan(np.asarray(series, np.float64)).all(axis=1)  # type: ignore[assignment]
    return blank.size - int(np.argmin(blank[::-1])) if not blank.all() else 0


def is_several(value: Any) -> bool:
    """A list of arrays, or three dimensions. Nested lists of numbers are one matrix."""
    if isinstance(value, (list, tuple)):
        return bool(value) and (np.ndim(value[0]) == 2 or (hasattr(value[0], "shape") and np.ndim(value[0]) == 1))
    return getattr(value, "ndim", 0) == 3


def series_name(name: str, number: int, several: bool) -> str:
    """What a message calls one of many series."""
    return f"{name}[{number}]" if several else name


def no_inputs(frames: Sequence[Frame]) -> list[Frame]:
    """No exogenous inputs, for each of these series."""
    return [Frame(np.empty((len(frame), 0)), frame.stamps) for frame in frames]


def read_beside(name: str, value: Any, frames: Sequence[Frame], several: bool, other: str = "y") -> list[Frame]:
    """What belongs row by row to `frames`, such as exogenous inputs to a target: same series, same lengths, same stamps."""
    beside, many = read_many(name, value)
    if many != several or len(beside) != len(frames):
        wanted = f"{len(frames)} series, as {other} has" if several else f"one series, as {other} is"
        _check.fail(name, f"{len(beside)} series" if many else "one series", wanted)
    for i, (frame, first) in enumerate(zip(beside, frames, strict=True)):
        called, reference = series_name(name, i, several), series_name(other, i, several)
        if len(frame) != len(first):
            swapped = {frame.width == len(first): name, first.width == len(frame): other}.get(True)
            hint = f"The axes look swapped: pass {swapped}.T." if swapped else _AXES
            _check.fail(called, f"{len(frame)} rows", f"{len(first)}, as {reference} has", hint)
        same_stamps(called, frame.stamps, reference, first.stamps)
    return beside


def same_width(name: str, frame: Frame, wanted: int) -> None:
    """Refuse another number of features than in fit."""
    if frame.width != wanted:
        hint = f"The axes look swapped: pass {name}.T." if len(frame) == wanted else _AXES
        _check.fail(name, f"shape {frame.values.shape}", f"(time, {wanted}), as in fit", hint)


def same_names(name: str, frame: Frame, wanted: Sequence[Any] | None, where: str = "as in fit") -> None:
    """Refuse columns of other names or in another order. Where there are no names, here or there, nothing can be said."""
    if frame.features is None or wanted is None or len(frame.features) != len(wanted):
        return
    got, wanted, numbered = list(frame.features), list(wanted), list(range(len(wanted)))
    if got == wanted:
        return
    same = set(got) == set(wanted)
    if not same and numbered in (got, wanted):
        return  # pandas' numbers for columns without names
    remedy = f"Pass {name}[{wanted}]." if same else "Rename the columns, or pass an array if their order is the same."
    _check.fail(name, f"columns {got}", f"{wanted}, {where}", remedy)


def label(
    variables: Mapping[str, tuple[tuple[str, ...], np.ndarray]],
    clocks: Sequence[Clock],
    several: bool,
    flat: bool,
    features: tuple[Any, ...] | None,
    attrs: Mapping[str, Any],
) -> xr.Dataset:
    """Rows that follow the clocks as a Dataset. Each variable comes as (leading dims, array (..., series, step, feature))."""
    steps = next(iter(variables.values()))[1].shape[-2]
    dims = (("series", "step") if several else ("time",)) + (() if flat else ("feature",))
    out = {}
    for name, (lead, values) in variables.items():
        values = values if several else values[..., 0, :, :]
        out[name] = ((*lead, *dims), values[..., 0] if flat else values)
    stamps = [clock.following(steps) for clock in clocks]
    coords: dict[str, Any] = {"time": stamps[0]}
    if several:
        coords = {"step": np.arange(1, steps + 1), "time": (("series", "step"), np.stack(stamps))}
    if features is not None and not flat:
        coords["feature"] = list(features)
    return storable(xr.Dataset(out, coords, attrs))


# ------------------------------------------------------------------------------------------------- what users hold


def _frame(name: str, values: Any, stamps: np.ndarray | None, features: tuple | None = None, attrs: tuple = ()) -> Frame:
    values = _check.array(name, _numeric(name, values), ndim=(1, 2), finite=False, remedy=_AXES)
    if 0 in values.shape:
        rows, width = values.shape if values.ndim == 2 else (values.size, 1)
        few = f"{width} feature(s)" if rows else f"{rows} sample(s)"
        got = f"{few} (shape={values.shape}) while a minimum of 1 is required"
        _check.fail(name, got, "at least one row and one feature", _AXES)
    _check.all_finite(name, values, _FILL)
    flat = values.ndim == 1
    return Frame(values[:, None] if flat else values, stamps, flat, features, attrs)


def _numeric(name: str, values: Any) -> np.ndarray:
    """An array of real numbers; objects that are numbers become them."""
    raw = np.asarray(values)
    if raw.dtype.kind == "c":
        _check.fail(name, "complex numbers", "real ones", "Complex data not supported: pass real and imaginary part as features.")
    if raw.dtype != object:
        return raw
    try:
        return raw.astype(np.float64)
    except (TypeError, ValueError) as error:
        _check.fail(name, f"values that are not numbers ({error})", "an array of numbers", "Convert or drop them.", TypeError)


def _from_xarray(name: str, value: Any) -> Frame:
    if value.ndim not in (1, 2):
        _check.fail(name, f"dimensions {value.dims}", "('time',) or ('time', 'feature')")
    time = "time" if "time" in value.dims else value.dims[0]
    value = value.transpose(time, ...)
    stamps = value[time].values if time in value.coords else None
    other = value.dims[1] if value.ndim == 2 else None
    features = tuple(value[other].values.tolist()) if other in value.coords else None
    attrs = tuple((key, str(value.attrs[key])) for key in ("long_name", "units") if key in value.attrs)
    return _frame(name, value.values, stamps, features, attrs)


def _from_pandas(name: str, value: Any) -> Frame:
    index = value.index
    if getattr(index, "nlevels", 1) > 1:
        _check.fail(name, "a MultiIndex", "an index of time stamps", "Pass one series per group, as a list.", TypeError)
    if getattr(index, "tz", None) is not None:
        remedy = "Use .tz_convert('UTC').tz_localize(None)."
        _check.fail(name, f"stamps in time zone {index.tz}", "stamps without a zone", remedy, TypeError)
    index = index.to_timestamp() if hasattr(index, "to_timestamp") else index
    if value.ndim == 1:
        return _frame(name, value.to_numpy(), index.to_numpy())
    wrong = [str(column) for column, kind in value.dtypes.items() if getattr(kind, "kind", "O") not in "biufc"]
    if wrong:
        remedy = f"Convert or drop them. Columns: {', '.join(map(str, value.columns))}."
        _check.fail(name, f"non-numeric column(s) {', '.join(wrong)}", "numbers", remedy, TypeError)
    return _frame(name, value.to_numpy(np.float64), index.to_numpy(), tuple(value.columns))
