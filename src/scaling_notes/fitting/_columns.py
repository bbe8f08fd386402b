"""The design of a set of runs: can it be used, does it identify the exponents?"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, FitError
from ..laws import Law
from ..laws._law import Domain, within
from ._frames import Runs, as_frame
from ._numbers import require_numbers, rows

__all__ = [
    "KINDS",
    "UNKNOWN",
    "read_columns",
    "read_params_kind",
    "require_counts",
    "require_distinct",
    "require_domain",
    "require_identified",
    "require_positive",
    "require_varied",
    "share_hints",
    "unit_hints",
    "unit_of",
]


KINDS = ("total", "non-embedding")
UNKNOWN = "unknown"
# Shares as printed add up to one but for their rounding.
_SHARES = 0.02
# Largest over smallest value of a column that is as good as constant.
_NARROW = 1.001
# Counts that may be logarithms, to base ten or natural: least, most, and largest
# over smallest. As counts of anything trained they are too few.
_LOGARITHMS = ((4.0, 25.0, 2.5), (14.0, 60.0, 2.0))
_COUNTS = ("params", "tokens", "unique_tokens", "flops")


def read_columns(
    runs: Runs,
    columns: Mapping[str, str],
    groups: str | None,
) -> pd.DataFrame:
    """Return the named columns under the field's own names, plus ``group``."""
    frame = as_frame(runs)
    wanted = [*columns.values(), *([] if groups is None else [groups])]
    given = [type(c).__name__ for c in wanted if not isinstance(c, Hashable)]
    if given:
        raise DataError(
            f"Columns go by their names, not as {', '.join(given)}: put the values "
            "into runs, and give the name."
        )
    missing = [c for c in wanted if c not in frame.columns]
    if missing:
        raise DataError(
            f"The runs have no column {', '.join(map(repr, missing))}; they have "
            f"{', '.join(map(repr, frame.columns))}. Name yours by argument, "
            "for instance params='my_column'."
        )
    twice = (
        []
        if frame.columns.is_unique
        else [c for c in wanted if (frame.columns == c).sum() > 1]
    )
    if twice:
        raise DataError(
            f"The runs have several columns {', '.join(map(repr, twice))}: rename or "
            "drop all but one."
        )
    data = pd.DataFrame({name: frame[c] for name, c in columns.items()})
    if groups is not None:
        data["group"] = frame[groups]
        if data["group"].isna().any():
            raise DataError(
                f"Column {groups!r} names no group in {rows(data['group'].isna())}. "
                "Name one, or drop those rows."
            )
    return data


def require_positive(data: pd.DataFrame, columns: Mapping[str, str]) -> None:
    """Refuse values that are missing, infinite, zero or negative, by row."""
    for name, column in columns.items():
        require_numbers(data, name, column, "positive")


def require_counts(data: pd.DataFrame, columns: Mapping[str, str]) -> None:
    """Refuse logarithms where counts are wanted."""
    for name, column in columns.items():
        if name not in _COUNTS or data.empty:
            continue
        low, high = float(data[name].min()), float(data[name].max())
        if any(a <= low and high <= b and high < r * low for a, b, r in _LOGARITHMS):
            raise DataError(
                f"Column {column!r} runs from {low:.3g} to {high:.3g}, as logarithms "
                "of counts do. Give plain counts: 10**x or exp(x), or x * 1e9 if it "
                "is in billions."
            )


def require_domain(
    data: pd.DataFrame, columns: Mapping[str, str], law: type[Law]
) -> None:
    """Refuse values at which a law, or the scale of its residuals, has no meaning.

    Where inputs may lie the law says: positive unless it does. The
    response is positive on the log scale, within 0 and 1 on the logit and loglog
    scales, and any finite number on the linear one.
    """
    for name in law.inputs:
        require_numbers(data, name, columns[name], law.domain.get(name, "positive"))
    _require_coherent(data, columns, law)
    require_counts(data, {name: columns[name] for name in law.inputs})
    response = law.response
    domain: Domain | None = None if law.scale == "linear" else "positive"
    require_numbers(data, response, columns[response], domain)
    if law.scale in ("logit", "loglog"):
        bad = data[response] >= 1
        if bad.any():
            raise DataError(
                f"{columns[response]!r} must lie below 1; it does not in {rows(bad)}. "
                "Drop points at the ceiling: they say only that the law is close to it."
            )


def share_hints(
    data: pd.DataFrame, columns: Mapping[str, str], law: type[Law]
) -> list[str]:
    """Return a question about a response that is no share, where one belongs."""
    domain = law.domain.get(law.response)
    if domain is None:
        return []
    values = data[law.response]
    bad = pd.Series(~within(values.to_numpy(), domain), index=data.index)
    if not bad.any():
        return []
    remedy = (
        "In percent? Divide by 100."
        if values.max() > 1.5
        else "Mend those rows, or ignore this if it is a reward and no share."
    )
    return [
        f"Column {columns[law.response]!r} is not {domain} in {rows(bad)}, where "
        f"scores of {law.__name__} lie. {remedy}"
    ]


def _require_coherent(
    data: pd.DataFrame, columns: Mapping[str, str], law: type[Law]
) -> None:
    """Refuse inputs that cannot be what they say when taken together."""
    if {"tokens", "unique_tokens"} <= set(law.inputs):
        bad = data["unique_tokens"] > data["tokens"] * (1 + 1e-9)
        if bad.any():
            raise DataError(
                f"{columns['unique_tokens']!r} exceeds {columns['tokens']!r} in "
                f"{rows(bad)}: unique tokens are those of the tokens that differ. "
                "Were the two exchanged?"
            )
    shares = {name for name, kind in law.domain.items() if "share" in kind}
    if len(law.inputs) > 1 and set(law.inputs) == shares:
        total = data[list(law.inputs)].sum(axis=1)
        bad = (total - 1).abs() > _SHARES
        if bad.any():
            raise DataError(
                f"The shares do not add up to one in {rows(bad)}: divide them by "
                "their sum."
            )


def require_distinct(data: pd.DataFrame, inputs: Sequence[str], n_free: int) -> None:
    """Refuse fewer distinct points than free constants: copies tell only of noise."""
    columns = (data[name].to_numpy() for name in inputs)
    places = set(zip(*(c[:100].tolist() for c in columns), strict=True))
    if len(places) >= n_free:
        return
    distinct = len(data[list(inputs)].drop_duplicates())
    if distinct < n_free:
        raise FitError(
            f"The points lie at {distinct} different places, too few for {n_free} free "
            "constants. Add points elsewhere, or fix a constant."
        )


def require_varied(data: pd.DataFrame, inputs: Sequence[str]) -> None:
    """Refuse inputs that take one value only: no exponent can be told from them."""
    for name in inputs:
        if _distinct(data[name]) < 2:
            raise FitError(
                f"{name!r} is the same in all points: the law cannot be told from "
                "them. Add points with other values."
            )


def unit_of(values: Any, column: str) -> str:
    """Return the unit of a column as ``attrs["units"]`` has it, empty if unknown.

    Parameters
    ----------
    values : DataFrame or Series, or anything without ``attrs``
    column : str
    """
    units = getattr(values, "attrs", {}).get("units", {})
    return str(units.get(column, "")).replace("/", " per ")


def read_params_kind(unit: str, given: str | None) -> str:
    """Return what params count, as given or by their unit, ``"unknown"`` if neither.

    Raises
    ------
    DataError
        If it is given and neither ``"total"`` nor ``"non-embedding"``.
    """
    if given is not None:
        if given not in KINDS:
            raise DataError(
                f"params_kind is {given!r}; use {' or '.join(map(repr, KINDS))}."
            )
        return given
    if unit == "non-embedding parameters":
        return "non-embedding"
    return "total" if unit == "parameters" else UNKNOWN


def _distinct(values: pd.Series) -> int:
    """Return the number of distinct values; of very many, three seen are enough."""
    seen = values.iloc[:1000].nunique()
    return seen if seen > 2 else values.nunique()


def require_identified(
    data: pd.DataFrame, columns: Mapping[str, str], fixed: Collection[str] = ()
) -> list[str]:
    """Refuse designs from which alpha or beta cannot be told, unless it is fixed.

    Returns what there is to say of a design that is near one of these.
    """
    for name, exponent in (("params", "alpha"), ("tokens", "beta")):
        if exponent in fixed:
            continue
        distinct = _distinct(data[name])
        values = data[name].to_numpy()
        narrow = float(values.max() / values.min()) < _NARROW
        if distinct < 3 or narrow:
            what = "is constant" if narrow else f"takes {distinct} values"
            raise FitError(
                f"Column {columns[name]!r} {what}: {exponent} cannot be told from "
                "the other terms. Add runs with at least three different values."
            )
    if {"alpha", "beta"} & set(fixed):
        return []
    scatter, spread = _off_line(data)
    if scatter < 0.01 * spread:
        raise FitError(
            f"Column {columns['tokens']!r} is a fixed power of {columns['params']!r} "
            "in all runs (a constant number of tokens per parameter, for instance): "
            "alpha and beta cannot be told apart. Add runs off that line."
        )
    if scatter > 0.1 * spread:
        return []
    return [
        f"{columns['tokens']!r} is nearly a power of {columns['params']!r} (to "
        f"{scatter / spread:.1%} of its spread): alpha and beta are hard to tell "
        "apart. Look at their intervals, and vary tokens per parameter."
    ]


def _off_line(data: pd.DataFrame) -> tuple[float, float]:
    """Return how far log tokens lie off a rising line in log params, and their spread.

    Where the line does not rise the distance is infinite.
    """
    n, d = (np.log(data[name].to_numpy()) for name in ("params", "tokens"))
    n, d = n - n.mean(), d - d.mean()
    slope = (n @ d) / (n @ n)
    off = d - slope * n
    scatter = float(np.sqrt(off @ off / len(off))) if slope > 0 else np.inf
    return scatter, float(np.sqrt(d @ d / len(d)))


def unit_hints(data: pd.DataFrame, columns: Mapping[str, str]) -> list[str]:
    """Return questions about columns that look like millions or billions."""
    hints = []
    step = 1 + len(data) // 10_000
    params, tokens = (data[name].to_numpy()[::step] for name in ("params", "tokens"))
    ratio = float(np.median(tokens / params))
    if float(np.median(tokens)) < 1e4:
        hints.append(
            f"The median of {columns['tokens']!r} is below 10,000. Are tokens given in "
            "billions? Give plain counts."
        )
    elif ratio > 1e5:
        hints.append(
            f"{columns['tokens']!r} per {columns['params']!r} is {ratio:.3g}. Are "
            "params given in millions? Give plain counts."
        )
    elif ratio < 1e-3:
        hints.append(
            f"{columns['tokens']!r} per {columns['params']!r} is {ratio:.3g}. Are "
            "tokens given in millions or billions? Give plain counts."
        )
    return hints
