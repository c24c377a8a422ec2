"""Save and load systems, readouts and estimators: one netCDF file, versioned, without pickle.

A file holds JSON text (the tree of classes, names and numbers) and the arrays of that tree as netCDF variables. Loading
reads data; it runs nothing from the file.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn._record import Record
from dynrnn.sinks import replacing

__all__ = ["load", "save"]

_FORMAT = 1
_KEY = "dynrnn_model"
_OURS = ("dynrnn.systems", "dynrnn.couplings", "dynrnn.integrate")


def save(path: str | os.PathLike, obj: Any) -> None:
    """Write a system, a fitted `Ridge` or a fitted estimator to a netCDF file.

    An existing file of that name is replaced only when the new one is complete: if the disk is full the old one stays whole.

    Raises TypeError for what cannot be saved, OSError where the disk refuses.

    >>> import tempfile, dynrnn as dr
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     dr.save(f"{folder}/esn.nc", dr.ESN.random(10, rng=1))
    ...     dr.load(f"{folder}/esn.nc") == dr.ESN.random(10, rng=1)
    True
    """
    if isinstance(obj, Record):
        kind, tree = "record", obj.to_dict()
    elif hasattr(obj, "to_dict") and hasattr(type(obj), "from_dict"):
        kind, tree = f"{type(obj).__module__}.{type(obj).__qualname__}", obj.to_dict()
    else:
        wanted = "a System, a Ridge or a fitted estimator"
        _check.fail("obj", type(obj).__name__, wanted, "Save results with their own .to_netcdf.", TypeError)
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_lift(tree, arrays))
    variables = {name: ([f"{name}_{i}" for i in range(a.ndim)], a) for name, a in arrays.items()}
    import dynrnn

    attrs = {_KEY: text, "kind": kind, "format": _FORMAT, "dynrnn": dynrnn.__version__}
    with replacing(Path(path)) as temporary:
        xr.Dataset(variables, attrs=attrs).to_netcdf(temporary, engine="h5netcdf")


def load(path: str | os.PathLike) -> Any:
    """Read what `save` wrote. A loaded model gives the same numbers bit for bit.

    A class of your own must be importable: import its module first.

    Raises ValueError for files that are damaged, foreign, or of a newer version; FileNotFoundError where there is none.
    """
    path = Path(path)
    if not path.is_file():
        _check.fail("path", repr(str(path)), "an existing file", error=FileNotFoundError)
    try:
        with xr.open_dataset(path, engine="h5netcdf") as file:
            content = file.load()
    except Exception as error:
        raise ValueError(f"path: {path.name} is damaged or not a netCDF file ({error}). Save the model again.") from error
    if _KEY not in content.attrs:
        got = f"{path.name}, a netCDF file of another kind"
        _check.fail("path", got, "a file written by dynrnn.save", "Open it with xarray.open_dataset.")
    if int(content.attrs["format"]) > _FORMAT:
        newer = f"{path.name}, format {content.attrs['format']} written by dynrnn {content.attrs['dynrnn']}"
        _check.fail("path", newer, f"format {_FORMAT} or older", "Upgrade dynrnn to read it.")
    try:
        tree = _lower(json.loads(content.attrs[_KEY]), content)
    except (ValueError, KeyError) as error:
        raise ValueError(f"path: {path.name} is damaged: {error}. Save the model again.") from error
    return _rebuild(content.attrs["kind"], tree)


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
