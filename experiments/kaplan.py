"""What moves the exponent of the best size: causes proposed for Kaplan et al.

Each variant repeats the IsoFLOP sweep with one thing changed. ``budget`` is
compute as the variant counts it. Makes lab_kaplan.csv. About fifteen CPU minutes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from _write import progress, write

import scaling_notes as sn

BUDGETS = [1e8, 1e9, 1e10, 1e11]
ON_THE_WAY = [3e8, 1e9, 3e9]
SEEDS = range(3)
EMBEDDING = 16
# Where the best width lies at 1e8 FLOP, and how it grows: only for the grid.
MIDDLES = {"long warm-up": (4, 0.55), "embedding not counted": (6, 0.5)}


def row(variant: str, budget: float, seed: int, m: sn.lab.Model) -> tuple:
    sizes = (m.params, m.params_non_embedding)
    return variant, budget, m.width, seed, *sizes, m.tokens, m.flops, m.loss


def widths(budget: float, middle: float, exponent: float) -> list[int]:
    middle *= (budget / 1e8) ** exponent
    return sorted({max(1, round(middle * 2 ** (j / 2))) for j in range(-3, 5)})


def isoflop(variant: str, embedding: int | None = None, **options: float) -> list:
    counts_all = variant != "embedding not counted"
    middle, exponent = MIDDLES.get(variant, (8, 0.42))
    rows = []
    for budget in progress(BUDGETS):
        for width in widths(budget, middle, exponent):
            for seed in SEEDS:
                start = sn.lab.model(sn.lab.language(), width, embedding, seed)
                size = start.params if counts_all else start.params_non_embedding
                done = sn.lab.train(start, budget / 6 / size, seed, **options)
                rows.append(row(variant, budget, seed, done))
    return rows


def long_cosine() -> list:
    """Every width once, on one long schedule, read at the budgets on the way.

    Batch and warm-up are those of a run to 1e9, so that only the cosine is long.
    """
    rows, longest = [], 1.5e6
    for width in progress([4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181]):
        for seed in SEEDS:
            start = sn.lab.model(sn.lab.language(), width, seed=seed)
            marks = [b / 6 / start.params for b in ON_THE_WAY]
            marks = [t for t in marks if 2500 < t < longest]
            done = sn.lab.train(
                start, longest, seed, checkpoints=marks, batch=64, warmup_tokens=1500
            )
            sizes = (start.params, start.params_non_embedding)
            for tokens, loss in done.history.itertuples(index=False):
                flops = 6.0 * start.params * tokens
                budget = min(ON_THE_WAY, key=lambda b, c=flops: abs(np.log(b / c)))
                key = ("long cosine", budget, width, seed)
                rows.append((*key, *sizes, tokens, flops, loss))
    return rows


def measure() -> pd.DataFrame:
    rows = [
        *isoflop("matched"),
        *long_cosine(),
        *isoflop("long warm-up", warmup_tokens=30_000),
        *isoflop("fixed batch", batch=128),
        *isoflop("with embedding", EMBEDDING),
        *isoflop("embedding not counted", EMBEDDING),
    ]
    columns = "variant budget width seed params params_non_embedding tokens flops loss"
    runs = pd.DataFrame(rows, columns=columns.split())
    return runs.assign(loss=np.round(runs["loss"], 5))


if __name__ == "__main__":
    write("lab_kaplan", measure)
