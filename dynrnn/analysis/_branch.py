"""A curve of zeros of F(y, parameter), point by point, and the points on it where something changes. Unlabelled.

Points are z = (y, parameter). Distances are counted in units of the parameter: the change of the state is divided by the
length of the largest state so far and multiplied by the width of the parameter's range. From a point with the unit tangent t,

    predict  z0 = z + h t,     correct  F(z) = 0, t·(z - z0) = 0  by Newton's method.

What a point is like is three numbers; where one of them changes between two points, the place is bisected, and finished by
regula falsi on a function that passes through zero there:

=========  ===========================================  ====================  ========================================
           sign of                                      what changes there    function
=========  ===========================================  ====================  ========================================
`turn`     the tangent's component along the parameter  fold                  that component
`side`     det (dF, t)                                  branch point          its sign times the smallest singular value
`growing`  (number of growing perturbations)            Hopf and its kin      the growth rate nearest to zero
=========  ===========================================  ====================  ========================================

Source: H. B. Keller, in P. H. Rabinowitz (ed.), Applications of Bifurcation Theory (1977) 359; Y. A. Kuznetsov, Elements of
Applied Bifurcation Theory (2004), chapter 10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from scipy import optimize

__all__ = ["HOPF", "INTERRUPTED", "Branch", "NoPoint", "Point", "Steps", "Zeros"]

HOPF = "a Hopf point, where the cycle has no size"
INTERRUPTED = "interrupted"
_NEWTON = 12  # iterations
_SMALL, _SMALLER = 1e-6, 1e-10  # of the range: corrections at which Newton's method may end, and ends
_BRACKET = 1e-5  # of the range: where bisection ends
_STRAIGHT, _BENT = 0.97, 0.9  # cosine of the angle between tangents: steps grow above, are refused below
_MARGIN = 1e-10  # of the fastest rate: growth that counts
_FAR = 1e6  # times the size of the first state: there a branch ends
_OSCILLATES = 1e-6  # of the fastest rate: an imaginary part that counts


class NoPoint(Exception):
    """Newton's method found no point; the text says why."""


class Zeros:
    """What is followed: m equations for m unknowns y and a parameter, and how perturbations of its zeros grow."""

    flows: bool = True  # whether eigenvalues are rates; else they are multipliers

    def evaluate(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """F (m,) and dF/dz (m, m + 1). `NoPoint` where the parameter is refused."""
        raise NotImplementedError

    def spectrum(self, z: np.ndarray, dF: np.ndarray) -> np.ndarray:
        """Eigenvalues or multipliers of perturbations of the zero z."""
        raise NotImplementedError

    def scales(self, z: np.ndarray) -> np.ndarray:
        """What changes (m,) of the unknowns count relative to at z."""
        raise NotImplementedError

    def anchor(self, z: np.ndarray) -> None:
        """Take note of an accepted point."""

    def ends(self, z: np.ndarray) -> str:
        """Why the branch ends before this point, found after the one that was last taken note of; nothing where it goes on."""
        return ""

    def growth(self, eigenvalues: np.ndarray) -> np.ndarray:
        """Rates of growth per unit of time, or per step or turn."""
        if self.flows:
            return eigenvalues.real
        with np.errstate(divide="ignore"):
            return np.log(np.abs(eigenvalues))

    def growing(self, eigenvalues: np.ndarray) -> int:
        """How many perturbations grow, beyond rounding."""
        fastest = np.abs(eigenvalues).max(initial=0.0) if self.flows else 1.0
        return int((self.growth(eigenvalues) > _MARGIN * fastest).sum())


@dataclass(frozen=True)
class Point:
    """A zero, the unit tangent of the curve there, and what the point is like."""

    z: np.ndarray
    tangent: np.ndarray
    dF: np.ndarray
    eigenvalues: np.ndarray
    growing: int
    side: float
    kind: str = ""

    @property
    def turn(self) -> bool:
        """Whether the parameter rises along the curve."""
        return bool(self.tangent[-1] > 0)

    def critical(self, zeros: Zeros) -> complex:
        """The eigenvalue nearest to the border of stability."""
        return complex(self.eigenvalues[np.abs(zeros.growth(self.eigenvalues)).argmin()])


class Steps(NamedTuple):
    """Sizes of steps, in units of the parameter, and the largest number of points."""

    first: float
    largest: float
    smallest: float
    points: int


class Branch:
    """Follows one curve within `bounds` of the parameter."""

    def __init__(self, zeros: Zeros, bounds: tuple[float, float], steps: Steps, detect: bool = True):
        self.zeros, self.bounds, self.steps, self.detect = zeros, bounds, steps, detect
        self.width = bounds[1] - bounds[0]
        self.scale = np.zeros(0)

    # ----------------------------------------------------------------------------------------------------- points

    def weigh(self, z: np.ndarray) -> None:
        """Let distances count relative to the largest state so far."""
        now = self.zeros.scales(z)
        self.scale = np.maximum(self.scale, now) if self.scale.size else now
        self.w = np.append(self.width / self.scale, 1.0)

    def start(self, z: np.ndarray, tangent: np.ndarray | None = None) -> Point:
        """The point nearest to z with the same parameter; with a tangent given, z itself."""
        self.weigh(z)
        if tangent is None:
            row = np.zeros(z.size)
            row[-1] = 1.0
            z = self._correct(self._nearer(z), row, np.inf)
            self.weigh(z)
            self.zeros.anchor(z)
            dF = self.zeros.evaluate(z)[1]
            tangent = np.linalg.svd(dF / self.w)[2][-1] / self.w
            tangent = tangent * (1 if tangent[-1] >= 0 else -1)
            return self._point(z, dF, tangent)
        point = self._point(z, self.zeros.evaluate(z)[1], tangent)
        return replace(point, tangent=tangent / np.linalg.norm(self.w * tangent))

    def _nearer(self, z: np.ndarray) -> np.ndarray:
        """A state near a zero with the same parameter, by Powell's hybrid method: Newton's, with a trust region."""

        def equations(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            F, dF = self.zeros.evaluate(np.append(y, z[-1]))
            return F, dF[:, :-1]

        found = optimize.root(equations, z[:-1], jac=True, options={"xtol": 1e-8})
        return np.append(found.x, z[-1]) if np.isfinite(found.x).all() else z

    def _correct(self, z0: np.ndarray, row: np.ndarray, reach: float) -> np.ndarray:
        """The zero of F in the plane through z0 with the normal `row`, no farther away than `reach`."""
        z, last = z0.copy(), np.inf
        for _ in range(_NEWTON):
            try:
                F, dF = self.zeros.evaluate(z)
                step = np.linalg.solve(np.vstack([dF, row]), np.append(F, row @ (z - z0)))
            except np.linalg.LinAlgError:
                raise NoPoint("the equations are singular, as where zeros are not isolated (a symmetry)") from None
            size = float(np.linalg.norm(self.w * step))
            if not np.isfinite(size):
                raise NoPoint("the equations are not finite")
            z -= step
            if np.linalg.norm(self.w * (z - z0)) > reach:
                raise NoPoint("Newton's method runs away")
            if size <= _SMALLER * self.width or (size <= _SMALL * self.width and size > 0.5 * last):
                return z
            last = size
        raise NoPoint("Newton's method does not converge")

    def _point(self, z: np.ndarray, dF: np.ndarray, before: np.ndarray) -> Point:
        """What there is to know at z, with the tangent that goes on in the direction `before`."""
        row = self.w**2 * before / np.linalg.norm(self.w * before)
        try:
            tangent = np.linalg.solve(np.vstack([dF, row]), np.append(np.zeros(len(dF)), 1.0))
        except np.linalg.LinAlgError:
            tangent = before
        tangent = tangent / np.linalg.norm(self.w * tangent)
        eigenvalues = self.zeros.spectrum(z, dF)
        side = float(np.linalg.slogdet(self._bordered(dF, tangent))[0])
        return Point(z, tangent, dF, eigenvalues, self.zeros.growing(eigenvalues), side)

    def _bordered(self, dF: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        return np.vstack([dF / self.w, self.w * tangent])

    def _reached(self, z: np.ndarray, row: np.ndarray, reach: float, before: np.ndarray) -> Point:
        z = self._correct(z, row, reach)
        return self._point(z, self.zeros.evaluate(z)[1], before)

    # ------------------------------------------------------------------------------------------------------ march

    def march(self, start: Point, tell: Callable[[], Any] = lambda: None) -> tuple[list[Point], str]:
        """The points from `start` on along its tangent, and why they end; `tell` is called at each of them."""
        points = [start]
        try:
            return points, self._extended(points, tell)
        except KeyboardInterrupt:
            return points, INTERRUPTED

    def _extended(self, points: list[Point], tell: Callable[[], Any]) -> str:
        """Append to `points` what follows the first of them, and return why they end."""
        start, h, passed = points[0], self.steps.first, 0
        self.weigh(start.z)
        self.zeros.anchor(start.z)
        nearby = self.scale
        while passed < self.steps.points:
            a = points[-1]
            a = replace(a, tangent=a.tangent / np.linalg.norm(self.w * a.tangent))
            if self._leaves(a, 1e-12 * self.width):
                return "the end of the range"
            if (self.scale > _FAR * nearby).any():
                return "the state grows without bound"
            try:
                b, ended, h = self._step(a, h)
            except NoPoint as reason:
                return f"stalled: {reason}"
            if a is not start and self._passes(start, a, b):
                b, ended = replace(start, tangent=a.tangent), "the branch is closed"
            special = list(self._changes(a, b)) if self.detect and not a.kind else []
            why = self.zeros.ends(b.z)
            if why:
                points += self._last(special, why)
                return why
            points += [*special, b]
            passed += 1
            tell()
            if ended:
                return ended
            self.weigh(b.z)
            self.zeros.anchor(b.z)
        return f"max_points = {self.steps.points}"

    def _last(self, special: list[Point], why: str) -> list[Point]:
        """Where a cycle shrinks to a point the parameter turns back: that is the Hopf point."""
        return [replace(special[-1], kind="hopf")] if special and why == HOPF else []

    def _leaves(self, a: Point, h: float) -> bool:
        ahead = a.z[-1] + h * a.tangent[-1]
        return not self.bounds[0] <= ahead <= self.bounds[1]

    def _step(self, a: Point, h: float) -> tuple[Point, str, float]:
        """The next point, why it is the last one if it is, and the size of the step after it."""
        reason = "Newton's method does not converge"
        while h >= self.steps.smallest:
            try:
                b, ended = self._try(a, h)
                cosine = float((self.w * a.tangent) @ (self.w * b.tangent) / np.linalg.norm(self.w * b.tangent))
                if cosine >= _BENT:
                    return b, ended, min(self.steps.largest, 1.5 * h) if cosine > _STRAIGHT else h
                reason = "the branch has a corner"
            except NoPoint as error:
                reason = str(error)
            h /= 2
        raise NoPoint(f"{reason.rstrip('.')}. Steps fell below min_step = {self.steps.smallest:g}")

    def _try(self, a: Point, h: float) -> tuple[Point, str]:
        row, fixed = self.w**2 * a.tangent, np.append(np.zeros(a.z.size - 1), 1.0)
        if not self._leaves(a, h):
            b = self._reached(a.z + h * a.tangent, row, h, a.tangent)
            if self.bounds[0] <= b.z[-1] <= self.bounds[1]:
                return b, ""
            part = (np.clip(b.z[-1], *self.bounds) - a.z[-1]) / (b.z[-1] - a.z[-1])
            z = a.z + part * (b.z - a.z)
        else:
            bound = self.bounds[int(a.turn)]
            h = (bound - a.z[-1]) / a.tangent[-1]
            z = a.z + h * a.tangent
        z[-1] = np.clip(z[-1], *self.bounds)
        return self._reached(z, fixed, h, a.tangent), "the end of the range"

    def _passes(self, start: Point, a: Point, b: Point) -> bool:
        """Whether the curve returns to its start between a and b."""
        u, v = self.w * (start.z - a.z), self.w * (b.z - a.z)
        along = u @ v / (v @ v)
        aligned = (self.w * start.tangent) @ (self.w * a.tangent) > 0
        return bool(aligned and 0 < along <= 1 and np.linalg.norm(u - along * v) < 0.1 * np.linalg.norm(v))

    # --------------------------------------------------------------------------------------------------- changes

    def _between(self, a: Point, b: Point, part: float) -> Point:
        """The point of the curve over a place on the chord from a to b."""
        chord = b.z - a.z
        length = float(np.linalg.norm(self.w * chord))
        return self._reached(a.z + part * chord, self.w**2 * chord / length, length, a.tangent)

    def _changes(self, a: Point, b: Point) -> Iterator[Point]:
        """The special points between a and b, in order."""
        if (a.turn, a.side, a.growing) == (b.turn, b.side, b.growing):
            return
        if np.linalg.norm(self.w * (b.z - a.z)) < _BRACKET * self.width:
            yield from self._located(a, b)
            return
        for part in (0.5, 0.4, 0.6):  # the middle may be the special point, where the equations are singular
            try:
                middle = self._between(a, b, part)
            except NoPoint:
                continue
            yield from self._changes(a, middle)
            yield from self._changes(middle, b)
            return
        yield from self._located(a, b)

    def _changed(self, a: Point, b: Point) -> str:
        return "side" if a.side != b.side else "turn" if a.turn != b.turn else "growing"

    def _test(self, name: str, point: Point) -> float:
        """A function that is zero at the special point."""
        if name == "turn":
            return float(point.tangent[-1])
        if name == "side":
            return point.side * float(np.linalg.svd(self._bordered(point.dF, point.tangent), compute_uv=False)[-1])
        growth = self.zeros.growth(point.eigenvalues)
        return float(growth[np.abs(growth).argmin()])

    def _located(self, a: Point, b: Point) -> Iterator[Point]:
        name = self._changed(a, b)
        left, right = (a, self._test(name, a)), (b, self._test(name, b))
        middle = a
        for _ in range(3):
            part = left[1] / (left[1] - right[1]) if left[1] * right[1] < 0 else 0.5
            try:
                middle = self._between(left[0], right[0], part)
            except NoPoint:  # the special point, to rounding
                z = left[0].z + part * (right[0].z - left[0].z)
                middle = self._point(z, self.zeros.evaluate(z)[1], left[0].tangent)
                break
            value = self._test(name, middle)
            if value == 0 or left[1] * right[1] >= 0:
                break
            left, right = ((middle, value), right) if value * right[1] < 0 else (left, (middle, value))
        yield from self._named(a, b, middle)

    def _named(self, a: Point, b: Point, point: Point) -> Iterator[Point]:
        """The point with the name of what happens between a and b; a zero eigenvalue alone is that of a fold next to it."""
        name = self._changed(a, b)
        kind = {"side": "branch point", "turn": "fold", "growing": self._oscillation(point)}[name]
        if not kind and abs(a.growing - b.growing) > 1:
            kind = "branch point"
        if kind:
            yield replace(point, kind=kind)

    def _oscillation(self, point: Point) -> str:
        critical: Any = point.critical(self.zeros)
        fastest = np.abs(point.eigenvalues).max() if self.zeros.flows else 1.0
        if abs(critical.imag) > _OSCILLATES * fastest:
            return "hopf" if self.zeros.flows else "neimark-sacker"
        return "" if self.zeros.flows or critical.real > 0 else "period doubling"
