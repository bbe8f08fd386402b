"""One layer of a model."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import DataError
from ._feed_forward import Experts, FeedForward
from ._mixers import Attention, LatentAttention, StateSpace

__all__ = ["Layer"]


@dataclass(frozen=True)
class Layer:
    """One layer: what mixes tokens, and the feed-forward network after it.

    Parameters
    ----------
    mixer : Attention, LatentAttention or StateSpace
        What carries information between tokens.
    feed_forward : FeedForward, Experts or None
        What works on each token; None where the mixer stands alone, as in Mamba.

    Raises
    ------
    DataError
        If a part is of another kind.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.accounting.Layer(sn.accounting.StateSpace())
    Layer(mixer=StateSpace(d_state=16, d_conv=4, expand=2, dt_rank=None), \
feed_forward=None)
    """

    mixer: Attention | LatentAttention | StateSpace
    feed_forward: FeedForward | Experts | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.mixer, Attention | LatentAttention | StateSpace):
            raise DataError(
                f"mixer is {self.mixer!r}; give an Attention, LatentAttention or "
                "StateSpace."
            )
        if not isinstance(self.feed_forward, FeedForward | Experts | None):
            raise DataError(
                f"feed_forward is {self.feed_forward!r}; give a FeedForward, Experts "
                "or None."
            )
