"""Where the rows of a run go: into memory, or row by row into a netCDF or zarr file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn._units import innermost, time_unit
from dynrnn.system import System, _size

__all__ = ["FileSink", "Layout", "Memory", "ZarrSink", "replacing", "sink"]

_FREE_SHARE = 0.8


@dataclass(frozen=True)
class Layout:
    """What the recorded numbers are called: parts of the state, outputs, time."""

    system: System
    keep: tuple[str, ...]
    outputs: bool
    trials: int
    lone: bool
    start: int
    every: int
    washout: int
    initial: bool

    @property
    def timed(self) -> bool:
        """Whether time is in seconds: the system has a dt."""
        return getattr(self.system, "dt", None) is not None

    @property
    def dt(self) -> float:
        """Time per step."""
        return getattr(self.system, "dt", None) or 1.0

    @property
    def _further(self) -> Mapping[str, Any]:
        """Labels of the units that the innermost system has beside their names."""
        return getattr(innermost(self.system), "unit_coordinates", {})

    def which(self) -> np.ndarray:
        """Indices of the recorded state variables."""
        slices = self.system.slices
        return np.concatenate([np.zeros(0, np.int64), *(np.arange(slices[n].start, slices[n].stop) for n in self.keep)])

    def times(self, rows: int) -> np.ndarray:
        """Time of each row: seconds for what has a dt, steps for other maps."""
        k = self.start + self.washout + self.every * np.arange(1, rows + 1 - self.initial)
        k = np.concatenate([[self.start], k]) if self.initial else k
        return k * self.dt if self.timed else k

    def dataset(self, X: np.ndarray, Y: np.ndarray, attrs: Mapping[str, Any]) -> xr.Dataset:
        """Rows (row, which, trial) and (row, output, trial) with their names; no copy is made."""
        coords: dict[str, Any] = {"time": ("time", self.times(len(X)), {"units": time_unit(self.system)})}
        variables, start = {}, 0
        first = next(iter(self.system.parts.values()))
        for name in self.keep:
            units = self.system.parts[name]
            dim = "unit" if _same_units(units, first) else f"{name}_unit"
            variables[name] = self._variable(X[:, start : start + _size(units)], dim)
            if not isinstance(units, (int, np.integer)):
                coords[dim] = (dim, list(units), {})
            coords |= {label: (dim, values, about) for label, (part, values, about) in self._further.items() if part == name}
            start += _size(units)
        if self.outputs:
            variables["output"] = self._variable(Y, "feature")
            if isinstance(self.system.outputs, (tuple, list)):
                coords["feature"] = ("feature", list(self.system.outputs), {})
        return xr.Dataset(variables, coords, dict(attrs))

    def memory(self, states: np.ndarray) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """The internal parts of the last states (trial, size), which a continuation of the run needs."""
        out: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
        for name in self.system.internal:
            values = states[:, self.system.slices[name]]
            dims = (f"{name}_unit",) if self.lone else ("trial", f"{name}_unit")
            out[name] = (dims, values[0] if self.lone else values)
        return out

    def _variable(self, rows: np.ndarray, dim: str):
        rows = rows.transpose(2, 0, 1)
        return (("time", dim), rows[0]) if self.lone else (("trial", "time", dim), rows)


def _same_units(a: Any, b: Any) -> bool:
    return a == b if isinstance(a, (int, np.integer)) or isinstance(b, (int, np.integer)) else list(a) == list(b)


class Memory:
    """Rows in one array that the run writes into directly."""

    def __init__(self, layout: Layout, rows: int):
        self.layout, self.rows = layout, 0
        trials, dtype = layout.trials, layout.system.dtype
        widths = layout.which().size * trials, (layout.system.output_size if layout.outputs else 0) * trials
        refuse_if_too_large((rows + layout.initial) * sum(widths) * dtype.itemsize)
        self.X, self.Y = (np.empty((rows + layout.initial, width), dtype) for width in widths)

    def buffers(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Where the next n rows go."""
        return self.X[self.rows : self.rows + n], self.Y[self.rows : self.rows + n]

    def write(self, X: np.ndarray, Y: np.ndarray) -> None:
        """Take note of rows (row, which, trial) that were written into `buffers`."""
        self.rows += len(X)

    def finish(self, attrs: Mapping[str, Any], more: Mapping[str, Any]) -> xr.Dataset:
        """The rows so far, labelled, and `more` variables (dims, values)."""
        X, Y = (a[: self.rows].reshape(self.rows, a.shape[1] // self.layout.trials, self.layout.trials) for a in (self.X, self.Y))
        return self.layout.dataset(X, Y, attrs).assign(more)


class FileSink:
    """Rows appended to a netCDF file. It takes the place of a file of that name only when it is complete."""

    buffers = None

    def __init__(self, layout: Layout, path: Path):
        import h5netcdf

        self.layout, self.path, self.rows = layout, path, 0
        self._stack = contextlib.ExitStack()
        self._temporary = self._stack.enter_context(replacing(path))
        self._file = self._stack.enter_context(h5netcdf.File(self._temporary, "w"))

    def write(self, X: np.ndarray, Y: np.ndarray) -> None:
        """Append rows (row, which, trial)."""
        piece = self.layout.dataset(X, Y, {})
        if "time" not in self._file.dimensions:
            self._create(piece)
        before, self.rows = self.rows, self.rows + len(X)
        self._file.resize_dimension("time", self.rows)
        for name, variable in piece.data_vars.items():
            place = tuple(slice(before, self.rows) if d == "time" else slice(None) for d in variable.dims)
            self._file.variables[name][place] = variable.values

    def _create(self, piece: xr.Dataset) -> None:
        import h5py

        self._file.dimensions = {d: None if d == "time" else n for d, n in piece.sizes.items()}
        for name, variable in piece.data_vars.items():
            chunks = tuple(max(1, min(1024, n)) if d == "time" else n for d, n in variable.sizes.items())
            self._file.create_variable(name, variable.dims, variable.dtype, chunks=chunks)
        if more := [str(name) for name in piece.coords if name not in piece.dims]:
            self._file.attrs["coordinates"] = " ".join(more)  # by which xarray knows them again
        for name, coordinate in piece.coords.items():
            if name != "time":
                text = coordinate.dtype.kind in "OU"
                kind = h5py.string_dtype() if text else coordinate.dtype
                values = coordinate.values.astype(object) if text else coordinate.values
                self._file.create_variable(name, coordinate.dims, kind, data=values)

    def finish(self, attrs: Mapping[str, Any], more: Mapping[str, Any]) -> xr.Dataset:
        """Write `more` variables (dims, values), close the file, put it in place and open it."""
        times = self.layout.times(self.rows)
        variable = self._file.create_variable("time", ("time",), times.dtype, data=times)
        variable.attrs["units"] = time_unit(self.layout.system)
        for name, (dims, values) in more.items():
            self._file.dimensions.update(
                {d: n for d, n in zip(dims, values.shape, strict=True) if d not in self._file.dimensions}
            )
            self._file.create_variable(name, dims, data=values)
        for name, value in attrs.items():
            self._file.attrs[name] = value
        self._stack.close()
        return xr.open_dataset(self.path, engine="h5netcdf", decode_times=False)


class ZarrSink:
    """Rows appended to a zarr store, chunk by chunk."""

    buffers = None

    def __init__(self, layout: Layout, path: Path):
        try:
            import zarr  # noqa: F401
        except ImportError as error:
            raise ImportError("to: a .zarr store needs the package zarr. Install it, or choose a name ending in .nc") from error
        self.layout, self.path, self.rows = layout, path, 0

    def write(self, X: np.ndarray, Y: np.ndarray) -> None:
        """Append rows (row, which, trial)."""
        if not len(X):
            return
        piece = self.layout.dataset(X, Y, {})
        times = self.layout.times(self.rows + len(X))[self.rows :]
        piece = piece.assign_coords(time=("time", times, piece["time"].attrs))
        if self.rows:
            piece.to_zarr(self.path, append_dim="time", consolidated=False)
        else:
            piece.to_zarr(self.path, mode="w", consolidated=False)
        self.rows += len(X)

    def finish(self, attrs: Mapping[str, Any], more: Mapping[str, Any]) -> xr.Dataset:
        """Write `more` variables (dims, values) and the attributes, and open the store."""
        import zarr

        if more:
            xr.Dataset(dict(more)).to_zarr(self.path, mode="a", consolidated=False)
        zarr.open_group(self.path).attrs.update(attrs)
        return xr.open_zarr(self.path, chunks=None, decode_times=False, consolidated=False)


def sink(to: str | os.PathLike | None, layout: Layout, rows: int) -> Memory | FileSink | ZarrSink:
    """The sink for a file name, or memory for None."""
    if to is None:
        return Memory(layout, rows)
    if not isinstance(to, (str, os.PathLike)):
        _check.fail("to", repr(to), "a file name", error=TypeError)
    path = Path(to)
    kinds: dict[str, type[FileSink | ZarrSink]] = {".nc": FileSink, ".zarr": ZarrSink}
    if path.suffix not in kinds:
        _check.fail("to", repr(str(to)), "a name that ends in .nc or .zarr")
    return kinds[path.suffix](layout, path)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` that takes its place at the end, and only if nothing went wrong.

    Where `path` is a link, what it leads to is replaced. Folders and devices are refused.
    """
    path = path.resolve()
    if not path.parent.is_dir():
        _check.fail("path", repr(str(path)), "a name in a folder that exists", f"Create {path.parent} first.", FileNotFoundError)
    if path.is_dir():
        _check.fail("path", f"the folder {str(path)!r}", "the name of a file", error=IsADirectoryError)
    if path.exists() and not path.is_file():
        _check.fail("path", repr(str(path)), "a new name or a regular file", "Devices and pipes are not replaced.", OSError)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def refuse_if_too_large(size: int) -> None:
    """MemoryError, with advice, for a result of `size` bytes that would not fit into the free memory."""
    free = _free_memory()
    if free is not None and size > _FREE_SHARE * free:
        raise MemoryError(
            f"the result would take {size / 1e9:.1f} GB, and {free / 1e9:.1f} GB of memory are free. "
            "Keep fewer rows (every=10), fewer parts (record=…), or write to a file (to='run.nc')."
        )


def _free_memory() -> int | None:
    """Bytes of memory available without swapping, where the system tells."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    with contextlib.suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None
