"""Laws of compression: loss against sparsity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ._law import Array, Domain, Law, no_gain, vanished

__all__ = ["SparsityLaw"]


@dataclass(frozen=True)
class SparsityLaw(Law):
    r"""Loss of a sparse model by its sparsity, its size and its data.

    .. math:: L(S, N, D) = \left(a_S (1 - S)^{b_S} + c_S\right) N^{-b_N}
        + (a_D / D)^{b_D} + c

    Parameters
    ----------
    a_S, b_S, c_S : float or array
        How sparsity S moves the coefficient of the size term.
    b_N : float or array
        Exponent of the non-zero params N.
    a_D, b_D : float or array
        Scale and exponent of the data D.
    c : float or array
        Irreducible loss.

    References
    ----------
    Frantar et al. 2023, arXiv:2309.08520, Eq. 1.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.published_law(sn.laws.SparsityLaw, "frantar2023", "ViT on JFT")
    >>> round(law(params_nonzero=4e7, tokens=9e8, sparsity=0.75), 2)
    5.41
    """

    a_S: float | Array
    b_S: float | Array
    c_S: float | Array
    b_N: float | Array
    a_D: float | Array
    b_D: float | Array
    c: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("params_nonzero", "tokens", "sparsity")
    domain: ClassVar[Mapping[str, Domain]] = {"sparsity": "a share from 0 to 1"}
    positive: ClassVar[tuple[str, ...]] = ("a_S", "b_S", "c_S", "a_D", "c")

    def value(self, *inputs: Array) -> Array:
        """Return the loss at ``params_nonzero, tokens, sparsity``."""
        size, kept, data = self._terms(*inputs)
        return np.asarray((self.a_S * kept + self.c_S) * size + data + self.c)

    def _terms(self, *inputs: Array) -> tuple[Array, Array, Array]:
        """Return N^-b_N, (1 - S)^b_S and (a_D / D)^b_D."""
        params, tokens, sparsity = inputs
        return (
            np.exp(-self.b_N * np.log(params)),
            np.exp(self.b_S * _log_dense(sparsity)),
            np.exp(self.b_D * (np.log(self.a_D) - np.log(tokens))),
        )

    def differentiate(self, *inputs: Array) -> tuple[Array, tuple[Array, ...]]:
        """Return the loss and its partial derivatives by each constant, in order."""
        params, tokens, sparsity = inputs
        size, kept, data = self._terms(*inputs)
        both = size * kept
        sparse = self.a_S * both
        sized = sparse + self.c_S * size
        return sized + data + self.c, (
            both,
            sparse * _log_dense(sparsity),
            size,
            -sized * np.log(params),
            data * (self.b_D / self.a_D),
            data * (np.log(self.a_D) - np.log(tokens)),
            np.ones_like(data),
        )

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by each constant, in order."""
        return self.differentiate(*inputs)[1]

    def doubts(self, *inputs: Array) -> list[str]:
        """Return which terms vanish and which exponents have the wrong sign."""
        size, kept, data = self._terms(*inputs)
        terms = {
            "a_S": self.a_S * kept * size,
            "c_S": self.c_S * size,
            "a_D": data,
            "c": self.c,
        }
        words = list(vanished(terms, float(np.min(self.value(*inputs)))).values())
        return words + no_gain(self, {"b_N": "params", "b_D": "data"})

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return a grid over the exponents, with the best coefficients."""
        names = cls.inputs
        grids = np.geomspace(0.1, 3.0, 9), np.geomspace(0.02, 1.2, 10)
        b_S, b_N, b_D = (
            g.ravel()[:, None] for g in np.meshgrid(grids[0], grids[1], grids[1])
        )
        params, tokens = (np.log(inputs[n]) for n in names[:2])
        center_n, center_d = params.mean(), tokens.mean()
        size = np.exp(-b_N * (params - center_n))
        kept = np.exp(b_S * _log_dense(inputs[names[2]]))
        data = np.exp(-b_D * (tokens - center_d))
        basis = np.stack([kept * size, size, data, np.ones_like(data)], axis=1)
        weights, cost = cls.project(basis, response)
        nodes = np.empty((len(cost), 7))
        grow = np.exp(b_N[:, 0] * center_n)
        nodes[:, 0], nodes[:, 2] = weights[:, 0] * grow, weights[:, 1] * grow
        nodes[:, [1, 3, 5]] = np.hstack([b_S, b_N, b_D])
        log_weight = np.log(np.maximum(weights[:, 2], 1e-8))
        nodes[:, 4] = np.exp(center_d + log_weight / b_D[:, 0])
        nodes[:, 6] = weights[:, 3]
        return nodes[np.argsort(cost, kind="stable")]


def _log_dense(sparsity: Array) -> Array:
    """Return log(1 - S), which is very negative, not infinite, where S is 1."""
    return np.log(np.maximum(1.0 - sparsity, 1e-300))
