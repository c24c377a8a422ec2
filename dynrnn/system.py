"""THE contract: a system is parameters plus pure kernels on one flat state vector ``x``.

A map has ``step``, a flow has ``drift``; whoever has one of them is a system, and every verb of the package works on it::

    class Henon(dr.System):
        a: float = 1.4
        b: float = 0.3
        units = ("x", "y")

        def step(p, x, u, out):
            out[0] = 1 - p.a * x[0] ** 2 + x[1]
            out[1] = p.b * x[0]

**Fields** are annotated class attributes: numbers, arrays, or other records (a coupling, an activation, a system).
Kernels see them as ``p.a``, ``p.b``. An instance is immutable; ``.replace(a=1.2)`` makes a changed copy.

**Shape.** `units` is the number of state variables, or their labels; a state with several parts gives `parts`, an ordered
mapping of names to sizes (or labels) instead. `inputs` is the number of input columns or their labels (or a mapping to
sizes). `outputs` is the same for what `output` writes; 0 means that the state itself is what is observed.

**Kernels** are plain functions in the class body, compiled when used. They write `out` (never add to it, unless it says
so), return nothing, keep nothing, allocate nothing in their loops, and neither draw random numbers nor raise. Functions
they call need ``@numba.njit``. Module constants are frozen when the kernel is first compiled: what varies is a field.
Text and None in a field stay above; a kernel sees 0 in their place.

====================================  ====================================================================
``step(p, x, u, out)``                next state of a map
``drift(p, t, x, u, out)``            right-hand side of a flow
``diffusion(p, t, x, u, out)``        noise amplitude of each state variable of a stochastic flow
``output(p, x, u, out)``              what an observer sees
``jvp(p, x, u, v, out)``              ``out = J_x v`` of ``step`` or ``drift``
``jvp_u(p, x, u, w, out)``            ``out = J_u w``, a change of the inputs
``jvp_p(p, x, u, q, out)``            ``out = J_p q``, a change of the parameters; `q` as below
``vjp(p, x, u, g, gx, gu, gp)``       ``gx += J_x^T g``, ``gu += J_u^T g``, ``gp += J_p^T g``
``step_columns(p, X, U, OUT)``        ``step`` of many states, one per column, where that is faster
``drift_columns(p, t, X, U, OUT)``    the same for ``drift``; so ``diffusion_columns``
``pushforward(p, t, x, u, V, y, W)``  ``step`` or ``drift`` into y, ``W = V J_x^T`` for the rows of V; `p` has room for as many
``remainder(p, t, x, u, out)``        ``drift`` without its `linear` part
====================================  ====================================================================

`x` has shape (size,). `u` holds, one after the other, the inputs, the numbers of the declared `noise`, the delayed states
where there are `delays`, and the time where `clocked` is true; it is not written to. `gp` and `q` are named tuples with one
array per name in `trainable`, views into one flat vector (see `System.weights`). ``X`` has shape (size, columns).

**Randomness** enters through declared channels: ``noise = Noise("normal", 3)`` (or a tuple of such) says that each step
wants three standard normal numbers; the face draws them from the trial's own stream and appends them to `u`.

**Delays** of a flow are declared: ``delays = (17.0,)`` appends the state of 17 s ago to `u`.

**Stiffness** that is linear can be declared: ``linear`` is the matrix L, or its diagonal, of ``dx/dt = L x + N(x)``, and
exponential integrators take that part exactly.

**Labels** of results: `time_unit` is "s", or "time unit" for a model without a unit of time. `unit_coordinates` names further
labels of the units: ``{"position": ("state", values, {"units": "m"})}``, with the part they belong to and their attributes.

**Internal parts** of the state (a history, the memory of a method) are named in `internal`: a result keeps their last values
only, which is what its continuation needs.

**Derivatives** that are not given are made: by complex step where the kernel accepts complex numbers, which is exact to
rounding, else by central differences. `System.derivative` says which.

**Wrappers** (`ClosedLoop`, `Discretised`, `Stack`) are systems whose fields are systems.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np

from dynrnn import _check
from dynrnn._fingerprint import is_ours
from dynrnn._jit import by_owner, explained, generic, jit, kernel
from dynrnn._made import provide_derivatives, try_kernel
from dynrnn._math import copy
from dynrnn._record import Record, parameter_type

__all__ = ["Noise", "System", "Wrapper", "jacobian", "output", "step"]


class Noise(NamedTuple):
    """Random numbers a system wants per step: `count` of them, by `law` "normal" (standard) or "uniform" (on [0, 1))."""

    law: str
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody wants of a pair


# ------------------------------------------------------------------------------------------------------ kernels


@generic
def step(p, x, u, out):
    """One step of a map."""
    raise NotImplementedError("this system has no step: wrap the flow in Discretised")


@generic
def drift(p, t, x, u, out):
    """Right-hand side of a flow."""
    raise NotImplementedError("this system has no drift")


def _by_step(p, t, x, u, out):
    step(p, x, u, out)


def _by_drift(p, t, x, u, out):
    drift(p, t, x, u, out)


evolve = by_owner(lambda owner: _by_step if kernel(owner, "step") else _by_drift)
evolve.__doc__ = "``evolve(p, t, x, u, out)``: the next state of a map, the rate of change of a flow."


@generic
def diffusion(p, t, x, u, out):
    """Noise amplitude per state variable: none by default."""
    out[:] = 0


@generic
def diffusion_columns(p, t, X, U, OUT):
    """`diffusion` for the states in the columns of X."""
    x, u, g = np.empty_like(X[:, 0]), np.empty_like(U[:, 0]), np.empty_like(X[:, 0])
    for c in range(X.shape[1]):
        copy(X[:, c], x)
        copy(U[:, c], u)
        diffusion(p, t, x, u, g)
        copy(g, OUT[:, c])


@generic
def output(p, x, u, out):
    """What an observer sees: the state by default."""
    copy(x, out)


@generic
def jvp(p, x, u, v, out):
    """``out = J_x v``."""
    raise NotImplementedError


@generic
def jvp_u(p, x, u, w, out):
    """``out = J_u w``."""
    raise NotImplementedError


@generic
def jvp_p(p, x, u, q, out):
    """``out = J_p q``."""
    raise NotImplementedError


@generic
def vjp(p, x, u, g, gx, gu, gp):
    """``gx += J_x^T g``, ``gu += J_u^T g``, ``gp += J_p^T g``."""
    raise NotImplementedError


@generic
def tangent(p, t, x, u, v, out):
    """``out = J_x v`` of a flow at time t. A flow whose Jacobian depends on time explicitly gives this kernel."""
    jvp(p, x, u, v, out)


@generic
def pushforward(p, t, x, u, V, y, W):
    """`evolve` x into y, and the tangent vectors in the rows of V with it: ``W = V J_x^T``."""
    evolve(p, t, x, u, y)
    for i in range(V.shape[0]):
        tangent(p, t, x, u, V[i], W[i])


@generic
def tangent_u(p, t, x, u, w, out):
    """``out = J_u w`` of a flow at time t."""
    jvp_u(p, x, u, w, out)


@generic
def step_columns(p, X, U, OUT):
    """One step of the states in the columns of X. A system without this kernel is advanced one state at a time."""
    step(p, X.reshape(X.size), U.reshape(U.size), OUT.reshape(OUT.size))


@generic
def drift_columns(p, t, X, U, OUT):
    """`drift` of the states in the columns of X."""
    drift(p, t, X.reshape(X.size), U.reshape(U.size), OUT.reshape(OUT.size))


@generic
def remainder(p, t, x, u, out):
    """The part of `drift` that `System.linear` leaves: for exponential integrators, where the system gives it."""
    raise NotImplementedError


@generic
def output_columns(p, X, U, OUT):
    """`output` for the states in the columns of X."""
    x, u, y = np.empty_like(X[:, 0]), np.empty_like(U[:, 0]), np.empty_like(OUT[:, 0])
    for c in range(X.shape[1]):
        copy(X[:, c], x)
        copy(U[:, c], u)
        output(p, x, u, y)
        copy(y, OUT[:, c])


# ------------------------------------------------------------------------------------------------------- system


class System(Record):
    """Base of all systems. The module's text is the specification; `dynrnn.testing.check_system` checks it."""

    units: ClassVar[Any] = 1
    inputs: ClassVar[Any] = 0
    outputs: ClassVar[Any] = 0
    noise: ClassVar[Any] = ()
    clocked: ClassVar[bool] = False
    delays: ClassVar[Any] = ()
    linear: ClassVar[Any] = None
    internal: ClassVar[tuple[str, ...]] = ()
    trainable: ClassVar[tuple[str, ...]] = ()
    time_unit: ClassVar[str] = "s"
    unit_coordinates: ClassVar[Any] = {}
    _derivative: ClassVar[str] = ""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, units in (*self.parts.items(), ("inputs", self.inputs), ("outputs", self.outputs)):
            _check_units(f"{type(self).__name__}: {name}", units)
        if kernel(type(self), "step") is None and kernel(type(self), "drift") is None:
            wanted = "a method step(p, x, u, out) or drift(p, t, x, u, out)"
            _check.fail(type(self).__name__, "no kernel", wanted, error=TypeError)
        if type(self).__dict__.get("_tried") is None and not is_ours(type(self).__module__):
            try_kernel(self)
            type(self)._tried = True
        provide_derivatives(self, evolve)

    # --------------------------------------------------------------------------------------------------- shape

    @property
    def parts(self) -> Mapping[str, Any]:
        """Names of the parts of the state, in order, each with its size or its labels."""
        return {"state": self.units}

    @property
    def slices(self) -> dict[str, slice]:
        """Where each part stands in the state vector."""
        out, start = {}, 0
        for name, units in self.parts.items():
            out[name] = slice(start, start + _size(units))
            start += _size(units)
        return out

    @property
    def size(self) -> int:
        """Number of state variables."""
        return sum(map(_size, self.parts.values()))

    @property
    def input_size(self) -> int:
        """Number of input columns a caller gives."""
        return _size(self.inputs)

    @property
    def output_size(self) -> int:
        """Number of outputs; 0 where the system defines none."""
        return _size(self.outputs)

    @property
    def channels(self) -> int:
        """Length of the kernels' `u`: inputs, noise, delayed states, clock."""
        delayed = len(self.delays) * self.size if self.delays else 0
        return self.input_size + sum(noise.count for noise in self.noises) + delayed + int(self.clocked)

    @property
    def noises(self) -> tuple[Noise, ...]:
        """The declared noise channels as a tuple."""
        return (self.noise,) if isinstance(self.noise, Noise) else tuple(self.noise or ())

    @property
    def visible(self) -> slice:
        """The stretch of the state that a next layer or a readout sees: all of it, unless some parts are internal."""
        return slice(0, self.size)

    @property
    def has_vjp(self) -> bool:
        """Whether gradients can be pulled back through the system: it and every system in it gives `vjp`."""
        inner = (value.has_vjp for value in self._raw.values() if isinstance(value, System))
        return kernel(type(self), "vjp") is not None and all(inner)

    @property
    def is_flow(self) -> bool:
        """Whether time is continuous: the system has a drift, and no step of its own."""
        return kernel(type(self), "step") is None

    @property
    def stochastic(self) -> bool:
        """Whether a flow has noise: a system with a `diffusion` whose amplitude may be zero says so itself."""
        return kernel(type(self), "diffusion") is not None

    @property
    def has_native_columns(self) -> bool:
        """Whether many states advance faster side by side than one by one."""
        return kernel(type(self), "drift_columns" if self.is_flow else "step_columns") is not None

    @property
    def dtype(self) -> np.dtype:
        """Precision of the state."""
        return np.dtype(np.float64)

    @property
    def derivative(self) -> str:
        """How Jacobian products are computed: "exact", "complex step" or "central differences"."""
        return self._derivative or "exact"

    def initial(self) -> np.ndarray:
        """The state a simulation starts from unless told otherwise: zeros."""
        return np.zeros(self.size, self.dtype)

    def begin(self, x: np.ndarray) -> np.ndarray:
        """The whole state (…, size) that starts at `x`, which may be given without the `internal` parts."""
        return x

    def diagnose(self, x: np.ndarray) -> str:
        """What can be said about a state (size,) that is not finite; nothing by default."""
        return ""

    # ------------------------------------------------------------------------------------------------- weights

    def weights(self) -> dict[str, np.ndarray]:
        """The trainable arrays by name, in the layout they are stored in; those of an inner system as one flat vector."""
        return {name: _weights_of(self._raw[name]) for name in self.trainable}

    def weight_views(self, flat: np.ndarray | None = None):
        """A flat vector (zeros unless given) and the named tuple of its views, one per trainable array: the kernels' `gp`.

        >>> from dynrnn.systems.esn import ESN
        >>> flat, views = ESN([[0.5]], [1.0]).weight_views()
        >>> flat.size, views._fields
        (3, ('W', 'W_in', 'bias'))
        """
        arrays = self.weights()
        flat = np.zeros(sum(a.size for a in arrays.values()), self.dtype) if flat is None else flat
        views, start = [], 0
        for name, array in arrays.items():
            piece, start = flat[start : start + array.size], start + array.size
            inner = self._raw[name]
            views.append(inner.weight_views(piece)[1] if isinstance(inner, System) else piece.reshape(array.shape))
        return flat, type(self)._gradient_type()(*views)

    def with_weights(self, flat: np.ndarray):
        """A copy whose trainable arrays are those in the flat vector."""
        changes, start = {}, 0
        for name, array in self.weights().items():
            piece, start = flat[start : start + array.size], start + array.size
            changes[name] = _with_weights(self._raw[name], piece.reshape(array.shape))
        return self.replace(**changes)

    @classmethod
    def _gradient_type(cls):
        if "_Gradient" not in cls.__dict__:
            cls._Gradient = parameter_type(cls, "Gradient", cls.trainable)
        return cls._Gradient


class Wrapper(System):
    """Base of the systems that act on one inner system, the field named in `wraps`, and have its shape."""

    wraps: ClassVar[str] = "system"

    @property
    def inner(self) -> System:
        """The wrapped system."""
        return self._raw[self.wraps]

    @property
    def parts(self):
        return self.inner.parts

    @property
    def internal(self):
        return self.inner.internal

    @property
    def visible(self):
        return self.inner.visible

    @property
    def inputs(self):
        return self.inner.inputs

    @property
    def outputs(self):
        return self.inner.outputs

    @property
    def noise(self):
        return self.inner.noises

    @property
    def clocked(self):
        return self.inner.clocked

    @property
    def dtype(self):
        return self.inner.dtype

    @property
    def derivative(self):
        return self.inner.derivative

    def initial(self):
        return self.inner.initial()

    def begin(self, x):
        return self.inner.begin(x)


def _check_units(name: str, units: Any) -> None:
    """A count, or labels that differ; or a mapping of names to such."""
    if isinstance(units, Mapping):
        for key, value in units.items():
            _check_units(f"{name}[{key!r}]", value)
    elif isinstance(units, (int, np.integer)) and not isinstance(units, bool):
        _check.integer(name, units, 0)
    elif not isinstance(units, (tuple, list)) or len(set(units)) < len(units):
        _check.fail(name, repr(units), "a number, or a tuple of different labels", 'One label is a tuple too: ("x",)', TypeError)


def _size(units: Any) -> int:
    if isinstance(units, Mapping):
        return sum(map(_size, units.values()))
    return int(units) if isinstance(units, (int, np.integer)) else len(units)


def _weights_of(value: Any) -> np.ndarray:
    if isinstance(value, System):
        return np.concatenate([np.zeros(0), *(array.ravel() for array in value.weights().values())])
    return value.weights if hasattr(value, "weights") else np.atleast_1d(value)


def _with_weights(value: Any, array: np.ndarray) -> Any:
    if hasattr(value, "with_weights"):
        return value.with_weights(array)
    return float(array[0]) if np.ndim(value) == 0 else array


# ---------------------------------------------------------------------------------------------- at a single state


def jacobian(system: System, x: Any, u: Any = None, *, t: float = 0.0) -> np.ndarray:
    """The Jacobian ``d step / dx`` of a map, or ``d drift / dx`` of a flow, at one state; shape (size, size).

    `x` (size,) is the state, `u` (input_size,) the input (zeros by default), without the noise.

    >>> from dynrnn.systems.esn import ESN
    >>> jacobian(ESN([[0.5]], [[1.0]], leak=1.0), [0.0])
    array([[0.5]])
    """
    if not isinstance(system, System):
        _check.fail("system", f"{system!r}", "a System", "Pass an instance: MySystem(…)", TypeError)
    x = _check.array("x", x, shape=(system.size,), dtype=system.dtype)
    u = channels(system, u, t)
    return jacobians(system, x[None], u[None], np.array([t], float))[0]


def jacobians(system: System, X: np.ndarray, U: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Jacobians (point, size, size) at the states X (point, size), with channels U (point, channel) and times T (point,)."""
    X, out = np.ascontiguousarray(X, system.dtype), np.empty((len(X), system.size, system.size), system.dtype)
    with explained(type(system).__name__):
        _push_all(system.params(system.size), T, X, U, np.eye(system.size, dtype=system.dtype), np.empty_like(X[0]), out)
    return out.transpose(0, 2, 1)


@jit
def _push_all(p, T, X, U, V, y, W):
    for i in range(X.shape[0]):
        pushforward(p, T[i], X[i], U[i], V, y, W[i])


def channels(system: System, u: Any, t: float = 0.0) -> np.ndarray:
    """The kernels' `u` for inputs (input_size,) without noise: at its mean."""
    given = np.zeros(system.input_size) if u is None else u
    out = np.zeros(system.channels, system.dtype)
    out[: system.input_size] = _check.array("u", given, shape=(system.input_size,), dtype=system.dtype)
    at = system.input_size
    for noise in system.noises:
        out[at : at + noise.count] = 0.5 if noise.law == "uniform" else 0.0
        at += noise.count
    if system.clocked:
        out[-1] = t
    return out
