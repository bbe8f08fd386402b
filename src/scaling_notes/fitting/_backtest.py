"""The protocol: forecast a sweep's large runs from its small ones, and score that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..laws._law import Array
from ._calibration import FAMILIES, Calibrated
from ._forecast import forecast
from ._frames import Runs
from ._splits import Split, frontier_runs, read_sweep, splits

__all__ = ["Score", "backtest", "score"]


@dataclass(frozen=True)
class Score:
    """How a forecast of held-out runs did.

    Attributes
    ----------
    error, bias, worst : float
        Of log loss on the held-out frontier, the best run of each quarter decade:
        mean absolute, mean signed (above 0 is too pessimistic) and largest absolute.
    all_error : float
        Median absolute error of log loss over all held-out runs.
    held : float
        Share of all held-out runs inside their interval; NaN without one.
    """

    error: float
    bias: float
    worst: float
    all_error: float
    held: float


def score(
    large: pd.DataFrame,
    forecast: ArrayLike,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
) -> Score:
    """Return the score of a forecast of held-out runs.

    Parameters
    ----------
    large : DataFrame of n rows
        The held-out runs: ``flops``, ``loss``.
    forecast : array of shape (n,)
    low, high : array of shape (n,), optional

    Returns
    -------
    Score
    """
    loss = large["loss"].to_numpy()
    miss = np.log(np.asarray(forecast, float)) - np.log(loss)
    on = miss[frontier_runs(large)]
    held = np.nan
    if low is not None and high is not None:
        held = float(np.mean((np.asarray(low) <= loss) & (loss <= np.asarray(high))))
    return Score(
        error=float(np.abs(on).mean()),
        bias=float(on.mean()),
        worst=float(np.abs(on).max()),
        all_error=float(np.median(np.abs(miss))),
        held=held,
    )


def backtest(
    runs: Runs,
    *,
    calibration: Calibrated = FAMILIES,
    confidence_level: float = 0.8,
    n_resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Forecast the large runs of a sweep from its small ones by the book's protocol.

    Runs below the 35 % and below the 60 % quantile of log compute are fitted; runs of
    three times the cut or more are held out.

    Parameters
    ----------
    runs : DataFrame, mapping of columns, or other table
        ``params``, ``tokens``, ``flops`` and ``loss``, one row a run.
    calibration, confidence_level, n_resamples, seed : optional
        As for :func:`forecast`.

    Returns
    -------
    pandas.DataFrame
        One row a split: ``quantile``, ``cut`` in FLOP, ``runs``, ``held_out``,
        ``factor`` (median held-out compute over the cut). Of log loss on the held-out
        frontier, the best run of each quarter decade: ``error``, mean absolute,
        ``bias``, mean signed (above 0 is too pessimistic), ``worst``, largest
        absolute. Of all held-out runs: ``all_error``, median absolute, and ``held``,
        the share inside their interval.

    Raises
    ------
    DataError
        If a column is missing or bad, or either part of a split has too few runs.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> others = ["hoffmann", "gemstones", "gadre", "porian"]
    >>> runs = sn.load("czech2026_llama3_isoflop")
    >>> scores = sn.backtest(runs, calibration=others, n_resamples=200)
    >>> scores[["runs", "held_out"]].to_numpy().tolist()
    [[33, 68], [65, 36]]
    """
    data = read_sweep(runs)

    def row(split: Split) -> dict[str, float]:
        said = forecast(
            data,
            below=split.cut,
            above=split.above,
            confidence_level=confidence_level,
            n_resamples=n_resamples,
            seed=seed,
            calibration=calibration,
        )
        ends: list[Array] = [
            said.table[name].to_numpy() for name in ("forecast", "low", "high")
        ]
        return {
            "quantile": split.quantile,
            "cut": split.cut,
            "runs": len(split.small),
            "held_out": len(split.large),
            "factor": said.factor,
        } | vars(score(said.table, *ends))

    return pd.DataFrame([row(split) for split in splits(data)])
