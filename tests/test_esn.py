"""Echo state networks: the written formula, the contract, random draws, and what is refused."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

import dynrnn as dr
from dynrnn.couplings import Dense, Diagonal, LowRank, Ring, Sparse
from dynrnn.testing import check_system

ACTIVATIONS = {
    "tanh": np.tanh,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "relu": lambda a: np.maximum(a, 0),
    "identity": lambda a: a,
}


def oracle(esn, x, u, f):
    """One step, as in the docstring, with plain arrays."""
    a = esn.W.to_array() @ x + esn.W_in.to_array() @ u + esn.bias
    return (1 - esn.leak) * x + esn.leak * f(a)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_one_step_is_the_written_formula(name):
    rng = np.random.default_rng(1)
    W = rng.normal(size=(20, 20)) * (rng.random((20, 20)) < 0.2) / 2
    esn = dr.ESN(W, rng.normal(size=(20, 2)), rng.normal(size=20), rng.uniform(0.1, 1, 20), name, W_fb=rng.normal(size=(20, 1)))
    for _ in range(10):
        x, u = rng.normal(size=20), rng.normal(size=3)
        got = dr.simulate(esn, u[None], x0=x).state.values[0]
        np.testing.assert_allclose(got, oracle(esn, x, u, ACTIVATIONS[name]), rtol=0, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(16, 60), st.integers(1, 20), st.floats(0.01, 1), st.integers(0, 2**31))
def test_trajectories_equal_plain_numpy_step_by_step(units, inputs, leak, seed):
    rng = np.random.default_rng(seed)
    W = scipy.sparse.csr_array(rng.normal(size=(units, units)) * (rng.random((units, units)) < 0.2))
    esn = dr.ESN(W, rng.normal(size=(units, inputs)), leak=leak)
    u = rng.normal(size=(7, inputs))
    states = dr.simulate(esn, u).state.values
    before = np.vstack([np.zeros(units), states[:-1]])
    for x, now, row in zip(before, states, u, strict=True):
        np.testing.assert_allclose(now, oracle(esn, x, row, np.tanh), rtol=0, atol=1e-12)


rng = np.random.default_rng(2)
COUPLINGS = {
    "sparse": Sparse.of(rng.normal(size=(18, 18)) * (rng.random((18, 18)) < 0.2)),
    "dense": Dense.of(rng.normal(size=(18, 18)) / 5),
    "ring": Ring.of(18, 0.8),
    "diagonal": Diagonal(rng.uniform(-1, 1, 18)),
    "low rank": LowRank.of(rng.normal(size=(18, 2)), rng.normal(size=(18, 2)) / 18),
}


@pytest.mark.parametrize("name", COUPLINGS)
def test_every_coupling_keeps_the_contract(name):
    esn = dr.ESN(COUPLINGS[name], rng.normal(size=(18, 2)), 0.1, rng.uniform(0.2, 1, 18), noise_std=0.1)
    said = {line.partition(":")[0]: line for line in check_system(esn)}
    if name in ("sparse", "ring", "diagonal"):
        assert "identical bits" in said["columns"]


def test_float32_all_the_way():
    esn = dr.ESN.random(30, rng=1, dtype="float32", noise_std=0.01)
    assert esn.dtype == np.float32 == dr.simulate(esn, np.ones((5, 1)), rng=1).state.dtype
    assert check_system(esn)


def test_a_users_activation_with_and_without_a_jitted_function():
    def soft(a):
        return a / (1 + abs(a))

    W, w_in = COUPLINGS["sparse"], rng.normal(size=18)
    esn = dr.ESN(W, w_in, activation=soft)
    got = dr.simulate(esn, [[0.7]], x0=np.linspace(-1, 1, 18)).state.values[0]
    wanted = oracle(esn, np.linspace(-1, 1, 18), np.array([0.7]), lambda a: a / (1 + np.abs(a)))
    np.testing.assert_allclose(got, wanted, atol=1e-14)
    assert check_system(esn)


def test_the_jacobian_of_a_linear_reservoir_is_its_matrix():
    esn = dr.ESN(COUPLINGS["sparse"], leak=0.3, activation="identity")
    np.testing.assert_allclose(dr.jacobian(esn, np.ones(18)), 0.7 * np.eye(18) + 0.3 * esn.W.to_array(), atol=1e-15)


def test_random_draws_what_it_says():
    esn = dr.ESN.random(200, inputs=3, spectral_radius=0.8, input_scaling=[0.1, 1.0, 0.0], bias_scaling=0.5, rng=1)
    W_in = esn.W_in.to_array()
    assert abs(dr.spectral_radius(esn.W) - 0.8) < 1e-10
    assert np.abs(W_in).max(axis=0)[2] == 0
    assert 0.09 < np.abs(W_in[:, 0]).max() <= 0.1 and 0.9 < np.abs(W_in[:, 1]).max() <= 1.0
    assert 0.45 < np.abs(esn.bias).max() <= 0.5
    assert esn == dr.ESN.random(200, inputs=3, spectral_radius=0.8, input_scaling=[0.1, 1.0, 0.0], bias_scaling=0.5, rng=1)
    assert esn.W == dr.ESN.random(200, inputs=1, spectral_radius=0.8, rng=1).W
    by_degree = dr.ESN.random(100, in_degree=7, rng=1).W.to_array()
    assert (np.count_nonzero(by_degree, axis=1) == 7).all()


def test_the_effective_spectral_radius_includes_the_leak():
    esn = dr.ESN([[0.0, -0.9], [0.9, 0.0]], leak=0.3)
    assert abs(dr.effective_spectral_radius(esn) - abs(0.7 + 0.27j)) < 1e-12
    uneven = esn.replace(leak=np.array([0.3, 1.0]))
    wanted = np.abs(np.linalg.eigvals([[0.7, -0.27], [0.9, 0.0]])).max()
    assert abs(dr.effective_spectral_radius(uneven) - wanted) < 1e-12


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dr.ESN(np.ones((2, 3))), r"W: got shape \(2, 3\), wanted a square matrix"),
        (lambda: dr.ESN(np.ones((2, 2)), leak=0), r"leak: got 0, wanted values in \(0, 1\]"),
        (lambda: dr.ESN(np.ones((2, 2)), leak=[0.5, 1.5]), r"leak: got 1.5"),
        (lambda: dr.ESN(np.ones((2, 2)), np.ones((3, 1))), r"W_in: got shape \(3, 1\), wanted shape \(2, any\)"),
        (lambda: dr.ESN(np.ones((2, 2)), bias=[1.0, 2.0, 3.0]), "bias: got 3 values, wanted a number or 2"),
        (lambda: dr.ESN([[np.nan]]), "W: got nan at index"),
        (lambda: dr.ESN([[1.0]], activation="tanhh"), "Did you mean 'tanh'"),
        (lambda: dr.ESN([[1.0]], noise_std=-1), "noise_std: got -1"),
        (lambda: dr.ESN.random(0), "units: got 0, wanted an integer >= 1"),
        (lambda: dr.ESN.random(10, topology="rng"), "topology: got 'rng', wanted one of"),
        (lambda: dr.ESN.random(10, topology="line"), "nilpotent"),
        (lambda: dr.ESN.random(10, spectral_radius=-1), "spectral_radius: got -1"),
        (lambda: dr.ESN.random(10, inputs=2, input_scaling=[1, 2, 3]), "input_scaling: got 3 values, wanted a number or 2"),
        (lambda: dr.ESN.random(10, rng="x"), "rng: got 'x', wanted a non-negative integer seed"),
    ],
)
def test_bad_input_is_met_at_the_face(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_immutable():
    esn = dr.ESN.random(10, rng=1)
    with pytest.raises(AttributeError, match=r"Make a changed copy: .replace\(bias=…\)"):
        esn.bias = 0
    with pytest.raises(ValueError, match="read-only"):
        esn.bias[0] = 1
