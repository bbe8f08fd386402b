"""How far vertices of parabolas may be off, by the residuals of their runs."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc, digamma, fdtrc, polygamma

from ..laws._law import Array
from ._parabola import Parabola

__all__ = ["draw_vertices", "scatter_ratio", "skew_shift"]

# Chance below which budgets are said to differ in noise, optima to scatter more.
_UNEQUAL = 0.05
_SCATTERED = 0.01
_SKEW = 0.01
_ROUNDING = 1e-6


def draw_vertices(
    parabolas: list[Parabola], n_draws: int, rng: np.random.Generator
) -> tuple[Array, np.ndarray, str]:
    """Draw the vertices as often as their runs' noise leaves them.

    Coefficients are drawn from their multivariate t distribution. The variance of
    the noise is that of all budgets together; where budgets differ by more than
    chance, each has its own, drawn toward the common one as far as they agree.

    Parameters
    ----------
    parabolas : list of Parabola
        Of k budgets, with residual degrees of freedom.
    n_draws : int
    rng : numpy.random.Generator

    Returns
    -------
    vertices : array of shape (k, n_draws)
    found : array of bool, shape (k, n_draws)
        Whether the parabola drawn has a minimum within one span of the sizes.
    how : str

    References
    ----------
    Smyth 2004, doi:10.2202/1544-6115.1027, Sec. 3 and 6.
    """
    squares = np.array([p.squares for p in parabolas])
    free = np.array([p.n - 3 for p in parabolas], float)
    prior = _prior(squares, free)
    total = free.sum()
    if prior is None:
        variance = np.full(len(free), squares.sum() / total)
        scale = np.tile(np.sqrt(total / rng.chisquare(total, n_draws)), (len(free), 1))
        how = f"t with {total:.0f} degrees of freedom"
    else:
        prior_variance, prior_free = prior
        own = prior_free + free
        variance = (prior_free * prior_variance + squares) / own
        chi = rng.chisquare(own[:, None], (len(free), n_draws))
        scale = np.sqrt(own[:, None] / chi)
        how = "t, budgets of unequal noise"
    vertices = np.empty((len(free), n_draws))
    found = np.empty(vertices.shape, bool)
    for i, p in enumerate(parabolas):
        noise = np.sqrt(variance[i]) * scale[i] * rng.standard_normal((3, n_draws))
        c, b, _ = p.coefficients[:, None] + p.root @ noise
        curved = c > 0
        vertices[i] = p.middle - b / (2 * np.where(curved, c, 1.0))
        found[i] = p.reaches(c, vertices[i])
    return vertices, found, how


def _prior(squares: Array, free: Array) -> tuple[float, float] | None:
    """Return common variance and its weight in degrees of freedom, if they differ."""
    squares, free = squares[free > 0], free[free > 0]
    pooled = squares.sum() / free.sum()
    if len(free) < 3 or pooled == 0:
        return None
    # A budget that its parabola fits by luck has no logarithm to speak of.
    logs = np.log(np.maximum(squares / free, 1e-4 * pooled))
    logs += np.log(free / 2) - digamma(free / 2)
    chance = float(np.mean(polygamma(1, free / 2)))
    ratio = float(np.var(logs, ddof=1)) / chance
    if chdtrc(len(free) - 1, (len(free) - 1) * ratio) > _UNEQUAL:
        return None
    excess = (ratio - 1) * chance
    half = brentq(lambda z: float(polygamma(1, z)) - excess, 1e-3, 1e6)
    variance = np.exp(logs.mean() + digamma(half) - np.log(half))
    return float(variance), 2 * half


def scatter_ratio(residuals: Array, free: int, vertices: Array, spare: int) -> float:
    """Return how much farther optima scatter about a power law than their errors.

    Parameters
    ----------
    residuals : array of shape (k,)
        Of log params about the power law.
    free : int
        Their degrees of freedom.
    vertices : array of shape (k, n_draws)
        From :func:`draw_vertices`.
    spare : int
        Residual degrees of freedom of the parabolas.

    Returns
    -------
    float
        Ratio of standard deviations; 1 where chance accounts for it.
    """
    low, high = np.quantile(vertices, [0.16, 0.84], axis=1)
    own = float(np.mean(((high - low) / 2) ** 2))
    # Exact runs leave residuals of rounding only.
    own = max(own, _ROUNDING**2)
    seen = float(residuals @ residuals) / max(free, 1)
    if free < 1 or fdtrc(free, spare, seen / own) > _SCATTERED:
        return 1.0
    return float(np.sqrt(seen / own))


def skew_shift(parabolas: list[Parabola], points: list[tuple[Array, Array]]) -> float:
    """Return how far vertices lie from the minima of valleys that are skew.

    A cubic term, the same at all budgets, is fitted to what the parabolas leave.

    Parameters
    ----------
    parabolas : list of Parabola
        Of k budgets.
    points : list of k pairs of arrays
        Log params and loss of the runs of each.

    Returns
    -------
    float
        Mean shift in log params; 0 where chance accounts for the cubic term.
    """
    cubics, products, squares = [], 0.0, 0.0
    for p, (x, loss) in zip(parabolas, points, strict=True):
        powers = np.vander(x - p.middle, 4)
        taken = np.linalg.lstsq(powers[:, 1:], powers[:, 0], rcond=None)[0]
        left = powers[:, 0] - powers[:, 1:] @ taken
        products += float(left @ (loss - p.value(x)))
        squares += float(left @ left)
        cubics.append(np.array([1.0, *-taken]))
    free = sum(p.n - 3 for p in parabolas) - 1
    if free < 1 or squares == 0:
        return 0.0
    term = products / squares
    explained = term * products
    noise = max(sum(p.squares for p in parabolas) - explained, 0.0) / free
    if noise > 0 and fdtrc(1, free, explained / noise) > _SKEW:
        return 0.0
    slopes = [
        np.polyval(np.polyder(c), p.vertex - p.middle)
        for c, p in zip(cubics, parabolas, strict=True)
    ]
    curvatures = np.array([p.coefficients[0] for p in parabolas])
    return float(np.mean(term * np.array(slopes) / (2 * curvatures)))
