"""Fit a law to runs: check the data, search, solve, and say what to doubt."""

from __future__ import annotations

import enum
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from . import engine
from .design import read_columns, require_identified, require_positive, unit_hints
from .errors import DataError, FitWarning
from .intervals import Bootstrap, Quantity, digits, evaluate, resample_counts
from .laws import Chinchilla, Law
from .laws._law import Array

__all__ = ["Fit", "Status", "fit_chinchilla", "fit_law"]

_STARTS = 24
_CHUNK = 500
# 1.4826 makes the median absolute deviation a standard deviation for Gaussian
# noise; 1.345 of those keeps 95 % of the efficiency of least squares there.
_HUBER = 1.345 * 1.4826


class Status(enum.Enum):
    """How a fit ended. The value is the message."""

    CONVERGED = "converged"
    AT_BOUND = "converged with an estimate at the edge of what the form allows"
    STARTS_DISAGREE = "converged, but good starts ended at different estimates"
    UNCONVERGED = "not converged"


@dataclass(frozen=True, eq=False)
class Fit:
    """A law fitted to runs, with what is needed to doubt it.

    Attributes
    ----------
    law : Law
        The law at its estimates.
    data : pandas.DataFrame
        Inputs, response, residual, and ``group`` where runs were grouped; the
        index is that of the runs given.
    delta : float
        Huber threshold on the law's scale.
    adaptive : bool
        Whether delta was derived from the residuals.
    objective : float
        Sum of Huber losses at the estimates.
    status : Status
    messages : tuple of str
        What to look at before using the fit; empty if nothing.
    params_kind : str
        ``"total"`` or ``"non-embedding"``.
    loss_unit : str
        Unit of the loss, ``"nats per token"`` by default.
    fixed : mapping of str to float
        Constants that were given, not fitted.
    """

    law: Law
    data: pd.DataFrame
    delta: float
    adaptive: bool
    objective: float
    status: Status
    messages: tuple[str, ...]
    params_kind: str
    loss_unit: str
    fixed: Mapping[str, float]

    @property
    def estimates(self) -> dict[str, float]:
        """The constants of the law by name."""
        return {n: float(getattr(self.law, n)) for n in self.law.constants()}

    def __getitem__(self, quantity: Quantity) -> float:
        """Return a constant (``"alpha"``) or derived quantity (``"n_exponent"``)."""
        return float(np.asarray(evaluate(quantity, self.law)))

    @property
    def residuals(self) -> Array:
        """Residuals on the law's scale (log loss for loss laws), shape ``(n,)``."""
        return self.data["residual"].to_numpy()

    def objective_of(self, law: Law) -> float:
        """Return the fit's objective at other constants, say printed ones.

        Raises
        ------
        DataError
            If the law is of another form.
        """
        if type(law) is not type(self.law):
            raise DataError(
                f"This fit is of {type(self.law).__name__}, the constants are of "
                f"{type(law).__name__}: compare like with like."
            )
        problem = self._problem()
        return float(problem.values(problem.enter(law.as_array()[None]), None)[0])

    def bootstrap(self, n_resamples: int = 4000, seed: int = 0) -> Bootstrap:
        """Refit on resampled runs, or resampled groups where runs were grouped.

        Parameters
        ----------
        n_resamples : int
        seed : int
            Equal seeds give equal resamples.

        Returns
        -------
        Bootstrap

        Raises
        ------
        DataError
            If ``n_resamples`` is below 2.
        """
        if n_resamples < 2:
            raise DataError(f"n_resamples is {n_resamples}; give 2 or more.")
        problem = self._problem()
        groups = self._groups()
        start = self.law.as_array()
        constants, converged = [], 0
        for j, first in enumerate(range(0, n_resamples, _CHUNK)):
            # A chunk draws from its own stream: results do not depend on who runs it.
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(j,)))
            size = min(_CHUNK, n_resamples - first)
            counts = resample_counts(len(self.data), groups, size, rng)
            solution = engine.solve(
                problem, np.tile(start, (size, 1)), counts, self._free()
            )
            constants.append(solution.constants)
            converged += int(solution.converged.sum())
        return Bootstrap(
            law=self.law,
            laws=type(self.law).from_array(np.concatenate(constants)),
            residuals=self.residuals,
            n_units=len(self.data) if groups is None else int(groups.max()) + 1,
            seed=seed,
            converged=converged / n_resamples,
            params_kind=self.params_kind,
            loss_unit=self.loss_unit,
        )

    def leverage(self) -> pd.DataFrame:
        """Rank runs by how far the estimates move when one is dropped.

        Returns
        -------
        pandas.DataFrame
            Index of the runs. A column for the change of each constant and
            derived quantity, and ``shift``: the largest change in units of its
            jackknife standard error. Largest shift first.
        """
        n = len(self.data)
        solution = engine.solve(
            self._problem(),
            np.tile(self.law.as_array(), (n, 1)),
            1.0 - np.eye(n),
            self._free(),
        )
        laws = type(self.law).from_array(solution.constants)
        names = [n for n in self.law.constants() if n not in self.fixed]
        names += self.law.derived
        change = pd.DataFrame(
            {name: np.asarray(getattr(laws, name)) - self[name] for name in names},
            index=self.data.index,
        )
        spread = np.sqrt((n - 1) / n * ((change - change.mean()) ** 2).sum())
        # A quantity that no run moves (a shared or fixed one) has no shift.
        change["shift"] = (change / spread.where(spread > 0)).abs().max(axis=1)
        return change.sort_values("shift", ascending=False, kind="stable")

    def _problem(self) -> engine.Objective:
        inputs = {n: self.data[n].to_numpy(float) for n in self.law.inputs}
        response = self.data[self.law.response].to_numpy(float)
        return engine.objective(type(self.law), inputs, response, self.delta)

    def _groups(self) -> np.ndarray | None:
        if "group" not in self.data:
            return None
        return pd.factorize(self.data["group"])[0]

    def _free(self) -> np.ndarray:
        return np.array([n not in self.fixed for n in self.law.constants()])

    def _facts(self) -> str:
        delta = "least squares" if np.isinf(self.delta) else f"delta {self.delta:.3g}"
        adaptive = " (adaptive)" if self.adaptive else ""
        return (
            f"{type(self.law).__name__} fitted to {len(self.data)} runs, "
            f"{delta}{adaptive}, objective {self.objective:.4e}: {self.status.value}"
        )

    def _table(self) -> pd.DataFrame:
        names = (*self.law.constants(), *self.law.derived)
        table = pd.DataFrame({"estimate": {n: digits(self[n]) for n in names}})
        return table.rename_axis("quantity")

    def __repr__(self) -> str:
        return "\n".join([self._facts(), self._table().to_string(), *self.messages])

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{m}</p>" for m in self.messages)
        return f"<p>{self._facts()}</p>{self._table().to_html(border=0)}{notes}"


def fit_chinchilla(
    runs: pd.DataFrame | Mapping[str, ArrayLike],
    *,
    params: str = "params",
    tokens: str = "tokens",
    loss: str = "loss",
    groups: str | None = None,
    delta: float | None = None,
    fixed: Mapping[str, float] | None = None,
) -> Fit:
    r"""Fit L(N, D) = E + A / N^alpha + B / D^beta to final losses of runs.

    The objective is Hoffmann et al.'s: the sum of Huber losses of log L.

    Parameters
    ----------
    runs : DataFrame or mapping of columns
        One row a run; at least six.
    params, tokens, loss : str
        Names of the columns. A params column whose name holds
        ``non_embedding`` is remembered as such, and a loss column named
        ``loss_bits_per_byte`` as bits per byte.
    groups : str, optional
        Column that names the independent unit of each run (seed, model);
        intervals resample units.
    delta : float, optional
        Huber threshold on log loss; ``1e-3`` repeats Hoffmann et al. and
        ``inf`` is least squares. By default 1.345 robust standard deviations
        of the residuals.
    fixed : mapping of str to float, optional
        Constants that are known, such as ``{"E": 1.9}``.

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
    require_identified(data, columns)
    hints = unit_hints(data, columns)
    return _fit(
        Chinchilla,
        data,
        delta,
        fixed or {},
        params_kind="non-embedding" if "non_embedding" in params else "total",
        loss_unit=_loss_unit(loss),
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
    columns = {name: name for name in (*law.inputs, law.response)}
    frame: dict[str, Any] = dict(x) | {law.response: y}
    if groups is not None:
        frame["group"] = groups
    data = read_columns(frame, columns, None if groups is None else "group")
    require_positive(data, columns)
    free = len(law.constants()) - len(fixed or {})
    if len(data) < free + 1:
        raise DataError(
            f"{len(data)} points are too few for {free} free constants: "
            f"give {free + 1} at least."
        )
    return _fit(law, data, delta, fixed or {}, "total", "nats per token", [])


def _fit(
    law: type[Law],
    data: pd.DataFrame,
    delta: float | None,
    fixed: Mapping[str, float],
    params_kind: str,
    loss_unit: str,
    messages: list[str],
) -> Fit:
    names = law.constants()
    unknown = sorted(set(fixed) - set(names))
    if unknown:
        raise DataError(f"{', '.join(unknown)} is not one of {', '.join(names)}.")
    if delta is not None and not delta > 0:
        raise DataError(f"delta is {delta}; give a positive number, inf or None.")
    inputs = {n: data[n].to_numpy(float) for n in law.inputs}
    response = data[law.response].to_numpy(float)
    free = np.array([n not in fixed for n in names])
    starts = law.starts(inputs, response)[:_STARTS].copy()
    for name, value in fixed.items():
        starts[:, names.index(name)] = value
    # A start at zero has no logarithm; it begins small instead.
    logged = np.array([n in law.positive for n in names])
    starts[:, logged] = np.maximum(starts[:, logged], 1e-8)

    trial = 1e-3 if delta is None else delta
    problem = engine.objective(law, inputs, response, trial)
    solution = engine.solve(problem, starts, free=free)
    if delta is None:
        for _ in range(50):
            best = solution.constants[solution.objective.argmin()]
            residual = problem.residuals(problem.enter(best[None]))[0]
            trial, before = robust_delta(residual), trial
            problem = engine.objective(law, inputs, response, trial)
            again = solution.constants if before == 1e-3 else best[None]
            solution = engine.solve(problem, again, free=free)
            if abs(trial - before) <= 1e-6 * trial:
                break
    winner = int(solution.objective.argmin())
    constants = solution.constants[winner]
    objective = float(solution.objective[winner])
    status = Status.CONVERGED if solution.converged[winner] else Status.UNCONVERGED
    if status is Status.UNCONVERGED:
        messages = [*messages, "The solver stopped early: the estimates are not final."]
    small = _at_bound(law, constants, fixed, response)
    if small and status is Status.CONVERGED:
        status = Status.AT_BOUND
        messages = [
            *messages,
            f"{', '.join(small)} went to zero: the data do not call for that term. "
            "Fix it, or use a simpler form.",
        ]
    for message in messages:
        warnings.warn(message, FitWarning, stacklevel=3)
    fitted = law.from_array(constants)
    frame = data.copy()
    frame["residual"] = problem.residuals(problem.enter(constants[None]))[0]
    return Fit(
        law=fitted,
        data=frame,
        delta=trial,
        adaptive=delta is None,
        objective=objective,
        status=status,
        messages=tuple(messages),
        params_kind=params_kind,
        loss_unit=loss_unit,
        fixed=dict(fixed),
    )


def robust_delta(residual: Array) -> float:
    """Return 1.345 robust standard deviations of residuals."""
    spread = float(np.median(np.abs(residual - np.median(residual))))
    # Exact data leave only rounding; the threshold must stay above it.
    return max(_HUBER * spread, 1e-10)


def _at_bound(
    law: type[Law], constants: Array, fixed: Mapping[str, float], response: Array
) -> list[str]:
    if not law.linear:
        return []
    names = law.constants()
    smallest = float(response.min())
    offsets = [n for n in ("E",) if n in names and n not in fixed]
    return [n for n in offsets if constants[names.index(n)] < 1e-6 * smallest]


def _loss_unit(column: str) -> str:
    if column == "loss" or column.endswith("nats_per_token"):
        return "nats per token"
    if column.startswith("loss_"):
        return column.removeprefix("loss_").replace("_", " ")
    return column
