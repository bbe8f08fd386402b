"""Compute from params and tokens: C = 6 N D in training, 2 N T in use."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError
from ._checks import Array, numbers, plain

__all__ = [
    "INFERENCE_FLOPS_PER_PARAM_TOKEN",
    "TRAINING_FLOPS_PER_PARAM_TOKEN",
    "inference_flops",
    "training_flops",
]

INFERENCE_FLOPS_PER_PARAM_TOKEN = 2.0
"""FLOP per parameter and token of a forward pass: a multiplication and an addition.

Kaplan et al. 2020, arXiv:2001.08361, Sec. 2.1.
"""

TRAINING_FLOPS_PER_PARAM_TOKEN = 6.0
"""FLOP per parameter and token of training: 2 forward, and 4 backward, which forms
the gradient by the inputs and that by the weights.

Kaplan et al. 2020, arXiv:2001.08361, Sec. 2.1.
"""


def training_flops(
    params: ArrayLike,
    tokens: ArrayLike,
    *,
    flops_per_param_token: float = TRAINING_FLOPS_PER_PARAM_TOKEN,
) -> float | Array:
    """Return the compute of training, ``C = 6 N D``.

    Parameters
    ----------
    params : float or array
        Parameters N; those active for one token in a mixture of experts.
    tokens : float or array
        Training tokens D; broadcasts with ``params``.
    flops_per_param_token : float
        The 6 of ``C = 6 N D``.

    Returns
    -------
    float or array
        Compute in FLOP. Attention over the context is left out:
        :func:`flops_per_token` counts it.

    Raises
    ------
    DataError
        If a number is negative or not finite, or shapes do not broadcast.

    References
    ----------
    Kaplan et al. 2020, arXiv:2001.08361, Sec. 2.1.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> f"{sn.accounting.training_flops(params=70e9, tokens=1.4e12):.2e}"
    '5.88e+23'
    """
    return _product(params, tokens, flops_per_param_token)


def inference_flops(
    params: ArrayLike,
    tokens: ArrayLike,
    *,
    flops_per_param_token: float = INFERENCE_FLOPS_PER_PARAM_TOKEN,
) -> float | Array:
    """Return the compute of reading or writing tokens with a trained model, ``2 N T``.

    Parameters
    ----------
    params : float or array
        Parameters N; those active for one token in a mixture of experts.
    tokens : float or array
        Tokens T read or written; broadcasts with ``params``.
    flops_per_param_token : float
        The 2 of ``2 N T``.

    Returns
    -------
    float or array
        Compute in FLOP, without attention over the context.

    Raises
    ------
    DataError
        If a number is negative or not finite.

    References
    ----------
    Kaplan et al. 2020, arXiv:2001.08361, Sec. 2.1.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.accounting.inference_flops(params=[7e9, 70e9], tokens=1000).tolist()
    [14000000000000.0, 140000000000000.0]
    """
    return _product(params, tokens, flops_per_param_token)


def _product(params: ArrayLike, tokens: ArrayLike, factor: float) -> float | Array:
    n, d = (
        numbers(value, name, zero=True)
        for value, name in ((params, "params"), (tokens, "tokens"))
    )
    try:
        product = n * d
    except ValueError as error:
        raise DataError(
            f"params have the shape {np.shape(n)} and tokens {np.shape(d)}: give one "
            "of each for every run, or one of either for all."
        ) from error
    flops: float | Array = plain(numbers(factor, "flops_per_param_token") * product)
    return flops
