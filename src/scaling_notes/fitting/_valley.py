"""The valley of loss at one budget: its runs, its parabola, its optimum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..laws._law import Array
from ._budgets import geometric_mean
from ._parabola import Parabola, distinct, near_minimum, trouble

__all__ = ["Valley", "find_valleys"]

_FEWEST = 3


@dataclass(frozen=True, eq=False)
class Valley:
    """Runs of one budget with the parabola through those near the minimum.

    Attributes
    ----------
    budget : float
        Name of the budget, in FLOP.
    flops : float
        Measured compute: the geometric mean.
    runs : pandas.DataFrame
        All runs of the budget; ``near`` says which the parabola is fitted to.
    loss : array of shape (n,)
        Loss of each run, moved to the compute of the budget.
    parabola : Parabola
    """

    budget: float
    flops: float
    runs: pd.DataFrame
    loss: Array
    parabola: Parabola

    @classmethod
    def of(cls, budget: float, runs: pd.DataFrame, near: float, slope: float) -> Valley:
        """Fit the parabola; ``slope`` is that of loss in log compute."""
        compute = runs["flops"].to_numpy()
        flops = geometric_mean(compute)
        loss = runs["loss"].to_numpy() - slope * np.log(compute / flops)
        x = np.log(runs["params"].to_numpy())
        chosen = near_minimum(x, loss, near)
        parabola = Parabola.through(x[chosen], loss[chosen])
        return cls(budget, flops, runs.assign(near=chosen), loss, parabola)

    @property
    def points(self) -> tuple[Array, Array]:
        """Log params and loss of the runs that the parabola is fitted to."""
        near = self.runs["near"].to_numpy()
        return np.log(self.runs["params"].to_numpy()[near]), self.loss[near]

    def optimum(self) -> Mapping[str, float]:
        """Return the optimum as a row of a table."""
        x = self.parabola.vertex
        # At fixed compute tokens are flops over params, but for this factor.
        factors = self.runs.assign(
            x=np.log(self.runs["params"]),
            factor=np.log(
                self.runs["flops"] / self.runs["params"] / self.runs["tokens"]
            ),
        )
        by_size = factors.groupby("x")["factor"].mean()
        factor = np.exp(np.interp(x, by_size.index, by_size))
        return {
            "flops": self.flops,
            "params": float(np.exp(x)),
            "tokens": float(self.flops / factor / np.exp(x)),
            "loss": self.parabola.least,
            "n_runs": self.parabola.n,
            "budget": self.budget,
        }

    def curve(self) -> pd.DataFrame:
        """Return the parabola over the sizes it is fitted to."""
        x = np.linspace(self.parabola.low, self.parabola.high, 40)
        loss = self.parabola.value(x)
        return pd.DataFrame({"budget": self.budget, "params": np.exp(x), "loss": loss})


def find_valleys(
    data: pd.DataFrame, budgets: Array, near: float
) -> tuple[list[Valley], list[str]]:
    """Return the valleys that have a minimum, and what is wrong at each budget."""
    parts, cautions = {}, []
    for budget in budgets:
        runs = data[data["budget"] == budget]
        if len(runs) < _FEWEST:
            cautions.append(f"Budget {budget:.3g}: {len(runs)} runs, left out.")
        elif len(distinct(np.log(runs["params"].to_numpy()))) < _FEWEST:
            cautions.append(f"Budget {budget:.3g}: fewer than three sizes, left out.")
        else:
            parts[budget] = runs
    valleys = [Valley.of(b, runs, near, 0.0) for b, runs in parts.items()]
    slopes = _slopes([v for v in valleys if _usable(v)], valleys)
    valleys = [
        Valley.of(v.budget, parts[v.budget], near, slope)
        for v, slope in zip(valleys, slopes, strict=True)
    ]
    for v in valleys:
        _, words = trouble(v.parabola, v.points[1])
        if words:
            cautions.append(f"Budget {v.budget:.3g}: {words}.")
    return [v for v in valleys if _usable(v)], cautions


def _usable(valley: Valley) -> bool:
    return trouble(valley.parabola, valley.points[1])[0]


def _slopes(usable: list[Valley], valleys: list[Valley]) -> Array:
    """Return the slope of loss in log compute at the optimum of each valley.

    That of the least loss from budget to budget: at the minimum loss does not
    change with size, so this is the slope at fixed size.
    """
    if len(usable) < 2:
        return np.zeros(len(valleys))
    logs = np.log([v.flops for v in usable])
    slope = np.minimum(np.gradient([v.parabola.least for v in usable], logs), 0.0)
    return np.interp(np.log([v.flops for v in valleys]), logs, slope)
