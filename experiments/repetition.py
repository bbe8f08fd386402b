"""Epochs over 20,000 unique tokens, with weight decay, against fresh data.

Makes lab_repetition.csv. About three CPU minutes.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from _write import progress, write

import scaling_notes as sn

UNIQUE = 20_000
EPOCHS = [1, 2, 3, 4, 6, 8, 16]
WIDTHS = [16, 64, 256]
DECAYS = [0.0, 0.1, 0.3, 1.0]


def measure() -> pd.DataFrame:
    rows = []
    for width, epochs, seed in progress(itertools.product(WIDTHS, EPOCHS, range(3))):
        start = sn.lab.model(sn.lab.language(), width, seed=seed)
        kinds = [(UNIQUE, decay) for decay in DECAYS]
        if epochs > 1:
            kinds.append((UNIQUE * epochs, 0.0))
        for unique, decay in kinds:
            done = sn.lab.train(
                start,
                UNIQUE * epochs,
                seed,
                unique_tokens=unique,
                weight_decay=decay,
            )
            key = (width, seed, decay, unique, UNIQUE * epochs / unique)
            rows.append((*key, done.params, done.tokens, done.loss))
    columns = "width seed weight_decay unique_tokens epochs params tokens loss"
    runs = pd.DataFrame(rows, columns=columns.split())
    return runs.assign(loss=np.round(runs["loss"], 5))


if __name__ == "__main__":
    write("lab_repetition", measure)
