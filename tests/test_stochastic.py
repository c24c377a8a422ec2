"""Stochastic flows: order of convergence, moments, and the noise contract, which is kept bit for bit."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.sparse

import dynrnn as dr
import dynrnn.run as engine
from dynrnn.systems.network import FlowNetwork


class Paths(dr.System):
    """Independent paths of ``dx = (a x - c x^3) dt + (s + b x) dW``."""

    n: int
    a: float = 0.0
    b: float = 0.0
    c: float = 0.0
    s: float = 0.0

    @property
    def units(self):
        return self.n

    def initial(self):
        return np.ones(self.n)

    def drift(p, t, x, u, out):
        for i in range(x.size):
            out[i] = p.a * x[i] - p.c * x[i] ** 3

    def diffusion(p, t, x, u, out):
        for i in range(x.size):
            out[i] = p.s + p.b * x[i]


def walk(flow, method, h, normals):
    """The last state of a run that takes its random numbers (step, number) from us."""
    map_ = dr.Discretised(flow, method, h)
    U = np.column_stack([normals, h * np.arange(len(normals))])
    x, none, empty = flow.initial(), np.arange(0), np.empty((0, 0))
    engine._drive(map_.params(), x, x.copy(), U, len(U), 1, none, empty, np.empty(0), none, empty, 1, 0)
    return x


def slope(sizes, errors):
    return np.polyfit(np.log(sizes), np.log(errors), 1)[0]


def coarser(z1, z2, h, factor):
    """The numbers of `factor` steps of size h in one: of their W and of the integral of W over them."""
    dW, area = math.sqrt(h) * z1, 0.5 * h * math.sqrt(h) * (z1 + z2 / math.sqrt(3))
    dW, area = (a.reshape(-1, factor, a.shape[1]) for a in (dW, area))
    before = np.cumsum(dW, axis=1) - dW
    W, integral, H = dW.sum(axis=1), (before * h + area).sum(axis=1), h * factor
    return W / math.sqrt(H), (2 * integral / H - W) * math.sqrt(3 / H)


FINE = 2**-11


@pytest.fixture(scope="module")
def numbers():
    rng = np.random.default_rng(1)
    return rng.normal(size=(2, 2048, 2000))


@pytest.mark.parametrize(
    ("method", "nominal"), [("euler_maruyama", 0.5), ("milstein", 1.0), ("stochastic_heun", 1.0), ("sra1", 1.5)]
)
def test_strong_order(numbers, method, nominal):
    z1, z2 = numbers
    W, sizes = math.sqrt(FINE) * z1.sum(axis=0), [2.0**-k for k in range(4, 9)]
    if method == "sra1":  # additive noise, non-linear drift
        flow = Paths(2000, a=1.0, c=1.0, s=0.7)
        truth = walk(flow, method, FINE, np.hstack([z1, z2]))
    else:
        flow, correction = Paths(2000, a=0.5, b=1.0), 0.0 if method == "stochastic_heun" else -0.5
        truth = np.exp((0.5 + correction) * 1.0 + W)
    errors = []
    for h in sizes:
        one, two = coarser(z1, z2, FINE, round(h / FINE))
        errors.append(np.abs(walk(flow, method, h, np.hstack([one, two]) if method == "sra1" else one) - truth).mean())
    assert abs(slope(sizes, errors) - nominal) < 0.15, slope(sizes, errors)


def test_euler_and_maruyama_have_weak_order_one():
    """The second moment of geometric Brownian motion, by all signs of the increments: exact for a square."""
    a, b, counts, errors = 0.3, 0.5, (6, 7, 8, 10, 12), []
    for steps in counts:
        signs = np.array(list(itertools.product((-1.0, 1.0), repeat=steps))).T
        moment = (walk(Paths(2**steps, a=a, b=b), "euler_maruyama", 1.0 / steps, signs) ** 2).mean()
        errors.append(abs(moment - math.exp(2 * a + b * b)))
    assert abs(slope([1 / n for n in counts], errors) - 1) < 0.15


@pytest.mark.parametrize("method", ["euler_maruyama", "sra1"])
@pytest.mark.parametrize("dt", [0.01, 0.0025])
def test_moments_of_the_ornstein_uhlenbeck_process(method, dt):
    n, s = 20_000, 0.8
    rows = dr.simulate(Paths(n, a=-1.0, s=s), duration=7.0, dt=dt, method=method, rng=3, every=round(1 / dt)).state.values
    before, after = rows[5], rows[6]  # at 6 and 7 relaxation times
    variance = s * s / 2
    assert abs(after.mean() - math.exp(-7)) < 3 * math.sqrt(variance / n)
    assert abs(after.var() - variance) < 3 * variance * math.sqrt(2 / n)
    correlation = np.corrcoef(before, after)[0, 1]
    assert abs(correlation - math.exp(-1)) < 3 * (1 - math.exp(-2)) / math.sqrt(n)


@pytest.mark.parametrize(
    ("method", "mean"), [("euler_maruyama", 1.0), ("milstein", 1.0), ("stochastic_heun", math.exp(0.8**2 / 2))]
)
def test_the_mean_tells_ito_from_stratonovich(method, mean):
    last = dr.simulate(Paths(20_000, b=0.8), duration=1.0, dt=0.02, method=method, rng=4).state.values[-1]
    assert abs(last.mean() - mean) < 3 * last.std() / math.sqrt(last.size)


def test_noise_with_the_default_method():
    result = dr.simulate(Paths(3, s=1.0), steps=2, dt=0.1, rng=0)
    assert result.attrs["method"] == "euler_maruyama"
    with pytest.raises(ValueError, match="method: got tsit5, wanted a deterministic flow: this one has noise"):
        dr.simulate(Paths(3, s=1.0), steps=2, dt=0.1, rng=0, method="tsit5")


# ------------------------------------------------------------------------------------------------ the noise contract

TRIALS, STEPS = 19, 40


class Network(FlowNetwork):
    """``dx = (tanh(W x + W_in u) - x) dt + amplitude dW`` with a sparse W."""

    amplitude: float = 0.3
    units = 30

    stochastic = property(lambda self: self.amplitude > 0)

    def law(p, i, j, n, a, x, out):
        out[j] = np.tanh(a[j]) - x[j]

    def diffusion(p, t, x, u, out):
        out[:] = p.amplitude

    def diffusion_columns(p, t, X, U, OUT):
        OUT[:] = p.amplitude


@pytest.fixture(scope="module")
def network():
    W = scipy.sparse.random_array((30, 30), density=0.2, rng=np.random.default_rng(2), format="csr") * 3
    return Network(dr.coupling(W), dr.coupling(np.ones((30, 1))), np.zeros(30))


@pytest.fixture(scope="module")
def batch(network):
    return run(network)


def run(network, trials=TRIALS, rng=7, inputs=None, **options):
    u = np.stack([np.sin(np.arange(STEPS) + k)[:, None] for k in range(TRIALS)]) if inputs is None else inputs
    return dr.simulate(network, u[:trials], dt=0.05, rng=rng, **options)


@pytest.mark.parametrize("chunk", [1, 7, 40])
def test_bits_do_not_depend_on_chunks(network, batch, chunk, monkeypatch):
    monkeypatch.setattr(engine.Run, "_chunk", lambda self: chunk)
    np.testing.assert_array_equal(run(network).state, batch.state)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_bits_do_not_depend_on_threads(network, batch, threads):
    np.testing.assert_array_equal(run(network, threads=threads).state, batch.state)


def test_bits_do_not_depend_on_what_is_recorded(network, batch):
    np.testing.assert_array_equal(run(network, every=10).state, batch.state[:, 9::10])
    np.testing.assert_array_equal(run(network, washout=15, record="state").state, batch.state[:, 15:])


@pytest.mark.parametrize("k", [0, 1, TRIALS - 1])
def test_a_trial_alone_is_the_trial_in_the_batch(network, batch, k):
    u = np.sin(np.arange(STEPS) + k)[:, None]
    alone = run(network, inputs=u, trials=STEPS, rng=[dr.trial_streams(7, TRIALS)[k]])
    np.testing.assert_array_equal(alone.state, batch.state[k])
    np.testing.assert_array_equal(run(network, trials=k + 1).state, batch.state[: k + 1])


def test_files_hold_the_same_bits_and_continue_them(network, batch, tmp_path):
    u = np.stack([np.sin(np.arange(STEPS) + k)[:, None] for k in range(TRIALS)])
    with run(network, to=tmp_path / "run.nc") as stored:
        np.testing.assert_array_equal(stored.state, batch.state)
    with run(network, inputs=u[:, :13], to=tmp_path / "first.nc") as first:
        second = dr.simulate(network, u[:, 13:], dt=0.05, x0=first)
    np.testing.assert_array_equal(second.state, batch.state[:, 13:])


def test_trials_under_linear_inputs_are_single_runs(network, monkeypatch):
    monkeypatch.setattr(engine, "_drive", engine._drive.py_func)
    quiet, u = network.replace(amplitude=0.0), np.random.default_rng(0).normal(size=(3, 5, 1))
    batch = dr.simulate(quiet, u, dt=0.05, interpolation="linear", method="rk4")
    for k in range(3):
        alone = dr.simulate(quiet, u[k], dt=0.05, interpolation="linear", method="rk4")
        np.testing.assert_allclose(batch.state[k], alone.state, rtol=1e-14)
