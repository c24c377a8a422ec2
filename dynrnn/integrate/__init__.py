"""Numerical integration: methods as data, and the wrapper that makes a flow a map."""

from dynrnn.integrate.discretised import Discretised
from dynrnn.integrate.tableaus import METHODS, Tableau

__all__ = ["METHODS", "Discretised", "Tableau"]
