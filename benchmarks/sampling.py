"""Estimators of repeated sampling beside what is commonly run in their place.

CPU seconds of ours and of the peer, medians of several runs on one core.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from rows import OURS, Row
from scipy.optimize import minimize
from scipy.stats import betabinom

from scaling_notes.sampling import (
    best_of_n,
    fit_beta_binomial,
    majority_vote,
    pass_at_k,
)

SECTION = "Sampling"
REPEATS = 5
# Draws at which the 95 % error of a Monte Carlo probability is at most 0.03.
DRAWS = 1068


def pair(work: str, tool: str, ours_s: float, peer_s: float, check: str) -> list[Row]:
    """Return our row and the peer's."""
    return [
        Row(SECTION, work, OURS, f"{ours_s:.2g}", "1"),
        Row(SECTION, work, tool, f"{peer_s:.2g}", f"{peer_s / ours_s:.3g}", check),
    ]


def seconds(task: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Return the median time of a task, after one run to warm up."""
    task()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        task()
        times.append(time.process_time() - start)
    return median(times)


def product_formula(n: int, c: int, k: int) -> float:
    """Return pass@k of one problem as a product over c factors."""
    if n - c < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


def measure_pass_at_k(rng: np.random.Generator) -> list[Row]:
    """All k of 10,000 problems; the peer is timed on 20,000 of its 1e8 calls."""
    size = 10_000
    c = rng.binomial(size, rng.beta(0.3, 1, size))
    pairs = np.column_stack(
        [rng.choice(c, 20_000), rng.integers(1, size + 1, 20_000)]
    ).tolist()
    ours = seconds(lambda: pass_at_k(size, c))
    peer = seconds(lambda: [product_formula(size, *pair) for pair in pairs], 3)
    mean = np.mean([product_formula(size, int(x), 100) for x in c])
    gap = abs(mean - pass_at_k(size, c, 100).value)
    return pair(
        "pass@k, 1e4 problems x 1e4 samples, all k",
        "product formula a problem and k (scaled up from 20,000 calls)",
        ours,
        peer * size**2 / len(pairs),
        f"differ by {gap:.0e} at k = 100",
    )


def vote_by_simulation(
    p: np.ndarray, k: int, rng: np.random.Generator, draws: int = DRAWS
) -> np.ndarray:
    """Return simulated chances that answer 0 wins the vote, problem by problem."""
    chance = np.empty(len(p))
    for i, row in enumerate(p):
        votes = rng.multinomial(k, row, draws)
        top = votes == votes.max(axis=1, keepdims=True)
        chance[i] = (top[:, 0] / top.sum(axis=1)).mean()
    return chance


def measure_vote(
    rng: np.random.Generator, answers: int, k: int, n_problems: int = 500
) -> list[Row]:
    """Majority of k votes; probabilities from a flat Dirichlet law."""
    p = rng.dirichlet(np.ones(answers), n_problems)
    ours = seconds(lambda: majority_vote(p, k))
    peer = seconds(lambda: vote_by_simulation(p, k, rng), 3)
    gap = np.quantile(np.abs(majority_vote(p, k) - vote_by_simulation(p, k, rng)), 0.95)
    return pair(
        f"majority of {k}, {answers} answers, {n_problems} problems",
        f"Monte Carlo, {DRAWS} multinomial draws a problem",
        ours,
        peer,
        f"peer's error {gap:.3f} at 95 %",
    )


def best_by_simulation(
    scores: np.ndarray, rewards: np.ndarray, rng: np.random.Generator, draws: int
) -> np.ndarray:
    """Return simulated best-of-n for every n: the running best of random orders."""
    n_problems, size = scores.shape
    value = np.zeros(scores.shape)
    place = np.arange(size)
    for i in range(n_problems):
        for _ in range(draws):
            order = rng.permutation(size)
            reward = rewards[i, order]
            best = np.maximum.accumulate(reward)
            value[i] += scores[
                i, order[np.maximum.accumulate(place * (reward == best))]
            ]
    return value / draws


def measure_best_of_n(rng: np.random.Generator, n_problems: int) -> list[Row]:
    """All n up to 1000; rewards are scores with noise of the same size."""
    size, draws = 1000, 1000
    scores = rng.normal(size=(n_problems, size))
    rewards = scores + rng.normal(size=scores.shape)
    ours = seconds(lambda: best_of_n(scores, rewards), 25)
    some = scores[:5], rewards[:5]
    peer = seconds(lambda: best_by_simulation(*some, rng, draws), 3)
    gap = np.abs(best_of_n(*some) - best_by_simulation(*some, rng, draws)).max()
    return pair(
        f"best-of-n, all n <= {size}, {n_problems} problem(s)",
        f"Monte Carlo, {draws} random orders a problem",
        ours,
        peer * n_problems / len(some[0]),
        f"peer's error {gap:.3f} at most",
    )


def measure_beta_binomial(
    rng: np.random.Generator, n_problems: int, n_samples: int
) -> list[Row]:
    """Maximum likelihood of difficulty; the peer starts at alpha = beta = 1."""
    c = rng.binomial(n_samples, rng.beta(0.127, 0.225, n_problems))

    def peer_fit() -> Any:
        return minimize(
            lambda x: -betabinom.logpmf(c, n_samples, *np.exp(x)).sum(),
            [0.0, 0.0],
            method="L-BFGS-B",
        )

    ours = seconds(lambda: fit_beta_binomial(n_samples, c), 25)
    peer = seconds(peer_fit)
    gap = fit_beta_binomial(n_samples, c).log_likelihood + peer_fit().fun
    return pair(
        f"beta-binomial fit, {n_problems} problems x {n_samples} samples",
        "scipy betabinom.logpmf + L-BFGS-B",
        ours,
        peer,
        f"peer stops {gap:.0e} nats lower",
    )


def measure() -> list[Row]:
    """Return every row, always on the same random data."""
    rng = np.random.default_rng(0)
    return [
        *measure_pass_at_k(rng),
        *measure_vote(rng, answers=10, k=40),
        *measure_vote(rng, answers=20, k=100),
        *measure_vote(rng, answers=20, k=1000, n_problems=100),
        *measure_best_of_n(rng, 1),
        *measure_best_of_n(rng, 100),
        *measure_beta_binomial(rng, 164, 200),
        *measure_beta_binomial(rng, 1000, 100),
        *measure_beta_binomial(rng, 10_000, 1000),
    ]
