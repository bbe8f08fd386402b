"""How reliably problems are solved: pass^k and G-pass@k."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from ..errors import DataError
from ..laws._law import Array
from ._checks import IntArray, read_counts, read_numbers
from ._curve import ProblemCurve, read_ks
from ._failure import log_failure
from ._resample import distinct

__all__ = ["g_pass_at_k", "pass_hat_k"]

# How far below a whole number rounding may leave tau times k.
_ROUNDING = 1e-9
# Numbers in one table, so that it stays in memory.
_TABLE = 2**22


def pass_hat_k(
    n_samples: ArrayLike, n_correct: ArrayLike, k: ArrayLike | None = None
) -> ProblemCurve:
    r"""Estimate pass^k: the chance that all of k samples solve a problem.

    The estimate is exact and unbiased, and averages over problems:

    .. math:: \text{pass}^k = \operatorname{mean}
        \left[ \binom{c}{k} \Big/ \binom{n}{k} \right]

    Parameters
    ----------
    n_samples, n_correct : array_like of int, shape (problems,)
        Samples drawn for each problem, and how many are correct, as for
        :func:`pass_at_k`.
    k : int or array_like of int, optional
        Samples that must all be correct. By default every k up to the most samples
        of any problem.

    Returns
    -------
    ProblemCurve

    Raises
    ------
    DataError
        As :func:`pass_at_k`.

    References
    ----------
    Yao et al. 2024, arXiv:2406.12045 (tau-bench).

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.pass_hat_k(10, [0, 5, 10], k=[1, 2]).value.round(4).tolist()
    [0.5, 0.4074]
    """
    n, c, labels = read_counts(n_samples, n_correct)
    ks, messages = read_ks(n, k)
    # All of k are correct if they miss all that are not.
    scores = np.exp(
        log_failure(n[:, None], (n - c)[:, None], np.atleast_1d(ks)[None, :])
    )
    return ProblemCurve("pass_hat_k", ks, scores, labels, messages=messages)


def g_pass_at_k(
    n_samples: ArrayLike,
    n_correct: ArrayLike,
    k: ArrayLike,
    tau: float | None = None,
) -> ProblemCurve:
    r"""Estimate G-pass@k: the chance that a share tau of k samples is correct.

    The estimate is exact and unbiased. With :math:`m = \lceil \tau k \rceil`,

    .. math:: \text{G-pass@}k_\tau = \operatorname{mean} \left[ \sum_{j=m}^{c}
        \binom{c}{j} \binom{n - c}{k - j} \Big/ \binom{n}{k} \right]

    With tau = 1 it is pass^k, and with tau = 1 / k pass@k.

    Parameters
    ----------
    n_samples, n_correct : array_like of int, shape (problems,)
        Samples drawn for each problem, and how many are correct, as for
        :func:`pass_at_k`.
    k : int or array_like of int
        Samples allowed.
    tau : float, optional
        The share, above 0 and up to 1. By default the mean over shares from one
        half to one, mG-pass@k: 2 / k times the sum of G-pass@k for
        :math:`\lceil k / 2 \rceil + 1` to k correct samples.

    Returns
    -------
    ProblemCurve

    Raises
    ------
    DataError
        As :func:`pass_at_k`; if tau lies outside 0 to 1, or k is 1 without tau.

    References
    ----------
    Liu et al. 2024, arXiv:2412.13147.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.g_pass_at_k(10, [2, 5, 9], k=4, tau=0.5).by_problem().round(4).ravel()
    array([0.1333, 0.7381, 1.    ])
    >>> round(sn.g_pass_at_k(10, [2, 5, 9], k=4).value, 4)
    0.3143
    """
    n, c, labels = read_counts(n_samples, n_correct)
    ks, messages = read_ks(n, k)
    flat = np.atleast_1d(ks)
    if tau is not None:
        share = read_numbers(tau, "tau")
        if share.ndim or not 0 < share <= 1:
            raise DataError(f"tau is {tau!r}; give one share above 0 and up to 1.")
    elif (flat == 1).any():
        raise DataError("mG-pass@k needs k of two at least; give tau for k = 1.")
    distinct_n, distinct_c, place, _ = distinct(n, c)
    columns = [_at_least(distinct_n, distinct_c, int(x), tau) for x in flat]
    scores = np.stack(columns, axis=1)[place]
    name = "mg_pass_at_k" if tau is None else "g_pass_at_k"
    return ProblemCurve(name, ks, scores, labels, messages=messages)


def _at_least(n: IntArray, c: IntArray, k: int, tau: float | None) -> Array:
    """Return G-pass@k of each problem, or mG-pass@k without tau."""
    score = np.full(len(n), np.nan)
    enough = np.flatnonzero(n >= k)
    rows = max(1, _TABLE // (k + 1))
    j = np.arange(k + 1)
    if tau is None:
        # The sum over m of the chance of m or more counts each j so often.
        worth = np.maximum(j - (k + 1) // 2, 0) * 2 / k
    else:
        worth = (j >= np.ceil(tau * k - _ROUNDING)).astype(float)
    for i in range(0, len(enough), rows):
        part = enough[i : i + rows]
        chance = _correct_among(n[part], c[part], k)
        # Rounding must not leave a chance above one.
        score[part] = np.clip(chance @ worth, 0, 1)
    return score


def _correct_among(n: IntArray, c: IntArray, k: int) -> Array:
    """Return the chance of 0 ... k correct ones among k of n, shape (problems, k + 1).

    The chances follow from one another by factors, and add up to one: no binomial
    coefficient is ever formed.
    """
    n, c, j = n[:, None].astype(float), c[:, None].astype(float), np.arange(k)
    up, down = (c - j) * (k - j), (j + 1) * (n - c - k + j + 1)
    first = np.maximum(k - (n - c), 0)
    last = np.minimum(c, k)
    within = (j >= first) & (j < last)
    steps = np.log(np.where(within, up, 1)) - np.log(np.where(within, down, 1))
    logs = np.concatenate([np.zeros((len(n), 1)), np.cumsum(steps, axis=1)], axis=1)
    at = np.arange(k + 1)
    logs[(at < first) | (at > last)] = -np.inf
    return np.asarray(np.exp(logs - logsumexp(logs, axis=1, keepdims=True)))
