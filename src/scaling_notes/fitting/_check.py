"""Look at runs before they are fitted, and report all that is wrong at once."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from ..errors import DataError, FitWarning
from ._check_data import of_data
from ._check_fit import of_fit
from ._columns import read_columns, require_counts, require_positive
from ._finding import Finding
from ._fit import Fit
from ._fit_law import fit_chinchilla
from ._frames import Runs, as_frame
from ._table import digits, table

__all__ = ["Check", "check"]


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
    runs: Runs,
    *,
    params: str = "params",
    tokens: str = "tokens",
    loss: str = "loss",
    flops: str | None = None,
    groups: str | None = None,
    delta: float | None = None,
) -> Check:
    """Look at runs before fitting L(N, D), and report all that is wrong at once.

    Units, ranges, repeats, settings that were tuned, the number of independent
    units, whether the design tells the exponents apart, and, where a fit is
    possible, outliers, residuals that cluster, how much of the loss each term is
    and how far one run can move the estimates.

    Parameters
    ----------
    runs : DataFrame, mapping of columns, or other table
        One row a run, as for :func:`fit_chinchilla`.
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
    try:
        frame = as_frame(runs)
    except DataError as error:
        return _told([Finding("runs", str(error), "refused", "Give a table.")], None)
    data, findings = _read(frame, columns, groups)
    fit = None
    if data is not None:
        compute = flops or ("flops" if "flops" in frame.columns else None)
        findings += of_data(data, frame, columns, compute, groups)
        if not any(f.verdict == "refused" for f in findings):
            fit = _fitted(data, frame, columns, groups, delta)
            robust = (
                fit if fit.adaptive else _fitted(data, frame, columns, groups, None)
            )
            findings += of_fit(fit, robust)
    return _told(findings, fit)


def _told(findings: Sequence[Finding], fit: Fit | None) -> Check:
    return Check(pd.DataFrame(findings, columns=Finding._fields), fit)


def _read(
    runs: pd.DataFrame,
    columns: Mapping[str, str],
    groups: str | None,
) -> tuple[pd.DataFrame | None, list[Finding]]:
    """Return the columns if all can be used, and what is to be said of each."""
    findings = []
    good = True
    for name, column in columns.items():
        try:
            part = read_columns(runs, {name: column}, None)
            require_positive(part, {name: column})
            require_counts(part, {name: column})
        except DataError as error:
            what, _, remedy = str(error).partition(". ")
            findings.append(Finding(column, what, "refused", remedy))
            good = False
            continue
        if part.empty:
            findings.append(Finding(column, "no rows", "refused", "Give runs."))
            good = False
            continue
        low, high = part[name].min(), part[name].max()
        findings.append(
            Finding(column, f"{digits(low, 3)} to {digits(high, 3)}", "fine")
        )
    if groups:
        try:
            read_columns(runs, {}, groups)
        except DataError as error:
            what, _, remedy = str(error).partition(". ")
            findings.append(Finding(groups, what, "refused", remedy))
            good = False
    if not good:
        return None, findings
    data = read_columns(runs, columns, groups)
    require_positive(data, columns)
    return data, findings


def _fitted(
    data: pd.DataFrame,
    runs: pd.DataFrame,
    columns: Mapping[str, str],
    groups: str | None,
    delta: float | None,
) -> Fit:
    # Under their own names: messages and units go by them.
    named = data.rename(columns=columns)
    named.attrs |= runs.attrs
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
