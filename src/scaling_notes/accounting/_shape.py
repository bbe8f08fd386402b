"""The shape of a language model, and what it counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Self

from ..errors import DataError
from ._checks import make_whole, numbers, whole
from ._feed_forward import FeedForward
from ._layer import Layer
from ._mixers import Attention
from ._rows import read_row

__all__ = ["ParamCount", "Shape", "params"]

# Names such as 13B are rounded: the largest gap among published shapes is 5.5 %.
_ROUNDING = 0.06


@dataclass(frozen=True, repr=False)
class Shape:
    """The shape of a language model: its width, its vocabulary and its layers.

    Parameters
    ----------
    d_model : int
        Width of the residual stream.
    vocab_size : int
        Entries of the vocabulary.
    layers : sequence of Layer
        The layers in order. A few kinds in a pattern are a sum of lists:
        ``[local, whole] * 21``, or ``[dense] * 3 + [sparse] * 58``.
    tied : bool
        Whether the unembedding is the embedding, transposed.

    Raises
    ------
    DataError
        If a number is not whole and positive, or layers are missing or are no
        :class:`Layer`.

    See Also
    --------
    Shape.dense : where all layers are alike and dense.
    Shape.from_row : from a row of the table ``model_architectures``.

    Examples
    --------
    Mixtral 8x7B:

    >>> import scaling_notes as sn
    >>> layer = sn.accounting.Layer(
    ...     sn.accounting.Attention(n_heads=32, n_kv_heads=8, head_dim=128),
    ...     sn.accounting.Experts(n_experts=8, experts_per_token=2, d_ff=14336),
    ... )
    >>> shape = sn.accounting.Shape(d_model=4096, vocab_size=32000, layers=[layer] * 32)
    >>> count = sn.accounting.params(shape)
    >>> f"{count.total:.3g} {count.active:.3g}"
    '4.67e+10 1.29e+10'
    """

    d_model: int
    vocab_size: int
    layers: Sequence[Layer]
    tied: bool = False

    def __post_init__(self) -> None:
        make_whole(self, "d_model", "vocab_size")
        if not isinstance(self.layers, Sequence) or not self.layers:
            raise DataError(
                f"layers is {self.layers!r}; give a list with a Layer for each layer."
            )
        object.__setattr__(self, "layers", tuple(self.layers))
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise DataError(f"layers holds {layer!r}; wrap its parts in a Layer.")

    @property
    def n_layers(self) -> int:
        """Layers."""
        return len(self.layers)

    def kinds(self) -> list[tuple[Layer, int]]:
        """Return the kinds of layers, and how many there are of each."""
        return list(Counter(self.layers).items())

    @classmethod
    def dense(
        cls,
        *,
        n_layers: int,
        d_model: int,
        n_heads: int,
        d_ff: int,
        vocab_size: int,
        n_kv_heads: int | None = None,
        head_dim: int | None = None,
        window: int | None = None,
        gated: bool = True,
        tied: bool = False,
    ) -> Self:
        """Return a transformer whose layers are all alike and dense.

        Parameters
        ----------
        n_layers : int
        d_model : int
            Width.
        n_heads : int
            Query heads.
        d_ff : int
            Width of the feed-forward layer.
        vocab_size : int
        n_kv_heads : int, optional
            Key and value heads; as many as query heads if left out.
        head_dim : int, optional
            Width of a head; ``d_model / n_heads`` if left out.
        window : int, optional
            Tokens that a token looks back on; all if left out.
        gated : bool
            Whether the feed-forward network has three matrices or two.
        tied : bool
            Whether the unembedding is the embedding, transposed.

        Returns
        -------
        Shape

        Raises
        ------
        DataError
            If a number is not possible, or the heads do not divide the width and
            ``head_dim`` is left out.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> sn.accounting.Shape.dense(
        ...     n_layers=32, d_model=4096, n_heads=32, n_kv_heads=8, d_ff=14336,
        ...     vocab_size=128256,
        ... )
        Shape(d_model=4096, vocab_size=128256, tied=False, layers=
          32 x Layer(mixer=Attention(n_heads=32, n_kv_heads=8, head_dim=128, \
window=None), feed_forward=FeedForward(d_ff=14336, gated=True)))
        """
        whole(n_layers, "n_layers")
        if head_dim is None:
            if whole(d_model, "d_model") % whole(n_heads, "n_heads"):
                raise DataError(
                    f"n_heads {n_heads} does not divide d_model {d_model}; "
                    "give head_dim."
                )
            head_dim = d_model // n_heads
        kv_heads = n_heads if n_kv_heads is None else n_kv_heads
        mixer = Attention(n_heads, kv_heads, head_dim, window)
        layer = Layer(mixer, FeedForward(d_ff, gated))
        return cls(d_model, vocab_size, [layer] * n_layers, tied)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Return the shape in a row of the table ``model_architectures``.

        Parameters
        ----------
        row : mapping or Series
            ``n_layers``, ``d_model``, ``n_heads``, ``n_kv_heads``, ``head_dim``,
            ``d_ff``, ``vocab_size`` and ``attention`` as in the table; ``extra``
            and ``params`` if known. ``extra`` holds any of these phrases, with
            spaces, commas or semicolons between them::

                tied embeddings
                window 4096  |  alternating window 4096
                8 experts top 2 [+1 shared]
                expert_d_ff 2048  first 3 dense  every 2 layers
                kv_lora_rank 512  q_lora_rank 1536  rope_dim 64
                4 attention + 28 Mamba layers
                d_state 16  d_conv 4  expand 2

            Experts have the width ``d_ff`` unless ``expert_d_ff`` is given; the
            first layers, or all but every second one, may be dense. With latent
            attention ``head_dim`` is the width of a key without position and of a
            value. An alternating window begins with the first layer. Feed-forward
            networks are taken as gated.

        Returns
        -------
        Shape

        Raises
        ------
        DataError
            If a number is missing, ``extra`` holds something else or something
            that this kind of attention makes no use of, or the shape has more than
            6 % other params than the row says: then ``extra`` leaves something out,
            such as tied embeddings or the width of an expert.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> rows = sn.load("model_architectures").set_index("model")
        >>> shape = sn.accounting.Shape.from_row(rows.loc["Llama-3.1-405B"])
        >>> f"{sn.accounting.params(shape).total:.3g}"
        '4.06e+11'
        """
        shape = cls(**read_row(row))
        counted = params(shape).total
        stated = float(numbers(row.get("params", counted), "params"))
        if abs(counted / stated - 1) > _ROUNDING:
            raise DataError(
                f"The row says {stated:.3g} params, its shape has {counted:.3g}: "
                "extra leaves something out. Say there what is missing, such as "
                "'tied embeddings', 'expert_d_ff 2048' or 'every 2 layers'."
            )
        return shape

    def __repr__(self) -> str:
        runs = [(layer, len(list(run))) for layer, run in groupby(self.layers)]
        # A pattern that repeats would fill pages: then only the kinds are shown.
        shown = runs if len(runs) <= 4 else self.kinds()
        lines = ",".join(f"\n  {count} x {layer}" for layer, count in shown)
        return (
            f"Shape(d_model={self.d_model}, vocab_size={self.vocab_size}, "
            f"tied={self.tied}, layers={lines})"
        )


@dataclass(frozen=True)
class ParamCount:
    """The parameters of a shape, counted in the ways the field counts them.

    Attributes
    ----------
    total : int
        All of them.
    embedding : int
        The embedding, and the unembedding where it is another matrix.
    active : int
        Those that one token meets: all but the experts it is not sent to.
    matmul : int
        The active ones without the look-up of the embedding: what a token is
        multiplied with, the N of ``2 N`` FLOP a token.
    """

    total: int
    embedding: int
    active: int
    matmul: int

    @property
    def non_embedding(self) -> int:
        """All but the embedding and unembedding, the N of Kaplan et al. 2020."""
        return self.total - self.embedding


def params(shape: Shape) -> ParamCount:
    """Return the parameters of a shape.

    Matrices are counted. Biases, norms and learned positions are left out: about a
    thousandth of a large model, up to a hundredth of a small one.

    Parameters
    ----------
    shape : Shape

    Returns
    -------
    ParamCount
        ``total``, ``embedding``, ``non_embedding``, ``active`` and ``matmul``.

    References
    ----------
    Kaplan et al. 2020, arXiv:2001.08361, Table 1.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> shape = sn.accounting.Shape.dense(
    ...     n_layers=32, d_model=4096, n_heads=32, n_kv_heads=8, d_ff=14336,
    ...     vocab_size=128256,
    ... )
    >>> sn.accounting.params(shape)
    ParamCount(total=8029995008, embedding=1050673152, active=8029995008, \
matmul=7504658432)
    """
    table = shape.d_model * shape.vocab_size
    embedding = table if shape.tied else 2 * table
    total = active = embedding
    for layer, count in shape.kinds():
        mixer = layer.mixer.params(shape.d_model)
        total += count * mixer
        active += count * mixer
        if layer.feed_forward is not None:
            total += count * layer.feed_forward.params(shape.d_model)
            active += count * layer.feed_forward.active(shape.d_model)
    matmul = active if shape.tied else active - table
    return ParamCount(total, embedding, active, matmul)
