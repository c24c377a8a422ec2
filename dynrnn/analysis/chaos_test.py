"""Whether one observable is chaotic, without a state space: the 0-1 test."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.analysis._series import lone, provenance

__all__ = ["zero_one_test"]


def zero_one_test(x: Any, frequencies: int = 100, *, longest: int | None = None, rng: Any = 0) -> xr.Dataset:
    """The 0-1 test for chaos of Gottwald and Melbourne, by correlation: K near 1 for chaos, near 0 for regular motion.

    The observable drives a particle in the plane, ``p_n + i q_n = sum_(j<=n) x_j exp(i c j)``, which wanders like Brownian
    motion where x is chaotic and stays bounded where it is regular. K_c is the correlation of n with the mean square
    displacement M_c(n), less its oscillation ``x̄² (1 - cos c n) / (1 - cos c)``, and K the median of K_c over random c.

    Parameters
    ----------
    x : one observable (time,), at least 100 rows: an array or a DataArray. A flow must be sampled coarsely, about every
        quarter of its period: neighbouring rows that are alike make chaos look regular.
    frequencies : how many c, drawn uniformly from (π/5, 4π/5), away from resonances.
    longest : the largest n, a tenth of the rows by default.
    rng : seed or Generator of the c.

    Returns
    -------
    Dataset with `K`; and `K_c` ("c",), whose spread says how sure K is.

    Source: G. A. Gottwald and I. Melbourne, SIAM Journal on Applied Dynamical Systems 8 (2009) 129.

    >>> x = np.empty(2000)
    >>> x[0] = 0.1
    >>> for n in range(1999):
    ...     x[n + 1] = 3.97 * x[n] * (1 - x[n])
    >>> zero_one_test(x).K.item() > 0.99, abs(zero_one_test(np.sin(np.arange(2000.0))).K.item()) < 0.1
    (True, True)
    """
    array, _, _ = lone("x", x)
    if array.sizes["unit"] > 1:
        _check.fail("x", f"{array.sizes['unit']} variables", "one observable", "Select one with .isel(unit=0).")
    values = array.values[:, 0]
    if values.size < 100:
        _check.fail("x", f"{values.size} rows", "at least 100")
    longest = values.size // 10 if longest is None else _check.integer("longest", longest, 3, values.size - 1)
    c = _check.generator(rng).uniform(np.pi / 5, 4 * np.pi / 5, _check.integer("frequencies", frequencies, 1))
    n, rows = np.arange(1, longest + 1), values.size - longest
    K = np.empty(c.size)
    for k, frequency in enumerate(c):
        path = np.cumsum(values * np.exp(1j * frequency * np.arange(1, values.size + 1)))
        D = np.array([np.mean(np.abs(path[j : j + rows] - path[:rows]) ** 2) for j in n])
        D -= values.mean() ** 2 * (1 - np.cos(frequency * n)) / (1 - np.cos(frequency))
        K[k] = np.corrcoef(n, D)[0, 1] if np.ptp(D) > 0 else 0.0
    attrs = {"long_name": "growth of the mean square displacement"}
    return xr.Dataset({"K": np.median(K), "K_c": ("c", K, attrs)}, {"c": c}, provenance(x, longest=longest))
