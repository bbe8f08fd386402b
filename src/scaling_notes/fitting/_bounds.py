"""Both sides of a bound: where refits start if a constant can vanish.

A positive constant is fitted through its logarithm. There the objective is flat
where the constant is next to nothing, so a refit that begins at zero would stay.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import engine
from ..laws._law import Array

__all__ = ["Starts", "at_zero", "both_sides"]

# A constant this many e-folds smaller is as good as zero.
_NOTHING = 60.0
# Residuals that move by less than this part of the response's range do not move.
_INVISIBLE = 1e-6
# The least value that has a logarithm to start from.
_TINY = 1e-30
# A vanished constant is raised until values move by these parts of that range.
_RAISED = (0.1, 0.5)
_LADDER = np.linspace(0.0, 100.0, 401)


class Starts(NamedTuple):
    """Where to start refits of points like those of a fit.

    Attributes
    ----------
    interior : array of shape (s, p)
        The fit's constants; then, for each that vanished, fits with it held well
        above zero.
    at_zero : array of shape (q, p)
        Fits with one constant held at zero.
    """

    interior: Array
    at_zero: Array

    @property
    def all(self) -> Array:
        """Both, the fit's constants first."""
        return np.concatenate([self.interior, self.at_zero])


def both_sides(problem: engine.Objective, estimates: Array, free: np.ndarray) -> Starts:
    """Return starts on both sides of zero for each positive constant that is free.

    Parameters
    ----------
    problem : Objective
    estimates : array of shape (p,)
        Constants at its optimum.
    free : array of bool, shape (p,)
    """
    least = np.where(problem.logged & free, _TINY, -np.inf)
    theta = problem.unconstrain(np.maximum(estimates, least)[None])[0]
    visible = _INVISIBLE * float(np.ptp(problem.target))
    interior: list[Array] = [estimates[None]]
    zeros: list[Array] = []
    for j in map(int, np.flatnonzero(free & problem.logged)):
        others = free.copy()
        others[j] = False
        if problem.at_bound(theta[None])[0, j]:
            # There the slope is not flat, so refits leave by themselves.
            continue
        zero = _moved(theta, j, np.array([-_NOTHING]))
        if _effect(problem, theta[None], zero)[0] < visible:
            held = _raised(problem, theta, j)
            kept = interior
        else:
            held, kept = problem.constrain(zero), zeros
        if len(held) and others.any():
            held = engine.solve(problem, held, free=others).constants
        kept.append(held)
    return Starts(_finite(interior), _finite(zeros or [estimates[None][:0]]))


def _moved(theta: Array, j: int, by: Array) -> Array:
    moved = np.tile(theta, (len(by), 1))
    moved[:, j] += by
    return moved


def at_zero(problem: engine.Objective, theta: Array, j: int) -> np.ndarray:
    """Return which rows have a constant near nothing: only more of it would show.

    Parameters
    ----------
    problem : Objective
    theta : array of shape (m, p)
        In the solver's coordinates.
    j : int
        Place of a constant that is fitted through its logarithm.
    """
    much = theta.copy()
    much[:, j] = np.maximum(much[:, j], -_NOTHING) + _NOTHING
    return _effect(problem, theta, much) > _INVISIBLE * float(np.ptp(problem.target))


def _effect(problem: engine.Objective, theta: Array, moved: Array) -> Array:
    """Return how far the values move at most, infinite where they are none."""
    away = problem.residuals(moved) - problem.residuals(theta)
    return np.where(np.isfinite(away).all(axis=1), np.abs(away).max(axis=1), np.inf)


def _raised(problem: engine.Objective, theta: Array, j: int) -> Array:
    """Return the constants with one raised until it shows, none if it never does."""
    ladder = _moved(theta, j, _LADDER)
    effect = _effect(problem, theta[None], ladder)
    wanted = np.array(_RAISED) * float(np.ptp(problem.target))
    steps = [int(np.argmax(effect >= w)) for w in wanted if (effect >= w).any()]
    steps = sorted({s for s in steps if np.isfinite(effect[s])})
    return problem.constrain(ladder[steps]) if steps else problem.constrain(ladder[:0])


def _finite(rows: list[Array]) -> Array:
    found = np.concatenate(rows)
    return found[np.isfinite(found).all(axis=1)]
