"""One legend for a column that both color and shape show."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

__all__ = ["joined"]

Mark = alt.Chart | alt.LayerChart | alt.FacetChart


def joined(marks: Sequence[Mark]) -> list[Mark]:
    """Return marks whose colors and shapes of a column share one list of names.

    Vega-Lite joins the legends of color and shape where it sees that they hold the
    same names. It does not where the names come from the data of several marks.
    """
    found = list(marks)
    for column in {_shown(mark, "shape") for mark in marks} - {""}:
        colored = [i for i, m in enumerate(found) if _shown(m, "color") == column]
        if len(colored) < 2:
            continue
        frames = [found[i].data for i in colored]
        names = pd.concat(
            [frame[column] for frame in frames if isinstance(frame, pd.DataFrame)]
        ).unique()
        scale = alt.Scale(domain=names.tolist())
        for i in colored:
            for channel in ("color", "shape"):
                if _shown(found[i], channel) == column:
                    named = found[i].encoding[channel].copy()
                    named["scale"] = scale
                    found[i] = found[i].encode(**{channel: named})
    return found


def _shown(mark: Mark, channel: str) -> str:
    """Return the column of words that a channel of a mark shows, empty if none."""
    if not isinstance(mark, alt.Chart) or mark.encoding is alt.Undefined:
        return ""
    encoded = mark.encoding[channel]
    if encoded is alt.Undefined or encoded["type"] != "nominal":
        return ""
    return str(encoded["shorthand"])
