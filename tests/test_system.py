"""The contract: a user's own map and flow, every verb on them, wrappers, and what `check_system` says of broken ones."""

import numpy as np
import pytest

import dynrnn as dr
from dynrnn.testing import ContractError, check_system


class Henon(dr.System):
    a: float = 1.4
    b: float = 0.3
    units = ("x", "y")

    def step(p, x, u, out):
        out[0] = 1 - p.a * x[0] ** 2 + x[1]
        out[1] = p.b * x[0]


class Pendulum(dr.System):
    damping: float = 0.1
    units = ("angle", "speed")
    inputs = ("torque",)

    def drift(p, t, x, u, out):
        out[0] = x[1]
        out[1] = -np.sin(x[0]) - p.damping * x[1] + u[0]


class Clipped(dr.System):
    """Not analytic: complex steps do not work here."""

    units = 2

    def step(p, x, u, out):
        out[0] = min(abs(x[0]) + x[1], 1.0)
        out[1] = 0.5 * x[0]


class Trained(dr.System):
    """A map with everything written by hand, a scalar and a vector to train, noise and an output."""

    gain: float = 0.7
    bias: np.ndarray = (0.1, -0.2)
    units = 2
    inputs = 1
    outputs = 1
    noise = dr.Noise("normal", 2)
    trainable = ("gain", "bias")

    def step(p, x, u, out):
        for i in range(2):
            out[i] = p.gain * np.sin(x[1 - i]) + p.bias[i] * u[0] + 0.1 * u[1 + i]

    def output(p, x, u, out):
        out[0] = x[0] + x[1]

    def jvp(p, x, u, v, out):
        for i in range(2):
            out[i] = p.gain * np.cos(x[1 - i]) * v[1 - i]

    def jvp_u(p, x, u, w, out):
        for i in range(2):
            out[i] = p.bias[i] * w[0] + 0.1 * w[1 + i]

    def jvp_p(p, x, u, q, out):
        for i in range(2):
            out[i] = q.gain[0] * np.sin(x[1 - i]) + q.bias[i] * u[0]

    def vjp(p, x, u, g, gx, gu, gp):
        for i in range(2):
            gx[1 - i] += p.gain * np.cos(x[1 - i]) * g[i]
            gu[0] += p.bias[i] * g[i]
            gu[1 + i] += 0.1 * g[i]
            gp.gain[0] += np.sin(x[1 - i]) * g[i]
            gp.bias[i] += u[0] * g[i]


@pytest.mark.parametrize("system", [Henon(), Pendulum(), Clipped(), Trained()], ids=lambda s: type(s).__name__)
def test_users_own_systems_keep_the_contract(system):
    said = check_system(system)
    assert len(said) >= 7


def test_a_map_is_simulated_to_the_written_formula():
    run = dr.simulate(Henon(), steps=50, x0=[0.1, 0.2])
    x = run.state.values
    np.testing.assert_allclose(x[1:, 0], 1 - 1.4 * x[:-1, 0] ** 2 + x[:-1, 1], rtol=1e-14)
    assert list(run.unit.values) == ["x", "y"]
    assert run.time.values[0] == 1


def test_a_flow_converges_at_the_order_of_the_method():
    class Decay(dr.System):
        def drift(p, t, x, u, out):
            out[0] = -x[0] + np.cos(t)

    def exact(t):
        return 0.5 * (np.cos(t) + np.sin(t)) + 0.5 * np.exp(-t)

    for method, order in (("euler", 1), ("heun", 2), ("midpoint", 2), ("rk4", 4)):
        steps = np.array([16, 32, 64, 128])
        runs = [dr.simulate(Decay(), duration=2.0, dt=2 / n, method=method, x0=[1.0]) for n in steps]
        errors = [abs(run.state.values[-1, 0] - exact(2.0)) for run in runs]
        slope = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
        assert abs(slope - order) < 0.15, method


def test_a_derivative_nobody_wrote_says_how_it_is_made():
    assert Henon().derivative == "complex step"
    assert Clipped().derivative == "central differences"
    assert Trained().derivative == "exact"
    np.testing.assert_allclose(dr.jacobian(Henon(), [0.3, 0.2]), [[-2.8 * 0.3, 1], [0.3, 0]], rtol=0, atol=1e-15)
    np.testing.assert_allclose(dr.jacobian(Clipped(), [0.3, 0.2]), [[1, 1], [0.5, 0]], atol=1e-9)
    np.testing.assert_allclose(dr.jacobian(Pendulum(), [0.3, 0.2], [0.0]), [[0, 1], [-np.cos(0.3), -0.1]], atol=1e-15)


def test_weights_travel_as_one_flat_vector():
    system = Trained()
    flat, views = system.weight_views(np.array([0.5, 1.0, 2.0]))
    assert views.gain.tolist() == [0.5] and views.bias.tolist() == [1.0, 2.0]
    assert system.with_weights(flat) == Trained(gain=0.5, bias=[1.0, 2.0])
    assert system.gain == 0.7


esn = dr.ESN.random(12, inputs=2, feedback=1, rng=3, leak=0.6, noise_std=0.05, topology_options={"density": 0.5})
WRAPPED = {
    "closed loop": dr.ClosedLoop(esn, np.linspace(-0.2, 0.2, 12)[None]),
    "stack": dr.Stack(Trained(), dr.ESN.random(5, inputs=2, rng=2, noise_std=0.1)),
    "deep stack": dr.Stack(Trained(), dr.ESN.random(1, inputs=2, rng=1, noise_std=0.1), dr.Discretised(Pendulum(), "heun", 0.05)),
    "closed loop of a flow": dr.ClosedLoop(dr.Discretised(Pendulum(), "rk4", 0.05), [[-1.0, -0.5]]),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_wrappers_are_systems(name):
    assert check_system(WRAPPED[name])


def test_a_closed_loop_is_the_open_loop_fed_by_hand():
    loop, readout = WRAPPED["closed loop"], np.linspace(-0.2, 0.2, 12)
    quiet, u, x = esn.replace(noise_std=0.0), np.random.default_rng(0).normal(size=(20, 2)), np.full(12, 0.1)
    result = dr.simulate(dr.ClosedLoop(quiet, readout[None]), u, x0=x)
    for k in range(20):
        x = dr.simulate(quiet, [[*u[k], readout @ x]], x0=x).state.values[0]
        np.testing.assert_allclose(result.state.values[k], x, atol=1e-14)
        np.testing.assert_allclose(result.output.values[k], [readout @ x], atol=1e-14)
    assert loop.input_size == 2


def test_a_stack_is_its_layers_in_series():
    a, b = dr.ESN.random(6, rng=1), dr.ESN.random(5, inputs=6, rng=2)
    u = np.random.default_rng(0).normal(size=(30, 1))
    both = dr.simulate(dr.Stack(a, b), u)
    below = dr.simulate(a, u).state.values
    np.testing.assert_array_equal(both.layer1_state, below)
    np.testing.assert_array_equal(both.layer2_state, dr.simulate(b, below).state)


class Writes(Henon):
    def step(p, x, u, out):
        x[0] += 1.0
        out[0] = x[1]
        out[1] = x[0]


class WrongProduct(Henon):
    def jvp(p, x, u, v, out):
        out[0] = v[1]
        out[1] = v[0]


class WrongGradient(Trained):
    def vjp(p, x, u, g, gx, gu, gp):
        gx[0] += g[0]


class WrongStart(Henon):
    def initial(self):
        return np.zeros(3)


@pytest.mark.parametrize(
    ("system", "message"),
    [
        (Writes(), "purity: step writes to its argument x"),
        (WrongProduct(), "jvp: J_x v and a finite difference differ"),
        (WrongGradient(), "adjoint: <g, J v>"),
    ],
    ids=lambda s: type(s).__name__ if not isinstance(s, str) else "",
)
def test_check_system_says_what_is_wrong(system, message):
    with pytest.raises(ContractError, match=message):
        check_system(system)


def test_a_class_without_kernels_is_refused():
    class Nothing(dr.System):
        pass

    with pytest.raises(TypeError, match=r"a method step\(p, x, u, out\)"):
        Nothing()


def test_wrappers_refuse_what_does_not_fit():
    with pytest.raises(TypeError, match="Wrap a flow in Discretised"):
        dr.ClosedLoop(Pendulum(), [[1.0, 0.0]])
    with pytest.raises(ValueError, match="weights for 3 state variables"):
        dr.ClosedLoop(esn, [[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match="at most 3, the inputs of the system"):
        dr.ClosedLoop(esn, np.zeros((4, 12)))
    with pytest.raises(ValueError, match="a layer with 2 inputs on one that shows 3"):
        dr.Stack(dr.ESN.random(3, rng=1), dr.ESN.random(3, inputs=2, rng=1))
    with pytest.raises(ValueError, match="got 'rk5', wanted one of 'euler'"):
        dr.Discretised(Pendulum(), "rk5", 0.1)


def system(**members):
    """A class with these members, made here and now."""
    return type("Made", (dr.System,), members)


def test_a_kernel_is_tried_once_when_its_class_is_first_used():
    with pytest.raises(
        ValueError, match=r"Made.step: got a kernel that leaves out\[1\] unset, wanted one that sets all 2 entries"
    ):
        system(units=2, step=lambda p, x, u, out: out.__setitem__(0, x[1]))()

    def returns(p, x, u, out):
        return 2 * x

    with pytest.raises(TypeError, match="got a kernel that returns something, wanted one that writes to `out`"):
        system(step=returns)()
    with pytest.raises(TypeError, match=r"wanted a kernel of \(p, x, u, out\)"):
        system(step=lambda p, x, out: None)()


def test_shapes_that_are_not_shapes_are_refused():
    def step(p, x, u, out):
        out[:] = 0

    with pytest.raises(TypeError, match=r"Made: state: got 'position', wanted a number, or a tuple of different labels"):
        system(units=("position"), step=step)()
    with pytest.raises(TypeError, match=r"Made: inputs: got \('a', 'a'\)"):
        system(inputs=("a", "a"), step=step)()
    with pytest.raises(ValueError, match=r"WrongStart.initial: got shape \(3,\), wanted \(2,\)"):
        WrongStart()
    with pytest.raises(ValueError, match="Made: state: got -2"):
        system(units=-2, step=step)()


class Rectified(dr.System):
    """Branches on its state: the complex numbers of plain Python would let that pass, compiled ones do not."""

    slope: float = 0.0

    def step(p, x, u, out):
        out[0] = x[0] if x[0] > 0 else p.slope * abs(x[0])


def test_branches_are_differentiated_by_central_differences():
    assert Rectified().derivative == "central differences"
    np.testing.assert_allclose(dr.jacobian(Rectified(0.5), [-2.0]), [[-0.5]], atol=1e-9)
    assert check_system(Rectified(0.5))


class AlmostRight(Henon):
    """At the fixed point 0 of this map its Jacobian is right."""

    def step(p, x, u, out):
        out[0] = x[0] ** 2 + x[1]
        out[1] = -0.5 * x[0]

    def jvp(p, x, u, v, out):
        out[0] = v[1]
        out[1] = -0.5 * v[0]


def test_derivatives_are_checked_beside_the_orbit_too():
    with pytest.raises(ContractError, match="jvp: J_x v and a finite difference differ"):
        check_system(AlmostRight())


class Helpless(dr.System):
    def step(p, x, u, out):
        out[0] = forgotten_decorator(x[0])


def forgotten_decorator(x):
    return 2 * x


def test_what_does_not_compile_is_said_in_words():
    with pytest.raises(TypeError, match=r"Helpless: a kernel does not compile: .* need @numba.njit"):
        dr.simulate(Helpless(), steps=3)


class Cubic(dr.System):
    units = 2

    def step(p, x, u, out):
        out[0] = x[0] ** 3 - x[1] ** 2
        out[1] = x[1] ** 4


def test_derivatives_of_powers_are_right_at_negative_states_too():
    x = np.array([-1.5, -0.7])
    np.testing.assert_allclose(dr.jacobian(Cubic(), x), [[3 * x[0] ** 2, -2 * x[1]], [0, 4 * x[1] ** 3]], rtol=1e-8, atol=1e-8)
