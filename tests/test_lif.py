"""LIF: the exact membrane and synapse, rates, delays, refractoriness, noise, derivatives, Dale's law."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynrnn._jit import jit
from dynrnn.couplings import Sparse
from dynrnn.run import Run
from dynrnn.system import jvp, jvp_u, step
from dynrnn.systems.lif import LIF
from dynrnn.testing import check_system


def run(system, steps, inputs=None, x0=None, rng=0):
    """States by part, each (step, unit), and the states as they are, (step, size)."""
    inputs = np.zeros((1, steps, system.input_size)) if inputs is None else np.asarray(inputs, float)[None]
    x0 = system.initial() if x0 is None else x0
    states = np.concatenate([X for X, _ in Run(system, x0[None], rng).rows(steps, inputs)])[:, :, 0]
    return {name: states[:, where] for name, where in system.slices.items()} | {"state": states}


def lif(W, W_in=None, **parameters):
    """A LIF whose couplings are always of the same two types, so that it is compiled once."""
    return LIF(Sparse.of(np.array(W, float)), np.zeros((len(W), 1)) if W_in is None else W_in, **parameters)


def alone(n, **parameters):
    """Units without synapses."""
    return lif(np.zeros((n, n)), **parameters)


@jit
def _products(p, x, u, v, w, out, along_x, along_u):
    step(p, x, u, out)
    jvp(p, x, u, v, along_x)
    jvp_u(p, x, u, w, along_u)


# --- the membrane -----------------------------------------------------------------------------------------------------


@given(st.floats(1e-3, 0.1), st.floats(1e-5, 5e-3), st.floats(-14e-3, 14e-3))
@settings(max_examples=20, deadline=None)
def test_below_threshold_the_membrane_charges_exactly(tau, dt, current):
    v = run(alone(1, tau=tau, dt=dt, delay=dt, bias=current), 60)["v"][:, 0]
    t = dt * np.arange(1, 61)
    np.testing.assert_allclose(v, -current * np.expm1(-t / tau), rtol=1e-12, atol=1e-17)


def test_rest_and_inputs_enter_where_the_equation_says():
    system = alone(
        2, W_in=[[2e-3, 0.0], [0.0, 1e-3]], bias=[0.0, 3e-3], rest=-70e-3, threshold=-50e-3, reset=-60e-3, tau=[10e-3, 20e-3]
    )
    t = 1e-4 * np.arange(1, 101)[:, None]
    held = np.array([2e-3 * 1.5, 3e-3 - 1e-3])
    v = run(system, 100, np.tile([1.5, -1.0], (100, 1)))["v"]
    np.testing.assert_allclose(v, -70e-3 - held * np.expm1(-t / system.tau), rtol=1e-13)


@pytest.mark.parametrize("dt", [1e-4, 1e-3])
def test_spikes_come_at_the_analytic_intervals(dt):
    current = np.linspace(15.5e-3, 60e-3, 20)
    system = alone(20, bias=current, reset=0.0, refractory=3e-3, dt=dt)
    spikes = run(system, round(2 / dt))["spike"]
    interval = 30e-3 * np.log(current / (current - 15e-3)) + 3e-3
    for i in range(20):
        found = dt * np.diff(np.flatnonzero(spikes[:, i]))
        assert found.size >= 5 and np.ptp(found) < 1e-12, "every interval is the same, as every spike resets the unit alike"
        assert interval[i] <= found[0] + 1e-12 < interval[i] + dt + 2e-12


def test_a_unit_rests_at_its_reset_for_its_refractory_time_while_its_synapse_decays():
    system = lif([[0.0, 10e-3], [0.0, 0.0]], bias=40e-3, refractory=[2.5e-3, 0.0], delay=1e-3, dt=5e-4)
    seen = run(system, 80)
    first = int(np.argmax(seen["spike"][:, 0]))
    assert (seen["v"][first : first + 6, 0] == system.reset[0]).all() and seen["v"][first + 6, 0] > system.reset[0]
    np.testing.assert_array_equal(seen["refractory"][first : first + 7, 0], [5, 4, 3, 2, 1, 0, 0])
    quiet = [k for k in range(first, first + 5) if not seen["spike"][k - 1, 1]]  # no spike of unit 1 arrives at row k + 1
    for k in quiet:
        assert seen["synapse"][k + 1, 0] == pytest.approx(seen["synapse"][k, 0] * np.exp(-5e-4 / 3e-3), rel=1e-14)
    k = int(np.argmax(seen["spike"][:, 1]))
    assert seen["v"][k + 1, 1] > system.reset[1], "without a refractory time it charges on at once"


# --- synapses and delays ----------------------------------------------------------------------------------------------


def test_a_spike_arrives_exactly_its_senders_delay_later():
    W = np.zeros((4, 4))
    W[3, :3] = 5e-3, 7e-3, -2e-3
    delay = np.array([1e-4, 0.74e-3, 2e-3, 1e-3])  # 1, 7 (rounded), 20 and 10 steps
    system = lif(W, np.diag([1.0, 1.0, 1.0, 0.0]), delay=delay, tau_synapse=5e-3)
    kick = np.zeros((40, 4))
    kick[2, :3] = 100.0  # far above threshold: all three fire at the end of step 2
    seen = run(system, 40, kick)
    np.testing.assert_array_equal(np.flatnonzero(seen["spike"].any(axis=1)), [2])
    expected = np.zeros(40)
    for jump, steps in ((5e-3, 1), (7e-3, 7), (-2e-3, 20)):
        age = np.arange(40) - (2 + steps)
        expected += jump * np.exp(-1e-4 * age / 5e-3) * (age >= 0)
    np.testing.assert_allclose(seen["synapse"][:, 3], expected, rtol=0, atol=1e-17)
    assert not seen["v"][:4, 3].any() and seen["v"][4, 3] > 0, "the current acts from the step after its arrival on"


@pytest.mark.parametrize("tau_synapse", [1e-3, 10e-3, 10e-3 * (1 + 1e-9), 40e-3])
def test_the_response_to_a_spike_is_exact_at_any_step(tau_synapse):
    tau, t = 10e-3, 2e-3 * np.arange(1, 20)
    exact = 5e-3 * t / tau * np.exp(-t / tau)  # the limit of equal time constants
    if abs(tau_synapse - tau) > 1e-6:
        exact = 5e-3 * tau_synapse / (tau_synapse - tau) * (np.exp(-t / tau_synapse) - np.exp(-t / tau))
    for dt, every in ((2e-3, 1), (5e-4, 4)):
        system = alone(1, tau=tau, tau_synapse=tau_synapse, dt=dt, delay=2e-3)
        x0 = np.zeros(system.size)
        x0[1] = 5e-3
        v = run(system, 19 * every, x0=x0)["v"][every - 1 :: every, 0]
        np.testing.assert_allclose(v, exact, rtol=0, atol=1e-11 if 0 < abs(tau_synapse - tau) < 1e-6 else 1e-17)


def oracle(s, x, u):
    """One step in NumPy, unit by unit, with the spikes of the past as a list."""
    n = s.bias.size
    v, synapse, wait, past = x[:n], x[n : 2 * n], x[2 * n : 3 * n], x[3 * n :].reshape(-1, n)
    P, Q = np.exp(-s.dt / s.tau), np.exp(-s.dt / s.tau_synapse)
    free = s.rest + P * (v - s.rest) + (1 - P) * (s.bias + s.W_in.to_array() @ u[: s.input_size])
    free += s.tau_synapse / (s.tau_synapse - s.tau) * (Q - P) * synapse
    if s.noise_std:
        free += s.noise_std * np.sqrt(1 - P**2) * u[s.input_size :]
    arrived = np.array([past[round(s.delay[j] / s.dt) - 1, j] for j in range(n)])
    spike = (wait == 0) & (free >= s.threshold)
    new_wait = np.where(spike, np.rint(s.refractory / s.dt), np.maximum(wait - 1, 0))
    new_v = np.where((wait > 0) | spike, s.reset, free)
    return np.concatenate([new_v, Q * synapse + s.W.to_array() @ arrived, new_wait, spike, past[:-1].ravel()])


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(8)
    return LIF.random(
        30,
        inputs=2,
        rng=1,
        bias=14.5e-3,
        delay=rng.uniform(0.5e-3, 3e-3, 30),
        refractory=rng.choice([2e-3, 3e-3], 30),
        tau_synapse=rng.uniform(2e-3, 6e-3, 30),
        noise_std=1e-3,
        dt=5e-4,
    )


def test_every_step_of_a_network_is_that_of_plain_numpy(network):
    p, rng = network.params(), np.random.default_rng(9)
    x, spikes = network.initial(), 0
    out, unused = np.empty(network.size), np.empty(network.size)
    for _ in range(400):
        u = rng.normal(size=network.channels)
        _products(p, x, u, x, u, out, unused, unused)
        np.testing.assert_allclose(out, oracle(network, x, u), rtol=1e-12, atol=1e-16)
        x, spikes = out.copy(), spikes + out[network.visible].sum()
    assert spikes > 200


def test_nan_is_not_a_spike(network):
    x, u = network.initial(), np.zeros(network.channels)
    x[0], out, unused = np.nan, np.empty(network.size), np.empty(network.size)
    _products(network.params(), x, u, x, u, out, unused, unused)
    assert np.isnan(out[0]) and not out[network.visible].any()


# --- noise ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dt", [1e-3, 4e-3])
def test_noise_has_its_stationary_deviation_and_memory_at_any_step(dt):
    system = alone(200, tau=10e-3, threshold=1.0, noise_std=2e-3, delay=dt, dt=dt)
    v = run(system, round(5 / dt), rng=3)["v"][round(0.1 / dt) :]
    # 200 units over 4.9 s with a memory of 10 ms: some 5e4 independent values, 0.3 % standard error
    assert v.std() == pytest.approx(2e-3, rel=0.015)
    assert np.mean(v[1:] * v[:-1]) / np.mean(v**2) == pytest.approx(np.exp(-dt / 10e-3), abs=0.01)


# --- derivatives ------------------------------------------------------------------------------------------------------


def test_derivatives_are_those_of_the_smooth_pieces(network):
    p, rng, n = network.params(), np.random.default_rng(10), network.size
    v, w = rng.normal(size=n), rng.normal(size=network.channels)
    x, kinds, h = network.initial(), set(), 1e-9
    x[:30] = rng.uniform(13.5e-3, 15e-3, 30)
    out, after, before, along_x, along_u, unused = np.empty((6, n))
    for _ in range(60):
        u = rng.normal(size=network.channels)
        _products(p, x, u, v, w, out, along_x, along_u)
        for product, dx, du in ((along_x, h * v, 0 * w), (along_u, 0 * v, h * w)):
            _products(p, x + dx, u + du, v, w, after, unused, unused)
            _products(p, x - dx, u - du, v, w, before, unused, unused)
            np.testing.assert_allclose(product, (after - before) / (2 * h), rtol=0, atol=1e-5)
        x = out.copy()
        kinds |= set(zip(x[network.slices["spike"]], x[network.slices["refractory"]] > 0, strict=True))
    assert len(kinds) == 3, "units that charge, that fire and that are refractory"


def test_keeps_the_contract(network):
    check_system(network)


# --- the face ---------------------------------------------------------------------------------------------------------


def test_random_networks_obey_dale():
    system = LIF.random(100, inputs=2, connectivity=0.2, excitatory=0.8, weight=30e-3, inhibition=0.6, rng=4)
    W = system.W.to_array()
    assert (W[:, :80] >= 0).all() and (W[:, 80:] <= 0).all() and not np.diag(W).any()
    assert np.count_nonzero(W) == round(0.2 * 100 * 99)
    assert W[W > 0].mean() == pytest.approx(30e-3, rel=0.1) and W[W < 0].mean() == pytest.approx(-18e-3, rel=0.2)
    assert system.W_in.shape == (100, 2) and system.W_in.to_array().min() >= 0
    assert system == LIF.random(100, inputs=2, connectivity=0.2, rng=4) and system != LIF.random(100, 2, connectivity=0.2, rng=5)
    for share, sign in ((1.0, 1), (0.0, -1)):
        assert (sign * LIF.random(20, excitatory=share, connectivity=1.0, rng=0).W.to_array() >= 0).all()
    assert LIF.random(1).W.shape == (1, 1)


def test_parts_and_initial_state():
    system = alone(3, rest=-0.07, threshold=-0.05, reset=-0.06, delay=[1e-4, 3e-4, 2e-4])
    assert {name: where.stop - where.start for name, where in system.slices.items()} == {
        "v": 3, "synapse": 3, "refractory": 3, "spike": 3, "delay_line": 6,
    }  # fmt: skip
    np.testing.assert_array_equal(system.initial(), [-0.07] * 3 + [0] * 15)
    assert system.visible == system.slices["spike"]
    assert alone(3).replace(tau=0.1).tau[0] == 0.1


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: LIF(np.ones((2, 3))), r"W: got shape \(2, 3\), wanted a square matrix W\[to, from\]"),
        (lambda: alone(2, W_in=np.ones(3)), r"W_in: got shape \(3, 1\), wanted shape \(2, any\)"),
        (lambda: alone(2, tau=[1.0, 0.0]), r"tau: got 0.*, wanted a finite number in \(0, inf\)"),
        (lambda: alone(2, tau_synapse=-1), r"tau_synapse: got -1.*, wanted a finite number in \(0, inf\)"),
        (lambda: alone(2, refractory=-1e-3), r"refractory: got -0.001, wanted a finite number in \[0, inf\)"),
        (lambda: alone(2, delay=0), r"delay: got 0.*, wanted .* Delays are rounded to steps of 0.0001 s, at least one"),
        (lambda: alone(2, bias=[1.0, 2.0, 3.0]), "bias: got 3 values, wanted a number or 2, one per unit"),
        (lambda: alone(2, threshold=np.nan), "threshold: got nan"),
        (lambda: alone(2, reset=[0.0, 20e-3]), "reset: got 0.02 V at unit 1, wanted less than its threshold, 0.015 V"),
        (lambda: alone(2, noise_std=-1), "noise_std: got -1"),
        (lambda: alone(2, dt=0), "dt: got 0"),
        (lambda: LIF.random(10, connectivity=2), r"connectivity: got 2.*, wanted a finite number in \[0, 1\]"),
        (lambda: LIF.random(10, excitatory=-0.1), r"excitatory: got -0.1, wanted a finite number in \[0, 1\]"),
        (lambda: LIF.random(10, weight=-1), "weight: got -1"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
