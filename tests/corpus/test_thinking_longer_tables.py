"""Tables on thinking longer: what their sources say must come out of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn


def within_slope(x: pd.Series, y: pd.Series, of: pd.Series) -> float:
    """Return the least-squares slope with a constant for each model."""
    x, y = (v - v.groupby(of).transform("mean") for v in (x, y))
    return float((x * y).sum() / (x * x).sum())


def questions(name: str) -> pd.DataFrame:
    table = sn.load(f"epoch2026_{name}_question_tokens")
    runs = sn.load("epoch2026_run_tokens")[["run", "model"]]
    return table.merge(runs, on="run", validate="many_to_one")


def test_the_counts_of_epochs_tables() -> None:
    runs = sn.load("epoch2026_run_tokens")
    assert (len(runs), runs["output_tokens_mean"].notna().sum()) == (535, 364)
    assert len(questions("aime")) + len(questions("gpqa")) == 7_383


@pytest.mark.parametrize(("name", "slope"), [("aime", 0.0947), ("gpqa", 0.0217)])
def test_within_a_model_accuracy_rises_with_tokens(name: str, slope: float) -> None:
    table = questions(name)
    sums = table.groupby(["model", "run"]).agg(
        right=("n_correct", "sum"),
        n=("n", "sum"),
        tokens=("output_tokens_mean", "mean"),
    )
    sums = sums.reset_index()
    sums = sums[sums.groupby("model")["run"].transform("size") > 1]
    x, y = np.log2(sums["tokens"]), sums["right"] / sums["n"]
    assert within_slope(x, y, sums["model"]) == pytest.approx(slope, abs=3e-4)


@pytest.mark.parametrize(("name", "r"), [("aime", -0.78), ("gpqa", -0.49)])
def test_harder_questions_draw_more_tokens(name: str, r: float) -> None:
    table = questions(name)
    tokens = np.log(table["output_tokens_mean"])
    table["tokens"] = tokens - tokens.groupby(table["run"]).transform("mean")
    table["accuracy"] = table["n_correct"] / table["n"]
    mean = table.groupby("question")[["tokens", "accuracy"]].mean()
    assert mean.corr().iloc[0, 1] == pytest.approx(r, abs=0.006)


def test_budget_forcing_rises_for_one_model_and_peaks_for_another() -> None:
    table = sn.load("scb10x2025_budget_forcing")
    forced = table[(table["keyword"] == "Wait") & (table["benchmark"] == "MATH500")]
    by = forced.pivot(index="budget_tokens", columns="model", values="accuracy")
    s1 = by["simplescaling/s1.1-7B"].tolist()
    assert s1 == pytest.approx([0.630, 0.668, 0.698, 0.706, 0.748, 0.742])
    qwen = by["Qwen2.5 7B Instruct"]
    assert qwen.idxmax() == 2048
    assert (qwen.max(), qwen[8192]) == pytest.approx((0.656, 0.610))


def test_systems_on_arc_agi() -> None:
    board = sn.load("arcprize2025_arcagi_cost")
    assert len(board) == 113
    board = board.dropna(subset="score_arc_agi_1")
    board = board[board.groupby("model")["model"].transform("size") > 1]
    x = np.log2(board["cost_usd_per_task_arc2"])
    slope = within_slope(x, board["score_arc_agi_1"], board["model"])
    assert slope == pytest.approx(0.107, abs=0.005)


def test_costs_of_aider() -> None:
    board = sn.load("gauthier2025_aider_polyglot_cost").dropna(subset="total_cost_usd")
    x, y = np.log10(board["total_cost_usd"]), board["accuracy_try2"]
    assert len(board) == 51
    assert np.polyfit(x, y, 1)[0] == pytest.approx(0.166, abs=5e-4)
    assert np.corrcoef(x, y)[0, 1] == pytest.approx(0.56, abs=0.006)
    assert (board["n_pass_2"] / board["n_tests"] - y).abs().max() < 4e-3


def test_costs_of_agents_hardly_tell_their_accuracy() -> None:
    runs = sn.load("kapoor2025_hal_agent_costs")
    assert (len(runs), runs["benchmark"].nunique()) == (285, 11)
    paid = runs[runs["total_cost_usd"] > 0]
    r = np.array(
        [
            np.corrcoef(np.log(g["total_cost_usd"]), g["accuracy"])[0, 1]
            for _, g in paid.groupby("benchmark")
        ]
    )
    assert (r < 0).sum() == 2
    assert (r.max(), r[r > 0].min()) == pytest.approx((0.455, 0.051), abs=1e-3)


def test_costs_of_the_bare_agent() -> None:
    board = sn.load("swebench2025_bashonly_cost").dropna(subset="cost_usd_per_instance")
    r = np.corrcoef(np.log(board["cost_usd_per_instance"]), board["resolved"])[0, 1]
    assert (len(board), round(r, 2)) == (18, 0.22)
