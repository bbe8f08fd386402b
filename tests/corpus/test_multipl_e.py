"""The MultiPL-E tables, which have terms of their own: what they give, and that
nothing else needs them.
"""

from __future__ import annotations

import json
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


def test_no_module_other_test_or_page_names_them() -> None:
    for path in [*DATA.parent.rglob("*.py"), *TOP.glob("experiments/*.py")]:
        assert not any(n in path.read_text("utf-8") for n in APART), path
    for path in (TOP / "tests").rglob("*.py"):
        if path.name != Path(__file__).name:
            assert not any(n in path.read_text("utf-8") for n in APART), path
    for path in (TOP / "book").rglob("*.ipynb"):
        assert not any(n in cell for cell in cells(path) for n in APART), path


def test_no_record_is_a_number_of_theirs() -> None:
    published = sn.load("published")
    assert not published["key"].isin(["cassano2022"]).any()
    assert not sn.load("results")["id"].str.startswith("cassano2022").any()


def cells(path: Path) -> Iterator[str]:
    """Yield the source of the code cells of a notebook."""
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"])
