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
