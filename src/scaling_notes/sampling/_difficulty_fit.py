"""Fit a law of difficulty to counts, and hold it against the unbiased curve."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from ..errors import DataError, FitError, FitWarning
from ..fitting import Status, digits
from ._checks import IntArray, read_counts
from ._difficulty import BetaBinomial
from ._lack_of_fit import largest_gap
from ._likelihood import moments
from ._resample import distinct
from ._zero_inflated import maximize_inflated, maximize_plain, starts_of

__all__ = ["fit_beta_binomial"]

_LEAST_PROBLEMS = 3
# More samples than this do not fit into the tables of the likelihood.
_MOST_SAMPLES = 2_000_000
# Sizes alpha + beta of so many times the samples leave no spread beyond chance.
_ALIKE = 1e4
# A gap to the unbiased curve beyond so many of its standard errors is said.
_GAP = 3.5


def fit_beta_binomial(
    n_samples: ArrayLike, n_correct: ArrayLike, *, zero_inflated: bool = False
) -> BetaBinomial:
    r"""Fit a beta law of pass rates over problems by maximum likelihood.

    A problem's pass rate p is drawn from a beta law, and its correct samples
    from a binomial of n and p. Then the forecast has a closed form, for any k:

    .. math:: 1 - \text{pass@}k = \frac{B(\alpha, \beta + k)}{B(\alpha, \beta)}
        \sim \frac{\Gamma(\alpha + \beta)}{\Gamma(\beta)} k^{-\alpha}

    Parameters
    ----------
    n_samples : int or array_like of int, shape (problems,)
        Samples drawn for each problem, n.
    n_correct : array_like of int, shape (problems,)
        How many of them are correct, c. Problems that were always or never
        solved belong in: leaving them out biases the forecast.
    zero_inflated : bool
        Whether to fit a share s of problems that are never solved, too. Then pass@k
        is 1 - s times that of the beta law, and ends there.

    Returns
    -------
    BetaBinomial
        With ``alpha``, ``beta``, ``pass_at_k()``, ``log_failure()`` and
        ``bootstrap()``.

    Raises
    ------
    DataError
        If counts are missing, negative, not whole or impossible.
    FitError
        If the law is not identifiable: fewer than three problems, one sample
        each (two, with a share never solved), or all samples alike.

    Warns
    -----
    FitWarning
        If the estimate is at a limit: the problems differ no more than chance
        alone would make them, or each is solved always or never. If the fitted
        pass@k disagrees with the unbiased curve of the same counts by more than
        3.5 standard errors at some k (one false alarm in some 400 fits), the beta
        law is not the law of these problems: perhaps some are never solved.

    Notes
    -----
    Exact derivatives and Newton steps, until the next one would gain less than
    1e-12 nats. A forecast far beyond the samples drawn rests on the shape of the
    law near p = 0, where no problem has been solved yet: check it by holding
    samples out. In simulations of 30 problems and 20 samples the nominal 95 %
    of the bootstrap covered 92 to 96 % for pass@10 to pass@1000 where hard
    problems abound (alpha of 0.1 to 0.3), and 88 % for a beta(2, 2) law.

    References
    ----------
    Skellam 1948 (beta-binomial); Schaeffer et al. 2025, arXiv:2502.17578 (power
    laws of repeated sampling from a beta law).

    Examples
    --------
    >>> import scaling_notes as sn
    >>> model = sn.fit_beta_binomial(10, [0, 0, 0, 1, 1, 2, 4, 7, 10, 10])
    >>> model
    BetaBinomial over 10 problems, 10 samples each: converged
      alpha 0.258, beta 0.400, mean 0.392, correlation 0.603
    >>> print(model.pass_at_k([1, 10, 1000]).round(3))
    [0.392 0.659 0.896]
    >>> half = [9, 12, 15, 10, 11, 8, 13, 0, 0, 0]
    >>> model = sn.fit_beta_binomial(20, half, zero_inflated=True)
    >>> round(model.never_solved, 3), round(model.pass_at_k(1000), 3)
    (0.3, 0.7)
    """
    counts = read_counts(n_samples, n_correct)[:2]
    n, c, _, count = distinct(*counts)
    _require_identifiable(n, c, count, zero_inflated)
    weight = count[None].astype(float)
    start = moments(n, c, count)
    optimum = maximize_plain(n, c, start, weight)
    if zero_inflated:
        alpha, beta = optimum.alpha[0], optimum.beta[0]
        start = np.log([alpha / beta, alpha + beta])
        optimum = maximize_inflated(n, c, weight, starts_of(n, c, count, start))
    alpha, beta, share = (float(x[0]) for x in optimum[:3])
    tried = c > 0 if zero_inflated else np.ones(len(c), bool)
    status, doubt = Status.CONVERGED, ""
    if not optimum.converged[0]:
        status, doubt = Status.UNCONVERGED, "did not converge"
    elif ((c == 0) | (c == n)).all():
        status = Status.AT_BOUND
        doubt = (
            "is at a limit: each problem was solved always or never, and the forecast "
            "does not rise with k. Draw more samples a problem"
        )
    elif alpha + beta > _ALIKE * n[tried].max():
        status = Status.AT_BOUND
        doubt = (
            "is at a limit: the problems differ no more than chance makes them, and "
            "the forecast is that of one common pass rate"
        )
    gap = None
    if status is Status.CONVERGED:
        gap = largest_gap(n, c, count, alpha, beta, share)
    if gap is not None and abs(gap.z) > _GAP:
        doubt = (
            f"disagrees with the counts: at k = {gap.k} its pass@k is "
            f"{digits(gap.fitted)} and the unbiased estimate {digits(gap.unbiased)}, "
            f"{abs(gap.z):.1f} standard errors apart. Do not forecast from it"
        )
        if gap.ends_high and not zero_inflated:
            doubt += "; if some problems are never solved, fit with zero_inflated=True"
    messages = (f"The beta-binomial fit {doubt}.",) if doubt else ()
    for message in messages:
        warnings.warn(message, FitWarning, stacklevel=2)
    ways = gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1)
    log_likelihood = float(optimum.log_likelihood[0] + count @ ways)
    return BetaBinomial(
        alpha, beta, log_likelihood, status, *counts, share, zero_inflated, messages
    )


def _require_identifiable(
    n: IntArray, c: IntArray, count: IntArray, zero_inflated: bool
) -> None:
    problems = int(count.sum())
    if problems < _LEAST_PROBLEMS:
        raise FitError(
            f"{problems} problems cannot show how difficulty varies; give "
            f"{_LEAST_PROBLEMS} at least, and some fifty for a useful forecast."
        )
    if n.max() == 1:
        raise FitError(
            "One sample a problem cannot tell hard problems from bad luck: only the "
            "mean pass rate is identifiable. Draw two samples or more."
        )
    if zero_inflated and n.max() == 2:
        raise FitError(
            "Two samples a problem cannot tell problems that are never solved from "
            "hard ones. Draw three samples or more."
        )
    if n.max() > _MOST_SAMPLES:
        raise DataError(
            f"n_samples is up to {n.max()}, and the likelihood sums over samples; give "
            f"{_MOST_SAMPLES} at most, such as the counts of the first so many."
        )
    if (c == 0).all() or (c == n).all():
        what = "No sample is" if (c == 0).all() else "All samples are"
        raise FitError(
            f"{what} correct, so the law of pass rates is not identifiable. Draw more "
            "samples, or choose problems that are solved at times."
        )
