"""One thing that was found in runs, and what to do about it."""

from __future__ import annotations

from typing import Literal, NamedTuple

import pandas as pd

__all__ = ["Finding", "Verdict", "several"]

Verdict = Literal["fine", "look", "refused"]
_NAMED = 5


class Finding(NamedTuple):
    """What was looked at, what it is, whether that is well, and the remedy."""

    what: str
    value: str
    verdict: Verdict
    remedy: str = ""


def several(labels: pd.Index) -> str:
    """Return the labels of runs in words, the first of many."""
    told = ", ".join(str(i) for i in labels[:_NAMED])
    more = len(labels) - _NAMED
    return told + (f" and {more} more" if more > 0 else "")
