"""How well a family of sweeps would have been forecast, under every prior."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from ..laws import Chinchilla
from ..laws._law import Array
from ._fit_law import fit_chinchilla
from ._frames import Runs
from ._frontier import FrontierLaw, Grid, Prior, best_runs
from ._nearest import nearest
from ._splits import Split, by_budget, frontier_runs, read_sweep, splits
from ._sweep_forecast import Shape

__all__ = ["Studied", "Study", "prior_of", "study"]

# The settings of the prior that are weighed.
_SETTINGS = {
    "growth": (0.0, 1.0, 2.0, 3.0, 4.0),
    "floor_share": (0.5, 0.55, 0.6, 0.65, 0.7, 0.75),
    "floor_share_sd": (0.04, 0.06, 0.09, 0.13),
    "exponent": (0.1, 0.13, 0.16, 0.2),
    "exponent_spread": (0.25, 0.5, 1.0),
    "scatter": (0.0025, 0.0035, 0.005, 0.007, 0.01, 0.014),
}
# These are averaged as they are, the others in logarithms.
_PLAIN = ["growth", "floor_share"]
# Log loss by which a run of the frontier may miss whatever the law says.
_LEAST_MISS = 0.006


@dataclass(frozen=True, eq=False)
class Study:
    """The forecasts of one family, and how each setting of the prior does on them.

    Attributes
    ----------
    forecasts : tuple of Studied
    likelihood : array of shape (settings,)
        Mean log likelihood of the held-out runs on the frontier.
    """

    forecasts: tuple[Studied, ...]
    likelihood: Array


@dataclass(frozen=True, eq=False)
class Studied:
    """One split, with all that does not depend on the prior.

    Attributes
    ----------
    best : DataFrame
        The frontier of the small runs.
    flops, log_loss, excess : array of shape (n,)
        Of the held-out runs; excess is what the shape of the small runs says.
    frontier : array of bool, shape (n,)
        Which are the best of their quarter decade.
    plain_miss, plain_change : array of shape (n,)
        How far the surface misses, and how far it goes from the nearest small run.
    size_miss : array of shape (k,)
        How far the best size by the shape is from the best one trained, in log per
        root of a decade; of each held-out budget with five sizes.
    """

    best: pd.DataFrame
    flops: Array
    log_loss: Array
    excess: Array
    frontier: Array
    plain_miss: Array
    plain_change: Array
    size_miss: Array

    def miss(self, prior: Prior) -> tuple[Array, Array]:
        """Return log loss beyond its forecast, and the spread of the frontier."""
        mean, spread = FrontierLaw.of(self.best, prior).at(self.flops)
        return self.log_loss - mean - self.excess, spread

    def likelihood(self) -> Array:
        """Return the mean log likelihood of the frontier under every setting."""
        on, out = self.frontier, []
        beyond = self.log_loss[on] - self.excess[on]
        for growth, rows in settings().groupby("growth", sort=False):
            grid = Grid(self.best, float(str(growth)))
            log, chance = grid.log_loss(self.flops[on]), grid.chances(rows)
            mean = chance @ log
            variance = np.maximum(chance @ log**2 - mean**2, 0.0) + _LEAST_MISS**2
            squares = (beyond - mean) ** 2 / variance
            out.append(-0.5 * np.mean(squares + np.log(2 * np.pi * variance), axis=1))
        return np.concatenate(out)


@cache
def settings() -> pd.DataFrame:
    """Return the settings of the prior, one a row."""
    return pd.DataFrame(itertools.product(*_SETTINGS.values()), columns=[*_SETTINGS])


def study(sweeps: Sequence[Runs]) -> Study:
    """Return how every setting forecasts the sweeps of a family."""
    read = [read_sweep(sweep) for sweep in sweeps]
    forecasts = tuple(_studied(split) for runs in read for split in splits(runs))
    likelihood = np.mean([one.likelihood() for one in forecasts], axis=0)
    return Study(forecasts, likelihood)


def prior_of(studies: Sequence[Study]) -> Prior:
    """Return the settings' average, weighted by likelihood.

    Each family counts as one observation.
    """
    total = np.sum([one.likelihood for one in studies], axis=0)
    weight = np.exp(total - total.max())
    weight /= weight.sum()
    table = settings()
    plain = {name: float(weight @ table[name]) for name in _PLAIN}
    others = [name for name in _SETTINGS if name not in _PLAIN]
    logs = {name: float(weight @ np.log(table[name])) for name in others}
    return Prior(**plain, **{name: float(np.exp(log)) for name, log in logs.items()})


def _studied(split: Split) -> Studied:
    small, large = split.small, split.large
    law = fit_chinchilla(small).law
    assert isinstance(law, Chinchilla)
    shape = Shape.of(small, law)
    flops, log_loss = large["flops"].to_numpy(), np.log(large["loss"].to_numpy())
    names = ["params", "tokens"]
    near = small.iloc[nearest(small[names], large[names])]
    there, here = (
        np.log(law.value(x["params"].to_numpy(), x["tokens"].to_numpy()))
        for x in (near, large)
    )
    return Studied(
        best=best_runs(small),
        flops=flops,
        log_loss=log_loss,
        excess=shape.excess(large),
        frontier=frontier_runs(large),
        plain_miss=np.abs(log_loss - here),
        plain_change=np.abs(here - there),
        size_miss=_size_misses(shape, large, float(small["flops"].max())),
    )


def _size_misses(shape: Shape, large: pd.DataFrame, reach: float) -> Array:
    misses = []
    for budget in by_budget(large):
        flops = float(np.exp(np.log(budget["flops"]).mean()))
        named = shape.law.optimum(
            flops, flops_per_param_token=shape.flops_per_param_token
        )
        trained = budget["params"].to_numpy()[budget["loss"].argmin()]
        off = float(np.log(float(named.params) / trained))
        misses.append(off / np.sqrt(np.log10(flops / reach)))
    return np.array(misses)
