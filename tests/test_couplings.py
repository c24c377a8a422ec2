"""Couplings: every product of every structure against its array, derivatives by adjoints, batches against single states."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from dynrnn._jit import DISABLED, jit
from dynrnn._sums import LANES, add_product, add_slice, add_slice_to_columns, add_slice_to_half
from dynrnn.couplings import Block, Coupling, Dense, Diagonal, LowRank, Ring, Sparse, Zero, coupling
from dynrnn.couplings.base import multiply_columns, multiply_rows, outer, row_dot, tangent

rng = np.random.default_rng(0)
WIDE, NARROW = rng.normal(size=(21, 18)), rng.normal(size=(7, 5))
THIN = WIDE * (rng.random(WIDE.shape) < 0.2)
LEFT, RIGHT = rng.normal(size=(8, 2)), rng.normal(size=(6, 2))
RING = rng.normal(size=9)

STRUCTURES = {
    "dense": (Dense.of(WIDE), WIDE),
    "dense, few inputs": (Dense.of(NARROW), NARROW),
    "dense, one row": (Dense.of(WIDE[:1]), WIDE[:1]),
    "sparse": (Sparse.of(THIN), THIN),
    "diagonal": (Diagonal(RING), np.diag(RING)),
    "ring": (Ring(RING, 2), np.roll(np.diag(RING), -2, axis=1)),
    "ring backwards": (Ring(RING, -1), np.roll(np.diag(RING), 1, axis=1)),
    "low rank": (LowRank.of(LEFT, RIGHT), LEFT @ RIGHT.T),
    "zero": (Zero.of(4, 3), np.zeros((4, 3))),
    "block": (
        Block(Ring(RING), Zero.of(9, 5), Dense.of(WIDE[:7, :9]), Dense.of(NARROW)),
        np.block([[np.roll(np.diag(RING), -1, axis=1), np.zeros((9, 5))], [WIDE[:7, :9], NARROW]]),
    ),
}
each = pytest.mark.parametrize("W, A", STRUCTURES.values(), ids=STRUCTURES)


@jit
def _derivatives(p, g, x, q, gw, out):
    outer(p, g, x, gw)
    tangent(p, q, x, out)


@jit
def _rows(p, x, out):
    for i in range(out.size):
        out[i] = row_dot(p, i, x)


@jit
def _add_columns(p, X, out):
    multiply_columns(p, X, out)


@jit
def _add_rows(p, X, out):
    multiply_rows(p, X, out)


def _numbers(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape)


# --- products ---------------------------------------------------------------------------------------------------------


@each
def test_products_are_those_of_the_array(W, A):
    x, g = _numbers(A.shape[1]), _numbers(A.shape[0])
    np.testing.assert_array_equal(W.to_array(), A)
    np.testing.assert_array_equal(np.asarray(W), A)
    np.testing.assert_array_equal(scipy.sparse.csr_array(W.to_scipy()).toarray(), A)
    np.testing.assert_allclose(W @ x, A @ x, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(W.rmatmul(g), A.T @ g, rtol=1e-13, atol=1e-13)
    out = np.empty(A.shape[0])
    _rows(W.params(), x, out)
    np.testing.assert_allclose(out, A @ x, rtol=1e-13, atol=1e-13)


@each
def test_a_batch_equals_single_states_bit_for_bit(W, A):
    X = _numbers(A.shape[1], 19)  # one full group of vector lanes and a remainder
    single = np.stack([W @ X[:, c] for c in range(19)], axis=1)
    np.testing.assert_array_equal(W @ X, single)
    np.testing.assert_array_equal(np.ascontiguousarray(W @ X[:, 3:7]), single[:, 3:7])


@each
def test_rows_are_multiplied_one_by_one(W, A):
    X, out = _numbers(5, A.shape[1]), np.ones((5, A.shape[0]))
    _add_rows(W.params(), X, out)
    np.testing.assert_allclose(out, 1 + X @ A.T, rtol=1e-13, atol=1e-13)


@jit
def _product(A, B, OUT):
    add_product(A, B, OUT)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 2, 5), (8, 4, 16), (9, 7, 17), (17, 3, 40), (16, 1, 32), (2, 0, 3)])
def test_tiles_make_up_the_product_to_its_edges(shape, dtype):
    """Tiles and what is left of them, in rows and columns, of arrays and of their transposes; each sum in the same order."""
    rows, inner, columns = shape
    A, B = _numbers(rows, inner).astype(dtype), _numbers(inner, columns).astype(dtype)
    room = np.full((rows + 2, columns), 7.0, dtype)  # what lies before and behind stays as it was
    _product(A, B, room[1:-1])
    np.testing.assert_allclose(room[1:-1], 7 + A @ B, rtol=1e-5 if dtype == "float32" else 1e-14)
    assert (room[[0, -1]] == 7).all()
    again, alone = np.full((rows, columns), 7.0, dtype), np.full((1, columns), 7.0, dtype)
    _product(np.asfortranarray(A), B, again)
    _product(A[:1], B, alone)
    np.testing.assert_array_equal(again, room[1:-1])
    np.testing.assert_array_equal(alone[0], again[0])


@each
def test_products_add_to_what_is_there(W, A):
    p, x, g = W.params(), _numbers(A.shape[1]), _numbers(A.shape[0])
    gw, out = np.ones_like(W.weights), np.ones(A.shape[0])
    again, twice = np.zeros_like(W.weights), np.zeros(A.shape[0])
    _derivatives(p, g, x, W.weights, gw, out)
    _derivatives(p, g, x, W.weights, again, twice)
    np.testing.assert_allclose(gw - 1, again, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(out - 1, twice, rtol=1e-12, atol=1e-12)


@each
def test_outer_is_the_adjoint_of_tangent(W, A):
    g, x, q = _numbers(A.shape[0]), _numbers(A.shape[1]), _numbers(*W.weights.shape, 1)[..., 0]
    gw, out = np.zeros_like(W.weights), np.zeros(A.shape[0])
    _derivatives(W.params(), g, x, q, gw, out)
    assert np.sum(gw * q) == pytest.approx(g @ out, rel=1e-12)


@pytest.mark.parametrize("name", sorted(set(STRUCTURES) - {"block", "zero"}))
def test_tangent_is_the_derivative_by_the_weights(name):
    W, A = STRUCTURES[name]
    x, q = _numbers(A.shape[1]), _numbers(*W.weights.shape, 1)[..., 0]
    gw, out = np.zeros_like(W.weights), np.zeros(A.shape[0])
    _derivatives(W.params(), np.ones(A.shape[0]), x, q, gw, out)
    more, less = (W.replace(**{W.weights_field: W.weights + s * q}).to_array() for s in (1, -1))
    np.testing.assert_allclose(out, (more - less) / 2 @ x, rtol=1e-12, atol=1e-12)  # exact: W is at most quadratic in them


def test_a_block_has_the_weights_of_its_blocks_in_order():
    W, _ = STRUCTURES["block"]
    np.testing.assert_array_equal(W.weights, np.concatenate([b.weights.ravel() for b in (W.a, W.b, W.c, W.d)]))


@given(st.integers(1, 7), st.integers(1, 7), st.integers(1, 40), st.integers(0, 2**32 - 1), st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_sparse_products_of_any_shape(rows, columns, states, seed, density):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(rows, columns)) * (rng.random((rows, columns)) < density)
    W, X = Sparse.of(A), rng.normal(size=(columns, states))
    np.testing.assert_allclose(W @ X, A @ X, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal((W @ X)[:, -1], W @ X[:, -1].copy())


UNEVEN = [5, 0, 31, 1, 2, 0, 0, 9, 40, 3, 1, 17, 0, 4, 8, 8, 8, 2, 1]  # non-zeros per row: unsorted, some none


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("columns", [40, 2**16, 2**16 + 1], ids=["few columns", "16-bit indices", "32-bit indices"])
@pytest.mark.parametrize("lengths", [UNEVEN, [7], [0], [0, 0, 3], [10] * 16], ids=["uneven", "one row", "nothing", "one", "even"])
def test_sparse_products_of_rows_of_any_length(lengths, columns, dtype):
    rng = np.random.default_rng(columns)
    indices = np.concatenate([rng.permutation(columns)[:n] for n in lengths]).astype(int)
    W = Sparse(rng.integers(-99, 100, indices.size).astype(dtype), indices, np.cumsum([0, *lengths]), columns)
    X = rng.integers(-99, 100, (columns, 29)).astype(dtype)  # 16 columns at once, 8 at once, and 5 one by one
    np.testing.assert_array_equal(W @ X, W.to_scipy() @ X)  # whole numbers: exact
    np.testing.assert_array_equal(W @ X[:, 3].copy(), W.to_scipy() @ X[:, 3])
    W, X = W.with_weights(rng.normal(size=indices.size).astype(dtype)), rng.normal(size=X.shape).astype(dtype)
    np.testing.assert_array_equal(W @ X, np.stack([W @ x for x in X.T.copy()], axis=1))
    tolerance = 50 * np.finfo(dtype).eps
    np.testing.assert_allclose(W @ X, W.to_scipy() @ X, rtol=tolerance, atol=10 * tolerance)


@pytest.mark.skipif(DISABLED, reason="plain Python rounds products and sums, compiled code their sums only")
def test_a_row_is_summed_in_the_order_it_is_stored_in():
    indices = np.concatenate([rng.permutation(40)[:n] for n in UNEVEN]).astype(int)
    values, x = rng.normal(size=indices.size).astype(np.float32), rng.normal(size=40).astype(np.float32)
    W, sums = Sparse(values, indices, np.cumsum([0, *UNEVEN]), 40), np.zeros(len(UNEVEN), np.float32)
    for i, k in zip(np.repeat(np.arange(len(UNEVEN)), UNEVEN), range(indices.size), strict=True):
        sums[i] = np.float64(values[k]) * np.float64(x[indices[k]]) + np.float64(sums[i])  # rounded once
    np.testing.assert_array_equal(W @ x, sums)


def test_the_compiled_sums_of_a_slice_are_those_written_in_python():
    W = Sparse.of(np.where(rng.random((11, 30)) < 0.3, rng.normal(size=(11, 30)), 0))
    p, X, single = W.params(), rng.normal(size=(30, LANES + LANES // 2)), np.zeros(11)
    OUT = np.zeros((11, X.shape[1]))
    for i in range(len(p.targets)):
        around = p.slots, p.sources, p.starts[i], p.starts[i + 1], p.targets, i
        add_slice(*around, X[:, 0], single)
        add_slice_to_columns(*around, X, 0, OUT)
        add_slice_to_half(*around, X, LANES, OUT)
    np.testing.assert_allclose(W @ X, OUT, rtol=1e-13, atol=1e-13)  # plain Python does not fuse products and sums
    np.testing.assert_array_equal(single, OUT[:, 0])


def test_columns_that_are_no_neighbours_are_multiplied_too():
    W, X = STRUCTURES["sparse"][0], _numbers(18, 2 * LANES)
    out, again = np.zeros((21, LANES)), np.zeros((21, LANES))
    _add_columns(W.params(), X[:, ::2], out)
    _add_columns(W.params(), X[:, ::2].copy(), again)
    np.testing.assert_array_equal(out, again)
    np.testing.assert_array_equal(out, W @ X[:, ::2].copy())


def test_sparse_indices_are_as_short_as_they_can_be():
    few, many = Sparse.of(scipy.sparse.eye_array(3, 2**16)), Sparse.of(scipy.sparse.eye_array(2, 2**16 + 1, k=2**16 - 1))
    assert few.indices.dtype == np.uint16 and many.indices.dtype == np.uint32
    x = np.arange(2**16 + 1.0)
    np.testing.assert_array_equal(many @ x, [2**16 - 1, 2**16])


def test_no_inputs_is_a_matrix_without_columns():
    for W in (coupling(np.zeros((3, 0))), Zero.of(3, 0)):
        np.testing.assert_array_equal(W @ np.zeros(0), np.zeros(3))
        assert (W @ np.zeros((0, 4))).shape == (3, 4)


# --- changed copies ---------------------------------------------------------------------------------------------------


@each
def test_scaled_and_astype(W, A):
    np.testing.assert_allclose(W.scaled(0.5).to_array(), A / 2, rtol=1e-15)
    half = W.astype(np.float32)
    assert half.dtype == np.float32 and type(half) is type(W) and (half @ np.ones(A.shape[1])).dtype == np.float32
    np.testing.assert_allclose(half.to_array(), A, rtol=1e-6, atol=1e-7)


@each
def test_a_stored_coupling_is_the_same(W, A):
    assert Coupling.from_dict(W.to_dict()) == W


def test_a_coupling_does_not_share_memory_with_what_it_was_made_from():
    A = np.eye(3)
    W = Dense.of(A)
    A[0, 0] = 7
    assert W.to_array()[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        W.values[0, 0] = 7


def test_spectral_radius_hints_are_those_of_the_array():
    for W in (Ring.of(7, -0.8), Diagonal([0.3, -0.9]), Zero.of(4, 4)):
        assert W.spectral_radius_hint() == pytest.approx(np.abs(np.linalg.eigvals(W.to_array())).max(), abs=1e-12)
    assert Ring([1.0, 2.0]).spectral_radius_hint() is None


# --- the face ---------------------------------------------------------------------------------------------------------


def test_coupling_chooses_the_structure():
    assert isinstance(coupling(np.ones((20, 20))), Dense)
    assert isinstance(coupling(np.eye(20)), Sparse)
    assert isinstance(coupling(np.eye(10)), Dense), "too small for a sparse product to pay"
    assert isinstance(coupling(scipy.sparse.eye_array(3)), Sparse)
    assert isinstance(coupling(scipy.sparse.csc_matrix(np.eye(3))), Sparse)
    assert isinstance(coupling([[1, 2], [3, 4]]), Dense) and coupling([[1, 2], [3, 4]]).dtype == np.float64
    W = Ring.of(4)
    assert coupling(W) is W and coupling(W, dtype="float32").dtype == np.float32


def test_coupling_keeps_single_precision_and_converts_on_request():
    A = np.eye(20, dtype=np.float32)
    for W in (A, A + 1, scipy.sparse.csr_array(A)):
        assert coupling(W).dtype == np.float32
        assert coupling(W, dtype=np.float64).dtype == np.float64


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: coupling([1.0, 2.0]), r"W: got shape \(2,\), wanted an array with 2 dimension"),
        (lambda: coupling([[1.0, np.nan]]), r"W: got nan at index \(0, 1\)"),
        (lambda: coupling(scipy.sparse.csr_array([[np.inf]])), r"W: got inf at index 0"),
        (lambda: coupling("abc"), "W: got str values, wanted an array of numbers"),
        (lambda: coupling(np.ones((3, 2)), name="W_in", shape=(4, None)), r"W_in: got shape \(3, 2\), wanted shape \(4, any\)"),
        (lambda: coupling(Ring.of(3), shape=(4, 4)), r"W: got shape \(3, 3\), .* W\[to, from\]"),
        (lambda: Dense.of(np.eye(3)) @ np.ones(2), r"x: got shape \(2,\), wanted 3 rows"),
        (lambda: Dense.of(np.eye(3)).rmatmul(np.ones(2)), r"g: got shape \(2,\), wanted shape \(3,\)"),
        (lambda: Sparse([1.0], [0], [0, 2], 1), r"Sparse.indptr: got an end at 2, wanted 1"),
        (lambda: Sparse([1.0], [0], [1, 0, 1], 2), r"Sparse.indptr: got 3 limits out of order, wanted limits .* start at 0"),
        (lambda: Sparse([1.0], [3], [0, 1], 2), r"Sparse.indices: got columns from 3 to 3, wanted columns from 0 to 1"),
        (lambda: Ring.of(0), "units: got 0, wanted an integer >= 1"),
        (lambda: LowRank.of(np.ones((3, 2)), np.ones((3, 1))), "right: got rank 1, wanted rank 2"),
        (lambda: Block(Ring.of(2), Ring.of(3), Ring.of(2), Ring.of(2)), r"Block: got shapes \(2, 2\), \(3, 3\)"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
