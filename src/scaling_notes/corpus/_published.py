"""Numbers as printed in papers."""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Mapping

import pandas as pd

from .. import laws
from ..errors import DataError, FitWarning
from ..laws import Law
from ._tables import load

__all__ = ["published", "published_law"]

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


def published_law(
    law: type[Law], key: str, setting: str, *, fixed: Mapping[str, float] | None = None
) -> Law:
    """Return a law with the constants a paper prints.

    Parameters
    ----------
    law : type of Law
        The form, such as ``sn.laws.Chinchilla``.
    key, setting : str
        The paper and which fit of it, as for :func:`published`.
    fixed : mapping of str to float, optional
        Constants that the paper's form is without, such as ``{"params_exponent": 0}``
        of a batch that does not change with size.

    Returns
    -------
    Law

    Raises
    ------
    DataError
        If the paper does not print all other constants of the form, or prints one
        that is fixed.

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
    known = dict(fixed or {})
    strange = [n for n in known if n not in law.constants() or n in values.index]
    if strange:
        raise DataError(
            f"fixed holds {', '.join(strange)}: fix constants of {law.__name__} that "
            f"{key!r}, {setting!r} does not print."
        )
    values = pd.concat([values, pd.Series(known, dtype=float)])
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
