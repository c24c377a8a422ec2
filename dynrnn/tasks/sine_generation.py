"""Sine-wave generation: oscillate at the frequency that a constant input names."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.tasks import _trials

FREQUENCIES = tuple(np.linspace(1, 6, 51).tolist())
"""51 frequencies over a sixfold range, as in Sussillo & Barak (2013); in Hz, for networks with time constants near 0.1 s."""


def sine_generation(
    trials: int,
    frequencies: Any = FREQUENCIES,
    *,
    rest: Any = 0.1,
    duration: Any = 2.0,
    noise: float = 0.0,
    dt: float | str = _trials.DT,
    rng: Any = None,
) -> xr.Dataset:
    """A static input sets the frequency of a sine wave that has to be produced without any rhythm in the input.

    In the epoch "rest" input and output are 0. In "generate" the j-th lowest of n frequencies f has

        u = j / n + 0.25,   target = sin(2 pi f t)   with t from the onset of the epoch

    The mask is 1 in both, and 0 only after the end of a trial shorter than the longest.

    Parameters
    ----------
    trials : number of trials.
    frequencies : in Hz, below half the sampling rate 1 / dt.
    rest, duration : durations of the two epochs: seconds, (low, high), or (mean, low, high), as in `random_dots`.
    noise : white noise on the input, in sqrt(s): a row has standard deviation noise / sqrt(dt).
    dt : seconds per row.
    rng : seed or Generator. Trial k does not depend on the number of trials.

    Returns
    -------
    Dataset with `inputs` (trial, time, input), `targets` (trial, time, output), `mask` (trial, time), and the coordinates
    `epoch` (trial, time), `frequency` (Hz) and `level` (the input) (trial).

    Raises
    ------
    ValueError, TypeError : a parameter out of range, a frequency that the rows cannot hold, times that are no multiples of dt.

    Source: Sussillo & Barak, Neural Comput. 25:626 (2013).

    >>> data = sine_generation(2, [1.0, 2.0], rng=0).sortby("frequency")
    >>> data.frequency.values.tolist(), data.level.values.tolist()
    ([1.0, 2.0], [0.75, 1.25])
    """
    plan = _trials.Trials(trials, dt, rng)
    given = np.sort(_trials.levels("frequencies", frequencies, 0.0, open_low=True))
    if given[-1] >= 0.5 / plan.dt:
        _check.fail("frequencies", f"{given[-1]:g} Hz", f"less than 1 / (2 dt) = {0.5 / plan.dt:g} Hz", "Lower dt.")
    (index,), _ = plan.balanced(range(given.size))
    plan.epochs({"rest": rest, "generate": duration})
    frequency, level = given[index], (index + 1) / given.size + 0.25
    on = plan.during("generate")
    phase = 2 * np.pi * frequency[:, None] * plan.elapsed("generate") * plan.dt
    return plan.dataset(
        {"level": on * level[:, None]},
        {"sine": on * np.sin(phase)},
        plan.during("rest", "generate"),
        {"frequency": ("trial", frequency, {"units": "Hz"}), "level": ("trial", level)},
        noise=noise,
        task="sine_generation",
        source="Sussillo & Barak, Neural Comput. 25:626 (2013)",
    )
