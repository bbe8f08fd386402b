"""What papers say: tables of numbers with their sources, and our fits beside them."""

from ._compare import Comparison, compare
from ._describe import Datasets, Description, datasets, describe
from ._published import published, published_law
from ._refits import Refits, refits
from ._sweeps import sweeps
from ._tables import descriptor, load

__all__ = [
    "Comparison",
    "Datasets",
    "Description",
    "Refits",
    "compare",
    "datasets",
    "describe",
    "descriptor",
    "load",
    "published",
    "published_law",
    "refits",
    "sweeps",
]
