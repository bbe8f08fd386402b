"""How often intervals hold the truth with bounds, priors and quantiles.

``rows()`` runs all of it; ``make coverage`` writes it down with the others.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

import scaling_notes as sn
from scaling_notes.laws import Chinchilla, PowerLaw

LEVEL = 0.95
RESAMPLES = 400
NOISE = 0.03
X = np.geomspace(1, 300, 24)
TRUTH = PowerLaw(E=0.8, A=2.0, alpha=0.15)
LADDER = PowerLaw(E=0.5, A=2.0, alpha=0.3)
GRID = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
HUBER = 1.345

Simulated = tuple[sn.Fit, sn.laws.Law]


def noisy(law: PowerLaw, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return values with normal noise on their logarithm."""
    seen: np.ndarray = law.value(x) * np.exp(NOISE * rng.standard_normal(len(x)))
    return seen


def bounded(bounds: dict[str, tuple[float, float]], seed: int) -> Simulated:
    """Return a fit with a bound near the truth, where many refits end."""
    y = noisy(TRUTH, X, np.random.default_rng([1, seed]))
    return sn.fit_law(PowerLaw, X, y, bounds=bounds), TRUTH


def floor_known(sd: float, delta: float | None, seed: int) -> Simulated:
    """Return a fit with a measured floor, whose error is as large as it says."""
    rng = np.random.default_rng([2, seed])
    prior = {"E": (TRUTH.E + sd * rng.standard_normal(), sd)}
    y = noisy(TRUTH, X, rng)
    return sn.fit_law(PowerLaw, X, y, priors=prior, delta=delta), TRUTH


def grid() -> tuple[np.ndarray, np.ndarray]:
    """Return params and tokens of 36 runs."""
    n, d = np.meshgrid(np.geomspace(5e7, 1e10, 6), np.geomspace(1e9, 3e11, 6))
    return n.ravel(), d.ravel()


def exponents_known(seed: int) -> Simulated:
    """Return a fit of a grid of 36 runs with both exponents measured."""
    rng = np.random.default_rng([3, seed])
    n, d = grid()
    priors = {
        name: (getattr(GRID, name) + 0.02 * rng.standard_normal(), 0.02)
        for name in ("alpha", "beta")
    }
    loss = GRID.value(n, d) * np.exp(0.01 * rng.standard_normal(36))
    runs = {"params": n, "tokens": d, "loss": loss}
    return sn.fit_chinchilla(runs, priors=priors), GRID


class LinearChinchilla(Chinchilla):
    """Chinchilla's form with residuals of the loss itself."""

    scale = "linear"


def linear(seed: int) -> Simulated:
    """Return a fit of a grid of 36 runs whose losses err by equal amounts."""
    n, d = grid()
    loss = GRID.value(n, d) + 0.02 * np.random.default_rng([5, seed]).normal(size=36)
    return sn.fit_law(LinearChinchilla, {"params": n, "tokens": d}, loss), GRID


def center(quantile: float, delta: float) -> float:
    """Return the M-quantile of normal noise of scale one, for a threshold."""
    z = np.linspace(-9, 9, 20_001)
    weight = norm.pdf(z)

    def pull(at: float) -> float:
        away = z - at
        tilt = np.where(away > 0, quantile, 1 - quantile)
        return float((weight * tilt * np.clip(away, -delta, delta)).sum())

    return float(brentq(pull, -4, 4))


def lower_edge(n: int, quantile: float, delta: float | None, seed: int) -> Simulated:
    """Return a fit of the lower edge of n runs, and where that edge is."""
    x = np.geomspace(1, 1000, n)
    y = noisy(LADDER, x, np.random.default_rng([4, seed]))
    told = HUBER if delta is None else delta / NOISE
    move = float(np.exp(NOISE * center(quantile, told)))
    edge = PowerLaw(E=move * LADDER.E, A=move * LADDER.A, alpha=LADDER.alpha)
    return sn.fit_law(PowerLaw, x, y, quantile=quantile, delta=delta), edge


CASES: list[tuple[str, str, Callable[[int], Simulated]]] = [
    ("bounds", "alpha below 0.18", partial(bounded, {"alpha": (0.0, 0.18)})),
    ("bounds", "E above 0.6", partial(bounded, {"E": (0.6, np.inf)})),
    ("prior", "E within 0.2", partial(floor_known, 0.2, None)),
    ("prior", "E within 0.05", partial(floor_known, 0.05, None)),
    ("prior", "E within 0.2, least squares", partial(floor_known, 0.2, np.inf)),
    ("prior", "E within 0.2, delta 0.003", partial(floor_known, 0.2, 0.003)),
    ("prior", "alpha, beta within 0.02", exponents_known),
    ("quantile", "0.25", partial(lower_edge, 40, 0.25, None)),
    ("quantile", "0.25, delta 0.003", partial(lower_edge, 60, 0.25, 0.003)),
    ("quantile", "0.1, least squares", partial(lower_edge, 80, 0.1, np.inf)),
    ("residuals of the loss", "36 runs", linear),
]


def rows(simulations: int = 300, cases: slice = slice(None)) -> pd.DataFrame:
    """Return how often intervals held the truth, one row a setting and quantity."""
    found = []
    for interval, setting, simulate in CASES[cases]:
        held: dict[str, list[tuple[bool, float]]] = {}
        for seed in range(simulations):
            with warnings.catch_warnings():
                # What a fit warns of is in its messages; here it is the subject.
                warnings.simplefilter("ignore", sn.FitWarning)
                fit, truth = simulate(seed)
                boot = fit.bootstrap(RESAMPLES, seed)
            for name in truth.constants():
                i = boot.interval(name, LEVEL)
                inside = getattr(truth, name) in i
                held.setdefault(name, []).append((inside, i.high - i.low))
        for quantity, each in held.items():
            inside, width = np.array(each, float).T
            row = (interval, setting, len(fit.data), quantity, inside.mean())
            found.append((*row, float(np.median(width)), simulations))
    columns = ["interval", "setting", "n_units", "quantity"]
    return pd.DataFrame(found, columns=[*columns, "coverage", "width", "n_simulations"])
