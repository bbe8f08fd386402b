"""What is stored of other families, and how it is asked for."""

from __future__ import annotations

import fnmatch
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

import scaling_notes as sn
from scaling_notes.fitting import FAMILIES, read_calibration, student

ALL = read_calibration(FAMILIES)


def test_all_families_or_all_but_one_in_any_order() -> None:
    assert ALL is not None
    assert ALL.families == FAMILIES
    for left_out in FAMILIES:
        others = [name for name in FAMILIES if name != left_out]
        known = read_calibration(others[::-1])
        assert known is not None
        assert set(known.families) == set(others)
        assert known != ALL
    assert read_calibration(iter(FAMILIES)) == ALL  # type: ignore[arg-type]


def test_one_of_your_own_and_none_pass_through() -> None:
    assert read_calibration(ALL) is ALL
    assert read_calibration(None) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("hoffmann", "calibration is 'hoffmann'; give names of families"),
        (True, "calibration is True; .* what calibrate.* returned, or None"),
        ([], r"calibration is \[\]; give names"),
        (["hoffman"], "names 'hoffman', of which nothing is stored; there are hoff"),
        (["step_law", *FAMILIES], "names 'step_law'"),
        ([["hoffmann"]], "names .'hoffmann'., of which"),
        (FAMILIES[:3], "on hoffmann, llama3, gemstones alone is not stored: take all"),
        (FAMILIES[:1], "on hoffmann alone is not stored"),
    ],
)
def test_what_is_no_calibration_is_refused(given: object, words: str) -> None:
    with pytest.raises(sn.DataError, match=words):
        read_calibration(given)  # type: ignore[arg-type]


def test_every_call_refuses_it_before_the_work() -> None:
    law = sn.laws.Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
    runs = sn.corpus.sweeps("llama3")["llama3"]
    for ask in (
        lambda known: sn.forecast(runs, calibration=known),
        lambda known: sn.backtest(runs, calibration=known),
        lambda known: sn.allocate(law, 1e22, calibration=known),
        lambda known: sn.next_runs(law, flops=1, target_flops=1, calibration=known),  # type: ignore[arg-type]
    ):
        with pytest.raises(sn.DataError, match="calibration is 'gadre'"):
            ask("gadre")


def test_student_is_of_four_degrees() -> None:
    for level in (0.5, 0.8, 0.95, 0.99):
        assert student(level) == pytest.approx(t(4).ppf(0.5 + level / 2))
    with pytest.raises(sn.DataError, match="confidence_level"):
        student(1.0)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_spread_is_at_least_each_of_its_parts(
    a: float, b: float, more: float
) -> None:
    assert ALL is not None
    frontier, above = np.array([a, a + more]), np.array([b, b])
    spread = ALL.spread(frontier, above)
    assert spread[0] <= spread[1]
    assert (spread >= ALL.run_scatter).all()
    assert (spread >= ALL.spread_scale * frontier - 1e-15).all()
    assert (spread >= ALL.excess_share * above - 1e-15).all()


def test_sizes_are_off_by_decades_beyond_and_not_inside() -> None:
    assert ALL is not None
    off = ALL.size_spread(np.array([1e-3, 1.0, 10.0, 100.0]))
    assert off[:3] == pytest.approx([0, 0, ALL.size_error])
    assert off[3] > off[2]


def test_row_is_a_line_of_the_file() -> None:
    assert ALL is not None
    row = pd.Series(ALL.row())
    assert row["families"] == " ".join(FAMILIES)
    assert list(row.index) == list(sn.Calibration.__dataclass_fields__)
    assert ALL.how == "calibrated on " + ", ".join(FAMILIES)


def test_the_package_carries_the_file() -> None:
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["scaling_notes"]
    assert any(fnmatch.fnmatch("fitting/calibration.csv", p) for p in patterns)
