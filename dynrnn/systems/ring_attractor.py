"""A ring of units that holds an angle as a bump of activity, and turns it with a velocity."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq

from dynrnn import _check
from dynrnn._jit import inlined
from dynrnn.system import System


@inlined
def _moments(p, x, rates):
    """Mean, cosine and sine moments over the ring of ``rates``, taken where the potential x is positive."""
    mean, along, across = 0.0, 0.0, 0.0
    cosine, sine = p.cosine, p.sine
    for j in range(x.size):
        if x[j] > 0.0:
            mean += rates[j]
            along += cosine[j] * rates[j]
            across += sine[j] * rates[j]
    return mean / x.size, along / x.size, across / x.size


@inlined
def _spread(p, velocity, moments, out):
    """What the connections make of three moments, at each unit: `out` is added to, over tau."""
    mean, along, across = moments
    level, turn = p.J0 * mean / p.tau, velocity * p.J1
    a, b = p.J1 * along / p.tau - turn * across, p.J1 * across / p.tau + turn * along
    cosine, sine = p.cosine, p.sine
    for i in range(out.size):
        out[i] += level + a * cosine[i] + b * sine[i]


class RingAttractor(System):
    """Threshold-linear units at the angles ``θ_i = 2π i / n``, with potentials x and cosine connections:

        tau x_i' = -x_i + I + (1/n) sum_j [J0 + J1 cos(θ_i - θ_j) + tau v J1 sin(θ_i - θ_j)] max(x_j, 0).

    The bump at angle psi is ``x = A (cos(θ - psi) - cos θ_c)``, with half-width θ_c and amplitude A from

        θ_c - sin(2 θ_c) / 2 = 2π / J1,   A = -I / (cos θ_c + J0 M),   M = mean of max(cos(θ - psi) - cos θ_c, 0),

    and M is ``(sin θ_c - θ_c cos θ_c) / π`` for n without end. It is a fixed point at every psi, exactly, where J1 = 4 and n is
    even (the default): then n/2 units are active wherever it stands. Else this holds up to terms of order n^-2, by which a
    still bump creeps to the nearest unit. The input v adds the derivative of the connections, by which the bump turns at
    the angular velocity v and keeps its shape, to the same order (Zhang 1996). A step costs O(n).

    Parameters
    ----------
    n : number of units, at least 3.
    J0, J1 : uniform and cosine part of the connections. Bumps need J1 > 2, and a J0 low enough for A > 0.
    I : constant input, > 0 for a bump.
    tau : time constant, s.

    Inputs: `velocity`, rad/s.
    State: potentials x (n,); it starts from a cosine around angle 0, and the bump forms there.

    Raises ValueError where n or tau is too small; `half_width` and `bump` do so where there is no bump.

    Source: R. Ben-Yishai, R. L. Bar-Or and H. Sompolinsky, PNAS 92 (1995) 3844; K. Zhang, Journal of Neuroscience 16 (1996)
    2112; rings of few units that are continuous: M. Noorman, B. K. Hulse, V. Jayaraman, S. Romani and A. M. Hermundstad,
    Nature Neuroscience 27 (2024) 2207.

    >>> from dynrnn.systems.ring_attractor import RingAttractor
    >>> ring = RingAttractor(n=8)
    >>> ring.half_width, float(RingAttractor.angle(ring.bump(1.0)))
    (1.571, 1.0)
    """

    n: int = 64
    J0: float = -4.0
    J1: float = 4.0
    I: float = 1.0  # noqa: E741
    tau: float = 0.02

    inputs = ("velocity",)
    scratch_names = ("cosine", "sine")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _check.integer("RingAttractor.n", self.n, 3)
        _check.real("RingAttractor.tau", self.tau, 0.0, open_low=True)

    @property
    def units(self):
        return self.n

    @property
    def angles(self) -> np.ndarray:
        """Preferred angles of the units, (n,), rad."""
        return 2 * np.pi * np.arange(self.n) / self.n

    @property
    def unit_coordinates(self):
        return {"angle": ("state", self.angles, {"units": "rad", "long_name": "preferred angle"})}

    @property
    def half_width(self) -> float:
        """Half-width θ_c of the bump, rad: units nearer than that to its centre are active."""
        if self.J1 <= 2:
            _check.fail("RingAttractor.J1", f"{self.J1:g}", "more than 2", "Below it the uniform state is all there is.")
        return brentq(lambda w: w - np.sin(2 * w) / 2 - 2 * np.pi / self.J1, 0.0, np.pi, xtol=1e-15)

    def bump(self, angle: Any) -> np.ndarray:
        """The stationary potentials (…, n) of bumps at `angle` (…), rad."""
        edge = np.cos(self.half_width)
        shape = np.cos(self.angles - np.asarray(angle)[..., None]) - edge
        level = edge + self.J0 * np.maximum(shape, 0.0).mean(axis=-1, keepdims=True)
        if (level * self.I >= 0).any():
            got = f"J0 = {self.J0:g} with I = {self.I:g}"
            _check.fail("RingAttractor", got, "a positive I, and inhibition that balances J1", "Lower J0.")
        return -self.I / level * shape

    @staticmethod
    def angle(x: Any) -> Any:
        """Where the bump stands in the states (…, n): the angle of the population vector, rad, in (-π, π]."""
        rates = np.maximum(x, 0.0)
        return np.angle(rates @ np.exp(2j * np.pi * np.arange(rates.shape[-1]) / rates.shape[-1]))

    def initial(self):
        return np.cos(self.angles)

    def scratch(self, columns=1):
        return {"cosine": np.cos(self.angles), "sine": np.sin(self.angles)}

    # -------------------------------------------------------------------------------------------------- kernels

    def drift(p, t, x, u, out):
        for i in range(x.size):
            out[i] = (p.I - x[i]) / p.tau
        _spread(p, u[0], _moments(p, x, x), out)

    def jvp(p, x, u, v, out):
        for i in range(x.size):
            out[i] = -v[i] / p.tau
        _spread(p, u[0], _moments(p, x, v), out)

    def jvp_u(p, x, u, w, out):
        _, along, across = _moments(p, x, x)
        for i in range(x.size):
            out[i] = w[0] * p.J1 * (along * p.sine[i] - across * p.cosine[i])

    def vjp(p, x, u, g, gx, gu, gp):
        _, along, across = _moments(p, x, x)
        n, mean, a, b = x.size, 0.0, 0.0, 0.0
        for i in range(n):
            mean += g[i] / n
            a += p.cosine[i] * g[i] / n
            b += p.sine[i] * g[i] / n
        gu[0] += n * p.J1 * (along * b - across * a)
        level, back_a, back_b = p.J0 * mean / p.tau, p.J1 * (a / p.tau + u[0] * b), p.J1 * (b / p.tau - u[0] * a)
        for i in range(n):
            gx[i] -= g[i] / p.tau
            if x[i] > 0.0:
                gx[i] += level + back_a * p.cosine[i] + back_b * p.sine[i]
