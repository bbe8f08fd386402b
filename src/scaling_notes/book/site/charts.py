"""From a stored chart output to the page: a figure that needs no kernel."""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes

from ...charts._theme import MIME
from ...corpus._record import MIME as RECORDS
from .datatable import data_tables
from .vegalite import Spec, svg

if TYPE_CHECKING:
    from myst_nb.core.render import MimeData, NbElementRenderer

__all__ = ["PAGE_CLASS", "ChartRenderer", "chart_html"]

# Marks the nodes of charts, and so the pages that need the scripts.
PAGE_CLASS = "chart-output"

# Height in pixels of a row of inputs below a chart, and how many a row holds. The
# button that resets them is one more.
ROW_HEIGHT = 32
INPUTS_PER_ROW = 2


class ChartRenderer:
    """Render Vega-Lite outputs of notebooks (a `myst_nb.mime_renderers` plug-in)."""

    mime_priority_overrides: ClassVar[list[tuple[str, str, int | None]]] = [
        ("html", MIME, 1),
        ("dirhtml", MIME, 1),
        ("html", RECORDS, 1000),
        ("dirhtml", RECORDS, 1000),
    ]

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        """Turn one output into nodes, or leave it to other renderers.

        Parameters
        ----------
        renderer : myst_nb.core.render.NbElementRenderer
            The renderer of the notebook.
        data : myst_nb.core.render.MimeData
            The output of one type.
        inline : bool
            Whether the output stands within a line of text.

        Returns
        -------
        list of docutils.nodes.Element, or None
            None if the output is neither a chart nor meant for programs only.
        """
        if data.mime_type == RECORDS:
            # The same output holds a table for readers.
            return []
        if inline or data.mime_type != MIME:
            return None
        spec = data.content
        if not isinstance(spec, dict):
            spec = json.loads(spec)
        if not spec.get("description"):
            renderer.logger.warning(
                "a chart has no description for readers who do not see it",
                subtype="chart_description",
                line=data.line,
            )
        html = chart_html(spec)
        return [nodes.raw("", html, format="html", classes=["output", PAGE_CLASS])]


def chart_html(spec: Spec) -> str:
    """Write a chart as HTML: its specification, a static picture, its data.

    Parameters
    ----------
    spec : dict
        A Vega-Lite specification with its data and a `description`.

    Returns
    -------
    str
        A figure that `charts.js` draws. Without scripts the picture stands in.
    """
    description = escape(spec.get("description", "Chart"))
    picture = svg(spec)
    # A "<" in a string could end the script element, so none is left.
    source = json.dumps(spec, ensure_ascii=False, separators=(",", ":"))
    source = source.replace("<", r"\u003c")
    inputs = _count_inputs(spec)
    rows = -(-(inputs + 1) // INPUTS_PER_ROW) if inputs else 0
    places = f"min-height:{_height(picture) + ROW_HEIGHT * rows}px"
    if "hconcat" in spec:
        stacked = {("vconcat" if k == "hconcat" else k): v for k, v in spec.items()}
        places += f";--stacked:{_height(svg(stacked)) + ROW_HEIGHT * rows}px"
    return (
        f'<div class="chart" role="figure" aria-label="{description}">\n'
        f'<script type="application/json">{source}</script>\n'
        f'<div class="chart-drawing" style="{places}"></div>\n'
        f"<noscript>{picture}</noscript>\n"
        f"{data_tables(spec)}</div>"
    )


def _height(picture: str) -> int:
    match = re.search(r'<svg[^>]*\bheight="([\d.]+)"', picture)
    if match is None:
        raise ValueError("the picture of a chart has no height")
    return round(float(match[1]))


def _count_inputs(spec: Spec) -> int:
    bindings = [param.get("bind") for param in spec.get("params", [])]
    return sum(isinstance(bind, dict) and "input" in bind for bind in bindings)
