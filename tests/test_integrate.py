"""Methods of integration: their order, their dense output, their derivatives, and the steps they choose themselves.

Kernels are plain functions. Where only their arithmetic is in question the loop runs in plain Python (fixture `plain`); that
compiled code does the same is a test of its own.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import xarray as xr

import dynrnn as dr
import dynrnn.run as engine
from dynrnn.integrate import METHODS, Adaptive, Discretised, Tableau, choose
from dynrnn.integrate.choice import real_stability
from dynrnn.integrate.exponential import phi
from dynrnn.integrate.method import attempt, dense, derivative_at
from dynrnn.system import jvp, jvp_u, output_columns, pushforward, step, vjp


@pytest.fixture
def plain(monkeypatch):
    monkeypatch.setattr(engine, "_drive", engine._drive.py_func)


class Linear(dr.System):
    """x' = A x, or more generally a field of directions that each test fills in."""

    A: np.ndarray = np.array([[-0.3, 2.0], [-1.0, 0.1]])
    units = 2

    def initial(self):
        return np.array([1.0, 0.5])

    def exact(self, t):
        return scipy.linalg.expm(t * self.A) @ self.initial()

    def drift(p, t, x, u, out):
        for i in range(2):
            out[i] = p.A[i, 0] * x[0] + p.A[i, 1] * x[1]

    def jvp(p, x, u, v, out):
        for i in range(2):
            out[i] = p.A[i, 0] * v[0] + p.A[i, 1] * v[1]


class Riccati(dr.System):
    """Non-linear and non-autonomous, with the solution 1 / (c + sin t), exp(b sin t)."""

    c: float = 3.0
    b: float = 0.5
    units = ("x", "y")

    def initial(self):
        return np.array([1 / self.c, 1.0])

    def exact(self, t):
        return np.array([1 / (self.c + math.sin(t)), math.exp(self.b * math.sin(t))])

    def drift(p, t, x, u, out):
        out[0] = -math.cos(t) * x[0] ** 2
        out[1] = p.b * math.cos(t) * x[1]

    def tangent(p, t, x, u, v, out):
        out[0] = -2 * math.cos(t) * x[0] * v[0]
        out[1] = p.b * math.cos(t) * v[1]

    def jvp(p, x, u, v, out):
        Riccati.tangent(p, 0.0, x, u, v, out)


class Semilinear(dr.System):
    """x' = L x + N(t, x) with a full L or a diagonal one."""

    L: np.ndarray
    coupled: float = 1.0
    units = 2

    @property
    def linear(self):
        return self.L

    def initial(self):
        return np.array([1.0, -0.5])

    def exact(self, t):
        L = self.L if self.L.ndim == 2 else np.diag(self.L)

        def drift(t, x):
            return L @ x + self.coupled * np.array([-x[0] * x[1], x[0] ** 2 + math.cos(2 * t)]) + 1.0

        return scipy.integrate.solve_ivp(drift, (0, t), self.initial(), "DOP853", rtol=1e-13, atol=1e-14).y[:, -1]

    def remainder(p, t, x, u, out):
        out[0] = p.coupled * -x[0] * x[1] + 1.0
        out[1] = p.coupled * (x[0] ** 2 + math.cos(2 * t)) + 1.0

    def drift(p, t, x, u, out):
        raise NotImplementedError

    def jvp(p, x, u, v, out):
        raise NotImplementedError


def final(flow, method, steps, duration, interpolation="hold", inputs=None):
    """The last state after so many steps of one size."""
    map_ = dr.Discretised(flow, method, duration / steps, interpolation)
    run = engine.Run(map_, map_.initial()[None], dt=map_.dt)
    for X, _ in run.rows(steps, inputs):
        last = X[-1, :, 0]
    return last.copy()


def order(error, counts):
    """The slope of log error over log step, by regression."""
    return -np.polyfit(np.log(counts), np.log([error(n) for n in counts]), 1)[0]


COUNTS = {
    1: (40, 56, 80, 113, 160),
    2: (40, 56, 80, 113, 160),
    3: (60, 80, 100, 130, 160),
    4: (30, 37, 46, 57, 70),
    5: (48, 60, 75, 93, 115),
    8: (8, 9, 11, 13, 16),
}
EXPLICIT = [name for name, m in METHODS.items() if isinstance(m, Tableau)]


@pytest.mark.parametrize("flow", [Linear(), Riccati()], ids=lambda flow: type(flow).__name__)
@pytest.mark.parametrize("method", [*EXPLICIT, "rodas3"])
def test_methods_converge_with_their_order(plain, method, flow):
    nominal, duration = METHODS[method].order, 4.0 if METHODS[method].order == 5 else 2.0
    if nominal == 8:  # a few long steps: the fifth of them is at the rounding error
        flow, duration = (Riccati(1.25, 1.0), 2.0) if isinstance(flow, Riccati) else (flow, 6.0)
    truth = flow.exact(duration)
    seen = order(lambda n: np.linalg.norm(final(flow, method, n, duration) - truth), COUNTS[nominal])
    assert abs(seen - nominal) < 0.15, seen


@pytest.mark.parametrize("L", [np.array([-3.0, -0.5]), np.array([[-3.0, 1.0], [0.5, -0.5]])], ids=["diagonal", "full"])
@pytest.mark.parametrize("method", ["exponential_euler", "etdrk4"])
def test_exponential_methods_converge_with_their_order(plain, method, L):
    flow = Semilinear(L)
    truth = flow.exact(1.5)
    seen = order(lambda n: np.linalg.norm(final(flow, method, n, 1.5) - truth), COUNTS[METHODS[method].order])
    assert abs(seen - METHODS[method].order) < 0.15, seen


@pytest.mark.parametrize("method", ["exponential_euler", "etdrk4"])
def test_a_leak_with_constant_input_is_exact_in_one_step(plain, method):
    flow = Semilinear(np.array([-40.0, -0.5]), coupled=0.0)
    decay = np.exp(flow.L * 2.0)
    np.testing.assert_allclose(final(flow, method, 1, 2.0), decay * flow.initial() + (1 - decay) / -flow.L, rtol=1e-14)


def test_phi_functions():
    def taylor(k, z):
        return sum(z**i / math.factorial(i + k) for i in range(25))

    small = np.array([-1.0, -1e-3, 0.0, 1e-9, 0.5])
    for k, values in enumerate(phi(3, small)):
        np.testing.assert_allclose(values, [taylor(k, z) for z in small], rtol=4e-15)
    large = np.array([-2e5, -3e3, -30.0, 20.0])
    direct = [np.exp(large)]
    for k in range(1, 4):
        direct.append((direct[-1] - 1 / math.factorial(k - 1)) / large)
    for values, wanted in zip(phi(3, large), direct, strict=True):
        np.testing.assert_allclose(values, wanted, rtol=1e-12, atol=1e-300)
    lopsided = np.array([[-2.0, 1.0], [0.0, -300.0]])
    for full, wanted in zip(phi(2, lopsided), [scipy.linalg.expm(lopsided), None, None], strict=True):
        if wanted is not None:
            np.testing.assert_allclose(full, wanted, atol=1e-15)
    first, second = phi(2, lopsided)[1:]
    np.testing.assert_allclose(lopsided @ first, scipy.linalg.expm(lopsided) - np.eye(2), atol=1e-13)
    np.testing.assert_allclose(lopsided @ second, first - np.eye(2), atol=1e-13)


# ------------------------------------------------------------------------------------------------ order conditions


def trees(n):
    """Rooted trees with n vertices, each the sorted tuple of its branches."""
    if n == 1:
        return [()]
    return sorted({tuple(sorted((*rest, branch))) for k in range(1, n) for branch in trees(k) for rest in trees(n - k)})


def vertices(tree):
    return 1 + sum(map(vertices, tree))


def density(tree):
    return vertices(tree) * math.prod(map(density, tree))


def weight(tree, A):
    """Elementary weights of a tree, one per stage."""
    return math.prod((A @ weight(branch, A) for branch in tree), start=np.ones(len(A)))


def test_there_are_as_many_trees_as_cayley_counted():
    assert [len(trees(n)) for n in range(1, 9)] == [1, 1, 2, 4, 9, 20, 48, 115]


@pytest.mark.parametrize("name", EXPLICIT)
def test_tableaus_meet_the_order_conditions_and_no_more(name):
    m = METHODS[name]
    b = np.pad(m.b, (0, len(m.A) - len(m.b)))
    nominal = int(m.order)

    def off(weights, n, scale=1.0):
        return max(abs(weights @ weight(tree, m.A) - scale / density(tree)) for tree in trees(n))

    assert max(off(b, n) for n in range(1, nominal + 1)) < 1e-13
    assert off(b, nominal + 1) > 1e-6
    if m.adaptive:
        for theta in (0.2, 0.7, 1.0):
            at = m.P @ theta ** np.arange(1, m.dense_order + 1)
            wanted = {"tsit5": 4, "dopri5": 4, "dop853": 7}[name]
            assert max(off(at, n, theta**n) for n in range(1, wanted + 1)) < 1e-12
        for errors, blind in zip(m.E, [5, 3] if name == "dop853" else [4], strict=True):
            sees = [max(abs(errors @ weight(tree, m.A)[: len(errors)]) for tree in trees(n)) for n in range(1, blind + 2)]
            assert max(sees[:-1]) < 1e-13 and sees[-1] > 1e-6


def test_a_tableau_that_is_no_method_is_refused():
    with pytest.raises(ValueError, match="Tableau odd: got inconsistent coefficients, wanted A strictly lower triangular"):
        Tableau("odd", 1, [[0, 0], [1, 0]], [0.5, 0.4])


# ------------------------------------------------------------------------------------------------------ inputs


class Driven(dr.System):
    """x' = -x + u, with an output that hears the input."""

    units, inputs, outputs = ("x",), 1, 1

    def drift(p, t, x, u, out):
        out[0] = -x[0] + u[0]

    def tangent(p, t, x, u, v, out):
        out[0] = -v[0]

    def jvp(p, x, u, v, out):
        out[0] = -v[0]

    def jvp_u(p, x, u, w, out):
        out[0] = w[0]

    def vjp(p, x, u, g, gx, gu, gp):
        gx[0] -= g[0]
        gu[0] += g[0]

    def output(p, x, u, out):
        out[0] = x[0] + 10 * u[0]


@pytest.mark.parametrize("method", ["tsit5", "dop853", "rodas3"])
def test_steps_end_where_a_held_input_jumps(plain, method):
    u, x, truth = np.array([1.0, -2.0, 0.0, 5.0, 5.0, -1.0] * 3), 0.0, []
    for row in u:
        x = row + (x - row) * math.exp(-0.7)
        truth.append(x)
    seen = dr.simulate(Driven(), u, dt=0.7, method=method, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(seen.state[:, 0], truth, rtol=0, atol=3e-8 if method == "rodas3" else 1e-8)
    np.testing.assert_allclose(seen.output[:, 0], seen.state[:, 0] + 10 * u)


@pytest.mark.parametrize(
    ("method", "interpolation", "nominal"), [("rk4", "hold", 1), ("rk4", "linear", 2), ("tsit5", "linear", 2)]
)
def test_inputs_are_interpolated_with_their_order(plain, method, interpolation, nominal):
    truth = 0.5 * (math.sin(2.0) - math.cos(2.0) + math.exp(-2.0))  # x' = -x + sin t

    def error(n):
        t = 2.0 / n * np.arange(n + (interpolation == "linear"))
        return abs(
            dr.simulate(Driven(), np.sin(t), dt=2.0 / n, method=method, interpolation=interpolation).state.values[-1, 0] - truth
        )

    assert abs(order(error, (20, 28, 40, 57, 80)) - nominal) < 0.15


def test_a_straight_line_is_followed_exactly(plain):
    t = 0.25 * np.arange(9)
    seen = dr.simulate(Driven(), 1 + 2 * t, dt=0.25, interpolation="linear", method="dop853", rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(seen.state[:, 0], 2 * t[1:] - 1 + np.exp(-t[1:]), atol=1e-10)
    np.testing.assert_allclose(seen.output[:, 0], seen.state[:, 0] + 10 * (1 + 2 * t[1:]))


# ---------------------------------------------------------------------------------------------------- adaptive


def problem(x0, equations, gradient=None):
    """A flow with these equations (t, x) -> x', and their gradient for implicit methods."""

    class Problem(dr.System):
        units = len(x0)

        def initial(self):
            return np.array(x0, float)

        def drift(p, t, x, u, out):
            out[:] = equations(t, x)

        def tangent(p, t, x, u, v, out):
            out[:] = gradient(t, x) @ v

        def jvp(p, x, u, v, out):
            out[:] = gradient(0.0, x) @ v

        def jvp_u(p, x, u, w, out):
            out[:] = 0

    return Problem()


def kepler(t, x):
    cubed = (x[0] ** 2 + x[1] ** 2) ** 1.5
    return x[2], x[3], -x[0] / cubed, -x[1] / cubed


TEN = {
    "decay": (problem([1.0], lambda t, x: -x), 10.0),
    "oscillator": (problem([1.0, 0.0], lambda t, x: (x[1], -x[0])), 10.0),
    "Lorenz": (dr.Lorenz63(), 0.3),
    "van der Pol": (dr.VanDerPol(mu=5.0), 4.0),
    "Kepler": (problem([0.7, 0.0, 0.0, math.sqrt(1.3 / 0.7)], kepler), 6.0),
    "logistic": (problem([0.01], lambda t, x: x * (1 - x)), 10.0),
    "non-autonomous": (Riccati(), 10.0),
    "Lotka-Volterra": (problem([1.0, 2.0], lambda t, x: (x[0] * (1 - x[1]), x[1] * (x[0] - 1))), 12.0),
    "FitzHugh-Nagumo": (dr.FitzHughNagumo(), 100.0),
    "Brusselator": (problem([1.5, 3.0], lambda t, x: (1 + x[0] ** 2 * x[1] - 4 * x[0], 3 * x[0] - x[0] ** 2 * x[1])), 5.0),
}


def reference(flow, times, method="DOP853"):
    def rhs(t, x):
        out = np.empty(flow.size)
        type(flow).drift(flow.params(), t, x, np.zeros(0), out)
        return out

    return scipy.integrate.solve_ivp(rhs, (0, times[-1]), flow.initial(), method, t_eval=times, rtol=1e-12, atol=1e-14).y.T


@pytest.mark.parametrize("name", TEN)
def test_the_error_of_adaptive_methods_is_near_their_tolerance(plain, name):
    flow, duration = TEN[name]
    truth = reference(flow, duration / 20 * np.arange(1, 21))
    for method in ("tsit5", "dopri5", "dop853"):
        for tol in (1e-4, 1e-7):
            seen = dr.simulate(flow, steps=20, dt=duration / 20, method=method, rtol=tol, atol=tol).state.values
            off = (np.abs(seen - truth) / (tol * (1 + np.abs(truth)))).max()
            assert off < 10, (method, tol, off)


def robertson(t, x):
    slow, fast = 0.04 * x[0], 3e7 * x[1] ** 2
    return -slow + 1e4 * x[1] * x[2], slow - 1e4 * x[1] * x[2] - fast, fast


def robertson_gradient(t, x):
    y, z = 1e4 * x[1], 1e4 * x[2]
    return np.array([[-0.04, z, y], [0.04, -z - 6e7 * x[1], -y], [0, 6e7 * x[1], 0]])


STIFF = {
    "linear": (
        problem([1.0, 1.0], lambda t, x: (-1e4 * (x[0] - math.cos(t)), -x[1]), lambda t, x: np.array([[-1e4, 0], [0, -1]])),
        5.0,
    ),
    "van der Pol": (dr.VanDerPol(mu=100.0), 150.0),
    "Robertson": (problem([1.0, 0.0, 0.0], robertson, robertson_gradient), 400.0),
}


@pytest.mark.parametrize("name", STIFF)
def test_stiff_flows_take_few_steps_with_rodas3(plain, name):
    flow, duration = STIFF[name]
    truth, tol = reference(flow, duration / 10 * np.arange(1, 11), "Radau"), 1e-5
    calls = []
    kernel = type(flow).drift
    type(flow).drift = lambda p, t, x, u, out: calls.append(t) or kernel(p, t, x, u, out)
    try:
        seen = dr.simulate(flow, steps=10, dt=duration / 10, method="rodas3", rtol=tol, atol=tol * 1e-3).state.values
    finally:
        type(flow).drift = kernel
    off = (np.abs(seen - truth) / (tol * (1e-3 + np.abs(truth)))).max()
    assert off < 10
    assert len(calls) < 10_000  # explicit steps below 2.8 / rate would be some 10^4 to 10^6


SPAN = {"tsit5": 1.0, "dopri5": 1.0, "dop853": 3.0}


@pytest.mark.parametrize(("method", "nominal"), [("tsit5", 4), ("dopri5", 4), ("dop853", 7)])
@pytest.mark.parametrize("flow", [Linear(), Riccati()], ids=lambda flow: type(flow).__name__)
def test_dense_output_converges_with_its_order(plain, method, nominal, flow):
    """One step from the exact solution is off by ``h^(q + 1)`` inside where the interpolant has order q."""
    fractions = np.linspace(0.1, 0.9, 9)

    def error(n):
        h = SPAN[method] / n
        map_ = dr.Discretised(flow, method, h)
        p, u, x = map_.params(), np.zeros(1), flow.initial()
        f, y, end = np.empty(2), np.empty(2), np.empty(2)
        Q = np.empty((map_.method.dense_order, 2))
        derivative_at(p, 0.0, x, u, f)
        attempt(p.method, p, 0.0, h, x, f, u, y, end)
        dense(p.method, p, 0.0, h, x, f, y, end, u, Q)
        inside = [x + sum(Q[d] * s ** (d + 1) for d in range(len(Q))) for s in fractions]
        return max(np.linalg.norm(z - flow.exact(s * h)) for s, z in zip(fractions, inside, strict=True)) / h

    seen = order(error, (16, 20, 25, 32, 40) if nominal < 7 else (8, 9, 10, 12, 14))
    assert abs(seen - nominal) < 0.15, seen


@pytest.mark.parametrize("method", ["tsit5", "dop853", "rodas3"])
def test_rows_at_any_distance_tell_the_same_solution(plain, method):
    seen = [dr.simulate(Riccati(), duration=6.0, dt=dt, method=method, rtol=1e-7, atol=1e-7).state for dt in (0.1, 1.5, 6.0)]
    for rows in seen:
        truth = np.array([Riccati().exact(t) for t in rows.time.values])
        np.testing.assert_allclose(rows, truth, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("method", "flow"), [("tsit5", Riccati()), ("rodas3", Riccati()), ("dopri5", Driven())])
def test_an_adaptive_run_cut_in_two_is_the_whole_run_bit_for_bit(plain, tmp_path, method, flow):
    u = np.sin(np.arange(30.0))[:, None] if flow.input_size else None
    options = {"dt": 0.3, "method": method}

    def part(start, stop, **more):
        given = {"steps": stop - start} if u is None else {"inputs": u[start:stop]}
        return dr.simulate(flow, **given, **options, **more)

    whole, first = part(0, 30), part(0, 11)
    np.testing.assert_array_equal(part(11, 30, x0=first).state, whole.state[11:])
    part(0, 11, to=tmp_path / "first.nc").close()
    np.testing.assert_array_equal(part(11, 30, x0=xr.load_dataset(tmp_path / "first.nc")).state, whole.state[11:])


@pytest.mark.parametrize("method", ["tsit5", "dop853", "rodas3"])
def test_compiled_steps_are_those_of_plain_python(method, monkeypatch):
    compiled = dr.simulate(dr.Lorenz63(), steps=5, dt=0.05, method=method)
    monkeypatch.setattr(engine, "_drive", engine._drive.py_func)
    np.testing.assert_allclose(compiled.state, dr.simulate(dr.Lorenz63(), steps=5, dt=0.05, method=method).state, rtol=1e-11)


def test_derivatives_of_a_step_under_linear_inputs():
    """Against a finite difference, and adjoints against each other; for single states and for many."""
    map_ = dr.Discretised(Driven(), "rk4", 0.1, "linear")
    p, x, u = map_.params(), np.array([0.3]), np.array([1.0, -0.4, 2.0])
    v, w, g, out = np.array([0.7]), np.array([0.2, -1.1, 0.0]), np.array([1.3]), np.empty(1)

    def after(x, u):
        step(p, x, u, out)
        return out.copy()

    jvp(p, x, u, v, out)
    along_x = out.copy()
    jvp_u(p, x, u, w, out)
    along_u = out.copy()
    np.testing.assert_allclose(along_x, after(x + v, u) - after(x, u), rtol=1e-13)  # the flow is linear
    np.testing.assert_allclose(along_u, after(x, u + w) - after(x, u), rtol=1e-13)
    gx, gu = np.zeros(1), np.zeros(3)
    vjp(p, x, u, g, gx, gu, map_.weight_views()[1])
    np.testing.assert_allclose(g @ (along_x + along_u), gx @ v + gu @ w, rtol=1e-14)
    for columns in (2, 5):
        p, X, U = map_.params(columns), np.tile(x, (columns, 1)).T.copy(), np.tile(u, (columns, 1)).T.copy()
        OUT, y, W = np.empty((1, columns)), np.empty(1), np.empty((columns, 1))
        pushforward(p, 0.0, x, u, np.tile(v, (columns, 1)), y, W)
        np.testing.assert_array_equal(W, np.tile(along_x, (columns, 1)))
        np.testing.assert_array_equal(y, after(x, u))
        output_columns(p, X, U, OUT)
        np.testing.assert_allclose(OUT, x[0] + 10 * (u[0] + u[1]))


def test_times_far_from_the_start_do_not_stop_the_steps(plain):
    map_ = Adaptive(Driven(), "tsit5", 1e-3)
    run = engine.Run(map_, map_.initial()[None], dt=1e-3, start=2**27)  # dt is below 1e-8 of the time
    rows = np.concatenate([X for X, _ in run.rows(500, np.ones((1, 500, 1)))])
    assert abs(rows[-1, 0, 0] - (1 - math.exp(-0.5))) < 1e-6


# -------------------------------------------------------------------------------------------- failures and choices


def test_a_singularity_is_reported_with_its_place_and_the_rows_before_it(plain):
    flow = problem([1.0], lambda t, x: x * x)
    for more in ({}, {"events": dr.Crossing(0, 1e12)}):
        with pytest.raises(dr.Diverged, match=r"Near t = 1 s the steps of tsit5 fell to .*take method='rodas3'") as caught:
            dr.simulate(flow, duration=2.0, dt=0.1, method="tsit5", **more)
        assert caught.value.step == 10 and caught.value.result.sizes["time"] == 10
        np.testing.assert_allclose(caught.value.result.state[:9, 0], 1 / (1 - 0.1 * np.arange(1, 10)), rtol=1e-3)


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_fixed_step_that_diverges_names_step_and_component(plain):
    flow = problem([1.0, 1.0], lambda t, x: (x[0] ** 2, -x[1]))
    with pytest.raises(dr.Diverged, match=r"after step 1\d .*state\[0\]\..*Shorten dt") as caught:
        dr.simulate(flow, duration=5.0, dt=0.1)
    assert caught.value.result.sizes["time"] == caught.value.step > 9


@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_drift_that_is_not_finite_is_named(plain):
    flow = problem([1.0], lambda t, x: np.sqrt(-x))
    with pytest.raises(dr.Diverged, match="At t = 0 s the drift itself is not finite"):
        dr.simulate(flow, steps=2, dt=0.1, method="tsit5")


class Noisy(dr.System):
    """dx = -x dt + (s + m x) dW."""

    s: float = 1.0
    m: float = 0.0
    units = ("x",)

    def drift(p, t, x, u, out):
        out[0] = -x[0]

    def diffusion(p, t, x, u, out):
        out[0] = p.s + p.m * x[0]


@pytest.mark.parametrize(
    ("flow", "name", "why"),
    [
        (dr.VanDerPol(mu=100.0), "rodas3", "stiff at the initial state: its fastest decay is 300 per second"),
        (dr.VanDerPol(mu=1.0), "tsit5", "a smooth flow"),
        (Noisy(), "sra1", "noise whose amplitude does not depend on the state"),
        (Noisy(1.0, 0.5), "milstein", "noise whose amplitude depends on the state"),
        (dr.MackeyGlass(), "rk4", "delays"),
        (dr.KuramotoSivashinsky(32), "etdrk4", "a stiff linear part"),
    ],
)
def test_the_automatic_choice(flow, name, why):
    chosen, reason = choose(flow, 0.25)
    assert chosen == name and reason.startswith(why)


def test_a_result_says_what_was_chosen(plain):
    attrs = dr.simulate(dr.VanDerPol(), steps=1, dt=0.1, method="auto", rtol=1e-5).attrs
    assert attrs["method"] == "tsit5" and "not stiff" in attrs["method_reason"] and attrs["rtol"] == 1e-5


def test_kuramoto_sivashinsky_keeps_its_spatial_mean_for_1000_time_units():
    flow = dr.KuramotoSivashinsky(32)
    states = dr.simulate(flow, duration=1000.0, dt=0.25, method="etdrk4", x0=flow.initial() + 0.3, every=40).state
    assert np.abs(states.mean("unit") - (flow.initial() + 0.3).mean()).max() < 1e-10  # 4000 steps of rounding
    assert states[-1].std() > 0.5  # and is not at rest


def rows(at):
    return xr.DataArray(np.zeros((3, 1)), dims=("time", "input"), coords={"time": at})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dr.simulate(Linear(), steps=3, dt=0), "dt: got 0, wanted a finite number in \\(0, inf\\)"),
        (lambda: dr.simulate(Linear(), steps=3, dt="-1 ms"), "dt: got -0.001"),
        (lambda: dr.Discretised(Linear(), "rk4", -1.0), "dt: got -1"),
        (lambda: dr.Discretised(Linear(), "rk5", 0.1), "method: got 'rk5', wanted one of 'euler', .*'rk4'.*Did you mean 'rk4'"),
        (lambda: dr.simulate(Linear(), steps=3, dt=1, method="rk5"), "method: got 'rk5', wanted one of 'euler', .*, 'auto'"),
        (
            lambda: dr.simulate(Linear(), steps=3, dt=1, rtol=1e-3),
            "rtol: got a tolerance, wanted none with fixed steps \\(rk4\\)",
        ),
        (lambda: dr.simulate(Linear(), steps=3, dt=1, method="tsit5", rtol=-1), "rtol: got -1"),
        (lambda: Adaptive(Linear(), "tsit5", 1.0, rtol=0, atol=0), "rtol, atol: got 0 and 0, wanted one of them above 0"),
        (lambda: Adaptive(Linear(), "rk4", 1.0), "method: got rk4, wanted one with an error estimate: tsit5, dopri5"),
        (lambda: dr.simulate(Linear(), duration=1.0, dt=0.3), "duration: got 1 s, wanted a multiple of dt = 0.3 s"),
        (lambda: dr.simulate(Driven(), rows([0.1, 0.2, 0.3]), dt=0.05), "inputs: got rows every 0.1 s, wanted rows every dt"),
        (lambda: dr.simulate(Driven(), np.zeros((1, 1)), dt=1, interpolation="linear"), "1 row, wanted at least 2 rows"),
        (lambda: dr.simulate(Driven(), np.zeros((4, 1)), dt=1, duration=5.0), "steps: got 5, wanted 4, the number of input rows"),
        (
            lambda: dr.simulate(Driven(), np.zeros((4, 1)), dt=1, interpolation="cubic"),
            "interpolation: got 'cubic'.*'hold', 'linear'",
        ),
        (lambda: dr.simulate(Noisy(), steps=1, dt=1, method="rk4"), "method: got rk4, wanted a deterministic flow"),
        (lambda: dr.simulate(Linear(), steps=1, dt=1, method="sra1"), "method: got sra1, wanted a flow with a diffusion"),
        (lambda: dr.simulate(Linear(), steps=1, dt=1, method="etdrk4"), "method: got etdrk4, wanted a flow with a linear part"),
        (lambda: dr.Discretised(dr.MackeyGlass(), "rk4", 1.0), "MackeyGlass with delays, wanted one without. Take .*Delayed"),
        (lambda: dr.simulate(Linear(), steps=1, dt=1, history=lambda t: [0, 0]), "history: .*the system has no delays"),
    ],
)
def test_bad_input_is_met_before_any_work(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


# ------------------------------------------------------------------------------------------------- where a solution ends


class Pole(dr.System):
    """x' = x^2 in some components that blow up at t = 1 / x(0), beside one that relaxes to a moving target."""

    start: np.ndarray = np.array([1.0])
    rate: float = 1e4

    @property
    def units(self):
        return self.start.size + 1

    def initial(self):
        return np.append(self.start, 1.0)

    def drift(p, t, x, u, out):
        last = x.size - 1
        for i in range(last):
            out[i] = x[i] * x[i]
        out[last] = p.rate * (np.cos(t) - x[last])


@pytest.mark.parametrize("start", [[1.0], [1.0, 1.0], [0.5, 1.0, -3.0]])
@pytest.mark.parametrize("dt", [0.35, 2.0])
@pytest.mark.parametrize("rate", [0.0, 1e4])
def test_stiff_steps_do_not_leap_over_a_pole(plain, start, dt, rate):
    with np.errstate(all="ignore"), pytest.raises(dr.Diverged, match="Near t = 1 s the steps of rodas3 fell") as caught:
        dr.simulate(Pole(np.array(start), rate), steps=round(2.1 / dt), dt=dt, method="rodas3")
    assert "take method='rodas3'" not in str(caught.value)
    np.testing.assert_allclose(caught.value.result.state[:, 0], 1 / (1 / start[0] - caught.value.result.time), rtol=1e-4)


def test_a_run_that_starts_at_an_unstable_state_may_stay_there(plain):
    pitchfork = type("Pitchfork", (dr.System,), {"drift": lambda p, t, x, u, out: out.fill(50 * x[0] - x[0] ** 3)})()
    assert dr.simulate(pitchfork, steps=3, dt=1.0, method="rodas3").state[-1] == 0


def test_a_divergence_is_told_in_steps_and_in_time(plain):
    with np.errstate(all="ignore"), pytest.raises(dr.Diverged, match=r"after step 1\d \(counting from 0\), at t = ") as one:
        dr.simulate(Pole(rate=0.0), duration=3.0, dt=0.1)
    assert f"at t = {(one.value.step + 1) * 0.1:.6g} s: state[0]" in str(one.value)


# ------------------------------------------------------------------------------------------------- steps that are too long


@pytest.mark.parametrize(
    ("method", "limit"),
    [("euler", 2.0), ("heun", 2.0), ("midpoint", 2.0), ("rk4", 2.785293563405282), ("euler_maruyama", 2.0), ("etdrk4", 0.0)],
)
def test_the_stability_limits_are_those_of_hairer_and_wanner(method, limit):
    assert real_stability(METHODS[method]) == pytest.approx(limit, abs=1e-9)


@pytest.mark.parametrize("method", ["euler", "heun", "rk4", "dopri5"])
def test_decay_is_followed_up_to_the_limit_and_not_beyond(plain, method):
    for factor, grows in ((0.99, False), (1.01, True)):
        decay = Discretised(Linear(np.diag([-1.0, -1.0])), method, factor * real_stability(METHODS[method]))
        end = [X for X, _ in engine.Run(decay, np.array([[1.0, 1.0]]), dt=decay.dt).rows(400)][-1][-1]
        assert bool((abs(end) > 1).all()) is grows


def test_a_step_beyond_the_stability_limit_brings_a_warning_and_others_do_not(plain, recwarn):
    network = dr.CTRNN([[0.0, -1.0], [1.0, 0.0]], tau=[0.01, 0.1])
    dr.simulate(network, steps=2, dt=0.0278)
    dr.simulate(network, steps=2, dt=0.1, method="tsit5")
    dr.simulate(network, steps=2, dt=0.1, method="etdrk4")
    waves = dr.KuramotoSivashinsky(n=16)
    k = np.pi * waves.n / waves.length
    dr.simulate(waves, steps=2, dt=2.7 / (k**4 - k**2))
    assert not recwarn
    text = r"dt = 0\.028 is too long for rk4, as CTRNN decays at the rate 100: above 0\.0279 errors grow .*take method='auto'"
    with pytest.warns(UserWarning, match=text) as caught:
        dr.simulate(network, steps=2, dt=0.028)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match=r"euler_maruyama, .* above 0\.02 errors grow from step to step\. Shorten dt\.$"):
        dr.simulate(network.replace(noise_std=[0.1, 0.1]), steps=2, dt=0.021, rng=1)
    with pytest.warns(UserWarning, match="KuramotoSivashinsky decays at the rate"):
        dr.simulate(waves, steps=2, dt=2.8 / (k**4 - k**2))
