"""Rounding trained models to few bits: size, training tokens and bits.

Makes lab_quantization.csv. About two CPU minutes.
"""

from __future__ import annotations

import itertools

import pandas as pd
from _write import progress, write

import scaling_notes as sn

WIDTHS = [16, 64, 256]
TOKENS = [3e4, 1e5, 3e5, 1e6, 3e6]
BITS = [2, 3, 4, 5, 6, 8]


def measure() -> pd.DataFrame:
    rows = []
    for width, tokens, seed in progress(itertools.product(WIDTHS, TOKENS, range(3))):
        start = sn.lab.model(sn.lab.language(), width, seed=seed)
        full = sn.lab.train(start, tokens, seed)
        for bits in BITS:
            rough = sn.lab.quantize(full, bits).loss
            rows.append((width, seed, full.params, full.tokens, bits, rough, full.loss))
    columns = ["width", "seed", "params", "tokens", "bits", "loss", "loss_full"]
    return pd.DataFrame(rows, columns=columns).round({"loss": 5, "loss_full": 5})


if __name__ == "__main__":
    write("lab_quantization", measure)
