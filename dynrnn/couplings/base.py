"""What a coupling is: an immutable linear map W[to, from] with the products that kernels need.

A structure (dense, sparse, ring, …) is one small class with a shape, an array form and these kernels, where `p` are its
parameters, ``x`` and ``g`` are vectors and ``X`` and ``G`` have one column per trial:

=========================  ======================================  =========================================
kernel                     adds                                    used by
=========================  ======================================  =========================================
``multiply(p, x, out)``    ``out += W x``                          every step
``multiply_columns``       ``OUT += W X``                          batches of trials
``multiply_rows``          ``OUT += X W^T``                        tangent vectors, one per row
``transposed(p, g, out)``  ``out += W^T g``                        gradients
``outer(p, g, x, gw)``     ``gw += d(g . W x)/d(weights)``         weight gradients, in the layout of `weights`
``tangent(p, q, x, out)``  ``out += (dW/d(weights) . q) x``        forward-mode gradients
``row_dot(p, i, x)``       nothing: returns ``(W x)[i]``           units updated one at a time
=========================  ======================================  =========================================
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._jit import generic, jit
from dynrnn._math import copy
from dynrnn._record import Record


@generic
def multiply(p, x, out):
    """``out += W x``."""
    raise NotImplementedError


@generic
def multiply_columns(p, X, OUT):
    """``OUT += W X``: column by column unless the structure does better."""
    x, y = np.empty_like(X[:, 0]), np.empty_like(OUT[:, 0])
    for c in range(X.shape[1]):
        copy(X[:, c], x)
        copy(OUT[:, c], y)
        multiply(p, x, y)
        copy(y, OUT[:, c])


@generic
def multiply_rows(p, X, OUT):
    """``OUT += X W^T``: row by row unless the structure does better."""
    for i in range(X.shape[0]):
        multiply(p, X[i], OUT[i])


@generic
def transposed(p, g, out):
    """``out += W^T g``."""
    raise NotImplementedError


@generic
def outer(p, g, x, gw):
    """``gw += d(g . W x) / d(weights)``."""
    raise NotImplementedError


@generic
def tangent(p, q, x, out):
    """``out += (dW . q) x`` for a change `q` of the weights."""
    raise NotImplementedError


@generic
def row_dot(p, i, x):
    """``(W x)[i]``, what unit i hears."""
    raise NotImplementedError


@jit
def _apply(p, x, out):
    multiply(p, x, out)


@jit
def _apply_columns(p, X, OUT):
    multiply_columns(p, X, OUT)


@jit
def _apply_transposed(p, g, out):
    transposed(p, g, out)


class Coupling(Record):
    """Base of the structures. Subclasses give `shape`, `weights_field`, `to_array` and the kernels of this module."""

    weights_field: ClassVar[str] = "values"
    shape: ClassVar[Any] = (0, 0)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({' x '.join(map(str, self.shape))}, {self.dtype})"

    @property
    def dtype(self) -> np.dtype:
        """Precision of the weights."""
        return self.weights.dtype

    @property
    def weights(self) -> np.ndarray:
        """The free numbers of the structure, as stored."""
        return getattr(self, self.weights_field)

    def with_weights(self, weights: np.ndarray):
        """The same structure with other numbers, laid out as `weights`."""
        return self.replace(**{self.weights_field: weights})

    @property
    def has_native_columns(self) -> bool:
        """Whether many states at once are faster than one by one."""
        return type(self).__dict__.get("multiply_columns") is not None

    def to_array(self) -> np.ndarray:
        """The matrix W[to, from] as an array."""
        raise NotImplementedError

    def to_scipy(self):
        """An array, or a SciPy sparse array where the structure has few non-zeros."""
        return self.to_array()

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.to_array(), dtype=dtype)

    def __matmul__(self, x):
        """``W @ x`` for a vector or a matrix of columns."""
        x = _check.array("x", x, ndim=(1, 2), dtype=self.dtype)
        if x.shape[0] != self.shape[1]:
            _check.fail("x", f"shape {x.shape}", f"{self.shape[1]} rows, as W has shape {self.shape}")
        out = np.zeros((self.shape[0], *x.shape[1:]), self.dtype)
        (_apply if x.ndim == 1 else _apply_columns)(self.params(), x, out)
        return out

    def rmatmul(self, g):
        """``W^T @ g`` for a vector."""
        g = _check.array("g", g, shape=(self.shape[0],), dtype=self.dtype)
        out = np.zeros(self.shape[1], self.dtype)
        _apply_transposed(self.params(), g, out)
        return out

    def scaled(self, factor: float):
        """The same structure with every weight times `factor`. A spectral radius that is known already is known after it too."""
        out = self._scaled(self.dtype.type(factor))
        radius = self.spectral_radius_hint()
        return out if radius is None else out.remember_radius(abs(factor) * radius)

    def _scaled(self, factor):
        return self.with_weights(self.weights * factor)

    def astype(self, dtype):
        """The same structure in another precision."""
        return self.with_weights(self.weights.astype(dtype))

    def spectral_radius_hint(self) -> float | None:
        """The spectral radius where it costs nothing: measured before, or given by the structure."""
        return self.__dict__.get("_radius")

    def remember_radius(self, radius: float):
        """Keep a measured spectral radius; returns self. The weights cannot change, so it stays right."""
        object.__setattr__(self, "_radius", float(radius))
        return self
