"""Arguments of the laboratory: accepted, or refused by name."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

__all__ = ["entries", "float_array", "real_number", "require_kind", "whole_number"]


def require_kind(name: str, value: Any, kind: type) -> None:
    """Refuse what is no object of the laboratory of that kind."""
    if not isinstance(value, kind):
        raise DataError(
            f"{name} is a {type(value).__name__}; it must be a {kind.__name__}, as "
            f"sn.lab.{kind.__name__.lower()} makes."
        )


def entries(name: str, values: Iterable[Any]) -> list[Any]:
    """Return what is given as a list, or refuse what has no entries."""
    try:
        if isinstance(values, str):
            raise TypeError
        return list(values)
    except TypeError:
        raise DataError(f"{name} is {values!r}; give a list of numbers.") from None


def float_array(name: str, values: Any) -> NDArray[np.float64]:
    """Return numbers as an array of floats, or refuse what is none."""
    try:
        array = np.asarray(values)
        if array.dtype.kind == "c":
            raise TypeError("they are complex")
        return array.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} must be an array of numbers: {error}.") from None


def real_number(name: str, value: Any, low: float, high: float = math.inf) -> float:
    """Return ``value`` as a finite float within [low, high], or refuse it."""
    bounds = f"{low:g} or more" if math.isinf(high) else f"{low:g} to {high:g}"
    refusal = DataError(f"{name} is {value!r}; it must be a number, {bounds}.")
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise refusal from None
    if not (low <= number <= high and math.isfinite(number)):
        raise refusal
    return number


def whole_number(name: str, value: Any, low: int, high: float = math.inf) -> int:
    """Return ``value`` as an int within [low, high], or refuse it."""
    number = real_number(name, value, low, high)
    if not number.is_integer():
        raise DataError(f"{name} is {value!r}; it must be a whole number.")
    return int(number)
