"""What cannot be is refused, by name and with a remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn
from scaling_notes import DataError
from scaling_notes import accounting as acc

SIZES: dict[str, Any] = {
    "n_layers": 2,
    "d_model": 64,
    "n_heads": 4,
    "d_ff": 256,
    "vocab_size": 1000,
}
SHAPE = acc.Shape.dense(**SIZES)
CHIP = acc.Accelerator(1e15, 3e12, 8e10)
ATTENTION = acc.Attention(4, 2, 16)
ROW: dict[str, Any] = SIZES | {
    "n_kv_heads": 2,
    "head_dim": 16,
    "attention": "GQA",
    "extra": "",
}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: acc.Attention(4, 3, 16), r"n_kv_heads 3 does not divide n_heads 4; g"),
        (lambda: acc.Attention(4, 8, 16), r"n_kv_heads 8 does not divide n_heads 4"),
        (lambda: acc.Attention(4, 2, 0), r"head_dim is 0; give a whole number"),
        (lambda: acc.Attention(4, 2, 16, window=0), r"window is 0"),
        (lambda: acc.Attention(4.5, 2, 16), r"n_heads is 4.5"),
        (lambda: acc.LatentAttention(4, 0, 2, 4, 4), r"kv_lora_rank is 0"),
        (lambda: acc.LatentAttention(4, 8, 2, 4, 4, 0), r"q_lora_rank is 0"),
        (lambda: acc.StateSpace(d_state=-1), r"d_state is -1"),
        (lambda: acc.StateSpace(dt_rank=0), r"dt_rank is 0"),
        (lambda: acc.FeedForward(d_ff=None), r"d_ff is None"),
        (lambda: acc.Experts(8, 9, 50), r"experts_per_token 9 exceeds n_experts 8"),
        (lambda: acc.Experts(8, 2, 50, n_shared=-1), r"n_shared is -1; .* at least 0"),
        (lambda: acc.Layer(acc.FeedForward(10)), r"mixer is FeedForward.*give an At"),
        (lambda: acc.Layer(ATTENTION, ATTENTION), r"feed_forward is Attention"),
        (lambda: acc.Shape(64, 1000, []), r"layers is \[\]; give a list with a Layer"),
        (lambda: acc.Shape(64, 1000, None), r"layers is None; give a list"),
        (lambda: acc.Shape(64, 1000, [ATTENTION]), r"layers holds .* in a Layer"),
        (lambda: acc.Shape(64, 0, SHAPE.layers), r"vocab_size is 0"),
        (lambda: acc.Shape.dense(**SIZES | {"n_heads": 3}), r"n_heads 3 .* head_dim"),
        (lambda: acc.Shape.dense(**SIZES | {"n_layers": 0}), r"n_layers is 0"),
        (lambda: acc.training_flops(-1, 1), r"params must be finite and zero or more"),
        (lambda: acc.inference_flops(1, np.nan), r"tokens must be finite"),
        (lambda: acc.inference_flops("many", 1), r"params is not a number"),
        (
            lambda: acc.training_flops(1, 1, flops_per_param_token=0),
            r"flops_per_param_token must be finite and positive",
        ),
        (lambda: acc.flops_per_token(SHAPE, context=-1), r"context must be"),
        (
            lambda: acc.flops_per_token(SHAPE, context=1, training=True, decode=True),
            r"training and decode exclude each other",
        ),
        (lambda: acc.cache_bytes(SHAPE, context=1, bits=0), r"bits must be"),
        (lambda: acc.cache_bytes(SHAPE, context=1, batch=-1), r"batch must be"),
        (lambda: acc.weight_bytes(SHAPE, bits=np.inf), r"bits must be"),
        (lambda: acc.weight_bytes(0.0), r"params must be finite and positive"),
        (lambda: acc.Accelerator(0, 1, 1), r"peak_flops_per_second must be"),
        (lambda: acc.Accelerator(1, 1, [1, 2]), r"memory_bytes is an array; give one"),
        (lambda: acc.attainable_flops_per_second(-1, 1, 1), r"intensity must be"),
        (lambda: acc.decode(SHAPE, CHIP, context=0), r"context must be"),
        (lambda: acc.prefill(SHAPE, CHIP, context=1, batch=0), r"batch must be"),
        (
            lambda: acc.decode(SHAPE, CHIP, context=1, utilization=1.1),
            r"utilization is a share of the peak, at most 1",
        ),
        (
            lambda: acc.usd_per_million_tokens(0, usd_per_chip_hour=1),
            r"tokens_per_second must be",
        ),
        (
            lambda: acc.usd_per_million_tokens(1, usd_per_chip_hour=-1),
            r"usd_per_chip_hour must be finite and zero or more",
        ),
    ],
)
def test_impossible_numbers(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        make()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"d_ff": np.nan}, "d_ff is nan; give a whole number"),
        ({"d_ff": pd.NA}, "d_ff is <NA>; give a whole number"),
        ({"n_layers": None}, "n_layers is None"),
        ({"attention": "RWKV"}, "attention is 'RWKV'; give one of MHA, GQA"),
        ({"extra": "2 hash layers"}, "extra says .* cannot express '2 hash layers'"),
        ({"extra": "window 4096 in odd layers"}, "cannot express 'in odd layers'"),
        ({"extra": "d_state 16"}, "gives d_state, of which GQA makes no use; correct"),
        (
            {"attention": "SSM", "extra": "8 experts top 2"},
            "gives experts_per_token, n_experts, of which SSM makes no use",
        ),
        ({"extra": "first 3 dense"}, "extra gives first, of which GQA makes no use"),
        (
            {"extra": "8 experts top 2 rope_dim 4"},
            "extra gives rope_dim, of which GQA with experts makes no use",
        ),
        ({"extra": "8 experts top 2 every 0 layers"}, "every is 0"),
        ({"attention": "MLA"}, "extra does not give kv_lora_rank"),
        ({"attention": "MLA", "extra": "kv_lora_rank 8"}, "extra does not give rope_"),
        ({"attention": "hybrid"}, "n_layers is 2, and extra gives 0 attention and 0"),
        ({"params": 1e6}, r"says 1e\+06 params, its shape has 2.51e\+05: extra leaves"),
        ({"params": np.nan}, "params must be finite"),
    ],
)
def test_rows_that_no_shape_describes(change: dict[str, Any], words: str) -> None:
    assert acc.Shape.from_row(ROW).n_layers == 2
    with pytest.raises(DataError, match=words):
        acc.Shape.from_row(ROW | change)


def test_a_row_that_leaves_out_tied_embeddings_is_refused() -> None:
    shape = acc.Shape.dense(**SIZES, n_kv_heads=2, tied=True)
    row = ROW | {"params": acc.params(shape).total}
    with pytest.raises(DataError, match="tied embeddings"):
        acc.Shape.from_row(row)
    assert acc.Shape.from_row(row | {"extra": "tied embeddings"}) == shape


def test_accelerators_without_the_number_are_refused() -> None:
    rows = sn.load("accelerator_specs").set_index("accelerator")
    with pytest.raises(DataError, match="bits is 4; the table gives peaks of 16 and 8"):
        acc.Accelerator.from_row(rows.loc["H100 SXM"], bits=4)
    with pytest.raises(DataError, match="peak_dense_8bit_op_per_s must be finite"):
        acc.Accelerator.from_row(rows.loc["V100 SXM2 32GB"], bits=8)


def test_shapes_that_do_not_go_together_are_named() -> None:
    with pytest.raises(DataError, match=r"shape \(2,\) and tokens \(3,\): give one"):
        acc.training_flops([1e9, 2e9], [1e9, 2e9, 3e9])
