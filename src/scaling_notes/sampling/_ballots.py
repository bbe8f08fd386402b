"""Votes among answers that were sampled: read, counted, and drawn again."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError
from ..laws._law import Array
from ..parallel import require_resamples, require_seed
from ._checks import IntArray, match, name_rows
from ._curve import ProblemCurve, read_ks
from ._elections import plurality, weighted_plurality
from ._outcomes import read_ragged

__all__ = ["vote"]


def vote(
    answers: Iterable[Any] | Mapping[Any, Iterable[Any]] | pd.DataFrame,
    correct: Any,
    k: ArrayLike | None = None,
    weights: Any = None,
    *,
    n_resamples: int = 1000,
    seed: int = 0,
) -> ProblemCurve:
    """Estimate how often the vote of k samples elects the right answer.

    k of a problem's answers are drawn without replacement, and the most frequent
    one is elected, or with weights the one whose weights add up to most. Where
    several are level, one of them is taken at random: each counts its share.

    Parameters
    ----------
    answers : list of rows, array_like, mapping or DataFrame
        A row of final answers for each problem, of any length: strings, numbers, or
        what else can be compared. Answers are the same if they are equal, so bring
        them into one form first. None or NaN is a sample without an answer, which
        is drawn like others and does not vote. Also one row alone.
    correct : sequence, Series or mapping
        The right answer of each problem, paired by label where both have labels;
        one answer for one row.
    k : int or array_like of int, optional
        Number of votes. By default every k up to the most samples of any problem.
    weights : like answers, optional
        Weight of each vote, such as the reward of the sample (best-of-n weighted).
        A sample whose weight is missing does not vote.
    n_resamples, seed : int
        With weights and fewer votes than samples, the number of random subsets of
        each problem. Without weights the mean over all subsets is exact.

    Returns
    -------
    ProblemCurve

    Raises
    ------
    DataError
        If problems and right answers do not pair, an answer cannot be compared,
        answers are numbers and right answers strings, or weights are infinite.

    Warns
    -----
    FitWarning
        If a k that was asked for exceeds the samples of some problems.

    Notes
    -----
    Without weights the estimate is unbiased: the mean over all subsets of k is what
    k fresh votes would elect on average, which :func:`majority_vote` of the
    frequencies is not. If all drawn samples lack an answer, none is elected.

    References
    ----------
    Wang et al. 2022, arXiv:2203.11171 (self-consistency); Li et al. 2022,
    arXiv:2206.02336 (votes weighted by a verifier).

    Examples
    --------
    >>> import scaling_notes as sn
    >>> answers = [["7", "7", "3", None], ["x", "y", "y"]]
    >>> sn.vote(answers, correct=["7", "x"], k=[1, 3]).by_problem().round(3)
    array([[0.5  , 0.75 ],
           [0.333, 0.   ]])
    >>> rewards = [[0.1, 0.2, 0.9, 0.5], [0.9, 0.1, 0.3]]
    >>> sn.vote(answers, ["7", "x"], k=3, weights=rewards).by_problem()[1]
    array([1.])
    """
    labels, rows = _read_answers(answers)
    rights = _read_correct(correct, labels, rows)
    codes = [_codes(row, right) for row, right in zip(rows, rights, strict=True)]
    _require_comparable(rows, rights)
    n = np.array([len(row) for row in rows])
    ks, messages = read_ks(n, k)
    flat = np.atleast_1d(ks)
    scores = np.full((len(rows), len(flat)), np.nan)
    if weights is None:
        known: dict[tuple[int, ...], Array] = {}
        for i, code in enumerate(codes):
            right, *rivals = np.bincount(code + 1, minlength=2)[1:].tolist()
            ballot = (len(code), right, *sorted(rivals, reverse=True))
            if ballot not in known:
                known[ballot] = _exact(ballot, flat)
            scores[i] = known[ballot]
        return ProblemCurve("vote", ks, scores, labels, messages=messages)
    require_resamples(n_resamples)
    require_seed(seed)
    given, lost = _read_weights(weights, labels, n)
    for i, (code, weight) in enumerate(zip(codes, given, strict=True)):
        code[np.isnan(weight)] = -1
        enough = flat <= len(code)
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(i,)))
        scores[i, enough] = weighted_plurality(
            code, np.nan_to_num(weight), flat[enough], n_resamples, rng
        )
    if (flat < n.max()).any():
        messages += (
            f"Weighted votes of fewer than all samples are means over {n_resamples} "
            f"random subsets a problem, seed {seed}.",
        )
    if lost:
        messages += (f"{lost} samples have no weight and do not vote.",)
    return ProblemCurve("weighted_vote", ks, scores, labels, messages=messages)


def _exact(ballot: tuple[int, ...], ks: IntArray) -> Array:
    n, right, *rivals = ballot
    chance = np.full(len(ks), np.nan)
    enough = ks <= n
    chance[enough] = plurality(n, right, np.array(rivals, int), ks[enough])
    return chance


def _read_answers(answers: Any) -> tuple[pd.Index[Any] | None, list[list[Any]]]:
    labels = None
    if isinstance(answers, pd.DataFrame):
        labels = answers.index
        answers = answers.to_numpy(dtype=object)
    elif isinstance(answers, Mapping):
        labels = pd.Index(list(answers))
        answers = list(answers.values())
    elif isinstance(answers, pd.Series):
        if len(answers) and _is_row(answers.iloc[0]):
            labels = answers.index
        answers = answers.tolist()
    elif isinstance(answers, np.ma.MaskedArray):
        masked = np.ma.getmaskarray(answers)
        answers = np.ma.getdata(answers).astype(object)
        answers[masked] = None
    flat = isinstance(answers, np.ndarray) and answers.ndim == 0
    if flat or isinstance(answers, str) or not isinstance(answers, Iterable):
        raise DataError("answers must be rows of answers, one row a problem.")
    every = list(answers)
    if not every:
        raise DataError("answers is empty; give one problem at least.")
    rowlike = [_is_row(row) for row in every]
    if not any(rowlike):
        every = [every]
    elif not all(rowlike):
        raise DataError(
            f"answers must be a row for each problem; {name_rows(~np.array(rowlike))} "
            "is a single answer."
        )
    rows = [[None if _missing(x) else x for x in row] for row in every]
    empty = np.array([not row for row in rows])
    if empty.any():
        raise DataError(
            f"There is no sample in {name_rows(empty)}; leave out a problem that was "
            "never tried."
        )
    return labels, rows


def _is_row(x: Any) -> bool:
    return isinstance(x, list | tuple | np.ndarray | pd.Series)


def _missing(x: Any) -> bool:
    return x is None or x is pd.NA or x is np.ma.masked or (np.isscalar(x) and x != x)


def _read_correct(
    correct: Any, labels: pd.Index[Any] | None, rows: list[list[Any]]
) -> list[Any]:
    """Return the right answer of each problem."""
    if isinstance(correct, Mapping):
        correct = pd.Series(list(correct.values()), index=pd.Index(list(correct)))
    if isinstance(correct, pd.Series):
        if labels is not None:
            places = match(labels, correct.index, ("answers", "correct"))
            correct = correct.iloc[places]
        rights = correct.tolist()
    elif _is_row(correct):
        rights = list(correct)
    else:
        rights = [correct]
    if len(rights) != len(rows):
        raise DataError(
            f"There are {len(rows)} problems and {len(rights)} right answers; give one "
            "for each problem."
        )
    missing = np.array([_missing(x) for x in rights])
    if missing.any():
        raise DataError(f"correct has no answer in {name_rows(missing)}.")
    return rights


def _codes(row: list[Any], right: Any) -> NDArray[np.intp]:
    """Return answers as numbers: 0 is right, and -1 none."""
    known: dict[Hashable, int] = {}
    try:
        known[right] = 0
        return np.array(
            [-1 if x is None else known.setdefault(x, len(known)) for x in row], int
        )
    except TypeError as error:
        raise DataError(
            f"An answer cannot be compared ({error}); give strings or numbers."
        ) from error


def _require_comparable(rows: list[list[Any]], rights: list[Any]) -> None:
    """Refuse answers that are text where the right ones are not, or vice versa."""
    given = {isinstance(x, str) for row in rows for x in row if x is not None}
    wanted = {isinstance(x, str) for x in rights}
    if given and not given & wanted:
        kind = {True: "strings", False: "no strings"}
        raise DataError(
            f"answers are {kind[given.pop()]} and correct {kind[wanted.pop()]}, so "
            "none could ever be right; give both in one form."
        )


def _read_weights(
    weights: Any, labels: pd.Index[Any] | None, n: IntArray
) -> tuple[list[Array], int]:
    """Return the weights of each problem's samples, and how many are missing."""
    own, table = read_ragged(weights, "weights")
    if labels is not None and own is not None:
        table = table[match(labels, own, ("answers", "weights"))]
    size = int(n.max())
    if len(table) != len(n) or table.shape[1] < size:
        raise DataError(
            f"weights of shape {table.shape} do not fit {len(n)} problems with up to "
            f"{size} answers; give one weight for each answer."
        )
    beyond = np.arange(table.shape[1]) >= n[:, None]
    bad = np.isinf(table).any(axis=1) | (~np.isnan(table) & beyond).any(axis=1)
    if bad.any():
        raise DataError(
            "weights are infinite, or more than there are answers, in "
            f"{name_rows(bad)}."
        )
    rows = [row[:m] for row, m in zip(table, n, strict=True)]
    return rows, int(sum(np.isnan(row).sum() for row in rows))
