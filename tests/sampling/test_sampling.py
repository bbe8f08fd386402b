"""Repeated sampling: exact against enumeration, intervals against simulation."""

from __future__ import annotations

import dataclasses
import itertools
import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from scaling_notes.errors import DataError, FitError, FitWarning
from scaling_notes.fitting import Status
from scaling_notes.laws._gamma import log_beta_ratio
from scaling_notes.sampling import (
    best_of_n,
    fit_beta_binomial,
    majority_vote,
    pass_at_k,
    select_verified,
)

examples = settings(max_examples=60)

problems = st.lists(
    st.integers(1, 40).flatmap(
        lambda n: st.tuples(st.just(n), st.one_of(st.integers(0, n), st.just(n)))
    ),
    min_size=1,
    max_size=8,
)


def failure(n: int, c: int, k: int) -> Fraction:
    return Fraction(math.comb(n - c, k), math.comb(n, k))


def decimal(number: Fraction) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return Decimal(number.numerator) / Decimal(number.denominator)


def log(number: Fraction) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return decimal(number).ln()


def relative_error(found: float, exact: Decimal) -> float:
    if exact == 0:
        return abs(found)
    return float(abs((Decimal(float(found)) - exact) / exact))


class TestPassAtK:
    @examples
    @given(problems)
    def test_equals_the_definition_in_exact_arithmetic(self, counts):
        n, c = zip(*counts, strict=True)
        curve = pass_at_k(n, c)
        for k in range(1, min(n) + 1):
            exact = sum(failure(*both, k) for both in counts) / len(counts)
            for found in (curve.log_failure[k - 1], pass_at_k(n, c, k).log_failure):
                if exact == 0:
                    assert found == -np.inf
                else:
                    assert relative_error(found, log(exact)) < 1e-13

    @pytest.mark.parametrize(
        "correct", [[1, 2, 3, 5000, 9999], [0, 1, 1, 30], [7], [9000, 9500]]
    )
    def test_log_failure_keeps_thirteen_digits_at_ten_thousand_samples(self, correct):
        n = 10_000
        curve = pass_at_k(n, correct)
        for k in (1, 2, 10, 63, 64, 65, 500, 1000):
            exact = sum(failure(n, c, k) for c in correct) / len(correct)
            assert relative_error(curve.log_failure[k - 1], log(exact)) < 1e-13
            one = pass_at_k(n, correct, k)
            assert relative_error(one.log_failure, log(exact)) < 1e-13
            assert relative_error(one.value, decimal(1 - exact)) < 1e-13

    def test_one_k_agrees_with_all_k(self):
        rng = np.random.default_rng(0)
        n = rng.choice([300, 400, 777], 200)
        c = rng.binomial(n, rng.beta(0.3, 1, 200))
        every = pass_at_k(n, c)
        some = [1, 17, 64, 65, 300]
        few = pass_at_k(n, c, some)
        np.testing.assert_allclose(
            few.log_failure, every.log_failure[np.array(some) - 1], rtol=1e-13
        )
        np.testing.assert_allclose(few.by_problem().mean(axis=0), few.value, rtol=1e-13)
        np.testing.assert_allclose(
            every.log_failure_by_problem()[:, [16]],
            pass_at_k(n, c, 17).log_failure_by_problem(),
        )

    @examples
    @given(problems, st.randoms(use_true_random=False))
    def test_rises_with_k_and_ignores_the_order_of_problems(self, counts, random):
        shuffled = random.sample(counts, len(counts))
        curves = [pass_at_k(*zip(*x, strict=True)) for x in (counts, shuffled)]
        enough = slice(min(n for n, _ in counts))
        assert np.isnan(curves[0].value[enough.stop :]).all()
        value = curves[0].value[enough]
        assert (np.diff(value) >= -1e-15).all()
        assert value.min() >= 0
        assert value.max() <= 1
        assert value[0] == pytest.approx(np.mean([c / n for n, c in counts]), rel=1e-13)
        np.testing.assert_allclose(value, curves[1].value[enough], rtol=1e-13)

    def test_is_unbiased(self):
        p, n, k = 0.2, 9, 4
        chance = stats.binom.pmf(np.arange(n + 1), n, p)
        estimate = [pass_at_k(n, c, k).value for c in range(n + 1)]
        assert chance @ estimate == pytest.approx(1 - (1 - p) ** k, rel=1e-13)

    def test_shapes_follow_k(self):
        assert isinstance(pass_at_k(10, [1, 2], 3).value, float)
        assert pass_at_k(10, [1, 2], [3, 1]).value.shape == (2,)
        assert pass_at_k(10, 4).by_problem().shape == (1, 10)
        series = pd.Series([1, 2], index=["x", "y"])
        assert pass_at_k(10, series, 3).value == pass_at_k(10, [1, 2], 3).value

    def test_more_samples_than_any_drawn_are_refused_by_problem(self):
        with pytest.raises(DataError, match=r"k = 11 .* fewer in rows 0, 1, 2, 3"):
            pass_at_k([10, 5, 8, 7], [1, 1, 1, 1], k=[1, 11])

    @pytest.mark.parametrize(
        ("n", "c", "message"),
        [
            ([5, 5], [1, 6], "exceeds n_samples in row 1"),
            (5, [1, -1], "n_correct must be whole .* row 1: -1"),
            (5, [1, float("nan")], "n_correct must be whole .* row 1: nan"),
            (5, [0.5, 1], "n_correct must be whole .* row 0: 0.5"),
            ([5, 0], [1, 0], "n_samples must be whole numbers of at least 1"),
            ([5, 5, 5], [1, 2], "one number a problem"),
            (5, [], "n_correct is empty"),
            (5, ["one"], "not a number"),
            (5, [-1] * 9, "rows 0, 1, 2, 3, 4 and 4 more"),
        ],
    )
    def test_impossible_counts_are_refused(self, n, c, message):
        for estimate in (pass_at_k, fit_beta_binomial):
            with pytest.raises(DataError, match=message):
                estimate(n, c)

    @pytest.mark.parametrize("k", [0, 1.5, float("nan"), 1e300, [[1]], []])
    def test_impossible_k_is_refused(self, k):
        with pytest.raises(DataError, match="k "):
            pass_at_k(5, [1, 2], k)

    def test_result_is_frozen_and_prints(self):
        curve = pass_at_k(200, [0, 3, 200])
        with pytest.raises(dataclasses.FrozenInstanceError):
            curve.k = 3
        with pytest.raises(ValueError, match="read-only"):
            curve.n_correct[0] = 9
        assert "3 problems, 200 samples each" in repr(curve)
        assert "<table" in curve._repr_html_()


class TestPassInterval:
    def test_covers_the_truth_as_often_as_it_says(self):
        rng = np.random.default_rng(3)
        ks, n = np.array([1, 10]), 20
        truth = 1 - stats.betabinom.pmf(0, ks, 0.3, 1)
        held = {0.95: np.zeros(2), 0.5: np.zeros(2)}
        repeats = 250
        for _ in range(repeats):
            c = rng.binomial(n, rng.beta(0.3, 1, 40))
            curve = pass_at_k(n, c, ks)
            for level, hits in held.items():
                band = curve.band(level, n_resamples=500)
                hits += (band["low"] <= truth) & (truth <= band["high"])
        # Three standard errors of 250 simulations are 4 and 9.5 points.
        assert np.abs(held[0.95] / repeats - 0.95).max() < 0.045
        assert np.abs(held[0.5] / repeats - 0.5).max() < 0.095

    def test_interval_is_a_row_of_the_band_and_repeats(self):
        curve = pass_at_k(10, np.arange(11), [1, 5])
        one = curve.interval(5)
        row = curve.band().iloc[1]
        assert [one.value, one.low, one.high] == pytest.approx(list(row[1:]), rel=1e-12)
        assert one == curve.interval(5)
        assert one != curve.interval(5, seed=1)
        assert one.low < one.value < one.high
        wider = curve.interval(5, confidence_level=0.99)
        assert wider.low < one.low
        assert one.high < wider.high

    def test_agreement_of_all_problems_is_not_certainty(self):
        none = pass_at_k(8, [0] * 30, 8).interval()
        every = pass_at_k(8, [8] * 30, 8).interval()
        # A share of solvable problems that thirty would all miss in 2.5 % of cases.
        assert none.low == 0
        assert (1 - none.high) ** 30 == pytest.approx(0.025)
        assert every.high == 1
        assert every.low == pytest.approx(1 - none.high)

    def test_few_problems_are_refused_or_marked(self):
        with pytest.raises(DataError, match="5 problems are too few"):
            pass_at_k(10, [1, 2, 3, 4, 5], 2).interval()
        assert "unverified" in pass_at_k(10, [1] * 5 + [2] * 9, 2).interval().how
        assert "unverified" not in pass_at_k(10, [1] * 5 + [2] * 10, 2).interval().how

    def test_bad_requests_are_refused(self):
        curve = pass_at_k(10, np.arange(11), [1, 5])
        with pytest.raises(DataError, match="say which"):
            curve.interval()
        with pytest.raises(DataError, match="k = 3 is not on this curve"):
            curve.interval(3)
        with pytest.raises(DataError, match="confidence_level"):
            curve.band(confidence_level=95)


class TestLogBetaRatio:
    @examples
    @given(st.floats(-6, 6), st.floats(-6, 6), st.integers(1, 2000))
    def test_equals_the_product_of_its_factors(self, log_a, log_b, k):
        a, b = 10**log_a, 10**log_b
        with localcontext() as context:
            context.prec = 50
            x, y = Decimal(a), Decimal(b)
            product = Decimal(1)
            for j in range(k):
                product *= (y + j) / (x + y + j)
            exact = product.ln()
        assert relative_error(float(log_beta_ratio(a, b, k)), exact) < 1e-13

    def test_is_zero_where_nothing_can_succeed(self):
        assert log_beta_ratio(0, 3, 5) == 0
        assert log_beta_ratio(2, 3, 0) == 0


class TestBetaBinomial:
    @pytest.mark.parametrize(
        ("n_problems", "n", "alpha", "beta"),
        [(164, 200, 0.3, 1.0), (1000, 100, 0.127, 0.225), (60, 10, 2, 2)],
    )
    def test_no_other_optimizer_finds_better(self, n_problems, n, alpha, beta):
        rng = np.random.default_rng(0)
        c = rng.binomial(n, rng.beta(alpha, beta, n_problems))
        model = fit_beta_binomial(n, c)

        def likelihood(a, b):
            return stats.betabinom.logpmf(c, n, a, b).sum()

        at = likelihood(model.alpha, model.beta)
        assert model.log_likelihood == pytest.approx(at, rel=1e-11)
        # The top is flat to second order: both neighbors lie below by the square.
        step = 1e-3
        for da, db in ((1, 0), (0, 1), (1, 1), (1, -1)):
            sides = [
                likelihood(model.alpha * (1 + s * da), model.beta * (1 + s * db))
                for s in (-step, step)
            ]
            assert max(sides) < at
            drops = at - np.array(sides)
            assert abs(drops[0] - drops[1]) < 0.02 * drops.sum()
        assert model.status is Status.CONVERGED

    def test_recovers_the_law_it_was_drawn_from(self):
        rng = np.random.default_rng(1)
        n = rng.choice([20, 50, 300], 20_000)
        c = rng.binomial(n, rng.beta(0.25, 0.8, len(n)))
        model = fit_beta_binomial(n, c)
        assert model.alpha == pytest.approx(0.25, rel=0.03)
        assert model.beta == pytest.approx(0.8, rel=0.04)
        assert model.mean == pytest.approx(0.25 / 1.05, rel=0.03)
        assert model.correlation == pytest.approx(1 / 2.05, rel=0.02)

    def test_forecast_is_the_chance_of_one_success_at_least(self):
        model = fit_beta_binomial(10, [0, 0, 0, 1, 1, 2, 4, 7, 10, 10])
        k = np.array([1, 2, 30, 500])
        none = stats.betabinom.pmf(0, k, model.alpha, model.beta)
        np.testing.assert_allclose(model.pass_at_k(k), 1 - none, rtol=1e-9)
        np.testing.assert_allclose(np.exp(model.log_failure(k)), none, rtol=1e-9)
        assert model.pass_at_k(1) == pytest.approx(model.mean, rel=1e-12)
        far = np.array([10**7, 10**8])
        slope = np.diff(model.log_failure(far)) / np.diff(np.log(far))
        assert slope[0] == pytest.approx(-model.alpha, rel=1e-5)

    @pytest.mark.parametrize(
        ("n", "c", "message"),
        [
            (10, [0] * 20, "No sample is correct"),
            (10, [10] * 20, "All samples are correct"),
            (1, [0, 1, 1, 0], "One sample a problem"),
            (10, [3, 4], "2 problems cannot"),
        ],
    )
    def test_unidentifiable_data_are_refused(self, n, c, message):
        with pytest.raises(FitError, match=message):
            fit_beta_binomial(n, c)

    def test_limits_are_flagged_and_forecast_their_limit(self):
        with pytest.warns(FitWarning, match="no more than chance"):
            alike = fit_beta_binomial(20, [6, 7, 6, 7, 6, 7])
        assert alike.status is Status.AT_BOUND
        assert alike.pass_at_k(5) == pytest.approx(1 - (1 - 0.325) ** 5, rel=1e-6)
        with pytest.warns(FitWarning, match="always or never"):
            split = fit_beta_binomial(20, [0, 0, 0, 20])
        assert split.status is Status.AT_BOUND
        assert split.pass_at_k(1000) == pytest.approx(0.25, rel=1e-4)

    def test_bootstrap_covers_the_truth_as_often_as_it_says(self):
        rng = np.random.default_rng(5)
        truth = 1 - stats.betabinom.pmf(0, 200, 0.3, 1)
        repeats, held = 250, np.zeros(2)
        for _ in range(repeats):
            c = rng.binomial(20, rng.beta(0.3, 1, 60))
            boot = fit_beta_binomial(20, c).bootstrap(300)
            held += [0.3 in boot.interval("alpha"), truth in boot.forecast(200)]
        assert np.abs(held / repeats - 0.95).max() < 0.045

    def test_bootstrap_answers_in_the_same_words(self):
        model = fit_beta_binomial(10, np.arange(11))
        boot = model.bootstrap(200)
        again = model.bootstrap(200)
        np.testing.assert_array_equal(boot.alpha, again.alpha)
        one = boot.forecast(100)
        row = boot.band([100]).iloc[0]
        assert (one.low, one.high) == (row["low"], row["high"])
        assert one.value == model.pass_at_k(100)
        assert list(boot.table().index) == ["alpha", "beta", "mean", "correlation"]
        assert "11 problems" in repr(boot)
        assert "unverified" in one.how
        with pytest.raises(DataError, match="is not one of alpha"):
            boot.interval("gamma")
        with pytest.raises(DataError, match="too few"):
            fit_beta_binomial(10, [0, 1, 5, 9]).bootstrap(10)


def enumerate_vote(weights: list[int], k: int, correct: int) -> Fraction:
    total, won = sum(weights), Fraction(0)
    for votes in itertools.product(range(k + 1), repeat=len(weights)):
        if sum(votes) != k or votes[correct] < max(votes):
            continue
        ways = Fraction(math.factorial(k))
        for weight, count in zip(weights, votes, strict=True):
            ways *= Fraction(weight, total) ** count / math.factorial(count)
        won += ways / votes.count(max(votes))
    return won


class TestMajorityVote:
    @examples
    @given(
        st.lists(st.integers(0, 9), min_size=1, max_size=4),
        st.integers(1, 7),
        st.data(),
    )
    def test_equals_enumeration(self, weights, k, data):
        assume(sum(weights) > 0)
        correct = data.draw(st.integers(0, len(weights) - 1))
        p = np.array(weights) / sum(weights)
        exact = float(enumerate_vote(weights, k, correct))
        assert majority_vote(p, k, correct) == pytest.approx(exact, abs=1e-12)

    @examples
    @given(st.integers(2, 15), st.integers(1, 300), st.integers(0, 10**6))
    def test_someone_is_elected(self, answers, k, seed):
        concentration = [0.1, 1, 10][seed % 3]
        p = np.random.default_rng(seed).dirichlet(np.full(answers, concentration))
        rows = np.tile(p, (answers, 1))
        chances = majority_vote(rows, k, np.arange(answers))
        assert chances.sum() == pytest.approx(1, abs=1e-11)
        np.testing.assert_allclose(
            chances[0], majority_vote(p[[0, *range(answers - 1, 0, -1)]], k), atol=1e-12
        )

    @pytest.mark.parametrize("k", [1, 2, 3, 40, 101, 1000, 4001])
    def test_two_answers_are_a_binomial(self, k):
        p = 0.52
        exact = stats.binom.sf(k // 2, k, p)
        if k % 2 == 0:
            exact += stats.binom.pmf(k // 2, k, p) / 2
        assert majority_vote([p, 1 - p], k) == pytest.approx(exact, abs=1e-11)

    @pytest.mark.parametrize(("answers", "k"), [(3, 10), (40, 100), (7, 1000)])
    def test_equal_answers_win_equally(self, answers, k):
        p = np.full(answers, 1 / answers)
        assert majority_vote(p, k) == pytest.approx(1 / answers, abs=1e-12)

    def test_plateau_is_the_limit(self):
        rows = np.array([[0.5, 0.3, 0.2], [0.3, 0.5, 0.2], [0.4, 0.4, 0.2]])
        limit = majority_vote(rows, np.inf)
        np.testing.assert_array_equal(limit, [1, 0, 0.5])
        np.testing.assert_allclose(majority_vote(rows, 3000), limit, atol=1e-12)
        assert majority_vote([0.0, 1.0], np.inf) == 0

    def test_many_problems_are_the_same_as_each(self):
        p = np.random.default_rng(0).dirichlet(np.full(6, 0.7), 500)
        ks = [5, 60]
        together = majority_vote(p, ks)
        assert together.shape == (500, 2)
        for i in (0, 137, 499):
            np.testing.assert_allclose(majority_vote(p[i], ks), together[i], atol=1e-13)
        padded = np.hstack([p, np.zeros((500, 3))])
        np.testing.assert_allclose(majority_vote(padded, ks), together, atol=1e-13)

    @pytest.mark.parametrize(
        ("p", "arguments", "message"),
        [
            ([[0.5, 0.5], [0.5, 0.4]], (3,), "sum to one in row 1"),
            ([[1.5, -0.5]], (3,), "negative or missing values in row 0"),
            ([[0.5, float("nan")]], (3,), "negative or missing values in row 0"),
            ([0.5, 0.5], (0,), "k must be whole"),
            ([0.5, 0.5], (2.5,), "k must be whole"),
            ([0.5, 0.5], (3, 2), "not a column .* row 0"),
            ([[0.5, 0.5]], (3, [0, 1]), "one for each problem"),
        ],
    )
    def test_impossible_input_is_refused(self, p, arguments, message):
        with pytest.raises(DataError, match=message):
            majority_vote(p, *arguments)


samples = st.lists(
    st.tuples(st.integers(-5, 5), st.integers(0, 3)), min_size=1, max_size=7
)


class TestBestOfN:
    @examples
    @given(samples)
    def test_equals_enumeration_with_ties(self, pairs):
        scores, rewards = zip(*pairs, strict=True)
        every = best_of_n(scores, rewards)
        for n in range(1, len(pairs) + 1):
            total = Fraction(0)
            for subset in itertools.combinations(pairs, n):
                highest = max(reward for _, reward in subset)
                tied = [score for score, reward in subset if reward == highest]
                total += Fraction(sum(tied), len(tied))
            exact = float(total / math.comb(len(pairs), n))
            assert every[n - 1] == pytest.approx(exact, abs=1e-12)
            assert best_of_n(scores, rewards, n) == pytest.approx(exact, abs=1e-12)

    def test_long_lists_keep_their_digits(self):
        size, ks = 1500, [1, 2, 64, 65, 700, 1500]
        found = best_of_n(np.arange(size), np.arange(size), ks)
        # The expected maximum of n draws without replacement from 0 ... N - 1.
        exact = [n * (size + 1) / (n + 1) - 1 for n in ks]
        np.testing.assert_allclose(found, exact, rtol=1e-12)

    def test_only_the_order_of_rewards_counts(self):
        rng = np.random.default_rng(0)
        scores, rewards = rng.normal(size=(2, 4, 30))
        value = best_of_n(scores, rewards)
        np.testing.assert_allclose(best_of_n(scores, np.exp(rewards)), value)
        order = rng.permutation(30)
        np.testing.assert_allclose(
            best_of_n(scores[:, order], rewards[:, order]), value, rtol=1e-12
        )
        np.testing.assert_allclose(value[:, 0], scores.mean(axis=1))
        np.testing.assert_allclose(
            value[:, -1], scores[np.arange(4), rewards.argmax(axis=1)]
        )

    def test_correct_or_not_is_pass_at_k(self):
        correct = np.repeat([1.0, 0.0], [6, 34])
        value = best_of_n(correct, correct)
        np.testing.assert_allclose(value, pass_at_k(40, 6).value, rtol=1e-12)

    def test_blind_rewards_change_nothing(self):
        scores = np.random.default_rng(0).normal(size=50)
        np.testing.assert_allclose(best_of_n(scores, np.zeros(50)), scores.mean())

    def test_impossible_input_is_refused(self):
        with pytest.raises(DataError, match="n = 4 exceeds the 3 samples"):
            best_of_n([1, 2, 3], [1, 2, 3], 4)
        with pytest.raises(DataError, match="same shape"):
            best_of_n([1, 2, 3], [1, 2])
        with pytest.raises(DataError, match=r"rewards holds missing .* row 1"):
            best_of_n([[1, 2], [1, 2]], [[1, 2], [1, np.nan]])
        with pytest.raises(DataError, match="n must be whole"):
            best_of_n([1, 2, 3], [1, 2, 3], 0)


rate = st.integers(0, 4).map(lambda x: Fraction(x, 4))


class TestSelectVerified:
    @examples
    @given(rate, rate, rate, st.integers(1, 4))
    def test_equals_enumeration(self, p, f, g, k):
        kinds = {
            (True, True): p * (1 - g),
            (True, False): p * g,
            (False, True): (1 - p) * f,
            (False, False): (1 - p) * (1 - f),
        }
        exact = Fraction(0)
        for drawn in itertools.product(kinds, repeat=k):
            chance = math.prod((kinds[kind] for kind in drawn), start=Fraction(1))
            pool = [right for right, accepted in drawn if accepted]
            pool = pool or [right for right, _ in drawn]
            exact += chance * Fraction(sum(pool), len(pool))
        found = select_verified(float(p), k, float(f), float(g))
        assert found == pytest.approx(float(exact), abs=1e-14)

    def test_limits(self):
        p = np.array([0.0, 1e-12, 0.1, 0.5, 1.0])
        k = 50
        perfect = select_verified(p, k)
        exact = [0, *-np.expm1(k * np.log1p(-p[1:-1])), 1]
        np.testing.assert_allclose(perfect, exact, rtol=1e-13)
        np.testing.assert_allclose(select_verified(p, k, 0.3, 0.7), p)
        assert select_verified(0.1, 1, 0.2, 0.3) == pytest.approx(0.1)

    @examples
    @given(st.floats(0.01, 0.99), st.floats(0.01, 0.5), st.floats(0, 0.4))
    def test_rises_to_the_precision_of_the_verifier(self, p, f, g):
        chance = select_verified(p, [1, 2, 10, 100, 10**5, np.inf], f, g)
        precision = p * (1 - g) / (p * (1 - g) + (1 - p) * f)
        assert chance[-1] == pytest.approx(precision)
        assert chance[-2] == pytest.approx(precision, rel=1e-6)
        if f < 1 - g:
            assert (np.diff(chance) >= -1e-14).all()

    def test_impossible_input_is_refused(self):
        with pytest.raises(DataError, match=r"pass_rate must lie .* row 1"):
            select_verified([0.5, 1.5], 3)
        with pytest.raises(DataError, match="false_positive must lie"):
            select_verified(0.5, 3, float("nan"))
        with pytest.raises(DataError, match="k must be whole"):
            select_verified(0.5, 0)
        with pytest.raises(DataError, match="do not broadcast"):
            select_verified([[0.5, 0.5]], [1, 2, 3])


@pytest.mark.parametrize("draws", [{"n_resamples": 1}, {"seed": -1}, {"seed": None}])
def test_resamples_of_problems_are_two_or_more_from_a_seed(draws):
    name = next(iter(draws))
    counts = [1, 2, 3, 4, 5, 6, 7]
    with pytest.raises(DataError, match=name):
        pass_at_k(10, counts, 1).interval(**draws)
    with pytest.raises(DataError, match=name):
        fit_beta_binomial(10, [0, *counts, 10]).bootstrap(**draws)
