"""How often every other kind of interval holds the truth: one table.

``make coverage`` runs the simulations of all rooms (minutes) and writes
``coverage_intervals.csv``. Small parts of them run with the tests.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pandas as pd

TESTS = Path(__file__).parent
DATA = TESTS.parent / "src" / "scaling_notes" / "corpus" / "data"
TABLE = DATA / "coverage_intervals.csv"
SIMULATIONS = (
    "fitting/bounds_coverage_simulation.py",
    "fitting/known_coverage_simulation.py",
    "fitting/isoflop_coverage_simulation.py",
    "laws/inverse_coverage_simulation.py",
    "sampling/sampling_coverage_simulation.py",
)
TOLERANCE = 0.04


def rows_of(file: str) -> pd.DataFrame:
    """Return the rows of one simulation, with the level each interval promises."""
    path = TESTS / file
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    table: pd.DataFrame = module.rows()
    levels = [0.8 if "80%" in name else 0.95 for name in table["interval"]]
    table.insert(4, "confidence_level", levels)
    return table


def test_other_intervals_cover_the_truth() -> None:
    table = pd.concat([rows_of(file) for file in SIMULATIONS], ignore_index=True)
    text = table.to_csv(index=False, float_format="%.4g", lineterminator="\n")
    TABLE.write_text(text, "utf-8")
    print(f"\n{table.to_string()}")
    away = (table["coverage"] - table["confidence_level"]).abs()
    off = table[away > TOLERANCE + 1e-9]
    assert off.empty, off.to_string()
