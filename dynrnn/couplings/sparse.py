"""Compressed sparse rows. Unsigned indices, 16 bit where they fit: signed ones cost a sign extension per non-zero."""

from __future__ import annotations

import functools

import numpy as np

from dynrnn import _check
from dynrnn._sums import LANES, ROWS, add_slice, add_slice_to_columns, add_slice_to_half
from dynrnn.couplings.base import Coupling


class Sparse(Coupling):
    """A sparse matrix ``W[to, from]``: row i holds ``values[k]`` at column ``indices[k]`` for ``indptr[i] <= k < indptr[i+1]``.

    A row's products are summed in the order they are stored in, for one state and for many: both give the same bits.

    Products read a second layout, made when first needed: rows sorted by length and taken ROWS at a time, a slice, with
    the first non-zeros of its rows side by side, then the second ones, and so on. A slice is as long as its longest row;
    zeros fill the others. ROWS sums thus run in one register, without horizontal sums and remainders (SELL-C-sigma:
    Kreutzer, Hager, Wellein, Fehske and Bishop, SIAM J. Sci. Comput. 36 (2014) C401).

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

    scratch_names = ("slots", "sources", "starts", "targets")

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
        indptr = np.asarray(indptr)
        if not indptr.size or indptr[0] != 0 or (np.diff(indptr.astype(np.int64)) < 0).any():
            _check.fail("Sparse.indptr", f"{indptr.size} limits out of order", "limits of rows that start at 0 and never fall")
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

    def scratch(self, columns=1):
        return self._slices

    @functools.cached_property
    def _slices(self):
        """The second layout: slice i is ``starts[i] <= k < starts[i+1]`` of `slots` and `sources`, for rows ``targets[i]``."""
        lengths = np.diff(self.indptr.astype(np.int64))
        order = np.argsort(-lengths, kind="stable")
        starts = ROWS * np.concatenate([[0], np.cumsum(lengths[order[::ROWS]])])
        targets = np.resize(order, (-(-order.size // ROWS), ROWS)).astype(np.uint32)  # the last slice is filled up with zeros
        rank, row = np.argsort(order), np.repeat(np.arange(lengths.size), lengths)
        place = (starts[rank // ROWS] + rank % ROWS)[row] + ROWS * (np.arange(row.size) - self.indptr[row])
        slots, sources = (np.zeros(starts[-1], a.dtype) for a in (self.values, self.indices))
        slots[place], sources[place] = self.values, self.indices
        return {"slots": slots, "sources": sources, "starts": starts, "targets": targets}

    def multiply(p, x, out):
        slots, sources, starts, targets = p.slots, p.sources, p.starts, p.targets  # looked up once: each counts a reference
        for i in range(starts.size - 1):
            add_slice(slots, sources, starts[i], starts[i + 1], targets, i, x, out)

    def multiply_columns(p, X, OUT):
        slots, sources, starts, targets = p.slots, p.sources, p.starts, p.targets
        columns, half = X.shape[1], LANES // 2
        for i in range(starts.size - 1):
            first, last, c = starts[i], starts[i + 1], 0
            while c + LANES <= columns:
                add_slice_to_columns(slots, sources, first, last, targets, i, X, c, OUT)
                c += LANES
            while c + half <= columns:
                add_slice_to_half(slots, sources, first, last, targets, i, X, c, OUT)
                c += half
            while c < columns:
                add_slice(slots, sources, first, last, targets, i, X[:, c], OUT[:, c])
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
        values, indices, total = p.values, p.indices, p.values.dtype.type(0)
        for k in range(p.indptr[i], p.indptr[i + 1]):
            total += values[k] * x[indices[k]]
        return total
