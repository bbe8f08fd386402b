"""Routing pairs and speculative decoding: what the sources say must come out."""

from __future__ import annotations

import numpy as np
import pytest

import scaling_notes as sn


def test_pairs_of_gsm8k() -> None:
    pairs = sn.load("ong2024_routellm_gsm8k_pairs")
    weak, strong = pairs["weak_correct"], pairs["strong_correct"]
    assert len(pairs) == 1319
    assert weak.mean() == pytest.approx(0.638, abs=5e-4)
    assert strong.mean() == pytest.approx(0.857, abs=5e-4)
    assert np.maximum(weak, strong).mean() == pytest.approx(0.929, abs=5e-4)


def test_pairs_of_mmlu() -> None:
    table = sn.load("ong2024_routellm_mmlu_pairs")
    cells = table.filter(like="_correct")
    assert (cells.sum(axis=1) == table["n"]).all()
    both, strong, weak, neither = cells.sum() / table["n"].sum()
    assert (len(table), table["n"].sum()) == (57, 14_042)
    assert both + weak == pytest.approx(0.681, abs=5e-4)
    assert both + strong == pytest.approx(0.806, abs=5e-4)
    assert 1 - neither == pytest.approx(0.859, abs=5e-4)


def test_one_subject_of_mmlu_was_not_read_right() -> None:
    table = sn.load("ong2024_routellm_mmlu_pairs").set_index("subject")
    strong = (table["both_correct"] + table["only_strong_correct"]) / table["n"]
    assert strong.idxmin() == "high_school_mathematics"
    assert strong.sort_values().iloc[:2].tolist() == pytest.approx(
        [0.0296, 0.39], abs=5e-3
    )


def test_speed_ups_of_specbench() -> None:
    table = sn.load("xia2024_specbench_speedups")
    tasks = table.filter(like="x_").drop(columns="x_overall")
    assert tasks.shape == (41, 6)
    assert table["method"].nunique() == 11
    assert (tasks.mean(axis=1) - table["x_overall"]).abs().max() <= 0.0201
    tokens, speed = table["mean_accepted_tokens"], table["x_overall"]
    assert np.polyfit(tokens, speed, 1)[0] == pytest.approx(0.407, abs=5e-4)
    assert np.corrcoef(tokens, speed)[0, 1] == pytest.approx(0.93, abs=5e-3)
    share = (speed / tokens)[table["method"] == "EAGLE2"].round(2)
    assert (share.min(), share.max()) == (0.50, 0.64)
