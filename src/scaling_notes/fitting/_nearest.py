"""The fitted point nearest to each new one."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["nearest"]


def nearest(fitted: pd.DataFrame, new: pd.DataFrame) -> np.ndarray:
    """Return the place of the fitted row nearest to each new one, shape ``(n,)``.

    Columns are compared in logarithms where all are positive, in units of the range
    of those fitted.
    """
    if new.empty:
        return np.zeros(0, int)
    left, right = [], []
    for name in fitted:
        a, b = fitted[name].to_numpy(float), new[name].to_numpy(float)
        if min(a.min(), b.min()) > 0:
            a, b = np.log(a), np.log(b)
        range_ = np.ptp(a) or 1.0
        left.append(a / range_)
        right.append(b / range_)
    # A place beyond all measure is as far from every row.
    with np.errstate(over="ignore"):
        distance = sum(
            (y[:, None] - x[None, :]) ** 2 for x, y in zip(left, right, strict=True)
        )
    return np.asarray(distance).argmin(axis=1)
