"""The benchmarks run on tiny sizes, and their page holds their results."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_run", BENCHMARKS / "run.py")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_page_shows_the_results_file(bench):
    page = bench.PAGE.read_text("utf-8")
    region = page.split(bench.BEGIN)[1].split(bench.END)[0].strip()
    assert region == bench.table(bench.read())


def test_fits_run_small_and_ours_is_the_best(bench):
    problem = bench.Problem(bench.points())
    full = bench.full_fits(problem, sample=2, rounds=1)
    again = bench.refits(problem, total=8, sample=2, rounds=1)
    assert full[0].tool == again[0].tool == bench.OURS
    assert abs(float(full[0].result.split()[1])) < 1e-9
    assert again[0].result.startswith("0% of 2 worse")
    assert all(float(row.cpu_s) > 0 for row in full + again)


def test_growth_and_files(bench, tmp_path):
    rows = [bench.environment(), *bench.growth([50], rounds=1)]
    page = tmp_path / "page.md"
    page.write_text(f"top\n{bench.BEGIN}\nold\n{bench.END}\nend\n", "utf-8")
    bench.write(rows, tmp_path / "r.csv", page)
    assert bench.read(tmp_path / "r.csv") == rows
    text = page.read_text("utf-8")
    assert bench.table(rows) in text
    assert "old" not in text
    assert text.startswith("top")
    assert text.endswith("end\n")
