"""Scaling laws as published: one frozen dataclass a form, one file a book part."""

from ._law import Law
from .climbs import Sigmoid, StepSigmoid
from .compression import SparsityLaw
from .curves import BrokenPowerLaw, PowerLaw, PurePowerLaw
from .data import DataLimited, data_mixture
from .distillation import DistilledLoss
from .experts import FineGrainedExperts, RoutedExperts
from .joint import KaplanJoint, OuterExponent, OverTraining, SharedExponent
from .posttraining import Precision, QuantizationCost
from .pretraining import Chinchilla, OptimalParams, Optimum
from .testtime import BetaCoverage, ExponentiatedPowerLaw, LogLinear
from .tuning import EffectiveData, FineTuning

__all__ = [
    "BetaCoverage",
    "BrokenPowerLaw",
    "Chinchilla",
    "DataLimited",
    "DistilledLoss",
    "EffectiveData",
    "ExponentiatedPowerLaw",
    "FineGrainedExperts",
    "FineTuning",
    "KaplanJoint",
    "Law",
    "LogLinear",
    "OptimalParams",
    "Optimum",
    "OuterExponent",
    "OverTraining",
    "PowerLaw",
    "Precision",
    "PurePowerLaw",
    "QuantizationCost",
    "RoutedExperts",
    "SharedExponent",
    "Sigmoid",
    "SparsityLaw",
    "StepSigmoid",
    "data_mixture",
]
