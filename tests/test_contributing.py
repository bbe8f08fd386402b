"""The examples of CONTRIBUTING.md, put into a copy of the project as it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn

TOP = Path(__file__).parents[1]
TEXT = (TOP / "CONTRIBUTING.md").read_text("utf-8")
# "New file `x`:", "At the end of `x`:" or "In `x`, below `line`:", then a block.
STEP = re.compile(
    r"(?P<how>New file|At the end of|In) `(?P<path>[^`]+)`"
    r"(?:, (?P<side>below|above) `(?P<line>[^`]+)`)?:\n\n"
    r"```\w+\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
NOTEBOOK = re.compile(
    r"New notebook `([^`]+)`:\n\n((?:```\w+\n.*?^```\n\n)+)", re.MULTILINE | re.DOTALL
)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One change to one file."""

    how: str
    path: str
    side: str | None
    line: str | None
    body: str

    def apply(self, top: Path) -> None:
        """Change the file in a copy of the project, as the words say."""
        path = top / self.path
        if self.how == "New file":
            assert not path.exists(), f"{self.path} exists: take another example"
            path.write_text(self.body, "utf-8")
            return
        text = path.read_text("utf-8")
        if self.how == "At the end of":
            blank = "\n\n" if path.suffix == ".py" else ""
            path.write_text(text + blank + self.body, "utf-8")
            return
        lines = text.splitlines(keepends=True)
        where = [i for i, x in enumerate(lines) if x.strip() == self.line]
        assert len(where) == 1, (
            f"CONTRIBUTING.md names the line {self.line!r} of {self.path}, which is "
            f"there {len(where)} times: name another"
        )
        lines.insert(where[0] + (self.side == "below"), self.body)
        path.write_text("".join(lines), "utf-8")


STEPS = [Step(**match.groupdict()) for match in STEP.finditer(TEXT)]


def write_notebook(top: Path) -> str:
    """Write the example's notebook, not executed, and return its path."""
    found = NOTEBOOK.search(TEXT)
    assert found
    make = {
        "markdown": nbformat.v4.new_markdown_cell,
        "python": nbformat.v4.new_code_cell,
    }
    cells = [make[kind](body.rstrip()) for kind, body in BLOCK.findall(found[2])]
    declared = re.search(r'`"scaling_notes": (\{"kind": "chapter"\})`', TEXT)
    assert declared
    metadata = {"scaling_notes": json.loads(declared[1])}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.write(notebook, top / found[1])
    return found[1]


def run(top: Path, *command: str) -> str:
    """Run a Python command on the package in a copy and return what it prints."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    env |= {"PYTHONPATH": str(top / "src"), "JUPYTER_PLATFORM_DIRS": "1"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=top,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which someone has done all that the page says."""
    top = tmp_path_factory.mktemp("project")
    for name in ("src", "tests", "book", "experiments"):
        shutil.copytree(TOP / name, top / name)
    for name in ("_toc.yml", "pyproject.toml", "CONTRIBUTING.md"):
        shutil.copy(TOP / name, top / name)
    for step in STEPS:
        step.apply(top)
    chapter = write_notebook(top)
    run(top, "experiments/seeds.py")
    run(top, "-m", "scaling_notes.book.refresh", chapter)
    return top


def test_the_tests_that_the_page_names_pass(project: Path) -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", TEXT))
    # Of these, the example's own tests are enough: the others take long.
    few = {"tests/laws/test_forms.py", "tests/lab/test_experiments.py"}
    elsewhere = {"tests/corpus/test_refits.py", "tests/test_contributing.py"}
    assert few | elsewhere < named
    whole = sorted(named - few - elsewhere)
    run(project, "-m", "pytest", "-q", *whole, "src/scaling_notes/laws")
    own = "YearlyGrowth or yearly_growth or tried or seeds"
    shown = run(project, "-m", "pytest", "-q", "-k", own, *sorted(few))
    # Seven of every law, one that none is untried, one by hand; two of the experiment.
    assert shown.splitlines()[-1].startswith("11 passed")


def test_what_the_examples_add_is_clean(project: Path) -> None:
    changed = sorted({s.path for s in STEPS if s.path.endswith(".py")})
    assert len(changed) == 5
    run(project, "-m", "ruff", "check", *changed)
    run(project, "-m", "ruff", "format", "--check", *changed)


def test_the_numbers_of_the_chapter_are_filled(project: Path) -> None:
    notebook = nbformat.read(project / "book/pretraining/compute_growth.ipynb", 4)
    answer, verdict = (
        next(c.source for c in notebook.cells if words in c.source)
        for words in ("**The answer.**", "The verdict")
    )
    models = sn.load("landmark_training_compute")
    date = pd.to_datetime(models["date"])
    # Growth by one factor a year is a power of e to the years.
    years = (date - pd.Timestamp("2010-01-01")).dt.days / 365.25
    fit = sn.fit_law(
        sn.laws.PurePowerLaw,
        np.exp(years),
        models["flops"],
        groups=models["domain"],
    )
    assert f"Each year {np.exp(-fit['alpha']):.1f}<!--" in answer
    assert "from 6<!--" in answer
    assert "**supported**<!--" in verdict


def test_the_example_s_numbers_are_those_of_the_book() -> None:
    step = next(s for s in STEPS if s.path.endswith("example_optimal_sizes.csv"))
    header, *rows = (line.split(",") for line in step.body.splitlines())
    example = pd.DataFrame(rows, columns=header)
    table = sn.load("hoffmann2022_optimal_sizes").query("approach == 1")
    for name in ("params", "flops", "tokens"):
        assert example[name].astype(float).tolist() == table[name].tolist()[:3]
    setting = "training compute, notable models, 2010 to 2024-05"
    printed = sn.published("sevilla2024", setting).set_index("quantity")
    step = next(s for s in STEPS if s.path.endswith("published.csv"))
    known = printed.loc["growth_per_year"]
    numbers = ",".join(f"{known[n]:g}" for n in ("low", "high", "confidence_level"))
    assert f",{known['printed']},{known['value']:g},{numbers},," in step.body
    assert f",{known['locator']},{known['verified']}," in step.body


def test_what_the_page_names_is_there() -> None:
    steps = {s.path for s in STEPS if s.how == "New file"}
    paths = re.findall(r"`((?:tests|src|book|experiments)/[\w/.]*)`", TEXT)
    found = NOTEBOOK.search(TEXT)
    assert found
    for path in {*paths, "_toc.yml"} - steps - {found[1]}:
        assert (TOP / path).exists(), path
    # In the tables of the page, files of a room stand without the folder of all.
    rooms = "accounting|corpus|fitting|lab|laws|planning"
    inside = re.findall(rf"`((?:{rooms})/[\w/.]+)`", TEXT)
    assert inside
    for path in inside:
        assert (TOP / "src" / "scaling_notes" / path).exists(), path
    rules = set(
        re.findall(r"^([\w%-]+):", (TOP / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    for command in re.findall(r"`make ([\w-]+)", TEXT):
        assert {command, re.sub("-.*", "-%", command)} & rules, f"make {command}"
    for anchor in re.findall(r"\]\(#([\w-]+)\)", TEXT):
        assert f"\n## {anchor.replace('-', ' ').capitalize()}\n" in TEXT, anchor


def test_every_block_is_used() -> None:
    found = NOTEBOOK.search(TEXT)
    assert found
    blocks = len(BLOCK.findall(TEXT))
    assert blocks == len(STEPS) + len(BLOCK.findall(found[2]))
