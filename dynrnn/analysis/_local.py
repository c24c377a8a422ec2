"""A system seen from a point: its rate of change or its step there, and its Jacobian, with inputs held."""

from __future__ import annotations

from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn._jit import explained, jit
from dynrnn._llvm import borrowed
from dynrnn.analysis._roots import roots
from dynrnn.integrate import Adaptive, Delayed
from dynrnn.system import System, channels, evolve, pushforward, tangent_u

__all__ = ["CHANCE", "Local", "held", "leading_first", "refuse_memory"]

CHANCE = 'Take a rule without chance, as update="synchronous" and temperature=0 of a Hopfield network.'

_MOMENTS = 0.31830988, 0.7390851  # of the unit of time, or of dt: no period that anybody forces with has both
_ROOTS = 10  # of the characteristic equation of a flow with delays
_DRIFTS = 1e-9  # relative: a change of F with time that is more than rounding


class Local:
    """The function whose zeros are the fixed points, with its derivative, compiled once for all points:

        F(x) = drift(x, u)  of a flow,        F(x) = step(x, u) - x  of a map.

    In a flow with delays x has been the same for ever.

    Parameters
    ----------
    system : a map or a flow; noise is left at its mean.
    inputs : (input,), held; zeros by default.
    t : time, for a flow that depends on it.
    """

    def __init__(self, system: Any, inputs: Any = None, t: float = 0.0):
        if not isinstance(system, System):
            _check.fail("system", type(system).__name__, "a dynrnn System", error=TypeError)
        self.system, self.t, self.is_flow = system, float(t), system.is_flow
        self.u = channels(system, held(system, inputs), self.t)
        self._p = system.params(system.size)
        self._unit = np.eye(system.size, dtype=system.dtype)
        self._past = system.channels - int(system.clocked) - len(system.delays or ()) * system.size  # where it begins in u

    def refuse_unrest(self, x: np.ndarray) -> None:
        """Refuse a system that has nowhere to rest: where chance decides, or a clock. x is some state."""
        name = type(self.system).__name__
        refuse_memory(self.system)
        if any(noise.law == "uniform" for noise in self.system.noises):  # such numbers have no harmless mean
            wanted = "a system without, or with normal noise"
            _check.fail("system", f"{name}, whose steps are random choices", wanted, CHANCE)
        if self._changes(x):
            remedy = "If with a period, dynrnn.integrate.sections.Stroboscopic(flow, period) is a map that does not."
            _check.fail("system", f"{name}, which depends on time", "one that does not", remedy)

    def _changes(self, x: np.ndarray) -> bool:
        """Whether F at the state x changes with time by more than rounding."""
        u, t, now, largest = self.u, self.t, self.residual(x), 0.0
        for part in _MOMENTS if self.is_flow else (1, 2) if self.system.clocked else ():
            self.t = t + part * getattr(self.system, "dt", 1.0)
            self.u = channels(self.system, u[: self.system.input_size], self.t)
            largest = max(largest, float(np.abs(self.residual(x) - now).max(initial=0.0)))
        self.u, self.t = u, t
        return largest > _DRIFTS * float(np.abs(np.concatenate([now, x])).max(initial=0.0))

    @property
    def size(self) -> int:
        """Number of state variables."""
        return self.system.size

    def residual(self, X: np.ndarray) -> np.ndarray:
        """F at the states X (point, size), or at one (size,)."""
        rows = np.ascontiguousarray(np.atleast_2d(X), self.system.dtype)
        out = np.empty_like(rows)
        with explained(type(self.system).__name__):
            if self.system.delays:
                for x, F in zip(rows, out, strict=True):
                    _evolve_rows(self._p, self.t, x[None], self._channels(x), F[None])
            else:
                _evolve_rows(self._p, self.t, rows, self.u, out)
        if not self.is_flow:
            out -= rows
        return out.reshape(np.shape(X))

    def _channels(self, x: np.ndarray) -> np.ndarray:
        """The kernels' u where x is the past, too."""
        lags = len(self.system.delays or ())
        if not lags:
            return self.u
        u = self.u.copy()
        u[self._past : self._past + lags * self.size] = np.tile(x, lags)
        return u

    def jacobians(self, x: np.ndarray) -> list[np.ndarray]:
        """The Jacobian of the drift or of the step at the state x, and those by each of the delayed states."""
        x, transposed = np.ascontiguousarray(x, self.system.dtype), np.empty((self.size, self.size), self.system.dtype)
        u, n = self._channels(x), self.size
        with explained(type(self.system).__name__):
            _push(self._p, self.t, x, u, self._unit, np.empty_like(x), transposed)
        late = [self.by_channels(x, self._past + k * n, n) for k in range(len(self.system.delays or ()))]
        return [np.ascontiguousarray(transposed.T), *late]

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """The Jacobian of the drift or of the step (not of F) by x, and by its past, which is the same."""
        return np.sum(self.jacobians(x), axis=0) if self.system.delays else self.jacobians(x)[0]

    def by_channels(self, x: np.ndarray, first: int, count: int) -> np.ndarray:
        """The derivative (size, count) of the drift or of the step by some of the channels of u: inputs come first."""
        x, out = np.ascontiguousarray(x, self.system.dtype), np.empty((self.size, count), self.system.dtype)
        with explained(type(self.system).__name__):
            _along(self._p, self.t, x, self._channels(x), first, out)
        return out

    @property
    def modes(self) -> int:
        """How many eigenvalues a point comes with: as many as state variables, of a flow with delays ten at least."""
        return max(self.size, _ROOTS) if self.system.delays else self.size

    def eigenvalues(self, x: np.ndarray) -> np.ndarray:
        """Those that decide on the stability of the state x: of the Jacobian, or the rightmost roots of a flow with delays."""
        if self.system.delays:
            return roots(self.jacobians(x), self.system.delays, self.modes)
        return np.linalg.eigvals(self.jacobian(x))

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


def refuse_memory(system: System) -> None:
    """Refuse a flow in the wrapper of a method that keeps a memory of its own in the state."""
    if isinstance(system, (Adaptive, Delayed)):
        got = f"{type(system).__name__}, whose state holds the memory of its method"
        _check.fail("system", got, "a state of its own", "Pass the flow itself.")


def held(system: System, inputs: Any) -> np.ndarray:
    """Inputs (input,) that stay as they are; zeros by default."""
    given = np.zeros(system.input_size) if inputs is None else inputs
    return _check.array("inputs", given, shape=(system.input_size,), remedy="They are held: pass one number per input.")


def leading_first(multipliers: np.ndarray) -> np.ndarray:
    """Multipliers by their size; of a pair, the one that turns forward first."""
    return multipliers[np.lexsort((-multipliers.imag, -multipliers.real, -np.abs(multipliers)))]


@jit
def _evolve_rows(p, t, X, u, out):
    p, X, u, out = borrowed(p), borrowed(X), borrowed(u), borrowed(out)
    for i in range(X.shape[0]):
        evolve(p, t, X[i], u, out[i])


@jit
def _push(p, t, x, u, V, y, W):
    pushforward(p, t, x, u, V, y, W)


@jit
def _along(p, t, x, u, first, out):
    w, change = np.zeros_like(u), np.empty_like(x)
    for j in range(out.shape[1]):
        w[first + j] = 1
        tangent_u(p, t, x, u, w, change)
        w[first + j] = 0
        for i in range(x.size):
            out[i, j] = change[i]
