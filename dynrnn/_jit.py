"""Compilation: the house decorator, kernels dispatched on the type of their parameters, and a disk cache that is never stale.

Three ideas, each measured in ``docs/decisions/0001-compilation.md``:

* `jit` is ``numba.njit`` with the flags every kernel here wants (``nogil``, NumPy's error model) and the cache below.
* `generic` makes a function whose implementation is looked up on the class that owns the parameters' type. A driver that
  calls ``step(p, x, u, out)`` is written once; Numba compiles it once per type of ``p``, and the result can be cached,
  which it cannot when kernels travel as arguments or closures.
* A cache entry is addressed by everything its machine code depends on: the package's sources, the versions, the
  processor, the signature, and for every class of the user's in it a digest of the kernels and of all they refer to. An
  edited kernel therefore has another address, and what cannot be told apart from its other versions is not kept.
  Nothing is ever overwritten in place, so processes cannot disturb one another.

Only this file, ``_fingerprint.py``, ``_llvm.py`` and ``_sums.py`` touch Numba's internals.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import io
import itertools
import os
import pickle
import re
import secrets
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core import config, types
from numba.core.bytecode import FunctionIdentity
from numba.core.caching import _Cache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, CompileResult
from numba.core.errors import NumbaError
from numba.core.serialize import NumbaPickler
from numba.extending import overload

from dynrnn._fingerprint import Opaque, fingerprint, is_ours

__all__ = [
    "DISABLED",
    "by_owner",
    "cache_directory",
    "cache_info",
    "explained",
    "generic",
    "inlined",
    "jit",
    "kernel",
    "outlined",
]

DISABLED = bool(config.DISABLE_JIT)
_FLAGS = {"nogil": True, "error_model": "numpy"}
_KEEP_VERSIONS = 3


# ---------------------------------------------------------------------------------------------------- decorator


def jit(function=None, **flags):
    """Compile `function` on first call, without the GIL, cached on disk. Usable bare or with extra Numba flags.

    Under ``NUMBA_DISABLE_JIT=1`` the function is returned as it is.
    """
    if function is None:
        return functools.partial(jit, **flags)
    if DISABLED:
        return function
    dispatcher = numba.njit(**_FLAGS, **flags)(function)
    dispatcher._cache = _DiskCache(function, flags)
    return dispatcher


class _Part(JITCodeLibrary):
    """Code that only ever becomes part of its callers: it is neither optimised nor made machine code on its own.

    Numba does both for each function at each level of a chain of calls, with all that lies below it inlined. Half of the
    time to compile a driver went there.
    """

    def _optimize_final_module(self):
        pass

    def _finalize_final_module(self):
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name):
        return 0

    @property
    def codegen(self):
        return self  # for what follows, which nothing else asks of it

    def set_env(self, name, env):
        """There is no address to write to. Code from the cache has no environments of its parts either."""


class _PartCompiler(Compiler):
    def compile_extra(self, func):
        self.state.library = _Part(self.state.targetctx.codegen(), func.__qualname__)
        self.state.library.enable_object_caching()
        return super().compile_extra(func)


_INLINED = {
    **_FLAGS,
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": _PartCompiler,
}


def inlined(function=None, **flags):
    """A helper of kernels: part of its caller in compiled code, itself in plain Python. Usable bare or with Numba flags."""
    if function is None:
        return functools.partial(inlined, **flags)
    overload(function, strict=False, jit_options={**_INLINED, **flags})(lambda *args: function)
    return function


def outlined(function):
    """`jit` for what is large and needed in many places: a call costs 100 ns and each copy seconds of compilation."""
    return jit(function, forceinline=False)  # else it inherits the force from its caller


@contextlib.contextmanager
def explained(owner: str):
    """Put a compiler's error about the kernels of `owner` into words."""
    try:
        yield
    except NumbaError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        reasons = [
            s for s in lines if s and not s.startswith(("File", "During", "-", "def ", "<", "Enable", "This error", "^", "~"))
        ]
        shown = next((s for s in reversed(reasons) if "name" in s or "No " in s or "annot" in s), reasons[0] if reasons else "")
        raise TypeError(
            f"{owner}: a kernel does not compile: {shown} Kernels hold arithmetic on numbers and arrays, NumPy and math; "
            "functions they call need @numba.njit. The compiler's own message is above."
        ) from error


# ----------------------------------------------------------------------------------------------------- dispatch


def kernel(owner: type, name: str):
    """The plain Python function that `owner` (a class) gives for the kernel `name`, or None."""
    try:
        found = inspect.getattr_static(owner, name)
    except AttributeError:
        return None
    found = found.__func__ if isinstance(found, staticmethod) else found
    found = getattr(found, "py_func", found)
    return found if inspect.isfunction(found) else None  # a field may have a kernel's name


def generic(function):
    """A function ``f(p, ...)`` whose body is the kernel of that name on ``type(p).owner``; its own body is the default.

    It works alike in compiled code (resolved while compiling, at no cost when running) and in plain Python. Kernels
    are inlined by force: passing all parameters by value costs 100 ns a call, and a call keeps a loop from being vectorised.
    """
    name = function.__name__
    _GENERIC_NAMES.add(name)
    return functools.wraps(function)(by_owner(lambda owner: kernel(owner, name) or function))


_GENERIC_NAMES: set[str] = set()


def by_owner(choose):
    """A function ``f(p, ...)`` that is ``choose(owner)`` for the class that owns the parameters' type."""

    def call(p, *args):
        return choose(type(p).owner)(p, *args)

    def resolve(p, *args):
        owner = getattr(getattr(p, "instance_class", None), "owner", None)
        return None if owner is None else choose(owner)

    overload(call, strict=False, jit_options=_INLINED)(resolve)
    return call


def by_dimension(position: int, vector, matrix):
    """A function that is `vector` where the argument at `position` has one dimension and `matrix` where it has two."""

    def call(*args):
        return (vector if args[position].ndim == 1 else matrix)(*args)

    def resolve(*args):
        return vector if args[position].ndim == 1 else matrix

    overload(call, strict=False, jit_options=_INLINED)(resolve)
    return call


# ------------------------------------------------------------------------------------------------------ digests


_ROOT = Path(__file__).parent


def _package_state() -> list[tuple[str, int, int]]:
    """Name, time and size of the package's sources."""
    return [(str(path), (stat := path.stat()).st_mtime_ns, stat.st_size) for path in sorted(_ROOT.rglob("*.py"))]


_STATE_AT_IMPORT = _package_state()


@functools.cache
def _package_digest() -> str:
    """Sources of the package and the versions that decide what they compile to."""
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__} {sys.version}".encode())
    for path in sorted(_ROOT.rglob("*.py")):
        digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


_ALIVE: list[type] = []  # Numba identifies named tuples by memory address, so that of a class must not be given away
_PARAMS: dict[str, type] = {}
_COUNT = itertools.count()


def unique_name(text: str) -> str:
    """An identifier that no other class has: calls tell named tuples apart by their name and fields alone."""
    return f"{re.sub(r'[^0-9A-Za-z_]', '', text)}_{next(_COUNT)}"


def register(params: type) -> None:
    """Keep a new parameter class (a NamedTuple whose `owner` is the class with the kernels)."""
    _ALIVE.append(params)


def _address(params: Any) -> str:
    """Name and content of a parameter class, the same in every process where its kernels are the same."""
    owner = params.owner
    content: list[Any] = [params._fields, getattr(owner, "_derivative", "")]
    if not is_ours(owner.__module__):
        content += [(name, found) for name in sorted(_GENERIC_NAMES) if (found := kernel(owner, name))]
    address = f"{owner.__module__}.{owner.__qualname__}.{params.role}:{fingerprint(content)}"
    if params.__dict__.get("_address", address) != address:
        raise Opaque(f"{owner.__qualname__}: what its kernels refer to has changed since they were compiled")
    params._address = address
    _PARAMS[address] = params
    return address


def _find_params(address: str) -> type:
    return _PARAMS[address]


def _describe(ty) -> str:
    """A numba type as text, with parameter classes by content and not by identity."""
    if isinstance(ty, types.BaseNamedTuple):
        cls = ty.instance_class
        name = _address(cls) if hasattr(cls, "owner") else f"{cls.__module__}.{cls.__qualname__}{cls._fields}"
        return f"{name}({','.join(map(_describe, ty))})"
    if isinstance(ty, types.BaseTuple):
        return f"({','.join(map(_describe, ty))})"
    return str(ty)


# -------------------------------------------------------------------------------------------------------- cache


class _Pickler(NumbaPickler):
    """Numba's pickler, with parameter classes by address: they may live in a script or a notebook."""

    def reducer_override(self, obj):
        if isinstance(obj, type) and "owner" in obj.__dict__ and issubclass(obj, tuple):
            return _find_params, (_address(obj),)
        return super().reducer_override(obj)


def _dumps(obj) -> bytes:
    with io.BytesIO() as buffer:
        _Pickler(buffer, protocol=4).dump(obj)
        return buffer.getvalue()


@functools.cache
def cache_directory() -> Path | None:
    """Where compiled code is kept: ``$DYNRNN_CACHE_DIR``, ``$NUMBA_CACHE_DIR`` or the user's cache folder; None if unwritable."""
    chosen = os.environ.get("DYNRNN_CACHE_DIR") or os.environ.get("NUMBA_CACHE_DIR")
    try:
        base = Path(chosen).expanduser() if chosen else _user_cache()
        folder = base / "dynrnn" / _package_digest()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        _forget_old_versions(folder)
    except (OSError, RuntimeError):
        return None
    return folder


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _forget_old_versions(current: Path) -> None:
    os.utime(current)
    with contextlib.suppress(FileNotFoundError):  # another process tidies up as well
        versions = sorted(current.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for stale in versions[_KEEP_VERSIONS:]:
            shutil.rmtree(stale, ignore_errors=True)


def cache_info() -> dict[str, object]:
    """Folder, number and total size in bytes of the cached kernels of this version."""
    folder = cache_directory()
    files = list(folder.glob("*.kernel")) if folder else []
    return {"folder": folder, "kernels": len(files), "bytes": sum(f.stat().st_size for f in files)}


def _number_symbols_apart() -> None:
    """Give the functions compiled from now on numbers that no other process gives.

    The names of machine code contain a running number, and of two pieces with the same name the linker may take the one
    it met first. Pieces from any two processes can meet in a third one, through the cache.
    """
    FunctionIdentity._unique_ids = itertools.count(secrets.randbits(48))


_number_symbols_apart()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_number_symbols_apart)


class _DiskCache(_Cache):
    """One file per compiled signature, named by a digest of all it depends on, written by an atomic rename.

    Any failure to read or write means only that the kernel is compiled: a cache must not be able to break a run.
    """

    def __init__(self, function, flags):
        self._function, self._flags, self._enabled = function, flags, True

    @property
    def cache_path(self):
        return str(cache_directory() or "")

    def enable(self):
        self._enabled = True

    def disable(self):
        self._enabled = False

    def flush(self):
        """Nothing is stale, so nothing needs to be flushed."""

    def _path(self, sig, codegen) -> Path | None:
        """Where the code for this signature belongs; None if it must not be kept or there is no place to keep it."""
        folder = cache_directory() if self._enabled and _package_state() == _STATE_AT_IMPORT else None
        if folder is None:
            return None
        machine = (codegen.magic_tuple(), config.OPT, config.BOUNDSCHECK, sorted(self._flags.items()))
        args = [_describe(ty) for ty in _args(sig)]
        digest = hashlib.sha256(repr((machine, args, fingerprint(self._function))).encode()).hexdigest()[:32]
        name = f"{self._function.__module__}.{self._function.__qualname__}".replace("<", "").replace(">", "")
        return folder / f"{name}-{digest}.kernel"

    def load_overload(self, sig, target_context):
        target_context.refresh()
        try:
            path = self._path(sig, target_context.codegen())
            if path is None or not path.exists():
                return None
            compiled = CompileResult._rebuild(target_context, *pickle.loads(path.read_bytes()))
        except Exception:  # damaged in any way at all: compile
            return None
        return compiled if tuple(compiled.signature.args) == tuple(_args(sig)) else None

    def save_overload(self, sig, cres):
        with contextlib.suppress(Exception):
            path = self._path(sig, cres.codegen)
            if path is None or cres.lifted or cres.library.has_dynamic_globals:
                return
            data = _dumps(cres._reduce())
            descriptor, temporary = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                os.replace(temporary, path)
            except BaseException:
                os.unlink(temporary)
                raise


def _args(sig):
    """Numba passes a signature or its arguments alone."""
    return getattr(sig, "args", sig)
