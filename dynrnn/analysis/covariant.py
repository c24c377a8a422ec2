"""Covariant Lyapunov vectors: the directions that grow at the rates of the exponents, forward and backward in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
import xarray as xr

import dynrnn
from dynrnn import _check
from dynrnn.analysis.lyapunov import aligned, prepare
from dynrnn.system import System

__all__ = ["covariant_vectors"]


def covariant_vectors(
    system: System,
    k: int | None = None,
    *,
    inputs: Any = None,
    steps: int | None = None,
    duration: Any = None,
    dt: Any = None,
    method: Any = None,
    transient: int | None = None,
    x0: Any = None,
    rng: Any = 0,
    interval: int | None = None,
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
    if length // interval < 5:
        _check.fail(
            "steps", plan.steps, f"at least {first + 5 * interval}, five windows of {interval} steps", "Lengthen the run."
        )
    seen = frames.run(length, interval, None if plan.inputs is None else plan.inputs[first:], keep=True)
    windows, time = len(seen.growth) - len(seen.growth) // 5, interval * frames.dt
    vectors, growth = _backward(seen.frames, seen.factors, windows)
    gram = np.abs(np.einsum("wui,wuj->wij", vectors, vectors)) - 2 * np.eye(vectors.shape[2])
    largest = gram.max(axis=(1, 2)) if vectors.shape[2] > 1 else np.zeros(windows)
    times = (first + interval * np.arange(windows)) * frames.dt
    return xr.Dataset(
        {
            "vector": (("window", "unit", "exponent"), vectors),
            "state": (("window", "unit"), seen.states[:windows]),
            "growth": (("window", "exponent"), growth / time),
            "angle": ("window", np.arccos(np.clip(largest, 0.0, 1.0))),
        },
        {"time": ("window", times)},
        {"class": type(system).__name__, "system": system.to_json(), "dynrnn": dynrnn.__version__, "interval": interval},
    )


def _backward(frames: Any, factors: Any, windows: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors and logarithms of their growth, for the first `windows` stretches."""
    k = factors.shape[1]
    C = np.triu(np.random.default_rng(0).uniform(0.5, 1.0, (k, k)))
    C /= np.linalg.norm(C, axis=0)
    vectors, growth = np.empty((windows, *frames.shape[1:])), np.empty((windows, k))
    for i in range(len(factors) - 1, -1, -1):
        C = scipy.linalg.solve_triangular(factors[i], C)
        shrunk = np.linalg.norm(C, axis=0)
        C /= shrunk
        if i < windows:
            vectors[i], growth[i] = frames[i] @ C, -np.log(shrunk)
    return vectors, growth
