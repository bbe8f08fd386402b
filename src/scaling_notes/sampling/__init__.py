"""Repeated sampling at test time: pass@k, votes, best-of-n, verifiers."""

from __future__ import annotations

from ._ballots import vote
from ._coverage import PassCurve
from ._curve import ProblemCurve
from ._difference import difference
from ._difficulty import BetaBinomial, BetaBinomialBootstrap
from ._difficulty_fit import fit_beta_binomial
from ._outcomes import count_correct
from ._pass_at_k import pass_at_k
from ._reliability import g_pass_at_k, pass_hat_k
from ._selection import best_of_n, select_verified
from ._voting import majority_vote

__all__ = [
    "BetaBinomial",
    "BetaBinomialBootstrap",
    "PassCurve",
    "ProblemCurve",
    "best_of_n",
    "count_correct",
    "difference",
    "fit_beta_binomial",
    "g_pass_at_k",
    "majority_vote",
    "pass_at_k",
    "pass_hat_k",
    "select_verified",
    "vote",
]
