"""The IsoFLOP sweep of the laboratory, 1e8 to 1e12 FLOP, three seeds.

Makes lab_isoflop.csv. About fourteen CPU minutes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from _write import write

import scaling_notes as sn

BUDGETS = [1e8, 3e8, 1e9, 3e9, 1e10, 3e10, 1e11, 3e11, 1e12]


def measure() -> pd.DataFrame:
    runs = sn.lab.sweep(sn.lab.language(), BUDGETS, seeds=range(3), progress=True)
    return runs.assign(loss=np.round(runs["loss"], 5))


if __name__ == "__main__":
    write("lab_isoflop", measure)
