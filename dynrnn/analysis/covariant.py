"""Covariant Lyapunov vectors: the directions that grow at the rates of the exponents, forward and backward in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
import xarray as xr
from tqdm import tqdm

from dynrnn import _check
from dynrnn.analysis._frames import Stretches
from dynrnn.analysis.lyapunov import Plan, aligned, prepare
from dynrnn.run import Interrupted
from dynrnn.system import System

__all__ = ["covariant_vectors"]

_WINDOWS = 5  # that a run must have


def covariant_vectors(
    system: System,
    k: int | None = None,
    *,
    inputs: Any = None,
    steps: int | None = None,
    duration: Any = None,
    dt: Any = None,
    method: Any = None,
    transient: Any = None,
    x0: Any = None,
    rng: Any = 0,
    interval: int | None = None,
    progress: bool = False,
) -> xr.Dataset:
    """Covariant Lyapunov vectors along an orbit, by the method of Ginelli:

        V_n = Q_n C_n,      C_(n-1) = R_n^(-1) C_n D_n,

    with the frames Q and factors R of the forward run, and C upper triangular with columns of unit length, carried backward.

    Arguments as for `lyapunov_spectrum`. A fifth of the run at its end serves the backward transient and is not returned.

    Returns
    -------
    xarray.Dataset: `vector` (window, unit, exponent), unit vectors at the states `state` (window, unit) and times `time`;
    `growth` (window, exponent), the rate at which each grows until the next window (its mean is the exponent); `angle`
    (window,), the smallest principal angle between any two of them in radians: near 0 where hyperbolicity is lost.

    Raises : as `lyapunov_spectrum`; and ValueError where a direction is flattened, so that its growth is -inf.

    Source: F. Ginelli et al., Phys. Rev. Lett. 99 (2007) 130601.

    >>> import dynrnn as dr
    >>> vectors = dr.covariant_vectors(dr.CatMap(), steps=200, x0=[0.1, 0.3], interval=1)
    >>> np.abs(vectors.vector.values[0] @ [1, 0]).shape
    (2,)
    """
    plan = prepare(system, k, inputs, steps, duration, dt, method, transient, x0)
    frames, interval = aligned(plan, rng, interval)
    first = frames.k
    length = (plan.steps - first) // interval * interval
    if length // interval < _WINDOWS:
        wanted = f"at least {first + _WINDOWS * interval}, {_WINDOWS} windows of {interval} steps"
        _check.fail("steps", plan.steps, wanted, "Lengthen the run.")
    with tqdm(total=length, unit="step", unit_scale=True, disable=not _check.boolean("progress", progress)) as bar:
        try:
            seen = frames.run(length, interval, plan.fed(first), keep=True, tell=bar.update)
        except Interrupted as stopped:
            stopped.result = _result(plan, stopped.result, first, interval) if len(stopped.result.growth) >= _WINDOWS else None
            raise
    return _result(plan, seen, first, interval)


def _result(plan: Plan, seen: Stretches, first: int, interval: int) -> xr.Dataset:
    if not np.isfinite(seen.growth).all():
        remedy = f"Ask for the {int(np.isfinite(seen.growth).all(axis=0).sum())} that are finite: k=…"
        _check.fail("k", f"{seen.growth.shape[1]}", "directions that the map does not flatten: exponents above -inf", remedy)
    windows, time = len(seen.growth) - len(seen.growth) // 5, interval * plan.dt
    vectors, growth = _backward(seen.frames, seen.factors, windows)
    gram = np.abs(np.einsum("wui,wuj->wij", vectors, vectors)) - 2 * np.eye(vectors.shape[2])
    largest = gram.max(axis=(1, 2)) if vectors.shape[2] > 1 else np.zeros(windows)
    return xr.Dataset(
        {
            "vector": (("window", "unit", "exponent"), vectors),
            "state": (("window", "unit"), seen.states[:windows]),
            "growth": (("window", "exponent"), growth / time, {"units": plan.rate_unit}),
            "angle": ("window", np.arccos(np.clip(largest, 0.0, 1.0)), {"units": "rad"}),
        },
        {"time": ("window", (first + interval * np.arange(windows)) * plan.dt, {"units": plan.unit})},
        plan.attrs | {"interval": interval, "dt": plan.dt},
    )


def _backward(frames: Any, factors: Any, windows: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors and logarithms of their growth, for the first `windows` stretches."""
    k = factors.shape[1]
    C = np.triu(np.random.default_rng(0).uniform(0.5, 1.0, (k, k)))
    C /= np.linalg.norm(C, axis=0)
    vectors, growth = np.empty((windows, frames.shape[2], k)), np.empty((windows, k))
    for i in range(len(factors) - 1, -1, -1):
        C = scipy.linalg.solve_triangular(factors[i], C)
        shrunk = np.linalg.norm(C, axis=0)
        C /= shrunk
        if i < windows:
            vectors[i], growth[i] = frames[i].T @ C, -np.log(shrunk)
    return vectors, growth
