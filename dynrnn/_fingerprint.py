"""What compiled code can have taken over from a Python value, as a short text: equal texts, equal machine code.

A function stands for its bytecode and all it refers to, recursively: globals, closures, defaults, helpers in other modules of
the user's, constants and arrays. Code of the package and of installed libraries stands for its name: their sources and
versions are part of every cache address already (see ``_jit``). What cannot be read raises `Opaque`.
"""

from __future__ import annotations

import contextlib
import dis
import enum
import hashlib
import sys
import sysconfig
import types as pytypes
from collections.abc import Iterator
from typing import Any

import numpy as np
from numba.core import types
from numba.core.registry import cpu_target

__all__ = ["Opaque", "fingerprint", "is_ours"]


class Opaque(Exception):
    """Compiled code depends on something whose content cannot be read, or has changed since: it is not to be kept."""


def fingerprint(value: Any, active: frozenset[int] = frozenset()) -> str:
    """A digest of all that compiled code can have taken over from `value`."""
    digest = hashlib.sha256()
    for trait in _traits(value, active):
        digest.update((trait.encode() if isinstance(trait, str) else trait) + b"\0")
    return digest.hexdigest()[:32]


_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...), np.generic, np.dtype, np.ufunc, enum.Enum, types.Type)


def _traits(value: Any, active: frozenset[int]) -> Iterator[str | bytes]:
    """All that compiled code can take over from `value`. `active` holds the identities of what is being described already."""
    yield type(value).__name__
    if id(value) in active:
        return
    active = active | {id(value)}
    if isinstance(value, (*_PLAIN, pytypes.BuiltinFunctionType)):
        yield repr(value)
    elif isinstance(value, pytypes.FunctionType):
        yield from _function_traits(value, active)
    elif isinstance(value, pytypes.CodeType):
        yield value.co_code
        yield repr((value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars))
        yield from _traits(value.co_consts, active)
    elif isinstance(value, np.ndarray):
        yield repr((value.dtype, value.shape))
        yield value.tobytes()
    elif isinstance(value, (set, frozenset)):
        yield from sorted(map(repr, value))
    elif isinstance(value, (tuple, list)):
        yield repr((len(value), getattr(value, "_fields", ())))
        for item in value:
            yield from _traits(item, active)
    elif isinstance(value, type):
        yield from _class_traits(value)
    elif isinstance(function := getattr(value, "__wrapped__", None), pytypes.FunctionType):  # njit, vectorize, intrinsic, …
        options = getattr(getattr(value, "_dispatcher", value), "targetoptions", {})
        content = fingerprint(function, active) + repr(sorted(options.items()))
        if vars(value).setdefault("_content_at_first_use", content) != content:
            raise Opaque(f"{function.__qualname__}: what it refers to has changed since it was compiled")
        yield content
    else:
        _refuse_if_typed(value)


def _function_traits(function: pytypes.FunctionType, active: frozenset[int]) -> Iterator[str | bytes]:
    module = function.__globals__.get("__name__")
    yield f"{module}.{function.__qualname__}"
    if _is_library(module):
        return
    yield from _traits(function.__code__, active)
    loads, attributes = _names(function.__code__)
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # a cell that is still empty
            yield from _global_traits(cell.cell_contents, attributes, active)
    if is_ours(module):
        return
    yield from _traits((function.__defaults__, *sorted((function.__kwdefaults__ or {}).items())), active)
    for name in sorted(loads & set(function.__globals__)):
        yield name
        yield from _global_traits(function.__globals__[name], attributes, active)
    for template in getattr(_numba_type(function), "templates", ()):  # it has an `overload`, which is what runs
        yield from _function_traits(template._overload_func, active)


def _global_traits(value: Any, attributes: set[str], active: frozenset[int]) -> Iterator[str | bytes]:
    """Traits of a global or closed-over value; of a module, those of all in it that the code may mean."""
    if not isinstance(value, pytypes.ModuleType):
        yield from _traits(value, active)
    elif id(value) not in active and not (_is_library(value.__name__) or is_ours(value.__name__)):
        for name in sorted(attributes & set(vars(value))):
            yield name
            yield from _global_traits(vars(value)[name], attributes, active | {id(value)})


def _class_traits(cls: type) -> Iterator[str]:
    yield f"{cls.__module__}.{cls.__qualname__}"
    if issubclass(cls, enum.Enum):
        yield repr(list(cls))
    elif issubclass(cls, tuple):
        yield repr((getattr(cls, "_fields", ()), getattr(cls, "_field_defaults", {})))
    elif not (_is_library(cls.__module__) or issubclass(cls, BaseException)):
        _refuse_if_typed(cls)


def _refuse_if_typed(value: Any) -> None:
    """Of what Numba has no type for, nothing can be in compiled code. Anything else would be unsafe to pass over."""
    if (ty := _numba_type(value)) is not None:
        raise Opaque(f"a value of type {ty}")


def _numba_type(value: Any) -> Any:
    """The type Numba gives a global of this value; None where it has none."""
    context = cpu_target.typing_context
    context.refresh()
    try:
        return context.resolve_value_type(value)
    except Exception:
        return None


def _names(code: pytypes.CodeType) -> tuple[set[str], set[str]]:
    """The names of globals and of attributes in `code` and the functions within it."""
    loads: set[str] = set()
    attributes: set[str] = set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            attributes.add(instruction.argval)
        elif instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            loads.add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, pytypes.CodeType):
            inner = _names(constant)
            loads |= inner[0]
            attributes |= inner[1]
    return loads, attributes


_STDLIB = sysconfig.get_path("stdlib")


def _is_library(module: str | None) -> bool:
    """Code whose version is part of the environment rather than of the user's work."""
    top = (module or "").partition(".")[0]
    if top not in sys.stdlib_module_names:
        return top in {"numba", "numpy", "scipy", "llvmlite"}
    file = getattr(sys.modules.get(top), "__file__", None)
    return top != "__main__" and (file is None or file.startswith(_STDLIB))  # the user may have a signal.py of their own


def is_ours(module: str | None) -> bool:
    """Whether a module belongs to this package."""
    return (module or "").partition(".")[0] == __name__.partition(".")[0]
