"""Bounds, priors and quantiles: what is known of constants, and what is sought."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import least_squares, linprog, minimize
from scipy.stats import norm

import scaling_notes as sn
from scaling_notes import engine
from scaling_notes.engine._steps import bounded_newton_step
from scaling_notes.laws import Chinchilla, LogLinear, PowerLaw
from scaling_notes.laws._law import Array

TRUTH = PowerLaw(E=0.8, A=2.0, alpha=0.15)
X = np.geomspace(1, 300, 24)
NAMES = PowerLaw.constants()


def noisy(seed: int, noise: float = 0.03) -> Array:
    error = noise * np.random.default_rng(seed).standard_normal(len(X))
    return np.asarray(TRUTH.value(X) * np.exp(error))


def fit(seed: int, noise: float = 0.03, **options: Any) -> sn.Fit:
    return sn.fit_law(PowerLaw, X, noisy(seed, noise), **options)


def log_residuals(c: Array, y: Array) -> Array:
    return np.asarray(np.log(c[0] + c[1] * X ** -c[2]) - np.log(y))


# Bounds


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "bounds",
    [
        {"alpha": (0.0, 0.12)},
        {"E": (0.9, 1.1), "alpha": (0.3, 0.5)},
        {"A": (None, 1.5), "alpha": (-np.inf, 0.2)},
        {"E": (None, 0.5)},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:.*is at its bound:scaling_notes.FitWarning")
@pytest.mark.filterwarnings("ignore:Residuals cluster:scaling_notes.FitWarning")
def test_bounded_fits_are_those_of_scipy(
    seed: int, bounds: dict[str, tuple[float | None, float | None]]
) -> None:
    y = noisy(seed)
    found = sn.fit_law(PowerLaw, X, y, bounds=bounds, delta=np.inf)
    ends = np.array([bounds.get(n, (None, None)) for n in NAMES], float)
    low = np.where(np.isnan(ends[:, 0]), -np.inf, ends[:, 0])
    low[:2] = np.maximum(low[:2], 1e-9)
    high = np.where(np.isnan(ends[:, 1]), np.inf, ends[:, 1])
    starts = [(0.9, 1.5, 0.1), (0.1, 2.0, 0.4), (1.0, 1.0, 0.2)]
    best = min(
        (
            least_squares(
                log_residuals,
                np.clip(start, low + 1e-6, high - 1e-6),
                bounds=(low, high),
                args=(y,),
                xtol=1e-14,
                ftol=1e-14,
                gtol=1e-14,
            )
            for start in starts
        ),
        key=lambda result: float(result.cost),
    )
    assert found.objective == pytest.approx(best.cost, rel=1e-6)
    assert list(found.estimates.values()) == pytest.approx(best.x.tolist(), abs=2e-3)


def test_a_fit_at_its_bound_says_so_and_its_intervals_end_there() -> None:
    with pytest.warns(sn.FitWarning, match="alpha is at its bound 0.12.*ask for more"):
        found = fit(0, bounds={"alpha": (0.0, 0.12)})
    assert found.status is sn.Status.AT_BOUND
    assert found["alpha"] == 0.12
    assert "alpha bounded" in repr(found)
    boot = found.bootstrap(400)
    assert boot.converged == 1.0
    alpha = boot.samples("alpha")
    assert alpha.max() == 0.12
    assert (alpha < 0.12).any()
    assert boot.interval("alpha").high == 0.12
    assert found.profile("alpha").high == 0.12
    assert found.profile("alpha").low < 0.12
    with pytest.raises(sn.DataError, match=r"alpha is held at 0\.2, outside the bou"):
        found.p_value(alpha=0.2)
    assert 0 < found.p_value(alpha=0.11) < 1


def test_bounds_that_are_far_change_nothing() -> None:
    free, kept = fit(1), fit(1, bounds={"alpha": (-1.0, 3.0), "E": (0.0, None)})
    assert kept.status is sn.Status.CONVERGED
    assert kept.estimates == pytest.approx(free.estimates, rel=1e-6)
    one, two = free.bootstrap(200), kept.bootstrap(200)
    assert two.samples("alpha") == pytest.approx(one.samples("alpha"), rel=1e-4)
    low, high = (free.profile("alpha").low, free.profile("alpha").high)
    there = kept.profile("alpha")
    assert (there.low, there.high) == pytest.approx((low, high), rel=1e-4)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 50),
    low=st.floats(-0.2, 0.3),
    width=st.floats(0.01, 0.5),
    floor=st.floats(0.0, 1.0),
)
@example(seed=0, low=0.0, width=0.5, floor=5e-324)
def test_no_refit_leaves_its_bounds(
    seed: int, low: float, width: float, floor: float
) -> None:
    bounds = {"alpha": (low, low + width), "E": (floor, floor + 0.3)}
    names, y = PowerLaw.constants(), noisy(seed, 0.05)
    prior = engine.Prior.of(names, bounds, {})
    problem = engine.Objective(PowerLaw, {"x": X}, y, 0.05, prior=prior)
    rng = np.random.default_rng(seed)
    starts = np.exp(rng.normal(0, 0.2, (40, 3))) * [0.8, 2.0, 0.15]
    counts = rng.multinomial(len(X), np.full(len(X), 1 / len(X)), 40).astype(float)
    found = engine.solve(problem, starts, counts)
    for name, column in zip(names, found.constants.T, strict=True):
        low_end, high_end = bounds.get(name, (0.0, np.inf))
        assert ((column >= low_end) & (column <= high_end)).all()
    assert found.converged.all()
    # No step inside the bounds lowers the objective.
    theta = problem.unconstrain(found.constants)
    least = problem.values(theta, counts)
    for j in range(3):
        for step in (-1e-4, 1e-4):
            moved = theta.copy()
            moved[:, j] += step
            there = problem.values(
                problem.unconstrain(problem.constrain(moved)), counts
            )
            assert (there >= least * (1 - 1e-7)).all()


@given(st.integers(0, 2**32 - 1))
def test_a_bounded_step_is_inside_and_its_model_falls(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, m = 4, 8
    root = rng.normal(size=(m, p, p))
    h = np.einsum("mij,mkj->ikm", root, root) + 0.1 * np.eye(p)[:, :, None]
    g = rng.normal(size=(p, m))
    low, high = -rng.exponential(0.3, (p, m)), rng.exponential(0.3, (p, m))
    low[rng.random((p, m)) < 0.3] = 0.0
    step, predicted = bounded_newton_step(g, h, np.zeros(m), low, high)
    assert ((step >= low) & (step <= high)).all()
    change = (g * step).sum(0) + 0.5 * np.einsum("im,ijm,jm->m", step, h, step)
    assert (change <= 1e-12).all()
    assert predicted == pytest.approx(-change, abs=1e-9)
    free, _ = bounded_newton_step(g, h, np.zeros(m), low - 1e9, high + 1e9)
    newton = -np.linalg.solve(h.transpose(2, 0, 1), g.T[..., None])[..., 0].T
    assert free == pytest.approx(newton, abs=1e-8)


# Priors


def test_a_prior_is_one_more_residual() -> None:
    y = noisy(2)
    error = 0.03 * y
    priors = {"E": (0.7, 0.1), "alpha": (0.2, 0.05)}
    found = sn.fit_law(
        PowerLaw, X, y, standard_error=error, priors=priors, delta=np.inf
    )

    def stacked(c: Array) -> Array:
        measured = [(c[0] - 0.7) / 0.1, (c[2] - 0.2) / 0.05]
        return np.append(log_residuals(c, y) * y / error, measured)

    best = least_squares(stacked, (0.8, 2.0, 0.15), xtol=1e-15, ftol=1e-15, gtol=1e-15)
    assert list(found.estimates.values()) == pytest.approx(best.x.tolist(), rel=1e-5)
    assert found.objective == pytest.approx(best.cost, rel=1e-8)
    assert found.objective_of(found.law) == pytest.approx(best.cost, rel=1e-8)
    assert "prior of E, alpha" in repr(found)
    # Refits scatter as the inverse of the curvature says, priors included.
    spread = np.sqrt(np.diag(np.linalg.inv(best.jac.T @ best.jac)))
    boot = found.bootstrap(1000)
    assert "priors drawn anew" in boot.interval("E").how
    for name, sd in zip(NAMES, spread, strict=True):
        assert boot.standard_error(name) == pytest.approx(sd, rel=0.25)
        half = (found.profile(name).high - found.profile(name).low) / 4
        assert half == pytest.approx(sd, rel=0.3)


@pytest.mark.parametrize("delta", [None, np.inf, 0.01])
def test_priors_are_weighed_against_the_scatter_of_the_runs(
    delta: float | None,
) -> None:
    found = fit(3, priors={"E": (0.9, 0.05)}, delta=delta)
    spread = engine.robust_delta(found.residuals, 3) / engine.HUBER
    expected = engine.huber_variance(spread, found.delta)
    assert found.variance == pytest.approx(expected, rel=1e-4)
    # The slope of the prior holds that of the points.
    away = found.residuals
    value = np.asarray(found.law.value(X))
    pull = np.clip(away, -found.delta, found.delta) / value
    assert pull.sum() == pytest.approx(
        found.variance * (found["E"] - 0.9) / 0.05**2, rel=1e-3, abs=1e-6
    )


def test_a_prior_that_is_wide_changes_nothing_and_a_narrow_one_decides() -> None:
    free = fit(4)
    wide = fit(4, priors={"E": (1.0, 1e4)})
    assert wide.estimates == pytest.approx(free.estimates, rel=1e-3)
    narrow = fit(4, priors={"E": (0.75, 1e-7)})
    held = fit(4, fixed={"E": 0.75})
    assert narrow.estimates == pytest.approx(held.estimates, rel=1e-4)


def test_where_runs_say_nothing_the_interval_is_that_of_the_prior() -> None:
    x = np.geomspace(1, 4, 20)
    error = 0.03 * np.random.default_rng(5).standard_normal(20)
    found = sn.fit_law(
        PowerLaw, x, TRUTH.value(x) * np.exp(error), priors={"E": (0.8, 0.02)}
    )
    interval = found.bootstrap(2000).interval("E")
    assert interval.low == pytest.approx(0.8 - 1.96 * 0.02, abs=0.006)
    assert interval.high == pytest.approx(0.8 + 1.96 * 0.02, abs=0.006)


def test_a_prior_decides_a_design_that_decides_nothing() -> None:
    law = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
    n = np.geomspace(1e7, 1e10, 15)
    rng = np.random.default_rng(0)
    loss = law.value(n, 20 * n) * np.exp(0.005 * rng.standard_normal(15))
    runs = pd.DataFrame({"params": n, "tokens": 20 * n, "loss": loss})
    with pytest.raises(sn.FitError, match="fixed power"):
        sn.fit_chinchilla(runs)
    priors = {"alpha": (0.35, 0.01), "beta": (0.37, 0.01), "E": (1.8, 0.05)}
    found = sn.fit_chinchilla(runs, priors=priors)
    boot = found.bootstrap(300)
    assert boot.unidentified == 0.0
    interval = boot.interval("E")
    assert interval.high - interval.low < 0.1
    assert abs(found["E"] - law.E) < 0.05


def test_priors_that_runs_contradict_are_told() -> None:
    with pytest.warns(sn.FitWarning, match=r"contradict the priors .*E .*, not 0\.2"):
        found = fit(1, 0.01, priors={"E": (0.2, 0.02)})
    assert any("contradict" in message for message in found.messages)
    quiet = [fit(seed, priors={"E": (0.8, 0.1)}) for seed in range(20)]
    assert not any("contradict" in " ".join(f.messages) for f in quiet)


def test_a_wide_prior_may_reach_above_the_least_loss() -> None:
    least = float(noisy(1, 0.01).min())
    found = fit(1, 0.01, priors={"E": (least + 0.05, 1.0)})
    assert found["E"] == pytest.approx(fit(1, 0.01)["E"], rel=0.02)


def test_priors_leave_what_is_fixed_at_zero() -> None:
    pure = 2.0 * X**-0.3 * np.exp(0.01 * np.random.default_rng(0).normal(size=len(X)))
    found = sn.fit_law(
        PowerLaw, X, pure, fixed={"E": 0.0}, priors={"alpha": (0.3, 0.05)}
    )
    assert found["E"] == 0.0
    assert found.messages == ()


def test_leverage_keeps_the_prior() -> None:
    y = noisy(6)
    options: dict[str, Any] = {
        "standard_error": 0.03 * y,
        "priors": {"E": (0.8, 0.1)},
        "delta": np.inf,
    }
    found = sn.fit_law(PowerLaw, X, y, **options)
    options["standard_error"] = options["standard_error"][1:]
    rest = sn.fit_law(PowerLaw, X[1:], y[1:], **options)
    moved = found.leverage().loc[0, "E"]
    assert moved == pytest.approx(rest["E"] - found["E"], rel=1e-4)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("quantile", [0.5, 0.2])
def test_slopes_of_priors_and_quantiles_are_those_of_differences(
    weighted: bool, quantile: float
) -> None:
    prior = engine.Prior.of(NAMES, {}, {"E": (0.7, 0.1), "alpha": (0.2, 0.05)})
    problem = engine.Objective(
        PowerLaw, {"x": X}, noisy(12), 0.02, quantile=quantile, prior=prior
    ).with_delta(0.02, 0.3)
    rng = np.random.default_rng(0)
    theta = problem.unconstrain(rng.uniform(0.2, 2.0, (5, 3)))
    weights = None
    if weighted:
        weights = problem.weigh(rng.integers(0, 3, (5, len(X))).astype(float), rng)
        assert weights.shape == (5, problem.n_terms)
    value, slope, _ = problem.system(theta, weights)
    assert value == pytest.approx(problem.values(theta, weights), rel=1e-12)
    for j in range(3):
        step = np.zeros(3)
        step[j] = 1e-6
        up, down = (problem.values(theta + s * step, weights) for s in (1, -1))
        assert slope[j] == pytest.approx((up - down) / 2e-6, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("delta", [0.02, 0.4, 1.345, 3.0, np.inf])
def test_the_variance_of_a_loss_is_mean_square_slope_over_mean_curvature(
    delta: float,
) -> None:
    end = min(delta, 12.0)
    square = quad(lambda z: z * z * norm.pdf(z), -end, end)[0]
    square += 2 * end**2 * norm.sf(end)
    expected = square / (1 - 2 * norm.sf(end))
    assert engine.huber_variance(1.0, delta) == pytest.approx(expected, rel=1e-6)
    assert engine.huber_variance(0.3, 0.3 * delta) == pytest.approx(0.09 * expected)


# Quantiles


class Line(PowerLaw):
    """A power law with residuals as they are."""

    scale = "linear"


@pytest.mark.parametrize("quantile", [0.1, 0.3, 0.8])
def test_a_small_threshold_gives_the_quantile_of_linear_programming(
    quantile: float,
) -> None:
    y = noisy(7, 0.1)
    found = sn.fit_law(Line, X, y, quantile=quantile, delta=1e-7, fixed={"alpha": 0.15})
    basis = np.column_stack([np.ones(len(X)), X**-0.15])
    n = len(X)
    cost = np.concatenate([np.zeros(2), np.full(n, quantile), np.full(n, 1 - quantile)])
    equal = np.hstack([basis, np.eye(n), -np.eye(n)])
    ends = [(0, None)] * (2 + 2 * n)
    best = linprog(cost, A_eq=equal, b_eq=y, bounds=ends)
    assert [found["E"], found["A"]] == pytest.approx(best.x[:2].tolist(), abs=1e-4)
    assert abs((found.residuals < 0).mean() - quantile) <= 2 / n


@pytest.mark.parametrize("quantile", [0.2, 0.7])
@pytest.mark.parametrize("delta", [np.inf, 0.02])
def test_a_quantile_is_the_least_of_its_loss(quantile: float, delta: float) -> None:
    y = noisy(1, 0.01)
    found = sn.fit_law(PowerLaw, X, y, quantile=quantile, delta=delta)

    def loss(c: Array) -> float:
        r = -log_residuals(c, y)
        size = np.abs(r)
        huber = np.where(size <= delta, 0.5 * r * r, delta * (size - 0.5 * delta))
        return float((2 * np.where(r > 0, quantile, 1 - quantile) * huber).sum())

    best = minimize(
        loss,
        list(found.estimates.values()),
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-15},
    )
    assert found.objective == pytest.approx(loss(found.law.as_array()), rel=1e-8)
    assert found.objective <= best.fun * (1 + 1e-8)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 40),
    pair=st.tuples(st.floats(0.05, 0.45), st.floats(0.55, 0.95)),
)
def test_a_higher_quantile_lies_higher_on_the_whole(
    seed: int, pair: tuple[float, float]
) -> None:
    low, high = (fit(seed, quantile=q, delta=0.02, fixed={"alpha": 0.15}) for q in pair)
    middle = np.array(30.0)
    assert low.law.value(middle) < high.law.value(middle)
    assert f"quantile {pair[0]:g}" in repr(low)


def test_a_profile_of_a_quantile_agrees_with_its_bootstrap() -> None:
    y = noisy(9, 0.01)
    found = sn.fit_law(PowerLaw, X, y, quantile=0.25)
    one, two = found.profile("A"), found.bootstrap(1000).interval("A")
    assert 0.6 < (one.high - one.low) / (two.high - two.low) < 1.6


def test_too_few_residuals_within_delta_have_no_scale() -> None:
    found = fit(10, delta=1e-6)
    with pytest.raises(sn.FitError, match=r"3 of 24 residuals are within delta"):
        found.profile("alpha")


# At the door


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bounds": {"gamma": (0, 1)}}, "gamma is not one of E, A, alpha"),
        ({"bounds": ["alpha"]}, "bounds maps constants to pairs"),
        ({"bounds": {"alpha": 0.5}}, "The bound of alpha is 0.5; give a pair"),
        ({"bounds": {"alpha": (0.0, "1")}}, "give a pair of numbers"),
        ({"bounds": {"alpha": (1.0, 0.0)}}, "are 1 and 0; give the lower one first"),
        ({"bounds": {"alpha": (1.0, 1.0)}}, "use fixed"),
        ({"bounds": {"alpha": (np.nan, 1.0)}}, "give the lower one first"),
        ({"bounds": {"A": (-2.0, -1.0)}}, "A is positive"),
        ({"bounds": {"E": (9.0, None)}}, "E is bounded below by 9 and the least"),
        ({"bounds": {"E": (0, 1)}, "fixed": {"E": 0.5}}, "E is fixed and has bounds"),
        ({"priors": {"E": (0.5, 0.1)}, "fixed": {"E": 0.5}}, "fixed and has a prior"),
        ({"priors": {"E": (0.5, 0.0)}}, "standard deviation 0; give a positive"),
        ({"priors": {"E": (0.5, None)}}, "both numbers are finite"),
        ({"priors": {"E": (np.inf, 1.0)}}, "both numbers are finite"),
        ({"priors": {"A": (-0.5, 0.1)}}, "has the mean -0.5; it is positive"),
        ({"priors": {"E": 0.5}}, "The prior of E is 0.5; give a pair"),
        ({"priors": {"E": (9.0, 0.1)}}, "prior of E begins at 8.7 and the least"),
        (
            {"priors": {"E": (0.5, 0.1)}, "bounds": {"E": (0.6, 0.7)}},
            "its mean, 0.5, outside its bounds, 0.6 to 0.7",
        ),
        ({"quantile": 1.0}, "quantile is 1.0; give a number between 0 and 1"),
        ({"quantile": "0.1"}, "quantile is '0.1'"),
    ],
)
def test_bad_knowledge_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(sn.DataError, match=message):
        fit(0, **options)


def test_forecasts_take_bounds_and_priors() -> None:
    runs = pd.DataFrame({"x": X, "y": noisy(11)})
    # The refits alone: what is known of a constant narrows these.
    how = {"law": PowerLaw, "below": 20, "n_resamples": 300, "calibration": None}
    plain = sn.forecast(runs, **how)
    known = sn.forecast(runs, **how, priors={"E": (0.8, 0.05)})
    assert known.fit.priors == {"E": (0.8, 0.05)}

    def width(said: sn.Forecast) -> float:
        return float((said.table["high"] - said.table["low"]).iloc[-1])

    assert width(known) < 0.8 * width(plain)
    kept = sn.forecast(
        runs, law=PowerLaw, below=20, n_resamples=50, bounds={"E": (0.1, 1.9)}
    )
    assert kept.fit.bounds == {"E": (0.1, 1.9)}


@pytest.mark.parametrize(
    "options",
    [
        {"bounds": {"alpha": (0.0, 1.0)}},
        {"priors": {"E": (1.8, 0.1)}},
        {"quantile": 0.2},
        {"standard_error": "se"},
    ],
    ids=str,
)
def test_a_design_for_such_a_fit_needs_its_bootstrap(options: dict[str, Any]) -> None:
    runs = sn.load("besiroglu2024_chinchilla_points")
    runs = runs[runs["dropped_in_refit"] == 0].assign(se=0.01)
    found = sn.fit_chinchilla(runs, **options)
    with pytest.raises(sn.DataError, match="give its bootstrap"):
        sn.next_runs(found, flops=1e20, target_flops=1e23)
    boot = found.bootstrap(100)
    assert sn.next_runs(boot, flops=1e20, target_flops=1e23, n_runs=2).after > 0


# Residuals as they are


class LinearChinchilla(Chinchilla):
    """Chinchilla's form with residuals of the loss itself."""

    scale = "linear"


def test_a_subclass_measures_residuals_on_another_scale() -> None:
    law = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
    n, d = (
        g.ravel()
        for g in np.meshgrid(np.geomspace(5e7, 1e10, 6), np.geomspace(1e9, 3e11, 6))
    )
    y = law.value(n, d) + 0.02 * np.random.default_rng(0).standard_normal(36)
    found = sn.fit_law(LinearChinchilla, {"params": n, "tokens": d}, y, delta=np.inf)
    assert found.residuals == pytest.approx(y - found.law.value(n, d))
    best = least_squares(
        lambda c: c[0] + np.exp(c[1]) * n ** -c[3] + np.exp(c[2]) * d ** -c[4] - y,
        [law.E, np.log(law.A), np.log(law.B), law.alpha, law.beta],
        x_scale="jac",
        xtol=1e-14,
        ftol=1e-14,
        gtol=1e-14,
    )
    assert found.objective == pytest.approx(best.cost, rel=1e-6)
    with pytest.raises(sn.FitError, match="fixed power"):
        sn.fit_law(LinearChinchilla, {"params": n, "tokens": 20 * n}, y)


# Coverage


def simulation(name: str) -> Any:
    path = Path(__file__).with_name(name)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_intervals_cover_in_a_few_simulations() -> None:
    rows: Callable[..., pd.DataFrame] = simulation("known_coverage_simulation.py").rows
    found = rows(4).groupby("interval")["coverage"].mean()
    assert set(found.index) == {"bounds", "prior", "quantile", "residuals of the loss"}
    assert (found > 0.75).all()
    assert found.mean() < 1.0


def test_a_quantile_far_out_of_few_runs_is_unverified() -> None:
    few = fit(1, 0.01, quantile=0.25).bootstrap(50).interval("A")
    assert "unverified below 8 units beyond the quantile" in few.how
    enough = fit(1, 0.01, quantile=0.4).bootstrap(50).interval("A")
    assert "unverified" not in enough.how


@pytest.mark.parametrize("floor", [1e-6, 1e-4, 1e-2, 0.3])
def test_a_fit_at_a_lower_bound_says_so(floor: float) -> None:
    x = 2.0 ** np.arange(8)
    y = [1.286, 1.214, 1.103, 0.969, 0.885, 0.788, 0.715, 0.661]
    with pytest.warns(sn.FitWarning, match="E is at its bound"):
        found = sn.fit_law(PowerLaw, x, y, delta=np.inf, bounds={"E": (floor, None)})
    assert found["E"] == floor
    assert found.status is sn.Status.AT_BOUND


@pytest.mark.parametrize("delta", [0.001, 0.1, 1.345, np.inf])
@pytest.mark.parametrize("quantile", [0.5, 0.1])
def test_priors_weigh_as_much_whatever_the_loss(delta: float, quantile: float) -> None:
    """A mean of many numbers, and a prior of it that is as good as they are."""
    n = 2401
    z = norm.ppf((np.random.default_rng(14).permutation(n) + 0.5) / n)
    sd = 0.01 / np.sqrt(n)
    options: dict[str, Any] = {
        "standard_error": np.full(n, 0.01),
        "fixed": {"slope": 0.0},
        "delta": delta,
        "quantile": quantile,
    }
    k, score = np.geomspace(1, 1000, n), 0.5 + 0.01 * z
    alone = sn.fit_law(LogLinear, k, score, **options)["intercept"]
    mean = alone + 4 * sd if delta < 0.1 else alone + sd
    priors = {"intercept": (mean, sd)}
    both = sn.fit_law(LogLinear, k, score, priors=priors, **options)["intercept"]
    weight = (both - alone) / (mean - alone)
    # An estimate of this kind has this variance, in units of that of a mean.
    square, slope = _slopes(delta, quantile)
    variance = square / slope**2
    assert weight == pytest.approx(variance / (1 + variance), abs=0.03)


def _slopes(delta: float, quantile: float) -> tuple[float, float]:
    z = np.linspace(-9, 9, 400_001)
    weight = norm.pdf(z) * (z[1] - z[0])
    move = simulation("known_coverage_simulation.py").center(quantile, delta)
    tilt = 2 * np.where(z > move, quantile, 1 - quantile)
    psi = np.clip(z - move, -delta, delta)
    inside = np.abs(z - move) <= delta
    return float((weight * (tilt * psi) ** 2).sum()), float(
        (weight * tilt * inside).sum()
    )
