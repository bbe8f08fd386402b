"""Speculative decoding: what a draft model buys."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError
from ._checks import Array, numbers, plain

__all__ = ["speculative_speedup"]


def speculative_speedup(
    acceptance: ArrayLike, draft_tokens: ArrayLike, cost_ratio: ArrayLike
) -> float | Array:
    r"""Return how many times faster a model writes with a draft model before it.

    The draft model writes some tokens, the large model reads them all in one step,
    keeps those before the first that it rejects, and adds one of its own. What is
    written follows the distribution of the large model.

    .. math:: \frac{1 - q^{m + 1}}{(1 - q)(m c + 1)}

    Parameters
    ----------
    acceptance : float or array
        Chance q that a drafted token is accepted, zero to one.
    draft_tokens : int or array
        Tokens m drafted before each step of the large model; zero is no draft.
    cost_ratio : float or array
        Time c of a step of the draft model over that of the large model. With
        zero, the speed-up is the number of tokens written in a step.

    Returns
    -------
    float or array
        Speed-up, below one where drafts cost more than they save; all three
        broadcast.

    Raises
    ------
    DataError
        If the acceptance is no share, the tokens are not whole, or a number is
        negative.

    Notes
    -----
    Tokens are taken to be accepted independently of each other, and the large
    model to read all drafted tokens in the time of one. That holds while memory
    is the bottleneck, so for small batches.

    References
    ----------
    Leviathan, Kalman and Matias 2022, arXiv:2211.17192, who write alpha for q and
    gamma for m.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> x = sn.accounting.speculative_speedup(0.8, [0, 5, 50], cost_ratio=0.04)
    >>> x.round(2).tolist()
    [1.0, 3.07, 1.67]
    """
    q = numbers(acceptance, "acceptance", zero=True)
    if (q > 1).any():
        raise DataError(f"acceptance is a share, at most 1; got {acceptance!r}.")
    m = numbers(draft_tokens, "draft_tokens", zero=True)
    if (m != np.floor(m)).any():
        raise DataError(f"draft_tokens must be whole numbers; got {draft_tokens!r}.")
    c = numbers(cost_ratio, "cost_ratio", zero=True)
    rejected = 1 - q
    with np.errstate(divide="ignore", invalid="ignore"):
        # Exact near one, where one minus a power would lose its digits.
        written = -np.expm1((m + 1) * np.log1p(-rejected)) / rejected
    written = np.where(rejected == 0, m + 1, written)
    speedup: float | Array = plain(written / (m * c + 1))
    return speedup
