"""A small part of ``make coverage`` at each test run, and the table it stored."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    file = Path(__file__).with_name("coverage_simulation.py")
    spec = importlib.util.spec_from_file_location("coverage_simulation", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pooled(simulation: ModuleType, n_runs: int, each: int, **options: object) -> object:
    """Return the coverage of each quantity over all four noises."""
    tables = [
        simulation.simulate(noise, n_runs, each, 200, ("percentile",), **options)
        for noise in simulation.NOISES
    ]
    return pd.concat(tables).groupby("quantity")["coverage"].mean()


@pytest.mark.parametrize(("n_runs", "each"), [(36, 40), (240, 20)])
def test_default_intervals_cover(
    simulation: ModuleType, n_runs: int, each: int
) -> None:
    # 160 simulations: a coverage of 95 % has standard deviation 1.7 %. 80: 2.4 %.
    found = pooled(simulation, n_runs, each)
    error = simulation.monte_carlo_error(0.95, 4 * each)
    assert set(found.index) == set(simulation.QUANTITIES)
    assert (found >= 0.95 - simulation.TOLERANCE - 3 * error).all(), found
    # Intervals that always hold the truth would say nothing.
    assert found.mean() < 1.0


def test_a_lower_level_covers_less(simulation: ModuleType) -> None:
    found = pooled(simulation, 36, 20, level=0.7)
    error = simulation.monte_carlo_error(0.7, 80)
    assert (found - 0.7).abs().max() <= simulation.TOLERANCE + 3 * error
    assert (found < 0.95 - simulation.TOLERANCE - 0.017).all()


def test_the_stored_table_is_whole(simulation: ModuleType) -> None:
    table = sn.load("coverage")
    cells = pd.MultiIndex.from_product(
        [simulation.NOISES, simulation.RUNS, simulation.METHODS, simulation.QUANTITIES]
    )
    names = ["noise", "n_runs", "method", "quantity"]
    stored = pd.MultiIndex.from_frame(table[names])
    constants = table["quantity"].isin(sn.laws.Chinchilla.constants())
    missing = cells.difference(stored)
    assert set(missing.get_level_values(2)) == {"profile"}
    assert set(stored) <= set(cells)
    assert constants[table["method"] == "profile"].all()
    assert (table["n_simulations"] == simulation.SIMULATIONS).all()
    whole = table[["coverage", "above"]] * simulation.SIMULATIONS
    whole = whole[table["method"] != "profile"]
    assert np.allclose(whole, whole.round(), atol=0.05)


def test_the_stored_default_is_near_its_nominal_level(simulation: ModuleType) -> None:
    table = sn.load("coverage")
    default = table[table["method"] == simulation.METHODS[0]]
    assert len(default) == 48
    assert (default["coverage"] - 0.95).abs().max() <= simulation.TOLERANCE


def test_stored_rows_come_out_again(simulation: ModuleType) -> None:
    # The first ten simulations of one cell, counted two ways.
    one = simulation.simulate("gaussian", 36, 10, 50)
    two = simulation.simulate("gaussian", 36, 10, 50, ("percentile",))
    same = one[one["method"] == "percentile"].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, two)
