"""How often intervals of IsoFLOP hold a size exponent that is known.

``rows()`` makes the table (minutes); ``test_isoflop_coverage.py`` runs a small part.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

import scaling_notes as sn

TRUTH = sn.laws.Chinchilla(E=1.7, A=406.0, B=411.0, alpha=0.34, beta=0.28)
LEVEL = 0.95
SIMULATIONS = 300
RESAMPLES = 1000
SIGMA = 0.005
DRAWS, JACKKNIFE = "isoflop, t draws of parabolas", "isoflop, jackknife over runs"


@dataclass(frozen=True)
class Setting:
    """A sweep: sizes within a factor of the best at budgets half a decade apart."""

    n_budgets: int
    n_sizes: int
    noise: str = "gaussian"
    sigma: float = SIGMA
    factor: float = 3.0
    scatter: float = 0.0
    near: float = 0.03
    curves: bool = False

    @property
    def interval(self) -> str:
        return JACKKNIFE if self.curves else DRAWS

    @property
    def n_units(self) -> int:
        return self.n_sizes * (1 if self.curves else self.n_budgets)

    def __str__(self) -> str:
        units = "runs, at each of" if self.curves else "runs a budget,"
        words = f"{self.n_sizes} {units} {self.n_budgets} budgets, {self.noise} noise"
        words += f" of {self.sigma:g}, sizes to {self.factor:g} times the best"
        words += f", near {self.near:g}" if self.near != 0.03 else ""
        return words + (f", compute off by {self.scatter:.0%}" if self.scatter else "")


SETTINGS = (
    *(
        Setting(k, n, noise)
        for noise in ("gaussian", "t3")
        for n in (5, 6, 7)
        for k in (4, 5, 6)
    ),
    Setting(3, 5),
    Setting(3, 7),
    Setting(6, 4),
    Setting(8, 4, "t3"),
    Setting(5, 9),
    Setting(5, 6, sigma=0.02),
    Setting(5, 6, "t3", sigma=0.02),
    Setting(5, 6, scatter=0.05),
    Setting(5, 7, "unequal"),
    Setting(8, 7, "unequal"),
    Setting(5, 9, factor=8.0),
    Setting(5, 13, factor=8.0),
    Setting(5, 15, factor=20.0),
    *(
        Setting(4, n, noise, curves=True)
        for noise in ("gaussian", "t3")
        for n in (10, 15, 20)
    ),
)


def noise(s: Setting, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return errors of loss, shape (budgets, sizes)."""
    if s.noise == "t3":
        return s.sigma * rng.standard_t(3, shape)
    error = s.sigma * rng.standard_normal(shape)
    if s.noise == "unequal":
        # From twice sigma at the least budget down to half at the most.
        error *= 2.0 ** np.linspace(1, -1, shape[0])[:, None]
    return error


def sweep(s: Setting, rng: np.random.Generator) -> pd.DataFrame:
    """Return the runs of one simulation."""
    budgets = 1e18 * 10 ** (np.arange(s.n_budgets) / 2)
    flops, share = np.meshgrid(
        budgets, np.geomspace(1 / s.factor, s.factor, s.n_sizes), indexing="ij"
    )
    params = share * TRUTH.optimum(flops).params
    # Budgets are met as well as steps and batches allow.
    flops = flops * np.exp(s.scatter * rng.standard_normal(flops.shape))
    tokens = flops / 6 / params
    loss = TRUTH.value(params, tokens) + noise(s, flops.shape, rng)
    columns = {"params": params, "tokens": tokens, "flops": flops, "loss": loss}
    return pd.DataFrame({name: c.ravel() for name, c in columns.items()})


def curves(s: Setting, rng: np.random.Generator) -> pd.DataFrame:
    """Return checkpoints of models, each with an error of its own besides noise."""
    budgets = 1e18 * 10 ** (np.arange(s.n_budgets) / 2)
    # Every model is near the minimum of two budgets or so, and trained through all.
    ends = np.asarray(TRUTH.optimum(budgets[[0, -1]]).params)
    sizes = np.geomspace(ends[0] / s.factor, ends[1] * s.factor, s.n_sizes)
    flops, params = np.meshgrid(budgets, sizes, indexing="ij")
    own = noise(s, (1, s.n_sizes), rng)
    loss = TRUTH.value(params, flops / 6 / params) + own + noise(s, flops.shape, rng)
    columns = {"params": params, "flops": flops, "loss": loss, "run": params}
    return pd.DataFrame({name: c.ravel() for name, c in columns.items()})


def simulate(s: Setting, simulations: int, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Return the coverage of the size exponent and of the best size 10x beyond.

    Simulations whose runs support no interval are not among those counted.
    """
    place = SETTINGS.index(s) if s in SETTINGS else len(SETTINGS)
    beyond = 1e19 * 10 ** ((s.n_budgets - 1) / 2)
    truth = {
        "n_exponent": float(TRUTH.n_exponent),
        "params_10x": float(TRUTH.optimum(beyond).params),
    }
    held: list[tuple[str, float, float]] = []
    for i in range(simulations):
        rng = np.random.default_rng([place, i])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sn.FitWarning)
            if s.curves:
                runs = curves(s, rng)
                profile = sn.isoflop(
                    runs,
                    budgets=runs["flops"].unique(),
                    run="run",
                    n_resamples=resamples,
                    seed=i,
                )
            else:
                runs = sweep(s, rng)
                profile = sn.isoflop(runs, near=s.near, n_resamples=resamples, seed=i)
        for name, true in truth.items():
            if profile.no_interval:
                held.append((name, np.nan, np.nan))
                continue
            ask = name if name == "n_exponent" else lambda law: law(flops=beyond)
            found = profile.interval(ask, LEVEL)
            held.append((name, float(true in found), (found.high - found.low) / true))
    frame = pd.DataFrame(held, columns=["quantity", "coverage", "width"])
    parts = frame.groupby("quantity", sort=False)
    table = parts.agg(
        coverage=("coverage", "mean"),
        width=("width", "median"),
        n_simulations=("coverage", "count"),
    ).reset_index()
    table.insert(0, "interval", s.interval)
    table.insert(1, "setting", str(s))
    table.insert(2, "n_units", s.n_units)
    return table


def rows(simulations: int = SIMULATIONS) -> pd.DataFrame:
    """Return coverage by setting and quantity."""
    return pd.concat([simulate(s, simulations) for s in SETTINGS], ignore_index=True)
