"""Fixed points against closed forms, published numbers and networks that have theirs built in."""

from __future__ import annotations

import itertools
import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import scipy.special
import xarray as xr

import dynrnn as dr
from dynrnn.analysis import _search
from dynrnn.integrate import Delayed
from dynrnn.integrate.sections import Stroboscopic
from dynrnn.system import jacobian


def at(points, name="state"):
    return points[name].values


def near(points, x, name="state"):
    """The one point at x."""
    (k,) = np.flatnonzero(np.abs(at(points, name) - x).max(axis=1) < 1e-6)
    return points.isel(point=k)


class Linear(dr.System):
    """A map or a flow, as `flow` says; no derivative is given."""

    A: np.ndarray
    c: np.ndarray

    @property
    def units(self):
        return self.c.size


class LinearMap(Linear):
    def step(p, x, u, out):
        for i in range(x.size):
            out[i] = p.c[i]
            for j in range(x.size):
                out[i] += p.A[i, j] * x[j]


class LinearFlow(Linear):
    def drift(p, t, x, u, out):
        for i in range(x.size):
            out[i] = p.c[i]
            for j in range(x.size):
                out[i] += p.A[i, j] * x[j]


class Fold(dr.System):
    """``x' = a + x²``: zeros at ±sqrt(-a); for a > 0 the speed has its minimum at 0."""

    a: float = 0.0

    def drift(p, t, x, u, out):
        out[0] = p.a + x[0] * x[0]


# --- known points and spectra ---------------------------------------------------------------------------------------------


def test_henon():
    points = dr.fixed_points(dr.Henon(), rng=0)
    a, b = 1.4, 0.3
    x = (b - 1 + np.array([1, -1]) * math.sqrt((1 - b) ** 2 + 4 * a)) / (2 * a)
    np.testing.assert_allclose(np.sort(at(points)[:, 0]), np.sort(x), rtol=1e-15)
    np.testing.assert_allclose(x, [0.63135448, -1.13135448], atol=5e-9)
    for root in x:
        one = near(points, [root, b * root])
        multipliers = -a * root + np.array([-1, 1]) * math.sqrt((a * root) ** 2 + b)
        np.testing.assert_allclose(np.sort(one["eigenvalue"].values.real), np.sort(multipliers), rtol=1e-12)
        assert one["kind"] == "saddle" and one["unstable_dimensions"] == 1 and not one["stable"]
    assert int(points["candidates"].sum()) == points.attrs["started"] == points.attrs["fixed"] == 256


def test_lorenz_has_three_of_which_two_are_stable():
    points = dr.fixed_points(dr.Lorenz63(rho=22.0), rng=0)
    c = math.sqrt(8 / 3 * 21)
    assert points.sizes["point"] == 3
    for x in ([c, c, 21], [-c, -c, 21]):
        assert near(points, x)["kind"] == "stable focus"
    assert near(points, [0, 0, 0])["kind"] == "saddle"
    np.testing.assert_allclose(
        near(points, [0, 0, 0])["eigenvalue"].values, [10, -8 / 3, -21], rtol=1e-12
    )  # (11² + 4·210)^½ = 31
    assert points["stable"].values.tolist() == [True, True, False]
    assert points.isel(point=points["stable"]).sizes["point"] == 2


def test_fitzhugh_nagumo_turns_unstable_at_its_hopf_bifurcation():
    kinds = []
    for current in (0.33, 0.3325):  # 0.3312813 in between
        system = dr.FitzHughNagumo(I=current, a=0.7, b=0.8, eps=0.08)
        points = dr.fixed_points(system, rng=0)
        v = np.roots([-1 / 3, 0, 1 - 1 / 0.8, -0.7 / 0.8 + current])
        np.testing.assert_allclose(
            at(points), [[v.real[np.abs(v.imag) < 1e-12][0], (v.real[np.abs(v.imag) < 1e-12][0] + 0.7) / 0.8]]
        )
        kinds += points["kind"].values.tolist()
    assert kinds == ["stable focus", "unstable focus"]


def test_beers_oscillator_turns_around_an_unstable_focus():
    points = dr.fixed_points(dr.CTRNN(W=[[4.5, 1.0], [-1.0, 4.5]], theta=[-2.75, -1.75]), rng=0)
    np.testing.assert_allclose(at(points), [[2.75, 1.75]], rtol=1e-14)
    np.testing.assert_allclose(points["eigenvalue"].values, [[0.125 + 0.25j, 0.125 - 0.25j]], rtol=1e-12)
    assert points["kind"].values.tolist() == ["unstable focus"]


@pytest.mark.parametrize(
    ("mu0", "stable", "saddles"),
    [
        (0.0, [(0.10265, 0.10265), (0.56699, 0.03189), (0.03189, 0.56699)], [(0.31384, 0.05579), (0.05579, 0.31384)]),
        (30.0, [(0.65869, 0.05181), (0.05181, 0.65869)], [(0.42446, 0.42446)]),
    ],
)
def test_wong_wang_decides_between_attractors(mu0, stable, saddles):
    points = dr.fixed_points(dr.WongWang(), inputs=[mu0, 0.0], rng=0)
    found = {kind: at(points.isel(point=points["stable"].values == kind), "S") for kind in (True, False)}
    for kind, wanted in ((True, stable), (False, saddles)):
        np.testing.assert_allclose(found[kind][found[kind][:, 0].argsort()], sorted(wanted), atol=1e-5)
    assert set(points["kind"].values) == {"stable node", "saddle"}
    assert points["S"].dims == ("point", "unit") and points["unit"].values.tolist() == ["S1", "S2"]


def test_flip_flop_network_with_its_27_points_built_in():
    """Three bistable units behind an orthogonal matrix: each has the points 0 and ±m of m = tanh(2 m)."""
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(12, 12)))[0][:, :3]
    m = 1.0
    for _ in range(200):
        m = math.tanh(2 * m)
    corners = np.array(list(itertools.product([-m, 0, m], repeat=3)))

    class Embedded(dr.System):
        """z = B^T x of x follows the three units; the other directions decay."""

        B: np.ndarray
        units = 12

        def drift(p, t, x, u, out):
            for i in range(12):
                out[i] = -x[i]
            for k in range(3):
                z = 0.0
                for i in range(12):
                    z += p.B[i, k] * x[i]
                for i in range(12):
                    out[i] += p.B[i, k] * np.tanh(2 * z)

    points = dr.fixed_points(Embedded(basis), candidates=rng.uniform(-1.2, 1.2, (400, 3)) @ basis.T, rng=0)
    assert points.sizes["point"] == 27
    assert np.bincount(points["unstable_dimensions"]).tolist() == [8, 12, 6, 1]
    assert int(points["stable"].sum()) == 8
    z = at(points) @ basis
    for one, saddle_index in zip(corners, (corners == 0).sum(axis=1), strict=True):
        (k,) = np.flatnonzero(np.abs(z - one).max(axis=1) < 1e-12)
        assert points["unstable_dimensions"][k] == saddle_index
        own = 2 * (1 - one**2) - 1  # as tanh(2 z) = z
        np.testing.assert_allclose(np.sort(points["eigenvalue"][k].values.real), np.sort(np.append(own, -np.ones(9))), atol=1e-9)


# --- linear systems -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [LinearMap, LinearFlow])
def test_linear_systems_have_one_point_and_the_spectrum_of_their_matrix(kind):
    rng = np.random.default_rng(3)
    A, c = rng.normal(size=(4, 4)), rng.normal(size=4)
    points = dr.fixed_points(kind(A, c), rng=0)
    exact = np.linalg.solve(np.eye(4) - A if kind is LinearMap else -A, c)
    np.testing.assert_allclose(at(points), [exact], atol=1e-12)
    expected = np.linalg.eigvals(A)
    growth = np.log(np.abs(expected)) if kind is LinearMap else expected.real
    values = points["eigenvalue"].values[0]
    np.testing.assert_allclose(np.sort_complex(values), np.sort_complex(expected), atol=1e-9)
    assert points["unstable_dimensions"].values.tolist() == [(growth > 0).sum()]
    assert points.attrs["derivative"] in ("complex step", "central differences")


@pytest.mark.parametrize(("kind", "neutral"), [(LinearMap, 1.0), (LinearFlow, 0.0)])
def test_a_line_of_points_is_said_to_be_one(kind, neutral):
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    along = basis[:, 0]

    def system(*values):
        return kind(basis @ np.diag(values) @ basis.T, np.zeros(3))

    line = dr.fixed_points(system(neutral, -0.5, -0.3), candidates=20, rng=0, marginal=1e-4)
    assert line.attrs["fixed"] == 20 and line["line_attractor"].all() and not line["stable"].any()
    assert set(line["kind"].values) == {"marginal"} and (line["marginal_dimensions"] == 1).all()
    np.testing.assert_allclose(at(line) - np.outer(at(line) @ along, along), 0, atol=1e-8)
    assert np.ptp(at(line) @ along) > 0.1
    assert not dr.fixed_points(system(neutral + 0.1, -0.5, -0.3), rng=0)["line_attractor"].any()


def test_a_ring_attractor_has_neutral_modes_along_it():
    ring = dr.RingAttractor(8)
    angles = 2 * np.pi * np.random.default_rng(0).random(6)
    points = dr.fixed_points(ring, candidates=np.array([ring.bump(angle) for angle in angles]) * 1.05)
    assert points.sizes["point"] == 6 and points["line_attractor"].all()


# --- slow points, deflation, merging --------------------------------------------------------------------------------------


def test_a_ghost_is_a_slow_point_with_its_speed():
    a = 1e-3
    system = Fold(a)
    points = dr.fixed_points(system, candidates=[[-0.5], [0.7]], slow=1e-4)
    assert points["kind"].values.tolist() == ["slow"] and points["candidates"].values.tolist() == [2]
    np.testing.assert_allclose(points["speed"], a**2 / 2, rtol=1e-3)
    np.testing.assert_allclose(at(points), 0, atol=1e-3)
    assert points["converged"].all() and not points["stable"].any()
    for threshold in (None, 1e-8):
        none = dr.fixed_points(system, candidates=[[-0.5], [0.7]], slow=threshold)
        assert none.sizes["point"] == 0 and none.attrs["slow"] == none.attrs["dropped"] == 2


def test_both_branches_of_a_fold_and_its_edge():
    points = dr.fixed_points(Fold(-0.25), candidates=[[-1.0], [2.0]])
    np.testing.assert_allclose(at(points), [[-0.5], [0.5]], rtol=1e-14)
    assert points["kind"].values.tolist() == ["stable node", "unstable node"]
    edge = dr.fixed_points(Fold(0.0), candidates=[[1.0]])
    assert edge.attrs["fixed"] == 1 and abs(edge["state"].item()) < 1e-4


def test_deflation_finds_what_the_same_start_did_not():
    lorenz, start = dr.Lorenz63(), [[1.0, 1.0, 1.0]]
    one = dr.fixed_points(lorenz, candidates=start)
    three = dr.fixed_points(lorenz, candidates=start, deflation=5)
    c = math.sqrt(72)
    assert one.sizes["point"] == 1
    assert sorted(np.round(at(three)[:, 0], 9)) == sorted(np.round([-c, 0, c], 9))


def test_points_are_merged_by_distance_and_counted():
    starts = [[0.6, 0.2], [0.62, 0.18], [-1.1, -0.3]]
    points = dr.fixed_points(dr.Henon(), candidates=starts)
    assert points["candidates"].values.tolist() == [2, 1]
    kept = dr.fixed_points(dr.Henon(), candidates=starts, unique=0)
    assert kept.sizes["point"] == 3 and (kept["candidates"] == 1).all()
    assert dr.fixed_points(dr.Henon(), candidates=starts, unique=10.0).sizes["point"] == 1


def test_what_does_not_converge_is_kept_and_flagged():
    class Runaway(dr.System):
        """``exp(-x)`` has its zero at infinity."""

        def drift(p, t, x, u, out):
            out[0] = np.exp(-x[0])

    system = Runaway()
    points = dr.fixed_points(system, candidates=[[0.0]], tolerance=1e-300)
    assert points.sizes["point"] == 1 and not points["converged"].any() and points["kind"].values.tolist() == ["not converged"]
    assert points.attrs["not_converged"] == 1 and points.attrs["fixed"] == 0


# --- networks of every kind -----------------------------------------------------------------------------------------------


def small_esn():
    return dr.ESN.random(20, inputs=2, spectral_radius=0.8, leak=0.4, rng=1)


def test_a_driven_reservoir_rests_where_it_ends_up():
    esn, u = small_esn(), np.array([0.3, -0.2])
    points = dr.fixed_points(esn, inputs=u, candidates=5, rng=0, input_jacobian=True)
    states = dr.simulate(esn, np.tile(u, (400, 1)))
    assert points.sizes["point"] == 1 and bool(points["stable"][0])
    np.testing.assert_allclose(at(points)[0], states["state"][-1], atol=1e-10)
    moved = [dr.fixed_points(esn, inputs=u + h, candidates=at(points)) for h in 1e-5 * np.vstack([np.eye(2), -np.eye(2)])]
    change = np.array([at(moved[j])[0] - at(moved[j + 2])[0] for j in range(2)]).T / 2e-5
    J = jacobian(esn, at(points)[0], u)
    np.testing.assert_allclose(np.linalg.solve(np.eye(20) - J, points["input_jacobian"][0]), change, atol=1e-7)


def test_a_run_gives_the_candidates():
    esn = small_esn()
    states = dr.simulate(esn, np.random.default_rng(0).normal(size=(1500, 2)))
    points = dr.fixed_points(esn, candidates=states, rng=0)
    assert points.attrs["started"] == 1000
    np.testing.assert_allclose(at(points), np.zeros((1, 20)), atol=1e-12)
    again = dr.fixed_points(esn, candidates=states, rng=0)
    xr.testing.assert_identical(points, again)


def test_single_precision():
    class Single(Fold):
        @property
        def dtype(self):
            return np.dtype(np.float32)

    points = dr.fixed_points(Single(-0.3), candidates=20, rng=0)
    assert points["state"].dtype == np.float64 and points.attrs["fixed"] == 20
    np.testing.assert_allclose(at(points).ravel(), [-math.sqrt(0.3), math.sqrt(0.3)], rtol=1e-6)


def test_an_lstm_has_both_parts_of_its_state():
    lstm = dr.LSTM.random(5, inputs=1, rng=2)
    points = dr.fixed_points(lstm, inputs=[0.5], candidates=20, rng=0)
    states = dr.simulate(lstm, np.full((500, 1), 0.5))
    k = int(np.flatnonzero(points["stable"])[0])
    for part in ("h", "c"):
        np.testing.assert_allclose(points[part][k], states[part][-1], atol=1e-8)


def test_a_closed_loop():
    esn = dr.ESN([[0.5]], [1.0])
    points = dr.fixed_points(dr.ClosedLoop(esn, [[1.5]]), rng=0)  # x = tanh(2 x)
    m = 0.9575040240772687
    np.testing.assert_allclose(np.sort(at(points).ravel()), [-m, 0, m], atol=1e-12)
    np.testing.assert_allclose(np.sort(points["eigenvalue"].values.real.ravel()), [2 * (1 - m * m)] * 2 + [2], rtol=1e-9)


def test_a_sampled_flow_rests_where_the_flow_does():
    sampled = dr.Discretised(dr.Lorenz63(rho=22.0), "rk4", 0.01)
    points = dr.fixed_points(sampled, candidates=[[7.0, 7.0, 20.0], [0.1, 0.0, 0.0]])
    c = math.sqrt(56)
    one = near(points, [c, c, 21])
    flow = np.linalg.eigvals(jacobian(dr.Lorenz63(rho=22.0), [c, c, 21]))
    h = 0.01 * flow
    np.testing.assert_allclose(
        np.sort_complex(one["eigenvalue"].values), np.sort_complex(1 + h + h**2 / 2 + h**3 / 6 + h**4 / 24), atol=1e-12
    )
    assert bool(one["stable"])


# --- the result -----------------------------------------------------------------------------------------------------------


def test_results_are_labelled_sorted_and_stored(tmp_path):
    points = dr.fixed_points(dr.Lorenz63(), rng=5)
    assert points["unit"].values.tolist() == ["x", "y", "z"] and points["eigenvalue"].dims == ("point", "mode")
    assert points["unstable_dimensions"].values.tolist() == [1, 2, 2]
    assert points.attrs["class"] == "Lorenz63" and points.attrs["derivative"] == "exact" and points.attrs["seed"] == 5
    points.to_netcdf(tmp_path / "points.nc", engine="h5netcdf")
    xr.testing.assert_identical(xr.load_dataset(tmp_path / "points.nc", engine="h5netcdf"), points)


def test_figure_shows_stability_and_trajectories():
    flow = dr.Lorenz63(rho=22.0)
    points = dr.fixed_points(flow, rng=0)
    run = dr.simulate(flow, duration=2.0, dt=0.01)
    ax = dr.plot.fixed_points(points, trajectories=run)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["stable", "saddle"]
    assert ax.get_xlabel().startswith("PC 1 (") and len(ax.lines) == 1
    offsets = {c.get_label(): c.get_offsets() for c in ax.collections}
    assert len(offsets["stable"]) == 2 and len(offsets["saddle"]) == 1
    named = dr.plot.fixed_points(points, x="x", y="z")
    np.testing.assert_allclose(
        sorted({c.get_label(): c.get_offsets() for c in named.collections}["stable"].tolist()),
        [[-math.sqrt(56), 21], [math.sqrt(56), 21]],
    )
    with pytest.raises(ValueError, match="both, or neither"):
        dr.plot.fixed_points(points, x="x")
    plt.close("all")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"candidates": np.empty((0, 3))}, r"candidates: got no states, wanted at least one"),
        ({"candidates": [[1.0, 2.0]]}, r"candidates: got shape \(1, 2\), wanted states \(3,\) or"),
        ({"candidates": 0}, r"candidates: got 0, wanted an integer >= 1"),
        ({"candidates": [[np.nan, 0, 0]]}, r"candidates: got nan at index \(0, 0\)"),
        ({"candidates": xr.Dataset({"h": (("time", "unit"), np.zeros((2, 3)))})}, "a result without state"),
        ({"inputs": [1.0]}, r"inputs: got shape \(1,\), wanted shape \(0,\)\. They are held"),
        ({"candidates": {"q": (0, 1)}}, "candidates: got 'q', wanted one of 'x', 'y', 'z'"),
        ({"candidates": {"x": (1, 0)}}, r"candidates\['x'\]: got \(1, 0\), wanted low < high"),
        ({"tolerance": 0.0}, r"tolerance: got 0, wanted a finite number in \(0, inf\)"),
        ({"slow": -1.0}, r"slow: got -1"),
        ({"deflation": -1}, r"deflation: got -1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        dr.fixed_points(dr.Lorenz63(), **arguments)


class TwoPasts(dr.System):
    """Two units that hear each other late, one after 0.5 s and one after 2 s; the origin is an equilibrium."""

    delays = (0.5, 2.0)
    units = ("a", "b")

    def drift(p, t, x, u, out):
        out[0] = -x[0] + 1.5 * np.sin(u[3]) - 0.3 * u[0]
        out[1] = -2 * x[1] - 0.8 * u[0] + 0.4 * x[0]


def test_an_equilibrium_with_delays_has_the_roots_of_lambert():
    points = dr.fixed_points(dr.MackeyGlass(), candidates={"x": (0.5, 1.5)}, rng=0)
    point = near(points, [1.0])
    a, b, tau = -0.1, -0.4, 17.0  # at 1 the slope of beta x / (1 + x^10) is -0.4
    branches = scipy.special.lambertw(b * tau * np.exp(-a * tau), np.arange(-9, 10))
    wanted = sorted(a + branches / tau, key=lambda s: (-s.real.round(9), -s.imag))[:10]
    np.testing.assert_allclose(point["eigenvalue"], wanted, atol=1e-12)
    assert str(point["kind"].values) == "saddle" and int(point["unstable_dimensions"]) == 2


def test_roots_of_several_delays_solve_the_characteristic_equation():
    points = dr.fixed_points(TwoPasts(), candidates=[[0.01, 0.0]])
    roots = near(points, [0.0, 0.0])["eigenvalue"].values

    def det(s):
        early, late = np.exp(-0.5 * s), np.exp(-2.0 * s)
        return (s + 1 + 0.3 * early) * (s + 2) - 1.5 * late * (0.4 - 0.8 * early)

    np.testing.assert_allclose(det(roots), 0, atol=1e-6)  # derivatives are made
    gaps = -np.diff(roots.real)
    for k in np.flatnonzero(gaps > 0.05):  # as many as the argument of det turns around all that is farther right
        c, R, side = roots.real[k] - gaps[k] / 2, 40.0, np.linspace(0, 1, 40_001)
        corners = np.array([c - 1j * R, R - 1j * R, R + 1j * R, c + 1j * R, c - 1j * R])
        contour = np.concatenate([a + side * (b - a) for a, b in itertools.pairwise(corners)])
        assert round(np.unwrap(np.angle(det(contour)))[[0, -1]] @ [-1, 1] / (2 * np.pi)) == k + 1
    assert (gaps > 0.05).sum() >= 3


class Forced(dr.System):
    """``x' = -x + cos(2 pi t)``, whose only orbit of period 1 passes ``1 / (1 + (2 pi)²)`` at t = 0."""

    def drift(p, t, x, u, out):
        out[0] = -x[0] + np.cos(2 * np.pi * t)


@pytest.mark.parametrize(
    "system, message",
    [
        (Delayed(dr.MackeyGlass(), "rk4", 1.0), r"Delayed, whose state holds the memory of its method.*Pass the flow itself\."),
        (dr.Adaptive(dr.Lorenz63(), "dopri5", 0.1), "Adaptive, whose state holds the memory of its method"),
        (Forced(), r"Forced, which depends on time, wanted one that does not\..*Stroboscopic\(flow, period\)"),
        (dr.Discretised(Forced(), "rk4", 0.1), "Discretised, which depends on time"),
        (dr.Hopfield(np.zeros((2, 2))), 'Hopfield, whose steps are random choices.*update="synchronous" and temperature=0'),
    ],
)
def test_what_has_nowhere_to_rest_is_refused_with_the_remedy(system, message):
    with pytest.raises(ValueError, match=message):
        dr.fixed_points(system)


def test_a_forced_flow_rests_where_a_stroboscope_sees_it():
    points = dr.fixed_points(Stroboscopic(Forced(), 1.0, steps=200))
    np.testing.assert_allclose(at(points), [[1 / (1 + (2 * np.pi) ** 2)]], atol=1e-8)
    np.testing.assert_allclose(points["eigenvalue"], [[np.exp(-1)]], atol=1e-8)


def test_a_memory_without_chance_rests_where_enumeration_says():
    memory = dr.Hopfield.store([[1, 1, 1, -1, -1, -1], [1, -1, 1, -1, 1, -1]], update="synchronous")
    corners = np.array(list(itertools.product([-1.0, 1.0], repeat=6)))
    field = corners @ memory.W.to_array().T
    still = corners[(np.where(np.abs(field) < 1e-12, corners, np.sign(field)) == corners).all(axis=1)]
    points = dr.fixed_points(memory, candidates=corners)
    assert sorted(map(tuple, at(points))) == sorted(map(tuple, still)) and len(still) >= 4


def test_ctrl_c_keeps_what_was_found(monkeypatch):
    def interrupting(name, last):
        function, calls = getattr(_search, name), []

        def called(*args):
            calls.append(1)
            if len(calls) == last:
                raise KeyboardInterrupt
            return function(*args)

        return called

    starts = np.linspace(0.5, 2.0, 3000)[:, None]
    with monkeypatch.context() as patch:
        patch.setattr(_search, "_batch", interrupting("_batch", 2))
        with pytest.raises(dr.Interrupted, match="stopped after 1024 candidates") as error:
            dr.fixed_points(Fold(a=-1.0), candidates=starts)
    np.testing.assert_allclose(at(error.value.result), [[1.0]], atol=1e-9)
    assert error.value.result.attrs["ended"] == 1024 and error.value.result.attrs["started"] == 3000
    with monkeypatch.context() as patch:  # while it looks for more
        patch.setattr(_search, "_batch", interrupting("_batch", 2))
        with pytest.raises(dr.Interrupted) as error:
            dr.fixed_points(Fold(a=-1.0), candidates=starts[:10], deflation=1)
    np.testing.assert_allclose(at(error.value.result), [[1.0]], atol=1e-9)


def test_candidates_of_a_box():
    points = dr.fixed_points(Fold(a=-1.0), candidates={0: (0.5, 2.0)}, rng=0)
    np.testing.assert_allclose(at(points), [[1.0]], atol=1e-9)
    assert int(points["candidates"].sum()) == 256
