"""The sweep on wider grids of size, 1e8 to 1e10 FLOP, three seeds.

Thirteen widths a budget where the usual grid has seven: the same models and
budgets, another design. Makes lab_wide.csv. About a CPU minute.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from _write import progress, write

import scaling_notes as sn

BUDGETS = [1e8, 3e8, 1e9, 3e9, 1e10]


def widths(budget: float) -> list[int]:
    middle = 8 * (budget / 1e8) ** 0.42
    wanted = {round(middle * 2 ** (j / 2)) for j in range(-6, 7)}
    # A run below 800 tokens is a handful of steps.
    return sorted(h for h in wanted if h > 1 and budget / 6 / (129 * h + 32) > 800)


def measure() -> pd.DataFrame:
    lang = sn.lab.language()
    runs = pd.concat(
        [sn.lab.sweep(lang, [b], widths(b), range(3)) for b in progress(BUDGETS)],
        ignore_index=True,
    )
    return runs.assign(loss=np.round(runs["loss"], 5))


if __name__ == "__main__":
    write("lab_wide", measure)
