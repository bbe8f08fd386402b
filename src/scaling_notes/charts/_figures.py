"""Figures that recur: the loss curve, IsoFLOP profiles, what sliders move."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from ..accounting import TRAINING_FLOPS_PER_PARAM_TOKEN as _FACTOR
from ..errors import DataError
from ..fitting import Bootstrap, Fit, Profile
from ..laws import Chinchilla
from ..planning import allocate
from ._axes import COUNT, axis
from ._display import Chart
from ._marks import band, layer, line, need, points

__all__ = ["explorer", "isoflop_curves", "loss_curve", "moving_cut"]


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
    runs: pd.DataFrame,
    fit: Fit,
    *,
    budgets: Sequence[float],
    presets: Mapping[str, Chinchilla] | None = None,
    plan: float | None = None,
    description: str,
) -> alt.LayerChart | alt.FacetChart:
    """Draw the Chinchilla law at several budgets, and move its constants.

    The page itself evaluates the law, so this works without a kernel. A menu sets
    all five constants at once; sliders shift them from there. Lines of text give the
    constants and the fit's objective as a multiple of its least value.

    Parameters
    ----------
    runs : DataFrame
        The points to draw: ``params``, ``loss`` and ``budget``.
    fit : Fit
        Where the menu and the sliders begin; its runs and delta give the objective.
    budgets : sequence of float
        In FLOP.
    presets : mapping of str to Chinchilla, optional
        What else the menu offers. Without it there are sliders only.
    plan : float, optional
        A budget in FLOP; a line of text gives the best size for it.
    description : str

    Raises
    ------
    DataError
        If a column is missing, or a preset is no Chinchilla law.
    """
    need(runs, "budget")
    laws: dict[str, Chinchilla] = {}
    for name, law in {"our fit": fit.law, **(presets or {})}.items():
        if not isinstance(law, Chinchilla):
            raise DataError(
                f"The preset {name!r} is {law!r}; give a law of the form "
                "sn.laws.Chinchilla."
            )
        laws[name] = law
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
    log_d = f"(log(datum.budget / {_FACTOR:g}) - log(datum.params)) / LN10"
    budget = axis("budget")
    lines = line(
        curves.assign(loss=0.0), "params", "loss", color=budget, detail="budget"
    )
    lines = lines.properties(data=curves).transform_calculate(
        loss=_LAW.format(n=log_n, d=log_d)
    )
    return layer(
        points(frame, "params", "loss", color=budget),
        lines,
        _objective(fit, plan),
        description=description,
    ).add_params(*_movable(laws))


# Vega's expressions know E and others as constants of their own.
_LAW = "E_ + pow(10, log10_A_ - alpha_ * {n}) + pow(10, log10_B_ - beta_ * {d})"
# The size that minimizes the law on a budget, given in FLOP over 6.
_BEST = (
    "pow(alpha_ * pow(10, log10_A_ - log10_B_) / beta_ * pow({:g}, beta_),"
    " 1 / (alpha_ + beta_))"
)
# How far a slider shifts a constant, either way, and in what steps.
_SHIFTS = {
    "E": (0.3, 0.001),
    "alpha": (0.1, 0.0005),
    "beta": (0.1, 0.0005),
    "log10_A": (1.0, 0.005),
    "log10_B": (1.0, 0.005),
}


def _movable(laws: Mapping[str, Chinchilla]) -> list[alt.Parameter]:
    """Return the menu of laws, the sliders, and the constants that both make."""
    menu = alt.param(
        name="law_",
        value=next(iter(laws)),
        bind=alt.binding_select(options=list(laws), name="constants "),
    )
    shifts, constants = [], []
    for name, (most, step) in _SHIFTS.items():
        at = {k: _constant(law, name) for k, law in laws.items()}
        shown = name.replace("_", " ")
        bind = alt.binding_range(min=-most, max=most, step=step, name=f"shift {shown} ")
        shifts.append(alt.param(name=f"shift_{name}_", value=0, bind=bind))
        # The menu's names are text of the caller's; JSON quotes them.
        chosen = f"{json.dumps(at)}[law_]" if len(at) > 1 else repr(*at.values())
        constants.append(alt.param(name=f"{name}_", expr=f"{chosen} + shift_{name}_"))
    return [*([menu] if len(laws) > 1 else []), *shifts, *constants]


def _constant(law: Chinchilla, name: str) -> float:
    symbol = name.removeprefix("log10_")
    value = float(getattr(law, symbol))
    return float(f"{np.log10(value) if symbol != name else value:.8g}")


def _objective(fit: Fit, plan: float | None) -> alt.Chart:
    """Return lines of text: the objective of the law as it stands, its constants."""
    n, d = (f"log(datum.{name}) / LN10" for name in ("params", "tokens"))
    delta = f"{fit.delta:.6g}"
    table = fit.data[["params", "tokens", "loss"]].reset_index(drop=True)
    score = (
        Chart(table)
        .transform_calculate(r=f"log(datum.loss) - log({_LAW.format(n=n, d=d)})")
        .transform_calculate(psi=f"clamp(datum.r, -{delta}, {delta})")
        .transform_calculate(part="datum.psi * (datum.r - datum.psi / 2)")
        .transform_aggregate(total="sum(part)")
    )
    words = (
        f"'objective: ' + format(datum.total / {fit.objective:.6g}, '.3f')"
        " + ' times the least\\nE ' + format(E_, '.3f')"
        " + ', A ' + format(pow(10, log10_A_), '.0f')"
        " + ', B ' + format(pow(10, log10_B_), '.0f')"
        " + '\\nalpha ' + format(alpha_, '.4f') + ', beta ' + format(beta_, '.4f')"
    )
    if plan is not None:
        told_flops = f"{plan:.3g}".replace("e+", "e")
        best = COUNT.replace(
            "datum.value, '~s'", f"{_BEST.format(plan / _FACTOR)}, '.2s'"
        )
        words += f" + '\\nbest size at {told_flops} FLOP: ' + {best}"
    told = score.transform_calculate(words=words).mark_text(
        style="note", align="left", baseline="top", fontSize=12, lineBreak="\n"
    )
    # Below the axis, where no run and no curve lies.
    top = alt.value(alt.expr("height + 48"))
    return told.encode(x=alt.value(6), y=top, text="words:N")


def moving_cut(
    best: pd.DataFrame, forecasts: pd.DataFrame, *, description: str
) -> alt.LayerChart | alt.FacetChart:
    """Draw forecasts from several compute cuts, one at a time, with a slider.

    All forecasts are in the page, so the slider works without a kernel. Points up
    to the cut are filled, those it hides are hollow; beyond it the line is dashed.

    Parameters
    ----------
    best : DataFrame
        The points: ``flops`` and ``loss``.
    forecasts : DataFrame
        For each ``cut`` (FLOP, half a decade apart): ``flops`` in rising order,
        ``loss``, ``low`` and ``high``.
    description : str
    """
    need(forecasts, "cut")
    cuts = np.round(2 * np.log10(np.sort(forecasts["cut"].unique()))) / 2
    slider = alt.param(
        name="cut_",
        value=float(cuts[0]),
        bind=alt.binding_range(
            min=float(cuts[0]), max=float(cuts[-1]), step=0.5, name="cut, 10 to the "
        ),
    )
    chosen = "abs(log(datum.cut) / LN10 - cut_) < 0.25"
    within = "log(datum.flops) / LN10 < cut_ + 0.1"
    frame = forecasts[["cut", "flops", "loss", "low", "high"]]
    last = frame.groupby("cut").tail(1)
    truth = float(best.sort_values("flops")["loss"].iloc[-1])
    # In lines, so that they fit a phone.
    words = [
        f"{flops:.0e} FLOP from {cut:.0e}:\n{loss:.3f} [{low:.3f}, {high:.3f}]\n"
        f"measured: {truth:.3f}".replace("e+0", "e").replace("e+", "e")
        for cut, flops, loss, low, high in last.itertuples(index=False)
    ]
    told = Chart(pd.DataFrame({"cut": last["cut"], "words": words}))
    told = told.mark_text(
        style="note", align="right", baseline="top", fontSize=14, lineBreak="\n"
    )
    return layer(
        # Marks keep what they draw; the slider needs the cut as well.
        band(frame, "flops", "loss").properties(data=frame).transform_filter(chosen),
        line(frame, "flops", "loss", detail="cut").transform_filter(
            f"{chosen} && {within}"
        ),
        line(frame, "flops", "loss", detail="cut", extrapolated=True).transform_filter(
            f"{chosen} && log(datum.flops) / LN10 > cut_ - 0.1"
        ),
        points(best, "flops", "loss").transform_filter(within),
        points(best, "flops", "loss", kind="held-out").transform_filter(f"!({within})"),
        told.encode(
            x=alt.value("width"), y=alt.value(4), text="words:N"
        ).transform_filter(chosen),
        description=description,
    ).add_params(slider)
