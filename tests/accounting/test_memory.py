"""Bytes of weights and caches, against exact and printed values."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_notes.accounting import (
    Shape,
    cache_bytes,
    cache_bytes_per_token,
    params,
    weight_bytes,
)

Shapes = dict[str, Shape]


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("Llama-2-7B", 524_288),
        ("Llama-3-8B", 131_072),
        ("DeepSeek-V3", 70_272),
        ("Llama-3.1-405B", 516_096),
        ("Gemma-2B", 2 * 18 * 256 * 2),
        # Four of 32 layers attend.
        ("Jamba-v0.1", 2 * 4 * 8 * 128 * 2),
        ("Mamba-2.8B", 0),
    ],
)
def test_cache_per_token_is_exact(shapes: Shapes, name: str, size: int) -> None:
    assert cache_bytes_per_token(shapes[name]) == size
    assert cache_bytes_per_token(shapes[name], bits=8) == size / 2


def test_cache_of_a_long_context(shapes: Shapes) -> None:
    size = cache_bytes(shapes["Llama-3.1-405B"], context=128_000)
    assert size == 516_096 * 128_000
    assert size / 2**30 == pytest.approx(61.5, abs=0.05)


def test_windows_bound_the_cache(shapes: Shapes) -> None:
    size = cache_bytes(shapes["Mistral-7B-v0.1"], context=[1000, 4096, 1e6])
    assert size == pytest.approx([131_072 * n for n in (1000, 4096, 4096)], rel=0)
    # Half of the layers look back on everything.
    half = 2 * 21 * 8 * 256 * 2
    size = cache_bytes(shapes["Gemma-2-9B"], context=8192)
    assert size == half * (4096 + 8192)


def test_a_state_has_constant_size(shapes: Shapes) -> None:
    # 64 layers, 5120 channels, 16 numbers of state and 4 under the convolution.
    size = cache_bytes(shapes["Mamba-2.8B"], context=[1, 1e6], batch=3)
    assert size.tolist() == [3 * 64 * 5120 * 20 * 2] * 2
    hybrid = cache_bytes(shapes["Jamba-v0.1"], context=0)
    assert hybrid == 28 * 8192 * 20 * 2


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Mixtral-8x7B", 32),
        ("Llama-3-8B", 32),
        ("Mixtral-8x22B", 56),
        ("Llama-3-70B", 80),
        ("Mistral-Large-2407", 88),
        ("Jamba-v0.1", 4),
    ],
)
def test_caches_at_256k_tokens(shapes: Shapes, name: str, printed: int) -> None:
    # Jamba Team 2024, arXiv:2408.12570, Table 1, which sets Mistral's window aside
    # and gives the smaller Jamba, which has the shape of the first. The 252 GB it
    # prints for Llama-3.1-405B are twice what eight key heads take.
    size = cache_bytes(shapes[name], context=2**18)
    assert size / 2**30 == pytest.approx(printed, rel=0.003)


def test_sizes_broadcast(shapes: Shapes) -> None:
    shape = shapes["Llama-3-8B"]
    size = cache_bytes(shape, context=[[1000], [2000]], batch=[1, 2, 4], bits=8)
    assert np.shape(size) == (2, 3)
    assert size[1, 2] == 8 * size[0, 0] == 8 * 65_536 * 1000
    assert isinstance(cache_bytes(shape, context=1), float)


def test_weights(shapes: Shapes) -> None:
    shape = shapes["Llama-3-8B"]
    assert weight_bytes(shape) == 2 * params(shape).total
    assert weight_bytes(8e9, bits=4) == 4e9
    # Groups of 128 weights with a scale of 16 bits each.
    assert weight_bytes(128, bits=4 + 16 / 128) == 64 + 2
    assert weight_bytes([1e9, 2e9], bits=8).tolist() == [1e9, 2e9]
