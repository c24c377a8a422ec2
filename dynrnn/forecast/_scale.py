"""Series in the units a reservoir likes: transformed, centred, scaled; and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from dynrnn import _check

_LARGEST = 1e307  # room for differences and for forecasts beyond the range of the series


class Scale(NamedTuple):
    """Zero mean and unit deviation, per feature; constant features are only shifted."""

    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, name: str, series: Sequence[np.ndarray]) -> Scale:
        """From series (time, feature), over all their rows; a message calls them `name`."""
        rows = series[0] if len(series) == 1 else np.concatenate(series)
        peak = np.abs(rows).max(axis=0)
        if (peak > _LARGEST).any():
            _check.fail(name, f"values as large as {peak.max():.0e}", f"at most {_LARGEST:.0e} in size", "Rescale them.")
        power = np.frexp(peak)[1]  # a power of two costs no digits, and squares of what is left neither overflow nor vanish
        rows = np.ldexp(rows, -power)
        mean, std = rows.mean(axis=0), rows.std(axis=0)
        return cls(np.ldexp(mean, power), np.where(std > 1e-12 * np.abs(mean), np.ldexp(std, power), 1.0))

    def forward(self, values: np.ndarray) -> np.ndarray:
        return (values - self.mean) / self.std

    def back(self, values: np.ndarray) -> np.ndarray:
        return values * self.std + self.mean

    def to_dict(self) -> dict[str, np.ndarray]:
        return self._asdict()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Scale:
        return cls(np.array(data["mean"]), np.array(data["std"]))


class Transformation(NamedTuple):
    """A monotone map that evens out a skewed series, its inverse, and where it is defined: above `lowest`, or from it on."""

    forward: Callable[[np.ndarray], np.ndarray]
    back: Callable[[np.ndarray], np.ndarray]
    lowest: float = -np.inf
    closed: bool = False

    def checked(self, name: str, values: np.ndarray) -> np.ndarray:
        """The values transformed, or what is wrong with them."""
        low = values.min()
        if low < self.lowest or (low == self.lowest and not self.closed):
            wanted = f"values {'>=' if self.closed else '>'} {self.lowest:g} for this transformation"
            _check.fail(name, f"{low:g}", wanted, "Shift the series, or choose another transformation.")
        return self.forward(values)


TRANSFORMATIONS = {
    "none": Transformation(lambda y: y, lambda z: z),
    "sqrt": Transformation(np.sqrt, lambda z: np.maximum(z, 0.0) ** 2, 0.0, closed=True),
    "log": Transformation(np.log, np.exp, 0.0),
}


def transformation(name: str | None) -> Transformation:
    """The transformation of that name; None is "none"."""
    return TRANSFORMATIONS[_check.choice("transformation", "none" if name is None else name, TRANSFORMATIONS)]
