"""Calibrated forecasts: where they hold, where they do not, and what they never do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scaling_notes as sn
from scaling_notes.fitting import FAMILIES
from scaling_notes.laws import (
    BetaCoverage,
    Chinchilla,
    ExponentialApproach,
    ExponentiatedPowerLaw,
    PowerLaw,
    SharedExponent,
)

# Irreducible loss is .6 of the least loss below 1e21, as in the five families.
INSIDE = Chinchilla(E=1.2, A=276.0, B=679.0, alpha=0.3, beta=0.3)
# Here it is .8 of it: more than any family has shown.
OUTSIDE = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)


def sweep(law: Chinchilla = INSIDE, seed: int = 0, noise: float = 0.005):
    flops = np.repeat(np.geomspace(1e18, 1e22, 12), 8)
    params = law.optimum(flops).params * np.tile(np.geomspace(0.2, 5, 8), 12)
    tokens = flops / 6 / params
    rng = np.random.default_rng(seed)
    loss = law(params, tokens) * np.exp(noise * rng.standard_normal(96))
    return pd.DataFrame(
        {"params": params, "tokens": tokens, "flops": flops, "loss": loss}
    )


RUNS = sweep()
SAID = sn.forecast(RUNS, below=1e21, n_resamples=20)


def forecasts(law: Chinchilla) -> list[sn.Forecast]:
    return [
        sn.forecast(sweep(law, s), below=1e21, n_resamples=20, seed=s)
        for s in range(12)
    ]


def test_a_sweep_like_those_of_the_families_is_forecast_within_a_percent() -> None:
    said = forecasts(INSIDE)
    assert np.mean([one.error for one in said]) < 0.01
    assert abs(np.mean([one.bias for one in said])) < 0.005
    assert np.mean([one.held for one in said]) >= 0.8


def test_a_floor_that_no_family_has_shown_makes_forecasts_too_optimistic() -> None:
    """The priors are for real sweeps: they pull a floor of .8 down to about .7."""
    said = forecasts(OUTSIDE)
    assert all(-0.03 < one.bias < 0 for one in said)
    assert -0.02 < np.mean([one.bias for one in said]) < -0.01
    assert 0.4 < np.mean([one.held for one in said]) < 0.75
    # The plain fit, whose form is the true one here, is not biased.
    plain = sn.forecast(sweep(OUTSIDE), below=1e21, n_resamples=20, calibration=None)
    assert abs(plain.bias) < 0.005


def test_runs_above_the_cut_have_no_part_in_the_forecast() -> None:
    spoiled = RUNS.assign(loss=RUNS["loss"].where(RUNS["flops"] < 1e21, 9.0))
    said = sn.forecast(spoiled, below=1e21, n_resamples=20)
    assert list(said.table["forecast"]) == list(SAID.table["forecast"])
    assert list(said.table["low"]) == list(SAID.table["low"])
    assert said.held == 0.0 < SAID.held


@settings(max_examples=6)
@given(
    st.sampled_from([1e-5, 0.1, 3.0, 1e4]),
    st.floats(0.2, 5.0),
    st.floats(0.2, 5.0),
    st.floats(0.1, 10.0),
)
def test_units_do_not_matter(loss: float, n: float, d: float, c: float) -> None:
    scale = {"params": n, "tokens": d, "flops": c, "loss": loss}
    other = sn.forecast(RUNS * pd.Series(scale), below=1e21 * c, n_resamples=20)
    for name in ("forecast", "low", "high"):
        ratio = other.table[name] / SAID.table[name] / loss
        assert ratio.to_numpy() == pytest.approx(1.0, rel=1e-5)
    assert other.table["held"].tolist() == SAID.table["held"].tolist()


def test_rows_may_come_in_any_order_under_any_labels() -> None:
    order = np.random.default_rng(0).permutation(96)
    mixed = RUNS.iloc[order].set_axis(np.arange(96) // 2)
    said = sn.forecast(mixed, below=1e21, n_resamples=20)
    by_size = ["flops", "params", "forecast"]
    a, b = (s.table.sort_values(by_size[:2])[by_size] for s in (said, SAID))
    assert a.to_numpy() == pytest.approx(b.to_numpy(), rel=1e-6)


def test_columns_of_other_names_and_groups_change_no_forecast() -> None:
    names = {"params": "n", "tokens": "d", "flops": "c", "loss": "l"}
    runs = RUNS.rename(columns=names).assign(unit=np.arange(96) % 8)
    said = sn.forecast(runs, below=1e21, n_resamples=20, groups="unit", **names)
    assert list(said.table["forecast"]) == list(SAID.table["forecast"])
    assert said.n_units == 8
    counted = sn.forecast(RUNS, below=1e21, n_resamples=20, params_kind="non-embedding")
    assert counted.fit.params_kind == "non-embedding"


@pytest.mark.parametrize("law", [None, SharedExponent])
def test_intervals_widen_with_the_confidence_level(law: type | None) -> None:
    levels = [
        sn.forecast(RUNS, below=1e21, law=law, n_resamples=50, confidence_level=level)
        for level in (0.5, 0.8, 0.95)
    ]
    widths = [np.log(s.table["high"] / s.table["low"]) for s in levels]
    assert (widths[0] < widths[1]).all()
    assert (widths[1] < widths[2]).all()


def test_the_best_run_is_the_surest_and_least_of_its_budget() -> None:
    best = SAID.best([1e22, 1e23, 1e24])
    width = np.log(best["high"] / best["low"])
    assert width.is_monotonic_increasing
    assert best["forecast"].is_monotonic_decreasing
    largest = RUNS["flops"][RUNS["flops"] < 1e21].max()
    assert best["factor"].to_numpy() == pytest.approx(best["flops"] / largest)
    params = np.array([1e9, 1e10, 1e11])
    off = SAID.at(params=params, tokens=1e22 / 6 / params)
    assert (off["forecast"] >= best["forecast"].iloc[0]).all()


def test_at_and_the_table_say_the_same() -> None:
    again = SAID.at(params=SAID.table["params"], tokens=SAID.table["tokens"])
    for name in ("forecast", "low", "high"):
        assert again[name].to_numpy() == pytest.approx(SAID.table[name].to_numpy())


def test_how_names_the_families() -> None:
    assert SAID.how.endswith("calibrated on " + ", ".join(FAMILIES))
    assert SAID.how in repr(SAID)
    plain = sn.forecast(RUNS, below=1e21, n_resamples=20, calibration=None)
    assert "knows nothing of a wrong form" in plain.how
    others = sn.forecast(RUNS, below=1e21, n_resamples=20, calibration=FAMILIES[1:])
    assert "hoffmann" not in others.how


def test_what_is_told_beforehand_makes_it_an_extrapolated_law() -> None:
    for told in ({"fixed": {"E": 1.2}}, {"bounds": {"E": (1.0, 1.4)}}):
        said = sn.forecast(RUNS, below=1e21, n_resamples=20, **told)
        assert said.how.startswith("law extrapolated, calibrated on")
        with pytest.raises(sn.DataError, match=r"for a law ask at\(\)"):
            said.best(1e23)


def test_a_plain_forecast_has_no_best_run() -> None:
    plain = sn.forecast(RUNS, below=1e21, n_resamples=20, calibration=None)
    with pytest.raises(sn.DataError, match=r"best\(\) needs a calibrated forecast"):
        plain.best(1e23)


@pytest.mark.parametrize("flops", [0.0, -1e22, np.nan, np.inf, [[1e22]]])
def test_bad_budgets_are_refused(flops: object) -> None:
    with pytest.raises(sn.DataError, match="flops must be finite and positive"):
        SAID.best(flops)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"params": 1e9}, "Chinchilla needs the inputs params, tokens"),
        ({"params": 1e9, "tokens": 2e10, "flops": 1e20}, "needs the inputs"),
        ({"params": 1e9, "tokens": -1.0}, "tokens must be finite and positive"),
        ({"params": 1e9, "tokens": "many"}, "tokens is not a number"),
        ({"params": [1.0, 2.0], "tokens": [1.0] * 3}, "do not broadcast"),
    ],
)
def test_bad_inputs_are_refused(inputs: dict[str, object], words: str) -> None:
    with pytest.raises(sn.DataError, match=words):
        SAID.at(**inputs)  # type: ignore[arg-type]


# Without a cut


@pytest.mark.parametrize("calibration", [FAMILIES, None])
@pytest.mark.parametrize("law", [None, SharedExponent])
def test_without_a_cut_all_runs_are_fitted(
    law: type | None, calibration: tuple[str, ...] | None
) -> None:
    said = sn.forecast(RUNS, law=law, n_resamples=20, calibration=calibration)
    assert len(said.fit.data) == 96
    assert said.table.empty
    assert repr(said).startswith("96 runs, none held out; ")
    for name in ("error", "bias", "held", "factor"):
        assert np.isnan(getattr(said, name)), name
    assert said.summary()["held_out"] == said.n_units == 0
    told = said.at(params=1e11, tokens=[1e12, 2e12])
    assert (told["low"] < told["forecast"]).all()
    assert (told["forecast"] < told["high"]).all()


def test_runs_of_one_budget_leave_all_to_the_priors() -> None:
    one = RUNS[RUNS["flops"] == RUNS["flops"].iloc[0]]
    with pytest.warns(sn.FitWarning):
        best = sn.forecast(one, n_resamples=20).best([1e18, 1e20])
    assert best["forecast"].iloc[0] == pytest.approx(one["loss"].min(), rel=1e-6)
    narrow = sn.forecast(RUNS[RUNS["flops"] < 1e20], n_resamples=20).best(1e21)
    wide = np.log(best["high"] / best["low"])
    assert wide[1] > 2 * np.log(narrow["high"] / narrow["low"])[0]


def test_compute_of_eighteen_decades_and_budgets_beyond_measure() -> None:
    law = PowerLaw(E=1.2, A=50.0, alpha=0.1)
    flops = np.repeat(np.geomspace(1e8, 1e26, 30), 6)
    params = np.sqrt(flops / 120) * np.tile(np.geomspace(0.2, 5, 6), 30)
    runs = pd.DataFrame({"params": params, "flops": flops})
    runs["tokens"] = flops / 6 / params
    off = np.log(params / np.sqrt(flops / 120))
    runs["loss"] = law(flops) * np.exp(0.01 * off**2)
    said = sn.forecast(runs[runs["params"] > 10], below=1e22, n_resamples=20)
    assert said.error < 0.04
    best = said.best([1e-300, 1e300])
    assert np.isfinite(best.to_numpy()).all()


# Laws that are extrapolated


def curve(law: sn.laws.Law, x: np.ndarray, noise: float) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    (name,), y = law.inputs, law.value(x)
    move = noise * rng.standard_normal(len(x))
    moved = {"log": y * np.exp(move), "linear": y + move, "loglog": y ** np.exp(move)}
    return pd.DataFrame({name: x, law.response: moved[law.scale]})


CURVES = {
    "log": (curve(PowerLaw(1.0, 8.0, 0.3), np.geomspace(1e2, 1e6, 30), 0.01), 1e4),
    "linear": (
        curve(ExponentialApproach(0.1, 0.7, 40.0), np.arange(0.0, 300, 10), 0.02),
        150.0,
    ),
    "loglog": (
        curve(
            BetaCoverage(0.3, 0.4), np.unique(np.geomspace(1, 500, 40).round()), 0.05
        ),
        50.0,
    ),
}
LAWS = {"log": PowerLaw, "linear": ExponentialApproach, "loglog": BetaCoverage}


@pytest.mark.parametrize("scale", LAWS)
def test_a_law_is_extrapolated_with_a_wider_interval(scale: str) -> None:
    (runs, cut), law = CURVES[scale], LAWS[scale]
    assert law.scale == scale
    wide, plain = (
        sn.forecast(runs, law=law, below=cut, n_resamples=50, calibration=known)
        for known in (FAMILIES, None)
    )
    a, b = wide.table, plain.table
    assert a["forecast"].tolist() == b["forecast"].tolist()
    assert (a["low"] <= b["low"] + 1e-12).all()
    assert (a["high"] >= b["high"] - 1e-12).all()
    assert (a["low"] < b["low"]).any()
    assert (a["low"] <= a["forecast"]).all()
    assert (a["forecast"] <= a["high"]).all()


@pytest.mark.parametrize("scale", LAWS)
def test_at_the_runs_themselves_nothing_is_added(scale: str) -> None:
    (runs, cut), law = CURVES[scale], LAWS[scale]
    (name,) = law.inputs
    wide, plain = (
        sn.forecast(runs, law=law, below=cut, n_resamples=50, calibration=known).at(
            **{name: runs[name][runs[name] < cut]}
        )
        for known in (FAMILIES, None)
    )
    inside = (plain["low"] <= plain["forecast"]) & (plain["forecast"] <= plain["high"])
    assert inside.mean() > 0.8
    assert wide[inside].to_numpy() == pytest.approx(plain[inside].to_numpy(), rel=1e-9)


def test_a_share_at_its_ceiling_stays_there() -> None:
    """Chances of 1 to the last digit have no finite place on their scale."""
    k = np.unique(np.geomspace(1, 3000, 25).round())
    runs = curve(ExponentiatedPowerLaw(2.0, 0.5), k, 0.05)
    runs["pass_at_k"] = runs["pass_at_k"].clip(upper=1 - 1e-12)
    said = sn.forecast(runs, law=ExponentiatedPowerLaw, below=100, n_resamples=20)
    told = said.at(k=[1e3, 1e6, 1e12])
    assert (told["high"] <= 1.0).all()
    assert (told["low"] <= told["forecast"]).all()
    assert told["low"].iloc[-1] == pytest.approx(1.0)
