"""Giving a problem up: exact against every order of the samples, and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import scaling_notes as sn

COUNTS = [0, 1, 2, 4]


def used_by_hand(n: int, c: int, k: int) -> float:
    """Mean samples over all orders of n samples, c of them right."""
    orders = itertools.combinations(range(n), c)
    return float(np.mean([min([k, *(i + 1 for i in where)]) for where in orders]))


def test_samples_used_are_those_of_all_orders() -> None:
    curve = sn.pass_at_k(5, COUNTS)
    expected = [np.mean([used_by_hand(5, c, k) for c in COUNTS]) for k in range(1, 6)]
    assert curve.samples_used() == pytest.approx(expected)
    assert sn.pass_at_k(5, COUNTS, 3).samples_used() == pytest.approx(expected[2])


def test_samples_used_are_unknown_beyond_the_samples() -> None:
    used = sn.pass_at_k([2, 4], [0, 0]).samples_used()
    assert used == pytest.approx([1, 2, np.nan, np.nan], nan_ok=True)


@pytest.mark.parametrize("worth", [0.5, 3, 40, 900])
def test_give_up_where_the_gain_is_largest(worth: float) -> None:
    correct = np.array([0, 0, 0, 1, 2, 3, 9, 25, 40])
    curve = sn.pass_at_k(40, correct)
    gain = np.append(0.0, worth * curve.value - curve.samples_used())
    found = curve.give_up(worth)
    assert found.value == gain.argmax()
    assert found.low <= found.value <= found.high
    assert found.n == 9
    assert found.unit == "samples"
    assert ("last sample" in found.how) == (found.value == 40)


def test_give_up_grows_as_the_shape_times_the_worth() -> None:
    rng = np.random.default_rng(0)
    correct = rng.binomial(4000, rng.beta(0.3, 5, 3000))
    found = sn.pass_at_k(4000, correct).give_up(3000, n_resamples=50)
    assert found.value / 3000 == pytest.approx(0.3, rel=0.15)


@pytest.mark.parametrize("worth", [0, -1, np.inf, np.nan, "10"])
def test_a_worth_is_a_finite_number_above_zero(worth: object) -> None:
    curve = sn.pass_at_k(4, [0, 1, 2, 3, 4, 4])
    with pytest.raises(sn.DataError, match="worth is"):
        curve.give_up(worth)  # type: ignore[arg-type]


def test_few_problems_have_no_interval() -> None:
    with pytest.raises(sn.DataError, match="problems"):
        sn.pass_at_k(4, [0, 1, 2]).give_up(10)
