"""The estimators as scikit-learn sees them; the regressor and the classifier by what they compute."""

import copy
import pickle
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import dynrnn as dr
from dynrnn.forecast import ReservoirClassifier, ReservoirForecaster, ReservoirRegressor
from dynrnn.run import Run

UNITS = 30
ESTIMATORS = [ReservoirForecaster, ReservoirRegressor, ReservoirClassifier]


def sequence(rows=200, features=2):
    """Uniform inputs, and a target that remembers: half of the first input two rows ago, plus a quarter of the second squared."""
    u = np.random.default_rng(1).uniform(-1, 1, (rows, features))
    return u, 0.5 * np.roll(u[:, 0], 2) + 0.25 * u[:, -1] ** 2


def waves(count=40, rows=50):
    """Slow, middling and fast waves with noise, and their names."""
    rng = np.random.default_rng(2)
    rates = np.array([0.2, 0.4, 0.8])[np.arange(count) % 3]
    series = np.sin(rates[:, None] * np.arange(rows) + rng.uniform(0, 6, (count, 1))) + 0.1 * rng.standard_normal((count, rows))
    return series, np.array(["slow", "middling", "fast"])[np.arange(count) % 3]


# --------------------------------------------------------------------------------------------------- conformance


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_scikit_learns_own_checks(estimator):
    results = check_estimator(estimator(UNITS), expected_failed_checks=estimator.expected_failed_checks, on_fail=None)
    failed = [f"{one['check_name']}: {one['exception']}" for one in results if one["status"] == "failed"]
    assert not failed
    needless = set(estimator.expected_failed_checks) - {one["check_name"] for one in results if one["status"] == "xfail"}
    assert not needless, "declared as failing, but passed or gone"


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_copies_keep_hyper_parameters_and_what_was_learnt(estimator):
    X, y = waves(12)
    fitted = {
        ReservoirForecaster: lambda: ReservoirForecaster(UNITS, leak=0.7).fit(X[0]),
        ReservoirRegressor: lambda: ReservoirRegressor(UNITS, leak=0.7).fit(X.T, X[0]),
        ReservoirClassifier: lambda: ReservoirClassifier(UNITS, leak=0.7).fit(X, y),
    }[estimator]()
    assert clone(fitted).leak == 0.7 and not hasattr(clone(fitted), "seed_")
    answer = {
        ReservoirForecaster: lambda model: model.forecast(4).forecast.values,
        ReservoirRegressor: lambda model: model.predict(X.T),
        ReservoirClassifier: lambda model: model.decision_function(X),
    }[estimator]
    for twin in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted), estimator.from_dict(fitted.to_dict())):
        assert np.array_equal(answer(twin), answer(fitted))
        assert twin.get_params() == fitted.get_params()


def test_grid_search_over_a_forecaster():
    y = np.sin(0.3 * np.arange(160))
    search = GridSearchCV(ReservoirForecaster(UNITS), {"leak": [0.02, 1.0]}, cv=TimeSeriesSplit(3, test_size=10)).fit(y)
    assert search.best_params_ == {"leak": 1.0} and search.best_score_ > 0.9
    forecaster = ReservoirForecaster(UNITS).fit(y[:150])
    guess = forecaster.forecast(10, quantiles=None).forecast.values
    left = ((y[150:] - guess) ** 2).sum() / ((y[150:] - y[150:].mean()) ** 2).sum()
    assert np.isclose(forecaster.score(y[150:]), 1 - left)


def test_grid_search_over_a_pipeline():
    X, y = sequence()
    pipeline = make_pipeline(StandardScaler(), ReservoirRegressor(UNITS))
    grid = {"reservoirregressor__spectral_radius": [0.1, 0.8], "reservoirregressor__alpha": ["gcv", 1e4]}
    search = GridSearchCV(pipeline, grid, cv=TimeSeriesSplit(3)).fit(X, y)
    assert search.best_params_["reservoirregressor__alpha"] == "gcv" and search.score(X, y) > 0.8
    series, labels = waves(60)
    assert cross_val_score(make_pipeline(StandardScaler(), ReservoirClassifier(UNITS)), series, labels, cv=3).mean() > 0.8


# ----------------------------------------------------------------------------------------------------- regressor


def test_regressor_is_ridge_regression_on_the_states():
    X, y = sequence()
    model = ReservoirRegressor(UNITS, alpha=0.1, washout=7).fit(X, y)
    u, z = (X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std()
    states = np.concatenate([rows[:, :, 0] for rows, _ in Run(model.esn_, np.zeros((1, UNITS))).rows(200, u[None])])
    direct = dr.Ridge(0.1).fit(states, z, washout=7)
    assert np.allclose(model.readout_.W_out, direct.W_out, atol=1e-9)
    assert np.allclose(model.predict(X), direct.predict(states) * y.std() + y.mean(), atol=1e-9)
    assert model.score(X[50:], y[50:]) > 0.8


def test_state_is_passed_never_kept():
    X, y = sequence()
    model = ReservoirRegressor(UNITS).fit(X, y)
    whole, end = model.predict(X, return_state=True)
    first, state = model.predict(X[:80], return_state=True)
    second, last = model.predict(X[80:], state=state, return_state=True)
    assert np.array_equal(end, last)
    assert np.allclose(np.concatenate([first, second]), whole, rtol=0, atol=1e-13)
    assert np.array_equal(model.predict(X), whole)


def test_many_series_share_a_readout():
    X, y = sequence(300)
    pieces, targets = [X[:100], X[100:180], X[180:280]], [y[:100], y[100:180], y[180:280]]
    model = ReservoirRegressor(UNITS, alpha=0.1, washout=5).fit(pieces, targets)
    guesses, ends = model.predict(pieces, return_state=True)
    assert [len(g) for g in guesses] == [100, 80, 100] and ends.shape == (3, UNITS)
    assert np.allclose(guesses[1], model.predict(pieces[1]), atol=1e-12)
    stacked = ReservoirRegressor(UNITS).fit(np.stack(pieces[::2]), np.stack(targets[::2])[..., None])
    assert stacked.predict(np.stack(pieces[::2])).shape == (2, 100, 1)
    assert 0.5 < stacked.score(np.stack(pieces[::2]), np.stack(targets[::2])[..., None]) <= 1


def test_labels_of_a_regressor():
    X, y = sequence()
    days = pd.date_range("2001", periods=200, freq="D")
    given = xr.DataArray(X, {"time": days}, ("time", "feature"))
    out = ReservoirRegressor(UNITS).fit(given, np.stack([y, -y], axis=1)).predict(given)
    assert out.dims == ("time", "output") and np.array_equal(out.time, days)
    frame = pd.DataFrame(X, index=days, columns=["a", "b"])
    model = ReservoirRegressor(UNITS).fit(frame, pd.Series(y, days))
    assert model.feature_names_in_.tolist() == ["a", "b"] and model.predict(frame).shape == (200,)


def test_a_stored_regressor_and_classifier_give_the_same_bits(tmp_path):
    X, y = sequence()
    model = ReservoirRegressor(UNITS).fit(pd.DataFrame(X, columns=["a", "b"]), y)
    dr.save(tmp_path / "regressor.nc", model)
    loaded = dr.load(tmp_path / "regressor.nc")
    assert np.array_equal(loaded.predict(pd.DataFrame(X, columns=["a", "b"])), model.predict(pd.DataFrame(X, columns=["a", "b"])))
    series, labels = waves(30)
    classifier = ReservoirClassifier(UNITS).fit(series, labels)
    dr.save(tmp_path / "classifier.nc", classifier)
    assert np.array_equal(dr.load(tmp_path / "classifier.nc").predict(series), classifier.predict(series))


# ---------------------------------------------------------------------------------------------------- classifier


@pytest.mark.parametrize("pooling", ["mean", "last"])
def test_classifier_reads_the_pooled_states(pooling):
    X, labels = waves()
    model = ReservoirClassifier(UNITS, alpha=0.1, pooling=pooling).fit(X, labels)
    z = (X - X.mean()) / X.std()
    states = np.stack(
        [rows[:, :, 0] for u in z for rows, _ in Run(model.esn_, np.zeros((1, UNITS))).rows(50, u[None, :, None], chunk=50)]
    )
    pooled = states.mean(axis=1) if pooling == "mean" else states[:, -1]
    targets = np.where(labels[:, None] == model.classes_, 1.0, -1.0)
    assert np.allclose(model.decision_function(X), dr.Ridge(0.1).fit(pooled, targets).predict(pooled), atol=1e-8)


def test_classifier_tells_waves_apart_in_every_form():
    X, labels = waves(90)
    matrix = ReservoirClassifier(UNITS).fit(X[:60], labels[:60])
    assert matrix.score(X[60:], labels[60:]) > 0.9
    stacked = ReservoirClassifier(UNITS).fit(X[:60, :, None], labels[:60])
    assert np.array_equal(stacked.decision_function(X[60:, :, None]), matrix.decision_function(X[60:]))
    ragged = [row[: 40 + k % 10] for k, row in enumerate(X)]
    assert ReservoirClassifier(UNITS, washout=5).fit(ragged[:60], labels[:60]).score(ragged[60:], labels[60:]) > 0.9


def test_two_classes_are_decided_by_a_sign():
    X, labels = waves(60)
    X, labels = X[labels != "middling"], labels[labels != "middling"]
    model = ReservoirClassifier(UNITS).fit(X, labels)
    decision = model.decision_function(X)
    assert decision.shape == (len(X),) and model.classes_.tolist() == ["fast", "slow"]
    assert np.array_equal(model.predict(X), np.where(decision > 0, "slow", "fast"))


# ----------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        (lambda X, y: ReservoirRegressor(UNITS).fit(X[:, 0], y), ("X: got shape (200,), wanted (time, feature)", "X[:, None]")),
        (lambda X, y: ReservoirRegressor(UNITS).fit(X, y[:150]), ("y: got 150 rows, wanted 200, as X has",)),
        (lambda X, y: ReservoirRegressor(UNITS).fit(X, y[None]), ("y: got 1 rows, wanted 200", "look swapped: pass y.T.")),
        (
            lambda X, y: ReservoirRegressor(UNITS, washout=200).fit(X, y),
            ("washout: got 200, wanted less than the 200 rows of X",),
        ),
        (lambda X, y: ReservoirRegressor(UNITS).fit(np.where(X > 0.99, np.nan, X), y), ("X: got nan at index (", "interpolate")),
        (
            lambda X, y: ReservoirRegressor(UNITS).fit(X, y).predict(X[:50].T),
            ("X: got shape (2, 50), wanted (time, 2)", "X.T."),
        ),
        (
            lambda X, y: ReservoirRegressor(UNITS).fit(X, y).predict(X, np.zeros(5)),
            ("state: got shape (5,)", "return_state"),
        ),
        (lambda X, y: ReservoirRegressor(UNITS).fit([X, X], [y]), ("y: got 1 series, wanted 2 series, as X has",)),
        (lambda X, y: ReservoirRegressor(UNITS).predict(X), ("ReservoirRegressor: got no data yet", "Call fit first")),
        (lambda X, y: ReservoirClassifier(UNITS).fit(X, y > 2), ("y: got 1 class, wanted at least two",)),
        (lambda X, y: ReservoirClassifier(UNITS).fit(X, (y > 0)[:10]), ("y: got 10 label(s), wanted 200",)),
        (lambda X, y: ReservoirClassifier(UNITS, pooling="median").fit(X, y > 0), ("pooling: got 'median'", "'mean', 'last'")),
        (lambda X, y: ReservoirClassifier(UNITS, washout=2).fit(X, y > 0), ("washout: got 2, wanted less than the 2 rows of X",)),
        (lambda X, y: ReservoirClassifier(UNITS).fit(X[:, 0], y > 0), ("X: got shape (200,), wanted (series, time)", "X[None]")),
        (
            lambda X, y: ReservoirClassifier(UNITS, washout=9).fit([X[:50], X[50:]], [0, 1]).predict([X[:9]]),
            ("X: got a sequence of 9 rows, wanted more than the washout of 9",),
        ),
    ],
)
def test_bad_input_is_told_what_is_wrong(call, parts):
    X, y = sequence()
    with pytest.raises((ValueError, TypeError), match=".*".join(map(re.escape, parts))):
        call(X, y)


def test_swapped_axes_of_the_inputs_are_recognised():
    X, y = sequence(50)
    with pytest.raises(ValueError, match=r"The axes look swapped: pass X\.T\."):
        ReservoirRegressor(UNITS).fit(X.T, y)
    with pytest.raises(ValueError, match=r"y: got 1 rows, wanted 50.*The axes look swapped: pass y\.T\."):
        ReservoirRegressor(UNITS).fit(X, y[None])
