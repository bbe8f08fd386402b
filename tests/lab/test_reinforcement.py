"""Reinforcement: the gradient against differences, runs that can be repeated."""

from __future__ import annotations

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes.lab._network import Network
from scaling_notes.lab._reinforcement import Rollouts


@pytest.fixture(scope="module")
def base(small: sn.lab.Language) -> sn.lab.Model:
    return sn.lab.train(sn.lab.model(small, 12), 20_000)


def test_rewards_come_as_often_as_success_says(base: sn.lab.Model) -> None:
    lang = base.language
    true = sn.lab.proxy_reward(lang)
    rollouts = Rollouts(Network(base.layers), 20_000, 4, true)
    rng = np.random.default_rng(0)
    contexts = lang.draw(20_000, rng) // lang.symbols
    rewards = rollouts.act(contexts, rng)
    expected = sn.lab.success(base)[contexts].mean()
    assert rewards.mean() == pytest.approx(expected, abs=0.006)


def test_policy_gradient_points_where_success_rises(base: sn.lab.Model) -> None:
    lang = base.language
    network = Network(tuple(w.astype(float) for w in base.layers))
    rollouts = Rollouts(network, 40_000, 4, sn.lab.proxy_reward(lang))
    rng = np.random.default_rng(1)
    contexts = lang.draw(40_000, rng) // lang.symbols
    rollouts.gradient(rollouts.act(contexts, rng))
    sampled = -network.gradient
    free = np.ones_like(network.theta, bool)
    network.views(free)[1][:, -1] = False

    def mean_success() -> float:
        changed = sn.lab.Model(lang, network.layers())
        return float(lang.stationary @ sn.lab.success(changed))

    exact = np.zeros_like(network.theta)
    for i in np.flatnonzero(free):
        ends = []
        for sign in (1, -1):
            network.theta[i] += sign * 1e-5
            ends.append(mean_success())
            network.theta[i] -= sign * 1e-5
        exact[i] = (ends[0] - ends[1]) / 2e-5
    norms = np.linalg.norm(sampled) * np.linalg.norm(exact)
    assert sampled @ exact / norms > 0.98
    assert np.linalg.norm(sampled) == pytest.approx(np.linalg.norm(exact), rel=0.05)


def test_reinforcement_raises_success_and_is_reproducible(
    base: sn.lab.Model,
) -> None:
    marks = [1, 50, 200]
    one, two = (sn.lab.reinforce(base, 200, checkpoints=marks) for _ in range(2))
    assert one.history.equals(two.history)
    assert list(one.history["step"]) == marks
    curve = one.history["success"]
    before = base.language.stationary @ sn.lab.success(base)
    assert curve[0] == pytest.approx(before, abs=0.05)
    assert curve[2] > curve[1] > before + 0.02
    assert one.tokens == base.tokens
    assert sn.lab.reinforce(base, 5, seed=1).loss != sn.lab.reinforce(base, 5).loss


def test_a_proxy_is_what_is_learned(base: sn.lab.Model) -> None:
    lang = base.language
    proxy = sn.lab.proxy_reward(lang, share=0.05, bonus=3.0, seed=1)
    curve = sn.lab.reinforce(
        base, 300, rate=0.1, reward=proxy, checkpoints=[1, 100, 300]
    ).history
    assert list(curve) == ["step", "success", "reward", "kl"]
    assert curve["reward"].iloc[-1] > curve["reward"].iloc[0] + 1
    assert 0 < curve["kl"].iloc[0] < curve["kl"].iloc[-1]
    # The true reward, given by hand, is the default.
    marks = {"rate": 0.1, "checkpoints": [20]}
    true = sn.lab.proxy_reward(lang)
    by_hand = sn.lab.reinforce(base, 20, reward=true, **marks).history
    usual = sn.lab.reinforce(base, 20, **marks).history
    assert by_hand["success"][0] == usual["success"][0]
    assert by_hand["reward"][0] == pytest.approx(usual["success"][0], abs=1e-12)


def test_a_diverging_run_says_so(base: sn.lab.Model) -> None:
    with pytest.raises(
        sn.FitError, match=r"diverged: width 12, 50 steps, rate 1e\+06, seed 0"
    ):
        sn.lab.reinforce(base, 50, rate=1e6)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"steps": 0}, "steps"),
        ({"prompts": 0}, "prompts"),
        ({"answers": 1}, "answers"),
        ({"rate": -1}, "rate"),
        ({"seed": -1}, "seed"),
        ({"checkpoints": [11]}, "checkpoints"),
        ({"reward": np.zeros((6, 6, 6))}, "reward"),
        ({"reward": np.full((6, 6, 6, 6), np.nan)}, "reward"),
    ],
)
def test_bad_runs_are_refused(base: sn.lab.Model, arguments: dict, word: str) -> None:
    with pytest.raises(sn.DataError, match=word):
        sn.lab.reinforce(base, **{"steps": 10, **arguments})
