"""Meet what users pass at the face: coerce it, or say what came, what was wanted and what to do.

Every message has the form ``name: got …, wanted …. remedy``, so that a reader of the last line of a traceback can act on it.
"""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import numpy as np


def fail(name: str, got: object, wanted: str, remedy: str = "", error: type[Exception] = ValueError) -> NoReturn:
    """Raise `error` with the house message."""
    message = f"{name}: got {got}, wanted {wanted}."
    raise error(f"{message} {remedy}".rstrip())


def choice(name: str, value: object, known: Iterable[str]) -> str:
    """`value` if it is one of `known`; otherwise the nearest spelling is suggested and all are listed."""
    known = list(known)
    if isinstance(value, str) and value in known:
        return value
    near = difflib.get_close_matches(str(value), known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else ""
    fail(name, repr(value), "one of " + ", ".join(map(repr, known)), hint)


def integer(name: str, value: Any, minimum: int | None = None, maximum: int | None = None, remedy: str = "") -> int:
    """A Python int within bounds. Booleans and floats with a fraction are refused."""
    wanted = "an integer"
    if minimum is not None:
        wanted += f" >= {minimum}"
    if maximum is not None:
        wanted += f"{' and' if minimum is not None else ''} <= {maximum}"
    whole = isinstance(value, numbers.Integral) or (isinstance(value, numbers.Real) and float(value).is_integer())
    if isinstance(value, (bool, np.bool_)) or not whole:
        fail(name, repr(value), wanted, remedy, TypeError)
    value = int(value)
    if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        fail(name, value, wanted, remedy)
    return value


def real(
    name: str,
    value: Any,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
    remedy: str = "",
) -> float:
    """A finite float in the interval [low, high] (open ends on request)."""
    left, right = ("(" if open_low or low == -math.inf else "["), (")" if open_high or high == math.inf else "]")
    wanted = f"a finite number in {left}{low:g}, {high:g}{right}"
    value = value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        fail(name, repr(value), wanted, remedy, TypeError)
    number = float(value)
    below = number <= low if open_low else number < low
    above = number >= high if open_high else number > high
    if not math.isfinite(number) or below or above:
        fail(name, repr(number).removesuffix(".0"), wanted, remedy)
    return number


def boolean(name: str, value: Any) -> bool:
    """A Python bool from True or False; text and numbers are refused."""
    if not isinstance(value, (bool, np.bool_)):
        fail(name, repr(value), "True or False", error=TypeError)
    return bool(value)


def array(
    name: str,
    value: Any,
    *,
    ndim: int | Sequence[int] | None = None,
    shape: Sequence[int | None] | None = None,
    dtype: Any = np.float64,
    finite: bool = True,
    remedy: str = "",
) -> np.ndarray:
    """A C-contiguous array of `dtype`. `shape` may leave entries open with None; `finite` names the first bad entry."""
    if np.ma.is_masked(value):
        fail(name, "masked values", "an array of numbers", remedy or "Fill or drop what is masked.")
    dtype = np.dtype(dtype)
    try:
        raw = np.asarray(value)
        if raw.dtype.kind not in "biufc":
            raise TypeError
    except (TypeError, ValueError):
        kind = getattr(value, "dtype", type(value).__name__)
        fail(name, f"{kind} values", "an array of numbers", remedy or "Convert or drop what is not a number.", TypeError)
    if raw.dtype.kind == "c" != dtype.kind:
        fail(name, "complex values", "real numbers", remedy or "Pass real and imaginary parts as two columns.", TypeError)
    with np.errstate(all="ignore"):
        out = np.asarray(raw, dtype=dtype, order="C")
        if dtype.kind in "iu" and raw.dtype != dtype and not np.array_equal(out, raw):
            fail(name, f"{raw.dtype} values", f"numbers that {dtype} can hold", remedy, TypeError)
    allowed = (ndim,) if isinstance(ndim, int) else ndim
    if allowed is not None and out.ndim not in allowed:
        wanted = " or ".join(f"{d}" for d in allowed)
        fail(name, f"shape {out.shape}", f"an array with {wanted} dimension(s)", remedy)
    if shape is not None:
        ok = len(shape) == out.ndim and all(s is None or s == n for s, n in zip(shape, out.shape, strict=True))
        if not ok:
            pretty = "(" + ", ".join("any" if s is None else str(s) for s in shape) + ("," if len(shape) == 1 else "") + ")"
            fail(name, f"shape {out.shape}", f"shape {pretty}", remedy)
    if finite:
        all_finite(name, out)
    return out


def all_finite(name: str, values: np.ndarray, remedy: str = "") -> None:
    """Refuse NaN and infinity, naming the first index where one stands and how many there are."""
    good = np.isfinite(values)
    if not good.all():
        where = tuple(int(i) for i in np.argwhere(~good)[0])
        index = where[0] if len(where) == 1 else where
        fail(
            name,
            f"{values[where]} at index {index} ({int((~good).sum())} non-finite value(s))",
            "finite numbers",
            remedy or "Fill, interpolate or drop them first.",
        )


def generator(rng: Any, name: str = "rng") -> np.random.Generator:
    """A Generator from a seed, a SeedSequence, a Generator or None (fresh entropy); the global generator is never used."""
    if isinstance(rng, np.random.Generator):
        return rng
    if rng is None or isinstance(rng, np.random.SeedSequence):
        return np.random.default_rng(rng)
    if isinstance(rng, numbers.Integral) and not isinstance(rng, bool) and int(rng) >= 0:
        return np.random.default_rng(int(rng))
    fail(name, repr(rng), "a non-negative integer seed, a numpy.random.Generator or None", error=TypeError)
