"""Questions to a dynamical system and to data, one file each. Names load when first used."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "._portrait": ["portrait"],  # one level up: it draws, so it stands above `plot`
    "alignment": ["gali"],
    "attractors": ["basins"],
    "beer": ["fold_curves", "fold_inputs", "hopf_curves"],
    "branches": ["continuation"],
    "cells": ["Recurrences"],
    "chaos_test": ["zero_one_test"],
    "climate": ["compare_climate"],
    "covariant": ["covariant_vectors"],
    "cycles": ["limit_cycle"],
    "dimension": ["correlation_dimension"],
    "dimensionality": ["participation_ratio", "principal_components"],
    "drift": ["tipping", "tipping_probabilities"],
    "edge": ["edge_state"],
    "embedding": ["delay_embedding", "embedding_delay"],
    "features": ["Features"],
    "fixed": ["fixed_points"],
    "largest": ["largest_exponent"],
    "lyapunov": ["kaplan_yorke", "lyapunov_spectrum"],
    "matching": ["basin_fractions", "match_attractors"],
    "mean_field": ["mean_field_flow", "mean_field_map"],
    "orbits": ["orbit_diagram"],
    "periodic": ["periodic_points"],
    "proximity": ["Proximity"],
    "psychometric": ["psychometric_curve", "psychometric_fit"],
    "reaction": ["reaction_times"],
    "recurrence": ["recurrence_plot", "recurrence_quantification"],
    "resilience": ["basin_stability", "minimal_critical_shock", "return_time"],
    "sections": ["poincare_section", "successive_maxima"],
    "spectrum": ["autocorrelation", "autocorrelation_time", "integrated_time", "power_spectrum"],
    "switching": ["switch"],
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
