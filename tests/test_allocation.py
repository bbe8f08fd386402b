"""How to spend a budget: closed forms, serving, intervals, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scaling_notes as sn
from scaling_notes.laws import Chinchilla, OptimalParams

TRUTH = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
repeatable = settings(deadline=None, derandomize=True, max_examples=60)
FIELDS = ("params", "tokens", "loss", "tokens_per_param")

positive_laws = st.builds(
    Chinchilla,
    E=st.floats(0.1, 4.0),
    A=st.floats(10.0, 1e4),
    B=st.floats(10.0, 1e4),
    alpha=st.floats(0.2, 0.6),
    beta=st.floats(0.2, 0.6),
)


def runs(seed: int = 0) -> pd.DataFrame:
    n, d = np.meshgrid(np.geomspace(5e7, 1e10, 6), np.geomspace(1e9, 3e11, 6))
    n, d = n.ravel(), d.ravel()
    error = 0.01 * np.random.default_rng(seed).standard_normal(n.size)
    return pd.DataFrame({"params": n, "tokens": d, "loss": TRUTH(n, d) * np.exp(error)})


@pytest.fixture(scope="module")
def boot() -> sn.Bootstrap:
    return sn.fit_chinchilla(runs()).bootstrap(300)


# Training alone


def test_the_closed_form() -> None:
    plan = sn.allocate(TRUTH, 1e24)
    best = TRUTH.optimum(1e24)
    assert plan.params == pytest.approx([best.params])
    assert plan.tokens == pytest.approx([best.tokens])
    assert plan.loss == pytest.approx([best.loss])
    assert plan.tokens_per_param == pytest.approx([best.tokens / best.params])
    assert 6 * plan.params * plan.tokens == pytest.approx(plan.flops, rel=1e-12)


def test_several_budgets() -> None:
    budgets = np.array([1e20, 1e22, 1e24])
    plan = sn.allocate(TRUTH, budgets)
    for i, flops in enumerate(budgets):
        assert plan.params[i] == pytest.approx(TRUTH.optimum(flops).params)
    assert list(plan.table()["flops"]) == list(budgets)
    assert list(plan.table().columns) == ["flops", *FIELDS]
    assert len(repr(plan).splitlines()) == 4
    assert np.array_equal(sn.allocate(TRUTH, list(budgets)).params, plan.params)


def test_a_fit_gives_its_laws_allocation() -> None:
    fit = sn.fit_chinchilla(runs())
    assert sn.allocate(fit, 1e24).params == sn.allocate(fit.law, 1e24).params


def test_a_power_law_of_size_gives_no_loss() -> None:
    plan = sn.allocate(OptimalParams(0.1, 0.5), 1e24)
    assert plan.params == pytest.approx([1e11])
    assert plan.tokens == pytest.approx([1e24 / 6e11])
    assert np.isnan(plan.loss).all()


# Serving


@repeatable
@given(positive_laws, st.floats(20.0, 26.0), st.floats(9.0, 15.0))
def test_serving_keeps_the_budget_and_shrinks_the_model(
    law: Chinchilla, log_flops: float, log_served: float
) -> None:
    flops, served = 10.0**log_flops, 10.0**log_served
    plain = sn.allocate(law, flops)
    plan = sn.allocate(law, flops, inference_tokens=served)
    spent = 6 * plan.params * plan.tokens + 2 * plan.params * served
    assert spent == pytest.approx([flops], rel=1e-9)
    assert (plan.tokens > 0).all()
    assert plan.params[0] < plain.params[0] * (1 + 1e-9)
    assert plan.tokens_per_param[0] > plain.tokens_per_param[0] * (1 - 1e-6)
    assert plan.loss[0] >= plain.loss[0] - 1e-12
    assert plan.loss == pytest.approx(law(plan.params, plan.tokens))


@repeatable
@given(positive_laws, st.floats(20.0, 26.0), st.floats(9.0, 15.0))
def test_serving_is_optimal_against_a_grid(
    law: Chinchilla, log_flops: float, log_served: float
) -> None:
    flops, served = 10.0**log_flops, 10.0**log_served
    plan = sn.allocate(law, flops, inference_tokens=served)
    most = flops / (2 * served)
    params = np.concatenate(
        [
            np.geomspace(most * 1e-12, most * 0.999999, 4000),
            plan.params * [0.999, 1.001],
        ]
    )
    tokens = (flops - 2 * params * served) / (6 * params)
    allowed = tokens > 0
    grid = law(params[allowed], tokens[allowed])
    assert plan.loss[0] <= grid.min() * (1 + 1e-12)


def test_serving_by_hand() -> None:
    # With A = 0 tending to nothing the model shrinks; with T huge the tokens do too.
    little = sn.allocate(TRUTH, 1e24, inference_tokens=1e12)
    much = sn.allocate(TRUTH, 1e24, inference_tokens=1e14)
    assert much.params[0] < little.params[0] < sn.allocate(TRUTH, 1e24).params[0]
    assert much.loss[0] > little.loss[0]


@pytest.mark.parametrize("served", [1e-3, 1.0, 1e6])
def test_hardly_any_serving_is_training_alone(served: float) -> None:
    plan = sn.allocate(TRUTH, 1e24, inference_tokens=served)
    plain = sn.allocate(TRUTH, 1e24)
    assert plan.params == pytest.approx(plain.params, rel=1e-5)
    assert plan.loss == pytest.approx(plain.loss, rel=1e-9)


@pytest.mark.parametrize(
    ("flops", "served"), [(1e18, 1e16), (1e20, 1e20), (1e26, 1e22)]
)
def test_serving_far_beyond_training_still_works(flops: float, served: float) -> None:
    plan = sn.allocate(TRUTH, flops, inference_tokens=served)
    for name in FIELDS:
        assert np.isfinite(getattr(plan, name)).all()
    assert (plan.tokens > 0).all()
    spent = 6 * plan.params * plan.tokens + 2 * plan.params * served
    assert spent == pytest.approx([flops], rel=1e-6)


def test_serving_of_several_budgets_and_refits(boot: sn.Bootstrap) -> None:
    budgets = np.array([1e22, 1e24])
    plan = sn.allocate(boot, budgets, inference_tokens=1e13)
    assert plan.samples is not None
    for name in FIELDS:
        assert plan.samples[name].shape == (300, 2)
    for i in (0, 150, 299):
        law = Chinchilla(*boot.laws.as_array()[i])
        for j, flops in enumerate(budgets):
            alone = sn.allocate(law, flops, inference_tokens=1e13)
            assert plan.samples["params"][i, j] == pytest.approx(
                alone.params[0], rel=1e-9
            )


# Intervals


def test_intervals_come_from_the_refits(boot: sn.Bootstrap) -> None:
    plan = sn.allocate(boot, 1e24)
    for name in FIELDS:
        interval = plan.interval(name, 0.8)
        by_hand = boot.interval(
            {
                "params": lambda law: law.optimum(1e24).params,
                "tokens": lambda law: law.optimum(1e24).tokens,
                "loss": lambda law: law.optimum(1e24).loss,
                "tokens_per_param": lambda law: (
                    law.optimum(1e24).tokens / law.optimum(1e24).params
                ),
            }[name],
            0.8,
        )
        assert (interval.low, interval.value, interval.high) == pytest.approx(
            (by_hand.low, by_hand.value, by_hand.high)
        )
        assert interval.low < interval.value < interval.high
        assert interval.n == 36
        assert interval.how == "case bootstrap, 300 resamples"
        assert interval.confidence_level == 0.8


def test_the_truth_lies_in_the_interval(boot: sn.Bootstrap) -> None:
    plan = sn.allocate(boot, 1e23)
    assert TRUTH.optimum(1e23).params in plan.interval("params", 0.99)
    assert TRUTH.optimum(1e23).loss in plan.interval("loss", 0.99)


def test_the_table_holds_the_intervals(boot: sn.Bootstrap) -> None:
    table = sn.allocate(boot, [1e22, 1e24]).table(0.8)
    single = sn.allocate(boot, 1e24)
    for name in FIELDS:
        interval = single.interval(name, 0.8)
        assert table[f"{name}_low"].iloc[1] == pytest.approx(interval.low)
        assert table[f"{name}_high"].iloc[1] == pytest.approx(interval.high)


def test_extrapolation_widens_the_interval(boot: sn.Bootstrap) -> None:
    table = sn.allocate(boot, np.geomspace(1e21, 1e27, 4)).table()
    width = np.log(table["params_high"] / table["params_low"])
    assert width.is_monotonic_increasing


def test_a_profile_gives_an_allocation_with_intervals() -> None:
    table = sn.load("besiroglu2024_chinchilla_points")
    table = table[table["dropped_in_refit"] == 0]
    profile = sn.isoflop(table, budgets=[1e19, 1e20, 6e20, 1e21], n_resamples=100)
    plan = sn.allocate(profile, 5.76e23)
    interval = plan.interval("params")
    assert interval.low < 7e10 < interval.high
    assert np.isnan(plan.loss).all()


def few(units: int) -> sn.Bootstrap:
    frame = runs().assign(seed=np.arange(36) % units)
    return sn.fit_chinchilla(frame, groups="seed").bootstrap(50)


def test_under_six_units_there_is_no_interval() -> None:
    plan = sn.allocate(few(5), 1e24)
    with pytest.raises(sn.DataError, match="5 independent units are too few"):
        plan.interval("params")
    with pytest.raises(sn.DataError, match="5 independent units are too few"):
        plan.table()


def test_under_fifteen_units_an_interval_is_unverified() -> None:
    assert "unverified" in sn.allocate(few(9), 1e24).interval("params").how


# Refusals


@pytest.mark.parametrize("flops", [0, -1e24, np.nan, np.inf, [1e24, 0.0]])
def test_budgets_are_positive(flops: Any) -> None:
    with pytest.raises(sn.DataError, match="flops must be finite and positive"):
        sn.allocate(TRUTH, flops)


@pytest.mark.parametrize("served", [-1.0, np.nan, np.inf])
def test_served_tokens_are_zero_or_more(served: float) -> None:
    with pytest.raises(sn.DataError, match="inference_tokens is"):
        sn.allocate(TRUTH, 1e24, inference_tokens=served)


def test_serving_needs_a_law_of_loss() -> None:
    with pytest.raises(sn.DataError, match="needs a law of loss"):
        sn.allocate(OptimalParams(0.1, 0.5), 1e24, inference_tokens=1e12)


def test_other_things_have_no_optimum() -> None:
    with pytest.raises(sn.DataError, match="DataFrame has no optimum"):
        sn.allocate(runs(), 1e24)  # type: ignore[arg-type]


def test_a_fit_has_no_interval() -> None:
    with pytest.raises(sn.DataError, match=r"allocate from fit\.bootstrap\(\)"):
        sn.allocate(sn.fit_chinchilla(runs()), 1e24).interval("params")


def test_an_interval_is_of_one_budget(boot: sn.Bootstrap) -> None:
    with pytest.raises(sn.DataError, match=r"one budget; use table\(\)"):
        sn.allocate(boot, [1e22, 1e24]).interval("params")


def test_an_unknown_quantity_is_named(boot: sn.Bootstrap) -> None:
    with pytest.raises(
        sn.DataError, match="'n_exponent' is not one of params, tokens, loss"
    ):
        sn.allocate(boot, 1e24).interval("n_exponent")
