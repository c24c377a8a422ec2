"""Benchmark problems and real data, as labelled xarray objects.

Generated tasks are seeded: the same seed gives the same bits, and ``attrs`` record parameters, protocol and seed. Series have
dims ("time",) or ("time", "feature"); tasks with an input are Datasets with `input` and `target`, whose rows belong together:
the target of row k can be answered from the input rows up to k.
"""

from dynrnn.tasks.datasets import co2, elnino, load, membrane, names, nile, sunspots
from dynrnn.tasks.delay_recall import delay_recall
from dynrnn.tasks.henon import henon
from dynrnn.tasks.logistic import logistic
from dynrnn.tasks.lorenz63 import lorenz63
from dynrnn.tasks.mackey_glass import mackey_glass
from dynrnn.tasks.narma import narma
from dynrnn.tasks.sines import MSO8, multiple_sines

__all__ = [
    "MSO8",
    "co2",
    "delay_recall",
    "elnino",
    "henon",
    "load",
    "logistic",
    "lorenz63",
    "mackey_glass",
    "membrane",
    "multiple_sines",
    "names",
    "narma",
    "nile",
    "sunspots",
]
