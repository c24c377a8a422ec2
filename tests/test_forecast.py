"""`ReservoirForecaster`: what it forecasts, how it carries on, its labels, its intervals, and what bad input is told."""

import json
import re
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import dynrnn as dr
from dynrnn.forecast import ReservoirForecaster
from dynrnn.forecast._clock import Clock
from dynrnn.run import Diverged, Run

UNITS = 30


def model(**options):
    return ReservoirForecaster(UNITS, **options)


def wave(rows=200, noise=0.0, features=None):
    rng = np.random.default_rng(0)
    k = np.arange(rows) if features is None else np.arange(rows)[:, None] + np.arange(features)
    return np.sin(0.3 * k) + 0.5 * np.cos(0.11 * k) + noise * rng.standard_normal(k.shape)


def point(forecaster, steps=7, X=None):
    return forecaster.forecast(steps, X, quantiles=None).forecast.values


# ------------------------------------------------------------------------------------------------------ the model


def test_forecast_is_the_closed_loop_written_out():
    y = wave(noise=0.1)
    X = np.cos(0.2 * np.arange(207))
    fitted = model(leak=0.8).fit(y, X[:200])
    W, W_in, b = fitted.esn_.W.to_array(), fitted.esn_.W_in.to_array(), fitted.esn_.bias
    W_out, b_out = fitted.readout_.W_out, fitted.readout_.b
    z, v = (y - y.mean()) / y.std(), (X - X[:200].mean()) / X[:200].std()
    x, before, read = np.zeros(UNITS), 0.0, []
    for k in range(207):
        x = 0.2 * x + 0.8 * np.tanh(W @ x + W_in @ [v[k], before] + b)
        guess = (W_out @ x + b_out).item()
        read.append(guess)
        before = z[k] if k < 200 else guess
    assert np.allclose(point(fitted, X=X[200:]), np.array(read[200:]) * y.std() + y.mean(), rtol=0, atol=1e-9)
    assert np.allclose(fitted.one_step(y, X[:200]), np.array(read[:200]) * y.std() + y.mean(), rtol=0, atol=1e-9)


def test_readout_is_ridge_regression_on_the_states_after_the_washout():
    y = wave(noise=0.1)
    fitted = model(alpha=0.1, washout=20).fit(y)
    z = (y - y.mean()) / y.std()
    u = np.concatenate([[0.0], z[:-1]])[None, :, None]
    states = np.concatenate([rows[:, :, 0] for rows, _ in Run(fitted.esn_, np.zeros((1, UNITS))).rows(200, u)])
    direct = dr.Ridge(0.1).fit(states[20:], z[20:])
    assert np.allclose(fitted.readout_.W_out, direct.W_out, atol=1e-10)
    assert np.array_equal(fitted.state_[0], states[-1])


def test_a_noiseless_wave_is_continued():
    y = wave(500)
    assert np.abs(point(ReservoirForecaster().fit(y[:460]), 40) - y[460:]).max() < 0.1


def test_states_are_streamed():
    y = wave(20_000, noise=0.1)
    ReservoirForecaster(500).fit(y[:1000])
    tracemalloc.start()
    ReservoirForecaster(500).fit(y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6, "all states would be 80 MB"


def test_fit_twice_is_fit_once_and_the_global_generator_is_left_alone():
    np.random.seed(3)
    expected = np.random.RandomState(3).random()
    y, other = wave(noise=0.1), wave(150)
    once, twice = model().fit(y), model().fit(other).fit(y)
    assert once.forecast(5).identical(twice.forecast(5))
    assert once.forecast(5).identical(once.forecast(5))
    assert np.random.random() == expected


def test_seeds_make_the_difference():
    y = wave(noise=0.1)
    first = point(model(random_state=1).fit(y))
    assert np.array_equal(first, point(model(random_state=1).fit(y)))
    assert not np.array_equal(first, point(model(random_state=2).fit(y)))
    fresh = model(random_state=None)
    assert not np.array_equal(point(fresh.fit(y)), point(fresh.fit(y)))
    assert np.array_equal(
        point(model(random_state=np.random.default_rng(5)).fit(y)), point(model(random_state=np.random.default_rng(5)).fit(y))
    )


def test_update_goes_on_bit_for_bit_as_if_the_rows_had_been_there():
    y = wave(noise=0.1)
    X = np.cos(0.2 * np.arange(200))
    whole, pieces = model(n_members=2).fit(y[:150], X[:150]), model(n_members=2).fit(y[:150], X[:150])
    whole.update(y[150:], X[150:])
    for rows in (slice(150, 151), slice(151, 180), slice(180, 200)):
        pieces.update(y[rows], X[rows])
    z, v = (y - y[:150].mean()) / y[:150].std(), (X - X[:150].mean()) / X[:150].std()
    run = Run(whole.esn_, np.zeros((1, UNITS)))
    for _ in run.rows(200, np.stack([v, np.concatenate([[0.0], z[:-1]])], axis=1)[None]):
        pass
    assert np.array_equal(whole.state_, run.state) and np.array_equal(pieces.state_, run.state)
    assert np.array_equal(point(whole, X=X[:7]), point(pieces, X=X[:7]))


def test_a_longer_forecast_begins_like_a_shorter_one():
    fitted = model(n_members=2).fit(wave(noise=0.1))
    short, long = fitted.forecast(5), fitted.forecast(12)
    for name in ("forecast", "members", "quantiles"):
        assert np.array_equal(short[name], long[name].isel(time=slice(5)))


def test_members_fitted_late_are_the_members_fitted_at_once():
    y = wave(noise=0.1)
    late = model().fit(y[:150]).update(y[150:180]).update(y[180:])
    early = model(n_members=3).fit(y[:150]).update(y[150:])
    assert late.forecast(5, n_members=3).members.identical(early.forecast(5).members)
    assert late.forecast(5).sizes["member"] == 1


def test_constant_features_and_constant_series():
    assert np.allclose(point(model().fit(np.full(50, 3.0))), 3.0)
    y = np.stack([wave(noise=0.1), np.full(200, -2.0)], axis=1)
    assert np.allclose(point(model().fit(y))[:, 1], -2.0)


@pytest.mark.parametrize(("name", "series"), [("sqrt", wave(noise=0.1) ** 2), ("log", np.exp(wave(noise=0.1)))])
def test_transformations_keep_forecasts_and_intervals_in_range(name, series):
    forecast = model(transformation=name).fit(series).forecast(30)
    assert forecast.quantiles.min() >= 0
    assert np.isfinite(forecast.quantiles).all()


# --------------------------------------------------------------------------------------------------- many series


def test_one_series_in_a_list_is_that_series():
    y = wave(noise=0.1)
    one, many = model().fit(y), model().fit([y])
    assert np.allclose(point(one), point(many)[0], atol=1e-12)


def test_pieces_of_different_length_share_a_readout():
    y = wave(300, noise=0.1)
    pieces = [y[:120], y[140:200], y[220:]]
    fitted = model(alpha=0.1, washout=10).fit(pieces)
    forecast = fitted.forecast(4)
    assert forecast.forecast.dims == ("series", "step") and forecast.time.values[:, 0].tolist() == [120, 60, 80]
    assert forecast.quantiles.dims == ("quantile", "series", "step")
    z, scale = np.concatenate(pieces), fitted.y_scale_
    assert np.allclose(scale.mean, z.mean())
    runs, targets = [], []
    for piece in pieces:
        v = scale.forward(piece)
        u = np.concatenate([[0.0], v[:-1]])[None, :, None]
        states = np.concatenate([rows[:, :, 0] for rows, _ in Run(fitted.esn_, np.zeros((1, UNITS))).rows(len(piece), u)])
        runs.append(states)
        targets.append(v)
    assert np.allclose(fitted.readout_.W_out, dr.Ridge(0.1).fit(runs, targets, washout=10).W_out, atol=1e-8)
    fitted.update([y[120:125], y[200:205], y[:5]])
    assert fitted.forecast(1).time.values.tolist() == [[125], [65], [85]]


def test_stacked_series_padded_with_nan_are_the_list():
    long, short = wave(100, 0.1), wave(80, 0.1)
    padded = np.full((2, 100, 1), np.nan)
    padded[0, :, 0], padded[1, :80, 0] = long, short
    assert np.array_equal(point(model().fit(padded))[..., 0], point(model().fit([long, short])))


# -------------------------------------------------------------------------------------------------------- labels


@pytest.mark.parametrize(
    ("stamps", "wanted"),
    [
        (pd.date_range("1801-01-01", periods=60, freq=pd.offsets.YearBegin()), ["1861-01-01", "1862-01-01", "1863-01-01"]),
        (pd.date_range("2001-01-31", periods=60, freq=pd.offsets.MonthEnd()), ["2006-01-31", "2006-02-28", "2006-03-31"]),
        (pd.date_range("2001-01-01", periods=60, freq="MS"), ["2006-01-01", "2006-02-01", "2006-03-01"]),
        (
            pd.date_range("2001-01-15 06:00", periods=60, freq=pd.DateOffset(months=3)),
            ["2016-01-15T06", "2016-04-15T06", "2016-07-15T06"],
        ),
        (pd.date_range("2001-01-01", periods=60, freq="B"), ["2001-03-26", "2001-03-27", "2001-03-28"]),
        (pd.date_range("2001-01-06", periods=60, freq="7D"), ["2002-03-02", "2002-03-09", "2002-03-16"]),
        (pd.period_range("2001-01", periods=60, freq="M"), ["2006-01-01", "2006-02-01", "2006-03-01"]),
        (pd.date_range("2001-01-01", periods=60, freq="MS").strftime("%Y-%m-%d"), ["2006-01-01", "2006-02-01", "2006-03-01"]),
        (np.arange(60) * 0.0005, [0.03, 0.0305, 0.031]),
        (np.arange(1801, 1861), [1861, 1862, 1863]),
        (np.arange(60).astype("timedelta64[s]"), [60, 61, 62]),
    ],
)
def test_time_stamps_go_on(stamps, wanted):
    clock = Clock.of("y", np.asarray(stamps) if not hasattr(stamps, "to_timestamp") else stamps.to_timestamp().to_numpy(), 60)
    wanted = np.array(wanted, "datetime64[ns]") if isinstance(wanted[0], str) else np.array(wanted)
    wanted = wanted.astype("timedelta64[s]") if clock.kind == "duration" else wanted
    got = clock.following(3)
    assert np.allclose(got, wanted, atol=1e-12) if clock.kind == "number" else np.array_equal(got, wanted)
    assert Clock(**json.loads(json.dumps(clock.to_dict()))) == clock
    series = pd.Series(wave(60), index=stamps)
    fitted = model().fit(series)
    later = fitted.forecast(3).time.values
    assert np.array_equal(later, got)
    fitted.update(pd.Series(wave(2), index=later[:2]))
    assert np.array_equal(fitted.forecast(1).time.values, got[2:]) or np.allclose(fitted.forecast(1).time.values, got[2:])


def test_labels_come_back():
    stamps = pd.date_range("2001-01-01", periods=80, freq="D")
    frame = pd.DataFrame(wave(80, 0.1, features=2), index=stamps, columns=["north", "south"])
    array = xr.DataArray(
        frame.values.T, {"feature": ["north", "south"], "time": stamps}, ("feature", "time"), attrs={"units": "K"}
    )
    for given in (frame, array):
        forecast = model(n_members=2).fit(given).forecast(3)
        assert forecast.forecast.dims == ("time", "feature") and forecast.feature.values.tolist() == ["north", "south"]
        assert forecast.quantiles.dims == ("quantile", "time", "feature")
        assert forecast.members.dims == ("member", "time", "feature")
        assert forecast.time.values[0] == np.datetime64("2001-03-22")
        assert forecast["quantile"].values.tolist() == [0.05, 0.5, 0.95]
    assert forecast.forecast.attrs == {"units": "K"}
    assert np.allclose(point(model().fit(frame)), point(model().fit(array)))
    assert isinstance(model().fit(array).one_step(array.T), xr.DataArray)
    assert json.loads(forecast.attrs["parameters"])["units"] == UNITS


def test_rows_without_stamps_count_on():
    assert model().fit(wave(60)).forecast(2).time.values.tolist() == [60, 61]


# ----------------------------------------------------------------------------------------------------- intervals


def test_intervals_of_an_autoregression_hold_what_they_promise():
    """At each step of an AR(2) the 90 % interval of 374 origins holds about 90 % of what came, and widens like the truth."""
    rng = np.random.default_rng(1)
    y = np.zeros(4000)
    for k in range(2, y.size):
        y[k] = 1.6 * y[k - 1] - 0.9 * y[k - 2] + rng.standard_normal()
    fitted = ReservoirForecaster(UNITS, n_members=2, input_scaling=0.1).fit(y[:1000])
    inside, width, steps = [], [], 8
    for origin in range(1000, 3992, 8):
        forecast = fitted.forecast(steps)
        low, high = forecast.quantiles.values[[0, 2]]
        inside.append((y[origin : origin + steps] > low) & (y[origin : origin + steps] < high))
        width.append(high - low)
        fitted.update(y[origin : origin + 8])
    weights = [1.0, 1.6]
    for _ in range(steps - 2):
        weights.append(1.6 * weights[-1] - 0.9 * weights[-2])
    exact = 2 * 1.6449 * np.sqrt(np.cumsum(np.square(weights)))
    assert 0.84 < np.mean(inside) < 0.96
    assert np.allclose(np.mean(width, axis=0) / exact, 1.0, atol=0.15)


def test_one_step_errors_are_those_of_leaving_the_row_out():
    y = wave(60, noise=0.3)
    fitted = model(alpha=0.5, washout=5).fit(y)
    z = (y - y.mean()) / y.std()
    u = np.concatenate([[0.0], z[:-1]])[None, :, None]
    states = np.concatenate([rows[:, :, 0] for rows, _ in Run(fitted.esn_, np.zeros((1, UNITS))).rows(60, u)])[5:]
    z = z[5:]
    left_out = []
    for k in range(len(z)):
        rest = np.arange(len(z)) != k
        left_out.append(z[k] - dr.Ridge(0.5).fit(states[rest], z[rest]).predict(states[k : k + 1])[0])
    assert np.allclose(fitted.members_[0].residuals[:, 0], left_out - np.mean(left_out), atol=1e-8)


def test_quantiles_are_ordered_and_optional():
    fitted = model().fit(wave(noise=0.2))
    forecast = fitted.forecast(5, quantiles=(0.9, 0.1))
    assert (forecast.quantiles.sel(quantile=0.9) > forecast.quantiles.sel(quantile=0.1)).all()
    assert "quantiles" not in fitted.forecast(5, quantiles=None)


# ------------------------------------------------------------------------------------------------------- storage


def test_a_stored_forecaster_forecasts_bit_for_bit_the_same(tmp_path):
    stamps = pd.date_range("1990-01-01", periods=100, freq="MS")
    y = pd.DataFrame(1 + wave(100, 0.1, features=2) ** 2, index=stamps, columns=["a", "b"])
    X = pd.Series(np.cos(np.arange(105)), index=pd.date_range("1990-01-01", periods=105, freq="MS"))
    fitted = model(n_members=2, transformation="sqrt", alpha=(0.1, 1.0), random_state=np.random.default_rng(4)).fit(
        y[:90], X[:90]
    )
    fitted.update(y[90:], X[90:100])
    dr.save(tmp_path / "model.nc", fitted)
    loaded = dr.load(tmp_path / "model.nc")
    same = xr.Dataset.equals
    assert same(loaded.forecast(5, X[100:], n_members=3), fitted.forecast(5, X[100:], n_members=3))
    more = y[:1].set_axis(pd.DatetimeIndex(["1998-05-01"]))
    assert same(loaded.update(more, X[100:101]).forecast(4, X[101:]), fitted.update(more, X[100:101]).forecast(4, X[101:]))


def test_a_series_without_exogenous_inputs_is_stored_too(tmp_path):
    fitted = model().fit([wave(60), wave(50)])
    dr.save(tmp_path / "model.nc", fitted)
    assert dr.load(tmp_path / "model.nc").forecast(3).equals(fitted.forecast(3))
    with pytest.raises(ValueError, match=r"data: got a Other, wanted a ReservoirForecaster\."):
        ReservoirForecaster.from_dict({"class": "Other"})


# ----------------------------------------------------------------------------------------------------- bad input

DAYS = pd.date_range("2001-01-01", periods=50, freq="D")


def says(*parts, error=ValueError):
    return pytest.raises(error, match=r"(?s)" + ".*".join(map(re.escape, parts)))


@pytest.mark.parametrize(
    ("y", "parts"),
    [
        (wave(50, features=3).T, ("y: got shape (3, 50)", "more rows (time)", "The axes look swapped: pass y.T.")),
        (np.where(np.arange(50) == 7, np.nan, wave(50)), ("y: got nan at index 7", "finite", "interpolate")),
        (np.where(np.arange(50) == 9, np.inf, wave(50)), ("y: got inf at index 9",)),
        ([], ("y: got 0 sample(s)", "at least one row")),
        ([1.0], ("y: got shape (1, 1): 1 sample(s)", "Fit a longer series")),
        (np.zeros((2, 3, 4, 5)), ("y: got shape (2, 3, 4, 5)", "1 or 2 dimension(s)", "Axis 0 is time")),
        ([wave(50), np.zeros((50, 2))], ("y[1]: got 2 feature(s), wanted 1, as y[0] has",)),
        ([pd.Series(wave(50), DAYS), wave(50)], ("stamps of different kinds (datetime, row)", "the same kind in all series")),
        ([wave(50), wave(1)], ("y: got a series of 1 sample(s)", "at least 2 rows")),
        (pd.Series(wave(50), DAYS[::-1]), ("time stamps of y", "in row 1 after", "stamps that increase", "Sort the rows")),
        (
            pd.Series(wave(49), DAYS.delete(20)),
            ("time stamps of y", "2 days", "2001-01-20", "1 days everywhere", "Fill"),
        ),
        (pd.Series(wave(49), np.delete(np.arange(50), 30)), ("time stamps of y", "a step of 2 after 29 (row 29)")),
        (pd.Series(wave(50), DAYS.tz_localize("UTC")), ("time zone UTC", "tz_localize(None)")),
        (pd.Series(wave(50), [f"{d.day}/{d.month}" for d in DAYS]), ("time stamps of y", "'1/1'", "ISO dates", "to_datetime")),
        (pd.DataFrame({"a": wave(50), "place": "here"}), ("y: got non-numeric column(s) place", "Columns: a, place")),
        (xr.Dataset({"a": ("time", wave(50))}), ("y: got a Dataset", "y['a']")),
        (["a", "b"], ("y: got <U1 values", "an array of numbers")),
    ],
)
def test_bad_series_are_told_what_is_wrong(y, parts):
    with says(*parts, error=(ValueError, TypeError)):
        model().fit(y)


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"washout": 60}, ("washout: got 60", "less than the 60 rows of y", "Shorten it")),
        ({"washout": 59}, ("data: got 1 sample(s) after the washout", "at least 2", "shorten the washout")),
        ({"washout": -1}, ("washout: got -1", ">= 0")),
        ({"alpha": -1.0}, ("alpha: got -1", "alpha penalises")),
        ({"alpha": [1.0, -2.0]}, ("alpha: got -2 among the candidates",)),
        ({"alpha": "gvc"}, ("alpha: got 'gvc'", "Did you mean 'gcv'?")),
        ({"leak": 0.0}, ("leak: got 0", "1 means no leak")),
        ({"leak": 1.5}, ("leak: got 1.5",)),
        ({"units": 0}, ("units: got 0", ">= 1")),
        ({"spectral_radius": -0.5}, ("spectral_radius: got -0.5",)),
        ({"input_scaling": [1.0, 2.0]}, ("input_scaling: got 2 values", "one per input column")),
        ({"topology": "rings"}, ("topology: got 'rings'", "Did you mean 'ring'?")),
        ({"activation": "tan"}, ("activation: got 'tan'", "Did you mean 'tanh'?")),
        ({"transformation": "square"}, ("transformation: got 'square'", "'sqrt'")),
        ({"transformation": "log"}, ("y: got -1.", "values > 0", "Shift the series")),
        ({"n_members": 0}, ("n_members: got 0",)),
        ({"random_state": -1}, ("random_state: got -1",)),
    ],
)
def test_bad_hyper_parameters_are_told_what_is_wrong(options, parts):
    with says(*parts, error=(ValueError, TypeError)):
        ReservoirForecaster(**{"units": UNITS, **options}).fit(wave(60))


def test_bad_exogenous_inputs_are_told_what_is_wrong():
    y, X = wave(50), np.ones((50, 2))
    with says("X: got 49 rows, wanted 50, as y has"):
        model().fit(y, X[:49])
    with says("X: got 2 rows, wanted 50", "The axes look swapped: pass X.T."):
        model().fit(y, X.T)
    with says("time stamps of X: got 2001-01-02", "as y has"):
        model().fit(pd.Series(y, DAYS), pd.Series(y, DAYS + pd.Timedelta("1D")))
    fitted = model().fit(y, X)
    with says("X: got nothing, wanted (time, 2)"):
        fitted.forecast(3)
    with says("X: got 2 rows, wanted 3"):
        fitted.forecast(3, X[:2])
    with says("X: got shape (3, 1), wanted (time, 2), as in fit"):
        fitted.forecast(3, X[:3, 0])
    with says("X: got exogenous inputs, wanted nothing"):
        model().fit(y).forecast(3, X[:3])
    with says("X: got one series, wanted 2 series"):
        model().fit([y, y], y)


def test_bad_requests_are_told_what_is_wrong():
    fitted = model().fit(pd.Series(wave(50), DAYS))
    with says("steps: got 0", "It is the horizon"):
        fitted.forecast(0)
    with says("quantiles: got (0.0, 0.5)", "numbers in (0, 1)"):
        fitted.forecast(2, quantiles=(0.0, 0.5))
    with says("n_members: got 0"):
        fitted.forecast(2, n_members=0)
    with says("time stamps of y: got 2001-02-21", "in row 0", "2001-02-20", "the next one due"):
        fitted.update(pd.Series([1.0], pd.DatetimeIndex(["2001-02-21"])))
    with says("y: got shape (3, 2), wanted (time, 1), as in fit"):
        fitted.update(np.ones((3, 2)))
    with says("y: got 2 series, wanted one series"):
        fitted.update([wave(3), wave(3)])
    failed = model(alpha=-1.0)
    with says("alpha: got -1"):
        failed.fit(wave(50))
    for unfitted in (model(), failed):
        with says("ReservoirForecaster: got no data yet", "Call fit first"):
            unfitted.forecast(1)


def test_a_loop_that_diverges_says_when_and_keeps_what_it_has():
    y = 1.5 ** np.arange(40)
    fitted = model(activation="identity", bias_scaling=0.0, alpha=1e-6).fit(y)
    with np.errstate(all="ignore"), pytest.raises(Diverged, match="not finite after step") as caught:
        fitted.forecast(5000, quantiles=None)
    kept = caught.value.result
    assert 0 < kept.sizes["time"] <= caught.value.step and np.isfinite(kept.forecast).all()


PAIR = pd.DataFrame(wave(60, 0.1, features=2), columns=["a", "b"])


def test_swapped_and_renamed_columns_are_refused():
    swapped, y = PAIR[["b", "a"]], wave(60)
    for fitted in (model().fit(PAIR), ReservoirForecaster.from_dict(model().fit(PAIR).to_dict())):
        for call in (fitted.update, fitted.one_step, fitted.score):
            with says("y: got columns ['b', 'a'], wanted ['a', 'b'], as in fit.", "Pass y[['a', 'b']]."):
                call(swapped[:3])
        with says("y: got columns ['a', 'c']", "Rename the columns"):
            fitted.update(PAIR[:3].rename(columns={"b": "c"}))
    driven = model().fit(y, PAIR)
    with says("X: got columns ['b', 'a'], wanted ['a', 'b'], as in fit.", "Pass X[['a', 'b']]."):
        driven.forecast(3, swapped[:3])
    with says("y[1]: got columns ['b', 'a'], wanted ['a', 'b'], as y[0] has."):
        model().fit([PAIR, swapped])
    numbered = pd.DataFrame(PAIR[:3].to_numpy(), index=range(60, 63))
    assert np.array_equal(
        point(model().fit(PAIR).update(PAIR[:3].to_numpy())),
        point(model().fit(PAIR).update(numbered)),
    )
    with says("y: got columns [1, 0], wanted [0, 1]"):
        model().fit(PAIR.to_numpy() @ np.eye(2)).fit(pd.DataFrame(PAIR.to_numpy())).update(numbered[[1, 0]])


@pytest.mark.parametrize("scale", [1e300, 1e-300])
def test_the_unit_of_a_series_does_not_matter(scale):
    y = wave(noise=0.1)
    assert np.allclose(point(model().fit(y * scale)) / scale, point(model().fit(y)), rtol=1e-6)
    assert np.allclose(point(model().fit(y, y * scale), X=y[:7] * scale), point(model().fit(y, y), X=y[:7]), rtol=1e-6)


def test_series_near_the_largest_float_are_refused():
    with says("y: got values as large as 1e+308, wanted at most 1e+307 in size. Rescale them."):
        model().fit(np.where(np.arange(50) % 2, 1e308, 0.0))
    with says("X: got values as large as 1e+308"):
        model().fit(wave(50), np.full(50, 1e308))


def test_alpha_may_be_a_number_and_says_so():
    with says("alpha: got 'x', wanted a number >= 0, a list of such numbers, or 'gcv'"):
        model(alpha="x").fit(wave(50))
