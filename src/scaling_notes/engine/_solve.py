"""Damped Newton steps for many problems of one objective at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..laws._law import Array
from ._objective import Objective

__all__ = ["NEGLIGIBLE", "TOLERANCE", "Solution", "solve"]

_POOL = 384
_DAMPING = 1e-3
_MAX_ITERATIONS = 1000
# Steps damped this much end within rounding of where they begin.
_STUCK = 1e14
# A problem this old is in a curved valley, where bent steps are worth their cost.
_PATIENCE = 10
# A bend longer than this part of half its step is beyond what a parabola can tell.
_BEND = 0.75
TOLERANCE = 1e-10
_SLOW_TOLERANCE = 1e-12
# A refused step that promises no more than this is refused by rounding alone.
_ROUNDING = 1e-11
# Half the square of a residual of 1e-12: exact data leave only this, per point.
NEGLIGIBLE = 5e-25
_PIVOT = 1e-9
_TINY = 1e-300
# A step this long in the solver's coordinates is never taken unchecked.
_NEAR = 1e-2


@dataclass(frozen=True)
class Solution:
    """Where the solver stopped, problem by problem.

    Attributes
    ----------
    constants : array of shape (m, p)
        The law's constants.
    objective : array of shape (m,)
    converged : array of bool, shape (m,)
    iterations : array of int, shape (m,)
    """

    constants: Array
    objective: Array
    converged: np.ndarray
    iterations: np.ndarray


def solve(
    objective: Objective,
    starts: Array,
    weights: Array | None = None,
    free: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
) -> Solution:
    """Minimize the objective from each start, with the weights of its own problem.

    Parameters
    ----------
    objective : Objective
    starts : array of shape (m, p)
        Constants to start from, one row a problem.
    weights : array of shape (m, n), optional
        Weight of each point in each problem; a bootstrap resample is a row of
        counts. By default every point weighs one.
    free : array of bool, shape (p,), optional
        Which constants may move; all by default.
    tolerance : float
        Part of the objective that the last step promises at most.

    Returns
    -------
    Solution

    Notes
    -----
    Trust is managed by a damping mu in coordinates scaled to a unit diagonal:
    the step solves (H + mu I) s = -g, with the eigenvalues of H replaced by
    their absolute values where H is not positive definite. A problem is done
    when its undamped predicted decrease is below ``tolerance`` of its objective
    (1e-12 of it after many steps); the step that promises it is still taken.
    A problem that is not done after a few steps is in a curved valley. Its
    steps are bent along it by geodesic acceleration (Transtrum & Sethna 2012,
    arXiv:1201.5885), unless the curvature is exact.
    Problems are held in a pool; a finished one makes room for the next.
    """
    m = len(starts)
    index = np.arange(starts.shape[1]) if free is None else np.flatnonzero(free)
    objective = objective.holding(index)
    theta_all = objective.enter(starts)
    out_value = np.full(m, np.inf)
    out_converged = np.zeros(m, bool)
    out_iterations = np.zeros(m, int)
    nothing = NEGLIGIBLE * len(objective.target)
    first = _first_systems(objective, theta_all, weights, index)

    rows = np.arange(min(m, _POOL))
    waiting = len(rows)
    theta = theta_all[rows]
    w = None if weights is None else weights[rows]
    value, g, h, step, predicted = first(rows)
    mu = np.full(len(rows), _DAMPING)
    age = np.zeros(len(rows), int)
    refused = np.zeros(len(rows), bool)
    while len(rows):
        undamped = predicted * (1.0 + mu)
        slow = (age >= _PATIENCE) & (not objective.exact)
        enough = np.where(slow, _SLOW_TOLERANCE, tolerance)
        enough = np.where(refused, _ROUNDING, enough) * value + nothing
        done = undamped <= enough
        lost = ~np.isfinite(value) | (age >= _MAX_ITERATIONS) | (mu > _STUCK)
        last = np.flatnonzero(done | lost)
        if len(last):
            at = rows[last]
            # The last step is worth taking and too small to be worth checking,
            # unless it runs far along a flat direction.
            near = np.abs(step[:, last]).max(axis=0) < _NEAR
            sure = last[done[last] & ~lost[last] & ~refused[last] & near]
            theta[np.ix_(sure, index)] += step[:, sure].T
            # Exact points leave rounding only, which must not fall below zero.
            value[sure] = np.maximum(value[sure] - predicted[sure], 0.0)
            theta_all[at] = theta[last]
            out_value[at] = value[last]
            out_converged[at] = done[last] & ~lost[last]
            out_iterations[at] = age[last]
            new = np.arange(waiting, min(waiting + len(last), m))
            waiting += len(new)
            slot, empty = last[: len(new)], last[len(new) :]
            if len(new):
                rows[slot] = new
                theta[slot] = theta_all[new]
                if w is not None and weights is not None:
                    w[slot] = weights[new]
                value[slot], g[:, slot], h[:, :, slot], *ahead = first(new)
                step[:, slot], predicted[slot] = ahead
                mu[slot], age[slot], refused[slot] = _DAMPING, 0, False
            if len(empty):
                keep = np.delete(np.arange(len(rows)), empty)
                rows, theta, mu, age = rows[keep], theta[keep], mu[keep], age[keep]
                w = None if w is None else w[keep]
                value, g, h = value[keep], g[:, keep], h[:, :, keep]
                step, predicted = step[:, keep], predicted[keep]
                if not len(rows):
                    break
        trial = theta.copy()
        trial[:, index] += _bent(objective, theta, step, h, mu, w, age, index).T
        new_value, new_g, new_h = _system(objective, trial, w, index)
        gain = (value - new_value) / np.maximum(predicted, _TINY)
        refused = ~(gain > 1e-4)
        back = np.flatnonzero(refused)
        trial[back], new_value[back] = theta[back], value[back]
        new_g[:, back], new_h[:, :, back] = g[:, back], h[:, :, back]
        theta, value, g, h = trial, new_value, new_g, new_h
        age += 1
        eased = np.where(gain > 0.75, mu * 0.1, np.where(gain < 0.25, mu * 4.0, mu))
        mu = np.where(refused, np.maximum(mu, 1e-4) * 10.0, eased)
        step, predicted = _step(g, h, mu)
    return Solution(
        objective.leave(theta_all), out_value, out_converged, out_iterations
    )


def _first_systems(
    objective: Objective, theta: Array, weights: Array | None, index: np.ndarray
) -> Callable[[np.ndarray], tuple[Array, ...]]:
    """Return what gives problems' systems and steps at their starts.

    Resamples all start at one place. There each point adds the same terms to
    every problem, so all the systems are one matrix product with the weights.
    """
    m, n = len(theta), len(objective.target)
    if weights is None or m <= n or (theta != theta[0]).any():

        def first(rows: np.ndarray) -> tuple[Array, ...]:
            w = None if weights is None else weights[rows]
            value, g, h = _system(objective, theta[rows], w, index)
            return value, g, h, *_step(g, h, np.full(len(rows), _DAMPING))

        return first

    # A problem that holds one point alone has just that point's terms.
    value, g, h = _system(objective, np.tile(theta[:1], (n, 1)), np.eye(n), index)
    p = len(index)
    sums = (weights @ np.concatenate([value[None], g, h.reshape(p * p, n)]).T).T
    value, g, h = sums[0], sums[1 : 1 + p], sums[1 + p :].reshape(p, p, m)
    step, predicted = _step(g, h, np.full(m, _DAMPING))
    return lambda rows: (
        value[rows],
        g[:, rows],
        h[:, :, rows],
        step[:, rows],
        predicted[rows],
    )


def _system(
    objective: Objective, theta: Array, weights: Array | None, index: np.ndarray
) -> tuple[Array, Array, Array]:
    value, g, h = objective.system(theta, weights)
    if len(index) < theta.shape[1]:
        g, h = g[index], h[np.ix_(index, index)]
    return value, g, h


def _bent(
    objective: Objective,
    theta: Array,
    step: Array,
    h: Array,
    mu: Array,
    weights: Array | None,
    age: np.ndarray,
    index: np.ndarray,
) -> Array:
    """Return the steps, those of old problems bent along their valley."""
    old = np.flatnonzero(age >= _PATIENCE)
    if objective.exact or not len(old):
        return step
    move = np.zeros((len(old), theta.shape[1]))
    move[:, index] = step[:, old].T
    pull = objective.bend(theta[old], move, None if weights is None else weights[old])
    bend, _ = _step(pull[index], h[:, :, old], mu[old])
    scale = np.sqrt(np.abs(np.einsum("iim->im", h[:, :, old])))
    longest = _BEND * np.linalg.norm(step[:, old] * scale, axis=0)
    fits = 2.0 * np.linalg.norm(bend * scale, axis=0) <= longest
    bent = step.copy()
    bent[:, old[fits]] += 0.5 * bend[:, fits]
    return bent


def _step(g: Array, h: Array, mu: Array) -> tuple[Array, Array]:
    """Return the damped step (p, m) and the decrease it predicts (m,)."""
    diagonal = np.einsum("iim->im", h)
    scale = 1.0 / np.sqrt(np.maximum(np.abs(diagonal), 1e-30))
    g_scaled = g * scale
    h_scaled = h * scale[:, None]
    h_scaled *= scale
    step, definite = _solve_definite(h_scaled, g_scaled, mu)
    # With (H + mu) s = -g the model's decrease is half of -g's + mu s's.
    predicted = np.multiply(mu, step)
    predicted -= g_scaled
    predicted *= step
    predicted = 0.5 * predicted.sum(axis=0)
    bad = np.flatnonzero(~definite)
    if len(bad):
        h_bad, g_bad = h_scaled[:, :, bad].transpose(2, 0, 1), g_scaled[:, bad]
        values, vectors = np.linalg.eigh(h_bad)
        values = np.maximum(np.abs(values), 1e-6) + mu[bad, None]
        along = np.einsum("mij,im->mj", vectors, g_bad) / values
        step[:, bad] = turned = -np.einsum("mij,mj->im", vectors, along)
        curved = np.einsum("mij,im,jm->m", h_bad, turned, turned)
        predicted[bad] = -(g_bad * turned).sum(axis=0) - 0.5 * np.abs(curved)
    step *= scale
    return step, np.maximum(predicted, 0.0)


def _solve_definite(h: Array, g: Array, mu: Array) -> tuple[Array, np.ndarray]:
    """Solve (H + mu I) s = -g by elimination, all problems in each operation.

    All pivots are positive just where H + mu I is positive definite.
    """
    p, m = g.shape
    rows = np.empty((p, p + 1, m))
    rows[:, :p] = h
    rows[:, p] = -g
    pivots = np.empty((p, m))
    for j in range(p):
        rows[j, j] += mu
        pivots[j] = pivot = rows[j, j]
        rest = rows[j, j + 1 :]
        rest /= np.where(pivot > _PIVOT, pivot, 1.0)
        if j + 1 < p:
            rows[j + 1 :, j + 1 :] -= rows[j + 1 :, j, None] * rest
    step = rows[:, p]
    for i in reversed(range(1, p)):
        step[:i] -= rows[:i, i] * step[i]
    return step, np.all(pivots > _PIVOT, axis=0)
