"""LSTM: the equations against plain NumPy and worked numbers, derivatives, reductions, exchange with torch."""

import numpy as np
import pytest
import scipy.sparse

from dynrnn._jit import jit
from dynrnn.run import Run
from dynrnn.system import jvp_p, vjp
from dynrnn.systems.lstm import LSTM
from dynrnn.testing import check_system


def run(cell, x0, inputs):
    """States (step, size, trial) from x0 (trial, size) under inputs (trial, step, input)."""
    return np.concatenate([X for X, _ in Run(cell, x0, 0).rows(inputs.shape[1], inputs)])


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def oracle(W, W_in, bias, x, u):
    """One step in torch's words: four gates in the order i, f, g, o."""
    h, c = np.split(x, 2)
    i, f, g, o = np.split(W @ h + W_in @ u + bias, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return np.concatenate([sigmoid(o) * np.tanh(c), c])


@jit
def _products(p, x, u, g, q, out, gx, gu, gp):
    jvp_p(p, x, u, q, out)
    vjp(p, x, u, g, gx, gu, gp)


@pytest.fixture(scope="module")
def cell():
    return LSTM.random(7, inputs=3, rng=1)


# --- the equations ----------------------------------------------------------------------------------------------------


def test_every_step_is_that_of_plain_numpy(cell):
    rng = np.random.default_rng(0)
    x0, inputs = rng.normal(size=(1, 14)), rng.normal(size=(1, 40, 3))
    states = run(cell, x0, inputs)[:, :, 0]
    before = np.vstack([x0, states[:-1]])  # step by step from shared states: no error accumulates
    for k in range(40):
        expected = oracle(cell.W.to_array(), cell.W_in.to_array(), cell.bias, before[k], inputs[0, k])
        np.testing.assert_allclose(states[k], expected, rtol=0, atol=1e-13)


def test_two_worked_steps():
    cell = LSTM([[0.5], [-0.25], [0.75], [0.125]], [[1.0], [0.5], [-1.0], [0.25]], [0.125, 1.0, 0.0, -0.5])
    states = run(cell, np.array([[0.25, -0.5]]), np.array([[[1.0], [-2.0]]]))[:, :, 0]
    golden = [[-0.3245792761755751644, -0.92557622041017319917], [-0.09306446563692187947, -0.37288750009799549359]]
    np.testing.assert_allclose(states, golden, rtol=0, atol=1e-15)  # from 30-digit arithmetic


def test_an_open_forget_gate_keeps_the_cell_for_ever():
    bias = np.repeat([-800.0, 800.0, 0.3, 0.0], 4)
    c = np.linspace(-2, 2, 4)
    states = run(LSTM(np.zeros((16, 4)), np.ones((16, 1)), bias), np.concatenate([c, c])[None], np.zeros((1, 50, 1)))
    np.testing.assert_array_equal(states[-1, 4:, 0], c)
    np.testing.assert_allclose(states[-1, :4, 0], np.tanh(c) / 2, rtol=1e-15)


def test_without_memory_and_with_open_gates_it_is_an_elman_network_with_two_squashings():
    rng = np.random.default_rng(2)
    A, B = rng.normal(size=(5, 5)), rng.normal(size=(5, 2))
    W, W_in = np.zeros((20, 5)), np.zeros((20, 2))
    W[10:15], W_in[10:15] = A, B
    cell = LSTM(W, W_in, np.repeat([800.0, -800.0, 0.0, 800.0], 5))
    u, h = rng.normal(size=(1, 20, 2)), np.zeros(5)
    states = run(cell, np.zeros((1, 10)), u)[:, :5, 0]
    for k in range(20):
        h = np.tanh(np.tanh(A @ h + B @ u[0, k]))
        np.testing.assert_allclose(states[k], h, rtol=0, atol=1e-12)
        h = states[k]


# --- batches and precision --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sparse", [False, True])
def test_a_batch_equals_single_steps_to_rounding_and_bit_for_bit_where_w_is_sparse(sparse):
    rng = np.random.default_rng(3)
    W = rng.normal(size=(80, 20))
    W = scipy.sparse.csr_array(W * (rng.random(W.shape) < 0.2)) if sparse else W
    cell = LSTM(W, rng.normal(size=(80, 2)), rng.normal(size=80))
    x0, u = rng.normal(size=(19, 40)), rng.normal(size=(19, 1, 2))
    batch = run(cell, x0, u)[0]
    single = np.stack([run(cell, x0[c : c + 1], u[c : c + 1])[0, :, 0] for c in range(19)], axis=1)
    np.testing.assert_allclose(batch, single, rtol=0, atol=0 if sparse else 1e-12)


@pytest.mark.parametrize("noise_std", [0.0, 0.1])
def test_keeps_the_contract(noise_std):
    cell = LSTM.random(5, inputs=2, rng=0).replace(noise_std=noise_std)
    assert cell.channels == 2 + 20 * (noise_std > 0)
    check_system(cell)


def test_single_precision_throughout():
    rng = np.random.default_rng(7)
    cells = [LSTM.random(5, inputs=2, rng=0, dtype=dtype) for dtype in ("float64", "float32")]
    x0, u, g = (rng.normal(size=shape).astype(np.float32) for shape in ((1, 10), (1, 20, 2), 10))
    seen = []
    for cell in cells:
        x, v = x0[0].astype(cell.dtype), u[0, 0].astype(cell.dtype)
        _, change = cell.weight_views()
        flat, gp = cell.weight_views()
        out, gx, gu = np.empty_like(x), np.zeros_like(x), np.zeros_like(v)
        _products(cell.params(), x, v, g.astype(cell.dtype), change, out, gx, gu, gp)
        seen.append([run(cell, x0.astype(cell.dtype), u.astype(cell.dtype)), gx, gu, flat])
    for double, single in zip(*seen, strict=True):
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, double, rtol=0, atol=1e-5)


# --- derivatives ------------------------------------------------------------------------------------------------------


def test_gradients_are_central_differences_and_the_adjoint_of_the_forward_products(cell):
    rng = np.random.default_rng(4)
    x, u, g = rng.normal(size=14), rng.normal(size=3), rng.normal(size=14)
    weights = np.concatenate([w.ravel() for w in cell.weights().values()])
    change, q = cell.weight_views(rng.normal(size=weights.size))
    flat, gp = cell.weight_views()
    out, gx, gu = np.empty(14), np.zeros(14), np.zeros(3)
    _products(cell.params(), x, u, g, q, out, gx, gu, gp)
    assert g @ out == pytest.approx(flat @ change, rel=1e-12)

    def loss(x, u, weights):
        other = cell.with_weights(weights)
        return g @ oracle(other.W.to_array(), other.W_in.to_array(), other.bias, x, u)

    for gradient, at in ((gx, 0), (gu, 1), (flat, 2)):
        given = [x, u, weights]
        numeric = []
        for k in range(gradient.size):
            e = 1e-5 * (np.arange(gradient.size) == k)
            more, less = ([*given[:at], given[at] + s * e, *given[at + 1 :]] for s in (1, -1))
            numeric.append((loss(*more) - loss(*less)) / 2e-5)
        np.testing.assert_allclose(gradient, numeric, rtol=0, atol=1e-9)


# --- the face ---------------------------------------------------------------------------------------------------------


def test_parts_and_what_a_readout_sees(cell):
    assert cell.slices == {"h": slice(0, 7), "c": slice(7, 14)}
    assert cell.visible == slice(0, 7) and cell.inputs == 3


def test_random_is_torchs_start_with_a_forget_bias():
    cell, plain = LSTM.random(100, rng=5), LSTM.random(100, rng=5, forget_bias=0)
    for values in (cell.W.to_array(), cell.W_in.to_array(), plain.bias):
        assert np.abs(values).max() <= 0.1 and np.std(values) == pytest.approx(0.1 / np.sqrt(3), rel=0.1)
    np.testing.assert_array_equal(cell.bias - plain.bias > 0.999, np.repeat([False, True, False, False], 100))
    assert cell == LSTM.random(100, rng=5) and cell != LSTM.random(100, rng=6)
    assert cell.W == LSTM.random(100, inputs=4, rng=5).W, "the number of inputs moves no other weight"


def test_torch_weights_there_and_back(cell):
    rng = np.random.default_rng(6)
    shapes = {"weight_ih_l0": (12, 2), "weight_hh_l0": (12, 3), "bias_ih_l0": (12,), "bias_hh_l0": (12,)}
    arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    ours = LSTM.from_torch(arrays)
    x, u = rng.normal(size=6), rng.normal(size=2)
    expected = oracle(arrays["weight_hh_l0"], arrays["weight_ih_l0"], arrays["bias_ih_l0"] + arrays["bias_hh_l0"], x, u)
    np.testing.assert_allclose(run(ours, x[None], u[None, None])[0, :, 0], expected, rtol=0, atol=1e-13)
    assert LSTM.from_torch(ours.to_torch()) == ours and LSTM.from_torch(cell.to_torch()) == cell
    assert {name: a.shape for name, a in ours.to_torch().items()} == shapes
    assert not ours.to_torch()["bias_hh_l0"].any()
    del arrays["bias_ih_l0"], arrays["bias_hh_l0"]
    assert not LSTM.from_torch(arrays).bias.any()
    single = LSTM.from_torch({name: a.astype(np.float32) for name, a in arrays.items()})
    assert single.dtype == np.float32 and LSTM.from_torch(arrays, dtype="float32") == single


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: LSTM(np.ones((6, 2))), r"W: got shape \(6, 2\), wanted shape \(4 unit, unit\). Stack the rows"),
        (lambda: LSTM(np.ones((8, 2)), np.ones((2, 8))), r"W_in: got shape \(2, 8\), wanted shape \(8, any\)"),
        (lambda: LSTM(np.ones((8, 2)), None, np.ones(2)), r"bias: got shape \(2,\), wanted shape \(8,\)"),
        (lambda: LSTM(np.full((8, 2), np.nan)), "W: got nan at index"),
        (lambda: LSTM(np.ones((8, 2)), noise_std=-1), r"LSTM.noise_std: got -1.*, wanted a finite number in \[0, inf\)"),
        (lambda: LSTM(np.ones((8, 2)), dtype="int64"), "dtype: got int64, wanted float32 or float64"),
        (lambda: LSTM.random(0), "units: got 0, wanted an integer >= 1"),
        (lambda: LSTM.random(2, forget_bias=np.inf), "forget_bias: got inf, wanted a finite number"),
        (lambda: LSTM.from_torch({"weight_ih_l0": np.ones((8, 1))}), r"from_torch\('weight_hh_l0'\): got nothing"),
        (lambda: LSTM.from_torch({"weight_ih_l1": 0}), r"from_torch\(name\): got 'weight_ih_l1', .* Did you mean 'weight_ih_l0'"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
