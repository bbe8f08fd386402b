"""What can be said of runs before a law is fitted to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from ..accounting import training_flops
from ..errors import DataError, FitError
from ..laws import Chinchilla
from ._columns import read_columns, require_identified, require_positive, unit_hints
from ._compute_unit import other_unit
from ._finding import Finding, Verdict
from ._interval import MIN_UNITS, MIN_VERIFIED
from ._table import digits

__all__ = ["of_data"]

# Fewer distinct values than this leave the curvature of a term in doubt.
_SIZES = 5
# A factor of ten is little to tell an exponent from.
_DECADES = 1.0
_CORRELATED = 0.95
# A loss in nats this large is a perplexity, or a sum over tokens.
_LARGE_LOSS = 8.0
# Rows of one size, and the part of steps from row to row that go up, as checkpoints.
_CURVE = 20
_RISING = 0.95
# What tells runs apart and is no setting that is tuned.
_NAMES = re.compile(
    r"(^|_)(seed|run|id|name|step|index|rep\w*|trial|date|hash)(_|$)", re.I
)


def of_data(
    data: pd.DataFrame,
    runs: pd.DataFrame,
    columns: Mapping[str, str],
    compute: str | None,
    groups: str | None,
) -> Iterator[Finding]:
    """Yield what is found in the columns, without a fit.

    Parameters
    ----------
    data : DataFrame
        The columns under the law's own names, plus ``group`` where there are groups.
    runs : DataFrame
        All that was given.
    columns : mapping of str to str
        What the columns are called there.
    compute, groups : str or None
        Columns of training compute and of the unit.
    """
    yield from _units(data, columns)
    yield from _rises(data, columns)
    if compute:
        yield from _compute(data, runs, compute)
    yield from _repeats(data, groups)
    if not groups:
        yield from _settings(data, runs, columns, compute)
        yield from _curves(data, columns)
    yield from _numbers(data, groups)
    yield from _design(data, columns)


def _units(data: pd.DataFrame, columns: Mapping[str, str]) -> Iterator[Finding]:
    ratio = float((data["tokens"] / data["params"]).median())
    value = f"median {digits(ratio, 3)} tokens per parameter"
    hints = unit_hints(data, columns)
    yield Finding("units", value, "look" if hints else "fine", " ".join(hints))
    middle = float(data["loss"].median())
    if middle > _LARGE_LOSS:
        yield Finding(
            "unit of the loss",
            f"median {digits(middle, 3)}",
            "look",
            "Is it a perplexity? The law is for its logarithm, nats per token. Or "
            "a sum over tokens? Divide by their number.",
        )


def _rises(data: pd.DataFrame, columns: Mapping[str, str]) -> Iterator[Finding]:
    compute = data["params"] * data["tokens"]
    ranks = np.array([compute.rank(), data["loss"].rank()])
    if not (np.ptp(ranks, axis=1) > 0).all():
        return
    together = float(np.corrcoef(ranks)[0, 1])
    # Three standard deviations of what ranks without relation have.
    if together > max(0.3, min(0.8, 3 / np.sqrt(len(data) - 1))):
        yield Finding(
            "direction",
            f"{columns['loss']!r} rises with compute (rank correlation {together:.2f})",
            "look",
            "A loss falls. Is it an accuracy? Give 1 - accuracy, or fit a sigmoid of "
            "sn.laws to it. Or a log-likelihood? Give its negative per token.",
        )


def _compute(data: pd.DataFrame, runs: pd.DataFrame, column: str) -> Iterator[Finding]:
    try:
        part = read_columns(runs, {"flops": column}, None)
        require_positive(part, {"flops": column})
    except DataError as error:
        what, _, remedy = str(error).partition(". ")
        yield Finding(column, what, "look", remedy)
        return
    known = part["flops"].to_numpy() / training_flops(data["params"], data["tokens"])
    low, high = float(known.min()), float(known.max())
    near = low > 0.5 and high < 2
    yield Finding(
        column,
        f"{digits(low, 3)} to {digits(high, 3)} times 6 params x tokens",
        "fine" if near else "look",
        "" if near else other_unit(known, part["flops"].to_numpy()),
    )


def _repeats(data: pd.DataFrame, groups: str | None) -> Iterator[Finding]:
    copies = int(data.duplicated(["params", "tokens", "loss"]).sum())
    if copies:
        yield Finding(
            "copies",
            f"{copies} runs are equal to another in params, tokens and loss",
            "look",
            "Drop them if they are one run listed twice: intervals come out narrow.",
        )
    same = data.drop_duplicates(["params", "tokens", "loss"])
    again = int(same.duplicated(["params", "tokens"], keep=False).sum())
    if again and not groups:
        yield Finding(
            "repeats",
            f"{again} runs share params and tokens with another",
            "look",
            "If they are seeds of one setting or points of one run, name the unit in "
            "groups.",
        )
    if not copies and not (again and not groups):
        yield Finding("copies", "none", "fine")


def _settings(
    data: pd.DataFrame,
    runs: pd.DataFrame,
    columns: Mapping[str, str],
    compute: str | None,
) -> Iterator[Finding]:
    """Look for a setting that was tried at several values in one cell."""
    cell = data.groupby(["params", "tokens"]).ngroup().to_numpy()
    n_cells = int(cell.max()) + 1
    if n_cells == len(data):
        return
    known = {*columns.values(), compute}
    for column in runs.columns:
        if column in known or _NAMES.search(str(column)):
            continue
        value = pd.factorize(runs[column].to_numpy())[0]
        pairs = len(set(zip(cell.tolist(), value.tolist(), strict=True)))
        # It varies within cells, and its values come back in others.
        if pairs <= n_cells or len(set(value.tolist())) > len(data) / 2:
            continue
        names = [columns["params"], columns["tokens"]]
        yield Finding(
            "settings",
            f"{column!r} differs within cells of equal params and tokens: "
            f"{len(data)} runs in {n_cells} cells",
            "look",
            "If it was tuned, keep the best run of each cell: runs.loc[runs.groupby("
            f"{names!r})[{columns['loss']!r}].idxmin()].",
        )
        return


def _curves(data: pd.DataFrame, columns: Mapping[str, str]) -> Iterator[Finding]:
    """Look for many rows of one size whose tokens rise from row to row."""
    sizes = data.groupby("params", sort=False)["tokens"]
    if float(sizes.size().median()) < _CURVE:
        return
    steps = sizes.diff().dropna()
    if float((steps > 0).mean()) < _RISING:
        return
    yield Finding(
        "curves",
        f"{len(data)} rows at {sizes.ngroups} values of {columns['params']!r}, "
        f"{columns['tokens']!r} rising from row to row",
        "look",
        "If they are checkpoints of one run each, they are not independent: name the "
        "run in groups, or keep the last of each.",
    )


def _numbers(data: pd.DataFrame, groups: str | None) -> Iterator[Finding]:
    free = len(Chinchilla.constants())
    n = len(data)
    if n < free + 1:
        remedy = f"The law has {free} constants: give {free + 1} runs at least."
        yield Finding("runs", str(n), "refused", remedy)
    units = int(data["group"].nunique()) if groups else n
    value = f"{units} of {n} runs"
    if units < MIN_UNITS:
        remedy = f"There is no interval below {MIN_UNITS}: show the points instead."
        yield Finding("independent units", value, "look", remedy)
    elif units < MIN_VERIFIED:
        remedy = f"Intervals are unverified below {MIN_VERIFIED}."
        yield Finding("independent units", value, "look", remedy)
    else:
        yield Finding("independent units", value, "fine")


def _design(data: pd.DataFrame, columns: Mapping[str, str]) -> Iterator[Finding]:
    for name, exponent in (("params", "alpha"), ("tokens", "beta")):
        values = data[name]
        distinct = values.nunique()
        decades = float(np.log10(values.max() / values.min()))
        verdict: Verdict = "fine"
        remedy = ""
        if distinct < 3 or values.max() / values.min() < 1.001:
            verdict = "refused"
            remedy = f"{exponent} needs three different values of {columns[name]!r}."
        elif distinct < _SIZES or decades < _DECADES:
            verdict = "look"
            remedy = (
                f"{exponent} rests on little: add runs over a wider range of "
                f"{columns[name]!r}."
            )
        value = f"{distinct} values over {decades:.1f} decades"
        yield Finding(f"spread of {columns[name]}", value, verdict, remedy)
    if min(data["params"].nunique(), data["tokens"].nunique()) < 3:
        return
    n, d = np.log(data["params"]), np.log(data["tokens"])
    together = float(np.corrcoef(n, d)[0, 1])
    what, value = "params and tokens", f"correlation of logarithms {together:.2f}"
    try:
        require_identified(data, columns)
    except FitError:
        remedy = "alpha and beta cannot be told apart: add runs off that line."
        yield Finding(what, value, "refused", remedy)
        return
    close = abs(together) > _CORRELATED
    remedy = "alpha and beta are hard to tell apart: vary tokens per parameter."
    yield Finding(what, value, "look" if close else "fine", remedy if close else "")
