"""Leaky integrate-and-fire populations with exponential synapses, refractory periods and delays, stepped by a clock."""

from __future__ import annotations

from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn._jit import inlined
from dynrnn.couplings import Coupling, Sparse, coupling
from dynrnn.couplings.base import multiply
from dynrnn.system import Noise, System
from dynrnn.systems.arguments import input_weights, per_unit

_PAUSE = 0.5  # steps left from which a unit is refractory: between whole numbers, so that no reachable state is on the edge


@inlined
def _membrane(p, x, u):
    """Fill ``p.free``, the potentials after a step without threshold, and ``p.open``, 1 where they hold; return the inputs."""
    n = p.free.size
    m = u.size - n if p.noise_std > 0 else u.size
    p.current[:] = p.bias
    multiply(p.W_in, u[:m], p.current)
    for i in range(n):
        p.free[i] = p.rest[i] + p.leak[i] * (x[i] - p.rest[i]) + p.gain[i] * p.current[i] + p.spread[i] * x[n + i]
    for i in range(u.size - m):
        p.free[i] += p.spark[i] * u[m + i]
    for i in range(n):
        p.open[i] = 0.0 if p.free[i] >= p.threshold[i] or x[2 * n + i] > _PAUSE else 1.0  # open to NaN, so that it shows
    return u[:m]


@inlined
def _arrive(p, x, out):
    """``out += W`` times the spikes whose delay is over; ``x`` may also be a change of the state."""
    n = p.free.size
    for j in range(n):
        p.heard[j] = x[3 * n + p.age[j] * n + j]
    multiply(p.W, p.heard, out)


class LIF(System):
    """Leaky integrate-and-fire units. Between spikes

        tau v' = rest - v + I + b + W_in u,   tau_synapse I' = -I,

    is solved exactly over each step `dt`, with ``u`` held. At the end of a step, in this order: I_i grows by
    ``sum_j W_ij`` over the units j that fired `delay_j` before; a unit with ``v >= threshold`` fires, is set to `reset`
    and stays there for the time `refractory`, while its I goes on. Currents are given in volts, as the potential at
    which they would hold the membrane: resistance times current.

    Parameters (SI units; "per unit" means a number or (unit,))
    ----------
    W : (unit, unit), array, SciPy sparse or Coupling, ``W[to, from]``: step of the synaptic current per spike, V.
    W_in : (unit, input), current per unit of input, V; with u in ampere, the resistance in ohm. None for no inputs.
    bias : constant current b, V, per unit.
    tau, tau_synapse : membrane and synaptic time constants, s, per unit.
    rest, threshold, reset : V, per unit.
    refractory : s, per unit; rounded to the nearest number of steps (halves to even), 0 for none.
    delay : s, per unit: from its spikes to their effect on others; rounded likewise, and at least one step.
    noise_std : stationary standard deviation that the membrane noise alone gives v without a threshold, V. Exact at any dt.
    dt : step, s.

    State: `v` (V), `synapse` (I, V), `refractory` (steps left), `spike` (1 where the unit fired in this step, else 0) and
    `delay_line`, the earlier spikes: one block of units per step of age. A next layer or a readout sees `spike`.

    A unit that fires at row k of a result shows in the `synapse` of its targets at row ``k + delay/dt``.
    Derivatives are those of the smooth pieces, which hold almost everywhere: a unit that fires or is refractory forgets
    its potential, and the time of a spike does not move. There is no vjp: no gradient passes through a spike.

    Raises TypeError or ValueError where shapes or signs are wrong, or `delay` is below one step.

    Source: W. Gerstner, W. M. Kistler, R. Naud and L. Paninski, Neuronal Dynamics (2014), chapter 1; the exact step as in
    S. Rotter and M. Diesmann, Biological Cybernetics 81 (1999) 381. The defaults are those of W. Maass, T. Natschläger
    and H. Markram, Neural Computation 14 (2002) 2531.

    >>> from dynrnn.systems.lif import LIF
    >>> LIF(W=[[0.0, 0.0], [5e-3, 0.0]], W_in=[18e-3, 0.0], delay=0.3e-3).slices["delay_line"]
    slice(8, 12, None)
    """

    W: Coupling
    W_in: Coupling
    bias: np.ndarray
    tau: np.ndarray
    rest: np.ndarray
    threshold: np.ndarray
    reset: np.ndarray
    refractory: np.ndarray
    tau_synapse: np.ndarray
    delay: np.ndarray
    noise_std: float = 0.0
    dt: float = 1e-4

    # the first four are work, the others constants of a step
    scratch_names = ("current", "free", "open", "heard", "leak", "gain", "fade", "spread", "spark", "pause", "age")

    def __init__(
        self,
        W: Any,
        W_in: Any = None,
        bias: Any = 0.0,
        *,
        tau: Any = 30e-3,
        rest: Any = 0.0,
        threshold: Any = 15e-3,
        reset: Any = 13.5e-3,
        refractory: Any = 3e-3,
        tau_synapse: Any = 3e-3,
        delay: Any = 1.5e-3,
        noise_std: float = 0.0,
        dt: float = 1e-4,
    ):
        W = coupling(W, dtype=np.float64)
        n = W.shape[0]
        if W.shape[1] != n:
            _check.fail("W", f"shape {W.shape}", "a square matrix W[to, from]")
        dt = _check.real("dt", dt, 0.0, open_low=True)
        super().__init__(
            W,
            input_weights("W_in", W_in, n),
            bias=per_unit("bias", bias, n),
            tau=per_unit("tau", tau, n, above=0.0),
            rest=per_unit("rest", rest, n),
            threshold=per_unit("threshold", threshold, n),
            reset=per_unit("reset", reset, n),
            refractory=per_unit("refractory", refractory, n, least=0.0),
            tau_synapse=per_unit("tau_synapse", tau_synapse, n, above=0.0),
            delay=per_unit("delay", delay, n, above=dt / 2, remedy=f"Delays are rounded to steps of {dt:g} s, at least one."),
            noise_std=_check.real("noise_std", noise_std, 0.0),
            dt=dt,
        )
        if not np.all(self.reset < self.threshold):
            i = int(np.argmax(self.reset >= self.threshold))
            _check.fail("reset", f"{self.reset[i]:g} V at unit {i}", f"less than its threshold, {self.threshold[i]:g} V")

    @classmethod
    def random(
        cls,
        units: int,
        inputs: int = 1,
        *,
        connectivity: float = 0.1,
        excitatory: float = 0.8,
        weight: float = 30e-3,
        inhibition: float = 0.6,
        input_scaling: float = 18e-3,
        rng: Any = None,
        **parameters: Any,
    ) -> LIF:
        """Draw a sparse network that obeys Dale's law: a unit excites all its targets or inhibits all of them.

        Parameters
        ----------
        units, inputs : numbers of units and input columns.
        connectivity : share of the ordered pairs of different units that are connected, in [0, 1].
        excitatory : share of excitatory units, in [0, 1]; they come first.
        weight : mean of the excitatory weights, V, exponentially distributed.
        inhibition : mean of the inhibitory weights relative to `weight`.
        input_scaling : input weights are uniform on [0, input_scaling], V.
        rng : seed or Generator. W and W_in have streams of their own.
        parameters : all else as for `LIF`.

        >>> from dynrnn.systems.lif import LIF
        >>> inhibitory = LIF.random(135, rng=1).W.to_array()[:, 108:]
        >>> bool((inhibitory <= 0).all())
        True
        """
        units, inputs = _check.integer("units", units, 1), _check.integer("inputs", inputs, 0)
        first_inhibitory = round(_check.real("excitatory", excitatory, 0.0, 1.0) * units)
        mean = np.full(units, _check.real("weight", weight, 0.0))
        mean[first_inhibitory:] *= -_check.real("inhibition", inhibition, 0.0)
        streams = _check.generator(rng).spawn(2)
        W = _graph(units, _check.real("connectivity", connectivity, 0.0, 1.0), streams[0])
        W_in = streams[1].uniform(0.0, _check.real("input_scaling", input_scaling, 0.0), (units, inputs))
        return cls(Sparse.of(W.multiply(mean[None])), W_in, **parameters)

    # ---------------------------------------------------------------------------------------------------- shape

    @property
    def parts(self):
        n = self.bias.size
        return {"v": n, "synapse": n, "refractory": n, "spike": n, "delay_line": n * int(self._steps(self.delay).max() - 1)}

    @property
    def inputs(self):
        return self.W_in.shape[1]

    @property
    def visible(self):
        return self.slices["spike"]

    @property
    def noise(self):
        return Noise("normal", self.bias.size) if self.noise_std > 0 else None

    def initial(self):
        """At rest, with no spike under way."""
        x = np.zeros(self.size)
        x[: self.bias.size] = self.rest
        return x

    def _steps(self, time: np.ndarray) -> np.ndarray:
        return np.rint(time / self.dt).astype(np.int64)

    def scratch(self, columns=1):
        fraction = self.dt / self.tau
        leak = np.exp(-fraction)
        apart = fraction - self.dt / self.tau_synapse
        # spread = dt/tau e^(-dt/tau) (e^d - 1)/d with d = dt/tau - dt/tau_synapse: no cancellation where the two are close
        ratio = np.divide(np.expm1(apart), apart, out=np.ones_like(apart), where=apart != 0)
        return {
            "current": np.zeros_like(leak),
            "free": np.zeros_like(leak),
            "open": np.zeros_like(leak),
            "heard": np.zeros_like(leak),
            "leak": leak,
            "gain": -np.expm1(-fraction),
            "fade": np.exp(-self.dt / self.tau_synapse),
            "spread": fraction * leak * ratio,
            "spark": self.noise_std * np.sqrt(-np.expm1(-2 * fraction)),
            "pause": self._steps(self.refractory),
            "age": self._steps(self.delay) - 1,
        }

    # -------------------------------------------------------------------------------------------------- kernels

    def step(p, x, u, out):
        n = p.free.size
        _membrane(p, x, u)
        for i in range(n):
            pausing = x[2 * n + i] > _PAUSE
            fires = 0.0 if pausing else 1.0 - p.open[i]
            out[i] = p.free[i] if p.open[i] > 0 else p.reset[i]
            out[n + i] = p.fade[i] * x[n + i]
            out[2 * n + i] = x[2 * n + i] - 1.0 if pausing else p.pause[i] * fires
            out[3 * n + i] = fires
        _arrive(p, x, out[n : 2 * n])
        # A ring buffer would not be cheaper: `out` is a new state, so the line is copied in any case.
        out[4 * n :] = x[3 * n : x.size - n]

    def jvp(p, x, u, v, out):
        n = p.free.size
        _membrane(p, x, u)
        for i in range(n):
            out[i] = p.open[i] * (p.leak[i] * v[i] + p.spread[i] * v[n + i])
            out[n + i] = p.fade[i] * v[n + i]
            out[2 * n + i] = v[2 * n + i] if x[2 * n + i] > _PAUSE else 0.0
            out[3 * n + i] = 0.0
        _arrive(p, v, out[n : 2 * n])
        out[4 * n :] = v[3 * n : x.size - n]

    def jvp_u(p, x, u, w, out):
        m = _membrane(p, x, u).size
        p.current[:] = 0.0
        multiply(p.W_in, w[:m], p.current)
        out[:] = 0.0
        for i in range(p.free.size):
            out[i] = p.open[i] * p.gain[i] * p.current[i]
        for i in range(u.size - m):
            out[i] += p.open[i] * p.spark[i] * w[m + i]


def _graph(units, connectivity, rng):
    """A random graph without self-connections, with weights of mean 1, exponentially distributed."""
    import scipy.sparse

    pairs = units * (units - 1)
    chosen = rng.choice(pairs, size=round(connectivity * pairs), replace=False)
    to, source = np.divmod(chosen, max(units - 1, 1))
    source += source >= to  # leave out the diagonal
    return scipy.sparse.csr_array((rng.standard_exponential(chosen.size), (to, source)), shape=(units, units))
