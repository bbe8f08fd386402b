"""How often intervals hold the truth at a bound, and with standard errors.

``rows()`` runs all of it; ``make coverage`` writes it down with the others.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

import scaling_notes as sn
from scaling_notes.laws import PowerLaw

LEVEL = 0.95
RESAMPLES = 400
X = np.geomspace(1, 300, 20)
# Runs so noisy that many sets of them do not show the floor.
NOISES = (0.02, 0.04)
FLOOR = PowerLaw(E=0.8, A=2.0, alpha=0.15)
FAR = 3e4
UNSOLVED = PowerLaw(E=0.1, A=0.8, alpha=0.3)


def hidden_floor(noise: float, seed: int) -> tuple[sn.Fit, PowerLaw]:
    """Return a fit to twenty runs whose floor hardly shows."""
    error = noise * np.random.default_rng(seed).standard_normal(len(X))
    return sn.fit_law(PowerLaw, X, FLOOR.value(X) * np.exp(error)), FLOOR


def binomial(seed: int) -> tuple[sn.Fit, PowerLaw]:
    """Return a fit to shares of 50 to 5,000 problems, with standard errors."""
    rng = np.random.default_rng(seed)
    x = np.geomspace(1, 1000, 40)
    problems = np.geomspace(50, 5000, 40).round()[rng.permutation(40)]
    share = UNSOLVED.value(x)
    seen = rng.binomial(problems.astype(int), share) / problems
    error = np.sqrt(share * (1 - share) / problems)
    return sn.fit_law(PowerLaw, x, seen, standard_error=error), UNSOLVED


def rows(simulations: int = 300) -> pd.DataFrame:
    """Return how often intervals held the truth, one row a setting and quantity."""
    cases = [
        ("floor at its bound", f"power law, noise {noise:g}", hidden_floor, (noise,))
        for noise in NOISES
    ]
    cases.append(("standard errors", "shares of 50 to 5,000", binomial, ()))
    found = []
    for interval, setting, simulate, given in cases:
        held: dict[str, list[tuple[bool, float]]] = {}
        for seed in range(simulations):
            with warnings.catch_warnings():
                # What a fit warns of is in its messages; here it is the subject.
                warnings.simplefilter("ignore", sn.FitWarning)
                fit, truth = simulate(*given, seed)
                boot = fit.bootstrap(RESAMPLES, seed)
            for name in truth.constants():
                i = boot.interval(name, LEVEL)
                held.setdefault(name, []).append(
                    (getattr(truth, name) in i, i.high - i.low)
                )
            band = boot.band(LEVEL, x=[FAR]).iloc[0]
            inside = band["low"] <= truth.value(np.array(FAR)) <= band["high"]
            held.setdefault("y, far out", []).append(
                (bool(inside), band["high"] - band["low"])
            )
        for quantity, each in held.items():
            inside, width = np.array(each, float).T
            row = (interval, setting, len(fit.data), quantity, inside.mean())
            found.append((*row, float(np.median(width)), simulations))
    columns = ["interval", "setting", "n_units", "quantity"]
    return pd.DataFrame(found, columns=[*columns, "coverage", "width", "n_simulations"])
