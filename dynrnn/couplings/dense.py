"""A full matrix, stored transposed so that a product runs along memory, column by column of W."""

from __future__ import annotations

import numpy as np

from dynrnn import _check
from dynrnn._jit import DISABLED, inlined
from dynrnn._llvm import add_product
from dynrnn.couplings.base import Coupling

NARROW = 16  # up to this many inputs the sums run in one fixed order, so that batches give the bits of single runs


@inlined
def _add_rows_in_order(W_T, x, out):
    for j in range(x.size):
        xj, row = x[j], W_T[j]
        for i in range(out.size):
            out[i] += row[i] * xj


@inlined(fastmath={"contract"})
def add_rows(W_T, x, out):
    """``out += W_T^T x``: four rows of W_T at a time, so that `out` is read and written a quarter as often."""
    n, m = out.size, x.size
    for j in range(0, m - 3, 4):
        x0, x1, x2, x3 = x[j], x[j + 1], x[j + 2], x[j + 3]
        r0, r1, r2, r3 = W_T[j], W_T[j + 1], W_T[j + 2], W_T[j + 3]
        for i in range(n):
            out[i] += (r0[i] * x0 + r1[i] * x1) + (r2[i] * x2 + r3[i] * x3)
    for j in range(m - m % 4, m):
        xj, row = x[j], W_T[j]
        for i in range(n):
            out[i] += row[i] * xj


@inlined(fastmath={"contract", "reassoc"})
def _dot(a, b):
    total = a.dtype.type(0)
    for i in range(a.size):
        total += a[i] * b[i]
    return total


class Dense(Coupling):
    """A full matrix ``W[to, from]``.

    Parameters: `values` (from, to), the transpose of W. Build one from W with `Dense.of`.

    >>> W = Dense.of([[1.0, 2.0], [3.0, 4.0]])
    >>> W
    Dense(2 x 2, float64)
    >>> W @ [1.0, 1.0]
    array([3., 7.])
    """

    values: np.ndarray

    @classmethod
    def of(cls, W, dtype=None) -> Dense:
        """From a matrix W[to, from]."""
        dtype = dtype or (np.float32 if getattr(W, "dtype", None) == np.float32 else np.float64)
        return cls(_check.array("W", W, ndim=2, dtype=dtype).T)

    @property
    def shape(self):
        return self.values.shape[::-1]

    def to_array(self):
        return self.values.T.copy()

    def _described(self):
        return {"class": super()._described()["class"], "W[to, from]": self.to_array()}

    def multiply(p, x, out):
        if out.size == 1:
            out[0] += _dot(p.values.reshape(x.size), x)
        elif x.size <= NARROW:
            _add_rows_in_order(p.values, x, out)
        else:
            add_rows(p.values, x, out)

    def multiply_columns(p, X, OUT):
        if X.shape[0] > NARROW:
            add_product(p.values.T, X, OUT)
        else:
            for j in range(X.shape[0]):
                for i in range(OUT.shape[0]):
                    w = p.values[j, i]
                    for c in range(X.shape[1]):
                        OUT[i, c] += w * X[j, c]

    def multiply_rows(p, X, OUT):
        add_product(X, p.values, OUT)

    def transposed(p, g, out):
        for j in range(out.size):
            out[j] += _dot(p.values[j], g)

    def outer(p, g, x, gw):
        for j in range(x.size):
            xj = x[j]
            for i in range(g.size):
                gw[j, i] += g[i] * xj

    def tangent(p, q, x, out):
        add_rows(q, x, out)

    def row_dot(p, i, x):
        total = p.values.dtype.type(0)
        for j in range(x.size):
            total += p.values[j, i] * x[j]
        return total


if DISABLED:  # NumPy scalars need no help to add up

    def _dot(a, b):
        return a @ b
