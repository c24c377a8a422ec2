"""Beer's two neurons: an oscillator whose period, range and bifurcations are known to many digits.

Question: does the network with W = [[4.5, 1], [-1, 4.5]], ``W[to, from]``, and biases (-2.75, -1.75) oscillate as it should, does
its transpose come to rest, and do one and two neurons change their dynamics where theory says?

Source: R. D. Beer, "On the dynamics of small continuous-time recurrent neural networks", Adaptive Behavior 3 (1995) 469, for
the networks and the folds; period, range and the rest of the transpose were computed independently at a tolerance of 1e-11.

Protocol: time in time constants. Steps of order eight at a tolerance of 1e-12; the period is that between ten upward crossings
of y1 = 2.75 after a transient of 600, the range that of the outputs on a grid of 0.005. Centre-crossing networks with the self-
weight w on the diagonal in place of 4.5 have a Hopf bifurcation at w = 4, with angular frequency 1/4. The equilibria of one
neuron with self-weight w > 4 have folds at the inputs

    -theta +- 2 ln((sqrt w + sqrt(w - 4)) / 2) - (w +- sqrt(w (w - 4))) / 2,

which are found by following them. `fast` takes fewer neurons and fewer turns of the cycle.

The transposed network is the test of orientation: who reads W the other way round finds no oscillation.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.optimize import brentq

import dynrnn as dr
from dynrnn import plot
from dynrnn.study import Claim
from dynrnn.systems.ctrnn import CTRNN

W = np.array([[4.5, 1.0], [-1.0, 4.5]])
THETA = (-2.75, -1.75)
NETWORKS = {"oscillator": CTRNN(W, theta=THETA), "transposed": CTRNN(W.T, theta=THETA)}
REST = (-0.79046, 4.15594)
START = (2.8, 1.7)
LIMITS = {"xlim": (-2.0, 7.0), "ylim": (-2.0, 7.0)}
PRECISE = {"method": "dop853", "rtol": 1e-12, "atol": 1e-12}
COMPUTED = "computed independently"


def run(seed: int, fast: bool):
    """Courses of both networks, folds of single neurons, and the claims. Nothing in it is random."""
    turns, weights = (3, (5.0, 8.0)) if fast else (10, (5.0, 6.0, 8.0, 20.0))
    cycle = dr.simulate(
        NETWORKS["oscillator"], duration=600.0 + 30.0 * turns, dt=0.005, x0=START,
        events=dr.Crossing("state[0]", 2.75, 1), **PRECISE,
    )  # fmt: skip
    times = cycle["event_time"].values
    period = float(np.diff(times[times > 600.0]).mean())
    output = cycle["output"].sel(time=slice(600.0, None))
    rest = dr.simulate(NETWORKS["transposed"], duration=200.0, dt=1.0, x0=START, **PRECISE)["state"][-1]
    w, frequency = hopf()
    found = [folds(w) for w in weights]
    claims = [
        Claim("two neurons: period, time constants", 28.99991, period, "within", 5e-6, source=COMPUTED),
        Claim("two neurons: lowest output", 0.18906, output.min().item(), "within", 5e-6, source=COMPUTED),
        Claim("two neurons: highest output", 0.81094, output.max().item(), "within", 5e-6, source=COMPUTED),
        Claim("two neurons, W transposed: distance from where it rests", 1e-5, np.abs(rest - REST).max().item(), source=COMPUTED),
        Claim("two neurons: self-weight at the Hopf bifurcation", 4.0, w, "within", 1e-8, source="exact"),
        Claim("two neurons: angular frequency there", 0.25, frequency, "within", 1e-8, source="exact"),
    ]
    for weight, inputs in zip(weights, found, strict=True):
        error = float(np.abs(inputs - closed_form(weight)).max()) if len(inputs) == 2 else np.inf
        claims.append(Claim(f"one neuron, self-weight {weight:g}: error of the inputs at its folds", 1e-8, error, source="exact"))
    return courses(), claims


def courses() -> xr.Dataset:
    """Both networks from several starts, and their outputs."""
    starts = np.array([START, [6.0, 0.0], [-1.0, -1.0], [0.0, 6.0]])
    runs = [dr.simulate(network, duration=100.0, dt=0.1, x0=starts) for network in NETWORKS.values()]
    data = xr.concat([run[["state", "output"]].drop_attrs() for run in runs], xr.Variable("network", list(NETWORKS)))
    data["time"].attrs["units"] = "time constants"
    return data


def hopf() -> tuple[float, float]:
    """Self-weight at which the centre of the centre-crossing network loses its stability, and how fast it turns there."""

    def slowest(w: float) -> complex:
        network = CTRNN.center_crossing([[w, 1.0], [-1.0, w]])
        return max(np.linalg.eigvals(dr.jacobian(network, -network.theta)), key=lambda z: (z.real, z.imag))

    w = brentq(lambda w: slowest(w).real, 3.0, 5.0, xtol=1e-13)
    return w, float(abs(slowest(w).imag))


def folds(w: float) -> np.ndarray:
    """Inputs at the folds of one neuron's equilibria, which are followed from far above them to far below."""
    branch = dr.analysis.continuation(CTRNN([[w]]), "bias[0]", [w], range=(-w - 10.0, 5.0))
    return np.sort(branch["parameter"].values[branch["kind"].values == "fold"])


def closed_form(w: float) -> np.ndarray:
    """Both inputs, in order."""
    root, log = np.sqrt(w * (w - 4)), 2 * np.log((np.sqrt(w) + np.sqrt(w - 4)) / 2)
    return np.sort([log - (w + root) / 2, -log - (w - root) / 2])


def figure(data: xr.Dataset):
    """Phase portraits of both networks, and their outputs over time from one start."""
    fig, axes = plot.figure(2, 2, width=8.0, height=3.2, gridspec_kw={"width_ratios": [1, 1.5]})
    for name, (left, right) in zip(data["network"].values, axes, strict=True):
        shown = data.sel(network=name)
        plot.phase_portrait(NETWORKS[name], left, **LIMITS, results=shown[["state"]])
        left.set(xlabel="y1", ylabel="y2", title=f"{name}\n")
        plot.trajectory(shown[["output"]].isel(trial=0), right)
        right.set(ylim=(0, 1), ylabel="output")
    return fig
