"""How often the intervals of repeated sampling hold a truth that is known.

``rows()`` gives the whole table in some minutes; ``test_sampling_coverage.py`` runs
a small part.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy.special import betaln, expit, gammaln

import scaling_notes as sn

LEVEL = 0.95
TOLERANCE = 0.04
SIMULATIONS = 300
RESAMPLES = 400
# Draws of problems for a truth that has no closed form.
PROBLEMS = 200_000
COLUMNS = [
    *("interval", "setting", "n_units", "quantity"),
    *("coverage", "width", "n_simulations"),
]

Answer = tuple[dict[str, float], Callable[[np.random.Generator], dict[str, object]]]


def moment(alpha: float, beta: float, k: int) -> float:
    """Return the mean of the k-th power of a pass rate with a beta law."""
    return float(np.exp(betaln(alpha + k, beta) - betaln(alpha, beta)))


def at_least(alpha: float, beta: float, k: int, least: int) -> float:
    """Return the chance that so many of k samples are correct."""
    j = np.arange(least, k + 1)
    ways = gammaln(k + 1) - gammaln(j + 1) - gammaln(k - j + 1)
    logs = ways + betaln(alpha + j, beta + k - j) - betaln(alpha, beta)
    return float(np.exp(logs).sum())


def all_of_k(n_problems: int, alpha: float, beta: float) -> Answer:
    truth = {f"pass^{k}": moment(alpha, beta, k) for k in (2, 4)}

    def draw(rng: np.random.Generator) -> dict[str, object]:
        c = rng.binomial(20, rng.beta(alpha, beta, n_problems))
        curve = sn.pass_hat_k(20, c, [2, 4])
        return {f"pass^{k}": curve.interval(k, LEVEL, RESAMPLES) for k in (2, 4)}

    return truth, draw


def share_of_k(n_problems: int, alpha: float, beta: float) -> Answer:
    truth = {
        "G-pass@8, tau 0.5": at_least(alpha, beta, 8, 4),
        "mG-pass@8": sum(at_least(alpha, beta, 8, m) for m in (5, 6, 7, 8)) / 4,
    }

    def draw(rng: np.random.Generator) -> dict[str, object]:
        c = rng.binomial(24, rng.beta(alpha, beta, n_problems))
        curves = sn.g_pass_at_k(24, c, 8, 0.5), sn.g_pass_at_k(24, c, 8)
        found = (x.interval(None, LEVEL, RESAMPLES) for x in curves)
        return dict(zip(truth, found, strict=True))

    return truth, draw


def votes(n_problems: int, concentration: float) -> Answer:
    shape = concentration * np.array([1.5, 1, 1, 1])
    many = np.random.default_rng(0).dirichlet(shape, PROBLEMS // 20)
    truth = {"vote of 9": float(sn.majority_vote(many, 9).mean())}

    def draw(rng: np.random.Generator) -> dict[str, object]:
        p = rng.dirichlet(shape, n_problems)
        answers = [rng.choice(4, 20, p=row) for row in p]
        curve = sn.vote(answers, [0] * n_problems, 9)
        return {"vote of 9": curve.interval(None, LEVEL, RESAMPLES)}

    return truth, draw


def pair(n_problems: int, shift: float) -> Answer:
    def rates(size: int, rng: np.random.Generator) -> np.ndarray:
        hard, apart = rng.normal(0, 2, size), rng.normal(shift, 0.5, size)
        return expit([hard + apart, hard])

    both = 1 - (1 - rates(PROBLEMS, np.random.default_rng(0))) ** 4
    truth = {"difference of pass@4": float(both[0].mean() - both[1].mean())}

    def draw(rng: np.random.Generator) -> dict[str, object]:
        c = rng.binomial(20, rates(n_problems, rng))
        gain = sn.difference(*(sn.pass_at_k(20, x, 4) for x in c))
        return {"difference of pass@4": gain.interval(None, LEVEL, RESAMPLES)}

    return truth, draw


def never_solved(n_problems: int, share: float, alpha: float, beta: float) -> Answer:
    law = sn.laws.BetaCoverage(mean=alpha / (alpha + beta), alpha=alpha)
    truth = {"never_solved": share}
    truth["pass@1000"] = (1 - share) * float(law(k=1000))

    def draw(rng: np.random.Generator) -> dict[str, object]:
        p = rng.beta(alpha, beta, n_problems) * (rng.random(n_problems) >= share)
        model = sn.fit_beta_binomial(50, rng.binomial(50, p), zero_inflated=True)
        boot = model.bootstrap(RESAMPLES)
        share_ = boot.interval("never_solved", LEVEL)
        return {"never_solved": share_, "pass@1000": boot.forecast(1000, LEVEL)}

    return truth, draw


def through_problems(n_problems: int, alpha: float, beta: float) -> Answer:
    law = sn.laws.BetaCoverage(mean=alpha / (alpha + beta), alpha=alpha)
    ks = np.unique(np.geomspace(1, 100, 25).round().astype(int))
    truth = {"alpha": alpha, "pass@1000": float(law(k=1000))}

    def far(law: sn.laws.BetaCoverage) -> np.ndarray:
        return law.value(np.array(1000.0))

    def draw(rng: np.random.Generator) -> dict[str, object]:
        c = rng.binomial(100, rng.beta(alpha, beta, n_problems))
        curve = sn.pass_at_k(100, c, ks)
        boot = curve.bootstrap(sn.laws.BetaCoverage, RESAMPLES)
        named = zip(truth, ("alpha", far), strict=True)
        return {name: boot.interval(what, LEVEL) for name, what in named}

    return truth, draw


def giving_up(n_problems: int, alpha: float, beta: float, worth: float) -> Answer:
    law = sn.laws.BetaCoverage(mean=alpha / (alpha + beta), alpha=alpha)
    failed = 1 - law.value(np.arange(1.0, 1001.0))
    gain = worth * (1 - failed) - np.cumsum(np.append(1.0, failed[:-1]))
    truth = {"tries before giving up": float(gain.argmax() + 1)}

    def draw(rng: np.random.Generator) -> dict[str, object]:
        c = rng.binomial(1000, rng.beta(alpha, beta, n_problems))
        limit = sn.pass_at_k(1000, c).give_up(worth, LEVEL, RESAMPLES)
        return {"tries before giving up": limit}

    return truth, draw


def settings() -> Iterator[tuple[str, str, int, Answer]]:
    """Yield the interval, the setting, the number of problems, and how to draw."""
    for n in (15, 40):
        yield "pass^k", "beta(2, 1), 20 samples", n, all_of_k(n, 2, 1)
        yield "pass^k", "beta(0.5, 0.5), 20 samples", n, all_of_k(n, 0.5, 0.5)
        yield "G-pass@k", "beta(1, 1), 24 samples", n, share_of_k(n, 1, 1)
        yield "vote", "four answers, 20 samples", n, votes(n, 0.5)
        yield "paired difference", "shift of 0.5 logits", n, pair(n, 0.5)
    for n, share, alpha, beta in ((20, 0.4, 3, 3), (60, 0.3, 1, 2), (60, 0.2, 0.5, 1)):
        yield (
            "zero-inflated beta-binomial",
            f"share {share}, beta({alpha}, {beta}), 50 samples",
            n,
            never_solved(n, share, alpha, beta),
        )
    for n in (15, 20, 36):
        yield (
            "law through problems",
            "beta(0.3, 1), 25 k of 100 samples",
            n,
            through_problems(n, 0.3, 1),
        )
    for n, beta, worth in ((60, 1, 100), (120, 1, 100), (120, 3, 1000)):
        yield (
            "give up",
            f"beta(0.3, {beta}), 1,000 samples, worth {worth:,}",
            n,
            giving_up(n, 0.3, beta, worth),
        )


def simulate(answer: Answer, simulations: int, seed: int = 0) -> pd.DataFrame:
    """Return coverage and median width of every quantity of one setting."""
    truth, draw = answer
    rng = np.random.default_rng(seed)
    held = dict.fromkeys(truth, 0)
    width: dict[str, list[float]] = {name: [] for name in truth}
    done = 0
    for _ in range(simulations):
        with warnings.catch_warnings():
            # What is said of one draw is no matter here.
            warnings.simplefilter("ignore", sn.FitWarning)
            try:
                found = draw(rng)
            except (sn.DataError, sn.FitError):
                continue
        done += 1
        for name, interval in found.items():
            held[name] += truth[name] in interval
            width[name].append(interval.high - interval.low)
    return pd.DataFrame(
        {
            "quantity": list(truth),
            "coverage": [held[name] / done for name in truth],
            "width": [float(np.median(width[name])) for name in truth],
            "n_simulations": done,
        }
    )


def rows(simulations: int = SIMULATIONS) -> pd.DataFrame:
    """Return the whole table: one row an interval, setting and quantity."""
    tables = []
    for interval, setting, n_units, answer in settings():
        table = simulate(answer, simulations)
        named = {"interval": interval, "setting": setting, "n_units": n_units}
        tables.append(table.assign(**named)[COLUMNS])
    return pd.concat(tables, ignore_index=True)
