"""Reinforcement: the policy gradient on a reward for whole answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from ..errors import FitError
from ._checks import real_number, require_kind, whole_number
from ._language import FloatArray, IntArray, choose, split_windows
from ._network import Array, Batch, Model, Network
from ._task import check_reward, divergence, expected, proxy_reward, success
from ._training import Adam

__all__ = ["Rollouts", "reinforce"]


class Rollouts:
    """Buffers to draw answers from a network and to turn rewards into a gradient."""

    def __init__(
        self, network: Network, prompts: int, answers: int, reward: Array
    ) -> None:
        self.network, self.answers = network, answers
        self.reward = reward
        rows = prompts * answers
        self.draw = Batch(network, rows)
        self.learn = Batch(network, 3 * rows)
        self.steps = np.empty((3, 3, rows), np.intp)
        self.symbols = np.empty((3, rows), np.intp)

    def act(self, contexts: IntArray, rng: np.random.Generator) -> Array:
        """Draw ``answers`` to each prompt; return the rewards."""
        V = self.network.symbols
        index, _ = split_windows(np.repeat(contexts, self.answers) * V, V)
        wanted = index[2] - 2 * V
        for step in range(3):
            self.steps[step] = index
            self.symbols[step] = choose(self.draw.forward(index), rng)
            index = np.stack([index[1] - V, index[2] - V, self.symbols[step] + 2 * V])
        rewards: Array = self.reward[wanted, *self.symbols]
        return rewards

    def gradient(self, rewards: Array) -> None:
        """Fill the network's gradient: the policy gradient, to be descended."""
        groups = rewards.reshape(-1, self.answers)
        # Against the mean of the other answers to the same prompt: unbiased.
        others = groups.sum(axis=1, keepdims=True) - groups
        advantage = (groups - others / (self.answers - 1)).ravel()
        index = self.steps.transpose(1, 0, 2).reshape(3, -1)
        d_logits = self.learn.forward(index)
        self.learn.flat[self.symbols.ravel() + self.learn.target_starts] -= 1
        d_logits *= np.tile(advantage, 3)[:, None]
        self.learn.backward()
        self.network.gradient *= 1 / len(rewards)


def reinforce(
    model: Model,
    steps: int,
    seed: int = 0,
    *,
    prompts: int = 32,
    answers: int = 8,
    rate: float = 0.05,
    reward: FloatArray | None = None,
    checkpoints: Iterable[int] = (),
) -> Model:
    """Train a model on rewards for its answers, and return the trained one.

    Plain policy gradient with Adam at a constant rate: at every step draw prompts
    from the language, several answers to each, and reward an answer against the
    mean of the others to the same prompt.

    Parameters
    ----------
    model : Model
        Trained on the language first; an untrained one must find answers by luck.
    steps : int
        Updates, 1 or more.
    seed : int
        Of prompts and answers.
    prompts, answers : int
        Prompts a step, and answers to each (2 or more).
    rate : float
        Learning rate, as a multiple of the peak rate of :func:`train`.
    reward : ndarray, shape (V, V, V, V), optional
        By [c, x, y, z], as in :func:`proxy_reward`; None is the true reward.
    checkpoints : iterable of int
        Steps after which to record, in ``history``, the exact mean ``success``;
        with ``reward``, also the exact mean of it, and ``kl``, the divergence of
        the answers from those of ``model``, nats.

    Returns
    -------
    Model
        Its ``tokens`` still counts the training on the language only.

    Raises
    ------
    DataError
        If a number is out of its range.
    FitError
        If the run diverges; the message names the run.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> lang = sn.lab.language()
    >>> base = sn.lab.train(sn.lab.model(lang, width=16), tokens=20_000)
    >>> better = sn.lab.reinforce(base, steps=100)
    >>> mean = [lang.stationary @ sn.lab.success(m) for m in (base, better)]
    >>> bool(mean[1] > mean[0])
    True
    """
    require_kind("model", model, Model)
    language = model.language
    steps = whole_number("steps", steps, 1)
    n = whole_number("prompts", prompts, 1, 2**16)
    k = whole_number("answers", answers, 2, 2**12)
    rate = real_number("rate", rate, 0.0, 1e6)
    marks = {whole_number("checkpoints", m, 1, steps) for m in checkpoints}
    rng = np.random.default_rng([whole_number("seed", seed, 0), model.width, steps])
    mean = language.stationary
    rewards = (
        proxy_reward(language) if reward is None else check_reward(language, reward)
    )
    network = Network(model.layers)
    adam, rollouts = Adam(network), Rollouts(network, n, k, rewards)
    history = []
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for step in range(1, steps + 1):
            contexts = language.draw(n, rng) // language.symbols
            rollouts.gradient(rollouts.act(contexts, rng))
            adam.step(rate)
            if step in marks:
                at = replace(model, layers=network.layers())
                row = {"step": step, "success": float(mean @ success(at))}
                if reward is not None:
                    row["reward"] = float(mean @ expected(at, rewards))
                    row["kl"] = float(mean @ divergence(at, model))
                history.append(row)
    if not np.all(np.isfinite(network.theta)):
        raise FitError(
            f"the run diverged: width {model.width}, {steps} steps, rate {rate:g}, "
            f"seed {seed}; lower rate."
        )
    return replace(model, layers=network.layers(), history=pd.DataFrame(history))
