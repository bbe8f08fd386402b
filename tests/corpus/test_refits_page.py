"""Printed values beside our re-fits, as the chapters found them."""

from __future__ import annotations

import re

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes.corpus._compare import matching_digits

KEYS = ["key", "setting", "quantity"]


@pytest.fixture(scope="module")
def refits() -> sn.Refits:
    return sn.refits()


def test_every_printed_value_is_there(refits: sn.Refits) -> None:
    printed = sn.load("published")
    found = sn.load("results").query("kind == 'comparison'")
    ours = found["id"].str.split(" | ", expand=True, regex=False)
    ours.columns = KEYS
    assert len(ours) > 0
    table = refits.table
    assert len(table.drop_duplicates(KEYS)) == len(printed)
    assert table["ours"].notna().sum() == len(ours)
    # A re-fit of what is not printed would be lost without a word.
    known = set(printed[KEYS].itertuples(index=False, name=None))
    assert set(ours[KEYS].itertuples(index=False, name=None)) <= known


def test_refits_come_first_and_agree_as_said(refits: sn.Refits) -> None:
    ours = refits.table["ours"].notna().to_numpy()
    assert ours[: ours.sum()].all()
    found = sn.load("results").query("kind == 'comparison'")
    # By the interval, or for the same data by the objective: as the chapter found.
    said = found.set_index(["page", "id"])["verdict"]
    for row in refits.table[ours].itertuples():
        name = " | ".join((row.key, row.setting, row.quantity))
        assert row.agrees == (said[row.chapter, name] == "agrees")
        assert (row.digits, row.printed_digits) == pytest.approx(
            matching_digits(row.ours, row.printed), nan_ok=True
        )


def test_a_disagreement_has_a_written_reason(refits: sn.Refits) -> None:
    apart = refits.table[refits.table["agrees"].eq(0)]
    assert len(apart) > 0
    assert apart["note"].notna().all()


def test_a_replication_agrees(refits: sn.Refits) -> None:
    rows = refits.table[
        (refits.table["key"] == "besiroglu2024")
        & (refits.table["chapter"] == "pretraining/chinchilla")
    ].set_index("quantity")
    assert rows["agrees"].all()
    assert rows.loc["E", "digits"] == 5
    assert np.isclose(rows.loc["alpha", "ours"], 0.34731, atol=1e-5)


def test_it_prints(refits: sn.Refits) -> None:
    text, html = repr(refits), refits._repr_html_()
    count = len(sn.load("published"))
    for shown in (text, html):
        assert f"{count} printed values of " in shown
    assert html.count("<tr>") == 1 + len(refits.table)
    assert 'href="../pretraining/chinchilla.ipynb"' in html
    # A reason that rows share is given once.
    small = re.findall(r"<small>([^<]*)</small></td></tr>", html)
    assert len(small) == len(set(small)) > 0
    assert "digits" in text
