"""Tasks of neuroscience: does a network of 300 random units learn each of them, by its readout alone?

Source: the tasks name theirs; the bounds are what a solved task should reach. The ideal observer of random dots follows from
the task: it adds up the difference of the two inputs, whose mean is 0.032 c T and whose standard deviation is noise sqrt(2 T)
after T seconds of coherence c. So its choices are a cumulative Gaussian of c with sigma = noise sqrt(2 / T) / 0.032, which
nobody can do better than.

Protocol: an echo state network with the step of the task, dt = 0.02 s, so that a leak of 0.2 stands for tau = 0.1 s. Ridge
regression, each row weighed by the mask, on one draw of trials; the score is from another draw. Networks and trials are new
for each seed, hyper-parameters are not. A choice is the output with the largest mean over the epoch "decision"; catch trials
have none. NMSE is the mean square error over the variance of the target, both weighed by the mask.

Flip-flop and sine generation have to last on their own: outputs are fed back. While they are trained it is the teacher that is
fed back, with noise, so that what they hold attracts; in the test nothing but their own outputs returns.

The integrator is also built by hand: one linear unit that excites itself as much as it leaks, tau x' = -x + x + tau u.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

import dynrnn as dr
from dynrnn import plot
from dynrnn.study import Claim
from dynrnn.systems.rate import RateNetwork

UNITS = 300
NOISE, STIMULUS, GAIN = 0.1, 0.8, 0.032
IDEAL = NOISE * math.sqrt(2 / STIMULUS) / GAIN
"""Standard deviation of the ideal observer's choices, in % coherence, with noise at which choices go wrong."""


def correct(data: xr.Dataset, outputs: xr.DataArray) -> float:
    """Share of right choices."""
    return float((choices(data, outputs) == data.choice)[data.choice != "none"].mean())


def choices(data: xr.Dataset, outputs: xr.DataArray) -> xr.DataArray:
    """The output with the largest mean over the epoch "decision"."""
    means = outputs.where(data.epoch == "decision", 0.0).mean("time")
    return means.idxmax("output")


def bits(data: xr.Dataset, outputs: xr.DataArray) -> float:
    """Share of the rows of all outputs that have the right sign."""
    return float((np.sign(outputs) == data["targets"]).mean())


def nmse(data: xr.Dataset, outputs: xr.DataArray) -> float:
    """Mean square error in units of the variance."""
    targets, weight = data["targets"], data["mask"]
    miss, spread = (outputs - targets) ** 2, (targets - targets.weighted(weight).mean()) ** 2
    return float(miss.weighted(weight).mean() / spread.weighted(weight).mean())


class Way(NamedTuple):
    """How a task is learnt, and what it is scored by. `feedback`: standard deviation of the noise on a fed-back teacher."""

    score: Callable[[xr.Dataset, xr.DataArray], float]
    bound: float
    network: dict[str, float]
    alpha: float = 0.1
    trials: int = 300
    feedback: float | None = None


WORDS: dict[Any, str] = {correct: "right choices", bits: "right bits", nmse: "NMSE"}
QUICK = {"spectral_radius": 0.95, "leak": 0.2}
SLOW = {"spectral_radius": 1.0, "leak": 0.05}
WAYS = {
    "random_dots": Way(correct, 0.98, QUICK),
    "context_integration": Way(correct, 0.98, QUICK, 0.01, 600),
    "multisensory": Way(correct, 0.98, QUICK),
    "parametric_memory": Way(correct, 0.98, SLOW),
    "match_to_sample": Way(correct, 0.98, SLOW),
    "flip_flop": Way(bits, 0.98, {"spectral_radius": 0.5, "leak": 0.8, "bias_scaling": 0.2}, 1e-3, 150, feedback=0.2),
    "sine_generation": Way(nmse, 1e-2, {"spectral_radius": 0.9, "leak": 0.3, "bias_scaling": 0.2}, 1e-6, 102, feedback=0.01),
    "ready_set_go": Way(nmse, 1e-2, {"spectral_radius": 1.2, "leak": 0.1, "bias_scaling": 0.1}, 1e-6),
    "integrator": Way(nmse, 1e-3, {"spectral_radius": 1.0, "leak": 0.2, "input_scaling": 0.05}, 1e-6),
}


def run(seed: int, fast: bool):
    """Scores of each task and seed, a test trial of each, and the choices of a harder discrimination."""
    seeds = 1 if fast else 5
    drawn = {name: [one_seed(name, np.random.default_rng([seed, k])) for k in range(seeds)] for name in WAYS}
    scores = [[score for score, _ in runs] for runs in drawn.values()]
    fit = discrimination(seeds, 500 if fast else 2000, seed)
    trials = [runs[0][1] for runs in drawn.values()]
    data = xr.concat(trials, xr.Variable("task", list(WAYS)), join="outer", fill_value={"epoch": ""}, combine_attrs="drop")
    data = data.assign(score=(("task", "seed"), scores), measure=("task", [WORDS[way.score] for way in WAYS.values()]))
    curve = dr.psychometric_curve(fit).rename(strength="strength_of_curve")
    data = data.assign(proportion=fit["proportion"], trials=fit["trials"], curve=curve)
    sigma = fit.sel(parameter="sigma", drop=True)
    data = data.assign(sigma=sigma["estimate"], error=sigma["std_error"], ideal=IDEAL)
    return data, [*_claims(data), _by_hand(seed)]


def _claims(data: xr.Dataset) -> list[Claim]:
    claims = []
    for name, way in WAYS.items():
        side = "at most" if way.score is nmse else "at least"
        what = f"{name}: median {WORDS[way.score]}"
        claims.append(Claim.over_seeds(what, way.bound, data["score"].sel(task=name), side, source="bound"))
    what, ratio = "random_dots with noise 0.1: sigma over the ideal observer's", data["sigma"].item() / IDEAL
    upper = ratio + 2 * data["error"].item() / IDEAL
    least = Claim(f"{what}, plus two standard errors", 1.0, upper, "at least", source="exact: none is below")
    return [*claims, least, Claim(what, 1.25, ratio, "at most", source="bound")]


def one_seed(name: str, rng: np.random.Generator) -> tuple[float, xr.Dataset]:
    """The score of a new network on new trials, and the first of them that asks for something."""
    way, make = WAYS[name], getattr(dr.tasks, name)
    train, test = (make(way.trials, rng=stream) for stream in rng.spawn(2))
    outputs = learn(way, train, rng)(test)
    shown = int(np.argmax(test.choice.values != "none")) if "choice" in test.coords else 0
    asked = test.assign(outputs=outputs, targets=test["targets"].where(test["mask"] > 0))
    trial = asked[["inputs", "targets", "outputs"]].isel(trial=shown)
    return way.score(test, outputs), trial.reset_coords("epoch").reset_coords(drop=True)


def learn(way: Way, data: xr.Dataset, rng: np.random.Generator) -> Callable[[xr.Dataset], xr.DataArray]:
    """Train a new network on `data`, and return what it answers to other data."""
    u, y = data["inputs"].values, data["targets"].values
    fed_back = 0 if way.feedback is None else y.shape[-1]
    esn = dr.ESN.random(UNITS, u.shape[-1], feedback=fed_back, rng=rng, **way.network)
    if way.feedback is not None:
        before = np.roll(y, 1, axis=1)
        before[:, 0] = 0.0
        u = np.concatenate([u, before + way.feedback * rng.standard_normal(y.shape)], axis=-1)
    readout = dr.Ridge(way.alpha).fit(dr.simulate(esn, u)["state"], y, sample_weight=data["mask"].values)
    system = dr.ClosedLoop(esn, readout) if fed_back else esn

    def answer(data: xr.Dataset) -> xr.DataArray:
        states = dr.simulate(system, data["inputs"].values, record="state")["state"].values
        return data["targets"].copy(data=readout.predict(states))

    return answer


def discrimination(seeds: int, trials: int, seed: int) -> xr.Dataset:
    """Psychometric fit of the choices of all seeds between directions of motion in much noise."""
    strength, right = [], []
    for k in range(seeds):
        rng = np.random.default_rng([seed, k, 1])
        train, test = (
            dr.tasks.random_dots(trials, (0, 1, 2, 4, 8, 16), noise=NOISE, stimulus=STIMULUS, catch=False, rng=stream)
            for stream in rng.spawn(2)
        )
        outputs = learn(WAYS["random_dots"]._replace(alpha=10.0), train, rng)(test)
        strength.append(test.coherence.values)
        right.append(choices(test, outputs).values == "right")
    labelled = xr.DataArray(np.concatenate(strength), dims="trial", attrs={"long_name": "coherence to the right", "units": "%"})
    return dr.psychometric_fit(labelled, np.concatenate(right))


def _by_hand(seed: int) -> Claim:
    """The integrator of one unit: its coupling cancels its leak, so that all its states are fixed points."""
    test = dr.tasks.integrator(100, rng=seed)
    unit = RateNetwork(W=[[1.0]], W_in=[0.1], tau=0.1, activation="identity")
    states = dr.simulate(unit, test["inputs"].values, dt=test.dt, record="state")["state"].values
    error = nmse(test, test["targets"].copy(data=states))
    return Claim("integrator by a line attractor of one unit: NMSE", 1e-20, error, source="exact, to rounding")


def figure(data: xr.Dataset):
    """A test trial of each task: inputs above; below what was wanted, broad and pale, and what came. The psychometric curve."""
    rows = (data.sizes["task"] + 1) // 2
    fig, axes = plot.figure(2 * rows, 2, width=10.0, height=1.25, height_ratios=[1, 1.4] * rows)
    pairs = [axes[2 * row : 2 * row + 2, column] for row in range(rows) for column in range(2)]
    for name, pair in zip(data["task"].values, pairs, strict=False):
        _trial(data.sel(task=name), *pair)
    above, below = pairs[-1]
    above.remove()
    below.set_subplotspec(axes[0, 0].get_gridspec()[-2:, 1])
    plot.psychometric(data[["proportion", "trials"]], below, fit=data["curve"].rename(strength_of_curve="strength"))
    below.set_ylabel("choices of “right”")
    _title(below, f"random dots, noise 0.1: σ = {data['sigma']:.1f} %, ideal {data['ideal']:.1f} %")
    return fig


def _trial(data: xr.Dataset, above: Any, below: Any) -> None:
    """Inputs hold for a row; outputs are those at its end."""
    dt = float(data["time"][1] - data["time"][0])
    data = data.isel(time=~data["epoch"].isin(["", "after"]))
    begin, end = data["time"].values, data["time"].values + dt
    for k, name in enumerate(data["input"].values[data["inputs"].notnull().all("time")]):
        u = data["inputs"].sel(input=name).values
        above.stairs(u, [*begin, end[-1]], baseline=None, color=f"C{k}", linewidth=1.0, label=_words(name))
    for k, name in enumerate(data["output"].values[data["outputs"].notnull().all("time")]):
        line = data.sel(output=name)
        below.plot(end, line["targets"], color=f"C{k}", linewidth=4, alpha=0.3, solid_capstyle="butt")
        below.plot(end, line["outputs"], color=f"C{k}", linewidth=1.0, label=_words(name))
    _epochs(data["epoch"].values, [*begin, end[-1]], above, below)
    score, measure = data["score"].median().item(), data["measure"].item()
    result = f"{measure} {score:.0e}" if measure == WORDS[nmse] else f"{100 * score:.1f} % {measure}"
    _title(above, f"{_words(data['task'].item())}: {result}")
    above.set(ylabel="inputs", xticklabels=[])
    below.set(ylabel="outputs", xlabel="time (s)")
    for ax in (above, below):
        ax.set_xlim(0.0, end[-1])
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7.5, handlelength=1.0, labelspacing=0.2)


def _title(ax: Any, text: str) -> None:
    ax.set_title(text, pad=20, fontweight="bold")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _epochs(names: np.ndarray, edges: list[float], *axes: Any) -> None:
    """Every other epoch is shaded; names are on two levels, so that those of short ones do not meet."""
    changes = [0, *(np.flatnonzero(names[1:] != names[:-1]) + 1), len(names)]
    for k, (first, last) in enumerate(itertools.pairwise(changes)):
        begin, end = edges[first], edges[last]
        for ax in axes if k % 2 else ():
            ax.axvspan(begin, end, color=plot.COLORS["grey"], alpha=0.15, linewidth=0)
        place: Any = {"xycoords": axes[0].get_xaxis_transform(), "textcoords": "offset points", "ha": "center"}
        axes[0].annotate(names[first], ((begin + end) / 2, 1.0), (0, 2 + 8 * (k % 2)), fontsize=7.5, **place)
