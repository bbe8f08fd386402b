"""Axes by the name of their column: title, scale, tick labels, tooltip format."""

from __future__ import annotations

from typing import Any

import altair as alt

__all__ = ["Axis", "axis"]

_LEADING = "datum.value / pow(10, floor(log(datum.value) / LN10 + 1e-9))"
COUNT = "replace(format(datum.value, '~s'), 'G', 'B')"
POWER = "replace(format(datum.value, '~e'), 'e+', 'e')"
# Of the nine ticks of a decade, 1 and 3 have a label and a grid line.
_MAIN = f"({_LEADING} < 1.001 || abs({_LEADING} - 3) < 0.001)"
_COUNT_TICKS = f"{_MAIN} ? {COUNT} : ''"
_POWER_TICKS = f"{_MAIN} ? {POWER} : ''"
_BYTE_TICKS = f"{_MAIN} ? format(datum.value, '~s') + 'B' : ''"
# Below one, 300m would be read as a count of millions.
_ANY = f"(datum.value < 1 ? format(datum.value, '~g') : {COUNT})"
_ANY_TICKS = f"{_MAIN} ? {_ANY} : ''"
# Whole years, and without the comma of thousands.
_YEAR_TICKS = "datum.value === floor(datum.value) ? format(datum.value, 'd') : ''"

# The same words in tooltips, of three digits.
_COUNT_TIP = "replace(format({value}, '.3~s'), 'G', 'B')"
_BYTE_TIP = "format({value}, '.3~s') + 'B'"
_POWER_TIP = "replace(format({value}, '.2~e'), 'e+', 'e')"

# Column name -> title, log scale, tick labels, tooltip format or expression.
_AXES: dict[str, tuple[str, bool, str | None, str]] = {
    "params": ("Parameters N", True, _COUNT_TICKS, _COUNT_TIP),
    "params_non_embedding": (
        "Non-embedding parameters",
        True,
        _COUNT_TICKS,
        _COUNT_TIP,
    ),
    "tokens": ("Training tokens D", True, _COUNT_TICKS, _COUNT_TIP),
    "unique_tokens": ("Unique tokens", True, _COUNT_TICKS, _COUNT_TIP),
    "flops": ("Training compute C (FLOP)", True, _POWER_TICKS, _POWER_TIP),
    "budget": ("Budget (FLOP)", True, _POWER_TICKS, _POWER_TIP),
    "tokens_per_param": ("Tokens per parameter", True, _COUNT_TICKS, _COUNT_TIP),
    "loss": ("Loss L (nats per token)", False, None, ".4f"),
    "residual": ("Residual of log loss", False, None, ".4f"),
    "memory": ("Memory of the weights (bytes)", True, _BYTE_TICKS, _BYTE_TIP),
    "bits": ("Bits per weight", False, None, ".3~g"),
    "cost": ("Added loss (nats per token)", True, _ANY_TICKS, ".4f"),
    "k": ("Samples per problem k", True, _COUNT_TICKS, "d"),
    "year": ("Year", False, _YEAR_TICKS, ".1f"),
}


def axis(
    column: str,
    title: str | None = None,
    *,
    log: bool | None = None,
    zero: bool = False,
) -> dict[str, Any]:
    """Return the axis of a column, as the marks take it.

    Parameters
    ----------
    column : str
        Name of the column. Columns of the house (``params``, ``tokens``,
        ``flops``, ``loss`` ...) bring their title, scale and tick labels.
    title : str, optional
        Title with unit.
    log : bool, optional
        Logarithmic scale.
    zero : bool
        Whether a linear axis begins at zero.
    """
    known = _AXES.get(column)
    words, logged, ticks, shape = known or (
        column.replace("_", " "),
        False,
        None,
        ".4~g",
    )
    logged = logged if log is None else log
    if logged and ticks is None:
        ticks = None if known else _ANY_TICKS
    return {
        "column": column,
        "title": title or words,
        "log": logged,
        "zero": zero,
        "ticks": ticks if logged or (known and not known[1]) else None,
        "format": shape,
    }


Axis = str | dict[str, Any]


def words_of(a: dict[str, Any]) -> str:
    """Return the expression by which a legend says what the axis does."""
    if "{value}" in a["format"]:
        return str(a["format"].format(value="datum.value"))
    return _ANY


def spec_of(a: Axis) -> dict[str, Any]:
    """Return an axis, given one or the name of a column."""
    return a if isinstance(a, dict) else axis(a)


def scale_of(a: dict[str, Any]) -> alt.Scale:
    """Return the Vega-Lite scale of an axis."""
    if a["log"]:
        return alt.Scale(type="log", nice=False, padding=8)
    return alt.Scale(zero=a["zero"], nice=not a["zero"], padding=8)


def ticks_of(a: dict[str, Any]) -> alt.Axis:
    """Return the Vega-Lite axis of an axis."""
    if a["ticks"] and not a["log"]:
        return alt.Axis(labelExpr=a["ticks"])
    if a["ticks"]:
        main = alt.condition(_MAIN, alt.value(1), alt.value(0))
        return alt.Axis(labelExpr=a["ticks"], gridOpacity=main)
    return alt.Axis()
