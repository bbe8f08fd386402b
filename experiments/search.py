"""Models of eight sizes on 500 problems: sampling, checked symbols, beams.

Every model of N parameters reads 20 N tokens, near the best of its budget. Problems
are one set for all. lab_coverage.csv holds the exact probability of each problem,
lab_search.csv what a budget of passes solves. Under a CPU minute.
"""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pandas as pd
from _write import progress, write

import scaling_notes as sn

WIDTHS = [2, 4, 8, 16, 32, 64, 128, 256]
SEEDS, LENGTH = range(3), 4
TRIES = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000]
SYMBOLS = [4, 6, 10, 20, 30, 60, 100, 200, 300, 600, 1000, 3000]
BEAMS = [1, 3, 10, 30, 100, 300]


@cache
def tasks() -> np.ndarray:
    return sn.lab.problems(sn.lab.language(), 500, LENGTH)


@cache
def trained(width: int, seed: int) -> sn.lab.Model:
    start = sn.lab.model(sn.lab.language(), width, seed=seed)
    return sn.lab.train(start, 20 * start.params, seed)


def coverage() -> pd.DataFrame:
    tables = []
    for width, seed in progress(itertools.product(WIDTHS, SEEDS)):
        able = trained(width, seed)
        right = sn.lab.chances(able, tasks()).prod(axis=1)
        table = pd.DataFrame({"problem": np.arange(len(right)), "success": right})
        tables.append(table.assign(params=able.params, seed=seed))
    runs = pd.concat(tables, ignore_index=True)
    digits = runs["success"].map(lambda p: float(f"{p:.4g}"))
    return runs.assign(success=digits)[["params", "seed", "problem", "success"]]


def search() -> pd.DataFrame:
    rows = []
    for width, seed in progress(itertools.product(WIDTHS, SEEDS)):
        able = trained(width, seed)
        right = sn.lab.chances(able, tasks())
        solved = {
            ("answers", k, LENGTH * k): sn.lab.search(right, k).mean() for k in TRIES
        }
        for k in SYMBOLS:
            solved["symbols", k, k] = sn.lab.search(right, k, "symbol").mean()
        for w in BEAMS:
            passes = 1 + (min(w, 32) + (LENGTH - 2) * w)
            solved["beam", w, passes] = sn.lab.beam(able, tasks(), w).mean()
        size = (able.params, seed, able.tokens, able.flops, round(able.loss, 5))
        for (method, k, passes), share in solved.items():
            cost = 2.0 * able.params * passes
            rows.append((*size, method, k, passes, cost, share))
    columns = "params seed tokens flops loss method tries passes inference_flops solved"
    runs = pd.DataFrame(rows, columns=columns.split())
    return runs.assign(solved=np.round(runs["solved"], 6))


if __name__ == "__main__":
    write("lab_coverage", coverage)
    write("lab_search", search)
