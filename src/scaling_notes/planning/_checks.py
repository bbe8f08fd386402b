"""Arguments of plans: budgets are in FLOP, and pay for models there could be."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError
from ..laws._law import Array

__all__ = ["read_budgets", "read_number", "require_models"]

# Smaller models, and shorter runs, are the answer to a budget in another unit.
_LEAST = 100.0


def read_budgets(flops: ArrayLike, name: str) -> Array:
    """Return budgets as an array of one dimension, or refuse them by name."""
    try:
        budgets = np.atleast_1d(np.asarray(flops, float))
    except (TypeError, ValueError):
        raise DataError(
            f"{name} is {flops!r}; give numbers in FLOP (one PFLOP/s-day is 8.64e19)."
        ) from None
    if budgets.ndim > 1 or budgets.size == 0:
        raise DataError(f"{name} must be one budget, or one dimension of budgets.")
    if not (np.isfinite(budgets) & (budgets > 0)).all():
        raise DataError(f"{name} must be finite and positive; {name} is {flops!r}.")
    return budgets


def read_number(
    value: Any, name: str, words: str, *, zero: bool = False, infinite: bool = False
) -> float:
    """Return one positive number, or refuse it in these words."""
    refusal = DataError(f"{name} is {value}; give {words}.")
    try:
        number = float("nan") if np.ndim(value) else float(value)
    except (TypeError, ValueError):
        raise refusal from None
    if not (number > 0 or (zero and number == 0)) or np.isinf(number) > infinite:
        raise refusal
    return number


def require_models(
    params: Array, tokens: Array, flops: Array, name: str, use: float = 0.0
) -> None:
    """Refuse budgets whose best model is none.

    Parameters
    ----------
    params, tokens : array of shape (g,)
        What is best for each budget.
    flops : array of shape (g,)
    name : str
        The argument that holds the budgets.
    use : float
        Tokens to be read or written in use.
    """
    bad = (params < _LEAST) | (tokens < _LEAST)
    if not bad.any():
        return
    i = int(np.flatnonzero(bad)[0])
    remedy = (
        f"Does it pay for {use:.3g} tokens in use? Raise it, or lower inference_tokens."
        if use and flops[i] < 100 * use * _LEAST
        else "Is it in FLOP (one PFLOP/s-day is 8.64e19)?"
    )
    raise DataError(
        f"{name} {flops[i]:.3g} buys {params[i]:.3g} params on {tokens[i]:.3g} tokens, "
        f"which is no model. {remedy}"
    )
