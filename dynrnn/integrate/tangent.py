"""A flow together with tangent vectors: what adaptive methods integrate, so that their error counts all of it."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._jit import outlined
from dynrnn.system import System, Wrapper, pushforward

__all__ = ["Tangent"]


class Tangent(Wrapper):
    """A flow and k tangent vectors: ``dx/dt = f(t, x, u)``, ``dV/dt = J(t, x, u) V``.

    Parameters
    ----------
    flow : a flow without noise or delays.
    vectors : their number k.

    State: that of the flow, and `frame` (k, size of the flow): V with one vector after the other.

    >>> from dynrnn import Lorenz63
    >>> Tangent(Lorenz63(), 2).size
    9
    """

    flow: System
    vectors: int

    wraps: ClassVar[str] = "flow"

    def __init__(self, flow: System, vectors: int):
        if not isinstance(flow, System) or not flow.is_flow:
            _check.fail("flow", type(flow).__name__, "a system with a drift", error=TypeError)
        super().__init__(flow=flow, vectors=_check.integer("vectors", vectors, 0))

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
        frame = np.eye(self.vectors, self.flow.size).ravel()
        return np.concatenate([x, np.broadcast_to(frame, (*x.shape[:-1], frame.size))], axis=-1)

    def params(self, columns=1):
        return super().params(columns * max(1, self.vectors))

    def drift(p, t, x, u, out):
        n = x.size // (1 + p.vectors)
        frame = p.vectors, n
        _called(p.flow, t, x[:n], u, x[n:].reshape(frame), out[:n], out[n:].reshape(frame))


@outlined
def _called(p, t, x, u, V, y, W):
    """`pushforward`, which adaptive methods take at many places."""
    pushforward(p, t, x, u, V, y, W)
