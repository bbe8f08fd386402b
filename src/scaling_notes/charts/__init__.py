"""Altair charts with one look and one meaning for each mark.

A chart of this room brings its theme, and the renderer that stores it as a rounded
spec and its description. Altair's own settings stay as they are.
"""

from ._axes import axis
from ._calculator import calculator
from ._figures import explorer, isoflop_curves, loss_curve, moving_cut
from ._marks import band, beside, layer, line, points, rule, text, whiskers
from ._serving import serving_cost
from ._train_or_search import train_or_search

__all__ = [
    "axis",
    "band",
    "beside",
    "calculator",
    "explorer",
    "isoflop_curves",
    "layer",
    "line",
    "loss_curve",
    "moving_cut",
    "points",
    "rule",
    "serving_cost",
    "text",
    "train_or_search",
    "whiskers",
]
