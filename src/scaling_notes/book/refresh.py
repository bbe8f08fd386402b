"""Execute the pages, collect their records, fill the numbers in their prose.

Run as ``python -m scaling_notes.book.refresh [page ...]`` from the top of the
repository; ``make refresh`` does. Notebooks are written back in one normal
form, so that a refresh that changes nothing changes no byte.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import nbformat

from ..corpus import descriptor
from ..corpus._notice import notice
from ._pages import declared, execute, name, pages, reads, write
from ._records import collect, fill, table


def main(names: list[str]) -> None:
    """Refresh the named pages, or all, then every page and number that reads them."""
    top = Path.cwd()
    book = top / "book"
    data = top / "src" / "scaling_notes" / "corpus" / "data"
    paths = {name(path, book): path for path in pages(book)}
    declarations = {page: declared(path) for page, path in paths.items()}
    stems = {Path(given).stem for given in names}
    if unknown := stems - {p.stem for p in paths.values()}:
        raise SystemExit(f"No page is named {', '.join(sorted(unknown))}.")
    # Tables that were changed by hand are news to every page that reads records.
    news = set(paths) if _write_tables(data, list(paths.values()), book) else set()
    for page, path in paths.items():
        chosen = not names or path.stem in stems
        if not chosen and not reads(page, declarations) & news:
            continue
        print(f"{execute(path):6.1f} s  {path.relative_to(top)}", flush=True)
        if _write_tables(data, list(paths.values()), book):
            news.add(page)
    (data / "NOTICE.md").write_text(notice(descriptor()), "utf-8")
    found = collect(paths.values(), book)
    for path in paths.values():
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = fill(cell.source, found)
        write(path, notebook)
    for path in sorted(book.rglob("*.md")):
        text = path.read_text("utf-8")
        if (new := fill(text, found)) != text:
            path.write_text(new, "utf-8")


def _write_tables(data: Path, paths: list[Path], book: Path) -> bool:
    """Write what the pages found, count all rows; return whether any of it is news."""
    package = data / "datapackage.json"
    described = json.loads(package.read_text("utf-8"))
    written = {data / "results.csv": table(collect(paths, book))}
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
