"""Explicit Runge-Kutta methods as data: ``k_i = f(t + c_i h, x + h sum_j A_ij k_j)``, ``x' = x + h sum_i b_i k_i``."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from dynrnn import _check
from dynrnn._record import Record

__all__ = ["METHODS", "Tableau", "tableau"]


class Tableau(Record):
    """Butcher tableau of an explicit method: `A` (stage, stage) strictly lower triangular, `b` and `c` (stage,).

    The row sums of A must be c and the sum of b must be 1: each entry checks itself.
    """

    name: str
    order: int
    A: np.ndarray
    b: np.ndarray
    c: np.ndarray

    def __init__(self, name, order, A, b, c=None):
        A = np.array(A, dtype=float)
        super().__init__(name=name, order=order, A=A, b=np.array(b, dtype=float), c=A.sum(axis=1) if c is None else c)
        if np.any(np.triu(self.A)) or abs(self.b.sum() - 1) > 1e-14 or np.abs(self.A.sum(axis=1) - self.c).max() > 1e-14:
            wanted = "A strictly lower triangular with row sums c, sum of b = 1"
            _check.fail(f"Tableau {name}", "inconsistent coefficients", wanted)


_F = Fraction
METHODS: dict[str, Tableau] = {
    t.name: t
    for t in (
        Tableau("euler", 1, [[0]], [1]),
        Tableau("midpoint", 2, [[0, 0], [_F(1, 2), 0]], [0, 1]),
        Tableau("heun", 2, [[0, 0], [1, 0]], [_F(1, 2), _F(1, 2)]),
        Tableau("rk4", 4, [[0, 0, 0, 0], [0.5, 0, 0, 0], [0, 0.5, 0, 0], [0, 0, 1, 0]], [_F(1, 6), _F(1, 3), _F(1, 3), _F(1, 6)]),
    )
}


def tableau(method: str | Tableau) -> Tableau:
    """The tableau of that name."""
    return method if isinstance(method, Tableau) else METHODS[_check.choice("method", method, METHODS)]
