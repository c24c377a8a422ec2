"""A full matrix, stored transposed so that a product runs along memory, column by column of W."""

from __future__ import annotations

import numpy as np

from dynrnn import _check
from dynrnn._jit import DISABLED, inlined
from dynrnn._llvm import fma
from dynrnn._sums import add_product
from dynrnn.couplings.base import Coupling

_PARTS = 8  # of the sum of one long row: additions that wait for each other would take four cycles each


@inlined
def add_rows(W_T, x, out):
    """``out += W_T^T x``, each sum in the order of its terms; four rows at a time, so that `out` is passed a quarter as often."""
    n, m = out.size, x.size
    for j in range(0, m - 3, 4):
        x0, x1, x2, x3 = x[j], x[j + 1], x[j + 2], x[j + 3]
        r0, r1, r2, r3 = W_T[j], W_T[j + 1], W_T[j + 2], W_T[j + 3]
        for i in range(n):
            out[i] = fma(r3[i], x3, fma(r2[i], x2, fma(r1[i], x1, fma(r0[i], x0, out[i]))))
    for j in range(m - m % 4, m):
        xj, row = x[j], W_T[j]
        for i in range(n):
            out[i] = fma(row[i], xj, out[i])


@inlined
def _row_times_vector(w, x):
    """``w · x`` in _PARTS partial sums."""
    z = w.dtype.type(0)
    s0, s1, s2, s3, s4, s5, s6, s7 = z, z, z, z, z, z, z, z
    even = x.size - x.size % _PARTS
    for j in range(0, even, _PARTS):
        s0, s1 = fma(w[j], x[j], s0), fma(w[j + 1], x[j + 1], s1)
        s2, s3 = fma(w[j + 2], x[j + 2], s2), fma(w[j + 3], x[j + 3], s3)
        s4, s5 = fma(w[j + 4], x[j + 4], s4), fma(w[j + 5], x[j + 5], s5)
        s6, s7 = fma(w[j + 6], x[j + 6], s6), fma(w[j + 7], x[j + 7], s7)
    for j in range(even, x.size):
        s0 = fma(w[j], x[j], s0)
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))


@inlined
def _row_times_columns(w, X, out):
    """Add to `out` the same for each column of X."""
    s = np.zeros((_PARTS, X.shape[1]), w.dtype)
    even = w.size - w.size % _PARTS
    for j in range(w.size):
        part, wj, x = s[j % _PARTS if j < even else 0], w[j], X[j]
        for c in range(x.size):
            part[c] = fma(wj, x[c], part[c])
    for c in range(out.size):
        out[c] += ((s[0, c] + s[1, c]) + (s[2, c] + s[3, c])) + ((s[4, c] + s[5, c]) + (s[6, c] + s[7, c]))


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
            out[0] += _row_times_vector(p.values.reshape(x.size), x)
        else:
            add_rows(p.values, x, out)

    def multiply_columns(p, X, OUT):
        if OUT.shape[0] == 1:
            _row_times_columns(p.values.reshape(X.shape[0]), X, OUT[0])
        else:
            add_product(p.values.T, X, OUT)

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
