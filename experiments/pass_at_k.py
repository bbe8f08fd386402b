"""Pass@k of base models and of the same after reinforcement, exact to k = 1e5.

The mean over all 32,768 prompts by their frequency, from the exact success of each.
Makes lab_pass_at_k.csv. About a CPU minute.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from _write import progress, write

import scaling_notes as sn

STEPS = [0, 50, 100, 200, 400, 800, 1600]
K = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 200, 300, 500]
K += [1000, 2000, 5000, 10_000, 30_000, 100_000]


def measure() -> pd.DataFrame:
    lang, rows = sn.lab.language(), []
    for seed, steps in progress(itertools.product(range(8), STEPS)):
        able = sn.lab.train(sn.lab.model(lang, 32, seed=seed), 200_000, seed)
        if steps:
            able = sn.lab.reinforce(able, steps, seed, rate=0.1)
        right = sn.lab.success(able)[:, None]
        for k in K:
            mean = lang.stationary @ sn.lab.search(right, k)
            rows.append((seed, steps, k, mean))
    runs = pd.DataFrame(rows, columns=["seed", "steps", "k", "pass_at_k"])
    return runs.assign(pass_at_k=np.round(runs["pass_at_k"], 6))


if __name__ == "__main__":
    write("lab_pass_at_k", measure)
