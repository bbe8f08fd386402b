"""Forms for rewards, learning curves and settings of a run: peaks, ends, starts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import scaling_notes as sn
from scaling_notes.laws import (
    BestOfNOveroptimization,
    Chinchilla,
    ExponentialApproach,
    KaplanJoint,
    Law,
    OptimalHyperparameter,
    PowerLaw,
    PurePowerLaw,
    RLOveroptimization,
    SharedExponent,
)

OVEROPTIMIZED = [
    BestOfNOveroptimization(alpha=0.9, beta=0.2),
    RLOveroptimization(alpha=1.1, beta=0.45),
]
names = pytest.mark.parametrize("law", OVEROPTIMIZED, ids=lambda law: str(law)[:9])


@names
def test_the_peak_is_that_of_a_search(
    law: BestOfNOveroptimization | RLOveroptimization,
) -> None:
    found = minimize_scalar(lambda d: -law(d=d), bounds=(0.01, 20.0), method="bounded")
    assert law.optimal_d == pytest.approx(found.x, rel=1e-5)
    assert law.optimal_reward == pytest.approx(-found.fun, rel=1e-10)
    assert type(law.optimal_d) is type(law.optimal_reward) is float


@pytest.mark.parametrize("form", [BestOfNOveroptimization, RLOveroptimization])
def test_a_reward_that_never_falls_has_no_peak(
    form: type[BestOfNOveroptimization] | type[RLOveroptimization],
) -> None:
    many = form(alpha=np.array([1.0, 1.0, 1.0]), beta=np.array([0.5, 0.0, -0.1]))
    one = form(alpha=1.0, beta=0.5)
    assert many.optimal_d.tolist() == [one.optimal_d, np.inf, np.inf]
    assert many.optimal_reward.tolist() == [one.optimal_reward, np.inf, np.inf]


def test_a_reward_that_only_falls_is_best_where_it_starts() -> None:
    law = BestOfNOveroptimization(alpha=-0.1, beta=0.5)
    assert (law.optimal_d, law.optimal_reward) == (0.0, 0.0)


@names
def test_a_reward_is_reached_before_its_peak_or_never(
    law: BestOfNOveroptimization | RLOveroptimization,
) -> None:
    top = law.optimal_reward
    for share in (0.01, 0.5, 1 - 1e-9):
        d = law.inverse(share * top)
        assert 0 < d < law.optimal_d
        assert law(d=d) == pytest.approx(share * top, rel=1e-11)
    assert law.inverse(1.001 * top) == np.inf


def test_a_distance_of_best_of_n_in_closed_form() -> None:
    law = BestOfNOveroptimization(alpha=0.9, beta=0.2)
    # 0.9 d - 0.2 d^2 = 1.
    assert law.inverse(1.0) == pytest.approx(2.0, rel=1e-12)


@names
def test_intervals_of_the_peak(
    law: BestOfNOveroptimization | RLOveroptimization,
) -> None:
    d = np.linspace(0.0, 6.0, 40)
    noise = 0.05 * np.random.default_rng(1).standard_normal(40)
    boot = sn.fit_law(type(law), d, law(d=d) + noise).bootstrap(200)
    table = boot.table()
    for name in ("alpha", "beta", "optimal_d", "optimal_reward"):
        assert table.loc[name, "low"] < getattr(law, name) < table.loc[name, "high"]


@names
def test_a_peak_beyond_the_points_is_doubted(
    law: BestOfNOveroptimization | RLOveroptimization,
) -> None:
    d = np.linspace(0.0, 0.8 * law.optimal_d, 20)
    with pytest.warns(sn.FitWarning, match="lies beyond all points"):
        fit = sn.fit_law(type(law), d, law(d=d))
    assert fit.status is sn.Status.AT_BOUND
    assert law.doubts(np.array([1.3 * law.optimal_d])) == []


def test_an_approach_at_step_zero_and_in_the_end() -> None:
    law = ExponentialApproach(R_0=0.2, A=0.6, tau=100.0)
    assert law(x=[0.0, 1e6]) == pytest.approx([0.2, 0.6], rel=1e-15)
    # Half of the climb after tau log 2.
    assert law.inverse(0.4) == pytest.approx(100 * np.log(2.0), rel=1e-12)
    assert law.inverse(0.61) == np.inf
    assert law.inverse(0.1) == law.inverse(0.2) == 0.0


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.arange(200.0, 400, 5), "R_0 is a guess|different estimates"),
        (np.arange(0.0, 20), "A is a guess|different estimates"),
    ],
)
def test_an_end_that_is_not_seen_is_flagged(x: np.ndarray, message: str) -> None:
    y = ExponentialApproach(R_0=0.2, A=0.6, tau=50.0)(x=x)
    with pytest.warns(sn.FitWarning, match=message):
        fit = sn.fit_law(ExponentialApproach, x, y)
    assert fit.status is not sn.Status.CONVERGED


@pytest.mark.parametrize("tau", [3.0, 40.0, 600.0])
@pytest.mark.parametrize("first", [0.0, 0.5])
def test_starts_find_an_approach_fast_or_slow(tau: float, first: float) -> None:
    x = (first + np.arange(60.0) / 12) * tau
    truth = ExponentialApproach(R_0=0.31, A=0.74, tau=tau)
    fit = sn.fit_law(ExponentialApproach, x, truth(x=x))
    assert fit.status is sn.Status.CONVERGED
    assert fit.law.as_array() == pytest.approx(truth.as_array(), rel=1e-6)


def test_a_setting_is_the_plane_through_the_logs() -> None:
    rng = np.random.default_rng(2)
    params, tokens = np.exp(rng.uniform((17, 20), (23, 27), (40, 2))).T
    truth = OptimalHyperparameter(1.79, -0.713, 0.307)
    y = truth(params=params, tokens=tokens) * np.exp(0.2 * rng.standard_normal(40))
    x = {"params": params, "tokens": tokens}
    fit = sn.fit_law(OptimalHyperparameter, x, y, delta=np.inf)
    basis = np.stack([np.ones(40), np.log(params), np.log(tokens)], axis=1)
    best = np.linalg.lstsq(basis, np.log(y), rcond=None)[0]
    assert np.log(fit["coefficient"]) == pytest.approx(best[0], rel=1e-8)
    assert fit["params_exponent"] == pytest.approx(best[1], rel=1e-8)
    assert fit["tokens_exponent"] == pytest.approx(best[2], rel=1e-8)


def test_a_setting_without_size_is_a_power_of_data() -> None:
    tokens = np.geomspace(1e9, 1e12, 12)
    noise = np.exp(0.1 * np.random.default_rng(3).standard_normal(12))
    y = 0.58 * tokens**0.571 * noise
    x = {"params": np.full(12, 1e9), "tokens": tokens}
    held = sn.fit_law(OptimalHyperparameter, x, y, fixed={"params_exponent": 0.0})
    alone = sn.fit_law(PurePowerLaw, tokens, y)
    assert held["tokens_exponent"] == pytest.approx(-alone["alpha"], rel=1e-7)
    assert held["coefficient"] == pytest.approx(alone["A"], rel=1e-6)


# A loss without a floor

SIZES, TOKENS = np.geomspace(1e7, 1e10, 6), np.geomspace(1e9, 1e12, 6)
N, D = (g.ravel() for g in np.meshgrid(SIZES, TOKENS))


@pytest.mark.parametrize(
    ("law", "name", "form"),
    [
        (Chinchilla(0.0, 400.0, 2000.0, 0.34, 0.37), "E", "KaplanJoint"),
        (Chinchilla(1.7, 0.0, 2000.0, 0.34, 0.37), "A", "PowerLaw of the tokens"),
        (Chinchilla(1.7, 400.0, 0.0, 0.34, 0.37), "B", "PowerLaw of the params"),
        (SharedExponent(0.0, 400.0, 2000.0, 0.35), "E", "KaplanJoint"),
        (PowerLaw(0.0, 8.0, 0.3), "E", "PurePowerLaw"),
    ],
)
def test_a_term_that_vanishes_names_the_form_without_it(
    law: Law, name: str, form: str
) -> None:
    points = (N, D)[: len(law.inputs)]
    words = [word for word in law.doubts(*points) if word.startswith(f"{name} went")]
    assert len(words) == 1
    assert f"use a simpler form: {form}" in words[0]
    assert hasattr(sn.laws, form.split()[0])


def test_the_forms_that_are_named_have_no_floor() -> None:
    truth = KaplanJoint(0.3, 0.35, 1e6, 1e8)
    y = truth(params=N, tokens=D)
    fit = sn.fit_law(KaplanJoint, {"params": N, "tokens": D}, y)
    assert fit.status is sn.Status.CONVERGED
    assert fit.law.as_array() == pytest.approx(truth.as_array(), rel=1e-4)
    far = truth(params=1e60, tokens=1e60)
    assert far < 1e-15


@names
def test_a_peak_that_some_refits_do_not_have_has_no_upper_end(
    law: BestOfNOveroptimization | RLOveroptimization,
) -> None:
    d = np.linspace(0.0, 0.6, 12)
    noise = 0.1 * np.random.default_rng(4).standard_normal(12)
    with pytest.warns(sn.FitWarning, match="lies beyond all points"):
        fit = sn.fit_law(type(law), d, law(d=d) + noise)
    table = fit.bootstrap(100).table()
    assert table.loc["optimal_d", "high"] == np.inf
    assert table.loc["optimal_d", "standard_error"] == np.inf
    assert np.isfinite(table.loc[["alpha", "beta"]].to_numpy()).all()


def test_a_learning_rate_too_high_costs_more_than_one_too_low() -> None:
    law = sn.laws.LearningRateAndBatch(2.3, 2e-3, 4e5, 0.008, 0.006, 0.3, 0.5, 0.0)
    up, down = (law(2e-3 * 2.0**u, 4e5) - 2.3 for u in (2, -2))
    assert up == pytest.approx(0.008 * 2 * (np.e - 2) / 0.25)
    assert down == pytest.approx(0.008 * 2 / np.e / 0.25)
    assert law(2e-3 * 2**0.3, 8e5) - 2.3 == pytest.approx(0.006)
    # Near the edge of the series, and at no skew at all, it is the same form.
    for skew in (0.2499, 0.2501, 0.0, 1e-9):
        flat = dataclasses.replace(law, skew=skew)
        z = 2 * skew or 1.0
        bend = 2 * (np.exp(z) - z - 1) / z**2 if skew > 1e-3 else 1.0
        assert flat(8e-3, 4e5) - 2.3 == pytest.approx(0.032 * bend, rel=1e-6)
    assert np.isfinite(dataclasses.replace(law, skew=1e3)(1.0, 4e5))


def test_the_best_learning_rate_grows_with_the_batch() -> None:
    law = sn.laws.LearningRateAndBatch(2.3, 2e-3, 4e5, 0.008, 0.006, 0.3, 0.7, 0.0)
    rates = 2e-3 * np.geomspace(0.5, 2, 4001)
    best = rates[np.argmin(law(rates, 8e5))]
    assert best == pytest.approx(2e-3 * 2**0.3, rel=1e-3)
    # A bent valley: at half and at twice the batch the best rate is lower than that.
    bent = dataclasses.replace(law, bend=-0.1)
    for batch, doublings in ((2e5, -0.4), (8e5, 0.2), (1.6e6, 0.2)):
        best = rates[np.argmin(bent(rates, batch))]
        assert best == pytest.approx(2e-3 * 2**doublings, rel=1e-3)


def test_a_sweep_says_where_it_is_blind() -> None:
    law = sn.laws.LearningRateAndBatch(2.3, 2e-3, 4e5, 0.008, 0.006, 0.3, 0.0, 0.0)
    rate, batch = np.array([1e-3, 4e-3]), np.array([2e5, 8e5])
    assert law.doubts(rate, batch) == []
    off = dataclasses.replace(law, best_learning_rate=1e-2)
    (outside,) = off.doubts(rate, batch)
    assert outside.startswith("The best learning_rate lies outside the runs")


def test_a_sweep_whose_paraboloid_is_a_saddle_is_fitted() -> None:
    law = sn.laws.LearningRateAndBatch(2.3, 2e-3, 4e5, 0.008, 0.006, 0.3, 0.0, 0.0)
    rate, batch = np.meshgrid(2e-3 * 2.0 ** np.arange(-3, 4), 4e5 * np.r_[0.7, 1, 1.4])
    noise = 0.004 * np.random.default_rng(1).standard_normal(rate.shape)
    noise[[0, 2]] -= 0.02
    sweep = {"learning_rate": rate.ravel(), "batch": batch.ravel()}
    loss = (law(rate, batch) + noise).ravel()
    starts = law.starts(sweep, loss)
    assert (starts[:, :5] > 0).all()
    assert len(starts) == 2
