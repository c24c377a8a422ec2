"""Numerical integration: methods as data, and the wrappers that make a flow a map."""

from dynrnn.integrate.adaptive import Adaptive
from dynrnn.integrate.choice import choose, sampled
from dynrnn.integrate.delayed import Delayed
from dynrnn.integrate.discretised import Discretised
from dynrnn.integrate.events import Crossing, Event
from dynrnn.integrate.methods import METHODS
from dynrnn.integrate.sections import Plane, PoincareMap, Stroboscopic
from dynrnn.integrate.tableaus import Tableau
from dynrnn.integrate.watched import Watched

__all__ = [
    "METHODS",
    "Adaptive",
    "Crossing",
    "Delayed",
    "Discretised",
    "Event",
    "Plane",
    "PoincareMap",
    "Stroboscopic",
    "Tableau",
    "Watched",
    "choose",
    "sampled",
]
