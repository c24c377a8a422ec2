"""Elementary functions that LLVM turns into vector code, a few ulp from the C library, and free of branches.

All rest on one reduction: exp(y) = 2^k (1 + q(r)) with k = round(y / ln 2), r = y - k ln 2 and |r| <= ln(2)/2, where
q(r) = expm1(r) is a Taylor sum of degree 13 (remainder below 2e-17 relative). 2^k is built from its bits. Where a product
is fused with a sum is written out, so that a value does not depend on the loop it is computed in. NaN stays NaN.
"""

from __future__ import annotations

import math

from numba.extending import register_jitable

from dynrnn import _jit
from dynrnn._llvm import bits_to_float, float_to_bits, fma

_LOG2E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01  # ln 2 with its last 32 bits zero, so that k times it is exact
_LN2_LOW = 1.90821492927058770002e-10
_ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it rounds to an integer and leaves that integer in the low bits


@register_jitable
def _reduce(y):
    shifted = fma(y, _LOG2E, _ROUND)
    k = shifted - _ROUND
    r = fma(-k, _LN2_LOW, fma(-k, _LN2_HIGH, y))
    r2 = r * r
    r4 = r2 * r2
    first = fma(fma(1.0 / 120.0, r, 1.0 / 24.0), r2, fma(1.0 / 6.0, r, 0.5))
    second = fma(fma(1.0 / 362880.0, r, 1.0 / 40320.0), r2, fma(1.0 / 5040.0, r, 1.0 / 720.0))
    third = fma(fma(1.0 / 6227020800.0, r, 1.0 / 479001600.0), r2, fma(1.0 / 39916800.0, r, 1.0 / 3628800.0))
    q = fma(fma(third, r4, second), r4, first)
    q = fma(q, r2, r)
    scale = bits_to_float((float_to_bits(shifted) + 1023) << 52)
    return scale, q


if _jit.DISABLED:
    tanh = math.tanh

    def sigmoid(x):
        """1 / (1 + exp(-x))."""
        e = math.exp(-abs(x))
        return 1.0 / (1.0 + e) if x >= 0 else e / (1.0 + e)

else:

    @_jit.jit
    def tanh(x):
        """Hyperbolic tangent: t / (t + 2) with t = expm1(2|x|), and the sign of x."""
        y = 2.0 * abs(x)
        y = 40.0 if y > 40.0 else y
        scale, q = _reduce(y)
        t = fma(scale, q, scale - 1.0)
        return math.copysign(t / (t + 2.0), x)

    @_jit.jit
    def sigmoid(x):
        """Logistic function 1 / (1 + exp(-x)), by exp(-|x|) so that neither tail overflows."""
        y = -abs(x)
        y = -708.0 if y < -708.0 else y
        scale, q = _reduce(y)
        e = fma(scale, q, scale)
        return (1.0 if x >= 0.0 else e) / (1.0 + e)


@register_jitable
def difference_step(x, v):
    """How far to go along v for a central difference at x, so that truncation and rounding balance."""
    size, length = 1.0, 1e-300
    for i in range(x.size):
        size, length = max(size, abs(x[i])), max(length, abs(v[i]))
    return 6e-6 * size / length  # the cube root of the rounding unit


@register_jitable
def copy(source, out):
    """``out[:] = source`` for vectors. Numba's own assignment of arrays takes a second and a half to compile: it can raise."""
    for i in range(out.shape[0]):
        out[i] = source[i]
