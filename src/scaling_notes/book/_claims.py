"""Popular claims: who says them, the rules they are judged by, the verdicts."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from ..corpus import load
from ..errors import DataError

__all__ = ["WORDS", "Claim", "Claims", "claim", "claims", "verdict"]

WORDS = ("supported", "not supported", "undecided")
_UNTESTED = "not yet tested"


@dataclass(frozen=True)
class Claim:
    """A claim and the rules it is judged by, fixed before the numbers were seen.

    Attributes
    ----------
    id, claim, said_by : str
        Its short name, its sentence, and where it was heard.
    part : str
        Part of the book.
    chapters : tuple of str
        Chapters that test it.
    supported_if, not_supported_if : str
        The rules.
    rule_date : str
        Day on which they were written.
    """

    id: str
    claim: str
    said_by: str
    part: str
    chapters: tuple[str, ...]
    supported_if: str
    not_supported_if: str
    rule_date: str

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict of each page that has tested it, as the book stores them."""
        found = load("results").query("kind == 'verdict'")
        mine = found[found["id"] == f"claim-{self.id}"]
        return dict(zip(mine["page"], mine["verdict"], strict=True))

    def _rules(self) -> dict[str, str]:
        return {
            "Said by": self.said_by,
            "Supported if": self.supported_if,
            "Not supported if": self.not_supported_if,
            "Rule fixed on": self.rule_date,
        }

    def __repr__(self) -> str:
        lines = [f"{name}: {text}" for name, text in self._rules().items()]
        return "\n".join([self.claim, *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row">{name}</th><td>{escape(text)}</td></tr>'
            for name, text in self._rules().items()
        )
        return (
            f'<p class="claim">{escape(self.claim)}.</p>'
            f'<table class="facts"><tbody>{rows}</tbody></table>'
        )


@dataclass(frozen=True, eq=False)
class Claims:
    """The ledger: every claim, its rules, and the verdict or why there is none.

    Attributes
    ----------
    table : pandas.DataFrame
        The columns of ``sn.load("claims")``, ``verdict`` (the words of the pages
        that tested it and how far they go, or ``"not yet tested"``), ``pages``
        that gave one, and ``missing``: the chapters that are named and have none.
    """

    table: pd.DataFrame

    def _ordered(self) -> pd.DataFrame:
        """Return the claims in their order, those that are tested first."""
        untested = self.table["verdict"] == _UNTESTED
        return self.table.loc[untested.sort_values(kind="stable").index]

    def _summary(self) -> str:
        counts = self._ordered()["verdict"].value_counts(sort=False)
        told = ", ".join(f"{n} {word}" for word, n in counts.items())
        dates = " and ".join(sorted(self.table["rule_date"].unique()))
        return f"{len(self.table)} claims: {told}. Rules fixed on {dates}."

    def __repr__(self) -> str:
        ordered = self._ordered()
        wide = ordered["verdict"].str.len().max()
        lines = [f"{row.verdict:<{wide}}  {row.id}" for row in ordered.itertuples()]
        return "\n".join([self._summary(), *lines])

    def _repr_html_(self) -> str:
        body = "\n".join(_ledger_row(row) for row in self._ordered().to_dict("records"))
        head = "".join(
            f'<th scope="col">{name}</th>' for name in ("claim", "rules", "verdict")
        )
        return (
            '<div class="filterable" data-filter="Filter by claim or verdict">'
            f"<p>{self._summary()}</p>"
            '<div class="table-scroll" tabindex="0" role="group" '
            'aria-label="Claims and verdicts">'
            f'<table class="ledger"><thead><tr>{head}</tr></thead>\n'
            f"<tbody>{body}</tbody></table></div></div>"
        )


def _ledger_row(row: Mapping[Any, Any]) -> str:
    links = ", ".join(
        f'<a href="../{page}.ipynb">{_title(page.rpartition("/")[2])}</a>'
        for page in row["pages"]
    )
    missing = ", ".join(name.replace("_", " ") for name in row["missing"])
    where = [f"in {links}"] if links else []
    if missing:
        are = "chapter" if len(row["missing"]) == 1 else "chapters"
        where.append(f"the {are} on {missing} still to come")
    rules = [f"<p>Supported if: {_rule(row['supported_if'])}.</p>"]
    if row["not_supported_if"] != "-":
        rules.append(f"<p>Not supported if: {_rule(row['not_supported_if'])}.</p>")
    cells = [
        f'<p id="claim-{row["id"]}">{escape(row["claim"])}.</p>'
        f"<p><small>{escape(row['said_by'])}</small></p>",
        "".join(rules),
        f"<p><strong>{row['verdict']}</strong></p><p>{'; '.join(where)}</p>",
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _rule(text: str) -> str:
    """Return a rule as HTML, its numbers on one line with their percent signs."""
    return escape(text).replace(" %", "&nbsp;%")


def _so_far(words: list[str], missing: int) -> str:
    """Return the verdict of a claim, with what is not tested of it in its words."""
    if not words:
        return _UNTESTED
    told = ", ".join(dict.fromkeys(words))
    if not missing:
        return told
    if told == "undecided":
        return "undecided so far"
    return f"{told} in {len(words)} of {len(words) + missing} chapters"


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def claim(name: str) -> Claim:
    """Return a claim: who says it, the rules fixed beforehand, the verdicts so far.

    Shown in a notebook it gives the claim and its rules, not the verdicts: a
    chapter comes to its own.

    Parameters
    ----------
    name : str
        Its id in ``sn.load("claims")``.

    Returns
    -------
    Claim

    Raises
    ------
    DataError
        If there is no such claim; the message lists those that are near.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.claim("optimal-ratio").chapters
    ('chinchilla',)
    """
    table = load("claims").set_index("id")
    if name not in table.index:
        near = difflib.get_close_matches(name, list(table.index), n=3, cutoff=0.4)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else "."
        raise DataError(f"There is no claim {name!r}{hint} sn.claims() lists them all.")
    row = table.loc[name]
    chapters = tuple(str(row["chapters"]).split("; "))
    others = {n: str(row[n]) for n in table.columns if n != "chapters"}
    return Claim(id=name, chapters=chapters, **others)


def claims() -> Claims:
    """Return the ledger: every claim with its rules, and the verdicts so far.

    Returns
    -------
    Claims

    Examples
    --------
    >>> import scaling_notes as sn
    >>> len(sn.claims().table) == len(sn.load("claims"))
    True
    """
    table = load("claims")
    rows = []
    for name in table["id"]:
        one = claim(name)
        found = one.verdicts
        told = {page.rpartition("/")[2] for page in found}
        missing = tuple(c for c in one.chapters if c not in told)
        rows.append(
            {
                "verdict": _so_far(list(found.values()), len(missing)),
                "pages": tuple(found),
                "missing": missing,
            }
        )
    return Claims(pd.concat([table, pd.DataFrame(rows)], axis=1))


def verdict(*, supported: bool, not_supported: bool) -> str:
    """Return the word for a claim from the two rules fixed before the numbers.

    Parameters
    ----------
    supported, not_supported : bool
        Whether the claim's ``supported_if`` and ``not_supported_if`` hold
        (:func:`claim` states them).

    Returns
    -------
    str
        ``"supported"``, ``"not supported"`` or, where neither holds,
        ``"undecided"``.

    Raises
    ------
    DataError
        If both hold: then the rules contradict each other.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> sn.verdict(supported=False, not_supported=False)
    'undecided'
    """
    if supported and not_supported:
        raise DataError("Both rules hold: the claim's rules contradict each other.")
    if supported:
        return "supported"
    return "not supported" if not_supported else "undecided"
