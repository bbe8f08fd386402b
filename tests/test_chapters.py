"""What every notebook of the book must be, read off its stored form."""

from __future__ import annotations

import ast
import itertools
import json
import re
import statistics
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

from scaling_notes.book import _pages
from scaling_notes.book._records import collect
from scaling_notes.book.site.fold import folded_as
from scaling_notes.charts._theme import MIME as CHART
from scaling_notes.corpus._record import restored

TOP = Path(__file__).parents[1]
BOOK = TOP / "book"
PAGES = _pages.pages(BOOK)
DECLARED = {_pages.name(path, BOOK): _pages.declared(path) for path in PAGES}
PARTS = ("pretraining", "posttraining", "testtime", "lifecycle")
IN_PARTS = [p for p in PAGES if p.parent.name in PARTS]
CHAPTERS = [p for p in IN_PARTS if _pages.declared(p).get("kind") == "chapter"]
# What shows the records of other pages.
READS = re.compile(
    r"""sn\.(?:load\(["']results|refits\(|datasets\(|claims\(|scoreboard\()|\.verdicts\b"""
)
REFRESH = "make refresh CHAPTERS"
BRITISH = re.compile(
    r"\b(colour|behaviour|optimis|summaris|generalis|normalis|analys(?:e|ed|ing)\b|"
    r"favour|centre|modelling|labelled|digitis|licence|catalogue)",
    re.IGNORECASE,
)


def name(path: Path) -> str:
    return str(path.relative_to(BOOK).with_suffix(""))


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code_cells(path: Path) -> list[Any]:
    return [c for c in read(path).cells if c.cell_type == "code"]


def prose(path: Path) -> str:
    if path.suffix == ".md":
        return path.read_text("utf-8")
    return "\n\n".join(c.source for c in read(path).cells if c.cell_type == "markdown")


def charts(path: Path) -> list[dict[str, Any]]:
    return [
        output.data[CHART]
        for cell in code_cells(path)
        for output in cell.outputs
        if CHART in output.get("data", {})
    ]


every_page = pytest.mark.parametrize("path", PAGES, ids=name)
every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=name)
every_text = pytest.mark.parametrize("path", [*PAGES, *BOOK.rglob("*.md")], ids=name)


@every_page
def test_is_executed_in_order_without_errors(path: Path) -> None:
    cells = code_cells(path)
    counts = [c.execution_count for c in cells]
    assert counts == list(range(1, len(cells) + 1)), f"{REFRESH}={path.stem}"
    kinds = {o.output_type for c in cells for o in c.outputs}
    assert "error" not in kinds
    streams = [o.name for c in cells for o in c.outputs if o.output_type == "stream"]
    assert "stderr" not in streams


@every_page
def test_hides_nothing_from_the_tests(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "NBVAL" + "_" not in text
    tags = {t for c in read(path).cells for t in c.metadata.get("tags", [])}
    assert tags <= {"hide-cell", "hide-input", "remove-cell", "lesson"}


@every_page
def test_is_in_normal_form(path: Path) -> None:
    notebook = read(path)
    text = nbformat.writes(_pages.normalize(notebook), version=4) + "\n"
    assert path.read_text("utf-8") == text, f"{REFRESH}={path.stem}"


@every_page
def test_cells_are_short(path: Path) -> None:
    lengths = []
    for cell in code_cells(path):
        lines = [x for x in cell.source.splitlines() if x.strip()]
        lengths += [len(lines)] if is_open(cell) else []
        assert len(lines) <= 15, cell.source
        assert all(len(x) <= 79 for x in lines), cell.source
        tree = ast.parse(cell.source)
        if "lesson" not in cell.metadata.get("tags", []):
            functions = (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)
            nodes = list(ast.walk(tree))
            assert not any(isinstance(n, functions) for n in nodes)
            named = (ast.Assign, ast.AnnAssign, ast.NamedExpr)
            values = [n.value for n in nodes if isinstance(n, named)]
            assert not any(isinstance(v, ast.Lambda) for v in values)
    if path in CHAPTERS:
        assert statistics.median(lengths) <= 10, "open cells are short"


@every_page
def test_uses_the_public_face_only(path: Path) -> None:
    allowed = {("numpy", "np"), ("pandas", "pd"), ("scaling_notes", "sn")}
    if path.stem == "repeated_sampling":
        # It counts how often a fit warns.
        allowed |= {("warnings", None)}
    if path.stem == "scale_out":
        allowed |= {("concurrent.futures", "futures")}
        allowed |= {("multiprocessing", None), ("distributed", None)}
    for cell in code_cells(path):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                assert {(a.name, a.asname) for a in node.names} <= allowed
            assert not isinstance(node, ast.ImportFrom), cell.source
            if isinstance(node, ast.Attribute):
                assert not node.attr.startswith("_"), cell.source


@every_page
def test_every_chart_can_be_read_without_sight(path: Path) -> None:
    for spec in charts(path):
        description = spec.get("description", "")
        assert len(description) >= 40, "a chart's description states its conclusion"
        assert len(json.dumps(spec)) <= 150_000
        titles = [e.get("title") for e in encodings(spec)]
        assert all(titles)


@every_page
def test_every_chart_has_a_caption_of_its_own(path: Path) -> None:
    cells = read(path).cells
    for cell, below in itertools.pairwise(cells):
        if any(CHART in o.get("data", {}) for o in cell.get("outputs", [])):
            first = below.source.split("\n\n")[0]
            assert below.cell_type == "markdown", f"put a caption below {cell.source}"
            assert re.fullmatch(r"\*[^*].*\*", first, re.S), f"not a caption: {first}"


@every_page
def test_layers_give_one_axis_one_title(path: Path) -> None:
    # Vega-Lite joins different titles of a shared axis with commas.
    for spec in charts(path):
        for channel in ("x", "y"):
            for titles in shared_titles(spec, channel):
                assert len(titles) <= 1, titles


def shared_titles(item: Any, channel: str) -> list[set[str]]:
    """Return the titles of a channel, one set for each group of layers."""
    if isinstance(item, list):
        return [t for value in item for t in shared_titles(value, channel)]
    if not isinstance(item, dict):
        return []
    if "layer" in item:
        independent = item.get("resolve", {}).get("scale", {}).get(channel)
        if independent != "independent":
            found = encodings(item, (channel,))
            return [{e["title"] for e in found if e.get("title")}]
    return [t for value in item.values() for t in shared_titles(value, channel)]


def encodings(item: Any, channels: tuple[str, ...] = ("x", "y")) -> list[Any]:
    """Return the quantitative encodings of these channels anywhere in a spec."""
    if isinstance(item, list):
        return [e for value in item for e in encodings(value, channels)]
    if not isinstance(item, dict):
        return []
    own = [item.get("encoding", {}).get(channel, {}) for channel in channels]
    found = [e for e in own if e.get("type") == "quantitative"]
    return found + [e for v in item.values() for e in encodings(v, channels)]


# A number of five digits or more, a power of ten as Python writes it, or what is
# missing.
RAW = re.compile(
    r"\bnan\b|\bNaN\b|\bNone\b|<NA>"
    r"|(?<![\w.:-])-?(?=[\d.]*\.\d)0*\.?0*[1-9](?:\.?\d){4,}|\d[eE]\+\d|\d[eE]-0\d"
)


# What a paper prints is shown as it is printed.
AS_PRINTED = ("paper says", "printed")


def cells(html: str) -> list[str]:
    """Return the cells of a table but those of columns that quote a paper."""
    heads = re.findall(r"<th\b[^>]*>(.*?)</th>", html, re.S)
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.S)
    parts = [re.findall(r"<td\b[^>]*>(.*?)</td>", row, re.S) for row in rows]
    quoted = {heads.index(name) for name in AS_PRINTED if name in heads}
    return heads + [c for row in parts for i, c in enumerate(row) if i not in quoted]


def tables(path: Path) -> list[str]:
    """Return the cells of every shown table of numbers."""
    found = []
    for output in (o for cell in code_cells(path) for o in cell.outputs):
        html = output.get("data", {}).get("text/html", "")
        assert "<style scoped" not in html, "a data frame of pandas: use sn.table"
        for table in re.findall(r"<table[^>]*\bdataframe\b.*?</table>", html, re.S):
            found += cells(table)
        text = output.get("data", {}).get("text/plain", "")
        assert html or "dtype: " not in text, "a series of pandas: use sn.table"
    return found


@pytest.mark.parametrize(
    ("cell", "raw"),
    [
        ("1.732051e+08", True),
        ("0.10183", True),
        ("[0.48679, 0.5]", True),
        ("NaN", True),
        ("1e-05", True),
        ("0.000509", False),
        ("2143", False),
        ("[0.318, 0.373]", False),
        ("5.76e23", False),
        ("10000", False),
        ("arXiv:2203.15556", False),
    ],
)
def test_raw_numbers_are_found(cell: str, raw: bool) -> None:
    assert bool(RAW.search(cell)) == raw


@every_page
def test_tables_show_no_raw_numbers(path: Path) -> None:
    for cell in tables(path):
        assert not RAW.search(cell), f"show it by sn.table: {cell}"


@every_page
def test_charts_store_only_what_they_draw(path: Path) -> None:
    for spec in charts(path):
        body = json.dumps({k: v for k, v in spec.items() if k != "datasets"})
        for frame in spec.get("datasets", {}).values():
            for column in frame[0]:
                used = f'"{column}"' in body or f"datum.{column}" in body
                assert used, f"{column} is stored and not drawn"


def is_open(cell: Any) -> bool:
    """Return whether the site shows the code of a cell before a click."""
    if cell.cell_type != "code":
        return False
    tags = cell.metadata.get("tags", [])
    away = any(tag.startswith(("hide-", "remove-")) for tag in tags)
    return not (away or folded_as(cell))


@every_chapter
def test_open_code_is_the_lesson_and_stands_in_text(path: Path) -> None:
    cells = read(path).cells
    assert sum(map(is_open, cells)) <= 10, "fold what is no lesson: tag hide-input"
    for cell, below in itertools.pairwise(cells):
        assert not (is_open(cell) and is_open(below)), (
            f"two open code cells in a row, the second: {below.source}"
        )


@every_chapter
def test_the_landing_page_tells_of_the_chapter(path: Path) -> None:
    assert f"({name(path)}.ipynb)" in prose(BOOK / "index.ipynb")


@every_chapter
def test_chapter_has_charts_and_closes_with_results(path: Path) -> None:
    assert len(charts(path)) >= 3, "a chapter has three charts or more"
    last = code_cells(path)[-1]
    closed = any(restored(output) for output in last.outputs)
    assert closed, "the last code cell is sn.results({...})"


@pytest.mark.parametrize("path", IN_PARTS, ids=name)
def test_a_page_says_whether_it_is_a_chapter_or_a_tool(path: Path) -> None:
    said = DECLARED[name(path)]
    assert said.get("kind") in ("chapter", "tool"), "declare it in the metadata"


@every_page
def test_pages_declare_what_they_read(path: Path) -> None:
    said = DECLARED[name(path)]
    assert said.keys() <= {"kind", "reads"}
    shows = any(READS.search(cell.source) for cell in code_cells(path))
    assert shows == bool(said.get("reads")), "declare in the metadata what it reads"
    if "*" in said.get("reads", []):
        found = collect([path], BOOK)
        assert not found, "a page that reads all pages hands nothing on"


@every_chapter
def test_chapter_tells_its_claims(path: Path) -> None:
    from scaling_notes import load

    claims = load("claims")
    mine = claims[claims["chapters"].str.split("; ").map(lambda c: path.stem in c)]
    ids = {record_id for _, record_id in collect([path], BOOK)}
    for claim in mine["id"]:
        assert f"claim-{claim}" in ids, (
            f"claims.csv names {path.stem} for {claim!r}: put 'claim-{claim}', made "
            "by sn.verdict, into the chapter's results"
        )


@every_text
def test_citations_exist(path: Path) -> None:
    bib = (BOOK / "references.bib").read_text("utf-8")
    known = set(re.findall(r"^@\w+\{([^,]+),", bib, re.MULTILINE))
    for group in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", prose(path)):
        unknown = set(re.split(r"\s*,\s*", group)) - known
        assert not unknown, f"add {sorted(unknown)} to book/references.bib"


@every_text
def test_spelling_is_american(path: Path) -> None:
    assert BRITISH.findall(prose(path)) == []


@every_text
def test_images_have_words(path: Path) -> None:
    text = prose(path)
    assert not re.search(r"!\[\s*\]\(", text)
    assert all(re.search(r'\balt="\S', tag) for tag in re.findall(r"<img[^>]*>", text))


def test_there_are_pages_to_check() -> None:
    assert CHAPTERS


def test_contents_hold_every_page() -> None:
    contents = yaml.safe_load((TOP / "_toc.yml").read_text("utf-8"))
    listed = {contents["root"]}
    for part in contents["parts"]:
        listed |= {chapter["file"] for chapter in part["chapters"]}
    texts = [*PAGES, *BOOK.rglob("*.md")]
    there = {str(p.relative_to(TOP).with_suffix("")) for p in texts}
    assert listed == there, (
        f"list in _toc.yml: {sorted(there - listed)}; "
        f"listed, but no page: {sorted(listed - there)}"
    )


def test_claims_belong_to_a_part() -> None:
    from scaling_notes import load

    assert set(load("claims")["part"]) <= set(PARTS), f"part is one of {PARTS}"
