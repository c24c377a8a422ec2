"""Delay recall: give back the input of d steps ago, the task behind the memory capacity."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.tasks import _label


def delay_recall(
    steps: int, delays: Any = range(1, 21), *, low: float = -0.8, high: float = 0.8, trials: int | None = None, rng: Any = None
) -> xr.Dataset:
    """Independent uniform input, and its past as targets.

        u(k) ~ U[low, high],   target_d(k) = u(k - d)

    Row k of the target belongs to row k of the input. Where the input had not begun, k < d, the target is NaN: mask those
    rows, or leave them to the washout.

    Parameters
    ----------
    steps : rows per trial.
    delays : the delays d wanted, distinct, in [0, steps).
    low, high : range of the input; [-0.8, 0.8] is usual in memory-capacity studies.
    trials : number of independent trials, for which a leading "trial" dimension is added; None gives one without it.
    rng : seed or Generator. Each trial has its own stream, so neither the number of trials nor of steps alters the others,
        and ``trials=None`` is trial 0.

    Returns
    -------
    Dataset with `inputs` (["trial",] "time", "input") and `targets` (["trial",] "time", "delay"); `delay` is in steps.

    Raises
    ------
    ValueError, TypeError : a delay out of range or twice, an empty range of input, `steps` or `trials` below 1.

    Source: Jaeger, GMD Report 152 (2002).

    >>> data = delay_recall(5, [1, 2], rng=0)
    >>> bool((data["targets"].sel(delay=2)[2:].values == data["inputs"][:-2, 0].values).all())
    True
    """
    steps, lags = _check.integer("steps", steps, 1), _delays(delays, steps)
    low = _check.real("low", low)
    high = _check.real("high", high, low, open_low=True)
    count = 1 if trials is None else _check.integer("trials", trials, 1)

    streams = _check.generator(rng).spawn(count)
    u = np.stack([stream.uniform(low, high, (steps, 1)) for stream in streams])
    past = np.full((count, steps, len(lags)), np.nan)
    for column, lag in enumerate(lags):
        past[:, lag:, column] = u[:, : steps - lag, 0]

    coords = {"time": _label.clock(steps), "delay": ("delay", lags, {"units": "step"})}
    return _label.task(
        u[0] if trials is None else u,
        past[0] if trials is None else past,
        input_name=f"u(k), uniform on [{low:g}, {high:g}]",
        target_name="u(k - delay)",
        target_dim="delay",
        coords=coords if trials is None else coords | {"trial": np.arange(count)},
        source="Jaeger, GMD Report 152 (2002)",
        low=low,
        high=high,
        **_label.seed(rng),
    )


def _delays(delays: Any, steps: int) -> list[int]:
    """The delays as distinct integers that leave at least one row each."""
    listed = _check.array("delays", delays, ndim=1, remedy="Write [d] for a single delay.")
    lags = [_check.integer("delays", d, 0, steps - 1, "A delay of `steps` or more has no row.") for d in listed.tolist()]
    if not lags or len(set(lags)) < len(lags):
        _check.fail("delays", lags, "at least one delay, and none twice")
    return lags
