"""Wong and Wang's decision circuit: its fixed points, and how its choices and reaction times depend on coherence.

Question: does the two-variable circuit rest where it should, with and without a stimulus, and does it decide like an observer,
more accurately and sooner where the motion is more coherent?

Source: K.-F. Wong and X.-J. Wang, Journal of Neuroscience 26 (2006) 1314. Fixed points were computed independently, to five
digits. A Weibull function with alpha of about 9.2 % and beta of about 1.5 is recalled for the paper's circuit: it is shown
beside ours and nothing is claimed of it, as it depends on how decisions are read.

Protocol: fixed points from a grid of starts, noise left out. Decisions: from the spontaneous state, 30 Hz from t = 0 for 2 s,
Euler-Maruyama at 0.1 ms as in the paper, 500 trials at each coherence. Rates are means over 50 ms; the population whose rate is
first at 15 Hz has decided, and its reaction time is that moment, without the time of senses and muscles. Accuracy is taken
among the trials with a decision. The Weibull function has a guess rate of 1/2 and no lapses. `fast` takes 100 trials.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

import dynrnn as dr
from dynrnn import plot
from dynrnn.study import Claim

COHERENCES = (0.0, 3.2, 6.4, 12.8, 25.6, 51.2)
MU0, THRESHOLD, DURATION, DT, EVERY, WINDOW = 30.0, 15.0, 2.0, 1e-4, 10, 50
SHOWN = 6.4
RECALLED = {"alpha": 9.2, "beta": 1.5}
# (mu0, coherence): stable points and saddles, (S1, S2)
KNOWN = {
    (0.0, 0.0): (
        [(0.10265, 0.10265), (0.56699, 0.03189), (0.03189, 0.56699)],
        [(0.31384, 0.05579), (0.05579, 0.31384)],
    ),
    (30.0, 0.0): ([(0.65869, 0.05181), (0.05181, 0.65869)], [(0.42446, 0.42446)]),
    (30.0, 6.4): ([(0.66308, 0.04894), (0.05495, 0.65404)], [(0.40728, 0.43928)]),
    (30.0, 100.0): ([(0.70928, 0.02396)], []),
}


def run(seed: int, fast: bool):
    """Fixed points, decisions by coherence with their psychometric fit, some trajectories, and the claims."""
    trials = 100 if fast else 500
    claims = [fixed_point_claim(mu0, coherence, *known) for (mu0, coherence), known in KNOWN.items()]
    decided = [decisions(c, trials, np.random.default_rng([seed, k])) for k, c in enumerate(COHERENCES)]
    data = xr.concat(decided, xr.Variable("coherence", list(COHERENCES), {"units": "%"}))
    data["trials"] = data["reaction_time"].notnull().sum("trial")
    data["accuracy"] = (data["chosen"] == "rate1").sum("trial") / data["trials"]
    data["median_time"] = data["reaction_time"].median("trial").assign_attrs(long_name="median reaction time", units="s")
    some = data.sel(coherence=slice(1e-9, None))
    fit = dr.psychometric_fit(some["coherence"], some["accuracy"] * some["trials"], some["trials"], form="weibull")
    data = data.drop_vars("chosen").assign(estimate=fit["estimate"], std_error=fit["std_error"], course=trajectories(seed))
    data["curve"] = dr.psychometric_curve(fit).rename(strength="strength_of_curve")

    accuracy, slower = data["accuracy"].values.tolist(), float(data["median_time"].diff("coherence").max())
    rise, without = min(np.diff(accuracy[:-1]).tolist()), 1 - data["trials"].values[0].item() / trials
    return data, [
        *claims,
        Claim("no coherence: share of choices of 1", 0.5, accuracy[0], "within", 1.5 * trials**-0.5, source="symmetry"),
        Claim("accuracy: smallest rise from one coherence to the next, up to 25.6 %", 0.0, rise, "at least"),
        Claim("accuracy at 51.2 %", 0.99, accuracy[-1], "at least"),
        Claim("median reaction time: largest change from one coherence to the next, s", 0.0, slower),
        Claim("no coherence: share of trials without a decision", 0.05, without),
    ]


# ------------------------------------------------------------------------------------------------- fixed points


def fixed_points(mu0: float, coherence: float) -> xr.Dataset:
    """All that a grid of starts in the unit square leads to."""
    side = np.linspace(0.0, 0.9, 10)
    S1, S2 = (part.ravel() for part in np.meshgrid(side, side))
    starts = np.stack([S1, S2, np.zeros_like(S1), np.zeros_like(S1)], axis=1)
    found = dr.analysis.fixed_points(dr.WongWang(), inputs=[mu0, coherence], candidates=starts)
    return found.isel(point=found["converged"] & (found["S"] >= 0).all("unit") & (found["S"] <= 1).all("unit"))


def fixed_point_claim(mu0: float, coherence: float, stable: list, saddles: list) -> Claim:
    """How far ours are from the table, which must name each of them once and get its stability right."""
    found, error = fixed_points(mu0, coherence), 0.0
    for known, kind in ((stable, True), (saddles, False)):
        mine = found["S"].values[found["stable"].values == kind]
        if len(mine) != len(known):
            error = np.inf
        elif known:
            distances = np.abs(mine[:, None] - np.array(known)).max(axis=2)
            error = max(error, distances.min(axis=0).max().item(), distances.min(axis=1).max().item())
    what = f"fixed points at {mu0:g} Hz, {coherence:g} % ({len(stable)} stable, {len(saddles)} saddle): largest distance"
    return Claim(what, 1e-4, error, source="computed independently")


# ---------------------------------------------------------------------------------------------------- decisions


def simulated(coherence: float, trials: int, rng: np.random.Generator, record: str) -> xr.DataArray:
    """Some trials under one stimulus, a row per millisecond."""
    inputs = np.tile([MU0, coherence], (round(DURATION / DT), 1))
    spontaneous = np.array([*KNOWN[0.0, 0.0][0][0], 0.0, 0.0])
    x0 = np.tile(spontaneous, (trials, 1))
    return dr.simulate(dr.WongWang(), inputs, dt=DT, x0=x0, rng=rng, record=record, every=EVERY)[record]


def decisions(coherence: float, trials: int, rng: np.random.Generator) -> xr.Dataset:
    """Who decides, and when: `reaction_time` and `chosen` (trial)."""
    rates = simulated(coherence, trials, rng, "output")
    smooth = rates.rolling(time=WINDOW).mean().isel(time=slice(WINDOW - 1, None))
    return dr.reaction_times(smooth, THRESHOLD)[["reaction_time", "chosen"]].drop_attrs()


def trajectories(seed: int) -> xr.DataArray:
    """Ten trials in the plane of S1 and S2."""
    course = simulated(SHOWN, 10, np.random.default_rng([seed, 100]), "S").isel(time=slice(None, 1500, 5))
    return course.drop_attrs().rename(trial="shown", time="time_of_course")


def figure(data: xr.Dataset):
    """The psychometric curve, reaction times, and decisions in the plane with the fixed points."""
    fig, (left, middle, right) = plot.figure(1, 3, width=11.0, height=3.6)
    shown = data.sel(coherence=slice(1e-9, None)).rename(coherence="strength", accuracy="proportion")
    shown["strength"].attrs.update(long_name="coherence", units="%")
    shown["proportion"].attrs.update(long_name="accuracy")
    plot.psychometric(shown[["proportion", "trials"]], left, fit=data["curve"].rename(strength_of_curve="strength"))
    alpha, beta = data["estimate"].values[:2]
    left.set(xscale="log", ylim=(0.45, 1.02))
    left.set_xticks(COHERENCES[1:], [f"{c:g}" for c in COHERENCES[1:]])
    left.minorticks_off()
    left.set_title(f"α = {alpha:.1f} %, β = {beta:.2f}\n(recalled of the paper: {RECALLED['alpha']} %, {RECALLED['beta']})")
    place, times = np.arange(len(COHERENCES)), data["reaction_time"]
    middle.vlines(place, *times.quantile([0.25, 0.75], "trial").values, color=plot.COLORS["black"], linewidth=1)
    middle.plot(place, data["median_time"], "o", color=plot.COLORS["black"], markersize=4)
    middle.set(xlabel="coherence (%)", ylabel="reaction time (s)", ylim=(0, None), title="median and middle half")
    middle.set_xticks(place, [f"{c:g}" for c in COHERENCES])
    plane = data["course"].rename(shown="trial", time_of_course="time").to_dataset(name="S")
    limits = {"xlim": (0.0, 0.8), "ylim": (0.0, 0.8)}
    plot.phase_portrait(dr.WongWang(), right, x="S1", y="S2", u=[MU0, SHOWN], results=plane, **limits)
    points = fixed_points(MU0, SHOWN)
    for stable, face in ((True, plot.COLORS["green"]), (False, "white")):
        S = points["S"].values[points["stable"].values == stable]
        right.plot(S[:, 0], S[:, 1], "s", markersize=7, color=plot.COLORS["green"], markerfacecolor=face, zorder=5)
    right.set_title(f"{data.sizes['shown']} trials at {SHOWN} %; squares: fixed points\n\n")
    return fig
