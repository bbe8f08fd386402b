"""Marks with one meaning each: measured, fit, band, held out, printed, simulated.

A mark names the columns it draws; axes, titles and number formats follow from
the column names. Several marks make a chart with :func:`layer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import altair as alt
import pandas as pd

from ..errors import DataError
from ._axes import Axis, axis, scale_of, spec_of, ticks_of, words_of
from ._display import Chart, ours
from ._legends import joined
from ._theme import KINDS

__all__ = [
    "band",
    "beside",
    "layer",
    "line",
    "points",
    "rule",
    "text",
    "whiskers",
]

# Pixels between the axes outside of the site, which fits charts to its pages. Never
# "container": JupyterLab lays a notebook out before its cells have a width, and then
# draws such a chart again and again until the browser's tab dies.
WIDTH = 600
# Above this number points pale, so that their density shows.
_CROWD = 400
# Up to this many numbers have a color and a legend entry each.
_FEW = 12

Kind = Literal["measured", "held-out", "fit", "printed", "simulated", "reference"]


def _style(kind: str, suffix: str = "") -> str:
    """Return the style the theme knows a kind of mark by."""
    if kind not in KINDS:
        raise DataError(f"kind is {kind!r}; use one of {', '.join(KINDS)}.")
    return kind + suffix


def _position(data: pd.DataFrame, a: Axis, channel: Any) -> Any:
    s = spec_of(a)
    need(data, s["column"])
    if not pd.api.types.is_numeric_dtype(data[s["column"]]):
        return channel(s["column"], type="nominal", title=s["title"], sort=None)
    return channel(
        s["column"],
        type="quantitative",
        title=s["title"],
        scale=scale_of(s),
        axis=ticks_of(s),
    )


def need(data: pd.DataFrame, column: str) -> None:
    if not isinstance(data, pd.DataFrame):
        raise DataError(
            f"What to draw is a {type(data).__name__}; give a pandas DataFrame."
        )
    if column not in data.columns:
        raise DataError(
            f"The frame to draw has no column {column!r}; it has "
            f"{', '.join(map(repr, data.columns))}."
        )


def _color(data: pd.DataFrame, color: Axis) -> alt.Color:
    s = spec_of(color)
    need(data, s["column"])
    if pd.api.types.is_numeric_dtype(data[s["column"]]):
        few = data[s["column"]].nunique() <= _FEW
        log = s["log"] and not few
        scale = alt.Scale(type="log") if log else alt.Undefined
        legend = alt.Legend(
            type=alt.Undefined if few else "gradient",
            labelExpr=words_of(s) if s["log"] else alt.Undefined,
        )
        return alt.Color(
            s["column"],
            type="ordinal" if few else "quantitative",
            title=s["title"],
            scale=scale,
            legend=legend,
        )
    return alt.Color(s["column"], type="nominal", title=s["title"], sort=None)


def _tooltip(
    data: pd.DataFrame, axes: Sequence[Axis | None]
) -> tuple[list[alt.Tooltip], dict[str, str]]:
    """Return what hovering shows, and the words that are calculated for it."""
    tips, words = [], {}
    for a in axes:
        if a is None:
            continue
        s = spec_of(a)
        numeric = pd.api.types.is_numeric_dtype(data[s["column"]])
        if numeric and "{value}" in s["format"]:
            # A number format knows no B for 1e9, and axes do.
            name = f"{s['column']} in words"
            words[name] = s["format"].format(value=f"datum[{s['column']!r}]")
            tips.append(alt.Tooltip(name, type="nominal", title=s["title"]))
        elif numeric:
            tips.append(
                alt.Tooltip(
                    s["column"],
                    type="quantitative",
                    title=s["title"],
                    format=s["format"],
                )
            )
        else:
            tips.append(alt.Tooltip(s["column"], type="nominal", title=s["title"]))
    return tips, words


def _columns(data: pd.DataFrame, axes: Sequence[Axis | None]) -> pd.DataFrame:
    names = [spec_of(a)["column"] for a in axes if a is not None]
    for name in names:
        need(data, name)
    return data[list(dict.fromkeys(names))].reset_index(drop=True)


def _saying(chart: alt.Chart, words: dict[str, str]) -> alt.Chart:
    return chart.transform_calculate(**words) if words else chart


def points(
    data: pd.DataFrame,
    x: Axis,
    y: Axis,
    *,
    color: Axis | None = None,
    shape: Axis | None = None,
    kind: Kind = "measured",
) -> alt.Chart:
    """Draw measured runs as points; ``kind="held-out"`` draws them hollow.

    Parameters
    ----------
    data : DataFrame
    x, y, color, shape : str or axis
        Columns. Hovering a point shows them.
    kind : str
        ``measured``, ``held-out``, ``fit``, ``printed`` or ``simulated``.
    """
    frame = _columns(data, [x, y, color, shape])
    hollow = kind == "held-out"
    crowded = len(frame) > _CROWD
    mark = Chart(frame).mark_point(
        style=_style(kind),
        filled=not hollow,
        size=46,
        opacity=0.4 if crowded else 1,
        strokeWidth=1.6 if hollow else 0,
    )
    tips, words = _tooltip(frame, [x, y, color, shape])
    encoding: dict[str, Any] = {
        "x": _position(frame, x, alt.X),
        "y": _position(frame, y, alt.Y),
        "tooltip": tips,
    }
    if color is not None:
        encoding["color"] = _color(frame, color)
    if shape is not None:
        encoding["shape"] = alt.Shape(
            spec_of(shape)["column"],
            type="nominal",
            title=spec_of(shape)["title"],
            sort=None,
        )
    return _saying(mark.encode(**encoding), words)


def line(
    data: pd.DataFrame,
    x: Axis,
    y: Axis,
    *,
    color: Axis | None = None,
    detail: str | None = None,
    kind: Kind = "fit",
    extrapolated: bool = False,
) -> alt.Chart:
    """Draw a law as a line, dashed where it is extrapolated.

    Parameters
    ----------
    data : DataFrame
        In the order of ``x``.
    x, y, color : str or axis
    detail : str, optional
        Column that separates lines without coloring them.
    kind : str
    extrapolated : bool
    """
    extra = axis(detail) if detail else None
    frame = _columns(data, [x, y, color, extra])
    dash: Any = [6, 4] if extrapolated or kind == "printed" else alt.Undefined
    mark = Chart(frame).mark_line(
        style=_style(kind, "-line"), strokeWidth=2, strokeDash=dash
    )
    encoding: dict[str, Any] = {
        "x": _position(frame, x, alt.X),
        "y": _position(frame, y, alt.Y),
    }
    if color is not None:
        encoding["color"] = _color(frame, color)
    if detail:
        encoding["detail"] = alt.Detail(detail, type="nominal")
    return mark.encode(**encoding)


def band(
    data: pd.DataFrame,
    x: Axis,
    y: Axis,
    *,
    low: str = "low",
    high: str = "high",
    color: Axis | None = None,
    kind: Kind = "fit",
) -> alt.Chart:
    """Draw an interval as a pale area between two columns.

    Parameters
    ----------
    data : DataFrame
    x, y : str or axis
        ``y`` gives the axis; the area goes from ``low`` to ``high``.
    low, high : str
    color : str or axis, optional
        One area for each value, in the colors of lines and points.
    kind : str
    """
    s = spec_of(y)
    frame = _columns(data, [x, axis(low), axis(high), color])
    encoding: dict[str, Any] = {
        "x": _position(frame, x, alt.X),
        "y": alt.Y(
            low,
            type="quantitative",
            title=s["title"],
            scale=scale_of(s),
            axis=ticks_of(s),
        ),
        "y2": alt.Y2(high),
    }
    if color is not None:
        shade: Any = _color(frame, color)
        if shade["legend"] is alt.Undefined:
            shade["legend"] = alt.Legend()
        # A legend looks like the lowest mark; a swatch as pale as a band says little.
        shade["legend"]["symbolOpacity"] = 1
        encoding["color"] = shade
    mark = Chart(frame).mark_area(style=_style(kind, "-band"), opacity=0.18)
    return mark.encode(**encoding)


def whiskers(
    data: pd.DataFrame,
    x: Axis,
    y: Axis,
    *,
    low: str = "low",
    high: str = "high",
    color: Axis | None = None,
    kind: Kind = "measured",
) -> alt.LayerChart | alt.FacetChart:
    """Draw estimates as dots with their intervals, one row a category.

    Parameters
    ----------
    data : DataFrame
    x : str or axis
        The estimate.
    y : str or axis
        The category.
    low, high : str
    color : str or axis, optional
    kind : str
    """
    frame = _columns(data, [x, y, axis(low), axis(high), color])
    s = spec_of(x)
    rows = alt.Y(spec_of(y)["column"], type="nominal", title=None, sort=None)
    rows = rows.axis(labelLimit=260, grid=False)
    ends = Chart(frame).mark_rule(style=_style(kind, "-line"), strokeWidth=2)
    dots = Chart(frame).mark_point(style=_style(kind), filled=True, size=60, opacity=1)
    encoding: dict[str, Any] = {"y": rows}
    if color is not None:
        encoding["color"] = _color(frame, color)
    title = s["title"]
    low_axis = alt.X(
        low, type="quantitative", title=title, scale=scale_of(s), axis=ticks_of(s)
    )
    tips, words = _tooltip(frame, [y, x, axis(low), axis(high)])
    chart = alt.layer(
        ends.encode(x=low_axis, x2=alt.X2(high), **encoding),
        _saying(
            dots.encode(x=_position(frame, x, alt.X), tooltip=tips, **encoding), words
        ),
    )
    return ours(chart)


def rule(
    value: float, along: Literal["x", "y"], a: Axis, *, kind: Kind = "reference"
) -> alt.Chart:
    """Draw a straight line at one value: a cut, a floor, a printed number."""
    s = spec_of(a)
    channel = alt.X if along == "x" else alt.Y
    encoding = channel(
        s["column"],
        type="quantitative",
        title=s["title"],
        scale=scale_of(s),
        axis=ticks_of(s),
    )
    frame = pd.DataFrame({s["column"]: [value]})
    mark = Chart(frame).mark_rule(
        style=_style(kind, "-line"), strokeDash=[4, 3], strokeWidth=1.5
    )
    return mark.encode(**{along: encoding})


def text(data: pd.DataFrame, x: Axis, y: Axis, label: str) -> alt.Chart:
    """Write a column's words beside points."""
    frame = _columns(data, [x, y, axis(label)])
    mark = Chart(frame).mark_text(style="note", align="left", dx=8)
    return mark.encode(
        x=_position(frame, x, alt.X),
        y=_position(frame, y, alt.Y),
        text=alt.Text(label, type="nominal"),
    )


def layer(
    *marks: alt.Chart | alt.LayerChart | alt.FacetChart,
    description: str,
    height: int = 320,
) -> alt.LayerChart | alt.FacetChart:
    """Put marks into one chart.

    Parameters
    ----------
    *marks : chart
        Drawn in order, the first at the bottom.
    description : str
        What a reader with sight sees, in one or two sentences.
    height : int
        In pixels.

    Notes
    -----
    The site makes the chart as wide as its page, whatever the page.
    """
    if not marks:
        raise DataError("layer() needs a mark or more, such as points(...).")
    _require_charts("layer", marks)
    return ours(alt.layer(*joined(marks))).properties(
        description=description, height=height, width=WIDTH
    )


def _require_charts(name: str, given: Sequence[object]) -> None:
    kinds = (alt.Chart, alt.LayerChart, alt.FacetChart, alt.HConcatChart)
    for one in given:
        if not isinstance(one, kinds):
            raise DataError(
                f"{name}() takes charts, such as points(...); {one!r} is none."
            )


def beside(
    *charts: alt.LayerChart | alt.FacetChart, description: str, width: int = 300
) -> alt.HConcatChart:
    """Put charts side by side; on a narrow page the row scrolls in its own box."""
    _require_charts("beside", charts)
    parts = [chart.properties(width=width) for chart in charts]
    for part in parts:
        # The whole says it once.
        part.description = alt.Undefined
    return ours(alt.hconcat(*parts)).properties(description=description)
