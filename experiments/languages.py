"""The same sweep in neighboring languages, 1e8 to 1e11 FLOP, three seeds.

Other exponents of the feature weights, and other draws of the first language: is
what holds in one language luck? Makes lab_languages.csv. About nine CPU minutes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from _write import write

import scaling_notes as sn

BUDGETS = [1e8, 1e9, 1e10, 1e11]
LANGUAGES = [(0, 0.6), (0, 0.65), (0, 0.85), (0, 1.0), (1, 0.75), (2, 0.75)]


def measure() -> pd.DataFrame:
    tables = []
    for seed, exponent in LANGUAGES:
        lang = sn.lab.language(seed=seed, exponent=exponent)
        runs = sn.lab.sweep(lang, BUDGETS, seeds=range(3), progress=True)
        runs = runs.assign(language_seed=seed, exponent=exponent, E=round(lang.E, 6))
        tables.append(runs)
    runs = pd.concat(tables, ignore_index=True)
    return runs.assign(loss=np.round(runs["loss"], 5))


if __name__ == "__main__":
    write("lab_languages", measure)
