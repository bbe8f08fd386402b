"""Published numbers, packaged: load a table.

The tables are CSV files beside one Data Package descriptor
(``data/datapackage.json``), read from inside the installed package, so that a
notebook downloaded alone still finds them.
"""

from __future__ import annotations

import difflib
import json
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import pandas as pd

from ..errors import DataError

__all__ = ["descriptor", "file_of", "load", "path_of", "read", "resource_of"]

_DTYPES = {"integer": "Int64", "number": "float64", "string": "str", "date": "str"}


@cache
def descriptor() -> dict[str, Any]:
    """Return the Data Package descriptor as a dictionary."""
    text = (resources.files(__package__) / "data" / "datapackage.json").read_text(
        encoding="utf-8"
    )
    package: dict[str, Any] = json.loads(text)
    return package


def resource_of(name: str) -> dict[str, Any]:
    if not isinstance(name, str):
        raise DataError(
            f"name is {name!r}; give the name of a table. scaling_notes.datasets() "
            "lists them all."
        )
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


def path_of(resource: dict[str, Any]) -> Traversable:
    return resources.files(__package__).joinpath("data", *resource["path"].split("/"))


def file_of(resource: dict[str, Any]) -> Traversable:
    """Return the file of a table, inside the installed package."""
    path = path_of(resource)
    if not path.is_file():
        # Folders with terms of their own may be deleted; nothing else needs them.
        raise DataError(
            f"The table {resource['name']!r} was left out of this installation "
            f"({resource['licenses'][0]['title']}): install the whole package."
        )
    return path


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
        cell may be empty; text and ISO dates are strings. ``attrs["units"]`` maps
        columns to their units: fits and tables read it.

    Raises
    ------
    DataError
        If there is no such table, with the nearest names, or its file was deleted.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> runs = sn.load("besiroglu2024_chinchilla_points")
    >>> len(runs)
    245
    >>> list(runs.columns)
    ['row', 'params', 'tokens', 'flops', 'loss', 'dropped_in_refit']
    """
    return read(resource_of(name))


def read(resource: dict[str, Any], nrows: int | None = None) -> pd.DataFrame:
    """Return the rows of a table, or the first of them, in the types of its columns."""
    fields = resource["schema"]["fields"]
    dtypes: dict[str, Any] = {f["name"]: _dtype(f) for f in fields}
    with file_of(resource).open("r", encoding="utf-8") as file:
        table = pd.read_csv(
            file, dtype=dtypes, keep_default_na=False, na_values=[""], nrows=nrows
        )
    table.attrs["units"] = {f["name"]: f["unit"] for f in fields if f["unit"]}
    return table
