"""Laws of one input, for any quantity that falls or rises with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ._law import Array, Law, softplus, vanished

__all__ = ["BrokenPowerLaw", "PowerLaw", "PurePowerLaw"]


@dataclass(frozen=True)
class PurePowerLaw(Law):
    r"""A power law: a straight line where both axes are logarithmic.

    .. math:: y(x) = A x^{-\alpha}

    Loss far above its floor follows it, and so does what quantization costs at a
    given number of bits, by model size.

    Parameters
    ----------
    A : float or array
        Value at x = 1.
    alpha : float or array
        Exponent; negative where y rises.

    References
    ----------
    Kaplan et al. 2020, arXiv:2001.08361, Eqs. 1.1 to 1.3, with
    :math:`A = x_c^{\alpha}`; Kumar et al. 2024, arXiv:2411.04330, Eq. 2, at one
    number of tokens and bits.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.PurePowerLaw(A=8.0, alpha=0.5)
    >>> round(law(x=4), 6)
    4.0
    """

    A: float | Array
    alpha: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("x",)
    response: ClassVar[str] = "y"
    positive: ClassVar[tuple[str, ...]] = ("A",)

    def value(self, *inputs: Array) -> Array:
        """Return y at ``x``."""
        (x,) = inputs
        return np.asarray(self.A * x**-self.alpha)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by A and alpha."""
        (x,) = inputs
        power = x**-self.alpha
        return power, -self.A * power * np.log(x)

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return the least-squares line of log y in log x."""
        x, y = np.log(inputs["x"]), np.log(response)
        away = x - x.mean()
        alpha = -(away @ y) / (away @ away)
        return np.array([[np.exp(y.mean() + alpha * x.mean()), alpha]])


@dataclass(frozen=True)
class PowerLaw(Law):
    r"""A power law down to a floor that no x removes.

    .. math:: y(x) = E + A x^{-\alpha}

    Parameters
    ----------
    E : float or array
        The floor.
    A : float or array
        How far y(1) is above the floor.
    alpha : float or array
        Exponent.

    References
    ----------
    Henighan et al. 2020, arXiv:2010.14701; see the paper.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.PowerLaw(E=1.0, A=8.0, alpha=0.5)
    >>> round(law(x=4), 6)
    5.0
    """

    E: float | Array
    A: float | Array
    alpha: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("x",)
    response: ClassVar[str] = "y"
    positive: ClassVar[tuple[str, ...]] = ("E", "A")
    linear: ClassVar[tuple[str, ...]] = ("E", "A")
    grid: ClassVar[Mapping[str, Array]] = {"alpha": np.geomspace(0.01, 4.0, 120)}

    def value(self, *inputs: Array) -> Array:
        """Return y at ``x``."""
        (x,) = inputs
        return np.asarray(self.E + self.A * x**-self.alpha)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by E, A and alpha."""
        (x,) = inputs
        power = x**-self.alpha
        return np.ones_like(power), power, -self.A * power * np.log(x)

    def doubts(self, *inputs: Array) -> list[str]:
        """Return which term vanishes, and whether y rises with x."""
        (x,) = inputs
        least = float(np.min(self.value(x)))
        terms = {"E": self.E, "A": self.A * x**-self.alpha}
        simpler = {"E": "PurePowerLaw, which has no floor"}
        words = list(vanished(terms, least, simpler).values())
        if not words and self.alpha <= 0:
            words = ["alpha is not positive: y rises with x, and E is no floor."]
        return words


@dataclass(frozen=True)
class BrokenPowerLaw(Law):
    r"""A power law whose exponent changes once, smoothly.

    .. math:: y(x) = a + b x^{-c_0}
        \left(1 + (x / d_1)^{1 / f_1}\right)^{-c_1 f_1}

    The exponent is :math:`c_0` well before the break at :math:`d_1` and
    :math:`c_0 + c_1` well after it; the turn is the wider the larger
    :math:`f_1`.

    Parameters
    ----------
    a : float or array
        The floor.
    b : float or array
        Coefficient before the break.
    c_0 : float or array
        Exponent before the break.
    c_1 : float or array
        What the break adds to it.
    d_1 : float or array
        Where the break is.
    f_1 : float or array
        How wide it is, in units of log x.

    References
    ----------
    Caballero et al. 2022, arXiv:2210.14891, Eq. 1 with one break.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.BrokenPowerLaw(a=0.0, b=2.0, c_0=0.0, c_1=1.0, d_1=100.0, f_1=1.0)
    >>> round(law(x=100), 3), round(law(x=9900), 3)
    (1.0, 0.02)
    """

    a: float | Array
    b: float | Array
    c_0: float | Array
    c_1: float | Array
    d_1: float | Array
    f_1: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("x",)
    response: ClassVar[str] = "y"
    positive: ClassVar[tuple[str, ...]] = ("a", "b", "d_1", "f_1")

    def value(self, *inputs: Array) -> Array:
        """Return y at ``x``."""
        return self.differentiate(*inputs)[0]

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by a, b, c_0, c_1, d_1, f_1."""
        return self.differentiate(*inputs)[1]

    def differentiate(self, *inputs: Array) -> tuple[Array, tuple[Array, ...]]:
        """Return y and its partial derivatives by a, b, c_0, c_1, d_1, f_1."""
        (x,) = inputs
        log_x = np.log(x)
        away = (log_x - np.log(self.d_1)) / self.f_1
        turned, past = softplus(away)
        log_turn = turned * self.f_1
        power = np.exp(-self.c_0 * log_x - self.c_1 * log_turn)
        term = self.b * power
        by_break = term * past
        by_break *= self.c_1 / self.d_1
        by_width = (away * past - turned) * term
        by_width *= self.c_1
        return self.a + term, (
            np.ones_like(power),
            power,
            -term * log_x,
            -term * log_turn,
            by_break,
            by_width,
        )

    def doubts(self, *inputs: Array) -> list[str]:
        """Return whether the break or the floor is seen by the points."""
        (x,) = inputs
        words = list(vanished({"a": self.a}, float(np.min(self.value(x)))).values())
        if not np.min(x) < self.d_1 < np.max(x):
            words.append(
                "The break d_1 lies outside the points: they show one exponent only. "
                "Use PowerLaw."
            )
        return words

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return a grid over exponents, break and width, with the best a and b."""
        order = np.argsort(inputs["x"], kind="stable")
        # Starts need the shape alone: a part of many points will do.
        part = order[:: max(1, len(order) // 100)]
        x, y = inputs["x"][part], response[part]
        low, high = np.log(x[0]), np.log(x[-1])
        slopes = np.concatenate([[-0.3, 0.0], np.geomspace(0.03, 6.0, 9)])
        breaks = np.exp(np.linspace(low, high, 12)[1:-1])
        widths = np.array([0.01, 0.05, 0.15, 0.4]) * (high - low)
        first, last, at, wide = (
            g.ravel() for g in np.meshgrid(slopes, slopes, breaks, widths)
        )
        one = np.ones_like(first)
        nodes = np.stack([0 * one, one, first, last - first, at, wide], axis=1)
        nodes = nodes[first != last]
        power = cls.from_array(nodes).over().value(x)
        nodes[:, :2], cost = cls.project(
            np.stack([np.ones_like(power), power], axis=1), y
        )
        return nodes[np.argsort(cost, kind="stable")]
