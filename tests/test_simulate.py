"""The time loop and its labels: splitting, recording, batches, threads, restarts, files, and what is refused."""

import _thread
import json
import signal

import numpy as np
import pytest
import xarray as xr

import dynrnn as dr
from dynrnn import run as engine
from dynrnn import sinks
from dynrnn.system import System

noisy = dr.ESN.random(40, inputs=2, feedback=1, rng=1, leak=0.4, noise_std=0.05, topology_options={"density": 0.2})
inputs = np.random.default_rng(0).normal(size=(60, 3))
ones = np.ones((3, 1))
whole = dr.simulate(noisy, inputs, rng=7)


class Counter(System):
    """Counts its steps: two parts, an output, an input that is added."""

    inputs = ("push",)
    outputs = ("double",)

    @property
    def parts(self):
        return {"count": 1, "last": ("a", "b")}

    def step(p, x, u, out):
        out[0] = x[0] + 1 + u[0]
        out[1] = x[0]
        out[2] = -x[0]

    def output(p, x, u, out):
        out[0] = 2 * x[0]


class Clock(System):
    def drift(p, t, x, u, out):
        out[0] = t


@pytest.mark.parametrize("cut", [1, 29, 59])
def test_a_run_continued_from_a_result_is_the_whole_run_bit_for_bit(cut):
    first = dr.simulate(noisy, inputs[:cut], rng=7)
    second = dr.simulate(noisy, inputs[cut:], x0=first)
    np.testing.assert_array_equal(np.concatenate([first.state, second.state]), whole.state)
    np.testing.assert_array_equal(np.concatenate([first.time, second.time]), whole.time)


def test_a_result_from_a_file_continues_too(tmp_path):
    first = dr.simulate(noisy, inputs[:20], rng=7, to=tmp_path / "first.nc")
    np.testing.assert_array_equal(dr.simulate(noisy, inputs[20:], x0=first).state, whole.state[20:])


trials = np.stack([inputs, -inputs, 2 * inputs, 0 * inputs])


@pytest.mark.parametrize("kept", [[2, 0, 3, 1], [3, 1], 2])
def test_selected_trials_go_on_with_their_own_random_streams(kept, tmp_path):
    end = dr.simulate(noisy, trials, rng=7).state[:, 20:]
    first = dr.simulate(noisy, trials[:, :20], rng=7)
    dr.simulate(noisy, trials[:, :20], rng=7, to=tmp_path / "first.nc").close()
    with xr.open_dataset(tmp_path / "first.nc", decode_times=False) as stored:
        for result in (first, stored.load()):
            second = dr.simulate(noisy, trials[kept][..., 20:, :], x0=result.isel(trial=kept))
            np.testing.assert_array_equal(second.state, end[kept])
    again = second.isel(trial=slice(None, None, -1)) if "trial" in second.dims else second
    assert "trial" not in again.dims or again.random_stream.values.tolist() == list(range(len(kept)))[::-1]


def test_trials_to_be_continued_are_each_of_one_result_and_the_trials_of_the_inputs():
    first = dr.simulate(noisy, trials[:, :20], rng=7)
    twice = xr.concat([first, first], "trial")
    with pytest.raises(ValueError, match=r"x0: got a result with random streams for 4 trials, wanted streams for 8.*each once"):
        dr.simulate(noisy, trials[[0, 1, 2, 3, 0, 1, 2, 3], 20:], x0=twice)
    labelled = xr.DataArray(trials, {"trial": list("abcd")}, ("trial", "time", "input"))
    first = dr.simulate(noisy, labelled[:, :20], rng=7)
    late, order = labelled[:, 20:], ["c", "a"]
    np.testing.assert_array_equal(
        dr.simulate(noisy, late.sel(trial=order), x0=first.sel(trial=order)).state,
        dr.simulate(noisy, late, x0=first).sel(trial=order).state,
    )
    with pytest.raises(ValueError, match="x0: got a result of the trials c, a, wanted a, b, as the inputs have"):
        dr.simulate(noisy, late[:2], x0=first.sel(trial=order))


def test_recording_does_not_change_the_numbers():
    every = dr.simulate(noisy, inputs, rng=7, every=10, washout=7)
    np.testing.assert_array_equal(every.time, [17, 27, 37, 47, 57])
    np.testing.assert_array_equal(every.state, whole.sel(time=every.time).state)


@pytest.mark.parametrize("chunk", [1, 7, 60])
def test_chunks_do_not_change_the_numbers(chunk, monkeypatch):
    monkeypatch.setattr(engine.Run, "_chunk", lambda self: chunk)
    np.testing.assert_array_equal(dr.simulate(noisy, inputs, rng=7, every=4).state, whole.state[3::4])


@pytest.mark.parametrize("trials", [2, 21, 40])
@pytest.mark.parametrize("threads", [1, 2])
def test_trials_are_single_runs_on_any_number_of_threads(trials, threads):
    many = np.stack([inputs * (1 + 0.01 * k) for k in range(trials)])
    batch = dr.simulate(noisy, many, rng=7, threads=threads)
    assert batch.state.dims == ("trial", "time", "unit")
    np.testing.assert_array_equal(batch.state[0], whole.state)
    for k in (1, trials - 1):
        alone = dr.simulate(noisy, many[k], rng=[dr.trial_streams(7, trials)[k]])
        np.testing.assert_array_equal(batch.state[k], alone.state)


def test_dense_batches_equal_single_runs():
    dense = dr.ESN(np.random.default_rng(3).normal(size=(40, 40)) / 10, np.ones((40, 3)))
    starts = whole.state.values[:20]
    batch = dr.simulate(dense, np.broadcast_to(inputs, (20, *inputs.shape)), x0=starts)
    for k in range(20):
        np.testing.assert_array_equal(batch.state[k], dr.simulate(dense, inputs, x0=starts[k]).state)


def test_labels():
    result = dr.simulate(Counter(), np.zeros((4, 1)), include_initial=True, record=["last", "output"])
    assert list(result.data_vars) == ["last", "output"]
    assert result["last"].dims == ("time", "last_unit") and list(result.last_unit.values) == ["a", "b"]
    np.testing.assert_array_equal(result.time, [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(result.output[1:, 0], [2, 4, 6, 8])
    assert np.isnan(result.output[0, 0])
    np.testing.assert_array_equal(result["last"].sel(last_unit="b"), [0, 0, -1, -2, -3])
    full = dr.simulate(Counter(), np.zeros((4, 1)))
    assert full["count"].dims == ("time", "unit") and full.attrs["class"] == "Counter"
    assert json.loads(whole.attrs["system"])["leak"] == [0.4] * 40 and whole.attrs["seed"] == 7
    assert full.to_netcdf() is not None


def test_the_clock_of_a_flow():
    result = dr.simulate(Clock(), duration=1.0, dt=0.25, x0=[0.0])
    np.testing.assert_allclose(result.time, [0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(result.state[:, 0], result.time**2 / 2, atol=1e-15)
    assert result.time.attrs["units"] == "s" and result.attrs["method"] == "rk4"
    more = dr.simulate(Clock(), duration=0.5, dt=0.25, x0=result)
    np.testing.assert_allclose(more.state[:, 0], [1.25**2 / 2, 1.5**2 / 2], atol=1e-15)


class Driven(System):
    inputs = 1

    def drift(p, t, x, u, out):
        out[0] = t + u[0]


def silence(first, steps, unit="s", dt=0.25):
    time = ("time", first + dt * np.arange(steps), {"units": unit})
    return xr.DataArray(np.zeros((steps, 1)), {"time": time}, ("time", "input"))


@pytest.mark.parametrize("origin", [-0.5, 0.0, 3.0])
def test_the_clock_starts_where_the_labels_of_the_inputs_begin(origin):
    result = dr.simulate(Driven(), silence(origin, 4), dt=0.25, include_initial=True)
    np.testing.assert_array_equal(result.time, origin + 0.25 * np.arange(5))
    np.testing.assert_allclose(result.state[:, 0], (result.time**2 - origin**2) / 2, atol=1e-14)
    for later in (silence(origin + 1.0, 3), silence(0.0, 3)):  # on its own clock, or a signal made anew
        more = dr.simulate(Driven(), later, dt=0.25, x0=result)
        np.testing.assert_array_equal(more.time, origin + 1.25 + 0.25 * np.arange(3))
        np.testing.assert_allclose(more.state[:, 0], (more.time**2 - origin**2) / 2, atol=1e-14)


def test_the_clock_of_a_map_starts_at_the_labelled_step():
    count = dr.simulate(Counter(), silence(500, 3, "step", 1))
    assert count.time.values.tolist() == [501, 502, 503] and count.attrs["step"] == 503
    assert dr.simulate(Counter(), silence(7.3, 3)).time.values.tolist() == [1, 2, 3]  # seconds are not its steps
    days = silence(0, 3).assign_coords(time=np.arange("2001-05-03", "2001-05-06", dtype="M8[D]"))
    assert dr.simulate(Driven(), days, dt=86400.0).time[0] == 86400


def test_labels_that_no_clock_can_have_are_refused():
    with pytest.raises(ValueError, match=r"the time of inputs: got rows from 0\.1 s on, wanted rows from a multiple of dt"):
        dr.simulate(Driven(), silence(0.1, 3), dt=0.25)
    first = dr.simulate(Driven(), silence(0, 4), dt=0.25)
    with pytest.raises(ValueError, match=r"inputs: got rows from 3 s on, wanted 1 s, where the run to be continued stands.*drop"):
        dr.simulate(Driven(), silence(3.0, 4), dt=0.25, x0=first)
    delayed = type("Echo", (System,), {"inputs": 1, "delays": (1.0,), "drift": lambda p, t, x, u, out: out.fill(0.0)})()
    with pytest.raises(ValueError, match="inputs: got rows from 3 s on, wanted 0, where the past of a system with delays ends"):
        dr.simulate(delayed, silence(3.0, 4), dt=0.25)


def test_a_map_with_a_dt_takes_a_duration():
    network = dr.LeakyRNN([[0.5]], [1.0], dt=0.02)
    result = dr.simulate(network, np.ones((50, 1)), duration="1 s")
    assert result.sizes["time"] == 50 and result.time[-1] == 1.0
    with pytest.raises(ValueError, match="steps: got 50, wanted 25, which the duration says"):
        dr.simulate(network, np.ones((50, 1)), steps=50, duration=0.5)


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_rows_stream_to_a_file(tmp_path, suffix, monkeypatch):
    if suffix == ".zarr":
        pytest.importorskip("zarr")
    monkeypatch.setattr(engine.Run, "_chunk", lambda self: 9)
    file = tmp_path / f"run{suffix}"
    many = np.stack([inputs, inputs])
    streamed = dr.simulate(noisy, many, rng=7, to=file, include_initial=True)
    xr.testing.assert_equal(streamed.load(), dr.simulate(noisy, many, rng=7, include_initial=True))
    assert file.exists() and [p.name for p in tmp_path.iterdir()] == [file.name]


def test_a_failing_run_leaves_the_old_file_whole(tmp_path):
    file = tmp_path / "run.nc"
    file.write_text("old")
    with pytest.raises(dr.Diverged):
        dr.simulate(explosive, np.full((50, 1), 1e300), to=file)
    assert [p.name for p in tmp_path.iterdir()] == ["run.nc"]


explosive = dr.ESN(np.eye(2) * 3, np.ones((2, 1)), activation="identity")


def test_divergence_names_the_step_and_keeps_what_was_computed():
    with pytest.raises(dr.Diverged, match="is not finite after step 17") as caught:
        dr.simulate(explosive, np.full((50, 1), 1e300))
    assert caught.value.step == 17 and caught.value.result.sizes["time"] == 17
    assert np.isfinite(caught.value.result.state).all()
    with pytest.raises(dr.Diverged, match="of trial 1 is not finite after step 17"):
        dr.simulate(explosive, np.array([[[0.0]], [[1e300]]]) * np.ones((1, 50, 1)))


@pytest.fixture
def interruptible():
    """Ctrl-C raises KeyboardInterrupt: a process started in the background ignores it otherwise."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_keeps_what_was_computed(monkeypatch, interruptible):
    chunks = []

    def chunk(self):
        chunks.append(1000)
        if len(chunks) == 4:
            _thread.interrupt_main()
        return 1000

    monkeypatch.setattr(engine.Run, "_chunk", chunk)
    with pytest.raises(dr.Interrupted, match="stopped after step") as caught:
        dr.simulate(Counter(), np.zeros((100_000, 1)), every=1000)
    result = caught.value.result
    assert 3 <= result.sizes["time"] <= 4
    np.testing.assert_array_equal(result["count"][:, 0], result.time)


def test_memory_that_is_not_there_is_refused_with_advice(monkeypatch):
    monkeypatch.setattr(sinks, "_free_memory", lambda: 10_000)
    with pytest.raises(MemoryError, match=r"Keep fewer rows \(every=10\)"):
        dr.simulate(noisy, inputs)


def test_a_seed_beyond_64_bits_is_kept_as_text(tmp_path):
    result = dr.simulate(noisy, inputs, rng=2**80)
    result.to_netcdf(tmp_path / "run.nc", engine="h5netcdf")
    assert xr.load_dataset(tmp_path / "run.nc").attrs["seed"] == str(2**80)


def test_progress_is_shown(capsys):
    dr.simulate(Counter(), np.zeros((5, 1)), progress=True)
    assert "5.00" in capsys.readouterr().err


def test_many_trials_without_inputs():
    result = dr.simulate(Clock(), steps=3, dt=0.1, trials=4)
    assert result.sizes == {"trial": 4, "time": 3, "unit": 1}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dr.simulate("esn"), "system: got str, wanted a dynrnn System"),
        (lambda: dr.simulate(noisy), r"inputs: got nothing, wanted \(time, 3\)"),
        (lambda: dr.simulate(noisy, inputs.T), "The axes look swapped: time comes before input"),
        (lambda: dr.simulate(noisy, inputs[:, :2]), r"inputs: got shape \(60, 2\), wanted \(time, 3\)"),
        (lambda: dr.simulate(noisy, inputs[:0]), "at least one row"),
        (lambda: dr.simulate(noisy, np.where(inputs > 2, np.nan, inputs)), r"inputs: got nan at index \(\d+, \d\)"),
        (lambda: dr.simulate(noisy, [["a", "b", "c"]]), "inputs: got .* values, wanted an array of numbers"),
        (lambda: dr.simulate(noisy, inputs, steps=10), "steps: got 10, wanted 60, the number of input rows"),
        (lambda: dr.simulate(noisy, inputs, washout=60), "washout: got 60, wanted fewer than the 60 steps"),
        (lambda: dr.simulate(noisy, inputs, every=0), "every: got 0, wanted an integer >= 1"),
        (lambda: dr.simulate(noisy, inputs, x0=np.zeros(3)), r"x0: got shape \(3,\), wanted \(40,\)"),
        (lambda: dr.simulate(noisy, np.stack([inputs] * 2), x0=np.zeros((3, 40))), "trials: got 2 in inputs, 3 in x0"),
        (lambda: dr.simulate(noisy, inputs, record="stat"), "record: got 'stat'.*Did you mean 'state'"),
        (lambda: dr.simulate(noisy, inputs, dt=0.1), "A map has steps"),
        (lambda: dr.simulate(dr.LeakyRNN([[0.5]], [1.0]), ones, dt=0.1), r"Its own dt is 0\.02: change it by replace\(dt=…\)"),
        (lambda: dr.simulate(noisy, dr.tasks.narma(30, rng=1)), "inputs: got a Dataset, wanted one variable .*task.inputs"),
        (lambda: dr.simulate(noisy, inputs, to="run.csv"), "a name that ends in .nc or .zarr"),
        (lambda: dr.simulate(noisy, inputs, to="nowhere/run.nc"), "Create .*nowhere first"),
        (lambda: dr.simulate(noisy, inputs, threads=0), "threads: got 0"),
        (lambda: dr.simulate(noisy, inputs, every=61), "every: got 61, wanted at most 60"),
        (lambda: dr.simulate(noisy, inputs, record=3), "record: got 3, wanted names among state"),
        (lambda: dr.simulate(noisy, inputs, to=3), "to: got 3, wanted a file name"),
        (lambda: dr.simulate(Counter(), np.zeros((3, 1)), rng="x"), "rng: got 'x'"),
        (lambda: dr.simulate(noisy, np.zeros((0, 5, 3))), "at least one row"),
        (lambda: dr.simulate(noisy, inputs, x0=np.zeros((0, 40))), r"x0: got shape \(0, 40\)"),
        (lambda: dr.simulate(noisy, inputs, x0=whole.state), "a DataArray over time.*Pass the Dataset"),
        (lambda: dr.simulate(noisy, inputs, x0=whole.isel(time=slice(0, 20))), "x0: got a result cut at 20"),
        (lambda: dr.simulate(noisy, inputs, x0=whole, rng=1), "rng: got a seed beside a result to continue"),
        (lambda: dr.simulate(Clock(), steps=3), "dt: got nothing.*A flow needs a time step"),
        (lambda: dr.simulate(Clock(), dt=-1, steps=3), "dt: got -1"),
        (lambda: dr.simulate(Clock(), dt=0.1), "Pass steps=…, or duration=… for a flow"),
        (lambda: dr.simulate(Clock(), dt=0.3, duration=1.0), "duration: got 1 s, wanted a multiple of dt = 0.3 s"),
        (lambda: dr.simulate(Clock(), dt=0.1, steps=1, method="rk"), "method: got 'rk', wanted one of 'euler'"),
        (lambda: dr.simulate(noisy, inputs, x0=dr.simulate(noisy, inputs, every=7)), "a number of steps that `every` divides"),
        (lambda: dr.simulate(Counter(), ones, x0=dr.simulate(Counter(), ones, record="count")), "without last"),
    ],
)
def test_bad_input_is_met_before_any_work(call, message):
    with pytest.raises((ValueError, TypeError, FileNotFoundError), match=message):
        call()


def test_outputs_carry_their_names():
    result = dr.simulate(dr.WongWang(sigma=0.0), [[30.0, 0.0]] * 3, dt=1e-3)
    assert list(result.feature.values) == ["rate1", "rate2"] and result.output.dims == ("time", "feature")
