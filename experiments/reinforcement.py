"""256 reinforcement runs from one base model, differing in seed and rate.

Success is exact, by dynamic programming. Makes lab_reinforcement.csv. About one
and a half CPU minutes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from _write import write

import scaling_notes as sn

RUNS, STEPS = 256, 400
CHECKPOINTS = [10, 20, 40, 80, 120, 200, 300, 400]


def measure() -> pd.DataFrame:
    lang = sn.lab.language()
    base = sn.lab.train(sn.lab.model(lang, 32), 200_000)
    before = float(lang.stationary @ sn.lab.success(base))
    rates = 10 ** np.random.default_rng(0).uniform(np.log10(0.02), np.log10(0.3), RUNS)
    rows = []
    for run, rate in enumerate(rates.round(4)):
        done = sn.lab.reinforce(
            base, STEPS, run, prompts=16, rate=rate, checkpoints=CHECKPOINTS
        )
        rows.append((run, rate, 0, before))
        rows += [(run, rate, *at) for at in done.history.itertuples(index=False)]
    runs = pd.DataFrame(rows, columns=["run", "rate", "step", "success"])
    return runs.assign(success=np.round(runs["success"], 5))


if __name__ == "__main__":
    write("lab_reinforcement", measure)
