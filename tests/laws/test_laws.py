"""Laws: values by hand, derivatives, optima, starts, and what must always hold."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar, nnls

import scaling_notes as sn
from scaling_notes.laws import Chinchilla, Law, OptimalParams

PRINTED = Chinchilla(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
MANY = Chinchilla(
    E=np.array([1.69, 1.82, 0.5]),
    A=np.array([406.4, 478.0, 12.0]),
    B=np.array([410.7, 2143.0, 55.0]),
    alpha=np.array([0.34, 0.347, 0.2]),
    beta=np.array([0.28, 0.367, 0.21]),
)
examples = settings(max_examples=60)

positive_laws = st.builds(
    Chinchilla,
    E=st.floats(0.1, 4.0),
    A=st.floats(1.0, 1e4),
    B=st.floats(1.0, 1e4),
    alpha=st.floats(0.1, 0.9),
    beta=st.floats(0.1, 0.9),
)
log_sizes = st.floats(5.0, 13.0)


def one(law: Chinchilla, i: int) -> Chinchilla:
    """Return law ``i`` of a law of arrays."""
    return Chinchilla(*law.as_array()[i])


# Values


def test_value_by_hand() -> None:
    # Both inputs are powers of ten, so each term can be written down.
    law = Chinchilla(E=1.5, A=400.0, B=1000.0, alpha=0.5, beta=0.25)
    assert law(params=1e8, tokens=1e12) == pytest.approx(1.5 + 0.04 + 1.0, rel=1e-15)


def test_value_of_the_printed_law() -> None:
    # Chinchilla itself: 70e9 params, 1.4e12 tokens.
    by_logs = (
        1.69
        + np.exp(np.log(406.4) - 0.34 * np.log(70e9))
        + np.exp(np.log(410.7) - 0.28 * np.log(1.4e12))
    )
    assert PRINTED(params=70e9, tokens=1.4e12) == pytest.approx(by_logs, rel=1e-14)


def test_a_single_value_is_a_plain_float() -> None:
    assert type(PRINTED(params=1e9, tokens=1e10)) is float


def test_inputs_by_name_in_any_order_and_by_place_agree() -> None:
    named = PRINTED(tokens=2e10, params=1e9)
    assert named == PRINTED(1e9, 2e10) == PRINTED(1e9, tokens=2e10)
    assert named != PRINTED(2e10, 1e9)


def test_whole_numbers_are_inputs_too() -> None:
    whole = PRINTED(params=10**9, tokens=[10**10, 10**11])
    assert whole == pytest.approx(PRINTED(params=1e9, tokens=np.array([1e10, 1e11])))


@pytest.mark.parametrize(
    ("args", "inputs"),
    [
        ((), {}),
        ((1e9,), {}),
        ((1e9, 1e10, 1e11), {}),
        ((), {"params": 1e9}),
        ((), {"params": 1e9, "tokens": 1e10, "flops": 1e20}),
        ((), {"n": 1e9, "d": 1e10}),
    ],
)
def test_wrong_inputs_are_refused(
    args: tuple[float, ...], inputs: dict[str, float]
) -> None:
    with pytest.raises(TypeError, match="params, tokens"):
        PRINTED(*args, **inputs)


def test_an_input_given_twice_is_refused() -> None:
    with pytest.raises(TypeError, match="params"):
        PRINTED(1e9, 1e10, params=7e9)


def test_laws_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PRINTED.alpha = 0.5  # type: ignore[misc]


# Many laws at once


def test_arrays_of_laws_broadcast_over_points() -> None:
    n, d = np.geomspace(1e7, 1e11, 4), np.geomspace(1e9, 1e12, 4)
    table = MANY.over()(params=n, tokens=d)
    assert table.shape == (3, 4)
    for i in range(3):
        assert table[i] == pytest.approx(one(MANY, i)(params=n, tokens=d), rel=1e-15)


def test_arrays_of_laws_broadcast_over_a_grid() -> None:
    n, d = np.geomspace(1e7, 1e11, 4)[:, None], np.geomspace(1e9, 1e12, 5)
    table = MANY.over(2)(params=n, tokens=d)
    assert table.shape == (3, 4, 5)
    assert table[2] == pytest.approx(one(MANY, 2)(params=n, tokens=d), rel=1e-15)


def test_arrays_of_laws_at_one_point() -> None:
    values = MANY(params=1e9, tokens=1e10)
    assert values.shape == (3,)
    assert values[1] == one(MANY, 1)(params=1e9, tokens=1e10)


def test_constants_travel_through_arrays() -> None:
    assert Chinchilla.constants() == ("E", "A", "B", "alpha", "beta")
    assert Chinchilla.from_array(PRINTED.as_array()) == PRINTED
    assert np.array_equal(
        Chinchilla.from_array(MANY.as_array()).as_array(), MANY.as_array()
    )
    mixed = Chinchilla(E=1.7, A=MANY.A, B=400.0, alpha=0.3, beta=0.3)
    assert mixed.as_array().shape == (3, 5)


def test_over_keeps_the_constants() -> None:
    assert MANY.over(2).as_array().shape == (3, 1, 1, 5)
    assert np.array_equal(MANY.over().as_array()[:, 0], MANY.as_array())


def test_one_law_over_points_still_evaluates() -> None:
    n = np.array([1e8, 1e9])
    assert PRINTED.over()(n, 20 * n) == pytest.approx(PRINTED(n, 20 * n), rel=1e-15)


# Derivatives


@pytest.mark.parametrize(
    ("law", "inputs"),
    [
        (PRINTED, (np.geomspace(1e6, 1e12, 7), np.geomspace(1e13, 1e8, 7))),
        (one(MANY, 2), (np.geomspace(1e6, 1e12, 7), np.geomspace(1e8, 1e13, 7))),
        (OptimalParams(0.1, 0.51), (np.geomspace(1e18, 1e26, 7),)),
    ],
)
def test_jacobian_against_finite_differences(
    law: Law, inputs: tuple[np.ndarray, ...]
) -> None:
    constants = law.as_array()
    exact = law.jacobian(*inputs)
    assert len(exact) == len(constants)
    for j, derivative in enumerate(exact):
        step = 1e-6 * constants[j]
        up, down = constants.copy(), constants.copy()
        up[j] += step
        down[j] -= step
        make = type(law).from_array
        slope = (make(up).value(*inputs) - make(down).value(*inputs)) / (2 * step)
        assert np.shape(derivative) == inputs[0].shape
        # A difference of two values loses digits where the term is small.
        noise = 4 * np.finfo(float).eps * np.abs(law.value(*inputs)).max() / step
        assert derivative == pytest.approx(slope, rel=1e-7, abs=noise)


def test_jacobian_of_many_laws() -> None:
    n, d = np.geomspace(1e7, 1e11, 4), np.geomspace(1e9, 1e12, 4)
    table = MANY.over().jacobian(n, d)
    for i in range(3):
        for j, derivative in enumerate(one(MANY, i).jacobian(n, d)):
            both = np.broadcast_to(table[j], (3, 4))
            assert both[i] == pytest.approx(derivative, rel=1e-14)


# What must always hold


@examples
@given(positive_laws, log_sizes, log_sizes, st.floats(0.01, 3.0))
def test_loss_falls_with_params_and_tokens_and_stays_above_E(
    law: Chinchilla, log_n: float, log_d: float, more: float
) -> None:
    n, d = 10.0**log_n, 10.0**log_d
    here = law(params=n, tokens=d)
    assert law(params=n * 10**more, tokens=d) < here
    assert law(params=n, tokens=d * 10**more) < here
    assert here > law.E


@examples
@given(positive_laws, st.floats(15.0, 28.0))
def test_closed_form_optimum_is_the_least_loss(
    law: Chinchilla, log_flops: float
) -> None:
    flops = 10.0**log_flops
    best = law.optimum(flops=flops)
    # Without E, which only hides digits of the terms that trade off.
    gap = dataclasses.replace(law, E=0.0)

    def along(log_n: float) -> float:
        return float(np.log(gap(np.exp(log_n), flops / 6 / np.exp(log_n))))

    middle = np.log(best.params)
    found = minimize_scalar(
        along,
        bracket=(middle - 3.0, middle + 1.0, middle + 4.0),
        options={"xtol": 1e-12},
    )
    assert along(middle) <= found.fun + 1e-12
    # At a flat minimum a search finds the place to the root of its precision.
    assert found.x == pytest.approx(middle, abs=1e-5)
    assert 6 * best.params * best.tokens == pytest.approx(flops, rel=1e-12)
    assert best.loss == pytest.approx(law(best.params, best.tokens), rel=1e-14)


@examples
@given(positive_laws, st.floats(15.0, 26.0))
def test_optimum_moves_by_its_exponents(law: Chinchilla, log_flops: float) -> None:
    small, large = law.optimum(10.0**log_flops), law.optimum(10.0 ** (log_flops + 2))
    assert np.log10(large.params / small.params) / 2 == pytest.approx(
        law.n_exponent, abs=1e-9
    )
    assert np.log10(large.tokens / small.tokens) / 2 == pytest.approx(
        law.d_exponent, abs=1e-9
    )
    assert law.n_exponent + law.d_exponent == pytest.approx(1.0, abs=1e-14)


def test_exponents_by_hand() -> None:
    assert PRINTED.n_exponent == pytest.approx(0.28 / 0.62)
    assert PRINTED.d_exponent == pytest.approx(0.34 / 0.62)
    assert MANY.n_exponent == pytest.approx([0.28 / 0.62, 0.367 / 0.714, 0.21 / 0.41])


def test_optimum_by_hand() -> None:
    # Equal exponents and coefficients: N = D = sqrt(C / 6).
    law = Chinchilla(E=1.0, A=100.0, B=100.0, alpha=0.3, beta=0.3)
    best = law.optimum(6e20)
    assert (best.params, best.tokens) == pytest.approx((1e10, 1e10), rel=1e-12)
    assert best.loss == pytest.approx(1.0 + 200.0 * 1e10**-0.3, rel=1e-12)


def test_optimum_counts_flops_as_told() -> None:
    twice = PRINTED.optimum(2e22, flops_per_param_token=12.0)
    once = PRINTED.optimum(1e22)
    assert tuple(twice) == pytest.approx(tuple(once), rel=1e-12)


def test_optimum_of_one_budget_is_plain_numbers() -> None:
    assert [type(v) for v in PRINTED.optimum(1e22)] == [float] * 3


def test_optimum_of_many_laws_and_budgets() -> None:
    budgets = np.array([1e20, 1e22])
    table = MANY.over().optimum(budgets)
    assert table.params.shape == table.tokens.shape == table.loss.shape == (3, 2)
    for i in range(3):
        for j, flops in enumerate(budgets):
            single = one(MANY, i).optimum(flops)
            assert table.params[i, j] == pytest.approx(single.params, rel=1e-12)
            assert table.loss[i, j] == pytest.approx(single.loss, rel=1e-12)


def test_optimal_params_by_hand() -> None:
    law = OptimalParams(coefficient=0.1, n_exponent=0.5)
    assert law(flops=1e20) == pytest.approx(1e9, rel=1e-12)
    best = law.optimum(1e20)
    assert best.params == pytest.approx(1e9)
    assert best.tokens == pytest.approx(1e20 / 6e9)
    assert np.isnan(best.loss)
    assert law.d_exponent == 0.5


# Starts


def relative_cost(
    row: np.ndarray, n: np.ndarray, d: np.ndarray, y: np.ndarray
) -> float:
    return float(np.sum((Chinchilla(*row).value(n, d) / y - 1) ** 2))


def test_starts_are_the_non_negative_least_squares_solutions(
    chinchilla_240: pd.DataFrame,
) -> None:
    n, d, y = (chinchilla_240[c].to_numpy(float) for c in ("params", "tokens", "loss"))
    rows = Chinchilla.starts({"params": n, "tokens": d}, y)
    assert len(rows) == 32 * 32
    assert (rows[:, :3] >= 0).all()
    for row in rows[::97]:
        basis = np.stack([np.ones_like(y), n ** -row[3], d ** -row[4]], axis=1)
        scale = np.linalg.norm(basis / y[:, None], axis=0)
        _, norm = nnls(basis / y[:, None] / scale, np.ones_like(y))
        assert relative_cost(row, n, d, y) == pytest.approx(norm**2, rel=1e-6)


def test_starts_of_the_form_equal_the_general_ones(
    chinchilla_240: pd.DataFrame,
) -> None:
    inputs = {c: chinchilla_240[c].to_numpy(float) for c in ("params", "tokens")}
    y = chinchilla_240["loss"].to_numpy(float)
    own = Chinchilla.starts(inputs, y)
    general = Law.starts.__func__(Chinchilla, inputs, y)
    n, d = inputs["params"], inputs["tokens"]

    def by_node(rows: np.ndarray) -> np.ndarray:
        ordered = rows[np.lexsort((rows[:, 4], rows[:, 3]))]
        return np.array([relative_cost(r, n, d, y) for r in ordered])

    assert by_node(own) == pytest.approx(by_node(general), rel=1e-6)


def test_the_best_node_is_among_the_first_starts(chinchilla_240: pd.DataFrame) -> None:
    n, d, y = (chinchilla_240[c].to_numpy(float) for c in ("params", "tokens", "loss"))
    rows = Chinchilla.starts({"params": n, "tokens": d}, y)
    cost = np.array([relative_cost(r, n, d, y) for r in rows])
    assert cost.argmin() == 0


def test_starts_of_a_single_power_law_find_it() -> None:
    flops = np.geomspace(1e18, 1e24, 9)
    truth = OptimalParams(coefficient=0.3, n_exponent=0.45)
    best = OptimalParams.starts({"flops": flops}, truth(flops))[0]
    assert best[1] == pytest.approx(0.45, abs=0.03)


def test_laws_are_public() -> None:
    assert sn.laws.Chinchilla is Chinchilla
    assert set(sn.laws.__all__) >= {"Chinchilla", "Law", "OptimalParams"}


# Optima


OPTIMAL = {
    "Chinchilla": Chinchilla(1.8, 480.0, 2100.0, 0.35, 0.37),
    "SharedExponent": sn.laws.SharedExponent(1.0, 100.0, 400.0, 0.5),
    "OuterExponent": sn.laws.OuterExponent(1.5, 5e3, 2e4, 0.6, 0.6, 0.5),
    "KaplanJoint": sn.laws.KaplanJoint(0.076, 0.103, 6.4e13, 1.8e13),
}


@pytest.mark.parametrize("name", OPTIMAL)
@pytest.mark.parametrize("factor", [None, 2.0])
def test_no_other_split_of_a_budget_is_better(name: str, factor: float | None) -> None:
    law = OPTIMAL[name]
    best = law.optimum(1e21, flops_per_param_token=factor)
    per_token = (factor or 6.0) * best.params
    assert per_token * best.tokens == pytest.approx(1e21)
    for change in (0.8, 0.99, 1.01, 1.25):
        params = best.params * change
        tokens = 1e21 / ((factor or 6.0) * params)
        assert law(params=params, tokens=tokens) > best.loss
    plan = sn.allocate(law, 1e21, flops_per_param_token=factor)
    assert plan.params[0] == pytest.approx(best.params)
    assert plan.loss[0] == pytest.approx(best.loss)


def test_a_law_says_whether_it_has_an_optimum() -> None:
    said = {
        name
        for name in sn.laws.__all__
        if getattr(getattr(sn.laws, name), "has_optimum", False)
    }
    assert said == {*OPTIMAL, "DataLimited", "OptimalParams"}
    with pytest.raises(sn.DataError, match=r"Sigmoid has no optimum .* predicts score"):
        sn.allocate(sn.laws.Sigmoid(0.1, 0.9, 1.0, 1e3), 1e21)


def test_a_law_may_count_compute_in_its_own_way() -> None:
    class Sparse(Chinchilla):
        """One param in four works on a token."""

        flops_per_param_token = 1.5

    law = Sparse(1.8, 480.0, 2100.0, 0.35, 0.37)
    dense = Chinchilla(1.8, 480.0, 2100.0, 0.35, 0.37)
    assert law.optimum(1e21) == dense.optimum(4e21)
    served = sn.allocate(law, 1e21, inference_tokens=1e11)
    told = sn.allocate(dense, 1e21, inference_tokens=1e11, flops_per_param_token=1.5)
    assert served.params == pytest.approx(told.params)
    spent = 1.5 * served.params * served.tokens + 0.5 * served.params * 1e11
    assert spent == pytest.approx(1e21)
    with pytest.raises(sn.DataError, match="flops_per_param_token is 0"):
        sn.allocate(dense, 1e21, flops_per_param_token=0)
