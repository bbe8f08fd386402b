"""Forecast before reveal: fit the small runs, state the large ones, then score."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ..errors import DataError
from ..parallel import Executor
from ._columns import read_columns, require_positive
from ._fit import Fit
from ._fit_law import fit_chinchilla
from ._interval import Interval

__all__ = ["Forecast", "forecast"]


@dataclass(frozen=True, eq=False)
class Forecast:
    """What a fit to small runs said of larger ones, and how it did.

    Attributes
    ----------
    fit : Fit
        The fit to the runs below the cut.
    n_exponent : Interval
        The exponent those runs alone give.
    table : pandas.DataFrame
        The held-out runs: ``params``, ``tokens``, ``flops``, ``loss`` as
        measured, ``forecast``, ``low``, ``high``, ``held``.
    below, above : float
        Training compute in FLOP: fitted below, held out above.
    confidence_level : float
        Of the prediction intervals.
    """

    fit: Fit
    n_exponent: Interval
    table: pd.DataFrame
    below: float
    above: float
    confidence_level: float

    @property
    def error(self) -> float:
        """Median absolute error of the forecast, as a share of the loss."""
        return float((self.table["forecast"] / self.table["loss"] - 1).abs().median())

    @property
    def bias(self) -> float:
        """Median signed error as a share of the loss; above 0 is too pessimistic."""
        return float((self.table["forecast"] / self.table["loss"] - 1).median())

    @property
    def held(self) -> float:
        """Share of the held-out runs inside their interval."""
        return float(self.table["held"].mean())

    @property
    def factor(self) -> float:
        """Extrapolation factor: median held-out compute over the cut."""
        return float(self.table["flops"].median() / self.below)

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
        return (
            f"{len(self.fit.data)} runs below {self.below:.3g} FLOP forecast "
            f"{len(self.table)} above {self.above:.3g}: median error {self.error:.2%}, "
            f"{self.confidence_level:.0%} intervals held {self.held:.0%}"
        )


def forecast(
    runs: pd.DataFrame,
    *,
    below: float,
    above: float | None = None,
    confidence_level: float = 0.8,
    params: str = "params",
    tokens: str = "tokens",
    flops: str = "flops",
    loss: str = "loss",
    groups: str | None = None,
    delta: float | None = None,
    params_kind: str | None = None,
    loss_unit: str | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    executor: Executor | None = None,
) -> Forecast:
    """Fit the Chinchilla form below a compute cut and score it on larger runs.

    Parameters
    ----------
    runs : DataFrame
    below : float
        Runs of less training compute (FLOP) are fitted.
    above : float, optional
        Runs of at least this compute are held out; ``below`` by default.
    confidence_level : float
        Of the prediction interval stated for each held-out run.
    params, tokens, flops, loss : str
        Names of the columns.
    groups : str, optional
        As for :func:`fit_chinchilla`.
    delta : float, optional
        As for :func:`fit_chinchilla`.
    params_kind, loss_unit : str, optional
        As for :func:`fit_chinchilla`.
    n_resamples, seed : int
        Of the bootstrap.
    executor : Executor, optional
        As for :meth:`Fit.bootstrap`.

    Returns
    -------
    Forecast

    Raises
    ------
    DataError
        If values are not finite and positive (the rows are named), no run is held
        out, or the runs below the cut cannot be fitted.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> runs = sn.load("besiroglu2024_chinchilla_points")
    >>> runs = runs[runs["dropped_in_refit"] == 0]
    >>> said = sn.forecast(runs, below=3e20, above=8e20, n_resamples=200)
    >>> len(said.fit.data), len(said.table)
    (177, 38)
    """
    above = below if above is None else above
    if above < below:
        raise DataError(
            f"above ({above:.3g}) is less than below ({below:.3g}): a run would be "
            "both fitted and held out."
        )
    columns = {"params": params, "tokens": tokens, "flops": flops, "loss": loss}
    data = read_columns(runs, columns, groups)
    require_positive(data, columns)
    small, large = data[data["flops"] < below], data[data["flops"] >= above]
    if large.empty:
        raise DataError(f"No run has {above:.3g} FLOP or more: lower the cut.")
    # Under their own names: messages and units go by them.
    named = small.rename(columns=columns)
    named.attrs |= runs.attrs
    fit = fit_chinchilla(
        named,
        params=params,
        tokens=tokens,
        loss=loss,
        groups="group" if groups else None,
        delta=delta,
        params_kind=params_kind,
        loss_unit=loss_unit,
    )
    boot = fit.bootstrap(n_resamples, seed, executor)
    band = boot.band(
        confidence_level,
        "prediction",
        params=large["params"],
        tokens=large["tokens"],
    ).set_index(large.index)
    table = large.assign(forecast=band["loss"], low=band["low"], high=band["high"])
    table["held"] = table["loss"].between(table["low"], table["high"])
    return Forecast(
        fit=fit,
        n_exponent=boot.interval("n_exponent"),
        table=table,
        below=below,
        above=above,
        confidence_level=confidence_level,
    )
