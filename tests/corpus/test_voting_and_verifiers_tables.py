"""What must come out of the tables of votes: the accuracies their authors print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn


@pytest.fixture(scope="module")
def samples() -> pd.DataFrame:
    return sn.load("agarwal2025_tts_samples")


def first_seen(answers: str) -> bool:
    """Return whether the vote is right if the first of level answers wins."""
    given = Counter(answers.replace("x", ""))
    return bool(given) and max(given, key=lambda a: given[a]) == "+"


def shortest(row: pd.Series) -> bool:
    """Return whether the shortest sample with an answer is right."""
    lengths = [int(t) for t in row["lengths"].split(";")]
    pairs = zip(lengths, row["answer_classes"], strict=True)
    ended = [(t, -i, a) for i, (t, a) in enumerate(pairs) if a != "x"]
    return bool(ended) and min(ended)[2] == "+"


def of_dataset(
    samples: pd.DataFrame, right: Callable[[pd.DataFrame], pd.Series]
) -> pd.Series:
    return right(samples).groupby([samples["model"], samples["dataset"]]).mean()


def test_a_tie_that_goes_to_the_first_seen_gives_all_printed_votes(
    samples: pd.DataFrame,
) -> None:
    ours = of_dataset(samples, lambda s: s["answer_classes"].map(first_seen))
    printed = sn.published("agarwal2025").query("quantity == 'majority_of_8'")
    assert len(printed) == len(ours) == 32
    for setting, value in zip(printed["setting"], printed["value"], strict=True):
        assert ours[tuple(setting.split(" on "))] == pytest.approx(value, abs=1e-8)


def test_ties_split_evenly_give_half_a_problem_less(samples: pd.DataFrame) -> None:
    own = samples.query("model == 'R1' and dataset == 'aime2024'")
    answers = [[None if a == "x" else a for a in row] for row in own["answer_classes"]]
    curve = sn.vote(answers, ["+"] * 30, k=[1, 2, 4, 8])
    assert curve.value == pytest.approx([0.750, 0.770, 0.811, 0.850], abs=6e-4)
    right = own["answer_classes"].str.count(r"\+").to_numpy()
    assert sn.pass_at_k(8, right, 8).value == pytest.approx(0.900)


def test_the_shortest_of_eight_on_gpqa(samples: pd.DataFrame) -> None:
    ours = of_dataset(samples, lambda s: s.apply(shortest, axis=1))
    (printed,) = sn.published("agarwal2025").query("quantity == 'shortest_of_8'").value
    assert ours["R1", "gpqa"] == pytest.approx(printed, abs=1e-8)
    assert ours["R1", "aime2024"] == pytest.approx(26 / 30)


def test_samples_without_an_answer(samples: pd.DataFrame) -> None:
    missing = samples["answer_classes"].str.count("x") / 8
    share = missing.groupby(samples["model"]).mean().round(2)
    assert share["Qwen3-235B"] == 0.48
    assert share["Qwen3"] == 0.13
    assert share.drop(["Qwen3-235B", "Qwen3"]).between(0.01, 0.09).all()


def test_beams() -> None:
    beam = sn.load("agarwal2025_tts_beam")
    rate = beam["n_correct"] / beam["n_problems"]
    own = beam["model"].eq("R1") & beam["beam_size"].eq(8)
    rates = dict(zip(beam["dataset"][own], rate[own], strict=True))
    assert rates["aime2024"] == pytest.approx(0.700)
    assert rates["gpqa"] == pytest.approx(0.722222, abs=1e-6)


def test_best_of_sixty_four() -> None:
    curves = sn.load("wang2025_optscale_curves").query("max_n == 64")
    own = curves.set_index(["dataset", "method"])["accuracy"]
    methods = {"best_of_64": "best_of_n_prm", "majority_of_64": "majority_vote"}
    printed = sn.published("wang2025").set_index(["setting", "quantity"])["value"]
    for dataset in ("MATH500", "GSM8K"):
        for quantity, method in methods.items():
            found = np.round(own[dataset, method], 3)
            assert found == pytest.approx(printed[dataset, quantity], abs=1e-9)
