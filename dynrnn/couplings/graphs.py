"""Who is connected to whom: random graphs and deterministic topologies of reservoirs, before any scaling.

`topology` looks a name up in `TOPOLOGIES` and calls ``f(units, rng, **options)``. Each function returns unscaled
weights ``W[to, from]``: an ndarray where the graph is full, a ``csr_array`` (sorted, without duplicates or stored
zeros) where it is not. The deterministic ones take `rng` too and leave it alone. The delay line is nilpotent: no factor
gives it a spectral radius, so it is used as it comes.

Sources: A. Rodan and P. Tino, IEEE Trans. Neural Netw. 22 (2011) 131 (delay line, feedback line, simple cycle) and
Neural Computation 24 (2012) 1822 (cycle with jumps); J. Fu et al., Chaos 33 (2023) (double cycle); D. J. Watts and
S. H. Strogatz, Nature 393 (1998) 440 (small world); F. Mezzadri, Notices AMS 54 (2007) 592 (orthogonal).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import scipy

from dynrnn import _check


def topology(name: str, units: int, rng: Any = None, **options: Any) -> Any:
    """Unscaled weights ``W[to, from]`` of the named topology.

    Parameters
    ----------
    name : str
        A key of `TOPOLOGIES`: "random", "dense", "small_world", "clusters", "permutation", "orthogonal", "ring" (also
        called "cycle"), "double_cycle", "line", "line_feedback" or "cycle_jumps".
    units : int >= 1
        Number of units N.
    rng : seed, Generator or None
        Same seed, same matrix. Deterministic topologies draw nothing.
    **options
        Keyword arguments of the function of that name, described there.

    Returns
    -------
    (units, units) csr_array or ndarray of float64

    Raises
    ------
    ValueError
        The name or an option is not known (the known ones are listed), or an option is out of range.
    TypeError
        An option or `rng` has the wrong type.

    Examples
    --------
    >>> topology("ring", 3, weight=0.5).toarray().tolist()
    [[0.0, 0.0, 0.5], [0.5, 0.0, 0.0], [0.0, 0.5, 0.0]]
    >>> topology("random", 100, rng=1, in_degree=7).nnz
    700
    """
    build = TOPOLOGIES[_check.choice("topology", name, TOPOLOGIES)]
    known = [key for key, p in inspect.signature(build).parameters.items() if p.kind is p.KEYWORD_ONLY]
    for option in options:
        _check.choice(f"option of topology {name!r}", option, known)
    return build(_check.integer("units", units, 1), _check.generator(rng), **options)


# ------------------------------------------------------------------------------------------------------------ random


def random(
    units: int,
    rng: np.random.Generator,
    *,
    density: float | None = None,
    in_degree: int | None = None,
    weights: str = "uniform",
    self_loops: bool = True,
) -> Any:
    """Uniformly random graph with an exact number of connections.

    Parameters
    ----------
    density : float in [0, 1], optional
        Share of all possible connections: exactly ``round(density * places)`` distinct ones exist.
    in_degree : int, optional
        Instead of a density: each unit hears exactly that many distinct units. When neither is given it is 10, or as
        many as there are.
    weights : "uniform", "normal" or "bernoulli"
        U(-1, 1), N(0, 1) or -1 and +1 with equal odds, independent for each connection.
    self_loops : bool
        Whether a unit may hear itself.

    Examples
    --------
    >>> W = random(50, np.random.default_rng(0), density=0.1, self_loops=False)
    >>> W.nnz, bool(W.diagonal().any())
    (245, False)
    """
    places = units if self_loops else units - 1
    if density is not None and in_degree is not None:
        _check.fail("in_degree", f"{in_degree!r} beside density={density!r}", "one of the two", "Leave one out.")
    if density is not None:
        count = round(_check.real("density", density, 0, 1) * units * places)
        to, source = _scatter(rng, np.full(units, places), count)
    else:
        count = min(10, places) if in_degree is None else _check.integer("in_degree", in_degree, 0, places)
        to, source = np.repeat(np.arange(units), count), _distinct(rng, units, count, places).ravel()
    if not self_loops:
        source = source + (source >= to)
    return _csr(units, to, source, _draw(rng, weights, to.size))


def dense(units: int, rng: np.random.Generator, *, weights: str = "uniform") -> np.ndarray:
    """Every unit hears every unit, itself included; `weights` as in `random`."""
    return _draw(rng, weights, (units, units))


def small_world(
    units: int, rng: np.random.Generator, *, neighbours: int = 4, rewire: float = 0.1, weights: str = "uniform"
) -> Any:
    """Directed Watts-Strogatz graph: a ring of neighbours some of whose connections come from far away.

    Each unit hears the ``neighbours / 2`` nearest units on either side. Each connection is then, with probability
    `rewire`, drawn anew from all units that this one does not hear already. The in-degree stays exactly `neighbours`;
    there are no self-loops.

    Parameters
    ----------
    neighbours : even int, at least 2, at most ``units / 2``
    rewire : float in [0, 1]
        0 keeps the ring lattice; 1 gives a random graph of fixed in-degree.
    weights : as in `random`
    """
    far = "In a denser graph nothing is far away: use 'random' with in_degree, or more units."
    half = _check.integer("neighbours", neighbours, 2, units // 2, far) // 2
    if neighbours % 2:
        _check.fail("neighbours", neighbours, "an even number", "Half of them lie on either side of a unit.")
    rewire = _check.real("rewire", rewire, 0, 1)
    own = np.arange(units)[:, None]
    offsets = np.concatenate([np.arange(-half, 0), np.arange(1, half + 1)])
    source = (own + offsets) % units
    moved = rng.random(source.shape) < rewire
    # Kept sources, the unit itself first, stand left of the moved ones, so that only moved ones are drawn again.
    order = np.argsort(moved, axis=1, kind="stable")
    source, moved = np.take_along_axis(source, order, 1), np.take_along_axis(moved, order, 1)
    source[moved] = rng.integers(units, size=int(moved.sum()))
    source = _without_repeats(rng, np.hstack([own, source]), units)[:, 1:]
    return _csr(units, np.repeat(own, 2 * half), source.ravel(), _draw(rng, weights, source.size))


def clusters(
    units: int,
    rng: np.random.Generator,
    *,
    clusters: int = 4,
    p_in: float = 0.2,
    p_out: float = 0.01,
    weights: str = "uniform",
) -> Any:
    """Groups of neighbouring units, connected densely within and sparsely between.

    Exactly ``round(p_in * places)`` connections lie within groups and ``round(p_out * places)`` between them, where
    `places` counts the possible ones of each kind (self-loops are possible within).

    Parameters
    ----------
    clusters : int in [1, units]
        Number of groups; unit i belongs to group ``i * clusters // units``, so sizes differ by at most one.
    p_in, p_out : float in [0, 1]
    weights : as in `random`
    """
    groups = _check.integer("clusters", clusters, 1, units)
    group = np.arange(units) * groups // units
    size, start = np.bincount(group)[group], np.searchsorted(group, group)
    within = round(_check.real("p_in", p_in, 0, 1) * int(size.sum()))
    between = round(_check.real("p_out", p_out, 0, 1) * int((units - size).sum()))
    to_in, near = _scatter(rng, size, within)
    to_out, far = _scatter(rng, units - size, between)
    near = near + start[to_in]
    far = far + size[to_out] * (far >= start[to_out])
    to, source = np.concatenate([to_in, to_out]), np.concatenate([near, far])
    return _csr(units, to, source, _draw(rng, weights, to.size))


def permutation(units: int, rng: np.random.Generator, *, weight: float = 1.0) -> Any:
    """Each unit hears exactly one unit and is heard by exactly one: `weight` times a uniformly random permutation."""
    return _csr(units, np.arange(units), rng.permutation(units), _weight("weight", weight))


def orthogonal(units: int, rng: np.random.Generator, *, weight: float = 1.0) -> np.ndarray:
    """`weight` times an orthogonal matrix from the Haar measure, so ``W W^T = weight^2 I``.

    QR of a Gaussian matrix is uniform only once the diagonal of R is made positive (Mezzadri 2007).
    """
    q, r = np.linalg.qr(rng.standard_normal((units, units)))
    return _weight("weight", weight) * (q * np.copysign(1.0, np.diagonal(r)))


# ----------------------------------------------------------------------------------------------------- deterministic


def ring(units: int, rng: Any = None, *, weight: float = 1.0, self_loop: float = 0.0) -> Any:
    """Simple cycle: ``W[i+1, i] = W[0, N-1] = weight``, and `self_loop` on the diagonal (Rodan and Tino 2011)."""
    return _shifts(units, {1: _weight("weight", weight), 0: _weight("self_loop", self_loop)}, periodic=True)


def double_cycle(units: int, rng: Any = None, *, weight: float = 1.0, backward: float = 1.0, self_loop: float = 0.0) -> Any:
    """Two cycles in opposite senses: `weight` to the next unit, `backward` to the previous one (after Fu et al. 2023).

    Both are closed: ``W[0, N-1] = weight`` and ``W[N-1, 0] = backward``. Some codes exchange these two corners.
    """
    shifts = {
        1: _weight("weight", weight),
        -1: _weight("backward", backward),
        0: _weight("self_loop", self_loop),
    }
    return _shifts(units, shifts, periodic=True)


def line(units: int, rng: Any = None, *, weight: float = 1.0) -> Any:
    """Delay line: ``W[i+1, i] = weight``. Nilpotent: the power `units` of it is 0 (Rodan and Tino 2011)."""
    return _shifts(units, {1: _weight("weight", weight)})


def line_feedback(units: int, rng: Any = None, *, weight: float = 1.0, backward: float = 1.0, self_loop: float = 0.0) -> Any:
    """Delay line with feedback: ``W[i+1, i] = weight``, ``W[i, i+1] = backward`` (Rodan and Tino 2011).

    Its radius is ``2 sqrt(|weight backward|) cos(pi / (N + 1))`` without self-loops.
    """
    shifts = {
        1: _weight("weight", weight),
        -1: _weight("backward", backward),
        0: _weight("self_loop", self_loop),
    }
    return _shifts(units, shifts)


def cycle_jumps(units: int, rng: Any = None, *, weight: float = 1.0, jump: int = 3, jump_weight: float = 1.0) -> Any:
    """Simple cycle with regular two-way jumps: 0 <-> l <-> 2l <-> ... for ``l = jump`` (Rodan and Tino 2012).

    The last jump closes at unit 0 when `units` is a multiple of `jump`, and is left out otherwise.

    Parameters
    ----------
    weight, jump_weight : float
        Of the cycle (see `ring`) and of all jumps.
    jump : int in [2, units - 2]
    """
    if units < 4:
        _check.fail("units", units, "at least 4 for 'cycle_jumps'", "Use 'ring' for fewer.")
    jump = _check.integer("jump", jump, 2, units - 2, "Shorter and longer jumps are connections of the cycle.")
    hubs = np.arange(0, units + 1, jump)
    a, b = hubs[:-1], hubs[1:] % units
    edges = np.unique(np.stack([np.concatenate([a, b]), np.concatenate([b, a])]), axis=1)
    jumps = _csr(units, edges[0], edges[1], _weight("jump_weight", jump_weight))
    return (ring(units, weight=weight) + jumps).tocsr()


TOPOLOGIES: Mapping[str, Callable[..., Any]] = {
    "random": random,
    "dense": dense,
    "small_world": small_world,
    "clusters": clusters,
    "permutation": permutation,
    "orthogonal": orthogonal,
    "ring": ring,
    "cycle": ring,
    "double_cycle": double_cycle,
    "line": line,
    "line_feedback": line_feedback,
    "cycle_jumps": cycle_jumps,
}
"""Name -> ``f(units, rng, **options)``."""


# ----------------------------------------------------------------------------------------------------------- building


def _weight(name: str, value: Any) -> float:
    return _check.real(name, value)


def _csr(units: int, to: np.ndarray, source: np.ndarray, weights: Any) -> Any:
    """The csr_array with these connections; each (to, source) once."""
    data = np.broadcast_to(np.asarray(weights, dtype=np.float64), to.shape)
    where = (to.astype(np.int32), source.astype(np.int32))
    matrix = scipy.sparse.coo_array((data, where), shape=(units, units)).tocsr()
    matrix.eliminate_zeros()
    return matrix


def _shifts(units: int, weights: Mapping[int, float], periodic: bool = False) -> Any:
    """``W[i + s, i] = weights[s]``; indices wrap when periodic (shifts that coincide add), else they end."""
    source = np.tile(np.arange(units), len(weights))
    to = source + np.repeat(list(weights), units)
    data = np.repeat(list(weights.values()), units)
    if periodic:
        return _csr(units, to % units, source, data)
    inside = (to >= 0) & (to < units)
    return _csr(units, to[inside], source[inside], data[inside])


def _draw(rng: np.random.Generator, law: str, shape: Any) -> np.ndarray:
    law = _check.choice("weights", law, ("uniform", "normal", "bernoulli"))
    if law == "uniform":
        return rng.uniform(-1.0, 1.0, shape)
    if law == "normal":
        return rng.standard_normal(shape)
    return 2.0 * rng.integers(2, size=shape) - 1.0


def _scatter(rng: np.random.Generator, places: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` distinct places, uniform over all of them: their rows, and which of the ``places[row]`` each one is."""
    end = np.cumsum(places)
    chosen = rng.choice(int(end[-1]), size=count, replace=False, shuffle=False)
    row = np.searchsorted(end, chosen, side="right")
    return row, chosen - (end - places)[row]


def _distinct(rng: np.random.Generator, rows: int, count: int, population: int) -> np.ndarray:
    """(rows, count) integers below `population`, those of a row distinct and uniform over all such sets."""
    if 16 * count > population:  # so many that drawing the repeats again would take long
        everyone = np.broadcast_to(np.arange(population, dtype=np.int32), (rows, population))
        return rng.permuted(everyone, axis=1)[:, :count]
    return _without_repeats(rng, rng.integers(population, size=(rows, count)), population)


def _without_repeats(rng: np.random.Generator, values: np.ndarray, population: int) -> np.ndarray:
    """`values` with every entry that repeats one to its left drawn anew until none does.

    The procedure treats all members of the population alike, hence all sets of distinct new entries are equally likely.
    """
    while (repeated := _repeats(values)).any():
        values[repeated] = rng.integers(population, size=int(repeated.sum()))
    return values


def _repeats(values: np.ndarray) -> np.ndarray:
    """Mask of the entries that equal an entry to their left in the same row."""
    order = np.argsort(values, axis=1, kind="stable")
    ascending = np.take_along_axis(values, order, 1)
    mask = np.zeros(values.shape, dtype=bool)
    np.put_along_axis(mask, order[:, 1:], ascending[:, 1:] == ascending[:, :-1], 1)
    return mask
