"""The solver: derivatives, the optimum against scipy, weights, and recovery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares, minimize

import scaling_notes as sn
from scaling_notes import engine
from scaling_notes.laws import Chinchilla, Law, OptimalParams

examples = settings(max_examples=25)
TRUTH = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)

Points = tuple[dict[str, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Line(Law):
    """A straight line, on the linear scale."""

    level: float
    slope: float

    inputs: ClassVar[tuple[str, ...]] = ("x",)
    response: ClassVar[str] = "y"
    scale: ClassVar = "linear"
    linear: ClassVar[tuple[str, ...]] = ("level", "slope")

    def value(self, *inputs: np.ndarray) -> np.ndarray:
        return self.level + self.slope * inputs[0]

    def jacobian(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return np.ones_like(inputs[0]), inputs[0]


@dataclass(frozen=True)
class Rise(Law):
    """A rate that rises with x, on the logit scale."""

    rate: float

    inputs: ClassVar[tuple[str, ...]] = ("x",)
    response: ClassVar[str] = "y"
    scale: ClassVar = "logit"
    positive: ClassVar[tuple[str, ...]] = ("rate",)
    grid: ClassVar[Mapping[str, np.ndarray]] = {"rate": np.geomspace(0.01, 10, 12)}

    def value(self, *inputs: np.ndarray) -> np.ndarray:
        return 1 - np.exp(-self.rate * inputs[0])

    def jacobian(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return (inputs[0] * np.exp(-self.rate * inputs[0]),)


def design(n_sizes: int = 6, n_lengths: int = 6) -> dict[str, np.ndarray]:
    n, d = np.meshgrid(
        np.geomspace(5e7, 1e10, n_sizes), np.geomspace(1e9, 3e11, n_lengths)
    )
    return {"params": n.ravel(), "tokens": d.ravel()}


def simulated(seed: int, noise: str = "gaussian") -> Points:
    """Return runs of a known law; outliers are one-sided, as failed runs are."""
    rng = np.random.default_rng(seed)
    inputs = design()
    size = len(inputs["params"])
    error = 0.01 * rng.standard_normal(size)
    if noise == "t3":
        error = 0.007 * rng.standard_t(3, size)
    if noise == "outliers":
        error += 0.15 * (rng.random(size) < 0.1)
    return inputs, TRUTH.value(inputs["params"], inputs["tokens"]) * np.exp(error)


def columns(runs: pd.DataFrame) -> Points:
    inputs = {c: runs[c].to_numpy(float) for c in ("params", "tokens")}
    return inputs, runs["loss"].to_numpy(float)


def solve_from_starts(points: Points, delta: float) -> engine.Solution:
    starts = Chinchilla.starts(*points)[:24].copy()
    starts[:, :3] = np.maximum(starts[:, :3], 1e-8)
    return engine.solve(engine.objective(Chinchilla, *points, delta), starts)


def best_of(points: Points, delta: float) -> tuple[np.ndarray, float]:
    solution = solve_from_starts(points, delta)
    i = int(solution.objective.argmin())
    assert solution.converged[i]
    return solution.constants[i], float(solution.objective[i])


# An independent account of the objective, in plain scipy


def residuals_and_jacobian(
    theta: np.ndarray, points: Points
) -> tuple[np.ndarray, np.ndarray]:
    """Return residuals of log loss and their Jacobian by log E, log A, log B, alpha, beta."""
    n, d = (np.log(points[0][c]) for c in ("params", "tokens"))
    terms = np.stack(
        [
            np.full_like(n, theta[0]),
            theta[1] - theta[3] * n,
            theta[2] - theta[4] * d,
        ]
    )
    top = terms.max(axis=0)
    shares = np.exp(terms - top)
    total = shares.sum(axis=0)
    t, p, q = shares / total
    r = np.log(points[1]) - top - np.log(total)
    return r, -np.stack([t, p, q, -p * n, -q * d], axis=1)


def huber_and_gradient(
    theta: np.ndarray, points: Points, delta: float, weights: np.ndarray | float = 1.0
) -> tuple[float, np.ndarray]:
    r, jacobian = residuals_and_jacobian(theta, points)
    size = np.abs(r)
    loss = np.where(size <= delta, r * r / 2, delta * (size - delta / 2))
    psi = np.where(size <= delta, r, delta * np.sign(r))
    return float((weights * loss).sum()), jacobian.T @ (weights * psi)


def logged(constants: np.ndarray) -> np.ndarray:
    return np.concatenate([np.log(constants[:3]), constants[3:]])


# Value, gradient, curvature


def random_problems(
    law: type[Law], m: int, n: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    center = {
        Chinchilla: TRUTH.as_array(),
        OptimalParams: np.array([0.3, 0.45]),
        Line: np.array([1.0, 0.5]),
        Rise: np.array([0.4]),
    }[law]
    constants = center * np.exp(0.2 * rng.standard_normal((m, len(center))))
    return constants, rng.integers(0, 4, (m, n)).astype(float)


def points_of(law: type[Law]) -> Points:
    rng = np.random.default_rng(5)
    if law is Chinchilla:
        return simulated(3, "outliers")
    if law is OptimalParams:
        flops = np.geomspace(1e18, 1e24, 30)
        noise = np.exp(0.3 * rng.standard_normal(30))
        return {"flops": flops}, OptimalParams(0.3, 0.45)(flops) * noise
    x = np.linspace(0.5, 4.0, 30)
    if law is Line:
        return {"x": x}, Line(1.0, 0.5)(x) + 0.2 * rng.standard_normal(30)
    odds = np.expm1(0.4 * x) * np.exp(0.4 * rng.standard_normal(30))
    return {"x": x}, odds / (1 + odds)


LAWS = [Chinchilla, OptimalParams, Line, Rise]


def deltas(problem: engine.Objective, theta: np.ndarray) -> np.ndarray:
    return np.abs(np.abs(problem.residuals(theta)) - problem.delta).min(axis=1)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("law", LAWS)
def test_gradient_against_finite_differences(law: type[Law], weighted: bool) -> None:
    points = points_of(law)
    problem = engine.objective(law, *points, 0.05)
    constants, counts = random_problems(law, 20, len(points[1]), seed=1)
    weights = counts if weighted else None
    theta = problem.unconstrain(constants)
    value, gradient, _ = problem.system(theta, weights)
    assert value == pytest.approx(problem.values(theta, weights), rel=1e-12)
    assert gradient.shape == theta.T.shape
    for j in range(theta.shape[1]):
        step = np.zeros(theta.shape[1])
        step[j] = 1e-5
        up, down = (problem.values(theta + s * step, weights) for s in (1, -1))
        slope = (up - down) / 2e-5
        assert gradient[j] == pytest.approx(slope, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("delta", [1e-3, 0.05, np.inf])
def test_hessian_is_exact(delta: float, weighted: bool) -> None:
    points = points_of(Chinchilla)
    problem = engine.objective(Chinchilla, *points, delta)
    constants, counts = random_problems(Chinchilla, 60, len(points[1]), seed=2)
    weights = counts if weighted else None
    theta = problem.unconstrain(constants)
    # The second derivative jumps where a residual crosses delta: stay clear of it.
    clear = deltas(problem, theta) > 2e-5 if np.isfinite(delta) else np.ones(60, bool)
    assert clear.sum() >= 10
    _, _, hessian = problem.system(theta, weights)
    for j in range(5):
        step = np.zeros(5)
        step[j] = 1e-6
        up, down = (problem.system(theta + s * step, weights)[1] for s in (1, -1))
        slope = (up - down) / 2e-6
        assert hessian[:, j, clear] == pytest.approx(
            slope[:, clear], rel=1e-5, abs=1e-6 * np.abs(hessian).max()
        )
    assert np.array_equal(hessian, hessian.transpose(1, 0, 2))


def test_curvature_of_a_general_law_is_gauss_newton() -> None:
    points = points_of(Line)
    problem = engine.objective(Line, *points, np.inf)
    theta = problem.unconstrain(np.array([[0.3, 0.2]]))
    x = np.stack([np.ones(30), points[0]["x"]])
    assert problem.system(theta, None)[2][:, :, 0] == pytest.approx(x @ x.T, rel=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_coordinates_go_and_come_back(law: type[Law]) -> None:
    problem = engine.objective(law, *points_of(law), 1e-3)
    constants, _ = random_problems(law, 10, 1, seed=3)
    before = constants.copy()
    assert problem.constrain(problem.unconstrain(constants)) == pytest.approx(
        constants, rel=1e-12
    )
    assert np.array_equal(constants, before)


def test_objective_by_hand() -> None:
    # Residuals of log loss: 0.0005 (inside delta) and -0.01 (outside).
    inputs = {"params": np.array([1e8, 1e9]), "tokens": np.array([1e10, 1e10])}
    loss = TRUTH(**inputs) * np.exp([0.0005, -0.01])
    problem = engine.objective(Chinchilla, inputs, loss, 1e-3)
    theta = problem.unconstrain(TRUTH.as_array()[None])
    inside, outside = 0.5 * 0.0005**2, 1e-3 * (0.01 - 0.0005)
    assert problem.values(theta, None) == pytest.approx([inside + outside], rel=1e-9)
    weighted = problem.values(theta, np.array([[3.0, 2.0]]))
    assert weighted == pytest.approx([3 * inside + 2 * outside], rel=1e-9)
    assert problem.residuals(theta)[0] == pytest.approx([0.0005, -0.01], rel=1e-9)


def test_objective_equals_the_independent_account() -> None:
    points = simulated(1, "t3")
    constants, counts = random_problems(Chinchilla, 12, len(points[1]), seed=4)
    problem = engine.objective(Chinchilla, *points, 1e-2)
    ours = problem.values(problem.unconstrain(constants), counts)
    plain = [
        huber_and_gradient(logged(c), points, 1e-2, w)[0]
        for c, w in zip(constants, counts, strict=True)
    ]
    assert ours == pytest.approx(plain, rel=1e-12)


def test_impossible_constants_are_infinitely_bad_and_quiet() -> None:
    points = simulated(1)
    problem = engine.objective(Chinchilla, *points, 1e-3)
    theta = problem.unconstrain(TRUTH.as_array()[None])
    theta[0, 3] = -1e4
    value, gradient, curvature = problem.system(theta, None)
    assert value[0] == np.inf
    assert problem.values(theta, None)[0] == np.inf
    assert np.isfinite(gradient).all()
    assert np.isfinite(curvature).all()


# The optimum


CASES = [
    ("gaussian", 1e-3),
    ("gaussian", 0.0135),
    ("gaussian", np.inf),
    ("t3", 1e-3),
    ("t3", 0.01),
    ("outliers", 1e-3),
    ("outliers", 0.0135),
]


@pytest.mark.parametrize(("noise", "delta"), CASES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_optimum_equals_scipy(noise: str, delta: float, seed: int) -> None:
    points = simulated(seed, noise)
    constants, objective = best_of(points, delta)
    least = np.inf
    for start in (logged(TRUTH.as_array()), logged(constants)):
        for method in ("BFGS", "L-BFGS-B"):
            options = {"gtol": 1e-12, "maxiter": 5000}
            if method == "L-BFGS-B":
                options |= {"ftol": 1e-16}
            found = minimize(
                huber_and_gradient,
                start,
                args=(points, delta),
                jac=True,
                method=method,
                options=options,
            )
            least = min(least, found.fun)
    plain, gradient = huber_and_gradient(logged(constants), points, delta)
    assert objective == pytest.approx(plain, rel=1e-10)
    assert objective <= least * (1 + 1e-9)
    # Not below what scipy reaches either: the account is the same one.
    assert objective == pytest.approx(least, rel=1e-6)
    assert np.abs(gradient).max() < 1e-5 * np.sqrt(objective)


@pytest.mark.parametrize(("noise", "delta"), CASES)
def test_optimum_equals_robust_least_squares(noise: str, delta: float) -> None:
    points = simulated(7, noise)
    _, objective = best_of(points, delta)
    loss = (
        {"loss": "linear"} if np.isinf(delta) else {"loss": "huber", "f_scale": delta}
    )
    found = least_squares(
        lambda theta: residuals_and_jacobian(theta, points)[0],
        logged(TRUTH.as_array()),
        jac=lambda theta: residuals_and_jacobian(theta, points)[1],
        x_scale="jac",
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
        max_nfev=2000,
        **loss,
    )
    least = huber_and_gradient(found.x, points, delta)[0]
    assert objective <= least * (1 + 1e-9)


def test_optimum_of_the_published_points(chinchilla_240: pd.DataFrame) -> None:
    points = columns(chinchilla_240)
    constants, objective = best_of(points, 1e-3)
    assert objective == pytest.approx(1.018274e-3, rel=1e-5)
    assert constants == pytest.approx(
        [1.817218, 477.826, 2143.417, 0.347310, 0.367172], rel=2e-5
    )
    found = minimize(
        huber_and_gradient,
        logged(constants) + 1e-3,
        args=(points, 1e-3),
        jac=True,
        method="BFGS",
        options={"gtol": 1e-12, "maxiter": 5000},
    )
    assert objective <= found.fun * (1 + 1e-9)


def test_good_starts_agree(chinchilla_240: pd.DataFrame) -> None:
    for points in (columns(chinchilla_240), simulated(0), simulated(1, "outliers")):
        solution = solve_from_starts(points, 1e-3)
        least = solution.objective.min()
        reached = solution.objective <= least * (1 + 1e-9)
        assert reached.sum() >= 2
        spread = solution.constants[reached]
        assert spread == pytest.approx(np.tile(spread[0], (len(spread), 1)), rel=1e-4)
        # No start may call itself done above the least by more than a true other minimum.
        assert solution.converged[reached].all()


@pytest.mark.parametrize("law", [OptimalParams, Line, Rise])
@pytest.mark.parametrize("delta", [0.05, np.inf])
def test_general_laws_reach_scipys_optimum(law: type[Law], delta: float) -> None:
    points = points_of(law)
    problem = engine.objective(law, *points, delta)
    constants, _ = random_problems(law, 5, 1, seed=6)
    solution = engine.solve(problem, constants)
    assert solution.converged.all()
    theta = problem.unconstrain(solution.constants)
    least = np.inf
    for start in theta:
        found = minimize(
            lambda t: problem.values(t[None], None)[0],
            start + 0.01,
            method="Nelder-Mead",
            options={"xatol": 1e-12, "fatol": 1e-16, "maxiter": 4000, "maxfev": 8000},
        )
        least = min(least, found.fun)
    assert (solution.objective <= least * (1 + 1e-9)).all()


def test_line_by_least_squares_is_ordinary_regression() -> None:
    points = points_of(Line)
    solution = engine.solve(
        engine.objective(Line, *points, np.inf), np.array([[5.0, -3.0]])
    )
    slope, level = np.polyfit(points[0]["x"], points[1], 1)
    # The solver stops by the objective, so a place is known to the root of that.
    assert solution.constants[0] == pytest.approx([level, slope], rel=1e-6)


def test_exact_hessian_and_gauss_newton_agree() -> None:
    points = simulated(2)
    starts = np.tile(TRUTH.as_array(), (1, 1))
    exact = engine.solve(engine.objective(Chinchilla, *points, 1e-2), starts)
    general = engine.solve(engine.Objective(Chinchilla, *points, 1e-2), starts)
    assert exact.converged.all()
    assert general.objective == pytest.approx(exact.objective, rel=1e-7)
    assert general.constants == pytest.approx(exact.constants, rel=1e-2)


# Weights, pools, fixed constants


def test_counts_equal_repeated_rows() -> None:
    inputs, loss = simulated(4)
    rng = np.random.default_rng(0)
    counts = rng.multinomial(len(loss), np.full(len(loss), 1 / len(loss)), 6)
    start = TRUTH.as_array()
    problem = engine.objective(Chinchilla, inputs, loss, 0.01)
    together = engine.solve(problem, np.tile(start, (6, 1)), counts.astype(float))
    assert together.converged.all()
    for i, row in enumerate(counts):
        repeated = {k: np.repeat(v, row) for k, v in inputs.items()}
        alone = engine.solve(
            engine.objective(Chinchilla, repeated, np.repeat(loss, row), 0.01),
            start[None],
        )
        assert together.objective[i] == pytest.approx(alone.objective[0], rel=1e-9)
        assert together.constants[i] == pytest.approx(alone.constants[0], rel=1e-4)


def test_every_resample_is_at_scipys_optimum() -> None:
    points = simulated(4, "t3")
    size = len(points[1])
    rng = np.random.default_rng(1)
    counts = rng.multinomial(size, np.full(size, 1 / size), 20).astype(float)
    start, _ = best_of(points, 0.01)
    problem = engine.objective(Chinchilla, *points, 0.01)
    solution = engine.solve(problem, np.tile(start, (20, 1)), counts)
    assert solution.converged.all()
    for i, w in enumerate(counts):
        found = minimize(
            huber_and_gradient,
            logged(solution.constants[i]) + 1e-3,
            args=(points, 0.01, w),
            jac=True,
            method="BFGS",
            options={"gtol": 1e-12, "maxiter": 5000},
        )
        assert solution.objective[i] <= found.fun * (1 + 1e-9)


def test_many_problems_are_solved_as_if_alone() -> None:
    points = simulated(5)
    size = len(points[1])
    counts = np.random.default_rng(2).multinomial(size, np.full(size, 1 / size), 700)
    counts = counts.astype(float)
    problem = engine.objective(Chinchilla, *points, 0.01)
    starts = np.tile(TRUTH.as_array(), (700, 1))
    together = engine.solve(problem, starts, counts)
    assert together.converged.mean() > 0.99
    for i in range(0, 700, 61):
        alone = engine.solve(problem, starts[:1], counts[i : i + 1])
        assert alone.objective[0] == pytest.approx(together.objective[i], rel=1e-9)
    theta = problem.unconstrain(together.constants)
    assert problem.values(theta, counts) == pytest.approx(together.objective, rel=1e-9)


def test_solution_has_a_row_a_problem_and_leaves_its_arguments_alone() -> None:
    points = simulated(5)
    problem = engine.objective(Chinchilla, *points, 0.01)
    starts = np.tile(TRUTH.as_array(), (3, 1)) * np.array([[1.0], [1.05], [0.95]])
    weights = np.ones((3, len(points[1])))
    before = starts.copy(), weights.copy()
    solution = engine.solve(problem, starts, weights)
    assert solution.constants.shape == (3, 5)
    assert solution.objective.shape == solution.converged.shape == (3,)
    assert (solution.iterations > 0).all()
    assert np.array_equal(starts, before[0])
    assert np.array_equal(weights, before[1])


def test_equal_weights_change_nothing() -> None:
    points = simulated(6)
    problem = engine.objective(Chinchilla, *points, 0.01)
    start = TRUTH.as_array()[None]
    plain = engine.solve(problem, start)
    ones = engine.solve(problem, start, np.ones((1, len(points[1]))))
    sevens = engine.solve(problem, start, np.full((1, len(points[1])), 7.0))
    assert ones.objective == pytest.approx(plain.objective, rel=1e-12)
    assert sevens.objective == pytest.approx(7 * plain.objective, rel=1e-9)
    assert sevens.constants == pytest.approx(plain.constants, rel=1e-4)


@pytest.mark.parametrize(
    "held", [[0], [1], [2], [3], [4], [0, 3, 4], [1, 3], [0, 1, 2, 3], [0, 1, 2, 4]]
)
def test_fixed_constants_stay_and_the_others_reach_their_optimum(
    held: list[int],
) -> None:
    points = simulated(8)
    free = np.array([i not in held for i in range(5)])
    start = TRUTH.as_array() * 1.01
    problem = engine.objective(Chinchilla, *points, 0.01)
    solution = engine.solve(problem, start[None], free=free)
    assert solution.converged.all()
    assert solution.constants[0, held] == pytest.approx(start[held], rel=1e-12)

    def reduced(theta: np.ndarray) -> tuple[float, np.ndarray]:
        whole = logged(start)
        whole[free] = theta
        value, gradient = huber_and_gradient(whole, points, 0.01)
        return value, gradient[free]

    found = minimize(
        reduced,
        logged(TRUTH.as_array())[free],
        jac=True,
        method="BFGS",
        options={"gtol": 1e-12, "maxiter": 5000},
    )
    assert solution.objective[0] <= found.fun * (1 + 1e-9)


# Laws of the fit


@examples
@given(st.randoms(use_true_random=False))
def test_order_of_points_is_of_no_account(random: object) -> None:
    inputs, loss = simulated(9, "t3")
    order = np.arange(len(loss))
    random.shuffle(order)  # type: ignore[attr-defined]
    constants, objective = best_of((inputs, loss), 0.01)
    mixed = {k: v[order] for k, v in inputs.items()}
    shuffled, again = best_of((mixed, loss[order]), 0.01)
    assert again == pytest.approx(objective, rel=1e-9)
    assert shuffled == pytest.approx(constants, rel=1e-4)


@examples
@given(st.floats(-4, 4), st.floats(-4, 4), st.floats(-2, 2))
def test_change_of_units_changes_coefficients_only(
    log_n: float, log_d: float, log_l: float
) -> None:
    by_n, by_d, by_loss = 10.0**log_n, 10.0**log_d, 10.0**log_l
    inputs, loss = simulated(10)
    constants, objective = best_of((inputs, loss), 0.01)
    other = {"params": inputs["params"] * by_n, "tokens": inputs["tokens"] * by_d}
    scaled, again = best_of((other, loss * by_loss), 0.01)
    E, A, B, alpha, beta = constants
    assert again == pytest.approx(objective, rel=1e-9)
    assert scaled == pytest.approx(
        [
            E * by_loss,
            A * by_loss * by_n**alpha,
            B * by_loss * by_d**beta,
            alpha,
            beta,
        ],
        rel=1e-4,
    )


@examples
@given(
    st.floats(0.5, 3.0),
    st.floats(0.25, 0.6),
    st.floats(0.25, 0.6),
    st.floats(0.1, 1.0),
    st.floats(0.1, 1.0),
)
def test_a_known_law_is_recovered_from_exact_losses(
    E: float, alpha: float, beta: float, share_n: float, share_d: float
) -> None:
    inputs = design()
    # Both terms are given a fair share of the loss at the middle of the design.
    truth = Chinchilla(
        E, share_n * E * 7e8**alpha, share_d * E * 2e10**beta, alpha, beta
    )
    loss = truth.value(inputs["params"], inputs["tokens"])
    constants, _ = best_of((inputs, loss), 1e-3)
    assert constants == pytest.approx(truth.as_array(), rel=1e-5)


@pytest.mark.parametrize("size", [1, 2, 3, 10, 101])
def test_threshold_is_of_the_median_deviation(size: int) -> None:
    residual = np.random.default_rng(size).standard_t(2, size)
    kept = residual.copy()
    spread = np.median(np.abs(residual - np.median(residual)))
    expected = max(1.345 * 1.4826 * spread, 1e-10)
    assert engine.robust_delta(residual) == pytest.approx(expected, rel=1e-12)
    assert (residual == kept).all()


def test_curved_valleys_are_followed_to_their_end() -> None:
    """Resamples in which the floor runs to zero, along a bend in six dimensions."""
    t5 = sn.load("frantar2023_t5_points")
    x = {
        "params_nonzero": t5["params_nonzero"],
        "tokens": t5["tokens"],
        "sparsity": t5["sparsity_frac"],
    }
    fit = sn.fit_law(sn.laws.SparsityLaw, x, t5["loss"])
    boot = fit.bootstrap(200)
    assert boot.converged == 1.0
    assert (boot.laws.c < 1e-3).mean() > 0.05
