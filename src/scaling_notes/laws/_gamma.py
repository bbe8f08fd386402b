"""One ratio of gamma functions behind pass@k, its forecasts and best-of-n."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._law import Array

# From here on five terms of Stirling's series are exact to double precision.
_STIRLING_FROM = 16.0


def log_beta_ratio(a: ArrayLike, b: ArrayLike, k: ArrayLike) -> Array:
    r"""Return :math:`\log B(a, b + k) / B(a, b)`, exact to rounding.

    It is the log probability that k tosses of a coin whose bias has a
    beta(a, b) law all fail. With a = c and b = n - c - k + 1 it is the log
    probability that k of n samples, drawn without replacement, miss all c
    correct ones: both are the same product of k factors.

    Parameters
    ----------
    a, b, k : array_like
        Nonnegative and broadcastable; b positive.

    Returns
    -------
    array
        Zero or negative, with a relative error of a few units of rounding.

    Notes
    -----
    Differences of log-gamma functions lose all digits where the ratio is close
    to one. Here the terms of Stirling's formula are combined by hand first, so
    that what is left is a few terms of the size of the result.
    """
    a, b, k = (np.array(x, float) for x in np.broadcast_arrays(a, b, k))
    ratio = np.zeros(a.shape)
    small = b < _STIRLING_FROM
    while small.any():
        x, y, z = a[small], b[small], k[small]
        with np.errstate(over="ignore"):
            ratio[small] -= np.log1p(x * z / (y * (x + y + z)))
        b[small] += 1
        small = b < _STIRLING_FROM
    total = a + b + k
    ratio -= k * np.log1p(a / (b + k))
    ratio -= a * np.log1p(k / (a + b))
    ratio += (b - 0.5) * np.log1p(a * k / (total * b))
    ratio -= a * k * (b + total) / (12 * b * (b + k) * (a + b) * total)
    ratio += _tail(b + k) + _tail(a + b) - _tail(b) - _tail(total)
    # Rounding may leave a speck where the ratio is one.
    return np.where(a * k == 0, 0.0, np.minimum(ratio, 0.0))


def complement(log_chance: Array) -> Array:
    """Return one minus a probability given as its log."""
    return 0.0 - np.expm1(log_chance)


def _tail(x: Array) -> Array:
    """Return Stirling's series after its first term 1 / 12x, for x from 16 up."""
    y = 1 / (x * x)
    return y / x * (-1 / 360 + y * (1 / 1260 + y * (-1 / 1680 + y / 1188)))
