"""Figures: ``(data, ax=None) -> Axes``, one style, no computation. What is drawn is in the data, and nothing else is."""

from dynrnn.plot.basins import basins, fractions
from dynrnn.plot.bifurcation import branches, orbit_diagram
from dynrnn.plot.bifurcation_curves import bifurcation_curves
from dynrnn.plot.choices import psychometric
from dynrnn.plot.curve import curve
from dynrnn.plot.densities import densities
from dynrnn.plot.errors import dots, horizon_errors
from dynrnn.plot.exponents import convergence, exponents
from dynrnn.plot.fixed_points import fixed_points
from dynrnn.plot.landmarks import landmarks
from dynrnn.plot.phase import phase_portrait, trajectory
from dynrnn.plot.phase_line import phase_line
from dynrnn.plot.populations import activity, raster
from dynrnn.plot.resilience import return_time, transitions
from dynrnn.plot.series import forecast
from dynrnn.plot.stability import eigenvalues
from dynrnn.plot.style import COLORS, figure, save, style
from dynrnn.plot.tipping import tipping
from dynrnn.plot.variance import autocorrelation, components, correlation_sum
from dynrnn.plot.views import delay_embedding, poincare_section, power_spectrum, recurrence_plot, return_map

__all__ = [
    "COLORS",
    "activity",
    "autocorrelation",
    "basins",
    "bifurcation_curves",
    "branches",
    "components",
    "convergence",
    "correlation_sum",
    "curve",
    "delay_embedding",
    "densities",
    "dots",
    "eigenvalues",
    "exponents",
    "figure",
    "fixed_points",
    "forecast",
    "fractions",
    "horizon_errors",
    "landmarks",
    "orbit_diagram",
    "phase_line",
    "phase_portrait",
    "poincare_section",
    "power_spectrum",
    "psychometric",
    "raster",
    "recurrence_plot",
    "return_map",
    "return_time",
    "save",
    "style",
    "tipping",
    "trajectory",
    "transitions",
]
