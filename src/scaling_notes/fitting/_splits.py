"""The protocol of the book's forecasts: which runs are fitted, which held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import DataError
from ..laws._law import Array
from ._budgets import find_budgets
from ._columns import read_columns, require_positive
from ._frames import Runs, as_frame

__all__ = [
    "QUANTILES",
    "Split",
    "by_budget",
    "frontier_runs",
    "read_sweep",
    "split_at",
    "splits",
]

# Fixed before any method was tried.
QUANTILES = (0.35, 0.6)
_BEYOND = 3.0
_BINS_PER_DECADE = 4
_EDGE = 1e-9
_FEWEST = 6
# Relative distance in compute within one budget, and sizes that show its best one.
_TOLERANCE = 0.15
_SIZES = 5


@dataclass(frozen=True, eq=False)
class Split:
    """A sweep in two: its small runs, and the large ones that they are to forecast.

    Attributes
    ----------
    quantile, cut : float
        Of the compute of the runs, in FLOP: runs below are fitted.
    above : float
        Runs of this compute or more are held out.
    small, large : DataFrame
    """

    quantile: float
    cut: float
    above: float
    small: pd.DataFrame
    large: pd.DataFrame


def split_at(runs: pd.DataFrame, quantile: float) -> Split:
    """Return the split of a sweep at a quantile of its log compute.

    Raises
    ------
    DataError
        If fewer than six runs lie below, or none at three times the cut.
    """
    flops = runs["flops"].to_numpy()
    at = float(np.exp(np.quantile(np.log(flops), quantile)))
    # A budget at the quantile is beyond the cut, whatever its last digit.
    cut, above = at * (1 - _EDGE), _BEYOND * at
    small, large = runs[flops < cut], runs[flops >= above]
    if len(small) < _FEWEST or large.empty:
        raise DataError(
            f"Below the {quantile:.0%} quantile of compute are {len(small)} runs, "
            f"beyond three times that {len(large)}: six and one are needed. Give a "
            "sweep of more runs, or of more budgets."
        )
    return Split(quantile, cut, above, small, large)


def splits(runs: pd.DataFrame) -> list[Split]:
    """Return the two splits of a sweep: below the 35 % and 60 % quantile of compute.

    Runs of three times the cut or more are held out; those between are used in
    neither half.
    """
    return [split_at(runs, quantile) for quantile in QUANTILES]


def frontier_runs(runs: pd.DataFrame) -> Array:
    """Return whether each run is the best of its quarter decade, shape ``(n,)``."""
    place = np.floor(np.log10(runs["flops"].to_numpy()) * _BINS_PER_DECADE + _EDGE)
    # By position: labels of runs may come twice.
    loss = runs["loss"].reset_index(drop=True)
    return np.asarray(loss.groupby(place).transform("idxmin") == loss.index)


def read_sweep(runs: Runs) -> pd.DataFrame:
    """Return the columns of a sweep, refused by row where they are no numbers."""
    columns = {name: name for name in ("params", "tokens", "flops", "loss")}
    data = read_columns(as_frame(runs), columns, None)
    require_positive(data, columns)
    if data.empty:
        raise DataError("The sweep has no run: give some.")
    return data.reset_index(drop=True)


def by_budget(runs: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the runs of each budget that was trained at five sizes or more.

    Of runs whose compute is scattered a quarter decade is a budget.
    """
    flops = runs["flops"].to_numpy()
    budget = find_budgets(flops, _TOLERANCE)
    if np.isnan(budget).mean() > 0.5:
        budget = np.round(np.log10(flops) * _BINS_PER_DECADE)
    parts = [some for _, some in runs.groupby(budget)]
    return [some for some in parts if some["params"].nunique() >= _SIZES]
