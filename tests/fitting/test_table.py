"""Tables for readers: few digits, counts as 170M, no index, nothing for nothing."""

from __future__ import annotations

import math
import re

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

import scaling_notes as sn
from scaling_notes.fitting import digits

SUFFIXES = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12, "": 1.0}


def cell(value: object, name: str = "x") -> str:
    frame = pd.DataFrame({name: pd.Series([value], dtype=object)})
    return str(sn.table(frame).cells().iloc[0, 0])


def number(text: str) -> float:
    """Return the number that a cell shows."""
    match = re.fullmatch(r"(-?[\d.]+(?:e-?\d+)?)([kMBT]?)", text)
    assert match, text
    return float(match[1]) * SUFFIXES[match[2]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.34731, "0.347"),
        (1.817218, "1.82"),
        (477.826, "478"),
        (2143.417, "2143"),
        (0.0, "0.00"),
        (-0.0123456, "-0.0123"),
        (1e24, "1e24"),
        (9.76e10, "9.76e10"),
        (1.018274e-3, "0.00102"),
        (1e-4, "1e-4"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_digits(value: float, text: str) -> None:
    assert digits(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.7e8, "170M"),
        (999.6e6, "1B"),
        (999_500, "1M"),
        (39_800, "39.8k"),
        (1.4e12, "1.4T"),
        (5.76e23, "5.76e23"),
        (9_999, "9999"),
        (2026, "2026"),
        (17.0, "17"),
        (0, "0"),
        (-7e9, "-7B"),
        (9.996e14, "1e15"),
        (9.996, "10.0"),
        (2.8912, "2.89"),
        (1.2e-5, "1.2e-5"),
        (math.nan, ""),
        (None, ""),
        (pd.NA, ""),
        (math.inf, "∞"),
        (True, "yes"),
        (np.bool_(False), "no"),
        ("A100 80GB", "A100 80GB"),
        (pd.Timestamp("2026-11-22"), "2026-11-22 00:00:00"),
    ],
)
def test_a_cell(value: object, text: str) -> None:
    assert cell(value) == text


def test_compute_is_a_power_of_ten_by_its_name_or_unit() -> None:
    assert cell(1e9, "flops") == cell(1e9, "budget") == "1e9"
    frame = pd.DataFrame({"cut": [3e10], "size": [3e10]})
    shown = sn.table(frame, units={"cut": "FLOP"}).cells()
    assert shown.iloc[0].tolist() == ["3e10", "30B"]
    assert list(shown) == ["cut (FLOP)", "size"]


@given(st.floats(-1e14, 1e14))
def test_what_is_shown_is_within_half_a_unit_of_its_third_digit(value: float) -> None:
    assert number(cell(value)) == pytest.approx(value, rel=0.00501, abs=1e-300)


@given(st.floats(1e15, 1e30) | st.floats(1e4, 1e30))
def test_compute_is_too(value: float) -> None:
    assert number(cell(value, "flops")) == pytest.approx(value, rel=0.00501)


def test_units_come_with_a_loaded_table() -> None:
    runs = sn.load("besiroglu2024_chinchilla_points").head(2)
    shown = sn.table(runs[["params", "flops", "loss"]]).cells()
    assert list(shown) == ["params", "flops (FLOP)", "loss (nats/token)"]
    assert shown["params"].tolist() == ["6.8B", "2.98B"]


def test_an_index_that_says_something_becomes_columns() -> None:
    plain = pd.DataFrame({"a": [1.5, 2.5]})
    assert list(sn.table(plain[::-1].reset_index(drop=True)).cells()) == ["a"]
    named = plain.set_axis(pd.Index(["x", "y"], name="which"))
    assert list(sn.table(named).cells()) == ["which", "a"]
    both = pd.MultiIndex.from_product([["p", "q"], [1, 2]], names=["one", None])
    wide = pd.DataFrame(np.eye(4), index=both, columns=both)
    shown = sn.table(wide).cells()
    assert list(shown) == ["one", "", "p, 1", "p, 2", "q, 1", "q, 2"]
    series = pd.Series([0.25], index=pd.Index([1e9], name="params"), name="share")
    assert sn.table(series).cells().iloc[0].tolist() == ["1B", "0.250"]


def test_ends_become_an_interval() -> None:
    frame = pd.DataFrame(
        {"a": [0.5, 1.0], "low": [0.4, None], "high": [0.6, None], "b_low": [1e9, 2e9]}
    ).assign(b_high=[2e9, 3e9])
    shown = sn.table(frame).cells()
    assert shown["interval"].tolist() == ["[0.400, 0.600]", ""]
    assert shown["b interval"].tolist() == ["[1B, 2B]", "[2B, 3B]"]
    assert len(shown.columns) == 3
    # One end alone stays what it is.
    assert list(sn.table(frame[["a", "low"]]).cells()) == ["a", "low"]


def test_fewer_digits_of_a_count_are_still_a_count() -> None:
    frame = pd.DataFrame({"params": [1.74e8, 9.96e11]})
    shown = sn.table(frame, significant=2).cells()
    assert shown["params"].tolist() == ["170M", "1T"]


def test_a_unit_is_left_out_only_where_the_header_says_it() -> None:
    frame = pd.DataFrame({"k": [1], "loss": [2], "params": [3], "cost_s": [4]})
    units = {"k": "tokens", "loss": "s", "params": "parameters", "cost_s": "s"}
    headers = list(sn.table(frame, units=units).cells())
    assert headers == ["k (tokens)", "loss (s)", "params", "cost s"]


def test_columns_of_one_header_are_all_shown() -> None:
    frame = pd.DataFrame([[1, 2]], columns=["a_b", "a b"])
    assert sn.table(frame).cells().to_numpy().tolist() == [["1", "2"]]


def test_an_empty_table_shows_its_headers() -> None:
    assert repr(sn.table(pd.DataFrame({"a": [], "b_c": []}))) == "a  b c"


def test_an_interval_below_zero_stands_on_the_right_too() -> None:
    frame = pd.DataFrame({"low": [-0.331], "high": [0.36]})
    html = sn.table(frame)._repr_html_()
    assert '<td class="number">[-0.331, 0.360]</td>' in html


def test_html_is_escaped_and_numbers_are_marked() -> None:
    frame = pd.DataFrame({"model": ["<b>"], "loss": [2.5]})
    html = sn.table(frame)._repr_html_()
    assert "<td>&lt;b&gt;</td>" in html
    assert '<td class="number">2.50</td>' in html
    assert "<b>" not in html


def test_text_is_the_same_table() -> None:
    frame = pd.DataFrame({"tokens_per_param": [20.0], "held": [True]})
    assert repr(sn.table(frame)).split() == [
        "tokens",
        "per",
        "param",
        "held",
        "20",
        "yes",
    ]
    assert "19.95" in repr(sn.table(pd.DataFrame({"x": [19.9481]}), significant=4))
