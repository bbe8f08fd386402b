"""Bias-corrected bootstrap intervals of weighted means, many columns at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtr, ndtri, stdtrit

from ..errors import DataError
from ..fitting import MIN_UNITS, require_level
from ..laws._law import Array
from ..parallel import require_resamples, require_seed
from ._checks import IntArray

# Where more of the resamples have no answer, there is no interval.
MOST_UNANSWERED = 0.05
# Squares of more do not fit an integer of 64 bits.
_MOST_BASE = 2**31
# Rounding, which differs between machines, must not decide what is a tie.
_NEAR = 1e-12


def distinct(
    n: IntArray, c: IntArray
) -> tuple[IntArray, IntArray, NDArray[np.intp], IntArray]:
    """Return the distinct (n, c), where each problem went, and how many did."""
    base = int(n.max()) + 1
    if base > _MOST_BASE:
        # One number for both would not fit an integer.
        both = np.stack([n, c], axis=1)
        rows, place, count = np.unique(
            both, axis=0, return_inverse=True, return_counts=True
        )
        return rows[:, 0], rows[:, 1], place.ravel(), count
    key, place, count = np.unique(n * base + c, return_inverse=True, return_counts=True)
    return key // base, key % base, place, count


def draw_counts(count: IntArray, n_resamples: int, seed: int) -> Array:
    """Draw resamples of problems: how often each distinct problem comes up.

    Parameters
    ----------
    count : array of int, shape (distinct,)
        How many problems are alike.
    n_resamples, seed : int

    Returns
    -------
    array of shape (n_resamples, distinct)

    Raises
    ------
    DataError
        If there are fewer than six problems or two resamples, or the seed is no
        integer of at least zero.
    """
    n_problems = int(count.sum())
    require_problems(n_problems)
    require_resamples(n_resamples)
    require_seed(seed)
    rng = np.random.default_rng(seed)
    return rng.multinomial(n_problems, count / n_problems, n_resamples).astype(float)


def draw_shares(count: IntArray, n_resamples: int, seed: int) -> Array:
    """Draw shares of each distinct problem, all above zero.

    Parameters
    ----------
    count : array of int, shape (distinct,)
        How many problems are alike.
    n_resamples, seed : int

    Returns
    -------
    array of shape (n_resamples, distinct)

    Raises
    ------
    DataError
        As :func:`draw_counts`.

    Notes
    -----
    The Bayesian bootstrap (Rubin 1981, doi:10.1214/aos/1176345338), with Dirichlet
    shares a little more uneven than his: the variance of a mean over n problems is
    larger by n / (n - 3), as that of Student's law is.
    """
    n_problems = int(count.sum())
    require_problems(n_problems)
    require_resamples(n_resamples)
    require_seed(seed)
    rng = np.random.default_rng(seed)
    return rng.dirichlet(count * (n_problems - 4) / n_problems, n_resamples)


def expanded(confidence_level: float, n_problems: int) -> float:
    """Return the level at which a percentile interval of few problems covers.

    Resamples of n problems spread too little by the root of (n - 1) / n, and their
    percentiles are those of a normal law rather than of Student's.

    References
    ----------
    Hesterberg 2015, doi:10.1080/00031305.2015.1089789 (expanded percentiles).
    """
    require_level(confidence_level)
    n = n_problems
    z = stdtrit(n - 1, (1 - confidence_level) / 2) * np.sqrt(n / (n - 1))
    return float(1 - 2 * ndtr(z))


def student(values: Array, confidence_level: float) -> tuple[Array, Array]:
    """Return Student's interval of the mean of each column of differences.

    Parameters
    ----------
    values : array of shape (problems, columns)
        Between -1 and 1.
    confidence_level : float

    Returns
    -------
    low, high : array of shape (columns,)
        Where all problems agree, what :func:`bca` gives.
    """
    require_level(confidence_level)
    n, mean = len(values), values.mean(axis=0)
    tail = (1 - confidence_level) / 2
    half = -stdtrit(n - 1, tail) * values.std(axis=0, ddof=1) / np.sqrt(n)
    missed = 1 - tail ** (1 / n)
    agreed = np.ptp(values, axis=0) <= _NEAR
    low = np.where(agreed, mean * (1 - missed) - missed, mean - half)
    high = np.where(agreed, mean * (1 - missed) + missed, mean + half)
    return np.maximum(low, -1), np.minimum(high, 1)


def require_problems(n_problems: int) -> None:
    """Refuse an interval from fewer than six problems."""
    if n_problems < MIN_UNITS:
        raise DataError(
            f"{n_problems} problems are too few for an interval ({MIN_UNITS} at "
            "least): show the problems and their number instead."
        )


def bca(
    values: Array, count: IntArray, drawn: Array, confidence_level: float
) -> tuple[Array, Array]:
    """Return the BCa interval of the mean of each column of values.

    Parameters
    ----------
    values : array of shape (distinct, columns)
        Values between 0 and 1 of each distinct problem.
    count : array of int, shape (distinct,)
    drawn : array of shape (n_resamples, distinct)
        From :func:`draw_counts`.
    confidence_level : float

    Returns
    -------
    low, high : array of shape (columns,)

    Notes
    -----
    Efron 1987. The acceleration of a mean is its skewness over six. Where all
    problems agree, resampling shows no spread: there the interval is what the
    mean could be if a share of problems differed that would still be missed by
    all with probability (1 - confidence_level) / 2.
    An end at the limit of what is possible is none: resamples may all miss the one
    problem that was solved, but the mean is above zero if one was. There the end is
    where so large a share of problems off the limit has that probability, times
    their mean distance from it.
    """
    require_level(confidence_level)
    near = _NEAR
    tail = (1 - confidence_level) / 2
    total = count.sum()
    mean = count @ values / total
    centred = values - mean
    second = count @ centred**2
    spread = np.ptp(values, axis=0) > near
    skewness = np.zeros_like(mean)
    skewness[spread] = (count @ centred**3)[spread] / second[spread] ** 1.5

    means = np.sort(drawn @ values / total, axis=0)
    size = len(means)
    below = ((means < mean - near).sum(axis=0) + (means <= mean + near).sum(axis=0)) / 2
    bias = ndtri(np.clip(below, 0.5, size - 0.5) / size)
    ends = []
    for z in ndtri([tail, 1 - tail]):
        level = ndtr(bias + (bias + z) / (1 - skewness / 6 * (bias + z)))
        at = level * (size - 1)
        lower = np.minimum(at.astype(int), size - 2)
        columns = np.arange(means.shape[1])
        step = means[lower + 1, columns] - means[lower, columns]
        ends.append(means[lower, columns] + (at - lower) * step)
    missed = 1 - tail ** (1 / total)
    low = np.where(spread, ends[0], mean * (1 - missed))
    high = np.where(spread, ends[1], mean * (1 - missed) + missed)
    for end, limit, sign in ((low, 0, 1), (high, 1, -1)):
        at = spread & (np.abs(end - limit) <= near)
        off = count @ (np.abs(values - limit) > near)
        share = betaincinv(off[at], total - off[at] + 1, tail)
        away = np.abs(mean - limit)[at] * total / off[at]
        end[at] = limit + sign * share * away
    return low, high
