"""Scaling laws as published: one frozen dataclass a form, one file a book part."""

from ._law import Law
from .posttraining import PowerOfSize, Precision, QuantizationCost
from .pretraining import Chinchilla, OptimalParams, Optimum

__all__ = [
    "Chinchilla",
    "Law",
    "OptimalParams",
    "Optimum",
    "PowerOfSize",
    "Precision",
    "QuantizationCost",
]
