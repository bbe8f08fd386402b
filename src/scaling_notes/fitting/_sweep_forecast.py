"""A sweep of sizes and tokens: what a run loses to the best one of its compute."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..errors import DataError, FitError, FitWarning
from ..laws import Chinchilla
from ..laws._law import Array
from ._calibration import Calibration, student
from ._fit_law import fit_chinchilla
from ._frontier import FrontierLaw, excess

__all__ = ["Shape", "SweepForecast", "near_frontier"]

# Runs beyond this log loss above the best of their compute say little of the others.
_NEAR = 0.15
# Decades to either side that are about the same compute.
_WITHIN = 0.125


def near_frontier(runs: pd.DataFrame, near: float = _NEAR) -> pd.DataFrame:
    """Return the runs of no more log loss than that above the best of their compute."""
    return runs[excess(runs, _WITHIN) < near]


@dataclass(frozen=True, eq=False)
class Shape:
    """The surface through the runs near the frontier, as a shape without a level.

    Attributes
    ----------
    law : Chinchilla
    flops_per_param_token : float
    messages : tuple of str
        What to doubt in the surface.
    """

    law: Chinchilla
    flops_per_param_token: float
    messages: tuple[str, ...]

    @classmethod
    def of(cls, runs: pd.DataFrame, law: Chinchilla) -> Shape:
        """Return it from runs, and the surface through all of them.

        Parameters
        ----------
        runs : DataFrame
            ``params``, ``tokens``, ``flops``, ``loss``.
        law : Chinchilla
            For where the runs near the frontier leave their own surface open.
        """
        factor = float(np.median(runs["flops"] / runs["params"] / runs["tokens"]))
        near = near_frontier(runs)
        if len(near) == len(runs):
            return cls(law, factor, ())
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", FitWarning)
            try:
                fit = fit_chinchilla(near)
            except (DataError, FitError) as refused:
                none = f"The runs near the frontier give no surface: {refused}"
                return cls(law, factor, (none,))
        assert isinstance(fit.law, Chinchilla)
        told = tuple(f"Runs near the frontier: {caution.message}" for caution in said)
        return cls(fit.law, factor, told)

    def excess(self, runs: pd.DataFrame) -> Array:
        """Return log loss above the best run of the same compute, shape ``(n,)``."""
        n, d = runs["params"].to_numpy(), runs["tokens"].to_numpy()
        flops = runs["flops"].to_numpy()
        with np.errstate(all="ignore"):
            best = self.law.optimum(
                flops, flops_per_param_token=self.flops_per_param_token
            )
            above = np.log(self.law.value(n, d)) - np.log(np.asarray(best.loss))
        # A surface without an optimum says nothing of what a shape costs.
        return np.where(np.isfinite(above), np.maximum(above, 0.0), 0.0)


@dataclass(frozen=True, eq=False)
class SweepForecast:
    """What a sweep says of larger runs: the frontier's loss, and a run's excess.

    Attributes
    ----------
    frontier : FrontierLaw
    shape : Shape
    reach : float
        Largest compute of the runs, in FLOP.
    calibration : Calibration
    """

    frontier: FrontierLaw
    shape: Shape
    reach: float
    calibration: Calibration

    @classmethod
    def of(
        cls, runs: pd.DataFrame, law: Chinchilla, calibration: Calibration
    ) -> SweepForecast:
        """Return it from runs, and the surface through all of them."""
        frontier = FrontierLaw.of(runs, calibration)
        reach = float(runs["flops"].max())
        return cls(frontier, Shape.of(runs, law), reach, calibration)

    @property
    def how(self) -> str:
        """What forecasts and intervals rest on."""
        way = "frontier with priors, shape of the surface near it"
        return f"{way}, {self.calibration.how}"

    @property
    def messages(self) -> tuple[str, ...]:
        """What there is to doubt beside the fit."""
        return self.shape.messages

    def at(self, new: pd.DataFrame, confidence_level: float) -> pd.DataFrame:
        """Return ``forecast``, ``low`` and ``high`` of new runs.

        Parameters
        ----------
        new : DataFrame
            ``params``, ``tokens`` and, if it is known, ``flops``.
        confidence_level : float
        """
        if "flops" not in new:
            work = new["params"] * new["tokens"]
            new = new.assign(flops=self.shape.flops_per_param_token * work)
        told = self._above(new["flops"], self.shape.excess(new), confidence_level)
        return told.set_index(new.index)

    def best(self, flops: Array, confidence_level: float) -> pd.DataFrame:
        """Return ``forecast``, ``low`` and ``high`` of the best run at budgets."""
        return self._above(flops, np.zeros(len(flops)), confidence_level)

    def _above(
        self, flops: ArrayLike, excess: Array, confidence_level: float
    ) -> pd.DataFrame:
        level, spread = self.frontier.at(np.asarray(flops))
        middle = level + excess
        half = student(confidence_level) * self.calibration.spread(spread, excess)
        ends = {"forecast": middle, "low": middle - half, "high": middle + half}
        return pd.DataFrame({name: np.exp(log) for name, log in ends.items()})
