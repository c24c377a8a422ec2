"""Figures: ``(data, ax=None) -> Axes``, one style, no computation. What is drawn is in the data, and nothing else is."""

from dynrnn.plot.choices import psychometric
from dynrnn.plot.errors import dots, horizon_errors
from dynrnn.plot.phase import phase_portrait, trajectory
from dynrnn.plot.populations import activity, raster
from dynrnn.plot.series import forecast
from dynrnn.plot.style import COLORS, figure, save, style

__all__ = [
    "COLORS",
    "activity",
    "dots",
    "figure",
    "forecast",
    "horizon_errors",
    "phase_portrait",
    "psychometric",
    "raster",
    "save",
    "style",
    "trajectory",
]
