"""How often intervals hold a truth that is known: simulations, one table.

``make coverage`` runs all of it (minutes), writes ``coverage.csv`` and holds the
default intervals to their nominal level. ``test_coverage.py`` runs a small part.
"""

from __future__ import annotations

import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

import scaling_notes as sn

TABLE = (
    Path(__file__).parents[2]
    / "src"
    / "scaling_notes"
    / "corpus"
    / "data"
    / "coverage.csv"
)
TRUTH = sn.laws.Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
LEVEL = 0.95
TOLERANCE = 0.04
SIGMA = 0.01
NOISES = ("gaussian", "t3", "outliers", "heteroscedastic")
RUNS = (36, 240)
QUANTITIES = ("alpha", "beta", "E", "n_exponent", "loss_1000x", "params_1000x")
FIXED_DELTA = "percentile, delta 0.001"
# The first is the default.
METHODS = ("percentile", "bias-corrected", FIXED_DELTA, "profile")
SIMULATIONS = 300
RESAMPLES = 400


def design(n_runs: int) -> tuple[np.ndarray, np.ndarray]:
    """Return params and tokens: a grid of 36 runs, or the 240 of the replication."""
    if n_runs == 240:
        runs = sn.load("besiroglu2024_chinchilla_points")
        runs = runs[runs["dropped_in_refit"] == 0]
        return runs["params"].to_numpy(float), runs["tokens"].to_numpy(float)
    grid = np.meshgrid(np.geomspace(5e7, 1e10, 6), np.geomspace(1e9, 3e11, 6))
    return grid[0].ravel(), grid[1].ravel()


def errors(noise: str, flops: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return errors of log loss; SIGMA is their standard deviation or scale."""
    n = len(flops)
    if noise == "t3":
        return SIGMA * rng.standard_t(3, n)
    error = SIGMA * rng.standard_normal(n)
    if noise == "outliers":
        # One run in twenty went wrong, and ended higher by ten standard deviations.
        error += 10 * SIGMA * (rng.random(n) < 0.05)
    if noise == "heteroscedastic":
        # From twice SIGMA at the least compute down to half at the most.
        place = np.log(flops / flops.min()) / np.log(flops.max() / flops.min())
        error *= 2.0 ** (1 - 2 * place)
    return error


def quantities(law: sn.laws.Chinchilla, flops: float) -> dict[str, object]:
    """Return what intervals are asked for, of one law or of many at once."""
    best = law.optimum(flops)
    named = {name: getattr(law, name) for name in QUANTITIES[:4]}
    return named | {"loss_1000x": best.loss, "params_1000x": best.params}


def fitted(runs: dict[str, np.ndarray], delta: float | None) -> sn.Fit:
    """Return a fit; what it warns of is in its messages, and counted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sn.FitWarning)
        return sn.fit_chinchilla(runs, delta=delta)


def simulate(
    noise: str,
    n_runs: int,
    simulations: int,
    resamples: int,
    methods: tuple[str, ...] = METHODS,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Return how often intervals hold the truth, one row a method and quantity.

    Of the profile it is asked only whether it holds the truth, which one test
    answers; it has no width here, and takes constants only.
    """
    params, tokens = design(n_runs)
    flops = 6 * params * tokens
    target = 1000 * float(flops.max())
    truth = quantities(TRUTH, target)
    rows: list[tuple[object, ...]] = []
    for i in range(simulations):
        rng = np.random.default_rng([NOISES.index(noise), n_runs, i])
        loss = TRUTH.value(params, tokens) * np.exp(errors(noise, flops, rng))
        runs = {"params": params, "tokens": tokens, "loss": loss}
        fits = {None: fitted(runs, None)}
        if FIXED_DELTA in methods:
            fits[0.001] = fitted(runs, 0.001)
        boots = {delta: f.bootstrap(resamples, seed=i) for delta, f in fits.items()}
        for method in methods:
            delta = 0.001 if method == FIXED_DELTA else None
            how = "bias-corrected" if method == "bias-corrected" else "percentile"
            flagged = bool(fits[delta].messages)
            for name, true in truth.items():
                if method == "profile":
                    if name in TRUTH.constants():
                        held = fits[None].p_value(**{name: true}) > 1 - level
                        rows.append((method, name, held, np.nan, np.nan, flagged))
                    continue
                ask = partial(ask_one, name=name, flops=target)
                found = boots[delta].interval(ask, level, how)
                width = (found.high - found.low) / true
                high = found.low > true
                rows.append((method, name, true in found, high, width, flagged))
    columns = ["method", "quantity", "coverage", "above", "width", "flagged"]
    frame = pd.DataFrame(rows, columns=columns)
    parts = frame.groupby(["method", "quantity"], sort=False)
    table = parts[["coverage", "above", "flagged"]].mean(numeric_only=False)
    table.insert(2, "width", parts["width"].median())
    table = table.reset_index().astype({"above": float, "coverage": float})
    table.insert(0, "noise", noise)
    table.insert(1, "n_runs", n_runs)
    table.insert(4, "n_simulations", simulations)
    return table


def ask_one(law: sn.laws.Chinchilla, name: str, flops: float) -> object:
    return quantities(law, flops)[name]


def monte_carlo_error(share: float, simulations: int) -> float:
    """Return the standard deviation of a share of independent simulations."""
    return float(np.sqrt(share * (1 - share) / simulations))


def test_default_intervals_cover_the_truth() -> None:
    start = time.process_time()
    table = pd.concat(
        [simulate(noise, n, SIMULATIONS, RESAMPLES) for noise in NOISES for n in RUNS],
        ignore_index=True,
    )
    text = table.to_csv(index=False, float_format="%.4g", lineterminator="\n")
    TABLE.write_text(text, "utf-8")
    print(f"\n{len(table)} rows, {time.process_time() - start:.0f} CPU seconds")
    print(f"Monte Carlo error {monte_carlo_error(LEVEL, SIMULATIONS):.3f}")
    default = table[table["method"] == METHODS[0]]
    print(default.to_string())
    off = default[(default["coverage"] - LEVEL).abs() > TOLERANCE]
    assert off.empty, off.to_string()
