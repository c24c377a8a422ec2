"""Compressed sparse rows. Unsigned indices, 16 bit where they fit: signed ones cost a sign extension per non-zero."""

from __future__ import annotations

import numpy as np

from dynrnn import _check
from dynrnn._llvm import LANES, add_row_of_columns, add_row_of_half, sum_row
from dynrnn.couplings.base import Coupling


class Sparse(Coupling):
    """A sparse matrix ``W[to, from]``: row i holds ``values[k]`` at column ``indices[k]`` for ``indptr[i] <= k < indptr[i+1]``.

    A row's products are summed in one order (see `dynrnn._llvm.sum_row`) for one state and for many: both give the same bits.

    Parameters: `values` (nonzero,), `indices` (nonzero,), `indptr` (to + 1,), `columns` the size of ``from``.

    >>> import scipy.sparse
    >>> W = Sparse.of(scipy.sparse.eye_array(3) * 2)
    >>> W @ [1.0, 2.0, 3.0]
    array([2., 4., 6.])
    """

    values: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray
    columns: int

    @classmethod
    def of(cls, W, dtype=None) -> Sparse:
        """From a SciPy sparse matrix or array, or a dense one whose zeros are dropped."""
        import scipy.sparse

        W = scipy.sparse.csr_array(W)
        W.sum_duplicates()
        dtype = dtype or (np.float32 if W.dtype == np.float32 else np.float64)
        return cls(_check.array("W.data", W.data, dtype=dtype), W.indices, W.indptr, W.shape[1])

    def __init__(self, values, indices, indptr, columns):
        index = np.uint16 if columns <= 2**16 else np.uint32
        indices = np.asarray(indices)
        if indices.size and not 0 <= indices.min() <= indices.max() < columns:
            _check.fail("Sparse.indices", f"columns from {indices.min()} to {indices.max()}", f"columns from 0 to {columns - 1}")
        super().__init__(np.asarray(values), np.asarray(indices, index), np.asarray(indptr, np.uint32), columns)
        if self.indptr[-1] != self.values.size or self.indices.size != self.values.size:
            _check.fail("Sparse.indptr", f"an end at {self.indptr[-1]}", f"{self.values.size}, the number of values")

    @property
    def shape(self):
        return (self.indptr.size - 1, self.columns)

    def to_scipy(self):
        import scipy.sparse

        indices, indptr = self.indices.astype(np.int64), self.indptr.astype(np.int64)
        return scipy.sparse.csr_array((self.values, indices, indptr), shape=self.shape)

    def to_array(self):
        return self.to_scipy().toarray()

    def multiply(p, x, out):
        values, indices, indptr = p.values, p.indices, p.indptr  # looked up once: each look-up counts a reference
        for i in range(out.size):
            out[i] += sum_row(values, indices, np.intp(indptr[i]), np.intp(indptr[i + 1]), x)

    def multiply_columns(p, X, OUT):
        values, indices, indptr = p.values, p.indices, p.indptr
        columns, half = X.shape[1], LANES // 2
        for i in range(OUT.shape[0]):
            start, stop, c = np.intp(indptr[i]), np.intp(indptr[i + 1]), 0
            while c + LANES <= columns:
                add_row_of_columns(values, indices, start, stop, X, c, OUT, i)
                c += LANES
            while c + half <= columns:
                add_row_of_half(values, indices, start, stop, X, c, OUT, i)
                c += half
            while c < columns:
                OUT[i, c] += sum_row(values, indices, start, stop, X[:, c])
                c += 1

    def transposed(p, g, out):
        values, indices, indptr = p.values, p.indices, p.indptr
        for i in range(g.size):
            for k in range(indptr[i], indptr[i + 1]):
                out[indices[k]] += values[k] * g[i]

    def outer(p, g, x, gw):
        indices, indptr = p.indices, p.indptr
        for i in range(g.size):
            for k in range(indptr[i], indptr[i + 1]):
                gw[k] += g[i] * x[indices[k]]

    def tangent(p, q, x, out):
        indices, indptr = p.indices, p.indptr
        for i in range(out.size):
            for k in range(indptr[i], indptr[i + 1]):
                out[i] += q[k] * x[indices[k]]

    def row_dot(p, i, x):
        values, indices, indptr = p.values, p.indices, p.indptr
        return sum_row(values, indices, np.intp(indptr[i]), np.intp(indptr[i + 1]), x)
