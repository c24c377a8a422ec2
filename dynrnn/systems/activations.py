"""Activation functions: a scalar value and its slope. The type selects the code, so a choice by name costs nothing at run."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from dynrnn import _check, _math
from dynrnn._jit import generic, jit
from dynrnn._record import Record

__all__ = ["Activation", "activation"]


@generic
def value(f, a):
    """f(a)."""
    raise NotImplementedError


@generic
def slope(f, a, y):
    """f'(a), where y = f(a) is known already."""
    h = 6e-6 * (1.0 + abs(a))
    return (value(f, a + h) - value(f, a - h)) / (2.0 * h)


class Activation(Record):
    """Base of the activations: kernels ``value(f, a)`` and ``slope(f, a, y)``."""


class Tanh(Activation):
    """tanh(a), a few ulp from the C library and five to ten times faster."""

    def value(f, a):
        return _math.tanh(a)

    def slope(f, a, y):
        return 1.0 - y * y


class Sigmoid(Activation):
    """1 / (1 + exp(-a))."""

    def value(f, a):
        return _math.sigmoid(a)

    def slope(f, a, y):
        return y * (1.0 - y)


class ReLU(Activation):
    """max(a, 0); slope 0 at 0."""

    def value(f, a):
        return a if a > 0.0 or a != a else 0.0 * a

    def slope(f, a, y):
        return 1.0 if a > 0.0 else 0.0


class Softplus(Activation):
    """log(1 + exp(a)), a smooth max(a, 0)."""

    def value(f, a):
        return (a if a > 0.0 else 0.0 * a) + math.log1p(math.exp(-abs(a)))

    def slope(f, a, y):
        return _math.sigmoid(a)


class Identity(Activation):
    """a."""

    def value(f, a):
        return a

    def slope(f, a, y):
        return 1.0


_NAMED = {"tanh": Tanh, "sigmoid": Sigmoid, "relu": ReLU, "softplus": Softplus, "identity": Identity}


def activation(chosen: Any) -> Activation:
    """An activation from its name, an `Activation`, or a function of one number.

    A function is compiled into the kernels; its slope is a central difference. For an exact slope, and for a system that can
    be saved, subclass `Activation`.

    >>> activation("relu")
    ReLU()
    """
    if isinstance(chosen, Activation):
        return chosen
    if callable(chosen):
        return _from_function(getattr(chosen, "py_func", chosen))()
    return _NAMED[_check.choice("activation", chosen, _NAMED)]()


@functools.cache
def _from_function(function: Callable[[float], float]) -> type[Activation]:
    compiled = jit(function)

    def value(f, a):
        return compiled(a)

    members = {"value": value, "__module__": function.__module__, "__qualname__": function.__qualname__}
    return type(function.__name__, (Activation,), {**members, "_named": False})
