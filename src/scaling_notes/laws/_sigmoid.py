"""Scores that climb from a start to a ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ._law import Array, Domain, Law

__all__ = ["ExponentialApproach", "Sigmoid", "StepSigmoid"]

# Stands for the logarithm of zero: so low that every climb is yet to come, and
# finite, so that nothing times it is nothing.
_LOG_ZERO = -1e6


def _log(x: Array) -> Array:
    if np.all(x > 0):
        return np.asarray(np.log(x))
    return np.log(x, where=x > 0, out=np.full(np.shape(x), _LOG_ZERO))


@dataclass(frozen=True)
class Sigmoid(Law):
    r"""A score that climbs from a start to a ceiling as compute grows.

    .. math:: R(C) = R_0 + \frac{A - R_0}{1 + (C_{mid} / C)^B}

    Half of the climb is done at :math:`C_{mid}`, and at zero none of it. The input
    x is compute, or
    steps of a run of one size: what matters is its logarithm.

    Parameters
    ----------
    R_0 : float or array
        Score before the climb.
    A : float or array
        The ceiling.
    B : float or array
        How steep the climb is.
    C_mid : float or array
        Where half of it is done, in the unit of x.

    References
    ----------
    Khatri et al. 2025, arXiv:2510.13786, Eq. 1.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.Sigmoid(R_0=0.2, A=0.6, B=2.0, C_mid=1000.0)
    >>> round(law(x=1000), 3), round(law(x=3000), 3)
    (0.4, 0.56)
    """

    R_0: float | Array
    A: float | Array
    B: float | Array
    C_mid: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("x",)
    response: ClassVar[str] = "score"
    scale: ClassVar = "linear"
    domain: ClassVar[Mapping[str, Domain]] = {
        "x": "zero or more",
        "score": "a share from 0 to 1",
    }
    positive: ClassVar[tuple[str, ...]] = ("B", "C_mid")

    def value(self, *inputs: Array) -> Array:
        """Return the score at ``x``."""
        return np.asarray(self.R_0 + (self.A - self.R_0) * self._done(*inputs))

    def _done(self, *inputs: Array) -> Array:
        """Return the share of the climb that is done."""
        # By tanh, which cannot overflow.
        (x,) = inputs
        return 0.5 + 0.5 * np.tanh(0.5 * self.B * (_log(x) - np.log(self.C_mid)))

    def differentiate(self, *inputs: Array) -> tuple[Array, tuple[Array, ...]]:
        """Return the score and its partial derivatives by R_0, A, B, C_mid."""
        (x,) = inputs
        away = _log(x) - np.log(self.C_mid)
        done = np.tanh(0.5 * self.B * away)
        done *= 0.5
        done += 0.5
        rest = 1.0 - done
        climb = np.subtract(self.A, self.R_0)
        slope = done * rest
        slope *= climb
        by_B = slope * away
        slope *= -self.B / self.C_mid
        return self.R_0 + climb * done, (rest, done, by_B, slope)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by R_0, A, B, C_mid."""
        return self.differentiate(*inputs)[1]

    def doubts(self, *inputs: Array) -> list[str]:
        """Return which end of the climb the points do not show."""
        return unseen(self.R_0, self.A, self._done(*inputs), "B and C_mid")

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return a grid over B and C_mid, each node with its best R_0 and A."""
        x = inputs["x"]
        log_x = np.log(x[x > 0]) if (x > 0).any() else np.zeros(1)
        low, high = log_x.min(), log_x.max()
        reach = high - low or 1.0
        steep = np.geomspace(1.0, 60.0, 16) / reach
        middle = np.exp(np.linspace(low - 0.3 * reach, high + 0.3 * reach, 24))
        nodes = np.ones((len(steep) * len(middle), 4))
        nodes[:, 2] = np.repeat(steep, len(middle))
        nodes[:, 3] = np.tile(middle, len(steep))
        done = cls.from_array(nodes).over()._done(x)
        nodes[:, :2], cost = ends(1.0 - done, done, response)
        return nodes[np.argsort(cost, kind="stable")]


@dataclass(frozen=True)
class StepSigmoid(Law):
    r"""A score that climbs from a start to a ceiling, in steps and not in their log.

    .. math:: R(t) = R_0 + \frac{A - R_0}{1 + e^{-k (t - t_{mid})}}

    Parameters
    ----------
    R_0 : float or array
        Score before the climb.
    A : float or array
        The ceiling.
    k : float or array
        How steep the climb is, per step.
    t_mid : float or array
        The step at which half of it is done.

    See Also
    --------
    Sigmoid : the same in the logarithm of x, which has a longer tail.

    References
    ----------
    Verhulst 1838, the logistic function.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.StepSigmoid(R_0=0.2, A=0.6, k=0.02, t_mid=200.0)
    >>> round(law(x=200), 3), round(law(x=400), 3)
    (0.4, 0.593)
    """

    R_0: float | Array
    A: float | Array
    k: float | Array
    t_mid: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("x",)
    response: ClassVar[str] = "score"
    scale: ClassVar = "linear"
    domain: ClassVar[Mapping[str, Domain]] = {
        "x": "zero or more",
        "score": "a share from 0 to 1",
    }
    positive: ClassVar[tuple[str, ...]] = ("k",)

    def value(self, *inputs: Array) -> Array:
        """Return the score at step ``x``."""
        return np.asarray(self.R_0 + (self.A - self.R_0) * self._done(*inputs))

    def _done(self, *inputs: Array) -> Array:
        """Return the share of the climb that is done."""
        (x,) = inputs
        return 0.5 + 0.5 * np.tanh(0.5 * self.k * (x - self.t_mid))

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by R_0, A, k, t_mid."""
        (x,) = inputs
        done = self._done(x)
        slope = (self.A - self.R_0) * done * (1.0 - done)
        return 1.0 - done, done, slope * (x - self.t_mid), -slope * self.k

    def doubts(self, *inputs: Array) -> list[str]:
        """Return which end of the climb the points do not show."""
        return unseen(self.R_0, self.A, self._done(*inputs), "k and t_mid")

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return a grid over k and t_mid, each node with its best R_0 and A."""
        x = inputs["x"]
        low, reach = x.min(), np.ptp(x)
        steep = np.geomspace(1.0, 60.0, 16) / reach
        middle = low + np.linspace(-0.3, 1.3, 24) * reach
        nodes = np.ones((len(steep) * len(middle), 4))
        nodes[:, 2] = np.repeat(steep, len(middle))
        nodes[:, 3] = np.tile(middle, len(steep))
        done = cls.from_array(nodes).over()._done(x)
        nodes[:, :2], cost = ends(1.0 - done, done, response)
        return nodes[np.argsort(cost, kind="stable")]


@dataclass(frozen=True)
class ExponentialApproach(Law):
    r"""A score that comes nearer to its ceiling by an equal share with every step.

    .. math:: R(t) = A - (A - R_0) \, e^{-t / \tau}

    It climbs fastest at the start; for a curve that first climbs slowly there is
    :class:`StepSigmoid`.

    Parameters
    ----------
    R_0 : float or array
        Score at step 0.
    A : float or array
        The ceiling.
    tau : float or array
        Steps in which what is left to climb shrinks by the factor e.

    References
    ----------
    Heathcote et al. 2000, doi:10.3758/BF03212979, the exponential law of practice;
    see the paper.

    Examples
    --------
    >>> import numpy as np
    >>> import scaling_notes as sn
    >>> law = sn.laws.ExponentialApproach(R_0=0.2, A=0.6, tau=100.0)
    >>> law(x=[0.0, 100 * np.log(4)]).round(3)
    array([0.2, 0.5])
    """

    R_0: float | Array
    A: float | Array
    tau: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("x",)
    response: ClassVar[str] = "score"
    scale: ClassVar = "linear"
    domain: ClassVar[Mapping[str, Domain]] = {"x": "zero or more"}
    positive: ClassVar[tuple[str, ...]] = ("tau",)

    def value(self, *inputs: Array) -> Array:
        """Return the score at step ``x``."""
        (x,) = inputs
        return np.asarray(self.A - (self.A - self.R_0) * np.exp(-x / self.tau))

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by R_0, A, tau."""
        (x,) = inputs
        away = x / self.tau
        left = np.exp(-away)
        by_tau = -(self.A - self.R_0) * left * away / self.tau
        return left, -np.expm1(-away), by_tau

    def doubts(self, *inputs: Array) -> list[str]:
        """Return which end of the climb the points do not show."""
        (x,) = inputs
        return unseen(self.R_0, self.A, -np.expm1(-x / self.tau), "tau")

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return a grid over tau, each node with its best R_0 and A."""
        x = inputs["x"]
        nodes = np.ones((80, 3))
        nodes[:, 2] = np.geomspace(0.002, 50.0, len(nodes)) * x.max()
        left = np.exp(-x / nodes[:, 2:])
        nodes[:, :2], cost = ends(left, 1.0 - left, response)
        return nodes[np.argsort(cost, kind="stable")]


def unseen(start: Any, ceiling: Any, done: Array, shape: str) -> list[str]:
    """Return which end of a climb the points do not show."""
    climb = abs(float(np.subtract(ceiling, start)))
    if climb <= 1e-6 * max(abs(float(ceiling)), abs(float(start))):
        return [f"A equals R_0: the scores do not climb, and do not show {shape}."]
    words = []
    between = ((done > 1e-3) & (done < 1 - 1e-3)).any()
    if done.min() < 0.5 < done.max() and not between:
        words.append(
            f"{shape} are guesses: no point lies on the climb, only before and "
            "after it. Add points between."
        )
    if done.min() > 0.5:
        words.append(
            "R_0 is a guess: all points lie above the middle of the climb. "
            "Fix R_0 at the score before training."
        )
    if done.max() < 0.5:
        words.append(
            "A is a guess: all points lie below the middle of the climb, so the "
            "ceiling is not in sight."
        )
    return words


def ends(first: Array, second: Array, response: Array) -> tuple[Array, Array]:
    """Return the least-squares weights of two shapes, and the sums of squares.

    Parameters
    ----------
    first, second : array of shape (m, n)
    response : array of shape (n,)

    Returns
    -------
    weights : array of shape (m, 2)
    cost : array of shape (m,)
    """
    basis = np.stack([first, second], axis=1)
    gram = basis @ basis.transpose(0, 2, 1)
    # A little ridge: where the two shapes are one, any split of them will do.
    gram += 1e-10 * np.einsum("mii->m", gram)[:, None, None] * np.eye(2)
    weights = np.linalg.solve(gram, (basis @ response)[..., None])[..., 0]
    left = response - np.einsum("mq,mqn->mn", weights, basis)
    return np.asarray(weights), np.sum(left * left, axis=1)
