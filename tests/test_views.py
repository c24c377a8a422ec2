"""Other views of dynamics: sections, the 0-1 test, GALI, dimensions, embeddings, spectra and climates against what is known."""

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import quad, trapezoid
from scipy.linalg import expm

from dynrnn import plot, simulate
from dynrnn.analysis.alignment import gali
from dynrnn.analysis.chaos_test import zero_one_test
from dynrnn.analysis.climate import compare_climate
from dynrnn.analysis.dimension import correlation_dimension
from dynrnn.analysis.dimensionality import participation_ratio, principal_components
from dynrnn.analysis.embedding import delay_embedding, embedding_delay
from dynrnn.analysis.recurrence import recurrence_plot
from dynrnn.analysis.sections import poincare_section, successive_maxima
from dynrnn.analysis.spectrum import autocorrelation, autocorrelation_time, integrated_time, power_spectrum
from dynrnn.integrate import Crossing, Discretised
from dynrnn.integrate.events import crossing
from dynrnn.integrate.sections import Plane, PoincareMap, Stroboscopic
from dynrnn.run import Diverged
from dynrnn.system import System, jacobian
from dynrnn.systems.hopf import HopfNormalForm
from dynrnn.systems.lorenz import Lorenz63
from dynrnn.systems.torus_maps import StandardMap
from dynrnn.testing import _call_jvp, check_system

# ------------------------------------------------------------------------------------------------- maps made of flows

MU, OMEGA = 0.3, 2.0
CYCLE = HopfNormalForm(mu=MU, omega=OMEGA)
RETURN = PoincareMap(CYCLE, Crossing("y", 0.0, direction=1), dt=0.02)


class Forced(System):
    """x'' + g x' + k x = cos(w t)."""

    k: float = 2.0
    g: float = 0.3
    w: float = 1.7

    units = ("x", "v")

    def drift(p, t, x, u, out):
        out[0] = x[1]
        out[1] = -p.k * x[0] - p.g * x[1] + np.cos(p.w * t)

    def jvp(p, x, u, v, out):
        out[0] = v[1]
        out[1] = -p.k * v[0] - p.g * v[1]


def radius(r, t):
    """Of the Stuart-Landau oscillator: r' = mu r - r³."""
    return np.sqrt(MU / (1 + (MU / r**2 - 1) * np.exp(-2 * MU * t)))


def test_a_poincare_map_keeps_the_contract():
    said = check_system(RETURN)
    assert any(line.startswith("product with x: exact") for line in said)


def test_returns_of_the_stuart_landau_oscillator():
    period = 2 * np.pi / OMEGA
    states = simulate(RETURN, steps=6, x0=[0.2, 0.0]).state
    assert states.time.attrs["units"] == "steps"
    np.testing.assert_allclose(states.sel(unit="x"), radius(0.2, period * np.arange(1, 7)), rtol=1e-6)
    assert np.abs(states.sel(unit="y")).max() < 1e-9
    assert RETURN.return_time([0.2, 0.0]) == pytest.approx(period, abs=1e-6)
    assert RETURN.return_time([0.0, -0.2]) == pytest.approx(period / 4, abs=1e-6)  # from beside the section


def test_the_multiplier_of_a_cycle_is_that_of_its_return_map():
    p, T, J = RETURN.params(), 2 * np.pi / OMEGA, np.empty((2, 2))
    for r in (np.sqrt(MU), 0.2):  # on the cycle exp(-2 r T); beside it what the solution says
        for k in range(2):
            _call_jvp(p, np.array([r, 0.0]), np.zeros(1), np.eye(2)[k], J[k])
        np.testing.assert_allclose(J[0, 0], (radius(r, T) / r) ** 3 * np.exp(-2 * MU * T), rtol=1e-6)
        np.testing.assert_allclose(J[:, 1], 0, atol=1e-12)  # changes stay in the plane
    _call_jvp(p, np.array([0.2, 0.0]), np.zeros(1), np.array([MU * 0.2 - 0.2**3, OMEGA * 0.2]), J[0])
    np.testing.assert_allclose(J[0], 0, atol=1e-6)  # along the flow nothing changes


def test_a_plane_is_an_event_for_simulate():
    plane = Plane([0.6, 0.8], 0.5)
    assert crossing(plane.params(), np.array([1.0, 2.0])) == pytest.approx(0.6 + 1.6 - 0.5)
    assert PoincareMap(CYCLE, Crossing("y", 0.3, -1), dt=0.02).section == Plane([0, 1], 0.3, -1)


def test_a_point_before_the_section_is_mapped_like_its_neighbour_behind_it():
    ahead, behind = (RETURN.return_time([0.5, y]) for y in (1e-3, -1e-3))
    assert ahead == pytest.approx(behind, abs=0.01) and ahead > 3


def test_an_orbit_that_does_not_return_is_said_so():
    away = PoincareMap(CYCLE, Plane([1.0, 0.0], 5.0), dt=0.02, longest=20.0)
    assert np.isnan(away.return_time([0.5, 0.0]))
    with pytest.raises(Diverged, match=r"did not come back to the section within longest = 20"):
        simulate(away, steps=3, x0=[0.5, 0.0])


def test_a_stroboscopic_map_of_a_linear_oscillator_is_its_closed_form():
    flow = Forced()
    T = 2 * np.pi / flow.w
    strobe = Stroboscopic(flow, T, steps=400)
    A = expm(T * np.array([[0, 1], [-flow.k, -flow.g]]))
    H = 1 / (flow.k - flow.w**2 + 1j * flow.w * flow.g)
    fixed = np.array([H.real, (1j * flow.w * H).real])  # the forced oscillation at phase 0
    states = simulate(strobe, steps=5, x0=[1.0, -1.0])
    wanted = [fixed + np.linalg.matrix_power(A, n) @ ([1.0, -1.0] - fixed) for n in range(1, 6)]
    np.testing.assert_allclose(states.state, wanted, atol=1e-8)
    np.testing.assert_allclose(states.time, T * np.arange(1, 6))
    np.testing.assert_allclose(jacobian(strobe, fixed), A, atol=1e-8)
    later = Stroboscopic(flow, T, steps=400, start=T / 4)
    turned = np.array([(H * 1j).real, (1j * flow.w * H * 1j).real])
    np.testing.assert_allclose(simulate(later, steps=1, x0=turned).state[-1], turned, atol=1e-8)
    whole = Discretised(flow, "rk4", T / 400)
    assert Stroboscopic(whole, T) == strobe == strobe.replace(start=0.0)


def test_maps_of_flows_refuse_what_they_cannot_map():
    with pytest.raises(ValueError, match=r"system: got HopfNormalForm with noise, wanted a deterministic flow"):
        PoincareMap(Discretised(HopfNormalForm(sigma=0.1), "euler_maruyama", 0.01), Crossing("x"))
    with pytest.raises(ValueError, match=r"section: got a normal with 3 entries, wanted 2"):
        PoincareMap(CYCLE, Plane([0, 0, 1]), dt=0.01)
    with pytest.raises(TypeError, match=r"section: got 0.5, wanted Plane\(normal, offset\) or Crossing"):
        PoincareMap(CYCLE, 0.5, dt=0.01)
    with pytest.raises(ValueError, match=r"dt: got nothing, wanted a step in seconds"):
        PoincareMap(CYCLE, Crossing("x"))
    with pytest.raises(ValueError, match=r"normal: got zeros, wanted a direction"):
        Plane([0.0, 0.0])
    with pytest.raises(ValueError, match=r"direction: got 2, wanted -1 \(falling\)"):
        Plane([1.0], direction=2)
    with pytest.raises(ValueError, match=r"period: got 1.05, wanted a multiple of dt = 0.1"):
        Stroboscopic(Discretised(CYCLE, "rk4", 0.1), 1.05)
    with pytest.raises(ValueError, match=r'interpolation: got "linear"'):
        Stroboscopic(Discretised(CYCLE, "rk4", 0.1, "linear"), 1.0)


# ------------------------------------------------------------------------------------------------------------ sections


def test_passages_of_a_flow_lie_on_the_plane_a_period_apart():
    found = poincare_section(CYCLE, Plane([0.6, 0.8], 0.1, direction=-1), dt=0.02, duration=40, washout=1000, x0=[0.2, 0.0])
    assert np.abs(found.state.values @ [0.6, 0.8] - 0.1).max() < 1e-9
    np.testing.assert_allclose(np.hypot(*found.state.values.T), np.sqrt(MU), atol=1e-5)
    assert found.time.min() > 20 and (found.direction == -1).all() and found.unit.values.tolist() == ["x", "y"]
    np.testing.assert_allclose(np.diff(found.time), 2 * np.pi / OMEGA, atol=1e-5)
    assert found.attrs["class"] == "HopfNormalForm" and found.time.attrs["units"] == "s"


def test_passages_of_a_trajectory():
    t = 0.02 * np.arange(1000)
    orbit = xr.DataArray(np.c_[np.cos(t), np.sin(t)], {"time": ("time", t, {"units": "s"}), "unit": ["c", "s"]}, ("time", "unit"))
    both = poincare_section(orbit, Plane([0, 1], 0.5, direction=0))
    wanted = np.sort(np.r_[np.pi / 6 + 2 * np.pi * np.arange(4), 5 * np.pi / 6 + 2 * np.pi * np.arange(3)])
    np.testing.assert_allclose(both.time, wanted[wanted < t[-1]], atol=1e-6)
    assert np.abs(both.state.sel(unit="s") - 0.5).max() < 1e-9
    up = poincare_section(orbit, Crossing("s", 0.5, direction=1))
    np.testing.assert_array_equal(up.time, both.time[both.direction == 1])
    with pytest.raises(ValueError, match=r"section: got 'q', wanted one of 'c', 's'"):
        poincare_section(orbit, Crossing("q", 0.5))
    with pytest.raises(TypeError, match=r"data: got StandardMap, a map"):
        poincare_section(StandardMap(), Plane([1, 0]))
    with pytest.raises(ValueError, match=r"duration: got a value, wanted nothing beside a trajectory"):
        poincare_section(orbit, Plane([0, 1]), duration=3)


def test_maxima_are_found_between_rows():
    t = 0.05 * np.arange(400)
    maxima = successive_maxima(3 * np.cos(t - 1), dt=0.05)
    np.testing.assert_allclose(maxima.time, 1 + 2 * np.pi * np.arange(4), atol=1e-4)
    np.testing.assert_allclose(maxima, 3, atol=1e-5)


# ----------------------------------------------------------------------------------------------------- chaos or not


def standard_map(x, steps):
    out = np.empty((steps, 2))
    for k in range(steps):
        momentum = x[1] + np.sin(x[0])
        out[k] = x = ((x[0] + momentum) % (2 * np.pi), momentum % (2 * np.pi))
    return out


CHAOTIC, REGULAR = (0.001, 0.008), (np.pi, 0.01)


def test_the_0_1_test_tells_chaos_from_order():
    chaotic, regular = (zero_one_test(standard_map(x, 3000)[:, 0], rng=1) for x in (CHAOTIC, REGULAR))
    assert chaotic.K > 0.9 and abs(regular.K) < 0.1
    assert chaotic.K == np.median(chaotic.K_c) and chaotic.c.min() > np.pi / 5 and chaotic.c.max() < 4 * np.pi / 5
    again = zero_one_test(standard_map(CHAOTIC, 3000)[:, 0], rng=1)
    assert again.identical(chaotic)


def test_gali_tells_chaos_from_order():
    kicked = StandardMap(K=1.0)
    chaotic, regular, sheared = (gali(kicked, steps=1000, x0=x) for x in (CHAOTIC, REGULAR, (np.pi, 1.0)))
    assert chaotic.gali[-1] < 1e-12 and chaotic.log_gali[-1] < -100
    assert regular.gali.min() > 0.5  # a point that hardly moves: nothing turns
    fall = sheared.log_gali.sel(time=1000) - sheared.log_gali.sel(time=100)
    assert abs(fall / np.log(10) + 2) < 0.1  # t^-2: two vectors, both turned along the circle


def test_gali_is_the_volume_of_the_unit_vectors():
    got = gali(StandardMap(K=1.0), steps=20, x0=[0.3, 0.7], rng=3)
    V = np.linalg.qr(np.random.default_rng(3).normal(size=(2, 2)))[0]
    x, wanted = np.array([0.3, 0.7]), []
    for _ in range(20):
        V = np.array([[1 + np.cos(x[0]), 1], [np.cos(x[0]), 1]]) @ V
        x = standard_map(x, 1)[0]
        wanted.append(np.prod(np.linalg.svd(V / np.linalg.norm(V, axis=0), compute_uv=False)))
    np.testing.assert_allclose(got.gali, wanted, rtol=1e-6)


def test_chaos_tests_refuse_bad_input():
    with pytest.raises(ValueError, match=r"x: got 50 rows, wanted at least 100"):
        zero_one_test(np.zeros(50))
    with pytest.raises(ValueError, match=r"x: got 2 variables, wanted one observable"):
        zero_one_test(np.zeros((200, 2)))
    with pytest.raises(ValueError, match=r"k: got 3, wanted an integer >= 2 and <= 2"):
        gali(StandardMap(), 3, steps=100)


# ---------------------------------------------------------------------------------------------------------- dimensions


def henon(steps):
    out = np.empty((steps + 100, 2))
    out[0] = 0.1
    for k in range(len(out) - 1):
        out[k + 1] = 1 - 1.4 * out[k, 0] ** 2 + out[k, 1], 0.3 * out[k, 0]
    return out[100:]


def circle(rng):
    angle = rng.uniform(0, 2 * np.pi, 3000)
    return np.c_[np.cos(angle), np.sin(angle)]


@pytest.mark.parametrize(
    "points, low, high",
    [
        (circle(np.random.default_rng(0)), 0.9, 1.1),
        (np.random.default_rng(1).uniform(size=(3000, 2)), 1.9, 2.1),
        (henon(5000), 1.2, 1.3),
    ],
    ids=["circle", "square", "henon"],
)
def test_correlation_dimensions(points, low, high):
    got = correlation_dimension(points)
    assert low < got.dimension < high and 0 < got.spread < 0.1
    assert got.in_region.sum() > 10 and (got.slope[got.in_region.values].notnull()).all()


def test_the_correlation_sum_counts_pairs():
    x = np.random.default_rng(0).normal(size=(150, 2))
    radii = [0.2, 0.4, 0.6, 0.8, 1.0]
    for norm in (2, np.inf):
        d = np.linalg.norm(x[:, None] - x[None], norm, axis=2)[np.triu_indices(150, 4)]  # more than 3 rows apart
        got = correlation_dimension(x, theiler=3, radii=radii, norm=norm).correlation_sum
        np.testing.assert_allclose(got, [(d <= r).mean() for r in radii])


def test_no_dimension_without_scaling():
    lumps = np.repeat([0.0, 1.0], 100) + 1e-9 * np.random.default_rng(0).uniform(size=200)
    got = correlation_dimension(lumps, radii=np.geomspace(1e-10, 1e-8, 12), tolerance=0.01)
    assert np.isnan(got.dimension) and not got.in_region.any()
    with pytest.raises(ValueError, match=r"x: got points that are all the same"):
        correlation_dimension(np.ones((200, 2)))
    with pytest.raises(ValueError, match=r"x: got 20 rows, wanted at least 100"):
        correlation_dimension(np.ones((20, 2)))


def cloud(variances, rows=60):
    """States whose sample covariance has exactly these eigenvalues."""
    rng, n = np.random.default_rng(0), len(variances)
    X = rng.normal(size=(rows, n))
    Q = np.linalg.qr(X - X.mean(axis=0))[0]
    axes = np.linalg.qr(rng.normal(size=(n, n)))[0]
    return Q * np.sqrt(np.array(variances) * (rows - 1)) @ axes.T + 5, axes


def test_dimensionality_of_a_known_covariance():
    states, axes = cloud([4.0, 2.0, 1.0, 1.0])
    assert participation_ratio(states) == pytest.approx(64 / 22, rel=1e-12)
    pca = principal_components(xr.DataArray(states, dims=("time", "unit"), attrs={"units": "mV"}))
    np.testing.assert_allclose(pca.variance, [4, 2, 1, 1], rtol=1e-12)
    np.testing.assert_allclose(pca.cumulative_share, [0.5, 0.75, 0.875, 1], rtol=1e-12)
    np.testing.assert_allclose(np.abs(pca.loading[:2]), np.abs(axes.T[:2]), atol=1e-12)
    np.testing.assert_allclose(pca["score"].values @ pca["loading"].values + pca["mean"].values, states, atol=1e-12)
    assert pca.participation_ratio == pytest.approx(64 / 22) and pca.score.attrs["units"] == "mV"


def test_dimensionality_counts_rows_of_all_trials():
    states, _ = cloud([3.0, 1.0])
    trials = states.reshape(4, 15, 2)
    assert participation_ratio(trials) == pytest.approx(participation_ratio(states))
    assert principal_components(trials, 1).score.sizes == {"trial": 4, "time": 15, "component": 1}
    wide = np.random.default_rng(0).normal(size=(5, 40))
    eigenvalues = np.linalg.eigvalsh(np.cov(wide.T))
    assert participation_ratio(wide) == pytest.approx(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())
    assert np.isnan(participation_ratio(np.ones((5, 3))))


# ----------------------------------------------------------------------------------------------- what is accepted


def test_all_parts_of_a_result_are_variables_and_outputs_are_not():
    parts = {
        "v": (("time", "v_unit"), np.arange(6.0).reshape(3, 2)),
        "s": (("time", "unit"), np.array([[1.0], [3.0], [2.0]])),
        "output": (("time", "feature"), np.zeros((3, 1))),
    }
    result = xr.Dataset(parts, {"time": ("time", [0.1, 0.2, 0.3], {"units": "s"}), "unit": ["E"]})
    got = delay_embedding(result, 1, 1)
    assert got.unit.values.tolist() == ["v[0]", "v[1]", "E"]
    np.testing.assert_array_equal(got, [[0, 1, 1], [2, 3, 3], [4, 5, 2]])
    one = successive_maxima(result.s.sel(unit="E"))
    assert one.attrs["long_name"] == "maximum of E" and one.time == pytest.approx(0.2 + 0.1 / 6)
    with pytest.raises(TypeError, match=r"x: got a Dataset without rows over time"):
        power_spectrum(result.isel(time=0))
    with pytest.raises(ValueError, match=r"x: got rows every 0.1 s, wanted rows every dt = 0.2 s"):
        power_spectrum(result.s, dt=0.2)


# ---------------------------------------------------------------------------------------------------------- embedding


def test_delay_coordinates():
    x = xr.DataArray(np.arange(20.0).reshape(10, 2), {"unit": ["a", "b"]}, ("time", "unit"))
    got = delay_embedding(x, 3, 2, dt="10 ms")
    assert got.sizes == {"time": 6, "coordinate": 6}
    np.testing.assert_array_equal(got[0], [8, 9, 4, 5, 0, 1])
    assert got.unit.values.tolist() == ["a", "b"] * 3
    np.testing.assert_allclose(got.lag, [0, 0, 0.02, 0.02, 0.04, 0.04])
    np.testing.assert_allclose(got.time, 0.01 * np.arange(4, 10))
    with pytest.raises(ValueError, match=r"delay: got a past of 10 rows, wanted fewer than the 10 rows"):
        delay_embedding(x, 2, 10)


def test_delays_by_autocorrelation_and_by_information(climates):
    x = np.sin(2 * np.pi * np.arange(4000) / 40.3)
    assert embedding_delay(x, by="autocorrelation").delay == np.ceil(np.arccos(np.exp(-1)) / (2 * np.pi) * 40.3)
    short = embedding_delay(x, by="autocorrelation", longest=4)
    assert short.delay == 4 and not short.attrs["found"]
    lorenz = embedding_delay(climates["target"].state.sel(unit="x"), longest=40)
    assert 0.14 <= 0.02 * lorenz.delay <= 0.18 and lorenz.attrs["found"]  # the textbook value is about 0.16 to 0.17
    assert lorenz.lag[-1] == 0.8 and lorenz.criterion.attrs["units"] == "bit"
    assert lorenz.criterion[0] == pytest.approx(np.log2(48))  # 12,000 rows in 48 equal bins
    with pytest.raises(ValueError, match=r"by: got 'entropy'"):
        embedding_delay(x, by="entropy")


# ------------------------------------------------------------------------------------------------------- time scales


def test_the_spectrum_of_a_sine_peaks_at_its_frequency_and_integrates_to_its_variance():
    t = 0.002 * np.arange(8000)
    x = np.stack([2 * np.sin(2 * np.pi * 25 * t), np.random.default_rng(0).normal(size=t.size)], axis=1)
    got = power_spectrum(x, dt="2 ms", segment=1000)
    assert got.dims == ("frequency", "unit") and got.frequency.attrs["units"] == "Hz" and got.attrs["units"] == "1/Hz"
    assert got[:, 0].idxmax() == 25 and got.frequency[-1] == 250
    np.testing.assert_allclose(trapezoid(got, got.frequency, axis=0), [2, x[:, 1].var()], rtol=0.03)
    trials = power_spectrum(np.stack([x, 2 * x]), dt=0.002, segment=1000)
    assert trials.dims == ("trial", "frequency", "unit")
    np.testing.assert_allclose(trials[1], 4 * got, atol=1e-20)
    assert power_spectrum(x).frequency.attrs["units"] == "cycles/step"
    with pytest.raises(ValueError, match=r"segment: got 9000.*longer than the data"):
        power_spectrum(x, segment=9000)


def test_autocorrelation_is_the_sum_it_says():
    x = np.random.default_rng(0).normal(size=(50, 2)).cumsum(axis=0)
    c = x - x.mean(axis=0)
    wanted = [(c[k:] * c[: 50 - k]).sum(axis=0) / (c**2).sum(axis=0) for k in range(11)]
    np.testing.assert_allclose(autocorrelation(x, longest=10), wanted, atol=1e-14)
    assert np.isnan(autocorrelation(np.ones(10))).all()


def test_the_integrated_time_of_a_geometric_autocorrelation():
    phi = 0.8
    tau, window = integrated_time(phi ** np.arange(500.0), c=6)
    assert tau == pytest.approx(0.5 + phi * (1 - phi**window) / (1 - phi), rel=1e-12)
    assert window - 1 < 6 * tau <= window
    assert integrated_time(phi ** np.arange(500.0), c=40)[0] == pytest.approx((1 + phi) / (1 - phi) / 2, rel=1e-12)
    assert np.isnan(integrated_time(np.ones(20))[0])


def test_the_autocorrelation_time_of_ar1_and_ou():
    rng, phi, rows, dt = np.random.default_rng(4), 0.95, 100_000, 0.01
    x = np.empty((rows, 3))
    x[0] = rng.normal(size=3) / np.sqrt(1 - phi**2)
    for k, z in enumerate(rng.normal(size=(rows - 1, 3))):
        x[k + 1] = phi * x[k] + z
    got = autocorrelation_time(x, dt=dt)
    ou = -dt / np.log(phi)  # the process with rho(t) = exp(-t / tau), seen every dt
    exact = dt * (1 + phi) / (1 - phi) / 2  # the trapezoidal sum of its integral
    assert exact == pytest.approx(quad(lambda t: np.exp(-t / ou), 0, np.inf)[0], rel=1e-3)
    assert (np.abs(got.integrated - exact) < 4 * got.stderr).all() and (got.stderr < 0.1 * exact).all()
    assert (np.abs(got.decay - ou) < 4 * got.stderr).all()
    np.testing.assert_allclose(got.effective_samples, rows * dt / (2 * got.integrated))
    assert got.integrated.attrs["units"] == "s" and np.isnan(autocorrelation_time(np.ones(100)).integrated).all()


# -------------------------------------------------------------------------------------------------------------- climate


@pytest.fixture(scope="module")
def climates():
    def run(rho, x0):
        return simulate(Lorenz63(rho=rho), duration=250, dt=0.02, washout=500, x0=x0)

    return {
        "target": run(28.0, [1, 1, 1]),
        "same": run(28.0, [2, 1, 3]),
        "near": run(32.0, [1, 1, 1]),
        "far": run(45.0, [1, 1, 1]),
    }


def test_a_climate_is_no_distance_from_itself(climates):
    got = compare_climate(climates["target"], climates["target"])
    np.testing.assert_array_equal(got.distance, 0)
    assert got.variable.values.tolist() == ["x", "y", "z"] and got.attrs["units"] == "time unit"
    np.testing.assert_array_equal(*got.moment)


def test_distances_grow_with_the_change_of_a_parameter(climates):
    target = climates["target"]
    same, near, far = (compare_climate(climates[k], target).distance.sel(variable="z") for k in ("same", "near", "far"))
    for measure in ("wasserstein", "jensen_shannon", "spectrum", "maxima"):
        a, b, c = (float(d.sel(measure=measure)) for d in (same, near, far))
        assert 0 < a < b < c, measure


def test_each_measure_is_what_it_says():
    rng = np.random.default_rng(0)
    x = rng.normal(size=4000)
    got = compare_climate(x + 3.0, x)
    assert got.distance.sel(measure="wasserstein").item() == pytest.approx(3 / x.std())
    assert got.distance.sel(measure="spectrum").item() < 1e-6  # the mean has no part in it
    assert got.moment.sel(source="forecast", statistic="mean").item() == pytest.approx(x.mean() + 3)
    apart = compare_climate(np.where(x > 0, 10.0, 11.0), np.where(x > 0, 0.0, 1.0), bins=3)
    assert apart.distance.sel(measure="jensen_shannon").item() == pytest.approx(np.sqrt(apart_by_hand(x)), abs=1e-12)
    t = np.arange(4000)
    fast = compare_climate(np.sin(0.9 * t), np.sin(0.1 * t))
    assert fast.distance.sel(measure="spectrum").item() > 0.999


def apart_by_hand(x):
    """Everything in the last bin, against two bins with the shares of the signs."""
    p, q = np.array([0.0, 0.0, 1.0]), np.array([(x > 0).mean(), 0.0, (x <= 0).mean()])
    m = (p + q) / 2
    return sum(0.5 * (v[v > 0] * np.log2(v[v > 0] / m[v > 0])).sum() for v in (p, q))


def test_climates_must_be_comparable(climates):
    with pytest.raises(ValueError, match=r"forecast: got 2 variables, wanted 3"):
        compare_climate(np.zeros((100, 2)), climates["target"])
    with pytest.raises(ValueError, match=r"forecast: got rows every 0.04 time unit, wanted rows every 0.02 time unit"):
        compare_climate(climates["target"].isel(time=slice(None, None, 2)), climates["target"])
    with pytest.raises(ValueError, match=r"forecast: got nan at index"):
        compare_climate(np.full((100, 3), np.nan), climates["target"])


# -------------------------------------------------------------------------------------------------------------- figures


@pytest.fixture
def ax():
    return plot.figure()[1]


def test_figures_show_the_data(ax):
    t = 0.1 * np.arange(200)
    x = xr.DataArray(np.sin(t), {"time": ("time", t, {"units": "s"})}, "time", "v", {"units": "mV"})
    cells = recurrence_plot(x, threshold=0.1)
    plot.recurrence_plot(cells, ax)
    np.testing.assert_array_equal(ax.images[0].get_array(), cells.T)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "other time (s)")
    assert tuple(ax.images[0].get_extent()) == pytest.approx((-0.05, 19.95, -0.05, 19.95))

    ax = plot.figure()[1]
    plot.delay_embedding(delay_embedding(x, 2, 5), ax)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), np.c_[x[5:], x[:-5]])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("v(t) (mV)", "v(t - 0.5 s) (mV)")

    ax = plot.figure()[1]
    plot.return_map(successive_maxima(x), ax)
    assert len(ax.lines[-1].get_xdata()) == 2 and ax.get_ylabel() == "maximum of v (mV), n + 1"


def test_figures_of_sections_and_spectra(ax):
    states = xr.DataArray(np.arange(12.0).reshape(4, 3), {"unit": ["a", "b", "c"]}, ("passage", "unit"))
    plot.poincare_section(xr.Dataset({"state": states}), ax, x="c", y=0)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), states.sel(unit=["c", "a"]))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("c", "a")
    with pytest.raises(ValueError, match=r"x: got 'd', wanted one of 'a', 'b', 'c'"):
        plot.poincare_section(states, plot.figure()[1], x="d")

    density = power_spectrum(np.random.default_rng(0).normal(size=(600, 2)), dt=0.01)
    ax = plot.figure()[1]
    plot.power_spectrum(density, ax)
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), density[1:, 1])
    assert ax.get_xscale() == ax.get_yscale() == "log" and ax.get_xlabel() == "frequency (Hz)"
    with pytest.raises(ValueError, match=r"data: got dims .* wanted \"frequency\" and at most 7 variables"):
        plot.power_spectrum(power_spectrum(np.random.default_rng(0).normal(size=(600, 9))), plot.figure()[1])
    with pytest.raises(TypeError, match=r"data: got .*wanted labelled data"):
        plot.return_map([1.0, 2.0], plot.figure()[1])
