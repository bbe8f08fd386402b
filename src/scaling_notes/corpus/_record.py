"""One record of what a page of the book found: a result, a comparison, a verdict."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..fitting import Interval

__all__ = ["COLUMNS", "MIME", "Kind", "Record", "restored", "stored"]

MIME = "application/vnd.scaling-notes.records+json"
Kind = Literal["result", "comparison", "verdict", "forecast"]


@dataclass(frozen=True)
class Record:
    """A fact that a page hands on, in the one form in which it is stored.

    Attributes
    ----------
    kind : {"result", "comparison", "verdict", "forecast"}
    id : str
        Its name within the page.
    value : float or None
        The number; None for a verdict.
    verdict : str or None
        The word of a verdict.
    low, high, confidence_level : float or None
        The interval; None where there is none.
    n : int or None
        Independent units behind the interval.
    unit : str or None
    how : str
        How it was obtained.
    """

    kind: Kind
    id: str
    value: float | None = None
    verdict: str | None = None
    low: float | None = None
    high: float | None = None
    confidence_level: float | None = None
    n: int | None = None
    unit: str | None = None
    how: str = "computed"

    @classmethod
    def of_interval(cls, kind: Kind, name: str, interval: Interval) -> Record:
        """Return the record of an estimate with its interval."""
        return cls(
            kind,
            name,
            value=interval.value,
            low=interval.low,
            high=interval.high,
            confidence_level=interval.confidence_level,
            n=interval.n,
            unit=interval.unit or None,
            how=interval.how,
        )

    def row(self, page: str) -> dict[str, str]:
        """Return the record as a row of the stored table."""
        values = {"page": page, **dataclasses.asdict(self)}
        # Six digits: what is printed from here is the same on every processor.
        return {
            name: ""
            if value is None
            else f"{value:.6g}"
            if isinstance(value, float)
            else str(value)
            for name, value in values.items()
        }


COLUMNS = ["page", *(field.name for field in dataclasses.fields(Record))]


def stored(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Return records as a notebook stores them, each number to eight digits.

    More digits would hold only rounding, and change with every run.
    """
    return [
        {
            name: float(f"{value:.8g}") if isinstance(value, float) else value
            for name, value in dataclasses.asdict(record).items()
        }
        for record in records
    ]


def restored(output: Mapping[str, Any]) -> list[Record]:
    """Return the records in one output of a notebook, none if it has none."""
    rows = output.get("data", {}).get(MIME, [])
    return [Record(**row) for row in rows]
