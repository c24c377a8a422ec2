"""What the package makes of a user's kernels: a trial run in plain Python, and the derivatives that nobody wrote."""

from __future__ import annotations

import dis
import itertools
import warnings
from typing import Any

import numpy as np

from dynrnn import _check
from dynrnn._jit import jit, kernel
from dynrnn._math import copy, difference_step

__all__ = ["provide_derivatives", "try_kernel"]


def try_kernel(system: Any) -> None:
    """Run a user's kernel once in plain Python, to say in words what compiled code would say in a riddle, or not at all."""
    name = "drift" if system.is_flow else "step"
    call = f"{type(system).__name__}.{name}"
    if system.initial().shape != (system.size,):
        _check.fail(
            f"{type(system).__name__}.initial", f"shape {system.initial().shape}", f"({system.size},), the size of the parts"
        )
    rng = np.random.default_rng(0)
    x, u = (
        (system.initial() + 0.1 * rng.random(system.size)).astype(system.dtype),
        rng.random(system.channels).astype(system.dtype),
    )
    written = []
    for mark in (1e30, -1e30):
        out = np.full(system.size, mark, system.dtype)
        arguments = (0.0, x.copy(), u.copy(), out) if system.is_flow else (x.copy(), u.copy(), out)
        function = kernel(type(system), name)
        try:
            with np.errstate(all="ignore"):
                returned = function(system.params(), *arguments)
        except TypeError as error:
            if "positional argument" in str(error):
                wanted = "(p, t, x, u, out)" if system.is_flow else "(p, x, u, out)"
                _check.fail(call, str(error), f"a kernel of {wanted}", error=TypeError)
            return
        except Exception:  # whatever else plain Python makes of it is for the compiler to judge
            return
        if returned is not None:
            _check.fail(call, "a kernel that returns something", "one that writes to `out` and returns nothing", error=TypeError)
        written.append(out)
    same = written[0] == written[1]
    if not (same | np.isnan(written[0])).all():
        missing = int(np.argmin(same))
        _check.fail(call, f"a kernel that leaves out[{missing}] unset", f"one that sets all {system.size} entries of `out`")


_TINY = 1e-30


def _differences(function, along_u):
    """Kernels that differentiate `function` along x or u: by complex step, and by central differences."""

    def complex_step(p, t, x, u, v, out):
        base = u if along_u else x
        z, w = np.empty(base.size, np.complex128), np.empty(out.size, np.complex128)
        for i in range(base.size):
            z[i] = complex(base[i], _TINY * v[i])
        if along_u:
            function(p, t, x.astype(np.complex128), z, w)
        else:
            function(p, t, z, u, w)
        for i in range(out.size):
            out[i] = w[i].imag / _TINY

    def central(p, t, x, u, v, out):
        base = u if along_u else x
        h = difference_step(base, v)
        z, before = np.empty_like(base), np.empty_like(out)
        for sign in (-1.0, 1.0):
            for i in range(base.size):
                z[i] = base[i] + sign * h * v[i]
            if along_u:
                function(p, t, x, z, out)
            else:
                function(p, t, z, u, out)
            if sign < 0:
                copy(out, before)
        for i in range(out.size):
            out[i] = (out[i] - before[i]) / (2 * h)

    return {"complex step": complex_step, "central differences": central}


def provide_derivatives(system: Any, function: Any) -> None:
    """Give the class of `system` the Jacobian products of `function` (p, t, x, u, out) that it lacks, once."""
    cls = type(system)
    missing = [name for name in ("jvp", "jvp_u") if kernel(cls, name) is None]
    if not missing or cls.__dict__.get("_derivative"):
        return
    kind = "complex step" if _is_analytic(cls) and _accepts_complex(system, function) else "central differences"
    for name in missing:
        made = jit(_differences(function, along_u=name == "jvp_u")[kind])
        setattr(cls, name, _at_time_zero(made))
        if system.is_flow:
            setattr(cls, name.replace("jvp", "tangent"), made)
    cls._derivative = kind if "jvp" in missing else "exact"


def _at_time_zero(made):
    def product(p, x, u, v, out):
        made(p, 0.0, x, u, v, out)

    return product


_ANALYTIC = {"sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "sqrt", "pi", "e", "size", "shape"}


def _is_analytic(cls: Any) -> bool:
    """Whether the kernel is plainly analytic: no comparison, and no function but NumPy's analytic ones.

    Squares are products; other powers of complex numbers go through logarithms in compiled code, which lose a tiny part.
    """
    instructions = list(dis.get_instructions(kernel(cls, "step") or kernel(cls, "drift")))
    if any(power.argrepr in ("**", "**=") and before.argval != 2 for before, power in itertools.pairwise(instructions)):
        return False
    attributes = {i.argval for i in instructions if i.opname in ("LOAD_ATTR", "LOAD_METHOD")}
    names = {i.argval for i in instructions if i.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF")}
    compares = any(i.opname.startswith(("COMPARE_OP", "POP_JUMP", "IS_OP", "CONTAINS_OP")) for i in instructions)
    return not compares and names <= {"np", "numpy", "range", "len"} and attributes <= {*_ANALYTIC, *cls.fields}


def _accepts_complex(system: Any, function: Any) -> bool:
    """Whether a complex step through the kernel in plain Python agrees with a central difference."""
    rng = np.random.default_rng(0)
    x, v = system.initial() + 0.1 + 0.1 * rng.random(system.size), rng.random(system.size)
    u, p = rng.random(system.channels), system.params()
    function = getattr(function, "py_func", function)
    made, a, b = _differences(function, along_u=False), np.empty(system.size), np.empty(system.size)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)  # a kernel that drops the imaginary part: no
            made["complex step"](p, 0.0, x, u, v, a)
            made["central differences"](p, 0.0, x, u, v, b)
    except TypeError:
        return False
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-6))
