"""Choose what to buy: greedy by gain and cost, then exchanges while they gain.

Runs and forecasts are vectors in a space where what is known now is a unit ball
and so is the noise of a run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..laws._law import Array

__all__ = ["Shop"]

# How much the cost of a run counts in the greedy choice; the best choice is kept.
_COST_POWERS = (1.0, 0.5, 0.0)
_PASSES = 10


@dataclass(frozen=True)
class Shop:
    """Candidates, what they cost, and the forecasts that they are to narrow.

    Attributes
    ----------
    runs : array of shape (m, q)
    forecasts : array of shape (g, q)
    cost : array of shape (m,)
    budget : float
        What they may cost together.
    n_runs : int
        How many they may be.
    """

    runs: Array
    forecasts: Array
    cost: Array
    budget: float
    n_runs: int

    def best(self) -> list[int]:
        """Return the best choice found, in the order in which runs pay."""
        found = min((self._choose(power) for power in _COST_POWERS), key=self.variance)
        only = np.array(found)
        part = Shop(self.runs[only], self.forecasts, self.cost[only], np.inf, len(only))
        return [found[i] for i in part._fill([], 1.0)]

    def variance(self, chosen: list[int]) -> float:
        """Return the mean variance of the forecasts with these runs."""
        f = self.forecasts
        return float(((f @ self._covariance(chosen)) * f).sum(axis=1).mean())

    def _covariance(self, chosen: list[int]) -> Array:
        taken = self.runs[chosen]
        inverse = np.eye(self.runs.shape[1]) + taken.T @ taken
        return np.asarray(np.linalg.inv(inverse))

    def _gain(self, covariance: Array) -> Array:
        """Return the variance that each run would take away."""
        moved = self.runs @ covariance
        cross = moved @ self.forecasts.T
        return np.asarray(
            (cross**2).mean(axis=1) / (1.0 + (moved * self.runs).sum(axis=1))
        )

    def _open(self, chosen: list[int]) -> np.ndarray:
        """Return which runs can be bought beside the chosen ones."""
        left = self.budget - float(self.cost[chosen].sum())
        open_: np.ndarray = self.cost <= left + 1e-12 * self.cost.max()
        open_[chosen] = False
        return open_ & (len(chosen) < self.n_runs)

    def _choose(self, power: float) -> list[int]:
        """Fill the budget, then exchange runs while that gains."""
        chosen = self._fill([], power)
        for _ in range(_PASSES):
            before = list(chosen)
            for place, out in enumerate(before):
                rest = chosen[:place] + chosen[place + 1 :]
                without = _updated(self._covariance(chosen), self.runs[out], -1.0)
                worth = self._gain(without)
                open_ = self._open(rest)
                i = int(np.argmax(np.where(open_, worth, -np.inf)))
                if worth[i] > worth[out] * (1 + 1e-9):
                    chosen[place] = i
            chosen = self._fill(chosen, 0.0)
            if chosen == before:
                break
        return chosen

    def _fill(self, chosen: list[int], power: float) -> list[int]:
        """Add runs by gain over a power of their cost until none can be paid."""
        chosen, covariance = list(chosen), self._covariance(chosen)
        while (open_ := self._open(chosen)).any():
            worth = self._gain(covariance) / self.cost**power
            chosen.append(int(np.argmax(np.where(open_, worth, -np.inf))))
            covariance = _updated(covariance, self.runs[chosen[-1]], 1.0)
        return chosen


def _updated(covariance: Array, run: Array, sign: float) -> Array:
    """Return the covariance with a run more, or less (Sherman-Morrison)."""
    moved = covariance @ run
    change = np.outer(moved, moved) / (1.0 + sign * float(moved @ run))
    return np.asarray(covariance - sign * change)
