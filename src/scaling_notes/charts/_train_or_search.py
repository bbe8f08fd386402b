"""What training and all queries cost together, by how the quality is bought."""

from __future__ import annotations

import json
from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from ..errors import DataError
from ._axes import axis
from ._display import Chart
from ._marks import layer, line, points

__all__ = ["train_or_search"]

_TRAINING = axis("training", "Training over today's", log=True)
_COST_OF = axis("part", "cost of")
_COST = axis("bill", "Cost over today's total", zero=True)
# The axes stay where they are, whatever is chosen.
_MOST = 2.0
_REACH = (0.01, 100.0)
# Decades of queries either side of the number at which use costs what training did.
_DECADES = 3
_PARTS = {
    "total": "(datum.training + spent_) / (1 + use_)",
    "training": "datum.training / (1 + use_)",
    "all queries": "spent_ / (1 + use_)",
}
_SPENT = "use_ * pow(datum.training, -rate_)"
# Where the derivative of the total by training is zero.
_BEST = "pow(rate_ * use_, 1 / (1 + rate_))"


def train_or_search(
    rates: Mapping[str, float], *, query_share: float, description: str
) -> alt.LayerChart | alt.FacetChart:
    """Draw the cost of training and of all queries, at equal quality.

    A menu and a slider set the exchange rate s, by which test compute falls as
    training to the power -s; a second slider sets the number of queries. The page
    itself works the cost out, so no kernel is needed. A dot and a line of text give
    the cheapest training.

    Parameters
    ----------
    rates : mapping of str to float
        Exchange rates that the menu offers; it begins at the first.
    query_share : float
        Cost of one query over that of training, today.
    description : str

    Raises
    ------
    DataError
        If there is no rate, or one of them or the share is not positive.
    """
    if not rates:
        raise DataError("train_or_search() needs an exchange rate or more.")
    for name, number in {**rates, "query_share": query_share}.items():
        if not (np.isfinite(number) and number > 0):
            raise DataError(f"{name!r} is {number}; give a positive number.")
    shown = {name: float(f"{rate:.4g}") for name, rate in rates.items()}
    even = float(np.round(-np.log10(query_share), 2))
    menu = alt.param(
        name="from_",
        value=next(iter(shown)),
        bind=alt.binding_select(options=list(shown), name="exchange rate "),
    )
    shift = alt.param(
        name="shift_",
        value=0,
        bind=alt.binding_range(min=-0.8, max=0.8, step=0.1, name="shift the rate "),
    )
    asked = alt.param(
        name="asked_",
        value=even,
        bind=alt.binding_range(
            min=even - _DECADES,
            max=even + _DECADES,
            step=0.25,
            name="queries, 10 to the ",
        ),
    )
    made = [
        # The menu's names are text of the caller's; JSON quotes them.
        alt.param(name="rate_", expr=f"max(0.1, {json.dumps(shown)}[from_] + shift_)"),
        alt.param(name="use_", expr=f"pow(10, asked_) * {query_share:.8g}"),
    ]
    grid = pd.DataFrame({"training": np.geomspace(*_REACH, 101).round(4)})
    marks = [_part(grid, name) for name in _PARTS]
    best = pd.DataFrame({"training": [1.0], "part": ["total"]})
    dot = points(best.assign(bill=1.0), _TRAINING, _COST, color=_COST_OF)
    dot = dot.properties(data=best).transform_calculate(training=_BEST)
    dot = dot.transform_calculate(bill=_PARTS["total"].replace("spent_", f"({_SPENT})"))
    dot.encoding.tooltip = alt.Undefined
    for mark in [*marks, dot]:
        mark.mark.clip = True
        mark.encoding.x.scale.domain = list(_REACH)
        mark.encoding.y.scale = alt.Scale(domain=[0, _MOST], nice=False)
    chart = layer(*marks, dot, _told(best), description=description, height=260)
    return chart.add_params(menu, shift, asked, *made)


def _part(grid: pd.DataFrame, name: str) -> alt.Chart:
    """Return the line of one cost."""
    formula = _PARTS[name].replace("spent_", f"({_SPENT})")
    frame = grid.assign(part=name)
    mark = line(frame.assign(bill=0.0), _TRAINING, _COST, color=_COST_OF)
    return mark.properties(data=frame).transform_calculate(bill=formula)


def _told(best: pd.DataFrame) -> alt.Chart:
    """Return lines of text, below the axis: the cheapest split."""
    told = Chart(best).transform_calculate(training=_BEST)
    total = _PARTS["total"].replace("spent_", f"({_SPENT})")
    words = (
        "'rate ' + format(rate_, '.1f') + ': use costs ' + format(use_, '.2~r')"
        " + ' times the training'"
        " + '\\nbest: training x ' + format(datum.training, '.2~r')"
        " + ', test compute x ' + format(pow(datum.training, -rate_), '.2~r')"
        f" + '\\ntotal ' + format({total}, '.0%') + ' of today\\'s'"
    )
    told = told.transform_calculate(words=words).mark_text(
        style="note", align="left", baseline="top", fontSize=12, lineBreak="\n"
    )
    top = alt.value(alt.expr("height + 48"))
    return told.encode(x=alt.value(6), y=top, text="words:N")
