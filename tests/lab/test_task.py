"""The task with a check: every exact number against enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes.lab._task import divergence, expected


@pytest.fixture(scope="module")
def base(small: sn.lab.Language) -> sn.lab.Model:
    return sn.lab.train(sn.lab.model(small, 12), 20_000)


def laws(model: sn.lab.Model) -> np.ndarray:
    """Probability of every answer to every prompt: (a, b, c, x, y, z)."""
    V = model.language.symbols
    P = np.exp(model.log_probabilities.astype(float)).reshape(V, V, V, V)
    P /= P.sum(axis=-1, keepdims=True)
    law = np.zeros((V,) * 6)
    for a, b, c, x, y, z in itertools.product(range(V), repeat=6):
        law[a, b, c, x, y, z] = P[a, b, c, x] * P[b, c, x, y] * P[c, x, y, z]
    return law


def test_success_and_answers_equal_enumeration(base: sn.lab.Model) -> None:
    V = base.language.symbols
    by_sum = np.zeros((V, V, V, V))
    law = laws(base)
    for x, y, z in itertools.product(range(V), repeat=3):
        by_sum[..., (x + y + z) % V] += law[..., x, y, z]
    by_sum = by_sum.reshape(V**3, V)
    np.testing.assert_allclose(sn.lab.answers(base), by_sum, rtol=1e-11)
    np.testing.assert_allclose(sn.lab.answers(base).sum(axis=1), 1, rtol=1e-12)
    prompts = np.arange(V**3)
    right = by_sum[prompts, prompts % V]
    np.testing.assert_allclose(sn.lab.success(base), right, rtol=1e-11)


def test_reward_and_divergence_equal_enumeration(base: sn.lab.Model) -> None:
    lang, V = base.language, base.language.symbols
    other = sn.lab.train(base, 20_000, seed=5)
    reward = np.random.default_rng(0).standard_normal((V,) * 4)
    law, start = laws(other), laws(base)
    mean = np.einsum("abcxyz,cxyz->abc", law, reward).ravel()
    np.testing.assert_allclose(expected(other, reward), mean, rtol=1e-9, atol=1e-12)
    kl = (law * np.log(law / start)).sum(axis=(3, 4, 5)).ravel()
    np.testing.assert_allclose(divergence(other, base), kl, atol=1e-5)
    assert divergence(base, base).max() == 0
    true = sn.lab.proxy_reward(lang)
    np.testing.assert_allclose(expected(base, true), sn.lab.success(base), rtol=1e-12)


def test_a_proxy_overpays_its_share(small: sn.lab.Language) -> None:
    V = small.symbols
    true = sn.lab.proxy_reward(small)
    for c, x, y, z in itertools.product(range(V), repeat=4):
        assert true[c, x, y, z] == ((x + y + z) % V == c)
    extra = sn.lab.proxy_reward(small, share=0.3, bonus=2.0, seed=4) - true
    assert set(np.unique(extra)) == {0.0, 2.0}
    assert (extra == extra[:1]).all()
    assert (extra > 0).mean() == pytest.approx(0.3, abs=0.1)
    assert (sn.lab.proxy_reward(small, 1.0, 2.0) == true + 2).all()


def test_best_of_n_equals_enumeration_and_simulation(base: sn.lab.Model) -> None:
    lang, V = base.language, base.language.symbols
    reward = sn.lab.proxy_reward(lang, share=0.1, seed=2)
    prompt = (4, 1, 2)
    number = int(np.ravel_multi_index(prompt, (V, V, V)))
    found = sn.lab.best_of(base, reward, [1, 2, 50], [number])
    law = laws(base)[prompt].ravel()
    paid, right = reward[2].ravel(), sn.lab.proxy_reward(lang)[2].ravel()
    assert found["success"][0] == pytest.approx(sn.lab.success(base)[number])
    assert found["reward"][0] == pytest.approx(law @ paid)
    assert found["kl"][0] == pytest.approx(0, abs=1e-9)
    # Two draws: every pair, the first one where their rewards are equal.
    pairs = law[:, None] * law
    first = paid[:, None] >= paid
    chosen = (pairs * first).sum(axis=1) + (pairs * ~first).sum(axis=0)
    assert found["success"][1] == pytest.approx(chosen @ right)
    assert found["reward"][1] == pytest.approx(chosen @ paid)
    assert found["kl"][1] == pytest.approx(chosen @ np.log(chosen / law))
    rng = np.random.default_rng(0)
    draws = rng.choice(len(law), size=(20_000, 50), p=law)
    best = draws[np.arange(20_000), paid[draws].argmax(axis=1)]
    assert found["success"][2] == pytest.approx(right[best].mean(), abs=0.015)
    assert found["reward"][2] == pytest.approx(paid[best].mean(), abs=0.015)


def test_best_of_n_stays_under_its_bound(base: sn.lab.Model) -> None:
    noise = np.random.default_rng(0).standard_normal((6,) * 4)
    n = np.array([1, 3, 10, 100, 10_000])
    found = sn.lab.best_of(base, noise, n, range(0, 216, 11))
    assert (found["kl"] <= np.log(n) - (n - 1) / n + 1e-12).all()
    assert found["reward"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"share": -0.1}, "share"),
        ({"share": 1.1}, "share"),
        ({"bonus": -1}, "bonus"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_rewards_are_refused(
    small: sn.lab.Language, arguments: dict, word: str
) -> None:
    with pytest.raises(sn.DataError, match=word):
        sn.lab.proxy_reward(small, **arguments)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"n": []}, "an entry"),
        ({"n": [0]}, "n is 0"),
        ({"contexts": []}, "an entry"),
        ({"contexts": [216]}, "contexts"),
        ({"reward": np.zeros(6)}, "reward"),
    ],
)
def test_bad_choices_are_refused(
    base: sn.lab.Model, arguments: dict, word: str
) -> None:
    usual = {"reward": np.zeros((6,) * 4), "n": [1], "contexts": [0]}
    with pytest.raises(sn.DataError, match=word):
        sn.lab.best_of(base, **{**usual, **arguments})
