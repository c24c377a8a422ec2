"""What the study of known dynamics compares with: its own numbers, before anything of the package is asked."""

from __future__ import annotations

import numpy as np

from dynrnn import study

dynamics = study.find("dynamics").module


def test_starts_are_those_that_julia_draws():
    np.testing.assert_array_equal(dynamics.uniform(1234, (2,)), [0.32597672886359486, 0.5490511363155669])  # in Julia's manual
    starts = dynamics.starts_of_the_source()
    assert starts.shape == (1000, 2) and -2 < starts.min() < -1.99 and 1.99 < starts.max() < 2


def test_shares_of_the_source_come_out_without_the_package():
    """Attractors.jl: 0.425 of the starts stay bounded; beside a magnet the pendulum falls to it."""
    x, y = dynamics.starts_of_the_source().T
    with np.errstate(all="ignore"):
        for _ in range(300):
            x, y = 1 - 1.4 * x * x + y, 0.3 * x
    assert (np.abs(x) < 10).sum() == 425
    near = dynamics.CIRCLE[[2, 0, 1]] + [[0.05, 0.1]]
    np.testing.assert_array_equal(dynamics.fall(near), [2, 0, 1])


def test_too_few_numbers_meet_nothing():
    assert [claim.met for claim in dynamics.each("fold", [1.0, 2.0], [1.0, 2.0], 1e-6, "exact")] == [True, True]
    assert [claim.met for claim in dynamics.each("fold", [1.0, 2.0], [1.0], 1e-6, "exact")] == [False, False]
    assert dynamics.distance([1.0, 2.0], [2.5, 1.0]) == 0.5 and dynamics.distance([1.0], []) == np.inf
