"""Runs of about equal compute: columns, groups, points of curves at a budget."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..accounting import TRAINING_FLOPS_PER_PARAM_TOKEN
from ..errors import DataError
from ..laws._law import Array
from ._columns import read_columns, require_positive

__all__ = [
    "assign",
    "find_budgets",
    "geometric_mean",
    "interpolate_runs",
    "read_budgets",
    "read_runs",
]

_FEWEST = 3


def read_runs(
    runs: pd.DataFrame | Mapping[str, ArrayLike],
    columns: Mapping[str, str],
    run: str | None,
    flops_per_param_token: float,
) -> tuple[pd.DataFrame, list[str]]:
    """Return params, tokens, flops and loss, and what was computed of them.

    Of tokens and flops one may be missing under its usual name; it follows from
    the other and from params.
    """
    factor = flops_per_param_token
    if not (isinstance(factor, Real) and np.isfinite(factor) and factor > 0):
        raise DataError(
            f"flops_per_param_token is {factor!r}; give a finite, positive number."
        )
    missing = []
    if isinstance(runs, pd.DataFrame | Mapping):
        usual = [name for name in ("tokens", "flops") if columns[name] == name]
        missing = [name for name in usual if name not in runs]
    if len(missing) == 2:
        raise DataError(
            "The runs have no column 'flops' and no column 'tokens'; with params and "
            "one of them the other can be computed. Name yours by argument, for "
            "instance flops='my_column'."
        )
    if not missing and factor != TRAINING_FLOPS_PER_PARAM_TOKEN:
        raise DataError(
            "flops_per_param_token has nothing to say where the runs have tokens and "
            "flops: leave it out, or drop the column that is not measured."
        )
    present = {name: c for name, c in columns.items() if name not in missing}
    data = read_columns(runs, present, run)
    require_positive(data, present)
    # Labels may repeat in the frame given; here each run has its own.
    data = data.reset_index(drop=True)
    told = []
    if missing == ["tokens"]:
        data["tokens"] = data["flops"] / factor / data["params"]
        told.append(f"No column 'tokens': they are flops / ({factor:g} params).")
    elif missing == ["flops"]:
        data["flops"] = factor * data["params"] * data["tokens"]
        told.append(f"No column 'flops': it is {factor:g} params tokens.")
    return data, told


def read_budgets(budgets: ArrayLike) -> Array:
    """Return the budgets by rising compute; refuse what is none, or stands twice."""
    try:
        known = np.sort(np.asarray(budgets, float).ravel())
    except (TypeError, ValueError) as error:
        raise DataError(f"budgets must be numbers, in FLOP ({error}).") from error
    if not (np.isfinite(known) & (known > 0)).all():
        raise DataError("budgets must be finite and positive, in FLOP.")
    values, counts = np.unique(known, return_counts=True)
    if (counts > 1).any():
        raise DataError(
            f"budgets names {values[counts > 1][0]:.3g} {counts.max()} times: give "
            "each budget once, or its runs would count as often."
        )
    return known


def geometric_mean(compute: Array) -> float:
    """Return the geometric mean; of equal values, that value to the last digit."""
    return float(compute[0] * np.exp(np.mean(np.log(compute / compute[0]))))


def find_budgets(compute: Array, tolerance: float) -> Array:
    """Return the budget of each run, nan for a run that is in none.

    Runs by rising compute are one group as long as each is within the tolerance
    of the one before. A group is a budget if it holds three runs and its ends are
    no farther apart than twice the tolerance: runs scattered over all compute are
    one long group, and no budget.
    """
    order = np.argsort(compute, kind="stable")
    logs = np.log(compute[order])
    reach = np.log1p(tolerance)
    starts = np.flatnonzero(np.diff(logs, prepend=-np.inf) > reach)
    found = np.full(len(compute), np.nan)
    for rows in np.split(order, starts[1:]):
        if len(rows) < _FEWEST:
            continue
        if np.log(compute[rows[-1]] / compute[rows[0]]) <= 2 * reach:
            found[rows] = geometric_mean(compute[rows])
    return found


def assign(compute: Array, known: Array, tolerance: float) -> Array:
    """Return the nearest budget of each run, nan where it is beyond the tolerance."""
    distance = np.abs(np.log(compute[:, None] / known))
    nearest = known[distance.argmin(axis=1)]
    return np.where(distance.min(axis=1) <= np.log1p(tolerance), nearest, np.nan)


def interpolate_runs(
    data: pd.DataFrame, known: Array, tolerance: float
) -> pd.DataFrame:
    """Return each run's point at each budget: loss is linear in log compute.

    A run that ends short of a budget, or begins beyond it, by no more than the
    tolerance has its end there.
    """
    rows = []
    for name, curve in data.groupby("group", sort=False):
        if curve["params"].nunique() > 1:
            raise DataError(
                f"Run {name!r} has several values of params: one run is one model."
            )
        curve = curve.sort_values("flops")
        if curve["flops"].duplicated().any():
            raise DataError(
                f"Run {name!r} has two points at {curve['flops'].duplicated().sum()} "
                "values of flops: keep one, or name the runs apart."
            )
        logs = np.log(curve["flops"].to_numpy())
        there = np.clip(known, curve["flops"].iloc[0], curve["flops"].iloc[-1])
        near = np.abs(np.log(there / known)) <= np.log1p(tolerance)
        at = np.log(there[near])
        point = {
            "params": curve["params"].iloc[0],
            "tokens": np.exp(np.interp(at, logs, np.log(curve["tokens"]))),
            "flops": there[near],
            "loss": np.interp(at, logs, curve["loss"]),
            "group": name,
            "budget": known[near],
        }
        rows.append(pd.DataFrame(point))
    return pd.concat(rows, ignore_index=True)
