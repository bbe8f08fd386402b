"""Maximum likelihood of the zero-inflated beta-binomial, many data sets at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..laws._law import Array
from ._checks import IntArray
from ._likelihood import (
    CHUNK,
    GAIN,
    ITERATIONS,
    LOG_SIZE,
    LOGIT,
    Table,
    by_logit_and_size,
    maximize,
    moments,
    shapes_of,
    slopes_of,
    tabulate,
)

__all__ = ["InflatedOptimum", "maximize_inflated", "maximize_plain", "starts_of"]

# The share never solved stays below one: some problem was solved.
_MOST = 1 - 1e-9
# By what part a value may fall through rounding, where to begin to damp, and how far
# a coordinate moves at most in one step.
_SLACK = 1e-14
_LEAST_DAMPING = 1e-3
_LONGEST = 4.0


class InflatedOptimum(NamedTuple):
    """Where each set's likelihood is greatest.

    Attributes
    ----------
    alpha, beta, never_solved : array of shape (sets,)
    log_likelihood : array of shape (sets,)
        Less the binomial coefficients.
    converged : array of bool, shape (sets,)
    """

    alpha: Array
    beta: Array
    never_solved: Array
    log_likelihood: Array
    converged: NDArray[np.bool_]


class _Data(NamedTuple):
    """Problems solved at least once, and the sizes of those that never were.

    Attributes
    ----------
    solved : Table
    n_solved : array of shape (sets,)
    sizes : array of int, shape (sizes,)
    never : array of shape (sets, sizes)
        How many problems of each size were never solved.
    """

    solved: Table
    n_solved: Array
    sizes: IntArray
    never: Array

    def rows(self, chosen: NDArray[np.bool_]) -> _Data:
        return _Data(
            self.solved.rows(chosen),
            self.n_solved[chosen],
            self.sizes,
            self.never[chosen],
        )


def starts_of(n: IntArray, c: IntArray, count: IntArray, plain: Array) -> Array:
    """Return starts, shape (starts, 3): logit of the mean, log(alpha + beta), share.

    Parameters
    ----------
    n, c, count : array of int, shape (distinct,)
    plain : array of shape (2,)
        The optimum with no share that is never solved.
    """
    some = c > 0
    share = count[~some].sum() / count.sum()
    rest = moments(n[some], c[some], count[some]) if (c < n)[some].any() else plain
    return np.array([[*plain, 0.0], [*plain, 0.5 * share], [*rest, 0.95 * share]])


def maximize_inflated(
    n: IntArray, c: IntArray, weight: Array, starts: Array
) -> InflatedOptimum:
    """Maximize the likelihood of every weighted set from each start; keep the best.

    Parameters
    ----------
    n, c : array of int, shape (distinct,)
    weight : array of shape (sets, distinct)
        How often each problem counts in each set; each set has a solved one.
    starts : array of shape (starts, 3)

    Returns
    -------
    InflatedOptimum
    """
    rows = max(1, CHUNK // (4 * int(n.max())))
    parts = [
        _best(n, c, weight[i : i + rows], starts) for i in range(0, len(weight), rows)
    ]
    return InflatedOptimum(*(np.concatenate(x) for x in zip(*parts, strict=True)))


def _best(n: IntArray, c: IntArray, weight: Array, starts: Array) -> InflatedOptimum:
    some = c > 0
    sizes, place = np.unique(n[~some], return_inverse=True)
    never = np.zeros((len(weight), len(sizes)))
    np.add.at(never.T, place, weight[:, ~some].T)
    data = _Data(
        tabulate(n[some], c[some], weight[:, some]),
        weight[:, some].sum(axis=1),
        sizes,
        never,
    )
    tried = [_climb(data, start) for start in starts]
    best = np.argmax([t.log_likelihood for t in tried], axis=0)
    every = np.arange(len(weight))
    return InflatedOptimum(
        *(np.stack(x)[best, every] for x in zip(*tried, strict=True))
    )


def _climb(data: _Data, start: Array) -> InflatedOptimum:
    """Climb by Newton steps, shortened where the likelihood would fall."""
    sets = len(data.n_solved)
    end, value = np.empty((3, sets)), np.empty(sets)
    converged = np.zeros(sets, bool)
    live = np.arange(sets)
    point = _within(np.repeat(start[:, None], sets, axis=1))
    here, damping = _system(data, point), np.zeros(sets)
    for _ in range(ITERATIONS):
        step, gain = _step(here, point, damping)
        more = gain > GAIN
        if not more.all():
            done = live[~more]
            end[:, done], value[done] = point[:, ~more], here[0][~more]
            converged[done] = True
            live, point, step = live[more], point[:, more], step[:, more]
            here = [x[..., more] for x in here]
            if live.size == 0:
                break
            damping, data = damping[more], data.rows(more)
        trial = _within(point + step)
        there = _system(data, trial)
        worse = ~(there[0] >= here[0] - _SLACK * np.abs(here[0]))
        harder = np.maximum(10 * damping, _LEAST_DAMPING)
        damping = np.where(worse, harder, damping / 10)
        point = np.where(worse, point, trial)
        here = [np.where(worse, x, y) for x, y in zip(here, there, strict=True)]
    end[:, live], value[live] = point, here[0]
    alpha, beta, _ = shapes_of(end[0], end[1])
    return InflatedOptimum(alpha, beta, end[2], value, converged)


def _within(point: Array) -> Array:
    low = np.array([-LOGIT, LOG_SIZE[0], 0.0])
    high = np.array([LOGIT, LOG_SIZE[1], _MOST])
    return np.clip(point, low[:, None], high[:, None])


def _system(data: _Data, point: Array) -> list[Array]:
    """Return value (sets,), gradient (3, sets) and curvature (3, 3, sets)."""
    logit, log_size, share = point
    value, *slopes = slopes_of(data.solved, logit, log_size)
    gradient, curvature = np.zeros((3, len(share))), np.zeros((3, 3, len(share)))
    gradient[:2], curvature[:2, :2] = slopes[:2], _square(*slopes[2:])
    rest = 1 - share
    value = value + data.n_solved * np.log(rest)
    gradient[2] -= data.n_solved / rest
    curvature[2, 2] -= data.n_solved / rest**2
    if not len(data.sizes):
        return [value, gradient, curvature]

    log_chance, *slopes = _chance_of_none(data.sizes, logit, log_size)
    chance = np.exp(log_chance)
    total = share + rest * chance
    # How likely a problem that was never solved is one that could be.
    able = rest * chance / total
    count = data.never.T
    value = value + (count * np.log(total)).sum(axis=0)
    along = np.array(slopes[:2])
    gradient[:2] += (count * able * along).sum(axis=1)
    curvature[:2, :2] += (count * able * _square(*slopes[2:])).sum(axis=2)
    both = along[:, None] * along
    curvature[:2, :2] += (count * able * (1 - able) * both).sum(axis=2)
    by_share = -np.expm1(log_chance) / total
    gradient[2] += (count * by_share).sum(axis=0)
    curvature[2, 2] -= (count * by_share**2).sum(axis=0)
    mixed = -(count * chance / total**2 * along).sum(axis=1)
    curvature[:2, 2] += mixed
    curvature[2, :2] += mixed
    return [value, gradient, curvature]


def _square(a: Array, b: Array, c: Array) -> Array:
    return np.array([[a, b], [b, c]])


def _chance_of_none(sizes: IntArray, logit: Array, log_size: Array) -> list[Array]:
    """Return the log chance that no sample is correct, and its derivatives.

    Each is of shape (sizes, sets).
    """
    alpha, beta, size = shapes_of(logit, log_size)
    j = np.arange(int(sizes.max()))[:, None]
    at = sizes - 1
    value = -np.cumsum(np.log1p(alpha / (beta + j)), axis=0)[at]
    first, second = np.zeros((2, 3, *value.shape))
    for i, (shape, sign) in enumerate(((beta, 1), (size, -1)), start=1):
        first[i] = sign * np.cumsum(1 / (shape + j), axis=0)[at]
        second[i] = sign * np.cumsum(1 / (shape + j) ** 2, axis=0)[at]
    return [value, *by_logit_and_size(first, second, alpha, beta, size)]


def _step(here: list[Array], point: Array, damping: Array) -> tuple[Array, Array]:
    """Return the step uphill and the gain it promises, within the limits."""
    _, gradient, curvature = here
    low = np.array([-LOGIT, LOG_SIZE[0], 0.0])[:, None]
    high = np.array([LOGIT, LOG_SIZE[1], _MOST])[:, None]
    # A coordinate at its limit that wants to go beyond is held.
    free = ((point > low) | (gradient > 0)) & ((point < high) | (gradient < 0))
    g = gradient * free
    h = -(curvature * free[:, None] * free).transpose(2, 0, 1)
    scale = 1 / np.sqrt(np.maximum(np.abs(np.einsum("mii->mi", h)), 1e-300)).T
    scale = np.where(free, scale, 0.0)
    values, vectors = np.linalg.eigh(h * scale.T[:, :, None] * scale.T[:, None, :])
    # Where the likelihood curves upward, turn the eigenvalue around.
    values = np.maximum(np.abs(values), 1e-10) + damping[:, None]
    along = np.einsum("mij,im->mj", vectors, g * scale) / values
    step = np.einsum("mij,mj->im", vectors, along) * scale
    length = np.maximum(np.abs(step[:2]).max(axis=0), 1e-300)
    return step * np.minimum(1, _LONGEST / length), (g * step).sum(axis=0)


def maximize_plain(
    n: IntArray, c: IntArray, start: Array, weight: Array
) -> InflatedOptimum:
    """Return the optimum of each set with no share that is never solved."""
    alpha, beta, value, converged = maximize(n, c, weight, start)
    return InflatedOptimum(alpha, beta, np.zeros_like(alpha), value, converged)
