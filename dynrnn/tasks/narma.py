"""NARMA: a driven system whose output mixes a long memory with products of past inputs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn._jit import jit
from dynrnn.tasks import _label


class Coefficients(NamedTuple):
    """The four numbers of the NARMA equation."""

    alpha: float
    beta: float
    gamma: float
    delta: float


COEFFICIENTS = {10: Coefficients(0.3, 0.05, 1.5, 0.1), 30: Coefficients(0.2, 0.04, 1.5, 0.001)}
"""Coefficients by order, as published."""

_SOURCE = "Atiya & Parlos, IEEE Trans. Neural Networks 11:697 (2000); Jaeger, NIPS 15 (2003)"

# Outputs stay below 1.3 (six million steps seen); from 2 on the quadratic term has taken over for good.
_ESCAPE = 2.0
_DRAWS = 100


def narma(steps: int, order: int = 10, rng: Any = None) -> xr.Dataset:
    """NARMA of order 10 or 30: input and target of the standard nonlinear memory task.

        y(t+1) = alpha·y(t) + beta·y(t)·sum_{i=0}^{n-1} y(t-i) + gamma·u(t-n+1)·u(t) + delta,   u(t) ~ U[0, 0.5]

    with (alpha, beta, gamma, delta) = (0.3, 0.05, 1.5, 0.1) for n = 10 and (0.2, 0.04, 1.5, 0.001) for n = 30.

    **Timing.** Row k of `input` is u(k) and row k of `target` is y(k+1), the first output that depends on u(k): a causal
    model that has read rows 0..k can answer at row k. The system starts at rest, y = u = 0 before row 0, so the target
    follows from the input alone; leave the first few `order` rows to the washout.

    A rare input sends y to infinity (about one in twenty for n = 10 and 10,000 steps). Such a draw is rejected as a whole
    and the next one taken from the same generator, so a seed still fixes the result.

    Parameters
    ----------
    steps : rows wanted.
    order : n, 10 or 30.
    rng : seed or Generator for the input.

    Returns
    -------
    Dataset with `inputs` ("time", "input") and `targets` ("time", "output"), one column each; attrs record the coefficients and
    the number of rejected draws.

    Raises
    ------
    ValueError, TypeError : a parameter out of range, or 100 draws in a row that diverged (series of millions of steps).

    Source: Atiya & Parlos, IEEE Trans. Neural Networks 11:697 (2000); Jaeger, NIPS 15 (2003).

    >>> data = narma(500, order=10, rng=0)
    >>> data["inputs"].shape, data["targets"].dims
    ((500, 1), ('time', 'output'))
    """
    steps = _check.integer("steps", steps, 1)
    order = _check.integer("order", order)
    if order not in COEFFICIENTS:
        _check.fail("order", order, "10 or 30", "These are the two that published errors refer to.")
    u, y, rejected = _draw(steps, order, _check.generator(rng))
    return _label.task(
        u[:, None],
        y[:, None],
        input_name="u(k), uniform on [0, 0.5]",
        target_name=f"y(k+1) of NARMA{order}",
        target_dim="output",
        coords={"time": _label.clock(steps)},
        source=_SOURCE,
        order=order,
        **COEFFICIENTS[order]._asdict(),
        rejected=rejected,
        **_label.seed(rng),
    )


def _draw(steps: int, order: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int]:
    """Input u(k), target y(k+1) and the number of draws thrown away before them."""
    for rejected in range(_DRAWS):
        u = np.concatenate([np.zeros(order - 1), rng.uniform(0.0, 0.5, steps)])
        y = np.zeros(order + steps)
        _recur(*COEFFICIENTS[order], order, u, y)
        if y.max() <= _ESCAPE:
            return u[order - 1 :], y[order:], rejected
    _check.fail("steps", steps, f"a length that some draw survives ({_DRAWS} diverged)", "Join several shorter series instead.")


@jit
def _recur(alpha, beta, gamma, delta, order, u, y):
    """Fill ``y[order:]`` with y(1), y(2), …; both arrays begin with the rest before row 0. Stops where y escapes."""
    for k in range(y.size - order):
        recent = 0.0
        for i in range(order):
            recent += y[k + i]
        last = y[k + order - 1]
        y[k + order] = alpha * last + beta * last * recent + gamma * u[k] * u[k + order - 1] + delta
        if y[k + order] > _ESCAPE:
            break
