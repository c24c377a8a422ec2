"""Superposed sines: a signal without noise that needs one pair of states per frequency and repeats only after ages."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.tasks import _label

MSO8 = (0.2, 0.311, 0.42, 0.51, 0.63, 0.74, 0.85, 0.97)
"""Angular frequencies of the eight-sine problem, in radians per step; ``MSO8[:2]`` is the two-sine problem."""


def multiple_sines(steps: int, frequencies: Any = MSO8, *, rng: Any = None) -> xr.DataArray:
    """The multiple superimposed oscillator (MSO).

        y(k) = sum_i sin(omega_i·k + phi_i)

    Parameters
    ----------
    steps : rows wanted.
    frequencies : omega_i, in radians per step, each in (0, pi).
    rng : seed or Generator for phases uniform on [0, 2·pi). None leaves all phases zero, the published signal.

    Returns
    -------
    DataArray ("time",), `time` in steps from 0; attrs record frequencies and phases.

    Raises
    ------
    ValueError, TypeError : no frequency, or one out of range; `steps` below 1.

    Source: Jaeger, Several ways to solve the MSO problem (2007; two sines); Roeschies & Igel, Logic J. IGPL 18:635 (2010; eight).

    >>> multiple_sines(3, [0.5]).values.round(3).tolist()
    [0.0, 0.479, 0.841]
    """
    steps = _check.integer("steps", steps, 1)
    omega = _check.array("frequencies", frequencies, ndim=1)
    outside = omega[(omega <= 0) | (omega >= np.pi)]
    if omega.size == 0 or outside.size:
        got = f"{outside[0]:g}" if outside.size else "none"
        _check.fail("frequencies", got, "radians per step in (0, pi)", "Faster sines alias onto slower ones.")
    phase = np.zeros(omega.size) if rng is None else _check.generator(rng).uniform(0, 2 * np.pi, omega.size)
    k = np.arange(steps)
    return _label.series(
        "multiple_sines",
        sum(np.sin(w * k + p) for w, p in zip(omega, phase, strict=True)),
        _label.clock(steps),
        long_name=f"sum of {omega.size} sine(s)",
        source="Roeschies & Igel, Logic J. IGPL 18:635 (2010)",
        frequencies=omega,
        phases=phase,
        **_label.seed(rng),
    )
