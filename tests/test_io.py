"""Saving and loading: round trips, a new process, damaged and foreign files, a full disk."""

import os
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

import dynrnn as dr
from dynrnn import io

esn = dr.ESN.random(30, inputs=2, feedback=1, rng=1, noise_std=0.1, dtype="float32")
MODELS = {
    "esn": esn,
    "ring": dr.ESN(dr.couplings.Ring.of(8, 0.5), np.ones(8), leak=np.linspace(0.1, 1, 8)),
    "closed loop": dr.ClosedLoop(esn, np.ones((1, 30)) / 100),
    "stack": dr.Stack(dr.ESN.random(5, rng=1), dr.ESN.random(4, inputs=5, rng=2)),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_system_comes_back_as_it_was(name, tmp_path):
    dr.save(tmp_path / "model.nc", MODELS[name])
    assert dr.load(tmp_path / "model.nc") == MODELS[name]


def test_a_new_process_gives_the_same_bits(tmp_path):
    dr.save(tmp_path / "esn.nc", esn)
    code = "import sys, numpy as np, dynrnn as dr\n"
    code += "np.save(sys.argv[2], dr.simulate(dr.load(sys.argv[1]), np.ones((5, 3)), rng=1).state)"
    subprocess.run([sys.executable, "-c", code, tmp_path / "esn.nc", tmp_path / "states.npy"], check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "states.npy"), dr.simulate(esn, np.ones((5, 3)), rng=1).state)


def test_a_readout_comes_back_as_it_was(tmp_path):
    rng = np.random.default_rng(0)
    ridge = dr.Ridge(0.1).fit(rng.normal(size=(50, 4)), rng.normal(size=(50, 2)))
    dr.save(tmp_path / "ridge.nc", ridge)
    np.testing.assert_array_equal(dr.load(tmp_path / "ridge.nc").W_out, ridge.W_out)


class Mine(dr.System):
    gain: float = 2.0

    def step(p, x, u, out):
        out[0] = p.gain * x[0]


def test_a_users_own_system_comes_back_where_its_class_is_known(tmp_path):
    dr.save(tmp_path / "mine.nc", Mine(3.0))
    assert dr.load(tmp_path / "mine.nc") == Mine(3.0)
    code = "import sys, dynrnn as dr; dr.load(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "mine.nc"], capture_output=True, text=True)
    assert "Import the module that defines Mine first" in done.stderr


def test_a_full_disk_leaves_the_old_file_whole(tmp_path, monkeypatch):
    dr.save(tmp_path / "model.nc", Mine(3.0))

    def full(self, path, **_):
        path.write_bytes(b"half a file")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    with pytest.raises(OSError, match="No space left"):
        dr.save(tmp_path / "model.nc", esn)
    monkeypatch.undo()
    assert dr.load(tmp_path / "model.nc") == Mine(3.0)
    assert [p.name for p in tmp_path.iterdir()] == ["model.nc"]


def test_files_that_are_not_models(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="wanted an existing file"):
        dr.load(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("hello")
    with pytest.raises(ValueError, match=r"text\.nc is damaged or not a netCDF file"):
        dr.load(tmp_path / "text.nc")
    dr.save(tmp_path / "cut.nc", esn)
    (tmp_path / "cut.nc").write_bytes((tmp_path / "cut.nc").read_bytes()[:3000])
    with pytest.raises(ValueError, match=r"cut\.nc is damaged"):
        dr.load(tmp_path / "cut.nc")
    xr.Dataset({"a": 1}).to_netcdf(tmp_path / "foreign.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match=r"a file written by dynrnn\.save"):
        dr.load(tmp_path / "foreign.nc")
    monkeypatch.setattr(io, "_FORMAT", 99)
    dr.save(tmp_path / "newer.nc", esn)
    monkeypatch.undo()
    with pytest.raises(ValueError, match="Upgrade dynrnn to read it"):
        dr.load(tmp_path / "newer.nc")
    with pytest.raises(TypeError, match="obj: got list, wanted a System"):
        dr.save(tmp_path / "list.nc", [1, 2])


def test_a_fitted_forecaster_forecasts_the_same_bits_in_a_new_process(tmp_path):
    model = dr.ReservoirForecaster(20, n_members=2, random_state=1).fit(np.sin(0.3 * np.arange(120)))
    dr.save(tmp_path / "model.nc", model)
    code = "import sys, numpy as np, dynrnn as dr; f = dr.load(sys.argv[1]).forecast(9); "
    code += "np.savez(sys.argv[2], f=f.forecast, q=f.quantiles)"
    subprocess.run([sys.executable, "-c", code, tmp_path / "model.nc", tmp_path / "forecast.npz"], check=True)
    there, here = np.load(tmp_path / "forecast.npz"), model.forecast(9)
    np.testing.assert_array_equal(there["f"], here.forecast)
    np.testing.assert_array_equal(there["q"], here.quantiles)


def test_an_activation_made_from_a_function_is_not_saved(tmp_path):
    halving = dr.ESN(np.eye(2), np.ones(2), activation=lambda a: a / 2)
    for holder in (halving, dr.ClosedLoop(dr.ESN(np.eye(2), np.ones(2), activation=halving.activation), np.ones((1, 2)))):
        with pytest.raises(TypeError, match=r"made from the function .*lambda.* Subclass Activation in a module of your own"):
            dr.save(tmp_path / "esn.nc", holder)
    assert not (tmp_path / "esn.nc").exists()


SCRIPT = """
import sys, numpy as np, dynrnn as dr
class Own(dr.System):
    gain: float = 2.0
    def step(p, x, u, out):
        out[0] = {law}
"""


def test_a_class_that_has_changed_since_is_refused(tmp_path):
    def run(law, last):
        code = SCRIPT.format(law=law) + last
        return subprocess.run([sys.executable, "-c", code, tmp_path / "own.nc"], capture_output=True, text=True)

    assert run("p.gain * x[0]", "dr.save(sys.argv[1], Own())").returncode == 0
    assert run("p.gain * x[0]", "assert dr.load(sys.argv[1]) == Own()").returncode == 0
    assert run("p.gain * x[0]", "Own(); assert dr.load(sys.argv[1]) == Own()").returncode == 0
    changed = run("p.gain + x[0]", "dr.load(sys.argv[1])").stderr
    assert "got __main__.Own, whose kernels have changed since, wanted the class as it was saved" in changed


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of the reader, as it gives up
def test_a_flipped_byte_never_passes_for_another_model(tmp_path):
    model, rng = dr.ESN.random(10, rng=1), np.random.default_rng(0)
    dr.save(tmp_path / "model.nc", model)
    whole = (tmp_path / "model.nc").read_bytes()
    refused = 0
    for place in rng.integers(len(whole), size=150):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(rng.integers(8))
        (tmp_path / "flipped.nc").write_bytes(flipped)
        try:
            assert dr.load(tmp_path / "flipped.nc") == model
        except ValueError as error:
            assert "flipped.nc" in str(error)
            refused += 1
    assert refused > 10


def altered(tmp_path, **attrs):
    dr.save(tmp_path / "model.nc", Mine(3.0))
    with xr.open_dataset(tmp_path / "model.nc", engine="h5netcdf") as file:
        content = file.load().assign_attrs(attrs)
    content.to_netcdf(tmp_path / "altered.nc", engine="h5netcdf")
    return tmp_path / "altered.nc"


@pytest.mark.parametrize(
    ("attrs", "message"),
    [
        (dict(format=0), r"altered\.nc is damaged: its format is 0"),
        (dict(format="one"), r"altered\.nc is damaged: its format is 'one'"),
        (dict(kind="dynrnn.readout.ridge.Ridge"), r"altered\.nc is damaged: its content is not what was saved"),
        (dict(kind="dynrnn.none.Ridge", dynrnn_model="{}"), r"altered\.nc is damaged: No module named"),
        (dict(kind="dynrnn.readout.ridge.None", dynrnn_model="{}"), r"altered\.nc is damaged: .* no attribute 'None'"),
        (dict(dynrnn_model="{}"), r"altered\.nc is damaged: 'class'"),
    ],
)
def test_damage_is_told_whatever_it_hit(attrs, message, tmp_path):
    if "dynrnn_model" in attrs:  # a sound sum, so that what comes after is reached
        attrs["sha256"] = io._sum(attrs.get("kind", "record"), attrs["dynrnn_model"], {})
    with pytest.raises(ValueError, match=message):
        dr.load(altered(tmp_path, **attrs))


def test_not_a_number_and_text_are_as_sound_as_numbers():
    values = {"a": np.array([np.nan, 1.0]), "b": np.array(["x", "y"], dtype=object), "c": np.array([True])}
    other = {"a": -np.array([np.nan, -1.0]), "b": np.array(["x", "y"]), "c": np.array([True])}
    assert io._sum("record", "{}", values) == io._sum("record", "{}", other)


@pytest.mark.parametrize("foreign", [xr.Dataset({"a": 1}), xr.Dataset({"a": ("t", [1])}).to_dataframe()])
def test_results_are_not_models(foreign, tmp_path):
    with pytest.raises(TypeError, match=r"obj: got Data.*, wanted a System.* Save results with their own \.to_netcdf"):
        dr.save(tmp_path / "r.nc", foreign)


def test_what_a_link_leads_to_is_replaced_and_devices_are_not(tmp_path):
    (tmp_path / "real.nc").write_text("old")
    (tmp_path / "link.nc").symlink_to(tmp_path / "real.nc")
    dr.save(tmp_path / "link.nc", Mine(3.0))
    assert (tmp_path / "link.nc").is_symlink()
    assert dr.load(tmp_path / "real.nc") == Mine(3.0)
    with pytest.raises(IsADirectoryError, match=r"path: got the folder .* wanted the name of a file"):
        dr.save(tmp_path, Mine(3.0))
    os.mkfifo(tmp_path / "pipe.nc")
    with pytest.raises(OSError, match=r"wanted a new name or a regular file\. Devices and pipes are not replaced"):
        dr.save(tmp_path / "pipe.nc", Mine(3.0))
