"""Figures of states: the data shown are the data given, axes are named, and nullclines lie where the equations put them."""

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex
from scipy.stats import binomtest

from dynrnn import plot
from dynrnn.system import System
from dynrnn.systems.fitzhugh_nagumo import FitzHughNagumo

TIME = ("time", np.arange(4) * 0.5, {"units": "s"})


@pytest.fixture
def ax():
    return plot.figure()[1]


@pytest.fixture
def states():
    values = np.random.default_rng(0).random((4, 3))
    return xr.DataArray(values, {"time": TIME, "unit": ["a", "b", "c"]}, ("time", "unit"), "state", {"units": "mV"})


def names(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


# ---------------------------------------------------------------------------------------------------------- trajectories


def test_a_trajectory_over_time_shows_the_variables_asked_for(states, ax):
    assert plot.trajectory(states, ax, y=["c", 0]) is ax
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), np.c_[states["time"], states.sel(unit="c")])
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), states.sel(unit="a"))
    assert names(ax) == ["c (mV)", "a (mV)"] and (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "state")


def test_a_single_trajectory_names_its_axis(states, ax):
    plot.trajectory(states, ax, y="b")
    assert ax.get_ylabel() == "b (mV)" and ax.get_legend() is None and len(ax.lines) == 1


def test_two_variables_against_each_other_begin_at_a_dot(states, ax):
    plot.trajectory(states, ax, x="b", y=2)
    line, dot = ax.lines
    np.testing.assert_array_equal(line.get_xydata(), states.sel(unit=["b", "c"]))
    np.testing.assert_array_equal(dot.get_xydata(), states.sel(unit=["b", "c"])[:1])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("b (mV)", "c (mV)")


def test_three_variables_take_axes_with_depth(states, ax):
    figure = ax.figure
    deep = plot.trajectory(states, ax, x="a", y="b", z="c")
    assert deep.name == "3d" and figure.axes == [deep]
    np.testing.assert_array_equal(np.transpose(deep.lines[0].get_data_3d()), states)
    assert (deep.get_xlabel(), deep.get_ylabel(), deep.get_zlabel()) == ("a (mV)", "b (mV)", "c (mV)")
    assert plot.trajectory(states, deep, x="a", y="b", z="c") is deep and len(deep.lines) == 4


def test_trials_are_lines_of_one_colour_under_one_name(states, ax):
    trials = xr.concat([states, states + 1, states + 2], "trial")
    plot.trajectory(trials, ax, y=["a", "b"])
    assert len(ax.lines) == 6 and len({line.get_color() for line in ax.lines}) == 2 and names(ax) == ["a (mV)", "b (mV)"]
    other = plot.figure()[1]
    plot.trajectory(trials.transpose("time", "unit", "trial"), other, x="a", y="b")
    assert len(other.lines) == 6
    np.testing.assert_array_equal(other.lines[2].get_xydata(), trials[1].sel(unit=["a", "b"]))


def test_parts_of_a_result_are_found_by_name(ax):
    parts = {"v": (("time", "v_unit"), np.arange(4.0)[:, None]), "s": (("time", "unit"), np.arange(8.0).reshape(4, 2))}
    result = xr.Dataset(parts, {"time": TIME})
    plot.trajectory(result, ax, x="v", y="s 1")
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[0, 1], [1, 3], [2, 5], [3, 7]])
    two = xr.Dataset({"r": (("time", "unit"), np.zeros((4, 1))), "q": (("time", "unit"), np.ones((4, 1)))}, {"unit": ["E"]})
    other = plot.figure()[1]
    plot.trajectory(two.assign_coords(time=TIME), other, x="E", y="q E")
    np.testing.assert_array_equal(other.lines[0].get_xydata(), np.tile([0.0, 1.0], (4, 1)))


def test_trajectories_that_cannot_be_drawn_are_refused(states, ax):
    with pytest.raises(ValueError, match=r"x: got 'd', wanted one of 'a', 'b', 'c'"):
        plot.trajectory(states, ax, x="d", y="a")
    with pytest.raises(ValueError, match=r"y: got 3, wanted an integer >= 0 and <= 2"):
        plot.trajectory(states, ax, y=3)
    with pytest.raises(ValueError, match=r"y: got nothing, wanted a variable to draw against x"):
        plot.trajectory(states, ax, x="a")
    with pytest.raises(ValueError, match=r"y: got 8 variables, wanted one to seven\. Choose some, or use plot\.activity\."):
        plot.trajectory(states, ax, y=["a"] * 8)
    with pytest.raises(TypeError, match=r"result: got ndarray, wanted labelled data with dims \('time',\)"):
        plot.trajectory(states.values, ax)


# --------------------------------------------------------------------------------------------------------- phase portrait


def portrait(ax, **options):
    return plot.phase_portrait(FitzHughNagumo(), ax, **{"xlim": (-2.5, 2.5), "ylim": (-1, 2), **options})


def test_nullclines_lie_where_the_equations_put_them(ax):
    portrait(ax)
    contours = [c for c in ax.collections if isinstance(c, mpl.contour.QuadContourSet)]
    assert [to_hex(c.get_edgecolor()[0]).upper() for c in contours] == [plot.COLORS["blue"], plot.COLORS["vermillion"]]
    for k, contour in enumerate(contours):
        points = np.concatenate([path.vertices for path in contour.get_paths()])
        exact = FitzHughNagumo().nullclines(points[:, 0])[k]
        # between two grid points h apart a straight line is off by at most h²/8 times the curvature, 2 |v|
        assert len(points) > 30 and np.abs(points[:, 1] - exact).max() <= (5 / 60) ** 2 / 8 * 2 * 2.5 + 1e-9


def test_arrows_point_along_the_drift(ax):
    portrait(ax)
    (arrows,) = (c for c in ax.collections if isinstance(c, mpl.quiver.Quiver))
    v, w = arrows.XY.T
    drift = np.transpose([v - v**3 / 3 - w + 0.5, 0.08 * (v + 0.7 - 0.8 * w)])
    shown = np.transpose([arrows.U, arrows.V])
    np.testing.assert_allclose(shown[:, 0] * drift[:, 1], shown[:, 1] * drift[:, 0], atol=1e-12)
    assert ((shown * drift).sum(axis=1) > 0).all() and len(v) == 225
    np.testing.assert_allclose(np.hypot(shown[:, 0] / 5, shown[:, 1] / 3), 0.7 * 4 / 61)


def test_a_portrait_is_labelled_and_shows_results(ax):
    run = xr.DataArray(np.random.default_rng(0).random((5, 2)), {"unit": ["v", "w"]}, ("time", "unit"), "state")
    portrait(ax, results=[run, run + 1])
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_xlim(), ax.get_ylim()) == ("v", "w", (-2.5, 2.5), (-1, 2))
    assert names(ax) == ["dv/dt = 0", "dw/dt = 0"]
    drawn = [line.get_xydata() for line in ax.lines if len(line.get_xdata()) == 5]
    np.testing.assert_array_equal(drawn, [run, run + 1])
    alone = portrait(plot.figure()[1], results=run.to_dataset())
    np.testing.assert_array_equal(alone.lines[-2].get_xydata(), run)


class Held(System):
    """Straight nullclines that depend on a third variable, an input and the time."""

    units = ("a", "b", "c")
    inputs = 1

    def drift(p, t, x, u, out):
        out[0] = x[0] - x[1] - u[0]
        out[1] = 1.0
        out[2] = x[2] - x[1] - t


def test_what_is_not_shown_is_held(ax):
    plot.phase_portrait(Held(), ax, x="c", y="b", xlim=(-1, 1), ylim=(-1, 1), t=0.25)
    (line,) = (c for c in ax.collections if isinstance(c, mpl.contour.QuadContourSet))  # b' = 1 has no nullcline
    points = line.get_paths()[0].vertices
    np.testing.assert_allclose(points[:, 1], points[:, 0] - 0.25, atol=1e-12)
    other = plot.phase_portrait(Held(), plot.figure()[1], x="a", y="c", xlim=(-1, 1), ylim=(-1, 1), at=[0, 0.5, 0], u=[-0.75])
    upright = next(c for c in other.collections if isinstance(c, mpl.contour.QuadContourSet)).get_paths()[0].vertices
    np.testing.assert_allclose(upright[:, 0], -0.25, atol=1e-12)


def test_portraits_that_cannot_be_drawn_are_refused(ax):
    with pytest.raises(TypeError, match=r"system: got list, wanted a flow, a system with a drift"):
        plot.phase_portrait([], ax, xlim=(0, 1), ylim=(0, 1))
    with pytest.raises(ValueError, match=r"y: got 'v', which is x too, wanted another state variable"):
        portrait(ax, x=0, y="v")
    with pytest.raises(ValueError, match=r"x: got 'u', wanted one of 'v', 'w'"):
        portrait(ax, x="u")
    with pytest.raises(ValueError, match=r"xlim: got \(1, -1\), wanted two numbers in increasing order"):
        portrait(ax, xlim=(1, -1))
    with pytest.raises(ValueError, match=r"ylim: got shape \(3,\), wanted shape \(2,\)\. Pass \(low, high\)\."):
        portrait(ax, ylim=(1, 2, 3))
    with pytest.raises(ValueError, match=r"at: got shape \(1,\), wanted shape \(2,\)"):
        portrait(ax, at=[0])


# ------------------------------------------------------------------------------------------------- populations, behaviour


def test_a_raster_has_a_tick_for_each_spike(ax):
    spikes = xr.DataArray([[0, 1, 0], [0, 0, 0], [2, 0, 1], [0, 0, 0]], {"time": TIME}, ("time", "unit"), "spike")
    plot.raster(spikes, ax)
    assert sorted(map(tuple, ax.lines[0].get_xydata())) == [(0.0, 1.0), (1.0, 0.0), (1.0, 2.0)]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_xlim(), ax.get_ylim()) == ("time (s)", "unit", (0.0, 1.5), (-0.5, 2.5))
    other = plot.figure()[1]
    plot.raster(xr.Dataset({"v": spikes * 1.0, "spike": spikes.T}), other)
    np.testing.assert_array_equal(other.lines[0].get_xydata(), ax.lines[0].get_xydata())


def test_activity_has_a_row_for_each_unit(states, ax):
    plot.activity(xr.Dataset({"x": states, "y": states + 1}), ax, variable="y")
    np.testing.assert_array_equal(ax.collections[0].get_array(), states.T + 1)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "unit") and ax.figure.axes[1].get_ylabel() == "y (mV)"
    other = plot.figure()[1]
    plot.activity(xr.Dataset({"x": states, "y": states + 1}), other)
    np.testing.assert_array_equal(other.collections[0].get_array(), states.T)
    assert other.get_ylim() == (-0.5, 2.5)


def test_rows_of_activity_are_where_their_numbers_are(states, ax):
    place = ("unit", [1.0, 1.5, 2.0], {"long_name": "position", "units": "cm"})
    plot.activity(states.assign_coords(unit=place), ax)
    assert ax.get_ylim() == (0.75, 2.25) and ax.get_ylabel() == "position (cm)"
    other = plot.activity(states.assign_coords(unit=[5, 1, 3]), plot.figure()[1])
    assert other.get_ylim() == (-0.5, 2.5)


@pytest.mark.parametrize(("low", "limits"), [(-2.0, (-3.0, 3.0)), (1.0, (1.0, 3.0))])
def test_activity_is_centred_on_zero_where_there_are_both_signs(low, limits, ax):
    time = ("time", [1, 2], {"units": "s"})
    data = xr.DataArray([[low, 3.0], [2.0, 2.5]], {"time": time}, ("time", "unit"), "state")
    plot.activity(data, ax)
    assert ax.collections[0].get_clim() == limits
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "unit")


def test_populations_that_cannot_be_drawn_are_refused(states, ax):
    with pytest.raises(ValueError, match=r"variable: got 'spike', wanted one of 'x'"):
        plot.raster(xr.Dataset({"x": states}), ax)
    with pytest.raises(ValueError, match=r"wanted time and one other dimension\. Choose one: \.isel\(trial=0\)\."):
        plot.activity(xr.concat([states, states], "trial"), ax)
    with pytest.raises(TypeError, match=r"spikes: got ndarray, wanted labelled data with dims \('time',\)"):
        plot.raster(states.values, ax)


def test_a_psychometric_curve_shows_proportions_with_binomial_intervals(ax):
    strength = ("strength", [-4.0, 0.0, 4.0], {"long_name": "coherence", "units": "%"})
    k, n = np.array([0, 11, 40]), np.array([40, 25, 40])
    data = xr.Dataset({"proportion": ("strength", k / n), "trials": ("strength", n)}, {"strength": strength})
    plot.psychometric(data, ax)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), np.c_[[-4, 0, 4], k / n])
    bars = np.array([segment[:, 1] for segment in ax.collections[0].get_segments()])
    exact = [binomtest(one, many).proportion_ci(method="wilson") for one, many in zip(k, n, strict=True)]
    np.testing.assert_allclose(bars, exact, atol=1e-6)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("coherence (%)", "proportion") and ax.get_legend() is None

    fit = xr.DataArray([0.1, 0.4, 0.9], {"strength": [-4.0, 1.0, 4.0]}, ["strength"])
    other = plot.figure()[1]
    plot.psychometric(data, other, fit=fit)
    np.testing.assert_array_equal(other.lines[1].get_xydata(), np.c_[fit["strength"], fit])
    assert names(other) == ["choices, 95 % interval", "fit"]
    with pytest.raises(TypeError, match=r"fit: got list, wanted labelled data with dims \('strength',\)"):
        plot.psychometric(data, other, fit=[1])
