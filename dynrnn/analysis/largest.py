"""The largest Lyapunov exponent from two neighbouring orbits: needs no derivative, and checks one that is given."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

import dynrnn
from dynrnn import _check
from dynrnn._jit import explained, jit
from dynrnn._llvm import borrowed
from dynrnn._math import copy
from dynrnn.analysis.lyapunov import aligned, prepare
from dynrnn.system import System, step

__all__ = ["largest_exponent"]


def largest_exponent(
    system: System,
    *,
    inputs: Any = None,
    steps: int | None = None,
    duration: Any = None,
    dt: Any = None,
    method: Any = None,
    transient: int | None = None,
    x0: Any = None,
    rng: Any = 0,
    distance: float = 1e-8,
    interval: int = 10,
) -> xr.Dataset:
    """Largest Lyapunov exponent by two orbits that start `distance` apart and are brought back to it every `interval` steps:

        lambda_1 = lim (1/T) sum_n log(|x'_n - x_n| / d).

    Other arguments as for `lyapunov_spectrum`; a flow takes a method with fixed steps. Both orbits get the same inputs.

    Returns xarray.Dataset: `exponent`, `stderr` by block bootstrap, and `local_exponent` (window,).

    Source: Benettin, Galgani and Strelcyn, Phys. Rev. A 14 (1976) 2338.

    >>> import dynrnn as dr
    >>> result = dr.largest_exponent(dr.CatMap(), steps=2000, x0=[0.1, 0.3], distance=1e-9)
    >>> bool(abs(result.exponent - np.log((3 + 5**0.5) / 2)) < 1e-3)
    True
    """
    plan = prepare(system, 1, inputs, steps, duration, dt, method, transient, x0)
    d = _check.real("distance", distance, 0.0, open_low=True)
    interval = _check.integer("interval", interval, 1)
    frames, _ = aligned(plan, rng, interval)
    if frames.adaptive:
        _check.fail("method", plan.map.method.name, 'one with fixed steps, such as "rk4"')
    first, scale = frames.k, max(1.0, float(np.abs(frames.x).max()))
    windows = (plan.steps - first) // interval
    U = frames.channels(None if plan.inputs is None else plan.inputs[first : first + windows * interval], windows * interval)
    growth = np.empty(windows)
    x, y = frames.x.copy(), frames.x + d * scale * frames.Q[:, 0]
    with explained(type(system).__name__):
        _part(plan.map.params(), x, y, np.empty_like(x), U, interval, d * scale, growth)
    time = interval * frames.dt
    blocks = np.array([piece.mean() for piece in np.array_split(growth, min(30, windows))])
    error = blocks.std(ddof=1) / np.sqrt(len(blocks)) if len(blocks) > 1 else np.nan
    return xr.Dataset(
        {"exponent": growth.mean() / time, "stderr": error / time, "local_exponent": ("window", growth / time)},
        {"time": ("window", (first + interval * np.arange(1, windows + 1)) * frames.dt)},
        {"class": type(system).__name__, "system": system.to_json(), "dynrnn": dynrnn.__version__, "distance": d * scale},
    )


@jit
def _part(p, x, y, z, U, interval, d, growth):
    """Drive both orbits; note the logarithm of their distance over d, and bring y back to d from x."""
    p, x, y, z, U = borrowed(p), borrowed(x), borrowed(y), borrowed(z), borrowed(U)
    for w in range(growth.size):
        for row in range(w * interval, (w + 1) * interval):
            step(p, x, U[row], z)
            copy(z, x)
            step(p, y, U[row], z)
            copy(z, y)
        total = 0.0
        for i in range(x.size):
            total += (y[i] - x[i]) ** 2
        r = np.sqrt(total)
        growth[w] = np.log(r / d)
        for i in range(x.size):
            y[i] = x[i] + (y[i] - x[i]) * (d / r)
