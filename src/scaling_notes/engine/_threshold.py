"""The Huber threshold that residuals ask for."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from ..laws._law import Array

__all__ = ["HUBER", "huber_variance", "robust_delta", "robust_scale"]

# Makes the median absolute deviation a standard deviation for Gaussian noise.
_MAD = 1.4826
# That many of those keep 95 % of the efficiency of least squares there.
HUBER = 1.345


def robust_scale(residual: Array) -> float:
    """Return the robust standard deviation of residuals."""
    return _MAD * _deviation(residual, 0)


def robust_delta(residual: Array, n_free: int = 0) -> float:
    """Return 1.345 robust standard deviations of residuals.

    A law of ``n_free`` constants can pass through as many points. Where those are
    half of all or more, their residuals would make the threshold vanish, so the
    ``n_free`` smallest are left out.
    """
    # Exact data leave only rounding; the threshold must stay above it.
    return max(HUBER * _MAD * _deviation(residual, n_free), 1e-10)


def huber_variance(sd: float, delta: float) -> float:
    """Return what the square of a residual's standard deviation is in Huber losses.

    A loss grows by half of this for each point's worth of evidence: the mean square
    of its slope over its mean curvature, for normal residuals. It is ``sd**2`` for
    least squares.
    """
    k = delta / sd
    if not np.isfinite(k):
        return sd**2
    outside = float(ndtr(-k))
    density = float(np.exp(-0.5 * k * k) / np.sqrt(2 * np.pi))
    inside = 1 - 2 * outside
    return sd**2 * ((inside - 2 * k * density) + 2 * k * k * outside) / inside


def _deviation(residual: Array, n_free: int) -> float:
    """Return the median absolute deviation."""
    rest = residual.copy()
    rest -= _median(rest)
    np.abs(rest, out=rest)
    if len(rest) < 2 * n_free:
        rest = np.sort(rest)[n_free:]
    return _median(rest)


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
