"""Read columns as numbers, or say in which rows and why they are none."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..laws._law import Array, Domain, within

__all__ = ["require_numbers", "rows"]

# As model cards and tables write counts: 12M, 1.5 B, 1,024, 1_000.
_COUNT = re.compile(
    r"\s*([+-]?(?:\d+|\d{1,3}(?:[,_]\d{3})+)?(?:\.\d*)?(?:[eE][+-]?\d+)?)"
    r"\s*([kKmMbBtT]?)\s*"
)
_SUFFIX = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}


def require_numbers(
    data: pd.DataFrame, name: str, column: str, domain: Domain | None
) -> None:
    """Make a column one of floats; refuse what is not finite and in the domain.

    Text such as ``"12M"``, ``"1.5B"`` and ``"1,024"`` is read as the count it is.

    Parameters
    ----------
    data : DataFrame
        Changed in place.
    name, column : str
        What the column is called here, and by those who gave it.
    domain : Domain or None
        Where it may lie; None for any finite number.

    Raises
    ------
    DataError
        If a value is no number or not in the domain; the rows are named.
    """
    values = data[name]
    if pd.api.types.is_bool_dtype(values) or values.dtype.kind in "cmM":
        raise DataError(
            f"Column {column!r} holds {values.dtype}, not real numbers: convert it."
        )
    numbers = _floats(values)
    good = within(numbers, domain) if domain else np.isfinite(numbers)
    if not good.all():
        words = f"finite and {domain}" if domain else "finite"
        raise DataError(
            f"Column {column!r} must be {words}; it is "
            f"not in {rows(pd.Series(~good, index=data.index))}. Drop or mend those "
            f"rows.{_why(values, numbers, domain)}"
        )
    if values.dtype != np.float64:
        data[name] = numbers


def rows(bad: pd.Series) -> str:
    """Return the labels of the rows that are bad, a few of many."""
    labels = [str(i) for i in bad.index[bad.to_numpy(bool)]]
    more = f" and {len(labels) - 5} more" if len(labels) > 5 else ""
    return f"row{'s' if len(labels) > 1 else ''} {', '.join(labels[:5])}{more}"


def _floats(values: pd.Series) -> Array:
    """Return a column as floats, nan where there is no number."""
    if values.dtype == np.float64:
        return values.to_numpy()
    read = pd.to_numeric(values, errors="coerce").astype("Float64")
    numbers = read.astype(object).where(read.notna(), np.nan).to_numpy(float)
    if values.dtype.kind not in "iuf":
        for i in np.flatnonzero(np.isnan(numbers)):
            numbers[i] = _count(values.iloc[i])
    return numbers


def _count(value: Any) -> float:
    found = _COUNT.fullmatch(value) if isinstance(value, str) else None
    if found is None or not any(c.isdigit() for c in found[1]):
        return np.nan
    digits = found[1].replace(",", "").replace("_", "")
    # Not a product: 1.1 times 1e9 is not the float nearest to 1.1e9.
    if "e" in digits.lower():
        return float(digits) * _SUFFIX[found[2].lower()]
    power = round(np.log10(_SUFFIX[found[2].lower()]))
    return float(f"{digits}e{power}")


def _why(values: pd.Series, numbers: Array, domain: Domain | None) -> str:
    """Return what is likely to be behind values that are refused."""
    if values.dtype.kind == "i" and domain == "positive" and (numbers < 0).any():
        return (
            " Negative whole numbers are often products that ran over: multiply as "
            "floats, 6.0 * params * tokens."
        )
    if values.dtype.kind in "iuf":
        return ""
    texts = [v for v in values[np.isnan(numbers)] if isinstance(v, str) and v.strip()]
    if not texts:
        return ""
    return (
        f" {texts[0]!r} is text, not a number: write 12000000, 1.2e7 or 12M, and no "
        "unit (1 GFLOP is 1e9 FLOP, one PFLOP/s-day 8.64e19 FLOP)."
    )
