"""What an interval is, and how resamples are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from ..errors import DataError
from ..laws import Law
from ..laws._law import Array
from ._table import digits

__all__ = [
    "Interval",
    "Quantity",
    "bias_corrected",
    "evaluate",
    "few_beyond",
    "percentile",
    "require_everywhere",
    "require_units",
    "unreached",
    "unverified",
]

Quantity = str | Callable[[Law], ArrayLike]

MIN_UNITS = 6
MIN_VERIFIED = 15
# In simulations of a quantile intervals cover with so many units on either side.
MIN_BEYOND = 8


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval. Prints as ``0.347 [0.318, 0.378]``.

    Attributes
    ----------
    value : float
        The estimate from all data.
    low, high : float
        Ends of the interval.
    confidence_level : float
    n : int
        Number of independent units behind it.
    how : str
        How it was obtained.
    unit : str
        Unit of the estimate; empty for a number without one, and where it is
        not known.
    """

    value: float
    low: float
    high: float
    confidence_level: float
    n: int
    how: str
    unit: str = ""

    def __contains__(self, number: float) -> bool:
        return self.low <= number <= self.high

    def __repr__(self) -> str:
        ends = f"[{digits(self.low)}, {digits(self.high)}]"
        return f"{digits(self.value)} {ends}"


def require_level(confidence_level: float) -> None:
    """Refuse a confidence level that is not between 0 and 1."""
    try:
        inside = 0 < confidence_level < 1
    except (TypeError, ValueError):
        inside = False
    if not inside:
        raise DataError(
            f"confidence_level is {confidence_level!r}; give a number between 0 and 1."
        )


def require_units(n_units: int) -> None:
    """Refuse an interval from fewer than six independent units."""
    if n_units < MIN_UNITS:
        raise DataError(
            f"{n_units} independent units are too few for an interval "
            f"({MIN_UNITS} at least): show the points and their number instead."
        )


def require_everywhere(samples: Array) -> None:
    """Refuse an interval of a quantity that some refits do not have."""
    lost = int(np.isnan(samples).sum())
    if lost:
        raise DataError(
            f"The quantity has no value in {lost} of {len(samples)} refits, so it has "
            "no interval: an exponent may not be positive there. Add runs, fix a "
            "constant, or ask for what every refit has."
        )


def unreached(samples: Array) -> str:
    """Return what to add to how an interval was obtained, for infinite refits."""
    lost = int(np.isinf(samples).sum())
    return f", infinite in {lost} of them" if lost else ""


def unverified(n_units: int, units: str = "units") -> str:
    """Return what to add to how an interval was obtained, for few units."""
    few = n_units < MIN_VERIFIED
    return f", unverified below {MIN_VERIFIED} {units}" if few else ""


def few_beyond(quantile: float, n_units: int) -> str:
    """Return a doubt where few points decide a quantile far out."""
    share = min(quantile, 1 - quantile)
    few = quantile != 0.5 and share * n_units < MIN_BEYOND
    return f"unverified below {MIN_BEYOND} units beyond the quantile" if few else ""


def percentile(values: Array, confidence_level: float) -> tuple[Array, Array]:
    """Return the percentile interval along the first axis.

    An end is infinite where more of the values are than may lie beyond it.
    """
    require_level(confidence_level)
    tail = (1 - confidence_level) / 2
    low, high = _quantiles(values, (tail, 1 - tail))
    return low, high


def _quantiles(values: Array, levels: Sequence[float] | Array) -> tuple[Array, Array]:
    """Return two quantiles along the first axis; infinite values sort as others do."""
    if not np.isinf(values).any():
        low, high = np.quantile(values, levels, axis=0)
        return low, high
    # Between a number and infinity there is no number: ends are values, outwards.
    low = np.quantile(values, levels[0], axis=0, method="lower")
    return low, np.quantile(values, levels[1], axis=0, method="higher")


def bias_corrected(
    values: Array, estimate: float, confidence_level: float
) -> tuple[float, float]:
    """Return the bias-corrected percentile interval of one quantity.

    The levels of the percentiles shift by twice the normal quantile of the share
    of resamples below the estimate: none if the estimate is their median.

    References
    ----------
    Efron 1987, doi:10.1080/01621459.1987.10478410, Sec. 2.
    """
    require_level(confidence_level)
    size = len(values)
    below = np.count_nonzero(values < estimate) + np.count_nonzero(values <= estimate)
    # Half a resample away from all or none keeps the shift finite.
    shift = ndtri(np.clip(below / 2, 0.5, size - 0.5) / size)
    tail = (1 - confidence_level) / 2
    levels = ndtr(2 * shift + ndtri([tail, 1 - tail]))
    low, high = _quantiles(values, levels)
    return float(low), float(high)


def evaluate(quantity: Quantity, law: Law) -> ArrayLike:
    """Return a named or computed quantity of a law."""
    if callable(quantity):
        return quantity(law)
    known = (*law.constants(), *law.derived)
    if quantity not in known:
        raise DataError(f"{quantity!r} is not one of {', '.join(known)}.")
    value: ArrayLike = getattr(law, quantity)
    return value
