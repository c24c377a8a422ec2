"""How strongly a coupling matrix amplifies: spectral radius, spectral norm, and scaling to a wanted radius.

Every function takes ``W[to, from]`` as an ndarray, a scipy sparse matrix or array, or an object with ``to_scipy()``
(the couplings of this package). Two further methods of such an object are used where it has them:
``spectral_radius_hint() -> float | None``, an analytic or already measured value that makes the answer free, and
``scaled(factor)``, which returns the same coupling with its weights multiplied.

How an eigenvalue is found
--------------------------
1. The graph of non-zero weights is cut into strongly connected components; the spectrum of W is the union of the
   spectra of its diagonal blocks. A feed-forward graph therefore has radius exactly 0, a triangular matrix that of
   its diagonal, and a block matrix costs no more than its largest block.
2. Each block is balanced: of all diagonal similarities ``D^-1 W D`` the one with the most even weights is taken.
   It keeps every eigenvalue but undoes gradings that ruin them in floating point. A delay line of 50 units with
   weights 1 forward and 0.1 back has radius 0.631; ``numpy.linalg.eigvals`` alone finds 0.672.
3. A block of period d > 1 (a ring of N units has d = N) is folded into the product of its d cyclic classes.
4. The rest goes to LAPACK where it is small. Where it is large and not orthogonal it goes to ARPACK, whose answer must
   pass a residual check; if it fails, to Noda's iteration, which encloses the radius of a non-negative block; then
   to LAPACK.

All starting vectors are fixed, so a matrix has the same radius, to the bit, in each call.

Sources: R. A. Horn and C. R. Johnson, Matrix Analysis (2nd ed., 2013), sections 6.2 and 8.3-8.5; A. R. Curtis and
J. K. Reid, J. Inst. Maths Applics 10 (1972) 118 (least squares of logarithms); P. Henrici, Numerische Mathematik 4
(1962) 24 (departure from normality); T. Noda, Numerische Mathematik 17 (1971) 382.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy

from dynrnn import _check

DENSE = 300
"""Blocks up to this many units go to LAPACK at once: near here ARPACK becomes the faster of the two."""

DENSE_LIMIT = 10_000
"""Beyond this many units an ARPACK failure is reported instead of computing for an hour."""

DENSE_FILL = 0.1
"""From this share of non-zero weights on a dense product is the faster one."""

RESIDUAL = 1e-10
"""An eigenpair of ARPACK counts when ``|W v - lambda v| <= RESIDUAL |lambda|`` for a unit vector v."""


def spectral_radius(W: Any) -> float:
    """The largest modulus of an eigenvalue, ``rho(W) = max |lambda_i(W)|``.

    Parameters
    ----------
    W : (units, units) array, sparse array or coupling
        Weights ``W[to, from]``, dimensionless.

    Returns
    -------
    float
        Exactly 0.0 when the graph of W has no cycle (nilpotent by structure). The value of a matrix that is nilpotent
        only because its weights cancel is the rounding error of its eigenvalues, as from ``numpy.linalg.eigvals``.

    Raises
    ------
    ValueError, TypeError
        W is not square, is empty, or holds anything but finite real numbers.
    RuntimeError
        A strongly connected block of more than ``DENSE_LIMIT`` units whose leading eigenvalue no method found.

    Examples
    --------
    >>> import numpy as np
    >>> spectral_radius([[0.0, 2.0], [0.5, 0.0]])
    1.0
    >>> spectral_radius(np.tri(5, k=-1))
    0.0
    """
    known = _hint(W)
    return _remember(W, _measure(_csr(W))[0]) if known is None else known


def spectral_norm(W: Any) -> float:
    """The largest singular value, ``||W||_2 = max |W x| / |x|``.

    A tanh reservoir has the echo state property if this is below 1; that its spectral radius is below 1 is only a rule
    of thumb. Unlike the radius it is positive for every matrix but zero, nilpotent ones included.

    Parameters
    ----------
    W : (outputs, inputs) array, sparse array or coupling
        May be rectangular, as input weights are.

    Raises
    ------
    ValueError, TypeError, RuntimeError
        As `spectral_radius`, except that W need not be square.

    Examples
    --------
    >>> spectral_norm([[0.0, 3.0], [0.0, 0.0]])
    3.0
    """
    matrix = _csr(W, square=False)
    if matrix.nnz == 0:
        return 0.0
    peak = float(np.abs(matrix.data).max())
    matrix = matrix / peak
    if max(matrix.shape) <= DENSE:
        return peak * float(np.linalg.norm(matrix.toarray(), 2))
    bounds = _norm_bounds(matrix)
    if bounds[1] - bounds[0] <= 1e-14 * bounds[1]:
        return peak * bounds[1]
    return peak * float(np.sqrt(_measure(_gram(matrix))[0]))


def effective_spectral_radius(W: Any, leak: Any = None) -> float:
    """The spectral radius of a leaky reservoir linearised at rest, ``rho(diag(1 - a) + diag(a) W)``.

    For one common leak that is ``max |1 - a + a lambda_i|``. It equals ``1 - a + a rho(W)`` only where a leading
    eigenvalue is real and positive; complex and negative ones leak faster.

    Parameters
    ----------
    W : (units, units) array, sparse array or coupling; or a system with `W` and `leak`, such as `ESN`
        Weights ``W[to, from]``.
    leak : float or (units,) array
        Leak a in [0, 1] per step: ``x' = (1 - a) x + a f(W x + ...)`` with ``f'(0) = 1``.

    Raises
    ------
    ValueError, TypeError, RuntimeError
        As `spectral_radius`; also when a leak lies outside [0, 1] or there are not as many as units.

    References
    ----------
    H. Jaeger, M. Lukosevicius, D. Popovici, U. Siewert, Neural Networks 20 (2007) 335.

    Examples
    --------
    >>> quarter_turn = [[0.0, -1.0], [1.0, 0.0]]
    >>> round(effective_spectral_radius(quarter_turn, leak=0.5), 6)
    0.707107
    """
    if leak is None:
        if not (hasattr(W, "W") and hasattr(W, "leak")):
            _check.fail("leak", "nothing", "a leak, or a system that has one", "Pass effective_spectral_radius(W, leak).")
        W, leak = W.W, W.leak
    matrix = _csr(W)
    a = _leak(leak, matrix.shape[0])
    if (a == a[0]).all():
        return _measure(matrix, shift=float(1 - a[0]), gain=float(a[0]))[0]
    leaky = scipy.sparse.diags(1 - a) + scipy.sparse.diags(a) @ matrix
    return _measure(scipy.sparse.csr_array(leaky))[0]


def rescale(W: Any, spectral_radius: float | None = 0.9) -> Any:
    """W times the factor that gives it the wanted spectral radius; a copy of the same kind.

    Parameters
    ----------
    W : (units, units) array, sparse array or coupling
        An array keeps its type and floating dtype. A coupling must have ``scaled(factor)``; it pays for no
        eigenvalue when its ``spectral_radius_hint()`` returns what was measured before.
    spectral_radius : float >= 0 or None
        The wanted radius. 0 gives the zero matrix (or W itself where its radius is 0); None leaves W as it is.

    Raises
    ------
    ValueError
        A positive radius is asked of a nilpotent matrix, which no factor can give it.
    TypeError, RuntimeError
        As `spectral_radius`.

    Examples
    --------
    >>> import numpy as np
    >>> rescale(np.array([[0.0, 2.0], [2.0, 0.0]]), 0.5).tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    if spectral_radius is None:
        return _scaled(W, 1.0)
    target = _target(spectral_radius)
    measured = _hint(W)
    if measured is None:
        measured, block = _measure(_csr(W))
        if target > 0 and block is not None and _only_rounding(block, measured):
            _refuse_nilpotent(target, f"a numerically nilpotent matrix: its radius {measured:.1e} is rounding error")
        _remember(W, measured)
    return _scaled(W, scale_factor(measured, target))


def scale_factor(measured: float, spectral_radius: float) -> float:
    """The factor that takes a matrix of spectral radius `measured` to the wanted one; costs nothing.

    Raises
    ------
    ValueError
        `spectral_radius` is negative, or positive while `measured` is 0.

    Examples
    --------
    >>> scale_factor(2.0, 0.5)
    0.25
    """
    target = _target(spectral_radius)
    if measured > 0:
        return target / measured
    if target > 0:
        _refuse_nilpotent(target, "a nilpotent matrix: every eigenvalue is 0, as in a graph without a cycle")
    return 1.0


# ------------------------------------------------------------------------------------------------- what users pass


def _hint(W: Any) -> float | None:
    hint = getattr(W, "spectral_radius_hint", None)
    return None if hint is None else hint()


def _remember(W: Any, radius: float) -> float:
    """Let a coupling keep what was measured: rescaling it later costs nothing."""
    if hasattr(W, "remember_radius"):
        W.remember_radius(radius)
    return radius


def _csr(W: Any, square: bool = True) -> Any:
    """W as a fresh csr_array of finite float64 without stored zeros."""
    raw = W.to_scipy() if hasattr(W, "to_scipy") else W
    if np.iscomplexobj(raw):
        _check.fail("W", "complex values", "an array of real numbers", "Pass the real part.", TypeError)
    if not scipy.sparse.issparse(raw):
        raw = _check.array("W", raw, ndim=2)
    if raw.ndim != 2 or 0 in raw.shape or (square and raw.shape[0] != raw.shape[1]):
        wanted = "a square matrix with at least one unit" if square else "a matrix with at least one entry"
        _check.fail("W", f"shape {raw.shape}", wanted, "W[to, from] connects units to units." if square else "")
    matrix = scipy.sparse.csr_array(raw, dtype=np.float64, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    bad = np.flatnonzero(~np.isfinite(matrix.data))
    if bad.size:
        row = int(np.searchsorted(matrix.indptr, bad[0], side="right")) - 1
        got = f"{matrix.data[bad[0]]} at index {(row, int(matrix.indices[bad[0]]))} ({bad.size} non-finite value(s))"
        _check.fail("W", got, "finite numbers")
    return matrix


def _leak(leak: Any, units: int) -> np.ndarray:
    a = _check.array("leak", leak, ndim=(0, 1))
    if a.ndim and a.shape != (units,):
        _check.fail("leak", f"shape {a.shape}", f"one number or shape ({units},)", "Give one leak for each unit of W.")
    if a.min() < 0 or a.max() > 1:
        worst = a.min() if a.min() < 0 else a.max()
        _check.fail("leak", f"{worst:g}", "numbers in [0, 1]", "A leak is dt/tau: take a smaller dt or a larger tau.")
    return np.broadcast_to(a, (units,))


def _target(value: Any) -> float:
    return _check.real("spectral_radius", value, low=0.0, remedy="It is a modulus; multiply W by -1 to flip its sign.")


def _refuse_nilpotent(target: float, what: str) -> None:
    _check.fail(
        "spectral_radius",
        f"{target:g} for {what}",
        "0 or None for such a matrix",
        "Scaling cannot move an eigenvalue off 0. Pass spectral_radius=None to keep W as it is, divide W by its "
        "spectral_norm instead, or give the graph a cycle (more connections, a feedback, a self-loop).",
    )


def _scaled(W: Any, factor: float) -> Any:
    if hasattr(W, "scaled"):
        return W.scaled(factor)
    if scipy.sparse.issparse(W):
        return (W * factor).asformat(W.format)
    return (W if hasattr(W, "dtype") else np.asarray(W)) * factor


# --------------------------------------------------------------------------------- from the matrix to its blocks


def _measure(matrix: Any, shift: float = 0.0, gain: float = 1.0) -> tuple[float, Any]:
    """``max |shift + gain lambda|`` over the spectrum, and the block it came from (None for a block of one unit)."""
    count, label = scipy.sparse.csgraph.connected_components(_links(matrix), connection="strong")
    size = np.bincount(label)
    alone = matrix.diagonal()[size[label] == 1]
    radius, leading = float(np.abs(shift + gain * alone).max(initial=0.0)), None
    members = np.split(np.argsort(label, kind="stable"), np.cumsum(size)[:-1])
    for component in np.flatnonzero(size > 1):
        block = matrix if count == 1 else matrix[members[component]][:, members[component]]
        block, peak = _balanced(block)
        candidate = _block_radius(block, shift, gain * peak)
        if candidate > radius:
            radius, leading = candidate, peak * block
    return radius, leading


def _links(matrix: Any) -> Any:
    """A one for each weight, with the 32-bit indices that csgraph wants: from others older SciPy computes nonsense."""
    indices = (matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32))
    return scipy.sparse.csr_array((np.ones(matrix.nnz), *indices), shape=matrix.shape)


def _balanced(block: Any) -> tuple[Any, float]:
    """The diagonal similarity with the most even weights, where that lowers the Frobenius norm; and a factor taken out.

    ``w_ij exp(d_j - d_i)`` with d minimising ``sum (log|w_ij| + d_j - d_i)^2`` over the connections. A path with weights
    w forward and b back becomes symmetric, sqrt(w b) both ways; a ring of unequal weights becomes uniform. The
    Frobenius norm bounds how far a matrix is from normal (Henrici), hence the test. The largest weight left is 1.
    """
    edges = block.tocoo()
    size = np.log(np.abs(edges.data))
    even = size + _potential_drop(edges.row, edges.col, size, block.shape[0])
    if not _log_norm(even) < _log_norm(size):
        peak = float(np.abs(edges.data).max())
        return block / peak, peak
    data = np.sign(edges.data) * np.exp(even - even.max())
    return scipy.sparse.csr_array((data, (edges.row, edges.col)), shape=block.shape), float(np.exp(even.max()))


def _potential_drop(to: np.ndarray, source: np.ndarray, size: np.ndarray, n: int) -> np.ndarray:
    """``d_j - d_i`` of each connection i <- j, with d from that least-squares problem."""
    edge, one = np.arange(size.size), np.ones(size.size)
    entries = (np.concatenate([one, -one]), (np.concatenate([edge, edge]), np.concatenate([source, to])))
    drop = scipy.sparse.csr_array(entries, shape=(size.size, n))
    if np.abs(drop.T @ size).max() <= 1e-12 * n * np.abs(size).max():
        return np.zeros_like(size)
    return drop @ scipy.sparse.linalg.lsqr(drop, -size, atol=1e-9, btol=1e-9)[0]


def _log_norm(size: np.ndarray) -> float:
    """Logarithm of the Frobenius norm of weights given by logarithms."""
    return size.max() + np.log(np.exp(2 * (size - size.max())).sum()) / 2


def _only_rounding(block: Any, radius: float) -> bool:
    """Whether the leading eigenvalue of a small block cannot be told from 0.

    A backward error of ``eps |W|`` moves an eigenvalue by that over the cosine between its left and right
    eigenvectors, which vanishes as the eigenvalue becomes defective.
    """
    n, norm = block.shape[0], scipy.sparse.linalg.norm(block)
    if n > DENSE or radius > 0.01 * norm:
        return False
    values, left, right = scipy.linalg.eig(block.toarray(), left=True)
    leading = int(np.argmax(np.abs(values)))
    cosine = abs(np.vdot(left[:, leading], right[:, leading]))
    return bool(abs(values[leading]) * cosine <= 10 * n * np.finfo(float).eps * norm)


# --------------------------------------------------------------------------------- the radius of one irreducible block


def _block_radius(block: Any, shift: float, gain: float) -> float:
    spectrum = _folded_eigenvalues(block)
    if spectrum is None and block.shape[0] <= DENSE:
        spectrum = _eigenvalues(block)
    if spectrum is not None:
        return float(np.abs(shift + gain * spectrum).max())
    moved = gain * block + shift * _identity(block) if shift else gain * block
    methods: tuple[Callable[[Any], float | None], ...] = (_isometric, _arnoldi, _noda, _lapack)
    for method in methods:
        radius = method(moved)
        if radius is not None:
            return radius
    _check.fail(
        "W",
        f"a strongly connected block of {block.shape[0]} units whose leading eigenvalue did not converge",
        f"one that does, or at most {DENSE_LIMIT} units",
        "Give the radius where it is known analytically, or scale by spectral_norm.",
        RuntimeError,
    )


def _eigenvalues(block: Any) -> np.ndarray:
    dense = block.toarray()
    symmetric = (dense == dense.T).all()
    return np.linalg.eigvalsh(dense) if symmetric else np.linalg.eigvals(dense)


def _folded_eigenvalues(block: Any) -> np.ndarray | None:
    """All eigenvalues of a block of period d > 1 with a small cyclic class; None for any other.

    The units of such a block fall into d classes, each feeding only the next. Going once around takes a class to
    itself by a product P of d factors, and the eigenvalues are the d-th roots of those of P, and 0 (after Horn and
    Johnson, section 8.4). Logarithms keep ``w^N`` of a long ring from under- and overflowing.
    """
    phase, period = _phases(block)
    members = np.bincount(phase, minlength=period)
    smallest = int(np.argmin(members))
    if period == 1 or members[smallest] > DENSE:
        return None
    units = np.flatnonzero(phase == smallest)
    product = np.zeros((block.shape[0], units.size))
    product[units, np.arange(units.size)] = 1.0
    log_scale = 0.0
    for _ in range(period):
        product = block @ product
        peak = np.abs(product).max()
        if peak == 0.0:
            return np.zeros(1)
        product /= peak
        log_scale += np.log(peak)
    around = np.linalg.eigvals(product[units]).astype(complex)
    around = around[around != 0]
    turns = 2j * np.pi * np.arange(period)
    roots = np.exp((np.log(around)[:, None] + log_scale + turns) / period)
    return np.append(roots.ravel(), 0.0)


def _phases(block: Any) -> tuple[np.ndarray, int]:
    """The class of each unit and the period: the greatest common divisor of the lengths of all cycles."""
    links = _links(block)
    level = scipy.sparse.csgraph.dijkstra(links, unweighted=True, indices=0).astype(np.int64)
    edges = links.tocoo()
    period = int(np.gcd.reduce(level[edges.row] + 1 - level[edges.col]))
    return level % period, period


def _identity(matrix: Any) -> Any:
    return scipy.sparse.csr_array(scipy.sparse.identity(matrix.shape[0]))


def _isometric(matrix: Any) -> float | None:
    """The factor of a scaled orthogonal matrix, all of whose eigenvalues share one modulus; None for any other.

    ``W^T W x = c^2 x`` for a vector in general position holds only if ``W^T W = c^2 I``.
    """
    x = _start(matrix.shape[0])
    y = matrix.T @ (matrix @ x)
    square = float(y @ x / (x @ x))
    return float(np.sqrt(square)) if np.linalg.norm(y - square * x) <= 1e-12 * np.linalg.norm(y) else None


def _start(n: int) -> np.ndarray:
    """The fixed vector in general position from which iterations start."""
    return np.random.default_rng(0).standard_normal(n)


def _arnoldi(matrix: Any) -> float | None:
    """ARPACK with a fixed start; None where it does not converge or its eigenpair fails the residual check."""
    eigs, n = scipy.sparse.linalg.eigs, matrix.shape[0]
    operator = matrix.toarray() if matrix.nnz > DENSE_FILL * n * n else matrix
    restarts = min(max(60, n // 10), 300)  # a few times what random graphs need; the rest is better handed on early
    seeded = {"rng": 0} if "rng" in inspect.signature(eigs).parameters else {}
    try:
        values, vectors = eigs(operator, k=6, ncv=60, which="LM", v0=_start(n), maxiter=restarts, **seeded)
    except scipy.sparse.linalg.ArpackError:
        return None
    leading = int(np.argmax(np.abs(values)))
    value, vector = values[leading], vectors[:, leading]
    residual = np.linalg.norm(operator @ vector - value * vector) / np.linalg.norm(vector)
    return float(abs(value)) if residual <= RESIDUAL * abs(value) else None


def _noda(matrix: Any) -> float | None:
    """Noda's iteration: the Perron root of an irreducible matrix of one sign; None for mixed signs.

    For every positive x the root lies between the least and the greatest ``(W x)_i / x_i`` (Collatz and Wielandt).
    Inverse iteration shifted to the upper bound keeps x positive and closes the bracket quadratically.
    """
    matrix = matrix if matrix.data[0] > 0 else -matrix
    if (matrix.data < 0).any():
        return None
    identity = _identity(matrix)
    x = np.ones(matrix.shape[0])
    for _ in range(50):
        ratio = (matrix @ x) / x
        low, high = ratio.min(), ratio.max()
        if high - low <= 1e-12 * high:
            return float((low + high) / 2)
        try:
            x = scipy.sparse.linalg.splu((high * identity - matrix).tocsc()).solve(x)
        except RuntimeError:  # exactly singular: the upper bound is the root itself
            return float(high)
        if not (np.isfinite(x).all() and (x > 0).all()):
            return None
        x /= x.max()
    return None


def _lapack(matrix: Any) -> float | None:
    return float(np.abs(_eigenvalues(matrix)).max()) if matrix.shape[0] <= DENSE_LIMIT else None


def _gram(matrix: Any) -> Any:
    """The smaller of ``W^T W`` and ``W W^T``: its radius is the squared norm of W, to the same relative precision."""
    matrix = matrix if matrix.shape[1] <= matrix.shape[0] else matrix.T.tocsr()
    if matrix.nnz > DENSE_FILL * matrix.shape[0] * matrix.shape[1]:
        dense = matrix.toarray()
        return scipy.sparse.csr_array(dense.T @ dense)
    return (matrix.T @ matrix).tocsr()


def _norm_bounds(matrix: Any) -> tuple[float, float]:
    """The longest column or row, and ``sqrt(||W||_1 ||W||_inf)``; they meet for rings, permutations and diagonals."""
    size, square = abs(matrix), matrix.multiply(matrix)
    lower = np.sqrt(max(square.sum(axis=0).max(), square.sum(axis=1).max()))
    return float(lower), float(np.sqrt(size.sum(axis=0).max() * size.sum(axis=1).max()))
