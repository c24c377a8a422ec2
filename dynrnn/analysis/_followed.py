"""From the arguments of a continuation to a branch, and from its points to a labelled result."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from tqdm.auto import tqdm

import dynrnn
from dynrnn import _check
from dynrnn._units import time_unit
from dynrnn.analysis._branch import INTERRUPTED, Branch, Point, Steps, Zeros
from dynrnn.analysis._parameter import Parameter
from dynrnn.analysis._states import labelled
from dynrnn.analysis._zeros import Cycles, Equilibria
from dynrnn.run import Interrupted
from dynrnn.system import System

__all__ = ["PER_CYCLE", "Plan"]

PER_CYCLE = 300
_FIRST, _LARGEST, _SMALLEST = 1 / 200, 1 / 50, 1e-6  # steps: of the range, of the range, of the first
_OPTIONS = ("range", "step", "max_step", "min_step", "max_points", "detect", "cycle_steps")


@dataclass(frozen=True)
class Plan:
    """What is followed, where and how."""

    address: Parameter
    bounds: tuple[float, float]
    order: int
    cycle: bool
    cycle_steps: int
    steps: Steps
    detect: bool

    @classmethod
    def checked(
        cls, address: Parameter, limits: Any, *, order: Any, cycle: bool, cycle_steps: Any, detect: Any, **steps: Any
    ) -> Plan:
        """From the arguments of `continuation`; `steps` are step, max_step, min_step and max_points."""
        is_flow, order = address.system.is_flow, _check.integer("order", order, 1)
        if is_flow and order > 1:
            _check.fail("order", order, "1 for a flow", "For a limit cycle pass period=…, about its period.")
        if cycle and not is_flow:
            _check.fail("period", "a value", "nothing for a map", "For points of period n pass order=n.")
        low, high = _check.array("range", limits, shape=(2,), remedy="Pass (low, high).")
        if low >= high:
            _check.fail("range", f"({low:g}, {high:g})", "two numbers in increasing order")
        cycle_steps = _check.integer("cycle_steps", cycle_steps, 10)
        made = _steps(high - low, **steps)
        return cls(address, (float(low), float(high)), order, cycle, cycle_steps, made, _check.boolean("detect", detect))

    @classmethod
    def of(cls, system: Any, result: Any, options: Mapping[str, Any]) -> Plan:
        """That of a result of `continuation`, with other options where given. Steps given there go with the range there."""
        if not isinstance(system, System):
            _check.fail("system", type(system).__name__, "a dynrnn System", error=TypeError)
        made = getattr(result, "attrs", {})
        if "system" not in made or "parameter" not in made or "kind" not in result:
            _check.fail("branch", type(result).__name__, "a result of continuation", error=TypeError)
        if type(system).__name__ != made["class"] or any(part not in result for part in system.parts):
            _check.fail("system", type(system).__name__, f"the {made['class']} that the branch is of")
        for name in options:
            _check.choice("option", name, _OPTIONS)
        kept = ("max_points",) if "range" in options else ("max_points", "step", "max_step", "min_step")
        settings = {"step": None, "max_step": None, "min_step": None, "cycle_steps": made.get("cycle_steps", PER_CYCLE)}
        settings |= {"range": made["range"], "detect": bool(made["detect"])} | {name: made[name] for name in kept}
        settings |= options
        address = Parameter(system, made["parameter"], made["inputs"] if system.input_size else None)
        return cls.checked(address, settings.pop("range"), order=made["order"], cycle=made["of"] == "cycles", **settings)

    def branch(self, directions: np.ndarray | None = None) -> Branch:
        """What follows the curve; `directions` are those of the flow in a cycle of no size."""
        zeros: Zeros = Equilibria(self.address, self.bounds, self.order)
        if self.cycle:
            zeros = Cycles(self.address, self.bounds, self.cycle_steps, directions)
        return Branch(zeros, self.bounds, self.steps, self.detect)

    def unknowns(self, zeros: Any, result: xr.Dataset, k: int) -> np.ndarray:
        """The point z of a result."""
        row = result.isel(point=k)
        x = np.concatenate([row[part].values for part in self.address.system.parts])
        return zeros.unknowns(x, float(row["parameter"]), float(row["period"]) if self.cycle else None)

    def followed(self, branch: Branch, start: Point, ways: tuple[int, ...], progress: bool) -> xr.Dataset:
        """The branch on one or both sides of its start, labelled."""
        points, ended = [start], ["the start", "the start"]
        bar = tqdm(unit="point", disable=not _check.boolean("progress", progress))
        for way in ways:
            found, why = branch.march(replace(start, tangent=way * start.tangent, side=way * start.side), bar.update)
            points = points + found[1:] if way > 0 else found[:0:-1] + points
            ended[way > 0] = why
            if why.startswith(("stalled", "max_points", "the state")):
                where = f"{self.address.address} = {found[-1].z[-1]:.6g}, after {len(found)} points"
                told = f"continuation: {why}, at {where}. What was found is kept."
                warnings.warn(told, RuntimeWarning, stacklevel=3)
            if why in ("the branch is closed", INTERRUPTED):
                break
        bar.close()
        result = self._labelled(branch.zeros, points, ended)
        if INTERRUPTED in ended:
            stopped = Interrupted(f"stopped after {len(points)} points; they are in error.result", len(points))
            stopped.result = result
            raise stopped
        return result

    def _labelled(self, zeros: Any, points: list[Point], ended: list[str]) -> xr.Dataset:
        n, Z = zeros.size, np.array([point.z for point in points])
        order = [np.argsort(-zeros.growth(point.eigenvalues), kind="stable") for point in points]
        eigenvalues = np.array([point.eigenvalues[by] for point, by in zip(points, order, strict=True)], complex)
        kinds = np.array([point.kind for point in points])
        what = {
            "long_name": "Floquet multiplier" if self.cycle else "eigenvalue",
            "units": f"1/{time_unit(self.address.system)}" if zeros.flows else "1",
        }
        data = labelled(self.address.system, Z[:, :n], "point").assign(
            eigenvalue=(("point", "mode"), eigenvalues, what),
            unstable_dimensions=("point", np.array([point.growing for point in points])),
            stable=("point", np.array([point.growing == 0 and not point.kind for point in points])),
            kind=("point", kinds.astype("<U15")),
            angular_frequency=("point", np.array([_angle(zeros, point) for point in points])),
        )
        if self.cycle:
            turn = xr.DataArray(2 * np.pi / Z[:, -2], dims="point")
            data = data.assign(angular_frequency=data["angular_frequency"].where(kinds != "hopf", turn))
            data = self._cycles(zeros, Z, data.assign(period=("point", Z[:, -2])))
        address = {"long_name": self.address.address}
        return data.assign_coords(parameter=("point", Z[:, -1], address)).assign_attrs(self._attrs(ended))

    def _cycles(self, zeros: Cycles, Z: np.ndarray, data: xr.Dataset) -> xr.Dataset:
        """Extremes of each cycle, and the errors of their integration."""
        n, system = zeros.size, self.address.system
        low, high = np.empty((len(Z), n)), np.empty((len(Z), n))
        for k, z in enumerate(Z):
            _, _, low[k], high[k] = zeros.shoot(*zeros.split(z), tangent=False)
        for name, rows in (("min", low), ("max", high)):
            data = data.assign({f"{part}_{name}": variable for part, variable in labelled(system, rows, "point").items()})
        return data.assign(error=("point", np.array([zeros.error(z) for z in Z])))

    def _attrs(self, ended: list[str]) -> dict[str, Any]:
        system = self.address.system
        of = "cycles" if self.cycle else "equilibria" if system.is_flow else "periodic points"
        return {
            "class": type(system).__name__,
            "system": system.to_json(),
            "dynrnn": dynrnn.__version__,
            "derivative": system.derivative,
            "of": of,
            "parameter": self.address.address,
            "range": list(self.bounds),
            "inputs": self.address.inputs.tolist(),
            "step": self.steps.first,
            "max_step": self.steps.largest,
            "min_step": self.steps.smallest,
            "max_points": self.steps.points,
            "detect": int(self.detect),
            "order": self.order,
            **({"cycle_steps": self.cycle_steps} if self.cycle else {}),
            "ended": ended,
        }


def _angle(zeros: Zeros, point: Point) -> float:
    """The angular frequency of what begins to oscillate at a point; NaN elsewhere."""
    if point.kind not in ("hopf", "neimark-sacker"):
        return np.nan
    critical = point.critical(zeros)
    return abs(critical.imag if zeros.flows else np.angle(critical))


def _steps(width: float, step: Any, max_step: Any, min_step: Any, max_points: Any) -> Steps:
    """Sizes of steps, with defaults relative to the width of the range."""
    largest = _check.real("max_step", _LARGEST * width if max_step is None else max_step, 0.0, open_low=True)
    first = _check.real("step", min(largest, _FIRST * width) if step is None else step, 0.0, largest, open_low=True)
    smallest = _check.real("min_step", _SMALLEST * first if min_step is None else min_step, 0.0, first, open_low=True)
    return Steps(first, largest, smallest, _check.integer("max_points", max_points, 1))
