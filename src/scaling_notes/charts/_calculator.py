"""A calculator on the page: a budget goes in, a model and its intervals come out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from ..accounting import TRAINING_FLOPS_PER_PARAM_TOKEN
from ..fitting import FAMILIES, Bootstrap, Calibrated, count, digits
from ..planning import allocate
from ._axes import axis
from ._display import Chart
from ._marks import layer, need

__all__ = ["calculator"]

_ROWS = {"params": "Parameters", "tokens": "Training tokens"}
_COUNT = axis("count", "Parameters or tokens", log=True)
# A smaller model is none that anybody serves.
_LEAST = 1e6
# As far apart as budgets of one slider are.
_STEP = 0.5
# The row of words above them, and the height of a row in pixels.
_WORDS, _ROW_HEIGHT = "words", 66


def calculator(
    boot: Bootstrap,
    runs: pd.DataFrame,
    *,
    flops: tuple[float, float],
    inference_tokens: Sequence[float],
    description: str,
    confidence_level: float = 0.95,
    calibration: Calibrated = FAMILIES,
) -> alt.LayerChart | alt.FacetChart:
    """Draw the best model for a budget that a slider sets, and what it will serve.

    Every answer is in the page, so it works without a kernel.

    Parameters
    ----------
    boot : Bootstrap
        Of a law of loss.
    runs : DataFrame
        The runs that were fitted, with ``params``, ``tokens`` and ``flops``: gray
        bars show how far they reach.
    flops : pair of float
        The least and the largest budget, training and use together, in FLOP.
    inference_tokens : sequence of float
        Tokens that the model may be asked to read and write in its life, for a
        list to choose from; zero for none.
    description : str
    confidence_level : float
        Of the intervals.
    calibration : sequence of str, Calibration, or None
        As for :func:`~scaling_notes.allocate`.
    """
    for column in ("params", "tokens", "flops"):
        need(runs, column)
    low, high = np.log10(flops)
    powers = np.arange(low, high + _STEP / 2, _STEP)
    plans = pd.concat(
        _plans(boot, powers, float(served), confidence_level, calibration)
        for served in inference_tokens
    )
    largest = float(runs["flops"].max())
    slider = alt.param(
        name="power",
        value=float(powers[len(powers) // 2]),
        bind=alt.binding_range(
            min=float(low), max=float(high), step=_STEP, name="budget, 10 to the "
        ),
    )
    serve = alt.param(
        name="serve",
        value=float(inference_tokens[0]),
        bind=alt.binding_select(
            options=[float(s) for s in inference_tokens],
            labels=[count(s) if s else "none" for s in inference_tokens],
            name="tokens to serve ",
        ),
    )
    chosen = "abs(datum.power - power) < 0.01 && datum.served == serve"
    frame = _long(plans)
    told = pd.concat([_told(plans, largest), _too_little(plans, powers)])
    reach = pd.DataFrame(
        [(row, runs[name].min(), runs[name].max()) for name, row in _ROWS.items()],
        columns=["row", "low", "high"],
    )
    rows = alt.Scale(domain=[_WORDS, *_ROWS.values()])
    y = alt.Y("row", type="nominal", title=None, scale=rows, axis=None)
    # The axis stays where it is when the slider moves.
    both = pd.concat([frame, reach])
    span = [float(both["low"].min()), float(both["high"].max())]
    x = alt.X(
        "low",
        type="quantitative",
        title=_COUNT["title"],
        scale=alt.Scale(type="log", domain=span, nice=False, padding=8),
        axis=alt.Axis(labelExpr=_COUNT["ticks"], grid=False),
    )
    bars = Chart(reach).mark_rule(style="reference-line", strokeWidth=14, opacity=0.3)
    ends = Chart(frame).mark_rule(style="fit-line", strokeWidth=3)
    dots = Chart(frame).mark_point(style="fit", filled=True, size=80, opacity=1)
    names = Chart(frame).mark_text(style="note", align="left", dy=-22, fontSize=14)
    note = Chart(told).mark_text(
        style="note", align="left", baseline="top", fontSize=14, lineBreak="\n"
    )
    return layer(
        bars.encode(x=x, x2="high", y=y),
        ends.encode(x=x, x2="high", y=y).transform_filter(chosen),
        dots.encode(x=alt.X("value", **_shared(x)), y=y).transform_filter(chosen),
        names.encode(x=alt.value(0), y=y, text="words:N").transform_filter(chosen),
        note.encode(x=alt.value(0), y=alt.value(0), text="words:N").transform_filter(
            chosen
        ),
        description=description,
        height=(1 + len(_ROWS)) * _ROW_HEIGHT,
    ).add_params(slider, serve)


def _shared(x: alt.X) -> dict[str, Any]:
    """Return what the dots' axis has from the bars' one."""
    return {name: x[name] for name in ("type", "title", "scale", "axis")}


def _plans(
    boot: Bootstrap,
    powers: np.ndarray,
    served: float,
    level: float,
    calibration: Calibrated,
) -> pd.DataFrame:
    """Return the best models for budgets that pay for serving and a model to serve."""
    flops = 10.0**powers
    enough = flops > 2 * served * _LEAST
    plan = allocate(
        boot, flops[enough], inference_tokens=served, calibration=calibration
    )
    return plan.table(level).assign(power=powers[enough], served=served)


def _long(plans: pd.DataFrame) -> pd.DataFrame:
    """Return two rows a plan, one for the params and one for the tokens."""
    rows = []
    for plan in plans.to_dict("records"):
        for name, row in _ROWS.items():
            value, low, high = (plan[f"{name}{end}"] for end in ("", "_low", "_high"))
            # What the use of a large model leaves for training may be nothing.
            least = "next to none" if low < _LEAST else count(low)
            words = f"{row}: {count(value)} ({least} to {count(high)})"
            low = max(low, _LEAST)
            at = (plan["power"], plan["served"])
            rows.append((*at, row, value, low, high, words))
    columns = ["power", "served", "row", "value", "low", "high", "words"]
    return pd.DataFrame(rows, columns=columns)


def _told(plans: pd.DataFrame, largest: float) -> pd.DataFrame:
    """Return what is said above the rows, in lines that fit a phone."""
    words = []
    for plan in plans.to_dict("records"):
        loss = " to ".join(f"{plan[f'loss_{end}']:.2f}" for end in ("low", "high"))
        training = TRAINING_FLOPS_PER_PARAM_TOKEN * plan["params"] * plan["tokens"]
        times = training / largest
        far = (
            f"{digits(times, 2)} times the largest run fitted"
            if times > 1
            else "within the runs fitted"
        )
        words.append(
            f"Budget {digits(plan['flops'], 2)} FLOP\n"
            f"Loss: {plan['loss']:.2f} nats per token ({loss})\n"
            f"Training: {far}"
        )
    return plans[["power", "served"]].assign(words=words)


def _too_little(plans: pd.DataFrame, powers: np.ndarray) -> pd.DataFrame:
    """Return what is said where a budget does not pay for the use of any model."""
    answered = set(zip(plans["power"], plans["served"], strict=True))
    rows = [
        (
            power,
            served,
            f"Budget {digits(10**power, 2)} FLOP:\n"
            f"too little to serve {count(served)} tokens",
        )
        for served in plans["served"].unique()
        for power in powers
        if (power, served) not in answered
    ]
    return pd.DataFrame(rows, columns=["power", "served", "words"])
