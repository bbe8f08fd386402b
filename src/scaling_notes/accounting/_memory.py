"""Bytes of weights and of the cache of keys and values."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._checks import Array, numbers, plain
from ._shape import Shape, params

__all__ = ["cache_bytes", "cache_bytes_per_token", "weight_bytes"]


def weight_bytes(of: Shape | ArrayLike, *, bits: ArrayLike = 16) -> float | Array:
    """Return the bytes of the weights.

    Parameters
    ----------
    of : Shape, float or array
        A shape, or a number of parameters.
    bits : float or array
        Bits per weight. Scales of groups are fractions of a bit: 4 bits and a
        scale of 16 bits for each 128 weights are 4.125.

    Returns
    -------
    float or array
        Bytes; parameters and bits broadcast.

    Raises
    ------
    DataError
        If a number is not positive and finite.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.accounting.weight_bytes(70e9, bits=[16, 4.125]).tolist()
    [140000000000.0, 36093750000.0]
    """
    count = params(of).total if isinstance(of, Shape) else numbers(of, "params")
    size: float | Array = plain(count * numbers(bits, "bits") / 8)
    return size


def cache_bytes(
    shape: Shape,
    *,
    context: ArrayLike,
    bits: ArrayLike = 16,
    batch: ArrayLike = 1,
) -> float | Array:
    """Return the bytes kept of sequences, so that no token is worked on twice.

    Keys and values of every token in attention, a latent vector and one key in
    latent attention, no more than a window where there is one, and a state of
    constant size in a state-space layer.

    Parameters
    ----------
    shape : Shape
    context : float or array
        Tokens of each sequence so far.
    bits : float or array
        Bits of a number in the cache.
    batch : float or array
        Sequences. ``context``, ``bits`` and ``batch`` broadcast.

    Returns
    -------
    float or array
        Bytes.

    Raises
    ------
    DataError
        If a number is negative or not finite, or bits are zero.

    References
    ----------
    DeepSeek-AI 2024, arXiv:2405.04434, Table 1.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> rows = sn.load("model_architectures").set_index("model")
    >>> shape = sn.accounting.Shape.from_row(rows.loc["Llama-3.1-405B"])
    >>> size = sn.accounting.cache_bytes(shape, context=128_000)
    >>> f"{size / 2**30:.1f} GiB"
    '61.5 GiB'
    """
    tokens = numbers(context, "context", zero=True)
    kept = np.zeros_like(tokens)
    for layer, count in shape.kinds():
        kept = kept + count * layer.mixer.cache_values(shape.d_model, tokens)
    size: float | Array = plain(
        kept * numbers(batch, "batch", zero=True) * numbers(bits, "bits") / 8
    )
    return size


def cache_bytes_per_token(shape: Shape, *, bits: ArrayLike = 16) -> float | Array:
    """Return the bytes that a token adds to the cache.

    Parameters
    ----------
    shape : Shape
    bits : float or array
        Bits of a number in the cache.

    Returns
    -------
    float or array
        Bytes per token while no window is full. A layer whose window is full adds
        nothing, nor does a state-space layer.

    Raises
    ------
    DataError
        If bits are not positive and finite.

    References
    ----------
    DeepSeek-AI 2024, arXiv:2405.04434, Table 1.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> rows = sn.load("model_architectures").set_index("model")
    >>> for name in ("Llama-2-7B", "Llama-3-8B"):
    ...     shape = sn.accounting.Shape.from_row(rows.loc[name])
    ...     print(sn.accounting.cache_bytes_per_token(shape))
    524288.0
    131072.0
    """
    width = numbers(bits, "bits")
    first, none = (cache_bytes(shape, context=n, bits=width) for n in (1, 0))
    size: float | Array = plain(np.subtract(first, none))
    return size
