"""A system seen from a point: its rate of change or its step there, and its Jacobian, with inputs held."""

from __future__ import annotations

from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn._jit import explained, jit
from dynrnn._llvm import borrowed
from dynrnn.system import System, channels, drift, step, tangents

__all__ = ["Local"]


class Local:
    """The function whose zeros are the fixed points, with its derivative, compiled once for all points:

        F(x) = drift(x, u)  of a flow,        F(x) = step(x, u) - x  of a map.

    Parameters
    ----------
    system : a map or a flow; noise is left at its mean.
    inputs : (input,), held; zeros by default.
    t : time, for a flow that depends on it.
    """

    def __init__(self, system: Any, inputs: Any = None, t: float = 0.0):
        if not isinstance(system, System):
            _check.fail("system", type(system).__name__, "a dynrnn System", error=TypeError)
        if system.delays:
            remedy = "Discretise it: dynrnn.integrate.Delayed(flow, 'rk4', dt) is a map."
            _check.fail("system", f"{type(system).__name__}, a flow with delays", "a map or a flow without", remedy)
        self.system, self.t, self.is_flow = system, float(t), system.is_flow
        self.u = channels(system, inputs, self.t)
        self._p = system.params(system.size)
        self._unit = np.eye(system.size, dtype=system.dtype)

    @property
    def size(self) -> int:
        """Number of state variables."""
        return self.system.size

    def states(self, name: str, given: Any) -> np.ndarray:
        """States (point, size) from one or many."""
        X = np.atleast_2d(_check.array(name, given, ndim=(1, 2), dtype=self.system.dtype))
        if X.shape[1] != self.size:
            _check.fail(name, f"shape {X.shape}", f"({self.size},) or (point, {self.size})")
        return np.ascontiguousarray(X)

    def residual(self, X: np.ndarray) -> np.ndarray:
        """F at the states X (point, size), or at one (size,)."""
        rows = np.ascontiguousarray(np.atleast_2d(X), self.system.dtype)
        out = np.empty_like(rows)
        with explained(type(self.system).__name__):
            if self.is_flow:
                _drift_rows(self._p, self.t, rows, self.u, out)
            else:
                _step_rows(self._p, rows, self.u, out)
                out -= rows
        return out.reshape(np.shape(X))

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """The Jacobian of the drift or of the step (not of F) at the state x: its eigenvalues decide on stability."""
        out = np.empty((self.size, self.size), self.system.dtype)
        with explained(type(self.system).__name__):
            _tangents(self._p, self.t, np.ascontiguousarray(x, self.system.dtype), self.u, self._unit, out)
        return out

    def slope(self, x: np.ndarray) -> np.ndarray:
        """dF/dx at the state x: the Jacobian of the drift, or that of the step minus the identity."""
        J = self.jacobian(x)
        return J if self.is_flow else J - self._unit

    def growth(self, eigenvalues: np.ndarray) -> np.ndarray:
        """How fast perturbations grow per unit of time or per step: above 0 where they do."""
        if self.is_flow:
            return eigenvalues.real
        with np.errstate(divide="ignore"):
            return np.log(np.abs(eigenvalues))


@jit
def _drift_rows(p, t, X, u, out):
    p, X, u, out = borrowed(p), borrowed(X), borrowed(u), borrowed(out)
    for i in range(X.shape[0]):
        drift(p, t, X[i], u, out[i])


@jit
def _step_rows(p, X, u, out):
    p, X, u, out = borrowed(p), borrowed(X), borrowed(u), borrowed(out)
    for i in range(X.shape[0]):
        step(p, X[i], u, out[i])


@jit
def _tangents(p, t, x, u, V, out):
    tangents(p, t, x, u, V, out)
