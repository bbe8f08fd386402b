"""Every published form: derivatives, recovery, and the optimum against scipy."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

import scaling_notes as sn
from scaling_notes import engine
from scaling_notes.laws import (
    BestOfNOveroptimization,
    BrokenPowerLaw,
    Chinchilla,
    DataLimited,
    DistilledLoss,
    DoublingGain,
    EffectiveData,
    ExponentialApproach,
    FineGrainedExperts,
    FineTuning,
    KaplanJoint,
    Law,
    LearningRateAndBatch,
    OptimalHyperparameter,
    OuterExponent,
    OverTraining,
    PowerLaw,
    PurePowerLaw,
    RLOveroptimization,
    RoutedExperts,
    SharedExponent,
    Sigmoid,
    SparsityLaw,
    StepSigmoid,
    data_mixture,
)

X = np.geomspace(1e2, 1e8, 25)
SPARSITIES = np.array([0.0, 0.5, 0.75, 0.875])


def grid(*axes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return every combination of the values of each input."""
    return tuple(g.ravel() for g in np.meshgrid(*axes, indexing="ij"))


SIZES_AND_DATA = grid(np.geomspace(1e7, 1e10, 7), np.geomspace(1e9, 1e12, 7))

SWEEP = grid(2e-3 * 2.0 ** np.arange(-3, 4), 4e5 * 2.0 ** np.arange(-2, 4))


def repeated() -> tuple[np.ndarray, ...]:
    """Return sizes, tokens and unique tokens of runs of 1 to 60 epochs."""
    params, unique, epochs = grid(
        np.geomspace(1e7, 1e10, 5), np.geomspace(1e8, 1e10, 4), np.geomspace(1, 60, 5)
    )
    return params, unique * epochs, unique


def mixtures(n_domains: int, n: int) -> tuple[np.ndarray, ...]:
    """Return shares of domains that add up to one."""
    return tuple(np.random.default_rng(9).dirichlet(np.ones(n_domains), n).T)


def students() -> tuple[np.ndarray, ...]:
    """Return students of many sizes under many teachers."""
    params, tokens, teacher = grid(
        np.geomspace(1e8, 1e10, 6), np.geomspace(2e9, 5e11, 5), np.linspace(1.7, 3.2, 7)
    )
    alone = OuterExponent(1.22, 3355.0, 18186.0, 0.408, 0.431, 0.452)
    return params, tokens, teacher, alone.value(params, tokens)


@dataclasses.dataclass(frozen=True)
class Case:
    """A known law, where it is seen, and the noise on its scale."""

    truth: Law
    inputs: tuple[np.ndarray, ...]
    noise: float = 0.01
    held: tuple[str, ...] = ()

    @property
    def fixed(self) -> dict[str, float]:
        return {name: getattr(self.truth, name) for name in self.held}

    @property
    def free(self) -> np.ndarray:
        return np.array([n not in self.held for n in self.truth.constants()])

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
    Case(DoublingGain(a=320.0, b=0.06, c=1.6), (np.arange(1.0, 40.0),), 0.5),
    Case(PowerLaw(E=1.5, A=40.0, alpha=0.3), (X,)),
    Case(PowerLaw(E=0.02, A=3.0, alpha=0.11), (X,), 0.003),
    Case(PurePowerLaw(A=12.0, alpha=0.08), (X,)),
    Case(PurePowerLaw(A=2.0, alpha=-0.4), (X,)),
    Case(Sigmoid(R_0=0.2, A=0.62, B=1.9, C_mid=2500.0), (np.geomspace(100, 1e5, 60),)),
    Case(StepSigmoid(R_0=0.2, A=0.7, k=0.03, t_mid=150.0), (np.arange(1.0, 400, 8),)),
    Case(Sigmoid(R_0=0.78, A=0.94, B=0.8, C_mid=12.0), (np.arange(1.0, 97.0),), 0.002),
    Case(
        BrokenPowerLaw(a=0.3, b=9.0, c_0=0.15, c_1=0.5, d_1=5e3, f_1=0.5),
        (np.geomspace(30, 3e7, 60),),
        0.003,
    ),
    Case(
        SparsityLaw(a_S=16.8, b_S=0.72, c_S=45.0, b_N=0.245, a_D=6.9e8, b_D=0.3, c=0.9),
        grid(np.geomspace(1e6, 1e9, 6), np.geomspace(1e9, 1e12, 5), SPARSITIES),
        0.001,
    ),
    Case(SharedExponent(E=1.8, A=480.0, B=2100.0, alpha=0.36), SIZES_AND_DATA),
    Case(KaplanJoint(0.076, 0.103, 6.4e13, 1.8e13), SIZES_AND_DATA, 0.003),
    Case(
        OverTraining(E=1.8, a=200.0, b=900.0, eta=0.17),
        grid(np.geomspace(5, 640, 6), np.geomspace(1e17, 1e22, 6)),
        0.003,
    ),
    Case(
        DataLimited(1.87, 521.0, 1488.0, 0.353, 0.353, 15.4, 5.3),
        repeated(),
        0.003,
    ),
    Case(data_mixture(3)(1.2, 0.3, -1.0, 0.9), mixtures(3, 60), 0.001),
    Case(
        OuterExponent(1.22, 3355.0, 18186.0, 0.408, 0.431, 0.452), SIZES_AND_DATA, 3e-4
    ),
    Case(
        RoutedExperts(-0.082, -0.108, 0.009, 1.104, 1.847, 314.0),
        grid(np.geomspace(1e7, 1e9, 6), 2.0 ** np.arange(0, 11)),
        0.001,
    ),
    Case(
        FineGrainedExperts(0.47, 18.1, 30.8, 2.1, 0.115, 0.147, 0.58),
        grid(
            np.geomspace(1e7, 1e10, 6), np.geomspace(1e9, 1e12, 5), 2.0 ** np.arange(6)
        ),
        0.001,
    ),
    Case(
        EffectiveData(k=1.9e4, alpha=0.18, beta=0.38),
        grid(np.geomspace(1e5, 1e8, 6), np.geomspace(1e6, 1e9, 6)),
        0.1,
    ),
    Case(
        FineTuning(E=0.6, A=5.0, alpha=0.06, beta=0.12),
        grid(np.geomspace(1e9, 1.6e10, 5), np.geomspace(1e4, 1e7, 8)),
        0.002,
    ),
    Case(
        DistilledLoss(2243.0, 0.32, 24181.0, 0.6, 0.76, 2.5, 0.8, 1.0, 0.2),
        students(),
        5e-4,
        ("gamma_prime", "f_1"),
    ),
    Case(ExponentialApproach(R_0=0.2, A=0.7, tau=90.0), (np.arange(0.0, 400, 8),)),
    Case(ExponentialApproach(R_0=0.9, A=0.3, tau=15.0), (np.arange(1.0, 41),), 0.005),
    Case(BestOfNOveroptimization(alpha=0.9, beta=0.2), (np.linspace(0, 3.2, 40),)),
    Case(RLOveroptimization(alpha=1.1, beta=0.45), (np.linspace(0, 25, 60),), 0.05),
    Case(OptimalHyperparameter(1.79, -0.713, 0.307), SIZES_AND_DATA, 0.1),
    Case(
        LearningRateAndBatch(2.3, 2e-3, 4e5, 0.008, 0.006, 0.3, 0.5, -0.1), SWEEP, 1e-3
    ),
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
    law, exact = type(case.truth), case.responses(None)
    fit = sn.fit_law(law, case.named, exact, fixed=case.fixed)
    assert fit.status is sn.Status.CONVERGED
    fitted = fit.law.value(*case.inputs)
    assert fitted == pytest.approx(exact, rel=1e-9)
    assert fit.law.as_array() == pytest.approx(case.truth.as_array(), rel=1e-4)


@every_case
def test_intervals_hold_the_truth(case: Case) -> None:
    # Six draws of the noise; 95 % intervals hold about nine tenths on few points.
    law = type(case.truth)
    held = []
    for seed in range(6):
        fit = sn.fit_law(law, case.named, case.responses(seed), fixed=case.fixed)
        assert fit.status is sn.Status.CONVERGED
        boot = fit.bootstrap(100)
        assert boot.converged > 0.98
        for name in set(law.constants()) - set(case.held):
            interval = boot.interval(name)
            assert interval.low < interval.high
            held.append(interval.low < getattr(case.truth, name) < interval.high)
    assert np.mean(held) >= 0.75


@every_case
def test_the_inverse_leads_back_to_the_value(case: Case) -> None:
    middle = {name: x[len(x) // 2] for name, x in case.named.items()}
    value = case.truth(**middle)
    for name in case.truth.inputs:
        held = {other: x for other, x in middle.items() if other != name}
        found = case.truth.inverse(value, **held)
        # A law that turns may have the value before.
        assert 0 <= found <= middle[name] * (1 + 1e-9)
        back = case.truth(**held, **{name: found})
        assert back == pytest.approx(value, rel=1e-11)


def scipy_minimum(
    problem: engine.Objective, start: np.ndarray, weights: np.ndarray, free: np.ndarray
) -> float:
    """Return the least objective scipy finds from a start, in our coordinates."""
    used = weights > 0

    def residuals(moving: np.ndarray) -> np.ndarray:
        theta = start.copy()
        theta[free] = moving
        r = problem.residuals(theta[None])[0][used]
        return np.where(np.isfinite(r), r, 1e3)

    def repeated(theta: np.ndarray) -> np.ndarray:
        return np.repeat(residuals(theta), weights[used].astype(int))

    found = least_squares(
        repeated,
        start[free],
        loss="huber",
        f_scale=problem.delta,
        x_scale="jac",
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
        max_nfev=400,
    )
    return float(found.cost)


@pytest.mark.parametrize("delta", [None, 1e-3])
@every_case
def test_refits_are_no_worse_than_scipys(case: Case, delta: float | None) -> None:
    law, y = type(case.truth), case.responses(0)
    fit = sn.fit_law(law, case.named, y, delta=delta, fixed=case.fixed)
    problem = engine.objective(law, case.named, y, fit.delta)
    n = len(case.inputs[0])
    counts = np.random.default_rng(3).multinomial(n, np.full(n, 1 / n), 20)
    start = np.tile(fit.law.as_array(), (20, 1))
    ours = engine.solve(problem, start, counts.astype(float), case.free)
    theta = problem.unconstrain(start[:1])[0]
    theirs = [scipy_minimum(problem, theta, row, case.free) for row in counts]
    assert (ours.objective <= np.array(theirs) * (1 + 1e-9)).all()


# What each scale can take


@dataclasses.dataclass(frozen=True)
class Chance(Law):
    """A share of x and its rest, on the logit scale."""

    level: float
    slope: float

    inputs = ("share",)
    response = "y"
    domain = {"share": "a share from 0 to 1"}  # noqa: RUF012
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


def test_a_power_is_the_line_through_the_logs() -> None:
    truth = PurePowerLaw(A=900.0, alpha=0.44)
    y = truth(X) * np.exp(0.4 * np.random.default_rng(0).standard_normal(len(X)))
    fit = sn.fit_law(PurePowerLaw, X, y, delta=np.inf)
    slope, level = np.polyfit(np.log(X), np.log(y), 1)
    assert fit["alpha"] == pytest.approx(-slope, rel=1e-8)
    assert np.log(fit["A"]) == pytest.approx(level, rel=1e-8)


def test_a_floor_that_the_points_do_not_call_for_is_flagged() -> None:
    y = PurePowerLaw(A=3.0, alpha=0.2)(X)
    with pytest.warns(sn.FitWarning, match="E went to zero"):
        fit = sn.fit_law(PowerLaw, X, y)
    assert fit.status is sn.Status.AT_BOUND
    assert fit["alpha"] == pytest.approx(0.2, rel=1e-4)


# Values by hand


BY_HAND = [
    (PurePowerLaw(A=8.0, alpha=0.5), (16.0,), 2.0),
    (PowerLaw(E=1.0, A=8.0, alpha=0.5), (16.0,), 3.0),
    # Half of the climb; then 1 / (1 + (1/3)^2) = 0.9 of it.
    (Sigmoid(R_0=0.2, A=0.6, B=2.0, C_mid=50.0), (50.0,), 0.4),
    (StepSigmoid(R_0=0.2, A=0.6, k=0.1, t_mid=50.0), (50.0,), 0.4),
    (StepSigmoid(0.2, 0.6, np.log(3.0), 50.0), (52.0,), 0.2 + 0.4 * 0.9),
    (Sigmoid(R_0=0.2, A=0.6, B=2.0, C_mid=50.0), (150.0,), 0.2 + 0.4 * 0.9),
    # At the break the turn is 2^(-c_1 f_1).
    (BrokenPowerLaw(0.5, 6.0, 0.5, 1.0, 4.0, 1.0), (4.0,), 0.5 + 6.0 / 2 / 2),
    (BrokenPowerLaw(0.5, 6.0, 0.5, 1.0, 4.0, 0.5), (4.0,), 0.5 + 3.0 / 2**0.5),
    # (8 * 0.25^0.5 + 1) / 100^0.5 + (1/4)^0.5 + 2.
    (SparsityLaw(8.0, 0.5, 1.0, 0.5, 1e9, 0.5, 2.0), (100.0, 4e9, 0.75), 3.0),
    (SharedExponent(1.5, 400.0, 1000.0, 0.5), (1e8, 1e12), 1.5 + 0.04 + 0.001),
    # (16^(0.5) + 4)^2.
    (KaplanJoint(1.0, 2.0, 1600.0, 400.0), (100.0, 100.0), 64.0),
    (OverTraining(1.0, 8.0, 2.0, 0.5), (4.0, 100.0), 1.0 + 1.6 + 0.1),
    # The best size for 100 unique tokens is 100; 200 are one more than that.
    (
        DataLimited(1.0, 8.0, 8.0, 1.0, 1.0, 2.0, 3.0),
        (200.0, 400.0, 100.0),
        1.0
        + 0.08 / (1 + 3 * (1 - np.exp(-1 / 3)))
        + 0.08 / (1 + 2 * (1 - np.exp(-3 / 2))),
    ),
    (DataLimited(1.0, 8.0, 8.0, 1.0, 1.0, 2.0, 3.0), (50.0, 100.0, 100.0), 1.24),
    (data_mixture(2)(0.5, np.log(4.0), np.log(9.0)), (0.5, 0.5), 6.5),
    (OuterExponent(1.0, 8.0, 10.0, 1.0, 0.5, 2.0), (4.0, 25.0), 17.0),
    # One expert counts as E_start: here 2, and 1000^-0.5 10^0.5 2^(-1 + 0.3).
    (RoutedExperts(-0.5, -1.0, 0.1, 0.5, 2.0, 8.0), (1e3, 1.0), 10**-1.0 * 2**-0.7),
    # 2 and 8 make 8/3; six more experts 26/3; with 8 that is 4.16.
    (RoutedExperts(0.0, 1.0, 0.0, 0.0, 2.0, 8.0), (1e3, 7.0), 4.16),
    (FineGrainedExperts(1.0, 6.0, 10.0, 8.0, 0.5, 1.0, 2.0), (4.0, 5.0, 2.0), 7.0),
    (EffectiveData(3.0, 0.5, 1.0), (16.0, 5.0), 60.0),
    (FineTuning(1.0, 12.0, 0.5, 1.0), (4.0, 3.0), 3.0),
    (ExponentialApproach(0.2, 0.6, 1 / np.log(2.0)), (2.0,), 0.5),
    (ExponentialApproach(0.2, 0.6, 3.0), (0.0,), 0.2),
    (BestOfNOveroptimization(1.5, 0.25), (4.0,), 2.0),
    (RLOveroptimization(1.5, 0.25), (np.e,), 1.25 * np.e),
    (RLOveroptimization(1.5, 0.25), (0.0,), 0.0),
    (OptimalHyperparameter(3.0, -0.5, 0.25), (100.0, 1e4), 3.0),
    # Teacher and student alike: the turn is 2^(-c_1 f_1) = 1/2.
    (
        DistilledLoss(4.0, 0.5, 6.0, 1.0, 2.0, 1.0, 2.0, 1.0, 0.5),
        (4.0, 3.0, 2.0, 2.0),
        6.0,
    ),
]


@pytest.mark.parametrize(("law", "inputs", "value"), BY_HAND, ids=str)
def test_value_by_hand(law: Law, inputs: tuple[float, ...], value: float) -> None:
    assert law(*inputs) == pytest.approx(value, rel=1e-14)


def test_a_broken_power_law_far_from_its_break_is_a_power_law() -> None:
    law = BrokenPowerLaw(a=0.0, b=3.0, c_0=0.2, c_1=0.5, d_1=1e6, f_1=0.4)
    before = law(x=[1e-3, 1e-1])
    assert np.log(before[1] / before[0]) == pytest.approx(-0.2 * np.log(100), rel=1e-6)
    after = law(x=[1e18, 1e300])
    assert np.log(after[1] / after[0]) == pytest.approx(-0.7 * np.log(1e282), rel=1e-6)


def test_transferred_data_multiplies() -> None:
    law = EffectiveData(3.0, 0.5, 1.0)
    assert law.multiplier(np.array(16.0), np.array(5.0)) == pytest.approx(1 + 60 / 16)


def test_every_law_is_tried_here_or_beside() -> None:
    tried = {type(case.truth).__name__ for case in CASES}
    elsewhere = {"BetaCoverage", "ExponentiatedPowerLaw", "LogLinear"}
    elsewhere |= {"Chinchilla", "OptimalParams"}
    elsewhere |= {"Precision", "QuantizationCost"}
    public = {n for n in sn.laws.__all__ if isinstance(getattr(sn.laws, n), type)}
    untried = public - {"Law", "Optimum"} - tried - elsewhere
    assert not untried, f"add a Case to CASES for {sorted(untried)}"


# What must always hold


examples = settings(max_examples=40)
exponents = st.floats(0.05, 0.9)
coefficients = st.floats(1.0, 1e4)
logs = st.floats(6.0, 12.0)


@examples
@given(coefficients, exponents, logs, st.floats(0.1, 1e3))
def test_units_of_x_move_the_coefficient_alone(
    A: float, alpha: float, log_x: float, k: float
) -> None:
    other = PowerLaw(1.0, A * k**alpha, alpha)
    assert other(x=k * 10**log_x) == pytest.approx(PowerLaw(1.0, A, alpha)(10**log_x))


@pytest.mark.parametrize("k", [1e-3, 1e6])
def test_units_of_x_do_not_move_fitted_exponents(k: float) -> None:
    for case in CASES:
        law, y = type(case.truth), case.responses(1)
        if law not in (PowerLaw, BrokenPowerLaw):
            continue
        here = sn.fit_law(law, case.inputs[0], y, delta=0.01)
        there = sn.fit_law(law, k * case.inputs[0], y, delta=0.01)
        assert there.objective == pytest.approx(here.objective, rel=1e-8)
        for name in ("alpha", "c_0", "c_1", "f_1"):
            if name in law.constants():
                assert there[name] == pytest.approx(here[name], rel=1e-3)


@examples
@given(
    st.floats(0, 0.5), st.floats(0.5, 1), st.floats(0.2, 6), logs, st.floats(0.01, 3)
)
def test_sigmoids_climb_between_their_ends(
    R_0: float, A: float, B: float, log_x: float, more: float
) -> None:
    law = Sigmoid(R_0, A, B, 1e9)
    low, high = law(x=10**log_x), law(x=10 ** (log_x + more))
    assert R_0 <= low <= high <= A
    # As far above the middle as below it, on the log axis.
    mirrored = law(x=1e18 / 10**log_x)
    assert low + mirrored == pytest.approx(R_0 + A, abs=1e-12)


@examples
@given(coefficients, coefficients, exponents, logs, logs)
def test_forms_that_are_chinchillas_in_other_words(
    A: float, B: float, alpha: float, log_n: float, log_d: float
) -> None:
    n, d = 10.0**log_n, 10.0**log_d
    same = Chinchilla(1.5, A, B, alpha, alpha)(params=n, tokens=d)
    shared = SharedExponent(1.5, A, B, alpha)
    assert shared(params=n, tokens=d) == pytest.approx(same)
    outer = OuterExponent(1.5, A, B, alpha, alpha, 1.0)
    assert outer(params=n, tokens=d) == pytest.approx(same)
    # C = 6 N D and M = D / N.
    half = 6.0 ** (alpha / 2)
    over = OverTraining(1.5, A * half, B * half, alpha / 2)
    assert over(tokens_per_param=d / n, flops=6 * n * d) == pytest.approx(same)
    assert tuple(shared.optimum(1e21)) == pytest.approx(
        tuple(shared.chinchilla.optimum(1e21))
    )


@examples
@given(coefficients, coefficients, exponents, exponents, logs, st.floats(1.0, 50.0))
def test_repeated_tokens_are_worth_less_than_new_ones(
    A: float, B: float, alpha: float, beta: float, log_u: float, epochs: float
) -> None:
    law = DataLimited(1.5, A, B, alpha, beta, 15.0, 5.0)
    fresh = Chinchilla(1.5, A, B, alpha, beta)
    unique = 10.0**log_u
    # Of a size that is best for the unique tokens, or less.
    log_best = (np.log(alpha * A / (beta * B)) + beta * np.log(unique)) / alpha
    n = np.exp(min(log_best, np.log(1e12)))
    repeated = law(params=n, tokens=epochs * unique, unique_tokens=unique)
    assert repeated >= fresh(params=n, tokens=epochs * unique) * (1 - 1e-12)
    assert repeated <= fresh(params=n, tokens=unique) * (1 + 1e-12)
    once = law(params=n, tokens=unique, unique_tokens=unique)
    assert once == pytest.approx(fresh(params=n, tokens=unique))


@examples
@given(exponents, exponents, logs)
def test_kaplans_joint_law_has_kaplans_single_ones_as_limits(
    alpha_N: float, alpha_D: float, log_x: float
) -> None:
    law = KaplanJoint(alpha_N, alpha_D, 1e13, 1e13)
    x = 10.0**log_x
    assert law(params=x, tokens=1e300) == pytest.approx((1e13 / x) ** alpha_N)
    plenty = law(params=1e13 * 1e20 ** (alpha_D / alpha_N), tokens=x)
    assert plenty == pytest.approx((1e13 / x) ** alpha_D, rel=1e-6)


@examples
@given(st.floats(1.0, 4.0), st.floats(100.0, 1e4), st.floats(1.0, 1e6))
def test_experts_count_between_their_ends(
    E_start: float, E_max: float, experts: float
) -> None:
    law = RoutedExperts(0.0, 1.0, 0.0, 0.0, E_start, E_max)
    assert law(params=1e9, experts=1.0) == pytest.approx(E_start)
    assert E_start * (1 - 1e-12) <= law(params=1e9, experts=experts) < E_max


@examples
@given(st.floats(0.0, 0.9), st.floats(0.01, 0.09), logs, logs)
def test_sparser_models_of_equal_nonzero_size_lose_less(
    sparsity: float, more: float, log_n: float, log_d: float
) -> None:
    law = SparsityLaw(16.8, 0.72, 45.0, 0.245, 6.9e8, 0.2, 0.65)
    here = law(10**log_n, 10**log_d, sparsity)
    assert law(10**log_n, 10**log_d, sparsity + more) < here


# Mixtures of so many domains


def test_mixtures_travel_to_other_processes() -> None:
    law = data_mixture(4)
    assert pickle.loads(pickle.dumps(law)) is law
    one = law(1.0, 0.1, 0.2, 0.3, 0.4)
    assert pickle.loads(pickle.dumps(one)) == one


@pytest.mark.parametrize("n_domains", [1, 13])
def test_mixtures_of_too_few_or_many_domains_are_refused(n_domains: int) -> None:
    with pytest.raises(ValueError, match="2 to 12"):
        data_mixture(n_domains)


# What fits say of themselves


def flagged(law: type[Law], x: object, y: np.ndarray, message: str) -> None:
    with pytest.warns(sn.FitWarning, match=message):
        fit = sn.fit_law(law, x, y)  # type: ignore[arg-type]
    assert fit.status is not sn.Status.CONVERGED


def test_ends_of_a_climb_that_are_not_seen_are_flagged() -> None:
    x = np.geomspace(10, 1000, 40)
    late, early = Sigmoid(0.1, 0.6, 1.5, 2.0), Sigmoid(0.1, 0.6, 1.5, 1e5)
    flagged(Sigmoid, x, late(x=x), "R_0 is a guess|different estimates")
    flagged(Sigmoid, x, early(x=x), "A is a guess|different estimates")


def test_a_break_outside_the_points_is_doubted() -> None:
    law = BrokenPowerLaw(a=0.3, b=9.0, c_0=0.15, c_1=0.5, d_1=5e3, f_1=0.5)
    assert law.doubts(np.array([1e3, 1e4])) == []
    for points in ([1e3, 4e3], [6e3, 1e5]):
        (word,) = law.doubts(np.array(points))
        assert "outside the points" in word


def test_repeats_that_are_not_seen_are_flagged() -> None:
    params, unique, _ = repeated()
    tokens = unique.copy()
    y = DataLimited(1.87, 521.0, 1488.0, 0.353, 0.353, 15.4, 5.3).value(
        params, tokens, unique
    )
    x = {"params": params, "tokens": tokens, "unique_tokens": unique}
    flagged(DataLimited, x, y, "R_D is a guess")


def test_a_score_that_does_not_climb_is_flagged() -> None:
    with pytest.warns(sn.FitWarning, match="A equals R_0"):
        fit = sn.fit_law(Sigmoid, X, np.full(len(X), 0.5))
    assert fit.status is sn.Status.AT_BOUND


def test_a_climb_between_two_points_is_flagged() -> None:
    with pytest.warns(sn.FitWarning, match="no point lies on the climb"):
        fit = sn.fit_law(Sigmoid, X, np.where(X > 1e5, 0.9, 0.1))
    assert fit.status is sn.Status.AT_BOUND


FEW = [c for c in CASES if isinstance(c.truth, PowerLaw | Sigmoid | StepSigmoid)]
FEW += [c for c in CASES if isinstance(c.truth, BrokenPowerLaw | KaplanJoint)]


@settings(max_examples=20)
@given(case=st.sampled_from(FEW), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_points_does_not_matter(case: Case, seed: int) -> None:
    y = case.responses(3)
    order = np.random.default_rng(seed).permutation(len(y))
    turned = {name: x[order] for name, x in case.named.items()}
    here = sn.fit_law(type(case.truth), case.named, y, delta=0.01)
    there = sn.fit_law(type(case.truth), turned, y[order], delta=0.01)
    assert there.objective == pytest.approx(here.objective, rel=1e-8)
    assert there.law(**case.named) == pytest.approx(here.law(**case.named), rel=1e-6)


@settings(max_examples=20)
@given(case=st.sampled_from(FEW), factor=st.floats(1e-3, 1e3))
def test_the_unit_of_the_inputs_does_not_matter(case: Case, factor: float) -> None:
    y = case.responses(3)
    scaled = {name: x * factor for name, x in case.named.items()}
    here = sn.fit_law(type(case.truth), case.named, y, delta=0.01)
    there = sn.fit_law(type(case.truth), scaled, y, delta=0.01)
    assert there.objective == pytest.approx(here.objective, rel=1e-6)
    assert there.law(**scaled) == pytest.approx(here.law(**case.named), rel=1e-5)
