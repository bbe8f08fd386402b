"""Tables of chosen answers: what their repositories say must come out of them."""

from __future__ import annotations

import pytest

import scaling_notes as sn

PRINTED = [
    ("best_of_n_prm", "MATH500", 0.940, 174_693),
    ("best_of_n_prm", "GSM8K", 0.940, 28_547),
    ("majority_vote", "MATH500", 0.934, 174_693),
    ("majority_vote", "GSM8K", 0.912, 28_547),
]


@pytest.mark.parametrize(("method", "dataset", "accuracy", "tokens"), PRINTED)
def test_64_samples_give_what_the_authors_print(
    method: str, dataset: str, accuracy: float, tokens: float
) -> None:
    runs = sn.load("wang2025_optscale_curves").set_index(["dataset", "method", "max_n"])
    row = runs.loc[dataset, method, 64]
    assert row["accuracy"] == pytest.approx(accuracy, abs=5e-4)
    assert row["tokens_per_problem"] == pytest.approx(tokens, abs=0.6)


def test_accuracies_are_whole_numbers_of_problems() -> None:
    runs = sn.load("wang2025_optscale_curves")
    right = runs["accuracy"] * runs["n_problems"]
    assert (right - right.round()).abs().max() < 0.02


def test_the_vote_and_best_of_n_cost_the_same_samples() -> None:
    runs = sn.load("wang2025_optscale_curves")
    cost = runs.pivot(
        index=["dataset", "max_n"], columns="method", values="tokens_per_problem"
    )
    both = cost[["majority_vote", "best_of_n_prm"]]
    assert (both.max(axis=1) / both.min(axis=1)).max() < 1.001
    assert (cost["asc"] <= cost["majority_vote"] * 1.0001).all()


def test_stopping_early_keeps_the_accuracy_at_a_seventh_of_the_tokens() -> None:
    runs = sn.load("wang2025_optscale_curves").set_index(["dataset", "method", "max_n"])
    vote, early = (runs.loc["MATH500", m, 64] for m in ("majority_vote", "asc"))
    assert early["accuracy"] == vote["accuracy"]
    ratio = vote["tokens_per_problem"] / early["tokens_per_problem"]
    assert ratio == pytest.approx(7.1, abs=0.05)
