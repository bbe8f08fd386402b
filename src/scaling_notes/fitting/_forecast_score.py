"""What a fit to small runs said of larger ones, and how it did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from ._fit import Fit
from ._interval import Interval
from ._table import digits, table

__all__ = ["Forecast", "Forecasts"]


@dataclass(frozen=True, eq=False)
class Forecast:
    """What a fit to small runs said of larger ones, and how it did.

    Attributes
    ----------
    fit : Fit
        The fit to the runs below the cut.
    n_exponent : Interval or None
        The exponent of the optimal size that those runs alone give; None for a law
        without it.
    table : pandas.DataFrame
        The held-out runs: the inputs of the law (``params``, ``tokens``), what the
        cut is along (``flops``), the response as measured (``loss``), ``forecast``,
        ``low``, ``high``, ``held``, and ``group`` where runs were grouped.
    below, above : float
        Training compute in FLOP, or another input: fitted below, held out above.
    confidence_level : float
        Of the prediction intervals.
    along : str
        What the cut is along.
    """

    fit: Fit
    n_exponent: Interval | None
    table: pd.DataFrame
    below: float
    above: float
    confidence_level: float
    along: str = "flops"

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
        flops = self.along == "flops"
        cut = f"{self.below:.3g} FLOP" if flops else f"{self.along} = {self.below:.3g}"
        share = self.fit.law.scale == "log"
        error = f"{self.error:.2%}" if share else digits(self.error)
        grouped = "group" in self.table
        units = f" of {self.n_units} units" if grouped else ""
        return (
            f"{len(self.fit.data)} runs below {cut} forecast "
            f"{len(self.table)}{units} above {self.above:.3g}: median error {error}, "
            f"{self.confidence_level:.0%} intervals held {self.held:.0%}"
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
