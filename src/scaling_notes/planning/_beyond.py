"""How far a plan may be off beyond the runs that its law was fitted to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..laws import Law, OptimalParams
from ..laws._law import Array
from ._optimum import Budget, optimum

__all__ = ["Beyond", "same_count"]


@dataclass(frozen=True, eq=False)
class Beyond:
    """The ends of a plan whose best size is off by a share, all compute being spent.

    Attributes
    ----------
    law : Law
    budget : Budget
    flops, params, tokens : array of shape (g,)
    """

    law: Law
    budget: Budget
    flops: Array
    params: Array
    tokens: Array

    def factor(self, reach: float) -> Array:
        """Return training compute over the largest of the runs, shape ``(g,)``."""
        work = self.params * self.tokens
        return np.asarray(self.budget.flops_per_param_token * work / reach)

    def fall(self, reach: float) -> Array:
        """Return how far the least log loss falls from the compute of the runs on.

        Of a plan for use, too, to that of its training compute.
        """
        best = optimum(self.law, replace(self.budget, inference_tokens=0.0))
        computes = np.array([reach]), reach * self.factor(reach)
        there, here = (np.asarray(best(self.law, c).loss) for c in computes)
        return np.asarray(np.abs(np.log(there / here)))

    def sides(self, quantity: str, by: Array) -> tuple[Array, Array]:
        """Return how far log params, tokens or their ratio go down and up.

        Parameters
        ----------
        quantity : str
        by : array of shape (g,)
            Error of the log of the best size, were data unlimited.
        """
        unlimited = replace(self.budget, unique_tokens=np.inf)
        free = np.asarray(optimum(self.law, unlimited)(self.law, self.flops).params)
        low = np.minimum(free * np.exp(-by), self.params)
        high = np.maximum(free * np.exp(by), self.params)
        here, *ends = (self._of(quantity, n) for n in (self.params, low, high))
        moves = np.log(np.array(ends) / here)
        return -moves.min(axis=0), moves.max(axis=0)

    def clip(self, quantity: str, end: Array) -> Array:
        """Return an end of an interval within what the budget and its data allow."""
        if quantity == "loss":
            return end
        use, data = self.budget.as_training, self.budget.unique_tokens
        least = self.budget.both(self.flops, np.asarray(data + use))
        most = self.budget.both(self.flops, np.asarray(use))
        bounds = {
            "params": (least, most),
            "tokens": (np.zeros_like(least), np.full_like(least, data)),
            "tokens_per_param": (np.zeros_like(least), data / least),
        }
        return np.asarray(np.clip(end, *bounds[quantity]))

    def _of(self, quantity: str, params: Array) -> Array:
        if quantity == "params":
            return params
        # Where use takes all, no token is left.
        tokens = np.nan_to_num(self.budget.tokens(self.flops, params))
        return tokens if quantity == "tokens" else tokens / params


def same_count(reach: float, law: Law, budget: Budget) -> float:
    """Return the largest compute of the runs, counted as the budget counts.

    That of a law of size and data is its own 6 of params times tokens; that of a
    profile was measured.
    """
    if isinstance(law, OptimalParams):
        return reach
    return reach * budget.flops_per_param_token / law.flops_per_param_token
