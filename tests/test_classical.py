"""Classical and neural-mass systems: every kernel against a NumPy oracle, the contract, and exact facts of each model."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.integrate import solve_ivp, trapezoid
from scipy.optimize import root

from dynrnn._jit import jit
from dynrnn.couplings import Dense
from dynrnn.system import diffusion, drift, evolve, output, remainder, step, tangent, tangent_u, vjp
from dynrnn.systems.fitzhugh_nagumo import FitzHughNagumo
from dynrnn.systems.henon import Henon
from dynrnn.systems.hopf import HopfNormalForm
from dynrnn.systems.kuramoto import Kuramoto
from dynrnn.systems.kuramoto_sivashinsky import KuramotoSivashinsky
from dynrnn.systems.logistic import Logistic
from dynrnn.systems.lorenz import Lorenz63, Lorenz96
from dynrnn.systems.mackey_glass import MackeyGlass
from dynrnn.systems.ring_attractor import RingAttractor
from dynrnn.systems.rossler import Rossler
from dynrnn.systems.torus_maps import CatMap, StandardMap
from dynrnn.systems.tsodyks_markram import TsodyksMarkram
from dynrnn.systems.van_der_pol import VanDerPol
from dynrnn.systems.wilson_cowan import WilsonCowan
from dynrnn.systems.wong_wang import WongWang

# --- oracles: the equations in NumPy, which take complex numbers, so that their derivatives are exact to rounding ------


def lorenz96(p, x, u):
    return (np.roll(x, -1) - np.roll(x, 2)) * np.roll(x, 1) - x + p.F


def hopf(p, x, u):
    s = x[0] ** 2 + x[1] ** 2
    grow, turn = p.mu - p.c3 * s, p.omega - p.c1 * s
    return grow * x[0] - turn * x[1], turn * x[0] + grow * x[1]


def kuramoto(p, x, u):
    return p.omega + p.K * np.sum(p.W * np.sin(x[None, :] - x[:, None]), axis=1)


def wilson_cowan(p, x, u):
    def S(a, theta, y):
        return 1 / (1 + np.exp(-a * (y - theta))) - 1 / (1 + np.exp(a * theta))

    E, I = x  # noqa: E741
    P, Q = p.P + p.driven * u[0], p.Q + p.driven * u[1]
    S_e = S(p.a_e, p.theta_e, p.c1 * E - p.c2 * I + P)
    S_i = S(p.a_i, p.theta_i, p.c3 * E - p.c4 * I + Q)
    k_e, k_i = 1 - 1 / (1 + np.exp(p.a_e * p.theta_e)), 1 - 1 / (1 + np.exp(p.a_i * p.theta_i))
    return (-E + (k_e - p.r_e * E) * S_e) / p.tau_e, (-I + (k_i - p.r_i * I) * S_i) / p.tau_i


def wong_wang(p, x, u):
    def H(current):
        return (p.a * current - p.b) / (1 - np.exp(-p.d * (p.a * current - p.b)))

    S1, S2, n1, n2 = x
    x1 = p.J11 * S1 - p.J12 * S2 + p.I0 + p.J_A * u[0] * (1 + u[1] / 100) + n1
    x2 = p.J11 * S2 - p.J12 * S1 + p.I0 + p.J_A * u[0] * (1 - u[1] / 100) + n2
    return (
        -S1 / p.tau_S + (1 - S1) * p.gamma * H(x1),
        -S2 / p.tau_S + (1 - S2) * p.gamma * H(x2),
        -n1 / p.tau_AMPA,
        -n2 / p.tau_AMPA,
    )


def tsodyks_markram(p, x, u):
    E, r, s = x
    gain = p.alpha * np.log(1 + np.exp((p.J * s * r * E + p.E0 + p.driven * u[0]) / p.alpha))
    return (-E + gain) / p.tau, (1 - r) / p.tau_D - s * r * E, (p.U0 - s) / p.tau_F + p.U0 * (1 - s) * E


def ring(p, x, u):
    theta = 2 * np.pi * np.arange(x.size) / x.size
    apart = theta[:, None] - theta
    W = (p.J0 + p.J1 * np.cos(apart) + p.tau * u[0] * p.J1 * np.sin(apart)) / x.size
    return (-x + p.I + W @ np.where(x.real > 0, x, 0)) / p.tau


def kuramoto_sivashinsky(p, x, u):
    """Waves by their sums, without any transform; that of n/2 waves, where n is even, has half the weight and no slope."""
    n, apart = x.size, 2 * np.pi * (np.arange(x.size)[:, None] - np.arange(x.size)) / x.size
    A, D = np.zeros((n, n)), np.zeros((n, n))
    for m in range(1, n // 2 + 1):
        k, weight = 2 * np.pi * m / p.length, 1 if 2 * m == n else 2
        A += weight / n * (k**2 - k**4) * np.cos(m * apart)
        D -= (weight == 2 and (not p.dealias or m <= n / 3)) * weight / n * k * np.sin(m * apart)
    return A @ x - D @ x**2 / 2


RNG = np.random.default_rng(20)

# name: system, oracle, period of a torus
CASES = {
    "lorenz63": (
        Lorenz63(),
        lambda p, x, u: (p.sigma * (x[1] - x[0]), x[0] * (p.rho - x[2]) - x[1], x[0] * x[1] - p.beta * x[2]),
    ),
    "lorenz96": (Lorenz96(n=5), lorenz96),
    "rossler": (Rossler(), lambda p, x, u: (-x[1] - x[2], x[0] + p.a * x[1], p.b + x[2] * (x[0] - p.c))),
    "van_der_pol": (VanDerPol(mu=1.3), lambda p, x, u: (x[1], p.mu * (1 - x[0] ** 2) * x[1] - x[0])),
    "hopf": (HopfNormalForm(0.7, 2.0, c3=1.2, c1=0.4, sigma=0.1), hopf),
    "kuramoto": (Kuramoto([1.0, 1.2, 0.7, 0.3], 0.8, RNG.normal(size=(4, 4))), kuramoto),
    "fitzhugh_nagumo": (
        FitzHughNagumo(driven=True),
        lambda p, x, u: (x[0] - x[0] ** 3 / 3 - x[1] + p.I + p.driven * u[0], p.eps * (x[0] + p.a - p.b * x[1])),
    ),
    "wilson_cowan": (WilsonCowan(tau_e=0.5, tau_i=0.8, r_i=0.7, driven=True), wilson_cowan),
    "wong_wang": (WongWang(), wong_wang),
    "tsodyks_markram": (TsodyksMarkram(driven=True), tsodyks_markram),
    "ring_attractor": (RingAttractor(n=7, J0=-3.0, J1=5.0), ring),
    "mackey_glass": (MackeyGlass(), lambda p, x, u: (p.beta * u[0] / (1 + u[0] ** p.n) - p.gamma * x[0],)),
    "kuramoto_sivashinsky": (KuramotoSivashinsky(n=8, length=9.0), kuramoto_sivashinsky),
    "kuramoto_sivashinsky_odd": (KuramotoSivashinsky(n=9, length=9.0, dealias=True), kuramoto_sivashinsky),
    "henon": (Henon(), lambda p, x, u: (1 - p.a * x[0] ** 2 + x[1], p.b * x[0])),
    "logistic": (Logistic(3.7), lambda p, x, u: (p.r * x[0] * (1 - x[0]),)),
    "standard_map": (
        StandardMap(),
        lambda p, x, u: (x[0] + x[1] + p.K * np.sin(x[0]), x[1] + p.K * np.sin(x[0])),
        2 * np.pi,
    ),
    "cat_map": (CatMap(), lambda p, x, u: (2 * x[0] + x[1], x[0] + x[1]), 1.0),
}
SYSTEMS = {name: case[0] for name, case in CASES.items()}


@jit
def _flow(p, x, u, g, f, J, Ju, gx, gu, gp):
    drift(p, 0.0, x, u, f)
    _products(p, x, u, g, J, Ju, gx, gu, gp)


@jit
def _map(p, x, u, g, f, J, Ju, gx, gu, gp):
    evolve(p, 0.0, x, u, f)
    _products(p, x, u, g, J, Ju, gx, gu, gp)


@jit
def _products(p, x, u, g, J, Ju, gx, gu, gp):
    """Columns of the Jacobians, stored as rows, and the pulled-back `g`."""
    v, w = np.zeros_like(x), np.zeros_like(u)
    for j in range(x.size):
        v[j] = 1.0
        tangent(p, 0.0, x, u, v, J[j])
        v[j] = 0.0
    for j in range(u.size):
        w[j] = 1.0
        tangent_u(p, 0.0, x, u, w, Ju[j])
        w[j] = 0.0
    vjp(p, x, u, g, gx, gu, gp)


def evaluate(system, x, u=None, g=None):
    """Right-hand side `f`, Jacobians `J` and `Ju`, and ``gx``, ``gu``, ``gp`` (flat) of the compiled system."""
    x = np.asarray(x, float)
    u = np.zeros(system.channels) if u is None else np.asarray(u, float)
    g = np.zeros_like(x) if g is None else g
    f, J, Ju = np.empty_like(x), np.empty((x.size, x.size)), np.empty((u.size, x.size))
    gx, gu, (flat, gp) = np.zeros_like(x), np.zeros_like(u), system.weight_views()
    (_flow if system.is_flow else _map)(system.params(), x, u, g, f, J, Ju, gx, gu, gp)
    return SimpleNamespace(f=f, J=J.T, Ju=Ju.T, gx=gx, gu=gu, gp=flat)


def complex_step(function, at):
    """Jacobian of a function of an array, by the imaginary part."""
    at = np.asarray(at, float)
    columns = []
    for j in np.ndindex(at.shape):
        z = at.astype(complex)
        z[j] += 1e-30j
        columns.append(np.imag(function(z)) / 1e-30)
    return np.array(columns).reshape(at.size, -1).T


def fields_of(system):
    values = {name: getattr(system, name) for name in system.fields}
    return {k: v.to_array() if hasattr(v, "to_array") else v for k, v in values.items()}


@pytest.mark.parametrize("name", CASES)
def test_kernels_are_the_equations_and_their_exact_derivatives(name):
    system, oracle, period = (*CASES[name], None)[:3]
    fields, rng = fields_of(system), np.random.default_rng(7)

    def f(x, u, **changed):
        return np.array(oracle(SimpleNamespace(**(fields | changed)), x, u))

    for _ in range(3):
        x = system.initial() + 0.3 * rng.normal(size=system.size)
        u, g = rng.uniform(0.5, 2.0, system.channels), rng.normal(size=system.size)
        got, value = evaluate(system, x, u, g), f(x, u)
        if period is None:
            np.testing.assert_allclose(got.f, value, rtol=1e-12, atol=1e-12)
        else:
            assert (got.f >= 0).all() and (got.f < period).all()
            np.testing.assert_allclose(np.exp(2j * np.pi * (got.f - value) / period), 1, rtol=1e-12)
        scale = {"rtol": 1e-11, "atol": 1e-11 * np.abs(value).max()}
        J = complex_step(lambda z, u=u: f(z, u), x)
        np.testing.assert_allclose(got.J, J, **scale)
        np.testing.assert_allclose(got.gx, g @ J, **scale)
        if u.size:
            Ju = complex_step(lambda z, x=x: f(x, z), u)
            np.testing.assert_allclose(got.Ju, Ju, **scale)
            np.testing.assert_allclose(got.gu, g @ Ju, **scale)
        by_parameter = []
        for q in system.trainable:
            slopes = complex_step(lambda z, x=x, u=u, q=q: f(x, u, **{q: z.reshape(np.shape(fields[q]))}), fields[q])
            by_parameter.append((g @ slopes).reshape(np.shape(fields[q])).T.ravel())  # `Dense` stores its transpose
        np.testing.assert_allclose(got.gp, np.concatenate([np.zeros(0), *by_parameter]), **scale)


# --- the contract -----------------------------------------------------------------------------------------------------

_CONTRACT = """
import json, test_classical
from dynrnn.integrate import Discretised
from dynrnn.integrate.delayed import Delayed
from dynrnn.testing import check_system

def check(system):
    if system.delays:
        return check_system(Delayed(system, "rk4", 0.4 * system.delays[0]))
    if system.is_flow and system.stochastic:
        check_system(Discretised(system, "euler_maruyama", 1e-4))
        system = system.replace(sigma=0.0)
    return check_system(system, dt=1e-4)

said = {}
for name, system in test_classical.SYSTEMS.items():
    try:
        said[name] = check(system)
    except Exception as error:
        said[name] = f"{type(error).__name__}: {error}"
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def contract():
    """What `check_system` says of every system, in plain Python: bounds are checked there, and nothing is compiled."""
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", _CONTRACT],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", CASES)
def test_keeps_the_contract(name, contract):
    assert isinstance(contract[name], list), contract[name]
    assert SYSTEMS[name].delays or any(line.startswith("product with x: exact") for line in contract[name])


# --- chaos ------------------------------------------------------------------------------------------------------------


def test_lorenz_fixed_points_divergence_and_hopf_bifurcation():
    system = Lorenz63(rho=22.0)
    for x in ([0, 0, 0], [np.sqrt(56), np.sqrt(56), 21], [-np.sqrt(56), -np.sqrt(56), 21]):
        np.testing.assert_allclose(evaluate(system, x).f, 0, atol=1e-12)
    assert np.trace(evaluate(system, [1.0, -2.0, 3.0]).J) == pytest.approx(-(10 + 1 + 8 / 3), abs=1e-12)
    rho = 470 / 19
    for change, sign in ((-1e-3, -1), (0, 0), (1e-3, 1)):
        side = np.sqrt(8 / 3 * (rho + change - 1))
        pair = np.linalg.eigvals(evaluate(Lorenz63(rho=rho + change), [side, side, rho + change - 1]).J)
        pair = pair[np.abs(pair.imag) > 1]
        assert len(pair) == 2
        assert (np.sign(pair.real) == sign).all() if sign else np.abs(pair.real).max() < 1e-12


def test_lorenz96_spectrum_at_the_fixed_point_and_energy():
    """J is a circulant: eigenvalues -1 + F (exp(ik) - exp(-2ik)), with real parts up to -1 + 9 F / 8 where cos k = 1/4."""
    system = Lorenz96(n=40, F=8.0)
    k = 2 * np.pi * np.arange(40) / 40
    expected = -1 + 8 * (np.exp(1j * k) - np.exp(-2j * k))
    got = np.linalg.eigvals(evaluate(system, np.full(40, 8.0)).J)
    np.testing.assert_allclose(np.sort_complex(got.round(9)), np.sort_complex(expected.round(9)), atol=1e-8)
    x = np.random.default_rng(1).normal(size=40)
    assert x @ (evaluate(system, x).f + x - 8) == pytest.approx(0, abs=1e-11), "transport keeps the energy"


def test_rossler_fixed_points():
    for s in (5.7 + np.sqrt(5.7**2 - 0.16), 5.7 - np.sqrt(5.7**2 - 0.16)):
        s /= 0.4
        np.testing.assert_allclose(evaluate(Rossler(), [0.2 * s, -s, s]).f, 0, atol=1e-12)


def test_henon_fixed_points_and_multipliers():
    points = [[0.63135448, 0.18940634], [-1.13135448, -0.33940634]]
    multipliers = [(-1.92374, 0.15595), (3.25982, -0.09203)]
    for x, expected in zip(points, multipliers, strict=True):
        got = evaluate(Henon(), x)
        np.testing.assert_allclose(got.f, x, atol=1e-8)
        np.testing.assert_allclose(sorted(np.linalg.eigvals(got.J)), sorted(expected), atol=1e-5)
        assert np.linalg.det(got.J) == pytest.approx(-0.3, abs=1e-14)


def test_logistic_cycle_of_period_three_at_its_birth():
    x, system = 0.15992881844625645, Logistic(1 + np.sqrt(8))
    orbit, slope = [x], 1.0
    for _ in range(3):
        got = evaluate(system, [orbit[-1]])
        orbit, slope = [*orbit, got.f[0]], slope * got.J[0, 0]
    np.testing.assert_allclose(orbit, [0.1599288, 0.5143553, 0.9563178, 0.1599288], atol=1e-7)
    assert slope == pytest.approx(1, abs=1e-5)


def test_torus_maps_keep_areas_and_the_cat_has_its_multipliers():
    for x in np.random.default_rng(2).uniform(0, 6, (20, 2)):
        assert np.linalg.det(evaluate(StandardMap(K=5.0), x).J) == pytest.approx(1, abs=1e-13)
        assert np.linalg.det(evaluate(CatMap(), x).J) == pytest.approx(1, abs=1e-13)
    multipliers = np.linalg.eigvals(evaluate(CatMap(), [0.2, 0.3]).J)
    assert np.log(multipliers.max()) == pytest.approx(np.log((3 + np.sqrt(5)) / 2), abs=1e-14)


def test_mackey_glass_fixed_point_and_its_hopf_bifurcation():
    """At x = 1 the slope is beta (1 - n/2) / 2 = -0.4: roots ±i w of i w + 0.1 + 0.4 exp(-i w tau) at tau = 4.7082."""
    got = evaluate(MackeyGlass(), [1.0], [1.0])
    assert got.f[0] == pytest.approx(0, abs=1e-15)
    a, b, w = got.J[0, 0], got.Ju[0, 0], np.sqrt(0.4**2 - 0.1**2)
    tau = np.arccos(-0.1 / 0.4) / w
    assert abs(1j * w - a - b * np.exp(-1j * w * tau)) < 1e-15
    assert tau == pytest.approx(4.7082, abs=1e-4)


# --- oscillators ------------------------------------------------------------------------------------------------------


def orbit(system, x0, duration, section=None, u=None):
    """Solution by DOP853 to 1e-11, and the times at which the variable numbered `section` rises through 0."""

    def rises(t, x):
        return x[section]

    rises.direction = 1
    p, u, out = system.params(), np.zeros(system.channels) if u is None else u, np.empty(system.size)

    def f(t, x):
        drift(p, t, x, u, out)
        return out.copy()

    events = None if section is None else rises
    return solve_ivp(f, (0, duration), x0, "DOP853", events=events, rtol=1e-11, atol=1e-12)


def test_van_der_pol_period():
    times = orbit(VanDerPol(), [2.0, 0.0], 50, section=0).t_events[0]
    assert times[-1] - times[-2] == pytest.approx(6.66328686, abs=2e-8)


def test_hopf_normal_form_radius_frequency_and_floquet_exponent():
    system = HopfNormalForm(mu=0.3, omega=2.0, c3=1.5, c1=0.5)
    r, omega = np.sqrt(0.3 / 1.5), 2.0 - 0.5 * 0.3 / 1.5
    for angle in (0.0, 1.0, 4.0):
        x = r * np.array([np.cos(angle), np.sin(angle)])
        got = evaluate(system, x)
        np.testing.assert_allclose(got.f, omega * np.array([-x[1], x[0]]), atol=1e-15)
        assert x @ got.J @ x / r**2 == pytest.approx(-2 * 0.3, abs=1e-14)
    assert orbit(system, [0.1, 0.0], 60).y[:, -1] @ orbit(system, [0.1, 0.0], 60).y[:, -1] == pytest.approx(r**2, abs=1e-9)


def test_hopf_noise_has_its_amplitude_and_can_be_none():
    out = np.empty(2)
    diffusion(HopfNormalForm(sigma=0.25).params(), 0.0, np.ones(2), np.empty(0), out)
    assert out.tolist() == [0.25, 0.25]
    assert HopfNormalForm(sigma=0.25).stochastic and not HopfNormalForm().stochastic


def test_kuramoto_mean_field_is_the_sum_over_pairs():
    rng = np.random.default_rng(3)
    theta, system, out = rng.uniform(0, 9, 30), Kuramoto(rng.normal(size=30), 1.7), np.empty(30)
    drift(system.params(), 0.0, theta, np.empty(0), out)
    np.testing.assert_allclose(out, kuramoto(SimpleNamespace(**fields_of(system)), theta, None), atol=1e-13)
    z = Kuramoto.order_parameter(theta)
    np.testing.assert_allclose(out, system.omega + 1.7 * abs(z) * np.sin(np.angle(z) - theta), atol=1e-13)


def test_kuramoto_order_parameter_and_locking_of_two():
    assert Kuramoto.order_parameter([[0.3] * 5, 2 * np.pi * np.arange(5) / 5]) == pytest.approx([np.exp(0.3j), 0], abs=1e-15)
    pair = Kuramoto([1.0, 0.0], 2.0, Dense.of([[0.0, 0.5], [0.5, 0.0]]))  # locks where |omega1 - omega2| < K
    theta = orbit(pair, [0.0, 0.0], 30).y[:, -1]
    assert theta[0] - theta[1] == pytest.approx(np.arcsin(0.5), abs=1e-9)


def test_fitzhugh_nagumo_hopf_points_and_nullclines():
    for current, v in ((0.3312813, -np.sqrt(1 - 0.08 * 0.8)), (1.4187187, np.sqrt(1 - 0.08 * 0.8))):
        got = evaluate(system := FitzHughNagumo(I=current), [v, (v + 0.7) / 0.8])
        np.testing.assert_allclose(got.f, 0, atol=1e-7)
        pair = np.linalg.eigvals(got.J)
        assert np.abs(pair.real).max() < 1e-12 and np.abs(pair.imag).min() > 0.1
        of_v, of_w = system.nullclines([v])
        assert of_v == pytest.approx(of_w, abs=1e-7)


# --- neural masses ----------------------------------------------------------------------------------------------------


def test_wilson_cowan_rests_without_input_and_cycles_with_it():
    np.testing.assert_array_equal(evaluate(WilsonCowan(P=0.0), [0, 0]).f, 0)
    states = orbit(WilsonCowan(tau_e=1.0, tau_i=1.0), [0.1, 0.05], 100)
    late = states.y[0, states.t > 50]
    assert late.max() - late.min() > 0.1
    rest = root(lambda x: evaluate(WilsonCowan(), x).f, [0.2, 0.1]).x
    assert (np.linalg.eigvals(evaluate(WilsonCowan(), rest).J).real > 0).all(), "the fixed point inside the cycle repels"


WONG_WANG = {  # (mu0, coherence): [(S1, S2, number of unstable directions)]
    (0.0, 0.0): [
        (0.10265, 0.10265, 0), (0.56699, 0.03189, 0), (0.03189, 0.56699, 0), (0.31384, 0.05579, 1), (0.05579, 0.31384, 1),
    ],
    (30.0, 0.0): [(0.65869, 0.05181, 0), (0.05181, 0.65869, 0), (0.42446, 0.42446, 1)],
    (30.0, 6.4): [(0.66308, 0.04894, 0), (0.05495, 0.65404, 0), (0.40728, 0.43928, 1)],
    (30.0, 100.0): [(0.70928, 0.02396, 0)],
}  # fmt: skip


@pytest.mark.parametrize("stimulus", WONG_WANG)
def test_wong_wang_fixed_points_and_their_stability(stimulus):
    system, found = WongWang(), set()
    for start in np.stack(np.meshgrid(np.linspace(0.02, 0.8, 9), np.linspace(0.02, 0.8, 9)), -1).reshape(-1, 2):
        solution = root(lambda x: evaluate(system, x, stimulus).f, [*start, 0, 0], jac=lambda x: evaluate(system, x, stimulus).J)
        if solution.success and np.abs(evaluate(system, solution.x, stimulus).f).max() < 1e-9:
            assert np.abs(solution.x[2:]).max() < 1e-9
            unstable = int((np.linalg.eigvals(evaluate(system, solution.x, stimulus).J).real > 0).sum())
            found.add((*solution.x[:2].round(6).tolist(), unstable))
    expected = WONG_WANG[stimulus]
    assert len(found) == len(expected), found
    np.testing.assert_allclose(sorted(found), sorted(expected), atol=1e-5)


def test_wong_wang_rates_noise_and_removable_singularity():
    system = WongWang()
    x, u, out = np.array([0.3, 0.1, 0.01, -0.01]), np.array([30.0, 10.0]), np.empty(2)
    output(system.params(), x, u, out)
    got = evaluate(system, x, u).f
    np.testing.assert_allclose(out, (got[:2] + x[:2] / 0.1) / 0.641 / (1 - x[:2]), rtol=1e-12)
    noise = np.empty(4)
    diffusion(system.params(), 0.0, x, u, noise)
    assert noise[2] ** 2 * system.tau_AMPA / 2 == pytest.approx(0.02**2 / 2), "the variance of an Ornstein-Uhlenbeck process"
    assert noise[0] == noise[1] == 0 and system.stochastic and not WongWang(sigma=0.0).stochastic
    at = [0.0, 0.0, 108 / 270 - 0.3255]  # where a x = b, H = 1/d
    for side in (-1e-2, -1e-9, 0.0, 1e-9, 1e-2):
        y = 0.154 * 270 * side
        H = (1 + y / 2 + y**2 / 12 - y**4 / 720 + y**6 / 30240) / 0.154
        got = evaluate(system, [*at[:2], at[2] + side, 0])
        assert got.f[0] == pytest.approx(0.641 * H, rel=1e-9)
        assert got.J[0, 2] == pytest.approx(0.641 * 270 * (0.5 + y / 6 - y**3 / 180 + y**5 / 5040), rel=1e-7)


def masses_at(E):
    """Fixed values of x and u at a rate E."""
    u = 0.3 * (1 + 1.5 * E) / (1 + 0.3 * 1.5 * E)
    return 1 / (1 + 0.2 * u * E), u


def test_tsodyks_markram_folds_and_hopf_points():
    def characteristic(y):
        got = evaluate(TsodyksMarkram(E0=y[3]), y[:3])
        return got.f, np.poly(got.J)  # lambda^3 + c[1] lambda^2 + c[2] lambda + c[3]

    def fold(y):
        f, c = characteristic(y)
        return [*f, c[3]]

    def hopf(y):
        f, c = characteristic(y)
        return [*f, c[1] * c[2] - c[3]]

    for E, E0 in ((1.349587, -1.463027), (4.108895, -1.865224)):
        y = root(fold, [E + 0.01, *masses_at(E + 0.01), E0], tol=1e-13).x
        np.testing.assert_allclose([y[0], y[3]], [E, E0], atol=1e-6)
    for near, E0, frequency in ((3.7, -1.850125, 1.99985), (7.3, -1.151059, 19.36504)):
        y = root(hopf, [near, *masses_at(near), E0], tol=1e-13).x
        assert y[3] == pytest.approx(E0, abs=1e-6)
        assert np.sqrt(characteristic(y)[1][2]) == pytest.approx(frequency, abs=1e-4)
    assert y[0] == pytest.approx(7.301876, abs=1e-6)


# --- the ring ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [6, 64])
def test_ring_bump_is_a_fixed_point_wherever_it_stands_and_turns_at_the_velocity(n):
    system = RingAttractor(n=n)
    for angle in np.random.default_rng(4).uniform(-3, 3, 8):
        bump = system.bump(angle)
        np.testing.assert_allclose(evaluate(system, bump, [0.0]).f * system.tau, 0, atol=1e-14)
        assert RingAttractor.angle(bump) == pytest.approx(angle, abs=1e-13)
        turn = 7.0 * bump.max() / np.cos(system.angles - angle).max() * np.sin(system.angles - angle)
        np.testing.assert_allclose(evaluate(system, bump, [7.0]).f, turn, atol=1e-11)


def test_ring_of_any_width_is_continuous_up_to_second_order():
    angles, sizes = np.random.default_rng(4).uniform(-3, 3, 5), [50, 100, 200, 400, 800]
    off = []
    for n in sizes:
        system = RingAttractor(n=n, J0=-3.0, J1=5.0)
        off.append(max(np.abs(evaluate(system, system.bump(a), [0.0]).f).max() for a in angles))
    assert np.polyfit(np.log(sizes), np.log(off), 1)[0] == pytest.approx(-2, abs=0.15)


def test_ring_half_width_amplitude_and_stability():
    system = RingAttractor(n=64)  # J1 = 4: half the ring is active; J0 = -4 then gives the amplitude pi/4
    assert system.half_width == pytest.approx(np.pi / 2, abs=1e-13)
    assert RingAttractor(n=4000).bump(0.0).max() == pytest.approx(np.pi / 4, abs=1e-6)
    real = np.sort(np.linalg.eigvals(evaluate(system, system.bump(0.3), [0.0]).J).real * system.tau)
    assert real[-1] == pytest.approx(0, abs=1e-13) and real[-2] < -0.5, "marginal along the ring, stable across"
    wide = RingAttractor(J1=3.0).half_width  # the first moment of the bump carries it: J1 <[cos - cos w]+ cos> = 1
    angles = np.linspace(-wide, wide, 20001)
    assert 3.0 / (2 * np.pi) * trapezoid((np.cos(angles) - np.cos(wide)) * np.cos(angles), angles) == pytest.approx(1, abs=1e-7)


def test_ring_treats_all_units_alike_and_reads_its_angle():
    system = RingAttractor(n=24)
    x = np.random.default_rng(5).normal(size=24)
    np.testing.assert_allclose(evaluate(system, np.roll(x, 5), [3.0]).f, np.roll(evaluate(system, x, [3.0]).f, 5), atol=1e-12)
    angle = np.array([0.0, 1.0, -2.5])
    np.testing.assert_allclose(RingAttractor.angle(system.bump(angle)), angle, atol=1e-13)


def test_ring_simulation_integrates_velocity():
    system = RingAttractor()
    settled = orbit(system, system.initial(), 1.0).y[:, -1]
    turned = orbit(system, settled, 0.2, u=np.array([3.0])).y[:, -1]
    assert RingAttractor.angle(settled) == pytest.approx(0, abs=1e-9)
    assert RingAttractor.angle(turned) == pytest.approx(0.6, abs=1e-4)


# --- Kuramoto-Sivashinsky ---------------------------------------------------------------------------------------------


def test_kuramoto_sivashinsky_is_exact_on_waves_and_keeps_the_mean():
    system = KuramotoSivashinsky(n=32, length=22.0)
    k = 2 * np.pi / 22.0
    for a, b, m in ((0.7, -0.2, 1), (1.1, 0.4, 3), (0.0, 1.0, 7)):
        y = m * k * system.grid
        u, q = 0.3 + a * np.cos(y) + b * np.sin(y), m * k
        u_x, u_xx = q * (-a * np.sin(y) + b * np.cos(y)), -(q**2) * (u - 0.3)
        np.testing.assert_allclose(evaluate(system, u).f, -u_xx - q**4 * (u - 0.3) - u * u_x, atol=1e-11)
    x = np.random.default_rng(6).normal(size=32)
    assert evaluate(system, x).f.mean() == pytest.approx(0, abs=1e-11)
    rest = np.empty(32)
    remainder(system.params(), 0.0, x, np.empty(0), rest)
    np.testing.assert_allclose(system.linear @ x + rest, evaluate(system, x).f, atol=1e-10)


def test_kuramoto_sivashinsky_spectrum_at_rest():
    system = KuramotoSivashinsky(n=16, length=22.0)
    k = 2 * np.pi * np.fft.fftfreq(16, 1 / 16) / 22.0
    np.testing.assert_allclose(np.linalg.eigvalsh(evaluate(system, np.zeros(16)).J), np.sort(k**2 - k**4), atol=1e-10)


# --- the face ---------------------------------------------------------------------------------------------------------


def test_labels_inputs_and_delays():
    assert FitzHughNagumo().input_size == 0 and FitzHughNagumo(driven=True).inputs == ("I",)
    assert WilsonCowan(driven=True).input_size == 2 and TsodyksMarkram(driven=True).input_size == 1
    assert WongWang().slices == {"S": slice(0, 2), "noise_current": slice(2, 4)}
    assert MackeyGlass(tau=23.0).delays == (23.0,) and MackeyGlass().channels == 1
    assert Lorenz63().stochastic is False and Lorenz96(n=7).size == 7


@pytest.mark.parametrize("name", SYSTEMS)
def test_starts_where_something_happens(name):
    system = SYSTEMS[name]
    u = np.full(system.channels, 0.5)
    x, out = system.initial(), np.empty(system.size)
    if system.is_flow:
        drift(system.params(), 0.0, x, u, out)
        assert np.abs(out).max() > 1e-3
    else:
        step(system.params(), x, u, out)
        assert np.abs(out - x).max() > 1e-3


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Lorenz96(n=3), "Lorenz96.n: got 3, wanted an integer >= 4"),
        (lambda: HopfNormalForm(sigma=-1), r"HopfNormalForm.sigma: got -1.*, wanted a finite number in \[0, inf\)"),
        (lambda: Kuramoto([]), "omega: got no values, wanted a natural frequency per oscillator"),
        (lambda: Kuramoto([1.0, 2.0], W=np.ones((3, 3))), r"W: got shape \(3, 3\), wanted shape \(2, 2\)"),
        (lambda: WilsonCowan(tau_i=0), "WilsonCowan.tau_i: got 0"),
        (lambda: WongWang(sigma=-0.1), "WongWang.sigma: got -0.1"),
        (lambda: WongWang(tau_AMPA=0), "WongWang.tau_AMPA: got 0"),
        (lambda: TsodyksMarkram(tau_D=-1), "TsodyksMarkram.tau_D: got -1"),
        (lambda: TsodyksMarkram(U0=0), r"TsodyksMarkram.U0: got 0, wanted a finite number in \(0, 1\]"),
        (lambda: RingAttractor(n=2), "RingAttractor.n: got 2, wanted an integer >= 3"),
        (lambda: RingAttractor(J1=2.0).bump(0.0), "J1: got 2, wanted more than 2.*uniform state"),
        (lambda: RingAttractor(J0=3.0).bump(0.0), "got J0 = 3 with I = 1, wanted .*Lower J0"),
        (lambda: MackeyGlass(tau=0), r"MackeyGlass.tau: got 0, wanted a finite number in \(0, inf\)"),
        (lambda: KuramotoSivashinsky(n=3), "KuramotoSivashinsky.n: got 3"),
        (lambda: KuramotoSivashinsky(length=0), "KuramotoSivashinsky.length: got 0"),
        (lambda: Henon(a="x"), "Henon.a: got 'x'"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
