"""What follows from a beta law of pass rates and a share never solved."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..laws._gamma import log_beta_ratio
from ..laws._law import Array

__all__ = ["log_failure_of", "quantities_of"]


def quantities_of(
    alpha: ArrayLike, beta: ArrayLike, never_solved: ArrayLike
) -> dict[str, Array]:
    """Return alpha, beta, the share never solved, and mean and correlation.

    The correlation is that of two samples of one problem; the arguments broadcast.
    """
    alpha, beta, share = (np.asarray(x, float) for x in (alpha, beta, never_solved))
    solvable = alpha / (alpha + beta)
    alike = 1 / (alpha + beta + 1)
    mean = (1 - share) * solvable
    square = mean * (solvable + (1 - solvable) * alike)
    spread = np.where(mean > 0, mean * (1 - mean), 1.0)
    correlation = np.where(share > 0, (square - mean**2) / spread, alike)
    return {
        "alpha": alpha,
        "beta": beta,
        "never_solved": share,
        "mean": mean,
        "correlation": correlation,
    }


def log_failure_of(
    alpha: ArrayLike, beta: ArrayLike, never_solved: ArrayLike, k: ArrayLike
) -> Array:
    """Return log(1 - pass@k); the arguments broadcast."""
    share = np.asarray(never_solved, float)
    logs = log_beta_ratio(alpha, beta, k)
    if not (share > 0).any():
        return logs
    # Of the two ways to fail, neither may underflow.
    with np.errstate(divide="ignore"):
        return np.logaddexp(np.log(share), np.log1p(-share) + logs)
