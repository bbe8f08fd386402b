"""A score of each problem at each k: its mean, interval and band."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..errors import DataError, FitWarning
from ..fitting import Interval, digits, table, unverified
from ..laws._law import Array
from ._checks import IntArray, name_rows, plain, read_whole
from ._resample import bca, draw_counts, expanded, require_problems, student

__all__ = [
    "ProblemCurve",
    "place_of",
    "read_ks",
    "shown",
    "standard_error",
    "through_bca",
    "too_short",
]

_SHOWN = 6
# Sums of problems' values below which intervals were seen to cover less.
_SPARSE = 4
# More values of k than this are asked for by name.
_MOST_KS = 2**22


@dataclass(frozen=True, eq=False)
class ProblemCurve:
    """A score of each problem at each k, and its mean over the problems.

    What :func:`pass_hat_k`, :func:`g_pass_at_k`, :func:`vote` and
    :func:`difference` return.

    Attributes
    ----------
    quantity : str
        What the score is, such as ``"pass_hat_k"``.
    k : array of int
        Samples per problem; of no dimension if one k was asked for.
    scores : array of shape (problems, ks)
        NaN where a problem has fewer than k samples.
    problems : pandas.Index or None
        Labels of the problems, where the data carried some.
    paired : bool
        Whether scores are differences, between -1 and 1; others lie between 0 and 1.
    messages : tuple of str
        What to know before using it; empty if nothing.
    """

    quantity: str
    k: IntArray
    scores: Array
    problems: pd.Index[Any] | None = None
    paired: bool = False
    messages: tuple[str, ...] = ()

    @property
    def value(self) -> float | Array:
        """Mean score over the problems, in the shape of k."""
        value: float | Array = plain(self.scores.mean(axis=0).reshape(self.k.shape))
        return value

    @property
    def n_problems(self) -> int:
        """Number of problems."""
        return len(self.scores)

    def by_problem(self) -> Array:
        """Return the score of each problem, shape (problems, ks)."""
        return self.scores

    def standard_error(self) -> float | Array:
        """Return the standard error of the mean over problems, in the shape of k.

        It is the standard deviation of the scores over the root of their number.
        """
        return standard_error(self.scores, self.k)

    def interval(
        self,
        k: int | None = None,
        confidence_level: float = 0.95,
        n_resamples: int = 4000,
        seed: int = 0,
    ) -> Interval:
        """Return the interval of the mean score at one k.

        Parameters
        ----------
        k : int, optional
            One of the curve's; not needed if it has only one.
        confidence_level : float
        n_resamples, seed : int
            Of the bootstrap over problems; without effect for a difference.

        Returns
        -------
        Interval

        Raises
        ------
        DataError
            If the curve has no such k, some problem has fewer than k samples, or
            there are fewer than six problems.

        Notes
        -----
        Problems are resampled, each with all its samples. The interval is bias
        corrected and accelerated as that of :meth:`PassCurve.interval`, at levels
        expanded for the number of problems. That of a difference is Student's,
        which covers better there: differences lie on both sides of zero. In
        simulations of 15 to 60 problems the nominal 95 % covered 92 to 98 %. Where
        the values of all problems add up to fewer than four successes, or failures,
        a few problems carry all the spread and it covered less, 56 % at worst: ``how``
        says that such an interval is unverified.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> curve = sn.pass_hat_k(10, [0, 0, 1, 2, 5, 9, 10, 10], k=[1, 5])
        >>> curve.interval(k=5)
        0.313 [0.00149, 0.812]
        """
        place = place_of(k, self.k)
        one = self._at(place)
        row = one.band(confidence_level, n_resamples, seed).iloc[0]
        if np.isnan(row["low"]):
            raise DataError(
                f"{self.quantity} at k = {row['k']:.0f} has no mean: some problems "
                "have fewer samples. Lower k, or leave those problems out."
            )
        how = "Student's t over problems" + unverified(self.n_problems, "problems")
        return Interval(
            value=float(row[self.quantity]),
            low=float(row["low"]),
            high=float(row["high"]),
            confidence_level=confidence_level,
            n=self.n_problems,
            how=how
            if self.paired
            else through_bca(n_resamples, self.n_problems, float(row[self.quantity])),
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
            Columns ``k``, the quantity, ``low``, ``high``; NaN where some problem
            has fewer than k samples.

        Raises
        ------
        DataError
            If there are fewer than six problems.
        """
        ks = np.atleast_1d(self.k)
        known = ~np.isnan(self.scores).any(axis=0)
        low, high = np.full((2, len(ks)), np.nan)
        if self.paired:
            require_problems(self.n_problems)
            low[known], high[known] = student(self.scores[:, known], confidence_level)
        else:
            scores, count = np.unique(self.scores, axis=0, return_counts=True)
            drawn = draw_counts(count, n_resamples, seed)
            level = expanded(confidence_level, self.n_problems)
            low[known], high[known] = bca(scores[:, known], count, drawn, level)
        columns = {"k": ks, self.quantity: np.atleast_1d(self.value)}
        return pd.DataFrame(columns | {"low": low, "high": high})

    def _at(self, place: int) -> ProblemCurve:
        ks = np.atleast_1d(self.k)[[place]]
        return ProblemCurve(
            self.quantity, ks, self.scores[:, [place]], self.problems, self.paired
        )

    def _head(self) -> str:
        return f"{self.quantity} over {self.n_problems} problems"

    def __repr__(self) -> str:
        shown_ = repr(shown(self.quantity, self.k, self.value))
        return "\n".join([self._head(), shown_, *self.messages])

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{m}</p>" for m in self.messages)
        shown_ = shown(self.quantity, self.k, self.value)
        return f"<p>{self._head()}</p>{shown_._repr_html_()}{notes}"


def read_ks(
    n: IntArray, k: ArrayLike | None, stacklevel: int = 3
) -> tuple[IntArray, tuple[str, ...]]:
    """Return the values of k, and what to say of problems with fewer samples.

    By default every k up to the most samples of any problem. What was asked for and
    has no mean is warned of; what no problem can tell is refused.
    """
    if k is None and n.max() > _MOST_KS:
        raise DataError(
            f"n_samples is up to {n.max()}: say which k you want, rather than all."
        )
    ks = read_whole(np.arange(1, n.max() + 1) if k is None else k, "k", 1)
    if ks.ndim > 1:
        raise DataError("k must be one number or one dimension of numbers.")
    ks.setflags(write=False)
    bad = n < ks.max()
    if not bad.any():
        return ks, ()
    if bad.all() and k is not None:
        raise DataError(
            f"k = {ks.max()} needs as many samples of each problem; fewer in "
            f"{name_rows(bad)}. Lower k, draw more samples, or forecast with "
            "fit_beta_binomial."
        )
    message = too_short(n, int(ks.max()))
    if k is not None:
        warnings.warn(message, FitWarning, stacklevel=stacklevel)
    return ks, (message,)


def too_short(n: IntArray, k: int) -> str:
    """Return which problems have too few samples for the largest k, in words."""
    return (
        f"Above k = {n.min()} there is no mean over all problems: fewer than k = {k} "
        f"samples in {name_rows(n < k)}. by_problem() has the others; lower k, or "
        "leave the short problems out of every k."
    )


def place_of(k: int | None, ks: IntArray) -> int:
    """Return where k stands on a curve; None is the only one."""
    ks = np.atleast_1d(ks)
    if k is None and len(ks) > 1:
        raise DataError("This curve has several k; say which, or use band().")
    if k is None:
        return 0
    wanted = read_whole(k, "k", 1)
    places = np.flatnonzero(ks == wanted) if wanted.ndim == 0 else ks[:0]
    if not len(places):
        raise DataError(f"k = {k} is not on this curve; ask for it when you make it.")
    return int(places[0])


def standard_error(scores: Array, k: IntArray) -> float | Array:
    """Return the standard error of the mean of each column, in the shape of k."""
    n = len(scores)
    if n < 2:
        raise DataError("One problem has no standard error; give two at least.")
    error = np.std(scores, axis=0, ddof=1) / np.sqrt(n)
    answer: float | Array = plain(error.reshape(k.shape))
    return answer


def through_bca(n_resamples: int, n_problems: int, value: float) -> str:
    """Return how the interval of a mean was obtained, in words."""
    how = f"bootstrap over problems, BCa, {n_resamples} resamples"
    told = unverified(n_problems, "problems")
    for share, what in ((value, "successes"), (1 - value, "failures")):
        if not told and n_problems * share < _SPARSE:
            told = f", unverified below {_SPARSE} {what} in all"
    return how + told


def shown(name: str, k: IntArray, value: float | Array) -> Any:
    """Return a few points of a curve as a table."""
    ks, values = np.atleast_1d(k), np.atleast_1d(value)
    some = np.unique(np.geomspace(1, len(ks), _SHOWN).round().astype(int)) - 1
    return table(
        pd.DataFrame({"k": ks[some], name: [digits(float(x)) for x in values[some]]})
    )
