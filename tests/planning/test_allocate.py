"""The best use of a budget, against brute force."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scaling_notes as sn
from scaling_notes.planning._optimum import Budget, _bracketed, _with_inference

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


@settings(max_examples=40)
@given(st.floats(18, 26), st.floats(8, 14))
def test_serving_makes_models_smaller_and_more_trained(c: float, t: float) -> None:
    trained = sn.allocate(LAW, 10**c)
    served = sn.allocate(LAW, 10**c, inference_tokens=10**t)
    assert served.params[0] < trained.params[0]
    assert served.tokens_per_param[0] > trained.tokens_per_param[0]
    assert served.loss[0] > trained.loss[0]


def test_the_slope_of_the_loss_vanishes_at_the_size_for_use() -> None:
    spread = np.exp(0.1 * np.random.default_rng(0).standard_normal((50, 5)))
    laws = sn.laws.Chinchilla.from_array(LAW.as_array() * spread)
    flops, inference_tokens = 1e24, 1e13
    best = _with_inference(laws, np.asarray(flops), Budget(inference_tokens, np.inf, 6))
    both = flops / 6 / best.params
    rising = laws.beta * laws.B * best.tokens ** (-laws.beta - 1) * both
    assert rising == pytest.approx(laws.alpha * laws.A * best.params**-laws.alpha, 1e-9)


def test_a_size_for_use_beyond_the_search_is_its_end() -> None:
    """Of refits some have nearly no term in params: the least size is best."""
    laws = sn.laws.Chinchilla(
        1.8, np.array([478.0, 1e-60, -1.0]), 2143.0, np.array([0.35, 0.35, 0.35]), 0.37
    )
    best = _with_inference(laws, np.asarray(1e24), Budget(1e13, np.inf, 6))
    assert np.isfinite(best.params[:2]).all()
    most = 1e24 / 2 / 1e13
    assert best.params[1] == pytest.approx(most * np.exp(-80.0), rel=1e-9)


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
    with pytest.raises(sn.DataError, match="need a law of loss"):
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
    plan = sn.allocate(LAW, [1e22, 1e23])
    for shown in (repr(plan), plan._repr_html_()):
        assert "tokens per param" in shown
        assert "1e22" in shown


LIMITED = sn.laws.DataLimited(1.87, 521.0, 1488.0, 0.353, 0.353, 15.4, 5.3)


@pytest.mark.parametrize("flops", [1e19, 1e21, 1e23])
@pytest.mark.parametrize("unique_tokens", [1e9, 1e11])
@pytest.mark.parametrize("inference_tokens", [0.0, 1e11])
def test_no_size_does_better_on_limited_data(
    flops: float, unique_tokens: float, inference_tokens: float
) -> None:
    plan = sn.allocate(
        LIMITED, flops, unique_tokens=unique_tokens, inference_tokens=inference_tokens
    )
    spent = 6 * plan.params * plan.tokens + 2 * plan.params * inference_tokens
    assert spent == pytest.approx(flops, rel=1e-9)
    params = np.geomspace(1e4, 1e14, 200_001)
    tokens = flops / 6 / params - inference_tokens / 3
    params, tokens = params[tokens > 0], tokens[tokens > 0]
    loss = LIMITED(params, tokens, np.minimum(tokens, unique_tokens))
    assert plan.loss[0] <= loss.min() * (1 + 1e-9)
    assert plan.loss[0] == pytest.approx(loss.min(), rel=1e-6)


def test_many_laws_and_budgets_of_limited_data_at_once() -> None:
    many = sn.laws.DataLimited(*(np.array([c, 1.01 * c]) for c in LIMITED.as_array()))
    budgets = np.array([1e20, 1e22, 1e24])
    together = sn.allocate(LIMITED, budgets, unique_tokens=1e10)
    alone = [sn.allocate(LIMITED, b, unique_tokens=1e10).params[0] for b in budgets]
    assert together.params == pytest.approx(alone, rel=1e-5)
    drawn = _bracketed(many.over(), budgets, Budget(0.0, 1e10, 6.0))
    assert np.shape(drawn.params) == (2, 3)
    assert np.asarray(drawn.params)[0] == pytest.approx(alone, rel=1e-5)


def test_a_law_without_repetition_sees_each_token_once() -> None:
    plenty = sn.allocate(LAW, 1e23, unique_tokens=1e13)
    assert plenty.params == pytest.approx(sn.allocate(LAW, 1e23).params)
    scarce = sn.allocate(LAW, 1e23, unique_tokens=1e11)
    assert scarce.tokens[0] == pytest.approx(1e11)
    assert 6 * scarce.params[0] * 1e11 == pytest.approx(1e23)
    served = sn.allocate(LAW, 1e23, unique_tokens=1e10, inference_tokens=1e11)
    assert served.params[0] * (6e10 + 2e11) == pytest.approx(1e23)


def test_off_the_optimum_costs_loss(boot_240: sn.Bootstrap) -> None:
    plan = sn.allocate(boot_240, [1e22, 1e24])
    off = plan.off([0.25, 1, 4])
    assert list(off["factor"]) == [0.25, 1, 4, 0.25, 1, 4]
    assert (off["excess"] >= -1e-12).all()
    assert (6 * off["params"] * off["tokens"]).to_numpy() == pytest.approx(off["flops"])
    at_plan = off[off["factor"] == 1]
    assert at_plan["excess"].to_numpy() == pytest.approx(0, abs=1e-12)
    # No refit can do better than its own optimum.
    assert (off["excess_low"] >= -1e-12).all()
    assert (off["excess_high"] > off["excess"]).all()
    served = sn.allocate(LAW, 1e22, inference_tokens=1e12).off([0.5, 2])
    assert (served["excess"] > 0).all()


def test_kinds_are_not_mixed(boot_240: sn.Bootstrap, fit_240: sn.Fit) -> None:
    assert sn.allocate(boot_240, 1e22, params_kind="total").params_kind == "total"
    for counted in (boot_240, fit_240):
        with pytest.raises(sn.DataError, match="counts total params, you count non-"):
            sn.allocate(counted, 1e22, params_kind="non-embedding")


def test_more_refusals(chinchilla_240: pd.DataFrame) -> None:
    with pytest.raises(sn.DataError, match="unique_tokens is 0"):
        sn.allocate(LAW, 1e22, unique_tokens=0)
    with pytest.raises(sn.DataError, match="needs unique_tokens"):
        sn.allocate(LIMITED, 1e22)
    with pytest.raises(sn.DataError, match="factors must be"):
        sn.allocate(LAW, 1e22).off([0, 1])
    profile = sn.isoflop(chinchilla_240, budgets=[1e19, 1e20, 1e21], n_resamples=100)
    with pytest.raises(sn.DataError, match="needs a law of loss"):
        sn.allocate(profile, 1e22).off()
    with pytest.raises(sn.DataError, match="need a law of loss"):
        sn.allocate(profile, 1e22, unique_tokens=1e12)


@pytest.mark.parametrize("units", [5, 9])
def test_few_independent_units_give_no_interval_or_an_unverified_one(
    chinchilla_240: pd.DataFrame, units: int
) -> None:
    runs = chinchilla_240.assign(unit=np.arange(240) % units)
    plan = sn.allocate(sn.fit_chinchilla(runs, groups="unit").bootstrap(50), 1e22)
    columns = {*plan.table().columns, *plan.off().columns}
    assert {"params_low", "excess_high"} <= columns or units < 6
    if units < 6:
        assert not any(c.endswith(("_low", "_high")) for c in columns)
        with pytest.raises(sn.DataError, match="5 independent units are too few"):
            plan.interval("params")
    else:
        assert plan.interval("params").how.endswith("unverified below 15 units")


@pytest.mark.parametrize("inference_tokens", [0.0, 1e12])
@pytest.mark.parametrize("constant", ["A", "alpha"])
def test_a_law_without_an_optimum_is_refused(
    constant: str, inference_tokens: float
) -> None:
    law = dataclasses.replace(LAW, **{constant: 0.0})
    with pytest.raises(sn.DataError, match="has no optimum"):
        sn.allocate(law, 1e22, inference_tokens=inference_tokens)
    limited = dataclasses.replace(LIMITED, **{constant: 0.0})
    with pytest.raises(sn.DataError, match="has no optimum"):
        sn.allocate(
            limited, 1e22, inference_tokens=inference_tokens, unique_tokens=1e10
        )


def test_refits_without_an_optimum_are_counted(boot_240: sn.Bootstrap) -> None:
    constants = boot_240.laws.as_array().copy()
    constants[:3, 3] = -0.1
    some = dataclasses.replace(boot_240, laws=type(LAW).from_array(constants))
    with pytest.raises(sn.DataError, match=f"no value in 3 of {len(constants)} refits"):
        sn.allocate(some, 1e22).interval("params")
    with pytest.raises(sn.DataError, match="no value in 3"):
        sn.allocate(some, 1e22, inference_tokens=1e12).interval("params")


def test_budgets_and_kinds_are_what_they_say() -> None:
    for bad in ([], [[1e21, 1e22]]):
        with pytest.raises(sn.DataError, match="one dimension of budgets"):
            sn.allocate(LAW, bad)
    with pytest.raises(sn.DataError, match="params_kind is 'Total'"):
        sn.allocate(LAW, 1e22, params_kind="Total")
    plan = sn.allocate(LAW, 1e22, params_kind="non-embedding")
    assert plan.params_kind == "non-embedding"


@pytest.mark.parametrize("name", ["inference_tokens", "unique_tokens"])
def test_one_plan_has_one_demand(name: str) -> None:
    law = sn.laws.Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
    with pytest.raises(sn.DataError, match=f"{name} is .*; give"):
        sn.allocate(law, flops=[1e22, 1e23], **{name: [1e12, 1e13]})


SPLITS = {
    "shared": sn.laws.SharedExponent(E=1.8, A=480.0, B=2100.0, alpha=0.36),
    "outer": sn.laws.OuterExponent(
        E=1.2, A=3000.0, B=30000.0, alpha=0.4, beta=0.42, gamma=0.7
    ),
    "kaplan": sn.laws.KaplanJoint(N_c=8.8e13, D_c=5.4e13, alpha_N=0.076, alpha_D=0.095),
}


@pytest.mark.parametrize("law", SPLITS.values(), ids=SPLITS.keys())
def test_every_law_of_size_and_data_has_its_split(law: sn.laws.SharedExponent) -> None:
    plan = sn.allocate(law, [1e21, 1e24])
    sizes = np.geomspace(1e3, 1e15, 40_001)
    for flops, params, loss in zip(plan.flops, plan.params, plan.loss, strict=True):
        losses = law(params=sizes, tokens=flops / 6 / sizes)
        assert params == pytest.approx(sizes[losses.argmin()], rel=1e-3)
        assert loss == pytest.approx(losses.min(), rel=1e-7)


@pytest.mark.parametrize("flops", [30.0, 1e3, [1e22, 30.0]])
def test_a_budget_in_another_unit_buys_no_model(flops: object) -> None:
    """PFLOP/s-days: 30 of them gave a third of a param."""
    with pytest.raises(sn.DataError, match=r"which is no model\. Is it in FLOP"):
        sn.allocate(LAW, flops)  # type: ignore[arg-type]
    with pytest.raises(sn.DataError, match=r"one PFLOP/s-day is 8\.64e19"):
        sn.allocate(LAW, "1e22 FLOP")
    assert sn.allocate(LAW, 30 * 8.64e19).params[0] > 1e9


def test_a_budget_that_cannot_pay_for_use() -> None:
    with pytest.raises(sn.DataError, match=r"pay for 1e\+13 tokens in use\? Raise it"):
        sn.allocate(LAW, 1e12, inference_tokens=1e13)


@pytest.mark.parametrize(
    ("law", "arguments", "words"),
    [
        (
            LAW,
            {"inference_tokens": "1e12 tokens"},
            "inference_tokens is 1e12 tok.*zero",
        ),
        (LAW, {"inference_tokens": None}, "inference_tokens is None; give zero"),
        (LAW, {"unique_tokens": "many"}, "unique_tokens is many; give a positive"),
        (LAW, {"flops_per_param_token": "six"}, "is six; give a finite, positive"),
        (LAW, {"flops_per_param_token": [6, 6]}, r"is \[6, 6\]; give a finite"),
        (sn.laws.Chinchilla, {}, "give a law with its constants, a fit"),
        ("chinchilla", {}, "give a law with its constants, a fit"),
    ],
)
def test_arguments_of_another_kind(
    law: object, arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(sn.DataError, match=words):
        sn.allocate(law, 1e22, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("factors", ["x", [[1, 2]], None])
def test_factors_of_another_kind(factors: object) -> None:
    with pytest.raises(sn.DataError, match="factors"):
        sn.allocate(LAW, 1e22).off(factors)  # type: ignore[arg-type]
