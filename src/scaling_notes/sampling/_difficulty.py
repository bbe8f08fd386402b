"""How hard the problems are: a beta law of pass rates, and what it forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..errors import DataError
from ..fitting import Interval, Status, Table, digits, percentile, table, unverified
from ..laws._gamma import complement
from ..laws._law import Array
from ..parallel import Executor, map_chunks
from ._beta_law import log_failure_of, quantities_of
from ._checks import IntArray, describe, plain, read_whole
from ._resample import MOST_UNANSWERED, distinct, draw_counts, expanded
from ._zero_inflated import maximize_inflated, maximize_plain, starts_of

__all__ = ["BetaBinomial", "BetaBinomialBootstrap"]

# Resamples in one piece of work.
_CHUNK = 250
_QUANTITIES = ("alpha", "beta", "mean", "correlation")


@dataclass(frozen=True, eq=False)
class BetaBinomial:
    """A beta law of pass rates over problems, fitted to counts.

    Attributes
    ----------
    alpha, beta : float
        Shape of the law. The failure rate 1 - pass@k falls as k^-alpha in the
        end: the many hard problems make a power law out of exponentials.
    log_likelihood : float
        In nats, of the counts.
    status : Status
    n_samples, n_correct : array of int, shape (problems,)
        The counts it was fitted to.
    never_solved : float
        Share of problems with a pass rate of zero; zero unless it was fitted. The
        beta law is that of the others, and pass@k ends at one less this share.
    zero_inflated : bool
        Whether that share was fitted.
    messages : tuple of str
        What to look at before using the fit; empty if nothing.
    """

    alpha: float
    beta: float
    log_likelihood: float
    status: Status
    n_samples: IntArray
    n_correct: IntArray
    never_solved: float = 0.0
    zero_inflated: bool = False
    messages: tuple[str, ...] = ()

    @property
    def quantities(self) -> tuple[str, ...]:
        """Names of what intervals are given for."""
        share = ("never_solved",) if self.zero_inflated else ()
        return (*_QUANTITIES, *share)

    @property
    def mean(self) -> float:
        """Mean pass rate, alpha / (alpha + beta) of the problems solved at times."""
        return float(self._quantities()["mean"])

    @property
    def correlation(self) -> float:
        """Correlation of two samples of one problem, 1 / (alpha + beta + 1).

        Zero if all problems are equally hard, one if each is solved always or
        never.
        """
        return float(self._quantities()["correlation"])

    def _quantities(self) -> dict[str, Array]:
        return quantities_of(self.alpha, self.beta, self.never_solved)

    @property
    def n_problems(self) -> int:
        """Number of problems."""
        return len(self.n_samples)

    def log_failure(self, k: ArrayLike) -> float | Array:
        """Return the forecast of log(1 - pass@k).

        Parameters
        ----------
        k : int or array_like of int
            Any number of samples, also beyond those drawn.
        """
        ks = read_whole(k, "k", 1)
        value: float | Array = plain(
            log_failure_of(self.alpha, self.beta, self.never_solved, ks)
        )
        return value

    def pass_at_k(self, k: ArrayLike) -> float | Array:
        """Return the forecast of pass@k, for any k.

        Parameters
        ----------
        k : int or array_like of int
            Any number of samples, also beyond those drawn.
        """
        value: float | Array = plain(complement(np.asarray(self.log_failure(k))))
        return value

    def bootstrap(
        self,
        n_resamples: int = 2000,
        seed: int = 0,
        executor: Executor | None = None,
    ) -> BetaBinomialBootstrap:
        """Refit on resampled problems, each with all its samples.

        Parameters
        ----------
        n_resamples, seed : int
        executor : Executor, optional
            Anything with the ``map`` of ``concurrent.futures``; it pays for
            thousands of problems or samples. None runs here.

        Returns
        -------
        BetaBinomialBootstrap

        Raises
        ------
        DataError
            If there are fewer than six problems, or ``n_resamples`` is below 2.
        """
        n, c, _, count = distinct(self.n_samples, self.n_correct)
        weight = draw_counts(count, n_resamples, seed)
        correct, samples = weight @ c, weight @ n
        lost = (correct == 0) | (correct == samples)
        weight[lost] = count
        start = np.log([self.alpha / self.beta, self.alpha + self.beta])
        if self.zero_inflated:
            starts = starts_of(n, c, count, start)
            starts[0, 2] = self.never_solved
            work = partial(maximize_inflated, n, c, starts=starts)
        else:
            work = partial(maximize_plain, n, c, start)
        chunks = [weight[i : i + _CHUNK] for i in range(0, n_resamples, _CHUNK)]
        parts = map_chunks(work, chunks, executor)
        alpha, beta, share, _, done = (
            np.concatenate(x) for x in zip(*parts, strict=True)
        )
        for refits in (alpha, beta, share):
            refits[lost] = np.nan
        converged = float(done[~lost].mean()) if not lost.all() else 0.0
        return BetaBinomialBootstrap(self, alpha, beta, seed, converged, share)

    def _lines(self) -> tuple[str, ...]:
        numbers = (f"{name} {digits(getattr(self, name))}" for name in self.quantities)
        kind = "Zero-inflated BetaBinomial" if self.zero_inflated else "BetaBinomial"
        head = f"{kind} over {describe(self.n_samples)}: {self.status.value}"
        return head, ", ".join(numbers), *self.messages

    def __repr__(self) -> str:
        return "\n  ".join(self._lines())

    def _repr_html_(self) -> str:
        return "<p>" + "<br>".join(self._lines()) + "</p>"


@dataclass(frozen=True, eq=False)
class BetaBinomialBootstrap:
    """Refits of a beta law on resampled problems, and the intervals they give.

    Attributes
    ----------
    model : BetaBinomial
        The fit to all problems.
    alpha, beta : array of shape (n_resamples,)
        The refits; NaN where a resample has no answer.
    seed : int
    converged : float
        Share of the refits that converged, of those with an answer.
    never_solved : array of shape (n_resamples,)
        Zero unless the model is zero-inflated.

    Notes
    -----
    A resample in which no sample is correct, or every one, says nothing of the law
    and has no answer. Intervals are percentiles of the others, and there is none
    where more than one resample in twenty has no answer: then the few problems that
    differ carry the interval. Three of them leave out about that many. Intervals of a
    zero-inflated model are at levels expanded for the number of problems (Hesterberg
    2015, doi:10.1080/00031305.2015.1089789).
    """

    model: BetaBinomial
    alpha: Array
    beta: Array
    seed: int
    converged: float
    never_solved: Array

    @property
    def unanswered(self) -> float:
        """Share of the resamples without an answer."""
        return float(np.isnan(self.alpha).mean())

    def interval(self, quantity: str, confidence_level: float = 0.95) -> Interval:
        """Return the percentile interval of a quantity.

        Parameters
        ----------
        quantity : str
            ``"alpha"``, ``"beta"``, ``"mean"``, ``"correlation"`` or, of a
            zero-inflated model, ``"never_solved"``.
        confidence_level : float

        Returns
        -------
        Interval

        Raises
        ------
        DataError
            If there is no such quantity, or too many resamples have no answer.
        """
        names = self.model.quantities
        if not isinstance(quantity, str) or quantity not in names:
            raise DataError(f"{quantity!r} is not one of {', '.join(names)}.")
        samples = quantities_of(self.alpha, self.beta, self.never_solved)[quantity]
        return self._interval(getattr(self.model, quantity), samples, confidence_level)

    def forecast(self, k: int, confidence_level: float = 0.95) -> Interval:
        """Return pass@k for any k, with its percentile interval.

        Parameters
        ----------
        k : int
        confidence_level : float

        Returns
        -------
        Interval
            Right only as far as the beta law is: it says nothing of another
            law of difficulty with the same counts.

        Raises
        ------
        DataError
            If too many resamples have no answer.
        """
        one = read_whole(k, "k", 1)
        if one.size != 1:
            raise DataError("k must be one number; use band() for several.")
        samples = self._pass_at_k(one.ravel())[:, 0]
        value = float(self.model.pass_at_k(one.item()))
        return self._interval(value, samples, confidence_level)

    def band(self, k: ArrayLike, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return the forecast pass@k along k with its percentile interval.

        Parameters
        ----------
        k : array_like of int
        confidence_level : float

        Returns
        -------
        pandas.DataFrame
            Columns ``k``, ``pass_at_k``, ``low``, ``high``.

        Raises
        ------
        DataError
            If too many resamples have no answer.
        """
        ks = np.atleast_1d(read_whole(k, "k", 1))
        if ks.ndim > 1:
            raise DataError("k must be one number or one dimension of numbers.")
        low, high = self._percentile(self._pass_at_k(ks), confidence_level)
        value = self.model.pass_at_k(ks)
        return pd.DataFrame({"k": ks, "pass_at_k": value, "low": low, "high": high})

    def _pass_at_k(self, ks: IntArray) -> Array:
        alpha, beta = self.alpha[:, None], self.beta[:, None]
        return complement(log_failure_of(alpha, beta, self.never_solved[:, None], ks))

    def _percentile(self, samples: Array, level: float) -> tuple[Array, Array]:
        if self.model.zero_inflated:
            level = expanded(level, self.model.n_problems)
        return percentile(self._answered(samples), level)

    def _answered(self, samples: Array) -> Array:
        """Return the samples that have an answer, if they are nearly all."""
        if self.unanswered > MOST_UNANSWERED:
            raise DataError(
                f"{self.unanswered:.1%} of the resamples have no answer (no sample of "
                "theirs is correct, or every one), so there is no interval: at most "
                f"{MOST_UNANSWERED:.0%} may have none. Add problems, or draw more "
                "samples of each; the interval of pass_at_k() needs no law."
            )
        return samples[~np.isnan(self.alpha)]

    def _interval(self, value: float, samples: Array, level: float) -> Interval:
        low, high = self._percentile(samples, level)
        n = self.model.n_problems
        lost = f" ({self.unanswered:.1%} without an answer)" if self.unanswered else ""
        return Interval(
            value=value,
            low=float(low),
            high=float(high),
            confidence_level=level,
            n=n,
            how=f"bootstrap over problems, {len(samples)} resamples{lost}"
            + unverified(n, "problems"),
        )

    def table(self, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return every quantity with its interval.

        Returns
        -------
        pandas.DataFrame
            Index ``quantity``; columns ``value``, ``low``, ``high``.
        """
        rows = {}
        for name in self.model.quantities:
            found = self.interval(name, confidence_level)
            rows[name] = (found.value, found.low, found.high)
        columns = ["value", "low", "high"]
        table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        return table.rename_axis("quantity")

    def _head(self) -> str:
        return (
            f"BetaBinomialBootstrap: {len(self.alpha)} resamples of "
            f"{self.model.n_problems} problems, seed {self.seed}, "
            f"{self.converged:.1%} converged"
            + (f", {self.unanswered:.1%} without an answer" if self.unanswered else "")
        )

    def _printed(self) -> Table:
        names = {"low": "low (95 %)", "high": "high (95 %)"}
        return table(self.table().map(digits).rename(columns=names))

    def __repr__(self) -> str:
        if self.unanswered > MOST_UNANSWERED:
            return f"{self._head()}; too many for intervals"
        return f"{self._head()}\n{self._printed()}"

    def _repr_html_(self) -> str:
        if self.unanswered > MOST_UNANSWERED:
            return f"<p>{self!r}</p>"
        return f"<p>{self._head()}</p>{self._printed()._repr_html_()}"
