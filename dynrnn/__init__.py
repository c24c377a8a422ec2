"""Recurrent networks as dynamical systems: simulate, forecast, analyse and train them through one state-space interface.

    >>> import dynrnn as dr
    >>> states = dr.simulate(dr.ESN.random(50, rng=1), [[0.1], [0.2]])

Names load when first used, so that ``import dynrnn`` stays light.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "system": ["System", "Noise", "jacobian"],
    "systems.esn": ["ESN"],
    "systems.lstm": ["LSTM"],
    "systems.lif": ["LIF"],
    "systems.hopfield": ["Hopfield"],
    "systems.activations": ["Activation"],
    "systems.closed_loop": ["ClosedLoop", "Affine"],
    "systems.stack": ["Stack"],
    "systems.ctrnn": ["CTRNN"],
    "systems.rate": ["RateNetwork"],
    "systems.leaky": ["LeakyRNN"],
    "systems.mtrnn": ["MultipleTimescaleRNN"],
    "systems.lorenz": ["Lorenz63", "Lorenz96"],
    "systems.rossler": ["Rossler"],
    "systems.van_der_pol": ["VanDerPol"],
    "systems.hopf": ["HopfNormalForm"],
    "systems.kuramoto": ["Kuramoto"],
    "systems.fitzhugh_nagumo": ["FitzHughNagumo"],
    "systems.wilson_cowan": ["WilsonCowan"],
    "systems.wong_wang": ["WongWang"],
    "systems.tsodyks_markram": ["TsodyksMarkram"],
    "systems.ring_attractor": ["RingAttractor"],
    "systems.mackey_glass": ["MackeyGlass"],
    "systems.kuramoto_sivashinsky": ["KuramotoSivashinsky"],
    "systems.henon": ["Henon"],
    "systems.logistic": ["Logistic"],
    "systems.torus_maps": ["StandardMap", "CatMap"],
    "integrate": ["Discretised", "Adaptive", "Delayed", "Crossing", "Event"],
    "couplings": ["coupling"],
    "couplings.spectral": ["spectral_radius", "spectral_norm", "effective_spectral_radius"],
    "run": ["Diverged", "Interrupted", "trial_streams"],
    "_simulate": ["simulate"],
    "readout": ["Ridge"],
    "forecast": ["ReservoirForecaster", "ReservoirRegressor", "ReservoirClassifier"],
    "io": ["save", "load"],
    "analysis": [
        "continuation",
        "covariant_vectors",
        "fixed_points",
        "kaplan_yorke",
        "largest_exponent",
        "limit_cycle",
        "lyapunov_spectrum",
        "orbit_diagram",
        "periodic_points",
        "psychometric_curve",
        "psychometric_fit",
        "reaction_times",
    ],
}
_MODULES = ("analysis", "couplings", "forecast", "inputs", "integrate", "plot", "readout", "study", "systems", "tasks", "testing")
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted([*_HOME, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
