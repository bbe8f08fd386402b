"""Refits on resampled runs, and the certificate that they are at their best."""

from __future__ import annotations

import numpy as np

from .. import engine
from ..laws._law import Array
from ._bounds import Starts, at_zero

__all__ = ["refit", "resample_counts", "solve_from", "without"]

# Single precision is out by less than this part of a sum of positive terms.
_SINGLE = 1e-5
_BETTER = 1e-9
# A constant whose move by one e-fold, or by one, moves the values by less than this
# part of the noise is not identified; nor are constants whose curvature, scaled to
# a unit diagonal, is singular to this part.
_UNSEEN = 1e-3
_SINGULAR = 1e-11
_LEAST_NOISE = 1e-9
# Problems x points of one look at the curvature.
_BLOCK = 200_000
# Stands for what is not finite; sums of it stay in the range of single precision.
_HUGE = 1e30


def resample_counts(
    n_points: int,
    groups: np.ndarray | None,
    n_resamples: int,
    rng: np.random.Generator,
) -> Array:
    """Draw case-bootstrap resamples as counts of each point.

    Parameters
    ----------
    n_points : int
    groups : array of int, shape (n_points,), optional
        Unit of each point, 0 to g - 1; units are drawn, not points.
    n_resamples : int
    rng : numpy.random.Generator

    Returns
    -------
    array of shape (n_resamples, n_points)
    """
    n_units = n_points if groups is None else int(groups.max()) + 1
    draws = rng.integers(n_units, size=(n_resamples, n_units))
    draws += n_units * np.arange(n_resamples)[:, None]
    counts = np.bincount(draws.ravel(), minlength=draws.size).reshape(draws.shape)
    return (counts if groups is None else counts[:, groups]).astype(float)


def refit(
    problem: engine.Objective,
    starts: Starts,
    groups: np.ndarray | None,
    free: np.ndarray,
    size: int,
    rng: np.random.Generator,
) -> tuple[Array, int, int, int]:
    """Refit one chunk of resamples.

    Returns
    -------
    constants : array of shape (size, p)
    converged : int
        How many converged.
    restarted : int
        How many were better at the optimum of another and started again there.
    unidentified : int
        How many do not identify every constant.
    """
    counts = resample_counts(len(problem.target), groups, size, rng)
    counts = problem.weigh(counts, rng)
    solution = solve_from(problem, starts.interior, counts, free)
    constants, converged, restarted = certify(
        problem, solution, counts, free, starts.at_zero
    )
    known = identified(problem, starts.interior[0], constants, counts, free)
    return constants, int(converged.sum()), restarted, int((~known).sum())


def identified(
    problem: engine.Objective,
    estimates: Array,
    constants: Array,
    weights: Array,
    free: np.ndarray,
) -> np.ndarray:
    """Return which refits identify every constant, shape (m,).

    A constant that went to zero is an answer. One that can move without moving the
    values is none, nor are several that can move together.

    Parameters
    ----------
    problem : Objective
    estimates : array of shape (p,)
        Constants of the fit to all points.
    constants : array of shape (m, p)
        Those of the refits.
    weights : array of shape (m, n)
    free : array of bool, shape (p,)
    """
    # A copy of its own: chunks may be in work side by side.
    problem = problem.with_free(np.flatnonzero(free))
    here = problem.residuals(problem.unconstrain(estimates[None]))[0]
    noise = max(engine.robust_scale(here), _LEAST_NOISE)
    out = np.empty(len(constants), bool)
    size = max(1, _BLOCK // weights.shape[1])
    for first in range(0, len(constants), size):
        part = slice(first, first + size)
        theta = problem.unconstrain(constants[part])
        h = problem.system(theta, weights[part]).curvature.transpose(2, 0, 1)
        h = h[:, free][:, :, free]
        diagonal = np.abs(np.einsum("mii->mi", h))
        total = weights[part, : len(here)].sum(axis=1)
        at_bound = problem.at_bound(theta)[:, free]
        unseen = diagonal < (_UNSEEN * noise) ** 2 * total[:, None]
        # What is at zero or at a bound stands aside, as a coordinate of its own.
        alone = unseen | at_bound
        aside = alone[:, :, None] | alone[:, None, :]
        scale = 1.0 / np.sqrt(np.where(alone, 1.0, diagonal))
        h = np.where(aside, np.eye(h.shape[1]), h * scale[:, :, None] * scale[:, None])
        least = np.linalg.eigvalsh(h)[:, 0]
        lost = unseen & ~problem.logged[free]
        for i in np.flatnonzero(problem.logged[free]):
            rows = np.flatnonzero(unseen[:, i])
            lost[rows, i] = ~at_zero(problem, theta[rows], np.flatnonzero(free)[i])
        out[part] = (least > _SINGULAR) & ~(lost & ~at_bound).any(axis=1)
    return out


def solve_from(
    problem: engine.Objective, starts: Array, weights: Array, free: np.ndarray
) -> engine.Solution:
    """Solve every problem from each of the starts, and keep its best optimum.

    Parameters
    ----------
    problem : Objective
    starts : array of shape (s, p)
    weights : array of shape (m, n)
        Weights of m problems.
    free : array of bool, shape (p,)
    """
    m, s = len(weights), len(starts)
    found = [
        engine.solve(problem, np.tile(start, (m, 1)), weights, free) for start in starts
    ]
    if s == 1:
        return found[0]
    best = np.argmin([f.objective for f in found], axis=0)
    rows = np.arange(m)
    return engine.Solution(
        *(
            np.stack([getattr(f, name) for f in found])[best, rows]
            for name in ("constants", "objective", "converged", "iterations")
        )
    )


def certify(
    problem: engine.Objective,
    solution: engine.Solution,
    weights: Array,
    free: np.ndarray,
    rivals: Array,
) -> tuple[Array, np.ndarray, int]:
    """Hold every refit of a chunk against the optima of the others in it.

    Where another's optimum is better, the refit starts again there.

    Parameters
    ----------
    problem : Objective
    solution : Solution
        Of m problems.
    weights : array of shape (m, n)
        Their weights.
    free : array of bool, shape (p,)
    rivals : array of shape (q, p)
        More constants to hold them against.

    Returns
    -------
    constants : array of shape (m, p)
    converged : array of bool, shape (m,)
    restarted : int
        Number of problems that were improved.

    Notes
    -----
    The objective of every problem at every optimum is one product of the
    weights with the points' losses. It is taken in single precision, as a
    screen; whatever comes near is looked at in double precision.
    A refit whose better valley no other optimum shows stays where it is: of a
    design with two equally deep valleys, one or two in a hundred.
    """
    constants, converged = solution.constants.copy(), solution.converged.copy()
    own = solution.objective.copy()
    single = weights.astype(np.float32)
    improved: set[int] = set()
    # Each restart lowers an objective, so the rounds end.
    while True:
        known = np.concatenate([constants, rivals])
        theta = problem.unconstrain(known)
        losses = problem.losses(theta)
        losses[~(losses < _HUGE)] = _HUGE
        table = single @ losses.astype(np.float32).T
        np.fill_diagonal(table, np.inf)
        rival = table.argmin(axis=1)
        near = np.flatnonzero(table[np.arange(len(own)), rival] <= own * (1 + _SINGLE))
        exact = (weights[near] * losses[rival[near]]).sum(axis=1)
        slack = engine.NEGLIGIBLE * len(problem.target)
        worse = near[exact < own[near] * (1 - _BETTER) - slack]
        if not len(worse):
            return constants, converged, len(improved)
        again = engine.solve(problem, known[rival[worse]], weights[worse], free)
        constants[worse] = again.constants
        own[worse] = again.objective
        converged[worse] = again.converged
        improved.update(worse.tolist())


def without(
    problem: engine.Objective, starts: Array, free: np.ndarray, dropped: np.ndarray
) -> Array:
    """Return the constants fitted without each of these runs, a row a run."""
    weights = np.ones((len(dropped), len(problem.target)))
    weights[np.arange(len(dropped)), dropped] = 0.0
    return solve_from(problem, starts, problem.weigh(weights), free).constants
