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
from ._checks import (
    name_rows,
    pair,
    plain,
    read_numbers,
    read_probabilities,
    read_whole,
)
from ._crowd import gather, split
from ._elections import gauss

__all__ = ["majority_vote"]

# Chances below this share of the result are left out.
_NEGLIGIBLE = 1e-14
# Problems times rivals worked on at a time, so that the inner arrays stay in the
# cache, and times votes, so that the tables stay in memory.
_CHUNK = 2**9
_TABLE = 2**21
# Where a bound on few votes is tried, and how many nodes.
_RATIOS = (1.5, 2.5, 5.0)
_TRIED = 12


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
    What is left out, and rounding, add up to less than 1e-12 up to k = 1000. Very
    many unlikely answers enter by the power sums of their chances.

    Probabilities estimated from few samples blur who leads: the vote is understated
    where the right answer leads, and overstated where it trails. :func:`vote` of the
    samples themselves is unbiased up to their number; beyond it, give probabilities
    from many more samples than k.

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
    >>> print(sn.majority_vote([[0.4, 0.6], [0.5, 0.5]], np.inf).round(3))
    [0.  0.5]
    """
    p = read_probabilities(answer_probabilities, "answer_probabilities")
    ks = _read_votes(k)
    correct = pair(answer_probabilities, correct, ("answer_probabilities", "correct"))
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
    chance: Array = bdtrc(votes // 2, votes, right)
    rivals = rivals[:, (rivals > 0).any(axis=0)]
    if votes == 1 or rivals.shape[1] == 0:
        return right.copy() if votes == 1 else chance
    if rivals.shape[1] == 1:
        # Of two answers the counts are one binomial count.
        level = bdtrc(votes // 2 - 1, votes, right) - chance
        return chance if votes % 2 else np.clip(chance + 0.5 * level, 0, 1)
    upset = _upset(right, rivals, votes)
    safe = upset.sum(axis=1) <= _NEGLIGIBLE
    chance[safe] = 1
    open_ = np.flatnonzero(~safe & (upset <= 1).all(axis=1))
    # A rival that cannot catch up is one of no consequence.
    serious = (upset > _NEGLIGIBLE / upset.shape[1]).sum(axis=1)
    order = open_[np.argsort(right[open_])]
    size = int(serious[order].max(initial=1))
    rows = max(1, min(_CHUNK // size, _TABLE // (size * votes)))
    for part in np.split(order, range(rows, len(order), rows)) if len(order) else ():
        count = int(serious[part].max())
        chance[part] += _contested(right[part], rivals[part], count, votes)
    return np.clip(chance, 0, 1)


def _upset(right: Array, rivals: Array, votes: int) -> Array:
    """Return how likely at most each rival has as many votes as the right answer.

    The bound is that of Chernoff. Two stands for a rival so far ahead that the
    right answer never has as many votes as it.
    """
    gap = np.sqrt(right)[:, None] - np.sqrt(rivals)
    bound = np.exp(-votes * gap**2)
    return np.where(gap > 0, bound, np.where(bound > _NEGLIGIBLE, 1.0, 2.0))


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


def _contested(right: Array, rivals: Array, serious: int, votes: int) -> Array:
    """Return the chance to win with half of the votes or fewer."""
    size, mean = _tilt(votes)
    angle = 2 * np.pi * np.arange(size // 2 + 1) / size
    # The transform of a real series: all nodes but one or two come in pairs.
    share = np.where((angle == 0) | (2 * np.arange(len(angle)) == size), 1, 2) / size
    rates, free = mean * rivals.T[:serious], mean * rivals.T[serious:].sum(axis=0)
    large = split(rates)
    crowd, rates = gather(rates[large:]), rates[:large]
    total = math.exp(_log_poisson(votes, mean))
    least = _NEGLIGIBLE * total
    chance = _poisson(votes // 2, mean * right)
    most = np.flatnonzero((chance > least).any(axis=1))
    if not len(most):
        return np.zeros(len(right))
    chance = chance[: most[-1] + 1]
    level = _poisson(most[-1], rates)
    within = np.cumsum(level, axis=0)
    reach = chance * within.prod(axis=1)
    enough = _bound_few_votes(chance, rates, free + crowd.sums[:, 0], votes)
    counts = np.flatnonzero((np.minimum(reach, enough) > least).any(axis=1))
    if not len(counts):
        return np.zeros(len(right))
    first, last = counts[[0, -1]]
    beyond = np.cumsum(level[::-1], axis=0)[::-1] + pdtrc(most[-1], rates)
    window = slice(first, last + 1)
    nodes = _nodes_needed(
        chance[window], within[window], beyond[window], rates, angle, least
    )
    active = (beyond[window] > least).any(axis=2).sum(axis=1)
    points = _points_needed(
        chance[window],
        reach[window],
        level[window],
        within[window],
        crowd.tied(np.arange(first, last + 1)),
        np.minimum(active + crowd.n_answers, votes // np.arange(first, last + 1) - 1),
        least,
    )

    phase = np.exp(1j * np.arange(first)[:, None] * angle[: nodes.max()])
    below = np.tensordot(level[:first], phase, axes=(0, 0))
    won = np.zeros(len(right))
    others = np.empty(0)
    for i, v in enumerate(range(first, last + 1)):
        here = angle[: nodes[i:].max()]
        if i == 0 or active[i] < len(rates):
            # Rivals that cannot reach v votes need no truncation any more.
            free = free + rates[active[i] :].sum(axis=0)
            rates = rates[: active[i]]
            others = np.exp(free[:, None] * np.expm1(1j * here))
        below = below[: active[i], :, : len(here)]
        tied = level[v, : active[i], :, None] * np.exp(1j * v * here)
        near = slice(nodes[i])
        wave = share[near] * np.exp(-1j * (votes - v) * angle[near])
        u, weight = gauss(points[i])
        apart = crowd.field(v, u, angle[near]) if crowd.n_answers else None
        field = _product(below[:, :, near], tied[:, :, near], u, weight, apart)
        won += chance[v] * ((field * others[:, near]) @ wave).real
        below += tied
    return won / total


def _poisson(most: int, rate: Array) -> Array:
    """Return Poisson chances of 0 ... most on a new first axis."""
    v = np.arange(most + 1).reshape(-1, *[1] * rate.ndim)
    chance: Array = np.exp(v * np.log(np.maximum(rate, 1e-300)) - rate - gammaln(v + 1))
    return chance


def _bound_few_votes(chance: Array, rates: Array, free: Array, votes: int) -> Array:
    """Return how likely at most few votes each add up to all of them.

    A coefficient of a series with positive terms is at most the series at r > 0,
    divided by the power of r.
    """
    bound = chance.copy()
    bound[0] = 0
    most = min(len(chance) - 1, 2 * votes // (len(rates) + 1))
    v = np.arange(most + 1)
    for r in _RATIOS:
        log = (free + rates.sum(axis=0)) * (r - 1) - (votes - v)[:, None] * math.log(r)
        inside = np.cumsum(_poisson(most, r * rates), axis=0)
        log += np.log(np.maximum(inside, 1e-300)).sum(axis=1)
        lower = chance[: most + 1] * np.exp(np.minimum(log, 0))
        np.minimum(bound[: most + 1], lower, out=bound[: most + 1])
    return bound


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
    decays with the angle, plus what was cut off. Some nodes are tried.
    """
    tried = np.unique(np.geomspace(1, len(angle), _TRIED).astype(int)) - 1
    turn = np.cos(angle[tried]) - 1
    bound = np.repeat(chance[:, :, None], len(tried), axis=2)
    for rate, inside, cut in zip(
        rates, within.swapaxes(0, 1), beyond.swapaxes(0, 1), strict=True
    ):
        factor = np.exp(rate[:, None] * turn) + cut[:, :, None]
        bound *= np.minimum(factor, inside[:, :, None], out=factor)
    needed = (bound.max(axis=1) > least).sum(axis=1)
    result: NDArray[np.intp] = np.append(tried[1:], len(angle))[
        np.maximum(needed, 1) - 1
    ]
    return result


def _points_needed(
    chance: Array,
    reach: Array,
    level: Array,
    within: Array,
    crowd: Array,
    most: NDArray[np.intp],
    least: float,
) -> NDArray[np.intp]:
    """Return the Gauss points that integrate the ties at each number of votes.

    The error of n points is (n!)^4 / ((2n + 1) (2n)!^3) times a derivative of
    order 2n. It is zero if fewer than 2n can tie, and otherwise at most the
    expected number of ties to the power 2n: expected of all draws, or of those
    in which no rival has more votes.
    """
    points = np.ones(len(chance), int)
    with np.errstate(divide="ignore"):
        free = 2 * np.log(level.sum(axis=1) + crowd)
        held = 2 * np.log((level / within).sum(axis=1) + crowd)
        chance, reach, least = np.log(chance), np.log(reach), np.log(least)
    for n in range(1, int(most.max()) // 2 + 1):
        error = np.minimum(chance + n * free, reach + n * held).max(axis=1)
        error += 4 * math.lgamma(n + 1) - 3 * math.lgamma(2 * n + 1)
        error -= math.log(2 * n + 1)
        more = (points == n) & (2 * n <= most) & (error > least)
        if not more.any():
            break
        points += more
    return points


def _product(
    below: Array, tied: Array, u: Array, weight: Array, crowd: Array | None
) -> Array:
    """Return the rivals' series, each tie of t of them counted 1 / (t + 1).

    The crowd's own series is given for each u.
    """
    series = np.zeros(below.shape[1:], complex)
    work = np.empty(below.shape, complex)
    for i, (here, share) in enumerate(zip(u, weight, strict=True)):
        np.multiply(tied, here, out=work)
        work += below
        product = work.prod(axis=0)
        series += share * (product if crowd is None else product * crowd[i])
    return series
