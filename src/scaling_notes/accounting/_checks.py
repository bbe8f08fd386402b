"""Refuse numbers that cannot be, and say which."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError

Array = NDArray[np.float64]


def whole(value: Any, name: str, least: int = 1) -> int:
    """Return a whole number of at least ``least``; what is missing is refused."""
    try:
        number = int(value)
        same = bool(number == value)
    except (TypeError, ValueError, OverflowError):
        same = False
    if not same or number < least:
        raise DataError(
            f"{name} is {value!r}; give a whole number of at least {least}."
        )
    return number


def make_whole(part: object, *names: str, least: int = 1) -> None:
    """Turn fields of a frozen dataclass into whole numbers, or refuse them."""
    for name in names:
        object.__setattr__(part, name, whole(getattr(part, name), name, least))


def floats(values: Any, name: str) -> Array:
    """Return numbers as floats, whatever they are."""
    try:
        return np.asarray(values, float)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} is not a number ({error}); give numbers.") from error


def numbers(values: ArrayLike, name: str, *, zero: bool = False) -> Array:
    """Return finite positive numbers as floats; ``zero`` lets zero through."""
    array = floats(values, name)
    if not (np.isfinite(array) & ((array >= 0) if zero else (array > 0))).all():
        least = "zero or more" if zero else "positive"
        raise DataError(f"{name} must be finite and {least}; got {values!r}.")
    return array


def share(values: ArrayLike, name: str) -> Array:
    """Return shares above zero and up to one."""
    array = numbers(values, name)
    if (array > 1).any():
        raise DataError(f"{name} is a share of the peak, at most 1; got {values!r}.")
    return array


def plain(values: Any) -> Any:
    """Return an array of no dimension as a number, others as they are."""
    array = np.asarray(values)
    return array.item() if array.ndim == 0 else array
