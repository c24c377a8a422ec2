"""Whether a forecaster, run free for long, lives in the climate of what it learnt: statistics side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy.spatial import KDTree
from scipy.stats import kurtosis, skew, wasserstein_distance

from dynrnn import _check
from dynrnn.analysis._series import lone, provenance
from dynrnn.analysis.sections import successive_maxima
from dynrnn.analysis.spectrum import autocorrelation_time, power_spectrum

__all__ = ["compare_climate"]

_MOMENTS = {"mean": np.mean, "std": np.std, "skewness": skew, "kurtosis": kurtosis}


def compare_climate(forecast: Any, target: Any, dt: Any = None, *, bins: int = 50, segment: int | None = None) -> xr.Dataset:
    """Distances between the long-term statistics of a free run and of its target, variable by variable; 0 where they agree.

    Parameters
    ----------
    forecast, target : (time, variable), arrays, DataArrays or results of `simulate` with the same variables, sampled alike,
        after transients. Their lengths may differ; both should be many correlation times long.
    dt : time between the rows of arrays.
    bins : of the histograms, over the range of the target; values beyond it count in the outermost ones.
    segment : rows per segment of the power spectra; as for `power_spectrum`, by the shorter run.

    Returns
    -------
    Dataset with

    * `distance` ("measure", "variable"):
      "wasserstein", between the densities, in standard deviations of the target;
      "jensen_shannon", the square root of the divergence of the histograms in bits, 0 to 1;
      "spectrum", Hellinger's distance ``sqrt(1 - sum sqrt(S_1 S_2))`` of power spectra scaled to sum 1, 0 to 1;
      "autocorrelation_time", ``|log(tau_1 / tau_2)|`` of the integrated times (NaN where a run is too short for it);
      "maxima", between the plots of each maximum against the one before (Lorenz's map): the mean distance of a point to the
      nearest one of the other plot, in standard deviations of the target's maxima (NaN where there are too few maxima);
    * `moment` ("source", "statistic", "variable"): mean, std, skewness and excess kurtosis of both, and their autocorrelation
      time in seconds or steps.

    How large a distance is by chance, two halves of the target tell: ``compare_climate(target[:n], target[n:])``.

    Raises
    ------
    ValueError : different variables or sampling; numbers that are not finite, as in a run that diverged.

    Source: for the density and the spectrum F. Hess, Z. Monfared, M. Brenner and D. Durstewitz, ICML (2023); for the maxima
    E. N. Lorenz, Journal of the Atmospheric Sciences 20 (1963) 130; J. Pathak et al., Chaos 27 (2017) 121102.

    >>> x = np.sin(0.1 * np.arange(5000))
    >>> table = compare_climate(1.5 * x, x, dt=0.1)
    >>> table.distance.sel(measure="spectrum").item() < 1e-6 < table.distance.sel(measure="wasserstein").item()
    True
    """
    a, step, unit = lone("forecast", forecast, dt)
    b, other, other_unit = lone("target", target, dt)
    if a.sizes["unit"] != b.sizes["unit"]:
        _check.fail("forecast", f"{a.sizes['unit']} variables", f"{b.sizes['unit']}, as the target has")
    if (unit == "steps") != (other_unit == "steps") or abs(step - other) > 1e-6 * other:
        _check.fail("forecast", f"rows every {step:g} {unit}", f"rows every {other:g} {other_unit}, as the target has")
    bins = _check.integer("bins", bins, 2)
    shortest = min(a.sizes["time"], b.sizes["time"])
    segment = min(shortest, max(256, shortest // 8)) if segment is None else segment
    given = None if unit == "steps" else step
    spectra = [power_spectrum(rows.values, given, segment=segment).values for rows in (a, b)]
    tau = [autocorrelation_time(rows.values, given).integrated.values for rows in (a, b)]
    densities = [_densities(x, y, bins) for x, y in zip(a.values.T, b.values.T, strict=True)]
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = {
            "wasserstein": [wasserstein_distance(x, y) / y.std() for x, y in zip(a.values.T, b.values.T, strict=True)],
            "jensen_shannon": [_jensen_shannon(*pair) for pair in densities],
            "spectrum": [_hellinger(p, q) for p, q in zip(spectra[0].T, spectra[1].T, strict=True)],
            "autocorrelation_time": np.abs(np.log(tau[0] / tau[1])),
            "maxima": [_apart(x, y) for x, y in zip(a.values.T, b.values.T, strict=True)],
        }
    moments = [[*(f(rows.values, axis=0) for f in _MOMENTS.values()), t] for rows, t in zip((a, b), tau, strict=True)]
    names = b["unit"].values if "unit" in b.coords else np.arange(b.sizes["unit"])
    return xr.Dataset(
        {
            "distance": (("measure", "variable"), np.array(list(distance.values()))),
            "moment": (("source", "statistic", "variable"), np.array(moments)),
        },
        {
            "measure": list(distance),
            "source": ["forecast", "target"],
            "statistic": [*_MOMENTS, "autocorrelation_time"],
            "variable": names,
        },
        provenance(target, bins=bins, segment=segment, dt=step, units=unit),
    )


def _densities(x: np.ndarray, y: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares of both in the same bins, over the range of y."""
    edges = np.linspace(y.min(), y.max(), bins + 1)
    shares = [np.bincount(np.clip(np.searchsorted(edges, v, "right") - 1, 0, bins - 1), minlength=bins) / v.size for v in (x, y)]
    return shares[0], shares[1]


def _jensen_shannon(p: np.ndarray, q: np.ndarray) -> float:
    """Square root of the Jensen-Shannon divergence in bits."""
    middle = 0.5 * (p + q)
    parts = [(v[v > 0] * np.log2(v[v > 0] / middle[v > 0])).sum() for v in (p, q)]
    return float(np.sqrt(max(0.0, 0.5 * sum(parts))))


def _hellinger(p: np.ndarray, q: np.ndarray) -> float:
    """Between two densities that are scaled to sum 1 here."""
    return float(np.linalg.norm(np.sqrt(p / p.sum()) - np.sqrt(q / q.sum())) / np.sqrt(2))


def _apart(x: np.ndarray, y: np.ndarray) -> float:
    """Between two sets of pairs of successive maxima: how far a point is from the nearest of the other set, on average."""
    pairs = [np.stack([m[:-1], m[1:]], axis=1) for m in (successive_maxima(v).values for v in (x, y)) if m.size > 2]
    if len(pairs) < 2:
        return np.nan
    scale = pairs[1][:, 0].std()
    nearest = [KDTree(pairs[1 - k]).query(pairs[k])[0].mean() for k in (0, 1)]
    return float(sum(nearest) / 2 / scale)
