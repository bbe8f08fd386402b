"""Laws of post-training: what fewer bits a weight cost, and what precision buys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ._law import Array, Law

__all__ = ["Precision", "QuantizationCost"]


@dataclass(frozen=True)
class QuantizationCost(Law):
    r"""Loss added by quantizing the weights of a trained model.

    .. math:: \Delta(N, P) = K N^{-\gamma_N} e^{-P / \gamma_{post}}

    Parameters
    ----------
    coefficient : float or array
        The factor K, in nats per token. In the paper it holds the tokens:
        :math:`K = C_T D^{\gamma_D} e^{b_{post}}`.
    gamma_N : float or array
        Exponent of params N.
    gamma_post : float or array
        Bits in which the cost falls by a factor of e.

    References
    ----------
    Kumar et al. 2024, arXiv:2411.04330, Eq. 2, at one number of tokens.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.QuantizationCost(coefficient=1e4, gamma_N=0.35, gamma_post=0.6)
    >>> round(law(params=1e9, bits=4) / law(params=1e9, bits=3), 3)
    0.189
    """

    coefficient: float | Array
    gamma_N: float | Array
    gamma_post: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("params", "bits")
    response: ClassVar[str] = "cost"
    positive: ClassVar[tuple[str, ...]] = ("coefficient", "gamma_post")
    linear: ClassVar[tuple[str, ...]] = ("coefficient",)
    grid: ClassVar[Mapping[str, Array]] = {
        "gamma_N": np.linspace(0.05, 1.0, 20),
        "gamma_post": np.geomspace(0.2, 3.0, 20),
    }

    def value(self, *inputs: Array) -> Array:
        """Return the added loss at ``params, bits``."""
        params, bits = inputs
        return np.asarray(
            self.coefficient * params**-self.gamma_N * np.exp(-bits / self.gamma_post)
        )

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by coefficient, gamma_N, gamma_post."""
        params, bits = inputs
        unit = params**-self.gamma_N * np.exp(-bits / self.gamma_post)
        cost = self.coefficient * unit
        return unit, -cost * np.log(params), cost * bits / self.gamma_post**2


@dataclass(frozen=True)
class Precision(Law):
    r"""Chinchilla's law for models trained in low precision.

    .. math::
        L = E + A N_{eff}^{-\alpha} + B D^{-\beta}, \qquad
        N_{eff} = N \prod_x \left(1 - e^{n_x - P_x / \gamma_x}\right)

    with one factor each for weights, activations and the cache of keys and
    values. The offset is printed in the table of constants only; that it stands
    inside the exponential is our reading.

    Parameters
    ----------
    E, A, B, alpha, beta : float or array
        As in :class:`Chinchilla`.
    gamma_w, gamma_a, gamma_kv : float or array
        Bits in which the lost share of weights, activations, cache falls by e.
    n_w, n_a, n_kv : float or array
        Offsets in the exponent.

    References
    ----------
    Kumar et al. 2024, arXiv:2411.04330, Eqs. 3 and 4; App. K, Table 2.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.published_law(sn.laws.Precision, "kumar2024", "integer quantization")
    >>> round(law.share(16), 3), round(law.share(4), 3)
    (0.994, 0.191)
    >>> round(law.optimal_bits(), 1)
    7.0
    """

    E: float | Array
    A: float | Array
    B: float | Array
    alpha: float | Array
    beta: float | Array
    gamma_w: float | Array
    n_w: float | Array
    gamma_a: float | Array
    n_a: float | Array
    gamma_kv: float | Array
    n_kv: float | Array

    inputs: ClassVar[tuple[str, ...]] = (
        "params",
        "tokens",
        "weight_bits",
        "activation_bits",
        "cache_bits",
    )
    positive: ClassVar[tuple[str, ...]] = (
        "E",
        "A",
        "B",
        "gamma_w",
        "gamma_a",
        "gamma_kv",
    )
    linear: ClassVar[tuple[str, ...]] = ("E", "A", "B")
    # Eight nonlinear constants have no full grid; precision begins as printed.
    grid: ClassVar[Mapping[str, Array]] = {
        "alpha": np.linspace(0.1, 0.8, 8),
        "beta": np.linspace(0.1, 0.8, 8),
        "gamma_w": np.array([2.7]),
        "n_w": np.array([0.3]),
        "gamma_a": np.array([2.2]),
        "n_a": np.array([1.4]),
        "gamma_kv": np.array([1.0]),
        "n_kv": np.array([2.4]),
    }

    def share(
        self,
        weight_bits: ArrayLike,
        activation_bits: ArrayLike | None = None,
        cache_bits: ArrayLike | None = None,
    ) -> float | Array:
        """Return N_eff / N, the share of the size that is left.

        Parameters
        ----------
        weight_bits : float or array
        activation_bits, cache_bits : float or array, optional
            As many as the weights have, by default.

        Returns
        -------
        float or array
            0 where the law leaves nothing.
        """
        left = 1.0 - self._lost(weight_bits, activation_bits, cache_bits)
        share = np.prod(np.maximum(left, 0.0), axis=0)
        return float(share) if share.ndim == 0 else share

    def _lost(self, w: ArrayLike, a: ArrayLike | None, kv: ArrayLike | None) -> Array:
        """Return the lost shares of weights, activations, cache on a first axis."""
        bits = [np.asarray(w if b is None else b, float) for b in (w, a, kv)]
        pairs = (
            (self.gamma_w, self.n_w),
            (self.gamma_a, self.n_a),
            (self.gamma_kv, self.n_kv),
        )
        lost = [np.exp(n - b / g) for b, (g, n) in zip(bits, pairs, strict=True)]
        return np.stack(np.broadcast_arrays(*lost))

    def value(self, *inputs: Array) -> Array:
        """Return the loss at params, tokens and the three precisions."""
        params, tokens, *bits = inputs
        size = params * np.asarray(self.share(*bits))
        with np.errstate(divide="ignore"):
            return np.asarray(
                self.E + self.A * size**-self.alpha + self.B * tokens**-self.beta
            )

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by each constant, in order."""
        params, tokens, *bits = inputs
        lost = self._lost(bits[0], bits[1], bits[2])
        size = params * np.prod(np.maximum(1.0 - lost, 0.0), axis=0)
        by_A = size**-self.alpha
        by_B = tokens**-self.beta
        term = self.A * by_A
        # d term / d n_x = alpha * term * lost / (1 - lost).
        by_n = self.alpha * term * lost / (1.0 - lost)
        gammas = (self.gamma_w, self.gamma_a, self.gamma_kv)
        pairs = [(n * b / g**2, n) for n, b, g in zip(by_n, bits, gammas, strict=True)]
        return (
            np.ones(np.broadcast_shapes(np.shape(by_A), np.shape(by_B))),
            by_A,
            by_B,
            -term * np.log(size),
            -self.B * by_B * np.log(tokens),
            *(derivative for pair in pairs for derivative in pair),
        )

    def optimal_bits(self) -> float:
        """Return the precision of least loss at a given training compute.

        Compute is taken as proportional to N D P, with everything in P bits and
        N and D at their best. Then the best precision leaves the largest share
        of size for its bits, the maximum of ``share(P) / P``, whatever the
        compute.

        Returns
        -------
        float
            In bits, to 0.01.

        References
        ----------
        Kumar et al. 2024, arXiv:2411.04330, Sec. 4.
        """
        bits = np.arange(100, 3200) / 100
        return float(bits[np.argmax(self.share(bits) / bits)])
