"""Parameters by name: ``"rho"``, ``"theta[0]"``, ``"W[1,0]"``, ``"W"`` (a gain), ``"flow.rho"``, ``"input[0]"``."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn.analysis._local import held
from dynrnn.couplings import Coupling, Dense, Sparse
from dynrnn.system import System

__all__ = ["Parameter"]

_ADDRESS = re.compile(r"(?P<path>\w+(?:\.\w+)*)(?:\[(?P<index>[\d,\s]+)\])?")


class Parameter:
    """One number of a system or of its inputs, by its address.

    A scalar field is set. An element of an array field or of a coupling, ``"theta[0]"`` or ``"W[to,from]"``, is set. A whole
    array or coupling, ``"W"``, is multiplied: the parameter is a gain, 1 at the start. ``"input[0]"`` is an input that is
    held. A dot leads into wrapped systems.

    >>> from dynrnn import Lorenz63
    >>> rho = Parameter(Lorenz63(), "rho")
    >>> rho.value, rho.at(24.0)[0].rho
    (28.0, 24.0)
    """

    def __init__(self, system: System, address: str, inputs: Any = None):
        match = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
        if match is None:
            _check.fail("parameter", repr(address), 'an address such as "rho", "theta[0]", "W[1,0]", "W" or "input[0]"')
        self.system, self.address = system, address
        self.inputs = held(system, inputs)
        self.path = match["path"].split(".")
        self.index = tuple(int(i) for i in match["index"].split(",")) if match["index"] else None
        self._of_input = self.path == ["input"] and "input" not in system.fields and system.input_size > 0
        if self._of_input:
            self._check_index(self.inputs)
            self.value = float(self.inputs[self.index])
            return
        field: Any = system
        for name in self.path:
            known = [*getattr(field, "fields", ()), *(["input"] if field is system and system.input_size else [])]
            if not known:
                _check.fail("parameter", repr(address), f"an address that ends before {name!r}, as there is a number")
            _check.choice("parameter", name, known)
            field = getattr(field, name)
        if isinstance(field, Coupling):
            field = field.to_array() if self.index is not None else field
        if self.index is not None:
            self._check_index(np.asarray(field))
            self.value = float(field[self.index])
        elif isinstance(field, Coupling) or np.ndim(field) > 0:
            self.value = 1.0
        elif isinstance(field, (int, float)) or (isinstance(field, np.ndarray) and np.ndim(field) == 0):
            self.value = float(field)
        else:
            _check.fail("parameter", f"{address!r}, {type(field).__name__}", "a number, an array or a coupling", error=TypeError)

    def _check_index(self, array: np.ndarray) -> None:
        inside = self.index is not None and len(self.index) == array.ndim
        if not inside or any(i >= n for i, n in zip(self.index or (), array.shape, strict=True)):
            _check.fail("parameter", repr(self.address), f"an index into an array of shape {array.shape}")

    def at(self, value: float) -> tuple[System, np.ndarray]:
        """The system and its inputs where the parameter has this value."""
        if self._of_input:
            inputs = self.inputs.copy()
            inputs[self.index] = value
            return self.system, inputs
        return self._replaced(self.system, self.path, float(value)), self.inputs

    def _replaced(self, record: Any, path: list[str], value: float) -> Any:
        field = getattr(record, path[0])
        if len(path) > 1:
            return record.replace(**{path[0]: self._replaced(field, path[1:], value)})
        if self.index is None:
            if isinstance(field, Coupling):
                return record.replace(**{path[0]: field.scaled(value)})
            return record.replace(**{path[0]: field * value if np.ndim(field) else value})
        array = np.array(field.to_array() if isinstance(field, Coupling) else field)
        array[self.index] = value
        structure = Sparse if isinstance(field, Sparse) else Dense
        return record.replace(**{path[0]: structure.of(array) if isinstance(field, Coupling) else array})
