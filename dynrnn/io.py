"""Save and load systems, readouts and estimators: one netCDF file, versioned, without pickle.

A file holds JSON text (the tree of classes, names and numbers) and the arrays of that tree as netCDF variables. Loading
reads data; it runs nothing from the file. A digest of the whole content tells damage; a digest of the kernels tells a class of
the user's that has changed since.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn._record import KERNELS, UNNAMED, UNREADABLE, Record
from dynrnn.sinks import replacing

__all__ = ["load", "save"]

_FORMAT = 1
_KEY = "dynrnn_model"
_SUM = "sha256"
_OURS = ("dynrnn.systems", "dynrnn.couplings", "dynrnn.integrate")


def save(path: str | os.PathLike, obj: Any) -> None:
    """Write a system, a fitted `Ridge` or a fitted estimator to a netCDF file.

    An existing file of that name is replaced only when the new one is complete: if the disk is full the old one stays whole.

    Raises TypeError for what cannot be saved (such as an activation made from a function), OSError where the disk refuses.

    >>> import tempfile, dynrnn as dr
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     dr.save(f"{folder}/esn.nc", dr.ESN.random(10, rng=1))
    ...     dr.load(f"{folder}/esn.nc") == dr.ESN.random(10, rng=1)
    True
    """
    if isinstance(obj, Record):
        kind, tree = "record", obj.to_dict()
    elif type(obj).__module__.startswith("dynrnn.") and hasattr(obj, "to_dict") and hasattr(type(obj), "from_dict"):
        kind, tree = f"{type(obj).__module__}.{type(obj).__qualname__}", obj.to_dict()
    else:
        wanted = "a System, a Ridge or a fitted estimator"
        _check.fail("obj", type(obj).__name__, wanted, "Save results with their own .to_netcdf.", TypeError)
    _refuse_unnamed(tree)
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_lift(tree, arrays))
    variables = {name: ([f"{name}_{i}" for i in range(a.ndim)], a) for name, a in arrays.items()}
    import dynrnn

    attrs = {_KEY: text, "kind": kind, "format": _FORMAT, "dynrnn": dynrnn.__version__, _SUM: _sum(kind, text, arrays)}
    with replacing(Path(path)) as temporary:
        xr.Dataset(variables, attrs=attrs).to_netcdf(temporary, engine="h5netcdf")


def load(path: str | os.PathLike) -> Any:
    """Read what `save` wrote. A loaded model gives the same numbers bit for bit.

    A class of your own must be importable: import its module first. It is refused where its kernels have changed since, which
    only the version of Python that saved it can tell.

    Raises ValueError for files that are damaged, foreign, or of a newer version; FileNotFoundError where there is none.
    """
    path = Path(path)
    if not path.is_file():
        _check.fail("path", repr(str(path)), "an existing file", error=FileNotFoundError)
    try:
        with xr.open_dataset(path, engine="h5netcdf") as file:
            content = file.load()
        sound = content.attrs.get(_SUM) == _sum_of_file(content)
    except Exception as error:
        raise ValueError(f"path: {path.name} is damaged or not a netCDF file ({error}). Save the model again.") from error
    if _KEY not in content.attrs:
        got = f"{path.name}, a netCDF file of another kind"
        _check.fail("path", got, "a file written by dynrnn.save", "Open it with xarray.open_dataset.")
    _check_format(path, content.attrs)
    if not sound:
        _damaged(path, "its content is not what was saved")
    try:
        return _rebuild(content.attrs["kind"], _lower(json.loads(content.attrs[_KEY]), content))
    except (KeyError, AttributeError, ImportError, TypeError, json.JSONDecodeError) as error:
        _damaged(path, error)


def _damaged(path: Path, why: object) -> NoReturn:
    cause = why if isinstance(why, Exception) else None
    raise ValueError(f"path: {path.name} is damaged: {why}. Save the model again.") from cause


def _check_format(path: Path, attrs: Mapping[str, Any]) -> None:
    number = attrs.get("format")
    number = number.item() if isinstance(number, np.integer) else number
    if not isinstance(number, int) or number < 1:
        _damaged(path, f"its format is {number!r}")
    if number > _FORMAT:
        newer = f"{path.name}, format {number} written by dynrnn {attrs.get('dynrnn')}"
        _check.fail("path", newer, f"format {_FORMAT} or older", "Upgrade dynrnn to read it.")


def _sum(kind: str, text: str, arrays: Mapping[str, np.ndarray]) -> str:
    """A digest of all that a file says: bytes of numbers in one byte order and with one NaN, other values as text."""
    digest = hashlib.sha256(f"{kind}\0{text}".encode())
    for name in sorted(arrays):
        a = np.asarray(arrays[name])
        plain = a.dtype.kind in "biuf"
        a = np.where(np.isnan(a), a.dtype.type(np.nan), a) if a.dtype.kind == "f" else a
        digest.update(f"\0{name} {a.dtype.kind if plain else ''}{a.dtype.itemsize if plain else ''} {a.shape}\0".encode())
        digest.update(a.astype(a.dtype.newbyteorder("<")).tobytes() if plain else repr(a.tolist()).encode())
    return digest.hexdigest()


def _sum_of_file(content: xr.Dataset) -> str:
    arrays = {str(name): variable.values for name, variable in content.variables.items()}
    return _sum(str(content.attrs.get("kind")), str(content.attrs.get(_KEY)), arrays)


def _refuse_unnamed(tree: Any) -> None:
    """Refuse classes that cannot be told from others of their name when the file is read."""
    if isinstance(tree, Mapping):
        kernels, name = str(tree.get(KERNELS, "")), tree.get("class")
        if kernels.startswith(UNNAMED):
            remedy = "Subclass Activation in a module of your own."
            _check.fail("obj", f"an activation made from the function {name}", "classes with a name", remedy, TypeError)
        if kernels.endswith(UNREADABLE):
            remedy = "Let its kernels refer to functions, numbers and arrays only."
            _check.fail("obj", f"{name}, whose kernels cannot be described", "a class to know again", remedy, TypeError)
        tree = list(tree.values())
    for item in tree if isinstance(tree, (list, tuple)) else ():
        _refuse_unnamed(item)


def _rebuild(kind: str, tree: dict) -> Any:
    if kind == "record":
        _import_ours(tree)
        return Record.from_dict(tree)
    module, _, name = kind.rpartition(".")
    if not module.startswith("dynrnn."):
        _check.fail("path", f"a model of class {kind}", "a class of dynrnn", "Only the package's own estimators are loaded.")
    _import_ours(tree)
    return getattr(importlib.import_module(module), name).from_dict(tree)


def _import_ours(tree: Any) -> None:
    """Import the package's modules whose classes the tree names. Names of other modules are looked up, never imported."""
    if isinstance(tree, Mapping):
        name = tree.get("class")
        if isinstance(name, str) and name.startswith(_OURS):
            importlib.import_module(name.rpartition(".")[0])
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        for item in tree:
            _import_ours(item)


def _lift(tree: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The tree with its arrays replaced by references, which are collected."""
    if isinstance(tree, Mapping):
        return {str(k): _lift(v, arrays) for k, v in tree.items()}
    if isinstance(tree, np.ndarray):
        name = f"array{len(arrays)}"
        arrays[name] = tree
        return {"array": name}
    if isinstance(tree, (list, tuple)):
        return [_lift(v, arrays) for v in tree]
    return tree.item() if isinstance(tree, np.generic) else tree


def _lower(tree: Any, content: xr.Dataset) -> Any:
    if isinstance(tree, dict):
        if set(tree) == {"array"}:
            return content[tree["array"]].values
        return {k: _lower(v, content) for k, v in tree.items()}
    return [_lower(v, content) for v in tree] if isinstance(tree, list) else tree
