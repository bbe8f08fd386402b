"""Votes of sampled answers against enumeration of every subset."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_notes.errors import DataError, FitWarning
from scaling_notes.sampling import _crowd, _voting, best_of_n, majority_vote, vote

row = st.lists(st.sampled_from(["a", "b", "c", "d", None]), min_size=1, max_size=7)


def elect(answers, weights, right: object) -> Fraction:
    total: dict[object, float] = {}
    for answer, weight in zip(answers, weights, strict=True):
        if answer is not None:
            total[answer] = total.get(answer, 0) + weight
    if right not in total or total[right] < max(total.values()):
        return Fraction(0)
    return Fraction(1, list(total.values()).count(total[right]))


def enumerate_votes(answers, k: int, right: object, weights=None) -> float:
    weights = [1] * len(answers) if weights is None else weights
    won = [
        elect([answers[i] for i in some], [weights[i] for i in some], right)
        for some in itertools.combinations(range(len(answers)), k)
    ]
    return float(sum(won) / len(won))


@settings(max_examples=80)
@given(row)
def test_equals_enumeration(answers: list[str | None]) -> None:
    curve = vote([answers], ["a"])
    for k in range(1, len(answers) + 1):
        exact = enumerate_votes(answers, k, "a")
        assert curve.value[k - 1] == pytest.approx(exact, abs=1e-12)


def test_many_samples_agree_whichever_way_they_are_counted() -> None:
    rng = np.random.default_rng(0)
    answers = rng.choice(8, 501, p=[0.25, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05, 0.05])
    alone = vote([answers], [0], [1, 2, 21, 501]).value
    assert alone[0] == pytest.approx((answers == 0).mean(), rel=1e-10)
    assert alone[3] == float(np.bincount(answers).argmax() == 0)
    together = vote([answers[:500]], [0], [1, 2, 21]).value
    np.testing.assert_allclose(alone[:3], together, atol=0.01)
    # Hardly any of so many samples come up twice.
    many = np.repeat([0, 1, 2], [4000, 3500, 2500])
    exact = majority_vote([0.4, 0.35, 0.25], [3, 15])
    np.testing.assert_allclose(vote([many], [0], [3, 15]).value, exact, atol=2e-3)


def test_is_unbiased_where_the_plug_in_is_not() -> None:
    p, n, k = np.array([0.5, 0.3, 0.2]), 7, 5
    chances, votes, plugs = [], [], []
    for a, b in itertools.product(range(n + 1), repeat=2):
        if a + b > n:
            continue
        counts = np.array([a, b, n - a - b])
        ways = math.factorial(n) / math.prod(map(math.factorial, counts.tolist()))
        chances.append(ways * np.prod(p**counts))
        answers = np.repeat([0, 1, 2], counts)
        votes.append([vote([answers], [right], k).value for right in range(3)])
        plugs.append(majority_vote(np.tile(counts / n, (3, 1)), k, range(3)))
    truth = majority_vote(np.tile(p, (3, 1)), k, range(3))
    np.testing.assert_allclose(np.array(chances) @ votes, truth, rtol=1e-12)
    # Frequencies understate the vote of the answer that leads, and overstate the rest.
    bias = np.array(chances) @ plugs - truth
    assert bias[0] < -0.02
    assert bias[2] > 0.01


class TestVeryManyAnswers:
    @pytest.mark.parametrize("k", [5, 100, 1000])
    def test_equal_answers_win_equally(self, k: int) -> None:
        n = 100_000
        assert majority_vote(np.full(n, 1 / n), k) == pytest.approx(1 / n, rel=1e-9)

    def test_are_not_taken_one_by_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # What takes time is the answers that enter singly, not the clock's affair.
        singly = []

        def counted(rates: np.ndarray) -> int:
            singly.append(_crowd.split(rates))
            assert len(rates) > 50_000
            return singly[-1]

        monkeypatch.setattr(_voting, "split", counted)
        p = np.random.default_rng(0).dirichlet(np.ones(100_000))
        majority_vote(p, 1000)
        assert singly
        assert max(singly) < 1000

    @pytest.mark.parametrize("k", [2, 17, 60, 300])
    def test_together_are_as_one_by_one(
        self, k: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rng = np.random.default_rng(0)
        tail = rng.dirichlet(np.full(400, 0.3), 3)
        p = np.hstack([[[0.2, 0.15], [0.02, 0.03], [0.001, 0]], tail])
        p /= p.sum(axis=1, keepdims=True)
        together = majority_vote(p, k)
        monkeypatch.setattr(_crowd, "_MANY", 10**9)
        np.testing.assert_allclose(together, majority_vote(p, k), atol=2e-12)

    def test_three_votes_by_hand(self) -> None:
        p = np.append(0.3, np.full(700, 0.001))
        # Two of three, or one of three that all differ.
        exact = 0.3**3 + 3 * 0.3**2 * 0.7 + 0.3 * 0.7 * 0.699
        assert majority_vote(p, 3) == pytest.approx(exact, rel=1e-12)


@settings(max_examples=30)
@given(row, st.randoms(use_true_random=False))
def test_weights_equal_enumeration(answers: list[str | None], random: object) -> None:
    weights = [random.choice([-1, 0, 0.5, 1, 2]) for _ in answers]
    every = vote([answers], ["a"], len(answers), [weights]).value
    exact = enumerate_votes(answers, len(answers), "a", weights)
    assert every == pytest.approx(exact, abs=1e-12)


def test_weights_of_some_samples_come_near_enumeration_and_repeat() -> None:
    answers = ["a", "b", "b", "a", "c", None, "c"]
    weights = [0.9, 0.2, 0.3, 0.1, 0.8, 5.0, 0.05]
    ks = [1, 3, 5, 7]
    curve = vote([answers], ["a"], ks, [weights], n_resamples=4000)
    exact = [enumerate_votes(answers, k, "a", weights) for k in ks]
    # Three standard errors of 4,000 subsets are 2.4 points at most.
    np.testing.assert_allclose(curve.value, exact, atol=0.024)
    assert "4000 random subsets a problem, seed 0" in curve.messages[0]
    again = vote([answers], ["a"], ks, [weights], n_resamples=4000)
    np.testing.assert_array_equal(curve.value, again.value)
    equal = vote([answers], ["a"], ks, [[1] * 7], n_resamples=4000)
    np.testing.assert_allclose(equal.value, vote([answers], ["a"], ks).value, atol=0.03)


def test_a_sample_without_weight_does_not_vote() -> None:
    answers, weights = [["a", "b", "b"]], [[0.5, None, 0.4]]
    curve = vote(answers, ["a"], 3, weights)
    assert curve.value == 1
    assert curve.messages == ("1 samples have no weight and do not vote.",)


def test_rows_of_any_kind_are_read() -> None:
    expected = [[0.5, 0.75], [1 / 3, 0]]
    rows = {"p": ["7", "7", "3", None], "q": ["x", "y", "y"]}
    right = pd.Series(["x", "7"], index=["q", "p"])
    for answers, correct in (
        (list(rows.values()), ["7", "x"]),
        (rows, right),
        (rows, {"q": "x", "p": "7"}),
        (pd.Series(rows), right),
    ):
        curve = vote(answers, correct, [1, 3])
        np.testing.assert_allclose(curve.by_problem(), expected, atol=1e-12)
    assert list(vote(rows, right, 1).problems) == ["p", "q"]
    one = vote(["7", "7", "3", np.nan], "7", [1, 3])
    np.testing.assert_allclose(one.value, expected[0])
    masked = np.ma.masked_array([[7, 7, 3, 9]], mask=[[0, 0, 0, 1]])
    np.testing.assert_allclose(vote(masked, [7], [1, 3]).value, expected[0])
    table = pd.DataFrame([["7", "7", "3", None]], index=["p"])
    np.testing.assert_allclose(vote(table, right[["p"]], [1, 3]).value, expected[0])


def test_short_problems_have_no_vote() -> None:
    with pytest.warns(FitWarning, match="in row 1"):
        curve = vote([["a"] * 4, ["a"] * 2], ["a", "a"], [1, 4])
    np.testing.assert_array_equal(curve.by_problem(), [[1, 1], [1, np.nan]])
    weighted = vote([["a"] * 4, ["a"] * 2], ["a", "a"], None, [[1] * 4, [1] * 2])
    assert np.isnan(weighted.by_problem()).sum() == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([["a"], ["b"]], ["a"]), "2 problems and 1 right answers"),
        (([["a"], []], ["a", "b"]), "no sample in row 1"),
        (([["a"], "b"], ["a", "b"]), "row 1 is a single answer"),
        (([[1, 2]], ["1"]), "no strings and correct strings"),
        (([[{}, 2]], [2]), "cannot be compared"),
        (([["a"]], [None]), "no answer in row 0"),
        (("answers", "a"), "rows of answers"),
        (([], "a"), "answers is empty"),
        (([["a", "b"]], ["a"], 3), "k = 3 needs"),
        (([["a", "b"]], ["a"], 1, [[1, np.inf]]), "infinite"),
        (([["a", "b"]], ["a"], 1, [[1]]), "do not fit"),
        (([["a"], ["a", "b"]], ["a", "b"], 1, [[1, 2], [1, 2]]), "more than .* row 0"),
        (({"p": ["a"]}, {"q": "a"}), "only one of them has 'p', 'q'"),
    ],
)
def test_what_cannot_be_counted_is_refused(
    arguments: tuple[object, ...], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        vote(*arguments)


def test_best_of_n_takes_a_sample_without_reward_last() -> None:
    scores, rewards = [1, 0, 0], [-np.inf, 0.2, 0.9]
    np.testing.assert_allclose(best_of_n(scores, rewards), [1 / 3, 0, 0], atol=1e-15)
    np.testing.assert_allclose(best_of_n([1, 0], [-np.inf] * 2, 2), 0.5)
    with pytest.raises(DataError, match="-inf"):
        best_of_n(scores, [np.nan, 0.2, 0.9])
    with pytest.raises(DataError, match="infinite"):
        best_of_n(scores, [np.inf, 0.2, 0.9])


def test_best_of_n_pads_short_problems() -> None:
    scores = [[1, 0, 1], [1, 0, np.nan], [0, np.nan, np.nan]]
    rewards = [[3, 2, 1], [1, 2, np.nan], [5, np.nan, np.nan]]
    found = best_of_n(scores, rewards)
    np.testing.assert_allclose(found[0], best_of_n(scores[0], rewards[0]))
    np.testing.assert_allclose(found[1, :2], best_of_n([1, 0], [1, 2]))
    assert np.isnan(found).sum() == 3
    with pytest.raises(DataError, match="n = 4 exceeds the 3 samples"):
        best_of_n(scores, rewards, 4)
    with pytest.raises(DataError, match="no sample in row 1"):
        best_of_n([[1, 0], [np.nan] * 2], [[1, 2], [np.nan] * 2])
