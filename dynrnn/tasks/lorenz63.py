"""Lorenz 1963: three ordinary differential equations, the standard chaotic flow."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn._jit import jit
from dynrnn.tasks import _label


def lorenz63(
    steps: int,
    *,
    dt: float = 0.02,
    sigma: float = 10.0,
    rho: float = 28.0,
    beta: float = 8 / 3,
    x0: Any = None,
    discard: int = 1000,
    substeps: int = 10,
    rng: Any = None,
) -> xr.DataArray:
    """A trajectory of the Lorenz system.

        dx/dt = sigma·(y - x),   dy/dt = x·(rho - z) - y,   dz/dt = x·y - beta·z

    Classical Runge-Kutta of order four, `substeps` steps per row. Any two solvers part after some 30 time units, so rows
    far apart are a sample of the attractor, not the solution of one initial value problem.

    Parameters
    ----------
    steps : rows wanted.
    dt : time between rows, in time units.
    sigma, rho, beta : Prandtl number, reduced Rayleigh number, aspect factor; none negative.
    x0 : state (x, y, z) at the start. By default (1, 1, 1) plus uniform noise in [-0.5, 0.5], drawn from `rng`.
    discard : rows dropped at the beginning; with 0, row 0 is the start itself.
    substeps : integration steps per row.
    rng : seed or Generator for the start; not used where `x0` is given.

    Returns
    -------
    DataArray ("time", "feature"), features x, y, z, `time` in time units from the first row kept. With the standard parameters
    ``attrs["lyapunov_exponent"]`` is the largest exponent, 0.9056 per time unit.

    Raises
    ------
    ValueError, TypeError : a parameter out of range, or an orbit that left the finite numbers (`dt` too long).

    Source: Lorenz, J. Atmos. Sci. 20:130 (1963); exponent: Sprott, Chaos and Time-Series Analysis (2003).

    >>> data = lorenz63(1000, rng=0)
    >>> data.dims, data.feature.values.tolist(), data.attrs["lyapunov_exponent"]
    (('time', 'feature'), ['x', 'y', 'z'], 0.9056)
    """
    steps, discard = _check.integer("steps", steps, 1), _check.integer("discard", discard, 0)
    substeps = _check.integer("substeps", substeps, 1)
    dt = _check.real("dt", dt, 0, open_low=True)
    sigma, rho, beta = _check.real("sigma", sigma, 0), _check.real("rho", rho, 0), _check.real("beta", beta, 0)
    if x0 is None:
        start = 1.0 + _check.generator(rng).uniform(-0.5, 0.5, 3)
    else:
        start = _check.array("x0", x0, shape=(3,), remedy="Give (x, y, z).")

    rows = np.empty((discard + steps, 3))
    _runge_kutta(sigma, rho, beta, dt / substeps, substeps, start, rows)
    return _label.series(
        "lorenz63",
        _label.bounded(rows, "Lower dt or raise substeps.")[discard:],
        _label.clock(steps, dt),
        features="xyz",
        long_name="state of the Lorenz system",
        source="Lorenz, J. Atmos. Sci. 20:130 (1963)",
        protocol=f"Runge-Kutta 4, {substeps} steps per row, first {discard} rows dropped",
        dt=dt,
        sigma=sigma,
        rho=rho,
        beta=beta,
        discard=discard,
        substeps=substeps,
        lyapunov_exponent=0.9056 if (sigma, rho, beta) == (10, 28, 8 / 3) else None,
        **(_label.seed(rng) if x0 is None else {}),
    )


@jit
def _velocity(sigma, rho, beta, x, y, z):
    """The right-hand side at (x, y, z)."""
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


@jit
def _step(sigma, rho, beta, h, x, y, z):
    """One step of length `h` of the classical Runge-Kutta method."""
    ax, ay, az = _velocity(sigma, rho, beta, x, y, z)
    bx, by, bz = _velocity(sigma, rho, beta, x + h / 2 * ax, y + h / 2 * ay, z + h / 2 * az)
    cx, cy, cz = _velocity(sigma, rho, beta, x + h / 2 * bx, y + h / 2 * by, z + h / 2 * bz)
    dx, dy, dz = _velocity(sigma, rho, beta, x + h * cx, y + h * cy, z + h * cz)
    x += h / 6 * (ax + 2 * bx + 2 * cx + dx)
    y += h / 6 * (ay + 2 * by + 2 * cy + dy)
    z += h / 6 * (az + 2 * bz + 2 * cz + dz)
    return x, y, z


@jit
def _runge_kutta(sigma, rho, beta, h, substeps, x0, out):
    """Fill `out` (rows, 3): row 0 is `x0`, and `substeps` steps of length `h` lie between rows."""
    x, y, z = x0[0], x0[1], x0[2]
    for row in range(len(out)):
        out[row, 0], out[row, 1], out[row, 2] = x, y, z
        for _ in range(substeps):
            x, y, z = _step(sigma, rho, beta, h, x, y, z)
