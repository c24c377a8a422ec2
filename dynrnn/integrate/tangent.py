"""A flow together with tangent vectors: what adaptive methods integrate, so that their error counts all of it."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._math import copy
from dynrnn.system import System, Wrapper, drift, tangents

__all__ = ["Tangent"]


class Tangent(Wrapper):
    """A flow and k tangent vectors: ``dx/dt = f(t, x, u)``, ``dV/dt = J(t, x, u) V``.

    Parameters
    ----------
    flow : a flow without noise or delays.
    vectors : their number k.

    State: that of the flow, and `frame` (size of the flow, k), row by row.

    >>> from dynrnn import Lorenz63
    >>> Tangent(Lorenz63(), 2).size
    9
    """

    flow: System
    vectors: int

    wraps: ClassVar[str] = "flow"
    scratch_names: ClassVar[tuple[str, ...]] = ("state", "rate", "V", "dV")

    def __init__(self, flow: System, vectors: int):
        if not isinstance(flow, System) or not flow.is_flow:
            _check.fail("flow", type(flow).__name__, "a system with a drift", error=TypeError)
        super().__init__(flow=flow, vectors=_check.integer("vectors", vectors, 1))

    @property
    def parts(self):
        return {**self.flow.parts, "frame": self.flow.size * self.vectors}

    @property
    def outputs(self):
        return 0

    def initial(self):
        return self.begin(self.flow.initial())

    def begin(self, x):
        if x.shape[-1] != self.flow.size:
            return x
        frame = np.eye(self.flow.size, self.vectors).ravel()
        return np.concatenate([x, np.broadcast_to(frame, (*x.shape[:-1], frame.size))], axis=-1)

    def params(self, columns=1):
        return super().params(columns * self.vectors)

    def scratch(self, columns=1):
        n, k = self.flow.size, self.vectors
        return {"state": np.zeros(n), "rate": np.zeros(n), "V": np.zeros((n, k)), "dV": np.zeros((n, k))}

    def drift(p, t, x, u, out):
        n = p.state.size
        copy(x[:n], p.state)
        copy(x[n:], p.V.reshape(p.V.size))
        drift(p.flow, t, p.state, u, p.rate)
        tangents(p.flow, t, p.state, u, p.V, p.dV)
        copy(p.rate, out[:n])
        copy(p.dV.reshape(p.dV.size), out[n:])
