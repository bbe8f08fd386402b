"""How every chart looks, and how it is stored in a notebook."""

from __future__ import annotations

import math
from typing import Any

from ..errors import DataError

__all__ = ["DARK", "LIGHT", "MIME", "RAMP", "bundle"]

MIME = "application/vnd.vegalite.v5+json"
"""Mime type of a stored chart: the one that JupyterLab draws with no extension."""

# Okabe and Ito's colors without yellow, which is too pale on white.
_LIGHT = {
    "measured": "#0072B2",
    "held-out": "#0072B2",
    "fit": "#D55E00",
    "printed": "#009E73",
    "simulated": "#AA4499",
    "reference": "#59636e",
    "ink": "#1f2328",
    "quiet": "#59636e",
    "grid": "#e4e7eb",
    # The site draws on its own paper; a dark JupyterLab must not draw on black.
    "paper": "#ffffff",
}
_DARK = {
    "measured": "#56B4E9",
    "held-out": "#56B4E9",
    "fit": "#F0894B",
    "printed": "#2FC49A",
    "simulated": "#E29BC8",
    "reference": "#a3acb8",
    "ink": "#e6e9ed",
    "quiet": "#a3acb8",
    "grid": "#353c46",
    "paper": "#14181d",
}
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"


KINDS = ("measured", "held-out", "fit", "printed", "simulated", "reference")
"""What a mark can mean; each has its color."""


def _config(color: dict[str, str], ramp: list[str]) -> dict[str, Any]:
    """Return a Vega-Lite config. Marks name a style; the theme gives it its color."""
    axis = {
        "labelColor": color["quiet"],
        "titleColor": color["ink"],
        "domainColor": color["quiet"],
        "tickColor": color["quiet"],
        "gridColor": color["grid"],
        "labelFontSize": 12,
        "titleFontSize": 13,
        "titleFontWeight": 500,
        "titlePadding": 8,
        "labelOverlap": "greedy",
        "labelSeparation": 6,
        # Vega would push the labels at the ends off their ticks.
        "labelFlush": False,
    }
    legend = {
        "labelColor": color["ink"],
        "titleColor": color["ink"],
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 500,
        "orient": "top",
        "labelLimit": 260,
        "gradientLength": 160,
        # Vega draws symbols of shape alone in black, which no dark page shows.
        "symbolBaseFillColor": color["quiet"],
    }
    # "color" is the one property that Vega-Lite takes from a style for every mark.
    styles: dict[str, dict[str, Any]] = {
        f"{name}{suffix}": {"color": color[name]}
        for name in KINDS
        for suffix in ("", "-line", "-band")
    }
    styles["note"] = {"color": color["ink"], "fontSize": 12}
    return {
        "background": color["paper"],
        "font": _FONT,
        "axis": axis,
        "legend": legend,
        "title": {"color": color["ink"], "fontSize": 14, "fontWeight": 500},
        "header": {"labelColor": color["ink"], "titleColor": color["ink"]},
        "view": {"stroke": None},
        "range": {
            "category": [
                color["measured"],
                color["fit"],
                color["printed"],
                color["simulated"],
                "#E69F00",
                color["quiet"],
            ],
            "ramp": ramp,
            "ordinal": {"scheme": ramp},
            "heatmap": ramp,
        },
        "style": styles,
    }


# From small to large, the same by day and by night: each step stands out from white
# and from black, and no step is nearer to the page in one mode than in the other.
RAMP = ["#3aa39b", "#3482c4", "#6f5fd0", "#b03a7a"]

LIGHT = _config(_LIGHT, RAMP)
DARK = _config(_DARK, RAMP)


def rounded(item: Any, significant: int = 6) -> Any:
    """Return the same structure with every float in few significant digits."""
    if isinstance(item, float):
        if not math.isfinite(item):
            return None
        short = float(f"{item:.{significant - 1}e}")
        return int(short) if short.is_integer() and abs(short) < 1e15 else short
    if isinstance(item, dict):
        return {k: rounded(v, significant) for k, v in item.items()}
    if isinstance(item, list | tuple):
        return [rounded(v, significant) for v in item]
    return item


def bundle(spec: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return what a notebook stores for a chart: its spec and its description."""
    description = spec.get("description")
    if not description:
        raise DataError(
            "The chart has no description: say in one or two sentences what a reader "
            "with sight sees, in charts.layer(..., description=...)."
        )
    return {MIME: _once(rounded(spec)), "text/plain": description}


def _once(spec: dict[str, Any]) -> dict[str, Any]:
    """Move inline data to the top, so that equal frames are stored once."""
    frames: list[Any] = []

    def walk(item: Any) -> Any:
        if isinstance(item, list):
            return [walk(v) for v in item]
        if not isinstance(item, dict):
            return item
        out = {}
        for key, value in item.items():
            if key == "data" and isinstance(value, dict) and "values" in value:
                if value["values"] not in frames:
                    frames.append(value["values"])
                out[key] = {"name": f"frame-{frames.index(value['values'])}"}
            else:
                out[key] = walk(value)
        return out

    body: dict[str, Any] = walk(spec)
    if frames:
        body["datasets"] = {f"frame-{i}": f for i, f in enumerate(frames)}
    return body
