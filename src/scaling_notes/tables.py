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
from importlib import resources
from typing import Any

import pandas as pd

from .errors import DataError

__all__ = ["Description", "datasets", "describe", "load"]

_DTYPES = {
    "integer": "Int64",
    "number": "float64",
    "boolean": "boolean",
    "string": "str",
    "date": "str",
}


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
        f["name"]: _DTYPES[f["type"]] for f in resource["schema"]["fields"]
    }
    path = resources.files(__package__) / "data" / resource["path"]
    with path.open("r", encoding="utf-8", newline="") as file:
        return pd.read_csv(file, dtype=dtypes, keep_default_na=False, na_values=[""])


@dataclass(frozen=True)
class Description:
    """What a reader must know before using a table. It prints as text or HTML."""

    name: str
    title: str
    part: str
    rows: int
    columns: pd.DataFrame
    sources: tuple[str, ...]
    locator: str
    exactness: str
    verified: str
    licence: str
    caveats: str

    def _facts(self) -> list[tuple[str, str]]:
        return [
            ("Rows", str(self.rows)),
            ("Source", "; ".join(self.sources)),
            ("Where", self.locator),
            ("Exactness", self.exactness),
            ("Seen", self.verified),
            ("Licence", self.licence),
            ("Caveats", self.caveats),
        ]

    def __repr__(self) -> str:
        facts = [f"  {k:<10} {v}" for k, v in self._facts() if v]
        columns = [
            f"  {c.column:<22} {c.unit:<18} {c.description}"
            for c in self.columns.itertuples()
        ]
        return "\n".join([f"{self.name}: {self.title}", *facts, "Columns", *columns])

    def _repr_html_(self) -> str:
        facts = "".join(
            f"<tr><th>{k}</th><td>{v}</td></tr>" for k, v in self._facts() if v
        )
        return (
            f"<p><strong>{self.title}</strong> (<code>{self.name}</code>)</p>"
            f"<table>{facts}</table>" + self.columns.to_html(index=False, border=0)
        )


def describe(name: str) -> Description:
    """Describe a packaged table: its columns, source, exactness, licence, caveats.

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
        sources=tuple(s["title"] for s in r["sources"]),
        locator=r["locator"],
        exactness=r["exactness"],
        verified=r["verified"],
        licence="; ".join(x["title"] for x in r["licenses"]),
        caveats=r.get("caveats", ""),
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
