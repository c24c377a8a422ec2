"""Linear maps with structure, ``W[to, from]``: products for one state and for many, spectra, random graphs."""

from __future__ import annotations

from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn.couplings.base import Coupling
from dynrnn.couplings.dense import Dense
from dynrnn.couplings.sparse import Sparse
from dynrnn.couplings.structured import Block, Diagonal, LowRank, Ring, Zero

__all__ = ["Block", "Coupling", "Dense", "Diagonal", "LowRank", "Ring", "Sparse", "Zero", "coupling"]

_SPARSE_BELOW = 0.3  # share of non-zeros below which the sparse product is the faster one


def coupling(W: Any, *, name: str = "W", shape: tuple[int | None, int | None] | None = None, dtype: Any = None) -> Coupling:
    """Anything that is a matrix as a `Coupling`: a coupling as it is, SciPy sparse as `Sparse`, arrays as `Dense` or `Sparse`.

    An array with fewer than 30 % non-zeros and at least 16 units becomes `Sparse`: that is where its product is faster.
    """
    if dtype is not None and np.dtype(dtype) not in (np.float32, np.float64):
        _check.fail("dtype", np.dtype(dtype), "float32 or float64")
    if isinstance(W, Coupling):
        out = W if dtype is None or W.dtype == np.dtype(dtype) else W.astype(dtype)
    elif hasattr(W, "tocsr"):
        _check.all_finite(name, W.tocsr().data)
        out = Sparse.of(W, dtype)
    else:
        A = _check.array(name, W, ndim=2, dtype=dtype or (np.float32 if getattr(W, "dtype", None) == np.float32 else np.float64))
        sparse = min(A.shape) >= 16 and np.count_nonzero(A) < _SPARSE_BELOW * A.size
        out = Sparse.of(A) if sparse else Dense.of(A)
    if shape is not None and any(want is not None and want != got for want, got in zip(shape, out.shape, strict=True)):
        pretty = tuple("any" if s is None else s for s in shape)
        _check.fail(name, f"shape {out.shape}", f"shape {pretty}".replace("'", ""), "Matrices are W[to, from].")
    return out
