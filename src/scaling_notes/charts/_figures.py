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
from ._marks import band, layer, line, points

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
        ``params``, ``tokens``, ``loss`` and ``budget``.
    fit : Fit
        Where the sliders begin, and the objective's delta.
    budgets : sequence of float
        In FLOP.
    description : str
    """
    # Name of the slider, its range, and where it begins.
    e = fit.estimates
    sliders = {
        "E": (1.4, 2.2, 0.005, e["E"]),
        "alpha": (0.2, 0.6, 0.001, e["alpha"]),
        "beta": (0.2, 0.6, 0.001, e["beta"]),
        "log10_A": (1.0, 5.0, 0.005, np.log10(e["A"])),
        "log10_B": (1.0, 6.0, 0.005, np.log10(e["B"])),
    }
    params = [
        alt.param(
            name=name,
            value=round(float(start), 4),
            bind=alt.binding_range(min=low, max=high, step=step, name=f"{name} "),
        )
        for name, (low, high, step, start) in sliders.items()
    ]
    law = "E + pow(10, log10_A - alpha * {n}) + pow(10, log10_B - beta * {d})"
    grid = np.linspace(
        np.log10(runs["params"].min()), np.log10(runs["params"].max()), 30
    )
    curves = pd.DataFrame(
        [(b, 10**n) for b in budgets for n in grid], columns=["budget", "params"]
    )
    log_n = "log(datum.params) / LN10"
    log_d = "(log(datum.budget / 6) - log(datum.params)) / LN10"
    budget = axis("budget")
    frame = runs[runs["budget"].isin(list(budgets))]
    lines = line(
        curves.assign(loss=0.0), "params", "loss", color=budget, detail="budget"
    )
    lines = lines.properties(data=curves).transform_calculate(
        loss=law.format(n=log_n, d=log_d)
    )
    least = fit.objective
    table = runs[["params", "tokens", "loss"]]
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
