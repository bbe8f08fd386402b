"""What people hand in as counts: read right, or refused with the remedy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling_notes.errors import DataError, FitWarning
from scaling_notes.sampling import (
    best_of_n,
    count_correct,
    fit_beta_binomial,
    majority_vote,
    pass_at_k,
    select_verified,
)


def test_a_share_times_samples_is_a_count() -> None:
    assert 200 * 0.57 != 114
    assert pass_at_k(200, [200 * 0.57], 1).value == pytest.approx(0.57, rel=1e-15)
    with pytest.raises(DataError, match=r"row 0: 113\.9"):
        pass_at_k(200, [113.9], 1)
    with pytest.raises(DataError, match="whole numbers"):
        pass_at_k(10**10, [4_000_000_000.25], 1)


def test_series_are_paired_by_label() -> None:
    n = pd.Series([10, 20, 40], index=["a", "b", "c"])
    c = pd.Series([40, 5, 10], index=["c", "a", "b"])
    curve = pass_at_k(n, c, 1)
    assert curve.problems is not None
    assert list(curve.problems) == ["a", "b", "c"]
    # One number for all, or a plain array, goes by position.
    for found, exact in (
        (curve, [0.5, 0.5, 1]),
        (pass_at_k(40, c, 1), [1, 0.125, 0.25]),
        (pass_at_k(n, [10, 10, 10], 1), [1, 0.5, 0.25]),
    ):
        np.testing.assert_allclose(found.by_problem().ravel(), exact, rtol=1e-14)


def test_labels_without_partner_are_refused_by_name() -> None:
    n = pd.Series([10, 20], index=["a", "b"])
    with pytest.raises(DataError, match=r"only one of them has 'b', 'd'; .*to_numpy"):
        pass_at_k(n, pd.Series([1, 2], index=["a", "d"]), 1)
    with pytest.raises(DataError, match="some of them twice"):
        pass_at_k(n, pd.Series([1, 2], index=["a", "a"]), 1)
    same = pd.Series([10, 20], index=["a", "a"])
    assert pass_at_k(same, same, 1).value == 1


def test_booleans_are_outcomes_not_counts() -> None:
    with pytest.raises(DataError, match=r"outcome of one sample.*count_correct"):
        pass_at_k(10, [True, False, True], 1)
    with pytest.raises(DataError, match="count_correct"):
        fit_beta_binomial(10, np.array([[0, 1], [1, 1]]))
    with pytest.raises(DataError, match="count_correct"):
        pass_at_k(np.array([[True, False]]), 1)
    assert pass_at_k(1, [True, False], 1).value == 0.5


@pytest.mark.parametrize(
    "correct",
    [
        np.ma.masked_array([1, 5, 2], mask=[False, True, False]),
        pd.Series([1, None, 2], dtype="Int64"),
        pd.array([1, None, 2], dtype="Int64"),
        [1, None, 2],
        [1, np.nan, 2],
    ],
)
def test_masked_and_missing_values_are_refused_by_row(correct: object) -> None:
    for estimate in (pass_at_k, fit_beta_binomial):
        with pytest.raises(DataError, match=r"n_correct must be whole .* row 1: nan"):
            estimate(10, correct)


def test_masked_values_are_read_where_nothing_is_masked() -> None:
    assert pass_at_k(10, np.ma.masked_array([1, 5], mask=False), 1).value == 0.3


@pytest.mark.parametrize(
    "outcomes",
    [
        [[1, 0, 1], [0, 0], [1]],
        [[True, False, True], [False, False, None], [True, None, None]],
        np.array([[1, 0, 1], [0, np.nan, 0], [np.nan, np.nan, 1]]),
        np.ma.masked_array(
            [[1, 0, 1], [0, 1, 0], [1, 1, 1]],
            mask=[[0, 0, 0], [0, 1, 0], [1, 1, 0]],
        ),
        pd.DataFrame([[1.0, 0, 1], [0, 0, None], [1, None, None]]),
        {0: [True, False, True], 1: [False, False], 2: [True]},
    ],
)
def test_outcomes_are_counted(outcomes: object) -> None:
    n, c = count_correct(outcomes)
    assert n.tolist() == [3, 2, 1]
    assert c.tolist() == [2, 0, 1]


def test_outcomes_keep_their_labels_and_are_zero_or_one() -> None:
    n, c = count_correct(pd.DataFrame([[1, 0], [1, 1]], index=["x", "y"]))
    assert list(n.index) == list(c.index) == ["x", "y"]
    assert count_correct([1, 0, 1])[1].tolist() == [2]
    with pytest.raises(DataError, match="0 or 1, false or true; see row 1"):
        count_correct([[1, 0], [0.5, 1]])
    with pytest.raises(DataError, match="no sample in row 1"):
        count_correct([[1, 0], [None, None]])
    with pytest.raises(DataError, match="not a number"):
        count_correct([["yes", "no"]])


def test_short_problems_are_nan_and_named() -> None:
    curve = pass_at_k([4, 2, 4], [1, 1, 4])
    np.testing.assert_allclose(
        curve.by_problem(), [[0.25, 0.5, 0.75, 1], [0.5, 1, np.nan, np.nan], [1] * 4]
    )
    np.testing.assert_allclose(
        curve.value, [1.75 / 3, 2.5 / 3, np.nan, np.nan], rtol=1e-14
    )
    assert "in row 1." in curve.messages[0]
    assert curve.messages[0] in repr(curve)
    assert pass_at_k([4, 4], [1, 2]).messages == ()
    with pytest.warns(FitWarning, match="Above k = 2 there is no mean"):
        asked = pass_at_k([4, 2, 4], [1, 1, 4], k=[1, 4])
    np.testing.assert_allclose(asked.value, [1.75 / 3, np.nan])


def test_bands_end_where_a_problem_is_short() -> None:
    curve = pass_at_k([6, 6, 6, 6, 6, 6, 3], [0, 1, 2, 3, 4, 6, 1])
    band = curve.band(n_resamples=200)
    assert band["low"].notna().tolist() == [True] * 3 + [False] * 3
    whole = pass_at_k([6, 6, 6, 6, 6, 6, 3], [0, 1, 2, 3, 4, 6, 1], [1, 2, 3])
    pd.testing.assert_frame_equal(
        band[:3].reset_index(drop=True), whole.band(n_resamples=200)
    )
    with pytest.raises(DataError, match=r"k = 5 needs .* fewer in row 6"):
        curve.interval(5)
    assert curve.interval(3, n_resamples=200).low == band["low"].iloc[2]


def test_counts_beyond_32_bits_keep_their_value() -> None:
    assert pass_at_k(4 * 10**9, [2 * 10**9], 1).value == pytest.approx(0.5, rel=1e-15)
    n = 4 * 10**9
    curve = pass_at_k(n, [n // 2, n // 4, n // 2], [1, 2])
    assert curve.value[0] == pytest.approx(5 / 12, rel=1e-14)
    assert curve.value[1] == pytest.approx((0.75 + 7 / 16 + 0.75) / 3, rel=1e-9)
    with pytest.raises(DataError, match="say which k"):
        pass_at_k(n, [1])


def test_large_counts_are_refused_by_the_beta_binomial() -> None:
    with pytest.raises(DataError, match="n_samples is up to 4000000000"):
        fit_beta_binomial(4 * 10**9, [2 * 10**9, 10**9, 3 * 10**9])


def test_an_end_is_not_zero_where_one_was_solved() -> None:
    one = pass_at_k(8, [0] * 29 + [1], 1).interval()
    assert 0 < one.low < one.value
    rest = pass_at_k(8, [8] * 29 + [7], 1).interval()
    assert rest.value < rest.high < 1
    assert rest.high == pytest.approx(1 - one.low, rel=1e-9)


def test_levels_and_ks_of_another_type_are_refused_in_words() -> None:
    curve = pass_at_k(10, np.arange(11), [1, 5])
    for call in (curve.band, lambda level: curve.interval(5, level)):
        with pytest.raises(DataError, match=r"confidence_level is '\.95'"):
            call(".95")
    with pytest.raises(DataError, match="confidence_level is None"):
        fit_beta_binomial(10, np.arange(11)).bootstrap(20).interval("mean", None)
    boot = fit_beta_binomial(10, np.arange(11)).bootstrap(20)
    for k in ("five", [1, 5], 5.5, np.nan):
        for call in (curve.interval, boot.forecast):
            with pytest.raises(DataError, match="k "):
                call(k)
    with pytest.raises(DataError, match="one dimension"):
        boot.band([[1, 2]])
    with pytest.raises(DataError, match="is not one of alpha"):
        boot.interval(np.array([1, 2]))
    with pytest.raises(DataError, match="count_correct"):
        pass_at_k(3, [[1, 0, 1], [1]])


def test_select_verified_crosses_problems_with_ks() -> None:
    p, k = [0.1, 0.4, 0.8], [1, 5, 25]
    crossed = select_verified(p, k, 0.05)
    assert crossed.shape == (3, 3)
    for i, rate in enumerate(p):
        np.testing.assert_array_equal(crossed[i], select_verified(rate, k, 0.05))
    each = select_verified(p, k, [0.0, 0.1, 0.2], 0.3)
    np.testing.assert_array_equal(each[1], select_verified(0.4, k, 0.1, 0.3))
    np.testing.assert_array_equal(
        select_verified(np.array(p)[:, None], k, 0.05), crossed
    )
    with pytest.raises(DataError, match=r"false_positive .* one number a problem"):
        select_verified(p, k, [0.1, 0.2])


def test_labelled_tables_are_paired() -> None:
    scores = pd.DataFrame([[0, 1], [1, 0]], index=["a", "b"])
    rewards = pd.DataFrame([[0.9, 0.1], [0.1, 0.9]], index=["b", "a"])
    np.testing.assert_array_equal(best_of_n(scores, rewards, 2), [1, 1])
    p = pd.DataFrame([[0.9, 0.1], [0.1, 0.9]], index=["a", "b"])
    right = pd.Series([1, 0], index=["b", "a"])
    np.testing.assert_array_equal(majority_vote(p, np.inf, right), [1, 1])
