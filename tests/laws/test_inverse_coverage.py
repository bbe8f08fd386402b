"""A small, seeded part of the simulation of coverage."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

PATH = Path(__file__).with_name("inverse_coverage_simulation.py")


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    spec = importlib.util.spec_from_file_location(PATH.stem, PATH)
    assert spec is not None
    assert spec.loader is not None
    simulation = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(simulation)
    simulation.RESAMPLES = 100
    table = simulation.rows(3)
    assert list(table) == simulation.COLUMNS
    assert (table["n_simulations"] == 3).all()
    assert (table["width"] > 0).all()
    of_95 = table[~table["interval"].str.startswith("forecast")]
    # Some 80 intervals, several of each fit.
    assert len(of_95) > 25
    assert of_95["coverage"].mean() > 0.85
    assert np.isfinite(of_95["width"]).mean() > 0.9
    (forecast,) = table.loc[~table.index.isin(of_95.index), "coverage"]
    assert 0.5 < forecast < 0.98
