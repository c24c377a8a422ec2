"""Arrows point downward only: the imports of every file against the table of layers, and what a bare import brings along."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dynrnn

PACKAGE = Path(dynrnn.__file__).parent
REPOSITORY = PACKAGE.parent

# Lowest first. A module may import from rows before its own; a package may import from itself.
LAYERS = [
    ["_check", "_dates", "_fingerprint"],
    ["_jit", "_units"],
    ["_llvm"],
    ["_sums"],
    ["_math", "_record"],
    ["_made"],
    ["system"],
    ["couplings"],
    ["systems", "integrate"],
    ["run"],
    ["testing", "sinks"],
    ["_log"],
    ["_simulate"],
    ["readout", "tasks", "inputs", "io", "_csv"],
    ["forecast", "train", "analysis"],
    ["plot", "sweep", "_look"],
    ["_portrait"],
    ["study", "_job"],
    ["cli"],
]
LEVEL = {name: level for level, row in enumerate(LAYERS) for name in row}

LABELS = {"xarray", "matplotlib", "pandas", "sklearn", "h5netcdf"}
LABELLED = {"sinks": "it writes the labelled files that `simulate` streams to"}  # below `simulate`, and why

BORROWED = {"dynrnn.analysis.portrait": "dynrnn._portrait"}  # names in a table of contents below the file that has them

NUMBA_INTERNALS = {"_jit", "_fingerprint", "_llvm", "_sums"}

FILES = sorted(PACKAGE.rglob("*.py"))


def layer(file: Path) -> str:
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(tree: ast.AST, file: Path) -> Iterator[str]:
    """Full names of all that is imported anywhere in a file, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = ["dynrnn", *file.relative_to(PACKAGE).parts][: -node.level]
                base = ".".join([*parents, *([base] if base else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def named(files: list[Path]):
    return pytest.mark.parametrize("file", files, ids=[str(file.relative_to(PACKAGE)) for file in files])


INNER = [file for file in FILES if layer(file) not in ("__init__", "__main__", "studies")]


@named(INNER)
def test_imports_point_downward(file):
    own = layer(file)
    assert own in LEVEL, f"{own} has no place in LAYERS: give it one"
    for name in imports(ast.parse(file.read_text()), file):
        name = BORROWED.get(name, name)
        if name.startswith("dynrnn."):
            other = name.split(".")[1]
            assert other == own or LEVEL.get(other, 99) < LEVEL[own], f"{own} imports {name}, which is not below it"


@pytest.mark.parametrize("package", [dynrnn.analysis], ids=["analysis"])
def test_a_table_of_contents_that_loads_late_names_its_own_files_and_what_is_borrowed(package):
    """Late imports are not seen above: what they fetch from elsewhere counts as `BORROWED`, and is used only from above it."""
    elsewhere = {}
    for home, names in package._HOMES.items():
        module = importlib.util.resolve_name(f".{home}", package.__name__)
        if not module.startswith(f"{package.__name__}."):
            elsewhere |= {f"{package.__name__}.{name}": module for name in names}
    assert elsewhere == {name: home for name, home in BORROWED.items() if name.startswith(f"{package.__name__}.")}
    for name in package.__all__:
        assert callable(getattr(package, name))


@named([file for file in INNER if layer(file) != "cli"])
def test_the_table_of_contents_is_not_a_way_around_the_layers(file):
    """`import dynrnn` inside the package is for its version, not for names that live above."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    aliases = [alias for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    bound = {alias.asname or alias.name for alias in aliases if alias.name == "dynrnn"}
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in bound:
            assert node.attr.startswith("__"), f"line {node.lineno}: import {node.attr} from where it lives"


@named([file for file in INNER if LEVEL.get(layer(file), 99) < LEVEL["_simulate"] and layer(file) not in LABELLED])
def test_no_labels_below_simulate(file):
    found = {name.partition(".")[0] for name in imports(ast.parse(file.read_text()), file)} & LABELS
    assert not found, f"{found}: mathematics below, labels above"


@named([file for file in FILES if layer(file) not in NUMBA_INTERNALS])
def test_numba_internals_stay_in_two_files(file):
    for name in imports(ast.parse(file.read_text()), file):
        assert not name.startswith(("numba.core", "llvmlite", "numba.np", "numba.cpython"))


def test_a_bare_import_is_light():
    script = "import dynrnn, json, sys; dir(dynrnn); print(json.dumps([m for m in sys.modules if '.' not in m]))"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert not set(json.loads(out.stdout)) & {"numba", "scipy", "typer", "tqdm", *LABELS}


@pytest.mark.parametrize("name", dynrnn.__all__)
def test_every_name_in_the_table_of_contents_exists(name):
    assert getattr(dynrnn, name) is not None
    assert name in dir(dynrnn)


def test_a_function_is_not_hidden_by_the_module_of_its_name():
    script = "import dynrnn._simulate; assert callable(dynrnn.simulate), dynrnn.simulate"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=REPOSITORY)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'simulat'"):
        dynrnn.simulat


def test_no_file_names_a_place_on_somebody_s_machine():
    places = re.compile(r"(?<![\w.:~/-])/(?:" + "|".join(["home", "root", "Users", "tmp", "work", "mnt", "opt"]) + r")/\w")
    kinds = {"", ".py", ".md", ".toml", ".cff", ".json", ".ipynb"}
    folders = [REPOSITORY / name for name in ("dynrnn", "studies", "tests", "docs", ".ci")]
    files = [*REPOSITORY.glob("*.*"), *(file for folder in folders for file in folder.rglob("*"))]
    for file in files:
        if file.suffix in kinds and file.is_file() and "__pycache__" not in file.parts:
            found = places.search(file.read_text(encoding="utf-8"))
            assert not found, f"{file.relative_to(REPOSITORY)}: {found.group() if found else ''}"
