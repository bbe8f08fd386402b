"""The log of C(n - c, k) / C(n, k), alone and averaged over problems."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from ..laws._gamma import complement, log_beta_ratio
from ..laws._law import Array
from ._checks import IntArray
from ._draws import chances_to_miss
from ._resample import distinct

__all__ = ["BLOCK", "log_failure", "mean_log_failure"]

# Columns worked on at a time, so that the pieces stay in the cache.
BLOCK = 64
# A problem whose share of failure falls below this share of the hardest one's
# cannot move the sum of all of them any more.
_NEGLIGIBLE = 2.0**-70


def log_failure(n: ArrayLike, c: ArrayLike, k: ArrayLike) -> Array:
    """Return log [C(n - c, k) / C(n, k)], NaN for k > n; arguments broadcast."""
    n, c, k = np.broadcast_arrays(n, c, k)
    b = n - c - k + 1
    possible = b > 0
    out = np.where(k > n, np.nan, -np.inf)
    out[possible] = log_beta_ratio(c[possible], b[possible], k[possible])
    return out


def mean_log_failure(n: IntArray, c: IntArray, k: IntArray) -> Array:
    """Return the log of the mean failure at each k."""
    ks = np.atleast_1d(k)
    n, c, _, count = distinct(n, c)
    weight = count / count.sum()
    if len(ks) * len(n) <= BLOCK * ks.max():
        logs = log_failure(n[:, None], c[:, None], ks)
        return _log_mean(logs, weight).reshape(k.shape)
    groups = [n == size for size in np.unique(n)]
    share = np.array([weight[g].sum() for g in groups])
    logs = np.stack(
        [
            _all_log_failures(int(n[g][0]), c[g], weight[g] / s, int(ks.max()))[ks - 1]
            for g, s in zip(groups, share, strict=True)
        ]
    )
    return _log_mean(logs, share).reshape(k.shape)


def _log_mean(logs: Array, weight: Array) -> Array:
    """Return the log of the weighted mean of exp(logs) over the first axis."""
    success = weight @ complement(logs)
    return _log_complement(success, logsumexp(logs, axis=0, b=weight[:, None]))


def _log_complement(success: Array, otherwise: Array) -> Array:
    """Return log(1 - success), or the other where that still has its digits."""
    few = success < 0.5
    return np.where(few, np.log1p(-np.where(few, success, 0)), otherwise)


def _all_log_failures(n: int, c: IntArray, weight: Array, k_max: int) -> Array:
    """Return the log of the mean failure for k = 1 ... k_max, all problems alike in n.

    The hardest problem is taken out as a factor, so that nothing underflows; what
    is left is the same mean among the samples that are not correct for it. There
    failure is a sum over problems, and success the sum over draws of the chance
    that the draw brings the first success: both keep their digits.
    """
    ks = np.arange(1, k_max + 1)
    head = log_failure(n, c[0], ks)
    n, extra = n - int(c[0]), (c[1:] - c[0]).astype(float)
    first, failure = np.zeros(k_max + 1), np.full(k_max + 1, weight[0])
    sums = np.stack([weight[1:], weight[1:] * extra], axis=1)
    least = _NEGLIGIBLE * weight[0]
    for start, chance in chances_to_miss(n, extra, min(k_max, n), least):
        rows = slice(start, start + len(chance))
        fail, succeed = (chance @ sums[: chance.shape[1]]).T
        failure[rows] += fail
        first[rows] = succeed / np.maximum(n - np.arange(rows.start, rows.stop), 1)
    success = _running_sum(first)[:-1]
    return head + _log_complement(success, np.log(failure[1:]))


def _running_sum(x: Array) -> Array:
    """Return the cumulative sum in two levels, which rounds far less than one."""
    width = max(1, round(len(x) ** 0.5))
    rows = np.zeros(-(-len(x) // width) * width)
    rows[: len(x)] = x
    rows = np.cumsum(rows.reshape(-1, width), axis=1)
    rows[1:] += np.cumsum(rows[:-1, -1])[:, None]
    return rows.ravel()[: len(x)]
