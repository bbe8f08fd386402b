"""Laws of test time: coverage against samples, accuracy against tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import psi

from ._gamma import complement, log_beta_ratio
from ._law import Array, Law

__all__ = ["BetaCoverage", "DoublingGain", "ExponentiatedPowerLaw", "LogLinear"]


@dataclass(frozen=True)
class ExponentiatedPowerLaw(Law):
    r"""Coverage as the exponential of a power of the number of samples.

    .. math:: c(k) = \exp(a k^b)

    Both constants are negative where more samples help. Residuals are measured
    on the scale of :math:`\log(-\log c)`, where the law is a straight line in
    log k: the fit is unique.

    Parameters
    ----------
    a : float or array
        Log of the coverage at one sample.
    b : float or array
        Exponent of the samples.

    References
    ----------
    Brown et al. 2024, arXiv:2407.21787, Eq. 3.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.ExponentiatedPowerLaw(a=-1.33, b=-0.43)
    >>> round(law(k=100), 3), round(law(k=10_000), 3)
    (0.832, 0.975)
    """

    a: float | Array
    b: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("k",)
    response: ClassVar[str] = "pass_at_k"
    scale: ClassVar = "loglog"

    def value(self, *inputs: Array) -> Array:
        """Return the coverage of ``k`` samples."""
        (k,) = inputs
        return np.exp(self.a * k**self.b)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by a and b."""
        (k,) = inputs
        power = k**self.b
        coverage = np.exp(self.a * power)
        return coverage * power, coverage * self.a * power * np.log(k)

    def doubts(self, *inputs: Array) -> list[str]:
        """Return whether more samples would lower the coverage."""
        if self.b < 0:
            return []
        return ["b is not negative: the points show no gain from more samples."]

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return the least-squares line of log(-log coverage) in log k."""
        x, y = np.log(inputs["k"]), np.log(-np.log(response))
        away = x - x.mean()
        b = (away @ y) / (away @ away)
        return np.array([[-np.exp(y.mean() - b * x.mean()), b]])


@dataclass(frozen=True)
class BetaCoverage(Law):
    r"""Coverage of problems whose pass rates follow a beta law.

    .. math:: c(k) = 1 - \frac{B(\alpha, \beta + k)}{B(\alpha, \beta)},
        \qquad m = \frac{\alpha}{\alpha + \beta}

    In the end failure falls as :math:`k^{-\alpha}`. For the curve of pass@k
    alone; where the counts of each problem are known, ``fit_beta_binomial`` uses
    more of what they say.

    Parameters
    ----------
    mean : float or array
        Mean pass rate m, the coverage of one sample.
    alpha : float or array
        Shape of the law near a pass rate of zero.

    References
    ----------
    Schaeffer et al. 2025, arXiv:2502.17578.

    Examples
    --------
    >>> import numpy as np
    >>> import scaling_notes as sn
    >>> law = sn.laws.BetaCoverage(mean=0.2, alpha=0.25)
    >>> law(k=[1, 10, 1000]).round(3)
    array([0.2  , 0.498, 0.839])
    """

    mean: float | Array
    alpha: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("k",)
    response: ClassVar[str] = "pass_at_k"
    scale: ClassVar = "loglog"
    positive: ClassVar[tuple[str, ...]] = ("mean", "alpha")

    @property
    def beta(self) -> float | Array:
        """Shape of the law near a pass rate of one."""
        return self.alpha * (1 - self.mean) / self.mean

    def value(self, *inputs: Array) -> Array:
        """Return the coverage of ``k`` samples."""
        (k,) = inputs
        inside = np.less(self.mean, 1)
        beta = np.where(inside, self.beta, 1.0)
        coverage = complement(log_beta_ratio(self.alpha, beta, k))
        return np.where(inside, coverage, np.nan)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by mean and alpha."""
        (k,) = inputs
        total = self.alpha + self.beta
        failure = 1 - self.value(k)
        common = psi(total) - psi(total + k)
        by_beta = common + psi(self.beta + k) - psi(self.beta)
        by_alpha = common + by_beta * (1 - self.mean) / self.mean
        by_mean = -by_beta * self.alpha / self.mean**2
        return -failure * by_mean, -failure * by_alpha

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return a grid of alpha, with the coverage at the fewest samples as mean."""
        k = inputs["k"]
        first = float(response[k.argmin()])
        # Each of k samples brings at most the gain of the first.
        means = first / np.array([1.0, k.min() ** 0.5, k.min()])
        alphas = np.geomspace(0.003, 3, 13)
        nodes = np.array([(m, a) for m in np.unique(means) for a in alphas])
        tried = cls.from_array(nodes).over().value(k)
        away = np.log(-np.log(tried)) - np.log(-np.log(response))
        return nodes[np.argsort((away**2).sum(axis=1), kind="stable")]


@dataclass(frozen=True)
class LogLinear(Law):
    r"""A score that rises by the same amount with every tenfold of its input.

    .. math:: y(x) = i + s \log_{10} x

    A description over a few decades, not a law that could hold for ever: scores
    end at one.

    Parameters
    ----------
    intercept : float or array
        Score at x = 1.
    slope : float or array
        Gain for each tenfold.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> tokens, accuracy = [1e3, 1e4, 1e5], [0.31, 0.52, 0.69]
    >>> fit = sn.fit_law(sn.laws.LogLinear, tokens, accuracy)
    >>> round(fit["slope"], 2)
    0.19
    """

    intercept: float | Array
    slope: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("x",)
    response: ClassVar[str] = "score"
    scale: ClassVar = "linear"

    def value(self, *inputs: Array) -> Array:
        """Return the score at ``x``."""
        (x,) = inputs
        return np.asarray(self.intercept + self.slope * np.log10(x))

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by intercept and slope."""
        (x,) = inputs
        by_slope = np.log10(x)
        return np.ones_like(by_slope), by_slope

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return the least-squares line."""
        x = np.log10(inputs["x"])
        away = x - x.mean()
        slope = (away @ response) / (away @ away)
        return np.array([[response.mean() - slope * x.mean(), slope]])


@dataclass(frozen=True)
class DoublingGain(Law):
    r"""What one more doubling of search adds, after some doublings.

    .. math:: g(x) = \frac{a}{1 + b x^c}

    What all doublings to come add is a sum, finite if c is above one.

    Parameters
    ----------
    a : float or array
        Gain before the first doubling.
    b : float or array
        How soon it fades.
    c : float or array
        Exponent of its fall.

    References
    ----------
    Laskos 2013, TalkChess, "Scaling at 2x nodes".

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.DoublingGain(a=320.0, b=0.06, c=1.6)
    >>> law(doublings=[1, 12]).round()
    array([302.,  76.])
    """

    a: float | Array
    b: float | Array
    c: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("doublings",)
    response: ClassVar[str] = "gain"
    scale: ClassVar = "linear"
    positive: ClassVar[tuple[str, ...]] = ("a", "b", "c")
    linear: ClassVar[tuple[str, ...]] = ("a",)
    grid: ClassVar[Mapping[str, Array]] = {
        "b": np.geomspace(1e-4, 10.0, 41),
        "c": np.geomspace(0.2, 5.0, 25),
    }

    def value(self, *inputs: Array) -> Array:
        """Return the gain of the doubling numbered ``doublings``."""
        (x,) = inputs
        return np.asarray(self.a / (1 + self.b * x**self.c))

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by a, b and c."""
        (x,) = inputs
        power = x**self.c
        share = 1 / (1 + self.b * power)
        by_b = -self.a * power * share**2
        return share, by_b, by_b * self.b * np.log(x)

    def rest(self, doublings: int) -> float | Array:
        """Return what all doublings after some number of them add together.

        Parameters
        ----------
        doublings : int
            The last that is not counted.

        Returns
        -------
        float or array
            Infinite where c is one or less.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> law = sn.laws.DoublingGain(a=320.0, b=0.06, c=1.6)
        >>> round(law.rest(12), -1)
        1820.0
        """
        x = np.arange(doublings + 1.0, doublings + 2001.0)
        law = self.over()
        near = law.value(x).sum(axis=-1)
        # Beyond, the sum is an integral over the middles, and b x^c is far above one.
        end = x[-1] + 0.5
        a, b, c = (np.asarray(v, float) for v in (self.a, self.b, self.c))
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = b * end**c
            far = a * end / reach * (1 / (c - 1) - 1 / reach / (2 * c - 1))
        total = np.where(c > 1, near + far, np.inf)
        return float(total) if total.ndim == 0 else total
