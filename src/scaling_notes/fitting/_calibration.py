"""What forecasts of other sweeps taught: priors, and how wide intervals must be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from ..errors import DataError
from ..laws._law import Array
from ._frontier import Prior
from ._interval import require_level

__all__ = [
    "FAMILIES",
    "Calibrated",
    "Calibration",
    "normal",
    "read_calibration",
    "student",
]

# Misses have heavier tails than a normal: forecasts fail in their own ways.
DEGREES = 4.0
_FILE = "calibration.csv"
# The sweeps of which the stored calibrations are: all five, or all but one.
FAMILIES = ("hoffmann", "llama3", "gemstones", "gadre", "porian")


@dataclass(frozen=True)
class Calibration(Prior):
    """What forecasts of families of sweeps taught, for forecasts of another sweep.

    Attributes
    ----------
    families : tuple of str
        The sweeps behind it, each family counting once.
    floor_share, floor_share_sd, exponent, exponent_spread, scatter, growth : float
        The prior of a frontier: irreducible loss as a share of the least loss seen;
        exponent of what falls with compute, and spread of its log; scatter of log
        loss at the largest budget, and how fast its square grows downwards, per
        decade.
    spread_scale, run_scatter, excess_share : float
        Width of an interval: a multiple of the spread of that frontier, log loss of
        a single run, and a share of what a run loses by its shape.
    change_share : float
        Scale of the error of a plain extrapolation, as a share of what it says will
        change beyond the nearest run.
    size_error : float
        Standard deviation of log size a decade beyond the runs, for a surface
        through the runs near the frontier; it grows as the root of decades. NaN if
        no family has a held-out budget with five sizes.
    """

    families: tuple[str, ...]
    spread_scale: float
    run_scatter: float
    excess_share: float
    change_share: float
    size_error: float

    def spread(self, frontier: Array, excess: Array) -> Array:
        """Return the scale of the log loss of runs, shape ``(n,)``.

        Parameters
        ----------
        frontier : array of shape (n,)
            Spread of the frontier at the compute of each run.
        excess : array of shape (n,)
            Log loss above the frontier.
        """
        parts = (
            self.spread_scale * frontier,
            np.full(len(excess), self.run_scatter),
            self.excess_share * excess,
        )
        return np.asarray(np.sqrt(sum(part**2 for part in parts)))

    def size_spread(self, factor: Array) -> Array:
        """Return the spread of log size at so many times the compute of the runs."""
        if np.isnan(self.size_error):
            raise DataError(
                "This calibration says nothing of sizes: none of its sweeps has a "
                "held-out budget with five sizes. Take another, or calibration=None."
            )
        decades = np.maximum(np.log10(factor), 0.0)
        return np.asarray(self.size_error * np.sqrt(decades))

    @property
    def how(self) -> str:
        """What an interval says it rests on."""
        return f"calibrated on {', '.join(self.families)}"

    def row(self) -> dict[str, Any]:
        """Return one row of the stored file."""
        return asdict(self) | {"families": " ".join(self.families)}


def normal(confidence_level: float) -> float:
    """Return the quantile of the normal that an interval reaches, to either side."""
    require_level(confidence_level)
    return float(ndtri(0.5 + 0.5 * confidence_level))


def student(confidence_level: float) -> float:
    """Return the quantile of Student's t that an interval reaches, to either side."""
    require_level(confidence_level)
    return float(stdtrit(DEGREES, 0.5 + 0.5 * confidence_level))


@cache
def _stored() -> dict[frozenset[str], Calibration]:
    file = resources.files(__package__) / _FILE
    with file.open("r", encoding="utf-8") as text:
        table = pd.read_csv(text, index_col="families")
    found = {}
    for names, row in table.iterrows():
        families = tuple(str(names).split())
        numbers = {str(name): float(value) for name, value in row.items()}
        found[frozenset(families)] = Calibration(families=families, **numbers)
    return found


Calibrated = Calibration | Sequence[str] | None


def read_calibration(calibration: Calibrated) -> Calibration | None:
    """Return what is known from other sweeps, or None for a plain interval."""
    if calibration is None or isinstance(calibration, Calibration):
        return calibration
    listed = not isinstance(calibration, str) and isinstance(calibration, Iterable)
    given = tuple(calibration) if listed else ()
    if not given:
        raise DataError(
            f"calibration is {calibration!r}; give names of families, such as "
            f"{list(FAMILIES[:4])}, what calibrate() returned, or None for the plain "
            "interval."
        )
    unknown = [name for name in given if name not in FAMILIES]
    if unknown:
        raise DataError(
            f"calibration names {', '.join(map(repr, unknown))}, of which nothing is "
            f"stored; there are {', '.join(FAMILIES)}."
        )
    found = _stored().get(frozenset(given))
    if found is None:
        raise DataError(
            f"calibration on {', '.join(given)} alone is not stored: take all five "
            "families, or all but one; calibrate() makes others."
        )
    return found
