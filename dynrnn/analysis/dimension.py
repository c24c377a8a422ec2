"""The dimension of an attractor, from how the number of close pairs of points grows with distance."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy.spatial import KDTree

from dynrnn import _check
from dynrnn.analysis._series import lone, provenance

__all__ = ["correlation_dimension"]

_RADII, _PAIRS, _SHARE = 48, 200, 0.1  # radii tried; pairs that a radius must see; of all pairs, the most it may see
_TOLERANCE = 0.15


def correlation_dimension(
    x: Any, *, theiler: int = 0, radii: Any = None, tolerance: float = _TOLERANCE, norm: float = 2
) -> xr.Dataset:
    """Correlation dimension of Grassberger and Procaccia, ``D2 = d log C(r) / d log r`` in a scaling region, with

        C(r) = share of the pairs of points, more than w rows apart, that are no farther from each other than r.

    Scaling region: of all runs of radii whose local slopes differ by no more than `tolerance` times their median, the one
    that covers the widest range of log r (of equals, the one at smaller r). Local slopes are straight-line fits to five
    neighbouring radii. Only radii count that see at least 200 pairs and at most a tenth of all.

    Parameters
    ----------
    x : points (time, unit), on an attractor or embedded by `delay_embedding`; a DataArray, or a result of `simulate`.
    theiler : w: pairs of rows that near in time are left out, as they are close because time was short. Take about the
        autocorrelation time of a flow, and 0 for a map.
    radii : increasing distances; by default 48, evenly spaced in log r between the limits above.
    tolerance : spread of slopes within the scaling region, relative.
    norm : 2, Euclid's distance, or infinity, the maximum norm.

    Returns
    -------
    Dataset with `dimension`, the slope of the fit over the scaling region; `spread`, the standard deviation of local slopes
    there, which is the honest error; `correlation_sum` and `slope` ("radius",); `in_region` ("radius",). The dimension is NaN
    where no run of five radii is that straight: the data do not scale.

    Raises
    ------
    ValueError : fewer than 100 rows, radii out of order, a Theiler window as long as the data.

    Source: P. Grassberger and I. Procaccia, Physica D 9 (1983) 189; J. Theiler, Physical Review A 34 (1986) 2427.

    >>> angle = np.random.default_rng(0).uniform(0, 2 * np.pi, 2000)
    >>> round(correlation_dimension(np.c_[np.cos(angle), np.sin(angle)]).dimension.item(), 1)
    1.0
    """
    array, _, _ = lone("x", x)
    points, rows = array.values, array.sizes["time"]
    if rows < 100:
        _check.fail("x", f"{rows} rows", "at least 100")
    theiler = _check.integer("theiler", theiler, 0, rows - 2)
    tolerance = _check.real("tolerance", tolerance, 0.0, open_low=True)
    if norm not in (2, np.inf):
        _check.fail("norm", repr(norm), "2 or infinity")
    tree = KDTree(points)
    near = _near_in_time(points, theiler, norm)
    total = (rows - theiler) * (rows - theiler - 1) / 2
    r = _radii(tree, near, total, norm) if radii is None else _check.array("radii", radii, ndim=1)
    if r.size < 5 or r[0] <= 0 or (np.diff(r) <= 0).any():
        _check.fail("radii", f"{r.size} radii", "at least five positive distances in increasing order")
    C = _pairs(tree, near, r, norm)
    use = (C >= _PAIRS) & (C <= _SHARE * total) if radii is None else C > 0
    slope = np.full(r.size, np.nan)
    with np.errstate(divide="ignore"):
        log_r, log_C = np.log(r), np.log(C / total)
    for i in range(2, r.size - 2):
        if use[i - 2 : i + 3].all():
            slope[i] = np.polyfit(log_r[i - 2 : i + 3], log_C[i - 2 : i + 3], 1)[0]
    region = _straightest(log_r, slope, tolerance)
    inside = np.zeros(r.size, bool)
    inside[region] = True
    found = inside.any()
    return xr.Dataset(
        {
            "dimension": np.polyfit(log_r[region], log_C[region], 1)[0] if found else np.nan,
            "spread": slope[region].std() if found else np.nan,
            "correlation_sum": ("radius", C / total),
            "slope": ("radius", slope),
            "in_region": ("radius", inside),
        },
        {"radius": ("radius", r, {"units": array.attrs["units"]} if "units" in array.attrs else {})},
        provenance(x, theiler=theiler, tolerance=tolerance, norm=float(norm)),
    )


def _near_in_time(points: np.ndarray, theiler: int, norm: float) -> np.ndarray:
    """The distances of all pairs of rows 1 ... w apart, sorted."""
    gaps = [np.linalg.norm(points[w:] - points[:-w], norm, axis=1) for w in range(1, theiler + 1)]
    return np.sort(np.concatenate([np.zeros(0), *gaps]))


def _pairs(tree: KDTree, near: np.ndarray, radii: np.ndarray, norm: float) -> np.ndarray:
    """Pairs of points within each distance, without those near in time; the tree counts a pair twice, and each point itself."""
    return (tree.count_neighbors(tree, radii, p=norm) - tree.n) / 2 - np.searchsorted(near, radii, "right")


def _radii(tree: KDTree, near: np.ndarray, total: float, norm: float) -> np.ndarray:
    """Radii between the one that sees 200 pairs and the one that sees a tenth of all, by bisection on a logarithmic grid."""
    extent = float(np.linalg.norm(np.ptp(tree.data, axis=0), norm))
    if not extent > 0:
        _check.fail("x", "points that are all the same", "points that differ")
    grid = np.geomspace(1e-8 * extent, extent, 400)
    counts = _pairs(tree, near, grid, norm)
    low, high = grid[np.searchsorted(counts, _PAIRS)], grid[np.searchsorted(counts, _SHARE * total) - 1]
    if not low < high:
        _check.fail(
            "x", f"{tree.n} points with fewer than {_PAIRS} close pairs", "more points", "Lengthen the series, or pass radii=…."
        )
    return np.geomspace(low, high, _RADII)


def _straightest(log_r: np.ndarray, slope: np.ndarray, tolerance: float) -> slice:
    """The widest run of at least five radii whose slopes stay together; an empty slice where there is none."""
    best, width = slice(0, 0), 0.0
    for a in range(slope.size):
        for b in range(a + 5, slope.size + 1):
            run = slope[a:b]
            if not (np.ptp(run) <= tolerance * np.median(run)):  # NaN ends a run too
                break
            if log_r[b - 1] - log_r[a] > width + 1e-12:
                best, width = slice(a, b), float(log_r[b - 1] - log_r[a])
    return best
