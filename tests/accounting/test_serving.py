"""Roofs, passes, users and dollars, against arithmetic by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes.accounting import (
    Accelerator,
    Experts,
    Shape,
    attainable_flops_per_second,
    decode,
    max_batch,
    params,
    prefill,
    usd_per_million_tokens,
)

Shapes = dict[str, Shape]
CHIP = Accelerator(
    peak_flops_per_second=1e15, bandwidth_bytes_per_second=4e12, memory_bytes=8e10
)


def test_two_roofs() -> None:
    reached = attainable_flops_per_second([0, 1, 250, 1000], 1e15, 4e12)
    assert reached.tolist() == [0, 4e12, 1e15, 1e15]
    assert CHIP.balance == 250
    assert isinstance(attainable_flops_per_second(1, 1e15, 4e12), float)


def test_decode_by_hand(shapes: Shapes) -> None:
    shape = shapes["Llama-3-8B"]
    n = params(shape).matmul
    step = decode(shape, CHIP, context=1000, batch=10)
    assert step.tokens == 10
    assert step.flops == 10 * (2 * n + 4 * 32 * 4096 * 1000)
    # The embedding is not read, its rows that are looked up are next to nothing.
    assert step.bytes_moved == 2 * n + 10 * 131_072 * 1000
    assert step.compute_seconds == pytest.approx(step.flops / 1e15, rel=1e-14)
    assert step.memory_seconds == pytest.approx(step.bytes_moved / 4e12, rel=1e-14)
    assert step.seconds == step.memory_seconds
    assert step.bound == "memory"
    assert step.tokens_per_second == pytest.approx(10 / step.seconds, rel=1e-14)
    assert step.intensity == step.flops / step.bytes_moved


def test_prefill_by_hand(shapes: Shapes) -> None:
    shape = shapes["Llama-3-8B"]
    n, table = params(shape).matmul, 128_256 * 4096
    read = prefill(shape, CHIP, context=1000, batch=3, bits=8, cache_bits=4)
    layers = 1000 * (2 * (n - table) + 4 * 32 * 4096 * 500)
    assert read.tokens == 3000
    assert read.flops == pytest.approx(3 * (layers + 2 * table), rel=1e-14)
    assert read.bytes_moved == n + 3 * 131_072 / 4 * 1000
    assert read.bound == "compute"


def test_prefill_of_one_token_writes_it(shapes: Shapes) -> None:
    # One token, with nothing behind it: the matrices, once.
    shape = shapes["Mixtral-8x7B"]
    read = prefill(shape, CHIP, context=1)
    written = decode(shape, CHIP, context=1)
    attention = 4 * 32 * 4096
    assert written.flops - read.flops == attention / 2
    assert read.bytes_moved == written.bytes_moved


def test_prefill_is_the_sum_of_decoded_tokens(shapes: Shapes) -> None:
    # But for half a token of attention each, and the unembedding of all but one.
    shape, length = shapes["Gemma-2-2B"], 6000
    written = decode(shape, CHIP, context=np.arange(1, length + 1))
    table = 2 * shape.d_model * shape.vocab_size
    left = np.sum(written.flops) - (length - 1) * table
    token = 4 * 26 * 8 * 256
    assert prefill(shape, CHIP, context=length).flops == pytest.approx(
        left, abs=length * token / 2 + 1e-10 * left
    )


def test_a_batch_reads_more_experts(shapes: Shapes) -> None:
    # Llama's weights are read whole at any batch; of Mixtral's experts a token reads
    # 2 of 8, two tokens 3.5, and a large batch all.
    dense, sparse = shapes["Llama-3-8B"], shapes["Mixtral-8x7B"]
    cache = 131_072
    one, two, many = (
        decode(sparse, CHIP, context=1, batch=b).bytes_moved - b * cache
        for b in (1, 2, 1000)
    )
    assert one == 2 * params(sparse).matmul
    expert = 32 * 3 * 4096 * 14336
    assert two == pytest.approx(one + 2 * 1.5 * expert, rel=1e-12)
    table = 32_000 * 4096
    assert many == pytest.approx(2 * (params(sparse).total - table), rel=1e-12)
    steps = decode(dense, CHIP, context=1, batch=[1, 1000])
    assert steps.bytes_moved - np.array([1, 1000]) * cache == pytest.approx(
        2 * params(dense).matmul, rel=1e-12
    )


def test_experts_read_are_the_mean_over_all_draws() -> None:
    n, k, tokens = 4, 2, 3
    draws = list(itertools.combinations(range(n), k))
    met = [
        len(set().union(*drawn)) for drawn in itertools.product(draws, repeat=tokens)
    ]
    part = Experts(n, k, d_ff=1, n_shared=1, gated=False)
    read = part.read(1, np.array(float(tokens)))
    assert read == pytest.approx(2 * (np.mean(met) + 1) + n, rel=1e-14)


def test_chips_and_utilization_scale_time(shapes: Shapes) -> None:
    shape = shapes["Llama-3.1-405B"]
    for run in (prefill, decode):
        one = run(shape, CHIP, context=1000)
        eight = run(shape, CHIP, context=1000, n_chips=8, utilization=0.5)
        assert eight.seconds == pytest.approx(one.seconds / 4, rel=1e-12)
        assert eight.bound == one.bound
        assert eight.flops == one.flops


def test_passes_broadcast(shapes: Shapes) -> None:
    step = decode(
        shapes["Llama-3-8B"], CHIP, context=[[100], [10_000]], batch=[1, 8, 512]
    )
    for name in ("tokens", "flops", "bytes_moved", "seconds", "bound", "intensity"):
        assert np.shape(getattr(step, name)) == (2, 3), name
    assert step.bound.tolist() == [["memory", "memory", "compute"], ["memory"] * 3]


def test_users_in_memory(shapes: Shapes) -> None:
    shape = shapes["Llama-3-8B"]
    # 8.03e9 params of two bytes leave 63.94e9 bytes; a user takes 0.537e9.
    assert max_batch(shape, CHIP, context=4096) == 119
    assert max_batch(shape, CHIP, context=4096, cache_bits=8) == 238
    assert isinstance(max_batch(shape, CHIP, context=4096), int)
    big = shapes["Llama-3.1-405B"]
    users = max_batch(big, CHIP, context=128_000, n_chips=[8, 16], bits=8)
    assert users.tolist() == [3, 13]
    assert max_batch(big, CHIP, context=1) == 0


def test_latent_attention_serves_more_users(shapes: Shapes) -> None:
    # 1280e9 bytes, less a byte a param, for 70,272 and 516,096 bytes a token.
    for name, users in (("DeepSeek-V3", 1057), ("Llama-3.1-405B", 206)):
        found = max_batch(shapes[name], CHIP, context=8192, n_chips=16, bits=8)
        assert found == users


def test_dollars() -> None:
    assert usd_per_million_tokens(1000, usd_per_chip_hour=3.6) == pytest.approx(1.0)
    eight = usd_per_million_tokens([1000, 4000], usd_per_chip_hour=3.6, n_chips=8)
    assert eight == pytest.approx([8, 2])
    assert usd_per_million_tokens(1, usd_per_chip_hour=0) == 0


def test_writing_costs_more_than_reading(shapes: Shapes) -> None:
    row = sn.load("accelerator_specs").set_index("accelerator").loc["H100 SXM"]
    chip = Accelerator.from_row(row)
    shape = shapes["Llama-3-8B"]
    read = prefill(shape, chip, context=2000)
    written = decode(shape, chip, context=2000, batch=[1, 32])
    usd = [
        usd_per_million_tokens(x.tokens_per_second, usd_per_chip_hour=2.0)
        for x in (read, written)
    ]
    assert usd[0] < usd[1][1] < usd[1][0]
