"""Figures of single answers: the numbers drawn are those of the answer, at the places that they have in it."""

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex

import dynrnn as dr
from dynrnn import analysis, plot
from dynrnn.plot.style import quantity


@pytest.fixture
def ax():
    return plot.figure()[1]


def names(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def logistic(r, rows=600):
    x = np.empty(rows)
    x[0] = 0.3
    for n in range(rows - 1):
        x[n + 1] = r * x[n] * (1 - x[n])
    return x


# ------------------------------------------------------------------------------------------------------------------ labels


def test_a_model_without_a_unit_of_time_has_a_time_without_one(ax):
    clock = ("time", np.arange(4) * 0.5, {"units": "time unit"})
    states = xr.DataArray(np.eye(4)[:, :2], {"time": clock, "unit": ["a", "b"]}, ("time", "unit"))
    assert plot.trajectory(states, ax).get_xlabel() == "time"
    past = analysis.delay_embedding(states.isel(unit=0), 2, 1)
    assert plot.delay_embedding(past, plot.figure()[1]).get_ylabel().endswith("(t - 0.5)")


def test_units_stay_on_one_line():
    rate = xr.DataArray(0.0, attrs={"long_name": "Lyapunov exponent", "units": "1/time unit"})
    assert quantity(rate, "") == "Lyapunov exponent\n(1/time unit)"
    short = xr.DataArray(0.0, attrs={"long_name": "rate", "units": "1/time unit"})
    assert quantity(short, "") == "rate (1/time unit)"


# ------------------------------------------------------------------------------------------------------------------ curves


def test_the_delay_to_embed_with_is_marked(ax):
    x = xr.DataArray(
        np.sin(2 * np.pi * np.arange(2000) / 40), {"time": ("time", 0.1 * np.arange(2000), {"units": "s"})}, ["time"]
    )
    found = analysis.embedding_delay(x, by="autocorrelation", longest=30)
    plot.curve(found, ax)
    mark, line = ax.lines
    np.testing.assert_allclose(line.get_xydata(), np.c_[0.1 * np.arange(31), found["criterion"]])
    assert mark.get_xydata().tolist() == [[pytest.approx(0.8), float(found["criterion"][8])]]  # arccos(1/e) / 2π of 40 rows
    assert names(ax) == ["delay 8 rows"] and (ax.get_xlabel(), ax.get_ylabel()) == ("lag (s)", "autocorrelation")


def test_alignment_falls_along_a_line_for_each_orbit(ax):
    clock = {"time": ("time", [1.0, 2.0, 3.0], {"units": "steps"})}
    one = xr.Dataset(
        {"gali": ("time", np.exp([-1.0, -2, -3]), {"long_name": "GALI 2"}), "log_gali": ("time", [-1.0, -2, -3])}, clock
    )
    plot.curve(xr.concat([one, 2 * one], "orbit").assign_coords(orbit=["a", "b"]), ax)
    np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], [[-1, -2, -3], [-2, -4, -6]])
    assert names(ax) == ["a", "b"] and ax.get_xlabel() == "time (steps)"
    assert plot.curve(one, plot.figure()[1]).get_ylabel() == "ln GALI 2"


def test_the_median_lies_among_the_growth_rates(ax):
    both = [analysis.zero_one_test(logistic(r), frequencies=20) for r in (3.2, 3.97)]
    plot.curve(xr.concat(both, "r", combine_attrs="drop").assign_coords(r=[3.2, 3.97]), ax)
    for k, one in enumerate(both):
        level, dots = ax.lines[2 * k : 2 * k + 2]
        assert level.get_ydata() == [one["K"]] * 2 and dots.get_linestyle() == "None"
        np.testing.assert_array_equal(dots.get_xydata(), np.c_[one["c"], one["K_c"]])
        assert level.get_color() == dots.get_color()
    assert names(ax) == [f"{r}: K = {float(one['K']):.3f}" for r, one in zip((3.2, 3.97), both, strict=True)]


def test_angles_are_drawn_over_time(ax):
    clock = {"time": ("window", [5.0, 6.0], {"units": "steps"})}
    plot.curve(xr.Dataset({"angle": ("window", [0.5, 0.1], {"units": "rad"})}, clock), ax)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[5, 0.5], [6, 0.1]])
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_legend()) == ("time (steps)", "smallest angle (rad)", None)


def test_points_lie_beside_their_theory(ax):
    theory = xr.DataArray([0.0, 1.0], {"g": [1.0, 2.0]}, ["g"], name="theory", attrs={"long_name": "exponent"})
    measured = xr.DataArray([[0.1, 0.9], [0.2, 0.8]], {"g": [1.0, 2.0]}, ("seed", "g"), name="networks")
    plot.curve(theory, ax, points=measured)
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), [[1, 0.1], [2, 0.9], [1, 0.2], [2, 0.8]])
    assert names(ax) == ["theory", "networks"] and (ax.get_xlabel(), ax.get_ylabel()) == ("g", "exponent")
    two = xr.concat([theory, -theory], "sign").assign_coords(sign=["+", "-"])
    own = plot.curve(two, plot.figure()[1], points=two.isel(g=[1]))
    assert [line.get_color() for line in own.lines[:2]] == [line.get_color() for line in own.lines[2:]]
    assert [line.get_ydata().tolist() for line in own.lines[2:]] == [[1.0], [-1.0]]


def test_curves_that_cannot_be_drawn_are_refused(ax):
    with pytest.raises(
        TypeError, match=r"data: got a Dataset with a, wanted a result of gali, zero_one_test, embedding_delay or"
    ):
        plot.curve(xr.Dataset({"a": ("time", [1.0])}), ax)
    with pytest.raises(TypeError, match=r"data: got list, wanted labelled data with one or two dimensions"):
        plot.curve([1.0, 2.0], ax)
    with pytest.raises(ValueError, match=r'wanted "g" and at most 7 lines\. Choose with \.isel'):
        plot.curve(xr.DataArray(np.zeros((8, 2)), dims=("net", "g")), ax)
    with pytest.raises(TypeError, match=r"points: got list, wanted labelled data with dims \('g',\)"):
        plot.curve(xr.DataArray([1.0], dims="g"), ax, points=[1.0])


def test_folds_and_hopf_bifurcations_have_the_colours_of_branches(ax):
    W = [[4.5, 1.0], [-1.0, 4.5]]
    folds, hopf = analysis.fold_curves(W), analysis.hopf_curves(W)
    plot.bifurcation_curves([folds, hopf], ax)
    colors = [plot.COLORS["vermillion"]] * 2 + [plot.COLORS["purple"]] * 2
    assert [to_hex(line.get_color()).upper() for line in ax.lines] == colors and names(ax) == ["fold", "hopf"]
    np.testing.assert_array_equal(ax.lines[3].get_xydata(), hopf["input"].sel(branch="upper"))
    # both units at the centre: W_11 + W_22 = 9 > 8, so Hopf's curve passes near, and is symmetric about, -(W 1)/2
    centre = -np.sum(W, axis=1) / 2
    points = np.concatenate([line.get_xydata() for line in ax.lines[2:]])
    points = points[np.isfinite(points).all(axis=1)]
    np.testing.assert_allclose(points.min(axis=0) + points.max(axis=0), 2 * centre, atol=1e-12)
    with pytest.raises(ValueError, match=r"data: got no curves, wanted one or more results of fold_curves or hopf_curves"):
        plot.bifurcation_curves([], ax)
    with pytest.raises(
        TypeError, match=r"data: got dims \('g',\), wanted labelled data with dims \('branch', 'output_1', 'unit'\)"
    ):
        plot.bifurcation_curves(xr.DataArray([1.0], dims="g"), ax)


# -------------------------------------------------------------------------------------------------------------- resilience


def test_return_times_have_the_place_of_their_start(ax):
    time = xr.DataArray([[0.0, 1.0, np.nan], [2.0, 8.0, 4.0]], {"a": [0, 1], "b": [0, 1, 2]}, ("a", "b"), attrs={"units": "s"})
    plot.return_time(xr.Dataset({"time": time}), ax)
    mesh = ax.collections[0]
    np.testing.assert_array_equal(np.ma.filled(mesh.get_array(), np.nan), [[1, 2], [1, 8], [np.nan, 4]])
    assert mesh.get_clim() == (1, 8) and isinstance(mesh.norm, mpl.colors.LogNorm)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.figure.axes[1].get_ylabel()) == ("a", "b", "return time (s)")
    plot.return_time(xr.Dataset({"time": 0 * time}), plot.figure()[1])  # all begin on it
    with pytest.raises(TypeError, match=r"got times over \('b',\), wanted a grid of two variables\. Take a slice"):
        plot.return_time(xr.Dataset({"time": time[0]}), ax)
    with pytest.raises(TypeError, match=r"data: got DataArray, wanted what dynrnn\.analysis\.return_time gives"):
        plot.return_time(time, ax)


def test_transitions_are_numbers_in_their_cells(ax):
    table = analysis.tipping_probabilities([0, 0, 0, 1], [0, 2, 2, -1])
    plot.transitions(table, ax)
    cells = {text.get_position(): text.get_text() for text in ax.texts}
    ticks = [[label.get_text() for label in labels] for labels in (ax.get_xticklabels(), ax.get_yticklabels())]
    assert ticks == [["diverges", "0", "2"], ["0", "1"]] and ax.yaxis_inverted()
    assert cells == {
        (0.5, 0.5): "0.00",
        (1.5, 0.5): "0.33",
        (2.5, 0.5): "0.67",
        (0.5, 1.5): "1.00",
        (1.5, 1.5): "0.00",
        (2.5, 1.5): "0.00",
    }
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("attractor after", "attractor before")
    share = xr.Dataset({"probability": (("attractor", "end"), [[1.0, 0, 0, 0], [0.5, 0.4, 0.1, 0]])})
    share = share.assign_coords(attractor=[0, 1], end=[0, 1, -1, -2])
    other = plot.transitions(share, plot.figure()[1])
    assert [label.get_text() for label in other.get_xticklabels()] == ["0", "1", "diverges"]  # none is undecided
    assert [text.get_text() for text in other.texts] == ["1.00", "0.00", "0.00", "0.50", "0.40", "0.10"]
    with pytest.raises(TypeError, match=r"data: got ndarray, wanted probabilities, as tipping_probabilities, tipping or"):
        plot.transitions(np.eye(2), ax)


@pytest.mark.parametrize(("name", "axis"), [("stability", "probability to return"), ("fraction", "share of starts")])
def test_shares_of_one_system_have_their_intervals(name, axis, ax):
    shares = {name: [0.2, 0.7], f"{name}_low": [0.1, 0.6], f"{name}_high": [0.4, 0.75]}
    data = xr.Dataset({key: ("attractor", value) for key, value in shares.items()}, {"attractor": [0, 3]})
    plot.fractions(data, ax)
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[0, 0.2]], [[1, 0.7]]]
    assert [bar.get_segments()[0].tolist() for bar in ax.collections] == [[[0, 0.1], [0, 0.4]], [[1, 0.6], [1, 0.75]]]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "3"] and ax.get_ylabel() == axis


# --------------------------------------------------------------------------------------------------------------- landmarks


def _colors(mark):
    return mark.get_edgecolor(), mark.get_facecolor()


def orbits(stable=(False, True, True)):
    parts = {
        "state": (("point", "unit"), [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
        "multiplier": (("point", "mode"), np.ones((3, 2), complex)),
        "residual": ("point", np.zeros(3)),
        "orbit": ("point", [0, 1, 1]),
        "minimal_period": ("point", [1, 2, 2]),
        "stable": ("point", list(stable)),
    }
    return xr.Dataset(parts, {"unit": ["p", "q"]})


def test_periodic_points_are_marked_orbit_by_orbit(ax):
    plot.landmarks(orbits(), ax)
    assert [mark.get_offsets().tolist() for mark in ax.collections] == [[[0, 1]], [[2, 3], [4, 5]]]
    (one, two), (open_, filled) = ([to_hex(c[0]) for c in get] for get in zip(*map(_colors, ax.collections), strict=True))
    assert open_ == "#ffffff" and filled == two != one
    assert names(ax) == ["period 1, unstable", "period 2, stable"] and (ax.get_xlabel(), ax.get_ylabel()) == ("p", "q")
    turned = plot.landmarks(orbits(), plot.figure()[1], x="q", y=0)
    assert turned.collections[0].get_offsets().tolist() == [[1, 0]] and turned.get_xlabel() == "q"


@pytest.mark.parametrize(("converged", "name"), [(True, "edge state"), (False, "not converged")])
def test_an_edge_state_is_at_the_end_of_its_way(converged, name, ax):
    way = [[0.0, 3.0], [1.0, 2.0], [1.5, 1.5]]
    data = xr.Dataset({"state": (("round", "unit"), way), "converged": converged, "labels": ("side", [0, 1])})
    plot.landmarks(data, ax)
    assert ax.lines[0].get_xydata().tolist() == way and ax.collections[0].get_offsets().tolist() == [[1.5, 1.5]]
    assert names(ax) == ["on the border", name]


def test_a_shock_is_an_arrow_from_the_attractor(ax):
    state = (("what", "unit"), [[1.0, 2.0], [3.0, -4.0]])
    data = xr.Dataset({"state": state, "magnitude": 5.0, "end": 1}, {"what": ["start", "shock"]})
    plot.landmarks(data, ax)
    (arrow,) = ax.texts
    assert tuple(arrow.xyann) == (1, 2) and tuple(arrow.xy) == (4, -2) and names(ax) == ["smallest shock, 5"]
    low, high = ax.get_xlim()
    assert low < 1 and high > 4
    none = data.assign(magnitude=np.nan, state=data["state"].where(data["what"] == "start"))
    other = plot.landmarks(none, plot.figure()[1])
    assert names(other) == ["no shock leads away"] and not other.texts


def test_landmarks_leave_the_view_of_basins_as_it_is(ax):
    ax.set(xlim=(0, 3), ylim=(0, 4))
    plot.landmarks(orbits(), ax)
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 3), (0, 4))


def test_landmarks_that_cannot_be_drawn_are_refused(ax):
    with pytest.raises(TypeError, match=r"data: got Dataset, wanted what periodic_points, edge_state or minimal_critical_shock"):
        plot.landmarks(xr.Dataset({"state": ("point", [1.0])}), ax)
    with pytest.raises(ValueError, match=r"x: got 'z', wanted one of 'p', 'q'"):
        plot.landmarks(orbits(), ax, x="z")
    many = xr.concat([orbits().assign(orbit=("point", [k, k, k])) for k in range(8)], "point")
    with pytest.raises(ValueError, match=r"data: got 8 orbits, wanted at most 7\. Choose: data\.isel"):
        plot.landmarks(many, ax)


# ----------------------------------------------------------------------------------------------------------- distributions


def heights(ax):
    return [patch.get_data().values for patch in ax.patches if not patch.get_fill()]


def test_densities_share_their_bins_and_have_the_area_one(ax):
    a = xr.DataArray([0.0, 0.5, 1.0, np.nan], attrs={"long_name": "x", "units": "mV"})
    plot.densities({"target": a, "forecast": [2.0, 2.0]}, ax, bins=4)
    np.testing.assert_allclose(heights(ax), [[2 / 3, 2 / 3, 2 / 3, 0], [0, 0, 0, 2]])
    np.testing.assert_array_equal(ax.patches[0].get_data().edges, [0, 0.5, 1, 1.5, 2])
    assert names(ax) == ["target", "forecast"] and (ax.get_xlabel(), ax.get_ylabel()) == ("x (mV)", "density")


def test_reaction_times_have_the_share_of_their_choice(ax):
    rise = xr.DataArray(np.zeros((4, 5, 2)), dims=("trial", "time", "output"))
    rise = rise.assign_coords(time=("time", 0.1 * np.arange(5), {"units": "s"}), output=["right", "left"])
    for trial, (output, row) in enumerate([(0, 1), (0, 3), (1, 3)]):
        rise[trial, row:, output] = 1.0
    plot.densities(dr.reaction_times(rise, 1.0), ax, bins=2)
    assert names(ax) == ["left: 25 %", "right: 50 %", "none: 25 %"] and ax.get_xlabel() == "reaction time (s)"
    np.testing.assert_allclose(heights(ax), [[0, 2.5], [2.5, 2.5], [0, 0]])  # bins of 0.1 s


def test_densities_that_cannot_be_drawn_are_refused(ax):
    with pytest.raises(TypeError, match=r"data: got ndarray, wanted numbers by name, or what reaction_times gives"):
        plot.densities(np.zeros(3), ax)
    with pytest.raises(ValueError, match=r"data: got 8 distributions, wanted one to 7\. Choose some\."):
        plot.densities({str(k): [1.0] for k in range(8)}, ax)
    with pytest.raises(ValueError, match=r"data: got no numbers, wanted at least one"):
        plot.densities({"a": [np.nan]}, ax)


def test_distances_of_climates_are_a_dot_for_each_variable(ax):
    rng = np.random.default_rng(0)
    distance = analysis.compare_climate(rng.normal(size=(600, 2)), rng.normal(size=(600, 2)), dt=0.1)["distance"]
    plot.dots(distance, ax, of="variable")
    drawn = np.array([line.get_ydata() for line in ax.lines])
    np.testing.assert_array_equal(drawn, distance.transpose("measure", "variable"))
    assert [label.get_text() for label in ax.get_xticklabels()][-2:] == ["autocorrelation\ntime", "maxima"]
    assert ax.get_ylabel() == "distance"
    with pytest.raises(ValueError, match=r"""data: got dims \('variable',\), wanted "variable" and one other dimension"""):
        plot.dots(distance[0], ax, of="variable")
