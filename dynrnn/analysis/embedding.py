"""A state space from one observable: delay coordinates, and how long the delay should be."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.analysis._series import clock, lone, provenance
from dynrnn.analysis.spectrum import autocorrelation

__all__ = ["delay_embedding", "embedding_delay"]


def delay_embedding(x: Any, dimension: int, delay: int, dt: Any = None) -> xr.DataArray:
    """Delay coordinates ``y_k = (x_k, x_(k-tau), ..., x_(k-(m-1)tau))``.

    Parameters
    ----------
    x : array (time,), a DataArray, or a result of `simulate`; of several variables each is delayed.
    dimension : m, the number of coordinates per variable.
    delay : tau, in rows: see `embedding_delay`.
    dt : time between the rows of an array.

    Returns
    -------
    DataArray ("time", "coordinate") of the rows that have a full past, with the coordinate `lag` in seconds or steps, and
    the coordinate `unit`, the variable.

    Raises
    ------
    ValueError : a past longer than the data.

    Source: F. Takens, Lecture Notes in Mathematics 898 (1981) 366.

    >>> delay_embedding([0.0, 1.0, 2.0, 3.0, 4.0], dimension=2, delay=3).values.tolist()
    [[3.0, 0.0], [4.0, 1.0]]
    """
    array, dt, unit = lone("x", x, dt)
    array = clock(array, dt, unit)
    m, tau = _check.integer("dimension", dimension, 1), _check.integer("delay", delay, 1)
    rows, past = array.sizes["time"], (m - 1) * tau
    if past >= rows:
        _check.fail("delay", f"a past of {past} rows", f"fewer than the {rows} rows of x", "Lower the dimension or the delay.")
    y = np.concatenate([array.values[past - i * tau : rows - i * tau] for i in range(m)], axis=1)
    labels = array["unit"].values if "unit" in array.coords else np.arange(array.sizes["unit"])
    coords = {
        "time": array["time"][past:],
        "lag": ("coordinate", np.repeat(dt * tau * np.arange(m), labels.size), {"units": unit}),
        "unit": ("coordinate", np.tile(labels, m)),
    }
    attrs = {key: value for key, value in array.attrs.items() if key in ("units", "long_name")}
    return xr.DataArray(y, coords, ("time", "coordinate"), array.name, attrs | provenance(x, dimension=m, delay=tau))


def embedding_delay(x: Any, dt: Any = None, *, by: str = "mutual information", longest: int | None = None) -> xr.Dataset:
    """A delay for one variable: neither redundant coordinates nor unrelated ones.

    Parameters
    ----------
    x, dt : as for `delay_embedding`, one variable.
    by : "mutual information", the first local minimum of the mutual information of x_k and x_(k-tau) (Fraser and Swinney
        1986); or "autocorrelation", the first lag at which the autocorrelation is at 1/e or below.
    longest : the last lag to look at, in rows; a tenth of the data by default.

    Returns
    -------
    Dataset with `criterion` ("lag",), in bits for the mutual information, and `delay`, in rows; it is `longest` where the
    criterion is not met before, which ``attrs["found"]`` says.

    Source: A. M. Fraser and H. L. Swinney, Physical Review A 33 (1986) 1134. The bins have equal shares of the data.

    >>> x = np.sin(2 * np.pi * np.arange(2000) / 40)
    >>> int(embedding_delay(x, by="autocorrelation").delay)  # arccos(1/e) / 2π of 40 rows
    8
    """
    by = _check.choice("by", by, ["mutual information", "autocorrelation"])
    array, dt, unit = lone("x", x, dt)
    if array.sizes["unit"] > 1:
        _check.fail("x", f"{array.sizes['unit']} variables", "one", "Select one with .isel(unit=0).")
    rows = array.sizes["time"]
    longest = max(1, rows // 10) if longest is None else _check.integer("longest", longest, 1, rows - 2)
    if by == "autocorrelation":
        criterion = autocorrelation(array.values[:, 0], longest=longest).values[:, 0]
        met = np.flatnonzero(criterion <= np.exp(-1.0))
    else:
        criterion = _mutual_information(array.values[:, 0], longest)
        met = 1 + np.flatnonzero((criterion[1:-1] < criterion[:-2]) & (criterion[1:-1] <= criterion[2:]))
    lag = xr.DataArray(dt * np.arange(longest + 1), dims="lag", attrs={"units": unit})
    attrs = {"long_name": by} | ({"units": "bit"} if by == "mutual information" else {})
    delay = int(met[0]) if met.size else longest
    variables = {"criterion": ("lag", criterion, attrs), "delay": ((), delay, {"units": "rows"})}
    return xr.Dataset(variables, {"lag": lag}, provenance(x, by=by, longest=longest, found=int(met.size > 0)))


def _mutual_information(x: np.ndarray, longest: int) -> np.ndarray:
    """Of x_k and x_(k-tau), for tau = 0 ... longest, in bits, on bins with equal shares, about five rows to a cell."""
    bins = int(np.clip(np.sqrt(x.size / 5), 2, 64))
    place = np.empty(x.size, np.int64)
    place[np.argsort(x, kind="stable")] = np.arange(x.size) * bins // x.size
    out = np.empty(longest + 1)
    for tau in range(longest + 1):
        pairs = place[tau:] * bins + place[: x.size - tau]
        joint = np.bincount(pairs, minlength=bins * bins).reshape(bins, bins) / pairs.size
        apart = np.outer(joint.sum(axis=1), joint.sum(axis=0))
        out[tau] = (joint[joint > 0] * np.log2(joint[joint > 0] / apart[joint > 0])).sum()
    return out
