"""Parabolas of loss in log params: the fit near a minimum, its vertex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..laws._law import Array

__all__ = ["Parabola", "distinct", "near_minimum", "trouble"]

_FEWEST = 5
# Losses closer than this part of them are equal: no file has more digits.
_ROUNDING = 1e-9
# Log sizes closer than this are one size, read off twice.
_SAME = 1e-3


@dataclass(frozen=True, eq=False)
class Parabola:
    """Least-squares parabola of loss in x = log params.

    Attributes
    ----------
    middle : float
        Mean x of its runs; coefficients are about it.
    coefficients : array of shape (3,)
        Of (x - middle) squared, of x - middle, and the constant.
    root : array of shape (3, 3)
        Cholesky factor of their covariance for noise of variance one.
    squares : float
        Sum of squared residuals.
    low, high : float
        Least and largest x.
    n : int
        Number of runs.
    """

    middle: float
    coefficients: Array
    root: Array
    squares: float
    low: float
    high: float
    n: int

    @classmethod
    def through(cls, x: Array, loss: Array) -> Parabola:
        """Fit runs of at least three sizes."""
        middle = float(x.mean())
        powers = np.vander(x - middle, 3)
        q, r = np.linalg.qr(powers)
        coefficients = np.linalg.solve(r, q.T @ loss)
        residuals = loss - powers @ coefficients
        squares = float(residuals @ residuals) if len(x) > 3 else 0.0
        root = np.linalg.inv(r)
        ends = float(x.min()), float(x.max())
        return cls(middle, coefficients, root, squares, *ends, len(x))

    def value(self, x: Array) -> Array:
        """Return the loss at x."""
        return np.asarray(np.polyval(self.coefficients, x - self.middle), float)

    @property
    def vertex(self) -> float:
        """x of the minimum."""
        c, b, _ = self.coefficients
        return float(self.middle - b / (2 * c))

    @property
    def least(self) -> float:
        """Loss at the minimum."""
        c, b, a = self.coefficients
        return float(a - b * b / (4 * c))

    def reaches(self, curvature: Array, vertex: Array) -> np.ndarray:
        """Return whether there is a minimum within one span of the sizes trained."""
        span = self.high - self.low
        inside = (vertex > self.low - span) & (vertex < self.high + span)
        return np.asarray((curvature > 0) & inside)


def near_minimum(x: Array, loss: Array, near: float) -> np.ndarray:
    """Return which runs are near the minimum.

    Those whose loss exceeds the least by no more than the part ``near`` of it,
    and those of the five sizes nearest to that of the least.
    """
    away = np.abs(x - x[loss.argmin()])
    sizes = np.sort(np.abs(distinct(x) - x[loss.argmin()]))
    return (loss <= loss.min() * (1 + near)) | (away <= sizes[:_FEWEST][-1] + _SAME)


def distinct(x: Array) -> Array:
    """Return the values that differ by more than a thousandth, in order."""
    x = np.sort(x)
    return x[np.diff(x, prepend=-np.inf) > _SAME]


def trouble(parabola: Parabola, loss: Array) -> tuple[bool, str]:
    """Return whether a parabola has an optimum of use, and what to say of it."""
    if np.ptp(loss) <= _ROUNDING * loss.max():
        return False, "the loss is the same at all sizes, left out"
    if not parabola.coefficients[0] > 0:
        return False, "no minimum, left out"
    vertex = parabola.vertex
    if not parabola.reaches(parabola.coefficients[0], np.asarray(vertex)):
        # The exponential of it may be beyond any float.
        size = f"10^{vertex / np.log(10):.3g}"
        return False, (
            f"the minimum, {size} params, lies farther outside the sizes trained than "
            "they span, left out"
        )
    if not parabola.low <= vertex <= parabola.high:
        return True, (
            f"the minimum, {np.exp(vertex):.3g} params, lies outside the sizes "
            "trained; it is an extrapolation"
        )
    if parabola.n == 3:
        return True, (
            "3 runs: the parabola goes through them exactly, and nothing tells how far "
            "its minimum may be off"
        )
    if parabola.n == 4:
        return True, "4 runs: one more than a parabola takes up"
    return True, ""
