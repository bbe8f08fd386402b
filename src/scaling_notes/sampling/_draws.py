"""Draws without replacement, one more at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from ..laws._law import Array

# Draws worked on at a time, so that the pieces stay in the cache, and how narrow a
# block still makes room for more of them.
_BLOCK = 24
_NARROW = 48
# Rows this wide are multiplied faster one by one.
_WIDE = 150


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
        For k = start, start + 1, ...; the blocks run from k = 0 to k_max, or to
        where none is left. The next block overwrites it.
    """
    marked = np.asarray(c, float)
    now = np.ones(len(marked))
    # Fresh memory for every block would cost more than the arithmetic; what is left
    # grows narrower, and then more draws fit in.
    room = np.empty((_BLOCK + 1) * max(len(marked), _NARROW))
    start = 0
    while start <= k_max and len(marked):
        width = len(marked)
        stop = min(start + len(room) // max(width, _NARROW) - 1, k_max + 1)
        left = n - np.arange(start, stop, dtype=float)[:, None]
        chance = room[: (stop - start + 1) * width].reshape(-1, width)
        chance[0], factor = now, chance[1:]
        np.subtract(left, marked, out=factor)
        if marked[-1] > left[-1]:
            np.maximum(factor, 0, out=factor)
        # With nothing left to draw (k = n) the last factor is never used.
        factor *= 1 / np.maximum(left, 1)
        if width > _WIDE:
            for before, after in itertools.pairwise(chance):
                after *= before
        else:
            np.cumprod(chance, axis=0, out=chance)
        yield start, chance[:-1]
        start = stop
        now = chance[-1]
        kept = np.flatnonzero(now > least)
        size = kept[-1] + 1 if len(kept) else 0
        now, marked = now[:size].copy(), marked[:size]
