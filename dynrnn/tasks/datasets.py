"""Real series that other packages ship: statsmodels' public-domain tables and matplotlib's membrane recording."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check
from dynrnn.tasks import _label


def sunspots() -> xr.DataArray:
    """Yearly mean sunspot number, 1700-2008: 309 rows, a cycle of about 11 years. `time` is the first day of the year.

    Source: US National Geophysical Data Center, through statsmodels. Public domain.

    >>> series = sunspots()
    >>> series.sizes["time"], float(series[0])
    (309, 5.0)
    """
    year, number = _table("sunspots").T
    return _calendar(
        "sunspots", number, _years(year), "yearly mean sunspot number", "1", "US National Geophysical Data Center", 11
    )


def nile() -> xr.DataArray:
    """Yearly flow of the Nile at Aswan, 1871-1970, in 1e8 m3: 100 rows, no season, a drop near 1898.

    `time` is the first day of the year.

    Source: Cobb, Biometrika 65:243 (1978), through statsmodels. Public domain.

    >>> float(nile().sel(time="1871").item())
    1120.0
    """
    year, volume = _table("nile").T
    return _calendar("nile", volume, _years(year), "yearly flow of the Nile at Aswan", "1e8 m3", "Cobb, Biometrika 65:243 (1978)")


def elnino() -> xr.DataArray:
    """Monthly sea surface temperature of the region Niño 1+2, 1950-2010, in degrees Celsius: 732 rows, 12 to a cycle.

    `time` is the first day of the month.

    Source: US National Weather Service, ERSST.V3B (0-10 S, 90-80 W), through statsmodels. Public domain.

    >>> elnino().sel(time="1997-12").values.tolist()
    [27.08]
    """
    table = _table("elnino")
    months = _years(table[:, 0])[:, None] + np.arange(12)
    name = "sea surface temperature, Niño 1+2"
    return _calendar("elnino", table[:, 1:].ravel(), months.ravel(), name, "degC", "US National Weather Service, ERSST.V3B", 12)


def co2(fill: str | None = None) -> xr.DataArray:
    """Weekly carbon dioxide at Mauna Loa, 1958-2001, in ppm: 2284 Saturdays, about 52 to a cycle.

    Parameters
    ----------
    fill : None (the default) leaves the 59 weeks without a measurement as NaN; "interpolate" puts the straight line in time
        between their neighbours.

    Source: Keeling & Whorf, Carbon Dioxide Information Analysis Center (2004), through statsmodels. Public domain.

    >>> int(co2().isnull().sum()), int(co2(fill="interpolate").isnull().sum())
    (59, 0)
    """
    if fill is not None:
        _check.choice("fill", fill, ["interpolate"])
    date, level = _table("co2").T
    name = "weekly mean carbon dioxide at Mauna Loa"
    series = _calendar("co2", level, _days(date), name, "ppm", "Keeling & Whorf, CDIAC (2004)", 52)
    return series if fill is None else series.interpolate_na("time", keep_attrs=True).assign_attrs(fill=fill)


def membrane() -> xr.DataArray:
    """Membrane potential of a neuron, 6 s at 2 kHz, in millivolts: 12,000 rows with spikes; `time` in seconds.

    The trace of matplotlib's first logo. Its documentation gives the sample interval (0.0005 s) and the scale (stored 32-bit
    floats times 100 are millivolts), and nothing about cell or experiment.

    Source: sample data of matplotlib.

    >>> trace = membrane()
    >>> trace.sizes["time"], trace.attrs["units"], round(float(trace.min()))
    (12000, 'mV', -68)
    """
    from matplotlib.cbook import get_sample_data

    stored = np.fromfile(get_sample_data("membrane.dat", asfileobj=False), "<f4")
    return _label.series(
        "membrane",
        100.0 * stored.astype(np.float64),
        _label.clock(stored.size, 0.0005, "s"),
        long_name="membrane potential",
        units="mV",
        source="matplotlib sample data, membrane.dat",
        licence="matplotlib licence (recording of unstated origin)",
    )


_LOADERS: dict[str, Callable[..., xr.DataArray]] = {f.__name__: f for f in (co2, elnino, membrane, nile, sunspots)}


def names() -> list[str]:
    """The names that `load` knows.

    >>> names()
    ['co2', 'elnino', 'membrane', 'nile', 'sunspots']
    """
    return list(_LOADERS)


def load(name: str, **options: Any) -> xr.DataArray:
    """A real series by name, as its function returns it; `options` go to that function.

    All have dims ("time",), a `time` coordinate (days, or seconds for "membrane") and the attrs units, long_name, source and
    licence; ``attrs["season"]`` is the number of rows per cycle, and is missing where there is none.

    Raises
    ------
    ValueError : an unknown name; the known ones are listed.
    ImportError : statsmodels, which holds all but "membrane", is not installed.

    >>> load("co2", fill="interpolate").attrs["season"]
    52
    """
    return _LOADERS[_check.choice("name", name, names())](**options)


def _table(name: str) -> np.ndarray:
    """The numbers of one of statsmodels' tables, blanks as NaN. Importing statsmodels for it would take a second or more."""
    spec = find_spec("statsmodels")
    for root in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(root, "datasets", name, f"{name}.csv")
        if path.exists():
            return np.genfromtxt(path, delimiter=",", skip_header=1)
    remedy = 'Install statsmodels, which ships it: pip install "dynrnn[data]".'
    _check.fail(name, "no statsmodels with this table", f"its file {name}.csv", remedy, ImportError)


def _calendar(
    name: str, values: np.ndarray, time: np.ndarray, long_name: str, units: str, source: str, season: int | None = None
) -> xr.DataArray:
    """A series of the calendar."""
    return _label.series(
        name,
        np.ascontiguousarray(values),
        xr.Variable("time", time.astype("datetime64[ns]")),
        long_name=long_name,
        units=units,
        source=f"{source}, through statsmodels",
        licence="public domain",
        season=season,
    )


def _years(year: np.ndarray) -> np.ndarray:
    """The first month of each year, as datetime64[M]."""
    return (year.astype(int) - 1970).astype("datetime64[Y]").astype("datetime64[M]")


def _days(date: np.ndarray) -> np.ndarray:
    """Dates written as the number YYYYMMDD, as datetime64[D]."""
    year, month, day = date // 10_000, date // 100 % 100, date % 100
    return (_years(year) + (month.astype(int) - 1)).astype("datetime64[D]") + (day.astype(int) - 1)
