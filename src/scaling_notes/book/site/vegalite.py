"""Vega-Lite as the book needs it: one version, one script, static pictures."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from typing import Any, TypeAlias

import altair
import vl_convert

__all__ = ["Spec", "script", "svg", "version"]

Spec: TypeAlias = dict[str, Any]

# Width in pixels of the picture of a chart that takes the width of its page.
PICTURE_WIDTH = 640

BANNER = """\
/* Vega, Vega-Lite and Vega-Embed. Copyright University of Washington Interactive
   Data Lab and contributors. BSD 3-Clause License, https://vega.github.io */
"""


@cache
def version() -> str:
    """Return the Vega-Lite version that draws what Altair writes.

    Returns
    -------
    str
        Major and minor version, such as "6.4".

    Raises
    ------
    RuntimeError
        If vl-convert has no such version.
    """
    wanted = ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    known = vl_convert.get_vegalite_versions()
    if wanted not in known:
        raise RuntimeError(
            f"Altair {altair.__version__} writes Vega-Lite {wanted}, but vl-convert "
            f"draws only {', '.join(known)}: install releases that agree."
        )
    return wanted


def script() -> str:
    """Return a script that defines `vegaEmbed`, and nothing else, on a page.

    Returns
    -------
    str
        JavaScript with no dependency.
    """
    bundle = vl_convert.javascript_bundle(
        "window.vegaEmbed = vegaEmbed;", vl_version=version()
    )
    # The bundle declares hundreds of short names, which would meet those of others.
    return f"{BANNER}(() => {{\n{bundle}\n}})();\n"


def svg(spec: Spec) -> str:
    """Draw a chart as a static picture.

    Parameters
    ----------
    spec : dict
        A Vega-Lite specification with its data.

    Returns
    -------
    str
        An SVG element whose ids are unique to the chart.
    """
    config = {"font": "sans-serif", **spec.get("config", {}), "aria": False}
    spec = {**spec, "config": config}
    if "mark" in spec or "layer" in spec:
        fit = {"type": "fit-x", "contains": "padding"}
        spec = {**spec, "width": PICTURE_WIDTH, "autosize": fit}
    picture: str = vl_convert.vegalite_to_svg(spec, vl_version=version())
    # The renderer numbers clips and gradients from where the last chart left off. Ids
    # of the chart's own make pages the same in any order of building, and unique.
    key = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:8]
    ids = list(dict.fromkeys(re.findall(r'\bid="([^"]+)"', picture)))

    def renamed(match: re.Match[str]) -> str:
        return f"{match[1]}chart-{key}-{ids.index(match[2])}"

    return re.sub(r'(\bid="|url\(#|href="#)([^")]+)', renamed, picture)
