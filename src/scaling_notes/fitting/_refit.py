"""Refits on resampled runs, and the certificate that they are at their best."""

from __future__ import annotations

import numpy as np

from .. import engine
from ..laws._law import Array

__all__ = ["refit", "resample_counts"]

# Single precision is out by less than this part of a sum of positive terms.
_SINGLE = 1e-5
_BETTER = 1e-9
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
    start: Array,
    groups: np.ndarray | None,
    free: np.ndarray,
    size: int,
    rng: np.random.Generator,
) -> tuple[Array, int, int]:
    """Refit one chunk of resamples.

    Returns
    -------
    constants : array of shape (size, p)
    converged : int
        How many converged.
    restarted : int
        How many were better at the optimum of another and started again there.
    """
    counts = resample_counts(len(problem.target), groups, size, rng)
    solution = engine.solve(problem, np.tile(start, (size, 1)), counts, free)
    constants, converged, restarted = certify(problem, solution, counts, free)
    return constants, int(converged.sum()), restarted


def certify(
    problem: engine.Objective,
    solution: engine.Solution,
    weights: Array,
    free: np.ndarray,
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
        theta = problem.unconstrain(constants)
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
        again = engine.solve(problem, constants[rival[worse]], weights[worse], free)
        constants[worse] = again.constants
        own[worse] = again.objective
        converged[worse] = again.converged
        improved.update(worse.tolist())
