"""Every published form: derivatives, recovery, and the optimum against scipy."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import least_squares

import scaling_notes as sn
from scaling_notes import engine
from scaling_notes.laws import Law, PowerLaw, PurePowerLaw

X = np.geomspace(1e2, 1e8, 25)


@dataclasses.dataclass(frozen=True)
class Case:
    """A known law, where it is seen, and the noise on its scale."""

    truth: Law
    inputs: tuple[np.ndarray, ...]
    noise: float = 0.01

    @property
    def named(self) -> dict[str, np.ndarray]:
        return dict(zip(self.truth.inputs, self.inputs, strict=True))

    def responses(self, seed: int | None) -> np.ndarray:
        """Return exact responses, or noisy ones."""
        exact = self.truth.value(*self.inputs)
        if seed is None:
            return exact
        error = np.random.default_rng(seed).standard_normal(len(exact))
        return on_scale(self.truth.scale, exact, self.noise * error)


def on_scale(scale: str, value: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return values moved by errors on a scale."""
    if scale == "log":
        return value * np.exp(error)
    if scale == "logit":
        return 1 / (1 + (1 - value) / value * np.exp(-error))
    return value + error


CASES = [
    Case(PowerLaw(E=1.5, A=40.0, alpha=0.3), (X,)),
    Case(PowerLaw(E=0.02, A=3.0, alpha=0.11), (X,), 0.003),
    Case(PurePowerLaw(A=12.0, alpha=0.08), (X,)),
    Case(PurePowerLaw(A=2.0, alpha=-0.4), (X,)),
]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda c: repr(c.truth)[:40])


@every_case
def test_jacobian_against_finite_differences(case: Case) -> None:
    constants = case.truth.as_array()
    make = type(case.truth).from_array
    value, exact = case.truth.differentiate(*case.inputs)
    assert value == pytest.approx(case.truth.value(*case.inputs), rel=1e-13)
    separate = case.truth.jacobian(*case.inputs)
    assert len(exact) == len(separate) == len(constants)
    for j, (derivative, same) in enumerate(zip(exact, separate, strict=True)):
        step = 1e-6 * abs(constants[j])
        up, down = constants.copy(), constants.copy()
        up[j] += step
        down[j] -= step
        slope = make(up).value(*case.inputs) - make(down).value(*case.inputs)
        noise = 4 * np.finfo(float).eps * np.abs(value).max() / step
        expected = slope / (2 * step)
        assert derivative == pytest.approx(expected, rel=3e-6, abs=noise)
        assert np.broadcast_to(same, value.shape) == pytest.approx(derivative)


@every_case
def test_many_laws_broadcast_over_points(case: Case) -> None:
    laws = np.stack([case.truth.as_array(), 1.01 * case.truth.as_array()])
    value, jacobian = (
        type(case.truth).from_array(laws).over().differentiate(*case.inputs)
    )
    assert value.shape == (2, len(case.inputs[0]))
    alone, parts = type(case.truth).from_array(laws[1]).differentiate(*case.inputs)
    assert value[1] == pytest.approx(alone, rel=1e-12)
    for many, one in zip(jacobian, parts, strict=True):
        both = np.broadcast_to(many, value.shape)
        assert both[1] == pytest.approx(np.broadcast_to(one, alone.shape), rel=1e-12)


@every_case
def test_exact_points_give_the_law_back(case: Case) -> None:
    fit = sn.fit_law(type(case.truth), case.named, case.responses(None))
    assert fit.status is sn.Status.CONVERGED
    fitted = fit.law.value(*case.inputs)
    assert fitted == pytest.approx(case.responses(None), rel=1e-9)
    assert fit.law.as_array() == pytest.approx(case.truth.as_array(), rel=1e-4)


@every_case
def test_intervals_hold_the_truth(case: Case) -> None:
    # Ten draws of the noise; 95 % intervals hold about nine tenths on few points.
    law = type(case.truth)
    held = []
    for seed in range(10):
        fit = sn.fit_law(law, case.named, case.responses(seed))
        assert fit.status is sn.Status.CONVERGED
        boot = fit.bootstrap(200)
        assert boot.converged > 0.98
        for name, value in zip(law.constants(), case.truth.as_array(), strict=True):
            interval = boot.interval(name)
            assert interval.low < interval.high
            held.append(interval.low < value < interval.high)
    assert np.mean(held) >= 0.75


def scipy_minimum(
    problem: engine.Objective, start: np.ndarray, weights: np.ndarray
) -> float:
    """Return the least objective scipy finds from a start, in our coordinates."""
    used = weights > 0

    def residuals(theta: np.ndarray) -> np.ndarray:
        r = problem.residuals(theta[None])[0][used]
        return np.where(np.isfinite(r), r, 1e3)

    def repeated(theta: np.ndarray) -> np.ndarray:
        return np.repeat(residuals(theta), weights[used].astype(int))

    found = least_squares(
        repeated,
        start,
        loss="huber",
        f_scale=problem.delta,
        x_scale="jac",
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
        max_nfev=400,
    )
    return float(found.cost)


@every_case
def test_refits_are_no_worse_than_scipys(case: Case) -> None:
    fit = sn.fit_law(type(case.truth), case.named, case.responses(0))
    law = type(case.truth)
    problem = engine.objective(law, case.named, case.responses(0), fit.delta)
    n = len(case.inputs[0])
    counts = np.random.default_rng(3).multinomial(n, np.full(n, 1 / n), 20)
    start = np.tile(fit.law.as_array(), (20, 1))
    ours = engine.solve(problem, start, counts.astype(float))
    theta = problem.enter(start[:1])[0]
    theirs = [scipy_minimum(problem, theta, row) for row in counts]
    assert (ours.objective <= np.array(theirs) * (1 + 1e-9)).all()


# What each scale can take


@dataclasses.dataclass(frozen=True)
class Chance(Law):
    """A share of x and its rest, on the logit scale."""

    level: float
    slope: float

    inputs = ("share",)
    response = "y"
    shares = ("share",)
    scale = "logit"

    def value(self, *inputs: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-self.level - self.slope * inputs[0]))

    def jacobian(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        value = self.value(*inputs)
        return value * (1 - value), value * (1 - value) * inputs[0]

    @classmethod
    def starts(cls, inputs: object, response: np.ndarray) -> np.ndarray:
        return np.zeros((1, 2))


def test_the_logit_scale_takes_shares_of_zero_and_one_but_no_such_response() -> None:
    x = np.linspace(0.0, 1.0, 9)
    y = Chance(-1.0, 3.0).value(x)
    fit = sn.fit_law(Chance, x, y)
    assert fit.law.as_array() == pytest.approx([-1.0, 3.0], rel=1e-6)
    for value, message in ((1.0, "below 1"), (0.0, "positive"), (-0.1, "positive")):
        with pytest.raises(sn.DataError, match=f"'y' must .*{message}.* row 4"):
            sn.fit_law(Chance, x, np.where(np.arange(9) == 4, value, y))


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_shares_outside_zero_and_one_are_refused(value: float) -> None:
    x = np.linspace(0.0, 1.0, 9)
    x[3] = value
    with pytest.raises(
        sn.DataError, match=r"'share' must be finite and a share from 0 to 1.*row 3"
    ):
        sn.fit_law(Chance, x, np.full(9, 0.5))


def test_the_linear_scale_takes_any_finite_response() -> None:
    x = np.geomspace(1, 1e4, 9)
    fit = sn.fit_law(sn.laws.LogLinear, x, -2.0 + 1.0 * np.log10(x))
    assert fit["intercept"] == pytest.approx(-2.0)
    with pytest.raises(sn.DataError, match=r"'score' must be finite; .*row 2"):
        sn.fit_law(sn.laws.LogLinear, x, np.where(np.arange(9) == 2, np.inf, 1.0))
    with pytest.raises(sn.DataError, match=r"'x' must be finite and positive.*row 0"):
        sn.fit_law(sn.laws.LogLinear, x - 1.0, np.ones(9))


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_the_log_scale_takes_positive_responses_only(value: float) -> None:
    y = np.ones(25)
    y[7] = value
    with pytest.raises(sn.DataError, match=r"'y' must be finite and positive.*row 7"):
        sn.fit_law(PowerLaw, X, y)


def test_a_floor_that_the_points_do_not_call_for_is_flagged() -> None:
    y = PurePowerLaw(A=3.0, alpha=0.2)(X)
    with pytest.warns(sn.FitWarning, match="E went to zero"):
        fit = sn.fit_law(PowerLaw, X, y)
    assert fit.status is sn.Status.AT_BOUND
    assert fit["alpha"] == pytest.approx(0.2, rel=1e-4)
