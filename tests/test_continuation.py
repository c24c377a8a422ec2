"""Continuation, branch switching, orbit diagrams and Beer's formulas: bifurcations are where theory puts them."""

import numpy as np
import pytest

from dynrnn import plot
from dynrnn.analysis import continuation, fold_curves, fold_inputs, hopf_curves, limit_cycle, orbit_diagram, switch
from dynrnn.analysis._branch import Branch
from dynrnn.integrate import Crossing
from dynrnn.run import Interrupted, Run
from dynrnn.system import System
from dynrnn.systems.ctrnn import CTRNN
from dynrnn.systems.esn import ESN
from dynrnn.systems.fitzhugh_nagumo import FitzHughNagumo
from dynrnn.systems.henon import Henon
from dynrnn.systems.hopf import HopfNormalForm
from dynrnn.systems.logistic import Logistic
from dynrnn.systems.lorenz import Lorenz63
from dynrnn.systems.mackey_glass import MackeyGlass
from dynrnn.systems.rossler import Rossler
from dynrnn.systems.tsodyks_markram import TsodyksMarkram
from dynrnn.systems.van_der_pol import VanDerPol


class DelayedLogistic(System):
    """x' = r x (1 - y), y' = x: from r = 2 on the fixed point 1 - 1/r is encircled, with multipliers exp(±i pi / 3)."""

    r: float = 1.5
    units = ("x", "y")

    def step(p, x, u, out):
        out[0] = p.r * x[0] * (1 - x[1])
        out[1] = x[0]


class TwoUnits(System):
    """Beer's two units with equal self-weights w, at the center of their range for each w."""

    w: float = 3.0
    units = ("a", "b")

    def drift(p, t, x, u, out):
        a = 1 / (1 + np.exp(-(x[0] - (p.w + 1) / 2)))
        b = 1 / (1 + np.exp(-(x[1] - (p.w - 1) / 2)))
        out[0] = -x[0] + p.w * a + b
        out[1] = -x[1] + p.w * b - a


class Bautin(System):
    """``r' = r (mu + r² - r⁴)``, turning at 3 rad per second: cycles have a fold at mu = -1/4, where r² = 1/2."""

    mu: float = -0.1
    units = ("x", "y")

    def drift(p, t, x, u, out):
        s = x[0] * x[0] + x[1] * x[1]
        grow = p.mu + s - s * s
        out[0] = grow * x[0] - 3 * x[1]
        out[1] = 3 * x[0] + grow * x[1]


def special(branch):
    return branch.isel(point=branch.kind != "")


def places(branch, kind):
    return np.sort(branch["parameter"].values[branch["kind"].values == kind])


def assert_on_branch(system, branch, name):
    """Points are zeros, and eigenvalues those of the Jacobian there."""
    from dynrnn.analysis._local import Local

    for k in range(0, branch.sizes["point"], 7):
        point = branch.isel(point=k)
        local = Local(system.replace(**{name: float(point.parameter)}))
        x = point["state"].values
        assert np.abs(local.residual(x)).max() < 1e-9 * (1 + np.abs(local.jacobian(x)).max() * np.abs(x).max())
        known = np.linalg.eigvals(local.jacobian(x))
        np.testing.assert_allclose(np.sort_complex(point["eigenvalue"].values), np.sort_complex(known))


# ---------------------------------------------------------------------------------------------------------- equilibria


@pytest.fixture(scope="module")
def lorenz():
    return continuation(Lorenz63(rho=20.0), "rho", [7.1, 7.1, 19.0], range=(0.2, 30))


@pytest.fixture(scope="module")
def tsodyks():
    return continuation(TsodyksMarkram(), "E0", range=(-2.0, -0.9))


def test_convection_loses_its_stability_in_hopf_bifurcations_on_both_sides_of_the_pitchfork(lorenz):
    assert_on_branch(Lorenz63(), lorenz, "rho")
    assert list(special(lorenz).kind.values) == ["hopf", "branch point", "hopf"]
    np.testing.assert_allclose(places(lorenz, "hopf"), 470 / 19, atol=1e-9)
    np.testing.assert_allclose(places(lorenz, "branch point"), 1.0, atol=1e-9)
    rho = 470 / 19
    omega = np.sqrt(8 / 3 * (10 + rho))  # the middle coefficient of the characteristic polynomial at the Hopf point
    np.testing.assert_allclose(special(lorenz).angular_frequency.values[[0, 2]], omega, rtol=1e-8)
    rest = lorenz["parameter"].values
    np.testing.assert_allclose(np.abs(lorenz["state"].sel(unit="x")), np.sqrt(8 / 3 * np.maximum(rest - 1, 0)), atol=1e-6)
    assert lorenz.attrs["ended"] == ["the end of the range"] * 2
    np.testing.assert_allclose(rest[[0, -1]], 30)
    stable = lorenz["stable"].values[(rest > 1.01) & (lorenz["kind"].values == "")]
    np.testing.assert_array_equal(stable, rest[(rest > 1.01) & (lorenz["kind"].values == "")] < 470 / 19)


def test_the_other_branch_of_a_pitchfork_is_reached_by_switching(lorenz):
    rest = continuation(Lorenz63(rho=0.5), "rho", [0.0, 0.0, 0.0], range=(0, 3))
    np.testing.assert_allclose(places(rest, "branch point"), 1.0, atol=1e-9)
    assert np.all(rest["state"] == 0)
    np.testing.assert_array_equal(rest["unstable_dimensions"].values[[0, -1]], [0, 1])
    both = switch(Lorenz63(rho=0.5), rest)
    ends = both["state"].values[[0, -1]]
    np.testing.assert_allclose(np.abs(ends), [[np.sqrt(16 / 3), np.sqrt(16 / 3), 2]] * 2, rtol=1e-9)
    assert ends[0, 0] * ends[1, 0] < 0 and both.stable.values[[0, -1]].all()
    back = switch(Lorenz63(rho=20.0), lorenz, int(np.flatnonzero(lorenz.kind == "branch point")[0]))
    np.testing.assert_allclose(back["state"], 0, atol=1e-9)
    np.testing.assert_allclose(back["parameter"].values[[0, -1]], [0.2, 30])


def test_folds_and_hopf_points_of_a_population_with_tired_synapses(tsodyks):
    np.testing.assert_allclose(places(tsodyks, "fold"), [-1.865224, -1.463027], atol=1e-6)
    np.testing.assert_allclose(places(tsodyks, "hopf"), [-1.850125, -1.151059], atol=1e-6)
    found = special(tsodyks)
    np.testing.assert_allclose(found["state"].sel(unit="E").values[[0, 2, 3]], [1.349587, 4.108895, 7.301876], atol=2e-6)
    np.testing.assert_allclose(found.angular_frequency.values[[1, 3]], [1.99985, 19.36504], rtol=1e-5)
    assert_on_branch(TsodyksMarkram(), tsodyks, "E0")


def test_hopf_points_of_the_neuron_that_fires_between_two_currents():
    field = continuation(FitzHughNagumo(I=0.0), "I", [-1.2, -0.6], range=(0, 2))
    np.testing.assert_allclose(places(field, "hopf"), [0.3312813, 1.4187187], atol=1e-7)
    driven = continuation(FitzHughNagumo(I=0.3, driven=True), "input[0]", [-1.0, -0.5], range=(-0.3, 1.7), inputs=[0.0])
    np.testing.assert_allclose(places(driven, "hopf") + 0.3, places(field, "hopf"), atol=1e-9)
    assert driven["parameter"].attrs["long_name"] == "input[0]"


@pytest.mark.parametrize(
    "w, known", [(5, (-2.65561, -2.34439)), (6, (-3.41509, -2.58491)), (8, (-5.06568, -2.93432)), (20, (-16.0570, -3.94300))]
)
def test_folds_of_a_single_unit_are_where_beer_says(w, known):
    branch = continuation(CTRNN([[w]], theta=-2.0 * w), "theta[0]", [0.0], range=(-2.0 * w, 1))
    np.testing.assert_allclose(places(branch, "fold"), fold_inputs(w), atol=1e-8)
    np.testing.assert_allclose(fold_inputs(w), known, rtol=5e-6)


def test_below_the_cusp_a_unit_has_no_folds():
    np.testing.assert_allclose(fold_inputs(4.0), -2.0)
    assert np.isnan(fold_inputs([3.9])).all()
    branch = continuation(CTRNN([[3.9]], theta=-5.0), "theta[0]", [0.0], range=(-5, 1))
    assert not (branch.kind != "").any()


def test_two_units_oscillate_from_the_self_weight_four_on():
    branch = continuation(TwoUnits(), "w", [2.0, 1.0], range=(3, 5))
    np.testing.assert_allclose(places(branch, "hopf"), 4, atol=1e-8)
    np.testing.assert_allclose(special(branch).angular_frequency, 0.25, atol=1e-8)


@pytest.mark.parametrize("W, kind", [([[4.5, 1.0], [-1.0, 4.5]], "hopf"), ([[6.0, 1.0], [1.0, 2.0]], "fold")])
def test_special_points_of_two_units_lie_on_beers_curves(W, kind):
    branch = continuation(CTRNN(W, theta=[-9.0, -1.75]), "theta[0]", [0.0, 0.0], range=(-9, 3))
    found = special(branch)
    assert found.sizes["point"] >= 2 and set(found.kind.values) == {kind}
    for k in range(found.sizes["point"]):
        point = found.isel(point=k)
        inputs = np.array([float(point.parameter), -1.75])
        o = 1 / (1 + np.exp(-(point["state"].values + inputs)))
        curves = (hopf_curves if kind == "hopf" else fold_curves)(W, outputs=o[:1])
        curve = curves.sel(branch="upper" if o[1] > 0.5 else "lower").isel(output_1=0)
        np.testing.assert_allclose(curve["output"].values, o, atol=1e-6)
        np.testing.assert_allclose(curve["input"].values, inputs, atol=1e-6)
        if kind == "hopf":
            np.testing.assert_allclose(curve.angular_frequency, point.angular_frequency, atol=1e-6)


# ---------------------------------------------------------------------------------------------------------------- maps


def test_fixed_points_of_the_logistic_map_cross_and_double():
    branch = continuation(Logistic(r=2.0), "r", [0.5], range=(0.5, 3.8))
    np.testing.assert_allclose(places(branch, "branch point"), 1, atol=1e-9)
    np.testing.assert_allclose(places(branch, "period doubling"), 3, atol=1e-9)
    np.testing.assert_allclose(branch["eigenvalue"].values[:, 0], 2 - branch["parameter"].values, atol=1e-9)
    where = {kind: int(np.flatnonzero(branch.kind == kind)[0]) for kind in ("branch point", "period doubling")}
    zero = switch(Logistic(r=2.0), branch, where["branch point"])
    np.testing.assert_allclose(zero["state"], 0, atol=1e-12)
    two = switch(Logistic(r=2.0), branch, where["period doubling"])
    np.testing.assert_allclose(places(two, "period doubling"), [3, 1 + np.sqrt(6)], atol=1e-9)
    r, x = two["parameter"].values, two["state"].values[:, 0]
    np.testing.assert_allclose(r**2 * x**2 - r * (r + 1) * x + r + 1, 0, atol=1e-9)  # the points of period two
    assert two.attrs["order"] == 2 and two.attrs["ended"] == ["the start", "the end of the range"]


def test_points_of_period_three_are_born_in_a_fold():
    branch = continuation(Logistic(r=3.84), "r", [0.149], range=(3.7, 3.9), order=3)
    np.testing.assert_allclose(places(branch, "fold"), 1 + np.sqrt(8), atol=1e-9)
    assert places(branch, "period doubling").size == 1 and abs(places(branch, "period doubling")[0] - 3.8415) < 1e-4


def test_a_delay_makes_an_equilibrium_oscillate():
    branch = continuation(MackeyGlass(tau=2.0), "tau", [1.0], range=(1, 10))
    (hopf,) = np.flatnonzero(branch["kind"] != "")
    omega = np.sqrt(0.4**2 - 0.1**2)  # i omega = -0.1 - 0.4 exp(-i omega tau)
    assert branch["kind"].values[hopf] == "hopf"
    assert branch["parameter"].values[hopf] == pytest.approx(np.arccos(-0.25) / omega, abs=1e-6)
    assert branch["angular_frequency"].values[hopf] == pytest.approx(omega, abs=1e-6)
    for call in (lambda: switch(MackeyGlass(tau=2.0), branch), lambda: limit_cycle(MackeyGlass())):
        with pytest.raises(ValueError, match=r"a flow with delays, wanted a flow without\. .*poincare_section"):
            call()


def test_henon_s_fixed_points_meet_in_a_fold_and_double():
    branch = continuation(Henon(a=0.2), "a", [0.7, 0.2], range=(-0.5, 1), max_points=60, directions="up")
    np.testing.assert_allclose(places(branch, "period doubling"), 3 * 0.7**2 / 4, atol=1e-9)
    with pytest.warns(RuntimeWarning, match="the state grows without bound, at a = -"):
        branch = continuation(Henon(a=0.2), "a", [0.7, 0.2], range=(-0.5, 1), directions="down")
    np.testing.assert_allclose(places(branch, "fold"), -(0.7**2) / 4, atol=1e-9)


def test_the_delayed_logistic_map_turns_at_two():
    branch = continuation(DelayedLogistic(), "r", [1 / 3, 1 / 3], range=(1.2, 2.2))
    assert list(special(branch).kind.values) == ["neimark-sacker"]
    np.testing.assert_allclose(special(branch).parameter, 2, atol=1e-9)
    np.testing.assert_allclose(special(branch).angular_frequency, np.pi / 3, atol=1e-8)


def test_rest_of_a_reservoir_ends_where_its_linear_part_leaves_the_unit_circle():
    W = np.array([[0.5, 0.4], [0.4, -0.7]])
    low, high = np.linalg.eigvalsh(W)
    branch = continuation(ESN(W, np.zeros((2, 1)), leak=0.6), "W", range=(0.5, 5))
    np.testing.assert_allclose(places(branch, "branch point"), 1 / high, atol=1e-9)
    np.testing.assert_allclose(places(branch, "period doubling"), (-1 - 0.4) / (0.6 * low), atol=1e-9)


# -------------------------------------------------------------------------------------------------------------- cycles


def test_cycles_grow_from_a_hopf_point_as_the_normal_form_says():
    system = HopfNormalForm(mu=-0.5, omega=2.0, c1=0.3)
    rest = continuation(system, "mu", [0.0, 0.0], range=(-1, 1))
    np.testing.assert_allclose(places(rest, "hopf"), 0, atol=1e-12)
    cycles = switch(system, rest)
    mu = cycles["parameter"].values
    assert cycles.kind.values[0] == "hopf" and cycles.angular_frequency.values[0] == pytest.approx(2)
    np.testing.assert_allclose(np.hypot(*cycles["state"].values.T), np.sqrt(np.maximum(mu, 0)), atol=1e-8)
    np.testing.assert_allclose(cycles.period, 2 * np.pi / (2 - 0.3 * mu), rtol=1e-9)
    exponents = np.log(cycles["eigenvalue"].values[1:, 0].real) / cycles.period.values[1:]
    np.testing.assert_allclose(exponents, -2 * mu[1:], atol=1e-8)
    assert cycles["stable"].values[1:].all() and cycles.error.max() < 1e-9
    back = continuation(system.replace(mu=0.5), "mu", [0.7, 0.0], period=3.4, range=(-1, 1), directions="down")
    assert back.attrs["ended"][0] == "a Hopf point, where the cycle has no size"
    np.testing.assert_allclose(places(back, "hopf"), 0, atol=1e-9)


def test_van_der_pol_s_cycle_has_its_period():
    branch = continuation(VanDerPol(), "mu", [2.0, 0.0], period=6.6, range=(0.9, 1.2))
    at_one = branch.isel(point=int(np.abs(branch["parameter"].values - 1).argmin()))
    assert float(at_one.parameter) == 1 and float(at_one.period) == pytest.approx(6.66328686, abs=1e-8)
    assert float(at_one["state_max"].sel(unit="x")) == pytest.approx(2.00862, abs=1e-3)


def test_cycles_turn_in_a_fold():
    radius = np.sqrt((1 + np.sqrt(1 - 0.4)) / 2)
    branch = continuation(Bautin(), "mu", [radius, 0.0], period=2.1, range=(-1, 0.5), cycle_steps=60)
    np.testing.assert_allclose(places(branch, "fold"), -0.25, atol=1e-9)
    s = (branch["state"] ** 2).sum("unit").values
    np.testing.assert_allclose(branch["parameter"], s**2 - s, atol=1e-9)
    np.testing.assert_allclose(places(branch, "hopf"), 0, atol=1e-8)
    exponents = np.log(branch["eigenvalue"].values[:, 0].real) / branch.period.values
    np.testing.assert_allclose(exponents, 2 * s - 4 * s**2, atol=1e-8)


def test_a_cycle_doubles_its_period():
    system = Rossler(c=2.5)
    steps = dict(range=(2.4, 3.2), max_step=0.1, cycle_steps=100)
    branch = continuation(system, "c", [4.59, -0.04, 1.5], period=5.75, directions="up", **steps)
    found = special(branch)
    assert list(found.kind.values) == ["period doubling"]
    np.testing.assert_allclose(found["eigenvalue"].values[0, np.abs(found["eigenvalue"].values[0] + 1).argmin()], -1, atol=1e-7)
    two = switch(system, branch)
    np.testing.assert_allclose(two.period.values[0], 2 * found.period.values[0])
    assert two["stable"].values[1] and two["parameter"].values[1] > float(found.parameter[0])
    once = two["state_max"].sel(unit="x").values[1:] - found["state_max"].sel(unit="x").values
    assert (once > 1e-3).all()  # it is another orbit


# ----------------------------------------------------------------------------------------------------- orbit diagrams


def test_orbits_of_the_logistic_map():
    diagram = orbit_diagram(Logistic(), "r", [2.0, 2.01, 3.2, 3.5, 3.55, 3.84, 3.9, 4.5], transient=3000, rows=64)
    np.testing.assert_allclose(diagram.orbit[:2], np.repeat([[0.5], [0.502487562]], 64, axis=1), atol=1e-9)
    np.testing.assert_array_equal(diagram.period, [1, 1, 2, 4, 8, 3, 0, 0])
    assert np.isnan(diagram.orbit[-1]).all()  # it has run away
    assert diagram.orbit.dims == ("parameter", "row") and diagram.orbit.attrs["long_name"] == "x"


def test_following_shows_hysteresis_and_starting_afresh_does_not():
    plan = dict(transient=400, duration=10, dt=0.05, rows=3)
    falling = orbit_diagram(Bautin(), "mu", [0.1, -0.1, -0.2, -0.3], x0=[1.0, 0.0], **plan).orbit.values
    mu = np.array([0.1, -0.1, -0.2])[:, None]
    np.testing.assert_allclose(falling[:3], np.sqrt((1 + np.sqrt(1 + 4 * mu)) / 2) * np.ones(3), rtol=1e-4)
    assert np.nanmax(np.abs(falling[3])) < 1e-6
    rising = orbit_diagram(Bautin(), "mu", [-0.3, -0.2, -0.1], x0=[1e-3, 0.0], **plan).orbit.values
    assert np.nanmax(np.abs(rising)) < 1e-6
    afresh = orbit_diagram(Bautin(), "mu", [0.1, -0.1], x0=[1e-3, 0.0], follow=False, **plan).orbit.values
    np.testing.assert_allclose(afresh[0], falling[0], rtol=1e-6)
    assert np.nanmax(np.abs(afresh[1])) < 1e-6


def test_what_is_seen_of_a_flow():
    system, plan = HopfNormalForm(omega=2 * np.pi), dict(transient=40, duration=5.0, dt=0.01)
    tops = orbit_diagram(system, "mu", [1.0, 0.25, -1.0], **plan)
    np.testing.assert_allclose(tops.orbit[:2, 0], [1, 0.5], atol=1e-5)
    np.testing.assert_array_equal(tops.period[:2], [1, 1])
    assert abs(float(tops.orbit[2, 0])) < 1e-6 and int(tops.orbit[1].count()) in (4, 5)
    cut = orbit_diagram(system, "mu", [0.25, 1.0], section=Crossing("y", 0.0, 1), **plan)
    np.testing.assert_allclose(cut.orbit[:, :5], [[0.5] * 5, [1.0] * 5], atol=1e-6)
    strobe = orbit_diagram(system, "mu", [0.25, 1.0], x0=[0.0, -1.0], section=0.5, observe="y", follow=False, **plan)
    np.testing.assert_allclose(strobe.orbit[1, :4], [1, -1, 1, -1], atol=1e-6)
    np.testing.assert_array_equal(strobe.period, 2)
    length = orbit_diagram(system, "mu", [0.25], observe=lambda X: np.hypot(X[:, 0], X[:, 1]), section="0.1 s", **plan)
    np.testing.assert_allclose(length.orbit[0, :50], 0.5, atol=1e-6)


def test_an_interrupted_diagram_keeps_what_it_has(monkeypatch):
    rows, calls = Run.rows, []

    def interrupted(run, *args, **options):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return rows(run, *args, **options)

    monkeypatch.setattr(Run, "rows", interrupted)
    with pytest.raises(Interrupted, match="after 2 of 4 values") as error:
        orbit_diagram(Logistic(), "r", [2.0, 3.2, 3.5, 3.6], transient=1000, rows=8)
    np.testing.assert_array_equal(error.value.result.period, [1, 2])


def test_a_value_at_rest_repeats_by_the_scale_of_the_diagram():
    diagram = orbit_diagram(Logistic(), "r", [3.2, 0.5], transient=30, rows=16, x0=[0.3], follow=False)
    np.testing.assert_array_equal(diagram.period, [2, 1])  # at r = 0.5 the state still halves with each step


def test_an_interrupted_branch_keeps_its_points(monkeypatch):
    whole = continuation(Lorenz63(rho=20.0), "rho", [7.1, 7.1, 19.0], range=(15, 30), directions="up")
    extended, calls = Branch._step, []

    def interrupted(*args):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return extended(*args)

    monkeypatch.setattr(Branch, "_step", interrupted)
    with pytest.raises(Interrupted, match="stopped after 6 points") as error:
        continuation(Lorenz63(rho=20.0), "rho", [7.1, 7.1, 19.0], range=(15, 30), directions="up")
    kept = error.value.result
    np.testing.assert_array_equal(kept["parameter"], whole["parameter"][:6])
    assert kept.attrs["ended"] == ["the start", "interrupted"]


# ----------------------------------------------------------------------------------------------------------- bad input


def test_a_stall_says_why_and_where_and_keeps_the_points():
    with pytest.warns(RuntimeWarning, match=r"stalled: TsodyksMarkram.tau: got -.*min_step = .*, at tau = \d.*e-"):
        branch = continuation(TsodyksMarkram(), "tau", range=(-0.01, 0.02))
    assert branch.attrs["ended"][0].startswith("stalled") and branch.attrs["ended"][1] == "the end of the range"
    assert branch.sizes["point"] > 20 and 0 < branch["parameter"].values[0] < 1e-6
    with pytest.warns(RuntimeWarning, match="max_points = 3, at rho"):
        assert continuation(Lorenz63(), "rho", [8.4, 8.4, 27], range=(0, 60), max_points=3, directions="up").sizes["point"] <= 6


@pytest.mark.parametrize(
    "arguments, message",
    [
        (dict(parameter="rh"), "'sigma', 'rho', 'beta'. Did you mean 'rho'"),
        (dict(parameter="rho.x"), "'rho.x', wanted an address that ends before 'x'"),
        (dict(parameter="input[0]"), "'input', wanted one of 'sigma', 'rho', 'beta'"),
        (dict(parameter=3), "an address such as"),
        (dict(range=(0, 20)), "the start in it, rho = 28"),
        (dict(range=(30, 20)), "increasing order"),
        (dict(x0=[1.0, 2.0]), r"shape \(2,\), wanted \(3,\)"),
        (dict(order=2), "pass period="),
        (dict(period=-1.0), "period: got -1"),
        (dict(max_step=-1.0), "max_step: got -1"),
        (dict(step=5.0, max_step=1.0), "step: got 5"),
        (dict(directions="left"), "'both', 'up', 'down'"),
        (dict(x0=[1e3, -1e3, np.pi], period=1e3), "wanted one near a limit cycle at rho = 28"),
    ],
)
def test_continuation_meets_bad_arguments(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        continuation(**{"system": Lorenz63(), "parameter": "rho", "x0": [8.0, 8.0, 27.0], "range": (20, 30)} | arguments)


def test_a_start_from_which_newton_finds_nothing_is_refused():
    with pytest.raises(ValueError, match=r"wanted one near a fixed point at a = -1\..* Simulate"):
        continuation(Henon(a=-1.0), "a", [0.0, 0.0], range=(-2, 0))
    with pytest.raises(ValueError, match="period: got a value, wanted nothing for a map"):
        continuation(Henon(), "a", [0.6, 0.2], range=(1, 2), period=2.0)


def test_formulas_meet_bad_arguments():
    with pytest.raises(ValueError, match=r"outputs: got 1, wanted outputs of the logistic function, in \(0, 1\)"):
        fold_curves(np.eye(2), outputs=[0.5, 1.0])
    with pytest.raises(ValueError, match=r"W: got shape \(3, 3\)"):
        hopf_curves(np.eye(3))


def test_switching_meets_bad_arguments(lorenz):
    with pytest.raises(ValueError, match=r"point: got nothing, wanted one of the points \d+ \(hopf\), \d+ \(branch point\)"):
        switch(Lorenz63(), lorenz)
    with pytest.raises(ValueError, match="an ordinary point"):
        switch(Lorenz63(), lorenz, 1)
    with pytest.raises(ValueError, match="wanted the Lorenz63 that the branch is of"):
        switch(Henon(), lorenz, 1)
    with pytest.raises(ValueError, match="Did you mean 'max_step'"):
        switch(Lorenz63(), lorenz, 1, maxstep=1)
    with pytest.raises(TypeError, match="wanted a result of continuation"):
        switch(Lorenz63(), [1.0])


@pytest.mark.parametrize(
    "system, arguments, message",
    [
        (Logistic(), dict(duration=3), "A map has steps"),
        (Logistic(), dict(observe="y"), "observe: got 'y', wanted one of 'x'"),
        (Logistic(), dict(observe=1), "observe: got 1"),
        (Logistic(), dict(x0=[1.0, 2.0]), r"shape \(2,\)"),
        (Lorenz63(), dict(), "Pass duration="),
        (Lorenz63(), dict(duration=1.0), "A flow needs a time step"),
        (Lorenz63(), dict(duration=1.0, dt=0.3), "multiple of dt"),
        (Lorenz63(), dict(duration=1.0, dt=0.1, section=0.25), "section"),
    ],
)
def test_orbit_diagram_meets_bad_arguments(system, arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        orbit_diagram(system, system.fields[0], [3.0], transient=10, **arguments)


def test_orbit_diagram_refuses_values_before_any_work():
    with pytest.raises(ValueError, match="values: got none, wanted at least one"):
        orbit_diagram(Logistic(), "r", [], transient=10)
    with pytest.raises(ValueError, match=r"TsodyksMarkram.tau: got -0\.1"):
        orbit_diagram(TsodyksMarkram(), "tau", [0.1, -0.1, 0.2], transient=1, duration=1, dt=0.01)
    with pytest.raises(ValueError, match="Did you mean 'r'"):
        orbit_diagram(Logistic(), "rr", [3.0], transient=10)


# ------------------------------------------------------------------------------------------------------------- figures


def test_branches_are_solid_where_stable_and_marked_where_they_change(tsodyks):
    ax = plot.branches(tsodyks, plot.figure()[1], unit="E")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("E0", "E")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["fold", "hopf"]
    drawn = {style: [line.get_xydata() for line in ax.lines if line.get_linestyle() == style] for style in ("-", "--")}
    np.testing.assert_allclose([xy[-1, 0] for xy in drawn["-"]], [-1.463027, -0.9], atol=1e-6)
    np.testing.assert_allclose([[xy[0, 0], xy[-1, 0]] for xy in drawn["--"]], [[-1.463027, -1.151059]], atol=1e-6)
    with pytest.raises(ValueError, match="wanted one of 'E', 'x', 'u'"):
        plot.branches(tsodyks, plot.figure()[1], unit="v")


def test_an_orbit_diagram_shows_every_row():
    diagram = orbit_diagram(Logistic(), "r", [3.2, 4.5], transient=100, rows=6)
    (dots,) = plot.orbit_diagram(diagram, plot.figure()[1]).collections
    np.testing.assert_array_equal(dots.get_offsets()[:, 1], diagram.orbit[0])
