"""The input at which a law has a value: by hand, there and back, and out of reach."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scaling_notes as sn
from scaling_notes.laws import (
    BrokenPowerLaw,
    Chinchilla,
    KaplanJoint,
    Law,
    OuterExponent,
    OverTraining,
    PowerLaw,
    PurePowerLaw,
    SharedExponent,
    Sigmoid,
    StepSigmoid,
    data_mixture,
)

PRINTED = Chinchilla(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)


@pytest.mark.parametrize(
    ("law", "value", "held", "expected"),
    [
        (PurePowerLaw(A=8.0, alpha=0.5), 2.0, {}, 16.0),
        (PurePowerLaw(A=8.0, alpha=-0.5), 32.0, {}, 16.0),
        (PowerLaw(E=1.0, A=8.0, alpha=0.5), 3.0, {}, 16.0),
        (PowerLaw(E=0.0, A=1.0, alpha=0.01), 0.25, {}, 2.0**200),
        (Sigmoid(R_0=0.2, A=0.6, B=2.0, C_mid=50.0), 0.56, {}, 150.0),
        (StepSigmoid(0.2, 0.6, np.log(3.0), 50.0), 0.56, {}, 52.0),
        (
            Chinchilla(1.5, 400.0, 1000.0, 0.5, 0.25),
            2.54,
            {"params": 1e8},
            1e12,
        ),
        (
            Chinchilla(1.5, 400.0, 1000.0, 0.5, 0.25),
            2.54,
            {"tokens": 1e12},
            1e8,
        ),
        (OverTraining(1.0, 8.0, 2.0, 0.5), 2.7, {"tokens_per_param": 4.0}, 100.0),
        (data_mixture(2)(0.5, np.log(4.0), 0.0), 2.5, {"share_1": 0.3}, 0.5),
    ],
)
def test_inverse_by_hand(
    law: Law, value: float, held: dict[str, float], expected: float
) -> None:
    found = law.inverse(value, **_named(law, held))
    assert type(found) is float
    assert found == pytest.approx(expected, rel=1e-11)


def _named(law: Law, held: dict[str, float]) -> dict[str, float]:
    """Return held inputs under the law's own names, for mixtures the last."""
    if "share_1" not in held:
        return held
    return {law.inputs[-1]: held["share_1"]}


def test_no_input_reaches_a_value_below_the_floor() -> None:
    law = PowerLaw(E=1.0, A=8.0, alpha=0.5)
    assert law.inverse([0.5, 1.0, 3.0]).tolist() == pytest.approx([np.inf, np.inf, 16])
    assert PRINTED.inverse(1.7, params=1e9) == np.inf
    assert PRINTED.flops_to_reach([1.69, 1.0]).tolist() == [np.inf, np.inf]
    climb = Sigmoid(R_0=0.2, A=0.6, B=2.0, C_mid=50.0)
    assert climb.inverse(0.7) == np.inf


def test_what_every_input_is_past_takes_none() -> None:
    assert Sigmoid(R_0=0.2, A=0.6, B=2.0, C_mid=50.0).inverse(0.1) == 0.0


def test_a_loss_that_rises_does_not_come_down_to_a_value() -> None:
    # A refit may have the wrong sign: its loss is above E all along.
    law = Chinchilla(E=1.69, A=406.4, B=1e-3, alpha=0.34, beta=-0.1)
    assert law.inverse(1.6, params=1e9) == np.inf
    assert law.flops_to_reach(2.0) == np.inf


def test_a_law_that_turns_is_met_first_on_its_first_way() -> None:
    # Up with x^0.5 to a peak near 1e4, then down with x^-0.5.
    law = BrokenPowerLaw(a=1e-12, b=1.0, c_0=-0.5, c_1=1.0, d_1=1e4, f_1=0.3)
    peak_x = 1e4
    peak = law(x=peak_x)
    assert law.inverse(10.0) == pytest.approx(100.0, rel=1e-2)
    assert law(x=law.inverse(10.0)) == pytest.approx(10.0, rel=1e-12)
    # Just below the peak, between two nodes of the search.
    law = BrokenPowerLaw(a=1e-12, b=1.0, c_0=-0.5, c_1=1.0, d_1=1.13e4, f_1=0.3)
    peak = law(x=1.13e4)
    found = law.inverse(peak * (1 - 1e-9))
    assert found == pytest.approx(1.13e4, rel=1e-3)
    assert found < 1.13e4
    assert law.inverse(peak * (1 + 1e-9)) == np.inf


@pytest.mark.parametrize("held", ["params", "tokens"])
def test_many_laws_and_values_broadcast(held: str) -> None:
    many = Chinchilla(*np.stack([PRINTED.as_array(), 1.01 * PRINTED.as_array()]).T)
    found = many.inverse([2.6, 2.7], **{held: 1e9})
    assert found.shape == (2,)
    for i in range(2):
        alone = Chinchilla(*many.as_array()[i])
        assert found[i] == alone.inverse([2.6, 2.7][i], **{held: 1e9})
    grid = many.over().inverse([2.6, 2.7, 2.8], **{held: [1e9, 1e10, 1e11]})
    assert grid.shape == (2, 3)
    assert grid[:, 0] == pytest.approx(many.inverse(2.6, **{held: 1e9}))


@settings(max_examples=40)
@given(
    st.floats(0.1, 4.0),
    st.floats(1.0, 1e4),
    st.floats(0.02, 0.9),
    st.floats(-3.0, 15.0),
)
def test_there_and_back(E: float, A: float, alpha: float, log_x: float) -> None:
    law, x = PowerLaw(E, A, alpha), 10.0**log_x
    # The floor takes digits from what is above it.
    digits = law(x=x) / (law(x=x) - E) / alpha
    assert law.inverse(law(x=x)) == pytest.approx(x, rel=1e-13 * digits + 1e-11)


LAWS = [
    PRINTED,
    SharedExponent(1.8, 480.0, 2100.0, 0.36),
    KaplanJoint(0.076, 0.103, 6.4e13, 1.8e13),
    OuterExponent(1.22, 3355.0, 18186.0, 0.408, 0.431, 0.452),
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
@pytest.mark.parametrize("factor", [None, 7.5])
def test_the_least_compute_is_that_of_the_optimum(
    law: Law, factor: float | None
) -> None:
    flops = np.geomspace(1e18, 1e26, 5)
    best = law.optimum(flops, flops_per_param_token=factor)  # type: ignore[attr-defined]
    found = law.flops_to_reach(best.loss, flops_per_param_token=factor)  # type: ignore[attr-defined]
    assert found == pytest.approx(flops, rel=1e-10)
    # A budget that is smaller does not do.
    less = law.optimum(0.99 * flops, flops_per_param_token=factor)  # type: ignore[attr-defined]
    assert (less.loss > best.loss).all()


def test_the_least_compute_in_closed_form() -> None:
    # Slopes are equal at the optimum: alpha A N^-alpha = beta B D^-beta = s, and so
    # L - E = s (1 / alpha + 1 / beta).
    law, loss = PRINTED, np.array([2.0, 2.3, 4.0])
    s = (loss - law.E) * law.alpha * law.beta / (law.alpha + law.beta)
    params = (s / (law.alpha * law.A)) ** (-1 / law.alpha)
    tokens = (s / (law.beta * law.B)) ** (-1 / law.beta)
    assert law.flops_to_reach(loss) == pytest.approx(6 * params * tokens, rel=1e-11)


@pytest.mark.parametrize(
    ("value", "held", "message"),
    [
        (2.0, {}, "hold all but one of them, by name, .*; 2 are left"),
        (2.0, {"params": 1e9, "tokens": 1e9}, "0 are left"),
        (2.0, {"n": 1e9}, "no input n; it has params, tokens"),
        (np.nan, {"params": 1e9}, "value to reach must be finite"),
        (2.0, {"params": -1e9}, "params must be finite and positive"),
        (2.0, {"params": [1e9, np.inf]}, "params must be finite and positive"),
    ],
)
def test_questions_without_an_answer_are_refused(
    value: float, held: dict[str, float], message: str
) -> None:
    with pytest.raises(sn.DataError, match=message):
        PRINTED.inverse(value, **held)
    with pytest.raises(sn.DataError, match="loss to reach must be finite"):
        PRINTED.flops_to_reach(np.inf)


# Intervals


def noisy(seed: int, n: int = 30) -> sn.Bootstrap:
    x = np.geomspace(1e2, 1e6, n)
    rng = np.random.default_rng(seed)
    y = PowerLaw(E=1.0, A=8.0, alpha=0.3)(x=x)
    fit = sn.fit_law(PowerLaw, x, y * np.exp(0.01 * rng.standard_normal(n)))
    return fit.bootstrap(400, seed=seed)


def test_an_interval_of_the_input_holds_it() -> None:
    boot = noisy(0)
    truth = (8.0 / 0.2) ** (1 / 0.3)
    found = boot.interval(lambda law: law.inverse(1.2))
    assert found.low < truth < found.high
    assert found.value == boot.law.inverse(1.2)
    assert found.how == "case bootstrap, 400 resamples"


def test_refits_that_never_reach_the_value_make_an_end_infinite() -> None:
    boot = noisy(0)
    floors = np.sort(boot.samples("E"))
    # A twentieth of the floors lie above the value, then next to none.
    many, few = floors[379:381].mean(), floors[-1] * 1.02
    found = boot.interval(lambda law: law.inverse(many))
    assert np.isfinite(found.low)
    assert found.high == np.inf
    assert found.how == "case bootstrap, 400 resamples, infinite in 20 of them"
    # The standard error is that of the middle, which always gets there.
    assert np.isfinite(boot.standard_error(lambda law: law.inverse(many)))
    most = floors[100]
    assert boot.standard_error(lambda law: law.inverse(most)) == np.inf
    assert repr(found).endswith(", inf]")
    corrected = boot.interval(lambda law: law.inverse(many), method="bias-corrected")
    assert corrected.high == np.inf
    for level in (0.5, 0.8):
        inner = boot.interval(lambda law: law.inverse(many), level)
        assert np.isfinite([inner.low, inner.high]).all()
    assert np.isfinite(boot.interval(lambda law: law.inverse(few)).high)


def test_no_refit_reaches_it() -> None:
    found = noisy(0).interval(lambda law: law.inverse(0.5))
    assert (found.value, found.low, found.high) == (np.inf, np.inf, np.inf)
