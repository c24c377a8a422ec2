"""Signals of chance: white and Ornstein-Uhlenbeck noise, telegraph, Poisson spikes.

Each trial and each channel has a stream of random numbers of its own: neither the number of trials or channels nor the
duration alters what the others, or the rows before, are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn._jit import jit
from dynrnn._units import hertz, refuse_other_dt, seconds
from dynrnn.inputs._signal import drawn, per_channel, shape, signal

if TYPE_CHECKING:
    import xarray as xr

_MOST_PER_ROW = 0.1  # mean spikes per row up to which 0 and 1 tell the count: 5 % of the spikes are lost there


def white_noise(
    duration: Any, dt: Any, *, amplitude: Any, channels: int = 1, trials: int | None = None, rng: Any = None
) -> xr.DataArray:
    """Gaussian white noise by its spectral amplitude, so that its effect does not depend on dt.

        u_k = amplitude / sqrt(dt) * N(0, 1),     Var(integral of u over a time T) = amplitude^2 T

    The autocovariance approaches ``amplitude^2 delta(t)``; the spectral density is ``amplitude^2`` on both sides of zero.

    Parameters
    ----------
    duration, dt : length of the signal and of a row: seconds, or text such as "20 ms".
    amplitude : units of the input times sqrt(s); a number, or one for each channel. To get rows of standard deviation s
        at one dt, pass ``s * sqrt(dt)``.
    channels : number of input columns, independent of each other.
    trials : number of independent trials, with a leading dimension; None gives trial 0 without it.
    rng : seed or Generator.

    Returns
    -------
    DataArray (["trial",] "time", "input").

    Raises
    ------
    ValueError, TypeError : a negative amplitude, a time that is not one, a duration that dt does not divide.

    >>> bool(abs(white_noise(10, "1 ms", amplitude=0.1, rng=1).std() - 0.1 / 0.001**0.5) < 0.1)
    True
    """
    n, dt, channels = shape(duration, dt, channels)
    scale = per_channel("amplitude", amplitude, channels, 0.0) / np.sqrt(dt)
    values = scale * drawn("white_noise", rng, trials, channels, lambda stream, _: stream.standard_normal(n))
    return signal("white_noise", values, dt, trials=trials, rng=rng, amplitude=amplitude)


def ornstein_uhlenbeck(
    duration: Any,
    dt: Any,
    *,
    std: Any,
    tau: Any,
    mean: Any = 0.0,
    channels: int = 1,
    trials: int | None = None,
    rng: Any = None,
) -> xr.DataArray:
    """Gaussian noise with the stationary standard deviation `std` and the correlation time `tau`.

        tau du = (mean - u) dt + std sqrt(2 tau) dW,     Cov(u(t), u(t + s)) = std^2 exp(-|s| / tau)
        u_{k+1} = mean + a (u_k - mean) + std sqrt(1 - a^2) N(0, 1),     a = exp(-dt / tau)

    Row k is u at ``k dt``, with exactly that law at any dt. The first row is drawn from the stationary law.

    Parameters
    ----------
    duration, dt : length of the signal and of a row: seconds, or text such as "20 ms".
    std : stationary standard deviation; a number, or one for each channel.
    tau : correlation time: seconds, or text such as "20 ms".
    mean : a number, or one for each channel.
    channels : number of input columns, independent of each other.
    trials : number of independent trials, with a leading dimension; None gives trial 0 without it.
    rng : seed or Generator.

    Returns
    -------
    DataArray (["trial",] "time", "input").

    Raises
    ------
    ValueError, TypeError : a negative `std`, a time that is not one, a duration that dt does not divide.

    Source: Gillespie, Phys. Rev. E 54:2084 (1996), for the exact update.

    >>> u = ornstein_uhlenbeck("1 s", "1 ms", std=2, tau="20 ms", trials=100, rng=1)
    >>> dict(u.sizes), round(float(u.std()), 1)
    ({'trial': 100, 'time': 1000, 'input': 1}, 2.0)
    """
    n, dt, channels = shape(duration, dt, channels)
    scale, center = per_channel("std", std, channels, 0.0), per_channel("mean", mean, channels)
    tau = seconds("tau", tau)

    def draw(stream: np.random.Generator, _: int) -> np.ndarray:
        u = stream.standard_normal(n)
        _forget(np.exp(-dt / tau), np.sqrt(-np.expm1(-2 * dt / tau)), u)
        return u

    values = center + scale * drawn("ornstein_uhlenbeck", rng, trials, channels, draw)
    return signal("ornstein_uhlenbeck", values, dt, trials=trials, rng=rng, std=std, tau=tau, mean=mean)


@jit
def _forget(a, b, u):
    """``u_k = a u_{k-1} + b u_k`` in place; the first stays."""
    for k in range(1, u.size):
        u[k] = a * u[k - 1] + b * u[k]


def telegraph(
    duration: Any,
    dt: Any,
    *,
    up: Any,
    down: Any,
    low: Any = 0.0,
    high: Any = 1.0,
    channels: int = 1,
    trials: int | None = None,
    rng: Any = None,
) -> xr.DataArray:
    """A Markov chain that jumps from `low` to `high` at the rate `up` and back at the rate `down`.

        P(high) = up / (up + down) =: p,     correlation exp(-(up + down) |s|)
        P(high at t + dt | low at t)  = p (1 - exp(-(up + down) dt))
        P(high at t + dt | high at t) = p + (1 - p) exp(-(up + down) dt)

    Row k is the state at ``k dt``, with exactly that law at any dt; jumps there and back within a row leave no trace. The
    first row is drawn from the stationary law.

    Parameters
    ----------
    duration, dt : length of the signal and of a row: seconds, or text such as "20 ms".
    up, down : rates of the jumps, hertz, or text such as "10 Hz".
    low, high : the two values, each a number, or one for each channel.
    channels : number of input columns, independent of each other.
    trials : number of independent trials, with a leading dimension; None gives trial 0 without it.
    rng : seed or Generator.

    Returns
    -------
    DataArray (["trial",] "time", "input").

    Raises
    ------
    ValueError, TypeError : a rate or a time that is not one, a duration that dt does not divide.

    >>> np.unique(telegraph("1 s", "1 ms", up="20 Hz", down="20 Hz", low=-1, rng=1))
    array([-1.,  1.])
    """
    n, dt, channels = shape(duration, dt, channels)
    up, down = hertz("up", up), hertz("down", down)
    p, kept = up / (up + down), np.exp(-(up + down) * dt)

    def draw(stream: np.random.Generator, _: int) -> np.ndarray:
        # One uniform number per row decides: below P(high | low) it is high whatever was before, above P(high | high) it
        # is low, and between the two the state stays.
        uniform = stream.random(n)
        settled = (uniform < p * (1 - kept)) | (uniform >= p + (1 - p) * kept)
        settled[0] = True
        return (uniform < p)[np.maximum.accumulate(np.where(settled, np.arange(n), 0))]

    below, above = per_channel("low", low, channels), per_channel("high", high, channels)
    values = np.where(drawn("telegraph", rng, trials, channels, draw), above, below)
    return signal("telegraph", values, dt, trials=trials, rng=rng, up=up, down=down, low=low, high=high)


def poisson(
    duration: Any,
    dt: Any,
    *,
    rate: Any,
    encoding: str = "count",
    amplitude: Any = 1.0,
    channels: int = 1,
    trials: int | None = None,
    rng: Any = None,
) -> xr.DataArray:
    """Spikes of a Poisson process: `amplitude` times the number of them in each row.

        P(n spikes in row k) = m^n exp(-m) / n!,     m = rate_k dt

    Counts are exact at any dt and rate. As a current held over its row a spike has the area ``amplitude * dt``; for spikes
    of one area q whatever the dt, pass ``amplitude=q / dt``.

    Parameters
    ----------
    duration, dt : length of the signal and of a row: seconds, or text such as "20 ms".
    rate : hertz, or text such as "10 Hz"; one number or text, one number for each channel, or over time: an array
        (time, input) with a row for each dt, or a DataArray over "time".
    encoding : "count", or "binary" for 1 where there is at least one spike: ``P = 1 - exp(-m)``, for ``m <= 0.1`` alone.
    amplitude : a number, or one for each channel.
    channels : number of input columns, independent of each other.
    trials : number of independent trials, with a leading dimension; None gives trial 0 without it.
    rng : seed or Generator.

    Returns
    -------
    DataArray (["trial",] "time", "input").

    Raises
    ------
    ValueError, TypeError : a rate that is none or of another shape or dt, rows too long to be binary, a time that is not
        one, a duration that dt does not divide.

    >>> spikes = poisson("10 s", "1 ms", rate="20 Hz", channels=50, rng=1)
    >>> bool(abs(spikes.sum() / 500 - 20) < 0.6)
    True
    """
    n, dt, channels = shape(duration, dt, channels)
    encoding = _check.choice("encoding", encoding, ("count", "binary"))
    scale = per_channel("amplitude", amplitude, channels)
    rates = _rates(rate, n, dt, channels)
    expected = rates * dt
    if encoding == "binary" and expected.max() > _MOST_PER_ROW:
        got, remedy = f"{expected.max():g} spikes per row", f"Lower dt to {_MOST_PER_ROW * dt / expected.max():.2g} s"
        _check.fail("rate * dt", got, f"at most {_MOST_PER_ROW} for 0 and 1", f'{remedy}, or pass encoding="count".')
    counts = drawn("poisson", rng, trials, channels, lambda stream, c: stream.poisson(expected[:, c]))
    values = scale * (np.minimum(counts, 1) if encoding == "binary" else counts)
    told = "over time" if (rates != rates[0]).any() else rates[0] if np.ptp(rates[0]) else rates[0, 0]
    return signal("poisson", values, dt, trials=trials, rng=rng, rate=told, encoding=encoding, amplitude=amplitude)


def _rates(rate: Any, n: int, dt: float, channels: int) -> np.ndarray:
    """Hertz for each row and channel, (time, input)."""
    if isinstance(rate, str) or np.ndim(rate) == 0:
        return np.full((n, channels), hertz("rate", rate, zero=True))
    if "time" in getattr(rate, "dims", ()):
        refuse_other_dt("rate", rate, dt)
        rate = rate.transpose("time", ...)
        rate = rate.values[:, None] if rate.ndim == 1 else rate
    if np.ndim(rate) == 1:
        return np.broadcast_to(per_channel("rate", rate, channels, 0.0), (n, channels))
    values = _check.array("rate", rate, ndim=2, remedy="Over time it is (time, input).")
    if values.shape not in ((n, channels), (n, 1)):
        _check.fail("rate", f"shape {values.shape}", f"({n}, {channels}), rows and channels")
    if values.min() < 0:
        _check.fail("rate", f"{values.min():g} Hz", "rates >= 0", "Cut them off: np.maximum(rate, 0).")
    return np.broadcast_to(values, (n, channels))
