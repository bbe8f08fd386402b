"""Execute the chapters, collect their results, fill the numbers in their prose.

Run as ``python -m scaling_notes.book.refresh [chapter ...]`` from the top of the
repository; ``make refresh`` does. Notebooks are written back in one normal
form, so that a refresh that changes nothing changes no byte.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from ..corpus import descriptor
from ..corpus._published import MIME as COMPARISON
from ..fitting import digits
from ._record import MIME

__all__ = [
    "collect",
    "comparisons_of",
    "fill",
    "normalize",
    "notice",
    "pages",
    "rows_of",
]

COLUMNS = [
    "chapter",
    "id",
    "value",
    "verdict",
    "low",
    "high",
    "confidence_level",
    "n",
    "how",
]
REFIT_COLUMNS = [
    "chapter",
    "key",
    "setting",
    "quantity",
    "ours",
    "low",
    "high",
    "agrees",
]
# A page with one of these shows what other pages found, so it is executed last.
LATE = re.compile(r"""sn\.(?:load\(\\?["']results|refits\(|datasets\()""")
# A word or number (perhaps in bold), then an invisible key
# "chapter.id[.low|.high|.n]", perhaps with a format.
KEYED = re.compile(
    r"(?P<shown>[^\s<>*_()\[\]|]+)(?P<mark>\**)<!--(?P<chapter>[a-z_]+)\.(?P<id>[\w-]+)"
    r"(?:\.(?P<part>low|high|n))?(?::(?P<format>[^\s>]+))?-->"
)


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
    return nbformat.from_dict(
        {
            "cells": cells,
            "metadata": {
                "kernelspec": {
                    "display_name": "Python 3",
                    "language": "python",
                    "name": "python3",
                },
                "language_info": {"name": "python"},
            },
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


def pages(book: Path) -> list[Path]:
    """Return the notebooks of the book; those that read all results come last."""
    found = sorted(
        p for p in book.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts
    )
    return sorted(found, key=is_late)


def is_late(path: Path) -> bool:
    """Return whether a page shows what other pages found."""
    return LATE.search(path.read_text("utf-8")) is not None


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


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """Yield the results stored in a notebook as rows of the results table."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for row in output.get("data", {}).get(MIME, []):
                yield _row(path.stem, row)


def comparisons_of(path: Path) -> Iterator[dict[str, str]]:
    """Yield what a notebook set beside printed values, as rows of the refits table."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            found = output.get("data", {}).get(COMPARISON)
            for row in found["rows"] if found else []:
                numbers = {
                    name: "" if row[name] is None else f"{row[name]:.6g}"
                    for name in ("ours", "low", "high")
                }
                yield {
                    "chapter": f"{path.parent.name}/{path.stem}",
                    "key": found["key"],
                    "setting": row["setting"],
                    "quantity": row["quantity"],
                    **numbers,
                    "agrees": str(int(row["agrees"])),
                }


def _row(chapter: str, row: dict[str, Any]) -> dict[str, str]:
    out = {"chapter": chapter, "id": row["id"], "how": row["how"], "verdict": ""}
    for name in ("value", "low", "high", "confidence_level", "n"):
        value = row[name]
        if isinstance(value, str):
            out["verdict"], value = value, None
        # Six digits: what is printed from here is the same on every processor.
        out[name] = "" if value is None else f"{value:.6g}"
    return out


def collect(paths: Iterable[Path]) -> dict[tuple[str, str], dict[str, str]]:
    """Return the results of all notebooks by chapter and id.

    Raises
    ------
    ValueError
        If a chapter gives two results the same id.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    for path in paths:
        for row in rows_of(path):
            key = (row["chapter"], row["id"])
            if key in found:
                raise ValueError(f"{path}: the result {row['id']!r} appears twice.")
            found[key] = row
    return found


def fill(text: str, results: dict[tuple[str, str], dict[str, str]]) -> str:
    """Return prose with each keyed number as the results have it.

    Raises
    ------
    KeyError
        If a key names a result that no chapter has.
    """

    def shown(match: re.Match[str]) -> str:
        key = (match["chapter"], match["id"])
        if key not in results:
            raise KeyError(f"{'.'.join(key)} is keyed in prose, but no chapter has it.")
        row = results[key]
        value = row[match["part"] or "value"] or row["verdict"]
        if not row["verdict"]:
            number = float(value)
            shape = match["format"]
            value = format(number, shape) if shape else digits(number, 3)
        comment = match[0][len(match["shown"]) :]
        return value + comment

    return KEYED.sub(shown, text)


_NOTICE = """\
# Where the tables come from, and on what terms

Made from `datapackage.json` by `make refresh`; not edited by hand.

The tables hold numbers that others measured or printed; only numbers are taken, in
columns of our own. Cite the sources where you use a table. For each license, as far as
it is known: the tables, their sources, and the place in them.
"""


def notice(package: dict[str, Any]) -> str:
    """Return the notice beside the tables: each license, its tables, their sources."""
    by_terms: dict[str, list[dict[str, Any]]] = {}
    for resource in package["resources"]:
        terms = "; ".join(entry["title"] for entry in resource["licenses"])
        by_terms.setdefault(terms[:1].upper() + terms[1:], []).append(resource)
    parts = [_NOTICE]
    for terms in sorted(by_terms):
        parts.append(f"## {terms}\n")
        for resource in sorted(by_terms[terms], key=lambda r: str(r["path"])):
            sources = "; ".join(
                f"{source['title']} <{source['path']}>"
                if "path" in source
                else source["title"]
                for source in resource["sources"]
            )
            parts.append(
                f"- `{resource['path']}`: {sources}. Where: {resource['locator']}."
            )
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def main(names: list[str]) -> None:
    """Refresh the named chapters, or all, then every number that depends on them."""
    top = Path.cwd()
    book = top / "book"
    data = top / "src" / "scaling_notes" / "corpus" / "data"
    everything = pages(book)
    stems = {Path(name).stem for name in names}
    if unknown := stems - {p.stem for p in everything}:
        raise SystemExit(f"No chapter is named {', '.join(sorted(unknown))}.")
    chosen = [p for p in everything if not names or p.stem in stems]
    early = [p for p in chosen if not is_late(p)]
    for path in early:
        print(f"{execute(path):6.1f} s  {path.relative_to(top)}", flush=True)
    stale = _write_tables(data, everything)
    for path in everything:
        if is_late(path) and (stale or path in chosen):
            print(f"{execute(path):6.1f} s  {path.relative_to(top)}", flush=True)
    _write_tables(data, everything)
    (data / "NOTICE.md").write_text(notice(descriptor()), "utf-8")
    results = collect(everything)
    for path in everything:
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = fill(cell.source, results)
        write(path, notebook)
    for path in sorted(book.rglob("*.md")):
        text = path.read_text("utf-8")
        if (new := fill(text, results)) != text:
            path.write_text(new, "utf-8")


def _write_tables(data: Path, paths: list[Path]) -> bool:
    """Write what the pages found, count all rows; return whether any of it is news."""
    results = collect(paths)
    tables = {
        "results": (COLUMNS, [results[key] for key in sorted(results)]),
        "refits": (REFIT_COLUMNS, [row for p in paths for row in comparisons_of(p)]),
    }
    package = data / "datapackage.json"
    described = json.loads(package.read_text("utf-8"))
    written = {}
    for name, (columns, rows) in tables.items():
        buffer = io.StringIO(newline="")
        writer = csv.DictWriter(buffer, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        written[data / f"{name}.csv"] = buffer.getvalue()
    for resource in described["resources"]:
        file = data / resource["path"]
        text = written[file] if file in written else file.read_text("utf-8")
        resource["rows"] = sum(1 for _ in csv.reader(io.StringIO(text))) - 1
    written[package] = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    stale = [p for p, text in written.items() if p.read_text("utf-8") != text]
    for path in stale:
        path.write_text(written[path], "utf-8")
    return bool(stale)


if __name__ == "__main__":
    main(sys.argv[1:])
