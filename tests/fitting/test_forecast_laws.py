"""Forecasts with any law, along any input, at several cuts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn
from scaling_notes.laws import (
    ExponentialApproach,
    FineTuning,
    OptimalHyperparameter,
    PowerLaw,
    SharedExponent,
)

TRUTH = PowerLaw(E=1.0, A=8.0, alpha=0.3)


def curve(seed: int = 0, n: int = 40) -> pd.DataFrame:
    x = np.geomspace(1e2, 1e6, n)
    noise = 0.01 * np.random.default_rng(seed).standard_normal(n)
    return pd.DataFrame({"x": x, "y": TRUTH(x=x) * np.exp(noise)})


def sweep(seed: int = 0) -> pd.DataFrame:
    params, tokens = (
        g.ravel()
        for g in np.meshgrid(np.geomspace(1e7, 1e10, 7), np.geomspace(1e9, 1e12, 7))
    )
    law = SharedExponent(E=1.8, A=480.0, B=2100.0, alpha=0.36)
    noise = 0.005 * np.random.default_rng(seed).standard_normal(len(params))
    loss = law(params=params, tokens=tokens) * np.exp(noise)
    runs = {"params": params, "tokens": tokens, "flops": 6 * params * tokens}
    return pd.DataFrame(runs | {"loss": loss})


def test_a_law_of_one_input_is_cut_along_it() -> None:
    runs = curve()
    said = sn.forecast(
        runs, law=PowerLaw, below=1e4, above=1e5, n_resamples=200, calibration=None
    )
    small, large = runs[runs["x"] < 1e4], runs[runs["x"] >= 1e5]
    fit = sn.fit_law(PowerLaw, small["x"], small["y"])
    assert said.fit.estimates == fit.estimates
    band = fit.bootstrap(200).band(0.8, "prediction", x=large["x"])
    assert said.table.index.equals(large.index)
    assert said.table["forecast"].tolist() == band["y"].tolist()
    assert said.table["low"].tolist() == band["low"].tolist()
    assert list(said.table) == ["x", "y", "forecast", "low", "high", "held"]
    assert said.n_exponent is None
    assert said.along == "x"
    assert said.factor == pytest.approx(large["x"].median() / 1e4)
    errors = band["y"].to_numpy() / large["y"].to_numpy() - 1
    assert said.error == pytest.approx(np.median(np.abs(errors)))
    assert said.bias == pytest.approx(np.median(errors))
    assert said.n_units == len(large)
    assert repr(said).startswith("20 runs below x = 1e+04 forecast 10 above 1e+05: ")


def test_columns_go_by_their_own_names() -> None:
    named = curve().rename(columns={"x": "step", "y": "eval loss"})
    columns = {"x": "step", "y": "eval loss"}
    said = sn.forecast(named, law=PowerLaw, below=1e4, columns=columns, n_resamples=50)
    same = sn.forecast(curve(), law=PowerLaw, below=1e4, n_resamples=50)
    pd.testing.assert_frame_equal(said.table, same.table)
    named.loc[7, "eval loss"] = -1.0
    with pytest.raises(sn.DataError, match=r"'eval loss' must be .* row 7"):
        sn.forecast(named, law=PowerLaw, below=1e4, columns=columns)


def test_several_cuts_are_as_many_forecasts() -> None:
    cuts = [1e3, 1e4, 1e5]
    said = sn.forecast(
        curve(), law=PowerLaw, below=cuts, above=2e5, n_resamples=50, seed=3
    )
    assert isinstance(said, sn.Forecasts)
    assert len(said) == 3
    assert said.table["below"].tolist() == cuts
    assert said.table["held_out"].nunique() == 1
    assert said.table["units"].tolist() == said.table["held_out"].tolist()
    for i, (cut, one) in enumerate(zip(cuts, said, strict=True)):
        alone = sn.forecast(
            curve(), law=PowerLaw, below=cut, above=2e5, n_resamples=50, seed=3
        )
        assert one.summary() == alone.summary()
        assert said[i] is one
        pd.testing.assert_frame_equal(one.table, alone.table)
    assert "factor" in repr(said)
    assert "factor" in said._repr_html_()


def test_cuts_may_be_an_array_each_with_its_own_held_out_runs() -> None:
    said = sn.forecast(sweep(), below=np.array([1e20, 1e21]), n_resamples=50)
    assert [one.above for one in said] == [1e20, 1e21]
    assert said.table["held_out"].is_monotonic_decreasing
    assert [one.n_exponent.n for one in said if one.n_exponent] == [
        len(one.fit.data) for one in said
    ]


def test_other_laws_of_size_and_data_are_cut_in_compute() -> None:
    said = sn.forecast(sweep(), law=SharedExponent, below=1e20, n_resamples=50)
    assert said.along == "flops"
    assert isinstance(said.fit.law, SharedExponent)
    assert "FLOP" in repr(said)
    assert list(said.table)[:4] == ["params", "tokens", "flops", "loss"]


def test_a_cut_along_another_input() -> None:
    runs = sweep().drop(columns="flops")
    said = sn.forecast(runs, below=1e9, along="params", n_resamples=50)
    assert (said.fit.data["params"] < 1e9).all()
    assert (said.table["params"] >= 1e9).all()
    assert list(said.table)[:3] == ["params", "tokens", "loss"]
    assert said.error < 0.01


def test_a_cut_along_a_column_that_the_law_does_not_know() -> None:
    runs = sweep().assign(year=np.repeat(np.arange(2018.0, 2025), 7))
    said = sn.forecast(
        runs, law=SharedExponent, below=2022, along="year", n_resamples=50
    )
    assert len(said.fit.data) == 28
    assert set(said.table["year"]) == {2022.0, 2023.0, 2024.0}


def test_constants_may_be_held() -> None:
    tokens = np.geomspace(1e9, 1e12, 20)
    noise = np.exp(0.05 * np.random.default_rng(0).standard_normal(20))
    runs = pd.DataFrame(
        {"params": 1e9, "tokens": tokens, "batch": 0.58 * tokens**0.571 * noise}
    )
    said = sn.forecast(
        runs,
        law=OptimalHyperparameter,
        below=1e11,
        along="tokens",
        columns={"setting": "batch"},
        fixed={"params_exponent": 0.0},
        n_resamples=50,
    )
    assert said.fit["params_exponent"] == 0.0
    assert said.error < 0.2


def climbs(seed: int = 0, n_curves: int = 8) -> pd.DataFrame:
    """Return curves that share a shape, each moved as a whole."""
    rng = np.random.default_rng(seed)
    step = np.tile(np.arange(0.0, 200, 10), n_curves)
    run = np.repeat(np.arange(n_curves), 20)
    score = ExponentialApproach(R_0=0.1, A=0.7, tau=40.0)(x=step)
    score = score + 0.03 * rng.standard_normal(n_curves)[run]
    return pd.DataFrame({"step": step, "run": run, "score": score})


def test_the_points_of_one_curve_are_one_unit() -> None:
    said = sn.forecast(
        climbs(),
        law=ExponentialApproach,
        below=100,
        columns={"x": "step"},
        groups="run",
        n_resamples=100,
    )
    assert len(said.table) == 80
    assert said.n_units == 8
    assert "forecast 80 of 8 units above 100" in repr(said)
    # An error of scores is in their unit.
    errors = said.table["forecast"] - said.table["score"]
    assert said.error == errors.abs().median()
    assert f"median error {sn.fitting.digits(said.error)}," in repr(said)
    assert said.summary().keys() == {
        "below",
        "runs",
        "held_out",
        "factor",
        "error",
        "bias",
        "held",
    }


def test_step_zero_is_a_point_like_others() -> None:
    said = sn.forecast(
        climbs(),
        law=ExponentialApproach,
        below=100,
        columns={"x": "step"},
        groups="run",
        n_resamples=20,
    )
    assert said.fit.data["x"].min() == 0.0


def test_eighty_percent_intervals_hold_eighty_percent_when_the_form_is_true() -> None:
    held = [
        sn.forecast(
            curve(s, 60),
            law=PowerLaw,
            below=1e5,
            n_resamples=200,
            seed=s,
            calibration=None,
        ).held
        for s in range(40)
    ]
    # 15 points a time share a fit: the mean moves by about 3 %.
    assert np.mean(held) == pytest.approx(0.8, abs=0.08)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"law": PowerLaw, "below": []}, "one or more"),
        ({"law": PowerLaw, "below": np.nan}, "finite cut"),
        ({"law": PowerLaw, "below": 1e9}, "No run has x of 1e.09 or more"),
        ({"law": PowerLaw, "below": 1e4, "above": 1e3}, "both fitted and held out"),
        ({"law": PowerLaw, "below": [1e2, 1e4], "above": 1e3}, "both fitted"),
        ({"law": PowerLaw, "below": 2e2}, "too few"),
        ({"law": PowerLaw, "above": 1e4}, "give below too"),
        ({"law": PowerLaw, "calibration": "hoffmann"}, "calibration is 'hoffmann'"),
        (
            {"law": PowerLaw, "below": 1e4, "columns": {"z": "x"}},
            "columns names 'z', which the forecast does not use; it uses x, y",
        ),
        ({"law": PowerLaw, "below": 1e4, "columns": {"x": "n"}}, "no column 'n'"),
        ({"law": FineTuning, "below": 1e4}, "no column 'factor', 'examples', 'flops'"),
    ],
)
def test_what_cannot_be_forecast_is_refused(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(sn.DataError, match=message):
        sn.forecast(curve(), **options)  # type: ignore[call-overload]
