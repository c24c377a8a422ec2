"""A column of a CSV file as a labelled series, with messages that name file, column and line."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check

__all__ = ["read_csv"]

_HEADER = 2  # the line of the file on which row 0 stands
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}([-/.]\d{1,4})?([ T].*)?")
_SLASHED = r"^\s*(\d{1,2})[-/.](\d{1,2})[-/.]\d{2,4}\b"  # 1/2/2001, of which a reader cannot tell day and month
_ISO = r"\d{4}-\d\d(-\d\d([ T].*)?)?"


def read_csv(
    path: str | os.PathLike,
    column: str | None = None,
    time: str | None = None,
    *,
    sep: str = ",",
    decimal: str = ".",
    dayfirst: bool | None = None,
) -> xr.DataArray:
    """One column over ("time",), with the time stamps of another.

    Parameters
    ----------
    path : a CSV file in UTF-8 with a line of column names.
    column : the column to read. It can be left out where only one holds numbers.
    time : the column of time stamps, numbers or dates. Left out, the first column of dates is taken; without one, rows count
        from 0.
    sep, decimal : what stands between cells (one character, or "tab"), and before the fraction of a number ("." or ",").
    dayfirst : how to read dates such as 1/2/2001; they are refused if neither the file nor this says it.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError : no such file or column (the columns are listed), a file that is no such table,
        or values that are no numbers or dates (the line is named). Empty cells become NaN.
    """
    path = Path(path)
    if not path.is_file():
        _check.fail("file", repr(str(path)), "a file that exists", error=FileNotFoundError)
    table = _table(path, _separator(sep, decimal), decimal)
    columns = list(table.columns)
    if column is not None:
        _check.choice("column", column, columns)
    time = _date_column(table, column) if time is None else _check.choice("time column", time, columns)
    column = _only_numbers(table, time) if column is None else column
    values = _numbers(column, table[column], _numeric(table))
    coords = {} if time is None else {"time": _stamps(time, table[time], dayfirst)}
    return xr.DataArray(values, coords, ("time",), column, {"source": str(path)})


def _separator(sep: str, decimal: str) -> str:
    sep = "\t" if sep in ("tab", "\\t") else sep
    if len(sep) != 1:
        _check.fail("--sep", repr(sep), "one character, such as ';', or tab")
    _check.choice("--decimal", decimal, [".", ","])
    if sep == decimal:
        _check.fail("--decimal", f"{decimal!r}, which also separates the cells", "another character", "Pass --sep ';'.")
    return sep


def _table(path: Path, sep: str, decimal: str) -> Any:
    """The file as a data frame with text for column names, if it is a table with a header."""
    if not path.stat().st_size:
        _no_rows(path)
    options = {"sep": sep, "skipinitialspace": True}
    _check_header(path, _parsed(path, header=None, nrows=1, dtype=str, keep_default_na=False, **options).iloc[0], sep, decimal)
    table = _parsed(path, decimal=decimal, low_memory=False, index_col=False, **options)
    if table.empty:
        _no_rows(path)
    table.columns = [str(name) for name in table.columns]
    return table


def _no_rows(path: Path) -> None:
    _check.fail("file", f"{str(path)!r} without rows", "a line of column names and rows below it")


def _parsed(path: Path, **options: Any) -> Any:
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # cells that would be dropped
            return pd.read_csv(path, **options)
    except pd.errors.EmptyDataError:
        _no_rows(path)
    except pd.errors.ParserWarning:
        remedy = "Delete lines above the column names and surplus separators; numbers with a decimal comma need --sep ';'."
        _check.fail(f"file {str(path)!r}", "rows with more cells than column names", "as many", remedy)
    except UnicodeDecodeError:
        _check.fail(f"file {str(path)!r}", "bytes that are not UTF-8", "a text file", "Save it as CSV in UTF-8.")
    except Exception as error:  # whatever a parser or a decompressor meets in a file
        got = " ".join(str(error).replace("Error tokenizing data. C error:", "").split()).rstrip(".")
        remedy = "Delete lines that are not part of the table, such as those with '#', and surplus separators."
        _check.fail(f"file {str(path)!r}", f"what is no table ({got})", "lines with the same number of cells", remedy)


def _check_header(path: Path, cells: Any, sep: str, decimal: str) -> None:
    """Refuse a first line that another separator cuts, or that is data."""
    names = [str(cell).strip() for cell in cells]
    for other, called in ((";", "';'"), ("\t", "tab"), (",", "','")):
        found = [name for name in names if other in name]
        if found and other != sep and (other != "," or len(names) == 1):
            commas = " Numbers with a decimal comma need --decimal ',' too." if other != "," else ""
            remedy = f"This file seems to be separated by {called}: pass --sep {called}.{commas}"
            _check.fail(f"file {str(path)!r}", f"the column name {found[0]!r}", f"names separated by {sep!r}", remedy)
    filled = [name for name in names if name]
    numbers = [_is_number(name, decimal) for name in filled]
    if names[0] and any(numbers) and all(n or _DATE.fullmatch(name) for n, name in zip(numbers, filled, strict=True)):
        got = "a first line of " + ", ".join(map(repr, filled[:4]))
        remedy = "The first line looks like data: add a line with column names."
        _check.fail(f"file {str(path)!r}", got, "column names", remedy)


def _is_number(text: str, decimal: str) -> bool:
    try:
        float(text.replace(decimal, "."))
    except ValueError:
        return False
    return True


def _numeric(table: Any) -> list[str]:
    return [name for name in table.columns if table[name].dtype.kind in "biuf" and not _unnamed(name)]


def _unnamed(name: str) -> bool:
    """Row labels that were written without a name."""
    return name.startswith("Unnamed: ")


def _only_numbers(table: Any, time: str | None) -> str:
    numeric = [name for name in _numeric(table) if name != time]
    others = [name for name in table.columns if name != time and not _unnamed(name)]
    if not numeric and len(others) == 1:
        return others[0]  # which cell of it is no number is said later
    if len(numeric) != 1:
        listed = ", ".join(map(repr, others))
        got = "columns of numbers " + ", ".join(map(repr, numeric)) if numeric else f"no column of numbers among {listed}"
        _check.fail("column", got, "the name of one", "Pass --column NAME.")
    return numeric[0]


def _numbers(name: str, column: Any, numeric: list[str]) -> np.ndarray:
    import pandas as pd

    values = pd.to_numeric(column, errors="coerce")
    bad = values.isna() & column.notna()
    if bad.any():
        row = int(np.argmax(bad))
        remedy = f"Columns of numbers: {', '.join(map(repr, numeric)) or 'none'}."
        if re.fullmatch(r"\s*[+-]?\d*,\d+\s*", str(column.iloc[row])):
            remedy = "Where the comma is a decimal comma, pass --decimal ','."
        _check.fail(f"column {name!r}", f"{column.iloc[row]!r} in line {row + _HEADER}", "a number", remedy, TypeError)
    return values.to_numpy(np.float64)


def _date_column(table: Any, column: str | None) -> str | None:
    """The first column that holds dates."""
    return next((name for name in table.columns if name != column and _holds_dates(table[name])), None)


def _holds_dates(column: Any) -> bool:
    import pandas as pd

    first = column.head(20)
    if column.dtype.kind in "biuf" or not first.astype(str).str.contains(r"\d").all():
        return False
    if pd.to_numeric(first, errors="coerce").notna().any():
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return bool(pd.to_datetime(first, errors="coerce", format="mixed", utc=True).notna().all())


def _stamps(name: str, column: Any, dayfirst: bool | None) -> np.ndarray:
    if column.dtype.kind in "biuf":
        return column.to_numpy()
    dates = _dates(name, column, _day_comes_first(name, column.astype(str), dayfirst))
    if dates.isna().any():
        row = int(np.argmax(dates.isna()))
        got = f"{column.iloc[row]!r} in line {row + _HEADER}"
        remedy = "All lines are read in the format of the first one."
        _check.fail(f"time column {name!r}", got, "a date or a number", remedy, TypeError)
    return dates.to_numpy("datetime64[ns]")


def _dates(name: str, column: Any, dayfirst: bool) -> Any:
    """The column as dates in one format, that of the first line; NaT where it does not fit."""
    import pandas as pd

    iso = column.astype(str).str.fullmatch(_ISO).all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about formats that pandas reads without a name for them
        try:
            return pd.to_datetime(column, errors="coerce", format="ISO8601" if iso else None, dayfirst=dayfirst)
        except ValueError:
            remedy = "Write all of them in UTC, without offsets; offsets change with daylight saving time."
            _check.fail(f"time column {name!r}", "stamps with several offsets from UTC", "one for all lines", remedy)


def _day_comes_first(name: str, text: Any, dayfirst: bool | None) -> bool:
    """Whether 1/2/2001 is in February: what the column itself says, where a number above 12 is in it."""
    parts = text.str.extract(_SLASHED).dropna().astype(int)
    if parts.empty:
        return False
    day_first, month_first = bool((parts[0] > 12).any()), bool((parts[1] > 12).any())
    if (day_first or dayfirst) and (month_first or dayfirst is False):
        other = parts.index[parts[1 if month_first else 0] > 12][0]
        _check.fail(
            f"time column {name!r}",
            f"{text[other]!r} in line {other + _HEADER}",
            "day and month in one order",
            "Write ISO dates (2020-01-31).",
        )
    if dayfirst is None and not (day_first or month_first):
        got = f"{text[parts.index[0]]!r}, day or month first"
        remedy = "Write ISO dates, or pass --dayfirst or --no-dayfirst."
        _check.fail(f"time column {name!r}", got, "ISO dates (2020-01-31)", remedy)
    return day_first if dayfirst is None else dayfirst
