"""Majority votes and a verifier that errs, before and after reinforcement, exact.

"sum": models after 400 updates write an answer; the vote is on its sum. "next
symbol": their bases are asked for the likeliest next symbol of the language. 1,000
prompts, one set for all; each seed has a base of its own. The verifier accepts every
right answer and a tenth of the wrong ones. Makes lab_voting.csv. Some CPU seconds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from _write import progress, write

import scaling_notes as sn

SEEDS, PROMPTS = range(8), 1000
DRAWN = [1, 3, 10, 30, 100]
COLUMNS = ["task", "seed", "k", "majority", "verifier"]
COLUMNS += ["majority_limit", "verifier_limit", "mode_is_right"]


def votes(law: np.ndarray, right: np.ndarray) -> pd.DataFrame:
    """What picking one of k answers gives, by the law of the answers to each prompt."""
    hits = law[np.arange(len(law)), right]
    ks = np.array([*DRAWN, np.inf])
    majority = sn.majority_vote(law, ks, right).mean(axis=0)
    verifier = sn.select_verified(hits[:, None], ks, 0.1).mean(axis=0)
    return pd.DataFrame(
        {
            "k": DRAWN,
            "majority": majority[:-1],
            "verifier": verifier[:-1],
            "majority_limit": majority[-1],
            "verifier_limit": verifier[-1],
            "mode_is_right": np.mean(law.argmax(axis=1) == right),
        }
    )


def measure() -> pd.DataFrame:
    lang = sn.lab.language()
    prompts, _ = lang.sample(PROMPTS, seed=1)
    tables = []
    for seed in progress(SEEDS):
        base = sn.lab.train(sn.lab.model(lang, 32, seed=seed), 200_000, seed)
        able = sn.lab.reinforce(base, 400, seed, rate=0.1)
        total = votes(sn.lab.answers(able)[prompts], prompts % lang.symbols)
        likeliest = lang.P[prompts].argmax(axis=1)
        following = votes(base.probabilities[prompts], likeliest)
        tables.append(total.assign(task="sum", seed=seed))
        tables.append(following.assign(task="next symbol", seed=seed))
    return pd.concat(tables, ignore_index=True)[COLUMNS].round(6)


if __name__ == "__main__":
    write("lab_voting", measure)
