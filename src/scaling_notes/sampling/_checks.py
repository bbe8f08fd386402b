"""Refuse bad counts and probabilities, and name the rows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api.extensions import ExtensionArray

from ..errors import DataError
from ..laws._law import Array

IntArray = NDArray[np.int64]

_NAMED = 5
_MOST = 2.0**53
# How far a whole number may be off through rounding: 200 * 0.57 is not quite 114.
_ROUNDING = 1e-9
_MOST_ROUNDING = 1e-6


class Counts(NamedTuple):
    """Samples and correct samples of each problem.

    Attributes
    ----------
    n, c : array of int, shape (problems,)
    labels : pandas.Index or None
        Labels of the problems, where the counts carried some.
    """

    n: IntArray
    c: IntArray
    labels: pd.Index[Any] | None


def name_rows(bad: ArrayLike) -> str:
    """Return the positions (from 0) of the true entries, the first few in full."""
    rows = np.flatnonzero(bad)
    named = ", ".join(map(str, rows[:_NAMED]))
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    return f"row{'s' if len(rows) > 1 else ''} {named}{more}"


def read_numbers(values: ArrayLike, name: str) -> Array:
    """Return values as floats, what is masked or missing as NaN.

    What is not a number becomes a DataError.
    """
    given: Any = values
    try:
        if isinstance(given, np.ma.MaskedArray):
            return np.asarray(np.ma.filled(given.astype(float), np.nan))
        if isinstance(given, pd.Series | ExtensionArray):
            return np.asarray(given.to_numpy(dtype=float, na_value=np.nan))
        if isinstance(given, pd.DataFrame):
            return np.asarray(given.to_numpy(dtype=float, na_value=np.nan))
        return np.asarray(given, dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name} holds something that is not a number ({error}); give numbers only."
        ) from error


def read_whole(values: ArrayLike, name: str, least: int) -> IntArray:
    """Return whole numbers of at least ``least``, in the shape given.

    A number that rounding has moved by a part in a billion counts as whole.
    """
    numbers = read_numbers(values, name)
    if numbers.size == 0:
        raise DataError(f"{name} is empty; give one number at least.")
    flat = np.atleast_1d(numbers).ravel()
    good = np.isfinite(flat)
    whole = np.rint(np.where(good, flat, 0))
    slack = np.clip(_ROUNDING * np.abs(whole), _ROUNDING, _MOST_ROUNDING)
    bad = ~good | (whole < least)
    # Floats beyond are no longer counts, and do not fit an integer.
    bad |= whole > _MOST
    bad[good] |= np.abs(flat - whole)[good] > slack[good]
    if bad.any():
        raise DataError(
            f"{name} must be whole numbers of at least {least}, and at most 2**53; "
            f"see {name_rows(bad)}: "
            f"{', '.join(f'{x:g}' for x in flat[bad][:_NAMED])}."
        )
    return whole.reshape(numbers.shape).astype(np.int64)


def pair(first: Any, second: Any, names: tuple[str, str]) -> Any:
    """Return the second in the order of the first, where both carry labels.

    Without labels on both sides they are paired by position.
    """
    labelled = pd.Series | pd.DataFrame
    if not (isinstance(first, labelled) and isinstance(second, labelled)):
        return second
    return second.iloc[match(first.index, second.index, names)]


def match(
    first: pd.Index[Any], second: pd.Index[Any], names: tuple[str, str]
) -> NDArray[np.intp]:
    """Return where each label of the first stands in the second."""
    if first.equals(second):
        return np.arange(len(first))
    one, two = names
    if not (first.is_unique and second.is_unique):
        raise DataError(
            f"{one} and {two} carry different labels, some of them twice, so they "
            "cannot be paired; give each problem one label, or arrays in one order "
            "(.to_numpy())."
        )
    alone = first.symmetric_difference(second, sort=False)
    if len(alone):
        named = ", ".join(map(repr, alone[:_NAMED].tolist()))
        more = f" and {len(alone) - _NAMED} more" if len(alone) > _NAMED else ""
        raise DataError(
            f"{one} and {two} are paired by label, and only one of them has {named}"
            f"{more}; give both the same problems, or arrays in one order "
            "(.to_numpy())."
        )
    return second.get_indexer(first)


def is_boolean(values: Any) -> bool:
    """Return whether all values are true or false."""
    dtype = getattr(values, "dtype", None)
    if dtype is None and isinstance(values, list | tuple):
        return bool(values) and all(isinstance(x, bool | np.bool_) for x in values)
    return isinstance(values, bool) or (dtype is not None and dtype.kind == "b")


def _is_matrix(values: Any) -> bool:
    """Return whether these are rows, of one length or of several."""
    try:
        return np.ndim(values) > 1 and np.size(values) > 0
    except ValueError:
        return True


def read_counts(n_samples: ArrayLike, n_correct: ArrayLike) -> Counts:
    """Return samples and correct samples of each problem, of equal length."""
    labels = next(
        (x.index for x in (n_samples, n_correct) if isinstance(x, pd.Series)), None
    )
    n_correct = pair(n_samples, n_correct, ("n_samples", "n_correct"))
    if is_boolean(n_samples) or _is_matrix(n_correct):
        raise DataError(
            "These are outcomes of samples, not counts; "
            "count_correct(outcomes) gives the counts of each problem."
        )
    n = read_whole(n_samples, "n_samples", 1)
    c = read_whole(n_correct, "n_correct", 0)
    if is_boolean(n_correct) and (n > 1).any():
        raise DataError(
            "n_correct is true or false, which is the outcome of one sample, and "
            f"n_samples is up to {n.max()}; give the number of correct samples of "
            "each problem (count_correct(outcomes) counts them)."
        )
    if max(n.ndim, c.ndim) > 1 or (n.ndim == c.ndim == 1 and len(n) != len(c)):
        raise DataError(
            f"n_samples of shape {n.shape} and n_correct of shape {c.shape} must hold "
            "one number a problem (n_samples may be one number for all)."
        )
    n, c = (np.atleast_1d(x).copy() for x in np.broadcast_arrays(n, c))
    bad = c > n
    if bad.any():
        raise DataError(
            f"n_correct exceeds n_samples in {name_rows(bad)}; "
            "correct samples are counted among all samples of a problem."
        )
    n.setflags(write=False)
    c.setflags(write=False)
    return Counts(n, c, labels)


def read_probabilities(values: ArrayLike, name: str) -> Array:
    """Return rows of probabilities that each sum to one, as a matrix."""
    p = np.atleast_2d(read_numbers(values, name))
    if p.ndim != 2 or p.size == 0:
        raise DataError(f"{name} must have the shape (problems, answers).")
    bad = ~(np.isfinite(p) & (p >= 0)).all(axis=1)
    if bad.any():
        raise DataError(f"{name} holds negative or missing values in {name_rows(bad)}.")
    bad = np.abs(p.sum(axis=1) - 1) > 1e-9
    if bad.any():
        raise DataError(
            f"{name} does not sum to one in {name_rows(bad)}; divide counts by their "
            "sum, and pad short rows with zeros."
        )
    return np.asarray(p / p.sum(axis=1, keepdims=True), float)


def read_rate(values: ArrayLike, name: str) -> Array:
    """Return probabilities between zero and one, in the shape given."""
    rate = read_numbers(values, name)
    flat = np.atleast_1d(rate).ravel()
    bad = ~((flat >= 0) & (flat <= 1))
    if bad.any():
        raise DataError(f"{name} must lie between 0 and 1; see {name_rows(bad)}.")
    return rate


def describe(n_samples: IntArray) -> str:
    """Return how many problems and samples there are, in words."""
    low, high = n_samples.min(), n_samples.max()
    samples = f"{low}" if low == high else f"{low} to {high}"
    return f"{len(n_samples)} problems, {samples} samples each"


def plain(values: Array) -> Any:
    """Return an array of no dimension as a number, others as they are."""
    return float(values) if values.ndim == 0 else values
