"""Shapes read from rows of the table."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import scaling_notes as sn
from scaling_notes.accounting import (
    Accelerator,
    Attention,
    Experts,
    FeedForward,
    LatentAttention,
    Shape,
    StateSpace,
)

Shapes = dict[str, Shape]


def test_a_row_of_a_table_and_a_record_are_the_same() -> None:
    table = sn.load("model_architectures")
    row = table[table["model"] == "Llama-3-8B"]
    series = table.set_index("model").loc["Llama-3-8B"]
    record: dict[str, Any] = row.to_dict("records")[0]
    assert Shape.from_row(series) == Shape.from_row(record)
    assert Shape.from_row(record) == Shape.dense(
        n_layers=32,
        d_model=4096,
        n_heads=32,
        n_kv_heads=8,
        d_ff=14336,
        vocab_size=128256,
    )


def test_windows(shapes: Shapes) -> None:
    assert {x.mixer for x in shapes["Mistral-7B-v0.1"].layers} == {
        Attention(32, 8, 128, window=4096)
    }
    turns = [x.mixer for x in shapes["Gemma-2-9B"].layers]
    assert turns == [Attention(16, 8, 256, window=4096), Attention(16, 8, 256)] * 21


def test_latent_attention_and_experts(shapes: Shapes) -> None:
    layers = shapes["DeepSeek-V3"].layers
    assert {x.mixer for x in layers} == {LatentAttention(128, 512, 64, 128, 128, 1536)}
    experts = Experts(256, 8, d_ff=2048, n_shared=1)
    networks = [x.feed_forward for x in layers]
    assert networks == [FeedForward(18432)] * 3 + [experts] * 58


def test_hybrid(shapes: Shapes) -> None:
    layers = shapes["Jamba-v0.1"].layers
    assert Counter(x.mixer for x in layers) == {
        Attention(32, 8, 128): 4,
        StateSpace(): 28,
    }
    assert Counter(x.feed_forward for x in layers) == {
        FeedForward(14336): 16,
        Experts(16, 2, d_ff=14336): 16,
    }


def test_state_space(shapes: Shapes) -> None:
    shape = shapes["Mamba-2.8B"]
    assert {(x.mixer, x.feed_forward) for x in shape.layers} == {(StateSpace(), None)}
    assert shape.tied


@pytest.mark.parametrize("mark", [" ", ", ", "; ", ","])
def test_phrases_stand_in_any_order(rows: dict[str, dict[str, Any]], mark: str) -> None:
    row = rows["DeepSeek-V3"]
    phrases = [
        *("first 3 dense", "rope_dim 64", "expert_d_ff 2048", "q_lora_rank 1536"),
        *("256 experts top 8 +1 shared", "kv_lora_rank 512"),
    ]
    turned = row | {"extra": mark.join(phrases)}
    assert Shape.from_row(turned) == Shape.from_row(row)


def test_accelerators_of_the_table() -> None:
    for row in sn.load("accelerator_specs").to_dict("records"):
        chip = Accelerator.from_row(row)
        assert chip.memory_bytes == row["memory_bytes"]
        assert chip.peak_flops_per_second == row["peak_dense_bf16_flop_per_s"]
        assert chip.balance == pytest.approx(
            row["peak_dense_bf16_flop_per_s"] / row["memory_bandwidth_bytes_per_s"]
        )
        if row["peak_dense_8bit_op_per_s"] > 0:
            eight = Accelerator.from_row(row, bits=8)
            assert eight.peak_flops_per_second == row["peak_dense_8bit_op_per_s"]
