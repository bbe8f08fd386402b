"""The stored scores of forecasts: they come out again, and say what the page says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn

TOP = Path(__file__).parents[2]
SCORES = sn.load("forecast_scores")
MEASURES = ["runs", "held_out", "factor", "error", "bias", "worst", "all_error"]
# Shares of runs that a border decides differ by a run or two between processors.
A_RUN = 0.03


def stored(family: str, sweep: str, method: str) -> pd.DataFrame:
    rows = SCORES.query("family == @family and sweep == @sweep and method == @method")
    return rows.sort_values("quantile").reset_index(drop=True)


def test_a_script_made_them() -> None:
    script = (TOP / "experiments" / "forecasts.py").read_text("utf-8")
    for name in ("forecast_scores", "forecast_sizes"):
        assert f'write("{name}"' in script


@pytest.mark.parametrize(
    ("family", "sweep"),
    [
        ("llama3", "llama3"),
        ("hoffmann", "hoffmann"),
        ("laboratory", "wide"),
    ],
)
@pytest.mark.parametrize("method", ["surface", "frontier with priors"])
def test_scores_come_out_again(family: str, sweep: str, method: str) -> None:
    known = [name for name in sn.fitting.FAMILIES if name != family]
    again = sn.backtest(
        sn.corpus.sweeps(family)[sweep],
        calibration=None if method == "surface" else known,
    )
    rows = stored(family, sweep, method)
    assert len(rows) == len(again) == 2
    ours, theirs = again[MEASURES].to_numpy(float), rows[MEASURES].to_numpy(float)
    np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-5)
    np.testing.assert_allclose(again["held"], rows["held"], atol=A_RUN)


def test_learnt_forecasts_beat_the_surface_in_every_family() -> None:
    seen = SCORES[SCORES["family"].isin(sn.fitting.FAMILIES)]
    error = seen.pivot_table("error", "family", "method")
    ours, plain = error["frontier with priors"], error["surface"]
    assert (ours < 1.1 * plain).all()
    assert ours.mean() < 0.015 < 0.04 < plain.mean()
    held = seen.pivot_table("held", "family", "method")
    assert 0.7 < held["frontier with priors"].mean() < 0.9
    assert held["surface"].mean() < 0.4


def test_every_split_was_scored_by_the_same_methods_once() -> None:
    key = ["family", "sweep", "quantile", "method"]
    assert not SCORES.duplicated(key).any()
    seen = SCORES[SCORES["family"].isin(sn.fitting.FAMILIES)]
    splits = seen.drop_duplicates(key[:3])
    assert len(splits) == 44
    for method in ("surface", "surface, widened", "frontier with priors"):
        assert len(seen[seen["method"] == method]) == 44
