"""What is known of the constants before the points: bounds, and normal priors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..laws._law import Array

__all__ = ["Prior"]

# A prior is two measurements this many of its standard deviations off its mean.
_APART = 4.0


@dataclass(frozen=True, eq=False)
class Prior:
    """Bounds and normal priors of constants, in the order of the law's.

    Attributes
    ----------
    lower, upper : array of shape (p,)
        Infinite where there is no bound.
    mean, sd : array of shape (p,)
        ``sd`` is infinite where there is no prior.

    Notes
    -----
    In resamples each prior stands as two measurements of its constant, four
    standard deviations above and below its mean, of half weight each. Weights
    (1 + z/4)/2 and (1 - z/4)/2 move their mean by z standard deviations, so a
    resample draws the prior anew as it draws the points, and all that is linear in
    the weights of points holds for it too.
    """

    lower: Array
    upper: Array
    mean: Array
    sd: Array

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        bounds: Mapping[str, tuple[float, float]],
        priors: Mapping[str, tuple[float, float]],
    ) -> Prior:
        """Return it from pairs by name: (lower, upper), and (mean, sd)."""
        low, high = np.transpose([bounds.get(n, (-np.inf, np.inf)) for n in names])
        mean, sd = np.transpose([priors.get(n, (0.0, np.inf)) for n in names])
        return cls(*(np.asarray(a, float) for a in (low, high, mean, sd)))

    @property
    def bounded(self) -> bool:
        """Whether any constant has a bound."""
        return bool((np.isfinite(self.lower) | np.isfinite(self.upper)).any())

    @property
    def known(self) -> np.ndarray:
        """Places of the constants that have a prior, shape (q,)."""
        return np.flatnonzero(np.isfinite(self.sd))

    @property
    def n_measurements(self) -> int:
        """Number of measurements that stand for the priors, 2q."""
        return 2 * len(self.known)

    def weights(self, m: int, rng: np.random.Generator | None) -> Array:
        """Return the weights of the measurements in m resamples, shape (m, 2q).

        Without a generator they stay where they are.
        """
        shape = m, len(self.known)
        z = np.zeros(shape) if rng is None else rng.standard_normal(shape)
        z /= _APART
        return np.concatenate([0.5 + 0.5 * z, 0.5 - 0.5 * z], axis=1)

    def losses(self, constants: Array) -> Array:
        """Return half the square of each measurement's distance, shape (m, 2q)."""
        u = self.distance(constants)
        out: Array = 0.5 * np.concatenate([u - _APART, u + _APART], axis=1) ** 2
        return out

    def distance(self, constants: Array) -> Array:
        """Return how many standard deviations constants are off, shape (m, q)."""
        known = self.known
        away: Array = (constants[:, known] - self.mean[known]) / self.sd[known]
        return away

    def terms(
        self, constants: Array, weights: Array | None
    ) -> tuple[Array, Array, Array]:
        """Return value (m,), slopes (m, q) by the constants, curvatures (m, q).

        Without weights each prior stands at its mean.
        """
        u, sd = self.distance(constants), self.sd[self.known]
        if weights is None:
            return 0.5 * (u * u).sum(axis=1), u / sd, np.ones_like(u) / sd**2
        above, below = np.split(weights, 2, axis=1)
        total, tilt = above + below, _APART * (above - below)
        value = (self.losses(constants) * weights).sum(axis=1)
        return value, (u * total - tilt) / sd, total / sd**2
