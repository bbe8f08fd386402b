"""Compute per token, against printed formulas and tables and against counting."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_notes.accounting import (
    INFERENCE_FLOPS_PER_PARAM_TOKEN,
    TRAINING_FLOPS_PER_PARAM_TOKEN,
    Attention,
    LatentAttention,
    Layer,
    Shape,
    StateSpace,
    flops_per_token,
    inference_flops,
    params,
    training_flops,
)

Shapes = dict[str, Shape]


def test_the_constants() -> None:
    assert TRAINING_FLOPS_PER_PARAM_TOKEN == 6
    assert INFERENCE_FLOPS_PER_PARAM_TOKEN == 2
    assert training_flops(70e9, 1.4e12) == 6 * 70e9 * 1.4e12
    assert inference_flops(7e9, 1e3) == 2 * 7e9 * 1e3
    # Eight where the backward pass runs the forward pass again.
    assert training_flops(7e9, 1e3, flops_per_param_token=8) == 8 * 7e9 * 1e3


def test_params_and_tokens_broadcast() -> None:
    grid = training_flops(np.array([[1e6], [1e7]]), [1e8, 1e9, 1e10])
    assert np.shape(grid) == (2, 3)
    assert np.allclose(grid, 6 * np.outer([1e6, 1e7], [1e8, 1e9, 1e10]), rtol=1e-14)
    assert isinstance(inference_flops(1, 1), float)


def test_kaplan_table_1() -> None:
    # C_forward = 2 N + 2 n_layer n_ctx d_attn, and 2 d_model n_vocab to de-embed.
    n_layers, d_model, d_attn, context, vocab = 24, 1024, 512, 2048, 50257
    shape = Shape.dense(
        n_layers=n_layers,
        d_model=d_model,
        n_heads=8,
        head_dim=64,
        d_ff=4096,
        vocab_size=vocab,
        gated=False,
        tied=True,
    )
    n = 2 * d_model * n_layers * (2 * d_attn + 4096)
    printed = 2 * n + 2 * n_layers * context * d_attn
    flops = flops_per_token(shape, context=context)
    assert flops == pytest.approx(printed + 2 * d_model * vocab, rel=1e-14)
    trained = flops_per_token(shape, context=context, training=True)
    assert trained == pytest.approx(3 * flops, rel=1e-14)


# Hoffmann et al. 2022, Table A4: layers, width, feed-forward, heads, head, ratio.
TABLE_A4 = [
    (10, 640, 2560, 10, 64, 1.03),
    (20, 1024, 4096, 16, 64, 1.10),
    (24, 1280, 5120, 10, 128, 1.08),
    (26, 1792, 7168, 14, 128, 1.04),
    (28, 2048, 8192, 16, 128, 1.03),
    (40, 3584, 14336, 28, 128, 0.99),
]


@pytest.mark.parametrize(("layers", "d", "ff", "heads", "head", "printed"), TABLE_A4)
def test_hoffmann_appendix_f(
    layers: int, d: int, ff: int, heads: int, head: int, printed: float
) -> None:
    shape = Shape.dense(
        n_layers=layers,
        d_model=d,
        n_heads=heads,
        head_dim=head,
        d_ff=ff,
        vocab_size=32_000,
        gated=False,
        tied=True,
    )
    # Appendix F, line by line, for a sequence of 2048 tokens and no mask.
    s, a = 2048, head * heads
    attention = 2 * 3 * s * d * a + 4 * s * s * a + 2 * s * a * d
    softmax = 3 * heads * s * s
    dense = 2 * s * (d * ff + d * ff)
    logits = 2 * s * d * 32_000
    forward = layers * (attention + dense) + logits
    per_token = flops_per_token(shape, context=s, decode=True)
    assert s * per_token == pytest.approx(forward, rel=1e-14)
    # The ratios of Table A4 come out without the two steps over the vocabulary, and
    # with the projection of relative positions among the params.
    n = params(shape).total + layers * d * a
    ratio = 3 * (s * per_token - logits + layers * softmax) / (6 * n * s)
    assert ratio == pytest.approx(printed, abs=0.0051)


@pytest.mark.parametrize("name", ["Llama-3.1-405B", "Mixtral-8x7B", "DeepSeek-V3"])
def test_without_context_it_is_six_n(shapes: Shapes, name: str) -> None:
    n = params(shapes[name]).matmul
    for training, factor in ((False, 2.0), (True, 6.0)):
        flops = flops_per_token(shapes[name], context=0, training=training)
        assert flops == factor * n
    assert flops_per_token(shapes[name], context=0, decode=True) == 2 * n


@pytest.mark.parametrize("window", [None, 1, 5, 12, 40])
def test_the_causal_mean_is_that_of_positions(window: int | None) -> None:
    # A token in the middle of its step looks back on i + 1/2 tokens.
    length = 12
    part = Attention(n_heads=3, n_kv_heads=1, head_dim=7, window=window)
    seen = np.arange(length) + 0.5
    if window is not None:
        seen = np.where(np.arange(length) < window, seen, window)
    mean = part.context_flops(21, np.array(float(length)), decode=False)
    assert mean == pytest.approx(4 * 3 * 7 * seen.mean(), rel=1e-14)
    last = part.context_flops(21, np.array(float(length)), decode=True)
    assert last == 4 * 3 * 7 * min(length, window or length)


def test_latent_attention_works_in_the_latent_when_decoding() -> None:
    part = LatentAttention(128, 512, rope_dim=64, nope_dim=128, value_dim=128)
    layer = Shape(7168, 1, [Layer(part)])
    context = 1000
    base = 2 * params(layer).matmul
    decoded = flops_per_token(layer, context=context, decode=True) - base
    read = flops_per_token(layer, context=context) - base
    # Scores over 512 + 64 numbers and a sum over 512, against 128 + 64 and 128.
    assert decoded == 2 * 128 * context * (512 + 64 + 512)
    assert read == 2 * 128 * (context / 2) * (128 + 64 + 128)


def test_a_state_space_costs_the_same_at_every_context(shapes: Shapes) -> None:
    shape = shapes["Mamba-2.8B"]
    flops = flops_per_token(shape, context=[0, 10, 1e6])
    assert np.ptp(flops) == 0
    state = 64 * 2 * 2560 * 16
    assert flops_per_token(shape, context=1) == 2 * params(shape).matmul + 5 * state
    # Multiplications and additions of the plain recurrence h = a h + (d x) b, y = c h.
    assert StateSpace().context_flops(1, np.array(1.0), decode=True) == 5 * 2 * 16


def test_attention_may_cost_as_much_as_the_matrices(shapes: Shapes) -> None:
    # 4 n_layers d_attn n = 2 N: for Llama-3-8B after 28,600 tokens.
    shape = shapes["Llama-3-8B"]
    even = params(shape).matmul / (2 * 32 * 4096)
    assert even == pytest.approx(28_628, abs=1)
    flops = flops_per_token(shape, context=even, decode=True)
    assert flops == pytest.approx(4 * params(shape).matmul, rel=1e-12)
