"""Recurrence plots against brute force, and their quantification against lines counted by hand."""

import numpy as np
import pytest
import xarray as xr

from dynrnn.analysis.recurrence import _diagonals, recurrence_plot, recurrence_quantification

# The matrix by which RecurrenceAnalysis.jl tests itself (test/rqa_rna_analytic.jl), with its numbers, here as ones per row.
ROWS = [
    (1, 5, 9),
    (2, 4, 5, 6),
    (2, 5, 6, 7, 11),
    (4, 8),
    (5, 9),
    (2, 3, 6),
    (2, 3, 6, 9, 11),
    (2, 7),
    (5, 9, 10),
    (3, 5, 6, 10),
]
MATRIX = np.array([[column + 1 in row for column in range(11)] for row in ROWS])

NAMES = ("RR", "DET", "L", "Lmax", "DIV", "ENTR", "LAM", "TT", "Vmax", "MRT", "RTE", "NMPRT")
KNOWN = {  # by Theiler window and shortest line
    (0, 1): (33 / 110, 1, 33 / 20, 5, 1 / 5, 0.996, 1, 33 / 23, 3, 33 / 12, 1.286, 4),
    (0, 2): (33 / 110, 22 / 33, 22 / 9, 5, 1 / 5, 0.684, 18 / 33, 18 / 8, 3, 33 / 12, 1.286, 4),
    (2, 1): (22 / 110, 1, 22 / 14, 5, 1 / 5, 0.830, 1, 22 / 15, 3, 24 / 6, 1.011, 3),
    (2, 2): (22 / 110, 13 / 22, 13 / 5, 5, 1 / 5, 0.500, 12 / 22, 12 / 5, 3, 24 / 6, 1.011, 3),
}


@pytest.mark.parametrize("theiler, shortest", KNOWN)
def test_quantification_of_a_matrix_counted_by_hand(theiler, shortest):
    got = recurrence_quantification(MATRIX, theiler=theiler, shortest=shortest)
    for name, wanted in zip(NAMES, KNOWN[theiler, shortest], strict=True):
        printed = name in ("ENTR", "RTE")  # known to three digits
        assert abs(float(got[name]) - wanted) < (6e-4 if printed else 1e-12), name


def test_counts_of_lines():
    got = recurrence_quantification(MATRIX, theiler=0)
    assert got.diagonal_lines.values.tolist() == [11, 7, 1, 0, 1]
    assert got.vertical_lines.values.tolist() == [15, 6, 2, 0, 0]
    assert got.recurrence_times.values.tolist() == [3, 1, 4, 4]
    got = recurrence_quantification(MATRIX, theiler=2)
    assert got.diagonal_lines.values.tolist() == [9, 4, 0, 0, 1] and got.recurrence_times.values.tolist() == [
        1,
        0,
        3,
        0,
        0,
        0,
        2,
    ]


def test_diagonals_are_those_of_numpy():
    R = np.random.default_rng(0).random((5, 7)) < 0.5
    skewed = _diagonals(R)
    assert skewed.shape == (11, 5)
    by_offset = {int(row.sum()) for row in skewed}, {int(np.diagonal(R, k).sum()) for k in range(-4, 7)}
    assert by_offset[0] == by_offset[1]
    for k in range(-4, 7):  # row 6 - k; a diagonal stands at the rows it comes from
        row = skewed[6 - k]
        kept = [i for i in range(5) if 0 <= i + k < 7]
        np.testing.assert_array_equal(row[kept], np.diagonal(R, k))
        assert not np.delete(row, kept).any()


def test_a_periodic_orbit_has_unbroken_diagonals_and_its_period():
    plot = recurrence_plot(np.arange(60) % 5, threshold=0.1)
    got = recurrence_quantification(plot)
    assert plot.sizes == {"time": 60, "time_other": 60} and got.attrs["theiler"] == 1
    assert (got.DET, got.Lmax, got.LAM) == (1, 55, 0) and np.isnan(got.TT)
    assert got.ENTR == pytest.approx(np.log(11))  # eleven lengths, each twice
    whole = recurrence_quantification(plot, theiler=0)
    assert whole.MRT == 4 and whole.RTE == 0  # single points: four steps between them


def test_a_matrix_without_lines_has_no_lengths():
    got = recurrence_quantification(np.eye(4, dtype=bool))
    assert got.RR == 0 and np.isnan(got[["DET", "L", "Lmax", "LAM", "MRT"]].to_array()).all()


@pytest.mark.parametrize("norm, order", [("euclidean", 2), ("maximum", np.inf), ("manhattan", 1)])
def test_recurrences_are_near_pairs(norm, order):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(30, 3)), rng.normal(size=(20, 3))
    near = np.linalg.norm(x[:, None] - y[None], order, axis=2) <= 1.7
    np.testing.assert_array_equal(recurrence_plot(x, y, threshold=1.7, norm=norm), near)
    own = recurrence_plot(x, threshold=1.7, norm=norm, theiler=3)
    apart = np.abs(np.subtract.outer(np.arange(30), np.arange(30))) >= 3
    np.testing.assert_array_equal(own, (np.linalg.norm(x[:, None] - x[None], order, axis=2) <= 1.7) & apart)


def test_the_rate_is_the_share_of_recurrences():
    x = np.random.default_rng(2).normal(size=(101, 2))
    plot = recurrence_plot(x, rate=0.1, theiler=1)
    assert abs(plot.values.sum() / (101 * 100) - 0.1) <= 1 / 5050
    again = recurrence_plot(x, threshold=plot.attrs["threshold"], theiler=1)
    np.testing.assert_array_equal(plot, again)


def test_times_and_settings_are_labels():
    x = xr.DataArray(np.arange(4.0), {"time": ("time", [0.5, 0.6, 0.7, 0.8], {"units": "s"})}, "time")
    plot = recurrence_plot(x, threshold=1)
    np.testing.assert_array_equal(plot.time_other, x.time)
    assert plot.time.attrs == {"units": "s"} and plot.attrs["threshold"] == 1 and plot.attrs["norm"] == "euclidean"
    assert recurrence_quantification(plot).attrs["threshold"] == 1


def test_bad_input_meets_words():
    x = np.zeros((10, 2))
    with pytest.raises(ValueError, match=r"threshold, rate: got none, wanted one of them"):
        recurrence_plot(x)
    with pytest.raises(ValueError, match=r"threshold, rate: got both"):
        recurrence_plot(x, threshold=1, rate=0.1)
    with pytest.raises(ValueError, match=r"y: got 3 variables, wanted 2"):
        recurrence_plot(x, np.zeros((10, 3)), threshold=1)
    with pytest.raises(ValueError, match=r"norm: got 'max'.*'maximum'"):
        recurrence_plot(x, threshold=1, norm="max")
    with pytest.raises(TypeError, match=r"R: got float64 of shape \(10, 2\), wanted a matrix of True and False"):
        recurrence_quantification(x + 0.5)
    with pytest.raises(ValueError, match=r"x: got 3 trials, wanted one trajectory"):
        recurrence_plot(np.zeros((3, 10, 2)), threshold=1)
