"""Random dots: decide in which of two directions noisy evidence points."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn.tasks import _trials

SIDES = ("right", "left")


def random_dots(
    trials: int,
    coherences: Any = (1, 2, 4, 8, 16),
    *,
    fixation: Any = 0.1,
    stimulus: Any = 0.8,
    decision: Any = 0.3,
    catch: bool = True,
    noise: float = _trials.NOISE,
    dt: float | str = _trials.DT,
    rng: Any = None,
) -> xr.Dataset:
    """Perceptual decision on the direction of motion of random dots.

    During the epoch "stimulus" the inputs for the two directions are, at the signed coherence c in percent,

        u_right = (1 + 3.2 c / 100) / 2,   u_left = (1 - 3.2 c / 100) / 2

    and 0 otherwise. In the epoch "decision" the output of the right answer is wanted at 1, the other at 0.2; in "fixation"
    both at 0.2. The mask is 1 in these two epochs and 0 during the stimulus. A catch trial is fixation from beginning to end.

    Parameters
    ----------
    trials : number of trials.
    coherences : strengths of motion in percent, not negative; each is shown in both directions.
    fixation, stimulus, decision : durations of the epochs: seconds or text such as "800 ms", (low, high) for a uniform one,
        or (mean, low, high) for an exponential one within limits, as in ``stimulus=(0.33, 0.08, 1.5)``. What is drawn is
        rounded to whole rows and found in the coordinates, as `stimulus_duration`.
    catch : have catch trials, as often as each other condition.
    noise : white noise on the inputs, in sqrt(s): a row has standard deviation noise / sqrt(dt).
    dt : seconds per row.
    rng : seed or Generator. Trial k does not depend on the number of trials.

    Returns
    -------
    Dataset with `inputs` (trial, time, input), `targets` (trial, time, output), `mask` (trial, time), and the coordinates
    `epoch` (trial, time), `coherence` (signed, positive to the right, NaN on catch trials), `choice` (the right answer, "none"
    on catch trials) and `catch` (trial). At coherence 0 half of the trials have each answer.

    Raises
    ------
    ValueError, TypeError : a parameter out of range, times that are no multiples of dt.

    Source: Roitman & Shadlen, J. Neurosci. 22:9475 (2002); numbers: Song, Yang & Wang, PLoS Comput. Biol. 12:e1004792 (2016).

    >>> data = random_dots(22, rng=0)
    >>> data.coherence.where(data.choice == "right", drop=True).to_series().value_counts().sort_index().to_dict()
    {1.0: 2, 2.0: 2, 4.0: 2, 8.0: 2, 16.0: 2}
    """
    plan = _trials.Trials(trials, dt, rng)
    (strength, side), caught = plan.balanced(_trials.levels("coherences", coherences, 0.0), SIDES, catch=catch)
    plan.epochs({"fixation": fixation, "stimulus": stimulus, "decision": decision}, caught)
    coherence, choice = signed(strength, side), np.where(caught, _trials.NONE, side)
    return plan.dataset(
        evidence(coherence, 3.2, plan.during("stimulus")),
        plan.decision(choice, SIDES),
        plan.during("fixation", "decision"),
        {
            "coherence": ("trial", np.where(caught, np.nan, coherence), {"units": "%"}),
            "choice": ("trial", choice),
            "catch": ("trial", caught),
        },
        noise=noise,
        task="random_dots",
        source=_trials.SONG,
    )


def signed(strength: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Coherence with its direction: positive to the right."""
    return np.where((side == SIDES[1]) & (strength > 0), -strength, strength)


def evidence(coherence: np.ndarray, gain: float, shown: np.ndarray, prefix: str = "") -> dict[str, np.ndarray]:
    """The pair of inputs, each (trial, time), that signed coherences in percent give while they are shown."""
    level = [(1 + sign * gain * coherence / 100) / 2 for sign in (1, -1)]
    return {prefix + side: shown * u[:, None] for side, u in zip(SIDES, level, strict=True)}
