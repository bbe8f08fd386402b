"""How to spend a training budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .errors import DataError
from .fit import Fit
from .intervals import Bootstrap, Interval, digits, percentile
from .laws import Chinchilla, Law, OptimalParams, Optimum
from .laws._law import Array
from .profiles import Profile

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
    """

    flops: Array
    params: Array
    tokens: Array
    loss: Array
    samples: dict[str, Array] | None
    n_units: int

    @property
    def tokens_per_param(self) -> Array:
        """Tokens per parameter."""
        return self.tokens / self.params

    def interval(self, quantity: str, confidence_level: float = 0.95) -> Interval:
        """Return the interval of params, tokens, loss or tokens_per_param.

        Raises
        ------
        DataError
            If the allocation holds several budgets, or came from a fit without
            a bootstrap.
        """
        if quantity not in _FIELDS:
            raise DataError(f"{quantity!r} is not one of {', '.join(_FIELDS)}.")
        if self.samples is None:
            raise DataError(
                "No interval: allocate from fit.bootstrap(), not from a fit."
            )
        if self.flops.size != 1:
            raise DataError("interval() is for one budget; use table() for several.")
        low, high = percentile(self.samples[quantity][:, 0], confidence_level)
        return Interval(
            value=float(getattr(self, quantity)[0]),
            low=float(low),
            high=float(high),
            confidence_level=confidence_level,
            n=self.n_units,
            how=f"case bootstrap, {len(self.samples[quantity])} resamples",
        )

    def table(self, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row a budget, with ``_low`` and ``_high`` columns where known."""
        columns: dict[str, Array] = {"flops": self.flops}
        for name in _FIELDS:
            columns[name] = getattr(self, name)
            if self.samples is not None:
                low, high = percentile(self.samples[name], confidence_level)
                columns[f"{name}_low"], columns[f"{name}_high"] = low, high
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        shown = pd.DataFrame(
            {"flops": self.flops} | {n: getattr(self, n) for n in _FIELDS}
        )
        return str(shown.map(digits).to_string(index=False))


def allocate(
    law: Law | Fit | Bootstrap | Profile,
    flops: ArrayLike,
    *,
    inference_tokens: float = 0.0,
) -> Allocation:
    """Return the params and tokens of least loss for each budget.

    Parameters
    ----------
    law : Chinchilla, OptimalParams, Fit, Bootstrap or Profile
        What predicts the loss, or the optimal size. A bootstrap or profile
        gives the allocation intervals.
    flops : float or array of shape (g,)
        Compute budgets in FLOP. With ``inference_tokens`` they cover both
        training and serving: C = 6 N D + 2 N T.
    inference_tokens : float
        Tokens T the model will read or write in use.

    Returns
    -------
    Allocation

    Raises
    ------
    DataError
        If a budget is not positive, or inference is asked of a law that does
        not predict loss.

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
    if not (np.isfinite(budgets) & (budgets > 0)).all():
        raise DataError("flops must be finite and positive.")
    if inference_tokens < 0:
        raise DataError(f"inference_tokens is {inference_tokens}; give zero or more.")
    if isinstance(law, Profile):
        law = law.boot
    many: Law | None = None
    n_units = 0
    if isinstance(law, Bootstrap):
        many, n_units, law = law.laws, law.n_units, law.law
    elif isinstance(law, Fit):
        law = law.law
    best = _optimum(law, inference_tokens)
    point = best(law, budgets)
    samples = None
    if many is not None:
        drawn = best(many.over(), budgets)
        samples = {n: np.asarray(v) for n, v in drawn._asdict().items()}
        samples["tokens_per_param"] = samples["tokens"] / samples["params"]
    arrays = {n: np.asarray(v) for n, v in point._asdict().items()}
    return Allocation(budgets, **arrays, samples=samples, n_units=n_units)


def _optimum(law: Law, inference_tokens: float) -> Callable[[Law, Array], Optimum]:
    def trained(law: Law, flops: Array) -> Optimum:
        assert isinstance(law, Chinchilla | OptimalParams)
        return law.optimum(flops)

    def served(law: Law, flops: Array) -> Optimum:
        assert isinstance(law, Chinchilla)
        return _with_inference(law, flops, inference_tokens)

    if not isinstance(law, Chinchilla | OptimalParams):
        raise DataError(f"{type(law).__name__} has no optimum in params and tokens.")
    if inference_tokens == 0:
        return trained
    if not isinstance(law, Chinchilla):
        raise DataError("inference_tokens needs a law of loss, such as Chinchilla.")
    return served


def _with_inference(law: Chinchilla, flops: Array, inference_tokens: float) -> Optimum:
    """Return the optimum under C = 6 N D + 2 N T, by bisection on log N.

    With D = C / (6 N) - T / 3, the derivative of L along log N is
    beta B D^(-beta - 1) C / (6 N) - alpha A N^-alpha; its sign changes once,
    because the first term rises with N and the second falls.
    """
    third = inference_tokens / 3.0
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
