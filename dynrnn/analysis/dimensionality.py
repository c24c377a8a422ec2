"""In how many directions activity goes: participation ratio and principal components."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
import xarray as xr

from dynrnn import _check
from dynrnn.analysis._series import provenance, series

__all__ = ["participation_ratio", "principal_components"]


def participation_ratio(x: Any) -> float:
    """Dimension of a cloud of states: ``(sum_i l_i)² / sum_i l_i² = tr(C)² / tr(C²)``, l the eigenvalues of its covariance C.

    It is n for n directions of equal variance and 1 for a line. N rows cannot show more than N - 1 dimensions, and few rows
    lower it. NaN where nothing varies.

    Parameters
    ----------
    x : array (time, unit) or (trial, time, unit), a DataArray, or a result of `simulate`; the rows of all trials count alike.

    Source: P. Gao and S. Ganguli, Current Opinion in Neurobiology 32 (2015) 148.

    >>> participation_ratio([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    2.0
    """
    states = _states(x)[0]
    S = states.T @ states if states.shape[1] <= states.shape[0] else states @ states.T  # tr and tr of the square are the same
    squares = float((S**2).sum())
    return float(np.trace(S)) ** 2 / squares if squares > 0 else float("nan")


def principal_components(x: Any, components: int | None = None) -> xr.Dataset:
    """Principal components: ``C = E diag(l) E^T``, with C the covariance (divisor N - 1), in decreasing order of l.

    Parameters
    ----------
    x : as for `participation_ratio`.
    components : how many to keep; all by default.

    Returns
    -------
    Dataset with `variance` ("component",), l; `share`, its part of the total variance; `cumulative_share`;
    `loading` ("component", "unit"), the unit vectors E, whose largest entry is positive; `mean` ("unit",); `score` (["trial",]
    "time", "component"), the states in these coordinates; and `participation_ratio`. Where all components are kept,
    ``(result.cumulative_share < 0.9).sum() + 1`` of them carry 90 % of the variance.

    >>> pca = principal_components([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> pca.share.values, pca.loading.values.tolist()
    (array([0.8, 0.2]), [[1.0, 0.0], [0.0, 1.0]])
    """
    states, array, mean = _states(x)
    most = min(states.shape)
    components = most if components is None else _check.integer("components", components, 1, most)
    U, s, Et = scipy.linalg.svd(states, full_matrices=False, check_finite=False)
    sign = np.sign(Et[np.arange(most), np.abs(Et).argmax(axis=1)])
    variance, total = s**2 / (len(states) - 1), (s**2).sum() / (len(states) - 1)
    share = variance / total if total > 0 else np.full(most, np.nan)
    score = (U * (s * sign))[:, :components].reshape(*array.shape[:-1], components)
    kept = slice(components)
    units = {"units": array.attrs["units"]} if "units" in array.attrs else {}
    return xr.Dataset(
        {
            "variance": ("component", variance[kept]),
            "share": ("component", share[kept]),
            "cumulative_share": ("component", np.cumsum(share)[kept]),
            "loading": (("component", "unit"), (Et * sign[:, None])[kept]),
            "mean": ("unit", mean),
            "score": ((*array.dims[:-1], "component"), score, {"long_name": "principal component", **units}),
            "participation_ratio": participation_ratio(array),
        },
        {name: c for name, c in array.coords.items() if name in array.dims} | {"component": np.arange(1, components + 1)},
        provenance(x),
    )


def _states(x: Any) -> tuple[np.ndarray, xr.DataArray, np.ndarray]:
    """The centred states of all trials (row, unit), the labelled ones, and their mean."""
    array, _, _ = series("x", x)
    rows = array.values.reshape(-1, array.sizes["unit"])
    mean = rows.mean(axis=0)
    return rows - mean, array, mean
