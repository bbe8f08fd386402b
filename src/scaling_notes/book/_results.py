"""The results of a page: the table that closes it and travels to the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..corpus._record import MIME, Record, stored
from ..errors import DataError
from ..fitting import Forecast, Interval, digits, table
from ._claims import WORDS

__all__ = ["Results", "results"]

# What became of an expectation that is no claim of the ledger.
_OUTCOMES = ("held", "partly", "failed")


@dataclass(frozen=True, eq=False)
class Results:
    """What a page found. Shows as a small table and carries the numbers along.

    Attributes
    ----------
    records : tuple of Record
        One for each number, verdict or score.
    """

    records: tuple[Record, ...]

    @property
    def table(self) -> pd.DataFrame:
        """One row a record, with the columns of :class:`Record`."""
        return pd.DataFrame([vars(record) for record in self.records])

    def _shown(self) -> pd.DataFrame:
        return pd.DataFrame([_row(record) for record in self.records])

    def __repr__(self) -> str:
        return repr(table(self._shown()))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {
            "text/plain": repr(self),
            "text/html": table(self._shown())._repr_html_(),
            MIME: stored(self.records),
        }


def _row(record: Record) -> dict[str, str]:
    known = record.low is not None and record.high is not None
    ends = f"[{digits(record.low)}, {digits(record.high)}]" if known else ""  # type: ignore[arg-type]
    level = record.confidence_level
    return {
        "id": record.id,
        "value": record.verdict or digits(record.value or 0.0),
        "interval": ends,
        "level": "" if level is None else f"{level:.0%}",
        "n": "" if record.n is None else str(record.n),
        "how": record.how,
    }


def results(values: Mapping[str, Interval | Forecast | float | str]) -> Results:
    """Close a page: collect its results under ids that prose and pages can use.

    Parameters
    ----------
    values : mapping of str to Interval, Forecast, float or str
        Estimates with their interval; forecasts, whose scores become records of
        their own (``cut-error``, ``cut-held`` and so on for a forecast ``cut``);
        plain numbers that have no interval; the word of a verdict, under
        ``claim-`` and the id of its claim; under ``outcome-`` and a name of the
        page's own, ``held``, ``partly`` or ``failed``.

    Returns
    -------
    Results

    Raises
    ------
    DataError
        If a value is none of these, or a word is no verdict.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.results({"runs": 240}).records[0].value
    240.0
    """
    return Results(tuple(r for name in values for r in _records(name, values[name])))


def _records(name: str, value: Any) -> Iterator[Record]:
    if isinstance(value, Interval):
        yield Record.of_interval("result", name, value)
    elif isinstance(value, Forecast):
        how = f"forecast with {value.confidence_level:.0%} intervals"
        for measure, score in value.summary().items():
            yield Record("forecast", f"{name}-{measure}", float(score), how=how)
    elif isinstance(value, str):
        if value in WORDS and name.startswith("claim-"):
            yield Record("verdict", name, verdict=value, how="rule of the claim")
        elif value in _OUTCOMES and name.startswith("outcome-"):
            yield Record("result", name, verdict=value)
        else:
            raise DataError(
                f"Result {name!r} is the word {value!r}; a word is a verdict of "
                "sn.verdict, and its name 'claim-' with the id of the claim, or one "
                f"of {', '.join(_OUTCOMES)}, and its name begins with 'outcome-'."
            )
    else:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise DataError(
                f"Result {name!r} is a {type(value).__name__}; give an interval, a "
                "forecast, a number or a verdict."
            ) from None
        yield Record("result", name, number)
