"""What holds for every shape."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scaling_notes.accounting import (
    Accelerator,
    Attention,
    Experts,
    FeedForward,
    LatentAttention,
    Layer,
    Shape,
    StateSpace,
    attainable_flops_per_second,
    cache_bytes,
    cache_bytes_per_token,
    decode,
    flops_per_token,
    max_batch,
    params,
    prefill,
    weight_bytes,
)

small = st.integers(1, 64)
windows = st.none() | st.integers(1, 5000)
contexts = st.floats(1, 1e6)
batches = st.integers(1, 5000)


@st.composite
def attentions(draw: st.DrawFn) -> Attention:
    n_kv_heads = draw(st.integers(1, 8))
    groups = draw(st.integers(1, 8))
    return Attention(n_kv_heads * groups, n_kv_heads, draw(small), draw(windows))


@st.composite
def experts(draw: st.DrawFn) -> Experts:
    n = draw(st.integers(1, 32))
    k = draw(st.integers(1, n))
    return Experts(n, k, draw(small), draw(st.integers(0, 2)), draw(st.booleans()))


latents = st.builds(
    LatentAttention, small, small, small, small, small, st.none() | small
)
states = st.builds(StateSpace, small, st.integers(1, 4), st.integers(1, 3))
layers = st.builds(
    Layer,
    attentions() | latents | states,
    st.none() | st.builds(FeedForward, small, st.booleans()) | experts(),
)
shapes = st.builds(
    Shape,
    st.integers(1, 512),
    st.integers(1, 1000),
    st.lists(layers, min_size=1, max_size=5),
    st.booleans(),
)
chips = st.builds(
    Accelerator, st.floats(1e12, 1e16), st.floats(1e11, 1e13), st.floats(1e9, 1e12)
)


@given(shapes)
def test_params_add_up(shape: Shape) -> None:
    count = params(shape)
    table = shape.d_model * shape.vocab_size
    assert count.total == count.embedding + count.non_embedding
    assert count.matmul <= count.active <= count.total
    assert count.embedding == table * (1 if shape.tied else 2)
    assert count.active - count.matmul == (0 if shape.tied else table)


@given(shapes)
def test_order_of_layers_does_not_matter(shape: Shape) -> None:
    turned = dataclasses.replace(shape, layers=shape.layers[::-1])
    assert params(turned) == params(shape)
    for decoded in (False, True):
        one, other = (
            flops_per_token(s, context=100, decode=decoded) for s in (shape, turned)
        )
        assert np.isclose(one, other, rtol=1e-12)


@given(shapes, contexts, st.floats(1, 100), st.booleans())
def test_more_context_costs_no_less(
    shape: Shape, context: float, times: float, decoded: bool
) -> None:
    flops = flops_per_token(shape, context=[context, times * context], decode=decoded)
    assert flops[0] <= flops[1] * (1 + 1e-12)
    kept = cache_bytes(shape, context=[context, times * context])
    assert kept[0] <= kept[1]
    # A decoded token attends to all of it, the mean token to part.
    assert flops_per_token(shape, context=context) <= flops_per_token(
        shape, context=context, decode=True
    ) * (1 + 1e-12) or has_latent(shape)


def has_latent(shape: Shape) -> bool:
    return any(isinstance(x.mixer, LatentAttention) for x in shape.layers)


@given(shapes, contexts)
def test_training_is_three_forward_passes(shape: Shape, context: float) -> None:
    forward = flops_per_token(shape, context=context)
    trained = flops_per_token(shape, context=context, training=True)
    assert np.isclose(trained, 3 * forward, rtol=1e-12)
    assert forward >= 2 * params(shape).matmul


@given(small, small, windows, st.integers(1, 512), contexts)
def test_as_many_key_heads_as_heads_is_multi_head(
    n_heads: int, head_dim: int, window: int | None, d_model: int, context: float
) -> None:
    grouped = Attention(n_heads, n_heads, head_dim, window)
    assert grouped.params(d_model) == 4 * d_model * n_heads * head_dim
    multi_query = Attention(n_heads, 1, head_dim, window)
    tokens = np.array(context)
    kept = [x.cache_values(d_model, tokens) for x in (grouped, multi_query)]
    assert np.isclose(kept[0], n_heads * kept[1], rtol=1e-12)
    # Fewer key heads save bytes, not scores.
    for decoded in (False, True):
        scores = [
            x.context_flops(d_model, tokens, decode=decoded)
            for x in (grouped, multi_query)
        ]
        assert scores[0] == scores[1]


@given(experts(), st.integers(1, 512), st.integers(1, 10_000))
def test_experts_lie_between_active_and_all(
    part: Experts, d_model: int, tokens: int
) -> None:
    every = dataclasses.replace(part, experts_per_token=part.n_experts)
    assert every.active(d_model) == every.params(d_model) == part.params(d_model)
    one, some, more = (
        float(part.read(d_model, np.array(float(n)))) for n in (1, tokens, tokens + 1)
    )
    assert np.isclose(one, part.active(d_model), rtol=1e-12)
    most = part.params(d_model) * (1 + 1e-12)
    assert one <= some * (1 + 1e-12)
    assert some <= more * (1 + 1e-12) <= most * (1 + 1e-12)


@given(small, small, st.integers(1, 512))
def test_one_expert_is_a_network_and_a_router(
    d_ff: int, tokens: int, d_model: int
) -> None:
    network = FeedForward(d_ff).params(d_model)
    assert Experts(1, 1, d_ff).params(d_model) == network + d_model


@given(shapes, contexts, batches)
def test_the_cache_is_linear_in_the_batch(
    shape: Shape, context: float, batch: int
) -> None:
    one, many = (cache_bytes(shape, context=context, batch=b) for b in (1, batch))
    assert np.isclose(many, batch * one, rtol=1e-12)
    tokens = cache_bytes_per_token(shape)
    constant = cache_bytes(shape, context=0)
    assert one <= (constant + tokens * context) * (1 + 1e-12)


@given(attentions(), st.integers(1, 512), contexts)
def test_a_window_bounds_cache_and_scores(
    part: Attention, d_model: int, context: float
) -> None:
    tokens = np.array(context)
    free = dataclasses.replace(part, window=None)
    for decoded in (False, True):
        bound = part.context_flops(d_model, tokens, decode=decoded)
        assert bound <= free.context_flops(d_model, tokens, decode=decoded)
    assert part.cache_values(d_model, tokens) <= free.cache_values(d_model, tokens)
    if part.window is not None:
        full = np.array(float(part.window))
        most = free.cache_values(d_model, full)
        assert part.cache_values(d_model, tokens) <= most


@given(st.floats(0, 1e6), st.floats(1e9, 1e16), st.floats(1e9, 1e14))
def test_never_above_either_roof(
    intensity: float, peak: float, bandwidth: float
) -> None:
    reached = attainable_flops_per_second(intensity, peak, bandwidth)
    assert reached <= peak
    assert reached <= intensity * bandwidth
    assert reached in (peak, intensity * bandwidth)


@given(shapes, chips, st.integers(1, 10_000), batches, st.floats(0.01, 1))
def test_passes_stay_under_the_roof(
    shape: Shape, chip: Accelerator, context: int, batch: int, utilization: float
) -> None:
    for run in (prefill, decode):
        done = run(shape, chip, context=context, batch=batch, utilization=utilization)
        reached = done.flops / done.seconds
        roof = utilization * attainable_flops_per_second(
            done.intensity, chip.peak_flops_per_second, chip.bandwidth_bytes_per_second
        )
        assert np.isclose(reached, roof, rtol=1e-9)
        # Compute binds where intensity exceeds the balance of the chip.
        if not np.isclose(done.intensity, chip.balance, rtol=1e-6):
            assert (done.bound == "compute") == (done.intensity > chip.balance)


@given(shapes, chips, st.integers(1, 10_000), batches)
def test_a_larger_batch_is_cheaper_a_token(
    shape: Shape, chip: Accelerator, context: int, batch: int
) -> None:
    step = decode(shape, chip, context=context, batch=[batch, 2 * batch])
    assert step.seconds[0] <= step.seconds[1] * (1 + 1e-12)
    assert step.tokens_per_second[0] <= step.tokens_per_second[1] * (1 + 1e-12)


@given(shapes, chips, st.integers(1, 10_000))
def test_users_fit_and_one_more_does_not(
    shape: Shape, chip: Accelerator, context: int
) -> None:
    users = max_batch(shape, chip, context=context)
    each = cache_bytes(shape, context=context)
    room = chip.memory_bytes - weight_bytes(shape)
    assert users * each <= max(room, 0) * (1 + 1e-12)
    assert (users + 1) * each > room * (1 - 1e-12)
