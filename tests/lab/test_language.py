"""The language: its laws are probabilities, its entropy is what samples show."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import scaling_notes as sn


def test_tables_are_probabilities(small: sn.lab.Language) -> None:
    np.testing.assert_allclose(small.P.sum(axis=1), 1, rtol=1e-12)
    assert small.stationary.sum() == pytest.approx(1, abs=1e-12)
    assert small.P.min() > 0


def test_stationary_law_stays_where_it_is(small: sn.lab.Language) -> None:
    V = small.symbols
    after = np.zeros(V**3)
    for context in range(V**3):
        for x in range(V):
            new = (context * V + x) % V**3
            after[new] += small.stationary[context] * small.P[context, x]
    np.testing.assert_allclose(after, small.stationary, atol=1e-13)


def test_entropy_equals_the_definition_and_a_long_walk(small: sn.lab.Language) -> None:
    per_context = -(small.P * np.log(small.P)).sum(axis=1)
    assert pytest.approx(small.stationary @ per_context, abs=1e-12) == small.E
    # 500 walks of 400 steps through the source itself, not its stationary law.
    rng = np.random.default_rng(0)
    V, walks, steps = small.symbols, 500, 400
    cumulative = small.P.cumsum(axis=1)
    at, surprise = rng.integers(V**3, size=walks), []
    for step in range(steps):
        u = rng.random((walks, 1)) * cumulative[at, -1:]
        x = (cumulative[at] <= u).sum(axis=1)
        if step >= 50:
            surprise.append(-np.log(small.P[at, x]))
        at = (at * V + x) % V**3
    assert np.mean(surprise) == pytest.approx(small.E, abs=0.008)


def test_sample_follows_the_joint_law(small: sn.lab.Language) -> None:
    n = 400_000
    contexts, symbols = small.sample(n, seed=1)
    counts = np.zeros(small.P.shape)
    np.add.at(counts, (contexts, symbols), 1)
    expected = n * small.joint
    chi2 = ((counts - expected) ** 2 / expected).sum()
    degrees = counts.size - 1
    assert abs(chi2 - degrees) < 4 * np.sqrt(2 * degrees)


def test_loss_of_truth_is_the_entropy_and_of_ignorance_log_v(
    small: sn.lab.Language,
) -> None:
    assert small.loss(np.log(small.P)) == pytest.approx(small.E, abs=1e-12)
    flat = np.full(small.P.shape, -np.log(small.symbols))
    assert small.loss(flat) == pytest.approx(np.log(small.symbols))


def test_same_recipe_same_language(small: sn.lab.Language) -> None:
    assert pickle.loads(pickle.dumps(small)) is small
    assert sn.lab.language(seed=4, symbols=6, features=32).E != small.E
    assert "E = " in repr(small)
    with pytest.raises(ValueError, match="read-only"):
        small.P[0, 0] = 1


def test_the_first_language_has_its_entropy() -> None:
    assert pytest.approx(1.912791, abs=1e-6) == sn.lab.language().E


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"seed": -1}, "seed"),
        ({"symbols": 1}, "symbols"),
        ({"symbols": 33}, "symbols"),
        ({"features": 0}, "features"),
        ({"features": 2.5}, "features"),
        ({"exponent": -0.1}, "exponent"),
        ({"exponent": float("nan")}, "exponent"),
        ({"exponent": "steep"}, "exponent"),
    ],
)
def test_bad_recipes_are_refused(arguments: dict, word: str) -> None:
    with pytest.raises(sn.DataError, match=word):
        sn.lab.language(**arguments)


def test_bad_questions_are_refused(small: sn.lab.Language) -> None:
    with pytest.raises(sn.DataError, match="n is 0"):
        small.sample(0)
    with pytest.raises(sn.DataError, match="shape"):
        small.loss(np.zeros((2, 2)))
    with pytest.raises(sn.DataError, match="above 0"):
        small.loss(small.P)
