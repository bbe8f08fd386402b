"""Laws of test time: by hand, derivatives, recovery, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares
from scipy.special import betaln

import scaling_notes as sn
from scaling_notes.laws import (
    BetaCoverage,
    DoublingGain,
    ExponentiatedPowerLaw,
    Law,
    LogLinear,
)

K = np.array([1.0, 3, 10, 50, 400, 3000])
TRUTHS = [
    ExponentiatedPowerLaw(a=-1.33, b=-0.43),
    ExponentiatedPowerLaw(a=-8.0, b=-0.1),
    BetaCoverage(mean=0.2, alpha=0.25),
    BetaCoverage(mean=0.003, alpha=1.5),
    LogLinear(intercept=0.1, slope=0.19),
]
every_truth = pytest.mark.parametrize("law", TRUTHS, ids=repr)


def test_exponentiated_power_law_by_hand() -> None:
    law = ExponentiatedPowerLaw(a=-2.0, b=-0.5)
    assert law(k=1) == pytest.approx(np.exp(-2), rel=1e-15)
    assert law(k=16) == pytest.approx(np.exp(-0.5), rel=1e-15)


def test_beta_coverage_by_hand() -> None:
    # alpha = beta = 1 is a flat law of pass rates: failure is 1 / (k + 1).
    law = BetaCoverage(mean=0.5, alpha=1.0)
    assert law(k=K) == pytest.approx(K / (K + 1), rel=1e-14)
    law = BetaCoverage(mean=0.2, alpha=0.3)
    assert law.beta == pytest.approx(1.2)
    failure = np.exp(betaln(0.3, 1.2 + K) - betaln(0.3, 1.2))
    assert law(k=K) == pytest.approx(1 - failure, rel=1e-12)


def test_beta_coverage_equals_the_forecast_of_the_fit_to_counts() -> None:
    model = sn.fit_beta_binomial(10, [0, 0, 0, 1, 1, 2, 4, 7, 10, 10])
    law = BetaCoverage(mean=model.mean, alpha=model.alpha)
    assert law(k=K) == pytest.approx(model.pass_at_k(K), rel=1e-13)


def test_doubling_gain_by_hand() -> None:
    law = DoublingGain(a=300.0, b=0.5, c=2.0)
    assert law(doublings=2) == pytest.approx(100.0)


@pytest.mark.parametrize(("b", "c"), [(0.06, 1.6), (0.3, 1.1), (2.0, 3.0)])
def test_the_rest_is_the_sum_to_the_end(b: float, c: float) -> None:
    law = DoublingGain(a=300.0, b=b, c=c)
    x = np.arange(17.0, 4_000_001.0)
    end = x[-1] + 0.5
    far = 300 / b * end ** (1 - c) / (c - 1)
    assert law.rest(16) == pytest.approx(law(doublings=x).sum() + far, rel=1e-5)
    assert law.rest(16) - law.rest(17) == pytest.approx(law(doublings=17), rel=1e-6)


def test_the_rest_is_infinite_where_gains_fade_too_slowly() -> None:
    law = DoublingGain(a=300.0, b=0.3, c=np.array([0.9, 1.0, 1.2]))
    assert np.isinf(law.rest(12)).tolist() == [True, True, False]


def test_log_linear_by_hand() -> None:
    assert LogLinear(intercept=0.1, slope=0.2)(x=1000) == pytest.approx(0.7)


@every_truth
def test_jacobian_against_finite_differences(law: Law) -> None:
    constants = law.as_array()
    for i, found in enumerate(law.jacobian(K)):
        step = 1e-6 * max(abs(constants[i]), 0.1)
        up, down = constants.copy(), constants.copy()
        up[i] += step
        down[i] -= step
        sides = [type(law).from_array(c).value(K) for c in (up, down)]
        expected = (sides[0] - sides[1]) / (2 * step)
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-9)


@every_truth
def test_many_laws_at_once(law: Law) -> None:
    many = type(law).from_array(np.stack([law.as_array(), 1.1 * law.as_array()]))
    table = many.over()(K)
    assert table.shape == (2, len(K))
    assert table[0] == pytest.approx(law(K), rel=1e-14)


@every_truth
def test_exact_points_give_the_law_back(law: Law) -> None:
    fit = sn.fit_law(type(law), K, law(K))
    assert fit.status is sn.Status.CONVERGED
    np.testing.assert_allclose(fit.law.as_array(), law.as_array(), rtol=1e-6)


@pytest.mark.parametrize("law", TRUTHS[:4], ids=repr)
def test_optimum_equals_scipys(law: Law) -> None:
    rng = np.random.default_rng(0)
    k = np.geomspace(1, 3000, 25)
    noisy = law(k) ** np.exp(0.1 * rng.standard_t(3, len(k)))
    fit = sn.fit_law(type(law), k, noisy, delta=0.05)

    def residuals(x: np.ndarray) -> np.ndarray:
        value = type(law).from_array(x).value(k)
        return np.log(-np.log(value)) - np.log(-np.log(noisy))

    peer = least_squares(
        residuals,
        law.as_array(),
        loss="huber",
        f_scale=0.05,
        x_scale=np.abs(law.as_array()),
        xtol=1e-14,
        ftol=1e-14,
        gtol=1e-14,
    )
    assert fit.objective <= peer.cost * (1 + 1e-9)


def test_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(1)
    law = ExponentiatedPowerLaw(a=-2.0, b=-0.2)
    k = np.tile(np.geomspace(1, 1000, 10), 3)
    noisy = law(k) ** np.exp(0.05 * rng.standard_normal(len(k)))
    boot = sn.fit_law(ExponentiatedPowerLaw, k, noisy).bootstrap(500)
    assert -2.0 in boot.interval("a")
    assert -0.2 in boot.interval("b")
    band = boot.band(0.95, "prediction", k=np.array([1.0, 1e5]))
    assert ((band["low"] < band["pass_at_k"]) & (band["high"] < 1)).all()
    assert (band["low"] > 0).all()


@settings(max_examples=40)
@given(st.floats(0.01, 0.9), st.floats(0.02, 3))
def test_beta_coverage_rises_from_its_mean_towards_one(m: float, alpha: float) -> None:
    coverage = BetaCoverage(mean=m, alpha=alpha)(k=K)
    assert coverage[0] == pytest.approx(m, rel=1e-12)
    assert (np.diff(coverage) >= 0).all()
    assert coverage[-1] <= 1
    # Problems that differ gain less than problems that are all alike.
    assert (coverage <= 1 - (1 - m) ** K + 1e-12).all()


def test_one_constant_held_makes_two_points_enough() -> None:
    fixed = {"mean": 0.2}
    fit = sn.fit_law(BetaCoverage, [1, 10], [0.2, 0.4], fixed=fixed)
    assert fit.law(k=10) == pytest.approx(0.4, rel=1e-9)
    fixed = {"a": np.log(0.2)}
    fit = sn.fit_law(ExponentiatedPowerLaw, [1, 10], [0.2, 0.4], fixed=fixed)
    assert fit["b"] == pytest.approx(np.log(np.log(0.4) / np.log(0.2)) / np.log(10))


def test_exact_points_leave_no_negative_objective() -> None:
    # The last step promises a little more than rounding has left.
    points = [1, 10], [0.02, 0.0362]
    fit = sn.fit_law(BetaCoverage, *points, fixed={"mean": 0.02}, delta=np.inf)
    assert 0 <= fit.objective < 1e-20
    assert fit.status is sn.Status.CONVERGED


def test_full_coverage_is_refused_by_row() -> None:
    with pytest.raises(sn.DataError, match=r"'pass_at_k' must lie below 1; .* row 2"):
        sn.fit_law(ExponentiatedPowerLaw, [1, 10, 100], [0.5, 0.9, 1.0])


def test_samples_that_do_not_help_are_flagged() -> None:
    with pytest.warns(sn.FitWarning, match="no gain from more samples"):
        sn.fit_law(ExponentiatedPowerLaw, [1, 10, 100], [0.5, 0.45, 0.41])
