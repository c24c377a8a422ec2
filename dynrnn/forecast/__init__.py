"""Forecasting, regression and classification of time series by reservoirs, as scikit-learn estimators."""

from dynrnn.forecast import baselines
from dynrnn.forecast.backtest import backtest, rolling_origins
from dynrnn.forecast.classifier import ReservoirClassifier
from dynrnn.forecast.forecaster import ReservoirForecaster
from dynrnn.forecast.regressor import ReservoirRegressor
from dynrnn.forecast.tuning import tune

__all__ = ["ReservoirClassifier", "ReservoirForecaster", "ReservoirRegressor", "backtest", "baselines", "rolling_origins", "tune"]
