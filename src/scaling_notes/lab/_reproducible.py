"""Arithmetic that gives the same bits on every processor.

The last digit of a sum depends on the order of its terms, and each processor takes
its own; the last digit of an exponential depends on the library. Training amplifies
both until the third digit of a loss differs. Here neither happens:

- the factors of every matrix product are multiples of a power of two, coarse enough
  that all partial sums fit into the 53 bits of a double. Then no order matters.
- the exponential is built from additions, multiplications and a table, which
  IEEE 754 rounds in one way only.

The coarseness costs nothing that can be seen: a weight is a multiple of 2**-20, and
a probability in a gradient of 2**-22.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Exponential", "exponential", "same_everywhere", "to_grid"]

FloatArray = npt.NDArray[np.float64]

_PARTS = 1024  # the table holds the powers of 2**(1 / 1024)
_OCTAVES = 160  # from 2**-160 to 2**160; beyond, zero and infinity
_LN2 = 0.6931471805599453


def to_grid(array: FloatArray, bits: int) -> FloatArray:
    """Round to multiples of 2**-bits, in place.

    Adding a number of which 2**-bits is the last digit makes the processor round,
    half to even. Values must be below 2**(51 - bits).
    """
    big = 1.5 * 2.0 ** (52 - bits)
    array += big
    array -= big
    return array


def same_everywhere(number: float) -> float:
    """Round a number of the mathematical library, whose last digits differ."""
    return float(np.float32(number))


def _powers_of_two() -> FloatArray:
    part, root = np.ones(_PARTS), 2.0
    bit = _PARTS // 2
    while bit:
        root = math.sqrt(root)  # correctly rounded, which a power is not
        part[np.arange(_PARTS) & bit > 0] *= root
        bit //= 2
    octaves = np.arange(-_OCTAVES, _OCTAVES)[:, None]
    return np.concatenate([[0.0], np.ldexp(part, octaves).ravel(), [np.inf]])


_TABLE = _powers_of_two()
_ROUND = 1.5 * 2.0**52
# The bits of _ROUND + j, read as an integer, count up with j.
_FIRST = int(np.float64(_ROUND).view(np.int64)) - _OCTAVES * _PARTS - 1


class Exponential:
    """Exponentials of arrays of one shape, with buffers of its own.

    Below exp(-110) they are zero, above exp(110) infinite.

    Parameters
    ----------
    shape : tuple of int
        Of the arrays.
    terms : int
        Of the series between the entries of the table: one is good to 6e-8, which
        is enough for a gradient, three to 1e-14.
    """

    def __init__(self, shape: tuple[int, ...], terms: int = 1) -> None:
        self.rest = np.empty(shape)
        self.power = np.empty(shape)
        self.index = np.empty(shape, np.int64)
        self.terms = terms

    def __call__(self, x: FloatArray) -> FloatArray:
        """Replace ``x`` by its exponential, and return it."""
        rest, power = self.rest, self.power
        # x = j ln 2 / 1024 + rest, with |rest| below 0.00034.
        np.multiply(x, _PARTS / _LN2, out=rest)
        rest += _ROUND
        np.subtract(rest.view(np.int64), _FIRST, out=self.index)
        rest -= _ROUND
        rest *= _LN2 / _PARTS
        np.subtract(x, rest, out=rest)
        np.take(_TABLE, self.index, out=power, mode="clip")
        np.multiply(rest, 1 / self.terms, out=x)
        x += 1.0
        for term in range(self.terms - 1, 0, -1):
            x *= rest
            x *= 1 / term
            x += 1.0
        x *= power
        return x


def exponential(x: Any) -> FloatArray:
    """Return the exponential of an array, which is left as it was, to 1e-14."""
    out = np.array(x, np.float64)
    return Exponential(out.shape, terms=3)(out)
