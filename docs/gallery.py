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


def orbit_diagram():
    """**Orbit diagram.** Where the logistic map goes in the long run, for each r: the period doubles again and again; then chaos,
    with windows of order."""
    seen = dr.orbit_diagram(dr.Logistic(), "r", np.linspace(2.8, 4.0, 1200), transient=500, rows=150)
    dr.plot.orbit_diagram(seen)


def basins():
    """**Basins of attraction.** The decision circuit without noise and without a stimulus: it comes to rest, or holds one of two
    choices."""
    from dynrnn import analysis

    square = {"S1": (0, 1), "S2": (0, 1)}
    found = analysis.basins(dr.WongWang(sigma=0.0), square, resolution=150, dt="2 ms")
    _, ax = plt.subplots(figsize=(4.4, 4), layout="constrained")
    dr.plot.basins(found, ax)


def fractions():
    """**Basins along a parameter.** The same three, under a growing stimulus without direction: the share of random starts that
    each of them gets. Rest, here number 2, gives way and ends in a pitchfork at 10.7 Hz: then a choice is inevitable."""
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
    branches,
    orbit_diagram,
    basins,
    fractions,
    tipping,
    poincare_section,
    return_map,
    power_spectrum,
    autocorrelation,
    components,
    correlation_sum,
    recurrence_plot,
    delay_embedding,
    psychometric,
    forecast,
    horizon_errors,
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
