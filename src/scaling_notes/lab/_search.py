"""Search with a verifier: sampled answers, checked symbols, beams, all exact.

A problem is a prompt of three symbols and a hidden continuation drawn from the
language. A verifier recognizes the right one. One pass of a model, which writes
one symbol, costs 2 x params FLOP.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from ._checks import float_array, require_kind, whole_number
from ._language import FloatArray, IntArray, Language, choose
from ._network import Model

__all__ = ["beam", "chances", "problems", "search"]


def problems(language: Language, n: int, length: int, seed: int = 0) -> IntArray:
    """Draw problems: prompts, each with the continuation that is to be found.

    Parameters
    ----------
    language : Language
    n : int
        How many, 1 or more.
    length : int
        Symbols of an answer, 1 to 64.
    seed : int
        The same seed gives the same problems.

    Returns
    -------
    ndarray of int, shape (n, 3 + length)
        Three symbols of the prompt, then the right answer.

    Raises
    ------
    DataError
        If a number is out of its range.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.lab.problems(sn.lab.language(), n=10, length=4).shape
    (10, 7)
    """
    require_kind("language", language, Language)
    n = whole_number("n", n, 1, 1e6)
    length = whole_number("length", length, 1, 64)
    rng = np.random.default_rng(whole_number("seed", seed, 0))
    V = language.symbols
    contexts = language.draw(n, rng) // V
    columns = list(np.unravel_index(contexts, (V, V, V)))
    for _ in range(length):
        columns.append(choose(language.P[contexts], rng))
        contexts = (contexts * V + columns[-1]) % V**3
    return np.stack(columns, axis=1)


def chances(model: Model, problems: npt.ArrayLike) -> FloatArray:
    """Return the probability that a model gives each right symbol of each problem.

    Parameters
    ----------
    model : Model
    problems : array_like of int, shape (n, 3 + length)
        As drawn by :func:`problems`.

    Returns
    -------
    ndarray, shape (n, length)
        After the prompt and the right symbols so far. The product of a row is the
        probability that one sampled answer is right.

    Raises
    ------
    DataError
        If the problems are empty or hold symbols that the language does not have.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> lang = sn.lab.language()
    >>> tasks = sn.lab.problems(lang, n=10, length=4)
    >>> guess = sn.lab.chances(sn.lab.model(lang, width=4), tasks)
    >>> bool(abs(guess - 1 / 32).max() < 1e-6)
    True
    """
    rows = _read(model, problems)
    V = model.language.symbols
    contexts = (rows[:, :-3] * V + rows[:, 1:-2]) * V + rows[:, 2:-1]
    return model.probabilities[contexts, rows[:, 3:]]


def search(chances: npt.ArrayLike, k: int, check: str = "answer") -> FloatArray:
    """Return the exact probability that ``k`` tries with a verifier solve a problem.

    Parameters
    ----------
    chances : array_like, shape (n, length)
        From :func:`chances`.
    k : int
        Tries, 1 or more.
    check : {"answer", "symbol"}
        What a try is. "answer": a whole answer is sampled, then checked; ``length``
        passes. "symbol": one symbol is sampled, checked, and sampled again while
        it is wrong; one pass.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    DataError
        If an argument is out of its range.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.lab.search([[0.5, 0.5]], k=2).round(4)
    array([0.4375])
    >>> sn.lab.search([[0.5, 0.5]], k=2, check="symbol").round(4)
    array([0.25])
    """
    p = float_array("chances", chances)
    if p.ndim != 2 or p.size == 0 or not np.all((p >= 0) & (p <= 1)):
        raise DataError(
            "chances must be probabilities of the shape (n, length), n and length "
            "1 or more."
        )
    k = whole_number("k", k, 1, 2**53)
    if not isinstance(check, str) or check not in ("answer", "symbol"):
        raise DataError(f"check is {check!r}; it must be 'answer' or 'symbol'.")
    if check == "answer":
        with np.errstate(divide="ignore"):  # a sure answer: log 0, and exp of it
            return -np.expm1(k * np.log1p(-p.prod(axis=1)))
    # A Markov chain over how many symbols are found, raised to the power k.
    n, length = p.shape
    chain = np.zeros((n, length + 1, length + 1))
    found = np.arange(length)
    chain[:, found, found] = 1 - p
    chain[:, found, found + 1] = p
    chain[:, length, length] = 1
    solved: Any = np.linalg.matrix_power(chain, k)[:, 0, length]
    # Rounding of so many factors may end above one.
    return np.minimum(np.asarray(solved, dtype=np.float64), 1.0)


def beam(model: Model, problems: npt.ArrayLike, width: int) -> npt.NDArray[np.bool_]:
    """Keep the likeliest ``width`` beginnings at every symbol; is the answer there?

    A verifier looks at the answers that are left. There is no chance in it. A
    problem costs 1 + (length - 1) x width passes at most.

    Parameters
    ----------
    model : Model
    problems : array_like of int, shape (n, 3 + length)
        As drawn by :func:`problems`.
    width : int
        Beginnings kept, 1 to 4096; 1 is greedy.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    DataError
        If an argument is out of its range.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> lang = sn.lab.language()
    >>> tasks = sn.lab.problems(lang, n=50, length=3)
    >>> able = sn.lab.train(sn.lab.model(lang, width=16), tokens=20_000)
    >>> greedy, wide = (sn.lab.beam(able, tasks, w).sum() for w in (1, 1000))
    >>> bool(greedy < wide)
    True
    """
    rows = _read(model, problems)
    w = whole_number("width", width, 1, 4096)
    V, table = model.language.symbols, model.log_probabilities
    solved = np.empty(len(rows), np.bool_)
    for i, row in enumerate(rows):
        contexts = np.array([(row[0] * V + row[1]) * V + row[2]])
        scores, on_track = np.zeros(1), np.ones(1, np.bool_)
        for right in row[3:]:
            new = (scores[:, None] + table[contexts]).ravel()
            order = np.argsort(-new, kind="stable")[:w]
            before, symbol = np.divmod(order, V)
            scores, on_track = new[order], on_track[before] & (symbol == right)
            contexts = (contexts[before] * V + symbol) % V**3
        solved[i] = on_track.any()
    return solved


def _read(model: Model, problems: npt.ArrayLike) -> IntArray:
    require_kind("model", model, Model)
    try:
        rows = np.asarray(problems)
    except ValueError as error:
        raise DataError(f"problems must be one array: {error}.") from None
    good = rows.ndim == 2 and len(rows) > 0 and rows.shape[1] > 3
    if not good or not np.issubdtype(rows.dtype, np.integer):
        raise DataError(
            "problems must be whole numbers of the shape (n, 3 + length), n and "
            "length 1 or more."
        )
    V = model.language.symbols
    if rows.min() < 0 or rows.max() >= V:
        raise DataError(
            f"problems hold symbols outside 0 to {V - 1}; draw them from the language "
            "of the model."
        )
    return rows.astype(np.intp)
