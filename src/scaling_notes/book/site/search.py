"""What the search of the site finds besides words: symbols, papers, arXiv numbers.

Sphinx cuts a query at everything that is no letter or digit, and drops numbers. But it
holds the query as it was typed against the entries of an index, so each page gets
entries that nobody sees: one for each symbol of its formulas, and some for each paper
that it cites. `static/search.js` ranks what is found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["add_entries", "symbols"]

# Words within a formula, but not below a symbol.
WORDS = re.compile(r"(?<!_)(?<!_\{)\\(?:text|mathrm|operatorname)\s*\{[^}]*\}")
BOXES = re.compile(r"\\(?:text|mathrm)\s*\{([^}]*)\}")
# A letter of either alphabet, perhaps with letters below it and a star.
SYMBOL = re.compile(r"(?:\\([A-Za-z]+)|([A-Za-z]))(?:_\{?(\w+)\}*)?(?:\^\{?(\*))?")


def symbols(tex: str) -> set[str]:
    r"""Return the symbols of a formula as a reader would type them.

    Parameters
    ----------
    tex : str
        The formula in TeX.

    Returns
    -------
    set of str
        In lower case, as the search does not tell cases apart. Greek letters are there
        by letter and by name, symbols with an index also without it.

    Examples
    --------
    >>> sorted(symbols(r"N^*(C) = \frac{C}{6}, \text{if } \gamma_N"))
    ['c', 'gamma', 'gamma_n', 'n', 'n*', 'γ', 'γ_n']
    """
    found = set()
    for name, letter, below, star in SYMBOL.findall(
        BOXES.sub(r"\1", WORDS.sub(" ", tex))
    ):
        # The base of the natural logarithm is no symbol to look for.
        if letter == "e":
            continue
        forms = {letter.lower()} if letter else _greek(name)
        for form in forms:
            with_index = f"{form}_{below.lower()}" if below else form
            found |= {form, with_index, with_index + star}
    return found


def _greek(name: str) -> set[str]:
    """Return the name of a Greek letter and the letter; nothing of another name."""
    # So is lambda called in Unicode.
    word = "lamda" if name.lower() == "lambda" else name.removeprefix("var").lower()
    try:
        letter = unicodedata.lookup(f"GREEK SMALL LETTER {word}")
    except KeyError:
        return set()
    return {name.lower(), letter}


def add_entries(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Add the entries of a page to its tree, from which the search index is made.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    doctree : docutils.nodes.document
        The page, with all its references resolved.
    docname : str
        Its name.
    """
    if app.builder.format != "html":
        return
    found = {*_symbols(doctree), *_papers(app, docname)}
    # "main" keeps them among the results of the text, instead of behind them all.
    entries = [("single", name, place, "main", None) for name, place in sorted(found)]
    if entries:
        doctree += addnodes.index(entries=entries)


def _symbols(doctree: nodes.document) -> Iterator[tuple[str, str]]:
    """Yield the symbols of a page, those of one letter with their first section."""
    places: dict[str, str] = {}
    for node in doctree.findall():
        if isinstance(node, nodes.math | nodes.math_block):
            section = node
            while section.parent and not isinstance(section, nodes.section):
                section = section.parent
            place = section["ids"][0] if section["ids"] else ""
            for symbol in symbols(node.astext()):
                # The search finds the others in the text too: one place, one result.
                is_letter = len(symbol.removesuffix("*")) == 1
                places.setdefault(symbol, place if is_letter else "")
    yield from places.items()


def _papers(app: Sphinx, docname: str) -> Iterator[tuple[str, str]]:
    """Yield names of the papers of a page, with their places in the bibliography."""
    if "cite" not in app.env.domains:
        return
    domain: Any = app.env.get_domain("cite")
    cited = {
        target.key
        for reference in domain.citation_refs
        if reference.docname == docname
        for target in reference.targets
    }
    for citation in domain.citations:
        is_listed = citation.bibliography_key.docname == docname
        if is_listed or citation.key in cited:
            place = citation.citation_id if is_listed else ""
            for name in _names(citation.key, citation.entry):
                yield name, place


def _names(key: str, entry: Any) -> list[str]:
    """Return what a reader may type to find a paper."""
    names = [key]
    for person in entry.persons.get("author", [])[:1]:
        author = "".join(str(part) for part in person.rich_last_names)
        names += [author, f"{author} {entry.fields.get('year', '')}"]
    if number := entry.fields.get("eprint"):
        names += [number, f"arXiv:{number}"]
    return names
