"""Which small runs to buy: forecasts of 1e12 FLOP from a tenth of the compute.

Makes lab_designs.csv from lab_isoflop.csv, without training anything. In every
split the runs on offer are two thirds of those up to a cut, drawn at random; each
design buys a tenth of their compute. The losses are those that were measured,
or simulated from the law fitted to all of them, where that law is then true. About
eight CPU minutes.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from _write import progress, write

import scaling_notes as sn

CUTS = [1e10, 1e11]
SPLITS = 30
SHARE = 0.1
TARGET = 1e12
NOISE = 0.002
# Rounds in which the chosen runs are bought, each after a new fit.
ROUNDS = 3


def affordable(runs: pd.DataFrame, flops: float) -> pd.DataFrame:
    """Return the runs in their order, skipping those that can no longer be paid."""
    rows, left = [], flops
    for row, cost in runs["flops"].items():
        if cost <= left:
            rows.append(row)
            left -= cost
    return runs.loc[rows]


def cheapest(offer: pd.DataFrame, flops: float, _: int) -> pd.DataFrame:
    return affordable(offer.sort_values("flops", kind="stable"), flops)


def random(offer: pd.DataFrame, flops: float, seed: int) -> pd.DataFrame:
    return affordable(offer.sample(frac=1, random_state=seed), flops)


def chosen(offer: pd.DataFrame, flops: float, seed: int) -> pd.DataFrame:
    """Begin with eight or more of the cheapest runs, then trust the law."""
    pilot = cheapest(offer, 0.25 * flops, seed)
    bought = pilot if len(pilot) >= 8 else cheapest(offer, flops, seed).head(8)
    for left in range(ROUNDS, 0, -1):
        spend = (flops - bought["flops"].sum()) / left
        rest = offer.drop(bought.index)
        if spend < rest["flops"].min():
            continue
        ask = {"flops": spend, "target_flops": TARGET, "candidates": rest}
        try:
            new = sn.next_runs(sn.fit_chinchilla(bought), **ask).runs
        except sn.FitError:
            # Too few different sizes, or a term of the law has vanished: nothing to
            # go by in this round.
            new = random(rest, spend, seed)
        bought = pd.concat([bought, offer.loc[new.index]])
    return bought


def measure() -> pd.DataFrame:
    stored = sn.load("lab_isoflop")
    law = sn.fit_chinchilla(stored).law
    expected = law(params=stored["params"], tokens=stored["tokens"])
    rows = []
    for losses, cut, split in progress(
        itertools.product(["measured", "simulated"], CUTS, range(SPLITS))
    ):
        rng = np.random.default_rng([split, int(np.log10(cut))])
        runs = stored
        if losses == "simulated":
            noise = NOISE * rng.standard_normal(len(stored))
            runs = stored.assign(loss=expected * np.exp(noise))
        top = runs[runs["budget"] == TARGET]
        below = runs[runs["budget"] <= cut]
        every = below.sample(frac=2 / 3, random_state=rng)
        flops = SHARE * every["flops"].sum()
        near = every[every["budget"] >= 0.1 * cut]
        designs = {
            "all runs": every,
            "cheapest": cheapest(every, flops, split),
            "random": random(every, flops, split),
            "chosen": chosen(every, flops, split),
            "random, last decade": random(near, flops, split),
            "chosen, last decade": chosen(near, flops, split),
        }
        for design, bought in designs.items():
            try:
                said = sn.fit_chinchilla(bought).law
            except (sn.DataError, sn.FitError):
                # Too few runs for five constants; the design has failed.
                error = np.nan
            else:
                miss = said(params=top["params"], tokens=top["tokens"]) / top["loss"]
                error = float(np.log(miss).median())
            spent = bought["flops"].sum() / every["flops"].sum()
            rows.append((losses, cut, split, design, len(bought), spent, error))
    columns = ["losses", "cut", "split", "design", "runs", "share_of_flops", "error"]
    return pd.DataFrame(rows, columns=columns).round({"share_of_flops": 4, "error": 5})


if __name__ == "__main__":
    write("lab_designs", measure)
