"""Ready-set-go: measure an interval between two pulses, and produce it again."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.tasks import _trials


def ready_set_go(
    trials: int,
    intervals: Any = (0.48, 0.56, 0.64, 0.72, 0.80),
    *,
    gain: float = 1.0,
    fixation: Any = (0.1, 0.5),
    pulse: float | str = 0.1,
    hold: Any = 0.2,
    noise: float = 0.0,
    dt: float | str = _trials.DT,
    rng: Any = None,
) -> xr.Dataset:
    """The time from Ready to Set is measured; Go is due after Set by `gain` times that interval T.

    A pulse of height 1 on the input "ready" begins the epoch "measure", one on "set" the epoch "produce". The output climbs
    there from 0 at Set to 1 at Go,

        z(t) = (t - t_set) / (gain T)

    and stays at 1 through the epoch "go": the moment of its crossing 1 is the produced time. Before Set it is wanted at 0.
    The mask is 1 from beginning to end of a trial, and 0 only after it, where longer trials go on.

    Parameters
    ----------
    trials : number of trials.
    intervals : T in seconds, multiples of dt; all equally often.
    gain : produced by measured interval; `gain` times each interval is a multiple of dt too.
    fixation : time before Ready: seconds, (low, high), or (mean, low, high), as in `random_dots`. By default it varies, so that
        the moment of Set does not tell the interval.
    pulse : length of the pulses in seconds, not more than the shortest interval.
    hold : time after Go: seconds, (low, high), or (mean, low, high).
    noise : white noise on the inputs, in sqrt(s): a row has standard deviation noise / sqrt(dt).
    dt : seconds per row.
    rng : seed or Generator. Trial k does not depend on the number of trials.

    Returns
    -------
    Dataset with `inputs` (trial, time, input), `targets` (trial, time, output), `mask` (trial, time), and the coordinates
    `epoch` (trial, time), `interval` (T), `set_time` and `go_time` (trial), in seconds.

    Raises
    ------
    ValueError, TypeError : a parameter out of range, times that are no multiples of dt.

    Source: Jazayeri & Shadlen, Nat. Neurosci. 13:1020 (2010); intervals: Sohn et al., Neuron 103:934 (2019), whose target is an
    exponential ramp; a straight one has the same crossing.

    >>> data = ready_set_go(5, rng=0)
    >>> bool(np.allclose(data.go_time - data.set_time, data.interval))
    True
    """
    plan = _trials.Trials(trials, dt, rng)
    spans = _trials.levels("intervals", _trials.times("intervals", intervals), 0.0, open_low=True)
    gain = _check.real("gain", gain, 0.0, open_low=True)
    for value in spans:
        _trials.whole("intervals", value, plan.dt)
        _trials.whole("gain", gain * value, plan.dt)
    width = _trials.whole("pulse", pulse, plan.dt)
    shortest = min(1.0, gain) * spans.min()
    if not 0 < width * plan.dt <= shortest * (1 + 1e-9):
        _check.fail("pulse", f"{width * plan.dt:g} s", f"more than 0, and at most the shortest interval, {shortest:g} s")
    (interval,), _ = plan.balanced(spans)
    durations = {
        "fixation": fixation,
        "measure": _trials.Chosen(interval, spans),
        "produce": _trials.Chosen(gain * interval, gain * spans),
        "go": hold,
    }
    plan.epochs(durations)
    since = {cue: plan.elapsed(epoch) for cue, epoch in (("ready", "measure"), ("set", "produce"))}
    ramp = since["set"] * plan.dt / (gain * interval[:, None])
    return plan.dataset(
        {cue: (k > 0) & (k <= width) for cue, k in since.items()},
        {"go": np.clip(ramp, 0, 1)},
        plan.during(*durations),
        {
            "interval": ("trial", interval, {"units": "s"}),
            "set_time": ("trial", plan.onset("produce") * plan.dt, {"units": "s"}),
            "go_time": ("trial", plan.onset("go") * plan.dt, {"units": "s"}),
        },
        noise=noise,
        task="ready_set_go",
        gain=gain,
        source="Sohn et al., Neuron 103:934 (2019)",
    )
