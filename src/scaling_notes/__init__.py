"""Scaling laws of AI models: published data, fits with intervals, allocation.

``import scaling_notes as sn`` gives the whole public face. The charts and
the laboratory load on first use: a fit on a cluster imports no plotting library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import accounting, laws
from .book import (
    Claim,
    Claims,
    Results,
    claim,
    claims,
    results,
    scoreboard,
    verdict,
)
from .corpus import (
    Comparison,
    Datasets,
    Description,
    Refits,
    compare,
    datasets,
    describe,
    load,
    published,
    published_law,
    refits,
)
from .errors import DataError, FitError, FitWarning
from .fitting import (
    Bootstrap,
    Calibration,
    Check,
    Fit,
    Forecast,
    Forecasts,
    Interval,
    Profile,
    RandomEffects,
    Status,
    Table,
    backtest,
    calibrate,
    check,
    envelope,
    fit_chinchilla,
    fit_law,
    forecast,
    isoflop,
    random_effects,
    table,
)
from .planning import Allocation, NextRuns, allocate, next_runs
from .sampling import (
    BetaBinomial,
    BetaBinomialBootstrap,
    PassCurve,
    ProblemCurve,
    best_of_n,
    count_correct,
    difference,
    fit_beta_binomial,
    g_pass_at_k,
    majority_vote,
    pass_at_k,
    pass_hat_k,
    select_verified,
    vote,
)

if TYPE_CHECKING:
    from . import charts, lab

__version__ = "0.1.0"

__all__ = [
    "Allocation",
    "BetaBinomial",
    "BetaBinomialBootstrap",
    "Bootstrap",
    "Calibration",
    "Check",
    "Claim",
    "Claims",
    "Comparison",
    "DataError",
    "Datasets",
    "Description",
    "Fit",
    "FitError",
    "FitWarning",
    "Forecast",
    "Forecasts",
    "Interval",
    "NextRuns",
    "PassCurve",
    "ProblemCurve",
    "Profile",
    "RandomEffects",
    "Refits",
    "Results",
    "Status",
    "Table",
    "accounting",
    "allocate",
    "backtest",
    "best_of_n",
    "calibrate",
    "charts",
    "check",
    "claim",
    "claims",
    "compare",
    "count_correct",
    "datasets",
    "describe",
    "difference",
    "envelope",
    "fit_beta_binomial",
    "fit_chinchilla",
    "fit_law",
    "forecast",
    "g_pass_at_k",
    "isoflop",
    "lab",
    "laws",
    "load",
    "majority_vote",
    "next_runs",
    "pass_at_k",
    "pass_hat_k",
    "published",
    "published_law",
    "random_effects",
    "refits",
    "results",
    "scoreboard",
    "select_verified",
    "table",
    "verdict",
    "vote",
]

_LAZY = ("charts", "lab")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
