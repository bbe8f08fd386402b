"""The input at which a law has a value: a search over many decades, for many laws."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import elementwise

__all__ = ["LARGEST", "least_input"]

Array = NDArray[np.float64]

# An input beyond this is as good as none.
LARGEST = 1e100
# Ten nodes a decade where inputs are found in practice, one elsewhere.
_DECADES = np.concatenate(
    [np.arange(-100, -10), np.arange(-100, 400) / 10, np.arange(40, 101)]
)
_SHARES = np.linspace(0.0, 1.0, 1001)


def least_input(
    value_at: Callable[..., Array],
    target: Array,
    args: tuple[Array, ...],
    *,
    share: bool,
    falls: bool,
) -> Array:
    """Return the least input at which laws have a value.

    Parameters
    ----------
    value_at : callable
        Takes an input and ``args``, and returns the value of each law there.
    target : array
        The values that are wanted; broadcasts with ``args``.
    args : tuple of array
    share : bool
        Whether the input lies from 0 to 1, and not anywhere above 0.
    falls : bool
        Whether the value is wanted small, as a loss is.

    Returns
    -------
    array
        Infinite where no input has the value, and 0 where every input is past it.
    """
    nodes = _SHARES if share else np.log(10.0) * _DECADES

    def away(node: Array, *args: Array) -> Array:
        target, *others = args
        return np.asarray(value_at(node if share else np.exp(node), *others) - target)

    whole = np.broadcast_arrays(target, *args)
    args = tuple(np.ravel(a) for a in whole)
    # A law far from its points may overflow; it is then far from the target too.
    with np.errstate(all="ignore"):
        first = gap = away(nodes[0], *args)
        side = np.zeros(gap.shape)
        cell, at = np.zeros((2, *gap.shape), int)
        nearest = np.full(gap.shape, np.inf)
        for i, node in enumerate(nodes):
            gap = away(node, *args)
            sign = np.nan_to_num(np.sign(gap))
            side = np.where(side == 0, sign, side)
            cell = np.where((cell == 0) & (side * sign < 0), i, cell)
            closer = np.abs(gap) < nearest
            nearest = np.where(closer, np.abs(gap), nearest)
            at = np.where(closer, i, at)
            if cell.all():
                break
        near = (at == 0) & (np.abs(first) < np.abs(gap))
        past = (cell == 0) & (side < 0 if falls else near)
        found = np.where(past | (first == 0), 0.0, np.inf)
        left, right = nodes[np.maximum(cell - 1, 0)], nodes[cell]
        # A law may turn between two nodes just past the target.
        turns = (cell == 0) & (found > 0) & (at > 0) & (at < len(nodes) - 1)
        if turns.any():
            here = tuple(a[turns] for a in (*args, side))
            low, middle, high = (nodes[at[turns] + step] for step in (-1, 0, 1))
            turn = elementwise.find_minimum(
                lambda node, *args: args[-1] * away(node, *args[:-1]),
                (low, middle, high),
                args=here,
            )
            reaches = np.zeros(gap.shape, bool)
            reaches[turns] = turn.f_x < 0
            left[reaches], right[reaches] = low[turn.f_x < 0], turn.x[turn.f_x < 0]
            cell = np.where(reaches, at, cell)
        some = (cell > 0) & (found > 0)
        if some.any():
            root = elementwise.find_root(
                away, (left[some], right[some]), args=tuple(a[some] for a in args)
            )
            found[some] = root.x if share else np.exp(root.x)
    return found.reshape(whole[0].shape)
