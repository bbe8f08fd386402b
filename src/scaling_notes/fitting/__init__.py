"""Runs in, law out: columns and their checks, the search, intervals, forecasts.

Points that share a run, a seed or a model are resampled together. Below six
independent units there is no interval; below fifteen it is marked unverified,
because its coverage has not been shown.
"""

from ._backtest import Score, backtest, score
from ._bootstrap import Bootstrap
from ._calibrate import calibrate, learn
from ._calibration import (
    FAMILIES,
    Calibrated,
    Calibration,
    normal,
    read_calibration,
    student,
)
from ._check import Check, check
from ._columns import (
    KINDS,
    UNKNOWN,
    read_columns,
    read_params_kind,
    require_domain,
    require_positive,
)
from ._envelope import envelope
from ._fit import Fit, Status
from ._fit_law import fit_chinchilla, fit_law
from ._forecast import forecast
from ._forecast_score import Forecast, Forecasts
from ._frames import as_frame
from ._interval import (
    MIN_UNITS,
    MIN_VERIFIED,
    Interval,
    percentile,
    require_everywhere,
    require_level,
    require_units,
    unverified,
)
from ._isoflop import isoflop
from ._profile import Profile
from ._random_effects import RandomEffects, random_effects
from ._splits import Split, by_budget, frontier_runs, splits
from ._study import study
from ._table import Table, count, digits, table

__all__ = [
    "FAMILIES",
    "KINDS",
    "MIN_UNITS",
    "MIN_VERIFIED",
    "UNKNOWN",
    "Bootstrap",
    "Calibrated",
    "Calibration",
    "Check",
    "Fit",
    "Forecast",
    "Forecasts",
    "Interval",
    "Profile",
    "RandomEffects",
    "Score",
    "Split",
    "Status",
    "Table",
    "as_frame",
    "backtest",
    "by_budget",
    "calibrate",
    "check",
    "count",
    "digits",
    "envelope",
    "fit_chinchilla",
    "fit_law",
    "forecast",
    "frontier_runs",
    "isoflop",
    "learn",
    "normal",
    "percentile",
    "random_effects",
    "read_calibration",
    "read_columns",
    "read_params_kind",
    "require_domain",
    "require_everywhere",
    "require_level",
    "require_positive",
    "require_units",
    "score",
    "splits",
    "student",
    "study",
    "table",
    "unverified",
]
