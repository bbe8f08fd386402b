"""How often intervals of inverses, peaks and settings hold a truth that is known.

``rows()`` runs all of it (minutes); ``test_inverse_coverage.py`` runs a small part.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

import scaling_notes as sn
from scaling_notes.laws import (
    BestOfNOveroptimization,
    Chinchilla,
    ExponentialApproach,
    Law,
    OptimalHyperparameter,
    PowerLaw,
    RLOveroptimization,
    Sigmoid,
)

LEVEL = 0.95
FORECAST_LEVEL = 0.8
RESAMPLES = 400
COLUMNS = [
    "interval",
    "setting",
    "n_units",
    "quantity",
    "coverage",
    "width",
    "n_simulations",
]

Quantity = str | Callable[[Law], object]


class Setting(NamedTuple):
    """A known law, where it is seen, the noise, and what intervals are asked for."""

    interval: str
    name: str
    truth: Law
    inputs: Mapping[str, np.ndarray]
    noise: float
    quantities: Mapping[str, Quantity]

    def noisy(self, seed: int) -> np.ndarray:
        """Return responses with noise on the scale of the law."""
        exact = self.truth(**self.inputs)
        error = self.noise * np.random.default_rng(seed).standard_normal(len(exact))
        return exact * np.exp(error) if self.truth.scale == "log" else exact + error


def grid(*axes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return every combination of the values of each input."""
    return tuple(g.ravel() for g in np.meshgrid(*axes, indexing="ij"))


POWER = PowerLaw(E=1.0, A=8.0, alpha=0.3)
CHINCHILLA = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
CLIMB = Sigmoid(R_0=0.2, A=0.62, B=1.9, C_mid=2500.0)
APPROACH = ExponentialApproach(R_0=0.2, A=0.7, tau=90.0)
BEST_OF_N = BestOfNOveroptimization(alpha=0.9, beta=0.2)
RL = RLOveroptimization(alpha=1.1, beta=0.45)
RATE = OptimalHyperparameter(1.79, -0.713, 0.307)
PARAMS, TOKENS = grid(np.geomspace(5e7, 1e10, 6), np.geomspace(1e9, 3e11, 6))
FLOPS = 6 * PARAMS * TOKENS
MOST = float(FLOPS.max())


def at(law: Law, x: float) -> Quantity:
    """Return the question at which input a law has the value it truly has at x."""
    value = float(law(x))
    return lambda other: other.inverse(value)


def tokens_for(tokens: float, params: float = 1e9) -> Quantity:
    """Return the question how many tokens a loss takes at a size."""
    loss = float(CHINCHILLA(params=params, tokens=tokens))
    return lambda law: law.inverse(loss, params=params)


def flops_for(flops: float) -> Quantity:
    """Return the question how much compute the least loss at some compute takes."""
    loss = CHINCHILLA.optimum(flops).loss
    return lambda law: law.flops_to_reach(loss)  # type: ignore[attr-defined]


OPTIMA = {name: name for name in ("optimal_d", "optimal_reward")}
X = np.geomspace(1e2, 1e6, 30)
SETTINGS = [
    Setting(
        "inverse",
        "power law",
        POWER,
        {"x": X},
        0.01,
        {
            "x, seen": at(POWER, 1e5),
            "x, 10 times the last": at(POWER, 1e7),
            "x, 100 times the last": at(POWER, 1e8),
        },
    ),
    Setting(
        "inverse",
        "sigmoid",
        CLIMB,
        {"x": np.geomspace(100, 1e5, 60)},
        0.01,
        {"x, half of the climb": at(CLIMB, 2500.0), "x, 9/10": at(CLIMB, 8000.0)},
    ),
    Setting(
        "inverse",
        "Chinchilla",
        CHINCHILLA,
        {"params": PARAMS, "tokens": TOKENS},
        0.01,
        {
            "tokens at 1e9 params, seen": tokens_for(1e11),
            "tokens at 1e9 params, 10 times the last": tokens_for(3e12),
        },
    ),
    Setting(
        "flops_to_reach",
        "Chinchilla",
        CHINCHILLA,
        {"params": PARAMS, "tokens": TOKENS},
        0.01,
        {
            "flops, seen": flops_for(MOST / 10),
            "flops, 100 times the last": flops_for(100 * MOST),
            "flops, 1000 times the last": flops_for(1000 * MOST),
        },
    ),
    Setting(
        "constants and inverse",
        "exponential approach",
        APPROACH,
        {"x": np.arange(0.0, 300, 5)},
        0.02,
        {
            "R_0": "R_0",
            "A": "A",
            "tau": "tau",
            "x, half of the climb": at(APPROACH, 90 * np.log(2.0)),
        },
    ),
    Setting(
        "optimum of a reward",
        "best of n",
        BEST_OF_N,
        {"d": np.linspace(0.0, 3.2, 30)},
        0.05,
        OPTIMA | {"alpha": "alpha", "beta": "beta", "d, half": at(BEST_OF_N, 0.66)},
    ),
    Setting(
        "optimum of a reward",
        "reinforcement",
        RL,
        {"d": np.linspace(0.0, 10.0, 30)},
        0.05,
        OPTIMA | {"alpha": "alpha", "beta": "beta", "d, half": at(RL, 0.9)},
    ),
    Setting(
        "optimal setting",
        "learning rate",
        RATE,
        {"params": PARAMS, "tokens": TOKENS},
        0.2,
        {
            "params_exponent": "params_exponent",
            "tokens_exponent": "tokens_exponent",
            "rate at 1e11 params, 1e13 tokens": lambda law: law(
                params=1e11, tokens=1e13
            ),
        },
    ),
]


def one(setting: Setting, seed: int) -> list[tuple[str, bool, float]]:
    """Return whether each interval holds the truth, and its width over the truth."""
    with warnings.catch_warnings():
        # What a fit warns of is no part of the question.
        warnings.simplefilter("ignore", sn.FitWarning)
        fit = sn.fit_law(type(setting.truth), setting.inputs, setting.noisy(seed))
    boot = fit.bootstrap(RESAMPLES, seed=seed)
    found = []
    for name, quantity in setting.quantities.items():
        ask = getattr(setting.truth, quantity) if isinstance(quantity, str) else None
        true = float(ask if ask is not None else quantity(setting.truth))  # type: ignore[operator, arg-type]
        interval = boot.interval(quantity, LEVEL)  # type: ignore[arg-type]
        width = np.inf if np.isinf(interval.high) else interval.high - interval.low
        found.append((name, true in interval, width / abs(true)))
    return found


def forecasts(simulations: int) -> tuple[float, float]:
    """Return the share of held-out points in their intervals, and the median width."""
    x = np.geomspace(1e2, 1e6, 40)
    held, width = [], []
    for seed in range(simulations):
        noise = 0.01 * np.random.default_rng(seed).standard_normal(len(x))
        points = pd.DataFrame({"x": x, "y": POWER(x=x) * np.exp(noise)})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sn.FitWarning)
            said = sn.forecast(
                points,
                law=PowerLaw,
                below=1e5,
                confidence_level=FORECAST_LEVEL,
                n_resamples=RESAMPLES,
                seed=seed,
            )
        held.append(said.held)
        table = said.table
        width.append(((table["high"] - table["low"]) / table["y"]).median())
    return float(np.mean(held)), float(np.median(width))


def rows(simulations: int = 300) -> pd.DataFrame:
    """Return how often each interval holds the truth.

    Parameters
    ----------
    simulations : int
        Draws of the noise a setting.

    Returns
    -------
    DataFrame
        One row a setting and quantity: ``interval``, ``setting``, ``n_units``,
        ``quantity``, ``coverage``, ``width`` (the median, over the truth; infinite
        where half of the intervals have no end) and ``n_simulations``. Intervals are
        of 95 %, those of forecasts of 80 %.
    """
    lines: list[tuple[object, ...]] = []
    for setting in SETTINGS:
        found = [x for seed in range(simulations) for x in one(setting, seed)]
        n_units = len(next(iter(setting.inputs.values())))
        for name in setting.quantities:
            held = [h for n, h, _ in found if n == name]
            width = [w for n, _, w in found if n == name]
            lines.append(
                (
                    setting.interval,
                    setting.name,
                    n_units,
                    name,
                    float(np.mean(held)),
                    float(np.median(width)),
                    simulations,
                )
            )
    held, width = forecasts(simulations)
    fitted = int((np.geomspace(1e2, 1e6, 40) < 1e5).sum())
    lines.append(
        (
            f"forecast, {FORECAST_LEVEL:.0%}",
            "power law",
            fitted,
            "y up to 10 times the last",
            held,
            width,
            simulations,
        )
    )
    return pd.DataFrame(lines, columns=COLUMNS)
