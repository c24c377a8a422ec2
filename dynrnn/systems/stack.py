"""Systems in series: each layer sees the new state of the one below, within the same step."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._jit import generic, inlined
from dynrnn._math import copy
from dynrnn.system import System, jvp, jvp_p, jvp_u, step, vjp


class Stack(System):
    """Layers of maps, ``Stack(first, second, ...)``:

        x1[k+1] = step1(x1[k], u[k]),        x2[k+1] = step2(x2[k], x1[k+1])

    The second layer has as many inputs as the first has visible state variables. More than two layers nest to the right.

    State parts are those of the layers, named ``layer1_state``, ``layer2_state``, ...

    >>> from dynrnn.systems.esn import ESN
    >>> deep = Stack(ESN.random(5, rng=0), ESN.random(4, inputs=5, rng=1), ESN.random(3, inputs=4, rng=2))
    >>> list(deep.parts), deep.size
    (['layer1_state', 'layer2_state', 'layer3_state'], 12)
    """

    first: System
    second: System
    seen: int
    width: int
    own: int
    noisy: int

    scratch_names: ClassVar[tuple[str, ...]] = ("u1", "u2", "g1", "g2", "v1", "push")
    trainable: ClassVar[tuple[str, ...]] = ("first", "second")

    def __init__(self, *layers: System, **fields: Any):
        second = fields["second"] if fields else _rest(layers)
        first = fields["first"] if fields else layers[0]
        for layer in (first, second):
            if not isinstance(layer, System) or layer.is_flow:
                _check.fail("Stack", type(layer).__name__, "maps", "Wrap a flow in Discretised first.", TypeError)
        visible = first.visible
        if second.input_size != visible.stop - visible.start:
            got = f"a layer with {second.input_size} inputs on one that shows {visible.stop - visible.start} values"
            _check.fail("Stack", got, "as many")
        own = first.channels - first.clocked
        noisy = second.channels - second.clocked - second.input_size
        super().__init__(first=first, second=second, seen=visible.start, width=second.input_size, own=own, noisy=noisy)

    @property
    def layers(self) -> tuple[System, ...]:
        """All layers, from the input up."""
        above = self.second.layers if isinstance(self.second, Stack) else (self.second,)
        return (self.first, *above)

    @property
    def parts(self):
        return {f"layer{i}_{name}": units for i, layer in enumerate(self.layers, 1) for name, units in layer.parts.items()}

    @property
    def visible(self):
        inner = self.second.visible
        return slice(self.first.size + inner.start, self.first.size + inner.stop)

    @property
    def inputs(self):
        return self.first.inputs

    @property
    def noise(self):
        return self.first.noises + self.second.noises

    @property
    def clocked(self):
        return self.first.clocked or self.second.clocked

    @property
    def dtype(self):
        return np.result_type(self.first.dtype, self.second.dtype)

    @property
    def derivative(self):
        return min(self.first.derivative, self.second.derivative, key=_TRUST.index)

    def initial(self):
        return np.concatenate([self.first.initial(), self.second.initial()])

    def scratch(self, columns=1):
        u1, u2 = self.first.channels, self.second.channels
        shapes = {"u1": u1, "u2": u2, "g1": u1, "g2": u2, "v1": self.first.size, "push": self.second.size}
        return {name: np.zeros(size, self.dtype) for name, size in shapes.items()}

    # -------------------------------------------------------------------------------------------------- kernels

    def step(p, x, u, out):
        n = p.v1.size
        _deal(p, u, p.u1, p.u2)
        step(p.first, x[:n], p.u1, out[:n])
        _show(p, out, p.u2)
        step(p.second, x[n:], p.u2, out[n:])

    def jvp(p, x, u, v, out):
        n = p.v1.size
        _below(p, x, u)
        jvp(p.first, x[:n], p.u1, v[:n], out[:n])
        p.g2[:] = 0
        _above(p, x, out)
        jvp(p.second, x[n:], p.u2, v[n:], p.push)
        for i in range(p.push.size):
            out[n + i] += p.push[i]

    def jvp_u(p, x, u, w, out):
        n = p.v1.size
        _below(p, x, u)
        _deal(p, w, p.g1, p.g2)
        jvp_u(p.first, x[:n], p.u1, p.g1, out[:n])
        _above(p, x, out)

    def jvp_p(p, x, u, q, out):
        n = p.v1.size
        _below(p, x, u)
        jvp_p(p.first, x[:n], p.u1, q.first, out[:n])
        p.g2[:] = 0
        _above(p, x, out)
        jvp_p(p.second, x[n:], p.u2, q.second, p.push)
        for i in range(p.push.size):
            out[n + i] += p.push[i]

    def vjp(p, x, u, g, gx, gu, gp):
        n = p.v1.size
        _below(p, x, u)
        p.g1[:] = 0
        p.g2[:] = 0
        vjp(p.second, x[n:], p.u2, g[n:], gx[n:], p.g2, gp.second)
        copy(g[:n], p.v1)
        for i in range(p.width):
            p.v1[p.seen + i] += p.g2[i]
        vjp(p.first, x[:n], p.u1, p.v1, gx[:n], p.g1, gp.first)
        for i in range(p.own):
            gu[i] += p.g1[i]
        for i in range(p.noisy):
            gu[p.own + i] += p.g2[p.width + i]


_TRUST = ("central differences", "complex step", "exact")


def _rest(layers):
    if len(layers) < 2:
        _check.fail("Stack", f"{len(layers)} layer(s)", "at least two")
    return layers[1] if len(layers) == 2 else Stack(*layers[1:])


@inlined
def _deal(p, u, u1, u2):
    """Deal the channels ``[inputs | noise 1 | noise 2 | clock]`` to the layers; what layer 2 sees of layer 1 stays open."""
    for i in range(p.own):
        u1[i] = u[i]
    for i in range(p.noisy):
        u2[p.width + i] = u[p.own + i]
    if u1.size > p.own:
        u1[p.own] = u[u.size - 1]
    if u2.size > p.width + p.noisy:
        u2[p.width + p.noisy] = u[u.size - 1]


@inlined
def _show(p, x1, u2):
    """What the second layer sees of the first one's state."""
    for i in range(p.width):
        u2[i] = x1[p.seen + i]


@generic
def _below(p, x, u):
    """Inputs of both layers at x: the second needs the first one's new state."""
    _deal(p, u, p.u1, p.u2)
    step(p.first, x[: p.v1.size], p.u1, p.v1)
    _show(p, p.v1, p.u2)


@generic
def _above(p, x, out):
    """The second layer's answer to a change of the first one's new state, ``out[:n]``, and of its own channels, ``g2``."""
    n = p.v1.size
    _show(p, out, p.g2)
    jvp_u(p.second, x[n:], p.u2, p.g2, out[n:])
