"""What the tables of repeated sampling must show."""

from __future__ import annotations

import numpy as np
import pytest

import scaling_notes as sn


@pytest.mark.parametrize(
    ("model", "found"), [("GPT4o", 0.899), ("Claude 3.5 Sonnet", 0.799)]
)
def test_prompts_found_by_repeated_attack(model: str, found: float) -> None:
    attacks = sn.load("hughes2024_bon_jailbreak_counts").query("model == @model")
    assert len(attacks) == 159
    assert (attacks["n_success"] > 0).mean() == pytest.approx(found, abs=5e-4)


def test_the_abstract_is_within_the_spread_of_prompts() -> None:
    attacks = sn.load("hughes2024_bon_jailbreak_counts").set_index("model")
    printed = sn.published("hughes2024").set_index("setting")["value"]
    for label, setting in (("GPT4o", "GPT-4o"), ("Claude 3.5 Sonnet",) * 2):
        found = (attacks.loc[label, "n_success"] > 0).astype(int)
        near = sn.pass_at_k(1, found.to_numpy(), k=1).interval()
        assert near.low < printed[f"{setting}, 10,000 attempts"] < near.high


def test_the_least_attacked_model_is_as_the_caption_says() -> None:
    attacks = sn.load("hughes2024_bon_jailbreak_counts")
    found = (attacks["n_success"] > 0).groupby(attacks["model"]).mean()
    assert found.idxmin() == "Gemini 1.5 Pro"
    assert round(found.min(), 2) == 0.52


def test_attacks_stop_in_the_batch_of_the_first_success() -> None:
    attacks = sn.load("hughes2024_bon_jailbreak_counts")
    assert (attacks["n_samples"] % 60 == 0).all()
    assert (attacks.query("n_success == 0")["n_samples"] == 10_020).all()
    assert (attacks["n_success"] <= 60).all()


def test_every_checkpoint_answers_the_same_problems() -> None:
    grid = sn.load("schaeffer2025_pythia_gsm8k_per_problem")
    asked = grid.groupby(["params", "tokens"])["problem"].agg(frozenset)
    assert len(asked) == 9 * 7
    assert asked.nunique() == 1
    assert len(asked.iloc[0]) == 128


def test_no_model_of_the_grid_is_better_than_two_percent_at_one_sample() -> None:
    grid = sn.load("schaeffer2025_pythia_gsm8k_per_problem")
    rate = grid["n_correct"] / grid["n_samples"]
    by = rate.groupby([grid["params"], grid["tokens"]]).mean()
    assert by.max() < 0.02
    assert by[12e9, 3e11] == pytest.approx(0.0109, abs=5e-5)
    assert np.isclose(by[1.6e8, 6e10], 0.0054, atol=5e-5)


def test_stopping_at_a_success_biases_the_unbiased_estimate() -> None:
    attacks = sn.load("hughes2024_bon_jailbreak_counts")
    for _, own in attacks.groupby("model"):
        n, r = own["n_samples"].to_numpy(), own["n_success"].to_numpy()
        first = ((r > 0) & (n == 60)).mean()
        assert 0.05 < sn.pass_at_k(n, r, k=60).value - first < 0.13


@pytest.mark.filterwarnings("ignore::scaling_notes.FitWarning")
def test_the_beta_law_forecasts_too_few_broken_prompts() -> None:
    attacks = sn.load("hughes2024_bon_jailbreak_counts")
    for _, own in attacks.groupby("model"):
        first = own["n_success"].where(own["n_samples"] == 60, 0)
        said = sn.fit_beta_binomial(60, first.to_numpy()).pass_at_k(10_020)
        assert said < (own["n_success"] > 0).mean()
