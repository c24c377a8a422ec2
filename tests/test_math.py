"""The elementary functions of the kernels against an extended-precision reference and what holds exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynrnn import _math
from dynrnn._jit import jit


@jit
def tanh_of(x, out):
    for i in range(x.size):
        out[i] = _math.tanh(x[i])


@jit
def sigmoid_of(x, out):
    for i in range(x.size):
        out[i] = _math.sigmoid(x[i])


def tanh(x):
    out = np.empty(np.size(x))
    tanh_of(np.atleast_1d(np.asarray(x, float)), out)
    return out


def sigmoid(x):
    out = np.empty(np.size(x))
    sigmoid_of(np.atleast_1d(np.asarray(x, float)), out)
    return out


def ulps(value, exact):
    """Distance in units of the last place of the exact value."""
    return np.abs((value - exact) / np.spacing(np.abs(exact).astype(float))).astype(float)


def arguments(largest):
    """Both signs, from subnormal to `largest`, dense where the functions bend and at the seams of the argument reduction."""
    rng = np.random.default_rng(0)
    seams = np.arange(1, 40) * np.log(2) / 4
    x = np.concatenate(
        [
            10.0 ** rng.uniform(-320, np.log10(largest), 20_000),
            rng.uniform(0, 25, 100_000),
            *(np.nextafter(seams, side) for side in (0, 99)),
            [5e-324, 1e-160, 20.0, 22.0, 40.0, largest],
        ]
    )
    return np.concatenate([-x, x])


def test_tanh_is_within_a_few_ulp():
    x = arguments(1e308)
    assert ulps(tanh(x), np.tanh(x.astype(np.longdouble))).max() <= 4


def test_sigmoid_is_within_a_few_ulp():
    x = arguments(700.0)
    assert ulps(sigmoid(x), 1 / (1 + np.exp(-x.astype(np.longdouble)))).max() <= 4


def test_sigmoid_far_out():
    assert sigmoid([-1e308, -1000.0])[0] < 1e-300
    assert sigmoid([1e308, 1000.0, 40.0]).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("function", "low", "middle", "high"), [(tanh, -1.0, 0.0, 1.0), (sigmoid, 0.0, 0.5, 1.0)], ids=["tanh", "sigmoid"]
)
def test_special_values(function, low, middle, high):
    below, at, above, missing = function([-np.inf, 0.0, np.inf, np.nan])
    assert below == pytest.approx(low, abs=1e-300)
    assert at == middle
    assert above == high
    assert np.isnan(missing)


def test_the_sign_of_zero_survives_tanh():
    assert np.signbit(tanh([-0.0]))[0]
    assert not np.signbit(tanh([0.0]))[0]


@settings(max_examples=200, deadline=None)
@given(x=st.floats(allow_nan=False))
def test_symmetry_and_bounds(x):
    assert tanh(-x) == -tanh(x)
    assert abs(tanh(x)) <= 1
    assert 0 <= sigmoid(x) <= 1
    assert sigmoid(x) + sigmoid(-x) == pytest.approx(1, abs=2.5e-16)


@settings(max_examples=100, deadline=None)
@given(x=st.lists(st.floats(-50, 50), min_size=2, max_size=40))
def test_monotone_up_to_rounding(x):
    x = np.sort(x)
    for function in (tanh, sigmoid):
        assert np.all(np.diff(function(x)) >= -4e-16)


def test_a_value_does_not_depend_on_the_loop_it_is_computed_in():
    x = np.random.default_rng(1).normal(size=37)
    assert [tanh(value)[0] for value in x] == tanh(x).tolist()
    assert [sigmoid(value)[0] for value in x] == sigmoid(x).tolist()
