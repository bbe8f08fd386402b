"""The benchmarks run on tiny sizes, and their page holds their results."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
NAMES = ("elsewhere", "fits", "page", "peers", "rows", "run", "sampling")


@pytest.fixture(scope="module")
def bench() -> SimpleNamespace:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        modules: dict[str, ModuleType] = {n: importlib.import_module(n) for n in NAMES}
    finally:
        sys.path.remove(str(BENCHMARKS))
        for name in NAMES:
            sys.modules.pop(name, None)
    return SimpleNamespace(**modules)


@pytest.fixture(scope="module")
def problem(bench):
    return bench.peers.Problem(bench.peers.points())


def test_page_is_written_from_the_results(bench):
    rows = bench.rows.read()
    assert bench.page.PAGE.read_text("utf-8") == bench.page.text(rows)


def test_every_floor_has_a_row(bench):
    rows = bench.rows.read()
    for floor in bench.page.FLOORS:
        assert [r for r in rows if floor.covers(r)], floor


def test_floors_say_what_was_reached(bench):
    row, floor = bench.rows.Row, bench.page.Floor
    rows = [
        row("One fit", "work A", "slow", "1", "12", ""),
        row("One fit", "work B", "slow", "", "", "not run: no such Python"),
        row("Memory", "work C", bench.rows.OURS, "", "", "10.9 MB at most"),
    ]
    faster, most = floor("work", "slow", 10), floor("work C", "sc", 10, "([0-9.]+) MB")
    lines = bench.page.floors(rows, [faster, most]).splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines] == ["| yes", "| not run", "| no"]
    assert "10.9" in lines[2]


def test_fits_run_small_and_ours_is_the_best(bench, problem):
    full = bench.fits.full_fits(problem, sample=2, rounds=1)
    again = bench.fits.refits(problem, total=8, sample=2, rounds=1)
    assert full[0].tool == again[0].tool == bench.rows.OURS
    assert abs(float(full[0].result.split()[1])) < 1e-9
    assert again[0].result.startswith("0% of 2 worse")
    assert "improved 0 of 8" in again[0].result
    assert all(float(row.cpu_s) > 0 for row in full + again)


def test_resamples_compared_are_those_of_the_bootstrap(bench, problem):
    fit = bench.fits.sn.fit_chinchilla(problem.runs, delta=bench.peers.DELTA)
    (weights,) = bench.fits.first_resamples(len(problem.y), 1)
    mine = bench.peers.to_logs(fit.bootstrap(4).laws.as_array()[0])
    # The gradient vanishes for these weights, and for no others.
    scale = bench.peers.DELTA * len(problem.y)
    assert np.abs(problem.gradient(mine, weights)[:3]).max() < 1e-7 * scale
    assert np.abs(problem.gradient(mine)[:3]).max() > 1e-4 * scale


def test_derivatives_of_the_peers(bench, problem):
    x = np.array([6.2, 7.7, 0.6, 0.35, 0.37])
    step = 1e-6 * np.eye(5)
    slopes = [problem.residuals(x + h) - problem.residuals(x - h) for h in step]
    assert pytest.approx(np.array(slopes) / 2e-6, rel=1e-6) == problem.jacobian(x).T
    for fit in bench.fits.other_forms().values():
        form = bench.peers.Form(fit)
        z = form.unconstrain(fit.law.as_array())
        step = 1e-6 * np.eye(len(z))
        slopes = [form.residuals(z + h) - form.residuals(z - h) for h in step]
        assert (
            pytest.approx(np.array(slopes) / 2e-6, rel=1e-5, abs=1e-8)
            == form.jacobian(z).T
        )
        ones = np.ones(len(form.y))
        assert form.value(z, ones) == pytest.approx(fit.objective, rel=1e-9)


def test_growth_memory_and_files(bench, problem, tmp_path):
    rows = [
        bench.run.environment(),
        *bench.fits.growth_with_refits(problem, [4], rounds=1),
        *bench.fits.growth_with_points([50], rounds=1),
        *bench.fits.memory(problem, 4),
    ]
    bench.rows.write(rows, tmp_path / "r.csv")
    assert bench.rows.read(tmp_path / "r.csv") == rows
    text = bench.page.text(rows)
    assert bench.page.tables(rows[1:5]) in text
    assert "MB" in text


def test_packages_elsewhere_report_as_rows(bench, problem, monkeypatch, tmp_path):
    # A stand-in for the other environment: this one, and a script that answers.
    (tmp_path / "in_chinchilla.py").write_text(
        "import json, pathlib, sys\n"
        "n = len(pathlib.Path(sys.argv[1]).read_text().split()) - 1\n"
        "print('noise')\n"
        "print(json.dumps([{'tool': 'other', 'cpu_s': 2.0, 'note': f'{n} points',\n"
        "                   'constants': [1.8, 480.0, 2100.0, 0.35, 0.37]}]))\n"
    )
    monkeypatch.setattr(bench.elsewhere, "HERE", tmp_path)
    monkeypatch.setattr(bench.elsewhere, "environment", lambda *_: sys.executable)
    (row,) = bench.elsewhere.chinchilla_rows("One fit", problem, 0.5)
    assert (row.cpu_s, row.times_ours) == ("2", "4")
    assert row.result.startswith("objective +")
    assert row.result.endswith("240 points")


def test_without_python_312_it_says_so(bench, problem, monkeypatch):
    monkeypatch.setattr(bench.elsewhere.shutil, "which", lambda _: None)
    (row,) = bench.elsewhere.simple_rows("Refits", problem, 10, 0.5)
    assert row.cpu_s == ""
    assert "needs Python 3.12" in row.result
