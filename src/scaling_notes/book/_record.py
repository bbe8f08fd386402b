"""The results of a chapter: the table that closes it and travels to the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..errors import DataError
from ..fitting import Interval, digits, to_records

__all__ = ["MIME", "Results", "results", "verdict"]

MIME = "application/vnd.scaling-notes.results+json"
_COLUMNS = ["id", "value", "low", "high", "confidence_level", "n", "how"]


@dataclass(frozen=True, eq=False)
class Results:
    """A chapter's results. Shows as a small table and carries the numbers along.

    Attributes
    ----------
    table : pandas.DataFrame
        ``id``, ``value``, ``low``, ``high``, ``confidence_level``, ``n``, ``how``.
    """

    table: pd.DataFrame

    def _shown(self) -> pd.DataFrame:
        t = self.table
        known = t["low"].notna()
        ends = [
            f"[{digits(a)}, {digits(b)}]" if k else ""
            for a, b, k in zip(t["low"], t["high"], known, strict=True)
        ]
        return pd.DataFrame(
            {
                "id": t["id"],
                "value": t["value"].map(
                    lambda v: v if isinstance(v, str) else digits(v)
                ),
                "interval": ends,
                "level": t["confidence_level"].map("{:.0%}".format).where(known, ""),
                "n": t["n"].map(lambda n: "" if pd.isna(n) else str(int(n))),
                "how": t["how"],
            }
        )

    def __repr__(self) -> str:
        return str(self._shown().to_string(index=False))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {
            "text/plain": repr(self),
            "text/html": self._shown().to_html(index=False, border=0),
            MIME: to_records(self.table),
        }


def results(values: Mapping[str, Interval | float | str]) -> Results:
    """Close a chapter: collect its results under ids that prose and pages can use.

    Parameters
    ----------
    values : mapping of str to Interval, float or str
        Estimates with their interval; plain numbers that have none; the word
        of a verdict.

    Returns
    -------
    Results

    Raises
    ------
    DataError
        If a value is none of these.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> float(sn.results({"runs": 240}).table.loc[0, "value"])
    240.0
    """
    rows = []
    for name, value in values.items():
        if isinstance(value, Interval):
            ends = (value.low, value.high, value.confidence_level)
            rows.append([name, value.value, *ends, value.n, value.how])
        elif isinstance(value, str):
            rows.append([name, value, None, None, None, None, "verdict"])
        else:
            try:
                number = float(value)
            except (TypeError, ValueError):
                raise DataError(
                    f"Result {name!r} is a {type(value).__name__}; give an interval, a "
                    "number or a word."
                ) from None
            rows.append([name, number, None, None, None, None, "computed"])
    table = pd.DataFrame(rows, columns=_COLUMNS)
    numeric = ["low", "high", "confidence_level", "n"]
    return Results(table.astype(dict.fromkeys(numeric, float)))


def verdict(*, supported: bool, not_supported: bool) -> str:
    """Return the word for a claim from the two rules fixed before the numbers.

    Parameters
    ----------
    supported, not_supported : bool
        Whether the claim's ``supported_if`` and ``not_supported_if`` hold
        (``sn.load("claims")`` states them).

    Returns
    -------
    str
        ``"supported"``, ``"not supported"`` or, where neither holds,
        ``"undecided"``.

    Raises
    ------
    DataError
        If both hold: then the rules contradict each other.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.verdict(supported=False, not_supported=False)
    'undecided'
    """
    if supported and not_supported:
        raise DataError("Both rules hold: the claim's rules contradict each other.")
    if supported:
        return "supported"
    return "not supported" if not_supported else "undecided"
