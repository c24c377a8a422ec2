"""What all signals share: rows, a value for each channel, random streams, labels."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn._units import seconds, steps


def shape(duration: Any, dt: Any, channels: Any) -> tuple[int, float, int]:
    """Number of rows, dt in seconds, number of channels."""
    dt = seconds("dt", dt)
    return steps("duration", seconds("duration", duration), dt), dt, _check.integer("channels", channels, 1)


def per_channel(name: str, value: Any, channels: int, low: float = -np.inf, *, above: bool = False) -> np.ndarray:
    """`value` as one number for each channel, not below `low`, or `above` it."""
    out = _check.array(name, value, ndim=(0, 1))
    if out.ndim and out.size != channels:
        remedy = f"Pass channels={out.size}." if channels == 1 else ""
        _check.fail(name, f"{out.size} values", f"one number, or one for each of the {channels} channel(s)", remedy)
    if out.size and (out.min() < low or (above and out.min() == low)):
        _check.fail(name, f"{out.min():g}", f"numbers {'>' if above else '>='} {low:g}")
    return np.broadcast_to(out, channels)


def drawn(kind: str, rng: Any, trials: Any, channels: int, draw: Callable[[np.random.Generator, int], np.ndarray]) -> np.ndarray:
    """What ``draw(stream, channel)`` makes of the stream of each trial and channel, (trial, time, input).

    A seed leads to other streams for each kind of signal, and to others than the noise of a system has: a study with one
    seed for everything must not add noise to its own copy.
    """
    count = 1 if trials is None else _check.integer("trials", trials, 1)
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        rng = np.random.SeedSequence(int(rng), spawn_key=(zlib.crc32(kind.encode()),))
    streams = _check.generator(rng).spawn(count)
    return np.stack([np.stack([draw(one, c) for c, one in enumerate(stream.spawn(channels))], axis=-1) for stream in streams])


def signal(kind: str, values: np.ndarray, dt: float, *, trials: Any = None, rng: Any = None, **attrs: Any) -> xr.DataArray:
    """`values` (time, input) or (trial, time, input) with their clock; `attrs` say how they were made."""
    if values.ndim == 3 and trials is None:
        values = values[0]
    dims = ("trial", "time", "input")[-values.ndim :]
    time = ("time", np.arange(values.shape[-2]) * dt, {"units": "s"})
    attrs = {name: value if isinstance(value, str) else np.asarray(value)[()] for name, value in attrs.items()}
    if isinstance(rng, (int, np.integer)):
        attrs["seed"] = int(rng) if rng < 2**63 else str(rng)  # netCDF has no larger integers
    return xr.DataArray(values, {"time": time}, dims, kind, {"kind": kind, "dt": dt, "units": "1", **attrs})
