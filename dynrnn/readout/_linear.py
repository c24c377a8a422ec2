"""What a linear readout does once it has weights: predict, keeping labels, and be scored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dynrnn import _check as check
from dynrnn.readout._series import Series, is_several, numbers, ordered


class NotFitted(ValueError, AttributeError):
    """Both, so that `hasattr(readout, "W_out")` is False before the first fit."""


def predict(W_out: np.ndarray, b: np.ndarray, states: Any, flat: bool) -> Any:
    """y = W_out x + b for one series, a stack or a list of them; without a feature axis where `flat`."""
    if is_several(states) and isinstance(states, (list, tuple)):
        return [predict(W_out, b, one, flat) for one in states]
    features, units = W_out.shape
    x = check.array("states", numbers("states", states, (1, 2, 3)))
    if x.shape[-1] != units:
        hint = "The last axis is the unit: pass states.T." if x.ndim == 2 and len(x) == units else ""
        check.fail("states", f"shape {x.shape}", f"{units} units on the last axis, as in fit", hint)
    y = (x.reshape(-1, units) @ W_out.T + b).reshape(*x.shape[:-1], features)
    y = y[..., 0] if flat else y
    return _labelled(y, states) if hasattr(states, "dims") else y


def _labelled(y: np.ndarray, states: Any) -> Any:
    """`y` with the trial and time coordinates of `states`."""
    import xarray

    lead = ordered(states.dims)[:-1]
    coords = {name: c for name, c in states.coords.items() if set(c.dims) <= set(lead)}
    return xarray.DataArray(y, dims=lead + ["feature"] * (y.ndim - len(lead)), coords=coords)


def score(W_out: np.ndarray, b: np.ndarray, series: Sequence[Series]) -> float:
    """R^2 = 1 - residual / total sum of squares, pooled over series, averaged over features."""
    y = np.concatenate([one.targets for one in series])
    guess = np.concatenate([predict(W_out, b, one.states, flat=False) for one in series])
    w = np.concatenate([np.ones(len(one.states)) if one.weight is None else one.weight for one in series])
    return float(np.mean([_r2(y[:, j], guess[:, j], w) for j in range(y.shape[1])]))


def _r2(y: np.ndarray, guess: np.ndarray, weight: np.ndarray) -> float:
    """As scikit-learn has it: 1 for a perfect guess and 0 for any other where the targets do not vary."""
    known = ~np.isnan(y) & (weight > 0)
    if not known.any():
        check.fail("targets", "a column without any finite value", "at least one in every column")
    y, guess, weight = y[known], guess[known], weight[known]
    total = weight @ (y - np.average(y, weights=weight)) ** 2
    residual = weight @ (y - guess) ** 2
    if total == 0:
        return float(residual == 0)
    return float(1.0 - residual / total)
