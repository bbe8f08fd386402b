"""The Huber threshold that residuals ask for."""

from __future__ import annotations

import numpy as np

from ..laws._law import Array

__all__ = ["robust_delta"]

# 1.4826 makes the median absolute deviation a standard deviation for Gaussian
# noise; 1.345 of those keeps 95 % of the efficiency of least squares there.
_HUBER = 1.345 * 1.4826


def robust_delta(residual: Array, n_free: int = 0) -> float:
    """Return 1.345 robust standard deviations of residuals.

    A law of ``n_free`` constants can pass through as many points. Where those are
    half of all or more, their residuals would make the threshold vanish, so the
    ``n_free`` smallest are left out.
    """
    rest = residual.copy()
    rest -= _median(rest)
    np.abs(rest, out=rest)
    if len(rest) < 2 * n_free:
        rest = np.sort(rest)[n_free:]
    spread = _median(rest)
    # Exact data leave only rounding; the threshold must stay above it.
    return max(_HUBER * spread, 1e-10)


def _median(values: Array) -> float:
    """Return the median, and leave the values in another order.

    For a million of them numpy's own, which seeks both middle values at once and
    copies, takes five times as long.
    """
    half = len(values) // 2
    values.partition(half)
    upper = float(values[half])
    if len(values) % 2:
        return upper
    return 0.5 * (float(values[:half].max()) + upper)
