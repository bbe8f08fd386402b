"""What works on each token in a layer: one network, or a mixture of experts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ._checks import Array, make_whole

__all__ = ["Experts", "FeedForward"]


@dataclass(frozen=True)
class FeedForward:
    """A feed-forward network that every token passes through.

    Parameters
    ----------
    d_ff : int
        Width of its hidden layer.
    gated : bool
        Whether a third matrix gates the hidden layer, as in SwiGLU and GeGLU.

    Raises
    ------
    DataError
        If d_ff is not whole and positive.

    References
    ----------
    Shazeer 2020, arXiv:2002.05202.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.accounting.FeedForward(d_ff=14336).params(d_model=4096)
    176160768
    """

    d_ff: int
    gated: bool = True

    def __post_init__(self) -> None:
        make_whole(self, "d_ff")

    def params(self, d_model: int) -> int:
        """Return its weights."""
        return (3 if self.gated else 2) * d_model * self.d_ff

    def active(self, d_model: int) -> int:
        """Return the weights that one token meets: all."""
        return self.params(d_model)

    def read(self, d_model: int, tokens: Array) -> Array:
        """Return the weights that so many tokens meet together: all."""
        return np.full_like(tokens, float(self.params(d_model)))


@dataclass(frozen=True)
class Experts:
    """A mixture of experts: a router sends each token to a few of many networks.

    Parameters
    ----------
    n_experts, experts_per_token : int
        Routed experts, and how many of them a token passes through.
    d_ff : int
        Width of the hidden layer of one expert.
    n_shared : int
        Further experts of the same width that every token passes through.
    gated : bool
        Whether an expert has three matrices, as in SwiGLU, or two.

    Raises
    ------
    DataError
        If a number is not whole, or a token goes to more experts than there are.

    References
    ----------
    Jiang et al. 2024, arXiv:2401.04088, Sec. 2.1; DeepSeek-AI 2024,
    arXiv:2405.04434, Sec. 2.2.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> experts = sn.accounting.Experts(n_experts=8, experts_per_token=2, d_ff=14336)
    >>> experts.params(d_model=4096), experts.active(d_model=4096)
    (1409318912, 352354304)
    """

    n_experts: int
    experts_per_token: int
    d_ff: int
    n_shared: int = 0
    gated: bool = True

    def __post_init__(self) -> None:
        make_whole(self, "n_experts", "experts_per_token", "d_ff")
        make_whole(self, "n_shared", least=0)
        if self.experts_per_token > self.n_experts:
            raise DataError(
                f"experts_per_token {self.experts_per_token} exceeds n_experts "
                f"{self.n_experts}; a token meets each expert once at most."
            )

    def _expert(self, d_model: int) -> int:
        return FeedForward(self.d_ff, self.gated).params(d_model)

    def params(self, d_model: int) -> int:
        """Return the weights of all experts and the router."""
        experts = self.n_experts + self.n_shared
        return experts * self._expert(d_model) + d_model * self.n_experts

    def active(self, d_model: int) -> int:
        """Return the weights that one token meets, the router with them."""
        experts = self.experts_per_token + self.n_shared
        return experts * self._expert(d_model) + d_model * self.n_experts

    def read(self, d_model: int, tokens: Array) -> Array:
        """Return the weights that so many tokens meet together, in expectation.

        Every token draws its experts at random: an expert stays idle with chance
        (1 - k / n) to the power of the tokens.
        """
        idle = (1.0 - self.experts_per_token / self.n_experts) ** tokens
        routed = self.n_experts * (1.0 - idle) + self.n_shared
        return np.asarray(routed * self._expert(d_model) + d_model * self.n_experts)
