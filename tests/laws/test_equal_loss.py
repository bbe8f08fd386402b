"""A smaller model of equal loss, and the cheapest one to train and to serve."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import scaling_notes as sn
from scaling_notes.errors import DataError

OURS = sn.laws.Chinchilla(E=1.82, A=478.0, B=2143.0, alpha=0.347, beta=0.367)
LAWS = [
    OURS,
    sn.laws.Chinchilla(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28),
    sn.laws.SharedExponent(E=1.7, A=99.0, B=269.0, alpha=0.26),
    sn.laws.OuterExponent(E=1.2, A=3.0e3, B=3.0e4, alpha=0.41, beta=0.43, gamma=0.7),
]
every_law = pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)


@every_law
@pytest.mark.parametrize("flops", [1e20, 1e24])
def test_the_loss_is_equal_at_every_budget(
    law: sn.laws.Chinchilla, flops: float
) -> None:
    best = law.optimum(flops)
    for size in (0.3, 0.5, 1.0, 2.0):
        tokens = law.equal_loss_tokens(size) * best.tokens
        loss = law(params=size * best.params, tokens=tokens)
        assert loss == pytest.approx(best.loss, rel=1e-12)


@every_law
@pytest.mark.parametrize("served", [0.01, 1.0, 30.0, 1e4])
def test_no_other_size_is_cheaper(law: sn.laws.Chinchilla, served: float) -> None:
    found = law.size_to_serve(served)

    def cost(log_size: float) -> float:
        size = np.exp(log_size)
        return float(np.log(size * (law.equal_loss_tokens(size) + served / 3)))

    near = np.log(found) + np.array([-0.2, 0.2])
    with np.errstate(invalid="ignore"):
        best = minimize_scalar(cost, bounds=near, method="bounded")
    assert cost(np.log(found)) <= best.fun + 1e-9


def test_it_agrees_with_the_allocation_that_pays_for_use() -> None:
    best = OURS.optimum(1e22)
    size = OURS.size_to_serve(10.0)
    params, served = size * best.params, 10 * float(best.tokens)
    tokens = OURS.equal_loss_tokens(size) * best.tokens
    whole = 6 * params * tokens + 2 * params * served
    plan = sn.allocate(OURS, whole, inference_tokens=served)
    assert plan.params[0] == pytest.approx(params, rel=1e-6)
    assert plan.loss[0] == pytest.approx(best.loss, rel=1e-9)


def test_the_ends_and_many_laws() -> None:
    law = OURS
    assert law.size_to_serve(0.0) == 1.0
    assert law.equal_loss_tokens(1.0) == pytest.approx(1.0)
    least = (1 + law.alpha / law.beta) ** (-1 / law.alpha)
    assert law.equal_loss_tokens(least * 0.999) == np.inf
    many = sn.laws.Chinchilla(1.0, 1.0, 1.0, np.array([0.3, 0.4]), np.array([0.3, 0.3]))
    assert many.size_to_serve(10.0).shape == (2,)
    assert many.size_to_serve(np.ones((5, 1))).shape == (5, 2)
    assert (np.diff(many.size_to_serve(np.array([[1.0], [2.0]])), axis=0) < 0).all()


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.inf, np.nan])
def test_a_size_must_be_positive(wrong: float) -> None:
    with pytest.raises(DataError, match="size must"):
        OURS.equal_loss_tokens(wrong)


@pytest.mark.parametrize("wrong", [-1.0, np.inf, np.nan])
def test_what_is_served_must_be_finite(wrong: float) -> None:
    with pytest.raises(DataError, match="served must"):
        OURS.size_to_serve(wrong)
