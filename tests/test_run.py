"""The time loop's noise: the numbers are NumPy's own, whatever the bit generator, the block and the number of trials."""

import numpy as np
import pytest

import dynrnn as dr
from dynrnn.run import Run


class Heard(dr.System):
    """Its state is its noise: what was drawn can be read off the rows."""

    units = 7
    inputs = 1
    noise = (dr.Noise("normal", 4), dr.Noise("uniform", 2), dr.Noise("normal", 1))

    def step(p, x, u, out):
        for i in range(out.size):
            out[i] = u[1 + i]

    def step_columns(p, X, U, OUT):
        for i in range(OUT.shape[0]):
            for c in range(OUT.shape[1]):
                OUT[i, c] = U[1 + i, c]


def rows(streams, steps, chunk=None):
    run = Run(Heard(), np.zeros((len(streams), 7)), streams)
    return np.concatenate([X.transpose(2, 0, 1) for X, _ in run.rows(steps, np.zeros((len(streams), steps, 1)), chunk=chunk)], 1)


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_noise_is_what_numpy_draws(bits):
    steps = 20_000  # 80 000 normal numbers: some hundred from the tail, which has code of its own
    found = rows([np.random.Generator(bits(5))], steps)[0]
    first, second, third = np.random.Generator(bits(5)).spawn(3)
    np.testing.assert_array_equal(found[:, :4], first.standard_normal((steps, 4)))
    np.testing.assert_array_equal(found[:, 4:6], second.random((steps, 2)))
    np.testing.assert_array_equal(found[:, 6:], third.standard_normal((steps, 1)))


def test_noise_of_a_trial_does_not_depend_on_others_or_on_chunks():
    streams = dr.trial_streams(3, 9)
    together = rows(dr.trial_streams(3, 9), 3000)
    for k in range(9):
        np.testing.assert_array_equal(together[k], rows([streams[k]], 3000, chunk=701)[0])


@pytest.mark.parametrize("trials", [7, 19])  # one by one, and side by side
def test_dense_products_give_the_bits_of_single_runs(trials):
    network = dr.RateNetwork(np.random.default_rng(0).normal(0, 0.2, (40, 40)), noise_std=0.1)
    x0 = np.random.default_rng(1).normal(size=(trials, 40))
    together = dr.simulate(network, steps=20, dt=0.01, x0=x0, rng=3).state
    for k, stream in enumerate(dr.trial_streams(3, trials)):
        alone = dr.simulate(network, steps=20, dt=0.01, x0=x0[k], rng=[stream]).state
        np.testing.assert_array_equal(together[k], alone)


def test_a_forecast_in_a_batch_has_the_bits_of_a_forecast_alone():
    """Readouts of one output are sums of one long row."""
    esn = dr.ESN.random(50, inputs=1, spectral_radius=0.9, rng=1)
    loop = dr.ClosedLoop(
        esn, dr.Ridge(1e-6).fit(np.random.default_rng(2).normal(size=(200, 50)), np.arange(200.0)[:, None] / 100)
    )
    x0 = np.random.default_rng(3).normal(size=(11, loop.size))
    together = dr.simulate(loop, steps=30, x0=x0)
    for k in (0, 10):
        np.testing.assert_array_equal(together.isel(trial=k).output, dr.simulate(loop, steps=30, x0=x0[k]).output)


@pytest.mark.parametrize("trials", [9, 40])
def test_dense_products_give_the_same_bits_on_any_number_of_threads(trials):
    network = dr.RateNetwork(np.random.default_rng(0).normal(0, 0.2, (40, 40)), noise_std=0.1)
    x0 = np.random.default_rng(1).normal(size=(trials, 40))
    one, two, three = (dr.simulate(network, steps=20, dt=0.01, x0=x0, rng=3, threads=n).state for n in (1, 2, 3))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, three)
