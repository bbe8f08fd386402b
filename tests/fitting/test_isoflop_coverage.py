"""A small part of the coverage of IsoFLOP intervals at each test run."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    name = "isoflop_coverage_simulation"
    spec = importlib.util.spec_from_file_location(
        name, Path(__file__).with_name(f"{name}.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks for its module here.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("n_runs", "noise"), [(5, "gaussian"), (6, "t3"), (7, "gaussian")]
)
def test_few_runs_a_budget_cover(
    simulation: ModuleType, n_runs: int, noise: str
) -> None:
    setting = simulation.Setting(4, n_runs, noise)
    table = simulation.simulate(setting, 60, 400)
    # The Monte Carlo error of 60 simulations is 0.028.
    assert (table["coverage"] >= 0.85).all()
    assert (table["n_units"] == 4 * n_runs).all()
    exponent = table.set_index("quantity").loc["n_exponent"]
    assert 0.03 < exponent["width"] < 0.3


def test_runs_at_several_budgets_cover(simulation: ModuleType) -> None:
    setting = simulation.Setting(4, 15, curves=True)
    table = simulation.simulate(setting, 40, 400)
    assert (table["coverage"] >= 0.85).all()
    assert (table["interval"] == simulation.JACKKNIFE).all()


def test_the_table_has_a_row_for_each_setting(simulation: ModuleType) -> None:
    names = [str(s) for s in simulation.SETTINGS]
    assert len(set(names)) == len(names)
    table = simulation.simulate(simulation.SETTINGS[0], 2, 50)
    assert list(table.columns) == [
        "interval",
        "setting",
        "n_units",
        "quantity",
        "coverage",
        "width",
        "n_simulations",
    ]
