"""Rate networks: CTRNN, RateNetwork, LeakyRNN, MultipleTimescaleRNN. Closed forms, published numbers, plain NumPy."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import dynrnn as dr
from dynrnn.couplings import Sparse
from dynrnn.system import diffusion, drift, evolve, jvp, jvp_p, output, output_columns, pushforward, remainder, step, vjp
from dynrnn.systems.activations import activation, slope, value
from dynrnn.systems.ctrnn import CTRNN
from dynrnn.systems.leaky import LeakyRNN
from dynrnn.systems.mtrnn import MultipleTimescaleRNN
from dynrnn.systems.rate import RateNetwork
from dynrnn.testing import check_system


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def call(kernel, system, *arguments, size=None):
    """What a kernel writes."""
    out = np.empty(size or system.size)
    kernel(system.params(), *arguments, out)
    return out


def rhs(system, x, u=()):
    return call(drift, system, 0.0, np.asarray(x, float), np.asarray(u, float))


rng = np.random.default_rng(3)
GROUPS = {"io": 3, "fast": 4, "slow": 2}
HEARD = {"io": ["io", "fast"], "fast": ["io", "fast", "slow"], "slow": ["fast", "slow"]}
NETWORKS = {
    "CTRNN, output form": CTRNN(
        rng.normal(size=(5, 5)), rng.uniform(0.5, 2, 5), rng.normal(size=5), rng.normal(size=(5, 2)), form="output",
        gain=rng.uniform(0.5, 2, 5), bias=rng.normal(size=5),
    ),
    "RateNetwork, sparse": RateNetwork(
        Sparse.of(rng.normal(size=(6, 6)) * (rng.random((6, 6)) < 0.4)), rng.normal(size=6), 0.3, tau=rng.uniform(0.5, 2, 6),
        gain=rng.uniform(0.5, 2, 6), theta=rng.normal(size=6),
    ),
    "LeakyRNN, noise": LeakyRNN(
        rng.normal(size=(6, 6)), rng.normal(size=(6, 2)), 0.1, tau=rng.uniform(0.1, 0.3, 6), activation="softplus", noise_std=0.3
    ),
    "MultipleTimescaleRNN": MultipleTimescaleRNN.random(
        GROUPS, inputs=2, tau={"io": 2, "fast": 5, "slow": 70}, connections=HEARD, input_to="io", output_from=["io"],
        x0=rng.normal(size=9), bias=rng.normal(size=9), rng=1,
    ),
}  # fmt: skip
FLOWS = [name for name in NETWORKS if NETWORKS[name].is_flow]


_CONTRACT = """
import json, test_rate
from dynrnn.testing import check_system
print(json.dumps({name: check_system(network) for name, network in test_rate.NETWORKS.items()}))
"""


def test_every_network_keeps_the_contract_in_plain_python():
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", _CONTRACT], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name, said in json.loads(done.stdout).items():
        assert "columns: identical bits" in said and len(said) == 9, name
        assert NETWORKS[name].derivative == "exact"


def test_a_compiled_network_keeps_the_contract():
    assert len(check_system(NETWORKS["RateNetwork, sparse"])) == 9


# --- the equations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FLOWS)
def test_drift_output_and_leak_are_the_written_formulas(name):
    s = NETWORKS[name]
    x, u = rng.normal(size=s.size), rng.normal(size=s.input_size)
    W, W_in, f = s.W.to_array(), s.W_in.to_array(), sigmoid if isinstance(s, CTRNN) else np.tanh
    if isinstance(s, CTRNN):
        pull = f(s.gain * (W @ x + W_in @ u + s.bias + s.theta))
    else:
        pull = W @ f(s.gain * (x + s.theta)) + W_in @ u + s.bias
        X = rng.normal(size=(s.size, 3))
        rates = np.empty_like(X)
        output_columns(s.params(3), X, np.empty((1, 3)), rates)
        np.testing.assert_allclose(rates, f(s.gain[:, None] * (X + s.theta[:, None])), rtol=0, atol=1e-15)
        np.testing.assert_array_equal(call(output, s, X[:, 1].copy(), u), rates[:, 1])
    np.testing.assert_allclose(rhs(s, x, u), (-x + pull) / s.tau, rtol=0, atol=1e-13)
    np.testing.assert_allclose(s.linear, -1 / s.tau)
    np.testing.assert_allclose(s.linear * x + call(remainder, s, 0.0, x, u), rhs(s, x, u), rtol=0, atol=1e-14)
    assert s.outputs == (0 if isinstance(s, CTRNN) else 6), "in the output form the state is what is observed"


@pytest.mark.parametrize("system", [*NETWORKS.values(), dr.LSTM.random(3, inputs=2, rng=1)], ids=lambda s: type(s).__name__)
def test_many_tangent_vectors_at_one_state(system):
    x, u, V = rng.normal(size=system.size), rng.normal(size=system.channels), rng.normal(size=(4, system.size))
    y, W, p, alone = np.empty_like(x), np.empty_like(V), system.params(4), np.empty_like(x)  # one set of work arrays for both
    pushforward(p, 0.0, x, u, V, y, W)
    for v, w in zip(V, W, strict=True):
        jvp(p, x, u, v, alone)
        np.testing.assert_allclose(w, alone, rtol=0, atol=1e-14)
    evolve(p, 0.0, x, u, alone)
    np.testing.assert_array_equal(y, alone)


@pytest.mark.parametrize("name", FLOWS)
def test_gradients_of_all_parameters(name):
    """``J_p q`` against a central difference of the drift, and its adjoint; time constants and biases included."""
    s = NETWORKS[name]
    x, u, g = rng.normal(size=s.size), rng.normal(size=s.input_size), rng.normal(size=s.size)
    now = np.concatenate([a.ravel() for a in s.weights().values()])
    for part, array in s.weights().items():
        flat, views = s.weight_views()
        getattr(views, part)[...] = rng.normal(size=array.shape)
        pushed = call(jvp_p, s, x, u, views)
        expected = (rhs(s.with_weights(now + 1e-5 * flat), x, u) - rhs(s.with_weights(now - 1e-5 * flat), x, u)) / 2e-5
        np.testing.assert_allclose(pushed, expected, rtol=0, atol=1e-8, err_msg=part)
        pulled, gp = s.weight_views()
        vjp(s.params(3), x, u, g, np.zeros(s.size), np.zeros(u.size), gp)
        assert pulled @ flat == pytest.approx(g @ pushed, abs=1e-13), part
    assert set(s.weights()) == {"W", "W_in", "bias", "tau", "theta"}


def test_the_two_forms_are_one_dynamics_in_two_coordinates():
    """With one tau, ``y = W r + W_in u + b`` carries the output form (r) over into the state form (y)."""
    r_form = NETWORKS["CTRNN, output form"].replace(tau=1.7)
    y_form = r_form.replace(form="state")
    r, u = rng.random(5), rng.normal(size=2)
    W, heard = r_form.W.to_array(), r_form.W.to_array() @ r + r_form.W_in.to_array() @ u + r_form.bias
    np.testing.assert_allclose(rhs(y_form, heard, u), W @ rhs(r_form, r, u), rtol=0, atol=1e-13)


def test_noise_is_given_by_its_stationary_standard_deviation():
    quiet = NETWORKS["RateNetwork, sparse"]
    noisy = quiet.replace(noise_std=np.arange(6.0))
    assert not quiet.stochastic and noisy.stochastic
    amplitude = call(diffusion, noisy, 0.0, np.zeros(6), np.zeros(1))
    # of dx = -x/tau dt + a dB the variance is a^2 tau / 2
    np.testing.assert_allclose(amplitude**2 * noisy.tau / 2, np.arange(6.0) ** 2, rtol=1e-14)


def test_euler_steps_of_the_output_form_are_a_leaky_echo_state_network():
    ctrnn, dt, u = NETWORKS["CTRNN, output form"], 0.05, rng.normal(size=(200, 2))
    ctrnn = ctrnn.replace(gain=1.0)
    esn = dr.ESN(ctrnn.W, ctrnn.W_in, ctrnn.bias + ctrnn.theta, dt / ctrnn.tau, "sigmoid")
    flow = dr.simulate(ctrnn, u, dt=dt, method="euler").state.values
    np.testing.assert_allclose(flow, dr.simulate(esn, u).state.values, rtol=0, atol=1e-10)


def test_threshold_linear_units():
    """Above threshold ``r = g (w r + b - h)``: rest at ``g (b - h) / (1 - g w)``, reached at the rate ``(1 - g w)/tau``."""
    unit = RateNetwork([[0.3]], bias=0.9, gain=2.0, theta=-0.4, tau=0.1, activation="relu", form="output")
    assert abs(rhs(unit, [2.0 * 0.5 / 0.4])[0]) < 1e-14
    np.testing.assert_allclose(dr.jacobian(unit, [2.5]), [[-4.0]], rtol=1e-14)
    assert rhs(unit.replace(bias=0.1), [0.4]) == -4.0, "below threshold only the leak is left"
    a = np.array([-800.0, -3.0, 0.0, 2.0, 800.0])
    p = activation("softplus").params()
    np.testing.assert_allclose([value(p, x) for x in a], np.logaddexp(0, a), rtol=1e-14)
    np.testing.assert_allclose([slope(p, x, 0.0) for x in a[1:]], sigmoid(a[1:]), rtol=1e-14)


# --- Beer's networks --------------------------------------------------------------------------------------------------

OSCILLATOR = CTRNN(W=[[4.5, 1.0], [-1.0, 4.5]], theta=[-2.75, -1.75])


def path(system, x0, duration, **options):
    p, out, no_input = system.params(), np.empty(system.size), np.empty(0)

    def f(t, x):
        drift(p, t, x, no_input, out)
        return out.copy()

    return solve_ivp(f, (0, duration), x0, "DOP853", rtol=1e-11, atol=1e-12, **options)


def test_beers_oscillator():
    assert not rhs(OSCILLATOR, [2.75, 1.75]).any()
    eigenvalues = np.linalg.eigvals(dr.jacobian(OSCILLATOR, [2.75, 1.75]))
    np.testing.assert_allclose(sorted(eigenvalues, key=np.imag), [0.125 - 0.25j, 0.125 + 0.25j], rtol=0, atol=1e-15)
    start = path(OSCILLATOR, [2.8, 1.7], 400).y[:, -1]

    def upward(t, y):
        return y[0] - 2.75

    def turns(t, y):
        return rhs(OSCILLATOR, y)[0]

    upward.direction = 1.0
    run = path(OSCILLATOR, start, 100, events=[upward, turns])
    np.testing.assert_allclose(np.diff(run.t_events[0]), 28.9999079, rtol=0, atol=2e-6)
    extremes = sigmoid(run.y_events[1][:, 0] - 2.75)
    np.testing.assert_allclose([extremes.min(), extremes.max()], [0.18906, 0.81094], rtol=0, atol=6e-6)


def test_the_transposed_oscillator_comes_to_rest():
    transposed = OSCILLATOR.replace(W=OSCILLATOR.W.to_array().T)
    rest = path(transposed, [2.8, 1.7], 200).y[:, -1]
    np.testing.assert_allclose(rest, [-0.79046, 4.15594], rtol=0, atol=6e-6)
    np.testing.assert_allclose(np.sort(np.linalg.eigvals(dr.jacobian(transposed, rest))), [-0.8668, -0.6685], atol=6e-5)


def test_beers_tables_are_read_from_row_to_column():
    table = [[4.5, -1.0], [1.0, 4.5]]  # weights[from][to]: unit 0 inhibits unit 1
    assert CTRNN.from_beer(table, [-2.75, -1.75], [1.0, 1.0]) == OSCILLATOR
    assert CTRNN.from_beer(table, [-2.75, -1.75], 2.0, [1.0, 3.0], form="output").gain.tolist() == [1.0, 3.0]


def test_the_hopf_point_of_the_oscillator_is_at_self_weight_4():
    at = CTRNN.center_crossing([[4.0, 1.0], [-1.0, 4.0]])
    eigenvalues = np.linalg.eigvals(dr.jacobian(at, -at.theta))
    np.testing.assert_allclose(sorted(eigenvalues, key=np.imag), [-0.25j, 0.25j], rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("w", "left", "right"), [(5, -2.65561, -2.34439), (6, -3.41509, -2.58491), (8, -5.06568, -2.93432), (20, -16.0570, -3.94300)]
)
def test_a_single_neuron_folds_where_beers_formula_says(w, left, right):
    root = np.sqrt(w * (w - 4))
    for sign, published in ((1, left), (-1, right)):
        fold = sign * 2 * np.log((np.sqrt(w) + np.sqrt(w - 4)) / 2) - (w + sign * root) / 2
        assert fold == pytest.approx(published, abs=6e-5 if w == 20 else 6e-6)
        active = (1 + sign * root / w) / 2  # where w f' = 1
        unit, y = CTRNN([[float(w)]], bias=fold), np.log(active / (1 - active))
        assert abs(rhs(unit, [y])[0]) < 1e-12 and abs(dr.jacobian(unit, [y])[0, 0]) < 1e-12


@pytest.mark.parametrize("form", ["state", "output"])
def test_center_crossing_puts_all_outputs_at_one_half(form):
    network = CTRNN.random(4, tau=(1.0, 5.0), form=form, gain=[1.0, 2.0, 0.5, 1.0], bias=[0.5, 0.0, -1.0, 0.0], rng=7)
    rest = -network.theta if form == "state" else np.full(4, 0.5)
    np.testing.assert_allclose(rhs(network, rest), 0.0, atol=1e-14)
    if form == "state":
        np.testing.assert_array_equal(call(output, network, rest, np.empty(0)), 0.5)
    W = network.W.to_array()
    np.testing.assert_allclose(network.theta, -W.sum(axis=1) / 2 - network.bias, atol=1e-14)
    assert network.tau.min() >= 1 and network.tau.max() <= 5 and 8 < np.abs(W).max() <= 16


# --- random networks --------------------------------------------------------------------------------------------------


def test_sompolinsky_crisanti_and_sommers():
    network = RateNetwork.random(200, g=1.8, tau=np.linspace(0.5, 2.0, 200), zero_diagonal=True, rng=1)
    J, tau = network.W.to_array(), network.tau
    np.testing.assert_allclose(dr.jacobian(network, np.zeros(200)), (J - np.eye(200)) / tau[:, None], rtol=0, atol=1e-15)
    elsewhere = np.trace(dr.jacobian(network, rng.normal(size=200)))
    assert elsewhere == pytest.approx(-np.sum(1 / tau), rel=1e-13), "without self-connections phase space shrinks evenly"
    assert J[~np.eye(200, dtype=bool)].std() == pytest.approx(1.8 / np.sqrt(200), rel=0.02)
    assert np.abs(np.linalg.eigvals(J)).max() == pytest.approx(1.8, rel=0.1)
    with_inputs = RateNetwork.random(200, 3, g=1.8, input_scaling=0.5, rng=1).W_in.to_array()
    assert with_inputs.shape == (200, 3) and 0.45 < np.abs(with_inputs).max() <= 0.5
    assert RateNetwork.random(20, 3, rng=1).W == RateNetwork.random(20, rng=1).W, "W has a stream of its own"


@pytest.mark.parametrize("connectivity", [1.0, 0.2])
def test_dales_law(connectivity):
    network = RateNetwork.dale(400, 2, g=1.5, excitatory=0.75, connectivity=connectivity, rng=5)
    W = network.W.to_array()
    assert (W[:, :300] >= 0).all() and (W[:, 300:] <= 0).all() and network.W_in.to_array().min() >= 0
    assert np.count_nonzero(W) == pytest.approx(connectivity * 400**2, rel=0.02)
    np.testing.assert_allclose(W.sum(axis=1), 0.0, atol=1e-13)
    assert np.sqrt(W.var(axis=0).sum()) == pytest.approx(1.5, rel=0.03), "the radius of Rajan and Abbott's disc"
    assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(1.5, rel=0.1)
    assert not np.diag(RateNetwork.dale(9, zero_diagonal=True, rng=1).W.to_array()).any()
    np.testing.assert_array_equal(np.sign(network.W.scaled(0.4).to_array()), np.sign(W))
    loose = RateNetwork.dale(400, g=1.5, excitatory=0.75, connectivity=connectivity, balanced=False, rng=5).W.to_array()
    np.testing.assert_array_equal(loose[:, :300], W[:, :300])
    assert abs(loose.sum(axis=1)).max() > 0.1 and abs(loose.mean()) < 0.01 * loose[:, :300].mean()
    if connectivity == 1.0:
        assert np.abs(np.linalg.eigvals(loose)).max() > 1.7, "without the balance eigenvalues leave the disc"


# --- discrete time ----------------------------------------------------------------------------------------------------


def test_the_leaky_network_is_the_written_formula():
    s = NETWORKS["LeakyRNN, noise"]
    x, u, z = rng.normal(size=6), rng.normal(size=2), rng.normal(size=6)
    a, r = s.dt / s.tau, np.log1p(np.exp(x))
    drive = s.W.to_array() @ r + s.W_in.to_array() @ u + s.bias + np.sqrt(2 / a) * 0.3 * z
    np.testing.assert_allclose(call(step, s, x, np.append(u, z)), (1 - a) * x + a * drive, rtol=0, atol=1e-14)
    np.testing.assert_allclose(call(output, s, x, u), r, rtol=1e-14)


def test_stationary_noise_of_the_leaky_network():
    s = LeakyRNN(np.zeros((6, 6)), np.zeros((6, 2)), tau=np.linspace(0.02, 1, 6), activation="softplus", noise_std=0.3)
    keep = call(step, s, np.ones(6), np.zeros(8))
    shake = call(step, s, np.zeros(6), np.append(np.zeros(2), np.ones(6)))
    np.testing.assert_allclose(shake**2 / (1 - keep**2), 0.3**2 / (1 - s.alpha / 2), rtol=1e-13)


def test_the_leaky_network_is_an_euler_step_of_the_rate_equation():
    flow = NETWORKS["RateNetwork, sparse"].replace(gain=1.0, theta=0.0)
    leaky = LeakyRNN(flow.W, flow.W_in, flow.bias, tau=flow.tau, dt=0.04, activation="tanh")
    x, u = rng.normal(size=6), rng.normal(size=1)
    np.testing.assert_allclose(call(step, leaky, x, u), x + 0.04 * rhs(flow, x, u), rtol=0, atol=1e-15)
    assert LeakyRNN.random(30, dtype="float32", rng=1).scratch()["spread"].dtype == np.float32
    assert dr.spectral_radius(LeakyRNN.random(50, spectral_radius=1.2, rng=1).W) == pytest.approx(1.2)


def mask(heard):
    sizes = list(GROUPS.values())
    return np.array([[source in heard[to] for source in GROUPS] for to in GROUPS]).repeat(sizes, 0).repeat(sizes, 1)


def test_multiple_timescales_against_a_numpy_loop():
    s = NETWORKS["MultipleTimescaleRNN"]
    inputs = rng.normal(size=(30, 2))
    run = dr.simulate(s, inputs)
    W, W_in, tau = s.W.to_array(), s.W_in.to_array(), np.repeat([2.0, 5.0, 70.0], [3, 4, 2])
    np.testing.assert_array_equal(W != 0, mask(HEARD))
    np.testing.assert_array_equal(W_in != 0, np.arange(9)[:, None] < [3, 3])
    x = s.x0
    for k in range(30):
        x = (1 - 1 / tau) * x + (W @ np.tanh(x) + W_in @ inputs[k] + s.bias) / tau
        np.testing.assert_allclose(np.concatenate([run[name][k] for name in GROUPS]), x, rtol=0, atol=1e-13)
        np.testing.assert_allclose(run.output[k], np.tanh(x[:3]), rtol=0, atol=1e-13)
    assert list(s.parts.items()) == list(GROUPS.items()) and s.outputs == {"io": 3}


def test_masked_weights_stay_zero_and_get_no_gradient():
    s, heard = NETWORKS["MultipleTimescaleRNN"], mask(HEARD)
    x, u, g = rng.normal(size=9), rng.normal(size=2), rng.normal(size=9)
    gradient, gp = s.weight_views()
    vjp(s.params(), x, u, g, np.zeros(9), np.zeros(2), gp)
    np.testing.assert_allclose(s.W.with_weights(gp.W).to_array(), np.outer(g / s.tau, np.tanh(x)) * heard, atol=1e-14)
    now = np.concatenate([a.ravel() for a in s.weights().values()])
    trained = s.with_weights(now + gradient)
    np.testing.assert_allclose(trained.W.to_array(), s.W.to_array() + np.outer(g / s.tau, np.tanh(x)) * heard, atol=1e-14)
    assert not s.with_weights(0 * now).W.weights.any() and s.with_weights(0 * now).W.weights.size == s.W.weights.size
    full = rng.normal(size=(9, 9))
    options = {"groups": GROUPS, "tau": 3.0, "connections": HEARD}
    for given in (full, Sparse.of(full)):
        np.testing.assert_array_equal(MultipleTimescaleRNN(given, **options).W.to_array(), full * heard)
    np.testing.assert_array_equal(MultipleTimescaleRNN(full, groups=GROUPS, tau=3.0).W.to_array(), full)


def test_the_gradient_of_the_initial_state_is_the_one_that_arrives_there():
    s = NETWORKS["MultipleTimescaleRNN"]
    inputs, target = rng.normal(size=(8, 2)), rng.normal(size=9)

    def states(system):
        x = [system.initial()]
        for u in inputs:
            x.append(call(step, system, x[-1], u))
        return x

    g, (flat, gp), p = target, s.weight_views(), s.params()
    for x, u in zip(states(s)[-2::-1], inputs[::-1], strict=True):
        gx = np.zeros(9)
        vjp(p, x, u, g, gx, np.zeros(2), gp)
        g = gx
    assert not gp.x0.any(), "a step does not depend on x0"
    for i in range(9):
        ends = [target @ states(s.replace(x0=s.x0 + h * np.eye(9)[i]))[-1] for h in (1e-5, -1e-5)]
        assert g[i] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-8)
    assert s.with_weights(np.arange(flat.size) + 0.0).x0[-1] == flat.size - 1


# --- the face ---------------------------------------------------------------------------------------------------------


def two(**options):
    return MultipleTimescaleRNN(np.ones((3, 3)), **{"groups": {"fast": 2, "slow": 1}, "tau": 2.0, **options})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CTRNN(np.ones((2, 3))), r"W: got shape \(2, 3\), wanted a square matrix W\[to, from\]"),
        (lambda: CTRNN([[1.0]], tau=-0.1), r"tau: got -0.1, wanted a finite number in \(0, inf\). It is a time constant"),
        (lambda: CTRNN(np.eye(2), theta=[1.0, 2.0, 3.0]), "theta: got 3 values, wanted a number or 2, one per unit"),
        (lambda: CTRNN(np.eye(2), W_in=np.ones((3, 1))), r"W_in: got shape \(3, 1\), wanted shape \(2, any\)"),
        (lambda: CTRNN([[1.0]], form="rates"), "form: got 'rates', wanted one of 'state', 'output'"),
        (lambda: CTRNN([[1.0]], activation="logistic"), "activation: got 'logistic', wanted one of 'tanh', 'sigmoid', 'relu'"),
        (lambda: CTRNN([[1.0]], noise_std=-1), r"noise_std: got -1, wanted a finite number in \[0, inf\)"),
        (lambda: CTRNN.from_beer([1.0, 2.0], 0, 1), r"weights: got shape \(2,\), wanted an array with 2 dimension"),
        (lambda: CTRNN.center_crossing([[1.0]], theta=1.0), r"center_crossing\(theta\): got a value, wanted none. It follows"),
        (lambda: CTRNN.random(2, tau=[1.0, 2.0, 3.0]), r"tau: got 3 values, wanted a number, or two: \(low, high\)"),
        (lambda: CTRNN.center_crossing([[1.0]], bias=[1.0, 2.0]), "bias: got 2 values, wanted a number or 1, one per unit"),
        (lambda: CTRNN.random(2, tau=(0.0, 1.0)), r"tau: got 0, wanted a finite number in \(0, inf\)"),
        (lambda: RateNetwork([[1.0]], tau=0), "tau: got 0, wanted"),
        (lambda: RateNetwork.random(5, g=-1), "g: got -1"),
        (lambda: RateNetwork.random(5, activation="scs"), "activation: got 'scs', wanted one of .*'softplus', 'identity'"),
        (lambda: RateNetwork.dale(3, excitatory=0.1), "excitatory: got 0 of 3 units, wanted at least one unit of each kind"),
        (lambda: RateNetwork.dale(9, connectivity=0.1, rng=1), "does not hear both kinds, .* pass balanced=False"),
        (lambda: LeakyRNN([[1.0]], tau=0.01), "tau: got 0.01, .* No tau may be below dt: take smaller steps"),
        (lambda: LeakyRNN([[1.0]], dt=0), "dt: got 0"),
        (lambda: LeakyRNN(np.ones((1, 2))), r"W: got shape \(1, 2\), wanted a square matrix"),
        (lambda: two(groups={}), r"groups: got \{\}, wanted names with numbers of units"),
        (lambda: two(groups={"fast": 2, "slow": 0}), r"groups\['slow'\]: got 0, wanted an integer >= 1"),
        (lambda: two(groups={"fast": 2}), r"W: got shape \(3, 3\), wanted shape \(2, 2\)"),
        (lambda: two(tau=0.5), "tau: got 0.5, .* It counts steps"),
        (lambda: two(tau={"fast": 2, "slow": "20 ms"}), "tau: got .*'20 ms'.*, wanted numbers of steps"),
        (lambda: two(tau={"fast": 2}), "tau: got nothing for 'slow', wanted a number for each of fast, slow"),
        (lambda: two(connections={"fast": ["slow"]}), "connections: got nothing for 'slow', .* means none"),
        (lambda: two(connections={"fast": [], "slow": ["fst"]}), r"connections\['slow'\]: got 'fst', .* Did you mean 'fast'"),
        (lambda: two(input_to=["io"]), "input_to: got 'io', wanted one of 'fast', 'slow'"),
        (lambda: two(output_from=3), "output_from: got 3, wanted names among fast, slow"),
    ],
)  # fmt: skip
def test_bad_input_is_named(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
