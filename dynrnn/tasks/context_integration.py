"""Context-dependent integration: decide on the motion or on the color of the same dots, as a cue says."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn.tasks import _trials
from dynrnn.tasks.random_dots import SIDES, evidence, signed

CONTEXTS = ("motion", "color")


def context_integration(
    trials: int,
    coherences: Any = (1, 3, 10),
    *,
    fixation: Any = 0.1,
    stimulus: Any = 0.8,
    decision: Any = 0.3,
    catch: bool = True,
    noise: float = _trials.NOISE,
    dt: float | str = _trials.DT,
    rng: Any = None,
) -> xr.Dataset:
    """Two streams of evidence, of which the context says the one that counts.

    During the epoch "stimulus" the input of the context is 1, and motion and color each have a pair of inputs, at their
    signed coherences c in percent:

        u_right = (1 + 5 c / 100) / 2,   u_left = (1 - 5 c / 100) / 2

    All inputs are 0 otherwise. Targets and mask are as in `random_dots`: the right answer at 1 and the other at 0.2 in
    "decision", both at 0.2 in "fixation", mask 0 during the stimulus; a catch trial is fixation from beginning to end.

    Parameters
    ----------
    trials : number of trials.
    coherences : strengths in percent, not negative; motion and color take each in both directions, in all combinations.
    fixation, stimulus, decision : durations as in `random_dots`.
    catch : have catch trials, as often as each other condition.
    noise : white noise on the inputs, in sqrt(s): a row has standard deviation noise / sqrt(dt).
    dt : seconds per row.
    rng : seed or Generator. Trial k does not depend on the number of trials.

    Returns
    -------
    Dataset with `inputs` (trial, time, input), `targets` (trial, time, output), `mask` (trial, time), and the coordinates
    `epoch` (trial, time), `context` ("motion", "color"), `motion` and `color` (signed coherences), `choice` and `catch`
    (trial). On catch trials they are NaN and "none".

    Raises
    ------
    ValueError, TypeError : a parameter out of range, times that are no multiples of dt.

    Source: Mante et al., Nature 503:78 (2013); numbers: Song, Yang & Wang, PLoS Comput. Biol. 12:e1004792 (2016).

    >>> context_integration(73, rng=0).context.to_series().value_counts().sort_index().to_dict()
    {'color': 36, 'motion': 36, 'none': 1}
    """
    plan = _trials.Trials(trials, dt, rng)
    strengths = _trials.levels("coherences", coherences, 0.0)
    (context, m, m_side, c, c_side), caught = plan.balanced(CONTEXTS, strengths, SIDES, strengths, SIDES, catch=catch)
    plan.epochs({"fixation": fixation, "stimulus": stimulus, "decision": decision}, caught)
    motion, color = signed(m, m_side), signed(c, c_side)
    choice = np.where(caught, _trials.NONE, np.where(context == "motion", m_side, c_side))
    shown = plan.during("stimulus")
    cues = {f"context_{name}": shown & (context == name)[:, None] for name in CONTEXTS}
    return plan.dataset(
        cues | evidence(motion, 5.0, shown, "motion_") | evidence(color, 5.0, shown, "color_"),
        plan.decision(choice, SIDES),
        plan.during("fixation", "decision"),
        {
            "context": ("trial", np.where(caught, _trials.NONE, context)),
            "motion": ("trial", np.where(caught, np.nan, motion), {"units": "%"}),
            "color": ("trial", np.where(caught, np.nan, color), {"units": "%"}),
            "choice": ("trial", choice),
            "catch": ("trial", caught),
        },
        noise=noise,
        task="context_integration",
        source=_trials.SONG,
    )
