"""The search for a fit: good starts, one solver, and a look at what came out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .. import engine
from ..errors import DataError, FitWarning
from ..laws import Chinchilla, Law
from ..laws._law import Array
from ._columns import (
    UNKNOWN,
    read_columns,
    read_params_kind,
    require_distinct,
    require_domain,
    require_identified,
    require_positive,
    require_varied,
    unit_hints,
    unit_of,
)
from ._fit import Fit, Status

__all__ = ["fit_chinchilla", "fit_law"]

_STARTS = 24
_OPTIMA = 4
_MANY = 2500
_GROWTH = 20
_DELTA_ROUNDS = 50
# Optima under a threshold that is a first guess need not be exact.
_ROUGH = 1e-6


def fit_chinchilla(
    runs: pd.DataFrame | Mapping[str, ArrayLike],
    *,
    params: str = "params",
    tokens: str = "tokens",
    loss: str = "loss",
    groups: str | None = None,
    delta: float | None = None,
    fixed: Mapping[str, float] | None = None,
    params_kind: str | None = None,
    loss_unit: str | None = None,
) -> Fit:
    r"""Fit L(N, D) = E + A / N^alpha + B / D^beta to final losses of runs.

    The objective is Hoffmann et al.'s: the sum of Huber losses of log L.

    Parameters
    ----------
    runs : DataFrame or mapping of columns
        One row a run; at least six.
    params, tokens, loss : str
        Names of the columns.
    groups : str, optional
        Column that names the independent unit of each run (seed, model);
        intervals resample units.
    delta : float, optional
        Huber threshold on log loss; ``1e-3`` repeats Hoffmann et al. and
        ``inf`` is least squares. By default 1.345 robust standard deviations
        of the residuals.
    fixed : mapping of str to float, optional
        Constants that are known, such as ``{"E": 1.9}``.
    params_kind : {"total", "non-embedding"}, optional
        What params count. By default what ``runs.attrs["units"]`` says, which
        :func:`load` writes; else it is unknown, and a comparison asks for it.
    loss_unit : str, optional
        Unit of the loss, such as ``"nats per token"``; by default that of ``attrs``.

    Returns
    -------
    Fit

    Raises
    ------
    DataError
        If columns are missing, values are not finite and positive (the rows
        are named), or there are fewer than six runs.
    FitError
        If the design does not identify the exponents: params or tokens take
        fewer than three values, or tokens are a fixed power of params.

    Warns
    -----
    FitWarning
        If the units look wrong, an estimate is at a bound, or starts disagree.

    References
    ----------
    Hoffmann et al. 2022, arXiv:2203.15556, Eq. 3; Besiroglu et al. 2024,
    arXiv:2404.10102.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> runs = sn.load("besiroglu2024_chinchilla_points")
    >>> fit = sn.fit_chinchilla(runs[runs["dropped_in_refit"] == 0], delta=1e-3)
    >>> round(fit["alpha"], 3), round(fit["beta"], 3), round(fit["E"], 3)
    (0.347, 0.367, 1.817)
    """
    columns = {"params": params, "tokens": tokens, "loss": loss}
    data = read_columns(runs, columns, groups)
    require_positive(data, columns)
    free = 5 - len(fixed or {})
    if len(data) < free + 1:
        raise DataError(
            f"{len(data)} runs are too few for {free} free constants: "
            f"give {free + 1} at least."
        )
    near = require_identified(data, columns, fixed or {})
    require_distinct(data, Chinchilla.inputs, free)
    hints = unit_hints(data, columns) + near
    return _fit(
        Chinchilla,
        data,
        delta,
        fixed or {},
        params_kind=read_params_kind(unit_of(runs, params), params_kind),
        loss_unit=loss_unit or unit_of(runs, loss) or UNKNOWN,
        messages=hints,
    )


def fit_law(
    law: type[Law],
    x: ArrayLike | Mapping[str, ArrayLike],
    y: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    delta: float | None = None,
    fixed: Mapping[str, float] | None = None,
    params_kind: str | None = None,
    loss_unit: str | None = None,
) -> Fit:
    """Fit any law of :mod:`scaling_notes.laws` to points.

    Parameters
    ----------
    law : type of Law
        The form, for instance ``sn.laws.Chinchilla``.
    x : array of shape (n,), or mapping of such arrays
        The input, or each input by its name in ``law.inputs``.
    y : array of shape (n,)
        The response.
    groups : array of shape (n,), optional
        Independent unit of each point.
    delta : float, optional
        Huber threshold on the law's scale; adaptive by default.
    fixed : mapping of str to float, optional
        Constants that are known.
    params_kind, loss_unit : str, optional
        As for :func:`fit_chinchilla`; the units of columns of a table are known.
        Without effect for a law that has no params, or predicts no loss.

    Returns
    -------
    Fit

    Raises
    ------
    DataError
        If inputs are missing, values cannot be used, or points are too few.

    Examples
    --------
    >>> import numpy as np
    >>> import scaling_notes as sn
    >>> truth = sn.laws.Chinchilla(E=1.7, A=400.0, B=2000.0, alpha=0.34, beta=0.37)
    >>> n, d = (g.ravel() for g in np.meshgrid(10.0 ** np.arange(7, 11),
    ...                                        10.0 ** np.arange(9, 13)))
    >>> fit = sn.fit_law(sn.laws.Chinchilla, {"params": n, "tokens": d}, truth(n, d))
    >>> round(fit["alpha"], 6), round(fit["E"], 6)
    (0.34, 1.7)
    """
    if not isinstance(x, Mapping):
        if len(law.inputs) != 1:
            raise DataError(
                f"{law.__name__} has the inputs {', '.join(law.inputs)}: "
                "give x as a mapping of them."
            )
        x = {law.inputs[0]: x}
    missing = [name for name in law.inputs if name not in x]
    if missing:
        raise DataError(
            f"x lacks {', '.join(map(repr, missing))}; {law.__name__} has the inputs "
            f"{', '.join(law.inputs)}."
        )
    columns = {name: name for name in (*law.inputs, law.response)}
    frame: dict[str, Any] = {n: x[n] for n in law.inputs} | {law.response: y}
    if groups is not None:
        frame["group"] = groups
    data = read_columns(frame, columns, None if groups is None else "group")
    require_domain(data, columns, law)
    free = len(law.constants()) - len(fixed or {})
    if len(data) < free + 1:
        raise DataError(
            f"{len(data)} points are too few for {free} free constants: "
            f"give {free + 1} at least."
        )
    hints: list[str] = []
    if law is Chinchilla:
        near = require_identified(data, columns, fixed or {})
        hints = unit_hints(data, columns) + near
    elif not fixed:
        require_varied(data, law.inputs)
    require_distinct(data, law.inputs, free)
    sizes = [n for n in (*law.inputs, law.response) if n.startswith("params")]
    of_params = x.get(sizes[0], y) if sizes else None
    return _fit(
        law,
        data,
        delta,
        fixed or {},
        read_params_kind(_own_unit(of_params), params_kind) if sizes else "",
        (loss_unit or _own_unit(y) or UNKNOWN) if law.response == "loss" else "",
        hints,
    )


def _own_unit(column: Any) -> str:
    """Return the unit of a column that was taken from a table with units."""
    return unit_of(column, getattr(column, "name", ""))


def _fit(
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
    optima: tuple[engine.Objective, engine.Solution] | None = None
    for rows in _parts(len(data)):
        some, y = {name: x[rows] for name, x in inputs.items()}, response[rows]
        starts = _distinct(*optima) if optima else _starts(law, some, y, fixed)
        problem, solution, residual, settled = _minimize(
            law, some, y, starts, delta, fixed, near=optima is not None
        )
        optima = problem, solution
    winner = int(solution.objective.argmin())
    fitted = law.from_array(solution.constants[winner])
    status, found = _judge(problem, solution, winner, fitted, settled)
    for message in (*messages, *found):
        warnings.warn(message, FitWarning, stacklevel=3)
    data["residual"] = residual
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
    blocks = np.array_split(problem.enter(starts), 1 + len(starts) // 64)
    cost = np.concatenate([problem.values(block, None) for block in blocks])
    return starts[np.argsort(cost, kind="stable")[:_STARTS]]


def _minimize(
    law: type[Law],
    inputs: Mapping[str, Array],
    response: Array,
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

    problem = engine.objective(law, inputs, response, delta or 1e-3)
    n_free = int(free.sum())
    if delta is None and near:
        residual = problem.residuals(problem.enter(starts[:1]))[0]
        problem = problem.within(engine.robust_delta(residual, n_free))
    tolerance = _ROUGH if delta is None else engine.TOLERANCE
    for rounds_left in reversed(range(1 + _DELTA_ROUNDS)):
        # All starts go on: another one may win under another threshold.
        solution = engine.solve(problem, starts, free=free, tolerance=tolerance)
        starts = solution.constants
        best = starts[[solution.objective.argmin()]]
        residual = problem.residuals(problem.enter(best))[0]
        trial = delta or engine.robust_delta(residual, n_free)
        settled = trial == problem.delta or abs(trial - problem.delta) <= 1e-6 * trial
        if (settled and tolerance != _ROUGH) or not rounds_left:
            break
        problem, tolerance = problem.within(trial), engine.TOLERANCE
    return problem, solution, residual, settled


def _distinct(problem: engine.Objective, solution: engine.Solution) -> Array:
    """Return the constants of the best few optima that differ."""
    order = np.argsort(solution.objective, kind="stable")
    theta = problem.enter(solution.constants)
    kept: list[int] = []
    for i in order:
        if all(np.abs(theta[i] - theta[j]).max() > 0.01 for j in kept):
            kept.append(int(i))
    return solution.constants[kept[:_OPTIMA]]


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
        if not np.isfinite(value) or (name in law.positive and not value > 0):
            kind = "positive" if name in law.positive else "finite"
            raise DataError(f"fixed {name} is {value}; give a {kind} number.")


def _judge(
    problem: engine.Objective,
    solution: engine.Solution,
    winner: int,
    law: Law,
    settled: bool,
) -> tuple[Status, list[str]]:
    """Return how a fit ended, and what there is to say of it."""
    if not solution.converged[winner]:
        return Status.UNCONVERGED, [
            "The solver stopped early: the estimates are not final."
        ]
    doubts = law.doubts(*problem.inputs)
    if doubts:
        return Status.AT_BOUND, doubts
    if not settled:
        return Status.UNCONVERGED, [
            f"The Huber threshold did not settle in {_DELTA_ROUNDS} rounds: optima "
            "take turns at being the least. Give delta, and look at the residuals."
        ]
    least = solution.objective[winner]
    slack = 1e-6 * least + engine.NEGLIGIBLE * len(problem.target)
    near = solution.converged & (solution.objective <= least + slack)
    theta = problem.enter(solution.constants[near])
    apart = np.ptp(theta, axis=0).max()
    if apart > 0.01:
        return Status.STARTS_DISAGREE, [
            "Starts ended at different estimates that fit equally well: the runs do "
            "not decide between them. Add runs, or fix a constant."
        ]
    return Status.CONVERGED, []
