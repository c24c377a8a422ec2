"""k-bit flip-flop: remember the sign of the last pulse on each of k lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check, _units
from dynrnn.tasks import _trials


def flip_flop(
    trials: int,
    bits: int = 3,
    *,
    rate: float | str = 1.0,
    pulse: float | str = 0.1,
    duration: float | str = 5.0,
    noise: float = 0.0,
    dt: float | str = _trials.DT,
    rng: Any = None,
) -> xr.Dataset:
    """Pulses of random sign set a bit; each output holds the sign of the last pulse of its input.

    Every line begins with a pulse, so that there is always something to remember: epoch "set". In the epoch "hold" that
    follows, pulses come at random, independently on each line. A pulse that comes during another one ends it. The output is
    wanted from the first row of the pulse on, and the mask is 1 everywhere.

    Parameters
    ----------
    trials : number of trials.
    bits : lines, at most 16.
    rate : pulses per second and line.
    pulse : length of a pulse in seconds, and of the epoch "set".   duration : length of a trial in seconds.
    noise : white noise on the inputs, in sqrt(s): a row has standard deviation noise / sqrt(dt).
    dt : seconds per row. With ``dt = pulse = 1`` and ``rate = log(2)`` a row has a pulse with probability 1/2.
    rng : seed or Generator.

    Returns
    -------
    Dataset with `inputs` (trial, time, input), `targets` (trial, time, output), `mask` (trial, time), and the coordinates
    `epoch` (trial, time) and `initial` (trial, output): the signs of the first pulses, all combinations equally often.

    Raises
    ------
    ValueError, TypeError : a parameter out of range, times that are no multiples of dt.

    Source: Sussillo & Barak, Neural Comput. 25:626 (2013); Golub & Sussillo, J. Open Source Softw. 3:1003 (2018).

    >>> data = flip_flop(4, bits=2, rng=0)
    >>> data["targets"].sizes["time"], data["targets"][0, 0].values == data["initial"][0].values
    (250, array([ True,  True]))
    """
    bits = _check.integer("bits", bits, 1, 16)
    rate = _units.hertz("rate", rate, zero=True)
    plan = _trials.Trials(trials, dt, rng)
    width, steps = _trials.whole("pulse", pulse, plan.dt), _trials.whole("duration", duration, plan.dt)
    if not 0 < width < steps:
        wanted = f"more than 0 and less than the duration, {steps * plan.dt:g} s"
        _check.fail("pulse", f"{width * plan.dt:g} s", wanted)
    signs, _ = plan.balanced(*[(-1, 1)] * bits)
    initial = np.stack(signs, axis=-1)
    plan.epochs({"set": pulse, "hold": (steps - width) * plan.dt})

    draws = np.stack([stream.uniform(-1, 1, (plan.steps, bits)) for stream in plan.streams])
    begins = np.abs(draws) < -np.expm1(-rate * plan.dt)  # the sign of a draw is the sign of its pulse
    begins[:, :width] = False
    begins[:, 0] = True
    sign = np.where(draws < 0, -1, 1)
    sign[:, 0] = initial

    k = np.arange(plan.steps)[:, None]
    last = np.maximum.accumulate(np.where(begins, k, 0), axis=1)
    held = np.take_along_axis(sign, last, axis=1)
    u = np.where(k - last < width, held, 0)
    return plan.dataset(
        {f"pulse_{i}": u[..., i] for i in range(bits)},
        {f"bit_{i}": held[..., i] for i in range(bits)},
        np.ones((plan.count, plan.steps)),
        {"initial": (("trial", "output"), initial)},
        noise=noise,
        task="flip_flop",
        rate=rate,
        source="Sussillo & Barak, Neural Comput. 25:626 (2013)",
    )
