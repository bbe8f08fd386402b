"""The scoreboard: every forecast that a page made before it looked, and its score."""

from __future__ import annotations

import pandas as pd

from ..corpus import load

__all__ = ["scoreboard"]

_MEASURES = ["runs", "held_out", "below", "factor", "error", "bias", "held"]


def scoreboard() -> pd.DataFrame:
    """Return every forecast of larger runs that the book made, with its score.

    Returns
    -------
    pandas.DataFrame
        One row a forecast: ``page``, ``forecast`` (its name on that page) and the
        measures of :meth:`Forecast.summary`: runs fitted, runs held out, the cut
        in FLOP, extrapolation factor, median absolute and signed error as shares
        of the loss, share of the runs inside their interval.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> bool((sn.scoreboard()["factor"] >= 1).all())
    True
    """
    found = load("results").query("kind == 'forecast'")
    names = found["id"].str.rsplit("-", n=1, expand=True)
    found = found.assign(forecast=names[0], measure=names[1])
    scores = found.pivot(index=["page", "forecast"], columns="measure", values="value")
    board = scores[_MEASURES].rename_axis(columns=None).reset_index()
    board.attrs["units"] = {"below": "FLOP"}
    return board
