"""256 reinforcement runs from one base model: 8 learning rates, 32 seeds each.

Success is exact, by dynamic programming. Makes lab_reinforcement.csv. About five CPU
minutes.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from _write import progress, write

import scaling_notes as sn

STEPS, SEEDS = 400, 32
RATES = [0.02, 0.03, 0.044, 0.064, 0.094, 0.14, 0.2, 0.3]
CHECKPOINTS = [10, 20, 30, 40, 60, 80, 100, 120, 160, 200, 240, 280, 320, 360, 400]


def measure() -> pd.DataFrame:
    lang = sn.lab.language()
    base = sn.lab.train(sn.lab.model(lang, 32), 200_000)
    before = float(lang.stationary @ sn.lab.success(base))
    rows = []
    for run, (rate, _) in enumerate(progress(itertools.product(RATES, range(SEEDS)))):
        done = sn.lab.reinforce(
            base, STEPS, run, prompts=16, rate=rate, checkpoints=CHECKPOINTS
        )
        rows.append((run, rate, 0, before))
        rows += [(run, rate, *at) for at in done.history.itertuples(index=False)]
    runs = pd.DataFrame(rows, columns=["run", "rate", "step", "success"])
    return runs.assign(success=np.round(runs["success"], 5))


if __name__ == "__main__":
    write("lab_reinforcement", measure)
