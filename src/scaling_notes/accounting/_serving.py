"""Prefill and decode of a model on chips: time, users, dollars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._checks import Array, numbers, plain, share
from ._compute import INFERENCE_FLOPS_PER_PARAM_TOKEN
from ._flops import flops_per_token
from ._memory import cache_bytes, weight_bytes
from ._roofline import Accelerator
from ._shape import Shape

__all__ = ["ForwardPass", "decode", "max_batch", "prefill", "usd_per_million_tokens"]


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """One forward pass on chips: its work, its bytes, and the time they take.

    Attributes
    ----------
    tokens : float or array
        Tokens worked on: all of the prompts in prefill, one a sequence in decode.
    flops : float or array
        Work in FLOP.
    bytes_moved : float or array
        Weights read, and cache read or written, in bytes.
    compute_seconds, memory_seconds : float or array
        Time that each of them takes by itself.
    """

    tokens: float | Array
    flops: float | Array
    bytes_moved: float | Array
    compute_seconds: float | Array
    memory_seconds: float | Array

    @property
    def seconds(self) -> Any:
        """Time of the pass, the longer of the two, as they overlap."""
        return plain(np.maximum(self.compute_seconds, self.memory_seconds))

    @property
    def bound(self) -> Any:
        """Which takes longer, ``"compute"`` or ``"memory"``."""
        first = np.asarray(self.compute_seconds) >= np.asarray(self.memory_seconds)
        return plain(np.where(first, "compute", "memory"))

    @property
    def intensity(self) -> Any:
        """Work per byte moved, in FLOP per byte."""
        return plain(np.divide(self.flops, self.bytes_moved))

    @property
    def tokens_per_second(self) -> Any:
        """Tokens per second of all sequences together."""
        return plain(np.divide(self.tokens, self.seconds))


def prefill(
    shape: Shape,
    accelerator: Accelerator,
    *,
    context: ArrayLike,
    batch: ArrayLike = 1,
    bits: ArrayLike = 16,
    cache_bits: ArrayLike = 16,
    n_chips: ArrayLike = 1,
    utilization: ArrayLike = 1.0,
) -> ForwardPass:
    """Return the pass that reads prompts and fills their cache.

    Parameters
    ----------
    shape : Shape
    accelerator : Accelerator
    context : float or array
        Tokens of each prompt.
    batch : float or array
        Prompts read at once.
    bits, cache_bits : float or array
        Bits of a weight, and of a number in the cache.
    n_chips : float or array
        Chips that share weights, cache and work.
    utilization : float or array
        Share of either roof that is reached. One gives the least time possible;
        measured shares are well below it.

    Returns
    -------
    ForwardPass
        All numbers broadcast.

    Raises
    ------
    DataError
        If a number is not positive and finite, or the utilization exceeds one.

    Notes
    -----
    Counted are the matrices and attention, the weights read once, and the cache
    written once. The unembedding works on the last token of each prompt only. Left
    out are communication between chips, activations, launches of kernels, and
    whether all of it fits in memory, which :func:`max_batch` tells. In a mixture
    of experts all tokens draw their experts at random.

    References
    ----------
    Williams, Waterman and Patterson 2009, doi:10.1145/1498765.1498785; Pope et al.
    2022, arXiv:2211.05102, Sec. 2.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> shapes = sn.load("model_architectures").set_index("model")
    >>> chips = sn.load("accelerator_specs").set_index("accelerator")
    >>> shape = sn.accounting.Shape.from_row(shapes.loc["Llama-3-8B"])
    >>> chip = sn.accounting.Accelerator.from_row(chips.loc["H100 SXM"])
    >>> read = sn.accounting.prefill(shape, chip, context=[100, 8192])
    >>> read.bound.tolist(), (1000 * read.seconds).round(1).tolist()
    (['memory', 'compute'], [4.5, 133.4])
    """
    tokens = numbers(context, "context")
    sequences = numbers(batch, "batch")
    unembedding = INFERENCE_FLOPS_PER_PARAM_TOKEN * shape.d_model * shape.vocab_size
    a_token = np.asarray(flops_per_token(shape, context=tokens))
    flops = sequences * (tokens * a_token - np.maximum(tokens - 1, 0) * unembedding)
    moved = _weights_read(shape, sequences * tokens) * numbers(bits, "bits") / 8
    moved = moved + cache_bytes(shape, context=tokens, bits=cache_bits, batch=sequences)
    return _timed(sequences * tokens, flops, moved, accelerator, n_chips, utilization)


def decode(
    shape: Shape,
    accelerator: Accelerator,
    *,
    context: ArrayLike,
    batch: ArrayLike = 1,
    bits: ArrayLike = 16,
    cache_bits: ArrayLike = 16,
    n_chips: ArrayLike = 1,
    utilization: ArrayLike = 1.0,
) -> ForwardPass:
    """Return the pass that writes one token of each sequence.

    Parameters
    ----------
    shape : Shape
    accelerator : Accelerator
    context : float or array
        Tokens of each sequence so far. For a whole answer, give its range and
        sum the seconds.
    batch : float or array
        Sequences written at once.
    bits, cache_bits : float or array
        Bits of a weight, and of a number in the cache.
    n_chips : float or array
        Chips that share weights, cache and work.
    utilization : float or array
        Share of either roof that is reached. One gives the least time possible;
        measured shares are well below it.

    Returns
    -------
    ForwardPass
        All numbers broadcast.

    Raises
    ------
    DataError
        If a number is not positive and finite, or the utilization exceeds one.

    Notes
    -----
    Weights are read once for the whole batch, the cache once for each sequence.
    Of a mixture of experts, those are read that the batch draws, at random. Left
    out are communication between chips, activations, launches of kernels, and
    whether all of it fits in memory, which :func:`max_batch` tells.

    References
    ----------
    Williams, Waterman and Patterson 2009, doi:10.1145/1498765.1498785; Pope et al.
    2022, arXiv:2211.05102, Sec. 2.

    Examples
    --------
    >>> import numpy as np
    >>> import scaling_notes as sn
    >>> shapes = sn.load("model_architectures").set_index("model")
    >>> chips = sn.load("accelerator_specs").set_index("accelerator")
    >>> shape = sn.accounting.Shape.from_row(shapes.loc["Llama-3-8B"])
    >>> chip = sn.accounting.Accelerator.from_row(chips.loc["H100 SXM"])
    >>> step = sn.accounting.decode(shape, chip, context=1000, batch=[1, 64])
    >>> step.tokens_per_second.round().tolist(), step.bound.tolist()
    ([221.0, 9163.0], ['memory', 'memory'])
    >>> answer = sn.accounting.decode(shape, chip, context=np.arange(1000, 1500))
    >>> f"{np.sum(answer.seconds):.2f} s"
    '2.26 s'
    """
    sequences = numbers(batch, "batch")
    flops = sequences * flops_per_token(
        shape, context=numbers(context, "context"), decode=True
    )
    moved = _weights_read(shape, sequences) * numbers(bits, "bits") / 8
    moved = moved + cache_bytes(
        shape, context=context, bits=cache_bits, batch=sequences
    )
    return _timed(sequences, flops, moved, accelerator, n_chips, utilization)


def max_batch(
    shape: Shape,
    accelerator: Accelerator,
    *,
    context: ArrayLike,
    bits: ArrayLike = 16,
    cache_bits: ArrayLike = 16,
    n_chips: ArrayLike = 1,
) -> int | Array:
    """Return how many sequences fit in memory beside the weights.

    Parameters
    ----------
    shape : Shape
    accelerator : Accelerator
    context : float or array
        Tokens of each sequence.
    bits, cache_bits : float or array
        Bits of a weight, and of a number in the cache.
    n_chips : float or array
        Chips that share weights and cache.

    Returns
    -------
    int or array of int
        Zero where the weights leave no room. All numbers broadcast.

    Raises
    ------
    DataError
        If a number is not positive and finite.

    Notes
    -----
    Activations and copies are left out: heads that are fewer than chips are often
    stored several times, and an engine holds memory back. Give an accelerator of
    less memory for that.

    References
    ----------
    Pope et al. 2022, arXiv:2211.05102, Sec. 2.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> shapes = sn.load("model_architectures").set_index("model")
    >>> chips = sn.load("accelerator_specs").set_index("accelerator")
    >>> chip = sn.accounting.Accelerator.from_row(chips.loc["H100 SXM"])
    >>> for name in ("Llama-2-7B", "Llama-3-8B"):
    ...     shape = sn.accounting.Shape.from_row(shapes.loc[name])
    ...     print(sn.accounting.max_batch(shape, chip, context=4096))
    30
    119
    """
    room = accelerator.memory_bytes * numbers(n_chips, "n_chips")
    room = room - weight_bytes(shape, bits=bits)
    each = cache_bytes(shape, context=numbers(context, "context"), bits=cache_bits)
    fitting = np.floor(np.maximum(room, 0.0) / each).astype(np.int64)
    users: int | Array = plain(fitting)
    return users


def usd_per_million_tokens(
    tokens_per_second: ArrayLike,
    *,
    usd_per_chip_hour: ArrayLike,
    n_chips: ArrayLike = 1,
) -> float | Array:
    """Return what a million tokens cost on rented chips.

    Parameters
    ----------
    tokens_per_second : float or array
        Tokens per second of all sequences together, measured or from
        :func:`prefill` or :func:`decode`.
    usd_per_chip_hour : float or array
        Price of one chip for one hour, in dollars.
    n_chips : float or array
        Chips that are paid for.

    Returns
    -------
    float or array
        Dollars per million tokens, if the chips are never idle.

    Raises
    ------
    DataError
        If the rate or the chips are not positive, or the price is negative.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> usd = sn.accounting.usd_per_million_tokens(2000, usd_per_chip_hour=3.60)
    >>> round(usd, 2)
    0.5
    """
    usd_per_second = (
        numbers(usd_per_chip_hour, "usd_per_chip_hour", zero=True)
        * numbers(n_chips, "n_chips")
        / 3600
    )
    usd: float | Array = plain(
        1e6 * usd_per_second / numbers(tokens_per_second, "tokens_per_second")
    )
    return usd


def _weights_read(shape: Shape, tokens: Array) -> Array:
    """Return the weights that a pass over so many tokens reads.

    The look-up of the embedding reads a row a token, next to nothing.
    """
    weights = np.full_like(tokens, float(shape.d_model * shape.vocab_size))
    for layer, count in shape.kinds():
        weights = weights + count * layer.mixer.params(shape.d_model)
        if layer.feed_forward is not None:
            weights = weights + count * layer.feed_forward.read(shape.d_model, tokens)
    return weights


def _timed(
    tokens: Array,
    flops: Array,
    moved: Array,
    accelerator: Accelerator,
    n_chips: ArrayLike,
    utilization: ArrayLike,
) -> ForwardPass:
    reached = numbers(n_chips, "n_chips") * share(utilization, "utilization")
    compute = flops / (accelerator.peak_flops_per_second * reached)
    memory = moved / (accelerator.bandwidth_bytes_per_second * reached)
    return ForwardPass(
        *(plain(x) for x in np.broadcast_arrays(tokens, flops, moved, compute, memory))
    )
