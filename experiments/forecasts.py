"""Forecasts of large runs from small ones, by method, on every sweep of the corpus.

Makes forecast_scores.csv and forecast_sizes.csv, and calibration.csv inside the
package's fitting room: what the five families teach, all of them and all but one. Each
family is forecast with what the others taught; families that taught nothing are
forecast with all five. About seven CPU minutes, without training anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from _write import progress, write
from scipy.optimize import least_squares

import scaling_notes as sn
from scaling_notes.corpus import sweeps
from scaling_notes.fitting import (
    FAMILIES,
    Calibration,
    Split,
    by_budget,
    learn,
    splits,
    study,
)
from scaling_notes.fitting._budgets import find_budgets
from scaling_notes.fitting._frontier import best_runs, excess
from scaling_notes.fitting._splits import QUANTILES, split_at
from scaling_notes.fitting._sweep_forecast import near_frontier

UNSEEN = ["step_law", "openeurollm", "laboratory", "sparse_t5", "sparse_vit"]
STORED = Path(sn.__file__).parent / "fitting" / "calibration.csv"
LEVEL = 0.8
# The crude cures that were tried before: share of the least loss, and a window.
SHARE, WINDOW = 0.6, 0.08

Forecast = Callable[[pd.DataFrame], np.ndarray]


def calibrations() -> dict[str, Calibration]:
    """Return what all families teach, and what all but one do, by the one left out."""
    studies = {f: study(list(sweeps(f).values())) for f in FAMILIES}
    left = {f: {k: s for k, s in studies.items() if k != f} for f in FAMILIES}
    return {"": learn(studies)} | {f: learn(others) for f, others in left.items()}


def surface(**how: object) -> Callable[[Split, Calibration], Forecast]:
    def method(split: Split, _: Calibration) -> Forecast:
        return of(sn.fit_chinchilla(split.small, **how).law)

    return method


def of(law: sn.laws.Law) -> Forecast:
    return lambda runs: law(runs["params"].to_numpy(), runs["tokens"].to_numpy())


def form(law: type[sn.laws.Law]) -> Callable[[Split, Calibration], Forecast]:
    def method(split: Split, _: Calibration) -> Forecast:
        small = split.small
        inputs = {name: small[name] for name in law.inputs}
        return of(sn.fit_law(law, inputs, small["loss"]).law)

    return method


def near(split: Split, _: Calibration) -> Forecast:
    return of(sn.fit_chinchilla(near_frontier(split.small, WINDOW)).law)


def near_with_floor(split: Split, _: Calibration) -> Forecast:
    floor = {"E": SHARE * split.small["loss"].min()}
    return of(sn.fit_chinchilla(near_frontier(split.small, WINDOW), fixed=floor).law)


def weighted(spread: Callable[[pd.DataFrame], np.ndarray]):
    """Return the surface with runs of larger spread counting for less."""

    def method(split: Split, _: Calibration) -> Forecast:
        small = split.small
        error = small["loss"] * 0.01 * spread(small)
        runs = small.assign(error=error)
        return of(sn.fit_chinchilla(runs, standard_error="error").law)

    return method


def interacting(split: Split, _: Calibration) -> Forecast:
    """Return the surface whose coefficient and exponent of tokens change with size.

    As in Li et al. 2025, arXiv:2506.10972, but linear in log size: the seven
    constants that most small runs can hold.
    """
    small = split.small
    if len(small) < 9:
        raise sn.DataError("Seven constants need more runs.")
    law = sn.fit_chinchilla(small).law
    middle = np.log(small["params"]).mean()

    def log_loss(theta: np.ndarray, runs: pd.DataFrame) -> np.ndarray:
        n = np.log(runs["params"].to_numpy()) - middle
        d = np.log(runs["tokens"].to_numpy())
        floor, size, alpha, level, rate, level_n, rate_n = theta
        by_tokens = level + level_n * n - np.exp(rate + rate_n * n) * d
        terms = [np.full(len(n), floor), size - alpha * n, by_tokens]
        return np.logaddexp.reduce(terms, axis=0)

    sized = np.log(law.A) - law.alpha * middle
    floor = np.log(max(law.E, 1e-3))
    start = [floor, sized, law.alpha, np.log(law.B), np.log(law.beta), 0.0, 0.0]
    found = least_squares(
        lambda theta: log_loss(theta, small) - np.log(small["loss"].to_numpy()),
        start,
        loss="huber",
        f_scale=0.01,
        x_scale="jac",
    )
    return lambda runs: np.exp(log_loss(found.x, runs))


def decades_below(runs: pd.DataFrame) -> np.ndarray:
    return np.asarray(runs["flops"].max() / runs["flops"])


def informed(split: Split, known: Calibration) -> Forecast:
    """Return the surface with priors on E, alpha and beta, in the engine."""
    least = split.small["loss"].min()
    others = [law for f, law in whole().items() if f in known.families]
    priors = {"E": (known.floor_share * least, known.floor_share_sd * least)}
    for name in ("alpha", "beta"):
        values = [getattr(law, name) for law in others]
        priors[name] = float(np.mean(values)), float(np.std(values, ddof=1))
    return of(sn.fit_chinchilla(split.small, priors=priors).law)


@cache
def whole() -> Mapping[str, sn.laws.Law]:
    """Return the surface through all runs of each family's first sweep."""
    first = {f: next(iter(sweeps(f).values())) for f in FAMILIES}
    return {f: sn.fit_chinchilla(near_frontier(r)).law for f, r in first.items()}


def frontier(**fixed: float) -> Callable[[Split, Calibration], Forecast]:
    def method(split: Split, _: Calibration) -> Forecast:
        best = best_runs(split.small)
        held = fixed or None
        fit = sn.fit_law(sn.laws.PowerLaw, best["flops"], best["loss"], fixed=held)
        return lambda runs: fit.law(runs["flops"].to_numpy())

    return method


def parabolas(split: Split, _: Calibration) -> Forecast:
    """Return the power law through the losses of the parabolas' minima."""
    optima = sn.isoflop(split.small, n_resamples=2).optima
    fit = sn.fit_law(
        sn.laws.PowerLaw,
        optima["flops"],
        optima["loss"],
        fixed={"E": SHARE * split.small["loss"].min()},
    )
    return lambda runs: fit.law(runs["flops"].to_numpy())


def mean_of(*methods: Callable) -> Callable[[Split, Calibration], Forecast]:
    def method(split: Split, known: Calibration) -> Forecast:
        parts = [one(split, known) for one in methods]
        return lambda runs: np.exp(np.mean([np.log(p(runs)) for p in parts], axis=0))

    return method


NO_FLOOR = frontier(E=0.0)
METHODS: dict[str, Callable[[Split, Calibration], Forecast]] = {
    "surface, least squares": surface(delta=np.inf),
    "surface, delta 1e-3": surface(delta=1e-3),
    "surface, one exponent": form(sn.laws.SharedExponent),
    "surface, outer exponent": form(sn.laws.OuterExponent),
    "surface, beta varies": interacting,
    "surface, by compute": weighted(decades_below),
    "surface, by distance": weighted(
        lambda runs: 1 + (excess(runs, 0.125) / 0.05) ** 2
    ),
    "surface, near frontier": near,
    "near frontier, floor held": near_with_floor,
    "surface, priors": informed,
    "parabolas, floor held": parabolas,
    "frontier, no floor": NO_FLOOR,
    "frontier, free floor": frontier(),
    "mean, surface and line": mean_of(surface(), NO_FLOOR),
    "mean, held and line": mean_of(near_with_floor, NO_FLOOR),
}


def scored(
    family: str, name: str, runs: pd.DataFrame, known: Calibration
) -> list[dict]:
    """Return one row a split and method; a method that refuses has none."""
    rows = []
    for split in splits(runs):
        where = {"family": family, "sweep": name, "quantile": split.quantile}
        where |= {"runs": len(split.small), "held_out": len(split.large)}
        where["factor"] = split.large["flops"].median() / split.cut
        for method, score in of_split(split, known):
            rows.append(where | {"method": method} | vars(score))
    return rows


def of_split(split: Split, known: Calibration):
    ask = {"below": split.cut, "above": split.above, "n_resamples": 1000}
    runs = pd.concat([split.small, split.large])
    ways = {
        "surface": {"calibration": None},
        "surface, widened": {"calibration": known, "bounds": {"E": (0.0, None)}},
        "frontier with priors": {"calibration": known},
    }
    for method, how in ways.items():
        try:
            table = sn.forecast(runs, **ask, **how).table
        except (sn.DataError, sn.FitError):
            continue
        ends = [table[end].to_numpy() for end in ("forecast", "low", "high")]
        yield method, sn.fitting.score(table, *ends)
    for method, how in METHODS.items():
        try:
            told = how(split, known)(split.large)
        except (sn.DataError, sn.FitError):
            continue
        yield method, sn.fitting.score(split.large, told)


def curves() -> list[dict]:
    """Return the score of a law of one input: translation loss by sentences seen."""
    rows = []
    runs = sn.load("alabdulmohsin2022_nmt_points")
    for name, curve in runs.groupby("model"):
        curve = curve.assign(flops=curve["train_examples"])
        # Ten points a curve: below the lower quantile are too few.
        split = split_at(curve, QUANTILES[1])
        for method, how in {"law": None, "law, widened": FAMILIES}.items():
            said = sn.forecast(
                curve,
                law=sn.laws.PowerLaw,
                below=split.cut,
                above=split.above,
                columns={"x": "train_examples", "y": "loss"},
                n_resamples=1000,
                calibration=how,
            )
            ends = [said.table[end].to_numpy() for end in ("forecast", "low", "high")]
            where = {"family": "translation", "sweep": name, "quantile": split.quantile}
            where |= {"runs": len(split.small), "held_out": len(split.large)}
            where |= {"factor": said.factor, "method": method}
            held_out = split.large
            rows.append(where | vars(sn.fitting.score(held_out, *ends)))
    return rows


def quarter(flops: np.ndarray) -> np.ndarray:
    return 10 ** (np.round(4 * np.log10(flops)) / 4)


def sizes(split: Split) -> Iterator[tuple[str, sn.laws.Law]]:
    """Yield laws that name the best size for a budget, from the small runs alone."""
    small, ask = split.small, {}
    flops = small["flops"].to_numpy()
    if np.isnan(find_budgets(flops, 0.15)).mean() > 0.5:
        ask = {"budgets": np.unique(quarter(flops)), "tolerance": 0.33}
    ways = {
        "surface": lambda: sn.fit_chinchilla(small).law,
        "surface, near frontier": lambda: sn.fit_chinchilla(near_frontier(small)).law,
        "parabolas": lambda: sn.isoflop(small, n_resamples=2, **ask).law,
        "parabolas, half": lambda: (
            sn.isoflop(small, n_resamples=2, exponent=0.5, **ask).law
        ),
    }
    for method, law in ways.items():
        try:
            yield method, law()
        except (sn.DataError, sn.FitError):
            continue


def sized(family: str, name: str, runs: pd.DataFrame) -> list[dict]:
    """Return what the size that a method names costs on the held-out budgets."""
    rows = []
    for split in splits(runs):
        factor = (runs["flops"] / runs["params"] / runs["tokens"]).median()
        held = by_budget(split.large)
        for method, law in sizes(split) if held else ():
            far, cost = [], []
            for budget in held:
                flops = np.exp(np.log(budget["flops"]).mean())
                best = law.optimum(flops, flops_per_param_token=factor)
                valley = budget.sort_values("params")
                x, y = np.log(valley["params"]), np.log(valley["loss"])
                # Beyond the sizes trained the cost is at least that of the last one.
                there = np.interp(np.log(float(best.params)), x, y)
                cost.append(there - y.min())
                far.append(np.log(float(best.params)) - x[y.idxmin()])
            rows.append(
                {
                    "family": family,
                    "sweep": name,
                    "quantile": split.quantile,
                    "method": method,
                    "budgets": len(held),
                    "size_error": np.mean(np.abs(far)),
                    "size_bias": np.mean(far),
                    "size_cost": np.mean(cost),
                }
            )
    return rows


def measure_scores() -> pd.DataFrame:
    known = calibrations()
    rows = pd.DataFrame([taught.row() for taught in known.values()])
    rows.to_csv(STORED, index=False, float_format="%.4g")
    found = []
    for family in progress((*FAMILIES, *UNSEEN)):
        for name, runs in sweeps(family).items():
            found += scored(family, name, runs, known.get(family, known[""]))
    return pd.DataFrame(found + curves()).round(6)


def measure_sizes() -> pd.DataFrame:
    found = []
    for family in progress((*FAMILIES, *UNSEEN)):
        for name, runs in sweeps(family).items():
            found += sized(family, name, runs)
    return pd.DataFrame(found).round(6)


if __name__ == "__main__":
    write("forecast_scores", measure_scores)
    write("forecast_sizes", measure_sizes)
