"""The command line. It reads, calls and prints; what it calls is imported only when a command needs it.

Bad input ends with exit code 2 and one line on the standard error; Ctrl-C with 130, after saying what is kept.
"""

from __future__ import annotations

import contextlib
import gc
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

import dynrnn

__all__ = ["app", "main"]

app = typer.Typer(
    help="Recurrent networks as dynamical systems. Start with: dynrnn forecast sunspots",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain text: rich alone would take as long to import as all the rest
    pretty_exceptions_enable=False,
)
studies = typer.Typer(help="Published results, reproduced.", no_args_is_help=True)
app.add_typer(studies, name="study")

_BAD_INPUT = (ValueError, TypeError, OSError, ImportError, MemoryError, ArithmeticError)
_show_traceback = False


def main() -> None:
    """Entry point of the command `dynrnn`."""
    app()


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"dynrnn {dynrnn.__version__}")
        raise typer.Exit


@app.callback()
def options(
    traceback: Annotated[bool, typer.Option("--traceback", help="Show where an error comes from.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)] = False,
) -> None:
    global _show_traceback
    _show_traceback = traceback


class _Kept:
    """The files a command has written so far."""

    def __init__(self) -> None:
        self.files: list[Path] = []

    def __call__(self, *files: Path) -> None:
        self.files.extend(files)
        for file in files:
            typer.echo(f"wrote {file}")

    def __str__(self) -> str:
        return ", ".join(map(str, self.files)) or "nothing was written, older files are as they were"


@contextlib.contextmanager
def _ends_well() -> Iterator[_Kept]:
    """Errors that a user can do something about become one line; Ctrl-C says what is kept."""
    kept = _Kept()
    try:
        yield kept
    except KeyboardInterrupt:
        typer.echo(f"\nstopped; kept: {kept}", err=True)
        raise typer.Exit(130) from None
    except _BAD_INPUT as error:
        if _show_traceback:
            raise
        typer.echo(f"dynrnn: {' '.join(str(error).split()) or type(error).__name__}", err=True)
        raise typer.Exit(2) from None


def _progress(text: str) -> None:
    """What is being done, for people who wait; not part of what a command prints."""
    typer.echo(f"… {text}", err=True)


# ----------------------------------------------------------------------------------------------------- forecast


@app.command()
def forecast(
    series: Annotated[str, typer.Argument(help="co2, elnino, membrane, nile, sunspots, or a CSV file.")],
    column: Annotated[str | None, typer.Option(help="Column of the CSV file to forecast.")] = None,
    time_column: Annotated[str | None, typer.Option("--time", help="Column of time stamps: numbers or dates.")] = None,
    sep: Annotated[str | None, typer.Option(help="What separates the cells of the CSV file: ';', or tab.")] = None,
    decimal: Annotated[str | None, typer.Option(help="What stands before fractions in the CSV file: ','.")] = None,
    dayfirst: Annotated[bool | None, typer.Option(help="Whether 1/2/2001 in the CSV file is in February.")] = None,
    horizon: Annotated[int | None, typer.Option(help="Rows to forecast; by default one cycle, or 5 % of the series.")] = None,
    season: Annotated[int | None, typer.Option(help="Rows per cycle, where there is one.")] = None,
    fill: Annotated[str | None, typer.Option(help="'interpolate': straight lines across missing values.")] = None,
    folds: Annotated[int, typer.Option(help="Forecasts in the back-test.")] = 8,
    units: Annotated[int, typer.Option(help="Units of a reservoir.")] = 100,
    members: Annotated[int, typer.Option(help="Reservoirs in the ensemble.")] = 10,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for forecast.nc and forecast.png.")] = Path("."),
) -> None:
    """Fit reservoirs to a series, test them on its end beside baselines, and forecast on.

    Hyper-parameters are chosen on the rows before the test stretch, never on it.
    """
    with _ends_well() as kept:
        _check_counts({"horizon": horizon, "season": season, "folds": folds, "units": units, "members": members}, seed)
        _check_folder(out)
        file = {"column": column, "time": time_column, "sep": sep, "decimal": decimal, "dayfirst": dayfirst}
        with _imports():
            from dynrnn import _job

            y = _read(series, {name: value for name, value in file.items() if value is not None}, season, fill)
        horizon = _job.default_horizon(y) if horizon is None else horizon
        out.mkdir(parents=True, exist_ok=True)
        done = _job.forecast(y, horizon, folds=folds, units=units, members=members, seed=seed, say=_progress)
        typer.echo("\n".join(_summary(y, done)))
        _write_forecast(done, out, kept)


@contextlib.contextmanager
def _imports() -> Iterator[None]:
    """Without garbage collection: modules come to stay, and looking for some to free takes a quarter of a short job."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def _check_counts(counts: dict[str, int | None], seed: int) -> None:
    """Refuse what no work can start with, by the name of its option."""
    from dynrnn import _check

    for name, value in counts.items():
        if value is not None:
            _check.integer(f"--{name}", value, 1)
    _check_seed(seed)


def _check_seed(seed: int) -> None:
    from dynrnn import _check

    _check.integer("--seed", seed, 0, 2**63 - 1, "It is written into the data, as 64 bits.")


def _check_folder(out: Path) -> None:
    from dynrnn import _check

    if out.exists() and not out.is_dir():
        _check.fail("--out", f"{str(out)!r}, a file", "a folder, there or not", error=NotADirectoryError)


def _read(series: str, file: dict[str, Any], season: int | None, fill: str | None) -> Any:
    """A series by name or from a file, checked."""
    from dynrnn import _check, _job, tasks

    if series in tasks.names():
        if file:
            given = ", ".join(f"--{name}" for name in file)
            _check.fail(given, f"options of a file for {series!r}", "none: it has one column", "They are for CSV files.")
        y = tasks.load(series)
    elif Path(series).suffix or Path(series).exists():
        from dynrnn._csv import read_csv

        y = read_csv(series, **file)
    else:
        _check.choice("series", series, [*tasks.names(), "a CSV file"])
    if season is not None:
        y.attrs["season"] = season
    return _job.ready(y, fill)


def _summary(y: Any, job: Any) -> list[str]:
    """What was tested and how it went, line by line."""
    from dynrnn._job import mean_absolute, words

    horizon, folds = job.data.attrs["horizon"], job.data.attrs["folds"]
    units = y.attrs.get("units", "1")
    unit = "" if units == "1" else f" ({units})"
    by_model = job.report["mae"]
    shown = sorted({1, horizon})
    table = [["mean absolute error", "all rows", *(f"{h} ahead" for h in shown)]]
    for model, mean in mean_absolute(job.report).items():
        ends = [by_model.sel(model=model, horizon=h).item() for h in shown]
        table.append([words(model), *(f"{value:.4g}" for value in (mean, *ends))])
    season = job.report.attrs["season"]
    chosen = ", ".join(f"{name} {_short(value)}" for name, value in job.chosen.items())
    return [
        f"{y.attrs.get('long_name', y.name)}{unit}: {y.size} rows",
        f"chosen before the test stretch: {chosen}",
        f"back-test: {folds} forecasts of {horizon} rows, each from the rows before it"
        + (f"; season {season} rows" if season else ""),
        "",
        *_aligned(table),
        "",
        job.verdict,
    ]


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _aligned(rows: list[list[str]]) -> list[str]:
    """Columns under one another: the first to the left, numbers to the right."""
    first, *widths = (max(map(len, column)) for column in zip(*rows, strict=True))
    return ["  ".join([name.ljust(first), *map(str.rjust, cells, widths)]) for name, *cells in rows]


def _write_forecast(job: Any, out: Path, kept: _Kept) -> None:
    from dynrnn import plot
    from dynrnn._job import figure
    from dynrnn.study import write_dataset

    kept(write_dataset(out / "forecast.nc", job.data))
    with plot.style():
        plot.save(figure(job), out / "forecast.png")
    kept(out / "forecast.png")


# ------------------------------------------------------------------------------------------------------ studies

_PATH = typer.Option("--path", help="Your own folder of studies, in place of the package's.")
_FAST = typer.Option("--fast", help="Few seeds, a few seconds: shows that a study runs, not that it holds.")


@studies.command("list")
def study_list(path: Annotated[Path | None, _PATH] = None) -> None:
    """The studies there are."""
    with _ends_well():
        from dynrnn.study import discover

        for line in _aligned_left([(name, study.title) for name, study in discover(path).items()]):
            typer.echo(line)


@studies.command("run")
def study_run(
    name: str,
    fast: Annotated[bool, _FAST] = False,
    seed: int = 0,
    out: Annotated[Path, typer.Option(help="Folder for the data and the figure.")] = Path("results"),
    path: Annotated[Path | None, _PATH] = None,
) -> None:
    """Run one study, write its data and its figure, and print its claims."""
    with _ends_well() as kept:
        from dynrnn.study import find

        _check_seed(seed)
        _check_folder(out)
        study = find(name, path)
        outcome = study.run(seed, fast)
        for claim in outcome.claims:
            typer.echo(claim.text)
        kept(*study.write(outcome, out))


@studies.command("ledger")
def study_ledger(
    fast: Annotated[bool, _FAST] = False,
    seed: int = 0,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("docs/ledger.md"),
    path: Annotated[Path | None, _PATH] = None,
) -> None:
    """Run all studies and write one table of their claims. A miss is a row too, and so is a study that fails.

    The exit code is 1 where a study failed to run; claims that are missed do not change it.
    """
    with _ends_well() as kept:
        from dynrnn.study import discover, ledger

        def report(row: Any) -> None:
            for cells in row.cells:
                typer.echo(": ".join(cell for cell in cells[:5] if cell))

        rows = ledger(out, fast=fast, seed=seed, studies=discover(path).values(), report=report)
        kept(out)
        if any(row.failure for row in rows):
            raise typer.Exit(1)


def _aligned_left(rows: list[tuple[str, str]]) -> list[str]:
    width = max((len(name) for name, _ in rows), default=0)
    return [f"{name.ljust(width)}  {text}" for name, text in rows]


# --------------------------------------------------------------------------------------------- warm-up and facts


@app.command()
def warmup() -> None:
    """Compile what the main jobs need, so that the first of them does not wait for it."""
    with _ends_well():
        for name, work in _warmups().items():
            began = time.perf_counter()
            typer.echo(f"{name} … ", nl=False)
            work()
            typer.echo(f"{time.perf_counter() - began:.1f} s")
        cache = _cache()
        typer.echo(cache if cache else "No writable cache folder: the next process compiles anew. Set DYNRNN_CACHE_DIR.")


def _warmups() -> dict[str, Callable[[], Any]]:
    """Small versions of the main jobs, on the types that the real ones have."""
    import numpy as np

    import dynrnn as dr
    from dynrnn import _job

    wave = np.sin(0.3 * np.arange(200))
    esn = dr.ESN.random(50, rng=0)

    def job() -> None:
        _job.forecast(_job.xr.DataArray(wave, dims="time"), 5, folds=2, units=20, members=2)

    return {
        "simulate, one trial": lambda: dr.simulate(esn, wave),
        "simulate, many trials": lambda: dr.simulate(esn, np.tile(wave[:, None], (9, 1, 1))),
        "Mackey-Glass and NARMA": lambda: (dr.tasks.mackey_glass(10, rng=0), dr.tasks.narma(10, rng=0)),
        "forecast": job,
    }


def _cache() -> str:
    from dynrnn._jit import cache_info

    facts = cache_info()
    return f"{facts['kernels']} kernels, {facts['bytes'] / 1e6:.1f} MB in {facts['folder']}" if facts["folder"] else ""  # type: ignore[operator]


@app.command()
def info() -> None:
    """Versions, threads and the cache of compiled code."""
    with _ends_well():
        from importlib.metadata import PackageNotFoundError, version

        import dynrnn
        from dynrnn._jit import DISABLED
        from dynrnn.run import _cores

        rows = [("dynrnn", dynrnn.__version__), ("Python", sys.version.split()[0])]
        for name in ("numpy", "scipy", "numba", "llvmlite", "xarray", "matplotlib", "scikit-learn", "statsmodels"):
            with contextlib.suppress(PackageNotFoundError):
                rows.append((name, version(name)))
        rows += [("threads", str(_cores())), ("compiled", "no: NUMBA_DISABLE_JIT is set" if DISABLED else "yes")]
        rows.append(("cache", _cache() or "none: no writable folder"))
        for line in _aligned_left(rows):
            typer.echo(line)


if __name__ == "__main__":
    main()
