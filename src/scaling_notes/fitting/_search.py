"""The search for a fit: good starts, one solver, and a look at what came out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Real

import numpy as np
import pandas as pd
from scipy.special import fdtrc

from .. import engine
from ..errors import DataError, FitWarning
from ..laws import Law
from ..laws._law import Array
from ._dependence import cluster
from ._fit import Fit, Status
from ._known import Known

__all__ = ["search"]

_STARTS = 24
_OPTIMA = 4
_MANY = 2500
_GROWTH = 20
# Points that stand so little chance beside the priors contradict them.
_CONTRADICTED = 0.01
_FIRST_THRESHOLD = 1e-3
_SMALL = 1e-8
# Starts that are tried at each end of a bound too.
_ENDS = 6
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
    quantile: float,
    known: Known,
    params_kind: str,
    loss_unit: str,
    messages: list[str],
) -> Fit:
    if delta is not None and not (isinstance(delta, Real) and delta > 0):
        raise DataError(f"delta is {delta}; give a positive number, inf or None.")
    if not (isinstance(quantile, Real) and 0 < quantile < 1):
        raise DataError(f"quantile is {quantile!r}; give a number between 0 and 1.")
    inputs = {n: data[n].to_numpy(float) for n in law.inputs}
    response = data[law.response].to_numpy(float)
    known.require_reachable(law, response)
    errors = None
    if "standard_error" in data:
        errors = data["standard_error"].to_numpy(float)
    optima: tuple[engine.Objective, engine.Solution] | None = None
    for rows in _parts(len(data)):
        some, y = {name: x[rows] for name, x in inputs.items()}, response[rows]
        error = None if errors is None else errors[rows]
        starts = (
            _distinct(*optima)[:_OPTIMA] if optima else _starts(law, some, y, known)
        )
        problem = engine.objective(
            law, some, y, _FIRST_THRESHOLD, error, quantile, known.prior(law)
        )
        problem, solution, residual, settled = _minimize(
            problem, starts, delta, known.free(law), near=optima is not None
        )
        optima = problem, solution
    winner = int(solution.objective.argmin())
    fitted = law.from_array(solution.constants[winner])
    status, found = _judge(problem, solution, winner, fitted, settled, known)
    if known.priors:
        prior = Known(known.fixed, known.bounds).prior(law)
        alone = engine.objective(
            law, inputs, response, problem.delta, errors, quantile, prior
        )
        starts = _off_zero(
            alone, _starts(law, inputs, response, known), known.free(law)
        )
        found += _conflict(problem, solution, alone, starts, known)
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
        fixed=known.fixed,
        bounds=known.bounds,
        priors=known.priors,
        quantile=float(quantile),
        variance=problem.variance,
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
    law: type[Law], inputs: Mapping[str, Array], response: Array, known: Known
) -> Array:
    """Return the best few starts, with what is fixed in its place."""
    starts = law.starts(inputs, response).copy()
    names = law.constants()
    if known.fixed or known.bounds:
        for name, value in known.fixed.items():
            starts[:, names.index(name)] = value
        for name, (low, high) in known.bounds.items():
            column = starts[:, names.index(name)]
            np.clip(column, low, high, out=column)
        # Their order was that of other values of what is fixed.
        problem = engine.Objective(law, inputs, response, np.inf)
        blocks = np.array_split(problem.unconstrain(starts), 1 + len(starts) // 64)
        cost = np.concatenate([problem.values(block, None) for block in blocks])
        starts = starts[np.argsort(cost, kind="stable")]
    starts = starts[:_STARTS]
    if known.priors:
        expected = starts.copy()
        for name, (mean, _) in known.priors.items():
            expected[:, names.index(name)] = mean
        starts = np.concatenate([starts, expected])
    for name, ends in known.bounds.items():
        # An optimum at one end may hide a better one at the other.
        for end in filter(np.isfinite, ends):
            moved = starts[:_ENDS].copy()
            moved[:, names.index(name)] = end
            starts = np.concatenate([starts, moved])
    return starts


def _off_zero(problem: engine.Objective, starts: Array, free: np.ndarray) -> Array:
    """Return starts that begin small where they were at zero, without a logarithm."""
    small = free & problem.logged
    return np.where(small, np.maximum(starts, _SMALL), starts)


def _minimize(
    problem: engine.Objective,
    starts: Array,
    delta: float | None,
    free: np.ndarray,
    near: bool,
) -> tuple[engine.Objective, engine.Solution, Array, bool]:
    """Solve from every start, with the threshold given or adapted to the residuals.

    Starts that are ``near``, the best first, tell the first threshold. Returned are
    the problem, its solution, the residuals of the best start's optimum and whether
    the threshold settled.
    """
    n_free = int(free.sum())
    starts = _off_zero(problem, starts, free)
    # Priors count against the variance of residuals, which has to be found too.
    weighed = bool(problem.prior.n_measurements)
    seek = delta is None or (weighed and not problem.in_errors)

    def at(threshold: float) -> engine.Objective:
        here, variance = delta or threshold, 1.0
        if weighed:
            sd = 1.0 if problem.in_errors else threshold / engine.HUBER
            variance = engine.huber_variance(sd, here, problem.quantile)
        return problem.with_delta(here, variance)

    tried = delta if delta and not seek else _FIRST_THRESHOLD
    if seek and near:
        residual = problem.residuals(problem.unconstrain(starts[:1]))[0]
        tried = engine.robust_delta(residual, n_free)
    tolerance = _ROUGH if seek else engine.TOLERANCE
    following = _Threshold()
    steps = _STEPS
    for rounds_left in reversed(range(1 + _DELTA_ROUNDS)):
        problem = at(tried)
        # All starts go on: another one may win under another threshold. Steps by
        # exact curvature creep along a valley; those of the plain form follow it.
        path = problem if steps == _STEPS else problem.plain()
        solution = engine.solve(path, starts, None, free, tolerance, steps)
        starts = _distinct(problem, solution)
        residual = problem.residuals(problem.unconstrain(starts[:1]))[0]
        trial = engine.robust_delta(residual, n_free) if seek else tried
        settled = trial == tried or abs(trial - tried) <= _SETTLED * trial
        if not rounds_left:
            break
        if settled and tolerance != _ROUGH:
            near_best = solution.objective <= _NEAR * solution.objective.min()
            if steps != _STEPS or solution.converged[near_best].all():
                break
            # Under this threshold those that may win go on to their end.
            starts, steps = solution.constants[near_best], engine.MAX_ITERATIONS
            continue
        wanted = trial if settled else following.after(tried, trial)
        if wanted is None:
            # Between thresholds as near as this only the solver's last digits differ.
            settled = abs(trial - tried) <= _LAST_DIGITS * trial
            break
        tried, tolerance = wanted, engine.TOLERANCE
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


def _judge(
    problem: engine.Objective,
    solution: engine.Solution,
    winner: int,
    law: Law,
    settled: bool,
    known: Known,
) -> tuple[Status, list[str]]:
    """Return how a fit ended, and what there is to say of it."""
    if not solution.converged[winner]:
        return Status.UNCONVERGED, [
            "The solver stopped early: the estimates are not final."
        ]
    # What was put at zero did not go there.
    zero = tuple(f"{name} went to zero" for name, v in known.fixed.items() if v == 0)
    doubts = [d for d in law.doubts(*problem.inputs) if not d.startswith(zero)]
    doubts += known.at_bound(law)
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


def _conflict(
    problem: engine.Objective,
    solution: engine.Solution,
    alone: engine.Objective,
    starts: Array,
    known: Known,
) -> list[str]:
    """Return what to say of priors that the points contradict.

    Parameters
    ----------
    problem : Objective
    solution : Solution
        Its optima.
    alone : Objective
        Of the same points without priors.
    starts : array of shape (s, p)
        Where its optimum is sought.
    known : Known
    """
    free = known.free(problem.law)
    winner = int(solution.objective.argmin())
    starts = np.concatenate([solution.constants[winner, None], starts])
    found = engine.solve(alone.with_delta(problem.delta), starts, None, free)
    without = int(found.objective.argmin())
    q, freedom = len(known.priors), len(problem.target) - int(free.sum())
    rise = solution.objective[winner] - found.objective[without]
    p = float(fdtrc(q, freedom, max(2 * rise / (q * problem.variance), 0.0)))
    if p > _CONTRADICTED:
        return []
    names = problem.names
    told = ", ".join(
        f"{name} {found.constants[without, names.index(name)]:.3g}, not "
        f"{solution.constants[winner, names.index(name)]:.3g}"
        for name in known.priors
    )
    return [
        f"The points contradict the priors (p-value {p:.1g}): alone they say {told}. "
        "Find out which is wrong, or drop the prior."
    ]
