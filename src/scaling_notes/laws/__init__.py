"""Scaling laws as published: one frozen dataclass a form, one file a book part."""

from ._law import Law
from .posttraining import PowerOfSize, Precision, QuantizationCost
from .pretraining import Chinchilla, OptimalParams, Optimum
from .testtime import BetaCoverage, ExponentiatedPowerLaw, LogLinear

__all__ = [
    "BetaCoverage",
    "Chinchilla",
    "ExponentiatedPowerLaw",
    "Law",
    "LogLinear",
    "OptimalParams",
    "Optimum",
    "PowerOfSize",
    "Precision",
    "QuantizationCost",
]
