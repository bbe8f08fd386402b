"""Fold the code of cells that draw, tabulate or hand on: the page is for its readers.

A click on the line above the output opens the code. The stored notebooks stay as
they are: in JupyterLab every cell is open.
"""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

from ...charts._theme import MIME as CHART
from ...corpus._record import MIME as RECORDS

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["fold", "folded_as"]

# What myst_nb folds, and with which words on the line that opens it.
TAG = "hide-input"
WORDS = {
    "chart": "Code of the chart",
    "results": "Code of the results",
    "table": "Code of the table",
    "import": "Imports",
    "step": "Code of this step",
    "both": "Code and output",
}
# Calls whose output is a table for readers.
TABLES = ("sn.table", "sn.claim", "sn.claims", "sn.refits")


def fold(app: Sphinx, docname: str, source: list[str]) -> None:
    """Mark the cells of a notebook that the site folds, as it is read.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    docname : str
        Name of the page.
    source : list of str
        Its text, changed in place.
    """
    if not app.env.doc2path(docname).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    notebook["cells"] = joined(notebook["cells"])
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        kind = folded_as(cell)
        tags = cell["metadata"].get("tags", [])
        if "hide-cell" in tags and cell["outputs"] and kind != "results":
            kind = "both"
        elif not kind and is_step(cell):
            kind = "step"
        if kind:
            if not any(tag.startswith("hide-") for tag in tags):
                cell["metadata"]["tags"] = [*tags, TAG]
            shown = {f"code_prompt_{do}": WORDS[kind] for do in ("show", "hide")}
            cell["metadata"].setdefault("mystnb", {}).update(shown)
    source[0] = json.dumps(notebook)


def is_step(cell: dict[str, Any]) -> bool:
    """Return whether an author folds a cell that has nothing to show."""
    if cell["cell_type"] != "code":
        return False
    tags = cell["metadata"].get("tags", [])
    return TAG in tags or ("hide-cell" in tags and not cell["outputs"])


def is_folded(cell: dict[str, Any]) -> bool:
    """Return whether the site folds a cell, for its tags or for its output."""
    if cell["cell_type"] != "code":
        return False
    tags = cell["metadata"].get("tags", [])
    return any(tag.startswith("hide-") for tag in tags) or bool(folded_as(cell))


def joined(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the cells with each folded step put into the folded cell below it.

    Several closed lines in a row say no more than one.
    """
    found: list[dict[str, Any]] = []
    for cell in cells:
        joins = found and is_step(found[-1]) and not found[-1]["outputs"]
        if joins and is_folded(cell):
            texts = ("".join(c["source"]).rstrip() for c in (found.pop(), cell))
            cell = cell | {"source": "\n\n".join(texts)}
        found.append(cell)
    return found


def folded_as(cell: dict[str, Any]) -> str:
    """Return what the site folds a cell as, empty if it stays open."""
    types = {t for output in cell["outputs"] for t in output.get("data", {})}
    if CHART in types:
        return "chart"
    try:
        code = ast.parse("".join(cell["source"])).body
    except SyntaxError:
        # A magic of IPython.
        return ""
    if not code:
        return ""
    last = code[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        called = ast.unparse(last.value.func)
        if called in TABLES:
            return "table"
        if called == "sn.results" and RECORDS in types:
            return "results"
    if all(isinstance(line, ast.Import | ast.ImportFrom) for line in code):
        return "import"
    return ""
