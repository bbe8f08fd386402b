"""The stored results: each has its script, and its cheap rows come out again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes.tables import descriptor

TOP = Path(__file__).parents[2]
STORED = [r for r in descriptor()["resources"] if r["name"].startswith("lab_")]


@pytest.mark.parametrize("resource", STORED, ids=[r["name"] for r in STORED])
def test_a_script_made_it(resource: dict) -> None:
    script = (TOP / resource["locator"]).read_text("utf-8")
    assert f'write("{resource["name"]}"' in script
    assert resource["exactness"] == "measured here"


@pytest.mark.parametrize("name", ["lab_isoflop", "lab_wide"])
def test_cheap_runs_come_out_again(name: str) -> None:
    frame = sn.load(name)
    assert np.allclose(frame["flops"], 6 * frame["params"] * frame["tokens"], rtol=1e-6)
    for row in frame[frame["budget"] <= 3e8].iloc[::13].itertuples():
        again = sn.lab.sweep(
            sn.lab.language(), [row.budget], [row.width], [row.seed]
        ).iloc[0]
        assert again["tokens"] == row.tokens
        assert again["loss"] == pytest.approx(row.loss, abs=0.003)
