"""Hopfield networks (Hopfield 1982): binary units, cold or in a heat bath, updated together or one at a time."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dynrnn import _check
from dynrnn._jit import generic, inlined
from dynrnn._math import sigmoid
from dynrnn._record import Record
from dynrnn.couplings import Coupling, coupling
from dynrnn.couplings.base import multiply, row_dot
from dynrnn.system import Noise, System


@inlined
def _spin(h, s, z, k, temperature, tie, tolerance):
    """New state of a unit in state s with field h. Number k of z, uniform on [0, 1), decides where the temperature is not 0."""
    if temperature > 0:
        return 1.0 if z[k] < sigmoid(2.0 * h / temperature) else -1.0
    if abs(h) <= tolerance:
        return 1.0 if tie else s
    return 1.0 if h > 0 else -1.0


@generic
def sweep(order, p, x, z, out):
    """Give every unit (on average) one new state. `z` holds n picks where the order is random, then n numbers for `_spin`."""
    raise NotImplementedError


@generic
def untouched(order, z, kept):
    """``kept[i] = 1`` for the units that a sweep leaves as they are, 0 for the others."""
    kept[:] = 0.0


class Update(Record):
    """Base of the update orders: the kernels `sweep` and `untouched`, and whether z begins with picks."""

    picks: ClassVar[bool] = False


class Synchronous(Update):
    """All units at once, from the same old state (Little 1974)."""

    def sweep(order, p, x, z, out):
        out[:] = p.bias
        multiply(p.W, x, out)
        for i in range(x.size):
            out[i] = _spin(out[i], x[i], z, i, p.temperature, p.tie, p.tolerance)


class Sequential(Update):
    """One unit after the other, in the order of their indices."""

    def sweep(order, p, x, z, out):
        out[:] = x
        for i in range(x.size):
            out[i] = _spin(p.bias[i] + row_dot(p.W, i, out), out[i], z, i, p.temperature, p.tie, p.tolerance)


class Random(Update):
    """n times a unit drawn at random, with replacement (Hopfield 1982, Glauber 1963)."""

    picks = True

    def sweep(order, p, x, z, out):
        n = x.size
        out[:] = x
        for k in range(n):
            i = int(z[k] * n)
            out[i] = _spin(p.bias[i] + row_dot(p.W, i, out), out[i], z, n + k, p.temperature, p.tie, p.tolerance)

    def untouched(order, z, kept):
        kept[:] = 1.0
        for k in range(kept.size):
            kept[int(z[k] * kept.size)] = 0.0


_ORDERS = {"synchronous": Synchronous, "random": Random, "sequential": Sequential}


class Hopfield(System):
    """Hopfield network of units s_i = ±1 in the fields ``h = W s + b``:

        P(s_i' = +1) = 1 / (1 + exp(-2 h_i / T)),   at T = 0:  s_i' = sign(h_i).

    For symmetric W the energy ``E = -s·W s / 2 - b·s`` never rises at T = 0 under single-unit updates where no W_ii is
    negative, and their stationary law at T > 0 is Boltzmann's, exp(-E / T), where W_ii = 0. Synchronous updates follow
    Peretto's law instead: ``P(s) ∝ exp(b·s / T) prod_i 2 cosh(h_i / T)``; at T = 0 they end in a cycle of at most two states.

    Parameters
    ----------
    W : (unit, unit), array, SciPy sparse or Coupling, ``W[to, from]``. It need not be symmetric.
    bias : (unit,) or a number, the field b. None for zeros.
    update : "random" (n units drawn with replacement per step), "sequential", "synchronous" or an `Update`. One step of
        the system gives each unit one new state, on average: a sweep.
    temperature : T >= 0, in units of the energy.
    tie : at T = 0 and ``h_i = 0``, "keep" (stored as 0) leaves s_i, so that no state is left without lowering the energy;
        "+1" (stored as 1) sets it to +1.
    tolerance : fields up to this size are ties. None for the bound on the rounding error of a field: with Hebb's weights
        fields are multiples of 1/N, and zeros among them would otherwise come out as ±1e-17.

    State: `state` (unit,), each ±1; all +1 unless told otherwise. The map is piecewise constant, so the derivative
    products are zero, but for the units that random updates did not pick, which keep their state.

    Raises TypeError or ValueError where shapes do not fit, T is negative, or a name is unknown.

    Source: J. J. Hopfield, PNAS 79 (1982) 2554; D. J. Amit, H. Gutfreund and H. Sompolinsky, Phys. Rev. A 32 (1985) 1007;
    P. Peretto, Biological Cybernetics 50 (1984) 51.

    >>> from dynrnn.systems.hopfield import Hopfield
    >>> memory = Hopfield.store([[1, 1, -1, -1], [1, -1, 1, -1]])
    >>> memory.energy([1, 1, -1, -1])
    -1.0
    """

    W: Coupling
    bias: np.ndarray
    update: Update
    temperature: float = 0.0
    tie: int = 0
    tolerance: float = 0.0

    scratch_names = ("kept",)

    def __init__(
        self,
        W: Any,
        bias: Any = None,
        *,
        update: Any = "random",
        temperature: float = 0.0,
        tie: Any = "keep",
        tolerance: float | None = None,
    ):
        W = coupling(W, dtype=np.float64)
        n = W.shape[0]
        if W.shape[1] != n:
            _check.fail("W", f"shape {W.shape}", "a square matrix W[to, from]")
        bias = np.asarray(_check.array("bias", 0.0 if bias is None else bias, ndim=(0, 1)))
        if bias.ndim and bias.size != n:
            _check.fail("bias", f"{bias.size} values", f"a number or {n}, one per unit")
        bias = np.broadcast_to(bias, n)
        super().__init__(
            W,
            bias,
            update if isinstance(update, Update) else _ORDERS[_check.choice("update", update, _ORDERS)](),
            _check.real("temperature", temperature, 0.0),
            tie if tie in (0, 1) else int(_check.choice("tie", tie, ["keep", "+1"]) == "+1"),
            _rounding(W, bias) if tolerance is None else _check.real("tolerance", tolerance, 0.0),
        )

    @classmethod
    def store(cls, patterns: Any, rule: str = "hebb", **options: Any) -> Hopfield:
        """A network that remembers `patterns` (pattern, unit), each ±1.

        rule : "hebb", ``W = (1/N) sum ξ ξ^T``, good for up to 0.138 N random patterns; "pseudo_inverse", the projector
            onto the patterns, for up to N linearly independent ones (Personnaz, Guyon and Dreyfus 1985; Kanter and
            Sompolinsky 1987). Both without the diagonal.
        options : as for `Hopfield`.

        >>> from dynrnn.systems.hopfield import Hopfield
        >>> Hopfield.store([[1, -1, 1]], rule="hebb").W.to_array()[0].round(3)
        array([ 0.   , -0.333,  0.333])
        """
        xi = _patterns("patterns", patterns)
        rule = _check.choice("rule", rule, ["hebb", "pseudo_inverse"])
        W = xi.T @ xi / xi.shape[1] if rule == "hebb" else np.linalg.pinv(xi) @ xi
        np.fill_diagonal(W, 0.0)
        return cls((W + W.T) / 2, **options)

    def energy(self, states: Any) -> np.ndarray | float:
        """``E = -s·W s / 2 - b·s`` of the states (..., unit)."""
        s = _check.array("states", states)
        if s.ndim == 0 or s.shape[-1] != self.size:
            _check.fail("states", f"shape {s.shape}", f"shape (…, {self.size})")
        rows = s.reshape(-1, self.size)
        fields = (self.W @ np.ascontiguousarray(rows.T)).T
        energy = -np.sum(rows * (fields / 2 + self.bias), axis=1)
        return energy.reshape(s.shape[:-1]) if s.ndim > 1 else float(energy[0])

    @staticmethod
    def overlap(states: Any, patterns: Any) -> np.ndarray:
        """``m = ξ·s / N`` of the states (..., unit) with the patterns (pattern, unit); shape (..., pattern)."""
        xi = _patterns("patterns", patterns)
        s = _check.array("states", states)
        if s.ndim == 0 or s.shape[-1] != xi.shape[1]:
            _check.fail("states", f"shape {s.shape}", f"shape (…, {xi.shape[1]}), as the patterns have")
        return s @ xi.T / xi.shape[1]

    @property
    def units(self):
        return self.bias.size

    @property
    def noise(self):
        # Two channels, so that a seed picks the same units at every temperature.
        wanted = (self.update.picks, self.temperature > 0)
        return tuple(Noise("uniform", self.units) for each in wanted if each)

    def scratch(self, columns=1):
        return {"kept": np.zeros(self.units)}

    def initial(self):
        """All units +1: zero is no state of a unit."""
        return np.ones(self.units)

    # -------------------------------------------------------------------------------------------------- kernels

    def step(p, x, u, out):
        sweep(p.update, p, x, u, out)

    def jvp(p, x, u, v, out):
        untouched(p.update, u, p.kept)
        for i in range(x.size):
            out[i] = p.kept[i] * v[i]

    def jvp_u(p, x, u, w, out):
        out[:] = 0.0

    def vjp(p, x, u, g, gx, gu, gp):
        untouched(p.update, u, p.kept)
        for i in range(x.size):
            gx[i] += p.kept[i] * g[i]


def _rounding(W: Coupling, bias: np.ndarray) -> float:
    """Bound on the error of a sum of n terms: n eps times the sum of their sizes (Higham 2002, section 4.2)."""
    sizes = np.asarray(abs(W.to_scipy()).sum(axis=1)).ravel() + np.abs(bias)
    return float(bias.size * np.finfo(float).eps * sizes.max())


def _patterns(name, given):
    xi = _check.array(name, given, ndim=(1, 2))
    xi = xi[None] if xi.ndim == 1 else xi
    if not xi.size:
        _check.fail(name, f"shape {xi.shape}", "at least one pattern and one unit")
    wrong = np.argwhere(np.abs(xi) != 1)
    if wrong.size:
        i, j = map(int, wrong[0])
        _check.fail(name, f"{xi[i, j]:g} in pattern {i} at unit {j}", "values +1 and -1", "From 0 and 1: 2 * patterns - 1.")
    return xi
