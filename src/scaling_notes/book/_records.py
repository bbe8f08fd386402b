"""Records from the stored outputs of pages, and back into the numbers of prose."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat

from ..corpus._record import COLUMNS, Record, restored
from ..fitting import digits
from ._pages import name

__all__ = ["KEYED", "collect", "fill", "table"]

# A word, "not supported" or a number (perhaps in bold), then an invisible key
# "page.id[.low|.high|.n]", perhaps with a format.
KEYED = re.compile(
    r"(?P<shown>not supported|[^\s<>*_()\[\]|]+)(?P<mark>\**)"
    r"<!--(?P<page>[a-z_]+)\.(?P<id>[\w-]+)"
    r"(?:\.(?P<part>low|high|n))?(?::(?P<format>[^\s>]+))?-->"
)


Found = Mapping[tuple[str, str], Record]


def collect(paths: Iterable[Path], book: Path) -> dict[tuple[str, str], Record]:
    """Return the records in the stored outputs of notebooks, by page and id.

    Raises
    ------
    ValueError
        If a page gives two records the same id.
    """
    found: dict[tuple[str, str], Record] = {}
    for path in paths:
        for cell in nbformat.read(path, as_version=4).cells:
            for record in (r for o in cell.get("outputs", []) for r in restored(o)):
                key = (name(path, book), record.id)
                if key in found:
                    raise ValueError(f"{path}: the record {record.id!r} appears twice.")
                found[key] = record
    return found


def table(found: Found) -> str:
    """Return records as the text of the stored table."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(found[page, key].row(page) for page, key in sorted(found))
    return buffer.getvalue()


def fill(text: str, found: Found) -> str:
    """Return prose with each keyed number as the records have it.

    Raises
    ------
    KeyError
        If a key names a record that no page has.
    """
    by_stem = {(page.rpartition("/")[2], key): r for (page, key), r in found.items()}

    def shown(match: re.Match[str]) -> str:
        key = (match["page"], match["id"])
        if key not in by_stem:
            raise KeyError(f"{'.'.join(key)} is keyed in prose, but no page has it.")
        record = by_stem[key]
        comment = match[0][len(match["shown"]) :]
        if record.verdict:
            return record.verdict + comment
        number = float(record.row("")[match["part"] or "value"])
        shape = match["format"]
        return (format(number, shape) if shape else digits(number, 3)) + comment

    return KEYED.sub(shown, text)
