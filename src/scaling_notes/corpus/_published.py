"""Numbers as printed in papers, and how far a fit of ours is from them."""

from __future__ import annotations

import difflib
import math
import re
import warnings
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd

from .. import laws
from ..errors import DataError, FitWarning
from ..fitting import UNKNOWN, Bootstrap, Fit, Interval, Profile, digits, table
from ..laws import Law
from ._record import MIME, Record, stored
from ._tables import load

__all__ = [
    "Comparison",
    "compare",
    "comparison_id",
    "matching_digits",
    "published",
    "published_law",
    "shown_digits",
]

_SYMBOL = re.compile(r"[A-Za-z]|alpha|beta|gamma|delta|epsilon|eta|lambda_|kappa")


def published(key: str, setting: str | None = None) -> pd.DataFrame:
    """Return the numbers a paper prints.

    Parameters
    ----------
    key : str
        Bibliography key, such as ``"hoffmann2022"``.
    setting : str, optional
        Which fit of the paper, such as ``"approach 3"``.

    Returns
    -------
    pandas.DataFrame
        Columns ``setting``, ``quantity``, ``printed`` (text, as printed),
        ``value``, ``low``, ``high``, ``confidence_level``, ``standard_error``,
        ``unit``, ``locator``, ``verified``, ``note``.

    Raises
    ------
    DataError
        If there is no such key or setting; the message lists those there are.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> printed = sn.published("besiroglu2024", "240 points")
    >>> printed.set_index("quantity").loc["alpha", "printed"]
    '0.3478'
    """
    if not isinstance(key, str):
        raise DataError(f"key is {key!r}; give a name such as 'hoffmann2022'.")
    known = load("published")
    rows = known[known["key"] == key]
    if rows.empty:
        keys = sorted(set(known["key"]))
        near = difflib.get_close_matches(key, keys, n=3)
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise DataError(
            f"Nothing printed is known under {key!r}.{hint} Known keys: "
            f"{', '.join(keys)}."
        )
    if setting is not None:
        settings = list(dict.fromkeys(rows["setting"]))
        rows = rows[rows["setting"] == setting]
        if rows.empty:
            raise DataError(
                f"{key!r} has no setting {setting!r}; it has "
                f"{', '.join(map(repr, settings))}."
            )
    return rows.drop(columns="key").reset_index(drop=True)


def published_law(law: type[Law], key: str, setting: str) -> Law:
    """Return a law with the constants a paper prints.

    Parameters
    ----------
    law : type of Law
        The form, such as ``sn.laws.Chinchilla``.
    key, setting : str
        The paper and which fit of it, as for :func:`published`.

    Returns
    -------
    Law

    Raises
    ------
    DataError
        If the paper does not print all constants of the form.

    Warns
    -----
    FitWarning
        If the paper prints constants that the form has no place for: it is of
        another form.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.published_law(sn.laws.Chinchilla, "hoffmann2022", "approach 3")
    >>> law.alpha, law.beta
    (0.34, 0.28)
    """
    if not (isinstance(law, type) and issubclass(law, Law)):
        raise DataError(
            f"law is {law!r}; give the form, such as sn.laws.Chinchilla itself."
        )
    values = published(key, setting).set_index("quantity")["value"]
    missing = [name for name in law.constants() if name not in values.index]
    if missing:
        raise DataError(
            f"{key!r}, {setting!r} does not print {', '.join(missing)} of "
            f"{law.__name__}."
        )
    left = _left_out(law, set(values.index))
    if left:
        warnings.warn(
            f"{key!r}, {setting!r} also prints {', '.join(left)}, for which "
            f"{law.__name__} has no place: its form is another, and this law is a part "
            "of it at best.",
            FitWarning,
            stacklevel=2,
        )
    return law.from_array(values[list(law.constants())].to_numpy(float))


def _left_out(law: type[Law], printed: set[str]) -> list[str]:
    """Return the printed constants that a form has no place for.

    They are those of a wider form that is printed in full, and bare symbols; a
    paper prints many other things beside its constants.
    """
    own = set(law.constants())
    forms = (getattr(laws, name) for name in laws.__all__)
    wider = [
        set(form.constants())
        for form in forms
        if isinstance(form, type) and issubclass(form, Law) and form is not Law
    ]
    left = set().union(*(w for w in wider if own < w <= printed))
    left |= {name for name in printed if _SYMBOL.fullmatch(name)}
    return sorted(left - own - set(law.derived))


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
        ``why``.
    records : tuple of Record
        The same for the page of all printed values.
    """

    key: str
    table: pd.DataFrame
    records: tuple[Record, ...] = ()

    def _shown(self) -> pd.DataFrame:
        t = self.table
        low, high = t["low"].map(digits), t["high"].map(digits)
        shown = pd.DataFrame(
            {
                "quantity": t.index,
                "setting": t["setting"],
                "paper says": t["printed"],
                "where": t["where"],
                "we get": t["ours"].map(digits),
                "95 % interval": "[" + low + ", " + high + "]",
                "distance (SE)": t["distance"].map("{:+.1f}".format),
                "digits": list(map(shown_digits, t["digits"], t["printed_digits"])),
                "agrees": t["agrees"].map({True: "yes", False: "no"}),
            }
        )
        return shown.drop(columns="setting") if t["setting"].nunique() == 1 else shown

    def _title(self) -> str:
        settings = list(dict.fromkeys(self.table["setting"]))
        return f"{self.key}, {settings[0]}" if len(settings) == 1 else self.key

    def _reasons(self) -> list[str]:
        """Return why values disagree, each reason once, with the values it is for."""
        apart = self.table[~self.table["agrees"]]
        return [
            f"{', '.join(dict.fromkeys(rows.index))}: {why}"
            for why, rows in apart.groupby("why", sort=False)
        ]

    def __repr__(self) -> str:
        return "\n".join([self._title(), repr(table(self._shown())), *self._reasons()])

    def _repr_html_(self) -> str:
        reasons = "".join(f"<li>{reason}</li>" for reason in self._reasons())
        return f"<p>{self._title()}</p>{table(self._shown())._repr_html_()}" + (
            f"<ul>{reasons}</ul>" if reasons else ""
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        # The page of all printed values collects these from the chapters.
        return {
            "text/plain": repr(self),
            "text/html": self._repr_html_(),
            MIME: stored(self.records),
        }


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
    ours: Bootstrap | Profile, key: str, setting: str | None = None
) -> Comparison:
    """Set what a paper prints beside what our fit gives.

    A printed value agrees if it lies in our 95 % interval.

    Parameters
    ----------
    ours : Bootstrap or Profile
        A fit with intervals.
    key : str
        Bibliography key of the paper.
    setting : str, optional
        Which fit of the paper; by default all it prints.

    Returns
    -------
    Comparison

    Raises
    ------
    DataError
        If nothing printed can be compared, or if params or loss are of another
        kind than ours.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> runs = sn.load("besiroglu2024_chinchilla_points")
    >>> fit = sn.fit_chinchilla(runs[runs["dropped_in_refit"] == 0], delta=1e-3)
    >>> rows = sn.compare(fit.bootstrap(200), "hoffmann2022", "approach 3").table
    >>> bool(rows.loc["beta", "agrees"])
    False
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
    rows, records = [], []
    for row in printed.to_dict("records"):
        name = str(row["quantity"])
        ours_now: Interval = boot.interval(name)
        about = comparison_id(key, str(row["setting"]), name)
        records.append(Record.of_interval("comparison", about, ours_now))
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
                "agrees": row["value"] in ours_now,
                "why": row["note"],
            }
        )
    compared = pd.DataFrame(rows).set_index("quantity")
    return Comparison(key, compared, tuple(records))


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
