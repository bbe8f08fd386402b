"""Magnitude pruning of trained models, bare and after training on.

Makes lab_pruning.csv. About half a CPU minute.
"""

from __future__ import annotations

import itertools

import pandas as pd
from _write import progress, write

import scaling_notes as sn

WIDTHS = [16, 64, 256]
SPARSITIES = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
TOKENS = 200_000
COLUMNS = [
    "width",
    "seed",
    "params",
    "tokens",
    "sparsity",
    "loss",
    "loss_retrained",
]


def measure() -> pd.DataFrame:
    lang, rows = sn.lab.language(), []
    for width, seed in progress(itertools.product(WIDTHS, range(3))):
        full = sn.lab.train(sn.lab.model(lang, width, seed=seed), TOKENS, seed)
        for sparsity in SPARSITIES:
            bare = sn.lab.prune(full, sparsity)
            again = sn.lab.train(bare, TOKENS / 10, seed + 100, rate=0.3)
            losses = (bare.loss, again.loss)
            rows.append((width, seed, full.params, full.tokens, sparsity, *losses))
    columns = [
        "width",
        "seed",
        "params",
        "tokens",
        "sparsity",
        "loss",
        "loss_retrained",
    ]
    return pd.DataFrame(rows, columns=columns).round({"loss": 5, "loss_retrained": 5})


if __name__ == "__main__":
    write("lab_pruning", measure)
