"""A small part of the coverage simulation of repeated sampling at each test run."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    file = Path(__file__).with_name("sampling_coverage_simulation.py")
    spec = importlib.util.spec_from_file_location("sampling_coverage", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_intervals_cover(simulation: ModuleType) -> None:
    # One setting of each interval that takes long, and fewer draws of it.
    slow = {
        ("zero-inflated beta-binomial", "share 0.3, beta(1, 2), 50 samples"): 60,
        ("law through problems", "beta(0.3, 1), 25 k of 100 samples"): 36,
    }
    for interval, setting, n_units, answer in simulation.settings():
        is_slow = interval in {name for name, _ in slow}
        if is_slow and slow.get((interval, setting)) != n_units:
            continue
        each = 12 if is_slow else 30
        table = simulation.simulate(answer, each)
        error = np.sqrt(simulation.LEVEL * (1 - simulation.LEVEL) / each)
        least = simulation.LEVEL - simulation.TOLERANCE - 3 * error
        assert (table["coverage"] >= least).all(), (interval, setting, n_units, table)
        assert (table["n_simulations"] == each).all()
        assert (table["width"] > 0).all()


def test_a_row_says_what_was_simulated(simulation: ModuleType) -> None:
    assert [
        *("interval", "setting", "n_units", "quantity"),
        *("coverage", "width", "n_simulations"),
    ] == simulation.COLUMNS
    units = [n for _, _, n, _ in simulation.settings()]
    assert min(units) >= 15
