"""Draws of the power law through optima: by residuals, or one run left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..laws import OptimalParams
from ..laws._law import Array
from ._parabola import Parabola, distinct
from ._valley import Valley
from ._vertices import draw_vertices, scatter_ratio

__all__ = ["Draws", "draw_power_laws"]

# Residual degrees of freedom, or runs, below which there is no interval.
_FEWEST = 6
_FEWEST_SIZES = 3
# Share of draws without a minimum: of note, and too many.
_NOTABLE = 0.1
_MOST = 1 / 3


@dataclass(frozen=True, eq=False)
class Draws:
    """Power laws as the noise of the runs leaves them.

    Attributes
    ----------
    laws : array of shape (n, 2)
        Coefficient and exponent; of the fit alone where there is no interval.
    n_units : int
        Independent units behind them; 0 where there is no interval.
    share : float
        Share of the draws with a minimum at every budget.
    how, no_interval : str
    cautions, notes : list of str
        What to warn of, and what to say beside.
    """

    laws: Array
    n_units: int
    share: float
    how: str
    no_interval: str
    cautions: list[str]
    notes: list[str]


def draw_power_laws(
    valleys: list[Valley],
    law: OptimalParams,
    exponent: float | None,
    n_draws: int,
    seed: int,
) -> Draws:
    """Draw power laws through the vertices of the valleys."""
    rng = np.random.default_rng(seed)
    runs = pd.concat([v.runs[v.runs["near"]] for v in valleys])
    if "group" in runs and runs["group"].duplicated().any():
        return _leave_runs_out(valleys, law, exponent, n_draws, rng)
    spare = sum(v.parabola.n - 3 for v in valleys)
    if spare < _FEWEST:
        return _none(
            law,
            f"{len(runs)} runs at {len(valleys)} budgets leave {spare} beyond the "
            f"three that each parabola takes up, and {_FEWEST} are needed to tell the "
            "noise: add runs",
        )
    vertices, found, how = draw_vertices([v.parabola for v in valleys], n_draws, rng)
    cautions, notes = [], []
    logs = np.log([v.flops for v in valleys])
    sizes = np.array([v.parabola.vertex for v in valleys])
    residuals = sizes - np.log(law.value(np.exp(logs)))
    free = len(valleys) - (2 if exponent is None else 1)
    ratio = scatter_ratio(residuals, free, vertices, spare)
    if ratio > 1:
        notes.append(
            f"The optima scatter about the power law {ratio:.1f} times as far as the "
            "noise of the runs explains; the interval holds that noise only."
        )
    whole = found.all(axis=0)
    share = float(whole.mean())
    if share < 1 - _MOST:
        return _none(
            law,
            f"in {1 - share:.0%} of the draws a budget has no minimum near its sizes: "
            "the valleys are too flat for the noise of the loss. Add runs, or sizes "
            "farther from the minimum",
            share,
        )
    if share < 1 - _NOTABLE:
        cautions.append(
            f"In {1 - share:.0%} of the draws a budget has no minimum near its sizes; "
            "the interval is of the others."
        )
    how = f"draws of the parabolas, {how}"
    lost = n_draws - int(whole.sum())
    if lost:
        how += f", {lost} without a minimum left out"
    laws = _through(logs, vertices[:, whole], exponent)
    return Draws(laws, len(runs), share, how, "", cautions, notes)


def _leave_runs_out(
    valleys: list[Valley],
    law: OptimalParams,
    exponent: float | None,
    n_draws: int,
    rng: np.random.Generator,
) -> Draws:
    """Draw from the t distribution with the covariance of the jackknife over runs."""
    groups = [v.runs["group"].to_numpy()[v.runs["near"].to_numpy()] for v in valleys]
    names = pd.unique(np.concatenate(groups))
    n = len(names)
    if n < _FEWEST:
        return _none(law, f"{n} runs are too few: {_FEWEST} are needed")
    logs = np.log([v.flops for v in valleys])
    middle = logs.mean()
    replicates = []
    for name in names:
        sizes = np.array(
            [
                _vertex_without(v, group == name)
                for v, group in zip(valleys, groups, strict=True)
            ]
        )
        there = np.isfinite(sizes)
        if there.sum() < (2 if exponent is None else 1):
            return _none(
                law,
                f"without run {name!r} fewer than two budgets have a minimum: add runs",
            )
        left = _line(logs[there] - middle, sizes[there, None], exponent)
        replicates.append(left[0])
    away = np.array(replicates) - np.mean(replicates, axis=0)
    center = np.array(
        [np.log(law.value(np.exp(middle))).item(), np.asarray(law.n_exponent).item()]
    )
    free = n - _FEWEST_SIZES
    scale = np.sqrt((n - 1) / n * free / rng.chisquare(free, (n_draws, 1)))
    drawn = center + scale * (rng.standard_normal((n_draws, n)) @ away)
    laws = np.stack([np.exp(drawn[:, 0] - drawn[:, 1] * middle), drawn[:, 1]], axis=1)
    how = f"jackknife over runs, t with {free} degrees of freedom"
    return Draws(laws, n, 1.0, how, "", [], [])


def _vertex_without(valley: Valley, dropped: np.ndarray) -> float:
    """Return the vertex without some runs, nan if there is none."""
    if not dropped.any():
        return valley.parabola.vertex
    x, loss = (values[~dropped] for values in valley.points)
    if len(distinct(x)) < _FEWEST_SIZES:
        return np.nan
    parabola = Parabola.through(x, loss)
    vertex = parabola.vertex
    has = valley.parabola.reaches(parabola.coefficients[0], np.asarray(vertex))
    return vertex if has else np.nan


def _none(law: OptimalParams, why: str, share: float = 1.0) -> Draws:
    cautions = [f"No interval: {why}."]
    return Draws(law.as_array()[None], 0, share, "no interval", why, cautions, [])


def _line(logs: Array, sizes: Array, exponent: float | None) -> Array:
    """Return level at 0 and slope of the line through each column of sizes."""
    x = logs - logs.mean()
    slope = (
        x @ sizes / (x @ x)
        if exponent is None
        else np.full(sizes.shape[1], float(exponent))
    )
    return np.stack([sizes.mean(axis=0) - slope * logs.mean(), slope], axis=1)


def _through(logs: Array, sizes: Array, exponent: float | None) -> Array:
    """Return coefficient and exponent for each column of log sizes."""
    level, slope = _line(logs, sizes, exponent).T
    return np.stack([np.exp(level), slope], axis=1)
