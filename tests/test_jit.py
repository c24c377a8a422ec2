"""Compiled code and its cache: a second process is quick, and no process ever runs anything but what its sources say.

What matters happens between processes, so most tests start some: ``run`` executes a script in a fresh interpreter, with a
cache folder of its own, and returns what the script reported. The package they import is a copy, so that nobody who edits
the sources meanwhile changes the outcome.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import dynrnn
from dynrnn import _jit
from dynrnn.system import System

# What every script below can import: a driver in the user's own code, and a way to say what came out of it.
SUPPORT = '''
import json
import numpy as np
from dynrnn._jit import DISABLED, cache_info, jit
from dynrnn.system import System, step

@jit
def advance(p, x, u, out):
    step(p, x, u, out)

def one_step(system, x=2.0, dtype=np.float64):
    """The first unit one step after the state in which all are x."""
    out = np.empty(system.size, dtype)
    try:
        advance(system.params(), np.full(system.size, x, dtype), np.empty(0, dtype), out)
    except ZeroDivisionError:
        return "ZeroDivisionError"
    return float(out[0])

def hits():
    return 0 if DISABLED else sum(advance.stats.cache_hits.values())

def report(value):
    print(json.dumps(value))
'''


@pytest.fixture
def folder(tmp_path):
    return prepare(tmp_path)


def prepare(folder: Path) -> Path:
    """A place to run scripts in: a copy of the package, and the module `support`."""
    (folder / "support.py").write_text(SUPPORT)
    shutil.copytree(Path(dynrnn.__file__).parent, folder / "dynrnn", ignore=shutil.ignore_patterns("__pycache__", "studies"))
    return folder


def start(folder: Path, script: str, **environment: str) -> subprocess.Popen:
    variables = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",  # an edit within the clock's resolution must not meet old bytecode
        "DYNRNN_CACHE_DIR": str(folder / "cache"),
        **environment,
    }
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", script], stdout=pipe, stderr=pipe, text=True, env=variables, cwd=folder)


def finish(process: subprocess.Popen):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


def run(folder: Path, script: str, **environment: str):
    return finish(start(folder, script, **environment))


def kernels(folder: Path) -> list[Path]:
    return sorted((folder / "cache").rglob("*.kernel"))


# ------------------------------------------------------------------------- everything a user's kernel can depend on

IMPORTS = "import numba, numpy as np\nfrom dynrnn._jit import jit\nfrom dynrnn.system import System, step\n"


class Case(NamedTuple):
    """A user's module with a system `S`, perhaps a second module `FAR`, and an edit that changes S's result from 6 to 10.

    The state is 2, so "times 3" gives 6 and "times 5" gives 10. Where there is a second module, the edit is made in that one.
    """

    near: str
    far: str = ""
    edit: tuple[str, str] = ("3.0", "5.0")
    before: float | str = 6.0
    after: float | str = 10.0

    def write(self, folder: Path, name: str) -> None:
        for file, text in ((f"user_{name}.py", self.near), (f"far_{name}.py", self.far)):
            (folder / file).write_text(IMPORTS + text.replace("FAR", f"far_{name}"))

    def change(self, folder: Path, name: str) -> None:
        file = folder / (f"far_{name}.py" if self.far else f"user_{name}.py")
        old, new = self.edit
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))


def system(value: str, before: str = "", name: str = "S") -> str:
    return f"{before}\nclass {name}(System):\n    def step(p, x, u, out):\n        out[0] = {value}\n"


F = "def f(x):\n    return 3.0 * x\n"
DEPENDENCIES = {
    "kernel": Case(system("3.0 * x[0]")),
    "constant": Case(system("K * x[0]", "K = 3.0")),
    "array": Case(system("TABLE[1] * x[0]", "TABLE = np.array([0.0, 3.0])")),
    "tuple": Case(system("PAIR[1] * x[0]", "PAIR = (0, 3.0)")),
    "named_tuple": Case(
        system("P.a * x[0]", "from collections import namedtuple\nP = namedtuple('P', 'a b')(3.0, 5.0)"), edit=("'a b'", "'b a'")
    ),
    "enumeration": Case(system("Size.BIG.value * x[0]", "import enum\nclass Size(enum.Enum):\n    BIG = 3.0")),
    "helper": Case(system("f(x[0])", f"@jit\n{F}")),
    "default": Case(system("f(x[0])", "@jit\ndef f(x, k=3.0):\n    return k * x")),
    "inner_function": Case(system("f(x[0])", "K = 3.0\n@jit\ndef f(x):\n    def g(y):\n        return K * y\n    return g(x)")),
    "imported_helper": Case(system("f(x[0])", "from FAR import f"), f"@numba.njit\n{F}"),
    "helper_of_module": Case(system("FAR.f(x[0])", "import FAR"), "K = 3.0\n@jit\ndef f(x):\n    return K * x\n"),
    "constant_of_module": Case(system("FAR.K * x[0]", "import FAR"), "K = 3.0\n"),
    "flag": Case(
        system("f(x[0])", "@numba.njit(error_model='numpy')\ndef f(x):\n    return 1 / (x - 2)"),
        edit=("numpy'", "python'"),
        before=float("inf"),
        after="ZeroDivisionError",
    ),
    "overload": Case(
        system("f(x[0])", "def f(x):\n    pass\n@numba.extending.overload(f)\ndef _(x):\n    return lambda x: 3.0 * x")
    ),
    "registered": Case(system("f(x[0])", f"@numba.extending.register_jitable\n{F}")),
    "vectorized": Case(system("f(x[0])", f"@numba.vectorize\n{F}")),
    "inherited": Case("from FAR import Base\nclass S(Base):\n    pass\n", system("3.0 * x[0]", name="Base")),
    "closure": Case(
        "def make(k):\n"
        "    class S(System):\n"
        "        def step(p, x, u, out):\n"
        "            out[0] = k * x[0]\n"
        "    return S\n"
        "S = make(3.0)\n"
    ),
    "part": Case(
        "from FAR import Inner\n"
        "class S(System):\n"
        "    inner: System = Inner()\n"
        "    def step(p, x, u, out):\n"
        "        step(p.inner, x, u, out)\n",
        system("3.0 * x[0]", name="Inner"),
    ),
    "activation": Case(
        "from dynrnn.systems.activations import Activation, activation, value\n"
        "from FAR import f\n"
        "class S(System):\n"
        "    f: Activation = activation(f)\n"
        "    def step(p, x, u, out):\n"
        "        out[0] = value(p.f, x[0])\n",
        "K = 3.0\ndef f(x):\n    return K * x\n",
    ),
    "lambda": Case(
        "from dynrnn.systems.activations import Activation, activation, value\n"
        "class S(System):\n"
        "    f: Activation = activation(lambda x: 3.0 * x)\n"
        "    def step(p, x, u, out):\n"
        "        out[0] = value(p.f, x[0])\n",
    ),
}
# These mean nothing, or something else, in plain Python.
_COMPILED_ONLY = {"overload", "vectorized", "flag"}

ALL = """
import importlib
from support import hits, one_step, report
out = {{}}
for name in {names}:
    system, before = importlib.import_module("user_" + name).S(), hits()
    out[name] = one_step(system), hits() - before
report(out)
"""


@pytest.fixture(scope="module")
def lives(tmp_path_factory):
    """All `DEPENDENCIES` in three processes: fresh, again, and after every file has been edited; then without compilation."""
    folder = prepare(tmp_path_factory.mktemp("lives"))
    for name, case in DEPENDENCIES.items():
        case.write(folder, name)
    every, plain = ALL.format(names=list(DEPENDENCIES)), ALL.format(names=[n for n in DEPENDENCIES if n not in _COMPILED_ONLY])
    out = {"first": run(folder, every), "kernels": len(kernels(folder))}
    out["again"], out["kernels again"] = run(folder, every), len(kernels(folder))
    for name, case in DEPENDENCIES.items():
        case.change(folder, name)
    out["edited"] = run(folder, every)
    out["plain"] = run(folder, plain, NUMBA_DISABLE_JIT="1")
    return out


@pytest.mark.parametrize("name", DEPENDENCIES)
def test_a_second_process_finds_the_code_and_an_edited_kernel_never_runs_stale(lives, name):
    case = DEPENDENCIES[name]
    assert lives["first"][name] == [case.before, 0]
    assert lives["again"][name] == [case.before, 1]
    assert lives["edited"][name] == [case.after, 0]


@pytest.mark.parametrize("name", [n for n in DEPENDENCIES if n not in _COMPILED_ONLY])
def test_plain_python_gives_the_same_results(lives, name):
    assert lives["plain"][name] == [DEPENDENCIES[name].after, 0]


def test_a_second_process_writes_nothing(lives):
    assert lives["kernels"] >= len(DEPENDENCIES)
    assert lives["kernels again"] == lives["kernels"]


# ------------------------------------------------------------------------------------------------ the package itself


def test_editing_a_kernel_in_another_file_of_the_package_recompiles(folder):
    package = folder / "dynrnn"
    (package / "probe_constant.py").write_text("K = 3.0\n")
    probe = "from dynrnn.probe_constant import K\nfrom dynrnn.system import System\n"
    probe += "class Probe(System):\n    def step(p, x, u, out):\n        out[0] = K * x[0]\n"
    (package / "probe.py").write_text(probe)
    script = "from support import *\nfrom dynrnn.probe import Probe\nreport([one_step(Probe()), hits()])"
    assert run(folder, script) == [6.0, 0]
    assert run(folder, script) == [6.0, 1]
    (package / "probe_constant.py").write_text("K = 5.0\n")
    assert run(folder, script) == [10.0, 0]
    (package / "probe_constant.py").write_text("K = 3.0\n")
    assert run(folder, script) == [6.0, 1]  # taking the edit back takes the old code back

    edit_while_running = """
from support import *
from pathlib import Path
import dynrnn, dynrnn.system
Path(dynrnn.__file__).with_name("probe_constant.py").write_text("K = 7.0")
from dynrnn.probe import Probe
report([one_step(Probe()), hits()])
"""
    assert run(folder, edit_while_running) == [14.0, 0]
    (package / "probe_constant.py").write_text("K = 3.0\n")
    assert run(folder, script) == [6.0, 1]


def test_only_the_newest_versions_are_kept(tmp_path):
    for age in range(6):
        (tmp_path / f"version{age}").mkdir()
        os.utime(tmp_path / f"version{age}", (time.time() - age, time.time() - age))
    _jit._forget_old_versions(tmp_path / "version5")  # in use, hence the newest
    assert {p.name for p in tmp_path.iterdir()} == {"version5", "version0", "version1"}


# --------------------------------------------------------------------------------------------- scripts and notebooks

MAIN = """
from support import *
class S(System):
    def step(p, x, u, out):
        out[0] = 3.0 * x[0]
report([one_step(S()), hits()])
"""


def test_a_system_in_a_script_is_cached_and_edited_safely(folder):
    assert run(folder, MAIN) == [6.0, 0]
    assert run(folder, MAIN) == [6.0, 1]
    assert run(folder, MAIN.replace("3.0", "5.0")) == [10.0, 0]


NOTEBOOK = """
import sys
sys.argv = [""]
notebook, results = {{"__name__": "__main__"}}, []
for cell in {cells}:
    exec(cell, notebook)
    results += [notebook["one_step"](notebook["S"]())]
notebook["report"](results)
"""
_IMPORT_CELL = "from support import *\n"
_CLASS = "class S(System):\n    def step(p, x, u, out):\n        out[0] = {}\n"


def test_a_cell_can_be_edited_and_run_again(folder):
    cells = [
        _IMPORT_CELL + "K = 3.0\n" + _CLASS.format("K * x[0]"),
        "K = 5.0\n" + _CLASS.format("K * x[0]"),
        _CLASS.format("x[0] + K"),
        _CLASS.format("p.b + x[0]").replace("    def", "    a: float = 1.0\n    b: float = 2.0\n    def"),
    ]
    assert run(folder, NOTEBOOK.format(cells=cells)) == [6.0, 10.0, 7.0, 4.0]
    assert run(folder, NOTEBOOK.format(cells=cells)) == [6.0, 10.0, 7.0, 4.0]


def test_code_from_several_processes_does_not_mix(folder):
    """Kernels of one name, too large to be inlined and compiled by two processes as the first thing they did, meet in a third."""
    loops = "".join(
        f"            for i in range(x.size):\n                out[i] += (k + {j}) * (x[i] + {j}.0) / (1.0 + out[i] * out[i])\n"
        for j in range(15)
    )
    start_of_class = "def make(k):\n    class S(System):\n        def step(p, x, u, out):\n            out[0] = k * x[0]\n"
    script = f"from support import *\n{start_of_class}{loops}    return S\nreport([one_step(make(k)()) for k in {{}}])"
    truth = run(folder, script.format([3.0, 5.0, 7.0]), NUMBA_DISABLE_JIT="1")
    assert len({round(value, 6) for value in truth}) == 3
    assert run(folder, script.format([3.0])) == pytest.approx(truth[:1], rel=1e-12)
    assert run(folder, script.format([5.0])) == pytest.approx(truth[1:2], rel=1e-12)
    assert run(folder, script.format([7.0, 5.0, 3.0])) == pytest.approx(truth[::-1], rel=1e-12)


def test_rebinding_a_global_does_not_poison_the_cache(folder):
    """Numba freezes globals when it compiles. Code frozen at the old value must not be filed under the new one."""
    helper = _IMPORT_CELL + "K = {}\n@jit\ndef f(x):\n    return K * x\n" + _CLASS.format("f(x[0])")
    rebind = "K = 5.0\n" + _CLASS.format("f(x[0])")  # f, compiled already, is not run again
    assert run(folder, NOTEBOOK.format(cells=[helper.format("3.0"), rebind])) == [6.0, 6.0]
    assert run(folder, NOTEBOOK.format(cells=[helper.format("5.0")])) == [10.0]

    single = _IMPORT_CELL + "K = 3.0\n" + _CLASS.format("K * x[0]") + "one_step_64 = one_step\n"
    later = "K = 5.0\ndef one_step(s):\n    return one_step_64(s, dtype=np.float32)\n"  # another signature, compiled later
    run(folder, NOTEBOOK.format(cells=[single, later]))
    assert run(folder, NOTEBOOK.format(cells=[single, later.partition("\n")[2]])) == [6.0, 6.0]


# ---------------------------------------------------------------------------------------- a cache that is in trouble


def test_an_unwritable_cache_directory_only_costs_time(folder):
    file = folder / "file"
    file.write_text("a file, below which nothing can be made")
    script = MAIN.replace("hits()", 'cache_info()["folder"]')
    assert run(folder, script, DYNRNN_CACHE_DIR=str(file / "cache")) == [6.0, None]
    assert run(folder, script, DYNRNN_CACHE_DIR="", NUMBA_CACHE_DIR=str(file)) == [6.0, None]


def test_a_missing_cache_directory_is_made(folder):
    assert run(folder, MAIN, DYNRNN_CACHE_DIR=str(folder / "cache" / "a" / "b")) == [6.0, 0]
    assert kernels(folder)


def test_damaged_entries_are_compiled_again(folder):
    systems = "".join(f"class S{k}(System):\n    def step(p, x, u, out):\n        out[0] = {k} * x[0]\n" for k in range(4))
    script = f"from support import *\n{systems}\nreport([one_step(S()) for S in (S0, S1, S2, S3)] + [hits()])"
    assert run(folder, script) == [0.0, 2.0, 4.0, 6.0, 0]
    files = kernels(folder)
    whole = files[0].read_bytes()
    for file, content in zip(
        files, [b"", b"noise", whole[: len(whole) // 2], pickle.dumps(("of", "something", "else"))], strict=True
    ):
        file.write_bytes(content)
    assert run(folder, script) == [0.0, 2.0, 4.0, 6.0, 0]
    assert run(folder, script) == [0.0, 2.0, 4.0, 6.0, 4]


def test_a_user_helper_that_cannot_be_read_is_not_kept(folder):
    """Of a jitclass Numba has a type, but what is in it cannot be told: its code is compiled in each process."""
    script = """
from support import *
from numba import float64
from numba.experimental import jitclass
@jitclass({"k": float64})
class Box:
    def __init__(self):
        self.k = 3.0
class S(System):
    def step(p, x, u, out):
        out[0] = Box().k * x[0]
report([one_step(S()), hits()])
"""
    assert run(folder, script) == [6.0, 0]
    assert not kernels(folder)
    assert run(folder, script.replace("3.0", "5.0")) == [10.0, 0]


# -------------------------------------------------------------------------------------------------------- concurrency


def test_threads_that_compile_at_once_are_safe(folder):
    script = """
from support import *
import threading
from concurrent.futures import ThreadPoolExecutor
def make(k):
    class S(System):
        gain: float = 1.0
        def step(p, x, u, out):
            out[0] = p.gain * k * x[0]
    return S
classes, barrier = [make(float(k)) for k in (1, 2)], threading.Barrier(8)
def work(i):
    barrier.wait()
    return one_step(classes[i % 2](), dtype=(np.float64, np.float32)[i // 4])
with ThreadPoolExecutor(8) as pool:
    report(list(pool.map(work, range(8))))
"""
    assert run(folder, script) == [2.0, 4.0] * 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_numbers_its_code_apart_too(folder):
    """Children that compile the same sequence must not give different code the same name: see the test of mixed code above."""
    script = """
from support import *
import os
from numba.core.bytecode import FunctionIdentity
read, write = os.pipe()
if os.fork() == 0:
    os.write(write, str(next(FunctionIdentity._unique_ids)).encode())
    os._exit(0)
report([int(os.read(read, 99)), next(FunctionIdentity._unique_ids)])
"""
    child, parent = run(folder, script)
    assert abs(child - parent) > 1000


def test_processes_that_compile_at_once_are_safe(folder):
    assert [finish(p)[0] for p in [start(folder, MAIN) for _ in range(3)]] == [6.0] * 3
    assert run(folder, MAIN) == [6.0, 1]
    assert {p.suffix for p in (folder / "cache").rglob("*") if p.is_file()} == {".kernel"}  # nothing half-written is left


# ----------------------------------------------------------------------------------------------------------- dispatch


def test_a_kernel_is_found_on_the_class_and_a_field_of_its_name_is_not_one():
    class Held(System):
        output: float = 1.0

        def step(p, x, u, out):
            out[0] = p.output

    assert _jit.kernel(Held, "step") is Held.step
    assert _jit.kernel(Held, "output") is None
    assert _jit.kernel(Held, "drift") is None


def test_the_same_generic_call_works_compiled_and_plain():
    from dynrnn.system import step

    class Triple(System):
        def step(p, x, u, out):
            out[:] = 3 * x

    @_jit.jit
    def compiled(p, x, u, out):
        step(p, x, u, out)

    p, x, u, plain, fast = Triple().params(), np.ones(1), np.empty(0), np.empty(1), np.empty(1)
    step(p, x, u, plain)
    compiled(p, x, u, fast)
    assert plain == fast == 3


def test_cache_info_counts_what_is_there():
    info = _jit.cache_info()
    assert set(info) == {"folder", "kernels", "bytes"}
    assert info["folder"] is None or info["folder"].is_dir()
