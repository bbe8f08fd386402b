"""A law fitted to a curve of pass@k, and refitted on resampled problems."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import engine
from ..errors import DataError, FitWarning
from ..fitting import Bootstrap, fit_law
from ..laws import Law
from ..laws._law import Array
from ._checks import IntArray
from ._resample import MOST_UNANSWERED, draw_shares

__all__ = ["bootstrap_curve"]

_LIMIT = 1e15


class _OwnTargets(engine.Objective):
    """The objective of problems that each have responses of their own.

    They take the place of the weights, which the engine hands on problem by problem.
    """

    weighted = False

    def values(self, theta: Array, weights: Array | None) -> Array:
        return self._of(weights).values(theta, None)

    def system(self, theta: Array, weights: Array | None) -> Any:
        return self._of(weights).system(theta, None)

    def second_order_gradient(
        self, theta: Array, step: Array, weights: Array | None
    ) -> Array:
        return self._of(weights).second_order_gradient(theta, step, None)

    def _of(self, targets: Array | None) -> engine.Objective:
        problem = engine.Objective.__new__(engine.Objective)
        problem.__dict__.update(self.__dict__)
        if targets is not None:
            problem.target = targets
        return problem


def bootstrap_curve(
    law: type[Law],
    k: IntArray,
    scores: Array,
    count: IntArray,
    value: Array,
    n_resamples: int,
    seed: int,
    delta: float | None,
    fixed: Mapping[str, float] | None,
) -> Bootstrap:
    """Fit a law to a curve, and refit it with other shares of the problems.

    Parameters
    ----------
    law : type of Law
        Of one input.
    k : array of int, shape (ks,)
    scores : array of shape (distinct, ks)
        Of each distinct problem.
    count : array of int, shape (distinct,)
        How many problems are alike.
    value : array of shape (ks,)
        The curve of all problems.
    n_resamples, seed : int
    delta, fixed
        As for :func:`scaling_notes.fit_law`.
    """
    if not (isinstance(law, type) and issubclass(law, Law)) or len(law.inputs) != 1:
        raise DataError(
            "law must be a law of the number of samples alone, such as "
            "laws.ExponentiatedPowerLaw."
        )
    shares = draw_shares(count, n_resamples, seed)
    # All points are of one curve; its problems are the units.
    curve = np.zeros(len(k))
    fit = fit_law(law, k.astype(float), value, groups=curve, delta=delta, fixed=fixed)
    free = np.array([name not in fit.fixed for name in law.constants()])
    inputs = {law.inputs[0]: k.astype(float)}
    with np.errstate(divide="ignore", invalid="ignore"):
        curves = shares @ scores
        targets = engine.Objective(law, inputs, curves, fit.delta).target
    answered = np.isfinite(targets).all(axis=1)
    lost = 1 - answered.mean()
    if lost > MOST_UNANSWERED:
        raise DataError(
            f"In {lost:.1%} of the resamples pass@k is 0 or 1 at some k, where the law "
            f"has no residual; at most {MOST_UNANSWERED:.0%} may be without an answer. "
            "Leave the largest k out, or add problems."
        )
    if lost:
        warnings.warn(
            f"{lost:.1%} of the resamples are left out: pass@k is 0 or 1 at some k, "
            "where the law has no residual.",
            FitWarning,
            stacklevel=3,
        )
    targets = targets[answered]
    problem = _OwnTargets(law, inputs, value, fit.delta)
    starts = np.tile(fit.law.as_array(), (len(targets), 1))
    solution = engine.solve(problem, starts, targets, free)
    # Beyond, a positive constant is at its limit, and powers of it overflow.
    constants, logged = solution.constants, problem.logged & free
    constants[:, logged] = np.clip(constants[:, logged], 1 / _LIMIT, _LIMIT)
    return Bootstrap(
        law=fit.law,
        laws=law.from_array(constants),
        residuals=fit.residuals,
        n_units=int(count.sum()),
        seed=seed,
        converged=float(solution.converged.mean()),
        params_kind=fit.params_kind,
        loss_unit=fit.loss_unit,
    )
