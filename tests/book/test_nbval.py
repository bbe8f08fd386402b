"""The comparison of stored outputs fails when it must and passes when it may."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from scaling_notes.book.nbval import differences

TABLE = (
    "           estimate\nalpha        0.3473\nbeta         0.3672\nruns            240"
)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (TABLE, TABLE),
        (TABLE, TABLE.replace("0.3473", "0.3474")),  # one unit of the last digit
        (TABLE, TABLE.replace("     240", "   240")),  # layout
        ("value 2.31234567", "value 2.31234568"),
        ("[1.0e+24, 3.14]", "[1.0e+24, 3.15]"),
        ("-----  a", "------  a"),
        ({"loss": 2.345678}, {"loss": 2.345678 * (1 + 1e-9)}),
        ({"params": 6795600000}, {"params": 6795610000}),
        ({"x": 240}, {"x": 240.001}),  # 240.0 is stored as 240
        ("2.345B tokens", "2.346B tokens"),
        ("999.9", "1000"),
        ("2.31", "2.3"),  # 2.30 without its zero
        ([1, 2.5, "word", None, True], [1, 2.5, "word", None, True]),
    ],
)
def test_passes(a: object, b: object) -> None:
    assert differences(a, b) == []


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (TABLE, TABLE.replace("0.3473", "0.3508")),  # 1 %
        (TABLE, TABLE.replace("0.3473", "0.3477")),  # 0.1 %
        (TABLE, TABLE.replace("240", "241")),
        (TABLE, TABLE.replace("beta", "gamma")),
        (TABLE, TABLE.rsplit("\n", 1)[0]),  # a row is missing
        ("5 runs", "6 runs"),
        ("0.5", "0.6"),
        ("0.50", "0.51"),  # two digits have no slack
        ("supported", "undecided"),
        ({"loss": 2.345678}, {"loss": 2.345678 * 1.001}),
        ({"loss": 2.345678}, {"loss": 2.345678 * 1.01}),
        ({"n": 5}, {"n": 6}),
        ({"n": 99_999}, {"n": 99_998}),
        ({"n": 99_999}, {"n": 100_000}),
        ({"n": 100_000}, {"n": 99_999}),
        ("1234.5", "1.23e3"),  # fewer digits, 0.4 %
        ("2", "2.0"),
        ("2.345B tokens", "2.369B tokens"),
        ("-0.347", "0.347"),
        ("nan", "0.5"),
        ({"params": 6795600000}, {"params": 6805600000}),
        ({"x": 1.0}, {"x": None}),
        ({"x": 1.0}, {"x": float("nan")}),
        ({"x": True}, {"x": 1}),
        ({"x": 1.0}, {}),
        ({}, {"x": 1.0}),
        ([1.0, 2.0], [1.0]),
        ({"x": "a"}, {"x": 1}),
    ],
)
def test_fails(a: object, b: object) -> None:
    assert differences(a, b)


def test_message_names_place_and_values() -> None:
    (message,) = differences({"a": [{"b": 1.5}]}, {"a": [{"b": 2.5}]})
    assert message.startswith("output.a[0].b: 1.5 stored, 2.5 fresh")
    assert "0.0001 relative" in message
    (message,) = differences("a" * 500 + "x", "a" * 500 + "y")
    assert "ax' stored" in message
    assert "ay' fresh" in message


CHART = (
    "import pandas as pd; import scaling_notes as sn\n"
    "frame = pd.DataFrame({'params': [1e8, 1e9], 'loss': [3.1, 2.6]})\n"
    "sn.charts.layer(sn.charts.points(frame, 'params', 'loss'), description='Two')"
)


def stored(path: Path, sources: list[str]) -> nbformat.NotebookNode:
    """Execute and store a notebook, as `make refresh` does."""
    from scaling_notes.book.refresh import execute

    notebook = nbformat.v4.new_notebook()
    notebook.cells += map(nbformat.v4.new_code_cell, sources)
    nbformat.write(notebook, path)
    execute(path)
    return nbformat.read(path, as_version=4)


def test_end_to_end(tmp_path: Path) -> None:
    """One kernel, one cell a mutation: what must fail fails, the rest passes."""
    path = tmp_path / "mutations.ipynb"
    cells = [
        "2.345678",  # kept
        "2.345678 ",  # 1e-9: passes
        "2.345678  ",  # 0.1 %: fails
        "'supported'",  # a word: fails
        "print('a row\\nanother row')",  # a row is missing: fails
        CHART,  # chart data by 0.1 %: fails
        CHART + " ",  # kept
        "1 + 1",  # output removed: fails
        "x = 1",  # output added: fails
        "5 + 0",  # 5 to 6: fails
    ]
    notebook = stored(path, cells)
    outputs = [c.outputs for c in notebook.cells]
    mime = "application/vnd.vegalite.v5+json"
    outputs[1][0].data["text/plain"] = "2.345678002"
    outputs[2][0].data["text/plain"] = "2.348"
    outputs[3][0].data["text/plain"] = "'undecided'"
    outputs[4][0].text = "a row\n"
    outputs[5][0].data[mime]["datasets"]["frame-0"][0]["loss"] *= 1.001
    notebook.cells[7].outputs = []
    notebook.cells[8].outputs = outputs[0]
    outputs[9][0].data["text/plain"] = "6"
    nbformat.write(notebook, path)
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "scaling_notes.book.nbval", "-rA"),
            *("--nbval", "--nbval-current-env", "-p", "no:cacheprovider", str(path)),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"JUPYTER_PLATFORM_DIRS": "1"},
        check=False,
    )
    cells = re.findall(r"^FAILED .*::Cell (\d+)", run.stdout, re.MULTILINE)
    failed = {int(cell) for cell in cells}
    assert len(re.findall(r"^PASSED .*::Cell", run.stdout, re.MULTILINE)) == 3
    assert failed == {2, 3, 4, 5, 7, 8, 9}, run.stdout[-3000:]
