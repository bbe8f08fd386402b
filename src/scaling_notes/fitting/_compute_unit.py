"""Compute: the most of any run, and whether a column of it is in another unit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..accounting import training_flops
from ..laws import Law
from ..laws._chinchilla import SizeAndData
from ..laws._law import Array

__all__ = ["far_from_flops", "largest_compute", "other_unit"]

# FLOP in what compute is often given in.
_UNITS = {
    "GFLOP": 1e9,
    "TFLOP": 1e12,
    "PFLOP": 1e15,
    "EFLOP": 1e18,
    "ZFLOP": 1e21,
    "PFLOP/s-days": 86400e15,
}
# Two units differ by one factor, but for what counts differ.
_CONSTANT = 30.0
# Head, attention and experts move compute by less than this from 6 N D.
_FAR = 1e3


def other_unit(known: Array, compute: Array) -> str:
    """Return what compute may be given in.

    Parameters
    ----------
    known : array of shape (n,)
        Compute over 6 N D.
    compute : array of shape (n,)
    """
    if float(known.max() / known.min()) < _CONSTANT:
        middle = float(np.median(known))
        for unit, flop in _UNITS.items():
            if 0.25 < middle * flop < 4:
                return f"Is compute in {unit}? Give FLOP: times {flop:g}."
        return "Do params leave out embeddings, or flops the backward pass?"
    if compute.min() > 10 and compute.max() < 80:
        return "Is compute a logarithm? Give FLOP: 10**x or exp(x)."
    return (
        "Did whole numbers run over? Multiply as floats, 6.0 * params * tokens. Or do "
        "params leave out embeddings?"
    )


def far_from_flops(data: pd.DataFrame, column: str) -> list[str]:
    """Return what to say of runs whose compute cannot be theirs in FLOP.

    Parameters
    ----------
    data : DataFrame
        Positive ``params``, ``tokens`` and ``flops``.
    column : str
        What the user calls the last.
    """
    compute = data["flops"].to_numpy()
    known = compute / training_flops(data["params"], data["tokens"])
    middle = float(np.median(known))
    if 1 / _FAR < middle < _FAR:
        return []
    return [
        f"{column!r} is {middle:.3g} times 6 params x tokens. "
        f"{other_unit(known, compute)}"
    ]


def largest_compute(law: Law, data: pd.DataFrame) -> float:
    """Return the largest compute of runs in FLOP, NaN for a law without it."""
    if not isinstance(law, SizeAndData):
        return np.nan
    work = data["params"] * data["tokens"]
    return float(law.flops_per_param_token * work.max())
