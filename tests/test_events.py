"""Threshold events: where they lie, in which order they come, what they end, and what does not change them."""

from __future__ import annotations

import math

import numpy as np
import pytest

import dynrnn as dr
import dynrnn.run as engine


@pytest.fixture
def plain(monkeypatch):
    monkeypatch.setattr(engine, "_drive", engine._drive.py_func)


class Oscillator(dr.System):
    """x' = w y, y' = -w x: x = cos w t, y = -sin w t."""

    w: float = 1.0
    units = ("x", "y")

    def initial(self):
        return np.array([1.0, 0.0])

    def drift(p, t, x, u, out):
        out[0] = p.w * x[1]
        out[1] = -p.w * x[0]


class Ramp(dr.System):
    """x' = v, y' = -v: crossings wherever one wants them."""

    v: float = 1.0
    units = ("x", "y")

    def drift(p, t, x, u, out):
        out[0] = p.v
        out[1] = -p.v


CROSSINGS = math.pi * (np.arange(6) + 0.5)  # of cos t


@pytest.mark.parametrize("compiled", [True, False])
def test_crossings_of_a_harmonic_oscillator(compiled, monkeypatch):
    options = {"duration": 20.0, "dt": 0.01}
    if not compiled:
        monkeypatch.setattr(engine, "_drive", engine._drive.py_func)
        options |= {"method": "tsit5", "rtol": 1e-11, "atol": 1e-11}
    seen = dr.simulate(Oscillator(), events=dr.Crossing("x"), **options)
    np.testing.assert_allclose(seen.event_time, CROSSINGS, rtol=0, atol=2e-9)
    np.testing.assert_array_equal(seen.event_direction, [-1, 1, -1, 1, -1, 1])
    np.testing.assert_allclose(seen.event_state[:, 1], [-1, 1, -1, 1, -1, 1], rtol=1e-8)
    np.testing.assert_allclose(seen.event_state[:, 0], 0.0, atol=1e-12)
    assert not seen.event_kind.any() and "event_trial" not in seen


def test_the_place_of_a_crossing_converges_with_order_four(plain):
    def error(n):
        seen = dr.simulate(Oscillator(), steps=n, dt=5.0 / n, events=dr.Crossing("x"), record="state")
        return np.abs(seen.event_time - CROSSINGS[:2]).max()

    seen = -np.polyfit(np.log([20, 28, 40, 57, 80]), np.log([error(n) for n in (20, 28, 40, 57, 80)]), 1)[0]
    assert abs(seen - 4) < 0.3, seen


@pytest.mark.parametrize(("direction", "which"), [(1, [1, 3, 5]), (-1, [0, 2, 4]), (0, [0, 1, 2, 3, 4, 5])])
def test_direction(plain, direction, which):
    seen = dr.simulate(Oscillator(), duration=20.0, dt=0.1, events=dr.Crossing("x", 0.0, direction))
    np.testing.assert_allclose(seen.event_time, CROSSINGS[which], atol=1e-4)


def test_several_crossings_in_one_row_come_in_order_of_time(plain):
    events = [dr.Crossing("x", level) for level in (0.7, 0.3)] + [dr.Crossing("y", -0.5)]
    seen = dr.simulate(Ramp(), steps=2, dt=1.0, method="tsit5", events=events)
    np.testing.assert_allclose(seen.event_time, [0.3, 0.5, 0.7], atol=1e-12)
    np.testing.assert_array_equal(seen.event_kind, [1, 2, 0])
    coarse = dr.simulate(Oscillator(), steps=2, dt=2.4, method="dop853", events=[dr.Crossing("x"), dr.Crossing("x", 0.8)])
    np.testing.assert_array_equal(coarse.event_kind, [1, 0, 0])  # cos t passes 0.8 and 0, and 0 again
    np.testing.assert_allclose(coarse.event_time, [math.acos(0.8), *CROSSINGS[:2]], atol=0.15)


@pytest.mark.parametrize("dt", [0.1, 0.05, 1 / 30])
def test_a_crossing_at_the_border_of_rows_is_met_once(plain, dt):
    levels = 0.1 * np.arange(1, 20)
    events = [dr.Crossing("x", level) for level in levels] + [dr.Crossing("y", -level) for level in levels]
    seen = dr.simulate(Ramp(), steps=round(2.05 / dt), dt=dt, events=events)
    np.testing.assert_array_equal(np.sort(seen.event_kind), np.arange(len(events)))
    np.testing.assert_allclose(np.sort(seen.event_time), np.sort([*levels, *levels]), atol=1e-12)


def test_a_terminal_event_ends_a_run(plain):
    seen = dr.simulate(Ramp(), steps=1000, dt=0.3, events=[dr.Crossing("x", 1.0, terminal=True), dr.Crossing("x", 1.1)])
    np.testing.assert_allclose(seen.time, [0.3, 0.6, 0.9])
    np.testing.assert_allclose(seen.event_time, [1.0], atol=1e-12)  # what comes after it, in the same row too, is not there


def test_a_terminal_event_stops_the_work(plain, monkeypatch):
    calls = []
    drift = Ramp.drift
    monkeypatch.setattr(Ramp, "drift", lambda p, t, x, u, out: calls.append(t) or drift(p, t, x, u, out))
    dr.simulate(Ramp(), steps=100_000, dt=0.3, method="euler", events=dr.Crossing("x", 1.0, terminal=True))
    assert len(calls) < 1000


def test_trials_end_one_by_one(plain):
    starts = [[0.0, 0.0], [0.5, 0.0], [-9.0, 0.0]]
    with pytest.warns(UserWarning, match=r"events: no terminal event came in trial\(s\) 2; the run went on to its end"):
        seen = dr.simulate(Ramp(), steps=5, dt=0.3, x0=starts, events=dr.Crossing("x", 1.0, terminal=True))
    np.testing.assert_array_equal(np.isfinite(seen.state[:, :, 0]).sum("time"), [3, 1, 5])
    np.testing.assert_allclose(seen.event_time, [0.5, 1.0], atol=1e-12)
    np.testing.assert_array_equal(seen.event_trial, [1, 0])


def test_an_event_that_never_comes_is_said(plain):
    with pytest.warns(UserWarning, match="events: no terminal event came; the run went on to its end"):
        seen = dr.simulate(Ramp(), steps=4, dt=0.3, events=dr.Crossing("x", 99.0, terminal=True))
    assert seen.sizes["time"] == 4 and seen.sizes["event"] == 0


def test_more_events_in_a_row_than_there_is_room_for_are_said(plain):
    with pytest.warns(UserWarning, match="events: more than 8 in one row; the others are lost. Shorten dt"):
        seen = dr.simulate(Ramp(), steps=1, dt=1.0, events=[dr.Crossing("x", 0.05 * k) for k in range(1, 12)])
    assert seen.sizes["event"] == 8


class Meeting(dr.Event):
    """Two state variables have a given sum of squares."""

    radius: float = 1.0

    def crossing(e, x):
        return x[0] ** 2 + x[1] ** 2 - e.radius**2


def test_an_event_of_ones_own(plain):
    seen = dr.simulate(Ramp(), steps=10, dt=0.25, x0=[-2.0, 2.0], events=Meeting(direction=-1, radius=math.sqrt(2.0)))
    np.testing.assert_allclose(seen.event_time, [1.0], atol=1e-12)
    assert dr.simulate(Ramp(), steps=11, dt=0.25, x0=[-2.0, 2.0], events=Meeting()).event_direction.values.tolist() == [-1, 1]


class Echo(dr.System):
    delays, units = (1.0,), ("x",)

    def initial(self):
        return np.ones(1)

    def drift(p, t, x, u, out):
        out[0] = -u[0]


def test_events_of_a_flow_with_delays(plain):
    seen = dr.simulate(Echo(), duration=2.0, dt=0.25, events=[dr.Crossing("x", 0.05), dr.Crossing("x", -0.4)])
    # 1 - t, then 1 - t + (t - 1)^2 / 2
    np.testing.assert_allclose(seen.event_time, [0.95, 2 - math.sqrt(0.2)], atol=1e-12)


class Diffusing(Ramp):
    def diffusion(p, t, x, u, out):
        out[:] = 1.0


def test_noisy_rows_are_joined_by_straight_lines(plain):
    seen = dr.simulate(Diffusing(), steps=50, dt=0.1, rng=1, events=dr.Crossing("x", 0.5), include_initial=True)
    x, t = seen.state.values[:, 0], seen.time.values
    at = np.flatnonzero((x[:-1] >= 0.5) != (x[1:] >= 0.5))
    np.testing.assert_allclose(seen.event_time, t[at] + 0.1 * (0.5 - x[at]) / (x[at + 1] - x[at]), rtol=1e-12)
    assert len(at) > 0


@pytest.mark.parametrize("options", [{"every": 7}, {"washout": 50}, {"every": 30, "washout": 11, "record": []}])
def test_rows_that_are_not_kept_have_events_too(plain, options, tmp_path):
    whole = dr.simulate(Oscillator(), duration=20.0, dt=0.1, events=dr.Crossing("x"))
    seen = dr.simulate(Oscillator(), duration=20.0, dt=0.1, events=dr.Crossing("x"), to=tmp_path / "run.nc", **options)
    np.testing.assert_array_equal(seen.event_time, whole.event_time)
    if "record" not in options:
        np.testing.assert_array_equal(seen.state, whole.state.sel(time=seen.time, method="nearest"))
    seen.close()


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_events_do_not_depend_on_chunks(plain, monkeypatch, chunk):
    events = [dr.Crossing("x"), dr.Crossing("y", 0.5, terminal=True)]
    whole = dr.simulate(Oscillator(), duration=20.0, dt=0.1, events=events)
    monkeypatch.setattr(engine.Run, "_chunk", lambda self: chunk)
    seen = dr.simulate(Oscillator(), duration=20.0, dt=0.1, events=events)
    assert seen.equals(whole) and seen.attrs == whole.attrs
    with pytest.raises(ValueError, match="x0: got a result that a terminal event ended, wanted one that ran to its end"):
        dr.simulate(Oscillator(), steps=1, dt=0.1, x0=seen)


def test_the_events_of_a_continued_run_have_its_clock(plain):
    whole = dr.simulate(Oscillator(), steps=80, dt=0.1, events=dr.Crossing("x"))
    first = dr.simulate(Oscillator(), steps=30, dt=0.1, events=dr.Crossing("x"))
    second = dr.simulate(Oscillator(), steps=50, dt=0.1, x0=first, events=dr.Crossing("x"))
    np.testing.assert_array_equal(np.concatenate([first.event_time, second.event_time]), whole.event_time)


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (lambda: dr.Crossing("z"), "event: got 'z', wanted one of 'x', 'y'"),
        (lambda: dr.Crossing(2), "event: got 2, wanted an integer >= 0 and <= 1"),
        (lambda: dr.Crossing("x", 0.0, 2), "direction: got 2, wanted -1 .falling., 0 .both. or 1 .rising."),
        (lambda: Meeting(direction=3), "direction: got 3"),
        (lambda: dr.Crossing("x", math.nan), "Crossing.level: got nan, wanted a finite number"),
        (lambda: "x", r"events: got 'x', wanted a Crossing\("),
        (list, r"events: got \[\], wanted a Crossing\("),
    ],
)
def test_bad_input_is_met_before_any_work(events, message):
    with pytest.raises((ValueError, TypeError), match=message):
        dr.simulate(Ramp(), steps=1, dt=1.0, events=events())


def test_maps_have_no_events():
    with pytest.raises(ValueError, match="events: got a value, wanted nothing for a map"):
        dr.simulate(dr.Henon(), steps=1, events=dr.Crossing("x"))


def test_an_adaptive_method_finds_the_same_events_whatever_the_rows():
    def crossings(dt):
        run = dr.simulate(
            dr.Lorenz63(), duration=12, dt=dt, method="dop853", rtol=1e-10, atol=1e-12, events=dr.Crossing("z", 27.0)
        )
        assert np.abs(run.event_state[:, 2] - 27.0).max() < 1e-12
        return run.event_time.values

    fine = crossings(0.01)
    assert len(fine) > 30
    for dt in (0.3, 1.0):  # several events in a row, and rows much longer than steps
        np.testing.assert_allclose(crossings(dt), fine, atol=1e-9)
