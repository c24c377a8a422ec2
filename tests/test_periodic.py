"""Periodic orbits against closed forms, counts from number theory and published periods."""

from __future__ import annotations

import math

import numpy as np
import pytest

import dynrnn as dr
from dynrnn.integrate import Discretised


def grid(low, high, n, size):
    axes = np.meshgrid(*[np.linspace(low, high, n)] * size)
    return np.stack([axis.ravel() for axis in axes], axis=-1)


# --- maps -----------------------------------------------------------------------------------------------------------------


def test_logistic_period_three_at_its_birth():
    points = dr.periodic_points(dr.Logistic(r=1 + math.sqrt(8)), 3, candidates=grid(0.01, 0.99, 60, 1))
    three = points.isel(point=points["minimal_period"] == 3)
    np.testing.assert_allclose(three["state"].values.ravel(), [0.1599288, 0.5143553, 0.9563178], atol=1e-7)
    fixed = points.isel(point=points["minimal_period"] == 1)
    r = 1 + math.sqrt(8)
    np.testing.assert_allclose(fixed["state"].values.ravel(), [0, (r - 1) / r], atol=1e-12)
    np.testing.assert_allclose(fixed["multiplier"].values.ravel(), [r, 2 - r], rtol=1e-12)
    assert points.attrs["orbits"] == 3


def test_logistic_period_two_in_closed_form():
    r = 3.4
    points = dr.periodic_points(dr.Logistic(r=r), 2, candidates=30, rng=0)
    two = points.isel(point=points["minimal_period"] == 2)
    root = math.sqrt((r - 3) * (r + 1))
    np.testing.assert_allclose(two["state"].values.ravel(), [(r + 1 - root) / (2 * r), (r + 1 + root) / (2 * r)], rtol=1e-13)
    np.testing.assert_allclose(two["multiplier"].values.ravel(), 4 + 2 * r - r * r, rtol=1e-11)
    assert two["stable"].all() and two["orbit"].values.tolist() == [2, 2] and two["phase"].values.tolist() == [0, 1]


@pytest.mark.parametrize("period", [1, 2, 3, 4])
def test_cat_map_has_as_many_points_as_number_theory_says(period):
    A = np.linalg.matrix_power([[2, 1], [1, 1]], period)
    points = dr.periodic_points(dr.CatMap(), period, candidates=grid(0.02, 0.98, 24, 2), modulus=1.0)
    assert points.sizes["point"] == round(abs(np.linalg.det(A - np.eye(2))))
    np.testing.assert_allclose(points["residual"], 0, atol=1e-13)
    largest = ((3 + math.sqrt(5)) / 2) ** points["minimal_period"].values
    np.testing.assert_allclose(points["multiplier"].values, np.stack([largest, 1 / largest], axis=1), rtol=1e-10)
    x = points["state"].values
    following = points["orbit"].values[1:] == points["orbit"].values[:-1]
    step = (x[:-1] @ [[2, 1], [1, 1]] - x[1:]) % 1
    np.testing.assert_allclose(np.minimum(step, 1 - step)[following], 0, atol=1e-12)


def test_standard_map_orbits():
    K = 0.971635406
    points = dr.periodic_points(dr.StandardMap(K), 2, candidates=grid(0.1, 6.2, 16, 2), modulus=2 * np.pi)
    x, T = points["state"].values, points["multiplier"].values.sum(axis=1).real

    def trace(*where):
        return T[np.flatnonzero(np.abs(x - where).max(axis=1) < 1e-9)[0]]

    assert np.isclose(trace(0, 0), 2 + K) and np.isclose(trace(np.pi, 0), 2 - K)
    assert np.isclose(trace(np.pi, np.pi), 2 - K**2) and np.isclose(trace(0, np.pi), 2 - K**2)
    np.testing.assert_allclose(np.prod(points["multiplier"].values, axis=1), 1, rtol=1e-9)
    other = points.isel(point=(points["minimal_period"] == 2) & (points["unstable_dimensions"] == 1))
    theta = other["state"].values[:, 0]  # the hyperbolic orbit is (θ, 2 θ), (-θ, 2 π - 2 θ), so 4 θ + K sin θ = 2 π
    np.testing.assert_allclose(4 * theta[0] + K * np.sin(theta[0]), 2 * np.pi, rtol=1e-12)
    np.testing.assert_allclose(theta.sum(), 2 * np.pi, rtol=1e-12)


def test_henon_period_two():
    points = dr.periodic_points(dr.Henon(), 2, rng=0)
    two = points.isel(point=points["minimal_period"] == 2)
    b, a = 0.3, 1.4
    roots = np.sort(np.roots([a * a, -a * (1 - b), (1 - b) ** 2 - a]).real)
    np.testing.assert_allclose(two["state"].values[:, 0], roots, rtol=1e-12)
    np.testing.assert_allclose(np.prod(two["multiplier"].values, axis=1), b * b, rtol=1e-9)
    assert not two["stable"].any()


def test_bad_arguments_of_periodic_points():
    with pytest.raises(TypeError, match=r"a flow, wanted a map. Take limit_cycle"):
        dr.periodic_points(dr.Lorenz63(), 2)
    with pytest.raises(ValueError, match="period: got 0, wanted an integer >= 1"):
        dr.periodic_points(dr.Henon(), 0)
    with pytest.raises(ValueError, match=r"modulus: got .*, wanted a number above 0, or 2"):
        dr.periodic_points(dr.Henon(), 2, modulus=[1.0, 1.0, 1.0])
    none = dr.periodic_points(dr.Henon(a=0.1, b=0.3), 3, candidates=[[50.0, 50.0]])
    assert none.sizes["point"] + none.attrs["not_converged"] >= 1


# --- flows ----------------------------------------------------------------------------------------------------------------


def test_van_der_pol_period():
    cycle = dr.limit_cycle(dr.VanDerPol(mu=1.0))
    assert abs(float(cycle["period"]) - 6.66328686) < 1e-8
    assert bool(cycle["stable"]) and bool(cycle["converged"]) and float(cycle["residual"]) < 1e-9
    assert abs(complex(cycle["multiplier"][0]) - 1) < 1e-9
    x = cycle["state"].values[:-1, 0]
    divergence = np.mean(1 - x**2)  # Liouville: the exponents add up to the mean divergence mu (1 - x²)
    np.testing.assert_allclose(float(cycle["exponent"].sum().real), divergence, rtol=1e-9)


@pytest.mark.parametrize("mu", [0.3, -0.3])
def test_normal_form_of_both_kinds(mu):
    """Radius, period and exponent in closed form; the subcritical cycle is unstable."""
    flow = dr.HopfNormalForm(mu=mu, omega=2.0, c3=math.copysign(1.5, mu), c1=0.7)
    r2, omega = abs(mu) / 1.5, 2.0 - 0.7 * abs(mu) / 1.5
    cycle = dr.limit_cycle(flow, [0.44, 0.05], period=3.3)
    np.testing.assert_allclose(float(cycle["period"]), 2 * np.pi / omega, rtol=1e-12)
    np.testing.assert_allclose((cycle["state"] ** 2).sum("unit"), r2, rtol=1e-11)
    np.testing.assert_allclose(cycle["exponent"].values[1], -2 * mu, rtol=1e-10)
    assert bool(cycle["stable"]) == (mu > 0) and int(cycle["unstable_dimensions"]) == (mu < 0)
    np.testing.assert_allclose(cycle["time"].values[[0, -1]], [0, 2 * np.pi / omega], rtol=1e-12)


def test_beers_oscillator_and_its_transpose():
    parameters = {"theta": [-2.75, -1.75]}
    cycle = dr.limit_cycle(dr.CTRNN(W=[[4.5, 1.0], [-1.0, 4.5]], **parameters))
    assert abs(float(cycle["period"]) - 28.99991) < 5e-6
    outputs = 1 / (1 + np.exp(-(cycle["state"].values + np.array([-2.75, -1.75]))))
    np.testing.assert_allclose([outputs.min(), outputs.max()], [0.18907, 0.81094], atol=2e-4)
    assert bool(cycle["stable"])
    with pytest.raises(ValueError, match="comes to rest, wanted one that leads to a cycle"):
        dr.limit_cycle(dr.CTRNN(W=[[4.5, -1.0], [1.0, 4.5]], **parameters))


def test_relaxation_oscillations_take_more_steps():
    cycle = dr.limit_cycle(dr.VanDerPol(mu=10.0))
    assert cycle.attrs["steps"] >= 512 and cycle.attrs["period_change"] < 1e-9
    flow = Discretised(dr.VanDerPol(mu=10.0), "rk4", float(cycle["period"]) / 100_000)
    x0 = cycle["state"].values[0]
    end = dr.simulate(flow, steps=100_000, x0=x0, every=100_000)["state"].values[-1]
    np.testing.assert_allclose(end, x0, atol=1e-7)


def test_failures_are_flagged_or_said():
    with pytest.warns(UserWarning, match="shrank to a fixed point|apart|diverges"):
        lost = dr.limit_cycle(dr.HopfNormalForm(mu=-1.0), [0.1, 0.0], period=3.0)
    assert not bool(lost["converged"]) and not bool(lost["stable"])
    with pytest.raises(ValueError, match="comes to rest"):
        dr.limit_cycle(dr.HopfNormalForm(mu=-1.0))
    with pytest.raises(TypeError, match=r"a map, wanted a flow. Take periodic_points"):
        dr.limit_cycle(dr.Henon())
    with pytest.raises(ValueError, match=r"x0: got shape \(3,\), wanted shape \(2,\)"):
        dr.limit_cycle(dr.VanDerPol(), [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"run of .* that does not return"):
        dr.limit_cycle(dr.CTRNN(W=[[4.5, 1.0], [-1.0, 4.5]], theta=[-2.75, -1.75]), dt=1e-5)


class Noisy(dr.System):
    """The normal form of a Hopf bifurcation, whose cycle has radius sqrt(mu) and period 1 s, with noise."""

    mu: float = 0.25
    units = ("x", "y")

    def drift(p, t, x, u, out):
        grow = p.mu - x[0] * x[0] - x[1] * x[1]
        out[0] = grow * x[0] - 2 * np.pi * x[1]
        out[1] = 2 * np.pi * x[0] + grow * x[1]

    def diffusion(p, t, x, u, out):
        out[:] = 0.1


class Forced(dr.System):
    def drift(p, t, x, u, out):
        out[0] = -x[0] + np.cos(t)


def test_noise_is_left_out_and_times_may_be_text():
    cycle = dr.limit_cycle(Noisy(), [0.4, 0.0], period="900 ms")
    assert abs(float(cycle["period"]) - 1) < 1e-9 and bool(cycle["stable"])
    np.testing.assert_allclose(np.hypot(*cycle["state"].values.T), 0.5, atol=1e-9)
    run = dr.limit_cycle(Noisy(), [0.4, 0.0], dt="20 ms")
    assert abs(float(run["period"]) - 1) < 1e-9


def test_what_depends_on_time_has_no_cycle_of_its_own():
    with pytest.raises(ValueError, match=r"Forced, which depends on time.*Stroboscopic\(flow, period\)"):
        dr.limit_cycle(Forced(), [0.5], period=2 * np.pi)
    with pytest.raises(ValueError, match=r'random choices.*update="synchronous"'):
        dr.periodic_points(dr.Hopfield(np.zeros((2, 2))), 2)
