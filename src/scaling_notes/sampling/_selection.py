"""Choosing one sample: by the highest reward, or by a verifier that errs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError
from ..laws._gamma import complement
from ..laws._law import Array
from ._checks import name_rows, pair, plain, read_numbers, read_rate, read_whole
from ._draws import chances_to_miss

__all__ = ["best_of_n", "select_verified"]

# Samples less likely than this to be the best cannot move the mean any more.
_NEGLIGIBLE = 2.0**-70


def best_of_n(
    scores: ArrayLike, rewards: ArrayLike, n: ArrayLike | None = None
) -> float | Array:
    r"""Return the expected score of the sample with the highest of n rewards.

    The estimate is exact and unbiased: it averages over all subsets of n of the
    N samples of a problem. With the samples ordered by reward, the one of rank
    r is the best of :math:`\binom{r - 1}{n - 1}` of :math:`\binom{N}{n}`
    subsets; samples of equal reward share.

    Parameters
    ----------
    scores : array_like, shape (samples,) or (problems, samples)
        What counts: true quality, or 1 for a correct answer and 0 otherwise.
    rewards : array_like, same shape
        What the choice sees, such as a proxy reward. Give the scores again for
        a perfect judge, and -inf for a sample without a reward, which is chosen
        last. Where a problem has fewer samples than others, pad both with NaN.
        For a choice among answers by their summed rewards see :func:`vote`.
    n : int or array_like of int, optional
        Samples to choose from; by default every n up to N. NaN is returned for a
        problem with fewer samples.

    Returns
    -------
    float or array, shape (problems,), (ns,) or (problems, ns)
        Axes that were not given are left out.

    Raises
    ------
    DataError
        If values are missing or infinite, shapes differ, or n exceeds N.

    References
    ----------
    Nakano et al. 2021, arXiv:2112.09332, App. I.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> print(sn.best_of_n([0, 1, 0, 1], rewards=[0.1, 0.7, 0.9, 0.3]).round(3))
    [0.5  0.5  0.25 0.  ]
    >>> round(sn.best_of_n([0, 1, 0, 1], rewards=[0, 1, 0, 1], n=2), 3)
    0.833
    """
    rewards = pair(scores, rewards, ("scores", "rewards"))
    score, reward = _read_rows(scores, "scores"), _read_rows(rewards, "rewards")
    if np.shape(scores) != np.shape(rewards):
        raise DataError(
            f"scores of shape {np.shape(scores)} and rewards of shape "
            f"{np.shape(rewards)} must have the same shape."
        )
    drawn = _drawn(score, reward)
    sizes = drawn.sum(axis=1)
    ns = np.arange(1, sizes.max() + 1) if n is None else read_whole(n, "n", 1)
    if ns.ndim > 1:
        raise DataError("n must be one number or one dimension of numbers.")
    if ns.max() > sizes.max():
        raise DataError(
            f"n = {ns.max()} exceeds the {sizes.max()} samples of each problem; lower "
            "n or draw more samples."
        )
    value = np.full((len(score), ns.max()), np.nan)
    for size in np.unique(sizes):
        rows = sizes == size
        mine = drawn[rows]
        ranked = _by_reward(
            score[rows][mine].reshape(-1, size), reward[rows][mine].reshape(-1, size)
        )
        most = min(int(size), int(ns.max()))
        value[np.ix_(rows, np.arange(most))] = _best_of(ranked, most)
    value = value[:, ns - 1]
    answer: float | Array = plain(value[0]) if np.ndim(scores) == 1 else value
    return answer


def _best_of(ranked: Array, most: int) -> Array:
    """Return the mean best of 1 ... most of scores in the order of their rewards."""
    size = ranked.shape[1]
    value = np.zeros((len(ranked), most))
    # The best of n is drawn, with chance n / N, and the others miss all above it.
    for start, miss in chances_to_miss(
        size - 1, np.arange(size), most - 1, _NEGLIGIBLE
    ):
        block = slice(start, start + len(miss))
        share = np.arange(block.start + 1, block.stop + 1) / size
        value[:, block] = ranked[:, : miss.shape[1]] @ miss.T * share
    return value


def _read_rows(values: ArrayLike, name: str) -> Array:
    rows = np.atleast_2d(read_numbers(values, name))
    if rows.ndim != 2 or rows.size == 0:
        raise DataError(f"{name} must have the shape (problems, samples).")
    return rows


def _drawn(score: Array, reward: Array) -> NDArray[np.bool_]:
    """Return which samples there are: the others lack both score and reward."""
    drawn = ~(np.isnan(score) & np.isnan(reward))
    for values, name in ((score, "scores"), (reward, "rewards")):
        good = np.isfinite(values)
        if name == "rewards":
            good |= np.isneginf(values)
        bad = (drawn & ~good).any(axis=1)
        if bad.any():
            raise DataError(
                f"{name} holds missing or infinite values in {name_rows(bad)}; every "
                "sample needs a score and a reward (-inf for one that has none: it is "
                "chosen last)."
            )
    if not drawn.any(axis=1).all():
        raise DataError(
            f"There is no sample in {name_rows(~drawn.any(axis=1))}; leave out a "
            "problem that was never tried."
        )
    return drawn


def _by_reward(score: Array, reward: Array) -> Array:
    """Return scores from the highest to the lowest reward, averaged over ties."""
    order = np.argsort(-reward, axis=1, kind="stable")
    reward = np.take_along_axis(reward, order, axis=1)
    ranked = np.take_along_axis(score, order, axis=1)
    starts = np.ones(reward.shape, bool)
    starts[:, 1:] = reward[:, 1:] < reward[:, :-1]
    if starts.all():
        return ranked
    first = np.flatnonzero(starts)
    sizes = np.diff(np.append(first, starts.size))
    means = np.add.reduceat(ranked.ravel(), first) / sizes
    return np.repeat(means, sizes).reshape(ranked.shape)


def select_verified(
    pass_rate: ArrayLike,
    k: ArrayLike,
    false_positive: ArrayLike = 0.0,
    false_negative: ArrayLike = 0.0,
) -> float | Array:
    r"""Return the chance that the answer a verifier selects from k is right.

    The verifier looks at k independent samples, and one of those it accepts is
    taken; if it accepts none, one of the k is taken at random. With pass rate
    p, false positive rate f, false negative rate g and acceptance rate
    :math:`q = p (1 - g) + (1 - p) f`,

    .. math:: P_k = \frac{p (1 - g)}{q} \left[1 - (1 - q)^k\right]
        + p g (1 - q)^{k - 1}.

    As k grows it tends to p (1 - g) / q, the precision of the verifier: more
    samples cannot lift it above.

    Parameters
    ----------
    pass_rate : array_like
        Chance p that one sample is right. Give it problem by problem and
        average after: the chance of the average problem is not the average.
    k : int or array_like of int
        Number of samples; ``numpy.inf`` gives the cap.
    false_positive, false_negative : array_like, default 0
        Chance that a wrong sample is accepted, and a right one rejected: one
        number, or one a problem.

    Returns
    -------
    float or array
        Of shape (problems, ks) where ``pass_rate`` and ``k`` both have one
        dimension; otherwise all four broadcast.

    Raises
    ------
    DataError
        If a rate lies outside 0 to 1, k is not a whole number of at least 1, or
        the shapes do not broadcast.

    Examples
    --------
    >>> import numpy as np
    >>> import scaling_notes as sn
    >>> print(sn.select_verified(0.1, [1, 10, 100, np.inf], 0.05, 0.2).round(3))
    [0.1   0.478 0.64  0.64 ]
    """
    p = read_rate(pass_rate, "pass_rate")
    f = read_rate(false_positive, "false_positive")
    g = read_rate(false_negative, "false_negative")
    votes = read_numbers(k, "k")
    read_whole(np.where(np.isposinf(votes), 1, votes), "k", 1)
    if p.ndim == votes.ndim == 1 and len(p) > 1:
        p = p[:, None]
        f = _by_problem(f, len(p), "false_positive")
        g = _by_problem(g, len(p), "false_negative")
    try:
        p, votes, f, g = np.broadcast_arrays(p, votes, f, g)
    except ValueError as error:
        raise DataError(
            f"pass_rate, k and the error rates do not broadcast ({error})."
        ) from error
    accepted = p * (1 - g) + (1 - p) * f
    with np.errstate(divide="ignore", invalid="ignore"):
        log_none = np.where(accepted > 0, votes * np.log1p(-accepted), 0.0)
        if_some = np.where(accepted > 0, p * (1 - g) / accepted, 0.0)
        if_none = np.where(accepted < 1, p * g / (1 - accepted), 0.0)
    chance = if_none * np.exp(log_none) + if_some * complement(log_none)
    answer: float | Array = plain(chance)
    return answer


def _by_problem(rate: Array, n_problems: int, name: str) -> Array:
    """Return one rate a problem as a column, other shapes as they are."""
    if rate.ndim != 1:
        return rate
    if len(rate) not in (1, n_problems):
        raise DataError(
            f"{name} of shape {rate.shape} must be one number, or one number a problem "
            f"({n_problems})."
        )
    return rate[:, None]
