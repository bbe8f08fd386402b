"""Do residuals hang together? Points of one curve, or a form that does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.polynomial.legendre import legvander
from scipy.special import chdtrc, fdtrc, ndtr

from ..laws._law import Array

__all__ = ["Cluster", "cluster", "dependence"]

# Chance of a word on independent points, over all looks taken together.
_LEVEL = 0.004
# Fewer points, or pairs of neighbors, tell nothing.
_FEW = 10
# Residuals are clipped at so many robust standard deviations: one outlier pairs
# with its neighbors.
_CLIP = 2.0
# Dependence that less than doubles the variance of a mean is not worth a word.
_INFLATION = 2.0
# A curve of this degree through the residuals: a form that does not bend as the
# points do. Fewer degrees of freedom than this are left to constants of the law.
_DEGREE = 3
_CONSTANTS = 4
# Residuals this small are rounding, or where a solver stopped.
_EXACT = 1e-7


class Cluster(NamedTuple):
    """How residuals hang together.

    Attributes
    ----------
    where : str
        Such as ``"along tokens"``.
    inflation : float
        How many times larger the variance of a mean is than of independent ones.
    """

    where: str
    inflation: float

    @property
    def words(self) -> str:
        """What there is to say."""
        return (
            f"Residuals cluster {self.where}: either these are points of one curve "
            "(name it in groups), or the form does not fit. Intervals that take "
            "points as independent are too narrow."
        )


def dependence(inputs: Mapping[str, Array], residuals: Array) -> str:
    """Say how residuals hang together, in words; empty where they do not.

    Parameters
    ----------
    inputs : mapping of str to array of shape (n,)
        Inputs by name.
    residuals : array of shape (n,)
        On the scale of the law.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).standard_normal(200)
    >>> dependence({"x": np.arange(200.0)}, noise)
    ''
    >>> dependence({"x": np.arange(200.0)}, np.cumsum(noise))[:31]
    'Residuals cluster along x: eith'
    """
    found = cluster(inputs, residuals)
    return found.words if found else ""


def cluster(inputs: Mapping[str, Array], residuals: Array) -> Cluster | None:
    """Look whether residuals hang together.

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
    Cluster or None
        The least likely of what is seen.

    References
    ----------
    Durbin and Watson 1950, doi:10.1093/biomet/37.3-4.409, for neighbors;
    Satterthwaite 1946, doi:10.2307/3002019, for sums with unequal variances.
    """
    r = np.asarray(residuals, float)
    if len(r) < _FEW or not np.abs(r).max() > _EXACT:
        return None
    columns = {name: np.asarray(x, float) for name, x in inputs.items()}
    mild = _clipped(r)
    looks = [
        *_along(columns, mild),
        *_within(columns, mild),
        *_bent(columns, r),
    ]
    seen = [look for look in looks if look.inflation > _INFLATION]
    if not seen:
        return None
    first = min(seen)
    if first.chance * len(looks) > _LEVEL:
        return None
    return Cluster(first.where, first.inflation)


class _Look(NamedTuple):
    """The chance of what is seen if points were independent."""

    chance: float
    where: str
    inflation: float


def _clipped(r: Array) -> Array:
    middle = np.median(r)
    scale = 1.4826 * np.median(np.abs(r - middle))
    if scale > 0:
        r = np.clip(r, middle - _CLIP * scale, middle + _CLIP * scale)
    return r - r.mean()


def _along(columns: Mapping[str, Array], r: Array) -> Iterator[_Look]:
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


def _neighbors(r: Array, pairs: Array, where: str) -> Iterator[_Look]:
    products = (r[1:] * r[:-1])[pairs]
    norm = float(np.sqrt(products @ products))
    if len(products) < _FEW - 1 or not norm > 0:
        return
    squares = float((r[1:][pairs] ** 2 + r[:-1][pairs] ** 2).sum()) / 2
    alike = float(products.sum()) / squares
    # Of a sum of an autoregression of first order.
    inflation = (1 + alike) / max(1 - alike, 1e-3)
    yield _Look(float(ndtr(-products.sum() / norm)), where, inflation)


def _within(columns: Mapping[str, Array], r: Array) -> Iterator[_Look]:
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
        yield _Look(chance, f"by {name}", total / float(variance.sum()))


def _bent(columns: Mapping[str, Array], r: Array) -> Iterator[_Look]:
    """Yield the chance that a smooth curve along an input tells as much of them.

    One wild residual bends a curve, so the curve has to show without it too.
    """
    rest = np.arange(len(r)) != np.abs(r - np.median(r)).argmax()
    for name, x in columns.items():
        if len(np.unique(x)) >= _FEW - 1:
            looks = (_curve_along(x[rows], r[rows]) for rows in (rest, rest | True))
            chance, inflation = max(looks)
            yield _Look(chance, f"along {name}", inflation)


def _curve_along(x: Array, r: Array) -> tuple[float, float]:
    values, place = np.unique(x, return_inverse=True)
    free = len(r) - 1 - _DEGREE - _CONSTANTS
    if free < _DEGREE:
        return 1.0, 1.0
    basis = legvander(2 * place / (len(values) - 1) - 1, _DEGREE)
    r = r - r.mean()
    told = np.linalg.qr(basis)[0][:, 1:].T @ r
    curve, total = float(told @ told), float(r @ r)
    rest = max(total - curve, 1e-9 * total)
    chance = fdtrc(_DEGREE, free, (curve / _DEGREE) / (rest / free))
    return float(chance), total / rest
