"""Multisensory integration: judge a rate of events that are seen, heard, or both."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.tasks import _trials

MODALITIES = ("visual", "auditory", "both")
ANSWERS = ("high", "low")


def multisensory(
    trials: int,
    frequencies: Any = range(9, 17),
    *,
    boundary: float = 12.5,
    span: tuple[float, float] = (6.0, 19.0),
    fixation: Any = 0.1,
    stimulus: Any = 1.0,
    decision: Any = 0.3,
    catch: bool = True,
    noise: float = _trials.NOISE,
    dt: float | str = _trials.DT,
    rng: Any = None,
) -> xr.Dataset:
    """Is the rate above the boundary? It is seen, heard, or both at once, which is the same evidence twice.

    During the epoch "stimulus" each modality that is shown has one input that rises and one that falls with the frequency f,
    between the limits f_0, f_1 of `span`:

        u_positive = 0.5 + 0.6 (f - f_0) / (f_1 - f_0),   u_negative = 0.5 + 0.6 (f_1 - f) / (f_1 - f_0)

    All inputs are 0 otherwise. In the epoch "decision" the output of the right answer is wanted at 1, the other at 0.2; in
    "fixation" both at 0.2. The mask is 1 in these two epochs and 0 during the stimulus. A catch trial is fixation from
    beginning to end.

    Parameters
    ----------
    trials : number of trials.
    frequencies : events per second, none equal to the boundary; 9 to 16 to test, 6 to 19 to train on in the source.
    boundary : between "low" and "high", in events per second.
    span : frequencies at which the inputs reach 0.5 and 1.1.
    fixation, stimulus, decision : durations as in `random_dots`.
    catch : have catch trials, as often as each other condition.
    noise : white noise on the inputs, in sqrt(s): a row has standard deviation noise / sqrt(dt). Independent for each input,
        so that both modalities together are easier than each alone.
    dt : seconds per row.
    rng : seed or Generator. Trial k does not depend on the number of trials.

    Returns
    -------
    Dataset with `inputs` (trial, time, input), `targets` (trial, time, output), `mask` (trial, time), and the coordinates
    `epoch` (trial, time), `frequency` (NaN on catch trials), `modality` ("visual", "auditory", "both"), `choice` ("high",
    "low") and `catch` (trial); "none" on catch trials.

    Raises
    ------
    ValueError, TypeError : a parameter out of range, a frequency on the boundary, times that are no multiples of dt.

    Source: Raposo, Kaufman & Churchland, Nat. Neurosci. 17:1784 (2014); numbers: Song, Yang & Wang, PLoS Comput. Biol.
    12:e1004792 (2016).

    >>> data = multisensory(25, rng=0)
    >>> data["inputs"].input.values.tolist()
    ['visual_positive', 'visual_negative', 'auditory_positive', 'auditory_negative']
    """
    plan = _trials.Trials(trials, dt, rng)
    events = _trials.levels("frequencies", frequencies, 0.0)
    boundary = _check.real("boundary", boundary, 0.0)
    bottom, top = _check.array("span", span, shape=(2,)).tolist()
    if not bottom < top:
        _check.fail("span", f"({bottom:g}, {top:g})", "(low, high) with low < high")
    if (events == boundary).any():
        _check.fail("frequencies", f"{boundary:g}, the boundary", "frequencies off the boundary", "It has no right answer.")
    (modality, f), caught = plan.balanced(MODALITIES, events, catch=catch)
    plan.epochs({"fixation": fixation, "stimulus": stimulus, "decision": decision}, caught)
    choice = np.where(caught, _trials.NONE, np.where(f > boundary, *ANSWERS))
    part = (f - bottom) / (top - bottom)
    shown = {sense: plan.during("stimulus") & np.isin(modality, (sense, "both"))[:, None] for sense in MODALITIES[:2]}
    return plan.dataset(
        {
            f"{sense}_{tuning}": on * (0.5 + 0.6 * level)[:, None]
            for sense, on in shown.items()
            for tuning, level in (("positive", part), ("negative", 1 - part))
        },
        plan.decision(choice, ANSWERS),
        plan.during("fixation", "decision"),
        {
            "frequency": ("trial", np.where(caught, np.nan, f), {"units": "Hz"}),
            "modality": ("trial", np.where(caught, _trials.NONE, modality)),
            "choice": ("trial", choice),
            "catch": ("trial", caught),
        },
        noise=noise,
        task="multisensory",
        boundary=boundary,
        source=_trials.SONG,
    )
