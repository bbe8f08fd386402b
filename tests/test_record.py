"""The results of a chapter: rows, the stored form, refusals, verdicts."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn
from scaling_notes.record import MIME

INTERVAL = sn.Interval(
    0.34731, 0.3184, 0.37777, 0.95, 240, "case bootstrap, 9 resamples"
)


def stored(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows as a notebook file would give them back."""
    bundle = sn.results(values)._repr_mimebundle_()
    rows: list[dict[str, Any]] = json.loads(json.dumps(bundle, allow_nan=False))[MIME]
    return rows


def test_an_interval_is_stored_whole() -> None:
    assert stored({"alpha": INTERVAL}) == [
        {
            "id": "alpha",
            "value": 0.34731,
            "low": 0.3184,
            "high": 0.37777,
            "confidence_level": 0.95,
            "n": 240,
            "how": "case bootstrap, 9 resamples",
        }
    ]


@pytest.mark.parametrize(
    "number", [240, 240.0, np.float64(240), np.int64(240), np.array(240.0)]
)
def test_a_number_has_no_interval(number: Any) -> None:
    (row,) = stored({"runs": number})
    assert row["value"] == 240
    assert row["how"] == "computed"
    for name in ("low", "high", "confidence_level", "n"):
        assert row[name] is None


def test_a_word_is_a_verdict() -> None:
    (row,) = stored({"claim": "supported"})
    assert row["value"] == "supported"
    assert row["how"] == "verdict"
    assert row["low"] is None


def test_rows_keep_their_order_and_their_kinds() -> None:
    rows = stored({"z": INTERVAL, "a": 3.5, "m": "undecided", "b": INTERVAL})
    assert [r["id"] for r in rows] == ["z", "a", "m", "b"]
    assert [r["value"] for r in rows] == [0.34731, 3.5, "undecided", 0.34731]
    assert [r["low"] for r in rows] == [0.3184, None, None, 0.3184]


def test_intervals_of_a_fit_are_stored(boot_240: sn.Bootstrap) -> None:
    names = ("E", "alpha", "beta", "n_exponent")
    rows = stored({n: boot_240.interval(n) for n in names})
    for row, name in zip(rows, names, strict=True):
        assert row["value"] == boot_240.interval(name).value
        assert row["low"] < row["value"] < row["high"]
        assert row["n"] == 240


def test_no_stored_value_is_nan() -> None:
    # A loss that is not known, as that of a power law of size.
    (row,) = stored({"loss": float("nan")})
    assert row["value"] is None


@pytest.mark.parametrize("number", [np.inf, -np.inf])
def test_infinity_has_no_place_in_json(number: float) -> None:
    with pytest.raises(sn.DataError, match="'ratio'"):
        sn.results({"ratio": number})


@pytest.mark.parametrize(
    "value",
    [
        None,
        [1.0],
        {"value": 1.0},
        (1, 2),
        pd.Series([1.0, 2.0]),
        np.array([1.0, 2.0]),
        object(),
    ],
    ids=lambda v: type(v).__name__,
)
def test_other_values_are_refused_by_name(value: Any) -> None:
    with pytest.raises(
        sn.DataError, match=f"Result 'alpha' is a {type(value).__name__}"
    ) as error:
        sn.results({"runs": 240, "alpha": value})
    assert "give an interval, a number or a word" in str(error.value)


def test_one_budgets_plan_is_not_a_number() -> None:
    # Its fields are arrays even for one budget: the message must say so.
    plan = sn.allocate(sn.laws.Chinchilla(1.8, 480.0, 2100.0, 0.35, 0.37), 1e24)
    with pytest.raises(sn.DataError, match="'params' is a ndarray"):
        sn.results({"params": plan.params})


def test_the_table_has_its_columns() -> None:
    table = sn.results({"alpha": INTERVAL, "runs": 240}).table
    assert list(table.columns) == [
        "id",
        "value",
        "low",
        "high",
        "confidence_level",
        "n",
        "how",
    ]
    assert len(table) == 2
    for name in ("low", "high", "confidence_level", "n"):
        assert table[name].dtype == float


def test_no_results_are_an_empty_table() -> None:
    nothing = sn.results({})
    assert nothing.table.empty
    assert nothing._repr_mimebundle_()[MIME] == []
    assert isinstance(repr(nothing), str)


def test_results_show_three_ways() -> None:
    bundle = sn.results(
        {"alpha": INTERVAL, "runs": 240, "claim": "supported"}
    )._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {"text/plain", "text/html", MIME}
    for shown in (bundle["text/plain"], bundle["text/html"]):
        for text in ("alpha", "0.3473", "[0.3184, 0.3778]", "95%", "240", "supported"):
            assert text in shown
        assert "nan" not in shown.lower()
        assert "None" not in shown


def test_verdicts() -> None:
    assert sn.verdict(supported=True, not_supported=False) == "supported"
    assert sn.verdict(supported=False, not_supported=True) == "not supported"
    assert sn.verdict(supported=False, not_supported=False) == "undecided"
    with pytest.raises(sn.DataError, match="contradict"):
        sn.verdict(supported=True, not_supported=True)
