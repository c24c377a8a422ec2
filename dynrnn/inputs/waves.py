"""Signals without chance: step, pulses, ramp, sine, chirp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynrnn import _check
from dynrnn._units import hertz, seconds
from dynrnn.inputs._signal import per_channel, shape, signal

if TYPE_CHECKING:
    import xarray as xr


def step(duration: Any, dt: Any, *, at: Any = 0.0, amplitude: Any = 1.0, channels: int = 1) -> xr.DataArray:
    """Zero before the time `at`, `amplitude` from then on.

    A row in which the edge falls holds the mean over the row, so that the area does not depend on dt.

    Parameters
    ----------
    duration, dt : length of the signal and of a row: seconds, or text such as "20 ms".
    at : time of the edge, before the end.
    amplitude : a number, or one for each channel.
    channels : number of input columns.

    Returns
    -------
    DataArray ("time", "input"); row k holds on ``[k dt, (k+1) dt)``.

    Raises
    ------
    ValueError, TypeError : a time that is not one or lies outside, a duration that dt does not divide.

    >>> step("50 ms", "10 ms", at="25 ms", amplitude=2).values[:, 0]
    array([0., 0., 1., 2., 2.])
    """
    n, dt, channels = shape(duration, dt, channels)
    scale = per_channel("amplitude", amplitude, channels)
    at = _before_the_end("at", at, n, dt)
    return signal("step", _covered(n, dt, at, np.inf)[:, None] * scale, dt, at=at, amplitude=amplitude)


def pulses(duration: Any, dt: Any, *, at: Any, width: Any, amplitude: Any = 1.0, channels: int = 1) -> xr.DataArray:
    """`amplitude` from each of the times `at` for the time `width`, zero elsewhere; where pulses overlap they add up.

    A row in which an edge falls holds the mean over the row, so that a pulse has the area ``amplitude * width`` at any dt.

    Parameters
    ----------
    duration, dt : length of the signal and of a row: seconds, or text such as "20 ms".
    at : beginning of a pulse, or a list of such, before the end.
    width : length of a pulse. The end of the signal cuts it off.
    amplitude : a number, or one for each channel.
    channels : number of input columns.

    Returns
    -------
    DataArray ("time", "input").

    Raises
    ------
    ValueError, TypeError : no pulse, a time that is not one or lies outside, a duration that dt does not divide.

    >>> pulses(0.06, 0.01, at=["0 ms", "30 ms"], width="20 ms").values[:, 0]
    array([1., 1., 0., 1., 1., 0.])
    """
    n, dt, channels = shape(duration, dt, channels)
    scale = per_channel("amplitude", amplitude, channels)
    width = seconds("width", width)
    begins = [_before_the_end("at", one, n, dt) for one in ([at] if isinstance(at, str) or np.ndim(at) == 0 else at)]
    if not begins:
        _check.fail("at", "no times", "at least one")
    train = np.sum([_covered(n, dt, begin, begin + width) for begin in begins], axis=0)
    return signal("pulses", train[:, None] * scale, dt, at=np.array(begins), width=width, amplitude=amplitude)


def ramp(
    duration: Any, dt: Any, *, start: Any = 0.0, stop: Any = None, low: Any = 0.0, high: Any = 1.0, channels: int = 1
) -> xr.DataArray:
    """`low` until the time `start`, then straight to `high` at the time `stop`, and `high` from then on.

    Row k has the value at ``k dt``.

    Parameters
    ----------
    duration, dt : length of the signal and of a row: seconds, or text such as "20 ms".
    start, stop : where the ramp begins and ends; over the whole signal by default.
    low, high : values before and after, each a number, or one for each channel; `high` may be the smaller one.
    channels : number of input columns.

    Returns
    -------
    DataArray ("time", "input").

    Raises
    ------
    ValueError, TypeError : a time that is not one, `stop` not after `start`, a duration that dt does not divide.

    >>> ramp("50 ms", "10 ms", start="10 ms", stop="30 ms", high=4).values[:, 0]
    array([0., 0., 2., 4., 4.])
    """
    n, dt, channels = shape(duration, dt, channels)
    start = seconds("start", start, zero=True)
    stop = n * dt if stop is None else seconds("stop", stop)
    if stop <= start:
        _check.fail("stop", f"{stop:g} s", f"a time after start = {start:g} s")
    below, above = per_channel("low", low, channels), per_channel("high", high, channels)
    risen = np.clip((_clock(n, dt) - start) / (stop - start), 0, 1)[:, None]
    return signal("ramp", below + (above - below) * risen, dt, start=start, stop=stop, low=low, high=high)


def sine(duration: Any, dt: Any, *, frequency: Any, amplitude: Any = 1.0, phase: Any = 0.0, channels: int = 1) -> xr.DataArray:
    """``amplitude * sin(2 pi frequency t + phase)``; row k has the value at ``t = k dt``.

    Parameters
    ----------
    duration, dt : length of the signal and of a row: seconds, or text such as "20 ms".
    frequency : hertz, or text such as "10 Hz"; below ``1 / (2 dt)``.
    amplitude : a number, or one for each channel.
    phase : radians, a number or one for each channel.
    channels : number of input columns.

    Returns
    -------
    DataArray ("time", "input").

    Raises
    ------
    ValueError, TypeError : a frequency that is none or too high for dt, a duration that dt does not divide.

    >>> sine("1 s", "250 ms", frequency="1 Hz", amplitude=3).values[:, 0].round(9) + 0
    array([ 0.,  3.,  0., -3.])
    """
    n, dt, channels = shape(duration, dt, channels)
    scale = per_channel("amplitude", amplitude, channels)
    f = _below_nyquist("frequency", frequency, dt)
    angle = 2 * np.pi * f * _clock(n, dt)[:, None] + per_channel("phase", phase, channels)
    return signal("sine", scale * np.sin(angle), dt, frequency=f, amplitude=amplitude, phase=phase)


def chirp(
    duration: Any, dt: Any, *, f0: Any, f1: Any, method: str = "linear", amplitude: Any = 1.0, channels: int = 1
) -> xr.DataArray:
    """A sine whose frequency goes from `f0` to `f1` over the signal; row k has the value at ``t = k dt``.

        y(t) = amplitude * sin(2 pi integral_0^t f(s) ds)
        linear:       f(s) = f0 + (f1 - f0) s / duration
        exponential:  f(s) = f0 (f1 / f0)^(s / duration)

    Parameters
    ----------
    duration, dt : length of the signal and of a row: seconds, or text such as "20 ms".
    f0, f1 : first and last frequency, hertz or text such as "10 Hz"; below ``1 / (2 dt)``.
    method : "linear", or "exponential", which spends the same time in each octave.
    amplitude : a number, or one for each channel.
    channels : number of input columns.

    Returns
    -------
    DataArray ("time", "input").

    Raises
    ------
    ValueError, TypeError : a frequency that is none or too high for dt, a duration that dt does not divide.

    >>> chirp("1 s", "1 ms", f0="1 Hz", f1="20 Hz").sizes["time"]
    1000
    """
    n, dt, channels = shape(duration, dt, channels)
    scale = per_channel("amplitude", amplitude, channels)
    method = _check.choice("method", method, ("linear", "exponential"))
    f0, f1 = _below_nyquist("f0", f0, dt), _below_nyquist("f1", f1, dt)
    t, whole = _clock(n, dt), n * dt
    if method == "linear" or f0 == f1:
        cycles = f0 * t + (f1 - f0) * t**2 / (2 * whole)
    else:
        octaves = np.log(f1 / f0)
        cycles = f0 * whole / octaves * np.expm1(octaves * t / whole)
    values = scale * np.sin(2 * np.pi * cycles)[:, None]
    return signal("chirp", values, dt, f0=f0, f1=f1, method=method, amplitude=amplitude)


# -------------------------------------------------------------------------------------------------------------- helpers


def _clock(n: int, dt: float) -> np.ndarray:
    return np.arange(n) * dt


def _before_the_end(name: str, given: Any, n: int, dt: float) -> float:
    t = seconds(name, given, zero=True)
    if _row(t, dt) >= n:
        _check.fail(name, f"{t:g} s", f"a time before the end at {n * dt:g} s", "Nothing would be seen of it.")
    return t


def _below_nyquist(name: str, given: Any, dt: float) -> float:
    f = hertz(name, given)
    if f >= 0.5 / dt:
        _check.fail(name, f"{f:g} Hz", f"less than 1/(2 dt) = {0.5 / dt:g} Hz", "Lower dt: faster sines alias onto slower ones.")
    return f


def _row(t: float, dt: float) -> float:
    """A time in rows. What is whole but for rounding, such as 0.3 / 0.1, is made whole: the edge lies between two rows."""
    exact = t / dt
    return round(exact) if np.isfinite(exact) and abs(exact - round(exact)) <= 1e-9 * max(1.0, exact) else exact


def _covered(n: int, dt: float, begin: float, end: float) -> np.ndarray:
    """The fraction of each row that lies in ``[begin, end)``."""
    k = np.arange(n)
    return np.clip(_row(end, dt) - k, 0, 1) - np.clip(_row(begin, dt) - k, 0, 1)
