"""The best use of a budget, against brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scaling_notes as sn

LAW = sn.laws.Chinchilla(E=1.82, A=478.0, B=2143.0, alpha=0.347, beta=0.367)


def brute_force(flops: float, inference_tokens: float) -> float:
    """Return the least loss over a fine grid of sizes within the budget."""
    most = flops / 2 / inference_tokens if inference_tokens else flops / 6
    params = np.geomspace(1e3, most * (1 - 1e-9), 400_001)
    tokens = (flops - 2 * params * inference_tokens) / 6 / params
    keep = tokens > 0
    return float(LAW(params[keep], tokens[keep]).min())


@pytest.mark.parametrize("flops", [1e18, 1e21, 5.76e23, 1e26])
@pytest.mark.parametrize("inference_tokens", [0.0, 1e9, 1e12, 1e15])
def test_no_size_within_the_budget_does_better(
    flops: float, inference_tokens: float
) -> None:
    plan = sn.allocate(LAW, flops, inference_tokens=inference_tokens)
    spent = 6 * plan.params * plan.tokens + 2 * plan.params * inference_tokens
    assert spent == pytest.approx(flops, rel=1e-9)
    assert plan.loss[0] <= brute_force(flops, inference_tokens) * (1 + 1e-12)
    assert plan.loss == pytest.approx(LAW(plan.params, plan.tokens))


@settings(max_examples=40, deadline=None)
@given(st.floats(18, 26), st.floats(8, 14))
def test_serving_makes_models_smaller_and_more_trained(c: float, t: float) -> None:
    trained = sn.allocate(LAW, 10**c)
    served = sn.allocate(LAW, 10**c, inference_tokens=10**t)
    assert served.params[0] < trained.params[0]
    assert served.tokens_per_param[0] > trained.tokens_per_param[0]
    assert served.loss[0] > trained.loss[0]


def test_few_inference_tokens_change_nothing() -> None:
    trained = sn.allocate(LAW, 1e22)
    served = sn.allocate(LAW, 1e22, inference_tokens=1.0)
    assert served.params == pytest.approx(trained.params, rel=1e-6)


def test_budgets_are_vectorized() -> None:
    budgets = np.geomspace(1e18, 1e24, 5)
    for inference in (0.0, 1e11):
        table = sn.allocate(LAW, budgets, inference_tokens=inference).table()
        each = [
            sn.allocate(LAW, b, inference_tokens=inference).params[0] for b in budgets
        ]
        assert table["params"].to_numpy() == pytest.approx(each)


def test_a_bootstrap_gives_intervals(boot_240: sn.Bootstrap) -> None:
    plan = sn.allocate(boot_240, 1e24)
    for name in ("params", "tokens", "loss", "tokens_per_param"):
        interval = plan.interval(name)
        assert interval.low < interval.value < interval.high
        assert interval.n == 240
    served = sn.allocate(boot_240, 1e24, inference_tokens=1e13)
    assert served.interval("params").high < plan.interval("params").high
    wide = plan.interval("params", 0.95)
    narrow = plan.interval("params", 0.5)
    assert wide.low < narrow.low < narrow.high < wide.high
    columns = {"params_low", "params_high", "loss_low", "tokens_per_param_high"}
    assert columns <= set(plan.table().columns)


def test_a_profile_allocates_without_loss(chinchilla_240: pd.DataFrame) -> None:
    profile = sn.isoflop(chinchilla_240, budgets=[1e19, 1e20, 1e21], n_resamples=100)
    plan = sn.allocate(profile, 1e22)
    assert plan.interval("params").low < plan.params[0]
    assert np.isnan(plan.loss[0])
    assert 6 * plan.params[0] * plan.tokens[0] == pytest.approx(1e22)
    with pytest.raises(sn.DataError, match="needs a law of loss"):
        sn.allocate(profile, 1e22, inference_tokens=1e12)


def test_refusals(fit_240: sn.Fit, boot_240: sn.Bootstrap) -> None:
    for bad in (0.0, -1e20, np.nan, np.inf):
        with pytest.raises(sn.DataError, match="flops must be finite and positive"):
            sn.allocate(fit_240, bad)
    with pytest.raises(sn.DataError, match="inference_tokens is -1"):
        sn.allocate(fit_240, 1e22, inference_tokens=-1.0)
    with pytest.raises(sn.DataError, match=r"allocate from fit\.bootstrap"):
        sn.allocate(fit_240, 1e22).interval("params")
    with pytest.raises(sn.DataError, match="one budget"):
        sn.allocate(boot_240, [1e22, 1e23]).interval("params")
    with pytest.raises(sn.DataError, match="'size' is not one of"):
        sn.allocate(boot_240, 1e22).interval("size")


def test_it_prints() -> None:
    assert "tokens_per_param" in repr(sn.allocate(LAW, [1e22, 1e23]))
