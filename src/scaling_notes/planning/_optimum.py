"""The best size for a budget: closed forms where there are, a search elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import elementwise

from ..accounting import (
    INFERENCE_FLOPS_PER_PARAM_TOKEN,
    TRAINING_FLOPS_PER_PARAM_TOKEN,
)
from ..errors import DataError
from ..laws import DataLimited, Law, OptimalParams, Optimum
from ..laws._chinchilla import SizeAndData
from ..laws._law import Array

__all__ = ["Budget", "optimum", "where_terms_fall"]

# Nodes over log N between which a data-limited optimum is bracketed.
_NODES = 128


@dataclass(frozen=True)
class Budget:
    """What compute has to pay for: C = 6 N D + 2 N T, with D of limited kind.

    Attributes
    ----------
    inference_tokens : float
        Tokens T read or written in use.
    unique_tokens : float
        Different tokens there are; infinite where data never run out.
    flops_per_param_token : float
        The 6 of training. The 2 of use is a third of it.
    """

    inference_tokens: float
    unique_tokens: float
    flops_per_param_token: float

    @property
    def as_training(self) -> float:
        """Training tokens that cost what the inference tokens do."""
        return self.inference_tokens * (
            INFERENCE_FLOPS_PER_PARAM_TOKEN / TRAINING_FLOPS_PER_PARAM_TOKEN
        )

    def both(self, flops: Array, params: Array) -> Array:
        """Return the tokens a budget pays for at a size, those of use at their cost."""
        return np.asarray(flops / self.flops_per_param_token / params)

    def tokens(self, flops: Array, params: Array) -> Array:
        """Return the training tokens a budget leaves for a size; NaN if none."""
        left = self.both(flops, params) - self.as_training
        return np.where(left > 0, left, np.nan)

    def loss(self, law: Law, flops: Array, params: Array) -> Array:
        """Return the loss a law expects of a size on a budget."""
        tokens = self.tokens(flops, params)
        if isinstance(law, DataLimited):
            unique = np.minimum(self.unique_tokens, tokens)
            return law.value(params, tokens, unique)
        # A law that knows no repetition sees each token once.
        return law.value(params, np.minimum(tokens, self.unique_tokens))


def where_terms_fall(best: Optimum, law: Law) -> Optimum:
    """Return the optima, NaN where a term does not fall: there is none."""
    if isinstance(law, SizeAndData):
        law = law.chinchilla
    names = [n for n in ("A", "B", "alpha", "beta") if n in law.constants()]
    falls = np.all([np.asarray(getattr(law, n)) > 0 for n in names], axis=0)
    return Optimum(*(np.where(falls, part, np.nan) for part in best))


def optimum(law: Law, budget: Budget) -> Callable[[Law, Array], Optimum]:
    """Return what finds the optimum of laws of this form on this budget."""
    if not law.has_optimum:
        raise DataError(
            f"{type(law).__name__} has no optimum in params and tokens: it has the "
            f"inputs {', '.join(law.inputs)} and predicts {law.response}."
        )
    plain = budget.inference_tokens == 0
    if isinstance(law, OptimalParams):
        if not plain or np.isfinite(budget.unique_tokens):
            raise DataError(
                "inference_tokens and unique_tokens need a law of loss, such as "
                "Chinchilla."
            )
        factor = budget.flops_per_param_token
        return lambda law, flops: law.optimum(flops, flops_per_param_token=factor)  # type: ignore[attr-defined]
    if isinstance(law, DataLimited):
        if not np.isfinite(budget.unique_tokens):
            raise DataError("A DataLimited law needs unique_tokens.")
        return lambda law, flops: _bracketed(law, flops, budget)

    def once(law: Law, flops: Array) -> Optimum:
        assert isinstance(law, SizeAndData)
        if plain:
            factor = budget.flops_per_param_token
            best = law.optimum(flops, flops_per_param_token=factor)
        else:
            best = _with_inference(law, flops, budget)
        # Past the last new token the rest of the budget goes into size.
        most = budget.both(flops, np.asarray(budget.unique_tokens + budget.as_training))
        short = np.asarray(best.tokens) > budget.unique_tokens
        params = np.where(short, most, best.params)
        tokens = np.where(short, budget.unique_tokens, best.tokens)
        return Optimum.of(params, tokens, law.value(params, tokens))

    return once


def _with_inference(law: SizeAndData, flops: Array, budget: Budget) -> Optimum:
    """Return the optimum under C = 6 N D + 2 N T, by the slope of the loss in log N.

    With D = C / (6 N) - T / 3, that slope is beta B D^(-beta - 1) C / (6 N) -
    alpha A N^-alpha. It changes sign once, because the first term rises with N
    and the second falls; the root is that of the difference of their logarithms.
    """
    spent = budget.as_training
    powers = law.chinchilla

    def slope(log_params: Array, flops: Array, *constants: Array) -> Array:
        _, A, B, alpha, beta = constants
        both = budget.both(flops, np.exp(log_params))
        rising = np.log(beta * B) - (beta + 1) * np.log(both - spent) + np.log(both)
        return np.asarray(rising - np.log(alpha * A) + alpha * log_params)

    # Tokens stay positive below this size.
    high = np.log(budget.both(flops, np.asarray(spent))) - 1e-12
    ends = high - 80.0 + np.zeros_like(powers.as_array()[..., 0])
    args = (flops, *np.moveaxis(powers.as_array(), -1, 0))
    # A law whose terms do not fall has no logarithm here, and no optimum.
    with np.errstate(all="ignore"):
        found = elementwise.find_root(slope, (ends, ends + 80.0), args=args)
        # Without a change of sign the optimum lies beyond an end.
        beyond = np.where(slope(ends, *args) > 0, ends, ends + 80.0)
    params = np.exp(np.where(found.success, found.x, beyond))
    tokens = budget.both(flops, params) - spent
    return Optimum(params, tokens, law.value(params, tokens))


def _bracketed(law: Law, flops: Array, budget: Budget) -> Optimum:
    """Return the optimum by a grid over log N and a minimizer within its best cell."""
    shape = np.broadcast_shapes(law.as_array()[..., 0].shape, flops.shape)
    # From e**-24 tokens per parameter to e**24.
    middle = 0.5 * np.log(budget.both(flops, np.asarray(1.0)))
    low, high = middle - 12.0, middle + 12.0
    if budget.inference_tokens:
        most = budget.both(flops, np.asarray(budget.as_training))
        high = np.minimum(high, np.log(most) - 1e-9)
    step = (high - low) / (_NODES - 1)
    least = np.full(shape, np.inf)
    node = np.zeros(shape)
    for i in range(_NODES):
        loss = budget.loss(law, flops, np.exp(low + i * step))
        node = np.where(loss < least, i, node)
        least = np.fmin(least, loss)
    node = np.clip(node, 1, _NODES - 2)

    def loss_at(log_params: Array, flops: Array, *constants: Array) -> Array:
        return budget.loss(type(law)(*constants), flops, np.exp(log_params))

    left, middle, right = (low + (node + side) * step for side in (-1, 0, 1))
    found = elementwise.find_minimum(
        loss_at,
        (left, middle, right),
        args=(flops, *np.moveaxis(law.as_array(), -1, 0)),
    )
    params = np.exp(found.x)
    tokens = budget.tokens(flops, params)
    return Optimum.of(params, tokens, budget.loss(law, flops, params))
