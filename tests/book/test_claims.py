"""The claims: their rules, their verdicts, the ledger and the scoreboard."""

from __future__ import annotations

import datetime
import re

import pandas as pd
import pytest

import scaling_notes as sn


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


def test_every_rule_has_its_date() -> None:
    dates = sn.load("claims")["rule_date"].map(datetime.date.fromisoformat)
    assert dates.min() == datetime.date(2026, 11, 22)


def test_a_claim_shows_its_rules_and_not_its_verdict() -> None:
    claim = sn.claim("optimal-ratio")
    table = sn.load("claims").set_index("id").loc["optimal-ratio"]
    for text in (repr(claim), claim._repr_html_()):
        for name in ("claim", "said_by", "supported_if", "not_supported_if"):
            assert table[name] in text
        assert claim.rule_date in text
        for word in claim.verdicts.values():
            assert word not in text.replace("supported_if", "")
    assert claim.verdicts.keys() == {"pretraining/chinchilla"}


def test_a_claim_that_is_not_there_gives_those_that_are_near() -> None:
    with pytest.raises(sn.DataError, match="did you mean 'optimal-ratio'"):
        sn.claim("optimal-ration")


def test_the_ledger_holds_every_claim_and_every_verdict() -> None:
    table = sn.claims().table.set_index("id")
    assert list(table.index) == sn.load("claims")["id"].tolist()
    found = sn.load("results").query("kind == 'verdict'")
    assert table["pages"].map(len).sum() == len(found) > 0
    untested = table[table["pages"].map(len) == 0]
    assert (untested["verdict"] == "not yet tested").all()
    # A claim without a verdict says which chapters it waits for.
    assert untested["missing"].map(len).gt(0).all()
    for row in found.itertuples():
        claim = table.loc[str(row.id).removeprefix("claim-")]
        assert row.verdict in claim["verdict"]
        assert str(row.page).rpartition("/")[2] not in claim["missing"]


def test_the_ledger_prints() -> None:
    claims = sn.claims()
    text, html = repr(claims), claims._repr_html_()
    assert text.startswith(f"{len(claims.table)} claims: ")
    assert html.count("<tr>") == 1 + len(claims.table)
    for name in claims.table["id"]:
        assert name in text
        assert f'id="claim-{name}"' in html


def test_a_verdict_says_how_far_it_goes() -> None:
    table = sn.claims().table
    part = table[table["pages"].map(len).gt(0) & table["missing"].map(len).gt(0)]
    assert len(part) > 0
    told = part["verdict"].str.fullmatch(r"undecided so far|.* in \w+ of \w+ chapters")
    assert told.all()
    whole = table[table["missing"].map(len) == 0]["verdict"]
    assert not whole.str.contains("so far| in ").any()


def test_the_ledger_leaves_out_what_no_rule_says() -> None:
    html = sn.claims()._repr_html_()
    assert "if: -" not in html
    assert not re.search(r"\d %", html)


def test_the_ledger_shows_first_what_is_tested() -> None:
    html = sn.claims()._repr_html_()
    told = [word != "not yet tested" for word in re.findall(r"<strong>(.*?)<", html)]
    assert told == sorted(told, reverse=True)
    assert html.count("Rules fixed on") == 1


def test_the_scoreboard_holds_every_forecast() -> None:
    scores = sn.scoreboard()
    found = sn.load("results").query("kind == 'forecast'")
    assert len(scores) * 7 == len(found) > 0
    assert not scores.isna().any(axis=None)
    assert scores["held"].between(0, 1).all()
    assert (scores["error"] >= scores["bias"].abs() * (1 - 1e-9)).all()
    assert isinstance(scores, pd.DataFrame)
