"""Random graphs by exact counts and laws, deterministic topologies entry by entry."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from dynrnn.couplings import graphs
from dynrnn.couplings.graphs import TOPOLOGIES, topology
from dynrnn.couplings.spectral import spectral_radius

RANDOM = ["random", "dense", "small_world", "clusters", "permutation", "orthogonal"]


def array(W):
    return W.toarray() if sp.issparse(W) else W


# ------------------------------------------------------------------------------------------------ every topology


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_shape_kind_and_canonical_form(name):
    W = topology(name, 12, rng=0)
    assert W.shape == (12, 12) and W.dtype == np.float64
    if sp.issparse(W):
        assert isinstance(W, sp.csr_array) and W.indices.dtype == np.int32
        assert W.has_canonical_format and W.data.all()


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_same_seed_same_matrix_and_the_global_generator_is_left_alone(name):
    state = np.random.get_state()[1].copy()
    first, again, other = (array(topology(name, 30, rng=seed)) for seed in (5, np.random.default_rng(5), 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any() == (name in RANDOM)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize("name", [name for name in TOPOLOGIES if name not in ("cycle_jumps", "small_world", "clusters")])
@pytest.mark.parametrize("units", [1, 2, 3])
def test_the_smallest_sizes_work(name, units):
    assert topology(name, units, rng=0).shape == (units, units)


def test_one_unit():
    assert array(topology("ring", 1, weight=0.5)).tolist() == [[0.5]]
    assert array(topology("line", 1)).tolist() == [[0.0]]
    assert topology("random", 1, self_loops=False).nnz == 0


# ------------------------------------------------------------------------------------------------ deterministic


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("line", {}, "00000 10000 01000 00100 00010"),
        ("line_feedback", {}, "01000 10100 01010 00101 00010"),
        ("ring", {}, "00001 10000 01000 00100 00010"),
        ("ring", {"self_loop": 0.1}, "10001 11000 01100 00110 00011"),
        ("double_cycle", {}, "01001 10100 01010 00101 10010"),
        ("cycle_jumps", {"jump": 3}, "00011 10000 01000 10100 00010"),
        ("cycle_jumps", {"jump": 2}, "00101 10000 11001 00100 00110"),
    ],
)
def test_exact_small_matrices(name, options, expected):
    given_names = {"weight", "backward", "jump_weight"} & set(graphs.TOPOLOGIES[name].__kwdefaults__)
    W = topology(name, 5, **dict.fromkeys(given_names, 0.1), **options)
    np.testing.assert_array_equal(array(W), 0.1 * np.array([list(row) for row in expected.split()], dtype=float))


def test_each_weight_goes_where_its_name_says():
    np.testing.assert_array_equal(
        array(topology("double_cycle", 4, weight=1, backward=2, self_loop=3)),
        [[3, 2, 0, 1], [1, 3, 2, 0], [0, 1, 3, 2], [2, 0, 1, 3]],
    )
    np.testing.assert_array_equal(
        array(topology("line_feedback", 3, weight=1, backward=2, self_loop=3)), [[3, 2, 0], [1, 3, 2], [0, 1, 3]]
    )
    np.testing.assert_array_equal(
        array(topology("cycle_jumps", 5, weight=1, jump=2, jump_weight=7)),
        [[0, 0, 7, 0, 1], [1, 0, 0, 0, 0], [7, 1, 0, 0, 7], [0, 0, 1, 0, 0], [0, 0, 7, 1, 0]],
    )


@pytest.mark.parametrize(("units", "jump", "jumps"), [(6, 3, 1), (6, 2, 3), (7, 2, 3), (9, 3, 3), (10, 4, 2), (4, 2, 1)])
def test_cycle_jumps_close_at_the_first_unit_only_when_they_fit(units, jump, jumps):
    extra = array(topology("cycle_jumps", units, jump=jump)) - array(topology("ring", units))
    assert np.array_equal(extra, extra.T) and set(np.unique(extra)) == {0.0, 1.0}
    assert extra.sum() == 2 * jumps
    assert extra[0].sum() == (2 if units % jump == 0 and jumps > 1 else 1)


def test_ring_turns_and_line_forgets():
    x = np.random.default_rng(0).normal(size=10)
    y = x.copy()
    ring = topology("ring", 10, weight=2.0)
    for _ in range(10):
        y = ring @ y
    np.testing.assert_array_equal(y, 2**10 * x)
    assert not np.linalg.matrix_power(array(topology("line", 10)), 10).any()
    assert np.linalg.matrix_power(array(topology("line", 10)), 9).any()


def test_documented_radius_of_the_feedback_line():
    for backward in (0.4, -0.4):
        W = topology("line_feedback", 11, weight=2.0, backward=backward)
        assert spectral_radius(W) == pytest.approx(2 * np.sqrt(0.8) * np.cos(np.pi / 12), rel=1e-12)


def test_zero_weights_are_not_stored():
    assert topology("line_feedback", 6, backward=0.0).nnz == topology("line", 6).nnz == 5


# ------------------------------------------------------------------------------------------------ random


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.floats(0, 1), st.booleans(), st.integers(0, 99))
def test_density_is_exact(units, density, self_loops, seed):
    W = topology("random", units, seed, density=density, self_loops=self_loops)
    places = units * (units if self_loops else units - 1)
    assert W.nnz == round(density * places)
    assert self_loops or not W.diagonal().any()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.data(), st.booleans(), st.integers(0, 99))
def test_in_degree_is_exact_and_inputs_are_distinct(units, data, self_loops, seed):
    degree = data.draw(st.integers(0, units if self_loops else units - 1))
    W = topology("random", units, seed, in_degree=degree, self_loops=self_loops)
    assert (np.diff(W.indptr) == degree).all()
    assert W.has_canonical_format
    assert self_loops or not W.diagonal().any()


@pytest.mark.parametrize("options", [{"in_degree": 2}, {"in_degree": 30}, {"density": 0.05}])
@pytest.mark.parametrize("self_loops", [False, True])
def test_every_connection_is_equally_likely(options, self_loops):
    units, trials = 40, 400
    rng = np.random.default_rng(0)
    draws = (topology("random", units, rng, weights="bernoulli", self_loops=self_loops, **options) for _ in range(trials))
    count = sum(abs(array(W)) for W in draws)
    places = count[~np.eye(units, dtype=bool)] if not self_loops else count.ravel()
    p = places.mean() / trials
    deviation = (places - trials * p) / np.sqrt(trials * p * (1 - p))
    assert abs(np.std(deviation) - 1) < 0.1
    assert np.abs(deviation).max() < 5


def test_default_in_degree_is_ten_or_all():
    assert topology("random", 50, 0).nnz == 500
    assert topology("random", 4, 0).nnz == 16
    assert topology("random", 4, 0, self_loops=False).nnz == 12


@pytest.mark.parametrize("name", ["random", "dense", "small_world", "clusters"])
def test_weight_laws(name):
    options = {"density": 0.5} if name == "random" else {"neighbours": 100} if name == "small_world" else {}
    for law, variance in (("uniform", 1 / 3), ("normal", 1.0), ("bernoulli", 1.0)):
        W = topology(name, 200, 1, weights=law, **options)
        weights = W.data if sp.issparse(W) else W.ravel()
        assert abs(weights.mean()) < 0.06 and abs(weights.var() - variance) < 0.08
        assert np.abs(weights).max() <= (1 if law != "normal" else 7)
    assert set(np.unique(weights)) == {-1.0, 1.0}


def test_large_random_graph_is_drawn_without_a_dense_matrix():
    W = topology("random", 50_000, rng=0, in_degree=10)
    assert W.nnz == 500_000 and (np.diff(W.indptr) == 10).all()


@pytest.mark.parametrize("units", [1, 2, 50])
def test_orthogonal_and_permutation(units):
    Q = topology("orthogonal", units, 3, weight=-2.0)
    np.testing.assert_allclose(Q @ Q.T, 4 * np.eye(units), atol=1e-13)
    P = array(topology("permutation", units, 3, weight=0.5))
    assert ((P == 0.5).sum(0) == 1).all() and ((P == 0.5).sum(1) == 1).all() and np.count_nonzero(P) == units


def test_orthogonal_matrices_have_no_preferred_sign():
    rng = np.random.default_rng(0)
    draws = np.array([topology("orthogonal", 2, rng) for _ in range(2000)])
    angle = np.arctan2(draws[:, 1, 0], draws[:, 0, 0])
    counts = np.histogram(angle, bins=8, range=(-np.pi, np.pi))[0]
    assert ((counts - 250) ** 2 / 250).sum() < 24  # chi-squared of 7 degrees, 0.1 %
    assert abs((np.linalg.det(draws) > 0).mean() - 0.5) < 0.05


def test_small_world_between_lattice_and_random_graph():
    lattice = array(topology("small_world", 12, 0, neighbours=4, rewire=0.0)) != 0
    distance = np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
    distance = np.minimum(distance, 12 - distance)
    np.testing.assert_array_equal(lattice, (distance >= 1) & (distance <= 2))
    far = topology("small_world", 400, 0, neighbours=6, rewire=1.0)
    some = topology("small_world", 400, 0, neighbours=6, rewire=0.25)
    for W in (far, some):
        assert (np.diff(W.indptr) == 6).all() and W.has_canonical_format and not W.diagonal().any()

    def near(W):
        edges = W.tocoo()
        gap = np.abs(edges.row - edges.col)
        return (np.minimum(gap, 400 - gap) <= 3).mean()

    assert near(far) == pytest.approx(6 / 399, abs=0.01)
    assert near(some) == pytest.approx(0.75 + 0.25 * 6 / 399, abs=0.03)


@pytest.mark.parametrize(("units", "groups"), [(60, 3), (61, 4), (7, 7), (7, 1)])
@pytest.mark.parametrize(("p_in", "p_out"), [(0.5, 0.1), (1.0, 0.0), (0.0, 1.0)])
def test_clusters_have_exact_counts_within_and_between(units, groups, p_in, p_out):
    W = array(topology("clusters", units, 2, clusters=groups, p_in=p_in, p_out=p_out)) != 0
    group = np.arange(units) * groups // units
    within = group[:, None] == group
    assert np.bincount(group).max() - np.bincount(group).min() <= 1
    assert (W & within).sum() == round(p_in * int(within.sum()))
    assert (W & ~within).sum() == round(p_out * int((~within).sum()))


# ------------------------------------------------------------------------------------------------ messages


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (("rnadom", 5, {}), ValueError, "topology: got 'rnadom', wanted one of 'random', .* Did you mean 'random'"),
        (("random", 5, {"densty": 1}), ValueError, "option of topology 'random': got 'densty', .*'density'.*in_degree"),
        (("ring", 5, {"density": 1}), ValueError, "option of topology 'ring': got 'density', wanted one of 'weight'"),
        (("ring", 0, {}), ValueError, "units: got 0, wanted an integer >= 1"),
        (("ring", 5, {"weight": np.nan}), ValueError, "weight: got nan, wanted a finite number"),
        (("line", 5, {"weight": "1"}), TypeError, "weight: got '1'"),
        (("random", 5, {"density": 1.2}), ValueError, r"density: got 1.2, wanted a finite number in \[0, 1\]"),
        (("random", 5, {"in_degree": 6}), ValueError, "in_degree: got 6, wanted an integer >= 0 and <= 5"),
        (("random", 5, {"in_degree": 5, "self_loops": False}), ValueError, "in_degree: got 5, .* <= 4"),
        (("random", 5, {"in_degree": 2, "density": 0.5}), ValueError, "in_degree: got 2 beside density=0.5"),
        (("dense", 5, {"weights": "gauss"}), ValueError, "weights: got 'gauss', wanted one of 'uniform', 'normal'"),
        (("small_world", 9, {"neighbours": 3}), ValueError, "neighbours: got 3, wanted an even number"),
        (("small_world", 9, {"neighbours": 6}), ValueError, "neighbours: got 6, .* <= 4. In a denser graph"),
        (("small_world", 9, {"rewire": -0.1}), ValueError, "rewire: got -0.1"),
        (("clusters", 5, {"clusters": 6}), ValueError, "clusters: got 6, wanted an integer >= 1 and <= 5"),
        (("clusters", 9, {"p_out": 2}), ValueError, "p_out: got 2"),
        (("cycle_jumps", 3, {}), ValueError, "units: got 3, wanted at least 4 for 'cycle_jumps'. Use 'ring'"),
        (("cycle_jumps", 8, {"jump": 7}), ValueError, "jump: got 7, wanted an integer >= 2 and <= 6"),
        (("random", 5, {"rng": -1}), TypeError, "rng: got -1"),
    ],
)
def test_bad_calls_are_explained(call, error, message):
    name, units, options = call
    with pytest.raises(error, match=message):
        topology(name, units, **options)
