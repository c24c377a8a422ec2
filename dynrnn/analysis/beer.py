"""Where small continuous-time networks bifurcate, in closed form (Beer 1995), for f the logistic function:

    tau_i y_i' = -y_i + sum_j W_ij o_j + I_i,     o_i = f(y_i + theta_i).

The slope of f at an output o is ``o (1 - o)``, so that the Jacobian at an equilibrium is a function of the outputs there, and
inputs and biases count only as their sum: what is given below is I + theta.

Source: R. D. Beer, "On the dynamics of small continuous-time recurrent neural networks", Adaptive Behavior 3 (1995) 469.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dynrnn import _check

__all__ = ["fold_curves", "fold_inputs", "hopf_curves"]


def fold_inputs(w: Any) -> tuple[np.ndarray, np.ndarray]:
    """The inputs I + theta, left and right, between which one unit with the self-weight w has three equilibria:

        I_R, I_L = ±2 ln((sqrt(w) + sqrt(w - 4)) / 2) - (w ± sqrt(w (w - 4))) / 2,     upper signs for the left one.

    At each of the two the unit has a fold; at w = 4 they meet in a cusp, at -2; below there are none (NaN).

    Parameters
    ----------
    w : self-weight, a number or an array.

    >>> left, right = fold_inputs([3.0, 4.0, 5.0])
    >>> left.round(5), right.round(5)
    (array([     nan, -2.     , -2.65561]), array([     nan, -2.     , -2.34439]))
    """
    w = _check.array("w", w)
    with np.errstate(invalid="ignore"):
        logarithm, root = 2 * np.log((np.sqrt(w) + np.sqrt(w - 4)) / 2), np.sqrt(w * (w - 4))
    return logarithm - (w + root) / 2, -logarithm - (w - root) / 2


def fold_curves(W: Any, outputs: Any = None) -> xr.Dataset:
    """The inputs at which a circuit of two units has an eigenvalue zero: folds, and cusps where two of them meet.

    With the slopes s_i = o_i (1 - o_i) in (0, 1/4] the determinant vanishes where

        s_2 = (1 - W_11 s_1) / (W_22 (1 - W_11 s_1) + W_12 W_21 s_1).

    Parameters
    ----------
    W : (2, 2), ``W[to, from]``.
    outputs : (output_1,), outputs o_1 of the first unit, in (0, 1); 399 of them, evenly spaced, by default.

    Returns
    -------
    Dataset over ("branch", "output_1"), with the two outputs of unit 2 that have this slope as branches: `input` (…, unit),
    I + theta, and `output` (…, unit). NaN where there is none.

    >>> curves = fold_curves([[6.0, 4.0], [-4.0, 0.0]], outputs=[0.5])
    >>> curves.output.sel(branch="lower", output_1=0.5).values.round(4)
    array([0.5   , 0.1464])
    """
    W = _check.array("W", W, shape=(2, 2))
    o, s = _slopes(outputs)
    free = 1 - W[0, 0] * s
    with np.errstate(all="ignore"):
        return _curves(W, o, free / (W[1, 1] * free + W[0, 1] * W[1, 0] * s))


def hopf_curves(W: Any, tau: Any = 1.0, outputs: Any = None) -> xr.Dataset:
    """The inputs at which a circuit of two units has a Hopf bifurcation, and the angular frequency there:

        s_2 = (1 + (1 - W_11 s_1) tau_2 / tau_1) / W_22,
        omega² = ((1 - W_11 s_1)(1 - W_22 s_2) - W_12 W_21 s_1 s_2) / (tau_1 tau_2) > 0.

    Where both units are at the center of their range, with equal time constants, that is at W_11 + W_22 = 8, and
    ``omega² tau² = -(W_11 - 4)²/16 - W_12 W_21/16``.

    Parameters
    ----------
    W : (2, 2), ``W[to, from]``.
    tau : time constants, a number or (2,).
    outputs : (output_1,), outputs o_1 of the first unit, in (0, 1); 399 of them, evenly spaced, by default.

    Returns
    -------
    As `fold_curves`, and `angular_frequency` (…), in rad per unit of time.

    >>> curves = hopf_curves([[4.0, 1.0], [-1.0, 4.0]], outputs=[0.5])
    >>> middle = curves.sel(branch="upper", output_1=0.5)
    >>> middle.input.values, float(middle.angular_frequency)
    (array([-2.5, -1.5]), 0.25)
    """
    W, tau = _check.array("W", W, shape=(2, 2)), np.broadcast_to(_check.array("tau", tau, ndim=(0, 1)), (2,))
    _check.real("tau", tau.min(), 0.0, open_low=True)
    o, s = _slopes(outputs)
    with np.errstate(all="ignore"):
        second = (1 + (1 - W[0, 0] * s) * tau[1] / tau[0]) / W[1, 1]
        square = (1 - W[0, 0] * s) * (1 - W[1, 1] * second) - W[0, 1] * W[1, 0] * s * second
        omega = np.sqrt(np.where(square > 0, square, np.nan) / (tau[0] * tau[1]))
    curves = _curves(W, o, np.where(np.isnan(omega), np.nan, second))
    exists = curves["output"].notnull().all("unit")
    return curves.assign(angular_frequency=xr.DataArray(omega, dims="output_1").where(exists))


def _slopes(outputs: Any) -> tuple[np.ndarray, np.ndarray]:
    """Outputs of the first unit and the slopes of f there."""
    o = _check.array("outputs", np.arange(1, 400) / 400 if outputs is None else outputs, ndim=1)
    if not ((o > 0) & (o < 1)).all():
        _check.fail("outputs", f"{o[(o <= 0) | (o >= 1)][0]:g}", "outputs of the logistic function, in (0, 1)")
    return o, o * (1 - o)


def _curves(W: np.ndarray, o: np.ndarray, slope: np.ndarray) -> xr.Dataset:
    """Inputs and outputs (branch, output_1, unit) where unit 2 has the given slopes: y = W o + I, and o = f(y + theta)."""
    slope = np.where((slope > 0) & (slope <= 0.25), slope, np.nan)
    half = np.sqrt(1 - 4 * slope) / 2
    outputs = np.stack([np.stack([np.where(np.isnan(half), np.nan, o), 0.5 + sign * half], axis=-1) for sign in (-1, 1)])
    inputs = np.log(outputs / (1 - outputs)) - outputs @ W.T
    dims = ("branch", "output_1", "unit")
    return xr.Dataset({"input": (dims, inputs), "output": (dims, outputs)}, {"branch": ["lower", "upper"], "output_1": o})
