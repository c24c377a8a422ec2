"""Studies: published or exact results reproduced, and the ledger that says which of them came out.

A study is one Python file. Its docstring says question, source and protocol (the first line is its title), and it has

=============================  ========================================================================
``run(seed, fast)``            returns the data, an xarray Dataset, and a list of `Claim`
``figure(data)``               returns a matplotlib Figure of that data (optional)
=============================  ========================================================================

``fast=True`` asks for the same protocol on fewer seeds, in a few seconds: it shows that the study runs, not that it holds.
Studies live in ``studies/``; a file ``studies/benchmarks/reservoir.py`` is the study "benchmarks/reservoir". Files that
begin with an underscore are not studies.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import xarray as xr

import dynrnn
from dynrnn import _check
from dynrnn._dates import writable
from dynrnn.sinks import replacing

__all__ = ["Claim", "Outcome", "Study", "discover", "find", "ledger", "write_dataset"]

COMPARISONS = ("at most", "at least", "within")


@dataclass(frozen=True)
class Claim:
    """One number of ours beside the number it should meet.

    Parameters
    ----------
    what : the quantity, in words.
    reference : the published value, or the bound.
    ours : what this run gave. NaN meets nothing.
    comparison : "at most" or "at least" the reference, or "within" `tolerance` of it.
    tolerance : largest allowed distance, for "within" only.
    seeds : how many independent repetitions `ours` sums up.
    spread : lower and upper quartile over the seeds.
    source : where the reference comes from.
    tag : how far the reference can be trusted, such as "recalled" for a published number nobody has looked up again.

    >>> Claim("NMSE", 0.04, 0.03, "at most").met, Claim("exponent", 0.906, 0.91, "within", 0.001).met
    (True, False)
    """

    what: str
    reference: float
    ours: float
    comparison: str = "at most"
    tolerance: float = 0.0
    seeds: int = 1
    spread: tuple[float, float] | None = None
    source: str = ""
    tag: str = ""

    def __post_init__(self) -> None:
        _check.choice("comparison", self.comparison, COMPARISONS)
        _check.real("reference", self.reference)
        _check.real("tolerance", self.tolerance, 0.0)
        _check.integer("seeds", self.seeds, 1)
        if self.tolerance and self.comparison != "within":
            _check.fail("tolerance", self.tolerance, f"0 for {self.comparison!r}", "A bound has no tolerance: move the bound.")

    @classmethod
    def over_seeds(
        cls,
        what: str,
        reference: float,
        values: Any,
        comparison: str = "at most",
        *,
        statistic: Callable[[Any], Any] = np.median,
        **rest: Any,
    ) -> Claim:
        """The claim on a statistic of one value per seed, with their quartiles as spread.

        >>> Claim.over_seeds("error", 2.0, [1.0, 2.0, 6.0], statistic=np.mean).text
        'error: 3 (1 to 6 over 3 runs), wanted at most 2: MISSED'
        """
        values = _check.array("values", values, ndim=1, finite=False)
        # Quartiles among the values themselves: between a finite one and infinity there is nothing to interpolate.
        low, high = (float(q) for q in np.quantile(values, [0.25, 0.75], method="inverted_cdf"))
        spread = (low, high) if values.size > 1 else None
        return cls(what, float(reference), float(statistic(values)), comparison, seeds=values.size, spread=spread, **rest)

    @property
    def met(self) -> bool:
        """Whether our number is where the reference wants it."""
        if self.comparison == "within":
            return bool(abs(self.ours - self.reference) <= self.tolerance)
        return bool(self.ours <= self.reference if self.comparison == "at most" else self.ours >= self.reference)

    def _text(self, number: float) -> str:
        """A number with as many digits as the tolerance asks for, and at least three."""
        size = abs(self.reference)
        digits = math.ceil(math.log10(size / self.tolerance)) + 2 if self.tolerance and size > self.tolerance else 3
        return f"{number:.{max(3, digits)}g}"

    @property
    def verdict(self) -> str:
        return "met" if self.met else "MISSED"

    @property
    def wanted(self) -> str:
        """The reference in words."""
        if self.comparison == "within":
            return f"{self._text(self.reference)} ± {self.tolerance:.3g}"
        return f"{self.comparison} {self.reference:.3g}"

    @property
    def measured(self) -> str:
        """Our number, and how it varies over the seeds."""
        if self.spread is None:
            return self._text(self.ours)
        return f"{self._text(self.ours)} ({self.spread[0]:.3g} to {self.spread[1]:.3g} over {self.seeds} runs)"

    @property
    def origin(self) -> str:
        """Where the reference comes from, and how far it can be trusted."""
        return f"{self.source} [{self.tag}]" if self.tag else self.source

    @property
    def text(self) -> str:
        """One line for people."""
        return f"{self.what}: {self.measured}, wanted {self.wanted}: {self.verdict}"


@dataclass(frozen=True)
class Outcome:
    """What a study gave: its data and its claims."""

    data: xr.Dataset
    claims: list[Claim]


@dataclass(frozen=True)
class Study:
    """A study module, not yet imported."""

    name: str
    path: Path

    @property
    def module(self) -> ModuleType:
        """The module, imported when first asked for."""
        name = "studies." + self.name.replace("/", ".")
        loaded = sys.modules.get(name)
        if loaded is not None and Path(loaded.__file__ or "") == self.path:
            return loaded
        return _import(name, self.path)

    @property
    def title(self) -> str:
        """The first line of the docstring, read without importing the module."""
        import ast

        text = ast.get_docstring(ast.parse(self.path.read_text(encoding="utf-8"))) or "(no docstring)"
        return text.splitlines()[0]

    def run(self, seed: int = 0, fast: bool = False) -> Outcome:
        """Run it. What it returns is checked, and the data say how they came about."""
        data, claims = self.module.run(_check.integer("seed", seed, 0), bool(fast))
        if not isinstance(data, xr.Dataset) or not all(isinstance(claim, Claim) for claim in claims):
            _check.fail(f"{self.name}.run", "something else", "an xarray Dataset and a list of Claim", error=TypeError)
        text = json.dumps([{**asdict(claim), "met": claim.met} for claim in claims])
        about = {"study": self.name, "title": self.title, "seed": seed, "fast": int(fast), "dynrnn": dynrnn.__version__}
        return Outcome(data.assign_attrs(about, claims=text), list(claims))

    def write(self, outcome: Outcome, out: str | os.PathLike) -> list[Path]:
        """Put data and figure into the folder `out` and return their names. Older files are replaced by whole ones only."""
        base = Path(out, self.name)
        base.parent.mkdir(parents=True, exist_ok=True)
        written = [write_dataset(base.with_suffix(".nc"), outcome.data)]
        if hasattr(self.module, "figure"):
            from dynrnn.plot import save, style

            written.append(base.with_suffix(".png"))
            with style():
                save(self.module.figure(outcome.data), written[-1])
        return written


def _import(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: dataclasses and pickles look their module up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def write_dataset(path: str | os.PathLike, data: xr.Dataset) -> Path:
    """Write netCDF; a file of that name is replaced only by a whole one."""
    path = Path(path)
    with replacing(path) as temporary:
        writable(data).to_netcdf(temporary, engine="h5netcdf")
    return path


# ------------------------------------------------------------------------------------------------------ finding


def home() -> Path:
    """The folder of studies that come with the package: beside it in a checkout, inside it where it is installed."""
    package = Path(__file__).parent
    beside = package.parent / "studies"
    return beside if (package.parent / "pyproject.toml").exists() and beside.is_dir() else package / "studies"


def discover(path: str | os.PathLike | None = None) -> dict[str, Study]:
    """The studies in a folder (by default those of the package), by name."""
    root = home() if path is None else Path(path)
    if not root.is_dir():
        _check.fail("path", repr(str(root)), "a folder of studies", error=FileNotFoundError)
    found = (file.relative_to(root) for file in sorted(root.rglob("*.py")))
    return {
        file.with_suffix("").as_posix(): Study(file.with_suffix("").as_posix(), root / file)
        for file in found
        if not any(part.startswith(("_", ".")) for part in file.parts)
    }


def find(name: str, path: str | os.PathLike | None = None) -> Study:
    """A study by name; an unknown name is told the known ones."""
    known = discover(path)
    return known[_check.choice("study", name, known)]


# ------------------------------------------------------------------------------------------------------- ledger


@dataclass(frozen=True)
class Row:
    """A study in the ledger: its claims, or why there are none."""

    study: str
    claims: Sequence[Claim] = ()
    failure: str = ""

    @property
    def cells(self) -> list[list[str]]:
        """Table rows: study, claim, wanted, ours, verdict, source."""
        if self.failure:
            return [[self.study, self.failure, "", "", "FAILED", ""]]
        if not self.claims:
            return [[self.study, "ran, and claims nothing", "", "", "", ""]]
        return [[self.study, c.what, c.wanted, c.measured, c.verdict, c.origin] for c in self.claims]


def ledger(
    path: str | os.PathLike,
    *,
    fast: bool = False,
    seed: int = 0,
    studies: Iterable[Study] | None = None,
    report: Callable[[Row], Any] = lambda row: None,
) -> list[Row]:
    """Run studies (by default all of the package) and write one table to the file `path`.

    A miss stays a miss, and a study that fails is a row that says so; the others still run. The file is replaced at the end
    only. `report` is called with each row as it comes.
    """
    rows = []
    for study in discover().values() if studies is None else studies:
        rows.append(_attempt(study, seed, fast))
        report(rows[-1])
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_text(table(rows, fast, seed), encoding="utf-8")
    return rows


def _attempt(study: Study, seed: int, fast: bool) -> Row:
    try:
        return Row(study.name, study.run(seed, fast).claims)
    except Exception as error:  # whatever it is, it belongs into the table
        message = " ".join(str(error).split()).replace(sys.executable, "python")  # the same text on every machine
        return Row(study.name, failure=f"{type(error).__name__}: {message}"[:300])


def table(rows: Sequence[Row], fast: bool, seed: int) -> str:
    """The ledger as Markdown. It holds no date, so that the same results give the same file."""
    claims = [claim for row in rows for claim in row.claims]
    met, failed = sum(claim.met for claim in claims), sum(bool(row.failure) for row in rows)
    how = "few seeds each: `--fast` shows that the studies run, not that they hold" if fast else "full protocols"
    lines = [
        "# Ledger",
        "",
        f"Written by `dynrnn study ledger{' --fast' if fast else ''}`, {how}; seed {seed}.",
        f"{met} of {len(claims)} claims met, {failed} of {len(rows)} studies failed.",
        "The spread is the middle half of the runs. [recalled] marks a published number that was not looked up again.",
        "",
        f"Versions: {versions()}.",
        "",
    ]
    head = ["study", "claim", "wanted", "ours", "verdict", "source"]
    body = [cells for row in rows for cells in row.cells]
    return "\n".join([*lines, *_markdown(head, body)]) + "\n"


def _markdown(head: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return [line(head), "|" + "---|" * len(head), *map(line, body)]


def versions() -> str:
    """The versions that a result depends on.

    >>> versions().startswith("dynrnn ")
    True
    """
    from importlib.metadata import version

    parts = [f"dynrnn {dynrnn.__version__}", f"Python {platform.python_version()}"]
    return ", ".join([*parts, *(f"{name} {version(name)}" for name in ("numpy", "scipy", "numba", "xarray"))])
