"""When to stop trying: samples used up to the first right one, and the best limit."""

from __future__ import annotations

import numpy as np

from ..errors import DataError
from ..fitting import Interval, percentile, unverified
from ..laws._gamma import complement
from ..laws._law import Array
from ._checks import IntArray
from ._failure import log_failure, mean_log_failure
from ._resample import distinct, draw_counts

__all__ = ["best_limit", "mean_used"]

# Numbers held at once: problems times tries, or resamples times tries.
_MOST = 2**27


def mean_used(n: IntArray, c: IntArray, k: IntArray) -> Array:
    """Return the mean samples of k tries that end with the first right one."""
    ks = np.atleast_1d(k)
    used = np.full(len(ks), np.nan)
    known = ks <= n.min()
    if known.any():
        tries = np.arange(1, int(ks[known].max()) + 1)
        failed = np.exp(mean_log_failure(n, c, tries))
        used[known] = np.cumsum(np.append(1.0, failed[:-1]))[ks[known] - 1]
    return used.reshape(k.shape)


def best_limit(
    n: IntArray,
    c: IntArray,
    worth: float,
    confidence_level: float,
    n_resamples: int,
    seed: int,
) -> Interval:
    """Return the number of tries with the largest gain, 0 if none gains."""
    if not isinstance(worth, int | float | np.number) or not 0 < worth < np.inf:
        raise DataError(f"worth is {worth!r}; give a finite number above zero.")
    n_problems = len(n)
    n, c, _, count = distinct(n, c)
    drawn = draw_counts(count, n_resamples, seed)
    most = int(n.min())
    if most * len(n) > _MOST:
        raise DataError(f"{most} tries of {len(n)} kinds of problems are too many.")
    solved = complement(log_failure(n[:, None], c[:, None], np.arange(1, most + 1)))
    failed = np.insert(1 - solved[:, :-1], 0, 1.0, axis=1)
    # Nothing is spent, and nothing gained, without a try.
    gain = np.insert(worth * solved - failed.cumsum(axis=1), 0, 0.0, axis=1)
    best = int((count @ gain).argmax())
    rows = max(1, _MOST // (8 * most))
    others = np.concatenate(
        [
            (drawn[i : i + rows] @ gain).argmax(axis=1)
            for i in range(0, n_resamples, rows)
        ]
    )
    low, high = percentile(others.astype(float), confidence_level)
    end = ", at the last sample drawn" if best == most else ""
    return Interval(
        value=float(best),
        low=float(low),
        high=float(high),
        confidence_level=confidence_level,
        n=n_problems,
        how=f"bootstrap over problems, {n_resamples} resamples"
        + unverified(n_problems, "problems")
        + end,
        unit="samples",
    )
