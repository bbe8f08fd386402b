"""Reinforcement and best-of-n against rewards that err, with the divergence paid.

"flawed" overpays one answer in two hundred by 1.5; "noisy" adds a fixed normal
error of standard deviation 0.5 to every answer. The seed of a row is that of the
errors and of the run; the base model is one. Makes lab_overoptimization.csv. About
a CPU minute.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from _write import write

import scaling_notes as sn

SEEDS, PROMPTS = range(8), 64
STEPS = [10, 20, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1000, 1500]
DRAWN = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096, 16384, 65536]
COLUMNS = ["proxy", "method", "seed", "amount", "kl", "success", "reward"]


def proxies(lang: sn.lab.Language, seed: int) -> dict[str, np.ndarray]:
    errors = np.random.default_rng(seed).standard_normal((lang.symbols,) * 3)
    return {
        "flawed": sn.lab.proxy_reward(lang, share=0.005, bonus=1.5, seed=seed),
        "noisy": sn.lab.proxy_reward(lang) + 0.5 * errors,
    }


def measure() -> pd.DataFrame:
    lang = sn.lab.language()
    base = sn.lab.train(sn.lab.model(lang, 32), 200_000)
    prompts, _ = lang.sample(PROMPTS, seed=1)
    tables = []
    for seed in SEEDS:
        for name, reward in proxies(lang, seed).items():
            done = sn.lab.reinforce(
                base, STEPS[-1], seed, rate=0.1, reward=reward, checkpoints=STEPS
            )
            learned = done.history.rename(columns={"step": "amount"})
            chosen = sn.lab.best_of(base, reward, DRAWN, prompts)
            chosen = chosen.rename(columns={"n": "amount"})
            key = {"proxy": name, "seed": seed}
            tables.append(learned.assign(method="reinforcement", **key))
            tables.append(chosen.assign(method="best of n", **key))
    runs = pd.concat(tables, ignore_index=True)[COLUMNS]
    return runs.round({"kl": 5, "success": 5, "reward": 5})


if __name__ == "__main__":
    write("lab_overoptimization", measure)
