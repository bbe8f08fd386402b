"""The fitted point nearest to each new one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

__all__ = ["nearest"]

# A place farther off than this is as far from every point; squares stay finite.
_FAR = 1e100


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
        right.append(np.clip(b / range_, -_FAR, _FAR))
    _, place = KDTree(np.transpose(left)).query(np.transpose(right))
    return np.asarray(place)
