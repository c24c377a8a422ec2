"""Couplings with a formula: diagonal, ring (shift), low rank, block diagonal of two, and none at all."""

from __future__ import annotations

import numpy as np

from dynrnn import _check
from dynrnn._jit import generic, inlined
from dynrnn.couplings.base import Coupling, multiply, multiply_columns, outer, row_dot, tangent, transposed


class Diagonal(Coupling):
    """``W = diag(values)``: every unit is coupled to itself alone.

    >>> Diagonal([1.0, 2.0]) @ [3.0, 4.0]
    array([3., 8.])
    """

    values: np.ndarray

    @property
    def shape(self):
        return (self.values.size, self.values.size)

    def to_scipy(self):
        import scipy.sparse

        return scipy.sparse.csr_array(scipy.sparse.diags_array(self.values))

    def to_array(self):
        return np.diag(self.values)

    def spectral_radius_hint(self):
        return float(np.abs(self.values).max(initial=0.0))

    def multiply(p, x, out):
        for i in range(out.size):
            out[i] += p.values[i] * x[i]

    def multiply_columns(p, X, OUT):
        for i in range(OUT.shape[0]):
            for c in range(OUT.shape[1]):
                OUT[i, c] += p.values[i] * X[i, c]

    def transposed(p, g, out):
        for i in range(out.size):
            out[i] += p.values[i] * g[i]

    def outer(p, g, x, gw):
        for i in range(g.size):
            gw[i] += g[i] * x[i]

    def tangent(p, q, x, out):
        for i in range(out.size):
            out[i] += q[i] * x[i]

    def row_dot(p, i, x):
        return p.values[i] * x[i]


class Ring(Coupling):
    """A ring or shift: unit i hears unit ``i - shift`` (modulo N) with weight ``values[i]``. Rodan and Tiňo's simple cycle.

    Every eigenvalue has modulus ``|prod(values)|^(1/N)`` where the shift and N share no divisor.

    >>> Ring.of(4, 0.5) @ [1.0, 0.0, 0.0, 0.0]
    array([0. , 0.5, 0. , 0. ])
    """

    values: np.ndarray
    shift: int = 1

    @classmethod
    def of(cls, units: int, weight: float = 1.0, shift: int = 1, dtype=np.float64) -> Ring:
        """A ring of equal weights."""
        return cls(np.full(_check.integer("units", units, 1), weight, dtype), shift)

    @property
    def shape(self):
        return (self.values.size, self.values.size)

    def to_scipy(self):
        import scipy.sparse

        n = self.values.size
        rows = np.arange(n)
        return scipy.sparse.csr_array((self.values, (rows, (rows - self.shift) % n)), shape=(n, n))

    def to_array(self):
        return self.to_scipy().toarray()

    def spectral_radius_hint(self):
        size = np.abs(self.values)
        return float(size[0]) if np.all(size == size[0]) else super().spectral_radius_hint()

    def multiply(p, x, out):
        n = out.size
        s = p.shift % n
        for i in range(s):
            out[i] += p.values[i] * x[i + n - s]
        for i in range(s, n):
            out[i] += p.values[i] * x[i - s]

    def multiply_columns(p, X, OUT):
        n = OUT.shape[0]
        for i in range(n):
            j = (i - p.shift) % n
            for c in range(OUT.shape[1]):
                OUT[i, c] += p.values[i] * X[j, c]

    def transposed(p, g, out):
        n = out.size
        for i in range(n):
            out[(i - p.shift) % n] += p.values[i] * g[i]

    def outer(p, g, x, gw):
        n = g.size
        for i in range(n):
            gw[i] += g[i] * x[(i - p.shift) % n]

    def tangent(p, q, x, out):
        n = out.size
        for i in range(n):
            out[i] += q[i] * x[(i - p.shift) % n]

    def row_dot(p, i, x):
        return p.values[i] * x[(i - p.shift) % x.size]


@inlined
def _project(factors, first, x, out):
    out[:] = 0
    for j in range(x.size):
        for r in range(out.size):
            out[r] += factors[first + j, r] * x[j]


@inlined
def _expand(factors, first, overlap, out):
    for i in range(out.size):
        for r in range(overlap.size):
            out[i] += factors[first + i, r] * overlap[r]


class LowRank(Coupling):
    """``W = left right^T`` of rank R: `values` stacks ``left`` (to, R) over ``right`` (from, R).

    >>> LowRank.of([[1.0], [2.0]], [[1.0], [1.0]]) @ [3.0, 4.0]
    array([ 7., 14.])
    """

    values: np.ndarray
    rows: int

    scratch_names = ("overlap", "overlap2")

    @classmethod
    def of(cls, left, right, dtype=np.float64) -> LowRank:
        """From the two factors, ``left`` (to, R) and ``right`` (from, R)."""
        left, right = (_check.array(n, a, ndim=2, dtype=dtype) for n, a in (("left", left), ("right", right)))
        if left.shape[1] != right.shape[1]:
            _check.fail("right", f"rank {right.shape[1]}", f"rank {left.shape[1]}, as in left")
        return cls(np.vstack([left, right]), left.shape[0])

    @property
    def shape(self):
        return (self.rows, self.values.shape[0] - self.rows)

    def scratch(self, columns=1):
        rank = self.values.shape[1]
        return {"overlap": np.zeros(rank, self.dtype), "overlap2": np.zeros(rank, self.dtype)}

    def to_array(self):
        return self.values[: self.rows] @ self.values[self.rows :].T

    def _scaled(self, factor):
        values = self.values.copy()
        values[: self.rows] *= factor
        return self.replace(values=values)

    def multiply(p, x, out):
        _project(p.values, p.rows, x, p.overlap)
        _expand(p.values, 0, p.overlap, out)

    def transposed(p, g, out):
        _project(p.values, 0, g, p.overlap)
        _expand(p.values, p.rows, p.overlap, out)

    def outer(p, g, x, gw):
        _project(p.values, p.rows, x, p.overlap)
        _project(p.values, 0, g, p.overlap2)
        for r in range(p.overlap.size):
            for i in range(g.size):
                gw[i, r] += g[i] * p.overlap[r]
            for j in range(x.size):
                gw[p.rows + j, r] += x[j] * p.overlap2[r]

    def tangent(p, q, x, out):
        _project(p.values, p.rows, x, p.overlap)
        _expand(q, 0, p.overlap, out)
        _project(q, p.rows, x, p.overlap)
        _expand(p.values, 0, p.overlap, out)

    def row_dot(p, i, x):
        _project(p.values, p.rows, x, p.overlap)
        total = p.values.dtype.type(0)
        for r in range(p.overlap.size):
            total += p.values[i, r] * p.overlap[r]
        return total


class Block(Coupling):
    """A 2 x 2 block matrix ``[[a, b], [c, d]]`` of any structures: layers, or an excitatory and an inhibitory population.

    >>> one = Diagonal([1.0])
    >>> Block(one, Zero.of(1, 1), one, one).to_array()
    array([[1., 0.],
           [1., 1.]])
    """

    a: Coupling
    b: Coupling
    c: Coupling
    d: Coupling
    rows: int
    columns: int

    def __init__(self, a, b, c, d, rows=None, columns=None):
        super().__init__(a, b, c, d, *a.shape)
        if a.shape[0] != b.shape[0] or c.shape[0] != d.shape[0] or a.shape[1] != c.shape[1] or b.shape[1] != d.shape[1]:
            got = f"shapes {a.shape}, {b.shape}, {c.shape}, {d.shape}"
            _check.fail("Block", got, "blocks [[a, b], [c, d]] that fit together")

    @property
    def shape(self):
        return (self.a.shape[0] + self.c.shape[0], self.a.shape[1] + self.b.shape[1])

    @property
    def dtype(self):
        return self.a.dtype

    @property
    def weights(self):
        return np.concatenate([block.weights.ravel() for block in self.blocks])

    def with_weights(self, weights):
        cuts = np.cumsum([block.weights.size for block in self.blocks])[:-1]
        pieces = zip(self.blocks, np.split(weights, cuts), strict=True)
        return Block(*(block.with_weights(piece.reshape(block.weights.shape)) for block, piece in pieces))

    @property
    def blocks(self):
        return (self.a, self.b, self.c, self.d)

    def to_array(self):
        return np.block([[self.a.to_array(), self.b.to_array()], [self.c.to_array(), self.d.to_array()]])

    def to_scipy(self):
        import scipy.sparse

        blocks = [scipy.sparse.csr_array(block.to_scipy()) for block in self.blocks]
        return scipy.sparse.csr_array(scipy.sparse.block_array([blocks[:2], blocks[2:]]))

    def multiply(p, x, out):
        n, m = p.rows, p.columns
        multiply(p.a, x[:m], out[:n])
        multiply(p.b, x[m:], out[:n])
        multiply(p.c, x[:m], out[n:])
        multiply(p.d, x[m:], out[n:])

    def multiply_columns(p, X, OUT):
        n, m = p.rows, p.columns
        multiply_columns(p.a, X[:m], OUT[:n])
        multiply_columns(p.b, X[m:], OUT[:n])
        multiply_columns(p.c, X[:m], OUT[n:])
        multiply_columns(p.d, X[m:], OUT[n:])

    def transposed(p, g, out):
        n, m = p.rows, p.columns
        transposed(p.a, g[:n], out[:m])
        transposed(p.b, g[:n], out[m:])
        transposed(p.c, g[n:], out[:m])
        transposed(p.d, g[n:], out[m:])

    def outer(p, g, x, gw):
        n, m = p.rows, p.columns
        a, b, c = _cuts(p)
        outer(p.a, g[:n], x[:m], shaped(p.a, gw[:a]))
        outer(p.b, g[:n], x[m:], shaped(p.b, gw[a:b]))
        outer(p.c, g[n:], x[:m], shaped(p.c, gw[b:c]))
        outer(p.d, g[n:], x[m:], shaped(p.d, gw[c:]))

    def tangent(p, q, x, out):
        n, m = p.rows, p.columns
        a, b, c = _cuts(p)
        tangent(p.a, shaped(p.a, q[:a]), x[:m], out[:n])
        tangent(p.b, shaped(p.b, q[a:b]), x[m:], out[:n])
        tangent(p.c, shaped(p.c, q[b:c]), x[:m], out[n:])
        tangent(p.d, shaped(p.d, q[c:]), x[m:], out[n:])

    def row_dot(p, i, x):
        n, m = p.rows, p.columns
        if i < n:
            return row_dot(p.a, i, x[:m]) + row_dot(p.b, i, x[m:])
        return row_dot(p.c, i - n, x[:m]) + row_dot(p.d, i - n, x[m:])

    def weight_count(p):
        return _cuts(p)[2] + weight_count(p.d)

    def shaped(p, flat):
        return flat


class Zero(Coupling):
    """No coupling at all: a block of zeros, or the input matrix of a system without inputs.

    >>> Zero.of(2, 3).shape
    (2, 3)
    """

    values: np.ndarray
    rows: int
    columns: int

    @classmethod
    def of(cls, rows: int, columns: int, dtype=np.float64) -> Zero:
        """A zero matrix of the given shape."""
        return cls(np.zeros(0, dtype), rows, columns)

    @property
    def shape(self):
        return (self.rows, self.columns)

    def to_array(self):
        return np.zeros(self.shape, self.dtype)

    def spectral_radius_hint(self):
        return 0.0

    def multiply(p, x, out):
        pass

    def multiply_columns(p, X, OUT):
        pass

    def transposed(p, g, out):
        pass

    def outer(p, g, x, gw):
        pass

    def tangent(p, q, x, out):
        pass

    def row_dot(p, i, x):
        return p.values.dtype.type(0)


@generic
def weight_count(p):
    """How many free numbers a structure has."""
    return p.values.size


@generic
def shaped(p, flat):
    """A flat stretch of weights (or of their gradient) in the layout of the structure."""
    return flat.reshape(p.values.shape)


@generic
def _cuts(p):
    a = weight_count(p.a)
    b = a + weight_count(p.b)
    return a, b, b + weight_count(p.c)
