"""Look at runs before they are fitted, and report all that is wrong at once."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .. import engine
from ..accounting import training_flops
from ..errors import DataError, FitError, FitWarning
from ..laws import Chinchilla
from ._columns import read_columns, require_identified, require_positive, unit_hints
from ._fit import Fit, Status
from ._fit_law import fit_chinchilla
from ._interval import MIN_UNITS, MIN_VERIFIED
from ._table import digits, table

__all__ = ["Check", "check"]

Verdict = Literal["fine", "look", "refused"]

# Fewer distinct values than this leave the curvature of a term in doubt.
_SIZES = 5
# A factor of ten is little to tell an exponent from.
_DECADES = 1.0
_CORRELATED = 0.95
# A term that changes by fewer residual standard deviations than this is faint.
_FAINT = 5.0
# One run that makes this part of an estimate's jackknife variance stands out.
_LEVER = 0.25
# A loss in nats this large is a perplexity, or a sum over tokens.
_LARGE_LOSS = 20.0


class _Finding(NamedTuple):
    what: str
    value: str
    verdict: Verdict
    remedy: str = ""


@dataclass(frozen=True, eq=False)
class Check:
    """What was found in the runs, one row a finding.

    Attributes
    ----------
    table : pandas.DataFrame
        ``what``, ``value``, ``verdict`` (``fine``, ``look`` or ``refused``) and
        ``remedy``. What is refused, a fit refuses too.
    fit : Fit or None
        The fit that the last rows speak of, where there is one.
    """

    table: pd.DataFrame
    fit: Fit | None

    @property
    def verdict(self) -> str:
        """The worst of the verdicts."""
        found = set(self.table["verdict"])
        return next(v for v in ("refused", "look", "fine") if v in found)

    def _facts(self) -> str:
        given = list(self.table["verdict"])
        counts = {v: given.count(v) for v in ("fine", "look", "refused")}
        told = ", ".join(f"{n} {verdict}" for verdict, n in counts.items() if n)
        return f"{len(self.table)} findings: {told}"

    def __repr__(self) -> str:
        wide = self.table["what"].str.len().max()
        lines = [self._facts()]
        for row in self.table.itertuples():
            lines.append(f"  {row.verdict!s:<7}  {row.what!s:<{wide}}  {row.value}")
            if row.remedy:
                lines.append(f"  {'':<7}  {'':<{wide}}  -> {row.remedy!s}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<p>{escape(self._facts())}</p>{table(self.table)._repr_html_()}"


def check(
    runs: pd.DataFrame | Mapping[str, ArrayLike],
    *,
    params: str = "params",
    tokens: str = "tokens",
    loss: str = "loss",
    flops: str | None = None,
    groups: str | None = None,
    delta: float | None = None,
) -> Check:
    """Look at runs before fitting L(N, D), and report all that is wrong at once.

    Units, ranges, repeats, the number of independent units, whether the design
    tells the exponents apart, and, where a fit is possible, how much of the
    loss each term is and how far one run can move the estimates.

    Parameters
    ----------
    runs : DataFrame or mapping of columns
        One row a run.
    params, tokens, loss : str
        Names of the columns.
    flops : str, optional
        Column of training compute, held against 6 params x tokens. A column
        ``flops`` is found without being named.
    groups : str, optional
        Column that names the independent unit of each run.
    delta : float, optional
        As for :func:`fit_chinchilla`.

    Returns
    -------
    Check
        It does not raise for bad runs: they are what it reports.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> runs = sn.load("besiroglu2024_chinchilla_points")
    >>> found = sn.check(runs)
    >>> found.verdict
    'look'
    >>> sn.check(runs.assign(tokens=20 * runs["params"])).verdict
    'refused'
    """
    columns = {"params": params, "tokens": tokens, "loss": loss}
    data, findings = _read(runs, columns, groups)
    fit = None
    if data is not None:
        names = runs.columns if isinstance(runs, pd.DataFrame) else list(runs)
        compute = flops or ("flops" if "flops" in names else None)
        findings += _units(data, columns)
        if compute:
            findings += _compute(data, runs, compute)
        findings += _repeats(data, groups)
        findings += _numbers(data, groups)
        findings += _design(data, columns)
        if not any(f.verdict == "refused" for f in findings):
            fit = _fitted(data, runs, columns, groups, delta)
            findings += [*_terms(fit), *_floor(fit), *_leverage(fit)]
    return Check(pd.DataFrame(findings, columns=_Finding._fields), fit)


def _read(
    runs: pd.DataFrame | Mapping[str, ArrayLike],
    columns: Mapping[str, str],
    groups: str | None,
) -> tuple[pd.DataFrame | None, list[_Finding]]:
    """Return the columns if all can be used, and what is to be said of each."""
    findings = []
    good = True
    for name, column in columns.items():
        try:
            part = read_columns(runs, {name: column}, None)
            require_positive(part, {name: column})
        except DataError as error:
            what, _, remedy = str(error).partition(". ")
            findings.append(_Finding(column, what, "refused", remedy))
            good = False
            continue
        if part.empty:
            findings.append(_Finding(column, "no rows", "refused", "Give runs."))
            good = False
            continue
        low, high = part[name].min(), part[name].max()
        findings.append(
            _Finding(column, f"{digits(low, 3)} to {digits(high, 3)}", "fine")
        )
    if groups:
        try:
            read_columns(runs, {}, groups)
        except DataError as error:
            what, _, remedy = str(error).partition(". ")
            findings.append(_Finding(groups, what, "refused", remedy))
            good = False
    if not good:
        return None, findings
    data = read_columns(runs, columns, groups)
    require_positive(data, columns)
    return data, findings


def _units(data: pd.DataFrame, columns: Mapping[str, str]) -> Iterator[_Finding]:
    ratio = float((data["tokens"] / data["params"]).median())
    value = f"median {digits(ratio, 3)} tokens per parameter"
    hints = unit_hints(data, columns)
    yield _Finding("units", value, "look" if hints else "fine", " ".join(hints))
    middle = float(data["loss"].median())
    if middle > _LARGE_LOSS:
        yield _Finding(
            "unit of the loss",
            f"median {digits(middle, 3)}",
            "look",
            "Is it a perplexity? The law is for its logarithm, nats per token.",
        )


def _compute(
    data: pd.DataFrame, runs: pd.DataFrame | Mapping[str, ArrayLike], column: str
) -> Iterator[_Finding]:
    try:
        part = read_columns(runs, {"flops": column}, None)
        require_positive(part, {"flops": column})
    except DataError as error:
        what, _, remedy = str(error).partition(". ")
        yield _Finding(column, what, "look", remedy)
        return
    known = part["flops"].to_numpy() / training_flops(data["params"], data["tokens"])
    low, high = float(known.min()), float(known.max())
    near = low > 0.5 and high < 2
    yield _Finding(
        column,
        f"{digits(low, 3)} to {digits(high, 3)} times 6 params x tokens",
        "fine" if near else "look",
        "" if near else "Do params leave out embeddings, or flops the backward pass?",
    )


def _repeats(data: pd.DataFrame, groups: str | None) -> Iterator[_Finding]:
    copies = int(data.duplicated(["params", "tokens", "loss"]).sum())
    if copies:
        yield _Finding(
            "copies",
            f"{copies} runs are equal to another in params, tokens and loss",
            "look",
            "Drop them if they are one run listed twice: intervals come out narrow.",
        )
    same = data.drop_duplicates(["params", "tokens", "loss"])
    again = int(same.duplicated(["params", "tokens"], keep=False).sum())
    if again and not groups:
        yield _Finding(
            "repeats",
            f"{again} runs share params and tokens with another",
            "look",
            "If they are seeds of one setting or points of one run, name the unit in "
            "groups.",
        )
    if not copies and not (again and not groups):
        yield _Finding("copies", "none", "fine")


def _numbers(data: pd.DataFrame, groups: str | None) -> Iterator[_Finding]:
    free = len(Chinchilla.constants())
    n = len(data)
    if n < free + 1:
        remedy = f"The law has {free} constants: give {free + 1} runs at least."
        yield _Finding("runs", str(n), "refused", remedy)
    units = int(data["group"].nunique()) if groups else n
    value = f"{units} of {n} runs"
    if units < MIN_UNITS:
        remedy = f"There is no interval below {MIN_UNITS}: show the points instead."
        yield _Finding("independent units", value, "look", remedy)
    elif units < MIN_VERIFIED:
        remedy = f"Intervals are unverified below {MIN_VERIFIED}."
        yield _Finding("independent units", value, "look", remedy)
    else:
        yield _Finding("independent units", value, "fine")


def _design(data: pd.DataFrame, columns: Mapping[str, str]) -> Iterator[_Finding]:
    for name, exponent in (("params", "alpha"), ("tokens", "beta")):
        values = data[name]
        distinct = values.nunique()
        decades = float(np.log10(values.max() / values.min()))
        verdict: Verdict = "fine"
        remedy = ""
        if distinct < 3 or values.max() / values.min() < 1.001:
            verdict = "refused"
            remedy = f"{exponent} needs three different values of {columns[name]!r}."
        elif distinct < _SIZES or decades < _DECADES:
            verdict = "look"
            remedy = (
                f"{exponent} rests on little: add runs over a wider range of "
                f"{columns[name]!r}."
            )
        value = f"{distinct} values over {decades:.1f} decades"
        yield _Finding(f"spread of {columns[name]}", value, verdict, remedy)
    if min(data["params"].nunique(), data["tokens"].nunique()) < 3:
        return
    n, d = np.log(data["params"]), np.log(data["tokens"])
    together = float(np.corrcoef(n, d)[0, 1])
    what, value = "params and tokens", f"correlation of logarithms {together:.2f}"
    try:
        require_identified(data, columns)
    except FitError:
        remedy = "alpha and beta cannot be told apart: add runs off that line."
        yield _Finding(what, value, "refused", remedy)
        return
    close = abs(together) > _CORRELATED
    remedy = "alpha and beta are hard to tell apart: vary tokens per parameter."
    yield _Finding(what, value, "look" if close else "fine", remedy if close else "")


def _fitted(
    data: pd.DataFrame,
    runs: pd.DataFrame | Mapping[str, ArrayLike],
    columns: Mapping[str, str],
    groups: str | None,
    delta: float | None,
) -> Fit:
    # Under their own names: messages and units go by them.
    named = data.rename(columns=columns)
    named.attrs |= getattr(runs, "attrs", {})
    with warnings.catch_warnings():
        # Its messages become findings.
        warnings.simplefilter("ignore", FitWarning)
        return fit_chinchilla(
            named,
            params=columns["params"],
            tokens=columns["tokens"],
            loss=columns["loss"],
            groups="group" if groups else None,
            delta=delta,
        )


def _terms(fit: Fit) -> Iterator[_Finding]:
    ended: Verdict = "fine" if fit.status is Status.CONVERGED else "look"
    told = "" if ended == "fine" else " ".join(fit.messages)
    yield _Finding("fit", fit.status.value, ended, told)
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
        yield _Finding(
            f"term of {name}",
            f"changes the loss by {change:.1%}; residuals scatter by {spread:.2%}",
            "look" if faint else "fine",
            remedy if faint else "",
        )


def _floor(fit: Fit) -> Iterator[_Finding]:
    value = f"E is {fit['E'] / fit.data['loss'].min():.0%} of the lowest loss"
    if "group" in fit.data:
        yield _Finding("floor", f"{value}; not tested, as runs are grouped", "fine")
        return
    try:
        p = fit.p_value(E=0.0)
    except FitError as error:
        yield _Finding("floor", value, "look", str(error))
        return
    remedy = "The runs do not show a floor: fix E, or do not extrapolate far."
    yield _Finding(
        "floor",
        f"{value}; p-value of none {'below 0.001' if p < 0.001 else f'{p:.3f}'}",
        "look" if p > 0.05 else "fine",
        remedy if p > 0.05 else "",
    )


def _leverage(fit: Fit) -> Iterator[_Finding]:
    ranks = fit.leverage()
    shift = ranks.pop("shift")
    # Exact losses leave rounding alone.
    size = pd.Series({name: abs(fit[str(name)]) for name in ranks})
    if shift.isna().all() or (ranks.abs().max() <= 1e-9 * size).all():
        yield _Finding("leverage", "no run moves an estimate", "fine")
        return
    label, top = ranks.index[0], ranks.iloc[0]
    moved = str((top.abs() / ranks.std().where(lambda s: s > 0)).idxmax())
    # Squares of shifts add up to one: each is a run's part of the variance.
    value = (
        f"dropping run {label} moves {moved} by {digits(top[moved], 2)}; it makes "
        f"{shift.iloc[0] ** 2:.0%} of the jackknife variance"
    )
    strong = [str(i) for i in shift.index[shift**2 > _LEVER]]
    told = ", ".join(strong[:5]) + (
        f" and {len(strong) - 5} more" if len(strong) > 5 else ""
    )
    remedy = f"Fit with and without run {told}, and say which you mean."
    yield _Finding(
        "leverage", value, "look" if strong else "fine", remedy if strong else ""
    )
