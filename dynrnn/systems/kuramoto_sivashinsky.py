"""The Kuramoto-Sivashinsky equation: chaos in space and time, on a ring of points."""

from __future__ import annotations

import functools

import numpy as np

from dynrnn import _check
from dynrnn._jit import inlined
from dynrnn.couplings import Dense
from dynrnn.couplings.base import multiply, transposed
from dynrnn.system import System


@functools.lru_cache(maxsize=8)
def _operators(n: int, length: float, dealias: bool) -> tuple[np.ndarray, np.ndarray]:
    """Matrices (n, n) of the linear part and of d/dx at n points: circulants, whose first column is a DFT away."""
    k = 2 * np.pi / length * np.fft.rfftfreq(n, 1 / n)
    slope = 1j * k
    if n % 2 == 0:
        slope[-1] = 0.0  # the derivative of cos(n/2 ·) is a sine that all points miss
    if dealias:
        slope[np.arange(k.size) > n / 3] = 0.0
    lag = (np.arange(n)[:, None] - np.arange(n)) % n
    return np.fft.irfft(k**2 - k**4, n)[lag], np.fft.irfft(slope, n)[lag]


@inlined
def _transport(p, factor, x, y, out):
    """``out = factor D (x y)``, the slope of a product."""
    product = p.product
    for i in range(x.size):
        product[i] = factor * x[i] * y[i]
    out[:] = 0.0
    multiply(p.D, product, out)


class KuramotoSivashinsky(System):
    """Instability at long waves, damping of short ones, and transport between them, on a ring of length L:

        u_t = -u_xx - u_xxxx - (u²)_x / 2.

    Space derivatives are spectral: exact for all waves that n points can tell apart. The linear part is stiff, with rates
    up to ``(π n / L)^4``: use an exponential method (`linear` gives that part), or explicit steps below ``2.8 (L / π n)^4``.

    Parameters
    ----------
    n : number of points, at least 4, at ``x_j = L j / n``.
    length : L. Flat states are stable for ``L < 2π``; 22 is the usual small domain with chaos.
    dealias : drop the waves above n/3 from ``(u²)_x`` (the 2/3 rule), so that no product is mistaken for a longer wave.

    State: u at the points, (n,), beside their `position` x in results; neither length nor time has a unit. It starts with
    ``cos(y) (1 + sin(y))``, ``y = 2π x / L``. The mean of u never changes.

    Raises ValueError where n < 4 or the length is not positive.

    Source: Y. Kuramoto and T. Tsuzuki, Progress of Theoretical Physics 55 (1976) 356; G. I. Sivashinsky, Acta Astronautica 4
    (1977) 1177; L = 22 as in P. Cvitanović, R. L. Davidchack and E. Siminos, SIAM J. Applied Dynamical Systems 9 (2010) 1.

    >>> from dynrnn.systems.kuramoto_sivashinsky import KuramotoSivashinsky
    >>> flow = KuramotoSivashinsky(n=32)
    >>> flow.grid[:3], flow.linear.shape
    (array([0.    , 0.6875, 1.375 ]), (32, 32))
    """

    n: int = 64
    length: float = 22.0
    dealias: bool = False

    time_unit = "time unit"
    scratch_names = ("A", "D", "product")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _check.integer("KuramotoSivashinsky.n", self.n, 4)
        _check.real("KuramotoSivashinsky.length", self.length, 0.0, open_low=True)

    @property
    def units(self):
        return self.n

    @property
    def grid(self) -> np.ndarray:
        """The points x, (n,)."""
        return self.length * np.arange(self.n) / self.n

    @property
    def unit_coordinates(self):
        return {"position": ("state", self.grid, {"units": "length unit", "long_name": "position on the ring"})}

    @property
    def linear(self):
        return _operators(self.n, self.length, self.dealias)[0]

    def initial(self):
        y = 2 * np.pi * self.grid / self.length
        return np.cos(y) * (1 + np.sin(y))

    def scratch(self, columns=1):
        A, D = (Dense.of(matrix).params() for matrix in _operators(self.n, self.length, self.dealias))
        return {"A": A, "D": D, "product": np.zeros(self.n)}

    # -------------------------------------------------------------------------------------------------- kernels

    def remainder(p, t, x, u, out):
        _transport(p, -0.5, x, x, out)

    def drift(p, t, x, u, out):
        _transport(p, -0.5, x, x, out)
        multiply(p.A, x, out)

    def jvp(p, x, u, v, out):
        _transport(p, -1.0, x, v, out)
        multiply(p.A, v, out)

    def jvp_u(p, x, u, w, out):
        out[:] = 0.0

    def vjp(p, x, u, g, gx, gu, gp):
        back = p.product
        back[:] = 0.0
        transposed(p.D, g, back)
        transposed(p.A, g, gx)
        for i in range(x.size):
            gx[i] -= x[i] * back[i]
