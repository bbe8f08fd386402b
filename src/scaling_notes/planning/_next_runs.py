"""Which runs to buy next, so that a forecast gets surer for the compute they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..accounting import training_flops
from ..accounting._checks import whole
from ..engine import robust_delta
from ..errors import DataError, FitError
from ..fitting import (
    FAMILIES,
    Bootstrap,
    Calibrated,
    Calibration,
    Fit,
    Table,
    as_frame,
    digits,
    read_calibration,
    read_columns,
    require_positive,
    table,
)
from ..laws import Law
from ..laws._chinchilla import SizeAndData
from ..laws._law import Array
from ._checks import read_budgets, require_models
from ._shop import Shop

__all__ = ["NextRuns", "next_runs"]

# The default grid: sizes around the best one, at halvings of the compute.
_SIZES = 2.0 ** np.arange(-3.0, 3.1, 0.5)
_HALVINGS = 0.5 ** np.arange(8.0)
_STEP = 1e-5
_SHOWN = 10


@dataclass(frozen=True, eq=False)
class NextRuns:
    """The runs to buy, and what they are expected to do.

    Attributes
    ----------
    runs : pandas.DataFrame
        The chosen candidates in the order in which they pay, with their labels:
        ``params``, ``tokens``, ``flops`` and ``standard_error``, that of the
        forecast once this run and those above it are in.
    before, after : float
        Standard error of the log of the forecast, now and with all the runs.
    quantity : str
        What is forecast, ``"loss"`` or ``"params"``.
    flops : float
        The budget.
    target_flops : array of shape (g,)
    n_candidates : int
        Candidates within the budget.
    form_before, form_after : float
        How far off the form itself may be at the target, as the forecasts of other
        sweeps were, now and with all the runs; NaN where the compute behind a fit is
        not known. No run at this budget lessens it but by coming nearer the target.
    """

    runs: pd.DataFrame
    before: float
    after: float
    quantity: str
    flops: float
    target_flops: Array
    n_candidates: int
    form_before: float
    form_after: float

    @property
    def cost(self) -> float:
        """Compute of the chosen runs in FLOP."""
        return float(self.runs["flops"].sum())

    def _facts(self) -> str:
        at = " and ".join(f"{c:.3g}" for c in self.target_flops)
        return (
            f"{len(self.runs)} of {self.n_candidates} candidates for {self.cost:.3g} "
            f"of {self.flops:.3g} FLOP. Standard error of log {self.quantity} at {at} "
            f"FLOP: {digits(self.before, 3)} now, {digits(self.after, 3)} with them."
            + self._form()
        )

    def _form(self) -> str:
        if not np.isfinite(self.form_before):
            return ""
        return (
            f" The form itself may be off by {digits(self.form_before, 2)} there, by "
            f"{digits(self.form_after, 2)} with them."
        )

    def __repr__(self) -> str:
        return f"{self._facts()}\n{self._table()}{self._more()}"

    def _repr_html_(self) -> str:
        shown = self._table()._repr_html_()
        return f"<p>{self._facts()}</p>{shown}<p>{self._more()}</p>"

    def _table(self) -> Table:
        return table(self.runs.head(_SHOWN).reset_index(drop=True))

    def _more(self) -> str:
        more = len(self.runs) - _SHOWN
        return f"\nand {more} more" if more > 0 else ""


def next_runs(
    fit: Fit | Bootstrap,
    *,
    flops: float,
    target_flops: ArrayLike,
    candidates: pd.DataFrame | Mapping[str, ArrayLike] | None = None,
    quantity: Literal["loss", "params"] = "loss",
    n_runs: int | None = None,
    calibration: Calibrated = FAMILIES,
) -> NextRuns:
    r"""Choose the runs that most narrow a forecast for the compute they cost.

    Parameters
    ----------
    fit : Fit or Bootstrap
        Of a form in params and tokens alone, such as Chinchilla's. A fit is taken as
        linear in its constants; a bootstrap brings its refits as they are spread.
    flops : float
        Compute to spend, in FLOP.
    target_flops : float or array of shape (g,)
        Where the forecast is wanted; of several the mean variance counts.
    candidates : DataFrame or mapping, optional
        Runs that could be bought: ``params``, ``tokens`` and, where it is not
        6 N D, ``flops``. Each is bought once at most; list what may be repeated
        repeatedly. By default 13 sizes around the best one at each of 8
        budgets, from ``flops`` down by halves.
    quantity : {"loss", "params"}
        Forecast the least loss at the target, or the size that has it.
    n_runs : int, optional
        Buy at most so many.
    calibration : sequence of str, Calibration, or None
        Families of sweeps whose misses say how far off the form may be at the
        target, as for :func:`~scaling_notes.forecast`. None says nothing of it.

    Returns
    -------
    NextRuns

    Raises
    ------
    DataError
        If the budget buys no candidate, or an argument is impossible.
    FitError
        If the runs there are leave a constant open, or no noise to reckon with.

    Notes
    -----
    With g the gradient of a forecast and J that of a run, both of the log, by
    the constants, :math:`\Sigma` their covariance and :math:`\sigma` the scale
    of the residuals, a run takes

    .. math:: (g^T \Sigma J)^2 / (\sigma^2 + J^T \Sigma J)

    from the variance of the forecast, whatever its loss turns out to be. Runs are
    added by that gain over a power of their cost (0, 1/2, 1: the best of the
    three is kept) while the budget lasts, and then exchanged while that gains.
    The law is taken as true: a form that is wrong far from the target is not seen.

    References
    ----------
    Fedorov 1972, *Theory of Optimal Experiments*, Ch. 3 (exchange); Li et al.
    2026, arXiv:2604.22753, for scaling laws.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> runs = sn.load("besiroglu2024_chinchilla_points")
    >>> fit = sn.fit_chinchilla(runs[runs["dropped_in_refit"] == 0])
    >>> bought = sn.next_runs(fit, flops=1e22, target_flops=1e25)
    >>> bought.cost <= 1e22, bought.after < bought.before
    (True, True)
    """
    known = read_calibration(calibration)
    if not isinstance(fit, Fit | Bootstrap):
        raise DataError(
            f"fit is a {type(fit).__name__}; give a fit or its bootstrap, whose spread "
            "the runs are to narrow."
        )
    if not isinstance(fit.law, SizeAndData):
        name = type(fit.law).__name__
        raise DataError(
            f"{name} has no optimum in params and tokens alone to forecast."
        )
    if quantity not in ("loss", "params"):
        raise DataError(f"quantity is {quantity!r}; use 'loss' or 'params'.")
    target = read_budgets(target_flops, "target_flops")
    if np.ndim(flops):
        raise DataError("flops is one budget, for all the runs together.")
    budgets = {"flops": read_budgets(flops, "flops"), "target_flops": target}
    if candidates is not None:
        del budgets["flops"]
    for name, spent in budgets.items():
        best = fit.law.optimum(spent)
        require_models(np.asarray(best.params), np.asarray(best.tokens), spent, name)
    if n_runs is not None:
        n_runs = whole(n_runs, "n_runs")
    pool = _grid(fit.law, flops) if candidates is None else _read(candidates)
    within = pool[pool["flops"] <= flops]
    if within.empty:
        raise DataError(
            f"The cheapest candidate costs {pool['flops'].min():.3g} FLOP, more than "
            f"the {flops:.3g} there are: raise flops or add smaller candidates."
        )
    spread = _of_fit if isinstance(fit, Fit) else _of_refits
    vectors = spread(fit, within, target, quantity == "params")  # type: ignore[arg-type]
    runs, forecasts = np.split(vectors, [len(within)])
    limit = len(within) if n_runs is None else n_runs
    shop = Shop(runs, forecasts, within["flops"].to_numpy(), flops, limit)
    chosen = shop.best()
    left = [shop.variance(chosen[: i + 1]) for i in range(len(chosen))]
    bought = within.iloc[chosen]
    work = float((bought["params"] * bought["tokens"]).max())
    reached = max(fit.reach, fit.law.flops_per_param_token * work)
    form = [
        _form_error(fit.law, reach, target, quantity, known)
        for reach in (fit.reach, reached)
    ]
    return NextRuns(
        bought.assign(standard_error=np.sqrt(left)),
        before=float(np.sqrt(shop.variance([]))),
        after=float(np.sqrt(left[-1])),
        quantity=quantity,
        flops=flops,
        target_flops=target,
        n_candidates=len(within),
        form_before=form[0],
        form_after=form[1],
    )


def _form_error(
    law: SizeAndData,
    reach: float,
    target: Array,
    quantity: str,
    known: Calibration | None,
) -> float:
    """Return how far off the form may be at targets, root mean square."""
    if known is None or not np.isfinite(reach):
        return np.nan
    if quantity == "params":
        spread = known.size_spread(target / reach)
    else:
        losses = np.asarray(law.optimum(np.maximum(target, reach)).loss)
        there = np.asarray(law.optimum(reach).loss)
        spread = known.change_share * np.log(there / losses)
    return float(np.sqrt(np.mean(spread**2)))


def _grid(law: SizeAndData, flops: float) -> pd.DataFrame:
    spent = flops * np.repeat(_HALVINGS, len(_SIZES))
    params = np.asarray(law.optimum(spent).params) * np.tile(_SIZES, len(_HALVINGS))
    columns = {
        "params": params,
        "tokens": spent / law.flops_per_param_token / params,
        "flops": spent,
    }
    return pd.DataFrame(columns)


def _read(candidates: pd.DataFrame | Mapping[str, ArrayLike]) -> pd.DataFrame:
    candidates = as_frame(candidates)
    names = ["params", "tokens", *(["flops"] if "flops" in candidates else [])]
    columns = dict(zip(names, names, strict=True))
    pool = read_columns(candidates, columns, None)
    if pool.empty:
        raise DataError("candidates has no row: give runs that could be bought.")
    require_positive(pool, columns)
    spent = training_flops(pool["params"], pool["tokens"])
    return pool.assign(flops=pool.get("flops", spent))


# Runs and forecasts become vectors: the products of two are the covariances of what
# the fit says of them. Those of runs are in units of the noise that a new run has.


def _of_fit(fit: Fit, runs: pd.DataFrame, target: Array, sizes: bool) -> Array:
    """Return vectors from the gradients by the constants that were fitted."""
    if "group" in fit.data:
        raise DataError(
            "These runs are grouped, and a fit alone takes each as independent: give "
            "its bootstrap."
        )
    if "standard_error" in fit.data or fit.bounds or fit.priors or fit.quantile != 0.5:
        raise DataError(
            "A fit with standard errors, bounds, priors or a quantile is not linear in "
            "equal runs: give its bootstrap, whose refits hold them all."
        )
    constants, n = fit.law.as_array(), len(fit.data)
    free = [k not in fit.fixed for k in fit.law.constants()]
    moves = _STEP * np.diag(constants)[free]
    ends = type(fit.law).from_array(
        np.concatenate([constants + moves, constants - moves])
    )
    everywhere = pd.concat([fit.data, runs], ignore_index=True)
    up, down = np.split(_logs(ends, fit.law, everywhere, target, sizes), 2)
    gradients = (up - down).T / (2 * _STEP)
    _, triangle = np.linalg.qr(gradients[:n])
    open_ = np.abs(np.diag(triangle)) <= 1e-6 * np.linalg.norm(triangle, axis=0)
    if n <= len(moves) or open_.any():
        raise FitError(
            "The runs leave a constant of the law open, so no standard error follows "
            "from the fit: fix it, fit more runs, or give the bootstrap."
        )
    vectors = np.linalg.solve(triangle.T, gradients[n:].T).T
    vectors[len(runs) :] *= _noise(fit.residuals, fit.delta, len(moves))
    return vectors


def _of_refits(
    boot: Bootstrap, runs: pd.DataFrame, target: Array, sizes: bool
) -> Array:
    """Return vectors from how the refits differ."""
    with np.errstate(all="ignore"):
        logs = _logs(boot.laws, boot.law, runs, target, sizes).T
    if not np.isfinite(logs).all():
        lost = int((~np.isfinite(logs).all(axis=0)).sum())
        raise FitError(
            f"{lost} of {logs.shape[1]} refits have no finite forecast there: the runs "
            "leave a constant of the law open. Fix it, or fit more runs."
        )
    p = len(boot.law.constants())
    logs[: len(runs)] /= _noise(boot.residuals, robust_delta(boot.residuals), p)
    logs = (logs - logs.mean(axis=1, keepdims=True)) / np.sqrt(logs.shape[1] - 1)
    # Refits vary in a few directions only: the same products from short vectors.
    left, lengths, _ = np.linalg.svd(logs, full_matrices=False)
    return np.asarray((left * lengths)[:, lengths > 1e-6 * lengths[0]])


def _logs(laws: Law, law: Law, runs: pd.DataFrame, target: Array, sizes: bool) -> Array:
    """Return the logs of the losses of runs and of the forecasts, a row a law."""
    many = laws.over()
    # At the optimum the loss does not change with the size, to first order.
    best = (many if sizes else law).optimum(target)  # type: ignore[attr-defined]
    n, d = np.asarray(best.params), np.asarray(best.tokens)
    losses = many.value(runs["params"].to_numpy(), runs["tokens"].to_numpy())
    return np.log(np.concatenate([losses, n if sizes else many.value(n, d)], axis=1))


def _noise(residuals: Array, delta: float, n_free: int) -> float:
    """Return the standard deviation that residuals have for a Huber fit."""
    n, psi = len(residuals), np.clip(residuals, -delta, delta)
    inside = float(np.mean(np.abs(residuals) <= delta))
    spread = float(np.sum(psi**2))
    if inside == 0 or n <= n_free or spread <= n * 1e-20:
        raise FitError(
            "The residuals have no scale to reckon with: too few runs, an exact fit, "
            "or a delta below all of them. Fit more runs, with delta=None."
        )
    return float(np.sqrt(spread / (n - n_free))) / inside
