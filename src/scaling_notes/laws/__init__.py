"""Scaling laws as published: one frozen dataclass a form, one file a book part."""

from ._law import Law
from .compression import SparsityLaw
from .curves import BrokenPowerLaw, PowerLaw, PurePowerLaw, Sigmoid
from .data import DataLimited, data_mixture
from .joint import KaplanJoint, OverTraining, SharedExponent
from .posttraining import PowerOfSize, Precision, QuantizationCost
from .pretraining import Chinchilla, OptimalParams, Optimum
from .testtime import BetaCoverage, ExponentiatedPowerLaw, LogLinear

__all__ = [
    "BetaCoverage",
    "BrokenPowerLaw",
    "Chinchilla",
    "DataLimited",
    "ExponentiatedPowerLaw",
    "KaplanJoint",
    "Law",
    "LogLinear",
    "OptimalParams",
    "Optimum",
    "OverTraining",
    "PowerLaw",
    "PowerOfSize",
    "Precision",
    "PurePowerLaw",
    "QuantizationCost",
    "SharedExponent",
    "Sigmoid",
    "SparsityLaw",
    "data_mixture",
]
