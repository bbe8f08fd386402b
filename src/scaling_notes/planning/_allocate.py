"""How to spend a training budget."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..errors import DataError
from ..fitting import (
    FAMILIES,
    KINDS,
    MIN_UNITS,
    UNKNOWN,
    Bootstrap,
    Calibrated,
    Calibration,
    Fit,
    Interval,
    Profile,
    digits,
    normal,
    percentile,
    read_calibration,
    read_params_kind,
    require_everywhere,
    require_units,
    student,
    table,
)
from ..laws import Law
from ..laws._law import Array
from ._beyond import Beyond, same_count
from ._checks import read_budgets, read_number, require_models
from ._optimum import Budget, optimum, where_terms_fall

__all__ = ["Allocation", "allocate"]

_FIELDS = ("params", "tokens", "loss", "tokens_per_param")


@dataclass(frozen=True, eq=False)
class Allocation:
    """The best params and tokens for one or more budgets.

    Attributes
    ----------
    flops : array of shape (g,)
        The budgets.
    params, tokens, loss : array of shape (g,)
        What to train, and the loss the law expects.
    samples : mapping of str to array of shape (n_resamples, g), or None
        The same for every refit, where a bootstrap was given.
    n_units : int
        Independent units behind the samples.
    how : str
        How the samples were obtained, and what to doubt in them.
    params_kind, loss_unit : str
        What the fit counted.
    budget : Budget
        What tokens are left for a size, and the loss that a law expects there.
    law, laws : Law
        The law, and its refits or None.
    reach : float
        Largest training compute of the runs behind the law, as the budget counts
        it; NaN where it is not known.
    calibration : Calibration or None
        How forecasts of other sweeps missed, by which intervals beyond the runs are
        wider than the refits are apart.
    """

    flops: Array
    params: Array
    tokens: Array
    loss: Array
    samples: dict[str, Array] | None
    n_units: int
    how: str
    params_kind: str
    loss_unit: str
    budget: Budget
    law: Law
    laws: Law | None
    reach: float
    calibration: Calibration | None

    @property
    def factor(self) -> Array:
        """How many times the largest compute of the runs; NaN if it is not known.

        What use costs is no part of it: compute of training is compared.
        """
        return self._beyond.factor(self.reach)

    @property
    def _beyond(self) -> Beyond:
        return Beyond(*(getattr(self, field.name) for field in fields(Beyond)))

    @property
    def tokens_per_param(self) -> Array:
        """Tokens per parameter."""
        return self.tokens / self.params

    def interval(self, quantity: str, confidence_level: float = 0.95) -> Interval:
        """Return the interval of params, tokens, loss or tokens_per_param.

        Raises
        ------
        DataError
            If the allocation holds several budgets, came from a fit without a
            bootstrap or from fewer than six independent units, or some refits
            have no optimum.
        """
        if quantity not in _FIELDS:
            raise DataError(f"{quantity!r} is not one of {', '.join(_FIELDS)}.")
        if self.samples is None:
            raise DataError(
                "No interval: allocate from fit.bootstrap(), not from a fit."
            )
        if self.flops.size != 1:
            raise DataError("interval() is for one budget; use table() for several.")
        require_units(self.n_units)
        samples = self.samples[quantity][:, 0]
        require_everywhere(samples)
        low, high = self._ends(quantity, confidence_level)
        beyond = self.calibration is not None and self.factor[0] > 1
        return Interval(
            value=float(getattr(self, quantity)[0]),
            low=float(low[0]),
            high=float(high[0]),
            confidence_level=confidence_level,
            n=self.n_units,
            how=self.how + (self._widening() if beyond else ""),
        )

    def _widening(self) -> str:
        assert self.calibration is not None
        times = digits(float(self.factor[0]), 2)
        return f", wider at {times} times the compute, {self.calibration.how}"

    def _ends(self, quantity: str, confidence_level: float) -> tuple[Array, Array]:
        """Return both ends at every budget: refits, and how forms miss beyond runs."""
        assert self.samples is not None
        low, high = percentile(self.samples[quantity], confidence_level)
        factor = self.factor
        if self.calibration is None or not (factor > 1).any():
            return low, high
        value = getattr(self, quantity)
        # No end, or none left of what use takes, is zero or infinite.
        with np.errstate(all="ignore"):
            if quantity == "loss":
                fall = self._beyond.fall(self.reach)
                times = student(confidence_level)
                down = up = times * self.calibration.change_share * fall
            else:
                by = normal(confidence_level) * self.calibration.size_spread(factor)
                down, up = self._beyond.sides(quantity, by)
            down = np.hypot(down, np.maximum(np.log(value / low), 0.0))
            up = np.hypot(up, np.maximum(np.log(high / value), 0.0))
            ends = [
                self._beyond.clip(quantity, value * move)
                for move in (np.exp(-down), np.exp(up))
            ]
        low, high = (
            np.where(factor > 1, wide, refits)
            for wide, refits in zip(ends, (low, high), strict=True)
        )
        return low, high

    def table(self, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row a budget; with intervals from a bootstrap of six units up."""
        columns: dict[str, Array] = {"flops": self.flops}
        for name in _FIELDS:
            columns[name] = getattr(self, name)
            if self.samples is not None and self.n_units >= MIN_UNITS:
                low, high = self._ends(name, confidence_level)
                columns[f"{name}_low"], columns[f"{name}_high"] = low, high
        return pd.DataFrame(columns)

    def off(self, factors: ArrayLike = (0.25, 0.5, 1.0, 2.0, 4.0)) -> pd.DataFrame:
        """Return what another size costs on the same budget.

        Parameters
        ----------
        factors : array of shape (k,)
            Sizes, as multiples of the best one.

        Returns
        -------
        DataFrame
            A row a budget and factor: ``flops``, ``factor``, ``params``,
            ``tokens``, ``loss`` and ``excess``, the loss beyond the least one.
            With a bootstrap ``excess_low`` and ``excess_high`` are the ends of its
            95 % interval (none below six units): the size stays that of the plan,
            and each refit tells how far it is from its own optimum. At factor 1
            that is the price of not knowing the law better.

        Raises
        ------
        DataError
            If the law does not predict loss, or a factor is not positive.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> law = sn.laws.Chinchilla(E=1.82, A=478.0, B=2143.0, alpha=0.347, beta=0.367)
        >>> sn.allocate(law, flops=1e24).off([0.5, 2])["excess"].round(4).tolist()
        [0.0044, 0.0044]
        """
        if self.law.response != "loss":
            raise DataError("off() needs a law of loss, such as Chinchilla.")
        try:
            factor = np.atleast_1d(np.asarray(factors, float))
        except (TypeError, ValueError):
            raise DataError(f"factors is {factors!r}; give numbers.") from None
        if factor.ndim > 1:
            raise DataError("factors must have one dimension.")
        if not (np.isfinite(factor) & (factor > 0)).all():
            raise DataError("factors must be finite and positive.")
        params = self.params * factor[:, None]
        loss = self.budget.loss(self.law, self.flops, params)
        columns = {
            "flops": np.broadcast_to(self.flops, params.shape),
            "factor": np.broadcast_to(factor[:, None], params.shape),
            "params": params,
            "tokens": self.budget.tokens(self.flops, params),
            "loss": loss,
            "excess": loss - self.loss,
        }
        enough = self.n_units >= MIN_UNITS
        if self.laws is not None and self.samples is not None and enough:
            drawn = self.budget.loss(self.laws.over(2), self.flops, params)
            excess = drawn - self.samples["loss"][:, None]
            columns["excess_low"], columns["excess_high"] = percentile(excess, 0.95)
        return pd.DataFrame({n: c.T.ravel() for n, c in columns.items()})

    def __repr__(self) -> str:
        shown = pd.DataFrame(
            {"flops": self.flops} | {n: getattr(self, n) for n in _FIELDS}
        )
        return repr(table(shown))

    def _repr_html_(self) -> str:
        return table(self.table())._repr_html_()


def allocate(
    law: Law | Fit | Bootstrap | Profile,
    flops: ArrayLike,
    *,
    inference_tokens: float = 0.0,
    unique_tokens: float = np.inf,
    params_kind: str | None = None,
    flops_per_param_token: float | None = None,
    calibration: Calibrated = FAMILIES,
) -> Allocation:
    """Return the params and tokens of least loss for each budget.

    Parameters
    ----------
    law : Law, Fit, Bootstrap or Profile
        What predicts the loss, or the optimal size, of a form whose
        ``has_optimum`` is true. A bootstrap or profile gives the allocation
        intervals.
    flops : float or array of shape (g,)
        Compute budgets in FLOP. With ``inference_tokens`` they cover both
        training and serving: C = 6 N D + 2 N T.
    inference_tokens : float
        Tokens T the model will read or write in use.
    unique_tokens : float
        Different tokens there are to train on. A :class:`~scaling_notes.laws.\
DataLimited` law repeats them where that pays; any other law sees each once, and
        the compute they leave over goes into size.
    params_kind : str, optional
        What you count, ``"total"`` or ``"non-embedding"``; refused if the fit
        counted otherwise.
    flops_per_param_token : float, optional
        The 6 of C = 6 N D; by default the law's own. It is less where only a
        part of the params works on a token: six times the active share. The 2
        of inference is a third of it.
    calibration : sequence of str, Calibration, or None
        Families of sweeps whose misses widen intervals beyond the runs, as for
        :func:`forecast`. None gives the refits alone, which take the form for true.

    Returns
    -------
    Allocation

    Raises
    ------
    DataError
        If a budget is not positive or buys no model, inference or limited data is
        asked of a law that does not predict loss, the law has no optimum, or the
        fit counted other params.

    References
    ----------
    Hoffmann et al. 2022, arXiv:2203.15556, Eq. 4; Sardana et al. 2024,
    arXiv:2401.00448, Sec. 2.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.Chinchilla(E=1.82, A=478.0, B=2143.0, alpha=0.347, beta=0.367)
    >>> plan = sn.allocate(law, flops=1e24)
    >>> f"{plan.params[0]:.2e} {plan.tokens_per_param[0]:.0f}"
    '9.76e+10 17'
    >>> served = sn.allocate(law, flops=1e24, inference_tokens=1e13)
    >>> bool(served.params[0] < plan.params[0])
    True
    """
    known = read_calibration(calibration)
    budgets = read_budgets(flops, "flops")
    inference_tokens = read_number(
        inference_tokens, "inference_tokens", "zero or more", zero=True
    )
    unique_tokens = read_number(
        unique_tokens, "unique_tokens", "a positive number", infinite=True
    )
    if isinstance(law, Profile):
        law = law.boot
    many: Law | None = None
    reach = law.reach if isinstance(law, Bootstrap | Fit) else np.nan
    n_units, how = 0, ""
    kinds = (read_params_kind("", params_kind), UNKNOWN)
    if isinstance(law, Bootstrap | Fit):
        counted = law.params_kind if law.params_kind in KINDS else kinds[0]
        if params_kind not in (None, counted):
            raise DataError(
                f"The fit counts {counted} params, you count {params_kind}: fit to "
                f"a column of {params_kind} params, or plan in {counted} ones."
            )
        kinds = counted, law.loss_unit
    if isinstance(law, Bootstrap):
        how = f"{law.how}, {law.n_resamples} resamples{law.caveats}"
        many, n_units, law = law.laws, law.n_units, law.law
    elif isinstance(law, Fit):
        law = law.law
    if not isinstance(law, Law):
        raise DataError(
            f"law is {law!r}; give a law with its constants, a fit, its bootstrap or a "
            "profile."
        )
    factor = law.flops_per_param_token
    if flops_per_param_token is not None:
        factor = read_number(
            flops_per_param_token, "flops_per_param_token", "a finite, positive number"
        )
    budget = Budget(inference_tokens, unique_tokens, factor)
    reach = same_count(reach, law, budget)
    best = optimum(law, budget)
    samples = None
    # A law without an optimum, or a refit of it, is told of by its NaN.
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        point = where_terms_fall(best(law, budgets), law)
        drawn = (
            None
            if many is None
            else where_terms_fall(best(many.over(), budgets), many.over())
        )
    if not (np.isfinite(point.params) & np.isfinite(point.tokens)).all():
        raise DataError(
            f"{law} has no optimum: its coefficients and exponents must be positive. "
            "Add runs that show what params and tokens do, or fix a constant."
        )
    require_models(
        np.asarray(point.params),
        np.asarray(point.tokens),
        budgets,
        "flops",
        inference_tokens,
    )
    if drawn is not None:
        samples = {n: np.asarray(v) for n, v in drawn._asdict().items()}
        samples["tokens_per_param"] = samples["tokens"] / samples["params"]
    arrays = {n: np.asarray(v) for n, v in point._asdict().items()}
    plan = Allocation(
        budgets,
        **arrays,
        samples=samples,
        n_units=n_units,
        how=how,
        params_kind=kinds[0],
        loss_unit=kinds[1],
        budget=budget,
        law=law,
        laws=many,
        reach=reach,
        calibration=known,
    )
    if known is not None and samples is not None and (plan.factor > 1).any():
        # A calibration that says nothing of sizes is refused now, not when shown.
        known.size_spread(plan.factor)
    return plan
