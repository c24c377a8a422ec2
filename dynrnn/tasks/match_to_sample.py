"""Delayed match to sample: was the second stimulus the same as the first?"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.tasks import _trials

ANSWERS = ("match", "nonmatch")


def match_to_sample(
    trials: int,
    stimuli: int = 2,
    *,
    fixation: Any = 0.3,
    sample: Any = 0.5,
    delay: Any = 1.0,
    test: Any = 0.5,
    decision: Any = 0.9,
    noise: float = _trials.NOISE,
    dt: float | str = _trials.DT,
    rng: Any = None,
) -> xr.Dataset:
    """A sample, a delay, and a test stimulus that is the sample or another one.

    Each stimulus has an input of its own, 1 while it is shown (epochs "sample" and "test"). The input "fixation" is 1 until
    the epoch "decision", which its end announces; there the output of the right answer is wanted at 1, the other at 0.2.
    Everywhere before, both are wanted at 0.2: the mask is 1 throughout, and 0 only after the end of a trial shorter than the
    longest.

    Parameters
    ----------
    trials : number of trials.
    stimuli : number of stimuli, at least 2.
    fixation, sample, delay, test, decision : durations of the epochs: seconds, (low, high), or (mean, low, high), as in
        `random_dots`.
    noise : white noise on the inputs, in sqrt(s): a row has standard deviation noise / sqrt(dt).
    dt : seconds per row.
    rng : seed or Generator. Trial k does not depend on the number of trials.

    Returns
    -------
    Dataset with `inputs` (trial, time, input), `targets` (trial, time, output), `mask` (trial, time), and the coordinates
    `epoch` (trial, time), `sample`, `test` (names of their inputs) and `choice` ("match" or "nonmatch"). Half of the trials
    match; samples, and tests that do not match, are balanced as well.

    Raises
    ------
    ValueError, TypeError : a parameter out of range, times that are no multiples of dt.

    Source: Miller, Erickson & Desimone, J. Neurosci. 16:5154 (1996).

    >>> data = match_to_sample(8, rng=0)
    >>> bool(((data["sample"] == data["test"]) == (data.choice == "match")).all()), int((data.choice == "match").sum())
    (True, 4)
    """
    plan = _trials.Trials(trials, dt, rng)
    count = _check.integer("stimuli", stimuli, 2)
    names = np.array([f"stimulus_{i}" for i in range(count)])
    (shown_first, shift, choice), _ = plan.balanced(range(count), range(1, count), ANSWERS)
    shown_last = np.where(choice == "match", shown_first, (shown_first + shift) % count)
    plan.epochs({"fixation": fixation, "sample": sample, "delay": delay, "test": test, "decision": decision})

    before = plan.during("fixation", "sample", "delay", "test")
    first, last = plan.during("sample"), plan.during("test")
    shown = {
        name: first & (shown_first == i)[:, None] | last & (shown_last == i)[:, None] for i, name in enumerate(names.tolist())
    }
    return plan.dataset(
        {"fixation": before} | shown,
        plan.decision(choice, ANSWERS),
        before | plan.during("decision"),
        {
            "sample": ("trial", names[shown_first]),
            "test": ("trial", names[shown_last]),
            "choice": ("trial", choice),
        },
        noise=noise,
        task="match_to_sample",
        source="Miller, Erickson & Desimone, J. Neurosci. 16:5154 (1996)",
    )
