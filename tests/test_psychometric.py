"""Psychometric fits against closed forms, grids, simulated truth and another package; reaction times against a plain loop."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from dynrnn import tasks
from dynrnn.analysis import psychometric_curve, psychometric_fit, reaction_times

SIGNED = np.array([-16, -8, -4, -2, 0, 2, 4, 8, 16.0])
UNSIGNED = np.array([0.5, 1, 2, 4, 8, 16, 32.0])


def gaussian(x, mu, sigma, guess, lapse):
    return guess + (1 - guess - lapse) * stats.norm.cdf(x, mu, sigma)


def weibull(x, alpha, beta, guess, lapse):
    return guess + (1 - guess - lapse) * stats.weibull_min.cdf(x, beta, scale=alpha)


CASES = {
    "gaussian": (gaussian, SIGNED, (1.0, 4.0, 0.0, 0.0), {}),
    "gaussian, lapses": (gaussian, SIGNED, (1.0, 4.0, 0.05, 0.05), {"lapse": "fit"}),
    "gaussian, lapses at one end": (gaussian, SIGNED, (-1.0, 3.0, 0.1, 0.05), {"lapse": "fit", "guess": 0.1}),
    "weibull": (weibull, UNSIGNED, (5.0, 1.4, 0.5, 0.0), {"form": "weibull"}),
    "weibull, lapses": (weibull, UNSIGNED, (5.0, 1.4, 0.5, 0.05), {"form": "weibull", "lapse": "fit"}),
    "weibull, lapses held": (weibull, UNSIGNED, (5.0, 2.0, 0.0, 0.02), {"form": "weibull", "guess": 0, "lapse": 0.02}),
}
every_case = pytest.mark.parametrize("case", CASES)


def simulate(case, n, seed):
    function, x, truth, options = CASES[case]
    k = np.random.default_rng(seed).binomial(n, function(x, *truth))
    return x, k, psychometric_fit(x, k, np.full(x.size, n), **options)


# --- what the estimates are -----------------------------------------------------------------------------------------------


@every_case
def test_estimates_are_the_truth_within_their_errors(case):
    truth = np.array(CASES[case][2])
    scores, p_values = [], []
    for seed in range(25):
        fit = simulate(case, 400, seed)[2]
        assert fit.attrs["status"] == "ok"
        error = fit["std_error"].values
        held = error == 0
        np.testing.assert_array_equal(fit["estimate"].values[held], truth[held])
        scores.append(((fit["estimate"].values - truth) / np.where(held, 1, error))[:2])
        p_values.append(float(fit["p_value"]))
    z = np.array(scores)
    assert np.abs(z[0]).max() < 3
    for column in z.T:  # the errors are neither too small nor too large, and there is no bias
        total = (column[np.isfinite(column)] ** 2).sum()
        assert stats.chi2.ppf(1e-3, 25) < total < stats.chi2.ppf(1 - 1e-3, 25)
    assert stats.kstest(p_values, "uniform").pvalue > 1e-3


@every_case
def test_no_point_of_a_grid_is_more_likely(case):
    function, _, _, options = CASES[case]
    x, k, fit = simulate(case, 100, 1)
    first, second, guess, lapse = fit["estimate"].values
    lapses = np.clip(lapse + np.linspace(-0.05, 0.05, 21), 0, 0.4) if options.get("lapse") == "fit" else [lapse]
    axes = first + abs(first) * np.linspace(-1, 1, 61), second * np.linspace(0.4, 2.5, 61), lapses
    a, b, c = np.meshgrid(*axes, indexing="ij")
    tied = "guess" not in options and function is gaussian
    with np.errstate(divide="ignore", invalid="ignore"):
        p = function(x[:, None, None, None], a, b, c if tied else guess, c)
        likelihood = stats.binom.logpmf(k[:, None, None, None], 100, p).sum(axis=0)
    constant = stats.binom.logpmf(k, 100, k / 100).sum() - fit["deviance"].item() / 2  # with the binomial coefficients
    assert np.nanmax(likelihood) <= constant + 1e-9
    nearest = np.unravel_index(np.nanargmax(likelihood), likelihood.shape)
    assert a[nearest] == pytest.approx(first, rel=0.1) and b[nearest] == pytest.approx(second, rel=0.12)
    own = (k * np.log(fit["fitted"]) + (100 - k) * np.log1p(-fit["fitted"])).sum()
    assert fit["log_likelihood"].item() == pytest.approx(own.item(), rel=1e-12)


@pytest.mark.parametrize(
    "k", [[2, 1, 7, 14, 18, 17, 16, 18, 16], [0, 1, 2, 6, 2, 3, 6, 3, 16], [6, 13, 18, 18, 17, 19, 16, 17, 19]]
)
def test_of_several_maxima_the_highest_is_found(k):
    """Steep with lapses, or shallow without: these counts, of 20 each, have a maximum of either kind."""
    x = np.arange(-4.0, 5.0)
    fit = psychometric_fit(x, k, np.full(9, 20), lapse="fit")
    mu, sigma, lapse = np.meshgrid(np.linspace(-6, 6, 121), np.geomspace(0.05, 10, 60), np.linspace(0, 0.4, 41), indexing="ij")
    likelihood = 0.0
    for level, ones in zip(x, k, strict=True):
        likelihood = likelihood + stats.binom.logpmf(ones, 20, gaussian(level, mu, sigma, lapse, lapse))
    ours = stats.binom.logpmf(k, 20, fit["fitted"]).sum()
    assert likelihood.max() - 1e-9 <= ours <= likelihood.max() + 0.5


def test_two_levels_are_met_exactly_with_the_errors_of_the_closed_form():
    x, k, n = np.array([-1.0, 3.0]), np.array([20, 180]), np.array([100, 200])
    fit = psychometric_fit(x, k, n)
    z, variance = stats.norm.ppf(k / n), (k / n) * (1 - k / n) / n / stats.norm.pdf(stats.norm.ppf(k / n)) ** 2
    sigma = 4 / (z[1] - z[0])
    mu = x[0] - sigma * z[0]
    assert fit["estimate"].values[:2] == pytest.approx([mu, sigma], rel=1e-9)
    # by the delta method: mu = (x0 z1 - x1 z0) / (z1 - z0), sigma = 4 / (z1 - z0)
    d_sigma = sigma / (z[1] - z[0]) * np.array([1, -1])
    d_mu = -z[0] * d_sigma - sigma * np.array([1, 0])
    errors = [np.sqrt((d**2 * variance).sum()) for d in (d_mu, d_sigma)]
    assert fit["std_error"].values[:2] == pytest.approx(errors, rel=1e-6)
    assert fit["deviance"].item() == pytest.approx(0, abs=1e-9) and fit["dof"] == 0 and np.isnan(fit["p_value"])

    k = np.array([60, 180])
    fit = psychometric_fit([2.0, 8.0], k, n, form="weibull")
    log_h = np.log(-np.log(1 - (k / n - 0.5) / 0.5))  # = beta (log x - log alpha)
    beta = (log_h[1] - log_h[0]) / np.log(4)
    assert fit["estimate"].values[:2] == pytest.approx([2 * np.exp(-log_h[0] / beta), beta], rel=1e-9)


def test_probit_of_statsmodels_agrees():
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(0)
    x = np.repeat(SIGNED, 60)
    y = rng.random(x.size) < gaussian(x, 1, 4, 0, 0)
    fit = psychometric_fit(x, y)
    probit = api.Probit(y.astype(float), api.add_constant(x)).fit(disp=0, tol=1e-12, maxiter=100)
    (b0, b1), V = probit.params, probit.cov_params()
    assert fit["estimate"].values[:2] == pytest.approx([-b0 / b1, 1 / b1], rel=1e-7)
    J = np.array([[-1 / b1, b0 / b1**2], [0, -1 / b1**2]])
    assert fit["std_error"].values[:2] == pytest.approx(np.sqrt(np.diag(J @ V @ J.T)), rel=1e-5)
    assert fit["log_likelihood"].item() == pytest.approx(probit.llf, rel=1e-10)


# --- what leaves them alone -------------------------------------------------------------------------------------------------


def test_trials_in_any_order_and_counts_are_the_same_data():
    x, k, fit = simulate("gaussian, lapses", 50, 0)
    strength = np.repeat(x, 50)
    choice = np.concatenate([np.arange(50) < ones for ones in k])
    order = np.random.default_rng(0).permutation(strength.size)
    by_trial = psychometric_fit(
        xr.DataArray(strength[order], dims="trial"), xr.DataArray(choice[order], dims="trial"), lapse="fit"
    )
    xr.testing.assert_identical(by_trial, fit)
    early = np.minimum(k, 25)
    split = psychometric_fit([*x, *x], [*early, *(k - early)], [25] * 18, lapse="fit")
    xr.testing.assert_identical(split, fit)


@pytest.mark.parametrize("case", ["gaussian, lapses", "weibull, lapses"])
def test_the_unit_of_strength_scales_place_and_width(case):
    x, k, fit = simulate(case, 200, 2)
    large = psychometric_fit(1000 * x, k, np.full(x.size, 200), **CASES[case][3])
    scale = [1000, 1000 if "gauss" in case else 1, 1, 1]
    np.testing.assert_allclose(large["estimate"], fit["estimate"] * scale, rtol=1e-6)
    np.testing.assert_allclose(large["std_error"], fit["std_error"] * scale, rtol=1e-5)
    assert large["log_likelihood"].item() == pytest.approx(fit["log_likelihood"].item(), rel=1e-12)


def test_mirrored_choices_mirror_the_bias():
    x, k, fit = simulate("gaussian, lapses", 200, 3)
    mirror = psychometric_fit(-x, 200 - k, np.full(x.size, 200), lapse="fit")
    np.testing.assert_allclose(mirror["estimate"], fit["estimate"] * [-1, 1, 1, 1], rtol=1e-6)


def test_strength_zero_says_nothing_about_a_weibull_function():
    x, k, fit = simulate("weibull", 100, 0)
    more = psychometric_fit([0, *x], [37, *k], [100] * 8, form="weibull")
    np.testing.assert_allclose(more["estimate"], fit["estimate"], rtol=1e-8)
    np.testing.assert_allclose(more["std_error"], fit["std_error"], rtol=1e-8)
    assert more["log_likelihood"].item() - fit["log_likelihood"].item() == pytest.approx(-100 * np.log(2), rel=1e-10)
    assert more["fitted"][0] == 0.5


def test_without_lapses_the_rate_rests_at_its_bound():
    n = np.full(9, 10_000)
    k = np.round(n * gaussian(SIGNED, 1, 6, 0, 0))
    k[[0, -1]] = 0, 10_000  # fewer errors at the ends than without any lapses
    fit, held = psychometric_fit(SIGNED, k, n, lapse="fit"), psychometric_fit(SIGNED, k, n)
    assert fit["estimate"].sel(parameter="lapse") == 0 and np.isnan(fit["std_error"].sel(parameter="lapse"))
    np.testing.assert_allclose(fit["estimate"], held["estimate"], rtol=1e-7)
    np.testing.assert_allclose(fit["std_error"][:2], held["std_error"][:2], rtol=1e-6)


# --- curves and labels --------------------------------------------------------------------------------------------------


@every_case
def test_the_curve_passes_through_what_was_fitted(case):
    function, _, _, _ = CASES[case]
    x, _, fit = simulate(case, 100, 0)
    np.testing.assert_allclose(psychometric_curve(fit, x), fit["fitted"], rtol=1e-13)
    curve = psychometric_curve(fit)
    assert curve.sizes == {"strength": 200} and curve.strength[0] == x.min() and curve.strength[-1] == x.max()
    np.testing.assert_allclose(curve, function(curve.strength.values, *fit["estimate"].values), rtol=1e-10)
    middle = psychometric_curve(fit, fit["estimate"].values[:1]).item()
    guess, lapse = fit["estimate"].values[2:]
    assert middle == pytest.approx(guess + (1 - guess - lapse) * (0.5 if "gauss" in case else 1 - 1 / np.e))


def test_a_task_with_its_right_answers_is_a_step_and_the_result_goes_through_a_file(tmp_path):
    data = tasks.random_dots(220, catch=False, rng=0)
    with pytest.warns(UserWarning, match=r"a step explains the choices: .* Add levels near the threshold"):
        fit = psychometric_fit(data.coherence, data.choice == "right")
    assert fit.attrs["status"] == "step" and np.isnan(fit["std_error"][:2]).all()
    assert -1 < fit["estimate"][0] < 1 and 0 < fit["estimate"][1] < 0.25
    assert fit.strength.attrs["units"] == "%"
    assert fit["deviance"].item() == pytest.approx(0, abs=1e-6)
    fit.to_netcdf(tmp_path / "fit.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "fit.nc", engine="h5netcdf") as back:
        np.testing.assert_array_equal(psychometric_curve(back), psychometric_curve(fit))


@pytest.mark.parametrize(
    ("k", "options", "mixed"),
    [
        ([0, 0, 3, 10, 10], {}, 0.3),
        ([0, 0, 3, 10, 10], {"lapse": "fit"}, 0.3),
        ([0, 0, 3, 10, 10], {"lapse": 0.02}, 0.3),
        ([1, 1, 3, 9, 9], {"lapse": "fit"}, 0.3),
        ([1, 1, 9, 9, 9], {"lapse": 0.1}, 0.9),
        ([5, 5, 8, 10, 10], {"form": "weibull"}, 0.8),
    ],
)
def test_one_mixed_level_is_a_step_too(k, options, mixed):
    with pytest.warns(UserWarning, match="step"):
        fit = psychometric_fit(np.arange(1, 6) - (0 if "form" in options else 3), k, [10] * 5, **options)
    assert fit.attrs["status"] == "step" and fit["fitted"][2] == pytest.approx(mixed, abs=1e-3)


@pytest.mark.parametrize(
    ("k", "options"),
    [
        ([9, 7, 3, 1], {}),
        ([9, 7, 3, 1], {"lapse": "fit"}),
        ([5, 5, 5, 5], {}),
        ([0, 0, 0, 0], {}),
        ([10, 10, 10, 10], {}),
        ([5, 4, 5, 3], {"form": "weibull"}),
    ],
)
def test_choices_that_do_not_rise_have_no_parameters(k, options):
    with pytest.warns(UserWarning, match=r"do not rise with strength over these levels\. Check the coding"):
        fit = psychometric_fit([1, 2, 3, 4], k, [10] * 4, **options)
    assert fit.attrs["status"] == "flat" and np.isnan(fit["estimate"][:2]).all() and np.isnan(fit["std_error"][:2]).all()


def test_a_plain_fit_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulate("weibull, lapses", 100, 0)
        simulate("gaussian, lapses", 100, 0)


def test_the_onset_may_be_text():
    rise, time = np.outer([1.0, 0.5], np.arange(8.0)), 0.1 * np.arange(8)
    number = reaction_times(rise, 2.5, time=time, onset=0.1)
    for onset in ("100 ms", np.timedelta64(100, "ms")):
        xr.testing.assert_identical(reaction_times(rise, 2.5, time=time, onset=onset), number)
    np.testing.assert_allclose(number["reaction_time"], [0.15, 0.4])
    steps = xr.DataArray(rise, {"time": ("time", np.arange(8), {"units": "steps"})}, ("trial", "time"))
    with pytest.raises(ValueError, match="onset: got '100 ms', wanted a number of steps, as times are"):
        reaction_times(steps, 2.5, onset="100 ms")


REFUSED = [
    (lambda: psychometric_fit([1, 1, 1], [0, 1, 1]), r"strength: got 1 level\(s\), wanted at least 2, as many as parameters"),
    (lambda: psychometric_fit([1, 2], [3, 5], [9, 9], lapse="fit"), r"strength: got 2 level\(s\), wanted at least 3"),
    (lambda: psychometric_fit([0, 2], [3, 5], [9, 9], form="weibull"), r"strength: got 1 level\(s\), wanted at least 2"),
    (lambda: psychometric_fit([1, 2], [0, 2]), r"choice: got 2, wanted 0 or 1 on each trial\. For counts pass n="),
    (lambda: psychometric_fit([1, 2], [0, 5], [4, 4]), r"choice: got counts that are no part of n, wanted whole numbers"),
    (lambda: psychometric_fit([1, 2], [0, 0], [4, 0]), r"choice: got counts that are no part of n"),
    (lambda: psychometric_fit([1, 2], [0, 1.5], [4, 4]), r"choice: got counts that are no part of n"),
    (lambda: psychometric_fit([1, np.nan], [0, 1]), r"strength: got nan at index 1"),
    (lambda: psychometric_fit([1, 2, 3], [0, 1]), r"choice: got shape \(2,\), wanted shape \(3,\)\. One entry for each"),
    (lambda: psychometric_fit([1, 2], ["right", "left"]), r"choice: got .* values, wanted an array of numbers"),
    (
        lambda: psychometric_fit([-1, 2], [0, 1], form="weibull"),
        r"strength: got -1, wanted strengths >= 0 .* Pass abs\(",
    ),
    (lambda: psychometric_fit([1, 2], [0, 1], form="weibul"), r"form: got 'weibul', .* Did you mean 'weibull'"),
    (lambda: psychometric_fit([1, 2], [0, 1], lapse=0.5), r"lapse: got 0.5, wanted a finite number in \[0, 0.5\)"),
    (lambda: psychometric_fit([1, 2], [0, 1], lapse="free"), r"lapse: got 'free', wanted one of 'fit'"),
    (lambda: psychometric_fit([1, 2], [0, 1], guess=0.6), r"guess: got 0.6, wanted a finite number in \[0, 0.5\]"),
    (lambda: psychometric_curve(simulate("weibull", 50, 0)[2], [-1.0]), r"strength: got -1, wanted strengths >= 0"),
    (lambda: psychometric_curve({"mu": 1}), r"fit: got dict, wanted the result of psychometric_fit"),
    (lambda: reaction_times(xr.Dataset(), 1), r"decision: got a Dataset, wanted one variable of it\. Pass for example"),
    (lambda: reaction_times(np.zeros((2, 3)), 1), r"decision: got dims .* without times, wanted a \"time\" dimension"),
    (lambda: reaction_times(np.zeros((2, 3)), 1, time=[0, 1]), r"time: got shape \(2,\), wanted shape \(3,\)\. One time"),
    (lambda: reaction_times(np.zeros((2, 3)), 1, time=[0, 2, 1]), r"time: got times that do not increase"),
    (
        lambda: reaction_times(np.zeros((2, 3)), 1, time=[0, 1, 2], onset=[0, 0, 0]),
        r"onset: got 3 values, wanted one, or one",
    ),
    (lambda: reaction_times(np.full((2, 3), np.nan), 1, time=[0, 1, 2]), r"decision: got nan at index \(0, 0\)"),
    (lambda: reaction_times(np.zeros((2, 3)), np.inf, time=[0, 1, 2]), r"threshold: got inf"),
    (lambda: reaction_times(WALKS.expand_dims("x"), 1), r"decision: got dims .* wanted \"trial\", \"time\" and at most"),
    (lambda: reaction_times(WALKS, 1, time=[0, 1]), r"time: got times beside a DataArray, wanted none"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_bad_input_is_told_what_came_what_was_wanted_and_what_to_do(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


# --- reaction times -----------------------------------------------------------------------------------------------------

WALKS = xr.DataArray(
    np.random.default_rng(0).normal(size=(40, 60, 3)).cumsum(axis=1),
    {"time": 0.1 + 0.05 * np.arange(60), "output": ["a", "b", "c"], "choice": ("trial", ["a", "b"] * 20)},
    ["trial", "time", "output"],
)
WALKS["time"].attrs["units"] = "s"


@pytest.mark.parametrize("onset", [0.0, 0.4, 1.23])
def test_first_crossings_are_those_of_a_plain_loop(onset):
    threshold = 3.0
    result = reaction_times(WALKS, threshold, onset=onset)
    time = WALKS.time.values
    for trial, y in enumerate(WALKS.values):
        best = (np.inf, None)
        for unit in range(3):
            for k in range(60):
                if time[k] < onset or y[k, unit] < threshold:
                    continue
                moment = time[k]
                if k and y[k - 1, unit] < threshold:
                    moment = np.interp(threshold, y[k - 1 : k + 1, unit], time[k - 1 : k + 1])
                best = min(best, (max(moment, onset) - onset, "abc"[unit]))
                break
        got = result.isel(trial=trial)
        if best[1] is None:
            assert np.isnan(got["reaction_time"]) and got["chosen"] == "none"
        else:
            assert got["reaction_time"] == pytest.approx(best[0], abs=1e-12) and got["chosen"] == best[1]
    assert (result["chosen"] == "none").any() == bool((WALKS.max(("time", "output")) < threshold).any())
    assert result["reaction_time"].attrs["units"] == "s" and (result.choice == WALKS.choice).all()


def test_dims_may_come_in_any_order_and_one_trial_stands_alone():
    result = reaction_times(WALKS, 3.0)
    xr.testing.assert_identical(reaction_times(WALKS.transpose("output", "time", "trial"), 3.0), result)
    xr.testing.assert_identical(reaction_times(WALKS[3], 3.0), result.isel(trial=3))
    plain = reaction_times(WALKS.values, 3.0, time=WALKS.time.values)
    np.testing.assert_array_equal(plain["reaction_time"], result["reaction_time"])


def test_ramps_cross_where_the_line_does_and_the_steeper_wins_within_a_row():
    time = np.linspace(0, 2, 9)
    ramp = np.stack([np.outer([1.0, 0.1, 4.0], time), np.outer([1.1, 0.2, 3.0], time)], axis=-1)
    result = reaction_times(ramp, 1.0, time=time)
    np.testing.assert_allclose(result["reaction_time"], [1 / 1.1, np.nan, 0.25], rtol=1e-12)
    np.testing.assert_array_equal(result["chosen"], [1, np.nan, 0])
    assert reaction_times(np.array([2.0, 3.0]), 1.0, time=[0.5, 1.0])["reaction_time"] == 0.5
    late = reaction_times(np.array([0.0, 2.0, 3.0]), 1.0, time=[0.0, 1.0, 2.0], onset=0.75)
    assert late["reaction_time"] == 0.0
    each = reaction_times(ramp, 1.0, time=time, onset=[0.5, 0.0, 0.125])["reaction_time"]
    np.testing.assert_allclose(each, [1 / 1.1 - 0.5, np.nan, 0.125], rtol=1e-12)


def test_what_never_rises_to_the_threshold_from_the_start_is_never_chosen():
    result = reaction_times(xr.zeros_like(WALKS), 1.0)
    assert result["reaction_time"].isnull().all() and (result["chosen"] == "none").all()
