"""Logistic: the one-dimensional quadratic map."""

from __future__ import annotations

import math
from typing import Any

import xarray as xr

from dynrnn import _check
from dynrnn.systems.logistic import Logistic
from dynrnn.tasks import _label
from dynrnn.tasks._orbit import orbit


def logistic(steps: int, r: float = 4.0, *, x0: float | None = None, discard: int = 100, rng: Any = None) -> xr.DataArray:
    """An orbit of the logistic map.

        x[k+1] = r·x[k]·(1 - x[k])

    At ``r=4`` the substitution x = sin²(theta) makes it the doubling of an angle: ``x[k] = sin²(2^k·theta)``. Rounding then
    doubles in every step too, so the orbit is that of a start nearby, and in the long run (some 10^7 steps) ends on a cycle.

    Parameters
    ----------
    steps : rows wanted.
    r : growth rate, in [0, 4], where the interval [0, 1] is mapped into itself.
    x0 : state at the start, in [0, 1]. By default uniform in [0.1, 0.9], drawn from `rng`.
    discard : rows dropped at the beginning; with 0, row 0 is the start itself.
    rng : seed or Generator for the start; not used where `x0` is given.

    Returns
    -------
    DataArray ("time", "feature") with the one feature x, `time` in steps. At ``r=4`` ``attrs["lyapunov_exponent"]`` is the
    exact exponent, log 2 per step.

    Raises
    ------
    ValueError, TypeError : a parameter out of range.

    Source: May, Nature 261:459 (1976); conjugacy and exponent: Ulam & von Neumann, Bull. AMS 53:1120 (1947).

    >>> logistic(4, x0=0.25, discard=0).values[:, 0].tolist()
    [0.25, 0.75, 0.75, 0.75]
    """
    steps, discard = _check.integer("steps", steps, 1), _check.integer("discard", discard, 0)
    r = _check.real("r", r, 0, 4, remedy="Outside it orbits leave [0, 1] for infinity.")
    start = _check.generator(rng).uniform(0.1, 0.9) if x0 is None else _check.real("x0", x0, 0, 1)

    rows = orbit(Logistic(r), start, discard + steps)
    return _label.series(
        "logistic",
        rows[discard:],
        _label.clock(steps),
        features="x",
        long_name="state of the logistic map",
        source="May, Nature 261:459 (1976)",
        protocol=f"first {discard} rows dropped",
        r=r,
        discard=discard,
        lyapunov_exponent=math.log(2) if r == 4 else None,
        **(_label.seed(rng) if x0 is None else {}),
    )
