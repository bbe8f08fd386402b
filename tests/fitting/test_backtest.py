"""The protocol on one sweep: what is fitted, what is held out, and the score."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn
from scaling_notes.fitting import Score, frontier_runs, score, splits

OTHERS = ["hoffmann", "gemstones", "gadre", "porian"]


@pytest.fixture(scope="module")
def llama3() -> pd.DataFrame:
    return sn.corpus.sweeps("llama3")["llama3"]


@pytest.fixture(scope="module")
def scores(llama3: pd.DataFrame) -> pd.DataFrame:
    return sn.backtest(llama3, calibration=OTHERS, n_resamples=20)


def test_splits_are_at_quantiles_with_a_gap(llama3: pd.DataFrame) -> None:
    for quantile, split in zip((0.35, 0.6), splits(llama3), strict=True):
        assert split.quantile == quantile
        flops = np.log(llama3["flops"])
        assert np.log(split.cut) == pytest.approx(flops.quantile(quantile))
        assert split.above == pytest.approx(3 * split.cut)
        assert (split.small["flops"] < split.cut).all()
        assert (split.large["flops"] >= split.above).all()
        between = llama3["flops"].between(split.cut, split.above, inclusive="left")
        assert len(split.small) + len(split.large) + between.sum() == len(llama3)


def test_a_budget_at_the_quantile_is_beyond_the_cut() -> None:
    runs = pd.DataFrame({"flops": np.repeat(np.geomspace(1e18, 1e22, 5), 7)})
    small = [split.small["flops"].max() for split in splits(runs)]
    # The 35 % quantile is the second budget, the 60 % one between third and fourth.
    assert small == pytest.approx([1e18, 1e20], rel=1e-9)


def test_one_run_a_quarter_decade_is_on_the_frontier() -> None:
    runs = pd.DataFrame(
        {
            "flops": [1e20, 1.7e20, 1.8e20, 3e20, 1e21],
            "loss": [2.0, 1.9, 1.8, 1.9, 1.7],
        },
        index=[3, 3, 4, 4, 4],
    )
    assert frontier_runs(runs).tolist() == [False, True, True, False, True]


def test_the_score_of_a_forecast() -> None:
    runs = pd.DataFrame({"flops": [1e20, 1.1e20, 1e21], "loss": [2.0, 2.2, 1.8]})
    said = runs["loss"] * np.exp([0.02, 0.5, -0.01])
    found = score(runs, said, said * 0.985, said * 1.3)
    assert found.error == pytest.approx(0.015)
    assert found.bias == pytest.approx(0.005)
    assert found.worst == pytest.approx(0.02)
    assert found.all_error == pytest.approx(0.02)
    assert found.held == pytest.approx(1 / 3)
    assert np.isnan(score(runs, said).held)


def test_a_backtest_is_two_forecasts(
    llama3: pd.DataFrame, scores: pd.DataFrame
) -> None:
    assert scores["quantile"].tolist() == [0.35, 0.6]
    for split, (_, row) in zip(splits(llama3), scores.iterrows(), strict=True):
        said = sn.forecast(
            llama3,
            below=split.cut,
            above=split.above,
            n_resamples=20,
            calibration=OTHERS,
        )
        assert row["runs"] == len(said.fit.data) == len(split.small)
        assert row["held_out"] == len(said.table) == len(split.large)
        assert row["factor"] == pytest.approx(said.factor)
        assert row["held"] == pytest.approx(said.held)
        ends = (said.table[name] for name in ("forecast", "low", "high"))
        found = vars(score(said.table, *ends))
        assert {name: row[name] for name in found} == pytest.approx(found)
    assert set(Score.__dataclass_fields__) <= set(scores)


def test_llama_3_is_forecast_better_than_by_the_plain_surface(
    llama3: pd.DataFrame, scores: pd.DataFrame
) -> None:
    plain = sn.backtest(llama3, calibration=None, n_resamples=20)
    assert scores["error"].mean() < 0.02
    assert scores["error"].mean() < 0.5 * plain["error"].mean()
    assert scores["held"].mean() > 0.5 > plain["held"].mean()


def test_any_table_of_runs_will_do(llama3: pd.DataFrame, scores: pd.DataFrame) -> None:
    labeled = llama3.set_axis(np.zeros(len(llama3)), axis=0)
    for runs in (llama3.to_dict("list"), llama3.to_dict("records"), labeled):
        again = sn.backtest(runs, calibration=OTHERS, n_resamples=20)
        pd.testing.assert_frame_equal(again, scores)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda runs: runs.head(8),
            "six and one are needed. Give a sweep of more runs",
        ),
        (lambda runs: runs.head(0), "has no run"),
        (lambda runs: runs.drop(columns="flops"), "no column 'flops'"),
        (lambda runs: runs.assign(loss=-1.0), "'loss' must be .*positive"),
        (lambda runs: "runs", "Runs are a DataFrame or a mapping"),
    ],
)
def test_what_cannot_be_split_is_refused(
    llama3: pd.DataFrame, change: object, words: str
) -> None:
    with pytest.raises(sn.DataError, match=words):
        sn.backtest(change(llama3))  # type: ignore[operator]
