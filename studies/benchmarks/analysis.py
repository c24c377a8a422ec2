"""Speed of the analyses: Lyapunov spectra, fixed points and basins, beside plain NumPy and the machine's own limit.

Question: how fast are exponents of small systems and of networks, the search for fixed points, and basins on a grid?

Protocol: one thread. Each row is timed several times in turn with what it is compared with; medians of the ratios. The NumPy
loop is the one a careful user writes: it advances the state by RK4 with the Jacobian applied to the frame (`A @ Q`), and
factors by `numpy.linalg.qr` at the same interval. The bare cost of a network is that of its matrix products and
factorisations alone, by BLAS and LAPACK, on arrays of the same shapes. SciPy's loop integrates state and frame together by
`solve_ivp` (RK45 at 1e-6, near the error of RK4 at 0.01), on a shorter run, scaled per unit of time. pynamicalsys (extra
`bench`) runs its own compiled Lorenz63, with its Jacobian, by RK4 at 0.01; it factors after each step, which cannot be changed.
`fast` takes fewer steps.
"""

from __future__ import annotations

import time
from functools import partial

import numpy as np
import scipy.linalg
import xarray as xr
from scipy.integrate import solve_ivp
from threadpoolctl import threadpool_limits

import dynrnn as dr
from dynrnn.study import Claim


def run(seed: int, fast: bool):
    """Times in seconds and ratios."""
    rows: dict[str, float] = {}
    with threadpool_limits(1, "blas"):
        claims = [
            *small(fast, rows),
            *lorenz(fast, rows),
            *network(fast, rows),
            *searches(seed, fast, rows),
        ]
    return xr.Dataset({"value": ("row", list(rows.values()))}, {"row": list(rows)}), claims


def seconds(work, repeats: int = 3) -> float:
    """Median time of a call, after one that compiles and warms up."""
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return float(np.median(times))


def small(fast: bool, rows: dict[str, float]) -> list[Claim]:
    """Full spectra of random tanh networks of 3, 10 and 200 units, against the NumPy loop at the same interval."""
    claims = []
    for n, wanted in ((3, 30.0), (10, 30.0)) if fast else ((3, 30.0), (10, 30.0), (200, 1.0)):
        steps, few = (400, 400) if n == 200 else (50_000, 2000)  # the slower one on fewer, scaled per step
        interval, dt = 10, 0.05
        flow = dr.RateNetwork.random(n, g=2.0, rng=1)
        J, x0 = flow.W.to_array(), np.random.default_rng(2).normal(size=n)
        options = {"dt": dt, "steps": steps, "transient": 0, "x0": x0, "interval": interval}
        mine = seconds(partial(dr.lyapunov_spectrum, flow, **options))
        theirs = seconds(partial(plain, J, x0, few, dt, interval)) * steps / few
        rows |= {f"N={n} spectrum, s": mine, f"N={n} NumPy loop, s": theirs}
        claims.append(Claim(f"full spectrum, N = {n}: times the NumPy loop", wanted, theirs / mine, "at least"))
        if n == 200:
            bare = steps * 4 * seconds(lambda J=J: J @ J) + steps / interval * seconds(lambda J=J: scipy.linalg.qr(J))
            claims.append(
                Claim(f"full spectrum, N = {n}: time over its products and factorisations", 1.3, mine / bare, "at most")
            )
    return claims


def plain(J: np.ndarray, x: np.ndarray, steps: int, dt: float, interval: int) -> np.ndarray:
    """Spectrum of dx/dt = -x + J tanh x by RK4 of state and frame, in NumPy."""
    n = len(x)
    Q, growth = np.linalg.qr(np.random.default_rng(0).normal(size=(n, n)))[0], np.zeros(n)

    def rate(x, Q):
        y = np.tanh(x)
        return -x + J @ y, -Q + J @ ((1 - y * y)[:, None] * Q)

    for step in range(steps):
        a, A = rate(x, Q)
        b, B = rate(x + 0.5 * dt * a, Q + 0.5 * dt * A)
        c, C = rate(x + 0.5 * dt * b, Q + 0.5 * dt * B)
        d, D = rate(x + dt * c, Q + dt * C)
        x, Q = x + dt / 6 * (a + 2 * b + 2 * c + d), Q + dt / 6 * (A + 2 * B + 2 * C + D)
        if step % interval == interval - 1:
            Q, R = np.linalg.qr(Q)
            growth += np.log(np.abs(np.diagonal(R)))
    return growth / (steps * dt)


def lorenz(fast: bool, rows: dict[str, float]) -> list[Claim]:
    """The spectrum of Lorenz63, per RK4 step of 0.01, against a loop of solve_ivp."""
    steps, system = 100_000 if fast else 1_000_000, dr.Lorenz63()

    def ours():
        dr.lyapunov_spectrum(system, dt=0.01, steps=steps, transient=0, x0=[1.0, 1.0, 1.0], interval=50)

    def rate(t, z):
        x, y, w = z[:3]
        A = np.array([[-10.0, 10.0, 0.0], [28.0 - w, -1.0, -x], [y, x, -8 / 3]])
        return np.concatenate([[10 * (y - x), x * (28 - w) - y, x * y - 8 / 3 * w], (A @ z[3:].reshape(3, 3)).ravel()])

    def theirs():
        x, Q = np.ones(3), np.eye(3)
        for _ in range(40):
            z = solve_ivp(rate, (0, 0.5), np.concatenate([x, Q.ravel()]), rtol=1e-6, atol=1e-9).y[:, -1]
            x, (Q, _) = z[:3], np.linalg.qr(z[3:].reshape(3, 3))

    mine, other = seconds(ours) / steps, seconds(theirs) / (40 * 50)
    peer = pynamicalsys_time(steps // 10)
    rows |= {"Lorenz63, ns per step": mine * 1e9, "Lorenz63 by solve_ivp, ns per step": other * 1e9}
    rows |= {"Lorenz63 by pynamicalsys, ns per step": peer * 1e9}
    absent = "" if peer == peer else " (not installed here)"
    return [
        Claim("Lorenz63 spectrum: times a loop of solve_ivp", 100.0, other / mine, "at least"),
        Claim(f"Lorenz63 spectrum: times pynamicalsys 1.5{absent}", 3.0, peer / mine, "at least"),
    ]


def pynamicalsys_time(steps: int) -> float:
    """Seconds per step of pynamicalsys, NaN where it is not installed."""
    try:
        from pynamicalsys import ContinuousDynamicalSystem
    except ImportError:
        return float("nan")
    lorenz = ContinuousDynamicalSystem(model="lorenz system")
    lorenz.integrator("rk4", time_step=0.01)
    return seconds(lambda: lorenz.lyapunov(np.ones(3), 0.01 * steps, parameters=[10.0, 28.0, 8 / 3])) / steps


def network(fast: bool, rows: dict[str, float]) -> list[Claim]:
    """The 100 largest exponents of a random tanh map of 1000 units, over its matrix products and factorisations."""
    n, k, steps, interval = (300, 30, 60, 5) if fast else (1000, 100, 200, 5)
    esn = dr.ESN(np.random.default_rng(0).normal(0, 2 / np.sqrt(n), (n, n)))
    x0 = np.random.default_rng(1).normal(size=n)
    W, V = esn.W.to_array(), np.random.default_rng(2).normal(size=(n, k))
    mine = seconds(lambda: dr.lyapunov_spectrum(esn, k, steps=steps, transient=0, x0=x0, interval=interval))
    products = seconds(lambda: [W @ V for _ in range(20)]) / 20 + seconds(lambda: [W @ x0 for _ in range(20)]) / 20
    factors = seconds(lambda: scipy.linalg.qr(V, mode="economic"))
    bare = steps * products + steps / interval * factors
    rows |= {f"N={n}, k={k}, s": mine, f"N={n}, k={k}, products and factorisations, s": bare}
    return [Claim(f"N = {n}, k = {k}: time over its products and factorisations", 2.0, mine / bare, "at most")]


def searches(seed: int, fast: bool, rows: dict[str, float]) -> list[Claim]:
    """Fixed points of a network of 100 units from 1000 candidates; a basin on a grid of 500 x 500."""
    flow = dr.RateNetwork.random(100, g=1.5, rng=seed)
    candidates = np.random.default_rng(seed).normal(size=(100 if fast else 1000, 100))
    points = seconds(lambda: dr.fixed_points(flow, candidates=candidates), 1)

    side = 100 if fast else 500
    cycle = dr.VanDerPol()
    box = dict.fromkeys(cycle.units, (-4.0, 4.0))
    grid = seconds(lambda: dr.analysis.basins(cycle, box, resolution=side, dt=0.1), 1)
    rows |= {"fixed points, s": points, "basins, s": grid}
    return [
        Claim(f"fixed points of 100 units from {len(candidates)} candidates, s", 5.0, points, "at most"),
        Claim(f"basins of a flow on {side} x {side} starts, s", 20.0, grid, "at most"),
    ]
