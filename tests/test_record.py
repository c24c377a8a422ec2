"""Records: what a field becomes, that nothing can be changed afterwards, and the way to storage and back."""

from __future__ import annotations

import copy
import json
import pickle
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dynrnn._record import Record
from dynrnn.couplings import Dense, Zero
from dynrnn.systems.activations import Activation, activation


class Inner(Record):
    rate: float = 0.5


class Sample(Record):
    gain: float
    steps: int = 3
    leaky: bool = False
    W: np.ndarray = ((1.0, 0.0), (0.0, 1.0))
    inner: Inner = Inner()
    rule: str = "hebb"
    extra: object = None


def arrays():
    shapes = hnp.array_shapes(max_dims=3, max_side=4)
    return hnp.arrays(np.float64, shapes, elements=st.floats(-1e6, 1e6))


# ------------------------------------------------------------------------------------------------------- construction


def test_fields_come_by_position_by_name_or_by_default():
    assert Sample(2).gain == 2.0
    assert Sample(2, 4).steps == 4
    assert Sample(gain=2, rule="storkey").rule == "storkey"
    assert Sample.fields == ("gain", "steps", "leaky", "W", "inner", "rule", "extra")


def test_a_subclass_adds_fields_and_may_change_a_default():
    class More(Sample):
        depth: int = 1
        steps = 7
        shared: ClassVar[int] = 0

    assert More.fields == (*Sample.fields, "depth")
    assert More(1.0).steps == 7
    assert More(1.0, depth=2.0).depth == 2


def test_fields_of_several_bases_come_together():
    class Left(Record):
        a: float = 1.0

    class Right(Record):
        b: float = 2.0

    class Plain:
        """Not a record."""

    class Both(Plain, Left, Right):
        c: float = 3.0

    assert set(Both.fields) == {"a", "b", "c"}
    assert (Both().a, Both().b, Both().c) == (1.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(), r"Sample\.gain: got nothing, wanted a value\. Pass gain=…"),
        (dict(gian=1.0), r"Sample\(field\): got 'gian', wanted one of .* Did you mean 'gain'\?"),
        (dict(gain="high"), r"Sample\.gain: got 'high', wanted a finite number"),
        (dict(gain=np.nan), r"Sample\.gain: got nan, wanted a finite number"),
        (dict(gain=1.0, steps=2.5), r"Sample\.steps: got 2\.5, wanted an integer"),
        (dict(gain=1.0, leaky="no"), r"Sample\.leaky: got 'no', wanted True or False"),
        (dict(gain=1.0, W=[[1.0], [1.0, 2.0]]), r"Sample\.W: got list values, wanted an array of numbers"),
        (dict(gain=1.0, W=np.array([[1.0, np.inf]])), r"Sample\.W: got inf at index \(0, 1\)"),
        (dict(gain=1.0, W=np.array([1j])), r"Sample\.W: got complex values, wanted real numbers"),
        (dict(gain=1.0, extra=object), r"Sample\.extra: got type values, wanted an array of numbers"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Sample(**arguments)


def test_too_many_and_double_values_are_refused():
    with pytest.raises(TypeError, match=r"Inner: got 2 values, wanted at most 1: rate"):
        Inner(1.0, 2.0)
    with pytest.raises(TypeError, match=r"Inner\.rate: got two values, wanted one"):
        Inner(1.0, rate=2.0)


def test_field_names_that_would_break_the_class_are_refused():
    with pytest.raises(TypeError, match=r"Bad\._x: a field's name may not begin with an underscore"):
        type("Bad", (Record,), {"__annotations__": {"_x": float}})
    with pytest.raises(TypeError, match=r"Bad\.params: this field would hide Record\.params"):
        type("Bad", (Record,), {"__annotations__": {"params": float}})


@pytest.mark.parametrize(
    ("given_type", "kept"),
    [("f8", "f8"), ("f4", "f4"), (">f8", "f8"), ("f2", "f8"), ("i4", "i8"), ("u2", "u2"), ("?", "f8"), ("g", "f8")],
)
def test_arrays_come_in_few_layouts(given_type, kept):
    """Each layout is a compilation of its own, and kernels cannot read foreign byte orders at all."""
    array = Sample(1.0, W=np.asfortranarray(np.ones((3, 2), given_type))).W
    assert array.dtype == np.dtype(kept)
    assert array.dtype.isnative
    assert array.flags.c_contiguous
    assert array.tolist() == np.ones((3, 2)).tolist()


def test_scalars_of_numpy_become_python_s():
    assert type(Sample(np.float32(0.5)).gain) is float
    assert type(Sample(1.0, np.int16(2)).steps) is int
    assert type(Sample(1.0, extra=np.array(2.0)).extra) is float


# ------------------------------------------------------------------------------------------------------- immutability


def test_a_record_cannot_be_changed_and_says_what_to_do():
    sample = Sample(1.0)
    with pytest.raises(AttributeError, match=r"Sample is immutable\. Make a changed copy: \.replace\(gain=…\)"):
        sample.gain = 2.0
    with pytest.raises(AttributeError, match="Sample is immutable"):
        sample.unknown = 2.0
    with pytest.raises(AttributeError, match="Sample is immutable"):
        del sample.gain
    with pytest.raises(ValueError, match="read-only"):
        sample.W[0, 0] = 5.0


def test_the_arrays_are_the_record_s_own():
    W = np.eye(2)
    sample = Sample(1.0, W=W)
    W[0, 0] = 5.0
    assert sample.W[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        sample.to_dict()["W"][0, 0] = 5.0


def test_replace_makes_a_changed_copy():
    sample = Sample(1.0, W=[[2.0]])
    other = sample.replace(gain=3.0)
    assert (sample.gain, other.gain) == (1.0, 3.0)
    assert other.W.tolist() == [[2.0]]
    assert other.replace(gain=1.0) == sample
    with pytest.raises(ValueError, match="Did you mean 'gain'"):
        sample.replace(gains=1.0)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))])
def test_a_copy_is_equal_and_as_immutable(duplicate):
    sample = Sample(1.0, W=[[2.0]])
    other = duplicate(sample)
    assert other == sample
    with pytest.raises(ValueError, match="read-only"):
        other.W[0, 0] = 5.0


# ----------------------------------------------------------------------------------------------- equality and display


def test_equality_is_by_class_and_content():
    class Twin(Record):
        rate: float = 0.5

    assert Inner() == Inner(0.5)
    assert Inner() != Inner(0.25)
    assert Inner() != Twin()
    assert Inner() != 0.5
    assert Sample(1.0, W=np.ones(2)) != Sample(1.0, W=np.ones(2, np.float32))
    assert Sample(1.0, extra=None) != Sample(1.0, extra=0.0)


def test_equal_records_have_equal_hashes():
    assert len({Sample(1.0), Sample(1), Sample(1.0, inner=Inner(0.5))}) == 1
    assert len({Inner(0.0), Inner(-0.0), Inner(1.0)}) == 2


def test_the_display_is_short():
    assert repr(Inner()) == "Inner(rate=0.5)"
    assert "W=<float64(9, 9)>" in repr(Sample(1.0, W=np.eye(9)))
    assert len(repr(Sample(1.0, W=np.eye(9)))) < 130


# ------------------------------------------------------------------------------------------------- kernels and storage


def test_kernels_get_the_numbers_and_not_the_text():
    p = Sample(1.0).params()
    assert p._fields == Sample.fields
    assert p.inner.rate == 0.5
    assert (p.rule, p.extra) == (0, 0)
    assert p.W.flags.writeable  # one type for compiled code


@settings(max_examples=30, deadline=None)
@given(gain=st.floats(-1e9, 1e9), steps=st.integers(-9, 9), W=arrays(), rate=st.floats(0, 1), rule=st.text(max_size=9))
def test_storage_round_trip(gain, steps, W, rate, rule):
    sample = Sample(gain, steps, True, W, Inner(rate), rule)
    assert Record.from_dict(sample.to_dict()) == sample
    assert pickle.loads(pickle.dumps(sample)) == sample
    assert json.loads(sample.to_json())["inner"]["rate"] == rate


def test_large_arrays_are_summarised_in_the_provenance():
    described = json.loads(Sample(1.0, W=np.zeros((100, 100))).to_json())
    assert described["W"]["shape"] == [100, 100]
    assert len(described["W"]["sha256"]) == 64


def test_a_class_that_is_not_there_is_named():
    data = {"class": "my_models.Reservoir", "rate": 0.5}
    with pytest.raises(ValueError, match=r"got 'my_models.Reservoir', wanted .* Import the module that defines Reservoir first"):
        Record.from_dict(data)


def test_storage_refuses_fields_the_class_does_not_have():
    with pytest.raises(ValueError, match="got 'rates', wanted one of 'rate'"):
        Record.from_dict({**Inner().to_dict(), "rates": 1.0})


def test_a_class_that_was_written_anew_is_not_taken_for_the_old_one():
    def family(power):
        class Law(Activation):
            def value(f, a):
                return a**power

        return Law

    old = family(2)().to_dict()
    assert Record.from_dict(old) == Record.from_dict(old)
    family(3)
    with pytest.raises(ValueError, match=r"Law, whose kernels have changed since, wanted the class as it was saved"):
        Record.from_dict(old)


def test_functions_of_one_name_are_told_apart():
    first, second = (activation(f) for f in [lambda a: a / 2, lambda a: a / 3])
    assert Record.from_dict(second.to_dict()) == second
    with pytest.raises(ValueError, match=r"lambda>, whose kernels have changed since"):
        Record.from_dict(first.to_dict())


def test_a_coupling_shows_its_shape():
    assert repr(Dense(values=[[1, 3], [2, 4], [5, 6]])) == "Dense(2 x 3, float64)"
    assert repr(Zero.of(2, 3, np.float32)) == "Zero(2 x 3, float32)"
