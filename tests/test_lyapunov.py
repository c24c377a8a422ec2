"""Exponents against exact spectra, sum rules, published numbers, and one way of computing them against another."""

from __future__ import annotations

import numpy as np
import pytest

import dynrnn as dr
from dynrnn.analysis.mean_field import mean_field_flow, mean_field_map


class LinearFlow(dr.System):
    A: np.ndarray

    @property
    def units(self):
        return len(self.A)

    def initial(self):
        return np.full(len(self.A), 1e-3)

    def drift(p, t, x, u, out):
        for i in range(x.size):
            out[i] = 0.0
            for j in range(x.size):
                out[i] += p.A[i, j] * x[j]


class LinearMap(LinearFlow):
    def step(p, x, u, out):
        for i in range(x.size):
            out[i] = 0.0
            for j in range(x.size):
                out[i] += p.A[i, j] * x[j]


ROTATION = np.array([[0.3, -0.7, 0.1], [0.7, 0.3, 0.0], [0.0, 0.0, -0.5]])


def test_linear_map_and_linear_flow_have_the_spectrum_of_their_matrix():
    spectrum = dr.lyapunov_spectrum(LinearMap(ROTATION), steps=4000, average="smooth")
    exact = np.sort(np.log(np.abs(np.linalg.eigvals(ROTATION))))[::-1]
    assert np.abs(spectrum.exponent - exact).max() < 1e-10
    flow = ROTATION - 0.5 * np.eye(3)
    spectrum = dr.lyapunov_spectrum(LinearFlow(flow), dt=5e-3, duration=200, average="smooth")
    assert np.abs(spectrum.exponent - np.sort(np.linalg.eigvals(flow).real)[::-1]).max() < 1e-10
    assert spectrum.attrs["units"] == "1/s"


def test_leaky_linear_reservoir_whatever_its_input():
    W = np.random.default_rng(1).normal(0, 0.4, (6, 6))
    W = (W + W.T) / 2
    esn = dr.ESN(W, np.ones(6), leak=0.4, activation="identity")
    inputs = np.random.default_rng(2).normal(size=(6000, 1))
    exact = np.sort(np.log(np.abs(0.6 + 0.4 * np.linalg.eigvalsh(W))))[::-1]
    spectrum = dr.lyapunov_spectrum(esn, inputs=inputs, interval=1)
    assert np.abs(spectrum.exponent - exact).max() < 1e-10
    leading = dr.lyapunov_spectrum(esn, 2, inputs=inputs, interval=1)
    assert np.abs(leading.exponent - exact[:2]).max() < 1e-10
    assert np.isnan(leading.sum_rule_residual)
    assert np.isnan(leading.kaplan_yorke) == (exact[:2].sum() > 0)


def test_cat_map_and_its_covariant_vectors():
    golden = np.log((3 + np.sqrt(5)) / 2)
    spectrum = dr.lyapunov_spectrum(dr.CatMap(), steps=5000, x0=[0.1, 0.3], interval=1)
    assert np.abs(spectrum.exponent - [golden, -golden]).max() < 1e-12
    assert float(spectrum.entropy_rate) == pytest.approx(golden)
    vectors = dr.covariant_vectors(dr.CatMap(), steps=400, x0=[0.1, 0.3], interval=1)
    _, axes = np.linalg.eigh([[2.0, 1.0], [1.0, 1.0]])
    for exponent, axis in ((0, axes[:, 1]), (1, axes[:, 0])):
        assert np.abs(np.abs(vectors.vector.values[:, :, exponent] @ axis) - 1).max() < 1e-12
    assert np.abs(vectors.growth - [golden, -golden]).max() < 1e-12


def test_henon_loses_area_at_a_constant_rate():
    spectrum = dr.lyapunov_spectrum(dr.Henon(), steps=300_000)
    assert float(spectrum.exponent.sum()) == pytest.approx(np.log(0.3), abs=1e-10)
    assert np.all(np.abs(spectrum.exponent - [0.4192, -1.6232]) < 5 * spectrum.stderr + 5e-4)
    assert abs(float(spectrum.sum_rule_residual)) < 1e-10
    assert float(spectrum.kaplan_yorke) == pytest.approx(1.258, abs=0.003)
    assert spectrum.attrs["warnings"] == []


def test_covariant_vectors_of_henon_are_carried_into_each_other():
    vectors = dr.covariant_vectors(dr.Henon(), steps=3000, interval=2)
    states, V = vectors.state.values, vectors.vector.values
    for w in (10, 500, 900):
        J = np.eye(2)
        x = states[w]
        for _ in range(2):
            J = dr.jacobian(dr.Henon(), x) @ J
            x = np.array([1 - 1.4 * x[0] ** 2 + x[1], 0.3 * x[0]])
        for i in range(2):
            moved = J @ V[w, :, i]
            assert abs(abs(moved @ V[w + 1, :, i]) / np.linalg.norm(moved) - 1) < 1e-9
            assert np.log(np.linalg.norm(moved)) / 2 == pytest.approx(float(vectors.growth[w, i]), abs=1e-9)
    assert np.abs(vectors.growth.mean("window") - [0.419, -1.623]).max() < 0.1


def test_logistic_map_chaotic_and_periodic():
    chaotic = dr.lyapunov_spectrum(dr.Logistic(4.0), steps=200_000, x0=[0.1234])
    assert abs(float(chaotic.exponent[0]) - np.log(2)) < 5 * float(chaotic.stderr[0]) + 1e-4
    for r, exact in ((2.6, np.log(0.6)), (3.1, 0.5 * np.log(abs(4 + 2 * 3.1 - 3.1**2)))):
        periodic = dr.lyapunov_spectrum(dr.Logistic(r), steps=20_000, x0=[0.3], interval=1, average="smooth")
        assert float(periodic.exponent[0]) == pytest.approx(exact, abs=1e-9)


def test_lorenz_by_fixed_and_by_adaptive_steps():
    lorenz = dr.Lorenz63()
    fixed = dr.lyapunov_spectrum(lorenz, dt=0.01, duration=2000, x0=[1.0, 1.0, 1.0])
    assert np.all(np.abs(fixed.exponent - [0.9056, 0.0, -14.5723]) < 4 * fixed.stderr + 1e-3)
    assert float(fixed.kaplan_yorke) == pytest.approx(2.062, abs=0.002)
    assert abs(float(fixed.sum_rule_residual)) < 1e-3  # of the order of dt^4
    adaptive = dr.lyapunov_spectrum(lorenz, dt=0.5, duration=400, method="tsit5", rtol=1e-8, x0=[1.0, 1.0, 1.0])
    assert abs(float(adaptive.sum_rule_residual)) < 1e-5
    assert np.all(np.abs(adaptive.exponent - [0.9056, 0.0, -14.5723]) < 5 * adaptive.stderr + 1e-3)
    apart = dr.largest_exponent(lorenz, dt=0.01, duration=1000, x0=[1.0, 1.0, 1.0], interval=20)
    assert abs(float(apart.exponent) - 0.9056) < 4 * float(apart.stderr) + 0.005


def test_conditional_exponents_say_whether_a_driven_reservoir_forgets():
    inputs = np.random.default_rng(0).normal(size=(3000, 1))
    for radius, forgets in ((0.8, True), (4.0, False)):
        esn = dr.ESN.random(40, spectral_radius=radius, input_scaling=0.1, density=0.5, rng=3)
        largest = float(dr.lyapunov_spectrum(esn, 1, inputs=inputs).exponent[0])
        both = np.stack([np.zeros(40), np.random.default_rng(1).uniform(-1, 1, 40)])
        last = dr.simulate(esn, np.broadcast_to(inputs, (2, *inputs.shape)), x0=both).state[:, -1]
        assert (largest < 0) == forgets
        assert bool(np.abs(last[0] - last[1]).max() < 1e-9) == forgets


def test_mean_field_theory_meets_its_published_numbers():
    for g, variance, largest, mean in ((1.25, 0.326464, 0.023535, -0.56449), (5, 20.699367, 0.532428, -4.90677)):
        theory = mean_field_map(g)
        assert (theory["variance"], theory["largest"], theory["mean"]) == pytest.approx((variance, largest, mean), abs=6e-6)
    theory = mean_field_flow(5.0)
    assert (theory["variance"], theory["largest"]) == pytest.approx((16.964, 0.4337), abs=1e-3)
    assert mean_field_flow(0.8)["largest"] == pytest.approx(-0.2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dr.lyapunov_spectrum(dr.Henon(), 3, steps=1000), r"k: got 3, wanted .*2"),
        (lambda: dr.lyapunov_spectrum(dr.Henon(), steps=1000, transient=1000), "transient: got 1000.*Lengthen the run"),
        (lambda: dr.lyapunov_spectrum(dr.Henon()), "steps: got nothing"),
        (lambda: dr.lyapunov_spectrum(dr.Henon(), steps=1000, dt=0.1), "neither of them for a map"),
        (
            lambda: dr.lyapunov_spectrum(dr.ESN.random(5, noise_std=0.1, rng=1), inputs=np.zeros((50, 1))),
            "with noise.*Set its noise to zero",
        ),
        (lambda: dr.lyapunov_spectrum(dr.Henon(a=2.0), steps=1000), "bounded orbit|not finite"),
        (lambda: dr.lyapunov_spectrum(dr.Henon(), steps=1000, interval=0), "interval: got 0"),
        (lambda: dr.lyapunov_spectrum(dr.Henon(), steps=1000, interval=900), "interval: got 900, wanted .*800"),
        (lambda: dr.largest_exponent(dr.Henon(), steps=1000, interval=900), "interval: got 900, wanted .*800"),
        (lambda: dr.lyapunov_spectrum(dr.Henon(), duration=5.0), "duration: got 5.0, wanted a number of steps"),
        (lambda: dr.lyapunov_spectrum(dr.Henon(), steps=1000, transient="2 s"), "transient: got '2 s', wanted a number of steps"),
        (lambda: dr.lyapunov_spectrum(dr.ESN.random(5, inputs=2, rng=1), steps=100), "inputs: got nothing.*zeros for none"),
        (lambda: dr.lyapunov_spectrum(dr.Hopfield([[0, 1], [1, 0]]), steps=100), 'update="synchronous"'),
    ],
)
def test_bad_input_is_met_with_advice(call, words):
    with pytest.raises((ValueError, ArithmeticError), match=words):
        call()


def test_a_flow_as_a_map_has_the_exponents_of_the_flow():
    """Exponents count by the clock where there is one; the sum rule then holds for log |det M| per dt."""
    options = {"steps": 3000, "transient": 500, "x0": [1.0, 1.0, 1.0], "interval": 10}
    flow = dr.lyapunov_spectrum(dr.Lorenz63(), dt=0.01, **options)
    map_ = dr.lyapunov_spectrum(dr.Discretised(dr.Lorenz63(), "rk4", 0.01), **options)
    np.testing.assert_allclose(map_.exponent, flow.exponent, rtol=1e-12)
    assert map_.attrs["units"] == flow.attrs["units"] == "1/time unit"
    assert abs(map_.sum_rule_residual) < 1e-2 and not map_.attrs["warnings"]


def test_a_transient_in_seconds_and_short_runs():
    decay = dr.RateNetwork([[0.0]], tau=0.5)
    by_time = dr.lyapunov_spectrum(decay, dt=0.01, duration="2 s", transient="500 ms")
    assert by_time.attrs["transient"] == 50 and by_time.attrs["units"] == "1/s"
    np.testing.assert_allclose(by_time.exponent, -2, atol=1e-6)
    whole = dr.lyapunov_spectrum(dr.CatMap(), steps=10).exponent
    assert abs(float(whole.sum())) < 1e-12, "areas stay the same, also in the shortest of runs"


def test_a_map_that_flattens_says_so():
    """Of a network whose units saturate to the last bit no direction is left."""
    still = dr.ESN(np.eye(2) * 1e6, bias=[1e6, 1e6])
    assert (dr.lyapunov_spectrum(still, steps=50).exponent == -np.inf).all()
    assert dr.largest_exponent(still, steps=50, distance=1e-3).exponent == -np.inf
    with pytest.raises(ValueError, match="exponents above -inf"):
        dr.covariant_vectors(still, steps=50, interval=1)


def test_single_precision_has_the_same_exponents():
    W = np.random.default_rng(0).normal(0, 0.5 / 6, (36, 36))
    wide, narrow = (dr.ESN(W, dtype=dtype) for dtype in ("float64", "float32"))
    options = {"steps": 400, "x0": np.random.default_rng(1).normal(size=36), "interval": 2}
    np.testing.assert_allclose(
        dr.lyapunov_spectrum(narrow, 3, **options).exponent, dr.lyapunov_spectrum(wide, 3, **options).exponent, atol=1e-3
    )
    with pytest.raises(ValueError, match="distance: got 1e-08, wanted at least 1e-05"):
        dr.largest_exponent(narrow, steps=400)
    both = [dr.largest_exponent(esn, **options | {"interval": 10}, distance=1e-2).exponent for esn in (wide, narrow)]
    np.testing.assert_allclose(both[1], both[0], atol=1e-2)


@pytest.mark.parametrize("verb", [dr.lyapunov_spectrum, dr.covariant_vectors, dr.largest_exponent, dr.analysis.gali])
def test_ctrl_c_keeps_what_there_is(verb, monkeypatch):
    asked = {"steps": 4000, "x0": [0.1, 0.3], "interval": 1}
    asked |= {} if verb is dr.analysis.gali else {"transient": 0}

    def press(total):
        if total:
            yield from (100, 200)
            raise KeyboardInterrupt

    for module in ("_frames", "largest"):
        monkeypatch.setattr(f"dynrnn.analysis.{module}.portions", press)
    with pytest.raises(dr.Interrupted) as stopped:
        verb(dr.CatMap(), **asked)
    found = stopped.value.result
    monkeypatch.undo()
    whole = verb(dr.CatMap(), **asked | {"steps": 300})
    for name in {"growth", "exponent", "participation", "gali"} & set(whole):
        np.testing.assert_array_equal(found[name], whole[name])


@pytest.mark.parametrize("pressed", [1000, 10])  # in the first half of the transient, and in the second, where frames align
def test_ctrl_c_in_the_transient_says_so(pressed, monkeypatch):
    def press(total):
        if total == pressed:
            raise KeyboardInterrupt
        yield from [1] * total

    monkeypatch.setattr("dynrnn.analysis._frames.portions", press)
    with pytest.raises(dr.Interrupted, match="in the transient: nothing is measured yet") as stopped:
        dr.lyapunov_spectrum(dr.CatMap(), steps=4000, transient=2000, interval=1)
    assert stopped.value.result is None


@pytest.mark.filterwarnings("ignore:lyapunov_spectrum")
def test_exponential_methods_carry_tangent_vectors():
    """Their work arrays have room for many vectors: a state must not be taken for all of that."""
    flow = dr.KuramotoSivashinsky(n=32, length=22.0)
    options = {"duration": 20, "transient": "5 s", "rng": 1}
    steps = {"rk4": 0.005, "etdrk4": 0.05, "exponential_euler": 0.0025}
    found = {method: dr.lyapunov_spectrum(flow, 4, method=method, dt=dt, **options).exponent for method, dt in steps.items()}
    np.testing.assert_allclose(found["etdrk4"], found["rk4"], atol=5e-3)
    np.testing.assert_allclose(found["exponential_euler"], found["rk4"], atol=2e-2)
