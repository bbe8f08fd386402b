"""What a fit says of the runs: outliers, faint terms, the floor, dependence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from .. import engine
from ..errors import FitError
from ..laws import Chinchilla
from ..laws._law import Array
from ._dependence import dependence
from ._finding import Finding, Verdict, several
from ._fit import Fit, Status
from ._table import digits

__all__ = ["of_fit"]

# A term that changes by fewer residual standard deviations than this is faint.
_FAINT = 5.0
# One run that makes this part of an estimate's jackknife variance stands out: in
# clean grids of 36 runs the largest part is up to 0.45, that of a corner.
_LEVER = 0.5
# A run stands apart if its residual is so many robust standard deviations, and the
# loss off by a tenth or several times the residual of all the rest.
_FAR = 6.0
_TENTH = float(np.log(1.1))
_APART = 4.0
_BITS = float(1 / np.log(2))


def of_fit(fit: Fit, robust: Fit) -> Iterator[Finding]:
    """Yield what is found in a fit.

    Parameters
    ----------
    fit : Fit
        The fit as asked for.
    robust : Fit
        One whose Huber threshold follows from the residuals: an outlier hides in
        least squares.
    """
    yield from _terms(fit)
    yield from _outliers(robust)
    yield from _dependence(fit)
    yield from _floor(fit)
    yield from _leverage(fit)


def _terms(fit: Fit) -> Iterator[Finding]:
    ended: Verdict = "fine" if fit.status is Status.CONVERGED else "look"
    told = "" if ended == "fine" else " ".join(fit.messages)
    yield Finding("fit", fit.status.value, ended, told)
    law = fit.law
    assert isinstance(law, Chinchilla)
    spread = engine.robust_scale(fit.residuals)
    middle = float(fit.data["loss"].median())
    for name, constant, exponent in (
        ("params", law.A, law.alpha),
        ("tokens", law.B, law.beta),
    ):
        change = float(np.ptp(constant * fit.data[name] ** -exponent)) / middle
        faint = not change > _FAINT * spread
        remedy = f"The noise hides what {name} do: add runs where they are few."
        yield Finding(
            f"term of {name}",
            f"changes the loss by {change:.1%}; residuals scatter by {spread:.2%}",
            "look" if faint else "fine",
            remedy if faint else "",
        )


def _outliers(fit: Fit) -> Iterator[Finding]:
    r = pd.Series(fit.residuals, fit.data.index)
    far = _apart(fit.residuals, engine.robust_scale(fit.residuals))
    if not far.any():
        yield Finding("outliers", "none", "fine")
        return
    order = np.argsort(-np.abs(fit.residuals), kind="stable")
    order = order[far[order]]
    loss = fit.data["loss"].to_numpy()
    expected = loss / np.exp(fit.residuals)
    first = order[0]
    value = (
        f"run {r.index[first]}: loss {digits(loss[first], 3)}, where the law says "
        f"{digits(expected[first], 3)}"
    )
    if len(order) > 1:
        value += f"; {len(order)} runs stand apart: {several(r.index[order])}"
    guesses = [_slip(loss[i], expected[i]) for i in order]
    remedy = next(
        (g for g in guesses if g), "Look them up: mend or drop them, and say so."
    )
    yield Finding("outliers", value, "look", remedy)


def _apart(residuals: Array, scale: float) -> np.ndarray:
    """Return which residuals stand apart from the rest."""
    size = np.abs(residuals - np.median(residuals))
    far: np.ndarray = (size > _FAR * scale) & (size > 1e-6)
    falling = np.sort(size)[::-1]
    # At most one in ten can be apart from the rest.
    few = max(1, len(size) // 10)
    gaps = np.flatnonzero(falling[:few] > _APART * falling[1 : few + 1])
    gap = falling[gaps[-1]] if gaps.size else np.inf
    return far & ((size > _TENTH) | (size >= gap))


def _slip(loss: float, expected: float) -> str:
    """Return what is likely to be wrong with a loss, empty if nothing is known."""
    ratio = loss / expected
    for factor in (10.0, 100.0, 1000.0):
        if abs(np.log(ratio / factor)) < 0.1 or abs(np.log(ratio * factor)) < 0.1:
            return f"A factor of {factor:g}: is the decimal point in its place?"
    if loss > 1 and abs(np.log(loss) / expected - 1) < 0.1:
        return "Its logarithm fits: is it a perplexity? Give nats per token."
    if abs(np.log(ratio / _BITS)) < 0.03:
        return "A factor of 1.44: is it in bits? Give all losses in nats."
    return ""


def _dependence(fit: Fit) -> Iterator[Finding]:
    if "group" in fit.data:
        return
    inputs = {name: fit.data[name].to_numpy() for name in fit.law.inputs}
    told, _, remedy = dependence(inputs, fit.residuals).partition(": ")
    if told:
        remedy = f"{remedy[:1].upper()}{remedy[1:]}"
        yield Finding("independence", told, "look", remedy)
    else:
        yield Finding("independence", "residuals do not cluster", "fine")


def _floor(fit: Fit) -> Iterator[Finding]:
    least = fit.data["loss"].idxmin()
    value = f"E is {fit['E'] / fit.data['loss'].min():.0%} of the lowest loss"
    if fit["E"] > fit.data["loss"].min():
        remedy = (
            f"No run lies below the floor: look at run {least}, the lowest, and at "
            "the unit of its loss."
        )
        yield Finding("floor", value, "look", remedy)
        return
    if "group" in fit.data:
        yield Finding("floor", f"{value}; not tested, as runs are grouped", "fine")
        return
    try:
        p = fit.p_value(E=0.0)
    except FitError as error:
        yield Finding("floor", value, "look", str(error))
        return
    remedy = "The runs do not show a floor: fix E, or do not extrapolate far."
    yield Finding(
        "floor",
        f"{value}; p-value of none {'below 0.001' if p < 0.001 else f'{p:.3f}'}",
        "look" if p > 0.05 else "fine",
        remedy if p > 0.05 else "",
    )


def _leverage(fit: Fit) -> Iterator[Finding]:
    # A refit that has run away is past what can be squared.
    with np.errstate(over="ignore", invalid="ignore"):
        change = fit.leverage().drop(columns="shift")
    # Exact losses leave rounding alone.
    size = pd.Series({name: abs(fit[str(name)]) for name in change})
    moves = change.abs().max()
    if not (moves > 1e-9 * size.clip(lower=1.0)).any():
        yield Finding("leverage", "no run moves an estimate", "fine")
        return
    # Nor does a constant that is as good as zero tell who moves it.
    change = change.loc[:, moves > 1e-9 * size.clip(lower=1.0)]
    # About their mean, as the jackknife takes them: parts of one whole.
    unit = change / moves[change.columns]
    parts = (unit - unit.mean()) ** 2
    parts /= parts.sum().where(lambda s: s > 0)
    share = parts.max(axis=1).to_numpy()
    top = int(np.nanargmax(share))
    moved = str(parts.iloc[top].idxmax())
    value = (
        f"dropping run {change.index[top]} moves {moved} by "
        f"{digits(change.iloc[top][moved], 2)}; it makes {share[top]:.0%} of the "
        "jackknife variance"
    )
    strong = change.index[share > _LEVER]
    remedy = f"Fit with and without run {several(strong)}, and say which you mean."
    verdict: Verdict = "look" if len(strong) else "fine"
    yield Finding("leverage", value, verdict, remedy if len(strong) else "")
