"""Scaling laws as published: one frozen dataclass a form, one file a subject."""

from ._chinchilla import Chinchilla, OptimalParams, Optimum
from ._data import DataLimited, data_mixture
from ._distillation import DistilledLoss
from ._experts import FineGrainedExperts, RoutedExperts
from ._hyperparameters import LearningRateAndBatch, OptimalHyperparameter
from ._law import Law
from ._overoptimization import BestOfNOveroptimization, RLOveroptimization
from ._power_law import BrokenPowerLaw, PowerLaw, PurePowerLaw
from ._precision import Precision, QuantizationCost
from ._sigmoid import ExponentialApproach, Sigmoid, StepSigmoid
from ._size_and_data import KaplanJoint, OuterExponent, OverTraining, SharedExponent
from ._sparsity import SparsityLaw
from ._test_time import (
    BetaCoverage,
    DoublingGain,
    ExponentiatedPowerLaw,
    LogLinear,
)
from ._transfer import EffectiveData, FineTuning

__all__ = [
    "BestOfNOveroptimization",
    "BetaCoverage",
    "BrokenPowerLaw",
    "Chinchilla",
    "DataLimited",
    "DistilledLoss",
    "DoublingGain",
    "EffectiveData",
    "ExponentialApproach",
    "ExponentiatedPowerLaw",
    "FineGrainedExperts",
    "FineTuning",
    "KaplanJoint",
    "Law",
    "LearningRateAndBatch",
    "LogLinear",
    "OptimalHyperparameter",
    "OptimalParams",
    "Optimum",
    "OuterExponent",
    "OverTraining",
    "PowerLaw",
    "Precision",
    "PurePowerLaw",
    "QuantizationCost",
    "RLOveroptimization",
    "RoutedExperts",
    "SharedExponent",
    "Sigmoid",
    "SparsityLaw",
    "StepSigmoid",
    "data_mixture",
]
