"""What inputs do between their rows: they hold, or they run in a straight line to the next row."""

from __future__ import annotations

from dynrnn import _check
from dynrnn._jit import generic
from dynrnn._record import Record

__all__ = ["Feed", "feed"]


@generic
def read(f, s, u, v):
    """The flow's channels at the fraction s of the row with the channels u; `v` (channel, column) is room for them."""
    raise NotImplementedError


@generic
def pull(f, s, g, gu):
    """Adjoint of `read`: adds to gu."""
    raise NotImplementedError


class Feed(Record):
    """Base of the interpolations. The channels of a row begin with what the flow gets; `copies` of the inputs stand in them."""

    copies = 1


class Hold(Feed):
    """Row k holds on ``[k dt, (k+1) dt)``."""

    def read(f, s, u, v):
        return u[: v.shape[0]]

    def pull(f, s, g, gu):
        for i in range(g.size):
            gu[i] += g[i]


class Linear(Feed):
    """Row k is the value at ``k dt``, and a straight line leads to the next. Channels: inputs, their increments, noise.

    `inputs` is the number of the inputs.
    """

    inputs: int

    copies = 2

    def read(f, s, u, v):
        columns = u.size // u.shape[0]  # of these channels: `v` may have room for more
        given, out = u.reshape(u.size), v.reshape(v.size)[: v.shape[0] * columns]
        m = f.inputs * columns
        for i in range(m):
            out[i] = given[i] + s * given[m + i]
        for i in range(m, out.size):
            out[i] = given[m + i]
        return out.reshape((v.shape[0],) + u.shape[1:])  # noqa: RUF005  # what Numba understands

    def pull(f, s, g, gu):
        m = f.inputs
        for i in range(m):
            gu[i] += g[i]
            gu[m + i] += s * g[i]
        for i in range(m, g.size):
            gu[m + i] += g[i]


def feed(interpolation: str | Feed, inputs: int) -> Feed:
    """The interpolation of that name."""
    if isinstance(interpolation, Feed):
        return interpolation
    return Hold() if _check.choice("interpolation", interpolation, ["hold", "linear"]) == "hold" else Linear(inputs)
