"""What results say of their numbers: the unit of time, further labels of the units, the configuration of the system."""

import hashlib
import json

import numpy as np
import pytest
import xarray as xr

import dynrnn as dr

plain = [
    (dr.FitzHughNagumo(), "time unit"),
    (dr.Lorenz63(), "time unit"),
    (dr.CTRNN([[0.5]], tau=0.02), "s"),
    (dr.LeakyRNN([[0.5]], dt=0.02), "s"),
    (dr.ESN([[0.5]], np.zeros((1, 0))), "steps"),
]


@pytest.mark.parametrize(("system", "unit"), plain, ids=[type(system).__name__ for system, _ in plain])
def test_time_has_the_unit_of_the_model(system, unit, tmp_path):
    dt = {"dt": 0.01} if system.is_flow else {}
    kept = dr.simulate(system, steps=2, **dt)
    stored = dr.simulate(system, steps=2, **dt, to=tmp_path / "run.nc")
    assert kept.time.attrs["units"] == stored.time.attrs["units"] == unit
    assert kept.attrs.get("units", "steps") == unit


def test_units_have_places(tmp_path):
    waves = dr.KuramotoSivashinsky(n=16, length=22.0)
    kept = dr.simulate(waves, steps=2, dt=0.25, method="etdrk4")
    np.testing.assert_array_equal(kept.position, waves.grid)
    assert kept.position.dims == kept.state.isel(time=0).dims and kept.position.attrs["units"] == "length unit"
    with dr.simulate(waves, steps=2, dt=0.25, method="etdrk4", to=tmp_path / "run.nc") as stored:
        xr.testing.assert_equal(stored.load(), kept)
    ring = dr.simulate(dr.RingAttractor(n=5), np.zeros((2, 3, 1)), dt=1e-3)
    np.testing.assert_allclose(ring.angle, 2 * np.pi * np.arange(5) / 5)
    assert ring.isel(time=-1).state.dims == ("trial", "unit") and ring.angle.dims == ("unit",)


def test_the_configuration_shows_weights_from_column_to_row(tmp_path):
    W = np.arange(6.0).reshape(2, 3)
    shown = json.loads(dr.simulate(dr.ESN(np.zeros((2, 2)), W), np.zeros((1, 3))).attrs["system"])
    assert shown["W_in"] == {"class": "dynrnn.couplings.dense.Dense", "W[to, from]": W.tolist()}
    large = np.random.default_rng(0).normal(size=(40, 50))
    shown = json.loads(dr.couplings.Dense.of(large).to_json())["W[to, from]"]
    assert shown["shape"] == [40, 50] and shown["sha256"] == hashlib.sha256(large.tobytes()).hexdigest()
    dr.save(tmp_path / "weights.npz", dr.couplings.Dense.of(W))
    np.testing.assert_array_equal(dr.load(tmp_path / "weights.npz").to_array(), W)
