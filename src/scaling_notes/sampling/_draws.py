"""Draws without replacement, one more at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from ..laws._law import Array

# Draws worked on at a time, so that the pieces stay in the cache.
_BLOCK = 64


def chances_to_miss(
    n: int, c: ArrayLike, k_max: int, least: float
) -> Iterator[tuple[int, Array]]:
    """Yield the chance that k draws from n miss all of c marked ones.

    It is C(n - c, k) / C(n, k), updated from k to k + 1 by one factor.

    Parameters
    ----------
    n : int
    c : array_like of int, shape (cs,)
        Numbers of marked ones, ascending.
    k_max : int
        At most n.
    least : float
        The largest c whose chance has fallen below this drop out.

    Yields
    ------
    start : int
    chance : array of shape (ks, cs left)
        For k = start, start + 1, ...; the blocks run from k = 0 to k_max.
    """
    marked = np.asarray(c, float)
    now = np.ones(len(marked))
    for start in range(0, k_max + 1, _BLOCK):
        stop = min(start + _BLOCK, k_max + 1)
        left = n - np.arange(start, stop, dtype=float)[:, None]
        chance = np.empty((stop - start + 1, len(marked)))
        chance[0] = now
        # With nothing left to draw (k = n) the last factor is never used.
        np.divide(np.maximum(left - marked, 0), np.maximum(left, 1), out=chance[1:])
        np.cumprod(chance, axis=0, out=chance)
        yield start, chance[:-1]
        now = chance[-1]
        kept = np.flatnonzero(now > least)
        size = kept[-1] + 1 if len(kept) else 0
        now, marked = now[:size], marked[:size]
