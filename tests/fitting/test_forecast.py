"""Forecast before reveal: nothing above the cut is used, and the score is right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn

TRUTH = sn.laws.Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)


def sweep(seed: int = 0, noise: float = 0.005) -> pd.DataFrame:
    flops = np.repeat(np.geomspace(1e18, 1e22, 12), 8)
    params = TRUTH.optimum(flops).params * np.tile(np.geomspace(0.2, 5, 8), 12)
    tokens = flops / 6 / params
    rng = np.random.default_rng(seed)
    loss = TRUTH(params, tokens) * np.exp(noise * rng.standard_normal(96))
    return pd.DataFrame(
        {"params": params, "tokens": tokens, "flops": flops, "loss": loss}
    )


def test_runs_above_the_cut_have_no_part_in_the_fit() -> None:
    runs = sweep()
    spoiled = runs.assign(loss=runs["loss"].where(runs["flops"] < 1e21, 9.0))
    a, b = (
        sn.forecast(r, below=1e21, n_resamples=100, calibration=None)
        for r in (runs, spoiled)
    )
    assert a.fit.estimates == b.fit.estimates
    assert list(a.table["forecast"]) == list(b.table["forecast"])
    assert a.held > 0.5
    assert b.held == 0.0


def test_the_score_follows_from_the_table() -> None:
    said = sn.forecast(sweep(), below=1e20, above=1e21, n_resamples=100)
    table = said.table
    assert (table["flops"] >= 1e21).all()
    assert (said.fit.data["params"] * said.fit.data["tokens"] * 6 < 1e20 * 1.01).all()
    ratio = table["forecast"] / table["loss"] - 1
    assert said.error == pytest.approx(ratio.abs().median())
    assert said.bias == pytest.approx(ratio.median())
    inside = (table["low"] <= table["loss"]) & (table["loss"] <= table["high"])
    assert said.held == inside.mean()
    assert said.summary()["held_out"] == len(table)
    assert "80% intervals" in repr(said)


def test_eighty_percent_intervals_hold_eighty_percent_when_the_form_is_true() -> None:
    held = [
        sn.forecast(
            sweep(s), below=1e21, n_resamples=200, seed=s, calibration=None
        ).held
        for s in range(30)
    ]
    # 24 runs are held out each time; they share a fit, so the mean moves by about 3 %.
    assert np.mean(held) == pytest.approx(0.8, abs=0.08)


def test_bad_cuts_are_refused() -> None:
    with pytest.raises(sn.DataError, match="lower the cut"):
        sn.forecast(sweep(), below=1e21, above=1e25)
    with pytest.raises(sn.DataError, match="both fitted and held out"):
        sn.forecast(sweep(), below=1e21, above=1e20)
    with pytest.raises(sn.DataError, match="too few"):
        sn.forecast(sweep(), below=1e17)
    with pytest.raises(sn.DataError, match="no column 'flops'"):
        sn.forecast(sweep().drop(columns="flops"), below=1e21)


@pytest.mark.parametrize("column", ["loss", "flops"])
def test_rows_that_cannot_be_scored_are_refused(column: str) -> None:
    runs = sweep()
    runs.loc[95, column] = np.nan
    with pytest.raises(sn.DataError, match=f"'{column}' .* row 95"):
        sn.forecast(runs, below=1e21)


def test_the_fit_remembers_what_was_counted() -> None:
    names = {"params": "n", "loss": "l"}
    frame = sweep().rename(columns=names)
    frame.attrs["units"] = {"n": "non-embedding parameters", "l": "bits/byte"}
    said = sn.forecast(frame, below=1e21, n_resamples=20, **names)
    assert said.fit.params_kind == "non-embedding"
    assert said.fit.loss_unit == "bits per byte"
    assert said.fit.estimates == sn.forecast(sweep(), below=1e21).fit.estimates


def test_units_are_resampled_together() -> None:
    runs = sweep().assign(unit=np.arange(96) % 8)
    said = sn.forecast(runs, below=1e21, groups="unit", n_resamples=50)
    assert said.n_exponent.n == 8
