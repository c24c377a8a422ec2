"""Studies: when a claim is met, which modules are studies, and a ledger that hides neither misses nor crashes."""

import math

import numpy as np
import pytest
import xarray as xr

import dynrnn as dr
from dynrnn import study
from dynrnn.study import Claim

GOOD = '''"""Toy: is two at most three?

Source: arithmetic.
"""
import xarray as xr
from dynrnn import plot
from dynrnn.study import Claim

def run(seed, fast):
    data = xr.Dataset({"y": ("time", [1.0 + seed, 2.0])})
    return data, [Claim("two", 3.0, 2.0), Claim("four | five", 3.0, 4.0, source="a book", tag="recalled")]

def figure(data):
    fig, ax = plot.figure()
    ax.plot(data["y"])
    return fig
'''
CRASHING = '"""Toy: what does a crash look like?"""\ndef run(seed, fast):\n    raise RuntimeError("the reservoir\\nis dry")\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine" / "deeper").mkdir(parents=True)
    (tmp_path / "mine" / "good.py").write_text(GOOD)
    (tmp_path / "mine" / "deeper" / "crashing.py").write_text(CRASHING)
    (tmp_path / "mine" / "_helper.py").write_text("raise ImportError('a helper is not a study')")
    return tmp_path / "mine"


# --- claims -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comparison", "tolerance", "ours", "met"),
    [
        ("at most", 0, 2.0, True),
        ("at most", 0, 2.1, False),
        ("at least", 0, 2.0, True),
        ("at least", 0, 1.9, False),
        ("within", 0.5, 2.5, True),
        ("within", 0.5, 1.4, False),
        *((comparison, 0, math.nan, False) for comparison in study.COMPARISONS),
        ("at most", 0, math.inf, False),
    ],
)
def test_a_claim_is_met_or_missed(comparison, tolerance, ours, met):
    claim = Claim("x", 2.0, ours, comparison, tolerance)
    assert claim.met is met
    assert claim.verdict == ("met" if met else "MISSED") and claim.verdict in claim.text


def test_a_claim_over_seeds_reports_the_statistic_and_the_quartiles():
    claim = Claim.over_seeds("x", 5, [1.0, 2.0, 3.0, 4.0, 90.0])
    assert (claim.ours, claim.seeds, claim.spread) == (3.0, 5, (2.0, 4.0))
    assert not Claim.over_seeds("x", 5, [1.0, 2.0, 3.0, 4.0, 90.0], statistic=np.mean).met


def test_one_seed_has_no_spread():
    assert Claim.over_seeds("x", 5, [3.0]).text == "x: 3, wanted at most 5: met"


def test_a_run_that_diverged_counts_as_infinitely_bad():
    assert Claim.over_seeds("x", 5, [1.0, np.inf, 2.0]).ours == 2.0
    assert not Claim.over_seeds("x", 5, [1.0, np.inf, np.inf]).met


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"comparison": "about"}, "comparison: got 'about', wanted one of 'at most', 'at least', 'within'"),
        ({"tolerance": 0.1}, "tolerance: got 0.1, wanted 0 for 'at most'"),
        ({"reference": math.nan}, "reference: got nan"),
        ({"seeds": 0}, "seeds: got 0"),
    ],
)
def test_a_claim_that_says_nothing_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Claim(**({"what": "x", "reference": 2.0, "ours": 1.0} | changes))


# --- finding ----------------------------------------------------------------------------------------------------------


def test_studies_are_the_public_modules_of_a_folder(folder):
    found = study.discover(folder)
    assert list(found) == ["deeper/crashing", "good"]
    assert found["good"].title == "Toy: is two at most three?"


def test_the_package_brings_its_own_studies():
    assert {"beer", "benchmarks/flows", "mackey_glass", "narma10", "sunspots", "wong_wang"} <= set(study.discover())
    for one in study.discover().values():
        assert one.title != "(no docstring)"


def test_an_unknown_study_is_told_the_known_ones(folder):
    with pytest.raises(ValueError, match=r"study: got 'god', wanted one of 'deeper/crashing', 'good'\. Did you mean 'good'"):
        study.find("god", folder)
    with pytest.raises(FileNotFoundError, match="wanted a folder of studies"):
        study.find("good", folder / "nowhere")


# --- running ----------------------------------------------------------------------------------------------------------


def test_a_run_keeps_its_claims_with_its_data_and_draws_them(folder, tmp_path):
    one = study.find("good", folder)
    outcome = one.run(seed=1)
    written = one.write(outcome, tmp_path / "new" / "out")
    assert [file.name for file in written] == ["good.nc", "good.png"]
    with xr.open_dataset(written[0]) as back:
        np.testing.assert_array_equal(back["y"], [2.0, 2.0])
        assert back.attrs["seed"] == 1 and '"met": false' in back.attrs["claims"]
    assert written[1].read_bytes().startswith(b"\x89PNG")


def test_a_run_that_returns_something_else_is_refused(folder):
    (folder / "odd.py").write_text("def run(seed, fast):\n    return 1.0, []\n")
    with pytest.raises(TypeError, match=r"odd\.run: got something else, wanted an xarray Dataset"):
        study.find("odd", folder).run()


def test_an_edited_study_in_another_folder_is_another_study(folder, tmp_path):
    assert study.find("good", folder).run().claims[0].ours == 2.0
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "good.py").write_text(GOOD.replace('"two", 3.0, 2.0', '"two", 3.0, 2.5'))
    assert study.find("good", tmp_path / "other").run().claims[0].ours == 2.5


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path):
    file = tmp_path / "data.nc"
    study.write_dataset(file, xr.Dataset({"y": ("time", [1.0])}))
    before = file.read_bytes()
    with pytest.raises((TypeError, ValueError)):
        study.write_dataset(file, xr.Dataset({"y": ("time", [1.0]), "bad": ("time", [object()])}))
    assert file.read_bytes() == before and [f.name for f in tmp_path.iterdir()] == ["data.nc"]


def test_dates_further_apart_than_64_bits_count_nanoseconds_survive(tmp_path):
    times = np.array(["1700-01-01", "2019-07-01"], "datetime64[ns]")
    file = study.write_dataset(tmp_path / "data.nc", xr.Dataset({"y": ("time", [1.0, 2.0])}, {"time": times}))
    with xr.open_dataset(file) as back:
        np.testing.assert_array_equal(back["time"], times)


# --- the package's own studies ----------------------------------------------------------------------------------------


def test_jaegers_leaky_network_is_an_esn_in_other_units():
    """x' = (1 - C a) x + C tanh(W x + b + W_fb d), step by step, against the ESN of z = a x."""
    mackey = study.find("mackey_glass").module
    esn = mackey.network(mackey.SETTINGS[0], np.random.default_rng(1))
    W, W_fb = mackey.A * np.asarray(esn.W), np.asarray(esn.W_in)[:, 0]
    assert dr.spectral_radius(W) == pytest.approx(mackey.RADIUS)
    teacher = 0.3 * np.sin(np.arange(20))
    x, states = np.zeros(mackey.UNITS), []
    for d in teacher:
        x = (1 - mackey.C * mackey.A) * x + mackey.C * np.tanh(W @ x + esn.bias + W_fb * d)
        states.append(x)
    np.testing.assert_allclose(dr.simulate(esn, teacher)["state"], mackey.A * np.array(states), atol=1e-13)


# --- ledger -----------------------------------------------------------------------------------------------------------


def test_the_ledger_holds_hits_misses_and_crashes(folder, tmp_path):
    heard = []
    file = tmp_path / "docs" / "ledger.md"
    rows = study.ledger(file, fast=True, studies=study.discover(folder).values(), report=heard.append)
    text = file.read_text()
    assert [row.study for row in rows] == [row.study for row in heard] == ["deeper/crashing", "good"]
    assert "| deeper/crashing | RuntimeError: the reservoir is dry |  |  | FAILED |  |" in text
    assert "| good | two | at most 3 | 2 | met |  |" in text
    assert "| good | four \\| five | at most 3 | 4 | MISSED | a book [recalled] |" in text
    assert "1 of 2 claims met, 1 of 2 studies failed." in text
    assert "--fast" in text and "dynrnn " in text


def test_the_same_results_give_the_same_ledger(folder, tmp_path):
    texts = []
    for name in ("a.md", "b.md"):
        study.ledger(tmp_path / name, studies=study.discover(folder).values())
        texts.append((tmp_path / name).read_text())
    assert texts[0] == texts[1] and "full protocols" in texts[0]


def test_an_interrupted_ledger_leaves_the_old_one(folder, tmp_path):
    file = tmp_path / "ledger.md"
    file.write_text("old")
    (folder / "slow.py").write_text("def run(seed, fast):\n    raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        study.ledger(file, studies=study.discover(folder).values())
    assert file.read_text() == "old"
