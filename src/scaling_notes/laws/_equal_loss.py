"""Sizes of equal loss: with sums of two powers, only the two exponents matter."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from ..accounting import (
    INFERENCE_FLOPS_PER_PARAM_TOKEN,
    TRAINING_FLOPS_PER_PARAM_TOKEN,
)
from ..errors import DataError
from ._law import Array

__all__ = ["cheapest_size", "tokens_at"]

# What a token of use costs beside one of training.
_PAID = INFERENCE_FLOPS_PER_PARAM_TOKEN / TRAINING_FLOPS_PER_PARAM_TOKEN


def tokens_at(alpha: float | Array, beta: float | Array, size: Array) -> Any:
    """Return tokens over the optimal ones with which a size reaches equal loss."""
    if not (np.isfinite(size) & (size > 0)).all():
        raise DataError("size must be finite and positive.")
    with np.errstate(divide="ignore", over="ignore"):
        left = 1.0 - beta / alpha * (size**-alpha - 1.0)
        tokens = np.maximum(left, 0.0) ** (-1.0 / beta)
    return float(tokens) if np.ndim(tokens) == 0 else tokens


def cheapest_size(alpha: float | Array, beta: float | Array, served: Array) -> Any:
    """Return the size over the optimal one that is cheapest to train and to serve."""
    if not (np.isfinite(served) & (served >= 0)).all():
        raise DataError("served must be finite, and zero or more.")
    alpha, beta, served = np.broadcast_arrays(alpha, beta, served)
    # With x the share of the data term that more tokens take away, the slope of the
    # cost is zero where x (1 - x)^(-(1 + beta) / beta) is this.
    with np.errstate(divide="ignore"):
        wanted = np.log(served * _PAID * beta / (alpha + beta))
    # The left side rises with x: halve the range of its logit.
    low, high = np.full(alpha.shape, -60.0), np.full(alpha.shape, 60.0)
    for _ in range(64):
        middle = (low + high) / 2
        # The log of 1 - x, by the logit of x.
        rest = np.log(expit(-middle))
        below = np.log(expit(middle)) - (1 + beta) / beta * rest < wanted
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    share = np.where(served > 0, expit(low), 0.0)
    size = (1.0 + share * alpha / beta) ** (-1.0 / alpha)
    return float(size) if np.ndim(size) == 0 else size
