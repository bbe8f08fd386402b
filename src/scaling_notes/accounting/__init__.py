"""The arithmetic of a transformer: parameters, compute, memory, time, dollars."""

from __future__ import annotations

from ._compute import (
    INFERENCE_FLOPS_PER_PARAM_TOKEN,
    TRAINING_FLOPS_PER_PARAM_TOKEN,
    inference_flops,
    training_flops,
)
from ._feed_forward import Experts, FeedForward
from ._flops import flops_per_token
from ._layer import Layer
from ._memory import cache_bytes, cache_bytes_per_token, weight_bytes
from ._mixers import Attention, LatentAttention, StateSpace
from ._roofline import Accelerator, attainable_flops_per_second
from ._serving import (
    ForwardPass,
    decode,
    max_batch,
    prefill,
    usd_per_million_tokens,
)
from ._shape import ParamCount, Shape, params
from ._speculative import speculative_speedup

__all__ = [
    "INFERENCE_FLOPS_PER_PARAM_TOKEN",
    "TRAINING_FLOPS_PER_PARAM_TOKEN",
    "Accelerator",
    "Attention",
    "Experts",
    "FeedForward",
    "ForwardPass",
    "LatentAttention",
    "Layer",
    "ParamCount",
    "Shape",
    "StateSpace",
    "attainable_flops_per_second",
    "cache_bytes",
    "cache_bytes_per_token",
    "decode",
    "flops_per_token",
    "inference_flops",
    "max_batch",
    "params",
    "prefill",
    "speculative_speedup",
    "training_flops",
    "usd_per_million_tokens",
    "weight_bytes",
]
