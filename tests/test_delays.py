"""Flows with delays by the method of steps: exact solutions, order, the given past, and what is refused."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import xarray as xr

import dynrnn as dr
import dynrnn.run as engine
from dynrnn.integrate import Delayed
from dynrnn.testing import check_system


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """The loop in plain Python. That compiled kernels do the same is a clause of `check_system`."""
    monkeypatch.setattr(engine, "_drive", engine._drive.py_func)


class Echo(dr.System):
    """x' = -x(t - 1)."""

    delays = (1.0,)
    units = ("x",)

    def initial(self):
        return np.ones(1)

    def drift(p, t, x, u, out):
        out[0] = -u[0]


def echo(t):
    """Its solution from the constant past 1: a polynomial of degree k + 1 on [k, k + 1], by exact arithmetic."""
    t = Fraction(t)
    return float(sum((-1) ** k * (t - (k - 1)) ** k / math.factorial(k) for k in range(math.ceil(t) + 1) if t - (k - 1) > 0))


@pytest.mark.parametrize("dt", [0.25, 0.125, 0.3, 0.07])
def test_a_polynomial_solution_is_exact_until_its_degree_passes_that_of_the_method(dt):
    seen = dr.simulate(Echo(), steps=int(2.95 / dt), dt=dt).state[:, 0]
    wanted = [echo(t) for t in seen.time.values]  # degree 3 on [2, 3]
    np.testing.assert_allclose(seen, wanted, rtol=0, atol=1e-14)


class TwoDelays(dr.System):
    """x' = -x x(t - 1) + x(t - sqrt 2) / 2 + a function of t that makes sin t the solution."""

    delays = (1.0, math.sqrt(2.0))
    units = ("x",)

    def drift(p, t, x, u, out):
        out[0] = -u[0] * x[0] + 0.5 * u[1] + math.cos(t) + math.sin(t) * math.sin(t - 1.0) - 0.5 * math.sin(t - math.sqrt(2.0))


def slope(error, counts):
    return -np.polyfit(np.log(counts), np.log([error(n) for n in counts]), 1)[0]


@pytest.mark.parametrize(("method", "nominal"), [("euler", 1), ("heun", 2), ("midpoint", 2), ("rk4", 4)])
def test_the_order_of_methods_is_kept_with_a_given_past(method, nominal):
    """Steps that divide neither delay, and the past sin t, which the solution goes on with."""

    def error(n):
        rows = dr.simulate(TwoDelays(), duration=3.0, dt=3.0 / n, method=method, history=math.sin).state[:, 0]
        return np.abs(rows - np.sin(rows.time)).max()

    assert abs(slope(error, (17, 23, 31, 41, 53)) - nominal) < 0.15


class Feedback(dr.System):
    """x' = x(t - 0.7)^2 - x x(t - 1): its solution has kinks at 0.7, 1, 1.4, 1.7, ..."""

    delays = (0.7, 1.0)
    units = ("x",)

    def initial(self):
        return np.array([0.8])

    def drift(p, t, x, u, out):
        out[0] = u[0] ** 2 - x[0] * u[1] + 0.3


def test_the_order_is_kept_through_the_kinks_of_two_delays():
    def last(n):
        return dr.simulate(Feedback(), duration=3.0, dt=3.0 / n).state.values[-1, 0]

    truth = last(1000)
    assert abs(slope(lambda n: abs(last(n) - truth), (31, 51, 73, 120, 240)) - 4) < 0.15


def test_the_mackey_glass_equation_agrees_with_a_refined_solution():
    fine = dr.simulate(dr.MackeyGlass(), duration=50.0, dt=0.05, every=20).state
    for dt in (0.1, 0.125):
        rows = dr.simulate(dr.MackeyGlass(), duration=50.0, dt=dt, every=round(1 / dt)).state
        np.testing.assert_allclose(rows, fine, rtol=0, atol=1e-8)


def test_a_run_cut_in_two_is_the_whole_run_bit_for_bit(tmp_path):
    whole = dr.simulate(Feedback(), steps=40, dt=0.09)
    first = dr.simulate(Feedback(), steps=13, dt=0.09)
    np.testing.assert_array_equal(dr.simulate(Feedback(), steps=27, dt=0.09, x0=first).state, whole.state[13:])
    dr.simulate(Feedback(), steps=13, dt=0.09, to=tmp_path / "first.nc").close()
    stored = xr.load_dataset(tmp_path / "first.nc")
    np.testing.assert_array_equal(dr.simulate(Feedback(), steps=27, dt=0.09, x0=stored).state, whole.state[13:])


def test_a_run_starts_where_its_past_ends():
    first = dr.simulate(Echo(), steps=1, dt=0.25, history=lambda t: 3.0 + t, include_initial=True).state
    np.testing.assert_allclose(first[:, 0], [3.0, 3.0 - (2.0 * 0.25 + 0.25**2 / 2)], rtol=1e-13)
    trials = dr.simulate(Echo(), steps=1, dt=0.25, history=lambda t: 3.0 + t, trials=2).state
    np.testing.assert_array_equal(trials, np.broadcast_to(first[1:], (2, 1, 1)))


class Heard(dr.System):
    """Delays beside an input: x' = u - x(t - 1)."""

    delays, inputs, units = (1.0,), 1, ("x",)

    def drift(p, t, x, u, out):
        out[0] = u[0] - u[1]


def test_inputs_stand_before_delayed_states():
    rows = dr.simulate(Heard(), np.full(8, 2.0), dt=0.25).state[:, 0]
    t = rows.time.values
    np.testing.assert_allclose(rows, 2 * t - np.where(t > 1, (t - 1) ** 2, 0.0), atol=1e-14)
    ramp = dr.simulate(Heard(), 0.25 * np.arange(5), dt=0.25, interpolation="linear").state[:, 0]
    np.testing.assert_allclose(ramp, ramp.time**2 / 2, atol=1e-14)


def test_delayed_flows_keep_the_contract_compiled(monkeypatch):
    monkeypatch.undo()
    said = check_system(dr.MackeyGlass())
    assert any(line == "split: equals the whole run, bit for bit" for line in said)


class NoisyEcho(Echo):
    def diffusion(p, t, x, u, out):
        out[0] = 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dr.simulate(Echo(), steps=2, dt=1.5), "dt: got 1.5 s, wanted at most the shortest delay, 1 s. Shorten dt"),
        (lambda: dr.simulate(Echo(), steps=2, dt=0.5, method="rodas3"), 'rodas3, wanted an explicit Runge-Kutta .*Take "rk4"'),
        (
            lambda: dr.simulate(Echo(), steps=2, dt=0.5, method="tsit5", rtol=1e-3),
            "rtol: got a tolerance, wanted none with fixed",
        ),
        (lambda: dr.simulate(Echo(), steps=2, dt=0.5, history=3.0), "history: got float, wanted a function of t <= 0"),
        (lambda: dr.simulate(Echo(), steps=2, dt=0.5, history=lambda t: [1, 2]), r"history\(0\): got shape \(2,\), wanted shape"),
        (lambda: dr.simulate(Echo(), steps=2, dt=0.5, history=lambda t: math.nan), "history.*: got nan"),
        (lambda: dr.simulate(Echo(), steps=2, dt=0.5, history=math.cos, x0=[2.0]), r"history\(0\): got \[1.0\].*Leave x0 out"),
        (lambda: dr.simulate(Echo(), steps=2, dt=0.5, x0=[1.0, 2.0]), r"x0: got shape \(2,\), wanted \(1,\)"),
        (lambda: dr.simulate(NoisyEcho(), steps=2, dt=0.5), "NoisyEcho with noise and delays, wanted one of them"),
        (lambda: Delayed(dr.Lorenz63(), "rk4", 0.5), "Lorenz63 without delays, wanted one with delays. Take Discretised"),
    ],
)
def test_bad_input_is_met_before_any_work(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_a_result_brings_its_own_past():
    first = dr.simulate(Echo(), steps=2, dt=0.5)
    with pytest.raises(ValueError, match="history: got a function beside a result to continue"):
        dr.simulate(Echo(), steps=2, dt=0.5, x0=first, history=math.cos)
