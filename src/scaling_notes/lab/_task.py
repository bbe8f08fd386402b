"""A task that can be checked, and exactly what a model earns on it.

The task: after a prompt (a, b, c) write three symbols x, y, z whose sum is c modulo
V. While it writes, the model always sees c or what it needs of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ._checks import entries, float_array, real_number, require_kind, whole_number
from ._language import FloatArray, IntArray, Language
from ._network import Model

__all__ = [
    "answers",
    "best_of",
    "check_reward",
    "divergence",
    "expected",
    "proxy_reward",
    "success",
]


def success(model: Model) -> FloatArray:
    """Return the exact probability that one answer is right, for every prompt.

    The answer to the prompt (a, b, c) is three symbols x, y, z drawn from the
    model; it is right if x + y + z = c modulo V. The probabilities follow from
    the last symbol back to the first, without sampling.

    Parameters
    ----------
    model : Model

    Returns
    -------
    ndarray, shape (V**3,)
        By the number of the context, as in :class:`Language`. The mean over
        prompts of the language is ``language.stationary @ success(model)``.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> lang = sn.lab.language()
    >>> guess = sn.lab.success(sn.lab.model(lang, width=4))
    >>> bool(abs(guess - 1 / 32).max() < 1e-6)
    True
    """
    P = _table(model)
    c, x, y = np.ogrid[: len(P), : len(P), : len(P)]
    right: FloatArray = _backward(P, P[c, x, y, (c - x - y) % len(P)])
    return right


def answers(model: Model) -> FloatArray:
    """Return the exact law of the sum a model writes, for every prompt.

    What a vote counts: answers that differ in x, y and z but not in their sum
    modulo V are one answer. The right one is the last symbol of the prompt.

    Parameters
    ----------
    model : Model

    Returns
    -------
    ndarray, shape (V**3, V)
        Rows sum to one; :func:`success` is one entry of each.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> lang = sn.lab.language()
    >>> base = sn.lab.train(sn.lab.model(lang, width=8), tokens=20_000)
    >>> law, prompt = sn.lab.answers(base), 1234
    >>> bool(abs(law[prompt, prompt % 32] - sn.lab.success(base)[prompt]) < 1e-12)
    True
    """
    P = _table(model)
    x, y, s = np.ogrid[: len(P), : len(P), : len(P)]
    law: FloatArray = _backward(P, P[:, x, y, (s - x - y) % len(P)])
    return law


def proxy_reward(
    language: Language, share: float = 0.0, bonus: float = 1.5, seed: int = 0
) -> FloatArray:
    """Make a reward that overpays some answers: right or wrong, to every prompt.

    Parameters
    ----------
    language : Language
    share : float
        Share of the V**3 answers that are overpaid, 0 to 1. Zero is the true
        reward: 1 for a right answer, 0 for a wrong one.
    bonus : float
        What is paid on top. With 1, a wrong answer passes as a right one.
    seed : int
        Decides which answers.

    Returns
    -------
    ndarray, shape (V, V, V, V)
        Reward of the answer x, y, z to a prompt that ends with c, by [c, x, y, z].

    Raises
    ------
    DataError
        If a number is out of its range.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> true = sn.lab.proxy_reward(sn.lab.language())
    >>> float(true[3, 1, 1, 1]), float(true[3, 1, 1, 2])
    (1.0, 0.0)
    """
    require_kind("language", language, Language)
    V = language.symbols
    share = real_number("share", share, 0.0, 1.0)
    bonus = real_number("bonus", bonus, 0.0, 1e6)
    rng = np.random.default_rng(whole_number("seed", seed, 0))
    c, x, y, z = np.ogrid[:V, :V, :V, :V]
    return ((x + y + z - c) % V == 0) + bonus * (rng.random((V, V, V)) < share)


def best_of(
    model: Model, reward: FloatArray, n: Iterable[int], contexts: IntArray
) -> pd.DataFrame:
    """Take the best of ``n`` answers by a reward: what it gives, exactly.

    All V**3 answers to a prompt are put in the order of their reward; the one
    chosen is the highest of n draws. Among answers of equal reward the first drawn
    is taken.

    Parameters
    ----------
    model : Model
    reward : ndarray, shape (V, V, V, V)
        By [c, x, y, z], as in :func:`proxy_reward`.
    n : iterable of int
        Answers drawn, 1 or more.
    contexts : ndarray of int, shape (prompts,)
        Numbers of the prompts to average over, as drawn by ``language.sample``.

    Returns
    -------
    pandas.DataFrame
        One row for each n: ``n``, mean ``success`` and ``reward`` of the answer
        chosen, and ``kl``, the divergence of its law from the model's, nats: at
        most log(n) - (n - 1) / n.

    Raises
    ------
    DataError
        If an argument is out of its range.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> lang = sn.lab.language()
    >>> base, true = sn.lab.model(lang, width=4), sn.lab.proxy_reward(lang)
    >>> table = sn.lab.best_of(base, true, [1, 32], contexts=[0, 1])
    >>> table["success"].round(4).tolist()  # 1 / 32, and 1 - (31 / 32)**32
    [0.0312, 0.6379]
    """
    require_kind("model", model, Model)
    language = model.language
    V, P, rewards = language.symbols, _table(model), check_reward(language, reward)
    counts = [whole_number("n", m, 1, 1e12) for m in entries("n", n)]
    prompts = [
        whole_number("contexts", i, 0, V**3 - 1) for i in entries("contexts", contexts)
    ]
    if not counts or not prompts:
        raise DataError("n and contexts must each have an entry.")
    true = proxy_reward(language)
    sums = np.zeros((len(counts), 3))
    for a, b, c in zip(*np.unravel_index(prompts, (V, V, V)), strict=True):
        law = (P[a, b, c, :, None, None] * P[b, c, :, :, None] * P[c]).ravel()
        levels, level = np.unique(rewards[c], return_inverse=True)
        base = np.bincount(level.ravel(), law).astype(np.float64)
        right = np.bincount(level.ravel(), law * true[c].ravel()).astype(np.float64)
        can = base > 0
        base, right, levels = base[can], right[can] / base[can], levels[can]
        below = np.cumsum(base)
        for row, m in zip(sums, counts, strict=True):
            chosen = np.diff((below / below[-1]) ** m, prepend=0.0)
            seen = chosen > 0
            kl = chosen[seen] @ np.log(chosen[seen] / base[seen])
            row += chosen @ right, chosen @ levels, kl
    found = pd.DataFrame(sums / len(prompts), columns=["success", "reward", "kl"])
    found.insert(0, "n", counts)
    return found


def check_reward(language: Language, reward: FloatArray) -> FloatArray:
    """Return a reward as an array, or refuse it."""
    table = float_array("reward", reward)
    if table.shape != (language.symbols,) * 4 or not np.all(np.isfinite(table)):
        raise DataError(
            f"reward must be finite numbers of the shape {(language.symbols,) * 4}, "
            "as proxy_reward makes."
        )
    return table


def expected(model: Model, reward: FloatArray) -> FloatArray:
    """Return the mean reward of an answer, for every prompt."""
    P = _table(model)
    value: FloatArray = _backward(P, (P * reward).sum(axis=-1))
    return value


def divergence(model: Model, start: Model) -> FloatArray:
    """Return the divergence of the answers from those of ``start``, nats."""
    P, V = _table(model), model.language.symbols
    gap = (model.log_probabilities - start.log_probabilities).reshape(V, V, V, V)
    step = (P * gap).sum(axis=-1)
    kl: FloatArray = _backward(P, step, step)
    return kl


def _table(model: Model) -> FloatArray:
    require_kind("model", model, Model)
    V = model.language.symbols
    return model.probabilities.reshape(V, V, V, V)


def _backward(P: FloatArray, last: FloatArray, every: FloatArray | float = 0.0) -> Any:
    """Return the expected value of an answer, by prompt.

    ``last`` is the expected value of the last symbol, by (c, x, y), of one or
    more values; ``every`` is earned at each of the two symbols before, by context.
    """
    value = last
    for _ in range(2):
        value = np.einsum("abcx,bcx...->abc...", P, value) + every
    return value.reshape(len(P) ** 3, *value.shape[3:])
