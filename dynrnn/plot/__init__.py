"""Figures: ``(data, ax=None) -> Axes``, one style, no computation. What is drawn is in the data, and nothing else is."""

from dynrnn.plot.basins import basins, fractions
from dynrnn.plot.bifurcation import branches, orbit_diagram
from dynrnn.plot.choices import psychometric
from dynrnn.plot.errors import dots, horizon_errors
from dynrnn.plot.fixed_points import fixed_points
from dynrnn.plot.phase import phase_portrait, trajectory
from dynrnn.plot.populations import activity, raster
from dynrnn.plot.series import forecast
from dynrnn.plot.style import COLORS, figure, save, style
from dynrnn.plot.views import delay_embedding, poincare_section, power_spectrum, recurrence_plot, return_map

__all__ = [
    "COLORS",
    "activity",
    "basins",
    "branches",
    "delay_embedding",
    "dots",
    "figure",
    "fixed_points",
    "forecast",
    "fractions",
    "horizon_errors",
    "orbit_diagram",
    "phase_portrait",
    "poincare_section",
    "power_spectrum",
    "psychometric",
    "raster",
    "recurrence_plot",
    "return_map",
    "save",
    "style",
    "trajectory",
]
