"""Intervals: the case bootstrap, bias correction, and the profile as a check.

Points that share a run, a seed or a model are resampled together. Below six
independent units there is no interval; below fifteen it is marked unverified,
because its coverage has not been shown.
"""

from ._bootstrap import Bootstrap
from ._interval import (
    MIN_UNITS,
    MIN_VERIFIED,
    Interval,
    Quantity,
    bias_corrected,
    digits,
    evaluate,
    percentile,
    require_everywhere,
    require_units,
    to_records,
    unverified,
)
from ._likelihood import Likelihood
from ._refit import refit, resample_counts

__all__ = [
    "MIN_UNITS",
    "MIN_VERIFIED",
    "Bootstrap",
    "Interval",
    "Likelihood",
    "Quantity",
    "bias_corrected",
    "digits",
    "evaluate",
    "percentile",
    "refit",
    "require_everywhere",
    "require_units",
    "resample_counts",
    "to_records",
    "unverified",
]
