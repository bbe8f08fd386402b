"""Compute per token, from the shape of a model and its context."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError
from ._checks import Array, numbers, plain
from ._compute import (
    INFERENCE_FLOPS_PER_PARAM_TOKEN,
    TRAINING_FLOPS_PER_PARAM_TOKEN,
)
from ._shape import Shape, params

__all__ = ["flops_per_token"]


def flops_per_token(
    shape: Shape,
    *,
    context: ArrayLike,
    training: bool = False,
    decode: bool = False,
) -> float | Array:
    r"""Return the compute of one token: its matrices, and attention to its context.

    .. math:: c = 2 N + \sum_\text{layers} 4\, n_\text{head} d_\text{head}\, \bar n

    with N the parameters a token is multiplied with (``matmul`` of
    :func:`params`: active, with the unembedding, without the look-up of the
    embedding), and :math:`\bar n` the tokens it attends to.

    Parameters
    ----------
    shape : Shape
    context : float or array
        Tokens of a sequence. A window limits how many of them a token attends to.
    training : bool
        Whether to count the backward pass as well, which costs twice the forward
        one: 6 for 2.
    decode : bool
        False: the mean over the tokens of one causal sequence, as in training and
        prefill; a token attends to half of the context. True: the token after so
        many, which attends to all of them.

    Returns
    -------
    float or array
        FLOP per token, in the shape of ``context``.

    Raises
    ------
    DataError
        If a context is negative or not finite, or ``training`` and ``decode`` are
        both asked for.

    Notes
    -----
    The mean of a causal sequence agrees with the 2 n_layer n_ctx d_attn of Kaplan
    et al. 2020, Table 1. ``decode=True`` agrees with the scores and reductions of
    Hoffmann et al. 2022, Appendix F, which counts no mask. As context goes to zero
    the result goes to 2 N, or 6 N. A state-space layer adds its recurrence, the
    same at every context. Softmax and other vector work are left out.

    References
    ----------
    Kaplan et al. 2020, arXiv:2001.08361, Table 1 and Sec. 2.1; Hoffmann et al.
    2022, arXiv:2203.15556, Appendix F.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> shape = sn.accounting.Shape.dense(
    ...     n_layers=32, d_model=4096, n_heads=32, n_kv_heads=8, d_ff=14336,
    ...     vocab_size=128256,
    ... )
    >>> flops = sn.accounting.flops_per_token(shape, context=[0, 8192, 131072])
    >>> (flops / 1e9).round(1).tolist()
    [15.0, 17.2, 49.4]
    """
    if training and decode:
        raise DataError("training and decode exclude each other; leave one out.")
    tokens = numbers(context, "context", zero=True)
    flops = np.full_like(tokens, INFERENCE_FLOPS_PER_PARAM_TOKEN * params(shape).matmul)
    for layer, count in shape.kinds():
        flops = flops + count * layer.mixer.context_flops(
            shape.d_model, tokens, decode=decode
        )
    if training:
        flops = flops * (
            TRAINING_FLOPS_PER_PARAM_TOKEN / INFERENCE_FLOPS_PER_PARAM_TOKEN
        )
    result: float | Array = plain(flops)
    return result
