"""The portrait: which panels a system gets, that their numbers are those of the analyses, and what is said where there are none.

And the figures of those panels: what they show are the data given.
"""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import dynrnn as dr
from dynrnn import plot
from dynrnn._look import Look, _radius, _tidy
from dynrnn.integrate import Delayed
from dynrnn.system import System


class Well(System):
    """x' = r + x - x³."""

    r: float = 0.0
    inputs = ("push",)
    units = ("x",)

    def drift(p, t, x, u, out):
        out[0] = p.r + u[0] + x[0] - x[0] ** 3

    def jvp(p, x, u, v, out):
        out[0] = (1 - 3 * x[0] ** 2) * v[0]


class Noisy(Well):
    """With noise."""

    def diffusion(p, t, x, u, out):
        out[0] = 0.3


class Runaway(System):
    """x' = x²."""

    units = ("x",)

    def drift(p, t, x, u, out):
        out[0] = x[0] ** 2

    def jvp(p, x, u, v, out):
        out[0] = 2 * x[0] * v[0]


def look(system, inputs=None, **options):
    given = dict.fromkeys(["steps", "duration", "dt", "method", "x0"]) | {"rng": 0} | options
    return Look(system, inputs, **given)


def titles(figure):
    return [ax.get_title(loc="left") for ax in figure.axes if ax.get_title(loc="left")]


def note(figure):
    return " ".join(figure.get_supxlabel().split())


@pytest.fixture
def ax():
    return plot.figure()[1]


# --------------------------------------------------------------------------------------------------------- the figure


def test_a_map_of_one_variable_has_its_graph():
    before, figures = np.random.get_state()[1].copy(), plt.get_fignums()
    figure = dr.analysis.portrait(dr.Logistic(r=3.8), steps=4000)
    assert titles(figure) == [
        "activity",
        "graph of the map",
        "eigenvalues of 2 fixed points",
        "Lyapunov exponents",
        "power spectrum",
    ]
    assert figure.get_suptitle() == "Logistic: map of 1 variable\nr\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}3.8, 4000 steps"
    assert note(figure) == ""
    marks = np.concatenate([c.get_offsets() for c in figure.axes[2].collections])
    np.testing.assert_allclose(np.sort(marks[:, 0]), [2 - 3.8, 3.8], atol=1e-9)  # f' = r - 2 r x at 1 - 1/r and 0
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert plt.get_fignums() == figures


def test_a_flow_of_two_variables_has_its_nullclines_and_a_figure_can_be_given():
    given = plt.figure(layout="constrained")
    figure = dr.analysis.portrait(dr.FitzHughNagumo(I=0.5), steps=4000, figure=given)
    assert figure is given
    assert titles(figure)[1:3] == ["phase portrait", "eigenvalues of 1 fixed point"]
    names = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert names == ["dv/dt = 0", "dw/dt = 0", "unstable"]
    plt.close(given)


def test_a_larger_system_has_principal_components_and_their_shares():
    chain = dr.Lorenz96(n=8)
    figure = dr.analysis.portrait(chain, steps=2000, dt=0.02)
    assert titles(figure)[:2] == ["activity", "state space"]
    assert figure.axes[2].get_xlabel().startswith("PC 1")  # the second axes are the scale of the first
    run = dr.simulate(chain, steps=2000, dt=0.02, washout=499)  # with the initial state, 500 rows are the transient
    assert titles(figure)[5] == f"participation ratio {dr.analysis.participation_ratio(run):.3g}"


def test_a_driven_system_says_so():
    rows = np.random.default_rng(1).uniform(-1, 1, 300)
    figure = dr.analysis.portrait(Well(r=-0.2), rows, dt=0.1)
    assert "driven by inputs; fixed points with inputs at their mean, rk4" in figure.get_suptitle()
    x = np.roots([-1, 0, 1, rows.mean() - 0.2])
    x = np.sort(x[np.abs(x.imag) < 1e-9].real)
    marks = np.concatenate([c.get_offsets() for c in figure.axes[1].collections])
    np.testing.assert_allclose(np.sort(marks[:, 0]), x, atol=1e-8)


def test_what_cannot_be_said_is_said_in_words():
    figure = dr.analysis.portrait(Noisy(), [0.1], steps=2000, dt=0.05)
    assert note(figure) == "not shown: Lyapunov exponents (the system has noise)"
    assert "flow of 1 variable with noise" in figure.get_suptitle() and "inputs held at 0.1" in figure.get_suptitle()
    figure = dr.analysis.portrait(Well(), x0=[0.1], steps=2000)
    assert titles(figure)[0] == "activity: comes to rest"
    assert note(figure) == "not shown: power spectrum (the system comes to rest)"
    figure = dr.analysis.portrait(Runaway(), x0=[1.0], dt=0.05)
    assert titles(figure)[0] == "activity: diverges"
    assert "Lyapunov exponents (the run diverges), power spectrum (the run diverges)" in note(figure)


def test_a_system_that_cannot_rest_has_no_fixed_points():
    network = dr.Hopfield.store([[1, -1, 1, 1, -1]])
    assert look(network, steps=50).why_not("points") == "not looked for: Hopfield, whose steps are random choices"
    assert look(network, steps=50).why_not("exponents") == "the system has noise"


def test_a_flow_with_delays_is_drawn_against_its_past():
    figure = dr.analysis.portrait(dr.MackeyGlass(), steps=3000, dt=0.5)
    assert titles(figure)[1] == "against the past" and figure.axes[1].get_ylabel() == "x(t - 17)"
    assert titles(figure)[2].startswith("eigenvalues of")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("Lorenz63",), {}, r"system: got str, wanted a dynrnn System"),
        (
            (Delayed(dr.MackeyGlass(), "rk4", 0.5),),
            {},
            r"system: got Delayed, whose state holds the memory of its method.*flow itself",
        ),
        ((dr.Logistic(), [1.0]), {}, r"inputs: got a value, wanted nothing, as Logistic has no inputs"),
        ((dr.ESN.random(5, inputs=2, rng=0), np.zeros((30, 3))), {}, r"wanted \(2,\) to be held, or \(time, 2\), as ESN has 2"),
        ((dr.ESN.random(5, inputs=2, rng=0), np.zeros((2, 30))), {}, r"time comes before input\. Pass inputs\.T"),
        ((dr.ESN.random(5, rng=0), np.zeros((4, 30, 1))), {}, r"inputs: got shape \(4, 30, 1\)"),
        ((dr.ESN.random(5, rng=0), np.zeros(12)), {}, r"inputs: got 12 rows, wanted at least 20, or"),
        ((dr.ESN.random(5, rng=0), np.zeros(30)), {"steps": 31}, r"steps: got 31, wanted an integer >= 20 and <= 30"),
        ((dr.Logistic(),), {"dt": 0.1}, r"dt: got a value, wanted nothing for a map.*pass steps"),
        ((dr.Lorenz63(),), {"steps": 10}, r"steps: got 10, wanted an integer >= 20"),
        ((dr.Lorenz63(),), {"steps": 100, "duration": 3}, r"steps, duration: got both"),
        ((Well(), np.zeros(30)), {}, r"dt: got nothing, wanted the time between the rows of the inputs"),
        ((dr.Lorenz63(),), {"x0": [1.0]}, r"x0: got shape \(1,\), wanted shape \(3,\)"),
        ((dr.Lorenz63(),), {"rng": "x"}, r"rng: got 'x'"),
    ],
)
def test_bad_input_is_met_at_the_face(arguments, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        dr.analysis.portrait(*arguments, **options)


# ----------------------------------------------------------------------------------------------------------- the look


def test_the_time_step_resolves_the_fastest_rate():
    one = look(Well(), x0=[1.0])  # the slope at rest is 1 - 3 = -2: 0.2 by 2
    assert one.dt == pytest.approx(0.1) and _tidy(0.0049) == pytest.approx(0.002) and _tidy(0.5) == 0.5
    J = np.diag(np.append(np.linspace(-2, 1, 299), -3)) + 0.01  # too large for its eigenvalues
    assert _radius(J) == pytest.approx(np.abs(np.linalg.eigvals(J)).max(), rel=1e-3)


def test_a_run_does_not_begin_at_a_fixed_point():
    pushed = look(dr.ESN.random(20, spectral_radius=1.3, rng=0), steps=100)
    assert np.abs(pushed.x0).max() > 0.1
    other = look(dr.ESN.random(20, spectral_radius=1.3, rng=0), steps=100, rng=1)
    assert not np.array_equal(pushed.x0, other.x0)
    np.testing.assert_array_equal(look(dr.Lorenz63(), steps=100, dt=0.01).x0, dr.Lorenz63().initial())


def test_the_answers_are_those_of_the_analyses_of_the_same_run():
    one = look(dr.Lorenz63(), steps=20_000, dt=0.01)
    direct = dr.lyapunov_spectrum(dr.Lorenz63(), steps=20_000, dt=0.01, transient=5000, rng=5)
    np.testing.assert_allclose(one.exponents["exponent"], direct["exponent"], atol=1e-4)  # whatever the first frame
    assert float(one.exponents["exponent"].sum()) == pytest.approx(-13.66667, abs=1e-3)
    found = np.sort(one.points["state"].values[:, 2])
    np.testing.assert_allclose(found, [0, 27, 27], atol=1e-8)  # z = rho - 1
    assert one.turn == pytest.approx(look(dr.Lorenz63(), steps=20_000, dt=0.005).turn / 2, rel=0.3)


def test_a_sine_has_the_turn_of_its_period():
    rows = np.sin(2 * np.pi * np.arange(4000) / 50)
    assert look(dr.ESN([[0.0]], [1.0], leak=1.0), rows).turn == pytest.approx(50, rel=0.15)


def test_inputs_are_held_or_drive():
    network = dr.ESN.random(4, inputs=2, rng=0)
    held = look(network, [0.3, -0.1], steps=50)
    assert not held.driven and held.rows.shape == (50, 2)
    np.testing.assert_array_equal(held.held, [0.3, -0.1])
    rows = np.random.default_rng(0).normal(size=(40, 2))
    driven = look(network, rows)
    assert driven.driven and driven.steps == 40
    np.testing.assert_allclose(driven.held, rows.mean(axis=0))
    labelled = xr.DataArray(np.zeros((40, 1)), {"time": ("time", 0.1 * np.arange(40), {"units": "s"})}, ("time", "input"))
    assert look(Well(), labelled).dt == pytest.approx(0.1)


# ------------------------------------------------------------------------------------------------- figures of its panels


def test_exponents_show_values_with_two_standard_errors(ax):
    values = {"exponent": ("exponent", [0.9, 0.0, -14.0], {"units": "1/s"}), "stderr": ("exponent", [0.01, 0.01, 0.02])}
    plot.exponents(xr.Dataset(values), ax)
    (low, grows) = ax.containers
    np.testing.assert_allclose(grows[0].get_xydata(), [[1, 0.9]])
    np.testing.assert_allclose(low[0].get_xydata(), [[2, 0.0], [3, -14.0]])
    np.testing.assert_allclose(grows[2][0].get_segments(), [[[1, 0.88], [1, 0.92]]])
    assert [text.get_text() for text in ax.texts] == ["0.90 ± 0.02", "0.00 ± 0.02", "-14.00 ± 0.04"]


def test_convergence_shows_means_so_far(ax):
    local = xr.DataArray(
        [[3.0, 0.0], [1.0, 0.0], [2.0, -3.0]], dims=("window", "exponent"), coords={"time": ("window", [1, 2, 3])}
    )
    plot.convergence(xr.Dataset({"local_exponent": local}, attrs={"units": "1/step"}), ax)
    np.testing.assert_allclose(ax.lines[1].get_xydata(), [[1, 3], [2, 2], [3, 2]])
    np.testing.assert_allclose(ax.lines[2].get_ydata(), [0, 0, -1])
    assert ax.get_xlabel() == "time (steps)"
    with pytest.raises(TypeError, match="Pass local=True"):
        plot.convergence(xr.Dataset())
    with pytest.raises(ValueError, match="8 exponents, wanted at most 7"):
        plot.convergence(xr.Dataset({"local_exponent": (("window", "exponent"), np.zeros((2, 8)))}))


def test_eigenvalues_show_the_boundary_of_their_kind(ax):
    flow = dr.fixed_points(dr.VanDerPol(), candidates=[[0.1, 0.1]])  # at the origin x² - x + 1 = 0: (1 ± i sqrt 3) / 2
    plot.eigenvalues(flow, ax)
    np.testing.assert_allclose(ax.collections[0].get_offsets(), [[0.5, 3**0.5 / 2], [0.5, -(3**0.5) / 2]], atol=1e-9)
    assert [line.get_xdata() for line in ax.lines] == [[0, 0]] and ax.get_xlabel() == "Re eigenvalue (1/time unit)"
    points = dr.periodic_points(dr.Logistic(r=3.2), 2, candidates=[[0.1], [0.5], [0.7], [0.9]])
    ax = plot.eigenvalues(points, plot.figure()[1])
    assert [patch.get_radius() for patch in ax.patches] == [1, 1]
    shown = {text.get_text() for text in ax.get_legend().get_texts()}
    assert shown == {"orbit 0, period 1", "orbit 1, period 1", "orbit 2, period 2"}
    # of the orbit of period 2: f'(a) f'(b) = 4 + 2 r - r²
    np.testing.assert_allclose(ax.collections[-1].get_offsets(), [[4 + 6.4 - 3.2**2, 0]], atol=1e-9)
    cycle = dr.limit_cycle(dr.VanDerPol())
    ax = plot.eigenvalues(cycle, plot.figure()[1])
    assert np.asarray(ax.collections[0].get_offsets())[0] == pytest.approx([1, 0], abs=1e-6)
    with pytest.raises(ValueError, match="8 orbits, wanted at most 7"):
        orbits = {"multiplier": (("point", "mode"), np.ones((8, 1))), "orbit": ("point", np.arange(8))}
        plot.eigenvalues(xr.Dataset(orbits | {"minimal_period": ("point", np.ones(8, int))}))


def test_a_phase_line_shows_the_law_and_its_zeros(ax):
    points = dr.fixed_points(Well(), candidates=[[-2.0], [0.1], [2.0]])
    plot.phase_line(Well(), ax, xlim=(-2, 2), u=[0.5], points=points)
    x, y = ax.lines[0].get_xydata().T
    np.testing.assert_allclose(y, 0.5 + x - x**3)
    right, left = (line.get_xdata() for line in ax.lines[2:])
    assert max(right) < 1.2 < 1.25 <= min(left)  # 0.5 + x = x³ at 1.19
    marks = {c.get_label(): np.sort(np.asarray(c.get_offsets())[:, 0]) for c in ax.collections}
    np.testing.assert_allclose(marks["stable"], [-1, 1], atol=1e-9)
    np.testing.assert_allclose(marks["unstable"], [0], atol=1e-9)
    run = dr.simulate(dr.Logistic(r=3.0), steps=3, x0=[0.5])
    ax = plot.phase_line(dr.Logistic(r=3.0), plot.figure()[1], xlim=(0, 1), results=run)
    a, b, c = run["state"].values[:, 0]
    np.testing.assert_allclose(ax.lines[2].get_xydata(), [[a, a], [a, b], [b, b], [b, c], [c, c]])
    with pytest.raises(TypeError, match="Lorenz63 with 3 variables, wanted a system of one variable"):
        plot.phase_line(dr.Lorenz63(), xlim=(0, 1))


def test_components_show_shares_and_the_participation_ratio(ax):
    plot.components(dr.analysis.principal_components([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]]), ax)
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([0.8, 0.2])
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.8, 1.0])
    assert ax.lines[1].get_xdata()[0] == pytest.approx(1 / (0.8**2 + 0.2**2))


def test_a_correlation_sum_shows_its_slope(ax):
    r = np.geomspace(0.01, 1, 7)
    data = {"correlation_sum": ("radius", r**2), "in_region": ("radius", r < 0.5), "dimension": 2.0, "spread": 0.0}
    plot.correlation_sum(xr.Dataset(data, {"radius": r}), ax)
    np.testing.assert_allclose(ax.lines[1].get_ydata(), r[r < 0.5] ** 2)
    assert ax.get_legend().get_texts()[0].get_text() == "slope 2.000 ± 0.000"
    ax = plot.correlation_sum(xr.Dataset(data | {"in_region": ("radius", r < 0)}, {"radius": r}), plot.figure()[1])
    assert len(ax.lines) == 1 and ax.get_legend() is None


def test_an_autocorrelation_shows_each_variable(ax):
    rho = dr.analysis.autocorrelation(np.random.default_rng(0).normal(size=(50, 2)), longest=9)
    plot.autocorrelation(rho, ax)
    np.testing.assert_array_equal(ax.lines[3].get_xydata(), np.c_[np.arange(10), rho.values[:, 1]])
    with pytest.raises(ValueError, match=r'wanted "lag" and at most 7 variables'):
        plot.autocorrelation(dr.analysis.autocorrelation(np.random.default_rng(0).normal(size=(50, 8))))


def test_tipping_shows_the_path_from_its_beginning(ax):
    data = {"state": (("attractor", "value", "unit"), np.arange(6.0).reshape(2, 3, 1)), "tipped": ("attractor", [0.0, 1.0])}
    plot.tipping(xr.Dataset(data, {"attractor": [0, 1], "value": [3.0, 2.0, 1.0]}), ax)
    assert ax.get_xlim() == (3.0, 1.0) and [line.get_linestyle() for line in ax.lines] == ["-", "--"]
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), [[3, 3], [2, 4], [1, 5]])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["attractor 0: stays", "attractor 1: tips"]
