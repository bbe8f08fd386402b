"""The search for a fit: good starts, one solver, and a look at what came out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Real

import numpy as np
import pandas as pd

from .. import engine
from ..errors import DataError, FitWarning
from ..laws import Law
from ..laws._law import Array
from ._dependence import cluster
from ._fit import Fit, Status

__all__ = ["search"]

_STARTS = 24
_OPTIMA = 4
_MANY = 2500
_GROWTH = 20
_DELTA_ROUNDS = 50
_PLAIN_ROUNDS = 10
# Residuals of a form that is a little off hang together in any large set of runs,
# and a fit says so. Where points count for fewer than a twelfth of their number, it
# warns.
_GROSS = 12.0
# A threshold that asks for itself to this part has settled.
_SETTLED = 1e-6
_LAST_DIGITS = 1e-3
# A threshold changes by a factor of two at most when it is sought.
_LONGEST = float(np.log(2.0))
# Stands for the logarithm of the largest number.
_LARGE = 700.0
# Steps of one round; a start that needs more goes on in the next.
_STEPS = 100
# An objective within this factor of the least may yet become the least.
_NEAR = 1.2
# Optima under a threshold that is a first guess need not be exact.
_ROUGH = 1e-6


def search(
    law: type[Law],
    data: pd.DataFrame,
    delta: float | None,
    fixed: Mapping[str, float],
    params_kind: str,
    loss_unit: str,
    messages: list[str],
) -> Fit:
    _require_possible(law, fixed)
    if delta is not None and not (isinstance(delta, Real) and delta > 0):
        raise DataError(f"delta is {delta}; give a positive number, inf or None.")
    inputs = {n: data[n].to_numpy(float) for n in law.inputs}
    response = data[law.response].to_numpy(float)
    floor, least = fixed.get("E", -np.inf), float(response.min())
    if floor >= least:
        raise DataError(
            f"fixed E is {floor:g} and the least {law.response} {least:g}: no run can "
            "lie below the floor. Give a lower E."
        )
    errors = None
    if "standard_error" in data:
        errors = data["standard_error"].to_numpy(float)
    optima: tuple[engine.Objective, engine.Solution] | None = None
    for rows in _parts(len(data)):
        some, y = {name: x[rows] for name, x in inputs.items()}, response[rows]
        error = None if errors is None else errors[rows]
        starts = (
            _distinct(*optima)[:_OPTIMA] if optima else _starts(law, some, y, fixed)
        )
        problem, solution, residual, settled = _minimize(
            law, some, y, error, starts, delta, fixed, near=optima is not None
        )
        optima = problem, solution
    winner = int(solution.objective.argmin())
    fitted = law.from_array(solution.constants[winner])
    status, found = _judge(problem, solution, winner, fitted, settled, fixed)
    for message in (*messages, *found):
        warnings.warn(message, FitWarning, stacklevel=3)
    if "group" not in data:
        points = {name: data[name].to_numpy(float) for name in law.inputs}
        clustered = cluster(points, residual)
        found += [clustered.words] if clustered else []
        if clustered and clustered.inflation > _GROSS:
            warnings.warn(clustered.words, FitWarning, stacklevel=3)
    data["residual"] = residual / problem.per_error
    return Fit(
        law=fitted,
        data=data,
        delta=problem.delta,
        adaptive=delta is None,
        objective=float(solution.objective[winner]),
        status=status,
        messages=(*messages, *found),
        params_kind=params_kind,
        loss_unit=loss_unit,
        fixed=dict(fixed),
    )


def _parts(n: int) -> list[slice | np.ndarray]:
    """Return the rows to fit: a part of very many points, larger parts, all.

    A part finds the optima at a fraction of the time; the next refines them.
    """
    parts: list[slice | np.ndarray] = [slice(None)]
    size = n
    while size > _MANY:
        size = max(_MANY, size // _GROWTH)
        parts.append(np.random.default_rng(0).choice(n, size, replace=False))
    return parts[::-1]


def _starts(
    law: type[Law],
    inputs: Mapping[str, Array],
    response: Array,
    fixed: Mapping[str, float],
) -> Array:
    """Return the best few starts, with what is fixed in its place."""
    starts = law.starts(inputs, response).copy()
    if not fixed:
        return starts[:_STARTS]
    names = law.constants()
    for name, value in fixed.items():
        starts[:, names.index(name)] = value
    # Their order was that of other values of what is fixed.
    problem = engine.Objective(law, inputs, response, np.inf)
    blocks = np.array_split(problem.unconstrain(starts), 1 + len(starts) // 64)
    cost = np.concatenate([problem.values(block, None) for block in blocks])
    return starts[np.argsort(cost, kind="stable")[:_STARTS]]


def _minimize(
    law: type[Law],
    inputs: Mapping[str, Array],
    response: Array,
    standard_error: Array | None,
    starts: Array,
    delta: float | None,
    fixed: Mapping[str, float],
    near: bool,
) -> tuple[engine.Objective, engine.Solution, Array, bool]:
    """Solve from every start, with the threshold given or adapted to the residuals.

    Starts that are ``near``, the best first, tell the first threshold. Returned are
    the problem, its solution, the residuals of the best start's optimum and whether
    the threshold settled.
    """
    names = law.constants()
    free = np.array([n not in fixed for n in names])
    starts = starts.copy()
    # A start at zero has no logarithm; it begins small instead.
    logged = np.array([n in law.positive for n in names])
    starts[:, logged & free] = np.maximum(starts[:, logged & free], 1e-8)

    problem = engine.objective(law, inputs, response, delta or 1e-3, standard_error)
    n_free = int(free.sum())
    if delta is None and near:
        residual = problem.residuals(problem.unconstrain(starts[:1]))[0]
        problem = problem.with_delta(engine.robust_delta(residual, n_free))
    tolerance = _ROUGH if delta is None else engine.TOLERANCE
    following = _Threshold()
    steps = _STEPS
    for rounds_left in reversed(range(1 + _DELTA_ROUNDS)):
        # All starts go on: another one may win under another threshold.
        path = problem
        if steps != _STEPS:
            # Steps by exact curvature creep along a valley; these follow it.
            path = engine.Objective(
                law, inputs, response, problem.delta, standard_error
            )
        solution = engine.solve(path, starts, None, free, tolerance, steps)
        starts = _distinct(problem, solution)
        residual = problem.residuals(problem.unconstrain(starts[:1]))[0]
        trial = delta or engine.robust_delta(residual, n_free)
        settled = trial == problem.delta or (
            abs(trial - problem.delta) <= _SETTLED * trial
        )
        if not rounds_left:
            break
        if settled and tolerance != _ROUGH:
            near = solution.objective <= _NEAR * solution.objective.min()
            if steps != _STEPS or solution.converged[near].all():
                break
            # Under this threshold those that may win go on to their end.
            starts, steps = solution.constants[near], engine.MAX_ITERATIONS
            continue
        wanted = trial if settled else following.after(problem.delta, trial)
        if wanted is None:
            # Between thresholds as near as this only the solver's last digits differ.
            settled = abs(trial - problem.delta) <= _LAST_DIGITS * trial
            break
        problem, tolerance = problem.with_delta(wanted), engine.TOLERANCE
    return problem, solution, residual, settled


class _Threshold:
    """What threshold to try next, when residuals under one ask for another.

    At first the one they ask for. If that creeps or swings, the threshold that asks
    for itself is sought between one that asks for more and one that asks for less.
    """

    def __init__(self) -> None:
        self.rounds = 0
        # Logarithms of a threshold and of what it asks for beyond itself.
        self.low: tuple[float, float] | None = None
        self.high: tuple[float, float] | None = None

    def after(self, tried: float, asked: float) -> float | None:
        """Return the threshold to try after this one, None if there is none."""
        self.rounds += 1
        at, move = float(np.log(tried)), float(np.log(asked / tried))
        if move > 0:
            self.low = at, move
        else:
            self.high = at, move
        late = self.rounds - _PLAIN_ROUNDS
        if late <= 0:
            return asked
        if self.low is None or self.high is None or self.low[0] >= self.high[0]:
            self.low, self.high = (self.low, None) if move > 0 else (None, self.high)
            step = float(np.clip(move * 2.0**late, -_LONGEST, _LONGEST))
            return float(np.exp(at + step))
        (low, up), (high, down) = self.low, self.high
        if high - low <= _SETTLED:
            return None
        # What is asked for, where the line through both ends asks for itself, or the
        # middle.
        if late % 3 == 1 and low < at + move < high:
            return asked
        share = up / (up - down) if late % 3 == 2 else 0.5
        return float(np.exp(low + share * (high - low)))


def _distinct(problem: engine.Objective, solution: engine.Solution) -> Array:
    """Return the constants of the optima that differ, the best first."""
    order = np.argsort(solution.objective, kind="stable")
    # What is zero has no logarithm; there it is a small number like others.
    theta = np.maximum(problem.unconstrain(solution.constants), -_LARGE)
    kept: list[int] = []
    for i in order:
        if np.isfinite(solution.objective[i]) and all(
            np.abs(theta[i] - theta[j]).max() > 0.01 for j in kept
        ):
            kept.append(int(i))
    return solution.constants[kept or order[:1]]


def _require_possible(law: type[Law], fixed: Mapping[str, float]) -> None:
    """Refuse fixed constants that are unknown, not finite, or of the wrong sign."""
    names = law.constants()
    if not isinstance(fixed, Mapping):
        raise DataError('fixed maps constants to their values, such as {"E": 1.9}.')
    unknown = sorted(set(fixed) - set(names))
    if unknown:
        raise DataError(f"{', '.join(unknown)} is not one of {', '.join(names)}.")
    if len(fixed) == len(names):
        raise DataError("All constants are fixed: leave one at least to be fitted.")
    for name, value in fixed.items():
        if not isinstance(value, Real):
            raise DataError(f"fixed {name} is {value!r}; give a number.")
        if not np.isfinite(value) or (name in law.positive and value < 0):
            kind = "zero or positive" if name in law.positive else "finite"
            raise DataError(f"fixed {name} is {value}; give a {kind} number.")


def _judge(
    problem: engine.Objective,
    solution: engine.Solution,
    winner: int,
    law: Law,
    settled: bool,
    fixed: Mapping[str, float],
) -> tuple[Status, list[str]]:
    """Return how a fit ended, and what there is to say of it."""
    if not solution.converged[winner]:
        return Status.UNCONVERGED, [
            "The solver stopped early: the estimates are not final."
        ]
    # What was put at zero did not go there.
    zero = tuple(f"{name} went to zero" for name, value in fixed.items() if value == 0)
    doubts = [d for d in law.doubts(*problem.inputs) if not d.startswith(zero)]
    if doubts:
        return Status.AT_BOUND, doubts
    if not settled:
        return Status.UNCONVERGED, [
            "The Huber threshold did not settle: optima take turns at being the "
            "least. Give delta, and look at the residuals."
        ]
    least = solution.objective[winner]
    slack = 1e-6 * least + engine.NEGLIGIBLE * len(problem.target)
    near = solution.converged & (solution.objective <= least + slack)
    theta = np.maximum(problem.unconstrain(solution.constants[near]), -_LARGE)
    apart = np.ptp(theta, axis=0).max()
    if apart > 0.01:
        return Status.STARTS_DISAGREE, [
            "Starts ended at different estimates that fit equally well: the runs do "
            "not decide between them. Add runs, or fix a constant."
        ]
    return Status.CONVERGED, []
