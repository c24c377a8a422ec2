"""Calendar time that fits into a file."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["storable", "writable"]


_UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}


def storable(data: Any) -> Any:
    """Let an xarray object's dates be written to netCDF: counted from 1970. Returns the object.

    Left alone, xarray counts nanoseconds from the first date, and three centuries are more than 64 bits hold.
    """
    for variable in {**getattr(data, "coords", {}), **getattr(data, "data_vars", {})}.values():
        if variable.dtype.kind == "M":
            variable.encoding = {"units": f"{_UNITS[np.datetime_data(variable.dtype)[0]]} since 1970-01-01", "dtype": "int64"}
    return data


def writable(data: Any) -> Any:
    """`storable`, and nanoseconds that are more than 64 bits apart as microseconds: xarray subtracts them when it writes."""
    wide = {name: v.astype("datetime64[us]") for name, v in data.variables.items() if v.dtype.kind == "M" and _too_wide(v.values)}
    return storable(data.assign(wide) if wide else data)


def _too_wide(dates: np.ndarray) -> bool:
    count = dates[~np.isnat(dates)].astype("int64")
    return count.size > 0 and int(count.max()) - int(count.min()) >= 2**63
