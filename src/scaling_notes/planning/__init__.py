"""How to spend compute: the best split of a budget, and the runs to buy next."""

from ._allocate import Allocation, allocate
from ._next_runs import NextRuns, next_runs

__all__ = ["Allocation", "NextRuns", "allocate", "next_runs"]
