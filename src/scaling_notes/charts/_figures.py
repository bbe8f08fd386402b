"""Figures that recur: the loss curve, IsoFLOP profiles, the law under sliders."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from ..allocation import allocate
from ..fit import Fit
from ..intervals import Bootstrap
from ..profiles import Profile
from ._axes import axis
from ._marks import band, layer, line, need, points

__all__ = ["explorer", "isoflop_curves", "loss_curve"]


def loss_curve(
    runs: pd.DataFrame, boot: Bootstrap, *, x: str = "flops", description: str
) -> alt.LayerChart | alt.FacetChart:
    """Draw runs, and the least loss the law reaches at each budget, with its band.

    Parameters
    ----------
    runs : DataFrame
        With the columns ``x`` and ``loss``.
    boot : Bootstrap
        Of a law with an optimum, such as Chinchilla.
    x : {"flops", "params", "tokens"}
        What the horizontal axis shows of the optimum.
    description : str
    """
    need(runs, "flops")
    flops = np.geomspace(runs["flops"].min(), runs["flops"].max(), 60)
    table = allocate(boot, flops).table()
    return layer(
        points(runs, x, "loss"),
        band(table, x, "loss", low="loss_low", high="loss_high"),
        line(table, x, "loss"),
        description=description,
    )


def isoflop_curves(
    profile: Profile, *, description: str
) -> alt.LayerChart | alt.FacetChart:
    """Draw runs by budget, the parabola of each, and its minimum.

    Parameters
    ----------
    profile : Profile
        From :func:`scaling_notes.isoflop`.
    description : str
    """
    budget = axis("budget")
    return layer(
        points(profile.runs, "params", "loss", color=budget),
        line(profile.curves, "params", "loss", color=budget, detail="budget"),
        points(profile.optima, "params", "loss", kind="fit"),
        description=description,
    )


def explorer(
    runs: pd.DataFrame, fit: Fit, *, budgets: Sequence[float], description: str
) -> alt.LayerChart | alt.FacetChart:
    """Draw the Chinchilla law at several budgets with a slider for each constant.

    The page itself evaluates the law, so the sliders work without a kernel. A
    line of text gives the fit's objective as a multiple of its least value.

    Parameters
    ----------
    runs : DataFrame
        The points to draw: ``params``, ``loss`` and ``budget``.
    fit : Fit
        Where the sliders begin; its runs and delta give the objective.
    budgets : sequence of float
        In FLOP.
    description : str
    """
    need(runs, "budget")
    # Name of the slider, its range, and where it begins.
    e = fit.estimates
    sliders = {
        "E": (1.4, 2.2, 0.0005, e["E"]),
        "alpha": (0.2, 0.6, 0.0001, e["alpha"]),
        "beta": (0.2, 0.6, 0.0001, e["beta"]),
        "log10_A": (1.0, 5.0, 0.0005, np.log10(e["A"])),
        "log10_B": (1.0, 6.0, 0.0005, np.log10(e["B"])),
    }
    params = [
        alt.param(
            # Vega's expressions know E and others as constants of their own.
            name=f"{name}_",
            value=round(float(start), 4),
            bind=alt.binding_range(min=low, max=high, step=step, name=f"{name} "),
        )
        for name, (low, high, step, start) in sliders.items()
    ]
    law = "E_ + pow(10, log10_A_ - alpha_ * {n}) + pow(10, log10_B_ - beta_ * {d})"
    frame = runs[runs["budget"].isin(list(budgets))]
    spans = frame.groupby("budget")["params"].agg(["min", "max"])
    curves = pd.DataFrame(
        [
            (budget, n)
            for budget, low, high in spans.itertuples()
            for n in np.geomspace(low / 1.3, high * 1.3, 30)
        ],
        columns=["budget", "params"],
    )
    log_n = "log(datum.params) / LN10"
    log_d = "(log(datum.budget / 6) - log(datum.params)) / LN10"
    budget = axis("budget")
    lines = line(
        curves.assign(loss=0.0), "params", "loss", color=budget, detail="budget"
    )
    lines = lines.properties(data=curves).transform_calculate(
        loss=law.format(n=log_n, d=log_d)
    )
    least = fit.objective
    table = fit.data[["params", "tokens", "loss"]].reset_index(drop=True)
    score = (
        alt.Chart(table)
        .transform_calculate(
            r="log(datum.loss) - log("
            + law.format(n=log_n, d="log(datum.tokens) / LN10")
            + ")"
        )
        .transform_calculate(psi=f"clamp(datum.r, -{fit.delta:.6g}, {fit.delta:.6g})")
        .transform_calculate(part="datum.psi * (datum.r - datum.psi / 2)")
        .transform_aggregate(total="sum(part)")
        .transform_calculate(
            words=f"'objective: ' + format(datum.total / {least:.6g}, '.3f')"
            " + ' times the least'"
        )
        .mark_text(style="note", align="right", baseline="top", fontSize=14)
        .encode(x=alt.value("width"), y=alt.value(4), text="words:N")
    )
    return layer(
        points(frame, "params", "loss", color=budget),
        lines,
        score,
        description=description,
    ).add_params(*params)
