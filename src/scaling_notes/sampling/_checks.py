"""Refuse bad counts and probabilities, and name the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError
from ..laws._law import Array

IntArray = NDArray[np.int64]

_NAMED = 5
_MOST = 2.0**53


def name_rows(bad: ArrayLike) -> str:
    """Return the positions (from 0) of the true entries, the first few in full."""
    rows = np.flatnonzero(bad)
    named = ", ".join(map(str, rows[:_NAMED]))
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    return f"row{'s' if len(rows) > 1 else ''} {named}{more}"


def read_numbers(values: ArrayLike, name: str) -> Array:
    """Return values as floats; what is not a number becomes a DataError."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name} holds something that is not a number ({error}); give numbers only."
        ) from error


def read_whole(values: ArrayLike, name: str, least: int) -> IntArray:
    """Return whole numbers of at least ``least``, in the shape given."""
    numbers = read_numbers(values, name)
    if numbers.size == 0:
        raise DataError(f"{name} is empty; give one number at least.")
    flat = np.atleast_1d(numbers).ravel()
    bad = ~np.isfinite(flat) | (flat != np.round(flat)) | (flat < least)
    # Floats beyond are no longer counts, and do not fit an integer.
    bad |= flat > _MOST
    if bad.any():
        raise DataError(
            f"{name} must be whole numbers of at least {least}, and at most 2**53; "
            f"see {name_rows(bad)}: "
            f"{', '.join(f'{x:g}' for x in flat[bad][:_NAMED])}."
        )
    return numbers.astype(np.int64)


def read_counts(
    n_samples: ArrayLike, n_correct: ArrayLike
) -> tuple[IntArray, IntArray]:
    """Return samples and correct samples of each problem, of equal length."""
    n = read_whole(n_samples, "n_samples", 1)
    c = read_whole(n_correct, "n_correct", 0)
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
    return n, c


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
