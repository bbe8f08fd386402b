"""Counts of correct samples from outcomes, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..errors import DataError
from ._checks import name_rows, read_numbers

__all__ = ["count_correct", "read_ragged"]


def count_correct(
    outcomes: ArrayLike
    | pd.DataFrame
    | Iterable[ArrayLike]
    | Mapping[Any, Iterable[Any]],
) -> tuple[pd.Series[int], pd.Series[int]]:
    """Count samples and correct samples of each problem from their outcomes.

    Parameters
    ----------
    outcomes : array_like, shape (problems, samples)
        1 or True where a sample is correct, 0 or False where not. A sample that was
        not drawn is NaN, None or masked. Also a list of rows of different lengths,
        a DataFrame with one row a problem, or a mapping of each problem to its row.

    Returns
    -------
    n_samples, n_correct : pandas.Series of int, shape (problems,)
        Ready for :func:`pass_at_k`; the index holds the labels of the problems.

    Raises
    ------
    DataError
        If an outcome is neither 0 nor 1, or a problem has no sample.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> counts = sn.count_correct([[True, False, True], [False, False], [1, 1, None]])
    >>> [series.tolist() for series in counts]
    [[3, 2, 2], [2, 0, 2]]
    >>> round(sn.pass_at_k(*counts, k=2).value, 3)
    0.667
    """
    labels, rows = read_ragged(outcomes, "outcomes")
    bad = ((rows != 0) & (rows != 1) & ~np.isnan(rows)).any(axis=1)
    if bad.any():
        raise DataError(
            f"outcomes are 0 or 1, false or true; see {name_rows(bad)}. Say from which "
            "score on a sample is correct, such as outcomes = scores >= 0.5."
        )
    n = (~np.isnan(rows)).sum(axis=1)
    if (n == 0).any():
        raise DataError(
            f"There is no sample in {name_rows(n == 0)}; leave out a problem that was "
            "never tried."
        )
    correct = np.nansum(rows, axis=1).astype(int)
    return (
        pd.Series(n, index=labels, name="n_samples"),
        pd.Series(correct, index=labels, name="n_correct"),
    )


def read_ragged(values: Any, name: str) -> tuple[pd.Index[Any] | None, np.ndarray]:
    """Return labels, and rows of numbers padded with NaN to one length."""
    labels = None
    if isinstance(values, pd.DataFrame):
        labels = values.index
    elif isinstance(values, Mapping):
        labels, values = pd.Index(list(values)), list(values.values())
    if isinstance(values, list | tuple):
        values = _pad(values, name)
    rows = np.atleast_2d(read_numbers(values, name))
    if rows.ndim != 2 or rows.size == 0:
        raise DataError(f"{name} must have the shape (problems, samples).")
    return labels, rows


def _pad(rows: Any, name: str) -> Any:
    """Return rows of different lengths as one matrix, padded with NaN."""
    if not any(np.ndim(row) for row in rows):
        return rows
    read = [np.atleast_1d(read_numbers(row, name)) for row in rows]
    if any(row.ndim > 1 for row in read):
        return rows
    padded = np.full((len(read), max(map(len, read))), np.nan)
    for to, row in zip(padded, read, strict=True):
        to[: len(row)] = row
    return padded
