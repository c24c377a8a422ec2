"""A column of a CSV file as a labelled series, with messages that name file, column and line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check

__all__ = ["read_csv"]

_HEADER = 2  # the line of the file on which row 0 stands


def read_csv(path: str | os.PathLike, column: str | None = None, time: str | None = None) -> xr.DataArray:
    """One column over ("time",), with the time stamps of another.

    Parameters
    ----------
    path : a CSV file with a line of column names.
    column : the column to read. It can be left out where only one holds numbers.
    time : the column of time stamps, numbers or dates. Left out, a first column of dates is taken; without one, rows count
        from 0.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError : no such file or column (the columns are listed), or values that are no numbers
        or dates (the line is named). Empty cells become NaN.
    """
    import pandas as pd

    path = Path(path)
    if not path.is_file():
        _check.fail("file", repr(str(path)), "a file that exists", error=FileNotFoundError)
    table = pd.read_csv(path, skipinitialspace=True) if path.stat().st_size else pd.DataFrame()
    if table.empty:
        _check.fail("file", f"{str(path)!r} without rows", "a line of column names and rows below it")
    columns = [str(name) for name in table.columns]
    table.columns = columns
    time = _date_column(table) if time is None else _check.choice("time column", time, columns)
    column = _only_numbers(table, time) if column is None else _check.choice("column", column, columns)
    values = _numbers(column, table[column], _numeric(table))
    coords = {} if time is None else {"time": _stamps(time, table[time])}
    return xr.DataArray(values, coords, ("time",), column, {"source": str(path)})


def _numeric(table: Any) -> list[str]:
    return [name for name in table.columns if table[name].dtype.kind in "biuf"]


def _only_numbers(table: Any, time: str | None) -> str:
    numeric = [name for name in _numeric(table) if name != time]
    if len(numeric) != 1:
        listed = ", ".join(map(repr, table.columns))
        got = "columns of numbers " + ", ".join(map(repr, numeric)) if numeric else f"no column of numbers among {listed}"
        _check.fail("column", got, "the name of one", "Pass --column NAME.")
    return numeric[0]


def _numbers(name: str, column: Any, numeric: list[str]) -> np.ndarray:
    import pandas as pd

    values = pd.to_numeric(column, errors="coerce")
    bad = values.isna() & column.notna()
    if bad.any():
        row = int(np.argmax(bad))
        known = f"Columns of numbers: {', '.join(map(repr, numeric)) or 'none'}."
        _check.fail(f"column {name!r}", f"{column.iloc[row]!r} in line {row + _HEADER}", "a number", known, TypeError)
    return values.to_numpy(np.float64)


def _date_column(table: Any) -> str | None:
    """The first column, if it holds dates."""
    import pandas as pd

    first = table.columns[0]
    if table[first].dtype.kind in "biuf":
        return None
    return first if pd.to_datetime(table[first].head(20), errors="coerce", format="mixed").notna().all() else None


def _stamps(name: str, column: Any) -> np.ndarray:
    import pandas as pd

    if column.dtype.kind in "biuf":
        return column.to_numpy()
    dates = pd.to_datetime(column, errors="coerce", format="mixed")
    if dates.isna().any():
        row = int(np.argmax(dates.isna()))
        got = f"{column.iloc[row]!r} in line {row + _HEADER}"
        _check.fail(f"time column {name!r}", got, "a date or a number", error=TypeError)
    return dates.to_numpy("datetime64[ns]")
