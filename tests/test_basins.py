"""Basins and what follows from them, against closed forms, brute force in NumPy and SciPy, and networks that remember."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import xarray as xr
from sklearn.cluster import KMeans

import dynrnn as dr
from dynrnn.analysis import (
    Features,
    Proximity,
    Recurrences,
    basin_fractions,
    basin_stability,
    basins,
    cells,
    edge_state,
    match_attractors,
    matching,
    minimal_critical_shock,
    proximity,
    return_time,
    tipping,
    tipping_probabilities,
)
from dynrnn.analysis.attractors import wilson

SQUARE = {"x": (-2, 2), "y": (-2, 2)}
WELLS = [[-1.0], [1.0]]
FOLD = 2 / (3 * math.sqrt(3))


class TwoWells(dr.System):
    """``x' = r + x - x³``: both wells exist for abs(r) < 2 / sqrt(27); at r = 0 they are at ±1, with the border at 0.

    From the time 5 on `late` is added."""

    r: float = 0.0
    late: float = 0.0

    def drift(p, t, x, u, out):
        out[0] = p.r + x[0] - x[0] ** 3 + (p.late if t > 5 else 0.0)


class Moving(dr.System):
    """``x' = r + (x + shift)²``. At r = -1, with a steadily growing shift, x + shift has a state of rest up to rate 1."""

    r: float = -1.0
    shift: float = 0.0

    def drift(p, t, x, u, out):
        out[0] = p.r + (x[0] + p.shift) ** 2


class Bistable(dr.System):
    """FitzHugh and Nagumo's with a saddle at 0 between two states of rest at x = ±sqrt(2/3)."""

    units = ("x", "y")

    def drift(p, t, x, u, out):
        out[0] = 10 * (x[0] - x[0] ** 3 - x[1])
        out[1] = x[0] - 3 * x[1]


class Newton(dr.System):
    """Newton's method for the three roots of z³ = 1, which are 120 degrees apart."""

    units = ("re", "im")

    def step(p, x, u, out):
        a, b = x[0], x[1]
        n = 3 * (a * a + b * b) ** 2
        out[0] = 2 * a / 3 + (a * a - b * b) / n
        out[1] = 2 * b / 3 - 2 * a * b / n


class Pendulum(dr.System):
    """A magnetic pendulum over three magnets on the unit circle."""

    units = ("x", "y", "vx", "vy")
    magnets: np.ndarray = np.array([[math.cos(a), math.sin(a)] for a in (0.0, 2 * math.pi / 3, -2 * math.pi / 3)])

    def drift(p, t, s, u, out):
        out[0], out[1] = s[2], s[3]
        out[2], out[3] = -0.64 * s[0] - 0.2 * s[2], -0.64 * s[1] - 0.2 * s[3]
        for k in range(3):
            a, b = p.magnets[k, 0] - s[0], p.magnets[k, 1] - s[1]
            g = (a * a + b * b + 0.04) ** -1.5
            out[2] += a * g
            out[3] += b * g


# --- basins ---------------------------------------------------------------------------------------------------------------


def test_henon_against_brute_force():
    result = basins(dr.Henon(), SQUARE, resolution=150)
    x, y = np.meshgrid(result["x"], result["y"], indexing="ij")
    with np.errstate(all="ignore"):
        for _ in range(1000):
            x, y = 1 - 1.4 * x * x + y, 0.3 * x
    bounded = np.abs(x) < 10
    assert result.sizes["attractor"] == 1 and float(result["undecided"]) == 0
    wrong = (result["basin"].values == 0) != bounded
    assert wrong.mean() < 1e-3
    assert abs(float(result["fraction"][0]) - 0.425) < 0.01
    assert float(result["diverged"]) == pytest.approx(1 - float(result["fraction"][0]))
    points = result["state"][0].dropna("point").values  # all on the attractor, which maps to itself
    assert len(points) > 100 and np.abs(points[:, 1]).max() < 0.4


def test_random_starts_come_with_an_interval_that_covers():
    truth = 0.43249  # of a grid of 2000 x 2000, by brute force
    result = basins(dr.Henon(), SQUARE, samples=2000, rng=3)
    assert result["basin"].dims == ("start",)
    assert float(result["fraction_low"][0]) < truth < float(result["fraction_high"][0])
    again = basins(dr.Henon(), SQUARE, samples=2000, rng=3)
    xr.testing.assert_identical(result, again)


def test_two_wells_share_the_line_in_halves():
    for dt in (0.01, 0.2):
        result = basins(TwoWells(), {0: (-2, 2)}, resolution=200, dt=dt)
        np.testing.assert_allclose(result["state"].values[:, 0, 0], [-1, 1], atol=1e-6)
        np.testing.assert_array_equal(result["fraction"], [0.5, 0.5])
        np.testing.assert_array_equal(result["basin"], result["state[0]"] > 0)


def test_a_start_on_the_border_is_undecided_and_no_attractor():
    result = basins(TwoWells(), {0: (-2, 2)}, resolution=101, dt=0.1)  # its middle is at 0
    assert result.sizes["attractor"] == 2 and result["basin"].values[50] == -2
    assert float(result["undecided"]) == pytest.approx(1 / 101)


def test_pendulum_against_scipy_and_its_symmetry():
    """Of the velocities, which have no grid, the widths of the cells are found. Both ways to assign agree."""
    how = {"dt": 0.02}
    found = basins(Pendulum(), SQUARE, resolution=16, **how)
    assert found["basin"].dims == ("x", "y") and found.sizes["attractor"] == 3
    rest = found["state"][:, 0].values
    np.testing.assert_allclose(np.hypot(rest[:, 0], rest[:, 1]), np.hypot(*rest[0, :2]), rtol=1e-3)
    np.testing.assert_allclose(rest[:, 2:], 0, atol=1e-3)
    near = basins(Pendulum(), SQUARE, resolution=16, by=Proximity(found), **how)
    np.testing.assert_array_equal(near["basin"], found["basin"])

    mirror = [int(np.linalg.norm(rest[:, :2] - r * [1, -1], axis=1).argmin()) for r in rest[:, :2]]
    labels = found["basin"].values
    assert (np.array(mirror)[labels[:, ::-1]] == labels).mean() > 0.9  # but for orbits that chaos leads apart

    rng, magnets = np.random.default_rng(0), Pendulum().magnets
    cells = rng.choice(16, (8, 2))

    def fall(t, s):
        away = magnets - s[:2]
        pull = (away / ((away**2).sum(axis=1) + 0.04)[:, None] ** 1.5).sum(axis=0)
        return np.concatenate([s[2:], -0.64 * s[:2] - 0.2 * s[2:] + pull])

    for i, j in cells:
        start = [float(found["x"][i]), float(found["y"][j]), 0, 0]
        end = scipy.integrate.solve_ivp(fall, (0, 80), start, rtol=1e-8, atol=1e-10).y[:, -1]
        assert np.linalg.norm(rest - end, axis=1).argmin() == labels[i, j]


def test_features_tell_wells_apart_and_leave_what_diverges():
    result = basins(TwoWells(), {0: (-2, 2)}, resolution=50, dt=0.1, by=Features(transient=200, rows=20))
    assert sorted(result["state"].mean(("point", "unit")).values.round(6)) == [-1, 1]
    assert len(np.unique(result["basin"][:25])) == 1 and len(np.unique(result["basin"][25:])) == 1

    end = Features(lambda X: X[-1], transient=200, rows=1, known=[[1.0], [-1.0]])
    named = basins(TwoWells(), {0: (-2, 2)}, resolution=50, dt=0.1, by=end)
    np.testing.assert_array_equal(named["basin"], named["state[0]"] < 0)
    other = Features(lambda X: X[-1], transient=200, rows=1, cluster=KMeans(2, random_state=0))
    clustered = basins(TwoWells(), {0: (-2, 2)}, resolution=50, dt=0.1, by=other)
    assert len(np.unique(clustered["basin"][:25])) == 1 and len(np.unique(clustered["basin"])) == 2

    henon = basins(dr.Henon(), SQUARE, resolution=30, by=Features(transient=100, rows=500))
    exact = basins(dr.Henon(), SQUARE, resolution=30)
    np.testing.assert_array_equal(henon["basin"] == -1, exact["basin"] == -1)


def test_stored_patterns_are_attractors_and_overlaps_say_the_same():
    rng = np.random.default_rng(0)
    patterns = np.where(rng.random((3, 100)) < 0.5, -1.0, 1.0)
    memory = dr.Hopfield.store(patterns, rule="pseudo_inverse", update="synchronous")
    starts = np.repeat(patterns, 20, axis=0) * np.where(rng.random((60, 100)) < 0.15, -1, 1)
    result = basins(memory, starts, by=Proximity(patterns, epsilon=0.5, steps=50))
    W, ends = memory.W.to_array(), starts
    for _ in range(50):
        ends = np.sign(ends @ W.T)
    overlap = memory.overlap(ends, patterns)
    expected = np.where(overlap.max(axis=1) == 1, overlap.argmax(axis=1), -2)
    np.testing.assert_array_equal(result["basin"], expected)
    np.testing.assert_array_equal(expected, np.repeat([0, 1, 2], 20))


def test_orbits_start_at_time_zero_and_the_clock_runs():
    starts = [[-1.5], [-0.5], [0.5]]
    for by in (Proximity([[-1.0], [1.32472]], epsilon=1e-4), Recurrences(0.01)):
        result = basins(TwoWells(r=0.0, late=1.0), starts, dt=0.1, by=by)
        last = result["state"].values[result["basin"].values, 0, 0]
        np.testing.assert_allclose(last[-1], 1.32472, atol=1e-4)  # the real root of x³ - x - 1


class Pitchfork(dr.System):
    """``x' = r x - x³``: at r = 0 orbits creep to 0 as 1 / sqrt(2 t)."""

    r: float = 0.0

    def drift(p, t, x, u, out):
        out[0] = p.r * x[0] - x[0] ** 3


class Shrinking(dr.System):
    """All orbits of the map end at 0."""

    units = 3

    def step(p, x, u, out):
        for i in range(x.size):
            out[i] = 0.9 * x[i]


def test_all_ways_number_attractors_by_place():
    starts = [[1.5], [0.5], [-0.5], [0.2], [-1.5], [-0.2], [-0.9], [0.9], [0.4], [-0.4]]  # the well at 1 is found first
    found = basins(TwoWells(), starts, dt=0.1)
    for by in (Features(transient=200, rows=10), Proximity(found), Proximity(WELLS)):
        other = basins(TwoWells(), starts, by=by, dt=0.1)
        np.testing.assert_array_equal(other["basin"], found["basin"])
        np.testing.assert_allclose(other["state"][:, 0, 0], [-1, 1], atol=1e-6)
    np.testing.assert_array_equal(found["basin"], (np.array(starts)[:, 0] > 0).astype(int))


def test_creeping_to_a_pitchfork_makes_no_attractors():
    shares = basin_fractions(Pitchfork(), "r", [-0.1, 0.0, 0.2], {0: (-1, 1)}, resolution=50, dt=0.1)
    np.testing.assert_allclose(shares["fraction"].sum("attractor"), 1.0)
    np.testing.assert_array_equal((shares["fraction"] > 0).sum("attractor"), [1, 1, 2])


def test_orbits_that_differ_by_rounding_have_the_same_features():
    result = basins(Shrinking(), {0: (-1, 1), 1: (-1, 1)}, samples=50, by=Features(transient=300, rows=50), rng=0)
    np.testing.assert_array_equal(result["fraction"], [1.0])


def test_results_do_not_depend_on_threads_nor_touch_the_global_generator():
    before = np.random.get_state()[1].copy()
    for by in (Proximity([[-1.0], [1.0]]), Features(transient=100, rows=10)):
        one, many = (basins(TwoWells(), {0: (-2, 2)}, samples=500, by=by, dt=0.1, rng=3, threads=n) for n in (1, 3))
        xr.testing.assert_identical(one, many)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_orbits_that_lead_nowhere_are_warned_of():
    with pytest.warns(UserWarning, match=r"100% of the starts diverge\. If they should not, shorten dt = 3, "):
        basins(TwoWells(), {0: (-1, 1)}, resolution=10, dt=3.0)
    for by, hint in (
        (Recurrences(steps=5), "Raise steps, or take larger cells"),
        (Proximity(WELLS, steps=2), "Raise epsilon, or steps"),
        (Features(transient=0, rows=1, fewest=50), "Raise transient and rows"),
    ):
        with pytest.warns(UserWarning, match=rf"100% of the starts are undecided\. {hint}"):
            basins(TwoWells(), {0: (0.1, 0.4)}, by=by, resolution=10, dt=0.1)


def test_ctrl_c_keeps_what_was_decided(monkeypatch):
    whole = basins(TwoWells(), {0: (-2, 2)}, resolution=300, dt=0.1)["basin"].values

    def interrupting(function, last):
        calls = []

        def called(*args, **options):
            calls.append(1)
            if len(calls) == last:
                raise KeyboardInterrupt
            return function(*args, **options)

        return called

    def decided(result, fewest):
        basin = result["basin"].values
        k = int((basin != -2).sum())
        assert fewest <= k < 300 and float(result["undecided"]) == 1 - k / 300
        np.testing.assert_array_equal(basin[:k], whole[:k])
        return k

    with monkeypatch.context() as patch:
        patch.setattr(cells._Search, "_label", interrupting(cells._Search._label, 3))
        with pytest.raises(dr.Interrupted) as error:
            basins(TwoWells(), {0: (-2, 2)}, resolution=300, dt=0.1)
        decided(error.value.result, 2)
    with monkeypatch.context() as patch:
        patch.setattr(proximity, "_approach", interrupting(proximity._approach, 3))
        with pytest.raises(dr.Interrupted) as error:
            basins(TwoWells(), {0: (-2, 2)}, by=Proximity(WELLS), resolution=300, dt=0.1, threads=1)
        assert decided(error.value.result, 100) == 150  # two of four parts
    with monkeypatch.context() as patch:
        patch.setattr(matching, "basins", interrupting(matching.basins, 3))
        with pytest.raises(dr.Interrupted, match="after 2 of 4 values") as error:
            basin_fractions(TwoWells(), "r", [0.0, 0.1, 0.2, 0.3], {0: (-2, 2)}, resolution=20, dt=0.1)
        np.testing.assert_array_equal(error.value.result["parameter"], [0.0, 0.1])


def test_wilson():
    for k, n in ((0, 10), (3, 10), (10, 10), (425, 1000)):
        expected = scipy.stats.binomtest(k, n).proportion_ci(method="wilson")
        np.testing.assert_allclose(wilson(k, n), expected, atol=1e-12)


# --- how firmly -----------------------------------------------------------------------------------------------------------


def test_return_times_are_those_of_the_closed_form():
    epsilon, dt = 1e-5, 0.01
    starts = np.array([0.1, 0.5, 0.9, 1.7])
    result = return_time(TwoWells(), WELLS, starts[:, None], epsilon=epsilon, dt=dt)

    def time(a, b):  # from x = a to x = b
        return 0.5 * np.log(np.abs(b**2 * (1 - a**2) / (a**2 * (1 - b**2))))

    expected = time(starts, np.where(starts < 1, 1 - epsilon, 1 + epsilon))
    np.testing.assert_allclose(result["time"], expected, atol=1e-6)
    assert float(result["e_folding_time"][1]) == pytest.approx(0.5, abs=1e-4)  # 1 / |f'(1)|
    assert float(result["longest_time"][1]) == pytest.approx(expected.max(), abs=1e-6)
    assert np.isnan(result["mean_time"][0]) and (result["basin"] == 1).all()


def test_the_smallest_shock_of_a_well_reaches_its_border():
    for k, sign in ((0, 1), (1, -1)):
        shock = minimal_critical_shock(TwoWells(), WELLS, k, largest=3.0, dt=0.1, tolerance=1e-6)
        assert float(shock["magnitude"]) == pytest.approx(1.0, abs=1e-5)
        assert np.sign(shock["state"].sel(what="shock").values) == [sign] and int(shock["end"]) == 1 - k
    assert np.isnan(minimal_critical_shock(TwoWells(), WELLS, 0, largest=0.9, dt=0.1)["magnitude"])


def test_newtons_fractal_is_left_by_a_shock_of_its_known_size():
    roots = [[math.cos(a), math.sin(a)] for a in (0.0, 2 * math.pi / 3, -2 * math.pi / 3)]
    sizes = [
        float(minimal_critical_shock(Newton(), roots, k, largest=1.5, epsilon=0.05, steps=200, rng=k)["magnitude"])
        for k in range(3)
    ]
    np.testing.assert_allclose(sizes, 0.622, rtol=0.01)


def test_basin_stability_is_the_share_of_perturbations_that_return():
    result = basin_stability(TwoWells(), WELLS, {0: (-2, 2)}, samples=2000, dt=0.1, rng=0)
    low, high = result["stability_low"].values, result["stability_high"].values
    assert (low < 0.75).all() and (high > 0.75).all()  # from 1, the border is at 0 and the shocks reach -1
    np.testing.assert_allclose(result["probability"].sum("end"), 1)
    np.testing.assert_array_equal(result["stability"], np.diagonal(result["probability"].values))
    far = basin_stability(TwoWells(), WELLS, lambda rng, count: np.full((count, 1), 1.5), samples=7, dt=0.1)
    np.testing.assert_array_equal(far["stability"], [0, 1])


def test_the_edge_state_is_the_saddle():
    rest = math.sqrt(2 / 3) * np.array([1, 1 / 3])
    edge = edge_state(Bistable(), [1.0, 0.3], [-0.4, 0.8], [rest, -rest], dt=0.02)
    assert bool(edge["converged"])
    np.testing.assert_allclose(edge["state"][-1], 0, atol=1e-4)
    np.testing.assert_array_equal(edge["labels"], [0, 1])
    on_border = edge["state"].values  # the stable manifold of a saddle is a line through it here: the track stays on one side
    assert len(on_border) > 3 and (np.diff(np.linalg.norm(on_border, axis=1)) < 1e-6).all()


# --- along a parameter ----------------------------------------------------------------------------------------------------


def test_matching_keeps_labels_along_a_parameter():
    r = np.linspace(-0.5, 0.5, 21)
    along = basin_fractions(TwoWells(), "r", r, {0: (-2, 2)}, resolution=100, dt=0.1)
    assert along["fraction"].dims == ("parameter", "attractor") and along.sizes["attractor"] == 2
    roots = [np.sort(np.roots([-1, 0, 1, value])[np.abs(np.roots([-1, 0, 1, value]).imag) < 1e-9].real) for value in r]
    low = np.array([x[0] if x[0] < 0 else np.nan for x in roots])
    low[r > FOLD] = np.nan
    left = int(np.nanargmin(along["state"].mean("parameter").values[:, 0]))
    np.testing.assert_allclose(along["state"].values[:, left, 0], low, atol=1e-5)
    border = np.array([x[1] if len(x) == 3 else (2.0 if value < 0 else -2.0) for x, value in zip(roots, r, strict=True)])
    np.testing.assert_allclose(along["fraction"].values[:, left], (border + 2) / 4, atol=0.0051)  # half a cell
    np.testing.assert_allclose(along["fraction"].sum("attractor"), 1)
    assert ((along["fraction_low"] <= along["fraction"]) & (along["fraction"] <= along["fraction_high"])).all()


def test_labels_are_matched_by_place_and_new_ones_are_free():
    def some(points, labels):
        state = np.array(points, float)[:, None, None]
        basin = np.arange(len(points))
        return xr.Dataset(
            {"state": (("attractor", "point", "unit"), state), "basin": ("start", np.array(labels)[basin])}, {"attractor": labels}
        )

    before, after = some([0.0, 5.0], [0, 1]), some([5.2, 9.0, 0.1], [0, 1, 2])
    same = match_attractors(before, after)
    np.testing.assert_array_equal(same["attractor"], [0, 1, 2])
    np.testing.assert_array_equal(same["state"].values.ravel(), [0.1, 5.2, 9.0])
    np.testing.assert_array_equal(same["basin"], [1, 2, 0])
    strict = match_attractors(before, after, threshold=0.15, distance="hausdorff")
    assert dict(zip(strict["attractor"].values, strict["state"].values.ravel(), strict=True)) == {0: 0.1, 2: 5.2, 3: 9.0}


def test_a_drift_through_the_fold_tips():
    kept = tipping(Moving(), "r", np.linspace(-1, -0.1, 46), {0: (-2, 0.9)}, hold=0.5, dt=0.1)
    assert float(kept["tipped"][0]) == 0
    assert float(kept["state"][0, -1, 0]) == pytest.approx(-math.sqrt(0.1), abs=0.1)
    gone = tipping(Moving(), "r", np.linspace(-1, 1, 101), {0: (-2, 0.9)}, hold=0.5, dt=0.1)
    assert float(gone["tipped"][0]) == 1 and float(gone["probability"].sel(end=-1)[0]) == 1
    other = tipping(TwoWells(), "r", np.linspace(0, 0.5, 51), {0: (-2, 2)}, hold=2.0, dt=0.1)
    np.testing.assert_array_equal(other["tipped"].values[np.argsort(other["state"].values[:, 0, 0])], [1, 0])


@pytest.mark.parametrize(("rate", "tips"), [(0.95, 0), (1.05, 1)])
def test_a_shift_tips_where_its_rate_is_above_one(rate, tips):
    """Ashwin et al. (2012): no bifurcation is met, only the rate counts."""
    step = 0.02
    path = np.arange(0, 40 * rate, step * rate)
    box = {0: (-2 - 40 * rate, 0.9 - path[0])}
    result = tipping(Moving(), "shift", path, box, resolution=400, hold=step, dt=step)
    start = result["state"][:, 0, 0].values
    assert len(start) == 1 and start[0] == pytest.approx(-1, abs=0.05)
    assert float(result["tipped"][0]) == tips


def test_a_jump_of_a_parameter_moves_states_between_basins():
    box = {0: (-2, 2)}
    before = basins(TwoWells(), box, resolution=200, dt=0.1)
    after = match_attractors(before, basins(TwoWells(r=0.2), box, resolution=200, dt=0.1))
    border = np.sort(np.roots([-1, 0, 1, 0.2]).real)[1]  # -0.2091
    table = tipping_probabilities(before, after)
    assert float(table.sel(before=0, after=1)) == pytest.approx(-border / 2, abs=0.005)
    assert float(table.sel(before=1, after=1)) == 1


# --- bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: basins(TwoWells(), {0: (-1, 1)}), "dt: got nothing, wanted a step in seconds"),
        (lambda: basins(dr.Henon(), SQUARE, dt=0.1), "dt, method: got a value, wanted neither for a map"),
        (lambda: basins(dr.Henon(), {"z": (0, 1)}), "starts: got 'z', wanted one of 'x', 'y'"),
        (lambda: basins(dr.Henon(), {2: (0, 1)}), "starts: got 2, wanted an integer >= 0 and <= 1"),
        (lambda: basins(dr.Henon(), {"x": (1, 0)}), r"starts\['x'\]: got \(1, 0\), wanted low < high"),
        (lambda: basins(dr.Henon(), {"x": 1.0}), "A variable that is held has its value in x0"),
        (lambda: basins(dr.Henon(), {}), "starts: got an empty mapping"),
        (
            lambda: basins(dr.Henon(), [[1.0, 2.0, 3.0]]),
            r"shape \(1, 3\), wanted states \(2,\) .* A box is a mapping such as",
        ),
        (lambda: basins(dr.Henon(), [[1.0, 2.0]], samples=3), "samples: got a value, wanted nothing beside states"),
        (lambda: basins(dr.Henon(), SQUARE, by="proximity"), r"Pass by=Proximity\(attractors\)"),
        (lambda: basins(dr.Henon(), SQUARE, by="recurrence"), "Did you mean 'recurrences'"),
        (lambda: basins(dr.Henon(), SQUARE, by=Proximity([[0.6, 0.2]])), r"epsilon: got nothing, .* Pass epsilon="),
        (lambda: basins(dr.Henon(), SQUARE, by=Proximity([[0.6]], 1.0)), r"attractors: got points of shape \(1, 1\)"),
        (lambda: basins(dr.Henon(), SQUARE, by=Proximity([], 1.0)), "attractors: got none, wanted at least one"),
        (lambda: basins(dr.Henon(), SQUARE, by=Recurrences([1.0, 1.0, 1.0])), "cell: got 3 widths, wanted a number or 2"),
        (lambda: Recurrences(cell=0.0), "cell: got 0, wanted widths above 0"),
        (lambda: Features(3), "of: got int, wanted a function"),
        (lambda: basins(dr.Hopfield(np.zeros((2, 2))), [[1, 1]]), "Hopfield with noise, wanted a deterministic system"),
        (lambda: basins("henon", SQUARE), "system: got str, wanted a dynrnn System"),
        (lambda: edge_state(TwoWells(), [0.5], [0.7], WELLS, dt=0.1), "a, b: got states that lead to 1 and 1"),
        (lambda: minimal_critical_shock(TwoWells(), WELLS, 2, largest=1.0, dt=0.1), "attractor: got 2, wanted one of 0, 1"),
        (lambda: tipping(TwoWells(), "r", [0.0], {0: (-2, 2)}, hold=1, dt=0.1), r"path: got 1 value\(s\), wanted at least two"),
        (lambda: tipping(TwoWells(), "q", [0, 1], {0: (-2, 2)}, hold=1, dt=0.1), "parameter: got 'q', wanted one of 'r'"),
        (lambda: match_attractors(xr.Dataset(), xr.Dataset()), "before: got Dataset, wanted a result of basins"),
        (lambda: tipping_probabilities(xr.DataArray([0]), xr.DataArray([0, 1])), r"wanted \(1,\), as before: the same starts"),
        (lambda: basin_stability(TwoWells(), WELLS, 0.5, dt=0.1), "perturbation: got float, wanted a mapping"),
        (lambda: basin_stability(TwoWells(), WELLS, {"q": (0, 1)}, dt=0.1), "perturbation: got 'q', wanted one of"),
        (lambda: basins(dr.Adaptive(TwoWells(), "dopri5", 0.1), {0: (-1, 1)}), "memory of its method.*Pass the flow itself"),
        (lambda: basins(dr.Hopfield(np.zeros((2, 2))), [[1, 1]]), 'Take a rule without chance, as update="synchronous"'),
        (lambda: basins(dr.Henon(), SQUARE, inputs=[0.1]), r"inputs: got shape \(1,\), wanted shape \(0,\)"),
        (lambda: basin_fractions(TwoWells(), "r", [], {0: (-1, 1)}, dt=0.1), "values: got none, wanted at least one"),
    ],
)
def test_bad_input_meets_a_message(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


# --- figures --------------------------------------------------------------------------------------------------------------


def test_figures_show_what_is_in_the_data():
    result = basins(dr.Henon(), SQUARE, resolution=20)
    ax = dr.plot.basins(result)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")
    (mesh,) = [c for c in ax.collections if c.get_array() is not None and c.get_array().size == 400]
    np.testing.assert_array_equal(mesh.get_array().reshape(20, 20) == 2, result["basin"].values.T == 0)
    with pytest.raises(TypeError, match=r"wanted a grid of two variables\. Take a slice"):
        dr.plot.basins(result.isel(x=0))

    along = basin_fractions(dr.Henon(), "a", [1.2, 1.4, 2.0], SQUARE, resolution=20)
    ax = dr.plot.fractions(along)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), along["fraction"][:, 0])
    assert ax.get_xlabel() == "a" and ax.get_legend().get_texts()[0].get_text() == "attractor 0"
    plt.close("all")
