"""Signals: their values row by row, their laws at any dt, their streams, their labels, and what bad arguments are told."""

import numpy as np
import pandas as pd
import pytest
import scipy.signal
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import dynrnn as dr
from dynrnn import inputs

CERTAIN = {
    "step": lambda n=200, **o: inputs.step(n * 1e-3, 1e-3, at="20 ms", **o),
    "pulses": lambda n=200, **o: inputs.pulses(n * 1e-3, 1e-3, at=["20 ms", 0.05], width="5 ms", **o),
    "ramp": lambda n=200, **o: inputs.ramp(n * 1e-3, 1e-3, stop=0.05, **o),
    "sine": lambda n=200, **o: inputs.sine(n * 1e-3, 1e-3, frequency="10 Hz", **o),
    "chirp": lambda n=200, **o: inputs.chirp(n * 1e-3, 1e-3, f0=1, f1="40 Hz", **o),
}
RANDOM = {
    "white_noise": lambda n=200, **o: inputs.white_noise(n * 1e-3, 1e-3, **{"amplitude": 0.1, **o}),
    "ornstein_uhlenbeck": lambda n=200, **o: inputs.ornstein_uhlenbeck(n * 1e-3, 1e-3, std=2, tau="20 ms", **o),
    "telegraph": lambda n=200, **o: inputs.telegraph(n * 1e-3, 1e-3, up="50 Hz", down=30, **o),
    "poisson": lambda n=200, **o: inputs.poisson(n * 1e-3, 1e-3, rate="300 Hz", **o),
}
everything = pytest.mark.parametrize("kind", [*CERTAIN, *RANDOM])
random = pytest.mark.parametrize("kind", RANDOM)
ALL = CERTAIN | RANDOM


def near(measured, expected, se):
    """Within three standard errors."""
    assert abs(measured - expected) < 3 * se, f"{measured} is {(measured - expected) / se:.1f} standard errors from {expected}"


# --------------------------------------------------------------------------------------------------- labels and streams


@everything
def test_labels(kind, tmp_path):
    u = ALL[kind](channels=3)
    assert (u.dims, u.shape, u.name, u.attrs["kind"], u.attrs["dt"]) == (("time", "input"), (200, 3), kind, kind, 1e-3)
    np.testing.assert_array_equal(u["time"], np.arange(200) * 1e-3)
    assert u["time"].attrs["units"] == "s" and u.dtype == float and np.isfinite(u).all()
    u.to_netcdf(tmp_path / "u.nc", engine="scipy")
    with xr.open_dataarray(tmp_path / "u.nc", engine="scipy") as back:
        np.testing.assert_array_equal(back, u)
        assert set(back.attrs) == set(u.attrs)


@random
def test_a_seed_fixes_every_bit_and_another_seed_none(kind):
    make = RANDOM[kind]
    assert make(rng=3).identical(make(rng=3)) and make(rng=3).attrs["seed"] == 3
    assert not (make(rng=3) == make(rng=4)).all()
    generator = np.random.default_rng(3)
    first, second = make(rng=generator), make(rng=generator)
    assert first.equals(make(rng=np.random.default_rng(3))) and not first.equals(second) and "seed" not in first.attrs


@random
def test_trials_channels_and_rows_do_not_depend_on_how_many_there_are(kind):
    make = RANDOM[kind]
    many = make(300, channels=4, trials=5, rng=1)
    assert many.dims == ("trial", "time", "input") and many.shape == (5, 300, 4)
    np.testing.assert_array_equal(make(200, channels=2, trials=3, rng=1), many[:3, :200, :2])
    np.testing.assert_array_equal(make(200, channels=2, rng=1), many[0, :200, :2])
    columns = many.values.transpose(0, 2, 1).reshape(20, 300)
    assert len(np.unique(columns, axis=0)) == 20


def test_one_seed_for_everything_gives_different_numbers_everywhere():
    """Noise of two kinds, and the noise of a system, must not be copies of each other where a study has a single seed."""
    white = inputs.white_noise(1, 0.001, amplitude=0.001**0.5, rng=7).values[:, 0]
    ou = inputs.ornstein_uhlenbeck(1, 0.001, std=1, tau=1e-6, rng=7).values[:, 0]
    own = dr.trial_streams(7, 1)[0].spawn(1)[0].standard_normal(1000)
    for a, b in [(white, ou), (white, own), (ou, own)]:
        near(np.mean(a * b), 0, 1000**-0.5)


@random
def test_the_global_generator_is_left_alone(kind):
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    RANDOM[kind]()
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@everything
def test_a_value_for_each_channel(kind):
    name = {"ramp": "high", "ornstein_uhlenbeck": "mean", "telegraph": "high"}.get(kind, "amplitude")
    seed = {"rng": 1} if kind in RANDOM else {}
    plain, scaled = (ALL[kind](channels=2, **{name: value}, **seed) for value in (1.0, [1.0, 3.0]))
    np.testing.assert_array_equal(plain[:, 0], scaled[:, 0])
    assert scaled[:, 1].max() > plain[:, 1].max()


def test_signals_add_up_and_drive_a_system():
    class Integrator(dr.System):
        inputs = 2

        def drift(p, t, x, u, out):
            out[0] = u[0] + u[1]

    edge = inputs.step("1 s", "10 ms", at="500 ms", channels=2)
    noise = inputs.white_noise("1 s", "10 ms", amplitude=0.1, channels=2, trials=3, rng=1)
    driven = dr.simulate(Integrator(), edge + noise, dt=0.01, method="euler")["state"]
    expected = 0.01 * np.cumsum((noise + edge).sum("input").transpose("trial", "time"), axis=1)
    np.testing.assert_allclose(driven[:, :, 0], expected, atol=1e-12)
    with pytest.raises(ValueError, match=r"input"):
        edge + inputs.step("1 s", "10 ms", channels=3)


# --------------------------------------------------------------------------------------------------------------- waves


@given(st.integers(1, 400), st.integers(0, 400), st.sampled_from(["1 ms", 0.1, "7 ms", 1 / 3, 0.3]))
def test_an_edge_at_a_multiple_of_dt_lies_between_two_rows(n, row, dt):
    seconds = inputs.step(dt, dt).attrs["dt"]
    row = row % n
    u = inputs.step(n * seconds, dt, at=row * seconds, amplitude=2.5)
    np.testing.assert_array_equal(u[:, 0], np.where(np.arange(n) < row, 0, 2.5))


@given(st.floats(0, 0.5), st.floats(1e-4, 0.4), st.sampled_from([0.001, 0.01, 0.1, 1.0]))
def test_the_area_of_a_pulse_does_not_depend_on_dt(at, width, dt):
    u = inputs.pulses(1.0, dt, at=at, width=width, amplitude=3.0)
    assert float(u.sum() * dt) == pytest.approx(3 * width, abs=1e-8)  # edges 1e-9 rows from a row's end are put there
    assert 0 <= u.min() and u.max() <= 3 * (1 + 1e-12)


def test_a_row_with_an_edge_holds_the_mean_over_the_row():
    np.testing.assert_allclose(inputs.step(0.4, 0.1, at=0.13)[:, 0], [0, 0.7, 1, 1])
    np.testing.assert_allclose(inputs.pulses(0.4, 0.1, at=0.12, width=0.05)[:, 0], [0, 0.5, 0, 0])


def test_pulses_overlap_and_end_with_the_signal():
    np.testing.assert_allclose(inputs.pulses(0.4, 0.1, at=[0, 0.1, 0.3], width=0.2)[:, 0], [1, 2, 1, 1])


def test_a_ramp_is_straight_between_its_ends():
    u = inputs.ramp(1, 0.1, start=0.2, stop="700 ms", low=-1, high=[1, -3], channels=2)
    t = np.arange(10) * 0.1
    np.testing.assert_allclose(u, np.transpose([np.interp(t, [0.2, 0.7], [-1, high]) for high in (1, -3)]), atol=1e-12)
    np.testing.assert_allclose(inputs.ramp(1, 0.25)[:, 0], [0, 0.25, 0.5, 0.75])


def test_a_sine_is_a_sine():
    u = inputs.sine("2 s", "1 ms", frequency="3 Hz", amplitude=[1, 2], phase=[0, np.pi / 2], channels=2)
    t = u["time"].values
    np.testing.assert_allclose(u, np.c_[np.sin(6 * np.pi * t), 2 * np.cos(6 * np.pi * t)], atol=1e-12)


@pytest.mark.parametrize(("method", "name"), [("linear", "linear"), ("exponential", "logarithmic")])
@pytest.mark.parametrize(("f0", "f1"), [(1, 40), (40, 1), (5, 5)])
def test_a_chirp_has_the_phase_of_its_frequency(method, name, f0, f1):
    u = inputs.chirp(2, 1e-3, f0=f0, f1=f1, method=method, amplitude=2)[:, 0]
    np.testing.assert_allclose(u, 2 * scipy.signal.chirp(u["time"].values, f0, 2, f1, name, phi=-90), atol=1e-9)


@pytest.mark.parametrize("method", ["linear", "exponential"])
def test_the_frequency_of_a_chirp_between_its_zeros(method):
    t = np.arange(20000) * 1e-4
    u = inputs.chirp(2, 1e-4, f0=5, f1=50, method=method).values[:, 0]
    k = np.flatnonzero(np.sign(u[1:-1]) != np.sign(u[2:])) + 1
    zeros = t[k] - u[k] * 1e-4 / (u[k + 1] - u[k])
    middle = (zeros[1:] + zeros[:-1]) / 2
    f = 5 + 45 * middle / 2 if method == "linear" else 5 * 10 ** (middle / 2)
    np.testing.assert_allclose(0.5 / np.diff(zeros), f, rtol=2e-3)


# ---------------------------------------------------------------------------------------------------------------- laws


def error_of_mean(correlation, n):
    """Standard error of a mean of n numbers of variance 1 with the autocorrelation `correlation` (lags 0, 1, …)."""
    lags = np.arange(min(n, correlation.size))
    weights = np.where(lags == 0, 1, 2) * (1 - lags / n)
    return np.sqrt(np.sum(weights * correlation[: lags.size]) / n)


@pytest.mark.parametrize("dt", [0.02, 0.005])
def test_ornstein_uhlenbeck_mean_variance_and_autocorrelation(dt):
    tau, std, mean, trials, n = 0.05, 1.5, -0.7, 20, round(200 / dt)
    u = inputs.ornstein_uhlenbeck(200, dt, std=std, tau="50 ms", mean=mean, trials=trials, rng=11)[..., 0].values - mean
    gamma = std**2 * np.exp(-np.arange(round(40 * tau / dt)) * dt / tau)
    near(u.mean(), 0, std * error_of_mean(gamma / std**2, n) / trials**0.5)
    near((u**2).mean(), std**2, 2**0.5 * std**2 * error_of_mean((gamma / std**2) ** 2, n) / trials**0.5)
    for lag in (0.02, 0.06, 0.1):
        s = round(lag / dt)
        k = np.arange(gamma.size - s)
        products = gamma[k] ** 2 + gamma[k + s] * gamma[abs(k - s)]  # autocovariance of u(t) u(t + s), by Isserlis
        se = np.sqrt(products[0]) * error_of_mean(products / products[0], n - s) / trials**0.5
        near((u[:, s:] * u[:, : n - s]).mean(), std**2 * np.exp(-lag / tau), se)


def test_ornstein_uhlenbeck_begins_in_its_stationary_law():
    u = inputs.ornstein_uhlenbeck(0.01, 0.01, std=2, tau=100, channels=3000, rng=2).values[0]
    near((u**2).mean(), 4, 4 * (2 / 3000) ** 0.5)


@pytest.mark.parametrize("dt", [0.02, 0.005])
def test_the_integral_of_white_noise_does_not_depend_on_dt(dt):
    u = inputs.white_noise(4000, dt, amplitude=0.3, rng=5)[:, 0].values
    integrals = u.reshape(4000, -1).sum(axis=1) * dt
    near((integrals**2).mean(), 0.3**2, 0.3**2 * (2 / 4000) ** 0.5)
    near((u**2).mean(), 0.3**2 / dt, 0.3**2 / dt * (2 / u.size) ** 0.5)
    near((u[1:] * u[:-1]).mean(), 0, 0.3**2 / dt / u.size**0.5)


@pytest.mark.parametrize("dt", [0.04, 0.01])
def test_a_telegraph_switches_and_rests_as_its_rates_say(dt):
    up, down = 20.0, 5.0
    high = inputs.telegraph(4000, dt, up="20 Hz", down=5, low=2, high=7, rng=3)[:, 0].values == 7
    exact = expm(dt * np.array([[-up, up], [down, -down]]))
    for state in (0, 1):
        after = high[1:][high[:-1] == state]
        near(after.mean(), exact[state, 1], (exact[state, 0] * exact[state, 1] / after.size) ** 0.5)
    p = up / (up + down)
    correlation = np.exp(-(up + down) * dt * np.arange(500))
    near(high.mean(), p, (p * (1 - p)) ** 0.5 * error_of_mean(correlation, high.size))
    lasting = np.diff(np.flatnonzero(np.diff(high)))
    stays = lasting[::2] if high[np.flatnonzero(np.diff(high))[0] + 1] else lasting[1::2]
    near(stays.mean(), 1 / exact[1, 0], (exact[1, 1] ** 0.5 / exact[1, 0]) / stays.size**0.5)  # geometric


def test_a_telegraph_begins_in_its_stationary_law():
    first = inputs.telegraph(0.01, 0.01, up=1e-6, down=3e-6, channels=3000, rng=1).values[0]
    near(first.mean(), 0.25, (0.25 * 0.75 / 3000) ** 0.5)


def counts_like_poisson(counts, m):
    near(counts.mean(), m.mean(), (m.sum() / m.size**2) ** 0.5)
    near(((counts - m) ** 2).mean(), m.mean(), ((m + 2 * m**2).sum() / m.size**2) ** 0.5)


@pytest.mark.parametrize("rate", [5.0, "700 Hz"])
def test_poisson_counts_at_a_constant_rate(rate):
    u = inputs.poisson(20, "1 ms", rate=rate, channels=5, amplitude=2.0, rng=1).values / 2
    counts_like_poisson(u, np.full(u.shape, 0.005 if rate == 5.0 else 0.7))


def test_poisson_counts_at_a_rate_over_time_and_by_channel():
    t = np.arange(40000) * 1e-3
    rate = 300 * np.c_[1 + np.sin(t), np.where(t < 20, 0, 2)]
    u = inputs.poisson(40, "1 ms", rate=rate, channels=2, rng=2)
    for part in np.split(np.arange(40000), 8):
        counts_like_poisson(u.values[part, 0], rate[part, 0] * 1e-3)
    assert u[:20000, 1].sum() == 0
    counts_like_poisson(u.values[20000:, 1], rate[20000:, 1] * 1e-3)
    labelled = xr.DataArray(rate.T, {"time": t}, ("input", "time"))
    np.testing.assert_array_equal(inputs.poisson(40, "1 ms", rate=labelled, channels=2, rng=2), u)
    np.testing.assert_array_equal(inputs.poisson(40, "1 ms", rate=rate[:, :1], channels=2, rng=2)[:, 0], u[:, 0])
    assert u.attrs["rate"] == "over time"
    per_channel = inputs.poisson(20, "1 ms", rate=[0, 500], channels=2, rng=3)
    assert per_channel[:, 0].sum() == 0
    counts_like_poisson(per_channel[:, 1].values, np.full(20000, 0.5))


def test_binary_spikes_are_those_of_the_counts():
    count, binary = (inputs.poisson(50, "1 ms", rate=90, encoding=e, amplitude=3, rng=1) for e in ("count", "binary"))
    np.testing.assert_array_equal(binary, np.minimum(count, 3))
    p = 1 - np.exp(-0.09)
    near(float(binary.mean()) / 3, p, (p * (1 - p) / 50000) ** 0.5)


# ---------------------------------------------------------------------------------------------------------- resampling


def signal(values, dt, **coords):
    values = np.asarray(values, float)
    return xr.DataArray(values, {"time": ("time", np.arange(len(values)) * dt), **coords}, ("time", "input")[: values.ndim])


@given(st.integers(2, 30), st.integers(1, 12), st.sampled_from([0.001, 0.1, 0.3, 1 / 3]))
def test_hold_repeats_rows_on_a_finer_clock_and_returns_on_the_coarse_one(n, finer, dt):
    u = signal(np.random.default_rng(n).random((n, 2)), dt)
    fine = inputs.resample(u, dt / finer)
    np.testing.assert_array_equal(fine, np.repeat(u.values, finer, axis=0))
    np.testing.assert_array_equal(inputs.resample(fine, dt), u)
    np.testing.assert_allclose(inputs.resample(fine, dt, "mean"), u, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fine["time"], np.arange(n * finer) * dt / finer, atol=1e-12)


@given(st.integers(10, 30), st.floats(0.05, 0.9))
@settings(max_examples=30)
def test_mean_keeps_the_area_at_any_ratio(n, dt):
    rng = np.random.default_rng(n)
    clock, values = np.cumsum(rng.uniform(0.1, 1, n)), rng.random(n)
    new = inputs.resample((clock, values), dt, "mean")
    held = np.append(clock, 2 * clock[-1] - clock[-2])
    fine = clock[0] + np.arange(new.size + 1) * dt
    for k in range(new.size):
        inside = np.clip(np.minimum(held[1:], fine[k + 1]) - np.maximum(held[:-1], fine[k]), 0, None)
        assert float(new[k, 0]) == pytest.approx(inside @ values / dt, abs=1e-9)
    assert new.size == int((held[-1] - clock[0]) / dt + 1e-6)


def test_linear_keeps_a_straight_line():
    clock = np.array([1.0, 1.3, 1.35, 2.0, 2.5])
    new = inputs.resample((clock, np.c_[2 * clock, -clock]), "50 ms", "linear")
    known = new.sel(time=slice(0, 2.5))
    np.testing.assert_allclose(known, np.c_[2 * known["time"], -known["time"]], atol=1e-12)
    assert new["time"][0] == 1 and (new.sel(time=slice(2.51, None)) == [5, -2.5]).all() and new.sizes["time"] == 40


def test_dims_labels_and_clocks_of_the_data_are_kept():
    u = inputs.white_noise(1, 0.1, amplitude=1, channels=2, trials=3, rng=1).assign_coords(input=["a", "b"])
    new = inputs.resample(u, "50 ms")
    assert new.dims == ("trial", "time", "input") and new.shape == (3, 20, 2) and list(new["input"].values) == ["a", "b"]
    assert (new.attrs["dt"], new.attrs["resampled"], new.attrs["seed"]) == (0.05, "hold", 1) and u.attrs["dt"] == 0.1
    milli = signal([1.0, 2.0], 10)
    milli["time"].attrs["units"] = "ms"
    np.testing.assert_array_equal(inputs.resample(milli, "5 ms")["time"], np.array([0, 1, 2, 3]) * 0.005)
    dates = xr.DataArray([1.0, 2.0], {"time": pd.date_range("2001", periods=2, freq="s")}, ["time"])
    np.testing.assert_array_equal(inputs.resample(dates, 0.5), [1, 1, 2, 2])


# ------------------------------------------------------------------------------------------------------------ messages


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: inputs.step("1 mV", 0.1), "duration: got '1 mV', which is a voltage, wanted a time such as \"20 ms\"."),
        (lambda: inputs.step(1, 0), "dt: got 0, wanted a finite number in (0, inf). Give a number of seconds"),
        (lambda: inputs.step(1, 0.3), "duration: got 1 s, wanted a multiple of dt = 0.3 s. Change dt or the duration."),
        (lambda: inputs.step(1, 0.1, at=1), "at: got 1 s, wanted a time before the end at 1 s. Nothing would be seen of it."),
        (lambda: inputs.step(1, 0.1, at=-1), "at: got -1, wanted a finite number in [0, inf)"),
        (lambda: inputs.step(1, 0.1, channels=0), "channels: got 0, wanted an integer >= 1."),
        (
            lambda: inputs.step(1, 0.1, amplitude=[1, 2]),
            "amplitude: got 2 values, wanted one number, or one for each of the 1 ch",
        ),
        (lambda: inputs.step(1, 0.1, amplitude=[1, 2]), "Pass channels=2."),
        (lambda: inputs.pulses(1, 0.1, at=[], width=0.1), "at: got no times, wanted at least one."),
        (lambda: inputs.pulses(1, 0.1, at=["1 V"], width=0.1), "at: got '1 V', which is a voltage"),
        (lambda: inputs.pulses(1, 0.1, at=0, width=0), "width: got 0, wanted a finite number in (0, inf)."),
        (lambda: inputs.ramp(1, 0.1, start=0.5, stop=0.5), "stop: got 0.5 s, wanted a time after start = 0.5 s."),
        (lambda: inputs.sine(1, 0.1, frequency="5 Hz"), "frequency: got 5 Hz, wanted less than 1/(2 dt) = 5 Hz. Lower dt"),
        (lambda: inputs.sine(1, 0.1, frequency="5 ms"), "frequency: got '5 ms', which is a time, wanted a frequency such as"),
        (lambda: inputs.chirp(1, 0.1, f0=1, f1=6), "f1: got 6 Hz, wanted less than 1/(2 dt) = 5 Hz."),
        (lambda: inputs.chirp(1, 0.1, f0=1, f1=2, method="lin"), "method: got 'lin', wanted one of 'linear', 'exponential'."),
        (lambda: inputs.white_noise(1, 0.1, amplitude=-1), "amplitude: got -1, wanted numbers >= 0."),
        (lambda: inputs.white_noise(1, 0.1, amplitude=1, trials=0), "trials: got 0, wanted an integer >= 1."),
        (lambda: inputs.white_noise(1, 0.1, amplitude=1, rng="x"), "rng: got 'x', wanted a non-negative integer seed"),
        (lambda: inputs.ornstein_uhlenbeck(1, 0.1, std=-1, tau=1), "std: got -1, wanted numbers >= 0."),
        (lambda: inputs.ornstein_uhlenbeck(1, 0.1, std=1, tau=0), "tau: got 0, wanted a finite number in (0, inf)."),
        (lambda: inputs.telegraph(1, 0.1, up=0, down=1), "up: got 0, wanted a finite number in (0, inf). Give a number of hertz"),
        (lambda: inputs.poisson(1, 0.1, rate=-1), "rate: got -1, wanted a finite number in [0, inf). Give a number of hertz"),
        (lambda: inputs.poisson(1, 0.1, rate=[1, -1], channels=2), "rate: got -1, wanted numbers >= 0."),
        (lambda: inputs.poisson(1, 0.1, rate=[[-1.0]] * 10), "rate: got -1 Hz, wanted rates >= 0. Cut them off"),
        (lambda: inputs.poisson(1, 0.1, rate=np.ones((9, 1))), "rate: got shape (9, 1), wanted (10, 1), rows and channels."),
        (
            lambda: inputs.poisson(1, 0.1, rate=signal(np.ones(10), 0.2)),
            "rate: got rows every 0.2 s, wanted rows every dt = 0.1 s.",
        ),
        (lambda: inputs.poisson(1, 0.1, rate=1, encoding="bits"), "encoding: got 'bits', wanted one of 'count', 'binary'"),
        (
            lambda: inputs.poisson(1, "10 ms", rate=20, encoding="binary"),
            'rate * dt: got 0.2 spikes per row, wanted at most 0.1 for 0 and 1. Lower dt to 0.005 s, or pass encoding="count".',
        ),
        (lambda: inputs.resample(np.zeros(3), 0.1), "data: got ndarray, wanted a DataArray, or a pair (times, values)."),
        (lambda: inputs.resample(([0, 1], [1, 2, 3]), 0.1), "values: got 3 rows, wanted 2, one for each time."),
        (lambda: inputs.resample(([0, 0], [1, 2]), 0.1), "data.time: got 0 after 0 in row 1, wanted times that increase."),
        (lambda: inputs.resample(([0], [1]), 0.1), "data: got 1 row(s), wanted at least two."),
        (lambda: inputs.resample(([0, 1], [1, np.nan]), 0.1), "values: got nan at index 1"),
        (lambda: inputs.resample(([0, 1], [1, 2]), 3), "dt: got 3 s, wanted at most 2 s, the time that the data cover."),
        (lambda: inputs.resample(([0, 1], [1, 2]), 1, "cubic"), "method: got 'cubic', wanted one of 'hold', 'linear', 'mean'."),
        (lambda: inputs.resample(xr.DataArray([1.0, 2], dims="time"), 1), "data: got no times, wanted a DataArray with a time"),
        (lambda: inputs.resample(xr.DataArray([1.0, 2], dims="time"), 1), "data.assign_coords(time=…)"),
    ],
)
def test_bad_arguments_are_told_what_is_wrong(call, message):
    with pytest.raises((ValueError, TypeError)) as error:
        call()
    assert message in str(error.value)
