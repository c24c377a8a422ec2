"""Chaos from how tangent vectors line up: the generalised alignment index."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.analysis._frames import Stretches
from dynrnn.analysis.lyapunov import Plan, aligned, prepare
from dynrnn.run import Interrupted

__all__ = ["gali"]


def gali(
    system: Any,
    k: int = 2,
    *,
    inputs: Any = None,
    steps: int | None = None,
    duration: Any = None,
    dt: Any = None,
    method: Any = None,
    x0: Any = None,
    rng: Any = 0,
    interval: int = 1,
) -> xr.Dataset:
    """Generalised alignment index GALI_k: the volume of k tangent vectors of unit length,

        GALI_k(t) = |v_1 ∧ ... ∧ v_k| = product of the singular values of [v_1 ... v_k],   |v_i| = 1.

    On a chaotic orbit all vectors turn to the fastest direction, and it falls as ``exp(-sum_(i=2..k) (l_1 - l_i) t)``. On a
    regular orbit of a Hamiltonian system or a map that keeps areas it stays constant, or falls as a power of time where k is
    larger than the torus of the orbit. In dissipative systems an attracting orbit too makes it fall exponentially.

    Parameters
    ----------
    system, inputs, steps, duration, dt, method : as for `lyapunov_spectrum`. There is no transient.
    k : number of vectors, 2 to the size of the state.
    x0 : initial state. `rng` : seed of the first vectors, which are orthonormal: GALI starts at 1.
    interval : steps between values.

    Returns
    -------
    Dataset over "time" (in seconds for a flow, or steps) with `gali` and `log_gali`, its natural logarithm, which is
    computed by itself (from the factors of QR decompositions) and goes on where the index is 0 to rounding.

    Source: Ch. Skokos, T. C. Bountis and Ch. Antonopoulos, Physica D 231 (2007) 30.

    >>> from dynrnn.systems.torus_maps import CatMap
    >>> log = gali(CatMap(), steps=20).log_gali
    >>> round(float(log[-1] - log[-2]), 5)  # -2 log((3 + sqrt 5) / 2)
    -1.92485
    """
    k = _check.integer("k", k, 2, getattr(system, "size", None))
    interval = _check.integer("interval", interval, 1)
    plan = prepare(system, k, inputs, steps, duration, dt, method, 0, x0)
    frames, interval = aligned(plan, rng, interval)
    try:
        seen = frames.run(plan.steps // interval * interval, interval, plan.inputs, keep=True)
    except Interrupted as stopped:
        stopped.result = _result(plan, stopped.result, k, interval) if len(stopped.result.growth) else None
        raise
    return _result(plan, seen, k, interval)


def _result(plan: Plan, seen: Stretches, k: int, interval: int) -> xr.Dataset:
    assert seen.factors is not None
    S, lengths = np.eye(k), np.empty((len(seen.growth), k))  # the vectors are Q S: S is carried along, its columns kept at 1
    for i, R in enumerate(seen.factors):
        S = R @ S
        norm = np.linalg.norm(S, axis=0)
        lengths[i], S = np.log(norm), S / norm
    log = np.cumsum(seen.growth.sum(axis=1) - lengths.sum(axis=1))
    time = interval * np.arange(1, log.size + 1) * plan.dt
    return xr.Dataset(
        {"gali": ("time", np.exp(log), {"long_name": f"GALI {k}"}), "log_gali": ("time", log)},
        {"time": ("time", time, {"units": plan.unit})},
        plan.attrs | {"k": k, "interval": interval},
    )
