"""Maximum likelihood of the beta-binomial, many weighted data sets at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..laws._law import Array
from ._checks import IntArray

# Limits of the logit of the mean and of log(alpha + beta). Beyond those of the
# latter the model is as good as two points (every problem always or never solved)
# or the binomial (all problems alike).
_LOW, _HIGH = np.array([[-28.0], [-16.0]]), np.array([[28.0], [20.0]])
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

    def rows(self, chosen: NDArray[np.bool_]) -> _Table:
        return replace(self, weight=self.weight[chosen])


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
    odds, size = np.exp(point)
    shapes = np.empty((3, len(size)))
    shapes[1] = beta = size / (1 + odds)
    shapes[0], shapes[2] = odds * beta, size
    return shapes, shapes[0] * beta / size


def _slopes(table: _Table, point: Array) -> Array:
    """Return the value, its two slopes, and its curvature (11, 12, 22), by set.

    One row each, so that a few numbers a set take few operations.
    """
    shapes, turn = _shapes(point)
    at = shapes.T[:, table.shape]
    at += table.j
    ratio = table.weight / at
    first = np.add.reduceat(ratio, table.starts, axis=1).T
    ratio /= at
    second = np.add.reduceat(ratio, table.starts, axis=1).T
    across = first[0] - first[1]
    bend = turn * (shapes[1] - shapes[0]) / shapes[2]
    by_second = second * shapes
    slopes = np.empty((6, len(turn)))
    np.einsum("ij,ij->i", table.weight, np.log(at, out=at), out=slopes[0])
    slopes[1] = across * turn
    slopes[2] = np.einsum("ij,ij->j", first, shapes)
    slopes[3] = across * bend - (second[0] + second[1]) * turn**2
    slopes[4] = turn * (across - by_second[0] + by_second[1])
    slopes[5] = slopes[2] - np.einsum("ij,ij->j", by_second, shapes)
    return slopes


def _newton(table: _Table, start: Array) -> Optimum:
    """Climb by Newton steps, shortened where the likelihood would fall."""
    sets = len(table.weight)
    end, value, converged = np.empty((2, sets)), np.empty(sets), np.zeros(sets, bool)
    live = np.arange(sets)
    point = np.repeat(np.clip(start[:, None], _LOW, _HIGH), sets, axis=1)
    here, damping = _slopes(table, point), np.zeros(sets)
    for _ in range(_ITERATIONS):
        step, gain = _step(here, point, damping)
        more = gain > _GAIN
        if not more.all():
            done = live[~more]
            end[:, done], value[done] = point[:, ~more], here[0, ~more]
            converged[done] = True
            live, point, here = live[more], point[:, more], here[:, more]
            if live.size == 0:
                break
            step, damping, table = step[:, more], damping[more], table.rows(more)
        trial = np.minimum(np.maximum(point + step, _LOW), _HIGH)
        there = _slopes(table, trial)
        worse = there[0] < here[0] - 1e-14 * np.abs(here[0])
        damping = np.where(worse, np.maximum(10 * damping, 1e-3), damping / 10)
        if worse.any():
            trial[:, worse], there[:, worse] = point[:, worse], here[:, worse]
        point, here = trial, there
    end[:, live], value[live] = point, here[0]
    alpha, beta, _ = _shapes(end)[0]
    return Optimum(alpha, beta, value, converged)


def _step(slopes: Array, point: Array, damping: Array) -> tuple[Array, Array]:
    """Return the step uphill and the gain it promises, within the limits."""
    g = slopes[1:3]
    a, b, c = -slopes[3:]
    edge = (point >= _HIGH) | (point <= _LOW)
    if edge.any():
        free = ~(edge & (g * point > 0))
        g, a, b, c = g * free, a * free[0], b * free.all(axis=0), c * free[1]
    middle, radius = (a + c) / 2, np.hypot((a - c) / 2, b)
    # Where the likelihood curves upward, turn the lower eigenvalue around.
    shift = np.maximum(2 * (radius - middle), 0)
    shift += (damping + 1e-12) * (np.abs(middle) + radius) + 1e-100
    a, c = a + shift, c + shift
    step = np.empty_like(g)
    step[0], step[1] = c * g[0] - b * g[1], a * g[1] - b * g[0]
    step /= np.maximum(a * c - b * b, 1e-200)
    gain = np.einsum("ij,ij->j", step, g)
    length = np.maximum(np.abs(step).max(axis=0), 1e-300)
    return step * np.minimum(1, 4 / length), gain
