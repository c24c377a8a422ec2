"""The gallery: a figure for each kind of plot, with the code that drew it.

    python docs/gallery.py

writes docs/gallery.md and the figures in docs/gallery/. A figure is a function: its name is that of its file, its docstring
the caption, its body the code that is shown and run. `BEGIN` is run, and shown, once for all of them.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

import dynrnn as dr

HERE = Path(__file__).parent
TARGET = HERE / "gallery"
BEGIN = """
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

import dynrnn as dr
"""


def portrait():
    """**Portrait.** What a person would look at first, in one call: Lorenz's flow. Panels depend on the system."""
    figure = plt.figure(figsize=(9.5, 9), layout="constrained")
    dr.analysis.portrait(dr.Lorenz63(), figure=figure)


def portrait_of_a_network():
    """**Portrait of a network.** The same call for 100 random rate units with the gain 2.5: chaos among saddles."""
    figure = plt.figure(figsize=(9.5, 9), layout="constrained")
    dr.analysis.portrait(dr.RateNetwork.random(100, g=2.5, rng=0), figure=figure)


def phase_line():
    """**One variable.** A neuron that excites itself (a CTRNN): where the graph falls through 0 it is at rest, here at two levels
    with a threshold between them."""
    neuron = dr.CTRNN([[8.0]], theta=-4.0)
    points = dr.fixed_points(neuron, rng=1)
    dr.plot.phase_line(neuron, xlim=(-2, 10), points=points)


def phase_portrait():
    """**Phase portrait.** FitzHugh and Nagumo's neuron: where it goes from each point of its plane, the nullclines of both
    variables, and two runs. The nullclines meet on the rising branch, where rest is unstable: all runs end on one cycle."""
    neuron = dr.FitzHughNagumo(I=0.5)
    runs = [dr.simulate(neuron, x0=x0, duration=100, dt=0.1) for x0 in ([-2.0, 1.5], [0.1, 0.4])]
    dr.plot.phase_portrait(neuron, xlim=(-2.5, 2.5), ylim=(-0.8, 1.8), results=runs)


def trajectory_over_time():
    """**Variables over time.** Beer's oscillator of two neurons (a CTRNN): their outputs, over two periods of 29 tau."""
    neurons = dr.CTRNN(W=[[4.5, 1.0], [-1.0, 4.5]], theta=[-2.75, -1.75])
    run = dr.simulate(neurons, duration=60, dt=0.02)
    outputs = run["output"].assign_coords(feature=["neuron 1", "neuron 2"])
    dr.plot.trajectory(outputs).set_ylabel("output")


def trajectory_in_a_plane():
    """**Variables against each other.** Wong and Wang's decision circuit, 20 trials of motion with coherence 6.4 %: both
    populations set out together, then one of them wins. The dots are where trials begin."""
    shown = np.broadcast_to([30.0, 6.4], (1500, 2))  # mu0 (Hz) and coherence (%), row by row
    run = dr.simulate(dr.WongWang(), shown, dt="1 ms", trials=20, every=10, rng=1)
    _, ax = plt.subplots(figsize=(5, 4), layout="constrained")
    dr.plot.trajectory(run, ax, x="S1", y="S2")


def trajectory_in_space():
    """**Three variables.** The attractor of Lorenz's flow of 1963."""
    run = dr.simulate(dr.Lorenz63(), duration=60, dt=0.01, washout=1000)
    _, ax = plt.subplots(figsize=(5, 4.2), layout="constrained")
    ax = dr.plot.trajectory(run, ax, x="x", y="y", z="z")
    ax.lines[0].set_linewidth(0.6)


def activity_of_a_field():
    """**Activity.** The Kuramoto-Sivashinsky equation on a ring of length 60, from noise: waves that split and merge without
    end."""
    field = dr.KuramotoSivashinsky(n=128, length=60)
    x0 = 0.1 * np.random.default_rng(0).normal(size=128)
    run = dr.simulate(field, x0=x0, duration=200, dt=0.5, method="etdrk4")
    place = xr.DataArray(field.grid, dims="unit", attrs={"long_name": "place"})
    dr.plot.activity(run["state"].rename("u").assign_coords(unit=place))


def activity_of_a_ring():
    """**Activity of a population.** A ring attractor: the bump of activity holds an angle, and turns with the velocity that it
    is given, 2 rad/s from 1 s to 2 s and back from 3 s to 4 s."""
    ring = dr.RingAttractor(n=64)
    there = dr.inputs.pulses("5 s", "5 ms", at="1 s", width="1 s", amplitude=2.0)
    back = dr.inputs.pulses("5 s", "5 ms", at="3 s", width="1 s", amplitude=-2.0)
    run = dr.simulate(ring, there + back, dt="5 ms", x0=ring.bump(np.pi / 2))
    angle = xr.DataArray(np.rad2deg(ring.angles), dims="unit", attrs={"long_name": "preferred angle", "units": "degrees"})
    ax = dr.plot.activity(run["state"].clip(min=0).assign_coords(unit=angle).assign_attrs(long_name="rate"))
    ax.set_yticks(range(0, 360, 90))


def raster():
    """**Spikes.** 100 leaky integrate-and-fire neurons, of which the last 20 inhibit. The input, which each of them hears with a
    weight of its own, rises after 0.3 s."""
    network = dr.LIF.random(100, weight=4e-3, inhibition=4.0, noise_std=3e-3, rng=1)
    drive = 0.8 + dr.inputs.step("0.6 s", "0.1 ms", at="0.3 s", amplitude=0.5)
    run = dr.simulate(network, drive, record="spike", rng=2)
    dr.plot.raster(run)


def fixed_points():
    """**Fixed points.** Wong and Wang's circuit under a stimulus without direction: two choices, and a saddle between them. Ten
    trials set out towards the saddle, until noise decides."""
    circuit = dr.WongWang()
    points = dr.fixed_points(circuit, inputs=[30.0, 0.0], rng=0)
    run = dr.simulate(circuit, np.broadcast_to([30.0, 0.0], (1500, 2)), dt="1 ms", trials=10, every=10, rng=1)
    _, ax = plt.subplots(figsize=(5.5, 4), layout="constrained")
    dr.plot.fixed_points(points, ax, trajectories=run, x="S1", y="S2")


def eigenvalues():
    """**Stability.** Eigenvalues of the fixed points of a random network of 80 rate units, against the imaginary axis."""
    network = dr.RateNetwork.random(80, g=1.6, rng=4)
    points = dr.fixed_points(network, candidates=40, rng=0)
    _, ax = plt.subplots(figsize=(5.5, 4), layout="constrained")
    dr.plot.eigenvalues(points, ax)


def exponents():
    """**Lyapunov exponents.** The first 12 of Lorenz's chain of 1996 with 20 sites: six grow, and one is zero, along the flow."""
    spectrum = dr.lyapunov_spectrum(dr.Lorenz96(n=20), 12, duration=300, dt=0.01)
    dr.plot.exponents(spectrum)


def convergence():
    """**Convergence.** Hénon's map: the averages of both exponents up to each step; their sum is always ln 0.3."""
    spectrum = dr.lyapunov_spectrum(dr.Henon(), steps=20_000, local=True)
    dr.plot.convergence(spectrum)


def mean_field():
    """**A theory and networks.** The largest exponent of random networks of rate units, and what it is for infinitely many
    units: chaos sets in at the gain 1. Among 200 units, here three networks for each gain, it varies, and sets in later."""
    g, gains = np.linspace(0.6, 2.2, 17), [0.8, 1.2, 1.6, 2.0]
    exponents = [dr.analysis.mean_field_flow(float(one))["largest"] for one in g]
    theory = xr.DataArray(exponents, {"g": g}, name="theory", attrs={"long_name": "largest exponent"})
    measured = xr.DataArray(np.empty((3, 4)), {"g": gains}, ("seed", "g"), name="networks")
    for seed in range(3):
        for k, gain in enumerate(gains):
            network = dr.RateNetwork.random(200, g=gain, rng=seed)
            start = np.random.default_rng(seed).normal(size=200)
            spectrum = dr.lyapunov_spectrum(network, 1, duration=200, dt=0.1, transient=100, x0=start)
            measured[seed, k] = spectrum["exponent"][0]
    dr.plot.curve(theory, points=measured).axhline(0, color=dr.plot.COLORS["grey"], linewidth=0.8)


def alignment():
    """**Alignment.** Two orbits of Chirikov's standard map: in the sea of chaos tangent vectors line up exponentially fast, and
    the logarithm of their area falls along a line; on a torus they do not."""
    starts = {"chaotic": [0.1, 0.1], "regular": [3.0, 0.1]}
    each = [dr.analysis.gali(dr.StandardMap(K=1.5), steps=100, x0=x0) for x0 in starts.values()]
    dr.plot.curve(xr.concat(each, "orbit").assign_coords(orbit=list(starts)))


def angles():
    """**Angles.** Hénon's map: the angles between the covariant Lyapunov vectors, the direction that is stretched and the
    one that shrinks, along an orbit. They reach down to 0, where both are tangent: the map is not hyperbolic."""
    vectors = dr.covariant_vectors(dr.Henon(), steps=20_000, interval=1)
    ax = dr.plot.densities({"Hénon": vectors["angle"].assign_attrs(long_name="angle")}, bins=90)
    ax.get_legend().remove()


def zero_one_test():
    """**0-1 test.** How surely a particle wanders that the logistic map drives, at each of 100 frequencies c: K near 1 says
    chaos, at r = 3.97; near 0 a regular motion, at r = 3.55, where the period is 8."""
    runs = {r: dr.simulate(dr.Logistic(r=r), steps=3000, washout=1000)["state"] for r in (3.55, 3.97)}
    each = [dr.analysis.zero_one_test(run) for run in runs.values()]
    dr.plot.curve(xr.concat(each, "r", combine_attrs="drop_conflicts").assign_coords(r=list(runs)))


def branches():
    """**Branches and bifurcations.** States of rest of Lorenz's flow by the heating rho, dashed where unstable: convection is
    born in a pitchfork at 1, and loses its stability in a Hopf bifurcation at 24.74, where an unstable cycle (blue, its smallest
    and largest x) shrinks onto it."""
    from dynrnn.analysis import switch

    flow = dr.Lorenz63(rho=0.5)
    still = dr.continuation(flow, "rho", [0.0, 0.0, 0.0], range=(0, 30))
    convection = switch(flow, still)
    hopf = np.flatnonzero(convection.kind == "hopf")[-1]
    cycle = switch(flow, convection, int(hopf), range=(15, 30))
    dr.plot.branches([still, convection, cycle], unit="x")


def bifurcation_curves():
    """**Bifurcations in a plane.** Beer's oscillator of two neurons, in closed form: the inputs at which states of rest meet
    (folds, with cusps), and those at which they begin to oscillate (Hopf)."""
    from dynrnn.analysis import fold_curves, hopf_curves

    W, outputs = [[4.5, 1.0], [-1.0, 4.5]], np.arange(1, 4000) / 4000
    _, ax = plt.subplots(figsize=(5.5, 4), layout="constrained")
    dr.plot.bifurcation_curves([fold_curves(W, outputs), hopf_curves(W, outputs=outputs)], ax)
    ax.set(xlim=(-4.25, -1.25), ylim=(-3.25, -0.25))


def fold_inputs():
    """**Cusp.** A neuron that excites itself, in closed form: between the lines it has two stable states."""
    w = np.linspace(4, 10, 601)
    both, coords = np.stack(dr.analysis.fold_inputs(w)), {"fold": ["left", "right"], "self-weight": w}
    dr.plot.curve(xr.DataArray(both, coords, ("fold", "self-weight"), attrs={"long_name": "input + bias"}))


def orbit_diagram():
    """**Orbit diagram.** Where the logistic map goes in the long run, for each r: the period doubles again and again; then chaos,
    with windows of order."""
    seen = dr.orbit_diagram(dr.Logistic(), "r", np.linspace(2.8, 4.0, 1200), transient=500, rows=150)
    dr.plot.orbit_diagram(seen)


def periodic_points():
    """**Periodic points.** Hénon's map: its orbits of the periods 1, 2 and 4. All are saddles; those on the attractor are visited
    again and again."""
    points = dr.analysis.periodic_points(dr.Henon(), 4, rng=0)
    run = dr.simulate(dr.Henon(), steps=5000, washout=100)
    ax = dr.plot.poincare_section(run["state"], x="x", y="y")
    ax.lines[0].set_color(dr.plot.COLORS["grey"])
    dr.plot.landmarks(points, ax)


def basins():
    """**Basins of attraction.** The decision circuit without noise and without a stimulus: it comes to rest, or holds one of two
    choices."""
    from dynrnn import analysis

    square = {"S1": (0, 1), "S2": (0, 1)}
    found = analysis.basins(dr.WongWang(sigma=0.0), square, resolution=150, dt="2 ms")
    _, ax = plt.subplots(figsize=(4.4, 4), layout="constrained")
    dr.plot.basins(found, ax)


def edge_state():
    """**Edge.** The same: the border between rest and a choice, from where it is first met (the dot) to the saddle that all
    states on it come to."""
    from dynrnn import analysis

    circuit, square = dr.WongWang(sigma=0.0), {"S1": (0, 1), "S2": (0, 1)}
    found = analysis.basins(circuit, square, resolution=100, dt="2 ms")
    outside = [0.9, 0.9, 0.0, 0.0], [0.9, 0.3, 0.0, 0.0]
    edge = analysis.edge_state(circuit, *outside, found, dt="2 ms")
    _, ax = plt.subplots(figsize=(5.6, 4), layout="constrained")
    dr.plot.landmarks(edge, dr.plot.basins(found, ax))


def critical_shock():
    """**The smallest shock** that makes the circuit leave its rest, for a choice."""
    from dynrnn import analysis

    circuit, square = dr.WongWang(sigma=0.0), {"S1": (0, 1), "S2": (0, 1)}
    found = analysis.basins(circuit, square, resolution=100, dt="2 ms")
    rest = int(found["basin"].sel(S1=0, S2=0, method="nearest"))
    shock = analysis.minimal_critical_shock(circuit, found, rest, largest=0.5, variables=["S1", "S2"], dt="2 ms", rng=0)
    _, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    dr.plot.landmarks(shock, dr.plot.basins(found, ax))


def return_time():
    """**Return times.** How long the circuit takes to come to rest or to a choice: longest along the borders between them."""
    from dynrnn import analysis

    circuit, square = dr.WongWang(sigma=0.0), {"S1": (0, 1), "S2": (0, 1)}
    found = analysis.basins(circuit, square, resolution=20, dt="2 ms")
    times = analysis.return_time(circuit, found, square, epsilon=0.01, resolution=150, dt="2 ms")
    _, ax = plt.subplots(figsize=(5, 4), layout="constrained")
    dr.plot.return_time(times, ax)


def basin_stability():
    """**Basin stability.** The probability that the circuit returns to each of the three after a random shock to both
    populations, with its 95 % interval."""
    from dynrnn import analysis

    circuit, square = dr.WongWang(sigma=0.0), {"S1": (0, 1), "S2": (0, 1)}
    found = analysis.basins(circuit, square, resolution=20, dt="2 ms")
    shocks = {"S1": (-0.3, 0.3), "S2": (-0.3, 0.3)}
    stability = analysis.basin_stability(circuit, found, shocks, samples=200, epsilon=0.01, dt="2 ms", rng=0)
    _, ax = plt.subplots(figsize=(4, 3), layout="constrained")
    dr.plot.fractions(stability, ax)


def fractions():
    """**Basins along a parameter.** The same three, under a growing stimulus without direction: the share of random starts that
    each of them gets. Rest, here number 1, gives way and ends in a pitchfork at 10.7 Hz: then a choice is inevitable."""
    from dynrnn import analysis

    circuit, square = dr.WongWang(sigma=0.0), {"S1": (0, 1), "S2": (0, 1)}
    end = analysis.Features(transient=2500, rows=1)
    along = analysis.basin_fractions(circuit, "input[0]", np.arange(0.0, 21.0), square, by=end, samples=400, dt="2 ms", rng=1)
    dr.plot.fractions(along).set_xlabel("mu0 (Hz)")


def tipping():
    """**Tipping.** The self-exciting neuron while its bias falls slowly: the active state, number 1, gives way where it meets the
    unstable one between both; rest stays."""
    from dynrnn import analysis

    path = np.linspace(-3.5, -6.5, 301)
    drift = analysis.tipping(dr.CTRNN([[8.0]]), "theta[0]", path, {0: (-4, 10)}, hold=0.5, dt=0.05)
    dr.plot.tipping(drift).set_ylabel("state")


def transitions():
    """**A sudden change.** Where the states in each basin of the circuit end when a stimulus that favours population 1 comes on
    at once: rest, number 1, is gone, and most choices of population 2, number 0, stay."""
    from dynrnn import analysis

    circuit, square = dr.WongWang(sigma=0.0), {"S1": (0, 1), "S2": (0, 1)}
    before = analysis.basins(circuit, square, resolution=60, dt="2 ms")
    after = analysis.basins(circuit, square, resolution=60, dt="2 ms", inputs=[30.0, 25.6])
    after = analysis.match_attractors(before, after)
    _, ax = plt.subplots(figsize=(4, 3), layout="constrained")
    dr.plot.transitions(analysis.tipping_probabilities(before, after), ax)


def poincare_section():
    """**Poincaré section.** Rössler's band where y rises through 0: lifted and folded over, and so thin that it looks like a
    curve."""
    from dynrnn.analysis import poincare_section
    from dynrnn.integrate import Crossing

    section = poincare_section(dr.Rossler(), Crossing("y", direction=1), duration=12000, dt=0.02, washout=5000)
    _, ax = plt.subplots(figsize=(5, 4), layout="constrained")
    dr.plot.poincare_section(section, ax, x="x", y="z")


def return_map():
    """**Return map.** Each maximum of z in Lorenz's flow against the one before: nearly a curve, and steeper than 1 wherever it
    is seen, which speaks against stable cycles."""
    from dynrnn.analysis import successive_maxima

    run = dr.simulate(dr.Lorenz63(), duration=800, dt=0.01, washout=1000)
    _, ax = plt.subplots(figsize=(5, 4.2), layout="constrained")
    dr.plot.return_map(successive_maxima(run["state"].sel(unit="z")), ax)


def power_spectrum():
    """**Power spectrum.** Rössler's x has a sharp line, the turns of its band, and harmonics of it; Lorenz's x has none: chaos
    with and without a clock. Both are scaled to variance 1."""
    from dynrnn.analysis import power_spectrum

    flows = {"Rössler": dr.Rossler(), "Lorenz": dr.Lorenz63()}
    runs = [dr.simulate(flow, duration=4000, dt=0.02, washout=5000, every=4) for flow in flows.values()]
    xs = [run["state"].sel(unit="x", drop=True) for run in runs]
    spectra = [power_spectrum(x / x.std(), segment=4096).squeeze("unit", drop=True) for x in xs]
    both = xr.concat(spectra, "flow", combine_attrs="override").assign_coords(flow=list(flows))
    dr.plot.power_spectrum(both.sel(frequency=slice(None, 2)))


def autocorrelation():
    """**Autocorrelation.** x of Rössler's flow keeps its phase for long, that of Lorenz's forgets it within a few turns."""
    from dynrnn.analysis import autocorrelation

    flows = {"Rössler": dr.Rossler(), "Lorenz": dr.Lorenz63()}
    runs = [dr.simulate(flow, duration=2000, dt=0.02, washout=5000) for flow in flows.values()]
    each = [autocorrelation(run["state"].sel(unit="x"), longest=1500).squeeze("unit", drop=True) for run in runs]
    dr.plot.autocorrelation(xr.concat(each, "flow", combine_attrs="override").assign_coords(flow=list(flows)))


def components():
    """**Directions of activity.** The first twenty principal components of 200 chaotic rate units: six of them carry most of
    the variance."""
    from dynrnn.analysis import principal_components

    network = dr.RateNetwork.random(200, g=2.5, rng=1)
    run = dr.simulate(network, duration=500, dt=0.1, washout=1000, x0=np.random.default_rng(0).normal(size=200))
    dr.plot.components(principal_components(run, 20))


def correlation_sum():
    """**Correlation dimension.** Hénon's attractor: the share of pairs nearer than r grows like a power of r, here 1.2."""
    from dynrnn.analysis import correlation_dimension

    run = dr.simulate(dr.Henon(), steps=20_000, washout=1000)
    _, ax = plt.subplots(figsize=(5, 4), layout="constrained")
    dr.plot.correlation_sum(correlation_dimension(run), ax)


def recurrence_plot():
    """**Recurrence plot.** Lorenz's flow: black where the state at one time is near that at another. Blocks of parallel lines are
    turns around one of its two unstable points."""
    from dynrnn.analysis import recurrence_plot

    run = dr.simulate(dr.Lorenz63(), duration=30, dt=0.01, washout=1000, every=3)
    _, ax = plt.subplots(figsize=(4.6, 4.4), layout="constrained")
    dr.plot.recurrence_plot(recurrence_plot(run, rate=0.05), ax)


def delay_embedding():
    """**Delay embedding.** Mackey and Glass's delay equation: its one variable, against the same 17 time units before."""
    from dynrnn.analysis import delay_embedding

    run = dr.simulate(dr.MackeyGlass(), duration=1100, dt=0.1, washout=5000, every=5)
    _, ax = plt.subplots(figsize=(5, 4.2), layout="constrained")
    dr.plot.delay_embedding(delay_embedding(run, dimension=2, delay=34), ax)


def embedding_delay():
    """**A delay to embed with.** x of Rössler's flow: the information that two values share, by the time between them. Its first
    minimum is marked, about a quarter of a turn."""
    run = dr.simulate(dr.Rossler(), duration=2000, dt=0.02, washout=5000, every=5)
    dr.plot.curve(dr.analysis.embedding_delay(run["state"].sel(unit="x"), longest=150))


def psychometric():
    """**Choices.** The same decision circuit at eleven coherences, 120 trials each: how often population 1 is the first to
    reach 15 Hz, and the cumulative Gaussian that fits best."""
    levels = np.array([-25.6, -12.8, -6.4, -3.2, -1.6, 0.0, 1.6, 3.2, 6.4, 12.8, 25.6])
    coherence = xr.DataArray(np.repeat(levels, 120), dims="trial", attrs={"long_name": "coherence", "units": "%"})
    shown = np.stack([np.full((1320, 2500), 30.0), np.repeat(coherence.values[:, None], 2500, axis=1)], axis=-1)
    run = dr.simulate(dr.WongWang(), shown, dt="1 ms", record="output", every=5, rng=1)
    first = dr.reaction_times(run["output"], threshold=15.0)
    fit = dr.psychometric_fit(coherence, first.chosen == "rate1")
    ax = dr.plot.psychometric(fit, fit=dr.psychometric_curve(fit))
    ax.set_ylabel("choices of population 1")


def reaction_times():
    """**Reaction times.** The circuit at a coherence of 6.4 %, 600 trials: when population 1, which is right, or 2 reaches 15 Hz.
    The area under each is its share of the trials."""
    shown = np.broadcast_to([30.0, 6.4], (2500, 2))
    run = dr.simulate(dr.WongWang(), shown, dt="1 ms", trials=600, record="output", every=5, rng=1)
    dr.plot.densities(dr.reaction_times(run["output"], threshold=15.0), bins=25)


def forecast():
    """**Forecast.** The yearly number of sunspots, the last 22 years held out: the median of eight reservoirs, and the interval
    between their 5 % and 95 % quantiles."""
    y = dr.tasks.sunspots()
    ahead = dr.ReservoirForecaster(transformation="sqrt", n_members=8, random_state=0).fit(y[:-22]).forecast(22)
    low, high = (ahead.quantiles.sel(quantile=q, drop=True) for q in (0.05, 0.95))
    parts = {"history": y[-110:-22], "truth": y[-22:], "forecast": ahead.forecast, "lower": low, "upper": high}
    data = xr.Dataset(parts)
    data["lower"].attrs["long_name"] = "90 % interval"
    dr.plot.forecast(data)


def horizon_errors():
    """**Errors of a forecast.** Sunspots again, from eight origins: the mean absolute error by years ahead, beside the
    baselines that everybody has."""
    model = dr.ReservoirForecaster(transformation="sqrt", n_members=8, random_state=0)
    report = dr.forecast.backtest(dr.tasks.sunspots(), horizon=11, folds=8, model=model)
    errors = report["mae"].assign_attrs(long_name="mean absolute error")
    dr.plot.horizon_errors(errors).set_xlabel("years ahead")


def climate():
    """**Climate of a forecaster.** An echo state network of 300 units has learnt Lorenz's flow a step ahead, and runs free: its z
    is distributed like that of the flow, which it cannot follow for long."""
    x = dr.simulate(dr.Lorenz63(), duration=400, dt=0.02, washout=1000)["state"] / 10
    network = dr.ESN.random(300, inputs=3, spectral_radius=0.9, input_scaling=0.3, bias_scaling=0.3, rng=1)
    states = dr.simulate(network, x[:9999])["state"]
    readout = dr.Ridge(1e-8).fit(states.values, x[1:10000].values, washout=200)
    free = dr.simulate(dr.ClosedLoop(network, readout), x0=states[-1].values, steps=10_000)["output"]
    dr.plot.densities({"Lorenz": 10 * x[10000:].sel(unit="z"), "network": 10 * free[:, 2].values}).set_xlabel("z")


def climate_distances():
    """**Distances of climates.** Lorenz's flow at the heating rho = 29 as a model of that at 28: how far apart they are by each
    measure, a dot for each variable."""
    runs = [dr.simulate(dr.Lorenz63(rho=rho), duration=500, dt=0.02, washout=1000) for rho in (29.0, 28.0)]
    ax = dr.plot.dots(dr.analysis.compare_climate(*runs)["distance"], of="variable")
    ax.set_ylim(bottom=0)


def dots():
    """**Results by seed.** Error of echo state networks of 100 units on NARMA10: a dot for each of eight networks, a bar for
    their median."""
    task = dr.tasks.narma(4000, order=10, rng=0)
    error = xr.DataArray(np.empty((8, 3)), dims=("seed", "radius"), coords={"radius": [0.5, 0.8, 0.95]})
    for seed in range(8):
        for k, radius in enumerate(error.radius.values):
            network = dr.ESN.random(100, spectral_radius=radius, input_scaling=0.1, bias_scaling=0.3, rng=seed)
            states = dr.simulate(network, task["inputs"])["state"]
            readout = dr.Ridge(1e-8).fit(states[:2000], task["targets"][:2000], washout=100)
            miss = readout.predict(states[2000:]).values - task["targets"][2000:].values
            error[seed, k] = np.mean(miss**2) / np.var(task["targets"][2000:].values)
    ax = dr.plot.dots(error.assign_attrs(long_name="NMSE of NARMA10"), bars=error.median("seed"))
    ax.set(xlabel="spectral radius", ylim=(0, None))


FIGURES = (
    portrait,
    portrait_of_a_network,
    phase_line,
    phase_portrait,
    trajectory_over_time,
    trajectory_in_a_plane,
    trajectory_in_space,
    activity_of_a_field,
    activity_of_a_ring,
    raster,
    fixed_points,
    eigenvalues,
    exponents,
    convergence,
    mean_field,
    alignment,
    angles,
    zero_one_test,
    branches,
    bifurcation_curves,
    fold_inputs,
    orbit_diagram,
    periodic_points,
    basins,
    edge_state,
    critical_shock,
    return_time,
    basin_stability,
    fractions,
    tipping,
    transitions,
    poincare_section,
    return_map,
    power_spectrum,
    autocorrelation,
    components,
    correlation_sum,
    recurrence_plot,
    delay_embedding,
    embedding_delay,
    psychometric,
    reaction_times,
    forecast,
    horizon_errors,
    climate,
    climate_distances,
    dots,
)


def body(figure: Callable[[], None]) -> str:
    """The code of a figure without its head and caption."""
    source = inspect.getsource(figure)
    return textwrap.dedent(source[source.index('"""\n', source.index('"""') + 3) + 4 :])


def section(figure: Callable[[], None]) -> str:
    """Caption, figure and code as Markdown."""
    caption = " ".join((figure.__doc__ or "").split())
    alt = caption.split("**")[1].rstrip(".")
    return f"{caption}\n\n![{alt}](gallery/{figure.__name__}.png)\n\n```python\n{body(figure)}```\n"


def page() -> str:
    """The whole page."""
    head = f"# Gallery\n\nWritten by `python docs/gallery.py`. All figures begin with\n\n```python\n{BEGIN.strip()}\n```\n"
    return "\n".join([head, *map(section, FIGURES)])


def draw(figure: Callable[[], None]) -> None:
    """What the code of a figure leaves as the current figure, written to its file."""
    with dr.plot.style():
        figure()
        dr.plot.save(plt.gcf(), TARGET / f"{figure.__name__}.png")
    plt.close("all")


def main() -> None:
    matplotlib.use("Agg")
    TARGET.mkdir(exist_ok=True)
    for figure in FIGURES:
        draw(figure)
        print(figure.__name__)
    (HERE / "gallery.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
