"""A small student on labels of the data or of teachers, weak and strong.

Makes lab_distillation.csv. About a CPU minute.
"""

from __future__ import annotations

import itertools

import pandas as pd
from _write import write

import scaling_notes as sn

STUDENT = 16
TOKENS = [2e3, 6e3, 2e4, 6e4, 2e5, 6e5]
# Width and training tokens of a teacher: first its training varies, then its size.
TEACHERS = [
    *((64, t) for t in (3e3, 1e4, 3e4, 1e5, 3e5, 1e6)),
    *((h, 1e6) for h in (16, 256)),
]
COLUMNS = [
    "labels",
    "teacher_width",
    "teacher_tokens",
    "teacher_loss",
    "seed",
    "params",
    "tokens",
    "loss",
]


def measure() -> pd.DataFrame:
    lang = sn.lab.language()
    teachers: list[sn.lab.Model | None] = [None]
    teachers += [sn.lab.train(sn.lab.model(lang, h), t) for h, t in TEACHERS]
    rows = []
    for teacher, tokens, seed in itertools.product(teachers, TOKENS, range(3)):
        start = sn.lab.model(lang, STUDENT, seed=seed + 1)
        done = sn.lab.train(start, tokens, seed + 1, teacher=teacher)
        key = ("hard", None, None, None)
        if teacher is not None:
            key = ("soft", teacher.width, teacher.tokens, teacher.loss)
        rows.append((*key, seed, done.params, done.tokens, done.loss))
    runs = pd.DataFrame(rows, columns=COLUMNS)
    whole = {"teacher_width": "Int64", "teacher_tokens": "Int64"}
    return runs.astype(whole).round({"loss": 5, "teacher_loss": 5})


if __name__ == "__main__":
    write("lab_distillation", measure)
