"""The book's own machinery: records of results, their refresh, the site."""

from ._record import Results, results, verdict

__all__ = ["Results", "results", "verdict"]
