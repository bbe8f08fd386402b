"""Scaling laws as published: one frozen dataclass a form, one file a book part."""

from ._law import Law
from .compression import SparsityLaw
from .curves import BrokenPowerLaw, PowerLaw, PurePowerLaw, Sigmoid
from .pretraining import Chinchilla, OptimalParams, Optimum
from .testtime import BetaCoverage, ExponentiatedPowerLaw, LogLinear

__all__ = [
    "BetaCoverage",
    "BrokenPowerLaw",
    "Chinchilla",
    "ExponentiatedPowerLaw",
    "Law",
    "LogLinear",
    "OptimalParams",
    "Optimum",
    "PowerLaw",
    "PurePowerLaw",
    "Sigmoid",
    "SparsityLaw",
]
