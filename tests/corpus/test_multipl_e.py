"""The MultiPL-E tables, which have terms of their own: what they give, and that
nothing else needs them.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes.corpus import descriptor

TOP = Path(__file__).parents[2]
DATA = Path(str(resources.files("scaling_notes") / "corpus" / "data"))
APART = {
    r["name"] for r in descriptor()["resources"] if r["path"].startswith("multipl_e/")
}
# The one page that shows them.
PAGE = "repeated_sampling"
# The ids of its results that rest on them.
THEIRS = "codex-"


# ---- terms -------------------------------------------------------------------------


def test_restricted_tables_stand_apart_with_their_terms() -> None:
    restricted = {
        r["name"]
        for r in descriptor()["resources"]
        if "ML-restricted" in r["licenses"][0]["name"]
    }
    assert restricted == APART
    assert len(APART) == 3
    notice = (DATA / "multipl_e" / "NOTICE.md").read_text("utf-8")
    for words in ("Copyright (c) 2022", "training data", "PROVIDED BY", '"AS IS"'):
        assert words in notice


# ---- what they give ----------------------------------------------------------------


def counts() -> tuple[np.ndarray, np.ndarray]:
    rates = sn.load("cassano2022_codex_per_problem")
    n = rates["n_samples"].to_numpy()
    return n, np.rint(rates["pass_rate_frac"].to_numpy() * n).astype(int)


def test_pass_at_k_of_their_problems() -> None:
    n, c = counts()
    ks = np.array([1, 2, 5, 10, 20, 50, 100, 200])
    curve = sn.pass_at_k(n, c, ks).value
    assert curve[[0, 6]] == pytest.approx([0.385, 0.654], abs=2e-3)
    assert (np.diff(curve) > 0).all()
    law = sn.laws.ExponentiatedPowerLaw
    fit = sn.fit_law(law, ks, curve, delta=np.inf)
    assert fit["a"] == pytest.approx(-0.914, abs=0.01)
    assert fit["b"] == pytest.approx(-0.166, abs=0.005)


def test_pass_rates_of_their_problems_follow_a_beta_law() -> None:
    fit = sn.fit_beta_binomial(*counts())
    assert (fit.alpha, fit.beta) == pytest.approx((0.127, 0.225), abs=0.005)


def test_their_pass_at_k_rises_with_k() -> None:
    passed = sn.load("cassano2022_passk_by_language")
    # Samples at k = 1 have another temperature, so only the others are one curve.
    assert (passed["pass10_t08_frac"] <= passed["pass100_t08_frac"]).all()
    problems = sn.load("cassano2022_humaneval_passk_t08")
    assert (problems["pass10_frac"] <= problems["pass100_frac"]).all()
    assert (problems["n_correct_min"] <= problems["n_correct_max"]).all()
    assert (problems["n_correct_max"] <= problems["n_samples"]).all()


# ---- nothing else needs them -------------------------------------------------------

WITHOUT = """
import pathlib
import sys

import scaling_notes as sn

assert pathlib.Path(sn.__file__).is_relative_to(sys.argv[1]), sn.__file__
apart = sys.argv[2].split(",")
names = set(sn.datasets().table["name"])
assert names.isdisjoint(apart)
assert len(names) > 70
for name in sorted(names):
    assert len(sn.load(name)) == sn.describe(name).rows
assert "cassano2022" not in repr(sn.datasets())
sn.datasets()._repr_html_()
sn.refits()._repr_html_()
for call in (sn.load, sn.describe):
    for name in apart:
        try:
            call(name)
        except sn.DataError as error:
            assert "Machine Learning Restriction" in str(error), error
        else:
            raise AssertionError(name)
"""


def test_the_package_works_without_their_folder(tmp_path: Path) -> None:
    shutil.copytree(
        DATA.parents[1],
        tmp_path / "scaling_notes",
        ignore=shutil.ignore_patterns("multipl_e", "__pycache__"),
    )
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(tmp_path), ",".join(sorted(APART))],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_no_module_test_or_other_page_names_them() -> None:
    for path in [*DATA.parent.rglob("*.py"), *TOP.glob("experiments/*.py")]:
        assert not any(n in path.read_text("utf-8") for n in APART), path
    for path in (TOP / "tests").rglob("*.py"):
        if path.name != Path(__file__).name:
            assert not any(n in path.read_text("utf-8") for n in APART), path
    for path in (TOP / "book").rglob("*.ipynb"):
        if path.stem != PAGE:
            assert not any(n in cell for cell in cells(path) for n in APART), path


def test_no_other_page_shows_a_number_of_theirs() -> None:
    for path in [*(TOP / "book").rglob("*.ipynb"), *(TOP / "book").rglob("*.md")]:
        if path.stem != PAGE:
            assert f"<!--{PAGE}.{THEIRS}" not in path.read_text("utf-8"), path
    published = sn.load("published")
    assert not published["key"].isin(["cassano2022"]).any()
    assert not sn.load("results")["id"].str.startswith("cassano2022").any()


def cells(path: Path) -> Iterator[str]:
    """Yield the source of the code cells of a notebook."""
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"])


def names(tree: ast.AST, kind: type[ast.expr_context]) -> set[str]:
    """Return the names that a statement reads or binds, but those of comprehensions."""
    local = {
        n.id
        for c in ast.walk(tree)
        if isinstance(c, ast.comprehension)
        for n in ast.walk(c.target)
        if isinstance(n, ast.Name)
    }
    found = (n for n in ast.walk(tree) if isinstance(n, ast.Name))
    return {n.id for n in found if type(n.ctx) is kind} - local


def steps(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield simple statements in order; of compound ones the head, then the body."""
    for statement in body:
        if isinstance(statement, ast.For):
            yield ast.Assign([statement.target], statement.iter)
            yield from steps(statement.body)
        elif isinstance(statement, ast.If):
            yield ast.Expr(statement.test)
            yield from steps(statement.body + statement.orelse)
        else:
            yield statement


def resting_on(path: Path) -> tuple[set[str], set[str]]:
    """Follow what the tables touch through the cells of a page.

    Returns the ids of results that rest on them, and all names they ever reach, but
    for the dictionaries of results, of which each entry stands for itself.
    """
    touched: set[str] = set()
    reached: set[str] = set()
    ids: set[str] = set()
    for source in cells(path):
        for step in steps(ast.parse(source).body):
            loads = any(
                isinstance(n, ast.Constant) and n.value in APART for n in ast.walk(step)
            )
            theirs = {
                key.value
                for n in ast.walk(step)
                if isinstance(n, ast.Dict)
                for key, value in zip(n.keys, n.values, strict=True)
                if isinstance(key, ast.Constant) and names(value, ast.Load) & touched
            }
            apart = all(str(k).startswith(THEIRS) for k in theirs)
            if theirs and (apart or "sn.results(" in ast.unparse(step)):
                ids |= theirs
                continue
            bound = names(step, ast.Store)
            if loads or names(step, ast.Load) & touched:
                touched |= bound
                reached |= bound
            else:
                touched -= bound
    return ids, reached


def test_no_other_result_of_that_page_rests_on_them() -> None:
    (page,) = (TOP / "book").rglob(f"{PAGE}.ipynb")
    ids, reached = resting_on(page)
    assert ids == {"codex-forecast", "codex-revealed"}
    assert {"codex", "c", "thin", "boot", "band", "every", "codex_said"} <= reached
    assert reached.isdisjoint({"said", "gain", "fits", "tally", "word", "computed"})


def test_the_follower_sees_a_result_that_does(tmp_path: Path) -> None:
    sources = [
        "t = sn.load('cassano2022_codex_per_problem')\nm = t.mean()",
        "k = 2\nu = k + 1",
        "r = {'codex-mean': m, 'other': u}\nr |= {'sum': m * u}",
    ]
    page = tmp_path / "page.ipynb"
    made = [{"cell_type": "code", "source": [s]} for s in sources]
    page.write_text(json.dumps({"cells": made}), "utf-8")
    assert resting_on(page) == ({"codex-mean"}, {"t", "m", "r"})
    made.append({"cell_type": "code", "source": ["sn.results({'gain': m})"]})
    page.write_text(json.dumps({"cells": made}), "utf-8")
    assert resting_on(page)[0] == {"codex-mean", "gain"}


def test_the_page_says_so() -> None:
    (page,) = (TOP / "book").rglob(f"{PAGE}.ipynb")
    prose = re.sub(r"\s+", " ", page.read_text("utf-8"))
    assert "nothing else in the book depends on it" in prose
