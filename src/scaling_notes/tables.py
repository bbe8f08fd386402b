"""Published numbers, packaged: load a table, describe it, list them all.

The tables are CSV files beside one Data Package descriptor
(``data/datapackage.json``), read from inside the installed package, so that a
notebook downloaded alone still finds them.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import Any

import pandas as pd

from .errors import DataError

__all__ = ["Description", "datasets", "describe", "load"]

_DTYPES = {"integer": "Int64", "number": "float64", "string": "str", "date": "str"}


@cache
def descriptor() -> dict[str, Any]:
    """Return the Data Package descriptor as a dictionary."""
    text = (resources.files(__package__) / "data" / "datapackage.json").read_text(
        encoding="utf-8"
    )
    package: dict[str, Any] = json.loads(text)
    return package


def _resource(name: str) -> dict[str, Any]:
    known = {r["name"]: r for r in descriptor()["resources"]}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else "."
        raise DataError(
            f"There is no table {name!r}{hint} scaling_notes.datasets() lists them all."
        )
    resource: dict[str, Any] = known[name]
    return resource


def _dtype(field: dict[str, Any]) -> str:
    complete = field.get("constraints", {}).get("required", False)
    if field["type"] == "integer" and complete:
        return "int64"
    return _DTYPES[field["type"]]


def load(name: str) -> pd.DataFrame:
    """Load a packaged table in base units.

    Parameters
    ----------
    name : str
        Name of the table, as listed by :func:`datasets`.

    Returns
    -------
    pandas.DataFrame
        A fresh copy. ``params``, ``tokens`` and ``flops`` are plain counts,
        ``loss`` is in nats per token unless :func:`describe` says otherwise.
        Numbers are ``float64``; integers are ``int64``, or ``Int64`` where a
        cell may be empty; text and ISO dates are strings.

    Raises
    ------
    DataError
        If there is no such table. The message suggests the nearest names.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> runs = sn.load("besiroglu2024_chinchilla_points")
    >>> len(runs)
    245
    >>> list(runs.columns)
    ['row', 'params', 'tokens', 'flops', 'loss', 'dropped_in_refit']
    """
    resource = _resource(name)
    dtypes: dict[str, Any] = {
        f["name"]: _dtype(f) for f in resource["schema"]["fields"]
    }
    path = resources.files(__package__).joinpath("data", *resource["path"].split("/"))
    with path.open("r", encoding="utf-8") as file:
        return pd.read_csv(file, dtype=dtypes, keep_default_na=False, na_values=[""])


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
        ``column``, ``type``, ``unit`` and ``description``.
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
            f"  {column:<{wide}}  {unit:<{units}}  {text}"
            for column, unit, text in zip(
                self.columns["column"],
                self.columns["unit"],
                self.columns["description"],
                strict=True,
            )
        ]
        return "\n".join([f"{self.name}: {self.title}", *facts, "Columns", *columns])

    def _repr_html_(self) -> str:
        facts = "".join(
            f"<tr><th>{k}</th><td>{escape(v)}</td></tr>" for k, v in self._facts() if v
        )
        return (
            f"<p><strong>{escape(self.title)}</strong> (<code>{self.name}</code>)</p>"
            f"<table>{facts}</table>"
            + self.columns.to_html(index=False, border=0, classes="words")
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
    r = _resource(name)
    fields = r["schema"]["fields"]
    columns = pd.DataFrame(
        {
            "column": [f["name"] for f in fields],
            "type": [f["type"] for f in fields],
            "unit": [f.get("unit", "") for f in fields],
            "description": [f["description"] for f in fields],
        }
    )
    return Description(
        name=r["name"],
        title=r["title"],
        part=r["part"],
        rows=r["rows"],
        columns=columns,
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


def datasets() -> pd.DataFrame:
    """List the packaged tables.

    Returns
    -------
    pandas.DataFrame
        One row a table: ``part``, ``name``, ``rows``, ``title``, ``sources``.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> "besiroglu2024_chinchilla_points" in set(sn.datasets()["name"])
    True
    """
    return pd.DataFrame(
        {
            "part": r["part"],
            "name": r["name"],
            "rows": r["rows"],
            "title": r["title"],
            "sources": "; ".join(s["title"] for s in r["sources"]),
        }
        for r in descriptor()["resources"]
    )
