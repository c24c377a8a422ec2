"""Parametric working memory: compare two vibrations that are seconds apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.tasks import _trials

PAIRS = ((18, 10), (22, 14), (26, 18), (30, 22), (34, 26))
"""The higher and the lower frequency in Hz, as in Song, Yang & Wang (2016)."""

ANSWERS = ("f1>f2", "f1<f2")


def parametric_memory(
    trials: int,
    pairs: Any = PAIRS,
    *,
    fixation: Any = 0.1,
    first: Any = 0.5,
    delay: Any = (2.5, 3.5),
    second: Any = 0.5,
    decision: Any = 0.3,
    catch: bool = True,
    noise: float = _trials.NOISE,
    dt: float | str = _trials.DT,
    rng: Any = None,
) -> xr.Dataset:
    """Which of two frequencies was the higher one? The first has to be remembered through the delay.

    In the epochs "f1" and "f2" one input rises and one falls with the frequency f, with the lowest and highest of all pairs
    as its limits:

        u_positive = 0.2 + 0.8 (f - f_min) / (f_max - f_min),   u_negative = 0.2 + 0.8 (f_max - f) / (f_max - f_min)

    In the epoch "decision" the output of the right answer is wanted at 1, the other at 0.2; in "fixation" both at 0.2. The
    mask is 1 in these two epochs, and 0 through "f1", "delay" and "f2" and after the end of a trial shorter than the longest.
    A catch trial is fixation from beginning to end.

    Parameters
    ----------
    trials : number of trials.
    pairs : two different frequencies each, in Hz; each pair comes in both orders.
    fixation, first, delay, second, decision : durations of the epochs: seconds, (low, high), or (mean, low, high), as in
        `random_dots`. What is drawn is found in the coordinates, as `delay_duration`.
    catch : have catch trials, as often as each other condition.
    noise : white noise on the inputs, in sqrt(s): a row has standard deviation noise / sqrt(dt).
    dt : seconds per row.
    rng : seed or Generator. Trial k does not depend on the number of trials.

    Returns
    -------
    Dataset with `inputs` (trial, time, input), `targets` (trial, time, output), `mask` (trial, time), and the coordinates
    `epoch` (trial, time), `f1`, `f2` (Hz, NaN on catch trials), `choice` ("f1>f2", "f1<f2", or "none" on catch trials) and
    `catch` (trial).

    Raises
    ------
    ValueError, TypeError : a parameter out of range, a pair of equal frequencies, times that are no multiples of dt.

    Source: Romo et al., Nature 399:470 (1999); numbers: Song, Yang & Wang, PLoS Comput. Biol. 12:e1004792 (2016).

    >>> data = parametric_memory(11, delay=3.0, rng=0)
    >>> bool((data.choice == "f1>f2").where(~data.catch, False).equals(data.f1 > data.f2))
    True
    """
    plan = _trials.Trials(trials, dt, rng)
    frequencies = _check.array("pairs", pairs, shape=(None, 2), remedy="Give [(f_1, f_2), …] in Hz.")
    if not frequencies.size or (frequencies[:, 0] == frequencies[:, 1]).any():
        _check.fail("pairs", frequencies.tolist(), "pairs of two different frequencies")
    (pair, answer), caught = plan.balanced(range(len(frequencies)), ANSWERS, catch=catch)
    plan.epochs({"fixation": fixation, "f1": first, "delay": delay, "f2": second, "decision": decision}, caught)
    high, low = frequencies.max(axis=1)[pair], frequencies.min(axis=1)[pair]
    f1, f2 = np.where(answer == "f1>f2", (high, low), (low, high))
    choice = np.where(caught, _trials.NONE, answer)
    f = f1[:, None] * plan.during("f1") + f2[:, None] * plan.during("f2")
    shown, bottom, top = plan.during("f1", "f2"), frequencies.min(), frequencies.max()
    return plan.dataset(
        {
            "positive": shown * (0.2 + 0.8 * (f - bottom) / (top - bottom)),
            "negative": shown * (0.2 + 0.8 * (top - f) / (top - bottom)),
        },
        plan.decision(choice, ANSWERS),
        plan.during("fixation", "decision"),
        {
            "f1": ("trial", np.where(caught, np.nan, f1), {"units": "Hz"}),
            "f2": ("trial", np.where(caught, np.nan, f2), {"units": "Hz"}),
            "choice": ("trial", choice),
            "catch": ("trial", caught),
        },
        noise=noise,
        task="parametric_memory",
        source=_trials.SONG,
    )
