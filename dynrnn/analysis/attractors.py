"""Basins of attraction: which attractor each state leads to, and what share of the states leads to each."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import xarray as xr
from tqdm.auto import tqdm

import dynrnn
from dynrnn import _check
from dynrnn.analysis._motion import Motion
from dynrnn.analysis._starts import Starts, starts_in
from dynrnn.analysis._states import attractors_set
from dynrnn.analysis.cells import Recurrences
from dynrnn.analysis.features import Features
from dynrnn.analysis.proximity import DIVERGED, UNDECIDED
from dynrnn.run import Interrupted
from dynrnn.system import System

__all__ = ["basins", "wilson"]


def basins(
    system: System,
    starts: Any,
    *,
    by: Any = "recurrences",
    resolution: int = 100,
    samples: int | None = None,
    x0: Any = None,
    inputs: Any = None,
    dt: Any = None,
    method: Any = None,
    rng: Any = None,
    threads: int | None = None,
    progress: bool = False,
) -> xr.Dataset:
    """The attractors of a map or a flow, and which of them each of many starts leads to.

    Parameters
    ----------
    system : a map or a flow, without noise. Of a flow that depends on time, dt must be the period.
    starts : a box, ``{variable: (low, high)}`` or ``{variable: (low, high, cells)}`` with labels or numbers of variables; a
        grid of the centres of its cells is taken. Or states (start, size).
    by : "recurrences" or a `Recurrences`: attractors need not be known; few variables. "features" or a `Features`: the same
        for many variables. ``Proximity(attractors)``: they are known; fastest.
    resolution : cells per variable of the grid, where the box does not say.
    samples : so many random states of the box in the place of a grid.
    x0 : (size,), values of the variables that the box leaves out; the initial state by default.
    inputs : (input,), held; zeros by default.
    dt, method : of a flow, as for `simulate`. Its state is looked at every dt.
    rng : seed or Generator for `samples`.
    threads : at most, for proximity and features; recurrences use one. One per core by default. Results do not depend on it.
    progress : show a progress bar.

    Returns
    -------
    Dataset:

    - `basin`: over the variables of the grid, or over `start`, the label of the attractor; -1 where the orbit diverges, -2
      where it is not decided.
    - the parts of the state over ("attractor", "point", "unit"), as `simulate` names them: points on each attractor, NaN
      where it has fewer than others; of a fixed point, one. Attractors are numbered by place, from the smallest mean of the
      first variable on (then of the second, and so on); known ones keep their labels.
    - `fraction`, `fraction_low`, `fraction_high` (attractor): share of the starts, with Wilson's 95 % interval. It is that of
      random starts; on a grid it is wider than the error.
    - `diverged`, `undecided`: shares.

    Raises
    ------
    ValueError, TypeError : noise, boxes and shapes that do not fit, before any work.
    Interrupted : Ctrl-C; ``error.result`` has what was decided, and -2 for the rest. (Features know nothing before the end.)

    Warns
    -----
    UserWarning : more than half of the starts are undecided, or of a flow diverge: the message says what to change.

    Source: G. Datseris, K. L. Rossi and A. Wagemakers, Chaos 33 (2023) 073151; E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209.

    >>> import dynrnn as dr
    >>> from dynrnn.analysis import basins
    >>> result = basins(dr.VanDerPol(), {0: (-1, 1), 1: (-1, 1)}, resolution=10, dt=0.1)
    >>> result["basin"].shape, result["fraction"].values
    ((10, 10), array([1.]))
    """
    ways = {"recurrences": Recurrences, "features": Features}
    if by == "proximity":
        _check.fail("by", "'proximity'", "the attractors with it", "Pass by=Proximity(attractors).")
    if not hasattr(by, "assign"):
        by = ways[_check.choice("by", by, [*ways, "proximity"])]()
    begun = starts_in(system, starts, resolution, samples, x0, _check.generator(rng))
    motion = Motion(system, inputs, dt, method, threads)
    with tqdm(total=len(begun.X), unit="start", disable=not _check.boolean("progress", progress)) as bar:
        motion.tell = bar.update
        try:
            result = _labelled(motion, begun, by, *by.assign(motion, begun.X, begun.cell))
        except Interrupted as stopped:
            stopped.result = _labelled(motion, begun, by, *stopped.result)
            raise
    _warn(result, motion, by)
    return result


def _warn(result: xr.Dataset, motion: Motion, by: Any) -> None:
    """Say what may be wrong where most orbits lead nowhere."""
    undecided, diverged = float(result["undecided"]), float(result["diverged"])
    if undecided > 0.5:
        hint = getattr(by, "hint", "Follow them for longer")
        warnings.warn(f"basins: {undecided:.0%} of the starts are undecided. {hint}.", stacklevel=3)
    if diverged > 0.5 and motion.system.is_flow:
        hint = f"If they should not, shorten dt = {motion.dt:g}, or narrow the box of starts."
        warnings.warn(f"basins: {diverged:.0%} of the starts diverge. {hint}", stacklevel=3)


def wilson(successes: Any, trials: Any) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's 95 % interval of a probability: of the values that lie within 1.96 standard errors, their own, of the share.

    >>> low, high = wilson(5, 10)
    >>> round(float(low), 4), round(float(high), 4)
    (0.2366, 0.7634)
    """
    k, n, z = np.asarray(successes, float), np.asarray(trials, float), 1.959963984540054
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = (k + z * z / 2) / (n + z * z)
        half = z / (n + z * z) * np.sqrt(k * (n - k) / n + z * z / 4)
    return np.where(k == 0, 0.0, centre - half), np.where(k == n, 1.0, centre + half)


def _labelled(
    motion: Motion, begun: Starts, by: Any, index: np.ndarray, points: list[np.ndarray], labels: np.ndarray
) -> xr.Dataset:
    system = motion.system
    out = attractors_set(system, points, labels)
    known = np.concatenate([labels, [UNDECIDED, DIVERGED]]).astype(int)  # so that negative labels stay as they are
    out["basin"] = begun.labelled(known[index])
    out["basin"].attrs = {"long_name": "attractor", "diverged": DIVERGED, "undecided": UNDECIDED}
    counts = np.array([(index == k).sum() for k in range(len(points))], float)
    low, high = wilson(counts, len(index))
    for name, values in {"fraction": counts / len(index), "fraction_low": low, "fraction_high": high}.items():
        out[name] = "attractor", values
    out["diverged"], out["undecided"] = (index == DIVERGED).mean(), (index == UNDECIDED).mean()
    attrs: dict[str, Any] = {"class": type(system).__name__, "system": system.to_json(), "dynrnn": dynrnn.__version__}
    attrs |= {"by": type(by).__name__.lower(), "starts": len(index), "inputs": motion.held.astype(float)}
    return out.assign_attrs(attrs | ({"dt": motion.dt} if system.is_flow else {}))
