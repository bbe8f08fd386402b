"""The chance that votes drawn without replacement elect one answer."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from ..laws._law import Array
from ._checks import IntArray

__all__ = ["gauss", "plurality", "weighted_plurality"]

# Up to so many samples every k comes from one product; beyond, chances would
# underflow, and each k has its own.
_TOGETHER = 500
# Chances below this share of the result are left out.
_NEGLIGIBLE = 1e-16
# Sums of weights that differ by less than this part are level.
_LEVEL = 1e-12
# Numbers in one table of random subsets.
_TABLE = 2**21


@cache
def gauss(n: int) -> tuple[Array, Array]:
    """Return n Gauss-Legendre points and weights on [0, 1]."""
    points, weights = np.polynomial.legendre.leggauss(n)
    return (points + 1) / 2, weights / 2


def plurality(n: int, right: int, rivals: IntArray, ks: IntArray) -> Array:
    """Return the chance that the right answer has most of k votes out of n.

    Parameters
    ----------
    n : int
        Samples, those without an answer too.
    right : int
        How many of them are right.
    rivals : array of int, shape (answers,)
        How many are each other answer, descending.
    ks : array of int, shape (ks,)
        At most n.

    Returns
    -------
    array of shape (ks,)

    Notes
    -----
    Draws without replacement are independent binomial counts with any one chance,
    given their total. For every count v of the right answer the others stay below v
    or tie with it; the chance that they add up to k - v is a coefficient of a
    product of truncated series. A tie with t others counts 1 / (t + 1), the
    integral of u^t, by Gauss points: exact but for rounding.
    """
    if right == 0 or not len(ks):
        return np.zeros(len(ks))
    if n <= _TOGETHER:
        return _elect(n, right, rivals, ks, 0.5)
    return np.concatenate(
        [_elect(n, right, rivals, ks[[i]], ks[i] / n) for i in range(len(ks))]
    )


def _elect(n: int, right: int, rivals: IntArray, ks: IntArray, p: float) -> Array:
    if p == 1:
        return _of_all(right, rivals, len(ks))
    most = int(ks.max())
    total = _binomial(n, p)[ks]
    own = _binomial(right, p)
    chance = np.zeros(len(ks))
    for v in range(1, min(right, most) + 1):
        if own[v] <= _NEGLIGIBLE * total.min():
            continue
        serious = rivals[rivals >= v]
        room = most - v + 1
        # Who cannot reach v votes needs no truncation, and neither do blanks.
        rest = _binomial(n - right - int(serious.sum()), p)[:room]
        points = min(len(serious), (most - v) // v) // 2 + 1
        u, share = gauss(points)
        field = np.zeros((points, room))
        field[:, : len(rest)] = rest
        for count in serious:
            series = _binomial(int(count), p)[: v + 1]
            field = _times(field, series, u)
        others = share @ field
        here = (ks >= v) & (ks - v < room)
        chance[here] += own[v] * others[ks[here] - v]
    return np.clip(chance / total, 0, 1)


def _times(field: Array, series: Array, u: Array) -> Array:
    """Return the product with a series whose last term, a tie, is weighted by u."""
    v = len(series) - 1
    room = field.shape[1]
    out = field * series[0]
    for a in range(1, min(v, room)):
        out[:, a:] += series[a] * field[:, : room - a]
    if 0 < v < room:
        out[:, v:] += series[v] * u[:, None] * field[:, : room - v]
    return out


def _of_all(right: int, rivals: IntArray, size: int) -> Array:
    ahead, level = (rivals > right).any(), (rivals == right).sum()
    return np.full(size, 0.0 if ahead else 1 / (1 + level))


@cache
def _binomial(n: int, p: float) -> Array:
    """Return the chances of 0 ... n of n."""
    j = np.arange(n + 1)
    logs = gammaln(n + 1) - gammaln(j + 1) - gammaln(n - j + 1)
    chances: Array = np.exp(logs + j * np.log(p) + (n - j) * np.log1p(-p))
    return chances


def weighted_plurality(
    codes: NDArray[np.intp],
    weights: Array,
    ks: IntArray,
    n_resamples: int,
    rng: np.random.Generator,
) -> Array:
    """Return how often answer 0 has the largest sum of weights among k samples.

    Parameters
    ----------
    codes : array of int, shape (samples,)
        Which answer each sample gave; -1 is none.
    weights : array of shape (samples,)
    ks : array of int, shape (ks,)
        At most the number of samples.
    n_resamples : int
        Random orders of the samples; the first k of an order are one subset.
    rng : numpy.random.Generator

    Returns
    -------
    array of shape (ks,)
    """
    n, answers = len(codes), max(int(codes.max()) + 1, 1)
    if not len(ks):
        return np.zeros(0)
    # Whether each sample gave each answer, and with what weight.
    gave = (codes[:, None] == np.arange(answers)).astype(float)
    weighed = gave * weights[:, None]
    rounds = 1 if (ks == n).all() else n_resamples
    size = max(1, _TABLE // (n * answers))
    won = np.zeros(len(ks))
    for first in range(0, rounds, size):
        draws = np.tile(np.arange(n), (min(size, rounds - first), 1))
        order = rng.permuted(draws, axis=1)[:, : ks.max()]
        sums = np.cumsum(weighed[order], axis=1)[:, ks - 1]
        drawn = np.cumsum(gave[order], axis=1)[:, ks - 1] > 0
        near = _LEVEL * np.abs(weights).sum()
        best = np.where(drawn, sums, -np.inf).max(axis=2, keepdims=True)
        level = drawn & (sums >= best - near)
        won += (level[..., 0] / np.maximum(level.sum(axis=2), 1)).sum(axis=0)
    return won / rounds
