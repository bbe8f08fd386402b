"""The Huber threshold that residuals ask for."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from ..laws._law import Array

__all__ = ["HUBER", "huber_variance", "robust_delta", "robust_scale"]

# Makes the median absolute deviation a standard deviation for Gaussian noise.
_MAD = 1.4826
# That many of those keep 95 % of the efficiency of least squares there.
HUBER = 1.345
# No normal number is as many standard deviations off.
_ALL = 30.0


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


def huber_variance(sd: float, delta: float, quantile: float = 0.5) -> float:
    """Return what the square of a residual's standard deviation is in Huber losses.

    A loss grows by half of this for each point's worth of evidence: the mean square
    of its slope over its mean curvature, for normal residuals about the M-quantile.
    It is ``sd**2`` for least squares.
    """
    k = min(delta / sd, _ALL)

    def tilted(at: float, moment: int) -> tuple[float, float]:
        """Return a moment of the slope above and below, each by its weight."""
        above, below = _half(at, k)[moment], _half(-at, k)[moment]
        return 2 * quantile * above, 2 * (1 - quantile) * below

    def pull(at: float) -> float:
        up, down = tilted(at, 0)
        return up - down

    center = float(brentq(pull, -_ALL, _ALL)) if quantile != 0.5 else 0.0
    up, down = tilted(center, 1)
    square = 2 * quantile * up + 2 * (1 - quantile) * down
    return sd**2 * square / sum(tilted(center, 2))


def _half(at: float, k: float) -> tuple[float, float, float]:
    """Return the means of slope, its square and its own slope above a place.

    Of the Huber loss of what a standard normal number is above it.
    """
    end = at + k
    density = np.exp(-0.5 * np.array([at, end]) ** 2) / np.sqrt(2 * np.pi)
    beyond = float(ndtr(-end))
    # Of two tails the smaller difference keeps its digits.
    inside = float(ndtr(-at)) - beyond if at > 0 else float(ndtr(end) - ndtr(at))
    first = float(density[0] - density[1])
    second = inside + at * float(density[0]) - end * float(density[1])
    slope = first - at * inside + k * beyond
    square = second - 2 * at * first + at * at * inside + k * k * beyond
    return slope, square, inside


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
