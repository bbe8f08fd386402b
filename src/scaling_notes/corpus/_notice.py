"""The notice beside the tables: what they come from, and on what terms."""

from __future__ import annotations

from typing import Any

__all__ = ["notice"]

_NOTICE = """\
# Where the tables come from, and on what terms

Made from `datapackage.json` by `make refresh`; not edited by hand.

The tables hold numbers that others measured or printed; only numbers are taken, in
columns of our own. Cite the sources where you use a table. For each license, as far as
it is known: the tables, their sources, and the place in them.
"""


def notice(package: dict[str, Any]) -> str:
    """Return the notice beside the tables: each license, its tables, their sources."""
    by_terms: dict[str, list[dict[str, Any]]] = {}
    for resource in package["resources"]:
        terms = "; ".join(entry["title"] for entry in resource["licenses"])
        by_terms.setdefault(terms[:1].upper() + terms[1:], []).append(resource)
    parts = [_NOTICE]
    for terms in sorted(by_terms):
        parts.append(f"## {terms}\n")
        for resource in sorted(by_terms[terms], key=lambda r: str(r["path"])):
            sources = "; ".join(
                f"{source['title']} <{source['path']}>"
                if "path" in source
                else source["title"]
                for source in resource["sources"]
            )
            parts.append(
                f"- `{resource['path']}`: {sources}. Where: {resource['locator']}."
            )
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"
