"""Lorenz 1963: three ordinary differential equations, the standard chaotic flow."""

from __future__ import annotations

from typing import Any

import xarray as xr

from dynrnn import _check
from dynrnn.integrate import Discretised
from dynrnn.systems.lorenz import Lorenz63
from dynrnn.tasks import _label
from dynrnn.tasks._orbit import orbit


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

    flow = Lorenz63(sigma, rho, beta)
    rows = orbit(Discretised(flow, "rk4", dt / substeps), start, discard + steps, every=substeps)
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
