"""Ridge against its mathematics: closed forms, exact rational arithmetic, brute-force cross-validation, scikit-learn."""

import doctest
import itertools
import tracemalloc
import warnings
from fractions import Fraction

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import LinAlgWarning
from sklearn.linear_model import Ridge as Peer
from sklearn.metrics import r2_score

from dynrnn.readout import Ridge, _moments, _series, ridge

SOLVERS = ["auto", "normal", "qr"]
nan = np.nan


def problem(rows=80, units=6, features=3, seed=0):
    """Correlated states with a mean, noisy linear targets, positive weights."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, units)) @ rng.normal(size=(units, units)) + rng.normal(size=units)
    y = x @ rng.normal(size=(units, features)) + 0.3 * rng.normal(size=(rows, features)) + 1.5
    return x, y, rng.uniform(0.2, 2.0, size=rows)


def closed_form(x, y, w, alpha):
    """W and b from the bordered normal equations, the intercept unpenalised."""
    z = np.column_stack([x, np.ones(len(x))])
    penalty = alpha * np.diag([1.0] * x.shape[1] + [0.0])
    solution = np.linalg.solve(z.T @ (w[:, None] * z) + penalty, z.T @ (w[:, None] * y))
    return solution[:-1].T, solution[-1]


def same(a, b, rtol=1e-10):
    np.testing.assert_allclose(a.W_out, b.W_out, rtol=rtol, atol=rtol * np.abs(b.W_out).max())
    np.testing.assert_allclose(a.b, b.b, rtol=rtol, atol=rtol * np.abs(b.b).max())


# ---- one fit


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("alpha", [0.0, 1e-3, 10.0])
def test_closed_form_and_scikit_learn(solver, alpha):
    x, y, w = problem()
    fitted = Ridge(alpha, solver=solver).fit(x, y, sample_weight=w)
    W, b = closed_form(x, y, w, alpha)
    np.testing.assert_allclose(fitted.W_out, W, rtol=1e-10)
    np.testing.assert_allclose(fitted.b, b, rtol=1e-10)
    peer = Peer(alpha, solver="svd").fit(x, y, sample_weight=w)
    np.testing.assert_allclose(fitted.W_out, peer.coef_, rtol=1e-8)
    np.testing.assert_allclose(fitted.predict(x), peer.predict(x), rtol=1e-8)


@pytest.mark.parametrize("solver", SOLVERS)
def test_orthogonal_states_shrink_each_weight_alike(solver):
    rng, s, alpha = np.random.default_rng(1), 3.0, 2.5
    x = rng.normal(size=(50, 5))
    x = s * np.linalg.qr(x - x.mean(axis=0))[0]
    W = rng.normal(size=(2, 5))
    fitted = Ridge(alpha, solver=solver).fit(x, x @ W.T + 7.0)
    np.testing.assert_allclose(fitted.W_out, s**2 / (s**2 + alpha) * W, rtol=1e-10)
    np.testing.assert_allclose(fitted.b, 7.0, rtol=1e-10)
    np.testing.assert_allclose(fitted.condition_number_, 1.0, rtol=1e-10)


def test_weights_fall_and_error_rises_with_alpha():
    x, y, _ = problem()
    fits = [Ridge(alpha).fit(x, y) for alpha in np.logspace(-3, 12, 16)]
    size = [np.linalg.norm(f.W_out) for f in fits]
    error = [np.sum((y - f.predict(x)) ** 2) for f in fits]
    assert np.all(np.diff(size) < 0) and np.all(np.diff(error) > 0)
    assert size[-1] < 1e-5
    np.testing.assert_allclose(fits[-1].b, y.mean(axis=0), rtol=1e-8)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_constant_state_carries_no_weight(solver):
    fitted = Ridge(1e-6, solver=solver).fit(np.ones((200, 4)), np.full((200, 2), 3.0))
    np.testing.assert_array_equal(fitted.W_out, 0.0)
    np.testing.assert_array_equal(fitted.b, 3.0)


@pytest.mark.parametrize("solver", SOLVERS)
def test_weights_are_repetitions_and_zero_weight_drops_the_row(solver):
    x, y, _ = problem(40)
    times = np.random.default_rng(2).integers(0, 4, size=40)
    kept = times > 0
    weighted = Ridge(0.1, solver=solver).fit(x, y, sample_weight=times)
    same(weighted, Ridge(0.1, solver=solver).fit(np.repeat(x, times, axis=0), np.repeat(y, times, axis=0)))
    same(weighted, Ridge(0.1, solver=solver).fit(x[kept], y[kept], sample_weight=times[kept]), 1e-14)
    assert weighted.n_samples_ == kept.sum()


def test_fit_is_pure_and_forgets():
    x, y, w = problem()
    before = [a.copy() for a in (x, y, w)]
    once, twice = Ridge(0.1).fit(x, y, sample_weight=w), Ridge(0.1).fit(x[:30], y[:30])
    twice.fit(x, y, sample_weight=w).fit(x, y, sample_weight=w)
    np.testing.assert_array_equal(once.W_out, twice.W_out)
    for a, b in zip((x, y, w), before, strict=True):
        np.testing.assert_array_equal(a, b)


# ---- accuracy


def exact(x, y, alpha):
    """Ridge weights of one output in rational arithmetic: every float is a fraction."""
    rows, units = x.shape
    a = [[Fraction(v) for v in row] for row in x]
    t = [Fraction(v) for v in y]
    mean = [sum(row[i] for row in a) / rows for i in range(units)]
    a = [[v - m for v, m in zip(row, mean, strict=True)] for row in a]
    t = [v - sum(t) / rows for v in t]
    system = [
        [sum(r[i] * r[j] for r in a) + (Fraction(alpha) if i == j else 0) for j in range(units)]
        + [sum(r[i] * v for r, v in zip(a, t, strict=True))]
        for i in range(units)
    ]  # fmt: skip
    for i in range(units):
        for k in range(units):
            if k != i:
                ratio = system[k][i] / system[i][i]
                system[k] = [u - ratio * v for u, v in zip(system[k], system[i], strict=True)]
    return np.array([float(system[i][-1] / system[i][i]) for i in range(units)])


@pytest.mark.parametrize("alpha", [0.0, 2.0**-40])
def test_krylov_states_need_qr(alpha):
    t = np.arange(32) / 32
    x = t[:, None] ** np.arange(1, 11)  # condition number of the scatter matrix 2e14 without a penalty, 2e13 with it
    y = np.cos(3 * t)
    truth = exact(x, y, alpha)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinAlgWarning)
        error = {s: np.abs(Ridge(alpha, solver=s).fit(x, y).W_out[0] / truth - 1).max() for s in SOLVERS}
    assert error["qr"] < 1e-7
    assert error["auto"] == error["qr"]
    assert error["normal"] > 100 * error["qr"]


def test_streaming_ill_conditioned_states_warns_and_qr_does_not():
    x = (np.arange(64) / 64)[:, None] ** np.arange(1, 11)
    y = np.sin(5 * x[:, 0])
    with pytest.warns(LinAlgWarning, match=r"condition number .* at most two digits .* Use solver='qr'"):
        Ridge(0.0).partial_fit(x, y).W_out
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        streamed = Ridge(1e-12, solver="qr").partial_fit(x[:5], y[:5]).partial_fit(x[5:], y[5:])
        same(streamed, Ridge(1e-12).fit(x, y), 1e-7)


@pytest.mark.parametrize(("solver", "rtol"), [("auto", 1e-10), ("qr", 1e-10), ("normal", 1e-6)])
@pytest.mark.parametrize("rows", [8, 60])
@pytest.mark.filterwarnings("ignore::scipy.linalg.LinAlgWarning")
def test_rank_deficient_states_without_penalty_give_the_minimum_norm(rows, solver, rtol):
    x, y, _ = problem(rows, units=10)
    x = np.column_stack([x, x[:, :3], np.ones(rows), x[:, 0] - 2 * x[:, 1]])
    W = np.linalg.lstsq(x - x.mean(axis=0), y - y.mean(axis=0), rcond=1e-12)[0].T
    fitted = Ridge(0.0, solver=solver).fit(x, y)
    np.testing.assert_allclose(fitted.W_out, W, rtol=rtol, atol=rtol * np.abs(W).max())
    np.testing.assert_allclose(fitted.predict(x).mean(axis=0), y.mean(axis=0), rtol=1e-9)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_large_mean_costs_no_digits(solver):
    rng = np.random.default_rng(3)
    x = rng.integers(-(2**20), 2**20, size=(5000, 4)) / 2**20  # adding 2^20 to these is exact
    y = x @ [1.0, -2.0, 3.0, 0.5] + 0.1 * rng.normal(size=5000)
    near, far = Ridge(0.1, solver=solver).fit(x, y), Ridge(0.1, solver=solver).fit(x + 2.0**20, y)
    streamed = Ridge(0.1, solver=solver)
    for part in np.array_split(np.arange(5000), 37):
        streamed.partial_fit(x[part] + 2.0**20, y[part])
    np.testing.assert_allclose(far.W_out, near.W_out, rtol=1e-11)
    np.testing.assert_allclose(streamed.W_out, near.W_out, rtol=1e-10)


def test_condition_number_is_that_of_the_penalised_scatter_matrix():
    x, y, w = problem()
    centred = x - np.average(x, axis=0, weights=w)
    scatter = centred.T @ (w[:, None] * centred)
    for solver in SOLVERS:
        for alpha in (0.0, 0.7, [0.7, 1e9]):
            fitted = Ridge(alpha, solver=solver).fit(x, y, sample_weight=w)
            wanted = np.linalg.cond(scatter + fitted.alpha_ * np.eye(6))
            np.testing.assert_allclose(fitted.condition_number_, wanted, rtol=1e-8)
    assert Ridge(0.0).fit(x[:4], y[:4]).condition_number_ == np.inf


# ---- several series, chunks, gaps


def test_list_and_stack_equal_concatenation():
    x, y, w = problem(90)
    whole = Ridge(0.1).fit(x, y, sample_weight=w)
    cuts = [slice(0, 20), slice(20, 61), slice(61, 90)]
    same(Ridge(0.1).fit([x[c] for c in cuts], [y[c] for c in cuts], sample_weight=[w[c] for c in cuts]), whole)
    same(Ridge(0.1).fit(x.reshape(3, 30, 6), y.reshape(3, 30, 3), sample_weight=w.reshape(3, 30)), whole)
    flat = Ridge(0.1).fit(x.reshape(3, 30, 6), y[:, 0].reshape(3, 30))
    same(flat, Ridge(0.1).fit(x, y[:, 0]))
    same(Ridge(0.1).fit(x.tolist(), y.tolist()), Ridge(0.1).fit(x, y))


def test_washout_drops_the_head_of_every_series():
    x, y, w = problem(90)
    stack, targets, weight = x.reshape(3, 30, 6), y.reshape(3, 30, 3), w.reshape(3, 30)
    late = Ridge(0.1).fit(stack, targets, washout=11, sample_weight=weight)
    kept = Ridge(0.1).fit(stack[:, 11:], targets[:, 11:], sample_weight=weight[:, 11:])
    np.testing.assert_array_equal(late.W_out, kept.W_out)
    assert late.n_samples_ == 57
    assert late.score(stack, targets, washout=11) == late.score(stack[:, 11:], targets[:, 11:])


def with_gaps(y, seed=0):
    """Gaps that differ between some outputs, agree between others, and cover whole chunks."""
    y, rng = y.copy(), np.random.default_rng(seed)
    y[rng.random(len(y)) < 0.3, 0] = nan
    y[: len(y) // 2, 1:3] = nan
    return y


@settings(deadline=None, max_examples=40)
@given(
    cuts=st.lists(st.integers(0, 60), max_size=8),
    solver=st.sampled_from(["normal", "qr"]),
    gaps=st.booleans(),
    weighted=st.booleans(),
    alpha=st.sampled_from([0.0, 0.1, (0.1, 1.0, 10.0)]),
)
def test_any_chunks_equal_one_fit(cuts, solver, gaps, weighted, alpha):
    x, y, w = problem(60, units=4, features=4)
    y = with_gaps(y) if gaps else y
    w = np.where(w < 0.5, 0.0, w) if weighted else np.ones(60)
    whole = Ridge(alpha, solver=solver).fit(x, y, sample_weight=w)
    chunked, edges = Ridge(alpha, solver=solver), sorted({0, 60, *cuts})
    for a, b in itertools.pairwise(edges):
        chunked.partial_fit(x[a:b], y[a:b], sample_weight=w[a:b])
    same(chunked, whole)
    assert chunked.alpha_ == whole.alpha_ and chunked.n_samples_ == whole.n_samples_


@pytest.mark.parametrize("solver", SOLVERS)
def test_gaps_equal_a_fit_per_column_on_its_own_rows(solver):
    x, y, w = problem(60, features=4)
    y = with_gaps(y)
    fitted = Ridge(0.1, solver=solver).fit(x, y, sample_weight=w)
    for j in range(4):
        known = ~np.isnan(y[:, j])
        alone = Ridge(0.1, solver=solver).fit(x[known], y[known, j], sample_weight=w[known])
        np.testing.assert_allclose(fitted.W_out[j], alone.W_out[0], rtol=1e-10)
        np.testing.assert_allclose(fitted.b[j], alone.b[0], rtol=1e-10)
    assert len(fitted._groups) == 3  # columns 1 and 2 share their gaps and so their factorisation


@pytest.mark.parametrize("solver", ["normal", "qr"])
def test_merged_parts_equal_the_whole(solver):
    x, y, w = problem(60, features=4)
    y = with_gaps(y)
    whole = Ridge(0.1, solver=solver).fit(x, y, sample_weight=w)
    parts = [Ridge(0.1, solver=solver).partial_fit(x[c], y[c], sample_weight=w[c]) for c in np.split(np.arange(60), 4)]
    merged = parts[0]
    for part in parts[1:]:
        merged.merge(part)
    same(merged, whole)
    same(merged.merge(merged), Ridge(0.1, solver=solver).fit([x, x], [y, y], sample_weight=[w, w]))


def test_blocks_of_rows_do_not_show(monkeypatch):
    x, y, w = problem(3000, units=3)
    y[::7, 1] = nan
    monkeypatch.setattr(_series, "_BLOCK_ENTRIES", 0)  # 1024 rows
    small = {s: Ridge([0.1, 1.0], selection="loo", solver=s).fit(x, y, sample_weight=w) for s in SOLVERS}
    monkeypatch.setattr(_series, "_BLOCK_ENTRIES", 3 * 3000)
    monkeypatch.setattr(_moments, "_QR_ROWS", 3000)
    for solver, blocked in small.items():
        whole = Ridge([0.1, 1.0], selection="loo", solver=solver).fit(x, y, sample_weight=w)
        same(blocked, whole)
        np.testing.assert_allclose(blocked.loo_, whole.loo_, rtol=1e-10)


def test_states_are_never_copied_as_a_whole():
    states = np.random.default_rng(0).normal(size=(100_000, 64)).astype(np.float32)
    tracemalloc.start()
    Ridge(1.0).fit(states.T.copy().T, states[:, :2])  # Fortran order too
    base = states.nbytes  # the copy made for this test
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - base < 20e6 < 8 * states.size


# ---- choosing alpha

ALPHAS = np.logspace(-3, 3, 9)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("selection", ["gcv", "loo"])
@pytest.mark.parametrize("per_output", [False, True])
def test_a_path_equals_separate_fits(solver, selection, per_output):
    x, y, w = problem(features=4)
    y = with_gaps(y)
    options = {"solver": solver, "selection": selection, "per_output": per_output}
    path = Ridge(ALPHAS, **options).fit(x, y, sample_weight=w)
    scores = getattr(path, f"{selection}_")
    alone = [Ridge([alpha], **options).fit(x, y, sample_weight=w) for alpha in ALPHAS]
    np.testing.assert_allclose(scores, [getattr(a, f"{selection}_")[0] for a in alone], rtol=1e-10)
    np.testing.assert_array_equal(path.alphas_, ALPHAS)
    np.testing.assert_array_equal(path.alpha_, ALPHAS[scores.argmin(axis=0)])
    for j, alpha in enumerate(np.broadcast_to(path.alpha_, 4)):
        single = Ridge(alpha, solver=solver).fit(x, y, sample_weight=w)
        np.testing.assert_allclose(path.W_out[j], single.W_out[j], rtol=1e-10)
        np.testing.assert_allclose(path.b[j], single.b[j], rtol=1e-10)


@pytest.mark.parametrize("solver", SOLVERS)
def test_gcv_equals_the_hat_matrix(solver):
    x, y, w = problem(30)
    root = np.sqrt(w)[:, None]
    z = root * np.column_stack([x, np.ones(30)])
    path = Ridge(ALPHAS, solver=solver, per_output=True).fit(x, y, sample_weight=w)
    for k, alpha in enumerate(ALPHAS):
        hat = z @ np.linalg.solve(z.T @ z + alpha * np.diag([1.0] * 6 + [0.0]), z.T)
        residual = np.sum((root * y - hat @ (root * y)) ** 2, axis=0)
        np.testing.assert_allclose(path.gcv_[k], residual / 30 / (1 - np.trace(hat) / 30) ** 2, rtol=1e-9)
    shared = Ridge(ALPHAS, solver=solver).fit(x, y, sample_weight=w)
    np.testing.assert_allclose(shared.gcv_, path.gcv_.sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
def test_loo_equals_leaving_each_row_out(solver):
    x, y, w = problem(14, units=3, features=2)
    y[[1, 5], 1] = nan
    alphas = [0.05, 5.0]
    path = Ridge(alphas, solver=solver, selection="loo", per_output=True).fit(x, y, sample_weight=w)
    for j in range(2):
        rows = np.flatnonzero(~np.isnan(y[:, j]))
        for k, alpha in enumerate(alphas):
            others = [(i, np.setdiff1d(rows, i)) for i in rows]
            error = [
                y[i, j] - Ridge(alpha).fit(x[o], y[o, j], sample_weight=w[o]).predict(x[i]) for i, o in others
            ]  # fmt: skip
            np.testing.assert_allclose(path.loo_[k, j], np.average(np.square(error), weights=w[rows]), rtol=1e-9)


def test_gcv_of_a_nearly_exact_fit_keeps_its_digits():
    x, y, _ = problem(40, units=4, features=1)
    y = x @ [[1.0], [2.0], [-1.0], [0.5]] + 1e-10 * y
    centred = x - x.mean(axis=0)
    residual = (y - y.mean()) - centred @ np.linalg.lstsq(centred, y - y.mean(), rcond=None)[0]
    score = Ridge([0.0], solver="qr").fit(x, y).gcv_
    np.testing.assert_allclose(score, np.sum(residual**2) / 40 / (1 - 5 / 40) ** 2, rtol=1e-3)


def test_candidates_that_interpolate_are_passed_over():
    x, y, _ = problem(5, units=8)
    for selection in ("gcv", "loo"):
        path = Ridge([0.0, 1.0], selection=selection, solver="qr").fit(x, y)
        assert path.alpha_ == 1.0 and np.isfinite(path.W_out).all()
        with pytest.raises(ValueError, match=r"candidates that all interpolate .* Add larger candidates"):
            Ridge([0.0], selection=selection, solver="qr").fit(x, y)


# ---- using it


def test_shapes_of_predictions():
    x, y, _ = problem(60)
    many, one = Ridge(0.1).fit(x, y), Ridge(0.1).fit(x, y[:, 0])
    assert many.W_out.shape == (3, 6) and many.b.shape == (3,) and one.W_out.shape == (1, 6)
    assert many.predict(x).shape == (60, 3) and one.predict(x).shape == (60,)
    assert many.predict(x.reshape(2, 30, 6)).shape == (2, 30, 3) and one.predict(x.reshape(2, 30, 6)).shape == (2, 30)
    assert many.predict(x[0]).shape == (3,) and one.predict(x[0]).shape == ()
    assert [p.shape for p in many.predict([x[:7], x[7:]])] == [(7, 3), (53, 3)]
    np.testing.assert_allclose(many.predict(x), x @ many.W_out.T + many.b, rtol=1e-14)
    np.testing.assert_array_equal(many.predict(x.reshape(2, 30, 6)).reshape(60, 3), many.predict(x))


def test_float32_states_are_summed_in_float64():
    x, y, _ = problem()
    x32 = x.astype(np.float32)
    same(Ridge(0.1).fit(x32, y), Ridge(0.1).fit(x32.astype(np.float64), y), 1e-14)
    assert Ridge(0.1).fit(x32, y).predict(x32).dtype == np.float64
    same(Ridge(0.1).fit(x > 0, y), Ridge(0.1).fit((x > 0).astype(float), y), 1e-14)


def test_labelled_in_labelled_out():
    x, y, _ = problem(60)
    time = 0.5 * np.arange(1, 31)
    coords = {"time": time, "unit": np.arange(6), "dt": 0.5}
    states = xr.DataArray(x.reshape(2, 30, 6), dims=("trial", "time", "unit"), coords=coords)
    targets = xr.DataArray(y.reshape(2, 30, 3), dims=("trial", "time", "feature"))
    fitted = Ridge(0.1).fit(states.transpose("unit", "time", "trial"), targets.transpose("feature", ...))
    same(fitted, Ridge(0.1).fit(x, y))
    guess = fitted.predict(states.transpose("unit", ...))
    assert guess.dims == ("trial", "time", "feature") and set(guess.coords) == {"time", "dt"}
    np.testing.assert_array_equal(guess.time, time)
    np.testing.assert_array_equal(guess.values, fitted.predict(states.values))
    flat = Ridge(0.1).fit(states[0], targets[0, :, 0])
    assert flat.predict(states[0]).dims == ("time",) and flat.predict(states[0, 0]).dims == ()
    with pytest.raises(TypeError, match=r"states: got a Dataset, wanted one variable of it\. .*result\['state'\]"):
        fitted.fit(states.to_dataset(name="state"), targets)


def test_score_is_the_r2_of_scikit_learn():
    x, y, w = problem()
    fitted = Ridge(50.0).fit(x, y)
    np.testing.assert_allclose(fitted.score(x, y, sample_weight=w), r2_score(y, fitted.predict(x), sample_weight=w))
    known = ~np.isnan(with_gaps(y))
    wanted = [r2_score(y[k, j], fitted.predict(x)[k, j]) for j, k in enumerate(known.T)]
    np.testing.assert_allclose(fitted.score(x, with_gaps(y)), np.mean(wanted))
    assert Ridge(1.0).fit(x, np.ones(80)).score(x, np.ones(80)) == 1.0


@pytest.mark.parametrize("alpha", [0.1, ALPHAS])
@pytest.mark.parametrize("solver", ["normal", "qr"])
def test_a_saved_readout_predicts_the_same_and_goes_on(tmp_path, solver, alpha):
    x, y, w = problem(60, features=4)
    y = with_gaps(y)
    first = Ridge(alpha, solver=solver, per_output=True).fit(x[:40], y[:40], sample_weight=w[:40])
    np.savez(tmp_path / "readout.npz", **first.to_dict())
    with np.load(tmp_path / "readout.npz", allow_pickle=False) as stored:
        again = Ridge.from_dict(stored)
    np.testing.assert_array_equal(again.predict(x), first.predict(x))
    np.testing.assert_array_equal(again.alpha_, first.alpha_)
    same(again.partial_fit(x[40:], y[40:]), first.partial_fit(x[40:], y[40:]), 1e-14)
    wanted = {"alpha", "solver", "W_out", "b", "alpha_", "condition_number_"}
    assert wanted <= set(first.to_dict())
    if np.ndim(alpha):
        np.testing.assert_array_equal(again.gcv_, first.gcv_)


def test_the_example_runs():
    assert doctest.testmod(ridge).failed == 0


# ---- what is refused, and how

X, Y, _ = problem(20, units=4, features=2)
HOLED = np.where(np.arange(4) == 2, np.where(np.arange(20)[:, None] == 7, nan, X), X)


def edit(a, index, value):
    a = a.copy()
    a[index] = value
    return a


REFUSED = [
    (lambda: Ridge(-1.0), r"alpha: got -1(\.0)?, wanted a finite number in \[0, inf\)"),
    (lambda: Ridge([0.1, -2.0]), r"alpha: got -2 among the candidates, wanted numbers >= 0"),
    (lambda: Ridge([]), r"alpha: got no candidates"),
    (lambda: Ridge(nan), r"alpha: got nan, wanted a finite number"),
    (lambda: Ridge(solver="svd"), r"solver: got 'svd', wanted one of 'auto', 'normal', 'qr'"),
    (lambda: Ridge(selection="cv"), r"selection: got 'cv', wanted one of 'gcv', 'loo'\. Did you mean 'gcv'\?"),
    (lambda: Ridge().fit(X, Y[:-3]), r"targets: got 17 rows \(time\), wanted 20, as many as states has"),
    (lambda: Ridge().fit(X.T, Y), r"states: got shape \(4, 20\) where targets has 20 rows.*Axis 0 is time: pass states\.T"),
    (lambda: Ridge().fit(X, Y.T), r"targets: got shape \(2, 20\) where states has 20 rows.*Axis 0 is time: pass targets\.T"),
    (lambda: Ridge().fit(X[:0], Y[:0]), r"states: got shape \(0, 4\), wanted at least one row \(time\) and one unit"),
    (lambda: Ridge().fit(X[:, :0], Y), r"states: got shape \(20, 0\), wanted at least one row"),
    (lambda: Ridge().fit(X, Y[:, :0]), r"targets: got shape \(20, 0\), wanted at least one feature"),
    (lambda: Ridge().fit(np.empty((0, 5, 4)), np.empty((0, 5, 2))), r"states: got no series"),
    (lambda: Ridge().fit(X[:, 0], Y), r"states: got shape \(20,\).*write a single unit as states\[:, None\]"),
    (lambda: Ridge().fit(X, Y, washout=20), r"washout: got 20, wanted less than the 20 rows of states"),
    (lambda: Ridge().fit([X, X[:5]], [Y, Y[:5]], washout=9), r"washout: got 9, wanted less than the 5 rows of states\[1\]"),
    (lambda: Ridge().fit(X, Y, washout=-1), r"washout: got -1, wanted an integer >= 0"),
    (lambda: Ridge().fit([X, X], [Y]), r"targets: got 1 series, wanted 2, as many as states has"),
    (lambda: Ridge().fit([X, X[:, :3]], [Y, Y]), r"states\[1\]: got 3 unit\(s\), wanted 4"),
    (lambda: Ridge().fit([X, X], [Y, Y[:, 0]]), r"targets\[1\]: got 1 feature\(s\), wanted 2"),
    (lambda: Ridge().fit(HOLED, Y), r"states: got nan at index \(7, 2\) \(1 non-finite value"),
    (lambda: Ridge().fit([X, HOLED], [Y, Y]), r"states\[1\]: got nan at index \(7, 2\)"),
    (lambda: Ridge().fit(X, edit(Y, (3, 1), np.inf)), r"targets: got inf at index \(3, 1\).*NaN marks a missing target"),
    (lambda: Ridge().fit(X, edit(Y, np.s_[:, 1], nan)), r"targets: got no finite value of positive weight in column 1"),
    (lambda: Ridge().fit(X, Y, sample_weight=np.zeros(20)), r"no finite value of positive weight in column 0"),
    (lambda: Ridge().fit(X, Y, sample_weight=edit(np.ones(20), 4, -1)), r"sample_weight: got -1 at index 4, wanted weights >="),
    (lambda: Ridge().fit(X, Y, sample_weight=edit(np.ones(20), 4, nan)), r"sample_weight: got nan at index 4"),
    (lambda: Ridge().fit(X, Y, sample_weight=np.ones(19)), r"sample_weight: got shape \(19,\), wanted shape \(20,\)"),
    (lambda: Ridge([1.0], selection="loo").partial_fit(X, Y), r"selection: got 'loo'.*Use selection='gcv'"),
    (lambda: Ridge().fit(X, Y).partial_fit(X[:, :3], Y), r"states: got 3 unit\(s\), wanted 4"),
    (lambda: Ridge().fit(X, Y).partial_fit(X, Y[:, 0]), r"targets: got 1 feature\(s\), wanted 2"),
    (lambda: Ridge().predict(X), r"Ridge: got no data yet, wanted a fitted readout\. Call fit or partial_fit first"),
    (lambda: Ridge().fit(X, Y).predict(X.T), r"states: got shape \(4, 20\), wanted 4 units on the last axis.*pass states\.T"),
    (lambda: Ridge().fit(X, Y).predict(X[:, :3]), r"states: got shape \(20, 3\), wanted 4 units"),
    (lambda: Ridge().fit(X, Y).predict(HOLED), r"states: got nan at index \(7, 2\)"),
    (lambda: Ridge().fit(X, Y).score(X, Y[:, 0]), r"targets: got 1 feature\(s\), wanted 2"),
    (lambda: Ridge(solver="qr").fit(X, Y).merge(Ridge(solver="normal").fit(X, Y)), r"other: got a scatter matrix and a QR"),
    (lambda: Ridge().fit(X, Y).merge(Ridge()), r"Ridge: got no data yet"),
    (lambda: Ridge().fit(X, Y).merge(X), r"other: got ndarray, wanted a Ridge"),
    (lambda: Ridge().fit(X, Y).gcv_, r"gcv_: got a single alpha, wanted several candidates"),
    (lambda: Ridge([1.0]).fit(X, Y).loo_, r"loo_: got selection='gcv'.*Pass selection='loo'"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_is_refused_says_why(call, message):
    with pytest.raises((ValueError, TypeError, AttributeError), match=message):
        call()


def test_a_refused_chunk_leaves_the_readout_as_it_was():
    fitted = Ridge(0.1).partial_fit(X, Y)
    before = fitted.W_out.copy()
    with pytest.raises(ValueError, match="nan at index"):
        fitted.partial_fit([X, HOLED], [Y, Y])
    np.testing.assert_array_equal(fitted.partial_fit(X, np.full_like(Y, nan)).W_out, before)
    assert not hasattr(Ridge(), "W_out")


@pytest.mark.parametrize("solver", ["normal", "qr"])
def test_a_path_of_penalties_is_as_many_fits(solver):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(40, 5)), rng.normal(size=(40, 3))
    y[5, 1] = np.nan
    alphas = [1e-3, 0.1, 10.0]
    W, b = Ridge(solver=solver).fit(x, y).path(alphas)
    for k, alpha in enumerate(alphas):
        one = Ridge(alpha, solver=solver).fit(x, y)
        np.testing.assert_allclose(W[k], one.W_out, rtol=1e-10)
        np.testing.assert_allclose(b[k], one.b, rtol=0, atol=1e-10)


@pytest.mark.parametrize("solver", ["auto", "normal", "qr"])
def test_states_whose_squares_overflow_are_refused(solver):
    S, T = np.random.default_rng(0).normal(size=(50, 3)), np.arange(50.0)
    with pytest.raises(ValueError, match=r"states: got a scatter matrix that is not finite.*too large: rescale them"):
        Ridge(solver=solver).fit(S * 1e200, T)
    with pytest.raises(ValueError, match=r"targets: got sums .* not finite.*too large: rescale them"):
        Ridge([0.1, 1.0], solver=solver).fit(S, T * 1e200)
    with pytest.raises(TypeError, match=r"alpha: got 'x', wanted a number >= 0, or an array of such numbers"):
        Ridge("x")
