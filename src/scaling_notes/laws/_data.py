"""Laws of data: repeated tokens, and mixtures of domains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, make_dataclass
from typing import Any, ClassVar

import numpy as np

from ._law import Array, Law, vanished

__all__ = ["DataLimited", "data_mixture"]


@dataclass(frozen=True)
class DataLimited(Law):
    r"""Chinchilla's law where tokens repeat: each pass over the data is worth less.

    .. math::
        L = E + A N_{eff}^{-\alpha} + B D_{eff}^{-\beta}, \qquad
        D_{eff} = U_D \left(1 + R_D^* (1 - e^{-R_D / R_D^*})\right), \\
        N_{eff} = U_N \left(1 + R_N^* (1 - e^{-R_N / R_N^*})\right)

    with :math:`R_D = D / U_D - 1` repetitions of the unique tokens
    :math:`U_D`, :math:`U_N` the lesser of N and the best size for
    :math:`U_D` tokens, and :math:`R_N = N / U_N - 1`.

    Parameters
    ----------
    E, A, B, alpha, beta : float or array
        As in :class:`Chinchilla`.
    R_D : float or array
        Repetitions after which more are worth little, :math:`R_D^*`.
    R_N : float or array
        The same of params beyond the best size, :math:`R_N^*`.

    References
    ----------
    Muennighoff et al. 2023, arXiv:2305.16264, Eqs. 5 and 6.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.DataLimited(1.87, 521.0, 1488.0, 0.353, 0.353, 15.4, 5.3)
    >>> for epochs in (1, 4, 40):
    ...     print(round(law(params=1e9, tokens=2e10 * epochs, unique_tokens=2e10), 3))
    2.56
    2.433
    2.348
    """

    E: float | Array
    A: float | Array
    B: float | Array
    alpha: float | Array
    beta: float | Array
    R_D: float | Array
    R_N: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("params", "tokens", "unique_tokens")
    has_optimum: ClassVar[bool] = True
    positive: ClassVar[tuple[str, ...]] = ("E", "A", "B", "R_D", "R_N")

    def value(self, *inputs: Array) -> Array:
        """Return the loss at ``params, tokens, unique_tokens``."""
        params, tokens, unique = inputs
        size, data = self._log_best(unique), np.log(unique)
        size = np.minimum(size, np.log(params))
        log_n = size + _worth(np.exp(np.log(params) - size) - 1, self.R_N)[0]
        log_d = data + _worth(tokens / unique - 1, self.R_D)[0]
        return np.asarray(
            self.E
            + self.A * np.exp(-self.alpha * log_n)
            + self.B * np.exp(-self.beta * log_d)
        )

    def _log_best(self, unique: Array) -> Array:
        """Return the log of the best size for so many unique tokens."""
        ratio = np.log(self.alpha * self.A / (self.beta * self.B))
        return np.asarray((ratio + self.beta * np.log(unique)) / self.alpha)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by each constant, in order."""
        params, tokens, unique = inputs
        best, log_u, log_params = self._log_best(unique), np.log(unique), np.log(params)
        excess = best < log_params
        size = np.where(excess, best, log_params)
        beyond = np.exp(log_params - size) - 1
        more, slope, by_R_N = _worth(beyond, self.R_N)
        log_n = size + more
        # One more of the best size is one fewer beyond it.
        by_best = np.where(excess, 1.0 - slope * (1.0 + beyond), 0.0)
        repeats = tokens / unique - 1
        again, _, by_R_D = _worth(repeats, self.R_D)
        log_d = log_u + again
        by_A = np.exp(-self.alpha * log_n)
        by_B = np.exp(-self.beta * log_d)
        by_log_n = -self.alpha * self.A * by_A
        by_log_d = -self.beta * self.B * by_B
        through = by_log_n * by_best / self.alpha
        return (
            np.ones_like(by_A * by_B),
            by_A + through / self.A,
            by_B - through / self.B,
            -self.A * by_A * log_n + through * (1.0 / self.alpha - best),
            -self.B * by_B * log_d + through * (log_u - 1.0 / self.beta),
            by_log_d * by_R_D,
            by_log_n * by_R_N,
        )

    def doubts(self, *inputs: Array) -> list[str]:
        """Return which terms vanish, and whether repeats and excess params show."""
        params, tokens, unique = inputs
        best = np.exp(np.minimum(self._log_best(unique), np.log(params)))
        terms = {
            "E": self.E,
            "A": self.A * params**-self.alpha,
            "B": self.B * tokens**-self.beta,
        }
        words = list(vanished(terms, float(np.min(self.value(*inputs)))).values())
        for name, star, most, what in (
            ("R_D", self.R_D, np.max(tokens / unique - 1), "repetitions"),
            ("R_N", self.R_N, np.max(params / best - 1), "params beyond the best size"),
        ):
            if most < 0.1 * star:
                words.append(
                    f"{name} is a guess: the runs have too few {what} to show their "
                    "worth. Fix it, or use Chinchilla."
                )
            elif star < 1e-3:
                words.append(f"{name} went to zero: {what} seem worth nothing.")
        return words

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return a grid over exponents and R_D with the best E, A, B, by few R_N."""
        params, tokens, unique = (inputs[n] for n in cls.inputs)
        exponents = np.linspace(0.1, 0.9, 9)
        stars = np.geomspace(0.5, 100.0, 8)
        alpha, beta, star = (
            g.ravel()[:, None] for g in np.meshgrid(exponents, exponents, stars)
        )
        log_n = np.log(params)
        log_d = np.log(unique) + _worth(tokens / unique - 1, star)[0]
        center_n, center_d = log_n.mean(), log_d.mean()
        by_A = np.exp(-alpha * (log_n - center_n))
        by_B = np.exp(-beta * (log_d - center_d))
        basis = np.stack([np.ones_like(by_A), by_A, by_B], axis=1)
        weights, cost = cls.project(basis, response)
        weights[:, 1] *= np.exp(alpha[:, 0] * center_n)
        weights[:, 2] *= np.exp(beta[:, 0] * center_d)
        order = np.argsort(cost, kind="stable")[:8]
        few = np.hstack([weights, alpha, beta, star])[order]
        wide = np.geomspace(1.0, 50.0, 3)
        return np.hstack([np.repeat(few, 3, axis=0), np.tile(wide, len(few))[:, None]])


def _worth(times: Array, star: float | Array) -> tuple[Array, Array, Array]:
    """Return log(1 + star (1 - exp(-times / star))) and its slopes by both."""
    left = np.exp(-times / star)
    total = 1.0 + star * (1.0 - left)
    return np.log(total), left / total, (1.0 - left - left * times / star) / total


class _DataMixture(Law):
    response = "loss"
    positive = ("c",)

    def _powers(self, *inputs: Array) -> Array:
        weights = [getattr(self, name) for name in self.constants()[1:]]
        return np.exp(sum(t * r for t, r in zip(weights, inputs, strict=True)))

    def value(self, *inputs: Array) -> Array:
        """Return the loss at the shares of the domains."""
        return np.asarray(getattr(self, "c") + self._powers(*inputs))  # noqa: B009

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by c and each t."""
        power = self._powers(*inputs)
        return (np.ones_like(power), *(power * share for share in inputs))

    def doubts(self, *inputs: Array) -> list[str]:
        """Return whether either part of the loss vanishes."""
        terms = {"c": self.as_array()[0], "exp": self._powers(*inputs)}
        return list(vanished(terms, float(np.min(self.value(*inputs)))).values())

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return values of c with the least-squares line of log(loss - c)."""
        shares = np.stack([inputs[name] for name in cls.inputs], axis=1)
        parts = np.concatenate([np.linspace(0.0, 0.9, 13), [0.95, 0.98, 0.99, 0.999]])
        rows, cost = [], []
        for c in parts * response.min():
            weights = np.linalg.lstsq(shares, np.log(response - c), rcond=None)[0]
            rows.append([c, *weights])
            cost.append(np.sum((c + np.exp(shares @ weights) - response) ** 2))
        return np.array(rows)[np.argsort(cost, kind="stable")]


_DOC = r"""Loss of a domain by the shares of {n} domains in the training data.

.. math:: L(r) = c + \exp\Bigl(\sum_j t_j r_j\Bigr), \qquad \sum_j r_j = 1

The paper's factor k is in the t: shares add up to one, so that
:math:`k e^{{\sum t_j r_j}} = e^{{\sum (t_j + \log k) r_j}}`.

Ye et al. 2024, arXiv:2403.16952; see the paper.
"""


def _mixture(n: int) -> type[Law]:
    name = f"DataMixture{n}"
    shares = tuple(f"share_{j}" for j in range(1, n + 1))
    fields: list[Any] = ["c", *(f"t_{j}" for j in range(1, n + 1))]
    law = make_dataclass(
        name,
        fields,
        bases=(_DataMixture,),
        namespace={
            "inputs": shares,
            "domain": dict.fromkeys(shares, "a share from 0 to 1"),
            "__doc__": _DOC.format(n=n),
            "__module__": __name__,
        },
        frozen=True,
    )
    return law


_MIXTURES = {n: _mixture(n) for n in range(2, 13)}
# By name in this file, so that other processes find them.
globals().update({law.__name__: law for law in _MIXTURES.values()})


def data_mixture(n_domains: int) -> type[Law]:
    r"""Return the mixture law of so many domains.

    .. math:: L(r) = c + \exp\Bigl(\sum_j t_j r_j\Bigr), \qquad \sum_j r_j = 1

    The loss of one domain by the shares r of all in the training data. The
    paper's factor k is in the t: shares add up to one, so it could not be told
    from them.

    Parameters
    ----------
    n_domains : int
        2 to 12.

    Returns
    -------
    type of Law
        Inputs ``share_1`` and so on, constants ``c``, ``t_1`` and so on.

    Raises
    ------
    ValueError
        If there is no such law.

    References
    ----------
    Ye et al. 2024, arXiv:2403.16952; see the paper.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.data_mixture(2)(c=1.0, t_1=0.0, t_2=-2.0)
    >>> round(law(share_1=0.5, share_2=0.5), 3)
    1.368
    """
    if n_domains not in _MIXTURES:
        raise ValueError(f"n_domains is {n_domains}; give 2 to 12.")
    return _MIXTURES[n_domains]
