"""Mackey-Glass: how well does an echo state network forecast chaos 84 steps ahead?

Source: H. Jaeger, "The echo state approach to analysing and training recurrent neural networks", GMD Report 148 (2001),
section 6. He reports one network per delay: NRMSE84 = 2.8e-4 for tau = 17, and 0.11 for tau = 30.

Protocol, his unless said otherwise:

* Euler series of step 0.1, every tenth value, seen through tanh(y - 1).
* 400 units, x' = (1 - delta C a) x + delta C tanh(W x + W_in u + W_fb y + noise) with delta = 1, C = 0.44, a = 0.9 and
  spectral radius 0.79 of W. In z = a x that reads z' = (1 - C a) z + C a tanh(W z / a + …), a leaky `ESN` with W / a.
* A constant input of 0.2 with weights 0 (odds 1/2) and ±0.14 (1/4 each); feedback weights uniform on [-0.56, 0.56].
  The report's connectivity is not at hand: 5 % here. Densities from 1.25 % to 100 % differ by less than their seeds do.
* tau = 30 has noise in the network while it is trained, uniform on [-1e-5, 1e-5] in the report and normal of the same
  standard deviation here; tau = 17 has none.
* Linear regression from the states of steps 1001 to 3000 to the next value.
* 20 (tau = 17) or 50 (tau = 30) stretches of another orbit: 1000 steps driven by the truth, then 84 free ones;
  NRMSE84 is the root mean square error at the last, in units of the standard deviation, after arctanh(·) + 1.

The states are nearly collinear, at tau = 17 and without noise to rounding: plain least squares finds weights up to 1e4, and
free running amplifies what they overfit. So the regression is done twice: plainly, and with the one of a few small penalties
whose free runs miss least on 39 stretches of the training series itself. No other data has a say.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

import dynrnn as dr
from dynrnn import plot
from dynrnn.couplings import graphs, spectral
from dynrnn.study import Claim

SOURCE = "Jaeger 2001, GMD Report 148, section 6"
UNITS, TRAIN, WASHOUT, TEACHER, FREE = 400, 3000, 1000, 1000, 84
C, A, RADIUS, DENSITY = 0.44, 0.9, 0.79, 0.05


class Setting(NamedTuple):
    """What differs between the two delays."""

    tau: int
    starts: int
    noise_std: float
    penalties: tuple[float, ...]
    published: float


SETTINGS = (
    Setting(17, 20, 0.0, (0.0, 1e-16, 1e-15, 1e-14, 1e-13), 2.8e-4),
    Setting(30, 50, 1e-5 / np.sqrt(3), (0.0, 1e-9, 1e-8, 1e-7), 0.11),
)
READOUTS = ("penalised", "least squares")


def run(seed: int, fast: bool):
    """NRMSE84 by delay, way of regression and seed."""
    seeds = 3 if fast else 20
    errors = np.array([[one_seed(s, np.random.default_rng([seed, s.tau, k])) for k in range(seeds)] for s in SETTINGS])
    data = xr.Dataset(
        {"nrmse84": (("tau", "seed", "readout"), errors, {"long_name": "NRMSE 84 steps ahead"})},
        {"tau": [s.tau for s in SETTINGS], "readout": list(READOUTS), "seed": range(seeds)},
    )
    data["published"] = "tau", [s.published for s in SETTINGS]
    return data, [_claim(data, setting.tau, readout) for setting in SETTINGS for readout in READOUTS]


def _claim(data: xr.Dataset, tau: int, readout: str) -> Claim:
    here = data.sel(tau=tau)
    what = f"median NRMSE84, tau = {tau}, 400 units, 3000 steps, {readout}"
    return Claim.over_seeds(what, here["published"].item(), here["nrmse84"].sel(readout=readout), source=SOURCE)


def one_seed(setting: Setting, rng: np.random.Generator) -> tuple[float, float]:
    """NRMSE84 of a new network on new orbits: penalised, and by plain least squares."""
    esn = network(setting, rng)
    teacher = dr.tasks.mackey_glass(TRAIN + 1, tau=setting.tau, squash=True, rng=rng).values
    states = dr.simulate(esn, teacher[:-1], rng=rng)["state"].values
    free = esn.replace(noise_std=0.0)

    length = TEACHER + FREE
    orbit = dr.tasks.mackey_glass(setting.starts * length, tau=setting.tau, squash=True, rng=rng).values
    stretches = orbit.reshape(setting.starts, length)
    driven = dr.simulate(free, stretches[:, :TEACHER, None], washout=TEACHER - 1)["state"].values[:, -1]

    within = np.arange(WASHOUT, TRAIN - FREE, 50)
    readouts = [dr.Ridge(alpha, solver="qr").fit(states, teacher[1:], washout=WASHOUT) for alpha in setting.penalties]
    trained = [nrmse84(free, r, states[within], teacher[within + FREE], teacher) for r in readouts]
    tested = [nrmse84(free, r, driven, stretches[:, -1], orbit) for r in readouts]
    return tested[int(np.argmin(trained))], tested[0]


def network(setting: Setting, rng: np.random.Generator) -> dr.ESN:
    """Jaeger's network, in the variables z = a x."""
    W = graphs.topology("random", UNITS, rng=rng, density=DENSITY)
    W_in = rng.choice([0.0, 0.14, -0.14], UNITS, p=[0.5, 0.25, 0.25])
    W_fb = rng.uniform(-0.56, 0.56, (UNITS, 1))
    return dr.ESN(spectral.rescale(W, RADIUS / A), bias=0.2 * W_in, leak=C * A, noise_std=setting.noise_std, W_fb=W_fb)


def nrmse84(esn: dr.ESN, readout: dr.Ridge, states: np.ndarray, truth: np.ndarray, orbit: np.ndarray) -> float:
    """Error of 84 free steps from `states` (start, unit); the readout of a driven state is the first of them."""
    outputs = dr.simulate(dr.ClosedLoop(esn, readout), x0=states, steps=FREE - 1, record="output")["output"].values
    with np.errstate(all="ignore"):  # a free run may leave the range of tanh: its error is infinite then
        miss = np.arctanh(outputs[:, -1, 0]) - np.arctanh(truth)
    error = np.sqrt(np.mean(miss**2) / np.var(np.arctanh(orbit)))
    return float(np.nan_to_num(error, nan=np.inf))


def figure(data: xr.Dataset):
    """Every seed as a dot, the median as a bar, the published value as a line."""
    fig, axes = plot.figure(1, 2, width=8.0, height=3.0)
    for ax, tau in zip(axes, data["tau"].values, strict=True):
        here = data.sel(tau=tau)
        medians = here["nrmse84"].median("seed")
        plot.dots(here["nrmse84"], ax, bars=medians, lines={"Jaeger\n2001": here["published"].item()})
        ax.set_yscale("log")
        ax.set_title(f"tau = {tau}, bar: median")
    axes[1].set_ylabel("")
    return fig
