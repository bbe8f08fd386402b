"""What mixes tokens in a layer: attention of several kinds, and state space.

Every part knows its own arithmetic. Matrices are counted; biases, norms and other
vectors, about a thousandth of a model, are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from ..errors import DataError
from ._checks import Array, make_whole

__all__ = ["Attention", "LatentAttention", "StateSpace"]


@dataclass(frozen=True)
class Attention:
    """Attention with one key-value head for each group of query heads.

    Parameters
    ----------
    n_heads : int
        Query heads.
    n_kv_heads : int
        Key and value heads: ``n_heads`` for multi-head attention, one for
        multi-query attention, a number between for grouped-query attention.
    head_dim : int
        Width of a head.
    window : int, optional
        Tokens that a token looks back on; all if left out.

    Raises
    ------
    DataError
        If a number is not whole and positive, or the query heads do not divide
        into groups of equal size.

    References
    ----------
    Ainslie et al. 2023, arXiv:2305.13245.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> grouped = sn.accounting.Attention(n_heads=32, n_kv_heads=8, head_dim=128)
    >>> grouped.params(d_model=4096)
    41943040
    """

    n_heads: int
    n_kv_heads: int
    head_dim: int
    window: int | None = None

    def __post_init__(self) -> None:
        make_whole(self, "n_heads", "n_kv_heads", "head_dim")
        if self.window is not None:
            make_whole(self, "window")
        if self.n_heads % self.n_kv_heads:
            raise DataError(
                f"n_kv_heads {self.n_kv_heads} does not divide n_heads {self.n_heads}; "
                "give a divisor, or n_heads for multi-head attention."
            )

    def params(self, d_model: int) -> int:
        """Return the weights of the query, key, value and output projections."""
        return 2 * d_model * self.head_dim * (self.n_heads + self.n_kv_heads)

    def context_flops(self, d_model: int, context: Array, *, decode: bool) -> Array:
        """Return the FLOP per token of scores and of the sum they weigh."""
        seen = _attended(context, self.window, decode)
        return np.asarray(4.0 * self.n_heads * self.head_dim * seen)

    def cache_values(self, d_model: int, context: Array) -> Array:
        """Return how many numbers are kept of a sequence."""
        kept = context if self.window is None else np.minimum(context, self.window)
        return np.asarray(2.0 * self.n_kv_heads * self.head_dim * kept)


@dataclass(frozen=True)
class LatentAttention:
    """Attention whose keys and values are projected up from one small latent vector.

    Parameters
    ----------
    n_heads : int
        Heads.
    kv_lora_rank : int
        Width of the latent vector, which is what the cache keeps of a token.
    rope_dim : int
        Width of the key with rotary position that all heads share, also kept.
    nope_dim, value_dim : int
        Width of a head's key without position, and of its value.
    q_lora_rank : int, optional
        Width of the latent query; queries are projected directly if left out.

    Raises
    ------
    DataError
        If a number is not whole and positive.

    Notes
    -----
    Keys and values are projected up in training and prefill. In decoding the up
    projections are absorbed into those of queries and outputs, so that scores
    and sums are taken over the latent itself: more FLOP, fewer bytes.

    References
    ----------
    DeepSeek-AI 2024, arXiv:2405.04434, Sec. 2.1.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> latent = sn.accounting.LatentAttention(
    ...     n_heads=128, kv_lora_rank=512, rope_dim=64, nope_dim=128, value_dim=128,
    ...     q_lora_rank=1536,
    ... )
    >>> latent.params(d_model=7168)
    187105280
    """

    n_heads: int
    kv_lora_rank: int
    rope_dim: int
    nope_dim: int
    value_dim: int
    q_lora_rank: int | None = None

    def __post_init__(self) -> None:
        make_whole(self, "n_heads", "kv_lora_rank", "rope_dim", "nope_dim", "value_dim")
        if self.q_lora_rank is not None:
            make_whole(self, "q_lora_rank")

    def params(self, d_model: int) -> int:
        """Return the weights of all projections, down and up."""
        heads = self.n_heads * (self.nope_dim + self.rope_dim)
        if self.q_lora_rank is None:
            query = d_model * heads
        else:
            query = self.q_lora_rank * (d_model + heads)
        down = d_model * (self.kv_lora_rank + self.rope_dim)
        up = self.kv_lora_rank * self.n_heads * (self.nope_dim + self.value_dim)
        return query + down + up + self.n_heads * self.value_dim * d_model

    def context_flops(self, d_model: int, context: Array, *, decode: bool) -> Array:
        """Return the FLOP per token of scores and of the sum they weigh."""
        if decode:
            width = 2 * self.kv_lora_rank + self.rope_dim
        else:
            width = self.nope_dim + self.rope_dim + self.value_dim
        return np.asarray(2.0 * self.n_heads * width * _attended(context, None, decode))

    def cache_values(self, d_model: int, context: Array) -> Array:
        """Return how many numbers are kept of a sequence."""
        return np.asarray((self.kv_lora_rank + self.rope_dim) * context)


@dataclass(frozen=True)
class StateSpace:
    """A selective state-space block, which keeps a state of constant size.

    Parameters
    ----------
    d_state : int
        Numbers of state for each channel.
    d_conv : int
        Tokens under the convolution.
    expand : int
        Channels, as a multiple of the width of the residual stream.
    dt_rank : int, optional
        Rank of the step size; a sixteenth of the width, rounded up, if left out.

    Raises
    ------
    DataError
        If a number is not whole and positive.

    Notes
    -----
    Beyond 2 FLOP for each weight, a token costs 5 FLOP for each number of state:
    the decay, the outer product and sum that bring it in, and its part of the
    output. The exponential of the decay counts as one of the 2.

    References
    ----------
    Gu and Dao 2023, arXiv:2312.00752, Algorithm 2 and Sec. 3.4.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.accounting.StateSpace().params(d_model=2560)
    41226240
    """

    d_state: int = 16
    d_conv: int = 4
    expand: int = 2
    dt_rank: int | None = None

    def __post_init__(self) -> None:
        make_whole(self, "d_state", "d_conv", "expand")
        if self.dt_rank is not None:
            make_whole(self, "dt_rank")

    def params(self, d_model: int) -> int:
        """Return the weights of projections, convolution and decay."""
        rank = ceil(d_model / 16) if self.dt_rank is None else self.dt_rank
        inner = self.expand * d_model
        return inner * (3 * d_model + self.d_conv + 2 * rank + 3 * self.d_state)

    def context_flops(self, d_model: int, context: Array, *, decode: bool) -> Array:
        """Return the FLOP per token of the recurrence, the same at every context."""
        return np.full_like(context, 5.0 * self.expand * d_model * self.d_state)

    def cache_values(self, d_model: int, context: Array) -> Array:
        """Return how many numbers are kept of a sequence, the same at every context."""
        return np.full_like(
            context, float(self.expand * d_model * (self.d_state + self.d_conv))
        )


def _attended(context: Array, window: int | None, decode: bool) -> Array:
    """Return how many tokens a token looks back on.

    In decoding it is the newest one. Otherwise it is the mean of a causal sequence,
    in which positions run evenly from none to all of the context.
    """
    if window is None:
        return context if decode else context / 2
    seen = np.minimum(context, window)
    if decode:
        return np.asarray(seen)
    return np.asarray(seen * (1 - window / np.maximum(context, window) / 2))
