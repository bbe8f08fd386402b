"""What closes a page: records, their table, their machine-read form."""

from __future__ import annotations

import json

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes.corpus._record import COLUMNS, MIME, Record, restored, stored

INTERVAL = sn.Interval(0.347, 0.318, 0.378, 0.95, 240, "case bootstrap")


@pytest.fixture(scope="module")
def said() -> sn.Forecast:
    runs = sn.load("besiroglu2024_chinchilla_points")
    runs = runs[runs["dropped_in_refit"] == 0]
    return sn.forecast(runs, below=3e20, above=8e20, n_resamples=100)


def test_an_interval_a_number_and_a_verdict() -> None:
    results = sn.results(
        {"alpha": INTERVAL, "runs": 240, "claim-optimal-ratio": "supported"}
    )
    alpha, runs, claim = results.records
    assert (alpha.kind, alpha.low, alpha.n) == ("result", 0.318, 240)
    assert (runs.kind, runs.value, runs.low) == ("result", 240.0, None)
    assert (claim.kind, claim.value, claim.verdict) == ("verdict", None, "supported")
    assert results.table["id"].tolist() == ["alpha", "runs", "claim-optimal-ratio"]


def test_a_forecast_becomes_a_record_for_each_of_its_scores(said: sn.Forecast) -> None:
    records = sn.results({"cut": said}).records
    assert {r.kind for r in records} == {"forecast"}
    found = {r.id.removeprefix("cut-"): r.value for r in records}
    assert found == pytest.approx(said.summary())


def test_a_comparison_keeps_what_ours_is(boot_240: sn.Bootstrap) -> None:
    comparison = sn.compare(boot_240, "besiroglu2024", "240 points")
    by_id = {r.id: r for r in comparison.records}
    ours = boot_240.interval("alpha")
    record = by_id["besiroglu2024 | 240 points | alpha"]
    assert record.kind == "comparison"
    assert (record.value, record.low, record.n) == (ours.value, ours.low, ours.n)
    assert by_id["besiroglu2024 | 240 points | E"].unit == "nats per token"
    assert len(comparison._repr_mimebundle_()[MIME]) == len(comparison.table)


def test_the_bundle_is_plain_json_and_comes_back() -> None:
    results = sn.results({"a": np.float64(1.5), "b": INTERVAL})
    bundle = json.loads(json.dumps(results._repr_mimebundle_(), allow_nan=False))
    assert tuple(restored({"data": bundle})) == results.records
    assert restored({"data": {}}) == restored({"name": "stdout"}) == []
    assert "<table" in bundle["text/html"]


def test_a_row_has_six_digits_and_says_nothing_of_what_is_not_known() -> None:
    record = Record("result", "x", value=1 / 3, how="computed")
    row = record.row("part/page")
    assert list(row) == COLUMNS
    assert row["value"] == "0.333333"
    assert row["low"] == row["n"] == row["verdict"] == ""
    assert stored([record])[0]["value"] == 0.33333333


@pytest.mark.parametrize("value", [None, [1.0, 2.0], {"a": 1}])
def test_other_values_are_refused_by_name(value: object) -> None:
    with pytest.raises(sn.DataError, match="'bad' is a"):
        sn.results({"bad": value})  # type: ignore[dict-item]


def test_an_expectation_of_a_page_has_an_outcome() -> None:
    (record,) = sn.results({"outcome-epochs": "partly"}).records
    assert (record.kind, record.value, record.verdict) == ("result", None, "partly")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("claim-x", "perhaps"),
        ("alpha", "supported"),
        ("claim-x", "held"),
        ("outcome-x", "supported"),
    ],
)
def test_words_are_verdicts_of_claims(name: str, word: str) -> None:
    with pytest.raises(sn.DataError, match=r"a word is a verdict of sn\.verdict"):
        sn.results({name: word})
