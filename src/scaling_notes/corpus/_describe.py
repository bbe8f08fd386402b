"""What a reader must know of each packaged table, and a list of them all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from ..errors import DataError
from ..fitting import table as shown
from ._tables import descriptor, path_of, read, resource_of

__all__ = ["Datasets", "Description", "datasets", "describe"]

# In the order of the book.
_PARTS = ("pretraining", "posttraining", "testtime", "lifecycle", "reference")
# Rows that a description shows.
_PREVIEW = 3


@dataclass(frozen=True)
class Description:
    """What a reader must know before using a table. It prints as text or HTML.

    Attributes
    ----------
    name, title : str
    part : str
        Part of the book.
    rows : int
    columns : pandas.DataFrame
        ``column``, ``type``, ``unit``, ``allowed`` (range or words) and
        ``description``.
    preview : pandas.DataFrame
        The first rows as text, numbers in three digits.
    sources : tuple of str
        Works the numbers come from, with their addresses.
    locator : str
        Table, figure or file of the source.
    exactness : str
        Printed, authors' data, digitized (and by whom), secondary or derived.
    verified : str
        How the numbers were seen: read in the source, secondary, derived, or
        per row.
    license : str
        What is known of the terms.
    reproduces : str
        Figure or table that can be made again from this table.
    caveats : str
    """

    name: str
    title: str
    part: str
    rows: int
    columns: pd.DataFrame
    preview: pd.DataFrame
    sources: tuple[str, ...]
    locator: str
    exactness: str
    verified: str
    license: str
    reproduces: str
    caveats: str

    def _facts(self) -> list[tuple[str, str]]:
        return [
            ("Rows", str(self.rows)),
            ("Source", "; ".join(self.sources)),
            ("Where", self.locator),
            ("Exactness", self.exactness),
            ("Seen", self.verified),
            ("License", self.license),
            ("Reproduces", self.reproduces),
            ("Caveats", self.caveats),
        ]

    def __repr__(self) -> str:
        facts = [f"  {k:<10} {v}" for k, v in self._facts() if v]
        wide = self.columns["column"].str.len().max()
        units = self.columns["unit"].str.len().max()
        columns = [
            f"  {row.column:<{wide}}  {row.unit:<{units}}  {row.description}"
            for row in self.columns.itertuples()
        ]
        return "\n".join([f"{self.name}: {self.title}", *facts, "Columns", *columns])

    def _repr_html_(self) -> str:
        return (
            f"<p><strong>{escape(self.title)}</strong> (<code>{self.name}</code>)</p>"
            f"{self._terms()}<details><summary>Columns and first rows</summary>"
            f"{self._content()}</details>"
        )

    def _terms(self) -> str:
        shown = {k: escape(v) for k, v in self._facts() if v}
        shown["Source"] = "; ".join(map(_linked, self.sources))
        facts = "".join(
            f'<tr><th scope="row">{k}</th><td>{v}</td></tr>' for k, v in shown.items()
        )
        # The site puts the download of the file into this element.
        file = f'<p class="table-file" data-table="{self.name}"></p>'
        return f'<table class="facts"><tbody>{facts}</tbody></table>{file}'

    def _content(self) -> str:
        return _scrolling(
            self.columns, f"Columns of {self.name}", "words"
        ) + _scrolling(self.preview, f"First rows of {self.name}", "preview")


def _linked(source: str) -> str:
    """Return a source as HTML: its title, linked to the address in brackets."""
    match = re.fullmatch(r"(.*) \((https://.*)\)", source)
    if match is None:
        return escape(source)
    return f'<a href="{escape(match[2])}">{escape(match[1])}</a>'


def _scrolling(frame: pd.DataFrame, label: str, style: str) -> str:
    """Return a table in a box of its own, which scrolls where the page is narrow."""
    head = "".join(f'<th scope="col">{escape(str(c))}</th>' for c in frame.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(v))}</td>" for v in row) + "</tr>"
        for row in frame.itertuples(index=False)
    )
    return (
        f'<div class="table-scroll" tabindex="0" role="group" aria-label="{label}">'
        f'<table class="{style}"><caption>{label}</caption><thead><tr>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
    )


def describe(name: str) -> Description:
    """Describe a packaged table: its columns, source, exactness, license, caveats.

    Parameters
    ----------
    name : str
        Name of the table, as listed by :func:`datasets`.

    Returns
    -------
    Description
        Frozen; prints as text and as HTML.

    Raises
    ------
    DataError
        If there is no such table.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.describe("besiroglu2024_chinchilla_points").rows
    245
    """
    r = resource_of(name)
    fields = r["schema"]["fields"]
    columns = pd.DataFrame(
        {
            "column": [f["name"] for f in fields],
            "type": [f["type"] for f in fields],
            "unit": [f.get("unit", "") for f in fields],
            "allowed": [_allowed(f.get("constraints", {})) for f in fields],
            "description": [f["description"] for f in fields],
        }
    )
    return Description(
        name=r["name"],
        title=r["title"],
        part=r["part"],
        rows=r["rows"],
        columns=columns,
        preview=_first_rows(r),
        sources=tuple(
            f"{s['title']} ({s['path']})" if "path" in s else s["title"]
            for s in r["sources"]
        ),
        locator=r["locator"],
        exactness=r["exactness"],
        verified=r["verified"],
        license="; ".join(x["title"] for x in r["licenses"]),
        reproduces=r["reproduces"],
        caveats=r["caveats"],
    )


def _allowed(constraints: dict[str, Any]) -> str:
    """Return in words what a cell of a column may hold."""
    if "enum" in constraints:
        return ", ".join(map(str, constraints["enum"]))
    ends = (constraints.get("minimum"), constraints.get("maximum"))
    low, high = (f"{x:g}" if isinstance(x, int | float) else x for x in ends)
    if low is None:
        return "" if high is None else f"at most {high}"
    return f"at least {low}" if high is None else f"{low} to {high}"


def _first_rows(resource: dict[str, Any]) -> pd.DataFrame:
    rows = read(resource, _PREVIEW)
    units = [rows.attrs["units"].get(name, "") for name in rows.columns]
    # By number: a preview keeps the two ends of an interval in their columns.
    cells = shown(
        rows.set_axis(range(len(units)), axis=1),
        units={str(i): unit for i, unit in enumerate(units)},
    ).cells()
    return cells.set_axis(rows.columns, axis=1)


@dataclass(frozen=True, eq=False)
class Datasets:
    """The packaged tables. Prints as a list by part; as HTML each one unfolds.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a table: ``part``, ``name``, ``rows``, ``title``, ``sources``.
    """

    table: pd.DataFrame

    def _heads(self) -> list[tuple[str, pd.DataFrame]]:
        return [
            (f"{part}: {len(rows)} tables, {rows['rows'].sum():,} rows", rows)
            for part in _PARTS
            if not (rows := self.table[self.table["part"] == part]).empty
        ]

    def __repr__(self) -> str:
        wide = self.table["name"].str.len().max()
        lines = []
        for head, rows in self._heads():
            lines.append(head)
            for row in rows.to_dict("records"):
                name, count = row["name"], row["rows"]
                lines.append(f"  {name:<{wide}}  {count:>5}  {row['title']}")
                lines.append(f"  {'':<{wide}}         {_short(row['sources'])}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = []
        for head, rows in self._heads():
            parts.append(f"<p>{escape(head)}</p>")
            for row in rows.to_dict("records"):
                name, count = row["name"], row["rows"]
                table = describe(name)
                parts.append(
                    f'<details class="dataset" id="{name}"><summary>'
                    f"{escape(row['title'])} <span>{name}, {count:,} rows; "
                    f"{escape(_short(row['sources']))}</span></summary>"
                    f"{table._terms()}{table._content()}</details>"
                )
        return (
            '<div class="filterable" data-filter="Filter by table, paper or column">'
            + "\n".join(parts)
            + "</div>"
        )


def _short(sources: str) -> str:
    """Return sources as author and year, the first few of them."""
    names = [source.partition(", ")[0] for source in sources.split("; ")]
    more = f" and {len(names) - 3} more" if len(names) > 4 else ""
    return ", ".join(names[:3] if more else names) + more


def datasets(part: str | None = None) -> Datasets:
    """List the packaged tables; one whose file was deleted is left out.

    Parameters
    ----------
    part : str, optional
        ``"pretraining"``, ``"posttraining"``, ``"testtime"``, ``"lifecycle"`` or
        ``"reference"``; by default all.

    Returns
    -------
    Datasets
        Frozen; prints as text and as HTML.

    Raises
    ------
    DataError
        If there is no such part.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> "besiroglu2024_chinchilla_points" in set(sn.datasets().table["name"])
    True
    """
    table = pd.DataFrame(
        {
            "part": r["part"],
            "name": r["name"],
            "rows": r["rows"],
            "title": r["title"],
            "sources": "; ".join(s["title"] for s in r["sources"]),
        }
        for r in descriptor()["resources"]
        if path_of(r).is_file()
    )
    if part is not None:
        if part not in _PARTS:
            raise DataError(f"There is no part {part!r}; name {', '.join(_PARTS)}.")
        table = table[table["part"] == part].reset_index(drop=True)
    return Datasets(table)
