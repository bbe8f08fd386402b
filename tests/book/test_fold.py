"""Which cells the site folds."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from scaling_notes.book.site.fold import WORDS, fold
from scaling_notes.charts._theme import MIME as CHART
from scaling_notes.corpus._record import MIME as RECORDS


def folded(source: str, *types: str, **metadata: Any) -> dict[str, Any]:
    """Return the metadata of a cell after the site has read its page."""
    outputs = [{"output_type": "execute_result", "data": dict.fromkeys(types, "")}]
    cell = {
        "cell_type": "code",
        "source": source,
        "outputs": outputs,
        "metadata": metadata,
    }
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda name: f"{name}.ipynb"))
    text = [json.dumps({"cells": [{"cell_type": "markdown", "source": "x"}, cell]})]
    fold(app, "page", text)  # type: ignore[arg-type]
    found: dict[str, Any] = json.loads(text[0])["cells"][1]["metadata"]
    return found


@pytest.mark.parametrize(
    ("source", "types", "kind"),
    [
        ("sn.charts.layer(x, description='d')", [CHART], "chart"),
        ("x = 1\nsn.table(x)", ["text/html"], "table"),
        ("sn.claim('moe')", ["text/html"], "table"),
        ("sn.claims()", ["text/html"], "table"),
        ("sn.results({'a': 1})", ["text/html", RECORDS], "results"),
        ("import numpy as np\nimport scaling_notes as sn", [], "import"),
    ],
)
def test_cells_that_draw_tabulate_or_hand_on_are_folded(
    source: str, types: list[str], kind: str
) -> None:
    found = folded(source, *types)
    assert found["tags"] == ["hide-input"]
    assert set(found["mystnb"].values()) == {WORDS[kind]}


@pytest.mark.parametrize(
    "source",
    ["fit = sn.fit_chinchilla(runs)\nfit", "%timeit f()", "", "# a note", "table(x)"],
)
def test_lessons_stay_open(source: str) -> None:
    assert folded(source, "text/html") == {}


def test_a_step_that_its_author_folds_is_told_as_one() -> None:
    found = folded("x = 1", tags=["hide-input"])
    assert found["tags"] == ["hide-input"]
    assert set(found["mystnb"].values()) == {WORDS["step"]}


def test_results_that_are_hidden_keep_their_name() -> None:
    found = folded("sn.results({})", "text/html", RECORDS, tags=["hide-cell"])
    assert found["tags"] == ["hide-cell"]
    assert set(found["mystnb"].values()) == {WORDS["results"]}


def test_what_a_cell_says_itself_is_kept() -> None:
    found = folded("sn.table(x)", "text/html", tags=["hide-cell"], mystnb={"a": 1})
    assert found["tags"] == ["hide-cell"]
    assert found["mystnb"]["a"] == 1


def test_folded_code_without_output_joins_the_fold_that_follows() -> None:
    step = {"cell_type": "code", "metadata": {"tags": ["hide-input"]}}
    lesson = {"cell_type": "code", "metadata": {}, "outputs": [], "source": "fit"}
    first, second = (step | {"outputs": [], "source": [s]} for s in ("a = 1", "b"))
    shown = second | {"outputs": [{"data": {"text/html": ""}}]}
    text = {"cell_type": "markdown", "metadata": {}, "source": "x"}
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda name: f"{name}.ipynb"))
    page = [json.dumps({"cells": [first, second, shown, lesson, first, text]})]
    fold(app, "page", page)  # type: ignore[arg-type]
    sources = ["".join(cell["source"]) for cell in json.loads(page[0])["cells"]]
    assert sources == ["a = 1\n\nb\n\nb", "fit", "a = 1", "x"]


def test_pages_in_markdown_are_left_alone() -> None:
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda name: f"{name}.md"))
    text = ["# no notebook"]
    fold(app, "page", text)  # type: ignore[arg-type]
    assert text == ["# no notebook"]


def read(*cells: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the cells of a page after the site has read it."""
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda name: f"{name}.ipynb"))
    text = [json.dumps({"cells": cells})]
    fold(app, "page", text)  # type: ignore[arg-type]
    found: list[dict[str, Any]] = json.loads(text[0])["cells"]
    return found


def code(source: str, *tags: str, shows: str = "") -> dict[str, Any]:
    outputs = [{"output_type": "execute_result", "data": {shows: ""}}] if shows else []
    metadata = {"tags": list(tags)}
    return {
        "cell_type": "code",
        "source": source,
        "outputs": outputs,
        "metadata": metadata,
    }


def test_folded_steps_in_a_row_are_one_fold() -> None:
    steps = [code("x = 1", "hide-input"), code("y = 2", "hide-input")]
    (one,) = read(*steps, code("sn.table(y)", shows="text/html"))
    assert one["source"] == "x = 1\n\ny = 2\n\nsn.table(y)"
    assert one["outputs"]
    assert set(one["metadata"]["mystnb"].values()) == {WORDS["table"]}


def test_a_step_stays_apart_from_what_is_open() -> None:
    text = {"cell_type": "markdown", "source": "x"}
    step, lesson = code("x = 1", "hide-input"), code("fit(x)", shows="text/plain")
    assert [c["source"] for c in read(step, text, step, lesson)] == [
        "x = 1",
        "x",
        "x = 1",
        "fit(x)",
    ]


def test_a_cell_that_hides_its_output_says_so() -> None:
    (cell,) = read(code("sn.table(x)", "hide-cell", shows="text/html"))
    assert set(cell["metadata"]["mystnb"].values()) == {WORDS["both"]}
