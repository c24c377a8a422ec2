"""The methods of integration by name."""

from __future__ import annotations

from dynrnn import _check
from dynrnn.integrate.exponential import EXPONENTIAL
from dynrnn.integrate.method import Method
from dynrnn.integrate.rosenbrock import ROSENBROCK
from dynrnn.integrate.stochastic import STOCHASTIC
from dynrnn.integrate.tableaus import TABLEAUS

__all__ = ["METHODS", "method"]

METHODS: dict[str, Method] = {m.name: m for m in (*TABLEAUS, *ROSENBROCK, *EXPONENTIAL, *STOCHASTIC)}


def method(chosen: str | Method) -> Method:
    """The method of that name.

    >>> method("rk4").order
    4.0
    """
    return chosen if isinstance(chosen, Method) else METHODS[_check.choice("method", chosen, METHODS)]
