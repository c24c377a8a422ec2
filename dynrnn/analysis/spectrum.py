"""How activity varies over time scales: power spectrum, autocorrelation and its time."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.fft
import scipy.signal
import xarray as xr

from dynrnn import _check
from dynrnn.analysis._series import provenance, series

__all__ = ["autocorrelation", "autocorrelation_time", "integrated_time", "power_spectrum"]


def power_spectrum(
    x: Any, dt: Any = None, *, segment: int | None = None, overlap: float = 0.5, window: str = "hann", detrend: Any = "constant"
) -> xr.DataArray:
    """Power spectral density by Welch's method, `scipy.signal.welch` with labels: averaged periodograms of segments.

    Parameters
    ----------
    x : array (time,), (time, unit) or (trial, time, unit), a DataArray, or a result of `simulate`.
    dt : time between rows of an array, in seconds or as text; without it frequencies are cycles per step.
    segment : rows per segment; a frequency is resolved to 1 / (segment dt). An eighth of the rows by default, at least 256.
    overlap : of neighbouring segments, as a fraction.
    window, detrend : as in SciPy.

    Returns
    -------
    DataArray (["trial",] "frequency", "unit"), frequency in Hz. Its integral over frequency is the variance.

    Raises
    ------
    ValueError, TypeError : data or settings that do not fit.

    Source: P. D. Welch, IEEE Transactions on Audio and Electroacoustics 15 (1967) 70.

    >>> t = 0.001 * np.arange(4000)
    >>> spectrum = power_spectrum(np.sin(2 * np.pi * 40 * t), dt="1 ms", segment=1000)
    >>> float(spectrum.idxmax("frequency").item())
    40.0
    """
    array, dt, unit = series("x", x, dt)
    rows = array.sizes["time"]
    default = min(rows, max(256, rows // 8))
    segment = default if segment is None else _check.integer("segment", segment, 2, rows, "The segment is longer than the data.")
    overlap = _check.real("overlap", overlap, 0.0, 1.0, open_high=True)
    frequency, power = scipy.signal.welch(
        array.values, 1 / dt, window, segment, int(overlap * segment), detrend=detrend, axis=array.get_axis_num("time")
    )
    unit_f = {"s": "Hz", "steps": "cycles/step"}.get(unit, f"cycles/{unit}")
    attrs = provenance(x, segment=segment, overlap=overlap, window=str(window), dt=dt) | {"long_name": "power spectral density"}
    coords = {name: c for name, c in array.coords.items() if "time" not in c.dims} | {
        "frequency": ("frequency", frequency, {"units": unit_f})
    }
    dims = ["frequency" if dim == "time" else dim for dim in array.dims]
    return xr.DataArray(power, coords, dims, "power", attrs | {"units": "1/Hz" if unit_f == "Hz" else f"1/({unit_f})"})


def autocorrelation(x: Any, dt: Any = None, *, longest: int | None = None) -> xr.DataArray:
    """Autocorrelation ``rho_k = c_k / c_0``, ``c_k = (1/N) sum_i (x_i - m)(x_(i+k) - m)``, by Fourier transforms.

    Parameters
    ----------
    x, dt : as for `power_spectrum`.
    longest : the last lag in rows, all by default. Lags that are not small against the length of the data are noise.

    Returns
    -------
    DataArray (["trial",] "lag", "unit"), lag in seconds or steps. A constant has NaN.

    >>> autocorrelation([1.0, -1.0, 1.0, -1.0]).values[:, 0]
    array([ 1.  , -0.75,  0.5 , -0.25])
    """
    array, dt, unit = series("x", x, dt)
    rows, axis = array.sizes["time"], array.get_axis_num("time")
    longest = rows - 1 if longest is None else _check.integer("longest", longest, 1, rows - 1)
    centred = array.values - array.values.mean(axis=axis, keepdims=True)
    F = scipy.fft.rfft(centred, scipy.fft.next_fast_len(2 * rows - 1, real=True), axis=axis)
    c = scipy.fft.irfft(np.abs(F) ** 2, scipy.fft.next_fast_len(2 * rows - 1, real=True), axis=axis)
    c = np.take(c, range(longest + 1), axis=axis)
    c0 = (centred**2).sum(axis=axis, keepdims=True)
    rho = np.divide(c, c0, out=np.full_like(c, np.nan), where=c0 > 0)
    coords = {name: a for name, a in array.coords.items() if "time" not in a.dims}
    coords["lag"] = xr.DataArray(dt * np.arange(longest + 1), dims="lag", attrs={"units": unit})
    dims = ["lag" if dim == "time" else dim for dim in array.dims]
    return xr.DataArray(rho, coords, dims, "autocorrelation", provenance(x, dt=dt))


def integrated_time(rho: Any, c: float = 6.0) -> tuple[float, int]:
    """Integrated time in rows, ``tau = 1/2 + sum_(k=1..M) rho_k``, and the window M: the first with ``M >= c tau(M)``.

    The window is Sokal's: the sum of all lags would be noise. For the geometric ``rho_k = phi^k`` and a long window tau is
    ``(1 + phi) / (1 - phi) / 2``. NaN where the data end before the window does, or rho is not defined.

    >>> tau, window = integrated_time(0.5 ** np.arange(50.0))
    >>> round(tau, 2), window
    (1.5, 9)
    """
    rho = _check.array("rho", rho, ndim=1, finite=False)
    sums = np.cumsum(rho) - 0.5
    closed = np.flatnonzero(np.arange(sums.size) >= c * sums)
    closed = closed[closed > 0]
    return (float(sums[closed[0]]), int(closed[0])) if closed.size else (np.nan, rho.size - 1)


def autocorrelation_time(x: Any, dt: Any = None, *, c: float = 6.0) -> xr.Dataset:
    """How long activity remembers itself.

    Parameters
    ----------
    x, dt : as for `power_spectrum`.
    c : the sum over lags ends at the first lag that is c integrated times long. Larger: less bias, more noise.

    Returns
    -------
    Dataset over (["trial",] "unit"): `integrated`, ``integral_0^inf rho(t) dt = dt (1/2 + sum rho_k)``, which is tau for
    ``rho = exp(-|t| / tau)``; `stderr`, about ``tau sqrt(2 (2M + 1) / N)`` (Madras and Sokal); `window`, M dt; `decay`, when
    rho first falls to 1/e, by a straight line between lags; `effective_samples`, ``N dt / (2 tau)``, the number of independent
    samples that would give the mean as well. NaN where the data are too short, or constant.

    Source: N. Madras and A. D. Sokal, Journal of Statistical Physics 50 (1988) 109, appendix C.

    >>> decay = autocorrelation_time(np.cos(0.01 * np.arange(10_000)), dt=0.1).decay.item()
    >>> round(decay, 1)  # arccos(1/e) / 0.1 rad per second
    11.9
    """
    c = _check.real("c", c, 0.0, open_low=True)
    array, dt, unit = series("x", x, dt)
    rho = autocorrelation(array, None if unit == "steps" else dt).transpose(..., "lag")
    rows, shape = rho.sizes["lag"], rho.shape[:-1]
    tau, window, decay = np.empty(shape), np.empty(shape), np.empty(shape)
    for at in np.ndindex(shape):
        tau[at], window[at] = integrated_time(rho.values[at], c)
        decay[at] = _first_below(rho.values[at], np.exp(-1.0))
    dims, coords = rho.dims[:-1], {name: a for name, a in rho.coords.items() if "lag" not in a.dims}
    seconds = {"units": unit}
    return xr.Dataset(
        {
            "integrated": (dims, dt * tau, {**seconds, "long_name": "integrated autocorrelation time"}),
            "stderr": (dims, dt * tau * np.sqrt(2 * (2 * window + 1) / rows), seconds),
            "window": (dims, dt * window, seconds),
            "decay": (dims, dt * decay, seconds),
            "effective_samples": (dims, rows / (2 * tau)),
        },
        coords,
        provenance(x, dt=dt, c=c),
    )


def _first_below(rho: np.ndarray, level: float) -> float:
    """The lag, with its fraction, at which rho first falls to the level."""
    below = np.flatnonzero(rho <= level)
    if not below.size:
        return np.nan
    k = below[0]
    return float(k - (level - rho[k]) / (rho[k - 1] - rho[k]))
