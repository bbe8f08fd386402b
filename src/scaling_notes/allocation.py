"""How to spend a training budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import elementwise

from . import intervals
from .errors import DataError
from .fit import Fit
from .intervals import Bootstrap, Interval, digits, percentile
from .laws import Chinchilla, DataLimited, Law, OptimalParams, Optimum
from .laws._law import Array
from .profiles import Profile

__all__ = ["Allocation", "allocate"]

_FIELDS = ("params", "tokens", "loss", "tokens_per_param")
# Nodes over log N between which a data-limited optimum is bracketed.
_NODES = 128


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
    params_kind, loss_unit : str
        What the fit counted.
    budget : Budget
        What tokens are left for a size, and the loss that a law expects there.
    law, laws : Law
        The law, and its refits or None.
    """

    flops: Array
    params: Array
    tokens: Array
    loss: Array
    samples: dict[str, Array] | None
    n_units: int
    params_kind: str
    loss_unit: str
    budget: Budget
    law: Law
    laws: Law | None

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
        intervals.require_units(self.n_units)
        samples = self.samples[quantity][:, 0]
        intervals.require_everywhere(samples)
        low, high = percentile(samples, confidence_level)
        return Interval(
            value=float(getattr(self, quantity)[0]),
            low=float(low),
            high=float(high),
            confidence_level=confidence_level,
            n=self.n_units,
            how=f"case bootstrap, {len(samples)} resamples"
            + intervals.unverified(self.n_units),
        )

    def table(self, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row a budget; with intervals from a bootstrap of six units up."""
        columns: dict[str, Array] = {"flops": self.flops}
        for name in _FIELDS:
            columns[name] = getattr(self, name)
            if self.samples is not None and self.n_units >= intervals.MIN_UNITS:
                low, high = percentile(self.samples[name], confidence_level)
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
        if isinstance(self.law, OptimalParams):
            raise DataError("off() needs a law of loss, such as Chinchilla.")
        factor = np.atleast_1d(np.asarray(factors, float))
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
        enough = self.n_units >= intervals.MIN_UNITS
        if self.laws is not None and self.samples is not None and enough:
            drawn = self.budget.loss(self.laws.over(2), self.flops, params)
            excess = drawn - self.samples["loss"][:, None]
            columns["excess_low"], columns["excess_high"] = percentile(excess, 0.95)
        return pd.DataFrame({n: c.T.ravel() for n, c in columns.items()})

    def __repr__(self) -> str:
        shown = pd.DataFrame(
            {"flops": self.flops} | {n: getattr(self, n) for n in _FIELDS}
        )
        return str(shown.map(digits).to_string(index=False))


@dataclass(frozen=True)
class Budget:
    """What compute has to pay for: C = 6 N D + 2 N T, with D of limited kind.

    Attributes
    ----------
    inference_tokens : float
        Tokens T read or written in use.
    unique_tokens : float
        Different tokens there are; infinite where data never run out.
    """

    inference_tokens: float
    unique_tokens: float

    def tokens(self, flops: Array, params: Array) -> Array:
        """Return the training tokens a budget leaves for a size; NaN if none."""
        left = flops / 6.0 / params - self.inference_tokens / 3.0
        return np.where(left > 0, left, np.nan)

    def loss(self, law: Law, flops: Array, params: Array) -> Array:
        """Return the loss a law expects of a size on a budget."""
        tokens = self.tokens(flops, params)
        if isinstance(law, DataLimited):
            unique = np.minimum(self.unique_tokens, tokens)
            return law.value(params, tokens, unique)
        # A law that knows no repetition sees each token once.
        return law.value(params, np.minimum(tokens, self.unique_tokens))


def allocate(
    law: Law | Fit | Bootstrap | Profile,
    flops: ArrayLike,
    *,
    inference_tokens: float = 0.0,
    unique_tokens: float = np.inf,
    params_kind: str | None = None,
) -> Allocation:
    """Return the params and tokens of least loss for each budget.

    Parameters
    ----------
    law : Chinchilla, DataLimited, OptimalParams, Fit, Bootstrap or Profile
        What predicts the loss, or the optimal size. A bootstrap or profile
        gives the allocation intervals.
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

    Returns
    -------
    Allocation

    Raises
    ------
    DataError
        If a budget is not positive, inference or limited data is asked of a law
        that does not predict loss, the law has no optimum, or the fit counted
        other params.

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
    budgets = np.atleast_1d(np.asarray(flops, float))
    if budgets.ndim > 1 or budgets.size == 0:
        raise DataError("flops must be one budget, or one dimension of budgets.")
    if not (np.isfinite(budgets) & (budgets > 0)).all():
        raise DataError("flops must be finite and positive.")
    if np.ndim(inference_tokens) or not 0 <= inference_tokens < np.inf:
        raise DataError(f"inference_tokens is {inference_tokens}; give zero or more.")
    if np.ndim(unique_tokens) or not unique_tokens > 0:
        raise DataError(f"unique_tokens is {unique_tokens}; give a positive number.")
    if isinstance(law, Profile):
        law = law.boot
    many: Law | None = None
    n_units = 0
    if params_kind not in (None, "total", "non-embedding"):
        raise DataError(
            f"params_kind is {params_kind!r}; use 'total' or 'non-embedding'."
        )
    kinds = (params_kind or "total", "nats per token")
    if isinstance(law, Bootstrap | Fit):
        kinds = law.params_kind, law.loss_unit
        if params_kind not in (None, kinds[0]):
            raise DataError(
                f"The fit counts {kinds[0]} params, you count {params_kind}: fit to "
                f"a column of {params_kind} params, or plan in {kinds[0]} ones."
            )
    if isinstance(law, Bootstrap):
        many, n_units, law = law.laws, law.n_units, law.law
    elif isinstance(law, Fit):
        law = law.law
    budget = Budget(inference_tokens, unique_tokens)
    best = _optimum(law, budget)
    samples = None
    # A law without an optimum, or a refit of it, is told of by its NaN.
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        point = _kept(best(law, budgets), law)
        drawn = None if many is None else _kept(best(many.over(), budgets), many.over())
    if not (np.isfinite(point.params) & np.isfinite(point.tokens)).all():
        raise DataError(
            f"{law} has no optimum: its coefficients and exponents must be positive. "
            "Add runs that show what params and tokens do, or fix a constant."
        )
    if drawn is not None:
        samples = {n: np.asarray(v) for n, v in drawn._asdict().items()}
        samples["tokens_per_param"] = samples["tokens"] / samples["params"]
    arrays = {n: np.asarray(v) for n, v in point._asdict().items()}
    return Allocation(
        budgets,
        **arrays,
        samples=samples,
        n_units=n_units,
        params_kind=kinds[0],
        loss_unit=kinds[1],
        budget=budget,
        law=law,
        laws=many,
    )


def _kept(best: Optimum, law: Law) -> Optimum:
    """Return the optima, NaN where a term does not fall: there is none."""
    names = [n for n in ("A", "B", "alpha", "beta") if n in law.constants()]
    falls = np.all([np.asarray(getattr(law, n)) > 0 for n in names], axis=0)
    return Optimum(*(np.where(falls, part, np.nan) for part in best))


def _optimum(law: Law, budget: Budget) -> Callable[[Law, Array], Optimum]:
    if not isinstance(law, Chinchilla | DataLimited | OptimalParams):
        raise DataError(f"{type(law).__name__} has no optimum in params and tokens.")
    plain = budget.inference_tokens == 0
    if isinstance(law, OptimalParams):
        if not plain or np.isfinite(budget.unique_tokens):
            raise DataError(
                "inference_tokens and unique_tokens need a law of loss, such as "
                "Chinchilla."
            )
        return lambda law, flops: law.optimum(flops)  # type: ignore[attr-defined]
    if isinstance(law, DataLimited):
        if not np.isfinite(budget.unique_tokens):
            raise DataError("A DataLimited law needs unique_tokens.")
        return lambda law, flops: _bracketed(law, flops, budget)

    def once(law: Law, flops: Array) -> Optimum:
        assert isinstance(law, Chinchilla)
        best = law.optimum(flops) if plain else _with_inference(law, flops, budget)
        # Past the last new token the rest of the budget goes into size.
        most = flops / (6.0 * budget.unique_tokens + 2.0 * budget.inference_tokens)
        short = np.asarray(best.tokens) > budget.unique_tokens
        params = np.where(short, most, best.params)
        tokens = np.where(short, budget.unique_tokens, best.tokens)
        return Optimum.of(params, tokens, law.value(params, tokens))

    return once


def _with_inference(law: Chinchilla, flops: Array, budget: Budget) -> Optimum:
    """Return the optimum under C = 6 N D + 2 N T, by bisection on log N.

    With D = C / (6 N) - T / 3, the derivative of L along log N is
    beta B D^(-beta - 1) C / (6 N) - alpha A N^-alpha; its sign changes once,
    because the first term rises with N and the second falls.
    """
    third = budget.inference_tokens / 3.0
    # Tokens stay positive below this size.
    high = np.log(flops / 6.0 / third) - 1e-12
    high = high + np.zeros_like(law.as_array()[..., 0])
    low = high - 80.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        params = np.exp(middle)
        tokens = flops / 6.0 / params - third
        rising = law.beta * law.B * tokens ** (-law.beta - 1) * flops / 6.0 / params
        over = rising > law.alpha * law.A * params**-law.alpha
        high = np.where(over, middle, high)
        low = np.where(over, low, middle)
    params = np.exp(0.5 * (low + high))
    tokens = flops / 6.0 / params - third
    return Optimum(params, tokens, law.value(params, tokens))


def _bracketed(law: Law, flops: Array, budget: Budget) -> Optimum:
    """Return the optimum by a grid over log N and a minimizer within its best cell."""
    shape = np.broadcast_shapes(law.as_array()[..., 0].shape, flops.shape)
    # From e**-24 tokens per parameter to e**24.
    low, high = 0.5 * np.log(flops / 6.0) - 12.0, 0.5 * np.log(flops / 6.0) + 12.0
    if budget.inference_tokens:
        high = np.minimum(high, np.log(flops / 2.0 / budget.inference_tokens) - 1e-9)
    step = (high - low) / (_NODES - 1)
    least = np.full(shape, np.inf)
    node = np.zeros(shape)
    for i in range(_NODES):
        loss = budget.loss(law, flops, np.exp(low + i * step))
        node = np.where(loss < least, i, node)
        least = np.fmin(least, loss)
    node = np.clip(node, 1, _NODES - 2)

    def loss_at(log_params: Array, flops: Array, *constants: Array) -> Array:
        return budget.loss(type(law)(*constants), flops, np.exp(log_params))

    left, middle, right = (low + (node + side) * step for side in (-1, 0, 1))
    found = elementwise.find_minimum(
        loss_at,
        (left, middle, right),
        args=(flops, *np.moveaxis(law.as_array(), -1, 0)),
    )
    params = np.exp(found.x)
    tokens = budget.tokens(flops, params)
    return Optimum.of(params, tokens, budget.loss(law, flops, params))
