"""Training: deterministic, exact, refusing what cannot be run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn
from scaling_notes.lab._network import Network
from scaling_notes.lab._training import Adam, _batches


def test_adam_equals_the_textbook(small: sn.lab.Language) -> None:
    rng = np.random.default_rng(0)
    network = Network(sn.lab.model(small, 3).layers)
    adam = Adam(network)
    m = v = np.zeros_like(network.theta)
    theta = network.theta.copy()
    rates = np.empty_like(theta)
    for part, rate in adam.rates:
        rates[part] = rate
    for t in range(1, 6):
        g = rng.standard_normal(theta.size)
        m = 0.9 * m + 0.1 * g
        v = 0.98 * v + 0.02 * g**2
        theta -= 0.5 * rates * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.98**t)) + 1e-8)
        theta = np.round(theta * 2**20) / 2**20
        network.gradient[:] = g
        adam.step(0.5)
    np.testing.assert_array_equal(network.theta, theta)


def test_a_run_is_reproducible_and_leaves_its_start_alone(
    small: sn.lab.Language,
) -> None:
    start = sn.lab.model(small, width=6)
    before = [w.copy() for w in start.layers]
    one, two = (sn.lab.train(start, 5000, seed=1) for _ in range(2))
    assert one.loss == two.loss
    assert sn.lab.train(start, 5000, seed=2).loss != one.loss
    assert all(np.array_equal(a, b) for a, b in zip(before, start.layers, strict=True))
    assert small.E < one.loss < start.loss
    assert one.flops == 6 * one.params * one.tokens


def test_a_sweep_names_the_run_that_diverges(small: sn.lab.Language) -> None:
    with pytest.raises(sn.FitError, match=r"diverged: width 4, .* rate 1e\+06, seed 1"):
        sn.lab.sweep(small, [1e6], [4], [1], rate=1e6, warmup_tokens=0)


def test_enough_training_reaches_the_entropy() -> None:
    lang = sn.lab.language(seed=1, symbols=3, features=4)
    done = sn.lab.train(sn.lab.model(lang, width=24), 400_000)
    assert lang.E < done.loss < lang.E + 0.002


def test_soft_labels_reach_the_teacher(small: sn.lab.Language) -> None:
    teacher = sn.lab.train(sn.lab.model(small, width=8), 20_000)
    start = sn.lab.model(small, width=32, seed=1)
    student = sn.lab.train(start, 200_000, teacher=teacher)
    gap = np.exp(student.log_probabilities) - np.exp(teacher.log_probabilities)
    hard = sn.lab.train(start, 200_000)
    assert hard.loss < teacher.loss  # on fresh data the student would do better
    assert student.loss == pytest.approx(teacher.loss, abs=0.005)
    assert small.stationary @ np.abs(gap).sum(axis=1) < 0.04


def test_repeated_data_comes_in_epochs(small: sn.lab.Language) -> None:
    batches = list(_batches(small, 10, 30, 100, [0]))
    V = small.symbols
    seen = [((i[0] * V + i[1] - V) * V + i[2] - 2 * V) * V + t for i, t, _ in batches]
    assert all(np.array_equal(w, s) for (_, _, w), s in zip(batches, seen, strict=True))
    epochs = np.concatenate(seen).reshape(3, 100)
    for epoch in epochs[1:]:
        assert np.array_equal(np.sort(epoch), np.sort(epochs[0]))
    assert not np.array_equal(epochs[0], epochs[1])


def test_history_ends_at_the_result(small: sn.lab.Language) -> None:
    marks = np.linspace(0, 4000, 5)[1:]
    done = sn.lab.train(sn.lab.model(small, 4), 4000, checkpoints=marks)
    assert len(done.history) == 4
    assert done.history["loss"].iloc[-1] == done.loss
    assert done.history["tokens"].iloc[-1] == done.tokens
    assert done.history["loss"].is_monotonic_decreasing


def test_more_training_adds_up(small: sn.lab.Language) -> None:
    first = sn.lab.train(sn.lab.model(small, 4), 3000)
    second = sn.lab.train(first, 3000)
    assert second.tokens == 2 * first.tokens
    assert second.loss < first.loss


def test_a_diverging_run_says_so(small: sn.lab.Language) -> None:
    with pytest.raises(sn.FitError, match=r"diverged: width 4, .* rate 1e\+06"):
        sn.lab.train(sn.lab.model(small, 4), 20_000, rate=1e6, warmup_tokens=0)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"tokens": 0}, "tokens"),
        ({"tokens": float("inf")}, "tokens"),
        ({"seed": -1}, "seed"),
        ({"batch": 0}, "batch"),
        ({"unique_tokens": 0}, "unique_tokens"),
        ({"weight_decay": -1}, "weight_decay"),
        ({"warmup_tokens": -1}, "warmup_tokens"),
        ({"rate": -1}, "rate"),
        ({"checkpoints": [10_000]}, "checkpoints"),
    ],
)
def test_bad_runs_are_refused(
    small: sn.lab.Language, arguments: dict, word: str
) -> None:
    with pytest.raises(sn.DataError, match=word):
        sn.lab.train(sn.lab.model(small, 4), **{"tokens": 1000, **arguments})


def test_a_teacher_of_another_language_is_refused(small: sn.lab.Language) -> None:
    other = sn.lab.model(sn.lab.language(seed=9, symbols=6, features=8), 4)
    with pytest.raises(sn.DataError, match="another language"):
        sn.lab.train(sn.lab.model(small, 4), 1000, teacher=other)


def test_a_sweep_shows_a_bar_of_its_runs(
    small: sn.lab.Language,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scaling_notes.parallel._QUIET", 0.0)
    sn.lab.sweep(small, [1e6], widths=[2, 4], seeds=[0, 1], progress=True)
    assert "4/4" in capsys.readouterr().err


def test_a_sweep_is_the_same_on_any_executor(small: sn.lab.Language) -> None:
    here = sn.lab.sweep(small, [1e6, 2e6], widths=[2, 4], seeds=[0, 1])
    with ThreadPoolExecutor(2) as pool:
        there = sn.lab.sweep(small, [1e6, 2e6], [2, 4], [0, 1], executor=pool)
    pd.testing.assert_frame_equal(here, there)
    assert len(here) == 8
    np.testing.assert_allclose(here["flops"], here["budget"], rtol=0.02)
    start = sn.lab.model(small, 4, seed=1)
    alone = sn.lab.train(start, 1e6 / 6 / start.params, seed=1)
    assert here["loss"][3] == alone.loss


def test_usual_widths_hold_the_optimum_inside() -> None:
    runs = sn.lab.sweep(sn.lab.language(), [1e8, 1e9], seeds=[0])
    for _, group in runs.groupby("budget"):
        best = group["loss"].idxmin()
        assert group.index[0] < best < group.index[-1]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"budgets": []}, "entry"),
        ({"budgets": [1e6], "widths": []}, "entry"),
        ({"budgets": [1e6], "seeds": []}, "entry"),
        ({"budgets": [1e4], "widths": [50]}, "buys a model of width 50 only"),
        ({"budgets": [-1e6]}, "budgets"),
        ({"budgets": [1e6], "widths": [0]}, "widths"),
        ({"budgets": [1e6], "seeds": [-1]}, "seeds"),
    ],
)
def test_bad_sweeps_are_refused(
    small: sn.lab.Language, arguments: dict, word: str
) -> None:
    with pytest.raises(sn.DataError, match=word):
        sn.lab.sweep(small, **arguments)
