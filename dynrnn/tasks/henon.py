"""Hénon: the two-dimensional quadratic map."""

from __future__ import annotations

from typing import Any

import xarray as xr

from dynrnn import _check
from dynrnn.systems.henon import Henon
from dynrnn.tasks import _label
from dynrnn.tasks._orbit import orbit


def henon(steps: int, a: float = 1.4, b: float = 0.3, *, x0: Any = None, discard: int = 1000, rng: Any = None) -> xr.DataArray:
    """An orbit of the Hénon map.

        x[k+1] = 1 - a·x[k]^2 + y[k],   y[k+1] = b·x[k]

    Parameters
    ----------
    steps : rows wanted.
    a, b : the two parameters; for large `a`, or a start outside the basin, the orbit runs away and is refused.
    x0 : state (x, y) at the start. By default uniform in [-0.1, 0.1], drawn from `rng`: inside the basin of the standard map.
    discard : rows dropped at the beginning; with 0, row 0 is the start itself.
    rng : seed or Generator for the start; not used where `x0` is given.

    Returns
    -------
    DataArray ("time", "feature"), features x, y, `time` in steps. With the standard parameters
    ``attrs["lyapunov_exponent"]`` is the largest exponent, 0.419 per step.

    Raises
    ------
    ValueError, TypeError : a parameter out of range, or an orbit that left the finite numbers.

    Source: Hénon, Commun. Math. Phys. 50:69 (1976); exponent: Sprott, Chaos and Time-Series Analysis (2003).

    >>> henon(3, x0=(0, 0), discard=0).sel(feature="x").values.tolist()
    [0.0, 1.0, -0.3999999999999999]
    """
    steps, discard = _check.integer("steps", steps, 1), _check.integer("discard", discard, 0)
    a, b = _check.real("a", a), _check.real("b", b)
    if x0 is None:
        start = _check.generator(rng).uniform(-0.1, 0.1, 2)
    else:
        start = _check.array("x0", x0, shape=(2,), remedy="Give (x, y).")

    rows = orbit(Henon(a, b), start, discard + steps)
    return _label.series(
        "henon",
        _label.bounded(rows, "Start inside the basin, or lower a.")[discard:],
        _label.clock(steps),
        features="xy",
        long_name="state of the Hénon map",
        source="Hénon, Commun. Math. Phys. 50:69 (1976)",
        protocol=f"first {discard} rows dropped",
        a=a,
        b=b,
        discard=discard,
        lyapunov_exponent=0.419 if (a, b) == (1.4, 0.3) else None,
        **(_label.seed(rng) if x0 is None else {}),
    )
