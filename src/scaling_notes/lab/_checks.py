"""Arguments of the laboratory: accepted, or refused by name."""

from __future__ import annotations

import math
from typing import Any

from ..errors import DataError

__all__ = ["real_number", "whole_number"]


def real_number(name: str, value: Any, low: float, high: float = math.inf) -> float:
    """Return ``value`` as a finite float within [low, high], or refuse it."""
    bounds = f"{low:g} or more" if math.isinf(high) else f"{low:g} to {high:g}"
    refusal = DataError(f"{name} is {value!r}; it must be a number, {bounds}.")
    try:
        number = float(value)
    except (TypeError, ValueError):
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
