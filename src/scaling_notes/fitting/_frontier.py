"""The loss of the best run at each budget, extrapolated under priors by quadrature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..laws._law import Array

__all__ = ["FrontierLaw", "Grid", "Prior", "best_runs", "excess"]

# Eighths of a decade hold one budget of a sweep, or a few runs of a scattered one.
_PER_DECADE = 8
# Budgets that differ by less than this share of an eighth are one.
_SAME = 0.02
_NEWTON_STEPS = 8


@dataclass(frozen=True)
class Prior:
    """What is known of a frontier before its runs.

    Attributes
    ----------
    floor_share, floor_share_sd : float
        Irreducible loss as a share of the least loss seen: mean and spread.
    exponent, exponent_spread : float
        Exponent of what falls with compute: median, and spread of its log.
    scatter : float
        Standard deviation of log loss about the law at the largest budget.
    growth : float
        Rise of the log of its square with each decade below.
    """

    floor_share: float
    floor_share_sd: float
    exponent: float
    exponent_spread: float
    scatter: float
    growth: float


class Grid:
    """Nodes over the share of the floor and the exponent, and the law at each of them.

    L(C) = E + K C^-gamma, with E a share of the least loss and K that of least squares
    in log loss.

    Attributes
    ----------
    share, exponent : array of shape (m,)
    misfit : array of shape (m,)
        Weighted sum of squares of log residuals.
    """

    def __init__(self, best: pd.DataFrame, growth: float) -> None:
        share = np.linspace(0.02, 0.98, 33)
        exponent = np.exp(np.linspace(np.log(0.02), np.log(1.0), 36))
        nodes = np.meshgrid(share, exponent, indexing="ij")
        self.share, self.exponent = (node.ravel() for node in nodes)
        decades = np.log10(best["flops"].to_numpy())
        loss = best["loss"].to_numpy()
        self.top = float(decades.max())
        self.floor = self.share * loss.min()
        weight = np.exp(growth * (decades - self.top))
        falls = self._falls(decades)
        self.log_level = np.log(loss.min() - self.floor)
        for _ in range(_NEWTON_STEPS):
            residual, slope = self._residual(loss, falls)
            step = (residual * slope) @ weight / ((slope * slope) @ weight)
            self.log_level += np.clip(step, -1.0, 1.0)
        self.misfit = self._residual(loss, falls)[0] ** 2 @ weight

    def _falls(self, decades: Array) -> Array:
        return np.asarray(10.0 ** (-self.exponent[:, None] * (decades - self.top)))

    def _residual(self, loss: Array, falls: Array) -> tuple[Array, Array]:
        above = np.exp(self.log_level)[:, None] * falls
        value = self.floor[:, None] + above
        return np.log(loss) - np.log(value), above / value

    def log_loss(self, flops: Array) -> Array:
        """Return log loss of every node at budgets, shape ``(m, g)``."""
        # In logarithms, which do not overflow at any budget.
        decades = np.log10(flops) - self.top
        above = (
            self.log_level[:, None] - np.log(10.0) * self.exponent[:, None] * decades
        )
        return np.asarray(np.logaddexp(np.log(self.floor)[:, None], above))

    def chances(self, prior: Prior | pd.DataFrame) -> Array:
        """Return the posterior probability of every node, a row a prior of a table."""
        table = pd.DataFrame([vars(prior)]) if isinstance(prior, Prior) else prior
        value = {name: table[name].to_numpy()[:, None] for name in table}
        share = (self.share - value["floor_share"]) / value["floor_share_sd"]
        exponent = np.log(self.exponent / value["exponent"]) / value["exponent_spread"]
        log = -0.5 * (self.misfit / value["scatter"] ** 2 + share**2 + exponent**2)
        chance = np.exp(log - log.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        return np.asarray(chance[0] if isinstance(prior, Prior) else chance)


@dataclass(frozen=True, eq=False)
class FrontierLaw:
    """The posterior of L(C) = E + K C^-gamma given the best runs of a sweep.

    Attributes
    ----------
    grid : Grid
    chance : array of shape (m,)
    """

    grid: Grid
    chance: Array

    @classmethod
    def of(cls, runs: pd.DataFrame, prior: Prior) -> FrontierLaw:
        """Return the law of the best runs of a sweep."""
        grid = Grid(best_runs(runs), prior.growth)
        return cls(grid, grid.chances(prior))

    @property
    def floor_share(self) -> float:
        """Irreducible loss as a share of the least loss, posterior mean."""
        return float(self.chance @ self.grid.share)

    @property
    def exponent(self) -> float:
        """Exponent of what falls with compute, posterior mean of its log."""
        return float(np.exp(self.chance @ np.log(self.grid.exponent)))

    def at(self, flops: Array) -> tuple[Array, Array]:
        """Return posterior mean and standard deviation of log loss at budgets."""
        log = self.grid.log_loss(flops)
        mean = self.chance @ log
        return mean, np.sqrt(self.chance @ (log - mean) ** 2)


def best_runs(runs: pd.DataFrame, per_decade: int = _PER_DECADE) -> pd.DataFrame:
    """Return the best run of each slice of compute that improves on all cheaper ones.

    Slices are counted from the largest compute down.
    """
    decades = np.log10(runs["flops"].to_numpy())
    place = np.floor((decades.max() - decades) * per_decade + _SAME)
    # By position: labels of runs may come twice.
    loss = runs["loss"].reset_index(drop=True)
    best = runs.iloc[loss.groupby(place).idxmin()].sort_values("flops")
    least = np.minimum.accumulate(best["loss"].to_numpy())
    better = np.append(True, best["loss"].to_numpy()[1:] < least[:-1])
    return best[better]


def excess(runs: pd.DataFrame, within: float) -> Array:
    """Return log loss above the best run of about the same compute, shape ``(n,)``.

    Parameters
    ----------
    runs : DataFrame
    within : float
        Decades of compute to either side.
    """
    decades = np.log10(runs["flops"].to_numpy())
    loss = runs["loss"].to_numpy()
    order = np.argsort(decades, kind="stable")
    first = np.searchsorted(decades[order], decades - within, side="left")
    last = np.searchsorted(decades[order], decades + within, side="right")
    in_order = loss[order]
    least = [in_order[a:b].min() for a, b in zip(first, last, strict=True)]
    return np.asarray(np.log(loss) - np.log(least))
