"""Maximum likelihood of the beta-binomial, many weighted data sets at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..laws._law import Array
from ._checks import IntArray

# Limits of the logit of the mean and of log(alpha + beta). Beyond those of the
# latter the model is as good as two points (every problem always or never solved)
# or the binomial (all problems alike).
LOGIT = 28.0
LOG_SIZE = (-16.0, 20.0)
ITERATIONS = 200
# In nats: how much likelihood the next step would gain at most.
GAIN = 1e-12
# By what part a value may fall through rounding; where to begin to damp.
_SLACK = 1e-14
_LEAST_DAMPING = 1e-3
# Numbers in one table, so that the work stays in the cache.
CHUNK = 2**17


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
class Table:
    """How many problems have more than j correct, incorrect and all samples.

    With it the likelihood is a sum of weight times log(shape + j), the shape
    being alpha, beta and alpha + beta, and the weight of the last negative: no
    gamma functions, no cancellation, and derivatives as cheap as the value.

    Attributes
    ----------
    weight : array of shape (sets, cells), or (cells,) for one set
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

    def rows(self, chosen: NDArray[np.bool_]) -> Table:
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
    rows = max(1, CHUNK // int(n.max()))
    climb = _climb if len(weight) == 1 else _climb_together
    parts = [
        climb(tabulate(n, c, weight[i : i + rows]), start)
        for i in range(0, len(weight), rows)
    ]
    return Optimum(*(np.concatenate(x) for x in zip(*parts, strict=True)))


def moments(n: IntArray | Array, c: IntArray | Array, count: IntArray | Array) -> Array:
    """Return a start from the first two moments of the pass rate."""
    # In floats: squares of counts need not fit an integer.
    n, c, count = n.astype(float), c.astype(float), count.astype(float)
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


def tabulate(n: IntArray, c: IntArray, weight: Array) -> Table:
    columns = [_more_than(c, weight), _more_than(n - c, weight), -_more_than(n, weight)]
    sizes = [column.shape[1] for column in columns]
    return Table(
        np.concatenate(columns, axis=1),
        np.concatenate([np.arange(size, dtype=float) for size in sizes]),
        np.repeat(np.arange(3), sizes),
        np.cumsum([0, *sizes[:2]]),
    )


def shapes_of(logit: Array, log_size: Array) -> tuple[Array, Array, Array]:
    """Return alpha, beta and alpha + beta."""
    odds, size = np.exp(logit), np.exp(log_size)
    beta = size / (1 + odds)
    return odds * beta, beta, size


def slopes_of(table: Table, logit: Array, log_size: Array) -> tuple[Array, ...]:
    """Return the value, its two slopes, and its curvature (11, 12, 22).

    A number each for one set (a table without the axis of sets), which is far
    quicker than arrays of one, and an array of shape (sets,) otherwise.
    """
    alpha, beta, size = shapes_of(logit, log_size)
    at = np.array([alpha, beta, size]).T[..., table.shape]
    at += table.j
    ratio = table.weight / at
    first = np.add.reduceat(ratio, table.starts, axis=-1).T
    ratio /= at
    second = np.add.reduceat(ratio, table.starts, axis=-1).T
    value = np.vecdot(table.weight, np.log(at, out=at))
    return value, *by_logit_and_size(first, second, alpha, beta, size)


def by_logit_and_size(
    first: Array, second: Array, alpha: Array, beta: Array, size: Array
) -> tuple[Array, ...]:
    """Return two slopes and the curvature (11, 12, 22) by logit and log size.

    Parameters
    ----------
    first, second : array of shape (3, ...)
        Sums of weight / (shape + j) and of weight / (shape + j)^2 for each shape,
        the weights of the last shape negative.
    alpha, beta, size : array
        The shapes.
    """
    # The slope of alpha, and less that of beta, by the logit.
    turn = alpha * beta / size
    across = first[0] - first[1]
    a, b, c = second[0] * alpha, second[1] * beta, second[2] * size
    by_size = first[0] * alpha + first[1] * beta + first[2] * size
    bend = across * turn * (beta - alpha) / size
    return (
        across * turn,
        by_size,
        bend - (second[0] + second[1]) * turn * turn,
        turn * (across - a + b),
        by_size - a * alpha - b * beta - c * size,
    )


def _climb(table: Table, start: Array) -> Optimum:
    """Climb by Newton steps with one set, shortened where the likelihood falls."""
    one = replace(table, weight=table.weight[0])
    point = _within(*start)
    here, damping, converged = slopes_of(one, *point), 0.0, False
    for _ in range(ITERATIONS):
        across, along, gain = _step(here, *point, damping)
        if gain <= GAIN:
            converged = True
            break
        trial = _within(point[0] + across, point[1] + along)
        there = slopes_of(one, *trial)
        if there[0] < here[0] - _SLACK * abs(here[0]):
            damping = max(10 * damping, _LEAST_DAMPING)
        else:
            point, here, damping = trial, there, damping / 10
    alpha, beta, _ = shapes_of(*point)
    alpha, beta, value = np.array([[alpha], [beta], [here[0]]])
    return Optimum(alpha, beta, value, np.array([converged]))


def _climb_together(table: Table, start: Array) -> Optimum:
    """Climb with many sets at once, each as if alone."""
    sets = len(table.weight)
    end, value, converged = np.empty((2, sets)), np.empty(sets), np.zeros(sets, bool)
    live = np.arange(sets)
    point = np.repeat(np.array(_within(*start))[:, None], sets, axis=1)
    here, damping = np.array(slopes_of(table, *point)), np.zeros(sets)
    for _ in range(ITERATIONS):
        across, along, gain = _step(here, point[0], point[1], damping)
        trial = np.array(_within(point[0] + across, point[1] + along))
        more = gain > GAIN
        if not more.all():
            done = live[~more]
            end[:, done], value[done] = point[:, ~more], here[0, ~more]
            converged[done] = True
            live, point, here = live[more], point[:, more], here[:, more]
            if live.size == 0:
                break
            trial, damping, table = trial[:, more], damping[more], table.rows(more)
        there = np.array(slopes_of(table, *trial))
        worse = there[0] < here[0] - _SLACK * np.abs(here[0])
        harder = np.maximum(10 * damping, _LEAST_DAMPING)
        damping = np.where(worse, harder, damping / 10)
        point, here = np.where(worse, point, trial), np.where(worse, here, there)
    end[:, live], value[live] = point, here[0]
    alpha, beta, _ = shapes_of(*end)
    return Optimum(alpha, beta, value, converged)


def _within(logit: Array, log_size: Array) -> tuple[Array, Array]:
    return (
        np.minimum(np.maximum(logit, -LOGIT), LOGIT),
        np.minimum(np.maximum(log_size, LOG_SIZE[0]), LOG_SIZE[1]),
    )


def _step(
    slopes: Sequence[Array] | Array,
    logit: Array,
    log_size: Array,
    damping: Array | float,
) -> tuple[Array, Array, Array]:
    """Return the step uphill and the gain it promises, within the limits."""
    _, g, h, a, b, c = slopes
    low, high = LOG_SIZE
    # A coordinate at its limit that wants to go beyond is held.
    one = (np.abs(logit) < LOGIT) | (g * logit < 0)
    two = ((log_size < high) | (h < 0)) & ((log_size > low) | (h > 0))
    g, h, a, b, c = g * one, h * two, -a * one, -b * one * two, -c * two
    middle, radius = (a + c) / 2, np.hypot((a - c) / 2, b)
    # Where the likelihood curves upward, turn the lower eigenvalue around.
    shift = np.maximum(2 * (radius - middle), 0)
    shift = shift + (damping + 1e-12) * (np.abs(middle) + radius) + 1e-100
    a, c = a + shift, c + shift
    area = np.maximum(a * c - b * b, 1e-200)
    across, along = (c * g - b * h) / area, (a * h - b * g) / area
    length = np.maximum(np.maximum(np.abs(across), np.abs(along)), 1e-300)
    short = np.minimum(1, 4 / length)
    return across * short, along * short, across * g + along * h
