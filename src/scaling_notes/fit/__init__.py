"""Fit a law to runs: check the data, search, solve, and say what to doubt."""

from ._result import Fit, Status
from ._search import fit_chinchilla, fit_law

__all__ = ["Fit", "Status", "fit_chinchilla", "fit_law"]
