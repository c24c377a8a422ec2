"""What several models ask of their constructor's arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from dynrnn import _check, _units
from dynrnn.couplings import Coupling, Zero, coupling

__all__ = ["input_weights", "per_unit"]


def per_unit(
    name: str, given: Any, n: int, dtype: Any = np.float64, *, above: float = -np.inf, least: float = -np.inf, remedy: str = ""
) -> np.ndarray:
    """`given`, a number or one per unit, for each of n units; each value > `above` and >= `least`."""
    given = _units.seconds(name, given) if isinstance(given, str) else given  # a time constant as text
    out = np.asarray(_check.array(name, given, ndim=(0, 1), dtype=dtype))
    if out.ndim and out.size != n:
        _check.fail(name, f"{out.size} values", f"a number or {n}, one per unit")
    bad = out[(out <= above) | (out < least)]
    if bad.size:
        _check.real(name, bad[0], max(above, least), open_low=above >= least, remedy=remedy)
    return np.broadcast_to(out, n).copy()


def input_weights(name: str, given: Any, n: int, dtype: Any = np.float64) -> Coupling:
    """Weights (n, input) as a coupling: a vector is one input, None is no input."""
    if given is None:
        return Zero.of(n, 0, dtype)
    if not isinstance(given, Coupling) and not hasattr(given, "tocsr"):
        given = _check.array(name, given, ndim=(1, 2), dtype=dtype)
        given = given[:, None] if given.ndim == 1 else given
    return coupling(given, name=name, shape=(n, None), dtype=dtype)
