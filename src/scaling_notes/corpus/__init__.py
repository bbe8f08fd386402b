"""What papers say: tables of numbers with their sources, and our fits beside them."""

from ._published import Comparison, compare, published, published_law
from ._refits import Refits, refits
from ._tables import Datasets, Description, datasets, describe, descriptor, load

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
]
