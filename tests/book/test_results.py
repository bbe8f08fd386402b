"""What closes a chapter: rows of results, their table, their machine-read form."""

from __future__ import annotations

import json

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes.book._record import MIME

INTERVAL = sn.Interval(0.347, 0.318, 0.378, 0.95, 240, "case bootstrap")


def test_an_interval_a_number_and_a_word() -> None:
    results = sn.results({"alpha": INTERVAL, "runs": 240, "claim": "supported"})
    rows = {r["id"]: r for r in results._repr_mimebundle_()[MIME]}
    assert rows["alpha"]["low"] == 0.318
    assert rows["alpha"]["n"] == 240
    assert rows["runs"]["value"] == 240
    assert rows["runs"]["low"] is None
    assert rows["claim"]["value"] == "supported"


def test_the_bundle_is_plain_json() -> None:
    bundle = sn.results({"a": np.float64(1.5), "b": INTERVAL})._repr_mimebundle_()
    again = json.loads(json.dumps(bundle, allow_nan=False))
    assert again[MIME][0]["value"] == 1.5
    assert "[0.3180, 0.3780]" in bundle["text/plain"]
    assert "<table" in bundle["text/html"]


@pytest.mark.parametrize("value", [None, [1.0, 2.0], {"a": 1}])
def test_other_values_are_refused_by_name(value: object) -> None:
    with pytest.raises(sn.DataError, match="'bad' is a"):
        sn.results({"bad": value})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("supported", "not_supported", "word"),
    [
        (True, False, "supported"),
        (False, True, "not supported"),
        (False, False, "undecided"),
    ],
)
def test_verdicts(supported: bool, not_supported: bool, word: str) -> None:
    assert sn.verdict(supported=supported, not_supported=not_supported) == word


def test_contradicting_rules_are_refused() -> None:
    with pytest.raises(sn.DataError, match="contradict"):
        sn.verdict(supported=True, not_supported=True)
