"""Lyapunov spectra: do they meet exact values, published numbers and mean-field theory, for every kind of system?

Question: does one call give the right exponents of maps and flows, of random networks, of a driven reservoir and of a reservoir
that was trained to be the Lorenz system?

Source: J. C. Sprott's tables for Lorenz (0.9056, 0, -14.5723) and Roessler (0.0714, 0, -5.3943); random networks from D. G.
Clark's mean-field theory and its simulations, see `dynrnn.analysis.mean_field`; trained reservoirs from J. Pathak et al.,
Chaos 27 (2017) 121102, whose third exponent of Lorenz was -10.5.

Protocol: Lorenz by RK4 at dt = 0.005 over 20 000 time units; Roessler by dopri5 at a tolerance of 1e-6 with the tangent
vectors in the error; Lorenz96 with 40 sites and F = 8. Random networks have independent normal couplings of variance g^2 / N;
the map x' = J tanh(x) and the flow x' = -x + J tanh(x) (RK4, dt 0.1; its couplings without a diagonal). Flows of 2000 units
are finite: at g = 2 they are often less chaotic than the theory of infinitely many. Larger ones are sparse, 20 000 units that
hear 100 others each with the weights ±g/10, whose mean field is the same. The transition is where the largest exponent changes
sign, on networks of 1000 units, maps and flows. The closed loop is an echo state network of 500 units, trained one step ahead
on 100 time units of Lorenz at dt = 0.02. `fast` takes smaller networks and shorter runs.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse
import xarray as xr

import dynrnn as dr
from dynrnn import plot
from dynrnn.analysis import mean_field_flow, mean_field_map
from dynrnn.study import Claim

KINDS = ("map", "flow")
_LARGE = 3  # networks of 20 000 units
SPROTT = "Sprott's tables"
THEORY = "mean-field theory"


def run(seed: int, fast: bool):
    """Exponents of everything, as one table, and the claims."""
    rows: dict[str, float] = {}
    claims = [*classics(fast, rows), *networks(seed, fast, rows), *reservoirs(seed, fast, rows)]
    g = np.array([0.8, 1.0, 1.2])
    seeds, units = (2, 400) if fast else (10, 1000)
    curves = np.array([[[transition(kind, units, each, [seed, s]) for each in g] for s in range(seeds)] for kind in KINDS])
    data = xr.Dataset(
        {"exponent": ("quantity", list(rows.values())), "largest": (("kind", "seed", "g"), curves)},
        {"quantity": list(rows), "kind": list(KINDS), "seed": range(seeds), "g": g},
    )
    for kind, curve in zip(KINDS, curves, strict=True):
        crossed = float(np.mean((curve[:, 0] < 0) & (curve[:, -1] > 0)))
        what = f"random {kind}s, {units} units: share whose largest exponent changes sign between g = 0.8 and 1.2"
        claims.append(Claim(what, 1.0, crossed, "at least", seeds=seeds, source="transition at g = 1"))
    return data, claims


def classics(fast: bool, rows: dict[str, float]) -> list[Claim]:
    """Henon, Lorenz, Roessler, Lorenz96."""
    henon = dr.lyapunov_spectrum(dr.Henon(), steps=100_000 if fast else 3_000_000)
    lorenz = dr.lyapunov_spectrum(dr.Lorenz63(), dt=0.005, duration=500 if fast else 20_000, x0=[1.0, 1.0, 1.0])
    duration = 300 if fast else 100_000
    roessler = dr.lyapunov_spectrum(
        dr.Rossler(), dt=1.0, duration=duration, method="dopri5", rtol=1e-6, atol=1e-6, x0=[1.0, 1.0, 0.0]
    )
    lorenz96 = dr.lyapunov_spectrum(dr.Lorenz96(), dt=0.02, duration=100 if fast else 1500)
    for name, spectrum in (("henon", henon), ("lorenz", lorenz), ("roessler", roessler)):
        rows |= {f"{name} {i + 1}": float(value) for i, value in enumerate(spectrum.exponent.values)}
    positive = int((lorenz96.exponent > 3 * lorenz96.stderr).sum())
    wide = 20.0 if fast else 1.0

    def near(what: str, spectrum: xr.Dataset, i: int, reference: float, slack: float) -> Claim:
        within = wide * slack + 4 * float(spectrum.stderr[i])
        return Claim(f"{what}: exponent {i + 1}", reference, float(spectrum.exponent[i]), "within", within, source=SPROTT)

    return [
        Claim(
            "Henon: sum of exponents less ln 0.3", 0.0, float(henon.exponent.sum()) - np.log(0.3), "within", 1e-10, source="exact"
        ),
        near("Henon", henon, 0, 0.4192, 5e-4),
        *(near("Lorenz", lorenz, i, value, 5e-4) for i, value in enumerate((0.9056, 0.0, -14.5723))),
        Claim("Lorenz: Kaplan-Yorke dimension", 2.062, float(lorenz.kaplan_yorke), "within", wide * 1e-3, source=SPROTT),
        Claim("Lorenz: sum rule less -13.66667", 0.0, float(lorenz.sum_rule_residual), "within", 1e-4, source="exact"),
        *(near("Roessler", roessler, i, value, 5e-4) for i, value in enumerate((0.0714, 0.0, -5.3943))),
        Claim("Lorenz96: positive exponents", 13.0, float(positive), "within", 1.0 if fast else 0.0, source="computed"),
        Claim(
            "Lorenz96: Kaplan-Yorke dimension",
            27.0,
            float(lorenz96.kaplan_yorke),
            "within",
            1.0 if fast else 0.3,
            source="computed",
        ),
    ]


def networks(seed: int, fast: bool, rows: dict[str, float]) -> list[Claim]:
    """Random networks against theory."""
    claims = []
    units, steps = (400, 600) if fast else (2000, 3000)
    for g in (2.0, 5.0):
        rng = np.random.default_rng([seed, int(10 * g)])
        esn = dr.ESN(rng.normal(0, g / np.sqrt(units), (units, units)))
        found = dr.lyapunov_spectrum(esn, 1, steps=steps, x0=rng.normal(size=units), interval=10)
        theory = mean_field_map(g)["largest"]
        rows[f"map g={g:g}"] = float(found.exponent[0])
        what = f"random tanh map, g = {g:g}, {units} units: largest exponent over theory"
        claims.append(Claim(what, 1.0, float(found.exponent[0]) / theory, "within", 0.2 if fast else 0.01, source=THEORY))
    units, duration = (300, 200) if fast else (2000, 250)
    for g in (5.0,) if fast else (2.0, 5.0):  # small networks at g = 2 often are not chaotic
        network = dr.RateNetwork.random(units, g=g, zero_diagonal=True, rng=np.random.default_rng([seed, 1]))
        start = np.random.default_rng([seed, 2]).normal(size=units)
        found = dr.lyapunov_spectrum(network, 1, dt=0.1, duration=duration, x0=start, interval=10)
        theory = mean_field_flow(g)["largest"]
        rows[f"flow g={g:g}"] = float(found.exponent[0])
        what = f"random tanh flow, g = {g:g}, {units} units: largest exponent over theory"
        claims.append(Claim(what, 1.0, float(found.exponent[0]) / theory, "within", 0.3 if fast else 0.03, source=THEORY))
    for g in () if fast else (2.0, 5.0):
        found = []
        for s in range(_LARGE):
            rng = np.random.default_rng([seed, s, 5])
            large = dr.RateNetwork(sparse(20_000, 100, g, rng))
            found.append(
                dr.lyapunov_spectrum(large, 1, dt=0.1, duration=250, x0=rng.normal(size=20_000), interval=10).exponent[0]
            )
        rows[f"sparse flow g={g:g}"] = float(np.mean(found))
        ratio = rows[f"sparse flow g={g:g}"] / mean_field_flow(g)["largest"]
        what = f"random tanh flow, g = {g:g}, 20000 units, sparse: largest exponent over theory, mean"
        claims.append(Claim(what, 1.0, ratio, "within", 0.03, seeds=_LARGE, source=THEORY))
    small = dr.RateNetwork.random(30, g=2.0, zero_diagonal=True, rng=np.random.default_rng([seed, 3]))
    whole = dr.lyapunov_spectrum(small, dt=0.02, duration=100, x0=np.random.default_rng([seed, 4]).normal(size=30))
    claims.append(
        Claim(
            "random tanh flow without self-couplings: mean exponent",
            -1.0,
            float(whole.exponent.mean()),
            "within",
            1e-5,
            source="exact",
        )
    )
    return claims


def sparse(units: int, hears: int, g: float, rng: np.random.Generator) -> scipy.sparse.csr_array:
    """Couplings where each unit hears as many others, with weights ±g / sqrt(hears)."""
    others = np.concatenate([rng.choice(units - 1, hears, replace=False) for _ in range(units)])
    rows = np.repeat(np.arange(units), hears)
    return scipy.sparse.csr_array((rng.choice([-g, g], rows.size) / np.sqrt(hears), (rows, others + (others >= rows))))


def transition(kind: str, units: int, g: float, seed: list[int]) -> float:
    """Largest exponent of one network."""
    rng = np.random.default_rng([*seed, 7])
    J = rng.normal(0, g / np.sqrt(units), (units, units))
    x0 = 0.5 * rng.normal(size=units)
    if kind == "map":
        return float(dr.lyapunov_spectrum(dr.ESN(J), 1, steps=4000, x0=x0, interval=20).exponent[0])
    return float(dr.lyapunov_spectrum(dr.RateNetwork(J), 1, dt=0.1, duration=200, x0=x0, interval=20).exponent[0])


def reservoirs(seed: int, fast: bool, rows: dict[str, float]) -> list[Claim]:
    """A reservoir that became Lorenz, and one that is driven."""
    dt, units = 0.02, 300 if fast else 500
    series = dr.tasks.lorenz63(7000, dt=dt, rng=seed)
    y = series.transpose("time", ...).values if isinstance(series, xr.DataArray) else series["targets"].values
    y = (y - y.mean(axis=0)) / y.std(axis=0)
    esn = dr.ESN.random(
        units, inputs=3, spectral_radius=0.4, input_scaling=0.3, bias_scaling=0.5, topology_options={"in_degree": 6}, rng=seed
    )
    states = dr.simulate(esn, y[:5000])
    readout = dr.Ridge(1e-8).fit(states["state"].values[:-1], y[1:5000], washout=200)
    loop = dr.ClosedLoop(esn, readout)
    steps = 20_000 if fast else 200_000
    found = dr.lyapunov_spectrum(loop, 6, steps=steps, x0=states["state"].values[-1], interval=10)
    exponents = found.exponent.values / dt
    error = found.stderr.values / dt
    rows |= {f"closed loop {i + 1}": float(value) for i, value in enumerate(exponents[:4])}
    dimension = dr.kaplan_yorke(exponents, complete=False)
    inputs = np.random.default_rng(seed).normal(size=(4000, 1))
    agree = 0
    radii = (0.6, 0.9, 1.5, 3.0)
    for radius in radii:
        driven = dr.ESN.random(100, spectral_radius=radius, input_scaling=0.2, rng=seed)
        largest = float(dr.lyapunov_spectrum(driven, 1, inputs=inputs).exponent[0])
        x0 = np.random.default_rng([seed, 5]).uniform(-1, 1, (2, 100))
        ends = dr.simulate(driven, np.broadcast_to(inputs, (2, *inputs.shape)), x0=x0, washout=3900)["state"][:, -1]
        agree += (largest < 0) == bool(np.abs(ends[0] - ends[1]).max() < 1e-8)
    wide = 4.0 if fast else 1.0
    return [
        Claim("reservoir as Lorenz: exponent 1", 0.9056, exponents[0], "within", wide * 0.03 + 4 * error[0], source=SPROTT),
        Claim("reservoir as Lorenz: exponent 2", 0.0, exponents[1], "within", wide * 0.03 + 4 * error[1], source=SPROTT),
        Claim(
            "reservoir as Lorenz: exponent 3, distance from -14.57 over that from -10.5",
            1.0, abs(exponents[2] + 14.57) / abs(exponents[2] + 10.5), source="Pathak 2017 had -10.5",
        ),
        Claim("reservoir as Lorenz: Kaplan-Yorke dimension", 2.06, dimension, "within", wide * 0.02, source=SPROTT),
        Claim(
            f"driven reservoirs, {len(radii)} radii: sign of the exponent says whether two states meet",
            float(len(radii)), float(agree), "at least", source="definition",
        ),
    ]  # fmt: skip


def figure(data: xr.Dataset):
    """The transition of random networks: largest exponent over gain, a dot per network, with the theory."""
    fig, axes = plot.figure(1, 2, width=7.0, height=3.0, sharex=True)
    fine = np.linspace(0.8, 1.2, 9)
    for ax, kind, theory, unit in zip(axes, KINDS, (mean_field_map, mean_field_flow), ("step", "τ"), strict=True):
        curves = data["largest"].sel(kind=kind)
        for s in data["seed"].values:
            ax.plot(data["g"], curves.sel(seed=s), "o", color="0.6", ms=3, label="" if s else "a network")
        ax.plot(data["g"], curves.mean("seed"), "o", label="mean of networks")
        ax.plot(fine, [theory(float(g))["largest"] for g in fine], "k--", label="mean-field theory")
        ax.axhline(0, color="k", lw=0.6)
        ax.set(xlabel="gain g", ylabel=f"largest exponent (1/{unit})", title=f"{kind}s")
    axes[0].legend(frameon=False)
    return fig
