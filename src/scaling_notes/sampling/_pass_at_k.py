"""pass@k from counts: the exact unbiased estimate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._checks import plain, read_counts
from ._coverage import PassCurve
from ._curve import read_ks
from ._failure import mean_log_failure

__all__ = ["pass_at_k"]


def pass_at_k(
    n_samples: ArrayLike, n_correct: ArrayLike, k: ArrayLike | None = None
) -> PassCurve:
    r"""Estimate pass@k: the chance that one of k samples solves a problem.

    The estimate is exact and unbiased, and averages over problems:

    .. math:: \text{pass@}k = \operatorname{mean}
        \left[ 1 - \binom{n - c}{k} \Big/ \binom{n}{k} \right]

    Parameters
    ----------
    n_samples : int or array_like of int, shape (problems,)
        Samples drawn for each problem, n.
    n_correct : array_like of int, shape (problems,)
        How many of them are correct, c; :func:`count_correct` counts outcomes. Two
        Series are paired by label.
    k : int or array_like of int, optional
        Samples allowed. By default every k up to the most samples of any problem.

    Returns
    -------
    PassCurve
        With ``value``, ``log_failure``, ``by_problem()``, ``interval()`` and
        ``band()``.

    Raises
    ------
    DataError
        If counts are missing, negative, not whole or impossible, labels do not
        pair, or every problem has fewer than k samples: pass@k cannot be estimated
        from those (a forecast can: :func:`fit_beta_binomial`).

    Warns
    -----
    FitWarning
        If a k that was asked for exceeds the samples of some problems.

    Notes
    -----
    Where only some problems have k samples, ``by_problem()`` gives NaN for the
    others and the mean is NaN: a mean over those that have enough would be of
    other problems at each k.

    All k at once cost little more than one: the failure of every problem is
    updated from k to k + 1 by one factor, and problems that fail no more drop
    out of the sum.

    References
    ----------
    Chen et al. 2021, arXiv:2107.03374, Eq. 1.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> round(sn.pass_at_k(10, [0, 1, 10], k=5).value, 6)
    0.5
    >>> print(sn.pass_at_k(10, [0, 1, 10], k=[1, 5]).by_problem().round(3))
    [[0.  0. ]
     [0.1 0.5]
     [1.  1. ]]
    >>> curve = sn.pass_at_k(4000, [3990] * 6, k=8)  # pass@8 rounds to one
    >>> round(curve.log_failure, 6)
    -51.934127
    """
    n, c, labels = read_counts(n_samples, n_correct)
    ks, messages = read_ks(n, k)
    flat = np.atleast_1d(ks)
    known = flat <= n.min()
    mean = np.full(len(flat), np.nan)
    if known.any():
        mean[known] = mean_log_failure(n, c, flat[known])
    return PassCurve(n, c, ks, plain(mean.reshape(ks.shape)), labels, messages)
