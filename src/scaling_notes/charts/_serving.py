"""What a smaller model costs to train and to serve, by how much it will serve."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from ..accounting import (
    INFERENCE_FLOPS_PER_PARAM_TOKEN,
    TRAINING_FLOPS_PER_PARAM_TOKEN,
)
from ..errors import DataError
from ..laws._chinchilla import SizeAndData
from ._axes import axis
from ._display import Chart
from ._marks import layer, line, need, points

__all__ = ["serving_cost"]

_SIZE = axis("size", "Size over the larger model's", log=True)
_TOTAL = axis("total", "Total cost over the larger model's", zero=True)
# The axis stays where it is, whatever is chosen, and ends above the dearest pairs.
_MOST = 2.5
_SERVED, _PRICES = (1, 3, 10, 30, 100), (1, 2, 4)
_PAIRS = "measured pairs"
_LINE = 16


def serving_cost(
    laws: Mapping[str, SizeAndData | pd.DataFrame],
    measured: pd.DataFrame | None = None,
    *,
    served: int = 10,
    description: str,
) -> alt.LayerChart | alt.FacetChart:
    """Draw the cost of training and serving a smaller model, at equal loss.

    Two menus set the tokens served over the training tokens of the larger model, and
    the price of a FLOP of use over one of training. The page itself works the cost out,
    so no kernel is needed. A dot and a line of text for each law give its cheapest
    size.

    Parameters
    ----------
    laws : mapping of str to law or DataFrame
        Laws of params and tokens, counted from their compute-optimal model: only their
        exponents matter. Or a curve of equal loss counted from another model, with the
        columns ``size`` and ``tokens``.
    measured : DataFrame, optional
        Pairs of runs of equal loss: ``size`` and ``tokens`` of the smaller model, over
        those of the larger one.
    served : int
        Where the first menu begins: 1, 3, 10, 30 or 100.
    description : str

    Raises
    ------
    DataError
        If there is no law, one has no size and data, or the menu has no ``served``.
    """
    if not laws:
        raise DataError("serving_cost() needs a law or more.")
    if served not in _SERVED:
        raise DataError(f"served must be one of {', '.join(map(str, _SERVED))}.")
    for name, law in laws.items():
        if not isinstance(law, SizeAndData | pd.DataFrame):
            raise DataError(f"The law {name!r} is {law!r}; give one of size and data.")
    curves = pd.concat([_curve(law).assign(law=name) for name, law in laws.items()])
    menus = [
        _menu("served_", "times the training tokens served ", served, _SERVED),
        _menu("price_", "price of a served FLOP ", 1, _PRICES),
    ]
    color = axis("law", "law, or data")
    lines = line(curves.assign(total=0.0), _SIZE, _TOTAL, color=color)
    best = points(curves.assign(total=0.0), _SIZE, _TOTAL, color=color, kind="fit")
    scale = alt.Scale(domain=[0, _MOST], nice=False)
    marks: list[alt.Chart] = []
    for mark in (lines, best):
        mark = mark.properties(data=curves).transform_calculate(total=_COST)
        if mark.mark.type == "point":
            mark = _cheapest(mark)
            # The rest of the curve is there and not drawn: these are no crowd.
            mark.mark.opacity = 1
        marks.append(mark)
    if measured is not None:
        for column in ("size", "tokens"):
            need(measured, column)
        pairs = measured[["size", "tokens"]].reset_index(drop=True)
        pairs["law"] = _PAIRS
        drawn = points(pairs.assign(total=0.0), _SIZE, _TOTAL, color=color)
        drawn.mark.shape = "diamond"
        marks.append(drawn.properties(data=pairs).transform_calculate(total=_COST))
    for mark in marks:
        mark.mark.clip = True
        mark.encoding.y.scale = scale
        if mark.encoding.tooltip is not alt.Undefined:
            mark.encoding.tooltip = [
                alt.Tooltip("size:Q", title="size", format=".3f"),
                alt.Tooltip("tokens:Q", title="training tokens", format=".3~g"),
                alt.Tooltip("total:Q", title="total cost", format=".3f"),
            ]
    told = [_told(curves, name, i) for i, name in enumerate(laws)]
    return layer(*marks, *told, description=description).add_params(*menus)


_PAID = INFERENCE_FLOPS_PER_PARAM_TOKEN / TRAINING_FLOPS_PER_PARAM_TOKEN
# What serving costs beside training the larger model.
_USE = f"served_ * price_ * {_PAID:.6f}"
_COST = f"datum.size * (datum.tokens + {_USE}) / (1 + {_USE})"


def _curve(law: SizeAndData | pd.DataFrame) -> pd.DataFrame:
    """Return sizes down to the least that is drawn, and their training tokens."""
    if isinstance(law, pd.DataFrame):
        for column in ("size", "tokens"):
            need(law, column)
        size, tokens = law["size"].to_numpy(), law["tokens"].to_numpy()
    else:
        size = np.geomspace(0.05, 1.0, 241)
        tokens = np.asarray(law.equal_loss_tokens(size))
    # Far above what is drawn at any choice.
    shown = size * tokens < 1e4
    return pd.DataFrame({"size": size[shown], "tokens": tokens[shown]}).round(5)


def _menu(name: str, words: str, value: int, of: tuple[int, ...]) -> alt.Parameter:
    bind = alt.binding_select(options=list(of), labels=list(map(str, of)), name=words)
    return alt.param(name=name, value=value, bind=bind)


def _cheapest(mark: alt.Chart) -> alt.Chart:
    """Return the mark with the cheapest size of each law only."""
    least = mark.transform_joinaggregate(least="min(total)", groupby=["law"])
    return least.transform_filter("datum.total == datum.least")


def _told(curves: pd.DataFrame, name: str, row: int) -> alt.Chart:
    """Return a line of text, below the axis: the cheapest size by a law."""
    own = curves[curves["law"] == name].reset_index(drop=True)
    told = _cheapest(Chart(own).transform_calculate(total=_COST))
    words = (
        "datum.law + ': size ' + format(datum.size, '.2f') + ', tokens x '"
        " + format(datum.tokens, datum.tokens < 10 ? '.1f' : '.0f')"
        " + ', cost ' + format(datum.total, '.0%')"
    )
    told = told.transform_calculate(words=words).mark_text(
        style="note", align="left", baseline="top", fontSize=12
    )
    top = alt.value(alt.expr(f"height + {48 + _LINE * row}"))
    return told.encode(x=alt.value(6), y=top, text="words:N")
