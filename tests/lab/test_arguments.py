"""Bad arguments of the laboratory are refused by name, in errors of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scaling_notes as sn

lab: Any = sn.lab
LANGUAGE = lab.language()
MODEL = lab.model(LANGUAGE, width=4)
TASKS = lab.problems(LANGUAGE, n=3, length=2)
REWARD = lab.proxy_reward(LANGUAGE)
RAGGED = [[1, 2, 3, 4], [1, 2]]
HALF = [[0.5]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lab.search("x", 2), "chances must be an array of numbers"),
        (lambda: lab.search([[0.5], [0.5, 0.2]], 2), "chances must be an array"),
        (lambda: lab.search([[0.5j]], 2), "chances must be .*complex"),
        (lambda: lab.search({}, 2), "chances must be"),
        (lambda: lab.search(HALF, 10**400), "k is 1000"),
        (lambda: lab.search(HALF, True), "k is True"),
        (lambda: lab.search(HALF, 2, check=np.array(["a", "b"])), "check is array"),
        (lambda: lab.search(HALF, 2, check=["answer"]), "check is .'answer'."),
        (lambda: lab.beam(LANGUAGE, TASKS, 2), "model is a Language; .*sn.lab.model"),
        (lambda: lab.beam(None, TASKS, 2), "model is a NoneType"),
        (lambda: lab.beam(MODEL, RAGGED, 2), "problems must be one array"),
        (lambda: lab.beam(MODEL, TASKS, [1, 2]), r"width is \[1, 2\]"),
        (lambda: lab.chances("m", TASKS), "model is a str"),
        (lambda: lab.chances(MODEL, RAGGED), "problems must be one array"),
        (lambda: lab.best_of(LANGUAGE, REWARD, [1], [0]), "model is a Language"),
        (lambda: lab.best_of(MODEL, "x", [1], [0]), "reward must be an array"),
        (lambda: lab.best_of(MODEL, 1j * REWARD, [1], [0]), "reward must .*complex"),
        (lambda: lab.best_of(MODEL, REWARD, 4, [0]), "n is 4; give a list"),
        (lambda: lab.best_of(MODEL, REWARD, "12", [0]), "n is '12'; give a list"),
        (lambda: lab.best_of(MODEL, REWARD, [4], 0), "contexts is 0; give a list"),
        (lambda: lab.best_of(MODEL, REWARD, [4], None), "contexts is None; give"),
        (lambda: lab.problems(MODEL, 3, 2), "language is a Model; .*sn.lab.language"),
        (lambda: lab.proxy_reward(MODEL), "language is a Model"),
        (lambda: lab.success(LANGUAGE), "model is a Language"),
        (lambda: lab.answers(None), "model is a NoneType"),
        (lambda: lab.quantize(LANGUAGE, 4), "model is a Language"),
        (lambda: lab.prune(LANGUAGE, 0.5), "model is a Language"),
        (lambda: lab.reinforce(LANGUAGE, REWARD, 10), "model is a Language"),
        (lambda: lab.train(LANGUAGE, tokens=100), "model is a Language"),
        (lambda: lab.model("x", 4), "language is a str"),
        (lambda: lab.sweep(MODEL, [1e8]), "language is a Model"),
        (lambda: lab.sweep(LANGUAGE, 1e8), "budgets is 1"),
        (lambda: lab.sweep(LANGUAGE, [1e8], widths=8), "widths is 8; give a list"),
        (lambda: LANGUAGE.loss(RAGGED), "log_probabilities must be an array"),
    ],
)
def test_bad_arguments_are_named(call: Callable[[], object], words: str) -> None:
    with pytest.raises(sn.DataError, match=words):
        call()


def test_a_chance_is_never_above_one() -> None:
    """A product of so many factors was 1.00000008."""
    found = lab.search([[1e-9] * 3], 10**12, "symbol")
    assert found.max() <= 1.0
    assert found == pytest.approx(1.0)
