"""Quantities with units: what is read, to the last bit, and what is refused in which words."""

import datetime

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from dynrnn._units import UNITS, hertz, refuse_other_dt, sampling, seconds, steps, times


def rows(values, units=None):
    return xr.DataArray(np.zeros(len(values)), {"time": ("time", values, {"units": units} if units else {})}, ["time"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("20 ms", 0.02),
        ("9ms", 0.009),
        ("1 s", 1.0),
        ("50 us", 50e-6),
        ("50 µs", 50e-6),
        ("50 μs", 50e-6),
        ("2 min", 120.0),
        ("1.5 h", 5400.0),
        ("3 seconds", 3.0),
        (" 1e-3 s ", 1e-3),
        (".5 s", 0.5),
        (3, 3.0),
        (np.float32(0.5), 0.5),
        (np.timedelta64(20, "ms"), 0.02),
        (np.array(20, "m8[ms]"), 0.02),
        (rows([0.0, 0.25])["time"][1], 0.25),
        (rows(np.array([0, 20], "m8[ms]"))["time"][1], 0.02),
        (datetime.timedelta(milliseconds=20), 0.02),
        (pd.Timedelta("20ms"), 0.02),
        (pd.Timedelta(500, "ns"), 5e-7),
    ],
)
def test_times_are_read_to_the_last_bit(text, value):
    assert seconds("dt", text) == value and type(seconds("dt", text)) is float


@given(st.integers(1, 10**6), st.sampled_from(["ns", "us", "ms", "s", "ks"]))
def test_text_is_the_float_of_its_decimal(number, unit):
    power = {"ns": -9, "us": -6, "ms": -3, "s": 0, "ks": 3}[unit]
    assert seconds("dt", f"{number} {unit}") == float(f"{number}e{power}")


@pytest.mark.parametrize(("text", "value"), [("10 Hz", 10.0), ("1 kHz", 1000.0), ("2.5mHz", 0.0025), (4, 4.0)])
def test_frequencies(text, value):
    assert hertz("rate", text) == value


def test_zero_where_it_makes_sense():
    assert seconds("at", 0, zero=True) == seconds("at", "0 ms", zero=True) == hertz("rate", "0 Hz", zero=True) == 0


def test_every_unit_measures_one_thing():
    assert UNITS["mS"][0] == "conductance" and UNITS["ms"][0] == "time" and UNITS["m"][0] == "length"
    assert UNITS["min"] == ("time", 60) and UNITS["mHz"][0] == "frequency" and "ss" not in UNITS and "hs" not in UNITS


TIME = 'wanted a time such as "20 ms".'
NUMBER = r'wanted a finite number in (0, inf). Give a number of seconds, or text such as "20 ms".'


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("20 mV", f"dt: got '20 mV', which is a voltage, {TIME}"),
        ("20 mS", f"dt: got '20 mS', which is a conductance, {TIME}"),
        ("5 m", f"dt: got '5 m', which is a length, {TIME}"),
        ("10 Hz", f"dt: got '10 Hz', which is a frequency, {TIME}"),
        ("20", f"dt: got '20', which has no unit, {TIME} A number that is not text counts seconds."),
        ("20 mms", f"dt: got '20 mms' with the unknown unit 'mms', {TIME} Did you mean"),
        ("20 MIN", f"dt: got '20 MIN' with the unknown unit 'MIN', {TIME} Did you mean 'min'?"),
        ("20 parsec!", f"dt: got '20 parsec!' with the unknown unit 'parsec!', {TIME}"),
        ("ms", f"dt: got 'ms', {TIME}"),
        ("1,5 ms", f"dt: got '1,5 ms', {TIME}"),
        ("nan s", f"dt: got 'nan s', {TIME}"),
        ("", f"dt: got '', {TIME}"),
        ("0 ms", f"dt: got 0, {NUMBER}"),
        ("-5 ms", f"dt: got -0.005, {NUMBER}"),
        ("1e999 s", f"dt: got inf, {NUMBER}"),
        (-1, f"dt: got -1, {NUMBER}"),
        (np.nan, f"dt: got nan, {NUMBER}"),
        (np.timedelta64("NaT"), "dt: got"),
        (np.timedelta64(1, "Y"), "dt: got timedelta64[Y], wanted a timedelta of fixed length. Give days or smaller units."),
        (np.timedelta64(5), "wanted a timedelta of fixed length"),
        (None, f"dt: got None, {NUMBER}"),
        (True, f"dt: got True, {NUMBER}"),
        ([1.0], f"dt: got [1.0], {NUMBER}"),
    ],
)
def test_what_is_no_time_is_refused_in_words(value, message):
    with pytest.raises((ValueError, TypeError)) as error:
        seconds("dt", value)
    assert message in str(error.value)


def test_what_is_no_frequency_is_refused_in_words():
    with pytest.raises(ValueError, match=r"rate: got '20 ms', which is a time, wanted a frequency such as \"10 Hz\"\."):
        hertz("rate", "20 ms")
    with pytest.raises(ValueError, match=r"Give a number of hertz, or text such as \"10 Hz\"\."):
        hertz("rate", -1)
    with pytest.raises(ValueError, match=r"unknown unit 'khz', wanted a frequency such as \"10 Hz\"\. Did you mean 'kHz'\?"):
        hertz("rate", "1 khz")


def test_pandas_is_not_imported_for_a_timedelta():
    import dynrnn._units as module

    assert not {"pandas", "xarray"} & set(vars(module))


@given(st.integers(1, 10**7), st.sampled_from([0.1, 0.001, 1e-4, 1 / 3, 0.0007]))
def test_a_whole_number_of_steps_is_found_through_rounding_errors(n, dt):
    assert steps("duration", n * dt, dt) == n


@pytest.mark.parametrize(("duration", "dt"), [(1.05, 0.1), (0.01, 0.1), (1000.0005, 0.001)])
def test_a_broken_number_of_steps_is_refused(duration, dt):
    with pytest.raises(
        ValueError, match=rf"duration: got .* s, wanted a multiple of dt = {dt:g} s\. Change dt or the duration\."
    ):
        steps("duration", duration, dt)


# ------------------------------------------------------------------------------------------------------ labelled clocks


@pytest.mark.parametrize(
    ("axis", "dt"),
    [
        (rows(np.arange(5) * 0.1), 0.1),
        (rows(7 + np.arange(5) * 0.1, "s"), 0.1),
        (rows(np.arange(5), "ms"), 0.001),
        (rows(np.arange(5.0), "time unit"), 1.0),
        (rows((np.arange(20000) * 0.001).astype("f4")), 0.001),
        (rows(pd.date_range("2001", periods=4, freq="15min")), 900.0),
        (rows(np.arange(3) * np.timedelta64(20, "ms")), 0.02),
    ],
)
def test_the_dt_of_labelled_rows_is_read_from_their_axis(axis, dt):
    assert sampling(axis) == pytest.approx(dt, rel=1e-6)
    refuse_other_dt("inputs", axis, dt)


@pytest.mark.parametrize(
    "silent",
    [
        None,
        [[1.0]],
        np.zeros((3, 1)),
        xr.DataArray([1.0, 2.0], dims="time"),
        rows([0.0]),
        rows([0, 1, 2], "step"),
        rows([0, 1, 2], "steps"),
    ],
)
def test_what_says_nothing_about_dt_is_not_refused(silent):
    assert sampling(silent) is None
    refuse_other_dt("inputs", silent, 0.1)


def test_uneven_and_disordered_rows_are_refused():
    with pytest.raises(ValueError, match=r"the time of inputs: got rows from 0\.1 s to 0\.2 s apart, wanted evenly .*resample"):
        sampling(rows([0.0, 0.1, 0.2, 0.4]))
    with pytest.raises(ValueError, match=r"got 0\.1 after 0\.2 in row 2, wanted times that increase\. Sort the rows\."):
        sampling(rows([0.0, 0.2, 0.1]))
    with pytest.raises(ValueError, match=r"a time: got nan at index 1"):
        times("a time", rows([0.0, np.nan])["time"])


def test_one_missing_row_among_many_is_seen():
    with pytest.raises(ValueError, match="evenly spaced"):
        sampling(rows(np.delete(np.arange(10000) * 0.1, 5000)))


def test_an_axis_in_another_unit_is_refused():
    with pytest.raises(ValueError, match=r"got an axis in 'mV', which is a voltage, wanted a unit of time\. Correct its attrs"):
        sampling(rows([0, 1], "mV"))
    with pytest.raises(ValueError, match=r"with the unknown unit 'yr', wanted a unit of time\..*drop_vars\(\"time\"\)\."):
        sampling(rows([0, 1], "yr"))


def test_another_dt_is_refused_with_the_way_out():
    message = r"inputs: got rows every 0\.1 s, wanted rows every dt = 0\.2 s\. Resample: dynrnn\.inputs\.resample\(inputs, 0\.2\)"
    with pytest.raises(ValueError, match=message):
        refuse_other_dt("inputs", rows(np.arange(5) * 0.1), 0.2)
