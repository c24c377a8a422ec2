"""Baselines against their formulas, rolling origins that never look ahead, and the choice of hyper-parameters."""

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from dynrnn.forecast import ReservoirForecaster, backtest, baselines, rolling_origins, tune
from dynrnn.forecast.tuning import _gain
from dynrnn.tasks import datasets

SMALL = ReservoirForecaster(30)


def wave(rows=160, noise=0.1):
    k = np.arange(rows)
    return 2 + np.sin(0.3 * k) + noise * np.random.default_rng(0).standard_normal(rows)


# ------------------------------------------------------------------------------------------------------ baselines


def test_baselines_are_their_formulas():
    y = np.array([[2.0, 0.0], [4.0, 1.0], [3.0, 5.0], [8.0, 3.0]])
    assert baselines.naive(y, 2).tolist() == [[8, 3], [8, 3]]
    assert baselines.seasonal_naive(y, 5, 3)[:, 0].tolist() == [4, 3, 8, 4, 3]
    assert baselines.drift(y, 2).tolist() == [[10, 4], [12, 5]]


def test_autoregression_recovers_what_made_the_series():
    rng = np.random.default_rng(2)
    y = np.zeros(4000)
    for k in range(2, y.size):
        y[k] = 0.5 + 1.2 * y[k - 1] - 0.6 * y[k - 2] + rng.standard_normal()
    c, a = baselines.fit_autoregressive(y[100:])
    assert len(a) >= 2
    assert np.allclose([c, *a[:2]], [0.5, 1.2, -0.6], atol=0.08) and np.all(np.abs(a[2:]) < 0.06)
    forecast, rows = baselines.autoregressive(y[:, None], 3)[:, 0], y[::-1][: len(a)]
    c, a = baselines.fit_autoregressive(y)
    rows = list(y[::-1][: len(a)])
    for value in forecast:
        assert np.isclose(value, c + np.dot(a, rows[: len(a)]))
        rows.insert(0, value)


def test_autoregression_of_short_and_constant_series():
    assert np.allclose(baselines.autoregressive(np.array([[1.0], [2.0], [1.5]]), 2), 1.5)
    assert np.allclose(baselines.autoregressive(np.full((30, 1), 4.0), 3), 4.0)


# ------------------------------------------------------------------------------------------------- rolling origins


def test_origins():
    assert rolling_origins(309, 11, 8).tolist() == list(range(221, 309, 11))
    assert rolling_origins(100, 10, 3, stride=2).tolist() == [86, 88, 90]


def test_report_is_what_forecasting_by_hand_gives():
    y = wave()
    report = backtest(y, 5, 3, model=SMALL, season=21)
    assert report.model.values.tolist() == ["reservoir", "naive", "seasonal_naive", "drift", "autoregressive"]
    assert report.origin.values.tolist() == [145, 150, 155]
    for fold, origin in enumerate(report.origin.values):
        past, truth = y[:origin], y[origin : origin + 5]
        ours = ReservoirForecaster(30).fit(past).forecast(5, quantiles=None).forecast
        wanted = [ours, *(f(past[:, None], 5).ravel() for f in (baselines.naive, baselines.drift, baselines.autoregressive))]
        wanted.insert(2, past[-21:-16])
        assert np.allclose(report.forecast[:, fold], wanted)
        assert np.array_equal(report.truth[fold], truth)
    error = report.forecast - report.truth
    assert np.allclose(report.mae, np.abs(error).mean("fold"))
    assert np.allclose(report.rmse, np.sqrt((error**2).mean("fold")))
    spread = xr.DataArray([y[:o].std() for o in report.origin.values], dims="fold")
    assert np.allclose(report.nrmse, np.sqrt(((error / spread) ** 2).mean("fold")))


def test_the_future_does_not_reach_the_forecast():
    y = wave()
    changed = np.concatenate([y[:150], 100 + y[150:]])
    one, other = backtest(y, 5, 2, model=SMALL), backtest(changed, 5, 2, model=SMALL)
    assert np.array_equal(one.forecast.isel(fold=0), other.forecast.isel(fold=0))


def test_without_refit_the_model_is_updated():
    y, X = wave(), np.cos(np.arange(160))
    report = backtest(y, 5, 3, X, model=SMALL, refit=False)
    fitted = ReservoirForecaster(30).fit(y[:145], X[:145]).update(y[145:155], X[145:155])
    assert np.allclose(report.forecast.sel(model="reservoir", fold=2), fitted.forecast(5, X[155:], quantiles=None).forecast)


def test_method_and_function_agree_and_leave_the_model_alone():
    y = pd.DataFrame({"a": wave(), "b": wave()[::-1]}, index=pd.date_range("2001", periods=160, freq="MS"))
    fitted = ReservoirForecaster(30).fit(y)
    before = fitted.forecast(2)
    report = fitted.backtest(y, 4, 2)
    assert report.identical(backtest(y, 4, 2, model=SMALL))
    assert fitted.forecast(2).identical(before)
    assert report.mae.dims == ("model", "horizon", "feature") and report.feature.values.tolist() == ["a", "b"]
    assert report.time.values[-1, -1] == np.datetime64("2014-04-01")
    named = backtest(y, 4, 2, model={"one": SMALL, "two": SMALL})
    assert named.model.values.tolist()[:2] == ["one", "two"]


def test_the_season_of_a_dataset_is_known():
    y = xr.DataArray(wave(), dims="time", attrs={"season": 21})
    assert "seasonal_naive" in backtest(y, 3, 2, model=SMALL).model
    assert "seasonal_naive" not in backtest(wave(), 3, 2, model=SMALL).model


# -------------------------------------------------------------------------------------------------------- tuning


def test_rolling_forecasts_are_those_of_updating():
    y = wave()[:, None]
    fitted = ReservoirForecaster(30, n_members=2, transformation="sqrt").fit(y[:100])
    rolled = fitted._roll(y[100:], np.empty((60, 0)), 5, 20)
    for guess, origin in zip(rolled, range(100, 160, 20), strict=True):
        assert np.allclose(guess, fitted.forecast(5, quantiles=None).forecast, rtol=0, atol=1e-12)
        fitted.update(y[origin : origin + 20])


def test_tune_finds_what_works_and_says_what_it_tried():
    best, table = tune(wave(noise=0.02), 6, model=SMALL, grid={"leak": [1.0, 0.01], "spectral_radius": [0.9, 0.0]})
    assert best.leak == 1.0 and best.units == 30 and not hasattr(best, "seed_")
    assert table.score.values.tolist() == sorted(table.score.values)
    assert set(table.data_vars) == {"score", "stretch_score", "leak", "spectral_radius", "chosen"}
    assert table.chosen.sum() == 1
    assert np.allclose(table.score, table.stretch_score.mean("stretch"))


def test_a_gain_within_its_standard_error_is_none():
    old = np.array([1.0, 2.0, 1.0, 2.0])
    assert _gain(old, old - [0.3, -0.2, 0.1, -0.1]) < 0 < _gain(old, old - [0.3, 0.2, 0.1, 0.2])
    assert _gain(old, np.array([np.inf])) == -np.inf and _gain(np.array([np.inf]), old) == np.inf


def test_tune_over_a_list_takes_the_least_score():
    best, table = tune(wave() ** 2, 6, model=SMALL, grid=[{"leak": 0.01}, {"transformation": "sqrt"}, {"leak": 1.0}])
    assert bool(table.chosen[0]) and best.leak == 1.0
    assert table.transformation.values.tolist().count("sqrt") == 1


def test_tune_drops_what_diverges():
    grid = [{"activation": "identity", "spectral_radius": 30.0, "bias_scaling": 0.0}, {"activation": "tanh"}]
    with np.errstate(all="ignore"):
        best, table = tune(wave(1500), 5, model=SMALL, grid=grid)
    assert best.activation == "tanh" and table.score[-1] == np.inf


# ------------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        (lambda: backtest(wave(), 0), ("horizon: got 0", "number of rows to forecast")),
        (lambda: backtest(wave(), 5, 0), ("folds: got 0",)),
        (lambda: backtest(wave(50), 10, 5), ("y: got 50 rows, wanted more than the 51", "fewer folds")),
        (lambda: backtest([wave(), wave()], 5), ("y: got several series, wanted one", "one by one")),
        (lambda: backtest(wave(), 5, season=0), ("season: got 0", "rows per cycle")),
        (lambda: backtest(wave(), 5, season=200), ("season: got 200", "rows per cycle")),
        (lambda: backtest(wave(), 5, 2, np.ones(100)), ("X: got 100 rows, wanted 160",)),
        (lambda: backtest(np.where(np.arange(160) == 3, np.nan, wave()), 5), ("y: got nan at index 3",)),
        (lambda: tune(wave(), 0), ("horizon: got 0",)),
        (lambda: tune(wave(50), 12), ("y: got 50 rows, wanted at least 60", "Shorten the horizon")),
        (lambda: tune(wave(), 5, grid={"leek": [1.0]}), ("grid: got 'leek'", "Did you mean 'leak'?")),
        (lambda: tune(wave(), 5, grid=[]), ("grid: got no candidates",)),
    ],
)
def test_bad_requests_are_told_what_is_wrong(call, parts):
    with pytest.raises(ValueError, match=".*".join(map(re.escape, parts))):
        call()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"grid": {}}, "grid: got no names, wanted at least one."),
        ({"grid": {"leak": []}}, "grid['leak']: got no candidates, wanted at least one."),
        ({"grid": {"leak": 0.5}}, "grid['leak']: got 0.5, wanted a list of values, such as [0.5]."),
        ({"grid": {"topology": "ring"}}, "grid['topology']: got 'ring', wanted a list of values, such as ['ring']."),
        ({"grid": 3}, "grid: got 3, wanted names with values, or a list of dictionaries."),
        ({"grid": [1.0]}, "grid[0]: got 1.0, wanted a dictionary."),
        ({"grid": [{"leek": 1.0}]}, "grid: got 'leek'"),
        ({"model": 3}, "model: got 3, wanted a ReservoirForecaster."),
    ],
)
def test_what_tune_cannot_search_is_told(options, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        tune(wave(), 5, **options)


def test_autoregression_of_a_short_noisy_series_does_not_explode():
    """The annual flow of the Nile: by plain AIC, the forecast from row 50 has order 16, a root of 1.2, and errors of 1400."""
    y = datasets.nile().values
    forecasts = [baselines.autoregressive(y[:origin, None], 10) for origin in range(20, 91, 10)]
    assert y.min() < np.min(forecasts) and np.max(forecasts) < y.max()
    growth = 1.05 ** np.arange(40)
    assert np.allclose(baselines.autoregressive(growth[:30, None], 10)[:, 0], growth[30:], rtol=1e-6)
