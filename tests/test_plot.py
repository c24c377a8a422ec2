"""Figures: what is drawn is in the data, axes say what they show, and the style goes as it came."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.colors import to_hex

from dynrnn import plot


@pytest.fixture
def ax():
    return plot.figure()[1]


@pytest.fixture
def forecast():
    blank, y = np.full(6, np.nan), np.arange(6.0)
    known, after = np.where(y < 3, y, blank), np.where(y < 3, blank, y)
    data = xr.Dataset({"history": ("time", known), "forecast": ("time", after), "truth": ("time", after + 1)})
    data["history"].attrs = {"long_name": "flow", "units": "m3/s"}
    data["lower"], data["upper"] = data["forecast"] - 1, data["forecast"] + 1
    data["lower"].attrs["long_name"] = "90 % interval"
    return data.assign_coords(time=pd.date_range("2001", periods=6, freq="MS"))


def test_a_forecast_shows_history_truth_forecast_and_interval(forecast, ax):
    drawn = plot.forecast(forecast, ax)
    assert drawn is ax and ax.get_ylabel() == "flow (m3/s)" and ax.get_xlabel() == "date"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["history", "held out", "forecast", "90 % interval"]
    np.testing.assert_array_equal(ax.lines[-1].get_ydata(), forecast["forecast"])


def test_forecasts_from_two_origins_are_two_lines_under_one_name(forecast, ax):
    two = xr.concat([forecast["forecast"]] * 2, "origin")
    plot.forecast(forecast[["history"]].assign(forecast=two), ax)
    assert len(ax.lines) == 3
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["history", "forecast"]


def test_horizon_errors_are_named_at_their_ends_without_overlap(ax):
    errors = xr.DataArray(
        [[1.0, 2.0], [1.5, 2.0], [1.0, 2.02]], dims=("model", "horizon"), coords={"model": ["a", "b", "c"], "horizon": [1, 2]}
    )
    plot.horizon_errors(errors, ax)
    heights = sorted(text.xyann[1] for text in ax.texts)
    assert {text.get_text() for text in ax.texts} == {"a", "b", "c"} and ax.get_legend() is None
    assert np.diff(heights).min() >= 0.0699 and ax.get_ylim()[0] == 0


def test_models_with_one_curve_share_a_name(ax):
    coords = {"model": ["a", "naive", "drift"], "horizon": [1, 2]}
    plot.horizon_errors(xr.DataArray([[1.0, 2.0], [2.0, 3.0], [2.01, 3.0]], coords, ("model", "horizon")), ax)
    assert [text.get_text() for text in ax.texts] == ["a", "naive, drift"] and len(ax.lines) == 2


@pytest.mark.parametrize("name", ["seasonal_naive", "seasonal-naive"])
def test_a_baseline_is_named_for_people_in_its_own_colour(name, ax):
    coords = {"model": ["my_model", name], "horizon": [1, 2]}
    plot.horizon_errors(xr.DataArray([[1.0, 2.0], [2.0, 3.0]], coords, ("model", "horizon")), ax)
    assert [text.get_text() for text in ax.texts] == ["my model", "seasonal-naive"]
    assert ax.lines[1].get_color() == plot.COLORS["green"]


@pytest.mark.filterwarnings("error")
def test_errors_of_one_step_are_points(ax):
    plot.horizon_errors(xr.DataArray([[1.0], [2.0]], {"model": ["a", "b"], "horizon": [1]}, ("model", "horizon")), ax)
    assert [line.get_marker() for line in ax.lines] == ["o", "o"]


def test_dots_show_every_seed_and_the_reference(ax):
    data = xr.DataArray(np.arange(6.0).reshape(3, 2), dims=("seed", "way"), coords={"way": ["x", "y"]}, name="error")
    plot.dots(data, ax, bars=data.median("seed"), lines={"published": 2.5})
    assert sum(len(line.get_xdata()) for line in ax.lines if line.get_marker() == "o") == 6
    assert [label.get_text() for label in ax.get_xticklabels()] == ["x", "y"] and ax.texts[0].get_text() == "published"


def test_data_without_the_dims_are_refused(ax):
    with pytest.raises(TypeError, match=r"data: got ndarray, wanted labelled data with dims \('time',\)"):
        plot.forecast(np.zeros(3), ax)
    with pytest.raises(TypeError, match=r"got dims \('time',\), wanted labelled data with dims \('model', 'horizon'\)"):
        plot.horizon_errors(xr.DataArray([1.0], dims="time"), ax)


def test_the_style_goes_as_it_came(forecast, ax):
    before = dict(mpl.rcParams)
    plot.forecast(forecast, ax)
    assert dict(mpl.rcParams) == before


def test_colours_are_those_of_okabe_and_ito():
    official = {"#000000", "#e69f00", "#56b4e9", "#009e73", "#0072b2", "#d55e00", "#cc79a7", "#f0e442"}
    assert {to_hex(color) for name, color in plot.COLORS.items() if name != "grey"} <= official


def test_a_figure_that_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "figure.png"
    file.write_bytes(b"old")
    fig, _ = plot.figure()

    def half(name, **_):
        name.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(fig, "savefig", half)
    with pytest.raises(OSError, match="No space left"):
        plot.save(fig, file)
    assert file.read_bytes() == b"old" and list(tmp_path.iterdir()) == [file]
