"""Maximum likelihood of the beta-binomial, many weighted data sets at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..laws._law import Array
from ._checks import IntArray

# Limits of log(alpha + beta). Beyond them the model is as good as the binomial
# (all problems alike) or two points (every problem always or never solved).
_LOG_SIZE_RANGE = (-16.0, 20.0)
_LOGIT_RANGE = (-28.0, 28.0)
_ITERATIONS = 200
# In nats: how much likelihood the next step would gain at most.
_GAIN = 1e-12
# Numbers in one table, so that the work stays in the cache.
_CHUNK = 2**17


class Optimum(NamedTuple):
    """Where each problem's likelihood is greatest.

    Attributes
    ----------
    alpha, beta : array of shape (sets,)
    log_likelihood : array of shape (sets,)
        Less the binomial coefficients, which do not depend on the estimates.
    converged : array of bool, shape (sets,)
    """

    alpha: Array
    beta: Array
    log_likelihood: Array
    converged: NDArray[np.bool_]


@dataclass(frozen=True)
class _Table:
    """How many problems have more than j correct, incorrect and all samples.

    With it the likelihood is a sum of weight times log(shape + j), the shape
    being alpha, beta and alpha + beta, and the weight of the last negative: no
    gamma functions, no cancellation, and derivatives as cheap as the value.

    Attributes
    ----------
    weight : array of shape (sets, cells)
    j : array of shape (cells,)
    shape : array of int, shape (cells,)
        0, 1 or 2, ascending.
    starts : array of int, shape (3,)
        Where each begins.
    """

    weight: Array
    j: Array
    shape: NDArray[np.intp]
    starts: NDArray[np.intp]

    def rows(self, chosen: NDArray[np.intp]) -> _Table:
        return replace(self, weight=self.weight[chosen])


class _Slopes(NamedTuple):
    value: Array
    gradient: Array
    hessian: Array


def maximize(n: IntArray, c: IntArray, weight: Array, start: Array) -> Optimum:
    """Maximize the likelihood of every weighted set of problems.

    Parameters
    ----------
    n, c : array of int, shape (distinct,)
    weight : array of shape (sets, distinct)
        How often each problem counts in each set.
    start : array of shape (2,)
        Logit of the mean and log(alpha + beta) to start from.

    Returns
    -------
    Optimum
    """
    rows = max(1, _CHUNK // int(n.max()))
    parts = [
        _newton(_tabulate(n, c, weight[i : i + rows]), start)
        for i in range(0, len(weight), rows)
    ]
    return Optimum(*(np.concatenate(x) for x in zip(*parts, strict=True)))


def moments(n: IntArray, c: IntArray, count: IntArray) -> Array:
    """Return a start from the first two moments of the pass rate."""
    mean = (count @ c) / (count @ n)
    square = (count @ (c * (c - 1))) / (count @ (n * (n - 1)))
    correlation = np.clip((square - mean**2) / (mean * (1 - mean)), 0.01, 0.99)
    return np.array([np.log(mean / (1 - mean)), np.log(1 / correlation - 1)])


def _more_than(values: IntArray, weight: Array) -> Array:
    """Return the weight of values above j, for j from 0 to the largest less one."""
    order = np.argsort(values)
    running = np.zeros((len(weight), len(values) + 1))
    np.cumsum(weight[:, order], axis=1, out=running[:, 1:])
    upto = np.searchsorted(values[order], np.arange(values.max()), side="right")
    return running[:, -1:] - running[:, upto]


def _tabulate(n: IntArray, c: IntArray, weight: Array) -> _Table:
    columns = [_more_than(c, weight), _more_than(n - c, weight), -_more_than(n, weight)]
    sizes = [column.shape[1] for column in columns]
    return _Table(
        np.concatenate(columns, axis=1),
        np.concatenate([np.arange(size, dtype=float) for size in sizes]),
        np.repeat(np.arange(3), sizes),
        np.cumsum([0, *sizes[:2]]),
    )


def _shapes(point: Array) -> tuple[Array, Array]:
    """Return alpha, beta and alpha + beta, and the slope of alpha by the logit."""
    size = np.exp(point[:, 1])
    mean, rest = 1 / (1 + np.exp(-point[:, 0])), 1 / (1 + np.exp(point[:, 0]))
    shapes = np.empty((len(point), 3))
    shapes[:, 0], shapes[:, 1], shapes[:, 2] = mean * size, rest * size, size
    return shapes, mean * rest * size


def _slopes(table: _Table, point: Array) -> _Slopes:
    shapes, turn = _shapes(point)
    at = shapes[:, table.shape] + table.j
    ratio = table.weight / at
    first = np.add.reduceat(ratio, table.starts, axis=1)
    second = -np.add.reduceat(ratio / at, table.starts, axis=1)
    across = first[:, 0] - first[:, 1]
    bend = turn * (shapes[:, 1] - shapes[:, 0]) / shapes[:, 2]
    gradient = np.empty((len(point), 2))
    gradient[:, 0] = across * turn
    gradient[:, 1] = (first * shapes).sum(axis=1)
    by_second = second * shapes
    hessian = np.empty((len(point), 2, 2))
    hessian[:, 0, 0] = across * bend + (second[:, 0] + second[:, 1]) * turn**2
    hessian[:, 0, 1] = turn * (across + by_second[:, 0] - by_second[:, 1])
    hessian[:, 1, 0] = hessian[:, 0, 1]
    hessian[:, 1, 1] = gradient[:, 1] + (by_second * shapes).sum(axis=1)
    return _Slopes(
        np.einsum("ij,ij->i", table.weight, np.log(at)),
        gradient,
        hessian,
    )


def _newton(table: _Table, start: Array) -> Optimum:
    """Climb by Newton steps, shortened where the likelihood would fall."""
    sets = len(table.weight)
    low, high = np.array([_LOGIT_RANGE, _LOG_SIZE_RANGE]).T
    point = np.tile(np.clip(start, low, high), (sets, 1))
    best = _slopes(table, point)
    damping = np.zeros(sets)
    converged = np.zeros(sets, bool)
    live = np.arange(sets)
    for _ in range(_ITERATIONS):
        here = _Slopes(*(x[live] for x in best))
        step, gain = _step(here, point[live], damping[live], low, high)
        more = gain > _GAIN
        if not more.all():
            converged[live[~more]] = True
            live, step = live[more], step[more]
            if live.size == 0:
                break
        trial = np.clip(point[live] + step, low, high)
        there = _slopes(table if live.size == sets else table.rows(live), trial)
        before = best.value[live]
        better = there.value >= before - 1e-14 * np.abs(before)
        taken = live[better]
        point[taken] = trial[better]
        for old, new in zip(best, there, strict=True):
            old[taken] = new[better]
        damping[live] = np.where(
            better, damping[live] / 10, np.maximum(10 * damping[live], 1e-3)
        )
    alpha, beta, _ = _shapes(point)[0].T
    return Optimum(alpha, beta, best.value, converged)


def _step(
    slopes: _Slopes, point: Array, damping: Array, low: Array, high: Array
) -> tuple[Array, Array]:
    """Return the step uphill and the gain it promises, within the limits."""
    g = slopes.gradient
    outward = ((point >= high) & (g > 0)) | ((point <= low) & (g < 0))
    g = np.where(outward, 0.0, g)
    curvature = -slopes.hessian
    if outward.any():
        curvature = curvature * ~(outward[:, :, None] | outward[:, None, :])
    a, b, c = curvature[:, 0, 0], curvature[:, 0, 1], curvature[:, 1, 1]
    middle, radius = (a + c) / 2, np.hypot((a - c) / 2, b)
    # Where the likelihood curves upward, turn the lower eigenvalue around.
    shift = np.maximum(2 * (radius - middle), 0)
    shift = shift + (damping + 1e-12) * (np.abs(middle) + radius) + 1e-100
    a, c = a + shift, c + shift
    step = np.empty_like(g)
    step[:, 0], step[:, 1] = c * g[:, 0] - b * g[:, 1], a * g[:, 1] - b * g[:, 0]
    step /= np.maximum(a * c - b * b, 1e-200)[:, None]
    gain = (step * g).sum(axis=1)
    length = np.abs(step).max(axis=1, keepdims=True)
    return step * np.minimum(1, 4 / np.maximum(length, 1e-300)), gain
