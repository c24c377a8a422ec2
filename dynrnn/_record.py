"""Immutable parameters with kernels: the base of systems, couplings, activations and readouts.

A `Record` is declared by its annotated fields. Users see an immutable object with read-only arrays; kernels see a
NamedTuple of the same values, `Params`, whose type selects the kernels (see ``_jit.generic``). What a field may hold:
a number, an array, another Record, or text and None, which stay above (kernels do not see them).
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import inspect
import json
import sys
import types
from collections import namedtuple
from typing import Any, ClassVar

import numpy as np

from dynrnn import _check, _jit
from dynrnn._fingerprint import Opaque, fingerprint, is_ours

_FULL_UP_TO = 1000
_KINDS = {"float": float, "int": int, "bool": bool}
_KEPT = tuple(np.dtype(t) for t in "f4 f8 i8 u1 u2 u4 u8".split())  # other arrays become float64, signed integers int64
_REGISTRY: dict[str, type[Record]] = {}
KERNELS = "class kernels"  # in `to_dict`, the digest of a user's kernels: with its space it cannot be a field's name
_WITH_KERNELS = (
    "system",
    "couplings",
    "integrate.method",
    "integrate.feed",
    "integrate.events",
    "systems.network",
    "systems.rate",
    "systems.hopfield",
    "systems.closed_loop",
    "systems.stack",
)
_PYTHON = "python {}.{}".format(*sys.version_info) + " without jit" * _jit.DISABLED
UNNAMED, UNREADABLE = "of a function", "unreadable"


class Record:
    """Fields by annotation, in order; a class attribute of the same name is the default.

    >>> class Scale(Record):
    ...     gain: float = 2.0
    >>> Scale(), Scale(3).gain
    (Scale(gain=2.0), 3.0)
    """

    fields: ClassVar[tuple[str, ...]] = ()
    scratch_names: ClassVar[tuple[str, ...]] = ()
    Params: ClassVar[Any]
    _kinds: ClassVar[dict[str, str]] = {}
    _named: ClassVar[bool] = True  # whether the class can be found again by its name
    _written: ClassVar[frozenset[str]] = frozenset()  # names in the class statement: derivatives may be provided later
    _raw: dict[str, Any]
    _json: str

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        inherited = [base._kinds for base in reversed(cls.__mro__[1:]) if issubclass(base, Record)]
        cls._kinds = functools.reduce(dict.__or__, [*inherited, _own_fields(cls)])
        cls.fields = tuple(cls._kinds)
        cls._written = frozenset(vars(cls))
        cls.Params = parameter_type(cls, "Params", (*cls.fields, *cls.scratch_names))
        _REGISTRY[f"{cls.__module__}.{cls.__qualname__}"] = cls
        cls.__signature__ = _signature(cls)

    def __init__(self, *args: Any, **kwargs: Any):
        if len(args) > len(self.fields):
            wanted = f"at most {len(self.fields)}: {', '.join(self.fields)}"
            _check.fail(type(self).__name__, f"{len(args)} values", wanted, error=TypeError)
        given = dict(zip(self.fields, args, strict=False))
        for name, value in kwargs.items():
            _check.choice(f"{type(self).__name__}(field)", name, self.fields)
            if name in given:
                _check.fail(f"{type(self).__name__}.{name}", "two values", "one", error=TypeError)
            given[name] = value
        values = {}
        for name in self.fields:
            if name not in given and not hasattr(type(self), name):
                _check.fail(f"{type(self).__name__}.{name}", "nothing", "a value", f"Pass {name}=…", TypeError)
            values[name] = self._coerce(name, given.get(name, getattr(type(self), name, None)))
        object.__setattr__(self, "_raw", values)
        for name, value in values.items():
            object.__setattr__(self, name, _locked(value))

    def _coerce(self, name: str, value: Any) -> Any:
        label = f"{type(self).__name__}.{name}"
        kind = _KINDS.get(self._kinds[name])
        if kind is int:
            return _check.integer(label, value)
        if kind is float:
            return _check.real(label, value)
        if kind is bool:
            return _check.boolean(label, value)
        if isinstance(value, (Record, str)) or value is None:
            return value
        if isinstance(value, (np.ndarray, np.generic)) and value.ndim == 0:
            value = value.item()
        if isinstance(value, (bool, int, float)):
            return value
        if isinstance(value, np.ndarray) and value.dtype in _KEPT:
            _check.all_finite(label, value)
            return _owned(value)
        signed = isinstance(value, np.ndarray) and value.dtype.kind == "i"
        return _owned(_check.array(label, value, dtype=np.int64 if signed else np.float64))

    def __setattr__(self, name, value):
        raise AttributeError(f"{type(self).__name__} is immutable. Make a changed copy: .replace({name}=…)")

    def __delattr__(self, name):
        raise AttributeError(f"{type(self).__name__} is immutable.")

    def replace(self, **changes: Any):
        """A copy with some fields changed."""
        return type(self)(**{**self._raw, **changes})

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{n}={_brief(self._raw[n])}' for n in self.fields)})"

    def __eq__(self, other) -> bool:
        return type(self) is type(other) and all(_same(self._raw[n], other._raw[n]) for n in self.fields)

    def __hash__(self) -> int:
        return hash((type(self), *((v.dtype.str, v.shape) if isinstance(v, np.ndarray) else v for v in self._raw.values())))

    def __reduce__(self):
        return functools.partial(type(self), **self._raw), ()  # by the constructor, so that a copy's arrays are locked as well

    # ------------------------------------------------------------------------------------------------- kernels

    def scratch(self, columns: int = 1) -> dict[str, np.ndarray]:
        """By name (`scratch_names`): work arrays for one thread and `columns` states, and tables derived from the fields."""
        return {}

    def params(self, columns: int = 1):
        """The NamedTuple that kernels get: the fields, and fresh scratch, which carries nothing between calls. One per thread."""
        values = [v.params(columns) if isinstance(v, Record) else v for v in self._raw.values()]
        values = [0 if v is None or isinstance(v, str) else v for v in values]
        scratch = self.scratch(columns)
        return self.Params(*values, *(scratch[name] for name in self.scratch_names))

    # -------------------------------------------------------------------------------------------------- storage

    def to_dict(self) -> dict[str, Any]:
        """Class and fields as nested dictionaries of numbers, text and arrays; `from_dict` is its inverse.

        A class from outside this package comes with a digest of its kernels, by which `from_dict` knows it again.
        """
        shallow = Record._described(self)
        return {name: value.to_dict() if isinstance(value, Record) else value for name, value in shallow.items()}

    def _described(self) -> dict[str, Any]:
        """What `to_json` shows: class and fields, in other words where these are not stored as a reader expects."""
        out: dict[str, Any] = {"class": f"{type(self).__module__}.{type(self).__qualname__}"}
        if not is_ours(type(self).__module__):
            out[KERNELS] = _digest(type(self))
        return out | {name: _locked(value) for name, value in self._raw.items()}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Any:
        """Rebuild what `to_dict` gave. A class from outside this package must have been imported: nothing foreign is run."""
        name = data["class"]
        module, _, short = name.rpartition(".")
        if module.startswith("dynrnn."):
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
        if name not in _REGISTRY:
            _check.fail("class", repr(name), "a class that is imported", f"Import the module that defines {short} first.")
        _refuse_if_changed(_REGISTRY[name], data.get(KERNELS))
        given = {k: v for k, v in data.items() if k not in ("class", KERNELS)}
        return _REGISTRY[name](**{k: Record.from_dict(v) if isinstance(v, dict) else v for k, v in given.items()})

    def to_json(self) -> str:
        """Class and fields as text: provenance for results. Large arrays appear as shape and digest; `dynrnn.save` keeps them."""
        if "_json" not in self.__dict__:
            object.__setattr__(self, "_json", json.dumps(self._described(), default=_summary))
        return self._json


def _digest(cls: type[Record]) -> str:
    """Python's version and a digest of the kernels that a class from outside this package defines or inherits from outside."""
    for module in _WITH_KERNELS:  # so that the names of all kernels are known
        importlib.import_module(f"dynrnn.{module}")
    outside = {name for base in cls.__mro__ if not is_ours(base.__module__) for name in getattr(base, "_written", ())}
    kernels = [(name, _jit.kernel(cls, name)) for name in sorted(_jit._GENERIC_NAMES & outside)]
    try:
        digest = fingerprint([cls.fields, *kernels])
    except Opaque:
        digest = UNREADABLE
    return f"{UNNAMED if not cls._named else _PYTHON} {digest}"


def _refuse_if_changed(cls: type[Record], digest: str | None) -> None:
    """Bytecode differs between versions of Python, so that digests of another version say nothing."""
    now = None if digest is None else _digest(cls)
    if now is None or now == digest or (cls._named and not str(digest).startswith((f"{_PYTHON} ", UNNAMED))):
        return
    got = f"{cls.__module__}.{cls.__qualname__}, whose kernels have changed since"
    _check.fail("class", got, "the class as it was saved", "Restore its code, or build the object anew.")


def _summary(value: Any) -> Any:
    if isinstance(value, Record):
        return value._described()
    if isinstance(value, np.ndarray) and value.size > _FULL_UP_TO:
        return {"shape": value.shape, "dtype": str(value.dtype), "sha256": hashlib.sha256(value.tobytes()).hexdigest()}
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else str(value)


def parameter_type(owner: type, role: str, names: tuple[str, ...]) -> type:
    """A NamedTuple class whose type leads compiled code to the kernels of `owner`."""
    make: Any = namedtuple
    made = make(_jit.unique_name(f"{owner.__name__}_{role}"), names, module=owner.__module__)
    made.owner, made.role = owner, role
    _jit.register(made)
    return made


def _signature(cls: type[Record]) -> inspect.Signature:
    """What `help` and completion show: the constructor's own parameters, or the fields with their defaults."""
    if cls.__init__ is not Record.__init__:
        own = list(inspect.signature(cls.__init__).parameters.values())[1:]
        if not any(p.kind is p.VAR_POSITIONAL for p in own):
            return inspect.Signature(own)
    defaults = {name: getattr(cls, name, inspect.Parameter.empty) for name in cls.fields}
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    ordered = sorted(cls.fields, key=lambda name: defaults[name] is not inspect.Parameter.empty)
    return inspect.Signature([inspect.Parameter(name, kind, default=defaults[name]) for name in ordered])


def _own_fields(cls: type) -> dict[str, str]:
    out = {}
    for name, note in inspect.get_annotations(cls).items():
        note = note if isinstance(note, str) else getattr(note, "__name__", str(note))
        if "ClassVar" in note:
            continue
        if name.startswith("_"):
            raise TypeError(f"{cls.__name__}.{name}: a field's name may not begin with an underscore")
        for base in cls.__mro__[1:]:
            if isinstance(vars(base).get(name), (property, types.FunctionType)):
                raise TypeError(f"{cls.__name__}.{name}: this field would hide {base.__name__}.{name}. Choose another name")
        out[name] = note
    return out


def _owned(value: np.ndarray) -> np.ndarray:
    """A private, C-contiguous, writable copy: one memory layout means one compilation, and nobody else can change it."""
    return np.array(value, order="C", copy=True)


def _locked(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    return value


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return type(a) is type(b) and a == b


def _brief(value: Any) -> str:
    return f"<{value.dtype}{value.shape}>" if isinstance(value, np.ndarray) and value.size > 6 else repr(value)
