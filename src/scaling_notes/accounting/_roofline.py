"""How fast an accelerator may run a model: under one roof or the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError
from ._checks import Array, numbers, plain

__all__ = ["Accelerator", "attainable_flops_per_second"]


def attainable_flops_per_second(
    intensity: ArrayLike, peak: ArrayLike, bandwidth: ArrayLike
) -> float | Array:
    """Return the lower of two roofs: the peak, and what memory can feed.

    Parameters
    ----------
    intensity : float or array
        Work per byte moved, in FLOP per byte.
    peak : float or array
        Peak compute in FLOP/s.
    bandwidth : float or array
        Memory bandwidth in bytes/s.

    Returns
    -------
    float or array
        FLOP/s; all three broadcast.

    Raises
    ------
    DataError
        If the intensity is negative, or another number is not positive.

    References
    ----------
    Williams, Waterman and Patterson 2009, doi:10.1145/1498765.1498785.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.accounting.attainable_flops_per_second(
    ...     [1, 100, 1000], peak=1e15, bandwidth=3e12
    ... ).tolist()
    [3000000000000.0, 300000000000000.0, 1000000000000000.0]
    """
    reached: float | Array = plain(
        np.minimum(
            numbers(peak, "peak"),
            numbers(intensity, "intensity", zero=True)
            * numbers(bandwidth, "bandwidth"),
        )
    )
    return reached


@dataclass(frozen=True)
class Accelerator:
    """What a chip can do at most.

    Parameters
    ----------
    peak_flops_per_second : float
        Dense peak at the number format of the work, in FLOP/s.
    bandwidth_bytes_per_second : float
        Bandwidth of its memory, in bytes/s.
    memory_bytes : float
        Its memory. To hold some back for activations and the like, give less.

    Raises
    ------
    DataError
        If a number is not positive and finite.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> rows = sn.load("accelerator_specs").set_index("accelerator")
    >>> chip = sn.accounting.Accelerator.from_row(rows.loc["H100 SXM"])
    >>> round(chip.balance)
    295
    """

    peak_flops_per_second: float
    bandwidth_bytes_per_second: float
    memory_bytes: float

    def __post_init__(self) -> None:
        for name in (
            "peak_flops_per_second",
            "bandwidth_bytes_per_second",
            "memory_bytes",
        ):
            value = numbers(getattr(self, name), name)
            if value.ndim:
                raise DataError(f"{name} is an array; give one number a chip.")
            object.__setattr__(self, name, float(value))

    @classmethod
    def from_row(cls, row: Mapping[str, Any], *, bits: int = 16) -> Self:
        """Return the chip in a row of the table ``accelerator_specs``.

        Parameters
        ----------
        row : mapping or Series
            ``peak_dense_bf16_flop_per_s``, ``peak_dense_8bit_op_per_s``,
            ``memory_bytes`` and ``memory_bandwidth_bytes_per_s``.
        bits : int
            Which peak to take, 16 or 8.

        Returns
        -------
        Accelerator

        Raises
        ------
        DataError
            If bits are not 16 or 8, or the row lacks the number.
        """
        columns = {16: "peak_dense_bf16_flop_per_s", 8: "peak_dense_8bit_op_per_s"}
        if bits not in columns:
            raise DataError(f"bits is {bits!r}; the table gives peaks of 16 and 8.")
        names = (columns[bits], "memory_bandwidth_bytes_per_s", "memory_bytes")
        return cls(*(float(numbers(row.get(n, np.nan), n)) for n in names))

    @property
    def balance(self) -> float:
        """Work per byte at which both roofs meet, in FLOP per byte."""
        return self.peak_flops_per_second / self.bandwidth_bytes_per_second
