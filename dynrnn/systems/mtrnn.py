"""Multiple-timescale recurrent networks (Yamashita and Tani 2008): groups of units, each with a time constant of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from dynrnn import _check
from dynrnn.couplings import Coupling, Sparse, coupling
from dynrnn.systems.activations import activation as as_activation
from dynrnn.systems.arguments import input_weights, per_unit
from dynrnn.systems.leaky import LeakyMap
from dynrnn.systems.network import emitted


class MultipleTimescaleRNN(LeakyMap):
    """Multiple-timescale recurrent network, with a time constant for each group of units:

        x' = (1 - 1/tau) x + (1/tau) (W y + W_in u + b),   y = tanh(x).

    A group hears the groups that `connections` names. Weights between others do not exist: no gradient moves them.

    Parameters ("per unit" means a number or (unit,))
    ----------
    W : (unit, unit), array, SciPy sparse or Coupling, ``W[to, from]``. Weights of pairs that are not connected are left out.
    W_in : (unit, input) or (unit,), input weights; those of groups not in `input_to` are left out. None for no inputs.
    bias : b, per unit.
    groups : name and number of units of each group, ``{"io": 10, "fast": 60, "slow": 20}``: the parts of the state.
    tau : time constants, in steps of the map and not in seconds, each >= 1: by the name of the group, or per unit.
    connections : for each group the groups it hears, ``{"slow": ["fast", "slow"], ...}``. None: each hears all.
    input_to, output_from : name or names of the groups that get the inputs and give the outputs. None for all.
    x0 : the state a run starts from, per unit. It is trainable.
    activation : as for `LeakyRNN`, in place of tanh.
    noise_std : standard deviation of the noise, as for `LeakyRNN`.

    State: x, a part for each group. Output: y of the groups in `output_from`.

    A step does not depend on `x0`, so `vjp` adds nothing to its gradient: for a run that starts from `initial` that is the
    gradient `gx` with which the backward pass arrives at the first state.

    Raises TypeError or ValueError where shapes do not fit, a tau is below 1 or a group's name is unknown.

    Source: Y. Yamashita and J. Tani, PLOS Computational Biology 4 (2008) e1000220.

    >>> from dynrnn.systems.mtrnn import MultipleTimescaleRNN
    >>> network = MultipleTimescaleRNN.random(
    ...     {"io": 4, "fast": 6, "slow": 2}, inputs=4, tau={"io": 2, "fast": 5, "slow": 70}, rng=1,
    ...     connections={"io": ["io", "fast"], "fast": ["io", "fast", "slow"], "slow": ["fast", "slow"]},
    ...     input_to="io", output_from="io")
    >>> network.W.to_array()[network.slices["slow"], network.slices["io"]]
    array([[0., 0., 0., 0.],
           [0., 0., 0., 0.]])
    >>> network.outputs
    {'io': 4}
    """

    tau: np.ndarray
    x0: np.ndarray
    groups: str
    connections: str
    input_to: str
    output_from: str

    scratch_names: ClassVar[tuple[str, ...]] = (*LeakyMap.scratch_names, "shown")
    trainable: ClassVar[tuple[str, ...]] = (*LeakyMap.trainable, "x0")

    def __init__(
        self,
        W: Any,
        W_in: Any = None,
        bias: Any = 0.0,
        *,
        groups: Any,
        tau: Any,
        connections: Any = None,
        input_to: Any = None,
        output_from: Any = None,
        x0: Any = 0.0,
        activation: Any = "tanh",
        noise_std: float = 0.0,
    ):
        groups = _groups(groups)
        connections = _connections(connections, groups)
        input_to, output_from = _names("input_to", input_to, groups), _names("output_from", output_from, groups)
        n = sum(groups.values())
        heard = _mask(groups, connections)
        fed = np.repeat([name in input_to for name in groups], list(groups.values()))
        W_in = input_weights("W_in", W_in, n)
        if any(isinstance(one, str) for one in (tau.values() if isinstance(tau, Mapping) else [tau])):
            _check.fail("tau", repr(tau), "numbers of steps", "Divide a time constant by the length of a step.", TypeError)
        if isinstance(tau, Mapping):
            tau = _by_group("tau", tau, groups)
        super().__init__(
            _masked(coupling(W, shape=(n, n), dtype=np.float64), heard),
            _masked(W_in, np.repeat(fed[:, None], W_in.shape[1], axis=1)),
            per_unit("bias", bias, n),
            noise_std,
            activation=as_activation(activation),
            tau=per_unit("tau", tau, n, least=1.0, remedy="It counts steps: at 1 the state is replaced at each step."),
            x0=per_unit("x0", x0, n),
            groups=json.dumps(groups),  # fields hold text, but no mappings
            connections=json.dumps(connections),
            input_to=json.dumps(input_to),
            output_from=json.dumps(output_from),
        )

    @classmethod
    def random(
        cls,
        groups: Mapping[str, int],
        inputs: int = 1,
        *,
        tau: Any,
        scaling: float = 1.0,
        input_scaling: float = 1.0,
        connections: Any = None,
        rng: Any = None,
        **parameters: Any,
    ) -> MultipleTimescaleRNN:
        """Draw weights uniform on ``±scaling / sqrt(number of units heard)`` and input weights on ``±input_scaling``.

        W and W_in have random streams of their own. All other arguments are those of `MultipleTimescaleRNN`.

        >>> from dynrnn.systems.mtrnn import MultipleTimescaleRNN
        >>> list(MultipleTimescaleRNN.random({"fast": 6, "slow": 2}, tau={"fast": 2, "slow": 50}, rng=1).parts)
        ['fast', 'slow']
        """
        groups = _groups(groups)
        heard = _mask(groups, _connections(connections, groups)).sum(axis=1, keepdims=True)
        n, streams = len(heard), _check.generator(rng).spawn(2)
        bound = _check.real("scaling", scaling, 0.0) / np.sqrt(np.maximum(heard, 1))
        W_in = streams[1].uniform(-1, 1, (n, _check.integer("inputs", inputs, 0)))
        W_in *= _check.real("input_scaling", input_scaling, 0.0)
        W = streams[0].uniform(-1, 1, (n, n)) * bound
        return cls(W, W_in, groups=groups, tau=tau, connections=connections, **parameters)

    @property
    def parts(self):
        return json.loads(self.groups)

    @property
    def outputs(self):
        return {name: self.parts[name] for name in json.loads(self.output_from)}

    @property
    def alpha(self):
        return 1 / self.tau

    def initial(self):
        return self.x0.copy()

    def scratch(self, columns=1):
        shown = [np.arange(self.slices[name].start, self.slices[name].stop) for name in self.outputs]
        return {**super().scratch(columns), "shown": np.concatenate([np.zeros(0, np.int64), *shown])}

    # -------------------------------------------------------------------------------------------------- kernels

    def output(p, x, u, out):
        for k in range(out.size):
            i = p.shown[k]
            out[k] = emitted(p, i, x[i])

    def output_columns(p, X, U, OUT):
        for k in range(OUT.shape[0]):
            i = p.shown[k]
            for c in range(OUT.shape[1]):
                OUT[k, c] = emitted(p, i, X[i, c])


def _groups(given: Any) -> dict[str, int]:
    given = json.loads(given) if isinstance(given, str) else given
    if not isinstance(given, Mapping) or not given:
        _check.fail("groups", repr(given), 'names with numbers of units, {"fast": 60, "slow": 20}', error=TypeError)
    return {str(name): _check.integer(f"groups[{name!r}]", size, 1) for name, size in given.items()}


def _names(argument: str, given: Any, groups: Mapping[str, int]) -> list[str]:
    """Names of groups in the order of `groups`; None stands for all."""
    if given is None:
        return list(groups)
    if isinstance(given, str):
        given = json.loads(given) if given.startswith("[") else [given]
    if not isinstance(given, Sequence):
        _check.fail(argument, repr(given), f"names among {', '.join(groups)}", error=TypeError)
    chosen = {_check.choice(argument, name, groups) for name in given}
    return [name for name in groups if name in chosen]


def _connections(given: Any, groups: Mapping[str, int]) -> dict[str, list[str]]:
    given = json.loads(given) if isinstance(given, str) else dict.fromkeys(groups) if given is None else given
    missing = [name for name in groups if name not in given]
    if missing:
        _check.fail("connections", f"nothing for {missing[0]!r}", "the groups that each group hears", "[] means none.")
    return {_check.choice("connections", to, groups): _names(f"connections[{to!r}]", given[to], groups) for to in given}


def _by_group(name: str, given: Mapping[str, Any], groups: Mapping[str, int]) -> np.ndarray:
    """A value for each unit from one for each group."""
    for group in given:
        _check.choice(name, group, groups)
    missing = [group for group in groups if group not in given]
    if missing:
        _check.fail(name, f"nothing for {missing[0]!r}", f"a number for each of {', '.join(groups)}")
    return np.repeat([_check.real(f"{name}[{group!r}]", given[group]) for group in groups], list(groups.values()))


def _mask(groups: Mapping[str, int], connections: Mapping[str, list[str]]) -> np.ndarray:
    """Whether a unit hears another, [to, from]."""
    sizes = list(groups.values())
    between = np.array([[source in connections[to] for source in groups] for to in groups])
    return between.repeat(sizes, axis=0).repeat(sizes, axis=1)


def _masked(W: Coupling, mask: np.ndarray) -> Coupling:
    """W without the weights where the mask is false: as they are not stored, no gradient reaches them."""
    import scipy.sparse

    if mask.all():
        return W
    if isinstance(W, Sparse):
        stored = W.to_scipy().tocoo()
        kept = mask[stored.row, stored.col]
        if kept.all():
            return W
        to, source, values = stored.row[kept], stored.col[kept], stored.data[kept]
    else:
        to, source = np.nonzero(mask)
        values = W.to_array()[to, source]
    return Sparse.of(scipy.sparse.csr_array((values, (to, source)), shape=mask.shape))
