"""Laws of one input, for any quantity that falls or rises with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ._law import Array, Law, vanished

__all__ = ["PowerLaw", "PurePowerLaw"]


@dataclass(frozen=True)
class PurePowerLaw(Law):
    r"""A power law: a straight line where both axes are logarithmic.

    .. math:: y(x) = A x^{-\alpha}

    Parameters
    ----------
    A : float or array
        Value at x = 1.
    alpha : float or array
        Exponent; negative where y rises.

    References
    ----------
    Kaplan et al. 2020, arXiv:2001.08361, Eqs. 1.1 to 1.3, with
    :math:`A = x_c^{\alpha}`.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.PurePowerLaw(A=8.0, alpha=0.5)
    >>> law(x=4)
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
    Henighan et al. 2020, arXiv:2010.14701, Eq. 1.1.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.PowerLaw(E=1.0, A=8.0, alpha=0.5)
    >>> law(x=4)
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
        words = list(vanished(terms, least).values())
        if not words and self.alpha <= 0:
            words = ["alpha is not positive: y rises with x, and E is no floor."]
        return words
