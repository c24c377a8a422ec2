"""Speed and memory of reservoirs: this package beside ReservoirPy and beside the machine's own limit.

Question: how many times faster than ReservoirPy 0.4.2 is the same work here, and how far is it from what the machine can do?

Protocol: both sides get the same matrices and inputs and return all states, through their public faces. The two run in turn,
A B A B ..., so that a machine that slows down slows both; the number is the median of the ratios of neighbours. One thread
unless the row says two (BLAS included). Limits: for a dense network the bare BLAS matrix-vector product of every step, for a
sparse one a BLAS dot product over as many numbers as there are non-zeros: what reading the weights alone takes.
Imports, first runs and peak memory are those of fresh processes. `fast` takes a tenth of the steps and three pairs.

Needs the extra `bench`: pip install "dynrnn[bench]".
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.linalg.blas
import scipy.sparse
import xarray as xr

import dynrnn as dr
from dynrnn import plot
from dynrnn.study import Claim

PEER = "ReservoirPy 0.4.2"


class Work(NamedTuple):
    """Something to do in two ways, how many steps it takes, and the ratio that is wanted."""

    name: str
    ours: Callable[[], object]
    peer: Callable[[], object]
    steps: int
    wanted: float
    limit: Callable[[], object] | None = None


def run(seed: int, fast: bool):
    """Ratios of medians with their quartiles, and the claims on them."""
    from threadpoolctl import threadpool_limits

    rng, scale, pairs = np.random.default_rng(seed), 0.1 if fast else 1.0, 3 if fast else 9
    with threadpool_limits(1):
        rows = [measure(work, pairs) for work in works(rng, scale)]
        dense = measure(dense_work(rng, scale), pairs)
    speed = [
        Claim(f"{r.name}: times as fast as {PEER}", r.wanted, r.ratio, "at least", seeds=pairs, spread=r.spread) for r in rows
    ]
    speed.append(Claim(f"{dense.name}: time over that of BLAS alone", 1.15, 1 / dense.ratio, "at most", seeds=pairs))
    table = xr.Dataset(
        {
            "ours": ("work", [r.ours for r in [*rows, dense]], {"units": "us/step"}),
            "peer": ("work", [r.peer for r in [*rows, dense]], {"units": "us/step"}),
            "limit": ("work", [r.limit for r in [*rows, dense]], {"units": "us/step"}),
            "ratio": ("work", [r.ratio for r in [*rows, dense]], {"long_name": "times as fast as the peer"}),
        },
        {"work": [r.name for r in [*rows, dense]]},
    )
    return table, [*speed, *first_use(fast), *long_fit(fast)]


class Row(NamedTuple):
    name: str
    ours: float
    peer: float
    limit: float
    ratio: float
    spread: tuple[float, float]
    wanted: float


def measure(work: Work, pairs: int) -> Row:
    """Both ways in turn; microseconds per step and the ratio of neighbours."""
    work.ours(), work.peer()
    times = np.array([[seconds(work.ours), seconds(work.peer)] for _ in range(pairs)])
    ratios = times[:, 1] / times[:, 0]
    ours, peer = np.median(times, axis=0) / work.steps * 1e6
    limit = np.nan if work.limit is None else np.median([seconds(work.limit) for _ in range(pairs)]) * 1e6
    low, high = np.quantile(ratios, [0.25, 0.75])
    return Row(work.name, ours, peer, limit, float(np.median(ratios)), (float(low), float(high)), work.wanted)


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


# -------------------------------------------------------------------------------------------------------- works


def works(rng: np.random.Generator, scale: float) -> list[Work]:
    """Driven, closed-loop and many-series runs of the same network on both sides."""
    out = []
    for units, in_degree, dtype, steps, wanted in (
        (100, 10, "float64", 20000, 8.0),
        (500, 50, "float64", 5000, 2.2),
        (1000, 100, "float64", 3000, 1.5),
        (1000, 100, "float32", 3000, 2.5),
        (5000, 10, "float64", 2000, 1.7),
    ):
        out.append(driven(rng, units, in_degree, dtype, int(steps * scale), wanted))
    out += [closed_loop(rng, 100, 10, int(20000 * scale), 15.0), closed_loop(rng, 500, 50, int(5000 * scale), 3.0)]
    return [*out, *(many_series(rng, int(1500 * scale), threads, wanted) for threads, wanted in ((1, 10.0), (2, 15.0)))]


def network(rng: np.random.Generator, units: int, in_degree: int, dtype: str = "float64") -> dr.ESN:
    return dr.ESN.random(
        units, topology_options={"in_degree": in_degree}, spectral_radius=0.9, leak=0.3, bias_scaling=0.1, rng=rng, dtype=dtype
    )  # fmt: skip


def peer_reservoir(esn: dr.ESN):
    """The same network there."""
    from reservoirpy.nodes import Reservoir

    W, W_in = scipy.sparse.csr_matrix(esn.W.to_scipy().astype(float)), esn.W_in.to_array().astype(float)
    return Reservoir(units=esn.units, lr=float(esn.leak[0]), W=W, Win=W_in, bias=esn.bias.astype(float))


def driven(rng, units, in_degree, dtype, steps, wanted) -> Work:
    esn = network(rng, units, in_degree, dtype)
    u = rng.normal(size=(steps, 1))
    theirs = peer_reservoir(esn)
    mine = dr.simulate(esn, u[:50]).state.values
    assert np.abs(theirs.run(u[:50]) - mine).max() < (1e-4 if dtype == "float32" else 1e-9), "not the same network"
    weights = np.ones(units * in_degree, dtype)
    dot = scipy.linalg.blas.ddot if dtype == "float64" else scipy.linalg.blas.sdot
    name = f"driven, {units} units, {in_degree} inputs each, {dtype}"
    return Work(name, lambda: dr.simulate(esn, u), lambda: theirs.run(u), steps, wanted, lambda: dot(weights, weights))


def closed_loop(rng, units, in_degree, steps, wanted) -> Work:
    """Free run of a trained forecaster: there each step re-enters Python, as its users write it."""
    from reservoirpy.nodes import Ridge

    esn = network(rng, units, in_degree)
    u = np.sin(0.2 * np.arange(600))[:, None]
    theirs = peer_reservoir(esn) >> Ridge(1e-6)
    theirs.fit(u[:-1], u[1:], warmup=100)
    states = dr.simulate(esn, u[:-1])
    mine = dr.ClosedLoop(esn, dr.Ridge(1e-6).fit(states.state.values, u[1:], washout=100))

    def free_run():
        y = u[-1]
        out = np.empty((steps, 1))
        for k in range(steps):
            y = out[k] = theirs(y)
        return out

    return Work(f"closed loop, {units} units", lambda: dr.simulate(mine, steps=steps, x0=states), free_run, steps, wanted)


def many_series(rng, steps, threads, wanted) -> Work:
    esn = network(rng, 500, 50)
    u = rng.normal(size=(16, steps, 1))
    theirs = peer_reservoir(esn)
    series = list(u)
    name = f"16 series, 500 units, {threads} thread{'s' * (threads > 1)}"
    return Work(
        name, lambda: dr.simulate(esn, u, threads=threads), lambda: theirs.run(series, workers=threads), 16 * steps, wanted
    )


def dense_work(rng: np.random.Generator, scale: float) -> Work:
    steps, units = int(2000 * scale), 1000
    W = rng.normal(size=(units, units)) / np.sqrt(units)
    esn, u, x, y = dr.ESN(W, np.ones(units)), rng.normal(size=(steps, 1)), rng.normal(size=units), np.empty(units)

    def bare():
        for _ in range(steps):
            np.dot(W, x, out=y)

    return Work(f"driven, {units} units, dense, beside BLAS", lambda: dr.simulate(esn, u), bare, steps, 1.15)


# --------------------------------------------------------------------------------------------- fresh processes


def process(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, check=True
    )
    return done.stdout.strip()


def wall(*command: str, **environment: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        subprocess.run(command, capture_output=True, env={**os.environ, **environment}, check=True, cwd=folder)
        return time.perf_counter() - began


def first_use(fast: bool) -> list[Claim]:
    """Import, and the command a newcomer runs first, with an empty and with a filled cache."""
    runs = 3 if fast else 7
    code = "import time; import numpy; t = time.perf_counter(); import dynrnn; print(time.perf_counter() - t)"
    imports = [float(process(code)) for _ in range(runs)]
    command = (sys.executable, "-m", "dynrnn", "forecast", "sunspots")
    with tempfile.TemporaryDirectory() as cache:
        cold = wall(*command, DYNRNN_CACHE_DIR=cache)
        warm = [wall(*command, DYNRNN_CACHE_DIR=cache) for _ in range(runs)]
    return [
        Claim("import dynrnn above import numpy, seconds", 0.1, float(np.median(imports)), seeds=runs),
        Claim("forecast sunspots, nothing compiled, seconds", 20.0, cold),
        Claim("forecast sunspots, compiled before, seconds", 3.0, float(np.median(warm)), seeds=runs),
    ]


_FIT = """
import sys, time
import numpy as np, dynrnn as dr
model = dr.ReservoirRegressor(units=500, random_state=0)
def fit(steps):
    u = np.random.default_rng(0).normal(size=(steps, 1))
    began = time.perf_counter()
    model.fit(u, np.roll(u[:, 0], 1))
    return (time.perf_counter() - began) / steps
def peak():  # not getrusage, which a child inherits from a larger parent
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024 / 1e6
import sklearn, xarray, dynrnn.forecast, dynrnn._simulate
imported = peak()
fit(10_000)
short = min(fit(10_000) for _ in range(3))
long = fit(int(sys.argv[1]))
print(peak() - imported, long / short)
"""


def long_fit(fast: bool) -> list[Claim]:
    """A million steps: memory above the import, and time per step beside that of ten thousand."""
    steps = 100_000 if fast else 1_000_000
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(_FIT)
        script.flush()
        out = subprocess.run([sys.executable, script.name, str(steps)], capture_output=True, text=True, check=True).stdout
    memory, ratio = map(float, out.split())
    return [
        Claim(f"fit on {steps} steps, 500 units: MB above the import", 300.0, memory),
        Claim(f"fit on {steps} steps: time per step over that on 10000", 1.1, ratio),
    ]


def figure(data: xr.Dataset):
    """Ratios as bars."""
    import matplotlib.pyplot as plt

    ratio = data["ratio"].isel(work=slice(None, -1))
    fig, ax = plt.subplots(figsize=(8, 4))
    ax.barh(
        [str(w) for w in ratio.work.values][::-1], ratio.values[::-1], color=plot.COLOURS[0] if hasattr(plot, "COLOURS") else None
    )
    ax.axvline(1, color="black", lw=0.8)
    ax.set_xlabel(f"times as fast as {PEER}")
    fig.tight_layout()
    return fig
