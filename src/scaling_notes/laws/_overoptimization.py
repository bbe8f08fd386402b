"""What optimizing a proxy reward does to the reward that was meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import xlogy

from ._law import Array, Domain, Law

__all__ = ["BestOfNOveroptimization", "RLOveroptimization"]


class _Overoptimization(Law):
    """A reward that rises with the distance from the first policy, and falls again."""

    alpha: float | Array
    beta: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("d",)
    response: ClassVar[str] = "reward"
    scale: ClassVar = "linear"
    domain: ClassVar[Mapping[str, Domain]] = {"d": "zero or more"}
    derived: ClassVar[tuple[str, ...]] = ("optimal_d", "optimal_reward")

    @staticmethod
    def _cost(d: Array) -> Array:
        """Return what beta is multiplied by."""
        raise NotImplementedError

    @property
    def optimal_d(self) -> Any:
        """Distance of the highest reward; infinite where it never falls."""
        raise NotImplementedError

    def value(self, *inputs: Array) -> Array:
        """Return the reward at distance ``d``."""
        (d,) = inputs
        return np.asarray(self.alpha * d - self.beta * self._cost(d))

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by alpha and beta."""
        (d,) = inputs
        return np.asarray(d), -self._cost(d)

    def doubts(self, *inputs: Array) -> list[str]:
        """Return whether the points show the reward fall."""
        (d,) = inputs
        if np.max(d) < self.optimal_d:
            return [
                "The highest reward lies beyond all points: they do not show it fall, "
                "and optimal_d is a guess."
            ]
        return []

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return the least-squares solution: the reward is linear in both."""
        d = inputs["d"]
        basis = np.stack([d, -cls._cost(d)], axis=1)
        return np.asarray(np.linalg.lstsq(basis, response, rcond=None)[0][None], float)


@dataclass(frozen=True)
class BestOfNOveroptimization(_Overoptimization):
    r"""True reward of the best of n by a proxy, against the distance of the policy.

    .. math:: R(d) = d \, (\alpha - \beta d),
        \qquad d = \sqrt{D_{KL}(\pi \,\|\, \pi_{init})}

    Best of n lies at :math:`D_{KL} = \log n - (n - 1) / n`.

    Parameters
    ----------
    alpha : float or array
        Reward per distance at the start.
    beta : float or array
        How fast the proxy loses its worth.

    References
    ----------
    Gao et al. 2022, arXiv:2210.10760; see the paper. The reward is measured from
    that of the first policy, distance in the square root of nats.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.BestOfNOveroptimization(alpha=1.2, beta=0.2)
    >>> round(law(d=2.0), 6)
    1.6
    >>> round(law.optimal_d, 6), round(law.optimal_reward, 6)
    (3.0, 1.8)
    """

    alpha: float | Array
    beta: float | Array

    @staticmethod
    def _cost(d: Array) -> Array:
        return np.asarray(d * d)

    @property
    def optimal_d(self) -> Any:
        """Distance of the highest reward; infinite where it never falls."""
        falls = np.greater(self.beta, 0)
        best = np.maximum(self.alpha, 0.0) / (2 * np.where(falls, self.beta, 1.0))
        return _plain(np.where(falls, best, np.inf))

    @property
    def optimal_reward(self) -> Any:
        """The highest reward; infinite where it never falls."""
        falls = np.isfinite(self.optimal_d)
        d = np.where(falls, self.optimal_d, 0.0)
        return _plain(np.where(falls, self.value(d), np.inf))


@dataclass(frozen=True)
class RLOveroptimization(_Overoptimization):
    r"""True reward of a policy that is trained on a proxy, against its distance.

    .. math:: R(d) = d \, (\alpha - \beta \log d),
        \qquad d = \sqrt{D_{KL}(\pi \,\|\, \pi_{init})}

    The reward at distance 0 is 0.

    Parameters
    ----------
    alpha : float or array
        Reward at distance 1.
    beta : float or array
        How fast the proxy loses its worth.

    References
    ----------
    Gao et al. 2022, arXiv:2210.10760; see the paper. The reward is measured from
    that of the first policy, distance in the square root of nats.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.RLOveroptimization(alpha=1.0, beta=0.5)
    >>> law(d=[0.0, 1.0]).tolist()
    [0.0, 1.0]
    >>> round(law.optimal_d, 3), round(law.optimal_reward, 3)
    (2.718, 1.359)
    """

    alpha: float | Array
    beta: float | Array

    @staticmethod
    def _cost(d: Array) -> Array:
        return np.asarray(xlogy(d, d))

    @property
    def optimal_d(self) -> Any:
        """Distance of the highest reward; infinite where it never falls."""
        falls = np.greater(self.beta, 0)
        # Beyond any distance that a policy could have, it would overflow.
        power = np.minimum(self.alpha / np.where(falls, self.beta, 1.0), 700.0)
        return _plain(np.where(falls, np.exp(power - 1.0), np.inf))

    @property
    def optimal_reward(self) -> Any:
        """The highest reward; infinite where it never falls."""
        falls = np.greater(self.beta, 0)
        d = np.where(falls, self.optimal_d, 0.0)
        return _plain(np.where(falls, self.beta * d, np.inf))


def _plain(values: Array) -> Any:
    """Return a plain number for one law."""
    return float(values) if values.ndim == 0 else values
