"""Paper says, we get: how far a fit of ours is from what a paper prints."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..fitting import UNKNOWN, Bootstrap, Fit, Interval, Profile, digits, table
from ._published import published, published_law
from ._record import MIME, Record, stored

__all__ = [
    "AGREES",
    "DIFFERS",
    "Comparison",
    "compare",
    "comparison_id",
    "matching_digits",
    "shown_digits",
]

# Words of a comparison, as records store them.
AGREES, DIFFERS = "agrees", "differs"

# How far a re-fit of the same data may be from what is printed: of the least
# objective, or of the value where a paper does not print all constants.
_SAME = 0.01
# Of the refits, so many must be at least as far from the fit as what is printed.
_FAR = 0.05


@dataclass(frozen=True, eq=False)
class Comparison:
    """Paper says, we get: one row a quantity. Prints as text or HTML.

    Attributes
    ----------
    key : str
    table : pandas.DataFrame
        Index ``quantity``; columns ``setting``, ``printed``, ``where``, ``ours``,
        ``low``, ``high``, ``distance`` (printed less ours, in our standard
        errors), ``digits`` (significant digits to which ours and the printed
        value agree, at most those printed), ``printed_digits``, ``agrees`` and
        ``why``. For the same data also ``objective_ratio``, the objective at the
        printed constants over its least value, and ``farther``, the share of refits
        at least as far from the fit; both are NaN where the paper does not print
        all constants.
    same_data : bool
        Whether both fits are to the same data, and so judged by more than the
        interval.
    records : tuple of Record
        The same for the page of all printed values.
    """

    key: str
    table: pd.DataFrame
    records: tuple[Record, ...] = ()
    same_data: bool = False

    def _shown(self) -> pd.DataFrame:
        # The index is a column of its own: shown as both, it would stand there twice.
        t = self.table.reset_index()
        low, high = t["low"].map(digits), t["high"].map(digits)
        shown = pd.DataFrame(
            {
                "quantity": t["quantity"],
                "setting": t["setting"],
                "paper says": t["printed"].map(_shortened),
                "where": t["where"],
                "we get": t["ours"].map(digits),
                "95 % interval": "[" + low + ", " + high + "]",
                "distance (SE)": t["distance"].map("{:+.1f}".format),
                "digits": list(map(shown_digits, t["digits"], t["printed_digits"])),
                "agrees": t["agrees"].map({True: "yes", False: "no"}),
            }
        )
        if self.same_data:
            # How far two fits to one data set are apart is no question of sampling,
            # and constants that trade off agree together or not at all.
            shown = shown.drop(columns="distance (SE)")
            if t["objective_ratio"].notna().all():
                shown = shown.drop(columns=["digits", "agrees"])
        # What all rows share stands in the title, once.
        alike = [n for n in ("setting", "where") if t[n].nunique() == 1]
        return shown.drop(columns=alike)

    def _joint(self) -> list[str]:
        """Return what says whether fits to the same data found the same optimum."""
        if not self.same_data:
            return []
        said = []
        for setting, rows in self.table.groupby("setting", sort=False):
            ratio, farther = rows[["objective_ratio", "farther"]].iloc[0]
            name = f"{setting}: " if self.table["setting"].nunique() > 1 else ""
            if math.isnan(ratio):
                said.append(
                    f"{name}Same data: a value agrees if it is within "
                    f"{_SAME:.0%} of ours."
                )
                continue
            word = "agrees" if rows["agrees"].all() else "differs"
            most = f"{ratio:.4g} times" if ratio >= 1.0005 else "within 0.1% of"
            said.append(
                f"{name}Same data: at the printed constants the objective is "
                f"{most} its least value, and {farther:.1%} of the refits "
                f"lie as far from the fit. It {word}."
            )
        return said

    def _title(self) -> str:
        setting, where = (self.table[n].unique() for n in ("setting", "where"))
        title = f"{self.key}, {setting[0]}" if len(setting) == 1 else self.key
        return f"{title} ({where[0]})" if len(where) == 1 else title

    def _reasons(self) -> list[str]:
        """Return why values disagree, each reason once, with the values it is for."""
        apart = self.table[~self.table["agrees"]]
        return [
            f"{', '.join(dict.fromkeys(rows.index))}: {why}"
            for why, rows in apart.groupby("why", sort=False)
        ]

    def __repr__(self) -> str:
        parts = [self._title(), repr(table(self._shown()))]
        return "\n".join([*parts, *self._joint(), *self._reasons()])

    def _repr_html_(self) -> str:
        reasons = "".join(f"<li>{reason}</li>" for reason in self._reasons())
        joint = "".join(f"<p>{line}</p>" for line in self._joint())
        return (
            f"<p>{self._title()}</p>{table(self._shown())._repr_html_()}{joint}"
        ) + (f"<ul>{reasons}</ul>" if reasons else "")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        # The page of all printed values collects these from the chapters.
        return {
            "text/plain": repr(self),
            "text/html": self._repr_html_(),
            MIME: stored(self.records),
        }


def _shortened(printed: str) -> str:
    """Return the number in four significant digits if a paper prints over six."""
    figures = sum(c.isdigit() for c in printed.lstrip("-0."))
    return f"{float(printed):.4g}" if "." in printed and figures > 6 else printed


def comparison_id(key: str, setting: str, quantity: str) -> str:
    """Return the name of the record that compares one printed value with a fit."""
    return f"{key} | {setting} | {quantity}"


def matching_digits(ours: float, printed: str) -> tuple[float, float]:
    """Return to how many significant digits both agree, and how many are printed.

    Zeros at the end of a whole number are not counted as printed. Text that is no
    number has no digits.
    """
    try:
        number = Decimal(printed)
    except InvalidOperation:
        return math.nan, math.nan
    _, figures, exponent = number.as_tuple()
    if not number or math.isnan(ours) or not isinstance(exponent, int):
        return math.nan, math.nan
    while exponent >= 0 and figures[-1] == 0 and "." not in printed:
        figures, exponent = figures[:-1], exponent + 1
    apart = abs(ours - float(number))
    # Printed is rounded: a value that rounds to it agrees in every digit.
    if apart <= 0.5 * 10.0**exponent * (1 + 1e-9):
        return len(figures), len(figures)
    alike = math.floor(-math.log10(apart / abs(float(number))))
    return max(0, min(alike, len(figures))), len(figures)


def shown_digits(alike: float, printed: float) -> str:
    """Return ``2 of 4``: digits that agree, of those printed; nothing if unknown."""
    return "" if math.isnan(alike) else f"{alike:.0f} of {printed:.0f}"


def compare(
    ours: Bootstrap | Profile,
    key: str,
    setting: str | None = None,
    *,
    same_data: Fit | bool = False,
) -> Comparison:
    """Set what a paper prints beside what our fit gives.

    From other data a printed value agrees if it lies in our 95 % interval. From the
    same data that says little, because an interval is about other data: then all
    printed constants agree if the objective at them is within 1 % of its least
    value and at least 5 % of the refits lie as far from the fit. Constants that the
    fit of the same data was given are not compared.

    Parameters
    ----------
    ours : Bootstrap or Profile
        A fit with intervals.
    key : str
        Bibliography key of the paper.
    setting : str, optional
        Which fit of the paper; by default all it prints.
    same_data : Fit or bool
        If the paper fitted the same data: the fit that ``ours`` resamples, whose
        objective is compared. True where there is none to compare, for a profile or
        where the paper does not print all constants: then a value agrees within
        1 %.

    Returns
    -------
    Comparison

    Raises
    ------
    DataError
        If nothing printed can be compared, if params or loss are of another kind
        than ours, or if ``same_data`` is no fit where all constants are printed.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> runs = sn.load("besiroglu2024_chinchilla_points")
    >>> fit = sn.fit_chinchilla(runs[runs["dropped_in_refit"] == 0], delta=1e-3)
    >>> rows = sn.compare(fit.bootstrap(200), "hoffmann2022", "approach 3").table
    >>> bool(rows.loc["beta", "agrees"])
    False

    The replication used the same runs:

    >>> replication = sn.compare(
    ...     fit.bootstrap(200), "besiroglu2024", "240 points", same_data=fit
    ... )
    >>> round(replication.table["objective_ratio"].iloc[0], 3)
    np.float64(1.004)
    """
    if isinstance(ours, Fit):
        raise DataError("A fit alone has no interval: compare fit.bootstrap().")
    if not isinstance(ours, Bootstrap | Profile):
        raise DataError(
            f"{type(ours).__name__} is no fit with intervals: compare takes "
            "fit.bootstrap() or a profile, and the key of a paper."
        )
    if not isinstance(key, str):
        raise DataError(
            f"key is a {type(key).__name__}; compare sets a fit beside what a paper "
            "prints: give the paper's key, such as 'hoffmann2022'."
        )
    boot = ours.boot if isinstance(ours, Profile) else ours
    printed = published(key, setting)
    law = type(boot.law)
    known = (*law.constants(), *law.derived)
    printed = printed[printed["quantity"].isin(known)]
    if printed.empty:
        raise DataError(f"{key!r} prints nothing of {', '.join(known)}.")
    _same_kind(boot, printed)
    optima = {
        name: _same_optimum(boot, key, name, same_data)
        for name in (printed["setting"].unique() if same_data is not False else ())
    }
    rows, records = [], []
    given = same_data.fixed if isinstance(same_data, Fit) else {}
    for row in printed[~printed["quantity"].isin(list(given))].to_dict("records"):
        name = str(row["quantity"])
        ours_now: Interval = boot.interval(name)
        about = comparison_id(key, str(row["setting"]), name)
        ratio, farther = optima.get(str(row["setting"]), (math.nan, math.nan))
        if same_data is False:
            agrees = row["value"] in ours_now
        elif math.isnan(ratio):
            agrees = abs(row["value"] / ours_now.value - 1) <= _SAME
        else:
            agrees = ratio <= 1 + _SAME and farther >= _FAR
        record = Record.of_interval("comparison", about, ours_now)
        word = AGREES if agrees else DIFFERS
        records.append(dataclasses.replace(record, verdict=word))
        spread = boot.standard_error(name)
        error = spread if spread > 1e-9 * abs(ours_now.value) else 0.0
        alike, known_digits = matching_digits(ours_now.value, str(row["printed"]))
        rows.append(
            {
                "quantity": name,
                "setting": row["setting"],
                "printed": row["printed"],
                "where": row["locator"],
                "ours": ours_now.value,
                "low": ours_now.low,
                "high": ours_now.high,
                # A constant that was fixed has no standard error.
                "distance": (row["value"] - ours_now.value) / error
                if error
                else np.nan,
                "digits": alike,
                "printed_digits": known_digits,
                "objective_ratio": ratio,
                "farther": farther,
                "agrees": bool(agrees),
                "why": row["note"],
            }
        )
    compared = pd.DataFrame(rows).set_index("quantity")
    if same_data is False:
        compared = compared.drop(columns=["objective_ratio", "farther"])
    return Comparison(key, compared, tuple(records), same_data is not False)


def _same_optimum(
    boot: Bootstrap, key: str, setting: str, same_data: Fit | bool
) -> tuple[float, float]:
    """Return objective over its least, and share of refits as far; NaN if unknown."""
    form = type(boot.law)
    if not set(form.constants()) <= set(published(key, setting)["quantity"]):
        return math.nan, math.nan
    if not isinstance(same_data, Fit):
        raise DataError(
            f"{key!r}, {setting!r} prints all constants of {form.__name__}: give "
            "same_data the fit, whose objective at them can be compared."
        )
    law = published_law(form, key, setting)
    ratio = same_data.objective_of(law) / same_data.objective
    return ratio, boot.share_farther(law)


def _same_kind(boot: Bootstrap, printed: pd.DataFrame) -> None:
    """Refuse to compare constants of other params or losses, or of unknown ones."""
    asked = [("params_kind", boot.params_kind, "what its params count")]
    if (printed["quantity"] == "E").any():
        asked.append(("loss_unit", boot.loss_unit, "the unit of its loss"))
    for argument, known, what in asked:
        if known == UNKNOWN:
            raise DataError(
                f"The fit does not know {what}: say so by {argument} where it is "
                "fitted, or fit to a table of sn.load, which carries its units."
            )
    for setting in printed["setting"] if boot.params_kind else ():
        kind = "non-embedding" if "non-embedding" in setting else "total"
        if kind != boot.params_kind:
            raise DataError(
                f"The printed constants of {setting!r} count {kind} params, the fit "
                f"{boot.params_kind} params: refit with the other count, or name "
                "another setting."
            )
    for unit in printed.loc[printed["quantity"] == "E", "unit"].dropna():
        if boot.loss_unit and unit.replace("/", " per ") != boot.loss_unit:
            raise DataError(
                f"The printed loss is in {unit}, the fit's in {boot.loss_unit}: "
                "convert one before comparing."
            )
