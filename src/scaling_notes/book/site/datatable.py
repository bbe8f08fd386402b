"""The data of a chart as HTML tables, for those who read it rather than see it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any, TypeAlias

from .vegalite import Spec

__all__ = ["MAX_ROWS", "data_tables"]

MAX_ROWS = 300

Rows: TypeAlias = list[dict[str, Any]]
Layer: TypeAlias = tuple[Rows, str]

MARK_NAMES = {
    "area": "area",
    "bar": "bars",
    "circle": "points",
    "errorband": "band",
    "errorbar": "error bars",
    "line": "line",
    "point": "points",
    "rect": "cells",
    "rule": "rules",
    "square": "points",
    "text": "labels",
    "tick": "ticks",
    "trail": "line",
}


def data_tables(spec: Spec) -> str:
    """Write the data of a chart as folded tables.

    Parameters
    ----------
    spec : dict
        A Vega-Lite specification. Data that it computes is not shown.

    Returns
    -------
    str
        A `details` element with one table for each set of rows, or nothing if the
        specification holds no rows.
    """
    marks: dict[str, list[str]] = {}
    for rows, mark in _layers(spec, [], spec.get("datasets", {})):
        if rows:
            names = marks.setdefault(json.dumps(rows), [])
            if mark not in names:
                names.append(mark)
    if not marks:
        return ""
    titles = dict(_titles(spec))
    tables = "".join(
        _table(json.loads(rows), " and ".join(names), titles)
        for rows, names in marks.items()
    )
    return (
        '<details class="chart-data"><summary>Data as a table</summary>\n'
        f"{tables}</details>\n"
    )


def _layers(spec: Spec, inherited: Rows, frames: dict[str, Rows]) -> Iterator[Layer]:
    """Yield the rows and the mark of each layer, with data inherited from above."""
    rows = inherited
    if isinstance(spec.get("data"), dict):
        data = spec["data"]
        rows = data.get("values") or frames.get(data.get("name", ""), [])
    mark = spec.get("mark")
    if mark is not None:
        kind: str = mark["type"] if isinstance(mark, dict) else mark
        yield rows, MARK_NAMES.get(kind, kind)
    for key in ("layer", "concat", "hconcat", "vconcat"):
        for child in spec.get(key, []):
            yield from _layers(child, rows, frames)
    if isinstance(spec.get("spec"), dict):
        yield from _layers(spec["spec"], rows, frames)


def _titles(spec: Any) -> Iterator[tuple[str, str]]:
    """Yield fields with the titles that axes, legends and tooltips give them."""
    if isinstance(spec, list):
        for item in spec:
            yield from _titles(item)
    elif isinstance(spec, dict):
        field = spec.get("field")
        if isinstance(field, str) and "aggregate" not in spec:
            for holder in (spec, spec.get("axis"), spec.get("legend")):
                title = holder.get("title") if isinstance(holder, dict) else None
                if isinstance(title, str) and title:
                    yield field, title
        for key, value in spec.items():
            if key not in ("data", "datasets", "values"):
                yield from _titles(value)


def _table(rows: Rows, caption: str, titles: dict[str, str]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(
        f'<th scope="col">{escape(titles.get(name) or name.replace("_", " "))}</th>'
        for name in columns
    )
    body = "\n".join(
        "".join(["<tr>", *(f"<td>{_cell(row.get(name))}</td>" for name in columns)])
        for row in rows[:MAX_ROWS]
    )
    note = f"{caption[:1].upper()}{caption[1:]}, {len(rows):,} rows"
    if len(rows) > MAX_ROWS:
        note += f"; the first {MAX_ROWS} are shown, the notebook holds all"
    return (
        '<div class="chart-table" tabindex="0" role="group" '
        f'aria-label="Data: {escape(note)}">\n'
        f"<table><caption>{escape(note)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n"
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return escape(str(value))
    if isinstance(value, int) and abs(value) < 1e15:
        return f"{value:,}" if abs(value) >= 1e4 else str(value)
    # 7e+09 and 1e-05 as this field writes them, 7e9 and 1e-5
    return re.sub(r"e\+?(-?)0*", r"e\1", f"{value:.6g}")
