"""Known dynamics: do the analyses meet what is exact, or was computed by others?

Question: on systems whose exponents, fixed points, bifurcations, cycles and basins are known, does each analysis find them?

Sources: closed forms, named "exact"; numbers that were computed independently from the same equations; and the tests of
Attractors.jl (G. Datseris, K. L. Rossi and A. Wagemakers, Chaos 33 (2023) 073151) for basins and critical shocks. The shares of
basins there are those of 1000 starts, which Julia's Xoshiro(1234) draws from the square [-2, 2]^2. Their standard error is
0.015, so the square's own may be several per cent away. Both are compared: the shares of those very starts, which the same
generator draws here, and those of a grid on the square.

Protocol: exponents of linear maps from 20 000 steps driven by noise, of linear flows by RK4 at 0.005 over 200 time constants.
The flip-flop network has 12 tanh units in three groups of four with random signs s, and W = 2 s s^T / 4 in each group: bit b
is z of z' = -z + 2 tanh(z), which rests at 0 and at both ends, and all else decays; so it has 27 fixed points, built in by
hand. Bifurcations by pseudo-arclength continuation, cycles by shooting. Henon's basin by recurrences on a grid, against a loop
of NumPy; the pendulum's (gamma = 1, d = 0.2, alpha = 0.2, omega = 0.8, at rest at first) by proximity with RK4 at 0.01, against
SciPy's DOP853 at a tolerance of 1e-10 on random starts. `fast` takes smaller grids and fewer starts.
"""

from __future__ import annotations

import hashlib
import itertools
import struct
from typing import Any

import numpy as np
import xarray as xr
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import dynrnn as dr
from dynrnn import plot
from dynrnn.analysis import Proximity, basins, continuation, fold_inputs, minimal_critical_shock
from dynrnn.study import Claim

EXACT, COMPUTED, ATTRACTORS = "exact", "computed independently", "Attractors.jl, its tests"
SAMPLED = f"{ATTRACTORS}: the share of 1000 starts, standard error 0.015"
SQUARE = {"x": (-2, 2), "y": (-2, 2)}
ANGLES = 2 * np.pi * np.arange(3) / 3
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)  # three magnets, and the three roots of 1
AT_MAGNETS = np.hstack([CIRCLE, np.zeros((3, 2))])
NEAR = {"dt": 0.01, "by": Proximity(AT_MAGNETS, epsilon=0.1)}  # states of rest are 0.01 nearer to the centre than magnets


class Linear(dr.System):
    """``x' = A x``."""

    A: np.ndarray

    @property
    def units(self):
        return len(self.A)

    def initial(self):
        return np.full(len(self.A), 1e-3)

    def drift(p, t, x, u, out):
        for i in range(x.size):
            out[i] = 0.0
            for j in range(x.size):
                out[i] += p.A[i, j] * x[j]


class CenterCrossing(dr.System):
    """Beer's two neurons with self-weight w, coupled by 1 and -1, with their biases at the center of their range."""

    w: float = 3.0
    units = ("y1", "y2")

    def drift(p, t, x, u, out):
        a = 1 / (1 + np.exp(-(x[0] - (p.w + 1) / 2)))
        b = 1 / (1 + np.exp(-(x[1] - (p.w - 1) / 2)))
        out[0] = -x[0] + p.w * a + b
        out[1] = -x[1] + p.w * b - a


class Pendulum(dr.System):
    """``r'' = -omega^2 r - alpha r' + gamma sum_k (m_k - r) / (|m_k - r|^2 + d^2)^(3/2)`` with magnets at m_k."""

    magnets: np.ndarray = CIRCLE
    gamma: float = 1.0
    d: float = 0.2
    alpha: float = 0.2
    omega: float = 0.8
    units = ("x", "y", "vx", "vy")

    def drift(p, t, x, u, out):
        for j in range(2):
            out[j] = x[2 + j]
            out[2 + j] = -(p.omega**2) * x[j] - p.alpha * x[2 + j]
        for k in range(p.magnets.shape[0]):
            a, b = p.magnets[k, 0] - x[0], p.magnets[k, 1] - x[1]
            pull = p.gamma * (a * a + b * b + p.d**2) ** -1.5
            out[2] += pull * a
            out[3] += pull * b


class Newton(dr.System):
    """Newton's method for the roots of z^3 = 1: ``z <- 2 z / 3 + 1 / (3 z^2)``."""

    units = ("re", "im")

    def step(p, x, u, out):
        a, b = x[0], x[1]
        n = 3 * (a * a + b * b) ** 2
        out[0] = 2 * a / 3 + (a * a - b * b) / n
        out[1] = 2 * b / 3 - 2 * a * b / n


def run(seed: int, fast: bool):
    """The basins of the pendulum, a branch of equilibria, and the claims."""
    square = basins(Pendulum(), SQUARE, resolution=40 if fast else 200, **NEAR)
    mass = continuation(dr.TsodyksMarkram(), "E0", range=(-2.0, -0.9))
    branch = mass.reset_coords().rename(point="place", state="rate").sel(unit="E", drop=True)
    data = square.drop_attrs().assign(E0=branch["parameter"], E=branch["rate"], kind=branch["kind"], stable=branch["stable"])
    return data, [
        *exponents(seed),
        *points(seed),
        *bifurcations(mass, fast),
        *cycles(),
        *henon(fast),
        *pendulum(seed, fast, square),
        *shocks(seed, fast),
    ]


def each(what: str, wanted: Any, found: Any, tolerance: float, source: str) -> list[Claim]:
    """A claim on each of some numbers in increasing order; where there are more or fewer of them none is met."""
    wanted, found = np.sort(np.ravel(wanted)), np.sort(np.ravel(found))
    if found.shape != wanted.shape:
        found = np.full(wanted.shape, np.nan)
    return [Claim(what, w, f, "within", tolerance, source=source) for w, f in zip(wanted.tolist(), found.tolist(), strict=True)]


def distance(wanted: Any, found: Any) -> float:
    """The largest difference of some numbers in increasing order, infinite where there are more or fewer."""
    wanted, found = np.sort(np.ravel(wanted)), np.sort(np.ravel(found))
    return float(np.abs(wanted - found).max()) if wanted.shape == found.shape else np.inf


# --------------------------------------------------------------------------------------------------- exponents


def exponents(seed: int) -> list[Claim]:
    """Linear maps, reservoirs and flows, the logistic map and the cat map."""
    rng = np.random.default_rng([seed, 1])
    Q = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    # not normal, with the eigenvalues 0.1 +- 2i, -0.4, -1.5, in no direction of their own
    A = Q @ np.array([[0.1, -2, 0.5, 1], [2, 0.1, 0, 0.3], [0, 0, -0.4, 0.7], [0, 0, 0, -1.5]]) @ Q.T
    W, leak, noise = rng.normal(size=(10, 10)), 0.3, rng.normal(size=(20_000, 1))
    W *= 0.9 / np.abs(np.linalg.eigvals(W)).max()

    def spectrum(system: dr.System, **options: Any) -> np.ndarray:
        return dr.lyapunov_spectrum(system, average="smooth", **options).exponent.values

    def reservoir(W: np.ndarray, leak: float) -> np.ndarray:
        """Of ``x' = (1 - leak) x + leak (W x + u)``, under noise."""
        return spectrum(dr.ESN(W, np.ones(len(W)), leak=leak, activation="identity"), inputs=noise, interval=1)

    def flow(A: np.ndarray) -> np.ndarray:
        return spectrum(Linear(A), dt=0.005, duration=200)

    turning, moduli = np.hypot(0.1, 2), np.abs(1 - leak + leak * np.linalg.eigvals(W))
    errors = {
        "diagonal map": distance(np.log([0.9, 0.8, 0.01]), reservoir(np.diag([0.9, -0.8, 0.01]), 1.0)),
        "linear map": distance(np.log([turning, turning, 0.4, 1.5]) - np.log(4), reservoir(A / 4, 1.0)),
        "diagonal flow": distance([0.1, -0.4], flow(np.diag([0.1, -0.4]))),
        "linear flow": distance([0.1, 0.1, -0.4, -1.5], flow(A)),
        "linear reservoir, 10 leaky units": distance(np.log(moduli), reservoir(W, leak)),
    }
    claims = [Claim(f"{what}: largest error of the exponents", 1e-10, error, source=EXACT) for what, error in errors.items()]
    for r, wanted, tolerance, source in (
        (2.6, np.log(0.6), 1e-10, EXACT),
        (3.1, 0.5 * np.log(abs(4 + 2 * 3.1 - 3.1**2)), 1e-10, EXACT),
        (3.5, -0.872507, 1e-6, COMPUTED),
    ):
        found = float(spectrum(dr.Logistic(r), steps=20_000, x0=[0.3], interval=1)[0])
        claims.append(Claim(f"logistic map, r = {r}: exponent", wanted, found, "within", tolerance, source=source))
    # The sum telescopes: n steps miss n ln 2 by ln(x_n (1 - x_n)) / 2 - ln(x_0 (1 - x_0)) / 2, which is below 20 but for luck.
    chaotic = float(dr.lyapunov_spectrum(dr.Logistic(4.0), steps=1_000_000, x0=rng.uniform(size=1)).exponent[0])
    cat = dr.lyapunov_spectrum(dr.CatMap(), steps=5000).exponent.values
    golden = np.log((3 + np.sqrt(5)) / 2)
    return [
        *claims,
        Claim("logistic map, r = 4: exponent, ln 2", np.log(2), chaotic, "within", 2.5e-5, source=EXACT),
        *each("cat map: exponent", [golden, -golden], cat, 1e-10, EXACT),
    ]


# ------------------------------------------------------------------------------------------------------ points


def points(seed: int) -> list[Claim]:
    """The flip-flop's fixed points, those of Henon's map, and the logistic map's where period three begins."""
    rng = np.random.default_rng([seed, 2])
    signs = np.zeros((3, 12))
    signs[rng.permutation(np.repeat(range(3), 4)), range(12)] = rng.choice([-1.0, 1.0], 12)
    candidates = rng.uniform(-2.2, 2.2, (400, 3)) @ signs
    found = dr.fixed_points(dr.RateNetwork(2 * signs.T @ signs / 4), candidates=candidates)
    end = brentq(lambda z: 2 * np.tanh(z) - z, 1, 3, xtol=1e-15)
    built = np.array(list(itertools.product([-end, 0.0, end], repeat=3)))
    apart = np.abs(found["state"].values[:, None] - built @ signs).max(axis=2)
    nearest, index = apart.argmin(axis=1), found["unstable_dimensions"].values
    own = np.hstack([2 / np.cosh(built[nearest]) ** 2 - 1, np.full((len(nearest), 9), -1.0)])
    modes = max(distance(a, b) for a, b in zip(own, found["eigenvalue"].values.real, strict=True))
    all_of_them = len(set(nearest)) == len(nearest) == 27 and (index == (built[nearest] == 0).sum(axis=1)).all()
    saddles = np.bincount(index[found["kind"].values == "saddle"], minlength=4)

    fixed = dr.fixed_points(dr.Henon(), rng=seed)
    growth = [-1.92374, 0.15595, 3.25982, -0.09203]
    r = 1 + np.sqrt(8)
    three = dr.periodic_points(dr.Logistic(r=r), 3, candidates=np.linspace(0.01, 0.99, 60)[:, None])
    three = three["state"].values[three["minimal_period"].values == 3]
    return [
        Claim("flip-flop of three bits: stable corners", 8.0, int(found["stable"].sum()), "within", source=EXACT),
        *(
            Claim(f"flip-flop of three bits: saddles of index {k}", count, int(saddles[k]), "within", source=EXACT)
            for k, count in ((1, 12.0), (2, 6.0), (3, 1.0))
        ),
        Claim(
            "flip-flop of three bits: distance of points from where they were built, each once and with its index",
            1e-12, float(apart.min(axis=1).max()) if all_of_them else np.inf, source=EXACT,
        ),
        Claim("flip-flop of three bits: error of their eigenvalues", 1e-12, modes, source=EXACT),
        *each("Henon: fixed points, x", [0.63135448, -1.13135448], fixed["state"].values[:, 0], 1e-8, EXACT),
        Claim("Henon: error of their eigenvalues", 1e-5, distance(growth, fixed["eigenvalue"].values.real), source=COMPUTED),
        *each("logistic map, r = 1 + sqrt 8: points of period three", [0.1599288, 0.5143553, 0.9563178], three, 1e-7, COMPUTED),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ bifurcations


def bifurcations(mass: xr.Dataset, fast: bool) -> list[Claim]:
    """Where branches fold and lose their stability, by continuation."""

    def at(branch: xr.Dataset, kind: str, name: str = "parameter") -> np.ndarray:
        return branch[name].values[branch["kind"].values == kind]

    lorenz = continuation(dr.Lorenz63(rho=20.0), "rho", [7.1, 7.1, 19.0], range=(15, 30))
    pair = continuation(CenterCrossing(), "w", [2.0, 1.0], range=(3, 5))
    field = continuation(dr.FitzHughNagumo(I=0.0), "I", [-1.2, -0.6], range=(0, 2))
    three = continuation(dr.Logistic(r=3.84), "r", [0.149], range=(3.7, 3.9), order=3)
    neurons = {}
    for w in (5.0, 8.0) if fast else (5.0, 6.0, 8.0, 20.0):
        one = continuation(dr.CTRNN([[w]], theta=-2 * w), "theta[0]", [0.0], range=(-2 * w, 1.0))
        neurons[w] = at(one, "fold")
    v = np.sqrt(1 - 0.08 * 0.8) * np.array([-1, 1])  # where the trace of the Jacobian is 0
    return [
        *each("Lorenz: rho at the Hopf bifurcation", [470 / 19], at(lorenz, "hopf"), 1e-6, EXACT),
        *(
            Claim(f"one neuron, self-weight {w:g}: error of its folds", 1e-6, distance(fold_inputs(w), found), source=EXACT)
            for w, found in neurons.items()
        ),
        *each("two neurons: self-weight at the Hopf bifurcation", [4.0], at(pair, "hopf"), 1e-6, EXACT),
        *each("two neurons: angular frequency there", [0.25], at(pair, "hopf", "angular_frequency"), 1e-6, EXACT),
        *each("Tsodyks-Markram: E0 at a fold", [-1.463027, -1.865224], at(mass, "fold"), 1e-6, COMPUTED),
        *each("Tsodyks-Markram: E0 at a Hopf bifurcation", [-1.850125, -1.151059], at(mass, "hopf"), 1e-6, COMPUTED),
        *each(
            "Tsodyks-Markram: angular frequency there",
            [1.99985, 19.36504], at(mass, "hopf", "angular_frequency"), 1e-5, COMPUTED,
        ),
        *each(
            "FitzHugh-Nagumo: current at a Hopf bifurcation", v**3 / 3 - v + (v + 0.7) / 0.8, at(field, "hopf"), 1e-6, EXACT
        ),
        *each("logistic map: r where period three begins", [1 + np.sqrt(8)], at(three, "fold"), 1e-6, EXACT),
    ]  # fmt: skip


def cycles() -> list[Claim]:
    """Periods and Floquet exponents, by shooting."""
    relaxing = dr.limit_cycle(dr.VanDerPol(mu=1.0))
    mu, c3 = 0.3, 1.5
    normal = dr.limit_cycle(dr.HopfNormalForm(mu=mu, omega=2.0, c3=c3, c1=0.7), [0.44, 0.05], period=3.3)
    off = np.abs(np.hypot(*normal["state"].values.T) - np.sqrt(mu / c3)).max()
    return [
        Claim("van der Pol, mu = 1: period", 6.66328686, float(relaxing["period"]), "within", 1e-8, source=COMPUTED),
        Claim(
            "Stuart-Landau, r = 0.3: Floquet exponent, -2 r",
            -2 * mu, complex(normal["exponent"].values[1]).real, "within", 1e-9, source=EXACT,
        ),
        Claim("Stuart-Landau, r = 0.3: error of the radius", 1e-9, float(off), source=EXACT),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------------ basins


def uniform(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers in [0, 1) as Julia's Xoshiro(seed) draws them.

    The generator is xoshiro256++ (D. Blackman and S. Vigna, ACM Trans. Math. Softw. 47 (2021) 36); its state begins as the
    SHA-256 of the seed.

    >>> uniform(1234, (2,)).tolist()  # in Julia's manual
    [0.32597672886359486, 0.5490511363155669]
    """
    low = 2**64 - 1
    s, t, u, v = struct.unpack("<4Q", hashlib.sha256(struct.pack("<I", seed)).digest())

    def turned(bits: int, by: int) -> int:
        return (bits << by | bits >> (64 - by)) & low

    out = np.empty(shape)
    for i in range(out.size):
        out.flat[i] = ((turned(s + v & low, 23) + s & low) >> 11) * 2.0**-53
        shifted = t << 17 & low
        u ^= s
        v ^= t
        t ^= u
        s ^= v
        u ^= shifted
        v = turned(v, 45)
    return out


def starts_of_the_source() -> np.ndarray:
    """The 1000 starts in the square of which Attractors.jl gives the shares."""
    return 4 * uniform(1234, (1000, 2)) - 2


def henon(fast: bool) -> list[Claim]:
    """The basin of Henon's attractor."""
    found = basins(dr.Henon(), SQUARE, resolution=200 if fast else 1000)
    x, y = np.meshgrid(found["x"], found["y"], indexing="ij")
    with np.errstate(all="ignore"):
        for _ in range(500):
            x, y = 1 - 1.4 * x * x + y, 0.3 * x
        bounded = np.abs(x) < 10
    wrong = float(((found["basin"].values >= 0) != bounded).mean())
    share = float((basins(dr.Henon(), starts_of_the_source())["basin"] >= 0).mean())
    whole = float((found["basin"] >= 0).mean())
    return [
        Claim("Henon: share of the grid that NumPy decides otherwise", 1e-4, wrong, source="a loop of NumPy"),
        Claim("Henon: bounded share of the source's 1000 starts", 0.425, share, "within", 0.0005, source=ATTRACTORS),
        Claim("Henon: bounded share of the square, to 1 %", 0.425, whole, "within", 0.00425, source=SAMPLED),
    ]


def fall(starts: np.ndarray) -> np.ndarray:
    """The magnets to which the pendulum falls from rest at starts (start, 2), by SciPy."""

    def drift(t: float, s: np.ndarray) -> np.ndarray:
        r, v = s.reshape(2, -1, 2)
        away = CIRCLE[:, None] - r
        pull = away * ((away**2).sum(axis=2, keepdims=True) + 0.04) ** -1.5
        return np.concatenate([v, -0.64 * r - 0.2 * v + pull.sum(axis=0)]).ravel()

    s = np.stack([starts, np.zeros_like(starts)]).ravel()
    end = solve_ivp(drift, (0, 100), s, method="DOP853", rtol=1e-10, atol=1e-10, t_eval=[100]).y[:, -1].reshape(2, -1, 2)[0]
    apart = np.linalg.norm(CIRCLE - end[:, None], axis=2)
    return np.where(apart.min(axis=1) < 0.1, apart.argmin(axis=1), -1)


def pendulum(seed: int, fast: bool, square: xr.Dataset) -> list[Claim]:
    """The basins of three magnets."""
    rng, wanted = np.random.default_rng([seed, 3]), np.array([0.309, 0.377, 0.314])

    def ours(starts: np.ndarray) -> xr.Dataset:
        return basins(Pendulum(), np.hstack([starts, np.zeros_like(starts)]), **NEAR)

    sets = rng.uniform(-2, 2, (1 if fast else 40, 250, 2))
    wrong = np.mean([(ours(some)["basin"].values != fall(some)).mean() for some in sets])
    share, whole = ours(starts_of_the_source())["fraction"].values, square["fraction"].values
    off = float(np.abs(whole / wanted - 1).max())
    return [
        Claim("pendulum: share of random starts that SciPy leads elsewhere", 0.002, float(wrong), source="SciPy's DOP853"),
        *(
            Claim(f"pendulum: magnet {k + 1}'s share of the source's 1000 starts", w, s, "within", 0.0005, source=ATTRACTORS)
            for k, (w, s) in enumerate(zip(wanted.tolist(), share.tolist(), strict=True))
        ),
        Claim("pendulum: shares of the square, largest relative error", 0.01, off, source=SAMPLED),
        Claim(
            "pendulum: difference of the square's shares of mirrored magnets", 1e-3, abs(whole[1] - whole[2]), source="symmetry"
        ),
    ]


def shocks(seed: int, fast: bool) -> list[Claim]:
    """The smallest shocks that lead to another root, or to another magnet."""
    roots = {"largest": 1.0, "epsilon": 0.05, "steps": 200, "directions": 400, "levels": 200}
    magnets = {"variables": ["x", "y"], "largest": 0.5, "epsilon": 0.1, "dt": 0.01, "tolerance": 1e-5}
    magnets["directions"] = 40 if fast else 200

    def sizes(system: dr.System, ends: np.ndarray, **search: Any) -> list[float]:
        found = (minimal_critical_shock(system, ends, k, **search, rng=np.random.default_rng([seed, 4, k])) for k in range(3))
        return [float(shock["magnitude"]) for shock in found]

    newton, pendulum = sizes(Newton(), CIRCLE, **roots), sizes(Pendulum(), AT_MAGNETS, **magnets)
    return [
        *each("Newton's method for z^3 = 1: smallest critical shock of a root", [0.622] * 3, newton, 0.00622, ATTRACTORS),
        *each("pendulum: smallest critical shock of a magnet", [0.3923] * 3, pendulum, 1e-4, ATTRACTORS),
    ]


def figure(data: xr.Dataset):
    """Equilibria of the population along its input, and the basins of the pendulum."""
    fig, (left, right) = plot.figure(1, 2, width=9.0, height=3.6, gridspec_kw={"width_ratios": [1.6, 1]})
    mass = data[["kind", "stable"]].assign(parameter=data["E0"], state=data["E"].expand_dims(unit=["E"], axis=1))
    mass["parameter"].attrs["long_name"] = "E0"
    mass = mass.rename(place="point")
    plot.branches(mass, left)
    left.set(ylabel="E (Hz)", title="Tsodyks-Markram: equilibria")
    plot.basins(data, right)
    right.set(aspect="equal", title="magnetic pendulum, from rest")
    return fig
