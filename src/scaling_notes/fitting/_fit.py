"""What a fit is: estimates, what to doubt, and the questions it answers."""

from __future__ import annotations

import enum
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from .. import engine
from ..errors import DataError, FitWarning
from ..laws import Law
from ..laws._law import Array
from ..parallel import Executor, map_chunks, map_seeded, require_resamples
from ._bootstrap import Bootstrap
from ._bounds import Starts, both_sides
from ._compute_unit import largest_compute
from ._dependence import cluster
from ._interval import Interval, Quantity, evaluate, few_beyond
from ._known import Known
from ._profile_likelihood import Likelihood
from ._refit import refit, without
from ._table import Table, digits, table

__all__ = ["Fit", "Status"]

# Resamples in one piece of work, and resamples x points at most.
_CHUNK = 1000
_CELLS = 4_000_000
# Resamples without a sure answer can be the whole of one tail of 95 %.
_FEW = 0.025


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
        Inputs, response, residual, and ``group`` and ``standard_error`` where they
        were given; the index is that of the runs given.
    delta : float
        Huber threshold on the law's scale, or in standard errors.
    adaptive : bool
        Whether delta was derived from the residuals.
    objective : float
        Sum of Huber losses at the estimates.
    status : Status
    messages : tuple of str
        What to look at before using the fit; empty if nothing.
    params_kind : str
        ``"total"``, ``"non-embedding"`` or ``"unknown"``; empty for a law without
        params.
    loss_unit : str
        Unit of the loss, such as ``"nats per token"``, or ``"unknown"``; empty for
        a law that predicts no loss.
    fixed : mapping of str to float
        Constants that were given, not fitted.
    bounds : mapping of str to (lower, upper)
        Constants that were kept between two values.
    priors : mapping of str to (mean, standard deviation)
        Constants that were measured elsewhere too.
    quantile : float
        Order of the M-quantile, 0.5 for a symmetric loss.
    variance : float
        What the loss takes for the variance of a residual, against which priors
        count; 1 where there are none.
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
    bounds: Mapping[str, tuple[float, float]]
    priors: Mapping[str, tuple[float, float]]
    quantile: float
    variance: float

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

    @property
    def reach(self) -> float:
        """Largest compute of the runs, in FLOP; NaN for a law without it."""
        return largest_compute(self.law, self.data)

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
        return float(problem.values(problem.unconstrain(law.as_array()[None]), None)[0])

    def bootstrap(
        self,
        n_resamples: int = 4000,
        seed: int = 0,
        executor: Executor | None = None,
    ) -> Bootstrap:
        """Refit on resampled runs, or resampled groups where runs were grouped.

        A prior is a measurement like the runs: each refit draws its mean anew.

        Parameters
        ----------
        n_resamples : int
        seed : int
            Equal seeds give equal resamples, whatever runs them.
        executor : Executor, optional
            Anything with the ``map`` of ``concurrent.futures``: a process pool,
            or ``dask.distributed.Client.get_executor()``. None runs here.

        Returns
        -------
        Bootstrap

        Raises
        ------
        DataError
            If ``n_resamples`` is below 2.

        Warns
        -----
        FitWarning
            If more than a fortieth of the resamples do not identify every constant,
            or of the refits do not converge.
        """
        require_resamples(n_resamples)
        groups = self._groups()
        n_units = len(self.data) if groups is None else int(groups.max()) + 1
        chunk = max(1, min(_CHUNK, _CELLS // len(self.data)))
        sizes = [
            min(chunk, n_resamples - first) for first in range(0, n_resamples, chunk)
        ]
        work = partial(refit, self._problem(), self._starts(), groups, self._free())
        parts = map_seeded(work, sizes, seed, executor)
        unidentified = sum(lost for *_, lost in parts) / n_resamples
        converged = sum(done for _, done, *_ in parts) / n_resamples
        doubts = [self._doubt(), few_beyond(self.quantile, n_units)]
        if 1 - converged > _FEW:
            doubts.append(f"{1 - converged:.1%} of the refits did not converge")
            warnings.warn(
                f"{doubts[-1]}: intervals that hold them are not final. Fix a "
                "constant, or give it a bound or a prior.",
                FitWarning,
                stacklevel=2,
            )
        if unidentified > _FEW:
            warnings.warn(
                f"{unidentified:.1%} of the resamples do not identify every constant: "
                "few points decide them. Add points there, or fix a constant.",
                FitWarning,
                stacklevel=2,
            )
        return Bootstrap(
            law=self.law,
            laws=type(self.law).from_array(np.concatenate([c for c, *_ in parts])),
            residuals=self.residuals,
            n_units=n_units,
            seed=seed,
            converged=converged,
            params_kind=self.params_kind,
            loss_unit=self.loss_unit,
            restarted=sum(again for _, _, again, _ in parts),
            unidentified=unidentified,
            how="case bootstrap" + (", priors drawn anew" if self.priors else ""),
            doubt=", ".join(filter(None, doubts)),
            reach=self.reach,
        )

    def profile(self, name: str, confidence_level: float = 0.95) -> Interval:
        """Return the interval of a constant by profile: a check on the bootstrap.

        The constant is held at one value after another while the others adapt.
        The interval is where the objective stays below a threshold that comes
        from the scale of the residuals.

        Parameters
        ----------
        name : str
            A constant that was fitted, such as ``"alpha"``.
        confidence_level : float

        Returns
        -------
        Interval
            An end is infinite (zero, for a constant that is positive) where the
            runs set no limit, and at its bound where the fit has one.

        Raises
        ------
        DataError
            If the name is no free constant, runs are grouped (a profile takes
            every run as independent) or fewer than six.
        FitError
            If the objective falls with the constant held: the fit was not at its
            least.

        References
        ----------
        Venzon and Moolgavkar 1988, doi:10.2307/2347496; for the Huber loss,
        Hampel, Ronchetti, Rousseeuw and Stahel 1986, *Robust Statistics*, Ch. 7.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> runs = sn.load("besiroglu2024_chinchilla_points")
        >>> fit = sn.fit_chinchilla(runs[runs["dropped_in_refit"] == 0])
        >>> i = fit.profile("alpha")
        >>> i.low < fit["alpha"] < i.high
        True
        """
        if self._groups() is not None:
            raise DataError(
                "These runs are grouped, and a profile takes every run as independent: "
                "use bootstrap(), which resamples groups."
            )
        return self._likelihood().interval(name, confidence_level)

    def p_value(self, **held: float) -> float:
        """Test constants by profile: are these values compatible with the runs?

        Parameters
        ----------
        **held : float
            Constants and their values under test, alone (``E=0.0``) or
            together (``alpha=0.34, beta=0.28``).

        Returns
        -------
        float
            Chance of so large a rise of the objective if the values were true.
            At the edge of what a constant can be, as at ``E=0``, it errs
            towards not rejecting; so it does where runs are grouped, as a group
            counts as one run, as if its runs repeated each other.

        Raises
        ------
        DataError
            If a name is no free constant, its value is impossible, or there are
            no more groups than constants.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> runs = sn.load("besiroglu2024_chinchilla_points")
        >>> fit = sn.fit_chinchilla(runs[runs["dropped_in_refit"] == 0])
        >>> fit.p_value(E=0.0) < 0.05
        True
        """
        return self._likelihood().p_value(held)

    def _likelihood(self) -> Likelihood:
        groups = self._groups()
        n_units = len(self.data) if groups is None else int(groups.max()) + 1
        others = self._starts().all[1:]
        constants, free = self.law.as_array(), self._free()
        return Likelihood(self._problem(), constants, free, others, n_units)

    def leverage(self, executor: Executor | None = None) -> pd.DataFrame:
        """Rank runs by how far the estimates move when one is dropped.

        Parameters
        ----------
        executor : Executor, optional
            As for :meth:`bootstrap`; it pays above a few thousand runs.

        Returns
        -------
        pandas.DataFrame
            Index of the runs. A column for the change of each constant and
            derived quantity, and ``shift``: the largest change in units of its
            jackknife standard error. Largest shift first.
        """
        n = len(self.data)
        size = max(1, min(_CHUNK, _CELLS // n))
        starts = self._starts().interior
        work = partial(without, self._problem(), starts, self._free())
        rows = [np.arange(i, min(i + size, n)) for i in range(0, n, size)]
        constants = np.concatenate(map_chunks(work, rows, executor))
        laws = type(self.law).from_array(constants)
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
        error = None
        if "standard_error" in self.data:
            error = self.data["standard_error"].to_numpy(float)
        known = Known(self.fixed, self.bounds, self.priors)
        problem = engine.objective(
            type(self.law),
            inputs,
            response,
            self.delta,
            error,
            self.quantile,
            known.prior(type(self.law)),
        )
        return problem.with_delta(self.delta, self.variance)

    def _doubt(self) -> str:
        """Return why intervals that take points as independent are too narrow."""
        inputs = {n: self.data[n].to_numpy(float) for n in self.law.inputs}
        grouped = "group" in self.data
        residual = self.residuals * self._problem().per_error
        found = None if grouped else cluster(inputs, residual)
        return f"residuals cluster {found.where}" if found else ""

    def _starts(self) -> Starts:
        return both_sides(self._problem(), self.law.as_array(), self._free())

    def _groups(self) -> np.ndarray | None:
        if "group" not in self.data:
            return None
        return pd.factorize(self.data["group"])[0]

    def _free(self) -> np.ndarray:
        return np.array([n not in self.fixed for n in self.law.constants()])

    def _facts(self) -> str:
        delta = "least squares" if np.isinf(self.delta) else f"delta {self.delta:.3g}"
        adaptive = " (adaptive)" if self.adaptive else ""
        how = delta + adaptive
        if self.quantile != 0.5:
            how += f", quantile {self.quantile:g}"
        if self.bounds:
            how += f", {', '.join(self.bounds)} bounded"
        if self.priors:
            how += f", prior of {', '.join(self.priors)}"
        return (
            f"{type(self.law).__name__} fitted to {len(self.data)} runs, "
            f"{how}, objective {self.objective:.4e}: {self.status.value}"
        )

    def _table(self) -> Table:
        names = (*self.law.constants(), *self.law.derived)
        values = [digits(self[n]) for n in names]
        return table(pd.DataFrame({"quantity": names, "estimate": values}))

    def __repr__(self) -> str:
        return "\n".join([self._facts(), repr(self._table()), *self.messages])

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{m}</p>" for m in self.messages)
        return f"<p>{self._facts()}</p>{self._table()._repr_html_()}{notes}"
