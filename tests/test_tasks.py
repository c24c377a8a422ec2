"""Benchmark problems and data: the mathematics behind each series, its labels, its seeds, and what bad input is told."""

import doctest
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from dynrnn import tasks

SEEDED = {
    "mackey_glass": lambda rng: tasks.mackey_glass(50, discard=20, rng=rng),
    "narma10": lambda rng: tasks.narma(50, 10, rng=rng),
    "narma30": lambda rng: tasks.narma(50, 30, rng=rng),
    "lorenz63": lambda rng: tasks.lorenz63(50, discard=20, rng=rng),
    "henon": lambda rng: tasks.henon(50, rng=rng),
    "logistic": lambda rng: tasks.logistic(50, rng=rng),
    "multiple_sines": lambda rng: tasks.multiple_sines(50, rng=rng),
    "delay_recall": lambda rng: tasks.delay_recall(50, rng=rng),
}


# --- all generators ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", SEEDED.values(), ids=SEEDED)
def test_a_seed_fixes_every_bit_and_another_seed_none(make):
    assert make(3).identical(make(3))
    np.testing.assert_array_equal(_values(make(3)), _values(make(np.random.default_rng(3))))
    assert not np.array_equal(_values(make(3)), _values(make(4)), equal_nan=True)


@pytest.mark.parametrize("make", SEEDED.values(), ids=SEEDED)
def test_the_global_generator_is_neither_read_nor_advanced(make):
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    first = make(1)
    np.random.seed(1)
    assert first.identical(make(1))
    np.random.seed(0)
    make(None)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize("make", SEEDED.values(), ids=SEEDED)
def test_labels_record_the_seed_and_survive_a_file(make, tmp_path):
    made = make(5)
    assert made.attrs["seed"] == 5
    assert "seed" not in make(np.random.default_rng(5)).attrs
    assert made.time[0] == 0 and (np.diff(made.time) > 0).all() and made.time.attrs["units"]
    made.to_netcdf(tmp_path / "made.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "made.nc", engine="scipy") as back:
        name = "targets" if isinstance(made, xr.Dataset) else made.name
        np.testing.assert_array_equal(back[name], _values(made))


@given(steps=st.integers(1, 60), seed=st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_any_length_gives_that_many_finite_rows_and_a_prefix_of_a_longer_series(steps, seed):
    makers = [
        lambda n: tasks.mackey_glass(n, discard=5, rng=seed),
        lambda n: tasks.lorenz63(n, discard=5, rng=seed),
        lambda n: tasks.henon(n, rng=seed),
        lambda n: tasks.logistic(n, rng=seed),
        lambda n: tasks.multiple_sines(n, rng=seed),
        lambda n: tasks.delay_recall(n, [0], rng=seed)["inputs"],
    ]
    for make in makers:
        short, long = make(steps), make(steps + 7)
        assert short.sizes["time"] == steps and np.isfinite(short).all()
        np.testing.assert_array_equal(short, long[:steps])


def _values(made):
    return (made["targets"] if isinstance(made, xr.Dataset) else made).values


# --- Mackey-Glass -----------------------------------------------------------------------------------------------------


def plain_mackey_glass(history, rows, sample, dt=0.1, beta=0.2, gamma=0.1, exponent=10.0):
    """The Euler recursion in its textbook form, over one long array."""
    delay = len(history) - 1
    y = list(history)
    for _ in range(rows * sample):
        y.append(y[-1] + dt * (beta * y[-1 - delay] / (1 + y[-1 - delay] ** exponent) - gamma * y[-1]))
    return np.array(y[delay::sample][:rows])


@pytest.mark.parametrize(("tau", "sample"), [(17.0, 10), (30.0, 10), (0.1, 1), (0.7, 3)])
def test_mackey_glass_is_the_plain_recursion(tau, sample):
    history = np.random.default_rng(0).uniform(0.5, 1.3, round(tau / 0.1) + 1)
    ours = tasks.mackey_glass(300, tau=tau, sample=sample, history=history, discard=0)
    np.testing.assert_allclose(ours, plain_mackey_glass(history, 300, sample), rtol=0, atol=1e-9)
    assert ours[0] == history[-1]
    np.testing.assert_allclose(ours.time, np.arange(300) * sample * 0.1)


def test_mackey_glass_drops_the_transient_and_squashes():
    whole = tasks.mackey_glass(150, history=1.2, discard=0)
    late = tasks.mackey_glass(100, history=1.2, discard=50)
    np.testing.assert_array_equal(late, whole[50:])
    assert late.time[0] == 0
    np.testing.assert_array_equal(tasks.mackey_glass(100, history=1.2, discard=50, squash=True), np.tanh(late.values - 1))


def test_mackey_glass_converges_at_first_order():
    def at_40(steps_per_unit):
        return tasks.mackey_glass(41, dt=1 / steps_per_unit, sample=steps_per_unit, history=1.2, discard=0).values

    exact = at_40(8192)
    error = [np.abs(at_40(n) - exact).max() for n in (16, 32, 64, 128)]
    order = -np.polyfit(np.log([16, 32, 64, 128]), np.log(error), 1)[0]
    assert order == pytest.approx(1, abs=0.1)


def test_mackey_glass_30_has_the_variance_that_jaeger_reports():
    y = tasks.mackey_glass(20_000, tau=30, squash=True, rng=0)
    assert float(y.var()) == pytest.approx(0.067, rel=0.05)


def test_mackey_glass_rests_at_its_fixed_point():
    rest = tasks.mackey_glass(50, history=1.0, discard=0)  # beta/(1 + y^n) = gamma where y^n = beta/gamma - 1 = 1
    np.testing.assert_allclose(rest, 1.0, atol=1e-12)


# --- NARMA ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("order", "alpha", "beta", "delta"), [(10, 0.3, 0.05, 0.1), (30, 0.2, 0.04, 0.001)])
def test_narma_target_follows_from_the_input_of_its_row_and_before(order, alpha, beta, delta):
    data = tasks.narma(400, order, rng=0)
    u, target = data["inputs"].values[:, 0], data["targets"].values[:, 0]
    for k in range(order, 400):
        y, past = target[k - 1], target[k - order : k]  # y(k), and y(k-order+1) … y(k)
        wanted = alpha * y + beta * y * past.sum() + 1.5 * u[k - order + 1] * u[k] + delta
        assert target[k] == pytest.approx(wanted, abs=1e-14)
    assert target[0] == delta
    assert data["inputs"].dims == ("time", "input") and data["targets"].dims == ("time", "output")
    assert set(data.data_vars) == {"inputs", "targets"}
    assert u.min() >= 0 and u.max() < 0.5


def test_narma_is_causal():
    """Had row k asked for y(k) or y(k+2), the input that explains its product term would be off by a row."""
    data = tasks.narma(6000, rng=1)
    u, target = data["inputs"].values[:, 0], data["targets"].values[:, 0]
    product = u[9:] * u[:-9]
    gain = [np.corrcoef(product[50:-50], np.roll(target[9:], -shift)[50:-50])[0, 1] for shift in (-1, 0, 1)]
    assert gain[1] == max(gain)


def test_narma10_best_linear_memory_stops_at_the_published_error():
    data = tasks.narma(8000, rng=0)
    u, target = data["inputs"].values[:, 0], data["targets"].values[200:, 0]
    taps = np.column_stack([np.ones(7800)] + [u[200 - d : 8000 - d] for d in range(40)])
    weights = np.linalg.lstsq(taps[:4000], target[:4000])[0]
    nmse = np.mean((taps[4000:] @ weights - target[4000:]) ** 2) / target[4000:].var()
    assert nmse == pytest.approx(0.16, abs=0.02)


def test_narma_redraws_what_diverges():
    series = [tasks.narma(20_000, rng=seed) for seed in range(20)]
    assert any(data.attrs["rejected"] for data in series)
    assert all(float(data["targets"].max()) < 1.5 for data in series)
    again = next(seed for seed, data in enumerate(series) if data.attrs["rejected"])
    assert series[again].identical(tasks.narma(20_000, rng=again))


def test_narma_gives_up_on_lengths_no_draw_survives(monkeypatch):
    monkeypatch.setattr(sys.modules["dynrnn.tasks.narma"], "_ESCAPE", 0.05)
    with pytest.raises(
        ValueError, match=r"steps: got 10, wanted a length that some draw survives \(100 diverged\)\. Join several"
    ):
        tasks.narma(10, rng=0)


# --- Lorenz -----------------------------------------------------------------------------------------------------------


def lorenz_field(_, state, sigma=10.0, rho=28.0, beta=8 / 3):
    x, y, z = state
    return [sigma * (y - x), x * (rho - z) - y, x * y - beta * z]


def test_lorenz_agrees_with_scipy_over_three_time_units():
    ours = tasks.lorenz63(151, x0=(1, 1, 1), discard=0, substeps=40)
    theirs = solve_ivp(lorenz_field, (0, 3), [1, 1, 1], "DOP853", ours.time, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ours, theirs.y.T, rtol=0, atol=1e-6)


def test_lorenz_step_is_of_fourth_order():
    def final(substeps):
        return tasks.lorenz63(2, dt=0.5, x0=(1, 2, 20), discard=0, substeps=substeps).values[-1]

    counts = [100, 200, 400, 800]
    error = [np.abs(final(n) - final(10_000)).max() for n in counts]
    assert -np.polyfit(np.log(counts), np.log(error), 1)[0] == pytest.approx(4, abs=0.2)


def test_lorenz_symmetry_turns_x_and_y_and_leaves_z():
    one = tasks.lorenz63(3000, x0=(1, 2, 20), discard=0)
    other = tasks.lorenz63(3000, x0=(-1, -2, 20), discard=0)
    np.testing.assert_array_equal(one * [-1, -1, 1], other)


def test_lorenz_rests_at_its_fixed_points_and_settles_on_them_below_the_hopf_point():
    start = (np.sqrt(8 / 3 * 21), np.sqrt(8 / 3 * 21), 21.0)
    np.testing.assert_allclose(tasks.lorenz63(20, rho=22, x0=start, discard=0), np.tile(start, (20, 1)), atol=1e-12)
    settled = tasks.lorenz63(10, rho=10, discard=5000, rng=0)
    np.testing.assert_allclose(np.abs(settled), np.tile([np.sqrt(24), np.sqrt(24), 9], (10, 1)), atol=1e-9)


def test_lorenz_labels():
    data = tasks.lorenz63(5, rng=0)
    assert data.dims == ("time", "feature") and data.feature.values.tolist() == ["x", "y", "z"]
    assert data.time.values.tolist() == pytest.approx([0, 0.02, 0.04, 0.06, 0.08])
    assert data.attrs["lyapunov_exponent"] == 0.9056
    assert "lyapunov_exponent" not in tasks.lorenz63(5, rho=22, rng=0).attrs
    assert "seed" not in tasks.lorenz63(5, x0=(1, 1, 1), rng=0).attrs


# --- maps -------------------------------------------------------------------------------------------------------------


def test_henon_rows_follow_the_map_and_the_exponents_add_up():
    data = tasks.henon(20_000, rng=0)
    x, y = data.values.T
    np.testing.assert_array_equal(x[1:], 1 - 1.4 * x[:-1] * x[:-1] + y[:-1])
    np.testing.assert_array_equal(y[1:], 0.3 * x[:-1])
    assert _largest_exponent_of_henon(x) == pytest.approx(data.attrs["lyapunov_exponent"], abs=0.01)


def _largest_exponent_of_henon(x):
    v, total = np.array([1.0, 0.0]), 0.0
    for value in x:
        v = np.array([-2.8 * value * v[0] + v[1], 0.3 * v[0]])
        total += np.log(np.linalg.norm(v))
        v /= np.linalg.norm(v)
    return total / len(x)


def test_henon_rests_at_its_fixed_point_for_a_while():
    fixed = (-0.7 + np.sqrt(0.49 + 5.6)) / 2.8
    orbit = tasks.henon(10, x0=(fixed, 0.3 * fixed), discard=0)
    np.testing.assert_allclose(orbit, np.tile([0.63135448, 0.18940634], (10, 1)), atol=1e-8)
    assert "lyapunov_exponent" not in tasks.henon(5, a=1.2, rng=0).attrs


def test_logistic_at_four_doubles_an_angle():
    theta = 0.3
    orbit = tasks.logistic(20, x0=np.sin(theta) ** 2, discard=0).sel(feature="x")
    np.testing.assert_allclose(orbit, np.sin(2.0 ** np.arange(20) * theta) ** 2, atol=1e-9)
    assert orbit.attrs["lyapunov_exponent"] == np.log(2)


def test_logistic_settles_on_its_known_cycles():
    np.testing.assert_allclose(tasks.logistic(5, r=2.6, rng=0), 1 - 1 / 2.6, atol=1e-12)
    three = np.unique(tasks.logistic(30, r=1 + np.sqrt(8) + 1e-4, discard=50_000, rng=0).values.round(6))
    np.testing.assert_allclose(three, [0.1599288, 0.5143553, 0.9563178], atol=5e-3)
    assert "lyapunov_exponent" not in tasks.logistic(5, r=3.9, rng=0).attrs


# --- sines and recall -------------------------------------------------------------------------------------------------


def test_sines_obey_the_recursion_of_an_oscillator():
    y = tasks.multiple_sines(200, [0.311], rng=0).values  # y[k+1] + y[k-1] = 2 cos(w) y[k]
    np.testing.assert_allclose(y[2:] + y[:-2], 2 * np.cos(0.311) * y[1:-1], atol=1e-13)


def test_sines_without_a_seed_are_the_published_signal():
    y = tasks.multiple_sines(100)
    np.testing.assert_allclose(y, np.sin(np.outer(np.arange(100), tasks.MSO8)).sum(1), atol=1e-12)
    assert y.attrs["phases"].tolist() == [0.0] * 8 and y.dims == ("time",)
    shifted = tasks.multiple_sines(100, rng=0)
    np.testing.assert_allclose(shifted[0], np.sin(shifted.attrs["phases"]).sum())


def test_delay_recall_gives_back_the_input_and_masks_what_came_before():
    data = tasks.delay_recall(40, [0, 3, 39], rng=0)
    u, target = data["inputs"].values[:, 0], data["targets"]
    assert target.dims == ("time", "delay") and data["inputs"].dims == ("time", "input")
    np.testing.assert_array_equal(target.sel(delay=0), u)
    np.testing.assert_array_equal(target.sel(delay=3)[3:], u[:-3])
    assert target.isnull().sum("time").values.tolist() == [0, 3, 39]
    assert u.min() >= -0.8 and u.max() <= 0.8


def test_trials_of_delay_recall_have_streams_of_their_own():
    few, many = tasks.delay_recall(30, trials=2, rng=0), tasks.delay_recall(30, trials=4, rng=0)
    assert few["inputs"].dims == ("trial", "time", "input") and few["targets"].dims == ("trial", "time", "delay")
    assert few.identical(many.isel(trial=slice(2)))
    one = tasks.delay_recall(30, rng=0)
    np.testing.assert_array_equal(one["inputs"], few["inputs"][0])
    np.testing.assert_array_equal(one["targets"], few["targets"][0])
    assert abs(np.corrcoef(few["inputs"][0, :, 0], few["inputs"][1, :, 0])[0, 1]) < 0.9


# --- data -------------------------------------------------------------------------------------------------------------

SHAPES = {
    "co2": (2284, 316.1, 371.5, "1958-03-29", "2001-12-29", 52, "ppm"),
    "elnino": (732, 23.11, 22.07, "1950-01-01", "2010-12-01", 12, "degC"),
    "nile": (100, 1120, 740, "1871-01-01", "1970-01-01", None, "1e8 m3"),
    "sunspots": (309, 5.0, 2.9, "1700-01-01", "2008-01-01", 11, "1"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_calendar_data_have_their_known_ends(name):
    pytest.importorskip("statsmodels")
    rows, first, last, start, stop, season, units = SHAPES[name]
    series = tasks.load(name)
    assert series.dims == ("time",) and series.sizes["time"] == rows and series.name == name
    assert series.dtype == np.float64 and series.time.dtype == "datetime64[ns]"
    assert (float(series[0]), float(series[-1])) == (first, last)
    assert series.time[0] == np.datetime64(start) and series.time[-1] == np.datetime64(stop)
    assert (np.diff(series.time.values) > np.timedelta64(0)).all()
    assert series.attrs.get("season") == season and series.attrs["units"] == units
    assert series.attrs["licence"] == "public domain" and series.attrs["long_name"] and series.attrs["source"]


@pytest.mark.parametrize("name", SHAPES)
def test_calendar_data_are_those_of_the_statsmodels_loader(name):
    module = pytest.importorskip(f"statsmodels.datasets.{name}")
    theirs = module.load_pandas().data
    if name == "co2":
        np.testing.assert_array_equal(tasks.co2().time, theirs.index)
    values = theirs.to_numpy() if name == "co2" else theirs.to_numpy()[:, 1:]
    np.testing.assert_array_equal(tasks.load(name), values.ravel())
    years = None if name == "co2" else np.repeat(theirs.iloc[:, 0].to_numpy(), values.shape[1])
    assert years is None or (tasks.load(name).time.dt.year.values == years).all()


def test_co2_gaps_stay_or_are_joined_by_straight_lines():
    pytest.importorskip("statsmodels")
    gaps, whole = tasks.co2(), tasks.co2(fill="interpolate")
    missing = gaps.isnull().values
    assert missing.sum() == 59 and whole.notnull().all()
    np.testing.assert_array_equal(whole[~missing], gaps[~missing])
    weeks = np.arange(gaps.size)
    np.testing.assert_allclose(whole, np.interp(weeks, weeks[~missing], gaps[~missing]), atol=1e-9)
    assert whole.attrs["fill"] == "interpolate" and whole.attrs["units"] == "ppm"


def test_membrane_is_six_seconds_of_spikes():
    trace = tasks.membrane()
    assert trace.sizes == {"time": 12_000} and trace.time[-1] == pytest.approx(5.9995)
    assert trace.time.attrs["units"] == "s" and trace.attrs["units"] == "mV"
    assert -80 < trace.min() and trace.max() < 60
    v = trace.values
    assert ((v[:-1] < -20) & (v[1:] >= -20)).sum() > 5


def test_names_are_what_load_loads():
    pytest.importorskip("statsmodels")
    assert tasks.names() == ["co2", "elnino", "membrane", "nile", "sunspots"]
    assert [tasks.load(name).name for name in tasks.names()] == tasks.names()


def test_tables_are_read_without_importing_their_package():
    pytest.importorskip("statsmodels")
    code = "import sys, dynrnn.tasks as t; t.load('sunspots'); print({'statsmodels', 'matplotlib'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


@pytest.mark.parametrize("name", SHAPES)
def test_without_statsmodels_the_remedy_is_named(name, monkeypatch):
    monkeypatch.setattr("dynrnn.tasks.datasets.find_spec", lambda _: None)
    with pytest.raises(ImportError, match=rf'{name}: got no statsmodels .* pip install "dynrnn\[data\]"'):
        tasks.load(name)


# --- advice -----------------------------------------------------------------------------------------------------------

REFUSED = [
    (lambda: tasks.mackey_glass(0), r"steps: got 0, wanted an integer >= 1"),
    (lambda: tasks.mackey_glass(2.5), r"steps: got 2.5, wanted an integer"),
    (lambda: tasks.mackey_glass(9, tau=-17), r"tau: got -17, wanted a finite number in \(0, inf\)"),
    (lambda: tasks.mackey_glass(9, tau=17.05), r"tau: got 17.05, wanted a multiple of dt = 0.1"),
    (lambda: tasks.mackey_glass(9, tau=0.01), r"tau: got 0.01, wanted a multiple of dt = 0.1"),
    (lambda: tasks.mackey_glass(9, dt=0), r"dt: got 0, wanted a finite number in \(0"),
    (lambda: tasks.mackey_glass(9, dt=np.nan), r"dt: got nan, wanted a finite number"),
    (lambda: tasks.mackey_glass(9, sample=0), r"sample: got 0, wanted an integer >= 1"),
    (lambda: tasks.mackey_glass(9, discard=-1), r"discard: got -1, wanted an integer >= 0"),
    (lambda: tasks.mackey_glass(9, gamma=-1), r"gamma: got -1, wanted"),
    (lambda: tasks.mackey_glass(9, squash="no"), r"squash: got 'no', wanted True or False"),
    (lambda: tasks.mackey_glass(9, history=[1, 2]), r"history: got shape \(2,\), wanted shape \(171,\)\. Give y on \[-tau, 0\]"),
    (lambda: tasks.mackey_glass(9, history=-1.0), r"history: got -1, wanted positive values"),
    (lambda: tasks.mackey_glass(9, rng="x"), r"rng: got 'x', wanted a non-negative integer seed"),
    (lambda: tasks.mackey_glass(99, dt=1, gamma=1e9), r"orbit: got a non-finite state at step \d+, .* Lower dt"),
    (lambda: tasks.narma(0), r"steps: got 0"),
    (lambda: tasks.narma(9, order=20), r"order: got 20, wanted 10 or 30"),
    (lambda: tasks.narma(9, order="10"), r"order: got '10', wanted an integer"),
    (lambda: tasks.lorenz63(0), r"steps: got 0"),
    (lambda: tasks.lorenz63(9, rho=-1), r"rho: got -1, wanted"),
    (lambda: tasks.lorenz63(9, substeps=0), r"substeps: got 0"),
    (lambda: tasks.lorenz63(9, x0=(1, 2)), r"x0: got shape \(2,\), wanted shape \(3,\)\. Give \(x, y, z\)"),
    (lambda: tasks.lorenz63(9, x0=(1, 2, np.nan)), r"x0: got nan at index 2"),
    (lambda: tasks.lorenz63(9, dt=5.0, substeps=1), r"orbit: got a non-finite state at step \d+, .* raise substeps"),
    (lambda: tasks.henon(0), r"steps: got 0"),
    (lambda: tasks.henon(9, a=np.inf), r"a: got inf, wanted a finite number"),
    (lambda: tasks.henon(9, x0=(9, 9)), r"orbit: got a non-finite state at step \d+, .* Start inside the basin"),
    (lambda: tasks.henon(9, x0=1.0), r"x0: got shape \(\), wanted shape \(2,\)"),
    (lambda: tasks.logistic(9, r=4.1), r"r: got 4.1, wanted a finite number in \[0, 4\]\. Outside it"),
    (lambda: tasks.logistic(9, x0=2), r"x0: got 2, wanted a finite number in \[0, 1\]"),
    (lambda: tasks.multiple_sines(9, []), r"frequencies: got none, wanted radians per step in \(0, pi\)"),
    (lambda: tasks.multiple_sines(9, [0.1, 3.5]), r"frequencies: got 3.5, wanted radians .* alias"),
    (lambda: tasks.multiple_sines(9, 0.2), r"frequencies: got shape \(\), wanted an array with 1"),
    (lambda: tasks.delay_recall(9, [9]), r"delays: got 9, wanted an integer >= 0 and <= 8\. A delay of `steps` or more"),
    (lambda: tasks.delay_recall(9, [-1]), r"delays: got -1, wanted"),
    (lambda: tasks.delay_recall(9, [0.5]), r"delays: got 0.5, wanted an integer"),
    (lambda: tasks.delay_recall(9, [1, 1]), r"delays: got \[1, 1\], wanted at least one delay, and none twice"),
    (lambda: tasks.delay_recall(9, []), r"delays: got \[\], wanted at least one"),
    (lambda: tasks.delay_recall(9, 3), r"delays: got shape \(\), wanted .* Write \[d\] for a single delay"),
    (lambda: tasks.delay_recall(9, [1], low=1, high=1), r"high: got 1, wanted a finite number in \(1"),
    (lambda: tasks.delay_recall(9, [1], trials=0), r"trials: got 0, wanted an integer >= 1"),
    (lambda: tasks.load("sunspot"), r"name: got 'sunspot', wanted one of 'co2', .*, 'sunspots'\. Did you mean 'sunspots'\?"),
    (lambda: tasks.co2(fill="zeros"), r"fill: got 'zeros', wanted one of 'interpolate'"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_bad_input_is_told_what_came_what_was_wanted_and_what_to_do(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


@pytest.mark.parametrize(
    "module", ["mackey_glass", "narma", "lorenz63", "henon", "logistic", "sines", "delay_recall", "datasets"]
)
def test_examples_in_the_docstrings_run(module):
    if module == "datasets":
        pytest.importorskip("statsmodels")
    outcome = doctest.testmod(sys.modules[f"dynrnn.tasks.{module}"])
    assert outcome.attempted and not outcome.failed


def test_three_centuries_of_dates_go_through_a_file(tmp_path):
    y = tasks.sunspots()
    y.to_netcdf(tmp_path / "y.nc", engine="h5netcdf")
    xr.testing.assert_identical(xr.load_dataarray(tmp_path / "y.nc"), y)
