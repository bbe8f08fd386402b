"""One batched robust solver: many starts or resamples of a law at once."""

from __future__ import annotations

from collections.abc import Mapping

from ..laws import Chinchilla, Law
from ..laws._law import Array
from ._chinchilla import ChinchillaObjective
from ._objective import Objective, transform
from ._prior import Prior
from ._solve import MAX_ITERATIONS, NEGLIGIBLE, TOLERANCE, Solution, solve
from ._threshold import HUBER, huber_variance, robust_delta, robust_scale

__all__ = [
    "HUBER",
    "MAX_ITERATIONS",
    "NEGLIGIBLE",
    "TOLERANCE",
    "Objective",
    "Prior",
    "Solution",
    "huber_variance",
    "objective",
    "robust_delta",
    "robust_scale",
    "solve",
    "transform",
]


def objective(
    law: type[Law],
    inputs: Mapping[str, Array],
    response: Array,
    delta: float,
    standard_error: Array | None = None,
    quantile: float = 0.5,
    prior: Prior | None = None,
) -> Objective:
    """Return the objective of a law at these points, exact where we have it."""
    plain = standard_error is None and quantile == 0.5 and prior is None
    if law is Chinchilla and plain:
        return ChinchillaObjective(inputs, response, delta)
    return Objective(law, inputs, response, delta, standard_error, quantile, prior)
