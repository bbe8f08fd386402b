"""Do residuals hang together? Points of one curve, or a form that does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from scipy.special import chdtrc, ndtr

from ..laws._law import Array

__all__ = ["dependence"]

# Chance of a word on independent points, over all looks taken together.
_LEVEL = 0.004
# Fewer points, or pairs of neighbors, tell nothing.
_FEW = 10
# Residuals are clipped at so many robust standard deviations: one outlier pairs
# with its neighbors.
_CLIP = 2.0
# Dependence that less than doubles the variance of a mean is not worth a word.
_INFLATION = 2.0
# Residuals this small are rounding, or where a solver stopped.
_EXACT = 1e-7


def dependence(inputs: Mapping[str, Array], residuals: Array) -> str:
    """Say how residuals hang together, if they do.

    Under independence the products of neighbors' residuals have mean zero, and so
    has the sum within all points that share a value. Both are held against their
    own spread, so neither needs equal variances or normal residuals. A fit makes
    residuals less alike than errors, so the test errs towards silence.

    Parameters
    ----------
    inputs : mapping of str to array of shape (n,)
        Inputs by name.
    residuals : array of shape (n,)
        On the scale of the law.

    Returns
    -------
    str
        A sentence with the remedy; empty where nothing is to be said.

    References
    ----------
    Durbin and Watson 1950, doi:10.1093/biomet/37.3-4.409, for neighbors;
    Satterthwaite 1946, doi:10.2307/3002019, for sums with unequal variances.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).standard_normal(200)
    >>> dependence({"x": np.arange(200.0)}, noise)
    ''
    >>> dependence({"x": np.arange(200.0)}, np.cumsum(noise))[:31]
    'Residuals cluster along x: eith'
    """
    r = np.asarray(residuals, float)
    if len(r) < _FEW or not np.abs(r).max() > _EXACT:
        return ""
    scale = 1.4826 * np.median(np.abs(r - np.median(r)))
    if scale > 0:
        r = np.clip(r, np.median(r) - _CLIP * scale, np.median(r) + _CLIP * scale)
    r = r - r.mean()
    columns = {name: np.asarray(x, float) for name, x in inputs.items()}
    looks = [*_along(columns, r), *_within(columns, r)]
    if not looks:
        return ""
    chance, where = min(looks)
    if chance * len(looks) > _LEVEL:
        return ""
    return (
        f"Residuals cluster {where}: either these are points of one curve (name "
        "it in groups), or the form does not fit. Intervals that take points as "
        "independent are too narrow."
    )


def _along(columns: Mapping[str, Array], r: Array) -> Iterator[tuple[float, str]]:
    """Yield the chance of so alike neighbors, for every way to line points up."""
    for name, x in columns.items():
        others = [c for other, c in columns.items() if other != name]
        order = np.lexsort((x, *others))
        alike = np.ones(len(r) - 1, bool)
        for c in others:
            alike &= np.diff(c[order]) == 0
        if alike.sum() >= len(r) / 2:
            # Curves: neighbors of one curve only.
            yield from _neighbors(r[order], alike, _curve(name, columns))
        else:
            order = np.lexsort((*others, x))
            yield from _neighbors(r[order], np.ones(len(r) - 1, bool), f"along {name}")


def _curve(name: str, columns: Mapping[str, Array]) -> str:
    others = [other for other in columns if other != name]
    return f"along {name}" + (f" at equal {' and '.join(others)}" if others else "")


def _neighbors(r: Array, pairs: Array, where: str) -> Iterator[tuple[float, str]]:
    products = (r[1:] * r[:-1])[pairs]
    norm = float(np.sqrt(products @ products))
    if len(products) < _FEW - 1 or not norm > 0:
        return
    squares = float((r[1:][pairs] ** 2 + r[:-1][pairs] ** 2).sum()) / 2
    alike = float(products.sum()) / squares
    # Of a sum of an autoregression of first order.
    if 1 + alike > _INFLATION * (1 - alike):
        yield float(ndtr(-products.sum() / norm)), where
    else:
        yield 1.0, where


def _within(columns: Mapping[str, Array], r: Array) -> Iterator[tuple[float, str]]:
    """Yield the chance of so large sums of the points that share a value."""
    for name, x in columns.items():
        _, group, size = np.unique(x, return_inverse=True, return_counts=True)
        several = size > 1
        if several.sum() < 2 or size[several].sum() < max(_FEW, len(r) / 2):
            continue
        sums = np.bincount(group, r)[several]
        variance = np.bincount(group, r**2)[several] / size[several]
        total = float((sums**2 / size[several]).sum())
        if not total > 0:
            continue
        # A weighted sum of chi-squares, by its first two moments.
        unit = float((variance**2).sum() / variance.sum())
        freedom = float(variance.sum()) / unit
        chance = float(chdtrc(freedom, total / unit))
        yield (chance if total > _INFLATION * variance.sum() else 1.0), f"by {name}"
