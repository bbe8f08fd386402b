"""What a fit to small runs said of larger ones, and how it did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..accounting._checks import floats
from ..errors import DataError
from ._bootstrap import read_inputs
from ._fit import Fit
from ._interval import Interval
from ._law_forecast import LawForecast
from ._sweep_forecast import SweepForecast
from ._table import digits, table

__all__ = ["Forecast", "Forecasts"]


@dataclass(frozen=True, eq=False)
class Forecast:
    """What a fit to small runs said of larger ones, and how it did.

    Attributes
    ----------
    fit : Fit
        The fit to the runs below the cut.
    table : pandas.DataFrame
        The held-out runs: the inputs of the law (``params``, ``tokens``), what the
        cut is along (``flops``), the response as measured (``loss``), ``forecast``,
        ``low``, ``high``, ``held``, and ``group`` where runs were grouped.
    below, above : float
        Training compute in FLOP, or another input: fitted below, held out above.
    confidence_level : float
        Of the prediction intervals.
    extrapolation : LawForecast or SweepForecast
        What says more of runs to come, and how.
    n_resamples, seed : int
        Of the bootstrap.
    along : str
        What the cut is along.
    """

    fit: Fit
    table: pd.DataFrame
    below: float
    above: float
    confidence_level: float
    extrapolation: LawForecast | SweepForecast
    n_resamples: int
    seed: int
    along: str = "flops"

    @property
    def how(self) -> str:
        """What the forecasts and their intervals rest on."""
        return self.extrapolation.how

    @property
    def messages(self) -> tuple[str, ...]:
        """What to look at before using the forecast; empty if nothing."""
        return self.fit.messages + self.extrapolation.messages

    @property
    def n_exponent(self) -> Interval | None:
        """The exponent of the optimal size by the fit; None for a law without it.

        Its interval is that of the bootstrap, which a calibrated sweep makes when
        asked.
        """
        law, beyond = self.fit.law, self.extrapolation
        if "n_exponent" not in (*law.constants(), *law.derived):
            return None
        if isinstance(beyond, LawForecast):
            return beyond.boot.interval("n_exponent")
        refits = self.fit.bootstrap(self.n_resamples, self.seed)
        return refits.interval("n_exponent")

    def at(self, **inputs: ArrayLike) -> pd.DataFrame:
        """Return the forecast of runs to come, with their intervals.

        Parameters
        ----------
        **inputs : array of shape (g,)
            The inputs of the law by name; they broadcast.

        Returns
        -------
        pandas.DataFrame
            The inputs, ``forecast``, ``low`` and ``high``.

        Raises
        ------
        DataError
            If the inputs are not those of the law, or not where it has a meaning.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> runs = sn.load("czech2026_llama3_isoflop")
        >>> others = ["hoffmann", "gemstones", "gadre", "porian"]
        >>> said = sn.forecast(runs, n_resamples=200, calibration=others)
        >>> told = said.at(params=405e9, tokens=15e12)
        >>> bool((told["low"] < told["forecast"]).all())
        True
        """
        law = self.fit.law
        new = pd.DataFrame(dict(zip(law.inputs, read_inputs(law, inputs), strict=True)))
        return new.join(self.extrapolation.at(new, self.confidence_level))

    def best(self, flops: ArrayLike) -> pd.DataFrame:
        """Return the loss that the best run at a budget will have.

        Parameters
        ----------
        flops : array of shape (g,)

        Returns
        -------
        pandas.DataFrame
            ``flops``, ``forecast``, ``low`` and ``high``, and ``factor``, how many
            times the largest compute fitted that is.

        Raises
        ------
        DataError
            If the forecast is not that of a calibrated sweep, or a budget is not
            positive.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> runs = sn.load("czech2026_llama3_isoflop")
        >>> others = ["hoffmann", "gemstones", "gadre", "porian"]
        >>> said = sn.forecast(runs, n_resamples=200, calibration=others)
        >>> said.best([1e23, 1e24])["factor"].round().tolist()
        [10.0, 100.0]
        """
        if not isinstance(self.extrapolation, SweepForecast):
            raise DataError(
                "best() needs a calibrated forecast of Chinchilla's form along flops, "
                "with no constant told beforehand; for a law ask at()."
            )
        budgets = np.atleast_1d(floats(flops, "flops"))
        if budgets.ndim > 1 or not (np.isfinite(budgets) & (budgets > 0)).all():
            raise DataError("flops must be finite and positive, in one dimension.")
        told = self.extrapolation.best(budgets, self.confidence_level)
        factor = budgets / self.extrapolation.reach
        return told.assign(flops=budgets, factor=factor)[
            ["flops", "forecast", "low", "high", "factor"]
        ]

    def _errors(self) -> pd.Series:
        """Return errors as shares of the response, or as they are (see ``error``)."""
        said, seen = self.table["forecast"], self.table[self.fit.law.response]
        return said / seen - 1 if self.fit.law.scale == "log" else said - seen

    @property
    def error(self) -> float:
        """Median absolute error of the forecast, as a share of the loss.

        For a law with residuals on another scale than the log, such as one of
        scores, in the unit of the response.
        """
        return float(self._errors().abs().median())

    @property
    def bias(self) -> float:
        """Median signed error, as ``error``; a loss above 0 is too pessimistic."""
        return float(self._errors().median())

    @property
    def held(self) -> float:
        """Share of the held-out runs inside their interval.

        Runs of one unit miss together: ``n_units`` tells how many units there are.
        """
        return float(self.table["held"].mean())

    @property
    def n_units(self) -> int:
        """Number of independent units among the held-out runs."""
        grouped = "group" in self.table
        return self.table["group"].nunique() if grouped else len(self.table)

    @property
    def factor(self) -> float:
        """Extrapolation factor, median held-out compute, or input, over the cut."""
        return float(self.table[self.along].median() / self.below)

    def summary(self) -> dict[str, float]:
        """Return the score as one row of a table."""
        return {
            "below": self.below,
            "runs": len(self.fit.data),
            "held_out": len(self.table),
            "factor": self.factor,
            "error": self.error,
            "bias": self.bias,
            "held": self.held,
        }

    def __repr__(self) -> str:
        if self.table.empty:
            return f"{len(self.fit.data)} runs, none held out; {self.how}"
        flops = self.along == "flops"
        cut = f"{self.below:.3g} FLOP" if flops else f"{self.along} = {self.below:.3g}"
        share = self.fit.law.scale == "log"
        error = f"{self.error:.2%}" if share else digits(self.error)
        grouped = "group" in self.table
        units = f" of {self.n_units} units" if grouped else ""
        return (
            f"{len(self.fit.data)} runs below {cut} forecast "
            f"{len(self.table)}{units} above {self.above:.3g}: median error {error}, "
            f"{self.confidence_level:.0%} intervals held {self.held:.0%}; {self.how}"
        )


@dataclass(frozen=True, eq=False)
class Forecasts:
    """Forecasts of one law at several cuts; a sequence of :class:`Forecast`.

    Attributes
    ----------
    forecasts : tuple of Forecast
        One a cut, in the order given.
    """

    forecasts: tuple[Forecast, ...]

    @property
    def table(self) -> pd.DataFrame:
        """The scores, one row a cut, as :meth:`Forecast.summary`, and ``units``."""
        rows = [said.summary() | {"units": said.n_units} for said in self]
        return pd.DataFrame(rows)

    def __iter__(self) -> Iterator[Forecast]:
        return iter(self.forecasts)

    def __len__(self) -> int:
        return len(self.forecasts)

    def __getitem__(self, place: int) -> Forecast:
        return self.forecasts[place]

    def __repr__(self) -> str:
        return repr(table(self.table))

    def _repr_html_(self) -> str:
        return table(self.table)._repr_html_()
