"""Questions to a dynamical system and to data, one file each. Names load when first used."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "continuation": ["continuation"],
    "covariant": ["covariant_vectors"],
    "fixed_points": ["fixed_points"],
    "largest": ["largest_exponent"],
    "lyapunov": ["kaplan_yorke", "lyapunov_spectrum"],
    "mean_field": ["mean_field_flow", "mean_field_map"],
    "psychometric": ["psychometric_curve", "psychometric_fit"],
    "reaction": ["reaction_times"],
    "switching": ["switch"],
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
