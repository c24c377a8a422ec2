"""What bad input is told: the name, what came, what was wanted, and where there is one, the remedy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from dynrnn import _check


def message(function, *args, **kwargs) -> str:
    with pytest.raises((TypeError, ValueError)) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def test_the_house_form():
    assert message(_check.fail, "leak", 2, "at most 1") == "leak: got 2, wanted at most 1."
    assert message(_check.fail, "leak", 2, "at most 1", "Lower it.") == "leak: got 2, wanted at most 1. Lower it."


# ------------------------------------------------------------------------------------------------------------- choice


def test_choice_suggests_the_nearest_and_lists_all():
    assert _check.choice("topology", "ring", ["ring", "random"]) == "ring"
    text = message(_check.choice, "topology", "rign", ["ring", "random"])
    assert text == "topology: got 'rign', wanted one of 'ring', 'random'. Did you mean 'ring'?"
    assert message(_check.choice, "topology", "xyz", ["ring"]) == "topology: got 'xyz', wanted one of 'ring'."
    assert "got ['ring']" in message(_check.choice, "topology", ["ring"], ["ring"])


# ------------------------------------------------------------------------------------------------------------ numbers


@pytest.mark.parametrize("value", [3, 3.0, np.int8(3), np.float32(3), Fraction(3)])
def test_integer_takes_whole_numbers(value):
    assert _check.integer("steps", value) == 3
    assert type(_check.integer("steps", value)) is int


@pytest.mark.parametrize("value", [True, 2.5, np.nan, np.inf, "3", None, [3]])
def test_integer_refuses_the_rest(value):
    assert message(_check.integer, "steps", value, 1).startswith(f"steps: got {value!r}, wanted an integer >= 1.")


def test_integer_bounds():
    assert message(_check.integer, "steps", 0, 1) == "steps: got 0, wanted an integer >= 1."
    assert message(_check.integer, "steps", 9, None, 5) == "steps: got 9, wanted an integer <= 5."
    text = message(_check.integer, "steps", 9, 1, 5, "Fewer.")
    assert text == "steps: got 9, wanted an integer >= 1 and <= 5. Fewer."


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), Fraction(1, 2), np.array(0.5), xr.DataArray(0.5)])
def test_real_takes_numbers(value):
    assert _check.real("leak", value) == 0.5
    assert type(_check.real("leak", value)) is float


@pytest.mark.parametrize("value", [True, np.True_, "0.5", None, 1j, np.array([0.5]), np.str_("a"), np.datetime64("2000")])
def test_real_refuses_what_is_no_number(value):
    assert "wanted a finite number in (-inf, inf)" in message(_check.real, "leak", value)


def test_real_bounds_say_which_end_is_open():
    def leak(value):
        return _check.real("leak", value, 0, 1, open_low=True)

    assert leak(1) == 1.0
    assert message(leak, 0) == "leak: got 0, wanted a finite number in (0, 1]."
    assert message(leak, 1 + 1e-9) == "leak: got 1.000000001, wanted a finite number in (0, 1]."
    assert message(leak, np.nan) == "leak: got nan, wanted a finite number in (0, 1]."
    assert "in [0, 1)" in message(_check.real, "x", 1, 0, 1, open_high=True)


def test_boolean():
    assert _check.boolean("flag", np.True_) is True
    for value in (1, "False", None):
        assert message(_check.boolean, "flag", value) == f"flag: got {value!r}, wanted True or False."


# ------------------------------------------------------------------------------------------------------------- arrays


@pytest.mark.parametrize("value", [[1, 2], (1.0, 2.0), np.array([1, 2], "i2"), xr.DataArray([1, 2]), np.array([1, 2], ">f4")])
def test_array_is_contiguous_native_and_of_the_dtype(value):
    out = _check.array("x", value)
    assert out.dtype == np.float64
    assert out.flags.c_contiguous
    assert out.dtype.isnative
    assert out.tolist() == [1.0, 2.0]


def test_array_leaves_alone_what_fits():
    x = np.ones((2, 2))
    assert _check.array("x", x) is x
    assert _check.array("x", 3.0).shape == ()


@pytest.mark.parametrize(
    ("value", "came"),
    [
        (["a"], "list values"),
        ([[1], [1, 2]], "list values"),
        (np.array(["2000-01-01"], "M8[D]"), "datetime64[D] values"),
        (np.array([None]), "object values"),
        (None, "NoneType values"),
        (len, "builtin_function_or_method values"),
    ],
)
def test_array_refuses_what_are_no_numbers(value, came):
    text = message(_check.array, "y", value)
    assert text == f"y: got {came}, wanted an array of numbers. Convert or drop what is not a number."


def test_array_loses_nothing_silently():
    assert "got complex values, wanted real numbers" in message(_check.array, "y", [1j])
    assert "got masked values" in message(_check.array, "y", np.ma.array([1.0, 2.0], mask=[True, False]))
    assert "got float64 values, wanted numbers that int64 can hold" in message(_check.array, "k", [1.5], dtype=np.int64)
    assert "wanted numbers that uint8 can hold" in message(_check.array, "k", [-1], dtype=np.uint8)
    assert _check.array("k", [1.0, 2.0], dtype=np.int64).tolist() == [1, 2]
    assert _check.array("y", [1j], dtype=np.complex128).tolist() == [1j]
    assert _check.array("y", np.ma.array([1.0])).tolist() == [1.0]


def test_array_shapes():
    assert _check.array("W", np.ones((2, 3)), shape=(2, None)).shape == (2, 3)
    assert message(_check.array, "W", np.ones((2, 3)), shape=(2, 4)) == "W: got shape (2, 3), wanted shape (2, 4)."
    assert message(_check.array, "x", np.ones((2, 3)), shape=(None,)) == "x: got shape (2, 3), wanted shape (any,)."
    text = message(_check.array, "u", np.ones(3), ndim=(2, 3), remedy="Time comes first.")
    assert text == "u: got shape (3,), wanted an array with 2 or 3 dimension(s). Time comes first."


def test_array_names_the_first_entry_that_is_not_finite():
    x = np.ones((3, 2))
    x[1, 1] = np.nan
    x[2, 0] = np.inf
    text = message(_check.array, "u", x)
    assert text.startswith("u: got nan at index (1, 1) (2 non-finite value(s)), wanted finite numbers.")
    assert "at index 2" in message(_check.array, "u", [0, 1, np.inf])
    assert np.isnan(_check.array("u", x, finite=False)[1, 1])
    with np.errstate(all="raise"):
        assert "inf" in message(_check.array, "u", [1e300], dtype=np.float32)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=8))
def test_array_passes_exactly_the_finite(values):
    if np.isfinite(values).all():
        assert _check.array("u", values).tolist() == values
    else:
        first = int(np.argmin(np.isfinite(values)))
        assert f"at index {first} " in message(_check.array, "u", values)


# ---------------------------------------------------------------------------------------------------------- generator


def test_generator_from_each_kind_of_seed():
    own = np.random.default_rng(1)
    assert _check.generator(own) is own
    draws = [_check.generator(seed).random() for seed in (7, np.int64(7), np.random.SeedSequence(7))]
    assert len(set(draws)) == 1
    assert _check.generator(None).random() != _check.generator(None).random()


def test_the_global_generator_is_never_touched():
    np.random.seed(3)
    before = np.random.get_state()[1].tolist()
    _check.generator(None).random()
    _check.generator(5).random()
    assert np.random.get_state()[1].tolist() == before


@pytest.mark.parametrize("rng", [-1, 1.5, True, "seed", np.random.RandomState(0)], ids=lambda rng: type(rng).__name__)
def test_generator_refuses_the_rest(rng):
    wanted = "wanted a non-negative integer seed, a numpy.random.Generator or None."
    assert message(_check.generator, rng) == f"rng: got {rng!r}, {wanted}"
