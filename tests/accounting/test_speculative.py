"""Speculative decoding: the closed form by hand, by simulation, and in print."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scaling_notes as sn
from scaling_notes import DataError
from scaling_notes.accounting import speculative_speedup

shares = st.floats(0, 1)
drafts = st.integers(0, 60)
costs = st.floats(0, 3)


def test_by_hand() -> None:
    # 1 + .5 + .25 tokens in the time of 1 + 2 * .1 steps.
    assert speculative_speedup(0.5, 2, 0.1) == pytest.approx(1.75 / 1.2)
    assert speculative_speedup(1, 3, 0) == 4
    assert speculative_speedup(0, 3, 0.5) == pytest.approx(1 / 2.5)
    assert isinstance(speculative_speedup(0.5, 2, 0.1), float)


def test_broadcasts() -> None:
    grid = speculative_speedup([[0.5], [0.9]], [1, 2, 3], 0.05)
    assert np.shape(grid) == (2, 3)


def test_as_leviathan_print_it() -> None:
    printed = sn.published("leviathan2022", "alpha 0.8, gamma 5, c 0")["value"].item()
    assert speculative_speedup(0.8, 5, 0) == pytest.approx(printed, abs=0.005)


def test_against_a_simulation() -> None:
    toss = np.random.default_rng(0).random((200_000, 4)) < 0.7
    written = 1 + np.cumprod(toss, axis=1).sum(axis=1)
    mean = written.mean() / (4 * 0.1 + 1)
    assert speculative_speedup(0.7, 4, 0.1) == pytest.approx(mean, rel=0.005)


@given(shares, drafts, costs)
def test_is_the_sum_of_powers(q: float, m: int, c: float) -> None:
    total = sum(q**i for i in range(m + 1))
    assert speculative_speedup(q, m, c) == pytest.approx(total / (m * c + 1))


@given(shares, shares, drafts, costs)
def test_grows_with_acceptance_and_has_bounds(
    q: float, other: float, m: int, c: float
) -> None:
    low, high = (speculative_speedup(x, m, c) for x in sorted((q, other)))
    assert low <= high * (1 + 1e-12)
    assert high <= (m + 1) * (1 + 1e-12)


@given(shares, drafts, costs)
def test_helps_exactly_if_a_token_is_accepted_more_often_than_it_costs(
    q: float, m: int, c: float
) -> None:
    best = max(speculative_speedup(q, i, c) for i in range(1, 2 + m))
    if q <= c:
        assert best <= 1 + 1e-9
    if q > c + 1e-6:
        assert best > 1


@pytest.mark.parametrize(
    ("acceptance", "draft_tokens", "cost_ratio", "words"),
    [
        (1.1, 3, 0.1, "acceptance is a share"),
        (-0.1, 3, 0.1, "acceptance must be finite and zero or more"),
        (0.5, 2.5, 0.1, "draft_tokens must be whole"),
        (0.5, -1, 0.1, "draft_tokens must be finite and zero or more"),
        (0.5, 3, np.nan, "cost_ratio must be finite"),
        (0.5, 3, "cheap", "cost_ratio is not a number"),
    ],
)
def test_refuses(
    acceptance: float, draft_tokens: float, cost_ratio: float, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        speculative_speedup(acceptance, draft_tokens, cost_ratio)
