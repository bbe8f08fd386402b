"""pass^k and G-pass@k against enumeration; a paired difference against its parts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scaling_notes.errors import DataError, FitWarning
from scaling_notes.sampling import (
    PassCurve,
    ProblemCurve,
    difference,
    g_pass_at_k,
    pass_at_k,
    pass_hat_k,
)

examples = settings(max_examples=60)
counts = st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@examples
@given(counts, st.data())
def test_all_of_k_equals_enumeration(
    both: tuple[int, int], data: st.DataObject
) -> None:
    n, c = both
    k = data.draw(st.integers(1, n))
    exact = Fraction(math.comb(c, k), math.comb(n, k))
    assert pass_hat_k(n, [c], k).value == pytest.approx(float(exact), rel=1e-13)


@examples
@given(counts, st.data())
def test_a_share_of_k_equals_enumeration(
    both: tuple[int, int], data: st.DataObject
) -> None:
    n, c = both
    k = data.draw(st.integers(1, n))
    of = data.draw(st.integers(1, 10))
    samples = [True] * c + [False] * (n - c)
    right = [sum(s) for s in itertools.combinations(samples, k)]
    exact = np.mean([10 * x >= of * k for x in right])
    found = g_pass_at_k(n, [c], k, of / 10).value
    assert found == pytest.approx(exact, abs=1e-14)
    if k > 1:
        levels = range(math.ceil(k / 2) + 1, k + 1)
        exact = sum(np.mean([x >= m for x in right]) for m in levels) * 2 / k
        assert g_pass_at_k(n, [c], k).value == pytest.approx(exact, abs=1e-14)


def test_ends_of_tau_are_pass_at_k_and_pass_hat_k() -> None:
    n, c = [50, 60, 50], [3, 30, 49]
    for k in (1, 7, 50):
        np.testing.assert_allclose(
            g_pass_at_k(n, c, k, 1.0).by_problem(),
            pass_hat_k(n, c, k).by_problem(),
            rtol=1e-12,
        )
        np.testing.assert_allclose(
            g_pass_at_k(n, c, k, 1 / k).by_problem(),
            pass_at_k(n, c, k).by_problem(),
            rtol=1e-12,
        )


def test_large_counts_keep_their_digits() -> None:
    n, c, k = 20_000, 9_000, 1_000
    exact = stats.hypergeom.sf(449, n, c, k)
    assert g_pass_at_k(n, [c], k, 0.45).value == pytest.approx(exact, rel=1e-9)
    assert pass_hat_k(4 * 10**9, [10**9], 2).value == pytest.approx(1 / 16, rel=1e-8)


def test_estimates_are_unbiased() -> None:
    p, n, k = 0.7, 9, 4
    chance = stats.binom.pmf(np.arange(n + 1), n, p)
    every = [pass_hat_k(n, [c], k).value for c in range(n + 1)]
    assert chance @ every == pytest.approx(p**k, rel=1e-13)
    three = [g_pass_at_k(n, [c], k, 0.75).value for c in range(n + 1)]
    exact = stats.binom.sf(2, k, p)
    assert chance @ three == pytest.approx(exact, rel=1e-13)


def test_curves_answer_like_pass_at_k() -> None:
    c = np.array([0, 1, 3, 5, 8, 9, 10])
    curve = pass_hat_k(10, c, [1, 2])
    # One sample: both are the share of correct ones.
    ours = pass_at_k(10, c, [1, 2])
    np.testing.assert_allclose(curve.value[0], ours.value[0], rtol=1e-13)
    one, other = curve.interval(1), ours.interval(1)
    # Levels are expanded for seven problems.
    assert one.low < other.low < other.high < one.high
    level = 1 - 2 * stats.norm.sf(stats.t.isf(0.025, 6) * np.sqrt(7 / 6))
    wider = ours.interval(1, confidence_level=level)
    assert (one.low, one.high) == pytest.approx((wider.low, wider.high), rel=1e-9)
    np.testing.assert_allclose(
        curve.standard_error()[0], np.std(c / 10, ddof=1) / np.sqrt(7), rtol=1e-12
    )
    assert ours.standard_error()[0] == pytest.approx(curve.standard_error()[0])
    assert list(curve.band().columns) == ["k", "pass_hat_k", "low", "high"]
    assert "pass_hat_k over 7 problems" in repr(curve)
    assert "<table" in curve._repr_html_()
    assert isinstance(pass_hat_k(10, c, 3).standard_error(), float)
    with pytest.raises(DataError, match="two at least"):
        pass_hat_k(10, [3], 2).standard_error()
    with pytest.raises(DataError, match="several k"):
        curve.interval()


def test_short_problems_have_no_score() -> None:
    with pytest.warns(FitWarning, match="in row 6"):
        curve = g_pass_at_k([6] * 6 + [3], [0, 1, 2, 3, 4, 6, 1], [2, 4], 0.5)
    assert np.isnan(curve.value).tolist() == [False, True]
    assert np.isnan(curve.by_problem()).sum() == 1
    assert curve.band(n_resamples=100)["low"].isna().tolist() == [False, True]
    assert curve.messages[0] in repr(curve)
    with pytest.raises(DataError, match="has no mean"):
        curve.interval(4)
    assert len(pass_hat_k([6, 3], [1, 2]).value) == 6


@pytest.mark.parametrize("tau", [0, 1.2, np.nan, "half", [0.5, 1]])
def test_impossible_shares_are_refused(tau: object) -> None:
    with pytest.raises(DataError, match="tau"):
        g_pass_at_k(10, [3, 4], 4, tau)


def test_the_mean_share_needs_two_samples() -> None:
    with pytest.raises(DataError, match="two at least"):
        g_pass_at_k(10, [3, 4], [1, 4])


class TestDifference:
    def test_is_that_of_the_pairs(self) -> None:
        a, b = [0, 2, 3, 6, 9, 9, 10, 10], [0, 1, 1, 5, 8, 9, 9, 10]
        gain = difference(pass_at_k(10, a, [1, 3]), pass_at_k(10, b, [3, 1, 5]))
        assert gain.k.tolist() == [1, 3]
        away = (np.array(a) - b) / 10
        assert gain.value[0] == pytest.approx(away.mean())
        error = np.std(away, ddof=1) / np.sqrt(8)
        assert gain.standard_error()[0] == pytest.approx(error)
        exact = stats.ttest_1samp(away, 0).confidence_interval()
        found = gain.interval(1)
        assert (found.low, found.high) == pytest.approx(tuple(exact), rel=1e-9)
        assert "Student" in found.how
        assert gain.band()["low"].iloc[0] == found.low
        alone = pass_at_k(10, a, 1).standard_error()
        assert gain.standard_error()[0] < 0.3 * alone
        assert gain.value[1] == pytest.approx(
            pass_at_k(10, a, 3).value - pass_at_k(10, b, 3).value
        )

    def test_pairs_by_label(self) -> None:
        names = list("abcdef")
        one = pd.Series([1, 2, 3, 4, 5, 6], index=names)
        two = one[::-1] + 1
        gain = difference(pass_hat_k(10, one, 1), pass_hat_k(10, two, 1))
        np.testing.assert_allclose(gain.by_problem(), -0.1, atol=1e-12)
        assert gain.problems is not None
        assert list(gain.problems) == names
        with pytest.raises(DataError, match="only one of them has 'a', 'z'"):
            difference(
                pass_hat_k(10, one, 1), pass_hat_k(10, two.rename({"a": "z"}), 1)
            )

    def test_agreement_is_not_certainty(self) -> None:
        same = pass_at_k(8, [3] * 30, 1)
        found = difference(same, same).interval()
        assert found.value == 0
        assert found.high == pytest.approx(1 - 0.025 ** (1 / 30))
        assert found.low == -found.high

    def test_what_does_not_compare_is_refused(self) -> None:
        a = pass_at_k(10, [1, 2, 3], 1)
        with pytest.raises(DataError, match="3 problems and second 2"):
            difference(a, pass_at_k(10, [1, 2], 1))
        with pytest.raises(DataError, match="no k in common"):
            difference(a, pass_at_k(10, [1, 2, 3], 2))
        with pytest.raises(DataError, match="compare one quantity"):
            difference(a, pass_hat_k(10, [1, 2, 3], 1))
        with pytest.raises(DataError, match="second is a float"):
            difference(a, 0.5)


@pytest.mark.parametrize("curve", [pass_hat_k, pass_at_k])
def test_intervals_that_a_few_problems_decide_say_so(
    curve: Callable[..., ProblemCurve | PassCurve],
) -> None:
    rare = curve(20, [0] * 38 + [3, 5], 1).interval()
    assert "unverified below 4 successes in all" in rare.how
    # Of 40 problems 38 are always solved.
    common = curve(20, [20] * 38 + [3, 5], 1).interval()
    assert "unverified below 4 failures in all" in common.how
    assert "unverified" not in curve(20, [0] * 20 + [20] * 20, 1).interval().how
    assert "unverified below 15 problems" in curve(20, [0] * 10, 1).interval().how
