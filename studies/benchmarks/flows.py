"""Speed of flows: this package beside SciPy, NumPy, plain Python, numbalsoda and BLAS.

Question: how many times faster than the usual ways is the same simulation here, at the same error?

Protocol: both sides solve the same equations from the same state and return the same rows, through their public faces. They
run in turn, A B A B ..., so that a machine that slows down slows both; the number is the median of the ratios of neighbours.
One thread unless the row says two; BLAS has one everywhere, as two make its products of this size no faster.

Equal error: the largest error over a stretch on which no solution has been amplified beyond use (300 s of the oscillator, 20
time constants of the chaotic network), against a solution at a tolerance of 1e-13. The peer's tolerance (relative and
absolute alike) is the loosest at which its error is no larger than that of our fixed steps; it is looked for in the study.
Slow peers take a part of the steps or of the trials, and their times are scaled per step. `fast` takes a tenth of the steps
and three pairs.

The oscillator is Beer's, with two units and steps of a fifth of their time constant; its plain loop is Python lists and
``math.exp``. The network is that of Sompolinsky, Crisanti and Sommers, with g = 1.5 and time constants of 10 ms: alone, and
under inputs that are new every millisecond. NumPy's loops draw normal numbers in one call per trial, or per step for all
trials, and both sides keep every hundredth row.

Needs numbalsoda for its row, which must be built where there are no wheels of it: that takes a Fortran compiler.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.integrate import solve_ivp
from scipy.special import expit

import dynrnn as dr
from dynrnn import plot
from dynrnn.study import Claim
from dynrnn.systems.ctrnn import CTRNN
from dynrnn.systems.rate import RateNetwork

PAIRS, FAST_PAIRS = 9, 3
EXACT = 1e-13
W = np.array([[4.5, 1.0], [-1.0, 4.5]])
THETA = np.array([-2.75, -1.75])
START = np.array([0.1, 0.1])


class Work(NamedTuple):
    """Something to do in two ways: the peer does the given share of it, at the tolerance. Which ratio of times is wanted."""

    name: str
    peer_name: str
    steps: int
    ours: Callable[[], Any]
    peer: Callable[[], Any] | None
    share: float
    wanted: float
    tolerance: float = math.nan
    side: str = "at least"


def run(seed: int, fast: bool):
    """Ratios of times with their quartiles, and the claims on them."""
    from threadpoolctl import threadpool_limits

    scale, pairs = 0.1 if fast else 1.0, FAST_PAIRS if fast else PAIRS
    works, rows = [], []
    with threadpool_limits(1):
        for make in (oscillator, network, driven, dense, trials, lorenz):
            works += make(np.random.default_rng(seed), scale)
        rows = [measure(work, pairs) for work in works]
    claims = [claim(work, row[-1]) for work, row in zip(works, rows, strict=True)]
    ours, peers, ratios = zip(*rows, strict=True)
    data = xr.Dataset(
        {
            "ours": ("work", list(ours), {"units": "us/step"}),
            "peer": ("work", list(peers), {"units": "us/step"}),
            "ratio": (("work", "pair"), np.array(ratios)),
            "wanted": ("work", [w.wanted for w in works]),
            "tolerance": ("work", [w.tolerance for w in works], {"long_name": "tolerance of the peer"}),
        },
        {"work": [c.what for c in claims]},
    )
    return data, [*claims, same_accuracy(np.random.default_rng(seed))]


def measure(work: Work, pairs: int) -> tuple[float, float, np.ndarray]:
    """Both ways in turn: microseconds per step of ours and of the peer, and the ratios of neighbours."""
    if work.peer is None:
        return float("nan"), float("nan"), np.full(pairs, np.nan)
    work.ours(), work.peer()
    times = np.array([[seconds(work.ours), seconds(work.peer) / work.share] for _ in range(pairs)])
    ours, peer = np.median(times, axis=0) / work.steps * 1e6
    ratios = times[:, 1] / times[:, 0]
    return ours, peer, ratios if work.side == "at least" else 1 / ratios


def claim(work: Work, ratios: np.ndarray) -> Claim:
    what = f"{work.name}: times as fast as" if work.side == "at least" else f"{work.name}: time over that of"
    return Claim.over_seeds(f"{what} {work.peer_name}", work.wanted, ratios, work.side)


def seconds(action: Callable[[], Any]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def equal_tolerance(error: Callable[[float], float], wanted: float) -> float:
    """The loosest tolerance at which the error is at most `wanted`, to a hundredth of a decade."""
    low, high = -13.0, -2.0
    for _ in range(10):
        middle = (low + high) / 2
        low, high = (middle, high) if error(10**middle) <= wanted else (low, middle)
    return 10**low


# -------------------------------------------------------------------------------------------- two units, alone


def oscillator(rng: np.random.Generator, scale: float) -> list[Work]:
    """Beer's two neurons, a million steps."""
    dt, stretch, steps = 0.2, 300.0, round(1e6 * scale)
    system = CTRNN(W=W, theta=THETA)

    def ours(steps: int) -> np.ndarray:
        return dr.simulate(system, steps=steps, dt=dt, x0=START, record="state")["state"].values

    def scipy_rows(steps: int, rtol: float, method: str = "RK45") -> np.ndarray:
        at = dt * np.arange(1, steps + 1)
        return solve_ivp(lambda t, y: W @ expit(y + THETA) - y, (0.0, at[-1]), START, method, at, rtol=rtol, atol=rtol).y.T

    compared = round(stretch / dt)
    exact = scipy_rows(compared, EXACT, "DOP853")
    wanted = np.abs(ours(compared) - exact).max()

    def tolerance(rows: Callable[[int, float], np.ndarray]) -> float:
        return equal_tolerance(lambda rtol: np.abs(rows(compared, rtol) - exact).max(), wanted)

    name = f"Beer's 2 units, {steps:.0e} steps of RK4"
    part, share = steps // 100, 1 / 100
    rtol = tolerance(scipy_rows)
    works = [
        Work(
            name, "solve_ivp (RK45, equal error)", steps, lambda: ours(steps), lambda: scipy_rows(part, rtol), share, 200.0, rtol
        ),
        Work(name, "a plain Python loop", steps, lambda: ours(steps), lambda: plain(part, dt), share, 1000.0),
    ]
    other = numbalsoda_rows(dt)
    if other is None:
        return [*works, Work(name, "numbalsoda (not installed here)", steps, lambda: None, None, 1.0, 1.0)]
    its = tolerance(other)
    return [*works, Work(name, "numbalsoda (equal error)", steps, lambda: ours(steps), lambda: other(steps, its), 1.0, 1.0, its)]


def plain(steps: int, dt: float) -> list[list[float]]:
    """Classical Runge-Kutta in Python alone."""
    weights, theta, y, rows = W.tolist(), THETA.tolist(), START.tolist(), []

    def drift(y: list[float]) -> list[float]:
        rates = [1 / (1 + math.exp(-(y[j] + theta[j]))) for j in range(len(y))]
        return [-y[i] + sum(weights[i][j] * rates[j] for j in range(len(y))) for i in range(len(y))]

    def moved(y: list[float], h: float, k: list[float]) -> list[float]:
        return [a + h * b for a, b in zip(y, k, strict=True)]

    for _ in range(steps):
        k1 = drift(y)
        k2 = drift(moved(y, dt / 2, k1))
        k3 = drift(moved(y, dt / 2, k2))
        k4 = drift(moved(y, dt, k3))
        y = [a + dt / 6 * (p + 2 * q + 2 * r + s) for a, p, q, r, s in zip(y, k1, k2, k3, k4, strict=True)]
        rows.append(y)
    return rows


def numbalsoda_rows(dt: float) -> Callable[[int, float], np.ndarray] | None:
    """LSODA there, with the equations compiled as its users write them; None where it is not installed."""
    try:
        import numbalsoda
    except ImportError:
        return None
    import numba

    @numba.cfunc(numbalsoda.lsoda_sig)
    def drift(t, y, out, p):
        a, b = 1 / (1 + math.exp(2.75 - y[0])), 1 / (1 + math.exp(1.75 - y[1]))
        out[0] = -y[0] + 4.5 * a + b
        out[1] = -y[1] - a + 4.5 * b

    def rows(steps: int, rtol: float) -> np.ndarray:
        at = dt * np.arange(steps + 1)
        return numbalsoda.lsoda(drift.address, START, at, rtol=rtol, atol=rtol, mxstep=10**6)[0][1:]

    return rows


# ------------------------------------------------------------------------------------------------------ networks


def network(rng: np.random.Generator, scale: float) -> list[Work]:
    """A hundred chaotic units, 10 s."""
    tau, dt, steps = 10e-3, 1e-3, round(10_000 * scale)
    system = RateNetwork.random(100, g=1.5, tau=tau, rng=rng)
    J, x0 = system.W.to_array(), rng.normal(size=100)

    def ours(steps: int) -> np.ndarray:
        return dr.simulate(system, steps=steps, dt=dt, x0=x0, record="state")["state"].values

    def peer(steps: int, rtol: float, method: str = "RK45") -> np.ndarray:
        at = dt * np.arange(1, steps + 1)
        return solve_ivp(lambda t, x: (J @ np.tanh(x) - x) / tau, (0.0, at[-1]), x0, method, at, rtol=rtol, atol=rtol).y.T

    compared = round(20 * tau / dt)
    exact = peer(compared, EXACT, "DOP853")
    wanted = np.abs(ours(compared) - exact).max()
    rtol = equal_tolerance(lambda rtol: np.abs(peer(compared, rtol) - exact).max(), wanted)
    name, peer_name = f"100 units, {steps * dt:g} s of RK4 at 1 ms", "solve_ivp (RK45, equal error)"
    return [Work(name, peer_name, steps, lambda: ours(steps), lambda: peer(steps, rtol), 1.0, 10.0, rtol)]


def driven(rng: np.random.Generator, scale: float) -> list[Work]:
    """The same under inputs that hold for a step: a method that chooses its own steps meets a jump every millisecond."""
    tau, dt, steps, part = 10e-3, 1e-3, round(10_000 * scale), round(1000 * scale)
    system = RateNetwork.random(100, 1, g=1.5, tau=tau, rng=rng)
    J, W_in, x0, u = system.W.to_array(), system.W_in.to_array()[:, 0], rng.normal(size=100), rng.normal(size=steps)

    def ours(steps: int) -> np.ndarray:
        return dr.simulate(system, u[:steps], dt=dt, x0=x0, record="state")["state"].values

    def drift(t: float, x: np.ndarray) -> np.ndarray:
        return (J @ np.tanh(x) - x + W_in * u[min(int(t / dt), steps - 1)]) / tau

    def peer(steps: int, rtol: float) -> np.ndarray:
        at = dt * np.arange(1, steps + 1)
        return solve_ivp(drift, (0.0, at[-1]), x0, "RK45", at, rtol=rtol, atol=rtol).y.T

    def step_by_step(steps: int) -> np.ndarray:
        x, rows = x0, []
        for k in range(steps):
            held = W_in * u[k]
            x = solve_ivp(lambda t, x: (J @ np.tanh(x) - x + held) / tau, (0, dt), x, "DOP853", rtol=EXACT, atol=EXACT).y[:, -1]  # noqa: B023
            rows.append(x)
        return np.array(rows)

    compared = round(20 * tau / dt)
    exact = step_by_step(compared)
    wanted = np.abs(ours(compared) - exact).max()
    rtol = equal_tolerance(lambda rtol: np.abs(peer(compared, rtol) - exact).max(), wanted)
    name, peer_name = f"100 units under inputs, {steps * dt:g} s of RK4 at 1 ms", "solve_ivp (RK45, equal error)"
    return [Work(name, peer_name, steps, lambda: ours(steps), lambda: peer(part, rtol), part / steps, 10.0, rtol)]


def dense(rng: np.random.Generator, scale: float) -> list[Work]:
    """A thousand units beside the four products with their matrix that a step of RK4 cannot do without."""
    steps = round(500 * scale)
    system = RateNetwork.random(1000, g=1.5, tau=10e-3, rng=rng)
    J, x, y = system.W.to_array(), rng.normal(size=1000), np.empty(1000)

    def bare():
        for _ in range(4 * steps):
            np.dot(J, x, out=y)

    def ours():
        return dr.simulate(system, steps=steps, dt=1e-3, x0=x, record="state")

    return [Work("1000 units, dense, tanh, RK4", "4 BLAS products a step", steps, ours, bare, 1.0, 1.3, side="at most")]


def trials(rng: np.random.Generator, scale: float) -> list[Work]:
    """256 trials of a hundred noisy units on two threads, beside NumPy trial by trial and with all trials in one array."""
    count, units, steps, every, tau, dt, std = 256, 100, 1000, 100, 10e-3, 1e-3, 0.1
    system = RateNetwork.random(units, g=1.5, tau=tau, noise_std=std, rng=rng)
    J, jump = system.W.to_array(), std * math.sqrt(2 * dt / tau)
    x0 = rng.normal(size=(count, units))

    def ours(steps: int = steps, every: int = every) -> np.ndarray:
        found = dr.simulate(system, steps=steps, dt=dt, x0=x0, rng=1, record="state", every=every, threads=2)
        return found["state"].values

    def one_by_one(count: int, steps: int = steps, every: int = every) -> np.ndarray:
        rows = np.empty((count, steps // every, units))
        for k, stream in enumerate(dr.trial_streams(1, count)):
            x, noise = x0[k].copy(), stream.spawn(1)[0].standard_normal((steps, units))
            noise *= jump
            for n in range(steps):
                x += dt / tau * (J @ np.tanh(x) - x) + noise[n]
                if (n + 1) % every == 0:
                    rows[k, n // every] = x
        return rows

    def together() -> np.ndarray:
        x, stream, rows = x0.T.copy(), np.random.default_rng(1), np.empty((steps // every, units, count))
        for n in range(steps):
            x += dt / tau * (J @ np.tanh(x) - x) + jump * stream.standard_normal(x.shape)
            if (n + 1) % every == 0:
                rows[n // every] = x
        return rows

    assert np.abs(ours(20, 1)[:2] - one_by_one(2, 20, 1)).max() < 1e-9, "not the same network"
    name, part = f"{count} noisy trials of {units} units, 2 threads", 8
    return [
        Work(name, "NumPy per trial", count * steps, ours, lambda: one_by_one(part), part / count, 20.0),
        Work(name, "NumPy batched over trials", count * steps, ours, together, 1.0, 3.0),
    ]


# -------------------------------------------------------------------------------------------------------- Lorenz

ROWS = 0.1


def lorenz_ours(x0: np.ndarray, steps: int, rtol: float) -> np.ndarray:
    system = dr.Lorenz63()
    found = dr.simulate(system, steps=steps, dt=ROWS, x0=x0, method="dop853", rtol=rtol, atol=rtol)
    return next(iter(found.data_vars.values())).values


def lorenz_peer(x0: np.ndarray, steps: int, rtol: float) -> np.ndarray:
    def drift(t, x):
        return [10.0 * (x[1] - x[0]), x[0] * (28.0 - x[2]) - x[1], x[0] * x[1] - 8.0 / 3.0 * x[2]]

    at = ROWS * np.arange(1, steps + 1)
    return solve_ivp(drift, (0.0, at[-1]), x0, "DOP853", at, rtol=rtol, atol=rtol).y.T


def lorenz(rng: np.random.Generator, scale: float) -> list[Work]:
    steps, x0, rtol = round(5000 * scale), np.array([1.0, 2.0, 20.0]), 1e-10
    name, part = "Lorenz63, adaptive DOP853, rtol 1e-10", steps // 20
    ours, peer = lambda: lorenz_ours(x0, steps, rtol), lambda: lorenz_peer(x0, part, rtol)
    return [Work(name, 'solve_ivp(method="DOP853")', steps, ours, peer, part / steps, 30.0)]


def same_accuracy(rng: np.random.Generator, starts: int = 20, steps: int = 50) -> Claim:
    """Errors of both sides after 5 time units, from starts of all kinds."""
    ratios = []
    for x0 in rng.normal([0, 0, 25], 8, size=(starts, 3)):
        exact = lorenz_peer(x0, steps, EXACT)[-1]
        mine, theirs = (np.abs(solve(x0, steps, 1e-10)[-1] - exact).max() for solve in (lorenz_ours, lorenz_peer))
        ratios.append(mine / theirs)
    return Claim.over_seeds("Lorenz63, adaptive DOP853: error over that of solve_ivp after 5 time units", 2.0, ratios)


def figure(data: xr.Dataset):
    """What was measured as dots, what was wanted as bars across."""
    fig, ax = plot.figure(width=7.0, height=3.6)
    place = np.arange(data.sizes["work"])[::-1]
    ax.plot(data["ratio"], place, ".", color=plot.COLORS["grey"], markersize=4)
    ax.plot(data["ratio"].median("pair"), place, "o", color=plot.COLORS["blue"], label="measured (median of pairs)")
    ax.plot(data["wanted"], place, "|", color=plot.COLORS["vermillion"], markersize=14, markeredgewidth=2, label="wanted")
    ax.set_yticks(place, [str(name).replace(": ", ":\n") for name in data["work"].values], fontsize=7)
    ax.set(xscale="log", xlabel="ratio")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    return fig
