"""Signals to drive a system with, as labelled arrays that can be added and passed to `simulate`.

    >>> from dynrnn import inputs
    >>> u = inputs.step("2 s", "1 ms", at="500 ms") + inputs.ornstein_uhlenbeck("2 s", "1 ms", std=0.1, tau="20 ms", rng=1)
    >>> u.dims
    ('time', 'input')

A signal has dims ("time", "input"), and "trial" before them where trials are asked for. Its time is ``k dt`` in seconds;
row k holds on ``[k dt, (k+1) dt)``. Smooth signals have their value at ``k dt``, and a row in which an edge falls the mean
over the row. `attrs` say how a signal was made. Times are seconds or text such as "20 ms", frequencies hertz or "10 Hz".

The same seed and dt give the same bits. Each kind of signal makes its own streams of a seed, and so do trials and channels.

Sums are xarray's: of signals that differ in dt or duration they keep the times that both have, and no others;
``xarray.set_options(arithmetic_join="exact")`` makes that an error. `resample` brings data on another dt.
"""

from dynrnn.inputs.noise import ornstein_uhlenbeck, poisson, telegraph, white_noise
from dynrnn.inputs.resampling import resample
from dynrnn.inputs.waves import chirp, pulses, ramp, sine, step

__all__ = [
    "chirp",
    "ornstein_uhlenbeck",
    "poisson",
    "pulses",
    "ramp",
    "resample",
    "sine",
    "step",
    "telegraph",
    "white_noise",
]
