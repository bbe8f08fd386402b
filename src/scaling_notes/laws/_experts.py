"""Laws of mixtures of experts: loss by size, experts and their granularity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ._law import Array, Law, no_gain, vanished

__all__ = ["FineGrainedExperts", "RoutedExperts"]


@dataclass(frozen=True)
class RoutedExperts(Law):
    r"""Loss of routed models by the size of the dense part and the experts.

    .. math:: \log L = a \log N + b \log \hat E + c \log N \log \hat E + d,
        \qquad \frac{1}{\hat E} = \frac{1}{E - 1 + \left(\frac{1}{E_{start}} -
        \frac{1}{E_{max}}\right)^{-1}} + \frac{1}{E_{max}}

    Experts E beyond :math:`E_{max}` bring nothing, nor do the first few up to
    :math:`E_{start}`. Logarithms are decimal.

    Parameters
    ----------
    a, b : float or array
        Exponents of params N and of effective experts.
    c : float or array
        How the gain from experts shrinks as N grows.
    d : float or array
        Log of the loss at N = 1 with one effective expert.
    E_start, E_max : float or array
        Effective experts of one expert and of very many.

    References
    ----------
    Clark et al. 2022, arXiv:2202.01169, Eq. 1.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.published_law(sn.laws.RoutedExperts, "clark2022", "S-BASE")
    >>> round(law(params=1e8, experts=1), 2), round(law(params=1e8, experts=64), 2)
    (2.74, 2.43)
    """

    a: float | Array
    b: float | Array
    c: float | Array
    d: float | Array
    E_start: float | Array
    E_max: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("params", "experts")
    positive: ClassVar[tuple[str, ...]] = ("E_start", "E_max")

    def value(self, *inputs: Array) -> Array:
        """Return the loss at ``params, experts``."""
        params, experts = inputs
        log_n, log_e = np.log10(params), np.log10(self._effective(experts)[0])
        return np.asarray(
            10.0 ** ((self.a + self.c * log_e) * log_n + self.b * log_e + self.d)
        )

    def _effective(self, experts: Array) -> tuple[Array, Array, Array]:
        """Return the effective experts and their slopes by E_start and E_max."""
        first = 1.0 / (1.0 / self.E_start - 1.0 / self.E_max)
        many = 1.0 / (experts - 1.0 + first)
        effective = 1.0 / (many + 1.0 / self.E_max)
        # By first, which depends on both constants.
        by_first = (effective * many) ** 2
        by_start = by_first * (first / self.E_start) ** 2
        by_max = (effective / self.E_max) ** 2 - by_first * (first / self.E_max) ** 2
        return effective, by_start, by_max

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by a, b, c, d, E_start, E_max."""
        params, experts = inputs
        effective, by_start, by_max = self._effective(experts)
        log_n, log_e = np.log10(params), np.log10(effective)
        slope = self.value(params, experts) * np.log(10.0)
        by_effective = (self.b + self.c * log_n) * slope / (effective * np.log(10.0))
        return (
            slope * log_n,
            slope * log_e,
            slope * log_n * log_e,
            slope + 0.0 * log_n,
            by_effective * by_start,
            by_effective * by_max,
        )

    def doubts(self, *inputs: Array) -> list[str]:
        """Return whether the ends of the range of experts are seen."""
        _, experts = inputs
        words = []
        if self.E_max > 100.0 * np.max(experts):
            words.append(
                "E_max is a guess: the gain from experts does not level off yet."
            )
        if not self.E_start < self.E_max:
            words.append("E_start is not below E_max: experts seem to bring nothing.")
        return words

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return a grid over E_start and E_max with the best plane of log L."""
        log_n, experts = np.log10(inputs["params"]), inputs["experts"]
        target = np.log10(response)
        first, most = (
            g.ravel()
            for g in np.meshgrid(
                np.geomspace(1.0, 16.0, 7), np.max(experts) * np.geomspace(0.3, 30.0, 9)
            )
        )
        rows, cost = [], []
        for start, end in zip(first, most, strict=True):
            if start >= end:
                continue
            log_e = np.log10(cls(0, 0, 0, 0, start, end)._effective(experts)[0])
            basis = np.stack([log_n, log_e, log_n * log_e, np.ones_like(log_n)], axis=1)
            best = np.linalg.lstsq(basis, target, rcond=None)[0]
            rows.append([*best, start, end])
            cost.append(np.sum((basis @ best - target) ** 2))
        return np.array(rows)[np.argsort(cost, kind="stable")]


@dataclass(frozen=True)
class FineGrainedExperts(Law):
    r"""Loss of mixtures of experts by size, data and granularity.

    .. math:: L(N, D, G) = c + \left(\frac{g}{G^\gamma} + a\right) N^{-\alpha}
        + b D^{-\beta}

    Granularity G is how many times smaller an expert is than the layer it
    replaces.

    Parameters
    ----------
    E : float or array
        Irreducible loss, the paper's c.
    A, B : float or array
        Coefficients of size and data, the paper's a and b.
    g, gamma : float or array
        How much coarse experts cost, and how fast that falls with G.
    alpha, beta : float or array
        Exponents of params N and tokens D.

    References
    ----------
    Krajewski et al. 2024, arXiv:2402.07871; see the paper.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.published_law(
    ...     sn.laws.FineGrainedExperts, "krajewski2024", "64 experts")
    >>> round(law(params=1e9, tokens=2e10, granularity=1), 2)
    3.28
    >>> round(law(params=1e9, tokens=2e10, granularity=16), 2)
    3.12
    """

    E: float | Array
    A: float | Array
    B: float | Array
    g: float | Array
    alpha: float | Array
    beta: float | Array
    gamma: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("params", "tokens", "granularity")
    positive: ClassVar[tuple[str, ...]] = ("E", "A", "B", "g")
    linear: ClassVar[tuple[str, ...]] = ("E", "A", "B", "g")
    grid: ClassVar[Mapping[str, Array]] = {
        "alpha": np.geomspace(0.03, 1.0, 10),
        "beta": np.geomspace(0.03, 1.0, 10),
        "gamma": np.geomspace(0.1, 2.0, 8),
    }

    def value(self, *inputs: Array) -> Array:
        """Return the loss at ``params, tokens, granularity``."""
        params, tokens, granularity = inputs
        size = (self.A + self.g * granularity**-self.gamma) * params**-self.alpha
        return np.asarray(self.E + size + self.B * tokens**-self.beta)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by each constant, in order."""
        params, tokens, granularity = inputs
        by_A = params**-self.alpha
        by_B = tokens**-self.beta
        by_g = by_A * granularity**-self.gamma
        return (
            np.ones_like(by_g * by_B),
            by_A,
            by_B,
            by_g,
            -(self.A * by_A + self.g * by_g) * np.log(params),
            -self.B * by_B * np.log(tokens),
            -self.g * by_g * np.log(granularity),
        )

    def doubts(self, *inputs: Array) -> list[str]:
        """Return which terms vanish and which exponents have the wrong sign."""
        _, by_A, by_B, by_g, *_ = self.jacobian(*inputs)
        terms = {
            "E": self.E,
            "A": self.A * by_A,
            "B": self.B * by_B,
            "g": self.g * by_g,
        }
        words = list(vanished(terms, float(np.min(self.value(*inputs)))).values())
        of = {"alpha": "params", "beta": "tokens", "gamma": "granularity"}
        return words + no_gain(self, of)
