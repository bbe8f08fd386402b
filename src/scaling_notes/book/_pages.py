"""The pages of the book that are notebooks: what they declare, their normal form."""

from __future__ import annotations

import graphlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

__all__ = [
    "declared",
    "execute",
    "in_order",
    "name",
    "normalize",
    "pages",
    "reads",
    "write",
]

# What a page declares of itself stands under this name in its metadata: whether it
# is a chapter or a tool, and which pages' records it reads ("*" is all that do not
# read all themselves).
DECLARED = "scaling_notes"
EVERY = "*"


def pages(book: Path) -> list[Path]:
    """Return the notebooks of the book, each after those it reads.

    Raises
    ------
    ValueError
        If pages read each other in a circle, or one reads a page there is not.
    """
    found = sorted(
        p for p in book.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts
    )
    by_name = {name(path, book): path for path in found}
    return [by_name[n] for n in in_order({n: declared(by_name[n]) for n in by_name})]


def name(path: Path, book: Path) -> str:
    """Return the name of a page: its part and stem, such as pretraining/chinchilla."""
    return path.relative_to(book).with_suffix("").as_posix()


def declared(path: Path) -> dict[str, Any]:
    """Return what a notebook declares of itself."""
    metadata = nbformat.read(path, as_version=4).metadata
    return dict(metadata.get(DECLARED, {}))


def reads(page: str, declarations: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """Return the names of the pages whose records a page reads."""
    named = {p: list(d.get("reads", [])) for p, d in declarations.items()}
    if EVERY in named[page]:
        return frozenset(p for p in named if EVERY not in named[p])
    return frozenset(named[page])


def in_order(declarations: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names of pages, each after those it reads, else by the alphabet.

    Parameters
    ----------
    declarations : mapping of str to mapping
        What each page declares, by its name.

    Raises
    ------
    ValueError
        If pages read each other in a circle, or one reads a page there is not.
    """
    graph = {page: reads(page, declarations) for page in declarations}
    for page, read in graph.items():
        if unknown := read - graph.keys():
            raise ValueError(
                f"{page} declares that it reads {', '.join(sorted(unknown))}, which "
                "is no page."
            )
    sorter = graphlib.TopologicalSorter(graph)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        circle = " reads ".join(reversed(error.args[1]))
        raise ValueError(f"Pages read each other in a circle: {circle}.") from None
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return order


def normalize(notebook: Any) -> Any:
    """Return the notebook in its one normal form: no timing, no chance, fixed ids."""
    cells = []
    count = 0
    for number, cell in enumerate(notebook.cells, start=1):
        tags = cell.metadata.get("tags")
        kept: dict[str, Any] = {
            "cell_type": cell.cell_type,
            "id": f"cell-{number:02d}",
            "metadata": {"tags": tags} if tags else {},
            "source": cell.source.rstrip(),
        }
        if cell.cell_type == "code":
            count += 1
            kept["execution_count"] = count if cell.execution_count else None
            kept["outputs"] = [_plain_output(o, count) for o in cell.outputs]
        cells.append(nbformat.from_dict(kept))
    metadata: dict[str, Any] = {
        "kernelspec": {
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    if DECLARED in notebook.metadata:
        metadata[DECLARED] = notebook.metadata[DECLARED]
    return nbformat.from_dict(
        {
            "cells": cells,
            "metadata": metadata,
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def _plain_output(output: Any, count: int) -> dict[str, Any]:
    plain = dict(output)
    if "metadata" in plain:
        plain["metadata"] = {}
    if plain["output_type"] == "execute_result":
        plain["execution_count"] = count
    return plain


def execute(path: Path) -> float:
    """Execute a notebook in place and return the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    began = time.perf_counter()
    client = NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute()
    seconds = time.perf_counter() - began
    write(path, notebook)
    return seconds


def write(path: Path, notebook: Any) -> None:
    """Write a notebook in its normal form, if that differs from what is there."""
    text = nbformat.writes(normalize(notebook), version=4) + "\n"
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")
