"""Forecasting, regression and classification of time series by reservoirs, as scikit-learn estimators."""

from dynrnn.forecast.forecaster import ReservoirForecaster

__all__ = ["ReservoirForecaster"]
