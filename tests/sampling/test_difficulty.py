"""A law of difficulty: its lack of fit, a share never solved, lost resamples."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import stats

import scaling_notes as sn
from scaling_notes.errors import DataError, FitError, FitWarning
from scaling_notes.fitting import Status
from scaling_notes.sampling import fit_beta_binomial, pass_at_k
from scaling_notes.sampling._resample import draw_shares

# Eight problems that were never solved, and twelve that are about half solved.
SPLIT = [0] * 8 + [16, 24, 32, 32, 40, 48, 20, 28, 36, 44, 26, 38]


def likelihood(n, c, alpha, beta, share):
    chance = (1 - share) * stats.betabinom.pmf(c, n, alpha, beta) + share * (c == 0)
    return np.log(chance).sum()


def draw(rng, n_problems, n, alpha, beta, share=0.0):
    rates = rng.beta(alpha, beta, n_problems) * (rng.random(n_problems) >= share)
    return rng.binomial(n, rates)


class TestLackOfFit:
    def test_a_law_that_disagrees_with_the_counts_is_said(self):
        with pytest.warns(FitWarning, match="disagrees with the counts: at k = 4"):
            model = fit_beta_binomial(64, SPLIT)
        assert model.status is Status.CONVERGED
        assert "zero_inflated=True" in model.messages[0]
        assert model.messages[0] in repr(model)
        assert model.messages[0] in model._repr_html_()
        assert model.pass_at_k(64) == pytest.approx(0.694, abs=5e-4)
        assert pass_at_k(64, SPLIT, 64).value == pytest.approx(0.6)

    def test_a_share_never_solved_is_advised_where_the_curve_ends_high(self):
        # Many are seldom solved and the rest always: the unbiased curve ends higher.
        seldom = [1, 2, 2, 3, 1, 2, 1, 3, 2, 2] * 4 + [64] * 20
        with pytest.warns(FitWarning, match="disagrees") as caught:
            model = fit_beta_binomial(64, seldom)
        assert model.pass_at_k(64) < pass_at_k(64, seldom, 64).value
        assert "zero_inflated" not in str(caught[0].message)

    def test_numbers_of_samples_may_differ(self):
        n = np.tile([64, 60], 10)
        c = np.minimum(SPLIT, n)
        with pytest.warns(FitWarning, match="disagrees"):
            fit_beta_binomial(n, c)
        # More sizes than are summed over.
        rng = np.random.default_rng(0)
        n = rng.integers(20, 80, 200)
        with pytest.warns(FitWarning, match="disagrees"):
            fit_beta_binomial(n, draw(rng, 200, n, 4, 4, 0.4))

    @pytest.mark.parametrize(
        ("n_problems", "n", "alpha", "beta"),
        [(15, 64, 0.3, 1), (164, 200, 0.3, 1), (60, 10, 2, 2), (50, 3, 0.5, 0.5)],
    )
    def test_false_alarms_are_rare(self, n_problems, n, alpha, beta):
        rng = np.random.default_rng(0)
        alarms = 0
        for _ in range(200):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                fit_beta_binomial(n, draw(rng, n_problems, n, alpha, beta))
            alarms += any("disagrees" in str(w.message) for w in caught)
        # A quarter of a percent is expected.
        assert alarms <= 3

    def test_counts_of_two_samples_agree_with_any_law(self):
        assert fit_beta_binomial(2, [0, 0, 0, 0, 2, 2, 1, 0]).messages == ()


class TestZeroInflated:
    def test_a_share_never_solved_ends_the_curve(self):
        model = fit_beta_binomial(64, SPLIT, zero_inflated=True)
        assert model.status is Status.CONVERGED
        assert model.messages == ()
        assert model.never_solved == pytest.approx(0.4, abs=1e-4)
        assert model.mean == pytest.approx(np.mean(SPLIT) / 64, rel=1e-3)
        unbiased = pass_at_k(64, SPLIT).value
        assert np.abs(model.pass_at_k(np.arange(1, 65)) - unbiased).max() < 0.01
        assert model.pass_at_k(1000) == pytest.approx(0.6, abs=1e-3)
        assert "Zero-inflated" in repr(model)
        assert "never_solved 0.400" in repr(model)

    @pytest.mark.parametrize("seed", range(4))
    def test_no_other_optimizer_finds_better(self, seed):
        rng = np.random.default_rng(seed)
        n = rng.choice([10, 30, 50], 80)
        c = draw(rng, 80, n, 0.9, 1.5, [0.0, 0.2, 0.4, 0.6][seed])
        model = fit_beta_binomial(n, c, zero_inflated=True)
        at = likelihood(n, c, model.alpha, model.beta, model.never_solved)
        assert model.log_likelihood == pytest.approx(at, rel=1e-11)
        for da, db, ds in np.random.default_rng(0).normal(size=(200, 3)) * 0.03:
            share = np.clip(model.never_solved + ds, 0, 0.99)
            beside = model.alpha * np.exp(da), model.beta * np.exp(db), share
            assert likelihood(n, c, *beside) <= at + 1e-9

    def test_without_such_problems_it_is_the_plain_fit(self):
        c = [1, 2, 3, 5, 8, 10, 4, 6]
        plain = fit_beta_binomial(20, c)
        model = fit_beta_binomial(20, c, zero_inflated=True)
        assert model.never_solved == 0
        assert model.alpha == pytest.approx(plain.alpha, rel=1e-5)
        assert model.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)

    def test_recovers_the_law_it_was_drawn_from(self):
        rng = np.random.default_rng(1)
        n = rng.choice([30, 50, 300], 20_000)
        model = fit_beta_binomial(n, draw(rng, 20_000, n, 0.8, 2, 0.3), zero_inflated=1)
        assert model.never_solved == pytest.approx(0.3, abs=0.015)
        assert model.alpha == pytest.approx(0.8, rel=0.04)
        assert model.beta == pytest.approx(2, rel=0.05)
        assert model.mean == pytest.approx(0.7 * 0.8 / 2.8, rel=0.03)
        # Two samples of one problem, by their moments.
        rate = np.array([0.8, 0.8 * 1.8 / 3.8]) / 2.8 * 0.7
        exact = (rate[1] - rate[0] ** 2) / (rate[0] * (1 - rate[0]))
        assert model.correlation == pytest.approx(exact, rel=0.03)

    def test_bootstrap_gives_an_interval_of_the_share(self):
        boot = fit_beta_binomial(64, SPLIT, zero_inflated=True).bootstrap(400)
        share = boot.interval("never_solved")
        assert 0.1 < share.low < 0.3 < 0.5 < share.high < 0.75
        far = boot.forecast(10**6)
        assert far.high == pytest.approx(1 - share.low, abs=2e-3)
        assert far.low == pytest.approx(1 - share.high, abs=2e-3)
        assert list(boot.table().index)[-1] == "never_solved"
        assert boot.converged == 1
        np.testing.assert_array_equal(
            boot.alpha,
            fit_beta_binomial(64, SPLIT, zero_inflated=True).bootstrap(400).alpha,
        )

    def test_two_samples_cannot_tell(self):
        with pytest.raises(FitError, match="Two samples a problem"):
            fit_beta_binomial(2, [0, 0, 1, 2], zero_inflated=True)


class TestLostResamples:
    def test_too_many_without_an_answer_leave_no_interval(self):
        boot = fit_beta_binomial(10, [0] * 12 + [1, 3]).bootstrap(2000)
        # The chance to draw none of two problems out of fourteen, fourteen times.
        assert boot.unanswered == pytest.approx((12 / 14) ** 14, abs=0.02)
        for ask in (
            lambda: boot.interval("mean"),
            lambda: boot.forecast(100),
            lambda: boot.band([1, 10]),
            boot.table,
        ):
            with pytest.raises(DataError, match="of the resamples have no answer"):
                ask()
        assert "without an answer; too many for intervals" in repr(boot)
        assert "too many" in boot._repr_html_()

    def test_all_solved_is_no_answer_either(self):
        boot = fit_beta_binomial(10, [10] * 12 + [9, 7]).bootstrap(500)
        assert boot.unanswered > 0.05

    def test_few_are_left_out_and_said(self):
        boot = fit_beta_binomial(10, [0] * 12 + [1, 3, 2, 1, 5]).bootstrap(2000)
        assert 0 < boot.unanswered < 0.02
        found = boot.interval("mean")
        assert found.low > 1e-3
        assert f"({boot.unanswered:.1%} without an answer)" in found.how
        assert f"{boot.unanswered:.1%} without an answer" in repr(boot)
        assert np.isnan(boot.alpha).mean() == boot.unanswered
        assert boot.converged == 1

    def test_none_are_not_mentioned(self):
        boot = fit_beta_binomial(10, np.arange(11)).bootstrap(200)
        assert boot.unanswered == 0
        assert "without" not in repr(boot) + boot.interval("mean").how


class TestFitThroughProblems:
    def test_covers_where_points_taken_as_independent_do_not(self):
        rng = np.random.default_rng(0)
        ks = np.unique(np.geomspace(1, 100, 25).round().astype(int))
        held, told = np.zeros(2), 0
        for _ in range(40):
            curve = pass_at_k(100, rng.binomial(100, rng.beta(0.3, 1, 36)), ks)
            boot = curve.bootstrap(sn.laws.BetaCoverage, 100)
            with warnings.catch_warnings(record=True):
                warnings.simplefilter("always", sn.FitWarning)
                fit = sn.fit_law(sn.laws.BetaCoverage, ks, curve.value, delta=np.inf)
            told += any("cluster along k" in message for message in fit.messages)
            naive = fit.bootstrap(100)
            held += [0.3 in b.interval("alpha") for b in (boot, naive)]
        # Three standard errors of forty simulations are ten points.
        assert held[0] / 40 >= 0.85
        assert held[1] / 40 < 0.5
        assert told >= 30

    def test_refits_are_those_of_the_resampled_curves(self):
        c = np.array([0, 0, 1, 1, 2, 3, 5, 8, 13, 20])
        ks = [1, 2, 5, 10, 19]
        law = sn.laws.ExponentiatedPowerLaw
        curve = pass_at_k(20, c, ks)
        boot = curve.bootstrap(law, 20)
        assert boot.n_units == 10
        assert boot.converged == 1
        fit = sn.fit_law(law, ks, curve.value, delta=np.inf)
        assert boot.law == fit.law
        by_problem, count = np.unique(curve.by_problem(), axis=0, return_counts=True)
        rng = np.random.default_rng(0)
        shares = rng.dirichlet(count * 0.6, 20)
        for i in (0, 7, 19):
            refit = sn.fit_law(law, ks, shares[i] @ by_problem, delta=np.inf)
            assert boot.samples("b")[i] == pytest.approx(refit["b"], rel=1e-6)

    def test_shares_spread_a_mean_like_student(self):
        count = np.array([3, 1, 2, 4, 5])
        shares = draw_shares(count, 40_000, 0)
        values = np.array([0.0, 1, 0.5, 0.2, 0.7])
        mean = count @ values / 15
        variance = count @ (values - mean) ** 2 / 15 / 15
        assert (shares @ values).mean() == pytest.approx(mean, abs=2e-3)
        assert (shares @ values).var() == pytest.approx(variance * 15 / 12, rel=0.03)

    def test_what_cannot_be_fitted_is_refused(self):
        curve = pass_at_k(10, [0, 1, 2, 4, 8, 9, 3, 5, 7], [1, 2, 5])
        with pytest.raises(DataError, match="law of the number of samples alone"):
            curve.bootstrap(sn.laws.Chinchilla)
        with pytest.raises(DataError, match="too few"):
            pass_at_k(10, [1, 2, 3], [1, 2, 5]).bootstrap(sn.laws.BetaCoverage)
        with pytest.raises(DataError, match="must lie below 1"):
            pass_at_k(10, np.arange(1, 9), [1, 2, 10]).bootstrap(sn.laws.BetaCoverage)
