"""Majority voting: the exact chance that k votes elect the right answer."""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtrc, gammaln, pdtrc

from ..errors import DataError
from ..laws._law import Array
from ._checks import name_rows, plain, read_numbers, read_probabilities, read_whole

__all__ = ["majority_vote"]

# Chances below this share of the result are left out.
_NEGLIGIBLE = 1e-14
# Problems times rivals worked on at a time, so that the inner arrays stay in the
# cache, and times votes, so that the tables stay in memory.
_CHUNK = 2**9
_TABLE = 2**21


def majority_vote(
    answer_probabilities: ArrayLike, k: ArrayLike, correct: ArrayLike = 0
) -> float | Array:
    """Return the chance that the most frequent of k answers is the right one.

    Exact, ties included: where several answers have the most votes, one of them
    is taken at random.

    Parameters
    ----------
    answer_probabilities : array_like, shape (answers,) or (problems, answers)
        Chance of each distinct final answer in one sample; each row sums to
        one. Pad short rows with zeros.
    k : int or array_like of int
        Number of votes. ``numpy.inf`` gives the plateau: one where the right
        answer is the model's most likely one, its share where several tie, and
        zero elsewhere.
    correct : int or array_like of int, shape (problems,), default 0
        Column of the right answer.

    Returns
    -------
    float or array, shape (problems,), (ks,) or (problems, ks)
        Axes that were not given are left out.

    Raises
    ------
    DataError
        If rows do not sum to one, hold negative or missing values, or k or
        correct is not possible.

    Notes
    -----
    Votes are a multinomial draw: independent Poisson counts, given their total.
    For every count v of the right answer the others must stay below v or tie
    with it; the chance that they add up to k - v is one coefficient of a product
    of truncated exponential series, read off by a discrete Fourier transform.
    A tie with t others counts 1 / (t + 1), the integral of u^t, by Gauss points.
    What is left out, and rounding, add up to less than 1e-12 up to k = 1000.

    Probabilities estimated from the same few samples flatter the vote: give
    those of many more samples than k.

    References
    ----------
    Wang et al. 2022, arXiv:2203.11171 (self-consistency).

    Examples
    --------
    >>> import numpy as np
    >>> import scaling_notes as sn
    >>> answers = [0.4, 0.3, 0.3]
    >>> print(sn.majority_vote(answers, [1, 10, 100, np.inf]).round(4))
    [0.4    0.4978 0.811  1.    ]
    >>> sn.majority_vote([[0.4, 0.6], [0.5, 0.5]], np.inf)
    array([0. , 0.5])
    """
    p = read_probabilities(answer_probabilities, "answer_probabilities")
    ks = _read_votes(k)
    column = read_whole(correct, "correct", 0)
    if column.ndim > 1 or column.size not in (1, len(p)):
        raise DataError("correct must be one column, or one for each problem.")
    column = np.broadcast_to(column.ravel(), len(p))
    bad = column >= p.shape[1]
    if bad.any():
        raise DataError(
            f"correct is not a column of answer_probabilities in {name_rows(bad)}; "
            f"columns are 0 to {p.shape[1] - 1}."
        )
    right = np.take_along_axis(p, column[:, None], axis=1)[:, 0]
    others = np.arange(p.shape[1]) != column[:, None]
    rivals = p[others].reshape(len(p), -1)
    rivals = -np.sort(-rivals, axis=1)
    chance = np.stack([_elected(right, rivals, x) for x in ks.ravel()], axis=1)
    if ks.ndim == 0:
        chance = chance[:, 0]
    one = np.ndim(answer_probabilities) == 1
    answer: float | Array = plain(chance[0]) if one else chance
    return answer


def _read_votes(k: ArrayLike) -> Array:
    votes = read_numbers(k, "k")
    if votes.ndim > 1:
        raise DataError("k must be one number or one dimension of numbers.")
    read_whole(np.where(np.isposinf(votes), 1, votes), "k", 1)
    return votes


def _elected(right: Array, rivals: Array, k: float) -> Array:
    """Return the chance of each problem; rivals are sorted from the likeliest."""
    if math.isinf(k):
        return _plateau(right, rivals)
    votes = int(k)
    sure: Array = bdtrc(votes // 2, votes, right)
    rivals = rivals[:, (rivals > 0).any(axis=0)]
    if votes == 1 or rivals.shape[1] == 0:
        return right.copy() if votes == 1 else sure
    size = rivals.shape[1]
    rows = max(1, min(_CHUNK // size, _TABLE // (size * votes)))
    order = np.argsort(right)
    contested = [
        _contested(right[part], rivals[part], votes)
        for part in np.split(order, range(rows, len(order), rows))
    ]
    sure[order] += np.concatenate(contested)
    return np.clip(sure, 0, 1)


def _plateau(right: Array, rivals: Array) -> Array:
    near = 1e-12
    ahead = (rivals > right[:, None] * (1 + near)).any(axis=1)
    level = np.abs(rivals - right[:, None]) <= near * right[:, None]
    return np.where(ahead | (right == 0), 0, 1 / (1 + level.sum(axis=1)))


@cache
def _tilt(votes: int) -> tuple[int, float]:
    """Return the shortest transform, and the mean total that allows it.

    A transform of length M confuses totals of k with those of k + M and k - M.
    The mean is chosen so that both are negligible beside k, and k is not so rare
    itself that rounding would be magnified.
    """
    small, here = math.log(_NEGLIGIBLE), math.lgamma(votes + 1)
    for size in itertools.count(1):
        above = math.lgamma(votes + size + 1)
        if size <= votes:
            log_mean = (above - math.lgamma(votes - size + 1)) / (2 * size)
        else:
            log_mean = min(math.log(votes), (above - here + small) / size)
        alias = size * log_mean + here - above
        if alias < small + 1e-9 and _log_poisson(votes, math.exp(log_mean)) > -7:
            break
    return size, math.exp(log_mean)


def _log_poisson(count: int, mean: float) -> float:
    return count * math.log(mean) - mean - math.lgamma(count + 1)


@cache
def _gauss(n: int) -> tuple[Array, Array]:
    """Return n Gauss-Legendre points and weights on [0, 1]."""
    points, weights = np.polynomial.legendre.leggauss(n)
    return (points + 1) / 2, weights / 2


def _contested(right: Array, rivals: Array, votes: int) -> Array:
    """Return the chance to win with half of the votes or fewer."""
    size, mean = _tilt(votes)
    angle = 2 * np.pi * np.arange(size // 2 + 1) / size
    # The transform of a real series: all nodes but one or two come in pairs.
    share = np.where((angle == 0) | (2 * np.arange(len(angle)) == size), 1, 2) / size
    rates = mean * rivals.T
    half = votes // 2
    chance, level = _poisson(half, mean * right), _poisson(half, rates)
    within = np.cumsum(level, axis=0)
    beyond = np.cumsum(level[::-1], axis=0)[::-1] + pdtrc(half, rates)
    total = math.exp(_log_poisson(votes, mean))
    least = _NEGLIGIBLE * total
    nodes = _nodes_needed(chance, within, beyond, rates, angle, least)
    if not nodes.any():
        return np.zeros(len(right))
    active = (beyond > least).any(axis=2).sum(axis=1)
    most = np.minimum(active, votes // np.maximum(np.arange(half + 1), 1) - 1)
    gauss = _points_needed(chance, level.sum(axis=1), most, least)

    first, last = np.flatnonzero(nodes)[[0, -1]]
    phase = np.exp(1j * np.arange(first)[:, None] * angle)
    below = np.tensordot(level[:first], phase, axes=(0, 0))
    free = np.zeros(len(right))
    won = np.zeros(len(right))
    for v in range(first, last + 1):
        # Rivals that cannot reach v votes need no truncation any more.
        free += rates[active[v] :].sum(axis=0)
        rates = rates[: active[v]]
        below = below[: active[v], :, : nodes[v:].max()]
        phase = np.exp(1j * v * angle[: below.shape[2]])
        tied = level[v, : active[v], :, None] * phase
        if nodes[v]:
            here = slice(nodes[v])
            wave = share[here] * np.exp(-1j * (votes - v) * angle[here])
            others = np.exp(free[:, None] * np.expm1(1j * angle[here]))
            others *= _product(below[:, :, here], tied[:, :, here], gauss[v])
            won += chance[v] * (others @ wave).real
        below += tied
    return won / total


def _poisson(most: int, rate: Array) -> Array:
    """Return Poisson chances of 0 ... most on a new first axis."""
    v = np.arange(most + 1).reshape(-1, *[1] * rate.ndim)
    chance: Array = np.exp(v * np.log(np.maximum(rate, 1e-300)) - rate - gammaln(v + 1))
    return chance


def _nodes_needed(
    chance: Array,
    within: Array,
    beyond: Array,
    rates: Array,
    angle: Array,
    least: float,
) -> NDArray[np.intp]:
    """Return how many of the nodes count for each number of votes.

    A truncated series is at most its sum, and at most the whole series, which
    decays with the angle, plus what was cut off.
    """
    every = max(1, len(angle) // 10)
    some = angle[::every]
    bound = chance[:, :, None] * np.ones(len(some))
    for rate, inside, cut in zip(
        rates, within.swapaxes(0, 1), beyond.swapaxes(0, 1), strict=True
    ):
        decay = np.exp(-rate[:, None] * (1 - np.cos(some)))
        bound *= np.minimum(decay + cut[:, :, None], inside[:, :, None])
    counted: NDArray[np.bool_] = bound.max(axis=1) > least
    counted[0] = False
    last = counted.shape[1] - counted[:, ::-1].argmax(axis=1)
    return np.where(counted.any(axis=1), np.minimum(every * last, len(angle)), 0)


def _points_needed(
    chance: Array, expected: Array, most: NDArray[np.intp], least: float
) -> NDArray[np.intp]:
    """Return the Gauss points that integrate the ties at each number of votes.

    The error of n points is (n!)^4 / ((2n + 1) (2n)!^3) times a derivative of
    order 2n. It is zero if fewer than 2n can tie, and otherwise at most the
    expected number of ties to the power 2n.
    """
    points = np.ones(len(chance), int)
    for n in range(1, int(most.max()) // 2 + 1):
        error = (chance * expected ** (2 * n)).max(axis=1) / (2 * n + 1)
        error *= math.exp(4 * math.lgamma(n + 1) - 3 * math.lgamma(2 * n + 1))
        points += (points == n) & (2 * n <= most) & (error > least)
    return points


def _product(below: Array, tied: Array, points: int) -> Array:
    """Return the rivals' series, each tie of t of them counted 1 / (t + 1)."""
    series = np.zeros(below.shape[1:], complex)
    work = np.empty(below.shape, complex)
    for u, weight in zip(*_gauss(points), strict=True):
        np.multiply(tied, u, out=work)
        work += below
        series += weight * work.prod(axis=0)
    return series
