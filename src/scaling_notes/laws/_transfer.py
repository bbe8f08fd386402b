"""Laws of building on another model: transfer and fine-tuning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ._hyperparameters import log_plane
from ._law import Array, Law, no_gain, vanished

__all__ = ["EffectiveData", "FineTuning"]


@dataclass(frozen=True)
class EffectiveData(Law):
    r"""Data that pretraining is worth to a model tuned on little.

    .. math:: D_T(D_F, N) = k D_F^{\alpha} N^{\beta}

    Training from scratch would need :math:`D_F + D_T` to reach the same loss.
    Seen to hold while :math:`D_F` is at most a tenth of that.

    Parameters
    ----------
    k : float or array
        Data transferred at :math:`D_F = N = 1`, in the unit of the data.
    alpha, beta : float or array
        Exponents of fine-tuning data and of params.

    References
    ----------
    Hernandez et al. 2021, arXiv:2102.01293, Eq. 1.1. Data in characters, params
    non-embedding.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.EffectiveData(k=1.9e4, alpha=0.18, beta=0.38)
    >>> f"{law(tuning_data=3e5, params=4e7):.2g} characters"
    '1.4e+08 characters'
    """

    k: float | Array
    alpha: float | Array
    beta: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("tuning_data", "params")
    response: ClassVar[str] = "transferred_data"
    positive: ClassVar[tuple[str, ...]] = ("k",)

    def value(self, *inputs: Array) -> Array:
        """Return the data transferred at ``tuning_data, params``."""
        data, params = inputs
        return np.asarray(self.k * data**self.alpha * params**self.beta)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by k, alpha, beta."""
        data, params = inputs
        unit = data**self.alpha * params**self.beta
        return unit, self.k * unit * np.log(data), self.k * unit * np.log(params)

    def multiplier(self, tuning_data: Array, params: Array) -> Array:
        """Return how many times more data training from scratch would need."""
        return np.asarray(1.0 + self.value(tuning_data, params) / tuning_data)

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return the least-squares plane of the logs."""
        return log_plane([inputs[name] for name in cls.inputs], response)


@dataclass(frozen=True)
class FineTuning(Law):
    r"""Loss after fine-tuning, a product of two powers.

    .. math:: L(X, D_f) = A X^{-\alpha} D_f^{-\beta} + E

    X is one factor: the size of the model, its pretraining tokens, or the
    params that are tuned.

    Parameters
    ----------
    E : float or array
        Irreducible loss, shared by all factors.
    A : float or array
        Coefficient.
    alpha, beta : float or array
        Exponents of the factor and of fine-tuning examples.

    References
    ----------
    Zhang et al. 2024, arXiv:2402.17193, Eq. 1.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.FineTuning(E=0.5, A=16.0, alpha=0.25, beta=0.5)
    >>> round(law(factor=1e8, examples=1e4), 6)
    0.5016
    """

    E: float | Array
    A: float | Array
    alpha: float | Array
    beta: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("factor", "examples")
    positive: ClassVar[tuple[str, ...]] = ("E", "A")
    linear: ClassVar[tuple[str, ...]] = ("E", "A")
    grid: ClassVar[Mapping[str, Array]] = {
        "alpha": np.concatenate([[0.0], np.geomspace(0.005, 0.8, 24)]),
        "beta": np.concatenate([[0.0], np.geomspace(0.005, 0.8, 24)]),
    }

    def value(self, *inputs: Array) -> Array:
        """Return the loss at ``factor, examples``."""
        factor, examples = inputs
        return np.asarray(self.E + self.A * factor**-self.alpha * examples**-self.beta)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by E, A, alpha, beta."""
        factor, examples = inputs
        unit = factor**-self.alpha * examples**-self.beta
        term = self.A * unit
        return (
            np.ones_like(unit),
            unit,
            -term * np.log(factor),
            -term * np.log(examples),
        )

    def doubts(self, *inputs: Array) -> list[str]:
        """Return which terms vanish and which exponents have the wrong sign."""
        _, by_A, *_ = self.jacobian(*inputs)
        terms = {"E": self.E, "A": self.A * by_A}
        words = list(vanished(terms, float(np.min(self.value(*inputs)))).values())
        return words + no_gain(self, {"alpha": "of the factor", "beta": "examples"})
