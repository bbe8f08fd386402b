"""Altair charts with one look and one meaning for each mark.

Importing this room turns on the theme and the renderer that stores a chart as
a rounded spec and its description.
"""

from . import _theme as _theme
from ._axes import axis
from ._figures import explorer, isoflop_curves, loss_curve, moving_cut
from ._marks import band, beside, layer, line, points, rule, text, whiskers

__all__ = [
    "axis",
    "band",
    "beside",
    "explorer",
    "isoflop_curves",
    "layer",
    "line",
    "loss_curve",
    "moving_cut",
    "points",
    "rule",
    "text",
    "whiskers",
]
