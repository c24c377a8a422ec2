"""Spectral measures against analytic spectra, LAPACK, and invariances."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dynrnn.couplings import spectral
from dynrnn.couplings.graphs import topology
from dynrnn.couplings.spectral import (
    effective_spectral_radius,
    rescale,
    scale_factor,
    spectral_norm,
    spectral_radius,
)


def eigenvalue_radius(W):
    return np.abs(np.linalg.eigvals(np.asarray(W))).max()


def sparse_random(n, density, seed):
    return topology("random", n, seed, density=density)


# ------------------------------------------------------------------------------------------------ analytic spectra


@pytest.mark.parametrize(
    ("W", "radius"),
    [
        pytest.param([[-3.0]], 3.0, id="1x1"),
        pytest.param([[0.0]], 0.0, id="1x1 zero"),
        pytest.param([[0.0, 2.0], [0.5, 0.0]], 1.0, id="2x2"),
        pytest.param([[0.0, -2.0], [2.0, 0.0]], 2.0, id="2x2 rotation"),
        pytest.param([[0.6, -0.8], [0.8, 0.6]], 1.0, id="2x2 complex pair"),
        pytest.param(np.zeros((4, 4)), 0.0, id="zero"),
        pytest.param(np.ones((6, 6)), 6.0, id="mean field"),
        pytest.param(np.diag([1.0, -5.0, 2.0]), 5.0, id="diagonal"),
        pytest.param(np.tri(7, k=-1), 0.0, id="strictly triangular"),
        pytest.param(np.triu(np.ones((4, 4)), 1) + np.diag([0.5, -2, 1, 0]), 2.0, id="triangular"),
    ],
)
@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array, sp.coo_matrix])
def test_small_matrices_are_exact(W, radius, kind):
    assert spectral_radius(kind(W)) == pytest.approx(radius, rel=1e-14, abs=0)


@pytest.mark.parametrize("n", [1, 2, 7, 300, 301, 5000])
def test_ring_has_the_modulus_of_its_weight(n):
    assert spectral_radius(topology("ring", n, weight=-0.7)) == pytest.approx(0.7, rel=1e-15)


def test_ring_of_unequal_weights_has_their_geometric_mean():
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.01, 3, 2000) * rng.choice([-1.0, 1.0], 2000)
    W = sp.csr_array((weights, (np.arange(2000), np.roll(np.arange(2000), 1))), shape=(2000, 2000))
    assert spectral_radius(W) == pytest.approx(np.exp(np.log(np.abs(weights)).mean()), rel=1e-12)


@pytest.mark.parametrize("n", [5, 100, 5000])
def test_delay_line_is_nilpotent_to_the_bit(n):
    assert spectral_radius(topology("line", n)) == 0.0


@pytest.mark.parametrize("n", [2, 500])
def test_permutations_and_orthogonal_matrices_have_radius_and_norm_one(n):
    assert spectral_radius(topology("permutation", n, rng=3)) == pytest.approx(1.0, rel=1e-13)
    assert spectral_norm(topology("permutation", n, rng=3)) == pytest.approx(1.0, rel=1e-13)
    assert spectral_radius(topology("orthogonal", n, rng=3)) == pytest.approx(1.0, rel=1e-13)
    assert spectral_norm(topology("orthogonal", n, rng=3)) == pytest.approx(1.0, rel=1e-13)


@pytest.mark.parametrize(("n", "back"), [(20, 0.5), (50, 0.1), (400, -0.1), (1500, 0.01)])
def test_graded_feedback_line_where_plain_eigenvalues_go_wrong(n, back):
    W = topology("line_feedback", n, weight=1.0, backward=back)
    exact = 2 * np.sqrt(abs(back)) * np.cos(np.pi / (n + 1))
    assert spectral_radius(W) == pytest.approx(exact, rel=1e-9)
    if n == 50:
        assert abs(eigenvalue_radius(W.toarray()) / exact - 1) > 0.05


@pytest.mark.parametrize(
    ("name", "options", "radius"),
    [
        ("double_cycle", {"backward": 0.5}, 1.5),
        ("ring", {"self_loop": 0.5}, 1.5),
        ("cycle_jumps", {"jump": 2}, None),
        ("cycle_jumps", {"jump": 7, "weight": -0.4, "jump_weight": -0.3}, None),
    ],
)
def test_large_rings_whose_leading_eigenvalues_crowd(name, options, radius):
    W = topology(name, 360, **options)
    assert spectral_radius(W) == pytest.approx(radius or eigenvalue_radius(W.toarray()), rel=1e-10)


def test_mixed_signs_that_no_iteration_handles_fall_back_to_lapack():
    n = 320
    W = topology("double_cycle", n, weight=1.0, backward=-0.9, self_loop=0.3)
    angle = 2 * np.pi * np.arange(n) / n
    exact = np.abs(0.3 + 0.1 * np.cos(angle) - 1.9j * np.sin(angle)).max()
    assert spectral_radius(W) == pytest.approx(exact, rel=1e-10)


def test_block_cyclic_matrix_is_the_root_of_the_product_around():
    rng = np.random.default_rng(1)
    a, b, c = rng.normal(size=(120, 130)), rng.normal(size=(90, 120)), rng.normal(size=(130, 90))
    W = sp.csr_array(sp.bmat([[None, a, None], [None, None, c], [b, None, None]]))
    assert spectral_radius(W) == pytest.approx(eigenvalue_radius(b @ a @ c) ** (1 / 3), rel=1e-11)


# ------------------------------------------------------------------------------------------------ LAPACK as referee

square = st.integers(1, 8).flatmap(lambda n: arrays(float, (n, n), elements=st.one_of(st.just(0.0), st.floats(-2, 2, width=16))))


@settings(max_examples=150, deadline=None)
@given(square)
def test_any_small_matrix_agrees_with_its_eigenvalues(W):
    n, norm = W.shape[0], np.abs(W).max()
    # A defective eigenvalue is only known to the n-th root of the rounding error, by LAPACK too.
    tolerance = 10 * norm * (n * np.finfo(float).eps) ** (1 / n)
    radius = spectral_radius(W)
    assert abs(radius - eigenvalue_radius(W)) <= tolerance
    assert abs(radius - spectral_radius(W.T)) <= tolerance
    assert radius <= spectral_norm(W) * (1 + 1e-12)
    assert spectral_norm(W) == pytest.approx(np.linalg.norm(W, 2), rel=1e-12, abs=1e-300)


@settings(max_examples=50, deadline=None)
@given(square, st.floats(0.1, 10), st.integers(0, 2**32 - 1))
def test_symmetric_matrices_scale_and_do_not_mind_the_order_of_units(A, factor, seed):
    W, order = A + A.T, np.random.default_rng(seed).permutation(len(A))
    radius = spectral_radius(W)
    assert radius == pytest.approx(np.abs(np.linalg.eigvalsh(W)).max(), rel=1e-12, abs=1e-12)
    assert spectral_radius(W[order][:, order]) == pytest.approx(radius, rel=1e-12, abs=1e-12)
    assert spectral_radius(factor * W) == pytest.approx(factor * radius, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("n", "rho", "density"),
    [(100, 0.876, 0.02), (500, 0.546, 0.01), (1000, 0.432, 0.01), (1000, 0.1, 0.01), (1000, 1.3, 0.01)],
)
def test_rescaled_random_matrices_have_the_radius_asked_for(n, rho, density):
    W = sparse_random(n, density, seed=n)
    scaled = rescale(W, rho).toarray()
    assert eigenvalue_radius(scaled) == pytest.approx(rho, rel=1e-10)
    np.testing.assert_allclose(rescale(W.toarray(), rho), scaled, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_large_directed_matrix(seed):
    W = sparse_random(320, 0.025, seed)
    radius = spectral_radius(W)
    assert radius == pytest.approx(eigenvalue_radius(W.toarray()), rel=1e-10)
    assert spectral_radius(W.T) == pytest.approx(radius, rel=1e-10)
    assert spectral_norm(W) == pytest.approx(np.linalg.norm(W.toarray(), 2), rel=1e-12)


def test_directed_connectome_comes_out_at_one():
    rng = np.random.default_rng(0)
    strength = np.exp(rng.normal(size=(100, 100))) * (rng.random((100, 100)) < 0.2)
    assert eigenvalue_radius(rescale(strength, 1.0)) == pytest.approx(1.0, rel=1e-12)


def test_large_symmetric_and_large_low_rank():
    A = sparse_random(320, 0.02, 5)
    W = A + A.T
    assert spectral_radius(W) == pytest.approx(np.abs(np.linalg.eigvalsh(W.toarray())).max(), rel=1e-11)
    u, v = np.random.default_rng(1).normal(size=(2, 400))
    assert spectral_radius(np.outer(u, v)) == pytest.approx(abs(u @ v), rel=1e-9)
    assert spectral_norm(np.outer(u, v)) == pytest.approx(np.linalg.norm(u) * np.linalg.norm(v), rel=1e-12)


def test_components_and_feed_forward_weights_between_them():
    blocks = [np.array([[0.0, -1.5], [1.5, 0.0]]), np.array([[0.4]]), sparse_random(60, 0.1, 2).toarray()]
    W = sp.block_diag(blocks, format="lil")
    W[2:, :2] = 100.0  # the first block drives the rest; eigenvalues do not change
    expected = max(eigenvalue_radius(b) for b in blocks)
    assert spectral_radius(W) == pytest.approx(expected, rel=1e-12)


def test_very_large_sparse_matrix_follows_the_circular_law():
    W = topology("random", 5000, rng=0, in_degree=10)
    radius = spectral_radius(W)
    assert radius == pytest.approx(np.sqrt(10 / 3), rel=0.05)
    assert radius == spectral_radius(W)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_extreme_weights_neither_overflow_nor_vanish(scale):
    graded = np.array([[0.0, scale], [1 / scale, 0.0]])
    assert spectral_radius(graded) == pytest.approx(1.0, rel=1e-12)
    W = scale * np.array([[0.0, 1, 2], [3, 0, 0], [0, 1, 1]])
    assert spectral_radius(W) == pytest.approx(scale * eigenvalue_radius(W / scale), rel=1e-12)
    assert spectral_norm(W) == pytest.approx(scale * np.linalg.norm(W / scale, 2), rel=1e-12)


@pytest.mark.parametrize("n", [40, 600])
def test_same_bits_in_every_call_and_the_argument_is_left_alone(n):
    W = sparse_random(n, 8 / n, 4).tocoo()
    before = W.toarray()
    assert len({spectral_radius(W) for _ in range(3)}) == len({spectral_norm(W) for _ in range(3)}) == 1
    np.testing.assert_array_equal(W.toarray(), before)


def test_stored_zeros_and_duplicates_are_what_they_mean():
    to, source = [0, 0, 1, 0], [1, 1, 0, 0]
    W = sp.coo_array(([1.0, 3.0, 1.0, 0.0], (to, source)), shape=(2, 2))
    assert spectral_radius(W) == pytest.approx(2.0, rel=1e-15)


def test_each_method_for_large_blocks_knows_its_limits(monkeypatch):
    W = sparse_random(400, 0.03, 0)
    assert spectral._noda(W) is None
    assert spectral._noda(abs(W)) == pytest.approx(spectral_radius(abs(W)), rel=1e-11)
    assert spectral._arnoldi(topology("double_cycle", 2000, backward=0.5)) is None
    monkeypatch.setattr(spectral, "DENSE_LIMIT", 100)
    monkeypatch.setattr(spectral, "_arnoldi", lambda matrix: None)
    with pytest.raises(RuntimeError, match=r"W: got a strongly connected block of \d+ units .* spectral_norm"):
        spectral_radius(W)


# ------------------------------------------------------------------------------------------------ spectral norm


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (450, 310), (2, 3000)])
def test_spectral_norm_of_rectangular_matrices(shape):
    W = np.random.default_rng(0).normal(size=shape)
    exact = np.linalg.norm(W, 2)
    assert spectral_norm(W) == pytest.approx(exact, rel=1e-12)
    assert spectral_norm(sp.csr_array(W)) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(
    ("W", "norm"),
    [
        (np.zeros((3, 3)), 0.0),
        (topology("line", 4000, weight=3.0), 3.0),
        (topology("ring", 4000, weight=-2.0), 2.0),
        (topology("double_cycle", 1000, backward=0.5), 1.5),
    ],
)
def test_spectral_norm_of_structured_matrices(W, norm):
    assert spectral_norm(W) == pytest.approx(norm, rel=1e-12)


# ------------------------------------------------------------------------------------------------ leaky radius


def leaky(W, a):
    W = W.toarray() if sp.issparse(W) else np.asarray(W)
    a = np.broadcast_to(a, len(W))
    return eigenvalue_radius(np.diag(1 - a) + a[:, None] * W)


@pytest.mark.parametrize("n", [1, 2, 30, 310])
@pytest.mark.parametrize("per_unit", [False, True])
def test_effective_radius_is_that_of_the_leaky_matrix(n, per_unit):
    W = sparse_random(n, min(1.0, 10 / n), 3)
    leak = np.random.default_rng(2).uniform(0.1, 1, n) if per_unit else 0.35
    assert effective_spectral_radius(W, leak) == pytest.approx(leaky(W, leak), rel=1e-10)


def test_complex_and_negative_eigenvalues_leak_faster_than_the_radius_suggests():
    assert effective_spectral_radius([[-0.9]], 0.5) == pytest.approx(0.05, abs=1e-15)
    turn = [[0.0, -0.9], [0.9, 0.0]]
    assert effective_spectral_radius(turn, 0.5) == pytest.approx(np.hypot(0.5, 0.45), rel=1e-14)


@pytest.mark.parametrize("weight", [0.9, -0.9])
@pytest.mark.parametrize("n", [5, 4001])
def test_leaky_ring(n, weight):
    angle = 2 * np.pi * np.arange(n) / n
    exact = np.abs(0.7 + 0.3 * weight * np.exp(1j * angle)).max()
    assert effective_spectral_radius(topology("ring", n, weight=weight), 0.3) == pytest.approx(exact, rel=1e-14)


def test_leak_limits():
    W = sparse_random(50, 0.1, 0)
    assert effective_spectral_radius(W, 1.0) == spectral_radius(W)
    assert effective_spectral_radius(W, 0.0) == 1.0
    assert effective_spectral_radius(topology("line", 100), 0.25) == 0.75
    assert effective_spectral_radius(W, np.full(50, 0.3)) == effective_spectral_radius(W, 0.3)


@pytest.mark.parametrize(
    ("leak", "message"),
    [
        (1.5, r"leak: got 1.5, wanted numbers in \[0, 1\]\. A leak is dt/tau"),
        ([0.1, -0.2], r"leak: got -0.2, wanted numbers in \[0, 1\]"),
        ([0.1, 0.2, 0.3], r"leak: got shape \(3,\), wanted one number or shape \(2,\)"),
        (np.nan, "leak: got nan"),
    ],
)
def test_bad_leaks_are_named(leak, message):
    with pytest.raises(ValueError, match=message):
        effective_spectral_radius(np.eye(2), leak)


# ------------------------------------------------------------------------------------------------ rescale


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array, sp.csc_array, sp.coo_array])
def test_rescale_keeps_kind_and_dtype(dtype, kind):
    W = kind(np.array([[0, 2], [2, 0]], dtype=dtype))
    scaled = rescale(W, 0.5)
    assert type(scaled) is type(W) and scaled.dtype == dtype and scaled is not W
    assert spectral_radius(scaled) == pytest.approx(0.5, rel=1e-7)


def test_rescale_accepts_lists_and_integers():
    np.testing.assert_array_equal(rescale([[0, 2], [2, 0]], 0.5), [[0, 0.5], [0.5, 0]])


def test_radius_zero_and_none():
    W, line = np.array([[0.0, 1.0], [2.0, 0.0]]), topology("line", 5)
    assert not rescale(W, 0).any()
    np.testing.assert_array_equal(rescale(W, None), W)
    for target in (0, None):
        np.testing.assert_array_equal(rescale(line, target).toarray(), line.toarray())


@pytest.mark.parametrize("W", [topology("line", 5), np.zeros((3, 3)), np.tri(4, k=-1)])
def test_a_nilpotent_matrix_cannot_be_rescaled_and_the_reason_is_given(W):
    message = r"spectral_radius: got 0.9 for a nilpotent matrix: every eigenvalue is 0.*spectral_radius=None.*cycle"
    with pytest.raises(ValueError, match=message):
        rescale(W)


@pytest.mark.parametrize("W", [[[1, -1], [1, -1]], [[5, -3, 2], [15, -9, 6], [10, -6, 4]], [[2, -1], [4, -2]]])
def test_weights_that_cancel_to_a_nilpotent_matrix_are_recognised(W):
    assert spectral_radius(W) < 1e-6
    with pytest.raises(ValueError, match="nilpotent"):
        rescale(W, 0.9)


def test_small_but_real_eigenvalues_are_rescaled():
    W = np.array([[1 + 1e-6, -1.0], [1.0, -1.0]])
    assert spectral_radius(rescale(W, 0.5)) == pytest.approx(0.5, rel=1e-6)
    graded = np.array([[0.0, 1e9], [1e-9, 0.0]])
    assert spectral_radius(rescale(graded, 0.5)) == pytest.approx(0.5, rel=1e-12)


class Coupling:
    """The least a coupling offers: its matrix, what it knows of it, and a scaled copy."""

    def __init__(self, W, radius=None):
        self.W, self.radius = W, radius

    def to_scipy(self):
        if self.radius is not None:
            raise AssertionError("measured although the radius is known")
        return self.W

    def spectral_radius_hint(self):
        return self.radius

    def scaled(self, factor):
        return Coupling(factor * self.W, None if self.radius is None else abs(factor) * self.radius)


def test_couplings_are_measured_once_and_scale_for_free():
    W = topology("ring", 10, weight=2.0)
    assert spectral_radius(Coupling(W)) == pytest.approx(2.0, rel=1e-15)
    assert spectral_norm(Coupling(W)) == 2.0
    known = rescale(rescale(Coupling(W, radius=2.0), 0.5), 0.25)
    assert (known.radius, spectral_radius(known)) == (0.25, 0.25)
    np.testing.assert_array_equal(known.W.toarray(), W.toarray() / 8)
    assert effective_spectral_radius(Coupling(W), 0.5) == pytest.approx(1.5)


def test_scale_factor():
    assert scale_factor(2.0, 0.5) == 0.25
    assert scale_factor(0.0, 0.0) == 1.0
    with pytest.raises(ValueError, match="nilpotent"):
        scale_factor(0.0, 0.5)
    for bad in (-0.1, np.nan, np.inf):
        with pytest.raises(ValueError, match=r"spectral_radius: got .*, wanted a finite number"):
            scale_factor(1.0, bad)
        with pytest.raises(ValueError, match=r"spectral_radius: got .*, wanted a finite number"):
            rescale(np.eye(2), bad)


# ------------------------------------------------------------------------------------------------ bad matrices


@pytest.mark.parametrize("measure", [spectral_radius, rescale, lambda W: effective_spectral_radius(W, 0.5)])
@pytest.mark.parametrize(
    ("W", "error", "message"),
    [
        (np.ones((2, 3)), ValueError, r"W: got shape \(2, 3\), wanted a square matrix"),
        (sp.csr_array(np.ones((2, 3))), ValueError, r"W: got shape \(2, 3\), wanted a square matrix"),
        (np.ones((0, 0)), ValueError, r"W: got shape \(0, 0\), wanted a square matrix with at least one unit"),
        (np.ones(4), ValueError, r"W: got shape \(4,\)"),
        ([[0, np.nan], [1, 0]], ValueError, r"W: got nan at index \(0, 1\) \(1 non-finite"),
        (sp.csr_array([[0, 1], [np.inf, 0]]), ValueError, r"W: got inf at index \(1, 0\) \(1 non-finite"),
        ([[1j]], TypeError, "W: got complex values, wanted an array of real numbers"),
        ([["a"]], TypeError, "W: got"),
        (None, TypeError, "W: got"),
    ],
)
def test_bad_matrices_are_named(measure, W, error, message):
    with pytest.raises(error, match=message):
        measure(W)


def test_nothing_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("ring", "line", "line_feedback", "double_cycle"):
            W = topology(name, 400)
            spectral_radius(W), spectral_norm(W), effective_spectral_radius(W, 0.5)


def test_a_coupling_remembers_what_was_measured(monkeypatch):
    from dynrnn.couplings import coupling, spectral

    W = coupling(np.random.default_rng(0).normal(size=(30, 30)))
    before = spectral_radius(W)

    def never(*_):
        raise AssertionError("measured again")

    monkeypatch.setattr(spectral, "_measure", never)
    scaled = rescale(W, 0.5)
    assert spectral_radius(W) == before and abs(spectral_radius(scaled) - 0.5) < 1e-15
    assert abs(spectral_radius(rescale(scaled, 2.0)) - 2.0) < 1e-15
