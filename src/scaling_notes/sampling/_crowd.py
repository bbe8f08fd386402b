"""Very many unlikely answers in a vote, taken together by their power sums."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from ..laws._law import Array

__all__ = ["Crowd", "gather", "split"]

# Rates at most this belong to a crowd, if there are so many; the series of their
# logarithms shrinks with each term by this factor, and ends after so many terms.
_SMALL = 0.25
_MANY = 64
_TERMS = 40


class Crowd(NamedTuple):
    """Power sums of the Poisson rates of unlikely answers.

    Attributes
    ----------
    n_answers : int
    sums : array of shape (problems, terms)
        Sum of rate^m over the answers, m = 1, 2, ...
    """

    n_answers: int
    sums: Array

    def tied(self, votes: Array) -> Array:
        """Return at least how many are expected to have each number of votes.

        Shape (len(votes), problems).
        """
        most = np.zeros((len(votes), len(self.sums)))
        few = np.flatnonzero(votes <= _TERMS)
        each = votes[few]
        most[few] = self.sums.T[each - 1] * np.exp(-gammaln(each + 1))[:, None]
        return most

    def field(self, votes: int, u: Array, angle: Array) -> Array:
        """Return the product of their series below ``votes``, each tie times u.

        Parameters
        ----------
        votes : int
        u : array of shape (points,)
        angle : array of shape (nodes,)
            Where on the unit circle.

        Returns
        -------
        array of complex, shape (points, problems, nodes)

        Notes
        -----
        The logarithm of a truncated exponential series of rate times x is a power
        series in both: its sum over answers needs only their power sums. The series
        has no zero within the unit circle.
        """
        m = np.arange(1, _TERMS + 1)
        wave = np.exp(1j * m[:, None] * angle)
        terms = _log_series(votes, u)[:, None, :] * self.sums
        field: Array = np.exp(terms @ wave - self.sums[:, :1])
        return field


def split(rates: Array) -> int:
    """Return how many of the rates are too large for a crowd, or too few for one.

    ``rates`` is of shape (answers, problems), descending.
    """
    large = int((rates > _SMALL).any(axis=1).sum())
    return large if len(rates) - large >= _MANY else len(rates)


def gather(rates: Array) -> Crowd:
    """Return the crowd of these rates, shape (answers, problems)."""
    sums = np.empty((rates.shape[1], _TERMS))
    power = np.ones_like(rates)
    for m in range(_TERMS):
        power *= rates
        sums[:, m] = power.sum(axis=0)
    return Crowd(len(rates), sums)


def _log_series(votes: int, u: Array) -> Array:
    """Return the series of log[1 + x + ... + x^(v-1) / (v-1)! + u x^v / v!].

    Shape (points, terms), from the first power on.
    """
    log = np.zeros((len(u), _TERMS + 1))
    if votes > _TERMS:
        log[:, 1] = 1
        return log[:, 1:]
    m = np.arange(_TERMS + 1)
    series = np.where(m <= votes, np.exp(-gammaln(m + 1.0)), 0.0) * np.ones_like(log)
    series[:, votes] *= u
    for i in range(1, _TERMS + 1):
        past = m[1:i] * log[:, 1:i] * series[:, i - 1 : 0 : -1]
        log[:, i] = series[:, i] - past.sum(axis=1) / i
    return log[:, 1:]
