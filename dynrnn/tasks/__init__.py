"""Benchmark problems and real data, as labelled xarray objects.

Generated tasks are seeded: the same seed gives the same bits, and ``attrs`` record parameters, protocol and seed. Series have
dims ("time",) or ("time", "feature"); tasks with an input are Datasets with `inputs` and `targets`, whose rows belong together:
the target of row k can be answered from the input rows up to k.

Tasks made of trials have dims ("trial", "time", "input" or "output"), a `mask` that weighs the error, `epoch` (trial, time)
by name, and a coordinate on "trial" for each condition, all combinations equally often; ``data.choice`` is the right answer.
Their times are seconds or text such as "20 ms".

Row k of a task stands at ``k dt`` and that of a simulation, the state after it, at ``(k + 1) dt``: compare rows with rows,
``result.output.values - data.targets.values``, for arithmetic on labels would shift them against each other.
"""

from dynrnn.tasks.context_integration import context_integration
from dynrnn.tasks.datasets import co2, elnino, load, membrane, names, nile, sunspots
from dynrnn.tasks.delay_recall import delay_recall
from dynrnn.tasks.flip_flop import flip_flop
from dynrnn.tasks.henon import henon
from dynrnn.tasks.integrator import integrator
from dynrnn.tasks.logistic import logistic
from dynrnn.tasks.lorenz63 import lorenz63
from dynrnn.tasks.mackey_glass import mackey_glass
from dynrnn.tasks.match_to_sample import match_to_sample
from dynrnn.tasks.multisensory import multisensory
from dynrnn.tasks.narma import narma
from dynrnn.tasks.parametric_memory import parametric_memory
from dynrnn.tasks.random_dots import random_dots
from dynrnn.tasks.ready_set_go import ready_set_go
from dynrnn.tasks.sine_generation import sine_generation
from dynrnn.tasks.sines import MSO8, multiple_sines

__all__ = [
    "MSO8",
    "co2",
    "context_integration",
    "delay_recall",
    "elnino",
    "flip_flop",
    "henon",
    "integrator",
    "load",
    "logistic",
    "lorenz63",
    "mackey_glass",
    "match_to_sample",
    "membrane",
    "multiple_sines",
    "multisensory",
    "names",
    "narma",
    "nile",
    "parametric_memory",
    "random_dots",
    "ready_set_go",
    "sine_generation",
    "sunspots",
]
