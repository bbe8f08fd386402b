"""Results travel from the chapters to the table and into prose, and nothing is stale."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import nbformat
import pytest

import scaling_notes as sn
from scaling_notes.book._pages import declared, in_order, name, normalize, pages, reads
from scaling_notes.book._records import KEYED, collect, fill, table
from scaling_notes.corpus import descriptor
from scaling_notes.corpus._notice import notice
from scaling_notes.corpus._record import Record

BOOK = Path(__file__).parents[2] / "book"
DATA = Path(str(resources.files("scaling_notes") / "corpus" / "data"))
REFRESH = "run make refresh, or make refresh CHAPTERS=<name>"
RESULTS = {
    ("pretraining/chinchilla", "alpha"): Record(
        "result", "alpha", value=0.34731, low=0.31705, high=0.37265, n=240
    ),
    ("pretraining/chinchilla", "claim"): Record(
        "verdict", "claim", verdict="undecided"
    ),
    ("pretraining/chinchilla", "against"): Record(
        "verdict", "against", verdict="not supported"
    ),
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
        (
            "is **not supported**<!--chinchilla.claim-->",
            "is **undecided**<!--chinchilla.claim-->",
        ),
        (
            "is **not supported**<!--chinchilla.against-->",
            "is **not supported**<!--chinchilla.against-->",
        ),
        ("plain 0.347 stays", "plain 0.347 stays"),
    ],
)
def test_fill(before: str, after: str) -> None:
    assert fill(before, RESULTS) == after


def test_fill_refuses_an_unknown_key() -> None:
    with pytest.raises(KeyError, match=r"chinchilla\.gamma is keyed in prose"):
        fill("0<!--chinchilla.gamma-->", RESULTS)


def test_results_table_equals_the_stored_outputs() -> None:
    text = (DATA / "results.csv").read_text("utf-8")
    found = collect(pages(BOOK), BOOK)
    assert text == table(found), REFRESH
    assert sn.describe("results").rows == len(found) > 0


def test_pages_come_after_those_they_read() -> None:
    order = [name(path, BOOK) for path in pages(BOOK)]
    declarations = {name(path, BOOK): declared(path) for path in pages(BOOK)}
    for page in order:
        later = set(order[order.index(page) :])
        assert not reads(page, declarations) & later
    everything = reads("lifecycle/claims", declarations)
    assert {"pretraining/chinchilla", "index"} <= everything


def test_stems_are_unique_so_that_keys_in_prose_are() -> None:
    stems = [path.stem for path in pages(BOOK)]
    assert len(set(stems)) == len(stems)


def test_order_goes_by_what_is_read_and_then_by_name() -> None:
    said = {"b": {}, "a": {"reads": ["c"]}, "c": {}, "all": {"reads": ["*"]}}
    assert in_order(said) == ["b", "c", "a", "all"]
    assert reads("all", said) == {"a", "b", "c"}


def test_a_circle_is_refused_by_name() -> None:
    said = {"a": {"reads": ["b"]}, "b": {"reads": ["c"]}, "c": {"reads": ["a"]}}
    with pytest.raises(ValueError, match="a reads b reads c reads a"):
        in_order(said)
    with pytest.raises(ValueError, match="a reads a"):
        in_order({"a": {"reads": ["a"]}})


def test_a_page_that_is_not_there_cannot_be_read() -> None:
    with pytest.raises(ValueError, match="a declares that it reads b, which is no"):
        in_order({"a": {"reads": ["b"]}})


@pytest.mark.parametrize("path", pages(BOOK), ids=lambda p: p.stem)
def test_prose_is_filled(path: Path) -> None:
    results = collect(pages(BOOK), BOOK)
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            assert fill(cell.source, results) == cell.source, REFRESH
            # Every comment with a dot is a key: a mistyped one must not pass as none.
            comments = cell.source.count("<!--")
            assert len(KEYED.findall(cell.source)) == comments


def test_pages_in_markdown_are_filled() -> None:
    results = collect(pages(BOOK), BOOK)
    for path in BOOK.rglob("*.md"):
        text = path.read_text("utf-8")
        assert fill(text, results) == text, REFRESH


def test_notice_is_the_descriptor_s() -> None:
    text = (DATA / "NOTICE.md").read_text("utf-8")
    assert text == notice(descriptor()), REFRESH
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
    text = notice({"resources": tables})
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
        collect([path], tmp_path)


def test_normal_form_forgets_time_and_chance() -> None:
    cell = nbformat.v4.new_code_cell("1", execution_count=7, metadata={"a": 1})
    cell.outputs = [nbformat.v4.new_output("stream", text="x")]
    info = {
        "language_info": {"name": "python", "version": "3"},
        "scaling_notes": {"kind": "tool", "reads": ["*"]},
    }
    one = nbformat.v4.new_notebook(cells=[cell], metadata=info)
    normal = normalize(one)
    assert normal.cells[0].id == "cell-01"
    assert normal.cells[0].execution_count == 1
    assert normal.cells[0].metadata == {}
    assert normal == normalize(normal)
    assert normal.metadata["scaling_notes"] == info["scaling_notes"]
