"""Laws of size and data together, other than Chinchilla's own form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ._chinchilla import SIMPLER, Chinchilla, SizeAndData
from ._law import Array, Law, no_gain, vanished

__all__ = ["KaplanJoint", "OuterExponent", "OverTraining", "SharedExponent"]


@dataclass(frozen=True)
class SharedExponent(SizeAndData):
    r"""Chinchilla's law with one exponent for size and data.

    .. math:: L(N, D) = E + A N^{-\alpha} + B D^{-\alpha}

    Then params and tokens both grow as the square root of compute.

    Parameters
    ----------
    E, A, B : float or array
        As in :class:`Chinchilla`.
    alpha : float or array
        The exponent of both.

    References
    ----------
    Muennighoff et al. 2023, arXiv:2305.16264, App. A, fit Chinchilla's law so.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.SharedExponent(E=1.0, A=100.0, B=400.0, alpha=0.5)
    >>> round(law(params=1e4, tokens=1e6), 6)
    2.4
    >>> best = law.optimum(flops=6e20)
    >>> round(best.tokens / best.params, 6)
    16.0
    """

    E: float | Array
    A: float | Array
    B: float | Array
    alpha: float | Array

    positive: ClassVar[tuple[str, ...]] = ("E", "A", "B")
    linear: ClassVar[tuple[str, ...]] = ("E", "A", "B")
    grid: ClassVar[Mapping[str, Array]] = {"alpha": np.geomspace(0.02, 1.5, 60)}

    @property
    def chinchilla(self) -> Chinchilla:
        """The same law in Chinchilla's form."""
        return Chinchilla(self.E, self.A, self.B, self.alpha, self.alpha)

    def value(self, *inputs: Array) -> Array:
        """Return the loss at ``params, tokens``."""
        return self.chinchilla.value(*inputs)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by E, A, B, alpha."""
        *others, by_alpha, by_beta = self.chinchilla.jacobian(*inputs)
        return (*others, by_alpha + by_beta)

    def doubts(self, *inputs: Array) -> list[str]:
        """Return which terms vanish, and whether the exponent has the wrong sign."""
        params, tokens = inputs
        terms = {
            "E": self.E,
            "A": self.A * params**-self.alpha,
            "B": self.B * tokens**-self.alpha,
        }
        least = float(np.min(self.value(*inputs)))
        words = list(vanished(terms, least, SIMPLER).values())
        return words + no_gain(self, {"alpha": "params and tokens"})


@dataclass(frozen=True)
class KaplanJoint(SizeAndData):
    r"""Loss by size and data, with no irreducible part.

    .. math:: L(N, D) = \left[(N_c / N)^{\alpha_N / \alpha_D}
        + D_c / D\right]^{\alpha_D}

    Parameters
    ----------
    alpha_N, alpha_D : float or array
        Exponents of params N and tokens D where the other is plentiful.
    N_c, D_c : float or array
        Size and data at which the loss of each alone would be one.

    References
    ----------
    Kaplan et al. 2020, arXiv:2001.08361, Eq. 1.5. Params are non-embedding.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.KaplanJoint(alpha_N=0.076, alpha_D=0.103, N_c=6.4e13, D_c=1.8e13)
    >>> round(law(params=1e9, tokens=2.2e10), 2)
    2.37
    """

    alpha_N: float | Array
    alpha_D: float | Array
    N_c: float | Array
    D_c: float | Array

    positive: ClassVar[tuple[str, ...]] = ("alpha_N", "alpha_D", "N_c", "D_c")

    @property
    def chinchilla(self) -> Chinchilla:
        """The bracket; the loss is a power of it, so it is least where that is."""
        ratio = self.alpha_N / self.alpha_D
        return Chinchilla(0.0, self.N_c**ratio, self.D_c, ratio, 1.0)

    def _terms(self, *inputs: Array) -> tuple[Array, Array, Array]:
        """Return log(N_c / N) and the two terms of the bracket."""
        params, tokens = inputs
        away = np.log(self.N_c) - np.log(params)
        return away, np.exp(away * (self.alpha_N / self.alpha_D)), self.D_c / tokens

    def value(self, *inputs: Array) -> Array:
        """Return the loss at ``params, tokens``."""
        _, of_size, of_data = self._terms(*inputs)
        return np.asarray((of_size + of_data) ** self.alpha_D)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by alpha_N, alpha_D, N_c, D_c."""
        away, of_size, of_data = self._terms(*inputs)
        both = of_size + of_data
        loss = both**self.alpha_D
        share = of_size / both
        by_alpha_N = loss * share * away
        return (
            by_alpha_N,
            loss * np.log(both) - by_alpha_N * (self.alpha_N / self.alpha_D),
            loss * share * (self.alpha_N / self.N_c),
            loss * (1.0 - share) * (self.alpha_D / self.D_c),
        )

    def doubts(self, *inputs: Array) -> list[str]:
        """Return which of size and data the loss does not show."""
        _, of_size, of_data = self._terms(*inputs)
        least = float(np.min(of_size + of_data))
        return list(vanished({"N_c": of_size, "D_c": of_data}, least).values())

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return a grid over the exponents, with the best N_c and D_c.

        To the power 1 / alpha_D the law is linear in powers of the two.
        """
        exponents = np.geomspace(0.02, 1.0, 30)
        alpha_N, alpha_D = (g.ravel() for g in np.meshgrid(exponents, exponents))
        ratio = alpha_N / alpha_D
        log_n, log_d = (np.log(inputs[n]) for n in cls.inputs)
        center_n, center_d = log_n.mean(), log_d.mean()
        log_y = np.log(response)
        level = log_y.mean()
        target = np.exp((log_y - level) / alpha_D[:, None])
        of_size = np.exp(-ratio[:, None] * (log_n - center_n))
        of_data = np.broadcast_to(np.exp(center_d - log_d), of_size.shape)
        weights, cost = cls.project(
            np.stack([of_size, of_data], axis=1) / target[:, None],
            np.ones_like(response),
        )
        weights = np.log(np.maximum(weights, 1e-12)) + level / alpha_D[:, None]
        nodes = np.stack(
            [
                alpha_N,
                alpha_D,
                np.exp(np.minimum(center_n + weights[:, 0] / ratio, 600.0)),
                np.exp(np.minimum(center_d + weights[:, 1], 600.0)),
            ],
            axis=1,
        )
        # Errors of the power are 1 / alpha_D times those of the loss.
        return nodes[np.argsort(cost * alpha_D**2, kind="stable")]


@dataclass(frozen=True)
class OverTraining(Law):
    r"""Loss by compute, at any number of tokens per parameter.

    .. math:: L(C, M) = E + (a M^{\eta} + b M^{-\eta}) C^{-\eta}

    It is Chinchilla's law with one exponent :math:`2 \eta`, in other variables.

    Parameters
    ----------
    E : float or array
        Irreducible loss.
    a, b : float or array
        Coefficients of the size and data terms.
    eta : float or array
        Exponent of compute C and tokens per parameter M.

    References
    ----------
    Gadre et al. 2024, arXiv:2403.08540; see the paper.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.OverTraining(E=1.8, a=100.0, b=400.0, eta=0.125)
    >>> round(law(tokens_per_param=16, flops=1e16), 3)
    6.043
    """

    E: float | Array
    a: float | Array
    b: float | Array
    eta: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("tokens_per_param", "flops")
    positive: ClassVar[tuple[str, ...]] = ("E", "a", "b")
    linear: ClassVar[tuple[str, ...]] = ("E", "a", "b")
    grid: ClassVar[Mapping[str, Array]] = {"eta": np.geomspace(0.01, 0.8, 60)}

    def value(self, *inputs: Array) -> Array:
        """Return the loss at ``tokens_per_param, flops``."""
        ratio, flops = inputs
        up = (flops / ratio) ** -self.eta
        down = (flops * ratio) ** -self.eta
        return np.asarray(self.E + self.a * up + self.b * down)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by E, a, b, eta."""
        ratio, flops = inputs
        up = (flops / ratio) ** -self.eta
        down = (flops * ratio) ** -self.eta
        by_eta = -self.a * up * np.log(flops / ratio)
        return (
            np.ones_like(up),
            up,
            down,
            by_eta - self.b * down * np.log(flops * ratio),
        )

    def doubts(self, *inputs: Array) -> list[str]:
        """Return which terms vanish."""
        _, by_a, by_b, _ = self.jacobian(*inputs)
        terms = {"E": self.E, "a": self.a * by_a, "b": self.b * by_b}
        return list(vanished(terms, float(np.min(self.value(*inputs)))).values())


@dataclass(frozen=True)
class OuterExponent(SizeAndData):
    r"""Chinchilla's law with a power over both terms.

    .. math:: L(N, D) = E + \left(A N^{-\alpha} + B D^{-\beta}\right)^{\gamma}

    Parameters
    ----------
    E, A, B, alpha, beta : float or array
        As in :class:`Chinchilla`.
    gamma : float or array
        The outer exponent.

    References
    ----------
    Busbridge et al. 2025, arXiv:2502.08606, Eq. 1.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.published_law(sn.laws.OuterExponent, "busbridge2025", "supervised")
    >>> round(law(params=1e9, tokens=2e10), 2)
    2.37
    """

    E: float | Array
    A: float | Array
    B: float | Array
    alpha: float | Array
    beta: float | Array
    gamma: float | Array

    positive: ClassVar[tuple[str, ...]] = ("E", "A", "B", "gamma")
    derived: ClassVar[tuple[str, ...]] = ("n_exponent", "d_exponent")

    @property
    def chinchilla(self) -> Chinchilla:
        """The law without the outer power, which moves no optimum."""
        return Chinchilla(self.E, self.A, self.B, self.alpha, self.beta)

    def value(self, *inputs: Array) -> Array:
        """Return the loss at ``params, tokens``."""
        params, tokens = inputs
        both = self.A * params**-self.alpha + self.B * tokens**-self.beta
        return np.asarray(self.E + both**self.gamma)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by E, A, B, alpha, beta, gamma."""
        params, tokens = inputs
        by_A, by_B = params**-self.alpha, tokens**-self.beta
        both = self.A * by_A + self.B * by_B
        term = both**self.gamma
        slope = self.gamma * term / both
        return (
            np.ones_like(term),
            slope * by_A,
            slope * by_B,
            -slope * self.A * by_A * np.log(params),
            -slope * self.B * by_B * np.log(tokens),
            term * np.log(both),
        )

    @property
    def n_exponent(self) -> float | Array:
        """Exponent a of the optimal size, as for Chinchilla; gamma plays no part."""
        return self.beta / (self.alpha + self.beta)

    @property
    def d_exponent(self) -> float | Array:
        """Exponent b of the optimal data."""
        return self.alpha / (self.alpha + self.beta)

    def doubts(self, *inputs: Array) -> list[str]:
        """Return which terms vanish and which exponents have the wrong sign."""
        params, tokens = inputs
        least = float(np.min(self.value(*inputs)))
        terms = {
            "E": self.E,
            "A": (self.A * params**-self.alpha) ** self.gamma,
            "B": (self.B * tokens**-self.beta) ** self.gamma,
        }
        words = list(vanished(terms, least, SIMPLER).values())
        return words + no_gain(self, {"alpha": "params", "beta": "tokens"})

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return a grid over E and the exponents with the best A and B.

        To the power 1 / gamma, the loss above E is linear in A and B.
        """
        gamma, alpha, beta, part = (
            g.ravel()
            for g in np.meshgrid(
                np.array([0.3, 0.45, 0.7, 1.0]),
                np.geomspace(0.1, 1.2, 7),
                np.geomspace(0.1, 1.2, 7),
                np.array([0.2, 0.4, 0.6, 0.8, 0.95]),
            )
        )
        log_n, log_d = (np.log(inputs[name]) for name in cls.inputs)
        center_n, center_d = log_n.mean(), log_d.mean()
        E = part * response.min()
        log_rest = np.log(response - E[:, None]) / gamma[:, None]
        level = log_rest.mean(axis=1, keepdims=True)
        basis = np.stack(
            [
                np.exp(-alpha[:, None] * (log_n - center_n) - log_rest + level),
                np.exp(-beta[:, None] * (log_d - center_d) - log_rest + level),
            ],
            axis=1,
        )
        weights, _ = cls.project(basis, np.ones_like(response))
        weights = np.log(np.maximum(weights, 1e-12)) + level
        A = np.exp(weights[:, 0] + alpha * center_n)
        B = np.exp(weights[:, 1] + beta * center_d)
        nodes = np.stack([E, A, B, alpha, beta, gamma], axis=1)
        away = np.log(
            cls.from_array(nodes).over().value(*(inputs[name] for name in cls.inputs))
            / response
        )
        return nodes[np.argsort(np.sum(away * away, axis=1), kind="stable")]
