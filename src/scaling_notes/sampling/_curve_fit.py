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
from ._resample import MOST_UNANSWERED, draw_counts

__all__ = ["bootstrap_curve"]

# How far the first start is moved from the others.
_APART = 1e-9


class _OwnTargets(engine.Objective):
    """The objective of problems that each have responses of their own.

    Responses and weights stand side by side in the place of the weights, which the
    engine hands on problem by problem.
    """

    def values(self, theta: Array, weights: Array | None) -> Array:
        problem, own = self._of(weights)
        return problem.values(theta, own)

    def system(self, theta: Array, weights: Array | None) -> Any:
        problem, own = self._of(weights)
        return problem.system(theta, own)

    def second_order_gradient(
        self, theta: Array, step: Array, weights: Array | None
    ) -> Array:
        problem, own = self._of(weights)
        return problem.second_order_gradient(theta, step, own)

    def _of(self, both: Array | None) -> tuple[engine.Objective, Array | None]:
        problem = engine.Objective.__new__(engine.Objective)
        problem.__dict__.update(self.__dict__)
        if both is None:
            return problem, None
        problem.target, own = np.hsplit(both, 2)
        return problem, own


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
    """Fit a law to a curve, and refit it on resampled problems.

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
    drawn = draw_counts(count, n_resamples, seed)
    fit = fit_law(law, k.astype(float), value, delta=delta, fixed=fixed)
    free = np.array([name not in fit.fixed for name in law.constants()])
    inputs = {law.inputs[0]: k.astype(float)}
    with np.errstate(divide="ignore", invalid="ignore"):
        curves = drawn @ scores / count.sum()
        targets = engine.Objective(law, inputs, curves, fit.delta).target
    usable = np.isfinite(targets)
    answered = usable.sum(axis=1) > free.sum()
    lost, touched = 1 - answered.mean(), 1 - usable.all(axis=1).mean()
    if lost > MOST_UNANSWERED:
        raise DataError(
            f"{lost:.1%} of the resamples leave too few points for the law, as pass@k "
            f"is 0 or 1 at the others; at most {MOST_UNANSWERED:.0%} may be without an "
            "answer. Add problems, or smaller k."
        )
    if touched:
        warnings.warn(
            f"In {touched:.1%} of the resamples pass@k is 0 or 1 at some k, where the "
            f"law has no residual: those points are left out there, and {lost:.1%} of "
            "the resamples altogether.",
            FitWarning,
            stacklevel=3,
        )
    targets = np.hstack([np.where(usable, targets, 0), usable])[answered]
    problem = _OwnTargets(law, inputs, value, fit.delta)
    starts = np.tile(fit.law.as_array(), (len(targets), 1))
    # The engine takes what starts at one place for resamples of the same responses.
    starts[0] += _APART * (1 + np.abs(starts[0])) * free
    solution = engine.solve(problem, starts, targets, free)
    return Bootstrap(
        law=fit.law,
        laws=law.from_array(solution.constants),
        residuals=fit.residuals,
        n_units=int(count.sum()),
        seed=seed,
        converged=float(solution.converged.mean()),
        params_kind=fit.params_kind,
        loss_unit=fit.loss_unit,
    )
