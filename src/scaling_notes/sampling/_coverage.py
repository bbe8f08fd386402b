"""pass@k: the exact unbiased estimate, its log failure, and its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from ..errors import DataError
from ..fitting import Interval, digits, table, unverified
from ..laws._gamma import complement, log_beta_ratio
from ..laws._law import Array
from ._checks import IntArray, describe, name_rows, plain, read_counts, read_whole
from ._draws import chances_to_miss
from ._resample import bca, distinct, draw_counts

__all__ = ["PassCurve", "pass_at_k"]

# Columns worked on at a time, so that the pieces stay in the cache.
_BLOCK = 64
# A problem whose share of failure falls below this share of the hardest one's
# cannot move the sum of all of them any more.
_NEGLIGIBLE = 2.0**-70
_SHOWN = 6


@dataclass(frozen=True, eq=False)
class PassCurve:
    """pass@k over a set of problems, for one k or several.

    Attributes
    ----------
    n_samples, n_correct : array of int, shape (problems,)
        The counts it was made from.
    k : array of int
        Samples allowed per problem; of no dimension if one k was asked for.
    log_failure : float or array, shape of k
        Natural log of one minus the mean pass@k. It keeps its digits where
        pass@k rounds to one, and where it is tiny.
    """

    n_samples: IntArray
    n_correct: IntArray
    k: IntArray
    log_failure: float | Array

    @property
    def value(self) -> float | Array:
        """Mean pass@k over the problems, in the shape of k."""
        value: float | Array = plain(complement(np.asarray(self.log_failure)))
        return value

    @property
    def n_problems(self) -> int:
        """Number of problems."""
        return len(self.n_samples)

    def log_failure_by_problem(self) -> Array:
        """Return log(1 - pass@k) of each problem, shape (problems, ks)."""
        n, c, place, _ = distinct(self.n_samples, self.n_correct)
        k = np.atleast_1d(self.k)
        table = np.empty((len(n), len(k)))
        rows = max(1, 100 * _BLOCK // len(k))
        for i in range(0, len(n), rows):
            part = slice(i, i + rows)
            table[part] = _log_failure(n[part, None], c[part, None], k)
        return table[place]

    def by_problem(self) -> Array:
        """Return pass@k of each problem, shape (problems, ks)."""
        return complement(self.log_failure_by_problem())

    def interval(
        self,
        k: int | None = None,
        confidence_level: float = 0.95,
        n_resamples: int = 4000,
        seed: int = 0,
    ) -> Interval:
        """Return the interval of the mean pass@k at one k.

        Parameters
        ----------
        k : int, optional
            One of the curve's; not needed if it has only one.
        confidence_level : float
        n_resamples, seed : int
            Of the bootstrap over problems.

        Returns
        -------
        Interval

        Raises
        ------
        DataError
            If the curve has no such k, or fewer than six problems.

        Notes
        -----
        Problems are resampled, each with all its samples, so the interval is
        for other problems of the same kind: it covers the choice of problems
        and of samples. It is bias-corrected and accelerated. Where all problems
        agree there is no spread to resample; the interval then says how common
        a differing problem could still be. In simulations of 30 problems and 20
        samples with a beta(0.3, 1) law of pass rates the nominal 95 % covered 94
        to 96 %. The interval is too short where a few problems carry all the
        spread: pass@1 of 0.05 on 15 problems, or pass@10 of 0.96 on 30, was
        covered in 85 % of cases.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> curve = sn.pass_at_k(10, [0, 0, 1, 2, 5, 9, 10, 10], k=[1, 5])
        >>> curve.interval(k=5)
        0.659 [0.312, 0.882]
        """
        ks = np.atleast_1d(self.k)
        if k is None and len(ks) > 1:
            raise DataError("This curve has several k; say which, or use band().")
        wanted = int(ks[0]) if k is None else k
        if wanted not in ks:
            raise DataError(f"k = {k} is not on this curve; ask pass_at_k for it.")
        at = pass_at_k(self.n_samples, self.n_correct, [wanted])
        row = at.band(confidence_level, n_resamples, seed).iloc[0]
        return Interval(
            value=float(row["pass_at_k"]),
            low=float(row["low"]),
            high=float(row["high"]),
            confidence_level=confidence_level,
            n=self.n_problems,
            how=f"bootstrap over problems, BCa, {n_resamples} resamples"
            + unverified(self.n_problems, "problems"),
        )

    def band(
        self,
        confidence_level: float = 0.95,
        n_resamples: int = 4000,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Return the curve with its interval at every k.

        Parameters
        ----------
        confidence_level : float
        n_resamples, seed : int
            Of the bootstrap over problems; see :meth:`interval`.

        Returns
        -------
        pandas.DataFrame
            Columns ``k``, ``pass_at_k``, ``low``, ``high``.

        Raises
        ------
        DataError
            If there are fewer than six problems.
        """
        n, c, _, count = distinct(self.n_samples, self.n_correct)
        k = np.atleast_1d(self.k)
        drawn = draw_counts(count, n_resamples, seed)
        low, high = np.empty(len(k)), np.empty(len(k))
        for i in range(0, len(k), _BLOCK):
            part = slice(i, i + _BLOCK)
            values = complement(_log_failure(n[:, None], c[:, None], k[part]))
            low[part], high[part] = bca(values, count, drawn, confidence_level)
        return pd.DataFrame(
            {"k": k, "pass_at_k": np.atleast_1d(self.value), "low": low, "high": high}
        )

    def _shown(self) -> pd.DataFrame:
        k = np.atleast_1d(self.k)
        some = np.unique(np.geomspace(1, len(k), _SHOWN).round().astype(int)) - 1
        value = np.atleast_1d(self.value)
        return pd.DataFrame(
            {"k": k[some], "pass@k": [digits(float(x)) for x in value[some]]}
        )

    def _head(self) -> str:
        return f"pass@k over {describe(self.n_samples)}"

    def __repr__(self) -> str:
        return f"{self._head()}\n{table(self._shown())}"

    def _repr_html_(self) -> str:
        return f"<p>{self._head()}</p>{table(self._shown())._repr_html_()}"


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
        How many of them are correct, c.
    k : int or array_like of int, optional
        Samples allowed. By default every k up to the fewest samples of any
        problem.

    Returns
    -------
    PassCurve
        With ``value``, ``log_failure``, ``by_problem()``, ``interval()`` and
        ``band()``.

    Raises
    ------
    DataError
        If counts are missing, negative, not whole or impossible, or some
        problem has fewer than k samples: pass@k cannot be estimated from those
        (a forecast can: :func:`fit_beta_binomial`).

    Notes
    -----
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
    n, c = read_counts(n_samples, n_correct)
    ks = read_whole(np.arange(1, n.min() + 1) if k is None else k, "k", 1)
    if ks.ndim > 1:
        raise DataError("k must be one number or one dimension of numbers.")
    bad = n < ks.max()
    if bad.any():
        raise DataError(
            f"k = {ks.max()} needs as many samples of each problem; fewer in "
            f"{name_rows(bad)}. Lower k, draw more samples, or forecast with "
            "fit_beta_binomial."
        )
    ks.setflags(write=False)
    return PassCurve(n, c, ks, plain(_mean_log_failure(n, c, ks)))


def _log_failure(n: ArrayLike, c: ArrayLike, k: ArrayLike) -> Array:
    """Return log [C(n - c, k) / C(n, k)]; arguments broadcast."""
    n, c, k = np.broadcast_arrays(n, c, k)
    b = n - c - k + 1
    possible = b > 0
    out = np.full(n.shape, -np.inf)
    out[possible] = log_beta_ratio(c[possible], b[possible], k[possible])
    return out


def _mean_log_failure(n: IntArray, c: IntArray, k: IntArray) -> Array:
    """Return the log of the mean failure at each k."""
    ks = np.atleast_1d(k)
    n, c, _, count = distinct(n, c)
    weight = count / count.sum()
    if len(ks) * len(n) <= _BLOCK * ks.max():
        logs = _log_failure(n[:, None], c[:, None], ks)
        return _log_mean(logs, weight).reshape(k.shape)
    groups = [n == size for size in np.unique(n)]
    share = np.array([weight[g].sum() for g in groups])
    logs = np.stack(
        [
            _all_log_failures(int(n[g][0]), c[g], weight[g] / s, int(ks.max()))[ks - 1]
            for g, s in zip(groups, share, strict=True)
        ]
    )
    return _log_mean(logs, share).reshape(k.shape)


def _log_mean(logs: Array, weight: Array) -> Array:
    """Return the log of the weighted mean of exp(logs) over the first axis."""
    success = weight @ complement(logs)
    return _log_complement(success, logsumexp(logs, axis=0, b=weight[:, None]))


def _log_complement(success: Array, log_failure: Array) -> Array:
    """Return log(1 - success) from whichever of the two still has its digits."""
    few = success < 0.5
    return np.where(few, np.log1p(-np.where(few, success, 0)), log_failure)


def _all_log_failures(n: int, c: IntArray, weight: Array, k_max: int) -> Array:
    """Return the log of the mean failure for k = 1 ... k_max, all problems alike in n.

    The hardest problem is taken out as a factor, so that nothing underflows; what
    is left is the same mean among the samples that are not correct for it. There
    failure is a sum over problems, and success the sum over draws of the chance
    that the draw brings the first success: both keep their digits.
    """
    ks = np.arange(1, k_max + 1)
    head = _log_failure(n, c[0], ks)
    n, extra = n - int(c[0]), (c[1:] - c[0]).astype(float)
    first, failure = np.zeros(k_max + 1), np.full(k_max + 1, weight[0])
    sums = np.stack([weight[1:], weight[1:] * extra], axis=1)
    least = _NEGLIGIBLE * weight[0]
    for start, chance in chances_to_miss(n, extra, min(k_max, n), least):
        rows = slice(start, start + len(chance))
        fail, succeed = (chance @ sums[: chance.shape[1]]).T
        failure[rows] += fail
        first[rows] = succeed / np.maximum(n - np.arange(rows.start, rows.stop), 1)
    success = _running_sum(first)[:-1]
    return head + _log_complement(success, np.log(failure[1:]))


def _running_sum(x: Array) -> Array:
    """Return the cumulative sum in two levels, which rounds far less than one."""
    width = max(1, round(len(x) ** 0.5))
    rows = np.zeros(-(-len(x) // width) * width)
    rows[: len(x)] = x
    rows = np.cumsum(rows.reshape(-1, width), axis=1)
    rows[1:] += np.cumsum(rows[:-1, -1])[:, None]
    return rows.ravel()[: len(x)]
