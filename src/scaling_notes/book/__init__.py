"""The book's own machinery: results of pages, claims, their refresh, the site."""

from ._claims import Claim, Claims, claim, claims, verdict
from ._results import Results, results
from ._scoreboard import scoreboard

__all__ = [
    "Claim",
    "Claims",
    "Results",
    "claim",
    "claims",
    "results",
    "scoreboard",
    "verdict",
]
