"""The largest Lyapunov exponent from two neighbouring orbits: needs no derivative, and checks one that is given."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from tqdm import tqdm

from dynrnn import _check
from dynrnn._jit import explained, jit
from dynrnn._llvm import borrowed
from dynrnn._math import copy
from dynrnn.analysis._frames import portions
from dynrnn.analysis.lyapunov import Plan, prepare, settled
from dynrnn.integrate import Adaptive
from dynrnn.run import Interrupted
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
    transient: Any = None,
    x0: Any = None,
    rng: Any = 0,
    distance: float = 1e-8,
    interval: int = 10,
    progress: bool = False,
) -> xr.Dataset:
    """Largest Lyapunov exponent by two orbits that start `distance` apart and are brought back to it every `interval` steps:

        lambda_1 = lim (1/T) sum_n log(|x'_n - x_n| / d).

    Other arguments as for `lyapunov_spectrum`; a flow takes a method with fixed steps. Both orbits get the same inputs.

    Returns
    -------
    xarray.Dataset: `exponent`, per step of a map, or per second where there is a dt; `stderr`, from the means of 30 stretches of
    the run; and `local_exponent` (window,). The exponent is -inf where two states become one to the last bit.

    Raises : as `lyapunov_spectrum`.

    Source: Benettin, Galgani and Strelcyn, Phys. Rev. A 14 (1976) 2338.

    >>> import dynrnn as dr
    >>> result = dr.largest_exponent(dr.CatMap(), steps=2000, x0=[0.1, 0.3], distance=1e-9)
    >>> bool(abs(result.exponent - np.log((3 + 5**0.5) / 2)) < 1e-3)
    True
    """
    plan = prepare(system, 1, inputs, steps, duration, dt, method, transient, x0)
    d, half = _check.real("distance", distance, 0.0, open_low=True), plan.transient // 2
    if isinstance(plan.map, Adaptive):
        _check.fail("method", plan.map.method.name, 'one with fixed steps, such as "rk4"')
    interval = _check.integer("interval", interval, 1, plan.steps - plan.transient)
    start = settled(plan, half)
    d *= max(1.0, float(np.abs(start.x).max()))
    least = 100 * float(np.finfo(start.x.dtype).eps)
    if distance < least:
        _check.fail("distance", distance, f"at least {least:.1g}, as numbers of {start.x.dtype} can be told apart")
    v = _check.generator(rng).normal(size=start.size)
    pair = start.x, (start.x + v * (d / np.linalg.norm(v))).astype(start.x.dtype)
    with tqdm(total=plan.steps - half, unit="step", unit_scale=True, disable=not _check.boolean("progress", progress)) as bar:
        aside = (plan.transient - half) // interval  # windows in which the second orbit turns to the fastest direction
        growth = np.full(aside + (plan.steps - plan.transient) // interval, np.nan)
        first = half + aside * interval
        done, p, z = 0, plan.map.params(), np.empty_like(start.x)
        try:
            for count in portions(growth.size):
                U = start.channels(plan.fed(start.k), count * interval)
                with explained(type(system).__name__):
                    _part(p, *pair, z, U, interval, d, growth[done : done + count])
                done, start.k = done + count, start.k + count * interval
                bar.update(count * interval)
        except KeyboardInterrupt:
            stopped = Interrupted(f"stopped after step {start.k}; error.result holds the exponent until then", start.k)
            stopped.result = _result(plan, growth[aside:done], first, interval, d) if done > aside else None
            raise stopped from None
    return _result(plan, growth[aside:], first, interval, d)


def _result(plan: Plan, growth: np.ndarray, first: int, interval: int, d: float) -> xr.Dataset:
    time, units = interval * plan.dt, plan.rate_unit
    blocks = np.array([piece.mean() for piece in np.array_split(growth, min(30, growth.size))])
    with np.errstate(invalid="ignore"):
        error = blocks.std(ddof=1) / np.sqrt(blocks.size) if blocks.size > 1 else np.nan
    times = (first + interval * np.arange(1, growth.size + 1)) * plan.dt
    said = {"units": units}
    return xr.Dataset(
        {
            "exponent": ((), growth.mean() / time, said | {"long_name": "largest Lyapunov exponent"}),
            "stderr": ((), error / time, said),
            "local_exponent": ("window", growth / time, said),
        },
        {"time": ("window", times, {"units": plan.unit})},
        plan.attrs | {"distance": d, "interval": interval, "dt": plan.dt, "units": units},
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
        growth[w] = np.log(r / d) if r > 0 else -np.inf
        if r == 0:
            y[0], r = x[0] + d, d  # once they have met, any direction will do
            continue
        for i in range(x.size):
            y[i] = x[i] + (y[i] - x[i]) * (d / r)
