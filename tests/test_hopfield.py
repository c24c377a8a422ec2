"""Hopfield networks: exact enumeration of stationary laws, energies, cycles, ties, storage, the first parallel step."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from dynrnn.couplings import Ring
from dynrnn.run import Run
from dynrnn.systems.hopfield import Hopfield, Sequential
from dynrnn.testing import check_system


def run(system, steps, x0=None, rng=0, every=1):
    """States (step, unit) from x0 (unit,), or (step, trial, unit) from x0 (trial, unit)."""
    x0 = system.initial() if x0 is None else np.asarray(x0, float)
    states = np.concatenate([X for X, _ in Run(system, np.atleast_2d(x0), rng).rows(steps, every=every)])
    return states[:, :, 0] if x0.ndim == 1 else np.moveaxis(states, 2, 1)


def all_states(n):
    return np.array([[1 if k >> i & 1 else -1 for i in range(n)] for k in range(2**n)], float)


def glass(n, seed, field=0.0):
    """Symmetric normal weights without a diagonal, and a normal bias."""
    rng = np.random.default_rng(seed)
    W = np.triu(rng.normal(size=(n, n)), 1)
    return W + W.T, field * rng.normal(size=n)


def random_patterns(count, n, seed=0):
    return np.random.default_rng(seed).choice([-1.0, 1.0], (count, n))


# --- temperature: exact enumeration -----------------------------------------------------------------------------------


def _assert_drawn_from(law, states):
    """Chi-square of the visited states against the law over all 2^n, and the distance in total variation."""
    codes = ((states > 0) @ (1 << np.arange(states.shape[1]))).astype(int)
    seen, expected = np.bincount(codes, minlength=law.size), law * len(codes)
    rare = expected < 10
    seen = np.append(seen[~rare], seen[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum() + 1e-9)
    statistic = np.sum((seen - expected) ** 2 / expected)
    assert statistic < chi2.isf(1e-4, seen.size - 1)
    assert np.abs(seen - expected).sum() / (2 * len(codes)) < 0.02


@pytest.mark.parametrize("update", ["random", "sequential"])
def test_single_unit_updates_draw_from_boltzmanns_law(update):
    W, b = glass(6, 1, 0.5)
    system = Hopfield(W, b, update=update, temperature=1.7)
    states = run(system, 400_000, every=10)  # ten sweeps apart, the states are all but independent
    weight = np.exp(-system.energy(all_states(6)) / 1.7)
    _assert_drawn_from(weight / weight.sum(), states)


def test_synchronous_updates_draw_from_perettos_law():
    W, b = glass(6, 2, 0.5)
    s = all_states(6)
    system = Hopfield(W, b, update="synchronous", temperature=1.7)
    weight = np.exp(s @ b / 1.7) * np.prod(2 * np.cosh((s @ W + b) / 1.7), axis=1)
    law, boltzmann = weight / weight.sum(), np.exp(-system.energy(s) / 1.7)
    states = run(system, 400_000, every=10)
    _assert_drawn_from(law, states)
    with pytest.raises(AssertionError):
        _assert_drawn_from(boltzmann / boltzmann.sum(), states)


def test_an_uncoupled_unit_follows_the_heat_bath():
    h = np.array([-3.0, -0.5, 0.0, 0.2, 1.0])
    system = Hopfield(np.zeros((5, 5)), h, update="synchronous", temperature=0.8)
    up = (run(system, 20_000) > 0).mean(axis=0)
    np.testing.assert_allclose(up, 1 / (1 + np.exp(-2 * h / 0.8)), rtol=0, atol=4 * 0.5 / math.sqrt(20_000))


def test_the_same_units_are_picked_at_every_temperature():
    W, b = glass(12, 3)
    cold = run(Hopfield(W, 100.0 + b, update="random"), 1, -np.ones(12))
    warm = run(Hopfield(W, 100.0 + b, update="random", temperature=1e-9), 1, -np.ones(12))
    np.testing.assert_array_equal(cold, warm)
    assert set(cold[0]) == {-1, 1}, "with replacement, a sweep leaves some units out"


# --- zero temperature: energies and cycles ----------------------------------------------------------------------------


@given(st.integers(1, 12), st.integers(0, 2**32 - 1), st.sampled_from(["random", "sequential"]), st.sampled_from([0.0, 1.0]))
@settings(max_examples=40, deadline=None)
def test_the_energy_never_rises_and_the_end_is_a_fixed_point(n, seed, update, field):
    W, b = glass(n, seed, field)
    system = Hopfield(W, b, update=update)
    start = random_patterns(1, n, seed)[0]
    states = np.vstack([start, run(system, 200, start, seed)])
    assert np.diff(system.energy(states)).max() <= 1e-12
    last = states[-1]
    assert (last * (W @ last + b) >= -1e-12).all()


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_synchronous_symmetric_networks_end_in_at_most_two_states(n, seed):
    W, b = glass(n, seed, 0.3)
    states = run(Hopfield(W, b, update="synchronous"), 300, random_patterns(1, n, seed)[0])
    np.testing.assert_array_equal(states[-1], states[-3])
    pairs = -np.sum(states[1:] * (states[:-1] @ W + b), axis=1) - states[:-1] @ b
    assert np.diff(pairs).max() <= 1e-12, "the energy of two successive states falls (Peretto 1984)"


def test_the_smallest_cycles():
    symmetric = run(Hopfield([[0, -1], [-1, 0]], update="synchronous"), 4)
    np.testing.assert_array_equal(symmetric, [[-1, -1], [1, 1], [-1, -1], [1, 1]])
    antisymmetric = run(Hopfield([[0, 1], [-1, 0]], update="synchronous"), 8)
    np.testing.assert_array_equal(antisymmetric[:4], antisymmetric[4:])
    assert len(np.unique(antisymmetric, axis=0)) == 4
    ring = run(Hopfield(Ring.of(7).to_array(), update="synchronous"), 14, [1, 1, -1, 1, -1, -1, -1])
    np.testing.assert_array_equal(ring[:7], ring[7:])  # copy units: the pattern walks around


def test_updates_are_those_of_their_definition():
    W, b = glass(8, 5, 0.4)
    s = all_states(8)
    together = run(Hopfield(W, b, update="synchronous"), 1, s)[0]
    np.testing.assert_array_equal(together, np.sign(s @ W + b))
    one_by_one = s.copy()
    for i in range(8):
        one_by_one[:, i] = np.sign(one_by_one @ W[i] + b[i])
    np.testing.assert_array_equal(run(Hopfield(W, b, update="sequential"), 1, s)[0], one_by_one)


# --- ties -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tie", ["keep", "+1"])
@pytest.mark.parametrize("update", ["synchronous", "sequential"])
def test_ties_are_ties_although_the_weights_round(tie, update):
    xi, s = random_patterns(3, 11, 4), all_states(11)
    got = run(Hopfield.store(xi, update=update, tie=tie), 1, s)[0]
    counts = (xi.T @ xi - 3 * np.eye(11)).astype(int)  # N times the weights, exactly
    new, old, ties = s.copy(), s.astype(int), 0
    for i in range(11):
        h = (old if update == "synchronous" else new.astype(int)) @ counts[i]
        new[:, i] = np.where(h == 0, s[:, i] if tie == "keep" else 1, np.sign(h))
        ties += np.count_nonzero(h == 0)
    assert ties > 1000
    np.testing.assert_array_equal(got, new)
    assert np.any(np.sign(s @ Hopfield.store(xi).W.to_array()) != np.sign(s @ counts)), "naive signs are wrong here"


def test_a_wider_tolerance_makes_more_ties():
    W = [[0.0, 0.1], [0.1, 0.0]]
    np.testing.assert_array_equal(run(Hopfield(W, update="synchronous"), 1, [1, -1]), [[-1, 1]])
    np.testing.assert_array_equal(run(Hopfield(W, update="synchronous", tolerance=0.2), 1, [1, -1]), [[1, -1]])


# --- storage ----------------------------------------------------------------------------------------------------------


def test_hebb_and_pseudo_inverse_weights():
    xi = random_patterns(5, 60)
    hebb, inverse = (Hopfield.store(xi, rule=rule).W.to_array() for rule in ("hebb", "pseudo_inverse"))
    for W in (hebb, inverse):
        np.testing.assert_array_equal(W, W.T)
        assert not np.diag(W).any()
    np.testing.assert_allclose(hebb + np.eye(60) * 5 / 60, sum(np.outer(p, p) for p in xi) / 60, rtol=0, atol=1e-15)
    stability = np.mean(xi * (xi @ inverse.T))
    assert stability == pytest.approx(1 - 5 / 60, rel=1e-12), "the projector's stability is 1, its mean diagonal P/N"


@pytest.mark.parametrize("rule, count", [("hebb", 5), ("pseudo_inverse", 60)])
def test_stored_patterns_are_fixed_points_at_low_load_and_attract(rule, count):
    xi = random_patterns(count, 200, 1)
    memory = Hopfield.store(xi, rule=rule, update="synchronous")
    np.testing.assert_array_equal(run(memory, 1, xi)[0], xi)
    cues = xi.copy()
    cues[:, :10] *= -1  # five per cent wrong
    recalled = run(memory, 10, cues)[-1]
    np.testing.assert_allclose(np.diag(Hopfield.overlap(recalled, xi)), 1.0)


def test_the_first_parallel_step_is_the_error_function():
    n, count, m0 = 1000, 100, 0.5
    rng = np.random.default_rng(2)
    xi = random_patterns(count, n, 3)
    cues = xi.copy()
    for cue in cues:
        cue[rng.choice(n, round(n * (1 - m0) / 2), replace=False)] *= -1
    m1 = np.diag(Hopfield.overlap(run(Hopfield.store(xi, update="synchronous"), 1, cues)[0], xi))
    theory = math.erf(m0 / math.sqrt(2 * (count - 1) / n))  # 0.888; the noise comes from the other 99 patterns
    assert m1.mean() == pytest.approx(theory, abs=4 * math.sqrt((1 - theory**2) / (n * count)) + 2e-3)


# --- the face ---------------------------------------------------------------------------------------------------------


def test_energy_and_overlap_are_their_definitions():
    W, b = glass(6, 7, 1.0)
    system, s = Hopfield(W, b), all_states(6)
    expected = [-x @ W @ x / 2 - b @ x for x in s]
    np.testing.assert_allclose(system.energy(s), expected, rtol=1e-12, atol=1e-12)
    assert system.energy(s.reshape(4, 16, 6)).shape == (4, 16)
    assert isinstance(system.energy(s[0]), float)
    xi = random_patterns(3, 6)
    np.testing.assert_allclose(Hopfield.overlap(s.reshape(4, 16, 6), xi), s.reshape(4, 16, 6) @ xi.T / 6)
    assert Hopfield.overlap(xi[0], xi[0]) == [1.0]


@pytest.mark.parametrize("update", ["random", "sequential", "synchronous"])
def test_keeps_the_contract(update):
    W, b = glass(7, 8, 0.5)
    system = Hopfield(W, b, update=update, temperature=0.6)
    assert system.channels == 7 * (2 if update == "random" else 1)
    assert Hopfield(W, b, update=update).channels == 7 * (update == "random")
    check_system(system)


def test_starts_with_all_units_up_and_makes_changed_copies():
    system = Hopfield(np.zeros((3, 3)), tie="+1")
    np.testing.assert_array_equal(system.initial(), [1, 1, 1])
    assert system.replace(update="sequential").update == Sequential() and system.replace(temperature=2.0).tie == 1


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Hopfield(np.ones((2, 3))), r"W: got shape \(2, 3\), wanted a square matrix"),
        (lambda: Hopfield(np.eye(2), [1.0]), "bias: got 1 values, wanted a number or 2, one per unit"),
        (
            lambda: Hopfield(np.eye(2), update="synchron"),
            "update: got 'synchron', wanted one of 'synchronous', .* Did you mean 'synchronous'",
        ),
        (lambda: Hopfield(np.eye(2), temperature=-1), r"temperature: got -1.*, wanted a finite number in \[0, inf\)"),
        (lambda: Hopfield(np.eye(2), tie="-1"), "tie: got '-1', wanted one of 'keep', '\\+1'"),
        (lambda: Hopfield(np.eye(2), tolerance=-1), "tolerance: got -1"),
        (lambda: Hopfield.store([[1, 0, 1]]), r"patterns: got 0 in pattern 0 at unit 1, .* From 0 and 1: 2 \* patterns - 1"),
        (lambda: Hopfield.store(np.ones((0, 3))), "patterns: got shape"),
        (lambda: Hopfield.store([[1, -1]], rule="storkey"), "rule: got 'storkey', wanted one of 'hebb', 'pseudo_inverse'"),
        (lambda: Hopfield(np.eye(2)).energy([1.0]), r"states: got shape \(1,\), wanted shape \(…, 2\)"),
        (lambda: Hopfield.overlap([1.0], [[1, 1]]), r"states: got shape \(1,\), wanted shape \(…, 2\), as the patterns have"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
