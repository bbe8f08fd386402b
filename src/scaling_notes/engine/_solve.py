"""Damped Newton steps for many problems of one objective at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..laws._law import Array
from ._objective import Objective
from ._steps import bounded_newton_step, damped_newton_step

__all__ = ["MAX_ITERATIONS", "NEGLIGIBLE", "TOLERANCE", "Solution", "solve"]

# Problems in work at once: few enough for the processor's cache.
_POOL_SIZE = 384
_FIRST_DAMPING = 1e-3
MAX_ITERATIONS = 1000
# Steps damped this much end within rounding of where they begin.
_MAX_DAMPING = 1e14
# A problem this old is in a curved valley, where acceleration is worth its cost.
_ACCELERATE_FROM = 10
# An acceleration longer than this part of half its step is beyond what a parabola
# can tell.
_MAX_ACCELERATION = 0.75
TOLERANCE = 1e-10
_SLOW_TOLERANCE = 1e-12
# A rejected step that promises no more than this is rejected by rounding alone.
_ROUNDING = 1e-11
# Half the square of a residual of 1e-12: exact data leave only this, per point.
NEGLIGIBLE = 5e-25
# A step is accepted if the objective falls by this part of what was predicted.
_LEAST_GAIN = 1e-4
_TINY = 1e-300
# A step this long in the solver's coordinates is never taken unchecked.
_SHORT = 1e-2


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
    max_iterations: int = MAX_ITERATIONS,
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
    max_iterations : int

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
    steps follow the valley by geodesic acceleration (Transtrum & Sethna 2012,
    arXiv:1201.5885), unless the curvature is exact.
    Where constants have bounds, a step goes to the least of its model inside them:
    coordinates that meet a bound on the way stay there while the others go on.
    Problems are held in a pool; a finished one makes room for the next.
    """
    n_problems = len(starts)
    indices = np.arange(starts.shape[1]) if free is None else np.flatnonzero(free)
    objective = objective.with_free(indices)
    solver = _Solver(objective, indices, tolerance, max_iterations)
    theta = solver.inside(objective.unconstrain(starts))
    begin = solver.beginning(theta, weights)
    value = np.full(n_problems, np.inf)
    converged = np.zeros(n_problems, bool)
    iterations = np.zeros(n_problems, int)

    started = min(n_problems, _POOL_SIZE)
    pool = begin(np.arange(started))
    while len(pool):
        done, failed = solver.ended(pool)
        ended = np.flatnonzero(done | failed)
        if len(ended):
            solver.take_last_steps(pool, ended[done[ended] & ~failed[ended]])
            problems = pool.problems[ended]
            theta[problems] = pool.theta[ended]
            value[problems] = pool.value[ended]
            converged[problems] = done[ended] & ~failed[ended]
            iterations[problems] = pool.age[ended]
            new = np.arange(started, min(started + len(ended), n_problems))
            started += len(new)
            if len(new):
                pool.put(ended[: len(new)], begin(new))
            if len(new) < len(ended):
                pool.keep(np.delete(np.arange(len(pool)), ended[len(new) :]))
                if not len(pool):
                    break
        solver.advance(pool)
    constants = objective.constrain(theta)
    # A constant beyond the range of floats is no optimum that can be told.
    told = np.isfinite(constants).all(axis=1)
    value = np.where(told, value, np.inf)
    return Solution(constants, value, converged & told, iterations)


@dataclass
class _Pool:
    """The problems in work: where each is, and the step it will try next.

    Attributes
    ----------
    problems : array of int, shape (m,)
        Which problems they are.
    theta : array of shape (m, p)
        Coordinates, those of fixed constants too.
    weights : array of shape (m, n), or None
    value, predicted, damping : array of shape (m,)
        Objective, the decrease that the step predicts, and the damping mu.
    gradient, step : array of shape (f, m)
        By the free coordinates.
    hessian : array of shape (f, f, m)
    age : array of int, shape (m,)
        Steps tried so far.
    rejected : array of bool, shape (m,)
        Whether the last one was rejected.
    """

    problems: np.ndarray
    theta: Array
    weights: Array | None
    value: Array
    gradient: Array
    hessian: Array
    step: Array
    predicted: Array
    damping: Array
    age: np.ndarray
    rejected: np.ndarray

    def __len__(self) -> int:
        return len(self.problems)

    def _select(self, places: np.ndarray) -> Iterator[tuple[str, Any]]:
        """Yield each array's name, and where these problems are in it."""
        for field in dataclasses.fields(self):
            if getattr(self, field.name) is not None:
                rows = field.name in ("theta", "weights")
                yield field.name, places if rows else (..., places)

    def keep(self, places: np.ndarray) -> None:
        """Drop all problems but those at these places."""
        for name, where in self._select(places):
            setattr(self, name, getattr(self, name)[where])

    def put(self, places: np.ndarray, others: _Pool) -> None:
        """Put other problems at these places."""
        for name, where in self._select(places):
            getattr(self, name)[where] = getattr(others, name)


@dataclass(frozen=True)
class _Solver:
    """Damped Newton steps of an objective in its free coordinates."""

    objective: Objective
    free: np.ndarray
    tolerance: float
    max_iterations: int

    def system(self, theta: Array, weights: Array | None) -> tuple[Array, Array, Array]:
        """Return objective, gradient and Hessian by the free coordinates."""
        value, g, h = self.objective.system(theta, weights)
        if len(self.free) < theta.shape[1]:
            g, h = g[self.free], h[np.ix_(self.free, self.free)]
        return value, g, h

    def beginning(
        self, theta: Array, weights: Array | None
    ) -> Callable[[np.ndarray], _Pool]:
        """Return what gives problems at their starts.

        Resamples all start at one place. There each point adds the same terms to
        every problem, so all the systems are one matrix product with the weights.
        """
        m, n = len(theta), self.objective.n_terms
        shared: tuple[Array, ...] | None = None
        alike = self.objective.weighted and not (theta != theta[0]).any()
        if weights is not None and m > n and alike:
            # A problem that holds one point alone has just that point's terms.
            alone = np.tile(theta[:1], (n, 1))
            value, g, h = self.system(alone, np.eye(n))
            p = len(self.free)
            terms = np.concatenate([value[None], g, h.reshape(p * p, n)])
            sums = (weights @ terms.T).T
            g, h = sums[1 : 1 + p], sums[1 + p :].reshape(p, p, m)
            step, predicted = self.step(theta, g, h, np.full(m, _FIRST_DAMPING))
            shared = sums[0], g, h, step, predicted

        def begin(problems: np.ndarray) -> _Pool:
            own = None if weights is None else weights[problems]
            damping = np.full(len(problems), _FIRST_DAMPING)
            if shared is None:
                value, g, h = self.system(theta[problems], own)
                step, predicted = self.step(theta[problems], g, h, damping)
            else:
                value, g, h, step, predicted = (a[..., problems] for a in shared)
            age = np.zeros(len(problems), int)
            rejected = np.zeros(len(problems), bool)
            return _Pool(
                *(problems, theta[problems], own, value, g, h, step, predicted),
                *(damping, age, rejected),
            )

        return begin

    def ended(self, pool: _Pool) -> tuple[np.ndarray, np.ndarray]:
        """Return which problems are done, and which have failed."""
        undamped = pool.predicted * (1.0 + pool.damping)
        slow = (pool.age >= _ACCELERATE_FROM) & (not self.objective.exact)
        enough = np.where(slow, _SLOW_TOLERANCE, self.tolerance)
        enough = np.where(pool.rejected, _ROUNDING, enough) * pool.value
        done = undamped <= enough + NEGLIGIBLE * len(self.objective.target)
        failed = ~np.isfinite(pool.value) | (pool.age >= self.max_iterations)
        return done, failed | (pool.damping > _MAX_DAMPING)

    def take_last_steps(self, pool: _Pool, done: np.ndarray) -> None:
        """Take the last steps of problems that are done, where that is safe.

        Such a step is worth taking and too small to be worth checking, unless it
        was rejected before or runs far along a flat direction.
        """
        short = np.abs(pool.step[:, done]).max(axis=0) < _SHORT
        sure = done[~pool.rejected[done] & short]
        pool.theta[np.ix_(sure, self.free)] += pool.step[:, sure].T
        pool.theta[sure] = self.inside(pool.theta[sure])
        # Exact points leave rounding only, which must not fall below zero.
        pool.value[sure] = np.maximum(pool.value[sure] - pool.predicted[sure], 0.0)

    def advance(self, pool: _Pool) -> None:
        """Try every step, accept those that gain, and adapt the damping."""
        theta = pool.theta.copy()
        theta[:, self.free] += self.accelerated_step(pool).T
        theta = self.inside(theta)
        value, g, h = self.system(theta, pool.weights)
        with np.errstate(over="ignore"):
            gain = (pool.value - value) / np.maximum(pool.predicted, _TINY)
        pool.rejected = ~(gain > _LEAST_GAIN)
        back = np.flatnonzero(pool.rejected)
        theta[back], value[back] = pool.theta[back], pool.value[back]
        g[:, back], h[:, :, back] = pool.gradient[:, back], pool.hessian[:, :, back]
        pool.theta, pool.value, pool.gradient, pool.hessian = theta, value, g, h
        pool.age += 1
        mu = pool.damping
        eased = np.where(gain > 0.75, mu * 0.1, np.where(gain < 0.25, mu * 4.0, mu))
        pool.damping = np.where(pool.rejected, np.maximum(mu, 1e-4) * 10.0, eased)
        pool.step, pool.predicted = self.step(theta, g, h, pool.damping)

    def inside(self, theta: Array) -> Array:
        """Return coordinates with those that are free put inside their bounds."""
        if self.objective.box is not None:
            low, high = (b[self.free] for b in self.objective.box)
            theta[:, self.free] = np.clip(theta[:, self.free], low, high)
        return theta

    def step(self, theta: Array, g: Array, h: Array, mu: Array) -> tuple[Array, Array]:
        """Return the damped steps inside the bounds, and the decreases predicted."""
        if self.objective.box is None:
            return damped_newton_step(g, h, mu)
        here = theta[:, self.free]
        with np.errstate(invalid="ignore"):
            # The logarithm of zero is at the infinite bound that it has.
            low, high = (
                np.where(here == b[self.free], 0.0, b[self.free] - here).T
                for b in self.objective.box
            )
        return bounded_newton_step(g, h, mu, low, high)

    def accelerated_step(self, pool: _Pool) -> Array:
        """Return the steps, those of old problems with geodesic acceleration."""
        old = np.flatnonzero(pool.age >= _ACCELERATE_FROM)
        if self.objective.exact or not len(old):
            return pool.step
        velocity = np.zeros((len(old), pool.theta.shape[1]))
        velocity[:, self.free] = pool.step[:, old].T
        weights = None if pool.weights is None else pool.weights[old]
        along = self.objective.second_order_gradient(pool.theta[old], velocity, weights)
        hessian = pool.hessian[:, :, old]
        acceleration, _ = damped_newton_step(
            along[self.free], hessian, pool.damping[old]
        )
        scale = np.sqrt(np.abs(np.einsum("iim->im", hessian)))
        longest = np.linalg.norm(pool.step[:, old] * scale, axis=0) * _MAX_ACCELERATION
        short = 2.0 * np.linalg.norm(acceleration * scale, axis=0) <= longest
        step = pool.step.copy()
        step[:, old[short]] += 0.5 * acceleration[:, short]
        return step
