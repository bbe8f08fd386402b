"""Which runs to buy next, so that a forecast gets surer for the compute they cost."""

from ._next_runs import NextRuns, next_runs

__all__ = ["NextRuns", "next_runs"]
