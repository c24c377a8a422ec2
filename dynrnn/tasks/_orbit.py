"""The orbit of a map, unlabelled: what tasks that are systems are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from dynrnn.run import Diverged, Run
from dynrnn.system import System


def orbit(map_: System, x0: Any, rows: int, every: int = 1) -> np.ndarray:
    """States (row, size) every `every` steps, the first of them `x0`. After a state that is not finite all are NaN."""
    out, at = np.full((rows, map_.size), np.nan), 1
    out[0] = x0
    run = Run(map_, out[:1].copy(), dt=getattr(map_, "dt", 1.0), threads=1)
    try:
        for X, _ in run.rows((rows - 1) * every, every=every):
            out[at : at + len(X)] = X[:, :, 0]
            at += len(X)
    except Diverged:
        pass  # what is missing says so
    return out
