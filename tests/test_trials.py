"""Tasks made of trials: labels, seeds, epochs, balance, and the right answer of each task worked out again."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import xarray as xr

from dynrnn import tasks
from dynrnn.analysis import reaction_times

# Name: labels of inputs and outputs, epochs in order, those in which the error counts, conditions that are balanced.
SIDES = ["right", "left"]
FIXED = (["fixation", "stimulus", "decision"], ["fixation", "decision"])
EPOCHS = {
    "flip_flop": (["set", "hold"], ["set", "hold"]),
    "random_dots": FIXED,
    "context_integration": FIXED,
    "parametric_memory": (["fixation", "f1", "delay", "f2", "decision"], ["fixation", "decision"]),
    "match_to_sample": (["fixation", "sample", "delay", "test", "decision"],) * 2,
    "multisensory": FIXED,
    "ready_set_go": (["fixation", "measure", "produce", "go"],) * 2,
    "sine_generation": (["rest", "generate"],) * 2,
    "integrator": (["integrate", "hold"],) * 2,
}
LABELS = {
    "flip_flop": (["pulse_0", "pulse_1", "pulse_2"], ["bit_0", "bit_1", "bit_2"]),
    "random_dots": (SIDES, SIDES),
    "context_integration": (
        ["context_motion", "context_color", "motion_right", "motion_left", "color_right", "color_left"],
        SIDES,
    ),
    "parametric_memory": (["positive", "negative"], ["f1>f2", "f1<f2"]),
    "match_to_sample": (["fixation", "stimulus_0", "stimulus_1"], ["match", "nonmatch"]),
    "multisensory": (["visual_positive", "visual_negative", "auditory_positive", "auditory_negative"], ["high", "low"]),
    "ready_set_go": (["ready", "set"], ["go"]),
    "sine_generation": (["level"], ["sine"]),
    "integrator": (["rate"], ["integral"]),
}
CONDITIONS = {
    "flip_flop": (["initial"], 8),
    "random_dots": (["coherence", "choice"], 11),
    "context_integration": (["context", "motion", "color"], 73),
    "parametric_memory": (["f1", "f2", "choice"], 11),
    "match_to_sample": (["sample", "test", "choice"], 4),
    "multisensory": (["modality", "frequency"], 25),
    "ready_set_go": (["interval"], 5),
    "sine_generation": (["frequency"], 51),
    "integrator": (["drift"], 5),
}
VARIABLE = {  # an epoch of each task that may vary, and how it is passed
    "random_dots": ("stimulus", "stimulus"),
    "parametric_memory": ("delay", "delay"),
    "match_to_sample": ("delay", "delay"),
    "multisensory": ("fixation", "fixation"),
    "context_integration": ("decision", "decision"),
    "ready_set_go": ("hold", "go"),
    "sine_generation": ("duration", "generate"),
    "integrator": ("hold", "hold"),
}
every_task = pytest.mark.parametrize("name", EPOCHS)


def make(name, trials, **options):
    return getattr(tasks, name)(trials, **options)


# --- what all have in common --------------------------------------------------------------------------------------------


@every_task
def test_dims_labels_and_record(name):
    data = make(name, 7, rng=5)
    assert data["inputs"].dims == ("trial", "time", "input") and data["targets"].dims == ("trial", "time", "output")
    assert data["mask"].dims == data["epoch"].dims == ("trial", "time")
    assert [data[dim].values.tolist() for dim in ("input", "output")] == list(LABELS[name])
    assert data.trial.values.tolist() == list(range(7))
    np.testing.assert_allclose(data.time, 0.02 * np.arange(data.sizes["time"]), rtol=1e-15)
    assert data.time.attrs["units"] == "s"
    assert (data.attrs["task"], data.attrs["dt"], data.attrs["seed"]) == (name, 0.02, 5)
    assert all(epoch in data.attrs["protocol"] for epoch in EPOCHS[name][0]) and data.attrs["source"]
    assert all(np.isfinite(data[v]).all() for v in data)


@every_task
def test_a_seed_fixes_every_bit_and_another_seed_none(name):
    data = make(name, 9, noise=0.1, rng=3)
    assert data.identical(make(name, 9, noise=0.1, rng=3))
    by_generator = make(name, 9, noise=0.1, rng=np.random.default_rng(3))
    assert "seed" not in by_generator.attrs
    xr.testing.assert_equal(data, by_generator)
    noisy = data.epoch.values != ("hold" if name == "integrator" else None)
    assert not np.isin(make(name, 9, noise=0.1, rng=4)["inputs"].values[noisy], data["inputs"].values[noisy]).any()


@every_task
def test_a_trial_does_not_depend_on_the_number_of_trials(name):
    assert make(name, 2, rng=1).identical(make(name, 140, rng=1).isel(trial=slice(2)))


@every_task
def test_the_global_generator_is_neither_read_nor_advanced(name):
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    first = make(name, 3, rng=1)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    np.random.seed(1)
    assert first.identical(make(name, 3, rng=1))


@every_task
@pytest.mark.parametrize("vary", [False, True])
def test_epochs_come_in_order_and_the_error_counts_where_it_is_said(name, vary):
    option, varied = VARIABLE.get(name, (None, None))
    options = {option: (0.1, 0.6)} if vary and option else {}
    data = make(name, 30, rng=2, **options)
    names, counted = EPOCHS[name]
    order = {epoch: i for i, epoch in enumerate([*names, "after"])}
    regular = ~data.catch.values if "catch" in data.coords else np.ones(30, bool)
    for epochs, mask in zip(data.epoch.values[regular], data["mask"].values[regular], strict=True):
        rank = np.array([order[epoch] for epoch in epochs])
        assert rank[0] == 0 and set(np.diff(rank)) <= {0, 1} and set(range(len(names))) <= set(rank)
        np.testing.assert_array_equal(mask, np.isin(epochs, counted))
    assert (data.epoch.values[~regular] == names[0]).all() and (data["mask"].values[~regular] == 1).all()
    if vary and option:
        rows = (data.epoch == varied).sum("time")
        np.testing.assert_allclose(rows * 0.02, data[f"{varied}_duration"])
        assert len(set(rows.values[regular])) > 5 and rows[regular].min() >= 5 and rows[regular].max() <= 30


@every_task
def test_conditions_are_balanced_in_every_run_of_trials_and_their_order_is_random(name):
    columns, kinds = CONDITIONS[name]
    data = make(name, 2 * kinds + kinds // 2, rng=0)
    keys = list(zip(*(map(str, data[column].values) for column in columns), strict=True))
    assert len(set(keys)) == kinds
    for stop in (kinds, 2 * kinds, len(keys)):
        counts = Counter(keys[:stop])
        assert len(counts) == kinds and max(counts.values()) - min(counts.values()) <= 1
    assert keys[:kinds] != keys[kinds : 2 * kinds]


@every_task
@pytest.mark.parametrize("dt", [0.02, 0.005])
def test_noise_has_the_same_integral_whatever_dt(name, dt):
    data = make(name, 20, noise=0.3, dt=dt, rng=0)
    clean = make(name, 20, noise=0.0, dt=dt, rng=0)
    noise = (data["inputs"] - clean["inputs"]).values
    if name == "integrator":  # without noise nothing is added while it holds
        noise = noise[:, data.epoch.values[0] == "integrate"]
    else:
        xr.testing.assert_identical(data["targets"], clean["targets"])
    error = 0.09 * np.sqrt(2 / noise.size)
    assert noise.var() * dt == pytest.approx(0.09, abs=4 * error)
    assert noise.mean() == pytest.approx(0, abs=4 * 0.3 / np.sqrt(dt * noise.size))


@pytest.mark.parametrize("name", ["parametric_memory", "flip_flop"])
def test_a_task_goes_through_a_file(name, tmp_path):
    data = make(name, 12, rng=0)
    data.to_netcdf(tmp_path / "task.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "task.nc", engine="h5netcdf") as back:
        xr.testing.assert_equal(back, data)
        assert back.attrs["protocol"] == data.attrs["protocol"] and back.attrs["seed"] == 0
        assert (back.epoch == EPOCHS[name][0][0]).sum() == (data.epoch == EPOCHS[name][0][0]).sum()


def in_epoch(data, name):
    """Rows of inputs and targets in an epoch, joined over the regular trials."""
    inside = (data.epoch == name).values
    return data["inputs"].values[inside], data["targets"].values[inside]


# --- flip-flop ----------------------------------------------------------------------------------------------------------


def test_flip_flop_holds_the_last_pulse():
    data = tasks.flip_flop(20, bits=4, rate=3.0, rng=0)
    for u, target, initial in zip(data["inputs"].values, data["targets"].values, data.initial.values, strict=True):
        held = np.zeros(4)
        for k in range(len(u)):
            held = np.where(u[k] == 0, held, u[k])
            np.testing.assert_array_equal(target[k], held)
        np.testing.assert_array_equal(target[0], initial)
        np.testing.assert_array_equal(u[:5], np.tile(initial, (5, 1)))
    assert set(np.unique(data["inputs"])) == {-1, 0, 1}


@pytest.mark.parametrize("dt", [0.1, 0.025])
def test_flip_flop_pulses_are_a_poisson_process(dt):
    data = tasks.flip_flop(200, bits=2, rate=0.7, duration=10.1, dt=dt, rng=0)
    flips = (np.diff(data["targets"], axis=1) != 0).sum()
    opportunities = 200 * 2 * round(10.0 / dt)
    p = (1 - np.exp(-0.7 * dt)) / 2
    assert flips == pytest.approx(opportunities * p, abs=4 * np.sqrt(opportunities * p * (1 - p)))


def test_flip_flop_in_steps_has_a_pulse_in_every_other_row():
    data = tasks.flip_flop(512, dt=1.0, pulse=1.0, duration=64.0, rate=np.log(2), rng=0)
    later = np.abs(data["inputs"].values[:, 1:])
    assert later.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(later.size))


# --- decisions ----------------------------------------------------------------------------------------------------------


def test_random_dots_evidence_and_answer():
    data = tasks.random_dots(110, noise=0.0, rng=0)
    for trial in range(110):
        one = data.isel(trial=trial)
        if one.catch:
            assert not one["inputs"].any() and (one["targets"] == 0.2).all()
            assert np.isnan(one.coherence) and one.choice == "none"
            continue
        c = float(one.coherence)
        u, _ = in_epoch(one, "stimulus")
        np.testing.assert_allclose(u, np.tile([(1 + 0.032 * c) / 2, (1 - 0.032 * c) / 2], (40, 1)), rtol=1e-14)
        for epoch, rows in (("fixation", 5), ("decision", 15)):
            u, target = in_epoch(one, epoch)
            answer = [1.0, 0.2] if c > 0 else [0.2, 1.0]
            assert not u.any() and target.tolist() == [answer if epoch == "decision" else [0.2, 0.2]] * rows
        assert one.choice == ("right" if c > 0 else "left")
    strongest = data.sel(trial=(data.coherence == 16).values)["inputs"].max(("trial", "time"))
    assert strongest.values.tolist() == [pytest.approx(0.756), pytest.approx(0.244)]


def test_without_evidence_half_of_the_trials_have_each_answer():
    data = tasks.random_dots(40, [0], catch=False, rng=0)
    assert (data.coherence == 0).all() and not np.signbit(data.coherence).any()
    assert (data.choice == "right").sum() == 20


def test_exponential_durations_have_the_mean_of_the_truncated_distribution():
    mean, low, high, n = 0.33, 0.08, 1.5, 4000
    data = tasks.random_dots(n, stimulus=(mean, low, high), catch=False, noise=0.0, dt=0.01, rng=0)
    seconds = data.stimulus_duration.values
    assert seconds.min() >= low and seconds.max() <= high + 1e-12
    span = high - low
    expected = low + mean - span / np.expm1(span / mean)
    assert seconds.mean() == pytest.approx(expected, abs=4 * seconds.std() / np.sqrt(n))
    beyond = (np.exp(-0.5 / mean) - np.exp(-span / mean)) / (1 - np.exp(-span / mean))  # P(duration > 0.58 s)
    assert (seconds > low + 0.5).mean() == pytest.approx(beyond, abs=0.01 / mean / 2 + 4 * np.sqrt(beyond / n))


def test_context_says_which_evidence_counts():
    data = tasks.context_integration(146, noise=0.0, rng=1)
    assert data.catch.sum() == 2
    conflicts = 0
    for trial in np.flatnonzero(~data.catch):
        one = data.isel(trial=trial)
        m, c, motion = float(one.motion), float(one.color), bool(one.context == "motion")
        u, _ = in_epoch(one, "stimulus")
        pairs = [(1 + sign * 0.05 * v) / 2 for v in (m, c) for sign in (1, -1)]
        np.testing.assert_allclose(u, np.tile([motion, not motion, *pairs], (40, 1)), rtol=1e-14)
        right = (m if motion else c) > 0
        assert one.choice == ("right" if right else "left")
        assert in_epoch(one, "decision")[1][0].tolist() == ([1.0, 0.2] if right else [0.2, 1.0])
        conflicts += m * c < 0
    assert conflicts == 72


def test_the_higher_frequency_is_the_answer():
    data = tasks.parametric_memory(110, noise=0.0, rng=0)
    for trial in np.flatnonzero(~data.catch):
        one = data.isel(trial=trial)
        for epoch in ("f1", "f2"):
            f = float(one[epoch])
            u, _ = in_epoch(one, epoch)
            np.testing.assert_allclose(u, np.tile([0.2 + 0.8 * (f - 10) / 24, 0.2 + 0.8 * (34 - f) / 24], (25, 1)), rtol=1e-14)
        assert not in_epoch(one, "delay")[0].any()
        assert (one.choice == "f1>f2") == (one.f1 > one.f2)
        assert in_epoch(one, "decision")[1][0].tolist() == ([1.0, 0.2] if one.f1 > one.f2 else [0.2, 1.0])
    assert {tuple(sorted(p)) for p in zip(data.f1.values, data.f2.values, strict=True) if p[0] == p[0]} == {
        (10, 18), (14, 22), (18, 26), (22, 30), (26, 34),
    }  # fmt: skip
    delay = data.delay_duration.values[~data.catch.values]
    assert 2.5 <= delay.min() < 2.6 and 3.4 < delay.max() <= 3.5 + 1e-12


def test_match_means_that_the_same_stimulus_came_twice():
    data = tasks.match_to_sample(96, stimuli=4, noise=0.0, rng=0)
    for trial in range(96):
        one = data.isel(trial=trial)
        for epoch in ("sample", "test"):
            shown = one["inputs"].sel(input=str(one[epoch].values)).values == 1
            np.testing.assert_array_equal(shown, (one.epoch == "sample") & (one["sample"] == one[epoch]) | (one.epoch == "test")
                                          & (one["test"] == one[epoch]))  # fmt: skip
        assert one["inputs"].sel(input=["stimulus_0", "stimulus_1", "stimulus_2", "stimulus_3"]).sum("input").max() == 1
        assert (one.choice == "match") == (one["sample"] == one["test"])
        assert in_epoch(one, "decision")[1][0].tolist() == ([1.0, 0.2] if one["sample"] == one["test"] else [0.2, 1.0])
    np.testing.assert_array_equal(data["inputs"].sel(input="fixation"), data.epoch != "decision")
    pairs = Counter(zip(data["sample"].values, data["test"].values, strict=True))
    assert {(a == b, n) for (a, b), n in pairs.items()} == {(True, 12), (False, 4)} and len(pairs) == 16


def test_both_senses_carry_the_same_rate():
    data = tasks.multisensory(50, noise=0.0, rng=0)
    for trial in np.flatnonzero(~data.catch):
        one = data.isel(trial=trial)
        f = float(one.frequency)
        rate = [0.5 + 0.6 * (f - 6) / 13, 0.5 + 0.6 * (19 - f) / 13]
        expected = {"visual": [*rate, 0, 0], "auditory": [0, 0, *rate], "both": rate * 2}[str(one.modality.values)]
        np.testing.assert_allclose(in_epoch(one, "stimulus")[0], np.tile(expected, (50, 1)), rtol=1e-14)
        assert one.choice == ("high" if f > 12.5 else "low")
        assert in_epoch(one, "decision")[1][0].tolist() == ([1.0, 0.2] if f > 12.5 else [0.2, 1.0])
    assert set(data.frequency.values[~data.catch.values]) == set(range(9, 17))


# --- time ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_go_comes_an_interval_after_set(gain):
    data = tasks.ready_set_go(25, gain=gain, rng=0)
    pulses = data["inputs"].diff("time", label="upper") > 0
    ready, go = (pulses.sel(input=cue).argmax("time") * 0.02 + 0.02 for cue in ("ready", "set"))
    np.testing.assert_allclose(go - ready, data.interval)
    np.testing.assert_allclose(go, data.set_time)
    assert (data["inputs"].sum("time") == 5).all()
    at_end = data["targets"].assign_coords(time=data.time + 0.02)  # a simulated output has the time of the end of its row
    produced = reaction_times(at_end, 1.0 - 1e-9, onset=data.set_time)["reaction_time"]
    np.testing.assert_allclose(produced, gain * data.interval, rtol=1e-7)
    np.testing.assert_allclose(data.go_time - data.set_time, gain * data.interval)
    half = reaction_times(at_end, 0.5, onset=data.set_time)["reaction_time"]
    np.testing.assert_allclose(half, gain * data.interval / 2, rtol=1e-7)


def test_sines_have_their_frequency_and_level():
    data = tasks.sine_generation(51, rng=0)
    for trial in range(51):
        one = data.isel(trial=trial)
        u, target = in_epoch(one, "generate")
        f = float(one.frequency)
        j = round((f - 1) / 0.1) + 1
        np.testing.assert_allclose(u[:, 0], j / 51 + 0.25, rtol=1e-13)
        np.testing.assert_allclose(target[:, 0], [np.sin(2 * np.pi * f * 0.02 * (k + 1)) for k in range(100)], atol=1e-12)
        assert not np.any(in_epoch(one, "rest"))


@pytest.mark.parametrize("dt", [0.02, 0.005])
def test_integral_of_drift_and_noise(dt):
    data = tasks.integrator(2000, [-1.0, 2.0], noise=0.5, dt=dt, rng=0)
    z = 0.0
    for u, target in zip(data["inputs"].values[0, :, 0], data["targets"].values[0, :, 0], strict=True):
        z += u * dt
        assert target == pytest.approx(z, abs=1e-12)
    for seconds in (0.5, 1.0):
        z = data["targets"].values[:, round(seconds / dt) - 1, 0] - data.drift.values * seconds
        variance = 0.25 * seconds
        assert z.mean() == pytest.approx(0, abs=4 * np.sqrt(variance / 2000))
        assert z.var() == pytest.approx(variance, abs=4 * variance * np.sqrt(2 / 2000))
    u, target = in_epoch(data, "hold")
    assert not u.any() and (np.ptp(target.reshape(2000, -1), axis=1) == 0).all()


def test_times_may_be_text():
    """The same bits as from numbers; a duration that is drawn too, and in tasks with times that are no epochs."""
    text = tasks.random_dots(9, dt="10 ms", fixation="100 ms", stimulus=("0.33 s", "80 ms", 1.5), rng=0)
    xr.testing.assert_identical(text, tasks.random_dots(9, dt=0.01, fixation=0.1, stimulus=(0.33, 0.08, 1.5), rng=0))
    text = tasks.ready_set_go(5, ["480 ms", "0.8 s"], pulse="60 ms", hold="200 ms", rng=0)
    xr.testing.assert_identical(text, tasks.ready_set_go(5, [0.48, 0.8], pulse=0.06, hold=0.2, rng=0))
    text = tasks.flip_flop(5, rate="2 Hz", pulse="60 ms", duration="2 s", dt="20 ms", rng=0)
    xr.testing.assert_identical(text, tasks.flip_flop(5, rate=2, pulse=0.06, duration=2, rng=0))


# --- advice -------------------------------------------------------------------------------------------------------------

REFUSED = [
    (lambda: tasks.random_dots(0), r"trials: got 0, wanted an integer >= 1"),
    (lambda: tasks.random_dots(5, dt=0), r"dt: got 0, wanted a finite number in \(0, inf\)"),
    (lambda: tasks.random_dots(5, dt=0.03), r"fixation: got 0.1 s, wanted a multiple of dt = 0.03 s\. Change dt or"),
    (lambda: tasks.random_dots(5, stimulus="800"), r"stimulus: got '800', which has no unit, wanted a time such as \"20 ms\""),
    (lambda: tasks.random_dots(5, stimulus=("80 ms", "2 Hz")), r"stimulus: got '2 Hz', which is a frequency, wanted a time"),
    (lambda: tasks.random_dots(5, stimulus="30 ms"), r"stimulus: got 0.03 s, wanted a multiple of dt = 0.02 s\. Change dt or"),
    (lambda: tasks.random_dots(5, stimulus=-0.1), r"stimulus: got -0.1, wanted a finite number in \[0, inf\)"),
    (lambda: tasks.random_dots(5, stimulus=(0.8, 0.2)), r"stimulus: got 0.2 s after 0.8 s, wanted the shortest duration"),
    (lambda: tasks.random_dots(5, stimulus=(1, 2, 3, 4)), r"stimulus: got 4 numbers, wanted seconds, \(low, high\), or"),
    (lambda: tasks.random_dots(5, stimulus=(0, 0.1, 0.2)), r"stimulus: got 0, wanted a finite number in \(0"),
    (lambda: tasks.random_dots(5, fixation=0, stimulus=0, decision=0), r"durations: got 0 s in all, wanted at least one row"),
    (lambda: tasks.random_dots(5, [1, -2]), r"coherences: got -2, wanted a finite number in \[0"),
    (lambda: tasks.random_dots(5, [1, 1]), r"coherences: got \[1.0, 1.0\], wanted at least one level, and none twice"),
    (lambda: tasks.random_dots(5, []), r"coherences: got \[\], wanted at least one level"),
    (lambda: tasks.random_dots(5, 8), r"coherences: got shape \(\), wanted .* Write \[v\] for a single level"),
    (lambda: tasks.random_dots(5, catch="no"), r"catch: got 'no', wanted True or False"),
    (lambda: tasks.random_dots(5, noise=-1), r"noise: got -1, wanted a finite number in \[0"),
    (lambda: tasks.random_dots(5, rng="x"), r"rng: got 'x', wanted a non-negative integer seed"),
    (lambda: tasks.flip_flop(5, bits=17), r"bits: got 17, wanted an integer >= 1 and <= 16"),
    (lambda: tasks.flip_flop(5, pulse=5), r"pulse: got 5 s, wanted more than 0 and less than the duration, 5 s"),
    (lambda: tasks.flip_flop(5, rate=-1), r"rate: got -1"),
    (lambda: tasks.parametric_memory(5, [(18, 18)]), r"pairs: got \[\[18.0, 18.0\]\], wanted pairs of two different"),
    (lambda: tasks.parametric_memory(5, [18, 10]), r"pairs: got shape \(2,\), wanted shape \(any, 2\)\. Give \[\(f_1, f_2\)"),
    (lambda: tasks.match_to_sample(5, stimuli=1), r"stimuli: got 1, wanted an integer >= 2"),
    (lambda: tasks.multisensory(5, [12.5, 13]), r"frequencies: got 12.5, the boundary, wanted .* It has no right answer"),
    (lambda: tasks.multisensory(5, span=(9, 9)), r"span: got \(9, 9\), wanted \(low, high\) with low < high"),
    (lambda: tasks.ready_set_go(5, 0.48), r"intervals: got 0.48, wanted a list of times\. Write \[v\] for a single one"),
    (lambda: tasks.ready_set_go(5, [0.49]), r"intervals: got 0.49 s, wanted a multiple of dt"),
    (lambda: tasks.ready_set_go(5, gain=1.01), r"gain: got 0.4848 s, wanted a multiple of dt"),
    (
        lambda: tasks.ready_set_go(5, pulse=0.5),
        r"pulse: got 0.5 s, wanted .* at most the shortest interval, 0.48 s",
    ),
    (lambda: tasks.sine_generation(5, [30.0]), r"frequencies: got 30 Hz, wanted less than 1 / \(2 dt\) = 25 Hz\. Lower dt"),
    (lambda: tasks.integrator(5, [np.nan]), r"drifts: got nan at index 0"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_bad_input_is_told_what_came_what_was_wanted_and_what_to_do(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
