"""Results travel from the chapters to the table and into prose, and nothing is stale."""

from __future__ import annotations

import csv
import re
from importlib import resources
from pathlib import Path

import nbformat
import pytest

import scaling_notes as sn
from scaling_notes.book import refresh
from scaling_notes.corpus import descriptor

BOOK = Path(__file__).parents[2] / "book"
DATA = Path(str(resources.files("scaling_notes") / "corpus" / "data"))
REFRESH = "run make refresh, or make refresh CHAPTERS=<name>"
RESULTS = {
    ("chinchilla", "alpha"): {
        "value": "0.34731",
        "verdict": "",
        "low": "0.31705",
        "high": "0.37265",
        "n": "240",
    },
    ("chinchilla", "claim"): {
        "value": "",
        "verdict": "undecided",
        "low": "",
        "high": "",
    },
}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("is 0<!--chinchilla.alpha--> now", "is 0.347<!--chinchilla.alpha--> now"),
        ("9.99<!--chinchilla.alpha.low:.2f-->", "0.32<!--chinchilla.alpha.low:.2f-->"),
        ("0<!--chinchilla.alpha:.1%-->", "34.7%<!--chinchilla.alpha:.1%-->"),
        (
            "**x**, 1<!--chinchilla.alpha.n:.0f-->",
            "**x**, 240<!--chinchilla.alpha.n:.0f-->",
        ),
        ("**no**<!--chinchilla.claim-->", "**undecided**<!--chinchilla.claim-->"),
        ("*no<!--chinchilla.claim-->*", "*undecided<!--chinchilla.claim-->*"),
        ("plain 0.347 stays", "plain 0.347 stays"),
    ],
)
def test_fill(before: str, after: str) -> None:
    assert refresh.fill(before, RESULTS) == after


def test_fill_refuses_an_unknown_key() -> None:
    with pytest.raises(KeyError, match=r"chinchilla\.gamma is keyed in prose"):
        refresh.fill("0<!--chinchilla.gamma-->", RESULTS)


def test_results_table_equals_the_stored_outputs() -> None:
    path = resources.files("scaling_notes") / "corpus" / "data" / "results.csv"
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    found = refresh.collect(refresh.pages(BOOK))
    assert table == [found[key] for key in sorted(found)], REFRESH
    assert sn.describe("results").rows == len(table)


def test_refits_table_equals_the_stored_outputs() -> None:
    with (DATA / "refits.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    pages = refresh.pages(BOOK)
    rows = [row for path in pages for row in refresh.comparisons_of(path)]
    assert table == rows, REFRESH
    assert sn.describe("refits").rows == len(table) > 0


def test_pages_that_show_what_others_found_come_last() -> None:
    late = [refresh.is_late(path) for path in refresh.pages(BOOK)]
    assert late == sorted(late)
    names = {p.stem for p in refresh.pages(BOOK) if refresh.is_late(p)}
    assert {"index", "data", "published_fits"} <= names
    assert "chinchilla" not in names


@pytest.mark.parametrize("path", refresh.pages(BOOK), ids=lambda p: p.stem)
def test_prose_is_filled(path: Path) -> None:
    results = refresh.collect(refresh.pages(BOOK))
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            assert refresh.fill(cell.source, results) == cell.source, REFRESH
            # Every comment with a dot is a key: a mistyped one must not pass as none.
            comments = cell.source.count("<!--")
            assert len(refresh.KEYED.findall(cell.source)) == comments


def test_pages_in_markdown_are_filled() -> None:
    results = refresh.collect(refresh.pages(BOOK))
    for path in BOOK.rglob("*.md"):
        text = path.read_text("utf-8")
        assert refresh.fill(text, results) == text, REFRESH


def test_notice_is_the_descriptor_s() -> None:
    text = (DATA / "NOTICE.md").read_text("utf-8")
    assert text == refresh.notice(descriptor()), REFRESH
    for resource in descriptor()["resources"]:
        assert text.count(f"- `{resource['path']}`: ") == 1
    sections = re.split(r"^## ", text, flags=re.M)
    restricted = [s for s in sections if s.startswith("BSD 3-Clause with Machine")]
    assert len(restricted) == 1
    assert restricted[0].count("- `multipl_e/") == text.count("- `multipl_e/") == 3


def test_notice_puts_a_table_under_its_license() -> None:
    tables = [
        {
            "path": f"{name}.csv",
            "licenses": [{"title": terms}],
            "sources": [{"title": "Someone 2020", "path": "https://example.org"}],
            "locator": "Table 1",
        }
        for name, terms in (("a", "MIT"), ("b", "not stated"), ("c", "MIT"))
    ]
    text = refresh.notice({"resources": tables})
    mit, other = text[text.index("## MIT") :].split("## Not stated")
    line = "- `{}.csv`: Someone 2020 <https://example.org>. Where: Table 1."
    assert line.format("a") in mit
    assert line.format("c") in mit
    assert line.format("b") in other


def test_two_results_of_one_name_are_refused(tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell("x")
    bundle = sn.results({"alpha": 1.0})._repr_mimebundle_()
    cell.outputs = [nbformat.v4.new_output("display_data", data=bundle)] * 2
    path = tmp_path / "twice.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    with pytest.raises(ValueError, match="'alpha' appears twice"):
        refresh.collect([path])


def test_normal_form_forgets_time_and_chance() -> None:
    cell = nbformat.v4.new_code_cell("1", execution_count=7, metadata={"a": 1})
    cell.outputs = [nbformat.v4.new_output("stream", text="x")]
    info = {"language_info": {"name": "python", "version": "3"}}
    one = nbformat.v4.new_notebook(cells=[cell], metadata=info)
    normal = refresh.normalize(one)
    assert normal.cells[0].id == "cell-01"
    assert normal.cells[0].execution_count == 1
    assert normal.cells[0].metadata == {}
    assert normal == refresh.normalize(normal)
