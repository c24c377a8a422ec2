"""Integrator: add up the input over time, and keep the sum when it ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn.tasks import _trials


def integrator(
    trials: int,
    drifts: Any = (-1.0, -0.5, 0.0, 0.5, 1.0),
    *,
    duration: Any = 1.0,
    hold: Any = 0.5,
    noise: float = 0.5,
    dt: float | str = _trials.DT,
    rng: Any = None,
) -> xr.Dataset:
    """The integral of a noisy input, the noise included:

        u(t) = drift + noise xi(t),   z(t) = integral of u from 0 to t

    with white noise xi of unit strength, so that z has mean drift t and standard deviation noise sqrt(t), whatever dt is. In
    the epoch "hold", after "integrate", the input is 0 and the integral is to be kept. The mask is 1 in both, and 0 only after
    the end of a trial shorter than the longest.

    Parameters
    ----------
    trials : number of trials.
    drifts : mean inputs, per second; all equally often.
    duration, hold : durations of the two epochs: seconds, (low, high), or (mean, low, high), as in `random_dots`.
    noise : strength of the noise in sqrt(s): a row has standard deviation noise / sqrt(dt).
    dt : seconds per row.
    rng : seed or Generator. Trial k does not depend on the number of trials.

    Returns
    -------
    Dataset with `inputs` (trial, time, input), `targets` (trial, time, output), `mask` (trial, time), and the coordinates
    `epoch` (trial, time) and `drift` (trial).

    Raises
    ------
    ValueError, TypeError : a parameter out of range, times that are no multiples of dt.

    Source: Seung, Proc. Natl. Acad. Sci. USA 93:13339 (1996), for the network; the protocol is the plain definition.

    >>> data = integrator(5, noise=0.0, rng=0)
    >>> bool(np.allclose(data["targets"][:, -1, 0], data.drift))
    True
    """
    plan = _trials.Trials(trials, dt, rng)
    (drift,), _ = plan.balanced(_trials.levels("drifts", drifts))
    plan.epochs({"integrate": duration, "hold": hold})
    u = (drift[:, None] + plan.white(1, noise)[..., 0]) * plan.during("integrate")
    data = plan.dataset(
        {"rate": u},
        {"integral": np.cumsum(u, axis=1) * plan.dt},
        plan.during("integrate", "hold"),
        {"drift": ("trial", drift, {"units": "1/s"})},
        task="integrator",
        source="Seung, Proc. Natl. Acad. Sci. USA 93:13339 (1996)",
    )
    return data.assign_attrs(noise=float(noise))
