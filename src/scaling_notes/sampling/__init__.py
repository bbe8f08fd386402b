"""Repeated sampling at test time: pass@k, votes, best-of-n, verifiers."""

from __future__ import annotations

from ._coverage import PassCurve, pass_at_k
from ._difficulty import BetaBinomial, BetaBinomialBootstrap, fit_beta_binomial
from ._selection import best_of_n, select_verified
from ._voting import majority_vote

__all__ = [
    "BetaBinomial",
    "BetaBinomialBootstrap",
    "PassCurve",
    "best_of_n",
    "fit_beta_binomial",
    "majority_vote",
    "pass_at_k",
    "select_verified",
]
