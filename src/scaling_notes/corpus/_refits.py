"""Every printed value of the corpus beside our re-fit, where a chapter has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from ..fitting import digits, table
from ._compare import AGREES, matching_digits, shown_digits
from ._tables import descriptor, load

__all__ = ["Refits", "refits"]

_KEYS = ["key", "setting", "quantity"]
_HEAD = ("paper", "quantity", "paper says", "we get")


@dataclass(frozen=True, eq=False)
class Refits:
    """Printed values and our re-fits of them. Prints as text or HTML.

    Attributes
    ----------
    table : pandas.DataFrame
        The columns of :func:`published` with ``key``, and for a value that a
        chapter re-fits ``chapter``, ``ours``, ``ours_low``, ``ours_high`` (95 %),
        ``agrees`` (as :func:`compare` judged it there), ``digits`` and
        ``printed_digits`` (significant digits that agree, and that are printed).
        Values with a re-fit come first.
    """

    table: pd.DataFrame

    def _summary(self) -> str:
        t = self.table
        values = t.drop_duplicates(_KEYS)
        seen = values["verified"].value_counts()
        ours = t[t["ours"].notna()]
        return (
            f"{len(values)} printed values of {values['key'].nunique()} papers: "
            + ", ".join(f"{seen[level]} {level}" for level in seen.index)
            + f". Chapters compare {len(ours)} with a re-fit; "
            f"{int(ours['agrees'].sum())} agree."
        )

    def __repr__(self) -> str:
        ours = self.table[self.table["ours"].notna()]
        shown = pd.DataFrame(
            {
                "paper": ours["key"],
                "quantity": ours["quantity"],
                "paper says": ours["printed"],
                "we get": ours["ours"].map(digits),
                "digits": list(
                    map(shown_digits, ours["digits"], ours["printed_digits"])
                ),
                "agrees": ours["agrees"].map({1: "yes", 0: "no"}),
                "chapter": ours["chapter"],
            }
        )
        return f"{self._summary()}\n{table(shown)}"

    def _repr_html_(self) -> str:
        papers = {
            s["key"]: (s["title"], s["path"])
            for resource in descriptor()["resources"]
            if resource["name"] == "published"
            for s in resource["sources"]
        }
        t = self.table
        # A reason that several rows share stands in the first of them.
        apart = t[t["agrees"].eq(0)].drop_duplicates(["key", "note"])
        first = t.assign(note=t["note"].where(t.index.isin(apart.index)))
        body = "\n".join(_row(row, papers) for row in first.to_dict("records"))
        head = "".join(f'<th scope="col">{name}</th>' for name in _HEAD)
        return (
            f'<div class="filterable" data-filter="Filter by paper or quantity">'
            f"<p>{self._summary()}</p>"
            '<div class="table-scroll tall" tabindex="0" role="group" '
            'aria-label="Printed values and re-fits">'
            f'<table class="printed"><thead><tr>{head}</tr></thead>\n'
            f"<tbody>{body}</tbody></table></div></div>"
        )


def _row(row: Mapping[Any, Any], papers: dict[str, tuple[str, str]]) -> str:
    title, address = papers[str(row["key"])]
    name = title.partition(", ")[0]
    cells = [
        f'<a href="{escape(address)}">{escape(name)}</a>, {_text(row["setting"])} '
        f"<small>{_text(row['locator'])} ({row['verified']})</small>",
        f"<code>{_text(row['quantity'])}</code>",
        _says(row),
        _we_get(row) if pd.notna(row["ours"]) else "",
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _we_get(row: Mapping[Any, Any]) -> str:
    count = shown_digits(row["digits"], row["printed_digits"])
    agrees = "agrees" if row["agrees"] else "differs"
    chapter = str(row["chapter"])
    words = chapter.rpartition("/")[2].replace("_", " ")
    why = ""
    if pd.notna(row["note"]):
        why = f" <small>{_text(row['note'])}</small>"
    return (
        f"{digits(row['ours'])}{_ends(row['ours_low'], row['ours_high'])}, "
        f"{f'{count} digits, ' if count else ''}{agrees}, "
        f'<a href="../{chapter}.ipynb">{words}</a>{why}'
    )


def _says(row: Mapping[Any, Any]) -> str:
    spread = ""
    if pd.notna(row["standard_error"]):
        spread = f" ± {_printed(row['standard_error'])}"
    elif pd.notna(row["low"]) and pd.notna(row["value"]):
        spread = _ends(row["low"], row["high"], _printed)
    unit = f" {_text(row['unit'])}" if pd.notna(row["unit"]) else ""
    return f"{_text(row['printed'])}{spread}{unit}"


def _ends(low: Any, high: Any, shown: Callable[[float], str] = digits) -> str:
    ends = ("" if pd.isna(end) else shown(end) for end in (low, high))
    return f" [{', '.join(ends)}]"


def _printed(value: float) -> str:
    """Return a number of a paper with all its digits."""
    return f"{value:.10g}"


def _text(value: Any) -> str:
    return "" if pd.isna(value) else escape(str(value))


def refits() -> Refits:
    """Return every printed value, with our re-fit where a chapter shows one.

    Returns
    -------
    Refits
        Its ``table`` has one row for each printed value and chapter.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> table = sn.refits().table
    >>> len(table) >= len(sn.load("published"))
    True
    """
    found = load("results").query("kind == 'comparison'")
    ours = found["id"].str.split(" | ", expand=True, regex=False)
    ours.columns = _KEYS
    ours[["chapter", "ours", "ours_low", "ours_high", "word"]] = found[
        ["page", "value", "low", "high", "verdict"]
    ]
    both = load("published").merge(ours, on=_KEYS, how="left", validate="1:m")
    agrees = both.pop("word").eq(AGREES)
    both["agrees"] = agrees.astype(float).where(both["ours"].notna())
    pairs = [
        matching_digits(value, text)
        for value, text in zip(both["ours"], both["printed"], strict=True)
    ]
    both[["digits", "printed_digits"]] = pairs
    order = both["ours"].isna().to_numpy().argsort(kind="stable")
    return Refits(both.iloc[order].reset_index(drop=True))
