"""What can be followed: equilibria of flows, periodic points of maps, limit cycles of flows by shooting."""

from __future__ import annotations

from typing import Any

import numpy as np

from dynrnn.analysis._branch import HOPF, NoPoint, Zeros
from dynrnn.analysis._local import Local
from dynrnn.analysis._parameter import Parameter
from dynrnn.analysis._shooting import lead, refuse_delays

__all__ = ["Cycles", "Equilibria", "Followed"]

_H = 6e-6  # for central differences
_INACCURATE = 1e-8  # error of a cycle, relative to the state, that is too much


class Followed(Zeros):
    """A system with one parameter free between bounds."""

    def __init__(self, parameter: Parameter, bounds: tuple[float, float]):
        self.parameter, self.bounds = parameter, bounds
        self.size = parameter.system.size

    def at(self, value: float) -> Local:
        """The system where the parameter has this value."""
        try:
            system, inputs = self.parameter.at(value)
        except (ValueError, TypeError) as refusal:
            raise NoPoint(str(refusal)) from None
        return Local(system, inputs)

    def by_parameter(self, function: Any, value: float) -> np.ndarray:
        """d function / d parameter by a central difference, at the ends of the range a one-sided one."""
        h = _H * max(abs(value), 0.1 * (self.bounds[1] - self.bounds[0]))
        low, high = max(value - h, min(self.bounds[0], value)), min(value + h, max(self.bounds[1], value))
        return (function(high) - function(low)) / (high - low)

    def unknowns(self, x: np.ndarray, value: float, period: float | None = None) -> np.ndarray:
        """z of a state at a value of the parameter, and of a cycle with this period through it."""
        raise NotImplementedError

    def magnitude(self, x: np.ndarray) -> np.ndarray:
        """The length of a state for each of its variables; near the origin that of a state of ones."""
        length, ones = float(np.linalg.norm(x)), np.sqrt(x.size)
        return np.full(x.size, length if length > 1e-3 * ones else ones)


class Equilibria(Followed):
    """``F(x) = drift(x)`` of a flow, ``F(x) = f^order(x) - x`` of a map f."""

    def __init__(self, parameter: Parameter, bounds: tuple[float, float], order: int = 1):
        super().__init__(parameter, bounds)
        self.flows, self.order = parameter.system.is_flow, order

    def unknowns(self, x, value, period=None):
        return np.append(x, value)

    def _residual(self, local: Local, x: np.ndarray) -> np.ndarray:
        y = x
        for _ in range(self.order - 1):
            y = y + local.residual(y)
        return local.residual(y) + (y - x)

    def evaluate(self, z):
        x, value = z[:-1], float(z[-1])
        local, y = self.at(value), x
        J = local.jacobian(x)
        for _ in range(self.order - 1):
            y = y + local.residual(y)
            J = local.jacobian(y) @ J
        slope = J if self.flows else J - np.eye(self.size)
        change = self.by_parameter(lambda at: self._residual(self.at(at), x), value)
        return self._residual(local, x), np.column_stack([slope, change])

    def spectrum(self, z, dF):
        if self.parameter.system.delays:
            return self.at(z[-1]).eigenvalues(z[:-1])
        return np.linalg.eigvals(dF[:, :-1] if self.flows else dF[:, :-1] + np.eye(self.size))

    def scales(self, z):
        return self.magnitude(z[:-1])


class Cycles(Followed):
    """Multiple shooting: unknowns (x_0, …, x_9, T), points of the cycle at equal times, with the flow phi

        phi_{T/10}(x_i) - x_{i+1} = 0,     sum_i d_i·(x_i - a_i) = 0.

    a_i are the points of the cycle found before, d_i the directions of the flow there. phi is a method of order eight with
    `steps` equal steps per period.
    """

    flows = False
    segments = 10  # even, as a doubled cycle passes each second point twice

    def __init__(self, parameter: Parameter, bounds: tuple[float, float], steps: int, directions: np.ndarray | None = None):
        super().__init__(parameter, bounds)
        refuse_delays(parameter.system)
        self.steps = -(-steps // self.segments)
        self.directions = directions
        self.before: np.ndarray | None = None

    def split(self, z: np.ndarray) -> tuple[np.ndarray, float, float]:
        """The points (segment, size), the period and the parameter."""
        return z[:-2].reshape(self.segments, self.size), float(z[-2]), float(z[-1])

    def unknowns(self, x, value, period=None):
        X, n = [x], self.segments
        for _ in range(n - 1):
            X.append(self.shoot(X[-1][None], period, value, tangent=False)[0][0])
        return np.concatenate([*X, [period, value]])

    def shoot(self, X: np.ndarray, T: float, value: float, tangent: bool = True, finer: int = 1):
        """Where the points X (point, size) are after a segment, and the derivatives (point, size, size) where wanted; the
        smallest and largest states on the way."""
        if not T > 0:
            raise NoPoint("the period falls to zero")
        local, steps = self.at(value), finer * self.steps
        led = [lead(local, x, T / self.segments, steps, tangent) for x in X]
        path = np.concatenate([states for states, _ in led])
        return np.array([states[-1] for states, _ in led]), np.array([V for _, V in led]), path.min(axis=0), path.max(axis=0)

    def anchor(self, z):
        X, T, value = self.split(z)
        rates = self.at(value).residual(X)
        speed = np.linalg.norm(rates)
        if self.directions is None or speed * T > 1e-6 * np.linalg.norm(X):  # else a point: what was given stays
            self.directions = rates / speed
        self.before = X.copy()

    def ends(self, z):
        X, _, value = self.split(z)
        rates = self.at(value).residual(X)
        if self.directions is not None and np.sum(rates * self.directions) < 0:
            return HOPF
        error = self.error(z)
        accurate = error <= _INACCURATE * np.abs(X).max()
        return "" if accurate else f"stalled: a cycle has an error of integration of {error:.1g}. Raise cycle_steps"

    def error(self, z: np.ndarray) -> float:
        """How far steps of half the size would change the end of a segment."""
        X, T, value = self.split(z)
        return float(np.abs(np.subtract(*(self.shoot(X, T, value, False, finer)[0] for finer in (1, 2)))).max())

    def evaluate(self, z):
        X, T, value = self.split(z)
        if self.before is None:
            self.anchor(z)
        m, n = X.shape
        ends, V, _, _ = self.shoot(X, T, value)
        rates = self.at(value).residual(ends)
        change = self.by_parameter(lambda at: self.shoot(X, T, at, tangent=False)[0], value)
        dF = np.zeros((m * n + 1, m * n + 2))
        for i in range(m):
            rows, following = slice(i * n, (i + 1) * n), (i + 1) % m
            dF[rows, rows] = V[i]
            dF[rows, following * n : (following + 1) * n] -= np.eye(n)
        dF[:-1, -2], dF[:-1, -1], dF[-1, :-2] = rates.ravel() / m, change.ravel(), self.directions.ravel()
        return np.append(ends - np.roll(X, -1, axis=0), np.sum(self.directions * (X - self.before))), dF

    def monodromy(self, dF: np.ndarray, segments: int | None = None) -> np.ndarray:
        """The derivative (size, size) of the flow over the first segments, or all."""
        n, M = self.size, np.eye(self.size)
        for i in range(self.segments if segments is None else segments):
            M = dF[i * n : (i + 1) * n, i * n : (i + 1) * n] @ M
        return M

    def spectrum(self, z, dF):
        """Floquet multipliers but the one along the flow, which is 1: those of the monodromy matrix across the flow."""
        n = self.size
        along = dF[-1 - n : -1, -2]
        along = dF[-1, :n] if np.linalg.norm(along) < 1e-12 else along
        Q = np.linalg.qr(np.column_stack([along, np.eye(n)]))[0]
        return np.linalg.eigvals((Q.T @ self.monodromy(dF) @ Q)[1:, 1:])

    def scales(self, z):
        X, T, _ = self.split(z)
        return np.append(self.magnitude(X.ravel()), T)
