"""One way to show a table: few digits, counts as 170M, no index, units in headers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Table", "count", "digits", "table"]

_DIGITS = 3
# Whole numbers below this are shown as they are.
_PLAIN = 10_000
_SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
# Compute is read as a power of ten: 1e21, not 1,000,000,000T.
_MOST = 1e15
_COMPUTE = ("flop", "budget")


def digits(value: float, significant: int = _DIGITS) -> str:
    """Return a number in few significant digits, the way results print."""
    if not math.isfinite(value):
        return str(value)
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        return _power(value, significant)
    # The power of ten after rounding: 9.996 is 10.0, not 10.00.
    magnitude = int(f"{value:.{significant - 1}e}".partition("e")[2])
    return f"{value:.{max(significant - 1 - magnitude, 0)}f}"


def _power(value: float, significant: int) -> str:
    """Return 1.2e21, without zeros that say nothing."""
    number, _, power = f"{value:.{significant - 1}e}".partition("e")
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{number}e{int(power)}"


def count(value: float, significant: int = _DIGITS) -> str:
    """Return 170M, 1.4T or 39.8k."""
    rounded = float(f"{value:.{significant - 1}e}")
    if abs(rounded) >= _MOST:
        return _power(value, significant)
    if abs(rounded) < _SUFFIXES[-1][0]:
        return f"{rounded:.{max(significant, 3)}g}"
    size, letter = next(pair for pair in _SUFFIXES if abs(rounded) >= pair[0])
    # Two digits of 170M are 170M, never 1.7e+02M.
    return f"{rounded / size:.{max(significant, 3)}g}{letter}"


def _shown(value: Any, significant: int, compute: bool) -> str:
    """Return one cell as text; nothing for what is missing."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not isinstance(value, int | float | np.integer | np.floating):
        missing = pd.isna(value) if pd.api.types.is_scalar(value) else False
        return "" if missing else str(value)
    number = float(value)
    if math.isnan(number):
        return ""
    if not math.isfinite(number):
        return "∞" if number > 0 else "-∞"
    if number.is_integer() and abs(number) < _PLAIN:
        return str(int(number))
    if abs(number) >= _PLAIN:
        as_power = compute or abs(number) >= _MOST
        return (_power if as_power else count)(number, significant)
    return digits(number, significant)


@dataclass(frozen=True, eq=False)
class Table:
    """A table for readers. Prints as text or HTML.

    Attributes
    ----------
    frame : pandas.DataFrame
        The values; an index that says something is among the columns.
    units : mapping of str to str
        Units of columns, for their headers.
    significant : int
        Significant digits.
    """

    frame: pd.DataFrame
    units: Mapping[str, str]
    significant: int

    def cells(self) -> pd.DataFrame:
        """Return headers and cells as text.

        Columns ``x_low`` and ``x_high``, or ``low`` and ``high``, become one
        column of intervals.
        """
        headers: list[str] = []
        columns: list[list[str]] = []
        for place, name in enumerate(self.frame.columns):
            column = self.frame.iloc[:, place]
            if self._other_end(name, "high", "low") is not None:
                continue
            upper = self._other_end(name, "low", "high")
            cells = self._column(name, column)
            if upper is None:
                headers.append(self._header(name))
                columns.append(cells)
                continue
            ends = zip(cells, self._column(name, self.frame[upper]), strict=True)
            header = f"{str(name)[: -len('low')]} interval".replace("_", " ")
            headers.append(" ".join(header.split()))
            columns.append(
                [f"[{low}, {high}]" if low or high else "" for low, high in ends]
            )
        # Two columns may bear one header; a mapping by header would lose one.
        shown = pd.DataFrame(dict(enumerate(columns)))
        return shown.set_axis(pd.Index(headers, dtype=object), axis=1)

    def _other_end(self, name: Any, end: str, other: str) -> str | None:
        """Return the column of the other end, if a column is one end of an interval."""
        text = str(name)
        if text != end and not text.endswith(f"_{end}"):
            return None
        partner = text.removesuffix(end) + other
        return partner if partner in self.frame.columns else None

    def _column(self, name: Any, column: pd.Series) -> list[str]:
        unit = self.units.get(str(name), "")
        compute = any(word in f"{name} {unit}".lower() for word in _COMPUTE)
        return [_shown(value, self.significant, compute) for value in column]

    def _header(self, name: Any) -> str:
        words = _shown(name, self.significant, False).replace("_", " ")
        unit = self.units.get(str(name), "")
        # params (parameters) would say it twice; k (tokens) and loss (s) would not.
        told = not unit or unit in words.split()
        told = told or (len(words) > 4 and unit.startswith(words[:5]))
        return words if told else f"{words} ({unit})"

    def __repr__(self) -> str:
        cells = self.cells()
        if cells.empty:
            return "  ".join(cells.columns)
        return str(cells.to_string(index=False))

    def _repr_html_(self) -> str:
        cells = self.cells()
        right = [_is_number(self.frame, cells, i) for i in range(cells.shape[1])]
        mark = [' class="number"' if there else "" for there in right]
        head = "".join(
            f'<th scope="col"{m}>{escape(name)}</th>'
            for name, m in zip(cells.columns, mark, strict=True)
        )
        body = "\n".join(
            "<tr>"
            + "".join(
                f"<td{m}>{escape(cell)}</td>" for cell, m in zip(row, mark, strict=True)
            )
            + "</tr>"
            for row in cells.itertuples(index=False)
        )
        return (
            f'<table class="dataframe shown"><thead><tr>{head}</tr></thead>\n'
            f"<tbody>{body}</tbody></table>"
        )


def _is_number(frame: pd.DataFrame, cells: pd.DataFrame, place: int) -> bool:
    """Return whether a column of cells holds numbers, which line up on the right."""
    column = cells.iloc[:, place]
    filled = column[column != ""]
    return bool(len(filled)) and bool(filled.str.fullmatch(r"\[?-?[\d∞].*").all())


def table(
    data: pd.DataFrame | pd.Series,
    *,
    units: Mapping[str, str] | None = None,
    significant: int = _DIGITS,
) -> Table:
    """Return a table for readers.

    Three significant digits, counts as 170M, compute as 1.2e21, no index (one
    with a name or with words becomes columns), nothing where a value is missing,
    units in the headers, and columns ``x_low`` and ``x_high`` as one interval.

    Parameters
    ----------
    data : DataFrame or Series
    units : mapping of str to str, optional
        Units of columns; by default those of ``data.attrs["units"]``, which
        :func:`load` writes.
    significant : int
        Significant digits.

    Returns
    -------
    Table

    Examples
    --------
    >>> import pandas as pd
    >>> import scaling_notes as sn
    >>> runs = pd.DataFrame({"params": [1.7e8, 7e9], "loss": [2.8912, 2.1]})
    >>> sn.table(runs, units={"loss": "nats per token"})
    params loss (nats per token)
      170M                  2.89
        7B                  2.10
    """
    frame = data.to_frame() if isinstance(data, pd.Series) else data
    known = units if units is not None else data.attrs.get("units", {})
    if not (isinstance(frame.index, pd.RangeIndex) and frame.index.name is None):
        names = [n if n is not None else "" for n in frame.index.names]
        flat = frame.copy(deep=False)
        flat.columns = pd.Index([_joined(n) for n in frame.columns], dtype=object)
        levels = [frame.index.get_level_values(i) for i in range(len(names))]
        index = pd.concat([pd.Series(v).astype(object) for v in levels], axis=1)
        index.columns = pd.Index(names, dtype=object)
        frame = pd.concat([index, flat.reset_index(drop=True)], axis=1)
    elif isinstance(frame.columns, pd.MultiIndex):
        frame = frame.set_axis([_joined(n) for n in frame.columns], axis=1)
    return Table(frame, dict(known), significant)


def _joined(name: Any) -> Any:
    """Return the name of a column, the levels of one with several as words."""
    if not isinstance(name, tuple):
        return name
    return ", ".join(_shown(part, _DIGITS, False) for part in name if part != "")
