"""`check_system`: the contract of `dynrnn.system`, as a test that any system can be put to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn._jit import jit, kernel
from dynrnn._record import Record
from dynrnn.integrate import sampled
from dynrnn.run import Run
from dynrnn.system import System, drift, jvp, jvp_p, jvp_u, output, pushforward, step, step_columns, tangent, tangent_u, vjp

__all__ = ["ContractError", "check_system"]

_STEPS = 8
_DIFFERENCE = 6e-6


class ContractError(AssertionError):
    """A system does not keep the contract; the message says which clause, and how far off it is."""


def check_system(system: System, *, dt: float = 1e-3, rng: Any = 0, input_scale: float = 1.0) -> list[str]:
    """Put a system to the contract of `dynrnn.system`.

    Parameters
    ----------
    system : any `System`, a map or a flow.
    dt : step at which a flow is tried (fourth-order Runge-Kutta, or Euler and Maruyama's where it has noise).
    rng : seed of the random states, inputs and directions.
    input_scale : standard deviation of the inputs.

    Returns the clauses that were checked, each with what was seen. Raises `ContractError` at the first that fails.

    The clauses: shapes; purity (same input, same bits; arguments and scratch do not matter); a split run equals the whole
    run; many trials equal as many single ones; ``jvp`` and ``jvp_u`` equal finite differences; ``<g, J v> == <J^T g, v>``
    where there is a ``vjp`` (of a flow itself, not of its discretisation); storage round trip; compiled equals plain Python.

    >>> from dynrnn import ESN
    >>> from dynrnn.testing import check_system
    >>> check_system(ESN.random(10, rng=1))[0]
    'shapes: 10 state variables, 1 channels, 0 outputs'
    """
    if not isinstance(system, System):
        _check.fail("system", type(system).__name__, "a dynrnn System", error=TypeError)
    map_ = sampled(system, None, dt)[0] if system.is_flow else system
    trial = _Trial(system, map_, _check.generator(rng), input_scale)
    checks = (_shapes, _purity, _split, _columns, _storage, _plain_python, *_DERIVATIVES)
    return [f"{clause.__name__.strip('_').replace('_', ' ')}: {said}" for clause in checks if (said := clause(trial))]


# -------------------------------------------------------------------------------------------- calls into kernels


@jit
def _call_step(p, x, u, out):
    step(p, x, u, out)


@jit
def _call_output(p, x, u, out):
    output(p, x, u, out)


@jit
def _call_columns(p, X, U, OUT):
    step_columns(p, X, U, OUT)


@jit
def _call_jvp(p, x, u, v, out):
    jvp(p, x, u, v, out)


@jit
def _call_jvp_u(p, x, u, v, out):
    jvp_u(p, x, u, v, out)


@jit
def _call_jvp_p(p, x, u, q, out):
    jvp_p(p, x, u, q, out)


@jit
def _call_vjp(p, x, u, g, gx, gu, gp):
    vjp(p, x, u, g, gx, gu, gp)


@jit
def _call_drift(p, x, u, out):
    drift(p, 0.25, x, u, out)


@jit
def _call_tangent(p, x, u, v, out):
    tangent(p, 0.25, x, u, v, out)


@jit
def _call_pushforward(p, x, u, V, y, W):
    pushforward(p, 0.25, x, u, V, y, W)


@jit
def _call_tangent_u(p, x, u, w, out):
    tangent_u(p, 0.25, x, u, w, out)


class _Trial:
    """A system, states on one of its orbits, and the inputs met there."""

    def __init__(self, system: System, map_: System, rng: np.random.Generator, input_scale: float):
        self.system, self.map, self.rng = system, map_, rng
        self.inputs = rng.normal(0, input_scale, (2, _STEPS, map_.input_size)).astype(map_.dtype)
        self.x0 = map_.initial() + (np.array([[0.0], [0.1]]) * rng.normal(size=(2, map_.size))).astype(map_.dtype)
        self.given = self.inputs if map_.input_size else None
        self.tolerance = 1e-4 if map_.dtype == np.float32 else 1e-12
        self.states = self.run(self.given, self.x0)[-1, :, 0].copy()

    def run(self, inputs, x0, rng=5, chunk=None, start=0, steps=_STEPS) -> np.ndarray:
        run = Run(self.map, x0, rng, dt=getattr(self.map, "dt", 1.0), start=start)
        return np.concatenate([X for X, _ in run.rows(steps, inputs, chunk=chunk)])

    def channels(self, system: System | None = None) -> np.ndarray:
        """Random inputs and noise for one step, and a time."""
        system = system or self.map
        u = self.rng.normal(size=system.channels)
        at = system.input_size
        for noise in system.noises:
            if noise.law == "uniform":
                u[at : at + noise.count] = self.rng.random(noise.count)
            at += noise.count
        return u.astype(system.dtype)

    def direction(self, size: int) -> np.ndarray:
        return self.rng.normal(size=size).astype(self.map.dtype)


def _demand(clause: str, condition: bool, message: str) -> None:
    if not condition:
        raise ContractError(f"{clause}: {message}")


def _agree(clause: str, a: np.ndarray, b: np.ndarray, tolerance: float, what: str) -> str:
    """Largest difference relative to the size of the numbers, which must not pass the tolerance."""
    off = float(np.abs(a - b).max(initial=0.0) / max(1.0, np.abs(b).max(initial=0.0)))
    _demand(clause, off <= tolerance, f"{what} differ by {off:.2g} (relative; allowed {tolerance:.2g})")
    return "identical bits" if np.array_equal(a, b) else f"largest difference {off:.1e}"


# ------------------------------------------------------------------------------------------------------- clauses


def _shapes(t: _Trial) -> str:
    s = t.map
    x0 = s.initial()
    _demand("shapes", x0.shape == (s.size,), f"initial() has shape {x0.shape}, but the parts add up to {s.size}")
    _demand("shapes", x0.dtype == s.dtype, f"initial() is {x0.dtype}, but dtype says {s.dtype}")
    p, u = s.params(), t.channels()
    for call, size, name in ((_call_step, s.size, "step"), (_call_output, s.output_size, "output")):
        if not size:
            continue
        first, second = np.full(size, 1e30, s.dtype), np.full(size, -1e30, s.dtype)
        call(p, t.states.copy(), u.copy(), first)
        call(p, t.states.copy(), u.copy(), second)
        same = first == second
        left = f"{name} leaves out[{np.argmin(same)}] as it was, or adds to it instead of setting it"
        _demand("shapes", bool(same.all()), left)
    return f"{s.size} state variables, {s.channels} channels, {s.output_size} outputs"


def _purity(t: _Trial) -> str:
    p, x, u = t.map.params(), t.states.copy(), t.channels()
    first, again = np.empty_like(x), np.empty_like(x)
    before = x.copy(), u.copy()
    _call_step(p, x, u, first)
    _demand("purity", np.array_equal(x, before[0]), "step writes to its argument x")
    _demand("purity", np.array_equal(u, before[1]), "step writes to its argument u")
    _call_step(p, x + t.direction(x.size), t.channels(), again)
    _call_step(p, x, u, again)
    _demand("purity", np.array_equal(first, again), "the same x and u give another result after a call elsewhere")
    return "arguments untouched, nothing kept"


def _split(t: _Trial) -> str:
    half = _STEPS // 2
    whole = Run(t.map, t.x0, 5, dt=getattr(t.map, "dt", 1.0))
    full = np.concatenate([X for X, _ in whole.rows(_STEPS, t.given)])
    run = Run(t.map, t.x0, 5, dt=getattr(t.map, "dt", 1.0))
    pieces = [X for part in _halves(t.given, half) for X, _ in run.rows(half, part, chunk=3)]
    _demand("split run", np.array_equal(full, np.concatenate(pieces)), "a run in pieces is not the whole run, bit for bit")
    return "equals the whole run, bit for bit"


def _halves(inputs: np.ndarray | None, half: int) -> Iterator[np.ndarray | None]:
    for part in (slice(None, half), slice(half, None)):
        yield None if inputs is None else inputs[:, part]


def _columns(t: _Trial) -> str:
    if not t.map.has_native_columns:
        both = t.run(t.given, t.x0)
        alone = t.run(None if t.given is None else t.given[:1], t.x0[:1])
        _demand("many trials", np.array_equal(both[:, :, :1], alone), "trial 0 of two is not trial 0 alone")
        return "trials are run one by one"
    columns = 19
    X = t.states[:, None] + 0.1 * t.rng.normal(size=(t.map.size, columns)).astype(t.map.dtype)
    U = np.stack([t.channels() for _ in range(columns)], axis=1)
    OUT, single = np.empty_like(X), np.empty_like(X)
    _call_columns(t.map.params(columns), X, U, OUT)
    p, out = t.map.params(), np.empty(t.map.size, t.map.dtype)
    for c in range(columns):
        _call_step(p, X[:, c].copy(), U[:, c].copy(), out)
        single[:, c] = out
    return _agree("columns", OUT, single, t.tolerance, "a step of many states and as many single steps")


def _storage(t: _Trial) -> str:
    back = Record.from_dict(t.system.to_dict())
    message = "from_dict(to_dict()) is not the same system: do the constructor's arguments match the fields?"
    _demand("storage", back == t.system, message)
    return "round trip gives the same system"


def _plain_python(t: _Trial) -> str:
    u, a, b = t.channels(), np.empty(t.map.size, t.map.dtype), np.empty(t.map.size, t.map.dtype)
    _call_step(t.map.params(), t.states, u, a)
    with np.errstate(all="ignore"):
        step(t.map.params(), t.states.copy(), u.copy(), b)
    return _agree("plain python", a, b, 10 * t.tolerance, "compiled and plain Python")


def _central(function: Callable, base: np.ndarray, along: np.ndarray, size: int) -> np.ndarray:
    h = _DIFFERENCE if base.dtype == np.float64 else 1e-2
    after, before = np.empty(size, base.dtype), np.empty(size, base.dtype)
    function((base + h * along).astype(base.dtype), after)
    function((base - h * along).astype(base.dtype), before)
    return (after - before) / (2 * h)


def _product_with_x(t: _Trial) -> str:
    s, n = t.system, t.system.size  # a flow's own state: its map may have more
    u, v, p = t.channels(s), t.direction(n), s.params()
    call, product = (_call_drift, _call_tangent) if s.is_flow else (_call_step, _call_jvp)
    points = [t.states[:n], *(t.states[:n] + 0.3 * t.direction(n) for _ in range(2))]  # on an orbit, and beside it
    got, expected = np.empty((len(points), n), t.map.dtype), np.empty((len(points), n), t.map.dtype)
    for k, x in enumerate(points):
        product(p, x, u, v, got[k])
        expected[k] = _central(lambda z, o: call(p, z, u, o), x, v, n)
    tolerance = 1e-2 if t.map.dtype == np.float32 else 1e-6
    said = _agree("jvp", got, expected, tolerance, "J_x v and a finite difference")
    if kernel(type(s), "pushforward") is not None:
        V, y, W = np.stack([v, t.direction(n)]), np.empty(n, t.map.dtype), np.empty((2, n), t.map.dtype)
        _call_pushforward(s.params(2), t.states[:n], u, V, y, W)
        _agree("pushforward", W[0], got[0], 10 * t.tolerance, "a row of pushforward and jvp")
        call(p, t.states[:n], u, got[0])
        _agree("pushforward", y, got[0], 10 * t.tolerance, "the state of pushforward and the kernel itself")
    return f"{s.derivative}, {said}"


def _product_with_u(t: _Trial) -> str:
    s, x, n = t.system, t.states[: t.system.size], t.system.size
    m = s.channels - s.clocked
    if not m:
        return ""
    u, out = t.channels(s), np.empty(n, t.map.dtype)
    w = np.zeros_like(u)
    w[: s.input_size] = t.direction(s.input_size)
    call, product = (_call_drift, _call_tangent_u) if s.is_flow else (_call_step, _call_jvp_u)
    p = s.params()
    product(p, x, u, w, out)
    expected = _central(lambda z, o: call(p, x, z, o), u, w, n)
    tolerance = 1e-2 if t.map.dtype == np.float32 else 1e-6
    return _agree("jvp_u", out, expected, tolerance, "J_u w and a finite difference")


def _adjoint(t: _Trial) -> str:
    """``<g, J_x v + J_u w + J_p q> == <gx, v> + <gu, w> + <gp, q>``, with gradients that start from what was there."""
    s = t.system  # what a wrapper makes of a flow's derivatives is the wrapper's affair
    if not s.has_vjp:
        return ""
    p, x, u, g = s.params(), t.states[: s.size], t.channels(s), t.direction(s.size)
    v, w = t.direction(s.size), t.direction(u.size)
    if s.clocked:
        w[-1] = 0
    flat, gp = s.weight_views()
    gx, gu = np.ones_like(x), np.ones_like(u)
    _call_vjp(p, x, u, g, gx, gu, gp)
    a, b = np.empty(s.size, s.dtype), np.empty(s.size, s.dtype)
    _call_jvp(p, x, u, v, a)
    _call_jvp_u(p, x, u, w, b)
    forward, backward = float(g @ (a + b)), float((gx - 1) @ v + (gu - 1) @ w)
    if flat.size and kernel(type(s), "jvp_p") is not None:
        change, q = s.weight_views(t.direction(flat.size))
        _call_jvp_p(p, x, u, q, a)
        forward, backward = forward + float(g @ a), backward + float(flat @ change)
    scale = float(np.abs(g).max() * np.abs(a + b).max()) + 1.0
    off = abs(forward - backward) / scale
    _demand("adjoint", off <= 100 * t.tolerance, f"<g, J v> = {forward:.15g}, but <J^T g, v> = {backward:.15g}")
    return f"<g, J v> = <J^T g, v> to {off:.1e}"


_DERIVATIVES = (_product_with_x, _product_with_u, _adjoint)
