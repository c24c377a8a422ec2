"""Mackey-Glass: a delay differential equation, the classic one-dimensional forecasting task."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn._jit import jit
from dynrnn.tasks import _label

_SOURCE = "Mackey & Glass, Science 197:287 (1977); protocol of Jaeger, GMD Report 148, section 6 (2001)"


def mackey_glass(
    steps: int,
    *,
    tau: float = 17.0,
    dt: float = 0.1,
    sample: int = 10,
    beta: float = 0.2,
    gamma: float = 0.1,
    exponent: float = 10.0,
    history: Any = None,
    discard: int = 1000,
    squash: bool = False,
    rng: Any = None,
) -> xr.DataArray:
    """Mackey-Glass series in the protocol of Jaeger 2001: Euler steps of 0.1, every tenth kept, so one row is one time unit.

        dy/dt = beta·y(t - tau) / (1 + y(t - tau)^exponent) - gamma·y(t)
        y[n+1] = y[n] + dt·(beta·y[n-D] / (1 + y[n-D]^exponent) - gamma·y[n]),   D = tau/dt

    ``tau=17`` is mildly chaotic, ``tau=30`` strongly so. The Euler series *is* the published benchmark: a better integrator
    gives another series under the same name, with which published errors do not compare.

    Parameters
    ----------
    steps : rows wanted.
    tau : delay, in time units; a whole number of `dt`.
    dt : Euler step, in time units.
    sample : Euler steps per row; rows are `sample·dt` time units apart.
    beta, gamma : production and decay rates, per time unit.
    exponent : steepness of the feedback.
    history : y on [-tau, 0], a positive number or the D+1 values from oldest to newest. By default 1.2 plus uniform noise
        in [-0.1, 0.1], drawn from `rng`, so that seeds give different stretches of the attractor.
    discard : rows dropped at the beginning, while the orbit settles; with 0, row 0 is y(0).
    squash : return ``tanh(y - 1)``, as Jaeger's networks saw it; undo with ``arctanh(·) + 1`` before computing an NRMSE84.
    rng : seed or Generator for the history; not used where `history` is given.

    Returns
    -------
    DataArray ("time",) with `time` in time units from the first row kept; attrs record every parameter.

    Raises
    ------
    ValueError, TypeError : a parameter out of range, a `tau` that is no multiple of `dt`, an orbit that left the finite numbers.

    Source: Mackey & Glass, Science 197:287 (1977); Jaeger, GMD Report 148 (2001), section 6.

    >>> y = mackey_glass(2000, tau=17, rng=0)
    >>> y.dims, y.sizes["time"], bool(0.2 < y.min() and y.max() < 1.4)
    (('time',), 2000, True)
    """
    steps, discard = _check.integer("steps", steps, 1), _check.integer("discard", discard, 0)
    sample, squash = _check.integer("sample", sample, 1), _label.flag("squash", squash)
    dt = _check.real("dt", dt, 0, open_low=True)
    tau = _check.real("tau", tau, 0, open_low=True)
    beta, gamma = _check.real("beta", beta, 0), _check.real("gamma", gamma, 0)
    exponent = _check.real("exponent", exponent, 0)
    past = _history(history, _delay(tau, dt), rng)

    rows = np.empty(discard + steps)
    _euler(beta, gamma, exponent, dt, sample, past, rows)
    y = _label.bounded(rows, "Lower dt.")[discard:]
    return _label.series(
        "mackey_glass",
        np.tanh(y - 1) if squash else y,
        _label.clock(steps, sample * dt),
        long_name="tanh(y - 1) of the Mackey-Glass equation" if squash else "y of the Mackey-Glass equation",
        source=_SOURCE,
        protocol=f"Euler, every {sample} steps, first {discard} rows dropped",
        tau=tau,
        dt=dt,
        sample=sample,
        beta=beta,
        gamma=gamma,
        exponent=exponent,
        discard=discard,
        squash=int(squash),
        **(_label.seed(rng) if history is None else {}),
    )


def _delay(tau: float, dt: float) -> int:
    """The delay in Euler steps; the recorded history has no value between two of them."""
    delay = round(tau / dt)
    if delay < 1 or abs(delay * dt - tau) > 1e-9 * tau:
        _check.fail("tau", f"{tau:g}", f"a multiple of dt = {dt:g}", "Change either of the two.")
    return delay


def _history(history: Any, delay: int, rng: Any) -> np.ndarray:
    """The `delay + 1` values of y on [-tau, 0], oldest first."""
    if history is None:
        return 1.2 + _check.generator(rng).uniform(-0.1, 0.1, delay + 1)
    past = _check.array("history", history, ndim=(0, 1))
    if past.ndim == 0:
        past = np.full(delay + 1, float(past))
    past = _check.array("history", past, shape=(delay + 1,), remedy="Give y on [-tau, 0], one value per dt, or one number.")
    if past.min() <= 0:
        _check.fail("history", f"{past.min():g}", "positive values")
    return past


@jit
def _euler(beta, gamma, exponent, dt, sample, history, out):
    """Fill `out` (rows,) with every `sample`-th Euler state, the first being ``history[-1]``, that is y(0)."""
    ring = history[:-1].copy()
    oldest = 0
    y = history[-1]
    for row in range(out.size):
        out[row] = y
        for _ in range(sample):
            delayed = ring[oldest]
            ring[oldest] = y
            oldest = oldest + 1 if oldest + 1 < ring.size else 0
            y += dt * (beta * delayed / (1.0 + delayed**exponent) - gamma * y)
